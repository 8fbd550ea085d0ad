package document

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"docsvc/internal/archive"
	"docsvc/internal/numbering"
)

// Sizes of the blocks of numbers that are written to the archive before any
// number in them is given. A block is what is lost of a series when the
// register is lost, so it is small; each costs one archive object.
const (
	caseBlock = 100
	actBlock  = 10
)

// blockOf is the size of the blocks of a series.
func blockOf(series string) int64 {
	if strings.HasPrefix(series, numbering.ActSeries("")) {
		return actBlock
	}
	return caseBlock
}

// counterBlock is the body of the archive event that covers a block.
type counterBlock struct {
	Series string `json:"series"`
	High   string `json:"high"` // decimal: RFC 8785 numbers are doubles
}

// withNumber runs fn, which allocates from series within a transaction; when
// the series has no number left under its high-water mark, it reserves the next
// block and runs fn again.
func (s *Service) withNumber(ctx context.Context, series string, fn func() error) error {
	for range 16 {
		err := fn()
		if err == nil || !errors.Is(err, errBlockUsedUp) {
			return err
		}
		if err := s.reserveBlock(ctx, series); err != nil {
			return err
		}
	}
	return newError(Unavailable, "error.number.busy", nil, "series", series)
}

// errBlockUsedUp tells withNumber that the series needs a new block.
var errBlockUsedUp = errors.New("block of numbers used up")

// next allocates from series within tx.
func next(ctx context.Context, tx Tx, series string) (int64, error) {
	n, err := tx.NextNumber(ctx, series)
	if errors.Is(err, ErrStale) {
		return 0, errBlockUsedUp
	}
	return n, err
}

// reserveBlock archives a higher high-water mark of series and only then raises
// it in the register. Two processes that do this at once write two events; a rebuild
// takes the higher mark.
func (s *Service) reserveBlock(ctx context.Context, series string) error {
	var c Counter
	err := s.Store.View(ctx, func(tx Tx) (err error) {
		c, err = tx.Counter(ctx, series)
		return err
	})
	if err != nil {
		return fmt.Errorf("counter %s: %w", series, err)
	}
	if c.Value < c.High {
		return nil // somebody else was faster
	}
	high := c.High + blockOf(series)
	item, err := s.event(archive.KindCounter, series, counterBlock{Series: series, High: strconv.FormatInt(high, 10)})
	if err != nil {
		return err
	}
	if err := s.publish(ctx, item); err != nil {
		return fmt.Errorf("reserve numbers of %s: %w", series, err)
	}
	return s.Store.Update(ctx, func(tx Tx) error { return tx.RaiseHigh(ctx, series, 0, high) })
}

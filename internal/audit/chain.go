package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
)

// Hash is a link of the chain. The zero Hash is what comes before the first.
type Hash [32]byte

func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// ChainHash is the link of the event with these encoded bytes after prev.
func ChainHash(prev Hash, encoded []byte) Hash {
	h := sha256.New()
	h.Write([]byte(Format + " chain\n"))
	h.Write(prev[:])
	h.Write(encoded)
	return Hash(h.Sum(nil))
}

// Row is an event in its place in the chain, as stored.
type Row struct {
	Seq  int64 // from 1, without gaps
	Data []byte
	Hash Hash
}

// Head is the state of a chain: its length and its last link.
type Head struct {
	Seq  int64
	Hash Hash
}

// BrokenError tells which row is the first that does not fit.
type BrokenError struct {
	Seq    int64 // where the chain breaks
	Reason string
}

func (e *BrokenError) Error() string {
	return fmt.Sprintf("audit trail is broken at event %d: %s", e.Seq, e.Reason)
}

// VerifyChain checks rows that follow from (the zero Head for the beginning)
// and returns the head after them. A *BrokenError names the first bad row; an
// error of rows itself is returned as it is. That nothing was cut off at the
// end shows only by comparing the head with one that the ledger holds.
func VerifyChain(from Head, rows iter.Seq2[Row, error]) (Head, error) {
	head := from
	for row, err := range rows {
		if err != nil {
			return head, err
		}
		next := head.Seq + 1
		if row.Seq != next {
			return head, &BrokenError{next, fmt.Sprintf("the next row is event %d", row.Seq)}
		}
		if hash := ChainHash(head.Hash, row.Data); hash != row.Hash {
			return head, &BrokenError{next, fmt.Sprintf("its link is %s, recorded is %s", hash, row.Hash)}
		}
		if _, err := Decode(row.Data); err != nil {
			return head, &BrokenError{next, err.Error()}
		}
		head = Head{row.Seq, row.Hash}
	}
	return head, nil
}

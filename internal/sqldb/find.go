package sqldb

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"docsvc/internal/document"
)

// The limits that make the time of a search independent of the register's size.
const (
	walk     = 5000 // entries that are looked at for one page
	maxCount = 2000 // entries by which the rarest of several conditions is chosen
	maxAlike = 16   // words that one typed beginning stands for
)

// list is what can be found: its rows, and the words that lead to them.
type list struct{ table, words, id string }

var (
	actList  = list{"act", "act_word", "act_id"}
	caseList = list{"enforcement_case", "case_word", "case_id"}
)

// source is one condition of a search that an index answers in order of date:
// entries with one of some words, or acts in an unusual state.
type source struct {
	words []string
	from  string // in place of words: table and WHERE, with its arguments in %s
	of    []string
	// where repeats the condition over a row of the list's table, aliased a; a
	// source without it is checked among the words.
	where  string
	values []string
}

// search is one run of FindActs or FindCases.
type search struct {
	*tx
	list
	q       document.Find
	sources []source // the first one leads, the rest is checked
	args    []any
}

func (s *search) arg(v any) string {
	s.args = append(s.args, v)
	return fmt.Sprintf("$%d", len(s.args))
}

func (s *search) argList(values []string, bytes bool) string {
	places := make([]string, len(values))
	for i, v := range values {
		if bytes {
			places[i] = s.arg([]byte(v))
		} else {
			places[i] = s.arg(v)
		}
	}
	return strings.Join(places, ", ")
}

func (t *tx) FindActs(ctx context.Context, q document.Find) (document.Page[document.Act], error) {
	var page document.Page[document.Act]
	s := &search{tx: t, list: actList, q: q}
	places, err := find(ctx, s, &page)
	if err != nil {
		return page, fmt.Errorf("finding acts: %w", err)
	}
	byID := map[string]document.Act{}
	err = in(ids(places), func(list string, args []any) error {
		acts, err := t.acts(ctx, `SELECT `+actColumns+` FROM act WHERE id IN `+list, args...)
		for _, a := range acts {
			byID[a.ID] = a
		}
		return err
	})
	for _, p := range places {
		if a, ok := byID[p.ID]; ok {
			page.Items = append(page.Items, a)
		}
	}
	return page, err
}

func (t *tx) FindCases(ctx context.Context, q document.Find) (document.Page[document.Case], error) {
	var page document.Page[document.Case]
	q.State, q.Standing, q.Kind = "", "", ""
	s := &search{tx: t, list: caseList, q: q}
	places, err := find(ctx, s, &page)
	if err != nil {
		return page, fmt.Errorf("finding cases: %w", err)
	}
	byID := map[string]document.Case{}
	err = in(ids(places), func(list string, args []any) error {
		return t.each(ctx, func(s scan) error {
			c, err := scanCase(s)
			byID[c.ID] = c
			return err
		}, `SELECT `+caseColumns+` FROM enforcement_case WHERE id IN `+list, args...)
	})
	for _, p := range places {
		if c, ok := byID[p.ID]; ok {
			page.Items = append(page.Items, c)
		}
	}
	return page, err
}

func ids(places []document.Place) []string {
	list := make([]string, len(places))
	for i, p := range places {
		list[i] = p.ID
	}
	return list
}

// find fills in everything of a page but its items and returns their places,
// the newest first.
func find[T any](ctx context.Context, s *search, page *document.Page[T]) ([]document.Place, error) {
	broad, none, err := s.collect(ctx)
	page.Broad = broad
	if err != nil || none {
		return nil, err
	}
	if err := s.rarestFirst(ctx); err != nil {
		return nil, err
	}
	places, end, err := s.places(ctx)
	if err != nil {
		return nil, err
	}
	more := len(places) > s.q.Limit
	if more {
		places = places[:s.q.Limit]
		end = places[len(places)-1]
	}
	page.Cut = !more && end.ID != ""
	forth, back := &page.Older, &page.Newer
	if s.q.Newer {
		forth, back = back, forth
		slices.Reverse(places)
	}
	*forth = end
	if s.q.At.ID != "" {
		*back = s.q.At
		if len(places) > 0 {
			*back = places[0]
			if s.q.Newer {
				*back = places[len(places)-1]
			}
		}
	}
	return places, nil
}

// collect turns the query into sources. A word that nothing begins with ends the
// search.
func (s *search) collect(ctx context.Context) (broad []string, none bool, err error) {
	for _, w := range s.q.Words {
		alike, all, err := s.alike(ctx, w)
		if err != nil || len(alike) == 0 && all {
			return broad, true, err
		}
		if !all {
			broad, alike = append(broad, w), []string{w}
		}
		s.sources = append(s.sources, source{words: alike})
	}
	mark := func(column string, of func(string) string, values ...string) {
		m := source{where: column, values: values}
		for _, v := range values {
			m.words = append(m.words, of(v))
		}
		s.sources = append(s.sources, m)
	}
	// An author's acts in a state are few where the state passes: an index has
	// them, and then neither of the two is looked at alone.
	open := s.q.State != "" && s.q.State != document.Archived
	switch {
	case s.q.Officer == "":
	case open:
		s.sources = append(s.sources, source{
			where: "officer", values: []string{s.q.Officer},
			from: "act WHERE officer = %s AND state = %s AND state <> 'archived'", of: []string{s.q.Officer, string(s.q.State)},
		})
	default:
		mark("officer", document.MarkOfficer, s.q.Officer)
	}
	if s.q.Kind != "" {
		mark("template", document.MarkKind, s.q.Kind)
	}
	if !s.q.Everywhere {
		mark("office", document.MarkOffice, s.q.Offices...)
	}
	if s.q.State != "" {
		state := source{where: "state", values: []string{string(s.q.State)}}
		if open && s.q.Officer == "" {
			state.from, state.of = "act WHERE state = %s AND state <> 'archived'", state.values
		}
		s.sources = append(s.sources, state)
	}
	if s.q.Standing != "" {
		standing := source{where: "standing", values: []string{string(s.q.Standing)}}
		if s.q.Standing != document.InForce {
			standing.from, standing.of = "act WHERE standing = %s AND standing IN ('superseded', 'annulled')", standing.values
		}
		s.sources = append(s.sources, standing)
	}
	return broad, false, nil
}

// alike lists the words of the list that begin with w. It goes from one to the
// next by the index; all is false when there are more than maxAlike.
func (s *search) alike(ctx context.Context, w string) (words []string, all bool, err error) {
	err = s.each(ctx, func(sc scan) error {
		var word []byte
		err := sc(&word)
		words = append(words, string(word))
		return err
	}, fmt.Sprintf(`WITH RECURSIVE alike (word) AS (
			SELECT (SELECT x.word FROM %[1]s x WHERE x.word >= $1 AND x.word < $2 ORDER BY x.word LIMIT 1)
			UNION ALL
			SELECT (SELECT x.word FROM %[1]s x WHERE x.word > alike.word AND x.word < $2 ORDER BY x.word LIMIT 1)
			FROM alike WHERE alike.word IS NOT NULL)
		SELECT word FROM alike WHERE word IS NOT NULL LIMIT $3`, s.list.words),
		[]byte(w), append([]byte(w), 0xff), maxAlike+1)
	return words, len(words) <= maxAlike, err
}

// leads says whether entries can be walked by this source.
func (o source) leads() bool { return o.from != "" || len(o.words) > 0 && len(o.words) <= maxAlike }

// rarestFirst has the search led by the condition that fewest entries meet.
func (s *search) rarestFirst(ctx context.Context) error {
	best, fewest := -1, maxCount+2
	for i, o := range s.sources {
		if !o.leads() {
			continue
		}
		var from string
		if o.from != "" {
			from = s.fromOf(o)
		} else {
			from = s.list.words + " WHERE word IN (" + s.argList(padded(o.words), true) + ")"
		}
		n, err := s.upTo(ctx, from+" AND date >= "+s.arg(s.first())+" AND date <= "+s.arg(s.last()), maxCount+1)
		if err != nil {
			return err
		}
		if n < fewest {
			best, fewest = i, n
		}
	}
	if best < 0 {
		s.sources = append(s.sources, source{words: []string{document.MarkAll}})
		best = len(s.sources) - 1
	}
	s.sources[0], s.sources[best] = s.sources[best], s.sources[0]
	return nil
}

// fromOf is a source's table and condition, with its arguments.
func (s *search) fromOf(o source) string {
	places := make([]any, len(o.of))
	for i, v := range o.of {
		places[i] = s.arg(v)
	}
	return fmt.Sprintf(o.from, places...)
}

func (s *search) first() string { return string(s.q.From) }
func (s *search) last() string  { return cmp.Or(string(s.q.To), "9999-12-31") }

// padded repeats the last value, so that few statements need to be prepared.
func padded(words []string) []string {
	if len(words) <= 1 {
		return words
	}
	words = slices.Clone(words)
	for len(words) < maxAlike {
		words = append(words, words[len(words)-1])
	}
	return words
}

// places walks the first source and gives what meets the others, one more than
// the page takes if there is one. end is where the walk was broken off.
func (s *search) places(ctx context.Context) (found []document.Place, end document.Place, err error) {
	at := s.q.At
	if at.ID == "" && !s.q.Newer {
		at = document.Place{Date: "9999-12-31", ID: "~"} // behind every id
	}
	for want := s.q.Limit + 1; len(found) < want; {
		asked := want - len(found)
		rows, err := s.entries(ctx, s.matching(at, asked))
		if err != nil {
			return nil, end, err
		}
		for _, p := range rows {
			if len(found) == 0 || found[len(found)-1] != p { // not with two words of one source
				found = append(found, p)
			}
		}
		if len(rows) < asked {
			last, err := s.entries(ctx, s.walked(at, "1 OFFSET "+s.bound(walk-1)))
			if len(last) > 0 {
				end = last[0]
			}
			return found, end, err
		}
		at = rows[len(rows)-1]
	}
	return found, end, nil
}

// entries runs a query for places with the arguments that were collected for it.
func (s *search) entries(ctx context.Context, query string) (places []document.Place, err error) {
	err = s.each(ctx, func(sc scan) error {
		var p document.Place
		err := sc(&p.Date, &p.ID)
		places = append(places, p)
		return err
	}, query, s.args...)
	s.args = nil
	return places, err
}

func (s *search) bound(n int) string { return s.arg(n) }

// walked is the entries of the first source from a place on, merged in order.
// The limit is text of SQL.
func (s *search) walked(at document.Place, limit string) string {
	o, than := s.sources[0], "<"
	if s.q.Newer {
		than = ">"
	}
	date, id := s.arg(string(at.Date)), s.arg(at.ID)
	within := fmt.Sprintf(" AND date >= %s AND date <= %s", s.arg(s.first()), s.arg(s.last()))
	var arms []string
	if o.from != "" {
		arms = []string{"SELECT date, id FROM " + s.fromOf(o) + fmt.Sprintf(" AND (date, id) %s (%s, %s)", than, date, id) + within}
	} else {
		for _, w := range armsOf(o.words) {
			arms = append(arms, fmt.Sprintf("SELECT date, %[2]s AS id FROM %[1]s WHERE word = %[3]s AND (date, %[2]s) %[4]s (%[5]s, %[6]s)",
				s.list.words, s.id, s.arg([]byte(w)), than, date, id)+within)
		}
	}
	return "SELECT u.date, u.id FROM (" + strings.Join(arms, " UNION ALL ") + ") AS u" + s.inOrder("u") + " LIMIT " + limit
}

func (s *search) inOrder(of string) string {
	way := "DESC"
	if s.q.Newer {
		way = "ASC"
	}
	return fmt.Sprintf(" ORDER BY %[1]s.date %[2]s, %[1]s.id %[2]s", of, way)
}

// armsOf fills words up with one that nothing has, so that few statements need
// to be prepared.
func armsOf(words []string) []string {
	size := 1
	for size < len(words) {
		size *= 4
	}
	return append(slices.Clone(words), make([]string, size-len(words))...)
}

// matching is the first entries of a walk that meet the other conditions. They
// are checked one entry at a time: no join that reads a whole list of a common
// word can come of a sub-select for one value.
func (s *search) matching(at document.Place, limit int) string {
	walked := s.walked(at, s.bound(walk))
	join, where := "", []string{"1 = 1"}
	for _, o := range s.sources[1:] {
		if o.where != "" {
			join = " JOIN " + s.table + " AS a ON a.id = w.id"
			where = append(where, "a."+o.where+" IN ("+s.argList(o.values, false)+")")
			continue
		}
		where = append(where, fmt.Sprintf("(SELECT 1 FROM %s AS x WHERE x.word IN (%s) AND x.date = w.date AND x.%s = w.id LIMIT 1) = 1",
			s.list.words, s.argList(padded(o.words), true), s.id))
	}
	return "SELECT w.date, w.id FROM (" + walked + ") AS w" + join + " WHERE " + strings.Join(where, " AND ") +
		s.inOrder("w") + " LIMIT " + s.bound(limit)
}

// insertWords makes a new entry findable.
func (t *tx) insertWords(ctx context.Context, l list, date, id string, words []string) error {
	args := make([]any, 0, 3*len(words))
	for _, w := range words {
		args = append(args, []byte(w), date, id)
	}
	return t.bulk(ctx, "INSERT INTO "+l.words+" (word, date, "+l.id+") VALUES ", 3, args)
}

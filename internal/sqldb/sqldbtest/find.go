package sqldbtest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"docsvc/internal/document"
)

// registry fills the register with acts of four cases, three offices and three
// officers, in every state, on five days.
func registry(t *testing.T, s document.Store) (acts []document.Act, cases []document.Case) {
	t.Helper()
	ctx := t.Context()
	names := []string{"Əliyev Əli", "Əliyeva Leyla", "Məmmədov İlqar", "Quliyev Rəşad"}
	states := []document.State{
		document.Archived, document.Archived, document.Prepared, document.Issued, document.Archived,
		document.Signing, document.Signed, document.Voided, document.Archived, document.Archived,
	}
	update(t, s, func(tx document.Tx) error {
		acts, cases = nil, nil
		for n := range 4 {
			c := newCase(n + 1)
			c.Office, c.Officer = []string{"011", "012", "013"}[n%3], []string{"ali", "leyla"}[n%2]
			c.SearchKey, c.RegisteredAt = names[n], stored(noon.AddDate(0, 0, n/2))
			if err := tx.InsertCase(ctx, c); err != nil {
				return err
			}
			cases = append(cases, c)
			for i := range 10 {
				a := newAct(c, i+1)
				a.Officer, a.Date = []string{"ali", "leyla", "rashad"}[i%3], document.Date(fmt.Sprintf("2026-03-%02d", 10+i%5))
				a.Template, a.SearchKey = []string{"query", "decision"}[i%2], names[(n+i)%4]
				a.Data = fmt.Appendf(nil, `{"facts": {"x": "Borclunun %d manat borcu"}, "law": {"y": {"cite": "maddə"}}, "date": "2026-03-10"}`, 100+i)
				a.State = states[i]
				if a.State == document.Archived {
					a.Standing, a.Rendition = []document.Standing{document.InForce, document.Superseded, document.Annulled}[i%3], 1
				}
				if err := tx.InsertAct(ctx, a); err != nil {
					return err
				}
				acts = append(acts, a)
			}
		}
		return nil
	})
	newest := func(date document.Date, id string, date2 document.Date, id2 string) int {
		return cmp.Or(cmp.Compare(date2, date), cmp.Compare(id2, id))
	}
	slices.SortFunc(acts, func(a, b document.Act) int { return newest(a.Date, a.ID, b.Date, b.ID) })
	slices.SortFunc(cases, func(a, b document.Case) int {
		return newest(document.DateOf(a.RegisteredAt, noon.UTC().Location()), a.ID, document.DateOf(b.RegisteredAt, noon.UTC().Location()), b.ID)
	})
	return acts, cases
}

// has says whether each of some words is the beginning of one of others.
func has(words, typed []string) bool {
	for _, t := range typed {
		if !slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, t) }) {
			return false
		}
	}
	return true
}

// meets is the meaning of a search, said once more.
func meets(a document.Act, q document.Find) bool {
	return has(a.Words(), q.Words) && (q.Officer == "" || a.Officer == q.Officer) && (q.Kind == "" || a.Template == q.Kind) &&
		(q.Everywhere || slices.Contains(q.Offices, a.Office)) && (q.State == "" || a.State == q.State) &&
		(q.Standing == "" || a.Standing == q.Standing) && (q.From == "" || a.Date >= q.From) && (q.To == "" || a.Date <= q.To)
}

func testFindActs(t *testing.T, s document.Store) {
	acts, _ := registry(t, s)
	offices := [][]string{nil, {"011"}, {"012", "013"}, {"none"}}
	found := 0
	for i, words := range [][]string{nil, {"eliyev"}, {"eliyeva", "leyla"}, {"bor", "105"}, {"madde"}, {"memmedov"}, {"ei261100"}, {"yox"}} {
		for _, q := range []document.Find{
			{}, {Officer: "leyla"}, {Kind: "decision"}, {State: document.Prepared}, {State: document.Archived},
			{State: document.Voided, Officer: "leyla"}, {State: document.Prepared, Officer: "ali"}, {State: document.Archived, Officer: "ali"}, {Standing: document.InForce}, {Standing: document.Annulled},
			{Standing: document.Superseded, Kind: "query"}, {From: "2026-03-11", To: "2026-03-12"}, {To: "2026-03-10"}, {From: "2026-04-01"},
		} {
			q.Words, q.Offices = words, offices[i%len(offices)]
			q.Everywhere, q.Limit = q.Offices == nil, 3
			var want []string
			for _, a := range acts {
				if meets(a, q) {
					want = append(want, a.ID)
				}
			}
			found += len(want)
			findAll(t, s, q, acts, want)
		}
	}
	if found < 200 {
		t.Errorf("the searches find %d acts", found)
	}
}

// findAll turns the pages of a list to its end and back.
func findAll(t *testing.T, s document.Store, q document.Find, acts []document.Act, want []string) {
	t.Helper()
	ctx := t.Context()
	name := fmt.Sprintf("%+v", q)
	turn := func(at document.Place, newer bool) (page document.Page[document.Act]) {
		t.Helper()
		q.At, q.Newer = at, newer
		view(t, s, func(tx document.Tx) (err error) {
			page, err = tx.FindActs(ctx, q)
			return err
		})
		if page.Cut || len(page.Items) > q.Limit {
			t.Errorf("%s: %d entries, cut is %v", name, len(page.Items), page.Cut)
		}
		for _, a := range page.Items {
			i := slices.IndexFunc(acts, func(other document.Act) bool { return other.ID == a.ID })
			same(t, "act", a, acts[i])
		}
		return page
	}
	var got []string
	page := turn(document.Place{}, false)
	for n := 0; ; n++ {
		for _, a := range page.Items {
			got = append(got, a.ID)
		}
		if (page.Newer.ID != "") != (n > 0) {
			t.Errorf("%s: page %d has newer ones from %v on", name, n, page.Newer)
		}
		if page.Older.ID == "" {
			break
		}
		page = turn(page.Older, false)
	}
	same(t, name, got, want)
	var back []string
	for page.Newer.ID != "" {
		page = turn(page.Newer, true)
		var ids []string
		for _, a := range page.Items {
			ids = append(ids, a.ID)
		}
		back = append(ids, back...)
		if page.Older.ID == "" {
			t.Errorf("%s: no way back to the older ones", name)
		}
	}
	if n := len(back); n > 0 {
		same(t, "backwards "+name, back, want[:n])
	}
}

func testFindCases(t *testing.T, s document.Store) {
	ctx := t.Context()
	_, cases := registry(t, s)
	for name, c := range map[string]struct {
		q    document.Find
		want []int // in the order of the list
	}{
		"all":                       {document.Find{Everywhere: true}, []int{0, 1, 2, 3}},
		"by name":                   {document.Find{Everywhere: true, Words: []string{"eliyev"}}, []int{2, 3}},
		"by number":                 {document.Find{Everywhere: true, Words: []string{"ei2611000000003t"}}, []int{1}},
		"of an office":              {document.Find{Offices: []string{"011"}}, []int{0, 3}},
		"of a person":               {document.Find{Everywhere: true, Officer: "leyla"}, []int{0, 2}},
		"of a day":                  {document.Find{Everywhere: true, From: "2026-03-15"}, []int{0, 1}},
		"a state is none of a case": {document.Find{Everywhere: true, State: document.Voided}, []int{0, 1, 2, 3}},
		"nothing":                   {document.Find{Everywhere: true, Words: []string{"yox"}}, nil},
	} {
		c.q.Limit = 10
		view(t, s, func(tx document.Tx) error {
			page, err := tx.FindCases(ctx, c.q)
			var want []document.Case
			for _, i := range c.want {
				want = append(want, cases[i])
			}
			same(t, name, page.Items, want)
			return err
		})
	}
}

func testCountStates(t *testing.T, s document.Store) {
	ctx := t.Context()
	acts, _ := registry(t, s)
	for _, q := range []document.Find{
		{Everywhere: true}, {Officer: "ali"}, {Offices: []string{"011"}}, {Offices: []string{"012", "013"}}, {Officer: "nobody"},
	} {
		want := map[document.State]int{
			document.Issued: 0, document.Prepared: 0, document.Signing: 0, document.Signed: 0, document.Archived: 0, document.Voided: 0,
		}
		for _, a := range acts {
			if q.Officer != "" && a.Officer == q.Officer || q.Officer == "" && (q.Everywhere || slices.Contains(q.Offices, a.Office)) {
				want[a.State]++
			}
		}
		view(t, s, func(tx document.Tx) error {
			got, err := tx.CountStates(ctx, q)
			same(t, fmt.Sprintf("%+v", q), got, want)
			return err
		})
	}
}

// testBroadWord: a beginning that too many words have stands for itself.
func testBroadWord(t *testing.T, s document.Store) {
	ctx := t.Context()
	update(t, s, func(tx document.Tx) error {
		if err := tx.InsertCase(ctx, newCase(1)); err != nil {
			return err
		}
		for i := range 20 {
			a := newAct(newCase(1), i+1)
			a.SearchKey = fmt.Sprintf("qərar%c", 'a'+i)
			if i == 7 {
				a.SearchKey = "qərar"
			}
			if err := tx.InsertAct(ctx, a); err != nil {
				return err
			}
		}
		return nil
	})
	for word, want := range map[string]int{"qerar": 1, "qera": 0, "qerarb": 1, "qerarz": 0} {
		view(t, s, func(tx document.Tx) error {
			page, err := tx.FindActs(ctx, document.Find{Everywhere: true, Words: []string{word}, Limit: 50})
			if len(page.Items) != want || (len(page.Broad) > 0) != (word == "qerar" || word == "qera") {
				t.Errorf("%s: %d acts, too broad %v", word, len(page.Items), page.Broad)
			}
			return err
		})
	}
}

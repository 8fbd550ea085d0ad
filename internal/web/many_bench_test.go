package web_test

import (
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/sqldb"
	"docsvc/internal/sqldb/sqldbtest"
	"docsvc/internal/testservers"
)

// BenchmarkMany measures the pages of officers over a register of very many
// acts, DOCSVC_ACTS of them, in PostgreSQL: for each page the median and the 95th percentile of its
// whole time in the handler. Run it with -benchtime 1x; it takes minutes.
func BenchmarkMany(b *testing.B) {
	acts, err := strconv.Atoi(os.Getenv("DOCSVC_ACTS"))
	if err != nil {
		b.Skip("DOCSVC_ACTS is not set")
	}
	o := newOffice(b)
	m := sqldbtest.Many{Acts: acts, Scheme: o.Service.Rules.Scheme}
	o.over(b, m)
	ctx := b.Context()
	office := func(n int) document.Grant {
		return document.Grant{Role: document.RoleOfficer, Office: sqldbtest.ManyOffice(n)}
	}
	o.enrol(sqldbtest.ManyOfficer(0), "1OFFICER", sqldbtest.ManyOffice(0), office(0))
	o.enrol("archivist", "2ARCHIVE", "110", document.Grant{Role: document.RoleArchivist, Office: document.AnyOffice})
	officer, archivist := o.as(sqldbtest.ManyOfficer(0)), o.as("archivist")
	number := func(i int) string { return m.Act(i * 7919 % acts).Number }
	deep, err := o.Service.Acts(ctx, o.actor("archivist"), document.Find{To: "2022-06-01", Limit: 1})
	if err != nil || deep.Older.ID == "" {
		b.Fatal(deep, err)
	}
	for _, c := range []struct {
		name string
		who  *visitor
		path func(i int) string
	}{
		{"desk of an officer", officer, func(int) string { return "/office" }},
		{"desk of an archivist", archivist, func(int) string { return "/office" }},
		{"list: mine", officer, func(int) string { return "/office/acts?mine=1" }},
		{"list: mine, to be signed", officer, func(int) string { return "/office/acts?mine=1&state=prepared" }},
		{"list: everything", archivist, func(int) string { return "/office/acts" }},
		{"list: from the middle on", archivist, func(int) string {
			return "/office/acts?at=" + url.QueryEscape(string(deep.Older.Date)+" "+deep.Older.ID)
		}},
		{"list: annulled of a kind in a year", archivist, func(i int) string {
			return fmt.Sprintf("/office/acts?state=annulled&kind=query&from=%d-01-01&to=%[1]d-12-31", 2020+i%7)
		}},
		{"list: of an officer, a kind and a month", archivist, func(i int) string {
			return fmt.Sprintf("/office/acts?officer=%s&kind=query&from=2023-%02d-01&to=2023-%02[2]d-28", sqldbtest.ManyOfficer(i), 1+i%12)
		}},
		{"search: number", archivist, func(i int) string { return "/office/find?q=" + number(i) }},
		{"search: FİN", archivist, func(i int) string { return fmt.Sprintf("/office/acts?q=5%06d", i*7919%(acts/4)) }},
		{"search: common name", archivist, func(int) string { return "/office/acts?q=%C6%8Fliyev" }},
		{"search: two common names", archivist, func(int) string { return "/office/acts?q=%C6%8Fliyev+El%C3%A7in" }},
		{"search: full name", archivist, func(i int) string {
			return "/office/acts?q=" + url.QueryEscape([]string{"Zeynalov Toğrul Murad", "Tağıyev Türkan Aysel", "Əliyev Elçin Rəşad"}[i%3])
		}},
		{"search: words of the text", archivist, func(int) string { return "/office/acts?q=" + url.QueryEscape("nəqliyyat həbs alimenti") }},
		{"search: common words and a rare name", archivist, func(int) string { return "/office/acts?q=" + url.QueryEscape("qərar zeynalov nəqliyyat") }},
		{"search: beginning of a word", archivist, func(int) string { return "/office/acts?q=m%C9%99mm%C9%99d" }},
		{"search: common words that never meet", archivist, func(int) string {
			return "/office/acts?q=" + url.QueryEscape("qərar 99999 məmurzadə officer000 officer001")
		}},
		{"search: name in the officer's office", officer, func(int) string { return "/office/acts?q=Zeynalov" }},
		{"cases: name", archivist, func(int) string { return "/office/cases?q=Zeynalov" }},
		{"an act", archivist, func(i int) string { return "/office/acts/" + number(i) }},
		{"a case", archivist, func(i int) string { return "/office/cases/" + m.Act(i*7919%acts).Case }},
	} {
		b.Run(c.name, func(b *testing.B) {
			const times = 60
			var took []time.Duration
			for i := range times {
				path := c.path(i)
				start := time.Now()
				w := c.who.get(path)
				took = append(took, time.Since(start))
				if w.Code >= 400 {
					b.Fatalf("%s: %d %s", path, w.Code, w.Body)
				}
			}
			slices.Sort(took)
			ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
			b.ReportMetric(ms(took[times/2]), "p50-ms")
			b.ReportMetric(ms(took[times*95/100]), "p95-ms")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// over puts the office over a register in PostgreSQL with very many acts:
// DOCSVC_REGISTER is the connection string of one that was filled before.
func (o *office) over(b *testing.B, m sqldbtest.Many) {
	b.Helper()
	dsn := os.Getenv("DOCSVC_REGISTER")
	if dsn == "" {
		dsn = testservers.NewPostgres(b, false).NewSchema(b)
	}
	options := sqldb.Options{Engine: sqldb.Postgres, DSN: dsn, AllowOwner: true, Now: o.Now}
	if err := sqldb.Create(b.Context(), options); err == nil {
		m.Fill(b, dsn)
	} else if os.Getenv("DOCSVC_REGISTER") == "" {
		b.Fatal(err)
	}
	register, err := sqldb.Open(b.Context(), options)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = register.Close() })
	o.Register, o.Service.Store, o.Verifier.Store, o.sessions.Store = register, register, register, register
}

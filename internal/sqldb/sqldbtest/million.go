package sqldbtest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"docsvc/internal/document"
	"docsvc/internal/numbering"
)

// Many is a made-up register of many acts: four of a case, 20 offices with 15
// officers each, seven years. Names are as unevenly spread as people's are, and
// most debtors have a FİN of their own. It is for measuring.
type Many struct {
	Acts   int
	Scheme numbering.Scheme
}

// ManyOffice and ManyOfficer name the n-th of the offices and officers.
func ManyOffice(n int) string  { return fmt.Sprint(110 + n%20) }
func ManyOfficer(n int) string { return fmt.Sprintf("officer%03d", n%300) }

var (
	manySurnames = strings.Fields(`Əliyev Məmmədov Hüseynov Həsənov Quliyev İsmayılov Abbasov İbrahimov Rəhimov Cəfərov
		Orucov Babayev Mustafayev Kərimov Nəcəfov Süleymanov Bayramov Vəliyev Ağayev Qasımov Şirinov Tağıyev Əsgərov Zeynalov`)
	manyNames = strings.Fields(`Elçin Rəşad Vüqar Nigar Aynur Günel Kamran Orxan İlqar Leyla Səbinə Tural Anar Fərid Ülviyyə
		Şəhla Rauf Zaur Cavid Elnur Pərvin Samir Nərmin Lalə Ramil Xəyal Aysel Türkan Murad Toğrul`)
	manyKinds = strings.Fields("initiation-decision query termination-decision restriction-order collection-order liability extension annulment")
	manyText  = strings.Fields(`könüllü icra müddəti bitmiş borclu icra sənədinin tələblərini etməmişdir əmək haqqından tutmanın mümkünlüyünü
		yoxlamaq zəruridir məhkəmə qətnaməsi alimenti bank hesabı nəqliyyat vasitəsi daşınmaz əmlak üzərinə həbs qoyulması
		ölkədən getmək hüququnun məhdudlaşdırılması kreditor ərizəsi əsasında qəbul edilmişdir protokol tərtib olunmuşdur`)
)

// person is one of 24 × 30 × 30 names, the first of each list often.
func person(r *rand.Rand) string {
	pick := func(list []string) string { return list[int(float64(len(list))*r.Float64()*r.Float64())] }
	return pick(manySurnames) + " " + pick(manyNames) + " " + pick(manyNames) + " oğlu"
}

// Case makes case n.
func (m Many) Case(n int) document.Case {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	at := time.Date(2020, 1, 1, 6, 0, 0, 0, time.UTC).Add(time.Duration(float64(n) / float64(max(m.Acts/4, 1)) * float64(7*365*24*time.Hour)))
	number, err := m.Scheme.Format(at.Year(), ManyOffice(n), int64(n/20+1))
	if err != nil {
		panic(err)
	}
	return document.Case{
		ID: manyID(at, 1, n), Number: number, Office: ManyOffice(n), Officer: ManyOfficer(n),
		Document:  document.EnforcementDocument{Kind: "writ", Number: fmt.Sprintf("2(%d)-%d/%d", n%200, n, at.Year()), Date: document.DateOf(at, time.UTC), Issuer: "Nümunə Rayon Məhkəməsi"},
		Data:      []byte("{}"),
		SearchKey: strings.ToLower(fmt.Sprintf("%s %s 2(%d)-%d/%d bank %d", person(r), manyFIN(n), n%200, n, at.Year(), n%50)), RegisteredAt: at, RegisteredBy: "clerk",
	}
}

func manyFIN(n int) string { return fmt.Sprintf("5%06d", n) }

func manyID(at time.Time, kind, n int) string {
	return fmt.Sprintf("%012x", at.UnixMilli())[:8] + fmt.Sprintf("-%s-7%03x-8000-%012x", fmt.Sprintf("%012x", at.UnixMilli())[8:], kind, n)
}

// Act makes act n: archived and in force but for one in twenty.
func (m Many) Act(n int) document.Act {
	r := rand.New(rand.NewPCG(uint64(n), 2))
	c := m.Case(n / 4)
	rc := rand.New(rand.NewPCG(uint64(n/4), 1))
	debtor := person(rc)
	at := c.RegisteredAt.Add(time.Duration(n%4) * 24 * time.Hour)
	number, err := numbering.FormatAct(c.Number, n%4+1)
	if err != nil {
		panic(err)
	}
	var text []string
	for range 25 {
		text = append(text, manyText[r.IntN(len(manyText))])
	}
	kind := manyKinds[int(8*r.Float64()*r.Float64())]
	data := fmt.Sprintf(`{"creditors":[{"name":"Nümunə Bank %d ASC","voen":"99999%05d"}],"debtors":[{"name":%q,"fin":%q,"address":"Nümunə şəhəri, Misal küçəsi, ev %d"}],`+
		`"document":{"number":%q,"issuer":"Nümunə Rayon Məhkəməsi"},"facts":{"facts":%q},"claim":{"total":{"qepik":618045,"words":"altı min"}}}`,
		n/4%50, n/4%50, debtor, manyFIN(n/4), n%300, c.Document.Number, strings.Join(text, " "))
	sum := sha256.Sum256([]byte(data))
	a := document.Act{
		ID: manyID(at, 2, n), CaseID: c.ID, Case: c.Number, Number: number, Index: n%4 + 1, Office: c.Office, Officer: c.Officer,
		Date: document.DateOf(at, time.UTC), Template: kind, Version: "1", Level: "B-LTA", Code: fmt.Sprintf("%016d", n), IssuedAt: at, RetainUntil: at.AddDate(75, 0, 0),
		SearchKey: strings.ToLower(kind + " qərar " + debtor + " " + manyFIN(n/4)),
		Data:      []byte(data), DataSHA256: sum[:], Summary: fmt.Appendf(nil, `{"titles":{"az":%q},"office_name":"Şöbə"}`, kind), Seal: sum[:],
		Signers: []document.Signer{{Login: c.Officer, Name: "Məmurzadə " + c.Officer, Post: "icra məmuru", Field: "signer-1"}},
		State:   document.Archived, Standing: document.InForce, SHA256: sum[:], Path: "acts/" + number + "/0001.pdf", Rendition: 1, SignedAt: at, ArchivedAt: at,
	}
	switch chance := r.IntN(1000); {
	case chance < 10:
		a.Standing = document.Annulled
	case chance < 20:
		a.Standing = document.Superseded
	case chance < 30:
		a.State, a.Standing, a.VoidReason = document.Voided, "", "səhv"
	case chance < 50:
		a.State, a.Standing = []document.State{document.Issued, document.Prepared, document.Signed}[chance%3], ""
	}
	return a
}

// Fill copies the register into a PostgreSQL schema that has no acts. It takes
// minutes for a million.
func (m Many) Fill(tb testing.TB, dsn string) {
	tb.Helper()
	ctx := tb.Context()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	run := func(statement string) {
		tb.Helper()
		if _, err := conn.Exec(ctx, statement); err != nil {
			tb.Fatal(err)
		}
	}
	copyRows := func(table, columns string, next func() ([]any, error)) {
		tb.Helper()
		start := time.Now()
		n, err := conn.CopyFrom(ctx, pgx.Identifier{table}, strings.Fields(columns), pgx.CopyFromFunc(next))
		if err != nil {
			tb.Fatal(err)
		}
		tb.Logf("%d rows of %s in %s", n, table, time.Since(start).Round(time.Second))
	}
	run("ALTER TABLE act_word DROP CONSTRAINT act_word_pkey")
	n := 0
	copyRows("enforcement_case", `id number office officer document_kind document_number document_date document_issuer
		registered_at registered_by search_key data`, func() ([]any, error) {
		if n == (m.Acts+3)/4 {
			return nil, nil
		}
		c := m.Case(n)
		n++
		return []any{c.ID, c.Number, c.Office, c.Officer, c.Document.Kind, c.Document.Number, string(c.Document.Date), c.Document.Issuer,
			c.RegisteredAt, c.RegisteredBy, c.SearchKey, c.Data}, nil
	})
	n = 0
	copyRows("act", `id case_id case_number number idx office officer date template version level evaluation code request_key issued_at retain_until
		search_key signers data_sha256 summary data state round epoch seal signed_at sha256 path archived_at void_reason standing changed_by reason
		rendition waits_for`, func() ([]any, error) {
		if n == m.Acts {
			return nil, nil
		}
		a := m.Act(n)
		n++
		waits := ""
		if a.State == document.Prepared {
			waits = a.Officer
		}
		signers := fmt.Sprintf(`[{"login":%q,"name":%q,"post":"icra məmuru","field":"signer-1"}]`, a.Signers[0].Login, a.Signers[0].Name)
		return []any{a.ID, a.CaseID, a.Case, a.Number, a.Index, a.Office, a.Officer, string(a.Date), a.Template, a.Version, a.Level, false, a.Code, "",
			a.IssuedAt, a.RetainUntil, a.SearchKey, []byte(signers), a.DataSHA256, []byte(a.Summary), a.Data, string(a.State), 0, 5, a.Seal, a.SignedAt,
			a.SHA256, a.Path, a.ArchivedAt, a.VoidReason, string(a.Standing), "", "", a.Rendition, waits}, nil
	})
	m.copyWords(copyRows)
	run("SET maintenance_work_mem = '1GB'")
	run("ALTER TABLE act_word ADD PRIMARY KEY (word, date, act_id)")
	run("VACUUM ANALYZE")
}

func (m Many) copyWords(copyRows func(table, columns string, next func() ([]any, error))) {
	rows := func(count int, wordsOf func(n int) (date, id string, words []string)) func() ([]any, error) {
		n, date, id, words := 0, "", "", []string(nil)
		return func() ([]any, error) {
			if len(words) == 0 {
				if n == count {
					return nil, nil
				}
				date, id, words = wordsOf(n)
				n++
			}
			w := words[0]
			words = words[1:]
			return []any{[]byte(w), date, id}, nil
		}
	}
	copyRows("case_word", "word date case_id", rows((m.Acts+3)/4, func(n int) (date, id string, words []string) {
		c := m.Case(n)
		return c.RegisteredAt.Format(time.DateOnly), c.ID, c.Words()
	}))
	copyRows("act_word", "word date act_id", rows(m.Acts, func(n int) (date, id string, words []string) {
		a := m.Act(n)
		return string(a.Date), a.ID, a.Words()
	}))
}

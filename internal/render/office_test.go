package render_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"testing"
	"time"

	"docsvc/internal/codes"
	"docsvc/internal/document"
	"docsvc/internal/render"
	"docsvc/internal/template"
	"docsvc/internal/typeset"
	"docsvc/templates"
)

var today = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// office is the demo office with its renderer.
type office struct {
	Offices  []document.Office
	Officers []document.Account
	renderer *render.Renderer
}

func newOffice(t testing.TB) *office {
	t.Helper()
	var o office
	readSample(t, "office", &o)
	library, err := template.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	engine, err := typeset.Default()
	if err != nil {
		t.Fatal(err)
	}
	o.renderer = &render.Renderer{
		Templates: library, Typeset: engine, Offices: map[string]document.Office{"110": o.Offices[0]},
		Origin: "https://icra.example.az", Host: "icra.example.az", Location: time.UTC, Now: func() time.Time { return today },
	}
	return &o
}

func readSample(t testing.TB, name string, into any) {
	t.Helper()
	data, err := fs.ReadFile(templates.FS, "samples/"+name+".json")
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (o *office) account(t testing.TB, login string) document.Account {
	t.Helper()
	for _, a := range o.Officers {
		if a.Login == login {
			return a
		}
	}
	t.Fatalf("no account %s", login)
	return document.Account{}
}

// check checks a form as an act of a sample case.
func (o *office) check(t testing.TB, kase, author string, d document.Draft) (document.Facts, error) {
	t.Helper()
	var s struct{ Case json.RawMessage }
	readSample(t, kase, &s)
	facts, _, err := o.renderer.CheckCase(context.Background(), s.Case)
	if err != nil {
		t.Fatal(err)
	}
	d.Case = "EI2611000000005L"
	c := document.Case{Number: d.Case, Office: "110", Data: facts.Data}
	out, _, err := o.renderer.CheckAct(context.Background(), d, c, o.account(t, author))
	return out, err
}

// act is what the core makes of the facts, the approver found.
func (o *office) act(t testing.TB, f document.Facts, on document.Date) document.Act {
	t.Helper()
	code, err := codes.NewCode(bytes.NewReader(bytes.Repeat([]byte{7}, 64)))
	if err != nil {
		t.Fatal(err)
	}
	summary, err := json.Marshal(f.Summary)
	if err != nil {
		t.Fatal(err)
	}
	for i := range f.Signers {
		if s := &f.Signers[i]; s.Login == "" {
			head := o.account(t, "vuqar")
			s.Login, s.Name, s.Post = head.Login, head.Name, head.Post
		}
	}
	return document.Act{
		Number: "EI2611000000005L-002", Case: "EI2611000000005L", Office: "110", Date: on, Template: f.Template, Version: f.Version,
		Data: f.Data, Summary: summary, Code: code.String(), Signers: f.Signers, IssuedAt: today, Evaluation: true,
	}
}

// termination is the decision of the fifth sample case, as typeset.
func (o *office) termination(t testing.TB) (document.Act, []byte) {
	t.Helper()
	var s struct {
		Acts []struct {
			Template string
			Date     document.Date
			Input    json.RawMessage
		}
	}
	readSample(t, "case-5", &s)
	last := s.Acts[len(s.Acts)-1]
	f, err := o.check(t, "case-5", "nigar", document.Draft{Template: last.Template, Date: last.Date, Input: last.Input})
	if err != nil {
		t.Fatal(err)
	}
	a := o.act(t, f, last.Date)
	file, err := o.renderer.Render(context.Background(), a)
	if err != nil {
		t.Fatal(err)
	}
	return a, file
}

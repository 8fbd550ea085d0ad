package template

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"docsvc/templates"
)

// ErrUnknown says that a library has no such template, or none in force.
var ErrUnknown = errors.New("no such template in force")

// Library holds templates, the layouts they share, the schema of cases and the
// parameters of the law. It is built once and not changed.
type Library struct {
	templates  map[string][]*Template // by id, in order of From
	caseSchema *Schema
	law        *Law
}

// Template is one immutable version of the template of one kind of act.
type Template struct {
	Meta   Meta
	Schema *Schema
	// Digest is the SHA-256, in hex, over the files and the layout. Who
	// publishes a template pins it: the same id and version never change.
	Digest  string
	Samples map[string][]byte // forms to try, by file name
	Public  *Public           // nil: the public page explains nothing

	page *htmltemplate.Template
	law  *Law
}

// Meta describes a template.
type Meta struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	From    Date   `json:"from"` // first day on which acts may use it
	Kind    int    `json:"kind"` // number in the list of kinds of act
	Title   Text   `json:"title"`
	Layout  string `json:"layout"`
	// Parts are further files of the folder of layouts; what they define stands
	// in the place of the layout's own. The template's definitions come last.
	Parts    []string  `json:"parts,omitempty"`
	Heading  string    `json:"heading"` // QƏRAR
	Subject  string    `json:"subject"` // icraata başlamaq haqqında
	Profiles []Profile `json:"profiles"`
	// Author is the role that alone may write the act; empty: any officer.
	Author         string    `json:"author,omitempty"`
	Signers        int       `json:"signers"`            // signatures required
	Approver       *Approver `json:"approver,omitempty"` // of two signers the second
	RetentionClass string    `json:"retention_class"`
	Derive         []string  `json:"derive"`      // facts computed, see derive.go
	Law            []string  `json:"law"`         // parameters the act cites
	PrivateLaw     []string  `json:"private_law"` // those a private officer cites besides
	Prints         Prints    `json:"prints"`      // what of the case the act prints
	Clauses        []Clause  `json:"clauses"`
}

// Prints names the fields of the parties that an act prints.
type Prints struct {
	Creditor []string `json:"creditor"`
	Debtor   []string `json:"debtor"`
}

// Clause is one thing that an act must contain.
type Clause struct {
	ID      string   `json:"id"` // the value of the clause's data-clause attribute
	Title   Text     `json:"title"`
	Source  string   `json:"source"`            // the paragraph that asks for it
	Unknown string   `json:"unknown,omitempty"` // what the sources leave open
	When    string   `json:"when,omitempty"`    // "monetary" or "": always
	Profile *Profile `json:"profile,omitempty"`
}

// Builtin reads the embedded templates.
func Builtin() (*Library, error) { return New(templates.FS) }

// New reads a library: acts/*/{template.html,schema.json,meta.json}
// and public.json, layouts/*.html, law/*.json and case/schema.json. It fails on the first file
// that is not in order.
func New(fsys fs.FS) (*Library, error) {
	law, err := loadLaw(fsys, "law")
	if err != nil {
		return nil, err
	}
	raw, err := fs.ReadFile(fsys, "case/schema.json")
	if err != nil {
		return nil, fmt.Errorf("reading the schema of cases: %w", err)
	}
	caseSchema, err := compileSchema("case.json", raw)
	if err != nil {
		return nil, err
	}
	l := &Library{templates: map[string][]*Template{}, caseSchema: caseSchema, law: law}
	dirs, err := fs.Glob(fsys, "acts/*/meta.json")
	if err != nil {
		return nil, fmt.Errorf("listing templates: %w", err)
	}
	for _, meta := range dirs {
		t, err := loadTemplate(fsys, path.Dir(meta), law)
		if err != nil {
			return nil, fmt.Errorf("template %s: %w", path.Dir(meta), err)
		}
		if _, err := l.Get(t.Meta.ID, t.Meta.Version, time.Time{}); err == nil {
			return nil, fmt.Errorf("template %s: version %s stands twice", t.Meta.ID, t.Meta.Version)
		}
		l.templates[t.Meta.ID] = append(l.templates[t.Meta.ID], t)
	}
	for _, versions := range l.templates {
		slices.SortFunc(versions, func(a, b *Template) int { return a.Meta.From.Time().Compare(b.Meta.From.Time()) })
	}
	return l, nil
}

func loadTemplate(fsys fs.FS, dir string, law *Law) (*Template, error) {
	t := &Template{law: law, Samples: map[string][]byte{}}
	if err := readStrict(fsys, path.Join(dir, "meta.json"), &t.Meta); err != nil {
		return nil, err
	}
	digest := sha256.New()
	read := func(name string) ([]byte, error) {
		raw, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		_, _ = fmt.Fprintf(digest, "%s %d\n", path.Base(name), len(raw)) // a hash never fails
		_, _ = digest.Write(raw)
		return raw, nil
	}
	if _, err := read(path.Join(dir, "meta.json")); err != nil {
		return nil, err
	}
	schema, err := read(path.Join(dir, "schema.json"))
	if err != nil {
		return nil, err
	}
	if t.Schema, err = compileSchema(t.Meta.ID+".json", schema); err != nil {
		return nil, err
	}
	page, err := read(path.Join(dir, "template.html"))
	if err != nil {
		return nil, err
	}
	var layout [][]byte
	for _, name := range append([]string{t.Meta.Layout}, t.Meta.Parts...) {
		part, err := read(path.Join("layouts", name+".html"))
		if err != nil {
			return nil, err
		}
		layout = append(layout, part)
	}
	if t.page, err = parsePage(t.Meta.ID, append(layout, page)); err != nil {
		return nil, err
	}
	t.Digest = hex.EncodeToString(digest.Sum(nil))
	if err := t.loadPublic(fsys, dir); err != nil {
		return nil, err
	}
	if err := t.loadSamples(fsys, dir); err != nil {
		return nil, err
	}
	return t, t.Meta.check(law)
}

func (t *Template) loadSamples(fsys fs.FS, dir string) error {
	files, err := fs.Glob(fsys, path.Join(dir, "sample-*.json"))
	if err != nil {
		return fmt.Errorf("listing samples: %w", err)
	}
	for _, name := range files {
		if t.Samples[path.Base(name)], err = fs.ReadFile(fsys, name); err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
	}
	return nil
}

func (m Meta) check(law *Law) error {
	switch {
	case m.ID == "" || m.Version == "" || m.From.IsZero() || m.Kind < 1 || m.Signers < 1 || m.RetentionClass == "":
		return errors.New("meta.json: id, version, from, kind, signers and retention_class are needed")
	case m.Title.Az == "" || m.Title.En == "" || m.Title.Ru == "" || m.Heading == "" || m.Subject == "":
		return errors.New("meta.json: title in three languages, heading and subject are needed")
	}
	for _, key := range slices.Concat(m.Law, m.PrivateLaw) {
		if _, ok := law.params[key]; !ok {
			return fmt.Errorf("meta.json: unknown law parameter %q", key)
		}
	}
	for _, name := range m.Derive {
		if _, ok := derivations()[name]; !ok {
			return fmt.Errorf("meta.json: unknown derivation %q", name)
		}
	}
	for _, field := range slices.Concat(m.Prints.Creditor, m.Prints.Debtor) {
		if !slices.Contains(partyFields, field) {
			return fmt.Errorf("meta.json: unknown field of a party %q", field)
		}
	}
	return m.checkSigners()
}

// Get finds a template by id and version; with an empty version, the newest
// that is in force on the day. The error wraps [ErrUnknown].
func (l *Library) Get(id, version string, on time.Time) (*Template, error) {
	versions := l.templates[id]
	for i := len(versions) - 1; i >= 0; i-- {
		m := versions[i].Meta
		if version == m.Version || version == "" && !DateOf(on).Before(m.From) {
			return versions[i], nil
		}
	}
	return nil, fmt.Errorf("%s %s: %w", id, version, ErrUnknown)
}

// List gives every version of every template, ordered by kind and date.
func (l *Library) List() []*Template {
	var all []*Template
	for _, versions := range l.templates {
		all = append(all, versions...)
	}
	slices.SortFunc(all, func(a, b *Template) int {
		if a.Meta.Kind != b.Meta.Kind {
			return a.Meta.Kind - b.Meta.Kind
		}
		if c := strings.Compare(a.Meta.ID, b.Meta.ID); c != 0 {
			return c
		}
		return a.Meta.From.Time().Compare(b.Meta.From.Time())
	})
	return all
}

// Law gives the parameters of the law.
func (l *Library) Law() *Law { return l.law }

// CaseSchema gives the schema of the registration form.
func (l *Library) CaseSchema() *Schema { return l.caseSchema }

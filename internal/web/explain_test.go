package web_test

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"docsvc/internal/template"
	"docsvc/internal/web"
	"docsvc/templates"
)

// TestActIsExplained: the page says what the act asks, and how and until when
// it is complained of, by the parameter of the law that held on its date.
func TestActIsExplained(t *testing.T) {
	s := newSite(t)
	act := s.Issue("case-1", 0)
	for lang, want := range map[string][]string{
		"az": {"Bu qərarla icra işi açılır", "inzibati məhkəməyə", "verildiyi gündən 10 gün", "31.08.2026", "87.1-ci maddəsi"},
		"en": {"opens an enforcement case", "administrative court", "10 days from the day", "21.08.2026", "31.08.2026", "is to be confirmed"},
		"ru": {"открывается исполнительное производство", "административный суд", "10 дней со дня", "31.08.2026", "требует уточнения"},
	} {
		body := s.get("/v/" + act.Code + "?lang=" + lang).Body.String()
		for _, words := range want {
			if !strings.Contains(body, words) {
				t.Errorf("%s: the page does not say %q", lang, words)
			}
		}
		if strings.Contains(body, "(to be confirmed)") {
			t.Error("a confirmed term is called unconfirmed")
		}
		if !strings.Contains(body, "elektron-icra.example.az") {
			t.Errorf("%s: the page does not name its address", lang)
		}
	}
}

// TestUnknownLawIsCalledUnknown: what the sources leave open is not asserted.
func TestUnknownLawIsCalledUnknown(t *testing.T) {
	for name, c := range map[string]struct {
		law         string // the parameter's file; empty: no library
		has, hasNot string
	}{
		"not confirmed": {`{"from": "2026-01-01", "value": {"days": 10}, "cite": "Qanunun {?} maddəsi", "source": "x", "confirmed": false}`,
			"(to be confirmed)", "87.1"},
		"later than the act": {`{"from": "2026-12-01", "value": {"days": 10}, "cite": "x", "source": "x", "confirmed": true}`,
			"what the act says counts", "10 days"},
		"no library": {"", "The act itself says within what term", "10 days"},
	} {
		library := (*template.Library)(nil)
		if c.law != "" {
			library = libraryWith(t, "law/complaint-term.json", `{"key": "complaint-term", "title": {"az": "x", "en": "x", "ru": "x"}, "entries": [`+c.law+`]}`)
		}
		s := newSite(t, func(o *web.Options) { o.Templates = library })
		act := s.Issue("case-1", 0)
		body := s.get("/v/" + act.Code + "?lang=en").Body.String()
		if !strings.Contains(body, c.has) || strings.Contains(body, c.hasNot) {
			t.Errorf("%s: the page lacks %q or has %q", name, c.has, c.hasNot)
		}
	}
}

// libraryWith is the built-in library with another file in the place of one.
func libraryWith(t *testing.T, name, content string) *template.Library {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(templates.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := templates.FS.ReadFile(path)
		files[path] = &fstest.MapFile{Data: bytes.Clone(data)}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	files[name] = &fstest.MapFile{Data: []byte(content)}
	library, err := template.New(files)
	if err != nil {
		t.Fatal(err)
	}
	return library
}

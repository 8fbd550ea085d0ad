package web_test

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"docsvc/internal/audit"
	"docsvc/internal/document"
	"docsvc/internal/i18n"
	"docsvc/internal/ledger"
	"docsvc/internal/verify"
	"docsvc/internal/web"
)

// unzip gives the files of a ZIP by name.
func unzip(t *testing.T, data []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// TestExport: what is chosen comes as a ZIP whose files prove themselves by the
// key of the log alone; each copy is numbered; what cannot be handed out is
// named and does not hold the others up.
func TestExport(t *testing.T) {
	o := newOffice(t, func(options *web.Options) { options.Limiter = &keys{} })
	c := o.newCase("nigar", "110")
	good, bad := o.archived("nigar", c), o.archived("nigar", c)
	o.Sequence()
	late, waiting := o.archived("nigar", c), o.waiting("nigar", c)
	o.enrol("archivist", "9ARCHIV", "110", document.Grant{Role: document.RoleArchivist, Office: "110"})
	v := o.as("archivist")
	list := v.get("/office/acts").Body.String()
	if !strings.Contains(list, `value="`+good.Number+`"`) || strings.Contains(list, `value="`+waiting.Number+`"`) {
		t.Error("the list does not offer what is archived, and only that")
	}
	if !strings.Contains(v.get("/office/acts/"+good.Number+"/record").Body.String(), `action="/office/export"`) {
		t.Error("the record cannot be exported")
	}
	if strings.Contains(o.as("vuqar").get("/office/acts").Body.String(), "/office/export") {
		t.Error("an officer is offered the export")
	}
	for name, x := range map[string]struct {
		numbers []string
		code    int
		key     string
		args    map[string]string
	}{
		"nothing":  {nil, 422, "error.export.count", map[string]string{"max": "200"}},
		"too many": {slices.Repeat([]string{good.Number}, 201), 422, "error.export.count", map[string]string{"max": "200"}},
		"waiting":  {[]string{good.Number, waiting.Number}, 422, "error.export.state", map[string]string{"number": waiting.Number}},
		"unknown":  {[]string{"../../etc/passwd"}, 404, "error.act.unknown", map[string]string{"number": "../../etc/passwd"}},
	} {
		w := v.post("/office/export?lang=en", url.Values{"acts": x.numbers})
		if w.Code != x.code || !strings.Contains(w.Body.String(), i18n.Text("en", x.key, x.args)) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if n := o.events(good, audit.ActCopied); n != 0 {
		t.Errorf("%d copies before any was taken", n)
	}
	o.Archive.Corrupt(bad.Path, func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
	w := v.post("/office/export", url.Values{"acts": {good.Number, bad.Number, late.Number, good.Number}})
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/zip" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	files := unzip(t, w.Body.Bytes())
	pdf := files[good.Number+"/"+good.Number+".pdf"]
	readme := string(files["README.txt"])
	if len(files) != 5 || !bytes.Equal(pdf, o.File(good)) || files[late.Number+"/"+late.Number+".pdf"] == nil {
		t.Errorf("%d files", len(files))
	}
	for _, want := range []string{good.Number + "\tsurət / copy 1\tvalid\n", bad.Number + "\tAKT BU FAYLDA YOXDUR", late.Number + "\tsurət / copy 1\tvalid\tsübut hələ yoxdur"} {
		if !strings.Contains(readme, want) {
			t.Errorf("the list lacks %q: %s", want, readme)
		}
	}
	for a, want := range map[*document.Act]int{&good: 1, &bad: 0, &late: 1} {
		if n := o.events(*a, audit.ActCopied); n != want {
			t.Errorf("%d copies of %s, want %d", n, a.Number, want)
		}
	}
	log, err := ledger.ParseVerifier(strings.Fields(string(files["log-key.txt"]))...)
	if err != nil {
		t.Fatal(err)
	}
	e, err := verify.DecodeEvidence(files[good.Number+"/"+good.Number+".evidence.json"])
	if err != nil {
		t.Fatal(err)
	}
	if p, err := e.Check(pdf, log); err != nil || p.Number != good.Number || p.Renewed {
		t.Errorf("%+v %v", p, err)
	}
}

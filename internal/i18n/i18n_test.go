package i18n

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var placeholder = regexp.MustCompile(`\{([a-z]+)\}`)

func placeholders(text string) []string {
	var names []string
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	slices.Sort(names)
	return names
}

// TestSameKeys: every catalogue has the same keys with the same placeholders;
// Russian has one plural form more.
func TestSameKeys(t *testing.T) {
	all := catalogues()
	for _, lang := range Languages() {
		for key, text := range all[lang] {
			if strings.TrimSpace(text) != text || text == "" {
				t.Errorf("%s %s: %q", lang, key, text)
			}
			if lang == Russian && strings.HasSuffix(key, ".few") {
				key = strings.TrimSuffix(key, "few") + "other"
			}
			for _, other := range Languages() {
				counterpart, ok := all[other][key]
				if !ok {
					t.Errorf("%s is in %s and not in %s", key, lang, other)
				} else if !slices.Equal(placeholders(text), placeholders(counterpart)) {
					t.Errorf("%s: %s has %v, %s has %v", key, lang, placeholders(text), other, placeholders(counterpart))
				}
			}
		}
	}
	for key := range all[Russian] {
		if plural, ok := strings.CutSuffix(key, ".one"); ok {
			if _, ok := all[Russian][plural+".few"]; !ok {
				t.Errorf("%s.few is missing in Russian", plural)
			}
		}
	}
}

// TestLetters: each language is written in its own letters. Azerbaijani has no
// w and no Cyrillic look-alikes, and Russian no Latin words but names.
func TestLetters(t *testing.T) {
	for key, text := range catalogues()[Azerbaijani] {
		if m := regexp.MustCompile(`[\p{Cyrillic}]`).FindString(text); m != "" {
			t.Errorf("az %s has the Cyrillic letter %q", key, m)
		}
	}
	for key, text := range catalogues()[Russian] {
		text = regexp.MustCompile(`\{[a-z]+\}|PDF|PNG|JPEG|CSV|XLSX|TOTP|Idempotency-Key|https|ASCII|QR|SHA-256|IBAN|Elektron icra|cookie|[BSZOILU]\b`).ReplaceAllString(text, "")
		if m := regexp.MustCompile(`[A-Za-z]+`).FindString(text); m != "" {
			t.Errorf("ru %s has %q", key, m)
		}
	}
}

// source is a file of the program beside this package.
type source struct {
	path, text string
	file       *ast.File
}

// sources are the program's Go files and pages, tests left out.
func sources(t *testing.T) []source {
	t.Helper()
	var list []source
	for _, root := range []string{"..", "../../cmd"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") || !slices.Contains([]string{".go", ".html"}, filepath.Ext(path)) {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			s := source{path: path, text: string(data)}
			if filepath.Ext(path) == ".go" {
				if s.file, err = parser.ParseFile(token.NewFileSet(), path, data, parser.SkipObjectResolution); err != nil {
					return err
				}
			}
			list = append(list, s)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(list) < 100 {
		t.Fatalf("only %d files of the program found", len(list))
	}
	return list
}

// TestNoUnusedKeys: each key stands as a literal somewhere in the program.
func TestNoUnusedKeys(t *testing.T) {
	var text strings.Builder
	for _, s := range sources(t) {
		text.WriteString(s.text)
	}
	for key := range catalogues()[Default] {
		plural := regexp.MustCompile(`\.(one|few|other)$`).ReplaceAllString(key, "")
		if !strings.Contains(text.String(), `"`+key+`"`) && !strings.Contains(text.String(), `"`+plural+`"`) {
			t.Errorf("%s is used nowhere", key)
		}
	}
}

// TestErrorKeys: each literal that looks like the key of an error has its
// sentence, and each place that makes one fills its placeholders.
func TestErrorKeys(t *testing.T) {
	errorKey := regexp.MustCompile(`^error\.[a-z_.]+[a-z]$`)
	seen := 0
	for _, s := range sources(t) {
		if s.file == nil {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if key := unquote(lit); errorKey.MatchString(key) {
					seen++
					if !Has(key) {
						t.Errorf("%s: no sentence for %s", s.path, key)
					}
				}
			}
			if call, ok := n.(*ast.CallExpr); ok {
				if f, ok := call.Fun.(*ast.Ident); ok && (f.Name == "newError" || f.Name == "lookupError") {
					checkCall(t, s.path, call)
				}
			}
			return true
		})
	}
	if seen < 30 {
		t.Errorf("only %d keys seen", seen)
	}
}

// checkCall compares newError(kind, key, err, name, value…), or lookupError(err,
// key, name, value…), with the key's placeholders.
func checkCall(t *testing.T, path string, call *ast.CallExpr) {
	t.Helper()
	key, args := "", []string{}
	for _, arg := range call.Args {
		lit, ok := arg.(*ast.BasicLit)
		switch {
		case !ok || lit.Kind != token.STRING:
		case key == "":
			key = unquote(lit)
		default:
			args = append(args, unquote(lit))
		}
	}
	text, ok := lookup(Default, key)
	if !ok {
		return
	}
	for _, name := range placeholders(text) {
		if !slices.Contains(args, name) {
			t.Errorf("%s: %s needs {%s}, which is not given", path, key, name)
		}
	}
}

func unquote(lit *ast.BasicLit) string {
	s, err := strconv.Unquote(lit.Value)
	if err != nil {
		return ""
	}
	return s
}

func TestFilesAreSorted(t *testing.T) {
	for _, lang := range Languages() {
		data, err := files.ReadFile(lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		dec := json.NewDecoder(strings.NewReader(string(data)))
		for depth, isKey := 0, true; ; isKey = !isKey {
			tok, err := dec.Token()
			if err != nil {
				break
			}
			if _, ok := tok.(json.Delim); ok {
				depth, isKey = depth+1, false
				continue
			}
			if isKey {
				keys = append(keys, tok.(string))
			}
		}
		if len(keys) != len(catalogues()[lang]) || !slices.IsSorted(keys) {
			t.Errorf("%s.json: %d keys of %d, sorted %v", lang, len(keys), len(catalogues()[lang]), slices.IsSorted(keys))
		}
	}
}

func TestText(t *testing.T) {
	for _, c := range []struct {
		lang, key string
		args      map[string]string
		want      string
	}{
		{"en", "error.act.unknown", map[string]string{"number": "X-1"}, "There is no act X-1."},
		{"ru", "error.act.unknown", map[string]string{"number": "X-1"}, "Нет акта X-1."},
		{"de", "error.act.unknown", map[string]string{"number": "{number}"}, "{number} nömrəli akt yoxdur."},
		{"en", "no.such.key", nil, "no.such.key"},
	} {
		if got := Text(c.lang, c.key, c.args); got != c.want {
			t.Errorf("Text(%s, %s) = %q, want %q", c.lang, c.key, got, c.want)
		}
	}
}

func TestPlural(t *testing.T) {
	for n, want := range map[int]string{
		0: "0 байт", 1: "1 байт", 2: "2 байта", 4: "4 байта", 5: "5 байт", 11: "11 байт", 12: "12 байт", 21: "21 байт", 22: "22 байта", 112: "112 байт", 1003: "1003 байта",
	} {
		if got := Plural("ru", "report.bytes", n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	if one, two := Plural("en", "report.bytes", 1), Plural("en", "report.bytes", 2); one != "1 byte" || two != "2 bytes" {
		t.Errorf("%q, %q", one, two)
	}
	if got := Plural("az", "report.bytes", 22); got != "22 bayt" {
		t.Errorf("%q", got)
	}
}

func FuzzNegotiate(f *testing.F) {
	for _, seed := range []string{"", "ru", "en-GB,en;q=0.5", "*", "az-Cyrl", "x-y-z", ";;;,,", "ru;q=nan", "i-klingon"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, accept string) {
		if lang := Negotiate(accept); !Known(lang) {
			t.Errorf("Negotiate(%q) = %q", accept, lang)
		}
	})
}

package web_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"crypto/ecdsa"
	"crypto/elliptic"

	"github.com/chromedp/chromedp"

	"docsvc/internal/codes"
	"docsvc/internal/testservers"
	"docsvc/internal/verify/verifytest"
	"docsvc/internal/web"
)

// browser is a headless Chromium with one tab.
type browser struct {
	t        *testing.T
	ctx      context.Context
	pictures string // folder for pictures, if any are wanted
	opened   int
}

// openBrowser starts Chromium. Without one the test is left out, unless
// DOCSVC_MUST_RUN names the browser.
func openBrowser(t *testing.T, more ...chromedp.ExecAllocatorOption) *browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(testservers.Chromium(t)), chromedp.Flag("hide-scrollbars", true))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), append(options, more...)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 4*time.Minute)
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx, pictures: os.Getenv("DOCSVC_ARTIFACTS")}
	b.do(chromedp.Navigate("about:blank"))
	return b
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) text(expression string) string {
	b.t.Helper()
	s, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return s
}

// open loads a page anew, even when only the fragment differs.
func (b *browser) open(url string) {
	b.t.Helper()
	page, fragment, _ := strings.Cut(url, "#")
	separator := "?"
	if strings.Contains(page, "?") {
		separator = "&"
	}
	b.opened++
	b.do(chromedp.Navigate(page + separator + "n=" + strconv.Itoa(b.opened) + "#" + fragment))
}

// seal waits for the seal's verdict and returns its tone and words.
func (b *browser) seal() (tone, words string) {
	b.t.Helper()
	b.do(chromedp.WaitVisible("#seal[data-state]"))
	return b.text(`document.getElementById('seal').dataset.state`), b.text(`document.querySelector('#seal .result').textContent`)
}

// console collects what pages complain of; breaches of the policy are there.
func (b *browser) console() func() []string {
	ctx, cancel := context.WithCancel(b.ctx)
	messages := chromedp.Console(ctx)
	return func() []string {
		b.t.Helper()
		b.text(`console.log('the end') || ''`)
		defer cancel()
		var all []string
		for m, err := range messages {
			if err != nil {
				b.t.Fatal(err)
			}
			if m.Text == "the end" {
				break
			}
			all = append(all, m.String())
		}
		return all
	}
}

func TestSealInTheBrowser(t *testing.T) {
	s := newSite(t)
	a := s.allActs()
	server := httptest.NewServer(s.handler)
	defer server.Close()
	b := openBrowser(t)
	console := b.console()
	link := func(code, fragment string) string { return server.URL + "/v/" + code + "?lang=en#" + fragment }
	_, seal, _ := strings.Cut(s.Link(a.valid), "#")
	_, otherSeal, _ := strings.Cut(s.Link(a.annulled), "#")
	_, wrongFacts, _ := strings.Cut(s.falseSeal(a.valid.Code), "#")

	for name, c := range map[string]struct{ url, tone, words string }{
		"genuine":         {link(a.valid.Code, seal), "good", "genuine and says the same"},
		"annulled":        {link(a.annulled.Code, otherSeal), "good", "genuine and says the same"},
		"of another act":  {link(a.valid.Code, otherSeal), "bad", "forged"},
		"of other facts":  {link(a.valid.Code, wrongFacts), "bad", "something else than the register"},
		"damaged":         {link(a.valid.Code, seal[:len(seal)-17]), "ended", "damaged"},
		"nonsense":        {link(a.valid.Code, "hello"), "ended", "damaged"},
		"markup":          {link(a.valid.Code, "<img src=x onerror=alert(1)>"), "ended", "damaged"},
		"not in register": {link(unknownCode, seal), "bad", "forged"},
	} {
		b.open(c.url)
		if tone, words := b.seal(); tone != c.tone || !strings.Contains(words, c.words) {
			t.Errorf("%s: %s, %q", name, tone, words)
		}
	}
	b.open(link(a.valid.Code, wrongFacts))
	b.seal()
	if first := b.text(`document.querySelector('.banner').className + ' ' + document.querySelector('.banner .title').textContent`); first != "banner bad Do not rely on this paper" {
		t.Errorf("a forged paper is met with %q", first)
	}
	if green := b.text(`String(document.querySelectorAll('.banner.good').length)`); green != "0" {
		t.Error("a forged paper stands under a green sign")
	}
	if rows := b.text(`Array.from(document.querySelectorAll('#seal tr.differs th'), e => e.textContent).join()`); rows != "Debtor,Amount" {
		t.Errorf("differing rows: %s", rows)
	}
	if href := b.text(`document.querySelector('.languages a').href`); !strings.HasSuffix(href, "?lang=az#"+wrongFacts) {
		t.Errorf("a change of language loses the seal: %s", href)
	}
	b.open(server.URL + "/v/" + a.valid.Code)
	if hidden := b.text(`String(document.getElementById('seal').hidden)`); hidden != "true" {
		t.Error("a link without seal shows the seal's box")
	}
	for _, m := range console() {
		if !strings.Contains(m, "404") { // the page of an unknown code
			t.Errorf("console: %s", m)
		}
	}
}

// falseSeal is a seal by the right key over other facts than the register's.
func (s *site) falseSeal(code string) string {
	act, err := s.Verifier.Lookup(s.t.Context(), code)
	if err != nil {
		s.t.Fatal(err)
	}
	parsed, err := codes.ParseCode(code)
	if err != nil {
		s.t.Fatal(err)
	}
	amount := int64(18045)
	f := codes.Facts{
		Act: act.Number, Case: act.Act.Case, Kind: act.Act.Titles["az"], Date: string(act.Act.Date), Office: act.Act.Office,
		Signer: act.Act.SignerName, Amount: &amount,
	}
	for _, p := range act.Act.Parties {
		role := map[string]codes.Role{"creditor": codes.Creditor, "debtor": codes.Debtor}[p.Role]
		f.Parties = append(f.Parties, codes.Party{Role: role, Name: p.Name})
	}
	f.Parties[len(f.Parties)-1].Name = "X. Y."
	digest, err := hexBytes(act.Act.DataSHA256)
	if err != nil {
		s.t.Fatal(err)
	}
	f.Digest = [32]byte(digest)
	seal, err := s.Service.Sealer.Seal(s.t.Context(), parsed, f)
	if err != nil {
		s.t.Fatal(err)
	}
	link, err := codes.URL(verifytest.Origin, parsed, seal)
	if err != nil {
		s.t.Fatal(err)
	}
	return link
}

// TestSealVectors holds the script to the vectors of package codes.
func TestSealVectors(t *testing.T) {
	data, err := os.ReadFile("../codes/testdata/seal-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Keys    []struct{ Kid, X, Y string }
		Vectors []struct{ Name, Link, Outcome string }
	}
	if err := json.Unmarshal(data, &file); err != nil || len(file.Vectors) == 0 {
		t.Fatal(len(file.Vectors), err)
	}
	var published []web.SealKey
	for _, k := range file.Keys {
		key, err := publicKey(k.X, k.Y)
		if err != nil {
			t.Fatal(err)
		}
		published = append(published, web.SealKey{ID: k.Kid, Key: key})
	}
	s := newSite(t, func(o *web.Options) {
		o.Limiter = &keys{}
		o.SealKeys = func(context.Context) ([]web.SealKey, error) { return published, nil }
	})
	server := httptest.NewServer(s.handler)
	defer server.Close()
	b := openBrowser(t)
	b.open(server.URL + "/v/" + unknownCode + "?lang=en#1")
	b.seal()
	want := map[string]string{"genuine": "is genuine", "forged": "is forged", "unknown key": "never published", "not a seal": "is damaged"}
	for _, v := range file.Vectors {
		_, path, _ := strings.Cut(v.Link, "/v/")
		code, fragment, _ := strings.Cut(path, "#")
		if words := b.again(code, fragment); !strings.Contains(words, want[v.Outcome]) || want[v.Outcome] == "" {
			t.Errorf("%s: %q, want %s", v.Name, words, v.Outcome)
		}
	}
	t.Logf("%d vectors", len(file.Vectors))
}

// publicKey reads the coordinates of a JWK.
func publicKey(x, y string) (*ecdsa.PublicKey, error) {
	point := []byte{4} // uncompressed (SEC 1, 2.3.3)
	for _, coordinate := range []string{x, y} {
		b, err := base64.RawURLEncoding.DecodeString(coordinate)
		if err != nil {
			return nil, err
		}
		point = append(point, b...)
	}
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
}

// again runs the page's script once more, for another code and fragment.
func (b *browser) again(code, fragment string) (words string) {
	b.t.Helper()
	words, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`new Promise(done => {
		const box = document.getElementById('seal'), script = document.createElement('script');
		box.dataset.code = '`+strings.ReplaceAll(code, "-", "")+`';
		delete box.dataset.state;
		history.replaceState(null, '', '#`+fragment+`');
		new MutationObserver(() => done(box.querySelector('.result').textContent)).observe(box, {attributeFilter: ['data-state']});
		script.src = document.querySelector('script[src*=seal]').src;
		document.head.append(script);
	})`, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatal(err)
	}
	return words
}

func TestFileInTheBrowser(t *testing.T) {
	s := newSite(t)
	act := s.Issue("case-1", 0)
	server := httptest.NewServer(s.handler)
	defer server.Close()
	same, changed := filepath.Join(t.TempDir(), "akt.pdf"), filepath.Join(t.TempDir(), "akt2.pdf")
	data := s.File(act)
	for path, file := range map[string][]byte{same: data, changed: append(data[:len(data):len(data)], '\n')} {
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b := openBrowser(t)
	console := b.console()
	b.open(server.URL + "/v/" + act.Code + "?lang=en")
	for path, want := range map[string]string{same: ".result.yes", changed: ".result.no"} {
		b.do(chromedp.SetUploadFiles("#file", []string{path}), chromedp.WaitVisible(want))
	}
	drop := func(content string) string {
		return `(() => {
			const transfer = new DataTransfer();
			transfer.items.add(new File([` + content + `], 'akt.pdf'));
			document.querySelector('form.drop').dispatchEvent(new DragEvent('drop', {dataTransfer: transfer, cancelable: true, bubbles: true}));
			return '';
		})()`
	}
	b.do(chromedp.SetUploadFiles("#file", []string{same}), chromedp.WaitVisible(".result.yes"))
	b.text(drop(`'something else'`))
	b.do(chromedp.WaitVisible(".result.no"))
	b.do(chromedp.SetUploadFiles("#file", []string{same}), chromedp.WaitVisible(".result.yes"))
	if posts := strings.Count(s.log.String(), `"method":"POST"`); posts != 0 {
		t.Errorf("%d uploads before anybody asked for one", posts)
	}
	b.do(chromedp.Click("form.drop button"), chromedp.WaitReady("ul[lang=en]"))
	if title := b.text(`document.querySelector('h1').textContent`); title != "The file is the archived act" {
		t.Errorf("the server says %q", title)
	}
	for _, m := range console() {
		t.Errorf("console: %s", m)
	}
}

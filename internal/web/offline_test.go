package web_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"docsvc/internal/document"
	"docsvc/internal/web"
)

// line is a server that can be cut off and comes back at the same address.
type line struct {
	t      *testing.T
	addr   string
	server *httptest.Server
}

func (l *line) up(h http.Handler) {
	l.t.Helper()
	listener, err := net.Listen("tcp", l.addr)
	if err != nil {
		l.t.Fatal(err)
	}
	l.addr = listener.Addr().String()
	l.server = &httptest.Server{Listener: listener, Config: &http.Server{Handler: h}}
	l.server.Start()
}

func (l *line) down() {
	l.server.CloseClientConnections()
	l.server.Close()
}

func (l *line) url(path string) string { return "http://" + l.addr + path }

// promise waits for what a page's promise gives.
func (b *browser) promise(expression string) string {
	b.t.Helper()
	s, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return s
}

// kept lists the paths that the worker keeps, once it has the page.
func (b *browser) kept() []string {
	b.t.Helper()
	return strings.Fields(b.promise(`(async () => {
		await navigator.serviceWorker.ready;
		if (!navigator.serviceWorker.controller) await new Promise(done => navigator.serviceWorker.addEventListener('controllerchange', done));
		const all = [];
		for (const name of await caches.keys())
			for (const r of await (await caches.open(name)).keys()) all.push(new URL(r.url).pathname + new URL(r.url).search);
		return all.sort().join(' ');
	})()`))
}

// TestSealWithoutNetwork: after one visit a seal is checked with the network
// cut off; the register's word is never kept and never replaced.
func TestSealWithoutNetwork(t *testing.T) {
	s := newSite(t, func(o *web.Options) { o.Limiter = &keys{} })
	visited, other, decision := s.Issue("case-1", 0), s.Issue("case-3", 0), s.Issue("case-3", 1)
	_, seal, _ := strings.Cut(s.Link(visited), "#")
	_, otherSeal, _ := strings.Cut(s.Link(other), "#")
	net := &line{t: t, addr: "127.0.0.1:0"}
	net.up(s.handler)
	b := openBrowser(t)
	b.open(net.url("/v/" + visited.Code + "?lang=en#" + seal))
	b.do(chromedp.WaitVisible(".banner.good"))
	for _, path := range b.kept() {
		if page, _, _ := strings.Cut(path, "?"); page != "/v" && page != "/v/offline" && page != "/v/keys" && !strings.HasPrefix(page, "/static/") {
			t.Errorf("the worker keeps %s", path)
		}
	}
	b.open(net.url("/v/" + visited.Code + "?lang=en#" + seal)) // once more, through the worker
	b.do(chromedp.WaitVisible(".banner.good"))
	for _, path := range b.kept() {
		if strings.Contains(path, visited.Code) {
			t.Errorf("the worker keeps the verdict %s", path)
		}
	}

	net.down()
	for name, c := range map[string]struct{ url, tone, words string }{
		"another act":     {"/v/" + other.Code + "?lang=en#" + otherSeal, "good", "is genuine"},
		"in small":        {"/v/" + strings.ToLower(strings.ReplaceAll(other.Code, "-", "")) + "?lang=en#" + otherSeal, "good", "is genuine"},
		"forged":          {"/v/" + visited.Code + "?lang=en#" + otherSeal, "bad", "is forged"},
		"damaged":         {"/v/" + other.Code + "?lang=en#" + otherSeal[:len(otherSeal)-17], "ended", "is damaged"},
		"in Azerbaijani":  {"/v/" + other.Code + "?lang=az#" + otherSeal, "good", "həqiqidir"},
		"in Russian":      {"/v/" + other.Code + "?lang=ru#" + otherSeal, "good", "подлинная"},
		"visited earlier": {"/v/" + visited.Code + "?lang=en#" + seal, "good", "is genuine"},
	} {
		b.open(net.url(c.url))
		if tone, words := b.seal(); tone != c.tone || !strings.Contains(words, c.words) {
			t.Errorf("%s: %s, %q", name, tone, words)
		}
		if first := b.text(`document.querySelector('h1').textContent`); !strings.Contains(first, map[bool]string{true: "register could not be asked"}[strings.Contains(c.url, "lang=en")]) {
			t.Errorf("%s: the register seems to have said %q", name, first)
		}
		if strings.Contains(c.url, "lang=en") && c.tone == "good" {
			if asOf := b.text(`document.querySelector('#seal .keys').textContent`); !strings.Contains(asOf, "the register was not asked. The list of keys is as of 2") {
				t.Errorf("%s: as of %q", name, asOf)
			}
		}
	}
	b.open(net.url("/v/" + other.Code + "?lang=en#" + otherSeal))
	b.seal()
	facts := b.text(`document.querySelector('#seal tbody').innerText`)
	if !strings.Contains(facts, other.Number) || !strings.Contains(facts, "27 450,00") && !strings.Contains(facts, "27\u00a0450,00") {
		t.Errorf("the facts of the seal are %q", facts)
	}
	if link := b.text(`document.querySelector('.languages a').href`); !strings.HasSuffix(link, "/v/"+other.Code+"?lang=az#"+otherSeal) {
		t.Errorf("another language leads to %s", link)
	}
	b.picture("offline")
	b.open(net.url("/v?lang=en"))
	b.do(chromedp.WaitVisible("#code"), chromedp.SendKeys("#code", other.Code), chromedp.Click("form.fields button"), chromedp.WaitVisible(".banner.wait"))
	b.picture("offline-typed")

	// Back at once: what was annulled meanwhile is called annulled.
	s.Change(other, document.Annulled, decision)
	net.up(s.handler)
	defer net.down()
	b.open(net.url("/v/" + other.Code + "?lang=en#" + otherSeal))
	b.do(chromedp.WaitVisible(".banner.ended"))
}

// TestWorkerIsRenewed: another version of the pages replaces what is kept.
func TestWorkerIsRenewed(t *testing.T) {
	s := newSite(t)
	net := &line{t: t, addr: "127.0.0.1:0"}
	net.up(s.handler)
	b := openBrowser(t)
	b.open(net.url("/v?lang=en"))
	b.kept()
	before := b.promise(`caches.keys().then(k => k.join())`)
	net.down()
	s.options.Evaluation = true // says so on every page
	newer, err := web.Handler(s.options)
	if err != nil {
		t.Fatal(err)
	}
	net.up(newer)
	b.open(net.url("/v?lang=en"))
	after := b.promise(`(async () => {
		for (;;) {
			const names = (await caches.keys()).join();
			if (names !== '` + before + `' && !names.includes(',')) return names;
			await new Promise(done => setTimeout(done, 50));
		}
	})()`)
	net.down()
	b.open(net.url("/v/" + unknownCode + "?lang=en"))
	b.do(chromedp.WaitVisible(".banner.wait"))
	if text := b.text(`document.body.innerText`); !strings.Contains(text, "Evaluation system") || before == after {
		t.Errorf("%s and then %s: %s", before, after, text)
	}
}

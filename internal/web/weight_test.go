package web_test

import (
	"fmt"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"docsvc/internal/i18n"
)

// wire counts what pages fetch, as the browser receives it.
type wire struct {
	b        *browser
	mu       sync.Mutex
	open     map[network.RequestID]bool // begun and not ended
	requests int
	bytes    float64
}

// onTheWire counts from now on, on a slow line and without a cache. What the
// service worker fetches afterwards for itself is not a page's.
func (b *browser) onTheWire() *wire {
	b.t.Helper()
	w := &wire{b: b, open: map[network.RequestID]bool{}}
	slow := network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{
		{Latency: 40, DownloadThroughput: 200_000, UploadThroughput: 200_000},
	}}
	_, err := chromedp.Call(b.ctx, network.Enable, network.EnableParams{})
	if err == nil {
		_, err = chromedp.Call(b.ctx, network.EmulateNetworkConditionsByRule, slow)
	}
	if err == nil {
		_, err = chromedp.Call(b.ctx, network.SetBypassServiceWorker, network.SetBypassServiceWorkerParams{Bypass: true})
	}
	if err == nil {
		_, err = chromedp.Call(b.ctx, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
	}
	if err == nil {
		err = chromedp.Listen(b.ctx, w.count)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return w
}

func (w *wire) count(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		w.open[e.RequestID] = true
	case *network.EventLoadingFailed:
		delete(w.open, e.RequestID)
	case *network.EventLoadingFinished:
		delete(w.open, e.RequestID)
		w.requests, w.bytes = w.requests+1, w.bytes+e.EncodedDataLength
	}
}

func (w *wire) busy() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.open) > 0
}

// firstLoad opens a page as who has never been here, and returns its line of
// the table and the bytes it took.
func (w *wire) firstLoad(name, url string) (line string, bytes float64) {
	w.b.t.Helper()
	w.mu.Lock()
	clear(w.open)
	w.requests, w.bytes = 0, 0
	w.mu.Unlock()
	w.b.open(url)
	w.b.do(chromedp.WaitVisible("h1"))
	if strings.Contains(url, "#") {
		w.b.seal()
	}
	w.b.promise(`new Promise(done => { const idle = () => requestIdleCallback(() => done('')); document.readyState === 'complete' ? idle() : addEventListener('load', idle); })`)
	for w.busy() {
		w.b.do(chromedp.Sleep(20 * time.Millisecond))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return fmt.Sprintf("%-24s %3d requests %8.1f KB", name, w.requests, w.bytes/1024), w.bytes
}

// shift is the cumulative layout shift of the page so far.
func (b *browser) shift() float64 {
	b.t.Helper()
	sum, err := strconv.ParseFloat(b.promise(`new Promise(done => {
		let sum = 0;
		new PerformanceObserver(list => list.getEntries().forEach(e => sum += e.value)).observe({type: 'layout-shift', buffered: true});
		requestAnimationFrame(() => setTimeout(() => done(String(sum)), 200));
	})`), 64)
	if err != nil {
		b.t.Fatal(err)
	}
	return sum
}

// TestWeightOfPublicPages: who opens a page for the first time, on a slow line,
// gets it in 60 KB, and nothing on it moves.
func TestWeightOfPublicPages(t *testing.T) {
	s := newSite(t)
	act := s.Issue("case-1", 0)
	server := httptest.NewServer(s.handler)
	defer server.Close()
	b := openBrowser(t)
	_, seal, _ := strings.Cut(s.Link(act), "#")
	w := b.onTheWire()
	var table strings.Builder
	for _, size := range screens {
		b.do(chromedp.EmulateViewport(size.width, size.height))
		for _, lang := range i18n.Languages() {
			for _, page := range []struct{ name, path, fragment string }{
				{"/", "/", ""}, {"/v", "/v", ""}, {"/v/{code}", "/v/" + act.Code, ""}, {"/v/{code}#seal", "/v/" + act.Code, "#" + seal}, {"unknown", "/v/" + unknownCode, ""},
			} {
				line, bytes := w.firstLoad(size.name+" "+lang+" "+page.name, server.URL+page.path+"?lang="+lang+page.fragment)
				fmt.Fprintf(&table, "%s\n", line)
				if bytes > 60<<10 || bytes < 8<<10 {
					t.Errorf("%s, want at most 60 KB", line)
				}
				if shift := b.shift(); shift != 0 {
					t.Errorf("%s %s %s moves by %.4f", size.name, lang, page.name, shift)
				}
			}
		}
	}
	t.Logf("\n%s", table.String())
	b.text(`document.querySelector('main').prepend(document.createElement('h2'), 'pushed') || ''`)
	if b.shift() == 0 {
		t.Error("a page that moves is not seen to move")
	}
}

// TestWeightOfOfficePages: the same of officers' pages, in 150 KB.
func TestWeightOfOfficePages(t *testing.T) {
	o := served(t)
	c := o.newCase("nigar", "110")
	act, done := o.waiting("nigar", c), o.archived("nigar", c)
	b := openBrowser(t)
	b.do(chromedp.Navigate(o.options.Origin + "/office?lang=az"))
	b.logIn(o, "a.aliyev")
	b.do(chromedp.WaitVisible(".acts"))
	w := b.onTheWire()
	var table strings.Builder
	for _, path := range []string{"/office", "/office/register", "/office/cases/" + c.Number, "/office/acts/" + act.Number, "/office/acts/" + done.Number} {
		line, bytes := w.firstLoad(path, o.options.Origin+path+"?lang=az")
		fmt.Fprintf(&table, "%s\n", line)
		if bytes > 150<<10 || bytes < 8<<10 {
			t.Errorf("%s, want at most 150 KB", line)
		}
		if shift := b.shift(); shift != 0 {
			t.Errorf("%s moves by %.4f", path, shift)
		}
	}
	t.Logf("\n%s", table.String())
}

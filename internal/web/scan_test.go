package web_test

import (
	"bytes"
	"fmt"
	"math"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"docsvc/internal/codes"
)

// TestScanInTheBrowser holds papers before the camera: press the button and
// land on the verdict, with the seal checked; other QR codes are refused in
// words, and no other site is opened.
func TestScanInTheBrowser(t *testing.T) {
	s := newSite(t)
	act := s.Issue("case-1", 0)
	server := httptest.NewServer(s.handler)
	defer server.Close()
	film := filepath.Join(t.TempDir(), "camera.y4m")
	b := openBrowser(t, chromedp.Flag("use-fake-ui-for-media-stream", true), chromedp.Flag("use-fake-device-for-media-stream", true),
		chromedp.Flag("use-file-for-fake-video-capture", film))
	console := b.console()
	link := s.Link(act)
	for name, c := range map[string]struct{ text, want string }{
		"another site":      {strings.Replace(link, "elektron-icra.example.az", "elektron-icra.example.az.evil.example", 1), "leads to elektron-icra.example.az.evil.example and not to this service"},
		"name and password": {"https://elektron-icra.example.az@evil.example/v/" + act.Code, "is not that of an act"},
		"another page":      {"https://elektron-icra.example.az/login", "is not that of an act"},
		"wireless network":  {"WIFI:S:home;T:WPA;P:secret;;", "is not that of an act"},
		"script":            {"javascript:alert(1)//v/" + act.Code, "is not that of an act"},
	} {
		filmOf(t, film, c.text)
		b.open(server.URL + "/v?lang=en")
		b.do(chromedp.Click("#scan .start"), chromedp.WaitVisible("#scan .result.no"))
		if words := b.text(`document.querySelector('#scan .result').textContent`); !strings.Contains(words, c.want) {
			t.Errorf("%s: %q", name, words)
		}
		if on := b.text(`String(document.querySelector('#scan video').srcObject)`); on != "null" {
			t.Errorf("%s: the camera stays on", name)
		}
	}
	if at := b.text(`location.pathname`); at != "/v" {
		t.Errorf("a QR code of others leads to %s", at)
	}

	filmOf(t, film, "")
	b.open(server.URL + "/v?lang=az")
	b.do(chromedp.Click("#scan .start"), chromedp.WaitVisible("#scan video"))
	b.picture("scan")
	b.do(chromedp.Click("#scan .stop"), chromedp.WaitVisible("#scan .start"))
	if focused := b.text(`document.activeElement.className`); focused != "start" {
		t.Errorf("after the camera is closed the focus is on %q", focused)
	}

	filmOf(t, film, link)
	b.open(server.URL + "/v?lang=en")
	checkAccessible(t, b.ctx)
	b.do(chromedp.Click("#scan .start"), chromedp.WaitVisible(".banner.good"))
	if tone, words := b.seal(); tone != "good" || !strings.Contains(words, "genuine") {
		t.Errorf("the seal of the scanned code: %s, %q", tone, words)
	}
	if at := b.text(`location.origin + location.pathname + location.search`); at != server.URL+"/v/"+act.Code+"?lang=en" {
		t.Errorf("the camera leads to %s", at)
	}
	filmOf(t, film, act.Code)
	b.open(server.URL + "/v")
	b.do(chromedp.Click("#scan .start"), chromedp.WaitVisible(".banner.good"))
	for _, m := range console() {
		t.Errorf("console: %s", m)
	}
}

// TestScanWithoutCamera: who has no camera is told so and can type the code;
// nothing of the reader was loaded before the button was pressed.
func TestScanWithoutCamera(t *testing.T) {
	s := newSite(t)
	server := httptest.NewServer(s.handler)
	defer server.Close()
	b := openBrowser(t)
	b.open(server.URL + "/v?lang=en")
	b.do(chromedp.WaitVisible("#scan .start"))
	if loaded := b.text(`String(performance.getEntriesByType('resource').filter(e => e.name.includes('/qr-')).length)`); loaded != "0" {
		t.Errorf("%s files of the reader before it was asked for", loaded)
	}
	b.do(chromedp.Click("#scan .start"), chromedp.WaitVisible("#scan .result.no"))
	if words := b.text(`document.querySelector('#scan .result').textContent`); !strings.Contains(strings.ToLower(words), "type the code") {
		t.Errorf("without a camera: %q", words)
	}
}

// filmOf writes what a camera sees of a paper with a QR code that is held a
// little askew, in uneven light, or of no paper where there is no text: YUV4MPEG2, as Chromium takes it for a camera.
func filmOf(t *testing.T, path, text string) {
	t.Helper()
	const width, height, scale, tilt = 1280, 960, 8.5, 0.06
	var qr codes.Bitmap
	if text != "" {
		var err error
		if qr, err = codes.QR(text); err != nil {
			t.Fatal(err)
		}
	}
	picture := make([]byte, width*height)
	sin, cos := math.Sincos(tilt)
	for y := range height {
		for x := range width {
			dx, dy := float64(x-width/2), float64(y-height/2)
			mx := int(math.Floor((dx*cos+dy*sin)/scale + float64(qr.Width)/2))
			my := int(math.Floor((dy*cos-dx*sin)/scale + float64(qr.Height)/2))
			shade := 200 - 60*x/width + (x*7+y*13)%9
			if mx >= 0 && my >= 0 && mx < qr.Width && my < qr.Height && qr.Dark(mx, my) {
				shade -= 110
			}
			picture[y*width+x] = byte(shade)
		}
	}
	var film bytes.Buffer
	fmt.Fprintf(&film, "YUV4MPEG2 W%d H%d F5:1 Ip A1:1 C420jpeg\n", width, height)
	for range 3 {
		film.WriteString("FRAME\n")
		film.Write(picture)
		film.Write(bytes.Repeat([]byte{128}, width*height/2))
	}
	if err := os.WriteFile(path, film.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

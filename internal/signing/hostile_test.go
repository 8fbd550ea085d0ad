package signing_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"docsvc/internal/pdf"
	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

// TestHostileFiles: each gets a verdict in bounded time and memory.
func TestHostileFiles(t *testing.T) {
	p := signingtest.New(t, nil)
	e := p.Officer(t, signingtest.P256(t))
	signed := signedBy(t, p, e, signing.LevelBB, nil)
	trailer := func(extra string) []byte {
		i := bytes.LastIndex(signed, []byte("trailer\n<<")) + len("trailer\n<<")
		return append(append(bytes.Clone(signed[:i]), extra...), signed[i:]...)
	}
	manyFields := func(n int, value string) []byte {
		return edit(t, signingtest.PDF(10, "imza1"), func(e *editor) {
			v := e.Update.New()
			e.Update.PutRaw(v, []byte(value))
			list := e.Fields()
			for i := range n {
				list = append(list, e.Add(dict("FT", name("Sig"), "T", pdf.String(fmt.Sprint(i)), "V", v)))
			}
			e.SetForm("Fields", list)
		})
	}
	big := signingtest.PDF(109<<20, "imza1")
	for _, c := range []struct {
		name            string
		file            []byte
		indication, sub string
	}{
		{"empty", nil, signing.TotalFailed, signing.FormatFailure},
		{"not a PDF", []byte("<html>"), signing.TotalFailed, signing.FormatFailure},
		{"no form", bytes.Replace(signingtest.PDF(10), []byte("/AcroForm"), []byte("/AcroXorm"), 1), signing.Indeterminate, signing.NoSignatureFound},
		{"unsigned field", signingtest.PDF(10, "imza1"), signing.Indeterminate, signing.NoSignatureFound},
		{"encrypted", trailer("/Encrypt 1 0 R"), signing.Indeterminate, signing.Generic},
		{"too long", make([]byte, 111<<20), signing.Indeterminate, signing.Generic},
		{"form is no dictionary", bytes.Replace(signingtest.PDF(10, "a"), []byte("/AcroForm <<"), []byte("/AcroForm 5 /X<<"), 1), signing.TotalFailed, signing.FormatFailure},
		{"field in a circle", edit(t, signingtest.PDF(10, "a"), func(e *editor) {
			e.Set(e.Fields()[0].(pdf.Ref), "Kids", e.Fields())
		}), signing.TotalFailed, signing.FormatFailure},
		{"field is direct", edit(t, signingtest.PDF(10, "a"), func(e *editor) { e.SetForm("Fields", pdf.Array{dict("FT", name("Sig"))}) }), signing.TotalFailed, signing.FormatFailure},
		{"value is direct", edit(t, signingtest.PDF(10, "a"), func(e *editor) {
			e.Set(e.Fields()[0].(pdf.Ref), "V", dict("Type", name("Sig")))
		}), signing.TotalFailed, signing.FormatFailure},
		{"value is missing", edit(t, signingtest.PDF(10, "a"), func(e *editor) {
			e.Set(e.Fields()[0].(pdf.Ref), "V", pdf.Ref{Num: 99})
		}), signing.TotalFailed, signing.FormatFailure},
		{"a thousand signatures", manyFields(1000, "<<>>"), signing.Indeterminate, signing.Generic},
		{"too many fields", manyFields(10_001, "null"), signing.Indeterminate, signing.Generic},
		{"DSS is no dictionary", edit(t, signed, func(e *editor) { e.Set(e.Doc.Root(), "DSS", int64(1)) }), signing.TotalFailed, signing.FormatFailure},
		{"109 MB", big, signing.Indeterminate, signing.NoSignatureFound},
		{"109 MB of brackets", append(big[:9:9], bytes.Repeat([]byte("["), 109<<20)...), signing.TotalFailed, signing.FormatFailure},
	} {
		t.Run(c.name, func(t *testing.T) {
			begin := time.Now()
			r := verify(t, verifier(p), c.file)
			if r.Indication != c.indication || r.SubIndication != c.sub {
				t.Errorf("%s/%s, want %s/%s: %+v", r.Indication, r.SubIndication, c.indication, c.sub, r)
			}
			if d := time.Since(begin); d > 5*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
}

// TestCostlyUpdates: what is appended to a signed file may be built to make the
// comparison slow or its stack deep.
func TestCostlyUpdates(t *testing.T) {
	p := signingtest.New(t, nil)
	e := p.Officer(t, signingtest.P256(t))
	signed, err := signing.Sign(t.Context(), request(signingtest.PDF(10, "imza1", "imza2"), p, e, signing.LevelBB), signing.SignerKey(e.Key), nil)
	if err != nil {
		t.Fatal(err)
	}
	const n = 100_000
	for name, f := range map[string]func(e *editor){
		"long chain below a signature value": func(e *editor) {
			next := e.Add(int64(1))
			for range n {
				next = e.Add(pdf.Array{next})
			}
			v := e.Add(dict("SubFilter", name("X"), "ByteRange", pdf.Array{int64(0), int64(1), int64(1 << 30), int64(1)}, "Y", next))
			e.Set(e.Fields()[1].(pdf.Ref), "V", v)
		},
		"large dictionary": func(e *editor) {
			c := e.Catalog()
			for i := range n {
				c.Entries = append(c.Entries, pdf.Entry{Key: pdf.Name(fmt.Sprint("K", i)), Value: int64(i)})
			}
			e.Update.Put(e.Doc.Root(), c)
		},
		"chain of stream lengths": func(e *editor) {
			last := e.Add(int64(3))
			for range n {
				r := e.Update.New()
				e.Update.PutRaw(r, fmt.Appendf(nil, "<</Length %d 0 R>>\nstream\nabc\nendstream", last.Num))
				last = r
			}
			e.SetForm("Fields", last)
		},
	} {
		t.Run(name, func(t *testing.T) {
			file := edit(t, signed, f)
			begin := time.Now()
			if r := verify(t, verifier(p), file); r.Indication == signing.TotalPassed {
				t.Errorf("%+v", r)
			}
			if d := time.Since(begin); d > 5*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
}

// TestManyValues: a file whose objects are costly beside their size stops at
// the limit.
func TestManyValues(t *testing.T) {
	p := signingtest.New(t, nil)
	file := edit(t, signingtest.PDF(10, "a"), func(e *editor) {
		r := e.Update.New()
		e.Update.PutRaw(r, []byte("["+strings.Repeat("0 ", 5<<20)+"]"))
		e.SetForm("Fields", r)
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := verify(t, verifier(p), file)
	runtime.ReadMemStats(&after)
	if r.Indication != signing.Indeterminate || r.SubIndication != signing.Generic {
		t.Errorf("%+v", r)
	}
	if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 400 {
		t.Errorf("%d MB were allocated for a file of %d MB", used, len(file)>>20)
	}
}

func TestVerifierTrouble(t *testing.T) {
	p := signingtest.New(t, nil)
	e := p.Officer(t, signingtest.P256(t))
	signed := signedBy(t, p, e, signing.LevelBB, nil)
	if _, err := (&signing.Verifier{Now: time.Now}).Verify(t.Context(), signed, time.Time{}); err == nil {
		t.Error("verified without roots")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := verifier(p).Verify(ctx, signed, time.Time{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	v := verifier(p)
	v.Revocation = broken{}
	if r, err := v.Verify(t.Context(), signed, time.Time{}); !errors.Is(err, errBroken) {
		t.Errorf("a source that does not answer must be an error, not a verdict: %+v %v", r, err)
	}
}

func TestHTTPTimestamper(t *testing.T) {
	p := signingtest.New(t, nil)
	token := func(n byte) []byte {
		b, err := p.Timestamp(t.Context(), bytes.Repeat([]byte{n}, 32), 5)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	granted := func(token []byte) []byte {
		body := append([]byte{0x30, 3, 2, 1, 0}, token...)
		return append([]byte{0x30, 0x82, byte(len(body) >> 8), byte(len(body))}, body...)
	}
	for _, c := range []struct {
		name   string
		status int
		body   []byte
		delay  time.Duration
		reason string
	}{
		{name: "server error", status: 500, reason: "HTTP status 500"},
		{name: "empty", status: 200, reason: "malformed"},
		{name: "HTML", status: 200, body: []byte("<html>"), reason: "malformed"},
		{name: "refused", status: 200, body: []byte{0x30, 5, 0x30, 3, 2, 1, 2}, reason: "status 2"},
		{name: "granted without token", status: 200, body: []byte{0x30, 5, 0x30, 3, 2, 1, 0}, reason: "malformed"},
		{name: "too long", status: 200, body: make([]byte, 300<<10), reason: "too long"},
		{name: "over another digest", status: 200, body: granted(token(2)), reason: "another digest"},
		{name: "without the nonce", status: 200, body: granted(token(1)), reason: "nonce"},
		{name: "slow", status: 200, delay: time.Second, reason: "deadline"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				select {
				case <-time.After(c.delay):
				case <-r.Context().Done():
				}
				w.WriteHeader(c.status)
				_, _ = w.Write(c.body)
			}))
			defer s.Close()
			tsa := &signing.HTTPTimestamper{URL: s.URL, Timeout: 200 * time.Millisecond}
			_, err := tsa.Timestamp(t.Context(), bytes.Repeat([]byte{1}, 32), 5) // 5: SHA-256
			if err == nil || !strings.Contains(err.Error(), c.reason) {
				t.Errorf("got %v, want %q", err, c.reason)
			}
		})
	}
	if _, err := (&signing.HTTPTimestamper{URL: "http://x.invalid"}).Timestamp(t.Context(), []byte("short"), 5); err == nil {
		t.Error("a digest of 5 bytes was sent")
	}
}

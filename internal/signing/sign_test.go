package signing_test

import (
	"bytes"
	"crypto"
	"errors"
	"testing"
	"time"

	"docsvc/internal/pdf"
	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

func request(file []byte, p *signingtest.PKI, e *signingtest.Entity, l signing.Level) signing.Request {
	return signing.Request{
		PDF: file, Field: "imza1", Certificate: e.Cert, Chain: p.Chain(), Level: l, Time: p.Now(),
		Name: "Məmurzadə Nigar Sınaq qızı", Reason: "İcra qərarı", Location: "Nümunə", Contact: "x@example.az",
	}
}

func verifier(p *signingtest.PKI) *signing.Verifier {
	return &signing.Verifier{Roots: p.Roots(), Now: p.Now, Revocation: p}
}

func verify(t *testing.T, v *signing.Verifier, file []byte) *signing.Report {
	t.Helper()
	r, err := v.Verify(t.Context(), file, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSignAndVerify(t *testing.T) {
	p := signingtest.New(t, nil)
	file := signingtest.PDF(20_000, "imza1", "imza2")
	for _, c := range []struct {
		name string
		key  crypto.Signer
		pss  bool
		want signing.Algorithm
	}{
		{"P-256", signingtest.P256(t), false, signing.ECDSAP256},
		{"P-384", signingtest.P384(t), false, signing.ECDSAP384},
		{"RSA", signingtest.RSA3072(t), false, signing.RSA},
		{"RSA-PSS", signingtest.RSA3072(t), true, signing.RSAPSS},
	} {
		for _, level := range []signing.Level{signing.LevelBB, signing.LevelBT} {
			t.Run(c.name+" "+string(level), func(t *testing.T) {
				e := p.Officer(t, c.key)
				req := request(file, p, e, level)
				req.PSS = c.pss
				prep, err := signing.Prepare(req)
				if err != nil {
					t.Fatal(err)
				}
				if prep.Algorithm != c.want || !bytes.HasPrefix(prep.PDF, file) {
					t.Fatalf("algorithm %s; the prepared file must begin with the file", prep.Algorithm)
				}
				value, err := signing.SignerKey(e.Key).SignDigest(t.Context(), prep.Digest, prep.SignerOpts())
				if err != nil {
					t.Fatal(err)
				}
				state, err := prep.State()
				if err != nil {
					t.Fatal(err)
				}
				restored, err := signing.RestorePrepared(prep.PDF, state)
				if err != nil {
					t.Fatal(err)
				}
				signed, err := signing.Complete(t.Context(), restored, value, p)
				if err != nil {
					t.Fatal(err)
				}
				start, end := hole(t, signed)
				if !signingtest.SameOutside(prep.PDF, signed, start, end) {
					t.Error("Complete changed bytes outside the hole")
				}
				r := verify(t, verifier(p), signed)
				if r.Indication != signing.TotalPassed || len(r.Signatures) != 1 {
					t.Fatalf("%+v", r)
				}
				s := r.Signatures[0]
				if s.Level != level || s.Field != "imza1" || !s.CoversWholeFile || len(s.ChangesAfter) != 0 ||
					s.SignerCommonName != "Məmurzadə Nigar Sınaq qızı" || !s.Certificate.Equal(e.Cert) ||
					!s.SigningTime.Equal(req.Time.Truncate(time.Second)) {
					t.Errorf("%+v", s)
				}
				if len(r.UnsignedFields) != 1 || r.UnsignedFields[0] != "imza2" {
					t.Errorf("unsigned fields %v", r.UnsignedFields)
				}
			})
		}
	}
}

// hole finds Contents of the last signature by the zeros' neighbourhood.
func hole(t *testing.T, file []byte) (start, end int) {
	t.Helper()
	start = bytes.LastIndex(file, []byte("/Contents <")) + len("/Contents ")
	end = start + bytes.IndexByte(file[start:], '>') + 1
	return start, end
}

func TestTwoSigners(t *testing.T) {
	p := signingtest.New(t, nil)
	first, second := p.Officer(t, signingtest.P256(t)), p.Officer(t, signingtest.P384(t))
	file := signingtest.PDF(1000, "imza1", "imza2")
	one, err := signing.Sign(t.Context(), request(file, p, first, signing.LevelBT), signing.SignerKey(first.Key), p)
	if err != nil {
		t.Fatal(err)
	}
	req := request(one, p, second, signing.LevelBT)
	req.Field = "imza2"
	both, err := signing.Sign(t.Context(), req, signing.SignerKey(second.Key), p)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(both, one) {
		t.Error("the second signature changed the first revision")
	}
	r := verify(t, verifier(p), both)
	if r.Indication != signing.TotalPassed || len(r.Signatures) != 2 || len(r.UnsignedFields) != 0 {
		t.Fatalf("%+v", r)
	}
	a, b := r.Signatures[0], r.Signatures[1]
	if a.CoversWholeFile || len(a.ChangesAfter) != 1 || a.ChangesAfter[0] != "signature imza2" {
		t.Errorf("first: %+v", a)
	}
	if !b.CoversWholeFile || len(b.ChangesAfter) != 0 || !b.Certificate.Equal(second.Cert) {
		t.Errorf("second: %+v", b)
	}
}

func TestPrepareRefuses(t *testing.T) {
	p := signingtest.New(t, nil)
	e := p.Officer(t, signingtest.P256(t))
	file := signingtest.PDF(100, "imza1")
	signed, err := signing.Sign(t.Context(), request(file, p, e, signing.LevelBB), signing.SignerKey(e.Key), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		edit func(*signing.Request)
		want error
	}{
		{"PKCS #7", func(r *signing.Request) { r.Level = signing.LevelPKCS7 }, signing.ErrLevel},
		{"no level", func(r *signing.Request) { r.Level = "" }, signing.ErrLevel},
		{"unknown field", func(r *signing.Request) { r.Field = "imza9" }, signing.ErrField},
		{"signed field", func(r *signing.Request) { r.PDF = signed }, signing.ErrField},
		{"no SigFlags", func(r *signing.Request) { r.PDF = bytes.Replace(file, []byte("/SigFlags 3"), []byte("/SigFlags 1"), 1) }, signing.ErrForm},
		{"truncated", func(r *signing.Request) { r.PDF = file[:len(file)-20] }, pdf.ErrSyntax},
		{"PSS with an EC key", func(r *signing.Request) { r.PSS = true }, nil},
		{"no certificate", func(r *signing.Request) { r.Certificate = nil }, nil},
		{"no time", func(r *signing.Request) { r.Time = time.Time{} }, nil},
		{"absurd size", func(r *signing.Request) { r.ContentsSize = 1 << 30 }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := request(file, p, e, signing.LevelBB)
			c.edit(&r)
			_, err := signing.Prepare(r)
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestCompleteRefuses(t *testing.T) {
	p := signingtest.New(t, nil)
	e, other := p.Officer(t, signingtest.P256(t)), p.Officer(t, signingtest.P256(t))
	prepare := func(l signing.Level, size int) *signing.Prepared {
		r := request(signingtest.PDF(100, "imza1"), p, e, l)
		r.ContentsSize = size
		prep, err := signing.Prepare(r)
		if err != nil {
			t.Fatal(err)
		}
		return prep
	}
	sign := func(k crypto.Signer, prep *signing.Prepared) []byte {
		v, err := signing.SignerKey(k).SignDigest(t.Context(), prep.Digest, prep.SignerOpts())
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	bb, bt := prepare(signing.LevelBB, 0), prepare(signing.LevelBT, 0)
	small := prepare(signing.LevelBB, 100)
	stale := tsaFunc(func(digest []byte, h crypto.Hash) ([]byte, error) {
		return signingtest.Token(p.TSA, nil, p.Now(), make([]byte, len(digest)), h)
	})
	notTSA := tsaFunc(func(digest []byte, h crypto.Hash) ([]byte, error) {
		return signingtest.Token(e, nil, p.Now(), digest, h)
	})
	for _, c := range []struct {
		name  string
		prep  *signing.Prepared
		value []byte
		tsa   signing.Timestamper
		want  error
	}{
		{"another key", bb, sign(other.Key, bb), nil, signing.ErrSignatureValue},
		{"another document", bb, sign(e.Key, bt), nil, signing.ErrSignatureValue},
		{"empty value", bb, nil, nil, signing.ErrSignatureValue},
		{"garbage value", bb, []byte("garbage"), nil, signing.ErrSignatureValue},
		{"no room", small, sign(e.Key, small), nil, signing.ErrContentsSize},
		{"B-T without authority", bt, sign(e.Key, bt), nil, signing.ErrTimestamp},
		{"token over other data", bt, sign(e.Key, bt), stale, signing.ErrTimestamp},
		{"token by an officer", bt, sign(e.Key, bt), notTSA, signing.ErrTimestamp},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := signing.Complete(t.Context(), c.prep, c.value, c.tsa); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestRestoreRefuses(t *testing.T) {
	p := signingtest.New(t, nil)
	e := p.Officer(t, signingtest.P256(t))
	prep, err := signing.Prepare(request(signingtest.PDF(100, "imza1"), p, e, signing.LevelBB))
	if err != nil {
		t.Fatal(err)
	}
	state, err := prep.State()
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(prep.PDF)
	flipped[30] ^= 1
	for _, c := range []struct {
		name        string
		file, state []byte
	}{
		{"changed file", flipped, state},
		{"shorter file", prep.PDF[:50], state},
		{"empty state", prep.PDF, nil},
		{"another version", prep.PDF, bytes.Replace(state, []byte(`"v":1`), []byte(`"v":2`), 1)},
		{"another algorithm", prep.PDF, bytes.Replace(state, []byte("P256-SHA256"), []byte("P384-SHA384"), 1)},
		{"negative hole", prep.PDF, bytes.Replace(state, []byte(`"start":`), []byte(`"start":-`), 1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := signing.RestorePrepared(c.file, c.state); !errors.Is(err, signing.ErrState) {
				t.Errorf("got %v", err)
			}
		})
	}
}

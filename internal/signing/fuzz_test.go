package signing_test

import (
	"bytes"
	"encoding/hex"
	"testing"
	"time"

	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

// fuzzFiles are a signed file, and one signed twice with a document time-stamp.
func fuzzFiles(f *testing.F) (p *signingtest.PKI, files [][]byte) {
	p = signingtest.New(f, nil)
	e := p.Issue(f, p.Issuing, signingtest.P256(f), signingtest.OfficerTemplate("X"))
	r := request(signingtest.PDF(50, "imza1", "imza2"), p, e, signing.LevelBT)
	one, err := signing.Sign(f.Context(), r, signing.SignerKey(e.Key), p)
	if err != nil {
		f.Fatal(err)
	}
	r.PDF, r.Field, r.Level = one, "imza2", signing.LevelBB
	two, err := signing.Sign(f.Context(), r, signing.SignerKey(e.Key), nil)
	if err != nil {
		f.Fatal(err)
	}
	return p, [][]byte{one, two}
}

// FuzzVerify: no panic, and nothing passes but what was signed. Appended line
// ends are allowed, and a change of unsigned attributes lowers the level.
func FuzzVerify(f *testing.F) {
	p, files := fuzzFiles(f)
	for _, b := range files {
		f.Add(b)
	}
	v := &signing.Verifier{Roots: p.Roots(), Now: time.Now, RevocationOptional: true}
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := v.Verify(t.Context(), in, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Indication != signing.TotalPassed {
			return
		}
		for _, b := range files {
			if bytes.Equal(bytes.TrimRight(in, "\r\n"), bytes.TrimRight(b, "\r\n")) || sameButHoles(b, in) {
				return
			}
		}
		t.Errorf("passed: %+v", r.Signatures)
	})
}

// sameButHoles compares outside hexadecimal strings of Contents.
func sameButHoles(a, b []byte) bool {
	blank := func(f []byte) []byte {
		f = bytes.Clone(bytes.TrimRight(f, "\r\n"))
		for at := 0; ; {
			i := bytes.Index(f[at:], []byte("/Contents <"))
			if i < 0 {
				return f
			}
			at += i + len("/Contents <")
			for at < len(f) && f[at] != '>' {
				f[at] = '0'
				at++
			}
		}
	}
	return bytes.Equal(blank(a), blank(b))
}

// FuzzContents replaces the CMS in the hole, where coverage guides better than
// in the whole file.
func FuzzContents(f *testing.F) {
	p, files := fuzzFiles(f)
	file := files[0]
	start := bytes.LastIndex(file, []byte("/Contents <")) + len("/Contents <")
	end := start + bytes.IndexByte(file[start:], '>')
	good := make([]byte, (end-start)/2)
	if _, err := hex.Decode(good, file[start:end]); err != nil {
		f.Fatal(err)
	}
	f.Add(bytes.TrimRight(good, "\x00"))
	v := &signing.Verifier{Roots: p.Roots(), Now: time.Now, RevocationOptional: true}
	f.Fuzz(func(t *testing.T, cms []byte) {
		if len(cms) > len(good) {
			return
		}
		b := bytes.Clone(file)
		for i := range end - start {
			b[start+i] = '0'
		}
		hex.Encode(b[start:], cms)
		if _, err := v.Verify(t.Context(), b, time.Time{}); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzRestore(f *testing.F) {
	p := signingtest.New(f, nil)
	e := p.Issue(f, p.Issuing, signingtest.P256(f), signingtest.OfficerTemplate("X"))
	prep, err := signing.Prepare(request(signingtest.PDF(50, "imza1"), p, e, signing.LevelBB))
	if err != nil {
		f.Fatal(err)
	}
	state, err := prep.State()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(state)
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := signing.RestorePrepared(prep.PDF, in)
		if err == nil && !bytes.Equal(got.DocumentDigest, prep.DocumentDigest) {
			t.Error("another digest over the same file")
		}
	})
}

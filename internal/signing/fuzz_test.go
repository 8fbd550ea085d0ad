package signing_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"
	"time"

	"docsvc/internal/signing"
	"docsvc/internal/signing/cms"
)

// The seeds are files of testdata: the workers of one fuzz run must agree on
// them and on the root.

// FuzzVerify: no panic, and nothing passes but what was signed. Appended line
// ends are allowed, and a change of unsigned attributes lowers the level.
func FuzzVerify(f *testing.F) {
	files := [][]byte{read(f, goldenOnce), read(f, goldenTwice)}
	for _, b := range files {
		f.Add(b)
	}
	for _, name := range []string{"archived.pdf", "layouts/object-streams.pdf", "layouts/linearized.pdf"} {
		f.Add(read(f, "testdata/"+name)) // by nobody whom the verifier trusts
	}
	f.Add(append([]byte("junk\n"), files[0]...))
	v := goldenVerifier(f)
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := v.Verify(t.Context(), in, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Indication != signing.TotalPassed {
			return
		}
		for _, b := range files {
			if sameButHoles(b, in) {
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
	file := read(f, goldenOnce)
	start := bytes.LastIndex(file, []byte("/Contents <")) + len("/Contents <")
	end := start + bytes.IndexByte(file[start:], '>')
	good := make([]byte, (end-start)/2)
	if _, err := hex.Decode(good, file[start:end]); err != nil {
		f.Fatal(err)
	}
	want, err := cms.Parse(good)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(want.Raw)
	for _, name := range []string{"rsa-stream", "rsa-sha1", "rsa-pss", "two-signers", "p256-sha512"} {
		f.Add(read(f, "cms/testdata/"+name+".der"))
	}
	f.Add(slices.Concat([]byte{0x30, 0x80}, want.Raw[4:], []byte{0, 0})) // in BER
	v := goldenVerifier(f)
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > len(good) {
			return
		}
		b := bytes.Clone(file)
		for i := range end - start {
			b[start+i] = '0'
		}
		hex.Encode(b[start:], in)
		r, err := v.Verify(t.Context(), b, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Indication != signing.TotalPassed || r.Signatures[0].Level != signing.LevelBT {
			return
		}
		if m, err := cms.Parse(in); err != nil || !bytes.Equal(m.Signature, want.Signature) || !m.Signer.Equal(want.Signer) {
			t.Errorf("another signature passed: %x", in)
		}
	})
}

func FuzzRestore(f *testing.F) {
	file := read(f, goldenOnce)
	start := bytes.LastIndex(file, []byte("/Contents <")) + len("/Contents ")
	end := start + bytes.IndexByte(file[start:], '>') + 1
	f.Add(fmt.Appendf(nil, `{"v":1,"algorithm":"ECDSA-P256-SHA256","level":"B-T","field":"imza1","document_digest":"","start":%d,"end":%d,"certificate":""}`, start, end))
	f.Fuzz(func(t *testing.T, in []byte) {
		if p, err := signing.RestorePrepared(file, in); err == nil {
			if _, err := signing.Complete(t.Context(), p, nil, nil); err == nil {
				t.Error("completed without a signature")
			}
		}
	})
}

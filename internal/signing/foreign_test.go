package signing_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
	"docsvc/internal/testservers"
)

// TestLayouts: what pdfsign signed in files that qpdf and mutool wrote, with
// object streams and cross-reference streams, passes and cannot be changed.
func TestLayouts(t *testing.T) {
	p := signingtest.New(t, nil)
	officer := p.Officer(t, kind("P-256").New(t))
	names, err := filepath.Glob("testdata/layouts/*.pdf")
	if err != nil || len(names) < 5 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			out := peerSigned(t, p, officer, read(t, name), crypto.SHA256)
			if r := verify(t, verifier(p), out); r.Indication != signing.TotalPassed || r.Signatures[0].Level != signing.LevelPKCS7 {
				t.Errorf("%+v", r)
			}
			hole := bytes.LastIndex(out, []byte("/Contents<")) // certificates that nobody needs may change there
			shut := hole + bytes.IndexByte(out[hole:], '>')
			if hole < 0 || shut-hole < 1000 {
				t.Fatal("no hole")
			}
			for at := 7; at < len(out)-1; at += 11 {
				if at > hole+9 && at < shut {
					continue
				}
				broken := bytes.Clone(out)
				if broken[at] ^= 4; verify(t, verifier(p), broken).Indication == signing.TotalPassed {
					t.Errorf("passed with a change at byte %d", at)
				}
			}
		})
	}
}

// TestForeignMessages: adbe.pkcs7.detached as OpenSSL writes it, in files whose
// header is not at byte 0.
func TestForeignMessages(t *testing.T) {
	openssl := testservers.Tool(t, "openssl")
	p := signingtest.New(t, nil)
	officer := p.Officer(t, kind("RSA-3072").New(t))
	other := p.Officer(t, kind("P-256").New(t))
	b := newBench(t, p)
	keep := func(name string, e *signingtest.Entity) (cert, key string) {
		der, err := x509.MarshalPKCS8PrivateKey(e.Key)
		if err != nil {
			t.Fatal(err)
		}
		return b.write(t, name+".pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: e.Cert.Raw})),
			b.write(t, name+".key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	}
	cert, key := keep("officer", officer)
	cert2, key2 := keep("other", other)
	for _, c := range []struct {
		name    string
		options string
		junk    int  // bytes before the header
		counted bool // by the offsets
		want    string
		sub     string
	}{
		{"DER", "-cades -md sha256", 0, false, signing.TotalPassed, ""},
		{"BER", "-cades -md sha512", 0, false, signing.TotalPassed, ""},
		{"BER with content in pieces", "-cades -md sha256 -stream", 0, false, signing.TotalFailed, signing.FormatFailure},
		{"PSS", "-cades -md sha384 -keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:digest", 0, false, signing.TotalPassed, ""},
		{"header at byte 200", "-cades -md sha256", 200, false, signing.TotalPassed, ""},
		{"header at byte 200, offsets from byte 0", "-cades -md sha256", 200, true, signing.TotalPassed, ""},
		{"header at byte 1500", "-cades -md sha256", 1500, false, signing.TotalFailed, signing.FormatFailure},
		{"no signing-certificate attribute", "-md sha256", 0, false, signing.Indeterminate, signing.SigConstraintsFailure},
		{"no certificate", "-cades -md sha256 -nocerts", 0, false, signing.Indeterminate, signing.NoSigningCertificate},
		{"no attributes", "-noattr -md sha256", 0, false, signing.TotalFailed, signing.FormatFailure},
		{"SHA-1", "-cades -md sha1", 0, false, signing.Indeterminate, "*"},
		{"SHA3", "-cades -md sha3-256", 0, false, signing.Indeterminate, "*"},
		{"content in the message", "-cades -md sha256 -nodetach", 0, false, signing.TotalFailed, signing.FormatFailure},
		{"two signers", "-cades -md sha256 -signer " + cert2 + " -inkey " + key2, 0, false, signing.Indeterminate, signing.SigConstraintsFailure},
	} {
		t.Run(c.name, func(t *testing.T) {
			file, start, end := foreignFile(c.junk, c.counted)
			content := b.write(t, "content", slices.Concat(file[:start], file[end:]))
			out := filepath.Join(b.dir, "out.der")
			run(t, openssl, append([]string{
				"cms", "-sign", "-binary", "-in", content, "-signer", cert, "-inkey", key,
				"-certfile", b.issuing, "-outform", "DER", "-out", out,
			}, strings.Fields(c.options)...)...)
			message, err := os.ReadFile(out)
			if c.name == "BER" {
				message = indefinite(t, message, 3)
			}
			if err != nil || hex.EncodedLen(len(message)) > end-start-2 {
				t.Fatal(len(message), err)
			}
			hex.Encode(file[start+1:], message)
			r := verify(t, verifier(p), file)
			if r.Indication != c.want || c.sub != "*" && r.SubIndication != c.sub {
				t.Fatalf("%+v", r)
			}
			if c.want != signing.TotalPassed {
				return
			}
			if s := r.Signatures[0]; s.Level != signing.LevelPKCS7 || !s.CoversWholeFile {
				t.Errorf("%+v", s)
			}
			if c.junk > 0 { // the bytes before the header are signed too
				file[3] ^= 1
				if r := verify(t, verifier(p), file); r.SubIndication != signing.HashFailure {
					t.Errorf("%+v", r)
				}
			}
		})
	}
}

// indefinite gives the outermost elements indefinite lengths, as programs do
// that write while they read. OpenSSL puts the content into the message then.
func indefinite(t *testing.T, der []byte, levels int) []byte {
	t.Helper()
	in := cryptobyte.String(der)
	var body, first cryptobyte.String
	var tag, firstTag cbasn1.Tag
	if !in.ReadAnyASN1(&body, &tag) || !in.Empty() {
		t.Fatal("not DER")
	}
	inner := []byte(body)
	if levels == 3 { // ContentInfo: behind the object identifier
		if !body.ReadAnyASN1Element(&first, &firstTag) {
			t.Fatal("not DER")
		}
		inner = slices.Concat(first, indefinite(t, body, 2))
	} else if levels == 2 { // SignedData in it
		inner = indefinite(t, inner, 1)
	}
	return slices.Concat([]byte{byte(tag), 0x80}, inner, []byte{0, 0})
}

// foreignFile is a signed file whose Contents, at [start, end), are still empty.
func foreignFile(junk int, counted bool) (file []byte, start, end int) {
	const room = 8 << 10
	origin := junk
	if counted {
		origin = 0
	}
	b := append(bytes.Repeat([]byte{'x'}, junk), "%PDF-1.7\n"...)
	table := "xref\n0 6\n0000000000 65535 f\r\n"
	for i, o := range []string{
		"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]/SigFlags 3>>>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Annots[4 0 R]>>",
		"<</Type/Annot/Subtype/Widget/FT/Sig/T(one)/F 132/Rect[0 0 0 0]/P 3 0 R/V 5 0 R>>",
		"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/adbe.pkcs7.detached/M(D:20261122120000Z)/ByteRange[0 1111111 2222222 3333333]/Contents <" +
			strings.Repeat("0", room*2) + ">>>",
	} {
		table += fmt.Sprintf("%010d 00000 n\r\n", len(b)-origin)
		b = fmt.Appendf(b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	at := len(b) - origin
	b = append(b, table...)
	b = fmt.Appendf(b, "trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", at)
	start = bytes.Index(b, []byte("/Contents <")) + len("/Contents ")
	end = start + room*2 + 2
	for old, n := range map[string]int{"1111111": start, "2222222": end, "3333333": len(b) - end} {
		b = bytes.Replace(b, []byte(old), fmt.Appendf(nil, "%7d", n), 1)
	}
	return b, start, end
}

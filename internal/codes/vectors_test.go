package codes

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"math/big"
	"os"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/veraison/go-cose"
)

var update = flag.Bool("update", false, "write testdata/seal-vectors.json anew")

const vectorsFile = "testdata/seal-vectors.json"

// The file's form. It serves verifiers in other languages too.
type vectorFile struct {
	Comment string         `json:"comment"`
	Keys    []jwk          `json:"keys"`
	Vectors []sealedVector `json:"vectors"`
}

type jwk struct {
	KeyType   string `json:"kty"`
	Curve     string `json:"crv"`
	KeyID     string `json:"kid"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
	X         string `json:"x"`
	Y         string `json:"y"`
}

type sealedVector struct {
	Name    string       `json:"name"`
	Link    string       `json:"link"`
	Code    string       `json:"code"`
	SealHex string       `json:"seal_hex"`
	Outcome string       `json:"outcome"` // genuine, forged, not a seal, unknown key
	TBSHex  string       `json:"sig_structure_hex,omitempty"`
	Facts   *factsInJSON `json:"facts,omitempty"`
}

type factsInJSON struct {
	Act          string        `json:"act"`
	Case         string        `json:"case"`
	Kind         string        `json:"kind"`
	Date         string        `json:"date"`
	Office       string        `json:"office"`
	Signer       string        `json:"signer"`
	Amount       *int64        `json:"amount_qepik"`
	Parties      []partyInJSON `json:"parties"`
	OtherParties int           `json:"other_parties"`
	Digest       string        `json:"sha256"`
	Evaluation   bool          `json:"evaluation"`
}

type partyInJSON struct {
	Role int    `json:"role"`
	Name string `json:"name"`
}

func toJSON(f Facts) *factsInJSON {
	j := &factsInJSON{f.Act, f.Case, f.Kind, f.Date, f.Office, f.Signer, f.Amount, []partyInJSON{}, f.OtherParties, hex.EncodeToString(f.Digest[:]), f.Evaluation}
	for _, p := range f.Parties {
		j.Parties = append(j.Parties, partyInJSON{int(p.Role), p.Name})
	}
	return j
}

// tampered is a seal that must not open, and why.
type tampered struct {
	name string
	seal []byte
	want error
}

// tamperedSeals makes, from the loan's facts, what forgers and other programs
// might make. Those said to be no seal are rightly signed all the same.
func tamperedSeals(t testing.TB) []tampered {
	t.Helper()
	code := testCode(t, "1234-5678-9ABC-DEF9")
	seal := func(keyID, phrase string, code Code, f Facts) []byte {
		b, err := Seal(t.Context(), signWith(testKey(t, phrase)), keyID, code, f)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	genuine := seal(testKeyID, "one", code, loanFacts())
	altered := func(old, new string) []byte {
		b := bytes.Replace(genuine, []byte(old), []byte(new), 1)
		if bytes.Equal(b, genuine) {
			t.Fatalf("no %q in the seal", old)
		}
		return b
	}
	turned := bytes.Clone(genuine)
	turned[len(turned)-1] ^= 1
	// signed signs any payload under any headers.
	signed := func(payload []byte, protected cose.ProtectedHeader, unprotected cose.UnprotectedHeader) []byte {
		m := cose.Sign1Message{Headers: cose.Headers{Protected: protected, Unprotected: unprotected}, Payload: payload}
		if err := m.Sign(nil, code.aad(), &es256Signer{t.Context(), signWith(testKey(t, "one"))}); err != nil {
			t.Fatal(err)
		}
		b, err := m.MarshalCBOR()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	header := func() cose.ProtectedHeader { return sealMessage(testKeyID, nil).Headers.Protected }
	p, err := loanFacts().payload()
	if err != nil {
		t.Fatal(err)
	}
	payload, err := encodePayload(p)
	if err != nil {
		t.Fatal(err)
	}
	// changed signs the facts with one map entry set, or taken out.
	changed := func(key, value any) []byte {
		var m map[any]any
		if err := cbor.Unmarshal(payload, &m); err != nil {
			t.Fatal(err)
		}
		if m[key] = value; value == nil {
			delete(m, key)
		}
		mode, err := cbor.CoreDetEncOptions().EncMode()
		if err != nil {
			t.Fatal(err)
		}
		b, err := mode.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return signed(b, header(), nil)
	}
	more := header()
	more[cose.HeaderLabelContentType] = "a/b"
	longForm := append([]byte{payload[0], 0x18, 0x00}, payload[2:]...) // key 0 in two bytes
	duplicate := append([]byte{payload[0] + 1, 0x00, 0x01}, payload[1:]...)
	return []tampered{
		{"a letter of the kind of act altered", altered("qərar", "qərbr"), ErrForged},
		{"the amount altered", altered("\x07\x1a\x00\x09", "\x07\x1a\x00\x08"), ErrForged},
		{"the evaluation flag taken off", altered("\x0b\xf5", "\x0b\xf4"), ErrForged},
		{"a bit of the signature turned", turned, ErrForged},
		{"the seal of another act", seal(testKeyID, "one", testCode(t, "0000-0000-0000-000Z"), longFacts()), ErrForged},
		{"signed with another key under the same id", seal(testKeyID, "two", code, loanFacts()), ErrForged},
		{"signed with an unknown key", seal("seal-2", "two", code, loanFacts()), ErrUnknownKey},
		{"empty", nil, ErrSeal},
		{"not CBOR", []byte("https://elektron-icra.example.az"), ErrSeal},
		{"cut short", genuine[:len(genuine)-1], ErrSeal},
		{"a byte more", append(bytes.Clone(genuine), 0), ErrSeal},
		{"without tag", genuine[1:], ErrSeal},
		{"another algorithm named", altered("\xa2\x01\x26", "\xa2\x01\x38"), ErrSeal},
		{"a protected header more", signed(payload, more, nil), ErrSeal},
		{"an unprotected header", signed(payload, header(), cose.UnprotectedHeader{int64(99): "x"}), ErrSeal},
		{"no key id", signed(payload, cose.ProtectedHeader{cose.HeaderLabelAlgorithm: cose.AlgorithmES256}, nil), ErrSeal},
		{"no facts", signed([]byte{0xa0}, header(), nil), ErrSeal},
		{"facts are a list", signed([]byte{0x80}, header(), nil), ErrSeal},
		{"facts with a key in long form", signed(longForm, header(), nil), ErrSeal},
		{"facts with a key twice", signed(duplicate, header(), nil), ErrSeal},
		{"facts of unknown length", signed(append(append([]byte{0xbf}, payload[1:]...), 0xff), header(), nil), ErrSeal},
		{"facts with an unknown key", changed(uint64(12), "x"), ErrSeal},
		{"facts with a text key", changed("Act", "x"), ErrSeal},
		{"facts of another format", changed(uint64(0), uint64(2)), ErrSeal},
		{"facts without act number", changed(uint64(1), nil), ErrSeal},
		{"case number longer than act number", changed(uint64(2), uint64(40)), ErrSeal},
		{"negative case number", changed(uint64(2), int64(-1)), ErrSeal},
		{"facts without date", changed(uint64(4), nil), ErrSeal},
		{"date as text", changed(uint64(4), "2026-09-07"), ErrSeal},
		{"date too great", changed(uint64(4), uint64(1<<63)), ErrSeal},
		{"signer that turns the direction of writing", changed(uint64(6), "A\u202eB"), ErrSeal},
		{"signer not UTF-8", changed(uint64(6), cbor.RawMessage("\x61\xff")), ErrSeal},
		{"amount as a fraction", changed(uint64(7), 1.5), ErrSeal},
		{"party of no role", changed(uint64(8), []any{[]any{uint64(0), "A."}}), ErrSeal},
		{"party of three parts", changed(uint64(8), []any{[]any{uint64(1), "A.", "B."}}), ErrSeal},
		{"parties an empty list", changed(uint64(8), []any{}), ErrSeal},
		{"digest of 31 bytes", changed(uint64(10), make([]byte, 31)), ErrSeal},
		{"no evaluation flag", changed(uint64(11), nil), ErrSeal},
	}
}

func outcome(err error) string {
	switch {
	case err == nil:
		return "genuine"
	case errors.Is(err, ErrForged):
		return "forged"
	case errors.Is(err, ErrUnknownKey):
		return "unknown key"
	}
	return "not a seal"
}

func makeVectors(t *testing.T) vectorFile {
	key := testKey(t, "one").PublicKey
	point, err := key.Bytes() // 4, x, y
	if err != nil || key.Curve != elliptic.P256() {
		t.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	file := vectorFile{
		Comment: "Seals of docsvc with the outcome that every verifier must reach. The format is described in doc.go, the digits of links in link.go.",
		Keys:    []jwk{{"EC", "P-256", testKeyID, "sig", "ES256", b64(point[1:33]), b64(point[33:])}},
	}
	add := func(name string, code Code, seal []byte, result error, f *Facts) {
		link, err := URL(testOrigin, code, seal)
		if err != nil {
			t.Fatal(err)
		}
		v := sealedVector{Name: name, Link: link, Code: code.String(), SealHex: hex.EncodeToString(seal), Outcome: outcome(result)}
		if f != nil {
			var m cose.Sign1Message
			if err := m.UnmarshalCBOR(seal); err != nil {
				t.Fatal(err)
			}
			protected, err := m.Headers.MarshalProtected()
			if err != nil {
				t.Fatal(err)
			}
			tbs, err := cbor.Marshal([]any{"Signature1", cbor.RawMessage(protected), code.aad(), m.Payload})
			if err != nil {
				t.Fatal(err)
			}
			v.TBSHex, v.Facts = hex.EncodeToString(tbs), toJSON(*f)
		}
		file.Vectors = append(file.Vectors, v)
	}
	code := testCode(t, "1234-5678-9ABC-DEF9")
	for _, g := range []struct {
		name  string
		facts Facts
	}{{"initiation decision", loanFacts()}, {"long submission", longFacts()}, {"letter", letterFacts()}} {
		sealed, err := Seal(t.Context(), signWith(testKey(t, "one")), testKeyID, code, g.facts)
		if err != nil {
			t.Fatal(err)
		}
		add(g.name, code, sealed, nil, &g.facts)
	}
	for _, bad := range tamperedSeals(t) {
		if len(bad.seal) > 0 { // a link without seal is no vector
			add(bad.name, code, bad.seal, bad.want, nil)
		}
	}
	return file
}

// TestVectors makes the vectors anew, which is possible because their
// signatures follow RFC 6979, and then reads the file as a verifier would.
func TestVectors(t *testing.T) {
	made, err := json.MarshalIndent(makeVectors(t), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	made = append(made, '\n')
	if *update {
		if err := os.WriteFile(vectorsFile, made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	stored, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(stored), string(made)); diff != "" {
		t.Errorf("%s is out of date (-update):\n%.2000s", vectorsFile, diff)
	}
	var file vectorFile
	if err := json.Unmarshal(stored, &file); err != nil {
		t.Fatal(err)
	}
	for _, v := range file.Vectors {
		link, err := ParseURL(v.Link)
		if err != nil || link.Code.String() != v.Code || hex.EncodeToString(link.Seal) != v.SealHex {
			t.Errorf("%s: link reads as %+v, %v", v.Name, link, err)
			continue
		}
		facts, err := OpenSeal(link.Seal, link.Code, testKeys(t))
		if outcome(err) != v.Outcome {
			t.Errorf("%s: %v, want %s", v.Name, err, v.Outcome)
		}
		if err != nil {
			continue
		}
		if diff := cmp.Diff(v.Facts, toJSON(facts)); diff != "" {
			t.Errorf("%s: %s", v.Name, diff)
		}
		checkPlainly(t, v)
	}
}

// checkPlainly checks a genuine vector as a verifier without a COSE library
// does: with the last 64 bytes over the given Sig_structure.
func checkPlainly(t *testing.T, v sealedVector) {
	t.Helper()
	seal, err := hex.DecodeString(v.SealHex)
	if err != nil {
		t.Fatal(err)
	}
	tbs, err := hex.DecodeString(v.TBSHex)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(tbs)
	r, s := new(big.Int).SetBytes(seal[len(seal)-64:len(seal)-32]), new(big.Int).SetBytes(seal[len(seal)-32:])
	if !ecdsa.Verify(&testKey(t, "one").PublicKey, digest[:], r, s) {
		t.Errorf("%s: the signature is not over sig_structure_hex", v.Name)
	}
}

func TestTamperedSeals(t *testing.T) {
	code := testCode(t, "1234-5678-9ABC-DEF9")
	for _, bad := range tamperedSeals(t) {
		if f, err := OpenSeal(bad.seal, code, testKeys(t)); !errors.Is(err, bad.want) {
			t.Errorf("%s: %+v, %v; want %v", bad.name, f, err, bad.want)
		}
	}
}

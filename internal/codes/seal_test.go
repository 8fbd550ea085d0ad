package codes

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const testKeyID = "seal-1"

// testKey is the key of the vectors, made from a phrase so that no private
// key lies in a file.
func testKey(t testing.TB, phrase string) *ecdsa.PrivateKey {
	t.Helper()
	scalar := sha256.Sum256([]byte("docsvc seal vectors: " + phrase))
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar[:])
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// signWith signs as RFC 6979 has it, the same each time.
func signWith(key *ecdsa.PrivateKey) SignFunc {
	return func(_ context.Context, digest []byte) ([]byte, error) {
		return key.Sign(nil, digest, crypto.SHA256)
	}
}

func testKeys(t testing.TB) func(string) (*ecdsa.PublicKey, error) {
	key := testKey(t, "one")
	return func(id string) (*ecdsa.PublicKey, error) {
		if id != testKeyID {
			return nil, ErrUnknownKey
		}
		return &key.PublicKey, nil
	}
}

func testCode(t testing.TB, text string) Code {
	t.Helper()
	c, err := ParseCode(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// loanFacts are those of the initiation decision in the first sample case.
func loanFacts() Facts {
	amount := int64(618045)
	return Facts{
		Act: "EI2611000000001T-001", Case: "EI2611000000001T", Kind: "İcraata başlamaq haqqında qərar", Date: "2026-09-07",
		Office: "Nümunə Rayon İcra Şöbəsi", Signer: "Məmurzadə Nigar Sınaq qızı", Amount: &amount,
		Parties: []Party{{Creditor, "Ş. N. B. ASC"}, {Debtor, "N. A. S."}},
		Digest:  sha256.Sum256([]byte("canonical act data")), Evaluation: true,
	}
}

// longFacts are about the longest that occur: a long title, office and name.
func longFacts() Facts {
	f := loanFacts()
	f.Kind = "Ölkədən getmək hüququnun müvəqqəti məhdudlaşdırılması haqqında təqdimat"
	f.Office = "Bakı şəhəri Nəsimi Rayon İcra Şöbəsi"
	f.Signer = "Məmmədquluzadə Gülçöhrə Əbülfəz qızı"
	f.OtherParties = 12
	return f
}

// letterFacts are the least: a letter, without case, sum and parties.
func letterFacts() Facts {
	f := loanFacts()
	f.Act, f.Case, f.Kind, f.Amount, f.Parties, f.Evaluation = "JR26110-00001X", "", "Məktub", nil, nil, false
	return f
}

func TestSealRoundTrip(t *testing.T) {
	code := testCode(t, "1234-5678-9ABC-DEF9")
	zero := loanFacts()
	zero.Amount = new(int64)
	for name, f := range map[string]Facts{"loan": loanFacts(), "long": longFacts(), "letter": letterFacts(), "amount 0": zero} {
		t.Run(name, func(t *testing.T) {
			sealed, err := Seal(t.Context(), signWith(testKey(t, "one")), testKeyID, code, f)
			if err != nil {
				t.Fatal(err)
			}
			got, err := OpenSeal(sealed, code, testKeys(t))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(f, got); diff != "" {
				t.Error(diff)
			}
			link, err := URL(testOrigin, code, sealed)
			if err != nil {
				t.Fatal(err)
			}
			b, err := QR(link)
			if err != nil {
				t.Fatal(err)
			}
			base64Length := len(testOrigin) + len("/v/1234-5678-9ABC-DEF9#") + (len(sealed)*8+5)/6
			inBase64 := "more than 17"
			if b, err := QR(strings.Repeat("a", base64Length)); err == nil {
				inBase64 = fmt.Sprint((b.Width - 17) / 4)
			}
			t.Logf("seal of %d bytes, link of %d characters, QR version %d (with base64url %s)", len(sealed), len(link), (b.Width-17)/4, inBase64)
		})
	}
}

func TestSealRefuses(t *testing.T) {
	code := testCode(t, "1234-5678-9ABC-DEF9")
	negative, huge := int64(-1), int64(1e15+1)
	tests := []struct {
		why    string
		change func(*Facts)
		want   error
	}{
		{"no act number", func(f *Facts) { f.Act, f.Case = "", "" }, ErrFacts},
		{"act of another case", func(f *Facts) { f.Act = "EI2611000000002R-001" }, ErrFacts},
		{"act number is the case's", func(f *Facts) { f.Act = f.Case }, ErrFacts},
		{"act number beyond ASCII", func(f *Facts) { f.Act = f.Case + "-Ə" }, ErrFacts},
		{"no kind", func(f *Facts) { f.Kind = "" }, ErrFacts},
		{"kind too long", func(f *Facts) { f.Kind = strings.Repeat("a", 161) }, ErrFacts},
		{"no office", func(f *Facts) { f.Office = "" }, ErrFacts},
		{"office with a line end", func(f *Facts) { f.Office = "A\nB" }, ErrFacts},
		{"no signer", func(f *Facts) { f.Signer = "" }, ErrFacts},
		{"signer written right to left", func(f *Facts) { f.Signer = "A\u202eB" }, ErrFacts},
		{"signer not NFC", func(f *Facts) { f.Signer = "S\u0327" }, ErrFacts},
		{"signer not UTF-8", func(f *Facts) { f.Signer = "\xff" }, ErrFacts},
		{"no date", func(f *Facts) { f.Date = "" }, ErrFacts},
		{"date of another form", func(f *Facts) { f.Date = "07.09.2026" }, ErrFacts},
		{"day that is none", func(f *Facts) { f.Date = "2026-02-29" }, ErrFacts},
		{"date long ago", func(f *Facts) { f.Date = "1999-12-31" }, ErrFacts},
		{"date far ahead", func(f *Facts) { f.Date = "2200-01-01" }, ErrFacts},
		{"negative amount", func(f *Facts) { f.Amount = &negative }, ErrFacts},
		{"huge amount", func(f *Facts) { f.Amount = &huge }, ErrFacts},
		{"party without name", func(f *Facts) { f.Parties[0].Name = "" }, ErrFacts},
		{"party without role", func(f *Facts) { f.Parties[0].Role = 0 }, ErrFacts},
		{"party of role 4", func(f *Facts) { f.Parties[0].Role = 4 }, ErrFacts},
		{"party not masked", func(f *Facts) { f.Parties[0].Name = strings.Repeat("Ə", 25) }, ErrFacts},
		{"nine parties", func(f *Facts) { f.Parties = make([]Party, 9) }, ErrFacts},
		{"minus one party", func(f *Facts) { f.OtherParties = -1 }, ErrFacts},
		{"too long together", func(f *Facts) { f.Kind, f.Office = strings.Repeat("k", 150), strings.Repeat("o", 150) }, ErrTooLong},
	}
	for _, tt := range tests {
		f := loanFacts()
		tt.change(&f)
		if err := f.Check(); !errors.Is(err, tt.want) {
			t.Errorf("%s: Check gives %v, want %v", tt.why, err, tt.want)
		}
		if sealed, err := Seal(t.Context(), signWith(testKey(t, "one")), testKeyID, code, f); !errors.Is(err, tt.want) {
			t.Errorf("%s: %d bytes, %v; want %v", tt.why, len(sealed), err, tt.want)
		}
	}
	f := loanFacts()
	f.Kind, f.Date, f.Parties[1].Name = "", "2200-01-01", ""
	_, err := Seal(t.Context(), signWith(testKey(t, "one")), testKeyID, code, f)
	for _, fault := range []string{"kind of act", "date", "party 2"} {
		if err == nil || !strings.Contains(err.Error(), fault) {
			t.Errorf("error %v does not name the %s", err, fault)
		}
	}
}

// TestLongestSeal fills a seal to its last byte.
func TestLongestSeal(t *testing.T) {
	code, keyID := testCode(t, "1234-5678-9ABC-DEF9"), strings.Repeat("k", maxKeyID)
	f := longFacts()
	for f.Office = strings.Repeat("o", 30); f.Check() == nil; {
		f.Office += "o"
	}
	f.Office = f.Office[1:]
	sealed, err := Seal(t.Context(), signWith(testKey(t, "one")), keyID, code, f)
	if err != nil || len(sealed) != MaxSeal {
		t.Fatalf("the longest seal has %d bytes, %v; want %d", len(sealed), err, MaxSeal)
	}
	key := testKey(t, "one").PublicKey
	if _, err := OpenSeal(sealed, code, func(string) (*ecdsa.PublicKey, error) { return &key, nil }); err != nil {
		t.Error(err)
	}
}

func TestSealRefusesKeys(t *testing.T) {
	code := testCode(t, "1234-5678-9ABC-DEF9")
	good := signWith(testKey(t, "one"))
	for _, id := range []string{"", "seventeen letters", "a b", "ə", "a\n"} {
		if _, err := Seal(t.Context(), good, id, code, loanFacts()); err == nil {
			t.Errorf("key id %q is accepted", id)
		}
	}
	if _, err := Seal(t.Context(), good, testKeyID, Code{}, loanFacts()); err == nil {
		t.Error("a seal without code is made")
	}
	der := func(r, s *big.Int) []byte {
		b, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	unavailable := errors.New("key store is unavailable")
	one, long := big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 256)
	for name, answer := range map[string][]byte{
		"nothing": nil, "garbage": {1, 2, 3}, "zero": der(new(big.Int), one), "negative": der(one, big.NewInt(-1)),
		"too long": der(one, long), "more after it": append(der(one, one), 0),
	} {
		sign := func(context.Context, []byte) ([]byte, error) { return answer, nil }
		if _, err := Seal(t.Context(), sign, testKeyID, code, loanFacts()); err == nil {
			t.Errorf("a key that returns %s makes a seal", name)
		}
	}
	sign := func(context.Context, []byte) ([]byte, error) { return nil, unavailable }
	if _, err := Seal(t.Context(), sign, testKeyID, code, loanFacts()); !errors.Is(err, unavailable) {
		t.Errorf("error of the key is lost: %v", err)
	}
}

func TestOpenSealKeys(t *testing.T) {
	code := testCode(t, "1234-5678-9ABC-DEF9")
	sealed, err := Seal(t.Context(), signWith(testKey(t, "one")), testKeyID, code, loanFacts())
	if err != nil {
		t.Fatal(err)
	}
	unavailable := errors.New("register is unavailable")
	for name, tt := range map[string]struct {
		key  *ecdsa.PublicKey
		err  error
		want error
	}{
		"unknown":     {nil, ErrUnknownKey, ErrUnknownKey},
		"unavailable": {nil, unavailable, unavailable},
		"another":     {&testKey(t, "two").PublicKey, nil, ErrForged},
	} {
		_, err := OpenSeal(sealed, code, func(string) (*ecdsa.PublicKey, error) { return tt.key, tt.err })
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []*ecdsa.PublicKey{nil, &p384.PublicKey} {
		if _, err := OpenSeal(sealed, code, func(string) (*ecdsa.PublicKey, error) { return key, nil }); err == nil {
			t.Errorf("key %v opens the seal", key)
		}
	}
}

// TestEveryBitOfASealCounts turns every bit of a seal and of its code.
func TestEveryBitOfASealCounts(t *testing.T) {
	code := testCode(t, "1234-5678-9ABC-DEF9")
	sealed, err := Seal(t.Context(), signWith(testKey(t, "one")), testKeyID, code, loanFacts())
	if err != nil {
		t.Fatal(err)
	}
	keys := testKeys(t)
	for bit := range 8 * len(sealed) {
		bad := bytes.Clone(sealed)
		bad[bit/8] ^= 1 << (bit % 8)
		if f, err := OpenSeal(bad, code, keys); err == nil {
			t.Fatalf("opens with bit %d turned: %+v", bit, f)
		}
	}
	for n := range sealed {
		if _, err := OpenSeal(sealed[:n], code, keys); !errors.Is(err, ErrSeal) {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
	}
	if _, err := OpenSeal(sealed, newCode(t), keys); !errors.Is(err, ErrForged) {
		t.Errorf("beside another code: %v, want ErrForged", err)
	}
	if _, err := OpenSeal(sealed, Code{}, keys); err == nil {
		t.Error("opens without code")
	}
}

func FuzzOpenSeal(f *testing.F) {
	code := testCode(f, "1234-5678-9ABC-DEF9")
	for _, facts := range []Facts{loanFacts(), longFacts(), letterFacts()} {
		sealed, err := Seal(f.Context(), signWith(testKey(f, "one")), testKeyID, code, facts)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(sealed)
	}
	for _, v := range tamperedSeals(f) {
		f.Add(v.seal)
	}
	keys := testKeys(f)
	f.Fuzz(func(t *testing.T, sealed []byte) {
		facts, err := OpenSeal(sealed, code, keys)
		if err == nil {
			if p, err := facts.payload(); err != nil {
				t.Fatalf("opened facts cannot be sealed: %+v, %v", p, err)
			}
			return
		}
		if !errors.Is(err, ErrSeal) && !errors.Is(err, ErrForged) && !errors.Is(err, ErrUnknownKey) {
			t.Fatalf("untyped error %v", err)
		}
	})
}

// FuzzFacts goes past the signature, which fuzzing cannot.
func FuzzFacts(f *testing.F) {
	for _, facts := range []Facts{loanFacts(), letterFacts()} {
		p, err := facts.payload()
		if err != nil {
			f.Fatal(err)
		}
		payload, err := encodePayload(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(payload)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		facts, err := decodePayload(payload)
		if err != nil {
			if !errors.Is(err, ErrSeal) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		p, err := facts.payload()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := encodePayload(p); err != nil || !bytes.Equal(again, payload) {
			t.Fatalf("%x → %x, %v", payload, again, err)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	code, key, f := testCode(b, "1234-5678-9ABC-DEF9"), testKey(b, "one"), loanFacts()
	sign := func(_ context.Context, digest []byte) ([]byte, error) {
		return ecdsa.SignASN1(rand.Reader, key, digest)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Seal(b.Context(), sign, testKeyID, code, f); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenSeal(b *testing.B) {
	code := testCode(b, "1234-5678-9ABC-DEF9")
	sealed, err := Seal(b.Context(), signWith(testKey(b, "one")), testKeyID, code, loanFacts())
	if err != nil {
		b.Fatal(err)
	}
	keys := testKeys(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := OpenSeal(sealed, code, keys); err != nil {
			b.Fatal(err)
		}
	}
}

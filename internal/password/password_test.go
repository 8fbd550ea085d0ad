package password

import (
	"errors"
	"strings"
	"testing"
)

// cheap keeps the tests quick.
var cheap = Cost{Memory: 64, Time: 1, Threads: 1}

func prepared(t *testing.T, typed string) []byte {
	t.Helper()
	p, err := Prepare([]byte(typed))
	if err != nil {
		t.Fatalf("%q: %v", typed, err)
	}
	return p
}

func TestHash(t *testing.T) {
	p := prepared(t, "doğru at batareya")
	hash := cheap.Hash(p)
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=64,t=1,p=1$") || hash == cheap.Hash(p) {
		t.Errorf("%s: of another form, or without salt", hash)
	}
	if ok, of, err := Verify(hash, p); !ok || of != cheap || err != nil {
		t.Errorf("the right one: %v %v %v", ok, of, err)
	}
	if ok, _, err := Verify(hash, prepared(t, "dogru at batareya")); ok || err != nil {
		t.Errorf("a wrong one: %v %v", ok, err)
	}
}

// TestForeignHash: what is not a hash of ours, or would cost too much, is refused.
func TestForeignHash(t *testing.T) {
	hash := cheap.Hash([]byte("password"))
	for name, broken := range map[string]string{
		"empty": "", "argon2i": strings.Replace(hash, "argon2id", "argon2i", 1), "old version": strings.Replace(hash, "v=19", "v=16", 1),
		"no memory": strings.Replace(hash, "m=64", "m=0", 1), "too much memory": strings.Replace(hash, "m=64", "m=2000000", 1),
		"too many passes": strings.Replace(hash, "t=1", "t=99", 1), "too many threads": strings.Replace(hash, "p=1", "p=99", 1),
		"short": hash[:len(hash)-1], "long": hash + "A", "bcrypt": "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
	} {
		if ok, _, err := Verify(broken, []byte("password")); ok || !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v %v", name, ok, err)
		}
	}
}

func TestPrepare(t *testing.T) {
	// Composed and decomposed letters are one password, and so are spaces.
	for _, pair := range [][2]string{{"şüşə çəpər gözəl", "şüşə çəpər gözəl"}, {"bir iki\u00a0üç dörd", "bir iki üç dörd"}} {
		if string(prepared(t, pair[0])) != string(prepared(t, pair[1])) {
			t.Errorf("%q and %q are two", pair[0], pair[1])
		}
	}
	if string(prepared(t, "Ab")) == string(prepared(t, "ab")) {
		t.Error("case is folded")
	}
	for name, typed := range map[string]string{
		"empty": "", "not UTF-8": "\xff\xfe", "a control character": "long enough\x00 for this", "a line feed": "long enough\nfor this", "long": strings.Repeat("a", MaxBytes+1),
	} {
		if _, err := Prepare([]byte(typed)); !errors.Is(err, ErrUnusable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheck(t *testing.T) {
	for typed, want := range map[string]error{
		"Yağış3gün":                    ErrShort,
		"əəəəəəəəəəə":                  ErrShort, // eleven characters, more bytes
		"passwordpassword":             ErrCommon,
		"Password2026!!":               ErrCommon,
		"P@$$w0rd2026":                 ErrCommon,
		"Azərbaycan1918":               ErrCommon,
		"AZERBAYCAN!!!!":               ErrCommon,
		"salamsalam12":                 ErrCommon,
		"123456789012":                 ErrCommon,
		"qwertyuiop12":                 ErrCommon,
		"йцукенгшщзхъ":                 ErrCommon,
		"abcdefghijklmnop":             ErrCommon,
		"ababababababab":               ErrCommon,
		"aaaaaaaaaaaaaaaaaaa":          ErrCommon,
		"nigarnigarnigar":              ErrCommon,
		"nigar2026nigar":               ErrCommon,
		"QarabağAzərbaycandır!":        ErrCommon,
		"correct horse with a lamp":    nil,
		"Səkkiz qarğa çay içir":        nil,
		"PH7NXQ4ZK2LMWVBDR5TG6YJ3CA":   nil,
		"nigar və on iki qırmızı alma": nil,
		"тысяча медленных синих черепах":       nil,
		"4815162342 və bir nömrə":              nil,
		strings.Repeat("Uzun cümlə daşı ", 20): nil,
	} {
		if err := Check(prepared(t, typed), "nigar", "Məmmədova Nigar Sınaq qızı"); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", typed, err, want)
		}
	}
}

// FuzzPassword: what can be prepared is prepared to itself, and hashes compare.
func FuzzPassword(f *testing.F) {
	for _, seed := range []string{"", "doğru at batareya", "\u00a0\u2003", "\xff", "a\u0301"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, typed []byte) {
		p, err := Prepare(typed)
		if err != nil {
			return
		}
		again, err := Prepare(p)
		if err != nil || string(again) != string(p) {
			t.Fatalf("%q, prepared again %q, %v", p, again, err)
		}
		_ = Check(p, "nigar")
		if ok, _, err := Verify(cheap.Hash(p), p); !ok || err != nil {
			t.Errorf("%q: %v %v", p, ok, err)
		}
	})
}

package keyfile

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func newServiceKeys(t *testing.T) *ServiceKeys {
	t.Helper()
	dir := t.TempDir()
	if err := CreateApplianceKey(filepath.Join(dir, "appliance.key")); err != nil {
		t.Fatal(err)
	}
	key, err := OpenApplianceKey(filepath.Join(dir, "appliance.key"))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	return &ServiceKeys{Dir: dir, ApplianceKey: key, Now: func() time.Time { now = now.Add(time.Second); return now }}
}

func TestServiceKeys(t *testing.T) {
	s := newServiceKeys(t)
	if _, err := s.Current("seal"); !errors.Is(err, ErrNoKey) {
		t.Errorf("no key yet: %v", err)
	}
	var made []Info
	for _, c := range []struct {
		purpose string
		kind    Kind
	}{{"seal", ES256}, {"checkpoint", Ed25519}, {"session", Secret}, {"seal", ES256}} {
		i, err := s.Create(c.purpose, c.kind)
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, i)
	}
	k, info, err := s.Signer(made[0].KID)
	if err != nil {
		t.Fatal(err)
	}
	pub, err := info.PublicKey()
	if err != nil || !pub.(*ecdsa.PublicKey).Equal(k.Public()) {
		t.Errorf("public key of the list differs: %v", err)
	}
	k, _, err = s.Signer(made[1].KID)
	if _, ok := k.(ed25519.PrivateKey); err != nil || !ok {
		t.Errorf("%T %v", k, err)
	}
	secret, _, err := s.Secret(made[2].KID)
	if err != nil || len(secret) != 32 || len(bytes.Trim(secret, "\x00")) == 0 {
		t.Errorf("secret of %d bytes, %v", len(secret), err)
	}
	list, err := s.List("seal")
	if err != nil || len(list) != 2 || list[0].KID != made[0].KID || list[1].KID != made[3].KID {
		t.Errorf("%v %v", list, err)
	}
	if all, err := s.List(""); err != nil || len(all) != 4 {
		t.Errorf("%v %v", all, err)
	}
	if i, err := s.Current("seal"); err != nil || i.KID != made[3].KID {
		t.Errorf("%v %v", i, err)
	}
}

func TestServiceKeysRefuse(t *testing.T) {
	s := newServiceKeys(t)
	seal, err := s.Create("seal", ES256)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := s.Create("session", Secret)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"", "../x", "Seal", strings.Repeat("a", 30)} {
		if _, err := s.Create(p, ES256); err == nil {
			t.Errorf("purpose %q", p)
		}
	}
	if _, err := s.Create("seal", "RSA"); err == nil {
		t.Error("unknown kind")
	}
	for _, kid := range []string{"", "seal", "../../etc/passwd", "seal-0000000000000000"} {
		if _, _, err := s.Signer(kid); !errors.Is(err, ErrNoKey) {
			t.Errorf("kid %q: %v", kid, err)
		}
	}
	if _, _, err := s.Signer(secret.KID); !errors.Is(err, ErrFormat) {
		t.Errorf("secret as signer: %v", err)
	}
	if _, _, err := s.Secret(seal.KID); !errors.Is(err, ErrFormat) {
		t.Errorf("signer as secret: %v", err)
	}
	other := *s
	other.ApplianceKey = bytes.Repeat([]byte{1}, 32)
	if _, _, err := other.Signer(seal.KID); err == nil {
		t.Error("opened under another appliance key")
	}
	// The public part is bound to the sealed part: a swapped public key shows.
	file, err := os.ReadFile(s.path(seal.KID))
	if err != nil {
		t.Fatal(err)
	}
	forged := bytes.Replace(file, []byte(`"purpose":"seal"`), []byte(`"purpose":"geal"`), 1)
	if err := os.WriteFile(s.path(seal.KID), forged, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Signer(seal.KID); err == nil {
		t.Error("a changed purpose was not noticed")
	}
}

func TestApplianceKeyRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "k")
	if err := os.WriteFile(path, []byte("abcd"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenApplianceKey(path); !errors.Is(err, ErrFormat) {
		t.Errorf("%v", err)
	}
	if err := CreateApplianceKey(path); err == nil {
		t.Error("an existing key was replaced")
	}
}

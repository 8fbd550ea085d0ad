package vault

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/testservers"
)

var _ document.EvidenceSealer = (*ServiceKeys)(nil)

func openKeys(t *testing.T, w *world) (*ServiceKeys, *clock) {
	t.Helper()
	at := &clock{now: time.Now()}
	c := w.config
	c.Now = at.Now
	client := newClient(t, c)
	keys, err := client.OpenServiceKeys(t.Context(), w.identityOf(t, client, "service"))
	if err != nil {
		t.Fatal(err)
	}
	return keys, at
}

func TestServiceKeysSign(t *testing.T) {
	w := setUp(t, testservers.NewVault(t, false, false))
	keys, at := openKeys(t, w)
	seal, err := keys.Current(t.Context(), purposeSeal)
	if err != nil {
		t.Fatal(err)
	}
	if len(seal.KID) != len("seal-")+16 || seal.Created.IsZero() {
		t.Errorf("%+v", seal)
	}
	sealed := func(info KeyInfo) {
		t.Helper()
		digest := digests(1)[0]
		value, err := keys.Sign(t.Context(), info.KID, digest)
		if err != nil {
			t.Fatal(err)
		}
		public, err := info.PublicKey()
		if err != nil || !ecdsa.VerifyASN1(public.(*ecdsa.PublicKey), digest, value) {
			t.Errorf("%s: the signature does not fit: %v", info.KID, err)
		}
	}
	sealed(seal)
	checkpoint, err := keys.Current(t.Context(), purposeCheckpoint)
	if err != nil {
		t.Fatal(err)
	}
	text := []byte("log\n5\nAAAA\n")
	value, err := keys.Sign(t.Context(), checkpoint.KID, text)
	if err != nil {
		t.Fatal(err)
	}
	public, err := checkpoint.PublicKey()
	if err != nil || !ed25519.Verify(public.(ed25519.PublicKey), text, value) {
		t.Errorf("the checkpoint's signature does not fit: %v", err)
	}

	// An operator rotates the seal key: for a minute the old version signs,
	// then the new one; both stay published and both still sign.
	w.must(t, w.policyToken(t, "docsvc-operator"), "PUT", "transit/keys/docsvc-seal/rotate", nil, nil)
	if now, err := keys.Current(t.Context(), purposeSeal); err != nil || now.KID != seal.KID {
		t.Errorf("at once: %s %v", now.KID, err)
	}
	at.add(remember + time.Second)
	after, err := keys.Current(t.Context(), purposeSeal)
	if err != nil || after.KID == seal.KID || after.Version != 2 {
		t.Fatalf("after a minute: %+v %v", after, err)
	}
	sealed(after)
	sealed(seal)
	if list, err := keys.List(t.Context(), purposeSeal); err != nil || len(list) != 2 || list[0].KID != seal.KID {
		t.Errorf("%+v %v", list, err)
	}
	// A process that has not noticed yet finds a newer key when it meets it.
	w.must(t, w.policyToken(t, "docsvc-operator"), "PUT", "transit/keys/docsvc-seal/rotate", nil, nil)
	other, _ := openKeys(t, w)
	third, err := other.Current(t.Context(), purposeSeal)
	if err != nil {
		t.Fatal(err)
	}
	at.add(askAgain)
	if found, err := keys.Find(t.Context(), third.KID); err != nil || found.Version != 3 {
		t.Errorf("%+v %v", found, err)
	}
}

func TestServiceKeysRefuse(t *testing.T) {
	w := newWorld(t)
	keys, _ := openKeys(t, w)
	seal, err := keys.Current(t.Context(), purposeSeal)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Sign(t.Context(), seal.KID, []byte("not a digest")); err == nil {
		t.Error("a text was sealed")
	}
	for _, kid := range []string{"", "seal", "seal-0000000000000000", "officer-5A", "evidence-0000000000000000"} {
		if _, err := keys.Sign(t.Context(), kid, digests(1)[0]); !errors.Is(err, ErrNoKey) {
			t.Errorf("%q: %v", kid, err)
		}
	}
	if _, err := keys.List(t.Context(), "evidence"); !errors.Is(err, ErrNoKey) {
		t.Errorf("%v", err)
	}
}

// TestServiceKeysReplaced: another Vault in the old one's place does not pass.
func TestServiceKeysReplaced(t *testing.T) {
	w := setUp(t, testservers.NewVault(t, false, false))
	keys, at := openKeys(t, w)
	w.must(t, w.server.RootToken, "PUT", "transit/keys/docsvc-seal/config", map[string]any{"deletion_allowed": true}, nil)
	w.must(t, w.server.RootToken, "DELETE", "transit/keys/docsvc-seal", nil, nil)
	w.must(t, w.server.RootToken, "PUT", "transit/keys/docsvc-seal", map[string]any{"type": TypeP256}, nil)
	at.add(remember + time.Second)
	if _, err := keys.Current(t.Context(), purposeSeal); !errors.Is(err, ErrSetup) {
		t.Errorf("%v", err)
	}
}

// TestPublicKeysWhileVaultIsAway: what was signed can be checked all the same.
func TestPublicKeysWhileVaultIsAway(t *testing.T) {
	w := newWorld(t)
	proxy := testservers.HTTPProxy(t, strings.TrimPrefix(w.server.Address, "http://"))
	at := &clock{now: time.Now()}
	c := w.config
	c.Address, c.Now, c.Timeout, c.Log = "http://"+proxy.Addr, at.Now, time.Second, slog.New(slog.DiscardHandler)
	client := newClient(t, c)
	keys, err := client.OpenServiceKeys(t.Context(), w.identityOf(t, client, "service"))
	if err != nil {
		t.Fatal(err)
	}
	seal, err := keys.Current(t.Context(), purposeSeal)
	if err != nil {
		t.Fatal(err)
	}
	proxy.Set(testservers.Fault{Mode: testservers.Refuse})
	at.add(time.Hour)
	if found, err := keys.Find(t.Context(), seal.KID); err != nil || found.Version != seal.Version {
		t.Errorf("%v", err)
	}
	if _, err := keys.Sign(t.Context(), seal.KID, digests(1)[0]); !errors.Is(err, ErrUnavailable) {
		t.Errorf("%v", err)
	}
}

func TestEvidence(t *testing.T) {
	w := newWorld(t)
	keys, _ := openKeys(t, w)
	token := []byte("eyJhbGciOiJFUzI1NiJ9.eyJub25jZSI6ImIifQ.c2ln")
	sealed, err := keys.SealEvidence(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, token) || !bytes.HasPrefix(sealed, []byte("vault:v")) {
		t.Errorf("%s", sealed)
	}
	if _, err := w.client.OpenEvidence(t.Context(), keys.identity, sealed); !errors.Is(err, ErrDenied) {
		t.Errorf("the service read it: %v", err)
	}
	auditor := w.client.WithToken("auditor", w.policyToken(t, "docsvc-auditor"))
	plain, err := w.client.OpenEvidence(t.Context(), auditor, sealed)
	if err != nil || !bytes.Equal(plain, token) {
		t.Errorf("%q %v", plain, err)
	}
	// Rotated or not, it opens; changed, it does not.
	w.must(t, w.policyToken(t, "docsvc-operator"), "PUT", "transit/keys/docsvc-evidence/rotate", nil, nil)
	if plain, err := w.client.OpenEvidence(t.Context(), auditor, sealed); err != nil || !bytes.Equal(plain, token) {
		t.Errorf("after rotation: %q %v", plain, err)
	}
	changed := bytes.Clone(sealed)
	if changed[30]++; changed[30] > 'z' {
		changed[30] = 'a'
	}
	for name, text := range map[string][]byte{"changed": changed, "empty": nil, "not ours": []byte("x"), "long": bytes.Repeat([]byte("a"), 3*maxEvidence)} {
		if _, err := w.client.OpenEvidence(t.Context(), auditor, text); err == nil {
			t.Errorf("%s opened", name)
		}
	}
	for _, size := range []int{0, maxEvidence + 1} {
		if _, err := keys.SealEvidence(t.Context(), make([]byte, size)); err == nil {
			t.Errorf("%d bytes were taken", size)
		}
	}
}

package vault

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

// request makes an officer's certificate request, signed under the officer's
// own login.
func (w *world) request(t *testing.T, subject, keyID string) []byte {
	t.Helper()
	public, err := w.client.Enrolment(w.identity(t, "enrol")).PublicKey(t.Context(), keyID)
	if err != nil {
		t.Fatal(err)
	}
	csr, err := signing.PrepareCSR(pkix.Name{Country: []string{"AZ"}, CommonName: "Məmurzadə Nigar"}, public)
	if err != nil {
		t.Fatal(err)
	}
	k, err := w.client.Unlock(t.Context(), w.issuer.token(t, subject, nil), keyID)
	if err != nil {
		t.Fatal(err)
	}
	values, _, err := k.Sign(t.Context(), [][]byte{csr.Digest}, csr.SignerOpts())
	if err != nil {
		t.Fatal(err)
	}
	der, err := csr.Complete(values[0])
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func (w *world) roots(t *testing.T) *x509.CertPool {
	t.Helper()
	root, err := w.client.RootCertificate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(root) {
		t.Fatal("no root")
	}
	return pool
}

// TestEnrol: key, request, certificate of Vault's PKI, renewal with a new
// version, revocation.
func TestEnrol(t *testing.T) {
	w := newWorld(t)
	e := w.client.Enrolment(w.identity(t, "enrol"))
	for _, keyType := range []string{TypeP256, TypeP384, TypeRSA3072} {
		t.Run(keyType, func(t *testing.T) {
			subject, keyID := w.officer(t, keyType)
			if again, err := e.CreateKey(t.Context(), subject, keyType); err != nil || again != keyID {
				t.Errorf("an interrupted enrolment goes on: %s %v", again, err)
			}
			if _, err := e.CreateKey(t.Context(), subject, TypeRSA4096); !errors.Is(err, ErrSetup) {
				t.Errorf("another type for the same officer: %v", err)
			}
			chain, err := e.SignCSR(t.Context(), w.request(t, subject, keyID), Person{CommonName: "Məmurzadə Nigar Sınaq qızı", SerialNumber: "PNOAZ-" + subject}, 365*24*time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			certs, err := e.Import(t.Context(), keyID, chain, w.roots(t), time.Now())
			if err != nil {
				t.Fatal(err)
			}
			checkLeaf(t, certs[0], subject)

			second, err := e.Rotate(t.Context(), subject)
			if err != nil || !strings.HasSuffix(second, ":2") {
				t.Fatalf("%s %v", second, err)
			}
			if _, err := e.Import(t.Context(), second, chain, w.roots(t), time.Now()); err == nil || !strings.Contains(err.Error(), "another key") {
				t.Errorf("the old certificate with the new version: %v", err)
			}
			// Both versions sign, each as its own certificate says.
			w.request(t, subject, keyID)
			w.request(t, subject, second)

			if err := e.RevokeCertificate(t.Context(), certs[0].SerialNumber); err != nil {
				t.Fatal(err)
			}
			if err := e.RevokeCertificate(t.Context(), certs[0].SerialNumber); err != nil {
				t.Errorf("revoked again: %v", err)
			}
			if !w.onList(t, certs[0].SerialNumber) {
				t.Error("the certificate is not on the list")
			}
		})
	}
}

func checkLeaf(t *testing.T, c *x509.Certificate, subject string) {
	t.Helper()
	if c.Subject.CommonName != "Məmurzadə Nigar Sınaq qızı" || c.Subject.SerialNumber != "PNOAZ-"+subject ||
		!slices.Equal(c.Subject.Organization, []string{"Nümunə Rayon İcra Şöbəsi"}) || !slices.Equal(c.Subject.Country, []string{"AZ"}) {
		t.Errorf("subject %s", c.Subject)
	}
	if c.KeyUsage != x509.KeyUsageContentCommitment || c.IsCA || !c.BasicConstraintsValid {
		t.Errorf("usage %v, CA %v", c.KeyUsage, c.IsCA)
	}
	if len(c.ExtKeyUsage) != 0 || len(c.UnknownExtKeyUsage) != 1 || !c.UnknownExtKeyUsage[0].Equal(asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 36}) {
		t.Errorf("extended usage %v %v", c.ExtKeyUsage, c.UnknownExtKeyUsage)
	}
	if len(c.CRLDistributionPoints) != 1 || len(c.DNSNames)+len(c.EmailAddresses) != 0 {
		t.Errorf("list at %v, names %v %v", c.CRLDistributionPoints, c.DNSNames, c.EmailAddresses)
	}
	if left := time.Until(c.NotAfter); left < 364*24*time.Hour || left > 366*24*time.Hour {
		t.Errorf("valid until %v", c.NotAfter)
	}
}

// onList fetches the list where certificates say that it is.
func (w *world) onList(t *testing.T, serial *big.Int) bool {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.server.Address+"/v1/pki/crl", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	der, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	list, err := x509.ParseRevocationList(der)
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(list.RevokedCertificateEntries, func(e x509.RevocationListEntry) bool { return e.SerialNumber.Cmp(serial) == 0 })
}

func TestEnrolRefuses(t *testing.T) {
	w := newWorld(t)
	e := w.client.Enrolment(w.identity(t, "enrol"))
	for _, subject := range []string{"", "a/b", "..", "a.", "a-", "a b", "ə", strings.Repeat("a", 65), "a:1", "a/../docsvc-seal", "*"} {
		if _, err := e.CreateKey(t.Context(), subject, TypeP256); !errors.Is(err, ErrKeyID) {
			t.Errorf("subject %q: %v", subject, err)
		}
		if _, err := e.Rotate(t.Context(), subject); !errors.Is(err, ErrKeyID) {
			t.Errorf("subject %q: %v", subject, err)
		}
	}
	for _, keyType := range []string{"", "rsa-2048", "ed25519", "aes256-gcm96"} {
		if _, err := e.CreateKey(t.Context(), "5A", keyType); err == nil {
			t.Errorf("type %q", keyType)
		}
	}
	if _, err := e.Rotate(t.Context(), "NOBODY"); !errors.Is(err, ErrNoKey) {
		t.Errorf("%v", err)
	}
	subject, keyID := w.officer(t, TypeP256)
	if _, err := e.PublicKey(t.Context(), strings.Replace(keyID, ":1", ":7", 1)); !errors.Is(err, errNoKey) {
		t.Errorf("a version that is not there: %v", err)
	}
	der := w.request(t, subject, keyID)
	der[len(der)-1] ^= 1
	if _, err := e.SignCSR(t.Context(), der, Person{CommonName: "X"}, 0); err == nil {
		t.Error("a request with a wrong signature")
	}
	if err := e.RevokeCertificate(t.Context(), big.NewInt(0)); err == nil {
		t.Error("serial 0")
	}
	if err := e.RevokeCertificate(t.Context(), big.NewInt(12345)); err == nil {
		t.Error("a certificate that nobody issued")
	}
	// A key that can leave Vault is refused wherever it is met.
	w.must(t, w.server.RootToken, "PUT", "transit/keys/officer-"+subject+"/config", map[string]any{"exportable": true}, nil)
	keys, _ := openKeys(t, w)
	for name, err := range map[string]error{
		"create":    func() error { _, err := e.CreateKey(t.Context(), subject, TypeP256); return err }(),
		"rotate":    func() error { _, err := e.Rotate(t.Context(), subject); return err }(),
		"public":    func() error { _, err := e.PublicKey(t.Context(), keyID); return err }(),
		"check one": keys.CheckOfficerKey(t.Context(), subject),
		"check all": keys.CheckOfficerKeys(t.Context()),
	} {
		if !errors.Is(err, ErrSetup) || !strings.Contains(err.Error(), "exported") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestImport: a certificate of another authority.
func TestImport(t *testing.T) {
	w := newWorld(t)
	e := w.client.Enrolment(w.identity(t, "enrol"))
	national := signingtest.New(t, nil)
	subject, keyID := w.officer(t, TypeP256)
	request, err := x509.ParseCertificateRequest(w.request(t, subject, keyID))
	if err != nil {
		t.Fatal(err)
	}
	issue := func(public crypto.PublicKey) [][]byte {
		template := &x509.Certificate{
			SerialNumber: big.NewInt(5), Subject: request.Subject, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
			KeyUsage: x509.KeyUsageContentCommitment | x509.KeyUsageDigitalSignature,
		}
		der, err := x509.CreateCertificate(rand.Reader, template, national.Issuing.Cert, public, national.Issuing.Key)
		if err != nil {
			t.Fatal(err)
		}
		return [][]byte{der, national.Issuing.Cert.Raw}
	}
	certs, err := e.Import(t.Context(), keyID, issue(request.PublicKey), national.Roots(), time.Now())
	if err != nil || len(certs) != 2 {
		t.Errorf("%d %v", len(certs), err)
	}
	if _, err := e.Import(t.Context(), keyID, issue(signingtest.P256(t).Public()), national.Roots(), time.Now()); err == nil {
		t.Error("a certificate of another key was imported")
	}
	if _, err := e.Import(t.Context(), keyID, issue(request.PublicKey), w.roots(t), time.Now()); err == nil {
		t.Error("a certificate of an authority that is not trusted was imported")
	}
}

// TestIssuedAnswers: what an authority may not answer.
func TestIssuedAnswers(t *testing.T) {
	p := signingtest.New(t, nil)
	encode := func(c *x509.Certificate) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	leaf := encode(p.TSA.Cert)
	public := p.TSA.Cert.PublicKey
	chain, err := issued(public, []string{leaf, encode(p.Issuing.Cert), encode(p.Root.Cert)})
	if err != nil || len(chain) != 2 || !bytes.Equal(chain[1], p.Issuing.Cert.Raw) {
		t.Errorf("%d %v", len(chain), err)
	}
	for name, pems := range map[string][]string{
		"empty": {""}, "not PEM": {"x"}, "a key": {strings.ReplaceAll(leaf, "CERTIFICATE", "PRIVATE KEY")},
		"another key": {encode(p.Issuing.Cert)}, "more behind it": {leaf + leaf}, "long": {strings.Repeat("x", maxPEM+1)}, "a bad chain": {leaf, "x"},
	} {
		if _, err := issued(public, pems); !errors.Is(err, ErrAnswer) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRetire: an operator ends an old version, whose certificate was renewed.
func TestRetire(t *testing.T) {
	w := newWorld(t)
	subject, first := w.officer(t, TypeP256)
	second, err := w.client.Enrolment(w.identity(t, "enrol")).Rotate(t.Context(), subject)
	if err != nil {
		t.Fatal(err)
	}
	w.must(t, w.policyToken(t, "docsvc-operator"), "PUT", "transit/keys/officer-"+subject+"/config", map[string]any{"min_encryption_version": 2}, nil)
	for keyID, good := range map[string]bool{first: false, second: true} {
		k, err := w.client.Unlock(t.Context(), w.issuer.token(t, subject, nil), keyID)
		if err != nil {
			t.Fatal(err)
		}
		_, use, err := k.Sign(t.Context(), digests(2), crypto.SHA256)
		if (err == nil) != good || use == "" {
			t.Errorf("%s, use %q: %v", keyID, use, err)
		}
	}
	keys, _ := openKeys(t, w)
	if _, err := keys.OfficerPublicKey(t.Context(), first); err != nil {
		t.Errorf("the public key of a retired version: %v", err)
	}
}

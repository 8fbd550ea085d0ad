package revocation_test

import (
	"crypto/elliptic"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"docsvc/internal/signing"
	"docsvc/internal/signing/revocation"
	"docsvc/internal/signing/signingtest"
)

func TestUsable(t *testing.T) {
	w := newWorld(t)
	stranger := newWorld(t)
	officer := func(ca *signingtest.Entity, edit func(*x509.Certificate)) *x509.Certificate {
		c := signingtest.OfficerTemplate("Məmurzadə Nigar Sınaq qızı")
		edit(c)
		return w.Issue(t, ca, signingtest.P256(t), c).Cert
	}
	plain := func(*x509.Certificate) {}
	revoked, held, later := officer(w.Issuing, plain), officer(w.Issuing, plain), officer(w.Issuing, plain)
	revokedExpired := officer(w.Issuing, func(c *x509.Certificate) { c.NotAfter = w.now().Add(-time.Second) })
	badCA := w.Issue(t, w.Root, signingtest.P256(t), caTemplate("Revoked CA"))
	w.put(rootList, page(w.list(t, w.Root, nil, badCA.Cert)))
	w.put(issuingList, page(w.list(t, w.Issuing, func(l *x509.RevocationList) {
		l.RevokedCertificateEntries = append(l.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: held.SerialNumber, RevocationTime: w.now().Add(-time.Hour), ReasonCode: 6},
			x509.RevocationListEntry{SerialNumber: later.SerialNumber, RevocationTime: w.now().Add(time.Hour), ReasonCode: 5})
	}, revoked, revokedExpired)))
	s := w.open(t, func(c *revocation.Config) {
		c.Anchors.Intermediates = append(c.Anchors.Intermediates, badCA.Cert)
		c.Others = []*revocation.Anchors{stranger.anchors()}
	})
	for _, c := range []struct {
		name string
		cert *x509.Certificate
		want revocation.State
		says string
	}{
		{"good", officer(w.Issuing, plain), good, ""},
		{"directly below the root", officer(w.Root, plain), good, ""},
		{"expired", officer(w.Issuing, func(c *x509.Certificate) { c.NotAfter = w.now().Add(-time.Second) }), revocation.Expired, "expired"},
		{"not yet valid", officer(w.Issuing, func(c *x509.Certificate) { c.NotBefore = w.now().Add(time.Second) }), revocation.NotYetValid, "valid from"},
		{"revoked", revoked, revocation.Revoked, "revoked on"},
		{"revoked and expired", revokedExpired, revocation.Revoked, "revoked on"},
		{"suspended", held, revocation.Suspended, "suspended on"},
		{"to be revoked in an hour", later, good, ""},
		{"self-signed", officer(nil, plain), revocation.Unknown, "not issued by a trusted authority"},
		{"by another CA of the same name", stranger.Officer(t, signingtest.P256(t)).Cert, revocation.Unknown, "trusted"},
		{"expired, by another CA", stranger.Issue(t, stranger.Issuing, signingtest.P256(t), func() *x509.Certificate {
			c := signingtest.OfficerTemplate("X")
			c.NotAfter = w.now().Add(-time.Second)
			return c
		}()).Cert, revocation.Unknown, "trusted"},
		{"below a revoked CA", officer(badCA, plain), revocation.Revoked, "Revoked CA"},
		{"CA", w.Issuing.Cert, revocation.Unfit, "CA"},
		{"time-stamping", w.TSA.Cert, revocation.Unfit, "extended key usage"},
		{"key usage", officer(w.Issuing, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }), revocation.Unfit, "key usage"},
		{"key that is not signed with", w.Issue(t, w.Issuing, ecKey(t, elliptic.P521()), signingtest.OfficerTemplate("X")).Cert, revocation.Unfit, "unsupported key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := s.Usable(t.Context(), c.cert, w.now())
			if got := state(t, err); got != c.want || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s, want %s: %v", got, c.want, err)
			}
		})
	}
	if n := w.count(issuingList); n != 1 {
		t.Errorf("the list was fetched %d times", n)
	}
	// As of a time before its revocation the certificate was good.
	if err := s.Usable(t.Context(), revoked, w.now().Add(-2*time.Minute)); err != nil {
		t.Error(err)
	}
}

// TestStale: the list runs out, and nothing newer can be had.
func TestStale(t *testing.T) {
	w := newWorld(t)
	e, bad := w.Officer(t, signingtest.P256(t)).Cert, w.Officer(t, signingtest.P256(t)).Cert
	w.publish(t, bad)
	s := w.open(t, nil)
	w.expect(t, s, e, good)
	w.put(issuingList, nil)
	w.put(rootList, nil)
	w.pass(23 * time.Hour)
	w.expect(t, s, e, good)
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("a list that counts is reported: %v", err)
	}
	w.pass(2 * time.Hour)
	w.expect(t, s, e, unavailable)
	w.expect(t, s, bad, revocation.Revoked) // believed from old lists too
	err := s.Check(t.Context())
	if err == nil || !strings.Contains(err.Error(), "too old") || !strings.Contains(err.Error(), "404") {
		t.Errorf("the probe says %v", err)
	}
	// Who asks again at once does not make us ask again at once.
	n := w.count(issuingList)
	w.expect(t, s, e, unavailable)
	if w.count(issuingList) != n {
		t.Error("a CA that is down is asked for every act")
	}
	w.publish(t, bad)
	w.pass(30 * time.Second)
	w.expect(t, s, e, good)
}

func TestMaxAge(t *testing.T) {
	w := newWorld(t)
	e := w.Officer(t, signingtest.P256(t)).Cert
	s := w.open(t, func(c *revocation.Config) { c.MaxAge = 3 * time.Hour })
	w.expect(t, s, e, good)
	w.pass(2 * time.Hour)
	w.expect(t, s, e, good) // not modified, but confirmed
	w.put(issuingList, nil)
	w.pass(2 * time.Hour)
	w.expect(t, s, e, good)
	w.pass(2 * time.Hour)
	w.expect(t, s, e, unavailable)
}

// TestDistributionPoints: without configured addresses, those that
// certificates name are used, if the certificate is ours.
func TestDistributionPoints(t *testing.T) {
	w, stranger := newWorld(t), newWorld(t)
	points := func(w *world, ca *signingtest.Entity, urls ...string) *x509.Certificate {
		c := signingtest.OfficerTemplate("X")
		c.CRLDistributionPoints = urls
		return w.Issue(t, ca, signingtest.P256(t), c).Cert
	}
	bare := func(c *revocation.Config) { c.CRLs = nil }
	s := w.open(t, bare)
	w.expect(t, s, points(w, w.Root, "ldap://127.0.0.1/x", "file:///etc/passwd", w.url(rootList)), good)
	w.expect(t, s, w.Officer(t, signingtest.P256(t)).Cert, unavailable) // names none
	if n := len(s.Status()); n != 1 {
		t.Errorf("%d addresses", n)
	}
	// A stranger's certificate makes us ask nobody.
	foreign := points(stranger, stranger.Issuing, w.url("/elsewhere"))
	w.expect(t, s, foreign, revocation.Unknown)
	if lists, err := s.Lists(t.Context(), foreign, stranger.Issuing.Cert); err != nil || len(lists) != 0 {
		t.Error(lists, err)
	}
	s.Watch(foreign, stranger.Issuing.Cert)
	if err := s.Refresh(t.Context()); err != nil || w.count("/elsewhere") != 0 {
		t.Errorf("asked where a stranger's certificate pointed: %v", err)
	}
	// The verifier's questions only take note; Run asks.
	s = w.open(t, func(c *revocation.Config) {
		bare(c)
		c.Anchors.Intermediates = nil // the CA comes with the signature
	})
	mine := points(w, w.Issuing, w.url(issuingList))
	n := w.count(issuingList)
	if lists, _ := s.Lists(t.Context(), mine, w.Issuing.Cert); len(lists) != 0 || w.count(issuingList) != n {
		t.Error("the verifier's question went to the network")
	}
	if err := s.Refresh(t.Context()); err != nil || w.count(issuingList) != n+1 {
		t.Errorf("%v, asked %d times", err, w.count(issuingList)-n)
	}
	if crls, _, err := s.Evidence(t.Context(), mine, w.Issuing.Cert); err != nil || len(crls) != 1 {
		t.Errorf("%d lists, %v", len(crls), err)
	}
}

// TestExpiredSigner: an act stays provable after its signer's certificate has
// expired where the CA is known to keep revoked certificates on its lists.
func TestExpiredSigner(t *testing.T) {
	for _, keep := range []bool{false, true} {
		w := newWorld(t)
		short, bad := signingtest.OfficerTemplate("X"), signingtest.OfficerTemplate("Y")
		short.NotAfter, bad.NotAfter = w.now().Add(time.Hour), w.now().Add(time.Hour)
		e, thief := w.Issue(t, w.Issuing, signingtest.P256(t), short), w.Issue(t, w.Issuing, signingtest.P256(t), bad)
		sign := func(e *signingtest.Entity) []byte {
			b, err := signing.Sign(t.Context(), signing.Request{
				PDF: signingtest.PDF(100, "imza1"), Field: "imza1", Certificate: e.Cert, Chain: w.Chain(), Level: signing.LevelBT, Time: w.now(),
			}, signing.SignerKey(e.Key), w.PKI)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		genuine, stolen := sign(e), sign(thief)
		w.pass(48 * time.Hour)
		w.put(rootList, page(w.list(t, w.Root, nil)))
		w.put(issuingList, page(w.list(t, w.Issuing, func(l *x509.RevocationList) {
			l.RevokedCertificateEntries = []x509.RevocationListEntry{{SerialNumber: thief.Cert.SerialNumber, RevocationTime: w.now().Add(-49 * time.Hour)}}
		})))
		dir := t.TempDir()
		for _, from := range []string{"network", "cache"} {
			s := w.open(t, func(c *revocation.Config) { c.Anchors.KeepExpired, c.CacheDir = keep, dir })
			if err := s.Refresh(t.Context()); from == "network" && err != nil {
				t.Fatal(err)
			}
			v := &signing.Verifier{Roots: w.Roots(), Now: w.now, Revocation: s}
			for _, c := range []struct {
				file []byte
				want string
			}{{genuine, map[bool]string{false: signing.TryLater, true: ""}[keep]}, {stolen, signing.RevokedNoPOE}} {
				r, err := v.Verify(t.Context(), c.file, time.Time{})
				if err != nil || r.SubIndication != c.want {
					t.Errorf("keep %v, from the %s: %v %+v, want %q", keep, from, err, r, c.want)
				}
			}
			w.down()
		}
	}
}

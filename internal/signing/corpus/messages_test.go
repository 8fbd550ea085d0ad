package corpus_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	_ "crypto/md5" // the corpus has signatures that must not count
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1"
	"crypto/x509"
	"slices"

	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

// forgedMessage is the act with a message that is wrong in one thing.
func forgedMessage(name, attack, indication, sub, reason string, change func(v *victim, f *forger)) corpusCase {
	return corpusCase{name, attack, indication, sub, reason, func(v *victim) []byte {
		return v.forge(func(f *forger) { change(v, f) })
	}, 0}
}

const confusion = "certificate confusion: "

// mallory is a stranger with the officer's name.
func (v *victim) mallory() *signingtest.Entity {
	return v.p.Issue(v.T, nil, signingtest.P256(v.T), signingtest.OfficerTemplate(v.officer.Cert.Subject.CommonName))
}

// replaced puts one attribute, which may be several or none, in the place of
// another.
func replaced(f *forger, oid []int, with ...[]byte) {
	prefix := f.der(asn1OID(oid))
	f.attributes = func(list [][]byte) [][]byte {
		var out [][]byte
		for _, a := range list {
			if !hasType(a, prefix) {
				out = append(out, a)
			}
		}
		return sorted(append(out, with...))
	}
}

var corpusMessages = slices.Concat(confusedCertificates, changedAttributes, weakMessages)

var confusedCertificates = []corpusCase{
	forgedMessage("stranger's key", confusion+"the officer's certificate, the stranger's key", signing.TotalFailed, signing.SigCryptoFailure, "the value is not by the certificate's key",
		func(v *victim, f *forger) { f.key = v.mallory().Key }),
	forgedMessage("stranger of the same name", confusion+"a self-signed certificate with the officer's name", signing.Indeterminate, signing.NoCertificateChain, "nobody vouches for it",
		func(v *victim, f *forger) {
			m := v.mallory()
			f.key, f.sid, f.bound, f.certificates = m.Key, m.Cert, m.Cert, chain(m.Cert, v.officer.Cert, v.p.Issuing.Cert)
		}),
	forgedMessage("certificate in the message only", confusion+"the officer's certificate stands first, the stranger's is meant", signing.Indeterminate, signing.NoCertificateChain, "the certificate that the message names counts",
		func(v *victim, f *forger) {
			m := v.mallory()
			f.key, f.sid, f.bound, f.certificates = m.Key, m.Cert, m.Cert, chain(v.officer.Cert, v.p.Issuing.Cert, m.Cert)
		}),
	forgedMessage("second certificate of the key", confusion+"the key has two certificates; the signature is bound to the other", signing.Indeterminate, signing.SigConstraintsFailure, "signing-certificate-v2 names another certificate",
		func(v *victim, f *forger) {
			twin := v.p.Officer(v.T, v.officer.Key)
			f.sid, f.certificates = twin.Cert, chain(twin.Cert, v.p.Issuing.Cert)
		}),
	forgedMessage("certificate left out", confusion+"the message does not bring the signer's certificate", signing.Indeterminate, signing.NoSigningCertificate, "nothing says whose key it is",
		func(v *victim, f *forger) { f.certificates = chain(v.p.Issuing.Cert) }),
	forgedMessage("officer of another CA", confusion+"a CA of the same name and another key", signing.Indeterminate, signing.NoCertificateChain, "the CA's name is not its key",
		func(v *victim, f *forger) {
			ca := v.p.Issue(v.T, nil, signingtest.P256(v.T), &x509.Certificate{Subject: v.p.Issuing.Cert.Subject, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
			m := v.p.Issue(v.T, ca, signingtest.P256(v.T), signingtest.OfficerTemplate("X"))
			f.key, f.sid, f.bound, f.certificates = m.Key, m.Cert, m.Cert, chain(m.Cert, ca.Cert, v.p.Issuing.Cert)
		}),
	forgedMessage("issued by an officer", confusion+"the officer's certificate issues another", signing.Indeterminate, signing.NoCertificateChain, "an officer is no CA",
		func(v *victim, f *forger) {
			m := v.p.Issue(v.T, v.officer, signingtest.P256(v.T), signingtest.OfficerTemplate("X"))
			f.key, f.sid, f.bound, f.certificates = m.Key, m.Cert, m.Cert, chain(m.Cert, v.officer.Cert, v.p.Issuing.Cert)
		}),
	forgedMessage("root in the message", confusion+"the message brings the root that it leads to", signing.Indeterminate, signing.NoCertificateChain, "roots are the verifier's, not the file's",
		func(v *victim, f *forger) {
			other := signingtest.New(v.T, v.clock.Now)
			m := other.Officer(v.T, signingtest.P256(v.T))
			f.key, f.sid, f.bound, f.certificates = m.Key, m.Cert, m.Cert, chain(m.Cert, other.Issuing.Cert, other.Root.Cert)
		}),
	forgedMessage("time-stamping key signs", confusion+"the time-stamping unit signs an act", signing.Indeterminate, signing.ChainConstraintsFailure, "its certificate is not for signing documents",
		func(v *victim, f *forger) {
			f.key, f.sid, f.bound, f.certificates = v.p.TSA.Key, v.p.TSA.Cert, v.p.TSA.Cert, chain(v.p.TSA.Cert, v.p.Issuing.Cert)
		}),
	forgedMessage("CA signs", confusion+"the issuing CA signs an act", signing.Indeterminate, signing.ChainConstraintsFailure, "a CA does not sign documents",
		func(v *victim, f *forger) {
			f.key, f.sid, f.bound, f.certificates = v.p.Issuing.Key, v.p.Issuing.Cert, v.p.Issuing.Cert, chain(v.p.Issuing.Cert)
		}),
	forgedMessage("TLS server signs", confusion+"a certificate for TLS servers", signing.Indeterminate, signing.ChainConstraintsFailure, "its certificate is not for signing documents",
		func(v *victim, f *forger) {
			t := signingtest.OfficerTemplate("www")
			t.UnknownExtKeyUsage, t.ExtKeyUsage = nil, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
			m := v.p.Issue(v.T, v.p.Issuing, signingtest.P256(v.T), t)
			f.key, f.sid, f.bound, f.certificates = m.Key, m.Cert, m.Cert, chain(m.Cert, v.p.Issuing.Cert)
		}),
}

var changedAttributes = []corpusCase{
	forgedMessage("signing certificate missing", "no signing-certificate-v2", signing.Indeterminate, signing.SigConstraintsFailure, "the certificate could be exchanged",
		func(_ *victim, f *forger) { replaced(f, oidAttrSigningCert) }),
	forgedMessage("signing certificate of version 1", "signing-certificate with SHA-1", signing.Indeterminate, signing.SigConstraintsFailure, "SHA-1 binds nothing",
		func(v *victim, f *forger) {
			replaced(f, oidAttrSigningCert, f.attribute(oidAttrSigningCertV1, f.seq(f.seq(f.seq(f.der(f.sum(crypto.SHA1, v.officer.Cert.Raw)))))))
		}),
	forgedMessage("signing certificate by SHA-1", "signing-certificate-v2 with SHA-1", signing.Indeterminate, signing.CryptoConstraints, "SHA-1 binds nothing",
		func(v *victim, f *forger) {
			id := f.seq(f.algorithm(oidDigestSHA1), f.der(f.sum(crypto.SHA1, v.officer.Cert.Raw)))
			replaced(f, oidAttrSigningCert, f.attribute(oidAttrSigningCert, f.seq(f.seq(id))))
		}),
	forgedMessage("signing certificate of the CA", "signing-certificate-v2 names the CA first", signing.Indeterminate, signing.SigConstraintsFailure, "the first one must be the signer's",
		func(v *victim, f *forger) { f.bound = v.p.Issuing.Cert }),
	forgedMessage("signing certificate twice", "two attributes signing-certificate-v2", signing.TotalFailed, formatFailure, "an attribute stands once (RFC 5652 § 11)",
		func(v *victim, f *forger) {
			a := f.attribute(oidAttrSigningCert, f.signingCertificate(v.officer.Cert))
			replaced(f, oidAttrSigningCert, a, f.attribute(oidAttrSigningCert, f.signingCertificate(v.p.Issuing.Cert)))
		}),
	forgedMessage("digest missing", "no message-digest", signing.TotalFailed, formatFailure, "nothing binds the message to the bytes",
		func(_ *victim, f *forger) { replaced(f, oidAttrMessageDigest) }),
	forgedMessage("digest of other bytes", "message-digest of something else", signing.TotalFailed, signing.HashFailure, "other bytes were signed",
		func(_ *victim, f *forger) {
			replaced(f, oidAttrMessageDigest, f.attribute(oidAttrMessageDigest, f.der(f.sum(crypto.SHA256, nil))))
		}),
	forgedMessage("digest twice", "two values of message-digest", signing.TotalFailed, formatFailure, "an attribute has one value",
		func(_ *victim, f *forger) {
			replaced(f, oidAttrMessageDigest, f.attribute(oidAttrMessageDigest, f.der(f.sum(crypto.SHA256, nil)), f.der(f.sum(crypto.SHA256, []byte("x")))))
		}),
	forgedMessage("content type missing", "no content-type", signing.TotalFailed, formatFailure, "RFC 5652 § 5.3 requires it",
		func(_ *victim, f *forger) { replaced(f, oidAttrContentType) }),
	forgedMessage("content type of another", "content-type is not that of the message", signing.TotalFailed, formatFailure, "RFC 5652 § 11.1",
		func(_ *victim, f *forger) {
			replaced(f, oidAttrContentType, f.attribute(oidAttrContentType, f.der(oidMessageSigned)))
		}),
	forgedMessage("no attributes", "an empty set of signed attributes", signing.TotalFailed, formatFailure, "the value is over nothing",
		func(_ *victim, f *forger) { f.attributes = func([][]byte) [][]byte { return nil } }),
	forgedMessage("attributes of another message", "the value is over another set", signing.TotalFailed, signing.SigCryptoFailure, "the attributes were not signed",
		func(_ *victim, f *forger) {
			f.signWhat = func(set []byte) []byte { return append([]byte("x"), set...) }
		}),
	forgedMessage("attributes as context tag", "the value is over the attributes with their tag as written", signing.TotalFailed, signing.SigCryptoFailure, "RFC 5652 § 5.4 has the tag of a SET signed",
		func(_ *victim, f *forger) {
			f.signWhat = func(set []byte) []byte { return append([]byte{0xa0}, set[1:]...) }
		}),
	forgedMessage("two signers", "the message has two SignerInfos", signing.Indeterminate, signing.SigConstraintsFailure, "ISO 32000-2 § 12.8.3.3.1 allows one",
		func(_ *victim, f *forger) { f.signers = 2 }),
	forgedMessage("no signer", "a message without SignerInfo", signing.Indeterminate, signing.SigConstraintsFailure, "nobody signed",
		func(_ *victim, f *forger) { f.signers = 0 }),
	forgedMessage("content inside", "the message brings content of its own", signing.TotalFailed, formatFailure, "what is signed must be the file",
		func(_ *victim, f *forger) { f.content = []byte("Borc 6180,45") }),
	forgedMessage("digest not announced", "digestAlgorithms names another", signing.TotalFailed, formatFailure, "the message contradicts itself",
		func(_ *victim, f *forger) { f.announced = oidDigestSHA384 }),
	forgedMessage("algorithm exchanged", "the digest is SHA-256, the signature algorithm says SHA-384", signing.Indeterminate, signing.CryptoConstraints, "the two algorithms do not belong together",
		func(_ *victim, f *forger) { f.signature = oidSignECDSA384 }),
	forgedMessage("algorithm of another key", "RSA is said of an EC key", signing.Indeterminate, signing.CryptoConstraints, "the algorithm is not the key's",
		func(_ *victim, f *forger) { f.signature = oidSignRSASHA256 }),
	forgedMessage("time-stamp is no token", "the attribute of the time-stamp holds something else", signing.Indeterminate, signing.SigConstraintsFailure, "what is there must be right",
		func(_ *victim, f *forger) {
			f.unsigned = func([]byte) []byte { return f.attribute(oidAttrStamp, f.seq(f.der(1))) }
		}),
	forgedMessage("two time-stamps", "two tokens in one attribute", signing.TotalFailed, formatFailure, "which of the two counts would be a guess",
		func(v *victim, f *forger) {
			f.unsigned = func(value []byte) []byte {
				a := v.ok(v.p.Timestamp(v.Context(), f.sum(crypto.SHA256, value), crypto.SHA256))
				return f.attribute(oidAttrStamp, f.seq(f.der(1)), a[:0], f.seq(f.der(2)))
			}
		}),
}

var weakMessages = []corpusCase{
	forgedMessage("MD5", "message-digest by MD5", signing.Indeterminate, signing.CryptoConstraints, "MD5 is broken",
		func(_ *victim, f *forger) { f.digest, f.hash = oidDigestMD5, crypto.SHA256 }),
	{"SHA-1", "signed with SHA-1 in 2026", signing.Indeterminate, signing.CryptoConstraintsNoPOE, "SHA-1 counts until 2012 only, and nothing proves that the signature is older", func(v *victim) []byte {
		return v.forgeSHA1()
	}, 0},
	weakKey("RSA of 1024 bits", "a key of 1024 bits", signing.CryptoConstraintsNoPOE, "such keys count until 2010 only", func(v *victim) crypto.Signer { return rsaKey(v, 1024) }),
	weakKey("P-224", "an EC key of 224 bits", signing.CryptoConstraints, "such keys never counted here", func(v *victim) crypto.Signer {
		k, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
		if err != nil {
			v.Fatal(err)
		}
		return k
	}),
}

func rsaKey(v *victim, bits int) crypto.Signer {
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		v.Fatal(err)
	}
	return k
}

// weakKey has the CA certify a key that is too short.
func weakKey(name, attack, sub, reason string, key func(v *victim) crypto.Signer) corpusCase {
	return corpusCase{name, attack, signing.Indeterminate, sub, reason, func(v *victim) []byte {
		e := v.p.Officer(v.T, key(v))
		f := v.forger()
		f.key, f.sid, f.bound, f.certificates = e.Key, e.Cert, e.Cert, chain(e.Cert, v.p.Issuing.Cert)
		if _, ok := e.Key.(*rsa.PrivateKey); ok {
			f.signature = oidSignRSASHA256
		}
		return v.craft(v.withData(act(), v.status(e.Cert), v.status(v.p.Issuing.Cert)), plainDictionary, plainRange, f.message)
	}, 0}
}

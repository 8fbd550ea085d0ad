package corpus_test

import (
	"context"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ocsp"

	"docsvc/internal/pdf"
	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

// tsa makes tokens in any way.
type tsa func(digest []byte, h crypto.Hash) ([]byte, error)

func (f tsa) Timestamp(_ context.Context, digest []byte, h crypto.Hash) ([]byte, error) {
	return f(digest, h)
}

// stampedBy is the act with a signature time-stamp by somebody.
func stampedBy(name, attack, indication, sub, reason string, who func(v *victim) (*signingtest.Entity, *x509.Certificate), at time.Duration) corpusCase {
	return corpusCase{name, attack, indication, sub, reason, func(v *victim) []byte {
		unit, ca := who(v)
		file := v.blank()
		if v.isOurs(unit.Cert) {
			file = v.withMore(file, v.status(unit.Cert))
		}
		return v.craft(file, plainDictionary, plainRange, v.withToken(func(value []byte) []byte {
			return v.ok(signingtest.Token(unit, chain(ca), actDay.Add(at), sum(value), crypto.SHA256))
		}))
	}, 0}
}

func sum(b []byte) []byte {
	h := crypto.SHA256.New()
	h.Write(b)
	return h.Sum(nil)
}

// withToken is the officer's message with a token over its value.
func (v *victim) withToken(token func(value []byte) []byte) func(digest []byte) []byte {
	f := v.forger()
	f.unsigned = func(value []byte) []byte { return f.attribute(oidAttrStamp, token(value)) }
	return f.message
}

func (v *victim) isOurs(c *x509.Certificate) bool {
	return c.CheckSignatureFrom(v.p.Issuing.Cert) == nil
}

// withMore adds OCSP responses to the DSS.
func (v *victim) withMore(file []byte, responses ...[]byte) []byte {
	v.Helper()
	return edit(v.T, file, func(e *editor) {
		r := e.Catalog().Get("DSS").(pdf.Ref)
		store := e.Dict(r)
		list := slices.Clone(store.Get("OCSPs").(pdf.Array))
		for _, der := range responses {
			list = append(list, e.Add(&pdf.Stream{Dict: dict(), Raw: der}))
		}
		store.Set("OCSPs", list)
		e.Update.Put(r, store)
	})
}

func (v *victim) unit(edit func(c *x509.Certificate)) (*signingtest.Entity, *x509.Certificate) {
	c := signingtest.TSATemplate(v.clock.Now().AddDate(10, 0, 0))
	edit(c)
	return v.p.Issue(v.T, v.p.Issuing, signingtest.P256(v.T), c), v.p.Issuing.Cert
}

func (v *victim) own() (*signingtest.Entity, *x509.Certificate) { return v.p.TSA, v.p.Issuing.Cert }

const fakeTSA = "fake TSA: "

var corpusTrust = slices.Concat(fakeStamps, responders, revocations, times, certifications)

var fakeStamps = []corpusCase{
	stampedBy("stamp by another root", fakeTSA+"a PKI of the attacker's with the same names", signing.Indeterminate, signing.NoCertificateChain, "the root's name is not its key", func(v *victim) (*signingtest.Entity, *x509.Certificate) {
		other := signingtest.New(v.T, v.clock.Now)
		return other.TSA, other.Issuing.Cert
	}, 0),
	stampedBy("stamp by the officer", fakeTSA+"the officer's own key", signing.Indeterminate, signing.SigConstraintsFailure, "the certificate is not for time-stamping", func(v *victim) (*signingtest.Entity, *x509.Certificate) {
		return v.officer, v.p.Issuing.Cert
	}, 0),
	stampedBy("stamp without usage", fakeTSA+"a certificate without extended key usage", signing.Indeterminate, signing.SigConstraintsFailure, "RFC 3161 § 2.3 requires id-kp-timeStamping", func(v *victim) (*signingtest.Entity, *x509.Certificate) {
		return v.unit(func(c *x509.Certificate) { c.ExtraExtensions = nil })
	}, 0),
	stampedBy("stamp with usage not critical", fakeTSA+"id-kp-timeStamping, but not critical", signing.Indeterminate, signing.SigConstraintsFailure, "RFC 3161 § 2.3 requires it to be critical", func(v *victim) (*signingtest.Entity, *x509.Certificate) {
		return v.unit(func(c *x509.Certificate) { c.ExtraExtensions[0].Critical = false })
	}, 0),
	stampedBy("stamp with more usages", fakeTSA+"id-kp-timeStamping and another", signing.Indeterminate, signing.SigConstraintsFailure, "RFC 3161 § 2.3 requires it alone", func(v *victim) (*signingtest.Entity, *x509.Certificate) {
		return v.unit(func(c *x509.Certificate) {
			value, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}, {1, 3, 6, 1, 5, 5, 7, 3, 4}})
			if err != nil {
				v.Fatal(err)
			}
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: value}}
		})
	}, 0),
	stampedBy("stamp in the future", "a token of the next day", signing.Indeterminate, signing.TimestampOrderFailure, "it is later than the time of validation", (*victim).own, day),
	stampedBy("stamp before the certificates", "a backdated token", signing.TotalFailed, signing.NotYetValid, "the token is older than the unit's certificate", (*victim).own, -2*day),
	{"stamp over other data", "the token of another signature", signing.Indeterminate, signing.SigConstraintsFailure, "it proves something else", func(v *victim) []byte {
		return v.craft(v.blank(), plainDictionary, plainRange, v.withToken(func([]byte) []byte {
			return v.ok(v.p.Timestamp(v.Context(), sum([]byte("other")), crypto.SHA256))
		}))
	}, 0},
	{"stamp over the digest", "a token over the digest of the file in place of the signature value", signing.Indeterminate, signing.SigConstraintsFailure, "it proves that the file existed, not the signature", func(v *victim) []byte {
		f := v.forger()
		return v.craft(v.blank(), plainDictionary, plainRange, func(digest []byte) []byte {
			f.unsigned = func([]byte) []byte {
				return f.attribute(oidAttrStamp, v.ok(v.p.Timestamp(v.Context(), digest, crypto.SHA256)))
			}
			return f.message(digest)
		})
	}, 0},
	{"file stamp by another root", fakeTSA + "a document time-stamp of the attacker's", signing.Indeterminate, signing.NoCertificateChain, "the root's name is not its key", func(v *victim) []byte {
		other := signingtest.New(v.T, v.clock.Now)
		return v.stampFile(v.signed(), other)
	}, 0},
	{"file stamp over other data", "a document time-stamp over another file", signing.TotalFailed, signing.HashFailure, "the file is not the one that was stamped", func(v *victim) []byte {
		return v.stampFile(v.signed(), tsa(func([]byte, crypto.Hash) ([]byte, error) {
			return v.p.Timestamp(v.Context(), sum([]byte("other")), crypto.SHA256)
		}))
	}, 0},
	{"file stamp from the past", "the second document time-stamp is older than the first", signing.Indeterminate, signing.TimestampOrderFailure, "what it covers is younger than it", func(v *victim) []byte {
		file := v.stampFile(v.signed(), v.p)
		return v.stampFile(file, tsa(func(digest []byte, h crypto.Hash) ([]byte, error) {
			return signingtest.Token(v.p.TSA, v.p.Chain(), actDay.Add(-30*time.Minute), digest, h)
		}))
	}, 0},
	{"file stamp over a part", "a document time-stamp whose ByteRange leaves out the end", signing.TotalFailed, formatFailure, rangeReason, func(v *victim) []byte {
		return v.craft(v.blank(), with("ETSI.CAdES.detached", "ETSI.RFC3161"), func(s, e, n int) []int { return []int{0, s, e, n - e - 30} },
			func(digest []byte) []byte { return v.ok(v.p.Timestamp(v.Context(), digest, crypto.SHA256)) })
	}, 0},
	{"file stamp alone", "a document time-stamp and no signature", signing.Indeterminate, signing.NoSignatureFound, "a time-stamp is nobody's signature", func(v *victim) []byte {
		return v.craft(v.blank(), with("ETSI.CAdES.detached", "ETSI.RFC3161"), plainRange,
			func(digest []byte) []byte { return v.ok(v.p.Timestamp(v.Context(), digest, crypto.SHA256)) })
	}, 0},
}

// stampFile appends a document time-stamp by anybody, and nothing else: the
// augmenter would ask for validation data.
func (v *victim) stampFile(file []byte, by signing.Timestamper) []byte {
	v.Helper()
	const room = 2200
	br := "[0 %010d %010d %010d]"
	syntax := "<</Type/DocTimeStamp/Filter/Adobe.PPKLite/SubFilter/ETSI.RFC3161/ByteRange " + fmt.Sprintf(br, 0, 0, 0) +
		"/Contents <" + strings.Repeat("0", 2*room) + ">>>"
	var offset int
	out := edit(v.T, file, func(e *editor) {
		value := e.Update.New()
		offset = e.Update.PutRaw(value, []byte(syntax))
		r, page := e.Page()
		w := e.Add(dict("Type", name("Annot"), "Subtype", name("Widget"), "FT", name("Sig"), "T", pdf.String(fmt.Sprint("ts", value.Num)), "F", int64(132),
			"Rect", numbers(0, 0, 0, 0), "P", r, "V", value))
		page.Set("Annots", append(slices.Clone(page.Get("Annots").(pdf.Array)), w))
		e.Update.Put(r, page)
		e.SetForm("Fields", append(e.Fields(), w))
	})
	start := offset + strings.Index(syntax, "/Contents ") + len("/Contents ")
	end := start + 2*room + 2
	copy(out[offset+strings.Index(syntax, "[0 "):], fmt.Sprintf(br, start, end, len(out)-end))
	token := v.ok(by.Timestamp(v.Context(), sum(slices.Concat(out[:start], out[end:])), crypto.SHA256))
	hex.Encode(out[start+1:], token)
	return out
}

// tellsOf is the act with one response in place of the CA's about the officer.
func tellsOf(name, attack, sub, reason string, response func(v *victim) []byte) corpusCase {
	return corpusCase{name, attack, signing.Indeterminate, sub, reason, func(v *victim) []byte {
		return v.sign(v.withData(act(), response(v), v.status(v.p.Issuing.Cert)), signing.LevelBB)
	}, 0}
}

const noWord = "nothing that counts says that the certificate was not revoked"

var responders = []corpusCase{
	tellsOf("OCSP by a stranger", "a responder that certified itself", signing.TryLater, noWord, func(v *victim) []byte {
		r := v.p.Issue(v.T, nil, signingtest.P256(v.T), signingtest.ResponderTemplate("x", true))
		return v.ok(v.p.OCSP(v.officer.Cert, signingtest.OCSPAnswer{Responder: r}))
	}),
	tellsOf("OCSP by another CA's responder", "the responder of the root", signing.TryLater, noWord, func(v *victim) []byte {
		r := v.p.Issue(v.T, v.p.Root, signingtest.P256(v.T), signingtest.ResponderTemplate("x", true))
		return v.ok(v.p.OCSP(v.officer.Cert, signingtest.OCSPAnswer{Responder: r}))
	}),
	tellsOf("OCSP by an officer", "a responder without id-kp-OCSPSigning", signing.TryLater, noWord, func(v *victim) []byte {
		return v.ok(v.p.OCSP(v.officer.Cert, signingtest.OCSPAnswer{Responder: v.head}))
	}),
	tellsOf("OCSP by the signer", "the signer vouches for itself", signing.TryLater, noWord, func(v *victim) []byte {
		return v.ok(v.p.OCSP(v.officer.Cert, signingtest.OCSPAnswer{Responder: v.officer}))
	}),
	tellsOf("OCSP of another officer", "a response about another serial number", signing.TryLater, noWord, func(v *victim) []byte { return v.status(v.head.Cert) }),
	tellsOf("OCSP unknown", "the responder does not know the certificate", signing.TryLater, noWord, func(v *victim) []byte {
		return v.ok(v.p.OCSP(v.officer.Cert, signingtest.OCSPAnswer{Status: ocsp.Unknown}))
	}),
	tellsOf("OCSP too old", "a response that ended before the signature", signing.TryLater, noWord, func(v *victim) []byte {
		return v.ok(v.p.OCSP(v.officer.Cert, signingtest.OCSPAnswer{ThisUpdate: actDay.Add(-50 * time.Minute), NextUpdate: actDay.Add(-40 * time.Minute)}))
	}),
	tellsOf("OCSP from the future", "a response of next week", signing.TryLater, noWord, func(v *victim) []byte {
		return v.ok(v.p.OCSP(v.officer.Cert, signingtest.OCSPAnswer{ThisUpdate: actDay.Add(7 * day)}))
	}),
	tellsOf("OCSP changed", "a response whose bytes were changed", signing.TryLater, noWord, func(v *victim) []byte {
		der := v.status(v.officer.Cert)
		der[len(der)/2] ^= 1
		return der
	}),
	tellsOf("no OCSP", "no response about the officer", signing.TryLater, noWord, func(*victim) []byte { return []byte{} }),
	{"list of another CA", "a revocation list by a CA of the same name", signing.Indeterminate, signing.TryLater, noWord, func(v *victim) []byte {
		other := signingtest.New(v.T, v.clock.Now)
		crl := v.ok(other.CRL(other.Issuing, actDay, actDay.Add(day)))
		return v.sign(edit(v.T, v.withData(act(), v.status(v.p.Issuing.Cert)), func(e *editor) {
			e.Set(e.Catalog().Get("DSS").(pdf.Ref), "CRLs", pdf.Array{e.Add(&pdf.Stream{Dict: dict(), Raw: crl})})
		}), signing.LevelBB)
	}, 0},
	{"list for some reasons", "a revocation list for some reasons only", signing.Indeterminate, signing.TryLater, noWord, func(v *victim) []byte {
		return v.signWithList(func(l *x509.RevocationList) {
			l.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: []byte{0x30, 4, 0x83, 2, 6, 0x40}}}
		})
	}, 0},
	{"delta list", "a list of what changed since another", signing.Indeterminate, signing.TryLater, noWord, func(v *victim) []byte {
		return v.signWithList(func(l *x509.RevocationList) {
			l.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 1}}}
		})
	}, 0},
}

// revoked is an act after which something is revoked, as OCSP of the next hour
// tells.
func revoked(name, attack, indication, sub, reason string, level signing.Level, who func(v *victim) *x509.Certificate, at time.Duration) corpusCase {
	return corpusCase{name, attack, indication, sub, reason, func(v *victim) []byte {
		c := who(v)
		answer := v.ok(v.p.OCSP(c, signingtest.OCSPAnswer{Status: ocsp.Revoked, RevokedAt: actDay.Add(at), ThisUpdate: actDay.Add(30 * time.Minute)}))
		return edit(v.T, v.sign(v.blank(), level), addData(func(e *editor) pdf.Ref { return e.Add(&pdf.Stream{Dict: dict(), Raw: answer}) }))
	}, 0}
}

func officersOwn(v *victim) *x509.Certificate { return v.officer.Cert }

var revocations = []corpusCase{
	revoked("revoked before", "revoked ten minutes before the signing", signing.Indeterminate, signing.RevokedNoPOE, "EN 319 102-1 § 5.5: revoked, and no content time-stamp shows that the signature is younger", signing.LevelBT, officersOwn, -10*time.Minute),
	revoked("revoked after", "revoked ten minutes after the time-stamp", signing.TotalPassed, "", "the time-stamp proves that the signature is older", signing.LevelBT, officersOwn, 10*time.Minute),
	revoked("revoked after without a stamp", "revoked ten minutes after the signing, of which nothing proves the time", signing.Indeterminate, signing.RevokedNoPOE, "the claimed time proves nothing", signing.LevelBB, officersOwn, 10*time.Minute),
	revoked("CA revoked", "the issuing CA was revoked before", signing.Indeterminate, signing.RevokedCANoPOE, "nothing under it counts", signing.LevelBT, func(v *victim) *x509.Certificate { return v.p.Issuing.Cert }, -10*time.Minute),
	revoked("time-stamping unit revoked", "the unit was revoked after", signing.Indeterminate, signing.RevokedNoPOE, "who has its key can write any time into a token", signing.LevelBT, func(v *victim) *x509.Certificate { return v.p.TSA.Cert }, 10*time.Minute),
	{"two words on one certificate", "an older response says good, a newer one revoked before the signing", signing.Indeterminate, signing.RevokedNoPOE, "good is believed only when nothing says revoked", func(v *victim) []byte {
		bad := v.ok(v.p.OCSP(v.officer.Cert, signingtest.OCSPAnswer{Status: ocsp.Revoked, RevokedAt: actDay.Add(-time.Minute)}))
		return v.sign(v.withMore(v.blank(), bad, v.status(v.officer.Cert)), signing.LevelBB)
	}, 0},
}

// officerOf signs with a certificate of another time.
func officerOf(from, to time.Duration, level signing.Level) func(v *victim) []byte {
	return func(v *victim) []byte {
		t := signingtest.OfficerTemplate("X")
		t.NotBefore, t.NotAfter = actDay.Add(from), actDay.Add(to)
		e := v.p.Issue(v.T, v.p.Issuing, signingtest.P256(v.T), t)
		return v.signBy(e, v.withMore(v.blank(), v.status(e.Cert)), level, v.p)
	}
}

var times = []corpusCase{
	{"expired", "the certificate had expired when the act was signed", signing.Indeterminate, signing.OutOfBoundsNoPOE, "nothing proves that the signature is older", officerOf(-2*day, -day, signing.LevelBB), 0},
	{"expired before the stamp", "the same with a time-stamp", signing.Indeterminate, signing.OutOfBoundsNoPOE, "the time-stamp proves a time at which the certificate had expired", officerOf(-2*day, -day, signing.LevelBT), 0},
	{"expired since without a stamp", "the certificate expired after the signing", signing.Indeterminate, signing.OutOfBoundsNoPOE, "nothing proves that the signature is older", officerOf(-day, 30*time.Minute, signing.LevelBB), 0},
	{"expired since with a stamp", "the same with a time-stamp", signing.TotalPassed, "", "the time-stamp proves that the certificate was valid", officerOf(-day, 30*time.Minute, signing.LevelBT), 0},
	{"not yet valid", "the certificate begins tomorrow", signing.Indeterminate, signing.OutOfBoundsNoPOE, "it is not valid at the time of validation", officerOf(day, 2*day, signing.LevelBB), 0},
	{"not yet valid with a stamp", "the same with a time-stamp", signing.TotalFailed, signing.NotYetValid, "the signature is proven to be older than its certificate", officerOf(day, 2*day, signing.LevelBT), 2 * day},
	{"B-T ten years on", "every certificate has expired", signing.Indeterminate, signing.OutOfBoundsNoPOE, "no later time-stamp proves the first one", func(v *victim) []byte { return v.sign(v.blank(), signing.LevelBT) }, 11 * year},
}

var certifications = []corpusCase{
	{"certified against signatures", "DocMDP P 1, then another signature", signing.TotalFailed, formatFailure, "the certification permits no further signature", func(v *victim) []byte {
		return v.signBy(v.head, v.certify(1), signing.LevelBB, nil, second)
	}, 0},
	{"certified with annotations", "DocMDP P 3, then an annotation", signing.TotalFailed, formatFailure, "annotations never pass here, whatever the certification permits", func(v *victim) []byte {
		return edit(v.T, v.certify(3), annotate("FreeText"))
	}, 0},
	{"certified with an unknown P", "DocMDP P 9", signing.Indeterminate, signing.Generic, "what is not understood is not judged", func(v *victim) []byte { return v.certify(9) }, 0},
	{"certified in Perms only", "the catalog names a signature that does not certify", signing.TotalFailed, formatFailure, "the signature does not know of the certification", func(v *victim) []byte {
		file := v.blank()
		next := open(v.T, file).Len()
		file = edit(v.T, file, func(e *editor) { e.Set(e.Doc.Root(), "Perms", dict("DocMDP", pdf.Ref{Num: next})) })
		return v.craft(file, plainDictionary, plainRange, v.forger().message)
	}, 0},
	{"certified without Perms", "the signature certifies, the catalog does not say so", signing.TotalFailed, formatFailure, "ISO 32000-1 § 12.8.4 requires it", func(v *victim) []byte {
		return v.crafted(with("/ByteRange", "/Reference[<</Type/SigRef/TransformMethod/DocMDP/TransformParams<</Type/TransformParams/P 2/V/1.2>>>>]/ByteRange"), plainRange)
	}, 0},
	{"lock of fields", "FieldMDP locks all fields, then another signature", signing.TotalFailed, formatFailure, "the signature permits no further one", func(v *victim) []byte {
		return v.signBy(v.head, v.crafted(with("/ByteRange", "/Reference[<</Type/SigRef/TransformMethod/FieldMDP/TransformParams<</Type/TransformParams/Action/All/V/1.2>>>>]/ByteRange"), plainRange), signing.LevelBB, nil, second)
	}, 0},
	{"unknown transform", "a transform method that nobody knows", signing.Indeterminate, signing.Generic, "what is not understood is not judged", func(v *victim) []byte {
		return v.crafted(with("/ByteRange", "/Reference[<</Type/SigRef/TransformMethod/Evil>>]/ByteRange"), plainRange)
	}, 0},
}

// signWithList signs with a revocation list in place of OCSP about the officer.
func (v *victim) signWithList(change func(l *x509.RevocationList)) []byte {
	v.Helper()
	l := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: actDay, NextUpdate: actDay.Add(day)}
	change(l)
	crl := v.ok(x509.CreateRevocationList(nil, l, v.p.Issuing.Cert, v.p.Issuing.Key))
	return v.sign(edit(v.T, v.withData(act(), v.status(v.p.Issuing.Cert)), func(e *editor) {
		e.Set(e.Catalog().Get("DSS").(pdf.Ref), "CRLs", pdf.Array{e.Add(&pdf.Stream{Dict: dict(), Raw: crl})})
	}), signing.LevelBB)
}

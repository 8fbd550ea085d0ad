package corpus_test

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"

	"docsvc/internal/pdf"
	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

func passing(name, what, reason string, build func(v *victim) []byte) corpusCase {
	return corpusCase{name, what, signing.TotalPassed, "", reason, build, 0}
}

func (v *victim) raise(file []byte, to signing.Level) []byte {
	v.Helper()
	return v.ok(v.p.Augmenter().Augment(v.Context(), file, to))
}

func second(r *signing.Request) { r.Field = "imza2" }

// act is a small act that is signed without validation data in it before.
func act() []byte { return signingtest.PDF(32, "imza1", "imza2") }

const rightAll = "everything is as it must be"

var corpusValid = []corpusCase{
	passing("B-B", "signed once, at B-B", rightAll, func(v *victim) []byte { return v.signed() }),
	passing("B-T", "with a signature time-stamp", rightAll, func(v *victim) []byte { return v.sign(v.blank(), signing.LevelBT) }),
	passing("B-LT", "with validation data in an update", rightAll, func(v *victim) []byte {
		return v.raise(v.sign(act(), signing.LevelBT), signing.LevelBLT)
	}),
	passing("B-LTA", "with a document time-stamp", rightAll, func(v *victim) []byte {
		return v.raise(v.sign(act(), signing.LevelBT), signing.LevelBLTA)
	}),
	{"B-LTA five years on", "the officer's certificate has expired", signing.TotalPassed, "", "the time-stamps prove that it had not when the act was signed", func(v *victim) []byte {
		return v.raise(v.sign(act(), signing.LevelBT), signing.LevelBLTA)
	}, 5 * year},
	{"renewed after five years", "a second document time-stamp, by another unit", signing.TotalPassed, "", rightAll, func(v *victim) []byte {
		file := v.raise(v.sign(act(), signing.LevelBT), signing.LevelBLTA)
		v.clock.Years(5)
		v.p.NewTSA(v.T, signingtest.P256(v.T), v.clock.Now().AddDate(10, 0, 0))
		return v.ok(v.p.Augmenter().Renew(v.Context(), file))
	}, 12 * year},
	passing("two signatures", "signed by the officer and by the head", "a signature in the reserved field may follow", func(v *victim) []byte {
		return v.signBy(v.head, v.signed(), signing.LevelBB, nil, second)
	}),
	passing("certified and signed", "certified with DocMDP P 2, then signed by the head", "the certification permits it", func(v *victim) []byte {
		return v.signBy(v.head, v.sign(v.blank(), signing.LevelBB, func(r *signing.Request) { r.Certify = true }), signing.LevelBB, nil, second)
	}),
	passing("certified against changes", "certified with DocMDP P 1, then validation data", "validation data may always follow (ISO 32000-2 § 12.8.2.2.2)", func(v *victim) []byte {
		return edit(v.T, v.certify(1), addData(func(e *editor) pdf.Ref { return e.Add(&pdf.Stream{Dict: dict(), Raw: []byte("x")}) }))
	}),
	passing("data by signature", "VRI beside the lists, as others write it", "validation data may follow", func(v *victim) []byte {
		return edit(v.T, v.signed(), func(e *editor) {
			r := e.Catalog().Get("DSS").(pdf.Ref)
			e.Set(r, "VRI", dict(strings.Repeat("0A", 20), e.Add(dict("OCSP", pdf.Array{e.Add(&pdf.Stream{Dict: dict(), Raw: v.status(v.officer.Cert)})}, "TU", pdf.String("D:20261125093000Z")))))
		})
	}),
	passing("list in place of OCSP", "revocation lists in the DSS", rightAll, func(v *victim) []byte {
		v.p.UseLists(true)
		return v.raise(v.sign(act(), signing.LevelBT), signing.LevelBLT)
	}),
	passing("adbe.pkcs7.detached", "the SubFilter of ISO 32000-1", rightAll, func(v *victim) []byte {
		return v.crafted(with("ETSI.CAdES.detached", "adbe.pkcs7.detached"), plainRange)
	}),
	passing("crafted", "the forger's plain signature", "it is right: what the other files show is not the forger's clumsiness", func(v *victim) []byte {
		return v.crafted(plainDictionary, plainRange)
	}),
	passing("object written again", "the page stands in the update as it was", "nothing changed", func(v *victim) []byte {
		return edit(v.T, v.signed(), func(e *editor) {
			r, p := e.Page()
			e.Update.Put(r, p)
		})
	}),
	passing("empty update", "an update without objects", "nothing changed", func(v *victim) []byte {
		return edit(v.T, v.signed(), func(*editor) {})
	}),
	passing("line ends after the end", "as mail gateways leave it", "they carry nothing", func(v *victim) []byte { return append(v.signed(), "\r\n"...) }),
	passing("update by a cross-reference stream", "validation data in an object stream", "another way of writing the same", func(v *victim) []byte {
		return streamUpdate(v, v.signed())
	}),
	passing("P-384", "a key on P-384, SHA-384", rightAll, func(v *victim) []byte { return v.otherKey(signingtest.P384(v.T), false) }),
	passing("RSA", "RSA with 3072 bits", rightAll, func(v *victim) []byte { return v.otherKey(signingtest.RSA3072(v.T), false) }),
	passing("header later", "a line before the header, from which offsets count", "ISO 32000-2 § 7.5.1", func(v *victim) []byte {
		return shifted(v)
	}),
}

// otherKey signs with another key of an officer.
func (v *victim) otherKey(key crypto.Signer, pss bool) []byte {
	v.Helper()
	e := v.p.Officer(v.T, key)
	file := v.withData(act(), v.status(e.Cert), v.status(v.p.Issuing.Cert))
	return v.signBy(e, file, signing.LevelBB, nil, func(r *signing.Request) { r.PSS = pss })
}

// certify certifies by hand with any P.
func (v *victim) certify(p int) []byte {
	v.Helper()
	file := v.blank()
	next := open(v.T, file).Len()
	file = edit(v.T, file, func(e *editor) { e.Set(e.Doc.Root(), "Perms", dict("DocMDP", pdf.Ref{Num: next})) })
	return v.craft(file, with("/ByteRange", fmt.Sprintf("/Reference[<</Type/SigRef/TransformMethod/DocMDP/TransformParams<</Type/TransformParams/P %d/V/1.2>>>>]/ByteRange", p)),
		plainRange, v.forger().message)
}

// streamUpdate adds validation data by an object stream.
func streamUpdate(v *victim, file []byte) []byte {
	doc := open(v.T, file)
	next := doc.Len()
	catalog, err := doc.Catalog()
	if err != nil {
		v.Fatal(err)
	}
	store, err := doc.Dict(catalog.Get("DSS"))
	if err != nil {
		v.Fatal(err)
	}
	num := catalog.Get("DSS").(pdf.Ref).Num
	store = store.Clone()
	store.Set("CRLs", pdf.Array{pdf.Ref{Num: next}})
	crl := v.ok(v.p.CRL(v.p.Issuing, v.clock.Now(), v.clock.Now().Add(day)))
	out := slices.Clip(file)
	var at [3]int
	at[0] = len(out)
	out = fmt.Appendf(out, "%d 0 obj\n<</Length %d>>\nstream\n%s\nendstream\nendobj\n", next, len(crl), crl)
	head := fmt.Sprintf("%d 0 ", num)
	body := pdf.AppendObject([]byte(head), store)
	at[1] = len(out)
	out = fmt.Appendf(out, "%d 0 obj\n<</Type/ObjStm/N 1/First %d/Length %d>>\nstream\n%s\nendstream\nendobj\n", next+1, len(head), len(body), body)
	at[2] = len(out)
	out = fmt.Appendf(out, "%d 0 obj\n<</Type/XRef/Size %d/W[1 4 1]/Index[%d 1 %d 3]/Root 1 0 R/Prev %d/Length 24>>\nstream\n", next+2, next+3, num, next, doc.Sections()[0])
	for _, e := range [][2]int{{2, next + 1}, {1, at[0]}, {1, at[1]}, {1, at[2]}} {
		out = append(out, byte(e[0]), byte(e[1]>>24), byte(e[1]>>16), byte(e[1]>>8), byte(e[1]), 0)
	}
	return fmt.Appendf(out, "\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n", at[2])
}

// shifted signs a file with bytes before its header.
func shifted(v *victim) []byte {
	const junk = "junk\n"
	return v.craftShifted(junk, v.blank())
}

func chain(list ...*x509.Certificate) []*x509.Certificate { return list }

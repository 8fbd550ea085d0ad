package signing_test

import (
	"errors"
	"testing"

	"docsvc/internal/pdf"
	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

// certified signs imza1 as certification signature, through a stored state.
func certified(t testing.TB, p *signingtest.PKI, e *signingtest.Entity, file []byte, level signing.Level, pss bool) []byte {
	t.Helper()
	r := request(file, p, e, level)
	r.Certify, r.PSS = true, pss
	prep, err := signing.Prepare(r)
	if err != nil {
		t.Fatal(err)
	}
	state, err := prep.State()
	if err != nil {
		t.Fatal(err)
	}
	if prep, err = signing.RestorePrepared(prep.PDF, state); err != nil || !prep.Certify {
		t.Fatalf("restored: certify %v, %v", prep.Certify, err)
	}
	value, err := signing.SignerKey(e.Key).SignDigest(t.Context(), prep.Digest, prep.SignerOpts())
	if err != nil {
		t.Fatal(err)
	}
	out, err := signing.Complete(t.Context(), prep, value, p)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestCertify: the certified act is signed again, time-stamped and renewed.
func TestCertify(t *testing.T) {
	clock := signingtest.NewClock(actDay)
	p := signingtest.New(t, clock.Now)
	officer, head := p.Officer(t, signingtest.P256(t)), p.Officer(t, signingtest.P384(t))
	file := certified(t, p, officer, signingtest.PDF(500, "imza1", "imza2"), signing.LevelBLTA, false)
	file = raise(t, p, file, signing.LevelBLT)
	checkPerms(t, file)
	passes(t, p.Offline(), file, 1, 0)
	file = signed(t, p, head, file, "imza2", signing.LevelBLTA)
	file = raise(t, p, file, signing.LevelBLTA)
	passes(t, p.Offline(), file, 2, 1)
	clock.Years(2)
	file, err := p.Augmenter().Renew(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	checkPerms(t, file)
	passes(t, p.Verifier(), file, 2, 2)
}

// checkPerms compares the catalog and the signature dictionary with ISO 32000-1
// § 12.8.2.2 and § 12.8.4.
func checkPerms(t *testing.T, file []byte) {
	t.Helper()
	d := signingtest.Open(t, file)
	catalog, err := d.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	perms, err := d.Dict(catalog.Get("Perms"))
	if err != nil {
		t.Fatal(err)
	}
	signature, err := d.Dict(perms.Get("DocMDP"))
	if err != nil {
		t.Fatal(err)
	}
	references, err := d.Array(signature.Get("Reference"))
	if err != nil || len(references) != 1 {
		t.Fatalf("%v %v", references, err)
	}
	reference := references[0].(*pdf.Dict)
	params := reference.Get("TransformParams").(*pdf.Dict)
	if len(perms.Entries) != 1 || len(reference.Entries) != 3 { // ISO 19005-3 § 6.1.12
		t.Errorf("%v %v", perms, reference)
	}
	if signature.Get("Type") != pdf.Name("Sig") || reference.Get("TransformMethod") != pdf.Name("DocMDP") ||
		params.Get("P") != int64(2) || params.Get("V") != pdf.Name("1.2") {
		t.Errorf("%v", signature)
	}
}

func TestCertifyRefuses(t *testing.T) {
	p := signingtest.New(t, signingtest.NewClock(actDay).Now)
	e := p.Officer(t, signingtest.P256(t))
	file := signingtest.PDF(500, "imza1", "imza2")
	for name, signed := range map[string][]byte{
		"signed":    signed(t, p, e, file, "imza1", signing.LevelBB),
		"certified": certified(t, p, e, file, signing.LevelBB, false),
	} {
		r := request(signed, p, e, signing.LevelBB)
		r.Field, r.Certify = "imza2", true
		if _, err := signing.Prepare(r); !errors.Is(err, signing.ErrCertify) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

package document_test

import (
	"crypto/sha256"
	"encoding/json"
	"strings"
	"testing"

	"docsvc/internal/codes"
	"docsvc/internal/document"
)

// TestSummaryNamesAllSigners: the public summary has the approver, and the
// deputy as one; that of an act issued before still names its signer.
func TestSummaryNamesAllSigners(t *testing.T) {
	w, s, head, _ := newAbsence(t)
	if _, err := s.Substitute(t.Context(), head, w.absence(1)); err != nil {
		t.Fatal(err)
	}
	a := w.mustIssue(s, w.mustRegister(s, 1).Number, "a")
	summary, err := a.PublicSummary()
	if err != nil {
		t.Fatal(err)
	}
	want := []document.PublicSigner{{Name: "nigar", Post: "officer"}, {Name: "Officer vuqar", Post: "officer", InsteadOf: "post of ayten"}}
	if got := summary.AllSigners(); len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("signers %+v", got)
	}
	a.Summary = json.RawMessage(`{"titles":{"az":"Qərar"},"office_name":"O","signer_name":"A","signer_post":"p","parties":null}`)
	if summary, err = a.PublicSummary(); err != nil || len(summary.AllSigners()) != 1 || summary.AllSigners()[0].Name != "A" {
		t.Errorf("of before: %+v, %v", summary, err)
	}
}

// TestSealNamesAllSigners: the seal names all, and the first alone where all
// would not fit; every such act can be sealed.
func TestSealNamesAllSigners(t *testing.T) {
	long := strings.Repeat("ə", 60)
	for name, tc := range map[string]struct {
		signers []string
		parties int
		want    string
	}{
		"one":             {[]string{"A"}, 1, "A"},
		"two":             {[]string{"A", "B"}, 1, "A; B"},
		"too long a text": {[]string{"A", long, long}, 1, "A"},
		"too large":       {[]string{"A", long[:100]}, 4, "A"},
	} {
		summary := document.Summary{Titles: map[string]string{"az": "Qərar"}, OfficeName: "Nümunə Rayon İcra Şöbəsi", SignerName: tc.signers[0]}
		for _, s := range tc.signers {
			summary.Signers = append(summary.Signers, document.PublicSigner{Name: s})
		}
		for range tc.parties {
			summary.Parties = append(summary.Parties, document.Party{Role: "debtor", Name: strings.Repeat("Ə", 16)})
		}
		data, err := json.Marshal(summary)
		if err != nil {
			t.Fatal(err)
		}
		code, err := codes.NewCode(strings.NewReader(strings.Repeat("7", 64)))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(nil)
		a := document.Act{Case: "EI2611000000001T", Number: "EI2611000000001T-001", Date: "2026-11-20", Summary: data, Code: code.String(), DataSHA256: sum[:]}
		_, facts, err := a.SealedFacts()
		if err != nil || facts.Signer != tc.want || facts.Check() != nil {
			t.Errorf("%s: %q, %v, %v", name, facts.Signer, err, facts.Check())
		}
	}
}

package template

import (
	"strings"
	"testing"
	"time"
)

// TestSigners: what the head approves has two signatures, but that of a private
// officer, who has no head, one.
func TestSigners(t *testing.T) {
	l := builtin(t)
	for _, c := range []struct {
		id       string
		profile  Profile
		signers  int
		approver string
		author   string
	}{
		{"termination-decision", State, 2, "head", ""},
		{"termination-decision", Private, 1, "", ""},
		{"lifting-decision", State, 2, "head", ""},
		{"lifting-decision", Private, 1, "", ""},
		{"liability-submission", State, 2, "chief", "head"},
		{"extension-submission", State, 2, "chief", "head"},
		{"query", State, 1, "", ""},
	} {
		tmpl, err := l.Get(c.id, "1", time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		role := ""
		if a := tmpl.Meta.ApproverOf(c.profile); a != nil {
			role = a.Role
		}
		if n := tmpl.Meta.SignersOf(c.profile); n != c.signers || role != c.approver || tmpl.Meta.Author != c.author {
			t.Errorf("%s by %s: %d signers, approver %q, author %q", c.id, c.profile, n, role, tmpl.Meta.Author)
		}
	}
}

// TestPrivateTermination: one field, no word of a head, and the article of a
// private officer's powers to be confirmed.
func TestPrivateTermination(t *testing.T) {
	l := builtin(t)
	tmpl, err := l.Get("termination-decision", "1", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	r := renderSample(t, l, readSample(t, 6), sampleAct{tmpl.Meta.ID, Date{2026, 8, 20}, tmpl.Samples["sample-1.json"]}, 2, "private")
	if r.act.Summary.Signers != 1 || r.act.Summary.Approver != nil {
		t.Errorf("summary %+v", r.act.Summary)
	}
	if n := strings.Count(r.html, "<signature-field"); n != 1 {
		t.Errorf("%d signature fields", n)
	}
	for word, want := range map[string]bool{
		"TƏSDİQ": false, "rəhbərinə": false, "248-VIIQ nömrəli Qanununun (dəqiqləşdirilməlidir)": true,
		"borclunun əmək haqqından tutma": true, "Xüsusi icra məmuru</p>": true,
	} {
		if strings.Contains(r.html, word) != want {
			t.Errorf("%q is in the act: %v", word, !want)
		}
	}
}

func TestPostOf(t *testing.T) {
	d := Data{Profile: State, Office: OfficeFacts{Name: "Nümunə Rayon İcra Şöbəsi", Parent: "İcra baş idarəsi"}}
	for want, s := range map[string]Signer{
		"Nümunə Rayon İcra Şöbəsinin rəhbəri": {Post: "rəhbəri", Role: "head"},
		"Nümunə Rayon İcra Şöbəsinin məmuru":  {Post: "məmuru"},
		"İcra baş idarəsinin rəisi":           {Post: "rəisi", Role: "chief"},
	} {
		if got := d.PostOf(s); got != want {
			t.Errorf("%+v: %q, want %q", s, got, want)
		}
	}
	d.Office.Parent = ""
	if got := d.PostOf(Signer{Post: "rəisi", Role: "chief"}); got != "rəisi" {
		t.Errorf("no body above: %q", got)
	}
}

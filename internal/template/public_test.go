package template

import (
	"strings"
	"testing"
)

// TestPublic: each kind of act is explained, and the page names the court that
// the act prints.
func TestPublic(t *testing.T) {
	l := builtin(t)
	for _, tmpl := range l.List() {
		if tmpl.Public == nil {
			t.Errorf("%s is not explained to the public", tmpl.Meta.ID)
		}
	}
	words := map[Court]string{AdministrativeCourt: "inzibati məhkəməyə", IssuingCourt: "icra sənədini vermiş məhkəməyə"}
	for _, r := range renderSamples(t) {
		tmpl, err := l.Get(r.meta.ID, r.meta.Version, r.meta.From.Time())
		if err != nil {
			t.Fatal(err)
		}
		printed := NoComplaint
		for court, named := range words {
			if strings.Contains(r.html, named) {
				printed = court
			}
		}
		if tmpl.Public != nil && tmpl.Public.Complaint != printed {
			t.Errorf("%s: the page names %q, the act %q", r.name, tmpl.Public.Complaint, printed)
		}
	}
}

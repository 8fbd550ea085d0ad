package documenttest

import (
	"testing"

	"docsvc/internal/document"
)

// TestPermissions holds the core itself to the table.
func TestPermissions(t *testing.T) {
	rows := Permissions()
	if len(rows) != 13*9*3 {
		t.Errorf("%d rows", len(rows))
	}
	for _, p := range rows {
		a := document.Actor{Login: "x", Grants: []document.Grant{p.Grant}}
		if err := a.May(p.Action, Office); (err == nil) != p.May {
			t.Errorf("%s: %v", p, err)
		}
	}
}

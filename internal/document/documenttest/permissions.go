// Package documenttest holds what tests of several entrances (the pages, the
// API, the command line) share about the core.
package documenttest

import (
	"fmt"

	"docsvc/internal/document"
)

// Offices of the table: everything is tried on things of Office by an account
// with one grant, there or elsewhere.
const (
	Office = "110"
	Other  = "111"
)

// Permission says whether an account with one grant may do something to what
// belongs to [Office].
type Permission struct {
	Grant  document.Grant
	Action document.Action
	May    bool
}

// String names the row.
func (p Permission) String() string {
	return fmt.Sprintf("%s by %s of %s", p.Action, p.Grant.Role, p.Grant.Office)
}

// Permissions is the table of who may do what, written out once more on
// purpose, and not taken from the core: a change there has to be made here too.
// Every entrance is held to each of its rows.
func Permissions() []Permission {
	roles := []document.Role{
		document.RoleOfficer, document.RoleHead, document.RoleClerk, document.RoleArchivist,
		document.RoleAuditor, document.RoleOperator, document.RoleOwner, document.RoleChief, "visitor",
	}
	// One letter a role, in the order above: y may in an office that the grant
	// is for, - may not.
	table := []struct {
		action document.Action
		may    string
	}{
		{document.ActRegisterCase, "yyy------"},
		{document.ActIssue, "yy-------"},
		{document.ActSign, "yy-----y-"},
		{document.ActVoid, "yy-----y-"},
		{document.ActChange, "yy-------"},
		{document.ActServe, "yyy------"},
		{document.ActSubstitute, "-y----yy-"},
		{document.ActRead, "yyyyy--y-"},
		{document.ActTrail, "-y-yy----"},
		{document.ActExport, "-y-yy----"},
		{document.ActOperate, "-----yy--"},
		{document.ActAudit, "----y-y--"},
		{document.ActStatistics, "-y--y-y--"},
	}
	var all []Permission
	for _, row := range table {
		for i, role := range roles {
			for _, office := range []string{Office, Other, document.AnyOffice} {
				all = append(all, Permission{
					Grant: document.Grant{Role: role, Office: office}, Action: row.action,
					May: row.may[i] == 'y' && office != Other,
				})
			}
		}
	}
	return all
}

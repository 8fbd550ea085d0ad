package document

import "slices"

// Role is what a person is in an office.
type Role string

// The roles of docs/design.md D10.
const (
	RoleOfficer   Role = "officer"
	RoleHead      Role = "head"
	RoleClerk     Role = "clerk"
	RoleArchivist Role = "archivist"
	RoleAuditor   Role = "auditor"
	RoleOperator  Role = "operator"
	RoleOwner     Role = "owner"
	// RoleChief is the chief of the body that an office belongs to, who decides
	// on what its head submits.
	RoleChief Role = "chief"
)

// Roles lists all roles.
func Roles() []Role {
	return []Role{RoleOfficer, RoleHead, RoleChief, RoleClerk, RoleArchivist, RoleAuditor, RoleOperator, RoleOwner}
}

// AnyOffice is the office of a grant that holds everywhere.
const AnyOffice = "*"

// Grant gives a role in an office.
type Grant struct {
	Role   Role   `json:"role"`
	Office string `json:"office"`
}

// Actor is who asks. The command line and the web make it from an account that
// has proved who it is.
type Actor struct {
	Login     string
	Name      string
	RequestID string
	Grants    []Grant
	// Token is the prefix of the token by which a program asks, within Scopes;
	// empty: it is a person.
	Token  string
	Scopes []Scope
}

// Action is something an actor may or may not do.
type Action string

// The actions that the core guards.
const (
	ActRegisterCase Action = "case.register"
	ActIssue        Action = "act.issue"
	ActSign         Action = "act.sign"
	ActVoid         Action = "act.void"
	ActChange       Action = "act.change" // supersede, annul
	ActServe        Action = "act.serve"  // record that an act was served on a party
	ActSubstitute   Action = "officer.substitute"
	ActRead         Action = "act.read"
	ActTrail        Action = "act.trail"  // who did what to it, who has looked at it
	ActExport       Action = "act.export" // take acts out with their evidence, many at once
	ActOperate      Action = "operate"    // accounts, rebuild, jobs, tokens, webhooks
	ActAudit        Action = "audit.read"
	ActStatistics   Action = "statistics.read"
)

// permitted lists who may do what; an action that is not here is nobody's.
var permitted = map[Action][]Role{
	ActRegisterCase: {RoleOfficer, RoleClerk, RoleHead},
	ActIssue:        {RoleOfficer, RoleHead},
	ActSign:         {RoleOfficer, RoleHead, RoleChief},
	ActVoid:         {RoleOfficer, RoleHead, RoleChief},
	ActChange:       {RoleOfficer, RoleHead},
	ActServe:        {RoleOfficer, RoleClerk, RoleHead},
	ActSubstitute:   {RoleHead, RoleChief, RoleOwner}, // the first two for themselves
	ActRead:         {RoleOfficer, RoleHead, RoleClerk, RoleArchivist, RoleAuditor, RoleChief},
	ActTrail:        {RoleHead, RoleArchivist, RoleAuditor},
	ActExport:       {RoleHead, RoleArchivist, RoleAuditor},
	ActOperate:      {RoleOperator, RoleOwner},
	ActAudit:        {RoleAuditor, RoleOwner},
	ActStatistics:   {RoleHead, RoleAuditor, RoleOwner},
}

// May returns nil if the actor may do the action in the office, else a
// Forbidden error that says which role was wanted. A program needs the scope
// for the action too.
func (a Actor) May(action Action, office string) error {
	if err := a.program(action); err != nil {
		return err
	}
	for _, g := range a.Grants {
		if (g.Office == office || g.Office == AnyOffice) && slices.Contains(permitted[action], g.Role) {
			return nil
		}
	}
	return newError(Forbidden, "error.forbidden", nil,
		"login", a.Login, "action", string(action), "office", office)
}

// mayAnywhere returns nil if there is an office in which the actor may do it.
func (a Actor) mayAnywhere(action Action) error {
	err := a.May(action, "")
	for _, g := range a.Grants {
		if err == nil {
			break
		}
		err = a.May(action, g.Office)
	}
	return err
}

// officesFor lists the offices in which the actor may do it; everywhere says
// that it is all of them.
func (a Actor) officesFor(action Action) (offices []string, everywhere bool) {
	for _, g := range a.Grants {
		switch {
		case a.May(action, g.Office) != nil:
		case g.Office == AnyOffice:
			everywhere = true
		case !slices.Contains(offices, g.Office):
			offices = append(offices, g.Office)
		}
	}
	return offices, everywhere
}

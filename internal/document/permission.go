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
	ActTrail        Action = "act.trail" // who did what to it, who has looked at it
	ActOperate      Action = "operate"   // accounts, rebuild, jobs
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
	ActOperate:      {RoleOperator, RoleOwner},
}

// May returns nil if the actor may do the action in the office, else a
// Forbidden error that says which role was wanted.
func (a Actor) May(action Action, office string) error {
	for _, g := range a.Grants {
		if (g.Office == office || g.Office == AnyOffice) && slices.Contains(permitted[action], g.Role) {
			return nil
		}
	}
	return newError(Forbidden, "error.forbidden", nil,
		"login", a.Login, "action", string(action), "office", office)
}

package web

import (
	"errors"
	"maps"

	"docsvc/internal/document"
	"docsvc/internal/i18n"
	"docsvc/internal/template"
)

// errorText is the sentence of an error for people. What the core names by its
// own words (a state, an action) is put into theirs.
func errorText(lang string, e *document.Error) string {
	args := maps.Clone(e.Args)
	for name, words := range map[string]func(string) string{"state": stateKey, "standing": standingKey, "action": actionKey, "role": roleName} {
		if key := words(args[name]); key != "" {
			args[name] = i18n.Text(lang, key, nil)
		}
	}
	return i18n.Text(lang, e.Key, args)
}

// sentence is errorText for any error: what is not meant for people becomes the
// sentence that something went wrong here.
func sentence(lang string, err error) string {
	if e, ok := errors.AsType[*document.Error](err); ok && i18n.Has(e.Key) && e.Kind != document.Internal {
		return errorText(lang, e)
	}
	return i18n.Text(lang, "error.page.internal.text", nil)
}

func stateKey(state string) string {
	return map[string]string{
		string(document.Issued): "state.issued", string(document.Prepared): "state.prepared", string(document.Signing): "state.signing",
		string(document.Signed): "state.signed", string(document.Archived): "state.archived", string(document.Voided): "state.voided",
	}[state]
}

func standingKey(standing string) string {
	return map[string]string{
		string(document.InForce): "standing.in_force", string(document.Superseded): "standing.superseded",
		string(document.Annulled): "standing.annulled",
	}[standing]
}

func actionKey(action string) string {
	return map[string]string{
		string(document.ActRegisterCase): "action.register", string(document.ActIssue): "action.issue",
		string(document.ActSign): "action.sign", string(document.ActVoid): "action.void", string(document.ActChange): "action.change",
		string(document.ActRead): "action.read", string(document.ActTrail): "action.trail", string(document.ActExport): "action.export", string(document.ActOperate): "action.operate",
		string(document.ActServe): "action.serve", string(document.ActSubstitute): "action.substitute",
		string(document.ActAudit): "action.audit", string(document.ActStatistics): "action.statistics",
	}[action]
}

func roleName(role string) string { return roleKey(document.Role(role)) }

func roleKey(role document.Role) string {
	return map[document.Role]string{
		document.RoleOfficer: "role.officer", document.RoleHead: "role.head", document.RoleClerk: "role.clerk",
		document.RoleArchivist: "role.archivist", document.RoleAuditor: "role.auditor", document.RoleChief: "role.chief",
		document.RoleOperator: "role.operator", document.RoleOwner: "role.owner",
	}[role]
}

// fault is one thing to mend in a form, as a person reads it.
type fault struct {
	Path    string `json:"path"`
	Label   string `json:"label,omitempty"`
	Key     string `json:"key"`
	Message string `json:"message"`
}

// faultsOf lists the faults of a form that an error holds, if it holds any.
func faultsOf(lang string, err error) []fault {
	found, ok := errors.AsType[template.Faults](err)
	if !ok {
		return nil
	}
	list := make([]fault, len(found))
	for i, f := range found {
		list[i] = fault{Path: pointer(f.Path), Label: f.Label.In(lang), Key: f.Key, Message: f.Message(lang)}
	}
	return list
}

// warningsOf words what was odd in a form that was accepted.
func warningsOf(lang string, warnings []document.Warning) []fault {
	list := make([]fault, len(warnings))
	for i, odd := range warnings {
		f := template.Warning{Path: odd.Path, Key: odd.Key, Args: odd.Args}
		list[i] = fault{Path: pointer(f.Path), Key: f.Key, Message: f.Message(lang)}
	}
	return list
}

// pointer shows the form as a whole as "/".
func pointer(path string) string {
	if path == "" {
		return "/"
	}
	return path
}

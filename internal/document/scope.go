package document

import (
	"slices"
	"strings"
)

// Scope is something that a token lets a program do, as far as the account that
// the token is for may do it.
type Scope string

// The scopes. None lets a program sign, or run the service: there is no scope
// for ActSign and ActOperate.
const (
	ScopeReadActs       Scope = "acts:read" // and cases
	ScopeIssueActs      Scope = "acts:issue"
	ScopeChangeActs     Scope = "acts:change" // void, supersede, annul
	ScopeWriteCases     Scope = "cases:write"
	ScopeRetryJobs      Scope = "jobs:retry"
	ScopeReadAudit      Scope = "audit:read"
	ScopeReadStatistics Scope = "statistics:read"
)

// Scopes lists all scopes.
func Scopes() []Scope {
	return []Scope{
		ScopeReadActs, ScopeIssueActs, ScopeChangeActs, ScopeWriteCases, ScopeRetryJobs, ScopeReadAudit, ScopeReadStatistics,
	}
}

// scoped lists the scope that an action needs when a program asks; an action
// that is not here is no program's.
var scoped = map[Action]Scope{
	ActRegisterCase: ScopeWriteCases,
	ActIssue:        ScopeIssueActs,
	ActVoid:         ScopeChangeActs,
	ActChange:       ScopeChangeActs,
	ActRead:         ScopeReadActs,
	ActAudit:        ScopeReadAudit,
	ActStatistics:   ScopeReadStatistics,
}

// Within returns nil if the actor is a person, or a program with the scope.
func (a Actor) Within(scope Scope) error {
	if a.Token == "" || slices.Contains(a.Scopes, scope) {
		return nil
	}
	return newError(Forbidden, "error.token.scope", nil, "scope", string(scope))
}

// program says that an action is not for the program that asks.
func (a Actor) program(action Action) error {
	if a.Token == "" {
		return nil
	}
	scope, ok := scoped[action]
	if !ok {
		return newError(Forbidden, "error.token.person", nil)
	}
	return a.Within(scope)
}

// ParseScopes reads scopes that stand in a text with spaces between.
func ParseScopes(text string) ([]Scope, error) {
	var list []Scope
	for name := range strings.FieldsSeq(text) {
		if !slices.Contains(Scopes(), Scope(name)) {
			return nil, newError(Invalid, "error.token.scope_unknown", nil, "scope", clip(name))
		}
		if !slices.Contains(list, Scope(name)) {
			list = append(list, Scope(name))
		}
	}
	return list, nil
}

// clip is what is shown of a text that somebody made up.
func clip(text string) string { return strings.ToValidUTF8(text[:min(len(text), 60)], "") }

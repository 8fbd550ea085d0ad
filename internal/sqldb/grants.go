package sqldb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// privileges are what the service may do with a table beside reading it.
type privileges struct {
	insert bool
	update []string // these columns
	delete bool
}

// servicePrivileges is the least with which every query of this package runs.
// What is append-only can be appended to, a row that moves on moves only in the
// columns that do, and only what is under way, or counts, can be deleted. No
// table may be truncated, changed in its form or relieved of its triggers:
// those belong to the owner.
//
// The list is applied anew at the end of each Migrate, and is no migration
// itself: the role's name is configuration, and a grant that somebody added by
// hand is to be gone after the next run.
var servicePrivileges = map[string]privileges{
	"goose_db_version": {},

	"account": {insert: true, update: []string{
		"name", "post", "office", "profile", "tax_id", "grants", "certificate", "key_id", "created_at", "disabled", "subject",
	}},
	"auth_failure":     {insert: true, update: []string{"n", "last_at"}, delete: true},
	"enforcement_case": {insert: true},
	"act": {insert: true, update: []string{
		"state", "round", "epoch", "waits_for", "signed_at", "sha256", "path", "archived_at",
		"void_reason", "standing", "changed_by", "changed_at", "reason", "seal",
		"rendition", "renew_by", "renew_spread", "void_kind", "voided_by",
	}},
	"rendition":         {insert: true},
	"saved_form":        {insert: true, delete: true, update: []string{"office", "officer", "input", "version", "updated_at"}},
	"act_input":         {insert: true},
	"act_word":          {insert: true},
	"case_word":         {insert: true},
	"substitution":      {insert: true, update: []string{"ended_by", "ended_at"}},
	"standing_proposal": {insert: true, update: []string{"state", "decided_by", "decided_at", "remark"}},
	"delivery":          {insert: true},
	"staging": {insert: true, delete: true, update: []string{
		"round", "base_size", "document_digest", "digest", "prepared_at", "manifest", "prepared", "pdf",
		"token_for", "token",
	}},
	"sign_intent":        {insert: true, update: []string{"outcome", "signature", "key_request"}},
	"authorisation":      {insert: true, update: []string{"state", "used_at", "token_id", "key_id", "evidence", "way"}},
	"authorisation_item": {insert: true},
	"job": {insert: true, delete: true, update: []string{
		"run_after", "lease_ends", "owner", "attempts", "last_error", "reason", "since",
	}},
	"counter": {insert: true, update: []string{"value", "high"}},
	"outbox":  {insert: true, delete: true},

	"audit_event":        {insert: true},
	"audit_subject":      {insert: true},
	"audit_link":         {insert: true},
	"audit_unchained":    {insert: true, delete: true},
	"ledger_entry":       {insert: true},
	"ledger_position":    {insert: true},
	"ledger_unsequenced": {insert: true, delete: true},
	"ledger_hash":        {insert: true},
	"ledger_head":        {update: []string{"size", "root", "audit_seq", "published", "published_audit", "checkpoint", "owner", "lease_ends"}},
	"login_attempt":      {insert: true, delete: true},
	"session":            {insert: true, delete: true, update: []string{"last_seen"}},
	"factor":             {insert: true, delete: true, update: []string{"name", "secret", "counter", "created_at", "used_at"}},
	"sign_in":            {insert: true, delete: true},
	"rate_window":        {insert: true, delete: true, update: []string{"n", "ends"}},

	"api_token": {insert: true, update: []string{"last_used", "revoked_at", "revoked_by"}},
	"api_request": {insert: true, delete: true, update: []string{
		"request", "status", "content_type", "location", "body", "lease_ends", "expires",
	}},
	"webhook":          {insert: true, update: []string{"disabled"}},
	"webhook_delivery": {insert: true, delete: true, update: []string{"state", "attempts", "next_at", "status", "error", "done_at"}},
	"follower":         {update: []string{"seq"}},
	"audit_index":      {insert: true},
	"act_day":          {insert: true, update: []string{"n"}},
	"act_day_time":     {insert: true, update: []string{"n"}},
}

// grants returns the statements that leave a role with servicePrivileges in a
// schema, and everybody else but the owner with nothing.
func grants(schema, role string) []string {
	in, to := pgx.Identifier{schema}.Sanitize(), pgx.Identifier{role}.Sanitize()
	statements := []string{
		"REVOKE ALL ON SCHEMA " + in + " FROM PUBLIC, " + to,
		"GRANT USAGE ON SCHEMA " + in + " TO " + to,
	}
	for _, table := range slices.Sorted(maps.Keys(servicePrivileges)) {
		p := servicePrivileges[table]
		may := []string{"SELECT"}
		if p.insert {
			may = append(may, "INSERT")
		}
		if len(p.update) > 0 {
			may = append(may, "UPDATE ("+strings.Join(p.update, ", ")+")")
		}
		if p.delete {
			may = append(may, "DELETE")
		}
		on := " ON " + pgx.Identifier{schema, table}.Sanitize()
		statements = append(statements,
			"REVOKE ALL"+on+" FROM PUBLIC, "+to,
			"GRANT "+strings.Join(may, ", ")+on+" TO "+to)
	}
	return statements
}

// grantsLock keeps two that migrate at once from changing the same catalogue.
const grantsLock = 0x646f63737663 // "docsvc"

// grantService gives the role of the service what it needs and takes from it
// what it does not, in one transaction: processes that serve meanwhile notice
// nothing.
func grantService(ctx context.Context, o Options) error {
	db, err := postgresDB(o, migrating())
	if err != nil {
		return err
	}
	p := &postgresEngine{db: db, wait: o.StatementTimeout}
	err = p.update(ctx, func(q querier) error {
		t := &tx{q: q, writable: true}
		if _, err := t.exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(grantsLock)); err != nil {
			return err
		}
		var schema string
		if err := t.one(ctx, []any{&schema}, `SELECT current_schema()`); err != nil {
			return err
		}
		had, err := compareRole(ctx, q, o.ServiceRole)
		if err != nil || had.exact() {
			return err // granting what is there would only disturb
		}
		for _, statement := range grants(schema, o.ServiceRole) {
			if _, err := t.exec(ctx, statement); err != nil {
				return err
			}
		}
		has, err := compareRole(ctx, q, o.ServiceRole)
		if err != nil {
			return err
		}
		return has.fault(o.ServiceRole)
	})
	if err := errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("granting role %s what the service needs: %w", o.ServiceRole, err)
	}
	return nil
}

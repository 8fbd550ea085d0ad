package sqldb

import (
	"database/sql"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"docsvc/internal/document"
	"docsvc/internal/testservers"
)

const (
	ownerRole   = "docsvc_owner"
	serviceRole = "docsvc_service"
)

// offices makes registers as an installation does: the roles by
// deploy/postgres/roles.sql, the schema as the owner, the service as nobody else.
type offices struct{ server *testservers.PostgresServer }

func newOffices(t *testing.T, server *testservers.PostgresServer) offices {
	t.Helper()
	roles, err := os.ReadFile("../../deploy/postgres/roles.sql")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // a second time changes nothing
		server.Run(t, server.DSN(), string(roles))
	}
	return offices{server}
}

// schema makes an empty schema, and options to be its owner.
func (o offices) schema(t *testing.T) (super string, owner Options) {
	t.Helper()
	super = o.server.NewSchema(t)
	o.server.Run(t, super, `DO $$ BEGIN EXECUTE format('ALTER SCHEMA %I OWNER TO docsvc_owner', current_schema()); END $$`)
	return super, Options{Engine: Postgres, DSN: as(super, ownerRole), AllowOwner: true, ServiceRole: serviceRole}
}

// as is the same place for another role; the last word of a kind counts.
func as(dsn, role string) string { return dsn + " user=" + role }

// open makes a register and opens it as the service.
func (o offices) open(t *testing.T) (*Register, Options) {
	t.Helper()
	super, owner := o.schema(t)
	if err := Migrate(t.Context(), owner); err != nil {
		t.Fatal(err)
	}
	service := Options{Engine: Postgres, DSN: as(super, serviceRole)}
	return open(t, service), service
}

// allowed is what the service may do, by table; it repeats the list of grants so
// that a change of one shows in the other. What has no S is nobody's.
var allowed = map[string]string{
	"act_word":  "SELECT INSERT",
	"case_word": "SELECT INSERT",
	"account":   "SELECT INSERT UPDATE(certificate,created_at,disabled,grants,key_id,name,office,post,profile,subject,tax_id)",
	"act": "SELECT INSERT UPDATE(archived_at,changed_at,changed_by,epoch,path,reason,rendition,renew_by,renew_spread,round,seal,sha256," +
		"signed_at,standing,state,void_kind,void_reason,voided_by,waits_for)",
	"act_input":          "SELECT INSERT",
	"audit_event":        "SELECT INSERT",
	"audit_link":         "SELECT INSERT",
	"audit_subject":      "SELECT INSERT",
	"audit_unchained":    "SELECT INSERT DELETE",
	"auth_failure":       "SELECT INSERT DELETE UPDATE(last_at,n)",
	"authorisation":      "SELECT INSERT UPDATE(evidence,key_id,state,token_id,used_at,way)",
	"authorisation_item": "SELECT INSERT",
	"counter":            "SELECT INSERT UPDATE(high,value)",
	"delivery":           "SELECT INSERT",
	"enforcement_case":   "SELECT INSERT",
	"factor":             "SELECT INSERT DELETE UPDATE(counter,created_at,name,secret,used_at)",
	"goose_db_version":   "SELECT",
	"job":                "SELECT INSERT DELETE UPDATE(attempts,last_error,lease_ends,owner,reason,run_after,since)",
	"ledger_entry":       "SELECT INSERT",
	"ledger_hash":        "SELECT INSERT",
	"ledger_head":        "SELECT UPDATE(audit_seq,checkpoint,lease_ends,owner,published,published_audit,root,size)",
	"ledger_position":    "SELECT INSERT",
	"ledger_unsequenced": "SELECT INSERT DELETE",
	"login_attempt":      "SELECT INSERT DELETE",
	"outbox":             "SELECT INSERT DELETE",
	"rate_window":        "SELECT INSERT DELETE UPDATE(ends,n)",
	"api_token":          "SELECT INSERT UPDATE(last_used,revoked_at,revoked_by)",
	"api_request":        "SELECT INSERT DELETE UPDATE(body,content_type,expires,lease_ends,location,request,status)",
	"webhook":            "SELECT INSERT UPDATE(disabled)",
	"webhook_delivery":   "SELECT INSERT DELETE UPDATE(attempts,done_at,error,next_at,state,status)",
	"follower":           "SELECT UPDATE(seq)",
	"audit_index":        "SELECT INSERT",
	"act_day":            "SELECT INSERT UPDATE(n)",
	"act_day_time":       "SELECT INSERT UPDATE(n)",
	"rendition":          "SELECT INSERT",
	"session":            "SELECT INSERT DELETE UPDATE(last_seen)",
	"saved_form":         "SELECT INSERT DELETE UPDATE(input,office,officer,updated_at,version)",
	"sign_in":            "SELECT INSERT DELETE",
	"sign_intent":        "SELECT INSERT UPDATE(key_request,outcome,signature)",
	"standing_proposal":  "SELECT INSERT UPDATE(decided_at,decided_by,remark,state)",
	"substitution":       "SELECT INSERT UPDATE(ended_at,ended_by)",
	"staging":            "SELECT INSERT DELETE UPDATE(base_size,digest,document_digest,manifest,pdf,prepared,prepared_at,round,token,token_for)",
}

// catalogue reads from the access lists themselves what everybody but the owner
// may do.
func catalogue(t *testing.T, db *sql.DB) map[string]string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `
		WITH here AS (SELECT oid, relname, relacl, relowner FROM pg_class
			WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'S', 'v', 'm')),
		held AS (
			SELECT relname, grantee, privilege_type, '' AS col, relowner FROM here, aclexplode(relacl)
			UNION ALL
			SELECT relname, grantee, privilege_type, attname, relowner FROM here
				JOIN pg_attribute ON attrelid = here.oid, aclexplode(attacl))
		SELECT relname, CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE grantee::regrole::text END, privilege_type,
			string_agg(col, ',' ORDER BY col) FROM held
		WHERE grantee <> relowner GROUP BY relname, grantee, privilege_type
		ORDER BY relname, array_position('{SELECT,INSERT,DELETE,UPDATE}', privilege_type)`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	held := map[string]string{}
	for rows.Next() {
		var table, grantee, privilege, columns string
		if err := rows.Scan(&table, &grantee, &privilege, &columns); err != nil {
			t.Fatal(err)
		}
		if columns != "" {
			privilege += "(" + columns + ")"
		}
		if grantee != serviceRole {
			table += " for " + grantee
		}
		held[table] = strings.TrimSpace(held[table] + " " + privilege)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return held
}

// testGrants compares the catalogue with the table above, after a first and a
// second Migrate and after several at once.
func testGrants(t *testing.T, o offices) {
	super, owner := o.schema(t)
	db := rawDB(t, Options{Engine: Postgres, DSN: super})
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if err := Migrate(t.Context(), owner); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	check := func(when string) {
		t.Helper()
		held := catalogue(t, db)
		if !maps.Equal(held, allowed) {
			for _, table := range slices.Sorted(maps.Keys(held)) {
				if held[table] != allowed[table] {
					t.Errorf("%s, %s: %q, want %q", when, table, held[table], allowed[table])
				}
			}
			for table := range allowed {
				if _, ok := held[table]; !ok {
					t.Errorf("%s, nothing on %s", when, table)
				}
			}
		}
	}
	check("at first")
	o.server.Run(t, super, "GRANT ALL ON ALL TABLES IN SCHEMA "+schemaOf(super)+" TO PUBLIC, docsvc_service",
		"REVOKE SELECT ON act FROM docsvc_service", "GRANT UPDATE (data) ON act TO docsvc_service")
	if err := Migrate(t.Context(), owner); err != nil {
		t.Fatal(err)
	}
	check("after others had changed it")
	owner.ServiceRole = "docsvc_nobody"
	if err := Migrate(t.Context(), owner); err == nil || !strings.Contains(err.Error(), "run deploy/postgres/roles.sql") {
		t.Errorf("a role that does not exist: %v", err)
	}
}

func schemaOf(dsn string) string {
	_, schema, _ := strings.Cut(dsn, "search_path=")
	schema, _, _ = strings.Cut(schema, " ")
	return schema
}

// testRoleRefused opens a register under roles that may do more, or less, than
// they should.
func testRoleRefused(t *testing.T, o offices) {
	super, owner := o.schema(t)
	const role = "docsvc_spoilt"
	o.server.Run(t, super, "CREATE ROLE "+role+" LOGIN", "GRANT CONNECT ON DATABASE postgres TO "+role)
	defer o.server.Run(t, super, "DROP OWNED BY "+role, "DROP ROLE "+role)
	owner.ServiceRole = role
	if err := Migrate(t.Context(), owner); err != nil {
		t.Fatal(err)
	}
	service := Options{Engine: Postgres, DSN: as(super, role)}
	schema := schemaOf(super)
	refused := func(o Options, name, want string) {
		t.Helper()
		r, err := Open(t.Context(), o)
		if err == nil {
			_ = r.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "docsvc migrate") {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	refused(Options{Engine: Postgres, DSN: super}, "the superuser", "it is a superuser")
	refused(Options{Engine: Postgres, DSN: owner.DSN}, "the owner", "owns act")
	for _, c := range []struct {
		spoil, want string
		undo        string // empty where docsvc migrate mends it
	}{
		{"GRANT DELETE ON audit_event TO docsvc_spoilt", "may DELETE on audit_event", ""},
		{"GRANT UPDATE ON act TO docsvc_spoilt", "may UPDATE on act", ""},
		{"GRANT UPDATE (data) ON act TO docsvc_spoilt", "may UPDATE act.data", ""},
		{"GRANT TRUNCATE ON ledger_entry TO PUBLIC", "may TRUNCATE on ledger_entry", ""},
		{"GRANT TRIGGER ON audit_link TO docsvc_spoilt", "may TRIGGER on audit_link", ""},
		{"GRANT INSERT (version_id) ON goose_db_version TO docsvc_spoilt", "may INSERT on goose_db_version", ""},
		{"CREATE TABLE another (); GRANT SELECT ON another TO docsvc_spoilt", "may SELECT on another", "DROP TABLE another"},
		{"GRANT CREATE ON SCHEMA " + schema + " TO docsvc_spoilt", "may make objects in the schema", ""},
		{"GRANT TEMPORARY ON DATABASE postgres TO docsvc_spoilt", "may make temporary tables", "REVOKE TEMPORARY ON DATABASE postgres FROM docsvc_spoilt"},
		{"GRANT CREATE ON DATABASE postgres TO docsvc_spoilt", "may make schemas", "REVOKE CREATE ON DATABASE postgres FROM docsvc_spoilt"},
		{"ALTER ROLE docsvc_spoilt SUPERUSER", "it is a superuser", "ALTER ROLE docsvc_spoilt NOSUPERUSER"},
		{"ALTER ROLE docsvc_spoilt REPLICATION", "it is allowed to replicate", "ALTER ROLE docsvc_spoilt NOREPLICATION"},
		{"ALTER ROLE docsvc_spoilt CREATEROLE", "it is allowed to make roles", "ALTER ROLE docsvc_spoilt NOCREATEROLE"},
		{"ALTER ROLE docsvc_spoilt BYPASSRLS", "it is allowed to bypass row security", "ALTER ROLE docsvc_spoilt NOBYPASSRLS"},
		{"GRANT docsvc_owner TO docsvc_spoilt", "owns act", "REVOKE docsvc_owner FROM docsvc_spoilt"},
		{"ALTER ROLE docsvc_spoilt NOINHERIT; GRANT docsvc_owner TO docsvc_spoilt", "owns act", "REVOKE docsvc_owner FROM docsvc_spoilt"},
		{"GRANT pg_execute_server_program TO docsvc_spoilt", "can become pg_execute_server_program", "REVOKE pg_execute_server_program FROM docsvc_spoilt"},
		{"ALTER TABLE audit_event OWNER TO docsvc_spoilt", "owns audit_event", "ALTER TABLE audit_event OWNER TO docsvc_owner"},
		{"REVOKE INSERT ON audit_event FROM docsvc_spoilt", "may not INSERT on audit_event", ""},
		{"REVOKE UPDATE (state) ON act FROM docsvc_spoilt", "may not UPDATE act.state", ""},
		{"REVOKE SELECT ON act FROM docsvc_spoilt", "may not SELECT on act", ""},
		{"REVOKE SELECT ON goose_db_version FROM docsvc_spoilt", "lacks a privilege", ""},
		{"REVOKE ALL ON SCHEMA " + schema + " FROM docsvc_spoilt", "it has no schema", ""},
	} {
		o.server.Run(t, super, c.spoil)
		refused(service, c.spoil, c.want)
		if c.undo != "" {
			o.server.Run(t, super, c.undo)
		}
		if err := Migrate(t.Context(), owner); err != nil {
			t.Errorf("after %s: %v", c.spoil, err)
		}
		r, err := Open(t.Context(), service)
		if err != nil {
			t.Fatalf("mended after %s: %v", c.spoil, err)
		}
		_ = r.Close()
	}
}

// testAttacks lets the service's role try, beside docsvc, what nobody may do.
func testAttacks(t *testing.T, o offices) {
	r, service := o.open(t)
	fill(t, r)
	before := dump(t, r)
	attacker := rawDB(t, service)
	for _, statement := range attacks(schemaOf(service.DSN)) {
		_, err := attacker.ExecContext(t.Context(), statement)
		e, ok := errors.AsType[*pgconn.PgError](err)
		if !ok || e.Code != "42501" { // insufficient_privilege
			t.Errorf("%s: %v", statement, err)
		}
	}
	// What is within the grants is still held by the triggers.
	for _, statement := range []string{
		"UPDATE act SET seal = sha256", "UPDATE counter SET value = 0", "UPDATE ledger_head SET size = 0",
		"UPDATE sign_intent SET signature = '' WHERE outcome <> 'open'", "UPDATE authorisation SET state = 'open'",
	} {
		_, err := attacker.ExecContext(t.Context(), statement)
		if e, ok := errors.AsType[*pgconn.PgError](err); !ok || e.Code != "23001" && e.Code != "23514" { // restrict, check
			t.Errorf("%s: %v", statement, err)
		}
	}
	if string(dump(t, r)) != string(before) {
		t.Error("the register was changed")
	}
	super := Options{Engine: Postgres, DSN: strings.TrimSuffix(service.DSN, " user="+serviceRole)}
	if held := catalogue(t, rawDB(t, super)); !maps.Equal(held, allowed) {
		t.Errorf("the grants were changed: %v", held)
	}
	if err := r.Update(t.Context(), func(tx document.Tx) error {
		_, err := tx.NextNumber(t.Context(), "s")
		return err
	}); err != nil {
		t.Errorf("the service afterwards: %v", err)
	}
}

func attacks(schema string) []string {
	list := []string{
		"UPDATE act SET data = data", "UPDATE act SET number = number", "UPDATE sign_intent SET digest = digest",
		"UPDATE enforcement_case SET officer = 'me'", "UPDATE authorisation SET nonce = nonce", "UPDATE counter SET series = 'x'",
		"UPDATE account SET login = 'x'", "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)",
		"INSERT INTO ledger_head (one, size, audit_seq, published, published_audit, owner) VALUES (1, 0, 0, 0, 0, '')",
		"MERGE INTO audit_event e USING (SELECT 'e1' AS id) s ON e.id = s.id WHEN MATCHED THEN DELETE",
		"INSERT INTO audit_event (id, data) VALUES ('e1', '') ON CONFLICT (id) DO UPDATE SET data = ''",

		"SET session_replication_role = replica", "SET ROLE docsvc_owner", "SET SESSION AUTHORIZATION docsvc_owner",
		"ALTER SYSTEM SET fsync = off", "ALTER ROLE docsvc_service SUPERUSER", "ALTER ROLE docsvc_owner PASSWORD 'x'",
		"GRANT docsvc_owner TO docsvc_service", "CREATE ROLE me", "CREATE DATABASE mine", "DROP DATABASE postgres",
		"ALTER DATABASE postgres SET session_replication_role = replica",

		"CREATE TABLE mine ()", "CREATE TEMPORARY TABLE audit_event (id text)", "CREATE SCHEMA mine", "CREATE TABLE public.mine ()",
		"CREATE VIEW mine AS SELECT 1", "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
		"CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
		"ALTER FUNCTION refuse() OWNER TO docsvc_service", "DROP FUNCTION refuse() CASCADE",
		"CREATE EVENT TRIGGER mine ON ddl_command_start EXECUTE FUNCTION refuse()", "CREATE PUBLICATION mine FOR ALL TABLES",
		"CREATE EXTENSION dblink", "DROP SCHEMA " + schema + " CASCADE",

		"COPY audit_event TO PROGRAM 'cat'", "COPY outbox FROM PROGRAM 'id'", "COPY outbox TO '/tmp/stolen'",
		"COPY outbox FROM '/etc/passwd'", "SELECT pg_read_file('/etc/passwd')", "SELECT pg_ls_dir('.')",
		"SELECT lo_import('/etc/passwd')", "SELECT * FROM pg_authid", "SELECT pg_reload_conf()", "SELECT pg_switch_wal()",
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'docsvc'",
	}
	for _, table := range []string{
		"audit_event", "audit_link", "ledger_entry", "ledger_position", "ledger_hash", "ledger_head", "act", "enforcement_case",
		"sign_intent", "authorisation", "authorisation_item", "counter", "account", "goose_db_version",
	} {
		list = append(list, "DELETE FROM "+table)
	}
	for _, table := range []string{"audit_event", "audit_link", "ledger_entry", "ledger_position", "ledger_hash", "authorisation_item"} {
		list = append(list, "UPDATE "+table+" SET "+map[string]string{
			"audit_event": "data = ''", "audit_link": "hash = ''", "ledger_entry": "leaf = ''", "ledger_position": "position = 0",
			"ledger_hash": "hash = ''", "authorisation_item": "round = 0",
		}[table])
	}
	for table := range allowed {
		list = append(list,
			"TRUNCATE "+table+" CASCADE", "DROP TABLE "+table+" CASCADE", "ALTER TABLE "+table+" DISABLE TRIGGER ALL",
			"ALTER TABLE "+table+" ADD COLUMN x text", "ALTER TABLE "+table+" OWNER TO docsvc_service",
			"ALTER TABLE "+table+" ENABLE ROW LEVEL SECURITY", "CREATE RULE mine AS ON INSERT TO "+table+" DO INSTEAD NOTHING",
			"CREATE TRIGGER mine BEFORE INSERT ON "+table+" FOR EACH ROW EXECUTE FUNCTION refuse('x')", "CREATE INDEX ON "+table+" ((1))")
	}
	for table, trigger := range map[string]string{
		"audit_event": "audit_event_append_only", "act": "act_fixed", "authorisation": "authorisation_once", "counter": "counter_up",
	} {
		list = append(list, "DROP TRIGGER "+trigger+" ON "+table)
	}
	return list
}

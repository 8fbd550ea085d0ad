package sqldb

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// comparison is how what a role may do differs from servicePrivileges.
type comparison struct{ more, less []string }

func (c comparison) exact() bool { return len(c.more) == 0 && len(c.less) == 0 }

// fault says how to mend it.
func (c comparison) fault(role string) error {
	switch {
	case len(c.more) > 0:
		return fmt.Errorf("the role %q could undo what the register promises: it %s: connect as a role that deploy/postgres/roles.sql makes, and run docsvc migrate as the owner of the tables",
			role, shortened(c.more))
	case len(c.less) > 0:
		return fmt.Errorf("the role %q lacks what the service needs: it %s: run docsvc migrate as the owner of the tables",
			role, shortened(c.less))
	}
	return nil
}

func shortened(list []string) string {
	const enough = 6
	if more := len(list) - enough; more > 0 {
		list = append(slices.Clone(list[:enough]), fmt.Sprintf("… (%d more)", more))
	}
	return strings.Join(list, ", ")
}

// checkRole refuses to serve under a role that may do more than the service
// needs: triggers can be dropped by whoever owns the table, and the audit trail
// by whoever may delete from it. It looks at who logged in, since SET ROLE is
// undone by RESET ROLE.
func checkRole(ctx context.Context, q querier) error {
	var role string
	if err := (&tx{q: q}).one(ctx, []any{&role}, `SELECT session_user::text`); err != nil {
		return err
	}
	c, err := compareRole(ctx, q, role)
	if err != nil {
		return fmt.Errorf("reading what the role %q may do: %w", role, err)
	}
	return c.fault(role)
}

// compareRole compares what a role may do in this database, by itself or as a
// member of others, with what the service needs.
func compareRole(ctx context.Context, q querier, role string) (c comparison, err error) {
	t := &tx{q: q}
	var found int
	if err := t.one(ctx, []any{&found}, `SELECT count(*) FROM pg_roles WHERE rolname = $1`, role); err != nil {
		return c, err
	}
	if found == 0 {
		return c, fmt.Errorf("there is no role %q: run deploy/postgres/roles.sql as a superuser", role)
	}
	list := func(to *[]string, query string, args ...any) error {
		return t.each(ctx, func(s scan) error {
			var what string
			err := s(&what)
			*to = append(*to, what)
			return err
		}, query, args...)
	}
	if err := list(&c.more, powers, role); err != nil || len(c.more) > 0 {
		return c, err // with these, no grant matters
	}
	if err := list(&c.more, reach, role); err != nil {
		return c, err
	}
	if err := list(&c.less, `SELECT 'may not use the schema' WHERE NOT has_schema_privilege($1::name, current_schema(), 'USAGE')`, role); err != nil {
		return c, err
	}
	if err := compareTables(ctx, t, role, &c); err != nil {
		return c, err
	}
	return c, compareColumns(ctx, t, role, &c)
}

// powers lists what makes grants meaningless: attributes of the role or of one
// that it can become, and ownership.
const powers = `
SELECT what FROM (
SELECT CASE WHEN r.rolname = $1 THEN 'is ' ELSE 'can become ' || r.rolname || ', which is ' END || a.what AS what
FROM pg_roles r, LATERAL (VALUES
	(r.rolsuper, 'a superuser'), (r.rolcreaterole, 'allowed to make roles'), (r.rolcreatedb, 'allowed to make databases'),
	(r.rolreplication, 'allowed to replicate'), (r.rolbypassrls, 'allowed to bypass row security'),
	(r.rolname IN ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files',
		'pg_write_all_data', 'pg_maintain'), 'one of the server''s own roles')) AS a (has, what)
WHERE a.has AND pg_has_role($1::name, r.oid, 'MEMBER')
UNION ALL
SELECT 'owns ' || o.what
FROM (SELECT relname, relowner FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident(current_schema()))
		AND relkind IN ('r', 'p', 'v', 'm', 'S')
	UNION ALL SELECT 'the schema', nspowner FROM pg_namespace WHERE nspname = current_schema()
	UNION ALL SELECT 'the database', datdba FROM pg_database WHERE datname = current_database()) AS o (what, owner)
WHERE pg_has_role($1::name, o.owner, 'MEMBER')
) AS p ORDER BY what NOT LIKE 'is %', what`

// reach lists what can be made beside the tables.
const reach = `
SELECT 'may make objects in the schema' WHERE has_schema_privilege($1::name, current_schema(), 'CREATE')
UNION ALL SELECT 'may make schemas' WHERE has_database_privilege($1::name, current_database(), 'CREATE')
UNION ALL SELECT 'may make temporary tables' WHERE has_database_privilege($1::name, current_database(), 'TEMPORARY')`

// compareTables looks at the privileges on whole tables. INSERT on some columns
// is too much where there should be none, and too little where there should be.
func compareTables(ctx context.Context, t *tx, role string, c *comparison) error {
	missing := map[string]bool{}
	for table := range servicePrivileges {
		missing[table] = true
	}
	err := t.each(ctx, func(s scan) error {
		var (
			table     string
			whole, in bool // of the table, of a column at least
			privilege string
		)
		if err := s(&table, &privilege, &whole, &in); err != nil {
			return err
		}
		delete(missing, table)
		p, ours := servicePrivileges[table]
		want := map[string]bool{"SELECT": ours, "INSERT": p.insert, "DELETE": p.delete}[privilege]
		switch {
		case privilege == "UPDATE" && !whole: // by columns
		case whole && !want || in && !want:
			c.more = append(c.more, "may "+privilege+" on "+table)
		case want && !whole:
			c.less = append(c.less, "may not "+privilege+" on "+table)
		}
		return nil
	}, `SELECT c.relname, p.name, has_table_privilege($1::name, c.oid, p.name),
			CASE WHEN p.by_column THEN has_any_column_privilege($1::name, c.oid, p.name) ELSE false END
		FROM pg_class c, (VALUES ('SELECT', true), ('INSERT', true), ('UPDATE', true), ('REFERENCES', true),
			('DELETE', false), ('TRUNCATE', false), ('TRIGGER', false)) AS p (name, by_column)
		WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema())) AND c.relkind IN ('r', 'p')
		ORDER BY c.relname, p.name`, role)
	for table := range missing {
		c.less = append(c.less, "cannot see "+table)
	}
	slices.Sort(c.less)
	return err
}

// compareColumns looks at UPDATE, which the service has by columns only.
func compareColumns(ctx context.Context, t *tx, role string, c *comparison) error {
	return t.each(ctx, func(s scan) error {
		var (
			table, column string
			may           bool
		)
		if err := s(&table, &column, &may); err != nil {
			return err
		}
		want := slices.Contains(servicePrivileges[table].update, column)
		switch {
		case may && !want:
			c.more = append(c.more, "may UPDATE "+table+"."+column)
		case want && !may:
			c.less = append(c.less, "may not UPDATE "+table+"."+column)
		}
		return nil
	}, `SELECT c.relname, a.attname, has_column_privilege($1::name, c.oid, a.attnum, 'UPDATE')
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema())) AND c.relkind IN ('r', 'p')
			AND a.attnum > 0 AND NOT a.attisdropped
		ORDER BY c.relname, a.attnum`, role)
}

-- The two roles of docsvc in a PostgreSQL server, version 15 or newer, and the
-- schema of the register. A superuser runs it once in an empty database of
-- docsvc's own; running it again changes nothing:
--
--     createdb docsvc
--     psql -X -v ON_ERROR_STOP=1 -d docsvc -f roles.sql
--
-- Then give both roles a password with \password in psql, or map certificates to
-- them in pg_hba.conf. docsvc_owner owns the schema: only "docsvc migrate" uses
-- it, and its password is not kept where docsvc serves. docsvc_service is whom
-- "docsvc serve" connects as; "docsvc migrate" gives it, table by table, what it
-- needs (internal/sqldb/grants.go), and "docsvc serve" refuses a role that may
-- do more.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'docsvc_owner') THEN
        CREATE ROLE docsvc_owner;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'docsvc_service') THEN
        CREATE ROLE docsvc_service;
    END IF;
END $$;
ALTER ROLE docsvc_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE docsvc_service LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;

-- Nobody else enters the database, and nobody makes temporary tables in it: they
-- are found before the real ones.
DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO docsvc_owner, docsvc_service', current_database());
    EXECUTE format('ALTER ROLE docsvc_owner IN DATABASE %I SET search_path = docsvc', current_database());
    EXECUTE format('ALTER ROLE docsvc_service IN DATABASE %I SET search_path = docsvc', current_database());
END $$;
REVOKE ALL ON SCHEMA public FROM PUBLIC;

CREATE SCHEMA IF NOT EXISTS docsvc AUTHORIZATION docsvc_owner;
GRANT USAGE ON SCHEMA docsvc TO docsvc_service;

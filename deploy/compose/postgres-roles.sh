#!/usr/bin/env bash
# Runs once, when the image makes the database: roles and schema of
# deploy/postgres/roles.sql, and the passwords that prepare.sh made.
set -euo pipefail
psql() { command psql -X -v ON_ERROR_STOP=1 --quiet --username postgres "$@"; }
psql --dbname postgres -c "create database docsvc template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'"
psql --dbname docsvc --file /etc/postgresql/roles.sql
psql --dbname docsvc <<'SQL'
\set owner `cat /run/secrets/owner_password`
\set service `cat /run/secrets/service_password`
alter role docsvc_owner password :'owner';
alter role docsvc_service password :'service';
SQL

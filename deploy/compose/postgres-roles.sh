#!/usr/bin/env bash
# Runs once, when the image makes the database: the two roles of docsvc and its
# database. The owner migrates; the service reads and adds (docs/operations.md).
set -euo pipefail
psql -v ON_ERROR_STOP=1 --quiet --username postgres --dbname postgres <<'SQL'
\set owner `cat /run/secrets/owner_password`
\set service `cat /run/secrets/service_password`
create role docsvc_owner login password :'owner';
create role docsvc_service login password :'service';
create database docsvc owner docsvc_owner template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C';
revoke all on database docsvc from public;
grant connect on database docsvc to docsvc_service;
SQL

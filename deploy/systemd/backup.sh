#!/usr/bin/env bash
# A copy of the register, checked, and a snapshot of Vault, in one new directory
# below $BACKUPS; all but the newest $KEEP of them are removed. Credentials:
# backup_dsn (a role with REPLICATION), vault_address, vault_snapshot_token (a
# token that may read sys/storage/raft/snapshot and nothing else), ca.pem.
set -euo pipefail
umask 077
: "${BACKUPS:?}" "${KEEP:?}" "${CREDENTIALS_DIRECTORY:?}"
secret() { cat "$CREDENTIALS_DIRECTORY/$1"; }

name=$(date -u +%Y%m%dT%H%M%SZ)
part=$BACKUPS/.$name.part # a directory with its final name is whole
mkdir "$part"
trap 'rm -rf "$part"' EXIT

# The connection string, password and all, by a file: not in argv.
export PGSERVICEFILE=$part/service
{ echo "[backup]"; secret backup_dsn | tr ' ' '\n'; echo; } >"$PGSERVICEFILE"
pg_basebackup --dbname=service=backup --pgdata="$part/register" --wal-method=stream --checkpoint=fast --no-password
pg_verifybackup --quiet "$part/register"
rm "$PGSERVICEFILE"

VAULT_ADDR=$(secret vault_address) VAULT_CACERT=$CREDENTIALS_DIRECTORY/ca.pem VAULT_TOKEN=$(secret vault_snapshot_token) \
	vault operator raft snapshot save "$part/vault.snap" >/dev/null

sync -f "$part"
mv "$part" "$BACKUPS/$name"
trap - EXIT
find "$BACKUPS" -mindepth 1 -maxdepth 1 -type d -name '20*Z' | sort | head -n "-$KEEP" | xargs -r rm -rf --
echo "backup: $BACKUPS/$name"

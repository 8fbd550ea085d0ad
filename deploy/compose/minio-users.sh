#!/usr/bin/env bash
# Makes the user by which docsvc writes the archive, with the rights that
# deploy/minio/policy-service.json lists; may be repeated.
set -euo pipefail
secrets=/run/secrets
export HOME=/tmp MC_QUIET=1
mkdir -p /tmp/mc/certs/CAs
cp $secrets/ca.pem /tmp/mc/certs/CAs/ca.crt
# In the environment and over standard input: not in argv.
export MC_HOST_archive="https://$(cat $secrets/minio_root_user):$(cat $secrets/minio_root_password)@minio:9000"
mc() { command mc --config-dir /tmp/mc "$@"; }
mc admin policy create archive docsvc-service /etc/minio/policy-service.json
printf '%s\n%s\n' "$(cat $secrets/s3_access_key)" "$(cat $secrets/s3_secret_key)" | mc admin user add archive
mc admin policy attach archive docsvc-service --user "$(cat $secrets/s3_access_key)" ||
	mc admin user info archive "$(cat $secrets/s3_access_key)" | grep -q docsvc-service # attached already

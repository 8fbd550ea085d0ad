#!/usr/bin/env bash
# Makes what compose.yaml mounts: an authority of this machine's own, the
# certificates of its servers, passwords, and the directories of the data.
#
#   HOST=icra.example.az ./prepare.sh [DIRECTORY]     (as root; default: here)
#
# Nothing that is there is touched, so it can be run again: to renew a
# certificate remove its .crt and .key, run it, and restart that server.
set -euo pipefail
umask 077

HOST=${HOST:?the name in the address of the verification page, such as icra.example.az}
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here}"

# The numeric users of the images; compose.yaml runs each server as its own.
docsvc=65532 postgres=999 minio=1000 vault=100 proxy=101

mkdir -p secrets/authority secrets/docsvc data
chmod 0755 secrets data # files in them are closed one by one
chmod 0700 secrets/authority secrets/docsvc
chown $docsvc secrets/docsvc # where docsvc init writes

# own FILE USER [MODE]: a secret is readable by the one server that needs it.
own() {
	chmod "${3:-0400}" "$1"
	chown "$2" "$1"
}

# password NAME USER [MODE]: 256 random bits, without a newline.
password() {
	[ -e "secrets/$1" ] && return
	openssl rand -hex 32 | tr -d '\n' >"secrets/$1"
	own "secrets/$1" "$2" "${3:-0400}"
}

# empty NAME USER: a file to be filled in by hand or by docsvc init.
empty() {
	[ -e "secrets/$1" ] && return
	: >"secrets/$1"
	own "secrets/$1" "$2"
	echo "fill in: $PWD/secrets/$1"
}

authority() {
	[ -e secrets/ca.pem ] && return
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -days 3650 \
		-subj "/O=docsvc/CN=Servers of $HOST" \
		-addext basicConstraints=critical,CA:true,pathlen:0 -addext keyUsage=critical,keyCertSign,cRLSign \
		-keyout secrets/authority/ca.key -out secrets/ca.pem 2>/dev/null
	chmod 0444 secrets/ca.pem
	echo "keep apart, and here only while certificates are made: $PWD/secrets/authority/ca.key"
}

# certificate NAME USER SAN…: a server's key and certificate, for 825 days.
certificate() {
	local name=$1 user=$2 san
	shift 2
	[ -e "secrets/$name.crt" ] && return
	san=$(printf 'DNS:%s,' "$@")IP:127.0.0.1
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -subj "/O=docsvc/CN=$1" \
		-keyout "secrets/$name.key" -out "secrets/authority/$name.csr" 2>/dev/null
	openssl x509 -req -in "secrets/authority/$name.csr" -CA secrets/ca.pem -CAkey secrets/authority/ca.key \
		-days 825 -sha256 -out "secrets/$name.crt" 2>/dev/null -extfile <(
			printf 'basicConstraints=critical,CA:false\nkeyUsage=critical,digitalSignature\n'
			printf 'extendedKeyUsage=serverAuth\nsubjectAltName=%s\n' "$san"
		)
	rm "secrets/authority/$name.csr"
	chmod 0444 "secrets/$name.crt"
	own "secrets/$name.key" "$user"
}

# dsn NAME ROLE PASSWORD-FILE
dsn() {
	[ -e "secrets/$1" ] && return
	printf 'host=postgres port=5432 dbname=docsvc user=%s password=%s sslmode=verify-full sslrootcert=/run/secrets/ca.pem' \
		"$2" "$(cat "secrets/$3")" >"secrets/$1"
	own "secrets/$1" $docsvc
}

# directory NAME USER: data of one server.
directory() {
	mkdir -p "data/$1"
	chown "$2" "data/$1"
}

authority
certificate postgres $postgres postgres localhost
certificate minio $minio minio localhost
certificate vault $vault vault localhost
# Replace proxy.crt and proxy.key by a certificate that browsers trust.
certificate proxy $proxy "$HOST"

password postgres_password $postgres
password owner_password $postgres
password service_password $postgres
dsn docsvc/owner_dsn docsvc_owner owner_password
dsn docsvc/dsn docsvc_service service_password
[ -e secrets/docsvc/ca.pem ] || install -m 0444 secrets/ca.pem secrets/docsvc/ca.pem

password minio_root_user $minio:$docsvc 0440 # init makes the bucket with it
password minio_root_password $minio:$docsvc 0440
password docsvc/s3_access_key $docsvc:$minio 0440
password docsvc/s3_secret_key $docsvc:$minio 0440

empty vault_admin_token $docsvc
empty docsvc/oidc_client_secret $docsvc
empty docsvc/tsa.pem $docsvc

directory postgres $postgres
directory wal $postgres
directory minio $minio
directory vault $vault
directory vault-audit $vault
directory prometheus 65534

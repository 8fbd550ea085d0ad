#!/usr/bin/env bash
# Installs the Debian packages whose programs the tests use as independent
# judges, PostgreSQL and a browser, where one of them is missing. Does nothing
# otherwise.
#
#   install.sh             installs what is missing (root, or with sudo)
#   install.sh --missing   only says what is missing
set -euo pipefail

# program (a name on PATH, or a path) and the package that brings it
needed='
pdftoppm     poppler-utils
pdfsig       poppler-utils
qpdf         qpdf
mutool       mupdf-tools
zbarimg      zbar-tools
ZXingReader  zxing-cpp-tools
chromium     chromium
openssl      openssl
gcc          gcc
strace       strace
systemd-analyze  systemd
/usr/sbin/nginx  nginx
/usr/lib/postgresql/15/bin/initdb  postgresql-15
'

missing=$(while read -r program package; do
	[ -z "$program" ] || command -v "$program" >/dev/null || echo "$package"
done <<<"$needed" | sort -u)

if [ -z "$missing" ]; then
	echo "tools: all there"
	exit 0
fi
if [ "${1:-}" = --missing ]; then
	echo "tools: missing (make tools installs them):" $missing
	exit 0
fi
echo "tools: installing" $missing

as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get -qq update </dev/null
# shellcheck disable=SC2086 # one word a package
"${as_root[@]}" apt-get -qq install -y --no-install-recommends $missing </dev/null >/dev/null

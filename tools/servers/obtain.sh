#!/usr/bin/env bash
# Obtains what the tests need beside Go: what is there already costs nothing.
# Debian's packages are installed by root only; anybody else is told. What
# cannot be had is named, and its tests say so, or fail if DOCSVC_MUST_RUN names
# it. DOCSVC_SERVERS=none obtains nothing.
set -uo pipefail
cd "$(dirname "$0")"
[ "${DOCSVC_SERVERS:-}" != none ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	../install.sh || echo "tools: not all could be installed" >&2
else
	../install.sh --missing
fi
./build.sh || echo "servers: not all could be built" >&2

#!/usr/bin/env bash
# Clones HEAD into an empty directory and does there what a new user does: make
# the demo, twice. The second run must find all acts and issue none.
set -euo pipefail
scratch=$(mktemp -d)
# Archived files are read-only, and so are their directories.
trap 'chmod -R u+w "$scratch"; rm -rf "$scratch"' EXIT

git clone -q --no-hardlinks . "$scratch/docsvc"
cd "$scratch/docsvc"
make -s demo
bin/docsvc demo --data var/demo --json >first.json
bin/docsvc demo --data var/demo --json >second.json
cmp first.json second.json
test "$(grep -o '"number"' second.json | wc -l)" -gt 0
echo "clean clone: the demo ran, a second run changed nothing"

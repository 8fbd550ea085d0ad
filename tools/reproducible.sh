#!/usr/bin/env bash
# reproducible.sh BINARY VERSION: builds the committed tree in another directory
# with an empty build cache and compares the result with BINARY, byte by byte.
set -euo pipefail
binary=$PWD/$1
version=$2

if [ -n "$(git status --porcelain --untracked-files=no)" ]; then
	echo "reproducible: commit first; the comparison builds what is committed" >&2
	exit 2
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
git archive HEAD | (mkdir "$scratch/src" && tar -x -C "$scratch/src")
GOCACHE=$scratch/cache make -s -C "$scratch/src" build VERSION="$version"
cmp "$binary" "$scratch/src/bin/docsvc"
echo "reproducible: $(sha256sum <"$binary" | cut -d' ' -f1)"

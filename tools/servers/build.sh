#!/usr/bin/env bash
# Builds the servers of versions.txt from the Go module proxy, once for each
# version, into a cache outside the repository.
#
#   build.sh [NAME…]       all of them, or those named; prints what it builds
#   build.sh --list        name, version and path of each, built or not
#   build.sh --path NAME   path of one
#
# A wrapper module of two lines is built, and not `go install M@V`: the modules
# of Vault and MinIO hold replace directives. Module and build caches are private
# and dropped afterwards: these programs need gigabytes that docsvc does not.
set -euo pipefail
cd "$(dirname "$0")"
export LC_ALL=C # the order of *.go in a hash

GO=${GO:-go}
cache=${DOCSVC_SERVERS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/docsvc/servers}

# table prints the lines of versions.txt without comments, versions filled in.
table() {
	local name module version package flags
	while read -r name module version package flags; do
		case $name in '' | '#'*) continue ;; esac
		if [ "$version" = - ]; then
			[ -d "$module" ] || continue
			version=$(cat "$module"/*.go "$module"/go.* | sha256sum | cut -c1-12)
		fi
		echo "$name $module $version $package $flags"
	done <versions.txt
}

path() { echo "$cache/$1-$2/$1"; } # name version

build() { # name module version package flags
	local name=$1 module=$2 version=$3 package=$4 flags=${5#-}
	[ "$5" = - ] || flags=$5
	local out
	out=$(path "$name" "$version")
	[ ! -x "$out" ] || return 0
	local start=$SECONDS
	echo "servers: building $name $version (once)"
	mkdir -p "$(dirname "$out")"
	if [ -d "$module" ]; then
		compile "$module" "$out.new" "$package" "$flags"
	else
		[ -n "$scratch" ] || scratch=$(mktemp -d "$cache/build.XXXXXX")
		mkdir -p "$scratch/$name"
		printf 'module servers/%s\n\ngo 1.26\n\nrequire %s %s\n' "$name" "$module" "$version" >"$scratch/$name/go.mod"
		GOMODCACHE=$scratch/mod GOCACHE=$scratch/build GOFLAGS='-mod=mod -modcacherw' \
			compile "$scratch/$name" "$out.new" "$module${package#.}" "$flags"
	fi || return 1
	mv "$out.new" "$out" # whole or not at all
	echo "servers: $name $version built in $((SECONDS - start)) s"
}

compile() { # directory output package flags
	# shellcheck disable=SC2086 # flags are words
	(cd "$1" && CGO_ENABLED=0 GOWORK=off GOTOOLCHAIN=local \
		"$GO" build -trimpath -buildvcs=false -ldflags '-s -w' $4 -o "$2" "$3") 2>"$cache/build.log" ||
		{ grep -v '^go: downloading' "$cache/build.log" >&2; return 1; }
}

scratch= # private caches
trap '[ -z "$scratch" ] || rm -rf "$scratch"' EXIT

case ${1:-} in
--list)
	table | while read -r name _ version _; do echo "$name $version $(path "$name" "$version")"; done
	exit
	;;
--path)
	table | while read -r name _ version _; do [ "$name" != "${2:-}" ] || path "$name" "$version"; done | grep . ||
		{ echo "servers: versions.txt has no ${2:-}" >&2; exit 2; }
	exit
	;;
-*)
	echo "usage: build.sh [NAME…] | --list | --path NAME" >&2
	exit 2
	;;
esac

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9 # two test runs do not build the same thing
rm -rf "$cache"/build.?????? # of a run that was killed

failed=
wanted=" $* "
while read -r name module version package flags; do
	[ "$wanted" = "  " ] || [[ $wanted == *" $name "* ]] || continue
	build "$name" "$module" "$version" "$package" "$flags" || failed+=" $name"
done < <(table)
[ -z "$failed" ] || { echo "servers: could not build$failed" >&2; exit 1; }

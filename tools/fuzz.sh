#!/usr/bin/env bash
# Runs every fuzz target of the module for FUZZTIME, one after another: go test
# takes one target at a time. Stops at the first that fails; Go leaves the input
# under the package's testdata/fuzz, where it becomes a seed of the next test run.
set -euo pipefail
GO=${GO:-go}
FUZZTIME=${FUZZTIME:-30s}

# `go test -list` prints a package's targets, then "ok <package> <time>".
"$GO" test -list '^Fuzz' ./... |
	awk '/^Fuzz/ { targets[n++] = $1 }
	     /^ok/   { for (i = 0; i < n; i++) print $2, targets[i]; n = 0 }' |
	while read -r package target; do
		echo "== $package $target"
		"$GO" test -run '^$' -fuzz "^$target\$" -fuzzminimizetime 10x -fuzztime "$FUZZTIME" "$package" </dev/null
	done

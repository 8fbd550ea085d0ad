#!/usr/bin/env bash
# Measures how many acts a second one, two and three docsvc bring into one
# PostgreSQL, MinIO and Vault, all of them on this machine: what is found says
# how the processes get in each other's way, not what three machines would do.
#
#   tools/scale-out.sh [ACTS of each process, default 300] [PROCESSES, default "1 2 3"]
#
# `make run-production` builds what is needed here.
set -euo pipefail

# Called by bin/production as the docsvc of the servers that it has started.
if [[ -n ${DOCSVC_SCALE_OUT:-} ]]; then
  if [[ $1 != scale-out ]]; then
    exec "$DOCSVC_SCALE_OUT/docsvc" "$@"
  fi
  shift
  officers=(nigar vuqar nigar)
  for n in $DOCSVC_SCALE_PROCESSES; do
    pids=()
    begun=$(date +%s.%N)
    for ((i = 0; i < n; i++)); do
      # Two in one second would register the same cases.
      if ((i > 0)); then sleep 1.1; fi
      "$DOCSVC_SCALE_OUT/docsvc" bench "$@" --json --documents "$DOCSVC_SCALE_ACTS" \
        --officer "${officers[i]}" >"$DOCSVC_SCALE_OUT/$n-$i.json" 2>"$DOCSVC_SCALE_OUT/$n-$i.log" &
      pids+=($!)
    done
    for ((i = 0; i < n; i++)); do
      wait "${pids[i]}" || { cat "$DOCSVC_SCALE_OUT/$n-$i.log" >&2; exit 1; }
    done
    ended=$(date +%s.%N)
    cat "$DOCSVC_SCALE_OUT/$n"-*.json | awk -F '[:,]' -v n="$n" -v acts="$((n * DOCSVC_SCALE_ACTS))" \
      -v seconds="$(awk "BEGIN{print $ended - $begun}")" '
      /"acts_per_second"/ { total += $2; each = each sprintf(" %.1f", $2) }
      END { printf "processes %d: %6.1f acts/s, the sum of%s; %d acts in %.1f s with their starts\n", n, total, each, acts, seconds }'
  done
  exit
fi

cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
# Compliance retention is of MinIO's, not of the disk: everything can be removed.
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch" # PostgreSQL runs as another user
mkdir "$scratch/results"
cp bin/docsvc "$scratch/results/docsvc"
echo "$(uname -sm), $(nproc) processors, load $(cut -d ' ' -f 1-3 /proc/loadavg); $(bin/docsvc version)"
DOCSVC_SCALE_OUT=$scratch/results DOCSVC_SCALE_ACTS=${1:-300} DOCSVC_SCALE_PROCESSES=${2:-1 2 3} \
  bin/production -dir "$scratch/servers" -docsvc "$PWD/tools/scale-out.sh" scale-out \
  2>"$scratch/log" >"$scratch/out" || { cat "$scratch/out" "$scratch/log" >&2; exit 1; }
grep -E '^ +(register|archive|keys) |^processes' "$scratch/out"

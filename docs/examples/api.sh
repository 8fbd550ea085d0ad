#!/bin/sh
# A program that prepares an act and follows it. It needs curl, and
#   DOCSVC   the address, https://icra.example.az
#   TOKEN    of an account, with the scopes acts:read and acts:issue
#            (docsvc token create --login … --scopes 'acts:read acts:issue')
#   FORM     a file: {"template": …, "case": …, "input": {…}}
#   KEY      a name for this request: sent again with it, nothing is done twice
set -eu

ask() { curl --fail-with-body --silent --show-error --max-time 60 --header "Authorization: Bearer $TOKEN" "$@"; }

# Sent again after whatever goes wrong on the way, it answers with the same act.
ask --retry 5 --retry-all-errors --header "Content-Type: application/json" --header "Idempotency-Key: $KEY" \
	--data-binary "@$FORM" "$DOCSVC/api/v1/acts" >act.json
NUMBER=$(sed -n 's/.*"number":"\([^"]*\)".*/\1/p' act.json | head -1)

# Where it stands: prepared until its officer signs it, then archived.
ask "$DOCSVC/api/v1/acts/$NUMBER"

#!/bin/sh
# hostcli: the commands inside the program know what it has compiled in; there is no folder anywhere.
set -eu
notes=$(realpath "$1")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset MIG_URL MIG_DIRECTORY MIG_CONFIG MIG_APP
cd "$dir"

# says WANTED ARGUMENT...: the program prints this
says() {
	want=$1
	shift
	got=$("$notes" "$@" 2>&1) || true
	[ "$got" = "$want" ] || { printf 'notes %s\n%s\ninstead of\n%s\n' "$*" "$got" "$want"; exit 1; }
}

story() {
	export NOTES_URL=$1
	says "<base>" db current
	NOTES_FROZEN=1 says "notes: revision 0001, before-run hook: this database is not to be changed
hint: unset NOTES_FROZEN"
	says "<base>" db current
	"$notes" db -x who=ann upgrade >out
	grep -q '^0002: applied by ann$' out
	grep -q '^Database is at 0002 (head): 2 revisions applied' out
	says "notes: ready"
	says "No new upgrade operations detected." db check
	says "0001 -> 0002 (head), create authors
<base> -> 0001, create notes" db history
	"$notes" db downgrade >out
	grep -q '^Downgrade 0002 -> 0001, create authors' out
	status=0
	"$notes" db check >out 2>&1 || status=$?
	[ $status = 1 ] && grep -q 'notes db upgrade' out
	"$notes" db upgrade --sql 0001:0001
	says "notes: ready"
	says "0002 (head)" db current
	"$notes" db downgrade -q base
}

story sqlite:notes.db
if [ -n "${MIG_TEST_POSTGRESQL-}" ]; then
	name=mig_hostcli_$$
	psql -qX "$MIG_TEST_POSTGRESQL" -c "CREATE DATABASE $name"
	trap 'psql -qX "$MIG_TEST_POSTGRESQL" -c "DROP DATABASE $name"; rm -rf "$dir"' EXIT
	story "$(echo "$MIG_TEST_POSTGRESQL" | sed "s|///[a-z]*?|///$name?|")"
fi

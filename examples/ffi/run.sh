#!/bin/sh
# run.sh NEED BUILD COMMAND...: builds an example, runs it on SQLite, and on PostgreSQL if there is a
# server ($MIG_TEST_POSTGRESQL), and compares what it prints with expected/sqlite.txt and postgresql.txt.
#
# NEED is a shell command that succeeds if the language is there. If it is not, the test is skipped (77),
# or fails with MIG_TEST_REQUIRE set. BUILD is a shell command as well.
set -eu
expected=$(dirname "$0")/expected need=$1 build=$2
shift 2
if ! sh -c "$need" >/dev/null 2>&1; then
	echo "skipped: not here is what \"$need\" asks for"
	[ -z "${MIG_TEST_REQUIRE-}" ] || exit 1
	exit 77
fi
sh -c "$build"

dir=$(mktemp -d /tmp/mig-ffi-XXXXXX)
schema=ffi_$$
clean() {
	rm -rf "$dir"
	[ -z "${MIG_TEST_POSTGRESQL-}" ] || psql -qX "$MIG_TEST_POSTGRESQL" \
		-c "SET client_min_messages = error; DROP SCHEMA IF EXISTS $schema CASCADE"
}
trap clean EXIT
trap 'exit 1' INT TERM

tell() { # DIALECT URL COMMAND...
	dialect=$1 url=$2
	shift 2
	echo "== $dialect"
	"$@" "$url" >"$dir/told" || { cat "$dir/told"; return 1; }
	diff "$expected/$dialect.txt" "$dir/told"
}

tell sqlite "sqlite:$dir/notes.db" "$@"
[ -n "${MIG_TEST_POSTGRESQL-}" ] || exit 0
# in a schema of its own
psql -qX "$MIG_TEST_POSTGRESQL" -c "CREATE SCHEMA $schema"
case $MIG_TEST_POSTGRESQL in
*\?*) and='&' ;;
*) and='?' ;;
esac
tell postgresql "$MIG_TEST_POSTGRESQL${and}options=-csearch_path%3D$schema" "$@"

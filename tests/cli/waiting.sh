#!/bin/sh
# waiting.sh MIG: what mig says while it waits for another process, its error output being a file: a line at
# once, and one each ten seconds; nothing with --quiet.
set -eu
mig=$1
dir=$(mktemp -d)
holder=0
trap '[ "$holder" = 0 ] || kill "$holder" 2>/dev/null || true; rm -rf "$dir"' EXIT
unset MIG_URL MIG_CONFIG MIG_APP MIG_DIRECTORY
cd "$dir"
"$mig" init -q
"$mig" revision -q -m "one"
python3 -c '
import sqlite3, time
db = sqlite3.connect("a.db", isolation_level=None)
db.execute("BEGIN IMMEDIATE")
open("held", "w")
time.sleep(60)' &
holder=$!
for _ in $(seq 100); do
	[ ! -e held ] || break
	sleep 0.1
done
"$mig" -u sqlite:a.db --lock-timeout 2 upgrade -q 2>quiet && { echo "it did not wait"; exit 1; }
"$mig" -u sqlite:a.db --lock-timeout 12 upgrade 2>loud && { echo "it did not wait"; exit 1; }
fail() { echo "$1"; cat quiet loud; exit 1; }
! grep -q '^mig: waiting' quiet || fail "not quiet"
[ "$(grep -c '^mig: waiting for another process that uses the database$' loud)" = 1 ] || fail "not said at once"
[ "$(grep -Ec '^mig: still waiting for another process that uses the database, for 1[0-9](\.[0-9]+)? s$' loud)" = 1 ] ||
	fail "not said after ten seconds"
echo "waiting is said"

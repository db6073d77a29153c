#!/bin/sh
# selfmigrate: the first start applies three revisions, the second none, version 2 one more, and
# version 1 refuses the database that version 2 has changed.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "$1"; cat "$dir/out"; exit 1; }

"$1" "$dir/notes.db" >"$dir/out"
grep -q '^  [0-9]* notes$' "$dir/out" || fail "it does not count its notes"
[ "$(grep -c '^  applied' "$dir/out")" = 3 ] || fail "first start: not three revisions"
"$1" "$dir/notes.db" >"$dir/out"
grep -q 'up to date already' "$dir/out" || fail "second start: did something"
"$2" "$dir/notes.db" >"$dir/out"
[ "$(grep -c '^  applied' "$dir/out")" = 1 ] || fail "version 2: not one revision"
grep -q 'applied 0004, pin notes' "$dir/out" || fail "version 2: not revision 0004"
if "$1" "$dir/notes.db" >"$dir/out" 2>&1; then fail "version 1 took a newer database"; fi
grep -q 0004 "$dir/out" || fail "version 1 does not name the unknown revision"

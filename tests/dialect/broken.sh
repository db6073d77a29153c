#!/bin/sh
# broken.sh PROGRAM: each rule that PROGRAM can break is found by the case for it, and named.
set -eu
# a case that failed leaves its connection open
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
while read -r what in rule; do
	out=$("$1" "$what" "$in") && { echo "$what: nothing was found"; exit 1; }
	echo "$out" | grep -q "^not ok 0*1 - $in\$" && echo "$out" | grep -qF "#   rule: $rule" ||
		{ echo "$what: $out"; exit 1; }
done <<'E2'
rollback undoes_ddl rollback: undoes the work
lock a_lock_outlasts_transactions begin, lock: one connection at a time
begin one_connection_at_a_time begin, lock: one connection at a time
run_end hands_a_lent_connection_back run_end: puts the settings back
kinds tells_kinds next_statement: kind tells
report names_the_failing_place a slot that fails reports once
finish survives_without_memory close: everything that came from realloc_fn
working tells_how_far_it_is host: working() is not called
inspect inspects_a_schema inspect: every object but
crash undoes_ddl begin: begins a transaction
clear libmig_finds_its_rows_again store: rows of tables whose names need quotes
E2
out=$("$1" no_lock) || { echo "$out"; exit 1; }
echo "$out" | grep -q '^ok .* # SKIP lock() is MIG_EUNSUPPORTED'

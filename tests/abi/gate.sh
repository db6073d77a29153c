#!/bin/sh
# gate.sh SOURCE: nothing that a program or a plugin was compiled with has changed since the headers in
# tests/abi/baseline. New functions pass; anything else fails with abidiff's report. After a review of that
# report (docs/abi.md), cp include/mig/*.h tests/abi/baseline/mig/ accepts it.
set -eu
here=$1/tests/abi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
command -v abidiff >/dev/null || { echo "abidiff is missing: Debian's package abigail-tools"; exit 1; }

surface() {
	sh "$here/surface.sh" "$1" "$2"
}

# differs OLD NEW: abidiff's word, its report in $dir/report
differs() {
	status=0
	abidiff --no-default-suppression --harmless --no-added-syms "$1" "$2" >"$dir/report" 2>&1 || status=$?
	[ $((status & 3)) = 0 ] || { cat "$dir/report"; echo "abidiff failed"; exit 1; }
	[ "$status" != 0 ]
}

surface "$here/baseline" "$dir/old.so"
surface "$1/include" "$dir/new.so"
if differs "$dir/old.so" "$dir/new.so"; then
	cat "$dir/report"
	echo "the ABI is not that of tests/abi/baseline"
	exit 1
fi

# caught NAME HEADER EXPRESSION: the gate sees what the sed EXPRESSION does to HEADER
caught() {
	rm -rf "$dir/broken"
	cp -r "$1" "$dir/broken"
	sed -i -E "$4" "$dir/broken/mig/$3"
	! cmp -s "$1/mig/$3" "$dir/broken/mig/$3" || { echo "$2: nothing was broken"; exit 1; }
	surface "$dir/broken" "$dir/broken.so"
	differs "$dir/new.so" "$dir/broken.so" || { echo "$2: not caught"; exit 1; }
	grep -q "$5" "$dir/report" || { cat "$dir/report"; echo "$2: caught without naming $5"; exit 1; }
	echo "caught: $2"
}

new=$1/include
caught "$new" "an option moved" mig.h '/^	const char \*rev_id;/{h;d};/^	const char \*created;/G' rev_id
caught "$new" "an option's type" mig.h 's/int32_t splice;/int64_t splice;/' splice
caught "$new" "an option removed" mig.h '/^	int32_t splice;/d' splice
caught "$new" "a member of a bundle added in the middle" mig.h 's/^	uint8_t digest\[32\];/	int64_t extra;&/' extra
caught "$new" "the value of an enumerator" mig.h 's/MIG_EVENT_WAITING = 6/MIG_EVENT_WAITING = 9/' MIG_EVENT_WAITING
caught "$new" "a status inserted" types.h '/^	MIG_ENOMEM = /{s/.*/&\n	MIG_EINSERTED = -99,/}' MIG_EINSERTED
caught "$new" "a function removed" mig.h 's/^MIG_API mig_status mig_stamp\(.*/typedef int nothing;/' mig_stamp
caught "$new" "a parameter's type" mig.h 's/mig_is_at_head\(mig_ctx \*ctx, int32_t/mig_is_at_head(mig_ctx *ctx, int64_t/' mig_is_at_head
caught "$new" "a parameter more" mig.h 's/mig_stamp\(mig_ctx \*ctx,/mig_stamp(mig_ctx *ctx, int32_t more,/' mig_stamp
caught "$new" "a callback's result" mig.h 's/^typedef int32_t \(\*mig_progress_fn/typedef int64_t (*mig_progress_fn/' mig_progress_fn
caught "$new" "a slot inserted" dialect.h 's/^	mig_status \(\*read_stamp\)/	void (*inserted)(void);&/' inserted
caught "$new" "two slots exchanged" dialect.h '/^	mig_status \(\*read_stamp\)/{h;d};/^	mig_status \(\*write_stamp\)/G' write_stamp

#!/bin/sh
# gate.sh SOURCE: nothing that a program or a plugin was compiled with has changed since the headers and the
# list of symbols in tests/abi/baseline. New functions pass; anything else fails with a report. accept.sh
# accepts what the report says, once somebody has read it (docs/abi.md).
#
# Three looks, since each is blind somewhere: abidiff compares types as compiled; surface.py compares the
# declarations as written, with names of parameters, attributes and macros, on three models of memory; and
# the symbols are compared with their versions.
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

# written OLD NEW: whether what is written has changed but for new functions; the report in $dir/report
written() {
	python3 "$here/surface.py" "$1" | sort >"$dir/was"
	python3 "$here/surface.py" "$2" | sort >"$dir/is"
	diff "$dir/was" "$dir/is" | grep '^[<>]' | grep -v '^> function ' >"$dir/report"
}

# renamed OLD NEW: symbols that programs were linked with and that are not there, in $dir/report
renamed() {
	sort "$2" | comm -23 "$1" - >"$dir/report"
	[ -s "$dir/report" ]
}

if written "$here/baseline" "$1/include"; then
	cat "$dir/report"
	echo "the headers (>) do not say what tests/abi/baseline says (<)"
	exit 1
fi
if renamed "$here/baseline/symbols.txt" "$1/docs/abi-symbols.txt"; then
	cat "$dir/report"
	echo "these symbols of tests/abi/baseline are gone, or have another version"
	exit 1
fi
python3 "$here/surface.py" --places "$1/include" >"$dir/places.h"; cmp "$dir/places.h" "$here/places.h" || {
	echo "places.h is not of these headers"
	exit 1
}
# the compiler's own word, on every model and for Windows
for model in -m64 -m32 "-m32 -malign-double -DLAYOUT_ALIGNED"; do
	gcc -std=c11 -ffreestanding -fsyntax-only -I "$1/include" $model "$here/layout.c"
done
for cc in x86_64-w64-mingw32-gcc i686-w64-mingw32-gcc; do
	if ! command -v $cc >/dev/null; then
		echo "$cc is missing: the layout on Windows is not looked at"
		[ -z "${MIG_TEST_REQUIRE-}" ] || exit 1
		continue
	fi
	$cc -std=c11 -fsyntax-only -I "$1/include" "$here/layout.c"
done

# caught NAME HEADER EXPRESSION: the gate sees what the sed EXPRESSION does to HEADER
caught() {
	rm -rf "$dir/broken"
	cp -r "$1" "$dir/broken"
	sed -i -E "$4" "$dir/broken/mig/$3"
	! cmp -s "$1/mig/$3" "$dir/broken/mig/$3" || { echo "$2: nothing was broken"; exit 1; }
	if [ "$look" = differs ]; then
		surface "$dir/broken" "$dir/broken.so"
		differs "$dir/new.so" "$dir/broken.so"
	else
		written "$1" "$dir/broken"
	fi || { echo "$2: not caught"; exit 1; }
	grep -q "$5" "$dir/report" || { cat "$dir/report"; echo "$2: caught without naming $5"; exit 1; }
	echo "caught: $2"
}

new=$1/include
look=differs
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
caught "$new" "a slot inserted" dialect.h 's/^	mig_status \(\*read_header_digest\)/	void (*inserted)(void);&/' inserted
caught "$new" "two slots exchanged" dialect.h '/^	mig_status \(\*lock\)/{h;d};/^	mig_status \(\*unlock\)/G' unlock
look=written
caught "$new" "a macro's value" dialect.h 's/^(#define MIG_OBSERVED_SIZE) .*/\1 256/' MIG_OBSERVED_SIZE
caught "$new" "a constant's value" dialect.h 's/^(#define MIG_NO_OFFSET) .*/\1 0/' MIG_NO_OFFSET
caught "$new" "the contract's number" dialect.h 's/^(#define MIG_DIALECT_CONTRACT) .*/\1 77/' MIG_DIALECT_CONTRACT
caught "$new" "a macro removed" dialect.h '/^#define MIG_LEFT_OUT/d' MIG_LEFT_OUT
caught "$new" "parameters of one type exchanged" mig.h \
	's/^(MIG_API mig_status mig_set_step_hooks\(.*)mig_step_fn before, mig_step_fn after/\1mig_step_fn after, mig_step_fn before/' mig_set_step_hooks
caught "$new" "an attribute" mig.h 's/^MIG_API (mig_status mig_stamp\()/MIG_API __attribute__((noreturn)) \1/' mig_stamp
caught "$new" "members of one type exchanged" mig.h '/^	const char \*rev_id;/{h;d};/^	const char \*created;/G' rev_id

sed 's/@@MIG_\([A-Z]*\)_*0/@@MIG_\11/; s/@@MIG_0/@@MIG_1/' "$1/docs/abi-symbols.txt" >"$dir/symbols"
renamed "$here/baseline/symbols.txt" "$dir/symbols" || { echo "version nodes renamed: not caught"; exit 1; }
echo "caught: version nodes renamed"

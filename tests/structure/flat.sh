#!/bin/sh
# flat.sh FLAT SYMBOLS: the header of plain declarations is C, and has every function of libmig.so.
set -eu
flat=$1 symbols=$2
{
	printf '#include <stddef.h>\n#include <stdint.h>\n'
	cat "$flat"
} | ${CC:-cc} -std=c99 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -x c -

names=$(sed -n 's/^libmig\.so \(mig_[a-z0-9_]*\)@.*/\1/p' "$symbols")
[ -n "$names" ] || { echo "no symbols in $symbols"; exit 1; }
bad=0
for name in $names; do
	grep -qE "[ *]$name\(" "$flat" || { echo "$name is not declared"; bad=1; }
done
exit "$bad"

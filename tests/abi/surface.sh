#!/bin/sh
# surface.sh INCLUDE OUT.so: a library whose variables have the type of every function, struct and enum that
# the headers of INCLUDE/mig declare, with debugging information, for abidiff. What a call can only reach
# through an int32_t or a void * (most enums, the structs of plugins) is then reached as well.
set -eu
include=$1
out=$2
source=$out.c
for header in "$include"/mig/*.h; do
	echo "#include <mig/$(basename "$header")>"
done >"$source"
# on one line without comments, then the declarations
cat "$include"/mig/*.h | sed 's|//.*||' | tr '\n\t' '  ' | sed 's|/\*|\n/*|g; s|\*/|*/\n|g' | grep -v '^/\*' |
	tr '\n' ' ' | grep -oE '(MIG_(DIALECT_|CLI_)?API|MIG_EXPORT) [^;{]*|(enum|struct) mig_[a-z0-9_]* \{' |
	sed -nE 's/^(MIG_[A-Z_]*) [^(]*\b(mig_[a-z0-9_]*) *\(.*/__typeof__(\2) *function_\2;/p
		s/^(enum|struct) (mig_[a-z0-9_]*) \{/\1 \2 *\1_\2;/p' | sort -u >>"$source"
${CC:-cc} -std=c11 -D_GNU_SOURCE -g -O0 -fPIC -shared -fno-eliminate-unused-debug-types \
	-I"$include" -o "$out" "$source"

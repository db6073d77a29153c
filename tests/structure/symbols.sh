#!/bin/sh
# symbols.sh SOURCE [LIBRARY…]: the exported functions are the same in the headers, the version scripts,
# docs/abi-symbols.txt ("LIBRARY NAME@@VERSION" a line) and the shared libraries, if some were built.
set -eu
build=$PWD
cd "$1"
shift
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# functions HEADER…: what the headers declare as exported
functions() {
	for h in "$@"; do cat "include/mig/$h.h"; done | tr "\n\t" "  " | grep -oE '(MIG_(DIALECT_|CLI_)?API|MIG_EXPORT) [^;{]*' |
		grep -o 'mig_[a-z0-9_]*(' | tr -d '('
}

# script FILE: NAME@@VERSION of a version script
script() {
	awk '/^[A-Z_0-9.]+ \{$/ { version = $1 }
		/^\t[a-z0-9_*]+;$/ && !/\*;$/ { gsub(/[\t;]/, ""); print $0 "@@" version }' "$1"
}

same() {
	diff "$1" "$2" || { echo "$3 (<) and $4 (>) differ"; exit 1; }
}

{
	functions mig model op schema | sed 's/^/libmig.so /'
	# mig_app_setup() is defined by the host, not by the library
	functions cli | grep -v '^mig_app_setup$' | sed 's/^/libmig-cli.so /'
	functions dialect | sed 's/^mig_dialect_\(.*\)/libmig-\1.so &/'
} | sort >"$dir/headers"
[ "$(wc -l <"$dir/headers")" -gt 80 ] || { echo "too few functions were found in the headers"; exit 1; }
{
	script lib/libmig.map | sed 's/^/libmig.so /'
	script lib/cli/libmig-cli.map | sed 's/^/libmig-cli.so /'
	# one script for all dialects, of which each exports its own table
	version=$(sed -n 's/^\(MIG_[A-Z0-9_.]*\) {$/\1/p' lib/dialect/dialect.map)
	functions dialect | sed "s/^mig_dialect_\(.*\)/libmig-\1.so &@@$version/"
} | sort >"$dir/scripts"
sed 's/@@.*//' "$dir/scripts" >"$dir/names"
same "$dir/headers" "$dir/names" "the headers" "the version scripts"
sort docs/abi-symbols.txt >"$dir/docs"
same "$dir/scripts" "$dir/docs" "the version scripts" "docs/abi-symbols.txt"

for so in "$@"; do
	[ "${so#/}" != "$so" ] || so=$build/$so
	name=$(basename "$so" | sed 's/\.so\..*/.so/')
	grep "^$name " "$dir/docs" >"$dir/wanted" || { echo "$name is not in docs/abi-symbols.txt"; exit 1; }
	# the versions themselves are absolute symbols; the rest is not the library's own (sanitizers)
	nm -D --defined-only "$so" | awk -v lib="$name" '$2 != "A" && $3 !~ /^(__?(asan|ubsan|tsan|sanitizer|interceptor|start|stop)|_init$|_fini$)/ { print lib " " $3 }' |
		sort >"$dir/binary"
	same "$dir/wanted" "$dir/binary" "docs/abi-symbols.txt" "$so"
done

#!/bin/sh
# Each public header compiles alone, twice, and after every other, as C and as C++, without a warning.
set -eu
include=$1/include
warnings="-Wall -Wextra -Wpedantic -Wshadow -Werror"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
headers="types schema attribute dialect mig model op cli conformance"
for h in $headers; do
	printf '#include <mig/%s.h>\n#include <mig/%s.h>\n' "$h" "$h" >"$dir/$h.c"
	for other in $headers; do
		printf '#include <mig/%s.h>\n#include <mig/%s.h>\n' "$other" "$h" >"$dir/$other-$h.c"
	done
done
tried=0
for cc in "gcc g++" "clang clang++"; do
	set -- $cc
	for std in c99 c11 c17 c2x; do
		command -v "$1" >/dev/null || break
		"$1" -std=$std $warnings -I "$include" -fsyntax-only "$dir"/*.c
		tried=$((tried + 1))
	done
	for std in c++11 c++14 c++17 c++20; do
		command -v "$2" >/dev/null || break
		"$2" -x c++ -std=$std $warnings -I "$include" -fsyntax-only "$dir"/*.c
		tried=$((tried + 1))
	done
done
[ $tried -gt 0 ] || { echo "there is no compiler"; exit 1; }

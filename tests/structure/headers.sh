#!/bin/sh
# Each public header compiles alone and twice in every C and C++, and after every other in the oldest of each,
# without a warning; and so does a model as a constant table.
set -eu
source=$1
include=$1/include
warnings="-Wall -Wextra -Wpedantic -Wshadow -Werror"
dir=$(mktemp -d)
mkdir "$dir/pairs"
trap 'rm -rf "$dir"' EXIT
headers="types schema attribute dialect mig model op cli conformance"
for h in $headers; do
	printf '#include <mig/%s.h>\n#include <mig/%s.h>\n' "$h" "$h" >"$dir/$h.c"
	for other in $headers; do
		printf '#include <mig/%s.h>\n#include <mig/%s.h>\n' "$other" "$h" >"$dir/pairs/$other-$h.c"
	done
done
tried=0
for cc in "gcc g++" "clang clang++"; do
	set -- $cc
	pairs=$dir/pairs/*.c
	for std in c99 c11 c17 c2x; do
		command -v "$1" >/dev/null || break
		"$1" -std=$std $warnings -I "$include" -fsyntax-only "$dir"/*.c $pairs \
			"$source/examples/model/magazine.c"
		pairs=
		tried=$((tried + 1))
	done
	pairs=$dir/pairs/*.c
	for std in c++11 c++14 c++17 c++20; do
		command -v "$2" >/dev/null || break
		"$2" -x c++ -std=$std $warnings -I "$include" -fsyntax-only "$dir"/*.c $pairs
		pairs=
		tried=$((tried + 1))
	done
	# g++ misses members that are not named, unlike clang++ and both C compilers
	! command -v "$2" >/dev/null || "$2" -std=c++20 $warnings -Wno-missing-field-initializers -I "$include" \
		-fsyntax-only "$source/tests/structure/declared.cpp"
done
[ $tried -gt 0 ] || { echo "there is no compiler"; exit 1; }

#!/bin/sh
# windows.sh SOURCE: on Windows each function is marked as exported, imported or neither, as it has to be for
# who is compiling; and the headers compile for Windows, if a compiler is there.
set -eu
include=$1/include
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
for h in types schema dialect mig model op cli conformance; do
	printf '#include <mig/%s.h>\n' "$h"
done >"$dir/all.c"

# marks MACRO…: how functions are declared, as "NAME export|import|none" lines
marks() {
	defines=
	for m in "$@"; do defines="$defines -D$m"; done
	${CC:-cc} -D_WIN32 $defines -I "$include" -E -P "$dir/all.c" | tr '\n' ' ' | tr ';{}' '\n\n\n' |
		grep -E '\bmig_(open|kind_name|dialect_sqlite|cli_main|app_setup) ?\(' |
		sed -E 's/.*dllexport.*\b(mig_[a-z_]+) ?\(.*/\1 export/;t
			s/.*dllimport.*\b(mig_[a-z_]+) ?\(.*/\1 import/;t
			s/.*\b(mig_[a-z_]+) ?\(.*/\1 none/' | sort | tr '\n' ' '
}

# are WANT MACRO…
are() {
	want=$1
	shift
	got=$(marks "$@")
	[ "$got" = "$want " ] || { echo "${*:-a program}: $got, not $want"; exit 1; }
}

are "mig_app_setup export mig_cli_main import mig_dialect_sqlite import mig_kind_name import mig_open import"
are "mig_app_setup export mig_cli_main import mig_dialect_sqlite import mig_kind_name export mig_open export" MIG_BUILD_CORE
are "mig_app_setup export mig_cli_main export mig_dialect_sqlite import mig_kind_name import mig_open import" MIG_BUILD_CLI
are "mig_app_setup export mig_cli_main import mig_dialect_sqlite export mig_kind_name none mig_open none" MIG_BUILD_DIALECT
are "mig_app_setup export mig_cli_main none mig_dialect_sqlite none mig_kind_name none mig_open none" MIG_STATIC

cc=x86_64-w64-mingw32-gcc
command -v $cc >/dev/null || exit 0
for role in MIG_PROGRAM MIG_BUILD_CORE MIG_BUILD_CLI MIG_BUILD_DIALECT MIG_STATIC; do
	for std in c99 c2x; do
		$cc -std=$std -D$role -Wall -Wextra -Wpedantic -Wshadow -Werror -I "$include" -fsyntax-only "$dir/all.c"
	done
done

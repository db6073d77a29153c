#!/bin/sh
# The SQLite tests on several versions and builds of SQLite, one after the other: prints a table of
# tests and builds, and what failed.
# Usage: matrix.sh [--short] [BUILD...]
#   BUILD           VERSION, or VERSION+OPTION,OPTION… with SQLite's compile-time options, e.g. 3.35.2,
#                   3.54.1+recommended (those that https://sqlite.org/compile.html recommends),
#                   3.54.1+DQS=0,OMIT_TRACE. "newest" is the newest version.
#                   Without one: all; with --short: the oldest, the newest, the newest as recommended,
#                   and two that libmig refuses
#   --short         fewer tests
#   BUILD=folder    where libmig and its tests are built (build-tests), for whatever libsqlite3
# The amalgamations are those in npm's better-sqlite3. They and the libraries are kept in
# $XDG_CACHE_HOME or ~/.cache, libmig-sqlite. The tests load the library by LD_LIBRARY_PATH.
# A build that cannot be had is skipped with a message; with MIG_TEST_REQUIRE in the environment
# that is a failure. Exit status 77: none could be had.
set -eu
cd "$(dirname "$0")/../.."
here=$PWD
. tests/results.sh
build=${BUILD:-build-tests}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/libmig-sqlite

newest=3.54.1
versions="3.35.2 3.36.0 3.37.0 3.37.2 3.38.2 3.39.0 3.40.0 3.41.2 3.42.0 3.44.2 3.45.0 3.46.0 3.47.1
	3.48.0 3.49.2 3.50.4 3.51.2 3.53.2 3.54.1"
options="recommended DQS=0 THREADSAFE=0 THREADSAFE=2 OMIT_PROGRESS_CALLBACK OMIT_AUTOINIT
	OMIT_COMPILEOPTION_DIAGS OMIT_AUTHORIZATION,OMIT_LOAD_EXTENSION,OMIT_COMPLETE,OMIT_UTF16
	OMIT_TRACE OMIT_EXPLAIN OMIT_INTROSPECTION_PRAGMAS,OMIT_PAGER_PRAGMAS OMIT_DATETIME_FUNCS OMIT_JSON
	OMIT_WAL OMIT_VACUUM,OMIT_ANALYZE OMIT_DESERIALIZE,OMIT_GET_TABLE,OMIT_INCRBLOB"
refused="3.34.0 $newest+OMIT_FOREIGN_KEY $newest+OMIT_TEMPDB $newest+OMIT_MEMORYDB $newest+OMIT_SCHEMA_PRAGMAS
	$newest+OMIT_FLAG_PRAGMAS $newest+OMIT_SCHEMA_VERSION_PRAGMAS
	$newest+OMIT_COMPILEOPTION_DIAGS,OMIT_FOREIGN_KEY $newest+OMIT_COMPILEOPTION_DIAGS,OMIT_MEMORYDB"
recommended="DQS=0,THREADSAFE=0,DEFAULT_MEMSTATUS=0,DEFAULT_WAL_SYNCHRONOUS=1,LIKE_DOESNT_MATCH_BLOBS"
recommended="$recommended,MAX_EXPR_DEPTH=0,OMIT_DECLTYPE,OMIT_DEPRECATED,OMIT_PROGRESS_CALLBACK"
recommended="$recommended,OMIT_SHARED_CACHE,USE_ALLOCA,OMIT_AUTOINIT,STRICT_SUBTYPE"

# The version of better-sqlite3 that has it.
package_version() {
	case $1 in
	3.34.0) echo 7.1.2 ;;
	3.35.2) echo 7.1.4 ;;
	3.36.0) echo 7.4.4 ;;
	3.37.0) echo 7.4.6 ;;
	3.37.2) echo 7.5.0 ;;
	3.38.2) echo 7.5.1 ;;
	3.39.0) echo 7.6.0 ;;
	3.40.0) echo 8.0.0 ;;
	3.41.2) echo 8.3.0 ;;
	3.42.0) echo 8.5.0 ;;
	3.44.2) echo 9.2.0 ;;
	3.45.0) echo 9.3.0 ;;
	3.46.0) echo 11.0.0 ;;
	3.47.1) echo 11.6.0 ;;
	3.48.0) echo 11.8.0 ;;
	3.49.2) echo 11.10.0 ;;
	3.50.4) echo 12.4.1 ;;
	3.51.2) echo 12.6.2 ;;
	3.53.2) echo 12.11.1 ;;
	3.54.1) echo 13.2.0 ;;
	*) return 1 ;;
	esac
}

say() {
	echo "matrix.sh: $1" >&2
}

# Puts sqlite3.c of a version into the cache.
fetch() {
	[ ! -s "$cache/$1/sqlite3.c" ] || return 0
	full=$(package_version "$1") || { say "$1: no such version" && return 1; }
	command -v npm >/dev/null || { say "$1: npm is not installed" && return 1; }
	npm pack --silent --pack-destination "$work" "better-sqlite3@$full" >/dev/null ||
		{ say "$1: npm has no better-sqlite3 $full" && return 1; }
	tar -xzf "$work/better-sqlite3-$full.tgz" -C "$work" || return 1
	deps=$work/package/deps
	if [ -s "$deps/sqlite3.tar.gz" ]; then
		mkdir -p "$deps/sqlite3"
		tar -xzf "$deps/sqlite3.tar.gz" -C "$deps/sqlite3" || return 1
	fi
	mkdir -p "$cache/$1"
	mv "$deps/sqlite3/sqlite3.c" "$cache/$1/sqlite3.c.new" && mv "$cache/$1/sqlite3.c.new" "$cache/$1/sqlite3.c"
	rm -rf "$work/package" "$work"/*.tgz
}

# Makes libsqlite3.so.0 of a version with these options, and prints its folder.
library() {
	folder=$cache/$1/${2:-plain}
	if [ ! -s "$folder/libsqlite3.so.0" ]; then
		fetch "$1" || return 1
		flags=
		list=$2
		[ "$list" != recommended ] || list=$recommended
		for option in $(echo "$list" | tr ',' ' '); do
			flags="$flags -DSQLITE_$option"
		done
		mkdir -p "$folder"
		${CC:-cc} -O1 -w -fPIC -c -DSQLITE_ENABLE_FTS4 -DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_RTREE \
			-DSQLITE_ENABLE_JSON1 $flags "$cache/$1/sqlite3.c" -o "$folder/sqlite3.o" >&2 &&
			${CC:-cc} -shared -Wl,-soname,libsqlite3.so.0 "$folder/sqlite3.o" \
				-o "$folder/libsqlite3.so.new" -lm -ldl -lpthread >&2 || return 1
		rm "$folder/sqlite3.o"
		mv "$folder/libsqlite3.so.new" "$folder/libsqlite3.so.0"
	fi
	echo "$folder"
}

is_refused() {
	for one in $refused; do
		[ "$one" != "$1" ] || return 0
	done
	return 1
}

# What the error has to name.
refusal() {
	case $1 in
	*+*) echo "SQLITE_${1##*[+,]}" ;;
	*) echo "SQLite $1" ;;
	esac
}

# test_with NAME ARGUMENT…: the tests that meson is told to run.
test_with() {
	number=$((number + 1))
	name_of_run=$1
	shift
	meson test -C "$build" --no-rebuild --print-errorlogs --logbase "matrix-sqlite-$number" "$@" || status=1
	results "$name_of_run" "$build/meson-logs/matrix-sqlite-$number.json" >>"$table"
}

# What the tests use SQLite for without asking libmig: with OMIT_AUTOINIT somebody has to initialize it.
# The test "sqlite engine" runs without it.
initialized() {
	if [ ! -s "$work/initialize.so" ]; then
		printf '%s\n' 'int sqlite3_initialize(void);' \
			'__attribute__((constructor)) static void start(void) { sqlite3_initialize(); }' >"$work/initialize.c"
		${CC:-cc} -shared -fPIC "$work/initialize.c" -o "$work/initialize.so" "$1/libsqlite3.so.0"
	fi
	echo "$work/initialize.so"
}

# run NAME VERSION OPTIONS FOLDER
run() {
	set -- "$1" "$2" ",$3," "$4"
	export LD_LIBRARY_PATH="$4" MIG_TEST_SQLITE="$2"
	unset MIG_TEST_REFUSED MIG_TEST_WITHOUT
	if is_refused "$1"; then
		MIG_TEST_REFUSED=$(refusal "$1")
		export MIG_TEST_REFUSED
		test_with "$1" "sqlite engine"
		return
	fi
	case $3 in
	*,recommended,* | *,OMIT_PROGRESS_CALLBACK,*) # a statement does not poll
		export MIG_TEST_WITHOUT=tells_how_far_it_is ;;
	*,OMIT_EXPLAIN,*) # EXPLAIN COMMIT commits
		export MIG_TEST_WITHOUT=refuses_transaction_control ;;
	esac
	case $3 in # other tests ask SQLite for its options
	*,OMIT_COMPILEOPTION_DIAGS,*)
		test_with "$1" "sqlite engine" "dialect conformance sqlite"
		return ;;
	esac
	strict=
	case $2 in 3.35.* | 3.36.*) strict="--no-suite strict" ;; esac
	case $3 in
	*,recommended,* | *,OMIT_AUTOINIT,*)
		test_with "$1" "sqlite engine"
		LD_PRELOAD=$(initialized "$4")
		export LD_PRELOAD
		;;
	esac
	test_with "$1" --suite "$suite" $strict
	unset LD_PRELOAD
}

print_table() {
	awk -F '\t' '
	!($1 in seen) { seen[$1] = ++builds; title[builds] = $1 }
	{
		if ($2 == "OK") ok[seen[$1]]++
		else if ($2 == "SKIP") skipped[seen[$1]] = skipped[seen[$1]] " " $4 ";"
		else failed[seen[$1]] = failed[seen[$1]] " " $4 " (" $2 ");"
		total[seen[$1]] += $3
	}
	END {
		for (b = 1; b <= builds; b++)
			printf "%-60s %3d passed, %5.1f s%s%s\n", title[b], ok[b], total[b],
				failed[b] ? "; failed:" failed[b] : "", skipped[b] ? "; skipped:" skipped[b] : ""
	}' "$table"
}

suite=sqlite
all=$versions
for one in $options; do all="$all $newest+$one"; done
all="$all $refused"
if [ "${1-}" = --short ]; then
	suite=sqlite-short
	all="3.35.2 $newest $newest+recommended 3.34.0 $newest+OMIT_FOREIGN_KEY"
	shift
fi
[ $# -gt 0 ] || set -- $all
unset CI # programs for every dialect then leave PostgreSQL out
export MIG_TEST_POSTGRESQL_BIN=/nonexistent MIG_TEST_POSTGRESQL=
case $build in
/*) ;;
*) build=$here/$build ;;
esac
work=$(mktemp -d /tmp/mig-matrix-XXXXXX)
table=$work/table
: >"$table"
status=0
number=0
trap 'unset LD_PRELOAD; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
for name in "$@"; do
	case $name in newest*) name=$newest${name#newest} ;; esac
	version=${name%%+*}
	option=
	case $name in *+*) option=${name#*+} ;; esac
	if folder=$(library "$version" "$option"); then
		echo "== SQLite $name"
		run "$name" "$version" "$option" "$folder"
	elif [ -n "${MIG_TEST_REQUIRE-}" ]; then
		status=1
	else
		say "$name is skipped"
	fi
done
[ -s "$table" ] || { [ "$status" != 0 ] || status=77; exit "$status"; }
print_table
exit "$status"

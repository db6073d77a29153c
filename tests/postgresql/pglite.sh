#!/bin/sh
# PGlite, which is one database in one process: upgrade, current and downgrade work on it; what needs
# another database beside it says so, and takes the one that --scratch-url names.
# Usage: pglite.sh MIG      NODE_PATH is where npm has @electric-sql/pglite and pglite-socket.
# Exit status 77: they are not there, or no PostgreSQL server; with MIG_TEST_REQUIRE that is a failure.
set -eu
mig=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
server=${NODE_PATH-}/@electric-sql/pglite-socket/dist/scripts/server.js

leave_out() {
	echo "pglite.sh: $1" >&2
	[ -z "${MIG_TEST_REQUIRE-}" ] || exit 1
	exit 77
}

command -v node >/dev/null || leave_out "node is not installed"
[ -f "$server" ] || leave_out "NODE_PATH has no @electric-sql/pglite-socket (npm install @electric-sql/pglite @electric-sql/pglite-socket)"

work=$(mktemp -d /tmp/mig-pglite-XXXXXX)
chmod 755 "$work"
pid=
clean() {
	[ -z "$pid" ] || kill "$pid" 2>/dev/null || true
	sh "$here/cluster.sh" stop "$work/cluster"
	rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

scratch=$(sh "$here/cluster.sh" start "$work/cluster") || leave_out "no PostgreSQL server"
node "$server" -u "$work/.s.PGSQL.5432" -m 10 >"$work/log" 2>&1 &
pid=$!
i=0
until grep -q listening "$work/log"; do
	[ $((i += 1)) -lt 1200 ] && kill -0 "$pid" || { cat "$work/log" >&2 && exit 1; }
	sleep 0.1
done
cd "$work"
export MIG_URL="postgresql://postgres@/postgres?host=$work"
unset MIG_DIRECTORY MIG_CONFIG MIG_APP

# expect STATUS WORDS COMMAND...: runs mig; its status is this one, and it says these words.
expect() {
	status=0
	want=$1 words=$2
	shift 2
	"$mig" "$@" >out 2>&1 || status=$?
	if [ "$status" != "$want" ] || ! grep -qF -- "$words" out; then
		echo "mig $*: status $status, not $want, or without \"$words\":" >&2
		cat out >&2
		exit 1
	fi
}

expect 0 "" init
cat >migrations/versions/a.sql <<-'END'
	-- revision: a
	-- revises:

	-- mig:upgrade
	CREATE TABLE t (a integer);
	INSERT INTO t VALUES (7);
	-- mig:downgrade
	DROP TABLE t;
END
echo "CREATE TABLE t (a bigint);" >model.sql
expect 0 "1 revision applied" upgrade
expect 0 "a (head)" current
expect 1 "nothing was run in it" check --models model.sql
grep -q scratch_url out
expect 3 "integer → bigint" check --models model.sql --scratch-url "$scratch"
expect 0 "" migrate -m big --models model.sql --scratch-url "$scratch"
expect 0 "1 revision applied" upgrade
expect 0 "No new upgrade operations" check --models model.sql --scratch-url "$scratch"
expect 0 "2 revisions undone" downgrade base
expect 0 "<base>" current
echo "PGlite: upgrade, current, check, migrate, downgrade"

#!/bin/sh
# offline.sh MIG: what --sql writes, run by the engine's own shell, leaves the same database as the run itself:
# up, down, in parts, stamped; on SQLite, and on PostgreSQL if MIG_TEST_POSTGRESQL names a server.
set -eu
mig=$1
dir=$(mktemp -d)
made=""
trap 'for d in $made; do psql -qX "$MIG_TEST_POSTGRESQL" -c "DROP DATABASE IF EXISTS $d"; done; rm -rf "$dir"' EXIT
unset MIG_URL MIG_CONFIG MIG_APP
export MIG_DIRECTORY="$dir/migrations"
"$mig" -c "$MIG_DIRECTORY/mig.ini" init "$MIG_DIRECTORY" >/dev/null

# revision ID HEADER ATTRIBUTES UP DOWN
revision() {
	printf -- "-- revision %s, it's\n-- revision: %s\n%b\n\n-- mig:upgrade%s\n%b\n-- mig:downgrade%s\n%b\n" \
		"$1" "$1" "$2" "$3" "$4" "$3" "$5" >"$MIG_DIRECTORY/versions/$1.sql"
}

revision a1 "-- revises:" "" \
	"CREATE TABLE t (x INTEGER PRIMARY KEY, y TEXT);\nINSERT INTO t VALUES (1, 'it''s; -- so'), (2, '\\\\\\\\n')" \
	"DROP TABLE t -- and no semicolon"
revision b1 "-- revises: a1\n-- branch_labels: left" "" "CREATE TABLE l (x INTEGER);\n-- the end" "DROP TABLE l;"
revision b2 "-- revises: a1" "" "CREATE VIEW v AS SELECT x FROM t;" "DROP VIEW v;"
revision c1 "-- revises: b1, b2" " transaction=no" \
	"CREATE INDEX t_y ON t (y);\nVACUUM;\nBEGIN; INSERT INTO l VALUES (1); INSERT INTO l VALUES (2); COMMIT;" \
	"DROP INDEX t_y;\nBEGIN; DELETE FROM l; COMMIT;"
revision d1 "-- revises:\n-- depends_on: left" "" "" ""

# same KIND COMMANDS...: the commands at one database, their scripts at another; then the two are compared.
# A command is "COMMAND TARGET FROM", a script's range being FROM:TARGET
same() {
	kind=$1
	shift
	"fresh_$kind" online
	"fresh_$kind" offline
	for command in "$@"; do
		set -- $command
		"$mig" -q -u "$("url_$kind" online)" "$1" "$2" >"$dir/said" 2>&1 || { cat "$dir/said"; exit 1; }
		range=$2
		[ -z "${3-}" ] || range=$3:$2
		# the URL of a script only names the dialect
		"$mig" -u "$kind:///nowhere/at/all" "$1" --sql "$range" >"$dir/script.sql"
		"shell_$kind" offline <"$dir/script.sql" >"$dir/said" 2>&1 || { cat "$dir/script.sql" "$dir/said"; exit 1; }
		for one in online offline; do "dump_$kind" "$one" >"$dir/$one.dump"; done
		diff "$dir/online.dump" "$dir/offline.dump" || { echo "$kind: after $command they differ"; exit 1; }
		[ "$("$mig" -u "$("url_$kind" online)" current)" = "$("$mig" -u "$("url_$kind" offline)" current)" ] || {
			echo "$kind: \"current\" differs after $command"
			exit 1
		}
	done
	[ ! -e /nowhere ]
}

# what an operator must be able to tell apart: when, how long, who
history="SELECT id, revision, direction, state, digest, statements, done_digest, library FROM mig_history ORDER BY id"

fresh_sqlite() { rm -f "$dir/$1.db"; }
url_sqlite() { echo "sqlite:$dir/$1.db"; }
shell_sqlite() { sqlite3 "$dir/$1.db"; }
dump_sqlite() {
	sqlite3 "$dir/$1.db" .dump | grep -v '^INSERT INTO mig_history'
	sqlite3 "$dir/$1.db" "$history; SELECT started_at NOT GLOB '????-??-??T??:??:??.???Z' FROM mig_history GROUP BY 1"
}

fresh_postgresql() {
	name=mig_offline_$1_$$
	psql -qX "$MIG_TEST_POSTGRESQL" -c "DROP DATABASE IF EXISTS $name" -c "CREATE DATABASE $name" 2>/dev/null
	made="$made $name"
}
url_postgresql() { echo "$MIG_TEST_POSTGRESQL" | sed "s|///[a-z]*?|///mig_offline_$1_$$?|"; }
shell_postgresql() { psql -qX "$(url_postgresql "$1")"; }
dump_postgresql() {
	pg_dump -T mig_history "$(url_postgresql "$1")" | grep -v '^\\\(un\)\?restrict'
	psql -qXAt "$(url_postgresql "$1")" -c "$history" \
		-c "SELECT DISTINCT started_at !~ '^....-..-..T..:..:..\....Z$' FROM mig_history"
}

walks() {
	same "$1" "upgrade heads" "downgrade base heads"
	same "$1" "upgrade c1" "downgrade a1 c1" "upgrade heads a1"
	same "$1" "upgrade a1" "upgrade b1 a1" "upgrade c1 b1" "stamp a1 c1" "stamp c1 a1" "downgrade a1 c1"
	# nothing to do is an empty script
	[ -z "$("$mig" -u "$1:///nowhere" upgrade --sql c1:c1)" ]
	[ -z "$("$mig" -u "$1:///nowhere" downgrade --sql base:base)" ]
}
# A script does nothing where the database is not at its start.
strangers() {
	"fresh_$1" online
	"$mig" -q -u "$("url_$1" online)" upgrade b1
	"dump_$1" online >"$dir/before"
	for range in a1 b2:c1 a1:c1; do
		"$mig" -u "$1:///nowhere" upgrade --sql "$range" >"$dir/script.sql"
		! "shell_$1" online <"$dir/script.sql" >"$dir/said" 2>&1 || { echo "$1: $range was run at b1"; exit 1; }
		"dump_$1" online | cmp - "$dir/before" || { echo "$1: $range has changed it"; exit 1; }
	done
	grep -Eq "the database is (where the script expects it|at b1, the script expects a1)" "$dir/said" ||
		{ cat "$dir/said"; exit 1; }
	for range in b2:c1 a1:c1 base:b1; do
		"$mig" -u "$1:///nowhere" stamp --sql "$range" >"$dir/script.sql"
		! "shell_$1" online <"$dir/script.sql" >"$dir/said" 2>&1 || { echo "$1: $range was stamped at b1"; exit 1; }
		"dump_$1" online | cmp - "$dir/before" || { echo "$1: stamping $range has changed it"; exit 1; }
	done
	# nor where a section outside a transaction was interrupted
	echo "INSERT INTO mig_history (revision, direction, state) VALUES ('c1', 'upgrade', 'running');" | "shell_$1" online >/dev/null
	"dump_$1" online >"$dir/before"
	"$mig" -u "$1:///nowhere" stamp --sql b1:a1 >"$dir/script.sql"
	! "shell_$1" online <"$dir/script.sql" >"$dir/said" 2>&1 || { echo "$1: it ran amid a section"; exit 1; }
	"dump_$1" online | cmp - "$dir/before" || { echo "$1: it has changed something amid a section"; exit 1; }
	# but for the one who asks for it
	"$mig" -u "$1:///nowhere" stamp --purge --sql c1 | "shell_$1" online >/dev/null
	[ "$("$mig" -u "$("url_$1" online)" current | cut -d" " -f1)" = c1 ]
	"$mig" -u "$("url_$1" online)" log | grep -q "c1 .*abandoned" || { echo "$1: the section is not given up"; exit 1; }
}
strangers sqlite
if [ -n "${MIG_TEST_POSTGRESQL-}" ]; then strangers postgresql; fi

# the tables alone
tables() {
	"fresh_$1" online
	"fresh_$1" offline
	"$mig" -q -u "$("url_$1" online)" ensure-version
	for _ in 1 2; do
		"$mig" -u "$1:///nowhere" ensure-version --sql | "shell_$1" offline >/dev/null 2>"$dir/said" ||
			{ cat "$dir/said"; exit 1; }
		for one in online offline; do "dump_$1" "$one" >"$dir/$one.dump"; done
		diff "$dir/online.dump" "$dir/offline.dump" || { echo "$1: other tables"; exit 1; }
	done
}
tables sqlite
if [ -n "${MIG_TEST_POSTGRESQL-}" ]; then tables postgresql; fi

# Nobody migrates between a script's BEGIN and its COMMIT, nor during a section outside a transaction; and it
# looks for names where runs do.
if [ -n "${MIG_TEST_POSTGRESQL-}" ]; then
	fresh_postgresql online
	psql -qX "$(url_postgresql online)" -c "CREATE SCHEMA app"
	cp "$MIG_DIRECTORY/mig.ini" "$dir/mig.ini"
	echo "search_path = app, public" >>"$dir/mig.ini"
	run() { "$mig" -c "$dir/mig.ini" -u "$(url_postgresql online)" --lock-timeout 1 "$@"; }
	echo "'$mig' -c '$dir/mig.ini' -u '$(url_postgresql online)' --lock-timeout 1 -q upgrade c1 2>&1; echo status \$?" \
		>"$dir/other.sh"
	run upgrade --sql c1 >"$dir/second.sql"
	echo "psql -qX '$(url_postgresql online)' -f '$dir/second.sql' 2>&1" >>"$dir/other.sh"
	run upgrade --sql c1 | awk -v file="$dir/other.sh" '/^COMMIT|^VACUUM/ { print "\\! sh " file } { print }' \
		>"$dir/script.sql"
	shell_postgresql online <"$dir/script.sql" >"$dir/said" 2>&1 || { cat "$dir/said"; exit 1; }
	locked=$(grep -c "is held by pid" "$dir/said" || true)
	failed=$(grep -c "^status 1$" "$dir/said" || true)
	refused=$(grep -c "another process is migrating" "$dir/said" || true)
	[ "$failed" -ge 3 ] && [ "$failed" = "$locked" ] && [ "$failed" = "$refused" ] && ! grep -q "^status 0$" "$dir/said" || {
		echo "somebody else migrated meanwhile"
		cat "$dir/script.sql" "$dir/said"
		exit 1
	}
	[ "$(psql -qXAt "$(url_postgresql online)" -c "SELECT string_agg(DISTINCT schemaname, ',') FROM pg_tables
		WHERE schemaname NOT IN ('pg_catalog', 'information_schema')")" = app ] || { echo "not in the search path"; exit 1; }
	[ "$(run current | cut -d" " -f1)" = c1 ]
fi

walks sqlite
if [ -n "${MIG_TEST_POSTGRESQL-}" ]; then walks postgresql; fi

# the same revisions, the same bytes
"$mig" -u sqlite:x upgrade --sql heads >"$dir/once"
sleep 1
"$mig" -u sqlite:x upgrade --sql heads | cmp - "$dir/once"

# refused, and then not half a script
refused() {
	want=$1
	shift
	status=0
	out=$("$mig" "$@" 2>"$dir/said") || status=$?
	[ "$status" != 0 ] && [ -z "$out" ] && grep -q "$want" "$dir/said" || {
		echo "mig $*: status $status, \"$out\""
		cat "$dir/said"
		exit 1
	}
}
refused "FROM:TO" -u sqlite:x downgrade --sql -1
refused "not FROM:TO" -u sqlite:x upgrade --sql a1:b1:c1
refused "not FROM:TO" -u sqlite:x upgrade --sql a1:
refused "nosuch" -u sqlite:x upgrade --sql nosuch
refused "nosuch" -u sqlite:x upgrade --sql nosuch:heads
revision e1 "-- revises: d1" "" "CREATE TABLE e (x);\nCOMMIT;" ""
refused "e1.sql:7:1" -u sqlite:x upgrade --sql e1
refused "no database is named" upgrade --sql heads
echo "the scripts do what the runs do"

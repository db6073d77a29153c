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
"$mig" init "$MIG_DIRECTORY" >/dev/null

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
}
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

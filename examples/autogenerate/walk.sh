#!/bin/sh
# autogenerate: the walk of a new user. The model of version 1 becomes a revision; rows come; the
# model of version 2 becomes another one; the rows stay, up and down.
# Usage: walk.sh RESULTS-1 RESULTS-2 [URL]
#   On SQLite, and then in a new database of the PostgreSQL server that URL or MIG_TEST_POSTGRESQL
#   names, if one does, with the same model.
set -eu
dir=$(mktemp -d)
server=${3-${MIG_TEST_POSTGRESQL-}}
database=mig_walk_$$
made=
finish() {
	[ -z "$made" ] || psql -qX "$server" -c "DROP DATABASE $database" || true
	rm -rf "$dir"
}
trap finish EXIT
out=$dir/out
: >"$out"
fail() {
	echo "$MIG_URL: $1"
	cat "$out"
	exit 1
}
version_1() { "$one" "$@" >"$out" 2>&1 || fail "version 1: $*"; }
version_2() { "$two" "$@" >"$out" 2>&1 || fail "version 2: $*"; }
says() { grep -q "$1" "$out" || fail "\"$1\" was expected"; }
absolute() { echo "$(cd "$(dirname "$1")" && pwd)/$(basename "$1")"; }
one=$(absolute "$1")
two=$(absolute "$2")

# sql TEXT: prints rows as a|b
sql() {
	case $MIG_URL in
	sqlite:*) python3 - "${MIG_URL#sqlite:}" "$1" <<-'END' ;;
		import sqlite3, sys
		with sqlite3.connect(sys.argv[1]) as db:
		    for row in db.execute(sys.argv[2]):
		        print("|".join(str(v) for v in row))
	END
	*) psql -qXAt "$MIG_URL" -c "$1" ;;
	esac
}
rows_are() {
	found=$(sql "$1")
	[ "$found" = "$2" ] || fail "rows are \"$found\", not \"$2\": $1"
}

walk() {
	mkdir "$dir/$1"
	cd "$dir/$1"
	version_1 db init

	version_1 db migrate -m "Initial migration"
	says '^Detected: create table users$'
	says '^Detected: create table results$'
	says '^Generating migrations/versions/.*_initial_migration.sql \.\.\. done$'
	version_1 db upgrade
	version_1 db migrate -m "Nothing to do"
	says '^No changes in schema detected\.$'
	version_1 db check

	sql "INSERT INTO users (id, name, email) VALUES (1, 'Ann', 'ann@example.org'), (2, 'Bob', NULL)"
	sql "INSERT INTO results (id, user_id, score) VALUES (10, 1, 300), (11, 1, 7), (12, 2, 0)"

	version_2 db migrate -m "Version 2"
	says '^Detected: rename column users.name to full_name$'
	says '^Detected: create column results.final$'
	says '^Detected: alter column results.score: type smallint .* bigint$'
	says '^Detected: create index .*ix_results_user_id$'
	if grep -q 'lose' "$out"; then fail "data would be lost"; fi
	version_2 # it upgrades when it starts
	says '^results 2: the database is up to date$'
	rows_are "SELECT id, full_name FROM users ORDER BY id" "1|Ann
2|Bob"
	sql "UPDATE results SET score = 5000000000 WHERE id = 11"
	rows_are "SELECT score FROM results WHERE id = 11" 5000000000
	sql "UPDATE results SET score = 7 WHERE id = 11"
	version_2 db check

	version_2 db downgrade
	rows_are "SELECT id, name, email FROM users WHERE id = 1" "1|Ann|ann@example.org"
	rows_are "SELECT id, user_id, score FROM results ORDER BY id" "10|1|300
11|1|7
12|2|0"
	version_1 db downgrade
	version_2 db upgrade
	rows_are "SELECT count(*) FROM users" 0
	version_2 db check
}

MIG_URL=sqlite:app.db
export MIG_URL
walk sqlite
echo "SQLite: done"
[ -n "$server" ] || exit 0
psql -qX "$server" -c "CREATE DATABASE $database"
made=yes
MIG_URL=$(echo "$server" | sed "s|^\([a-z]*://[^/]*\)/[^?]*|\1/$database|")
walk postgresql
echo "PostgreSQL: done"

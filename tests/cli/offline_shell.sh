#!/bin/sh
# offline_shell.sh MIG: a section never has a command of the engine's own shell in a script: what only the shell would
# understand is refused with its place, as a run refuses it, and what only looks like it does what the run does.
set -eu
mig=$1
dir=$(mktemp -d)
made=""
trap 'for d in $made; do psql -qX "$MIG_TEST_POSTGRESQL" -c "DROP DATABASE IF EXISTS $d" 2>/dev/null; done; rm -rf "$dir"' EXIT
unset MIG_URL MIG_CONFIG MIG_APP
cd "$dir"
mkdir m
export MIG_DIRECTORY=m
count=0

# section: its text from stdin
section() {
	{
		printf -- '-- one\n-- revision: one\n-- revises:\n\n-- mig:upgrade%s\n' "${1-}"
		cat
	} >m/one.sql
	count=$((count + 1))
}

fail() {
	echo "$*"
	cat m/one.sql script said 2>/dev/null
	exit 1
}

# refused KIND PLACE [ATTRIBUTES]: nothing is written
refused() {
	section "${3-}"
	if "$mig" -u "$1:///x" upgrade --sql head >script 2>said; then
		"shell_$1" <script >/dev/null 2>&1 || true
		[ ! -e pwned ] || echo "the shell has run it"
		fail "$1: it was not refused"
	fi
	[ ! -s script ] || fail "$1: half a script"
	grep -q "m/one.sql:$2: " said || fail "$1: the place is not $2"
}

# same KIND: the shell does what the run does
same() {
	section "${2-}"
	"fresh_$1"
	"$mig" -u "$("url_$1" online)" -q upgrade >said 2>&1 || fail "$1: the run fails"
	"$mig" -u "$1:///x" upgrade --sql head >script 2>said || fail "$1: refused"
	"shell_$1" <script >said 2>&1 || fail "$1: the shell fails"
	for one in online offline; do "dump_$1" $one >"$one.dump"; done
	diff online.dump offline.dump || fail "$1: they differ"
	[ ! -e pwned ] || fail "$1: the shell has run something"
}

fresh_sqlite() { rm -f online.db offline.db; }
url_sqlite() { echo "sqlite:$1.db"; }
shell_sqlite() { sqlite3 offline.db; }
dump_sqlite() { sqlite3 "$1.db" .dump | grep -v '^INSERT INTO mig_history'; }

# Without the lock that a script has on PostgreSQL a run can finish the section under it: what the section's own
# transaction does is then not done a second time.
fresh_sqlite
section " transaction=no" <<'SQL'
CREATE TABLE t (x);
VACUUM;
BEGIN;
INSERT INTO t VALUES (1);
COMMIT;
VACUUM;
SQL
"$mig" -u sqlite:///x upgrade --sql head >script
sed "s|^BEGIN;\$|.shell \"$mig\" -u sqlite:offline.db -q upgrade\n&|" script >script.sql
! sqlite3 offline.db <script.sql >said 2>&1 || fail "sqlite: the script went on after a run"
grep -q "is where the script expects it" said || fail "sqlite: the script stopped for another reason"
[ "$(sqlite3 offline.db 'SELECT count(*) FROM t')" = 1 ] || fail "sqlite: a unit ran twice"

refused sqlite 6:1 <<'SQL'
.shell touch pwned
SQL
refused sqlite 7:1 <<'SQL'
CREATE TABLE t (x);
.shell touch pwned
SQL
refused sqlite 8:1 <<'SQL'
CREATE TABLE t (x); /* a comment
of two lines */
.system touch pwned
SQL
refused sqlite 7:1 <<'SQL'
-- a comment
.read pwn.sql
SQL
refused sqlite 8:2 <<'SQL'
CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1;
END;
	.shell touch pwned
SQL
refused sqlite 6:21 <<'SQL'
CREATE TABLE t (x); .shell touch pwned
SQL
refused sqlite 7:1 " transaction=no" <<'SQL'
CREATE TABLE t (x);
.shell touch pwned
SQL
refused sqlite 7:1 <<'SQL'
CREATE TABLE t (x);
# a comment of the shell
SQL
# ends a statement for the shell alone
refused sqlite 8:1 <<'SQL'
CREATE TABLE t (x);
INSERT INTO t SELECT 4
/
2;
SQL
refused sqlite 8:2 <<'SQL'
CREATE TABLE t (x);
INSERT INTO t SELECT 4 AS
 Go -- so
;
SQL
refused sqlite 6:1 <<'SQL'
/
SQL
same sqlite <<'SQL'
CREATE TABLE t (x TEXT, y);
INSERT INTO t VALUES ('
.shell touch pwned
', 1), (';
.shell touch pwned
/
go
', 2);
INSERT INTO t VALUES (";
.shell touch pwned
", '#');
/*
.shell touch pwned
;
.shell touch pwned
*/
INSERT INTO t SELECT t
.x, 8 / 2 /
2 FROM t AS [t];
CREATE TABLE "a;
.shell touch pwned
" (`b;
.shell touch pwned
`, [c;
.shell touch pwned
]);
CREATE TRIGGER r AFTER INSERT ON t BEGIN
	UPDATE t SET y = ';
.shell touch pwned
';
	/* ;
.shell touch pwned
*/
	SELECT 1;
END;
INSERT INTO t VALUES (1, 2) -- ;
-- .shell touch pwned
SQL

if [ -n "${MIG_TEST_POSTGRESQL-}" ]; then
	defaults=""
	fresh_postgresql() {
		for one in online offline; do
			name=mig_shell_${one}_$$
			psql -qX "$MIG_TEST_POSTGRESQL" -c "SET client_min_messages = error" -c "DROP DATABASE IF EXISTS $name" -c "CREATE DATABASE $name" 2>/dev/null
			[ -z "$defaults" ] || psql -qX "$MIG_TEST_POSTGRESQL" -c "ALTER DATABASE $name SET $defaults"
			made="$made $name"
		done
	}
	url_postgresql() { echo "$MIG_TEST_POSTGRESQL" | sed "s|///[a-z]*?|///mig_shell_$1_$$?|"; }
	# whoever runs it may have variables
	shell_postgresql() { psql -qX -v n=0 -v 2=0 -v x=1 -v text=9 "$(url_postgresql offline)"; }
	dump_postgresql() { pg_dump -T mig_history "$(url_postgresql "$1")" | grep -v '^\\\(un\)\?restrict'; }

	refused postgresql 6:1 <<'SQL'
\! touch pwned
SQL
	refused postgresql 6:10 <<'SQL'
SELECT 1 \! touch pwned
SQL
	refused postgresql 7:14 <<'SQL'
SELECT 'it''s';
SELECT 'a\'; \! touch pwned; --'
SQL
	refused postgresql 6:7 <<'SQL'
SELECT\gexec
SQL
	# the shell and libmig would read what follows in two ways
	refused postgresql 6:1 <<'SQL'
SET standard_conforming_strings = off;
SELECT 'a\'; \! touch pwned; --';
SQL
	refused postgresql 7:1 <<'SQL'
SELECT 1;
SET LOCAL "standard_conforming_strings" TO 'off';
SQL
	refused postgresql 6:1 <<'SQL'
SELECT set_config('standard_conforming_strings', 'off', false);
SQL
	refused postgresql 6:1 " transaction=no" <<'SQL'
RESET ALL;
SQL
	refused postgresql 6:1 <<'SQL'
SET client_encoding TO 'SJIS';
SQL
	refused postgresql 6:1 <<'SQL'
SET NAMES 'BIG5';
SQL
	fresh_postgresql
	same postgresql <<'SQL'
SET standard_conforming_strings = on;
SET SESSION standard_conforming_strings TO 'on';
SET client_encoding = 'UTF8';
CREATE TABLE t (a integer[], n integer, s text, "2" integer);
INSERT INTO t VALUES (ARRAY[10, 20, 30], 2, $$ \! touch pwned :n :x $$, 3);
INSERT INTO t SELECT a[1:n], (a[:n])[1], (a[n:"2"])::text || a[1:'2']::text, 1 FROM t; /* :n \! touch pwned */
INSERT INTO t (s, n) VALUES (':n \! touch pwned', 1), (E'\\! \' touch pwned :n', length(':x')) -- :n \! touch
ON CONFLICT DO NOTHING;
CREATE FUNCTION f(a integer, b integer DEFAULT 2) RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT a + b; END;
INSERT INTO t (n) SELECT f(a := 1, b=>3);
COPY t (s, n) FROM STDIN;
:n \\! touch pwned	5
:'x'	6
\.
SQL
	# a database whose strings are of the old kind
	defaults="standard_conforming_strings = off"
	same postgresql <<'SQL'
SET standard_conforming_strings = on;
CREATE TABLE t (s text);
INSERT INTO t VALUES ('a\'), ('; \! touch pwned --');
SQL
fi
echo "$count sections: the shells do what the runs do"

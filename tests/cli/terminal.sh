#!/bin/sh
# terminal.sh MIG: what mig shows on a terminal of 80 and of 40 columns, seen through tmux: a line of progress
# that keeps to its width and goes away, colours, and none with NO_COLOR or TERM=dumb. With MIG_TEST_POSTGRESQL
# also what PostgreSQL tells of an index that is being built.
set -eu
mig=$1
dir=$(mktemp -d)
server=0 # each terminal has a server of its own: one that is being killed still answers
tmux="tmux -S $dir/tmux-$server -f /dev/null"
made=""
clean() {
	$tmux kill-server 2>/dev/null || true
	[ -z "$made" ] || psql -qX "$MIG_TEST_POSTGRESQL" -c "DROP DATABASE IF EXISTS $made"
	rm -rf "$dir"
}
trap clean EXIT
unset MIG_URL MIG_CONFIG MIG_APP NO_COLOR TMUX
export MIG_DIRECTORY="$dir/migrations" MIG_URL="sqlite:$dir/a.db"
"$mig" -c "$MIG_DIRECTORY/mig.ini" init -q "$MIG_DIRECTORY"
cat >"$MIG_DIRECTORY/versions/slow.sql" <<'S'
-- a revision with a long name that takes its time
-- revision: a_revision_with_a_rather_long_name
-- revises:
-- mig:upgrade
CREATE TABLE t (x);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 9000000) SELECT count(*) FROM n;
-- mig:downgrade
DROP TABLE t;
S

# on COLUMNS ENVIRONMENT COMMAND: runs it in a terminal; what is seen meanwhile and in the end
on() {
	rm -f "$dir/done"
	server=$((server + 1))
	tmux="tmux -S $dir/tmux-$server -f /dev/null"
	$tmux new-session -d -x "$1" -y 24 "env $2 $3; touch '$dir/done'; sleep 60"
	: >"$dir/meanwhile"
	for _ in $(seq 600); do
		[ ! -e "$dir/done" ] || break
		$tmux capture-pane -p >>"$dir/meanwhile"
		sleep 0.1
	done
	[ -e "$dir/done" ] || { echo "it does not end"; exit 1; }
	sleep 0.2
	$tmux capture-pane -p >"$dir/end"
	$tmux capture-pane -p -e >"$dir/colours"
	$tmux kill-server
}
fail() { echo "$1"; cat "$dir/meanwhile" "$dir/end"; exit 1; }

for columns in 80 40; do
	on $columns TERM=screen "'$mig' upgrade"
	grep -q '^\[1/1\] a_revision_with_a_rather' "$dir/meanwhile" || fail "$columns: no progress"
	if grep -q 'statement 2' "$dir/meanwhile"; then wide=1; else wide=0; fi
	[ $columns = 40 ] || [ $wide = 1 ] || fail "80: the statement is not told"
	[ $columns = 40 ] || grep -Eq '^\[1/1\] .* s, [0-9.]+ million st' "$dir/meanwhile" ||
		fail "80: how much work was done is not told"
	# a line that is too long would leave its rest behind
	! grep -q '^\[1/1\]' "$dir/end" || fail "$columns: the progress stays"
	[ "$(grep -c '^Upgrade <base> -> a_revision' "$dir/end")" = 1 ] || fail "$columns: not one line a step"
	"$mig" downgrade -q base
done
"$mig" upgrade -q
escape=$(printf '\033')
on 80 TERM=screen "'$mig' history"
grep -q "${escape}\[33ma_revision" "$dir/colours" || fail "no colours"
for plain in "TERM=screen NO_COLOR=1" "TERM=dumb"; do
	on 80 "$plain" "'$mig' history"
	grep -q "a_revision" "$dir/end" || fail "$plain: nothing"
	! grep -q "$escape" "$dir/colours" || fail "$plain: colours"
done
! "$mig" history | grep "$escape" || fail "colours in a pipe"

# what loses data is asked about, on a terminal alone
cat >"$MIG_DIRECTORY/versions/wide.sql" <<'S'
-- wide
-- revision: wide
-- revises: a_revision_with_a_rather_long_name
-- mig:upgrade
ALTER TABLE t ADD COLUMN y;
-- mig:downgrade
SELECT '-- destructive: not a line of its own';
	-- destructive: drops column t.y and its values
ALTER TABLE t DROP COLUMN y;
S
"$mig" upgrade -q
on 80 TERM=screen "sh -c 'yes n | head -n 1 >\"$dir/answer\"; \"$mig\" downgrade <\"$dir/answer\"'"
! grep -q 'Go on' "$dir/end" || fail "asked, with standard input from a file"
"$mig" upgrade -q
# ask COMMAND ANSWER: types an answer to it
ask() {
	rm -f "$dir/done"
	server=$((server + 1))
	tmux="tmux -S $dir/tmux-$server -f /dev/null"
	$tmux new-session -d -x 80 -y 24 "env TERM=screen '$mig' $1; echo status \$?; touch '$dir/done'; sleep 60"
	for _ in $(seq 100); do
		[ ! -e "$dir/done" ] && ! $tmux capture-pane -p | grep -q 'Go on' || break
		sleep 0.1
	done
	$tmux send-keys "$2" Enter
	for _ in $(seq 100); do
		[ ! -e "$dir/done" ] || break
		sleep 0.1
	done
	sleep 0.2
	$tmux capture-pane -p >"$dir/end"
	$tmux kill-server
}
: >"$dir/meanwhile"
ask downgrade n
grep -q '^This undoes 1 revision and loses data:$' "$dir/end" || fail "no question"
[ "$(grep -c '^  wide: drops column t.y and its values$' "$dir/end")" = 1 ] || fail "not what is lost"
! grep -q 'not a line' "$dir/end" || fail "a string is taken for a mark"
grep -q 'nothing was run' "$dir/end" && grep -q '^status 1$' "$dir/end" || fail "no: it ran"
[ "$("$mig" current | cut -d' ' -f1)" = wide ] || fail "no: it ran"
ask 'downgrade --yes' x
! grep -q 'Go on' "$dir/end" && grep -q '^status 0$' "$dir/end" || fail "--yes"
ask 'downgrade base' y
grep -q '^This undoes 1 revision\.$' "$dir/end" && grep -q '^status 0$' "$dir/end" || fail "base"
ask 'downgrade base' y
! grep -q 'Go on' "$dir/end" && grep -q 'Nothing to do' "$dir/end" || fail "asked about nothing"
rm "$MIG_DIRECTORY/versions/wide.sql"

# on PostgreSQL, an index: the server tells how far it is
if [ -n "${MIG_TEST_POSTGRESQL-}" ]; then
	database=mig_terminal_$$
	psql -qX "$MIG_TEST_POSTGRESQL" -c "CREATE DATABASE $database"
	made=$database
	export MIG_URL="postgresql:///$database?${MIG_TEST_POSTGRESQL#*\?}"
	cat >"$MIG_DIRECTORY/versions/slow.sql" <<'S'
-- an index
-- revision: r1
-- revises:
-- mig:upgrade
CREATE TABLE t (x INTEGER, wide TEXT) WITH (fillfactor = 10);
INSERT INTO t SELECT n, repeat('w', 500) FROM generate_series(1, 50) AS n;
CREATE FUNCTION slow(INTEGER) RETURNS INTEGER IMMUTABLE LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_sleep(0.08); RETURN $1; END $$;
CREATE INDEX i ON t (slow(x));
-- mig:downgrade
S
	on 80 TERM=screen "'$mig' upgrade"
	grep -Eq '^\[1/1\] r1, statement 4, .* s, [0-9]+% building index: scanning table$' "$dir/meanwhile" ||
		fail "the index's progress is not told"
	! grep -q '^\[1/1\]' "$dir/end" || fail "the index's progress stays"
fi
echo "the terminal shows what it should"

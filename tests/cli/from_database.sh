#!/bin/sh
# from_database.sh MIG SHIM: init --from-database on a database that is there: the model, the first revision and the
# database agree, what is there is not overwritten, and a run that was killed anywhere is completed by the same command.
set -eu
mig=$1 shim=${2:-}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset MIG_URL MIG_CONFIG MIG_APP MIG_DIRECTORY
cd "$dir"
mkdir before
sqlite3 before/app.db <<'END'
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE notes (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id), text TEXT DEFAULT 'a;b');
CREATE INDEX notes_user ON notes (user_id);
CREATE VIEW named AS SELECT n.text, u.name FROM notes n JOIN users u ON u.id = n.user_id;
INSERT INTO users VALUES (1, 'ann');
INSERT INTO notes VALUES (1, 1, 'x');
END

# good: the environment agrees with the database, whose rows are still there
good() {
	"$mig" status --check >out || { cat out; echo "$1: not at rest"; exit 1; }
	[ "$("$mig" history | wc -l)" = 1 ] || { "$mig" history; echo "$1: not one revision"; exit 1; }
	[ "$(sqlite3 app.db 'SELECT name, text FROM named')" = "ann|x" ] || { echo "$1: the rows are others"; exit 1; }
	# that of a process that was killed is removed a minute later
	[ -n "${at:-}" ] || ! find . -name '.mig-*' | grep . || { echo "$1: a temporary file stays"; exit 1; }
	"$mig" -u sqlite:new.db -q upgrade
	"$mig" -u sqlite:new.db check >out || { cat out; echo "$1: the revision gives another schema"; exit 1; }
	"$mig" -u sqlite:new.db -q downgrade base
	[ -z "$("$mig" -u sqlite:new.db dump)" ] || { echo "$1: the downgrade leaves something"; exit 1; }
	rm new.db
}

fresh() {
	cd "$dir"
	rm -rf work
	cp -a before work
	cd work
}

fresh
"$mig" init --from-database >out
cat out
grep -q "^The database is at it. Next: edit schema.sql, then mig migrate" out
good "a fresh one"
# again: it is what it would be
"$mig" -q init --from-database
good "again"
echo 'CREATE TABLE more (x);' >>schema.sql
! "$mig" init --from-database 2>out
grep -q "schema.sql: exists, and is never overwritten" out
"$mig" -q migrate -m more
"$mig" -q upgrade

# what is there is not overwritten, and nothing is left behind
fresh
echo mine >schema.sql
! "$mig" init --from-database 2>out
[ "$(cat schema.sql)" = mine ] && [ "$(ls)" = "$(printf 'app.db\nout\nschema.sql')" ]
"$mig" -q init --from-database --models model.sql db
grep -q '^models = model.sql' mig.ini && grep -q '^directory = db' mig.ini && [ "$(cat schema.sql)" = mine ]
good "another file"
fresh
printf '[mig]\nurl = sqlite:other.db\n' >mig.ini
! "$mig" init --from-database 2>out
grep -q "mig.ini: exists, and is never overwritten" out
[ "$(ls)" = "$(printf 'app.db\nmig.ini\nout')" ]
fresh
"$mig" -u sqlite:app.db -d elsewhere -c elsewhere.ini -q init
printf -- '-- revision: a\n-- mig:upgrade\n' >elsewhere/versions/a.sql
"$mig" -c elsewhere.ini -d elsewhere -q upgrade
! "$mig" init --from-database 2>out
grep -q "migrated by libmig already" out
[ ! -e schema.sql ] && [ ! -e mig.ini ]

# killed at each call that changes a file
[ -n "$shim" ] || exit 0
at=0 status=137 kills=0
while [ $status = 137 ]; do
	at=$((at + 1))
	fresh
	status=0
	KILL_AT=$at LD_PRELOAD=$shim "$mig" -u sqlite:app.db init --from-database >out 2>&1 || status=$?
	[ $status = 137 ] || break
	kills=$((kills + 1))
	"$mig" -u sqlite:app.db init --from-database >out 2>&1 || { cat out; echo "killed at $at, then again: it fails"; exit 1; }
	rm -f out
	good "killed at $at"
done
[ $kills -gt 10 ] || { echo "only $kills kills"; exit 1; }
echo "$kills kills"

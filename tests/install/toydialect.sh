#!/bin/sh
# toydialect.sh BUILD PREFIX LIBDIR EXAMPLE: a dialect with autogenerate whose DDL commits by itself, built
# outside of the tree against the installed library; the suite; and a program with a model that goes from
# model to revision, up, is killed, goes on, is checked, and goes down.
set -eu
build=$1 prefix=$2 libdir=$3 example=$4
dir=$(mktemp -d /tmp/mig-toydialect-XXXXXX)
trap 'rm -rf "$dir"' EXIT
root=$dir/root$prefix lib=$dir/root$prefix/$libdir
meson install -C "$build" --destdir "$dir/root" --no-rebuild --quiet >/dev/null
sed -i "s|^prefix=.*|prefix=$root|" "$lib"/pkgconfig/*.pc
export PKG_CONFIG_PATH="$lib/pkgconfig" LD_LIBRARY_PATH="$lib"
unset MIG_DIALECT_PATH

fail() {
	echo "$*" >&2
	exit 1
}
not() {
	! "$@" || fail "this should fail: $*"
}

echo "== build, test and install: $(wc -l <"$example/toydb.c") lines"
[ "$(wc -l <"$example/toydb.c")" -le 300 ] || fail "more than 300 lines"
cp -R "$example" "$dir/source"
meson setup "$dir/build" "$dir/source" --werror >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
meson compile -C "$dir/build" >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
cd "$dir"
"$dir/build/conformance" >"$dir/tap" || { cat "$dir/tap"; exit 1; }
grep -c '^ok' "$dir/tap"
meson install -C "$dir/build" --quiet >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }

[ -x "$root/bin/mig" ] || exit 0
cat >app.c <<'C'
#include <mig/cli.h>
#include <mig/model.h>
#include <stdlib.h>

static mig_status setup(mig_ctx *ctx, void *user)
{
	mig_model *model;
	mig_status rc = mig_model_of(ctx, &model);
	mig_table *t;
	mig_column *c;


	(void)user;
	if (rc)
		return rc;
	t = mig_model_table(model, NULL, "user table");
	c = mig_table_column(t, "id", "integer");
	mig_column_primary_key(c);
	c = mig_table_column(t, "e`mail", "varchar(80)");
	mig_column_not_null(c);
	mig_column_default_text(c, "n'one");
	if (getenv("SECOND")) {
		mig_table_column(t, "active", "boolean");
		t = mig_model_table(model, NULL, "more");
		c = mig_table_column(t, "id", "bigint");
		mig_column_primary_key(c);
	}
	return MIG_OK;
}

int main(int argc, char **argv)
{
	mig_cli_options o = { .struct_size = sizeof o, .setup = setup };

	return mig_cli_main(argc, argv, &o);
}
C
cc app.c $(pkg-config --cflags --libs libmig-cli libmig) -o app
sql() { sqlite3 notes.db "$1"; }
export MIG_URL='file=notes.db;'

echo "== model, revision, database"
./app init -q
./app migrate -q -m first --rev-id a1 >out || { cat out; exit 1; }
cat migrations/versions/a1_first.sql
grep -q 'CREATE TABLE `user table` (`id` NUMBER NOT NULL, `e``mail` CHARS(80) NOT NULL' migrations/versions/a1_first.sql
./app upgrade -q
[ "$(./app current)" = "a1 (head)" ]
./app check | grep -q "No new upgrade operations"
SECOND=1 ./app check >out 2>&1 && fail "a change was not seen"
SECOND=1 ./app migrate -q -m second --rev-id b2
./app plan | tee plan
grep -q 'outside a transaction' plan || fail "the plan says it is transactional"

echo "== killed -9 with a statement in flight: after it ran and before its mark, and before it ran"
cat >killer.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The process dies when it has run the statement that KILL_AT names; with KILL_BEFORE, when it is about to. */
int sqlite3_step(sqlite3_stmt *stmt)
{
	int (*real)(sqlite3_stmt *) = (int (*)(sqlite3_stmt *))dlsym(RTLD_NEXT, "sqlite3_step");
	const char *sql = sqlite3_sql(stmt), *at = getenv("KILL_AT");
	int hit = at && sql && !strncmp(sql, at, strlen(at)), rc;

	if (hit && getenv("KILL_BEFORE"))
		kill(getpid(), SIGKILL);
	rc = real(stmt);
	if (hit && rc == SQLITE_DONE)
		kill(getpid(), SIGKILL);
	return rc;
}
C
cc -shared -fPIC killer.c -o killer.so -lsqlite3 -ldl
cp notes.db before.db
for statement in 'ALTER TABLE `user table` ADD COLUMN' 'CREATE TABLE `more`'; do
	for when in '' KILL_BEFORE=1; do
		cp before.db notes.db
		status=0
		env LD_PRELOAD="$dir/killer.so" KILL_AT="$statement" $when ./app upgrade -q || status=$?
		[ $status = 137 ] || fail "it was not killed at $statement: $status"
		sql "SELECT state, statements, done_digest FROM mig_history WHERE revision = 'b2'" | tee flight
		grep -q '^running|' flight || fail "nothing says that it is unfinished"
		[ "$(./app current 2>/dev/null)" != "b2 (head)" ]
		not ./app check >/dev/null 2>&1
		./app upgrade -q || fail "killed at $statement ($when), it does not go on"
		[ "$(./app current)" = "b2 (head)" ]
		SECOND=1 ./app check | grep -q "No new upgrade operations"
		[ "$(sql "SELECT count(*) FROM mig_history WHERE state = 'running'")" = 0 ]
	done
done
cp before.db notes.db

echo "== failed after its statements, and finished"
sed -i 's/^-- mig:downgrade/SELECT no_such_function();\n\n&/' migrations/versions/b2_second.sql
not ./app upgrade -q 2>err
grep -q 'statements are done' err || { cat err; fail "nothing says what is done"; }
[ "$(sql "SELECT state, statements FROM mig_history WHERE revision = 'b2'")" = 'running|2' ]
not ./app check >/dev/null 2>&1
sed -i '/no_such_function/d' migrations/versions/b2_second.sql
./app upgrade -q
[ "$(./app current)" = "b2 (head)" ]
SECOND=1 ./app check | grep -q "No new upgrade operations"
[ "$(sql "SELECT count(*) FROM sqlite_schema WHERE name = 'more'")" = 1 ]

echo "== a transaction of the section's own around DDL is refused, before anything runs"
./app revision -q --rev-id c3 -m third >/dev/null
sed -i 's/^-- mig:upgrade$/&\nCREATE TABLE early (x);\nBEGIN;\nCREATE TABLE late (x);\nCOMMIT;/' migrations/versions/c3_third.sql
not ./app upgrade -q 2>err
grep -q 'commits by itself' err
[ "$(sql "SELECT count(*) FROM sqlite_schema WHERE name = 'early'")" = 0 ]
rm migrations/versions/c3_third.sql

echo "== and down"
./app downgrade -q base
[ "$(./app current)" = "<base>" ]
[ "$(sql "SELECT count(*) FROM sqlite_schema WHERE name IN ('user table', 'more')")" = 0 ]
echo "done"

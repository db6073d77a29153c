#!/bin/sh
# dialect.sh BUILD PREFIX LIBDIR EXAMPLE: the example of a dialect, built as a stranger builds it: outside of the
# tree, against the installed library alone. Then the command uses it, and the suite says what it is worth.
set -eu
build=$1 prefix=$2 libdir=$3 example=$4
pkg-config --exists sqlcipher || { echo "libsqlcipher-dev is not installed"; [ -z "${MIG_TEST_REQUIRE-}" ] || exit 1; exit 77; }
dir=$(mktemp -d /tmp/mig-dialect-XXXXXX)
trap 'rm -rf "$dir"' EXIT
root=$dir/root$prefix lib=$dir/root$prefix/$libdir
meson install -C "$build" --destdir "$dir/root" --no-rebuild --quiet >/dev/null
# as if it had been configured with this prefix
sed -i "s|^prefix=.*|prefix=$root|" "$lib"/pkgconfig/*.pc
export PKG_CONFIG_PATH="$lib/pkgconfig" LD_LIBRARY_PATH="$lib"
unset MIG_DIALECT_PATH

# "!" alone does not end a script
not() {
	if "$@"; then
		echo "this should fail: $*" >&2
		exit 1
	fi
}

echo "== build, test and install"
cp -R "$example" "$dir/source"
meson setup "$dir/build" "$dir/source" --werror -Dwarning_level=3 >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
meson compile -C "$dir/build" >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
"$dir/build/conformance" >"$dir/tap" || { cat "$dir/tap"; exit 1; }
grep -c '^ok' "$dir/tap"
meson install -C "$dir/build" --quiet >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
[ -f "$(pkg-config --variable=plugindir libmig)/libmig-sqlcipher.so" ]
[ "$(nm -D --defined-only "$lib/mig/libmig-sqlcipher.so" | grep -c ' T ')" = 1 ]

echo "== the suite by hand"
"$dir/build/conformance" -l | grep -q '^undoes_ddl$'
"$dir/build/conformance" undoes_ddl splits | grep -q '^1..2$'
not "$dir/build/conformance" no_such_case >/dev/null 2>&1

mig=$root/bin/mig
[ -x "$mig" ] || exit 0
echo "== the command"
cd "$dir"
export MIG_URL=sqlcipher:notes.db SQLCIPHER_KEY='open sesame'
"$mig" init -q
"$mig" revision -q --rev-id aaaa -m "create notes" >/dev/null
sed -i 's/^-- mig:upgrade$/&\nCREATE TABLE notes (body TEXT);\nINSERT INTO notes VALUES ("clear text");/
s/^-- mig:downgrade$/&\nDROP TABLE notes;/' migrations/versions/aaaa_create_notes.sql
"$mig" -q upgrade
[ "$("$mig" current)" = "aaaa (head)" ]
not grep -q -e 'clear text' -e 'SQLite format' notes.db
SQLCIPHER_KEY=other "$mig" current >out 2>&1 && exit 1
grep -q 'hint: the key is wrong' out
grep -q "database $dir/notes.db: " out
"$mig" --url 'sqlcipher:no/such/folder/notes.db?key=geheim' current >out 2>&1 && exit 1
grep -q 'no/such/folder/notes.db: unable to open' out
not grep -q geheim out
SQLCIPHER_KEY='' "$mig" current >out 2>&1 && exit 1
grep -q 'there is no key' out
[ "$(SQLCIPHER_KEY='' "$mig" --url 'sqlcipher:notes.db?key=open%20sesame' current)" = "aaaa (head)" ]

echo "== what it has no slots for"
"$mig" check >out 2>&1 && exit 1
grep -q 'sqlcipher' out
"$mig" -q downgrade
[ "$("$mig" current)" = "<base>" ]

echo "== beside the dialect for SQLite, and beside SQLite itself, in one program"
cat >both.c <<'C'
#include <mig/mig.h>
int main(void)
{
	mig_ctx *plain, *secret;
	int ok = !mig_open(&plain, "sqlite:plain.db") && !mig_open(&secret, "sqlcipher:secret.db");
	ok = ok && !mig_ensure_version(plain) && !mig_ensure_version(secret);
	mig_close(plain);
	mig_close(secret);
	return !ok;
}
C
cc both.c $(pkg-config --cflags --libs libmig) -o both
./both
grep -q 'SQLite format' plain.db
not grep -q 'SQLite format' secret.db
cat >host.c <<'C'
#include <mig/mig.h>
#include <sqlite3.h>
#include <stdio.h>
int main(void)
{
	mig_ctx *ctx;
	mig_status rc = mig_open(&ctx, "sqlcipher:other.db");
	printf("%s %s %s\n", sqlite3_libversion(), mig_status_name(rc), mig_error_message(ctx));
	mig_close(ctx);
	return 0;
}
C
cc host.c $(pkg-config --cflags --libs libmig sqlite3) -o host
./host | grep 'MIG_ECONNECT this process has SQLite in the place of SQLCipher'
echo "done"

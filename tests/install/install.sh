#!/bin/sh
# install.sh BUILD KIND PREFIX LIBDIR OPTIMIZATION EXAMPLES: installs a build into a folder of its own, and uses it from
# there as a stranger would, through pkg-config alone.
set -eu
build=$1 kind=$2 prefix=$3 libdir=$4 optimization=$5 examples=$6
dir=$(mktemp -d /tmp/mig-install-XXXXXX)
trap 'rm -rf "$dir"' EXIT
root=$dir/root lib=$dir/root$prefix/$libdir
meson install -C "$build" --destdir "$root" --no-rebuild --quiet >/dev/null
export PKG_CONFIG_PATH="$lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$root"
export LD_LIBRARY_PATH="$lib"
unset MIG_DIALECT_PATH
mkdir "$dir/app"
cd "$dir/app"

echo "== the declarations for other languages"
grep -q '^mig_status mig_open(' "$root$prefix/include/mig/mig.flat.h"

echo "== ten lines of C"
cat >app.c <<'C'
#include <mig/mig.h>
#include <stdio.h>
int main(int argc, char **argv)
{
	static const char one[] = "-- one\n-- revision: one\n\n-- mig:upgrade\nCREATE TABLE t (x);\n";
	mig_ctx *ctx;
	mig_status rc = mig_open(&ctx, argc > 1 ? argv[1] : "sqlite:app.db");
	if (!rc) rc = mig_add_script(ctx, "one.sql", one, sizeof one - 1);
	if (!rc) rc = mig_upgrade(ctx, "head");
	printf("%s %s\n", mig_status_name(rc), rc ? mig_error_message(ctx) : "");
	for (FILE *maps = fopen("/proc/self/maps", "r"); maps; maps = NULL)
		for (char line[512]; fgets(line, sizeof line, maps);) fputs(line, stderr);
	mig_close(ctx);
	return rc != 0;
}
C
cc app.c $(pkg-config --cflags --libs libmig) -o app
./app 2>maps
./app >/dev/null 2>&1
[ "$kind" = static ] || ! grep -e libpq -e libmig-postgresql maps || { echo "SQLite alone loads PostgreSQL"; exit 1; }

if [ "$kind" != static ]; then
	echo "== what is linked"
	[ "$(pkg-config --libs libmig | tr -s ' ' | sed 's/^-L[^ ]* //; s/ $//')" = -lmig ]
	for so in libmig.so libmig-cli.so; do
		! ldd "$lib/$so" | grep -e sqlite -e libpq || { echo "$so links a database library"; exit 1; }
	done
	! ldd app | grep -e sqlite -e libpq || { echo "the program links a database library"; exit 1; }
	total=0
	for so in libmig.so libmig-sqlite.so; do
		strip -o stripped "$(readlink -f "$lib/$so")"
		size=$(stat -c %s stripped)
		echo "$so: $size bytes, stripped"
		total=$((total + size))
	done
	echo "core and SQLite dialect: $total bytes of $((570 * 1024))"
	# the budget is that of a release; -O3 buys no speed here and is larger
	case $optimization in
	2 | s) [ "$total" -lt $((570 * 1024)) ] ;;
	*) echo "built with -O$optimization: the size does not count" ;;
	esac
fi

mig=$root$prefix/bin/mig
if [ -x "$mig" ]; then
	echo "== the command, and a bundle"
	"$mig" init -q
	"$mig" revision -q --rev-id aaaa -m "create notes" >/dev/null
	sed -i 's/^-- mig:upgrade$/&\nCREATE TABLE notes (id INTEGER PRIMARY KEY);/; s/^-- mig:downgrade$/&\nDROP TABLE notes;/' migrations/versions/aaaa_create_notes.sql
	"$mig" embed --symbol notes_migrations -o notes_migrations.c
	"$mig" embed --symbol notes_migrations -o notes_migrations.c --check
	cat >notes.c <<'C'
#include <mig/mig.h>
extern const mig_bundle notes_migrations;
int main(void)
{
	mig_ctx *ctx;
	mig_status rc = mig_open(&ctx, "sqlite:notes.db");
	if (!rc) rc = mig_add_bundle(ctx, &notes_migrations);
	if (!rc) rc = mig_upgrade(ctx, "head");
	mig_close(ctx);
	return rc != 0;
}
C
	cc notes.c notes_migrations.c $(pkg-config --cflags --libs libmig) -o notes
	./notes
	[ "$("$mig" --url sqlite:notes.db current)" = "aaaa (head)" ]
	"$mig" --url sqlite:notes.db -q downgrade
	echo "== the commands inside a program"
	cat >host.c <<'C'
#include <mig/cli.h>
int main(int argc, char **argv)
{
	return mig_cli_main(argc, argv, NULL);
}
C
	cc host.c $(pkg-config --cflags --libs libmig-cli libmig) -o host
	[ "$(./host --url sqlite:notes.db current)" = "<base>" ]

	echo "== the examples, through pkg-config"
	for v in 1 2; do
		"$mig" -d "$examples/selfmigrate/migrations" embed --symbol notes_migrations \
			-o notes_migrations.c --header notes_migrations.h
		cc -I. -DNOTES_VERSION=$v "$examples/selfmigrate/notes.c" notes_migrations.c \
			$(pkg-config --cflags --libs libmig) -o notes-$v
		cc -DMODEL_VERSION=$v "$examples/autogenerate/results.c" \
			$(pkg-config --cflags --libs libmig-cli libmig) -o results-$v
	done
	sh "$examples/selfmigrate/test.sh" ./notes-1 ./notes-2 >/dev/null
	sh "$examples/autogenerate/walk.sh" "$PWD/results-1" "$PWD/results-2" >/dev/null

	echo "== CMake"
	mkdir cmake
	cp app.c host.c cmake/
	sed 's/extern const mig_bundle notes_migrations;/#include "notes_migrations.h"/' notes.c >cmake/notes.c
	cp -r migrations cmake/
	cat >cmake/CMakeLists.txt <<'C'
cmake_minimum_required(VERSION 3.20)
project(app C)
find_package(libmig 0.1 REQUIRED CONFIG)
add_executable(app app.c)
target_link_libraries(app libmig::libmig)
add_executable(notes notes.c)
target_link_libraries(notes libmig::libmig)
libmig_embed(notes notes_migrations migrations)
add_executable(host host.c)
target_link_libraries(host libmig::cli)
C
	cmake -S cmake -B cmake/build -DCMAKE_PREFIX_PATH="$root$prefix" >log || { cat log; exit 1; }
	cmake --build cmake/build >log || { cat log; exit 1; }
	(
		cd cmake
		build/app 2>/dev/null | grep -q MIG_OK
		build/notes
		[ "$(build/host --url sqlite:notes.db current)" = "aaaa (head)" ]
		# a new revision is compiled in by the next build
		"$mig" revision -q -m "second" --rev-id bbbb >/dev/null
		cmake --build build >/dev/null
		build/notes
		[ "$(build/host --url sqlite:notes.db current)" = "bbbb (head)" ]
	)
fi
echo "done"

#!/bin/sh
# Builds libmig and shows a program that migrates its own SQLite database.
# Usage: sh examples/quickstart.sh     (Debian 12; as root or with sudo, for what is not installed)
set -eu
cd "$(dirname "$0")/.."
. tests/packages.sh
need_packages $build_packages $sqlite_packages $test_packages

echo "Building ..."
build=build-quickstart
[ -f "$build/build.ninja" ] || meson setup "$build" >/dev/null
ninja -C "$build" quickstart >/dev/null

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
run() {
	line=""
	for word in "$@"; do
		case $word in *" "*) word="\"$word\"" ;; esac
		line="$line $word"
	done
	printf '\n$%s\n' "$(echo "$line" | sed "s|$build/[^ ]*/||g; s|$dir/||g")"
	"$@"
}

echo "A program with three revisions of its schema starts for the first time:"
run "$build/examples/selfmigrate/notes-1" "$dir/notes.db"
printf '\nThe second time there is nothing to do:\n'
run "$build/examples/selfmigrate/notes-1" "$dir/notes.db"
printf '\nIts version 2 brings one more revision:\n'
run "$build/examples/selfmigrate/notes-2" "$dir/notes.db"
printf '\nWhat the database then holds:\n'
run "$build/lib/mig" --url "sqlite:$dir/notes.db" log
printf '\nAnd from a shell, on a new project, whose schema is in schema.sql:\n'
(
	build=$PWD/$build
	mkdir "$dir/project"
	cd "$dir/project"
	printf 'CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n' >schema.sql
	run "$build/lib/mig" init --url sqlite:app.db --models schema.sql
	run "$build/lib/mig" migrate -m "create users" --rev-id 1a2b3c
	run "$build/lib/mig" upgrade
	run "$build/lib/mig" status
	printf 'CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT);\n' >schema.sql
	printf '\nAfter a change of schema.sql:\n'
	run "$build/lib/mig" migrate -m "users have an address" --rev-id 2b3c4d
	run "$build/lib/mig" upgrade
	run "$build/lib/mig" downgrade
	run "$build/lib/mig" current
)

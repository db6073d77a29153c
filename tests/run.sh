#!/bin/sh
# Builds libmig and passes all its tests.
# Usage: sh tests/run.sh     (Debian 12; as root or with sudo, for what is not installed)
#   BUILD=folder  MESON_ARGS="-Db_sanitize=address,undefined"  TEST_ARGS="--suite unit"
set -eu
cd "$(dirname "$0")/.."
. tests/packages.sh
need_packages $build_packages $sqlite_packages $postgresql_packages $test_packages $ffi_packages $server_packages

build=${BUILD:-build-tests}
[ -f "$build/build.ninja" ] || meson setup "$build" --werror ${MESON_ARGS-} || exit 1
ninja -C "$build" || exit 1

# one PostgreSQL server for all the tests
if [ -z "${MIG_TEST_POSTGRESQL-}" ]; then
	server=$(sh tests/postgresql/cluster.sh folder)
	trap 'sh tests/postgresql/cluster.sh stop "$server"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	MIG_TEST_POSTGRESQL=$(sh tests/postgresql/cluster.sh start "$server") || MIG_TEST_POSTGRESQL=
	export MIG_TEST_POSTGRESQL
fi
status=0
meson test -C "$build" --no-rebuild --print-errorlogs ${TEST_ARGS-} || status=$?
# the counts once more, alone on a line
awk '/^Ok:/ {ok = $2} /^Expected Fail:/ {ok += $3} /^Fail:/ {bad += $2} /^Timeout:/ {bad += $2}
	/^Unexpected Pass:/ {bad += $3} /^Skipped:/ {skipped = $2}
	END {printf "%d passed, %d failed, %d skipped\n", ok, bad, skipped}' \
	"$(ls -t "$build"/meson-logs/testlog*.txt | head -n 1)"
exit "$status"

#!/bin/sh
# Builds libmig and passes all its tests.
# Usage: sh tests/run.sh     (Debian 12; as root or with sudo, for what is not installed)
#   BUILD=folder  MESON_ARGS="-Db_sanitize=address,undefined"  TEST_ARGS="--suite unit"
set -eu
cd "$(dirname "$0")/.."
. tests/packages.sh
need_packages $build_packages $sqlite_packages $test_packages

build=${BUILD:-build-tests}
[ -f "$build/build.ninja" ] || meson setup "$build" --werror ${MESON_ARGS-} || exit 1
ninja -C "$build" || exit 1
status=0
meson test -C "$build" --no-rebuild --print-errorlogs ${TEST_ARGS-} || status=$?
# the counts once more, alone on a line
awk '/^Ok:/ {ok = $2} /^Expected Fail:/ {ok += $3} /^Fail:/ {bad += $2} /^Timeout:/ {bad += $2}
	/^Unexpected Pass:/ {bad += $3} /^Skipped:/ {skipped = $2}
	END {printf "%d passed, %d failed, %d skipped\n", ok, bad, skipped}' "$build/meson-logs/testlog.txt"
exit "$status"

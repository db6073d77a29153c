#!/bin/sh
# run.sh BUILD_DIR [bench_sqlite's options]: the whole benchmark on SQLite with an optimised build.
set -eu

build=${1:?usage: run.sh BUILD_DIR [options]}
shift
here=$(cd "$(dirname "$0")" && pwd)
[ -f "$build/build.ninja" ] || meson setup "$build" "$here/../.." --buildtype=release
ninja -C "$build" --quiet
build=$(cd "$build" && pwd)
MIG_DIALECT_PATH=$build/lib
export MIG_DIALECT_PATH
mig=
[ -x "$build/lib/mig" ] && mig="-m $build/lib/mig"
# shellcheck disable=SC2086
exec "$build/tests/bench/bench_sqlite" $mig "$@"

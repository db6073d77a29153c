#!/bin/sh
# run.sh [-c] [-q] [BUILD_DIR]: the whole benchmark with an optimised build (build-release): every row
# of README.md on SQLite and PostgreSQL, with its target, and at the end what falls short.
# -c measures CPU time of runs instead of the time that passes; -q takes a sample of everything.
# It takes up to ten minutes on two processors. MIG_BENCH_DISK is the folder for rows on a disk
# (/var/tmp).
set -eu

usage() {
	echo "usage: run.sh [-c] [-q] [BUILD_DIR]" >&2
	exit 2
}

cpu='' samples=''
while getopts cq option; do
	case $option in
	c) cpu=-c ;;
	q) samples='-s 1' ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# -le 1 ] || usage
build=${1:-build-release}
here=$(cd "$(dirname "$0")" && pwd)
[ -f "$build/build.ninja" ] || meson setup "$build" "$here/../.." --buildtype=release >&2
# the programs and the libraries alone, not all tests
# shellcheck disable=SC2046
ninja -C "$build" --quiet $(ninja -C "$build" -t targets all |
	sed -n 's,^\(tests/bench/[a-z_]*\|lib/mig\|lib/lib[a-z-]*\.so[.0-9]*\): c_LINKER.*,\1,p') >&2
build=$(cd "$build" && pwd)
bench=$build/tests/bench
MIG_DIALECT_PATH=$build/lib
export MIG_DIALECT_PATH
disk=${MIG_BENCH_DISK:-/var/tmp}
mig=
[ ! -x "$build/lib/mig" ] || mig="-m $build/lib/mig"

rows() {
	# shellcheck disable=SC2086
	"$bench/bench_revisions" $cpu $samples $mig -k "$disk"
	# shellcheck disable=SC2086
	MIG_TEST_DISK=$disk "$bench/bench_autogenerate" ${samples:--s 5} -n 100,1000 -d sqlite,postgresql
	# shellcheck disable=SC2086
	MIG_TEST_DISK=$disk "$bench/bench_autogenerate" ${samples:--s 3} -n 100 -d disk
	# shellcheck disable=SC2086
	"$bench/bench_autogenerate" ${samples:--s 1} -n 5000 -m 1000 -d sqlite,postgresql
	# shellcheck disable=SC2086
	"$bench/bench_public" $cpu $samples
	"$bench/bench_graph"
	# shellcheck disable=SC2086
	"$bench/bench_snapshot" $samples
}

table=$(mktemp)
trap 'rm -f "$table"' EXIT
began=$(date +%s)
# one head for all
rows | {
	head=
	while IFS= read -r line; do
		case $line in
		'| row '* | '| --- '*) case $head in *"$line"*) continue ;; *) head=$head$line ;; esac ;;
		esac
		printf '%s\n' "$line"
	done
} | tee "$table"
count=$(grep -c '\*\*short\*\*' "$table" || :)
echo
echo "$count of $(grep -vc '^| row\|^| ---' "$table") rows fall short of their target; $(($(date +%s) - began)) s"
grep '\*\*short\*\*' "$table" || :

#!/bin/sh
# The manual pages have no warnings, every function has one, and mig.ini(5) has every key that is read.
build=$PWD
cd "$1" || exit 1
failed=0
command -v groff >/dev/null || { echo "groff is missing" >&2; exit 1; }
for function in $(sed 's/^[^ ]* \(.*\)@@.*/\1/' docs/abi-symbols.txt); do
	[ -s "$build/$function.3" ] || { echo "$function has no page" >&2; failed=1; }
done
for page in docs/man/*.[1-8] "$build"/mig_*.3; do
	warnings=$(groff -mandoc -Tutf8 -ww -z "$page" 2>&1)
	[ -z "$warnings" ] || { echo "$page: $warnings" >&2; failed=1; }
done
keys=$(sed -n 's/^\t\[MIG__KEY_[A-Z_]*\] = { "\([a-z_]*\)".*/\1/p' lib/cli/config.c)
[ -n "$keys" ] || { echo "no keys in lib/cli/config.c" >&2; failed=1; }
for key in $keys; do
	grep -Eq "^\.It Va (.* )?$key( |\$)" docs/man/mig.ini.5 ||
		{ echo "mig.ini(5) has no $key" >&2; failed=1; }
done
exit $failed

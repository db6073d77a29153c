#!/bin/sh
# Makes the locales of the tests in a folder of their own, for LOCPATH. The system's stay as they are.
# Usage: locales.sh FOLDER STAMP
set -eu
mkdir -p "$1"
for name in de_DE tr_TR; do
	# warnings about a locale's definition make it return 1
	localedef -i "$name" -f UTF-8 "$1/$name.UTF-8" >/dev/null 2>&1 || [ -f "$1/$name.UTF-8/LC_NUMERIC" ]
done
: >"$2"

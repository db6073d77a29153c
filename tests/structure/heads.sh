#!/bin/sh
# heads.sh SOURCE: every .c of lib/ begins with a comment that says what it is.
set -eu
cd "$1"
bad=0
seen=0
for file in $(find lib -name '*.c' | sort); do
	seen=$((seen + 1))
	first=$(head -n 1 "$file")
	case $first in
	'/* '?????????*) ;;
	*) echo "$file begins with \"$first\": write what it is, what it is not, and the method"; bad=1 ;;
	esac
done
[ "$seen" -gt 100 ] || { echo "only $seen files were found"; bad=1; }
exit $bad

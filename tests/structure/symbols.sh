#!/bin/sh
# Every function of mig.h is in the version script, and nothing else is.
set -eu
cd "$1"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat include/mig/mig.h include/mig/model.h include/mig/op.h include/mig/schema.h | tr "\n\t" "  " | grep -o 'MIG_API [^;{]*' | grep -o 'mig_[a-z0-9_]*(' |
	tr -d '(' | sort >"$dir/header"
sed -n 's/^\t\(mig_[a-z0-9_]*\);$/\1/p' lib/libmig.map | sort >"$dir/map"
[ "$(wc -l <"$dir/header")" -gt 80 ] || { echo "too few functions were found in mig.h"; exit 1; }
diff "$dir/header" "$dir/map" || { echo "mig.h (<) and lib/libmig.map (>) differ"; exit 1; }

#!/bin/sh
# Writes the figures of a run into the table of docs/reliability.md.
# Usage: sh tests/attack/run.sh --long | tee figures.txt; sh tests/attack/figures.sh figures.txt
set -eu
doc=$(dirname "$0")/../../docs/reliability.md
awk -F ' *[|] *' '
	FNR == NR { # "NAME  40000 points  0 violations  600.1 s"
		split($0, word, / +/)
		if (word[3] == "points" && word[5] == "violations")
			cells[word[1]] = word[2] " | " word[4] " | " int(word[6] + 0.5)
		next
	}
	{
		name = $2
		gsub(/`/, "", name)
		if ($2 ~ /^`.*`$/ && name in cells)
			$0 = "| " $2 " | " $3 " | " cells[name] " |"
		print
	}' "$1" "$doc" >"$doc.new"
mv "$doc.new" "$doc"

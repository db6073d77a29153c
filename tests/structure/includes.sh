#!/bin/sh
# Includes go only downwards: each folder of lib/ may include itself and what the table allows.
set -eu
cd "$1"
awk '
BEGIN {
	allow["base"] = ""
	allow["graph"] = "base"
	allow["schema"] = "base"
	allow["script"] = "base graph"
	allow["dialect"] = "base schema"
	allow["migrate"] = "base graph schema script dialect"
	allow["api"] = "base graph schema script dialect migrate"
	allow["cli"] = "base"
	for (m in allow) modules[m] = 1
}
FNR == 1 {
	split(FILENAME, path, "/")
	from = path[2]
	if (!(from in modules)) { print FILENAME ": lib/ has no module \"" from "\""; bad = 1 }
	files++
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, q, "\"")
	split(q[2], part, "/")
	to = part[1]
	if (!index(q[2], "/")) { print FILENAME ":" FNR ": include as \"module/file.h\": " q[2]; bad = 1; next }
	if (to != from && index(" " allow[from] " ", " " to " ") == 0) {
		print FILENAME ":" FNR ": " from " may not include " to; bad = 1
	}
	# a dialect lives in a module of its own: of the core it sees base alone, and the list of the
	# columns of the history
	if (path[2] == "dialect" && path[4] != "" && to == "dialect" && part[2] != path[3] &&
	    q[2] != "dialect/columns.h") {
		print FILENAME ":" FNR ": dialect/" path[3] " may not include " q[2]; bad = 1
	}
	includes++
}
# effects have an address
from != "base" && /(^|[^_a-zA-Z>.])(malloc|calloc|realloc|free|strdup|strndup)[ ]*\(/ && from != "cli" && !/^[ \t]*(\/?\*|\/\/)/ {
	print FILENAME ":" FNR ": only base allocates: " $0; bad = 1
}
END {
	if (files < 20 || includes < 40) { print "too few files were read: " files; bad = 1 }
	exit bad
}' $(find lib -name '*.[ch]' | sort)

# What the matrices share. To be sourced.

# results NAME JSON: one line for each test that meson has run: NAME, result, seconds, name, with tabs between.
results() {
	python3 -c '
import json, sys
for line in open(sys.argv[2]):
    test = json.loads(line)
    name = test["name"].split(" / ")[-1]
    print(sys.argv[1], test["result"], "%.1f" % test["duration"], name, sep="\t")' "$@"
}

#!/usr/bin/env python3
"""documented.py SOURCE: every public function has a documentation comment of its own directly in front of it."""
import pathlib
import re
import sys

MARK = re.compile(r"^(?:MIG_(?:DIALECT_|CLI_)?API|MIG_EXPORT) ")


def functions(text):
    """Names of functions without a comment that ends in the line above."""
    lines = text.split("\n")
    for i, line in enumerate(lines):
        if not MARK.match(line):
            continue
        begin = i - 1
        while lines[i - 1].rstrip().endswith("*/") and begin and "/*" not in lines[begin]:
            begin -= 1
        if not lines[i - 1].rstrip().endswith("*/") or not lines[begin].startswith("/**"):
            declaration = " ".join(lines[i:i + 3])
            yield re.search(r"\b(mig_\w+)\s*\(", declaration).group(1)


def main(root):
    missing = []
    for path in sorted((pathlib.Path(root) / "include/mig").glob("*.h")):
        missing += [f"{path.name}: {name}()" for name in functions(path.read_text())]
    for line in missing:
        print(f"{line} has no comment of its own")
    return bool(missing)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

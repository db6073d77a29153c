#!/usr/bin/env python3
"""documented.py SOURCE: every public function, and every member of a public struct, has a documentation comment of
its own: directly in front of it or, of a member, behind it in the same line."""
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


def members(text):
    """Members of structs without a comment."""
    lines = text.split("\n")
    struct, declaration, in_comment, documented = None, "", False, False
    for line in lines:
        opened = re.match(r"(?:typedef )?struct (mig_\w+) \{", line)
        if opened:
            struct, declaration, documented = opened.group(1), "", False
            continue
        if struct and line.startswith("}"):
            struct = None
        if not struct:
            continue
        body = line.strip()
        if in_comment or (body.startswith("/*") and not declaration):
            if body.startswith("/**"):
                documented = True
            in_comment = "*/" not in body
            continue
        if not body:
            continue
        declaration += " " + body.split("/*")[0].strip()
        documented = documented or "/**<" in body
        if "/*" in body and "*/" not in body:
            in_comment = True
        if ";" in declaration:
            if not documented:
                name = re.search(r"\(\*(\w+)\)|(\w+)(?:\[[^]]*\])*;", declaration)
                yield f"{struct}.{name.group(1) or name.group(2)}"
            declaration, documented = "", False


def main(root):
    missing = []
    for path in sorted((pathlib.Path(root) / "include/mig").glob("*.h")):
        missing += [f"{path.name}: {name}()" for name in functions(path.read_text())]
        missing += [f"{path.name}: {name}" for name in members(path.read_text())]
    for line in missing:
        print(f"{line} has no comment of its own")
    return bool(missing)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

#!/usr/bin/env python3
"""Writes the public headers as plain declarations, for the C parsers of foreign function interfaces.

    flat.py HEADER... >mig.flat.h      headers in the order in which they build on one another

What is left has no comment, directive, macro or export mark, one declaration a line at most, and is
what cffi's cdef() and LuaJIT's ffi.cdef() read as it is. size_t and the types of <stdint.h> are known
to both."""
import re
import sys

COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
CPLUSPLUS = re.compile(r"^#ifdef __cplusplus\n.*?^#endif\n", re.DOTALL | re.MULTILINE)
DIRECTIVE = re.compile(r"^[ \t]*#(?:.*\\\n)*.*\n", re.MULTILINE)


def flatten(text):
    for noise in COMMENT, CPLUSPLUS, DIRECTIVE:
        text = noise.sub("", text)
    text = re.sub(r"\bMIG_API\s+", "", text)
    text = re.sub(r"[ \t]+\n", "\n", text)
    # a declaration that goes on over several lines becomes one; members stay on lines of their own
    text = re.sub(r"(?<![;{},])\s*\n\s*(?!\})", " ", text)
    text = re.sub(r"\([^(){};]*\)", lambda m: re.sub(r"\s+", " ", m.group()), text)
    return re.sub(r"\s*\n\s*", "\n", text).strip() + "\n"


def main(headers):
    for header in headers:
        with open(header, encoding="utf-8") as file:
            text = flatten(file.read())
        if re.search(r"#|/\*|//|MIG_API", text):
            sys.exit(f"{header}: more than declarations is left")
        sys.stdout.write(text)


if __name__ == "__main__":
    main(sys.argv[1:])

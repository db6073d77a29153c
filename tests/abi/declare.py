#!/usr/bin/env python3
"""declare.py: gives each function that the headers export and no version script has a line in the newest node of
its library's script, and writes docs/abi-symbols.txt from the scripts. Nothing is taken away: a function that is gone
from the headers is left for tests/structure/symbols.sh to find. Run in the root, by
accept.sh. After a release the scripts first get an empty node for the next one."""
import re

LIBRARIES = {"libmig.so": ("lib/libmig.map", ["mig", "model", "op", "schema"]),
             "libmig-cli.so": ("lib/cli/libmig-cli.map", ["cli"])}
HOSTS_OWN = {"mig_app_setup"}  # defined by the host, not by the library


def exported(headers):
    text = " ".join(open(f"include/mig/{name}.h").read() for name in headers)
    marks = re.findall(r"\b(?:MIG_(?:DIALECT_|CLI_)?API|MIG_EXPORT)\s([^;{]*)", text)
    return {re.search(r"\bmig_[a-z0-9_]*(?=\()", mark).group() for mark in marks if "(" in mark} - HOSTS_OWN


def declare(path, headers):
    """The script's functions with their nodes, after the missing ones were added to the last node."""
    text = open(path).read()
    node = list(re.finditer(r"^(MIG_[0-9.]+) \{\nglobal:\n((?:\t\w+;\n)*)", text, re.M))[-1]
    here = set(re.findall(r"\t(\w+);", node.group(2)))
    new = exported(headers) - set(re.findall(r"^\t(mig_\w+);", text, re.M))
    lines = "".join(f"\t{name};\n" for name in sorted(here | new))
    if new:
        text = text[:node.start(2)] + lines + text[node.end(2):]
        open(path, "w").write(text)
    found, version = [], None
    for line in text.splitlines():
        if match := re.match(r"(MIG_[0-9.]+) \{", line):
            version = match[1]
        elif match := re.match(r"\t(mig_\w+);", line):
            found.append(f"{match[1]}@@{version}")
    return found


symbols = [f"{library} {name}" for library, (path, headers) in LIBRARIES.items() for name in declare(path, headers)]
version = re.search(r"^(MIG_[A-Z0-9_.]*) \{", open("lib/dialect/dialect.map").read(), re.M)[1]
symbols += [f"libmig-{name.removeprefix('mig_dialect_')}.so {name}@@{version}" for name in exported(["dialect"])]
open("docs/abi-symbols.txt", "w").write("\n".join(sorted(symbols)) + "\n")

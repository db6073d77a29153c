#!/usr/bin/env python3
"""functions.py HEADER... : manual pages of section 3, one for each exported function, from the comments of the
public headers. `functions.py --list HEADER...` names the pages; otherwise they are written to the folder of --output."""
import argparse
import os
import re

parser = argparse.ArgumentParser()
parser.add_argument("--list", action="store_true")
parser.add_argument("--output", default=".")
parser.add_argument("--version", default="")
parser.add_argument("headers", nargs="+")
options = parser.parse_args()


def roff(text):
    """Plain text, safe for roff."""
    lines = [re.sub(r"^([.'])", r"\\&\1", line) for line in text.replace("\\", "\\e").replace("…", "...").split("\n")]
    return "\n".join(lines).replace("-", "\\-")


def comment_text(comment):
    lines = [re.sub(r"^\s*\*? ?", "", line) for line in comment.strip("/* \n").split("\n")]
    return re.sub(r"\bSince (\d)", r"Since \1", "\n".join(lines)).strip()


class Function:
    def __init__(self, header, name, declaration, text, shared):
        self.header, self.name, self.declaration, self.text = header, name, declaration, text
        self.shared = shared  # the section's own comment, for those that have none


def read(path):
    """The functions of a header. A function without a comment belongs to the one above it."""
    header, found, comment, group = os.path.basename(path), [], None, ""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for token in re.finditer(r"/\*.*?\*/|(?:MIG_(?:DIALECT_|CLI_)?API|MIG_EXPORT) [^;]*;|typedef [^;{]*;|^(?:enum|struct|typedef struct) \w+ \{.*?^\}[^;]*;",
                             text, re.S | re.M):
        piece = token.group(0)
        if piece.startswith("/** ") or piece.startswith("/**\n"):
            comment = comment_text(piece)
        elif piece.startswith("/* --"):
            group, comment = "", None
        elif piece.startswith("/*"):
            group, comment = comment_text(piece), None
        elif re.match(r"MIG_(?:DIALECT_|CLI_)?API |MIG_EXPORT ", piece):
            declaration = re.sub(r"\s+", " ", piece.split(" ", 1)[1])
            name = re.search(r"(mig_\w+)\(", declaration).group(1)
            found.append(Function(header, name, declaration, comment or "", group))
            comment = None
        else:
            comment = None
    return found


def first_sentence(text):
    line = re.split(r"(?<=[a-z)\"])[.:;]\s|(?<=[a-z)\"])[.:;]$", " ".join(text.split()))[0]
    return line[:70].rsplit(" ", 1)[0] + " …" if len(line) > 72 else line


def page(function, siblings):
    text = function.text or function.shared
    what = first_sentence(function.text or function.shared or "of libmig").rstrip(".")
    near = [f for f in siblings if f.name != function.name][:12]
    out = [f'.TH {function.name} 3 "" "libmig {options.version}" "libmig"', ".SH NAME",
           f"{function.name} \\- {roff(what[:1].lower() + what[1:])}", ".SH SYNOPSIS", ".nf",
           f"#include <mig/{function.header}>", "", roff(function.declaration), ".fi"]
    if text:
        out.append(".SH DESCRIPTION")
        for paragraph in text.split("\n\n"):
            if out[-1] != ".SH DESCRIPTION":
                out.append(".PP")
            out.append(roff(paragraph))
    if function.text and function.shared:
        out += [".PP", roff(function.shared)]
    out += [".SH SEE ALSO", ".nh"]
    out.append(",\n".join(f"{f.name}(3)" for f in near) + ("," if near else ""))
    out += ["mig(1), mig(7)"]
    return "\n".join(line for line in out if line != "") + "\n"


functions = [f for header in options.headers for f in read(header)]
if options.list:
    print("\n".join(f.name + ".3" for f in functions))
else:
    for f in functions:
        at = functions.index(f)
        near = [g for g in functions[max(0, at - 4):at + 5] if g.header == f.header]
        with open(os.path.join(options.output, f.name + ".3"), "w", encoding="utf-8") as out:
            out.write(page(f, near))

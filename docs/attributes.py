#!/usr/bin/env python3
"""attributes.py FOLDER >docs/attributes.md: the page of the words of a schema, from the comments of mig/attribute.h and
mig/schema.h. FOLDER is the root of the source tree. As a module, it reads the header for tests."""
import os
import re
import sys


class Key:
    def __init__(self, section, macro, text, meaning, of, value, given):
        self.section, self.macro, self.text, self.meaning = section, macro, text, meaning
        self.of, self.value, self.given = of, value, given
        self.words = []  # (macro, text, meaning)


def plain(comment):
    return " ".join(re.sub(r"^\s*\*? ?", "", line) for line in comment.strip("/*<> \n").split("\n")).strip()


def read_keys(path):
    """The keys of attribute.h in order, each with its words; words above every key belong to the page."""
    keys, section, comment = [], "", ""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    token = re.compile(r'/\* ---- (.*?) -+ \*/|(/\*\*(?!<).*?\*/)|#define (MIG_\w+) "([^"]*)"(?:[ \t]*/\*\*<(.*?)\*/)?', re.S)
    for m in token.finditer(text):
        if m.group(1):
            section = m.group(1)
        elif m.group(2):
            comment = plain(m.group(2))
        elif m.group(3).startswith("MIG_ATTR_"):
            parts = re.fullmatch(r"(.*) Of: (.*?)\. Value: (.*?)\. From: (.*)\.", comment)
            if not parts:
                sys.exit(f"{path}: {m.group(3)}: the comment does not say Of, Value and From")
            keys.append(Key(section, m.group(3), m.group(4), *parts.groups()))
            comment = ""
        elif m.group(3) != "MIG_YES":
            keys[-1].words.append((m.group(3), m.group(4), plain(m.group(5) or "")))
    return keys


def read_kinds(path):
    """(name, meaning) of enum mig_kind."""
    with open(path, encoding="utf-8") as f:
        body = re.search(r"enum mig_kind \{(.*?)\n\};", f.read(), re.S).group(1)
    return [(name, plain(meaning or "")) for name, meaning in
            re.findall(r"MIG_KIND_(\w+) = \d+,?(?:\s*/\*\*<(.*?)\*/)?", body, re.S)]


def introduction(path):
    """The head comment without its first line and the last paragraph."""
    with open(path, encoding="utf-8") as f:
        head = re.match(r"/\*(.*?)\*/", f.read(), re.S).group(1)
    lines = [re.sub(r"^ \* ?", "", line) for line in head.split("\n")]
    paragraphs = "\n".join(lines).split("\n\n")[1:]
    out = []
    for p in paragraphs[:-1]:
        if p.startswith("    "):
            items = re.sub(r"\n {10,}", " ", p).split("\n")
            out.append("\n".join("- *%s*: %s" % tuple(re.split(r" {2,}", i.strip(), maxsplit=1)) for i in items))
        else:
            out.append(" ".join(p.split()))
    return "\n\n".join(out)


def cell(text):
    return text.replace("|", "\\|")


def page(root):
    header = os.path.join(root, "include/mig/attribute.h")
    keys = read_keys(header)
    out = ["# The words of a schema", "",
           "*Made by `docs/attributes.py` from [mig/attribute.h](../include/mig/attribute.h) and "
           "[mig/schema.h](../include/mig/schema.h). How a dialect uses them: [dialects.md](dialects.md).*", "",
           introduction(header), "", "## Kinds of object", "", "| kind | |", "|---|---|"]
    out += [f"| {name} | {cell(meaning)} |" for name, meaning in read_kinds(os.path.join(root, "include/mig/schema.h"))]
    section = None
    for key in keys:
        if key.section != section:
            section = key.section
            out += ["", f"## {section[0].upper()}{section[1:]}", "",
                    "| key | of | value | from | |", "|---|---|---|---|---|"]
        words = "".join(f"<br>`{text}`{': ' + meaning if meaning else ''}" for _, text, meaning in key.words)
        out.append(f"| `{key.text}` | {key.of} | {key.value} | {key.given} | {cell(key.meaning)}{cell(words)} |")
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page(sys.argv[1]))

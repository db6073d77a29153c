#!/usr/bin/env python3
"""vocabulary.py FOLDER: mig/attribute.h has every attribute that the core writes or reads: the core says none of them
in a text of its own, and uses each that is there. What the header says of libmig's dialects is true, and the page
made of it is as it would be made now."""
import glob
import os
import re
import sys

root = sys.argv[1]
sys.path.insert(0, os.path.join(root, "docs"))
sys.dont_write_bytecode = True
import attributes  # noqa: E402

ROOMS = "schema migrate api script cli".split()
# where every text that is a key means the attribute; elsewhere "type" or "columns" is a word like any other
STRICT = re.compile(r"lib/(schema|migrate)/|lib/api/model\.c")
CALL = re.compile(r"\b(?:mig__attribute|mig_object_attribute|mig__attribute_same|mig__schema_set|put)"
                  r"\([^;]*?(\"[^\"]*\")")


def code(text):
    """Without comments, quotation marks as characters, and the names of kinds; as many lines."""
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), text, flags=re.S)
    return re.sub(r'\[MIG_KIND_\w+\] = "[^"]*"', "", text.replace("'\"'", "' '"))


def bare(path, text, keys):
    """Places where the text of a file says an attribute in words of its own."""
    text, found = code(text), []
    for m in CALL.finditer(text):
        found.append((m.start(1), m.group(1)))
    if STRICT.search(path):
        found += [(m.start(), m.group()) for m in re.finditer(r'"[a-z_]+"', text) if m.group()[1:-1] in keys]
    return sorted({f"{path}:{text.count(chr(10), 0, at) + 1}: {word}: use its constant of mig/attribute.h"
                   for at, word in found})


def main():
    keys = attributes.read_keys(os.path.join(root, "include/mig/attribute.h"))
    texts = {k.text for k in keys}
    problems, core = [], ""
    for room in ROOMS:
        for path in sorted(glob.glob(os.path.join(root, "lib", room, "*.[ch]"))):
            with open(path, encoding="utf-8") as f:
                text = f.read()
            core += code(text)
            problems += bare(os.path.relpath(path, root), text, texts)
    for key in keys:
        if not re.search(rf"\b{key.macro}\b", core):
            problems.append(f"{key.macro}: the core does not use it")
        for dialect in re.findall(r"sqlite|postgresql", key.given):
            said = ""
            for path in glob.glob(os.path.join(root, f"lib/dialect/{dialect}/schema/*.c")):
                with open(path, encoding="utf-8") as f:
                    said += code(f.read())
            if f'"{key.text}"' not in said and not re.search(rf"\b{key.macro}\b", said):
                problems.append(f"{key.macro}: {dialect} does not have it")
    if len(keys) < 20 or len(texts) < len(keys):
        problems.append(f"attribute.h: {len(keys)} keys were read, {len(texts)} of them different")
    # the check itself
    for path, text in (("lib/migrate/x.c", 'a = mig__attribute(o,\n"colour");'), ("lib/schema/x.c", 'x = "not_null";')):
        if len(bare(path, text, texts)) != 1:
            problems.append(f"a bare text is not found: {text}")
    if bare("lib/schema/x.c", '/* "not_null" */ x = MIG_ATTR_NOT_NULL;', texts):
        problems.append("a comment counts as code")
    with open(os.path.join(root, "docs/attributes.md"), encoding="utf-8") as f:
        if f.read() != attributes.page(root):
            problems.append("docs/attributes.md is stale: python3 docs/attributes.py . >docs/attributes.md")
    print("\n".join(problems))
    return 1 if problems else 0


sys.exit(main())

#!/usr/bin/env python3
"""snippets.py FOLDER [CC]: every C block of the documents compiles against the public headers, as a file or as the
body of a function; where a block is neither, its parts (cut at empty lines) are tried, each as one or the other.
A block that is only a piece of something is fenced as "c fragment"."""
import glob
import os
import re
import subprocess
import sys
import tempfile

root, cc = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "cc"

# what a reader has from the text around a block, or from the block before it
HEAD = """
#include <mig/mig.h>
#include <mig/model.h>
#include <mig/op.h>
#include <mig/cli.h>
#include <mig/dialect.h>
#include <mig/conformance.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
extern const mig_bundle notes_migrations, app_migrations;
extern const mig_dialect my_dialect;
extern mig_status fill_books(void *user, mig_step *step);
"""
BODY = """
mig_status snippet(mig_ctx *ctx, mig_model *model, mig_step *step, void *user, const char *url);
mig_status snippet(mig_ctx *ctx, mig_model *model, mig_step *step, void *user, const char *url)
{
\tmig_status rc = 0;
\tmig_stmt *stmt = NULL;
\tmig_table *table = NULL;
\tmig_column *column = NULL;
#line %(line)d "%(name)s"
%(text)s
;\treturn rc;
}
"""
FILE = '#line %(line)d "%(name)s"\n%(text)s\n'


def blocks(path):
    """(line, text) of each."""
    with open(path, encoding="utf-8") as f:
        lines, start = f.read().split("\n"), None
    for number, line in enumerate(lines, 1):
        if start is None and re.match(r"\s*```c( \w+\.c)?$", line):
            start = number + 1
        elif start is not None and re.match(r"\s*```$", line):
            yield start, "\n".join(lines[start - 1:number - 1])
            start = None


def compiles(folder, source):
    path = os.path.join(folder, "snippet.c")
    with open(path, "w", encoding="utf-8") as f:
        f.write(source)
    done = subprocess.run([cc, "-std=gnu11", "-fsyntax-only", "-Werror=implicit-function-declaration",
                           "-Werror=incompatible-pointer-types", "-I", os.path.join(root, "include"), "-I", folder,
                           path],
                          stderr=subprocess.PIPE, encoding="utf-8", check=False)
    return done.returncode == 0, done.stderr


def places(name, line, text):
    """The block cut at empty lines: from one part to as many as there are; each with its line."""
    parts = re.split(r"(\n(?:[ \t]*\n)+)(?=\S)", text)
    at, found = line, []
    for i in range(0, len(parts), 2):
        found.append({"name": name, "line": at, "text": parts[i]})
        at += parts[i].count("\n") + (parts[i + 1].count("\n") if i + 1 < len(parts) else 0)
    return found


def check(folder, name, line, text, known=""):
    """(what is wrong or None, what later blocks of the document have of it). known: what earlier ones gave."""
    whole, said = {"name": name, "line": line, "text": text}, ""
    for head in dict.fromkeys([HEAD + known, HEAD]):
        if compiles(folder, head + FILE % whole)[0]:
            return None, (known if head != HEAD else "") + FILE % whole
    for head in (HEAD, HEAD + known):
        good, said = compiles(folder, head + BODY % whole)
        if good:
            return None, known
        parts = places(name, line, text)
        for split in range(1, len(parts)):  # declarations, then statements
            declared = "".join(FILE % p for p in parts[:split])
            rest = {"name": name, "line": parts[split]["line"], "text": "\n\n".join(p["text"] for p in parts[split:])}
            if compiles(folder, head + declared + BODY % rest)[0]:
                return None, known
    return said, known


def main():
    problems, count = [], 0
    with tempfile.TemporaryDirectory(prefix="mig-snippets-") as folder:
        with open(os.path.join(folder, "notes_migrations.h"), "w", encoding="utf-8") as f:
            f.write("/* as mig embed --header writes it */\n")
        for path in [os.path.join(root, "README.md"), *sorted(glob.glob(os.path.join(root, "docs/*.md")))]:
            name, known = os.path.relpath(path, root), ""
            for line, text in blocks(path):
                count += 1
                said, known = check(folder, name, line, text, known)
                if said:
                    problems.append(said)
        # the check itself
        for wrong in ("rc = mig_upgrade(ctx);", 'rc = mig_upgarde(ctx, "head");', "mig_contxt *ctx;",
                      "mig_run_options o = { .transacton_mode = 1 };"):
            if not check(folder, "x", 1, wrong)[0]:
                problems.append("not found to be wrong: " + wrong)
    print("\n".join(problems) or f"{count} blocks compile")
    return 1 if problems or count < 12 else 0


sys.exit(main())

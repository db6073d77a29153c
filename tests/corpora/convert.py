#!/usr/bin/env python3
"""convert.py HISTORY_DIR OUT_DIR: writes a folder of plain migrations as libmig revision files.

HISTORY_DIR holds one project's migrations in order:

    NNNN_slug.up.sql, NNNN_slug.down.sql   the scripts; not every migration has a down
    meta.json                              for each migration: file (NNNN_slug), id, parents (ids),
                                           transaction (false: up runs outside of one),
                                           down.transaction, down.own_transaction
                                           (for run.py also what was measured of its down)

OUT_DIR/versions gets one file a migration. OUT_DIR is made if it is missing.
"""
import json
import os
import re
import sys


def outside(part, own):
    """Does this script run outside a transaction of the tool?"""
    return part is False or bool(own)


def section(name, no_transaction, body):
    mark = f"-- mig:{name}" + (" transaction=no" if no_transaction else "")
    return f"{mark}\n{body.rstrip()}\n" if body.strip() else f"{mark}\n"


def read(path):
    with open(path, encoding="utf-8", newline="") as f:
        text = f.read()
    return text[1:] if text.startswith("\ufeff") else text


def convert(history, migration):
    """The text of the revision file of one migration."""
    name = migration["file"]
    up = read(os.path.join(history, name + ".up.sql"))
    text = (f"-- {re.sub(r'^[0-9]+_', '', name).replace('_', ' ')}\n--\n"
            f"-- revision: {migration['id']}\n-- revises: {', '.join(migration['parents'])}\n\n")
    text += section("upgrade", outside(migration["transaction"],
                                       migration["up"].get("own_transaction")), up)
    down = migration.get("down")
    if down is not None:
        body = read(os.path.join(history, name + ".down.sql"))
        text += "\n" + section("downgrade", outside(down.get("transaction"),
                                                    down.get("own_transaction")), body)
    return text


def convert_all(history, out):
    with open(os.path.join(history, "meta.json"), encoding="utf-8") as f:
        meta = json.load(f)
    versions = os.path.join(out, "versions")
    os.makedirs(versions, exist_ok=True)
    for migration in meta["migrations"]:
        slug = re.sub(r"^[0-9]+_", "", migration["file"])
        path = os.path.join(versions, f"{migration['id']}_{slug}.sql")
        with open(path, "w", encoding="utf-8", newline="") as f:
            f.write(convert(history, migration))
    return meta


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    print(f"{len(convert_all(sys.argv[1], sys.argv[2])['migrations'])} revisions")

#!/usr/bin/python3
"""beside.py MIG [SEED...]: what "mig import alembic" makes of an environment, beside Alembic itself.

For each seed an environment with branches, merges, labels and dependencies is drawn. Alembic prints
its SQL, mig imports it. Then: an empty database upgraded by each has the same schema and rows; of a
database that Alembic has taken part of the way, "mig current" says after --adopt what "alembic
current" said, and mig takes it on to the heads, and down to nothing.

Status 77, skipped, where Alembic is not installed (Debian: alembic).
"""
import contextlib
import io
import os
import random
import sqlite3
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
try:
    from alembic import command
    from alembic.config import Config
except ImportError:
    print("Alembic is not installed")
    sys.exit(77)

ENV = """
from alembic import context
url = context.config.get_main_option("sqlalchemy.url")
if context.is_offline_mode():
    context.configure(url=url, literal_binds=True, transactional_ddl=%(ddl)s,
                      transaction_per_migration=%(each)s)
    with context.begin_transaction():
        context.run_migrations()
else:
    import sqlalchemy
    with sqlalchemy.create_engine(url).connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
"""

REVISION = '''"""revision %(number)d

Revision ID: %(id)s
Create Date: 2024-01-01 00:00:%(number)02d.123456
"""
from alembic import op
import sqlalchemy as sa

revision = %(id)r
down_revision = %(down)s
branch_labels = %(labels)s
depends_on = %(depends)s


def upgrade():
    op.create_table("t%(number)d", sa.Column("x", sa.Text, server_default=%(text)r))
    op.execute(sa.text("INSERT INTO t%(number)d (x) VALUES (:x)").bindparams(x=%(text)r))


def downgrade():
    op.drop_table("t%(number)d")
'''

TEXTS = ["it's", "-- Running upgrade x -> y", "a;b", "\n-- Running downgrade q -> z\n", "COMMIT;"]


class Drawn:
    """The revisions of an environment, written into theirs/versions."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.ids, self.heads, self.below = [], [], {}
        for number in range(self.random.randint(3, 25)):
            self.add(number)

    def parents(self):
        chance = self.random.random()
        if not self.ids or chance < 0.1:
            return []
        if chance < 0.35 and len(self.heads) > 1:
            a, b = self.random.sample(self.heads, 2)
            return [a] if b in self.below[a] or a in self.below[b] else [a, b]
        return [self.random.choice(self.heads if chance < 0.75 else self.ids)]

    def literal(self, items):
        if not items:
            return "None"
        if len(items) == 1 and self.random.random() < 0.5:
            return repr(items[0])
        return repr(self.random.choice([tuple, list])(items))

    def add(self, number):
        name = "%04x%08x" % (number, self.random.getrandbits(32))
        down, depends = self.parents(), []
        below = set(down).union(*(self.below[d] for d in down))
        others = [i for i in self.ids if i not in below]
        if others and self.random.random() < 0.25:
            depends = [self.random.choice(others)]
            below |= {depends[0]} | self.below[depends[0]]
        labels = ["label%d" % number] if self.random.random() < 0.2 else []
        self.below[name] = below
        self.ids.append(name)
        self.heads = [h for h in self.heads if h not in down] + [name]
        with open("theirs/versions/%s.py" % name, "w") as f:
            f.write(REVISION % {"number": number, "id": name, "down": self.literal(down),
                                "labels": self.literal(labels),
                                "depends": self.literal(depends),
                                "text": self.random.choice(TEXTS)})


def alembic(call, database, *args, **options):
    """What a command of Alembic prints."""
    out = io.StringIO()
    config = Config(output_buffer=out, stdout=out)
    config.set_main_option("script_location", "theirs")
    config.set_main_option("sqlalchemy.url", "sqlite:///" + database)
    with contextlib.redirect_stdout(out):
        call(config, *args, **options)
    return out.getvalue()


def mig(program, *args):
    done = subprocess.run([program, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True)
    if done.returncode:
        raise AssertionError("mig %s: %s%s" % (" ".join(args), done.stdout, done.stderr))
    return done.stdout


def ids(text):
    return sorted(line.split()[0] for line in text.splitlines() if line != "<base>")


def content(database):
    """Tables with their rows. Alembic prints four blanks for a tab."""
    db = sqlite3.connect(database)
    tables = db.execute("SELECT name, replace(sql, char(9), '    ') FROM sqlite_schema "
                        "WHERE name GLOB 't[0-9]*' ORDER BY name").fetchall()
    rows = [db.execute("SELECT x FROM " + name).fetchall() for name, _ in tables]
    db.close()
    return tables, rows


def print_sql(drawn):
    """The files, as options."""
    options = []
    runs = [(command.upgrade, "base:heads")]
    runs += [(command.downgrade, head + ":base") for head in drawn.heads]
    for number, (call, target) in enumerate(runs):
        name = "%d.sql" % number
        with open(name, "w") as f:
            f.write(alembic(call, "none.db", target, sql=True))
        options += ["--sql", name]
    return options


def check(program, seed):
    os.makedirs("theirs/versions")
    drawn = Drawn(seed)
    with open("theirs/env.py", "w") as f:
        f.write(ENV % {"ddl": drawn.random.random() < 0.5, "each": drawn.random.random() < 0.5})
    mig(program, "init", "-q")
    mig(program, "import", "alembic", "theirs", *print_sql(drawn))
    alembic(command.upgrade, "theirs.db", "heads")
    mig(program, "-u", "sqlite:ours.db", "upgrade", "heads")
    whole = content("theirs.db")
    assert content("ours.db") == whole
    assert ids(mig(program, "-u", "sqlite:ours.db", "current")) == \
        ids(alembic(command.current, "theirs.db"))
    for number in range(2):
        name = "part%d.db" % number
        for target in drawn.random.sample(drawn.ids, min(2, len(drawn.ids))):
            alembic(command.upgrade, name, target)
        said = ids(alembic(command.current, name))
        mig(program, "-u", "sqlite:" + name, "import", "alembic", "--adopt")
        assert ids(mig(program, "-u", "sqlite:" + name, "current")) == said
        mig(program, "-u", "sqlite:" + name, "upgrade", "heads")
        assert content(name) == whole
        mig(program, "-u", "sqlite:" + name, "downgrade", "base")
        assert content(name) == ([], [])


def main():
    program = os.path.abspath(sys.argv[1])
    for variable in ("MIG_URL", "MIG_DIRECTORY", "MIG_CONFIG", "MIG_APP"):
        os.environ.pop(variable, None)
    for seed in [int(s) for s in sys.argv[2:]] or range(6):
        with tempfile.TemporaryDirectory(prefix="mig-alembic-") as folder:
            os.chdir(folder)
            print("seed", seed, flush=True)
            check(program, seed)
            os.chdir("/")


main()

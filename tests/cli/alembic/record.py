#!/usr/bin/python3
"""record.py MIG [SEED...]: "mig import alembic --record" on histories that Alembic cannot print.

For each seed a history is drawn whose revisions change SQLite tables in batch mode, insert rows, and read
what they inserted. mig records it and imports it. Then, revision by revision, up and down, the database
that mig has migrated is the one that Alembic has migrated. Then what is wrong: a revision that fails, a
downgrade that fails, a Python without Alembic, prints, rows that are read. Seed -1: what the revisions
execute through the driver's own connection, through sessions, outside of transactions, and in vain.

Status 77, skipped, where Alembic is not installed (Debian: alembic).
"""
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
import sqlalchemy
engine = sqlalchemy.create_engine(context.config.get_main_option("sqlalchemy.url"),
                                  poolclass=sqlalchemy.pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
"""

REVISION = '''"""revision %(number)d"""
import datetime
from alembic import op
import sqlalchemy as sa

revision = %(id)r
down_revision = %(down)r


def upgrade():
%(up)s


def downgrade():
%(back)s
'''

FIRST = (
    """    print("a revision may print: -- Running upgrade x -> y")
    op.create_table("team", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(20)))
    op.create_table("person", sa.Column("id", sa.Integer, primary_key=True),
                    sa.Column("name", sa.String(20), nullable=False, server_default="it's ? -- ;"),
                    sa.Column("team_id", sa.Integer, sa.ForeignKey("team.id", name="fk_team")))
    team = sa.table("team", sa.column("id", sa.Integer), sa.column("name", sa.String))
    op.bulk_insert(team, [{"id": 1, "name": "it's ? \\u00e9\\n;"}, {"id": 2, "name": None}])
    op.execute("INSERT INTO person (id, name, team_id) VALUES (1, 'a', 1), (2, 'b', 2); -- two")""",
    """    op.drop_table("person")
    op.drop_table("team")""",
)


def drawn_step(r, number):
    """The bodies of an upgrade and its downgrade."""
    return r.choice([
        (f"""    with op.batch_alter_table("person") as batch:
        batch.add_column(sa.Column("c{number}", sa.Integer, server_default="{number}", nullable=False))
        batch.create_index("ix{number}", ["c{number}"])""",
         f"""    with op.batch_alter_table("person") as batch:
        batch.drop_index("ix{number}")
        batch.drop_column("c{number}")"""),
        (f"""    with op.batch_alter_table("person") as batch:
        batch.alter_column("name", type_=sa.String({40 + number}), existing_nullable=False)
        batch.create_unique_constraint("uq{number}", ["name"])""",
         f"""    with op.batch_alter_table("person") as batch:
        batch.drop_constraint("uq{number}", type_="unique")
        batch.alter_column("name", type_=sa.String(20), existing_nullable=False)"""),
        (f"""    with op.batch_alter_table("team", recreate="always") as batch:
        batch.add_column(sa.Column("born{number}", sa.DateTime))
        batch.create_check_constraint("ck{number}", "id < 1000")
    op.get_bind().execute(sa.text("UPDATE team SET born{number} = :now WHERE id = :id"),
                          {{"now": datetime.datetime(2020, 1, 2, 3, 4, 5), "id": 1}})""",
         f"""    with op.batch_alter_table("team", recreate="always") as batch:
        batch.drop_constraint("ck{number}", type_="check")
        batch.drop_column("born{number}")"""),
        (f"""    bind = op.get_bind()
    for id, name in bind.execute(sa.text("SELECT id, name FROM person ORDER BY id")).fetchall():
        bind.execute(sa.text("UPDATE person SET name = :name WHERE id = :id -- one"),
                     {{"name": name + "{number}", "id": id}})
    bind.execute(sa.text("INSERT INTO team (id, name) VALUES (:id, :name)"), {{"id": {100 + number}, "name": "x"}})""",
         f"""    op.execute("DELETE FROM team WHERE id = {100 + number}")"""),
    ])


def write_revision(number, up, back):
    name, down = "rev%d" % number, "rev%d" % (number - 1) if number else None
    folder = "theirs/versions" + ("/sub" if number % 4 == 3 else "")
    os.makedirs(folder, exist_ok=True)
    with open("%s/%s.py" % (folder, name), "w") as f:
        f.write(REVISION % {"number": number, "id": name, "down": down, "up": up, "back": back})
    return name


def alembic(call, database, *args):
    config = Config()
    config.set_main_option("script_location", "theirs")
    config.set_main_option("version_locations", "theirs/versions theirs/versions/sub")
    config.set_main_option("sqlalchemy.url", "sqlite:///" + database)
    said = os.dup(1)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
    try:
        call(config, *args)
    finally:
        sys.stdout.flush()
        os.dup2(said, 1)
        os.close(said)


def mig(program, *args, status=0):
    done = subprocess.run([program, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
    if done.returncode != status:
        raise AssertionError("mig %s: %d %s%s" % (" ".join(args), done.returncode, done.stdout, done.stderr))
    return done.stdout + done.stderr


def in_order(sql):
    """The parts of a table, sorted: Alembic writes constraints that it has read back in any order."""
    return sql and sorted(part.strip(" ,()") for part in sql.replace("(\n", "\n").split("\n"))


def content(database):
    db = sqlite3.connect(database)
    made = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE tbl_name NOT LIKE 'mig\\_%' ESCAPE '\\' "
                      "AND tbl_name <> 'alembic_version' ORDER BY 1, 2").fetchall()
    made = [row[:3] + (in_order(row[3]),) for row in made]
    rows = [db.execute('SELECT * FROM "%s" ORDER BY 1' % row[1]).fetchall() for row in made if row[0] == "table"]
    version = db.execute("PRAGMA user_version").fetchone()
    db.close()
    return made, rows, version


def same(name):
    ours, theirs = content("ours.db"), content("theirs.db")
    assert ours == theirs, "%s:\n%s\n%s" % (name, ours, theirs)


def check(program, seed):
    r = random.Random(seed)
    names = [write_revision(0, *FIRST)]
    for number in range(1, r.randint(4, 9)):
        names.append(write_revision(number, *drawn_step(r, number)))
    said = check_all(program, names)
    assert ("reads rows" in said) == any("SELECT id" in open(path).read() for path in python_files()), said


def check_all(program, names):
    """Records and imports the revisions, and compares the databases after each. Returns what mig said."""
    with open("theirs/env.py", "w") as f:
        f.write(ENV)
    with open("theirs/alembic.ini", "w") as f:
        f.write("[alembic]\nversion_locations = %(here)s/versions %(here)s/versions/sub\n")
    mig(program, "init", "-q")
    record = ["import", "alembic", "theirs", "--record", "--python", sys.executable]
    said = mig(program, *record)
    assert "Imported %d revisions" % len(names) in said, said
    for name in names:
        mig(program, "-u", "sqlite:ours.db", "upgrade", name)
        alembic(command.upgrade, "theirs.db", name)
        same(name)
    for name in reversed(names):
        if "the downgrade of %s failed" % name in said:
            try:
                alembic(command.downgrade, "theirs.db", "-1")
            except Exception:  # as it is Alembic that fails
                break
            raise AssertionError("Alembic can downgrade %s: %s" % (name, said))
        mig(program, "-u", "sqlite:ours.db", "downgrade")
        alembic(command.downgrade, "theirs.db", "-1")
        same("below " + name)
    assert not os.path.exists("scratch.db") and mig(program, *record, status=1).count("exists already") == 1
    return said


def python_files():
    for folder, _, files in os.walk("theirs/versions"):
        yield from (os.path.join(folder, file) for file in files if file.endswith(".py"))


def files():
    return sorted(os.listdir("migrations/versions"))


DRIVER = ((  # what does not go through op.execute(), what is undone, and what no transaction can hold
    """    op.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v, w)")
    c = op.get_bind().connection.cursor()
    c.execute("INSERT INTO t (v) VALUES (?)", ("a cursor",))
    c.executemany("INSERT INTO t (v) VALUES (:a)", iter([{"a": "x"}, {"a": "y"}]))
    c.execute("INSERT INTO t (v, w) VALUES (?2, ?1)", (1.5, "by number"))
    c.execute("INSERT INTO t (v, w) VALUES (@v, $w)", {"w": b"by ?", "v": "name"})
    c.execute("INSERT INTO t (v) VALUES ('a' || :a || '?' || /* ? */ :a)", {"a": "twice"})
    op.get_bind().connection.execute("INSERT INTO t (v, w) VALUES (?, ?)", ("a\\0b", float("nan")))
    op.get_bind().execute(sa.text("INSERT INTO t (v, w) VALUES (:v, :w)"), {"v": "a\\n-- mig:upgrade\\nb", "w": 0.1 + 0.2})
    op.execute("INSERT INTO t (v) VALUES ('a \\\\:x ? b')")
    op.execute("PRAGMA user_version = 7")
    op.execute("/* WITH */ WITH x AS (SELECT 5 AS a) INSERT INTO t (v) SELECT a FROM x")""",
    """    op.execute("DROP TABLE t")
    op.get_bind().connection.cursor().execute("PRAGMA user_version = 0")"""), (
    """    c = op.get_bind().connection
    c.executescript('''BEGIN TRANSACTION; CREATE TABLE s (a DEFAULT ';'); CREATE TRIGGER tr AFTER INSERT ON s
        BEGIN SELECT 1; DELETE FROM s WHERE a = 3; END; INSERT INTO s VALUES (1); COMMIT; -- end
        CREATE TABLE q (a)''')
    c.execute("INSERT INTO s VALUES (20)")
    c.rollback()
    c.execute("INSERT INTO s VALUES (4)")
    c.commit()
    c.execute("INSERT INTO s VALUES (50)")
    c.execute("ROLLBACK")
    c.execute("INSERT INTO s VALUES (?), (?) RETURNING a", [5, 6]).fetchall()
    c.execute("SAVEPOINT x")
    c.execute("INSERT INTO q VALUES (9)")
    c.execute("ROLLBACK TO x")
    c.execute("RELEASE x")""",
    """    op.execute("DROP TABLE s")
    op.execute("DROP TABLE q")"""), (
    """    op.execute("INSERT INTO t (v) VALUES ('before')")
    with op.get_context().autocommit_block():
        op.execute("VACUUM")
    op.add_column("t", sa.Column("z", sa.Integer))
    op.execute("INSERT INTO t (v) VALUES ('behind')")""",
    """    op.execute("DELETE FROM t WHERE v IN ('before', 'behind')")
    op.execute("ALTER TABLE t DROP COLUMN z")"""), (
    """    from sqlalchemy import orm
    base = orm.declarative_base()
    class Team(base):
        __tablename__ = "team"
        id = sa.Column(sa.Integer, primary_key=True)
        name = sa.Column(sa.JSON)
    base.metadata.create_all(op.get_bind())
    session = orm.Session(bind=op.get_bind())
    session.add_all([Team(name={"a": [1, "it's"]}), Team(name="b"), Team(name="c")])
    session.commit()
    for team in session.query(Team).all():
        team.name = ["!", team.name]
    session.commit()
    try:
        with op.get_bind().begin_nested():
            op.execute("INSERT INTO team (name) VALUES ('undone')")
            raise ValueError
    except ValueError:
        pass""",
    """    op.drop_table("team")"""),
)


def check_driver(program):
    said = check_all(program, [write_revision(number, *bodies) for number, bodies in enumerate(DRIVER)])
    assert said.count("reads rows") == 2 and "RETURNING" in said, said


def check_wrong(program):
    os.makedirs("theirs/versions")
    write_revision(0, *FIRST)
    write_revision(1, "    op.execute('CREATE TABLE u (x)')", "    raise NotImplementedError('no way back')")
    mig(program, "init", "-q")
    record = ["import", "alembic", "theirs", "--record", "--python"]
    said = mig(program, *record, sys.executable)
    assert "theirs/versions/rev1.py:15: the downgrade of rev1 failed, and is left out: NotImplementedError" in said, said
    assert "1 without a downgrade" in said, said
    mig(program, "-u", "sqlite:ours.db", "upgrade")

    for name in files():
        os.remove("migrations/versions/" + name)
    write_revision(2, "    op.execute('INSERT INTO nowhere VALUES (1)')", "    pass")
    said = mig(program, *record, sys.executable, status=1)
    assert "theirs/versions/rev2.py:11: the upgrade to rev2 failed: OperationalError" in said, said
    assert "nothing is written" in said and not files(), said

    write_revision(2, "    import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "    pass")
    assert "was killed by signal 9" in mig(program, *record, sys.executable, status=1)
    with open("python", "w") as f:
        f.write("#!/bin/sh\nexec %s -S -I \"$@\"\n" % sys.executable)
    os.chmod("python", 0o755)
    assert "./python has no Alembic" in mig(program, *record, "./python", status=1)
    assert "./none: No such file or directory" in mig(program, *record, "./none", status=1)
    assert not files()


def main():
    program = os.path.abspath(sys.argv[1])
    for variable in ("MIG_URL", "MIG_DIRECTORY", "MIG_CONFIG", "MIG_APP", "FLASK_APP"):
        os.environ.pop(variable, None)
    for seed in [int(s) for s in sys.argv[2:]] or [None, -1, 0, 1, 2]:
        with tempfile.TemporaryDirectory(prefix="mig-record-") as folder:
            os.chdir(folder)
            print("seed", seed, flush=True)
            if seed is None:
                check_wrong(program)
            elif seed < 0:
                check_driver(program)
            else:
                check(program, seed)
            os.chdir("/")


main()

"""postgresql: PostgreSQL for run.py, by its own programs psql and pg_dump. A database is its name
in one cluster: that of MIG_TEST_POSTGRESQL, or one that is started for the time."""
import glob
import os
import subprocess
import sys

CLUSTER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "postgresql", "cluster.sh")


class Missing(Exception):
    """There is no server."""


def program(name):
    """The newest one of Debian's, whose psql in the PATH is a slow wrapper; or that of the PATH."""
    found = glob.glob(f"/usr/lib/postgresql/*/bin/{name}")
    return max(found, key=lambda path: int(path.split("/")[4])) if found else name


# PG_DUMP in the environment: that of a server which is newer than Debian's
PSQL, PG_DUMP = program("psql"), os.environ.get("PG_DUMP") or program("pg_dump")


def call(*args):
    """Exit status, output, errors."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    done = subprocess.run(args, env=env, text=True, timeout=300, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout, done.stderr.strip()


# Lines of a dump that are not compared: comments, what other versions of pg_dump set, and
# extensions, which are created before the first migration.
LEFT_OUT = ("--", "SET ", "SELECT pg_catalog.set_config(", "\\restrict", "\\unrestrict",
            "CREATE EXTENSION ", "COMMENT ON EXTENSION ")


def same(dump):
    """What is compared of a dump."""
    return [line for line in dump.splitlines() if line.strip() and not line.startswith(LEFT_OUT)]


class Engine:
    name = "PostgreSQL"

    def __init__(self, work):
        self.server = os.environ.get("MIG_TEST_POSTGRESQL")
        self.folder = None
        self.prefix = f"corpora_{os.getpid()}_"
        self.made = set()
        if not self.server:
            self.folder = os.path.join(work, "cluster")
            # The server may run as another user, who has to get here.
            os.chmod(work, 0o755)
            status, out, error = call("sh", CLUSTER, "start", self.folder)
            if status == 77:
                raise Missing(error)
            if status:
                sys.exit(f"{CLUSTER}: {error}")
            self.server = out.strip()
        _, version, _ = self.psql(None, "SHOW server_version_num")
        self.force = " WITH (FORCE)" if int(version or 0) >= 130000 else ""

    def drop_now(self, database, *more):
        """Drops the database, whoever is connected to it, and does more without it."""
        self.must(None, f"DROP DATABASE IF EXISTS {database}{self.force}", *more)

    def close(self):
        if self.folder:
            call("sh", CLUSTER, "stop", self.folder)
        else:
            for database in self.made:
                self.drop_now(database)

    def url(self, database):
        return f"{self.server}{'&' if '?' in self.server else '?'}dbname={database}"

    def psql(self, database, *commands):
        """Exit status, output, errors. database None: the one that is always there."""
        args = [arg for command in commands for arg in ("-c", command)]
        return call(PSQL, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *args,
                    self.url(database) if database else self.server)

    def must(self, database, *commands):
        status, _, error = self.psql(database, *commands)
        if status:
            raise RuntimeError(error)

    def make(self, name, template):
        database = self.prefix + name
        self.drop_now(database, f"CREATE DATABASE {database} TEMPLATE {template}")
        self.made.add(database)
        return database

    def fresh(self, name, meta):
        database = self.make(name, "template0")
        for extension in meta["extensions"]:
            self.must(database, f'CREATE EXTENSION "{extension}"')
        return database

    def copy(self, source, name):
        return self.make(name, source)

    def expected(self, text):
        """A schema file as schema() would tell it."""
        return same(text)

    def schema(self, database):
        """The dump of a database without libmig's own tables."""
        status, out, error = call(PG_DUMP, "-s", "--no-owner", "-T", "mig_version", "-T",
                                  "mig_history", "-d", self.url(database))
        if status:
            raise RuntimeError(error)
        return same(out)

    def rows(self, database):
        status, out, error = self.psql(database, "SELECT revision FROM mig_version ORDER BY 1")
        if status and '"mig_version" does not exist' not in error:
            raise RuntimeError(error)
        return out.split()

    def execute(self, database, file, transaction):
        """Runs a script with psql. Returns its error or None."""
        status, _, error = call(PSQL, "-X", "-q", "-v", "ON_ERROR_STOP=1",
                                *(["-1"] if transaction else []), "-f", file, self.url(database))
        return error if status else None

"""sqlite: SQLite for run.py. A database is the path of its file."""
import os
import shutil
import sqlite3

OURS = ("mig_version", "mig_history")


def same(sql):
    """One CREATE text as it is compared: SQLite's shell, which printed the expected schemas, puts
    an IF NOT EXISTS before quoted names."""
    sql = sql.strip().rstrip(";").rstrip()
    return sql.replace("CREATE TABLE IF NOT EXISTS ", "CREATE TABLE ", 1)


class Engine:
    name = "SQLite"

    def __init__(self, work):
        self.work = work

    def close(self):
        pass

    def url(self, path):
        return "sqlite:" + path

    def free(self, name):
        """The path of a database that is not there."""
        path = os.path.join(self.work, name)
        for suffix in ("", "-journal", "-wal", "-shm"):
            if os.path.exists(path + suffix):
                os.remove(path + suffix)
        return path

    def fresh(self, name, meta):
        path = self.free(name)
        sqlite3.connect(path).close()
        return path

    def copy(self, source, name):
        return shutil.copy(source, self.free(name))

    def expected(self, text):
        """A schema file as schema() would tell it."""
        out, part = [], ""
        for line in text.splitlines():
            if not part and (not line.strip() or line.startswith("/*")):
                continue  # the shell tells a view's columns in a comment
            part += line + "\n"
            if sqlite3.complete_statement(part):
                out.append(same(part))
                part = ""
        return sorted(out + ([same(part)] if part.strip() else []))

    def schema(self, path):
        """The CREATE statements of a database, libmig's own and the engine's own left out."""
        db = sqlite3.connect(path)
        rows = db.execute("SELECT name, tbl_name, sql FROM sqlite_schema "
                          "WHERE sql IS NOT NULL").fetchall()
        db.close()
        return sorted(same(sql) for name, table, sql in rows
                      if table not in OURS and not name.startswith("sqlite_"))

    def rows(self, path):
        """The version rows. A damaged file is an error."""
        db = sqlite3.connect(path)
        rows = []
        if db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'mig_version'").fetchone():
            rows = db.execute("SELECT revision FROM mig_version ORDER BY revision").fetchall()
        check = db.execute("PRAGMA integrity_check").fetchone()[0]
        db.close()
        if check != "ok":
            raise RuntimeError(f"{path}: {check}")
        return [r[0] for r in rows]

    def execute(self, path, file, transaction):
        """Runs a script with SQLite alone. Returns its error or None; it is undone then."""
        with open(file, encoding="utf-8-sig", newline="") as f:
            script = f.read()
        db = sqlite3.connect(path, isolation_level=None)
        error = None
        try:
            db.executescript(f"BEGIN;\n{script}\n;COMMIT;" if transaction else script)
        except sqlite3.Error as e:
            error = str(e)
            if db.in_transaction:
                db.rollback()
        db.close()
        return error

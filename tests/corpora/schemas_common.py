"""schemas_common: what the engines of schemas.py have in common: schemas, rows, values."""
import collections
import random
import re

ROWS = 3  # in each table


class Schema:
    """compared: statements without what does not count, sorted; exact: with the columns' order."""

    def __init__(self, compared=(), exact=(), error=None):
        self.compared, self.exact, self.error = sorted(compared), sorted(exact), error


class Table:
    """sort: of two tables of one name with another sort, none is made of the other."""

    def __init__(self, sort, columns, rows):
        self.sort, self.columns, self.rows = sort, columns, rows


Column = collections.namedtuple("Column", "type not_null generated")


class Snapshot:
    """Rows: tables maps a name to its Table, whose rows are dicts; positions: what sequences gave
    last."""

    def __init__(self, tables, positions):
        self.tables, self.positions = tables, positions

    def any(self):
        return any(t.rows for t in self.tables.values())

    def equal(self, other):
        return ({n: t.rows for n, t in self.tables.items()} ==
                {n: t.rows for n, t in other.tables.items()})

    def lost(self, *after):
        """What the last of the snapshots has not, or in other values, though every one of them has
        the table and the column with the same type."""
        for name, table in self.tables.items():
            others = [a.tables.get(name) for a in after]
            if all(o is not None and o.sort == table.sort for o in others):
                yield from self.lost_rows(name, table, others)
        for name, value in self.positions.items():
            if all(name in a.positions for a in after) and after[-1].positions[name] != value:
                yield f"sequence {name}: {after[-1].positions[name]}, not {value}"

    @staticmethod
    def lost_rows(name, table, others):
        def kept(column):
            own = table.columns[column]
            its = [o.columns.get(column) for o in others]
            if own.generated or any(c is None or c.generated or c.type != own.type for c in its):
                return False
            # NULLs of a column that became NOT NULL get its default
            return (not any(c.not_null for c in its) or
                    all(row[column] is not None for row in table.rows))

        columns = [c for c in table.columns if kept(c)]
        was = sorted(repr([row[c] for c in columns]) for row in table.rows)
        now = sorted(repr([row[c] for c in columns]) for row in others[-1].rows)
        if len(was) != len(now):
            yield f"{name}: {len(now)} rows of {len(was)}"
        elif was != now:
            i = next(i for i in range(len(was)) if was[i] != now[i])
            yield f"{name} ({', '.join(columns)}): {now[i]}, not {was[i]}"


def literals(check):
    """The words and numbers that a condition names, which may satisfy it."""
    words = [w.replace("''", "'") for w in re.findall(r"'((?:[^']|'')*)'", check)]
    rest = re.sub(r"'(?:[^']|'')*'", " ", check)
    numbers = [int(n) for n in re.findall(r"(?<![\w.\"$])\d{1,9}(?![\w.\"])", rest)]
    return words, sorted({m for n in numbers for m in (n, n + 1, n - 1)})


def mentions(text, column):
    return re.search(rf"(?<!\w){re.escape(column)}(?!\w)", text, re.IGNORECASE) is not None


def in_order(tables, parents):
    """Names of tables, parents first where there is no cycle."""
    out, seen = [], set()
    for root in tables:
        stack = [(root, iter(parents.get(root, ())))]
        while stack:
            name, rest = stack[-1]
            seen.add(name)
            below = next((p for p in rest if p not in seen and p in tables), None)
            if below is not None:
                stack.append((below, iter(parents.get(below, ()))))
            else:
                stack.pop()
                if name not in out:
                    out.append(name)
    return out


def chooser(*seed):
    return random.Random(repr(seed))

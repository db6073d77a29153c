/* columns: what the history table is made of, for every store of this repository: a column is a line
 * here and a member of mig_history_row. Their order is that of the table.
 *
 * The tables have a version, which is nothing but their columns. A column of a later version stands
 * after the others and is MIG__COLUMN_TEXT or _INTEGER: it is added to a table with rows, and a library
 * that does not know it leaves it NULL. So every library reads the tables of every other one. What is
 * in the earlier columns must be enough for a library that reads these alone; and what is in a later
 * one may be out of date if such a library has changed the row since.
 *
 *     version 1   revision to library
 *     version 2   in_flight */
#ifndef MIG__DIALECT_COLUMNS_H
#define MIG__DIALECT_COLUMNS_H

#include <mig/dialect.h>
#include <string.h>

struct mig__column {
	const char *name;
	size_t at; /* in mig_history_row */
	enum mig__column_type { MIG__COLUMN_TEXT, MIG__COLUMN_NEEDED, MIG__COLUMN_INTEGER } type;
	int version; /* of the tables that have it first */
};

enum { MIG__TABLES_FIRST = 1, MIG__TABLES_VERSION = 2 };

static const struct mig__column mig__columns[] = {
	{ "revision", offsetof(mig_history_row, revision), MIG__COLUMN_NEEDED, 1 },
	{ "direction", offsetof(mig_history_row, direction), MIG__COLUMN_NEEDED, 1 },
	{ "state", offsetof(mig_history_row, state), MIG__COLUMN_NEEDED, 1 },
	{ "digest", offsetof(mig_history_row, digest), MIG__COLUMN_TEXT, 1 },
	{ "statements", offsetof(mig_history_row, statements), MIG__COLUMN_INTEGER, 1 },
	{ "done_digest", offsetof(mig_history_row, done_digest), MIG__COLUMN_TEXT, 1 },
	{ "started_at", offsetof(mig_history_row, started_at), MIG__COLUMN_TEXT, 1 },
	{ "duration_us", offsetof(mig_history_row, duration_us), MIG__COLUMN_INTEGER, 1 },
	{ "actor", offsetof(mig_history_row, actor), MIG__COLUMN_TEXT, 1 },
	{ "library", offsetof(mig_history_row, library), MIG__COLUMN_TEXT, 1 },
	{ "in_flight", offsetof(mig_history_row, in_flight), MIG__COLUMN_TEXT, 2 },
};
enum { MIG__COLUMN_COUNT = sizeof mig__columns / sizeof *mig__columns };

/* How many of them tables of that version have. */
static inline size_t mig__column_count(int version)
{
	size_t count = MIG__COLUMN_COUNT;

	while (mig__columns[count - 1].version > version)
		count--;
	return count;
}

/* NULL: the row has no such text, or its struct ends before it. */
static inline const char *mig__column_text(const mig_history_row *row, const struct mig__column *c)
{
	const char *text = NULL;

	if (c->type != MIG__COLUMN_INTEGER && row->struct_size >= c->at + sizeof text)
		memcpy(&text, (const char *)row + c->at, sizeof text);
	return text;
}

static inline int64_t mig__column_number(const mig_history_row *row, const struct mig__column *c)
{
	int64_t number = 0;

	if (row->struct_size >= c->at + sizeof number)
		memcpy(&number, (const char *)row + c->at, sizeof number);
	return number;
}

static inline void mig__column_take_text(mig_history_row *row, const struct mig__column *c,
					 const char *text)
{
	memcpy((char *)row + c->at, &text, sizeof text);
}

static inline void mig__column_take_number(mig_history_row *row, const struct mig__column *c,
					   int64_t number)
{
	memcpy((char *)row + c->at, &number, sizeof number);
}

#endif

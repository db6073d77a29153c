/* columns: what the history table is made of, for every store of this repository: a column is a line
 * here and a member of mig_history_row. Their order is that of the table. */
#ifndef MIG__DIALECT_COLUMNS_H
#define MIG__DIALECT_COLUMNS_H

#include <mig/dialect.h>
#include <string.h>

struct mig__column {
	const char *name;
	size_t at; /* in mig_history_row */
	enum mig__column_type { MIG__COLUMN_TEXT, MIG__COLUMN_NEEDED, MIG__COLUMN_INTEGER } type;
};

static const struct mig__column mig__columns[] = {
	{ "revision", offsetof(mig_history_row, revision), MIG__COLUMN_NEEDED },
	{ "direction", offsetof(mig_history_row, direction), MIG__COLUMN_NEEDED },
	{ "state", offsetof(mig_history_row, state), MIG__COLUMN_NEEDED },
	{ "digest", offsetof(mig_history_row, digest), MIG__COLUMN_TEXT },
	{ "statements", offsetof(mig_history_row, statements), MIG__COLUMN_INTEGER },
	{ "done_digest", offsetof(mig_history_row, done_digest), MIG__COLUMN_TEXT },
	{ "started_at", offsetof(mig_history_row, started_at), MIG__COLUMN_TEXT },
	{ "duration_us", offsetof(mig_history_row, duration_us), MIG__COLUMN_INTEGER },
	{ "actor", offsetof(mig_history_row, actor), MIG__COLUMN_TEXT },
	{ "library", offsetof(mig_history_row, library), MIG__COLUMN_TEXT },
};
enum { MIG__COLUMN_COUNT = sizeof mig__columns / sizeof *mig__columns };

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

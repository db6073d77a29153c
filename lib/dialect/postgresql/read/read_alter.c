/* read_alter: ALTER TABLE, as far as it adds to a table, which is how programs that dump a schema write
 * its keys and defaults. */
#include "dialect/postgresql/read/read.h"

#include <string.h>

static void alter_column(struct mig__reader *r, struct mig__read_object *table)
{
	const char *name = mig__read_name(r);
	struct mig__read_object *column = mig__read_child(table, MIG_KIND_COLUMN, name);

	if (!column) {
		mig__read_unread(r);
		return;
	}
	if (mig__read_take(r, "SET DEFAULT")) {
		mig__read_default_clause(r, column);
	} else if (mig__read_take(r, "SET NOT NULL")) {
		mig__read_not_null(r, column);
	} else if (mig__read_take(r, "ADD GENERATED")) {
		int always = mig__read_take(r, "ALWAYS");

		if (!always)
			mig__read_want(r, "BY DEFAULT");
		mig__read_want(r, "AS IDENTITY");
		if (!mig__read_get(column, MIG_ATTR_NOT_NULL))
			mig__read_unread(r);
		if (!r->unread)
			mig__read_identity(r, column, always);
	} else {
		mig__read_unread(r);
	}
}

/* What is kept as it is written is run after all that is read, and must mean there what it meant where
 * it stands: SELECT * has no later column in it, NATURAL JOIN none that both have later, and GROUP BY
 * only what a key of then allows. */
static void add(struct mig__reader *r, struct mig__read_object *table)
{
	if (mig__read_is_constraint(r)) {
		if (r->grouped)
			mig__read_unread(r);
		else
			mig__read_constraint(r, table);
		return;
	}
	if (r->kept)
		mig__read_unread(r);
	(void)mig__read_take(r, "COLUMN");
	if (mig__read_is(r, "IF"))
		mig__read_unread(r);
	if (!r->unread)
		mig__read_column(r, table);
}

static void read_action(struct mig__reader *r, struct mig__read_object *table)
{
	if (mig__read_take(r, "ADD")) {
		add(r, table);
	} else if (mig__read_take(r, "ALTER")) {
		(void)mig__read_take(r, "COLUMN");
		alter_column(r, table);
	} else if (mig__read_is(r, "OWNER")) {
		mig__read_owner(r);
	} else if (mig__read_take(r, "ENABLE ROW LEVEL SECURITY")) {
		mig__read_set(r, table, "row_security", "enabled");
	} else if (mig__read_take(r, "FORCE ROW LEVEL SECURITY")) {
		mig__read_set(r, table, "force_row_security", "forced");
	} else {
		mig__read_unread(r);
	}
}

void mig__read_alter_table(struct mig__reader *r)
{
	struct mig__read_object *table;

	(void)mig__read_take(r, "IF EXISTS");
	(void)mig__read_take(r, "ONLY");
	table = mig__read_table_here(r);
	r->altering = 1;
	if (table && !r->unread) {
		do
			read_action(r, table);
		while (!r->unread && mig__read_symbol(r, ','));
	}
	/* the server does several in an order of its own, where names may depend on it */
	if (table && !r->unread)
		mig__read_settle(r, table);
	r->altering = 0;
}

/* compare: what a difference means. What is inside a table is altered: by ALTER TABLE where SQLite
 * has it, otherwise by a rebuild; both keep the rows. */
#include "dialect/sqlite/schema/objects.h"

/* Values that are computed from now on are not kept. */
static uint32_t change_column(const mig_object *from, const mig_object *to)
{
	int lossy = mig__attribute(to, "generated") ? !mig__attribute(from, "generated")
						    : mig__sqlite_may_lose(from, to);

	return lossy ? MIG_CHANGE_ALTER | MIG_CHANGE_LOSSY : MIG_CHANGE_ALTER;
}

/* A column of type ANY, which is the same word in a STRICT table and another type. */
static uint32_t change_table(const mig_object *from, const mig_object *to)
{
	for (const mig_object *c = from->child; c; c = c->next) {
		const mig_object *now = mig__child(to, MIG_KIND_COLUMN, c->name);

		if (c->kind == MIG_KIND_COLUMN && now && mig__attribute_same(c, now, "type") &&
		    mig__sqlite_may_lose(c, now))
			return MIG_CHANGE_ALTER | MIG_CHANGE_LOSSY;
	}
	return MIG_CHANGE_ALTER;
}

uint32_t mig__sqlite_change(const mig_object *from, const mig_object *to)
{
	switch (from->kind) {
	case MIG_KIND_INDEX:
	case MIG_KIND_VIEW:
	case MIG_KIND_TRIGGER:
		return MIG_CHANGE_RECREATE;
	case MIG_KIND_TABLE:
		if (mig__attribute_same(from, to, "virtual") &&
		    mig__attribute_same(from, to, "sql"))
			return change_table(from, to);
		return MIG_CHANGE_RECREATE | MIG_CHANGE_LOSSY;
	case MIG_KIND_COLUMN:
		return change_column(from, to);
	default:
		return MIG_CHANGE_ALTER;
	}
}

/* Views and triggers may stand while their table is altered: see rebuild.c. */
int32_t mig__sqlite_holds(const mig_object *dependent, const mig_object *changed)
{
	(void)dependent, (void)changed;
	return 0;
}

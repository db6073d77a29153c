/* compare: what a difference means. What is inside a table is altered: by ALTER TABLE where SQLite
 * has it, otherwise by a rebuild; both keep the rows. */
#include "dialect/sqlite/objects.h"

#include <string.h>

static int has_type(const mig_object *column, const char *type)
{
	const char *is = mig__attribute(column, "type");

	return is && !strcmp(is, type);
}

static int is_integer(const mig_object *column)
{
	return has_type(column, "int") || has_type(column, "integer");
}

/* Values that are computed from now on are not kept. STRICT tables hold values of their types
 * alone, so rows are cast, and what does not look like a number becomes 0. */
static uint32_t change_column(const mig_object *from, const mig_object *to)
{
	int strict = to->parent && mig__attribute(to->parent, "strict");
	int number = is_integer(to) || has_type(to, "real");

	if (mig__attribute(to, "generated"))
		return mig__attribute(from, "generated") ? MIG_CHANGE_ALTER
							 : MIG_CHANGE_ALTER | MIG_CHANGE_LOSSY;
	if (strict && number && !is_integer(from) && !mig__attribute_same(from, to, "type"))
		return MIG_CHANGE_ALTER | MIG_CHANGE_LOSSY;
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
			return MIG_CHANGE_ALTER;
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

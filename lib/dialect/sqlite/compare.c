/* compare: what a difference means. What is inside a table is altered: by ALTER TABLE where SQLite
 * has it, otherwise by a rebuild; both keep the rows. */
#include "dialect/sqlite/objects.h"

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

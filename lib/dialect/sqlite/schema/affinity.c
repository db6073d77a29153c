/* affinity: what becomes of a value when its column's type changes
 * (https://www.sqlite.org/datatype3.html). A column converts what it stores, whatever is written
 * into the script: '01067' in a column that becomes INTEGER is 1067 from then on. */
#include "dialect/sqlite/schema/objects.h"

#include <string.h>

static const char *type_of(const mig_object *column)
{
	const char *type = mig__attribute(column, "type");

	return type ? type : "";
}

static int is_strict(const mig_object *table)
{
	return table && mig__attribute(table, "strict");
}

/* ANY converts nothing in a STRICT table; elsewhere it is a word like any other, so NUMERIC. */
static int keeps_all(const mig_object *column, const mig_object *table)
{
	return is_strict(table) && !strcmp(type_of(column), "any");
}

enum mig__affinity mig__sqlite_affinity(const mig_object *column, const mig_object *table)
{
	static const struct {
		const char *word;
		enum mig__affinity affinity;
	} rules[] = { { "int", MIG__AFFINITY_INTEGER }, { "char", MIG__AFFINITY_TEXT },
		      { "clob", MIG__AFFINITY_TEXT },   { "text", MIG__AFFINITY_TEXT },
		      { "blob", MIG__AFFINITY_NONE },   { "real", MIG__AFFINITY_REAL },
		      { "floa", MIG__AFFINITY_REAL },   { "doub", MIG__AFFINITY_REAL } };
	const char *type = type_of(column);

	if (!*type || keeps_all(column, table))
		return MIG__AFFINITY_NONE;
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if (strstr(type, rules[i].word))
			return rules[i].affinity;
	return MIG__AFFINITY_NUMERIC;
}

int mig__sqlite_casts(const mig_object *from, const mig_object *from_table, const mig_object *to,
		      const mig_object *to_table)
{
	return is_strict(to_table) && !keeps_all(to, to_table) &&
	       mig__sqlite_affinity(from, from_table) != mig__sqlite_affinity(to, to_table);
}

int mig__sqlite_may_lose(const mig_object *from, const mig_object *to)
{
	enum mig__affinity was = mig__sqlite_affinity(from, from->parent);
	enum mig__affinity is = mig__sqlite_affinity(to, to->parent);
	int strict = is_strict(to->parent), both = strict && is_strict(from->parent);

	if (was == is)
		return 0;
	switch (is) {
	case MIG__AFFINITY_NONE: /* kept, but cast to BLOB in a STRICT table */
		return strict && !keeps_all(to, to->parent) &&
		       !(both && (was == MIG__AFFINITY_TEXT || was == MIG__AFFINITY_INTEGER));
	case MIG__AFFINITY_TEXT: /* a real number has 15 digits as text; 5 comes back out of '5' */
		if (was == MIG__AFFINITY_NONE)
			return !both || keeps_all(from, from->parent);
		return was != MIG__AFFINITY_INTEGER;
	case MIG__AFFINITY_NUMERIC: /* it differs from INTEGER in casts alone */
		return was == MIG__AFFINITY_TEXT || was == MIG__AFFINITY_NONE;
	case MIG__AFFINITY_INTEGER:
		return strict || was == MIG__AFFINITY_TEXT || was == MIG__AFFINITY_NONE;
	default: /* large integers are not real numbers */
		return 1;
	}
}

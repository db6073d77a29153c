/* inspect_sql_part: one part of the query for what is one row an object; asked first is whether it has
 * any. Not the parts: inspect_sql.c, inspect_sql_other.c. */
#include "dialect/postgresql/schema/inspect_sql.h"

void mig__sql_add_part(struct mig__sql_small *all, const struct mig__sql_part *p)
{
	struct mig__buf *sql = &all->sql;
	/* the first one gives the types */
	const char *type = sql->len ? "" : "::text";

	if (!all->found) {
		mig__buf_addf(sql, "%sEXISTS (SELECT FROM %s)", sql->len ? ", " : "", p->any ? p->any : p->from);
		return;
	}
	if (all->found[all->place] && all->found[all->place++] != 't' && sql->len)
		return;
	mig__buf_addf(sql, "%sSELECT '%s'%s, %s, %s%s", sql->len ? " UNION ALL " : "", p->letter,
		      *type ? "::\"char\"" : "", p->ids, p->name, type);
	for (int i = 0; i < MIG__SQL_FIELDS; i++)
		mig__buf_addf(sql, ", %s%s", p->fields[i] ? p->fields[i] : "NULL", type);
	mig__buf_addf(sql, " FROM %s", p->from);
}

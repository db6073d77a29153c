/* remark: what a reader should know about the rebuild of a table that has rows: what of them makes it
 * fail, and what becomes of their NULLs. Not what loses data: compare.c. */
#include "dialect/sqlite/schema/objects.h"

#include "base/buf.h"
#include "base/shown.h"

#include <string.h>

/* The table has it already, perhaps under another name. */
static int is_old(const struct mig__sqlite_table *old, const mig_object *o)
{
	for (size_t i = 0; i < old->count; i++)
		if (old->at[i].object->kind == o->kind && mig__attributes_same(old->at[i].object, o))
			return 1;
	return 0;
}

/* A key whose columns are all NULL, since they are new. */
static int is_empty(const struct mig__sqlite_table *new, const mig_object *key)
{
	const char *columns = mig__attribute(key, "columns");

	for (size_t i = 0; columns && i < new->count; i++) {
		const struct mig__sqlite_part *p = &new->at[i];

		if (p->object->kind == MIG_KIND_COLUMN && (p->old || p->fallback) &&
		    mig__sqlite_mentions(columns, p->object->name))
			return 0;
	}
	return columns != NULL;
}

/* The other name of the rowid is never NULL. */
static int may_be_null(const struct mig__sqlite_table *old, const mig_object *column)
{
	const struct mig__sqlite_part *alias = mig__sqlite_alias_of(old);

	return !mig__attribute(column, "not_null") && !(alias && alias->object == column);
}

static void add_line(struct mig__buf *out, const mig_object *o, const char *what)
{
	mig__buf_adds(out, out->len ? "\n" : "");
	mig__shown_add(out, o->name, strlen(o->name));
	mig__buf_addf(out, ": %s", what);
}

static void add_column(struct mig__buf *out, const struct mig__sqlite_table *old, const struct mig__sqlite_part *p)
{
	const mig_object *o = p->object;

	if (!mig__attribute(o, "not_null") || mig__attribute(o, "generated"))
		return;
	if (!p->old && !p->fallback) {
		add_line(out, o, "fails if the table has rows");
	} else if (p->old && may_be_null(old, p->old) && mig__sqlite_is_filled(p)) {
		const char *value = mig__attribute(p->fallback, "expression");

		add_line(out, o, "NULLs become the default ");
		mig__shown_add(out, value, strlen(value));
	} else if (p->old && may_be_null(old, p->old)) {
		add_line(out, o, "fails if a row has NULL in it");
	}
}

static void add_part(struct mig__buf *out, const struct mig__sqlite_table *old,
		     const struct mig__sqlite_table *new, const struct mig__sqlite_part *p)
{
	if (p->object->kind == MIG_KIND_COLUMN) {
		add_column(out, old, p);
		return;
	}
	if (is_old(old, p->object) || is_empty(new, p->object))
		return;
	switch (p->object->kind) {
	case MIG_KIND_PRIMARY_KEY:
	case MIG_KIND_UNIQUE:
		add_line(out, p->object, "fails if there are duplicates");
		break;
	case MIG_KIND_FOREIGN_KEY:
		add_line(out, p->object, "fails if a row refers to one that is not there");
		break;
	case MIG_KIND_CHECK:
		add_line(out, p->object, "fails if a row violates it");
		break;
	}
}

mig_status mig__sqlite_remarks(struct mig__sqlite_ddl *d, const struct mig__sqlite_table *old,
			       const struct mig__sqlite_table *new, const char **out)
{
	struct mig__buf text;

	mig__buf_init(&text, &d->conn->alloc);
	for (size_t i = 0; i < new->count; i++)
		add_part(&text, old, new, &new->at[i]);
	*out = text.failed ? NULL : text.len ? mig__arena_strdup(d->arena, text.data) : "";
	mig__buf_finish(&text);
	return *out ? MIG_OK : mig__sqlite_nomem(d->conn);
}

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

	if (mig__attribute(o, "generated")) {
		if (!p->old && mig__attribute(o, "not_null"))
			add_line(out, o, "fails if its expression fails or gives NULL for a row");
		else if (!p->old && mig__attribute(o, "generated_kind"))
			add_line(out, o, "fails if its expression fails for a row");
		return;
	}
	if (!mig__attribute(o, "not_null"))
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

/* The same key, perhaps in another order: what it holds is unique already. */
static int is_unique(const struct mig__sqlite_table *old, const mig_object *key)
{
	const char *columns = mig__attribute(key, "columns");

	for (size_t i = 0; columns && i < old->count; i++) {
		const mig_object *o = old->at[i].object;
		const char *had = mig__attribute(o, "columns");
		size_t size = had ? strcspn(had, " ") : 0;

		/* of one column without a collation of its own */
		if ((o->kind == MIG_KIND_PRIMARY_KEY || o->kind == MIG_KIND_UNIQUE) && had && size &&
		    !strncmp(columns, had, size) && (!had[size] || !strcmp(had + size, " desc")) &&
		    (!columns[size] || !strcmp(columns + size, " desc")))
			return 1;
	}
	return 0;
}

/* A column that the text mentions compares its values in another way than before. */
static int is_collated_anew(const struct mig__sqlite_table *new, const char *text)
{
	for (size_t i = 0; text && i < new->count; i++) {
		const struct mig__sqlite_part *p = &new->at[i];

		if (p->object->kind == MIG_KIND_COLUMN && p->old &&
		    !mig__attribute_same(p->old, p->object, "collation") &&
		    mig__sqlite_mentions(text, p->object->name))
			return 1;
	}
	return 0;
}

/* A constraint or index that stays, of such a column. */
static void add_collated(struct mig__buf *out, const struct mig__sqlite_table *new, const mig_object *o)
{
	const char *text = mig__attribute(o, o->kind == MIG_KIND_CHECK ? "expression" : "columns");

	if (!is_collated_anew(new, text))
		return;
	switch (o->kind) {
	case MIG_KIND_FOREIGN_KEY: /* compares as the other table's column does */
		break;
	case MIG_KIND_CHECK:
		add_line(out, o, "fails if a row violates it under the new collation");
		break;
	default:
		add_line(out, o, "fails if there are duplicates under the new collation");
	}
}

static void add_indexes(struct mig__buf *out, const struct mig__sqlite_table *new)
{
	for (const mig_object *o = new->object->child; o; o = o->next)
		if (o->kind == MIG_KIND_INDEX && mig__attribute(o, "unique") && o->other &&
		    mig__attributes_same(o, o->other))
			add_collated(out, new, o);
}

static int is_key_null(const struct mig__sqlite_table *old, const struct mig__sqlite_table *new)
{
	for (size_t i = 0; i < new->count; i++) {
		const mig_object *key = new->at[i].object;

		if (key->kind == MIG_KIND_PRIMARY_KEY)
			for (size_t k = 0; k < new->count; k++)
				if (new->at[k].old && may_be_null(old, new->at[k].old) &&
				    !mig__attribute(new->at[k].object, "not_null") &&
				    mig__sqlite_mentions(mig__attribute(key, "columns"), new->at[k].object->name))
					return 1;
	}
	return 0;
}

static void add_table(struct mig__buf *out, const struct mig__sqlite_table *old,
		      const struct mig__sqlite_table *new)
{
	if (mig__attribute(new->object, "strict") && !mig__attribute(old->object, "strict"))
		add_line(out, new->object, "fails if a value does not fit its column's type");
	if (mig__attribute(new->object, "without_rowid") && !mig__attribute(old->object, "without_rowid") &&
	    is_key_null(old, new))
		add_line(out, new->object, "fails if a row has NULL in the primary key");
}

static void add_part(struct mig__buf *out, const struct mig__sqlite_table *old,
		     const struct mig__sqlite_table *new, const struct mig__sqlite_part *p)
{
	if (p->object->kind == MIG_KIND_COLUMN) {
		add_column(out, old, p);
		return;
	}
	if (is_old(old, p->object)) {
		add_collated(out, new, p->object);
		return;
	}
	if (is_empty(new, p->object))
		return;
	switch (p->object->kind) {
	case MIG_KIND_PRIMARY_KEY:
	case MIG_KIND_UNIQUE:
		if (!is_unique(old, p->object))
			add_line(out, p->object, "fails if there are duplicates");
		else
			add_collated(out, new, p->object);
		break;
	case MIG_KIND_FOREIGN_KEY:
		add_line(out, p->object, "fails if a row refers to one that is not there");
		break;
	case MIG_KIND_CHECK:
		add_line(out, p->object, "fails if a row violates it");
		break;
	}
}

void mig__sqlite_index_remark(const mig_object *index, struct mig__buf *out)
{
	const char *columns = mig__attribute(index, "columns"), *where = mig__attribute(index, "where");
	int computed = (columns && strchr(columns, '(')) || (where && strchr(where, '('));

	if (mig__attribute(index, "unique"))
		add_line(out, index,
			 computed ? "fails if there are duplicates, or its expression fails for a row"
				  : "fails if there are duplicates");
	else if (computed)
		add_line(out, index, "fails if its expression fails for a row");
}

mig_status mig__sqlite_remarks(struct mig__sqlite_ddl *d, const struct mig__sqlite_table *old,
			       const struct mig__sqlite_table *new, const char **out)
{
	struct mig__buf text;

	mig__buf_init(&text, &d->conn->alloc);
	add_table(&text, old, new);
	for (size_t i = 0; i < new->count; i++)
		add_part(&text, old, new, &new->at[i]);
	add_indexes(&text, new);
	*out = text.failed ? NULL : text.len ? mig__arena_strdup(d->arena, text.data) : "";
	mig__buf_finish(&text);
	return *out ? MIG_OK : mig__sqlite_nomem(d->conn);
}

/* rebuild: what ALTER TABLE cannot do, by the procedure of "Making Other Kinds Of Table Schema
 * Changes" in https://www.sqlite.org/lang_altertable.html: a new table, the rows copied, the old
 * one dropped, the new one renamed, indexes and triggers created again.
 *
 * Views, triggers of other tables and foreign keys that mention the table keep their text: with
 * legacy_alter_table, the renaming looks at none of them. (Foreign keys are off while scripts run,
 * and are checked before the commit: so dropping the old table deletes no children.) */
#include "dialect/sqlite/objects.h"

#include <string.h>
#include <strings.h>

static mig_status say(struct mig__sqlite_ddl *d, const char *sql)
{
	mig__buf_adds(&d->buf, sql);
	return mig__sqlite_emit(d, NULL, NULL);
}

/* Columns whose values go from one to the other. */
static int is_copied(const mig_object *column)
{
	return column->kind == MIG_KIND_COLUMN && column->other &&
	       !mig__attribute(column, "generated") && !mig__attribute(column->other, "generated");
}

static const char *type_of(const mig_object *column)
{
	const char *type = mig__attribute(column, "type");

	return type ? type : "";
}

/* A value that fits the new column: rows without one get the default where they must have one;
 * STRICT tables do not convert by themselves. */
static void add_value(struct mig__buf *buf, const mig_object *column)
{
	const mig_object *fallback = mig__child(column, MIG_KIND_DEFAULT, NULL);
	int cast = mig__attribute(column->parent, "strict") &&
		   strcmp(type_of(column), type_of(column->other)) != 0 &&
		   strcmp(type_of(column), "any") != 0;
	int filled = fallback && mig__attribute(column, "not_null") &&
		     !mig__attribute(column->other, "not_null");

	mig__buf_adds(buf, cast ? "CAST(" : "");
	mig__buf_adds(buf, filled ? "coalesce(" : "");
	mig__sqlite_add_word(buf, column->other->name);
	if (filled) {
		const char *sql = mig__attribute(fallback, ".sql");

		mig__buf_addf(buf, ", %s)", sql ? sql : mig__attribute(fallback, "expression"));
	}
	if (cast)
		mig__buf_addf(buf, " AS %s)", type_of(column));
}

/* A name for the rowid that no column has taken; NULL: the rows have none, or it is a column. */
static const char *rowid_of(const mig_object *table)
{
	static const char *const names[] = { "rowid", "_rowid_", "oid" };
	const mig_object *key = mig__child(table, MIG_KIND_PRIMARY_KEY, NULL);

	if (mig__attribute(table, "without_rowid"))
		return NULL;
	for (const mig_object *c = table->child; key && c; c = c->next)
		if (c->kind == MIG_KIND_COLUMN && !strcmp(type_of(c), "integer") &&
		    mig__sqlite_mentions(mig__attribute(key, "columns"), c->name) &&
		    !strchr(mig__attribute(key, "columns"), ','))
			return NULL;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const mig_object *c = table->child;

		while (c && !(c->kind == MIG_KIND_COLUMN && !strcasecmp(c->name, names[i])))
			c = c->next;
		if (!c)
			return names[i];
	}
	return NULL;
}

static mig_status copy_rows(struct mig__sqlite_ddl *d, const mig_object *from, const mig_object *to,
			    const char *name, const mig_op *op, const char *comment)
{
	const char *old = rowid_of(from), *new = rowid_of(to), *comma = "";
	struct mig__buf values;
	mig_status rc;

	mig__buf_init(&values, &d->conn->alloc);
	mig__buf_adds(&d->buf, "INSERT INTO ");
	mig__sqlite_add_word(&d->buf, name);
	mig__buf_adds(&d->buf, " (");
	if (old && new) {
		mig__buf_adds(&d->buf, new);
		mig__buf_adds(&values, old);
		comma = ", ";
	}
	for (const mig_object *c = to->child; c; c = c->next)
		if (is_copied(c)) {
			mig__buf_adds(&d->buf, comma);
			mig__sqlite_add_word(&d->buf, c->name);
			mig__buf_adds(&values, comma);
			add_value(&values, c);
			comma = ", ";
		}
	mig__buf_addf(&d->buf, ")\nSELECT %s FROM ", mig__buf_text(&values));
	mig__sqlite_add_word(&d->buf, from->name);
	d->buf.failed |= values.failed;
	mig__buf_finish(&values);
	if (!comma[0]) /* nothing stays, and no rows can be made of nothing */
		mig__buf_clear(&d->buf);
	rc = comma[0] ? mig__sqlite_emit(d, op, comment) : MIG_OK;
	return rc;
}

/* What the next number of an AUTOINCREMENT table will be is kept, also if its rows are gone. */
static mig_status copy_sequence(struct mig__sqlite_ddl *d, const mig_object *from,
				const mig_object *to, const char *name)
{
	const mig_object *old = mig__child(from, MIG_KIND_PRIMARY_KEY, NULL);
	const mig_object *new = mig__child(to, MIG_KIND_PRIMARY_KEY, NULL);
	mig_status rc;

	if (!old || !new || !mig__attribute(old, "autoincrement") ||
	    !mig__attribute(new, "autoincrement"))
		return MIG_OK;
	mig__buf_adds(&d->buf, "DELETE FROM sqlite_sequence WHERE name = ");
	mig__sqlite_add_string(&d->buf, name);
	rc = mig__sqlite_emit(d, NULL, NULL);
	if (rc)
		return rc;
	mig__buf_adds(&d->buf, "INSERT INTO sqlite_sequence (name, seq)\nSELECT ");
	mig__sqlite_add_string(&d->buf, name);
	mig__buf_adds(&d->buf, ", seq FROM sqlite_sequence WHERE name = ");
	mig__sqlite_add_string(&d->buf, from->name);
	return mig__sqlite_emit(d, NULL, NULL);
}

/* The operation that drops o, plus 1; 0: none. first: the table's first one, plus 1. */
static uint32_t drop_of(const struct mig__sqlite_ddl *d, uint32_t first, const mig_object *o)
{
	while (first && !(d->changes->ops[first - 1].type == MIG_OP_DROP &&
			  d->changes->ops[first - 1].from == o))
		first = d->next[first - 1];
	return first;
}

/* They went with the old table. One that is dropped by an operation of its own is gone, or is to
 * be: then that is done. */
static mig_status create_again(struct mig__sqlite_ddl *d, const mig_object *from, uint32_t first)
{
	mig_status rc = MIG_OK;

	for (const mig_object *c = from->child; !rc && c; c = c->next) {
		uint32_t drop;

		if (c->kind != MIG_KIND_INDEX && c->kind != MIG_KIND_TRIGGER)
			continue;
		drop = drop_of(d, first, c);
		if (drop) {
			d->done[drop - 1] = 1;
			continue;
		}
		mig__sqlite_add_create(&d->buf, c->other ? c->other : c);
		rc = mig__sqlite_emit(d, NULL, NULL);
	}
	return rc;
}

/* A column that must have values, and gets none, makes the copying fail if there are rows. */
static const char *warning_for(const mig_object *to)
{
	for (const mig_object *c = to->child; c; c = c->next)
		if (c->kind == MIG_KIND_COLUMN && !c->other && mig__attribute(c, "not_null") &&
		    !mig__attribute(c, "generated") && !mig__child(c, MIG_KIND_DEFAULT, NULL))
			return "fails if the table has rows: a new column is NOT NULL and has no "
			       "default";
	return NULL;
}

mig_status mig__sqlite_rebuild(struct mig__sqlite_ddl *d, const mig_object *from,
			       const mig_object *to, uint32_t first, const mig_op *op)
{
	struct mig__buf name;
	mig_status rc;

	mig__buf_init(&name, &d->conn->alloc);
	mig__buf_addf(&name, "_mig_new_%s", to->name);
	if (name.failed)
		return mig__sqlite_nomem(d->conn);
	rc = say(d, "PRAGMA legacy_alter_table = ON");
	if (!rc) {
		mig__sqlite_add_table(&d->buf, to, name.data);
		rc = mig__sqlite_emit(d, NULL, NULL);
	}
	if (!rc)
		rc = copy_rows(d, from, to, name.data, op, warning_for(to));
	if (!rc)
		rc = copy_sequence(d, from, to, name.data);
	if (!rc) {
		mig__buf_adds(&d->buf, "DROP TABLE ");
		mig__sqlite_add_word(&d->buf, from->name);
		rc = mig__sqlite_emit(d, NULL, NULL);
	}
	if (!rc) {
		mig__buf_adds(&d->buf, "ALTER TABLE ");
		mig__sqlite_add_word(&d->buf, name.data);
		mig__buf_adds(&d->buf, " RENAME TO ");
		mig__sqlite_add_word(&d->buf, to->name);
		rc = mig__sqlite_emit(d, NULL, NULL);
	}
	if (!rc)
		rc = create_again(d, from, first);
	mig__buf_finish(&name);
	return rc ? rc : say(d, "PRAGMA legacy_alter_table = OFF");
}

/* rebuild: what ALTER TABLE cannot do, by the procedure of "Making Other Kinds Of Table Schema
 * Changes" in https://www.sqlite.org/lang_altertable.html: a new table, the rows copied, the old
 * one dropped, the new one renamed, indexes and triggers created again.
 *
 * Views, triggers of other tables and foreign keys that mention the table keep their text: with
 * legacy_alter_table, the renaming looks at none of them. (Foreign keys are off while scripts run,
 * and are checked before the commit: so dropping the old table deletes no children.) */
#include "dialect/sqlite/schema/objects.h"
#include "dialect/sqlite/sql/quote.h"

#include "base/ascii.h"

#include <stdio.h>
#include <string.h>

static mig_status say(struct mig__sqlite_ddl *d, const char *sql)
{
	mig__buf_adds(&d->buf, sql);
	return mig__sqlite_emit(d, NULL, NULL);
}

/* -- rows */

static const char *type_of(const mig_object *column)
{
	const char *type = mig__attribute(column, "type");

	return type ? type : "";
}

/* A value that fits the new column: rows without one get the default where they must have one.
 * STRICT tables refuse what their columns' affinity does not convert, so a value of another one is
 * cast; what is of the column's own affinity and does not fit is refused by SQLite itself. */
static void add_value(struct mig__buf *buf, const struct mig__sqlite_table *old,
		      const struct mig__sqlite_table *new, const struct mig__sqlite_part *p)
{
	int cast = mig__sqlite_casts(p->old, old->object, p->object, new->object);

	mig__buf_adds(buf, cast ? "CAST(" : "");
	mig__buf_adds(buf, mig__sqlite_is_filled(p) ? "coalesce(" : "");
	mig__sqlite_add_word(buf, p->old->name);
	if (mig__sqlite_is_filled(p))
		mig__buf_addf(buf, ", %s)", mig__attribute(p->fallback, "expression"));
	if (cast)
		mig__buf_addf(buf, " AS %s)", type_of(p->object));
}

/* What the number of a row is called; NULL: rows have none, or columns have taken all its names. */
static const char *rowid_of(const struct mig__sqlite_table *t)
{
	static const char *const names[] = { "rowid", "_rowid_", "oid" };

	if (mig__attribute(t->object, "without_rowid"))
		return NULL;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t k = 0;

		while (k < t->count && !(t->at[k].object->kind == MIG_KIND_COLUMN &&
					 !mig__ascii_compare(t->at[k].object->name, names[i])))
			k++;
		if (k == t->count)
			return names[i];
	}
	return NULL;
}

/* What the number of a row is called in both; 0: it is not kept. *column: as one of the columns. */
static int numbers_of(const struct mig__sqlite_table *old, const struct mig__sqlite_table *new,
		      const char **from, const char **to, int *column)
{
	const struct mig__sqlite_part *was = mig__sqlite_alias_of(old), *is = mig__sqlite_alias_of(new);

	*column = is && is->old;
	*from = *column ? is->old->name : was ? was->object->name : rowid_of(old);
	*to = is ? is->object->name : rowid_of(new);
	return *from && *to;
}

/* Rows keep their numbers: others may know them (the index of a full-text table). */
static int add_rowid(struct mig__buf *names, struct mig__buf *values,
		     const struct mig__sqlite_table *old, const struct mig__sqlite_table *new)
{
	const char *from, *to;
	int column;

	if (!numbers_of(old, new, &from, &to, &column) || column)
		return 0;
	mig__sqlite_add_word(names, to);
	mig__sqlite_add_word(values, from);
	return 1;
}

/* A row that does not fit is an error, whatever the table does with such rows otherwise. */
static const char *insert_into(const struct mig__sqlite_table *t)
{
	for (size_t i = 0; i < t->count; i++)
		if (mig__attribute(t->at[i].object, "conflict") ||
		    mig__attribute(t->at[i].object, "not_null_conflict"))
			return "INSERT OR ABORT INTO ";
	return "INSERT INTO ";
}

static mig_status copy_rows(struct mig__sqlite_ddl *d, const struct mig__sqlite_table *old,
			    const struct mig__sqlite_table *new, const char *name, const mig_op *op,
			    const char *comment, int *copied)
{
	struct mig__buf values;

	mig__buf_init(&values, &d->conn->alloc);
	mig__buf_adds(&d->buf, insert_into(new));
	mig__sqlite_add_word(&d->buf, name);
	mig__buf_adds(&d->buf, " (");
	*copied = add_rowid(&d->buf, &values, old, new);
	for (size_t i = 0; i < new->count; i++) {
		if (!new->at[i].old)
			continue;
		mig__buf_adds(&d->buf, *copied ? ", " : "");
		mig__sqlite_add_word(&d->buf, new->at[i].object->name);
		mig__buf_adds(&values, *copied ? ", " : "");
		add_value(&values, old, new, &new->at[i]);
		*copied = 1;
	}
	mig__buf_addf(&d->buf, ")\nSELECT %s FROM ", mig__buf_text(&values));
	mig__sqlite_add_word(&d->buf, old->object->name);
	d->buf.failed |= values.failed;
	mig__buf_finish(&values);
	if (*copied)
		return mig__sqlite_emit(d, op, comment);
	mig__buf_clear(&d->buf); /* nothing stays, and no rows can be made of nothing */
	return MIG_OK;
}

static int has_values(const struct mig__sqlite_table *t)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->at[i].object->kind == MIG_KIND_COLUMN && t->at[i].old)
			return 1;
	return 0;
}

/* Before the old table goes: what its columns held, the new ones hold. */
static mig_status compare_rows(struct mig__sqlite_ddl *d, const struct mig__sqlite_table *old,
			       const struct mig__sqlite_table *new, const char *name)
{
	const char *from, *to;
	struct mig__buf message;
	int column;
	mig_status rc;

	if (!has_values(new))
		return MIG_OK;
	if (!numbers_of(old, new, &from, &to, &column))
		from = to = NULL;
	mig__sqlite_add_comparison(&d->buf, old, new, name, from, to);
	mig__buf_init(&message, &d->conn->alloc);
	mig__buf_adds(&message, "table ");
	for (const char *p = new->object->name; *p; p++) /* the message is one line */
		mig__buf_add(&message, (unsigned char)*p < ' ' ? " " : p, 1);
	mig__buf_adds(&message, " would not keep its values");
	rc = d->buf.failed || message.failed
		     ? mig__sqlite_nomem(d->conn)
		     : d->sink->statement(d->sink->user, mig__buf_text(&d->buf), d->buf.len, NULL,
					  MIG_STATEMENT_CHECK, message.data);
	mig__buf_clear(&d->buf);
	mig__buf_finish(&message);
	return rc;
}

static int is_counting(const struct mig__sqlite_table *t)
{
	for (size_t i = 0; i < t->count; i++)
		if (mig__attribute(t->at[i].object, "autoincrement"))
			return 1;
	return 0;
}

/* What the next number of an AUTOINCREMENT table will be is kept, also if its rows are gone. */
static mig_status copy_sequence(struct mig__sqlite_ddl *d, const struct mig__sqlite_table *old,
				const struct mig__sqlite_table *new, const char *name)
{
	mig_status rc;

	if (!is_counting(old) || !is_counting(new))
		return MIG_OK;
	mig__buf_adds(&d->buf, "DELETE FROM sqlite_sequence WHERE name = ");
	mig__sqlite_add_string(&d->buf, name);
	rc = mig__sqlite_emit(d, NULL, NULL);
	if (rc)
		return rc;
	mig__buf_adds(&d->buf, "INSERT INTO sqlite_sequence (name, seq)\nSELECT ");
	mig__sqlite_add_string(&d->buf, name);
	mig__buf_adds(&d->buf, ", seq FROM sqlite_sequence WHERE name = ");
	mig__sqlite_add_string(&d->buf, old->object->name);
	return mig__sqlite_emit(d, NULL, NULL);
}

/* -- around them */

/* The operation that drops o, plus 1; 0: none. first: the table's first one, plus 1. */
static uint32_t drop_of(const struct mig__sqlite_ddl *d, uint32_t first, const mig_object *o)
{
	while (first && !(d->changes->ops[first - 1]->type == MIG_OP_DROP &&
			  d->changes->ops[first - 1]->from == o))
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
		mig__sqlite_add_create(
			&d->buf, c->other && mig__attributes_same(c, c->other) ? c->other : c);
		rc = mig__sqlite_emit(d, NULL, NULL);
	}
	return rc;
}

static mig_status swap(struct mig__sqlite_ddl *d, const char *name, const mig_object *from,
		       const char *to, const mig_op *op)
{
	mig_status rc;

	mig__buf_adds(&d->buf, "DROP TABLE ");
	mig__sqlite_add_word(&d->buf, from->name);
	d->kind = MIG_STATEMENT_KEYS_OFF;
	rc = mig__sqlite_emit(d, op, NULL);
	if (rc)
		return rc;
	mig__buf_adds(&d->buf, "ALTER TABLE ");
	mig__sqlite_add_word(&d->buf, name);
	mig__buf_adds(&d->buf, " RENAME TO ");
	mig__sqlite_add_word(&d->buf, to);
	return mig__sqlite_emit(d, NULL, NULL);
}

static int begins(const mig_object *first, const char *prefix)
{
	for (const mig_object *o = first; o; o = o->next)
		if (!mig__ascii_compare_n(o->name, prefix, strlen(prefix)) || begins(o->child, prefix))
			return 1;
	return 0;
}

/* With a beginning that nothing in the schema has. */
static const char *new_name(struct mig__sqlite_ddl *d, const char *name)
{
	size_t size = sizeof d->prefix + strlen(name) + 1;
	char *out = mig__arena_alloc(d->arena, size);

	for (unsigned i = 0; !d->prefix[0]; i++) {
		snprintf(d->prefix, sizeof d->prefix, "_mig_new%.*u_", i > 0, i);
		if (begins(d->changes->before, d->prefix) || begins(d->changes->after, d->prefix))
			d->prefix[0] = '\0';
	}
	if (out)
		snprintf(out, size, "%s%s", d->prefix, name);
	return out;
}

mig_status mig__sqlite_rebuild(struct mig__sqlite_ddl *d, const mig_object *from,
			       const mig_object *to, uint32_t first, const mig_op *op)
{
	const char *name = new_name(d, to->name);
	struct mig__sqlite_table old, new;
	const char *remarks = NULL;
	int copied = 0;
	mig_status rc = name ? mig__sqlite_table_of(d, from, &old) : mig__sqlite_nomem(d->conn);

	if (!rc)
		rc = mig__sqlite_table_after(d, from, to, first, &new);
	if (!rc)
		rc = say(d, "PRAGMA legacy_alter_table = ON");
	if (!rc) {
		mig__sqlite_add_table(&d->buf, &new, name);
		rc = mig__sqlite_emit(d, NULL, NULL);
	}
	if (!rc)
		rc = mig__sqlite_remarks(d, &old, &new, &remarks);
	if (!rc)
		rc = copy_rows(d, &old, &new, name, op, remarks, &copied);
	if (!rc)
		rc = compare_rows(d, &old, &new, name);
	if (!rc)
		rc = copy_sequence(d, &old, &new, name);
	if (!rc)
		rc = swap(d, name, from, to->name, copied ? NULL : op);
	if (!rc)
		rc = create_again(d, from, first);
	return rc ? rc : say(d, "PRAGMA legacy_alter_table = OFF");
}

/* create: CREATE statements. An object that was read has its text, and keeps it; any other is
 * written out of its attributes. */
#include "dialect/sqlite/schema/objects.h"
#include "dialect/sqlite/sql/quote.h"
#include "base/ascii.h"

#include <string.h>

/* -- words */

int mig__sqlite_mentions(const char *text, const char *name)
{
	struct mig__sqlite_token t;

	for (t = mig__sqlite_token(text); t.kind; t = mig__sqlite_token(mig__sqlite_behind(t)))
		if (mig__sqlite_stands_for(t, name))
			return 1;
	return 0;
}

/* -- CREATE */

static void add_keyed(struct mig__buf *buf, const char *before, const mig_object *o,
		      const char *key)
{
	const char *value = mig__attribute(o, key);

	if (value)
		mig__buf_addf(buf, "%s%s", before, value);
}

void mig__sqlite_add_column(struct mig__buf *buf, const mig_object *column,
			    const mig_object *fallback)
{
	const char *type = mig__attribute(column, ".type");

	mig__sqlite_add_word(buf, column->name);
	if (type)
		mig__buf_addf(buf, " %s", type);
	else
		add_keyed(buf, " ", column, "type");
	add_keyed(buf, " COLLATE ", column, "collation");
	if (mig__attribute(column, "generated")) {
		add_keyed(buf, " GENERATED ALWAYS AS ", column, "generated");
		mig__buf_adds(buf,
			      mig__attribute(column, "generated_kind") ? " STORED" : " VIRTUAL");
	}
	mig__buf_adds(buf, mig__attribute(column, "not_null") ? " NOT NULL" : "");
	add_keyed(buf, " ON CONFLICT ", column, "not_null_conflict");
	if (fallback)
		add_keyed(buf, " DEFAULT ", fallback,
			  mig__attribute(fallback, ".sql") ? ".sql" : "expression");
}

static void add_constraint_name(struct mig__buf *buf, const mig_object *o)
{
	if (o->flags & MIG_OBJECT_UNNAMED)
		return;
	mig__buf_adds(buf, "CONSTRAINT ");
	mig__sqlite_add_word(buf, o->name);
	mig__buf_adds(buf, " ");
}

static void add_constraint(struct mig__buf *buf, const mig_object *o)
{
	add_constraint_name(buf, o);
	if (mig__attribute(o, ".sql") && !mig__attribute(o, ".inline")) {
		mig__buf_adds(buf, mig__attribute(o, ".sql"));
		return;
	}
	if (o->kind == MIG_KIND_CHECK) {
		mig__buf_addf(buf, "CHECK %s", mig__attribute(o, "expression"));
		return;
	}
	mig__buf_addf(buf, "%s (%s)",
		      o->kind == MIG_KIND_PRIMARY_KEY ? "PRIMARY KEY"
		      : o->kind == MIG_KIND_UNIQUE    ? "UNIQUE"
						      : "FOREIGN KEY",
		      mig__attribute(o, "columns"));
	add_keyed(buf, " ON CONFLICT ", o, "conflict");
	if (o->kind != MIG_KIND_FOREIGN_KEY)
		return;
	add_keyed(buf, " REFERENCES ", o, "referred");
	if (mig__attribute(o, "referred_columns"))
		mig__buf_addf(buf, " (%s)", mig__attribute(o, "referred_columns"));
	add_keyed(buf, " ON DELETE ", o, "on_delete");
	add_keyed(buf, " ON UPDATE ", o, "on_update");
	add_keyed(buf, " MATCH ", o, "match");
	add_keyed(buf, " ", o, "deferrable");
}

/* A primary key that means something else if it does not stand in its column's definition: one that
 * counts, and one in descending order, which is no name for the rowid there. */
static int is_in_column(const mig_object *key, const mig_object *column)
{
	return key->kind == MIG_KIND_PRIMARY_KEY &&
	       (mig__attribute(key, "autoincrement") || mig__attribute(key, "order") ||
		mig__attribute(column, "autoincrement")) &&
	       mig__sqlite_mentions(mig__attribute(key, "columns"), column->name);
}

static const mig_object *key_in_column(const struct mig__sqlite_table *t, const mig_object *column)
{
	for (size_t i = 0; i < t->count; i++)
		if (is_in_column(t->at[i].object, column))
			return t->at[i].object;
	return NULL;
}

static void add_key(struct mig__buf *buf, const mig_object *key, const mig_object *column)
{
	mig__buf_adds(buf, " ");
	add_constraint_name(buf, key);
	mig__buf_adds(buf, "PRIMARY KEY");
	add_keyed(buf, " ", key, "order");
	add_keyed(buf, " ON CONFLICT ", key, "conflict");
	if (mig__attribute(key, "autoincrement") || mig__attribute(column, "autoincrement"))
		mig__buf_adds(buf, " AUTOINCREMENT");
}

static void add_parts(struct mig__buf *buf, const struct mig__sqlite_table *t)
{
	const mig_object *written = NULL;
	const char *comma = "\n\t";

	for (size_t i = 0; i < t->count; i++) {
		const struct mig__sqlite_part *p = &t->at[i];
		const mig_object *key;

		if (p->object->kind != MIG_KIND_COLUMN)
			continue;
		mig__buf_adds(buf, comma);
		mig__sqlite_add_column(buf, p->object, p->fallback);
		key = key_in_column(t, p->object);
		if (key)
			add_key(buf, key, p->object);
		written = key ? key : written;
		comma = ",\n\t";
	}
	for (size_t i = 0; i < t->count; i++) {
		if (t->at[i].object->kind == MIG_KIND_COLUMN || t->at[i].object == written)
			continue;
		mig__buf_adds(buf, comma);
		add_constraint(buf, t->at[i].object);
	}
}

void mig__sqlite_add_table(struct mig__buf *buf, const struct mig__sqlite_table *t,
			   const char *name)
{
	const char *strict = mig__attribute(t->object, "strict");

	mig__buf_adds(buf, mig__attribute(t->object, "virtual") ? "CREATE VIRTUAL TABLE "
								: "CREATE TABLE ");
	mig__sqlite_add_word(buf, name);
	mig__buf_adds(buf, " ");
	if (t->sql) {
		mig__buf_adds(buf, t->sql);
		return;
	}
	mig__buf_adds(buf, "(");
	add_parts(buf, t);
	mig__buf_adds(buf, "\n)");
	mig__buf_adds(buf, strict ? " STRICT" : "");
	if (mig__attribute(t->object, "without_rowid"))
		mig__buf_adds(buf, strict ? ", WITHOUT ROWID" : " WITHOUT ROWID");
}

void mig__sqlite_add_create(struct mig__buf *buf, const mig_object *o)
{
	const char *sql = mig__attribute(o, ".sql");

	mig__buf_adds(buf, o->kind == MIG_KIND_VIEW      ? "CREATE VIEW "
			   : o->kind == MIG_KIND_TRIGGER ? "CREATE TRIGGER "
			   : mig__attribute(o, "unique") ? "CREATE UNIQUE INDEX "
							 : "CREATE INDEX ");
	mig__sqlite_add_word(buf, o->name);
	mig__buf_adds(buf, " ");
	if (sql) {
		mig__buf_adds(buf, sql);
	} else if (o->kind == MIG_KIND_VIEW) {
		add_keyed(buf, "AS ", o, "query");
	} else {
		mig__buf_adds(buf, "ON ");
		mig__sqlite_add_word(buf, o->parent->name);
		mig__buf_addf(buf, " (%s)", mig__attribute(o, "columns"));
		add_keyed(buf, " WHERE ", o, "where");
	}
}

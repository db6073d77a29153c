/* NOT NULL of columns and domains. From PostgreSQL 18 on it is a constraint of its own, with a name,
 * which may not be inherited, or not be valid for the rows that were there; of domains from 17 on.
 * Before, it is there or not.
 * Not what comes with a new column in its CREATE TABLE: mig__ddl_add_not_null() writes that in the
 * column's definition, but for one that is not valid, which can only be added after. */
#include "dialect/postgresql/schema/ddl.h"
#include "dialect/postgresql/sql/quote.h"

#include <string.h>

/* The name that the constraint has, or gets from the server. */
static void add_name(struct mig__buf *b, const mig_object *o)
{
	const char *name =
		mig__attribute(o, o->kind == MIG_KIND_DOMAIN ? "not_null_name" : ".not_null");
	struct mig__buf usual;

	if (name) {
		mig__buf_adds(b, name);
		return;
	}
	mig__buf_init(&usual, b->alloc);
	if (o->kind != MIG_KIND_DOMAIN)
		mig__buf_addf(&usual, "%s_", mig__top(o)->name);
	mig__buf_addf(&usual, "%s_not_null", o->name);
	mig__ddl_name(b, mig__buf_text(&usual));
	b->failed |= usual.failed;
	mig__buf_finish(&usual);
}

static int same(const mig_object *from, const mig_object *to, const char *key)
{
	return mig__attribute_same(from, to, key);
}

void mig__ddl_add_not_null(struct mig__buf *b, const mig_object *column)
{
	if (mig__attribute(column, "not_null") && !mig__attribute(column, "not_null_not_valid"))
		mig__ddl_put(b, column,
			     "[.not_null| CONSTRAINT $.not_null] NOT NULL[not_null_no_inherit| NO "
			     "INHERIT]");
}

static void add_constraint(struct mig__ddl *d, const mig_object *column)
{
	mig__ddl_do(d, column,
		    "+ADD [.not_null|CONSTRAINT $.not_null ]NOT NULL @n[not_null_no_inherit| NO "
		    "INHERIT][not_null_not_valid| NOT VALID]");
}

void mig__ddl_late_not_null(struct mig__ddl *d, const mig_object *column)
{
	if (mig__attribute(column, "not_null_not_valid"))
		add_constraint(d, column);
}

void mig__ddl_set_not_null(struct mig__ddl *d, const mig_object *column)
{
	if (mig__attribute(column, ".not_null") || mig__attribute(column, "not_null_no_inherit") ||
	    mig__attribute(column, "not_null_not_valid"))
		add_constraint(d, column);
	else
		mig__ddl_do(d, column, "+ALTER COLUMN @n SET NOT NULL");
	if (!mig__attribute(column, "not_null_not_valid"))
		mig__ddl_note(d, column, "@n: fails if a row has NULL in it");
}

/* One clause about the constraint, by its name. */
static void clause(struct mig__ddl *d, const mig_object *column, const char *before,
		   const char *after)
{
	struct mig__buf *b = mig__ddl_clause(d, column, 0);

	mig__buf_adds(b, before);
	add_name(b, column);
	mig__buf_adds(b, after);
}

void mig__ddl_rename_not_null(struct mig__ddl *d, const mig_object *from, const mig_object *to)
{
	struct mig__buf *b = mig__ddl_begin(d);

	mig__ddl_put(b, to,
		     to->kind == MIG_KIND_DOMAIN ? "ALTER DOMAIN @q RENAME CONSTRAINT "
						 : "ALTER TABLE @t RENAME CONSTRAINT ");
	add_name(b, from);
	mig__buf_adds(b, " TO ");
	add_name(b, to);
	mig__ddl_end(d, 0);
}

void mig__ddl_move_not_null(struct mig__ddl *d, const mig_object *table)
{
	for (const mig_object *c = table ? table->child : NULL; c; c = c->next) {
		const mig_object *from = c->kind == MIG_KIND_COLUMN ? c->other : NULL;

		if (from && mig__attribute(from, "not_null") && mig__attribute(c, "not_null") &&
		    same(from, c, "not_null_name") && !same(from, c, ".not_null") &&
		    !mig__ddl_parent_column(from) != !mig__ddl_parent_column(c))
			mig__ddl_rename_not_null(d, from, c);
	}
}

void mig__ddl_alter_not_null(struct mig__ddl *d, const mig_object *from, const mig_object *to)
{
	if (!same(from, to, "not_null_not_valid") && mig__attribute(to, "not_null_not_valid")) {
		mig__ddl_do(d, to, "+ALTER COLUMN @n DROP NOT NULL");
		mig__ddl_flush(d); /* the two are not done in this order within one statement */
		add_constraint(d, to);
		return;
	}
	if (!same(from, to, "not_null_name"))
		mig__ddl_rename_not_null(d, from, to);
	if (!same(from, to, "not_null_no_inherit"))
		clause(d, to, "ALTER CONSTRAINT ",
		       mig__attribute(to, "not_null_no_inherit") ? " NO INHERIT" : " INHERIT");
	if (!same(from, to, "not_null_not_valid"))
		clause(d, to, "VALIDATE CONSTRAINT ", "");
}

/* The comment on the constraint. */
void mig__ddl_comment_not_null(struct mig__ddl *d, const mig_object *o)
{
	const char *comment = mig__attribute(o, "not_null_comment");
	struct mig__buf *b;

	if (!mig__attribute(o, "not_null"))
		return;
	b = mig__ddl_begin(d);
	mig__buf_adds(b, "COMMENT ON CONSTRAINT ");
	add_name(b, o);
	mig__ddl_put(b, o, o->kind == MIG_KIND_DOMAIN ? " ON DOMAIN @q IS " : " ON @t IS ");
	if (comment)
		mig__pg_add_text(b, comment, strlen(comment));
	else
		mig__buf_adds(b, "NULL");
	mig__ddl_end(d, 0);
}

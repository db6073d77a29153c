/* ddl_using: a unique index that becomes a constraint: ADD CONSTRAINT ... USING INDEX takes it over under the
 * constraint's name, and builds nothing. PostgreSQL cannot turn a constraint back into an index. */
#include "dialect/postgresql/schema/ddl.h"

#include <mig/attribute.h>
#include <string.h>

/* A plain unique index of a table that stays: nothing that a constraint's own index does not have. */
static int is_usable(const mig_object *index)
{
	return index->kind == MIG_KIND_INDEX && mig__attribute(index, MIG_ATTR_UNIQUE) && !index->child &&
	       !index->flags && !mig__attribute(index, MIG_ATTR_METHOD) && !mig__attribute(index, MIG_ATTR_WHERE) &&
	       !mig__attribute(index, MIG_ATTR_COMMENT) && !mig__attribute(index, "invalid") &&
	       !mig__attribute(index, "only") && !mig__attribute(index->parent, "partition_by") &&
	       !mig__child(index->parent, MIG_KIND_INHERITANCE, NULL);
}

/* Options are set by ALTER INDEX, whoever the index belongs to; so are tablespace and CLUSTER. */
static int is_equal(const mig_object *index, const mig_object *key)
{
	static const char *const keys[] = { MIG_ATTR_COLUMNS,	  MIG_ATTR_INCLUDE, "nulls_not_distinct",
					    "options", "tablespace", "clustered" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (!mig__attribute_same(index, key, keys[i]))
			return 0;
	return 1;
}

static int is_dropped(const struct mig__ddl *d, const mig_object *index)
{
	const mig_op *op = mig__ddl_op(d, index);

	return op && op->type == MIG_OP_DROP;
}

/* It goes with one of its columns, which is dropped or made anew. */
static int goes_with_column(const struct mig__ddl *d, const mig_object *index)
{
	for (size_t i = 0; i < index->need_count; i++)
		if (is_dropped(d, index->needs[i]))
			return 1;
	return 0;
}

/* Something else is to have the index's name. */
static int is_reused(const struct mig__ddl *d, const mig_object *index, const mig_object *key)
{
	const char *schema = mig__top(index)->schema;

	for (const mig_object *t = d->changes->after; t; t = t->next) {
		if (strcmp(t->schema, schema) != 0)
			continue;
		if (!strcmp(t->name, index->name))
			return 1;
		for (const mig_object *c = t->child; c; c = c->next)
			if (c != key && c->kind != MIG_KIND_COLUMN && !strcmp(c->name, index->name))
				return 1;
	}
	return 0;
}

/* The index that the new constraint takes over, or NULL. */
static const mig_object *index_for(const struct mig__ddl *d, const mig_object *key)
{
	const mig_object *table = key->parent->other;

	if ((key->kind != MIG_KIND_PRIMARY_KEY && key->kind != MIG_KIND_UNIQUE) || !table ||
	    !mig__ddl_has_rows(d, key) || mig__attribute(key, "without_overlaps"))
		return NULL;
	for (const mig_object *c = table->child; c; c = c->next)
		if (is_usable(c) && is_equal(c, key) && is_dropped(d, c) && !goes_with_column(d, c) &&
		    !is_reused(d, c, key))
			return c;
	return NULL;
}

int mig__ddl_is_taken_over(const struct mig__ddl *d, const mig_object *index)
{
	const mig_object *table = is_usable(index) ? index->parent->other : NULL;

	for (const mig_object *c = table ? table->child : NULL; c; c = c->next) {
		const mig_op *op = mig__ddl_op(d, c);

		if (op && op->type == MIG_OP_CREATE && index_for(d, c) == index)
			return 1;
	}
	return 0;
}

int mig__ddl_create_using_index(struct mig__ddl *d, const mig_object *key)
{
	const mig_object *index = index_for(d, key);
	/* before 13, the statement looks the index up before a column's new type builds it anew */
	int looks_up_first = PQserverVersion(d->conn->db) < 130000;
	struct mig__buf *b;

	if (!index)
		return 0;
	if (looks_up_first)
		mig__ddl_flush(d);
	b = mig__ddl_clause(d, key, 0);
	mig__ddl_put(b, key, key->kind == MIG_KIND_UNIQUE ? "ADD @cUNIQUE" : "ADD @cPRIMARY KEY");
	mig__ddl_put(b, index, " USING INDEX @n");
	mig__ddl_put(b, key, "[deferrable| $deferrable]");
	if (looks_up_first)
		mig__ddl_flush(d);
	return 1;
}

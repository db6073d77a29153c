/* ddl_remark: what a reader of the script should know about a table that is there and may have rows:
 * what of them makes a statement fail, whom it locks out, what it rewrites, which indexes are stale
 * after it. Not what loses data: compare.c. Of an empty table nothing is said. */
#include "base/ascii.h"
#include "base/buf.h"
#include "dialect/postgresql/schema/ddl.h"

#include <mig/attribute.h>
#include <string.h>

/* -- keys */

/* A column that this script adds, which is NULL in every row. */
static int is_null_everywhere(const struct mig__ddl *d, const mig_object *column)
{
	const mig_op *op = mig__ddl_op(d, column);

	return op && op->type == MIG_OP_CREATE && !mig__child(column, MIG_KIND_DEFAULT, NULL) &&
	       !mig__attribute(column, MIG_ATTR_GENERATED) && !mig__attribute(column, MIG_ATTR_IDENTITY);
}

/* A key none of whose rows has a value. */
static int is_null_key(const struct mig__ddl *d, const mig_object *key)
{
	size_t columns = 0;

	if (key->kind == MIG_KIND_PRIMARY_KEY || mig__attribute(key, "nulls_not_distinct"))
		return 0;
	for (size_t i = 0; i < key->need_count; i++) {
		const mig_object *need = key->needs[i];

		if (need->kind != MIG_KIND_COLUMN || need->parent != key->parent)
			continue;
		if (!is_null_everywhere(d, need))
			return 0;
		columns++;
	}
	return columns > 0;
}

void mig__ddl_note_constraint(struct mig__ddl *d, const mig_object *o)
{
	if (mig__attribute(o, "not_valid") || mig__attribute(o, "not_enforced") || !mig__ddl_has_rows(d, o) ||
	    is_null_key(d, o))
		return;
	switch (o->kind) {
	case MIG_KIND_PRIMARY_KEY:
	case MIG_KIND_UNIQUE:
		mig__ddl_note(d, o, "@n: fails if there are duplicates; locks the table while its index is built");
		break;
	case MIG_KIND_FOREIGN_KEY:
		mig__ddl_note(d, o,
			      "@n: fails if a row refers to one that is not there; locks both tables against "
			      "writes while it looks");
		break;
	case MIG_KIND_EXCLUSION:
		mig__ddl_note(d, o, "@n: fails if a row violates it; locks the table while its index is built");
		break;
	default:
		mig__ddl_note(d, o, "@n: fails if a row violates it; locks the table while it looks");
	}
}

/* A materialized view that stays and is filled. */
static int is_filled_view(const struct mig__ddl *d, const mig_object *o)
{
	const mig_op *op = mig__ddl_op(d, o);

	return o->kind == MIG_KIND_MATERIALIZED_VIEW && o->other && !mig__attribute(o, "unpopulated") &&
	       (!op || op->type == MIG_OP_ALTER);
}

void mig__ddl_note_index(struct mig__ddl *d, const mig_object *o)
{
	if (!(mig__ddl_has_rows(d, o) || is_filled_view(d, mig__top(o))) || mig__attribute(o, "only"))
		return;
	if (mig__attribute(o, MIG_ATTR_UNIQUE) && !is_null_key(d, o))
		mig__ddl_note(d, o,
			      "@n: fails if there are duplicates; locks the table against writes while it is built");
	else
		mig__ddl_note(d, o, "@n: locks the table against writes while it is built");
}

/* -- columns */

/* Whether the name stands in an expression as a word with a parenthesis after it, not in a string. */
static int calls(const char *text, const char *name)
{
	size_t size = strlen(name);
	int quoted = 0;

	for (const char *p = text; *p; p++) {
		quoted ^= *p == '\'';
		if (!quoted && !strncmp(p, name, size) && p[size] == '(' &&
		    (p == text || !strchr(MIG__LETTERS MIG__DIGITS "_", p[-1])))
			return 1;
	}
	return 0;
}

/* A function gives another value for each row, unless its definition says otherwise. */
static int is_volatile(const mig_object *o)
{
	const char *definition = mig__attribute(o, "definition");

	return o->kind == MIG_KIND_FUNCTION && definition && !strstr(definition, " IMMUTABLE") &&
	       !strstr(definition, " STABLE");
}

/* The server keeps one value for all rows that are there, if it is the same for all. */
static int is_volatile_default(const mig_object *value)
{
	static const char *const functions[] = { "nextval",	    "random",
						 "random_normal",   "gen_random_uuid",
						 "uuidv4",	    "uuidv7",
						 "clock_timestamp", "timeofday",
						 "uuid_generate_v1", "uuid_generate_v1mc",
						 "uuid_generate_v4", "gen_random_bytes" };
	const char *text = mig__attribute(value, MIG_ATTR_EXPRESSION);

	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
		if (calls(text, functions[i]))
			return 1;
	for (size_t i = 0; i < value->need_count; i++)
		if (is_volatile(value->needs[i]))
			return 1;
	return 0;
}

void mig__ddl_note_column(struct mig__ddl *d, const mig_object *o, const mig_object *value)
{
	int computed = mig__attribute(o, MIG_ATTR_GENERATED) != NULL;
	int numbered = mig__attribute(o, MIG_ATTR_IDENTITY) != NULL;

	if (!mig__ddl_has_rows(d, o))
		return;
	if (mig__attribute(o, MIG_ATTR_NOT_NULL) && !mig__attribute(o, "not_null_not_valid") && !value && !numbered &&
	    !computed)
		mig__ddl_note(d, o, "@n: fails if the table has rows");
	else if (numbered || (computed && !mig__pg_is_virtual(o)) || (value && is_volatile_default(value)))
		mig__ddl_note(d, o, "@n: rewrites the table");
}

/* -- domains */

static int needs(const mig_object *o, const mig_object *what)
{
	for (size_t i = 0; i < o->need_count; i++)
		if (o->needs[i] == what)
			return 1;
	return 0;
}

/* A column of a table that is there has the domain. */
static int is_in_use(const struct mig__ddl *d, const mig_object *domain)
{
	for (const mig_object *t = d->changes->before; t; t = t->next)
		for (const mig_object *c = t->kind == MIG_KIND_TABLE && t->other ? t->child : NULL; c; c = c->next)
			if (c->kind == MIG_KIND_COLUMN && needs(c, domain))
				return 1;
	return 0;
}

void mig__ddl_note_domain(struct mig__ddl *d, const mig_object *o, const mig_object *domain)
{
	if (!domain->other || !is_in_use(d, domain->other))
		return;
	mig__ddl_note(d, o,
		      o == domain ? "@n: fails if a row has NULL in a column of it; locks the tables while it looks"
				  : "@n: fails if a row violates it; locks the tables while it looks");
}

/* -- partitions */

static const mig_object *parent_of(const mig_object *inheritance)
{
	for (size_t i = 0; i < inheritance->need_count; i++)
		if (inheritance->needs[i]->kind == MIG_KIND_TABLE)
			return inheritance->needs[i];
	return NULL;
}

/* The table's DEFAULT partition, if it is there before the script and stays. */
static const mig_object *default_partition(struct mig__ddl *d, const mig_object *parent)
{
	if (d->default_of == parent)
		return d->default_partition;
	d->default_of = parent;
	d->default_partition = NULL;
	for (const mig_object *t = parent ? d->changes->after : NULL; t; t = t->next) {
		const mig_object *i = t->kind == MIG_KIND_TABLE && t->other ?
					      mig__child(t, MIG_KIND_INHERITANCE, NULL) :
					      NULL;
		const char *bound = i && i->other ? mig__attribute(i, "bound") : NULL;

		if (bound && !strcmp(bound, "DEFAULT") && parent_of(i) == parent)
			d->default_partition = t;
	}
	return d->default_partition;
}

void mig__ddl_note_partition(struct mig__ddl *d, const mig_object *o)
{
	const mig_object *other = default_partition(d, parent_of(o));

	if (mig__ddl_has_rows(d, o))
		mig__ddl_note(d, o, "fails if a row is outside of its bound; locks the table while it looks");
	if (other && other != mig__top(o))
		mig__ddl_note(d, other, "@q: fails if the DEFAULT partition has rows of the new one; locks it while it looks");
}

/* -- functions */

/* Kept as it is, although what its entries were computed with changes. */
static int is_stale(const struct mig__ddl *d, const mig_object *o, const mig_object *function)
{
	return o->other && !mig__ddl_op(d, o) && needs(o, function);
}

static void reindex(struct mig__ddl *d, const mig_object *o, const mig_object *function)
{
	struct mig__buf *b = mig__ddl_begin(d);

	mig__ddl_put(b, o, "REINDEX INDEX @q");
	mig__ddl_note(d, function, "@f: the index holds what it gave before; locks the table while it is built again");
	mig__ddl_end(d, 0);
}

static void look_at_table(struct mig__ddl *d, const mig_object *table, const mig_object *function)
{
	for (const mig_object *c = table->child; c; c = c->next) {
		if (!is_stale(d, c, function))
			continue;
		if (c->kind == MIG_KIND_INDEX || c->kind == MIG_KIND_EXCLUSION)
			reindex(d, c, function);
	}
}

/* -- views */

enum { DEEPEST = 16 }; /* of views on views */

/* Directly, or by way of other views. */
static int stands_on(const mig_object *o, const mig_object *view, int depth)
{
	for (size_t i = 0; depth < DEEPEST && i < o->need_count; i++) {
		const mig_object *need = mig__top(o->needs[i]);

		if (need == view || (need->kind == MIG_KIND_VIEW && stands_on(need, view, depth + 1)))
			return 1;
	}
	return 0;
}

void mig__ddl_note_view(struct mig__ddl *d, const mig_object *view)
{
	for (const mig_object *m = d->changes->after; m; m = m->next)
		if (m->kind == MIG_KIND_MATERIALIZED_VIEW && m->other && !mig__ddl_op(d, m) &&
		    stands_on(m, view, 0))
			mig__ddl_note(d, m, "@q: holds what the view showed before, until it is refreshed");
}

void mig__ddl_reindex(struct mig__ddl *d)
{
	for (size_t i = 0; !d->rc && i < d->changes->op_count; i++) {
		const mig_op *op = d->changes->ops[i];

		if (op->type != MIG_OP_ALTER || op->to->kind != MIG_KIND_FUNCTION ||
		    mig__attribute_same(op->from, op->to, "definition"))
			continue;
		d->op = op;
		for (const mig_object *t = d->changes->after; t; t = t->next)
			if ((t->kind == MIG_KIND_TABLE && !mig__attribute(t, "partition_by")) ||
			    t->kind == MIG_KIND_MATERIALIZED_VIEW)
				look_at_table(d, t, op->to);
	}
}

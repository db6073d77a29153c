/* ddl_table: tables, created with their columns, defaults and constraints; and these one by one.
 * Not columns that are altered: ddl_column.c; nor partitions as a question: ddl_inherit.c. */
#include "base/buf.h"
#include "dialect/postgresql/schema/ddl.h"

#include <string.h>

#define KEY_END                                                                           \
	" ($columns[without_overlaps| WITHOUT OVERLAPS])[include| INCLUDE ($include)][options| WITH ($options)][tablespace| " \
	"USING INDEX TABLESPACE $tablespace][deferrable| $deferrable]"

/* Patterns by kind. */
static const char *definition(const mig_object *o)
{
	switch (o->kind) {
	case MIG_KIND_PRIMARY_KEY:
		return "@cPRIMARY KEY" KEY_END;
	case MIG_KIND_UNIQUE:
		return "@cUNIQUE[nulls_not_distinct| NULLS NOT DISTINCT]" KEY_END;
	case MIG_KIND_FOREIGN_KEY:
		return "@cFOREIGN KEY (@k) REFERENCES $referred[referred_columns| "
		       "(@l)][match| MATCH $match][on_update| ON UPDATE $on_update]"
		       "[on_delete| ON DELETE $on_delete][deferrable| $deferrable][not_valid| NOT "
		       "VALID][not_enforced| NOT ENFORCED]";
	case MIG_KIND_CHECK:
		return "@cCHECK $expression[no_inherit| NO INHERIT][not_valid| NOT VALID][not_enforced| NOT "
		       "ENFORCED]";
	case MIG_KIND_EXCLUSION:
		return "@c$definition";
	default:
		return NULL;
	}
}

int mig__ddl_is_constraint(const mig_object *o)
{
	return definition(o) != NULL;
}

/* A column as CREATE TABLE and ADD COLUMN have it. value: its DEFAULT, or NULL. */
static void add_column(struct mig__buf *b, const mig_object *o, const mig_object *value)
{
	mig__ddl_put(b, o,
		     "@n $type[compression| COMPRESSION $compression][collation| COLLATE "
		     "$collation]");
	if (value)
		mig__ddl_put(b, value, " DEFAULT $expression");
	if (mig__attribute(o, "generated")) {
		mig__buf_adds(b, " GENERATED ALWAYS AS ");
		mig__ddl_parentheses(b, mig__attribute(o, "generated"));
		mig__buf_adds(b, mig__pg_is_virtual(o) ? " VIRTUAL" : " STORED");
	}
	if (mig__attribute(o, "identity")) {
		mig__ddl_put(b, o, " GENERATED $identity AS IDENTITY");
		mig__ddl_identity_options(b, o);
	}
	mig__ddl_add_not_null(b, o);
}

/* -- the table */

/* Parts come in the order of their columns, so a search goes on where the last one ended. */
static const mig_object *default_part(const mig_op *op, const mig_object *column, size_t *at)
{
	const mig_object *value = mig__child(column, MIG_KIND_DEFAULT, NULL);

	for (size_t i = 0; value && i < op->part_count; i++) {
		size_t k = (*at + i) % op->part_count;

		if (op->parts[k] == value) {
			*at = k;
			return value;
		}
	}
	return NULL;
}

/* It is created as a child of those that it inherits from, and has their columns from them. */
static int inherits(const mig_op *op)
{
	for (size_t i = 0; i < op->part_count; i++)
		if (op->parts[i]->kind == MIG_KIND_INHERITANCE)
			return 1;
	return 0;
}

static void add_line(struct mig__buf *b, size_t *count)
{
	mig__buf_adds(b, (*count)++ ? ",\n\t" : "\n\t");
}

static size_t add_columns(struct mig__ddl *d, struct mig__buf *b, const mig_object *table)
{
	size_t count = 0, at = 0;
	int child = inherits(d->op);

	for (const mig_object *c = table->child; c; c = c->next) {
		if (c->kind != MIG_KIND_COLUMN || (child && mig__attribute(c, ".inherited")))
			continue;
		add_line(b, &count);
		add_column(b, c, default_part(d->op, c, &at));
	}
	return count;
}

/* Can only be said once the table is there: CREATE TABLE takes NOT VALID for valid. */
static int is_late(const mig_object *o)
{
	return mig__attribute(o, "not_valid") != NULL;
}

static size_t add_constraints(struct mig__ddl *d, struct mig__buf *b, const mig_object *table,
			      size_t count)
{
	for (size_t i = 0; i < d->op->part_count; i++) {
		const mig_object *part = d->op->parts[i];

		if (!mig__ddl_is_constraint(part) || is_late(part))
			continue;
		add_line(b, &count);
		mig__ddl_put(b, part, definition(part));
	}
	if (inherits(d->op))
		return count;
	/* one cannot become a partition or child without its parent's checks */
	for (const mig_object *c = table->child; c; c = c->next) {
		if (c->kind != MIG_KIND_CHECK || !(c->flags & MIG_OBJECT_INHERITED))
			continue;
		add_line(b, &count);
		mig__ddl_put(b, c, definition(c));
	}
	return count;
}

static void add_parents(struct mig__ddl *d, struct mig__buf *b)
{
	size_t count = 0;

	for (size_t i = 0; i < d->op->part_count; i++) {
		if (d->op->parts[i]->kind != MIG_KIND_INHERITANCE)
			continue;
		mig__buf_adds(b, count ? "" : "\nINHERITS (");
		mig__ddl_item(b, &count, ", ");
		mig__ddl_put(b, d->op->parts[i], "@r");
	}
	mig__buf_adds(b, count ? ")" : "");
}

/* Columns that come from a parent have its default. */
static void set_inherited_defaults(struct mig__ddl *d, const mig_object *table)
{
	for (const mig_object *c = table->child; c; c = c->next) {
		const mig_object *up = NULL, *own, *given;

		if (c->kind == MIG_KIND_COLUMN && mig__attribute(c, ".inherited"))
			up = mig__ddl_parent_column(c);
		if (!up)
			continue;
		own = mig__child(c, MIG_KIND_DEFAULT, NULL);
		given = mig__child(up, MIG_KIND_DEFAULT, NULL);
		if (own && (!given || !mig__attribute_same(own, given, "expression")))
			mig__ddl_create_default(d, own);
		else if (!own && given)
			mig__ddl_do(d, c, "+ALTER COLUMN @n DROP DEFAULT");
		if (mig__attribute(c, "not_null") &&
		    (!mig__attribute(up, "not_null") || mig__attribute(up, "not_null_no_inherit")))
			mig__ddl_set_not_null(d, c);
	}
}

void mig__ddl_create_table(struct mig__ddl *d, const mig_object *o)
{
	struct mig__buf *b = mig__ddl_begin(d);
	size_t count;

	mig__ddl_put(b, o, "CREATE[persistence| UNLOGGED] TABLE @q (");
	count = add_columns(d, b, o);
	count = add_constraints(d, b, o, count);
	mig__buf_adds(b, count ? "\n)" : ")");
	add_parents(d, b);
	mig__ddl_put(b, o,
		     "[partition_by|\nPARTITION BY $partition_by][method|\nUSING $method]"
		     "[options|\nWITH ($options)][tablespace|\nTABLESPACE $tablespace]");
	mig__ddl_end(d, 0);
	if (inherits(d->op))
		set_inherited_defaults(d, o);
	for (const mig_object *c = o->child; c; c = c->next)
		if (c->kind == MIG_KIND_COLUMN && !mig__attribute(c, ".inherited"))
			mig__ddl_late_not_null(d, c);
	for (size_t i = 0; i < d->op->part_count; i++)
		if (mig__ddl_is_constraint(d->op->parts[i]) && is_late(d->op->parts[i]))
			mig__ddl_create_constraint(d, d->op->parts[i]);
}

/* -- columns */

/* The parent's ADD COLUMN reaches its partitions and children, too. */
static int comes_from_parent(const struct mig__ddl *d, const mig_object *o)
{
	const mig_object *up = mig__ddl_parent_column(o);
	const mig_op *op = up && mig__ddl_stays_child(d, o) ? mig__ddl_op(d, up) : NULL;

	return op && op->type == MIG_OP_CREATE;
}

static int goes_with_parent(const struct mig__ddl *d, const mig_object *o)
{
	const mig_object *up = mig__attribute(o, ".inherited") ? mig__ddl_parent_column(o) : NULL;
	const mig_op *op = up && mig__ddl_stays_child(d, o) ? mig__ddl_op(d, up) : NULL;

	return op && op->type == MIG_OP_DROP;
}

/* In an existing table or type. A view's column is there; it has a comment, privileges or a default
 * now. */
void mig__ddl_create_column(struct mig__ddl *d, const mig_object *o)
{
	const mig_object *value = mig__child(o, MIG_KIND_DEFAULT, NULL);
	struct mig__buf *b;

	if (value && !mig__ddl_has_part(d->op, value))
		value = NULL;
	switch (mig__top(o)->kind) {
	case MIG_KIND_COMPOSITE:
		mig__ddl_do(d, o,
			    "ALTER TYPE @t ADD ATTRIBUTE @n $type[collation| COLLATE "
			    "$collation] CASCADE");
		break;
	case MIG_KIND_TABLE:
		if (comes_from_parent(d, o))
			break;
		b = mig__ddl_clause(d, o, 0);
		mig__buf_adds(b, "ADD COLUMN ");
		add_column(b, o, value);
		mig__ddl_late_not_null(d, o);
		mig__ddl_note_column(d, o, value);
		break;
	}
}

void mig__ddl_drop_column(struct mig__ddl *d, const mig_object *o)
{
	const mig_object *value = mig__child(o, MIG_KIND_DEFAULT, NULL);

	switch (mig__top(o)->kind) {
	case MIG_KIND_COMPOSITE:
		mig__ddl_do(d, o, "ALTER TYPE @t DROP ATTRIBUTE @n CASCADE");
		break;
	case MIG_KIND_TABLE:
		if (!goes_with_parent(d, o))
			mig__ddl_do(d, o, "+DROP COLUMN @n");
		break;
	default: { /* a view's column stays; what was said about it goes */
		mig_object bare = *o;

		bare.attributes = NULL;
		bare.attribute_count = 0;
		if (value)
			mig__ddl_drop_default(d, value);
		mig__ddl_acl(d, o, &bare);
		if (mig__attribute(o, "comment"))
			mig__ddl_comment(d, &bare);
	}
	}
}

void mig__ddl_create_default(struct mig__ddl *d, const mig_object *o)
{
	mig__ddl_do(d, o,
		    mig__top(o)->kind == MIG_KIND_DOMAIN
			    ? "ALTER DOMAIN @t SET DEFAULT $expression"
			    : "=ALTER COLUMN @n SET DEFAULT $expression");
}

void mig__ddl_drop_default(struct mig__ddl *d, const mig_object *o)
{
	mig__ddl_do(d, o,
		    mig__top(o)->kind == MIG_KIND_DOMAIN ? "ALTER DOMAIN @t DROP DEFAULT"
							 : "=ALTER COLUMN @n DROP DEFAULT");
}

/* -- constraints */

void mig__ddl_create_constraint(struct mig__ddl *d, const mig_object *o)
{
	struct mig__buf *b;

	if (mig__top(o)->kind == MIG_KIND_DOMAIN) {
		if (is_late(o))
			mig__ddl_do(d, o, "ALTER DOMAIN @t ADD @cCHECK $expression NOT VALID");
		else
			mig__ddl_alter_domain_in_place(d, o, mig__top(o),
						       "ALTER DOMAIN @t ADD @cCHECK $expression");
		return;
	}
	if (mig__ddl_create_attached(d, o) || mig__ddl_create_using_index(d, o))
		return;
	if (mig__attribute(o, "only")) {
		b = mig__ddl_begin(d);
		mig__ddl_put(b, o, "ALTER TABLE ONLY @t ADD ");
		mig__ddl_put(b, o, definition(o));
		mig__ddl_end(d, 0);
		return;
	}
	b = mig__ddl_clause(d, o, 0);
	mig__buf_adds(b, "ADD ");
	mig__ddl_put(b, o, definition(o));
	mig__ddl_note_constraint(d, o);
}

void mig__ddl_drop_constraint(struct mig__ddl *d, const mig_object *o)
{
	if (mig__ddl_drop_attached(d, o))
		return;
	mig__ddl_do(d, o,
		    mig__top(o)->kind == MIG_KIND_DOMAIN ? "ALTER DOMAIN @t DROP CONSTRAINT @n"
							 : "+DROP CONSTRAINT @n");
}

/* -- partitions and children */

/* A partition has no columns but its parent's. */
static void drop_columns_first(struct mig__ddl *d, const mig_object *table)
{
	for (const mig_object *c = table ? table->child : NULL; c; c = c->next) {
		const mig_op *op = c->kind == MIG_KIND_COLUMN ? mig__ddl_op(d, c) : NULL;

		if (op && op->type == MIG_OP_DROP && !mig__ddl_is_past(d, op))
			mig__ddl_now(d, op);
	}
}

/* The next of the checks that the inheritance brings to a table that is, or will be, there without it. */
static const mig_object *next_check(const mig_object *inheritance, const mig_object *c)
{
	const mig_object *other = mig__top(inheritance)->other;

	c = c ? c->next : mig__top(inheritance)->child;
	for (; other && c; c = c->next)
		if (c->kind == MIG_KIND_CHECK && (c->flags & MIG_OBJECT_INHERITED) &&
		    mig__ddl_brings_check(inheritance, c) &&
		    !mig__child(other, MIG_KIND_CHECK, c->name))
			return c;
	return NULL;
}

void mig__ddl_create_inheritance(struct mig__ddl *d, const mig_object *o)
{
	if (o->parent->kind != MIG_KIND_TABLE) {
		mig__ddl_attach_index(d, o);
		return;
	}
	if (mig__top(o)->other)
		mig__ddl_move_not_null(d, mig__top(o));
	/* it cannot become a child without them */
	for (const mig_object *c = next_check(o, NULL); c; c = next_check(o, c))
		mig__ddl_create_constraint(d, c);
	if (mig__attribute(o, "bound")) {
		drop_columns_first(d, mig__top(o)->other);
		mig__ddl_flush(d);
		mig__ddl_note_partition(d, o);
		mig__ddl_do(d, o, "ALTER TABLE @r ATTACH PARTITION @t $bound");
	} else
		mig__ddl_do(d, o, "+INHERIT @r");
}

/* An index leaves its parent only by being dropped. */
void mig__ddl_drop_inheritance(struct mig__ddl *d, const mig_object *o)
{
	if (o->parent->kind != MIG_KIND_TABLE)
		return;
	mig__ddl_do(d, o,
		    mig__attribute(o, "bound") ? "ALTER TABLE @r DETACH PARTITION @t"
					       : "+NO INHERIT @r");
	/* They stay with it as its own. A statement of its own: within one ALTER TABLE the server drops
	 * constraints before it lets the child go. */
	for (const mig_object *c = next_check(o, NULL); c; c = next_check(o, c))
		mig__ddl_do(d, c, "ALTER TABLE @t DROP CONSTRAINT @n");
	mig__ddl_move_not_null(d, mig__top(o)->other);
}

void mig__ddl_drop_index(struct mig__ddl *d, const mig_object *o)
{
	if (!mig__ddl_is_taken_over(d, o) && !mig__ddl_drop_attached(d, o))
		mig__ddl_do(d, o,
			    mig__ddl_has_attached_key(d, o) ? "DROP INDEX @q CASCADE"
							    : "DROP INDEX @q");
}

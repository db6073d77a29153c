/* ddl_column: columns that are altered in place; not those that are added or dropped: ddl_table.c.
 * Order within one column: what it must lose first, its type, what it gets. */
#include "base/buf.h"
#include "dialect/postgresql/schema/ddl.h"

#include <string.h>

/* -- the type */

static int type_differs(const mig_object *from, const mig_object *to)
{
	return !mig__attribute_same(from, to, "type") ||
	       !mig__attribute_same(from, to, "collation");
}

/* The server converts a default along, or refuses; a new one may read differently all the same. So
 * unless the type differs in its length alone, the old one goes before, and the new one is set
 * after.
 */
static int default_goes(const mig_object *from, const mig_object *to, const mig_object *old)
{
	const mig_object *new = mig__child(to, MIG_KIND_DEFAULT, NULL);

	if (!old)
		return 0;
	return !new || !mig__attribute_same(old, new, "expression") ||
	       !mig__pg_same_base(mig__attribute(from, "type"), mig__attribute(to, "type"));
}

/* ALTER COLUMN TYPE forgets these. */
static void set_storage_again(struct mig__ddl *d, const mig_object *to)
{
	mig__ddl_do(d, to, "=ALTER COLUMN @n SET STORAGE $storage");
}

static void alter_type(struct mig__ddl *d, const mig_object *from, const mig_object *to)
{
	const mig_object *old = mig__child(from, MIG_KIND_DEFAULT, NULL);
	const mig_object *new = mig__child(to, MIG_KIND_DEFAULT, NULL);
	int goes = default_goes(from, to, old);
	struct mig__buf *b;

	if (goes && !mig__ddl_is_past(d, mig__ddl_op(d, old)))
		mig__ddl_do(d, to, "+ALTER COLUMN @n DROP DEFAULT");
	b = mig__ddl_clause(d, to, 0);
	mig__ddl_put(b, to, "ALTER COLUMN @n TYPE $type[collation| COLLATE $collation]");
	mig__ddl_using(d, b, from, to);
	if (mig__pg_rewrites(mig__attribute(from, "type"), mig__attribute(to, "type")))
		mig__ddl_note(d, to, "@n: rewrites the table");
	if (goes && new && !mig__ddl_op(d, new))
		mig__ddl_do(d, to, "+ALTER COLUMN @n SET DEFAULT ");
	if (goes && new && !mig__ddl_op(d, new))
		mig__buf_adds(&d->sql, mig__attribute(new, "expression"));
	if (mig__attribute(to, "storage"))
		set_storage_again(d, to);
	if (mig__attribute(to, "compression"))
		mig__ddl_do(d, to, "=ALTER COLUMN @n SET COMPRESSION $compression");
}

/* -- storage */

/* SET STORAGE DEFAULT came with version 16. The types that are not kept as EXTENDED: */
static const char *usual_storage(const mig_conn *conn, const mig_object *column)
{
	static const char *const main_types[] = { "numeric", "inet", "cidr" };
	const char *type = mig__attribute(column, "type");
	int array;
	size_t size = mig__pg_type_base(type, &array);

	if (PQserverVersion(conn->db) >= 160000)
		return "=ALTER COLUMN @n SET STORAGE DEFAULT";
	for (size_t i = 0; !array && i < sizeof main_types / sizeof *main_types; i++)
		if (size == strlen(main_types[i]) && !strncmp(type, main_types[i], size))
			return "=ALTER COLUMN @n SET STORAGE MAIN";
	return "=ALTER COLUMN @n SET STORAGE EXTENDED";
}

static void alter_storage(struct mig__ddl *d, const mig_object *from, const mig_object *to)
{
	if (!mig__attribute_same(from, to, "storage"))
		mig__ddl_do(d, to,
			    mig__attribute(to, "storage") ? "=ALTER COLUMN @n SET STORAGE $storage"
							  : usual_storage(d->conn, to));
	if (!mig__attribute_same(from, to, "compression"))
		mig__ddl_do(d, to,
			    mig__attribute(to, "compression")
				    ? "=ALTER COLUMN @n SET COMPRESSION $compression"
				    : "=ALTER COLUMN @n SET COMPRESSION DEFAULT");
}

/* -- NOT NULL */

/* DROP NOT NULL reaches partitions and children; those that keep it get it back. */
static void keep_in_children(struct mig__ddl *d, const mig_object *to)
{
	if (!mig__ddl_is_parent(d, mig__top(to)))
		return;
	for (const mig_object *t = d->changes->after; t; t = t->next) {
		const mig_object *c =
			t->kind == MIG_KIND_TABLE ? mig__child(t, MIG_KIND_COLUMN, to->name) : NULL;

		if (c && c != to && mig__attribute(c, "not_null") &&
		    mig__ddl_parent_column(c) == to)
			mig__ddl_set_not_null(d, c);
	}
}

/* -- all of it */

/* The parent's own operation does the same to this partition or child. */
static int done_by_parent(const struct mig__ddl *d, const mig_object *from, const mig_object *to,
			  const char *key)
{
	const mig_object *up = mig__ddl_parent_column(from);
	const mig_op *op = up && mig__ddl_stays_child(d, from) ? mig__ddl_op(d, up) : NULL;

	return op && op->type == MIG_OP_ALTER && mig__attribute_same(op->from, from, key) &&
	       mig__attribute_same(op->to, to, key) &&
	       !mig__attribute(op->to, "not_null_no_inherit");
}

static void alter_not_null(struct mig__ddl *d, const mig_object *from, const mig_object *to)
{
	static const char *const keys[] = { "not_null_name", "not_null_no_inherit",
					    "not_null_not_valid" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (!mig__attribute_same(from, to, keys[i]) && done_by_parent(d, from, to, keys[i]))
			return;
	mig__ddl_alter_not_null(d, from, to);
}

static void set_expression(struct mig__ddl *d, const mig_object *to)
{
	struct mig__buf *b = mig__ddl_clause(d, to, 0);

	mig__ddl_put(b, to, "ALTER COLUMN @n SET EXPRESSION AS ");
	mig__ddl_parentheses(b, mig__attribute(to, "generated"));
	mig__ddl_note(d, to, "@n: rewrites the table");
}

static void alter_table_column(struct mig__ddl *d, const mig_object *from, const mig_object *to)
{
	int was_null = !mig__attribute(from, "not_null"), is_null = !mig__attribute(to, "not_null");

	if (!mig__attribute_same(from, to, "generated") && !done_by_parent(d, from, to, "generated")) {
		if (mig__attribute(to, "generated"))
			set_expression(d, to);
		else
			mig__ddl_do(d, to, "+ALTER COLUMN @n DROP EXPRESSION");
	}
	if (mig__attribute(from, "identity") && !mig__attribute(to, "identity"))
		mig__ddl_drop_identity(d, from, to);
	if (!type_differs(from, to))
		alter_storage(d, from, to);
	else if (!done_by_parent(d, from, to, "type"))
		alter_type(d, from, to);
	else if (mig__child(to, MIG_KIND_DEFAULT, NULL))
		mig__ddl_create_default(d, mig__child(to, MIG_KIND_DEFAULT, NULL));
	if (was_null && !is_null && !done_by_parent(d, from, to, "not_null"))
		mig__ddl_set_not_null(d, to);
	if (!was_null && !is_null)
		alter_not_null(d, from, to);
	if (mig__attribute(to, "identity"))
		mig__ddl_set_identity(d, from, to);
	if (!was_null && is_null && !done_by_parent(d, from, to, "not_null")) {
		mig__ddl_do(d, to, "+ALTER COLUMN @n DROP NOT NULL");
		keep_in_children(d, to);
	}
}

int mig__ddl_alter_column(struct mig__ddl *d, const mig_object *from, const mig_object *to)
{
	int32_t top = mig__top(to)->kind;

	if (top == MIG_KIND_TABLE)
		alter_table_column(d, from, to);
	else if (top == MIG_KIND_COMPOSITE && type_differs(from, to))
		mig__ddl_alter_attribute(d, from, to);
	return 0;
}

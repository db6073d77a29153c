/* Enums and domains, and the columns that have them; composite types: ddl_composite.c. A type whose values or base cannot be altered is replaced:
 * the old one gets another name, columns are converted to the new one, the old one is dropped. */
#include "base/buf.h"
#include "dialect/postgresql/schema/ddl.h"

#include <string.h>

/* -- domains */

/* Of a new domain: a part. Of one that is made anew: what is not created by itself. */
static int is_made_with(const struct mig__ddl *d, const mig_object *child)
{
	const mig_op *op;

	if (d->op->type == MIG_OP_CREATE)
		return mig__ddl_has_part(d->op, child);
	op = mig__ddl_op(d, child);
	return !op || op->type != MIG_OP_CREATE || mig__ddl_is_past(d, op);
}

void mig__ddl_create_domain(struct mig__ddl *d, const mig_object *o)
{
	struct mig__buf *b = mig__ddl_begin(d);

	mig__ddl_put(b, o, "CREATE DOMAIN @q AS $type[collation| COLLATE $collation]");
	for (const mig_object *c = o->child; c; c = c->next)
		if (c->kind == MIG_KIND_DEFAULT && is_made_with(d, c))
			mig__ddl_put(b, c, " DEFAULT $expression");
	mig__ddl_put(b, o, "[not_null_name| CONSTRAINT $not_null_name][not_null| NOT NULL]");
	for (const mig_object *c = o->child; c; c = c->next)
		if (c->kind == MIG_KIND_CHECK && is_made_with(d, c) &&
		    !mig__attribute(c, "not_valid"))
			mig__ddl_put(b, c, "\n\t@cCHECK $expression");
	mig__ddl_end(d, 0);
	for (const mig_object *c = o->child; c; c = c->next)
		if (c->kind == MIG_KIND_CHECK && is_made_with(d, c) &&
		    mig__attribute(c, "not_valid"))
			mig__ddl_do(d, c, "ALTER DOMAIN @t ADD @cCHECK $expression NOT VALID");
}

/* -- one type in the place of another */

static int needs(const mig_object *o, const mig_object *what)
{
	for (size_t i = 0; i < o->need_count; i++)
		if (o->needs[i] == what)
			return 1;
	return 0;
}

enum { DEEP = 6 }; /* types in types in … */

/* A column's or domain's type, or what that is made of. */
static int is_made_of(const mig_object *o, const mig_object *type, int depth)
{
	for (size_t i = 0; i < o->need_count; i++) {
		const mig_object *need = o->needs[i];

		if (need == type)
			return 1;
		if (depth && need->kind == MIG_KIND_DOMAIN && is_made_of(need, type, depth - 1))
			return 1;
		for (const mig_object *c = depth && need->kind == MIG_KIND_COMPOSITE ? need->child : NULL; c;
		     c = c->next)
			if (is_made_of(c, type, depth - 1))
				return 1;
	}
	return 0;
}

static int is_array(const mig_object *column)
{
	int array;

	mig__pg_type_base(mig__attribute(column, "type"), &array);
	return array;
}

/* Which columns: of the type itself or its array; of types that are made of it; all that the server
 * will not have while it looks at each value of the type, or at any. */
static int has_type(const mig_object *column, const mig_object *type)
{
	return needs(column, type);
}

static int has_type_within(const mig_object *column, const mig_object *type)
{
	return !needs(column, type) && is_made_of(column, type, DEEP);
}

static int has_type_hidden(const mig_object *column, const mig_object *type)
{
	return (needs(column, type) && is_array(column)) || has_type_within(column, type);
}

static int has_type_anywhere(const mig_object *column, const mig_object *type)
{
	return is_made_of(column, type, DEEP);
}

typedef int has_fn(const mig_object *column, const mig_object *type);

/* A column that has the type now and stays. */
static int is_converted(const struct mig__ddl *d, const mig_object *column, const mig_object *type,
			has_fn *has)
{
	const mig_op *op;

	if (column->kind != MIG_KIND_COLUMN || !column->other || !has(column, type))
		return 0;
	if (mig__ddl_parent_column(column) && mig__ddl_stays_child(d, column))
		return 0; /* its parent's conversion reaches it */
	op = mig__ddl_op(d, column);
	if (op && op->type != MIG_OP_ALTER)
		return 0;
	return !op || !mig__ddl_is_past(d, op) || has(column->other, type->other);
}

/* Does something to all these columns: a pattern, and one for arrays. */
static void each_column(struct mig__ddl *d, const mig_object *type, has_fn *has, const char *pattern,
			const char *array_pattern)
{
	mig__ddl_flush(d); /* no column can be altered twice in one statement */
	for (const mig_object *t = d->changes->before; t; t = t->next) {
		for (const mig_object *c = t->kind == MIG_KIND_TABLE ? t->child : NULL; c;
		     c = c->next) {
			if (!is_converted(d, c, type, has))
				continue;
			mig__ddl_do(d, c, is_array(c) ? array_pattern : pattern);
			if (strstr(pattern, "$type"))
				mig__ddl_note(d, c,
					      "@t.@n: fails if a row has a value that the new type does not "
					      "have; rewrites the table");
		}
	}
}

int mig__ddl_keeps_type(const struct mig__ddl *d, const mig_object *column, const mig_object *type)
{
	return is_converted(d, column, type, has_type_anywhere);
}

static void convert_columns(struct mig__ddl *d, const mig_object *type)
{
	each_column(d, type, has_type, "+ALTER COLUMN @n TYPE $type USING @n::text::$type",
		    "+ALTER COLUMN @n TYPE $type USING @n::text@[@]::$type");
}

/* Columns are text between these two. */
static void hide_columns(struct mig__ddl *d, const mig_object *type, has_fn *has)
{
	each_column(d, type, has, "+ALTER COLUMN @n TYPE text USING @n::text",
		    "+ALTER COLUMN @n TYPE text USING @n::text");
}

static void show_columns(struct mig__ddl *d, const mig_object *type, has_fn *has)
{
	each_column(d, type, has, "+ALTER COLUMN @n TYPE $type USING @n::$type",
		    "+ALTER COLUMN @n TYPE $type USING @n::$type");
	mig__ddl_flush(d);
}

/* The server refuses while columns have the type. */
void mig__ddl_alter_attribute(struct mig__ddl *d, const mig_object *from, const mig_object *to)
{
	const mig_object *type = mig__top(from);

	hide_columns(d, type, has_type_anywhere);
	mig__ddl_do(d, to,
		    "ALTER TYPE @t ALTER ATTRIBUTE @n TYPE $type[collation| COLLATE "
		    "$collation] CASCADE");
	show_columns(d, type, has_type_anywhere);
}

/* Something that the server does to a domain only if no array and no other type has it. */
void mig__ddl_alter_domain_in_place(struct mig__ddl *d, const mig_object *o, const mig_object *domain,
				    const char *pattern)
{
	if (domain->other)
		hide_columns(d, domain->other, has_type_hidden);
	mig__ddl_flush(d);
	mig__ddl_note_domain(d, o, domain);
	mig__ddl_do(d, o, pattern);
	if (domain->other)
		show_columns(d, domain->other, has_type_hidden);
}

/* Between the two halves the caller creates the new type. */
static void move_away(struct mig__ddl *d, const mig_object *o, const char *word,
		      struct mig__buf *name)
{
	struct mig__buf *b;

	mig__ddl_free_name(d, o, name);
	b = mig__ddl_begin(d);
	mig__buf_addf(b, "ALTER %s ", word);
	mig__ddl_put(b, o, "@q RENAME TO ");
	mig__ddl_name(b, mig__buf_text(name));
	b->failed |= name->failed;
	mig__ddl_end(d, 0);
}

static void drop_moved(struct mig__ddl *d, const mig_object *o, const char *word,
		       const struct mig__buf *name)
{
	const mig_object moved = { .schema = o->schema, .name = mig__buf_text(name) };
	struct mig__buf *b = mig__ddl_begin(d);

	mig__buf_addf(b, "DROP %s ", word);
	mig__ddl_put(b, &moved, "@q");
	b->failed |= name->failed;
	mig__ddl_end(d, 0);
}

/* What is made of the type itself: attributes, and domains, which are made anew like it. */
static void change_makings(struct mig__ddl *d, const mig_object *type, int depth);

/* A check that is to come can be made with the domain, unless it waits for something else. */
static int may_come_early(const struct mig__ddl *d, const mig_object *check, const mig_object *domain)
{
	const mig_op *op = mig__ddl_op(d, check);

	if (!op || op->type != MIG_OP_CREATE || mig__ddl_is_past(d, op))
		return 0;
	for (size_t i = 0; i < check->need_count; i++) {
		const mig_op *other = check->needs[i] == domain ? NULL : mig__ddl_op(d, check->needs[i]);

		if (other && other->type != MIG_OP_DROP && !mig__ddl_is_past(d, other))
			return 0;
	}
	return 1;
}

/* Checks and default that have operations of their own are done with these. */
static void take_children(struct mig__ddl *d, const mig_object *domain)
{
	for (const mig_object *c = domain->child; c; c = c->next)
		if (may_come_early(d, c, domain))
			d->done[mig__ddl_place(d, mig__ddl_op(d, c))] = 1;
}

static void replace_domain(struct mig__ddl *d, const mig_object *from, const mig_object *to, int depth)
{
	struct mig__buf name;

	mig__buf_init(&name, &d->conn->alloc);
	move_away(d, from, "DOMAIN", &name);
	take_children(d, to);
	mig__ddl_create_domain(d, to);
	if (depth == DEEP) /* those of another one's makings are text */
		convert_columns(d, from);
	change_makings(d, from, depth);
	drop_moved(d, from, "DOMAIN", &name);
	mig__buf_finish(&name);
	for (const mig_object *c = to->child; c; c = c->next)
		if (is_made_with(d, c))
			mig__ddl_finish(d, c);
}

static void change_makings(struct mig__ddl *d, const mig_object *type, int depth)
{
	for (const mig_object *o = depth ? d->changes->before : NULL; o; o = o->next) {
		if (o->kind == MIG_KIND_DOMAIN && o->other && needs(o, type)) {
			replace_domain(d, o, o->other, depth - 1);
			mig__ddl_finish(d, o->other);
		}
		for (const mig_object *c = o->kind == MIG_KIND_COMPOSITE ? o->child : NULL; c; c = c->next)
			if (c->other && needs(c, type))
				mig__ddl_do(d, c,
					    "ALTER TYPE @t ALTER ATTRIBUTE @n TYPE $type[collation| COLLATE "
					    "$collation] CASCADE");
	}
}

int mig__ddl_alter_domain(struct mig__ddl *d, const mig_object *from, const mig_object *to)
{
	if (mig__attribute_same(from, to, "type") && mig__attribute_same(from, to, "collation")) {
		if (mig__attribute(from, "not_null") && !mig__attribute(to, "not_null"))
			mig__ddl_do(d, to, "ALTER DOMAIN @q DROP NOT NULL");
		else if (!mig__attribute_same(from, to, "not_null"))
			mig__ddl_alter_domain_in_place(
				d, to, to,
				mig__attribute(to, "not_null_name")
					? "ALTER DOMAIN @q ADD CONSTRAINT $not_null_name NOT NULL"
					: "ALTER DOMAIN @q SET NOT NULL");
		else if (!mig__attribute_same(from, to, "not_null_name"))
			mig__ddl_rename_not_null(d, from, to);
		return 0;
	}
	hide_columns(d, from, has_type_within);
	replace_domain(d, from, to, DEEP);
	show_columns(d, from, has_type_within);
	return 1;
}

/* -- enums */

/* The label at p is in the list. */
static int has_label(const char *list, const char *p, size_t size)
{
	while (*list) {
		const char *end = mig__pg_label_end(list);

		if ((size_t)(end - list) == size && !strncmp(list, p, size))
			return 1;
		list = end + strspn(end, ", ");
	}
	return 0;
}

/* New labels, each in front of the old one that comes next. */
static void add_values(struct mig__ddl *d, const mig_object *from, const mig_object *to)
{
	const char *old = mig__attribute(from, "values"), *p = mig__attribute(to, "values");

	while (*p) {
		const char *end = mig__pg_label_end(p), *next = end + strspn(end, ", "), *after;
		size_t size = (size_t)(end - p);
		struct mig__buf *b;

		if (!has_label(old, p, size)) {
			b = mig__ddl_begin(d);
			mig__ddl_put(b, to, "ALTER TYPE @q ADD VALUE ");
			/* may be run again after an interruption */
			mig__buf_adds(b, d->lone ? "IF NOT EXISTS " : "");
			mig__buf_add(b, p, size);
			for (after = next; *after; after = end + strspn(end, ", ")) {
				end = mig__pg_label_end(after);
				if (!has_label(old, after, (size_t)(end - after)))
					continue;
				mig__buf_adds(b, " BEFORE ");
				mig__buf_add(b, after, (size_t)(end - after));
				break;
			}
			if (d->lone)
				mig__ddl_note(d, to,
					      d->apart ? "@n: the value is added in a revision of its "
							 "own, outside a transaction: one that adds "
							 "it cannot use it"
						       : "@n: the value is added in a step of its own, "
							 "outside a transaction: one that adds it "
							 "cannot use it");
			mig__ddl_end(d, d->lone ? MIG_STATEMENT_LONE | MIG_STATEMENT_APART : 0);
		}
		p = next;
	}
}

int mig__ddl_alter_enum(struct mig__ddl *d, const mig_object *from, const mig_object *to)
{
	struct mig__buf name;

	if (mig__attribute_same(from, to, "values"))
		return 0;
	if (mig__pg_enum_grows(mig__attribute(from, "values"), mig__attribute(to, "values"))) {
		add_values(d, from, to);
		return 0;
	}
	mig__buf_init(&name, &d->conn->alloc);
	hide_columns(d, from, has_type_within);
	move_away(d, from, "TYPE", &name);
	mig__ddl_do(d, to, "CREATE TYPE @q AS ENUM ($values)");
	convert_columns(d, from);
	change_makings(d, from, DEEP);
	drop_moved(d, from, "TYPE", &name);
	show_columns(d, from, has_type_within);
	mig__buf_finish(&name);
	return 1;
}

/* -- new labels that the same script uses */

/* A function's body is read when it runs; but one of SQL's own form, when it is created. */
static int is_read(const mig_object *o, const mig_attribute *a)
{
	if (o->kind == MIG_KIND_ENUM || !strcmp(a->key, "comment"))
		return 0;
	return (o->kind != MIG_KIND_FUNCTION && o->kind != MIG_KIND_PROCEDURE) ||
	       strstr(a->value, "BEGIN ATOMIC") != NULL;
}

/* A new label: 'quoted', bare, and what stands behind an array that may have it: "::public.mood[]".
 */
struct label {
	struct mig__buf quoted, bare, array;
};

static int is_in(const char *value, const struct label *l)
{
	return strstr(value, l->quoted.data) ||
	       (strstr(value, l->array.data) && strstr(value, l->bare.data));
}

static int mentions(const mig_object *o, const struct label *l)
{
	for (size_t i = 0; i < o->attribute_count; i++)
		if (is_read(o, &o->attributes[i]) && is_in(o->attributes[i].value, l))
			return 1;
	for (const mig_object *c = o->child; c; c = c->next)
		if (mentions(c, l))
			return 1;
	return 0;
}

static int is_used(const struct mig__ddl *d, const mig_object *type, const char *text, size_t size)
{
	struct label l;
	int used;

	mig__buf_init(&l.quoted, &d->conn->alloc);
	mig__buf_init(&l.bare, &d->conn->alloc);
	mig__buf_init(&l.array, &d->conn->alloc);
	mig__buf_add(&l.quoted, text, size);
	mig__buf_add(&l.bare, text + 1, size > 1 ? size - 2 : 0);
	mig__ddl_put(&l.array, type, "::@q@[@]");
	used = l.quoted.failed || l.bare.failed || l.array.failed;
	for (size_t i = 0; !used && i < d->changes->op_count; i++)
		used = d->changes->ops[i]->to && mentions(d->changes->ops[i]->to, &l);
	mig__buf_finish(&l.quoted);
	mig__buf_finish(&l.bare);
	mig__buf_finish(&l.array);
	return used;
}

static int uses_new(const struct mig__ddl *d, const mig_op *op)
{
	const char *old = mig__attribute(op->from, "values"), *p = mig__attribute(op->to, "values");

	while (*p) {
		const char *end = mig__pg_label_end(p);
		size_t size = (size_t)(end - p);

		if (!has_label(old, p, size) && is_used(d, op->to, p, size))
			return 1;
		p = end + strspn(end, ", ");
	}
	return 0;
}

int mig__ddl_needs_lone(const struct mig__ddl *d)
{
	enum { IN_TRANSACTIONS = 120000 }; /* since this version, ADD VALUE may stand in one */

	for (size_t i = 0; i < d->changes->op_count; i++) {
		const mig_op *op = d->changes->ops[i];

		if (op->type != MIG_OP_ALTER || op->to->kind != MIG_KIND_ENUM ||
		    mig__attribute_same(op->from, op->to, "values") ||
		    !mig__pg_enum_grows(mig__attribute(op->from, "values"),
					mig__attribute(op->to, "values")))
			continue;
		if (PQserverVersion(d->conn->db) < IN_TRANSACTIONS || uses_new(d, op))
			return 1;
	}
	return 0;
}

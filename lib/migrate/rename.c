/* rename: what the hints rename in the live schema: tables, then columns and values of enums. Not what
 * may have been renamed: api/rename.c. */
#include "migrate/autogen.h"
#include "schema/label.h"

#include <string.h>

/* schema NULL or "": the default one */
static const mig_object *find(const struct mig__autogen *a, const struct mig__schema *s, int32_t kind,
			      const char *schema, const char *name)
{
	if (!schema || !schema[0])
		schema = mig__db_default_schema(a->db);
	for (const mig_object *o = mig__schema_first(s); o; o = o->next)
		if (o->kind == kind && !strcmp(o->name, name) && !strcmp(o->schema, schema))
			return o;
	return NULL;
}

static const mig_object *find_table(const struct mig__autogen *a, const struct mig__schema *s,
				    const char *schema, const char *name)
{
	return find(a, s, MIG_KIND_TABLE, schema, name);
}

/* The table that the model calls `name`, in live. */
static const mig_object *live_table(const struct mig__autogen *a, const struct mig__rename *r)
{
	const mig_object *table = find_table(a, &a->live, r->schema, r->table);

	for (size_t i = 0; !table && i < a->rename_count; i++)
		if (!a->renames[i].column && !strcmp(a->renames[i].to, r->table))
			table = find_table(a, &a->live, a->renames[i].schema, a->renames[i].table);
	return table;
}

/* The enum whose value the hint is about: no table has its name. */
static const mig_object *live_enum(const struct mig__autogen *a, const struct mig__rename *r)
{
	return r->column && !live_table(a, r) ? find(a, &a->live, MIG_KIND_ENUM, r->schema, r->table) : NULL;
}

int mig__autogen_may_rename(const struct mig__autogen *a)
{
	for (size_t i = 0; i < a->rename_count; i++) {
		const struct mig__rename *r = &a->renames[i];
		const mig_object *table =
			r->column ? live_table(a, r) : find_table(a, &a->live, r->schema, r->table);
		const mig_object *type = live_enum(a, r);

		if (r->required || (type && mig__label_in(type, r->column)) ||
		    (table && (!r->column || mig__child(table, MIG_KIND_COLUMN, r->column))))
			return 1;
	}
	return 0;
}

/* An object that is made here, which names a value. */
static mig_object *value_of(struct mig__autogen *a, const mig_object *type, const char *name)
{
	struct mig__object *o = mig__arena_zalloc(&a->arena, 1, sizeof *o);

	if (!o)
		return NULL;
	o->pub = (mig_object){ .struct_size = sizeof o->pub, .kind = MIG_KIND_ENUM_VALUE, .schema = "",
			       .name = name, .parent = type };
	return &o->pub;
}

/* Both names on both sides. */
struct sides {
	int is, was, wanted, taken;
};

static const char *misfit(const struct sides *s)
{
	return !s->is	   ? "the old name is not in the database"
	       : s->was	   ? "the old name is still in the model"
	       : !s->wanted ? "the new name is not in the model"
	       : s->taken  ? "the new name is already in the database"
			   : NULL;
}

static const mig_object *renamed_value(struct mig__autogen *a, const struct mig__rename *r, const char **why)
{
	const mig_object *live = live_enum(a, r);
	const mig_object *model = find(a, &a->model, MIG_KIND_ENUM, r->schema, r->table);
	struct sides s = { live && mig__label_in(live, r->column), model && mig__label_in(model, r->column),
			   model && mig__label_in(model, r->to), live && mig__label_in(live, r->to) };

	*why = misfit(&s);
	return *why ? NULL : value_of(a, live, r->column);
}

static const mig_object *renamed_column(struct mig__autogen *a, const struct mig__rename *r, const char **why)
{
	const mig_object *live = live_table(a, r);
	const mig_object *model = find_table(a, &a->model, r->schema, r->table);
	const mig_object *is = live ? mig__child(live, MIG_KIND_COLUMN, r->column) : NULL;
	struct sides s = { is != NULL, model && mig__child(model, MIG_KIND_COLUMN, r->column),
			   model && mig__child(model, MIG_KIND_COLUMN, r->to),
			   live && mig__child(live, MIG_KIND_COLUMN, r->to) };

	*why = misfit(&s);
	return *why ? NULL : is;
}

static const mig_object *renamed_table(struct mig__autogen *a, const struct mig__rename *r, const char **why)
{
	const mig_object *live = find_table(a, &a->live, r->schema, r->table);
	const char *schema = r->to_schema ? r->to_schema : live ? live->schema : NULL;
	struct sides s = { live != NULL, live && find_table(a, &a->model, live->schema, r->table),
			   find_table(a, &a->model, schema, r->to) != NULL,
			   live && find_table(a, &a->live, schema, r->to) };

	*why = misfit(&s);
	return *why ? NULL : live;
}

/* What is to be renamed, or NULL if the hint does not fit (any more), with *why, or without memory. */
static const mig_object *renamed_object(struct mig__autogen *a, const struct mig__rename *r, const char **why)
{
	if (!r->column)
		return renamed_table(a, r, why);
	return live_enum(a, r) ? renamed_value(a, r, why) : renamed_column(a, r, why);
}

/* A copy that differs in its name, or NULL. */
static mig_object *copy_named(struct mig__autogen *a, const mig_object *o, const char *name)
{
	mig_object *copy = mig__arena_zalloc(&a->arena, 1, sizeof(struct mig__object));

	if (!copy)
		return NULL;
	*copy = *o;
	copy->name = name;
	return copy;
}

static mig_status rename_error(struct mig__autogen *a, const struct mig__rename *r, const char *why)
{
	mig__fail(a->err, MIG_ENOTFOUND, "rename %s%s%s=%s%s%s does not fit: %s", r->table,
		  r->column ? "." : "", r->column ? r->column : "", r->to_schema ? r->to_schema : "",
		  r->to_schema ? "." : "", r->to, why);
	mig__error_set_hint(a->err, "the old name must be in the database and not in the model, "
				    "the new one in the model and not in the database");
	return MIG_ENOTFOUND;
}

static mig_status add_rename(struct mig__autogen *a, const struct mig__rename *r)
{
	const char *why = NULL;
	const mig_object *o = renamed_object(a, r, &why);
	mig_object *from, *to, *table = NULL;

	if (!o && !why)
		return mig__fail_nomem(a->err);
	if (!o)
		return r->required ? rename_error(a, r, why) : MIG_OK;
	from = copy_named(a, o, o->name);
	to = copy_named(a, o, r->to);
	if (o->parent)
		table = copy_named(a, o->parent, r->table);
	if (!from || !to || (o->parent && !table))
		return mig__fail_nomem(a->err);
	if (r->to_schema)
		to->schema = r->to_schema;
	from->parent = to->parent = table;
	a->rename_up.at[a->rename_up.count++] = (mig_op){
		.struct_size = sizeof(mig_op), .type = MIG_OP_RENAME, .from = from, .to = to
	};
	return MIG_OK;
}

/* Adds the renames of tables, or those of columns and values. */
static mig_status add_renames(struct mig__autogen *a, int parts)
{
	mig_status rc = MIG_OK;

	for (size_t i = 0; !rc && i < a->rename_count; i++)
		if ((a->renames[i].column != NULL) == parts)
			rc = add_rename(a, &a->renames[i]);
	return rc;
}

mig_status mig__autogen_plan_renames(struct mig__autogen *a)
{
	size_t n = a->rename_count;
	mig_status rc;

	a->rename_up.at = mig__arena_zalloc(&a->arena, n + 1, sizeof(mig_op));
	a->rename_down.at = mig__arena_zalloc(&a->arena, n + 1, sizeof(mig_op));
	if (!a->rename_up.at || !a->rename_down.at)
		return mig__fail_nomem(a->err);
	rc = add_renames(a, 0);
	if (!rc)
		rc = add_renames(a, 1);
	n = a->rename_up.count;
	for (size_t i = 0; i < n; i++) {
		mig_op op = a->rename_up.at[n - 1 - i];
		const mig_object *from = op.from;

		op.from = op.to;
		op.to = from;
		a->rename_down.at[i] = op;
	}
	a->rename_down.count = n;
	a->has_renames = n > 0;
	return rc;
}

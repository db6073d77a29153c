/* op: operations of a revision written in C (mig/op.h). */
#include "migrate/run.h"

#include <mig/op.h>
#include <string.h>

mig_status mig_op_model(mig_step *step, mig_model **out)
{
	if (!step || !out)
		return MIG_EINVAL;
	mig__error_clear(step->run->err);
	if (!MIG__SCHEMA_SLOT(step->run->db, inspect) || !MIG__SCHEMA_SLOT(step->run->db, native_column))
		return mig__fail(step->run->err, MIG_EUNSUPPORTED, "dialect %s has no operations",
				 step->run->db->dialect->name);
	if (!step->edits.has_model)
		mig__model_init(&step->edits.model, step->run->alloc, step->run->db->dialect);
	step->edits.has_model = 1;
	step->edits.model.partial = 1;
	step->edits.model.err = step->run->err;
	*out = &step->edits.model;
	return MIG_OK;
}

/* Texts of the edit are copied. */
static mig_status add(mig_step *step, struct mig__edit e)
{
	const char **texts[] = { &e.schema, &e.name, &e.part, &e.to };
	mig_model *model;
	mig_status rc = mig_op_model(step, &model);

	if (!rc && model->status)
		rc = mig__fail(step->run->err, model->status, "%s",
			       model->mistake ? model->mistake : "out of memory");
	for (size_t i = 0; !rc && i < sizeof texts / sizeof *texts; i++) {
		if (!*texts[i])
			continue;
		*texts[i] = mig__arena_strdup(&model->arena, *texts[i]);
		if (!*texts[i])
			rc = mig__fail_nomem(step->run->err);
	}
	return rc ? rc : mig__edits_add(&step->edits, step->run->db, &e);
}

/* A NULL handle: its declaration failed, and the model knows why. */
static mig_status missing(mig_step *step)
{
	if (!step)
		return MIG_EINVAL;
	if (step->edits.has_model && step->edits.model.status)
		return mig__fail(step->run->err, step->edits.model.status, "%s",
				 step->edits.model.mistake ? step->edits.model.mistake
							   : "out of memory");
	return mig__fail(step->run->err, MIG_EINVAL, "what the operation is about is NULL");
}

mig_status mig_op_create_table(mig_step *step, mig_table *table)
{
	if (!step || !table)
		return missing(step);
	return add(step, (struct mig__edit){ .thing = MIG__THE_TABLE,
					     .becomes = MIG__ADDED,
					     .table = table,
					     .schema = table->schema,
					     .name = table->name });
}

mig_status mig_op_drop_table(mig_step *step, const char *schema, const char *name)
{
	if (!step || !name)
		return missing(step);
	return add(step, (struct mig__edit){ .thing = MIG__THE_TABLE,
					     .becomes = MIG__DROPPED,
					     .schema = schema ? schema : "",
					     .name = name });
}

mig_status mig_op_rename_table(mig_step *step, const char *schema, const char *name, const char *to)
{
	if (!step || !name || !to)
		return missing(step);
	return add(step, (struct mig__edit){ .thing = MIG__THE_TABLE,
					     .becomes = MIG__RENAMED,
					     .schema = schema ? schema : "",
					     .name = name,
					     .to = to });
}

static mig_status with_column(mig_step *step, enum mig__becomes becomes, mig_column *column)
{
	if (!step || !column)
		return missing(step);
	return add(step, (struct mig__edit){ .thing = MIG__THE_COLUMN,
					     .becomes = becomes,
					     .column = column,
					     .schema = column->table->schema,
					     .name = column->table->name,
					     .part = column->name });
}

mig_status mig_op_add_column(mig_step *step, mig_column *column)
{
	return with_column(step, MIG__ADDED, column);
}

mig_status mig_op_alter_column(mig_step *step, mig_column *column)
{
	return with_column(step, MIG__ALTERED, column);
}

mig_status mig_op_drop_column(mig_step *step, const char *schema, const char *table,
			      const char *name)
{
	if (!step || !table || !name)
		return missing(step);
	return add(step, (struct mig__edit){ .thing = MIG__THE_COLUMN,
					     .becomes = MIG__DROPPED,
					     .schema = schema ? schema : "",
					     .name = table,
					     .part = name });
}

mig_status mig_op_rename_column(mig_step *step, const char *schema, const char *table,
				const char *name, const char *to)
{
	if (!step || !table || !name || !to)
		return missing(step);
	return add(step, (struct mig__edit){ .thing = MIG__THE_COLUMN,
					     .becomes = MIG__RENAMED,
					     .schema = schema ? schema : "",
					     .name = table,
					     .part = name,
					     .to = to });
}

mig_status mig_op_add_constraints(mig_step *step, mig_table *table)
{
	if (!step || !table)
		return missing(step);
	return add(step, (struct mig__edit){ .thing = MIG__THE_ITEM,
					     .becomes = MIG__ADDED,
					     .table = table,
					     .schema = table->schema,
					     .name = table->name });
}

mig_status mig_op_drop_constraint(mig_step *step, const char *schema, const char *table,
				  const char *name)
{
	if (!step || !table || !name)
		return missing(step);
	return add(step, (struct mig__edit){ .thing = MIG__THE_ITEM,
					     .becomes = MIG__DROPPED,
					     .schema = schema ? schema : "",
					     .name = table,
					     .part = name });
}

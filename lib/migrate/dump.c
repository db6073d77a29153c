/* dump: the operations that create what the database has, from nothing, and drop it again, with their SQL. Nothing is
 * proved: the database has it already. */
#include "migrate/autogen.h"

#include "schema/match.h"

static uint32_t change_of_dialect(void *user, const mig_object *from, const mig_object *to)
{
	return ((struct mig__autogen *)user)->db->dialect->schema->change(from, to);
}

/* What a new database of this make has, e.g. PostgreSQL's schema public. */
static mig_status read_empty(struct mig__db *db, struct mig__schema *out)
{
	struct mig__db scratch = { .err = db->err };
	mig_status rc = mig__scratch_open(db, &scratch);

	if (!rc)
		rc = mig__inspect_objects(&scratch, out);
	mig__scratch_close(&scratch);
	return rc;
}

/* Without a way back, e.g. of what the engine cannot drop, the list has none. */
static mig_status render_down(struct mig__autogen *a)
{
	mig_status rc = mig__sql_render(&a->down, a->db, &a->down_ops, mig__schema_first(&a->model),
					mig__schema_first(&a->live));

	if (rc != MIG_EUNSUPPORTED)
		return rc;
	mig__error_clear(a->err);
	mig__sql_finish(&a->down);
	mig__sql_init(&a->down, a->alloc);
	return MIG_OK;
}

mig_status mig__autogen_dump(struct mig__autogen *a)
{
	struct mig__diff_hooks hooks = { .user = a,
					 .change = change_of_dialect,
					 .holds = a->db->dialect->schema->holds,
					 .renames = MIG__SCHEMA_SLOT(a->db, renames) };
	mig_status rc = read_empty(a->db, &a->live);

	mig__arena_init(&a->arena, a->alloc);
	mig__sql_init(&a->up, a->alloc);
	mig__sql_init(&a->down, a->alloc);
	if (!rc)
		rc = mig__inspect_objects(a->db, &a->model);
	if (!rc)
		rc = mig__diff(&a->live, &a->model, &hooks, &a->up_ops);
	if (!rc)
		rc = mig__sql_render(&a->up, a->db, &a->up_ops, mig__schema_first(&a->live),
				     mig__schema_first(&a->model));
	if (!rc)
		rc = mig__diff(&a->model, &a->live, &hooks, &a->down_ops);
	if (!rc)
		rc = render_down(a);
	return rc ? rc : mig__match(&a->live, &a->model);
}

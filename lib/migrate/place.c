/* place: sets where a database is, without running anything: stamp, adopt, and the tables alone. Each is one
 * transaction under the lock: mig__run_inside(). */
#include "base/text.h"
#include "migrate/job.h"
#include "migrate/stamp.h"

#include <stdlib.h>
#include <string.h>

static mig_status log_stamp(struct mig__job *job, const struct mig__store_rows *before)
{
	struct mig__done_step done = { 0 };
	struct mig__store_entry entry = { .revision = "base",
					  .direction = mig__direction_name(MIG_STAMP),
					  .state = "done",
					  .digest = "",
					  .done_digest = "",
					  .started_at = done.started,
					  .actor = job->actor };
	const struct mig__store_rows *now = &job->rows.stored;
	mig_status rc = MIG_OK;
	size_t i = 0, logged = 0;

	mig__run_utc(done.started);
	for (size_t k = 0; !rc && k < now->count; k++) { /* both by revision */
		while (i < before->count && strcmp(before->ids[i], now->ids[k]) < 0)
			i++;
		if (i < before->count && !strcmp(before->ids[i], now->ids[k]) &&
		    !strcmp(before->digests[i], now->digests[k]))
			continue;
		rc = mig__job_log(job, mig__graph_find(job->run->world.graph, now->ids[k]),
				  MIG_STAMP, "done", &done);
		logged++;
	}
	if (!rc && !logged && now->count < before->count)
		rc = mig__store_log(job->run->db, &entry);
	return rc;
}

static mig_status read_tables(struct mig__job *job, struct mig__arena *arena,
			      struct mig__store_rows *before)
{
	struct mig__db *db = job->run->db;
	mig_status rc = mig__store_read(db, arena, before);

	if (!rc && !before->missing)
		rc = mig__store_read_running(db, &job->running_arena, &job->running);
	if (!rc)
		job->tables = !before->missing && job->running.table == MIG_TABLE_THERE;
	return rc;
}

/* What the tables hold; makes them if they are missing, or of an older libmig. write: they will be
 * written to for sure. */
static mig_status look(struct mig__job *job, struct mig__arena *arena,
		       struct mig__store_rows *before, int write)
{
	mig_status rc = read_tables(job, arena, before);
	int there = !rc && !before->missing && job->running.table != MIG_TABLE_MISSING;

	if (rc || job->tables || (there && !write && !mig__db_ddl_commits(job->run->db)))
		return rc;
	rc = mig__job_tables(job);
	if (!rc && mig__db_ddl_commits(job->run->db)) /* nobody was kept out meanwhile */
		rc = read_tables(job, arena, before);
	return rc;
}

/* The nodes become the rows. */
static mig_status put_rows(struct mig__job *job, const struct mig__nodes *nodes,
			   const struct mig__store_rows *before)
{
	struct mig__run *run = job->run;
	mig_status rc = mig__version_replace(run->alloc, &run->world, &job->rows, nodes, run->err);

	if (!rc)
		rc = mig__version_write(run->db, run->alloc, &run->world, &job->rows);
	return rc ? rc : log_stamp(job, before);
}

static mig_status stamp_inside(struct mig__job *job, const char *const *targets, size_t count)
{
	struct mig__run *run = job->run;
	struct mig__store_rows before;
	struct mig__arena arena;
	struct mig__nodes nodes = { 0 };
	struct mig__rows rows;
	mig_status rc;

	mig__arena_init(&arena, run->alloc);
	rc = look(job, &arena, &before, 1);
	if (!rc && job->running.present) {
		rc = mig__store_mark(
			run->db,
			&(struct mig__store_mark){ .revision = job->running.revision,
						   .direction = job->running.direction,
						   .before = job->running.statements,
						   .state = "abandoned",
						   .done_digest = job->running.journal,
						   .in_flight = job->running.in_flight,
						   .statements = job->running.statements });
		mig__run_log(run, MIG_LOG_WARNING,
			     "the unfinished %s of revision %s (%lld statements done) is given up",
			     mig__direction_name(job->running.direction), job->running.revision,
			     (long long)job->running.statements);
	}
	if (!rc && run->options.purge) {
		/* what is read afterwards no longer shows that the number is libmig's */
		rc = mig__stamp_clear(run->db, &before);
		if (!rc)
			rc = mig__store_clear(run->db);
	}
	if (!rc)
		rc = mig__version_read(run->db, &job->rows, NULL);
	if (!rc)
		rc = mig__version_unmark(run->db, &job->rows);
	if (rc)
		goto out;
	rows = (struct mig__rows){ job->rows.stored.ids, job->rows.stored.count };
	rc = mig__graph_stamp(run->world.graph, rows, targets, count, run->err, &nodes);
	if (rc == MIG_ENEWER)
		mig__error_set_hint(run->err, "clear the unknown rows as well (purge, or --purge)");
	if (!rc)
		rc = put_rows(job, &nodes, &before);
out:
	mig__nodes_finish(run->world.graph, &nodes);
	mig__arena_finish(&arena);
	return rc;
}

/* Whether the rows are just these nodes, each once. */
static int is_at(const struct mig__world *world, const struct mig__store_rows *rows,
		 const struct mig__nodes *nodes)
{
	uint32_t found = 0;

	if (!rows->count)
		return !nodes->count;
	for (uint32_t i = 0; i < nodes->count; i++) {
		const char *id = mig__graph_id(world->graph, nodes->at[i]);

		found += bsearch(&id, rows->ids, rows->count, sizeof id, mig__text_by_bytes) != NULL;
	}
	return found == rows->count && found == nodes->count;
}

/* Nothing of libmig's own state is overwritten. */
static mig_status check_adoptable(struct mig__job *job, int is_there)
{
	struct mig__error *err = job->run->err;
	const struct mig__store_rows *now = &job->rows.stored;

	if (job->running.present)
		return mig__fail(err, MIG_EEXISTS,
				 "revision %s is only partly %s: finish it first",
				 job->running.revision,
				 job->running.direction == MIG_DOWNGRADE ? "undone" : "applied");
	if (!now->count || is_there)
		return MIG_OK;
	mig__fail(err, MIG_EEXISTS, "the database is at %s%s already, by libmig's own table",
		  now->ids[0], now->count > 1 ? " and others" : "");
	mig__error_set_hint(err, "it was taken over before; to set it by hand, stamp it");
	return MIG_EEXISTS;
}

static mig_status note_any(void *user, const struct mig__store_entry *entry, const char *library)
{
	(void)entry, (void)library;
	*(int *)user = 1;
	return MIG_OK;
}

/* Whether libmig has been at this database; one that was taken down to base has a history. */
static mig_status was_here(struct mig__run *run, int *was)
{
	struct mig__store_rows rows;
	struct mig__arena arena;
	mig_status rc;

	mig__arena_init(&arena, run->alloc);
	rc = mig__store_read(run->db, &arena, &rows);
	*was = !rc && rows.count > 0;
	if (!rc && !*was && !rows.missing)
		rc = mig__store_history(run->db, note_any, was);
	mig__arena_finish(&arena);
	return rc;
}

static mig_status adopt_inside(struct mig__job *job, const char *const *none, size_t count)
{
	struct mig__run *run = job->run;
	const struct mig__adopt *adopt = run->adopt;
	struct mig__store_rows before;
	struct mig__rows theirs = { 0 };
	struct mig__nodes nodes = { 0 };
	struct mig__arena arena;
	int is_there = 0;
	mig_status rc = MIG_OK;

	(void)none, (void)count;
	if (adopt->once) /* under the lock */
		rc = was_here(run, &is_there);
	if (rc || is_there)
		return rc;
	mig__arena_init(&arena, run->alloc);
	rc = mig__adopt_read(run->db, adopt, &arena, &theirs);
	if (rc == MIG_ESQL && !adopt->pairs && !adopt->fn && !adopt->from.query)
		mig__error_set_hint(run->err, "has Alembic migrated this database? its version "
					      "table may have another name");
	if (!rc)
		rc = mig__graph_reduce(run->world.graph, theirs, run->err, &nodes);
	if (!rc)
		rc = look(job, &arena, &before, 0);
	if (!rc)
		rc = mig__version_read(run->db, &job->rows, NULL);
	if (!rc) {
		is_there = is_at(&run->world, &job->rows.stored, &nodes);
		rc = check_adoptable(job, is_there);
	}
	if (!rc && !is_there)
		rc = mig__job_tables(job);
	if (!rc && !is_there)
		rc = put_rows(job, &nodes, &before);
	mig__nodes_finish(run->world.graph, &nodes);
	mig__arena_finish(&arena);
	return rc;
}

mig_status mig__run_stamp(struct mig__run *run, const char *const *targets, size_t count)
{
	return mig__run_inside(run, targets, count, stamp_inside);
}

mig_status mig__run_adopt(struct mig__run *run, const struct mig__adopt *adopt)
{
	int was = 0;
	mig_status rc = adopt->once ? was_here(run, &was) : MIG_OK;

	run->adopt = adopt;
	return rc || was ? rc : mig__run_inside(run, NULL, 0, adopt_inside);
}

static mig_status ensure_inside(struct mig__job *job, const char *const *none, size_t count)
{
	(void)none, (void)count;
	return mig__job_tables(job);
}

mig_status mig__run_ensure(struct mig__run *run)
{
	return mig__run_inside(run, NULL, 0, ensure_inside);
}

/* snapshot: taking one: whether it may be, and the run of its script. Not how one is made:
 * snapshot_make.c. */
#include "migrate/snapshot.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* -- which revisions */

struct named {
	const char *id;
	uint32_t node;
};

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->id, ((const struct named *)b)->id);
}

/* With their ids, sorted by these. NULL: no memory. */
static struct named *sort_nodes(const struct mig__alloc *alloc, const struct mig__world *world,
				const uint32_t *nodes, size_t count)
{
	struct named *at = mig__calloc(alloc, count + 1, sizeof *at);

	for (size_t i = 0; at && i < count; i++) {
		uint32_t node = nodes ? nodes[i] : (uint32_t)i;

		at[i] = (struct named){ mig__graph_id(world->graph, node), node };
	}
	if (at)
		qsort(at, count, sizeof *at, by_id);
	return at;
}

uint32_t *mig__snapshot_order(const struct mig__alloc *alloc, const struct mig__world *world)
{
	size_t count = world->set->count;
	struct named *at = sort_nodes(alloc, world, NULL, count);
	uint32_t *order = at ? mig__calloc(alloc, count + 1, sizeof *order) : NULL;

	for (size_t i = 0; order && i < count; i++)
		order[i] = at[i].node;
	mig__free(alloc, at);
	return order;
}

mig_status mig__snapshot_heads(const struct mig__alloc *alloc, struct mig__world *world,
			       struct mig__error *err, uint8_t out[MIG__DIGEST_SIZE])
{
	struct mig__span heads = mig__graph_set(world->graph, MIG__HEADS);
	struct named *at;
	struct mig__digest d;
	mig_status rc = mig__world_digests(alloc, world, err);

	if (rc)
		return rc;
	at = sort_nodes(alloc, world, heads.at, heads.count);
	if (!at)
		return mig__fail_nomem(err);
	mig__digest_init(&d);
	for (uint32_t i = 0; i < heads.count; i++) {
		mig__digest_add(&d, at[i].id, strlen(at[i].id) + 1);
		mig__digest_add(&d, world->set->at[at[i].node].chain, MIG__DIGEST_SIZE);
	}
	mig__digest_final(&d, out);
	mig__free(alloc, at);
	return MIG_OK;
}

/* -- whether */

int mig__snapshot_may(const struct mig__run *run, int32_t direction, const struct mig__store_rows *rows,
		      int running, const struct mig__plan *plan)
{
	return run->snapshots && direction == MIG_UPGRADE && !run->options.replay &&
	       !run->step_hooks.before && !run->step_hooks.after && !rows->count && !running &&
	       plan->route.step_count && plan->route.step_count == run->world.set->count &&
	       mig__db_has_snapshots(run->db);
}

/* Of functions in C only what they say themselves is known. */
static int is_pure(const struct mig__set *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->at[i].upgrade && !set->at[i].c_pure)
			return 0;
	return 1;
}

static int same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* For the same revisions, dialect and database. */
static int fits(const mig_bundle_snapshot *s, const struct mig__run *run, const uint8_t *heads)
{
	return !strcmp(s->dialect, run->db->dialect->name) && same_text(s->database, run->world.database) &&
	       !memcmp(s->heads, heads, MIG__DIGEST_SIZE);
}

/* *other: the key of one that fits in all but that. */
static const mig_bundle_snapshot *find(const struct mig__run *run, const uint8_t *heads, const char *key,
				       const char **other)
{
	for (const struct mig__snapshots *list = run->snapshots; list; list = list->next)
		for (size_t i = 0; i < list->count; i++) {
			const mig_bundle_snapshot *s = &list->at[i];

			if (!fits(s, run, heads))
				continue;
			if (!key || !strcmp(s->key, key))
				return s;
			*other = s->key;
		}
	return NULL;
}

mig_status mig__snapshot_choose(struct mig__run *run, const mig_bundle_snapshot **out)
{
	const mig_dialect_schema *schema = run->db->dialect->schema;
	const mig_bundle_snapshot *found;
	uint8_t heads[MIG__DIGEST_SIZE];
	char key[MIG_SNAPSHOT_KEY_SIZE];
	const char *other = NULL;
	int32_t empty = 0;
	mig_status rc;

	*out = NULL;
	if (!is_pure(run->world.set))
		return MIG_OK;
	rc = mig__snapshot_heads(run->alloc, &run->world, run->err, heads);
	if (rc || !find(run, heads, NULL, &other))
		return rc;
	rc = schema->is_empty(run->db->conn, &empty);
	if (rc || !empty) {
		if (!rc)
			mig__run_log(run, MIG_LOG_INFO,
				     "the database is not empty: the revisions run, not their snapshot");
		return rc;
	}
	rc = schema->snapshot_key(run->db->conn, key);
	if (rc)
		return rc;
	found = find(run, heads, key, &other);
	if (!found)
		mig__run_log(run, MIG_LOG_INFO,
			     "the revisions run, not their snapshot, which was made with \"%s\"; this is \"%s\"",
			     other ? other : "", key);
	*out = found;
	return MIG_OK;
}

/* -- the run */

static mig_status begin(struct mig__run *run, const char *id)
{
	mig_status (*revision_begin)(mig_conn *, const mig_revision_run *) =
		MIG__CONN_SLOT(run->db, revision_begin);
	const mig_revision_run info = { .struct_size = sizeof info,
					.revision = id,
					.direction = MIG_UPGRADE,
					.foreign_keys = -1,
					.check = !run->options.no_foreign_key_check };

	return revision_begin ? revision_begin(run->db->conn, &info) : MIG_OK;
}

/* The script, between the hooks of the run. */
static mig_status run_text(struct mig__job *job, const mig_bundle_snapshot *snapshot,
			   const struct mig__script *first, const struct mig__script *last)
{
	struct mig__run *run = job->run;
	struct mig__db *db = run->db;
	struct mig__section_run s = { .run = run, .body = { .text = (char *)snapshot->text } };
	mig_status (*end)(mig_conn *) = MIG__CONN_SLOT(db, revision_end);
	mig_status rc = begin(run, last->id);

	if (!rc)
		rc = mig__job_timeouts(job, &(struct mig__script){ 0 });
	if (!rc)
		rc = mig__hooks_before(job, first, MIG_UPGRADE);
	if (rc)
		return rc;
	rc = mig__snapshot_result(job, db->dialect->conn->run_script(db->conn, snapshot->text,
								    snapshot->text_size, mig__section_statement, &s));
	if (!rc)
		rc = mig__hooks_after(job, last, MIG_UPGRADE, 1);
	if (!rc && end)
		rc = end(db->conn);
	return rc;
}

/* All steps of the plan, with what the history tells of them. */
static mig_status note_steps(struct mig__job *job, const mig_bundle_snapshot *snapshot,
			     const char *started, int64_t began)
{
	struct mig__run *run = job->run;
	size_t count = job->plan.route.step_count;
	uint32_t *order = mig__snapshot_order(run->alloc, &run->world);
	int64_t *statements = mig__calloc(run->alloc, count + 1, sizeof *statements);
	int known = snapshot->statements && snapshot->statement_count == count;
	mig_status rc = MIG_OK;

	if (!order || !statements ||
	    !mig__grow(run->alloc, (void **)&job->done, &job->done_cap, count, sizeof *job->done))
		rc = mig__fail_nomem(run->err);
	for (size_t i = 0; !rc && known && i < count; i++)
		statements[order[i]] = snapshot->statements[i];
	for (; !rc && job->at < count; job->at++) {
		struct mig__done_step *done = &job->done[job->done_count++];

		*done = (struct mig__done_step){ .node = job->plan.route.steps[job->at].node, .by_snapshot = 1 };
		done->statements = statements[done->node];
		memcpy(done->started, started, sizeof done->started);
		rc = mig__version_apply(run->alloc, &run->world, &job->rows, &job->plan.route, job->at,
					run->err);
	}
	if (!rc)
		job->done[count - 1].duration_us = mig__clock_us() - began;
	mig__free(run->alloc, order);
	mig__free(run->alloc, statements);
	return rc;
}

mig_status mig__snapshot_take(struct mig__job *job, const mig_bundle_snapshot *snapshot)
{
	struct mig__run *run = job->run;
	const struct mig__route_step *steps = job->plan.route.steps;
	size_t count = job->plan.route.step_count;
	char started[MIG__TIME_SIZE] = { 0 };
	int64_t began = mig__clock_us();
	mig_status rc;

	mig__run_utc(started);
	mig__run_log(run, MIG_LOG_INFO, "the database is empty: the snapshot of %zu revision%s runs", count,
		     count == 1 ? "" : "s");
	mig__run_now_step(run, NULL, 0);
	rc = mig__run_emit(run, MIG_EVENT_SNAPSHOT);
	if (!rc)
		rc = run_text(job, snapshot, &run->world.set->at[steps[0].node],
			      &run->world.set->at[steps[count - 1].node]);
	return rc ? rc : note_steps(job, snapshot, started, began);
}

mig_status mig__snapshot_result(struct mig__job *job, mig_status rc)
{
	static const mig_status theirs[] = { MIG_ESQL, MIG_ECONSTRAINT, MIG_EPERMISSION, MIG_EUNSUPPORTED,
					     MIG_EFOREIGN_KEY, MIG_ESYNTAX, MIG_EINVAL, MIG_ETRANSACTION };

	if (job->snapshot != MIG__SNAPSHOT_TAKEN || !rc || job->run->err->retry == MIG_RETRY_LATER)
		return rc;
	for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++)
		if (rc == theirs[i])
			job->snapshot = MIG__SNAPSHOT_FAILED;
	return rc;
}

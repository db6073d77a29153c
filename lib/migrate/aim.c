/* aim: targets that are absolute from the first read on, and what an unfinished step allows.
 *
 * E.g. rows {c}, a downgrade of c unfinished, "downgrade -1" again: from {c}, as if nothing had
 * begun, that undoes {c}. The step is finished, and then nothing of {c} is applied: done. Resolved
 * after the step was finished, "-1" would undo b as well. */
#include "migrate/aim.h"

#include <string.h>

/* -- reading */

static int same_rows(const struct mig__store_rows *a, const struct mig__store_rows *b)
{
	if (a->count != b->count || a->running != b->running)
		return 0;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->ids[i], b->ids[i]) != 0)
			return 0;
	return 1;
}

/* Two reads, and another process may write in between: the rows are read once more, until they are
 * the same before and after. */
mig_status mig__aim_read(struct mig__db *db, struct mig__version_rows *state,
			 struct mig__arena *arena, struct mig__store_running *running)
{
	enum { TRIES = 10 };
	const struct mig__store_rows *now = &state->stored;
	struct mig__store_rows again = { 0 };
	mig_status rc = mig__version_read(db, state, NULL);

	memset(running, 0, sizeof *running);
	for (int i = 0; !rc && i < TRIES; i++) {
		if (now->missing || (now->count && !now->running))
			return MIG_OK;
		rc = mig__store_read_running(db, arena, running);
		if (!rc)
			rc = mig__store_read(db, arena, &again);
		if (rc || (same_rows(now, &again) && (running->present || !now->running)))
			break;
		memset(running, 0, sizeof *running);
		rc = mig__version_read(db, state, NULL);
	}
	return rc;
}

/* -- an unfinished step */

static const char *participle(int32_t direction)
{
	return direction == MIG_DOWNGRADE ? "undone" : "applied";
}

/* "it was begun by ann@host:12 at 2026-11-22T20:49:00.000Z with libmig 0.1.0" */
static void hint_who(const struct mig__store_running *running, const char *lead,
		     struct mig__error *err)
{
	mig__error_set_hint(err, "%s; it was begun by %s at %s with libmig %s", lead,
			    running->actor[0] ? running->actor : "an unknown process",
			    running->started_at[0] ? running->started_at : "an unknown time",
			    running->library[0] ? running->library : "of an unknown version");
}

mig_status mig__unfinished_check(struct mig__world *world, const struct mig__store_running *running,
				 struct mig__error *err)
{
	uint32_t node = mig__graph_find(world->graph, running->revision);
	const char *verb = participle(running->direction);
	uint8_t transactional;
	mig_status rc;

	if (node != MIG__NO_NODE) {
		rc = mig__plan_step(world, node, running->direction, err, &transactional);
		if (rc != MIG_ENO_SECTION && rc != MIG_EIRREVERSIBLE)
			return rc;
		mig__error_clear(err);
	}
	mig__fail(
		err, MIG_EPARTIAL,
		"revision %s is only partly %s (%lld statement%s done), and this program does not "
		"have %s",
		running->revision, verb, (long long)running->statements,
		running->statements == 1 ? "" : "s",
		node == MIG__NO_NODE ? "it" : "the section that is to be finished");
	mig__error_set_revision(err, running->revision);
	hint_who(running,
		 "finish it with a program that has this revision, e.g. the one that began it",
		 err);
	return MIG_EPARTIAL;
}

mig_status mig__unfinished_fail(const struct mig__store_running *running, struct mig__error *err)
{
	mig__fail(err, MIG_EPARTIAL, "revision %s is only partly %s (%lld statement%s done)",
		  running->revision, participle(running->direction),
		  (long long)running->statements, running->statements == 1 ? "" : "s");
	mig__error_set_revision(err, running->revision);
	hint_who(running, "the next upgrade finishes it, unless a process is at work on it now",
		 err);
	return MIG_EPARTIAL;
}

mig_status mig__unfinished_lost(const struct mig__store_rows *rows, struct mig__error *err)
{
	mig__fail(err, MIG_EPARTIAL,
		  "a step outside a transaction is unfinished, but the history table has no entry "
		  "that says which one: the row of %s is marked",
		  rows->ids[rows->marked]);
	mig__error_set_hint(err,
			    "put the entry in state \"running\" back, or bring the schema to a "
			    "revision by hand and stamp it");
	return MIG_EPARTIAL;
}

/* What the rows become; nodes of the graph. */
static mig_status collect_after(const struct mig__world *world, struct mig__version_rows *state,
				struct mig__arena *arena, struct mig__error *err,
				struct mig__rows *out)
{
	const char **ids = mig__arena_alloc(
		arena, (state->stored.count + state->touched_count + 1) * sizeof *ids);
	size_t count = 0;

	if (!ids)
		return mig__fail_nomem(err);
	for (uint32_t v = 0; v < mig__graph_count(world->graph); v++)
		if (mig__version_has(state, v))
			ids[count++] = mig__graph_id(world->graph, v);
	*out = (struct mig__rows){ ids, count };
	return MIG_OK;
}

mig_status mig__unfinished_after(const struct mig__alloc *alloc, const struct mig__world *world,
				 struct mig__rows rows, const struct mig__store_running *running,
				 struct mig__arena *arena, struct mig__error *err,
				 struct mig__rows *out)
{
	struct mig__version_rows state;
	mig_status rc;

	mig__version_init(&state, alloc);
	state.stored.ids = (const char **)rows.ids;
	state.stored.count = rows.count;
	rc = mig__version_apply_one(alloc, world, &state,
				    mig__graph_find(world->graph, running->revision),
				    running->direction, err);
	if (!rc)
		rc = collect_after(world, &state, arena, err, out);
	mig__version_finish(&state);
	return rc;
}

/* -- the aim */

/* What undoes the step's revision: the id of a parent, or base. */
static const char *below_of(const struct mig__world *world, uint32_t node)
{
	struct mig__span parents = mig__graph_parents(world->graph, node);

	return parents.count ? mig__graph_id(world->graph, parents.at[0]) : "base";
}

/* Both absolute choices. */
static mig_status refuse(const struct mig__world *world, const struct mig__store_running *running,
			 const struct mig__aim *aim, struct mig__error *err)
{
	const char *id = running->revision;
	const char *below = below_of(world, mig__graph_find(world->graph, id));
	int down = running->direction == MIG_DOWNGRADE;

	mig__fail(
		err, MIG_EPARTIAL,
		"revision %s is only partly %s (%lld statement%s done): where %s \"%s\" leads from "
		"there is not clear",
		id, participle(running->direction), (long long)running->statements,
		running->statements == 1 ? "" : "s",
		aim->direction == MIG_DOWNGRADE ? "downgrade" : "upgrade",
		aim->target ? aim->target : "base");
	mig__error_set_revision(err, id);
	if (down)
		mig__error_set_hint(
			err,
			"downgrade to %s finishes undoing it; upgrade to %s does that and "
			"then applies it again",
			below, id);
	else
		mig__error_set_hint(err,
				    "upgrade to %s finishes applying it; downgrade to %s does that "
				    "and then undoes it",
				    id, below);
	return MIG_EPARTIAL;
}

static mig_status fix(const struct mig__alloc *alloc, const struct mig__world *world,
		      struct mig__rows rows, struct mig__error *err, struct mig__aim *aim)
{
	struct mig__route route = { 0 };
	mig_status rc;

	if (aim->direction != MIG_DOWNGRADE) {
		rc = mig__graph_targets(world->graph, rows, aim->target, err, &aim->nodes);
		aim->fixed = !rc;
		return rc;
	}
	rc = mig__graph_downgrade(world->graph, rows, aim->target, err, &route);
	if (rc)
		return rc;
	aim->nodes.at = mig__malloc(alloc, (route.step_count + 1) * sizeof *aim->nodes.at);
	if (!aim->nodes.at)
		rc = mig__fail_nomem(err);
	for (size_t i = 0; !rc && i < route.step_count; i++)
		aim->nodes.at[aim->nodes.count++] = route.steps[i].node;
	aim->fixed = !rc;
	mig__route_finish(world->graph, &route);
	return rc;
}

/* A target that does not start from the rows must be one that the finished step leaves a way to:
 * e.g. not "downgrade c" when c is the revision that is being undone. */
static mig_status check_way(const struct mig__alloc *alloc, struct mig__world *world,
			    struct mig__rows rows, const struct mig__store_running *running,
			    struct mig__error *err, const struct mig__aim *aim)
{
	struct mig__plan plan = { 0 };
	struct mig__arena arena;
	struct mig__rows after;
	mig_status rc;

	mig__arena_init(&arena, alloc);
	rc = mig__unfinished_after(alloc, world, rows, running, &arena, err, &after);
	if (!rc) {
		rc = mig__aim_plan(alloc, world, after, aim, err, &plan);
		if (rc == MIG_ENOT_ANCESTOR) {
			mig__error_clear(err);
			rc = refuse(world, running, aim, err);
		}
	}
	mig__plan_finish(alloc, world, &plan);
	mig__arena_finish(&arena);
	return rc;
}

mig_status mig__aim_take(const struct mig__alloc *alloc, struct mig__world *world,
			 struct mig__rows rows, const struct mig__store_running *running,
			 struct mig__error *err, struct mig__aim *aim)
{
	int relative;
	mig_status rc = MIG_OK;

	if (running->present)
		rc = mig__unfinished_check(world, running, err);
	if (rc || aim->taken)
		return rc;
	relative = aim->target && mig__graph_is_relative(world->graph, aim->target);
	if (running->present && relative && running->direction != aim->direction)
		return refuse(world, running, aim, err);
	if (relative)
		rc = fix(alloc, world, rows, err, aim);
	if (!rc && running->present)
		rc = check_way(alloc, world, rows, running, err, aim);
	aim->taken = !rc;
	return rc;
}

/* The ids of the nodes, as targets of an upgrade. */
static mig_status plan_to_nodes(const struct mig__alloc *alloc, struct mig__world *world,
				struct mig__rows rows, const struct mig__aim *aim,
				struct mig__error *err, struct mig__plan *out)
{
	const char **ids = mig__malloc(alloc, (aim->nodes.count + (size_t)1) * sizeof *ids);
	mig_status rc;

	if (!ids)
		return mig__fail_nomem(err);
	for (uint32_t i = 0; i < aim->nodes.count; i++)
		ids[i] = mig__graph_id(world->graph, aim->nodes.at[i]);
	rc = mig__graph_upgrade(world->graph, rows, ids, aim->nodes.count, err, &out->route);
	mig__free(alloc, ids);
	return rc;
}

mig_status mig__aim_plan(const struct mig__alloc *alloc, struct mig__world *world,
			 struct mig__rows rows, const struct mig__aim *aim, struct mig__error *err,
			 struct mig__plan *out)
{
	struct mig__span nodes = { aim->nodes.at, aim->nodes.count };
	struct mig__plan plan = { 0 };
	mig_status rc;

	if (!aim->fixed)
		return mig__plan_make(alloc, world, rows, aim->direction, aim->target, err, out);
	if (aim->direction == MIG_DOWNGRADE)
		rc = mig__graph_undo(world->graph, rows, nodes, err, &plan.route);
	else
		rc = plan_to_nodes(alloc, world, rows, aim, err, &plan);
	if (!rc)
		rc = mig__plan_steps(alloc, world, err, &plan);
	if (!rc)
		*out = plan;
	return rc;
}

void mig__aim_finish(const struct mig__world *world, struct mig__aim *aim)
{
	if (world->graph)
		mig__nodes_finish(world->graph, &aim->nodes);
}

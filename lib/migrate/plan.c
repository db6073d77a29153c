/* plan: the steps from the version rows to a target, with the section of each script and its
 * digest. Not which revisions: graph/route.c; and nothing runs: run.c. A plan is good for the
 * rows it was made from, and for no others. */
#include "migrate/plan.h"

#include "base/buf.h"
#include "migrate/check.h"
#include "migrate/journal.h"
#include "migrate/unit.h"

#include <string.h>

/* Says for which dialects there are sections, if that is why none applies. */
static void hint_dialects(const struct mig__world *world, const struct mig__script *script,
			  struct mig__error *err)
{
	const char *other = NULL;
	struct mig__buf hint;

	for (size_t i = 0; !other && i < script->section_count; i++)
		if (script->sections[i].is.direction == MIG_UPGRADE)
			other = script->sections[i].is.dialect;
	if (!other || !world->dialect || !strcmp(other, world->dialect))
		return;
	mig__buf_init(&hint, err->alloc);
	mig__buf_addf(&hint,
		      "it is written for %s: add a \"-- mig:upgrade dialect=%s\" section; \"mig "
		      "migrate --dialect %s,%s\" writes new revisions for both",
		      other, world->dialect, other, world->dialect);
	if (!hint.failed)
		mig__error_set_hint(err, "%s", hint.data);
	mig__buf_finish(&hint);
}

static mig_status no_section(struct mig__world *world, const struct mig__script *script,
			     int32_t direction, struct mig__error *err)
{
	const char *file = script->file ? script->file : script->id;
	const char *dialect = world->dialect ? world->dialect : "any dialect";
	mig_status rc;

	if (direction == MIG_DOWNGRADE) {
		rc = mig__fail_at(err, MIG_EIRREVERSIBLE, file, 0, 0,
				  "revision %s has no downgrade for %s: it cannot be undone",
				  script->id, dialect);
		mig__error_set_hint(err, "write a \"-- mig:downgrade\" section, or choose a target "
					 "that does not pass this revision");
	} else {
		rc = mig__fail_at(err, MIG_ENO_SECTION, file, 0, 0,
				  "revision %s has no upgrade section for %s", script->id, dialect);
		hint_dialects(world, script, err);
	}
	mig__error_set_revision(err, script->id);
	return rc;
}

/* A section that would not come through an interruption is refused before anything runs. */
static mig_status check_lone(struct mig__world *world, struct mig__script *script, int32_t direction,
			     struct mig__error *err)
{
	const struct mig__alloc *alloc = world->set->arena.alloc;
	struct mig__body body;
	mig_status rc;

	if (!world->db || script->checked & 1 << direction)
		return MIG_OK;
	rc = mig__script_body(alloc, script, direction, world->dialect, world->database, err,
			      &body);
	if (rc)
		return rc;
	rc = mig__units_check(alloc, world->db, script, &body);
	mig__body_finish(alloc, &body);
	if (!rc)
		script->checked |= 1 << direction;
	return rc;
}

/* Nothing undoes half a function where DDL commits by itself. */
static mig_status fail_not_idempotent(const struct mig__world *world,
				      const struct mig__script *script, struct mig__error *err)
{
	mig__fail(err, MIG_EUNSUPPORTED,
		  "revision %s is written in C and not idempotent, and %s cannot undo DDL: when the "
		  "process dies in its functions they are called again",
		  script->id, world->dialect ? world->dialect : "the database");
	mig__error_set_revision(err, script->id);
	mig__error_set_hint(err, "write its functions so that they can be called again after any "
				 "part of them, and set idempotent");
	return MIG_EUNSUPPORTED;
}

mig_status mig__plan_step(struct mig__world *world, uint32_t node, int32_t direction,
			  struct mig__error *err, uint8_t *transactional)
{
	struct mig__script *script = &world->set->at[node];
	const struct mig__section *section;
	int commits = world->db && mig__db_ddl_commits(world->db);
	mig_status rc;

	if (script->upgrade) { /* written in C */
		if (direction == MIG_DOWNGRADE && !script->downgrade && !script->derive)
			return no_section(world, script, direction, err);
		*transactional = !script->c_no_transaction && !commits;
		return commits && !script->c_idempotent ? fail_not_idempotent(world, script, err)
							: MIG_OK;
	}
	rc = mig__script_load(&world->set->arena, script, err);
	if (rc)
		return rc;
	section = mig__script_section(script, direction, world->dialect, world->database);
	if (!section)
		return no_section(world, script, direction, err);
	*transactional = !section->is.no_transaction && !commits;
	return *transactional ? MIG_OK : check_lone(world, script, direction, err);
}

mig_status mig__plan_checks(struct mig__world *world, uint32_t node, int32_t direction,
			    struct mig__error *err)
{
	const struct mig__alloc *alloc = world->set->arena.alloc;
	const struct mig__script *script = &world->set->at[node];
	struct mig__body body;
	size_t fault = 0;
	mig_status rc;

	if (script->upgrade || !world->db ||
	    !mig__script_section(script, direction, world->dialect, world->database))
		return MIG_OK;
	rc = mig__script_body(alloc, script, direction, world->dialect, world->database, err,
			      &body);
	if (rc)
		return rc;
	rc = mig__checks_find(world->db, &body, &fault);
	if (rc)
		mig__body_locate(&body, script, err->offset != SIZE_MAX ? err->offset : fault, err);
	mig__body_finish(alloc, &body);
	return rc;
}

mig_status mig__plan_make(const struct mig__alloc *alloc, struct mig__world *world,
			  struct mig__rows rows, int32_t direction, const char *target,
			  struct mig__error *err, struct mig__plan *out)
{
	struct mig__plan plan = { 0 };
	mig_status rc;

	if (direction == MIG_DOWNGRADE)
		rc = mig__graph_downgrade(world->graph, rows, target, err, &plan.route);
	else
		rc = mig__graph_upgrade(world->graph, rows, &target, 1, err, &plan.route);
	if (!rc)
		rc = mig__plan_steps(alloc, world, err, &plan);
	if (!rc)
		*out = plan;
	return rc;
}

mig_status mig__plan_steps(const struct mig__alloc *alloc, struct mig__world *world,
			   struct mig__error *err, struct mig__plan *plan)
{
	size_t count = plan->route.step_count;
	mig_status rc = MIG_OK;

	plan->transactional = mig__malloc(alloc, count);
	if (!plan->transactional)
		rc = mig__fail_nomem(err);
	for (size_t i = 0; !rc && i < count; i++) {
		rc = mig__plan_step(world, plan->route.steps[i].node, plan->route.direction, err,
				    &plan->transactional[i]);
		if (!rc)
			plan->lone_count += !plan->transactional[i];
	}
	if (rc)
		mig__plan_finish(alloc, world, plan);
	else
		mig__set_forget_others(world->set, &plan->route);
	return rc;
}

void mig__plan_finish(const struct mig__alloc *alloc, const struct mig__world *world,
		      struct mig__plan *plan)
{
	if (world->graph) /* not loaded: there is no plan */
		mig__route_finish(world->graph, &plan->route);
	mig__free(alloc, plan->transactional);
	memset(plan, 0, sizeof *plan);
}

/* The chain digest of one revision whose parents and dependencies have theirs. */
static mig_status chain_one(const struct mig__alloc *alloc, struct mig__world *world, uint32_t node,
			    struct mig__error *err)
{
	struct mig__script *script = &world->set->at[node];
	struct mig__span parents = mig__graph_parents(world->graph, node);
	struct mig__span deps = mig__graph_dependencies(world->graph, node);
	const uint8_t *few[8], **below = few;
	size_t count = (size_t)parents.count + deps.count;
	mig_status rc = mig__script_digest(alloc, script, err);

	if (rc)
		return rc;
	if (count > sizeof few / sizeof *few) {
		below = mig__malloc(alloc, count * sizeof *below);
		if (!below)
			return mig__fail_nomem(err);
	}
	for (uint32_t i = 0; i < parents.count; i++)
		below[i] = world->set->at[parents.at[i]].chain;
	for (uint32_t i = 0; i < deps.count; i++)
		below[parents.count + i] = world->set->at[deps.at[i]].chain;
	mig__script_chain(script->id, script->digest, below, count, script->chain);
	script->has_chain = 1;
	if (below != few)
		mig__free(alloc, below);
	return MIG_OK;
}

mig_status mig__world_digests(const struct mig__alloc *alloc, struct mig__world *world,
			      struct mig__error *err)
{
	struct mig__span order = mig__graph_order(world->graph);
	mig_status rc = MIG_OK;

	for (uint32_t i = 0; !rc && i < order.count; i++)
		if (!world->set->at[order.at[i]].has_chain)
			rc = chain_one(alloc, world, order.at[i], err);
	return rc;
}

mig_status mig__world_chain(const struct mig__alloc *alloc, struct mig__world *world, uint32_t node,
			    struct mig__error *err, char hex[MIG__DIGEST_HEX])
{
	mig_status rc = MIG_OK;

	if (!world->set->at[node].has_chain)
		rc = mig__world_digests(alloc, world, err);
	if (!rc)
		mig__digest_hex(world->set->at[node].chain, hex);
	return rc;
}

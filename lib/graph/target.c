/* Targets of upgrade and downgrade: identifiers, and the relative form [LABEL@][NAME](+|-)N. */
#include "graph/internal.h"

#include <string.h>

enum { MOST_STEPS = 1 << 30 };

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int mig__relative_parse(const struct mig__graph *g, const char *text, struct mig__relative *out)
{
	struct mig__relative rel = { mig__ident_split(text), 0 };
	const char *name = rel.ident.name;
	size_t size = rel.ident.name_size, sign = size;

	if (mig__graph_has_key(g, name, size))
		return 0;
	while (sign && is_digit(name[sign - 1]))
		sign--;
	if (sign == size || !sign || (name[sign - 1] != '+' && name[sign - 1] != '-'))
		return 0;
	for (size_t i = sign; i < size; i++)
		if (rel.steps < MOST_STEPS)
			rel.steps = rel.steps * 10 + (name[i] - '0');
	if (name[sign - 1] == '-')
		rel.steps = -rel.steps;
	rel.ident.name_size = sign - 1;
	*out = rel;
	return 1;
}

static mig_status fail_too_far(const char *text, struct mig__error *err)
{
	return mig__fail(err, MIG_EWALKED_TOO_FAR, "\"%.*s\" leads past the end of the revisions",
			 MIG__SHOW(text, strlen(text)));
}

static mig_status fail_walk(const struct mig__graph *g, const char *text, const char *why,
			    const uint32_t *nodes, uint32_t count, struct mig__error *err)
{
	struct mig__buf buf;

	mig__buf_init(&buf, err->alloc);
	mig__list_nodes(&buf, g, nodes, count);
	mig__fail(err, MIG_EAMBIGUOUS_WALK, "\"%.*s\" is ambiguous: %s%s",
		  MIG__SHOW(text, strlen(text)), why, mig__buf_text(&buf));
	if (buf.failed)
		mig__fail_nomem(err);
	mig__buf_finish(&buf);
	return err->status;
}

/* Steps up along children of the branch; from base, to bases. */
static mig_status walk_up(const struct mig__graph *g, const struct mig__branch *branch,
			  const char *text, uint32_t start, int64_t steps, int clamp,
			  struct mig__error *err, uint32_t *out)
{
	uint32_t at = start;

	while (steps-- > 0) {
		struct mig__span next =
			at == MIG__NO_NODE ? g->sets[MIG__BASES] : mig__graph_children(g, at);
		uint32_t to = MIG__NO_NODE;

		for (uint32_t i = 0; i < next.count; i++) {
			if (branch->in && !branch->in[next.at[i]])
				continue;
			if (to != MIG__NO_NODE) {
				uint32_t two[2] = { to, next.at[i] };

				return fail_walk(g, text, "the way up forks, e.g. to ", two, 2,
						 err);
			}
			to = next.at[i];
		}
		if (to == MIG__NO_NODE) {
			if (!clamp || !g->count) /* there is nothing to stay at */
				return fail_too_far(text, err);
			break;
		}
		at = to;
	}
	*out = at;
	return MIG_OK;
}

/* Steps down along parents; below a base comes base. */
static mig_status walk_down(const struct mig__graph *g, const char *text, uint32_t start,
			    int64_t steps, int clamp, struct mig__error *err, uint32_t *out)
{
	uint32_t at = start;

	while (steps-- > 0) {
		struct mig__span next;

		if (at == MIG__NO_NODE) {
			if (!clamp)
				return fail_too_far(text, err);
			break;
		}
		next = mig__graph_parents(g, at);
		if (next.count > 1)
			return fail_walk(g, text, "the way down goes through a merge of ", next.at,
					 next.count, err);
		at = next.count ? next.at[0] : MIG__NO_NODE;
	}
	*out = at;
	return MIG_OK;
}

/* What is at or below the rows. */
static uint8_t *applied_flags(const struct mig__graph *g, const struct mig__nodes *rows)
{
	uint8_t *flags = mig__flags_new(g);

	if (flags) {
		for (uint32_t i = 0; i < rows->count; i++)
			flags[rows->at[i]] |= MIG__APPLIED;
		mig__sweep_down(g, flags, MIG__APPLIED, g->count, 0);
	}
	return flags;
}

/* The applied revisions of the branch that no applied one of the branch (by_line: none at all,
 * along children) stands on. */
static mig_status applied_tips(const struct mig__graph *g, const struct mig__nodes *rows,
			       const struct mig__branch *branch, int by_line,
			       struct mig__error *err, struct mig__nodes *out)
{
	uint8_t *flags = applied_flags(g, rows);
	mig_status rc;

	if (!flags)
		return mig__fail_nomem(err);
	for (uint32_t v = 0; v < g->count; v++) {
		const struct mig__adjacency *down = by_line ? &g->parents : &g->normal;

		if (!(flags[v] & MIG__APPLIED) || (!by_line && !branch->in[v]))
			continue;
		MIG__EACH(p, *down, v)
			flags[p] |= MIG__DONE;
	}
	for (uint32_t v = 0; v < g->count; v++)
		if ((flags[v] & MIG__APPLIED) && !(flags[v] & MIG__DONE) && branch->in[v])
			flags[v] |= MIG__TARGET;
	rc = mig__flags_collect(g, flags, MIG__TARGET, err, out);
	mig__free(g->alloc, flags);
	return rc;
}

static mig_status rows_of_branch(const struct mig__graph *g, const struct mig__nodes *rows,
				 const struct mig__branch *branch, struct mig__error *err,
				 struct mig__nodes *out)
{
	uint32_t kept = 0;
	mig_status rc = mig__nodes_copy(g, rows->at, rows->count, err, out);

	for (uint32_t i = 0; !rc && i < out->count; i++)
		if (!branch->in || branch->in[out->at[i]])
			out->at[kept++] = out->at[i];
	if (!rc)
		out->count = kept;
	return rc;
}

/* Where a relative target without a name starts: at the only row (of the branch), else at the only
 * tip of what is applied of the branch, else at base. */
static mig_status find_start(const struct mig__graph *g, const struct mig__nodes *rows,
			     const struct mig__branch *branch, const char *text, int down,
			     struct mig__error *err, uint32_t *out)
{
	struct mig__nodes starts = { NULL, 0 };
	mig_status rc = rows_of_branch(g, rows, branch, err, &starts);

	if (!rc && !starts.count && branch->in) {
		mig__nodes_finish(g, &starts);
		rc = applied_tips(g, rows, branch, down, err, &starts);
	}
	if (!rc && starts.count > 1)
		rc = fail_walk(g, text, "it can start from ", starts.at, starts.count, err);
	else if (!rc && !starts.count && down)
		rc = mig__fail(err, MIG_EWALKED_TOO_FAR,
			       "\"%.*s\": nothing%s is applied, there is no way down",
			       MIG__SHOW(text, strlen(text)), branch->in ? " of this branch" : "");
	else if (!rc)
		*out = starts.count ? starts.at[0] : MIG__NO_NODE;
	mig__nodes_finish(g, &starts);
	return rc;
}

static mig_status fail_direction(const char *text, const char *verb, struct mig__error *err)
{
	return mig__fail(err, MIG_EWALKED_TOO_FAR, "\"%.*s\" does not lead %s",
			 MIG__SHOW(text, strlen(text)), verb);
}

/* A name with its steps. Upwards LABEL chooses among children and need not have the name itself. */
static mig_status walk_from_name(const struct mig__graph *g, const struct mig__branch *branch,
				 const struct mig__relative *rel, const char *text, int clamp,
				 struct mig__error *err, uint32_t *out)
{
	const struct mig__branch everything = { .node = MIG__NO_NODE };
	uint32_t start = MIG__NO_NODE;
	mig_status rc = mig__resolve_name_one(g, rel->steps > 0 ? &everything : branch,
					      rel->ident.name, rel->ident.name_size, err, &start);

	if (rc)
		return rc;
	if (rel->steps > 0)
		return walk_up(g, branch, text, start, rel->steps, clamp, err, out);
	return walk_down(g, text, start, -rel->steps, clamp, err, out);
}

static mig_status relative_upgrade(const struct mig__graph *g, const struct mig__nodes *rows,
				   const struct mig__relative *rel, const char *text, int clamp,
				   struct mig__error *err, uint32_t *out)
{
	struct mig__branch branch;
	uint32_t start = MIG__NO_NODE;
	mig_status rc;

	if (!rel->ident.name_size && rel->steps <= 0)
		return fail_direction(text, "up", err);
	rc = mig__branch_open(g, &rel->ident, err, &branch);
	if (rc)
		return rc;
	if (rel->ident.name_size) {
		rc = walk_from_name(g, &branch, rel, text, clamp, err, out);
	} else {
		rc = find_start(g, rows, &branch, text, 0, err, &start);
		if (!rc)
			rc = walk_up(g, &branch, text, start, rel->steps, clamp, err, out);
	}
	mig__branch_close(g, &branch);
	return rc;
}

mig_status mig__target_upgrade(const struct mig__graph *g, const struct mig__nodes *rows,
			       const char *text, int clamp, struct mig__error *err,
			       struct mig__nodes *out)
{
	struct mig__relative rel;
	uint32_t node = MIG__NO_NODE;
	mig_status rc;

	if (!mig__relative_parse(g, text, &rel))
		return mig__graph_resolve(g, text, err, out);
	rc = relative_upgrade(g, rows, &rel, text, clamp, err, &node);
	if (!rc && node == MIG__NO_NODE && rel.steps < 0 && !clamp)
		rc = fail_too_far(text, err);
	return rc ? rc : mig__nodes_copy(g, &node, node != MIG__NO_NODE, err, out);
}

/* Several rows, and no LABEL to choose with: ambiguous, unless it is too far from the first one. */
static mig_status fail_first_row(const struct mig__graph *g, const struct mig__nodes *rows,
				 const struct mig__relative *rel, const char *text,
				 struct mig__error *err)
{
	uint32_t node;
	mig_status rc = walk_down(g, text, rows->at[0], -rel->steps, 0, err, &node);

	return rc == MIG_EWALKED_TOO_FAR
		       ? rc
		       : fail_walk(g, text, "it can start from ", rows->at, rows->count, err);
}

static mig_status relative_downgrade(const struct mig__graph *g, const struct mig__nodes *rows,
				     const struct mig__relative *rel, const char *text,
				     struct mig__error *err, struct mig__goal *goal)
{
	struct mig__branch branch;
	uint32_t start = MIG__NO_NODE;
	mig_status rc;

	if (!rel->ident.name_size && rel->steps >= 0)
		return fail_direction(text, "down", err);
	rc = mig__branch_open(g, &rel->ident, err, &branch);
	if (rc)
		return rc;
	goal->line = branch.node;
	if (rel->ident.name_size) {
		rc = walk_from_name(g, &branch, rel, text, 0, err, &goal->node);
	} else {
		rc = find_start(g, rows, &branch, text, 1, err, &start);
		if (rc == MIG_EAMBIGUOUS_WALK && !branch.in)
			rc = fail_first_row(g, rows, rel, text, err);
		if (!branch.in)
			goal->line = start;
		if (!rc && !branch.in && rel->steps == -1 && mig__degree(&g->parents, start) > 1) {
			goal->node = start;
			goal->undo_merge = 1;
		} else if (!rc) {
			rc = walk_down(g, text, start, -rel->steps, 0, err, &goal->node);
		}
	}
	mig__branch_close(g, &branch);
	return rc;
}

mig_status mig__target_downgrade(const struct mig__graph *g, const struct mig__nodes *rows,
				 const char *text, struct mig__error *err, struct mig__goal *out)
{
	const struct mig__branch everything = { .node = MIG__NO_NODE };
	struct mig__goal goal = { .node = MIG__NO_NODE, .line = MIG__NO_NODE };
	struct mig__relative rel;
	mig_status rc;

	if (mig__relative_parse(g, text, &rel)) {
		rc = relative_downgrade(g, rows, &rel, text, err, &goal);
	} else {
		goal.ident = mig__ident_split_last(text);
		rc = mig__resolve_name_one(g, &everything, goal.ident.name, goal.ident.name_size,
					   err, &goal.node);
	}
	if (!rc)
		*out = goal;
	return rc;
}

static mig_status has_label(const struct mig__graph *g, const struct mig__branch *branch,
			    uint32_t v, struct mig__error *err, int *out)
{
	const char **labels;
	uint32_t count;
	mig_status rc;

	if (mig__map_get(&g->labels, branch->text, branch->size) == MIG__NONE) {
		/* a revision stands for its branch; the start of a name is nobody's label */
		*out = mig__ids_get(g, branch->text, branch->size) != MIG__NO_NODE && branch->in[v];
		return MIG_OK;
	}
	rc = mig__graph_labels(g, v, err, &labels, &count);
	if (rc)
		return rc;
	*out = 0;
	for (uint32_t i = 0; i < count; i++)
		*out |= mig__ident_is(branch->text, branch->size, labels[i]);
	mig__free(g->alloc, labels);
	return MIG_OK;
}

mig_status mig__keep_labelled(const struct mig__graph *g, const struct mig__branch *branch,
			      struct mig__nodes *nodes, struct mig__error *err)
{
	uint32_t kept = 0;
	mig_status rc = MIG_OK;
	int has;

	for (uint32_t i = 0; !rc && branch->in && i < nodes->count; i++) {
		rc = has_label(g, branch, nodes->at[i], err, &has);
		if (!rc && has)
			nodes->at[kept++] = nodes->at[i];
	}
	if (branch->in)
		nodes->count = kept;
	return rc;
}

/* Each of the nodes becomes the one N below; one that would be below base is dropped. */
static mig_status walk_each_down(const struct mig__graph *g, const char *text, int64_t steps,
				 struct mig__nodes *nodes, struct mig__error *err)
{
	uint32_t kept = 0, to = MIG__NO_NODE;

	for (uint32_t i = 0; i < nodes->count; i++) {
		mig_status rc = walk_down(g, text, nodes->at[i], steps, 0, err, &to);

		if (rc == MIG_EWALKED_TOO_FAR) {
			mig__error_clear(err);
			continue;
		}
		if (!rc && to == MIG__NO_NODE)
			rc = mig__fail(err, MIG_ENOT_ANCESTOR,
				       "\"%.*s\" is base itself: leave it out to start there",
				       MIG__SHOW(text, strlen(text)));
		if (rc)
			return rc;
		nodes->at[kept++] = to;
	}
	nodes->count = kept;
	return MIG_OK;
}

mig_status mig__target_from_heads(const struct mig__graph *g, const struct mig__relative *rel,
				  const char *text, struct mig__error *err, struct mig__nodes *out)
{
	struct mig__span heads = g->sets[MIG__REAL_HEADS];
	struct mig__nodes found = { NULL, 0 };
	struct mig__branch branch;
	mig_status rc = mig__branch_open(g, &rel->ident, err, &branch);

	if (!rc)
		rc = mig__nodes_copy(g, heads.at, heads.count, err, &found);
	if (!rc)
		rc = mig__keep_labelled(g, &branch, &found, err);
	if (!rc)
		rc = walk_each_down(g, text, -rel->steps, &found, err);
	mig__branch_close(g, &branch);
	if (rc) {
		mig__nodes_finish(g, &found);
		return rc;
	}
	mig__nodes_tidy(&found);
	*out = found;
	return MIG_OK;
}

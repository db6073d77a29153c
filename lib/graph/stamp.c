/* Stamp: the rows that are written without running anything. And the plain questions about rows. */
#include "graph/internal.h"

enum { TOUCHED = MIG__DONE };

struct stamper {
	const struct mig__graph *g;
	struct mig__error *err;
	struct mig__nodes rows, targets;
	uint8_t *flags; /* ROW: will be a row; TOUCHED: a row that shares lineage with a target */
};

/* Touches the rows that share lineage, dependencies included, with one of the flagged nodes; flags
 * is one of a single target. */
static void touch(struct stamper *s, uint8_t *flags)
{
	const struct mig__graph *g = s->g;

	for (uint32_t v = 0; v < g->count; v++)
		flags[v] = flags[v] ? MIG__NEEDED | MIG__ABOVE : 0;
	mig__sweep_down(g, flags, MIG__NEEDED, g->count, 0);
	mig__sweep_up(g, &g->below, flags, MIG__ABOVE, 0, g->count);
	for (uint32_t i = 0; i < s->rows.count; i++)
		if (flags[s->rows.at[i]])
			s->flags[s->rows.at[i]] |= TOUCHED;
}

static mig_status add_targets(struct stamper *s, const struct mig__nodes *more)
{
	size_t cap = s->targets.count;

	if (!mig__grow(s->g->alloc, (void **)&s->targets.at, &cap,
		       (size_t)s->targets.count + more->count, sizeof *more->at))
		return mig__fail_nomem(s->err);
	for (uint32_t i = 0; i < more->count; i++)
		s->targets.at[s->targets.count++] = more->at[i];
	return MIG_OK;
}

static mig_status read_target(struct stamper *s, const char *text)
{
	struct mig__ident parts = mig__ident_split(text);
	struct mig__nodes nodes = { NULL, 0 };
	struct mig__branch branch;
	uint8_t *flags = mig__flags_new(s->g);
	mig_status rc;

	if (!flags)
		return mig__fail_nomem(s->err);
	rc = mig__branch_open(s->g, &parts, s->err, &branch);
	if (!rc)
		rc = mig__resolve_name(s->g, &branch, parts.name, parts.name_size, s->err, &nodes);
	if (!rc)
		rc = add_targets(s, &nodes);
	if (!rc) {
		for (uint32_t i = 0; i < nodes.count; i++)
			flags[nodes.at[i]] = 1;
		if (branch.in)
			flags[branch.node] = 1;
		if (nodes.count || branch.in)
			touch(s, flags);
		else /* base, of everything */
			for (uint32_t i = 0; i < s->rows.count; i++)
				s->flags[s->rows.at[i]] |= TOUCHED;
	}
	mig__branch_close(s->g, &branch);
	mig__nodes_finish(s->g, &nodes);
	mig__free(s->g->alloc, flags);
	return rc;
}

static void remove_touched(struct stamper *s)
{
	for (uint32_t i = 0; i < s->rows.count; i++)
		if (s->flags[s->rows.at[i]] & TOUCHED)
			s->flags[s->rows.at[i]] &= (uint8_t)~MIG__ROW;
}

/* A target that is a touched row changes nothing. One above or below a touched row replaces all of
 * them. Any other is added. */
static void apply(struct stamper *s)
{
	const struct mig__graph *g = s->g;

	for (uint32_t i = 0; i < s->rows.count; i++)
		if (s->flags[s->rows.at[i]] & TOUCHED)
			s->flags[s->rows.at[i]] |= MIG__NEEDED | MIG__ABOVE;
	mig__sweep_down(g, s->flags, MIG__NEEDED, g->count, 0);
	mig__sweep_up(g, &g->below, s->flags, MIG__ABOVE, 0, g->count);
	if (!s->targets.count)
		remove_touched(s);
	for (uint32_t i = 0; i < s->targets.count; i++) {
		uint32_t v = s->targets.at[i];

		if (s->flags[v] & TOUCHED)
			continue;
		if (s->flags[v] & (MIG__NEEDED | MIG__ABOVE))
			remove_touched(s);
		s->flags[v] |= MIG__ROW;
	}
}

mig_status mig__graph_stamp(const struct mig__graph *g, struct mig__rows rows,
			    const char *const *targets, size_t count, struct mig__error *err,
			    struct mig__nodes *out)
{
	struct stamper s = { .g = g, .err = err };
	mig_status rc = mig__rows_read(g, rows, err, &s.rows);

	if (!rc) {
		s.flags = mig__flags_new(g);
		if (!s.flags)
			rc = mig__fail_nomem(err);
	}
	for (uint32_t i = 0; !rc && i < s.rows.count; i++)
		s.flags[s.rows.at[i]] = MIG__ROW;
	for (size_t i = 0; !rc && i < count; i++)
		rc = read_target(&s, targets[i]);
	if (!rc) {
		struct mig__nodes distinct = { NULL, 0 };

		rc = mig__nodes_copy(g, s.targets.at, s.targets.count, err, &distinct);
		if (!rc) {
			mig__nodes_tidy(&distinct);
			rc = mig__check_overlap(g, &distinct, "targets", err);
		}
		mig__nodes_finish(g, &distinct);
	}
	if (!rc) {
		apply(&s);
		rc = mig__flags_collect(g, s.flags, MIG__ROW, err, out);
	}
	mig__nodes_finish(g, &s.rows);
	mig__nodes_finish(g, &s.targets);
	mig__free(g->alloc, s.flags);
	return rc;
}

/* Flags the rows and what is below them as APPLIED; NULL after an error. */
static uint8_t *flag_applied(const struct mig__graph *g, struct mig__rows rows,
			     struct mig__error *err)
{
	struct mig__nodes nodes = { NULL, 0 };
	uint8_t *flags;

	if (mig__rows_read(g, rows, err, &nodes))
		return NULL;
	flags = mig__flags_new(g);
	if (flags) {
		for (uint32_t i = 0; i < nodes.count; i++)
			flags[nodes.at[i]] = MIG__APPLIED;
		mig__sweep_down(g, flags, MIG__APPLIED, g->count, 0);
	} else {
		mig__fail_nomem(err);
	}
	mig__nodes_finish(g, &nodes);
	return flags;
}

mig_status mig__graph_current(const struct mig__graph *g, struct mig__rows rows,
			      struct mig__error *err, struct mig__nodes *out)
{
	uint8_t *flags = flag_applied(g, rows, err);
	mig_status rc;

	if (!flags)
		return err->status;
	for (uint32_t i = g->count; i-- > 0;) { /* ABOVE means here: has an applied child */
		uint32_t v = g->order[i];

		if (!(flags[v] & MIG__APPLIED))
			continue;
		if (!(flags[v] & MIG__ABOVE))
			flags[v] |= MIG__DONE;
		MIG__EACH(p, g->parents, v)
			flags[p] |= MIG__ABOVE;
	}
	rc = mig__flags_collect(g, flags, MIG__DONE, err, out);
	mig__free(g->alloc, flags);
	return rc;
}

mig_status mig__graph_reduce(const struct mig__graph *g, struct mig__rows rows,
			     struct mig__error *err, struct mig__nodes *out)
{
	struct mig__nodes nodes = { NULL, 0 };
	mig_status rc = mig__rows_read(g, rows, err, &nodes);
	uint8_t *flags;

	if (rc)
		return rc;
	flags = mig__flags_new(g);
	if (!flags) {
		mig__nodes_finish(g, &nodes);
		return mig__fail_nomem(err);
	}
	for (uint32_t i = 0; i < nodes.count; i++)
		MIG__EACH(p, g->below, nodes.at[i])
			flags[p] = MIG__APPLIED;
	mig__sweep_down(g, flags, MIG__APPLIED, g->count, 0);
	for (uint32_t i = 0; i < nodes.count; i++)
		if (!flags[nodes.at[i]])
			flags[nodes.at[i]] = MIG__ROW;
	rc = mig__flags_collect(g, flags, MIG__ROW, err, out);
	mig__nodes_finish(g, &nodes);
	mig__free(g->alloc, flags);
	return rc;
}

mig_status mig__graph_applied(const struct mig__graph *g, struct mig__rows rows,
			      struct mig__error *err, struct mig__nodes *out)
{
	uint8_t *flags = flag_applied(g, rows, err);
	uint32_t count = 0, *at;

	if (!flags)
		return err->status;
	for (uint32_t v = 0; v < g->count; v++)
		count += flags[v] != 0;
	at = mig__malloc(g->alloc, count * sizeof *at);
	if (!at) {
		mig__free(g->alloc, flags);
		return mig__fail_nomem(err);
	}
	*out = (struct mig__nodes){ at, count };
	for (uint32_t i = 0; i < g->count; i++)
		if (flags[g->order[i]])
			*at++ = g->order[i];
	mig__free(g->alloc, flags);
	return MIG_OK;
}

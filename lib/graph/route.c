/* Routes: which revisions an upgrade or a downgrade runs, and how each changes the version rows.
 * The order is order.c's.
 *
 * The rows are always the maximal applied revisions. A step up takes the rows that are directly
 * below the new revision and adds it. A step down takes the revision and adds what is directly
 * below it and has no applied dependent left.
 *
 * E.g. b and c follow a, m merges both, and the row is {b}. Up to m: the step of c takes no row (a
 * is none, b stands for it) and adds c: {b, c}; the step of m takes both: {m}. Down to a: m goes
 * and b, c come; then c and b go, and a comes only with the second, when nothing above it is left:
 * {a}. */
#include "graph/internal.h"

#include <string.h>

void mig__route_finish(const struct mig__graph *g, struct mig__route *route)
{
	mig__free(g->alloc, route->steps);
	mig__free(g->alloc, route->nodes);
	mig__nodes_finish(g, &route->rows);
	*route = (struct mig__route){ 0 };
}

struct planner {
	const struct mig__graph *g;
	struct mig__error *err;
	struct mig__nodes rows;
	struct mig__nodes tips;
	uint8_t *flags;
	uint32_t *chosen; /* newest first */
	uint32_t chosen_count, chosen_cap;
	uint32_t *applied_above; /* downgrade: applied dependents of a node with the flag DONE */
	struct mig__nodes listed;
	struct mig__route route;
	uint32_t used; /* of route.nodes */
};

static int choose(struct planner *p, uint32_t v)
{
	size_t cap = p->chosen_cap;

	if (!mig__grow(p->g->alloc, (void **)&p->chosen, &cap, p->chosen_count + (size_t)1,
		       sizeof *p->chosen))
		return 0;
	p->chosen_cap = (uint32_t)cap;
	p->chosen[p->chosen_count++] = v;
	p->flags[v] |= MIG__CHOSEN | MIG__REGION;
	return 1;
}

static mig_status start(struct planner *p, const struct mig__graph *g, struct mig__error *err)
{
	*p = (struct planner){ .g = g, .err = err };
	p->flags = mig__flags_new(g);
	return p->flags ? MIG_OK : mig__fail_nomem(err);
}

int mig__graph_is_relative(const struct mig__graph *g, const char *target)
{
	struct mig__relative rel;

	return mig__relative_parse(g, target, &rel) && !rel.ident.name_size;
}

static mig_status finish(struct planner *p, mig_status rc, struct mig__route *out)
{
	const struct mig__graph *g = p->g;

	if (rc)
		mig__route_finish(g, &p->route);
	else
		*out = p->route;
	mig__nodes_finish(g, &p->rows);
	mig__nodes_finish(g, &p->tips);
	mig__nodes_finish(g, &p->listed);
	mig__free(g->alloc, p->flags);
	mig__free(g->alloc, p->chosen);
	mig__free(g->alloc, p->applied_above);
	return rc;
}

static mig_status reserve_route(struct planner *p, int32_t direction, size_t changes)
{
	struct mig__route *route = &p->route;

	route->direction = direction;
	route->steps = mig__malloc(p->g->alloc, p->listed.count * sizeof *route->steps);
	route->nodes = mig__malloc(p->g->alloc, changes * sizeof *route->nodes);
	if (!route->steps || !route->nodes)
		return mig__fail_nomem(p->err);
	for (uint32_t i = 0; i < p->rows.count; i++)
		p->flags[p->rows.at[i]] |= MIG__ROW;
	return MIG_OK;
}

static struct mig__route_step *add_step(struct planner *p, uint32_t v)
{
	struct mig__route_step *step = &p->route.steps[p->route.step_count++];

	*step = (struct mig__route_step){ .node = v, .removed_at = p->used };
	return step;
}

static void take_row(struct planner *p, struct mig__route_step *step, uint32_t v)
{
	p->flags[v] &= (uint8_t)~MIG__ROW;
	p->route.nodes[p->used++] = v;
	step->removed_count++;
}

static void add_row(struct planner *p, struct mig__route_step *step, uint32_t v)
{
	p->flags[v] |= MIG__ROW;
	p->route.nodes[p->used++] = v;
	step->added_count++;
}

static mig_status end_route(struct planner *p)
{
	return mig__flags_collect(p->g, p->flags, MIG__ROW, p->err, &p->route.rows);
}

/* -- up */

/* Goes through the graph newest first, and no further than it must: to the last target and row, and
 * until nothing that is needed is not applied. */
static mig_status choose_needed(struct planner *p)
{
	const struct mig__graph *g = p->g;
	uint32_t high = 0, low = UINT32_MAX, open = p->tips.count;
	const struct mig__nodes *both[2] = { &p->rows, &p->tips };

	for (int i = 0; i < 2; i++)
		for (uint32_t j = 0; j < both[i]->count; j++) {
			uint32_t v = both[i]->at[j], place = g->place[v];

			p->flags[v] |= i ? MIG__NEEDED | MIG__TARGET : MIG__APPLIED | MIG__ROW;
			high = place >= high ? place + 1 : high;
			low = place < low ? place : low;
		}
	for (uint32_t j = 0; j < p->tips.count; j++)
		open -= (p->flags[p->tips.at[j]] & MIG__APPLIED) != 0;
	for (uint32_t i = high; i-- > 0 && (open || i >= low);) {
		uint32_t v = g->order[i];
		unsigned mark = p->flags[v] & (MIG__NEEDED | MIG__APPLIED);

		if (!mark)
			continue;
		if (mark == MIG__NEEDED) {
			open--;
			if (!choose(p, v))
				return mig__fail_nomem(p->err);
		}
		MIG__EACH(q, g->below, v) {
			unsigned old = p->flags[q];

			if ((old & MIG__TARGET) && (mark & MIG__NEEDED))
				return mig__fail_overlap(g, &p->tips, q, "targets", p->err);
			if ((old & MIG__ROW) && (mark & MIG__APPLIED))
				return mig__fail_overlap(g, &p->rows, q, "version rows", p->err);
			p->flags[q] |= (uint8_t)mark;
			open += (p->flags[q] & (MIG__NEEDED | MIG__APPLIED)) == MIG__NEEDED;
			open -= (old & (MIG__NEEDED | MIG__APPLIED)) == MIG__NEEDED;
		}
	}
	return MIG_OK;
}

static mig_status route_up(struct planner *p)
{
	mig_status rc = reserve_route(p, MIG_UPGRADE, p->rows.count + 2 * (size_t)p->listed.count);

	if (rc)
		return rc;
	for (uint32_t i = p->listed.count; i-- > 0;) {
		uint32_t v = p->listed.at[i];
		struct mig__route_step *step = add_step(p, v);

		MIG__EACH(q, p->g->below, v)
			if (p->flags[q] & MIG__ROW)
				take_row(p, step, q);
		step->added_at = p->used;
		add_row(p, step, v);
	}
	return end_route(p);
}

static mig_status find_tips(struct planner *p, const char *const *targets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct mig__nodes one = { NULL, 0 };
		size_t cap = p->tips.count;
		mig_status rc = mig__target_upgrade(p->g, &p->rows, targets[i], 0, p->err, &one);

		if (!rc && !mig__grow(p->g->alloc, (void **)&p->tips.at, &cap,
				      (size_t)p->tips.count + one.count, sizeof *one.at))
			rc = mig__fail_nomem(p->err);
		if (!rc && one.count) {
			memcpy(p->tips.at + p->tips.count, one.at, one.count * sizeof *one.at);
			p->tips.count += one.count;
		}
		mig__nodes_finish(p->g, &one);
		if (rc)
			return rc;
	}
	mig__nodes_tidy(&p->tips);
	return MIG_OK;
}

mig_status mig__graph_targets(const struct mig__graph *g, struct mig__rows rows, const char *target,
			      struct mig__error *err, struct mig__nodes *out)
{
	struct mig__nodes at = { NULL, 0 };
	mig_status rc = mig__rows_read(g, rows, err, &at);

	if (!rc)
		rc = mig__target_upgrade(g, &at, target, 0, err, out);
	mig__nodes_finish(g, &at);
	return rc;
}

mig_status mig__graph_upgrade(const struct mig__graph *g, struct mig__rows rows,
			      const char *const *targets, size_t count, struct mig__error *err,
			      struct mig__route *out)
{
	struct planner p;
	mig_status rc = start(&p, g, err);
	int early = 0;

	for (size_t i = 0; i < count; i++)
		early |= mig__graph_is_relative(g, targets[i]);
	if (!rc && early)
		rc = mig__rows_read(g, rows, err, &p.rows);
	if (!rc)
		rc = find_tips(&p, targets, count);
	if (!rc && !early)
		rc = mig__rows_read(g, rows, err, &p.rows);
	if (!rc)
		rc = choose_needed(&p);
	if (!rc)
		rc = mig__order_list(g, p.flags, p.chosen, p.chosen_count, &p.tips, err, &p.listed);
	if (!rc)
		rc = route_up(&p);
	return finish(&p, rc, out);
}

/* -- down */

static mig_status fail_not_below(struct planner *p, const struct mig__goal *goal)
{
	struct mig__buf buf;

	mig__buf_init(&buf, p->err->alloc);
	mig__list_nodes(&buf, p->g, p->rows.at, p->rows.count);
	mig__fail(p->err, MIG_ENOT_ANCESTOR,
		  "there is no way down to \"%s\": the database is at %s",
		  goal->node == MIG__NO_NODE ? "base" : p->g->id[goal->node],
		  p->rows.count ? mig__buf_text(&buf) : "base");
	if (buf.failed)
		mig__fail_nomem(p->err);
	mig__buf_finish(&buf);
	return p->err->status;
}

/* Flags the goal's line: LABEL's, or that of the row a relative target started from. */
static mig_status flag_line(struct planner *p, const struct mig__goal *goal, uint8_t **out)
{
	const struct mig__graph *g = p->g;
	uint32_t from = goal->line;
	uint8_t *line;

	if (goal->ident.label_size) {
		struct mig__branch branch;
		mig_status rc = mig__branch_open(g, &goal->ident, p->err, &branch);

		if (rc)
			return rc;
		from = branch.node;
		mig__branch_close(g, &branch);
	}
	line = mig__flags_new(g);
	if (!line)
		return mig__fail_nomem(p->err);
	line[from] = 1;
	for (uint32_t i = g->place[from] + 1; i-- > 0;)
		if (line[g->order[i]])
			MIG__EACH(q, g->parents, g->order[i])
				line[q] = 1;
	*out = line;
	return MIG_OK;
}

/* Marks as ABOVE the lowest revisions to undo: the children of the goal, those on its line if there
 * are several. *checked: whether LABEL had a say in it. */
static mig_status mark_roots(struct planner *p, const struct mig__goal *goal, uint32_t *low,
			     int *checked)
{
	const struct mig__graph *g = p->g;
	struct mig__span roots = goal->node == MIG__NO_NODE ? g->sets[MIG__BASES]
							    : mig__graph_children(g, goal->node);
	uint8_t *line = NULL;
	uint32_t count = 0;
	mig_status rc;

	if (goal->undo_merge)
		roots = (struct mig__span){ &goal->node, 1 };
	*checked = roots.count > 1 || !goal->ident.label_size;
	if (roots.count > 1 && (goal->line != MIG__NO_NODE || goal->ident.label_size)) {
		rc = flag_line(p, goal, &line);
		if (rc)
			return rc;
	}
	*low = g->count;
	for (uint32_t i = 0; i < roots.count; i++) {
		uint32_t v = roots.at[i];

		if (line && !line[v])
			continue;
		count++;
		p->flags[v] |= MIG__ABOVE;
		*low = g->place[v] < *low ? g->place[v] : *low;
	}
	mig__free(g->alloc, line);
	return line && !count ? fail_not_below(p, goal) : MIG_OK;
}

/* Whether two nodes are on one line, dependencies included; -1 without memory. */
static int related(const struct mig__graph *g, uint32_t a, uint32_t b)
{
	uint32_t low = g->place[a] < g->place[b] ? a : b, high = low == a ? b : a;
	uint8_t *flags = mig__flags_new(g);
	int found;

	if (!flags)
		return -1;
	flags[low] = MIG__ABOVE;
	mig__sweep_up(g, &g->below, flags, MIG__ABOVE, g->place[low], g->place[high] + 1);
	found = flags[high] != 0;
	mig__free(g->alloc, flags);
	return found;
}

/* LABEL@NAME where LABEL makes no difference: there must be such a branch, and NAME must have to do
 * with it, be it through dependencies. */
static mig_status check_label(struct planner *p, const struct mig__goal *goal)
{
	const struct mig__ident *ident = &goal->ident;
	struct mig__branch branch;
	uint32_t node;
	int near = 1;
	mig_status rc = mig__branch_open(p->g, ident, p->err, &branch);

	if (rc == MIG_EAMBIGUOUS) {
		mig__error_clear(p->err);
		return MIG_OK;
	}
	if (!rc && goal->node != MIG__NO_NODE)
		near = related(p->g, branch.node, goal->node);
	if (near < 0)
		rc = mig__fail_nomem(p->err);
	else if (!near)
		rc = mig__resolve_name_one(p->g, &branch, ident->name, ident->name_size, p->err,
					   &node);
	mig__branch_close(p->g, &branch);
	return rc;
}

/* What is applied, and at or above a node with the flag ABOVE, the lowest of which has the place
 * `low`. */
static mig_status choose_applied_above(struct planner *p, uint32_t low)
{
	const struct mig__graph *g = p->g;
	const unsigned both = MIG__APPLIED | MIG__ABOVE;
	uint32_t high = 0;

	for (uint32_t i = 0; i < p->rows.count; i++) {
		uint32_t v = p->rows.at[i];

		p->flags[v] |= MIG__APPLIED;
		high = g->place[v] >= high ? g->place[v] + 1 : high;
	}
	mig__sweep_down(g, p->flags, MIG__APPLIED, high, low);
	mig__sweep_up(g, &g->below, p->flags, MIG__ABOVE, low, high);
	for (uint32_t i = high; i-- > low;)
		if ((p->flags[g->order[i]] & both) == both && !choose(p, g->order[i]))
			return mig__fail_nomem(p->err);
	return MIG_OK;
}

/* What is applied and above the roots. Sets *low to where the applied ones have been followed to.
 */
static mig_status choose_above(struct planner *p, const struct mig__goal *goal, uint32_t *low)
{
	int at_goal = 0, checked;
	mig_status rc = mark_roots(p, goal, low, &checked);

	if (!rc)
		rc = choose_applied_above(p, *low);
	if (rc)
		return rc;
	for (uint32_t i = 0; i < p->rows.count; i++)
		at_goal |= p->rows.at[i] == goal->node;
	if (!p->chosen_count && goal->node != MIG__NO_NODE && !at_goal)
		return fail_not_below(p, goal);
	return checked ? MIG_OK : check_label(p, goal);
}

/* Counts the applied dependents of a node, once. */
static void count_above(struct planner *p, uint32_t v)
{
	uint32_t count = 0;

	if (p->flags[v] & MIG__NEEDED)
		return;
	p->flags[v] |= MIG__NEEDED; /* means here: counted */
	MIG__EACH(u, p->g->dependents, v)
		count += (p->flags[u] & MIG__APPLIED) != 0;
	p->applied_above[v] = count;
}

/* Counts what the steps will need: for everything directly below a chosen one, and for the rows.
 * All dependents of that must be known as applied or not, so the sweep goes on from `swept`.
 * Returns how many rows can come and go, or SIZE_MAX without memory. */
static size_t count_changes(struct planner *p, uint32_t swept)
{
	const struct mig__graph *g = p->g;
	uint32_t low = swept;
	size_t changes = p->listed.count + 2 * (size_t)p->rows.count;

	for (uint32_t i = 0; i < p->listed.count; i++) {
		changes += mig__degree(&g->below, p->listed.at[i]);
		MIG__EACH(q, g->below, p->listed.at[i])
			low = g->place[q] < low ? g->place[q] : low;
	}
	for (uint32_t i = 0; i < p->rows.count; i++) /* one row may be below another */
		low = g->place[p->rows.at[i]] < low ? g->place[p->rows.at[i]] : low;
	mig__sweep_down(g, p->flags, MIG__APPLIED, swept, low);
	p->applied_above = mig__malloc(g->alloc, g->count * sizeof *p->applied_above);
	if (!p->applied_above)
		return SIZE_MAX;
	for (uint32_t i = 0; i < p->listed.count; i++)
		MIG__EACH(q, g->below, p->listed.at[i])
			count_above(p, q);
	for (uint32_t i = 0; i < p->rows.count; i++)
		count_above(p, p->rows.at[i]);
	return changes;
}

static mig_status route_down(struct planner *p, uint32_t swept)
{
	size_t changes = count_changes(p, swept);
	mig_status rc;

	if (changes == SIZE_MAX)
		return mig__fail_nomem(p->err);
	rc = reserve_route(p, MIG_DOWNGRADE, changes);
	if (rc)
		return rc;
	for (uint32_t i = 0; i < p->listed.count; i++) {
		uint32_t v = p->listed.at[i];
		struct mig__route_step *step = add_step(p, v);

		if (p->flags[v] & MIG__ROW)
			take_row(p, step, v);
		MIG__EACH(q, p->g->below, v)
			p->applied_above[q]--;
		for (uint32_t j = 0; !i && j < p->rows.count; j++) /* rows that others imply */
			if ((p->flags[p->rows.at[j]] & MIG__ROW) && p->applied_above[p->rows.at[j]])
				take_row(p, step, p->rows.at[j]);
		step->added_at = p->used;
		MIG__EACH(q, p->g->below, v)
			if (!p->applied_above[q] && !(p->flags[q] & MIG__ROW))
				add_row(p, step, q);
	}
	return end_route(p);
}

/* From what is chosen to the route. */
static mig_status end_down(struct planner *p, mig_status rc, uint32_t swept, struct mig__route *out)
{
	if (!rc)
		rc = mig__nodes_copy(p->g, p->rows.at, p->rows.count, p->err, &p->tips);
	if (!rc) {
		mig__nodes_tidy(&p->tips);
		rc = mig__order_list(p->g, p->flags, p->chosen, p->chosen_count, &p->tips, p->err,
				     &p->listed);
	}
	if (!rc)
		rc = route_down(p, swept);
	return finish(p, rc, out);
}

mig_status mig__graph_downgrade(const struct mig__graph *g, struct mig__rows rows,
				const char *target, struct mig__error *err, struct mig__route *out)
{
	struct mig__goal goal = { .node = MIG__NO_NODE, .line = MIG__NO_NODE };
	uint32_t swept = 0;
	struct planner p;
	mig_status rc = start(&p, g, err);
	int early = target && mig__graph_is_relative(g, target);

	if (!rc && early)
		rc = mig__rows_read(g, rows, err, &p.rows);
	if (!rc && target)
		rc = mig__target_downgrade(g, &p.rows, target, err, &goal);
	if (!rc && !early)
		rc = mig__rows_read(g, rows, err, &p.rows);
	if (!rc)
		rc = choose_above(&p, &goal, &swept);
	return end_down(&p, rc, swept, out);
}

mig_status mig__graph_undo(const struct mig__graph *g, struct mig__rows rows, struct mig__span nodes,
			   struct mig__error *err, struct mig__route *out)
{
	uint32_t low = g->count;
	struct planner p;
	mig_status rc = start(&p, g, err);

	if (!rc)
		rc = mig__rows_read(g, rows, err, &p.rows);
	for (uint32_t i = 0; !rc && i < nodes.count; i++) {
		p.flags[nodes.at[i]] |= MIG__ABOVE;
		low = g->place[nodes.at[i]] < low ? g->place[nodes.at[i]] : low;
	}
	if (!rc)
		rc = choose_applied_above(&p, low);
	return end_down(&p, rc, low, out);
}

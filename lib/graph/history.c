/* History: the revisions of a range A:B, newest first. They are what is at or below B and not below
 * A; unless A is base, only A and what stands on A by parents. */
#include "graph/internal.h"

#include <string.h>

struct range {
	const struct mig__graph *g;
	struct mig__error *err;
	struct mig__nodes lower, upper;
	char *text; /* "A" and "B", each with its NUL */
	const char *a, *b;
	uint8_t *flags;
	uint32_t *region, region_count;
};

static mig_status split(struct range *r, const char *range)
{
	char *colon;

	r->text = mig__strdup(r->g->alloc, range);
	if (!r->text)
		return mig__fail_nomem(r->err);
	colon = strchr(r->text, ':');
	if (!colon || strchr(colon + 1, ':'))
		return mig__fail(r->err, MIG_EBAD_RANGE,
				 "\"%.*s\" is no range: START:END, START: or :END",
				 MIG__SHOW(range, strlen(range)));
	*colon = '\0';
	r->a = *r->text ? r->text : "base";
	r->b = colon[1] ? colon + 1 : "heads";
	return MIG_OK;
}

static mig_status find_lower(struct range *r, struct mig__rows rows)
{
	struct mig__relative rel;
	mig_status rc;

	if (!strcmp(r->a, "current"))
		return mig__rows_read(r->g, rows, r->err, &r->lower);
	if (!mig__relative_parse(r->g, r->a, &rel) || rel.ident.name_size || rel.steps >= 0)
		return mig__graph_resolve(r->g, r->a, r->err, &r->lower);
	rc = mig__target_from_heads(r->g, &rel, r->a, r->err, &r->lower);
	if (!rc && !r->lower.count && r->g->count && !rel.ident.label_size &&
	    !strcmp(r->b, "heads"))
		rc = mig__fail(r->err, MIG_ENOTFOUND, "no revision is \"%.*s\": this is below base",
			       MIG__SHOW(r->a, strlen(r->a)));
	return rc;
}

/* With LABEL@... as A, only targets that have the label. */
static mig_status keep_branch(struct range *r)
{
	struct mig__ident parts = mig__ident_split(r->a);
	struct mig__branch branch;
	mig_status rc = mig__branch_open(r->g, &parts, r->err, &branch);

	if (!rc)
		rc = mig__keep_labelled(r->g, &branch, &r->upper, r->err);
	mig__branch_close(r->g, &branch);
	return rc;
}

static mig_status find_ends(struct range *r, struct mig__rows rows)
{
	mig_status rc = find_lower(r, rows);

	if (rc)
		return rc;
	rc = strcmp(r->b, "current")
		     ? mig__target_upgrade(r->g, &r->lower, r->b, 1, r->err, &r->upper)
		     : mig__rows_read(r->g, rows, r->err, &r->upper);
	if (rc)
		return rc;
	mig__nodes_tidy(&r->upper);
	rc = keep_branch(r);
	if (!rc)
		rc = mig__check_overlap(r->g, &r->upper, "ends of the range", r->err);
	if (!rc)
		rc = mig__check_overlap(r->g, &r->lower, "starts of the range", r->err);
	return rc;
}

static mig_status choose(struct range *r)
{
	const struct mig__graph *g = r->g;
	uint8_t *flags = r->flags;

	for (uint32_t i = 0; i < r->upper.count; i++)
		flags[r->upper.at[i]] |= MIG__NEEDED;
	mig__sweep_down(g, flags, MIG__NEEDED, g->count, 0);
	for (uint32_t i = 0; i < r->lower.count; i++) {
		uint32_t v = r->lower.at[i];

		if (!(flags[v] & MIG__NEEDED))
			return mig__fail(r->err, MIG_ENOT_ANCESTOR,
					 "\"%s\" is not below \"%.*s\": they are not on one line",
					 g->id[v], MIG__SHOW(r->b, strlen(r->b)));
		flags[v] |= MIG__APPLIED | MIG__ABOVE | MIG__ROW;
	}
	mig__sweep_down(g, flags, MIG__APPLIED, g->count, 0);
	mig__sweep_up(g, &g->parents, flags, MIG__ABOVE, 0, g->count);
	for (uint32_t v = 0; v < g->count; v++) {
		if (!(flags[v] & MIG__ROW) &&
		    (flags[v] & (MIG__NEEDED | MIG__APPLIED)) != MIG__NEEDED)
			continue;
		flags[v] |= MIG__TARGET; /* means here: may be in the region */
		if (!r->lower.count || (flags[v] & MIG__ABOVE))
			flags[v] |= MIG__CHOSEN;
	}
	return MIG_OK;
}

/* The chosen, and what is between them and the ends of the range that are chosen. */
static mig_status find_region(struct range *r)
{
	const struct mig__graph *g = r->g;
	uint8_t *flags = r->flags;

	for (uint32_t i = 0; i < r->upper.count; i++)
		if (flags[r->upper.at[i]] & MIG__CHOSEN)
			flags[r->upper.at[i]] |= MIG__REGION;
	mig__sweep_down(g, flags, MIG__REGION, g->count, 0);
	r->region = mig__malloc(g->alloc, g->count * sizeof *r->region);
	if (!r->region)
		return mig__fail_nomem(r->err);
	for (uint32_t i = g->count; i-- > 0;) {
		uint32_t v = g->order[i];

		if (!(flags[v] & MIG__TARGET))
			flags[v] &= (uint8_t)~MIG__REGION;
		if (flags[v] & MIG__CHOSEN)
			flags[v] |= MIG__REGION;
		if (flags[v] & MIG__REGION)
			r->region[r->region_count++] = v;
	}
	return MIG_OK;
}

mig_status mig__graph_history(const struct mig__graph *g, const char *range, struct mig__rows rows,
			      struct mig__error *err, struct mig__nodes *out)
{
	struct range r = { .g = g, .err = err };
	mig_status rc = split(&r, range ? range : ":");

	if (!rc)
		rc = find_ends(&r, rows);
	if (!rc) {
		r.flags = mig__flags_new(g);
		if (!r.flags)
			rc = mig__fail_nomem(err);
	}
	if (!rc)
		rc = choose(&r);
	if (!rc)
		rc = find_region(&r);
	if (!rc)
		rc = mig__order_list(g, r.flags, r.region, r.region_count, &r.upper, err, out);
	mig__nodes_finish(g, &r.lower);
	mig__nodes_finish(g, &r.upper);
	mig__free(g->alloc, r.text);
	mig__free(g->alloc, r.flags);
	mig__free(g->alloc, r.region);
	return rc;
}

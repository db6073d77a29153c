/* Sets of nodes: sweeps over the graph, the rows of the version table, overlaps. */
#include "graph/internal.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_SHOWN = 10 };

void mig__nodes_finish(const struct mig__graph *g, struct mig__nodes *nodes)
{
	mig__free(g->alloc, nodes->at);
	*nodes = (struct mig__nodes){ NULL, 0 };
}

mig_status mig__nodes_copy(const struct mig__graph *g, const uint32_t *from, uint32_t count,
			   struct mig__error *err, struct mig__nodes *out)
{
	uint32_t *at = mig__malloc(g->alloc, count * sizeof *at);

	if (!at)
		return mig__fail_nomem(err);
	if (count)
		memcpy(at, from, count * sizeof *at);
	*out = (struct mig__nodes){ at, count };
	return MIG_OK;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

void mig__nodes_tidy(struct mig__nodes *nodes)
{
	uint32_t kept = 0, ordered = 1;

	while (ordered < nodes->count && nodes->at[ordered - 1] < nodes->at[ordered])
		ordered++;
	if (ordered >= nodes->count)
		return;
	qsort(nodes->at, nodes->count, sizeof *nodes->at, by_number);
	for (uint32_t i = 0; i < nodes->count; i++)
		if (!kept || nodes->at[kept - 1] != nodes->at[i])
			nodes->at[kept++] = nodes->at[i];
	nodes->count = kept;
}

void mig__list_nodes(struct mig__buf *buf, const struct mig__graph *g, const uint32_t *nodes,
		     size_t count)
{
	size_t shown = count > MOST_SHOWN + 1 ? MOST_SHOWN : count;

	for (size_t i = 0; i < shown; i++)
		mig__buf_addf(buf, "%s\"%s\"", i ? ", " : "", g->id[nodes[i]]);
	if (shown < count)
		mig__buf_addf(buf, " and %zu more", count - shown);
}

uint8_t *mig__flags_new(const struct mig__graph *g)
{
	return mig__calloc(g->alloc, g->count, 1);
}

void mig__sweep_down(const struct mig__graph *g, uint8_t *flags, unsigned flag, uint32_t high,
		     uint32_t low)
{
	for (uint32_t i = high; i-- > low;) {
		uint32_t v = g->order[i];

		if (!(flags[v] & flag))
			continue;
		MIG__EACH(p, g->below, v)
			flags[p] |= (uint8_t)flag;
	}
}

void mig__sweep_up(const struct mig__graph *g, const struct mig__adjacency *down, uint8_t *flags,
		   unsigned flag, uint32_t low, uint32_t high)
{
	for (uint32_t i = low; i < high; i++) {
		uint32_t v = g->order[i];

		MIG__EACH(p, *down, v)
			flags[v] |= (uint8_t)(flags[p] & flag);
	}
}

mig_status mig__flags_collect(const struct mig__graph *g, const uint8_t *flags, unsigned want,
			      struct mig__error *err, struct mig__nodes *out)
{
	uint32_t count = 0, *at;

	for (uint32_t v = 0; v < g->count; v++)
		count += (flags[v] & want) == want;
	at = mig__malloc(g->alloc, count * sizeof *at);
	if (!at)
		return mig__fail_nomem(err);
	*out = (struct mig__nodes){ at, count };
	for (uint32_t v = 0; v < g->count; v++)
		if ((flags[v] & want) == want)
			*at++ = v;
	return MIG_OK;
}

mig_status mig__fail_overlap(const struct mig__graph *g, const struct mig__nodes *nodes,
			     uint32_t lower, const char *what, struct mig__error *err)
{
	uint8_t *flags = mig__flags_new(g);
	uint32_t upper = lower;

	if (!flags)
		return mig__fail_nomem(err);
	flags[lower] = MIG__ABOVE;
	mig__sweep_up(g, &g->below, flags, MIG__ABOVE, g->place[lower], g->count);
	for (uint32_t i = 0; i < nodes->count && upper == lower; i++)
		if (flags[nodes->at[i]])
			upper = nodes->at[i];
	mig__free(g->alloc, flags);
	return mig__fail(err, MIG_EOVERLAP, "the %s overlap: \"%s\" is included in \"%s\" already",
			 what, g->id[lower], g->id[upper]);
}

mig_status mig__check_overlap(const struct mig__graph *g, const struct mig__nodes *nodes,
			      const char *what, struct mig__error *err)
{
	uint32_t low = UINT32_MAX, high = 0, lower = MIG__NO_NODE;
	uint8_t *flags;

	if (nodes->count < 2)
		return MIG_OK;
	flags = mig__flags_new(g);
	if (!flags)
		return mig__fail_nomem(err);
	for (uint32_t i = 0; i < nodes->count; i++) {
		uint32_t place = g->place[nodes->at[i]];

		flags[nodes->at[i]] |= MIG__ROW;
		low = place < low ? place : low;
		high = place >= high ? place + 1 : high;
	}
	/* ABOVE means here: properly below one of them */
	for (uint32_t i = high; i-- > low && lower == MIG__NO_NODE;) {
		uint32_t v = g->order[i];

		if (!(flags[v] & (MIG__ROW | MIG__ABOVE)))
			continue;
		MIG__EACH(p, g->below, v) {
			flags[p] |= MIG__ABOVE;
			if (flags[p] & MIG__ROW)
				lower = p;
		}
	}
	mig__free(g->alloc, flags);
	return lower == MIG__NO_NODE ? MIG_OK : mig__fail_overlap(g, nodes, lower, what, err);
}

static mig_status fail_unknown_rows(const struct mig__graph *g, struct mig__rows rows,
				    struct mig__error *err)
{
	struct mig__buf buf;
	size_t unknown = 0;

	mig__buf_init(&buf, err->alloc);
	for (size_t i = 0; i < rows.count; i++)
		if (mig__graph_find(g, rows.ids[i]) == MIG__NO_NODE)
			mig__buf_addf(&buf, "%s\"%.*s\"", unknown++ ? ", " : "",
				      MIG__SHOW(rows.ids[i], strlen(rows.ids[i])));
	mig__fail(err, MIG_ENEWER,
		  "the database is newer than this program: it is at %s, and no revision with %s "
		  "is known",
		  mig__buf_text(&buf), unknown == 1 ? "this id" : "these ids");
	if (buf.failed)
		mig__fail_nomem(err);
	mig__buf_finish(&buf);
	return err->status;
}

mig_status mig__rows_read(const struct mig__graph *g, struct mig__rows rows, struct mig__error *err,
			  struct mig__nodes *out)
{
	uint32_t *at = mig__calloc(g->alloc, rows.count, sizeof *at), count = 0;
	uint8_t *seen = rows.count > 1 ? mig__flags_new(g) : NULL;
	mig_status rc = MIG_OK;

	if (!at || (rows.count > 1 && !seen))
		rc = mig__fail_nomem(err);
	for (size_t i = 0; !rc && i < rows.count; i++) {
		uint32_t v = mig__graph_find(g, rows.ids[i]);

		if (v == MIG__NO_NODE)
			rc = fail_unknown_rows(g, rows, err);
		else if (!seen || !seen[v])
			at[count++] = v;
		if (!rc && seen)
			seen[v] = 1;
	}
	mig__free(g->alloc, seen);
	if (rc)
		mig__free(g->alloc, at);
	else
		*out = (struct mig__nodes){ at, count };
	return rc;
}

/* The plain questions that a built graph answers, and an error about one of its declarations. Not
 * how it is built: build.c; nor what an identifier stands for: resolve.c. */
#include "graph/internal.h"

#include <string.h>

uint32_t mig__graph_count(const struct mig__graph *g)
{
	return g->count;
}

const char *mig__graph_id(const struct mig__graph *g, uint32_t node)
{
	return g->id[node];
}

uint32_t mig__graph_find(const struct mig__graph *g, const char *id)
{
	return mig__ids_get(g, id, strlen(id));
}

static struct mig__span span(const struct mig__adjacency *list, uint32_t v)
{
	if (!list->at)
		return (struct mig__span){ NULL, 0 };
	return (struct mig__span){ list->node + list->at[v], mig__degree(list, v) };
}

struct mig__span mig__graph_parents(const struct mig__graph *g, uint32_t node)
{
	return span(&g->parents, node);
}

struct mig__span mig__graph_dependencies(const struct mig__graph *g, uint32_t node)
{
	return span(&g->dependencies, node);
}

struct mig__span mig__graph_children(const struct mig__graph *g, uint32_t node)
{
	return span(&g->children, node);
}

struct mig__span mig__graph_dependents(const struct mig__graph *g, uint32_t node)
{
	return span(&g->dependents, node);
}

struct mig__span mig__graph_set(const struct mig__graph *g, enum mig__graph_set which)
{
	return g->sets[which];
}

struct mig__span mig__graph_order(const struct mig__graph *g)
{
	return (struct mig__span){ g->order, g->count };
}

mig_status mig__graph_fault(struct mig__error *err, mig_status status,
			    const struct mig__graph_decl *decl, const char *format, ...)
{
	struct mig__buf buf;
	va_list args;

	mig__buf_init(&buf, err->alloc);
	va_start(args, format);
	mig__buf_addv(&buf, format, args);
	va_end(args);
	if (decl->file)
		mig__fail_at(err, status, decl->file, 0, 0, "%s", mig__buf_text(&buf));
	else
		mig__fail(err, status, "%s", mig__buf_text(&buf));
	if (buf.failed)
		mig__fail_nomem(err);
	else
		mig__error_set_revision(err, decl->id);
	mig__buf_finish(&buf);
	return err->status;
}

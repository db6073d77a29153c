/* revision: lists of revisions as handles. A list owns copies, so it outlives the context. */
#ifndef MIG__API_REVISION_H
#define MIG__API_REVISION_H

#include "api/ctx.h"

struct mig_revision {
	mig_revision_list *list; /* whose entry it is */
	const char *id, *summary, *message, *file, *created;
	struct mig__list parents, children, dependencies, labels;
	uint32_t flags;
	mig_header header;
	char digest[MIG__DIGEST_HEX], chain[MIG__DIGEST_HEX]; /* "" until loaded */
	const mig_section *sections;
	size_t section_count;
	int32_t on_disk;
	const char *text; /* NULL until asked for, and for a revision in C */
	size_t text_size;
};

struct mig_revision_list {
	struct mig__alloc alloc;
	struct mig__arena arena;
	mig_revision *at;
	size_t count;
};

/* Copies the nodes; flags are or-ed to each. */
mig_status mig__revision_list_new(mig_ctx *ctx, const uint32_t *nodes, size_t count, uint32_t flags,
				  mig_revision_list **out);

#endif

/* revision: lists of revisions as handles. A list borrows from the context's revisions, of which it has
 * a share: so it outlives the context. */
#ifndef MIG__API_REVISION_H
#define MIG__API_REVISION_H

#include "api/ctx.h"

/* What is read of an entry when it is asked for. */
struct mig__more {
	char digest[MIG__DIGEST_HEX], chain[MIG__DIGEST_HEX]; /* "" until loaded */
	const mig_section *sections;
	size_t section_count;
	const char *text; /* of its file */
	size_t text_size;
};

struct mig_revision {
	mig_revision_list *list; /* whose entry it is */
	struct mig__more *more;  /* NULL: nothing was asked for */
	const char *summary;     /* NULL: the message is one line */
	uint32_t node;
	uint32_t flags; /* beyond those that the graph tells */
};

struct mig_revision_list {
	struct mig__alloc alloc;
	struct mig__arena arena;
	struct mig__revisions *revisions;
	mig_revision *at;
	size_t count;
	int32_t has_texts; /* those that are in memory may be asked for */
};

/* flags are or-ed to each. */
mig_status mig__revision_list_new(mig_ctx *ctx, const uint32_t *nodes, size_t count, uint32_t flags,
				  mig_revision_list **out);

#endif

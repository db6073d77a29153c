/* arena: memory that is freed all at once. Small pieces are cut from chunks; a large one gets a
 * chunk of its own. Nothing is zeroed but by mig__arena_zalloc. */
#ifndef MIG__BASE_ARENA_H
#define MIG__BASE_ARENA_H

#include "base/alloc.h"

struct mig__arena {
	const struct mig__alloc *alloc;
	struct mig__chunk *chunks; /* newest first */
	char *next, *end;          /* free part of the newest */
};

void mig__arena_init(struct mig__arena *arena, const struct mig__alloc *alloc);
void mig__arena_finish(struct mig__arena *arena); /* frees everything; the arena stays usable */

/* All aligned for any type but the strings; NULL when there is no memory. */
void *mig__arena_alloc(struct mig__arena *arena, size_t size);
void *mig__arena_zalloc(struct mig__arena *arena, size_t count, size_t size);
char *mig__arena_strndup(struct mig__arena *arena, const char *text, size_t size);
char *mig__arena_strdup(struct mig__arena *arena, const char *text);

#endif

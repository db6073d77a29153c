/* alloc: the one allocator of a context, and checked calls over it. Only base allocates. */
#ifndef MIG__BASE_ALLOC_H
#define MIG__BASE_ALLOC_H

#include <mig/types.h>

struct mig__alloc {
	void *(*fn)(void *user, void *ptr, size_t size); /* size 0 frees and returns NULL */
	void *user;
};

/* libc's realloc and free. */
extern const struct mig__alloc mig__alloc_libc;

/* All return NULL when there is no memory or the size overflows. */
void *mig__malloc(const struct mig__alloc *a, size_t size);
void *mig__calloc(const struct mig__alloc *a, size_t count, size_t size);
void *mig__realloc(const struct mig__alloc *a, void *ptr, size_t size);
char *mig__strndup(const struct mig__alloc *a, const char *text, size_t size);
char *mig__strdup(const struct mig__alloc *a, const char *text);
void mig__free(const struct mig__alloc *a, void *ptr); /* NULL allowed */

/* Makes room for at least `want` items of `size` bytes, growing by half; 0 when there is no memory
 * (the items stay as they were). E.g. mig__grow(a, (void **)&v, &cap, n + 1, sizeof *v). */
int mig__grow(const struct mig__alloc *a, void **items, size_t *cap, size_t want, size_t size);

#endif

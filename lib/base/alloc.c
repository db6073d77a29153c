/* alloc: checked calls of the context's allocator. Not arenas: arena.c. Sizes are checked for
 * overflow here, so that no caller has to. */
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static void *libc_realloc(void *user, void *ptr, size_t size)
{
	(void)user;
	if (size == 0) {
		free(ptr);
		return NULL;
	}
	return realloc(ptr, size);
}

const struct mig__alloc mig__alloc_libc = { libc_realloc, NULL };

void *mig__malloc(const struct mig__alloc *a, size_t size)
{
	return a->fn(a->user, NULL, size ? size : 1);
}

void *mig__calloc(const struct mig__alloc *a, size_t count, size_t size)
{
	void *ptr;

	if (size && count > SIZE_MAX / size)
		return NULL;
	ptr = mig__malloc(a, count * size);
	if (ptr)
		memset(ptr, 0, count * size);
	return ptr;
}

void *mig__realloc(const struct mig__alloc *a, void *ptr, size_t size)
{
	return a->fn(a->user, ptr, size ? size : 1);
}

char *mig__strndup(const struct mig__alloc *a, const char *text, size_t size)
{
	char *copy = size < SIZE_MAX ? mig__malloc(a, size + 1) : NULL;

	if (copy) {
		if (size)
			memcpy(copy, text, size);
		copy[size] = '\0';
	}
	return copy;
}

char *mig__strdup(const struct mig__alloc *a, const char *text)
{
	return mig__strndup(a, text, strlen(text));
}

void mig__free(const struct mig__alloc *a, void *ptr)
{
	if (ptr)
		a->fn(a->user, ptr, 0);
}

int mig__grow(const struct mig__alloc *a, void **items, size_t *cap, size_t want, size_t size)
{
	size_t room;
	void *grown;

	if (want <= *cap)
		return 1;
	room = *cap < 8 ? 8 : *cap + *cap / 2;
	if (room < want)
		room = want;
	if (room > SIZE_MAX / size)
		return 0;
	grown = mig__realloc(a, *items, room * size);
	if (!grown)
		return 0;
	*items = grown;
	*cap = room;
	return 1;
}

/* arena: cuts small pieces from chunks that are freed all at once. A piece cannot be freed
 * alone. What is larger than a chunk gets one of its own, and the current chunk goes on. Pieces are
 * aligned for pointers, numbers of 64 bits and double, not for long double: most are lists' nodes of
 * three pointers, of which a quarter would be lost otherwise. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

union widest {
	void *pointer;
	uint64_t number;
	double real;
};

enum { FIRST_CHUNK = 2048, LARGEST_CHUNK = 256 * 1024 };

struct mig__chunk {
	struct mig__chunk *next;
	size_t size;
	alignas(max_align_t) char data[];
};

void mig__arena_init(struct mig__arena *arena, const struct mig__alloc *alloc)
{
	*arena = (struct mig__arena){ .alloc = alloc };
}

void mig__arena_finish(struct mig__arena *arena)
{
	struct mig__chunk *next;

	for (struct mig__chunk *c = arena->chunks; c; c = next) {
		next = c->next;
		mig__free(arena->alloc, c);
	}
	mig__arena_init(arena, arena->alloc);
}

static struct mig__chunk *add_chunk(struct mig__arena *arena, size_t size)
{
	struct mig__chunk *c;

	if (size > SIZE_MAX - sizeof *c)
		return NULL;
	c = mig__malloc(arena->alloc, sizeof *c + size);
	if (c)
		c->size = size;
	return c;
}

static void *cut(struct mig__arena *arena, size_t size, size_t align)
{
	struct mig__chunk *c;
	size_t pad = (align - (uintptr_t)arena->next % align) % align;
	size_t room = arena->next ? (size_t)(arena->end - arena->next) : 0;
	char *piece;

	if (arena->next && pad <= room && size <= room - pad) {
		piece = arena->next + pad;
		arena->next = piece + size;
		return piece;
	}
	if (size > LARGEST_CHUNK / 4) { /* its own, behind the newest */
		c = add_chunk(arena, size);
		if (!c)
			return NULL;
		c->next = arena->chunks ? arena->chunks->next : NULL;
		if (arena->chunks)
			arena->chunks->next = c;
		else
			arena->chunks = c;
		return c->data;
	}
	room = arena->chunks ? arena->chunks->size * 2 : FIRST_CHUNK;
	if (room > LARGEST_CHUNK)
		room = LARGEST_CHUNK;
	if (room < size)
		room = size;
	c = add_chunk(arena, room);
	if (!c)
		return NULL;
	c->next = arena->chunks;
	arena->chunks = c;
	arena->next = c->data + size;
	arena->end = c->data + room;
	return c->data;
}

void *mig__arena_alloc(struct mig__arena *arena, size_t size)
{
	return cut(arena, size ? size : 1, alignof(union widest));
}

void *mig__arena_zalloc(struct mig__arena *arena, size_t count, size_t size)
{
	void *p;

	if (size && count > SIZE_MAX / size)
		return NULL;
	p = mig__arena_alloc(arena, count * size);
	if (p)
		memset(p, 0, count * size);
	return p;
}

char *mig__arena_strndup(struct mig__arena *arena, const char *text, size_t size)
{
	char *copy = size < SIZE_MAX ? cut(arena, size + 1, 1) : NULL;

	if (copy) {
		if (size)
			memcpy(copy, text, size);
		copy[size] = '\0';
	}
	return copy;
}

char *mig__arena_strdup(struct mig__arena *arena, const char *text)
{
	return mig__arena_strndup(arena, text, strlen(text));
}

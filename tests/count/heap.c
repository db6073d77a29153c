/* See heap.h. Each block has its size in front. */
#include "heap.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

union front {
	size_t size;
	max_align_t align;
};

static int refused(struct heap *heap)
{
	heap->requests++;
	if (!heap->fail_at || heap->requests < heap->fail_at)
		return 0;
	if (heap->requests > heap->fail_at && !heap->fail_after)
		return 0;
	heap->failed++;
	return 1;
}

static void *heap_realloc(void *user, void *ptr, size_t size)
{
	struct heap *heap = user;
	union front *old = ptr ? (union front *)ptr - 1 : NULL;
	size_t old_size = old ? old->size : 0;
	union front *block;

	if (size == 0) {
		heap->blocks -= old != NULL;
		heap->live -= (int64_t)old_size;
		free(old);
		return NULL;
	}
	if (size > SIZE_MAX - sizeof(*block) || refused(heap))
		return NULL;
	/* Always to another place, so that a pointer kept too long is found out. */
	block = malloc(sizeof(*block) + size);
	if (!block)
		return NULL;
	block->size = size;
	if (old)
		memcpy(block + 1, old + 1, old_size < size ? old_size : size);
	free(old);
	heap->blocks += old == NULL;
	heap->bytes += size > old_size ? size - old_size : 0;
	heap->live += (int64_t)size - (int64_t)old_size;
	if (heap->live > heap->peak)
		heap->peak = heap->live;
	return block + 1;
}

void heap_init(struct heap *heap)
{
	memset(heap, 0, sizeof(*heap));
	heap->allocator = (mig_allocator){ sizeof(mig_allocator), heap_realloc, heap };
}

void heap_reset(struct heap *heap, uint64_t fail_at, int fail_after)
{
	heap->requests = heap->bytes = heap->failed = 0;
	heap->peak = heap->live;
	heap->fail_at = fail_at;
	heap->fail_after = fail_after;
}

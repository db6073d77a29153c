/* heap: an allocator for a context that counts, and can fail at the n-th request. */
#ifndef MIG_TEST_HEAP_H
#define MIG_TEST_HEAP_H

#include <mig/mig.h>
#include <stdint.h>

struct heap {
	mig_allocator allocator; /* for mig_open_options */
	uint64_t requests;       /* allocations and changes of size */
	uint64_t bytes;          /* asked for in all, what a change of size adds counted only */
	int64_t blocks;          /* not freed yet */
	int64_t live, peak;      /* bytes */
	uint64_t fail_at;        /* this request fails; 0: none */
	int fail_after;          /* and all after it */
	uint64_t failed;         /* requests that failed */
};

void heap_init(struct heap *heap);
/* Counts from here on; what is live stays so. */
void heap_reset(struct heap *heap, uint64_t fail_at, int fail_after);

#endif

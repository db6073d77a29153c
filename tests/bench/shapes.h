/* shapes: revision graphs of several shapes, and the least work that gives an order of one at all. */
#ifndef MIG_BENCH_SHAPES_H
#define MIG_BENCH_SHAPES_H

#include <stddef.h>
#include <stdint.h>

struct shape_revision {
	char id[16];
	const char **parents, **dependencies; /* end with NULL */
	uint32_t parent_count, dependency_count;
};

struct shape {
	struct shape_revision *at;
	uint32_t count;
	const char **lists;
};

/* Shape 0 is a line, 1 has branches that are merged. */
size_t shape_count(void);
const char *shape_name(size_t shape);
/* At least 2,000 revisions. */
void shape_make(struct shape *s, size_t shape, uint32_t count);
void shape_free(struct shape *s);
/* Hashes the ids, looks up the parents, links them, sorts topologically. */
void shape_order(const struct shape *s);

#endif

/* map: text to uint32_t, open addressing over borrowed keys. Keys are never removed. */
#ifndef MIG__BASE_MAP_H
#define MIG__BASE_MAP_H

#include "base/alloc.h"

#define MIG__NONE UINT32_MAX

struct mig__map_slot {
	const char *key; /* NULL: free */
	uint32_t size;
	uint32_t hash;
	uint32_t value;
};

struct mig__map {
	const struct mig__alloc *alloc;
	struct mig__map_slot *slots;
	size_t mask; /* slots - 1 */
	size_t count;
};

void mig__map_init(struct mig__map *map, const struct mig__alloc *alloc);
void mig__map_finish(struct mig__map *map);
/* Room for count keys without growing; 0 when there is no memory. */
int mig__map_reserve(struct mig__map *map, size_t count);
/* The value of a key, or MIG__NONE. */
uint32_t mig__map_get(const struct mig__map *map, const char *key, size_t size);
/* Adds a key, which must stay valid, unless it is there: *old (may be NULL) is then its value,
 * otherwise MIG__NONE. 0 when there is no memory. */
int mig__map_add(struct mig__map *map, const char *key, size_t size, uint32_t value, uint32_t *old);

#endif

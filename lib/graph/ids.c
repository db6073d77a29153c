/* The index of ids: open addressing, at most two thirds full, over eight bytes an entry. mig__map
 * would do, but building a large graph is mostly waiting for memory: this takes a third of it, and
 * an entry can be asked for some time before it is needed. */
#include "graph/internal.h"

#include <string.h>

enum { MOST_BYTES = 255 }; /* of an id */

/* Multiply and fold, eight bytes at a time. The ids come from the program's own revisions. */
uint32_t mig__ids_hash(const struct mig__graph *g, const char *text, size_t size)
{
	const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
	uint64_t h = size, word;

	for (; size >= sizeof word; size -= sizeof word, text += sizeof word) {
		memcpy(&word, text, sizeof word);
		h = (h ^ word) * odd;
		h ^= h >> 32;
	}
	word = 0;
	memcpy(&word, text, size);
	h = (h ^ word) * odd;
	h ^= h >> 29;
	h *= odd;
	h >>= 32;
	__builtin_prefetch(&g->ids[h & g->ids_mask]);
	return (uint32_t)h;
}

int mig__ids_reserve(struct mig__graph *g)
{
	size_t room = 16;

	while (room < g->count + (size_t)g->count / 2)
		room *= 2;
	g->ids = mig__arena_zalloc(&g->arena, room, sizeof *g->ids);
	g->ids_mask = (uint32_t)(room - 1);
	return g->ids != NULL;
}

/* The entry of an id, or the free one where it belongs. */
static struct mig__id_entry *find(const struct mig__graph *g, const char *id, size_t size,
				  uint32_t hash)
{
	for (uint32_t i = hash & g->ids_mask;; i = (i + 1) & g->ids_mask) {
		struct mig__id_entry *e = &g->ids[i];

		if (!e->node)
			return e;
		if (e->hash == hash && !strncmp(g->id[e->node - 1], id, size) &&
		    !g->id[e->node - 1][size])
			return e;
	}
}

uint32_t mig__ids_add(struct mig__graph *g, uint32_t node, size_t size, uint32_t hash)
{
	struct mig__id_entry *e = find(g, g->id[node], size, hash);

	if (e->node)
		return e->node - 1;
	*e = (struct mig__id_entry){ hash, node + 1 };
	return MIG__NO_NODE;
}

uint32_t mig__ids_get_hashed(const struct mig__graph *g, const char *id, size_t size, uint32_t hash)
{
	if (size > MOST_BYTES)
		return MIG__NO_NODE;
	return find(g, id, size, hash)->node - 1; /* free: 0 becomes MIG__NO_NODE */
}

uint32_t mig__ids_get(const struct mig__graph *g, const char *id, size_t size)
{
	return mig__ids_get_hashed(g, id, size, mig__ids_hash(g, id, size));
}

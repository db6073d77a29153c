/* Linear probing at most half full. The hash takes eight bytes at a time: each is mixed in by a
 * multiplication, whose upper half is then brought down, since that is where all bits have been heard. */
#include "base/map.h"

#include <string.h>

void mig__map_init(struct mig__map *map, const struct mig__alloc *alloc)
{
	*map = (struct mig__map){ .alloc = alloc };
}

void mig__map_finish(struct mig__map *map)
{
	mig__free(map->alloc, map->slots);
	mig__map_init(map, map->alloc);
}

static uint64_t mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 32;
}

static uint32_t hash_of(const char *key, size_t size)
{
	uint64_t h = size, word = 0;

	for (; size >= sizeof word; key += sizeof word, size -= sizeof word) {
		memcpy(&word, key, sizeof word);
		h = mix(h, word);
	}
	for (word = 0; size; size--)
		word = word << 8 | (unsigned char)key[size - 1];
	return (uint32_t)mix(mix(h, word), 0);
}

/* The slot of the key, or the free one where it belongs. */
static struct mig__map_slot *find(const struct mig__map *map, const char *key, size_t size,
				  uint32_t hash)
{
	for (size_t i = hash & map->mask;; i = (i + 1) & map->mask) {
		struct mig__map_slot *s = &map->slots[i];

		if (!s->key || (s->hash == hash && s->size == size && !memcmp(s->key, key, size)))
			return s;
	}
}

int mig__map_reserve(struct mig__map *map, size_t count)
{
	struct mig__map old = *map;
	size_t room = 16;

	if (count > UINT32_MAX / 4)
		return 0;
	while (room < count * 2)
		room *= 2;
	if (map->slots && room <= map->mask + 1)
		return 1;
	map->slots = mig__calloc(map->alloc, room, sizeof *map->slots);
	if (!map->slots) {
		*map = old;
		return 0;
	}
	map->mask = room - 1;
	for (size_t i = 0; old.slots && i <= old.mask; i++)
		if (old.slots[i].key)
			*find(map, old.slots[i].key, old.slots[i].size, old.slots[i].hash) =
				old.slots[i];
	mig__free(map->alloc, old.slots);
	return 1;
}

uint32_t mig__map_get(const struct mig__map *map, const char *key, size_t size)
{
	struct mig__map_slot *s;

	if (!map->count || size > UINT32_MAX)
		return MIG__NONE;
	s = find(map, key, size, hash_of(key, size));
	return s->key ? s->value : MIG__NONE;
}

int mig__map_add(struct mig__map *map, const char *key, size_t size, uint32_t value, uint32_t *old)
{
	uint32_t hash = hash_of(key, size);
	struct mig__map_slot *s;

	if (size > UINT32_MAX || !mig__map_reserve(map, map->count + 1))
		return 0;
	s = find(map, key, size, hash);
	if (old)
		*old = s->key ? s->value : MIG__NONE;
	if (!s->key) {
		*s = (struct mig__map_slot){ key, (uint32_t)size, hash, value };
		map->count++;
	}
	return 1;
}

/* Both sides are mostly in one order, so they are first walked side by side; what is left is looked
 * up in a table. Parents come before their children, so one walk over all objects serves. */
#include "schema/match.h"

#include "base/ascii.h"
#include "base/buf.h"

#include <string.h>

struct matching {
	struct mig__schema *before, *after;
	int (*compare)(const char *a, const char *b);
	struct mig__map map; /* of before's objects that are not matched yet */
	struct mig__arena keys;
};

static int same(const struct matching *m, const mig_object *a, const mig_object *b)
{
	return a->kind == b->kind && !m->compare(a->name, b->name) &&
	       !m->compare(a->schema, b->schema);
}

static void pair(const mig_object *a, const mig_object *b)
{
	((struct mig__object *)a)->pub.other = b;
	((struct mig__object *)b)->pub.other = a;
}

/* Pairs what stands in the same order; an object that one side alone has is skipped if the next
 * one fits again. */
static void walk_lists(const struct matching *m, const mig_object *a, const mig_object *b)
{
	while (a && b) {
		if (same(m, a, b)) {
			pair(a, b);
			a = a->next;
			b = b->next;
		} else if (a->next && same(m, a->next, b)) {
			a = a->next;
		} else {
			b = b->next;
		}
	}
}

/* Kind, number of the parent (of before's), schema and name in one key. */
static const char *key_of(struct matching *m, const mig_object *o, const mig_object *parent,
			  size_t *size)
{
	uint32_t head[2] = { (uint32_t)o->kind, parent ? mig__number(parent) : MIG_NO_OBJECT };
	size_t schema = strlen(o->schema) + 1, name = strlen(o->name);
	char *key = mig__arena_alloc(&m->keys, sizeof head + schema + name);

	*size = sizeof head + schema + name;
	if (!key)
		return NULL;
	memcpy(key, head, sizeof head);
	memcpy(key + sizeof head, o->schema, schema);
	memcpy(key + sizeof head + schema, o->name, name);
	for (size_t i = sizeof head; m->compare == mig__ascii_compare && i < *size; i++)
		if (key[i] >= 'A' && key[i] <= 'Z')
			key[i] = (char)(key[i] + 32);
	return key;
}

static int enter_rest(struct matching *m)
{
	for (size_t i = 0; i < m->before->count; i++) {
		const mig_object *o = &m->before->at[i]->pub;
		const char *key;
		size_t size;

		if (o->other)
			continue;
		key = key_of(m, o, o->parent, &size);
		if (!key || !mig__map_add(&m->map, key, size, (uint32_t)i, NULL))
			return 0;
	}
	return 1;
}

static int look_up_rest(struct matching *m)
{
	for (size_t i = 0; m->map.count && i < m->after->count; i++) {
		const mig_object *o = &m->after->at[i]->pub;
		const char *key;
		size_t size;
		uint32_t found;

		if (o->other || (o->parent && !o->parent->other))
			continue;
		key = key_of(m, o, o->parent ? o->parent->other : NULL, &size);
		if (!key)
			return 0;
		found = mig__map_get(&m->map, key, size);
		if (found != MIG__NONE && !m->before->at[found]->pub.other) {
			pair(&m->before->at[found]->pub, o);
			walk_lists(m, m->before->at[found]->pub.child, o->child);
		}
	}
	return 1;
}

static void forget(struct mig__schema *s)
{
	for (size_t i = 0; i < s->count; i++)
		s->at[i]->pub.other = NULL;
}

mig_status mig__match(struct mig__schema *before, struct mig__schema *after)
{
	struct matching m = { .before = before,
			      .after = after,
			      .compare = before->fold || after->fold ? mig__ascii_compare
								     : strcmp };
	int ok;

	forget(before);
	forget(after);
	walk_lists(&m, mig__schema_first(before), mig__schema_first(after));
	for (size_t i = 0; i < after->count; i++)
		if (after->at[i]->pub.other)
			walk_lists(&m, after->at[i]->pub.other->child, after->at[i]->pub.child);
	mig__map_init(&m.map, before->alloc);
	mig__arena_init(&m.keys, before->alloc);
	ok = enter_rest(&m) && look_up_rest(&m);
	mig__map_finish(&m.map);
	mig__arena_finish(&m.keys);
	return ok ? MIG_OK : mig__fail_nomem(after->err);
}

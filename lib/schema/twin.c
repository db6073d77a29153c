/* The parts of a table that one side alone has are few, so each is compared with each. Names are
 * gathered only if there is a pair. A name counts in its table, and, but for checks and foreign keys, in
 * its schema. */
#include "schema/twin.h"

#include <string.h>

enum { BEFORE, AFTER, SIDES };

struct twins {
	struct mig__schema *sides[SIDES];
	struct mig__map names[SIDES]; /* of all objects */
	struct mig__arena keys;
	int gathered, failed;
};

static int is_in_schema(const mig_object *o)
{
	return o->kind != MIG_KIND_CHECK && o->kind != MIG_KIND_FOREIGN_KEY;
}

/* Schema, table ("" for the name in the schema) and name. */
static const char *key_of(struct twins *t, const mig_object *o, const char *table, const char *name, size_t *size)
{
	const char *words[] = { mig__top(o)->schema, table, name };
	char *key;
	size_t at = 0;

	*size = 0;
	for (size_t i = 0; i < 3; i++)
		*size += strlen(words[i]) + 1;
	key = mig__arena_alloc(&t->keys, *size);
	for (size_t i = 0; key && i < 3; i++) {
		memcpy(key + at, words[i], strlen(words[i]) + 1);
		at += strlen(words[i]) + 1;
	}
	t->failed |= !key;
	return key;
}

static void enter(struct twins *t, int side, const mig_object *o, const char *table)
{
	size_t size;
	const char *key = key_of(t, o, table, o->name, &size);

	t->failed |= key && !mig__map_add(&t->names[side], key, size, 0, NULL);
}

static void gather(struct twins *t)
{
	t->gathered = 1;
	for (int side = 0; side < SIDES; side++)
		for (size_t i = 0; !t->failed && i < t->sides[side]->count; i++) {
			const mig_object *o = &t->sides[side]->at[i]->pub;

			if (o->kind == MIG_KIND_COLUMN || o->kind == MIG_KIND_DEFAULT)
				continue;
			if (o->parent)
				enter(t, side, o, mig__top(o)->name);
			if (is_in_schema(o))
				enter(t, side, o, "");
		}
}

static int is_free(struct twins *t, int side, const mig_object *o, const char *name)
{
	size_t size;
	const char *key = key_of(t, o, mig__top(o)->name, name, &size);

	if (!key || mig__map_get(&t->names[side], key, size) != MIG__NONE)
		return 0;
	key = is_in_schema(o) ? key_of(t, o, "", name, &size) : NULL;
	return !key || mig__map_get(&t->names[side], key, size) == MIG__NONE;
}

static int is_alone(const mig_object *o)
{
	return !o->other && !o->child && !o->flags;
}

static void look_for(struct twins *t, const mig_object *to, const struct mig__diff_hooks *hooks)
{
	for (const mig_object *from = to->parent->other->child; from && !t->failed; from = from->next) {
		if (!is_alone(from) || from->kind != to->kind || !mig__attributes_same(from, to) ||
		    !hooks->renames(from, to))
			continue;
		if (!t->gathered)
			gather(t);
		if (t->failed || !is_free(t, BEFORE, to, to->name) || !is_free(t, AFTER, to, from->name))
			continue;
		((struct mig__object *)from)->pub.other = to;
		((struct mig__object *)to)->pub.other = from;
		return;
	}
}

mig_status mig__twins(struct mig__schema *before, struct mig__schema *after, const struct mig__diff_hooks *hooks)
{
	struct twins t = { .sides = { before, after } };

	if (!hooks->renames)
		return MIG_OK;
	mig__arena_init(&t.keys, before->alloc);
	for (int side = 0; side < SIDES; side++)
		mig__map_init(&t.names[side], before->alloc);
	for (size_t i = 0; !t.failed && i < after->count; i++) {
		const mig_object *to = &after->at[i]->pub;

		if (to->parent && to->parent->other && is_alone(to))
			look_for(&t, to, hooks);
	}
	for (int side = 0; side < SIDES; side++)
		mig__map_finish(&t.names[side]);
	mig__arena_finish(&t.keys);
	return t.failed ? mig__fail_nomem(after->err) : MIG_OK;
}

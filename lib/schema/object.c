#include "schema/object.h"

#include <string.h>

const char *mig__attribute(const mig_object *object, const char *key)
{
	for (size_t i = 0; i < object->attribute_count; i++)
		if (!strcmp(object->attributes[i].key, key))
			return object->attributes[i].value;
	return NULL;
}

int mig__attribute_same(const mig_object *a, const mig_object *b, const char *key)
{
	const char *x = mig__attribute(a, key), *y = mig__attribute(b, key);

	return x && y ? !strcmp(x, y) : x == y;
}

/* Every compared attribute of a is in b with the same value. */
static int contained(const mig_object *a, const mig_object *b)
{
	for (size_t i = 0; i < a->attribute_count; i++) {
		const mig_attribute *x = &a->attributes[i];
		const char *y;

		if (x->key[0] == '.')
			continue;
		/* both sides are mostly reported in one order */
		if (i < b->attribute_count && !strcmp(b->attributes[i].key, x->key))
			y = b->attributes[i].value;
		else
			y = mig__attribute(b, x->key);
		if (!y || strcmp(x->value, y))
			return 0;
	}
	return 1;
}

int mig__attributes_same(const mig_object *a, const mig_object *b)
{
	return contained(a, b) && contained(b, a);
}

const mig_object *mig__child(const mig_object *object, int32_t kind, const char *name)
{
	for (const mig_object *c = object->child; c; c = c->next)
		if (c->kind == kind && (!name || !strcmp(c->name, name)))
			return c;
	return NULL;
}

const mig_object *mig__top(const mig_object *object)
{
	while (object->parent)
		object = object->parent;
	return object;
}

/* object: small questions about one object: an attribute, a child, the object at the top. Pure;
 * nothing is changed. */
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

static const char *const names[] = {
	[0] = "object", /* of a kind that a dialect has for itself */
	[MIG_KIND_SCHEMA] = "schema",
	[MIG_KIND_EXTENSION] = "extension",
	[MIG_KIND_COLLATION] = "collation",
	[MIG_KIND_ENUM] = "enum",
	[MIG_KIND_DOMAIN] = "domain",
	[MIG_KIND_COMPOSITE] = "composite type",
	[MIG_KIND_RANGE] = "range type",
	[MIG_KIND_SEQUENCE] = "sequence",
	[MIG_KIND_TABLE] = "table",
	[MIG_KIND_COLUMN] = "column",
	[MIG_KIND_DEFAULT] = "default",
	[MIG_KIND_PRIMARY_KEY] = "primary key",
	[MIG_KIND_UNIQUE] = "unique constraint",
	[MIG_KIND_FOREIGN_KEY] = "foreign key",
	[MIG_KIND_CHECK] = "check",
	[MIG_KIND_EXCLUSION] = "exclusion constraint",
	[MIG_KIND_INDEX] = "index",
	[MIG_KIND_VIEW] = "view",
	[MIG_KIND_MATERIALIZED_VIEW] = "materialized view",
	[MIG_KIND_FUNCTION] = "function",
	[MIG_KIND_PROCEDURE] = "procedure",
	[MIG_KIND_AGGREGATE] = "aggregate",
	[MIG_KIND_TRIGGER] = "trigger",
	[MIG_KIND_RULE] = "rule",
	[MIG_KIND_POLICY] = "policy",
	[MIG_KIND_STATISTICS] = "statistics",
	[MIG_KIND_EVENT_TRIGGER] = "event trigger",
	[MIG_KIND_INHERITANCE] = "inheritance",
	[MIG_KIND_OWNERSHIP] = "ownership",
	[MIG_KIND_REPLICA_IDENTITY] = "replica identity",
	[MIG_KIND_OTHER] = "other object",
	[MIG_KIND_ENUM_VALUE] = "enum value",
	NULL,
};
enum { KINDS = sizeof names / sizeof *names - 1 };

const char *mig__kind_name(int32_t kind)
{
	return kind > 0 && kind < KINDS ? names[kind] : names[0];
}

/* A kind of another dialect may stand by itself, too; its word is the first of all. */
#define PATTERNS                                                                                          \
	"table, view, materialized view, sequence, function, procedure, aggregate, enum, domain, "        \
	"composite type, range type, schema, extension, collation, statistics, event trigger, "           \
	"other object, object"

const char *mig__kind_patterns(void)
{
	return PATTERNS;
}

int mig__kind_is_pattern(const char *text, size_t size)
{
	for (const char *p = PATTERNS; *p;) {
		size_t n = strcspn(p, ",");

		if (n == size && !memcmp(p, text, n))
			return 1;
		p += n;
		p += strspn(p, ", ");
	}
	return 0;
}

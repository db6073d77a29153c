/* alike: finds the objects of two schemas that differ, or may, without asking an engine. Not the
 * difference: diff.c. "Alike" is certain, "unlike" is not: CURRENT_TIMESTAMP and now() are
 * unlike here, and the engine decides later. */
#include "schema/alike.h"

#include "base/quote.h"
#include "schema/match.h"

#include <string.h>

static int is_list_of_names(const char *key)
{
	return !strcmp(key, MIG_ATTR_COLUMNS) || !strcmp(key, MIG_ATTR_REFERRED) ||
	       !strcmp(key, MIG_ATTR_REFERRED_COLUMNS) || !strcmp(key, MIG_ATTR_INCLUDE);
}

/* A declared list of names quotes each; the engine only where it must. Names with odd characters are
 * not compared here. */
static int same_attributes(const mig_object *live, const mig_object *declared, const char *marks)
{
	size_t compared = 0, given = 0;

	for (size_t i = 0; i < declared->attribute_count; i++) {
		const mig_attribute *d = &declared->attributes[i];
		const char *value = d->key[0] == '.' ? NULL : mig__attribute(live, d->key);

		if (d->key[0] == '.')
			continue;
		if (!value || (strcmp(value, d->value) != 0 &&
			       !(is_list_of_names(d->key) && mig__quote_same(value, d->value, marks))))
			return 0;
		compared++;
	}
	for (size_t i = 0; i < live->attribute_count; i++)
		given += live->attributes[i].key[0] != '.';
	return given == compared;
}

/* At most three deep. */
static int alike(const mig_object *live, const mig_object *declared, const char *marks)
{
	size_t children = 0;

	if (live->flags != declared->flags || !same_attributes(live, declared, marks) ||
	    mig__attribute(live, MIG_ATTR_UNKNOWN)) /* to the dialect: the engine decides */
		return 0;
	for (const mig_object *c = declared->child; c; c = c->next, children++)
		if (!c->other || !alike(c->other, c, marks))
			return 0;
	for (const mig_object *c = live->child; c; c = c->next)
		children--;
	return !children;
}

static int add(struct mig__arena *arena, mig_op **at, size_t *count, size_t most,
	       const mig_object *from, const mig_object *to)
{
	if (!*at)
		*at = mig__arena_zalloc(arena, most, sizeof **at);
	if (!*at)
		return 0;
	(*at)[*count].from = from;
	(*at)[*count].to = to;
	++*count;
	return 1;
}

static mig_status told(void *user, const char *is, const char *want)
{
	(void)is, (void)want;
	*(int *)user = 1;
	return MIG_OK;
}

/* Whether the dialect, looking a second time, sees a difference in what is alike. */
static mig_status seen(const struct mig__second *second, const mig_object *declared, int *unlike)
{
	mig_status rc = second->unlike(second->conn, declared->other, declared, unlike, told);

	for (const mig_object *c = declared->child; !rc && !*unlike && c; c = c->next)
		rc = second->unlike(second->conn, c->other, c, unlike, told);
	return rc;
}

mig_status mig__unlike(struct mig__schema *live, struct mig__schema *declared, const char *marks,
		       const struct mig__second *second, struct mig__arena *arena, mig_op **at, size_t *count)
{
	size_t most = live->count + declared->count;
	mig_status rc = mig__match(live, declared);
	int ok = 1;

	*at = NULL;
	*count = 0;
	for (const mig_object *o = rc ? NULL : mig__schema_first(declared); !rc && ok && o; o = o->next) {
		int unlike = !o->other || !alike(o->other, o, marks);

		if (!unlike && second->unlike)
			rc = seen(second, o, &unlike);
		if (unlike)
			ok = add(arena, at, count, most, o->other, o);
	}
	for (const mig_object *o = rc ? NULL : mig__schema_first(live); ok && o; o = o->next)
		if (!o->other)
			ok = add(arena, at, count, most, o, NULL);
	return rc ? rc : ok ? MIG_OK : mig__fail_nomem(live->err);
}

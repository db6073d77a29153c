/* read_name: the names that the server gives to keys, indexes and sequences that have none: by the
 * rules of makeObjectName() and those that call it, in every version from 12 to 18. Not names that are
 * written. */
#include "dialect/postgresql/read/read.h"

#include <stdio.h>
#include <string.h>

enum { ROOM = MIG__READ_NAME_MOST + 1 };

/* name_more_label in 63 bytes: the longer of the first two is shortened. All is ASCII. */
static void make_name(char out[ROOM], const char *name, const char *more, const char *label)
{
	size_t a = strlen(name), b = more ? strlen(more) : 0, c = strlen(label);
	size_t room = MIG__READ_NAME_MOST - (more ? 1u : 0u) - 1 - c;
	size_t at;

	while (a + b > room)
		if (a > b)
			a--;
		else
			b--;
	memcpy(out, name, a);
	at = a;
	if (more) {
		out[at++] = '_';
		memcpy(out + at, more, b);
		at += b;
	}
	out[at++] = '_';
	memcpy(out + at, label, c + 1);
}

static const char *choose(struct mig__reader *r, const char *schema, const char *name,
			  const char *more, const char *label, int relation, int constraint)
{
	char out[ROOM], numbered[24];

	make_name(out, name, more, label);
	for (unsigned pass = 1;
	     (relation && mig__read_is_taken(r, &r->relations, schema, out)) ||
	     (constraint && mig__read_is_taken(r, &r->constraints, schema, out));
	     pass++) {
		snprintf(numbered, sizeof numbered, "%s%u", label, pass);
		make_name(out, name, more, numbered);
	}
	return mig__read_keep(r, out, strlen(out));
}

const char *mig__read_choose_relation(struct mig__reader *r, const char *schema, const char *name,
				      const char *more, const char *label, int constraint)
{
	return choose(r, schema, name, more, label, 1, constraint);
}

const char *mig__read_choose_constraint(struct mig__reader *r, const char *schema, const char *name,
					const char *more, const char *label)
{
	return choose(r, schema, name, more, label, 0, 1);
}

/* The server stops adding once a name's room is full. */
const char *mig__read_addition(struct mig__reader *r, const char *const *names, size_t count)
{
	char out[2 * ROOM];
	size_t size = 0;

	for (size_t i = 0; i < count && size < ROOM; i++) {
		size_t more = strlen(names[i]);

		if (size)
			out[size++] = '_';
		memcpy(out + size, names[i], more);
		size += more;
	}
	return mig__read_keep(r, out, size);
}

/* label: the values of an enumerated type, which stand in one attribute as quoted texts: 'a', 'b'. */
#ifndef MIG__SCHEMA_LABEL_H
#define MIG__SCHEMA_LABEL_H

#include "schema/object.h"

#include <stddef.h>

/* One quoted value. */
struct mig__label {
	const char *text;
	size_t size;
};

/* The next one at *p, which moves past it; 0: there are no more. */
int mig__label_next(const char **p, struct mig__label *out);
/* Whether the quoted value is this text. */
int mig__label_is(const struct mig__label *label, const char *text);
/* Whether the enum has the value. */
int mig__label_in(const mig_object *type, const char *text);
/* Whether the list has the quoted value. */
int mig__label_among(const char *list, const struct mig__label *label);
/* Writes the value without its quotes; room for label->size bytes. */
void mig__label_bare(const struct mig__label *label, char *out);

#endif

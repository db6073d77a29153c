/* type: the portable types of mig/model.h, as a program writes them. */
#ifndef MIG__SCHEMA_TYPE_H
#define MIG__SCHEMA_TYPE_H

#include "base/arena.h"

#include <mig/types.h>

struct mig__type {
	const char *text; /* in small letters, without blanks and []; of an enum: its name */
	int is_enum, array;
};

/* MIG_EINVAL if there is no such type, MIG_ENOMEM. The text lives in the arena. */
mig_status mig__type_read(struct mig__arena *arena, const char *given, struct mig__type *out);

/* The type that was probably meant by one that there is not, or NULL. Static. */
const char *mig__type_suggest(const char *given);

#endif

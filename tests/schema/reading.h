/* reading: what is read without being run must be what would come of running it. */
#ifndef TESTS_SCHEMA_READING_H
#define TESTS_SCHEMA_READING_H

#include "api/ctx.h"
#include "migrate/scratch.h"

struct reading {
	int read;       /* it is a model that the dialect reads */
	size_t unknown; /* texts that equal nothing, and are run */
};

/* run: what came of running the text. MIG_EPROOF: the dialect reads something else. out may be NULL. */
mig_status reading_check(mig_ctx *ctx, const char *text, size_t size, struct mig__schema *run,
			 struct reading *out);

#endif

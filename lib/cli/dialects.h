/* dialects: the difference in each of the dialects, or databases, that a revision gets sections for. */
#ifndef MIG__CLI_DIALECTS_H
#define MIG__CLI_DIALECTS_H

#include "cli/difference.h"

struct mig__cli_dialect {
	char *name;           /* NULL: none was asked for; the sections name the database's */
	const char *database; /* NULL: for every database */
	struct mig__cli_difference d;
	/* of all but the first: a scratch that the revisions were run in, or another database */
	struct mig__cli side;
	struct mig__cli_text url; /* of side, if it is made here */
};

struct mig__cli_dialects {
	struct mig__cli_dialect *at; /* the first is that of the database */
	size_t count;
};

/* What --dialect asks for, before anything is opened. */
int mig__cli_read_dialects(struct mig__cli *cli, struct mig__cli_dialects *out);
/* Compares the database, which has to be at head, and then a scratch of every other dialect. */
int mig__cli_compare_dialects(struct mig__cli *cli, struct mig__cli_dialects *dialects);
/* Whether any of them differs. */
int mig__cli_dialects_differ(const struct mig__cli_dialects *dialects);
void mig__cli_dialects_finish(struct mig__cli_dialects *dialects);

#endif

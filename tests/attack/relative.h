/* relative: a relative target means the same when the command is repeated after an interruption.
 * For every statement of every section outside a transaction, the run is stopped there, by a
 * callback or by SIGKILL, and the same command is given again, twice if it was killed. */
#ifndef MIG_ATTACK_RELATIVE_H
#define MIG_ATTACK_RELATIVE_H

#include "check.h"
#include "report.h"

struct relative {
	const struct arguments *arguments;
	struct report *report;
	const struct oracle *oracle;
	struct program program;
	const char *url;
	void (*empty)(void *place);  /* makes the database empty, nobody connected */
	void (*settle)(void *place); /* waits until whoever was killed is gone */
	void *place;
};

void relative_run(struct relative *r);

#endif

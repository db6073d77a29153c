/* See targets.h. The units are the rows': times the limit, microseconds or megabytes more than it.
 * The first line that fits counts; the ones for an engine or for large N come first. */
#include "targets.h"

#include <string.h>

static const struct target {
	const char *key, *engine; /* NULL: any */
	size_t from;		  /* N */
	double most;
} targets[] = {
	/* nothing to do */
	{ "A", NULL, 0, 1.3 },
	{ "A stamp", NULL, 0, 1.3 },
	{ "A fresh", NULL, 0, 1.3 },
	{ "B", NULL, 0, 50 },
	{ "B new", NULL, 0, 50 },
	{ "C", NULL, 1000, 1.1 },
	{ "C", NULL, 0, 1.5 },
	{ "D", NULL, 1000, 1.1 },
	{ "D", NULL, 100, 1.5 },
	{ "D", NULL, 0, 1.3 },
	/* Upgrade, a transaction each. libmig writes a row of history, the limit does not: on SQLite
	 * "E history" shows what that costs by hand, and 1.12 is what is left beyond it. */
	{ "E", "sqlite", 100, 1.12 },
	{ "E", NULL, 100, 1.15 },
	{ "E", NULL, 0, 1.5 },
	{ "E small", NULL, 100, 1.15 },
	{ "E small", NULL, 0, 1.5 },
	{ "E small folder", NULL, 0, 1.15 },
	{ "E small process", NULL, 0, 1.15 },
	{ "E small fresh", NULL, 0, 1.15 },
	{ "E disk", NULL, 0, 1.15 },
	/* one transaction */
	{ "F", NULL, 0, 1.15 },
	{ "F small", NULL, 0, 1.15 },
	{ "F small folder", NULL, 0, 1.1 },
	{ "F small process", NULL, 0, 1.1 },
	{ "F small fresh", NULL, 0, 1.15 },
	{ "F disk", NULL, 0, 1.15 },
	{ "G", NULL, 0, 1.15 },
	{ "G small", NULL, 0, 1.15 },
	{ "H", NULL, 0, 1.5 },
	{ "I", NULL, 0, 2 },
	{ "J", NULL, 0, 3 },
	/* a server 5 ms away */
	{ "R no-op", NULL, 0, 1.2 },
	{ "R E", NULL, 0, 1.05 },
	{ "R F", NULL, 0, 1.2 },
	/* autogenerate */
	{ "K", NULL, 0, 2 },
	{ "K peak", NULL, 5000, 22 }, /* 40 MB in all */
	{ "L", NULL, 0, 1.5 },
	/* first start by snapshot */
	{ "S", NULL, 0, 1.1 },
	{ "S small", NULL, 0, 1.1 },
	/* the revision graph */
	{ "M", NULL, 0, 2 },
	{ "N", NULL, 0, 5 },
	{ "N public", NULL, 0, 2 },
	{ "N growth", NULL, 0, 2.2 }, /* twice as many revisions */
};

double target_of(const char *key, const char *engine, size_t n)
{
	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
		const struct target *t = &targets[i];

		if (!strcmp(t->key, key) && n >= t->from &&
		    (!t->engine || !strcmp(t->engine, engine)))
			return t->most;
	}
	return -1;
}

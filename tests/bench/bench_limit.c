/* The limit as a program of its own, that loads the engine's library and nothing else:
 *
 *     bench_limit noop URL            read the version row
 *     bench_limit scan URL FOLDER     read every revision file, and the version row
 *     bench_limit files FOLDER        read every revision file
 *     bench_limit up URL FROM         upgrade, a transaction a revision
 *     bench_limit up1 URL FROM        upgrade in one transaction
 *
 * FROM is a folder of revision files, or a number of small revisions (gen.h) that are in memory. It
 * prints the milliseconds that it took from before the connection to after it, and its peak memory
 * in kB. With BENCH_CPU in the environment the milliseconds are those that it worked. */
#include "gen.h"
#include "limit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct limit_step *make_steps(struct gen *gen, size_t count)
{
	struct limit_step *steps = calloc(count, sizeof *steps);

	if (!steps || gen_make_small(gen, count))
		die("revisions", "no memory");
	for (size_t i = 0; i < count; i++)
		steps[i] = (struct limit_step){ gen->at[i].id, gen->at[i].up };
	return steps;
}

static double run(const char *verb, const char *url, const char *from)
{
	size_t count = from ? strtoul(from, NULL, 10) : 0;
	struct gen gen;
	struct limit_step *steps = count ? make_steps(&gen, count) : NULL;
	int how = strcmp(verb, "up1") ? 0 : LIMIT_ONE;
	double start = clock_ms();
	void *db;

	if (from && verb[0] != 'u')
		limit_scan(from);
	db = LIMIT_ENGINE.open(url);
	if (verb[0] != 'u')
		LIMIT_ENGINE.query(db);
	else if (steps)
		LIMIT_ENGINE.apply(db, steps, count, how);
	else
		LIMIT_ENGINE.apply_folder(db, from, how);
	LIMIT_ENGINE.close(db);
	free(steps);
	return clock_ms() - start;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	double took = 0;

	if (getenv("BENCH_CPU"))
		clock_use_cpu();
	if (argc == 3 && !strcmp(verb, "files")) {
		limit_scan(argv[2]);
	} else if ((argc == 3 && !strcmp(verb, "noop")) || (argc == 4 && !strcmp(verb, "scan")) ||
		   (argc == 4 && (!strcmp(verb, "up") || !strcmp(verb, "up1")))) {
		took = run(verb, argv[2], argv[3]);
	} else {
		fprintf(stderr, "usage: bench_limit noop|scan|up|up1 URL [FROM], or files FOLDER\n");
		return 2;
	}
	printf("%.4f %ld\n", took, peak_kb());
	return 0;
}

/* rows: the table of a benchmark. Each row is the limit against libmig, sampled in turn in the same
 * run; what is told of them is the median of the pairs' ratios or differences, beside the target
 * (targets.h). What falls short of it is marked. */
#ifndef MIG_BENCH_ROWS_H
#define MIG_BENCH_ROWS_H

#include <stddef.h>

enum { SAMPLES_MAX = 101 };

enum unit { UNIT_RATIO, UNIT_MORE_US, UNIT_MORE_MB };

struct env; /* the benchmark's own */

struct row {
	const char *key; /* its target's; the first letter is that of the row */
	const char *name;
	double (*limit)(struct env *env); /* milliseconds, or MB */
	double (*mig)(struct env *env);
	enum unit unit;
	int how; /* the benchmark's own */
};

/* How long a row is measured. */
struct sampling {
	int samples;	 /* 0: as many as the time allows, 3 to 31 */
	double budget_s; /* of a row */
};

void rows_print_head(void);
void row_run(const struct row *row, const char *engine, struct env *env, size_t n,
	     const struct sampling *sampling);
/* The line of a row that was measured otherwise: medians of both and of their ratio or difference. */
void row_print(const struct row *row, const char *engine, size_t n, double limit, double mig,
	       double value);
/* Sorts them. */
double median_of(double *samples, int count);

#endif

/* rows: the table of a benchmark. Each row is the limit against libmig, sampled in turn in the same
 * run; what is told of them is the median of the pairs' ratios or differences. */
#ifndef MIG_BENCH_ROWS_H
#define MIG_BENCH_ROWS_H

#include <stddef.h>

enum { SAMPLES_MAX = 101 };

enum unit { UNIT_RATIO, UNIT_MORE_US, UNIT_MORE_MB };

struct env; /* the benchmark's own */

struct row {
	char letter;
	const char *name;
	double (*limit)(struct env *env); /* milliseconds, or MB */
	double (*mig)(struct env *env);
	enum unit unit;
	double floor, excellent;
	double small_floor, small_excellent; /* below N = 100; 0: the same */
	int how;                             /* the benchmark's own */
	int needs_mig;
	int quick; /* can be sampled often */
	int slow;  /* cannot */
	/* UNIT_MORE_US: what the graph may add for each revision; a context is made anew */
	double floor_each, excellent_each;
};

void rows_print_head(void);
/* samples 0: as many as the row is worth. */
void row_run(const struct row *row, struct env *env, size_t n, int samples);

#endif

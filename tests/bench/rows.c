/* See rows.h. */
#include "rows.h"
#include "targets.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double median_of(double *samples, int count)
{
	qsort(samples, (size_t)count, sizeof(*samples), by_size);
	return count % 2 ? samples[count / 2] : (samples[count / 2 - 1] + samples[count / 2]) / 2;
}

void rows_print_head(void)
{
	printf("| row | engine | N | limit, ms | libmig, ms | libmig / limit | target | |\n");
	printf("| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |\n");
}

void row_print(const struct row *row, const char *engine, size_t n, double limit, double mig,
	       double value)
{
	double target = target_of(row->key, engine, n);

	printf("| %c %s | %s | %zu | ", row->key[0], row->name, engine, n);
	if (row->unit == UNIT_MORE_US)
		printf("%.1f µs | %.1f µs | %+.1f µs | ", limit * 1000, mig * 1000, value);
	else if (row->unit == UNIT_MORE_MB)
		printf("%.2f MB | %.2f MB | %+.2f MB | ", limit, mig, value);
	else
		printf("%.3f | %.3f | %.2f× | ", limit, mig, value);
	if (target < 0)
		printf("| |\n");
	else
		printf(row->unit == UNIT_MORE_US   ? "+%g µs | %s |\n"
		       : row->unit == UNIT_MORE_MB ? "+%g MB | %s |\n"
						   : "%g× | %s |\n",
		       target, value <= target ? "" : "**short**");
	fflush(stdout);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Samples in turn, the first to go changing. What is quick runs once unmeasured. */
void row_run(const struct row *row, const char *engine, struct env *env, size_t n,
	     const struct sampling *sampling)
{
	double limit[SAMPLES_MAX], mig[SAMPLES_MAX], value[SAMPLES_MAX], start = seconds();
	int most = sampling->samples ? sampling->samples : 31, least = sampling->samples ? most : 3;
	int count = 0, warm = 0;

	while (count < least || (count < most && seconds() - start < sampling->budget_s)) {
		if (count % 2 == 0)
			limit[count] = row->limit(env);
		mig[count] = row->mig(env);
		if (count % 2)
			limit[count] = row->limit(env);
		if (!warm++ && seconds() - start < sampling->budget_s / 3)
			continue;
		value[count] = row->unit == UNIT_RATIO     ? mig[count] / limit[count]
			       : row->unit == UNIT_MORE_US ? (mig[count] - limit[count]) * 1000
							   : mig[count] - limit[count];
		count++;
	}
	row_print(row, engine, n, median_of(limit, count), median_of(mig, count),
		  median_of(value, count));
}

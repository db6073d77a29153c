/* See rows.h. */
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *samples, int count)
{
	qsort(samples, (size_t)count, sizeof(*samples), by_size);
	return count % 2 ? samples[count / 2] : (samples[count / 2 - 1] + samples[count / 2]) / 2;
}

static int samples_of(const struct row *row, size_t n)
{
	if (row->quick)
		return n <= 200 ? 31 : 15;
	if (row->slow)
		return n <= 20 ? 15 : n <= 200 ? 7 : 3;
	if (row->unit == UNIT_MORE_MB)
		return 5;
	return n <= 20 ? 31 : n <= 200 ? 11 : 5;
}

static const char *verdict(const struct row *row, size_t n, double value, double *floor,
			   double *excellent)
{
	int small = n < 100 && row->small_floor > 0;

	*floor = small ? row->small_floor : row->floor;
	*excellent = small ? row->small_excellent : row->excellent;
	*floor += row->floor_each * (double)n;
	*excellent += row->excellent_each * (double)n;
	return value <= *excellent ? "excellent" : value <= *floor ? "good" : "**below floor**";
}

void rows_print_head(void)
{
	printf("| row | N | limit, ms | libmig, ms | ratio | floor / excellent | |\n");
	printf("| --- | ---: | ---: | ---: | ---: | ---: | --- |\n");
}

static void print_result(const struct row *row, size_t n, double limit, double mig, double value,
			 double ratio)
{
	double floor, excellent;
	const char *word = verdict(row, n, value, &floor, &excellent);

	printf("| %c %s | %zu | ", row->letter, row->name, n);
	if (row->unit == UNIT_MORE_US)
		printf("%.1f µs | %.1f µs | %+.1f µs, %.2f× | +%.0f / +%.0f µs", limit * 1000,
		       mig * 1000, value, ratio, floor, excellent);
	else if (row->unit == UNIT_MORE_MB)
		printf("%.2f MB | %.2f MB | %+.2f MB | +%.0f / +%.0f MB", limit, mig, value, floor,
		       excellent);
	else
		printf("%.3f | %.3f | %.2f× | %.2f / %.2f×", limit, mig, value, floor, excellent);
	printf(" | %s |\n", word);
	fflush(stdout);
}

void row_run(const struct row *row, struct env *env, size_t n, int samples)
{
	double limit[SAMPLES_MAX], mig[SAMPLES_MAX], ratio[SAMPLES_MAX], value[SAMPLES_MAX];
	int count = samples ? samples : samples_of(row, n);

	/* Once unmeasured, then in turn, the first to go changing. */
	if (!row->slow) {
		row->limit(env);
		row->mig(env);
	}
	for (int i = 0; i < count; i++) {
		if (i % 2 == 0)
			limit[i] = row->limit(env);
		mig[i] = row->mig(env);
		if (i % 2)
			limit[i] = row->limit(env);
		ratio[i] = mig[i] / limit[i];
		value[i] = row->unit == UNIT_RATIO     ? ratio[i]
			   : row->unit == UNIT_MORE_US ? (mig[i] - limit[i]) * 1000
						       : mig[i] - limit[i];
	}
	print_result(row, n, median(limit, count), median(mig, count), median(value, count),
		     median(ratio, count));
}

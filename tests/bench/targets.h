/* targets: what each row of the benchmark has to reach, in one table. */
#ifndef MIG_BENCH_TARGETS_H
#define MIG_BENCH_TARGETS_H

#include <stddef.h>

/* The most that a row may show for so many revisions or tables; negative: there is no target, the
 * row is shown for comparison. */
double target_of(const char *key, const char *engine, size_t n);

#endif

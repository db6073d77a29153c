/* clock: time that only goes forward. The time of day, which people set, is not here. */
#include "base/clock.h"

#include <time.h>

int64_t mig__clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000 + 1;
}

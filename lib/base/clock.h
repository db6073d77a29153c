/* clock: time that only goes forward, for waiting and measuring. */
#ifndef MIG__BASE_CLOCK_H
#define MIG__BASE_CLOCK_H

#include <stdint.h>

/* Microseconds since some moment; never 0. */
int64_t mig__clock_us(void);

#endif

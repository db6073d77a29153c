/* digest_block: blocks of 64 bytes worked into a state of SHA-256. */
#ifndef MIG__BASE_DIGEST_BLOCK_H
#define MIG__BASE_DIGEST_BLOCK_H

#include <stddef.h>
#include <stdint.h>

enum { MIG__DIGEST_BLOCK = 64 };

typedef void mig__digest_work(uint32_t state[8], const uint8_t *blocks, size_t count);

/* On every processor. */
mig__digest_work mig__digest_portable;
/* The one that uses this processor's own instructions; NULL if it has none. */
mig__digest_work *mig__digest_instructions(void);

#endif

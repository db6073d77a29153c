/* digest: SHA-256 (FIPS 180-4), and digests as hexadecimal text. */
#ifndef MIG__BASE_DIGEST_H
#define MIG__BASE_DIGEST_H

#include "base/digest_block.h"

#include <stddef.h>
#include <stdint.h>

enum { MIG__DIGEST_SIZE = 32, MIG__DIGEST_HEX = 65 };

struct mig__digest {
	uint32_t state[8];
	uint64_t size;                   /* bytes so far */
	uint8_t rest[MIG__DIGEST_BLOCK]; /* of them size % 64: no whole block yet */
	mig__digest_work *work;          /* by the processor's instructions where it has them */
};

void mig__digest_init(struct mig__digest *d);
void mig__digest_add(struct mig__digest *d, const void *data, size_t size);
void mig__digest_final(struct mig__digest *d, uint8_t out[MIG__DIGEST_SIZE]);
/* As 64 lower-case digits and a NUL. */
void mig__digest_hex(const uint8_t digest[MIG__DIGEST_SIZE], char out[MIG__DIGEST_HEX]);

#endif

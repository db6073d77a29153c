/* digest: SHA-256 (FIPS 180-4), by libmd. */
#ifndef MIG__BASE_DIGEST_H
#define MIG__BASE_DIGEST_H

#include <sha2.h>
#include <stddef.h>
#include <stdint.h>

enum { MIG__DIGEST_SIZE = 32, MIG__DIGEST_HEX = 65 };

struct mig__digest {
	SHA2_CTX sha;
};

void mig__digest_init(struct mig__digest *d);
void mig__digest_add(struct mig__digest *d, const void *data, size_t size);
void mig__digest_final(struct mig__digest *d, uint8_t out[MIG__DIGEST_SIZE]);
/* As 64 lower-case digits and a NUL. */
void mig__digest_hex(const uint8_t digest[MIG__DIGEST_SIZE], char out[MIG__DIGEST_HEX]);

#endif

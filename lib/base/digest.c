/* digest: SHA-256 by libmd, and digests as hexadecimal text. Not what is digested: script and
 * graph decide that. */
#include "base/digest.h"

void mig__digest_init(struct mig__digest *d)
{
	SHA256Init(&d->sha);
}

void mig__digest_add(struct mig__digest *d, const void *data, size_t size)
{
	SHA256Update(&d->sha, data, size);
}

void mig__digest_final(struct mig__digest *d, uint8_t out[MIG__DIGEST_SIZE])
{
	SHA256Final(out, &d->sha);
}

void mig__digest_hex(const uint8_t digest[MIG__DIGEST_SIZE], char out[MIG__DIGEST_HEX])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < MIG__DIGEST_SIZE; i++) {
		out[2 * i] = digits[digest[i] >> 4];
		out[2 * i + 1] = digits[digest[i] & 15];
	}
	out[MIG__DIGEST_HEX - 1] = '\0';
}

/* digest: SHA-256 of a text in pieces (FIPS 180-4, padding as in section 5.1.1), and digests as
 * hexadecimal text. Not how a block is worked in: digest_block.c. Not what is digested: script and
 * graph decide that. */
#include "base/digest.h"

#include <string.h>

void mig__digest_init(struct mig__digest *d)
{
	/* the first 32 bits of the fractions of the square roots of the first eight primes (5.3.3)
	 */
	static const uint32_t start[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
					   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
	mig__digest_work *own = mig__digest_instructions();

	memcpy(d->state, start, sizeof(start));
	d->size = 0;
	d->work = own ? own : mig__digest_portable;
}

void mig__digest_add(struct mig__digest *d, const void *data, size_t size)
{
	const uint8_t *p = data;
	size_t have = (size_t)(d->size % MIG__DIGEST_BLOCK);

	if (!size)
		return;
	d->size += size;
	if (have) {
		size_t take = MIG__DIGEST_BLOCK - have < size ? MIG__DIGEST_BLOCK - have : size;

		memcpy(d->rest + have, p, take);
		p += take;
		size -= take;
		if (have + take < MIG__DIGEST_BLOCK)
			return;
		d->work(d->state, d->rest, 1);
	}
	if (size >= MIG__DIGEST_BLOCK)
		d->work(d->state, p, size / MIG__DIGEST_BLOCK);
	memcpy(d->rest, p + size / MIG__DIGEST_BLOCK * MIG__DIGEST_BLOCK, size % MIG__DIGEST_BLOCK);
}

void mig__digest_final(struct mig__digest *d, uint8_t out[MIG__DIGEST_SIZE])
{
	/* a bit 1, zeros, and the size in bits as 64 bits: together they fill the last block, or
	 * two */
	uint8_t end[2 * MIG__DIGEST_BLOCK] = { 0x80 };
	size_t have = (size_t)(d->size % MIG__DIGEST_BLOCK);
	size_t zeros = (have < 56 ? 56 : 120) - have;
	uint64_t bits = d->size * 8;

	for (size_t i = 0; i < 8; i++)
		end[zeros + i] = (uint8_t)(bits >> (56 - 8 * i));
	mig__digest_add(d, end, zeros + 8);
	for (size_t i = 0; i < MIG__DIGEST_SIZE; i++)
		out[i] = (uint8_t)(d->state[i / 4] >> (24 - 8 * (i % 4)));
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

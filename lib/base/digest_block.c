/* digest_block: blocks of 64 bytes worked into a state of SHA-256 (FIPS 180-4, sections 4.1.2 and
 * 6.2.2): on every processor; and by the processor's own instructions, found when the program runs:
 * the SHA extensions of x86 (Intel, "Intel SHA Extensions", 2013), and those of ARMv8. */
#include "base/digest_block.h"

/* The first 32 bits of the fractions of the cube roots of the first 64 primes (4.2.2). */
static const uint32_t k_of[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2
};

static uint32_t right(uint32_t x, unsigned bits)
{
	return x >> bits | x << (32 - bits);
}

static uint32_t big_endian(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

void mig__digest_portable(uint32_t state[8], const uint8_t *blocks, size_t count)
{
	for (; count; count--, blocks += MIG__DIGEST_BLOCK) {
		uint32_t w[64];
		uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
		uint32_t e = state[4], f = state[5], g = state[6], h = state[7];

		for (size_t t = 0; t < 16; t++)
			w[t] = big_endian(blocks + 4 * t);
		for (size_t t = 16; t < 64; t++) {
			uint32_t s0 = right(w[t - 15], 7) ^ right(w[t - 15], 18) ^ w[t - 15] >> 3;
			uint32_t s1 = right(w[t - 2], 17) ^ right(w[t - 2], 19) ^ w[t - 2] >> 10;

			w[t] = s1 + w[t - 7] + s0 + w[t - 16];
		}
		for (size_t t = 0; t < 64; t++) {
			uint32_t sum1 = right(e, 6) ^ right(e, 11) ^ right(e, 25);
			uint32_t sum0 = right(a, 2) ^ right(a, 13) ^ right(a, 22);
			uint32_t t1 = h + sum1 + ((e & f) ^ (~e & g)) + k_of[t] + w[t];
			uint32_t t2 = sum0 + ((a & b) ^ (a & c) ^ (b & c));

			h = g, g = f, f = e, e = d + t1;
			d = c, c = b, b = a, a = t1 + t2;
		}
		state[0] += a, state[1] += b, state[2] += c, state[3] += d;
		state[4] += e, state[5] += f, state[6] += g, state[7] += h;
	}
}

#if (defined(__x86_64__) || defined(__i386__)) && defined(__GNUC__)

#include <cpuid.h>
#include <immintrin.h>
#include <stdatomic.h>

/* The instructions do two rounds at once, and hold the eight words as (A B E F) and (C D G H), the
 * first named in the highest lane. */
__attribute__((target("sha,sse4.1,ssse3"))) static void
by_instructions(uint32_t state[8], const uint8_t *blocks, size_t count)
{
	const __m128i swap =
		_mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203); /* the bytes of each word */
	__m128i dcba = _mm_loadu_si128((const __m128i *)(const void *)state);
	__m128i hgfe = _mm_loadu_si128((const __m128i *)(const void *)(state + 4));
	__m128i cdab = _mm_shuffle_epi32(dcba, 0xb1);
	__m128i efgh = _mm_shuffle_epi32(hgfe, 0x1b);
	__m128i abef = _mm_alignr_epi8(cdab, efgh, 8);
	__m128i cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);
	__m128i feba, dchg;

	for (; count; count--, blocks += MIG__DIGEST_BLOCK) {
		const __m128i before_abef = abef, before_cdgh = cdgh;
		__m128i w[4]; /* the last sixteen words of the schedule; w[i % 4] are words 4 * i to
				 4 * i + 3 */

		for (unsigned i = 0; i < 4; i++)
			w[i] = _mm_shuffle_epi8(
				_mm_loadu_si128((const __m128i *)(const void *)(blocks + 16 * i)),
				swap);
		for (unsigned i = 0; i < 16; i++) {
			__m128i *now = &w[i % 4], k;

			if (i >= 4) {
				const __m128i before = w[(i + 3) % 4],
					      seven = _mm_alignr_epi8(before, w[(i + 2) % 4], 4);

				*now = _mm_sha256msg2_epu32(
					_mm_add_epi32(_mm_sha256msg1_epu32(*now, w[(i + 1) % 4]),
						      seven),
					before);
			}
			k = _mm_add_epi32(
				*now,
				_mm_loadu_si128((const __m128i *)(const void *)(k_of + 4 * i)));
			cdgh = _mm_sha256rnds2_epu32(cdgh, abef, k);
			abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(k, 0x0e));
		}
		abef = _mm_add_epi32(abef, before_abef);
		cdgh = _mm_add_epi32(cdgh, before_cdgh);
	}
	feba = _mm_shuffle_epi32(abef, 0x1b);
	dchg = _mm_shuffle_epi32(cdgh, 0xb1);
	_mm_storeu_si128((__m128i *)(void *)state, _mm_blend_epi16(feba, dchg, 0xf0));
	_mm_storeu_si128((__m128i *)(void *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

static int has_instructions(void)
{
	unsigned a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & 1u << 9) ||
	    !(c & 1u << 19)) /* SSSE3, SSE4.1 */
		return 0;
	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && b & 1u << 29; /* SHA */
}

/* The one variable that contexts share: it never says anything but what this processor has. Asking
 * costs as much as a small file's digest on a virtual machine, so it is asked once. 0 not yet, 1
 * no, 2 yes. */
static atomic_int mig__processor;

mig__digest_work *mig__digest_instructions(void)
{
	int now = atomic_load_explicit(&mig__processor, memory_order_relaxed);

	if (!now) {
		now = has_instructions() ? 2 : 1;
		atomic_store_explicit(&mig__processor, now, memory_order_relaxed);
	}
	return now == 2 ? by_instructions : NULL;
}

#elif defined(__aarch64__) && defined(__ARM_NEON) && (defined(__linux__) || defined(__APPLE__)) && \
	!defined(__ARM_BIG_ENDIAN)

#include <arm_neon.h>
#ifdef __linux__
#include <sys/auxv.h>
#endif

#ifdef __clang__
#define WITH_SHA2 __attribute__((target("sha2")))
#else
#define WITH_SHA2 __attribute__((target("+crypto")))
#endif

/* The instructions do four rounds at once. */
WITH_SHA2 static void by_instructions(uint32_t state[8], const uint8_t *blocks, size_t count)
{
	uint32x4_t abcd = vld1q_u32(state), efgh = vld1q_u32(state + 4);

	for (; count; count--, blocks += MIG__DIGEST_BLOCK) {
		const uint32x4_t before_abcd = abcd, before_efgh = efgh;
		uint32x4_t w[4]; /* as above */

		for (unsigned i = 0; i < 4; i++)
			w[i] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(blocks + 16 * i)));
		for (unsigned i = 0; i < 16; i++) {
			uint32x4_t *now = &w[i % 4], k, old;

			if (i >= 4)
				*now = vsha256su1q_u32(vsha256su0q_u32(*now, w[(i + 1) % 4]),
						       w[(i + 2) % 4], w[(i + 3) % 4]);
			k = vaddq_u32(*now, vld1q_u32(k_of + 4 * i));
			old = abcd;
			abcd = vsha256hq_u32(abcd, efgh, k);
			efgh = vsha256h2q_u32(efgh, old, k);
		}
		abcd = vaddq_u32(abcd, before_abcd);
		efgh = vaddq_u32(efgh, before_efgh);
	}
	vst1q_u32(state, abcd);
	vst1q_u32(state + 4, efgh);
}

mig__digest_work *mig__digest_instructions(void)
{
#ifdef __linux__
	return getauxval(AT_HWCAP) & 1 << 6 /* HWCAP_SHA2 */ ? by_instructions : NULL;
#else
	return by_instructions; /* every 64-bit processor of Apple's has them */
#endif
}

#else

mig__digest_work *mig__digest_instructions(void)
{
	return NULL;
}

#endif

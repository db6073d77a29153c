/* SHA-256: the standard's examples, and another library (libmd) over texts of every size near the
 * borders of blocks, in pieces of every size; each on the portable path, and with the processor's
 * instructions where it has them. */
#include "base/digest.h"

#include <setjmp.h>
#include <sha2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static mig__digest_work *ways[2] = { mig__digest_portable };
static int way_count = 1;

static void hex_of(mig__digest_work *way, const char *text, size_t size, size_t piece,
		   char hex[MIG__DIGEST_HEX])
{
	struct mig__digest d;
	uint8_t out[MIG__DIGEST_SIZE];

	mig__digest_init(&d);
	d.work = way;
	for (size_t at = 0; at < size; at += piece)
		mig__digest_add(&d, text + at, size - at < piece ? size - at : piece);
	mig__digest_final(&d, out);
	mig__digest_hex(out, hex);
}

/* FIPS 180-4's examples, from NIST's "SHA-256 examples" and the vectors of RFC 6234, section 8.5.
 */
static void test_standard(void **state)
{
	static const struct {
		const char *text;
		size_t times;
		const char *digest;
	} cases[] = {
		{ "", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
		{ "a", 1000000,
		  "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
		{ "0123456701234567012345670123456701234567012345670123456701234567", 10,
		  "594847328451bdfa85056225462cc1d867d877fb388df0ce35f25ab5562bfbb5" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t one = strlen(cases[i].text), size = one * cases[i].times;
		char *text = malloc(size + 1), hex[MIG__DIGEST_HEX];

		assert_non_null(text);
		for (size_t k = 0; k < cases[i].times; k++)
			memcpy(text + k * one, cases[i].text, one);
		for (int w = 0; w < way_count; w++) {
			hex_of(ways[w], text, size, 4096, hex);
			assert_string_equal(hex, cases[i].digest);
		}
		free(text);
	}
}

static void test_another_library(void **state)
{
	enum { MOST = 300 };
	static const size_t pieces[] = { 1, 3, 55, 63, 64, 65, 128, MOST };
	char text[MOST], hex[MIG__DIGEST_HEX], want[MIG__DIGEST_HEX];
	uint32_t seed = 1;

	(void)state;
	for (size_t i = 0; i < MOST; i++) {
		seed = seed * 1664525 + 1013904223;
		text[i] = (char)(seed >> 24);
	}
	for (size_t size = 0; size <= MOST; size++) {
		SHA256Data((const uint8_t *)text, size, want);
		for (size_t p = 0; p < sizeof(pieces) / sizeof(*pieces); p++) {
			for (int w = 0; w < way_count; w++) {
				hex_of(ways[w], text, size, pieces[p], hex);
				assert_string_equal(hex, want);
			}
		}
	}
}

/* A text whose size in bits needs more than 32 bits; the digest is Python's (hashlib). */
static void test_large(void **state)
{
	enum { CHUNK = 1 << 20, CHUNKS = 520 };
	static char chunk[CHUNK];
	struct mig__digest d;
	uint8_t out[MIG__DIGEST_SIZE];
	char hex[MIG__DIGEST_HEX];

	(void)state;
	if (way_count == 1)
		skip(); /* seconds without the instructions, and what is tested is not theirs */
	memset(chunk, 'x', CHUNK);
	mig__digest_init(&d);
	for (int i = 0; i < CHUNKS; i++)
		mig__digest_add(&d, chunk, CHUNK);
	mig__digest_final(&d, out);
	mig__digest_hex(out, hex);
	assert_string_equal(hex,
			    "702cdd7e5a0c0d25ef89e92a2abd3783348947a41545b39944354e15ce2c9131");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_standard),
		cmocka_unit_test(test_another_library),
		cmocka_unit_test(test_large),
	};

	ways[1] = mig__digest_instructions();
	if (ways[1])
		way_count = 2;
	printf("ways: portable%s\n", ways[1] ? ", and this processor's instructions" : "");
	return cmocka_run_group_tests(tests, NULL, NULL);
}

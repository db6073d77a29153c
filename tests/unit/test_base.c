/* test_base: the helpers that everything stands on, without memory as well. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/map.h"
#include "base/number.h"
#include "base/options.h"
#include "base/quote.h"
#include "base/text.h"

/* An allocator that fails from the k-th allocation on; counts what is not freed. */
struct limited {
	int left;
	int live;
};

static void *limited_realloc(void *user, void *ptr, size_t size)
{
	struct limited *l = user;

	if (!size) {
		l->live -= ptr != NULL;
		free(ptr);
		return NULL;
	}
	if (l->left-- <= 0)
		return NULL;
	l->live += ptr == NULL;
	return realloc(ptr, size);
}

static void test_map(void **state)
{
	static char keys[5000][8];
	struct mig__map map;
	uint32_t old;

	(void)state;
	mig__map_init(&map, &mig__alloc_libc);
	assert_int_equal(mig__map_get(&map, "x", 1), MIG__NONE);
	for (uint32_t i = 0; i < 5000; i++) {
		snprintf(keys[i], sizeof keys[i], "k%u", i);
		assert_true(mig__map_add(&map, keys[i], strlen(keys[i]), i, &old));
		assert_int_equal(old, MIG__NONE);
	}
	for (uint32_t i = 0; i < 5000; i++)
		assert_int_equal(mig__map_get(&map, keys[i], strlen(keys[i])), i);
	assert_true(mig__map_add(&map, "k7", 2, 99, &old));
	assert_int_equal(old, 7);
	assert_int_equal(mig__map_get(&map, "k7", 2), 7); /* kept */
	assert_int_equal(mig__map_get(&map, "k", 1), MIG__NONE);
	mig__map_finish(&map);
}

static void test_without_memory(void **state)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";

	(void)state;
	for (int k = 0; k < 40; k++) {
		struct limited l = { k, 0 };
		struct mig__alloc alloc = { limited_realloc, &l };
		struct mig__arena arena;
		struct mig__error err;
		struct mig__map map;
		struct mig__buf buf;
		char *text;

		mig__arena_init(&arena, &alloc);
		for (int i = 0; i < 10; i++)
			mig__arena_zalloc(&arena, 1000, (size_t)i * 10);
		mig__arena_finish(&arena);
		mig__map_init(&map, &alloc);
		for (uint32_t i = 0; i < 20; i++)
			if (!mig__map_add(&map, &letters[i], 1, i, NULL))
				break;
		for (uint32_t i = 0; i < map.count; i++) /* what went in is still there */
			assert_int_equal(mig__map_get(&map, &letters[i], 1), i);
		mig__map_finish(&map);
		mig__buf_init(&buf, &alloc);
		mig__buf_addf(&buf, "%d %s", 7, "seven");
		for (int i = 0; i < 100; i++)
			mig__buf_adds(&buf, "0123456789");
		text = mig__buf_take(&buf);
		assert_true(!text || strlen(text) == 7 + 1000);
		mig__free(&alloc, text);
		mig__error_init(&err, &alloc);
		assert_int_equal(mig__fail_at(&err, MIG_ESYNTAX, "f", 1, 2, "wrong"), MIG_ESYNTAX);
		mig__error_set_hint(&err, "try");
		mig__error_prefix(&err, "p: ");
		assert_int_equal(err.status, MIG_ESYNTAX);
		if (err.message && err.file)
			assert_non_null(strstr(err.message, "f:1:2: wrong"));
		mig__error_clear(&err);
		assert_int_equal(l.live, 0);
	}
	assert_null(mig__calloc(&mig__alloc_libc, SIZE_MAX / 2, 3));
}

static void test_error(void **state)
{
	struct mig__error err;

	(void)state;
	mig__error_init(&err, &mig__alloc_libc);
	mig__fail_at(&err, MIG_EIO, "a.sql", 3, 0, "no %s", "luck");
	assert_string_equal(err.message, "a.sql:3: no luck");
	mig__fail(&err, MIG_ESQL, "again: %s", err.message); /* may use itself */
	assert_string_equal(err.message, "again: a.sql:3: no luck");
	assert_null(err.file);
	mig__error_set_statement(&err, "SELECT 1; SELECT 2", 8);
	assert_string_equal(err.statement, "SELECT 1");
	mig__fail_nomem(&err);
	assert_null(err.message);
	assert_int_equal(err.status, MIG_ENOMEM);
	mig__error_clear(&err);
}

static void check_place(const char *text, size_t offset, int line, int column)
{
	struct mig__place at = mig__text_place(text, strlen(text), offset);

	assert_int_equal(at.line, line);
	assert_int_equal(at.column, column);
}

static void test_places(void **state)
{
	(void)state;
	check_place("", 0, 1, 1);
	check_place("ab\ncd", 4, 2, 2);
	check_place("ab\r\ncd", 5, 2, 2);
	check_place("ab\rcd", 4, 2, 2);
	check_place("\xef\xbb\xbf"
		    "ab",
		    4, 1, 2);
	check_place("\xc3\xa9\xc3\xa9x", 4, 1, 3); /* in characters */
	check_place("ab", 99, 1, 3);
}

static void test_utf8(void **state)
{
	static const struct {
		const char *text;
		size_t good;
	} cases[] = {
		{ "plain ascii that is longer than eight", 37 },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa7", 9 },
		{ "ab\xff", 2 },
		{ "\xc0\xaf", 0 },         /* overlong */
		{ "x\xed\xa0\x80", 1 },    /* surrogate */
		{ "\xf4\x90\x80\x80", 0 }, /* past U+10FFFF */
		{ "\xe2\x82", 0 },         /* cut short */
		{ "12345678\x80", 8 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(mig__text_utf8(cases[i].text, strlen(cases[i].text)),
				 cases[i].good);
}

static void test_suggest(void **state)
{
	static const char *const words[] = { "upgrade", "downgrade", "up", NULL };

	(void)state;
	assert_string_equal(mig__text_suggest("upgrad", 6, words), "upgrade");
	assert_string_equal(mig__text_suggest("ugprade", 7, words), "upgrade");
	assert_string_equal(mig__text_suggest("dowgrade", 8, words), "downgrade");
	assert_null(mig__text_suggest("history", 7, words));
	assert_null(mig__text_suggest("x", 1, words));
	assert_true(mig__text_is_id("a.B_9", 5));
	assert_false(mig__text_is_id("a-b", 3));
	assert_false(mig__text_is_id("", 0));
}

static void test_ascii(void **state)
{
	(void)state;
	assert_int_equal(mig__ascii_compare("PRIMARY_I", "primary_i"), 0);
	assert_true(mig__ascii_compare("a", "b") < 0);
	assert_true(mig__ascii_compare("ab", "a") > 0);
	assert_true(mig__ascii_compare("a", "") > 0);
	/* bytes from 0x80 on are no letters, and come after all of them */
	assert_true(mig__ascii_compare("\xc3\x84", "\xc3\xa4") < 0);
	assert_true(mig__ascii_compare("\xc3", "z") > 0);
	assert_int_equal(mig__ascii_compare_n("UNIQUEx", "uniquey", 6), 0);
	assert_int_equal(mig__ascii_compare_n("a", "ab", 0), 0);
	assert_int_equal(mig__ascii_lower('@'), '@');
	assert_int_equal(mig__ascii_lower('['), '[');
	assert_true(mig__ascii_is_digit('9') && !mig__ascii_is_digit(':'));
}

static void test_numbers(void **state)
{
	static const struct {
		double number;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 19.95, "19.95" },
		{ -0.1, "-0.1" },
		{ 1.0 / 3, "0.3333333333333333" },
		{ 5e-324, "4.94065645841247e-324" },
		{ 1.7976931348623157e308, "1.7976931348623157e+308" },
	};
	char text[MIG__NUMBER_SIZE], digits[2000];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		mig__number_write(cases[i].number, text);
		assert_string_equal(text, cases[i].text);
		assert_true(mig__number_read(text) == cases[i].number);
	}
	/* a numeric of the database with more digits than any double has */
	memset(digits, '3', sizeof digits);
	memcpy(digits, "2.", 2);
	digits[sizeof digits - 1] = '\0';
	assert_true(mig__number_read(digits) == 7.0 / 3);
	assert_true(mig__number_read("abc") == 0);
	assert_true(mig__number_read("Infinity") > 1e308);
}

static void test_options(void **state)
{
	struct given {
		size_t struct_size;
		int64_t a, b;
	} in = { sizeof in, 1, 0 }, out;
	struct known {
		size_t struct_size;
		int64_t a;
	} old;
	struct mig__error err;

	(void)state;
	mig__error_init(&err, &mig__alloc_libc);
	assert_int_equal(mig__options_read(&old, sizeof old, &in, &err), MIG_OK);
	assert_int_equal(old.a, 1);
	in.b = 5;
	assert_int_equal(mig__options_read(&old, sizeof old, &in, &err), MIG_EINVAL);
	in.struct_size = sizeof old; /* shorter: b is not the caller's */
	assert_int_equal(mig__options_read(&out, sizeof out, &in, &err), MIG_OK);
	assert_int_equal(out.b, 0);
	assert_int_equal(out.struct_size, sizeof out);
	in.struct_size = 3;
	assert_int_equal(mig__options_read(&out, sizeof out, &in, &err), MIG_EINVAL);
	mig__error_clear(&err);
}

static void test_files(void **state)
{
	char dir[] = "/tmp/mig-base-XXXXXX", path[64], *text;
	struct mig__error err;
	size_t size;

	(void)state;
	assert_non_null(mkdtemp(dir));
	mig__error_init(&err, &mig__alloc_libc);
	snprintf(path, sizeof path, "%s/file", dir);
	assert_int_equal(mig__file_read(&mig__alloc_libc, path, &err, &text, &size), MIG_EIO);
	assert_string_equal(err.file, path);
	assert_int_equal(mig__file_create(path, "hello", 5, &err), MIG_OK);
	assert_int_equal(mig__file_create(path, "hello", 5, &err), MIG_EEXISTS);
	assert_int_equal(mig__file_read(&mig__alloc_libc, path, &err, &text, &size), MIG_OK);
	assert_int_equal(size, 5);
	assert_string_equal(text, "hello");
	mig__free(&mig__alloc_libc, text);
	assert_int_equal(mig__file_mkdir(path, &err), MIG_EIO); /* a file is in the way */
	assert_int_equal(mig__file_mkdir(dir, &err), MIG_OK);
	assert_int_equal(mig__file_read(&mig__alloc_libc, dir, &err, &text, &size), MIG_EIO);
	assert_int_equal(mig__file_read(&mig__alloc_libc, "/dev/null", &err, &text, &size),
			 MIG_EIO);
	assert_int_equal(mig__file_create("/dev/full/x", "hello", 5, &err), MIG_EIO);
	assert_int_equal(mig__file_kind(path), MIG__FILE_REGULAR);
	assert_int_equal(mig__file_kind(dir), MIG__FILE_FOLDER);
	assert_int_equal(mig__file_kind("/nowhere"), MIG__FILE_NONE);
	unlink(path);
	rmdir(dir);
	mig__error_clear(&err);
}

/* An empty text is not the want of memory. */
static void empty_texts_are_texts(void **state)
{
	const char *nothing = "";
	struct mig__buf buf;
	char *text;

	(void)state;
	mig__buf_init(&buf, &mig__alloc_libc);
	mig__buf_addf(&buf, "%s", nothing);
	assert_false(buf.failed);
	assert_string_equal(mig__buf_text(&buf), "");
	mig__buf_addf(&buf, "a%s", nothing);
	mig__buf_addf(&buf, "%s", nothing);
	text = mig__buf_take(&buf);
	assert_string_equal(text, "a");
	mig__free(&mig__alloc_libc, text);
}

static void check_quote(const char *text, const char *marks, const char *wanted)
{
	struct mig__buf buf;

	mig__buf_init(&buf, &mig__alloc_libc);
	mig__add_quoted(&buf, text, marks);
	assert_string_equal(mig__buf_text(&buf), wanted);
	mig__buf_finish(&buf);
}

static void test_quote(void **state)
{
	(void)state;
	check_quote("a\"b", mig__quote_names, "\"a\"\"b\"");
	check_quote("it's", mig__quote_texts, "'it''s'");
	check_quote("a[b]c", "[]", "[a[b]]c]");
	check_quote("a`b\"", "``", "`a``b\"`");
	check_quote("it's a \\", "''\\", "'it''s a \\\\'");
	check_quote("", "[]", "[]");
	assert_true(mig__quote_same("\"a\", b", "a, \"b\"", mig__quote_names));
	assert_true(mig__quote_same("[a], b", "a, [b]", "[]"));
	assert_false(mig__quote_same("\"a\", b", "a, b", "[]"));
	assert_false(mig__quote_same("a", "ab", "[]"));
	/* quotes may mean something there */
	assert_false(mig__quote_same("lower(a)", "lower(a)", "[]"));
}


/* -- what a writer that was killed has left */

static void put_aged(const char *dir, const char *name, int seconds, char path[512])
{
	struct timespec times[2] = { { .tv_sec = time(NULL) - seconds },
				     { .tv_sec = time(NULL) - seconds } };
	FILE *f;

	snprintf(path, 512, "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fclose(f);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void test_file_stale(void **state)
{
	char dir[] = "/tmp/mig-stale-XXXXXX", stale[512], young[512], live[512], other[512], made[512],
	     link[512];
	struct mig__error err;
	int fd;

	(void)state;
	mig__error_init(&err, &mig__alloc_libc);
	assert_non_null(mkdtemp(dir));
	put_aged(dir, ".mig-aaaaaaaaaaaaaaaa.tmp", 3600, stale);
	put_aged(dir, ".mig-bbbbbbbbbbbbbbbb.tmp", 1, young);
	put_aged(dir, ".mig-cccccccccccccccc.tmp", 3600, live);
	put_aged(dir, ".mig-notes.tmp", 3600, other);
	snprintf(link, sizeof link, "%s/.mig-dddddddddddddddd.tmp", dir);
	assert_int_equal(symlink(other, link), 0);
	fd = open(live, O_RDWR);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	snprintf(made, sizeof made, "%s/made", dir);
	assert_int_equal(mig__file_create(made, "text", 4, &err), MIG_OK);
	assert_int_equal(access(stale, F_OK), -1);
	assert_int_equal(access(young, F_OK), 0);
	assert_int_equal(access(live, F_OK), 0);
	assert_int_equal(access(other, F_OK), 0);
	assert_int_equal(access(link, F_OK), 0);
	close(fd);
	assert_int_equal(mig__file_replace(made, "more", 4, &err), MIG_OK);
	assert_int_equal(access(live, F_OK), -1);
	unlink(young);
	unlink(other);
	unlink(link);
	unlink(made);
	assert_int_equal(rmdir(dir), 0);
	mig__error_clear(&err);
}

static void test_cut(void **state)
{
	static const char text[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x99\x82z", broken[] = "\x80\x80\x80\x80\x80\x80";
	static const size_t want[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11 };

	(void)state;
	for (size_t i = 0; i < sizeof want / sizeof *want; i++)
		assert_int_equal(mig__text_cut(text, strlen(text), i), want[i]);
	assert_int_equal(mig__text_cut(broken, 6, 4), 4);
	assert_int_equal(mig__text_cut("", 0, 5), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_stale),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(empty_texts_are_texts),
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_without_memory),
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_suggest),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_quote),
		cmocka_unit_test(test_ascii),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

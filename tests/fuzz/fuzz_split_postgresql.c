/* fuzz_split_postgresql: any bytes as a PostgreSQL script; the first says how strings are read.
 *
 * With libFuzzer:  clang -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -Iinclude -Ilib
 *                  tests/fuzz/fuzz_split_postgresql.c lib/dialect/postgresql/sql/split.c
 * With -DMIG_FUZZ_MAIN it is a plain program that replays the files of a folder.
 *
 * Beside not crashing: statements lie in the text, one behind the other, and each alone is one
 * statement of the same size and kind; words lie in their statement; an error is at a place in the
 * text. */
#include "dialect/postgresql/sql/split.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                        \
	do {                                                                    \
		if (!(condition)) {                                             \
			fprintf(stderr, "line %d: %s\n", __LINE__, #condition); \
			abort();                                                \
		}                                                               \
	} while (0)

/* A copy with a NUL behind it and nothing behind that. */
static char *exact(const char *text, size_t size)
{
	char *copy = malloc(size + 1);

	CHECK(copy);
	memcpy(copy, text, size);
	copy[size] = '\0';
	return copy;
}

static void check_alone(const char *text, const mig_statement *st, int standard)
{
	char *own = exact(text + st->offset, st->size);
	mig_statement again = { .struct_size = sizeof again };
	struct mig__pg_split_error error;
	size_t data, data_size;

	CHECK(!mig__pg_split_next(own, st->size, 0, standard, &again, &error));
	CHECK(again.offset == 0 && again.size == st->size && again.kind == st->kind);
	CHECK(!mig__pg_split_next(own, st->size, again.next, standard, &again, &error));
	CHECK(!again.size);
	if (st->kind & MIG__PG_COPY_DATA) {
		mig__pg_split_copy(own, st->size, &data, &data_size);
		CHECK(data < st->size && data_size <= st->size - data);
		CHECK(!memcmp(own + data + data_size, "\\.", 2));
	}
	free(own);
}

static void check_words(const char *text, const mig_statement *st, int standard)
{
	char *own = exact(text + st->offset, st->size);
	struct mig__pg_word word;
	const char *end = own;
	size_t at = 0;

	while (mig__pg_word_next(own, st->size, &at, standard, &word)) {
		CHECK(word.size && word.text >= end && word.text + word.size == own + at);
		CHECK(!word.symbol || word.symbol == (unsigned char)*word.text);
		end = own + at;
	}
	CHECK(end > own && end <= own + st->size);
	free(own);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	mig_statement st = { .struct_size = sizeof st };
	struct mig__pg_split_error error = { NULL, NULL, SIZE_MAX };
	int standard = size && data[0] & 1;
	size_t end = 0;
	mig_status rc;
	char *text;

	if (!size)
		return 0;
	size--;
	text = exact((const char *)data + 1, size);
	while (!(rc = mig__pg_split_next(text, size, end, standard, &st, &error)) && st.size) {
		CHECK(st.offset >= end && st.offset <= size && st.size <= size - st.offset);
		CHECK(st.next > end && st.next >= st.offset + st.size && st.next <= size);
		check_alone(text, &st, standard);
		check_words(text, &st, standard);
		end = st.next;
	}
	if (rc) {
		CHECK(rc == MIG_ESYNTAX && error.message && error.offset >= end);
		CHECK(error.offset < size ||
		      (error.offset == size && strstr(error.message, "COPY")));
	}
	free(text);
	return 0;
}

#ifdef MIG_FUZZ_MAIN
#include <glob.h>

int main(int argc, char **argv)
{
	static uint8_t data[1 << 20];
	char pattern[4096];
	glob_t found;
	size_t i;

	snprintf(pattern, sizeof pattern, "%s/*", argc > 1 ? argv[1] : ".");
	if (glob(pattern, 0, NULL, &found))
		return 1;
	for (i = 0; i < found.gl_pathc; i++) {
		FILE *f = fopen(found.gl_pathv[i], "rb");

		CHECK(f);
		LLVMFuzzerTestOneInput(data, fread(data, 1, sizeof data, f));
		fclose(f);
	}
	globfree(&found);
	printf("%zu files\n", i);
	return 0;
}
#endif

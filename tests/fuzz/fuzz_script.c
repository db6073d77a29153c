/* fuzz_script: any bytes as a revision file.
 *
 * With libFuzzer:  clang -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -Iinclude -Ilib
 *                  tests/fuzz/fuzz_script.c lib/script/?*.c lib/base/?*.c
 * With -DMIG_FUZZ_MAIN it is a plain program that replays the files and folders it is given.
 *
 * Beside not crashing: sections lie inside the text and apart from each other, the head alone says
 * what the whole says, and a digest does not depend on line ends. */
#include "script/internal.h"

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

static void check_sections(const struct mig__script *s, size_t size)
{
	size_t end = 0;

	CHECK(s->section_count > 0);
	for (size_t i = 0; i < s->section_count; i++) {
		CHECK(s->sections[i].is.offset >= end && s->sections[i].is.offset <= size);
		CHECK(s->sections[i].is.size <= size - s->sections[i].is.offset);
		CHECK(s->sections[i].line > 0);
		end = s->sections[i].is.offset + s->sections[i].is.size;
	}
	CHECK(end == size);
}

static void check_head(struct mig__arena *arena, const char *text, size_t size, size_t part,
		       const struct mig__script *whole)
{
	struct mig__script head;
	struct mig__error err;
	int more;

	mig__error_init(&err, &mig__alloc_libc);
	CHECK(!mig__parse_head(arena, "f", text, part, part == size, &err, &head, &more));
	CHECK(!more || part < size);
	if (!more) {
		CHECK(!strcmp(head.id, whole->id) && !strcmp(head.message, whole->message));
		CHECK(mig__list_same(&head.parents, &whole->parents));
		CHECK(mig__list_same(&head.labels, &whole->labels));
	}
	mig__error_clear(&err);
}

/* Each line end becomes " CRLF". */
static void check_digest(const char *text, size_t size, const struct mig__script *s)
{
	char *other = malloc(size * 3 + 1);
	uint8_t digest[MIG__DIGEST_SIZE];
	size_t n = 0;

	CHECK(other);
	for (size_t i = 0; i < size; i++) {
		if (text[i] != '\n' && text[i] != '\r') {
			other[n++] = text[i];
			continue;
		}
		memcpy(other + n, " \r\n", 3);
		n += 3;
		if (text[i] == '\r' && i + 1 < size && text[i + 1] == '\n')
			i++;
	}
	mig__script_text_digest(other, n, digest);
	CHECK(!memcmp(digest, s->digest, sizeof digest));
	free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct mig__arena arena;
	struct mig__script script;
	struct mig__error err;
	mig_status rc;

	mig__error_init(&err, &mig__alloc_libc);
	mig__arena_init(&arena, &mig__alloc_libc);
	rc = mig__script_parse(&arena, "f", text, size, 1, &err, &script);
	if (rc) {
		CHECK(rc == MIG_ESYNTAX || rc == MIG_EILLEGAL_ID);
		CHECK(!strncmp(err.message, "f:", 2) && !strpbrk(err.message, "\n\r\x1b"));
	} else {
		check_sections(&script, size);
		check_head(&arena, text, size, size, &script);
		check_head(&arena, text, size, size / 2, &script);
		check_digest(text, size, &script);
	}
	mig__arena_finish(&arena);
	mig__error_clear(&err);
	return 0;
}

#ifdef MIG_FUZZ_MAIN
#include "base/file.h"

#include <dirent.h>

static int replay(const char *path)
{
	struct mig__error err;
	char *text;
	size_t size;

	mig__error_init(&err, &mig__alloc_libc);
	if (mig__file_read(&mig__alloc_libc, path, &err, &text, &size)) {
		fprintf(stderr, "%s\n", err.message);
		mig__error_clear(&err);
		return 1;
	}
	LLVMFuzzerTestOneInput((const uint8_t *)text, size);
	free(text);
	return 0;
}

static int replay_folder(const char *folder, int *count)
{
	DIR *dir = opendir(folder);
	char path[4096];
	int bad = 0;

	if (!dir) {
		perror(folder);
		return 1;
	}
	for (struct dirent *d; (d = readdir(dir));) {
		snprintf(path, sizeof path, "%s/%s", folder, d->d_name);
		if (mig__file_kind(path) != MIG__FILE_REGULAR)
			continue;
		bad |= replay(path);
		++*count;
	}
	closedir(dir);
	return bad;
}

int main(int argc, char **argv)
{
	int bad = 0, count = 0;

	for (int i = 1; i < argc; i++) {
		if (mig__file_kind(argv[i]) == MIG__FILE_FOLDER) {
			bad |= replay_folder(argv[i], &count);
		} else {
			bad |= replay(argv[i]);
			count++;
		}
	}
	printf("%d files\n", count);
	return bad || !count;
}
#endif

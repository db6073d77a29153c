/* digest: what stands for a revision's content, so that an edit after it was applied is seen.
 *
 * The canonical text of a file is each of its lines up to the last one that is not empty, without
 * its trailing blanks, followed by one LF; a BOM is left out. A tidy file is its own canonical
 * text, and its digest what `sha256sum` prints.
 *
 * Bytes that are hashed ("…" ends with its NUL, as C strings do):
 *     a text                  its canonical text
 *     a revision in C         "libmig c 1" id NUL version
 *     the chain of a revision "libmig chain 1" id NUL digest[32] chain[32]…
 * An id holds no NUL, so no two revisions share their bytes. */
#include "script/internal.h"

#include <string.h>

static int is_space(char c)
{
	return mig__is_blank(c) || c == '\n' || c == '\r';
}

/* Lines that are canonical already are collected into one run, hashed at the first that is not. */
void mig__script_text_digest(const char *text, size_t size, uint8_t out[MIG__DIGEST_SIZE])
{
	const char *run, *end;
	struct mig__digest d;
	struct mig__lines lines;
	struct mig__line line;
	struct mig__word kept;

	mig__digest_init(&d);
	if (size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		text += 3;
		size -= 3;
	}
	while (size && is_space(text[size - 1]))
		size--;
	run = text;
	mig__lines_init(&lines, text, size);
	while (mig__lines_next(&lines, &line)) {
		kept = mig__trim_right(line.text);
		end = kept.at + kept.size;
		if (lines.at == end + 1 && *end == '\n')
			continue;
		mig__digest_add(&d, run, (size_t)(end - run));
		mig__digest_add(&d, "\n", 1);
		run = lines.at;
	}
	mig__digest_final(&d, out);
}

void mig__script_c_digest(const char *id, const char *version, uint8_t out[MIG__DIGEST_SIZE])
{
	static const char tag[] = "libmig c 1";
	struct mig__digest d;

	mig__digest_init(&d);
	mig__digest_add(&d, tag, sizeof tag);
	mig__digest_add(&d, id, strlen(id) + 1);
	mig__digest_add(&d, version, strlen(version));
	mig__digest_final(&d, out);
}

void mig__script_chain(const char *id, const uint8_t digest[MIG__DIGEST_SIZE],
		       const uint8_t *const *below, size_t count, uint8_t out[MIG__DIGEST_SIZE])
{
	static const char tag[] = "libmig chain 1";
	struct mig__digest d;

	mig__digest_init(&d);
	mig__digest_add(&d, tag, sizeof tag);
	mig__digest_add(&d, id, strlen(id) + 1);
	mig__digest_add(&d, digest, MIG__DIGEST_SIZE);
	for (size_t i = 0; i < count; i++)
		mig__digest_add(&d, below[i], MIG__DIGEST_SIZE);
	mig__digest_final(&d, out);
}

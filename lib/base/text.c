/* text: line and column of an offset, a check of UTF-8, and the nearest of several words.
 * Characters are counted as code points; distance is Damerau's, with swaps of neighbours. */
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct mig__place mig__text_place(const char *text, size_t size, size_t offset)
{
	struct mig__place at = { 1, 1 };

	if (offset > size)
		offset = size;
	for (size_t i = size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0; i < offset; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '\n' || (c == '\r' && !(i + 1 < size && text[i + 1] == '\n'))) {
			at.line++;
			at.column = 1;
		} else if ((c & 0xc0) != 0x80 && c != '\r') {
			at.column++;
		}
	}
	return at;
}

size_t mig__text_char(const char *s, size_t size, uint32_t *c)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	if (!n || n > size || p[0] > 0xf4)
		return 0;
	*c = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (p[i] & 0x3fu);
	}
	if ((n == 3 && *c < 0x800) || (n == 4 && (*c < 0x10000 || *c > 0x10ffff)) ||
	    (*c >= 0xd800 && *c <= 0xdfff))
		return 0;
	return n;
}

size_t mig__text_cut(const char *text, size_t size, size_t most)
{
	size_t n = most;

	if (size <= most)
		return size;
	while (n && most - n < 3 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	return ((unsigned char)text[n] & 0xc0) == 0x80 ? most : n; /* what is not UTF-8 has no middle */
}

size_t mig__text_utf8(const char *text, size_t size)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t i = 0, n;
	uint64_t word;
	uint32_t c;

	while (i < size) {
		if (size - i >= sizeof word) { /* eight ASCII bytes at a time */
			memcpy(&word, p + i, sizeof word);
			if (!(word & UINT64_C(0x8080808080808080))) {
				i += sizeof word;
				continue;
			}
		}
		n = mig__text_char(text + i, size - i, &c);
		if (!n)
			return i;
		i += n;
	}
	return size;
}

enum { LONGEST = 40 };

/* Damerau's distance (optimal string alignment) of two short words. */
static size_t distance(const char *a, size_t na, const char *b, size_t nb)
{
	size_t rows[3][LONGEST + 1], *two = rows[0], *one = rows[1], *now = rows[2], *free_row;

	for (size_t j = 0; j <= nb; j++)
		one[j] = j;
	for (size_t i = 1; i <= na; i++) {
		now[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t best = one[j - 1] + (a[i - 1] != b[j - 1]);

			if (one[j] + 1 < best)
				best = one[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    two[j - 2] + 1 < best)
				best = two[j - 2] + 1;
			now[j] = best;
		}
		free_row = two;
		two = one;
		one = now;
		now = free_row;
	}
	return one[nb];
}

const char *mig__text_suggest(const char *word, size_t size, const char *const *candidates)
{
	const char *best = NULL;
	size_t least = size < 6 ? 2 : 3; /* one more than allowed */

	if (size < 2 || size > LONGEST)
		return NULL;
	for (; *candidates; candidates++) {
		size_t n = strlen(*candidates), d;

		if (n > LONGEST)
			continue;
		d = distance(word, size, *candidates, n);
		if (d < least) {
			least = d;
			best = *candidates;
		}
	}
	return best;
}

int mig__text_range_has(const char *range, const char *word)
{
	const char *colon = range ? strchr(range, ':') : NULL;
	size_t size = strlen(word);

	return colon && ((size == (size_t)(colon - range) && !memcmp(range, word, size)) ||
			 !strcmp(colon + 1, word));
}

int mig__text_is_reserved(const char *word, size_t size)
{
	static const char *const words[] = { "head", "heads", "base", "current" };

	if (size < 4 || size > 7)
		return 0;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i]) == size && !memcmp(words[i], word, size))
			return 1;
	return 0;
}

/* A bit for each ASCII character that may be in an id: "." and digits; letters and "_". */
static const uint64_t id_characters[2] = { UINT64_C(0x03ff400000000000),
					   UINT64_C(0x07fffffe87fffffe) };

int mig__text_is_id(const char *word, size_t size)
{
	if (size < 1 || size > 255)
		return 0;
	for (size_t i = 0; i < size; i++) {
		unsigned c = (unsigned char)word[i];

		if (c > 127 || !(id_characters[c >> 6] >> (c & 63) & 1))
			return 0;
	}
	return 1;
}

int mig__text_by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Without recursion: on a mismatch, the last * takes one more. */
int mig__text_matches(const char *pattern, const char *text)
{
	const char *star = NULL, *from = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			from = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			text = ++from;
		} else {
			return 0;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

/* letters: which characters are letters, in every script, and so which words may be labels. Not ids, which
 * are ASCII: text.c. A binary search in the ranges of letters.h. */
#include "base/letters.h"

#include "base/ascii.h"
#include "base/text.h"

#include <string.h>

int mig__text_is_letter(uint32_t c)
{
	size_t low = 0, high = sizeof letters / sizeof *letters;

	if (c < 0x80)
		return c && strchr(MIG__LETTERS MIG__DIGITS, (int)c) != NULL;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (c > letters[mid].last)
			low = mid + 1;
		else if (c < letters[mid].first)
			high = mid;
		else
			return 1;
	}
	return 0;
}

int mig__text_is_label(const char *word, size_t size)
{
	uint32_t c;
	size_t n;

	if (size < 1 || size > 255)
		return 0;
	for (size_t i = 0; i < size; i += n) {
		n = mig__text_char(word + i, size - i, &c);
		if (!n || (!mig__text_is_letter(c) && c != '_' && c != '.' && c != '-'))
			return 0;
	}
	return 1;
}

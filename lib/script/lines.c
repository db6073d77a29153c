/* lines: a text as lines (LF, CRLF or CR) and a line as words, with "did you mean" for words of
 * the header and directives. Not what the words mean: header.c and parse.c. */
#include "script/internal.h"

#include "base/ascii.h"
#include "base/text.h"

#include <string.h>

void mig__lines_init(struct mig__lines *lines, const char *text, size_t size)
{
	*lines = (struct mig__lines){ .at = text, .end = text + size };
	lines->has_cr = size && memchr(text, '\r', size) != NULL;
}

/* The LF is looked for once for all CR lines before it, so that a text without LF stays linear. */
int mig__lines_next(struct mig__lines *lines, struct mig__line *out)
{
	const char *stop, *cr;

	if (lines->at == lines->end)
		return 0;
	if (!lines->lf || lines->lf < lines->at) {
		lines->lf = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
		if (!lines->lf)
			lines->lf = lines->end;
	}
	stop = lines->lf;
	if (lines->has_cr) {
		cr = memchr(lines->at, '\r', (size_t)(stop - lines->at));
		stop = cr ? cr : stop;
	}
	out->text = (struct mig__word){ lines->at, (size_t)(stop - lines->at) };
	out->number = ++lines->number;
	if (stop == lines->end)
		lines->at = stop;
	else if (*stop == '\r' && stop + 1 < lines->end && stop[1] == '\n')
		lines->at = stop + 2;
	else
		lines->at = stop + 1;
	return 1;
}

struct mig__word mig__next_word(struct mig__word *rest, int commas)
{
	const char *p = rest->at, *end = rest->at + rest->size;
	struct mig__word word;

	while (p < end && (mig__is_blank(*p) || (commas && *p == ',')))
		p++;
	word.at = p;
	while (p < end && !mig__is_blank(*p) && !(commas && *p == ','))
		p++;
	word.size = (size_t)(p - word.at);
	*rest = (struct mig__word){ p, (size_t)(end - p) };
	return word;
}

int mig__directive(struct mig__word line, struct mig__word *words)
{
	struct mig__word content;

	if (!mig__comment(line, &content))
		return 0;
	content = mig__trim_left(content);
	if (content.size < 4 || (*content.at != 'm' && *content.at != 'M') ||
	    mig__ascii_compare_n(content.at, "mig:", 4))
		return 0;
	*words = mig__trim_right(content);
	return 1;
}

const char *mig__quote(struct mig__word word, char out[MIG__QUOTE])
{
	size_t len = 0, i = 0, n;

	while (i < word.size) {
		uint32_t c = mig__code_point(word.at + i, word.size - i, &n);

		if (len + n > MIG__QUOTE - 12) {
			memcpy(out + len, "...", 3);
			len += 3;
			break;
		}
		if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xfffd)
			out[len++] = '?';
		else {
			memcpy(out + len, word.at + i, n);
			len += n;
		}
		i += n;
	}
	out[len] = '\0';
	return out;
}

const char *mig__suggest(struct mig__word word, const char *const *candidates)
{
	char lower[40];

	if (word.size > sizeof lower)
		return NULL;
	for (size_t i = 0; i < word.size; i++) {
		char c = word.at[i];

		lower[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	return mig__text_suggest(lower, word.size, candidates);
}

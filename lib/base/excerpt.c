/* excerpt: see excerpt.h.
 *
 * Two texts are made together: the line as it is shown, and the blanks below it up to the caret. Tabs
 * stand below tabs, and two blanks below a wide character, so the caret is right whatever their width
 * is. It knows nothing of SQL: any text with lines will do. */
#include "base/excerpt.h"

#include "base/file.h"
#include "base/shown.h"
#include "base/text.h"

#include <string.h>

enum { SHOWN = 120, BEFORE = 60 }; /* characters of a long line: in all, before the column */

const char *mig__excerpt_line(const char *text, size_t size, int32_t line, size_t *length)
{
	const char *end = text + size, *from = text;

	if (size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		from += 3;
	for (int32_t at = 1; from <= end; at++) {
		const char *to = from;

		while (to < end && *to != '\n' && *to != '\r')
			to++;
		if (at == line) {
			*length = (size_t)(to - from);
			return from;
		}
		from = to + 1 < end && to[0] == '\r' && to[1] == '\n' ? to + 2 : to + 1;
	}
	return NULL;
}

/* Columns that a terminal gives to a character. */
static size_t columns(uint32_t c)
{
	static const uint32_t none[][2] = { { 0x300, 0x36f },
					    { 0x200b, 0x200d },
					    { 0xfe00, 0xfe0f } };
	static const uint32_t two[][2] = { { 0x1100, 0x115f },   { 0x2e80, 0xa4cf },
					   { 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },
					   { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 },
					   { 0x1f300, 0x1faff }, { 0x20000, 0x3fffd } };

	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		if (c >= none[i][0] && c <= none[i][1])
			return 0;
	for (size_t i = 0; i < sizeof two / sizeof *two; i++)
		if (c >= two[i][0] && c <= two[i][1])
			return 2;
	return 1;
}

static void add_blanks(struct mig__buf *out, size_t count)
{
	while (count--)
		mig__buf_add(out, " ", 1);
}

/* Adds a character as it is shown, and what stands below it. */
static void add_char(struct mig__buf *line, struct mig__buf *below, const char *s, size_t size,
		     uint32_t c)
{
	size_t before = line->len;

	if (*s == '\t') {
		mig__buf_add(line, "\t", 1);
		mig__buf_add(below, "\t", 1);
		return;
	}
	mig__shown_add(line, s, size);
	if (line->len - before == size && c >= 0x80)
		add_blanks(below, columns(c));
	else
		add_blanks(below, line->len - before);
}

struct excerpt {
	struct mig__buf shown, below; /* below: blanks up to the caret */
	int32_t at;                   /* number of the next character, from 1 */
	int32_t first;                /* the first that is shown */
	int marked, cut;              /* the caret's place was found; the line goes on */
};

static void make_excerpt(struct excerpt *e, const char *line, size_t length, int32_t column)
{
	struct mig__buf scrap;
	size_t i = 0, size;

	mig__buf_init(&scrap, e->shown.alloc);
	if (e->first > 1) {
		mig__buf_adds(&e->shown, "...");
		add_blanks(&e->below, 3);
	}
	for (; i < length && e->at < e->first + SHOWN; i += size, e->at++) {
		uint32_t c = 0;

		size = mig__text_char(line + i, length - i, &c);
		if (!size)
			size = 1;
		e->marked |= e->at == column;
		if (e->at >= e->first)
			add_char(&e->shown, e->marked ? &scrap : &e->below, line + i, size, c);
		mig__buf_clear(&scrap);
	}
	e->marked |= e->at == column; /* the end of the line */
	e->cut = i < length;
	mig__buf_finish(&scrap);
}

void mig__excerpt_add(struct mig__buf *out, const char *text, size_t size, int32_t line,
		      int32_t column)
{
	struct excerpt e = { .at = 1, .first = column > SHOWN - 20 ? column - BEFORE : 1 };
	size_t length, gutter = out->len;
	const char *from = mig__excerpt_line(text, size, line, &length);

	if (!from)
		return;
	mig__buf_init(&e.shown, out->alloc);
	mig__buf_init(&e.below, out->alloc);
	make_excerpt(&e, from, length, column);
	mig__buf_addf(out, "%5d | ", (int)line);
	gutter = out->len - gutter;
	mig__buf_addf(out, "%s%s\n", mig__buf_text(&e.shown), e.cut ? "..." : "");
	if (e.marked) {
		add_blanks(out, gutter - 2);
		mig__buf_addf(out, "| %s^\n", mig__buf_text(&e.below));
	}
	out->failed |= e.shown.failed || e.below.failed;
	mig__buf_finish(&e.shown);
	mig__buf_finish(&e.below);
}

void mig__excerpt_add_file(struct mig__buf *out, const char *path, int32_t line, int32_t column)
{
	struct mig__error err;
	char *text = NULL;
	size_t size = 0;

	mig__error_init(&err, out->alloc);
	if (!mig__file_read(out->alloc, path, &err, &text, &size))
		mig__excerpt_add(out, text, size, line, column);
	mig__free(out->alloc, text);
	mig__error_clear(&err);
}

/* caret: the line at fault, as
 *
 *     9 | ALTER TABLE users ADD COLUM email;
 *       |                       ^
 *
 * Tabs stand below tabs, so the caret is right whatever their width. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { SHOWN = 120, BEFORE = 60, LONGEST = 1 << 20 }; /* characters of a long line, bytes read */

/* Lines end with LF, CRLF or CR. Reads the wanted one, without a BOM. */
static int read_line(const char *path, int32_t wanted, struct mig__cli_text *out)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	int32_t line = 1;
	int c, last = 0;

	if (!f)
		return 0;
	if (fstat(fileno(f), &st) || !S_ISREG(st.st_mode)) {
		fclose(f);
		return 0;
	}
	while ((c = getc(f)) != EOF && line <= wanted && out->len < LONGEST) {
		char byte = (char)c;

		if (c == '\r' || (c == '\n' && last != '\r'))
			line++;
		else if (line == wanted && c != '\n')
			mig__cli_add(out, &byte, 1);
		last = c;
	}
	fclose(f);
	if (wanted == 1 && out->len >= 3 && !memcmp(out->data, "\xef\xbb\xbf", 3)) {
		memmove(out->data, out->data + 3, out->len - 2);
		out->len -= 3;
	}
	return line >= wanted && !out->failed;
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

/* Adds a character as it is shown, and what stands below it. */
static void add_char(struct mig__cli_text *line, struct mig__cli_text *below, const char *s,
		     size_t size, uint32_t c)
{
	size_t before = line->len;

	if (*s == '\t') {
		mig__cli_adds(line, "\t");
		mig__cli_adds(below, "\t");
		return;
	}
	mig__cli_add_shown(line, s, size);
	if (line->len - before == size && c >= 0x80)
		mig__cli_addn(below, ' ', columns(c));
	else
		mig__cli_addn(below, ' ', line->len - before);
}

struct excerpt {
	struct mig__cli_text shown, below; /* below ends with the caret, or is not used */
	int marked, cut;                   /* there is a caret; the line goes on */
};

static void make_excerpt(const struct mig__cli_text *text, int32_t column, struct excerpt *e)
{
	int32_t at = 1, first = column > SHOWN - 20 ? column - BEFORE : 1;
	struct mig__cli_text scrap = { 0 }, *under = &e->below;
	size_t i = 0, size;

	if (first > 1) {
		mig__cli_adds(&e->shown, "...");
		mig__cli_addn(&e->below, ' ', 3);
	}
	for (; i < text->len && at < first + SHOWN; i += size, at++) {
		uint32_t c = 0;

		size = mig__cli_utf8(text->data + i, text->len - i, &c);
		if (!size)
			size = 1;
		if (at == column) {
			mig__cli_adds(under, "^");
			under = &scrap;
		}
		if (at >= first)
			add_char(&e->shown, under, text->data + i, size, c);
	}
	if (at == column) { /* the end of the line */
		mig__cli_adds(under, "^");
		under = &scrap;
	}
	e->marked = under == &scrap;
	e->cut = i < text->len;
	mig__cli_text_finish(&scrap);
}

void mig__cli_add_source(struct mig__cli_text *out, const char *file, int32_t line, int32_t column)
{
	struct mig__cli_text text = { 0 };
	struct excerpt e = { 0 };
	size_t gutter = out->len;

	if (read_line(file, line, &text)) {
		make_excerpt(&text, column, &e);
		mig__cli_addf(out, "%5d | ", (int)line);
		gutter = out->len - gutter;
		mig__cli_adds(out, mig__cli_string(&e.shown));
		mig__cli_adds(out, e.cut ? "...\n" : "\n");
		if (e.marked) {
			mig__cli_addn(out, ' ', gutter - 2);
			mig__cli_addf(out, "| %s\n", mig__cli_string(&e.below));
		}
	}
	mig__cli_text_finish(&text);
	mig__cli_text_finish(&e.shown);
	mig__cli_text_finish(&e.below);
}

void mig__cli_add_key(struct mig__cli_text *out, const char *file, int32_t line)
{
	struct mig__cli_text text = { 0 };
	const char *word;
	size_t n;

	if (read_line(file, line, &text)) {
		word = mig__cli_string(&text);
		n = strcspn(word, "=:/?@ \t");
		n += strspn(word + n, " \t");
		/* without a key it is a value that has lost its place, or a section */
		n = word[n] == '=' ? n + 1 : word[0] == '[' ? strcspn(word, "] \t=:@") : 0;
		mig__cli_addf(out, "%5d | ", (int)line);
		mig__cli_add_shown(out, word, n < SHOWN ? n : 0);
		mig__cli_adds(out, !word[n] ? "\n" : n ? " ...\n" : "...\n");
	}
	mig__cli_text_finish(&text);
}

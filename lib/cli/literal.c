/* literal: texts as string literals of C. Long ones become arrays of numbers, since compilers
 * need not take a literal of more than 4,095 characters. */
#include "cli/literal.h"
#include "base/ascii.h"

#include <string.h>

enum { LONGEST_LITERAL = 4095, NUMBERS_A_LINE = 20 };

/* '?' is escaped because of trigraphs; other bytes in octal, as three digits always end. */
static void add_bytes(struct mig__cli_text *out, const char *bytes, size_t size)
{
	mig__cli_adds(out, "\"");
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c == '\n')
			mig__cli_adds(out, "\\n");
		else if (c == '\t')
			mig__cli_adds(out, "\\t");
		else if (c == '"' || c == '\\' || c == '?')
			mig__cli_addf(out, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			mig__cli_addf(out, "\\%03o", (unsigned)c);
		else
			mig__cli_add(out, bytes + i, 1);
	}
	mig__cli_adds(out, "\"");
}

void mig__cli_add_literal(struct mig__cli_text *out, const char *text)
{
	if (text)
		add_bytes(out, text, strlen(text));
	else
		mig__cli_adds(out, "NULL");
}

int mig__cli_is_numbers(size_t size)
{
	return size > LONGEST_LITERAL;
}

static void add_numbers(struct mig__cli_text *out, const char *text, size_t size)
{
	for (size_t i = 0; i <= size; i++) {
		unsigned char c = i < size ? (unsigned char)text[i] : 0;

		mig__cli_addf(out, "%s%u,", i % NUMBERS_A_LINE ? " " : "\n\t", (unsigned)c);
	}
	mig__cli_adds(out, "\n};\n");
}

void mig__cli_add_definition(struct mig__cli_text *out, const char *name, const char *text,
			     size_t size)
{
	const char *end = text + size;

	if (mig__cli_is_numbers(size)) {
		mig__cli_addf(out, "static const unsigned char %s[] = {", name);
		add_numbers(out, text, size);
		return;
	}
	mig__cli_addf(out, "static const char %s[] =", name);
	if (!size)
		mig__cli_adds(out, " \"\"");
	while (text < end) {
		const char *lf = memchr(text, '\n', (size_t)(end - text));
		size_t n = lf ? (size_t)(lf + 1 - text) : (size_t)(end - text);

		mig__cli_adds(out, "\n\t");
		add_bytes(out, text, n);
		text += n;
	}
	mig__cli_adds(out, ";\n");
}

int mig__cli_is_c_name(const char *name)
{
	static const char *const keywords =
		" alignas alignof auto bool break case char const constexpr continue default do "
		"double "
		"else enum extern false float for goto if inline int long nullptr register "
		"restrict "
		"return short signed sizeof static static_assert struct switch thread_local true "
		"typedef typeof union unsigned void volatile while ";
	static const char letters[] =
		MIG__LETTERS MIG__DIGITS "_";
	struct mig__cli_text word = { 0 };
	int keyword;

	if (!name[0] || (name[0] >= '0' && name[0] <= '9') || name[strspn(name, letters)] ||
	    strlen(name) > 200)
		return 0;
	mig__cli_addf(&word, " %s ", name);
	keyword = strstr(keywords, mig__cli_string(&word)) != NULL;
	mig__cli_text_finish(&word);
	return !keyword;
}

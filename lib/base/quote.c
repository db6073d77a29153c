/* quote: texts between marks. Which marks an engine has, its dialect says; without a word, those of
 * standard SQL. */
#include "base/quote.h"

#include "base/ascii.h"

#include <string.h>

const char mig__quote_names[3] = "\"\"", mig__quote_texts[3] = "''";

void mig__add_quoted_n(struct mig__buf *buf, const char *text, size_t size, const char *marks)
{
	mig__buf_add(buf, marks, 1);
	for (size_t i = 0; i < size; i++) {
		if (text[i] && strchr(marks + 1, text[i]))
			mig__buf_add(buf, text + i, 1);
		mig__buf_add(buf, text + i, 1);
	}
	mig__buf_add(buf, marks + 1, 1);
}

void mig__add_quoted(struct mig__buf *buf, const char *text, const char *marks)
{
	mig__add_quoted_n(buf, text, strlen(text), marks);
}

static const char *past_marks(const char *p, const char *marks)
{
	while (*p && (*p == marks[0] || *p == marks[1]))
		p++;
	return p;
}

int mig__quote_same(const char *a, const char *b, const char *marks)
{
	for (;; a++, b++) {
		a = past_marks(a, marks);
		b = past_marks(b, marks);
		if (*a != *b)
			return 0;
		if (!*a)
			return 1;
		if (!strchr(MIG__LETTERS MIG__DIGITS "_., ", *a))
			return 0;
	}
}

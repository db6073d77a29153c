/* quote: names and string constants in SQL. Not how a name was written: tokens.c. */
#include "dialect/sqlite/sql/quote.h"

#include "base/ascii.h"
#include "base/quote.h"

#include <sqlite3.h>
#include <string.h>

void mig__sqlite_add_name(struct mig__buf *buf, const char *name)
{
	mig__add_quoted(buf, name, mig__quote_names);
}

void mig__sqlite_add_word(struct mig__buf *buf, const char *name)
{
	size_t size = strlen(name);

	if (size && (name[0] < '0' || name[0] > '9') &&
	    !name[strspn(name, MIG__LETTERS MIG__DIGITS "_")] &&
	    !sqlite3_keyword_check(name, (int)size))
		mig__buf_adds(buf, name);
	else
		mig__sqlite_add_name(buf, name);
}

void mig__sqlite_add_string(struct mig__buf *buf, const char *text)
{
	mig__buf_adds(buf, "'");
	for (; *text; text++) {
		if (*text == '\'')
			mig__buf_adds(buf, "'");
		mig__buf_add(buf, text, 1);
	}
	mig__buf_adds(buf, "'");
}

/* reader: an error with its place, for every file that reads a part of a revision file. Not the reading
 * itself: parse.c has sections and their directives, header.c the keys, note.c what stands inside. */
#include "script/internal.h"

#include "base/buf.h"
#include "base/text.h"

#include <stdarg.h>

mig_status mig__reader_fail(const struct mig__reader *r, mig_status status, const char *at,
			    const char *format, ...)
{
	struct mig__place place = mig__text_place(r->text, r->size, (size_t)(at - r->text));
	struct mig__buf buf;
	va_list args;

	mig__buf_init(&buf, r->err->alloc);
	va_start(args, format);
	mig__buf_addv(&buf, format, args);
	va_end(args);
	if (buf.failed)
		mig__fail_nomem(r->err);
	else
		mig__fail_at(r->err, status, r->file, place.line, place.column, "%s", buf.data);
	mig__buf_finish(&buf);
	return r->err->status;
}

mig_status mig__reader_unknown(const struct mig__reader *r, const char *what, struct mig__word word,
			       const char *near, const struct mig__buf *known)
{
	char quote[MIG__QUOTE];

	mig__quote(word, quote);
	if (near)
		return mig__reader_fail(r, MIG_ESYNTAX, word.at,
					"unknown %s \"%s\" (did you mean \"%s\"?)", what, quote,
					near);
	if (known->failed)
		return mig__fail_nomem(r->err);
	return mig__reader_fail(r, MIG_ESYNTAX, word.at, "unknown %s \"%s\": there are %s", what,
				quote, known->data);
}

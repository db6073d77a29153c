/* error: sets the error record of a context and its fields. Not what users read of it:
 * api/error.c. Without memory for a text the status stays, and the text is NULL. */
#include "base/error.h"

#include "base/buf.h"

#include <stdarg.h>
#include <string.h>

void mig__error_init(struct mig__error *err, const struct mig__alloc *alloc)
{
	*err = (struct mig__error){ .alloc = alloc, .offset = SIZE_MAX };
}

void mig__error_clear(struct mig__error *err)
{
	mig__free(err->alloc, err->message);
	mig__free(err->alloc, err->revision);
	mig__free(err->alloc, err->file);
	mig__free(err->alloc, err->statement);
	mig__free(err->alloc, err->detail);
	mig__free(err->alloc, err->hint);
	mig__free(err->alloc, err->report);
	mig__error_init(err, err->alloc);
}

struct mig__error mig__error_take(struct mig__error *err)
{
	struct mig__error taken = *err;

	mig__error_init(err, taken.alloc);
	return taken;
}

void mig__error_put_back(struct mig__error *err, struct mig__error taken)
{
	mig__error_clear(err);
	*err = taken;
}

static void replace(const struct mig__error *err, char **field, char *text)
{
	mig__free(err->alloc, *field);
	*field = text;
}

mig_status mig__fail(struct mig__error *err, mig_status status, const char *format, ...)
{
	struct mig__buf buf;
	va_list args;

	/* the arguments may point into the record: build first, clear after */
	mig__buf_init(&buf, err->alloc);
	va_start(args, format);
	mig__buf_addv(&buf, format, args);
	va_end(args);
	mig__error_clear(err);
	err->status = status;
	err->message = mig__buf_take(&buf);
	return status;
}

mig_status mig__fail_nomem(struct mig__error *err)
{
	mig__error_clear(err);
	err->status = MIG_ENOMEM;
	return MIG_ENOMEM;
}

mig_status mig__fail_at(struct mig__error *err, mig_status status, const char *file, int32_t line,
			int32_t column, const char *format, ...)
{
	struct mig__buf buf;
	va_list args;

	mig__buf_init(&buf, err->alloc);
	if (line > 0 && column > 0)
		mig__buf_addf(&buf, "%s:%d:%d: ", file, (int)line, (int)column);
	else if (line > 0)
		mig__buf_addf(&buf, "%s:%d: ", file, (int)line);
	else
		mig__buf_addf(&buf, "%s: ", file);
	va_start(args, format);
	mig__buf_addv(&buf, format, args);
	va_end(args);
	mig__error_clear(err);
	err->status = status;
	err->message = mig__buf_take(&buf);
	mig__error_set_place(err, file, line, column);
	return status;
}

void mig__error_set_revision(struct mig__error *err, const char *revision)
{
	replace(err, &err->revision, mig__strdup(err->alloc, revision));
}

void mig__error_set_place(struct mig__error *err, const char *file, int32_t line, int32_t column)
{
	replace(err, &err->file, mig__strdup(err->alloc, file));
	err->line = line;
	err->column = column;
}

void mig__error_set_statement(struct mig__error *err, const char *text, size_t size)
{
	replace(err, &err->statement, mig__strndup(err->alloc, text, size));
}

void mig__error_set_detail(struct mig__error *err, const char *text)
{
	replace(err, &err->detail, mig__strdup(err->alloc, text));
}

void mig__error_set_hint(struct mig__error *err, const char *format, ...)
{
	struct mig__buf buf;
	va_list args;

	mig__buf_init(&buf, err->alloc);
	va_start(args, format);
	mig__buf_addv(&buf, format, args);
	va_end(args);
	replace(err, &err->hint, mig__buf_take(&buf));
}

void mig__error_prefix(struct mig__error *err, const char *format, ...)
{
	struct mig__buf buf;
	va_list args;

	mig__buf_init(&buf, err->alloc);
	va_start(args, format);
	mig__buf_addv(&buf, format, args);
	va_end(args);
	if (err->message)
		mig__buf_adds(&buf, err->message);
	if (!buf.failed)
		replace(err, &err->message, mig__buf_take(&buf));
	else
		mig__buf_finish(&buf);
}

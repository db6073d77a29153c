/* error: the error record of a context. It is set where a fault is detected and passed up
 * untouched: `return mig__fail(err, MIG_ENOTFOUND, "no revision \"%s\"", id);` */
#ifndef MIG__BASE_ERROR_H
#define MIG__BASE_ERROR_H

#include "base/alloc.h"

struct mig__error {
	const struct mig__alloc *alloc;
	mig_status status;
	char *message; /* NULL after an error without memory: the status says it */
	char *revision, *file, *statement, *detail, *hint;
	char *report; /* what mig_error_report() has made of it last; or NULL */
	int32_t line, column;
	int32_t native_code;
	char sqlstate[6];
	int32_t retry; /* enum mig_retry: the transaction may succeed if it is repeated */
	int misused; /* a call from inside a callback was refused since: no part of the record */
	size_t offset; /* into the script that was being run; SIZE_MAX: unknown */
};

void mig__error_init(struct mig__error *err, const struct mig__alloc *alloc);
void mig__error_clear(struct mig__error *err); /* also frees */
/* Takes the record out, which is then empty. */
struct mig__error mig__error_take(struct mig__error *err);
/* Puts it back in place of what has come since. */
void mig__error_put_back(struct mig__error *err, struct mig__error taken);

/* Sets status and message, clears the rest; returns status. */
mig_status mig__fail(struct mig__error *err, mig_status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* MIG_ENOMEM. */
mig_status mig__fail_nomem(struct mig__error *err);
/* A fault in a file: the message gets "file:line:column: " in front (line, column 0: left out). */
mig_status mig__fail_at(struct mig__error *err, mig_status status, const char *file, int32_t line,
			int32_t column, const char *format, ...)
	__attribute__((format(printf, 6, 7)));

/* Fields to add to an error that is set. Without memory they stay NULL. */
void mig__error_set_revision(struct mig__error *err, const char *revision);
void mig__error_set_place(struct mig__error *err, const char *file, int32_t line, int32_t column);
void mig__error_set_statement(struct mig__error *err, const char *text, size_t size);
void mig__error_set_detail(struct mig__error *err, const char *text);
void mig__error_set_hint(struct mig__error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Puts text in front of the message. */
void mig__error_prefix(struct mig__error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif

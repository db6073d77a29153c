/* buf: a growing, always NUL-terminated text. Running out of memory is remembered, so a whole text
 * can be built and checked once, in mig__buf_take or by `failed`. */
#ifndef MIG__BASE_BUF_H
#define MIG__BASE_BUF_H

#include "base/alloc.h"

#include <stdarg.h>

struct mig__buf {
	const struct mig__alloc *alloc;
	char *data; /* NULL while empty: use mig__buf_text */
	size_t len, cap;
	int failed;
};

void mig__buf_init(struct mig__buf *buf, const struct mig__alloc *alloc);
void mig__buf_finish(struct mig__buf *buf);
void mig__buf_clear(struct mig__buf *buf); /* keeps the memory */
void mig__buf_add(struct mig__buf *buf, const char *text, size_t size);
void mig__buf_adds(struct mig__buf *buf, const char *text);
void mig__buf_addf(struct mig__buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void mig__buf_addv(struct mig__buf *buf, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));
/* The text so far; "" while empty. Borrowed until the next change. */
const char *mig__buf_text(const struct mig__buf *buf);
/* The text, to be freed with mig__free; NULL if memory ran out. The buffer is empty after. */
char *mig__buf_take(struct mig__buf *buf);

#endif

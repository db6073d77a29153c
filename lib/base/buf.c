/* buf: a text that grows by half of its size at least. A failed allocation sets a flag that
 * stays, so that only the end has to look. */
#include "base/buf.h"

#include <stdio.h>
#include <string.h>

void mig__buf_init(struct mig__buf *buf, const struct mig__alloc *alloc)
{
	*buf = (struct mig__buf){ .alloc = alloc };
}

void mig__buf_finish(struct mig__buf *buf)
{
	mig__free(buf->alloc, buf->data);
	mig__buf_init(buf, buf->alloc);
}

void mig__buf_clear(struct mig__buf *buf)
{
	buf->len = 0;
	buf->failed = 0;
	if (buf->data)
		buf->data[0] = '\0';
}

static int reserve(struct mig__buf *buf, size_t more)
{
	if (buf->failed)
		return 0;
	if (more >= SIZE_MAX - buf->len ||
	    !mig__grow(buf->alloc, (void **)&buf->data, &buf->cap, buf->len + more + 1, 1)) {
		buf->failed = 1;
		return 0;
	}
	return 1;
}

void mig__buf_add(struct mig__buf *buf, const char *text, size_t size)
{
	if (!reserve(buf, size))
		return;
	if (size)
		memcpy(buf->data + buf->len, text, size);
	buf->len += size;
	buf->data[buf->len] = '\0';
}

void mig__buf_adds(struct mig__buf *buf, const char *text)
{
	mig__buf_add(buf, text, strlen(text));
}

void mig__buf_addv(struct mig__buf *buf, const char *format, va_list args)
{
	va_list again;
	int size;

	va_copy(again, args);
	size = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (size < 0) {
		buf->failed = 1;
		return;
	}
	if (!reserve(buf, (size_t)size))
		return;
	vsnprintf(buf->data + buf->len, (size_t)size + 1, format, args);
	buf->len += (size_t)size;
}

void mig__buf_addf(struct mig__buf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	mig__buf_addv(buf, format, args);
	va_end(args);
}

const char *mig__buf_text(const struct mig__buf *buf)
{
	return buf->data ? buf->data : "";
}

char *mig__buf_take(struct mig__buf *buf)
{
	char *text = NULL;

	if (!buf->failed && reserve(buf, 0)) {
		buf->data[buf->len] = '\0';
		text = buf->data;
		buf->data = NULL;
	}
	mig__buf_finish(buf);
	return text;
}

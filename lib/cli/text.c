/* text: a text that grows, on libc's memory, and what may be put on a terminal: control
 * characters are shown as \xNN and passwords as ***. */
#include "cli/text.h"

#include "base/ascii.h"
#include "base/excerpt.h"
#include "base/shown.h"

#include <mig/mig.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int reserve(struct mig__cli_text *text, size_t more)
{
	size_t cap = text->cap ? text->cap : 256;
	char *data;

	if (text->failed || more >= SIZE_MAX / 4 - text->len) {
		text->failed = 1;
		return 0;
	}
	if (text->len + more < text->cap)
		return 1;
	while (cap <= text->len + more)
		cap *= 2;
	data = realloc(text->data, cap);
	if (!data) {
		text->failed = 1;
		return 0;
	}
	text->data = data;
	text->cap = cap;
	return 1;
}

void mig__cli_add(struct mig__cli_text *text, const char *bytes, size_t size)
{
	if (!reserve(text, size))
		return;
	if (size)
		memcpy(text->data + text->len, bytes, size);
	text->len += size;
	text->data[text->len] = '\0';
}

void mig__cli_adds(struct mig__cli_text *text, const char *string)
{
	mig__cli_add(text, string, strlen(string));
}

void mig__cli_addn(struct mig__cli_text *text, char c, size_t count)
{
	if (!reserve(text, count))
		return;
	memset(text->data + text->len, c, count);
	text->len += count;
	text->data[text->len] = '\0';
}

void mig__cli_addf(struct mig__cli_text *text, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		text->failed = 1;
	if (n < 0 || !reserve(text, (size_t)n + 1))
		return;
	va_start(args, format);
	vsnprintf(text->data + text->len, (size_t)n + 1, format, args);
	va_end(args);
	text->len += (size_t)n;
}

const char *mig__cli_string(const struct mig__cli_text *text)
{
	return text->data ? text->data : "";
}

void mig__cli_clear(struct mig__cli_text *text)
{
	text->len = 0;
	if (text->data)
		text->data[0] = '\0';
}

void mig__cli_text_finish(struct mig__cli_text *text)
{
	free(text->data);
	*text = (struct mig__cli_text){ 0 };
}

/* -- what may be shown */

/* What base has made; out is empty after. */
static void take(struct mig__cli_text *text, struct mig__buf *out)
{
	text->failed |= out->failed;
	mig__cli_add(text, mig__buf_text(out), out->len);
	mig__buf_finish(out);
}

void mig__cli_add_shown(struct mig__cli_text *text, const char *bytes, size_t size)
{
	struct mig__buf out;

	mig__buf_init(&out, &mig__alloc_libc);
	mig__shown_add(&out, bytes, size);
	take(text, &out);
}

void mig__cli_add_source(struct mig__cli_text *text, const char *file, int32_t line, int32_t column)
{
	struct mig__buf out;

	mig__buf_init(&out, &mig__alloc_libc);
	mig__excerpt_add_file(&out, file, line, column);
	take(text, &out);
}

void mig__cli_shown(struct mig__cli_text *text, const char *string)
{
	mig__cli_add_shown(text, string, strlen(string));
}

void mig__cli_add_duration(struct mig__cli_text *text, int64_t us)
{
	int64_t ms;

	if (us < 0)
		us = 0;
	ms = (us + 500) / 1000;
	if (us < 9950)
		mig__cli_addf(text, "%" PRId64 ".%" PRId64 " ms", (us + 50) / 1000,
			      (us + 50) / 100 % 10);
	else if (ms < 1000)
		mig__cli_addf(text, "%" PRId64 " ms", ms);
	else if (ms < 60000)
		mig__cli_addf(text, "%" PRId64 ".%02" PRId64 " s", ms / 1000, ms % 1000 / 10);
	else
		mig__cli_addf(text, "%" PRId64 " min %02" PRId64 " s", ms / 60000,
			      ms % 60000 / 1000);
}

void mig__cli_add_url(struct mig__cli_text *text, const char *url)
{
	size_t size = mig_url_display(url, NULL, 0) + 1;
	char *shown = malloc(size);

	text->failed |= !shown;
	if (shown) {
		mig_url_display(url, shown, size);
		mig__cli_shown(text, shown);
	}
	free(shown);
}

/* Whether a text may have more of the URL of a database than may be shown. */
static int may_be_url(const char *text)
{
	if (strstr(text, "://") || strchr(text, '@') || (strchr(text, ':') && strchr(text, '?')))
		return 1;
	for (; *text; text++)
		if (!mig__ascii_compare_n(text, "pass", 4) || !mig__ascii_compare_n(text, "pwd", 3))
			return 1;
	return 0;
}

/* A message without the bytes of a part, which are in it. */
static char *replace(const char *message, const char *part, size_t size, const char *url)
{
	struct mig__cli_text out = { 0 };
	const char *at;

	for (; (at = memmem(message, strlen(message), part, size)); message = at + size) {
		mig__cli_add(&out, message, (size_t)(at - message));
		mig__cli_add_url(&out, url);
	}
	mig__cli_adds(&out, message);
	if (out.failed)
		mig__cli_text_finish(&out);
	return out.data;
}

char *mig__cli_without_url(const char *message, const char *url)
{
	static const char nothing[] = "="; /* is shown as a URL that is not shown */
	const char *at = url;

	if (!*url || !may_be_url(url))
		return NULL;
	if (strstr(message, url))
		return replace(message, url, strlen(url), url);
	/* "LABEL@head" is taken apart; so may this have been */
	for (; (at = strchr(at, '@')); at++) {
		size_t size = (size_t)(at - url);

		if (size && memchr(url, ':', size) &&
		    memmem(message, strlen(message), url, size))
			return replace(message, url, size, nothing);
		if (strpbrk(at + 1, "@:") && strstr(message, at + 1))
			return replace(message, at + 1, strlen(at + 1), nothing);
	}
	at = strchr(url, '='); /* "DIALECT=FILE", too */
	return at && strlen(at) > 4 && strstr(message, at + 1)
		       ? replace(message, at + 1, strlen(at + 1), nothing)
		       : NULL;
}

void mig__cli_add_replaced(struct mig__cli_text *out, const char *text, const char *special,
			   const char *const *replacements)
{
	for (size_t n; *text; text += n) {
		n = strcspn(text, special);
		mig__cli_add(out, text, n);
		if (text[n]) {
			mig__cli_adds(out, replacements[strchr(special, text[n]) - special]);
			n++;
		}
	}
}

void mig__cli_add_dot_text(struct mig__cli_text *out, const char *text)
{
	static const char *const escaped[] = { "\\\"", "\\\\", "\\n" };

	mig__cli_add_replaced(out, text, "\"\\\n", escaped);
}

void mig__cli_add_dot(struct mig__cli_text *out, const char *text)
{
	mig__cli_adds(out, "\"");
	mig__cli_add_dot_text(out, text);
	mig__cli_adds(out, "\"");
}

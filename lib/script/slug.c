/* slug: the name of a new file, by default ID_first_words_of_the_message.sql, or by
 * file_template. What the template makes must be the name of a file, without folders. */
#include "script/internal.h"

#include "base/buf.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { SLUG = 40, NAME = 255 /* the most that filesystems take */ };

/* The first line that is not empty. */
static struct mig__word first_line(const char *message)
{
	struct mig__lines lines;
	struct mig__line line;
	struct mig__word text = { message, 0 };

	mig__lines_init(&lines, message, strlen(message));
	while (!text.size && mig__lines_next(&lines, &line))
		text = mig__trim(line.text);
	return text;
}

/* Cuts the slug to at most `most` bytes: at a "_" if there is one, otherwise between characters. */
static void shorten(struct mig__buf *slug, size_t begin, size_t most)
{
	size_t end = begin + most;

	if (slug->len <= end)
		return;
	while (end > begin && slug->data[end] != '_')
		end--;
	if (end == begin)
		end = begin + mig__text_cut(slug->data + begin, slug->len - begin, most);
	slug->len = end;
	slug->data[end] = '\0';
}

/* Appends the slug, of at most `most` bytes. */
static void add_slug(struct mig__buf *buf, const char *message, size_t most)
{
	struct mig__word line = first_line(message ? message : "");
	size_t begin = buf->len, n;
	int gap = 0;

	/* one word past the limit is enough to cut at */
	for (size_t i = 0; !buf->failed && i < line.size && buf->len <= begin + most; i += n) {
		uint32_t c = mig__code_point(line.at + i, line.size - i, &n);

		if (!mig__text_is_letter(c)) {
			gap = 1;
			continue;
		}
		if (gap && buf->len > begin)
			mig__buf_adds(buf, "_");
		gap = 0;
		if (c >= 'A' && c <= 'Z')
			mig__buf_add(buf, &(char){ (char)(c - 'A' + 'a') }, 1);
		else
			mig__buf_add(buf, line.at + i, n);
	}
	if (!buf->failed)
		shorten(buf, begin, most);
}

char *mig__script_file_name(const struct mig__alloc *alloc, const char *id, const char *message,
			    size_t slug_length)
{
	size_t begin = strlen(id) + 1, room = begin + 4 < NAME ? NAME - begin - 4 : 0;
	size_t most = slug_length ? slug_length : SLUG;
	struct mig__buf buf;

	mig__buf_init(&buf, alloc);
	mig__buf_adds(&buf, id);
	mig__buf_adds(&buf, "_");
	add_slug(&buf, message, room < most ? room : most);
	if (!buf.failed && buf.len == begin)
		buf.data[--buf.len] = '\0';
	mig__buf_adds(&buf, ".sql");
	return mig__buf_take(&buf);
}

/* -- names by a template of one's own */

struct naming {
	struct mig__buf buf;
	const char *id, *message;
	size_t slug_length;
	const struct tm *now;
	int64_t epoch;
};

/* %(NAME)s, %(NAME)d, %(NAME).2d, %(NAME)02d: its length at text; 0: it is none of these. */
static size_t add_token(struct naming *n, const char *text)
{
	const struct {
		const char *name;
		int64_t value;
	} numbers[] = {
		{ "year", n->now->tm_year + 1900 },
		{ "month", n->now->tm_mon + 1 },
		{ "day", n->now->tm_mday },
		{ "hour", n->now->tm_hour },
		{ "minute", n->now->tm_min },
		{ "second", n->now->tm_sec },
		{ "epoch", n->epoch },
	};
	size_t size = strcspn(text, ")"), digits = size + 1;
	int width;

	if (text[1] != '(' || !text[size])
		return 0;
	width = atoi(text + digits + (text[digits] == '.'));
	digits += strspn(text + digits, ".0123456789");
	if ((text[digits] != 's' && text[digits] != 'd') || width > 20)
		return 0;
	size -= 2;
	if (size == 3 && !strncmp(text + 2, "rev", size)) {
		mig__buf_adds(&n->buf, n->id);
		return digits + 1;
	}
	if (size == 4 && !strncmp(text + 2, "slug", size)) {
		add_slug(&n->buf, n->message, n->slug_length ? n->slug_length : SLUG);
		return digits + 1;
	}
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (strlen(numbers[i].name) == size && !strncmp(text + 2, numbers[i].name, size)) {
			mig__buf_addf(&n->buf, "%0*lld", width, (long long)numbers[i].value);
			return digits + 1;
		}
	return 0;
}

mig_status mig__script_file_name_by(const struct mig__alloc *alloc, const char *template_text,
				    const char *id, const char *message, size_t slug_length,
				    time_t now, struct mig__error *err, char **out)
{
	struct tm tm;
	struct naming n = { .id = id,
			    .message = message,
			    .slug_length = slug_length,
			    .now = gmtime_r(&now, &tm),
			    .epoch = now };
	mig_status rc = MIG_OK;

	mig__buf_init(&n.buf, alloc);
	for (const char *p = template_text; !rc && *p;) {
		size_t plain = strcspn(p, "%"), token;

		mig__buf_add(&n.buf, p, plain);
		p += plain;
		token = *p ? add_token(&n, p) : 0;
		if (*p && !token)
			rc = mig__fail(err, MIG_EINVAL,
				       "file_template: \"%s\" is none of its tokens", p);
		p += token;
	}
	mig__buf_adds(&n.buf, ".sql");
	if (!rc && n.buf.failed)
		rc = mig__fail_nomem(err);
	if (!rc && (strchr(n.buf.data, '/') || n.buf.data[0] == '.' || n.buf.len > NAME))
		rc = mig__fail(err, MIG_EINVAL, "file_template: \"%s\" cannot be a file's name",
			       n.buf.data);
	if (!rc)
		*out = mig__buf_take(&n.buf);
	mig__buf_finish(&n.buf);
	return rc;
}

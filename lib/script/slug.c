#include "script/internal.h"

#include "base/buf.h"

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
		for (end = begin + most; end > begin && (slug->data[end] & 0xc0) == 0x80;)
			end--;
	slug->len = end;
	slug->data[end] = '\0';
}

char *mig__script_file_name(const struct mig__alloc *alloc, const char *id, const char *message)
{
	struct mig__word line = first_line(message ? message : "");
	size_t begin = strlen(id) + 1, room = begin + 4 < NAME ? NAME - begin - 4 : 0, n;
	struct mig__buf buf;
	int gap = 0;

	mig__buf_init(&buf, alloc);
	mig__buf_adds(&buf, id);
	mig__buf_adds(&buf, "_");
	/* one word past the limit is enough to cut at */
	for (size_t i = 0; !buf.failed && i < line.size && buf.len <= begin + SLUG; i += n) {
		uint32_t c = mig__code_point(line.at + i, line.size - i, &n);

		if (!mig__is_letter(c)) {
			gap = 1;
			continue;
		}
		if (gap && buf.len > begin)
			mig__buf_adds(&buf, "_");
		gap = 0;
		if (c >= 'A' && c <= 'Z')
			mig__buf_add(&buf, &(char){ (char)(c - 'A' + 'a') }, 1);
		else
			mig__buf_add(&buf, line.at + i, n);
	}
	if (!buf.failed) {
		shorten(&buf, begin, room < SLUG ? room : SLUG);
		if (buf.len == begin)
			buf.data[--buf.len] = '\0';
	}
	mig__buf_adds(&buf, ".sql");
	return mig__buf_take(&buf);
}

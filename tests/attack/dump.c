/* See dump.h: what both engines share. */
#include "dump.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void make_room(struct text *text, size_t size)
{
	if (text->size + size < text->room)
		return;
	text->room = (text->size + size) * 2 + 256;
	text->data = realloc(text->data, text->room);
	if (!text->data) {
		fputs("out of memory\n", stderr);
		exit(2);
	}
}

void text_add(struct text *text, const char *data, size_t size)
{
	make_room(text, size);
	memcpy(text->data + text->size, data, size);
	text->size += size;
	text->data[text->size] = '\0';
}

void text_addf(struct text *text, const char *format, ...)
{
	va_list args;
	int size;

	va_start(args, format);
	size = vsnprintf(NULL, 0, format, args);
	va_end(args);
	make_room(text, (size_t)size + 1);
	va_start(args, format);
	vsnprintf(text->data + text->size, (size_t)size + 1, format, args);
	va_end(args);
	text->size += (size_t)size;
}

void text_clear(struct text *text)
{
	text->size = 0;
	make_room(text, 1);
	text->data[0] = '\0';
}

void text_free(struct text *text)
{
	free(text->data);
	memset(text, 0, sizeof(*text));
}

static int line_size(const char *at)
{
	size_t size = strcspn(at, "\n");

	return size > 120 ? 120 : (int)size;
}

void text_difference(const char *found, const char *expected, char *out, size_t size)
{
	while (*found && *expected) {
		size_t a = strcspn(found, "\n"), b = strcspn(expected, "\n");

		if (a != b || memcmp(found, expected, a) != 0)
			break;
		found += a + (found[a] == '\n');
		expected += b + (expected[b] == '\n');
	}
	snprintf(out, size, "found \"%.*s\", expected \"%.*s\"", line_size(found), found,
		 line_size(expected), expected);
}

void bare_lent(struct bare *db, const struct bare_engine *engine, void *handle)
{
	memset(db, 0, sizeof(*db));
	db->engine = engine;
	db->handle = handle;
}

int bare_open(struct bare *db, const struct bare_engine *engine, const char *url)
{
	memset(db, 0, sizeof(*db));
	db->engine = engine;
	return engine->open(db, url);
}

void bare_close(struct bare *db)
{
	if (db->engine && db->handle)
		db->engine->close(db);
	db->handle = NULL;
}

/* ini: reads an ini file from memory, so that a line has no longest length.
 *
 *     ; a comment, also with #
 *     [section]
 *     key = value      ; a comment after a blank, outside of "..."
 *       that goes on in an indented line
 *
 * A byte order mark is skipped, and lines may end with CR LF. */
#include "cli/ini.h"

#include <string.h>

static int is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static char *skip(char *p)
{
	while (is_blank(*p))
		p++;
	return p;
}

/* Cuts off the blanks at the end. */
static void trim(char *from, char *end)
{
	while (end > from && is_blank(end[-1]))
		end--;
	*end = '\0';
}

int32_t mig__cli_ini_column(const char *line, const char *byte)
{
	int32_t column = 1;

	for (; line < byte; line++)
		column += (*line & 0xC0) != 0x80;
	return column;
}

/* Where the comment of a line begins, or its end. E.g. in `a = "x ;y" ;z` the second semicolon. */
static char *find_comment(char *p)
{
	int quoted = 0;

	for (char before = ' '; *p; before = *p++) {
		quoted ^= *p == '"';
		if (*p == ';' && is_blank(before) && !quoted)
			break;
	}
	return p;
}

static int fail(struct mig__cli_ini *ini, const char *line, const char *byte, const char *error)
{
	ini->column = mig__cli_ini_column(line, byte);
	ini->error = error;
	return 0;
}

static int take_section(struct mig__cli_ini *ini, const char *line, char *start)
{
	char *end = strchr(start, ']');
	char *after = end ? skip(end + 1) : NULL;

	if (!end)
		return fail(ini, line, start, "the section's name does not end with \"]\"");
	if (*after && *after != ';' && *after != '#')
		return fail(ini, line, after, "something after the section's name");
	*end = '\0';
	ini->section = start + 1;
	ini->key = NULL;
	return 1;
}

static int take_pair(struct mig__cli_ini *ini, const char *line, char *start)
{
	char *end = find_comment(start), *equals = strpbrk(start, "=:");

	if (!equals || equals >= end || equals == start)
		return fail(ini, line, start, "neither a [section] nor a \"key = value\"");
	*end = '\0';
	ini->column = mig__cli_ini_column(line, start);
	ini->value = skip(equals + 1);
	ini->value_column = mig__cli_ini_column(line, ini->value);
	trim(start, equals);
	trim(ini->value, end);
	ini->key = start;
	ini->goes_on = 0;
	return 1;
}

static int take_rest(struct mig__cli_ini *ini, const char *line, char *start)
{
	char *end = find_comment(start);

	trim(start, end);
	ini->value = start;
	ini->value_column = ini->column = mig__cli_ini_column(line, start);
	ini->goes_on = 1;
	return 1;
}

int mig__cli_ini_next(struct mig__cli_ini *ini)
{
	if (!ini->section) {
		ini->section = "";
		if (!strncmp(ini->at, "\xEF\xBB\xBF", 3))
			ini->at += 3;
	}
	while (*ini->at && !ini->error) {
		char *line = ini->at, *start = skip(line);

		ini->line++;
		ini->at += strcspn(line, "\n");
		if (*ini->at)
			*ini->at++ = '\0';
		if (!*start || *start == ';' || *start == '#')
			continue;
		if (ini->key && start > line)
			return take_rest(ini, line, start);
		if (*start != '[')
			return take_pair(ini, line, start);
		take_section(ini, line, start);
	}
	return 0;
}

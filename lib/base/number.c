/* number: the C library alone reads and writes every double exactly, but with the separator of the
 * locale. So that separator is asked for, and put in place of the point, or taken out again.
 *
 * The separator is read off a printed number: localeconv() need not be safe in threads. Another
 * thread that changes the locale in between is the host's own error. */
#include "base/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POINT_SIZE = 8, TEXT_SIZE = 400 };

/* What stands between 0 and 5 in one half: "." or "," or, in ps_AF, three bytes. */
static size_t read_point(char point[POINT_SIZE])
{
	char half[POINT_SIZE + 4];
	int size = snprintf(half, sizeof half, "%.1f", 0.5);

	if (size < 3 || size - 2 >= POINT_SIZE) {
		memcpy(point, ".", 2);
		return 1;
	}
	memcpy(point, half + 1, (size_t)size - 2);
	point[size - 2] = '\0';
	return (size_t)size - 2;
}

void mig__number_write(double number, char out[MIG__NUMBER_SIZE])
{
	char point[POINT_SIZE], *at;
	size_t size = read_point(point);

	for (int digits = 15; digits <= 17; digits++) {
		snprintf(out, MIG__NUMBER_SIZE, "%.*g", digits, number);
		if (strtod(out, NULL) == number)
			break;
	}
	at = strstr(out, point);
	if (at) {
		*at = '.';
		memmove(at + 1, at + size, strlen(at + size) + 1);
	}
}

double mig__number_read(const char *text)
{
	char point[POINT_SIZE], copy[TEXT_SIZE];
	const char *at = strchr(text, '.');
	size_t size = read_point(point), before = at ? (size_t)(at - text) : 0;
	size_t rest = at ? strlen(at + 1) : 0;

	if (!at || !strcmp(point, "."))
		return strtod(text, NULL);
	/* more digits than this (a numeric has up to 16,383 after its point) change nothing */
	if (before + size >= sizeof copy)
		return strtod(text, NULL);
	if (before + size + rest >= sizeof copy)
		rest = sizeof copy - 1 - before - size;
	memcpy(copy, text, before);
	memcpy(copy + before, point, size);
	memcpy(copy + before + size, at + 1, rest);
	copy[before + size + rest] = '\0';
	return strtod(copy, NULL);
}

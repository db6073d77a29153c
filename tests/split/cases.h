/* cases: the folder cases/, where each statement stands between « and ». The marks are taken out;
 * what is left is a script, with the spans that its splitting must give.
 *
 * A file NAME_off.sql is to be read with standard_conforming_strings off. The others are valid for
 * the server's grammar, apart from the data in copy*.sql. */
#ifndef SPLIT_CASES_H
#define SPLIT_CASES_H

#include "dialect/postgresql/sql/split.h"

enum { MAX_SPANS = 100 };

struct span {
	size_t from, to;
};

struct split_case {
	char name[64];
	char *text; /* exactly size + 1 bytes, from malloc() */
	size_t size;
	int standard_strings;
	struct span spans[MAX_SPANS];
	size_t count;
};

/* All of them, sorted by name; the array and texts are freed by cases_free(). */
struct split_case *cases_read(size_t *count);
void cases_free(struct split_case *cases, size_t count);

/* Splits the text, which must have no error, and returns the number of spans. */
size_t split_all(const char *text, size_t size, int standard_strings, struct span *spans,
		 size_t max);

#endif

/* ini: the text of an ini file, a "key = value" at a time. It knows no key. */
#ifndef MIG__CLI_INI_H
#define MIG__CLI_INI_H

#include <stddef.h>
#include <stdint.h>

/* Starts as zeros but for `at`, a text that ends with a NUL and is cut up in place: all that is
 * found is in there. */
struct mig__cli_ini {
	char *at;
	const char *section; /* "" before the first */
	const char *key;
	char *value;
	int32_t line;         /* from 1, of what was found */
	int32_t column;       /* from 1, in characters, of the key or of what is wrong */
	int32_t value_column; /* of the value */
	int goes_on;          /* the value goes on from the line before */
	const char *error;    /* what is wrong, or NULL */
};

/* 1: a pair was found. 0: there is none any more, or `error` is set. */
int mig__cli_ini_next(struct mig__cli_ini *ini);
/* The character in which a byte of a line is, from 1. */
int32_t mig__cli_ini_column(const char *line, const char *byte);

#endif

/* split: where statements end, by the rules of PostgreSQL's scanner and psql, and what kind they
 * are; and a reader for the words of a statement. Pure: knows no connection. */
#ifndef MIG__PG_SPLIT_H
#define MIG__PG_SPLIT_H

#include <mig/dialect.h>

/* Kinds beside those of enum mig_statement_kind. */
enum {
	MIG__PG_LEXING = 1 << 16, /* may change standard_conforming_strings, and so how what follows
				   * is to be read */
	MIG__PG_COPY_DATA = 1 << 17 /* COPY FROM STDIN; its data and the line "\." belong to it */
};

struct mig__pg_split_error {
	const char *message; /* static, as is hint */
	const char *hint;    /* or NULL */
	size_t offset;       /* where the thing begins that the message is about */
};

/* Finds the first statement at or after text[offset]; size 0 in *out: there is none.
 * standard_strings: the server's standard_conforming_strings. MIG_OK, or MIG_ESYNTAX and *error. */
mig_status mig__pg_split_next(const char *text, size_t size, size_t offset, int standard_strings,
			      mig_statement *out, struct mig__pg_split_error *error);

/* Where in the text of a statement of the kind MIG_STATEMENT_PARAMETERS the first of them is. */
size_t mig__pg_split_parameter(const char *text, size_t size, int standard_strings);

/* Where in the text of a statement of the kind MIG__PG_COPY_DATA the data is, without the line
 * "\.". Without a reading that has data: *data is size, *data_size 0. */
void mig__pg_split_copy(const char *text, size_t size, size_t *data, size_t *data_size);

struct mig__pg_word {
	const char *text; /* as it is written, quotes included */
	size_t size;
	int quoted; /* '"': a "name"; '\'': a string, number or parameter; 0: a word or a symbol */
	int symbol; /* the single character of ( ) , . ; and so on, 0 for words */
};

/* Reads the word at or after *at, past blanks and comments, and moves *at behind it. 0: there is
 * none, or a quote is never closed. */
int mig__pg_word_next(const char *text, size_t size, size_t *at, int standard_strings,
		      struct mig__pg_word *out);

/* Whether it is that word, in any case and not in quotes. */
int mig__pg_word_is(const struct mig__pg_word *word, const char *upper);

#endif

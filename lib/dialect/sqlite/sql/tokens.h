/* tokens: SQLite's tokens, as its tokenize.c has them (https://www.sqlite.org/lang.html), as far as
 * reading CREATE statements needs: comments and blanks are passed over. */
#ifndef MIG__SQLITE_TOKENS_H
#define MIG__SQLITE_TOKENS_H

#include "base/buf.h"

enum mig__sqlite_token_kind {
	MIG__TOKEN_END,
	MIG__TOKEN_WORD,   /* a keyword, or a name without quotes */
	MIG__TOKEN_NAME,   /* a name in quotes of any kind */
	MIG__TOKEN_STRING, /* '…', also x'…' */
	MIG__TOKEN_NUMBER,
	MIG__TOKEN_SIGN /* anything else, one or two characters */
};

struct mig__sqlite_token {
	enum mig__sqlite_token_kind kind;
	const char *at;
	size_t size;
};

/* The next token at or behind the text. */
struct mig__sqlite_token mig__sqlite_token(const char *text);
static inline const char *mig__sqlite_behind(struct mig__sqlite_token t)
{
	return t.at + t.size;
}
/* Whether it is this keyword (given in capitals), without quotes. */
int mig__sqlite_is(struct mig__sqlite_token t, const char *keyword);
int mig__sqlite_is_sign(struct mig__sqlite_token t, char sign);
/* Whether it can be a name: a word, a name in quotes, or a string. */
int mig__sqlite_is_name(struct mig__sqlite_token t);
/* Whether it stands for the name, in letters of any case. */
int mig__sqlite_stands_for(struct mig__sqlite_token t, const char *name);
/* The name that it stands for, without quotes. */
void mig__sqlite_add_plain(struct mig__buf *buf, struct mig__sqlite_token t);
/* Adds the normal text of what is between two places. */
void mig__sqlite_add_normal(struct mig__buf *buf, const char *from, const char *to);
/* The same of an expression or query. Where "name" names nothing, SQLite takes it for a string: then
 * it is kept as it is. is_name says whether a word in quotes is a name; below 0: no
 * memory. */
typedef int (*mig__sqlite_is_name_fn)(void *user, struct mig__sqlite_token t);
void mig__sqlite_add_normal_expression(struct mig__buf *buf, const char *from, const char *to,
				       mig__sqlite_is_name_fn is_name, void *user);
/* Behind the parenthesis that closes the one at `at`; NULL: none does. */
const char *mig__sqlite_closing(const char *at);
/* Where the text before `to` ends, blanks and comments left out; at least `from`. */
const char *mig__sqlite_trimmed(const char *from, const char *to);

#endif

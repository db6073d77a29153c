/* text: places in a text, UTF-8, and "did you mean". */
#ifndef MIG__BASE_TEXT_H
#define MIG__BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct mig__place {
	int32_t line;   /* from 1 */
	int32_t column; /* in characters, from 1 */
};

/* The place of a byte offset; lines end with LF, CRLF or CR, a BOM has no column. */
struct mig__place mig__text_place(const char *text, size_t size, size_t offset);

/* Bytes of the character at text (size > 0), its code point in *c; 0 if it is not well-formed UTF-8
 * (RFC 3629). A NUL ends a text that is shorter than size. */
size_t mig__text_char(const char *text, size_t size, uint32_t *c);

/* The largest number of bytes, at most `most`, of a text of that size that ends no character in the
 * middle. */
size_t mig__text_cut(const char *text, size_t size, size_t most);

/* Offset of the first byte that is not part of well-formed UTF-8 (RFC 3629), or size. */
size_t mig__text_utf8(const char *text, size_t size);

/* The candidate nearest to the word, at most one edit away (two for six letters or more;
 * an edit: a letter added, left out, changed, or two swapped), or NULL. candidates end with NULL.
 */
const char *mig__text_suggest(const char *word, size_t size, const char *const *candidates);

/* For qsort() and bsearch(): texts (const char *) in the order of their bytes. */
int mig__text_by_bytes(const void *a, const void *b);

/* Whether one end of the range "A:B" is this word, as a whole. range may be NULL. */
int mig__text_range_has(const char *range, const char *word);

/* Whether the whole word is [A-Za-z0-9_.]{1,255}. */
int mig__text_is_id(const char *word, size_t size);
/* Whether it is a letter, a mark or a digit of any script. */
int mig__text_is_letter(uint32_t c);
/* Whether the whole word is 1 to 255 bytes of such letters, "_", "." and "-". */
int mig__text_is_label(const char *word, size_t size);
/* Whether it means something else than a revision: head, heads, base, current. */
int mig__text_is_reserved(const char *word, size_t size);

/* Whether a pattern with * (any number of characters) and ? (one byte) is the whole text. */
int mig__text_matches(const char *pattern, const char *text);

#endif

/* quote: texts between marks, as languages for databases write names and literals. */
#ifndef MIG__BASE_QUOTE_H
#define MIG__BASE_QUOTE_H

#include "base/buf.h"

/* Appends the text between two marks. marks: the opening one, the closing one, which is doubled
 * inside, and any further characters that are. E.g. `a]b` with "[]" is "[a]]b]". */
void mig__add_quoted(struct mig__buf *buf, const char *text, const char *marks);
void mig__add_quoted_n(struct mig__buf *buf, const char *text, size_t size, const char *marks);

/* The marks of standard SQL, of names and of texts. */
extern const char mig__quote_names[3], mig__quote_texts[3];

/* Whether two texts are the same but for such marks, of those characters alone that need no quotes
 * in a list of names. E.g. `"a", b` and `"a", "b"` with `""`. */
int mig__quote_same(const char *a, const char *b, const char *marks);

#endif

/* shown: foreign text (names, SQL, what an engine says) as people may be shown it: one line, and
 * nothing that steers a terminal. */
#ifndef MIG__BASE_SHOWN_H
#define MIG__BASE_SHOWN_H

#include "base/buf.h"

/* Adds the text. Control characters, what reverses the writing direction, and bytes that are not
 * UTF-8 are escaped: "\n", "\x1b", "\u202e". */
void mig__shown_add(struct mig__buf *out, const char *bytes, size_t size);

#endif

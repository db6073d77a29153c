/* excerpt: the line of a text that is at fault, as
 *
 *     9 | ALTER TABLE users ADD COLUM email;
 *       |                       ^
 */
#ifndef MIG__BASE_EXCERPT_H
#define MIG__BASE_EXCERPT_H

#include "base/buf.h"

#include <stdint.h>

/* The bytes of a line, from 1, without its end and without a BOM; lines end with LF, CRLF or CR. NULL:
 * the text has no such line. */
const char *mig__excerpt_line(const char *text, size_t size, int32_t line, size_t *length);

/* Adds the line, and a caret under the column (in characters, from 1; 0: no caret). Of a long line
 * only what stands near the column. Nothing is added if there is no such line. */
void mig__excerpt_add(struct mig__buf *out, const char *text, size_t size, int32_t line,
		      int32_t column);

/* The same from a file; nothing if it cannot be read. */
void mig__excerpt_add_file(struct mig__buf *out, const char *path, int32_t line, int32_t column);

#endif

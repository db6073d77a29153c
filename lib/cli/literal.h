/* literal: texts as C source that every compiler takes. */
#ifndef MIG__CLI_LITERAL_H
#define MIG__CLI_LITERAL_H

#include "cli/text.h"

/* A string literal on one line, or NULL for NULL. */
void mig__cli_add_literal(struct mig__cli_text *out, const char *text);
/* "static const ... NAME[]": a literal of a line for each line of the text, or numbers where the
 * text is longer than the 4,095 characters that C promises. Its last byte is a NUL. */
void mig__cli_add_definition(struct mig__cli_text *out, const char *name, const char *text,
			     size_t size);
/* Whether mig__cli_add_definition() takes numbers; the array is of unsigned char then. */
int mig__cli_is_numbers(size_t size);
/* Whether it may name a C variable. */
int mig__cli_is_c_name(const char *name);

#endif

/* text: a growing text, and what may be shown on a terminal. */
#ifndef MIG__CLI_TEXT_H
#define MIG__CLI_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Starts as zeros. After an allocation that failed, `failed` stays set and nothing is added. */
struct mig__cli_text {
	char *data; /* NUL-terminated; NULL while empty */
	size_t len, cap;
	int failed;
};

void mig__cli_add(struct mig__cli_text *text, const char *bytes, size_t size);
void mig__cli_adds(struct mig__cli_text *text, const char *string);
/* The same character several times. */
void mig__cli_addn(struct mig__cli_text *text, char c, size_t count);
__attribute__((format(printf, 2, 3))) void mig__cli_addf(struct mig__cli_text *text,
							 const char *format, ...);
/* Foreign text for people: control characters, what reverses the writing direction, and bytes that
 * are not UTF-8 are escaped, so that it takes one line and cannot steer a terminal. */
void mig__cli_add_shown(struct mig__cli_text *text, const char *bytes, size_t size);
void mig__cli_shown(struct mig__cli_text *text, const char *string);
/* The line of a file that is at fault, with a caret under the column; nothing if it cannot be read. */
void mig__cli_add_source(struct mig__cli_text *text, const char *file, int32_t line, int32_t column);
/* Each character of `special` becomes its replacement. */
void mig__cli_add_replaced(struct mig__cli_text *text, const char *string, const char *special,
			   const char *const *replacements);
/* A string of Graphviz's, in its quotes; and what stands between them, of which there may be more. */
void mig__cli_add_dot(struct mig__cli_text *text, const char *string);
void mig__cli_add_dot_text(struct mig__cli_text *text, const char *string);
/* A duration, e.g. "0.4 ms", "12 ms", "3.20 s", "2 min 05 s". */
void mig__cli_add_duration(struct mig__cli_text *text, int64_t us);
/* What may be shown of a URL. */
void mig__cli_add_url(struct mig__cli_text *text, const char *url);
/* A message in which a URL that somebody gave, in its place or in the wrong one, is only what may
 * be shown of it; freed by the caller. NULL: it is not in there, or no memory. */
char *mig__cli_without_url(const char *message, const char *url);
/* "" instead of NULL. */
const char *mig__cli_string(const struct mig__cli_text *text);
void mig__cli_clear(struct mig__cli_text *text);
void mig__cli_text_finish(struct mig__cli_text *text);

/* The candidate nearest to the word, or NULL; name(i) is NULL past the last. */
const char *mig__cli_suggest(const char *word, const char *(*name)(const void *list, size_t i),
			     const void *list);

#endif

/* script/internal: what the files of this module share. */
#ifndef MIG__SCRIPT_INTERNAL_H
#define MIG__SCRIPT_INTERNAL_H

#include "script/script.h"

#include <string.h>

/* A piece of a text. */
struct mig__word {
	const char *at;
	size_t size;
};

/* -- lines.c: walking a text by its lines, which end with LF, CRLF or CR */

struct mig__lines {
	const char *at, *end;
	const char *lf; /* the next LF, or end; before `at`: to be looked for */
	int32_t number; /* of the line read last, from 1 */
	int32_t has_cr;
};

struct mig__line {
	struct mig__word text; /* without its end */
	int32_t number;
};

void mig__lines_init(struct mig__lines *lines, const char *text, size_t size);
int mig__lines_next(struct mig__lines *lines, struct mig__line *out); /* 0 at the end */

/* Space and tab are the only blanks. */
static inline int mig__is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static inline struct mig__word mig__trim_right(struct mig__word word)
{
	while (word.size && mig__is_blank(word.at[word.size - 1]))
		word.size--;
	return word;
}

static inline struct mig__word mig__trim_left(struct mig__word word)
{
	while (word.size && mig__is_blank(*word.at)) {
		word.at++;
		word.size--;
	}
	return word;
}

static inline struct mig__word mig__trim(struct mig__word word)
{
	return mig__trim_left(mig__trim_right(word));
}

static inline int mig__word_is(struct mig__word word, const char *text)
{
	return word.size == strlen(text) && !memcmp(word.at, text, word.size);
}

/* The line as a comment: 1 if it is blanks, "--" and *content, whose blanks are all kept. */
static inline int mig__comment(struct mig__word line, struct mig__word *content)
{
	line = mig__trim_left(line);
	if (line.size < 2 || line.at[0] != '-' || line.at[1] != '-')
		return 0;
	*content = (struct mig__word){ line.at + 2, line.size - 2 };
	return 1;
}

/* Cuts the next word off *rest; words end at blanks and, with commas nonzero, at commas. size 0:
 * there is none. */
struct mig__word mig__next_word(struct mig__word *rest, int commas);
/* The line as a directive: 1 if it is a comment that begins with "mig:", in any case of letters.
 * *words begins there. */
int mig__directive(struct mig__word line, struct mig__word *words);

/* A word as it is shown in a message: cut after some 40 bytes, without control characters. */
enum { MIG__QUOTE = 56 };
const char *mig__quote(struct mig__word word, char out[MIG__QUOTE]);
/* mig__text_suggest, whatever the case of the letters. */
const char *mig__suggest(struct mig__word word, const char *const *candidates);

/* -- name.c: what ids and labels may hold */

enum mig__name_kind { MIG__NAME_ID, MIG__NAME_LABEL };
/* NULL, or what is wrong with the name. */
const char *mig__name_fault(const char *name, size_t size, enum mig__name_kind kind);
/* The code point at p, which has `left` bytes; *size is set to those that it takes. Bytes that are
 * not UTF-8 count as one U+FFFD each. */
uint32_t mig__code_point(const char *p, size_t left, size_t *size);

/* MIG_EILLEGAL_ID for a name that is not in a file; `what` says what it should be. */
mig_status mig__name_check(const char *name, enum mig__name_kind kind, const char *what,
			   struct mig__error *err);
int mig__list_same(const struct mig__list *a, const struct mig__list *b);

extern const char *const mig__no_names[1]; /* an empty list */

/* -- header.c, parse.c: reading a text */

struct mig__reader {
	struct mig__arena *arena;
	const char *file;
	const char *text;
	size_t size;
	int complete; /* 0: the file goes on after the text */
	struct mig__error *err;
	struct mig__lines lines;
	struct mig__script *out;
};

/* A fault at a place of the text. */
mig_status mig__reader_fail(const struct mig__reader *r, mig_status status, const char *at,
			    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* An unknown word of the syntax; near: what may have been meant, or NULL; known: what there is. */
mig_status mig__reader_unknown(const struct mig__reader *r, const char *what, struct mig__word word,
			       const char *near, const struct mig__buf *known);

/* Reads the header and leaves r->lines behind it. Without a revision line r->out->id stays NULL. */
mig_status mig__header_read(struct mig__reader *r);
/* Whether the content of a comment is "key:" with one of the header's keys. */
int mig__header_is_key(struct mig__word content, struct mig__word *key);

/* mig__script_parse; file, which is kept, must live as long as the arena. */
mig_status mig__parse_whole(struct mig__arena *arena, const char *file, const char *text,
			    size_t size, int32_t digest, struct mig__error *err,
			    struct mig__script *out);
/* Places are int32_t, and so is the size of a file. */
mig_status mig__parse_too_large(const char *file, struct mig__error *err);
/* Parses the header alone, of a text that may go on after size unless it is complete. *more is set
 * to 1, and out left alone, when the answer needs more of it. */
mig_status mig__parse_head(struct mig__arena *arena, const char *file, const char *text,
			   size_t size, int complete, struct mig__error *err,
			   struct mig__script *out, int *more);

/* -- marker.c: MIG_ESYNTAX if the comment is a marker of another tool's files */
mig_status mig__marker_check(const struct mig__reader *r, struct mig__word comment);

/* -- note.c: directives inside a section */

/* The name of directive i, or NULL past the last. */
const char *mig__note_name(size_t i);
/* Whether the words are one that may stand in a section. */
int mig__note_is(struct mig__word words);
/* Reads a directive's words. *is: it is one that may stand in a section; otherwise it begins a
 * section, or is unknown. section: the one that it stands in, or NULL. */
mig_status mig__note_read(struct mig__reader *r, struct mig__word words,
			  const struct mig__section *section, struct mig__note *out, int *is);
/* Fills body->notes. The section is at r->text + section->is.offset. */
mig_status mig__notes_collect(struct mig__reader *r, const struct mig__section *section,
			      struct mig__body *body);

/* -- read.c: files that were scanned before */

/* Reads the file of a script on disk again and parses it; *text is freed with mig__free.
 * MIG_EEDITED if it says something else than the script: in its header, or by the script's digest.
 */
mig_status mig__reread(const struct mig__alloc *alloc, struct mig__arena *arena,
		       const struct mig__script *script, int32_t digest, struct mig__error *err,
		       char **text, size_t *size, struct mig__script *fresh);

/* -- digest.c */

void mig__script_c_digest(const char *id, const char *version, uint8_t out[MIG__DIGEST_SIZE]);

/* -- set.c */

mig_status mig__set_push(struct mig__set *set, const struct mig__script *script,
			 struct mig__error *err);

#endif

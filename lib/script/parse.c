/* parse: a whole revision file: its header, and the sections that its directives begin.
 *
 * Sections are found by lines alone: a line that is a directive is one wherever it stands, inside a
 * string or a comment of the SQL too, since what is a string differs from engine to engine. */
#include "script/attribute.h"

#include "base/buf.h"
#include "base/text.h"

#include <string.h>

enum { MOST_SECTIONS = 1000 }; /* each is compared with all before it */

/* -- between the header and the first section: comments and empty lines */

struct prelude {
	int32_t header_end;  /* number of the header's last line */
	const char *comment; /* an open block comment */
};

static mig_status prelude_line(struct mig__reader *r, struct prelude *p, struct mig__word line,
			       int *sql)
{
	struct mig__word content, key;
	const char *close;

	for (;;) {
		if (p->comment) {
			close = line.size ? memmem(line.at, line.size, "*/", 2) : NULL;
			if (!close)
				return MIG_OK;
			line.size -= (size_t)(close + 2 - line.at);
			line.at = close + 2;
			p->comment = NULL;
		}
		line = mig__trim(line);
		if (!line.size)
			return MIG_OK;
		if (mig__comment(line, &content)) {
			if (mig__header_is_key(content, &key))
				return mig__reader_fail(
					r, MIG_ESYNTAX, key.at,
					"\"%.*s:\" stands outside the header, which "
					"ended in line %d",
					(int)key.size, key.at, (int)p->header_end);
			return MIG_OK;
		}
		if (line.size < 2 || memcmp(line.at, "/*", 2)) {
			*sql = 1;
			return r->out->id
				       ? mig__reader_fail(r, MIG_ESYNTAX, line.at,
							  "SQL before the first \"-- mig:upgrade\" "
							  "line")
				       : MIG_OK;
		}
		p->comment = line.at;
		line = (struct mig__word){ line.at + 2, line.size - 2 };
	}
}

/* Leaves r->lines at the first directive or at the end. *ended: the text ran out first. */
static mig_status read_prelude(struct mig__reader *r, int *ended)
{
	struct prelude p = { .header_end = r->lines.number };
	struct mig__lines before = r->lines;
	struct mig__word words;
	struct mig__line line;
	mig_status rc = MIG_OK;
	int sql = 0;

	*ended = 1;
	for (; !rc && !sql && mig__lines_next(&r->lines, &line); before = r->lines) {
		if (mig__directive(line.text, &words)) {
			*ended = 0;
			break;
		}
		rc = prelude_line(r, &p, line.text, &sql);
	}
	r->lines = before;
	if (sql)
		*ended = 0;
	if (!rc && p.comment && !*ended)
		rc = mig__reader_fail(r, MIG_ESYNTAX, p.comment,
				      "the comment is not closed before the first section");
	return rc;
}

/* -- directives */

struct directive {
	const char *name;
	int32_t direction;
};

static const struct directive directives[] = {
	{ "mig:upgrade", MIG_UPGRADE },
	{ "mig:downgrade", MIG_DOWNGRADE },
};

static mig_status unknown_directive(struct mig__reader *r, struct mig__word name)
{
	enum { BEGIN = sizeof directives / sizeof *directives, MOST = 16 };
	const char *names[MOST + 1] = { NULL };
	struct mig__buf text;
	size_t count = BEGIN;
	mig_status rc;

	for (size_t i = 0; i < BEGIN; i++)
		names[i] = directives[i].name;
	while (count < MOST && (names[count] = mig__note_name(count - BEGIN)))
		count++;
	mig__buf_init(&text, r->err->alloc);
	for (size_t i = 0; i < count; i++)
		mig__buf_addf(&text, "%s\"%s\"",
			      !i              ? ""
			      : i + 1 < count ? ", "
					      : " and ",
			      names[i]);
	rc = mig__reader_unknown(r, "directive", name, mig__suggest(name, names), &text);
	mig__buf_finish(&text);
	return rc;
}

static mig_status read_directive(struct mig__reader *r, struct mig__word words, mig_section *out)
{
	struct mig__word word = mig__next_word(&words, 0);
	const struct directive *d = directives;
	uint32_t seen = 0;
	mig_status rc = MIG_OK;

	while (d < directives + sizeof directives / sizeof *directives &&
	       !mig__word_is(word, d->name))
		d++;
	if (d == directives + sizeof directives / sizeof *directives)
		return unknown_directive(r, word);
	out->direction = d->direction;
	while (!rc && (word = mig__next_word(&words, 0)).size)
		rc = mig__attribute_read(r, word, &seen, out);
	return rc;
}

/* -- sections */

static int same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* Room for one more; the array doubles inside the arena, two being the usual count. */
static struct mig__section *add_section(struct mig__reader *r, struct mig__section **at,
					size_t *cap, size_t count)
{
	struct mig__section *grown;

	if (count == *cap) {
		grown = mig__arena_alloc(r->arena, (*cap ? *cap * 2 : 2) * sizeof *grown);
		if (!grown)
			return NULL;
		if (count)
			memcpy(grown, *at, count * sizeof *grown);
		*cap = *cap ? *cap * 2 : 2;
		*at = grown;
	}
	memset(&(*at)[count], 0, sizeof **at);
	return &(*at)[count];
}

static mig_status check_section(struct mig__reader *r, const struct mig__section *sections,
				size_t count, struct mig__word words)
{
	const mig_section *s = &sections[count].is;

	if (count == MOST_SECTIONS)
		return mig__reader_fail(r, MIG_ESYNTAX, words.at, "more than %d sections",
					(int)MOST_SECTIONS);
	for (size_t i = 0; i < count; i++)
		if (sections[i].is.direction == s->direction &&
		    same(sections[i].is.dialect, s->dialect) &&
		    same(sections[i].is.database, s->database))
			return mig__reader_fail(r, MIG_ESYNTAX, words.at,
						"a second \"%s\" section for the same dialect and "
						"database: the first is in line %d",
						directives[s->direction].name,
						(int)sections[i].line);
	return MIG_OK;
}

/* A directive after SQL in the same line: to the engine a comment, and to a reader the start of the next
 * section. E.g. "DROP TABLE a; -- mig:downgrade". Returns where it is, or NULL. */
static const char *misplaced_directive(struct mig__word line)
{
	const char *end = line.at + line.size, *at = line.at;

	while ((at = memchr(at, '-', (size_t)(end - at))) != NULL) {
		struct mig__word rest = { at, (size_t)(end - at) }, words, name;

		if (!mig__directive(rest, &words)) {
			at++;
			continue;
		}
		name = mig__next_word(&words, 0);
		for (size_t i = 0; i < sizeof directives / sizeof *directives; i++)
			if (mig__word_is(name, directives[i].name))
				return name.at;
		for (size_t i = 0; mig__note_name(i); i++)
			if (mig__word_is(name, mig__note_name(i)))
				return name.at;
		at++;
	}
	return NULL;
}

static mig_status check_line(struct mig__reader *r, struct mig__word line)
{
	struct mig__word content;
	const char *at;

	if (mig__comment(line, &content))
		return mig__marker_check(r, content);
	at = misplaced_directive(line);
	return at ? mig__reader_fail(r, MIG_ESYNTAX, at,
				     "a directive after other text is only a comment: put it on a line of "
				     "its own")
		  : MIG_OK;
}

static mig_status read_sections(struct mig__reader *r)
{
	struct mig__section *sections = NULL, *s = NULL;
	size_t cap = 0, count = 0;
	struct mig__word words;
	struct mig__line line;
	struct mig__note note;
	int upgrades = 0, is_note;
	mig_status rc;

	while (mig__lines_next(&r->lines, &line)) {
		is_note = !mig__directive(line.text, &words);
		rc = is_note ? check_line(r, line.text)
			     : mig__note_read(r, words, s, &note, &is_note);
		if (rc)
			return rc;
		if (is_note)
			continue;
		if (s)
			s->is.size = (size_t)(line.text.at - r->text) - s->is.offset;
		s = add_section(r, &sections, &cap, count);
		if (!s)
			return mig__fail_nomem(r->err);
		rc = read_directive(r, words, &s->is);
		s->line = line.number;
		s->is.offset = (size_t)(r->lines.at - r->text);
		if (!rc)
			rc = check_section(r, sections, count, words);
		if (rc)
			return rc;
		upgrades += s->is.direction == MIG_UPGRADE;
		count++;
	}
	if (s)
		s->is.size = r->size - s->is.offset;
	if (!upgrades)
		return mig__fail_at(r->err, MIG_ESYNTAX, r->file, 0, 0,
				    "there is no \"-- mig:upgrade\" section");
	r->out->sections = sections;
	r->out->section_count = count;
	r->out->sections_read = 1;
	return MIG_OK;
}

/* -- the whole */

mig_status mig__parse_too_large(const char *file, struct mig__error *err)
{
	return mig__fail_at(err, MIG_ESYNTAX, file, 0, 0, "the file is larger than 2 GiB");
}

static mig_status check_bytes(const struct mig__reader *r)
{
	const char *nul;
	size_t good;

	if (!r->size)
		return mig__fail_at(r->err, MIG_ESYNTAX, r->file, 0, 0, "the file is empty");
	if (r->size > INT32_MAX)
		return mig__parse_too_large(r->file, r->err);
	if (r->size >= 2 && (!memcmp(r->text, "\xff\xfe", 2) || !memcmp(r->text, "\xfe\xff", 2)))
		return mig__fail_at(r->err, MIG_ESYNTAX, r->file, 0, 0,
				    "the file is UTF-16: save it as UTF-8");
	good = mig__text_utf8(r->text, r->size);
	nul = memchr(r->text, '\0', good);
	if (nul)
		return mig__reader_fail(r, MIG_ESYNTAX, nul, "a NUL byte");
	if (good < r->size)
		return mig__reader_fail(r, MIG_ESYNTAX, r->text + good, "byte 0x%02X is not UTF-8",
					(unsigned char)r->text[good]);
	return MIG_OK;
}

/* Header and prelude. *ended: there is no directive in this text. */
static mig_status read_head(struct mig__reader *r, int *ended)
{
	size_t bom = r->size >= 3 && !memcmp(r->text, "\xef\xbb\xbf", 3) ? 3 : 0;
	mig_status rc = check_bytes(r);

	if (rc)
		return rc;
	*r->out = (struct mig__script){ .message = "", .created = "", .file = r->file };
	r->out->parents.at = r->out->dependencies.at = r->out->labels.at = mig__no_names;
	mig__lines_init(&r->lines, r->text + bom, r->size - bom);
	rc = mig__header_read(r);
	if (!rc)
		rc = read_prelude(r, ended);
	if (rc || r->out->id || (!r->complete && *ended))
		return rc;
	rc = mig__reader_fail(r, MIG_ESYNTAX, r->text, "the header has no \"-- revision: ID\" line");
	mig__error_set_hint(r->err, "\"mig revision -m MESSAGE\" writes a file to fill in; \"mig help import\" and "
				    "\"mig help adopt\" are for the histories of other tools");
	return rc;
}

mig_status mig__parse_whole(struct mig__arena *arena, const char *file, const char *text,
			    size_t size, int32_t digest, struct mig__error *err,
			    struct mig__script *out)
{
	struct mig__script script;
	struct mig__reader r = { arena, file, text, size, 1, err, { 0 }, &script };
	int ended;
	mig_status rc = read_head(&r, &ended);

	if (!rc)
		rc = read_sections(&r);
	if (rc)
		return rc;
	if (digest) {
		mig__script_text_digest(text, size, script.digest);
		script.has_digest = 1;
	}
	*out = script;
	return MIG_OK;
}

mig_status mig__parse_head(struct mig__arena *arena, const char *file, const char *text,
			   size_t size, int complete, struct mig__error *err,
			   struct mig__script *out, int *more)
{
	struct mig__script script;
	struct mig__reader r = { arena, file, text, size, complete, err, { 0 }, &script };
	int ended;
	mig_status rc;

	*more = 0;
	/* whole lines only; a CR at the very end may be half of a CRLF */
	while (!complete && r.size &&
	       !(text[r.size - 1] == '\n' || (text[r.size - 1] == '\r' && r.size < size)))
		r.size--;
	if (!complete && !r.size) {
		*more = 1;
		return MIG_OK;
	}
	rc = read_head(&r, &ended);
	if (rc)
		return rc;
	if (ended && complete)
		return mig__fail_at(err, MIG_ESYNTAX, file, 0, 0,
				    "there is no \"-- mig:upgrade\" section");
	*more = ended;
	if (!ended)
		*out = script;
	return MIG_OK;
}

mig_status mig__script_parse(struct mig__arena *arena, const char *file, const char *text,
			     size_t size, int32_t digest, struct mig__error *err,
			     struct mig__script *out)
{
	const char *kept = mig__arena_strdup(arena, file);

	if (!kept)
		return mig__fail_nomem(err);
	return mig__parse_whole(arena, kept, text, size, digest, err, out);
}

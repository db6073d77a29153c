/* note: directives inside a section, which are about the statement below them. Like all directives
 * they are lines, whatever the SQL around them is. What a note means, and which statement is the
 * one below, is known to those who run the section.
 *
 * To add one: a row in the table, and a member in enum mig__note_kind. */
#include "script/internal.h"

#include "base/alloc.h"

static const struct {
	const char *name;
	enum mig__note_kind kind;
	int32_t text;           /* text follows: 0: none, 1: may, 2: must */
	int32_t no_transaction; /* only in a section with transaction=no */
} note_rows[] = {
	{ "mig:idempotent", MIG__NOTE_IDEMPOTENT, 0, 1 },
	{ "mig:check", MIG__NOTE_CHECK, 2, 0 },
};
enum { NOTE_ROWS = sizeof note_rows / sizeof *note_rows };

const char *mig__note_name(size_t i)
{
	return i < NOTE_ROWS ? note_rows[i].name : NULL;
}

int mig__note_is(struct mig__word words)
{
	struct mig__word name = mig__next_word(&words, 0);
	size_t i = 0;

	while (i < NOTE_ROWS && !mig__word_is(name, note_rows[i].name))
		i++;
	return i < NOTE_ROWS;
}

mig_status mig__note_read(struct mig__reader *r, struct mig__word words,
			  const struct mig__section *section, struct mig__note *out, int *is)
{
	struct mig__word rest = words, name = mig__next_word(&rest, 0);
	size_t i = 0;

	while (i < NOTE_ROWS && !mig__word_is(name, note_rows[i].name))
		i++;
	*is = i < NOTE_ROWS;
	if (!*is)
		return MIG_OK;
	rest = mig__trim(rest);
	if (!section)
		return mig__reader_fail(
			r, MIG_ESYNTAX, name.at,
			"\"%s\" stands outside a section: it belongs above a statement",
			note_rows[i].name);
	if (note_rows[i].no_transaction && !section->is.no_transaction)
		return mig__reader_fail(r, MIG_ESYNTAX, name.at,
					"\"%s\" means nothing in a section that runs in a "
					"transaction: leave it out, or mark the section "
					"transaction=no",
					note_rows[i].name);
	if (!note_rows[i].text && rest.size)
		return mig__reader_fail(r, MIG_ESYNTAX, rest.at, "\"%s\" takes nothing after it",
					note_rows[i].name);
	if (note_rows[i].text == 2 && !rest.size)
		return mig__reader_fail(r, MIG_ESYNTAX, name.at,
					"\"%s\" says nothing: write after it what is wrong if the "
					"query below returns rows",
					note_rows[i].name);
	*out = (struct mig__note){ .kind = note_rows[i].kind,
				   .offset = (size_t)(words.at - r->text),
				   .text = rest.at,
				   .text_size = rest.size };
	return MIG_OK;
}

mig_status mig__notes_collect(struct mig__reader *r, const struct mig__section *section,
			      struct mig__body *body)
{
	const struct mig__alloc *alloc = r->err->alloc;
	struct mig__lines lines;
	struct mig__line line;
	struct mig__word words;
	struct mig__note note;
	size_t cap = 0;
	int is;
	mig_status rc;

	mig__lines_init(&lines, r->text + section->is.offset, section->is.size);
	while (mig__lines_next(&lines, &line)) {
		if (!mig__directive(line.text, &words))
			continue;
		rc = mig__note_read(r, words, section, &note, &is);
		if (rc || !is) /* not a note: the reader of sections has refused it, or will */
			return rc;
		if (!mig__grow(alloc, (void **)&body->notes, &cap, body->note_count + 1,
			       sizeof note))
			return mig__fail_nomem(r->err);
		note.offset -= section->is.offset;
		body->notes[body->note_count++] = note;
	}
	return MIG_OK;
}

const struct mig__note *mig__body_note(const struct mig__body *body, enum mig__note_kind kind,
				       size_t from, size_t to)
{
	size_t low = 0, high = body->note_count;

	while (low < high) { /* the first one at or after from */
		size_t mid = low + (high - low) / 2;

		if (body->notes[mid].offset < from)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < body->note_count && body->notes[low].offset < to; low++)
		if (body->notes[low].kind == kind)
			return &body->notes[low];
	return NULL;
}

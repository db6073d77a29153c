/* body: which section applies, and its text when it is about to run. */
#include "script/internal.h"

#include "base/buf.h"

#include <string.h>

/* Whether a section's attribute admits what is running. */
static int admits(const char *attribute, const char *running)
{
	return !attribute || (running && !strcmp(attribute, running));
}

const struct mig__section *mig__script_section(const struct mig__script *script, int32_t direction,
					       const char *dialect, const char *database)
{
	const struct mig__section *best = NULL;
	int most = -1;

	for (size_t i = 0; i < script->section_count; i++) {
		const mig_section *s = &script->sections[i].is;
		int weight = (s->dialect ? 2 : 0) + (s->database ? 1 : 0);

		if (s->direction == direction && weight > most && admits(s->dialect, dialect) &&
		    admits(s->database, database)) {
			best = &script->sections[i];
			most = weight;
		}
	}
	return best;
}

enum { LISTED = 8 };

/* E.g. "; its sections: dialect=sqlite, dialect=postgresql database=stats". */
static void list_sections(const struct mig__script *script, int32_t direction, struct mig__buf *out)
{
	size_t count = 0;

	for (size_t i = 0; i < script->section_count; i++) {
		const mig_section *s = &script->sections[i].is;

		if (s->direction != direction)
			continue;
		if (++count > LISTED) {
			mig__buf_adds(out, ", ...");
			return;
		}
		mig__buf_adds(out, count == 1 ? "; its sections: " : ", ");
		if (s->dialect)
			mig__buf_addf(out, "dialect=%s", s->dialect);
		if (s->database)
			mig__buf_addf(out, "%sdatabase=%s", s->dialect ? " " : "", s->database);
	}
}

static mig_status no_section(const struct mig__script *script, int32_t direction,
			     const char *dialect, const char *database, struct mig__error *err)
{
	struct mig__buf text;
	mig_status rc = direction == MIG_DOWNGRADE ? MIG_EIRREVERSIBLE : MIG_ENO_SECTION;

	mig__buf_init(&text, err->alloc);
	mig__buf_addf(&text, "revision %s has no %s section", script->id,
		      direction == MIG_DOWNGRADE ? "downgrade" : "upgrade");
	if (dialect)
		mig__buf_addf(&text, " for dialect %s", dialect);
	if (database)
		mig__buf_addf(&text, "%s database %s", dialect ? " and" : " for", database);
	list_sections(script, direction, &text);
	if (text.failed)
		rc = mig__fail_nomem(err);
	else if (script->file)
		mig__fail_at(err, rc, script->file, 0, 0, "%s", text.data);
	else
		mig__fail(err, rc, "%s", text.data);
	mig__buf_finish(&text);
	if (rc != MIG_ENOMEM)
		mig__error_set_revision(err, script->id);
	return rc;
}

/* The section's text is made in place: its end is the end of the file or the start of the next
 * directive, whose first byte (a blank or "-") gives way to the NUL. */
static mig_status cut(const struct mig__script *script, int32_t direction, const char *dialect,
		      const char *database, char *text, size_t size, struct mig__error *err,
		      struct mig__body *out)
{
	const struct mig__section *s = mig__script_section(script, direction, dialect, database);
	struct mig__reader r = { .file = script->file ? script->file : script->id,
				 .text = text,
				 .size = size,
				 .complete = 1,
				 .err = err };
	mig_status rc;

	if (!s)
		return no_section(script, direction, dialect, database, err);
	*out = (struct mig__body){ .text = text + s->is.offset,
				   .size = s->is.size,
				   .file_text = text,
				   .file_size = size,
				   .at = s->is.offset };
	rc = mig__notes_collect(&r, s, out);
	if (rc) {
		mig__free(err->alloc, out->notes);
		*out = (struct mig__body){ 0 };
		return rc;
	}
	out->text[s->is.size] = '\0';
	return MIG_OK;
}

mig_status mig__script_body(const struct mig__alloc *alloc, const struct mig__script *script,
			    int32_t direction, const char *dialect, const char *database,
			    struct mig__error *err, struct mig__body *out)
{
	struct mig__arena arena;
	struct mig__script fresh;
	const char *known = script->kept ? script->kept : script->text;
	size_t size = script->kept ? script->kept_size : script->text_size;
	char *text = NULL;
	mig_status rc = MIG_OK;

	mig__arena_init(&arena, alloc);
	if (script->on_disk && !known) {
		rc = mig__reread(alloc, &arena, script, 0, err, &text, &size, &fresh);
		script = rc ? script : &fresh;
	} else if (known) {
		text = mig__strndup(alloc, known, size);
		if (!text)
			rc = mig__fail_nomem(err);
	}
	if (!rc)
		rc = cut(script, direction, dialect, database, text, size, err, out);
	if (rc)
		mig__free(alloc, text);
	mig__arena_finish(&arena);
	return rc;
}

void mig__body_finish(const struct mig__alloc *alloc, struct mig__body *body)
{
	mig__free(alloc, body->notes);
	mig__free(alloc, body->file_text);
	*body = (struct mig__body){ 0 };
}

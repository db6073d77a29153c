/* check: a query that must return no rows, run where it stands in a script or in a rebuild. What is a
 * query, and how it is kept from writing, the dialect knows; so does the recording connection, which
 * writes the check down instead. */
#include "migrate/check.h"

#include "base/number.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>

enum {
	SHOWN = 3,  /* rows in the error */
	CELLS = 6,  /* values of each */
	LETTERS = 40 /* bytes of each value */
};

/* -- one query */

static void add_bytes(struct mig__buf *out, const mig_value *v)
{
	size_t size = v->size < LETTERS / 2 ? v->size : LETTERS / 2;

	mig__buf_adds(out, "x'");
	for (size_t i = 0; i < size; i++)
		mig__buf_addf(out, "%02x", (unsigned)(unsigned char)v->data[i]);
	mig__buf_adds(out, size < v->size ? "...'" : "'");
}

static void add_text(struct mig__buf *out, const mig_value *v)
{
	size_t size = mig__text_cut(v->data, v->size, LETTERS);

	mig__buf_adds(out, "'");
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)v->data[i] < ' ')
			mig__buf_adds(out, "?");
		else
			mig__buf_add(out, v->data[i] == '\'' ? "''" : v->data + i,
				     v->data[i] == '\'' ? 2 : 1);
	mig__buf_adds(out, size < v->size ? "...'" : "'");
}

static mig_status add_value(struct mig__db *db, mig_cursor *cursor, int32_t column,
			    struct mig__buf *out)
{
	char number[MIG__NUMBER_SIZE];
	mig_value v = { 0 };
	mig_status rc = db->dialect->conn->column(cursor, column, MIG_NULL, &v);

	if (rc)
		return rc;
	switch (v.type) {
	case MIG_INTEGER:
		mig__buf_addf(out, "%" PRId64, v.integer);
		break;
	case MIG_REAL:
		mig__number_write(v.real, number);
		mig__buf_addf(out, "%s%s", number, strpbrk(number, ".en") ? "" : ".0");
		break;
	case MIG_TEXT:
		add_text(out, &v);
		break;
	case MIG_BLOB:
		add_bytes(out, &v);
		break;
	default:
		mig__buf_adds(out, "NULL");
	}
	return MIG_OK;
}

/* E.g. "(7, '01067', 1067)", or "7" where there is one column. */
static mig_status add_row(struct mig__db *db, mig_cursor *cursor, struct mig__buf *out)
{
	int32_t count = db->dialect->conn->column_count(cursor);
	mig_status rc = MIG_OK;

	mig__buf_adds(out, out->len ? ", " : "");
	mig__buf_adds(out, count > 1 ? "(" : "");
	for (int32_t i = 0; !rc && i < count && i < CELLS; i++) {
		mig__buf_adds(out, i ? ", " : "");
		rc = add_value(db, cursor, i, out);
	}
	mig__buf_adds(out, count > CELLS ? ", ..." : "");
	mig__buf_adds(out, count > 1 ? ")" : "");
	return rc;
}

/* Reads all rows: their number, and the first of them in words. */
static mig_status read_rows(struct mig__db *db, const char *text, size_t size, int64_t *count,
			    struct mig__buf *shown)
{
	mig_cursor *cursor = NULL;
	int32_t row = 1;
	mig_status rc = db->dialect->conn->prepare(db->conn, text, size, 0, &cursor);

	while (!rc && !(rc = db->dialect->conn->step(cursor, &row)) && row)
		if (++*count <= SHOWN)
			rc = add_row(db, cursor, shown);
	db->dialect->conn->finish(cursor);
	return rc;
}

mig_status mig__check_run(struct mig__db *db, const char *message, const char *text, size_t size)
{
	mig_status (*begin)(mig_conn *, const char *, const char *, size_t) =
		MIG__CONN_SLOT(db, check_begin);
	mig_status (*end)(mig_conn *) = MIG__CONN_SLOT(db, check_end);
	struct mig__buf shown;
	int64_t count = 0;
	mig_status rc = begin ? begin(db->conn, message, text, size) : MIG_OK;

	if (rc)
		return rc;
	mig__buf_init(&shown, db->err->alloc);
	rc = read_rows(db, text, size, &count, &shown);
	if (!rc && end)
		rc = end(db->conn);
	if (!rc && shown.failed)
		rc = mig__fail_nomem(db->err);
	if (!rc && count) {
		rc = mig__fail(db->err, MIG_ECHECK, "%s: %" PRId64 " row%s%s: %s", message, count,
			       count > 1 ? "s" : "", count > SHOWN ? ", the first" : "",
			       mig__buf_text(&shown));
		mig__error_set_statement(db->err, text, size);
	}
	mig__buf_finish(&shown);
	return rc;
}

/* -- those of a section */

static mig_status lacks_query(struct mig__db *db, const struct mig__note *note, size_t *fault)
{
	*fault = note->offset;
	return mig__fail(db->err, MIG_ESYNTAX, "no query stands below \"mig:check\"");
}

mig_status mig__checks_find(struct mig__db *db, struct mig__body *body, size_t *fault)
{
	struct mig__note *last = NULL;
	mig_status rc = MIG_OK;

	for (size_t i = 0; !rc && i < body->note_count; i++) {
		struct mig__note *note = &body->notes[i];
		mig_statement st = { .struct_size = sizeof st };
		size_t end;

		if (note->kind != MIG__NOTE_CHECK)
			continue;
		if (last && last->about > note->offset)
			return lacks_query(db, last, fault);
		end = note->offset + strcspn(body->text + note->offset, "\r\n");
		rc = db->dialect->conn->next_statement(db->conn, body->text, body->size, end, &st);
		if (!rc && !st.size)
			return lacks_query(db, note, fault);
		note->about = st.offset;
		last = note;
	}
	return rc;
}

mig_status mig__section_find_checks(struct mig__section_run *s)
{
	return mig__checks_find(s->run->db, &s->body, &s->last);
}

const struct mig__note *mig__section_check_at(const struct mig__section_run *s, size_t offset)
{
	size_t low = 0, high = s->body.note_count;

	while (low < high) { /* the first note after the statement */
		size_t mid = low + (high - low) / 2;

		if (s->body.notes[mid].offset < offset)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low > 0; low--) {
		const struct mig__note *note = &s->body.notes[low - 1];

		if (note->kind == MIG__NOTE_CHECK)
			return note->about == offset ? note : NULL;
	}
	return NULL;
}

size_t mig__section_note_line(const struct mig__section_run *s, const struct mig__note *note)
{
	size_t at = note->offset;

	while (at && s->body.text[at - 1] != '\n' && s->body.text[at - 1] != '\r')
		at--;
	return at;
}

mig_status mig__section_check(struct mig__section_run *s, const struct mig__note *note,
			      const mig_statement *statement)
{
	struct mig__error *err = s->run->err;
	char *message = mig__strndup(s->run->alloc, note->text, note->text_size);
	mig_status rc;

	if (!message)
		return mig__fail_nomem(err);
	rc = mig__check_run(s->run->db, message, s->body.text + statement->offset, statement->size);
	mig__free(s->run->alloc, message);
	if (rc == MIG_ECHECK) {
		s->last = note->offset;
		mig__error_set_hint(err, "correct these rows, or remove the check if the loss is "
					 "wanted");
	}
	return rc;
}

/* unit: follows BEGIN, COMMIT, SAVEPOINT and RELEASE through a section outside a transaction,
 * and checks before the run that each unit is closed and that the dialect can repeat it. Not the
 * run: lone.c. */
#include "migrate/unit.h"

#include "migrate/journal.h"

mig_status mig__unit_follow(struct mig__unit *unit, const mig_statement *st, struct mig__error *err,
			    int *ends)
{
	const uint32_t over = MIG_STATEMENT_COMMIT | MIG_STATEMENT_ROLLBACK;

	if (unit->kind == MIG__UNIT_NONE && st->kind & MIG_STATEMENT_BEGIN)
		unit->kind = MIG__UNIT_TRANSACTION;
	else if (unit->kind == MIG__UNIT_NONE && st->kind & MIG_STATEMENT_SAVEPOINT)
		unit->kind = MIG__UNIT_SAVEPOINT;
	else if (st->kind & over)
		unit->kind = MIG__UNIT_NONE;
	if (unit->kind == MIG__UNIT_SAVEPOINT && st->kind & MIG_STATEMENT_SAVEPOINT) {
		if (!mig__grow(err->alloc, (void **)&unit->savepoints, &unit->cap, unit->count + 1,
			       sizeof *unit->savepoints))
			return mig__fail_nomem(err);
		unit->savepoints[unit->count++] = st->savepoint;
	} else if (unit->kind == MIG__UNIT_SAVEPOINT && st->kind & MIG_STATEMENT_RELEASE) {
		size_t i = unit->count;

		while (i && unit->savepoints[i - 1] != st->savepoint)
			i--;
		if (i) /* a name that is not there: the engine says so */
			unit->count = i - 1;
		if (!unit->count)
			unit->kind = MIG__UNIT_NONE;
	}
	if (unit->kind == MIG__UNIT_NONE)
		unit->count = 0;
	*ends = unit->kind == MIG__UNIT_NONE;
	return MIG_OK;
}

void mig__unit_finish(struct mig__unit *unit, const struct mig__alloc *alloc)
{
	mig__free(alloc, unit->savepoints);
	*unit = (struct mig__unit){ 0 };
}

/* -- before anything runs */

struct unit_reader {
	struct mig__db *db;
	const struct mig__body *body;
	struct mig__unit unit;
	mig_unit *units;
	size_t count, cap;
	size_t offset; /* of what is being looked at, for an error */
	int session;   /* a statement sets the session: how the rest is read may depend on it */
	int unread;    /* so the rest could not be read now */
};

/* A note is about the statement below it, outside the section's own transactions. */
static mig_status check_notes(struct unit_reader *r, size_t from, const mig_statement *st)
{
	size_t end = st->size ? st->offset + st->size : r->body->size;
	const struct mig__note *note = mig__body_note(r->body, MIG__NOTE_IDEMPOTENT, from, end);
	const char *why = NULL;

	if (!note)
		return MIG_OK;
	if (!st->size)
		why = "has no statement below it";
	else if (note->offset > st->offset)
		why = "stands inside a statement: put it above";
	else if (r->unit.kind != MIG__UNIT_NONE ||
		 st->kind & (MIG_STATEMENT_BEGIN | MIG_STATEMENT_SAVEPOINT))
		why = "means nothing for a transaction, which runs whole or not at all: leave it "
		      "out";
	else if (mig__body_note(r->body, MIG__NOTE_IDEMPOTENT, note->offset + 1, end))
		why = "stands there twice";
	if (!why)
		return MIG_OK;
	r->offset = note->offset;
	return mig__fail(r->db->err, MIG_ESYNTAX, "\"mig:idempotent\" %s", why);
}

static mig_status add_to_unit(struct unit_reader *r, const mig_statement *st, int begins)
{
	if (begins) {
		if (!mig__grow(r->db->err->alloc, (void **)&r->units, &r->cap, r->count + 1,
			       sizeof *r->units))
			return mig__fail_nomem(r->db->err);
		r->units[r->count++].offset = st->offset;
	}
	r->units[r->count - 1].end = st->offset + st->size;
	return MIG_OK;
}

static mig_status fail_commits(struct unit_reader *r)
{
	mig__fail(r->db->err, MIG_ETRANSACTION,
		  "this statement commits by itself, so it cannot stand inside a transaction of the "
		  "section");
	mig__error_set_hint(r->db->err, "put it before the BEGIN or after the COMMIT");
	return MIG_ETRANSACTION;
}

static mig_status read_units(struct unit_reader *r)
{
	const struct mig__body *body = r->body;
	mig_statement st = { .struct_size = sizeof st };
	int begins = 1;
	size_t from = 0;
	mig_status rc;

	for (;; from = st.next) {
		st.size = 0;
		rc = r->db->dialect->conn->next_statement(r->db->conn, body->text, body->size, from, &st);
		r->offset = from;
		if (rc == MIG_ESYNTAX && r->session) {
			mig__error_clear(
				r->db->err); /* if it is wrong then, too, the run says it */
			r->unread = 1;
			return MIG_OK;
		}
		if (!rc)
			rc = check_notes(r, from, &st);
		if (rc || !st.size)
			break;
		r->offset = st.offset;
		if (st.kind & MIG_STATEMENT_COMMITS && r->unit.kind != MIG__UNIT_NONE)
			return fail_commits(r);
		r->session |= (st.kind & MIG_STATEMENT_SESSION) != 0;
		rc = add_to_unit(r, &st, begins);
		if (!rc)
			rc = mig__unit_follow(&r->unit, &st, r->db->err, &begins);
		if (rc)
			break;
	}
	if (rc || begins)
		return rc;
	r->offset = r->units[r->count - 1].offset;
	mig__fail(r->db->err, MIG_ETRANSACTION, "the section ends inside the %s that begins here",
		  r->unit.kind == MIG__UNIT_SAVEPOINT ? "savepoint" : "transaction");
	mig__error_set_hint(r->db->err, "end it in the section");
	return MIG_ETRANSACTION;
}

mig_status mig__units_check(const struct mig__alloc *alloc, struct mig__db *db,
			    const struct mig__script *script, const struct mig__body *body)
{
	struct unit_reader r = { .db = db, .body = body };
	mig_status (*check)(mig_conn *, const char *, size_t, const mig_unit *, size_t) =
		MIG__CONN_SLOT(db, check_units);
	mig_status rc;

	rc = read_units(&r);
	if (!rc && check && !r.unread) {
		r.offset = 0;
		rc = check(db->conn, body->text, body->size, r.units, r.count);
	}
	if (rc) {
		if (db->err->offset != SIZE_MAX)
			r.offset = db->err->offset;
		mig__body_locate(body, script, r.offset, db->err);
	}
	mig__unit_finish(&r.unit, alloc);
	mig__free(alloc, r.units);
	return rc;
}

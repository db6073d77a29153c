#include "migrate/scratch.h"

#include "base/text.h"

#include <string.h>

mig_status mig__scratch_open(struct mig__db *db, struct mig__db *out)
{
	mig_conn *conn = NULL;
	mig_status rc;

	*out = (struct mig__db){ .dialect = db->dialect, .err = db->err };
	rc = db->dialect->scratch(db->conn, &conn);
	if (rc)
		return rc;
	out->conn = conn;
	rc = out->dialect->run_begin(conn);
	if (rc)
		mig__scratch_close(out);
	return rc;
}

void mig__scratch_close(struct mig__db *scratch)
{
	struct mig__error *err = scratch->err, kept;

	if (!scratch->conn)
		return;
	/* what went wrong before is what counts */
	kept = *err;
	mig__error_init(err, kept.alloc);
	(void)scratch->dialect->run_end(scratch->conn);
	scratch->dialect->close(scratch->conn);
	mig__error_clear(err);
	*err = kept;
	scratch->conn = NULL;
}

static mig_status place(struct mig__db *db, mig_status rc, const char *name, const char *text,
			size_t size)
{
	struct mig__error *err = db->err;

	if (rc && name) {
		struct mig__place at = { 0 };

		if (err->offset <= size)
			at = mig__text_place(text, size, err->offset);
		if (at.line)
			mig__error_prefix(err, "%s:%d:%d: ", name, (int)at.line, (int)at.column);
		else
			mig__error_prefix(err, "%s: ", name);
		mig__error_set_place(err, name, at.line, at.column);
	}
	return rc;
}

/* Statement by statement, since text written for a native client may begin transactions of its
 * own. */
mig_status mig__scratch_script(struct mig__db *scratch, const char *name, const char *text,
			       size_t size)
{
	const mig_dialect *d = scratch->dialect;
	mig_status rc;

	rc = d->run_script(scratch->conn, text, size, NULL, NULL);
	if (rc != MIG_ETRANSACTION)
		return place(scratch, rc, name, text, size);
	mig__error_clear(scratch->err);
	rc = MIG_OK;
	for (size_t at = 0; !rc;) {
		mig_statement s = { .struct_size = sizeof s };

		rc = d->next_statement(scratch->conn, text, size, at, &s);
		if (rc || !s.size)
			break;
		rc = d->run_statement(scratch->conn, text + s.offset, s.size);
		if (rc && scratch->err->offset <= s.size)
			scratch->err->offset += s.offset;
		else if (rc)
			scratch->err->offset = s.offset;
		at = s.next;
	}
	return place(scratch, rc, name, text, size);
}

static mig_status transaction(struct mig__db *db, const char *what)
{
	return db->dialect->run_statement(db->conn, what, strlen(what));
}

/* Statements from..to in one transaction. */
static mig_status run_together(struct mig__db *db, const struct mig__sql *sql, size_t from,
			       size_t to)
{
	mig_status rc = transaction(db, "BEGIN");

	for (size_t i = from; !rc && i < to; i++)
		rc = db->dialect->run_statement(db->conn, sql->at[i].text, sql->at[i].size);
	if (!rc)
		return transaction(db, "COMMIT");
	if (db->dialect->rollback) {
		struct mig__error kept = *db->err;

		mig__error_init(db->err, kept.alloc);
		(void)transaction(db, "ROLLBACK");
		mig__error_clear(db->err);
		*db->err = kept;
	}
	return rc;
}

mig_status mig__scratch_run(struct mig__db *scratch, const struct mig__sql *sql, int portions)
{
	enum { PORTION = 500 };
	mig_status rc = MIG_OK;

	if (sql->lone) {
		for (size_t i = 0; !rc && i < sql->count; i++)
			rc = scratch->dialect->run_statement(scratch->conn, sql->at[i].text,
							     sql->at[i].size);
		return rc;
	}
	for (size_t i = 0; !rc && i < sql->count; i += PORTION) {
		size_t to = portions && i + PORTION < sql->count ? i + PORTION : sql->count;

		rc = run_together(scratch, sql, i, to);
		if (!portions)
			break;
	}
	return rc;
}

mig_status mig__inspect(struct mig__db *db, struct mig__schema *out)
{
	mig_schema_sink sink;
	mig_status rc;

	mig__schema_init(out, db->err->alloc, db->err);
	out->fold = (db->dialect->capabilities & MIG_NAMES_FOLD) != 0;
	sink = mig__schema_sink(out);
	rc = db->dialect->inspect(db->conn, &sink);
	return rc ? rc : mig__schema_done(out);
}

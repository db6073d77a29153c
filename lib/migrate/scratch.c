/* scratch: runs SQL in a scratch database, and inspects it. Not how one is made: the dialect. A
 * script runs in one transaction; if it fails, e.g. since it begins transactions of its own, it
 * runs again statement by statement. */
#include "migrate/scratch.h"

#include "base/text.h"

#include <string.h>

mig_status mig__scratch_open(struct mig__db *db, struct mig__db *out)
{
	mig_conn *conn = NULL;
	mig_status rc;

	*out = (struct mig__db){ .dialect = db->dialect, .err = db->err };
	rc = mig__db_scratch(db, &conn);
	if (rc)
		return rc;
	out->conn = conn;
	rc = out->dialect->conn->run_begin(conn);
	if (rc)
		mig__scratch_close(out);
	return rc;
}

mig_status mig__scratch_open_for_copy(struct mig__db *db, struct mig__db *out)
{
	mig_status rc = mig__db_may_copy(db);

	return rc ? rc : mig__scratch_open(db, out);
}

void mig__scratch_close(struct mig__db *scratch)
{
	struct mig__error kept;

	if (!scratch->conn)
		return;
	/* what went wrong before is what counts */
	kept = mig__error_take(scratch->err);
	(void)scratch->dialect->conn->run_end(scratch->conn);
	scratch->dialect->conn->close(scratch->conn);
	mig__error_put_back(scratch->err, kept);
	scratch->conn = NULL;
}

void mig__scratch_keep(struct mig__db *scratch, struct mig__db *db)
{
	if (db->spare || scratch->dialect->conn->run_end(scratch->conn)) {
		mig__error_clear(scratch->err);
		mig__scratch_close(scratch);
		return;
	}
	db->spare = scratch->conn;
	scratch->conn = NULL;
}

/* What was begun is undone; the error of before is what counts. */
static mig_status undo(struct mig__db *db, mig_status before)
{
	struct mig__error kept;

	if (!before)
		return db->dialect->conn->rollback(db->conn);
	kept = mig__error_take(db->err);
	(void)db->dialect->conn->rollback(db->conn);
	mig__error_put_back(db->err, kept);
	return before;
}

mig_status mig__scratch_place(struct mig__db *db, mig_status rc, const char *name, const char *text,
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

/* A script at once, in a transaction: few messages, one commit. After an error nothing was done. */
static mig_status run_whole(struct mig__db *db, const char *text, size_t size)
{
	/* nobody else is in a scratch, but the dialect may have its lock there as anywhere */
	mig_status rc = mig__db_begin(db);

	if (!rc)
		rc = db->dialect->conn->run_script(db->conn, text, size, NULL, NULL);
	if (!rc)
		rc = mig__db_commit(db, 0);
	return rc ? undo(db, rc) : rc;
}

static mig_status run_one_by_one(struct mig__db *db, const char *text, size_t size)
{
	mig_status rc = MIG_OK;

	for (size_t at = 0; !rc;) {
		mig_statement s = { .struct_size = sizeof s };

		rc = db->dialect->conn->next_statement(db->conn, text, size, at, &s);
		if (rc || !s.size)
			break;
		rc = db->dialect->conn->run_statement(db->conn, text + s.offset, s.size);
		if (rc && db->err->offset <= s.size)
			db->err->offset += s.offset;
		else if (rc)
			db->err->offset = s.offset;
		at = s.next;
	}
	return rc;
}

/* Text written for a native client may begin transactions of its own, or hold what cannot be in
 * one: then statement by statement. */
mig_status mig__scratch_script(struct mig__db *scratch, const char *name, const char *text,
			       size_t size)
{
	mig_status rc = run_whole(scratch, text, size);

	if (rc && rc != MIG_ENOMEM && rc != MIG_ECANCELLED) {
		mig__error_clear(scratch->err);
		rc = run_one_by_one(scratch, text, size);
	}
	return mig__scratch_place(scratch, rc, name, text, size);
}

static void add_statement(struct mig__buf *text, const struct mig__statement *s)
{
	mig__buf_add(text, s->text, s->size);
	mig__buf_adds(text, ";\n");
}

/* Statements from..to as a script, in which earlier ones set the session up again. */
static void add_statements(struct mig__buf *text, const struct mig__sql *sql, size_t from, size_t to)
{
	for (size_t i = 0; i < from; i++)
		if (sql->at[i].kind & MIG_STATEMENT_SESSION)
			add_statement(text, &sql->at[i]);
	for (size_t i = from; i < to; i++)
		add_statement(text, &sql->at[i]);
}

static mig_status run_together(struct mig__db *db, const struct mig__sql *sql, size_t from,
			       size_t to)
{
	struct mig__buf text;
	mig_status rc;

	mig__buf_init(&text, db->err->alloc);
	add_statements(&text, sql, from, to);
	rc = text.failed ? mig__fail_nomem(db->err) : run_whole(db, mig__buf_text(&text), text.len);
	mig__buf_finish(&text);
	return rc;
}

enum { PORTION = 500 };

int mig__scratch_fits(const struct mig__db *scratch, const struct mig__sql *sql)
{
	return !sql->lone && sql->count <= PORTION && !mig__db_ddl_commits(scratch);
}

mig_status mig__scratch_run(struct mig__db *scratch, const struct mig__sql *sql, int portions)
{
	mig_status rc = MIG_OK;

	if (sql->lone) {
		for (size_t i = 0; !rc && i < sql->count; i++)
			rc = scratch->dialect->conn->run_statement(scratch->conn, sql->at[i].text,
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

/* rows: those of the second comparison are wanted, too. */
static mig_status inspect(struct mig__db *db, struct mig__schema *out, int rows,
			  const mig_object *const *only, size_t only_count)
{
	mig_schema_sink sink;
	mig_status rc;

	mig__schema_init(out, db->err->alloc, db->err);
	out->fold = (db->dialect->capabilities & MIG_NAMES_FOLD) != 0;
	sink = mig__schema_sink(out);
	if (!rows)
		sink.row = NULL;
	sink.only = only;
	sink.only_count = only_count;
	rc = db->dialect->schema->inspect(db->conn, &sink);
	return rc ? rc : mig__schema_done(out);
}

mig_status mig__inspect(struct mig__db *db, struct mig__schema *out)
{
	return inspect(db, out, 1, NULL, 0);
}

mig_status mig__inspect_objects(struct mig__db *db, struct mig__schema *out)
{
	return inspect(db, out, 0, NULL, 0);
}

mig_status mig__inspect_only(struct mig__db *db, const mig_object *const *only, size_t count, struct mig__schema *out)
{
	return inspect(db, out, 1, only, count);
}

mig_status mig__scratch_look(struct mig__db *scratch, const struct mig__sql *sql,
			     const struct mig__scratch_text *texts, size_t count,
			     struct mig__schema *out)
{
	struct mig__buf text;
	mig_status rc;

	mig__buf_init(&text, scratch->err->alloc);
	add_statements(&text, sql, 0, sql->count);
	rc = text.failed ? mig__fail_nomem(scratch->err) : mig__db_begin(scratch);
	if (!rc) {
		const mig_dialect_conn *conn = scratch->dialect->conn;

		if (text.len)
			rc = conn->run_script(scratch->conn, text.data, text.len, NULL, NULL);
		for (size_t i = 0; !rc && i < count; i++)
			rc = conn->run_script(scratch->conn, texts[i].at, texts[i].size, NULL, NULL);
		if (!rc)
			rc = mig__inspect(scratch, out);
		rc = undo(scratch, rc);
	}
	mig__buf_finish(&text);
	return rc;
}

/* script: runs SQL text statement by statement. SQLite itself finds where each ends when it
 * prepares it, and each is prepared after the one before has run. Not statements with parameters:
 * cursor.c. */
#include "dialect/sqlite/conn/engine.h"

#include <string.h>

struct script {
	mig_conn *conn;
	const char *text;
	size_t size;
	int inside; /* runs inside a transaction */
	mig_statement at;
};

/* The statement's extent, when SQLite has not told it. */
static struct mig__sqlite_place place_of(struct script *s)
{
	size_t open;
	size_t end = s->at.size ? s->at.offset + s->at.size
				: mig__sqlite_statement_end(s->text, s->at.offset, &open);

	return (struct mig__sqlite_place){ s->text + s->at.offset, end - s->at.offset,
					   s->at.offset };
}

static mig_status refuse(struct script *s)
{
	struct mig__sqlite_place place = place_of(s);

	return mig__sqlite_report(s->conn, MIG_ETRANSACTION, &place,
				  "the whole script is in one transaction already; a section that "
				  "needs its own is marked transaction=no",
				  "a script may not begin or end a transaction");
}

/* Nobody gives a parameter of a script a value, and SQLite takes NULL then. */
static mig_status check_script_parameters(struct script *s, sqlite3_stmt *stmt)
{
	struct mig__sqlite_place place = place_of(s);
	const char *name, *sql;

	if (!stmt || !sqlite3_bind_parameter_count(stmt))
		return MIG_OK;
	name = sqlite3_bind_parameter_name(stmt, 1);
	sql = sqlite3_sql(stmt);
	place.offset += mig__sqlite_parameter(sql, 0, strlen(sql));
	return mig__sqlite_report(
		s->conn, MIG_ESYNTAX, &place,
		"nothing binds parameters in a script: write the value itself, or, in "
		"a revision in C, use mig_step_prepare()",
		"parameter %s in a script", name ? name : "?");
}

static void warn_dead_pragma(struct script *s)
{
	const char *pragma = mig__sqlite_dead_pragma(s->text + s->at.offset);
	char message[80];

	if (!pragma || s->conn->warned || !s->inside)
		return;
	s->conn->warned = 1;
	sqlite3_snprintf(sizeof message, message, "PRAGMA %s has no effect inside a transaction",
			 pragma);
	s->conn->host->log(s->conn->host->user, MIG_LOG_WARNING, message);
}

/* Prepares the statement at s->at.offset and finds its extent. */
static mig_status prepare(struct script *s, sqlite3_stmt **stmt)
{
	const char *start = s->text + s->at.offset, *tail = NULL;
	struct mig__sqlite_place place;
	size_t open;
	int code, offset;
	mig_status rc = mig__sqlite_prepare(s->conn, start, -1, 0, stmt, &tail, &code);

	if (rc)
		return rc;
	if (code != SQLITE_OK) {
		place = place_of(s);
		offset = mig__sqlite_error_offset(s->conn, place.statement, place.size);
		if (offset > 0)
			place.offset += (size_t)offset;
		return mig__sqlite_fail(s->conn, &place);
	}
	s->at.next = (size_t)(tail - s->text);
	/* only the last statement may lack its semicolon and have blanks behind it */
	if (*tail)
		s->at.size = s->at.next - s->at.offset;
	else
		s->at.size = mig__sqlite_statement_end(s->text, s->at.offset, &open) - s->at.offset;
	return MIG_OK;
}

static mig_status run_prepared(struct script *s, sqlite3_stmt *stmt, int again)
{
	struct mig__sqlite_place place;
	int code;
	mig_status rc;

	s->conn->guarding = 1;
	do
		rc = mig__sqlite_step(s->conn, stmt, again, &code);
	while (!rc && code == SQLITE_ROW);
	s->conn->guarding = 0;
	if (rc || code == SQLITE_DONE)
		return rc;
	place = place_of(s);
	return mig__sqlite_fail(s->conn, &place);
}

static mig_status before(struct script *s, int *skip)
{
	struct mig__sqlite_place place;

	*skip = 0;
	if (!s->conn->running)
		return MIG_OK;
	place = mig__sqlite_keys_are_on(s->conn) ? place_of(s) : (struct mig__sqlite_place){ 0 };
	return mig__sqlite_before(s->conn, s->text + s->at.offset, &place, skip);
}

/* The end of a transaction around one statement, which is checked. */
static mig_status end_wrapped(struct script *s, mig_status rc)
{
	mig_conn *conn = s->conn;

	if (!rc)
		rc = mig__sqlite_commit(conn, 0);
	if (rc)
		mig__sqlite_undo(conn);
	return rc;
}

static mig_status run_one(struct script *s, mig_statement_fn hook, void *user)
{
	mig_conn *conn = s->conn;
	sqlite3_stmt *stmt = NULL;
	int skip, wrap;
	mig_status rc;

	s->at.kind = mig__sqlite_kind(s->text + s->at.offset);
	s->at.size = 0;
	if (s->at.kind & (MIG_STATEMENT_BEGIN | MIG_STATEMENT_COMMIT | MIG_STATEMENT_ROLLBACK))
		return refuse(s);
	if (s->at.kind & MIG_STATEMENT_SESSION)
		warn_dead_pragma(s);
	rc = before(s, &skip);
	if (rc)
		return rc;
	if (skip) {
		s->at.size = place_of(s).size;
		s->at.next = s->at.offset + s->at.size;
		return hook ? hook(user, &s->at) : MIG_OK;
	}
	wrap = mig__sqlite_fk_wraps(conn, s->text + s->at.offset);
	if (wrap)
		rc = mig__sqlite_begin_immediate(conn);
	if (!rc)
		rc = mig__sqlite_fk_statement(conn, s->text + s->at.offset);
	if (!rc)
		rc = prepare(s, &stmt);
	if (!rc)
		rc = check_script_parameters(s, stmt);
	if (!rc && hook)
		rc = hook(user, &s->at);
	/* the core checks in its hook */
	if (!rc && !hook && conn->host->poll(conn->host->user, 0))
		rc = mig__sqlite_report(conn, MIG_ECANCELLED, NULL, NULL, "cancelled");
	conn->steps = 0;
	if (!rc && stmt)
		rc = run_prepared(s, stmt, 0);
	sqlite3_finalize(stmt);
	if (!rc && s->inside && sqlite3_get_autocommit(conn->db))
		rc = refuse(s);
	if (!rc)
		rc = mig__sqlite_undo_renew(conn, s->text + s->at.offset);
	return wrap ? end_wrapped(s, rc) : rc;
}

static mig_status fail_nul(struct script *s)
{
	const struct mig__sqlite_place place = { NULL, 0, s->at.offset };

	return mig__sqlite_report(s->conn, MIG_ESYNTAX, &place, NULL, "a NUL byte in the script");
}

mig_status mig__sqlite_run_script(mig_conn *conn, const char *text, size_t size,
				  mig_statement_fn hook, void *user)
{
	struct script s = { .conn = conn, .text = text, .size = size };
	mig_status rc = mig__sqlite_appear(conn);

	if (rc)
		return rc;
	s.inside = !sqlite3_get_autocommit(conn->db);
	s.at.struct_size = sizeof s.at;
	while (!rc) {
		s.at.offset = mig__sqlite_skip(text, s.at.next);
		if (!text[s.at.offset])
			break;
		rc = run_one(&s, hook, user);
	}
	if (!rc && s.at.offset < size)
		rc = fail_nul(&s);
	if (!rc && !s.inside && !sqlite3_get_autocommit(conn->db))
		rc = mig__sqlite_report(conn, MIG_ETRANSACTION, NULL, NULL,
					"the script left a savepoint open");
	return rc;
}

/* BEGIN, or BEGIN DEFERRED, which locks nothing. */
static int begins_deferred(const char *text)
{
	size_t at = mig__sqlite_skip(text, 0);

	if (sqlite3_strnicmp(text + at, "BEGIN", 5) != 0)
		return 0;
	at = mig__sqlite_skip(text, at + 5);
	return sqlite3_strnicmp(text + at, "IMMEDIATE", 9) != 0 &&
	       sqlite3_strnicmp(text + at, "EXCLUSIVE", 9) != 0;
}

/* A transaction of the script's own writes a mark at its end, so it needs the write lock. It takes
 * it where it can still wait for it: once the transaction has read, a busy database is an error. */
static mig_status run_begin(struct script *s, sqlite3_stmt *stmt, const char *text)
{
	if (sqlite3_get_autocommit(s->conn->db) && begins_deferred(text))
		return mig__sqlite_begin_immediate(s->conn);
	return run_prepared(s, stmt, 0);
}

mig_status mig__sqlite_run_statement(mig_conn *conn, const char *text, size_t size)
{
	struct script s = { .conn = conn, .text = text, .size = size, .at = { .size = size } };
	const struct mig__sqlite_place place = { text, size, 0 };
	char *copy = mig__strndup(&conn->alloc, text, size); /* it ends with a NUL */
	sqlite3_stmt *stmt = NULL;
	uint32_t kind;
	int skip;
	mig_status rc;

	if (!copy)
		return mig__sqlite_nomem(conn);
	kind = mig__sqlite_kind(copy);
	rc = mig__sqlite_appear(conn);
	if (!rc)
		rc = mig__sqlite_before(conn, copy, &place, &skip);
	if (!rc && !skip)
		rc = mig__sqlite_fk_statement(conn, copy);
	if (!rc && !skip)
		rc = mig__sqlite_prepare_one(conn, text, size, 0, &stmt);
	if (!rc && stmt)
		rc = check_script_parameters(&s, stmt);
	if (!rc && stmt && (kind & MIG_STATEMENT_BEGIN))
		rc = run_begin(&s, stmt, copy);
	else if (!rc && stmt) /* one that would be left inside a transaction cannot be taken back */
		rc = run_prepared(&s, stmt, (kind & MIG_STATEMENT_COMMIT) != 0);
	sqlite3_finalize(stmt);
	if (!rc && !skip)
		rc = mig__sqlite_undo_renew(conn, copy);
	mig__free(&conn->alloc, copy);
	if (!rc && (kind & MIG_STATEMENT_COMMIT))
		mig__sqlite_fk_committed(conn);
	return rc;
}

/* script: runs SQL text: statement by statement as the splitter finds them, but sent together where
 * nothing has to be done between two of them. Not messages: send.c; nor what a session has to get
 * back: settings.c. */
#include "dialect/postgresql/conn/script.h"
#include "dialect/postgresql/conn/later.h"
#include "dialect/postgresql/conn/lock.h"
#include "dialect/postgresql/conn/probe.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/conn/session.h"
#include "dialect/postgresql/conn/transaction.h"
#include "dialect/postgresql/conn/wire.h"
#include "dialect/postgresql/sql/shell.h"
#include "dialect/postgresql/sql/split.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Statements go out together up to this many bytes: the server keeps the whole message, and its
 * parse trees, in memory. */
enum { MESSAGE_SIZE = 1 << 20 };

static mig_status report_split(mig_conn *conn, const struct mig__pg_split_error *error)
{
	const struct mig__pg_place place = { .offset = error->offset };

	return mig__pg_report(conn, MIG_ESYNTAX, &place, error->hint, "%s", error->message);
}

mig_status mig__pg_next_statement(mig_conn *conn, const char *text, size_t size, size_t offset,
				  mig_statement *out)
{
	mig_statement st = { .struct_size = sizeof st };
	struct mig__pg_split_error error;
	mig_status rc =
		mig__pg_split_next(text, size, offset, mig__pg_standard_strings(conn), &st, &error);

	if (rc)
		return report_split(conn, &error);
	if (!conn->db && st.size)
		rc = mig__pg_shell_check(conn, text, &st);
	if (rc)
		return rc;
	st.struct_size = out->struct_size;
	memcpy(out, &st, out->struct_size < sizeof st ? out->struct_size : sizeof st);
	return MIG_OK;
}

struct script {
	mig_conn *conn;
	const char *text;
	size_t size;
	mig_statement_fn hook;
	void *user;
	int inside;       /* a transaction */
	size_t from, to;  /* statements to be sent together */
	mig_statement at; /* the one that was found last */
};

static mig_status refuse(struct script *s)
{
	const struct mig__pg_place place = { s->text + s->at.offset, s->at.size, s->at.offset };

	return mig__pg_report(s->conn, MIG_ETRANSACTION, &place,
			      "the whole script is in one transaction already; a section that "
			      "needs its own is marked transaction=no",
			      "a script may not begin or end a transaction");
}

/* Nobody gives a parameter of a script a value. */
static mig_status refuse_parameters(mig_conn *conn, const char *text, const mig_statement *st)
{
	const char *at = text + st->offset;
	size_t first = mig__pg_split_parameter(at, st->size, mig__pg_standard_strings(conn));
	const struct mig__pg_place place = { at, st->size, st->offset + first };

	return mig__pg_report(
		conn, MIG_ESYNTAX, &place,
		"nothing binds parameters in a script: write the value itself, or, in a "
		"revision in C, use mig_step_prepare()",
		"parameter $%d in a script", atoi(at + first + 1));
}

static mig_status send_collected(struct script *s)
{
	size_t from = s->from, to = s->to;

	s->from = s->to = 0;
	return from == to ? MIG_OK : mig__pg_send(s->conn, s->text, from, to);
}

/* Announces the statement at s->at, and puts it to those that are to be sent, or sends them. */
static mig_status take_statement(struct script *s)
{
	const uint32_t control =
		MIG_STATEMENT_BEGIN | MIG_STATEMENT_COMMIT | MIG_STATEMENT_ROLLBACK;
	uint32_t kind = s->at.kind;
	size_t end = s->at.offset + s->at.size;
	mig_status rc = kind & control ? refuse(s) : MIG_OK;

	if (!rc && kind & MIG_STATEMENT_PARAMETERS)
		rc = refuse_parameters(s->conn, s->text, &s->at);
	if (!rc && s->hook)
		rc = s->hook(s->user, &s->at);
	if (!rc)
		rc = mig__pg_settings_foresee(s->conn, s->text + s->at.offset, s->at.size);
	if (!rc && kind & MIG__PG_COPY_DATA) {
		rc = send_collected(s);
		return rc ? rc : mig__pg_send_copy(s->conn, s->text, s->at.offset, end);
	}
	if (rc)
		return rc;
	if (s->from == s->to)
		s->from = s->at.offset;
	s->to = end;
	/* outside a transaction each statement is one of its own */
	if (!s->inside || kind & MIG__PG_LEXING || s->to - s->from >= MESSAGE_SIZE)
		rc = send_collected(s);
	return rc;
}

mig_status mig__pg_run_script(mig_conn *conn, const char *text, size_t size, mig_statement_fn hook,
			      void *user)
{
	struct script s = { .conn = conn, .text = text, .size = size, .hook = hook, .user = user };
	struct mig__pg_split_error error;
	mig_status rc = MIG_OK;

	s.inside = PQtransactionStatus(conn->db) != PQTRANS_IDLE;
	s.at.struct_size = sizeof s.at;
	while (!rc) {
		if (mig__pg_split_next(text, size, s.at.next, mig__pg_standard_strings(conn), &s.at,
				       &error))
			rc = report_split(conn, &error);
		else if (s.at.size)
			rc = take_statement(&s);
		else
			break;
	}
	if (!rc && !hook && conn->host->poll(conn->host->user, 0)) /* the core checks in its hook */
		rc = mig__pg_cancelled(conn);
	if (!rc)
		rc = send_collected(&s);
	if (!rc && mig__pg_later_waits(conn)) /* there was nothing to send it with */
		rc = mig__pg_send(conn, text, 0, 0);
	if (!rc && s.inside && PQtransactionStatus(conn->db) == PQTRANS_IDLE)
		rc = mig__pg_verify(conn);
	if (!rc && conn->session->begun && !conn->session->in_revision && conn->session->touched)
		rc = mig__pg_settings_restore(conn);
	return rc;
}

static int gives_up_lock(const char *text, size_t size)
{
	struct mig__pg_word word;
	size_t at = 0;

	return mig__pg_word_next(text, size, &at, 1, &word) && mig__pg_word_is(&word, "DISCARD") &&
	       mig__pg_word_next(text, size, &at, 1, &word) && mig__pg_word_is(&word, "ALL");
}

/* CREATE INDEX CONCURRENTLY and its like block nothing while they wait, and leave something invalid
 * when they are stopped. */
static int is_concurrent(const char *text, size_t size)
{
	struct mig__pg_word word;
	size_t at = 0;

	while (mig__pg_word_next(text, size, &at, 1, &word))
		if (mig__pg_word_is(&word, "CONCURRENTLY"))
			return 1;
	return 0;
}

/* A time-out of locks that is the run's, not the revision's own, is not for those. */
static mig_status run_alone(mig_conn *conn, const char *text, const mig_statement *st)
{
	int wait = conn->session->lock_ms && !conn->session->lock_own &&
		   is_concurrent(text + st->offset, st->size);
	char sql[100];
	mig_status rc = MIG_OK;

	if (wait)
		rc = mig__pg_exec(conn, "SELECT pg_catalog.set_config('lock_timeout', '0', false)",
				  NULL);
	if (!rc)
		rc = mig__pg_clear_way(conn, text + st->offset, st->size);
	if (!rc)
		rc = mig__pg_send(conn, text, st->offset, st->offset + st->size);
	if (wait && PQstatus(conn->db) == CONNECTION_OK) {
		snprintf(sql, sizeof sql,
			 "SELECT pg_catalog.set_config('lock_timeout', '%d', false)",
			 (int)conn->session->lock_ms);
		mig__pg_quiet(conn, sql);
	}
	return rc;
}

static mig_status run_one(mig_conn *conn, const char *text, size_t size)
{
	const struct mig__pg_place place = { text, size, 0 };
	mig_statement st = { .struct_size = sizeof st }, more = { .struct_size = sizeof more };
	mig_status rc = mig__pg_next_statement(conn, text, size, 0, &st);

	if (!rc && st.size)
		rc = mig__pg_next_statement(conn, text, size, st.next, &more);
	if (!rc && conn->lock->held && gives_up_lock(text + st.offset, st.size))
		return mig__pg_report(conn, MIG_ETRANSACTION, &place,
				      "leave the statement out: what the section has set is put "
				      "back at its end",
				      "DISCARD ALL would give up the migration lock");
	if (!rc && st.kind & MIG_STATEMENT_PARAMETERS)
		rc = refuse_parameters(conn, text, &st);
	if (!rc && (!st.size || more.size))
		rc = mig__pg_report(conn, MIG_EINVAL, &place, NULL,
				    st.size ? "more than one statement" : "there is no statement");
	if (!rc)
		rc = mig__pg_settings_foresee(conn, text + st.offset, st.size);
	if (rc)
		return rc;
	if (st.kind & MIG_STATEMENT_LONE)
		return run_alone(conn, text, &st);
	if (st.kind & MIG__PG_COPY_DATA)
		return mig__pg_send_copy(conn, text, st.offset, st.offset + st.size);
	return mig__pg_send(conn, text, st.offset, st.offset + st.size);
}

mig_status mig__pg_run_statement(mig_conn *conn, const char *text, size_t size)
{
	char *copy = mig__strndup(&conn->alloc, text, size);
	mig_status rc;

	if (!copy)
		return mig__pg_nomem(conn);
	rc = run_one(conn, copy, size);
	mig__free(&conn->alloc, copy);
	return rc;
}

/* store: libmig's own tables on PostgreSQL. Rows that are written cost no message: their statements
 * wait, with guards (guard.c) that make the COMMIT fail unless each has written its one row. A read
 * brings what it needs to be safe with it. The texts themselves are in render.c. */
#include "dialect/postgresql/store/store.h"
#include "dialect/columns.h"
#include "dialect/postgresql/conn/error.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/conn/session.h"
#include "dialect/postgresql/conn/transaction.h"
#include "dialect/postgresql/conn/wire.h"
#include "dialect/postgresql/store/guard.h"
#include "dialect/postgresql/store/place.h"
#include "dialect/postgresql/store/prepared.h"
#include "dialect/postgresql/store/render.h"
#include "dialect/postgresql/store/trust.h"

#include <stdlib.h>
#include <string.h>

static mig_value text_value(const char *text)
{
	return (mig_value){ .type = text ? MIG_TEXT : MIG_NULL,
			    .data = text,
			    .size = text ? strlen(text) : 0 };
}

static mig_value number_value(int64_t number)
{
	return (mig_value){ .type = MIG_INTEGER, .integer = number };
}

_Static_assert(MIG__COLUMN_COUNT <= sizeof((struct mig__pg_values *)0)->at / sizeof(mig_value),
	       "a value for each column of the history");

/* -- reading */

static enum mig__pg_table table_of(enum mig__pg_own own)
{
	return own == MIG__PG_READ_VERSION ? MIG__PG_VERSION : MIG__PG_HISTORY;
}

/* Inside a transaction a read of a missing table would end that, so it is asked for first unless it
 * is known to be there. */
static mig_status check_there(mig_conn *conn, enum mig__pg_table table, int32_t *there)
{
	*there = MIG_TABLE_THERE;
	if (PQtransactionStatus(conn->db) != PQTRANS_IDLE)
		return mig__pg_table_exists(conn, table, there);
	*mig__pg_there(conn, table) = MIG__PG_UNKNOWN;
	return MIG_OK;
}

/* A name as SQL has it, as it is. */
static void unquote(char *name)
{
	char *out = name;

	if (*name != '"')
		return;
	for (const char *p = name + 1; *p && (*p != '"' || p[1] == '"'); p++) {
		*out++ = *p;
		p += *p == '"';
	}
	*out = '\0';
}

/* The version table outside our own transactions: one query that runs no code of others. The schema
 * comes with it if it is not known. A temporary table, which hides the real one, is none of ours;
 * *schema is 0 then, as after a refusal. */
static mig_status read_plainly(mig_conn *conn, struct mig__pg_reply *reply, int *at, int *schema)
{
	struct mig__buf sql;
	int named = !conn->store->schema;
	mig_status rc;

	mig__buf_init(&sql, &conn->alloc);
	*at = mig__pg_add_settings(conn, &sql, 1);
	if (named) {
		mig__buf_adds(&sql, "SELECT schema FROM pg_catalog.pg_identify_object(1259, ");
		mig__pg_add_table_text(conn, &sql, conn->store->version_table);
		mig__buf_adds(&sql, "::pg_catalog.regclass, 0);");
	}
	mig__pg_add_plain_read(conn, &sql);
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_try(conn, sql.data, reply);
	mig__buf_finish(&sql);
	*schema = 1;
	if (!rc && named && reply->count > *at) {
		char *name = PQgetvalue(reply->at[*at], 0, 0);

		*schema = strncmp(name, "pg_temp", strlen("pg_temp")) != 0;
		unquote(name);
		if (*schema && !reply->error)
			rc = mig__pg_pin_schema(conn, name);
	}
	if (!rc && reply->error && mig__pg_is_refusal(reply->error))
		*schema = 0;
	*at += named + 1;
	return rc;
}

/* A table of ours with everything that there is to check. */
static mig_status read_closely(mig_conn *conn, enum mig__pg_own own, struct mig__pg_reply *reply,
			       int *at)
{
	enum mig__pg_table table = table_of(own);
	struct mig__buf sql;
	mig_status rc = conn->store->schema ? MIG_OK : mig__pg_find_schema(conn);

	if (rc)
		return rc;
	mig__buf_init(&sql, &conn->alloc);
	*at = PQtransactionStatus(conn->db) == PQTRANS_IDLE ? mig__pg_add_settings(conn, &sql, 1)
							    : 0;
	mig__buf_adds(&sql, "LOCK TABLE ");
	mig__pg_add_table(conn, &sql,
			  table == MIG__PG_VERSION ? conn->store->version_table
						   : conn->store->history_table);
	mig__buf_adds(&sql, " IN ACCESS SHARE MODE;");
	mig__pg_add_read_check(conn, &sql, table);
	mig__pg_add_own(conn, &sql, own, NULL);
	*at += 2;
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_try(conn, sql.data, reply);
	mig__buf_finish(&sql);
	return rc;
}

static mig_status read_at_once(mig_conn *conn, enum mig__pg_own own, struct mig__pg_reply *reply)
{
	struct mig__buf sql;
	mig_status rc;

	mig__buf_init(&sql, &conn->alloc);
	mig__pg_add_own(conn, &sql, own, NULL);
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_try(conn, sql.data, reply);
	mig__buf_finish(&sql);
	return rc;
}

static mig_status ask_rows(mig_conn *conn, enum mig__pg_own own, struct mig__pg_reply *reply, int *at)
{
	int known;
	mig_status rc;

	*at = 0;
	if (conn->session->begun) /* it was checked then */
		return read_at_once(conn, own, reply);
	if (own != MIG__PG_READ_VERSION || PQtransactionStatus(conn->db) != PQTRANS_IDLE)
		return read_closely(conn, own, reply, at);
	rc = read_plainly(conn, reply, at, &known);
	if (rc || known)
		return rc;
	mig__pg_reply_clear(reply);
	return read_closely(conn, own, reply, at);
}

/* The rows that came with the lock are used once. */
static int take_known(mig_conn *conn, enum mig__pg_own own, PGresult **out)
{
	if (own != MIG__PG_READ_VERSION || !conn->store->rows)
		return 0;
	*out = conn->store->rows;
	conn->store->rows = NULL;
	return 1;
}

/* *out: NULL if there is no such table. *there: enum mig_table_state. */
static mig_status read_own(mig_conn *conn, enum mig__pg_own own, PGresult **out, int32_t *there)
{
	struct mig__pg_reply reply = { .count = 0 };
	enum mig__pg_table table = table_of(own);
	int at = 0;
	mig_status rc = MIG_OK;

	*out = NULL;
	*there = MIG_TABLE_THERE;
	if (take_known(conn, own, out))
		return MIG_OK;
	if (!conn->store->schema && PQtransactionStatus(conn->db) != PQTRANS_IDLE)
		rc = mig__pg_find_schema(conn);
	if (!rc)
		rc = check_there(conn, table, there);
	if (rc || *there == MIG_TABLE_MISSING)
		return rc;
	if (conn->session->begun)
		rc = mig__pg_settings_own_role(conn);
	if (!rc)
		rc = ask_rows(conn, own, &reply, &at);
	/* no table, or no schema for it */
	if (!rc && reply.error &&
	    (mig__pg_is(reply.error, "42P01") || mig__pg_is(reply.error, "3F000"))) {
		*mig__pg_there(conn, table) = MIG__PG_MISSING;
		*there = MIG_TABLE_MISSING;
		mig__pg_reply_clear(&reply);
		return MIG_OK;
	}
	if (!rc && reply.error)
		rc = mig__pg_fail(conn, reply.error, NULL);
	if (!rc && reply.count > at) {
		*out = reply.at[at];
		reply.at[at] = NULL;
		conn->store->seen_version |= table == MIG__PG_VERSION;
	}
	mig__pg_reply_clear(&reply);
	return rc || *out ? rc : mig__pg_fail(conn, NULL, NULL);
}

/* NULL for null. */
static const char *text_at(const PGresult *result, int row, int column)
{
	return PQgetisnull(result, row, column) ? NULL : PQgetvalue(result, row, column);
}

mig_status mig__pg_read_rows(mig_conn *conn, mig_version_row_fn fn, void *user, int32_t *there)
{
	enum { REVISION, DIGEST };
	PGresult *result;
	mig_status rc = read_own(conn, MIG__PG_READ_VERSION, &result, there);

	for (int i = 0; !rc && i < PQntuples(result); i++) {
		const mig_version_row row = { .struct_size = sizeof row,
					      .revision = text_at(result, i, REVISION),
					      .digest = text_at(result, i, DIGEST) };

		rc = fn(user, &row);
	}
	PQclear(result);
	return rc;
}

static mig_status read_entries(mig_conn *conn, enum mig__pg_own own, mig_history_row_fn fn, void *user,
			       int32_t *there)
{
	PGresult *result;
	mig_status rc = read_own(conn, own, &result, there);

	for (int i = 0; !rc && i < PQntuples(result); i++) {
		mig_history_row row = { .struct_size = sizeof row };

		for (int k = 0; k < MIG__COLUMN_COUNT; k++) {
			const struct mig__column *c = &mig__columns[k];
			const char *text = text_at(result, i, k);

			if (c->type == MIG__COLUMN_INTEGER)
				mig__column_take_number(&row, c,
							text ? strtoll(text, NULL, 10) : 0);
			else
				mig__column_take_text(&row, c, text);
		}
		rc = fn(user, &row);
	}
	PQclear(result);
	return rc;
}

mig_status mig__pg_read_running(mig_conn *conn, mig_history_row_fn fn, void *user, int32_t *there)
{
	return read_entries(conn, MIG__PG_READ_RUNNING, fn, user, there);
}

mig_status mig__pg_read_history(mig_conn *conn, mig_history_row_fn fn, void *user, int32_t *there)
{
	return read_entries(conn, MIG__PG_READ_HISTORY, fn, user, there);
}

/* -- writing */

enum { UNGUARDED = -1 }; /* otherwise enum mig__pg_guard: what fails unless one row is written */

/* In front of the first write to tables that this transaction creates; others are looked at as it
 * begins. */
static mig_status check_trusted(mig_conn *conn)
{
	struct mig__buf sql;
	mig_status rc;

	if (conn->trust->checked)
		return MIG_OK;
	mig__buf_init(&sql, &conn->alloc);
	if (conn->trust->closely || !conn->session->stepped)
		mig__pg_add_write_check(conn, &sql);
	else
		mig__pg_add_new_check(conn, &sql);
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_defer(conn, sql.data);
	mig__buf_finish(&sql);
	conn->trust->checked = !rc;
	return rc;
}

static void add_guarded(const mig_conn *conn, struct mig__buf *sql, enum mig__pg_own own,
			const struct mig__pg_values *values, enum mig__pg_guard guard)
{
	mig__buf_adds(sql, "WITH w AS (");
	mig__pg_add_own(conn, sql, own, values);
	mig__buf_adds(sql, " RETURNING 1) SELECT CASE WHEN n OPERATOR(pg_catalog.=) 1 THEN 0 ELSE ");
	mig__pg_add_guard(sql, guard, "n");
	mig__buf_adds(sql, " END FROM (SELECT pg_catalog.count(*) AS n FROM w) AS f");
}

static mig_status put_script(mig_conn *conn, struct mig__buf *sql, const mig_sql_sink *script)
{
	return sql->failed ? mig__pg_nomem(conn)
			   : script->statement(script->user, sql->data, sql->len, NULL, 0, NULL);
}

/* Which statement of those that are prepared; MIG__PG_AGAIN_COUNT: none. */
static enum mig__pg_again again_of(enum mig__pg_own own)
{
	return own == MIG__PG_UPDATE_VERSION   ? MIG__PG_AGAIN_UPDATE
	       : own == MIG__PG_CHECK_VERSION  ? MIG__PG_AGAIN_CHECK
	       : own == MIG__PG_INSERT_HISTORY ? MIG__PG_AGAIN_HISTORY
					       : MIG__PG_AGAIN_COUNT;
}

static size_t parameters_of(enum mig__pg_again again)
{
	return again == MIG__PG_AGAIN_UPDATE  ? 3
	       : again == MIG__PG_AGAIN_CHECK ? 1
					      : MIG__COLUMN_COUNT;
}

/* values NULL: with parameters. */
static void add_write(const mig_conn *conn, struct mig__buf *sql, enum mig__pg_own own,
		      const struct mig__pg_values *values, int guard)
{
	if (guard == UNGUARDED)
		mig__pg_add_own(conn, sql, own, values);
	else
		add_guarded(conn, sql, own, values, (enum mig__pg_guard)guard);
}

/* A statement with its values; an EXECUTE if it is one that the run repeats, whose PREPARE waits then. */
static mig_status add_repeated(mig_conn *conn, struct mig__buf *sql, enum mig__pg_own own,
			       const struct mig__pg_values *values, int guard)
{
	enum mig__pg_again again = again_of(own);
	struct mig__buf text;
	mig_status rc;

	if (again == MIG__PG_AGAIN_COUNT || !mig__pg_prepared_use(conn, again)) {
		add_write(conn, sql, own, values, guard);
		return MIG_OK;
	}
	mig__buf_init(&text, &conn->alloc);
	if (mig__pg_prepared_wants(conn, again))
		add_write(conn, &text, own, NULL, guard);
	rc = mig__pg_add_execute(conn, sql, again, &text);
	mig__buf_finish(&text);
	mig__pg_add_values(sql, values, parameters_of(again));
	return rc;
}

/* Has a statement wait, or puts it into the script. */
static mig_status write_own(mig_conn *conn, enum mig__pg_own own, const struct mig__pg_values *values,
			    int guard, const mig_sql_sink *script)
{
	int creates = own == MIG__PG_CREATE_VERSION || own == MIG__PG_CREATE_HISTORY;
	struct mig__buf sql;
	mig_status rc = MIG_OK;

	mig__buf_init(&sql, &conn->alloc);
	if (script) {
		mig__pg_add_own(conn, &sql, own, values);
		rc = put_script(conn, &sql, script);
		mig__buf_finish(&sql);
		return rc;
	}
	if (creates) {
		conn->wire->pending.creates = 1;
		conn->store->version = conn->store->history = MIG__PG_UNKNOWN;
		conn->trust->checked = 0; /* somebody else may make it first */
	}
	rc = mig__pg_settings_own_role(conn);
	if (!rc && !creates)
		rc = check_trusted(conn);
	if (!rc)
		rc = add_repeated(conn, &sql, own, values, guard);
	if (!rc)
		rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_defer(conn, sql.data);
	mig__buf_finish(&sql);
	return rc;
}

/* Only the owner of a table alters it. */
static mig_status fail_older(mig_conn *conn, const PGresult *error, const char *sql)
{
	struct mig__buf hint;
	mig_status rc;

	if (!mig__pg_is(error, "42501"))
		return mig__pg_fail(conn, error, NULL);
	mig__buf_init(&hint, &conn->alloc);
	mig__buf_addf(&hint, "run this once as its owner, or have its owner run: %s", sql);
	rc = mig__pg_report(conn, MIG_EPERMISSION, NULL, mig__buf_text(&hint),
			    "table %s is of an older libmig and lacks columns, which only its owner can "
			    "add",
			    conn->store->history_table);
	mig__buf_finish(&hint);
	return rc;
}

/* Does not wait for the next message as rows do: it comes once in the life of a database. */
static mig_status add_columns(mig_conn *conn)
{
	struct mig__pg_reply reply = { .count = 0 };
	struct mig__buf sql;
	mig_status rc = mig__pg_settings_own_role(conn);

	mig__buf_init(&sql, &conn->alloc);
	mig__pg_add_own(conn, &sql, MIG__PG_ADD_COLUMNS, NULL);
	if (!rc)
		rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_try(conn, sql.data, &reply);
	if (!rc && reply.error)
		rc = fail_older(conn, reply.error, sql.data);
	if (!rc)
		conn->store->history = MIG__PG_THERE;
	mig__pg_reply_clear(&reply);
	mig__buf_finish(&sql);
	return rc;
}

/* A table that is there is not created "if it does not exist": that needs the right to create. */
mig_status mig__pg_create(mig_conn *conn, const mig_sql_sink *script)
{
	int version = script || conn->store->version != MIG__PG_THERE;
	int32_t history = MIG_TABLE_MISSING;
	mig_status rc = script ? MIG_OK : mig__pg_table_exists(conn, MIG__PG_HISTORY, &history);

	if (!rc && history == MIG_TABLE_OLDER)
		rc = add_columns(conn);
	if (!rc && version)
		rc = write_own(conn, MIG__PG_CREATE_VERSION, NULL, UNGUARDED, script);
	if (!rc && history == MIG_TABLE_MISSING)
		rc = write_own(conn, MIG__PG_CREATE_HISTORY, NULL, UNGUARDED, script);
	return rc;
}

static mig_status write_change(mig_conn *conn, const mig_row_change *c, const mig_sql_sink *script)
{
	const struct mig__pg_values values = { .at = { text_value(c->revision), text_value(c->digest),
						       text_value(c->old_revision) } };
	enum mig__pg_own own = !c->old_revision ? MIG__PG_INSERT_VERSION
			       : c->revision	? MIG__PG_UPDATE_VERSION
						: MIG__PG_DELETE_VERSION;

	return write_own(conn, own, &values, MIG__PG_GUARD_ROWS, script);
}

static mig_status write_entry(mig_conn *conn, const mig_history_row *row, const mig_sql_sink *script)
{
	struct mig__pg_values values = { .script = script != NULL };

	for (size_t i = 0; i < MIG__COLUMN_COUNT; i++) {
		const struct mig__column *c = &mig__columns[i];

		values.at[i] = c->type == MIG__COLUMN_INTEGER
				       ? number_value(mig__column_number(row, c))
				       : text_value(mig__column_text(row, c));
		if (script && c->at == offsetof(mig_history_row, started_at) && !row->started_at)
			values.time = &values.at[i];
	}
	return write_own(conn, MIG__PG_INSERT_HISTORY, &values, MIG__PG_GUARD_ROWS, script);
}

/* "r1 digest" of each row, with line feeds between them: compared by the server. */
static mig_status expected_text(mig_conn *conn, const mig_version_row *const *rows, size_t count,
				struct mig__buf *text)
{
	for (size_t i = 0; i < count; i++) {
		mig__buf_adds(text, i ? "\n" : "");
		mig__buf_adds(text, rows[i]->revision);
		mig__buf_adds(text, " ");
		mig__buf_adds(text, rows[i]->digest);
	}
	return text->failed ? mig__pg_nomem(conn) : MIG_OK;
}

static mig_status write_check(mig_conn *conn, const mig_rows_write *write)
{
	struct mig__pg_values values = { .time = NULL };
	struct mig__buf text;
	mig_status rc;

	mig__buf_init(&text, &conn->alloc);
	rc = expected_text(conn, write->expected, write->expected_count, &text);
	values.at[0] = text_value(mig__buf_text(&text));
	if (!rc)
		rc = write_own(conn, MIG__PG_CHECK_VERSION, &values, UNGUARDED, NULL);
	mig__buf_finish(&text);
	return rc;
}

mig_status mig__pg_add_check(mig_conn *conn, struct mig__buf *sql, const mig_version_row *const *rows,
			     size_t count)
{
	struct mig__pg_values values = { .time = NULL };
	struct mig__buf text;
	mig_status rc;

	mig__buf_init(&text, &conn->alloc);
	rc = expected_text(conn, rows, count, &text);
	values.at[0] = text_value(mig__buf_text(&text));
	if (!rc)
		rc = add_repeated(conn, sql, MIG__PG_CHECK_VERSION, &values, UNGUARDED);
	mig__buf_finish(&text);
	return rc;
}

mig_status mig__pg_write_rows(mig_conn *conn, const mig_rows_write *write, const mig_sql_sink *script)
{
	mig_status rc = MIG_OK;

	for (size_t i = 0; !rc && i < write->change_count; i++)
		rc = write_change(conn, write->changes[i], script);
	if (!rc && write->check && !script)
		rc = write_check(conn, write);
	for (size_t i = 0; !rc && i < write->history_count; i++)
		rc = write_entry(conn, write->history[i], script);
	return rc;
}

mig_status mig__pg_clear_rows(mig_conn *conn, const mig_sql_sink *script)
{
	return write_own(conn, MIG__PG_CLEAR_VERSION, NULL, UNGUARDED, script);
}

mig_status mig__pg_mark_running(mig_conn *conn, const mig_journal_mark *m, const mig_sql_sink *script)
{
	const struct mig__pg_values values = {
		.at = { text_value(m->state), number_value(m->statements), text_value(m->done_digest),
			number_value(m->duration_us), text_value(m->revision),
			text_value(m->direction), number_value(m->before),
			text_value(m->in_flight) }
	};

	if (!m->revision)
		return write_own(conn, MIG__PG_MARK_ANY, &values, UNGUARDED, script);
	return write_own(conn, script ? MIG__PG_MARK_IN_SCRIPT : MIG__PG_MARK_RUNNING, &values,
			 MIG__PG_GUARD_RUNNING, script);
}

/* -- for scripts */

mig_status mig__pg_expect(mig_conn *conn, const char *ids, const mig_sql_sink *script)
{
	const struct mig__pg_values values = { .at = { text_value(ids) } };

	return write_own(conn, MIG__PG_EXPECT_VERSION, &values, UNGUARDED, script);
}

mig_status mig__pg_enter(mig_conn *conn, int32_t session, const mig_sql_sink *script)
{
	return write_own(conn, session ? MIG__PG_ENTER_SESSION : MIG__PG_ENTER, NULL, UNGUARDED,
			 script);
}

mig_status mig__pg_leave(mig_conn *conn, const mig_sql_sink *script)
{
	return write_own(conn, MIG__PG_LEAVE_SESSION, NULL, UNGUARDED, script);
}

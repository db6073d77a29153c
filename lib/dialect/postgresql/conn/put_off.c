/* put_off: a transaction a revision costs one message: what ends the transaction of one revision, and begins
 * that of the next, goes out in front of the next one's script. E.g.
 *
 *     [rows of r1] COMMIT; BEGIN; lock; rows are {r1}?; script of r2
 *
 * The lock and the rows are two statements, the lock first: a snapshot that is older than the lock may not
 * have what the holder before us has written. Each of them fails unless it is as it must be, so that the
 * script runs only then.
 *
 * What has become of it is told by the results that came before the error:
 *
 *     none, or up to COMMIT     r1 is undone: the server reads a whole message before it runs any of it, so
 *                               this is also what an error of grammar in r2 looks like. The core runs r1
 *                               again, and ends it in a message of its own; whatever is wrong shows there
 *                               or in r2, whose message then has nothing in front.
 *     COMMIT                    r1 is committed; lock or rows are somebody else's: begin() waits and reads
 *     all of ours               the error is the script's
 */
#include "dialect/postgresql/conn/later.h"
#include "dialect/postgresql/conn/lock.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/conn/session.h"
#include "dialect/postgresql/conn/transaction.h"
#include "dialect/postgresql/conn/wire.h"
#include "dialect/postgresql/store/prepared.h"
#include "dialect/postgresql/store/store.h"
#include "dialect/postgresql/store/trust.h"

#include <string.h>

/* A pooler may give the next transaction another session, which has none of what is prepared. */
static int is_pooled(mig_conn *conn)
{
	if (conn->session->pid == PQbackendPID(conn->db))
		return 0;
	if (!conn->later->told)
		conn->host->log(conn->host->user, MIG_LOG_INFO,
				"there is a pooler before the server: a revision takes two messages "
				"instead of one");
	conn->later->told = 1;
	return 1;
}

/* The server reads the script before any of what is in front of it has run: strings and encoding must be
 * now as they will be then. And what is in front must be what is usual. */
static int can_wait(mig_conn *conn)
{
	return conn->session->begun && PQtransactionStatus(conn->db) == PQTRANS_INTRANS &&
	       !conn->session->recode && !conn->session->touched && !conn->lock->way.count &&
	       mig__pg_standard_strings(conn) == conn->session->strings &&
	       !strcmp(pg_encoding_to_char(PQclientEncoding(conn->db)), "UTF8") &&
	       conn->trust->checked && conn->store->schema && conn->lock->number[0] &&
	       !mig__pg_later_waits(conn) && !is_pooled(conn);
}

/* What takes the lock or fails: prepared, if it is taken often. */
static mig_status add_strict_lock(mig_conn *conn, struct mig__buf *sql)
{
	struct mig__buf text;
	mig_status rc;

	if (!mig__pg_prepared_use(conn, MIG__PG_AGAIN_LOCK)) {
		mig__pg_add_lock(conn, sql, 1);
		return MIG_OK;
	}
	mig__buf_init(&text, &conn->alloc);
	if (mig__pg_prepared_wants(conn, MIG__PG_AGAIN_LOCK))
		mig__pg_add_lock(conn, &text, 1);
	rc = mig__pg_add_execute(conn, sql, MIG__PG_AGAIN_LOCK, &text);
	mig__buf_finish(&text);
	return rc;
}

static mig_status add_all(mig_conn *conn, const mig_version_row *const *expected, size_t count,
			     struct mig__pg_later *later)
{
	struct mig__buf *sql = &later->text;
	mig_status rc;

	mig__buf_adds(sql, "COMMIT;");
	mig__buf_adds(sql, mig__pg_begin_sql(conn));
	later->count = 2;
	later->count += (size_t)mig__pg_add_settings(conn, sql, 1);
	later->lock = later->count++;
	rc = add_strict_lock(conn, sql);
	mig__buf_adds(sql, ";");
	if (!rc)
		rc = mig__pg_add_check(conn, sql, expected, count);
	mig__buf_adds(sql, ";");
	later->count++;
	return rc || !sql->failed ? rc : mig__pg_nomem(conn);
}

mig_status mig__pg_commit_later(mig_conn *conn, const mig_version_row *const *expected, size_t count,
				int32_t *later)
{
	struct mig__pg_later *l = conn->later;
	mig_status rc;

	if (!can_wait(conn))
		return MIG_OK;
	rc = conn->lock->held ? MIG_OK : mig__pg_settings_restore(conn);
	if (!rc)
		rc = mig__pg_guard(conn);
	mig__buf_clear(&l->text);
	l->count = 0;
	if (!rc)
		rc = add_all(conn, expected, count, l);
	if (rc)
		return rc;
	l->state = MIG_LATER_WAITS;
	if (!conn->lock->held)
		conn->session->timeouts = conn->session->statement_ms = conn->session->lock_ms = 0;
	PQclear(conn->store->rows);
	conn->store->rows = NULL;
	*later = 1;
	return MIG_OK;
}

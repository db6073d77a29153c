/* prepared: the statements that each revision needs (its row, its history, the lock) are prepared once a
 * run: after DDL the server plans a statement anew, which takes longer than running it. Not their
 * texts: render.c.
 *
 * The first use in a run is sent as it is, since many runs need it once; the second prepares it. The
 * statements are SQL's, PREPARE and EXECUTE, so that they travel in one message with the rest. They go
 * with the last COMMIT of the run, or at its end: a session that was lent has none afterwards. Behind a
 * pooler, whose sessions others get, nothing is prepared.
 *
 * PREPARE outlives a rollback, but not a DEALLOCATE ALL of a script. Where it is not known whether a
 * statement is there, its name is given up for a new one, and at the run's end the session is asked which
 * of our names it has. Here is what is known of them; prepare.c sends. */
#include "dialect/postgresql/store/prepared.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/conn/session.h"

#include <stdio.h>
#include <string.h>

void mig__pg_prepared_init(mig_conn *conn, uint32_t number)
{
	snprintf(conn->prepared->prefix, sizeof conn->prepared->prefix, "libmig_%08x_", (unsigned)number);
}

/* A pooler tells a process number of its own. */
static int may_prepare(const mig_conn *conn)
{
	return conn->session->begun && conn->session->pid == PQbackendPID(conn->db);
}

int mig__pg_prepared_use(mig_conn *conn, enum mig__pg_again which)
{
	int *used = &conn->prepared->at[which].used;

	*used += *used < 2;
	return may_prepare(conn) && *used == 2;
}

int mig__pg_prepared_wants(const mig_conn *conn, enum mig__pg_again which)
{
	return conn->prepared->at[which].state == MIG__PG_NOT_PREPARED;
}

void mig__pg_prepared_prefix(const mig_conn *conn, struct mig__buf *sql)
{
	mig__buf_adds(sql, conn->prepared->prefix);
}

void mig__pg_prepared_name(const mig_conn *conn, struct mig__buf *sql, enum mig__pg_again which)
{
	char number[] = { (char)('0' + which), '\0' };

	mig__pg_prepared_prefix(conn, sql);
	if (conn->prepared->age)
		mig__buf_addf(sql, "%u_", conn->prepared->age);
	mig__buf_adds(sql, number);
}

/* New names from here on. */
static void give_up(struct mig__pg_prepared *p)
{
	p->unsure = 1;
	p->age++;
	for (int i = 0; i < MIG__PG_AGAIN_COUNT; i++)
		p->at[i].state = MIG__PG_NOT_PREPARED;
}

void mig__pg_prepared_sent(mig_conn *conn, const PGresult *error)
{
	struct mig__pg_prepared *p = conn->prepared;
	int waited = 0;

	for (int i = 0; i < MIG__PG_AGAIN_COUNT; i++) {
		if (p->at[i].state != MIG__PG_PREPARE_WAITS)
			continue;
		waited = 1;
		p->at[i].state = MIG__PG_PREPARED;
	}
	if (error && (waited || mig__pg_prepared_missing(conn, error)))
		give_up(p);
}

void mig__pg_prepared_unsent(mig_conn *conn)
{
	for (int i = 0; i < MIG__PG_AGAIN_COUNT; i++)
		if (conn->prepared->at[i].state == MIG__PG_PREPARE_WAITS)
			conn->prepared->at[i].state = MIG__PG_NOT_PREPARED;
}

int mig__pg_prepared_any(const mig_conn *conn)
{
	for (int i = 0; i < MIG__PG_AGAIN_COUNT; i++)
		if (conn->prepared->at[i].state != MIG__PG_NOT_PREPARED)
			return 1;
	return 0;
}

void mig__pg_prepared_lost(mig_conn *conn)
{
	if (mig__pg_prepared_any(conn))
		give_up(conn->prepared);
}

void mig__pg_prepared_add_end(const mig_conn *conn, struct mig__buf *sql)
{
	for (int i = 0; i < MIG__PG_AGAIN_COUNT; i++) {
		if (conn->prepared->at[i].state == MIG__PG_NOT_PREPARED)
			continue;
		mig__buf_adds(sql, ";DEALLOCATE ");
		mig__pg_prepared_name(conn, sql, (enum mig__pg_again)i);
	}
}

void mig__pg_prepared_ended(mig_conn *conn, int ok)
{
	struct mig__pg_prepared *p = conn->prepared;

	if (!ok && mig__pg_prepared_any(conn))
		give_up(p);
	for (int i = 0; i < MIG__PG_AGAIN_COUNT; i++) {
		p->at[i].state = MIG__PG_NOT_PREPARED;
		p->at[i].used = 0;
	}
}

int mig__pg_prepared_missing(const mig_conn *conn, const PGresult *error)
{
	const char *message = error ? PQresultErrorField(error, PG_DIAG_MESSAGE_PRIMARY) : NULL;

	return message && mig__pg_is(error, "26000") && strstr(message, conn->prepared->prefix);
}

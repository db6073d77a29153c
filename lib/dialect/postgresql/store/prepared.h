/* prepared: statements on libmig's own tables that a run uses again and again. */
#ifndef MIG__PG_PREPARED_H
#define MIG__PG_PREPARED_H

#include "base/buf.h"
#include "dialect/postgresql/conn/conn.h"

enum mig__pg_again {
	MIG__PG_AGAIN_UPDATE,  /* of a version row */
	MIG__PG_AGAIN_CHECK,   /* of the version rows */
	MIG__PG_AGAIN_HISTORY, /* a row of the history */
	MIG__PG_AGAIN_LOCK,
	MIG__PG_AGAIN_COUNT
};

struct mig__pg_prepared {
	struct {
		enum { MIG__PG_NOT_PREPARED, MIG__PG_PREPARE_WAITS, MIG__PG_PREPARED } state;
		int used;
	} at[MIG__PG_AGAIN_COUNT];
	char prefix[24]; /* of this connection's names */
	unsigned age; /* of the names: a name whose statement may be gone is not used again */
	int unsure;   /* statements of an earlier age may be there */
};

/* Whether it is to be run by EXECUTE; its PREPARE may be still to come: then it is wanted. */
int mig__pg_prepared_use(mig_conn *conn, enum mig__pg_again which);
int mig__pg_prepared_wants(const mig_conn *conn, enum mig__pg_again which);
/* Names begin with a number that no other connection has. */
void mig__pg_prepared_init(mig_conn *conn, uint32_t number);
/* Adds what all names of this connection begin with. */
void mig__pg_prepared_prefix(const mig_conn *conn, struct mig__buf *sql);
/* Adds its name. */
void mig__pg_prepared_name(const mig_conn *conn, struct mig__buf *sql, enum mig__pg_again which);

/* What waited was sent, and the server has complained or not; or it was dropped unsent. */
void mig__pg_prepared_sent(mig_conn *conn, const PGresult *error);
void mig__pg_prepared_unsent(mig_conn *conn);
/* Somebody else's statement may have deallocated them. */
void mig__pg_prepared_lost(mig_conn *conn);

/* Adds ";DEALLOCATE …" for each; nothing if there are none. */
void mig__pg_prepared_add_end(const mig_conn *conn, struct mig__buf *sql);
/* Whether there are any. */
int mig__pg_prepared_any(const mig_conn *conn);
/* These have run, or not. */
void mig__pg_prepared_ended(mig_conn *conn, int ok);
/* The server's complaint that one of ours is not there. */
int mig__pg_prepared_missing(const mig_conn *conn, const PGresult *error);

/* prepare.c */
/* Adds its "EXECUTE name". text: the statement, with $1, $2, …, whose PREPARE then waits for the next
 * message; empty unless it is wanted. */
mig_status mig__pg_add_execute(mig_conn *conn, struct mig__buf *sql, enum mig__pg_again which,
			       const struct mig__buf *text);
/* Outside a transaction: leaves none in the session. Keeps the error that is reported. */
void mig__pg_prepared_end(mig_conn *conn);

#endif

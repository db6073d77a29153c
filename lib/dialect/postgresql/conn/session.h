/* session: what a run is, has set and has to put back; its transaction. */
#ifndef MIG__PG_SESSION_H
#define MIG__PG_SESSION_H

#include "base/buf.h"
#include "dialect/postgresql/conn/conn.h"

/* Settings that libmig itself changes for the length of a run: see settings.c. */
enum mig__pg_base {
	MIG__PG_SEARCH_PATH,
	MIG__PG_CLIENT_ENCODING,
	MIG__PG_LOCK_TIMEOUT,
	MIG__PG_STATEMENT_TIMEOUT,
	MIG__PG_CHECK_INTERVAL,
	MIG__PG_AUTHORIZATION,
	MIG__PG_ROLE,
	MIG__PG_BASE_COUNT
};

/* Servers from this version on can look whether their client is still there. */
enum { MIG__PG_CHECK_CLIENT = 140000 };
#define MIG__PG_CHECK_SQL(local)                                      \
	"CASE WHEN pg_catalog.strpos(pg_catalog.version(), 'linux') " \
	"OPERATOR(pg_catalog.>) 0 THEN pg_catalog.set_config("        \
	"'client_connection_check_interval', '1s', " local ") END"

struct mig__pg_session {
	int running;
	int pid; /* of the server's process that has answered last, or has the lock; 0: unknown */

	int begun;      /* in a transaction of begin() */
	int stepped;    /* a revision has run in it: if it fails in a way that passes, it is repeated */
	char token[24]; /* of that transaction: when it began, as the server has it */
	int committing; /* a COMMIT is under way */
	int ending;     /* what is sent cleans up: it is not to be stopped */

	char *search_path;              /* NULL: as it is */
	int strings;                    /* standard_conforming_strings, as the run found it */
	int recode;                     /* the client encoding is not UTF-8 */
	char *base[MIG__PG_BASE_COUNT]; /* settings as the run found them; NULL: not read yet */
	char *noted;                    /* SQL that puts the session's settings back, or NULL */
	char *customs;                  /* the same for settings of somebody's own, or NULL */
	int dirty;                      /* they may have been changed */
	int touched;                    /* by a revision's SQL, not by libmig alone */
	int in_revision;                /* what it sets holds until its end */
	int adds_value;                 /* the revision has added a value to an enum */
	int timeouts;                   /* time-outs are set */
	int32_t statement_ms;           /* the one of statements; 0: not by us */
	int32_t lock_ms;                /* the one of locks */
	int lock_own;                   /* the revision's header says that one */
};

/* settings.c */
/* Adds one statement that sets what libmig needs, for the transaction (local) or the session; or
 * nothing if all is well. Returns the number of statements. */
int mig__pg_add_settings(const mig_conn *conn, struct mig__buf *sql, int local);
/* SQL that reads conn->base, in front of the first message that changes any of it; "" later. */
const char *mig__pg_base_sql(const mig_conn *conn);
/* Takes its result. */
mig_status mig__pg_base_take(mig_conn *conn, const PGresult *result);
/* Forgets them at the end of a run. */
void mig__pg_base_forget(mig_conn *conn);
/* Notes the session's settings, once a run, before something changes them. */
mig_status mig__pg_settings_note(mig_conn *conn);
/* The same, if this statement may change any; also those of somebody's own that it names
 * (app.tenant), which pg_settings does not show. Notes ALTER TYPE ... ADD VALUE too. */
mig_status mig__pg_settings_foresee(mig_conn *conn, const char *text, size_t size);
/* Lets the transaction be of the role that the run began with, whatever a script has set. */
mig_status mig__pg_settings_own_role(mig_conn *conn);
/* Puts them back, inside a transaction with its next message. */
mig_status mig__pg_settings_restore(mig_conn *conn);
/* At the end of a revision: puts back what it may have changed, and sets what the run needs. */
mig_status mig__pg_settings_hand_back(mig_conn *conn);
/* Sets what is needed outside transactions. */
mig_status mig__pg_settings_session(mig_conn *conn);
mig_status mig__pg_set_timeouts(mig_conn *conn, int32_t lock_ms, int32_t statement_ms);

/* run.c */
mig_status mig__pg_run_begin(mig_conn *conn);
mig_status mig__pg_run_end(mig_conn *conn);
mig_status mig__pg_revision_begin(mig_conn *conn, const mig_revision_run *revision);
mig_status mig__pg_revision_end(mig_conn *conn);

#endif

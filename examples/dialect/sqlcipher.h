/* sqlcipher: a dialect of libmig for SQLCipher, which keeps SQLite databases encrypted.
 *
 *     sqlcipher:notes.db               the key is in the environment variable SQLCIPHER_KEY
 *     sqlcipher:notes.db?key=a%26b     it is "a&b"; libmig shows no parameter in messages
 *     sqlcipher:/srv/notes.db?mode=ro  behind the scheme all is as in SQLite's file: URIs
 *
 * A module of its own that sees nothing of libmig but <mig/dialect.h>: a model to copy. conn.c
 * opens connections, has the settings and transactions of a run, and the table of functions; lock.c
 * the migration lock; script.c splits and runs SQL; cursor.c has statements with parameters;
 * error.c says what went wrong. libmig's own tables are in the default store, which needs a few words
 * of the engine's SQL. The table for schemas (autogenerate) is left out. */
#ifndef SQLCIPHER_H
#define SQLCIPHER_H

#include <mig/dialect.h>
#include <sqlite3.h>
#include <stdatomic.h>

struct mig_conn {
	const mig_dialect_host *host;
	sqlite3 *db;
	int lent; /* belongs to somebody else: its handlers and settings are not ours */
	int32_t lock_timeout_ms;
	atomic_int cancelled;
	int running;      /* between run_begin and run_end */
	int foreign_keys; /* as run_begin found them */
	int violations;   /* of foreign keys, when the transaction began */
	int lock_fd;      /* -1: the migration lock is not held */
	int locked;       /* by lock(), so it outlasts transactions */
	char *lock_path;
};

struct mig_cursor {
	mig_conn *conn;
	sqlite3_stmt *stmt;
	int row;  /* there is a current row */
	int done; /* the end was reached */
};

/* The part of a script that an error is about. */
struct place {
	const char *statement; /* NULL: none */
	size_t size;
	size_t offset; /* in the script, or MIG_NO_OFFSET */
};

/* -- error.c */

/* Reports an error of our own; place and hint may be NULL. */
mig_status report(mig_conn *conn, mig_status status, const struct place *place, const char *hint,
		  const char *message);
/* Reports the last error of SQLCipher, in its words. */
mig_status report_sql(mig_conn *conn, const struct place *place);
/* Sleeps a little for another connection: MIG_ELOCKED when the time is up, MIG_ECANCELLED.
 * *waited_ms is 0 to begin with. */
mig_status wait_a_little(mig_conn *conn, int *waited_ms);

/* -- lock.c */

/* MIG_EMISUSE inside a transaction. */
mig_status refuse_transaction(mig_conn *conn);
mig_status take_lock(mig_conn *conn);
void release_lock(mig_conn *conn);
mig_status lock(mig_conn *conn, int32_t *freed);
mig_status unlock(mig_conn *conn);

/* -- cursor.c */

/* Prepares text that must be one statement. */
mig_status prepare_one(mig_conn *conn, const struct place *place, sqlite3_stmt **out);
/* One step, which waits for other connections: SQLITE_ROW or SQLITE_DONE in *code. */
mig_status step_one(mig_conn *conn, sqlite3_stmt *stmt, const struct place *place, int *code);
/* Runs one statement of our own; the number of its rows in *rows, unless that is NULL, and the
 * first column of the last one in *value, likewise. */
mig_status run_own(mig_conn *conn, const char *sql, int *rows, int *value);

mig_status cursor_prepare(mig_conn *conn, const char *text, size_t size, uint32_t flags,
			  mig_cursor **out);
mig_status cursor_bind(mig_cursor *cursor, int32_t index, const mig_value *value);
mig_status cursor_step(mig_cursor *cursor, int32_t *has_row);
mig_status cursor_reset(mig_cursor *cursor);
int32_t cursor_column_count(const mig_cursor *cursor);
mig_status cursor_column(mig_cursor *cursor, int32_t column, int32_t as, mig_value *out);
void cursor_finish(mig_cursor *cursor);

/* -- script.c */

mig_status next_statement(mig_conn *conn, const char *text, size_t size, size_t offset,
			  mig_statement *out);
mig_status run_script(mig_conn *conn, const char *text, size_t size, mig_statement_fn hook,
		      void *user);
mig_status run_statement(mig_conn *conn, const char *text, size_t size);

#endif

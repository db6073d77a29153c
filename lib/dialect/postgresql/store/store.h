/* store: libmig's own tables, version and history. */
#ifndef MIG__PG_STORE_H
#define MIG__PG_STORE_H

#include "base/buf.h"
#include "dialect/postgresql/conn/conn.h"

/* What is known of a table. */
enum mig__pg_there {
	MIG__PG_UNKNOWN,
	MIG__PG_THERE,
	MIG__PG_MISSING,
	MIG__PG_OLDER /* of an older libmig: columns are missing */
};
/* Which of libmig's tables. */
enum mig__pg_table { MIG__PG_BOTH, MIG__PG_VERSION, MIG__PG_HISTORY };

struct mig__pg_store {
	char *version_table, *history_table;
	char *schema;                        /* of both; NULL: not known yet */
	int schema_given;                    /* by the host: it is not looked for */
	char *current_schema;                /* what was answered last, or NULL */
	enum mig__pg_there version, history; /* in this transaction, or at the last read */
	int seen_version;                    /* the version table has been read */
	PGresult *rows;                      /* version rows that came with the lock, or NULL */
};

mig_status mig__pg_create(mig_conn *conn, const mig_sql_sink *script);
mig_status mig__pg_read_rows(mig_conn *conn, mig_version_row_fn fn, void *user, int32_t *there);
mig_status mig__pg_write_rows(mig_conn *conn, const mig_rows_write *write,
			      const mig_sql_sink *script);
/* Adds a statement that fails unless the version table has these rows. */
mig_status mig__pg_add_check(mig_conn *conn, struct mig__buf *sql, const mig_version_row *const *rows,
			     size_t count);
mig_status mig__pg_clear_rows(mig_conn *conn, const mig_sql_sink *script);
mig_status mig__pg_read_running(mig_conn *conn, mig_history_row_fn fn, void *user, int32_t *there);
mig_status mig__pg_mark_running(mig_conn *conn, const mig_journal_mark *mark,
				const mig_sql_sink *script);
mig_status mig__pg_read_history(mig_conn *conn, mig_history_row_fn fn, void *user, int32_t *there);
mig_status mig__pg_expect(mig_conn *conn, const char *ids, const mig_sql_sink *script);
mig_status mig__pg_enter(mig_conn *conn, int32_t session, const mig_sql_sink *script);
mig_status mig__pg_leave(mig_conn *conn, const mig_sql_sink *script);

#endif

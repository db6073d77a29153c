/* trust: which tables libmig reads and writes, and whose objects it copies. */
#ifndef MIG__PG_TRUST_H
#define MIG__PG_TRUST_H

#include "base/buf.h"
#include "dialect/postgresql/store/store.h"

struct mig__pg_trust {
	char *owner;      /* a role to be trusted, as the host says; NULL: none */
	int closely;      /* what was created was not as it is created usually: it is looked at closely */
	int checked;      /* the tables may be written to, as was looked up in this run */
	PGresult *others; /* of the schema as inspected last: mig__pg_add_others(); or NULL */
};

/* Adds a query that needs no checks: revision and digest of the version table. An error of the
 * kind mig__pg_is_refusal() means that it cannot be read like that. */
void mig__pg_add_plain_read(const mig_conn *conn, struct mig__buf *sql);
int mig__pg_is_refusal(const PGresult *error);
/* Adds a query for what is there: a row for each of our tables, whether it is the version table,
 * whether it has to be looked at closely before it is written to, and whether it has all columns of the
 * history. */
void mig__pg_add_there(const mig_conn *conn, struct mig__buf *sql);
/* Takes its rows; *close: a write check is needed. */
void mig__pg_take_there(mig_conn *conn, const PGresult *result, int *close);
/* Adds a statement without rows that fails if a read of the table runs code of others'. */
void mig__pg_add_read_check(const mig_conn *conn, struct mig__buf *sql, enum mig__pg_table which);
/* The same for both tables, for writing. */
void mig__pg_add_write_check(const mig_conn *conn, struct mig__buf *sql);
/* A statement that fails unless both tables are as libmig has just created them: it looks at flags alone. */
void mig__pg_add_new_check(const mig_conn *conn, struct mig__buf *sql);
/* The body of a DO statement that does. */
void mig__pg_add_script_check(const mig_conn *conn, struct mig__buf *sql);
/* Adds a query for an object that would run code of a role that is not trusted if the schema were
 * built again: message and hint, or no row. */
void mig__pg_add_others(const mig_conn *conn, struct mig__buf *sql);
/* Adds an expression: false if there is nothing for that query, but for materialized views. */
void mig__pg_add_copying(struct mig__buf *sql);
/* MIG_EPERMISSION if the schema that was inspected last has one. */
mig_status mig__pg_may_copy(mig_conn *conn, mig_conn *maker);

#endif

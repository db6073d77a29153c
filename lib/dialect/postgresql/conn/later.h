/* later: the end of a transaction, and the begin of the next, that go out with the next script. */
#ifndef MIG__PG_LATER_H
#define MIG__PG_LATER_H

#include "base/buf.h"
#include "dialect/postgresql/conn/conn.h"

struct mig__pg_later {
	int32_t state;        /* enum mig_later */
	struct mig__buf text; /* COMMIT, BEGIN, the lock, the rows */
	size_t count;         /* statements of it */
	size_t lock;          /* which of them takes the lock, from 0; COMMIT is the first */
	struct mig__buf after; /* what has to be set in the next transaction */
	size_t after_count;
	int told; /* that a pooler does not let anything be put off */
};

/* What came back of a message with it. */
struct mig__pg_came {
	size_t done;    /* results in all */
	size_t first;   /* which of them is COMMIT's */
	size_t script;  /* which is the script's first one */
	int committed;  /* COMMIT has said so */
	const PGresult *lock, *error; /* or NULL */
};

/* put_off.c */
mig_status mig__pg_commit_later(mig_conn *conn, const mig_version_row *const *expected, size_t count,
				int32_t *later);

/* later.c */
int32_t mig__pg_later(mig_conn *conn);
/* Whether it waits for a script. */
int mig__pg_later_waits(const mig_conn *conn);
/* It was sent: takes what came. */
void mig__pg_later_take(mig_conn *conn, const struct mig__pg_came *came);
/* A message without it has failed while it waited. */
void mig__pg_later_failed(mig_conn *conn, const PGresult *error);
/* Nothing is put off any more. 1: something was. */
int mig__pg_later_drop(mig_conn *conn);

#endif

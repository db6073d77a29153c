/* store: libmig's own two tables as the core has them: the dialect's typed rows, kept in an arena. It
 * knows no SQL, and decides nothing. */
#ifndef MIG__MIGRATE_STORE_H
#define MIG__MIGRATE_STORE_H

#include "base/arena.h"
#include "dialect/db.h"

/* While a step outside a transaction is unfinished, one version row shows it, so that whoever reads
 * the rows alone does not take the database for being there: its digest is this, a colon, and its
 * digest as it was. Without rows nothing is marked: the database is at no head then. */
#define MIG__DIGEST_RUNNING "running"

/* The version rows, by revision. Texts live in the arena that they were read into. */
struct mig__store_rows {
	const char **ids;
	const char **digests; /* 64 digits; "": unknown; the mark is taken off */
	size_t count;
	int32_t missing; /* the table is not there */
	int32_t running; /* a row is marked */
	size_t marked;   /* which one */
};

/* A section outside a transaction that was begun and not finished. */
struct mig__store_running {
	int32_t present;
	int32_t missing; /* the history table is not there */
	int32_t direction;
	const char *revision, *digest;
	const char *done_digest; /* over the statements that are done; "" for none */
	/* The statement after them: NULL: not begun, or it failed; otherwise it was in flight, and
	 * this is what its dialect had seen before. */
	const char *flight;
	const char *journal; /* both as they are stored */
	const char *started_at, *actor, *library; /* "": not known */
	int64_t statements;
};

struct mig__store_entry {
	const char *revision, *direction, *state, *digest, *done_digest, *started_at, *actor;
	int64_t statements, duration_us;
};

mig_status mig__store_create(struct mig__db *db);
mig_status mig__store_read(struct mig__db *db, struct mig__arena *arena,
			   struct mig__store_rows *out);
mig_status mig__store_read_running(struct mig__db *db, struct mig__arena *arena,
				   struct mig__store_running *out);
/* A change of one version row: old_revision NULL: it is added; revision NULL: it is removed. */
struct mig__store_change {
	const char *old_revision, *revision, *digest;
};
mig_status mig__store_write(struct mig__db *db, const struct mig__store_change *changes, size_t count);
mig_status mig__store_update(struct mig__db *db, const char *revision, const char *digest,
			     const char *old_revision);
mig_status mig__store_clear(struct mig__db *db);
mig_status mig__store_log(struct mig__db *db, const struct mig__store_entry *entry);
/* Whether these are the same rows. */
int mig__store_same(const struct mig__store_rows *a, const struct mig__store_rows *b);
/* MIG_EREVISION, now or at the commit, unless the table has exactly these rows. */
mig_status mig__store_check(struct mig__db *db, const struct mig__store_rows *rows);

/* A change of the row in state "running". */
struct mig__store_mark {
	const char *revision; /* whose it is */
	int32_t direction;
	int64_t before; /* the statements that it has now */
	const char *state;
	const char *done_digest; /* and what is in flight (MIG__JOURNAL_FLIGHT) */
	int64_t statements, duration_us;
};
/* MIG_ELOCKED, now or at the commit, unless it is there and as it was left. */
mig_status mig__store_mark(struct mig__db *db, const struct mig__store_mark *mark);
/* After the digest, with what the dialect has seen after it. */
#define MIG__JOURNAL_FLIGHT " in flight:"
/* Behind the digest: the next statement was refused, for people who read the table. */
#define MIG__JOURNAL_FAILED " failed"
/* Calls fn for every history row, oldest first; texts are borrowed for the call. */
typedef mig_status (*mig__store_entry_fn)(void *user, const struct mig__store_entry *entry,
					  const char *library);
mig_status mig__store_history(struct mig__db *db, mig__store_entry_fn fn, void *user);

const char *mig__direction_name(int32_t direction);

#endif

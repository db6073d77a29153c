/* store: libmig's own two tables as the core has them: the dialect's typed rows, kept in an arena. It
 * knows no SQL, and decides nothing. */
#ifndef MIG__MIGRATE_STORE_H
#define MIG__MIGRATE_STORE_H

#include "base/arena.h"
#include "base/digest.h"
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
	int32_t table; /* enum mig_table_state, of the history table */
	int32_t direction;
	const char *revision, *digest;
	const char *done_digest; /* over the statements that are done; "" for none */
	/* The statement after them: NULL: not begun, or it failed; otherwise it was in flight, and
	 * this is what its dialect had seen before. */
	const char *flight;
	const char *journal, *in_flight; /* both as they are stored; in_flight may be NULL */
	const char *started_at, *actor, *library; /* "": not known */
	int64_t statements;
};

struct mig__store_entry {
	const char *revision, *direction, *state, *digest, *done_digest, *started_at, *actor;
	int64_t statements, duration_us;
	const char *in_flight; /* to write: NULL: nothing; not read */
};

/* How far a section outside a transaction is, as two columns have it. E.g. after one statement, with the
 * second one in flight, of which the dialect had seen "16402":
 *
 *     done_digest   5f…e1 in flight:?     in_flight   2:16402
 *
 * done_digest alone is enough for a library of the tables' first version, which stored what was seen in
 * place of the "?": it asks its dialect as after a script that does not know more. Such a library leaves
 * the other column as it was, so that counts only for the statement that it names. */
struct mig__store_journal {
	char done_digest[MIG__DIGEST_HEX + sizeof " in flight:?"];
	char in_flight[MIG_OBSERVED_SIZE + sizeof "-9223372036854775808:"]; /* "": nothing */
};
/* The statement after these is in flight; done_digest is set already. */
void mig__store_add_flight(struct mig__store_journal *journal, int64_t statements, const char *seen);
/* That was refused: a word for people who read the table. */
void mig__store_add_failed(struct mig__store_journal *journal);

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
/* Ends the open transaction and begins the next one, in which the table must have these rows, with the
 * next script: *later 1. 0: the dialect does not do that, or not now. */
mig_status mig__store_commit_later(struct mig__db *db, const struct mig__store_rows *rows, int32_t *later);

/* A change of the row in state "running". */
struct mig__store_mark {
	const char *revision; /* whose it is */
	int32_t direction;
	int64_t before; /* the statements that it has now */
	const char *state;
	const char *done_digest, *in_flight; /* as in mig__store_journal; NULL or "": nothing is in flight */
	int64_t statements, duration_us;
};
/* MIG_ELOCKED, now or at the commit, unless it is there and as it was left. */
mig_status mig__store_mark(struct mig__db *db, const struct mig__store_mark *mark);
/* Calls fn for every history row, oldest first; texts are borrowed for the call. */
typedef mig_status (*mig__store_entry_fn)(void *user, const struct mig__store_entry *entry,
					  const char *library);
mig_status mig__store_history(struct mig__db *db, mig__store_entry_fn fn, void *user);

const char *mig__direction_name(int32_t direction);

#endif

/* journal: how far a section outside a transaction is: how many of its statements are done, and a
 * digest over them, which the history row keeps. */
#ifndef MIG__MIGRATE_JOURNAL_H
#define MIG__MIGRATE_JOURNAL_H

#include "migrate/plan.h"
#include "migrate/store.h"

struct mig__journal {
	int64_t done;
	struct mig__digest prefix; /* over the digests of the statements that are done */
};

void mig__journal_init(struct mig__journal *journal);
void mig__journal_add(struct mig__journal *journal, const struct mig__body *body,
		      const mig_statement *statement);
void mig__journal_hex(const struct mig__journal *journal, char hex[MIG__DIGEST_HEX]);

/* Walks over the statements that an earlier process did, calling fn (or NULL) for each. *offset:
 * where the next one is to be looked for. MIG_EEDITED, without its place, if they are not the same
 * any more; *offset is that of the first then. */
mig_status mig__journal_walk(struct mig__db *db, const struct mig__body *body,
			     const struct mig__store_running *running, struct mig__journal *journal,
			     mig_status (*fn)(void *user, const mig_statement *statement),
			     void *user, size_t *offset);

/* Of a step that an earlier process left unfinished, and that is a script: where its rest begins in
 * the section's text, and how many statements it has in all. */
mig_status mig__journal_rest(const struct mig__alloc *alloc, const struct mig__world *world,
			     struct mig__db *db, const struct mig__store_running *running,
			     size_t *offset, int64_t *total);

/* Puts file, line, column and revision to an error at an offset of the section's text. */
void mig__body_locate(const struct mig__body *body, const struct mig__script *script, size_t offset,
		      struct mig__error *err);

#endif

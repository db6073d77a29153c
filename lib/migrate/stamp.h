/* stamp: a digest of the version rows in the header of the database's file, where it is read without
 * the schema. Only with mig_open_options.header_digest; a number that is not libmig's is another
 * program's, and left alone. Whoever changes the rows through libmig takes the old stamp away, with
 * that option or without it, so a stamp that is there belongs to the rows. */
#ifndef MIG__MIGRATE_STAMP_H
#define MIG__MIGRATE_STAMP_H

#include "migrate/store.h"

#include <mig/mig.h>

/* Never 0, but for rows that have none: no row, or one without a digest or with a mark. */
uint32_t mig__stamp_of_rows(const struct mig__store_rows *rows);
/* Of the rows that a database at the bundle's heads has. */
uint32_t mig__stamp_of_heads(const mig_bundle *bundle);
/* 1 in *is if that is the stamp in the header; otherwise 0, also where there can be none. */
mig_status mig__stamp_is(struct mig__db *db, uint32_t stamp, int *is);
/* Takes the stamp of these rows away before they, or what they stand for, change. */
mig_status mig__stamp_clear(struct mig__db *db, const struct mig__store_rows *rows);
/* After the rows have changed and are checked, in their transaction. */
mig_status mig__stamp_change(struct mig__db *db, uint32_t before, const struct mig__store_rows *rows);

#endif

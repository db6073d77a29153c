/* store: libmig's own tables, as typed rows. A dialect may have a store of its own; for one that has
 * none there is the default, written over prepare() and step(). */
#ifndef MIG__DIALECT_STORE_H
#define MIG__DIALECT_STORE_H

#include "dialect/db.h"

/* Each is the slot of its name: see mig_dialect_store. What writes, and has no script, is refused with
 * MIG_ETRANSACTION outside a transaction, where it would stay whatever becomes of the run. */
mig_status mig__tables_create(struct mig__db *db, const mig_sql_sink *script);
mig_status mig__tables_read_rows(struct mig__db *db, mig_version_row_fn fn, void *user,
				 int32_t *there);
mig_status mig__tables_write_rows(struct mig__db *db, const mig_rows_write *write,
				  const mig_sql_sink *script);
mig_status mig__tables_clear_rows(struct mig__db *db, const mig_sql_sink *script);
mig_status mig__tables_read_running(struct mig__db *db, mig_history_row_fn fn, void *user,
				    int32_t *there);
mig_status mig__tables_mark_running(struct mig__db *db, const mig_journal_mark *mark,
				    const mig_sql_sink *script);
mig_status mig__tables_read_history(struct mig__db *db, mig_history_row_fn fn, void *user,
				    int32_t *there);

#endif

/* statement: what steps and contexts share of statements with parameters and rows. */
#ifndef MIG__API_STATEMENT_H
#define MIG__API_STATEMENT_H

#include "api/ctx.h"

/* It is in the list until it is freed, or mig__stmts_end() ends it. */
mig_status mig__stmt_new(struct mig__db *db, const char *sql, size_t size, mig_stmt **list,
			 mig_stmt **out);
/* Rows that it has written. MIG_EUNSUPPORTED where that is not known. */
mig_status mig__stmt_changes(mig_stmt *stmt, int64_t *out);
/* MIG_EMISUSE while a query of the host's own is open. */
mig_status mig__queries_refuse(mig_ctx *ctx);
/* Ends all of the list; their handles stay, and can only be freed. */
void mig__stmts_end(mig_stmt **list);

#endif

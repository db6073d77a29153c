/* script: runs SQL text. */
#ifndef MIG__PG_SCRIPT_H
#define MIG__PG_SCRIPT_H

#include "dialect/postgresql/conn/conn.h"

mig_status mig__pg_next_statement(mig_conn *conn, const char *text, size_t size, size_t offset,
				  mig_statement *out);
mig_status mig__pg_run_script(mig_conn *conn, const char *text, size_t size, mig_statement_fn hook,
			      void *user);
mig_status mig__pg_run_statement(mig_conn *conn, const char *text, size_t size);

#endif

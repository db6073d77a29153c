/* shell: what psql makes of a statement of a script, without a connection. */
#ifndef MIG__PG_SHELL_H
#define MIG__PG_SHELL_H

#include "dialect/postgresql/conn/conn.h"

mig_status mig__pg_shell_check(mig_conn *conn, const char *text, const mig_statement *st);
mig_status mig__pg_shell_text(mig_conn *conn, const char *text, size_t size,
			      mig_status (*fn)(void *user, const char *text, size_t size),
			      void *user);

#endif

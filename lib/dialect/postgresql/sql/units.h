/* units: what in a section leans on the session across two units. */
#ifndef MIG__PG_UNITS_H
#define MIG__PG_UNITS_H

#include "dialect/postgresql/conn/conn.h"

mig_status mig__pg_check_units(mig_conn *conn, const char *text, size_t size, const mig_unit *units,
			       size_t count);

#endif

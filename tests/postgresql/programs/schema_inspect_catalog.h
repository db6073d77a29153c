/* catalog: what the dialect's inspect() reports, as lines of text.
 *
 *     table public.t { persistence=unlogged }
 *     column public.t/a { type=integer; not_null=yes }
 *     index public.t/i [inherited]
 *     index public.t/i -> column public.t/a
 *     sequence public.s => column public.t/a        (is owned by)
 *     uncovered: publication news
 *
 * The schema public, who needs it, and versions of extensions are left out. */
#ifndef TESTS_POSTGRESQL_CATALOG_H
#define TESTS_POSTGRESQL_CATALOG_H

#include "support.h"

#include <mig/dialect.h>

/* A host for the dialect, which keeps the last error. */
struct host {
	mig_dialect_host host;
	mig_status status;
	char message[512], hint[256];
	char log[2048];
	size_t allocations; /* the one with this number fails, from 1; 0: none */
	mig_conn *conn;
};

/* Opens the URL, or adopts a connection. */
void host_open(struct host *h, const mig_conn_options *options);
void host_open_url(struct host *h, const char *url);
void host_lend(struct host *h, PGconn *db);
void host_close(struct host *h);

/* What there is; to be freed. NULL after an error, which is in h. */
char *catalog_read(struct host *h, mig_conn *conn);
/* Fails the test on an error. */
char *catalog_of(struct host *h);
/* The same with rows ("row table public.t pg_class: …"), of a few objects or NULL. */
char *catalog_rows(struct host *h, const mig_object *const *only, size_t only_count);

/* schema_inspect_cases.c */
struct catalog_case {
	const char *name;
	int version; /* of the server, at least */
	const char *ddl, *catalog;
};

extern const struct catalog_case catalog_cases[];
extern const size_t catalog_case_count;

#endif

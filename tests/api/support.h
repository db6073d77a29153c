/* support: a database file in a folder of its own, and short scripts, for the tests of mig.h. */
#ifndef TESTS_API_SUPPORT_H
#define TESTS_API_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <mig/mig.h>
#include <sqlite3.h>

struct place {
	char dir[64];
	char db[96];
	char url[112];
};

int place_new(void **state);
int place_free(void **state);

mig_ctx *open_place(const struct place *p);
/* A script of one revision: header, upgrade SQL and downgrade SQL (NULL: no such section). */
void add(mig_ctx *ctx, const char *id, const char *revises, const char *up, const char *down);
/* The whole text given. */
void add_text(mig_ctx *ctx, const char *text);

/* The first column of a query on the database by another connection, rows joined by "|". Static. */
const char *ask(const struct place *p, const char *sql);
void tell(const struct place *p, const char *sql);
/* Version rows, joined by "|". */
const char *rows(const struct place *p);
/* What the schema holds beside libmig's own tables. */
const char *tables(const struct place *p);

/* Fails with the context's message unless the status is what is expected. */
#define expect(ctx, want, call)                                                      \
	do {                                                                         \
		mig_status got_ = (call);                                            \
		if (got_ != (want))                                                  \
			fail_msg("%s: %s, not %s: %s", #call, mig_status_name(got_), \
				 mig_status_name(want), mig_error_message(ctx));     \
	} while (0)
#define ok(ctx, call) expect(ctx, MIG_OK, call)

#endif

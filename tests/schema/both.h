/* both: a fresh database of every dialect that is built, for tests that must hold on all of them.
 */
#ifndef TESTS_SCHEMA_BOTH_H
#define TESTS_SCHEMA_BOTH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <mig/mig.h>
#include <mig/model.h>
#include <mig/op.h>

/* One database, and a folder for revisions. */
struct base {
	const char *dialect;
	char url[256];
	char dir[64];
};

/* Calls the test with a new database of each dialect. */
void on_all(void (*test)(const struct base *base));
/* The same with one of them; 0 if it is not there. */
int on_one(const char *dialect, void (*test)(const struct base *base, const void *with),
	   const void *with);

/* A context on the database, with the folder's revisions. */
mig_ctx *open_base(const struct base *base);
/* Runs SQL on it. */
void run_sql(const struct base *base, const char *sql);
/* The first column of the first row; "" if there is none. Static. */
const char *ask_sql(const struct base *base, const char *sql);

/* Fails with the context's message unless the status is what is expected. */
#define expect(ctx, want, call)                                                             \
	do {                                                                                \
		mig_status got_ = (call);                                                   \
		if (got_ != (want))                                                         \
			fail_msg("%s: %s, not %s: %s; %s", #call, mig_status_name(got_),    \
				 mig_status_name(want), mig_error_message(ctx),             \
				 mig_error_statement(ctx) ? mig_error_statement(ctx) : ""); \
	} while (0)
#define ok(ctx, call) expect(ctx, MIG_OK, call)

#endif

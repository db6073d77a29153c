/* suite: what the cases of the conformance suite are made of: checks, the rule that they are about,
 * and sessions, which are connections with a host of their own. It knows the public contract alone.
 */
#ifndef TEST_DIALECT_SUITE_H
#define TEST_DIALECT_SUITE_H

#include <mig/conformance.h>
#include <mig/mig.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- cases */

struct suite_case {
	const char *name;
	void (*fn)(const mig_conformance *row);
};

/* clang-format off */
#define CASE(fn) { #fn, fn }
/* clang-format on */

/* Each ends with an empty one. */
extern const struct suite_case suite_contract_cases[], suite_connection_cases[],
	suite_script_cases[], suite_cursor_cases[], suite_table_cases[], suite_lock_cases[],
	suite_run_cases[], suite_schema_cases[];

/* -- checks: the first that fails ends the case, in a child the process */

void suite_rule(const char *text);
_Noreturn void suite_skip(const char *why);

void suite_check(int holds, const char *what, const char *file, int line);
void suite_check_equal(int64_t got, int64_t wanted, const char *what, const char *file, int line);
void suite_check_text(const char *got, const char *wanted, const char *what, const char *file,
		      int line);

/* "SLOT: the rule", as mig/dialect.h has it: what the checks from here on are about. */
#define RULE(text) suite_rule(text)
/* Ends the case as one that this dialect has no part in. */
#define SKIP(why) suite_skip(why)
#define CHECK(what) suite_check((what) != 0, #what, __FILE__, __LINE__)
#define EQUAL(got, wanted) \
	suite_check_equal((int64_t)(got), (int64_t)(wanted), #got, __FILE__, __LINE__)
#define SAME(got, wanted) suite_check_text(got, wanted, #got, __FILE__, __LINE__)

/* -- sessions */

/* The error that was reported last. */
struct reported {
	int count; /* since the last OK() or FAILS() began */
	mig_status status;
	int32_t native_code;
	int has_hint;
	size_t offset;
	char message[400];
	char statement[400]; /* "": none */
};

/* Memory that is handed out by the call. */
struct budget {
	int left; /* allocations that still succeed */
	int live; /* blocks that were not freed */
};

struct session {
	const mig_dialect *d;
	mig_conn *conn; /* NULL: closed */
	mig_dialect_host host;
	struct reported err;
	struct budget *budget; /* NULL: the machine's */
	atomic_int cancelled;
	int waits, works, stop; /* calls of poll; stop: at the n-th */
	int told, nonsense;     /* calls of working, and those of them that say nothing */
};

mig_status suite_open_with(struct session *s, const mig_conformance *row, struct budget *budget,
			   const mig_conn_options *options);
void suite_open(struct session *s, const mig_conformance *row, const char *url, int32_t timeout_ms);
/* Adopts a native connection. */
void suite_lend(struct session *s, const mig_conformance *row, void *native);
void suite_close(struct session *s);
/* As mig_cancel() does it. Any thread. */
void suite_cancel(struct session *s);

/* begin() and lock(), again when the lock has been freed meanwhile. */
mig_status suite_begin(struct session *s, int32_t check);
mig_status suite_lock(struct session *s);
/* lock() may be MIG_EUNSUPPORTED: what needs it is then left out. */
int suite_can_lock(const mig_conformance *row);
mig_status suite_script(struct session *s, const char *text);
/* The first column of the first row as a number; -1: no row. */
int64_t suite_number(struct session *s, const char *sql);
/* Whether the dialect has a store of its own. */
int suite_has_store(const struct session *s);
void suite_make_tables(const mig_conformance *row, const char *url);

void suite_check_ok(const struct session *s, mig_status rc, const char *what, const char *file,
		    int line);
void suite_check_fails(const struct session *s, mig_status rc, mig_status wanted, const char *what,
		       const char *file, int line);

#define OK(s, call) ((s).err.count = 0, suite_check_ok(&(s), (call), #call, __FILE__, __LINE__))
/* That it fails with this status, and reports it once. */
#define FAILS(s, call, wanted) \
	((s).err.count = 0, suite_check_fails(&(s), (call), (wanted), #call, __FILE__, __LINE__))

/* That a call of libmig's has worked. */
void suite_fine(mig_ctx *ctx, mig_status rc);

/* An optional slot of one of the dialect's tables, or NULL. */
#define SLOT(d, table, slot)                                                                       \
	((d)->table && (d)->table->struct_size >=                                                  \
				  offsetof(mig_dialect_##table, slot) + sizeof(d)->table->slot     \
		 ? (d)->table->slot                                                                \
		 : NULL)

/* -- helpers */

mig_value suite_text(const char *text); /* NULL: null */
mig_value suite_int(int64_t n);
int64_t suite_milliseconds(void);
void suite_pause(int ms);

#endif

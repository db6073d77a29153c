/* place: a fresh database of either dialect, revisions in a few words, runs that die at a
 * statement, and questions by a connection that has nothing to do with libmig. */
#ifndef TESTS_JOURNAL_PLACE_H
#define TESTS_JOURNAL_PLACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <mig/mig.h>

/* Of all places of this program: set by main() from its argument. */
extern int on_postgresql;

struct place {
	char url[512];
	char path[128]; /* of SQLite's file */
};

/* "sqlite" or "postgresql"; 0: there is no server, or no such dialect. */
int places_are(const char *dialect);
void place_begin(struct place *p);
void place_end(struct place *p);

/* The first column of a query, rows joined by "|". Static. */
const char *ask(const struct place *p, const char *sql);
void tell(const struct place *p, const char *sql);
#define assert_answer(p, sql, want) assert_string_equal(ask(p, sql), want)
/* Version rows, joined by "|"; "none" without the table. Static. */
const char *rows(const struct place *p);
/* Whether there is a table. */
int there(const struct place *p, const char *table);

struct revision {
	const char *id, *revises; /* revises NULL: none */
	const char *attributes;   /* e.g. " transaction=no", of both sections */
	const char *up, *down;    /* down NULL: no such section */
	const char *keys;         /* whole lines of the header, or NULL */
};
/* Up to the one without an id. */
void add_all(mig_ctx *ctx, const struct revision *revisions);
mig_ctx *open_with(const struct place *p, const struct revision *revisions);

enum { UP, DOWN };
mig_status go(mig_ctx *ctx, int direction, const char *target);

/* The same in a process that is killed before the statement of that number (from 1) of the
 * revision. 1 if it was; 0 if it came to its end before. Statements of a section that is resumed go
 * on counting. Then, on a server, until the session is gone. */
int killed_at(const struct place *p, const struct revision *revisions, int direction,
	      const char *target, const char *revision, uint64_t statement);

/* Fails with the context's message unless the status is what is expected. */
#define expect(ctx, want, call)                                                      \
	do {                                                                         \
		mig_status got_ = (call);                                            \
		if (got_ != (want))                                                  \
			fail_msg("%s: %s, not %s: %s", #call, mig_status_name(got_), \
				 mig_status_name(want), mig_error_message(ctx));     \
	} while (0)
#define ok(ctx, call) expect(ctx, MIG_OK, call)
#define assert_has(text, part) check_has(text, part, __FILE__, __LINE__)
void check_has(const char *text, const char *part, const char *file, int line);

#endif

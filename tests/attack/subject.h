/* subject: the history that all attacks run, as data: what each statement of each revision does, up
 * and down, on SQLite and on PostgreSQL. Scripts in a transaction, sections outside one, rebuilds
 * of tables and revisions in C are mixed.
 *
 * The same statements make the oracle (oracle.h), which runs them without libmig. So every
 * statement leaves a trace that differs if it ran twice or not at all: a table, rows without a key,
 * a counter. */
#ifndef MIG_ATTACK_SUBJECT_H
#define MIG_ATTACK_SUBJECT_H

#include <mig/mig.h>
#include <stddef.h>

enum work_kind {
	WORK_PLAIN = 0,
	WORK_SPLIT = 1,   /* outside a transaction: transaction=no, or no_transaction in C */
	WORK_REBUILD = 2, /* a SQLite table is built again and takes the old one's place */
	WORK_C = 4        /* written in C */
};

/* A statement begins with '!' if it cannot be inside a transaction: between its end and its mark in
 * the journal the process may die. */
struct revision {
	const char *id;
	unsigned kind;                       /* enum work_kind, or-ed */
	const char *const *up, *const *down; /* statements, NULL at the end */
	mig_step_fn up_fn, down_fn; /* WORK_C: do what these statements do; NULL: run them */
};

struct subject {
	const char *dialect;
	const struct revision *revisions;
	size_t count;
};

extern const struct subject subject_sqlite, subject_postgresql;
/* The first one without C. */
extern const struct subject subject_sqlite_scripts;
/* The second one without sections outside a transaction. */
extern const struct subject subject_postgresql_plain;

/* The text of a statement without its mark. */
const char *statement_sql(const char *statement);
int statement_is_lone(const char *statement);
/* 1 … count; 0: there is none. */
size_t subject_find(const struct subject *subject, const char *id);
/* Adds the first `count` revisions to a context: an older program knows fewer of them. */
mig_status subject_add(const struct subject *subject, size_t count, mig_ctx *ctx);

/* A history without C as a bundle, as `mig embed` would write it; NULL: see stderr. It is never
 * freed. */
const mig_bundle *subject_bundle(const struct subject *subject);

/* How a program runs. */
struct program {
	const struct subject *subject;
	size_t count;             /* revisions that it knows */
	int mode;                 /* enum mig_transaction_mode */
	int header_digest;           /* as in mig_open_options */
	const mig_bundle *bundle; /* all revisions compiled in; NULL: added one by one */
	int32_t lock_timeout_ms;
	mig_progress_fn progress; /* or NULL */
	void *progress_user;
};

/* What a process did, for another one to read. */
struct outcome {
	mig_status status;
	int32_t native;
	char message[400], hint[400];
};

/* Opens a context for the program, with its revisions. connection: lent, or NULL. */
mig_status program_open(const struct program *program, const char *url, void *connection,
			mig_ctx **out);
/* Runs to a target: "head" and the like up, direction MIG_DOWNGRADE down. */
mig_status program_go(const struct program *program, mig_ctx *ctx, int32_t direction,
		      const char *target);
/* All of that, on a context of its own. */
void program_run(const struct program *program, const char *url, int32_t direction,
		 const char *target, struct outcome *out);
void outcome_note(struct outcome *out, mig_status status, const mig_ctx *ctx);

#endif

/* check: the one program that says "exactly at a whole state", for all attacks and both engines.
 *
 * What a database must hold is known from an oracle, which ran the same statements by the engine
 * alone. So: version rows, history, journal, schema and data agree; nothing is there twice, halfway
 * or left over; and the next run of the right program finishes. */
#ifndef MIG_ATTACK_CHECK_H
#define MIG_ATTACK_CHECK_H

#include "dump.h"
#include "subject.h"

/* What can be wrong. check_selftest.c plants each of them. */
enum rule {
	RULE_NONE,
	RULE_OPEN,     /* the database does not open, or a question to it fails */
	RULE_SOUND,    /* damaged, or rows that violate a foreign key */
	RULE_ROWS,     /* the version rows are not those of one revision of this history */
	RULE_DIGEST,   /* a version row does not prove its revision, or claims a half undone one */
	RULE_HISTORY,  /* the history does not lead to the version rows, step by step */
	RULE_JOURNAL,  /* an unfinished step that cannot be one */
	RULE_STATE,    /* schema or data are not what rows and journal say */
	RULE_STOP,     /* all or nothing was promised, and it stopped between */
	RULE_LEFTOVER, /* what the engine marks as unfinished, and nothing will finish it */
	RULE_SETTINGS, /* a lent connection was not handed back as it was */
	RULE_ANSWER,   /* libmig's own answers differ from that */
	RULE_NEXT,     /* the next run fails */
	RULE_TARGET,   /* the next run says that it is done, and is not where it should be */
	RULE_MESSAGE,  /* what the user was told is wrong or no help */
	RULES
};

extern const char *const rule_names[RULES];

struct verdict {
	enum rule rule;
	char text[700];
};

/* Notes the first thing that is wrong; returns -1. */
__attribute__((format(printf, 3, 4))) int verdict_set(struct verdict *v, enum rule rule,
						      const char *format, ...);

/* -- what must be */

struct oracle;

/* url: of an empty database for the oracle's own use (SQLite: ":memory:"), which is left as it was.
 * Ends the program if the history does not work by itself. */
struct oracle *oracle_new(const struct subject *subject, const struct bare_engine *engine,
			  const char *url);
void oracle_free(struct oracle *oracle);
const struct subject *oracle_subject(const struct oracle *oracle);

/* -- the check */

/* Where a database is. */
struct whole {
	size_t at;         /* revision; 0: base */
	int unfinished;    /* the next one up, or this one down, outside a transaction, has begun */
	int32_t direction; /* of that */
	int64_t statements; /* of that, done */
};

/* mode: enum mig_transaction_mode of all runs so far, or -1: anywhere between revisions.
 * Returns 0, or -1 with the verdict. */
int check_whole(const struct oracle *oracle, const char *url, int mode, struct whole *out,
		struct verdict *v);
/* The same, at rest at revision `at`. rule: what it is if it is not. */
int check_at(const struct oracle *oracle, const char *url, int mode, size_t at, enum rule rule,
	     struct verdict *v);
/* What libmig says about a database that was found at `whole`. */
int check_answers(const struct program *program, mig_ctx *ctx, const struct whole *whole,
		  struct verdict *v);
/* Questions, then the next run, up to the head or down to the base, and where it ends. */
int check_next(const struct oracle *oracle, const struct program *program, const char *url,
	       int32_t direction, const struct whole *before, struct verdict *v);

/* A run in the other direction. A relative target is refused as long as a step is unfinished, with
 * what to do instead, and nothing is changed; an absolute one finishes the step and ends where it
 * should: a program that starts needs no operator. */
int check_opposite(const struct oracle *oracle, const struct program *program, const char *url,
		   int32_t direction, struct whole *whole, struct verdict *v);

/* -- settings of a connection */

/* All that a session can set, as text. */
int settings_note(struct bare *db, struct text *out, struct verdict *v);
/* RULE_SETTINGS unless they are as noted, and no transaction is open. */
int settings_check(struct bare *db, const struct text *before, struct verdict *v);

#endif

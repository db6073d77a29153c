/* fixture: databases as the first version of libmig's tables left them (version_1/), the revisions that
 * they were migrated with (versions/), and the statements that a library of that time sends. */
#ifndef TESTS_TABLES_FIXTURE_H
#define TESTS_TABLES_FIXTURE_H

#include "../journal/place.h"

/* "at_b2" or "unfinished". */
void fixture_begin(struct place *p, const char *name);
/* The context of today's library on it. */
mig_ctx *open_versions(const struct place *p);
/* What a file has; freed by the caller. */
char *read_file(const char *path);
/* The columns of the history table, joined by "|". Static. */
const char *columns(const struct place *p);
/* Of version 1, and of today. */
extern const char first_columns[], today_columns[];
/* Everything that is in libmig's tables and in "things", but for in_flight. Static. */
const char *contents(const struct place *p);

/* Brings it to a target in a process that is killed before that statement of b2. */
void killed_in_b2(const struct place *p, uint64_t statement);

/* -- the library of that time */

enum old_read { OLD_ROWS, OLD_RUNNING, OLD_HISTORY };
/* The columns of each row with "," between them, rows joined by "|". Static. */
const char *old_read(const struct place *p, enum old_read what);
/* A step in a transaction: a row of the history, and the version row moves. */
void old_step(const struct place *p, const char *from, const char *to, const char *direction);
/* A mark of the unfinished section. */
void old_mark(const struct place *p, int before, int statements, const char *done_digest, const char *state);

#endif

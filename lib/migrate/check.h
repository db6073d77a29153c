/* check: queries that must return no rows: "-- mig:check" in a section, and what an operation of
 * mig/op.h compares. */
#ifndef MIG__MIGRATE_CHECK_H
#define MIG__MIGRATE_CHECK_H

#include "migrate/job.h"

/* Runs the query. MIG_ECHECK if it returns rows: the message with their number and the first of
 * them. */
mig_status mig__check_run(struct mig__db *db, const char *message, const char *text, size_t size);

/* Finds the statement below each check of a section: notes[…].about. *fault: the check that has none;
 * not set by other errors. */
mig_status mig__checks_find(struct mig__db *db, struct mig__body *body, size_t *fault);
/* The same before anything of the section is run. */
mig_status mig__section_find_checks(struct mig__section_run *s);
/* The check about the statement at this offset, or NULL. */
const struct mig__note *mig__section_check_at(const struct mig__section_run *s, size_t offset);
/* Where the note's line begins in the section's text. */
size_t mig__section_note_line(const struct mig__section_run *s, const struct mig__note *note);
/* Runs it; what the dialect says of an error's place counts from the statement's first byte. */
mig_status mig__section_check(struct mig__section_run *s, const struct mig__note *note,
			      const mig_statement *statement);

#endif

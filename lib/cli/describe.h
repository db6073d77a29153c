/* describe: a revision as text, in the forms that Alembic's users know. */
#ifndef MIG__CLI_DESCRIBE_H
#define MIG__CLI_DESCRIBE_H

#include "cli/cli.h"

enum mig__cli_detail {
	MIG__CLI_PARENTS = 1,   /* "1a2b -> ", with dependencies in brackets */
	MIG__CLI_TREE = 2,      /* (branchpoint), (mergepoint) */
	MIG__CLI_MESSAGE = 4,   /* ", its first line" */
	MIG__CLI_NO_CURRENT = 8 /* no (current): all of them are */
};

/* E.g. "1a2b -> 3f2a (users) (head) (current), add email"; without an end of line. */
void mig__cli_add_revision(const struct mig__cli *cli, struct mig__cli_text *out,
			   const mig_revision *revision, unsigned details);
/* Several lines: Rev, Parent, ..., the whole message. */
void mig__cli_add_entry(const struct mig__cli *cli, struct mig__cli_text *out,
			const mig_revision *revision);
/* Every revision of the list, a line or an entry each. */
void mig__cli_add_listed(const struct mig__cli *cli, struct mig__cli_text *out,
			 const mig_revision_list *list, unsigned details);
/* "a, b", or `none` if there are none. */
void mig__cli_add_parents(struct mig__cli_text *out, const mig_revision *revision,
			  const char *none);
/* E.g. "Revision 3f2a is only partly applied: 2 of 5 statements are done (since 2026-11-22T20:49:00Z,
 * by ann@host:12)" */
void mig__cli_add_unfinished(struct mig__cli_text *out, const mig_unfinished *unfinished);
/* Whether the database is known to be at it. */
int mig__cli_is_current(const struct mig__cli *cli, const mig_revision *revision);

#endif

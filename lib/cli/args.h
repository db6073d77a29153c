/* args: a command line, taken apart by tables. No state outside of it, as getopt has: the host's
 * own command line is none of its business. */
#ifndef MIG__CLI_ARGS_H
#define MIG__CLI_ARGS_H

#include "cli/text.h"

enum mig__cli_option_id {
	MIG__OPT_ADOPT,
	MIG__OPT_APP,
	MIG__OPT_ARGUMENT,
	MIG__OPT_AUTOGENERATE,
	MIG__OPT_BRANCH_LABEL,
	MIG__OPT_CHECK,
	MIG__OPT_CHECK_HEADS,
	MIG__OPT_COLUMN,
	MIG__OPT_CONFIG,
	MIG__OPT_DATABASE,
	MIG__OPT_DEPENDS_ON,
	MIG__OPT_DECLARE,
	MIG__OPT_DIALECT,
	MIG__OPT_DIRECTORY,
	MIG__OPT_DOWNGRADE,
	MIG__OPT_DRY_RUN,
	MIG__OPT_EDITED,
	MIG__OPT_EXCLUDE,
	MIG__OPT_FORCE,
	MIG__OPT_FORMAT,
	MIG__OPT_FROM_DATABASE,
	MIG__OPT_GRAPH,
	MIG__OPT_HEAD,
	MIG__OPT_HEADER,
	MIG__OPT_HELP,
	MIG__OPT_INCLUDE,
	MIG__OPT_INDICATE_CURRENT,
	MIG__OPT_JSON,
	MIG__OPT_LOCK_TIMEOUT,
	MIG__OPT_TRUSTED_OWNER,
	MIG__OPT_ALLOW_EMPTY,
	MIG__OPT_MAP,
	MIG__OPT_MESSAGE,
	MIG__OPT_MODELS,
	MIG__OPT_MULTIDB,
	MIG__OPT_NAME,
	MIG__OPT_NO_INPUT,
	MIG__OPT_OUTPUT,
	MIG__OPT_PER_REVISION,
	MIG__OPT_PURGE,
	MIG__OPT_PYTHON,
	MIG__OPT_QUERY,
	MIG__OPT_QUIET,
	MIG__OPT_RANGE,
	MIG__OPT_RECORD,
	MIG__OPT_RENAME,
	MIG__OPT_RESOLVE_DEPENDENCIES,
	MIG__OPT_RETRIES,
	MIG__OPT_REV_ID,
	MIG__OPT_REPLAY,
	MIG__OPT_SCRATCH_URL,
	MIG__OPT_SNAPSHOT,
	MIG__OPT_SPLICE,
	MIG__OPT_SQL,
	MIG__OPT_STATEMENT_LOCK_TIMEOUT,
	MIG__OPT_STATEMENT_TIMEOUT,
	MIG__OPT_SYMBOL,
	MIG__OPT_TABLE,
	MIG__OPT_TAG,
	MIG__OPT_TEMPLATE,
	MIG__OPT_URL,
	MIG__OPT_VERBOSE,
	MIG__OPT_VERSION,
	MIG__OPT_VERSION_PATH,
	MIG__OPT_YES
};

/* A row of a table of options; a NULL name ends it. */
struct mig__cli_option {
	enum mig__cli_option_id id;
	char letter;       /* or 0 */
	const char *name;  /* without its hyphens */
	const char *value; /* what the help calls the value; NULL: takes none */
	const char *help;  /* NULL: known only to be refused with a reason */
};

struct mig__cli_given {
	enum mig__cli_option_id id;
	const char *value; /* NULL for an option without one */
};

struct mig__cli_command;

struct mig__cli_args {
	const struct mig__cli_command *command; /* NULL: none was given */
	struct mig__cli_given *given;           /* in their order */
	size_t given_count;
	const char **words; /* what is no option, without the command; ends with NULL */
	size_t word_count;
};

/* How often the option was given. */
size_t mig__cli_count(const struct mig__cli_args *args, enum mig__cli_option_id id);
/* Its last value, or NULL. */
const char *mig__cli_value(const struct mig__cli_args *args, enum mig__cli_option_id id);
/* All of its values, ending with NULL, in *out, which is NULL if there are none; freed by the
 * caller. 0: no memory. */
int mig__cli_values(const struct mig__cli_args *args, enum mig__cli_option_id id,
		    const char ***out);
void mig__cli_args_finish(struct mig__cli_args *args);

#endif

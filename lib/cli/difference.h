/* difference: the database compared with the model, for migrate and check. */
#ifndef MIG__CLI_DIFFERENCE_H
#define MIG__CLI_DIFFERENCE_H

#include "cli/json.h"

#include <mig/model.h>

struct mig__cli_difference { /* starts as zeros, but for the first four */
	int unproved; /* the SQL is not tried */
	int ask;      /* about what may be a rename */
	int force;    /* what cannot be proved is taken all the same */
	const struct mig__cli_difference *like; /* whose answers hold here, too; or NULL */
	mig_op_list *ops;
	const char **renames; /* of the command line and the answers; ends with NULL, or NULL */
	char **answers;       /* of the renames, those that are to be freed */
	size_t rename_count, answer_count;
	const char **include, **exclude;
	struct mig__cli_text why_unproved;
};

/* Compares a database that has to be at head. */
int mig__cli_compare(struct mig__cli *cli, struct mig__cli_difference *d);
void mig__cli_difference_finish(struct mig__cli_difference *d);

/* A line for each operation, after the lead. dialect: to be named, or NULL. */
void mig__cli_add_operations(struct mig__cli_text *out, const struct mig__cli_difference *d,
			     const char *lead, const char *dialect);
/* Lines on stderr: what will be lost, and what was not compared. */
void mig__cli_warn_losses(struct mig__cli *cli, const struct mig__cli_difference *d,
			  const char *dialect);
void mig__cli_warn_uncovered(struct mig__cli *cli, const struct mig__cli_difference *d);
/* The members "operations" and "uncovered", or NULL. */
json_t *mig__cli_json_difference(const struct mig__cli_difference *d);

/* ask.c: asks on the terminal which of the operations are renames, and adds them to d->renames. */
int mig__cli_ask_renames(struct mig__cli *cli, struct mig__cli_difference *d,
			 const mig_op_list *ops);
/* Takes over the text, which malloc gave. */
int mig__cli_add_rename(struct mig__cli *cli, struct mig__cli_difference *d, char *text);

#endif

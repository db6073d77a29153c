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
	const char **renames, **include, **exclude; /* each ends with NULL, or is NULL */
};

/* Compares a database that has to be at head. */
int mig__cli_compare(struct mig__cli *cli, struct mig__cli_difference *d);
void mig__cli_difference_finish(struct mig__cli_difference *d);

/* A line for each operation, after the lead. dialect: to be named, or NULL. */
void mig__cli_add_operations(struct mig__cli_text *out, const struct mig__cli_difference *d,
			     const char *lead, const char *dialect);
/* Lines on stderr: what may fail, takes long or will be lost, and what was not compared. */
void mig__cli_warn_losses(struct mig__cli *cli, const struct mig__cli_difference *d,
			  const char *dialect);
void mig__cli_warn_uncovered(struct mig__cli *cli, const struct mig__cli_difference *d);
/* The members "operations", "remarks" and "uncovered", or NULL. */
json_t *mig__cli_json_difference(const struct mig__cli_difference *d);

/* dump.c: the schema of the database, as operations that create it */
int mig__cli_dump(struct mig__cli *cli, mig_op_list **out);

/* existing.c: makes an environment for a database that is there already; schema: the file for its model */
int mig__cli_take_database(struct mig__cli *cli, const char *dir, const char *schema,
			   const mig_init_options *options);

/* ask.c: a mig_rename_fn whose user is a struct mig__cli. */
int32_t mig__cli_ask_rename(void *user, const mig_object *from, const mig_object *to);

/* modelfiles.c: URL, FILE, FOLDER or PATTERN of files, or DIALECT= before the last three for a model in
 * the words of one dialect. of_file: mig.ini names it. *rc: what the model said; it keeps a mistake. */
int mig__cli_add_model(struct mig__cli *cli, mig_model *model, const char *name, int of_file,
		       mig_status *rc);

#endif

/* find: where mig.ini is, and the folder of the environment. */
#ifndef MIG__CLI_FIND_H
#define MIG__CLI_FIND_H

#include "cli/text.h"

struct mig__cli;

struct mig__cli_found { /* starts as zeros */
	struct mig__cli_text config; /* the path of mig.ini; empty: there is none */
	struct mig__cli_text folder; /* the environment's, unless mig.ini names one; empty: none */
};

/* Searches from `start` upwards. start NULL: from the working folder, where `name` is the folder of
 * an environment. Otherwise start is that folder itself. Returns MIG_CLI_DONE, also if nothing is found,
 * or an error that was printed. */
int mig__cli_find(struct mig__cli *cli, const char *start, const char *name,
		  struct mig__cli_found *out);
void mig__cli_found_finish(struct mig__cli_found *found);
/* FOLDER/NAME, without "./". */
void mig__cli_add_joined(struct mig__cli_text *out, const char *folder, const char *name);
int mig__cli_is_folder(const char *path);

#endif

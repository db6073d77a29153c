/* json: what the queries print with --json. The members of the objects are part of the interface;
 * later versions may add some. */
#ifndef MIG__CLI_JSON_H
#define MIG__CLI_JSON_H

#include "cli/cli.h"

#include <jansson.h>

/* NULL for NULL; bytes that are not UTF-8 become U+FFFD. */
json_t *mig__cli_json_text(const char *text);
json_t *mig__cli_json_revision(const struct mig__cli *cli, const mig_revision *revision);
json_t *mig__cli_json_revisions(const struct mig__cli *cli, const mig_revision_list *list);
/* null for NULL. */
json_t *mig__cli_json_unfinished(const mig_unfinished *unfinished);
/* Prints {name: value}; takes the value over, NULL stands for no memory. */
int mig__cli_json_print(struct mig__cli *cli, const char *name, json_t *value);
/* The same for an array, one value after the other; what is printed goes out as it comes. */
struct mig__cli_json_array {
	struct mig__cli *cli;
	const char *name;
	size_t count;
};
/* Takes the value over. MIG_CLI_DONE, or the exit status when there is no memory. */
int mig__cli_json_array_add(struct mig__cli_json_array *array, json_t *value);
/* The end of it, also of one without values. */
void mig__cli_json_array_end(struct mig__cli_json_array *array);
/* The same as mig__cli_json_print() with a whole object. */
int mig__cli_json_print_object(struct mig__cli *cli, json_t *object);

#endif

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
/* The same with a whole object. */
int mig__cli_json_print_object(struct mig__cli *cli, json_t *object);

#endif

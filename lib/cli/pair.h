/* pair: an old value and a new one, for people: "integer -> bigint". */
#ifndef MIG__CLI_PAIR_H
#define MIG__CLI_PAIR_H

#include "cli/text.h"

#include <mig/model.h>

/* Both values of a change. utf8: the terminal shows more than ASCII. */
void mig__cli_add_pair(struct mig__cli_text *out, const mig_op_change *c, int utf8);

#endif

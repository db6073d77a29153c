/* match: finds in two schemas the objects that are the same: of one kind, one name and schema, with
 * parents that are the same. Sets `other` on both sides. Linear. */
#ifndef MIG__SCHEMA_MATCH_H
#define MIG__SCHEMA_MATCH_H

#include "schema/schema.h"

mig_status mig__match(struct mig__schema *before, struct mig__schema *after);

#endif

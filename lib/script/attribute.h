/* attribute: what a "-- mig:upgrade" line may say of its section, e.g. "dialect=sqlite transaction=no".
 *
 * One table has them all: reading, writing, checking, comparing and copying go by it. What an attribute
 * means is not known here. */
#ifndef MIG__SCRIPT_ATTRIBUTE_H
#define MIG__SCRIPT_ATTRIBUTE_H

#include "base/buf.h"
#include "script/internal.h"

/* Reads "name=value" into its member. *seen: bits of those read before, 0 at first. */
mig_status mig__attribute_read(struct mig__reader *r, struct mig__word word, uint32_t *seen,
			       mig_section *out);
/* Appends those that are set, each with a blank before it. */
void mig__attributes_add(struct mig__buf *out, const mig_section *section);
/* MIG_EINVAL or MIG_EILLEGAL_ID for a value that has no word, or is not a name. */
mig_status mig__attributes_check(const mig_section *section, struct mig__error *err);
/* Whether all that are set in `given` are the same in `is`, which may have more. */
int mig__attributes_fit(const mig_section *given, const mig_section *is);

#endif

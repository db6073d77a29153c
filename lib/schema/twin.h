/* twin: objects that differ from one of the other side by their name alone. */
#ifndef MIG__SCHEMA_TWIN_H
#define MIG__SCHEMA_TWIN_H

#include "schema/diff.h"

/* After mig__match(): pairs them, so that `other` is set on both although their names differ. Only parts of
 * objects that both sides have, without parts of their own, that hooks->renames says yes to, and whose
 * names are free: nothing on the old side has the new name, and nothing on the new side the old one. So
 * renames can be done in any order. */
mig_status mig__twins(struct mig__schema *before, struct mig__schema *after, const struct mig__diff_hooks *hooks);

#endif

/* attached: indexes of partitions that belong to one of the parent's: indexes and keys that have an
 * inheritance. Where the parent's is made, or the partition is attached, the engine takes for it an
 * index of the partition that is there already, or makes one. Pure. */
#ifndef MIG__SCHEMA_ATTACHED_H
#define MIG__SCHEMA_ATTACHED_H

#include "schema/work.h"

/* Its inheritance, or NULL: it is no index or key, or not attached. */
const mig_object *mig__attachment(const mig_object *index);
/* What an index's inheritance needs: the parent's index or key; that the table is a partition. */
const mig_object *mig__attached_to(const mig_object *attachment);
const mig_object *mig__attached_by(const mig_object *attachment);
/* It is not attached, but the engine could take it for another of its table that is: that one, or
 * NULL. */
const mig_object *mig__rival(const mig_object *index);

/* fate: from and to are one index that the engine has made by itself on one side alone. */
int mig__attached_half(const mig_object *from, const mig_object *to);
/* What is left when the fate of everything else is known. */
void mig__attached_rest(struct mig__work *w);

#endif

/* alike: which objects at the top of two schemas are surely the same, with all that is in them: a
 * declared table whose words are already the engine's own. Where words differ ('x' against
 * 'x'::text) they may still mean the same: only the engine can tell. */
#ifndef MIG__SCHEMA_ALIKE_H
#define MIG__SCHEMA_ALIKE_H

#include "schema/schema.h"

/* The dialect's slot, or NULL. */
struct mig__second {
	mig_conn *conn;
	mig_status (*unlike)(mig_conn *conn, const mig_object *is, const mig_object *want, void *user,
			     mig_unlike_fn fn);
};

/* Matches the schemas and returns for each operation-free pair a mark: a list of operations that
 * has one for every object at the top, on either side, that is not surely the same. at is in the
 * arena. marks: the dialect's quotes of names. */
mig_status mig__unlike(struct mig__schema *live, struct mig__schema *declared, const char *marks,
		       const struct mig__second *second, struct mig__arena *arena, mig_op **at, size_t *count);

#endif

/* rows: what the engine's own tables say of objects that are equal, compared as it stands. */
#ifndef MIG__SCHEMA_ROWS_H
#define MIG__SCHEMA_ROWS_H

#include "base/buf.h"
#include "schema/diff.h"

/* Writes the differences between the rows of objects that mig__diff() has just matched (`want` is what
 * it came to) and found equal: "column t.a: pg_attribute.attfoo is x, not y", with ", " between, and those that
 * the dialect tells of itself (unlike). Nothing where one side has no such row: a part of a model that was read
 * and not run. */
mig_status mig__rows_compare(const struct mig__schema *want, const struct mig__diff_hooks *hooks, struct mig__buf *out);

#endif

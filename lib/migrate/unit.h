/* unit: what runs whole or not at all in a section outside a transaction: a statement, or several
 * between BEGIN and COMMIT, or between SAVEPOINT and the RELEASE that belongs to it. */
#ifndef MIG__MIGRATE_UNIT_H
#define MIG__MIGRATE_UNIT_H

#include "dialect/db.h"
#include "script/script.h"

enum mig__unit_kind {
	MIG__UNIT_NONE, /* between two units */
	MIG__UNIT_TRANSACTION,
	MIG__UNIT_SAVEPOINT
};

struct mig__unit {
	enum mig__unit_kind kind;
	uint32_t *savepoints; /* those that are open, by number */
	size_t count, cap;
};

/* Goes on by a statement. *ends: a unit ends with it. */
mig_status mig__unit_follow(struct mig__unit *unit, const mig_statement *statement,
			    struct mig__error *err, int *ends);
void mig__unit_finish(struct mig__unit *unit, const struct mig__alloc *alloc);

/* Checks a section outside a transaction before anything runs: its transactions end in it, its
 * units do not lean on each other, and its notes stand where they mean something. db need not be
 * connected. */
mig_status mig__units_check(const struct mig__alloc *alloc, struct mig__db *db,
			    const struct mig__script *script, const struct mig__body *body);

#endif

/* autogen: from two schemas to a proved pair of scripts.
 *
 *     live, model                        both as the inspector reads them
 *       renames applied in a copy        the engine itself rewrites what mentions the names
 *       diff, order, render              up, and the other way round down
 *       proof in the copy                up gives the model, down gives live again; a way back that
 *                                        cannot be made does not keep from the way up
 *
 * What must be committed before the rest uses it (MIG_STATEMENT_APART) is a pair of scripts of its own,
 * in front: apart.c.
 */
#ifndef MIG__MIGRATE_AUTOGEN_H
#define MIG__MIGRATE_AUTOGEN_H

#include "migrate/relevant.h"
#include "migrate/scratch.h"

/* A table, column or value of an enum that has another name in the model. column NULL: the table. */
struct mig__rename {
	const char *schema; /* "" or NULL: the default one */
	const char *table;  /* of a column: its table's name in the model; of a value: its enum's */
	const char *column; /* or value */
	const char *to_schema; /* of a table that moves; NULL: it stays in its schema */
	const char *to;
	int32_t required; /* it is an error if it does not fit; otherwise it is then ignored */
};

struct mig__autogen {
	/* set by the caller */
	struct mig__db *db;
	const struct mig__alloc *alloc;
	struct mig__error *err;
	struct mig__diff_hooks hooks; /* change, holds, renames: filled in here if NULL */
	const struct mig__rename *renames;
	size_t rename_count;
	/* Between diff and render: may take operations out. May be NULL. */
	mig_status (*process)(void *user, struct mig__ops *ops);
	int32_t unproved;      /* nonzero: no proof */
	int32_t no_privileges; /* nonzero: the model says nothing about them */
	int32_t is_apart;      /* nonzero: this is what another one has in `apart` */
	/* for hooks and process: MIG_DOWNGRADE while the model is compared with live */
	int32_t direction;
	struct mig__relevant limits; /* of live: what the model was compared with; all if empty */
	/* result */
	struct mig__schema live, model, renamed; /* renamed: live after the renames, if any */
	struct mig__schema again; /* keeps the rows of live, which were read later */
	int has_renames;
	struct mig__ops rename_up, rename_down, up_ops, down_ops;
	struct mig__sql up, down;
	int up_proved;           /* the upgrade was, whatever became of the downgrade */
	const char *no_way_back; /* why there is no downgrade: then `down` is not to be used; or NULL */
	struct mig__relevant relevant; /* of live and model; everything, if there are renames */
	/* Operations for a revision of their own, in front; or NULL. live, and renamed, are then as if
	 * they were done already. */
	struct mig__autogen *apart;
	struct mig__arena arena;
};

/* The second comparison's rows of live, which was read without them: unless nothing of it is to be
 * compared. */
mig_status mig__autogen_rows(struct mig__autogen *a);
/* live and model are there; everything else is zero. MIG_EPROOF if the proof fails: the message
 * says what differs. After an error up and down may be there all the same. */
mig_status mig__autogen(struct mig__autogen *a);
/* dump.c. Instead of the former: `model` becomes the database, `live` an empty one, and up_ops and up
 * what makes the one of the other, and the way back. Nothing is tried. */
mig_status mig__autogen_dump(struct mig__autogen *a);
/* Nonzero if a hint may rename something in live. */
int mig__autogen_may_rename(const struct mig__autogen *a);
/* Nonzero if there is something to do. */
int mig__autogen_any(const struct mig__autogen *a);
void mig__autogen_finish(struct mig__autogen *a);

/* rename.c. Fills rename_up and rename_down. MIG_ENOTFOUND: one that must fit does not. */
mig_status mig__autogen_plan_renames(struct mig__autogen *a);

/* apart.c. Takes the operations that have statements of MIG_STATEMENT_APART out of up_ops, whose SQL is
 * in up, and makes a->apart of them, ready for mig__autogen(). up is then empty again. */
mig_status mig__autogen_set_apart(struct mig__autogen *a);

#endif

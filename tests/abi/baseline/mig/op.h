/* mig/op.h: operations for revisions written in C, the same on every dialect.
 *
 *     static mig_status add_email(void *user, mig_step *step)
 *     {
 *             mig_model *m;
 *             mig_table *users;
 *             mig_status rc = mig_op_model(step, &m);
 *
 *             users = mig_model_table(m, NULL, "users");
 *             rc = mig_op_add_column(step, mig_table_column(users, "email", "varchar(120)"));
 *             return rc ? rc : mig_op_rename_column(step, NULL, "users", "name", "full_name");
 *     }
 *
 * What is to be created is declared as in a model (mig/model.h). Operations are gathered, and done
 * together before the next statement of the function's own, or when it returns: so several changes
 * to one SQLite table are one rebuild. What depends on an altered column (a view) is dropped and
 * created again. Errors may therefore show at a later call.
 *
 * A revision whose definition says `derive` (mig_revision_def) needs no downgrade: its upgrade is
 * called, and the reverse of its operations is done instead, last first. Dropping and altering have
 * no reverse, nor have statements: these then fail with MIG_EIRREVERSIBLE, and nothing is changed.
 *
 * Every function: schema NULL is the default one; a NULL step is MIG_EINVAL; MIG_ENOTFOUND if what
 * is to be changed is not there; MIG_EUNSUPPORTED if the dialect has no schemas to read. Since
 * 0.1.0. */
#ifndef MIG_OP_H
#define MIG_OP_H

#include <mig/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An empty model to declare in; borrowed until the revision's function returns. Since 0.1.0. */
MIG_API mig_status mig_op_model(mig_step *step, mig_model **out);

/** Creates a declared table with all that was declared of it, and enums that its columns use and
 * that are missing. Since 0.1.0. */
MIG_API mig_status mig_op_create_table(mig_step *step, mig_table *table);
/** Drops a table with its indexes and triggers. Since 0.1.0. */
MIG_API mig_status mig_op_drop_table(mig_step *step, const char *schema, const char *name);
/** Renames a table; what refers to it follows. Since 0.1.0. */
MIG_API mig_status mig_op_rename_table(mig_step *step, const char *schema, const char *name,
				       const char *to);

/** Adds a declared column to the table of its name. Since 0.1.0. */
MIG_API mig_status mig_op_add_column(mig_step *step, mig_column *column);
/** Makes a column what is declared: type, nullability, default, … Rows are converted. Since 0.1.0.
 */
MIG_API mig_status mig_op_alter_column(mig_step *step, mig_column *column);
/** Drops a column from its table. Since 0.1.0. */
MIG_API mig_status mig_op_drop_column(mig_step *step, const char *schema, const char *table,
				      const char *name);
/** Renames a column; what refers to it follows. Since 0.1.0. */
MIG_API mig_status mig_op_rename_column(mig_step *step, const char *schema, const char *table,
					const char *name, const char *to);

/** Adds the constraints and indexes that were declared of the table to the one of its name; its
 * columns need not be declared. Since 0.1.0. */
MIG_API mig_status mig_op_add_constraints(mig_step *step, mig_table *table);
/** Drops a constraint or index of a table by its name. Since 0.1.0. */
MIG_API mig_status mig_op_drop_constraint(mig_step *step, const char *schema, const char *table,
					  const char *name);

#ifdef __cplusplus
}
#endif
#endif

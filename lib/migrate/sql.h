/* sql: the statements that a dialect makes of operations, as a list, and as the text of a section
 * of a revision file. */
#ifndef MIG__MIGRATE_SQL_H
#define MIG__MIGRATE_SQL_H

#include "base/arena.h"
#include "base/buf.h"
#include "dialect/db.h"
#include "schema/diff.h"

struct mig__statement {
	const char *text; /* without its semicolon, NUL-terminated */
	size_t size;
	const char *comment; /* NULL: none; several lines allowed */
	const char *remark;  /* what of it the dialect says: what may fail, or takes long; or NULL */
	uint32_t kind;
	mig_op op; /* what it belongs to, without its parts; struct_size 0: nothing. Good as long as its objects */
};

struct mig__sql {
	const struct mig__alloc *alloc;
	struct mig__arena arena;
	struct mig__statement *at;
	size_t count, cap;
	int lone; /* a statement cannot run inside a transaction, or not with the others */
	int keys_off; /* a statement must not run while foreign keys are enforced */
	int apart;    /* a statement must be committed before the others run */
};

void mig__sql_init(struct mig__sql *sql, const struct mig__alloc *alloc);
void mig__sql_finish(struct mig__sql *sql);
/* Appends what the dialect makes of the operations. */
mig_status mig__sql_render(struct mig__sql *sql, struct mig__db *db, const struct mig__ops *ops,
			   const mig_object *before, const mig_object *after);
/* The same for operations that get a revision of their own, in front of those that use them. */
mig_status mig__sql_render_apart(struct mig__sql *sql, struct mig__db *db, const struct mig__ops *ops,
				 const mig_object *before, const mig_object *after);
/* Statements with their comments, an empty line between them. */
void mig__sql_text(const struct mig__sql *sql, struct mig__buf *out);
/* The operation whose statement has failed last; NULL: not known. */
const mig_op *mig__sql_failed(const struct mig__sql *sql, const struct mig__error *err);
/* An operation in words: "drop column users.email". usual: a schema that is not worth naming. */
void mig__op_words(const mig_op *op, const char *usual, struct mig__buf *out);

/* Nonzero: it loses data, and the second says what, in words: "drops table notes and its rows". */
int mig__op_is_lossy(const mig_op *op);
void mig__op_loss(const mig_op *op, const char *usual, struct mig__buf *out);

#endif

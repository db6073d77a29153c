/* ddl: how each kind is created, dropped, altered and renamed, as one table, and the walk over the
 * operations. Not what needs more than a pattern: the ddl_*.c next to it. Indexes of partitioned
 * tables that are complete only when all partitions' are attached come last. */
#include "dialect/postgresql/schema/ddl.h"
#include "base/buf.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/sql/quote.h"

#include <stdlib.h>
#include <string.h>

/* How a kind is created, dropped and renamed: a pattern (mig__ddl_do), or a function where one
 * pattern does not do. */
struct kind {
	const char *create, *drop, *rename; /* rename: up to the new name */
	void (*create_fn)(struct mig__ddl *d, const mig_object *o);
	void (*drop_fn)(struct mig__ddl *d, const mig_object *o);
	int (*alter_fn)(struct mig__ddl *d, const mig_object *from, const mig_object *to);
};

#define INDEX                                                                             \
	"CREATE[unique| UNIQUE] INDEX @n ON[only| ONLY] @t[method| USING $method] "       \
	"($columns)[include| INCLUDE ($include)][nulls_not_distinct| NULLS NOT DISTINCT]" \
	"[options| WITH ($options)][tablespace| TABLESPACE $tablespace][where| WHERE $where]"
#define MATERIALIZED_VIEW                                                              \
	"CREATE MATERIALIZED VIEW @q[method| USING $method][options| WITH ($options)]" \
	"[tablespace| TABLESPACE $tablespace] AS\n$query[unpopulated|\nWITH NO DATA]"
#define EVENT_TRIGGER                                                     \
	"CREATE EVENT TRIGGER @n ON $event[tags|\n\tWHEN TAG IN ($tags)]" \
	"\n\tEXECUTE FUNCTION $function()"
#define CONSTRAINT                                                                                \
	.rename = "ALTER TABLE @t RENAME CONSTRAINT @n", .create_fn = mig__ddl_create_constraint, \
	.drop_fn = mig__ddl_drop_constraint

static void create_index(struct mig__ddl *d, const mig_object *o)
{
	if (mig__ddl_create_attached(d, o))
		return;
	mig__ddl_flush(d);
	mig__ddl_note_index(d, o);
	mig__ddl_do(d, o, INDEX);
}

static int alter_index(struct mig__ddl *d, const mig_object *from, const mig_object *to)
{
	if (mig__attribute(from, "only") && !mig__attribute(to, "only"))
		mig__ddl_complete_index(d, to, INDEX);
	return 0;
}

static const struct kind kinds[] = {
	[MIG_KIND_SCHEMA] = { .create = "CREATE SCHEMA @n",
			      .drop = "DROP SCHEMA @n",
			      .rename = "ALTER SCHEMA @n RENAME" },
	[MIG_KIND_EXTENSION] = { .create = "CREATE EXTENSION @n[schema| WITH SCHEMA $schema]",
				 .drop = "DROP EXTENSION @n" },
	[MIG_KIND_COLLATION] = { .create = "CREATE COLLATION @q $definition",
				 .drop = "DROP COLLATION @q",
				 .rename = "ALTER COLLATION @q RENAME" },
	[MIG_KIND_ENUM] = { .create = "CREATE TYPE @q AS ENUM ($values)",
			    .drop = "DROP TYPE @q",
			    .rename = "ALTER TYPE @q RENAME",
			    .alter_fn = mig__ddl_alter_enum },
	[MIG_KIND_DOMAIN] = { .drop = "DROP DOMAIN @q",
			      .rename = "ALTER DOMAIN @q RENAME",
			      .create_fn = mig__ddl_create_domain,
			      .alter_fn = mig__ddl_alter_domain },
	[MIG_KIND_COMPOSITE] = { .drop = "DROP TYPE @q",
				 .rename = "ALTER TYPE @q RENAME",
				 .create_fn = mig__ddl_create_composite,
				 .alter_fn = mig__ddl_alter_composite },
	[MIG_KIND_RANGE] = { .create = "CREATE TYPE @q AS RANGE $definition",
			     .drop = "DROP TYPE @q",
			     .rename = "ALTER TYPE @q RENAME" },
	[MIG_KIND_SEQUENCE] = { .rename = "ALTER SEQUENCE @q RENAME",
				.create_fn = mig__ddl_create_sequence,
				.drop_fn = mig__ddl_drop_sequence,
				.alter_fn = mig__ddl_alter_sequence },
	[MIG_KIND_TABLE] = { .drop = "DROP TABLE @q",
			     .rename = "ALTER TABLE @q RENAME",
			     .create_fn = mig__ddl_create_table },
	[MIG_KIND_COLUMN] = { .rename = "ALTER TABLE @t RENAME COLUMN @n",
			      .create_fn = mig__ddl_create_column,
			      .drop_fn = mig__ddl_drop_column,
			      .alter_fn = mig__ddl_alter_column },
	[MIG_KIND_DEFAULT] = { .create_fn = mig__ddl_create_default,
			       .drop_fn = mig__ddl_drop_default },
	[MIG_KIND_PRIMARY_KEY] = { CONSTRAINT },
	[MIG_KIND_UNIQUE] = { CONSTRAINT },
	[MIG_KIND_FOREIGN_KEY] = { CONSTRAINT },
	[MIG_KIND_CHECK] = { CONSTRAINT },
	[MIG_KIND_EXCLUSION] = { CONSTRAINT },
	[MIG_KIND_INDEX] = { .create_fn = create_index,
			     .drop_fn = mig__ddl_drop_index,
			     .alter_fn = alter_index,
			     .rename = "ALTER INDEX @q RENAME" },
	[MIG_KIND_VIEW] = { .create = "CREATE VIEW @q[options| WITH ($options)] AS\n$query",
			    .drop = "DROP VIEW @q",
			    .alter_fn = mig__ddl_alter_view,
			    .rename = "ALTER VIEW @q RENAME" },
	[MIG_KIND_MATERIALIZED_VIEW] = { .create = MATERIALIZED_VIEW,
					 .drop = "DROP MATERIALIZED VIEW @q",
					 .rename = "ALTER MATERIALIZED VIEW @q RENAME" },
	[MIG_KIND_FUNCTION] = { .drop = "DROP FUNCTION @f",
				.create_fn = mig__ddl_create_function,
				.alter_fn = mig__ddl_alter_function },
	[MIG_KIND_PROCEDURE] = { .drop = "DROP PROCEDURE @f",
				 .create_fn = mig__ddl_create_function,
				 .alter_fn = mig__ddl_alter_function },
	[MIG_KIND_AGGREGATE] = { .create = "CREATE AGGREGATE @f ($definition)",
				 .drop = "DROP AGGREGATE @f" },
	[MIG_KIND_TRIGGER] = { .create = "$definition",
			       .drop = "DROP TRIGGER @n ON @t",
			       .rename = "ALTER TRIGGER @n ON @t RENAME" },
	[MIG_KIND_RULE] = { .create = "$definition",
			    .drop = "DROP RULE @n ON @t",
			    .rename = "ALTER RULE @n ON @t RENAME" },
	[MIG_KIND_POLICY] = { .drop = "DROP POLICY @n ON @t",
			      .rename = "ALTER POLICY @n ON @t RENAME",
			      .create_fn = mig__ddl_create_policy,
			      .alter_fn = mig__ddl_alter_policy },
	[MIG_KIND_STATISTICS] = { .create = "$definition",
				  .drop = "DROP STATISTICS @q",
				  .rename = "ALTER STATISTICS @q RENAME" },
	[MIG_KIND_EVENT_TRIGGER] = { .create = EVENT_TRIGGER,
				     .drop = "DROP EVENT TRIGGER @n",
				     .rename = "ALTER EVENT TRIGGER @n RENAME" },
	[MIG_KIND_INHERITANCE] = { .create_fn = mig__ddl_create_inheritance,
				   .drop_fn = mig__ddl_drop_inheritance },
	[MIG_KIND_OWNERSHIP] = { .drop = "ALTER SEQUENCE @t OWNED BY NONE",
				 .create_fn = mig__ddl_create_ownership },
	/* dropped by a statement of its own: DROP NOT NULL would be done before it in the same one */
	[MIG_KIND_REPLICA_IDENTITY] = { .create = "+REPLICA IDENTITY USING INDEX $index",
					.drop = "ALTER TABLE @t REPLICA IDENTITY DEFAULT" },
	[MIG_KIND_ENUM_VALUE] = { .rename = "" },
	[MIG_KIND_OTHER] = { .create_fn = mig__ddl_create_other, .drop_fn = mig__ddl_drop_other },
};

/* -- the operations */

static void finish_parts(struct mig__ddl *d, const mig_op *op)
{
	const mig_object *o = op->to;

	for (const mig_object *c = o->child; c; c = c->next)
		if (c->kind == MIG_KIND_COLUMN)
			mig__ddl_finish(d, c);
	for (size_t i = 0; i < op->part_count; i++) {
		const mig_object *part = op->parts[i];

		if (part->kind != MIG_KIND_COLUMN && part->kind != MIG_KIND_DEFAULT)
			mig__ddl_finish(d, part);
		/* a view has its columns from its query */
		if (part->kind == MIG_KIND_DEFAULT && (mig__top(part)->kind == MIG_KIND_VIEW))
			mig__ddl_create_default(d, part);
	}
}

static void create(struct mig__ddl *d, const struct kind *kind)
{
	const mig_object *o = d->op->to;

	if (kind->create_fn) {
		kind->create_fn(d, o);
	} else if (kind->create) {
		mig__ddl_do(d, o, kind->create);
	}
	mig__ddl_finish(d, o);
	finish_parts(d, d->op);
}

static void drop(struct mig__ddl *d, const struct kind *kind)
{
	if (kind->drop_fn)
		kind->drop_fn(d, d->op->from);
	else if (kind->drop)
		mig__ddl_do(d, d->op->from, kind->drop);
}

static void alter(struct mig__ddl *d, const struct kind *kind)
{
	const mig_object *from = d->op->from, *to = d->op->to;

	if (kind->alter_fn && kind->alter_fn(d, from, to)) {
		mig__ddl_finish(d, to);
		return;
	}
	mig__ddl_aspects(d, from, to);
	mig__ddl_acl(d, from, to);
	if (!mig__attribute_same(from, to, "comment"))
		mig__ddl_comment(d, to);
}

static void rename_value(struct mig__ddl *d)
{
	const mig_object *from = d->op->from, *to = d->op->to;
	struct mig__buf *b = mig__ddl_begin(d);

	mig__ddl_put(b, from, "ALTER TYPE @t RENAME VALUE ");
	mig__pg_add_text(b, from->name, strlen(from->name));
	mig__buf_adds(b, " TO ");
	mig__pg_add_text(b, to->name, strlen(to->name));
	mig__ddl_end(d, 0);
}

static void move_table(struct mig__ddl *d, const mig_object *from, const mig_object *to)
{
	struct mig__buf *b = mig__ddl_begin(d);

	mig__ddl_put(b, from, "ALTER TABLE @q SET SCHEMA ");
	mig__ddl_name(b, to->schema);
	mig__ddl_end(d, 0);
}

static void rename_object(struct mig__ddl *d, const struct kind *kind)
{
	mig_object moved = *d->op->from;
	const mig_object *o = &moved, *to = d->op->to;
	struct mig__buf *b;

	if (o->kind == MIG_KIND_ENUM_VALUE) {
		rename_value(d);
		return;
	}
	if (o->kind == MIG_KIND_TABLE && to->schema && strcmp(o->schema, to->schema) != 0) {
		move_table(d, d->op->from, to);
		moved.schema = to->schema;
		if (!strcmp(o->name, to->name))
			return;
	}
	b = mig__ddl_begin(d);
	mig__ddl_put(b, o, o->parent && o->parent->kind == MIG_KIND_DOMAIN ? "ALTER DOMAIN @t RENAME CONSTRAINT @n"
									    : kind->rename);
	mig__buf_adds(b, " TO ");
	mig__ddl_name(b, d->op->to->name);
	mig__ddl_end(d, 0);
}

static void perform(struct mig__ddl *d, const mig_op *op)
{
	const mig_object *o = op->to ? op->to : op->from;
	const struct kind *kind = o->kind > 0 && (size_t)o->kind < sizeof kinds / sizeof *kinds
					  ? &kinds[o->kind]
					  : NULL;

	d->op = op;
	if (!kind || (op->type == MIG_OP_RENAME && !kind->rename)) {
		d->rc = mig__pg_report(d->conn, MIG_EUNSUPPORTED, NULL, NULL,
				       "\"%s\": operation %d is not known for objects of kind %d",
				       o->name, (int)op->type, (int)o->kind);
		return;
	}
	switch (op->type) {
	case MIG_OP_CREATE:
		create(d, kind);
		break;
	case MIG_OP_DROP:
		drop(d, kind);
		break;
	case MIG_OP_ALTER:
		alter(d, kind);
		break;
	case MIG_OP_RENAME:
		rename_object(d, kind);
		break;
	}
}

static void init(struct mig__ddl *d, mig_conn *conn, const mig_changes *changes,
		 const mig_sql_sink *sink)
{
	*d = (struct mig__ddl){
		.conn = conn, .changes = changes, .sink = sink, .perform = perform
	};
	mig__buf_init(&d->sql, &conn->alloc);
	mig__buf_init(&d->head, &conn->alloc);
	mig__buf_init(&d->text, &conn->alloc);
	mig__buf_init(&d->note, &conn->alloc);
}

static void finish(struct mig__ddl *d)
{
	mig__buf_finish(&d->sql);
	mig__buf_finish(&d->head);
	mig__buf_finish(&d->text);
	mig__buf_finish(&d->note);
	mig__free(&d->conn->alloc, d->links);
	mig__free(&d->conn->alloc, d->parents);
	mig__free(&d->conn->alloc, d->done);
	mig__free(&d->conn->alloc, d->continued);
	mig__free(&d->conn->alloc, d->casts);
}

/* A partitioned table's index that not every partition has is made when all of these are attached:
 * attaching would create it there. */
static int is_late(const mig_op *op)
{
	const mig_object *o = op->to;

	return op->type == MIG_OP_CREATE &&
	       ((o->kind != MIG_KIND_TABLE && mig__attribute(o, "only")) ||
		(o->kind == MIG_KIND_INHERITANCE && o->parent->kind != MIG_KIND_TABLE));
}

/* An older core does not have the member. */
static int is_apart(const mig_changes *changes)
{
	return changes->struct_size >= offsetof(mig_changes, apart) + sizeof changes->apart &&
	       changes->apart;
}

mig_status mig__pg_ddl(mig_conn *conn, const mig_changes *changes, const mig_sql_sink *sink)
{
	struct mig__ddl d;
	mig_status rc;

	init(&d, conn, changes, sink);
	d.rc = mig__ddl_link_ops(&d);
	for (size_t i = 0; i < changes->op_count; i++)
		d.leaving += (size_t)mig__ddl_leaves_identity(changes->ops[i]);
	if (!d.rc)
		d.rc = mig__ddl_find_parents(&d);
	if (!d.rc)
		d.rc = mig__ddl_ask_casts(&d);
	d.apart = is_apart(changes);
	d.lone = !d.rc && (d.apart || mig__ddl_needs_lone(&d));
	for (int late = 0; late < 2; late++)
		for (size_t i = 0; !d.rc && i < changes->op_count; i++)
			if (!d.done[i] && is_late(changes->ops[i]) == late)
				perform(&d, changes->ops[i]);
	mig__ddl_flush(&d);
	mig__ddl_validate_checks(&d);
	mig__ddl_reindex(&d);
	rc = d.rc;
	finish(&d);
	return rc;
}

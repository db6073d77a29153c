/* ddl: operations to SQL. Operations on one table are done together, at the place of the first: by
 * ALTER TABLE where SQLite has it and it is not more work, otherwise by one rebuild. */
#include "dialect/sqlite/schema/objects.h"
#include "dialect/sqlite/sql/quote.h"

#include "base/ascii.h"
#include "base/shown.h"

#include <string.h>

mig_status mig__sqlite_emit(struct mig__sqlite_ddl *d, const mig_op *op, const char *comment)
{
	mig_status rc = d->buf.failed ? mig__sqlite_nomem(d->conn)
				      : d->sink->statement(d->sink->user, mig__buf_text(&d->buf),
							   d->buf.len, op, d->kind, comment);

	d->kind = 0;
	mig__buf_clear(&d->buf);
	return rc;
}

/* -- changes of a table */

/* Whether ADD COLUMN can do it: https://www.sqlite.org/lang_altertable.html#altertabaddcol */
static int can_add(const mig_object *column)
{
	const mig_object *fallback = mig__child(column, MIG_KIND_DEFAULT, NULL);
	const char *value = fallback ? mig__attribute(fallback, "expression") : "null";

	if (mig__attribute(column, "generated"))
		return !mig__attribute(column, "generated_kind");
	if (mig__attribute(column, "not_null") && !strcmp(value, "null"))
		return 0;
	return value[0] != '(' && strncmp(value, "current_", 8) != 0;
}

/* Whether it can stand in the column's definition there. */
static int can_add_with(const mig_object *o, const mig_object *column)
{
	const char *in = mig__attribute(o, ".inline");
	const mig_object *fallback = mig__child(column, MIG_KIND_DEFAULT, NULL);

	if (!in || mig__ascii_compare(in, column->name) != 0)
		return 0;
	return o->kind == MIG_KIND_CHECK ||
	       (o->kind == MIG_KIND_FOREIGN_KEY &&
		(!fallback || !strcmp(mig__attribute(fallback, "expression"), "null")));
}

/* DROP COLUMN refuses a column that anything else mentions. */
static int can_drop(const struct mig__sqlite_ddl *d, const mig_object *column)
{
	for (const mig_object *o = column->parent->child; o; o = o->next)
		for (size_t i = 0; o != column && i < o->attribute_count; i++)
			if (strcmp(o->attributes[i].key, ".inline") != 0 &&
			    mig__sqlite_mentions(o->attributes[i].value, column->name))
				return 0;
	for (const mig_object *o = d->changes->before; o; o = o->next) {
		if (o->kind == MIG_KIND_VIEW &&
		    mig__sqlite_mentions(mig__attribute(o, ".sql"), column->name))
			return 0;
		for (const mig_object *c = o->child; c; c = c->next)
			if (c->kind == MIG_KIND_TRIGGER &&
			    mig__sqlite_mentions(mig__attribute(c, ".sql"), column->name))
				return 0;
	}
	return 1;
}

/* The operations of one table. */
struct group {
	uint32_t first; /* plus 1 */
	const mig_op **at;
	size_t count;
};

static int is_inside(int32_t kind)
{
	return kind == MIG_KIND_COLUMN || kind == MIG_KIND_DEFAULT ||
	       mig__sqlite_is_constraint(kind);
}

static const mig_object *object_of(const mig_op *op)
{
	return op->to ? op->to : op->from;
}

/* Whether all are new columns, with what stands in their definitions. */
static int only_adds(const struct group *g)
{
	for (size_t i = 0; i < g->count; i++) {
		const mig_object *o = g->at[i]->to;
		int fits = 0;

		if (g->at[i]->type != MIG_OP_CREATE)
			return 0;
		if (o->kind == MIG_KIND_COLUMN)
			fits = can_add(o);
		for (size_t k = 0; o->kind != MIG_KIND_COLUMN && !fits && k < g->count; k++)
			fits = g->at[k]->to && g->at[k]->to->kind == MIG_KIND_COLUMN &&
			       can_add_with(o, g->at[k]->to);
		if (!fits)
			return 0;
	}
	return 1;
}

static mig_status add_columns(struct mig__sqlite_ddl *d, const struct group *g)
{
	mig_status rc = MIG_OK;

	for (size_t i = 0; !rc && i < g->count; i++) {
		const mig_object *o = g->at[i]->to;
		const char *sql = mig__attribute(o, ".sql");

		if (o->kind != MIG_KIND_COLUMN)
			continue;
		mig__buf_adds(&d->buf, "ALTER TABLE ");
		mig__sqlite_add_word(&d->buf, o->parent->name);
		mig__buf_adds(&d->buf, " ADD COLUMN ");
		if (sql)
			mig__buf_adds(&d->buf, sql);
		else
			mig__sqlite_add_column(&d->buf, o, mig__child(o, MIG_KIND_DEFAULT, NULL));
		rc = mig__sqlite_emit(d, g->at[i], NULL);
	}
	return rc;
}

static mig_status drop_column(struct mig__sqlite_ddl *d, const mig_op *op)
{
	mig__buf_adds(&d->buf, "ALTER TABLE ");
	mig__sqlite_add_word(&d->buf, op->from->parent->name);
	mig__buf_adds(&d->buf, " DROP COLUMN ");
	mig__sqlite_add_word(&d->buf, op->from->name);
	return mig__sqlite_emit(d, op, NULL);
}

/* The destructive one, so that the statement is marked. */
static const mig_op *worst(const struct group *g)
{
	for (size_t i = 0; i < g->count; i++)
		if (g->at[i]->flags & MIG_OP_DESTRUCTIVE)
			return g->at[i];
	return g->at[0];
}

static mig_status change_table(struct mig__sqlite_ddl *d, const struct group *g)
{
	const mig_object *o = mig__top(object_of(g->at[0]));
	int is_new = object_of(g->at[0]) != g->at[0]->from;
	const mig_object *from = is_new ? o->other : o, *to = is_new ? o : o->other;

	if (!from || !to) /* it comes or goes as a whole */
		return MIG_OK;
	if (only_adds(g))
		return add_columns(d, g);
	if (g->count == 1 && g->at[0]->type == MIG_OP_DROP &&
	    g->at[0]->from->kind == MIG_KIND_COLUMN && can_drop(d, g->at[0]->from))
		return drop_column(d, g->at[0]);
	return mig__sqlite_rebuild(d, from, to, g->first, worst(g));
}

/* -- the walk */

/* Operations by table, in lists over their positions. */
struct walk {
	struct mig__sqlite_ddl d;
	struct mig__arena arena;
	uint32_t *first;            /* by group: position of its first operation, plus 1 */
	uint32_t *next;             /* by operation, plus 1 */
	uint32_t *group;            /* by operation */
	uint8_t *created, *changed; /* by group */
	size_t groups;
};

static mig_status sort_by_table(struct walk *w)
{
	size_t n = w->d.changes->op_count;
	uint32_t *last = mig__arena_zalloc(&w->arena, n + 1, sizeof *last);

	w->first = mig__arena_zalloc(&w->arena, n + 1, sizeof *w->first);
	w->next = mig__arena_zalloc(&w->arena, n + 1, sizeof *w->next);
	w->group = mig__arena_zalloc(&w->arena, n + 1, sizeof *w->group);
	w->created = mig__arena_zalloc(&w->arena, n + 1, 1);
	w->changed = mig__arena_zalloc(&w->arena, n + 1, 1);
	w->d.done = mig__arena_zalloc(&w->arena, n + 1, 1);
	if (!last || !w->first || !w->next || !w->group || !w->created || !w->changed || !w->d.done)
		return mig__sqlite_nomem(w->d.conn);
	w->d.next = w->next;
	w->d.arena = &w->arena;
	for (size_t i = 0; i < n; i++) {
		const mig_op *op = w->d.changes->ops[i];
		const char *name = mig__top(object_of(op))->name;
		size_t size = strlen(name);
		char *key = mig__arena_strndup(&w->arena, name, size);
		uint32_t g;

		for (size_t k = 0; key && k < size; k++)
			if (key[k] >= 'A' && key[k] <= 'Z')
				key[k] = (char)(key[k] + 32);
		g = key ? mig__map_get(&w->d.tops, key, size) : MIG__NONE;
		if (g == MIG__NONE) {
			g = (uint32_t)w->groups++;
			if (!key || !mig__map_add(&w->d.tops, key, size, g, NULL))
				return mig__sqlite_nomem(w->d.conn);
		}
		if (last[g])
			w->next[last[g] - 1] = (uint32_t)i + 1;
		else
			w->first[g] = (uint32_t)i + 1;
		last[g] = (uint32_t)i + 1;
		w->group[i] = g;
		w->created[g] |= op->type == MIG_OP_CREATE && op->to->kind == MIG_KIND_TABLE;
	}
	return MIG_OK;
}

/* All that is to be done inside the table of a group, if it is not done yet. */
static mig_status change_group(struct walk *w, uint32_t g)
{
	struct group group = { .first = w->first[g] };
	mig_status rc = MIG_OK;

	if (w->changed[g])
		return MIG_OK;
	w->changed[g] = 1;
	for (uint32_t i = w->first[g]; i; i = w->next[i - 1])
		group.count++;
	group.at = mig__arena_zalloc(&w->arena, group.count + 1, sizeof(const mig_op *));
	if (!group.at)
		return mig__sqlite_nomem(w->d.conn);
	group.count = 0;
	for (uint32_t i = w->first[g]; i; i = w->next[i - 1]) {
		const mig_op *op = w->d.changes->ops[i - 1];
		int32_t kind = object_of(op)->kind;

		if (op->type == MIG_OP_RENAME || w->d.done[i - 1] ||
		    !(is_inside(kind) || (kind == MIG_KIND_TABLE && op->type == MIG_OP_ALTER)))
			continue;
		w->d.done[i - 1] = 1;
		group.at[group.count++] = op;
	}
	if (group.count && !w->created[g])
		rc = change_table(&w->d, &group);
	return rc;
}

static mig_status rename_object(struct mig__sqlite_ddl *d, const mig_op *op)
{
	if (op->from->parent && op->from->kind != MIG_KIND_COLUMN)
		return mig__sqlite_report(d->conn, MIG_EUNSUPPORTED, NULL,
					  "drop it, and create it with the new name",
					  "\"%s\": SQLite renames only tables and columns",
					  op->from->name);
	mig__buf_adds(&d->buf, "ALTER TABLE ");
	mig__sqlite_add_word(&d->buf, mig__top(op->from)->name);
	if (op->from->kind == MIG_KIND_COLUMN) {
		mig__buf_adds(&d->buf, " RENAME COLUMN ");
		mig__sqlite_add_word(&d->buf, op->from->name);
		mig__buf_adds(&d->buf, " TO ");
	} else {
		mig__buf_adds(&d->buf, " RENAME TO ");
	}
	mig__sqlite_add_word(&d->buf, op->to->name);
	return mig__sqlite_emit(d, op, NULL);
}

static mig_status drop_object(struct mig__sqlite_ddl *d, const mig_op *op)
{
	mig__buf_adds(&d->buf, op->from->kind == MIG_KIND_TABLE   ? "DROP TABLE "
			       : op->from->kind == MIG_KIND_VIEW  ? "DROP VIEW "
			       : op->from->kind == MIG_KIND_INDEX ? "DROP INDEX "
								  : "DROP TRIGGER ");
	mig__sqlite_add_word(&d->buf, op->from->name);
	return mig__sqlite_emit(d, op, NULL);
}

static mig_status create_object(struct walk *w, const mig_op *op, uint32_t g)
{
	struct mig__buf remark;
	mig_status rc = MIG_OK;

	if (op->to->kind == MIG_KIND_TABLE) {
		struct mig__sqlite_table t;

		rc = mig__sqlite_table_of(&w->d, op->to, &t);
		if (rc)
			return rc;
		mig__sqlite_add_table(&w->d.buf, &t, op->to->name);
		return mig__sqlite_emit(&w->d, op, NULL);
	}
	if (op->to->kind == MIG_KIND_SCHEMA)
		return mig__sqlite_report(w->d.conn, MIG_EUNSUPPORTED, NULL,
					  "declare its tables without a schema",
					  "schema \"%s\": SQLite has no schemas", op->to->name);
	if (op->to->kind == MIG_KIND_INDEX || op->to->kind == MIG_KIND_TRIGGER)
		rc = change_group(w, g);
	if (rc)
		return rc;
	mig__sqlite_add_create(&w->d.buf, op->to);
	mig__buf_init(&remark, &w->d.conn->alloc);
	if (op->to->kind == MIG_KIND_INDEX && !w->created[g])
		mig__sqlite_index_remark(op->to, &remark);
	rc = remark.failed ? mig__sqlite_nomem(w->d.conn)
			   : mig__sqlite_emit(&w->d, op, mig__buf_text(&remark));
	mig__buf_finish(&remark);
	return rc;
}

static mig_status do_one(struct walk *w, size_t i)
{
	const mig_op *op = w->d.changes->ops[i];
	int32_t kind = object_of(op)->kind;

	if (op->type == MIG_OP_RENAME)
		return rename_object(&w->d, op);
	if (is_inside(kind) || (kind == MIG_KIND_TABLE && op->type == MIG_OP_ALTER))
		return change_group(w, w->group[i]);
	w->d.done[i] = 1;
	if (op->type == MIG_OP_CREATE)
		return create_object(w, op, w->group[i]);
	return op->type == MIG_OP_DROP ? drop_object(&w->d, op) : MIG_OK;
}

mig_status mig__sqlite_ddl(mig_conn *conn, const mig_changes *changes, const mig_sql_sink *sink)
{
	struct walk w = { .d = { .conn = conn, .changes = changes, .sink = sink } };
	mig_status rc;

	mig__arena_init(&w.arena, &conn->alloc);
	mig__map_init(&w.d.tops, &conn->alloc);
	mig__buf_init(&w.d.buf, &conn->alloc);
	rc = sort_by_table(&w);
	for (size_t i = 0; !rc && i < changes->op_count; i++)
		if (!w.d.done[i])
			rc = do_one(&w, i);
	mig__buf_finish(&w.d.buf);
	mig__map_finish(&w.d.tops);
	mig__arena_finish(&w.arena);
	return rc;
}

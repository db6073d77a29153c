/* edit: the operations of a revision in C, gathered and then done together. The schema is read,
 * a copy is changed, and the difference of the two is rendered and run: so SQLite rebuilds a
 * table once, however many changes it gets. Not the public functions: api/op.c.
 *
 * An operation is a thing (table, column, constraint or index) and what becomes of it (added,
 * dropped, altered, renamed). What was added is dropped by the way back, what was renamed gets its
 * name back; the others have no reverse. */
#include "migrate/edit.h"

#include "migrate/check.h"

#include <string.h>

/* -- the schema with the changes */

enum mark { LEAVE, REMOVE, REPLACE, TOUCH };

struct copying {
	struct mig__db *db;
	struct mig__schema before, after;
	uint8_t *marks;             /* of before's objects: enum mark */
	const mig_column **columns; /* REPLACE: by which */
	uint32_t *numbers;          /* of before's objects in after */
};

static const mig_object *find_table(const struct copying *c, const struct mig__edit *e)
{
	const char *schema = e->schema && e->schema[0] ? e->schema : mig__db_default_schema(c->db);

	for (const mig_object *o = mig__schema_first(&c->before); o; o = o->next)
		if (o->kind == MIG_KIND_TABLE && !strcmp(o->name, e->name) &&
		    !strcmp(o->schema, schema))
			return o;
	if (schema == e->schema) {
		mig__fail(c->db->err, MIG_ENOTFOUND, "there is no table %s.%s", schema, e->name);
	} else {
		mig__fail(c->db->err, MIG_ENOTFOUND, "there is no table %s", e->name);
		if (schema[0])
			mig__error_set_hint(c->db->err,
					    "it was looked for in the schema %s, where unqualified "
					    "tables are created; name another one if it is meant",
					    schema);
	}
	return NULL;
}

static const mig_object *find_part(const struct copying *c, const struct mig__edit *e, int column)
{
	const mig_object *table = find_table(c, e);

	for (const mig_object *o = table ? table->child : NULL; o; o = o->next)
		if ((o->kind == MIG_KIND_COLUMN) == column && o->kind != MIG_KIND_DEFAULT &&
		    !strcmp(o->name, e->part))
			return o;
	if (table)
		mig__fail(c->db->err, MIG_ENOTFOUND, "there is no %s %s.%s",
			  column ? "column" : "constraint or index", e->name, e->part);
	return NULL;
}

static const mig_object *find(const struct copying *c, const struct mig__edit *e)
{
	return e->thing == MIG__THE_TABLE ? find_table(c, e)
					  : find_part(c, e, e->thing == MIG__THE_COLUMN);
}

/* Marks what the edit takes away or changes. Its text in full no longer fits a table of which a
 * part is changed. */
static mig_status mark(struct copying *c, const struct mig__edit *e)
{
	const mig_object *o;

	if (e->becomes == MIG__ADDED && e->thing == MIG__THE_TABLE)
		return MIG_OK;
	o = e->becomes == MIG__ADDED ? find_table(c, e) : find(c, e);
	if (!o)
		return MIG_ENOTFOUND;
	if (e->becomes == MIG__ADDED) {
		c->marks[mig__number(o)] = TOUCH;
		return MIG_OK;
	}
	c->marks[mig__number(o)] = e->becomes == MIG__ALTERED ? REPLACE : REMOVE;
	c->columns[mig__number(o)] = e->column;
	if (o->parent)
		c->marks[mig__number(o->parent)] = TOUCH;
	return MIG_OK;
}

/* What is gone with its parent, or made anew with it; a constraint or index goes with each column
 * that it is about. */
static int goes_with_parent(const struct copying *c, const mig_object *o)
{
	for (size_t i = 0; o->parent && i < o->need_count; i++)
		if (o->needs[i]->parent == o->parent &&
		    c->marks[mig__number(o->needs[i])] == REMOVE)
			return 1;
	return o->parent && (c->numbers[mig__number(o->parent)] == MIG_LEFT_OUT ||
			     c->marks[mig__number(o->parent)] == REPLACE);
}

static mig_status copy_touched(struct copying *c, const mig_object *o, uint32_t parent,
			       uint32_t *number)
{
	mig_attribute *kept = mig__calloc(c->db->err->alloc, o->attribute_count + 1, sizeof *kept);
	mig_object copy = *o;
	mig_status rc;

	if (!kept)
		return mig__fail_nomem(c->db->err);
	copy.attributes = kept;
	copy.attribute_count = 0;
	for (size_t i = 0; i < o->attribute_count; i++)
		if (o->attributes[i].key[0] != '.')
			kept[copy.attribute_count++] = o->attributes[i];
	rc = mig__schema_add(&c->after, &copy, parent, number);
	mig__free(c->db->err->alloc, kept);
	return rc;
}

static mig_status copy_object(struct copying *c, const mig_object *o)
{
	uint32_t n = mig__number(o);
	uint32_t parent = o->parent ? c->numbers[mig__number(o->parent)] : MIG_NO_OBJECT;

	c->numbers[n] = MIG_LEFT_OUT;
	if (c->marks[n] == REMOVE || goes_with_parent(c, o))
		return MIG_OK;
	if (c->marks[n] == REPLACE) {
		c->numbers[n] = (uint32_t)c->after.count;
		return mig__declare_column(c->db, c->columns[n], parent, &c->after);
	}
	if (c->marks[n] == TOUCH)
		return copy_touched(c, o, parent, &c->numbers[n]);
	return mig__schema_add(&c->after, o, parent, &c->numbers[n]);
}

static mig_status copy_all(struct copying *c)
{
	mig_status rc = MIG_OK;

	for (size_t i = 0; !rc && i < c->before.count; i++)
		rc = copy_object(c, &c->before.at[i]->pub);
	for (size_t i = 0; !rc && i < c->before.edge_count; i++) {
		const struct mig__edge *e = &c->before.edges[i];

		rc = mig__schema_need(&c->after, c->numbers[e->from], c->numbers[e->to], e->need);
	}
	return rc;
}

/* The number of a declared enum, which is added if it is missing; MIG_NO_OBJECT if there is none.
 */
static mig_status find_enum(struct copying *c, const struct mig__enum *e, uint32_t *number)
{
	const char *schema = e->schema && e->schema[0] ? e->schema : mig__db_default_schema(c->db);

	*number = MIG_NO_OBJECT;
	for (uint32_t i = 0; i < c->after.count; i++) {
		const mig_object *o = &c->after.at[i]->pub;

		if (o->kind == MIG_KIND_ENUM && !strcmp(o->name, e->name) &&
		    !strcmp(schema, o->schema)) {
			*number = i;
			return MIG_OK;
		}
	}
	if (c->db->dialect->capabilities & MIG_CAN_ENUMS)
		*number = (uint32_t)c->after.count;
	return mig__declare_enum(c->db, e, &c->after);
}

/* The column of the table needs its type. */
static mig_status need_enum(struct copying *c, const mig_column *column, uint32_t table)
{
	const struct mig__enum *e = mig__model_find_enum(column->table->model, column->type);
	const mig_object *o;
	uint32_t number;
	mig_status rc;

	if (!column->is_enum || !e)
		return MIG_OK; /* that it is not declared is told by the column */
	rc = find_enum(c, e, &number);
	o = mig__child(&c->after.at[table]->pub, MIG_KIND_COLUMN, column->name);
	return rc || !o ? rc : mig__schema_need(&c->after, mig__number(o), number, MIG_NEED);
}

static mig_status add_table(struct copying *c, const struct mig__edit *e)
{
	uint32_t number = MIG_NO_OBJECT;
	mig_status rc = mig__declare_table(c->db, e->table, &c->after, &number);

	for (const mig_column *k = e->table->columns; !rc && k; k = k->next)
		rc = need_enum(c, k, number);
	return rc ? rc : mig__declare_items(c->db, e->table, number, &c->after);
}

/* The table that has what is added, in the copy. */
static uint32_t table_after(const struct copying *c, const struct mig__edit *e)
{
	return c->numbers[mig__number(find_table(c, e))];
}

static mig_status add_column(struct copying *c, const struct mig__edit *e)
{
	uint32_t number = table_after(c, e);
	mig_status rc = mig__declare_column(c->db, e->column, number, &c->after);

	return rc ? rc : need_enum(c, e->column, number);
}

/* The column itself was copied as it was declared. */
static mig_status alter_column(struct copying *c, const struct mig__edit *e)
{
	return need_enum(c, e->column, table_after(c, e));
}

static mig_status add_items(struct copying *c, const struct mig__edit *e)
{
	return mig__declare_items(c->db, e->table, table_after(c, e), &c->after);
}

/* A thing: how it is called, and how what was declared of it comes into the copy. To add one: a row
 * here, and where find() looks for it. */
static const struct thing {
	const char *one;
	mig_status (*add)(struct copying *c, const struct mig__edit *e);
	mig_status (*alter)(struct copying *c, const struct mig__edit *e); /* NULL: it cannot be */
} things[] = {
	[MIG__THE_TABLE] = { "a table", add_table, NULL },
	[MIG__THE_COLUMN] = { "a column", add_column, alter_column },
	[MIG__THE_ITEM] = { "a constraint or index", add_items, NULL },
};

static mig_status add(struct copying *c, const struct mig__edit *e)
{
	if (e->becomes == MIG__ADDED)
		return things[e->thing].add(c, e);
	return e->becomes == MIG__ALTERED ? things[e->thing].alter(c, e) : MIG_OK;
}

/* -- gathering */

/* What has no reverse, in words. */
static const char *const lossy[] = {
	[MIG__DROPPED] = "drops", [MIG__ALTERED] = "alters", [MIG__RENAMED] = NULL
};

mig_status mig__edits_add(struct mig__edits *edits, struct mig__db *db, const struct mig__edit *e)
{
	if (edits->reverse && lossy[e->becomes])
		return mig__fail(db->err, MIG_EIRREVERSIBLE,
				 "the upgrade %s %s, which has no reverse", lossy[e->becomes],
				 things[e->thing].one);
	if (!mig__grow(edits->alloc, (void **)&edits->at, &edits->cap, edits->count + 1,
		       sizeof *edits->at))
		return mig__fail_nomem(db->err);
	edits->at[edits->count++] = *e;
	return MIG_OK;
}

void mig__edits_finish(struct mig__edits *edits)
{
	mig__free(edits->alloc, edits->at);
	if (edits->has_model)
		mig__model_finish(&edits->model);
	*edits = (struct mig__edits){ 0 };
}

/* -- doing it */

static uint32_t change(void *user, const mig_object *from, const mig_object *to)
{
	return ((struct copying *)user)->db->dialect->schema->change(from, to);
}

/* Outside a transaction the operations get one of their own, so that a process that dies in the
 * middle of a rebuild leaves the old table. */
static mig_status begin_own(struct mig__db *db, int *own)
{
	int32_t inside = 0;
	mig_status rc = db->dialect->conn->in_transaction(db->conn, &inside);

	*own = 0;
	if (rc || inside)
		return rc;
	rc = mig__db_begin(db);
	*own = !rc;
	return rc;
}

/* After an error it is undone, and the error kept. */
static mig_status end_own(struct mig__db *db, mig_status rc)
{
	struct mig__error kept;
	int32_t open = 0;

	if (!rc)
		rc = mig__db_commit(db, 0);
	if (!rc)
		return MIG_OK;
	kept = mig__error_take(db->err);
	if (!db->dialect->conn->in_transaction(db->conn, &open) && open)
		db->dialect->conn->rollback(db->conn);
	mig__error_put_back(db->err, kept);
	return rc;
}

/* What cannot be in a transaction is run between two of them. */
static mig_status run_alone(struct mig__db *db, const struct mig__statement *st)
{
	int own;
	mig_status rc = mig__db_commit(db, 0);

	if (!rc)
		rc = db->dialect->conn->run_statement(db->conn, st->text, st->size);
	return rc ? rc : begin_own(db, &own);
}

/* Foreign keys are off for as long as it takes, if it has a rebuild. */
static mig_status run(struct mig__db *db, const struct mig__sql *sql, int own)
{
	mig_status (*keys)(mig_conn *, int32_t) =
		sql->keys_off ? MIG__CONN_SLOT(db, foreign_keys) : NULL;
	mig_status rc = keys ? keys(db->conn, -1) : MIG_OK;

	for (size_t i = 0; !rc && i < sql->count; i++) {
		const struct mig__statement *st = &sql->at[i];

		if (own && st->kind & MIG_STATEMENT_LONE)
			rc = run_alone(db, st);
		else if (st->kind & MIG_STATEMENT_CHECK)
			rc = mig__check_run(db, st->comment, st->text, st->size);
		else
			rc = db->dialect->conn->run_statement(db->conn, st->text, st->size);
	}
	if (rc == MIG_ECHECK)
		mig__error_set_hint(db->err, "change the values before, in a statement of the revision");
	/* after an error the revision has failed, and they go back with everything else */
	return rc || !keys ? rc : keys(db->conn, 0);
}

static mig_status run_difference(struct copying *c, int own)
{
	struct mig__diff_hooks hooks = { .user = c,
					 .change = change,
					 .holds = c->db->dialect->schema->holds };
	struct mig__ops ops = { 0 };
	struct mig__sql sql;
	mig_status rc;

	mig__sql_init(&sql, c->db->err->alloc);
	rc = mig__diff(&c->before, &c->after, &hooks, &ops);
	if (!rc)
		rc = mig__sql_render(&sql, c->db, &ops, mig__schema_first(&c->before),
				     mig__schema_first(&c->after));
	if (!rc)
		rc = run(c->db, &sql, own);
	mig__sql_finish(&sql);
	mig__ops_finish(&ops);
	return rc;
}

/* Edits without renames, all at once. */
static mig_status apply(struct mig__db *db, const struct mig__edit *at, size_t count, int own)
{
	const struct mig__alloc *alloc = db->err->alloc;
	struct copying c = { .db = db };
	mig_status rc;

	mig__schema_init(&c.after, alloc, db->err);
	rc = mig__db_find_default_schema(db);
	if (!rc)
		rc = mig__inspect(db, &c.before);
	c.marks = mig__calloc(alloc, c.before.count + 1, 1);
	c.columns = mig__calloc(alloc, c.before.count + 1, sizeof *c.columns);
	c.numbers = mig__calloc(alloc, c.before.count + 1, sizeof *c.numbers);
	if (!rc && (!c.marks || !c.columns || !c.numbers))
		rc = mig__fail_nomem(db->err);
	for (size_t i = 0; !rc && i < count; i++)
		rc = mark(&c, &at[i]);
	if (!rc)
		rc = copy_all(&c);
	for (size_t i = 0; !rc && i < count; i++)
		rc = add(&c, &at[i]);
	if (!rc)
		rc = mig__schema_done(&c.after);
	if (!rc)
		rc = run_difference(&c, own);
	mig__free(alloc, c.marks);
	mig__free(alloc, c.columns);
	mig__free(alloc, c.numbers);
	mig__schema_finish(&c.before);
	mig__schema_finish(&c.after);
	return rc;
}

static mig_status apply_rename(struct mig__db *db, const struct mig__edit *e, int own)
{
	struct copying c = { .db = db };
	struct mig__sql sql;
	const mig_object *o;
	mig_object to;
	mig_op op = { .struct_size = sizeof op, .type = MIG_OP_RENAME };
	struct mig__ops ops = { .at = &op, .count = 1 };
	mig_status rc = mig__db_find_default_schema(db);

	if (!rc)
		rc = mig__inspect(db, &c.before);

	mig__sql_init(&sql, db->err->alloc);
	if (!rc) {
		o = find(&c, e);
		if (o) {
			to = *o;
			to.name = e->to;
			op.from = o;
			op.to = &to;
			rc = mig__sql_render(&sql, db, &ops, mig__schema_first(&c.before),
					     mig__schema_first(&c.before));
		} else {
			rc = MIG_ENOTFOUND;
		}
	}
	if (!rc)
		rc = run(db, &sql, own);
	mig__sql_finish(&sql);
	mig__schema_finish(&c.before);
	return rc;
}

/* Or takes it away. */
static int makes_table(const struct mig__edit *e)
{
	return e->thing == MIG__THE_TABLE && e->becomes != MIG__RENAMED;
}

/* Whether an edit is about something that an edit not yet done makes or changes. */
static int touches(const struct mig__edit *at, size_t count, const struct mig__edit *e)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(at[i].name, e->name) &&
		    (makes_table(&at[i]) || makes_table(e) ||
		     (at[i].part && e->part && !strcmp(at[i].part, e->part))))
			return 1;
	return 0;
}

static int is_rename(const struct mig__edit *e)
{
	return e->becomes == MIG__RENAMED;
}

/* The edits in their order, as many at once as do not touch each other. */
static mig_status apply_all(const struct mig__edits *edits, struct mig__db *db, int own)
{
	mig_status rc = MIG_OK;
	size_t from = 0, to;

	while (!rc && from < edits->count) {
		const struct mig__edit *at = edits->at + from;

		if (is_rename(at)) {
			rc = apply_rename(db, at, own);
			from++;
			continue;
		}
		for (to = from + 1; to < edits->count && !is_rename(&edits->at[to]) &&
				    !touches(at, to - from, &edits->at[to]);
		     to++)
			;
		rc = apply(db, at, to - from, own);
		from = to;
	}
	return rc;
}

mig_status mig__edits_flush(struct mig__edits *edits, struct mig__db *db)
{
	mig_status rc = MIG_OK;
	int own = 0;

	if (edits->reverse)
		return MIG_OK;
	if (edits->has_model && edits->model.status)
		return mig__fail(db->err, edits->model.status, "%s",
				 edits->model.mistake ? edits->model.mistake : "out of memory");
	if (edits->count)
		rc = begin_own(db, &own);
	if (!rc)
		rc = apply_all(edits, db, own);
	edits->count = 0;
	return own ? end_own(db, rc) : rc;
}

/* -- the way back */

/* Appends the dropping of each constraint and index that was added to a table. */
static mig_status undo_items(struct mig__edits *out, struct mig__db *db, const struct mig__edit *e)
{
	struct mig__edit back = *e;
	mig_status rc = MIG_OK;

	back.becomes = MIG__DROPPED;
	for (const struct mig__item *i = e->table->items; !rc && i; i = i->next) {
		back.part = mig__model_name(e->table->model, &out->model.arena, e->table, i);
		rc = back.part ? mig__edits_add(out, db, &back) : mig__fail_nomem(db->err);
	}
	return rc;
}

/* Appends the reverse of one edit; those that have none were refused before. */
static mig_status undo(struct mig__edits *out, struct mig__db *db, const struct mig__edit *e)
{
	struct mig__edit back = *e;
	const char **old = e->thing == MIG__THE_TABLE ? &back.name : &back.part;

	if (e->becomes == MIG__ADDED && e->thing == MIG__THE_ITEM)
		return undo_items(out, db, e);
	if (e->becomes == MIG__ADDED) {
		back.becomes = MIG__DROPPED;
	} else {
		back.to = *old;
		*old = e->to;
	}
	return mig__edits_add(out, db, &back);
}

mig_status mig__edits_end(struct mig__edits *edits, struct mig__db *db)
{
	struct mig__edits back = { .alloc = edits->alloc, .has_model = 1 };
	mig_status rc = MIG_OK;

	if (!edits->reverse)
		return mig__edits_flush(edits, db);
	mig__model_init(&back.model, edits->alloc, db->dialect);
	for (size_t i = edits->count; !rc && i > 0; i--)
		rc = undo(&back, db, &edits->at[i - 1]);
	if (!rc)
		rc = mig__edits_flush(&back, db);
	mig__edits_finish(&back);
	return rc;
}

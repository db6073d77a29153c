/* snapshot_make: making a snapshot, and proving it.
 *
 *     replay A (one clock, one time zone)    → dump of A: the snapshot
 *     replay B (another clock and time zone) → dump of B: the same text, or a revision is not
 *                                              the same each time
 *     the snapshot in an empty database      → its dump: the same text, and the same objects as A by
 *                                              both opinions
 *
 * A dump is a script: the objects that rows need, the rows, the other objects. It has the whole
 * database in it, so comparing two databases is comparing two texts. */
#include "migrate/snapshot.h"

#include "migrate/scratch.h"
#include "schema/rows.h"

#include <string.h>

enum {
	MOST_BYTES = 16 * 1024 * 1024, /* of a snapshot */
	SHOWN = 100 /* bytes of a statement in an error */
};

struct making {
	struct mig__run *run; /* whose revisions */
	struct mig__db *db;
	const struct mig__alloc *alloc;
	struct mig__error *err;
	void (*end_statements)(mig_stmt **);
	struct mig__schema empty; /* of a new database */
};

/* -- scratches */

enum { BETWEEN = 2 }; /* neither side: as an empty database is */

static mig_status open_scratch(struct making *m, int32_t side, struct mig__db *out)
{
	mig_conn *conn = NULL;
	mig_status rc;

	*out = (struct mig__db){ .dialect = m->db->dialect,
				 .err = m->err,
				 .version_table = m->db->version_table,
				 .history_table = m->db->history_table };
	rc = side == BETWEEN ? mig__db_scratch(m->db, &conn) : mig__db_scratch_apart(m->db, side, &conn);
	out->conn = conn;
	return rc;
}

/* A step at which a replay is looked at, and ends. */
struct probe {
	struct making *making;
	size_t at, seen; /* steps */
	const char *revision; /* of that step */
	uint8_t digest[MIG__DIGEST_SIZE];
	int done;
};

/* All revisions, or those up to the probe's step. */
static mig_status replay(struct making *m, struct mig__db *scratch, mig_step_fn after, void *user)
{
	struct mig__run run = { .alloc = m->alloc,
				.err = m->err,
				.db = scratch,
				.world = m->run->world,
				.options = { .struct_size = sizeof run.options,
					     .transaction_mode = MIG_TRANSACTION_REVISION },
				.step_hooks = { .after = after, .user = user },
				.ctx = m->run->ctx };
	mig_status rc = mig__run_to(&run, MIG_UPGRADE, "heads");

	m->end_statements(&run.statements);
	return rc;
}

/* -- a database as a script */

struct writing {
	struct making *making;
	struct mig__buf *out;
};

static mig_status take(void *user, const char *text, size_t size, const mig_op *op, uint32_t kind,
		       const char *comment)
{
	struct writing *w = user;
	struct mig__error *err = w->making->err;

	(void)op, (void)comment;
	if (kind & (MIG_STATEMENT_LONE | MIG_STATEMENT_COMMITS)) {
		mig__fail(err, MIG_EUNSUPPORTED, "a snapshot cannot hold what runs outside a transaction: %.*s",
			  (int)(size < SHOWN ? size : SHOWN), text);
		return MIG_EUNSUPPORTED;
	}
	mig__buf_add(w->out, text, size);
	mig__buf_adds(w->out, ";\n");
	if (w->out->len > MOST_BYTES) {
		mig__fail(err, MIG_EUNSUPPORTED, "the snapshot is larger than %d MiB", MOST_BYTES >> 20);
		mig__error_set_hint(err, "the revisions insert too many rows for one: leave it out");
		return MIG_EUNSUPPORTED;
	}
	return w->out->failed ? mig__fail_nomem(err) : MIG_OK;
}

static uint32_t change_of(void *user, const mig_object *from, const mig_object *to)
{
	return ((struct making *)user)->db->dialect->schema->change(from, to);
}

static mig_status unlike_of(void *user, const mig_object *is, const mig_object *want, void *told_user,
			    mig_unlike_fn told)
{
	struct mig__db *db = ((struct making *)user)->db;

	return db->dialect->schema->unlike(db->conn, is, want, told_user, told);
}

static struct mig__diff_hooks hooks_of(struct making *m)
{
	return (struct mig__diff_hooks){ .user = m,
					 .change = change_of,
					 .holds = m->db->dialect->schema->holds,
					 .renames = MIG__SCHEMA_SLOT(m->db, renames),
					 .unlike = MIG__SCHEMA_SLOT(m->db, unlike) ? unlike_of : NULL };
}

/* What fires, checks or copies when rows are inserted is made after them, with all that needs it. */
static int comes_after_rows(const mig_object *o, const uint8_t *late)
{
	switch (o->kind) {
	case MIG_KIND_TRIGGER:
	case MIG_KIND_FOREIGN_KEY:
	case MIG_KIND_MATERIALIZED_VIEW:
	case MIG_KIND_RULE:
	case MIG_KIND_POLICY:
	case MIG_KIND_EVENT_TRIGGER:
		return 1;
	default:
		break;
	}
	if (o->parent && late[mig__number(o->parent)])
		return 1;
	for (size_t i = 0; i < o->need_count; i++)
		if (late[mig__number(o->needs[i])])
			return 1;
	return 0;
}

/* The operations in two halves, each in its order: an operation stands after those that it needs. The
 * foreign keys of a table that is created become operations of their own. */
struct halves {
	struct mig__arena arena;
	struct mig__ops half[2];
	uint8_t *late; /* by number of the object */
};

static void add_to(struct mig__ops *ops, const mig_op *op)
{
	ops->at[ops->count++] = *op;
}

static int split_parts(struct halves *h, mig_op *op)
{
	const mig_object **early = mig__arena_zalloc(&h->arena, op->part_count + 1, sizeof *early);
	size_t count = 0;

	for (size_t i = 0; early && i < op->part_count; i++) {
		const mig_object *part = op->parts[i];
		mig_op one = { .struct_size = sizeof one, .type = op->type, .flags = op->flags, .to = part };

		h->late[mig__number(part)] = (uint8_t)comes_after_rows(part, h->late);
		if (h->late[mig__number(part)])
			add_to(&h->half[1], &one);
		else
			early[count++] = part;
	}
	op->parts = early;
	op->part_count = count;
	return early != NULL;
}

static mig_status split(struct making *m, const struct mig__schema *schema, const struct mig__ops *all,
			struct halves *h)
{
	size_t most = schema->count + all->count + 1;

	mig__arena_init(&h->arena, m->alloc);
	h->late = mig__arena_zalloc(&h->arena, schema->count + 1, 1);
	for (int i = 0; i < 2; i++)
		h->half[i] = (struct mig__ops){ .at = mig__arena_zalloc(&h->arena, most, sizeof(mig_op)) };
	if (!h->late || !h->half[0].at || !h->half[1].at)
		return mig__fail_nomem(m->err);
	for (size_t i = 0; i < all->count; i++) {
		mig_op op = all->at[i];
		int late = op.to && comes_after_rows(op.to, h->late);

		if (op.to)
			h->late[mig__number(op.to)] = (uint8_t)late;
		if (!late && op.part_count && !split_parts(h, &op))
			return mig__fail_nomem(m->err);
		add_to(&h->half[late], &op);
	}
	return MIG_OK;
}

static mig_status render(struct making *m, struct mig__db *scratch, struct mig__schema *schema,
			 const struct mig__ops *ops, struct mig__buf *out)
{
	struct writing w = { m, out };
	struct mig__sql sql;
	mig_status rc;

	mig__sql_init(&sql, m->alloc);
	rc = mig__sql_render(&sql, scratch, ops, mig__schema_first(&m->empty), mig__schema_first(schema));
	for (size_t i = 0; !rc && i < sql.count; i++)
		rc = take(&w, sql.at[i].text, sql.at[i].size, NULL, sql.at[i].kind, NULL);
	mig__sql_finish(&sql);
	return rc;
}

static mig_status render_around(struct making *m, struct mig__db *scratch, struct mig__schema *schema,
				const struct mig__buf *rows, struct mig__buf *out)
{
	struct mig__diff_hooks hooks = hooks_of(m);
	struct mig__ops all = { 0 };
	struct halves h = { .late = NULL };
	mig_status rc = mig__diff(&m->empty, schema, &hooks, &all);

	if (!rc)
		rc = split(m, schema, &all, &h);
	if (!rc)
		rc = render(m, scratch, schema, &h.half[0], out);
	if (!rc)
		mig__buf_add(out, mig__buf_text(rows), rows->len);
	if (!rc)
		rc = render(m, scratch, schema, &h.half[1], out);
	if (h.late)
		mig__arena_finish(&h.arena);
	mig__ops_finish(&all);
	return rc;
}

static mig_status refuse_uncovered(struct making *m, const struct mig__schema *schema)
{
	if (!schema->uncovered_count)
		return MIG_OK;
	return mig__fail(m->err, MIG_EUNSUPPORTED, "a snapshot cannot hold what libmig does not compare: %s",
			 schema->uncovered[0]);
}

/* In the open transaction. Rows first: that also fixes the session's settings, which texts of objects
 * may depend on. */
static mig_status dump_inside(struct making *m, struct mig__db *scratch, struct mig__schema *schema,
			      struct mig__buf *out)
{
	mig_status (*objects)(mig_conn *, int32_t, const mig_sql_sink *) =
		MIG__SCHEMA_SLOT(scratch, dump_objects);
	struct mig__buf rows;
	struct writing to_rows = { m, &rows }, to_out = { m, out };
	const mig_sql_sink rows_sink = { sizeof rows_sink, &to_rows, take };
	const mig_sql_sink sink = { sizeof sink, &to_out, take };
	mig_status rc;

	mig__buf_init(&rows, m->alloc);
	rc = scratch->dialect->schema->dump_rows(scratch->conn, &rows_sink);
	if (!rc)
		rc = mig__inspect(scratch, schema);
	if (!rc)
		rc = refuse_uncovered(m, schema);
	if (!rc && !objects)
		rc = render_around(m, scratch, schema, &rows, out);
	if (!rc && objects) {
		rc = objects(scratch->conn, 0, &sink);
		mig__buf_add(out, mig__buf_text(&rows), rows.len);
		if (!rc)
			rc = objects(scratch->conn, 1, &sink);
	}
	if (!rc && (rows.failed || out->failed))
		rc = mig__fail_nomem(m->err);
	mig__buf_finish(&rows);
	return rc;
}

static mig_status dump(struct making *m, struct mig__db *scratch, struct mig__schema *schema,
		       struct mig__buf *out)
{
	mig_status rc = scratch->dialect->conn->run_begin(scratch->conn);

	if (!rc)
		rc = mig__db_begin(scratch);
	if (!rc)
		rc = dump_inside(m, scratch, schema, out);
	return mig__db_run_end(scratch, rc);
}

/* -- which revision is not the same each time */

static mig_status look(void *user, mig_step *step)
{
	struct probe *p = user;
	struct mig__schema schema = { 0 };
	struct mig__buf text;
	struct mig__digest d;
	mig_status rc;

	if (++p->seen < p->at)
		return MIG_OK;
	mig__buf_init(&text, p->making->alloc);
	rc = dump_inside(p->making, step->run->db, &schema, &text);
	mig__digest_init(&d);
	mig__digest_add(&d, mig__buf_text(&text), text.len);
	mig__digest_final(&d, p->digest);
	p->revision = step->script->id;
	p->done = !rc;
	mig__schema_finish(&schema);
	mig__buf_finish(&text);
	return rc ? rc : MIG_EREVISION; /* no further */
}

/* The database of one side after so many steps. */
static mig_status look_at(struct making *m, int32_t side, struct probe *p)
{
	struct mig__db scratch;
	mig_status rc = open_scratch(m, side, &scratch);

	if (!rc)
		rc = replay(m, &scratch, look, p);
	if (p->done) {
		mig__error_clear(m->err);
		rc = MIG_OK;
	}
	mig__scratch_close(&scratch);
	return rc;
}

/* Halves the steps until the two databases are the same before a step and not after it. */
static mig_status find_culprit(struct making *m, const char **out)
{
	size_t same = 0, differ = m->run->world.set->count;
	struct probe last = { .making = m };
	mig_status rc = MIG_OK;

	while (!rc && differ - same > 1) {
		size_t middle = same + (differ - same) / 2;
		struct probe a = { .making = m, .at = middle }, b = a;

		rc = look_at(m, 0, &a);
		if (!rc)
			rc = look_at(m, 1, &b);
		if (memcmp(a.digest, b.digest, sizeof a.digest) != 0)
			differ = middle;
		else
			same = middle;
	}
	last.at = differ;
	if (!rc)
		rc = look_at(m, 0, &last);
	*out = last.revision;
	return rc;
}

/* -- comparing */

/* The line in which the two scripts differ first, of one of them. */
static void add_line(const struct mig__buf *text, size_t differ, struct mig__buf *out)
{
	const char *at = mig__buf_text(text);
	size_t from = differ, size;

	while (from && at[from - 1] != '\n' && differ - from < SHOWN / 2)
		from--;
	size = strcspn(at + from, "\n");
	mig__buf_addf(out, "\"%.*s\"", (int)(size < SHOWN ? size : SHOWN), at + from);
}

static void add_difference(const struct mig__buf *a, const struct mig__buf *b, struct mig__buf *out)
{
	const char *at = mig__buf_text(a), *bt = mig__buf_text(b);
	size_t i = 0;

	while (at[i] && at[i] == bt[i])
		i++;
	add_line(a, i, out);
	mig__buf_adds(out, " and ");
	add_line(b, i, out);
}

static int is_same(const struct mig__buf *a, const struct mig__buf *b)
{
	return a->len == b->len && !memcmp(mig__buf_text(a), mig__buf_text(b), a->len);
}

static mig_status fail_unlike(struct making *m, const struct mig__buf *a, const struct mig__buf *b)
{
	const char *culprit = NULL;
	struct mig__buf words;
	mig_status rc;

	mig__buf_init(&words, m->alloc);
	add_difference(a, b, &words);
	rc = find_culprit(m, &culprit);
	if (!rc && words.failed)
		rc = mig__fail_nomem(m->err);
	if (!rc) {
		rc = mig__fail(m->err, MIG_EPROOF,
			       "revision %s is not the same each time it runs: %s",
			       culprit ? culprit : "?", words.data);
		mig__error_set_revision(m->err, culprit);
		mig__error_set_hint(m->err, "a snapshot is for revisions that depend on nothing but the database: write "
					    "constants in place of the time, time zone and random values, or make none");
	}
	mig__buf_finish(&words);
	return rc;
}

static mig_status expect_same(struct making *m, const struct mig__buf *want, const struct mig__buf *is)
{
	struct mig__buf words;
	mig_status rc = MIG_OK;

	if (is_same(want, is))
		return MIG_OK;
	mig__buf_init(&words, m->alloc);
	add_difference(want, is, &words);
	rc = words.failed ? mig__fail_nomem(m->err)
			  : mig__fail(m->err, MIG_EPROOF, "the snapshot does not give what the revisions do: %s",
				      words.data);
	mig__buf_finish(&words);
	return rc;
}

/* By both opinions. */
static mig_status expect_objects(struct making *m, struct mig__schema *is, struct mig__schema *want)
{
	struct mig__diff_hooks hooks = hooks_of(m);
	struct mig__ops ops = { 0 };
	struct mig__buf words;
	mig_status rc = mig__diff(is, want, &hooks, &ops);

	mig__buf_init(&words, m->alloc);
	for (size_t i = 0; !rc && i < ops.count && i < 3; i++) {
		mig__buf_adds(&words, i ? ", " : "");
		mig__op_words(&ops.at[i], mig__db_usual_schema(m->db), &words);
	}
	if (!rc && !ops.count)
		rc = mig__rows_compare(want, &hooks, &words);
	if (!rc && words.failed)
		rc = mig__fail_nomem(m->err);
	if (!rc && words.len)
		rc = mig__fail(m->err, MIG_EPROOF, "the snapshot does not give what the revisions do: %s",
			       words.data);
	mig__buf_finish(&words);
	mig__ops_finish(&ops);
	return rc;
}

/* -- the three databases */

static mig_status read_empty(struct making *m, struct mig__db *scratch, char *key)
{
	mig_status rc = scratch->dialect->conn->run_begin(scratch->conn);

	if (!rc)
		rc = mig__db_begin(scratch);
	if (!rc)
		rc = scratch->dialect->schema->snapshot_key(scratch->conn, key);
	if (!rc)
		rc = mig__inspect(scratch, &m->empty);
	return mig__db_run_end(scratch, rc);
}

struct counting {
	const struct mig__graph *graph;
	uint32_t *statements; /* by node */
};

static mig_status count(void *user, const struct mig__store_entry *entry, const char *library)
{
	struct counting *c = user;
	uint32_t node = mig__graph_find(c->graph, entry->revision);

	(void)library;
	if (node != MIG__NO_NODE)
		c->statements[node] = (uint32_t)entry->statements;
	return MIG_OK;
}

static mig_status count_statements(struct making *m, struct mig__db *scratch, struct mig__snapshot_made *out)
{
	size_t n = m->run->world.set->count;
	struct counting c = { m->run->world.graph, mig__calloc(m->alloc, n + 1, sizeof *c.statements) };
	uint32_t *order = mig__snapshot_order(m->alloc, &m->run->world);
	mig_status rc = MIG_OK;

	out->statements = mig__calloc(m->alloc, n + 1, sizeof *out->statements);
	if (!c.statements || !order || !out->statements)
		rc = mig__fail_nomem(m->err);
	if (!rc)
		rc = mig__store_history(scratch, count, &c);
	for (size_t i = 0; !rc && i < n; i++)
		out->statements[i] = c.statements[order[i]];
	out->statement_count = n;
	mig__free(m->alloc, c.statements);
	mig__free(m->alloc, order);
	return rc;
}

/* The first replay: what the snapshot is. */
static mig_status make_text(struct making *m, struct mig__schema *schema, struct mig__snapshot_made *out)
{
	struct mig__db scratch;
	mig_status rc = open_scratch(m, 0, &scratch);

	if (!rc)
		rc = read_empty(m, &scratch, out->key);
	if (!rc)
		rc = replay(m, &scratch, NULL, NULL);
	if (!rc)
		rc = count_statements(m, &scratch, out);
	if (!rc)
		rc = dump(m, &scratch, schema, &out->text);
	mig__scratch_close(&scratch);
	return rc;
}

static mig_status compare_replay(struct making *m, const struct mig__snapshot_made *made)
{
	struct mig__schema schema = { 0 };
	struct mig__buf text;
	struct mig__db scratch;
	mig_status rc = open_scratch(m, 1, &scratch);

	mig__buf_init(&text, m->alloc);
	if (!rc) {
		rc = replay(m, &scratch, NULL, NULL);
		if (rc && rc != MIG_ENOMEM && rc != MIG_ECANCELLED)
			mig__error_prefix(m->err, "a second replay, with another clock and time zone: ");
	}
	if (!rc)
		rc = dump(m, &scratch, &schema, &text);
	mig__scratch_close(&scratch);
	if (!rc && !is_same(&made->text, &text))
		rc = fail_unlike(m, &made->text, &text);
	mig__schema_finish(&schema);
	mig__buf_finish(&text);
	return rc;
}

static mig_status prove(struct making *m, struct mig__schema *want, const struct mig__snapshot_made *made)
{
	struct mig__schema schema = { 0 };
	struct mig__buf text;
	struct mig__db scratch;
	mig_status rc = open_scratch(m, BETWEEN, &scratch);

	mig__buf_init(&text, m->alloc);
	if (!rc)
		rc = scratch.dialect->conn->run_begin(scratch.conn);
	if (!rc)
		rc = mig__db_begin(&scratch);
	if (!rc) {
		rc = scratch.dialect->conn->run_script(scratch.conn, mig__buf_text(&made->text), made->text.len,
						       NULL, NULL);
		if (!rc)
			rc = mig__db_commit(&scratch, 0);
		rc = mig__db_run_end(&scratch, rc);
		if (rc && rc != MIG_ENOMEM && rc != MIG_ECANCELLED)
			mig__error_prefix(m->err, "the snapshot does not run: ");
	}
	if (!rc)
		rc = dump(m, &scratch, &schema, &text);
	if (!rc)
		rc = expect_same(m, &made->text, &text);
	if (!rc)
		rc = expect_objects(m, &schema, want);
	mig__scratch_close(&scratch);
	mig__schema_finish(&schema);
	mig__buf_finish(&text);
	return rc;
}

/* -- all of it */

static mig_status check_revisions(struct making *m)
{
	const struct mig__set *set = m->run->world.set;

	if (!mig__db_has_snapshots(m->db))
		return mig__fail(m->err, MIG_EUNSUPPORTED, "dialect %s makes no snapshots", m->db->dialect->name);
	for (size_t i = 0; i < set->count; i++) {
		if (!set->at[i].upgrade || set->at[i].c_pure)
			continue;
		mig__fail(m->err, MIG_EUNSUPPORTED, "revision %s is in C and does not say that it is pure",
			  set->at[i].id);
		mig__error_set_revision(m->err, set->at[i].id);
		mig__error_set_hint(m->err, "set mig_revision_def.pure if what it does depends on the database alone "
					    "and only the database shows it; mig embed calls it through --app");
		return MIG_EUNSUPPORTED;
	}
	return MIG_OK;
}

mig_status mig__snapshot_make(struct mig__run *run, void (*end_statements)(mig_stmt **),
			      struct mig__snapshot_made *out)
{
	struct making m = { .run = run,
			    .db = run->db,
			    .alloc = run->alloc,
			    .err = run->err,
			    .end_statements = end_statements };
	struct mig__schema schema = { 0 };
	mig_status rc;

	*out = (struct mig__snapshot_made){ .statement_count = 0 };
	mig__buf_init(&out->text, run->alloc);
	rc = check_revisions(&m);
	if (!rc)
		rc = mig__snapshot_heads(m.alloc, &run->world, m.err, out->heads);
	if (!rc)
		rc = make_text(&m, &schema, out);
	if (!rc)
		rc = compare_replay(&m, out);
	if (!rc)
		rc = prove(&m, &schema, out);
	mig__schema_finish(&schema);
	mig__schema_finish(&m.empty);
	return rc;
}

void mig__snapshot_made_finish(const struct mig__alloc *alloc, struct mig__snapshot_made *made)
{
	mig__buf_finish(&made->text);
	mig__free(alloc, made->statements);
	made->statements = NULL;
}

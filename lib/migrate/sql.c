/* sql: has the dialect render operations, and writes its statements as the text of a section,
 * with a comment before what loses data. */
#include "migrate/sql.h"

#include "base/shown.h"

#include <string.h>

void mig__sql_init(struct mig__sql *sql, const struct mig__alloc *alloc)
{
	*sql = (struct mig__sql){ .alloc = alloc };
	mig__arena_init(&sql->arena, alloc);
}

void mig__sql_finish(struct mig__sql *sql)
{
	if (!sql->alloc)
		return;
	mig__free(sql->alloc, sql->at);
	mig__arena_finish(&sql->arena);
	*sql = (struct mig__sql){ 0 };
}

/* schema.table.name, without the usual schema and parts that there are not. */
static void add_name(const mig_object *o, const char *usual, struct mig__buf *out)
{
	const mig_object *top = mig__top(o);

	if (top->schema[0] && strcmp(top->schema, usual) != 0)
		mig__buf_addf(out, "%s.", top->schema);
	if (o->kind == MIG_KIND_DEFAULT)
		o = o->parent;
	if (o != top)
		mig__buf_addf(out, "%s%s", top->name, o->name[0] ? "." : "");
	mig__buf_adds(out, o->name);
}

/* "attach partition p1 of p": the name of the inheritance is that of the other one, in SQL. */
static void add_inheritance(const mig_op *op, const mig_object *o, const char *usual, struct mig__buf *out)
{
	static const char *const verbs[] = { "", "attach", "detach", "alter", "rename" };
	int bound = mig_object_attribute(o, MIG_ATTR_BOUND) != NULL;
	const char *what = o->parent->kind == MIG_KIND_INDEX ? "index " : bound ? "partition " : "child ";
	size_t size = strlen(usual);
	int is_usual = size && !strncmp(o->name, usual, size) && o->name[size] == '.';

	mig__buf_addf(out, "%s %s", op->type > 0 && op->type <= MIG_OP_RENAME ? verbs[op->type] : "", what);
	add_name(o->parent, usual, out);
	mig__buf_addf(out, " of %s", o->name + (is_usual ? size + 1 : 0));
}

/* A column that is there because of what is said about it: a default, a comment. */
static int is_of_view(const mig_object *o)
{
	return o->kind == MIG_KIND_COLUMN && o->parent &&
	       (o->parent->kind == MIG_KIND_VIEW || o->parent->kind == MIG_KIND_MATERIALIZED_VIEW);
}

void mig__op_words(const mig_op *op, const char *usual, struct mig__buf *out)
{
	static const char *const verbs[] = { "", "create", "drop", "alter", "rename" };
	const mig_object *o = op->to && op->type != MIG_OP_RENAME ? op->to : op->from;

	if (o->kind == MIG_KIND_INHERITANCE) {
		add_inheritance(op, o, usual, out);
		return;
	}
	if (is_of_view(o)) /* which has its columns from its query */
		mig__buf_adds(out, "alter ");
	else
		mig__buf_addf(out, "%s ", op->type > 0 && op->type <= MIG_OP_RENAME ? verbs[op->type] : "");
	if (o->kind != MIG_KIND_OTHER) /* its name says it */
		mig__buf_addf(out, "%s ", mig_kind_name(o->kind));
	add_name(o, usual, out);
	if (op->type == MIG_OP_RENAME && o->kind == MIG_KIND_TABLE && strcmp(o->schema, op->to->schema) != 0)
		mig__buf_addf(out, " to %s.%s", op->to->schema, op->to->name);
	else if (op->type == MIG_OP_RENAME)
		mig__buf_addf(out, " to %s", op->to->name);
}

int mig__op_is_lossy(const mig_op *op)
{
	return (op->flags & MIG_OP_DESTRUCTIVE) && op->type != MIG_OP_CREATE;
}

/* What goes with an object. */
static const char *content_of(const mig_object *o)
{
	switch (o->kind) {
	case MIG_KIND_TABLE:
		return " and its rows";
	case MIG_KIND_COLUMN:
		return " and its values";
	case MIG_KIND_SEQUENCE:
		return " and its position";
	default:
		return "";
	}
}

void mig__op_loss(const mig_op *op, const char *usual, struct mig__buf *out)
{
	mig__buf_addf(out, "%s %s ", op->type == MIG_OP_ALTER ? "alters" : "drops",
		      mig_kind_name(op->from->kind));
	add_name(op->from, usual, out);
	if (op->type == MIG_OP_ALTER) {
		mig__buf_adds(out, " and may cut or change its values");
		return;
	}
	mig__buf_adds(out, content_of(op->from));
	if (op->flags & MIG_OP_REPLACE)
		mig__buf_adds(out, ", and creates it empty");
}

struct rendering {
	struct mig__sql *sql;
	const char *usual; /* schema */
	struct mig__error *err;
};

/* The dialect's comment, and a mark where data is lost. */
static const char *comment_of(struct mig__sql *sql, const char *usual, const mig_op *op,
			      const char *given)
{
	struct mig__buf buf, loss;
	const char *kept = NULL;

	if (!op || !mig__op_is_lossy(op))
		return given ? mig__arena_strdup(&sql->arena, given) : "";
	mig__buf_init(&buf, sql->alloc);
	mig__buf_init(&loss, sql->alloc);
	mig__op_loss(op, usual, &loss);
	mig__buf_adds(&buf, "destructive: ");
	mig__shown_add(&buf, mig__buf_text(&loss), loss.len); /* a name may have lines of its own */
	buf.failed |= loss.failed;
	mig__buf_finish(&loss);
	if (given && given[0])
		mig__buf_addf(&buf, "\n%s", given);
	if (!buf.failed)
		kept = mig__arena_strdup(&sql->arena, buf.data);
	mig__buf_finish(&buf);
	return kept;
}

static mig_status take(void *user, const char *text, size_t size, const mig_op *op, uint32_t kind,
		       const char *comment)
{
	struct rendering *r = user;
	struct mig__sql *sql = r->sql;
	struct mig__statement s = { .size = size, .kind = kind };

	s.text = mig__arena_strndup(&sql->arena, text, size);
	s.comment = kind & MIG_STATEMENT_CHECK ? mig__arena_strdup(&sql->arena, comment)
					       : comment_of(sql, r->usual, op, comment);
	if (s.comment && !(kind & MIG_STATEMENT_CHECK) && comment && comment[0])
		s.remark = s.comment + strlen(s.comment) - strlen(comment);
	if (!s.text || !s.comment ||
	    !mig__grow(sql->alloc, (void **)&sql->at, &sql->cap, sql->count + 1, sizeof *sql->at))
		return mig__fail_nomem(r->err);
	if (!s.comment[0])
		s.comment = NULL;
	if (op)
		s.op = (mig_op){ .struct_size = sizeof s.op, .type = op->type, .flags = op->flags,
				 .from = op->from, .to = op->to };
	sql->at[sql->count++] = s;
	sql->lone |= (kind & MIG_STATEMENT_LONE) != 0;
	sql->keys_off |= (kind & MIG_STATEMENT_KEYS_OFF) != 0;
	sql->apart |= (kind & MIG_STATEMENT_APART) != 0;
	return MIG_OK;
}

static mig_status render(struct mig__sql *sql, struct mig__db *db, const struct mig__ops *ops,
			 const mig_object *before, const mig_object *after, int apart)
{
	const mig_op **list = mig__malloc(sql->alloc, (ops->count + 1) * sizeof *list);
	struct rendering r = { sql, mig__db_usual_schema(db), db->err };
	mig_changes changes = { .struct_size = sizeof changes,
				.ops = list,
				.op_count = ops->count,
				.before = before,
				.after = after,
				.apart = apart };
	mig_sql_sink sink = { .struct_size = sizeof sink, .user = &r, .statement = take };
	mig_status rc = list ? MIG_OK : mig__fail_nomem(db->err);

	for (size_t i = 0; !rc && i < ops->count; i++)
		list[i] = &ops->at[i];
	if (!rc && ops->count)
		rc = db->dialect->schema->render(db->conn, &changes, &sink);
	mig__free(sql->alloc, list);
	return rc;
}

mig_status mig__sql_render(struct mig__sql *sql, struct mig__db *db, const struct mig__ops *ops,
			   const mig_object *before, const mig_object *after)
{
	return render(sql, db, ops, before, after, 0);
}

mig_status mig__sql_render_apart(struct mig__sql *sql, struct mig__db *db, const struct mig__ops *ops,
				 const mig_object *before, const mig_object *after)
{
	return render(sql, db, ops, before, after, 1);
}

const mig_op *mig__sql_failed(const struct mig__sql *sql, const struct mig__error *err)
{
	for (size_t i = 0; err->statement && i < sql->count; i++)
		if (!strncmp(err->statement, sql->at[i].text, sql->at[i].size))
			return sql->at[i].op.struct_size ? &sql->at[i].op : NULL;
	return NULL;
}

static void add_comment(const char *comment, struct mig__buf *out)
{
	for (;;) {
		size_t size = strcspn(comment, "\n");

		mig__buf_addf(out, "-- %.*s\n", (int)size, comment);
		if (!comment[size])
			return;
		comment += size + 1;
	}
}

void mig__sql_text(const struct mig__sql *sql, struct mig__buf *out)
{
	for (size_t i = 0; i < sql->count; i++) {
		const struct mig__statement *s = &sql->at[i];

		mig__buf_adds(out, i ? "\n" : "");
		if (s->kind & MIG_STATEMENT_CHECK)
			mig__buf_addf(out, "-- mig:check %s\n", s->comment);
		else if (s->comment)
			add_comment(s->comment, out);
		mig__buf_add(out, s->text, s->size);
		mig__buf_adds(out, ";\n");
	}
}

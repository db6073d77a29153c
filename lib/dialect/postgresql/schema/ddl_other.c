/* ddl_other: sequences that are altered, functions, policies, and what is compared by its definition:
 * what is more than a pattern, and too little for a file. Not where a sequence stands: ddl_position.c. */
#include "dialect/postgresql/schema/ddl.h"
#include "dialect/postgresql/sql/quote.h"

#include <stdlib.h>
#include <string.h>

/* -- sequences */

static int differs(const mig_object *from, const mig_object *to, const char *key)
{
	return !mig__attribute_same(from, to, key);
}

static int descends(const mig_object *o)
{
	const char *increment = mig__attribute(o, "increment");

	return increment && increment[0] == '-';
}

static void move_inside(struct mig__ddl *d, const mig_object *from, const mig_object *to,
			const char *key, const char *sign, const char *called)
{
	const char *old = mig__attribute(from, key), *bound = mig__attribute(to, key);
	struct mig__buf quoted;

	if (!bound || (old && !strcmp(old, bound)))
		return;
	mig__buf_init(&quoted, &d->conn->alloc);
	mig__ddl_put(&quoted, to, "@q");
	mig__ddl_move_inside(d, mig__buf_text(&quoted), bound, sign, called);
	d->sql.failed |= quoted.failed;
	mig__buf_finish(&quoted);
}

static void add_start(struct mig__buf *b, const mig_object *to)
{
	const char *start = mig__attribute(to, "start");

	if (!start)
		start = mig__attribute(to, descends(to) ? "max" : "min");
	mig__buf_addf(b, " START WITH %s", start ? start : descends(to) ? "-1" : "1");
}

int mig__ddl_alter_sequence(struct mig__ddl *d, const mig_object *from, const mig_object *to)
{
	int bounds = differs(from, to, "type") || differs(from, to, "increment") ||
		     differs(from, to, "min") || differs(from, to, "max");
	struct mig__buf *b;

	if (!bounds && !differs(from, to, "start") && !differs(from, to, "cache") &&
	    !differs(from, to, "cycle"))
		return 0;
	if (descends(from) == descends(to)) {
		move_inside(d, from, to, "min", "<", "false");
		move_inside(d, from, to, "max", ">", "true");
	}
	b = mig__ddl_begin(d);
	mig__ddl_put(b, to, "ALTER SEQUENCE @q");
	if (differs(from, to, "type"))
		mig__ddl_put(b, to, mig__attribute(to, "type") ? " AS $type" : " AS bigint");
	if (differs(from, to, "increment"))
		mig__ddl_put(b, to,
			     mig__attribute(to, "increment") ? " INCREMENT BY $increment"
							     : " INCREMENT BY 1");
	if (bounds) {
		mig__ddl_put(b, to, mig__attribute(to, "min") ? " MINVALUE $min" : " NO MINVALUE");
		mig__ddl_put(b, to, mig__attribute(to, "max") ? " MAXVALUE $max" : " NO MAXVALUE");
	}
	if (bounds || differs(from, to, "start"))
		add_start(b, to);
	if (differs(from, to, "cache"))
		mig__ddl_put(b, to, mig__attribute(to, "cache") ? " CACHE $cache" : " CACHE 1");
	if (differs(from, to, "cycle"))
		mig__ddl_put(b, to, mig__attribute(to, "cycle") ? " CYCLE" : " NO CYCLE");
	if (descends(from) != descends(to)) /* where it stands is on the other side of zero */
		mig__buf_adds(b, " RESTART");
	mig__ddl_end(d, 0);
	return 0;
}

static int is_integer(const mig_object *column)
{
	const char *type = mig__attribute(column, "type");

	return type &&
	       (!strcmp(type, "integer") || !strcmp(type, "bigint") || !strcmp(type, "smallint"));
}

/* A new sequence for a column with values goes on behind these, if none was there before it. */
void mig__ddl_create_ownership(struct mig__ddl *d, const mig_object *o)
{
	const mig_op *op = mig__ddl_op(d, o->parent);

	mig__ddl_do(d, o, "ALTER SEQUENCE @t OWNED BY $column");
	if (o->parent->other || (op && d->continued[mig__ddl_place(d, op)]))
		return;
	for (size_t i = 0; i < o->need_count; i++)
		if (o->needs[i]->kind == MIG_KIND_COLUMN && is_integer(o->needs[i]))
			mig__ddl_advance(d, o->needs[i], o->parent);
}

/* -- functions */

/* Their bodies may speak of what is created later, or in another schema. */
static void add_function(struct mig__ddl *d, const mig_object *o)
{
	const char *printed = mig__attribute(o, ".printed");
	const char *text = printed ? printed : mig__attribute(o, "definition");
	size_t size = strlen(text);
	struct mig__buf *b = mig__ddl_begin(d);

	if (!d->bodies) {
		mig__buf_adds(b, d->lone ? "SET check_function_bodies = off"
					 : "SET LOCAL check_function_bodies = off");
		mig__ddl_end(d, MIG_STATEMENT_SESSION);
		d->bodies = 1;
	}
	while (size && (text[size - 1] == '\n' || text[size - 1] == ' '))
		size--;
	mig__buf_add(b, text, size);
	mig__ddl_end(d, 0);
}

void mig__ddl_create_function(struct mig__ddl *d, const mig_object *o)
{
	add_function(d, o);
}

int mig__ddl_alter_function(struct mig__ddl *d, const mig_object *from, const mig_object *to)
{
	if (differs(from, to, "definition"))
		add_function(d, to);
	return 0;
}

/* -- policies */

static void add_expression(struct mig__buf *b, const char *words, const char *expression)
{
	if (!expression)
		return;
	mig__buf_adds(b, words);
	mig__ddl_parentheses(b, expression);
}

void mig__ddl_create_policy(struct mig__ddl *d, const mig_object *o)
{
	struct mig__buf *b = mig__ddl_begin(d);

	mig__ddl_put(b, o,
		     "CREATE POLICY @n ON @t[permissive| AS $permissive][command| FOR "
		     "$command][roles| TO $roles]");
	add_expression(b, " USING ", mig__attribute(o, "using"));
	add_expression(b, " WITH CHECK ", mig__attribute(o, "check"));
	mig__ddl_end(d, 0);
}

int mig__ddl_alter_policy(struct mig__ddl *d, const mig_object *from, const mig_object *to)
{
	struct mig__buf *b;

	if (!differs(from, to, "roles") && !differs(from, to, "using") &&
	    !differs(from, to, "check"))
		return 0;
	b = mig__ddl_begin(d);
	mig__ddl_put(b, to, "ALTER POLICY @n ON @t");
	if (differs(from, to, "roles"))
		mig__ddl_put(b, to, mig__attribute(to, "roles") ? " TO $roles" : " TO PUBLIC");
	if (differs(from, to, "using"))
		add_expression(b, " USING ", mig__attribute(to, "using"));
	if (differs(from, to, "check"))
		add_expression(b, " WITH CHECK ", mig__attribute(to, "check"));
	mig__ddl_end(d, 0);
	return 0;
}

/* -- views */

/* What stands on it stays. */
int mig__ddl_alter_view(struct mig__ddl *d, const mig_object *from, const mig_object *to)
{
	if (mig__attribute_same(from, to, "query"))
		return 0;
	mig__ddl_flush(d);
	mig__ddl_note_view(d, to);
	mig__ddl_do(d, to, "CREATE OR REPLACE VIEW @q[options| WITH ($options)] AS\n$query");
	return 0;
}

/* -- what is compared by its definition */

/* Statements with ";" and a new line between them. */
static void send_all(struct mig__ddl *d, const char *text)
{
	char quote = 0;
	const char *from = text;

	for (const char *p = text; text; p++) {
		if (*p && quote) {
			quote = *p == quote ? 0 : quote;
		} else if (*p == '\'' || *p == '"') {
			quote = *p;
		} else if (!*p || (*p == ';' && p[1] == '\n')) {
			mig__buf_add(mig__ddl_begin(d), from, (size_t)(p - from));
			mig__ddl_end(d, 0);
			if (!*p)
				return;
			from = p + 2;
		}
	}
}

void mig__ddl_create_other(struct mig__ddl *d, const mig_object *o)
{
	if (mig__attribute(o, ".definition")) /* a statement of a model that is run as it is written */
		mig__ddl_do(d, o, "$.definition");
	else
		send_all(d, mig__attribute(o, "definition"));
}

void mig__ddl_drop_other(struct mig__ddl *d, const mig_object *o)
{
	if (mig__attribute(o, ".drop"))
		send_all(d, mig__attribute(o, ".drop"));
	else
		mig__ddl_do(d, o, "DROP $.target");
}

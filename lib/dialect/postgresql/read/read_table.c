/* read_table: CREATE TABLE, and the clauses of a column. Not constraints: read_constraint.c. */
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/read/read.h"
#include "dialect/postgresql/schema/ddl.h"

#include <string.h>

/* -- defaults */

static struct mig__read_object *default_of(struct mig__reader *r, struct mig__read_object *column)
{
	struct mig__read_object *o = mig__read_child(column, MIG_KIND_DEFAULT, NULL);

	return o ? o : mig__read_new(r, MIG_KIND_DEFAULT, column, "", column->name);
}

static void put_sequence(struct mig__reader *r, struct mig__read_object *column,
			 struct mig__read_object *sequence)
{
	struct mig__read_object *o = default_of(r, column);
	const char *name = mig__read_qualify(r, sequence->schema, sequence->name);
	struct mig__buf *text;

	/* what a string would have to escape */
	if (strpbrk(name, "'\\"))
		mig__read_unread(r);
	text = mig__read_text(r);
	mig__buf_addf(text, "nextval('%s'::regclass)", name);
	mig__read_set(r, o, MIG_ATTR_EXPRESSION, mig__read_kept(r, text));
	mig__read_need(r, o, sequence, MIG_NEED);
}

/* nextval('schema.name'[::regclass]) of a sequence that is known; 0: something else. */
static int sequence_default(struct mig__reader *r, struct mig__read_object *column, size_t from,
			    size_t to)
{
	struct mig__read_object *sequence;
	const char *text, *dot, *schema;

	r->place = from;
	if (!mig__read_take(r, "NEXTVAL") && !mig__read_take(r, "PG_CATALOG"))
		return 0;
	if (mig__read_symbol(r, '.'))
		mig__read_want(r, "NEXTVAL");
	mig__read_want_symbol(r, '(');
	text = mig__read_string(r);
	if (mig__read_symbol(r, ':')) {
		mig__read_want_symbol(r, ':');
		mig__read_want(r, "REGCLASS");
	}
	mig__read_want_symbol(r, ')');
	/* names in it that need no quotes */
	if (r->unread || r->place != to || text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_.")]) {
		mig__read_unread(r);
		return 1;
	}
	dot = strchr(text, '.');
	schema = dot ? mig__read_keep(r, text, (size_t)(dot - text)) : r->schema;
	sequence = schema ? mig__read_find(r, &r->relations, schema, dot ? dot + 1 : text) : NULL;
	if (sequence && sequence->kind == MIG_KIND_SEQUENCE)
		put_sequence(r, column, sequence);
	else
		mig__read_unread(r);
	return 1;
}

void mig__read_set_default(struct mig__reader *r, struct mig__read_object *column, size_t from,
			   size_t to)
{
	size_t place = r->place;
	const char *text;

	if (mig__read_child(column, MIG_KIND_DEFAULT, NULL))
		mig__read_unread(r);
	if (!r->unread && !sequence_default(r, column, from, to)) {
		text = mig__read_default(r, column->of.type, from, to);
		if (text)
			mig__read_set(r, default_of(r, column), MIG_ATTR_EXPRESSION, text);
	}
	r->place = place;
}

/* Words that begin the next clause of a column. */
static int begins_clause(const struct mig__reader *r)
{
	static const char *const words[] = { "CONSTRAINT", "NOT",        "NULL",       "CHECK",
					     "UNIQUE",     "PRIMARY",    "REFERENCES", "GENERATED",
					     "COLLATE",    "DEFERRABLE", "INITIALLY",  "DEFAULT" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (mig__read_is(r, words[i]))
			return 1;
	return 0;
}

/* An expression in front of whatever comes next. */
static void take_expression(struct mig__reader *r, size_t *from, size_t *to)
{
	*from = r->place;
	do {
		const struct mig__read_token *t = mig__read_peek(r, 0);
		size_t a, b;

		if (t->sort == MIG__READ_SYMBOL && *t->text == '(')
			mig__read_parentheses(r, &a, &b);
		else if (mig__read_take(r, "IS") || mig__read_at_end(r))
			mig__read_unread(r); /* a NOT after it would be the expression's */
		else
			r->place++;
	} while (!r->unread && !begins_clause(r) && !mig__read_at_end(r) &&
		 !(mig__read_peek(r, 0)->sort == MIG__READ_SYMBOL &&
		   strchr(",)", *mig__read_peek(r, 0)->text)));
	*to = r->place;
}

void mig__read_default_clause(struct mig__reader *r, struct mig__read_object *column)
{
	size_t from, to;

	take_expression(r, &from, &to);
	if (!r->unread)
		mig__read_set_default(r, column, from, to);
}

/* -- sequences of columns */

static void make_serial(struct mig__reader *r, struct mig__read_object *column, const char *type)
{
	const struct mig__read_object *table = column->parent;
	const char *name = mig__read_choose_relation(r, table->schema, table->name, column->name,
						     "seq", 0);
	struct mig__read_object *sequence =
		mig__read_new(r, MIG_KIND_SEQUENCE, NULL, table->schema, name);

	mig__read_enter(r, &r->relations, table->schema, name, sequence);
	mig__read_set(r, sequence, "type", type);
	if (r->version >= 150000)
		mig__read_set(r, sequence, "persistence", mig__read_get(table, "persistence"));
	mig__read_need_schema(r, sequence);
	mig__read_not_null(r, column);
	put_sequence(r, column, sequence);
	mig__read_own(r, sequence, column);
}

/* The sequence of an identity column has a name that others then cannot have. */
void mig__read_identity(struct mig__reader *r, struct mig__read_object *column, int always)
{
	const struct mig__read_object *table = column->parent;
	struct mig__buf options;
	const char *name;

	if (mig__read_get(column, MIG_ATTR_IDENTITY) || mig__read_child(column, MIG_KIND_DEFAULT, NULL))
		mig__read_unread(r);
	mig__buf_init(&options, &r->conn->alloc);
	name = NULL;
	if (mig__read_symbol(r, '(')) {
		name = mig__read_identity_options(r, column, &options);
		mig__read_want_symbol(r, ')');
	}
	if (!name)
		name = mig__read_choose_relation(r, table->schema, table->name, column->name, "seq", 0);
	mig__read_enter(r, &r->relations, table->schema, name, NULL);
	mig__read_set(r, column, MIG_ATTR_IDENTITY,
		      always ? MIG_IDENTITY_ALWAYS : MIG_IDENTITY_BY_DEFAULT);
	mig__read_set(r, column, "identity_options", mig__read_kept(r, &options));
	mig__read_not_null(r, column);
	mig__buf_finish(&options);
}

/* -- columns */

static void read_generated(struct mig__reader *r, struct mig__read_object *column)
{
	struct mig__read_object *only;
	struct mig__buf text;
	size_t from, to;
	int function;

	if (mig__read_take(r, "BY DEFAULT AS IDENTITY")) {
		mig__read_identity(r, column, 0);
		return;
	}
	mig__read_want(r, "ALWAYS AS");
	if (mig__read_take(r, "IDENTITY")) {
		mig__read_identity(r, column, 1);
		return;
	}
	if (!mig__read_parentheses(r, &from, &to))
		return;
	mig__read_want(r, "STORED");
	mig__buf_init(&text, &r->conn->alloc);
	/* columns that are behind this one are not known yet, and make it unknown */
	if (mig__read_expression(r, column->parent, from, to, &text, &only, &function))
		mig__read_set(r, column, MIG_ATTR_GENERATED, mig__read_kept(r, &text));
	else
		mig__read_set(r, column, MIG_ATTR_GENERATED, mig__read_as_written(r, from, to));
	mig__buf_finish(&text);
}

static void read_collation(struct mig__reader *r, struct mig__read_object *column)
{
	const char *name = mig__read_name(r);
	struct mig__buf *text;

	if (!strcmp(name, "pg_catalog") && mig__read_symbol(r, '.'))
		name = mig__read_name(r);
	/* those of every database; others may be named by their locale */
	if (strcmp(name, "C") != 0 && strcmp(name, "POSIX") != 0) {
		mig__read_unread(r);
		return;
	}
	text = mig__read_text(r);
	mig__ddl_name(text, name);
	mig__read_set(r, column, MIG_ATTR_COLLATION, mig__read_kept(r, text));
}

/* What a column's clauses say of NULL. */
struct nullness {
	int null, key;
};

static int read_clause(struct mig__reader *r, struct mig__read_object *column, struct nullness *said)
{
	const char *name = mig__read_take(r, "CONSTRAINT") ? mig__read_name(r) : NULL;

	said->key |= mig__read_is(r, "PRIMARY");
	if (mig__read_take(r, "NOT NULL")) {
		/* a name that counts from 18 on */
		if (name && r->version >= 180000)
			mig__read_unread(r);
		mig__read_not_null(r, column);
	} else if (mig__read_column_constraint(r, column, name)) {
		return 1;
	} else if (mig__read_take(r, "NULL")) {
		said->null = 1;
	} else if (mig__read_take(r, "DEFAULT")) {
		mig__read_default_clause(r, column);
	} else if (mig__read_take(r, "GENERATED")) {
		read_generated(r, column);
	} else if (mig__read_take(r, "COLLATE")) {
		read_collation(r, column);
	} else {
		if (name)
			mig__read_unread(r);
		return 0;
	}
	return 1;
}

void mig__read_column(struct mig__reader *r, struct mig__read_object *table)
{
	struct mig__read_object *column;
	const struct mig__read_type *type;
	struct mig__read_type read;
	const char *name = mig__read_name(r), *serial = NULL;
	struct nullness said = { 0 };

	if (r->unread || mig__read_child(table, MIG_KIND_COLUMN, name)) {
		mig__read_unread(r);
		return;
	}
	if (!mig__read_serial(r, &read, &serial) && !mig__read_type(r, &read))
		return;
	column = mig__read_new(r, MIG_KIND_COLUMN, table, "", name);
	type = mig__read_keep_type(r, &read);
	if (!type)
		return;
	column->of.type = type;
	mig__read_set(r, column, MIG_ATTR_TYPE, type->words);
	if (type->class == MIG__READ_ENUM)
		mig__read_set(r, column, ".type_kind", type->array ? NULL : "e");
	mig__read_need(r, column, type->own, MIG_NEED);
	if (serial)
		make_serial(r, column, serial);
	while (!r->unread && read_clause(r, column, &said))
		;
	/* the server refuses both; from 18 on NULL PRIMARY KEY as well, but not NULL with a table's PRIMARY KEY (a) */
	if (said.null && (mig__read_get(column, MIG_ATTR_NOT_NULL) || (said.key && r->version >= 180000)))
		mig__read_unread(r);
}

/* -- tables */

void mig__read_create_table(struct mig__reader *r, int unlogged)
{
	struct mig__read_object *table = mig__read_relation(r, MIG_KIND_TABLE);

	if (!table)
		return;
	mig__read_set(r, table, "persistence", unlogged ? "unlogged" : NULL);
	mig__read_want_symbol(r, '(');
	if (!mig__read_symbol(r, ')')) {
		do {
			if (mig__read_is_constraint(r))
				mig__read_constraint(r, table);
			else
				mig__read_column(r, table);
		} while (!r->unread && mig__read_symbol(r, ','));
		mig__read_want_symbol(r, ')');
	}
	if (!r->unread && mig__read_take(r, "WITH"))
		mig__read_options(r, table);
	if (!r->unread)
		mig__read_settle(r, table);
}

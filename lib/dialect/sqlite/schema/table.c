/* table: reads CREATE statements, with the rules of SQLite's own grammar (parse.y). Everything is
 * first gathered, then reported: a text that cannot be read is not half reported. */
#include "dialect/sqlite/schema/objects.h"
#include "dialect/sqlite/sql/quote.h"

#include <stdio.h>
#include <string.h>

typedef struct mig__sqlite_token token;

enum { ATTRIBUTES = 10 };

/* An object that was read. */
struct item {
	int32_t kind;
	uint32_t flags;
	const char *name;
	mig_attribute at[ATTRIBUTES];
	size_t count;
	const char *from, *to; /* of its expression, until all columns are known */
	uint32_t number;
	struct item *next;
};

struct reader {
	mig_conn *conn;
	struct mig__arena arena;
	token t;         /* the current one */
	const char *end; /* of the one before */
	struct item table, *first, **tail;
	struct mig__map columns; /* their names in small letters, when all are read */
	int failed; /* cannot be read */
	int nomem;
};

/* -- small steps */

static void next(struct reader *r)
{
	r->end = mig__sqlite_behind(r->t);
	r->t = mig__sqlite_token(r->end);
}

static int take(struct reader *r, const char *keyword)
{
	if (!mig__sqlite_is(r->t, keyword))
		return 0;
	next(r);
	return 1;
}

static int take_sign(struct reader *r, char sign)
{
	if (!mig__sqlite_is_sign(r->t, sign))
		return 0;
	next(r);
	return 1;
}

static const char *keep(struct reader *r, struct mig__buf *buf)
{
	const char *text =
		buf->failed ? NULL : mig__arena_strndup(&r->arena, mig__buf_text(buf), buf->len);

	r->nomem |= !text;
	mig__buf_finish(buf);
	return text ? text : "";
}

static const char *plain(struct reader *r, token t)
{
	struct mig__buf buf;

	mig__buf_init(&buf, &r->conn->alloc);
	mig__sqlite_add_plain(&buf, t);
	return keep(r, &buf);
}

static const char *normal(struct reader *r, const char *from, const char *to)
{
	struct mig__buf buf;

	mig__buf_init(&buf, &r->conn->alloc);
	mig__sqlite_add_normal(&buf, from, to);
	return keep(r, &buf);
}

/* As written, up to the token before. */
static const char *verbatim(struct reader *r, const char *from)
{
	const char *text =
		mig__arena_strndup(&r->arena, from, r->end > from ? (size_t)(r->end - from) : 0);

	r->nomem |= !text;
	return text ? text : "";
}

static void forget(struct item *item, const char *key)
{
	size_t i = 0;

	while (i < item->count && strcmp(item->at[i].key, key) != 0)
		i++;
	if (i == item->count)
		return;
	item->count--;
	memmove(&item->at[i], &item->at[i + 1], (item->count - i) * sizeof *item->at);
}

/* What is said twice holds as it is said last. */
static void put(struct item *item, const char *key, const char *value)
{
	size_t i = 0;

	while (i < item->count && strcmp(item->at[i].key, key) != 0)
		i++;
	if (!value || i == ATTRIBUTES)
		return;
	item->at[i] = (mig_attribute){ key, value };
	item->count += i == item->count;
}

static struct item *add_item(struct reader *r, int32_t kind)
{
	struct item *item = mig__arena_zalloc(&r->arena, 1, sizeof *item);

	if (!item) {
		r->nomem = 1;
		return NULL;
	}
	item->kind = kind;
	*r->tail = item;
	r->tail = &item->next;
	return item;
}

/* Moves behind the parenthesis at the current token; its end. */
static const char *pass_parentheses(struct reader *r)
{
	const char *to = mig__sqlite_is_sign(r->t, '(') ? mig__sqlite_closing(r->t.at) : NULL;

	if (to) {
		r->end = to;
		r->t = mig__sqlite_token(to);
	}
	r->failed |= !to;
	return to ? to : r->t.at;
}

/* The normal text of the parenthesis at the current token; moves behind. */
static const char *parentheses(struct reader *r)
{
	const char *from = r->t.at, *to = pass_parentheses(r);

	return normal(r, from, to);
}

static void keep_expression(struct reader *r, struct item *item)
{
	item->from = r->t.at;
	item->to = pass_parentheses(r);
}

/* The same without the parentheses themselves. */
static const char *inside(struct reader *r)
{
	const char *text = parentheses(r);
	size_t size = strlen(text);

	if (size < 2)
		return text;
	text = mig__arena_strndup(&r->arena, text + 1, size - 2);
	r->nomem |= !text;
	return text ? text : "";
}

/* ON CONFLICT x; NULL: not said, or ABORT, which is the same. */
static const char *conflict(struct reader *r)
{
	const char *what;

	if (!mig__sqlite_is(r->t, "ON"))
		return NULL;
	next(r);
	if (!take(r, "CONFLICT"))
		r->failed = 1;
	what = normal(r, r->t.at, mig__sqlite_behind(r->t));
	next(r);
	return strcmp(what, "abort") != 0 ? what : NULL;
}

/* -- constraints */

/* Keywords as mig/attribute.h has them: in capitals. */
static const char *capitals(struct reader *r, const char *from, const char *to)
{
	const char *text = normal(r, from, to);
	char *copy = mig__arena_strdup(&r->arena, text);

	r->nomem |= !copy;
	for (char *p = copy; p && *p; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	return copy ? copy : "";
}

/* DELETE action, UPDATE action, or INSERT action, which SQLite reads and ignores; after ON. What
 * stands last holds, and NO ACTION is what holds without any. */
static void reference_action(struct reader *r, struct item *item)
{
	const char *key = mig__sqlite_is(r->t, "DELETE")   ? "on_delete"
			  : mig__sqlite_is(r->t, "UPDATE") ? "on_update"
							   : NULL;
	const char *from;

	if (!key && !mig__sqlite_is(r->t, "INSERT"))
		r->failed = 1;
	next(r);
	from = r->t.at;
	if (mig__sqlite_is(r->t, "SET") || mig__sqlite_is(r->t, "NO"))
		next(r);
	if (key && mig__sqlite_is(r->t, "ACTION"))
		forget(item, key);
	else if (key)
		put(item, key, capitals(r, from, mig__sqlite_behind(r->t)));
	next(r);
}

/* [NOT] DEFERRABLE [INITIALLY …]; 0: it is the NOT of the column's NOT NULL. */
static int reference_deferrable(struct reader *r, struct item *item)
{
	const char *end = r->end, *from = r->t.at;
	token first = r->t;

	if (take(r, "NOT") && !mig__sqlite_is(r->t, "DEFERRABLE")) {
		r->end = end;
		r->t = first;
		return 0;
	}
	next(r);
	if (take(r, "INITIALLY"))
		next(r);
	if (mig__sqlite_is(first, "NOT"))
		forget(item, "deferrable");
	else
		put(item, "deferrable", capitals(r, from, r->t.at));
	return 1;
}

/* REFERENCES t (c) ON DELETE … MATCH … DEFERRABLE …, at the table's name. */
static void references(struct reader *r, struct item *item)
{
	put(item, "referred", normal(r, r->t.at, mig__sqlite_behind(r->t)));
	next(r);
	if (mig__sqlite_is_sign(r->t, '('))
		put(item, "referred_columns", inside(r));
	while (!r->failed) {
		if (take(r, "ON")) {
			reference_action(r, item);
		} else if (take(r, "MATCH")) {
			put(item, "match", normal(r, r->t.at, mig__sqlite_behind(r->t)));
			next(r);
		} else if (!mig__sqlite_is(r->t, "DEFERRABLE") && !mig__sqlite_is(r->t, "NOT")) {
			return;
		} else if (!reference_deferrable(r, item)) {
			return;
		}
	}
}

/* A constraint of a column or of the table, if there is one. column: item of the column, whose
 * constraint it is; NULL: the table's. */
static int constraint(struct reader *r, struct item *column, const char *name)
{
	const char *from = r->t.at;
	struct item *item;

	if (take(r, "PRIMARY")) {
		if (!take(r, "KEY"))
			r->failed = 1;
		item = add_item(r, MIG_KIND_PRIMARY_KEY);
	} else if (take(r, "UNIQUE")) {
		item = add_item(r, MIG_KIND_UNIQUE);
	} else if (take(r, "CHECK")) {
		item = add_item(r, MIG_KIND_CHECK);
		if (item)
			keep_expression(r, item);
	} else if (column && take(r, "REFERENCES")) {
		item = add_item(r, MIG_KIND_FOREIGN_KEY);
	} else if (!column && take(r, "FOREIGN")) {
		if (!take(r, "KEY"))
			r->failed = 1;
		item = add_item(r, MIG_KIND_FOREIGN_KEY);
	} else {
		return 0;
	}
	if (!item || r->failed)
		return 0;
	if (item->kind != MIG_KIND_CHECK) {
		const char *columns = column ? column->at[0].value : NULL;

		if (!column) {
			columns = inside(r);
		} else if (item->kind == MIG_KIND_PRIMARY_KEY) {
			if (!take(r, "ASC") && take(r, "DESC"))
				put(item, "order", "desc");
		}
		put(item, "columns", columns);
	}
	if (item->kind == MIG_KIND_FOREIGN_KEY) {
		if (!column && !take(r, "REFERENCES"))
			r->failed = 1;
		references(r, item);
	} else {
		put(item, "conflict", conflict(r));
	}
	if (item->kind == MIG_KIND_PRIMARY_KEY && take(r, "AUTOINCREMENT"))
		put(item, "autoincrement", "yes");
	item->name = name;
	put(item, ".sql", verbatim(r, from));
	if (column)
		put(item, ".inline", column->name);
	return 1;
}

/* -- columns */

static int begins_constraint(token t)
{
	static const char *const words[] = { "CONSTRAINT", "PRIMARY", "NOT",      "NULL",
					     "UNIQUE",     "CHECK",   "DEFAULT",  "COLLATE",
					     "REFERENCES", "AS",      "GENERATED" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (mig__sqlite_is(t, words[i]))
			return 1;
	return 0;
}

static void read_type(struct reader *r, struct item *column)
{
	const char *from = r->t.at;

	while (mig__sqlite_is_name(r->t) && !begins_constraint(r->t))
		next(r);
	if (r->t.at == from)
		return;
	if (mig__sqlite_is_sign(r->t, '('))
		pass_parentheses(r);
	put(column, "type", normal(r, from, r->end));
	put(column, ".type", verbatim(r, from));
}

/* A name alone, but for a few words, is a string. */
static const char *name_as_string(struct reader *r, token t)
{
	static const char *const words[] = { "NULL",         "TRUE",         "FALSE",
					     "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP" };
	struct mig__buf buf;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (mig__sqlite_is(t, words[i]))
			return normal(r, t.at, mig__sqlite_behind(t));
	mig__buf_init(&buf, &r->conn->alloc);
	mig__sqlite_add_string(&buf, plain(r, t));
	return keep(r, &buf);
}

static struct item *add_default(struct reader *r, struct item *column)
{
	for (struct item *i = column->next; i; i = i->next)
		if (i->kind == MIG_KIND_DEFAULT)
			return i;
	return add_item(r, MIG_KIND_DEFAULT);
}

/* DEFAULT literal, -literal, (expression), a name */
static void read_default(struct reader *r, struct item *column)
{
	struct item *item = add_default(r, column);
	const char *from = r->t.at;
	token t = r->t;

	if (!item)
		return;
	if (mig__sqlite_is_sign(r->t, '(')) {
		pass_parentheses(r);
	} else {
		if (mig__sqlite_is_sign(r->t, '+') || mig__sqlite_is_sign(r->t, '-'))
			next(r);
		next(r);
	}
	item->name = column->name;
	put(item, "expression",
	    t.kind == MIG__TOKEN_WORD || t.kind == MIG__TOKEN_NAME ? name_as_string(r, t)
								   : normal(r, from, r->t.at));
	put(item, ".sql", verbatim(r, from));
}

static void read_generated(struct reader *r, struct item *column)
{
	if (take(r, "GENERATED") && !take(r, "ALWAYS"))
		r->failed = 1;
	if (!take(r, "AS"))
		r->failed = 1;
	keep_expression(r, column);
	if (take(r, "STORED"))
		put(column, "generated_kind", "stored");
	else
		take(r, "VIRTUAL");
}

static void read_column_constraints(struct reader *r, struct item *column)
{
	const char *name = NULL;

	while (!r->failed && r->t.kind && !mig__sqlite_is_sign(r->t, ',') &&
	       !mig__sqlite_is_sign(r->t, ')')) {
		if (take(r, "CONSTRAINT")) {
			name = plain(r, r->t);
			next(r);
			continue;
		}
		if (take(r, "NOT")) {
			if (!take(r, "NULL"))
				r->failed = 1;
			put(column, "not_null", "yes");
			forget(column, "not_null_conflict");
			put(column, "not_null_conflict", conflict(r));
		} else if (take(r, "NULL")) {
			conflict(r);
		} else if (take(r, "DEFAULT")) {
			read_default(r, column);
		} else if (take(r, "COLLATE")) {
			put(column, "collation", normal(r, r->t.at, mig__sqlite_behind(r->t)));
			next(r);
		} else if (mig__sqlite_is(r->t, "GENERATED") || mig__sqlite_is(r->t, "AS")) {
			read_generated(r, column);
		} else if (!constraint(r, column, name)) {
			r->failed = 1;
		}
		name = NULL;
	}
}

/* The name as a key's list of columns must have it. These words name a column where it is defined,
 * but mean something else in an expression, and such a list is made of expressions. */
static const char *name_in_key(struct reader *r, token t)
{
	static const char *const words[] = { "CAST", "CURRENT_DATE", "CURRENT_TIME",
					     "CURRENT_TIMESTAMP", "RAISE" };
	const char *name = normal(r, t.at, mig__sqlite_behind(t));
	struct mig__buf buf;
	size_t i = 0;

	while (i < sizeof words / sizeof *words && !mig__sqlite_is(t, words[i]))
		i++;
	if (i == sizeof words / sizeof *words)
		return name;
	mig__buf_init(&buf, &r->conn->alloc);
	mig__sqlite_add_name(&buf, name);
	return keep(r, &buf);
}

static void read_column(struct reader *r)
{
	struct item *column = add_item(r, MIG_KIND_COLUMN);
	const char *from = r->t.at;

	if (!column || !mig__sqlite_is_name(r->t)) {
		r->failed = 1;
		return;
	}
	column->name = plain(r, r->t);
	put(column, ".name", name_in_key(r, r->t));
	next(r);
	read_type(r, column);
	read_column_constraints(r, column);
	put(column, ".sql", verbatim(r, from));
}

/* -- the whole */

static void read_table_constraint(struct reader *r)
{
	const char *name = NULL;

	if (take(r, "CONSTRAINT")) {
		name = plain(r, r->t);
		next(r);
	}
	if (!constraint(r, NULL, name))
		r->failed = 1;
}

static int begins_table_constraint(token t)
{
	return mig__sqlite_is(t, "CONSTRAINT") || mig__sqlite_is(t, "PRIMARY") ||
	       mig__sqlite_is(t, "UNIQUE") || mig__sqlite_is(t, "CHECK") ||
	       mig__sqlite_is(t, "FOREIGN");
}

static void read_body(struct reader *r)
{
	if (!take_sign(r, '('))
		r->failed = 1;
	while (!r->failed && !r->nomem) {
		if (begins_table_constraint(r->t))
			read_table_constraint(r);
		else
			read_column(r);
		/* the comma between constraints may be left out */
		if (take_sign(r, ')'))
			break;
		if (!take_sign(r, ',') && !begins_table_constraint(r->t))
			r->failed = 1;
	}
	while (!r->failed && r->t.kind) {
		if (take(r, "STRICT"))
			put(&r->table, "strict", "yes");
		else if (take(r, "WITHOUT") && take(r, "ROWID"))
			put(&r->table, "without_rowid", "yes");
		else
			r->failed = 1;
		take_sign(r, ',');
	}
}

static const char *small(struct reader *r, const char *name)
{
	size_t size = strlen(name);
	char *copy = mig__arena_strndup(&r->arena, name, size);

	for (size_t i = 0; copy && i < size; i++)
		if (copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] = (char)(copy[i] + 32);
	r->nomem |= !copy;
	return copy ? copy : "";
}

static void note_columns(struct reader *r)
{
	for (const struct item *i = r->first; i && !r->nomem; i = i->next) {
		const char *name = i->kind == MIG_KIND_COLUMN ? small(r, i->name) : NULL;

		if (name)
			r->nomem |= !mig__map_add(&r->columns, name, strlen(name), 0, NULL);
	}
}

/* A word in double quotes that names no column is a string. The rowid has names that are nowhere
 * declared. */
static int is_column(void *user, token t)
{
	struct reader *r = user;
	const char *name = small(r, plain(r, t));

	return mig__map_get(&r->columns, name, strlen(name)) != MIG__NONE ||
	       !strcmp(name, "rowid") || !strcmp(name, "oid") || !strcmp(name, "_rowid_");
}

static void put_expression(struct reader *r, struct item *item)
{
	struct mig__buf buf;

	mig__buf_init(&buf, &r->conn->alloc);
	mig__sqlite_add_normal_expression(&buf, item->from, item->to, is_column, r);
	put(item, item->kind == MIG_KIND_COLUMN ? "generated" : "expression", keep(r, &buf));
}

/* A constraint without a name is named as its normal text. */
static void name_item(struct reader *r, struct item *item)
{
	static const char *const words[] = {
		[MIG_KIND_PRIMARY_KEY] = "primary key",
		[MIG_KIND_UNIQUE] = "unique",
		[MIG_KIND_FOREIGN_KEY] = "foreign key",
		[MIG_KIND_CHECK] = "check",
	};
	struct mig__buf buf;

	item->flags |= MIG_OBJECT_UNNAMED;
	mig__buf_init(&buf, &r->conn->alloc);
	mig__buf_adds(&buf, words[item->kind]);
	/* there is one primary key: what differs in it is no other key; what a foreign key does is
	 * no part of which one it is */
	for (size_t i = 0; item->kind != MIG_KIND_PRIMARY_KEY && i < item->count; i++)
		if (!strcmp(item->at[i].key, "columns") || !strncmp(item->at[i].key, "referred", 8))
			mig__buf_addf(&buf, " (%s)", item->at[i].value);
		else if (!strcmp(item->at[i].key, "expression"))
			mig__buf_addf(&buf, " %s", item->at[i].value);
	item->name = keep(r, &buf);
}

/* Names that are given, and how often: thousands of constraints may have the same text. */
struct given {
	struct mig__map names; /* place in numbers */
	uint32_t *numbers;     /* the last one that was put after a name */
	uint32_t count;
};

/* Two unnamed constraints with the same text get different names: "check (a > 0)", then "check (a >
 * 0)#2". */
static void number_twin(struct reader *r, struct item *item, struct given *given)
{
	const char *name = item->name;
	uint32_t first = MIG__NONE, old;

	r->nomem |= !mig__map_add(&given->names, name, strlen(name), given->count, &first);
	if (first == MIG__NONE)
		given->numbers[given->count++] = 1;
	for (old = first; old != MIG__NONE && !r->nomem;) {
		struct mig__buf buf;

		mig__buf_init(&buf, &r->conn->alloc);
		mig__buf_addf(&buf, "%s#%u", name, (unsigned)++given->numbers[first]);
		item->name = keep(r, &buf);
		old = MIG__NONE;
		r->nomem |= !mig__map_add(&given->names, item->name, strlen(item->name),
					  given->count, &old);
		if (old == MIG__NONE)
			given->numbers[given->count++] = 1;
	}
}

/* What could not be said before all columns were known. */
static void finish_items(struct reader *r)
{
	struct given given = { .count = 0 };
	size_t unnamed = 0;

	mig__map_init(&given.names, &r->conn->alloc);
	for (const struct item *i = r->first; i; i = i->next)
		unnamed += !i->name;
	given.numbers = mig__arena_zalloc(&r->arena, unnamed + 1, sizeof *given.numbers);
	r->nomem |= !given.numbers;
	note_columns(r);
	for (struct item *i = r->first; i && !r->nomem; i = i->next) {
		if (i->from)
			put_expression(r, i);
		if (!i->name) {
			name_item(r, i);
			number_twin(r, i, &given);
		}
	}
	mig__map_finish(&given.names);
}

static mig_status report(const struct item *item, const char *name, const mig_schema_sink *sink,
			 uint32_t parent, uint32_t *number)
{
	mig_object o = { .struct_size = sizeof o,
			 .kind = item->kind,
			 .flags = item->flags,
			 .schema = "",
			 .name = name,
			 .attributes = item->at,
			 .attribute_count = item->count };

	return sink->object(sink->user, &o, parent, number);
}

/* A column's default stands behind it, among its constraints. */
static mig_status report_items(struct reader *r, const mig_schema_sink *sink, uint32_t table,
			       struct mig__sqlite_columns *columns)
{
	uint32_t column = table;
	mig_status rc = MIG_OK;

	for (struct item *i = r->first; !rc && i; i = i->next) {
		rc = report(i, i->name, sink, i->kind == MIG_KIND_DEFAULT ? column : table,
			    &i->number);
		if (!rc && i->kind == MIG_KIND_COLUMN) {
			column = i->number;
			rc = mig__sqlite_note_column(r->conn, columns, table, i->name, i->number);
		}
	}
	for (struct item *i = r->first; !rc && i; i = i->next)
		for (size_t k = 0; !rc && k < i->count; k++)
			if (!strcmp(i->at[k].key, "columns") ||
			    !strcmp(i->at[k].key, "generated") ||
			    (i->kind == MIG_KIND_CHECK && !strcmp(i->at[k].key, "expression")))
				rc = mig__sqlite_report_mentions(r->conn, columns, table, i->number,
								 i->at[k].value, sink);
	return rc;
}

static void read_table(struct reader *r, const struct mig__sqlite_create *create)
{
	const char *rest = create->rest;

	r->t = mig__sqlite_token(rest);
	if (create->virtual) {
		take(r, "USING");
		put(&r->table, "virtual", normal(r, r->t.at, rest + strlen(rest)));
	} else {
		read_body(r);
		if (!r->failed)
			finish_items(r);
	}
	if (r->failed) {
		r->first = NULL;
		r->table.count = 0;
		put(&r->table, "sql", normal(r, rest, rest + strlen(rest)));
	}
	if (r->failed || create->virtual)
		r->end = mig__sqlite_trimmed(rest, rest + strlen(rest));
	put(&r->table, ".sql", verbatim(r, rest));
}

mig_status mig__sqlite_report_table(mig_conn *conn, const struct mig__sqlite_create *create,
				    const char *name, const mig_schema_sink *sink,
				    struct mig__sqlite_columns *columns, uint32_t *number,
				    int *done)
{
	struct reader r = { .conn = conn, .table = { .kind = MIG_KIND_TABLE } };
	mig_status rc;

	mig__arena_init(&r.arena, &conn->alloc);
	mig__map_init(&r.columns, &conn->alloc);
	r.tail = &r.first;
	read_table(&r, create);
	*done = !r.failed;
	rc = r.nomem ? mig__sqlite_nomem(conn)
		     : report(&r.table, name, sink, MIG_NO_OBJECT, number);
	if (!rc)
		rc = report_items(&r, sink, *number, columns);
	mig__map_finish(&r.columns);
	mig__arena_finish(&r.arena);
	return rc;
}

/* -- the head of a CREATE statement */

/* [schema.]name */
static int read_name(struct mig__sqlite_create *out, token *t)
{
	if (!mig__sqlite_is_name(*t))
		return 0;
	out->name = *t;
	*t = mig__sqlite_token(mig__sqlite_behind(*t));
	if (!mig__sqlite_is_sign(*t, '.'))
		return 1;
	*t = mig__sqlite_token(mig__sqlite_behind(*t));
	out->name = *t;
	*t = mig__sqlite_token(mig__sqlite_behind(*t));
	return mig__sqlite_is_name(out->name);
}

/* ON table of an index; of a trigger, the ON that follows its event. */
static int read_on(struct mig__sqlite_create *out, token t)
{
	while (t.kind && !mig__sqlite_is(t, "ON"))
		t = mig__sqlite_token(mig__sqlite_behind(t));
	out->table = mig__sqlite_token(mig__sqlite_behind(t));
	return t.kind && mig__sqlite_is_name(out->table);
}

int mig__sqlite_read_create(const char *text, struct mig__sqlite_create *out)
{
	token t = mig__sqlite_token(text);

	*out = (struct mig__sqlite_create){ 0 };
	if (!mig__sqlite_is(t, "CREATE"))
		return 0;
	for (t = mig__sqlite_token(mig__sqlite_behind(t)); t.kind && !out->kind;
	     t = mig__sqlite_token(mig__sqlite_behind(t))) {
		if (mig__sqlite_is(t, "TEMP") || mig__sqlite_is(t, "TEMPORARY"))
			out->temporary = 1;
		else if (mig__sqlite_is(t, "UNIQUE"))
			out->unique = 1;
		else if (mig__sqlite_is(t, "VIRTUAL"))
			out->virtual = 1;
		else if (mig__sqlite_is(t, "TABLE"))
			out->kind = MIG_KIND_TABLE;
		else if (mig__sqlite_is(t, "INDEX"))
			out->kind = MIG_KIND_INDEX;
		else if (mig__sqlite_is(t, "VIEW"))
			out->kind = MIG_KIND_VIEW;
		else if (mig__sqlite_is(t, "TRIGGER"))
			out->kind = MIG_KIND_TRIGGER;
		else
			return 0;
	}
	if (mig__sqlite_is(t, "IF")) {
		out->if_not_exists = 1;
		for (int i = 0; i < 3; i++)
			t = mig__sqlite_token(mig__sqlite_behind(t));
	}
	if (!out->kind || !read_name(out, &t))
		return 0;
	out->rest = t.at;
	return (out->kind != MIG_KIND_INDEX && out->kind != MIG_KIND_TRIGGER) || read_on(out, t);
}

/* compile: whether the views and triggers of a model refer to what is there. SQLite takes any of
 * them, and fails with "no such table" when they are used, so it is made to compile each of them,
 * in a database in memory: a view by a query of it, a trigger by a statement that it belongs to.
 * Nothing is run there, and nothing at all happens where the model has neither.
 *
 * Only tables that are mentioned are made, and a trigger is there alone, as a temporary one: so an
 * error is its own, and the cost is linear. What this process does not know may be there in the
 * application: functions, modules of virtual tables, collations. Only messages that name a missing
 * table or column count, and no table whose name is called like a function, or is a module's. */
#include "dialect/sqlite/schema/objects.h"
#include "dialect/sqlite/sql/quote.h"

#include "base/ascii.h"

#include <string.h>

struct compiling {
	struct mig__sqlite_sound *s;
	mig_conn *scratch;
	uint8_t *mentioned;     /* by place in s->objects */
	struct mig__map called; /* names with a parenthesis behind, in small letters */
	int unknown_module;     /* a virtual table could not be made */
	struct mig__buf sql;
};

/* -- what is there */

static int has_any(const struct mig__sqlite_sound *s)
{
	for (size_t i = 0; i < s->judged; i++)
		if (s->objects[i]->kind == MIG_KIND_VIEW ||
		    mig__child(s->objects[i], MIG_KIND_TRIGGER, NULL))
			return 1;
	return 0;
}

static const char *text_of(const mig_object *o)
{
	const char *sql = mig__attribute(o, ".sql");

	return sql ? sql : mig__attribute(o, "query");
}

/* Marks the tables whose names stand in a text. */
static mig_status mark(struct compiling *c, const char *text)
{
	struct mig__sqlite_token t = mig__sqlite_token(text ? text : ""), next;

	for (; t.kind; t = next) {
		char *name;
		uint32_t place;

		next = mig__sqlite_token(mig__sqlite_behind(t));
		if (!mig__sqlite_is_name(t))
			continue;
		name = mig__sqlite_sound_name(c->s, t);
		if (!name)
			return mig__sqlite_nomem(c->s->conn);
		place = mig__map_get(&c->s->tops, name, strlen(name));
		if (place != MIG__NONE)
			c->mentioned[place] = 1;
		else if (mig__sqlite_is_sign(next, '(') &&
			 !mig__map_add(&c->called, name, strlen(name), 0, NULL))
			return mig__sqlite_nomem(c->s->conn);
	}
	return MIG_OK;
}

static mig_status mark_all(struct compiling *c)
{
	const struct mig__sqlite_sound *s = c->s;
	mig_status rc = MIG_OK;

	for (size_t i = 0; !rc && i < s->count; i++) {
		const mig_object *o = s->objects[i];

		if (o->kind == MIG_KIND_VIEW)
			rc = mark(c, text_of(o));
		for (const mig_object *g = i < s->judged ? o->child : NULL; !rc && g; g = g->next)
			if (g->kind == MIG_KIND_TRIGGER) {
				c->mentioned[i] = 1;
				rc = mark(c, text_of(g));
			}
	}
	return rc;
}

/* Runs the statement in the buffer, and empties it. SQLite's code. */
static int run(struct compiling *c)
{
	int code = c->sql.failed
			   ? SQLITE_NOMEM
			   : sqlite3_exec(c->scratch->db, mig__buf_text(&c->sql), NULL, NULL, NULL);

	mig__buf_clear(&c->sql);
	return code;
}

/* As declared or, if the process lacks a function or collation for that, with its columns alone. */
static int make_table(struct compiling *c, const mig_object *o)
{
	int is_virtual = mig__attribute(o, "virtual") != NULL, code = SQLITE_ERROR;
	const char *sql = text_of(o), *comma = " (";

	if (sql) {
		mig__buf_addf(&c->sql, "CREATE %sTABLE main.", is_virtual ? "VIRTUAL " : "");
		mig__sqlite_add_name(&c->sql, o->name);
		mig__buf_addf(&c->sql, " %s", sql);
		code = run(c);
	}
	c->unknown_module |= is_virtual && code != SQLITE_OK;
	if (code == SQLITE_OK || code == SQLITE_NOMEM || !mig__child(o, MIG_KIND_COLUMN, NULL))
		return code;
	mig__buf_adds(&c->sql, "CREATE TABLE main.");
	mig__sqlite_add_name(&c->sql, o->name);
	for (const mig_object *k = o->child; k; k = k->next) {
		if (k->kind != MIG_KIND_COLUMN)
			continue;
		mig__buf_adds(&c->sql, comma);
		mig__sqlite_add_name(&c->sql, k->name);
		comma = ", ";
	}
	mig__buf_adds(&c->sql, ")");
	return run(c);
}

static int make_view(struct compiling *c, const mig_object *o)
{
	const char *sql = mig__attribute(o, ".sql"), *query = mig__attribute(o, "query");

	mig__buf_adds(&c->sql, "CREATE VIEW main.");
	mig__sqlite_add_name(&c->sql, o->name);
	mig__buf_addf(&c->sql, " %s%s", sql ? "" : "AS ", sql ? sql : query ? query : "");
	return run(c);
}

/* What cannot be made is not there, and is_missing() knows it. */
static mig_status make_all(struct compiling *c)
{
	const struct mig__sqlite_sound *s = c->s;
	int code = SQLITE_OK;

	mig__buf_adds(&c->sql, "PRAGMA foreign_keys = OFF; BEGIN");
	code = run(c);
	for (size_t i = 0; code != SQLITE_NOMEM && i < s->count; i++)
		if (s->objects[i]->kind == MIG_KIND_VIEW)
			code = make_view(c, s->objects[i]);
		else if (s->objects[i]->kind == MIG_KIND_TABLE && c->mentioned[i])
			code = make_table(c, s->objects[i]);
	return code == SQLITE_NOMEM ? mig__sqlite_nomem(s->conn) : MIG_OK;
}

/* -- what SQLite says */

/* Whether the application's connection knows a module of the name. */
static int is_module(const struct compiling *c, const char *name)
{
	sqlite3_stmt *stmt = NULL;
	int found = 0;

	if (c->s->conn->db &&
	    sqlite3_prepare_v2(c->s->conn->db,
			       "SELECT 1 FROM pragma_module_list WHERE name = ?1 COLLATE NOCASE",
			       -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC) == SQLITE_OK)
		found = sqlite3_step(stmt) == SQLITE_ROW;
	sqlite3_finalize(stmt);
	return found;
}

/* Whether it can be a table of a virtual one that could not be made: "f_data" of "f". */
static int is_shadow(const struct compiling *c, const char *name)
{
	for (const char *at = c->unknown_module ? strchr(name, '_') : NULL; at;
	     at = strchr(at + 1, '_')) {
		uint32_t place = mig__map_get(&c->s->tops, name, (size_t)(at - name));

		if (place != MIG__NONE && mig__attribute(c->s->objects[place], "virtual"))
			return 1;
	}
	return 0;
}

static int is_missing_table(const struct compiling *c, const char *given)
{
	char *name = mig__arena_strdup(&c->s->arena, given);

	for (char *at = name; at && *at; at++)
		*at = (char)mig__ascii_lower(*at);
	return name && !mig__sqlite_is_internal(c->s->conn, name) &&
	       mig__map_get(&c->s->tops, name, strlen(name)) == MIG__NONE &&
	       mig__map_get(&c->called, name, strlen(name)) == MIG__NONE && !is_shadow(c, name) &&
	       !is_module(c, name);
}

/* The last message, if it names a table or column that is not there; otherwise NULL. */
static const char *missing(const struct compiling *c)
{
	static const char no_table[] = "no such table: ", no_column[] = "no such column: ";
	const char *message = sqlite3_errmsg(c->scratch->db), *name, *kept;
	struct mig__buf buf;

	if (!strncmp(message, no_column, sizeof no_column - 1) ||
	    (!strncmp(message, "table ", 6) && strstr(message, " has no column named ")))
		return mig__arena_strdup(&c->s->arena, message);
	if (strncmp(message, no_table, sizeof no_table - 1) != 0)
		return NULL;
	name = message + sizeof no_table - 1;
	name += strncmp(name, "main.", 5) ? 0 : 5;
	mig__buf_init(&buf, &c->s->conn->alloc);
	mig__buf_addf(&buf, "%s%s", no_table, name);
	kept = buf.failed ? NULL : mig__arena_strdup(&c->s->arena, mig__buf_text(&buf));
	mig__buf_finish(&buf);
	return kept && is_missing_table(c, kept + sizeof no_table - 1) ? kept : NULL;
}

/* Compiles the statement in the buffer, which is emptied. *what: what is missing, or NULL. */
static mig_status compile(struct compiling *c, const char **what)
{
	sqlite3_stmt *stmt = NULL;
	int code = c->sql.failed ? SQLITE_NOMEM
				 : sqlite3_prepare_v2(c->scratch->db, mig__buf_text(&c->sql), -1,
						      &stmt, NULL);

	*what = code == SQLITE_ERROR ? missing(c) : NULL;
	sqlite3_finalize(stmt);
	mig__buf_clear(&c->sql);
	return code == SQLITE_NOMEM ? mig__sqlite_nomem(c->s->conn) : MIG_OK;
}

/* -- views */

static mig_status compile_view(struct compiling *c, const mig_object *o, const char **what)
{
	mig__buf_adds(&c->sql, "SELECT * FROM main.");
	mig__sqlite_add_name(&c->sql, o->name);
	return compile(c, what);
}

/* A view of a broken view is broken as well: the one below is named. Views need no cycle. */
static mig_status innermost(struct compiling *c, const mig_object **view, const char **what)
{
	mig_status rc = MIG_OK;

	for (size_t i = 0; !rc && i < (*view)->need_count;) {
		const mig_object *need = (*view)->needs[i++];
		const char *words = NULL;

		if (need->kind == MIG_KIND_VIEW)
			rc = compile_view(c, need, &words);
		if (words) {
			*view = need;
			*what = words;
			i = 0;
		}
	}
	return rc;
}

static mig_status judge_views(struct compiling *c)
{
	const struct mig__sqlite_sound *s = c->s;
	mig_status rc = MIG_OK;

	for (size_t i = 0; !rc && i < s->judged; i++) {
		const mig_object *view = s->objects[i];
		const char *what;

		if (view->kind != MIG_KIND_VIEW)
			continue;
		rc = compile_view(c, view, &what);
		if (!rc && what)
			rc = innermost(c, &view, &what);
		if (rc || !what)
			continue;
		c->s->broken = view;
		return mig__sqlite_report(s->conn, MIG_ESQL, NULL,
					  "correct the view, or declare what it refers to",
					  "view %s: %s", view->name, what);
	}
	return rc;
}

/* -- triggers */

/* At DELETE, INSERT or UPDATE. */
static struct mig__sqlite_token event_of(const char *text)
{
	struct mig__sqlite_token t = mig__sqlite_token(text ? text : "");

	while (t.kind && !mig__sqlite_is(t, "DELETE") && !mig__sqlite_is(t, "INSERT") &&
	       !mig__sqlite_is(t, "UPDATE"))
		t = mig__sqlite_token(mig__sqlite_behind(t));
	return t;
}

static mig_status refuse(struct compiling *c, const mig_object *trigger, const char *what)
{
	c->s->broken = trigger;
	return mig__sqlite_report(c->s->conn, MIG_ESQL, NULL,
				  "correct the trigger, or declare what it refers to",
				  "trigger %s.%s: %s", trigger->parent->name, trigger->name, what);
}

/* The columns behind UPDATE OF, which SQLite never looks for; column: the first of them. */
static mig_status judge_list(struct compiling *c, const mig_object *trigger, sqlite3_stmt *row,
			     struct mig__sqlite_token t, struct mig__sqlite_token *column)
{
	*column = t = mig__sqlite_token(mig__sqlite_behind(t));
	for (; t.kind && !mig__sqlite_is(t, "ON"); t = mig__sqlite_token(mig__sqlite_behind(t))) {
		struct mig__buf words;
		int i = 0, count = sqlite3_column_count(row);
		mig_status rc;

		if (mig__sqlite_is_sign(t, ','))
			continue;
		while (i < count && !mig__sqlite_stands_for(t, sqlite3_column_name(row, i)))
			i++;
		if (i < count)
			continue;
		mig__buf_init(&words, &c->s->conn->alloc);
		mig__buf_adds(&words, "no such column: ");
		mig__sqlite_add_plain(&words, t);
		rc = words.failed ? mig__sqlite_nomem(c->s->conn)
				  : refuse(c, trigger, mig__buf_text(&words));
		mig__buf_finish(&words);
		return rc;
	}
	return MIG_OK;
}

/* UPDATE t SET a = NULL, with a column that may be set: that of a generated one is refused. */
static mig_status compile_update(struct compiling *c, const mig_object *trigger, sqlite3_stmt *row,
				 struct mig__sqlite_token event, const char **what)
{
	struct mig__sqlite_token of = mig__sqlite_token(mig__sqlite_behind(event)), column = of;
	int listed = mig__sqlite_is(of, "OF"), count = sqlite3_column_count(row);
	mig_status rc = listed ? judge_list(c, trigger, row, of, &column) : MIG_OK;

	for (int i = 0; !rc && i < (listed ? 1 : count); i++) {
		mig__buf_adds(&c->sql, "UPDATE main.");
		mig__sqlite_add_name(&c->sql, trigger->parent->name);
		mig__buf_adds(&c->sql, " SET ");
		if (listed)
			mig__buf_add(&c->sql, column.at, column.size);
		else
			mig__sqlite_add_name(&c->sql, sqlite3_column_name(row, i));
		mig__buf_adds(&c->sql, " = NULL");
		rc = compile(c, what);
		if (*what ||
		    strncmp(sqlite3_errmsg(c->scratch->db), "cannot UPDATE generated", 23) != 0)
			break;
	}
	return rc;
}

static mig_status compile_event(struct compiling *c, const mig_object *trigger, sqlite3_stmt *row,
				const char **what)
{
	struct mig__sqlite_token event = event_of(text_of(trigger));
	int is_insert = mig__sqlite_is(event, "INSERT");

	if (mig__sqlite_is(event, "UPDATE"))
		return compile_update(c, trigger, row, event, what);
	mig__buf_adds(&c->sql, is_insert ? "INSERT INTO main." : "DELETE FROM main.");
	mig__sqlite_add_name(&c->sql, trigger->parent->name);
	mig__buf_adds(&c->sql, is_insert ? " DEFAULT VALUES" : "");
	return compile(c, what);
}

/* row: a query of the table or view. */
static mig_status judge_trigger(struct compiling *c, const mig_object *trigger, sqlite3_stmt *row)
{
	const char *what = NULL;
	mig_status rc;
	int code;

	mig__buf_addf(&c->sql, "CREATE TEMP TRIGGER mig_judged %s", text_of(trigger));
	code = run(c);
	if (code != SQLITE_OK)
		return code == SQLITE_NOMEM ? mig__sqlite_nomem(c->s->conn) : MIG_OK;
	rc = compile_event(c, trigger, row, &what);
	if (!rc && what)
		return refuse(c, trigger, what);
	mig__buf_adds(&c->sql, "DROP TRIGGER temp.mig_judged");
	return !rc && run(c) == SQLITE_NOMEM ? mig__sqlite_nomem(c->s->conn) : rc;
}

static mig_status judge_triggers(struct compiling *c, const mig_object *top)
{
	sqlite3_stmt *row = NULL;
	mig_status rc = MIG_OK;

	mig__buf_adds(&c->sql, "SELECT * FROM main.");
	mig__sqlite_add_name(&c->sql, top->name);
	if (c->sql.failed)
		return mig__sqlite_nomem(c->s->conn);
	/* without the table nothing can be said */
	if (sqlite3_prepare_v2(c->scratch->db, mig__buf_text(&c->sql), -1, &row, NULL)) {
		mig__buf_clear(&c->sql);
		return MIG_OK;
	}
	mig__buf_clear(&c->sql);
	for (const mig_object *o = top->child; !rc && o; o = o->next)
		if (o->kind == MIG_KIND_TRIGGER && text_of(o))
			rc = judge_trigger(c, o, row);
	sqlite3_finalize(row);
	return rc;
}

/* -- the whole */

mig_status mig__sqlite_compile(struct mig__sqlite_sound *s)
{
	struct compiling c = { .s = s };
	mig_status rc;

	if (!has_any(s))
		return MIG_OK;
	c.mentioned = mig__arena_zalloc(&s->arena, s->count + 1, 1);
	if (!c.mentioned)
		return mig__sqlite_nomem(s->conn);
	mig__map_init(&c.called, &s->conn->alloc);
	mig__buf_init(&c.sql, &s->conn->alloc);
	rc = mark_all(&c);
	if (!rc)
		rc = mig__sqlite_scratch(s->conn, &c.scratch);
	if (!rc)
		rc = make_all(&c);
	if (!rc)
		rc = judge_views(&c);
	for (size_t i = 0; !rc && i < s->judged; i++)
		if (mig__child(s->objects[i], MIG_KIND_TRIGGER, NULL))
			rc = judge_triggers(&c, s->objects[i]);
	if (c.scratch)
		mig__sqlite_close(c.scratch);
	mig__buf_finish(&c.sql);
	mig__map_finish(&c.called);
	return rc;
}

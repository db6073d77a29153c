/* inspect: the schema, out of the texts that SQLite keeps, by one query (two where there are
 * virtual tables). */
#include "dialect/sqlite/schema/objects.h"

#include "base/ascii.h"

#include <string.h>

struct row {
	const char *text, *name;
	struct mig__sqlite_create create;
	uint32_t number;
	struct mention *views; /* of a view: those that it mentions */
	uint32_t place;        /* among all rows */
	int settled;           /* of a view: what it needs is reported */
	struct row *next;
};

struct mention {
	struct row *row;
	struct mention *next;
};

struct inspecting {
	mig_conn *conn;
	const mig_schema_sink *sink;
	struct mig__arena arena;
	struct mig__map names; /* lower-case names of tables and views: places in rows */
	struct row **rows;
	size_t row_count;
	struct mig__sqlite_columns columns;
	struct row *first, **end;
	int virtual;
	struct mig__map shadows; /* tables that belong to virtual ones */
	int unread;              /* a text could not be read */
};

static char *lower(struct inspecting *s, const char *text, size_t size)
{
	char *copy = mig__arena_strndup(&s->arena, text, size);

	for (size_t i = 0; copy && i < size; i++)
		if (copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] = (char)(copy[i] + 32);
	return copy;
}

static mig_status note(struct inspecting *s, struct mig__map *map, const char *name, uint32_t n)
{
	size_t size = strlen(name);
	char *key = lower(s, name, size);

	return key && mig__map_add(map, key, size, n, NULL) ? MIG_OK : mig__sqlite_nomem(s->conn);
}

int mig__sqlite_is_internal(const mig_conn *conn, const char *name)
{
	return !mig__ascii_compare_n(name, "sqlite_", 7) ||
	       !mig__ascii_compare(name, conn->version_table) ||
	       !mig__ascii_compare(name, conn->history_table);
}

static const char *plain(struct inspecting *s, struct mig__sqlite_token t)
{
	struct mig__buf buf;
	const char *text;

	mig__buf_init(&buf, &s->conn->alloc);
	mig__sqlite_add_plain(&buf, t);
	text = buf.failed ? NULL : mig__arena_strdup(&s->arena, mig__buf_text(&buf));
	mig__buf_finish(&buf);
	return text;
}

/* What a text is about. */
struct scope {
	struct inspecting *s;
	uint32_t table; /* whose columns can be named; MIG_NO_OBJECT: those of all, and tables */
};

static int is_name(void *user, struct mig__sqlite_token t);

static const char *normal(struct inspecting *s, const char *from, const char *to, uint32_t table)
{
	struct scope scope = { s, table };
	struct mig__buf buf;
	const char *text;

	mig__buf_init(&buf, &s->conn->alloc);
	mig__sqlite_add_normal_expression(&buf, from, to, is_name, &scope);
	text = buf.failed ? NULL : mig__arena_strdup(&s->arena, mig__buf_text(&buf));
	mig__buf_finish(&buf);
	return text;
}

/* Keeps one statement's text; the rows are reported when all are there. */
static mig_status gather(struct inspecting *s, const char *name, const char *text)
{
	struct row *row = mig__arena_zalloc(&s->arena, 1, sizeof *row);

	if (row)
		row->text = mig__arena_strdup(&s->arena, text);
	if (!row || !row->text)
		return mig__sqlite_nomem(s->conn);
	if (!mig__sqlite_read_create(row->text, &row->create)) {
		s->unread = 1;
		return s->sink->uncovered(s->sink->user, name ? name : text);
	}
	row->name = name ? mig__arena_strdup(&s->arena, name) : plain(s, row->create.name);
	if (!row->name)
		return mig__sqlite_nomem(s->conn);
	row->number = MIG_LEFT_OUT;
	row->place = (uint32_t)s->row_count++;
	s->virtual |= row->create.virtual;
	*s->end = row;
	s->end = &row->next;
	return MIG_OK;
}

/* -- columns that are mentioned */

static char *column_key(struct mig__arena *arena, uint32_t table, const char *name, size_t size)
{
	char *key = mig__arena_alloc(arena, sizeof table + size + 1);

	if (!key)
		return NULL;
	memcpy(key, &table, sizeof table);
	for (size_t i = 0; i < size; i++)
		key[sizeof table + i] =
			name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] + 32) : name[i];
	return key;
}

mig_status mig__sqlite_note_column(mig_conn *conn, struct mig__sqlite_columns *columns,
				   uint32_t table, const char *name, uint32_t number)
{
	size_t size = strlen(name);
	char *key = column_key(columns->arena, table, name, size);

	return key && mig__map_add(&columns->map, key, sizeof table + size, number, NULL)
		       ? MIG_OK
		       : mig__sqlite_nomem(conn);
}

/* The names of all columns, without their tables. Seldom needed. */
static void gather_names(struct mig__sqlite_columns *columns)
{
	for (size_t i = 0; columns->map.count && i <= columns->map.mask; i++) {
		const struct mig__map_slot *slot = &columns->map.slots[i];

		if (slot->key && !mig__map_add(&columns->names, slot->key + sizeof(uint32_t),
					       slot->size - sizeof(uint32_t), 0, NULL))
			return; /* then the text is not as short as it could be */
	}
}

/* The column that a word or a name in quotes stands for, or MIG__NONE. table MIG_NO_OBJECT: of any
 * table. */
static int find_column(struct mig__sqlite_columns *columns, uint32_t table,
		       struct mig__sqlite_token t, uint32_t *number)
{
	struct mig__buf plain;
	const char *name = t.at;
	size_t size = t.size;
	char *key;

	mig__buf_init(&plain, columns->map.alloc);
	if (t.kind == MIG__TOKEN_NAME) {
		mig__sqlite_add_plain(&plain, t);
		name = mig__buf_text(&plain);
		size = plain.len;
	}
	key = plain.failed ? NULL : column_key(columns->arena, table, name, size);
	if (key && table == MIG_NO_OBJECT) {
		if (!columns->names.count)
			gather_names(columns);
		*number = mig__map_get(&columns->names, key + sizeof table, size);
	} else if (key) {
		*number = mig__map_get(&columns->map, key, sizeof table + size);
	}
	mig__buf_finish(&plain);
	return key != NULL;
}

mig_status mig__sqlite_report_mentions(mig_conn *conn, struct mig__sqlite_columns *columns,
				       uint32_t table, uint32_t number, const char *text,
				       const mig_schema_sink *sink)
{
	struct mig__sqlite_token t;
	mig_status rc = MIG_OK;

	for (t = mig__sqlite_token(text); !rc && t.kind;
	     t = mig__sqlite_token(mig__sqlite_behind(t))) {
		uint32_t to;

		if (t.kind != MIG__TOKEN_WORD && t.kind != MIG__TOKEN_NAME)
			continue;
		if (!find_column(columns, table, t, &to))
			return mig__sqlite_nomem(conn);
		if (to != MIG__NONE && to != number)
			rc = sink->need(sink->user, number, to, MIG_NEED);
	}
	return rc;
}

/* -- reporting */

static mig_status report(struct inspecting *s, struct row *row, mig_attribute *at, size_t count,
			 uint32_t parent)
{
	mig_object o = { .struct_size = sizeof o,
			 .kind = row->create.kind,
			 .schema = "",
			 .name = row->name,
			 .attributes = at,
			 .attribute_count = count };

	for (size_t i = 0; i < count; i++)
		if (!at[i].value)
			return mig__sqlite_nomem(s->conn);
	return s->sink->object(s->sink->user, &o, parent, &row->number);
}

/* The columns and the WHERE of an index, at ON. */
static mig_status report_index(struct inspecting *s, struct row *row, uint32_t parent)
{
	const char *open = mig__sqlite_behind(row->create.table);
	const char *close = mig__sqlite_closing(open);
	const char *texts[2] = { NULL, NULL };
	mig_status rc;
	struct mig__sqlite_token t = mig__sqlite_token(close ? close : "");
	mig_attribute at[4];
	size_t n = 0;

	if (!close)
		return s->sink->uncovered(s->sink->user, row->name);
	if (row->create.unique)
		at[n++] = (mig_attribute){ "unique", "yes" };
	open = mig__sqlite_behind(mig__sqlite_token(open));
	at[n++] = (mig_attribute){ "columns", normal(s, open, close - 1, parent) };
	if (mig__sqlite_is(t, "WHERE")) {
		const char *from = mig__sqlite_behind(t);

		at[n++] = (mig_attribute){ "where", normal(s, from, from + strlen(from), parent) };
	}
	texts[0] = at[n - 1].value;
	texts[1] = n > 1 ? at[n - 2].value : NULL;
	at[n++] = (mig_attribute){ ".sql", row->create.rest };
	rc = report(s, row, at, n, parent);
	for (int i = 0; !rc && i < 2; i++)
		if (texts[i])
			rc = mig__sqlite_report_mentions(s->conn, &s->columns, parent, row->number,
							 texts[i], s->sink);
	return rc;
}

static mig_status report_view(struct inspecting *s, struct row *row)
{
	struct mig__sqlite_token t = mig__sqlite_token(row->create.rest);
	const char *columns = row->create.rest, *query;
	mig_attribute at[3];
	size_t n = 0;

	while (t.kind && !mig__sqlite_is(t, "AS"))
		t = mig__sqlite_token(mig__sqlite_behind(t));
	if (t.at > columns)
		at[n++] = (mig_attribute){ "columns", normal(s, columns, t.at, MIG_NO_OBJECT) };
	query = mig__sqlite_behind(t);
	at[n++] =
		(mig_attribute){ "query", normal(s, query, query + strlen(query), MIG_NO_OBJECT) };
	at[n++] = (mig_attribute){ ".sql", row->create.rest };
	return report(s, row, at, n, MIG_NO_OBJECT);
}

static mig_status report_trigger(struct inspecting *s, struct row *row, uint32_t parent)
{
	const char *rest = row->create.rest;
	mig_attribute at[2] = { { "definition",
				  normal(s, rest, rest + strlen(rest), MIG_NO_OBJECT) },
				{ ".sql", rest } };

	return report(s, row, at, 2, parent);
}

/* The table or view of a name, or NULL. */
static struct row *row_of(struct inspecting *s, struct mig__sqlite_token t)
{
	const char *name = t.kind == MIG__TOKEN_WORD ? t.at : plain(s, t);
	size_t size = t.kind == MIG__TOKEN_WORD ? t.size : name ? strlen(name) : 0;
	char *key = name ? lower(s, name, size) : NULL;
	uint32_t place = key ? mig__map_get(&s->names, key, size) : MIG__NONE;

	return place == MIG__NONE ? NULL : s->rows[place];
}

static int has_capitals(struct mig__sqlite_token t)
{
	for (size_t i = 1; i < t.size; i++)
		if (t.at[i] >= 'A' && t.at[i] <= 'Z')
			return 1;
	return 0;
}

/* In a query, whose text is only compared, what has no capitals may be a name (of a column that it
 * makes): both ways it is the same in small letters. */
static int is_name(void *user, struct mig__sqlite_token t)
{
	struct scope *scope = user;
	uint32_t number = MIG__NONE;

	if (scope->table == MIG_NO_OBJECT && !has_capitals(t))
		return 1;
	if (!find_column(&scope->s->columns, scope->table, t, &number))
		return -1;
	return number != MIG__NONE ||
	       (scope->table == MIG_NO_OBJECT && row_of(scope->s, t) != NULL);
}

static mig_status report_top(struct inspecting *s, struct row *row)
{
	mig_status rc;
	int read = 1;

	if (mig__sqlite_is_internal(s->conn, row->name) ||
	    mig__map_get(&s->shadows, row->name, strlen(row->name)) != MIG__NONE)
		return MIG_OK;
	if (row->create.kind == MIG_KIND_TABLE)
		rc = mig__sqlite_report_table(s->conn, &row->create, row->name, s->sink,
					      &s->columns, &row->number, &read);
	else
		rc = report_view(s, row);
	s->unread |= !read;
	return rc ? rc : note(s, &s->names, row->name, row->place);
}

static mig_status report_part(struct inspecting *s, struct row *row)
{
	const struct row *parent = row_of(s, row->create.table);

	if (!parent) { /* libmig's own tables */
		const char *table = plain(s, row->create.table);

		s->unread |= table && !mig__sqlite_is_internal(s->conn, table);
		return table ? MIG_OK : mig__sqlite_nomem(s->conn);
	}
	return row->create.kind == MIG_KIND_INDEX ? report_index(s, row, parent->number)
						  : report_trigger(s, row, parent->number);
}

/* -- what views and triggers mention */

static mig_status report_need(struct inspecting *s, const struct row *row, const struct row *need)
{
	return s->sink->need(s->sink->user, row->number, need->number, MIG_NEED);
}

static mig_status remember_view(struct inspecting *s, struct row *row, struct row *view)
{
	struct mention *m = mig__arena_alloc(&s->arena, sizeof *m);

	if (!m)
		return mig__sqlite_nomem(s->conn);
	*m = (struct mention){ view, row->views };
	row->views = m;
	return MIG_OK;
}

static mig_status report_needs(struct inspecting *s, struct row *row)
{
	mig_status rc = MIG_OK;
	struct mig__sqlite_token t;

	for (t = mig__sqlite_token(row->create.rest); !rc && t.kind;
	     t = mig__sqlite_token(mig__sqlite_behind(t))) {
		struct row *need = t.kind == MIG__TOKEN_WORD || t.kind == MIG__TOKEN_NAME
					   ? row_of(s, t)
					   : NULL;

		if (!need || need == row)
			continue;
		rc = row->create.kind == MIG_KIND_VIEW && need->create.kind == MIG_KIND_VIEW
			     ? remember_view(s, row, need)
			     : report_need(s, row, need);
	}
	return rc;
}

static mig_status settle(struct inspecting *s, struct row *row)
{
	mig_status rc = MIG_OK;

	for (const struct mention *m = row->views; !rc && m; m = m->next)
		if (m->row->settled)
			rc = report_need(s, row, m->row);
	row->settled = 1;
	return rc;
}

static int is_settled(const struct row *row)
{
	for (const struct mention *m = row->views; m; m = m->next)
		if (!m->row->settled)
			return 0;
	return 1;
}

/* A view's needs are reported after those of the views that it mentions, so that none is in a
 * circle: a word is not always the view of that name. Views mostly stand behind those that they
 * mention, so one pass does it; after some, only what is behind counts. */
static mig_status settle_views(struct inspecting *s)
{
	enum { PASSES = 16 };
	mig_status rc = MIG_OK;
	size_t left = 1;

	for (int pass = 0; !rc && left && pass < PASSES; pass++) {
		size_t before = left;

		left = 0;
		for (struct row *row = s->first; !rc && row; row = row->next) {
			if (row->create.kind != MIG_KIND_VIEW || row->settled)
				continue;
			if (is_settled(row) || pass == PASSES - 1)
				rc = settle(s, row);
			else
				left++;
		}
		if (pass && left == before && pass < PASSES - 2)
			pass = PASSES - 2;
	}
	return rc;
}

static mig_status index_rows(struct inspecting *s)
{
	s->rows = mig__arena_zalloc(&s->arena, s->row_count + 1, sizeof(struct row *));
	if (!s->rows)
		return mig__sqlite_nomem(s->conn);
	for (struct row *row = s->first; row; row = row->next)
		s->rows[row->place] = row;
	return MIG_OK;
}

/* Tables, views, what belongs to them, what these mention. */
static mig_status report_all(struct inspecting *s)
{
	mig_status rc = index_rows(s);

	for (struct row *row = s->first; !rc && row; row = row->next)
		if (row->create.kind == MIG_KIND_TABLE)
			rc = report_top(s, row);
	for (struct row *row = s->first; !rc && row; row = row->next)
		if (row->create.kind == MIG_KIND_VIEW)
			rc = report_top(s, row);
	for (struct row *row = s->first; !rc && row; row = row->next)
		if (row->create.kind == MIG_KIND_INDEX || row->create.kind == MIG_KIND_TRIGGER)
			rc = report_part(s, row);
	for (struct row *row = s->first; !rc && row; row = row->next)
		if ((row->create.kind == MIG_KIND_VIEW || row->create.kind == MIG_KIND_TRIGGER) &&
		    row->number != MIG_LEFT_OUT)
			rc = report_needs(s, row);
	return rc ? rc : settle_views(s);
}

/* -- from a database */

static mig_status read_schema(struct inspecting *s)
{
	sqlite3_stmt *stmt;
	int row = 1;
	mig_status rc =
		mig__sqlite_query(s->conn,
				  "SELECT name, sql FROM main.sqlite_schema WHERE sql IS NOT "
				  "NULL ORDER BY rowid",
				  &stmt);

	if (rc)
		return rc;
	while (!rc && !(rc = mig__sqlite_row(s->conn, stmt, &row)) && row)
		rc = gather(s, (const char *)sqlite3_column_text(stmt, 0),
			    (const char *)sqlite3_column_text(stmt, 1));
	sqlite3_finalize(stmt);
	return rc;
}

static mig_status read_shadows(struct inspecting *s)
{
	mig_status rc;
	int listed;

	if (!s->virtual)
		return MIG_OK;
	rc = mig__sqlite_read_shadows(s->conn, &s->arena, &s->shadows, &listed);
	for (const struct row *row = s->first; !rc && !listed && row; row = row->next)
		if (row->create.virtual)
			rc = mig__sqlite_guess_shadows(s->conn, row->name, row->create.rest,
						       &s->arena, &s->shadows);
	return rc;
}

static struct inspecting begin(mig_conn *conn, const mig_schema_sink *sink)
{
	struct inspecting s = { .conn = conn, .sink = sink };

	mig__arena_init(&s.arena, &conn->alloc);
	mig__map_init(&s.names, &conn->alloc);
	mig__map_init(&s.columns.map, &conn->alloc);
	mig__map_init(&s.columns.names, &conn->alloc);
	mig__map_init(&s.shadows, &conn->alloc);
	return s;
}

static mig_status end(struct inspecting *s, mig_status rc)
{
	mig__map_finish(&s->names);
	mig__map_finish(&s->columns.map);
	mig__map_finish(&s->columns.names);
	mig__map_finish(&s->shadows);
	mig__arena_finish(&s->arena);
	return rc;
}

mig_status mig__sqlite_inspect(mig_conn *conn, const mig_schema_sink *sink)
{
	struct inspecting s = begin(conn, sink);
	mig_status rc;

	s.end = &s.first;
	s.columns.arena = &s.arena;
	rc = read_schema(&s);
	if (!rc)
		rc = read_shadows(&s);
	if (!rc)
		rc = report_all(&s);
	return end(&s, rc);
}

/* -- from a script */

/* Only what SQLite would keep as it is written here. */
static int is_simple(const struct mig__sqlite_create *c)
{
	struct mig__sqlite_token t = mig__sqlite_token(c->rest);

	return !c->temporary && !c->virtual && !c->if_not_exists &&
	       (c->kind != MIG_KIND_TABLE || mig__sqlite_is_sign(t, '('));
}

static mig_status read_script(mig_conn *conn, const char *text, size_t size,
			      const mig_schema_sink *sink, int32_t *done)
{
	struct inspecting s = begin(conn, sink);
	mig_status rc = MIG_OK;

	s.end = &s.first;
	s.columns.arena = &s.arena;
	*done = 1;
	for (size_t at = 0; !rc && *done;) {
		mig_statement st = { .struct_size = sizeof st };
		struct row **last = s.end;
		char *copy;

		rc = mig__sqlite_next_statement(conn, text, size, at, &st);
		if (rc || !st.size)
			break;
		at = st.next;
		copy = mig__arena_strndup(&s.arena, text + st.offset,
					  st.size - (text[st.offset + st.size - 1] == ';'));
		rc = copy ? gather(&s, NULL, copy) : mig__sqlite_nomem(conn);
		*done = !s.unread && (rc || (*last && is_simple(&(*last)->create)));
	}
	if (rc && rc != MIG_ENOMEM) { /* running it will tell what is wrong, and where */
		*done = 0;
		rc = MIG_OK;
	}
	if (!rc && *done)
		rc = report_all(&s);
	*done &= !s.unread;
	return end(&s, rc);
}

/* Each is read by itself: what refers to another table does so by name. */
mig_status mig__sqlite_read_script(mig_conn *conn, const mig_script_text *const *scripts,
				   size_t count, const mig_object *declared,
				   const mig_schema_sink *sink, int32_t *done)
{
	mig_status rc = MIG_OK;

	(void)declared;
	*done = 1;
	for (size_t i = 0; !rc && *done && i < count; i++)
		rc = read_script(conn, scripts[i]->text, scripts[i]->size, sink, done);
	return rc;
}

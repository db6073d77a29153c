/* verbatim: whether the database holds the statements of a script word by word, and nothing else. SQLite keeps
 * the text of each CREATE statement, so most databases that are up to date can be told by this alone, without
 * making objects of either side.
 *
 * "No" means "not surely": then both are read. So it is where there are views, triggers and virtual tables,
 * which have to be compiled to know whether they refer to what is there, and where a foreign key refers to
 * anything but one column that is a key by its own definition. */
#include "dialect/sqlite/schema/objects.h"

#include "base/ascii.h"

#include <string.h>

/* A statement of the script; its key is all that stands behind CREATE …, from the name on. */
struct statement {
	struct mig__sqlite_create create;
	const char *text;
	size_t size;
	int there;
};

struct verbatim {
	mig_conn *conn;
	struct mig__map map; /* texts: places in at */
	struct statement *at;
	size_t count, cap, found;
	struct mig__arena arena;
	struct mig__map tables; /* names in small letters: places in at */
	struct mig__map keys;   /* places of tables and their columns that were found to be keys */
	int differs;
};

static mig_status nomem(struct verbatim *v)
{
	return mig__sqlite_nomem(v->conn);
}

/* -- the script */

static char *lower(struct verbatim *v, const char *text, size_t size)
{
	char *copy = mig__arena_strndup(&v->arena, text, size);

	for (size_t i = 0; copy && i < size; i++)
		copy[i] = mig__ascii_lower(copy[i]);
	return copy;
}

/* A name in another kind of quotes is read by who reads all. */
static mig_status note_table(struct verbatim *v, struct mig__sqlite_token name)
{
	char *key = lower(v, name.at, name.size);

	v->differs |= name.kind != MIG__TOKEN_WORD;
	return key && mig__map_add(&v->tables, key, name.size, (uint32_t)v->count, NULL) ? MIG_OK : nomem(v);
}

static mig_status add(struct verbatim *v, const char *text, size_t size)
{
	struct statement s = { .text = text, .size = size };
	uint32_t old;
	mig_status rc = MIG_OK;

	v->differs = !mig__sqlite_read_create(text, &s.create) || s.create.virtual || s.create.temporary ||
		     s.create.if_not_exists ||
		     (s.create.kind != MIG_KIND_TABLE && s.create.kind != MIG_KIND_INDEX) ||
		     s.create.name.at >= text + size ||
		     (s.create.kind == MIG_KIND_TABLE && !mig__sqlite_is_sign(mig__sqlite_token(s.create.rest), '('));
	if (v->differs)
		return MIG_OK;
	while (text[size - 1] == ' ' || text[size - 1] == '\n' || text[size - 1] == '\t' || text[size - 1] == '\r')
		size--; /* in front of its semicolon */
	s.size = size - (size_t)(s.create.name.at - text);
	s.text = s.create.name.at;
	if (s.create.kind == MIG_KIND_TABLE)
		rc = note_table(v, s.create.name);
	if (rc || !mig__grow(&v->conn->alloc, (void **)&v->at, &v->cap, v->count + 1, sizeof *v->at) ||
	    !mig__map_add(&v->map, s.text, s.size, (uint32_t)v->count, &old))
		return rc ? rc : nomem(v);
	v->differs |= old != MIG__NONE;
	v->at[v->count++] = s;
	return MIG_OK;
}

static mig_status read_statements(struct verbatim *v, const mig_script_text *script)
{
	size_t at = mig__sqlite_skip(script->text, 0), end, open;
	mig_status rc = MIG_OK;

	while (!rc && !v->differs && script->text[at]) {
		end = mig__sqlite_statement_end(script->text, at, &open);
		v->differs = open != SIZE_MAX;
		if (!v->differs)
			rc = add(v, script->text + at, end - at - (script->text[end - 1] == ';'));
		at = mig__sqlite_skip(script->text, end);
	}
	v->differs |= at < script->size;
	return rc;
}

/* -- the database */

static void compare(struct verbatim *v, const char *text)
{
	struct mig__sqlite_create create;
	struct statement *s;
	uint32_t place;

	v->differs = !mig__sqlite_read_create(text, &create);
	if (v->differs)
		return;
	place = mig__map_get(&v->map, create.name.at, strlen(create.name.at));
	s = place == MIG__NONE ? NULL : &v->at[place];
	v->differs = !s || s->there || s->create.kind != create.kind || s->create.unique != create.unique ||
		     create.virtual;
	if (s)
		s->there = 1;
	v->found++;
}

static mig_status read_database(struct verbatim *v)
{
	sqlite3_stmt *stmt;
	int row = 1;
	mig_status rc = mig__sqlite_query(
		v->conn, "SELECT tbl_name, sql FROM main.sqlite_schema WHERE sql IS NOT NULL", &stmt);

	while (!rc && !v->differs && !(rc = mig__sqlite_row(v->conn, stmt, &row)) && row) {
		const char *table = (const char *)sqlite3_column_text(stmt, 0);
		const char *text = (const char *)sqlite3_column_text(stmt, 1);

		if (!table || !text)
			rc = nomem(v);
		else if (!mig__sqlite_is_internal(v->conn, table))
			compare(v, text);
	}
	sqlite3_finalize(stmt);
	v->differs |= v->found != v->count;
	return rc;
}

/* -- foreign keys */

/* Whether a column of the table, in its own definition, is its key or unique. */
static int is_key(const char *body, const char *column, size_t size)
{
	struct mig__sqlite_token t = mig__sqlite_token(mig__sqlite_behind(mig__sqlite_token(body)));
	int first = 1, mine = 0;

	while (t.kind && !mig__sqlite_is_sign(t, ')')) {
		const char *next = mig__sqlite_behind(t);

		if (first)
			mine = t.kind == MIG__TOKEN_WORD && t.size == size && !mig__ascii_compare_n(t.at, column, size);
		else if (mine && (mig__sqlite_is(t, "PRIMARY") || mig__sqlite_is(t, "UNIQUE")))
			return 1;
		first = mig__sqlite_is_sign(t, ',');
		if (mine && first)
			return 0;
		if (mig__sqlite_is_sign(t, '(')) {
			next = mig__sqlite_closing(t.at);
			if (!next)
				return 0;
		}
		t = mig__sqlite_token(next);
	}
	return 0;
}

/* At the name of the table that is referred to. */
static mig_status check_reference(struct verbatim *v, struct mig__sqlite_token table)
{
	struct mig__sqlite_token open = mig__sqlite_token(mig__sqlite_behind(table)), column = { 0 }, close = { 0 };
	char *name = lower(v, table.at, table.size), *key;
	uint32_t place = name ? mig__map_get(&v->tables, name, table.size) : MIG__NONE;
	size_t size;

	if (!name)
		return nomem(v);
	if (mig__sqlite_is_sign(open, '('))
		column = mig__sqlite_token(mig__sqlite_behind(open));
	if (column.kind == MIG__TOKEN_WORD)
		close = mig__sqlite_token(mig__sqlite_behind(column));
	v->differs = place == MIG__NONE || table.kind != MIG__TOKEN_WORD || !mig__sqlite_is_sign(close, ')');
	if (v->differs)
		return MIG_OK;
	size = sizeof place + column.size;
	key = mig__arena_alloc(&v->arena, size);
	if (!key)
		return nomem(v);
	memcpy(key, &place, sizeof place);
	for (size_t i = 0; i < column.size; i++)
		key[sizeof place + i] = mig__ascii_lower(column.at[i]);
	if (mig__map_get(&v->keys, key, size) != MIG__NONE)
		return MIG_OK;
	v->differs = !is_key(v->at[place].create.rest, column.at, column.size);
	return v->differs || mig__map_add(&v->keys, key, size, 1, NULL) ? MIG_OK : nomem(v);
}

/* Where a word that begins like REFERENCES stands, or NULL. */
static const char *find_reference(const char *at, const char *end)
{
	for (; at + 10 < end; at++)
		if ((*at == 'r' || *at == 'R') && !mig__ascii_compare_n(at, "REFERENCES", 10))
			return at;
	return NULL;
}

/* Also a comment or string that has the word in it is looked at: then it is "not surely", at worst. */
static mig_status check_references(struct verbatim *v)
{
	mig_status rc = MIG_OK;

	for (size_t i = 0; !rc && !v->differs && i < v->count; i++) {
		const char *at = v->at[i].text, *end = at + v->at[i].size;

		if (v->at[i].create.kind != MIG_KIND_TABLE)
			continue;
		while (!rc && !v->differs && (at = find_reference(at, end)) != NULL) {
			rc = check_reference(v, mig__sqlite_token(at + 10));
			at += 10;
		}
	}
	return rc;
}

mig_status mig__sqlite_holds_script(mig_conn *conn, const mig_script_text *const *scripts, size_t count,
				    int32_t *same)
{
	struct verbatim v = { .conn = conn };
	mig_status rc = MIG_OK;

	mig__arena_init(&v.arena, &conn->alloc);
	mig__map_init(&v.map, &conn->alloc);
	mig__map_init(&v.tables, &conn->alloc);
	mig__map_init(&v.keys, &conn->alloc);
	for (size_t i = 0; !rc && !v.differs && i < count; i++)
		rc = read_statements(&v, scripts[i]);
	if (!rc && !v.differs)
		rc = check_references(&v);
	if (!rc && !v.differs)
		rc = read_database(&v);
	*same = !rc && !v.differs;
	mig__map_finish(&v.map);
	mig__map_finish(&v.tables);
	mig__map_finish(&v.keys);
	mig__arena_finish(&v.arena);
	mig__free(&conn->alloc, v.at);
	return rc;
}

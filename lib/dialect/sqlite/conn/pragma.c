/* pragma: settings of the session that a revision changes, and that are put back after it.
 *
 * The value is read before the PRAGMA runs, and set again after the revision unless it is the same.
 * So a PRAGMA that this file does not know is put back as well, if reading it gives one value. What
 * lives in the database's file stays as the revision left it; so does what has no value. A few need
 * more:
 *
 *     journal_mode        stays if WAL is or was on: that is written in the file
 *     case_sensitive_like cannot be read: LIKE is asked
 *     hard_heap_limit     can only be lowered by its PRAGMA
 *     busy_timeout, wal_autocheckpoint
 *                         take the place of a handler, which on a lent connection may be the host's
 *                         and cannot be read back: left out there, with a warning
 *
 * Some cannot be set inside a transaction (synchronous, temp_store): a revision cannot change them
 * there either, and outside one they are put back at once.
 *
 * To add one: a row in the table. */
#include "dialect/sqlite/conn/conn.h"

#include "dialect/sqlite/sql/tokens.h"
#include "dialect/sqlite/sql/quote.h"

#include <stdlib.h>
#include <string.h>

enum how {
	ONE,      /* the value is read and put back: also those that are not in the table */
	EVERY,    /* the same, of every database where none is named */
	STAYS,    /* lives in the file */
	ACTION,   /* has an argument, but no value */
	JOURNAL,  /* EVERY, unless it lives in the file */
	HANDLER,  /* ONE, but takes a handler's place */
	LIKE,     /* asked by LIKE */
	HEAP,     /* ONE, but is put back by a function */
	SWITCHED, /* foreign_keys: see revision.c */
};

static const struct {
	const char *name;
	enum how how;
	int usual; /* noted when somebody else gets the handle */
} settings[] = {
	{ "analysis_limit", ONE, 1 },
	{ "application_id", STAYS, 0 },
	{ "auto_vacuum", STAYS, 0 },
	{ "automatic_index", ONE, 1 },
	{ "busy_timeout", HANDLER, 0 },
	{ "cache_size", ONE, 1 },
	{ "cache_spill", ONE, 1 },
	{ "case_sensitive_like", LIKE, 1 },
	{ "cell_size_check", ONE, 1 },
	{ "checkpoint_fullfsync", ONE, 1 },
	{ "default_cache_size", STAYS, 0 },
	{ "defer_foreign_keys", ONE, 1 },
	{ "encoding", STAYS, 0 },
	{ "foreign_key_check", ACTION, 0 },
	{ "foreign_key_list", ACTION, 0 },
	{ "foreign_keys", SWITCHED, 0 },
	{ "full_column_names", ONE, 1 },
	{ "fullfsync", ONE, 1 },
	{ "hard_heap_limit", HEAP, 1 },
	{ "hexkey", ACTION, 0 },
	{ "hexrekey", ACTION, 0 },
	{ "ignore_check_constraints", ONE, 1 },
	{ "incremental_vacuum", ACTION, 0 },
	{ "index_info", ACTION, 0 },
	{ "index_list", ACTION, 0 },
	{ "index_xinfo", ACTION, 0 },
	{ "integrity_check", ACTION, 0 },
	{ "journal_mode", JOURNAL, 1 },
	{ "journal_size_limit", EVERY, 1 },
	{ "key", ACTION, 0 },
	{ "legacy_alter_table", ONE, 1 },
	{ "locking_mode", EVERY, 1 },
	{ "max_page_count", ONE, 1 },
	{ "mmap_size", EVERY, 1 },
	{ "optimize", ACTION, 0 },
	{ "page_size", STAYS, 0 },
	{ "query_only", ONE, 1 },
	{ "quick_check", ACTION, 0 },
	{ "read_uncommitted", ONE, 1 },
	{ "recursive_triggers", ONE, 1 },
	{ "rekey", ACTION, 0 },
	{ "reverse_unordered_selects", ONE, 1 },
	{ "schema_version", STAYS, 0 },
	{ "secure_delete", EVERY, 1 },
	{ "short_column_names", ONE, 1 },
	{ "shrink_memory", ACTION, 0 },
	{ "soft_heap_limit", ONE, 1 },
	{ "synchronous", ONE, 1 },
	{ "table_info", ACTION, 0 },
	{ "table_list", ACTION, 0 },
	{ "table_xinfo", ACTION, 0 },
	{ "temp_store", ONE, 1 },
	{ "textkey", ACTION, 0 },
	{ "textrekey", ACTION, 0 },
	{ "threads", ONE, 1 },
	{ "trusted_schema", ONE, 1 },
	{ "user_version", STAYS, 0 },
	{ "wal_autocheckpoint", HANDLER, 0 },
	{ "wal_checkpoint", ACTION, 0 },
	{ "writable_schema", ONE, 1 },
};
enum { SETTINGS = sizeof settings / sizeof *settings };

static enum how how_of(const char *name)
{
	for (size_t i = 0; i < SETTINGS; i++)
		if (strcmp(settings[i].name, name) == 0)
			return settings[i].how;
	return ONE;
}

/* -- reading */

/* The first column of the only row as it is written in SQL, kept in out; empty: there is none. */
static mig_status read_one(mig_conn *conn, const char *sql, struct mig__buf *out)
{
	sqlite3_stmt *stmt = NULL;
	char *text;
	int code, row = 0;
	mig_status rc = mig__sqlite_prepare(conn, sql, -1, 0, &stmt, NULL, &code);

	if (rc || code != SQLITE_OK || !stmt || sqlite3_column_count(stmt) != 1) {
		sqlite3_finalize(stmt); /* there is no such thing to read */
		return rc;
	}
	if (mig__sqlite_row(conn, stmt, &row) == MIG_OK && row) {
		text = sqlite3_column_type(stmt, 0) == SQLITE_TEXT
			       ? sqlite3_mprintf("%Q", sqlite3_column_text(stmt, 0))
			       : sqlite3_mprintf("%s", sqlite3_column_text(stmt, 0));
		mig__buf_adds(out, text ? text : "");
		out->failed |= !text;
		sqlite3_free(text);
		if (mig__sqlite_row(conn, stmt, &row) || row)
			mig__buf_clear(out); /* a list is not a setting */
	}
	sqlite3_finalize(stmt);
	return out->failed ? mig__sqlite_nomem(conn) : MIG_OK;
}

static void add_pragma(struct mig__buf *sql, const char *name, const char *database)
{
	mig__buf_adds(sql, "PRAGMA ");
	if (database) {
		mig__sqlite_add_name(sql, database);
		mig__buf_adds(sql, ".");
	}
	mig__buf_adds(sql, name);
}

static mig_status read_value(mig_conn *conn, const char *name, const char *database,
			     struct mig__buf *out)
{
	struct mig__buf sql;
	mig_status rc;

	mig__buf_init(&sql, &conn->alloc);
	if (how_of(name) == LIKE)
		mig__buf_adds(&sql, "SELECT 'a' NOT LIKE 'A'");
	else
		add_pragma(&sql, name, database);
	rc = sql.failed ? mig__sqlite_nomem(conn) : read_one(conn, sql.data, out);
	mig__buf_finish(&sql);
	return rc;
}

/* -- noting */

static int same_database(const char *a, const char *b)
{
	return a == b || (a && b && sqlite3_stricmp(a, b) == 0);
}

static int of_each_database(enum how how)
{
	return how == EVERY || how == JOURNAL;
}

/* Where the next note of the setting goes: "cache_size" and "main.cache_size" can be the same one,
 * so the value that was read first is put back last. */
static size_t place_of(const struct mig__sqlite_revision *r, const char *name)
{
	if (!of_each_database(how_of(name)))
		for (size_t i = 0; i < r->count; i++)
			if (!strcmp(r->settings[i].name, name))
				return i;
	return r->count;
}

static mig_status note_one(mig_conn *conn, const char *name, const char *database)
{
	struct mig__sqlite_revision *r = &conn->revision;
	struct mig__sqlite_setting s = { 0 };
	struct mig__buf value;
	size_t place = place_of(r, name);
	mig_status rc;

	for (size_t i = 0; i < r->count; i++)
		if (!strcmp(r->settings[i].name, name) &&
		    same_database(r->settings[i].database, database))
			return MIG_OK;
	mig__buf_init(&value, &conn->alloc);
	rc = read_value(conn, name, database, &value);
	if (!rc && value.len) {
		s.name = mig__arena_strdup(&r->arena, name);
		s.database = database ? mig__arena_strdup(&r->arena, database) : NULL;
		s.value = mig__arena_strdup(&r->arena, value.data);
		if (!s.name || (database && !s.database) || !s.value ||
		    !mig__grow(&conn->alloc, (void **)&r->settings, &r->cap, r->count + 1,
			       sizeof s)) {
			rc = mig__sqlite_nomem(conn);
		} else {
			memmove(r->settings + place + 1, r->settings + place,
				(r->count++ - place) * sizeof s);
			r->settings[place] = s;
		}
	}
	mig__buf_finish(&value);
	return rc;
}

/* Calls fn for each database. */
static mig_status each_database(mig_conn *conn,
				mig_status (*fn)(mig_conn *conn, const char *name, void *user),
				void *user)
{
	sqlite3_stmt *stmt = NULL;
	int row;
	mig_status rc = mig__sqlite_query(conn, "PRAGMA database_list", &stmt);

	while (!rc && !(rc = mig__sqlite_row(conn, stmt, &row)) && row) {
		const char *name = (const char *)sqlite3_column_text(stmt, 1);

		rc = name ? fn(conn, name, user) : mig__sqlite_nomem(conn);
	}
	sqlite3_finalize(stmt);
	return rc;
}

static mig_status note_in(mig_conn *conn, const char *database, void *user)
{
	return note_one(conn, user, database);
}

static mig_status note_setting(mig_conn *conn, char *name, const char *database)
{
	enum how how = how_of(name);
	mig_status rc;

	if (how == STAYS || how == ACTION || how == SWITCHED)
		return MIG_OK;
	if (!of_each_database(how))
		return note_one(conn, name, database);
	/* all of them before the first is changed, whichever is named */
	rc = how == EVERY ? note_one(conn, name, NULL) : MIG_OK;
	if (!rc)
		rc = each_database(conn, note_in, name);
	return rc || !database ? rc : note_one(conn, name, database);
}

static void warn_left_out(mig_conn *conn, const char *name)
{
	char text[120];

	sqlite3_snprintf(sizeof text, text,
			 "PRAGMA %s is left out: it would replace a handler of the host", name);
	conn->host->log(conn->host->user, MIG_LOG_WARNING, text);
}

/* On a lent connection 0 stands for "none", and for one of the host's own. */
static mig_status may_replace(mig_conn *conn, const char *name, int *skip)
{
	struct mig__buf value;
	mig_status rc;

	mig__buf_init(&value, &conn->alloc);
	rc = read_value(conn, name, NULL, &value);
	*skip = !rc && (!value.len || strcmp(value.data, "0") == 0);
	mig__buf_finish(&value);
	if (*skip)
		warn_left_out(conn, name);
	return rc;
}

/* PRAGMA [database .] name {= value | (value)} */
static mig_status note_pragma(mig_conn *conn, struct mig__sqlite_token t, int *skip)
{
	struct mig__buf name, database;
	struct mig__sqlite_token behind;
	mig_status rc = MIG_OK;

	mig__buf_init(&name, &conn->alloc);
	mig__buf_init(&database, &conn->alloc);
	behind = mig__sqlite_token(mig__sqlite_behind(t));
	if (mig__sqlite_is_name(t) && mig__sqlite_is_sign(behind, '.')) {
		mig__sqlite_add_plain(&database, t);
		t = mig__sqlite_token(mig__sqlite_behind(behind));
		behind = mig__sqlite_token(mig__sqlite_behind(t));
	}
	mig__sqlite_add_plain(&name, t);
	for (size_t i = 0; i < name.len; i++)
		if (name.data[i] >= 'A' && name.data[i] <= 'Z')
			name.data[i] = (char)(name.data[i] + 32);
	if (name.failed || database.failed)
		rc = mig__sqlite_nomem(conn);
	else if (name.len && (mig__sqlite_is_sign(behind, '=') || mig__sqlite_is_sign(behind, '('))) {
		if (conn->lent && how_of(name.data) == HANDLER)
			rc = may_replace(conn, name.data, skip);
		if (!rc && !*skip)
			rc = note_setting(conn, name.data, database.len ? database.data : NULL);
	}
	mig__buf_finish(&name);
	mig__buf_finish(&database);
	return rc;
}

/* -- attached databases */

static mig_status add_database(mig_conn *conn, const char *name, void *user)
{
	struct mig__buf *names = user;

	(void)conn;
	mig__buf_addf(names, "%s/", name);
	return MIG_OK;
}

static mig_status note_attached(mig_conn *conn)
{
	struct mig__buf names;
	mig_status rc;

	if (conn->revision.attached)
		return MIG_OK;
	mig__buf_init(&names, &conn->alloc);
	mig__buf_adds(&names, "/");
	rc = each_database(conn, add_database, &names);
	if (!rc)
		conn->revision.attached = mig__buf_take(&names);
	if (!rc && !conn->revision.attached)
		rc = mig__sqlite_nomem(conn);
	mig__buf_finish(&names);
	return rc;
}

static mig_status add_detach(mig_conn *conn, const char *name, void *user)
{
	struct mig__buf look, *out = user;

	mig__buf_init(&look, &conn->alloc);
	mig__buf_addf(&look, "/%s/", name);
	if (!look.failed && sqlite3_stricmp(name, "temp") != 0 &&
	    !strstr(conn->revision.attached, look.data)) {
		mig__buf_adds(out, "DETACH ");
		mig__sqlite_add_name(out, name);
		mig__buf_adds(out, ";");
	}
	mig__buf_finish(&look);
	return MIG_OK;
}

/* One that the open transaction uses cannot go before its end. */
static void detach_new(mig_conn *conn)
{
	struct mig__buf sql;

	mig__buf_init(&sql, &conn->alloc);
	if (!each_database(conn, add_detach, &sql) && !sql.failed && sql.len)
		sqlite3_exec(conn->db, sql.data, NULL, NULL, NULL);
	mig__buf_finish(&sql);
}

/* -- */

mig_status mig__sqlite_note_setting(mig_conn *conn, const char *text, int *skip)
{
	struct mig__sqlite_token t = mig__sqlite_token(text);

	*skip = 0;
	if (!conn->running)
		return MIG_OK;
	/* most take effect when they are prepared, so also under EXPLAIN */
	while (mig__sqlite_is(t, "EXPLAIN") || mig__sqlite_is(t, "QUERY") ||
	       mig__sqlite_is(t, "PLAN"))
		t = mig__sqlite_token(mig__sqlite_behind(t));
	if (mig__sqlite_is(t, "PRAGMA"))
		return note_pragma(conn, mig__sqlite_token(mig__sqlite_behind(t)), skip);
	return mig__sqlite_is(t, "ATTACH") ? note_attached(conn) : MIG_OK;
}

int mig__sqlite_is_noted(const mig_conn *conn, const char *name)
{
	for (size_t i = 0; i < conn->revision.count; i++)
		if (!strcmp(conn->revision.settings[i].name, name))
			return 1;
	return 0;
}

void mig__sqlite_note_all(mig_conn *conn)
{
	char name[32];

	if (conn->revision.all || !conn->running)
		return;
	conn->revision.all = 1;
	for (size_t i = 0; i < SETTINGS; i++) {
		if (!settings[i].usual)
			continue;
		sqlite3_snprintf(sizeof name, name, "%s", settings[i].name);
		if (note_setting(conn, name, NULL))
			return; /* whoever gets the handle hears of it soon enough */
	}
	note_attached(conn);
}

static int is_wal(const char *value)
{
	return sqlite3_stricmp(value, "'wal'") == 0;
}

/* 1 if it is as it was. */
static int put_back(mig_conn *conn, const struct mig__sqlite_setting *s)
{
	struct mig__buf now, sql;
	enum how how = how_of(s->name);
	int done;

	mig__buf_init(&now, &conn->alloc);
	mig__buf_init(&sql, &conn->alloc);
	done = read_value(conn, s->name, s->database, &now) == MIG_OK &&
	       (!now.len || strcmp(now.data, s->value) == 0 ||
		(how == JOURNAL && (is_wal(s->value) || is_wal(now.data))));
	if (!done && how == HEAP) {
		sqlite3_hard_heap_limit64(strtoll(s->value, NULL, 10));
		done = 1;
	} else if (!done) {
		add_pragma(&sql, s->name, s->database);
		mig__buf_addf(&sql, " = %s", s->value);
		done = !sql.failed &&
		       sqlite3_exec(conn->db, sql.data, NULL, NULL, NULL) == SQLITE_OK;
	}
	mig__buf_finish(&now);
	mig__buf_finish(&sql);
	return done;
}

void mig__sqlite_restore(mig_conn *conn)
{
	struct mig__sqlite_revision *r = &conn->revision;
	size_t kept = 0;

	if (r->count || r->attached)
		mig__sqlite_rest(conn);
	for (size_t i = 0; i < r->count; i++)
		if (!put_back(conn, &r->settings[i]))
			r->settings[kept++] = r->settings[i];
	r->count = kept;
	if (r->attached)
		detach_new(conn);
	if (!kept)
		mig__arena_finish(&r->arena);
}

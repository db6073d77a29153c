/* engine: what the libsqlite3 that is loaded can do: its version, what was compiled out of it, and the
 * functions that not every one has.
 *
 * These functions are weak references, so the dialect loads without them, where the format of object
 * files has such references; elsewhere the header that libmig is built with decides. An option that SQLite
 * was built with is asked for by name. A SQLite that does not tell its options (OMIT_COMPILEOPTION_DIAGS)
 * is tried, in memory. */
#include "dialect/sqlite/conn/engine.h"

#include "dialect/sqlite/sql/tokens.h"

#include <string.h>

enum { OLDEST = 3035000 }; /* has DROP COLUMN and RETURNING */

#if defined(__ELF__) || defined(__wasm__)
#undef sqlite3_compileoption_used /* a constant in the header of an SQLite without it */
int sqlite3_error_offset(sqlite3 *) __attribute__((weak));
void sqlite3_progress_handler(sqlite3 *, int, int (*)(void *), void *) __attribute__((weak));
int sqlite3_compileoption_used(const char *) __attribute__((weak));
#endif

/* NULL where SQLite does not have it. */
static const struct {
	int (*error_offset)(sqlite3 *db);
	void (*progress_handler)(sqlite3 *db, int steps, int (*fn)(void *), void *user);
	int (*compileoption_used)(const char *option);
} optional = {
#if defined(__ELF__) || defined(__wasm__) || SQLITE_VERSION_NUMBER >= 3038000
	.error_offset = sqlite3_error_offset,
#endif
#if defined(__ELF__) || defined(__wasm__) || !defined(SQLITE_OMIT_PROGRESS_CALLBACK)
	.progress_handler = sqlite3_progress_handler,
#endif
#ifndef sqlite3_compileoption_used
	.compileoption_used = sqlite3_compileoption_used,
#endif
};

/* The word that a message is about: near "word": syntax error; no such column: word. */
static int is_about(const char *message, struct mig__sqlite_token t)
{
	static const char near[] = "near \"", column[] = "no such column: ";

	if (!strncmp(message, near, sizeof near - 1))
		return !strncmp(message + sizeof near - 1, t.at, t.size) &&
		       !strncmp(message + sizeof near - 1 + t.size, "\": ", 3);
	return !strncmp(message, column, sizeof column - 1) &&
	       mig__sqlite_stands_for(t, message + sizeof column - 1);
}

/* An SQLite older than 3.38 tells the word alone: it is the place if it stands in the text once. */
static int find_word(mig_conn *conn, const char *text, size_t size)
{
	const char *message = sqlite3_errmsg(conn->db);
	char *copy = mig__strndup(&conn->alloc, text, size); /* tokens end with a NUL */
	struct mig__sqlite_token t = { 0 };
	int at = -1, count = 0;

	for (const char *p = copy; p; p = t.kind ? mig__sqlite_behind(t) : NULL) {
		t = mig__sqlite_token(p);
		if (t.kind && is_about(message, t) && !count++)
			at = (int)(t.at - copy);
	}
	mig__free(&conn->alloc, copy);
	return count == 1 ? at : -1;
}

int mig__sqlite_error_offset(mig_conn *conn, const char *text, size_t size)
{
	return optional.error_offset ? optional.error_offset(conn->db) : find_word(conn, text, size);
}

int mig__sqlite_on_progress(sqlite3 *db, int steps, int (*fn)(void *), void *user)
{
	if (!optional.progress_handler)
		return 0;
	optional.progress_handler(db, steps, fn, user);
	return 1;
}

int mig__sqlite_omits(const char *option)
{
	return optional.compileoption_used && optional.compileoption_used(option);
}

/* -- whether libmig can work with it */

/* What libmig cannot do without. A pragma that was compiled out is no error for SQLite, but does nothing. */
static const struct {
	const char *option, *why;
	const char *probe; /* gives a row, if it is there; NULL: not tried */
} needed[] = {
	{ "OMIT_MEMORYDB", "models are compared in databases in memory", NULL },
	{ "OMIT_PRAGMA", "settings are read and put back by PRAGMA", NULL },
	{ "OMIT_SCHEMA_PRAGMAS", "foreign keys are checked in every database that PRAGMA database_list has",
	  "PRAGMA database_list" },
	{ "OMIT_SCHEMA_VERSION_PRAGMAS", "PRAGMA data_version tells whether others have written",
	  "PRAGMA data_version" },
	{ "OMIT_FLAG_PRAGMAS", "tables are rebuilt with PRAGMA legacy_alter_table",
	  "PRAGMA legacy_alter_table" },
	{ "OMIT_FOREIGN_KEY", "foreign keys are checked before each commit", "PRAGMA foreign_keys" },
	{ "OMIT_TRIGGER", "SQLite has no foreign keys then, and they are checked", NULL },
	{ "OMIT_TEMPDB", "checks and views are tried with temporary objects", NULL },
};

static mig_status refuse(mig_conn *conn, size_t i)
{
	char hint[100];

	sqlite3_snprintf(sizeof hint, hint, "load or link an SQLite that was built without SQLITE_%s",
			 needed[i].option);
	return mig__sqlite_report(conn, MIG_EUNSUPPORTED, NULL, hint,
				  "SQLite %s was built with SQLITE_%s: %s", sqlite3_libversion(),
				  needed[i].option, needed[i].why);
}

static int gives_a_row(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	int found = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
		    sqlite3_step(stmt) == SQLITE_ROW;

	sqlite3_finalize(stmt);
	return found;
}

/* Without OMIT_MEMORYDB, ":memory:" is no file that would have to be there. */
static mig_status try_all(mig_conn *conn)
{
	sqlite3 *db = NULL;
	int code = sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE, NULL);
	mig_status rc = MIG_OK;

	if (code == SQLITE_NOMEM)
		rc = mig__sqlite_nomem(conn);
	else if (code != SQLITE_OK)
		rc = refuse(conn, 0);
	for (size_t i = 0; !rc && i < sizeof needed / sizeof *needed; i++)
		if (needed[i].probe && !gives_a_row(db, needed[i].probe))
			rc = sqlite3_errcode(db) == SQLITE_NOMEM ? mig__sqlite_nomem(conn)
								 : refuse(conn, i);
	sqlite3_close(db);
	return rc;
}

mig_status mig__sqlite_engine_check(mig_conn *conn)
{
	if (sqlite3_libversion_number() < OLDEST)
		return mig__sqlite_report(
			conn, MIG_EUNSUPPORTED, NULL,
			"load a newer libsqlite3, or link the program with one: sqlite3.c of "
			"https://sqlite.org/download.html is enough",
			"SQLite %s is too old: libmig needs 3.35 or later", sqlite3_libversion());
	if (sqlite3_initialize() != SQLITE_OK) /* with OMIT_AUTOINIT nothing else does */
		return mig__sqlite_nomem(conn);
	if (!optional.compileoption_used)
		return try_all(conn);
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		if (optional.compileoption_used(needed[i].option))
			return refuse(conn, i);
	return MIG_OK;
}

/* The limit on SQLite: see limit.h. */
#include "limit.h"

#include <sqlite3.h>
#include <string.h>

static void *open_url(const char *url)
{
	const char *path = url + strlen("sqlite:");
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL))
		die(path, sqlite3_errmsg(db));
	return db;
}

static void exec(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL))
		die(sql, sqlite3_errmsg(db));
}

static void close_db(void *db)
{
	sqlite3_close(db);
}

static void query(void *db)
{
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(db, "SELECT version FROM limit_version", -1, &stmt, NULL))
		die("version", sqlite3_errmsg(db));
	while (sqlite3_step(stmt) == SQLITE_ROW)
		if (!sqlite3_column_text(stmt, 0))
			die("version", "no text");
	if (sqlite3_finalize(stmt))
		die("version", sqlite3_errmsg(db));
}

struct work {
	sqlite3 *db;
	sqlite3_stmt *update, *history;
	int how;
};

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL))
		die("prepare", sqlite3_errmsg(db));
	return stmt;
}

static struct work work_begin(sqlite3 *db, int how)
{
	struct work w = { .db = db, .how = how };

	exec(db, "CREATE TABLE IF NOT EXISTS limit_version (version TEXT NOT NULL);"
		 "INSERT INTO limit_version SELECT '' "
		 "WHERE NOT EXISTS (SELECT 1 FROM limit_version)");
	w.update = prepare(db, "UPDATE limit_version SET version = ?");
	if (how & LIMIT_HISTORY) {
		exec(db, "CREATE TABLE limit_history (id INTEGER PRIMARY KEY, revision TEXT NOT NULL, "
			 "direction TEXT NOT NULL, state TEXT NOT NULL, digest TEXT NOT NULL, "
			 "statements INTEGER NOT NULL, started_at TEXT NOT NULL, "
			 "duration_us INTEGER NOT NULL, actor TEXT NOT NULL, library TEXT NOT NULL)");
		w.history = prepare(
			db, "INSERT INTO limit_history (revision, direction, state, digest, statements, "
			    "started_at, duration_us, actor, library) VALUES (?, 'upgrade', 'applied', "
			    "'0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef', 0, "
			    "'2026-11-22T20:49:00.123Z', 123, 'user', '0.1.0')");
	}
	if (how & LIMIT_ONE)
		exec(db, "BEGIN");
	return w;
}

static void write_row(struct work *w, sqlite3_stmt *stmt, const char *id)
{
	sqlite3_bind_text(stmt, 1, id, -1, SQLITE_STATIC);
	if (sqlite3_step(stmt) != SQLITE_DONE)
		die("row", sqlite3_errmsg(w->db));
	sqlite3_reset(stmt);
}

static void work_step(struct work *w, const char *id, const char *sql)
{
	if (!(w->how & LIMIT_ONE))
		exec(w->db, "BEGIN");
	exec(w->db, sql);
	write_row(w, w->update, id);
	if (w->history)
		write_row(w, w->history, id);
	if (!(w->how & LIMIT_ONE))
		exec(w->db, "COMMIT");
}

static void work_end(struct work *w)
{
	if (w->how & LIMIT_ONE)
		exec(w->db, "COMMIT");
	sqlite3_finalize(w->update);
	sqlite3_finalize(w->history);
}

static void apply(void *db, const struct limit_step *steps, size_t count, int how)
{
	struct work w = work_begin(db, how);

	for (size_t i = 0; i < count; i++)
		work_step(&w, steps[i].id, steps[i].sql);
	work_end(&w);
}

static void apply_file(void *user, const char *name, char *text)
{
	char *up = strstr(text, "-- mig:upgrade\n"), *down = strstr(text, "\n-- mig:downgrade\n");

	if (!up || !down)
		die(name, "not a revision file");
	*down = '\0';
	work_step(user, name, up);
}

static void apply_folder(void *db, const char *folder, int how)
{
	struct work w = work_begin(db, how);

	limit_each_file(folder, apply_file, &w);
	work_end(&w);
}

const struct limit_engine limit_sqlite = { "sqlite", open_url, close_db, query, apply, apply_folder };

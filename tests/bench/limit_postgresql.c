/* The limit on PostgreSQL: see limit.h and limit_postgresql.h. */
#include "limit_postgresql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void drop_notice(void *user, const char *message)
{
	(void)user;
	(void)message;
}

PGconn *limit_pg_open(const char *url)
{
	PGconn *db = PQconnectdb(url);

	if (PQstatus(db) != CONNECTION_OK)
		die(url, PQerrorMessage(db));
	PQsetNoticeProcessor(db, drop_notice, NULL);
	return db;
}

static void query(void *db)
{
	PGresult *result = PQexec(db, "SELECT version FROM limit_version");

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		die("version", PQerrorMessage(db));
	for (int i = 0; i < PQntuples(result); i++)
		if (PQgetisnull(result, i, 0))
			die("version", "no text");
	PQclear(result);
}

void limit_pg_exec(PGconn *db, const char *sql)
{
	PGresult *result = PQexec(db, sql);
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		die(sql, PQerrorMessage(db));
	PQclear(result);
}

struct work {
	PGconn *db;
	char *message;
	size_t cap;
	int one;
};

static struct work work_begin(PGconn *db, int one)
{
	struct work w = { .db = db, .one = one };

	limit_pg_exec(db, "CREATE TABLE IF NOT EXISTS limit_version (version TEXT NOT NULL);"
			  "INSERT INTO limit_version SELECT '' "
			  "WHERE NOT EXISTS (SELECT 1 FROM limit_version)");
	if (one)
		limit_pg_exec(db, "BEGIN");
	return w;
}

static void work_step(struct work *w, const char *id, const char *sql)
{
	size_t need = strlen(sql) + strlen(id) + 128;

	if (w->cap < need) {
		w->cap = 2 * need;
		w->message = realloc(w->message, w->cap);
		if (!w->message)
			die(id, "no memory");
	}
	snprintf(w->message, w->cap, "%s%s;\nUPDATE limit_version SET version = '%s'%s",
		 w->one ? "" : "BEGIN;", sql, id, w->one ? "" : ";COMMIT");
	limit_pg_exec(w->db, w->message);
}

static void work_end(struct work *w)
{
	if (w->one)
		limit_pg_exec(w->db, "COMMIT");
	free(w->message);
}

void limit_pg_apply(PGconn *db, const struct limit_step *steps, size_t count, int how)
{
	struct work w = work_begin(db, how & LIMIT_ONE);

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
	struct work w = work_begin(db, how & LIMIT_ONE);

	limit_each_file(folder, apply_file, &w);
	work_end(&w);
}

static void *open_url(const char *url)
{
	return limit_pg_open(url);
}

static void close_db(void *db)
{
	PQfinish(db);
}

static void apply(void *db, const struct limit_step *steps, size_t count, int how)
{
	limit_pg_apply(db, steps, count, how);
}

const struct limit_engine limit_postgresql = { "postgresql", open_url, close_db,
					       query,	     apply,    apply_folder };

#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int place_new(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	if (!p)
		return -1;
	snprintf(p->dir, sizeof p->dir, "/tmp/mig-api-XXXXXX");
	if (!mkdtemp(p->dir)) {
		free(p);
		return -1;
	}
	snprintf(p->db, sizeof p->db, "%s/test.db", p->dir);
	snprintf(p->url, sizeof p->url, "sqlite:%s", p->db);
	*state = p;
	return 0;
}

int place_free(void **state)
{
	struct place *p = *state;
	char command[128];
	int rc;

	snprintf(command, sizeof command, "rm -rf '%s'", p->dir);
	rc = system(command);
	free(p);
	return rc;
}

mig_ctx *open_place(const struct place *p)
{
	mig_ctx *ctx;

	ok(ctx, mig_open(&ctx, p->url));
	return ctx;
}

void add(mig_ctx *ctx, const char *id, const char *revises, const char *up, const char *down)
{
	char text[4096], name[64];
	int n = snprintf(text, sizeof text, "-- revision %s\n--\n-- revision: %s\n-- revises: %s\n",
			 id, id, revises);

	if (up)
		n += snprintf(text + n, sizeof text - (size_t)n, "\n-- mig:upgrade\n%s\n", up);
	if (down)
		n += snprintf(text + n, sizeof text - (size_t)n, "\n-- mig:downgrade\n%s\n", down);
	assert_true((size_t)n < sizeof text);
	snprintf(name, sizeof name, "%s.sql", id);
	ok(ctx, mig_add_script(ctx, name, text, (size_t)n));
}

void add_text(mig_ctx *ctx, const char *text)
{
	ok(ctx, mig_add_script(ctx, "text.sql", text, strlen(text)));
}

const char *ask(const struct place *p, const char *sql)
{
	static char out[65536];
	sqlite3_stmt *s;
	sqlite3 *db;
	size_t n = 0;
	const char *file = access(p->db, F_OK) ? ":memory:" : p->db; /* a missing one is empty */

	out[0] = '\0';
	assert_int_equal(sqlite3_open_v2(file, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	while (sqlite3_step(s) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(s, 0);

		n += (size_t)snprintf(out + n, sizeof out - n, "%s%s", n ? "|" : "",
				      text ? text : "NULL");
		assert_true(n < sizeof out);
	}
	sqlite3_finalize(s);
	sqlite3_close(db);
	return out;
}

void tell(const struct place *p, const char *sql)
{
	char *message = NULL;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(p->db, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
	sqlite3_close(db);
}

const char *rows(const struct place *p)
{
	return ask(p, "SELECT revision FROM mig_version ORDER BY 1");
}

const char *tables(const struct place *p)
{
	return ask(p,
		   "SELECT name FROM sqlite_schema WHERE name NOT LIKE 'mig\\_%' ESCAPE '\\' AND "
		   "name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1");
}

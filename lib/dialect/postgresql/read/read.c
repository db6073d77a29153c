/* read: the slot read_script(): statement by statement, until one is not understood. See read.h. */
#include "dialect/postgresql/read/read.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/conn/session.h"
#include "dialect/postgresql/conn/wire.h"

#include <string.h>

/* -- what the session has */

/* Settings that what is created depends on. All others are the server's, and hold in a scratch database
 * as well. */
static const char settings_sql[] =
	"SELECT current_user, pg_catalog.current_setting('search_path'), "
	"pg_catalog.current_setting('default_tablespace'), "
	"pg_catalog.current_setting('default_table_access_method'), "
	"pg_catalog.current_setting('standard_conforming_strings'), "
	"pg_catalog.current_setting('array_nulls'), "
	"pg_catalog.current_setting('transform_null_equals')";

static const char *const wanted[] = { NULL, NULL, "", "heap", "on", "on", "off" };

enum { USER, PATH, SETTINGS = sizeof wanted / sizeof *wanted };

/* public has to be where names are looked up, and nothing else. A schema that is called as the user is
 * not there unless the script makes it. */
static void read_settings(struct mig__reader *r)
{
	struct mig__pg_reply reply = { .count = 0 };
	const PGresult *rows;
	const char *path;

	r->rc = mig__pg_exec(r->conn, settings_sql, &reply);
	rows = !r->rc && reply.count == 1 ? reply.at[0] : NULL;
	if (!rows || PQntuples(rows) != 1) {
		r->unread = 1;
	} else {
		path = PQgetvalue(rows, 0, PATH);
		r->user = mig__read_keep(r, PQgetvalue(rows, 0, USER),
					 strlen(PQgetvalue(rows, 0, USER)));
		if ((strcmp(path, "\"$user\", public") != 0 && strcmp(path, "public") != 0) ||
		    !strcmp(r->user, "public"))
			r->unread = 1;
		for (int i = 2; i < SETTINGS; i++)
			if (strcmp(PQgetvalue(rows, 0, i), wanted[i]) != 0)
				r->unread = 1;
	}
	mig__pg_reply_clear(&reply);
}

/* -- statements */

static void read_create(struct mig__reader *r)
{
	if (mig__read_take(r, "TABLE"))
		mig__read_create_table(r, 0);
	else if (mig__read_take(r, "UNLOGGED TABLE"))
		mig__read_create_table(r, 1);
	else if (mig__read_take(r, "INDEX"))
		mig__read_create_index(r, 0);
	else if (mig__read_take(r, "UNIQUE INDEX"))
		mig__read_create_index(r, 1);
	else if (mig__read_take(r, "TYPE"))
		mig__read_create_type(r);
	else if (mig__read_take(r, "SEQUENCE"))
		mig__read_create_sequence(r);
	else if (mig__read_take(r, "SCHEMA"))
		mig__read_create_schema(r);
	else
		mig__read_unread(r);
}

static void read_alter(struct mig__reader *r)
{
	if (mig__read_take(r, "TABLE"))
		mig__read_alter_table(r);
	else if (mig__read_take(r, "SEQUENCE"))
		mig__read_alter_sequence(r);
	else
		mig__read_unread(r);
}

static void read_statement(struct mig__reader *r)
{
	if (mig__read_take(r, "CREATE"))
		read_create(r);
	else if (mig__read_take(r, "ALTER"))
		read_alter(r);
	else if (mig__read_take(r, "COMMENT ON"))
		mig__read_comment(r);
	else if (mig__read_take(r, "SET") || mig__read_is(r, "SELECT"))
		mig__read_setting(r);
	else
		mig__read_unread(r);
	if (!mig__read_at_end(r))
		mig__read_unread(r);
}

static void read_script(struct mig__reader *r, const char *text, size_t size)
{
	for (size_t at = 0, start = 0;
	     !r->rc && !r->unread && mig__read_tokens(r, text, size, &at); start = at)
		if (r->token_count > 1 && !mig__read_keep_statement(r, text, size, start, &at) &&
		    !r->unread)
			read_statement(r);
}

/* -- all of it */

static void init(struct mig__reader *r, mig_conn *conn)
{
	*r = (struct mig__reader){ .conn = conn, .version = PQserverVersion(conn->db), .user = "" };
	mig__arena_init(&r->arena, &conn->alloc);
	mig__map_init(&r->words, &conn->alloc);
	mig__map_init(&r->relations, &conn->alloc);
	mig__map_init(&r->constraints, &conn->alloc);
	mig__map_init(&r->types, &conn->alloc);
	mig__map_init(&r->schemas, &conn->alloc);
	mig__map_init(&r->kept_types, &conn->alloc);
	mig__buf_init(&r->text, &conn->alloc);
}

/* What only reading needs: reporting makes the objects once more, and that is when most memory is in use. */
static void finish_reading(struct mig__reader *r)
{
	const struct mig__alloc *alloc = &r->conn->alloc;

	mig__free(alloc, r->word_at);
	mig__free(alloc, r->at);
	mig__free(alloc, r->type_at);
	mig__free(alloc, r->tokens);
	mig__map_finish(&r->words);
	mig__map_finish(&r->relations);
	mig__map_finish(&r->constraints);
	mig__map_finish(&r->types);
	mig__map_finish(&r->schemas);
	mig__map_finish(&r->kept_types);
	mig__buf_finish(&r->text);
}

mig_status mig__pg_read_script(mig_conn *conn, const mig_script_text *const *scripts, size_t count,
			       const mig_object *declared, const mig_schema_sink *sink,
			       int32_t *done)
{
	struct mig__reader r;
	mig_status rc;

	init(&r, conn);
	/* what was declared in C would have to be known here, too; and where a run looks for names is not
	 * what the session has */
	r.unread = declared || conn->session->search_path || r.version / 10000 < MIG__PG_OLDEST ||
		   r.version / 10000 > MIG__PG_NEWEST;
	if (!r.unread)
		read_settings(&r);
	r.schema = "public";
	mig__read_add_schema(&r, r.schema);
	for (size_t i = 0; !r.unread && !r.rc && i < count; i++)
		read_script(&r, scripts[i]->text, scripts[i]->size);
	*done = !r.unread && !r.rc;
	rc = r.rc;
	finish_reading(&r);
	if (*done)
		rc = mig__read_report(&r, sink);
	mig__arena_finish(&r.arena);
	return rc;
}

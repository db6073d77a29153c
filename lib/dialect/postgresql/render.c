/* render: the SQL on libmig's own tables. Names come from the user, so they are always quoted; and
 * once it is known which schema the tables are in, they are qualified, so that a script that
 * changes the search path does not hide them. */
#include "dialect/postgresql/conn.h"

#include <stdlib.h>
#include <string.h>

#define BUSY                                                                                 \
	"RAISE EXCEPTION 'another process is migrating this database: run the script again " \
	"when it is done' USING ERRCODE = '55P03';"

/* @v: the version table, @h: the history table, @k: FROM … for the number of the lock, k;
 * @t, @s: sets the search path for the transaction or the session; @g: the error of a guard */
static const char *const patterns[MIG__PG_TEXTS] = {
	[MIG_SQL_CREATE_VERSION] = "CREATE TABLE IF NOT EXISTS @v (\n"
				   "\trevision pg_catalog.text NOT NULL PRIMARY KEY,\n"
				   "\tdigest pg_catalog.text NOT NULL\n"
				   ")",
	[MIG_SQL_CREATE_HISTORY] = "CREATE TABLE IF NOT EXISTS @h (\n"
				   "\tid pg_catalog.int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n"
				   "\trevision pg_catalog.text NOT NULL,\n"
				   "\tdirection pg_catalog.text NOT NULL,\n"
				   "\tstate pg_catalog.text NOT NULL,\n"
				   "\tdigest pg_catalog.text,\n"
				   "\tstatements pg_catalog.int8,\n"
				   "\tdone_digest pg_catalog.text,\n"
				   "\tstarted_at pg_catalog.text,\n"
				   "\tduration_us pg_catalog.int8,\n"
				   "\tactor pg_catalog.text,\n"
				   "\tlibrary pg_catalog.text\n"
				   ")",
	[MIG_SQL_READ_VERSION] = "SELECT revision, digest FROM @v",
	[MIG_SQL_INSERT_VERSION] = "INSERT INTO @v (revision, digest) VALUES ($1, $2)",
	[MIG_SQL_UPDATE_VERSION] = "UPDATE @v SET revision = $1, digest = $2 "
				   "WHERE revision OPERATOR(pg_catalog.=) $3",
	[MIG_SQL_DELETE_VERSION] = "DELETE FROM @v WHERE revision OPERATOR(pg_catalog.=) $1",
	[MIG_SQL_CLEAR_VERSION] = "DELETE FROM @v",
	[MIG_SQL_INSERT_HISTORY] =
		"INSERT INTO @h (revision, direction, state, digest, statements, done_digest, "
		"started_at, duration_us, actor, library) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
	[MIG_SQL_UPDATE_RUNNING] = "UPDATE @h SET state = $1, statements = $2, done_digest = $3, "
				   "duration_us = $4 "
				   "WHERE state OPERATOR(pg_catalog.=) 'running'",
	[MIG_SQL_READ_RUNNING] = "SELECT revision, direction, digest, statements, done_digest, "
				 "started_at FROM @h "
				 "WHERE state OPERATOR(pg_catalog.=) 'running' ORDER BY id",
	[MIG_SQL_READ_HISTORY] =
		"SELECT revision, direction, state, digest, statements, started_at, "
		"duration_us, actor, library FROM @h ORDER BY id",
	[MIG_SQL_EXPECT_VERSION] =
		"DO $mig$ DECLARE found pg_catalog.text; BEGIN\n"
		"\tSELECT pg_catalog.concat(coalesce(pg_catalog.string_agg(revision, ', ' "
		"ORDER BY revision COLLATE pg_catalog.\"C\"), 'base'), "
		"CASE WHEN EXISTS (SELECT FROM @h WHERE state OPERATOR(pg_catalog.=) 'running') "
		"THEN ', unfinished' END) INTO found FROM @v;\n"
		"\tIF found OPERATOR(pg_catalog.<>) $1 THEN\n"
		"\t\tRAISE EXCEPTION 'the database is at %, the script expects %', found, $1;\n"
		"\tEND IF;\n"
		"END $mig$",
	/* these do not wait either: see lock.c */
	[MIG_SQL_ENTER] = "DO $mig$ BEGIN @tIF NOT (SELECT pg_catalog.pg_try_advisory_xact_lock(k)"
			  "@k) THEN " BUSY " END IF; END $mig$",
	[MIG_SQL_ENTER_SESSION] =
		"DO $mig$ BEGIN @sIF NOT (SELECT "
		"pg_catalog.pg_try_advisory_lock(k)@k) THEN " BUSY " END IF; END $mig$",
	[MIG_SQL_LEAVE_SESSION] =
		"DO $mig$ BEGIN PERFORM pg_catalog.pg_advisory_unlock(k)@k; END $mig$;\n"
		"RESET search_path",
	[MIG_SQL_CHECK_VERSION] =
		"SELECT CASE WHEN found OPERATOR(pg_catalog.=) $1 THEN 0 ELSE @g END FROM (SELECT "
		"COALESCE(pg_catalog.string_agg(pg_catalog.concat(revision, ' ', digest), "
		"pg_catalog.chr(10) ORDER BY revision COLLATE pg_catalog.\"C\"), '') AS found FROM @v) AS f",
	[MIG_SQL_MARK_RUNNING] =
		"UPDATE @h SET state = $1, statements = $2, done_digest = $3, duration_us = $4 WHERE "
		"state OPERATOR(pg_catalog.=) 'running' AND revision OPERATOR(pg_catalog.=) $5 AND "
		"direction OPERATOR(pg_catalog.=) $6 AND statements OPERATOR(pg_catalog.=) $7",
};

void mig__pg_add_name(struct mig__buf *buf, const char *name)
{
	const char *quote;

	mig__buf_add(buf, "\"", 1);
	while ((quote = strchr(name, '"')) != NULL) {
		mig__buf_add(buf, name, (size_t)(quote + 1 - name));
		mig__buf_add(buf, "\"", 1);
		name = quote + 1;
	}
	mig__buf_adds(buf, name);
	mig__buf_add(buf, "\"", 1);
}

void mig__pg_add_text(struct mig__buf *buf, const char *text, size_t size)
{
	size_t i;

	mig__buf_adds(buf, memchr(text, '\\', size) ? " E'" : "'");
	for (i = 0; i < size; i++) {
		if (text[i] == '\'' || text[i] == '\\')
			mig__buf_add(buf, text + i, 1);
		mig__buf_add(buf, text + i, 1);
	}
	mig__buf_add(buf, "'", 1);
}

/* A table's name as SQL has it. */
static void add_table(const mig_conn *conn, struct mig__buf *buf, const char *name)
{
	if (conn->schema) {
		mig__pg_add_name(buf, conn->schema);
		mig__buf_add(buf, ".", 1);
	}
	mig__pg_add_name(buf, name);
}

/* The same as a string constant: what to_regclass() reads. */
static void add_table_text(const mig_conn *conn, struct mig__buf *buf, const char *name)
{
	struct mig__buf quoted;

	mig__buf_init(&quoted, &conn->alloc);
	add_table(conn, &quoted, name);
	mig__pg_add_text(buf, mig__buf_text(&quoted), quoted.len);
	buf->failed |= quoted.failed;
	mig__buf_finish(&quoted);
}

/* The parameter $n, as a constant. */
static void add_value(const mig_cursor *cursor, struct mig__buf *buf, size_t n)
{
	if (!n || n > (size_t)cursor->parameters || !cursor->values[n - 1])
		mig__buf_adds(buf, "NULL");
	else
		mig__pg_add_text(buf, cursor->values[n - 1], (size_t)cursor->sizes[n - 1]);
}

static void add_special(const mig_conn *conn, struct mig__buf *buf, char what)
{
	if (what == 'v' || what == 'h') {
		add_table(conn, buf, what == 'v' ? conn->version_table : conn->history_table);
	} else if (what == 'k') {
		mig__pg_add_key(conn, buf);
	} else if (what == 'g') {
		mig__pg_add_guard(buf, MIG__PG_GUARD_ROWS, "found");
	} else if (conn->search_path) {
		mig__buf_adds(buf, "PERFORM pg_catalog.set_config('search_path', ");
		mig__pg_add_text(buf, conn->search_path, strlen(conn->search_path));
		mig__buf_adds(buf, what == 't' ? ", true); " : ", false); ");
	}
}

/* A pattern with the tables' names, and with the cursor's parameters if it is not NULL. */
static void render(const mig_conn *conn, const char *pattern, const mig_cursor *cursor,
		   struct mig__buf *buf)
{
	const char *special = cursor ? "@$" : "@";

	while (*pattern) {
		size_t plain = strcspn(pattern, special);
		char *end;

		mig__buf_add(buf, pattern, plain);
		pattern += plain;
		if (*pattern == '@') {
			add_special(conn, buf, pattern[1]);
			pattern += 2;
		} else if (*pattern) {
			add_value(cursor, buf, (size_t)strtoul(pattern + 1, &end, 10));
			pattern = end;
		}
	}
}

void mig__pg_add_key(const mig_conn *conn, struct mig__buf *sql)
{
	if (conn->schema && conn->number[0]) { /* the server has told it */
		mig__buf_adds(sql, " FROM (SELECT ");
		mig__pg_add_text(sql, conn->schema, strlen(conn->schema));
		mig__buf_addf(sql, "::pg_catalog.text AS s, (%s)::pg_catalog.int8 AS k) AS b", conn->number);
		return;
	}
	mig__buf_adds(sql, " FROM (SELECT s, pg_catalog.hashtextextended(pg_catalog.concat("
			   "'libmig migration lock ', pg_catalog.length(s), ' ', s, '.', ");
	mig__pg_add_text(sql, conn->version_table, strlen(conn->version_table));
	mig__buf_adds(sql, "), 0) AS k FROM (SELECT ");
	if (conn->schema) {
		mig__pg_add_text(sql, conn->schema, strlen(conn->schema));
	} else if (conn->version == MIG__PG_MISSING) { /* spares a new session some catalogues */
		mig__buf_adds(sql, "coalesce(pg_catalog.current_schema(), '')");
	} else {
		mig__buf_adds(sql, "coalesce((SELECT n.nspname FROM pg_catalog.pg_class c JOIN "
				   "pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) "
				   "c.relnamespace WHERE c.oid OPERATOR(pg_catalog.=) "
				   "pg_catalog.to_regclass(");
		add_table_text(conn, sql, conn->version_table);
		mig__buf_adds(sql, ")::pg_catalog.oid), pg_catalog.current_schema(), '')");
	}
	mig__buf_adds(sql, "::pg_catalog.text AS s) AS a) AS b");
}

mig_status mig__pg_render(mig_conn *conn)
{
	int i;

	for (i = 1; i < MIG__PG_TEXTS; i++) {
		struct mig__buf buf;

		if (!patterns[i])
			continue;
		mig__buf_init(&buf, &conn->alloc);
		render(conn, patterns[i], NULL, &buf);
		mig__free(&conn->alloc, conn->texts[i]);
		conn->texts[i] = mig__buf_take(&buf);
		if (!conn->texts[i])
			return mig__pg_nomem(conn);
	}
	return MIG_OK;
}

const char *mig__pg_table_sql(mig_conn *conn, int32_t which)
{
	return which >= 1 && which < MIG__PG_TEXTS ? conn->texts[which] : NULL;
}

int mig__pg_own(const mig_conn *conn, const char *text)
{
	int i;

	for (i = 1; i < MIG__PG_TEXTS; i++)
		if (text == conn->texts[i])
			return i;
	return 0;
}

/* Whether a statement writes just one row. */
static int writes_one(int own)
{
	return own == MIG_SQL_INSERT_VERSION || own == MIG_SQL_UPDATE_VERSION ||
	       own == MIG_SQL_DELETE_VERSION || own == MIG_SQL_INSERT_HISTORY ||
	       own == MIG_SQL_UPDATE_RUNNING || own == MIG_SQL_MARK_RUNNING;
}

/* What writes one row fails if that is none, or several. */
mig_status mig__pg_fill(mig_conn *conn, const mig_cursor *cursor, struct mig__buf *out)
{
	int own = cursor->own, guarded = writes_one(own);

	mig__buf_adds(out, guarded ? "WITH w AS (" : "");
	render(conn, patterns[own], cursor, out);
	if (guarded) {
		mig__buf_adds(out, " RETURNING 1) SELECT CASE WHEN n OPERATOR(pg_catalog.=) 1 THEN 0 "
				   "ELSE ");
		mig__pg_add_guard(out,
				  own == MIG_SQL_MARK_RUNNING ? MIG__PG_GUARD_RUNNING
							      : MIG__PG_GUARD_ROWS,
				  "n");
		mig__buf_adds(out, " END FROM (SELECT pg_catalog.count(*) AS n FROM w) AS f");
	}
	return out->failed ? mig__pg_nomem(conn) : MIG_OK;
}

enum mig__pg_there *mig__pg_there(mig_conn *conn, int32_t which)
{
	return which == MIG_SQL_READ_VERSION ? &conn->version : &conn->history;
}

/* Not to_regclass(): it looks into the session's cache, which does not know yet what another
 * session committed while this one waited for the lock. */
void mig__pg_add_exists(struct mig__buf *sql, const char *table)
{
	mig__buf_adds(sql,
		      "EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
		      "ON n.oid OPERATOR(pg_catalog.=) c.relnamespace WHERE n.nspname "
		      "OPERATOR(pg_catalog.=) s AND c.relname OPERATOR(pg_catalog.=) ");
	mig__pg_add_text(sql, table, strlen(table));
	mig__buf_adds(sql, ")");
}

mig_status mig__pg_table_exists(mig_conn *conn, int32_t which, int32_t *out)
{
	enum mig__pg_there known = *mig__pg_there(conn, which);
	struct mig__pg_reply reply = { .count = 0 };
	struct mig__buf sql;
	int settings;
	mig_status rc;

	if (known != MIG__PG_UNKNOWN) {
		*out = known == MIG__PG_THERE;
		return MIG_OK;
	}
	mig__buf_init(&sql, &conn->alloc);
	settings = conn->schema ? 0 : mig__pg_add_settings(conn, &sql, 1);
	mig__buf_adds(&sql, "SELECT ");
	mig__pg_add_exists(&sql, which == MIG_SQL_READ_VERSION ? conn->version_table
							       : conn->history_table);
	mig__pg_add_key(conn, &sql);
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_exec(conn, sql.data, &reply);
	mig__buf_finish(&sql);
	if (!rc)
		*out = reply.count > settings && PQgetvalue(reply.at[settings], 0, 0)[0] == 't';
	mig__pg_reply_clear(&reply);
	return rc;
}

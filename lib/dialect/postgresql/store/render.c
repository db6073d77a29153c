/* render: the SQL on libmig's own tables. Names come from the user, so they are always quoted; and
 * once it is known which schema the tables are in, they are qualified, so that a script that
 * changes the search path does not hide them. */
#include "base/quote.h"
#include "base/text.h"
#include "dialect/columns.h"
#include "dialect/postgresql/conn/conn.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BUSY                                                                                 \
	"RAISE EXCEPTION 'another process is migrating this database: run the script again " \
	"when it is done' USING ERRCODE = '55P03';"

/* @v: the version table, @h: the history table, @k: FROM … for the number of the lock, k;
 * @w: a block that fails unless the tables may be written to; @c, @i: the names and the definitions of
 * the columns of the history (columns.h), @p: $1, $2, … for them;
 * @t, @s: sets the search path for the transaction or the session; @g: the error of a guard */
static const char *const patterns[] = {
	[MIG__PG_CREATE_VERSION] = "CREATE TABLE IF NOT EXISTS @v (\n"
				   "\trevision pg_catalog.text NOT NULL PRIMARY KEY,\n"
				   "\tdigest pg_catalog.text NOT NULL\n"
				   ")",
	[MIG__PG_CREATE_HISTORY] =
		"CREATE TABLE IF NOT EXISTS @h (\n"
		"\tid pg_catalog.int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY@i\n"
		")",
	[MIG__PG_READ_VERSION] = "SELECT revision, digest FROM @v",
	[MIG__PG_INSERT_VERSION] = "INSERT INTO @v (revision, digest) VALUES ($1, $2)",
	[MIG__PG_UPDATE_VERSION] = "UPDATE @v SET revision = $1, digest = $2 "
				   "WHERE revision OPERATOR(pg_catalog.=) $3",
	[MIG__PG_DELETE_VERSION] = "DELETE FROM @v WHERE revision OPERATOR(pg_catalog.=) $3",
	[MIG__PG_CLEAR_VERSION] = "DELETE FROM @v",
	/* for a write that waits: fails unless the table has the rows of this text, "REVISION DIGEST" of
	 * each with a line feed between them */
	[MIG__PG_CHECK_VERSION] =
		"SELECT CASE WHEN found OPERATOR(pg_catalog.=) $1 THEN 0 ELSE @g END FROM (SELECT "
		"COALESCE(pg_catalog.string_agg(pg_catalog.concat(revision, ' ', digest), "
		"pg_catalog.chr(10) ORDER BY revision COLLATE pg_catalog.\"C\"), '') AS found FROM @v) AS f",
	[MIG__PG_INSERT_HISTORY] = "INSERT INTO @h (@c) VALUES (@p)",
	[MIG__PG_READ_RUNNING] = "SELECT @c FROM @h WHERE state OPERATOR(pg_catalog.=) 'running' "
				 "ORDER BY id",
	[MIG__PG_READ_HISTORY] = "SELECT @c FROM @h ORDER BY id",
	[MIG__PG_MARK_RUNNING] =
		"UPDATE @h SET state = $1, statements = $2, done_digest = $3, duration_us = $4 WHERE "
		"state OPERATOR(pg_catalog.=) 'running' AND revision OPERATOR(pg_catalog.=) $5 AND "
		"direction OPERATOR(pg_catalog.=) $6 AND statements OPERATOR(pg_catalog.=) $7",
	[MIG__PG_MARK_ANY] = "UPDATE @h SET state = $1 WHERE state OPERATOR(pg_catalog.=) 'running'",
	[MIG__PG_EXPECT_VERSION] =
		"DO $mig$ @w$mig$;\n"
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
	[MIG__PG_ENTER] = "DO $mig$ BEGIN @tIF NOT (SELECT pg_catalog.pg_try_advisory_xact_lock(k)"
			  "@k) THEN " BUSY " END IF; END $mig$",
	[MIG__PG_ENTER_SESSION] =
		"DO $mig$ BEGIN @sIF NOT (SELECT "
		"pg_catalog.pg_try_advisory_lock(k)@k) THEN " BUSY " END IF; END $mig$",
	[MIG__PG_LEAVE_SESSION] =
		"DO $mig$ BEGIN PERFORM pg_catalog.pg_advisory_unlock(k)@k; END $mig$;\n"
		"RESET search_path",
};

void mig__pg_add_name(struct mig__buf *buf, const char *name)
{
	mig__add_quoted(buf, name, mig__quote_names);
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

enum { LONGEST = 4 }; /* bytes of a character; the NUL of a shorter text ends it */

/* Whether the server reads the text's characters from their numbers. One that knows no encoding
 * does not, and before 13 only one whose encoding is UTF-8. */
static int may_escape(const mig_conn *conn, const char *text)
{
	const char *encoding = conn->db ? PQparameterStatus(conn->db, "server_encoding") : NULL;
	uint32_t c;
	size_t size;

	if (!encoding || strcmp(encoding, "SQL_ASCII") == 0 ||
	    (PQserverVersion(conn->db) < 130000 && strcmp(encoding, "UTF8") != 0))
		return 0;
	for (; *text; text += size) {
		size = mig__text_char(text, LONGEST, &c);
		if (!size)
			return 0;
	}
	return 1;
}

static int is_ascii(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text >= 0x80)
			return 0;
	return 1;
}

/* E.g. \00e9 and \+01f600 in names, \u00e9 and \U0001f600 in constants. */
static void add_escaped(struct mig__buf *buf, const char *text, int is_name)
{
	const char quote = is_name ? '"' : '\'';
	uint32_t c;

	for (size_t size; *text; text += size) {
		size = mig__text_char(text, LONGEST, &c);
		if (c > 0xffff)
			mig__buf_addf(buf, is_name ? "\\+%06" PRIx32 : "\\U%08" PRIx32, c);
		else if (c >= 0x80)
			mig__buf_addf(buf, is_name ? "\\%04" PRIx32 : "\\u%04" PRIx32, c);
		else if (*text == quote || *text == '\\')
			mig__buf_addf(buf, "%c%c", *text, *text);
		else
			mig__buf_add(buf, text, 1);
	}
}

void mig__pg_add_safe_name(const mig_conn *conn, struct mig__buf *buf, const char *name)
{
	if (is_ascii(name) || !may_escape(conn, name)) {
		mig__pg_add_name(buf, name);
		return;
	}
	mig__buf_adds(buf, "U&\"");
	add_escaped(buf, name, 1);
	mig__buf_adds(buf, "\"");
}

void mig__pg_add_safe_text(const mig_conn *conn, struct mig__buf *buf, const char *text)
{
	if (is_ascii(text) || !may_escape(conn, text)) {
		mig__pg_add_text(buf, text, strlen(text));
		return;
	}
	mig__buf_adds(buf, " E'");
	add_escaped(buf, text, 0);
	mig__buf_adds(buf, "'");
}

void mig__pg_add_table(const mig_conn *conn, struct mig__buf *buf, const char *name)
{
	if (conn->schema) {
		mig__pg_add_safe_name(conn, buf, conn->schema);
		mig__buf_add(buf, ".", 1);
	}
	mig__pg_add_safe_name(conn, buf, name);
}

void mig__pg_add_table_text(const mig_conn *conn, struct mig__buf *buf, const char *name)
{
	struct mig__buf quoted;

	mig__buf_init(&quoted, &conn->alloc);
	if (conn->schema) {
		mig__pg_add_name(&quoted, conn->schema);
		mig__buf_add(&quoted, ".", 1);
	}
	mig__pg_add_name(&quoted, name);
	mig__pg_add_safe_text(conn, buf, mig__buf_text(&quoted));
	buf->failed |= quoted.failed;
	mig__buf_finish(&quoted);
}

/* The parameter $n, as a constant. */
static void add_value(const struct mig__pg_values *values, struct mig__buf *buf, size_t n)
{
	const mig_value *v = &values->at[n - 1];

	if (v == values->time)
		mig__buf_adds(buf, MIG__PG_NOW);
	else if (v->type == MIG_INTEGER)
		mig__buf_addf(buf, "%" PRId64, v->integer);
	else if (v->type == MIG_TEXT)
		mig__pg_add_text(buf, v->data, v->size);
	else
		mig__buf_adds(buf, "NULL");
}

static void add_columns(const struct mig__pg_values *values, struct mig__buf *buf, char what)
{
	static const char *const types[] = { "text", "text NOT NULL", "int8" };

	for (size_t i = 0; i < MIG__COLUMN_COUNT; i++) {
		if (what == 'i')
			mig__buf_addf(buf, ",\n\t%s pg_catalog.%s", mig__columns[i].name,
				      types[mig__columns[i].type]);
		else
			mig__buf_adds(buf, i ? ", " : "");
		if (what == 'c')
			mig__buf_adds(buf, mig__columns[i].name);
		else if (what == 'p')
			add_value(values, buf, i + 1);
	}
}

static void add_special(const mig_conn *conn, struct mig__buf *buf, char what)
{
	if (what == 'v' || what == 'h') {
		mig__pg_add_table(conn, buf, what == 'v' ? conn->version_table : conn->history_table);
	} else if (what == 'k') {
		mig__pg_add_key(conn, buf);
	} else if (what == 'g') {
		mig__pg_add_guard(buf, MIG__PG_GUARD_ROWS, "found");
	} else if (what == 'w') {
		mig__pg_add_script_check(conn, buf);
	} else if (conn->search_path) {
		mig__buf_adds(buf, "PERFORM pg_catalog.set_config('search_path', ");
		mig__pg_add_safe_text(conn, buf, conn->search_path);
		mig__buf_adds(buf, what == 't' ? ", true); " : ", false); ");
	}
}

void mig__pg_add_own(const mig_conn *conn, struct mig__buf *buf, enum mig__pg_own which,
		     const struct mig__pg_values *values)
{
	const char *pattern = patterns[which];

	while (*pattern) {
		size_t plain = strcspn(pattern, values ? "@$" : "@");
		char *end;

		mig__buf_add(buf, pattern, plain);
		pattern += plain;
		if (*pattern == '$' && !(pattern[1] >= '1' && pattern[1] <= '9')) { /* $mig$ */
			mig__buf_add(buf, pattern++, 1);
		} else if (*pattern == '$') {
			add_value(values, buf, (size_t)strtoul(pattern + 1, &end, 10));
			pattern = end;
		} else if (*pattern) {
			if (strchr("cip", pattern[1]))
				add_columns(values, buf, pattern[1]);
			else
				add_special(conn, buf, pattern[1]);
			pattern += 2;
		}
	}
}

/* The one of the path's schemas that has the version table, otherwise the first one. Never that of
 * temporary tables, which would take the place of the real ones. */
void mig__pg_add_schema(const mig_conn *conn, struct mig__buf *sql)
{
	if (conn->schema) {
		mig__pg_add_safe_text(conn, sql, conn->schema);
		return;
	}
	mig__buf_adds(sql, "(SELECT n.nspname FROM pg_catalog.unnest(pg_catalog.current_schemas("
			   "false)) WITH ORDINALITY AS p (name, at) JOIN pg_catalog.pg_namespace n "
			   "ON n.nspname OPERATOR(pg_catalog.=) p.name WHERE n.oid "
			   "OPERATOR(pg_catalog.<>) pg_catalog.pg_my_temp_schema() ORDER BY EXISTS "
			   "(SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace "
			   "OPERATOR(pg_catalog.=) n.oid AND c.relname OPERATOR(pg_catalog.=) ");
	mig__pg_add_safe_text(conn, sql, conn->version_table);
	mig__buf_adds(sql, ") DESC, p.at LIMIT 1)");
}

void mig__pg_add_key(const mig_conn *conn, struct mig__buf *sql)
{
	if (conn->schema && conn->number[0]) { /* the server has told it */
		mig__buf_adds(sql, " FROM (SELECT ");
		mig__pg_add_safe_text(conn, sql, conn->schema);
		mig__buf_addf(sql, "::pg_catalog.text AS s, (%s)::pg_catalog.int8 AS k) AS b",
			      conn->number);
		return;
	}
	mig__buf_adds(sql, " FROM (SELECT s, pg_catalog.hashtextextended(pg_catalog.concat("
			   "'libmig migration lock ', pg_catalog.length(s), ' ', s, '.', ");
	mig__pg_add_safe_text(conn, sql, conn->version_table);
	mig__buf_adds(sql, "), 0) AS k FROM (SELECT coalesce(");
	mig__pg_add_schema(conn, sql);
	mig__buf_adds(sql, ", '')::pg_catalog.text AS s) AS a) AS b");
}

enum mig__pg_there *mig__pg_there(mig_conn *conn, enum mig__pg_table which)
{
	return which == MIG__PG_VERSION ? &conn->version : &conn->history;
}

/* Not to_regclass(): it looks into the session's cache, which does not know yet what another
 * session committed while this one waited for the lock. */
void mig__pg_add_exists(const mig_conn *conn, struct mig__buf *sql, const char *table)
{
	mig__buf_adds(sql,
		      "EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
		      "ON n.oid OPERATOR(pg_catalog.=) c.relnamespace WHERE n.nspname "
		      "OPERATOR(pg_catalog.=) s AND c.relname OPERATOR(pg_catalog.=) ");
	mig__pg_add_safe_text(conn, sql, table);
	mig__buf_adds(sql, ")");
}

mig_status mig__pg_table_exists(mig_conn *conn, enum mig__pg_table which, int32_t *out)
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
	mig__pg_add_exists(conn, &sql, which == MIG__PG_VERSION ? conn->version_table
							       : conn->history_table);
	mig__pg_add_key(conn, &sql);
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_exec(conn, sql.data, &reply);
	mig__buf_finish(&sql);
	if (!rc)
		*out = reply.count > settings && PQgetvalue(reply.at[settings], 0, 0)[0] == 't';
	mig__pg_reply_clear(&reply);
	return rc;
}

mig_status mig__pg_pin_schema(mig_conn *conn, const char *schema)
{
	if (conn->schema || !*schema)
		return MIG_OK;
	conn->schema = mig__strdup(&conn->alloc, schema);
	return conn->schema ? MIG_OK : mig__pg_nomem(conn);
}

/* In the host's own transaction a setting of ours would stay. */
mig_status mig__pg_find_schema(mig_conn *conn)
{
	int inside = PQtransactionStatus(conn->db) != PQTRANS_IDLE, at;
	struct mig__pg_reply reply = { .count = 0 };
	struct mig__buf sql;
	mig_status rc;

	mig__buf_init(&sql, &conn->alloc);
	mig__buf_adds(&sql, inside ? "SAVEPOINT mig_schema;" : "");
	at = inside + mig__pg_add_settings(conn, &sql, 1);
	mig__buf_adds(&sql, "SELECT ");
	mig__pg_add_schema(conn, &sql);
	mig__buf_adds(&sql, inside ? ";ROLLBACK TO SAVEPOINT mig_schema;"
				     "RELEASE SAVEPOINT mig_schema"
				   : "");
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_exec(conn, sql.data, &reply);
	mig__buf_finish(&sql);
	if (!rc && reply.count > at)
		rc = mig__pg_pin_schema(conn, PQgetvalue(reply.at[at], 0, 0));
	mig__pg_reply_clear(&reply);
	return rc;
}

/* Outside our own transactions the path of the options is not set yet; in the host's it would stay. */
mig_status mig__pg_current_schema(mig_conn *conn, const char **out)
{
	struct mig__pg_reply reply = { .count = 0 };
	struct mig__buf sql;
	int at = 0;
	mig_status rc;

	mig__buf_init(&sql, &conn->alloc);
	if (PQtransactionStatus(conn->db) == PQTRANS_IDLE && !conn->locked)
		at = mig__pg_add_settings(conn, &sql, 1);
	mig__buf_adds(&sql, "SELECT pg_catalog.current_schema()");
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_exec(conn, sql.data, &reply);
	mig__buf_finish(&sql);
	if (!rc && reply.count > at) {
		mig__free(&conn->alloc, conn->current_schema);
		conn->current_schema = mig__strdup(&conn->alloc, PQgetvalue(reply.at[at], 0, 0));
		*out = conn->current_schema;
		rc = conn->current_schema ? MIG_OK : mig__pg_nomem(conn);
	}
	mig__pg_reply_clear(&reply);
	return rc;
}

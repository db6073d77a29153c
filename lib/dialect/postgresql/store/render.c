/* render: the SQL on libmig's own tables. Names come from the user, so they are always quoted; and
 * once it is known which schema the tables are in, they are qualified, so that a script that
 * changes the search path does not hide them. */
#include "dialect/postgresql/store/render.h"
#include "base/quote.h"
#include "base/text.h"
#include "dialect/columns.h"
#include "dialect/postgresql/conn/session.h"
#include "dialect/postgresql/sql/quote.h"
#include "dialect/postgresql/store/guard.h"
#include "dialect/postgresql/store/place.h"
#include "dialect/postgresql/store/store.h"
#include "dialect/postgresql/store/trust.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BUSY                                                                                 \
	"RAISE EXCEPTION 'another process is migrating this database: run the script again " \
	"when it is done' USING ERRCODE = '55P03';"

/* A column that the table does not have is that of d, NULL: names are looked for inside first. So one
 * statement reads the tables of every version. */
#define READ(where)                                                                         \
	"SELECT r.* FROM (SELECT @l) AS d CROSS JOIN LATERAL (SELECT @c, id FROM @h " where \
	") AS r ORDER BY r.id"
#define MARK(more)                                                                       \
	"UPDATE @h SET state = $1, statements = $2, done_digest = $3, duration_us = $4" more \
	" WHERE state OPERATOR(pg_catalog.=) 'running' AND revision "                      \
	"OPERATOR(pg_catalog.=) $5 AND direction OPERATOR(pg_catalog.=) $6 AND "           \
	"statements OPERATOR(pg_catalog.=) $7"

/* @v: the version table, @h: the history table, @k: FROM … for the number of the lock, k;
 * @w: a block that fails unless the tables may be written to; @c, @i: the names and the definitions of
 * the columns of the history (columns.h), @p: $1, $2, … for them, @l: later columns as NULL,
 * @a: ADD COLUMN for these;
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
	[MIG__PG_ADD_COLUMNS] = "ALTER TABLE @h @a",
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
	[MIG__PG_READ_RUNNING] = READ("WHERE state OPERATOR(pg_catalog.=) 'running' "),
	[MIG__PG_READ_HISTORY] = READ(""),
	[MIG__PG_MARK_RUNNING] = MARK(", in_flight = $8"),
	[MIG__PG_MARK_IN_SCRIPT] = MARK(""),
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

static void add_number(struct mig__buf *buf, int64_t number)
{
	uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
	char digits[24], *at = digits + sizeof digits;

	do {
		*--at = (char)('0' + left % 10);
		left /= 10;
	} while (left);
	if (number < 0)
		*--at = '-';
	mig__buf_add(buf, at, (size_t)(digits + sizeof digits - at));
}

/* The parameter $n, as a constant. */
static void add_value(const struct mig__pg_values *values, struct mig__buf *buf, size_t n)
{
	const mig_value *v;

	if (!values) {
		mig__buf_addf(buf, "$%zu", n);
		return;
	}
	v = &values->at[n - 1];
	if (v == values->time)
		mig__buf_adds(buf, MIG__PG_NOW);
	else if (v->type == MIG_INTEGER)
		add_number(buf, v->integer);
	else if (v->type == MIG_TEXT)
		mig__pg_add_text(buf, v->data, v->size);
	else
		mig__buf_adds(buf, "NULL");
}

static void add_columns(const struct mig__pg_values *values, struct mig__buf *buf, char what)
{
	static const char *const types[] = { "text", "text NOT NULL", "int8" };
	size_t first = strchr("la", what) ? mig__column_count(MIG__TABLES_FIRST) : 0;
	size_t end = values && values->script ? mig__column_count(MIG__TABLES_FIRST)
					      : MIG__COLUMN_COUNT;

	for (size_t i = first; i < end; i++) {
		const char *name = mig__columns[i].name, *type = types[mig__columns[i].type];

		if (what == 'i')
			mig__buf_addf(buf, ",\n\t%s pg_catalog.%s", name, type);
		else
			mig__buf_adds(buf, i > first ? ", " : "");
		if (what == 'c')
			mig__buf_adds(buf, name);
		else if (what == 'p')
			add_value(values, buf, i + 1);
		else if (what == 'l')
			mig__buf_addf(buf, "NULL::pg_catalog.%s AS %s", type, name);
		else if (what == 'a')
			mig__buf_addf(buf, "ADD COLUMN IF NOT EXISTS %s pg_catalog.%s", name, type);
	}
}

static void add_special(const mig_conn *conn, struct mig__buf *buf, char what)
{
	if (what == 'v' || what == 'h') {
		mig__pg_add_table(conn, buf,
				  what == 'v' ? conn->store->version_table
					      : conn->store->history_table);
	} else if (what == 'k') {
		mig__pg_add_key(conn, buf);
	} else if (what == 'g') {
		mig__pg_add_guard(buf, MIG__PG_GUARD_ROWS, "found");
	} else if (what == 'w') {
		mig__pg_add_script_check(conn, buf);
	} else if (conn->session->search_path) {
		mig__buf_adds(buf, "PERFORM pg_catalog.set_config('search_path', ");
		mig__pg_add_safe_text(conn, buf, conn->session->search_path);
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
			if (strchr("cipla", pattern[1]))
				add_columns(values, buf, pattern[1]);
			else
				add_special(conn, buf, pattern[1]);
			pattern += 2;
		}
	}
}

void mig__pg_add_values(struct mig__buf *buf, const struct mig__pg_values *values, size_t count)
{
	for (size_t i = 1; i <= count; i++) {
		mig__buf_adds(buf, i > 1 ? ", " : "(");
		add_value(values, buf, i);
	}
	mig__buf_adds(buf, ")");
}

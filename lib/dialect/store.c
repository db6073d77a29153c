/* store: libmig's own tables. The first half is the default store: the SQL of any engine that takes
 * standard SQL, with the few words that a dialect may have for it (mig_store_words). It is no SQL
 * builder for anything else.
 *
 * One generator makes both forms of a statement. The patterns have @v and @h for the two tables, @T, @K,
 * … for types, and $1, $2, … for values. For the database the values are bound; in a script they are
 * constants. E.g. DELETE FROM @v WHERE revision = $1 is
 *
 *     DELETE FROM "main"."mig_version" WHERE revision = $1       with "ab12" bound
 *     DELETE FROM "main"."mig_version" WHERE revision = 'ab12'   in a script
 *
 * The second half sends each call to the dialect's own store, or to the default. */
#include "dialect/store.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/quote.h"
#include "dialect/columns.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES = MIG__COLUMN_COUNT };

/* A statement with its values. */
struct own {
	const char *pattern;
	mig_value values[VALUES];
	size_t count;
	const mig_value *time; /* which is the time, if that is not known before a script runs */
};

/* -- the generator */

#define WORD(words, member, usual) ((words) && (words)->member ? (words)->member : (usual))

static void add_table(const struct mig__db *db, struct mig__buf *sql, const char *name)
{
	const mig_store_words *words = MIG__STORE_SLOT(db, words);
	const char *quotes = mig__db_name_quotes(db);
	const char *schema = db->schema ? db->schema : WORD(words, schema, NULL);

	if (schema) {
		mig__add_quoted(sql, schema, quotes);
		mig__buf_adds(sql, ".");
	}
	mig__add_quoted(sql, name, quotes);
}

static void add_special(const struct mig__db *db, struct mig__buf *sql, char what)
{
	const mig_store_words *words = MIG__STORE_SLOT(db, words);

	if (what == 'v' || what == 'h')
		add_table(db, sql, what == 'v' ? db->version_table : db->history_table);
	else if (what == 'K')
		mig__buf_adds(sql, WORD(words, key_type, "VARCHAR(255)"));
	else if (what == 'T')
		mig__buf_adds(sql, WORD(words, text_type, "TEXT"));
	else if (what == 'I')
		mig__buf_adds(sql, WORD(words, integer_type, "BIGINT"));
	else if (what == 'N')
		mig__buf_adds(sql, WORD(words, id_type,
					"BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"));
	else if (what == 'E')
		mig__buf_adds(sql, WORD(words, version_end, ""));
}

static void add_constant(const struct mig__db *db, struct mig__buf *sql, const struct own *own,
			 size_t i)
{
	const mig_store_words *words = MIG__STORE_SLOT(db, words);
	const mig_value *v = &own->values[i];

	if (v == own->time)
		mig__buf_adds(sql, WORD(words, now, "NULL"));
	else if (v->type == MIG_INTEGER)
		mig__buf_addf(sql, "%" PRId64, v->integer);
	else if (v->type == MIG_TEXT)
		mig__add_quoted(sql, v->data, mig__db_text_quotes(db));
	else
		mig__buf_adds(sql, "NULL");
}

static void add_statement(const struct mig__db *db, struct mig__buf *sql, const struct own *own,
			  int constants)
{
	const char *p = own->pattern;
	char *end;

	while (*p) {
		size_t plain = strcspn(p, constants ? "@$" : "@");

		mig__buf_add(sql, p, plain);
		p += plain;
		if (*p == '@') {
			add_special(db, sql, p[1]);
			p += 2;
		} else if (*p == '$') {
			add_constant(db, sql, own, (size_t)strtoul(p + 1, &end, 10) - 1);
			p = end;
		}
	}
}

/* -- running it */

static mig_status prepare(struct mig__db *db, const struct own *own, mig_cursor **cursor)
{
	struct mig__buf sql;
	mig_status rc;

	mig__buf_init(&sql, db->err->alloc);
	add_statement(db, &sql, own, 0);
	rc = sql.failed ? mig__fail_nomem(db->err)
			: db->dialect->conn->prepare(db->conn, sql.data, sql.len, MIG_PREPARE_OWN,
						     cursor);
	mig__buf_finish(&sql);
	return rc;
}

enum { UNKNOWN = -2 /* the rows that were written: the dialect cannot say */ };

static mig_status execute(struct mig__db *db, const struct own *own, int64_t *affected)
{
	const mig_dialect_conn *conn = db->dialect->conn;
	mig_status (*count_rows)(mig_cursor *, int64_t *) = MIG__CONN_SLOT(db, affected);
	mig_cursor *cursor = NULL;
	int32_t more = 1;
	mig_status rc = prepare(db, own, &cursor);

	if (rc)
		return rc;
	for (size_t i = 0; !rc && i < own->count; i++)
		rc = conn->bind(cursor, (int32_t)i + 1, &own->values[i]);
	while (!rc && more)
		rc = conn->step(cursor, &more);
	*affected = UNKNOWN;
	if (!rc && count_rows)
		rc = count_rows(cursor, affected);
	conn->finish(cursor);
	return rc;
}

static mig_status put_script(struct mig__db *db, const struct own *own, const mig_sql_sink *script)
{
	struct mig__buf sql;
	mig_status rc;

	mig__buf_init(&sql, db->err->alloc);
	add_statement(db, &sql, own, 1);
	rc = sql.failed ? mig__fail_nomem(db->err)
			: script->statement(script->user, sql.data, sql.len, NULL, 0, NULL);
	mig__buf_finish(&sql);
	return rc;
}

static mig_status write_any(struct mig__db *db, const struct own *own, const mig_sql_sink *script)
{
	int64_t affected;

	return script ? put_script(db, own, script) : execute(db, own, &affected);
}

/* Writes the one row of the revision. */
static mig_status write_one(struct mig__db *db, const struct own *own, const char *revision,
			    const mig_sql_sink *script)
{
	int64_t affected;
	mig_status rc = script ? put_script(db, own, script) : execute(db, own, &affected);

	if (rc || script || affected == 1 || affected < 0)
		return rc;
	mig__fail(db->err, MIG_EREVISION, "the row of revision %s: %" PRId64 " rows were written, not one",
		  revision, affected);
	mig__error_set_hint(db->err, "a revision, a trigger or another program has changed libmig's "
				     "own tables; nothing of this transaction is kept");
	return MIG_EREVISION;
}

/* -- reading */

/* Whether a table is there whose read has failed. */
static mig_status table_exists(struct mig__db *db, int32_t history, int32_t *out)
{
	mig_status (*ask)(mig_conn *, int32_t, int32_t *) = MIG__STORE_SLOT(db, table_exists);
	const struct own own = { .pattern = history ? "SELECT 1 FROM @h WHERE 1 = 0"
						    : "SELECT 1 FROM @v WHERE 1 = 0" };
	mig_cursor *cursor = NULL;
	mig_status rc;

	if (ask)
		return ask(db->conn, history, out);
	rc = prepare(db, &own, &cursor);
	db->dialect->conn->finish(cursor);
	*out = !rc;
	return rc == MIG_ESQL ? MIG_OK : rc;
}

/* *cursor: NULL if the table is not there. */
static mig_status open_read(struct mig__db *db, const char *pattern, int32_t history,
			    mig_cursor **cursor)
{
	const struct own own = { .pattern = pattern };
	int32_t exists = 0;
	mig_status rc = prepare(db, &own, cursor);

	if (rc != MIG_ESQL)
		return rc;
	rc = table_exists(db, history, &exists);
	if (rc)
		return rc;
	if (exists) /* created meanwhile, or there is something else wrong: this says it again */
		return prepare(db, &own, cursor);
	mig__error_clear(db->err);
	*cursor = NULL;
	return MIG_OK;
}

/* NULL in *out for null. */
static mig_status text_column(struct mig__db *db, mig_cursor *cursor, int32_t column,
			      const char **out)
{
	mig_value value = { 0 };
	mig_status rc = db->dialect->conn->column(cursor, column, MIG_TEXT, &value);

	if (!rc)
		*out = value.type == MIG_NULL ? NULL : value.data;
	return rc;
}

/* The table is there, and has not the columns that each version of libmig has made. */
static mig_status fail_foreign(struct mig__db *db, const char *table, mig_status rc)
{
	if (rc != MIG_ESQL)
		return rc;
	mig__error_prefix(db->err, "table %s is not as libmig makes it: ", table);
	mig__error_set_hint(db->err, "if it is somebody else's, name other tables (version_table, "
				     "history_table); if it was changed, change it back");
	return rc;
}

/* rest: which rows, and their order. */
static mig_status open_rows(struct mig__db *db, const char *rest, mig_cursor **cursor)
{
	char pattern[100];

	snprintf(pattern, sizeof pattern, "SELECT revision, digest FROM @v %s", rest);
	return fail_foreign(db, db->version_table, open_read(db, pattern, 0, cursor));
}

static mig_status read_row(struct mig__db *db, mig_cursor *cursor, mig_version_row_fn fn, void *user)
{
	mig_version_row row = { .struct_size = sizeof row };
	mig_status rc = text_column(db, cursor, 0, &row.revision);

	if (!rc)
		rc = text_column(db, cursor, 1, &row.digest);
	return rc ? rc : fn(user, &row);
}

static mig_status default_read_rows(struct mig__db *db, mig_version_row_fn fn, void *user,
				    int32_t *there)
{
	mig_cursor *cursor = NULL;
	int32_t more;
	mig_status rc = open_rows(db, "", &cursor);

	*there = cursor != NULL;
	while (!rc && cursor && !(rc = db->dialect->conn->step(cursor, &more)) && more)
		rc = read_row(db, cursor, fn, user);
	db->dialect->conn->finish(cursor);
	return rc;
}

/* count: the columns that were selected. */
static mig_status read_entry(struct mig__db *db, mig_cursor *cursor, size_t count,
			     mig_history_row_fn fn, void *user)
{
	mig_history_row row = { .struct_size = sizeof row };
	mig_value value;
	const char *text;
	mig_status rc = MIG_OK;

	for (int32_t i = 0; !rc && i < (int32_t)count; i++) {
		const struct mig__column *c = &mig__columns[i];

		if (c->type == MIG__COLUMN_INTEGER) {
			value = (mig_value){ 0 };
			rc = db->dialect->conn->column(cursor, i, MIG_INTEGER, &value);
			mig__column_take_number(&row, c, value.integer);
		} else if (!(rc = text_column(db, cursor, i, &text))) {
			mig__column_take_text(&row, c, text);
		}
	}
	return rc ? rc : fn(user, &row);
}

/* rest: which rows, and their order. */
static mig_status select_columns(struct mig__db *db, size_t count, const char *rest,
				 mig_cursor **cursor)
{
	struct mig__buf pattern;
	mig_status rc;

	mig__buf_init(&pattern, db->err->alloc);
	for (size_t i = 0; i < count; i++)
		mig__buf_addf(&pattern, "%s%s", i ? ", " : "SELECT ", mig__columns[i].name);
	mig__buf_addf(&pattern, " FROM @h %s", rest);
	rc = pattern.failed ? mig__fail_nomem(db->err) : open_read(db, pattern.data, 1, cursor);
	mig__buf_finish(&pattern);
	return rc;
}

/* The columns of tables of today, otherwise those of an older version. */
static mig_status open_entries(struct mig__db *db, const char *rest, size_t *count,
			       mig_cursor **cursor, int32_t *there)
{
	int version = MIG__TABLES_VERSION;
	mig_status rc;

	while ((rc = select_columns(db, *count = mig__column_count(version), rest, cursor)) ==
		       MIG_ESQL &&
	       version > MIG__TABLES_FIRST) {
		mig__error_clear(db->err);
		version--;
	}
	*there = !*cursor			? MIG_TABLE_MISSING
		 : version < MIG__TABLES_VERSION ? MIG_TABLE_OLDER
						 : MIG_TABLE_THERE;
	return fail_foreign(db, db->history_table, rc);
}

static mig_status read_entries(struct mig__db *db, const char *rest, mig_history_row_fn fn, void *user,
			       int32_t *there)
{
	mig_cursor *cursor = NULL;
	size_t count;
	int32_t more;
	mig_status rc = open_entries(db, rest, &count, &cursor, there);

	while (!rc && cursor && !(rc = db->dialect->conn->step(cursor, &more)) && more)
		rc = read_entry(db, cursor, count, fn, user);
	db->dialect->conn->finish(cursor);
	return rc;
}

static mig_status default_read_running(struct mig__db *db, mig_history_row_fn fn, void *user,
				       int32_t *there)
{
	return read_entries(db, "WHERE state = 'running' ORDER BY id", fn, user, there);
}

static mig_status default_read_history(struct mig__db *db, mig_history_row_fn fn, void *user,
				       int32_t *there)
{
	return read_entries(db, "ORDER BY id", fn, user, there);
}

/* -- creating */

static const char *const column_types[] = { "@T", "@T NOT NULL", "@I" };

/* E.g. a role that may write rows, and does not own the tables. */
static mig_status fail_older(struct mig__db *db, const struct mig__column *c, mig_status rc)
{
	if (rc == MIG_ENOMEM || rc == MIG_ECANCELLED)
		return rc;
	mig__error_prefix(db->err, "table %s is of an older libmig, and column %s could not be added: ",
			  db->history_table, c->name);
	if (!db->err->hint)
		mig__error_set_hint(db->err, "run it once as somebody who may alter the table, or add the "
					     "column there: it may be null, and nothing else is needed");
	return rc;
}

/* Each column is looked for, and added by itself: where DDL commits by itself, a process may have died
 * between two. */
static mig_status add_column(struct mig__db *db, const struct mig__column *c)
{
	char sql[200];
	const struct own own = { .pattern = sql };
	mig_cursor *cursor = NULL;
	mig_status rc;

	snprintf(sql, sizeof sql, "SELECT %s FROM @h WHERE 1 = 0", c->name);
	rc = prepare(db, &own, &cursor);
	db->dialect->conn->finish(cursor);
	if (rc != MIG_ESQL)
		return rc;
	mig__error_clear(db->err);
	snprintf(sql, sizeof sql, "ALTER TABLE @h ADD COLUMN %s %s", c->name, column_types[c->type]);
	rc = write_any(db, &own, NULL);
	return rc ? fail_older(db, c, rc) : MIG_OK;
}

static mig_status add_columns(struct mig__db *db)
{
	mig_status rc = MIG_OK;

	for (size_t i = mig__column_count(MIG__TABLES_FIRST); !rc && i < MIG__COLUMN_COUNT; i++)
		rc = add_column(db, &mig__columns[i]);
	return rc;
}

/* What was there already under these names may be something else, or older. */
static mig_status complete(struct mig__db *db)
{
	mig_cursor *cursor = NULL;
	int32_t there = MIG_TABLE_THERE;
	size_t count;
	mig_status rc = open_rows(db, "WHERE 1 = 0", &cursor);

	db->dialect->conn->finish(cursor);
	cursor = NULL;
	if (!rc)
		rc = open_entries(db, "WHERE 1 = 0", &count, &cursor, &there);
	db->dialect->conn->finish(cursor);
	return rc || there != MIG_TABLE_OLDER ? rc : add_columns(db);
}

static mig_status default_create(struct mig__db *db, const mig_sql_sink *script)
{
	struct own own = { .pattern = "CREATE TABLE IF NOT EXISTS @v (\n"
				      "\trevision @K NOT NULL PRIMARY KEY,\n"
				      "\tdigest @T NOT NULL\n"
				      ")@E" };
	struct mig__buf pattern;
	mig_status rc = write_any(db, &own, script);

	mig__buf_init(&pattern, db->err->alloc);
	mig__buf_adds(&pattern, "CREATE TABLE IF NOT EXISTS @h (\n\tid @N");
	for (size_t i = 0; i < MIG__COLUMN_COUNT; i++)
		mig__buf_addf(&pattern, ",\n\t%s %s", mig__columns[i].name,
			      column_types[mig__columns[i].type]);
	mig__buf_adds(&pattern, "\n)");
	own.pattern = pattern.data;
	if (!rc)
		rc = pattern.failed ? mig__fail_nomem(db->err) : write_any(db, &own, script);
	mig__buf_finish(&pattern);
	return rc || script ? rc : complete(db);
}

/* -- writing */

static mig_status write_change(struct mig__db *db, const mig_row_change *c,
			       const mig_sql_sink *script)
{
	struct own own = { .pattern = "INSERT INTO @v (revision, digest) VALUES ($1, $2)",
			   .values = { mig__value_text(c->revision), mig__value_text(c->digest),
				       mig__value_text(c->old_revision) },
			   .count = 2 };

	if (c->old_revision && c->revision) {
		own.pattern = "UPDATE @v SET revision = $1, digest = $2 WHERE revision = $3";
		own.count = 3;
	} else if (c->old_revision) {
		own.pattern = "DELETE FROM @v WHERE revision = $1";
		own.values[0] = own.values[2];
		own.count = 1;
	}
	return write_one(db, &own, c->old_revision ? c->old_revision : c->revision, script);
}

/* Of a statement for each revision: without a printf. */
static const char *const parameters[] = { "$1", "$2", "$3", "$4",  "$5",  "$6",
					  "$7", "$8", "$9", "$10", "$11", "$12" };
_Static_assert(sizeof parameters / sizeof *parameters >= VALUES, "a parameter for each column");

static mig_status write_entry(struct mig__db *db, const mig_history_row *row,
			      const mig_sql_sink *script)
{
	/* a script runs on tables of any version */
	struct own own = { .count = mig__column_count(script ? MIG__TABLES_FIRST : MIG__TABLES_VERSION) };
	struct mig__buf pattern;
	mig_status rc;

	mig__buf_init(&pattern, db->err->alloc);
	for (size_t i = 0; i < own.count; i++) {
		const struct mig__column *c = &mig__columns[i];

		own.values[i] = c->type == MIG__COLUMN_INTEGER
					? mig__value_int(mig__column_number(row, c))
					: mig__value_text(mig__column_text(row, c));
		if (c->at == offsetof(mig_history_row, started_at) && !row->started_at)
			own.time = &own.values[i];
		mig__buf_adds(&pattern, i ? ", " : "INSERT INTO @h (");
		mig__buf_adds(&pattern, c->name);
	}
	for (size_t i = 0; i < own.count; i++) {
		mig__buf_adds(&pattern, i ? ", " : ") VALUES (");
		mig__buf_adds(&pattern, parameters[i]);
	}
	mig__buf_adds(&pattern, ")");
	own.pattern = pattern.data;
	rc = pattern.failed ? mig__fail_nomem(db->err) : write_one(db, &own, row->revision, script);
	mig__buf_finish(&pattern);
	return rc;
}

struct comparing {
	const mig_rows_write *write;
	size_t found; /* rows of the table that are expected */
	size_t count; /* rows of the table */
};

static int by_revision(const void *key, const void *row)
{
	return strcmp(key, (*(const mig_version_row *const *)row)->revision);
}

static mig_status compare_row(void *user, const mig_version_row *row)
{
	struct comparing *c = user;
	const mig_rows_write *w = c->write;
	const mig_version_row *const *at =
		row->revision && w->expected_count
			? bsearch(row->revision, w->expected, w->expected_count,
				  sizeof *w->expected, by_revision)
			: NULL;

	c->count++;
	c->found += at && row->digest && strcmp((*at)->digest, row->digest) == 0;
	return MIG_OK;
}

static mig_status check_rows(struct mig__db *db, const mig_rows_write *write)
{
	struct comparing c = { .write = write };
	int32_t there;
	mig_status rc = default_read_rows(db, compare_row, &c, &there);

	if (rc || (c.count == write->expected_count && c.found == c.count))
		return rc;
	mig__fail(db->err, MIG_EREVISION, "the version rows are not those that were read and written");
	mig__error_set_hint(db->err, "a revision has changed libmig's own tables: leave that out; "
				     "nothing of this transaction is kept");
	return MIG_EREVISION;
}

static mig_status default_write_rows(struct mig__db *db, const mig_rows_write *write,
				     const mig_sql_sink *script)
{
	mig_status rc = MIG_OK;

	for (size_t i = 0; !rc && i < write->change_count; i++)
		rc = write_change(db, write->changes[i], script);
	if (!rc && write->check && !script)
		rc = check_rows(db, write);
	for (size_t i = 0; !rc && i < write->history_count; i++)
		rc = write_entry(db, write->history[i], script);
	return rc;
}

static mig_status default_clear_rows(struct mig__db *db, const mig_sql_sink *script)
{
	const struct own own = { .pattern = "DELETE FROM @v" };

	return write_any(db, &own, script);
}

/* -- the journal */

struct found {
	const mig_journal_mark *mark;
	int is_there;
};

static mig_status compare_running(void *user, const mig_history_row *row)
{
	struct found *f = user;
	const mig_journal_mark *m = f->mark;

	f->is_there = row->revision && !strcmp(row->revision, m->revision) && row->direction &&
		      !strcmp(row->direction, m->direction) && row->statements == m->before;
	return MIG_OK;
}

static mig_status fail_taken(struct mig__db *db, const mig_journal_mark *m)
{
	mig__fail(db->err, MIG_ELOCKED,
		  "the %s of revision %s is not where this process left it: another one has gone "
		  "on with it, or a stamp has given it up",
		  m->direction, m->revision);
	mig__error_set_revision(db->err, m->revision);
	mig__error_set_hint(db->err, "this process has stopped here: run again");
	return MIG_ELOCKED;
}

static mig_status default_mark_running(struct mig__db *db, const mig_journal_mark *m,
				       const mig_sql_sink *script)
{
	const struct own any = { .pattern = "UPDATE @h SET state = $1 WHERE state = 'running'",
				 .values = { mig__value_text(m->state) },
				 .count = 1 };
#define MARK(more)                                                                         \
	"UPDATE @h SET state = $1, statements = $2, done_digest = $3, duration_us = $4" more \
	" WHERE state = 'running' AND revision = $5 AND direction = $6 AND statements = $7"
	const struct own own = {
		.pattern = script ? MARK("") : MARK(", in_flight = $8"),
		.values = { mig__value_text(m->state), mig__value_int(m->statements),
			    mig__value_text(m->done_digest), mig__value_int(m->duration_us),
			    mig__value_text(m->revision), mig__value_text(m->direction),
			    mig__value_int(m->before), mig__value_text(m->in_flight) },
		.count = script ? 7 : 8
	};
#undef MARK
	struct found found = { .mark = m };
	int64_t affected = UNKNOWN;
	int32_t there;
	mig_status rc = MIG_OK;

	if (!m->revision)
		return write_any(db, &any, script);
	if (script)
		return put_script(db, &own, script);
	if (!MIG__CONN_SLOT(db, affected)) {
		rc = default_read_running(db, compare_running, &found, &there);
		if (!rc && !found.is_there)
			return fail_taken(db, m);
	}
	if (!rc)
		rc = execute(db, &own, &affected);
	return rc || affected == 1 || affected < 0 ? rc : fail_taken(db, m);
}

/* -- for everybody: the dialect's own store, or the default */

static mig_status check_write(struct mig__db *db, const mig_sql_sink *script)
{
	return script ? MIG_OK : mig__db_inside(db);
}

mig_status mig__tables_create(struct mig__db *db, const mig_sql_sink *script)
{
	mig_status (*own)(mig_conn *, const mig_sql_sink *) = MIG__STORE_SLOT(db, create);
	/* where DDL commits by itself no transaction is around it */
	mig_status rc = mig__db_ddl_commits(db) ? MIG_OK : check_write(db, script);

	if (rc)
		return rc;
	return own ? own(db->conn, script) : default_create(db, script);
}

mig_status mig__tables_read_rows(struct mig__db *db, mig_version_row_fn fn, void *user,
				 int32_t *there)
{
	mig_status (*own)(mig_conn *, mig_version_row_fn, void *, int32_t *) =
		MIG__STORE_SLOT(db, read_rows);

	return own ? own(db->conn, fn, user, there) : default_read_rows(db, fn, user, there);
}

mig_status mig__tables_write_rows(struct mig__db *db, const mig_rows_write *write,
				  const mig_sql_sink *script)
{
	mig_status (*own)(mig_conn *, const mig_rows_write *, const mig_sql_sink *) =
		MIG__STORE_SLOT(db, write_rows);
	mig_status rc = check_write(db, script);

	if (rc)
		return rc;
	return own ? own(db->conn, write, script) : default_write_rows(db, write, script);
}

mig_status mig__tables_clear_rows(struct mig__db *db, const mig_sql_sink *script)
{
	mig_status (*own)(mig_conn *, const mig_sql_sink *) = MIG__STORE_SLOT(db, clear_rows);
	mig_status rc = check_write(db, script);

	if (rc)
		return rc;
	return own ? own(db->conn, script) : default_clear_rows(db, script);
}

mig_status mig__tables_read_running(struct mig__db *db, mig_history_row_fn fn, void *user,
				    int32_t *there)
{
	mig_status (*own)(mig_conn *, mig_history_row_fn, void *, int32_t *) =
		MIG__STORE_SLOT(db, read_running);

	return own ? own(db->conn, fn, user, there) : default_read_running(db, fn, user, there);
}

mig_status mig__tables_mark_running(struct mig__db *db, const mig_journal_mark *mark,
				    const mig_sql_sink *script)
{
	mig_status (*own)(mig_conn *, const mig_journal_mark *, const mig_sql_sink *) =
		MIG__STORE_SLOT(db, mark_running);
	mig_status rc = check_write(db, script);

	if (rc)
		return rc;
	return own ? own(db->conn, mark, script) : default_mark_running(db, mark, script);
}

mig_status mig__tables_read_history(struct mig__db *db, mig_history_row_fn fn, void *user,
				    int32_t *there)
{
	mig_status (*own)(mig_conn *, mig_history_row_fn, void *, int32_t *) =
		MIG__STORE_SLOT(db, read_history);

	return own ? own(db->conn, fn, user, there) : default_read_history(db, fn, user, there);
}

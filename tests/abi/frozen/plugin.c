/* plugin: a dialect that was compiled against the first contract (dialect_0/, see docs/abi.md)
 * and has to be loaded and used by every later library.
 *
 * Its engine is a list of table names in memory, which knows CREATE TABLE x and DROP TABLE x.
 * Built several times: PLUGIN names it, PLUGIN_SIZE is the struct_size that its table for
 * connections claims, and PLUGIN_LATER makes it one of a later contract, with a slot far behind
 * that table, of that value. */
#include <mig/dialect.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 20, COLUMNS = 10, WIDTH = 100, TABLES = 3 };

/* A value as text; the first byte tells what it was: n, i or t. */
typedef char cell[WIDTH];

struct table {
	int there, rows;
	cell cells[ROWS][COLUMNS];
};

/* All of the database, so that a copy of it can be gone back to. */
struct state {
	struct table tables[TABLES];
	char names[400]; /* " a b " */
};

struct mig_conn {
	const mig_dialect_host *host;
	struct state now, before;
	int32_t inside, locked;
};

struct mig_cursor {
	mig_conn *conn;
	int32_t which;
	int32_t at; /* next row */
	cell in[COLUMNS];
	cell text; /* the column read last */
};

static const char create[] = "CREATE TABLE ", drop[] = "DROP TABLE ";
enum { VERSION = 1, HISTORY = 2 };

/* What each of libmig's statements is, in the order of enum mig_table_sql. columns: those that a
 * read returns, by the order of the insert, '0' for the first. */
static const struct {
	const char *sql;
	int table;
	int parameters;
	const char *columns;
} statements[] = {
	{ NULL, 0, 0, "" },
	{ "#1", VERSION, 0, "" },
	{ "#2", HISTORY, 0, "" },
	{ "#3", VERSION, 0, "01" },
	{ "#4", VERSION, 2, "" },
	{ "#5", VERSION, 3, "" },
	{ "#6", VERSION, 1, "" },
	{ "#7", VERSION, 0, "" },
	{ "#8", HISTORY, 10, "" },
	{ "#9", HISTORY, 4, "" },
	{ "#10", HISTORY, 0, "013456" },
	{ "#11", HISTORY, 0, "012346789" },
};
enum { STATEMENTS = sizeof statements / sizeof *statements };

static mig_status fail(mig_conn *conn, mig_status status, const char *message, size_t offset,
		       const char *statement, size_t size)
{
	const mig_dialect_error e = {
		.struct_size = sizeof e,
		.status = status,
		.native_code = 42,
		.message = message,
		.sqlstate = "FZ001",
		.hint = "thaw it",
		.offset = offset,
		.statement = statement,
		.statement_size = size,
		.detail = "it is very cold",
	};

	return conn->host->error(conn->host->user, &e);
}

/* -- connections */

static mig_status open_(const mig_dialect_host *host, const mig_conn_options *options,
			mig_conn **out)
{
	mig_conn *conn = host->realloc_fn(host->user, NULL, sizeof *conn);

	memset(conn, 0, sizeof *conn);
	conn->host = host;
	strcpy(conn->now.names, " ");
	host->log(host->user, MIG_LOG_INFO, options->url);
	*out = conn;
	return MIG_OK;
}

static void close_(mig_conn *conn)
{
	conn->host->realloc_fn(conn->host->user, conn, 0);
}

static void *native(mig_conn *conn)
{
	return conn->now.names;
}

static void *detach(mig_conn *conn)
{
	(void)conn;
	return NULL;
}

static void cancel(mig_conn *conn)
{
	(void)conn; /* nothing here takes time */
}

/* -- a run */

static mig_status run_begin(mig_conn *conn)
{
	return conn->inside ? fail(conn, MIG_EMISUSE, "inside", MIG_NO_OFFSET, NULL, 0) : MIG_OK;
}

static mig_status rollback(mig_conn *conn)
{
	if (conn->inside)
		conn->now = conn->before;
	conn->inside = 0;
	return MIG_OK;
}

static mig_status run_end(mig_conn *conn)
{
	conn->locked = 0;
	return rollback(conn);
}

static mig_status begin(mig_conn *conn, int32_t check)
{
	(void)check;
	if (conn->host->poll(conn->host->user, 0))
		return fail(conn, MIG_ECANCELLED, "cancelled", MIG_NO_OFFSET, NULL, 0);
	conn->before = conn->now;
	conn->inside = 1;
	return MIG_OK;
}

static mig_status commit(mig_conn *conn, int32_t check)
{
	(void)check;
	conn->inside = 0;
	return MIG_OK;
}

static mig_status lock(mig_conn *conn)
{
	conn->locked = 1;
	return MIG_OK;
}

static mig_status unlock(mig_conn *conn)
{
	conn->locked = 0;
	return MIG_OK;
}

/* -- SQL */

static mig_status next_statement(mig_conn *conn, const char *text, size_t size, size_t offset,
				 mig_statement *out)
{
	mig_statement found = { .struct_size = sizeof found };

	(void)conn;
	found.offset = offset + strspn(text + offset, " \t\n;");
	if (found.offset < size)
		found.size = strcspn(text + found.offset, ";") + 1;
	if (found.offset + found.size > size)
		found.size = size - found.offset;
	found.next = found.offset + found.size;
	if (strncmp(text + found.offset, "LONE", 4) == 0)
		found.kind = MIG_STATEMENT_LONE;
	memcpy(out, &found, out->struct_size < sizeof found ? out->struct_size : sizeof found);
	return MIG_OK;
}

static mig_status run_one(mig_conn *conn, const char *text, const mig_statement *st)
{
	const char *sql = text + st->offset;
	char name[WIDTH], *there;
	int drops = strncmp(sql, drop, strlen(drop)) == 0;

	if (!drops && strncmp(sql, create, strlen(create)) != 0)
		return fail(conn, MIG_ESQL, "neither CREATE TABLE nor DROP TABLE", st->offset, sql,
			    st->size);
	sql += drops ? strlen(drop) : strlen(create);
	snprintf(name, sizeof name, " %.*s ", (int)strcspn(sql, " (;"), sql);
	there = strstr(conn->now.names, name);
	if (!there != !drops)
		return fail(conn, MIG_ESQL, "such a table is there, or not", (size_t)(sql - text),
			    text + st->offset, st->size);
	if (drops)
		memmove(there + 1, there + strlen(name), strlen(there + strlen(name)) + 1);
	else
		strcat(conn->now.names, name + 1);
	return MIG_OK;
}

static mig_status run_script(mig_conn *conn, const char *text, size_t size, mig_statement_fn hook,
			     void *user)
{
	mig_statement st = { .struct_size = sizeof st };
	mig_status rc = next_statement(conn, text, size, 0, &st);

	while (!rc && st.size) {
		if (hook)
			rc = hook(user, &st);
		if (!rc)
			rc = run_one(conn, text, &st);
		if (!rc)
			rc = next_statement(conn, text, size, st.next, &st);
	}
	return rc;
}

static mig_status run_statement(mig_conn *conn, const char *text, size_t size)
{
	const mig_statement st = { .struct_size = sizeof st, .size = size };

	return run_one(conn, text, &st);
}

static mig_status in_transaction(mig_conn *conn, int32_t *out)
{
	*out = conn->inside;
	return MIG_OK;
}

/* -- cursors */

static const char *table_sql(mig_conn *conn, int32_t which)
{
	(void)conn;
	return which > 0 && which < STATEMENTS ? statements[which].sql : NULL;
}

static mig_status table_exists(mig_conn *conn, int32_t which, int32_t *out)
{
	*out = conn->now.tables[statements[which].table].there;
	return MIG_OK;
}

static mig_status prepare(mig_conn *conn, const char *text, size_t size, int32_t keep,
			  mig_cursor **out)
{
	mig_cursor *cursor;
	int32_t which = 0;

	(void)keep;
	sscanf(text, "#%d", &which);
	if (which < 1 || which >= STATEMENTS)
		return fail(conn, MIG_ESQL, "no such statement", 0, text, size);
	if (which > MIG_SQL_CREATE_HISTORY && !conn->now.tables[statements[which].table].there)
		return fail(conn, MIG_ESQL, "no such table", 0, text, size);
	cursor = conn->host->realloc_fn(conn->host->user, NULL, sizeof *cursor);
	memset(cursor, 0, sizeof *cursor);
	cursor->conn = conn;
	cursor->which = which;
	*out = cursor;
	return MIG_OK;
}

static mig_status bind(mig_cursor *cursor, int32_t index, const mig_value *value)
{
	cell *to = &cursor->in[index - 1];

	if (value->type == MIG_INTEGER)
		snprintf(*to, sizeof *to, "i%lld", (long long)value->integer);
	else if (value->type == MIG_TEXT)
		snprintf(*to, sizeof *to, "t%.*s", (int)value->size, value->data);
	else
		strcpy(*to, "n");
	return MIG_OK;
}

/* The row whose column is that text, or -1. */
static int find(const struct table *table, int column, const char *text)
{
	int row;

	for (row = 0; row < table->rows; row++)
		if (strcmp(table->cells[row][column], text) == 0)
			return row;
	return -1;
}

static void update_running(struct table *table, cell *in)
{
	static const int columns[] = { 2, 4, 5, 7 };
	int row = find(table, 2, "trunning"), i;

	for (i = 0; row >= 0 && i < 4; i++)
		memcpy(table->cells[row][columns[i]], in[i], WIDTH);
}

static void write_(mig_cursor *cursor, struct table *table)
{
	int row;

	switch (cursor->which) {
	case MIG_SQL_CREATE_VERSION:
	case MIG_SQL_CREATE_HISTORY:
		table->there = 1;
		break;
	case MIG_SQL_INSERT_VERSION:
	case MIG_SQL_INSERT_HISTORY:
		memcpy(table->cells[table->rows++], cursor->in, sizeof cursor->in);
		break;
	case MIG_SQL_UPDATE_VERSION:
		row = find(table, 0, cursor->in[2]);
		if (row >= 0)
			memcpy(table->cells[row], cursor->in, 2 * sizeof(cell));
		break;
	case MIG_SQL_DELETE_VERSION:
		row = find(table, 0, cursor->in[0]);
		if (row >= 0)
			memcpy(table->cells[row], table->cells[--table->rows], sizeof cursor->in);
		break;
	case MIG_SQL_CLEAR_VERSION:
		table->rows = 0;
		break;
	default:
		update_running(table, cursor->in);
	}
}

static int reads(const mig_cursor *cursor)
{
	return statements[cursor->which].columns[0] != '\0';
}

static mig_status step(mig_cursor *cursor, int32_t *has_row)
{
	struct table *table = &cursor->conn->now.tables[statements[cursor->which].table];

	*has_row = 0;
	if (!reads(cursor)) {
		write_(cursor, table);
		return MIG_OK;
	}
	if (cursor->which == MIG_SQL_READ_RUNNING)
		while (cursor->at < table->rows &&
		       strcmp(table->cells[cursor->at][2], "trunning") != 0)
			cursor->at++;
	*has_row = cursor->at < table->rows;
	cursor->at++;
	return MIG_OK;
}

static mig_status reset(mig_cursor *cursor)
{
	cursor->at = 0;
	return MIG_OK;
}

static int32_t column_count(const mig_cursor *cursor)
{
	return (int32_t)strlen(statements[cursor->which].columns);
}

static mig_status column(mig_cursor *cursor, int32_t index, int32_t as, mig_value *out)
{
	const struct table *table = &cursor->conn->now.tables[statements[cursor->which].table];
	int at = statements[cursor->which].columns[index] - '0';
	const char *from = table->cells[cursor->at - 1][at];
	long long number = 0;

	memset(out, 0, sizeof *out);
	if (from[0] == 'n')
		return MIG_OK;
	strcpy(cursor->text, from + 1);
	sscanf(cursor->text, "%lld", &number);
	out->type = as ? as : from[0] == 'i' ? MIG_INTEGER : MIG_TEXT;
	out->integer = number;
	out->data = cursor->text;
	out->size = strlen(cursor->text);
	return MIG_OK;
}

static void finish(mig_cursor *cursor)
{
	if (cursor)
		cursor->conn->host->realloc_fn(cursor->conn->host->user, cursor, 0);
}

/* -- the table */

#define GLUE_(a, b) a##b
#define GLUE(a, b) GLUE_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)

static const char *const schemes[] = { TEXT(PLUGIN), NULL };

/* clang-format off */
#define TABLE                                                                                     \
	.struct_size = PLUGIN_SIZE, .open = open_, .close = close_, .native = native,             \
	.detach = detach, .cancel = cancel, .run_begin = run_begin, .run_end = run_end,           \
	.begin = begin, .commit = commit, .rollback = rollback, .lock = lock, .unlock = unlock,   \
	.next_statement = next_statement, .run_script = run_script,                               \
	.run_statement = run_statement, .in_transaction = in_transaction, .prepare = prepare,     \
	.bind = bind, .step = step, .reset = reset, .column_count = column_count,                 \
	.column = column, .finish = finish
/* clang-format on */

#ifdef PLUGIN_LATER
static const struct later {
	mig_dialect_conn table;
	uintptr_t known[64]; /* more than any library that loads this knows */
	uintptr_t slot;
} later = { { TABLE }, { 0 }, PLUGIN_LATER };
#define CONN (&later.table)
#else
static const mig_dialect_conn whole = { TABLE };
#define CONN (&whole)
#endif

static const mig_dialect_store store = { .struct_size = sizeof store,
					 .table_sql = table_sql,
					 .table_exists = table_exists };

MIG_API const mig_dialect *GLUE(mig_dialect_, PLUGIN)(void);

const mig_dialect *GLUE(mig_dialect_, PLUGIN)(void)
{
	static const mig_dialect dialect = { .struct_size = sizeof dialect,
					     .contract = MIG_DIALECT_CONTRACT,
					     .name = TEXT(PLUGIN),
					     .schemes = schemes,
					     .capabilities = MIG_CAN_TRANSACTIONAL_DDL,
					     .conn = CONN,
					     .store = &store };

	return &dialect;
}

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

enum { ROWS = 20, WIDTH = 100 };
typedef char cell[WIDTH];

struct version {
	cell revision, digest;
};

struct history {
	cell revision, direction, state, digest, done_digest, started_at, actor, library;
	int64_t statements, duration_us;
};

/* All of the database, so that a copy of it can be gone back to. */
struct state {
	int32_t there; /* libmig's tables */
	int version_count, history_count;
	struct version versions[ROWS];
	struct history history[ROWS];
	char names[400]; /* " a b " */
};

struct mig_conn {
	const mig_dialect_host *host;
	struct state now, before;
	int32_t inside, locked;
};

static const char create[] = "CREATE TABLE ", drop[] = "DROP TABLE ";
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

static mig_status begin(mig_conn *conn, int32_t check, int32_t *freed)
{
	(void)check;
	(void)freed;
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

static mig_status lock(mig_conn *conn, int32_t *freed)
{
	(void)freed;
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
	cell name;
	char *there;
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

/* -- cursors: there is no SQL with rows */

static mig_status prepare(mig_conn *conn, const char *text_, size_t size, uint32_t flags,
			  mig_cursor **out)
{
	(void)flags, (void)out;
	return fail(conn, MIG_ESQL, "no such statement", 0, text_, size);
}

static mig_status bind(mig_cursor *cursor, int32_t index, const mig_value *value)
{
	(void)cursor, (void)index, (void)value;
	return MIG_EMISUSE;
}

static mig_status step(mig_cursor *cursor, int32_t *has_row)
{
	(void)cursor, (void)has_row;
	return MIG_EMISUSE;
}

static mig_status reset(mig_cursor *cursor)
{
	(void)cursor;
	return MIG_EMISUSE;
}

static int32_t column_count(const mig_cursor *cursor)
{
	(void)cursor;
	return 0;
}

static mig_status column(mig_cursor *cursor, int32_t index, int32_t as, mig_value *out)
{
	(void)cursor, (void)index, (void)as, (void)out;
	return MIG_EMISUSE;
}

static void finish(mig_cursor *cursor)
{
	(void)cursor;
}

/* -- libmig's own tables */

static void keep(cell to, const char *from)
{
	snprintf(to, WIDTH, "%s", from ? from : "");
}

static mig_status create_tables(mig_conn *conn, const mig_sql_sink *script)
{
	(void)script;
	conn->now.there = 1;
	return MIG_OK;
}

static mig_status read_rows(mig_conn *conn, mig_version_row_fn fn, void *user, int32_t *there)
{
	mig_status rc = MIG_OK;

	*there = conn->now.there;
	for (int i = 0; !rc && i < conn->now.version_count; i++) {
		const mig_version_row row = { sizeof row, conn->now.versions[i].revision,
					      conn->now.versions[i].digest };

		rc = fn(user, &row);
	}
	return rc;
}

static mig_status write_row(mig_conn *conn, const mig_row_change *c)
{
	struct state *now = &conn->now;
	int i = 0;

	while (c->old_revision && i < now->version_count &&
	       strcmp(now->versions[i].revision, c->old_revision) != 0)
		i++;
	if (c->old_revision && i == now->version_count)
		return fail(conn, MIG_EREVISION, "no such row", MIG_NO_OFFSET, NULL, 0);
	if (!c->revision) {
		now->versions[i] = now->versions[--now->version_count];
		return MIG_OK;
	}
	if (!c->old_revision)
		i = now->version_count++;
	keep(now->versions[i].revision, c->revision);
	keep(now->versions[i].digest, c->digest);
	return MIG_OK;
}

static void write_history(mig_conn *conn, const mig_history_row *row)
{
	struct history *h = &conn->now.history[conn->now.history_count++];

	keep(h->revision, row->revision), keep(h->direction, row->direction);
	keep(h->state, row->state), keep(h->digest, row->digest);
	keep(h->done_digest, row->done_digest), keep(h->started_at, row->started_at);
	keep(h->actor, row->actor), keep(h->library, row->library);
	h->statements = row->statements;
	h->duration_us = row->duration_us;
}

static mig_status write_rows(mig_conn *conn, const mig_rows_write *write, const mig_sql_sink *script)
{
	mig_status rc = MIG_OK;

	(void)script;
	for (size_t i = 0; !rc && i < write->change_count; i++)
		rc = write_row(conn, write->changes[i]);
	for (size_t i = 0; !rc && i < write->history_count; i++)
		write_history(conn, write->history[i]);
	if (!rc && write->check && (size_t)conn->now.version_count != write->expected_count)
		rc = fail(conn, MIG_EREVISION, "other rows", MIG_NO_OFFSET, NULL, 0);
	return rc;
}

static mig_status clear_rows(mig_conn *conn, const mig_sql_sink *script)
{
	(void)script;
	conn->now.version_count = 0;
	return MIG_OK;
}

static mig_status read_history_rows(mig_conn *conn, const char *state, mig_history_row_fn fn, void *user,
				    int32_t *there)
{
	mig_status rc = MIG_OK;

	*there = conn->now.there;
	for (int i = 0; !rc && i < conn->now.history_count; i++) {
		const struct history *h = &conn->now.history[i];
		const mig_history_row row = { .struct_size = sizeof row,
					      .revision = h->revision,
					      .direction = h->direction,
					      .state = h->state,
					      .digest = h->digest,
					      .statements = h->statements,
					      .done_digest = h->done_digest,
					      .started_at = h->started_at,
					      .duration_us = h->duration_us,
					      .actor = h->actor,
					      .library = h->library };

		if (!state || !strcmp(h->state, state))
			rc = fn(user, &row);
	}
	return rc;
}

static mig_status read_running(mig_conn *conn, mig_history_row_fn fn, void *user, int32_t *there)
{
	return read_history_rows(conn, "running", fn, user, there);
}

static mig_status read_history(mig_conn *conn, mig_history_row_fn fn, void *user, int32_t *there)
{
	return read_history_rows(conn, NULL, fn, user, there);
}

static mig_status mark_running(mig_conn *conn, const mig_journal_mark *m, const mig_sql_sink *script)
{
	(void)script;
	for (int i = 0; i < conn->now.history_count; i++) {
		struct history *h = &conn->now.history[i];

		if (strcmp(h->state, "running") != 0)
			continue;
		keep(h->state, m->state);
		if (!m->revision)
			return MIG_OK;
		keep(h->done_digest, m->done_digest);
		h->statements = m->statements;
		h->duration_us = m->duration_us;
		return MIG_OK;
	}
	return m->revision ? fail(conn, MIG_ELOCKED, "nothing is running", MIG_NO_OFFSET, NULL, 0)
			   : MIG_OK;
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

static const mig_dialect_store store = {
	.struct_size = sizeof store,
	.create = create_tables,
	.read_rows = read_rows,
	.write_rows = write_rows,
	.clear_rows = clear_rows,
	.read_running = read_running,
	.mark_running = mark_running,
	.read_history = read_history,
};

MIG_EXPORT const mig_dialect *GLUE(mig_dialect_, PLUGIN)(void);

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

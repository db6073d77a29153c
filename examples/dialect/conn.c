#include "sqlcipher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* -- a run */

/* A cancel between two statements is forgotten by sqlite3_interrupt(). */
static int on_progress(void *user)
{
	mig_conn *conn = user;

	return atomic_load(&conn->cancelled) || conn->host->poll(conn->host->user, 0);
}

static mig_status run_begin(mig_conn *conn)
{
	int ignored;
	mig_status rc = conn->running ? MIG_OK : refuse_transaction(conn);

	if (rc)
		return rc;
	if (!conn->running) {
		sqlite3_db_config(conn->db, SQLITE_DBCONFIG_ENABLE_FKEY, -1, &conn->foreign_keys);
		atomic_store(&conn->cancelled, 0);
		if (!conn->lent) /* a lent one may have a handler, which cannot be put back */
			sqlite3_progress_handler(conn->db, 100000, on_progress, conn);
	}
	conn->running = 1;
	/* a table that is rebuilt would take the rows that refer to it along */
	sqlite3_db_config(conn->db, SQLITE_DBCONFIG_ENABLE_FKEY, 0, &ignored);
	return MIG_OK;
}

static mig_status rollback(mig_conn *conn)
{
	mig_status rc = MIG_OK;

	if (!sqlite3_get_autocommit(conn->db)) /* some errors have rolled back already */
		rc = run_own(conn, "ROLLBACK", NULL, NULL);
	if (!conn->locked)
		release_lock(conn);
	return rc;
}

static mig_status run_end(mig_conn *conn)
{
	mig_status rc = conn->running || conn->lock_fd >= 0 ? rollback(conn) : MIG_OK;

	unlock(conn);
	if (!conn->running)
		return rc;
	sqlite3_db_config(conn->db, SQLITE_DBCONFIG_ENABLE_FKEY, conn->foreign_keys, NULL);
	if (!conn->lent)
		sqlite3_progress_handler(conn->db, 0, NULL, NULL);
	conn->running = 0;
	return rc;
}

static mig_status begin(mig_conn *conn, int32_t check, int32_t *freed)
{
	mig_status rc = refuse_transaction(conn);

	(void)freed; /* the lock is had when the wait ends */
	if (!rc)
		rc = take_lock(conn);
	if (rc)
		return rc;
	rc = run_own(conn, "BEGIN IMMEDIATE", NULL, NULL);
	if (!rc && check)
		rc = run_own(conn, "PRAGMA foreign_key_check", &conn->violations, NULL);
	if (rc)
		rollback(conn);
	return rc;
}

static mig_status commit(mig_conn *conn, int32_t check)
{
	int violations = 0;
	mig_status rc = MIG_OK;

	if (sqlite3_get_autocommit(conn->db))
		return report(conn, MIG_ETRANSACTION, NULL, NULL, "the transaction was ended");
	if (check)
		rc = run_own(conn, "PRAGMA foreign_key_check", &violations, NULL);
	if (!rc && check && violations > conn->violations)
		rc = report(conn, MIG_EFOREIGN_KEY, NULL, "PRAGMA foreign_key_check lists them",
			    "there are more rows that violate a foreign key than before");
	if (!rc)
		rc = run_own(conn, "COMMIT", NULL, NULL);
	if (!rc && !conn->locked)
		release_lock(conn);
	return rc;
}

static mig_status in_transaction(mig_conn *conn, int32_t *out)
{
	*out = !sqlite3_get_autocommit(conn->db);
	return MIG_OK;
}

/* -- opening and closing */

/* libsqlcipher has the function names of libsqlite3. In a program that links that one, they are
 * SQLite's: the key would be ignored, and everything written in the clear. */
static mig_status check_engine(mig_conn *conn)
{
	int rows = 0;
	mig_status rc = run_own(conn, "PRAGMA cipher_version", &rows, NULL);

	if (rc || rows)
		return rc;
	return report(conn, MIG_ECONNECT, NULL,
		      "a program that links SQLite itself cannot use SQLCipher beside it",
		      "this process has SQLite in the place of SQLCipher");
}

static int is_empty(mig_conn *conn)
{
	const char *file = sqlite3_db_filename(conn->db, "main");
	struct stat st;

	return file && *file && sqlite3_db_readonly(conn->db, "main") == 0 &&
	       (stat(file, &st) || st.st_size == 0);
}

/* The key goes with a salt in the file, and a connection that finds none makes one. So of two that
 * open a new file, the second would never be able to read it: here it waits for the salt. */
static mig_status use_key(mig_conn *conn, const char *key)
{
	mig_status rc = is_empty(conn) ? take_lock(conn) : MIG_OK;

	if (!rc && sqlite3_key(conn->db, key, (int)strlen(key)) != SQLITE_OK)
		rc = report_sql(conn, NULL);
	if (!rc && is_empty(conn))
		rc = run_own(conn, "PRAGMA user_version = 0", NULL, NULL);
	release_lock(conn);
	return rc;
}

static mig_status set_key(mig_conn *conn)
{
	const char *given = sqlite3_uri_parameter(sqlite3_db_filename(conn->db, "main"), "key");
	const char *key = given ? given : getenv("SQLCIPHER_KEY");

	if (key && *key)
		return use_key(conn, key);
	return report(conn, MIG_ECONNECT, NULL,
		      "set SQLCIPHER_KEY, or write sqlcipher:PATH?key=KEY",
		      "there is no key for the database");
}

/* What is behind the scheme is that of a URI of SQLite's own, with its "?mode=ro". */
static mig_status open_own(mig_conn *conn, const mig_conn_options *o)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI |
		    (o->create == MIG_CREATE_NEVER ? 0 : SQLITE_OPEN_CREATE);
	char *name = sqlite3_mprintf("file%s", strchr(o->url, ':'));
	int code = name ? sqlite3_open_v2(name, &conn->db, flags, NULL) : SQLITE_NOMEM;
	char message[300];
	mig_status rc;

	sqlite3_free(name);
	if (!conn->db)
		return report(conn, MIG_ENOMEM, NULL, NULL, "out of memory");
	if (code != SQLITE_OK) { /* not with the query, which may have the key */
		snprintf(message, sizeof message, "%.*s: %s", (int)strcspn(o->url, "?"), o->url,
			 sqlite3_errmsg(conn->db));
		return report(conn, MIG_ECONNECT, NULL, NULL, message);
	}
	rc = check_engine(conn);
	return rc ? rc : set_key(conn);
}

static void close_conn(mig_conn *conn)
{
	if (conn->db)
		run_end(conn);
	if (!conn->lent)
		sqlite3_close_v2(conn->db);
	sqlite3_free(conn->lock_path);
	conn->host->realloc_fn(conn->host->user, conn, 0);
}

static mig_status open_conn(const mig_dialect_host *host, const mig_conn_options *options,
			    mig_conn **out)
{
	static const mig_dialect_error no_memory = { .struct_size = sizeof no_memory,
						     .status = MIG_ENOMEM };
	mig_conn *conn = host->realloc_fn(host->user, NULL, sizeof *conn);
	mig_conn_options o = { 0 };
	mig_status rc;

	if (!conn)
		return host->error(host->user, &no_memory);
	memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
	*conn = (mig_conn){ .host = host, .lock_fd = -1, .lock_timeout_ms = o.lock_timeout_ms };
	conn->db = o.native;
	conn->lent = o.native != NULL;
	rc = conn->lent ? check_engine(conn) : open_own(conn, &o);
	if (rc)
		close_conn(conn);
	else
		*out = conn;
	return rc;
}

static void *native(mig_conn *conn)
{
	return conn->db;
}

static void *detach(mig_conn *conn)
{
	if (conn->lent)
		return NULL;
	conn->lent = 1;
	sqlite3_progress_handler(conn->db, 0, NULL, NULL);
	return conn->db;
}

static void cancel(mig_conn *conn)
{
	atomic_store(&conn->cancelled, 1);
	sqlite3_interrupt(conn->db);
}

/* -- the header digest, a number in the file's header */

static mig_status read_header_digest(mig_conn *conn, uint32_t *out)
{
	int value = 0;
	mig_status rc = run_own(conn, "PRAGMA user_version", NULL, &value);

	if (!rc)
		*out = (uint32_t)value;
	return rc;
}

static mig_status write_header_digest(mig_conn *conn, uint32_t digest, const mig_sql_sink *script)
{
	char sql[50];

	snprintf(sql, sizeof sql, "PRAGMA user_version = %d", (int)digest);
	if (script)
		return script->statement(script->user, sql, strlen(sql), NULL, 0, NULL);
	return run_own(conn, sql, NULL, NULL);
}

/* -- the table */

static const char *const schemes[] = { "sqlcipher", NULL };

static const mig_dialect_conn conn_table = {
	.struct_size = sizeof conn_table,
	.open = open_conn,
	.close = close_conn,
	.native = native,
	.detach = detach,
	.cancel = cancel,
	.run_begin = run_begin,
	.run_end = run_end,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.lock = lock,
	.unlock = unlock,
	.in_transaction = in_transaction,
	.next_statement = next_statement,
	.run_script = run_script,
	.run_statement = run_statement,
	.prepare = cursor_prepare,
	.bind = cursor_bind,
	.step = cursor_step,
	.reset = cursor_reset,
	.column_count = cursor_column_count,
	.column = cursor_column,
	.finish = cursor_finish,
};

/* Qualified, as an unqualified name could be found in a temporary database. */
static const mig_store_words words = {
	.struct_size = sizeof words,
	.schema = "main",
	.key_type = "TEXT",
	.integer_type = "INTEGER",
	.id_type = "INTEGER PRIMARY KEY",
};

static const mig_dialect_store store_table = {
	.struct_size = sizeof store_table,
	.words = &words,
	.read_header_digest = read_header_digest,
	.write_header_digest = write_header_digest,
};

static const mig_dialect dialect = {
	.struct_size = sizeof dialect,
	.contract = MIG_DIALECT_CONTRACT,
	.name = "sqlcipher",
	.schemes = schemes,
	.capabilities = MIG_CAN_TRANSACTIONAL_DDL | MIG_NAMES_FOLD,
	.conn = &conn_table,
	.store = &store_table,
};

/* The only name that the module exports; the scheme of its URLs is in it. */
MIG_EXPORT const mig_dialect *mig_dialect_sqlcipher(void);

const mig_dialect *mig_dialect_sqlcipher(void)
{
	return &dialect;
}

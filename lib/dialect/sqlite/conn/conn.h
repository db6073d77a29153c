/* conn: one SQLite connection, libmig's own or lent by the host application. A lent one is never
 * configured: no busy handler, no progress handler, no result codes, and the settings that a run
 * changes are put back. So waiting and extended codes work the same way on both kinds. */
#ifndef MIG__SQLITE_CONN_H
#define MIG__SQLITE_CONN_H

#include "base/alloc.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"

#include <mig/dialect.h>
#include <sqlite3.h>
#include <stdatomic.h>


/* One operation's waiting for other processes; zero to begin with. */
struct mig__sqlite_wait {
	int64_t started_us; /* 0: has not waited yet */
	int64_t pause_us;
};

/* Foreign key violations that were there before: see foreignkey.c. */
struct mig__sqlite_fk {
	int valid;    /* counts[].before are what the database holds now */
	int touched;  /* this transaction ran what may have made a violation */
	int compared; /* counts[].seen are its violations */
	int64_t data_version;
	int changes;
	struct mig__arena keys;
	struct mig__map index; /* digest of a violation: position in counts */
	struct mig__sqlite_count {
		uint32_t before;
		uint32_t seen;
		uint32_t table; /* position in tables */
	} * counts;
	size_t count, cap;
	size_t limit; /* violations kept one by one */
	/* in a revision outside a transaction: the tables of which counts[].before is known */
	struct mig__map known; /* "database/table" in lower case: position in tables */
	struct mig__sqlite_known {
		int touched; /* in this transaction */
	} * tables;
	size_t table_count, table_cap;
	int partial; /* such a revision: counts are those of tables alone */
	int all;     /* any table may have been touched */
	int open;    /* this transaction has begun to look */
};

/* A setting of the session as it was before a revision changed it. */
struct mig__sqlite_setting {
	const char *name;     /* in lower case */
	const char *database; /* NULL: not named */
	const char *value;    /* as it is written in SQL */
};

/* The revision in progress, and what is put back after it: see revision.c, pragma.c. */
struct mig__sqlite_revision {
	int begun;
	const char *id; /* kept until the end of the run, as long as deeds name it */
	int lone;       /* runs outside a transaction */
	int check;      /* with lone: foreign keys are checked before each commit */
	int keys;       /* foreign keys are on in it */
	int all;        /* all usual settings are noted */
	int undone;     /* a statement was undone, and this was not reported */
	struct mig__arena arena;
	struct mig__sqlite_setting *settings;
	size_t count, cap;
	/* databases that were there before the run's first ATTACH: names, each after a slash, which
	 * they are followed by as well; NULL: there was none */
	char *attached;
};

/* What a revision did while foreign keys were off: see deeds.c. */
struct mig__sqlite_deed {
	const char *revision;
	const char *table; /* in lower case */
	int updates;       /* 0: rows were deleted or replaced */
};

struct mig__sqlite_deeds {
	struct mig__arena arena;
	struct mig__sqlite_deed *at;
	size_t count, cap;
};

/* Whether libmig's rows can have changed since this connection's last commit: see transaction.c. */
struct mig__sqlite_quiet {
	int committed;        /* the last transaction of the run was, and nothing has run since */
	int aside;            /* a statement of ours has made others write: a trigger */
	int changes;          /* sqlite3_total_changes() then */
	int known;            /* the next one: */
	int64_t data_version; /* when the last transaction began */
	int untouched;        /* what was found when this one began */
};

struct mig_conn {
	const mig_dialect_host *host;
	struct mig__alloc alloc;
	sqlite3 *db;
	int lent;
	int offline; /* what is read becomes a script for the shell sqlite3 */
	int missing; /* there is no file: an empty database in memory stands for it */
	char *later; /* the same, but the file is made when it is needed: its path; otherwise NULL */
	sqlite3 *stand_in; /* what stood for it until then */
	struct mig__sqlite_apart *apart; /* its clock, if that is another one; or NULL */
	int exposed; /* somebody else has the handle, and may run what we do not see */
	int32_t lock_timeout_ms;
	uint32_t seed; /* of the pauses */
	atomic_int cancelled;
	atomic_int stepping; /* in a statement of ours, which may be interrupted */
	sqlite3_stmt *undo;  /* ROLLBACK, while a transaction may be open: see undo.c */
	void *aside;         /* memory for it */
	int left;            /* a transaction of ours could not be ended */
	int left_changes;    /* sqlite3_total_changes() then */
	char *schema, *version_table, *history_table;

	/* a run */
	int running;
	int foreign_keys, legacy_alter_table; /* what the run found */
	sqlite3_int64 last_rowid;
	int warned;
	sqlite3_stmt *guard; /* see wait.c; NULL: none */
	int guarding;        /* a statement of a revision is about to be stepped */
	atomic_int silent;   /* an interrupt would also stop statements of the host, and stick */
	uint64_t steps; /* of the virtual machine that the statement has taken, about */
	struct mig__sqlite_fk fk;
	struct mig__sqlite_quiet quiet;
	int keys; /* mig_conn_options.foreign_keys */
	struct mig__sqlite_revision revision;
	struct mig__sqlite_deeds deeds;
	char *lock_path;
	int lock_fd; /* -1: not held */
};

struct mig_cursor {
	mig_conn *conn;
	sqlite3_stmt *stmt;
	int harmless; /* reads, or writes libmig's own tables */
	int64_t affected; /* rows that it has written */
	int total;        /* of the connection, when it began */
	int row;      /* there is a current row */
	int done;     /* the end was reached */
	int wrapped;  /* it has a transaction of its own, which ends with it */
};

/* conn.c */
mig_status mig__sqlite_open(const mig_dialect_host *host, const mig_conn_options *options,
			    mig_conn **out);
void mig__sqlite_close(mig_conn *conn);
void *mig__sqlite_native(mig_conn *conn);
void *mig__sqlite_detach(mig_conn *conn);
void mig__sqlite_cancel(mig_conn *conn);

/* clock.c */
/* Registers a VFS with another time. NULL: no memory, or the usual VFS is too old to be asked. */
struct mig__sqlite_apart *mig__sqlite_apart_new(const struct mig__alloc *alloc);
const char *mig__sqlite_apart_name(const struct mig__sqlite_apart *apart);
/* After its connection is closed; NULL allowed. */
void mig__sqlite_apart_free(const struct mig__alloc *alloc, struct mig__sqlite_apart *apart);

/* file.c */
mig_status mig__sqlite_open_file(mig_conn *conn, const mig_conn_options *o);
/* A call of the host begins: a file that was missing may be there by now. */
mig_status mig__sqlite_call_begin(mig_conn *conn);
/* From here on there is a file, if there is to be one: it is made unless it was made meanwhile. */
mig_status mig__sqlite_appear(mig_conn *conn);

/* path.c: what sqlite3_open_v2 is given for a URL, freed with mig__free. *why is set when NULL is
 * returned: what is wrong with the URL, or NULL when memory ran out. */
char *mig__sqlite_filename(const struct mig__alloc *alloc, const char *url, const char **why);
/* The database's path, for messages. Borrowed. */
const char *mig__sqlite_path(const mig_conn *conn);
/* resolve.c: the slot */
size_t mig__sqlite_resolve_url(const char *url, const char *folder, char *out, size_t size);

/* error.c */
/* Where something went wrong: a script's statement and the place in that script. */
struct mig__sqlite_place {
	const char *statement; /* NULL: none */
	size_t size;
	size_t offset; /* MIG_NO_OFFSET: unknown */
};
/* Reports the connection's last error in SQLite's words; place may be NULL. */
mig_status mig__sqlite_fail(mig_conn *conn, const struct mig__sqlite_place *place);
/* Reports an error of our own; place and hint may be NULL. */
mig_status mig__sqlite_report(mig_conn *conn, mig_status status,
			      const struct mig__sqlite_place *place, const char *hint,
			      const char *format, ...) __attribute__((format(printf, 5, 6)));
mig_status mig__sqlite_nomem(mig_conn *conn);
/* After an error was read, and before a statement that may not be interrupted is run by other
 * means: ends the guard. */
void mig__sqlite_rest(mig_conn *conn);

/* holder.c */
/* Adds who holds a lock on the database: "process 4711 (sqlite3, writing)". holder: the
 * process, where that is known, otherwise 0. */
void mig__sqlite_add_holder(mig_conn *conn, struct mig__buf *out, long holder);

/* wait.c */
/* Whether the last error means that another connection is in the way, for now. */
int mig__sqlite_busy(const mig_conn *conn, int rc);
/* Sleeps a little, or reports MIG_ELOCKED (the time is up) or MIG_ECANCELLED. holder: process that
 * is waited for, 0: unknown. */
mig_status mig__sqlite_wait(mig_conn *conn, struct mig__sqlite_wait *wait, long holder);
/* The two calls of SQLite, waiting for other connections. What is returned has been reported;
 * MIG_OK with an error in *code has not: that is for mig__sqlite_fail(). *stmt is NULL for blank
 * text. */
mig_status mig__sqlite_prepare(mig_conn *conn, const char *text, int size, unsigned flags,
			       sqlite3_stmt **stmt, const char **tail, int *code);
/* again: the statement may be repeated although a transaction is open (COMMIT). */
mig_status mig__sqlite_step(mig_conn *conn, sqlite3_stmt *stmt, int again, int *code);
/* Runs one statement of libmig's own. */
mig_status mig__sqlite_exec(mig_conn *conn, const char *sql);
/* Prepares one statement of libmig's own. */
mig_status mig__sqlite_query(mig_conn *conn, const char *sql, sqlite3_stmt **stmt);
/* Its next row: 1 in *row, or 0 at the end. */
mig_status mig__sqlite_row(mig_conn *conn, sqlite3_stmt *stmt, int *row);
/* The number in the first row of one statement of libmig's own; 0 if it has no row. */
mig_status mig__sqlite_number(mig_conn *conn, const char *sql, int64_t *out);
/* MIG_EMISUSE if a statement that writes is not finished: no transaction can be committed then. */
mig_status mig__sqlite_check_finished(mig_conn *conn, const sqlite3_stmt *but);

/* store/script.c */
mig_status mig__sqlite_table_exists(mig_conn *conn, int32_t history, int32_t *out);
mig_status mig__sqlite_expect(mig_conn *conn, const char *ids, const mig_sql_sink *script);
mig_status mig__sqlite_keys(mig_conn *conn, int32_t on, const mig_sql_sink *script);

/* split.c */
/* Offset of the first token of a statement at or after `at`: past blanks, comments and empty
 * statements. text ends with a NUL. */
size_t mig__sqlite_skip(const char *text, size_t at);
/* Kind of the statement that begins at text. */
uint32_t mig__sqlite_kind(const char *text);
/* Whether a statement can neither add nor remove rows or keys: it makes no violation. */
int mig__sqlite_harmless(const char *text);
/* Whether a statement only reads or writes rows. */
int mig__sqlite_is_data(const char *text);
/* End of the statement that begins at `at`: past its semicolon or its last token. *open is set to
 * the offset of a quote that is never closed, otherwise SIZE_MAX. */
size_t mig__sqlite_statement_end(const char *text, size_t at, size_t *open);
/* Offset of the first parameter of the statement that begins at `at` and ends at `end`, or end. */
size_t mig__sqlite_parameter(const char *text, size_t at, size_t end);
/* Whether a PRAGMA statement names one of the two pragmas that do nothing inside a transaction. */
const char *mig__sqlite_dead_pragma(const char *text);
mig_status mig__sqlite_next_statement(mig_conn *conn, const char *text, size_t size, size_t offset,
				      mig_statement *out);
/* The number of the name in a SAVEPOINT or RELEASE. */
uint32_t mig__sqlite_savepoint(const char *text, const char *end);

/* units.c */
mig_status mig__sqlite_check_units(mig_conn *conn, const char *text, size_t size,
				   const mig_unit *units, size_t count);

/* run.c */
mig_status mig__sqlite_run_begin(mig_conn *conn);
mig_status mig__sqlite_run_end(mig_conn *conn);

/* transaction.c */
mig_status mig__sqlite_untouched(mig_conn *conn, int32_t *untouched);
mig_status mig__sqlite_begin(mig_conn *conn, int32_t check, int32_t *freed);
mig_status mig__sqlite_commit(mig_conn *conn, int32_t check);
mig_status mig__sqlite_verify(mig_conn *conn);
mig_status mig__sqlite_in_transaction(mig_conn *conn, int32_t *out);

/* script.c */
mig_status mig__sqlite_run_script(mig_conn *conn, const char *text, size_t size,
				  mig_statement_fn hook, void *user);
mig_status mig__sqlite_run_statement(mig_conn *conn, const char *text, size_t size);

/* revision.c */
mig_status mig__sqlite_revision_begin(mig_conn *conn, const mig_revision_run *revision);
mig_status mig__sqlite_revision_end(mig_conn *conn);
mig_status mig__sqlite_foreign_keys(mig_conn *conn, int32_t how);
/* Whether foreign keys are enforced now. */
int mig__sqlite_keys_are_on(const mig_conn *conn);
/* Before a statement of a revision is prepared: notes what it will change and has to be put back, and
 * refuses what may not run. text ends with a NUL. *skip: the statement is to be left out. */
mig_status mig__sqlite_before(mig_conn *conn, const char *text,
			      const struct mig__sqlite_place *place, int *skip);

/* pragma.c */
/* Notes the value that a PRAGMA will change, or the databases before an ATTACH. */
mig_status mig__sqlite_note_setting(mig_conn *conn, const char *text, int *skip);
/* Whether the setting has been noted since the revision began. */
int mig__sqlite_is_noted(const mig_conn *conn, const char *name);
/* Notes all usual settings: somebody else gets the handle. */
void mig__sqlite_note_all(mig_conn *conn);
/* Puts back what was noted. What cannot be put back inside a transaction stays noted. */
void mig__sqlite_restore(mig_conn *conn);

/* touched.c */
struct mig__sqlite_touched {
	struct mig__arena arena;
	struct mig__map tables; /* mig__sqlite_table_key() */
	int unsure;             /* it may be any table */
};
/* "database/table" in lower case; NULL: no memory. */
char *mig__sqlite_table_key(struct mig__arena *arena, const char *database, const char *table);
/* The tables that a statement would write to. */
mig_status mig__sqlite_touched(mig_conn *conn, const char *text, struct mig__sqlite_touched *out);
/* Calls fn for each foreign key of each database but the temporary one, ordered by the child's name. */
typedef mig_status (*mig__sqlite_key_fn)(void *user, const char *database, const char *child,
					 const char *parent);
mig_status mig__sqlite_each_key(mig_conn *conn, mig__sqlite_key_fn fn, void *user);

/* deeds.c */
/* Notes what a statement does to rows that others may refer to, while foreign keys are off. */
mig_status mig__sqlite_deed_note(mig_conn *conn, const char *text);
/* The last revision that deleted (or updated) rows of the table; NULL: none is known. */
const char *mig__sqlite_deed_find(const mig_conn *conn, const char *table, int updates);
void mig__sqlite_deeds_finish(mig_conn *conn);
/* MIG_EFOREIGN_KEY if the statement drops a table that others refer to: its rows would be deleted, and
 * theirs with them. */
mig_status mig__sqlite_check_drop(mig_conn *conn, const char *text,
				  const struct mig__sqlite_place *place);

/* undo.c */
/* Before a transaction begins: puts aside what its rollback needs. */
mig_status mig__sqlite_undo_prepare(mig_conn *conn);
/* After a statement (NULL: after many) in it. */
mig_status mig__sqlite_undo_renew(mig_conn *conn, const char *text);
/* Rolls back, without reporting; SQLite's code. */
int mig__sqlite_undo(mig_conn *conn);
mig_status mig__sqlite_rollback(mig_conn *conn);
/* Ends a transaction that an earlier call could not. */
mig_status mig__sqlite_recover(mig_conn *conn);
/* After the last transaction, and with the connection. */
void mig__sqlite_undo_finish(mig_conn *conn);
void mig__sqlite_undo_close(mig_conn *conn);

/* store/header.c */
mig_status mig__sqlite_read_header_digest(mig_conn *conn, uint32_t *out);
mig_status mig__sqlite_write_header_digest(mig_conn *conn, uint32_t digest,
					   const mig_sql_sink *script);

/* lock.c */
mig_status mig__sqlite_lock(mig_conn *conn, int32_t *freed);
mig_status mig__sqlite_unlock(mig_conn *conn);
/* BEGIN IMMEDIATE, once nobody else holds the lock. */
mig_status mig__sqlite_begin_immediate(mig_conn *conn);

/* foreignkey.c */
void mig__sqlite_fk_init(mig_conn *conn);
void mig__sqlite_fk_finish(mig_conn *conn);
/* A statement is about to run: notes whether it may make a violation and, in a revision that is
 * checked before each of its commits, records those that its tables have now. A COMMIT or RELEASE of
 * the revision's own is checked. */
mig_status mig__sqlite_fk_statement(mig_conn *conn, const char *text);
/* Whether the statement would commit by itself, and needs a transaction to be checked in. */
int mig__sqlite_fk_wraps(mig_conn *conn, const char *text);
/* Before a commit inside such a revision: MIG_EFOREIGN_KEY, as mig__sqlite_fk_check(). */
mig_status mig__sqlite_fk_check_lone(mig_conn *conn);
/* Somebody else gets the handle in such a revision. */
void mig__sqlite_fk_touch_all(mig_conn *conn);
/* Something is run that may make a violation. */
void mig__sqlite_fk_touch(mig_conn *conn);
/* Records the violations that are there, unless they are known from the last commit. */
mig_status mig__sqlite_fk_before(mig_conn *conn, int64_t data_version);
/* MIG_EFOREIGN_KEY if there are violations that were not there before. */
mig_status mig__sqlite_fk_check(mig_conn *conn);
/* After a commit: what was seen is what was there before, for the next transaction. */
void mig__sqlite_fk_committed(mig_conn *conn);

/* cursor.c */
/* Prepares text that must be exactly one statement. */
mig_status mig__sqlite_prepare_one(mig_conn *conn, const char *text, size_t size, unsigned flags,
				   sqlite3_stmt **stmt);
mig_status mig__sqlite_cursor_prepare(mig_conn *conn, const char *text, size_t size, uint32_t flags,
				      mig_cursor **out);
mig_status mig__sqlite_cursor_bind(mig_cursor *cursor, int32_t index, const mig_value *value);
mig_status mig__sqlite_cursor_step(mig_cursor *cursor, int32_t *has_row);
mig_status mig__sqlite_cursor_reset(mig_cursor *cursor);
int32_t mig__sqlite_cursor_column_count(const mig_cursor *cursor);
mig_status mig__sqlite_cursor_column(mig_cursor *cursor, int32_t column, int32_t as,
				     mig_value *out);
mig_status mig__sqlite_cursor_affected(mig_cursor *cursor, int64_t *out);
void mig__sqlite_cursor_finish(mig_cursor *cursor);

#endif

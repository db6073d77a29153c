/* mig/dialect.h: the contract between libmig's core and a database engine.
 *
 * A dialect is one constant struct that points to three tables of functions, the slots: conn
 * (connections and what is run on them), store (libmig's own tables) and schema (inspection,
 * comparison, DDL; may be absent). It is found by the scheme of a URL: built into a static library,
 * linked by the host (a function `const mig_dialect *mig_dialect_SCHEME(void)`), or loaded from the
 * plugin folder as libmig-NAME.so, which exports that same function.
 *
 * Rules:
 *  - A table only grows at its end; its struct_size says how much of it a dialect has. A slot past
 *    that, or NULL in a slot marked optional, gets the core's default. A table longer than the
 *    library's is refused unless what follows is zero: the library would never ask for what a
 *    dialect does there.
 *  - Other structs use their struct_size in the same way: what is after it does not exist, and is
 *    not written.
 *  - A slot that fails reports once through host->error() and returns what that returned.
 *  - Offsets are bytes into the text that the slot was given.
 *  - Only one thread at a time uses a connection; only cancel() may be called from another. */
#ifndef MIG_DIALECT_H
#define MIG_DIALECT_H

#include <mig/schema.h>
#include <mig/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The number of the contract. 0: it may still change with each version of libmig. */
#define MIG_DIALECT_CONTRACT 0

typedef struct mig_conn mig_conn;     /**< a connection; each dialect defines its own */
typedef struct mig_cursor mig_cursor; /**< a prepared statement; each dialect defines its own */

/** No place known, in mig_dialect_error.offset. */
#define MIG_NO_OFFSET SIZE_MAX

/** When a transaction that has failed may succeed if it is repeated. */
enum mig_retry {
	MIG_RETRY_LATER = 1, /**< others were in the way */
	/** Once what the revisions before the failing one did in this transaction is committed: e.g.
	 * PostgreSQL's new values of an enum. */
	MIG_RETRY_COMMITTED = 2
};

/** How a slot reports what went wrong. Text is copied. Zero what does not apply. */
typedef struct mig_dialect_error {
	size_t struct_size; /**< sizeof(mig_dialect_error) */
	mig_status status; /**< enum mig_status_code, not 0; 0 counts as MIG_ERROR */
	int32_t native_code; /**< the engine's own code; 0: none */
	const char *message;  /**< in the engine's own words; line ends become blanks */
	const char *sqlstate; /**< five characters or NULL */
	const char *hint;     /**< what to do, or NULL */
	size_t offset; /**< of the failing place in the text, or MIG_NO_OFFSET: only the statement
			*/
	const char *statement; /**< the failing statement or NULL */
	size_t statement_size; /**< bytes of statement */
	const char *detail; /**< what the engine adds to its message, or NULL */
	int32_t retry; /**< enum mig_retry, or 0: the transaction would fail again */
	int32_t reserved; /**< 0 */
} mig_dialect_error;

/** The names of libmig's tables, unless an option gives others. */
#define MIG_VERSION_TABLE "mig_version"
#define MIG_HISTORY_TABLE "mig_history"

/** What the core lends to a connection for as long as it is open. */
typedef struct mig_dialect_host {
	size_t struct_size; /**< sizeof(mig_dialect_host), set by the core */
	void *user; /**< first argument of every function here */
	void *(*realloc_fn)(void *user, void *ptr, size_t size); /**< size 0 frees */
	/** Records the error and returns its status. */
	mig_status (*error)(void *user, const mig_dialect_error *error);
	void (*log)(void *user, int32_t level, const char *message); /**< enum mig_log_level */
	/** To be called now and then while waiting or working; waiting: nonzero while another
	 * process holds the lock. Nonzero: stop, and fail with MIG_ECANCELLED. */
	int32_t (*poll)(void *user, int32_t waiting);
	/** To be called before poll() by a dialect that knows how far the statement is: `what`
	 * is being done (text for people, copied), `done` of `total`; total 0: unknown. */
	void (*working)(void *user, const char *what, uint64_t done, uint64_t total);
} mig_dialect_host;

typedef struct mig_conn_options {
	size_t struct_size; /**< sizeof(mig_conn_options), set by the core */
	const char *url;    /**< whole, as the user gave it; NULL with native */
	void *native;       /**< a connection lent by the host application, or NULL */
	const char *schema; /**< schema of libmig's tables, or NULL */
	const char *version_table; /**< NULL: "mig_version" */
	const char *history_table; /**< NULL: "mig_history" */
	int32_t lock_timeout_ms; /**< how long any wait for other processes may last; 0: not at all
				  */
	int32_t create; /**< a database file that is missing: enum mig_create */
	const char *search_path; /**< where SQL looks for unqualified names, or NULL: as it is */
	/** Nonzero: connects to nothing, and only next_statement(), cancel(), close(), and what writes to
	 * scripts will be called: a script is written for a database of this kind. */
	int32_t offline;
	/** Nonzero: working() is wanted even if the engine has to be asked over a second
	 * connection. */
	int32_t watch;
	/** Nonzero: revisions run with foreign keys enforced, unless they say otherwise; for engines
	 * that can switch them. */
	int32_t foreign_keys;
	int32_t reserved; /**< 0 */
	/** A role that the tables may belong to though it is not the current one's, or NULL. */
	const char *trusted_owner;
} mig_conn_options;

/** Kinds of statement, or-ed in mig_statement.kind. The upper sixteen bits are the dialect's own.
 */
enum mig_statement_kind {
	MIG_STATEMENT_BEGIN = 1,    /**< begins a transaction */
	MIG_STATEMENT_COMMIT = 2,   /**< ends one, keeping its work */
	MIG_STATEMENT_ROLLBACK = 4, /**< ends one, undoing its work */
	MIG_STATEMENT_SESSION = 8,  /**< sets state of the connection: repeated when an
				     * interrupted section is resumed */
	MIG_STATEMENT_LONE = 16,    /**< cannot run inside a transaction */
	/** Must not run while the engine enforces foreign keys: given to mig_sql_sink alone, which
	 * has the section marked foreign_keys=off. */
	MIG_STATEMENT_KEYS_OFF = 32,
	MIG_STATEMENT_PARAMETERS = 64, /**< has parameters, which nothing binds in a script */
	MIG_STATEMENT_SAVEPOINT = 128, /**< sets a savepoint: mig_statement.savepoint */
	MIG_STATEMENT_RELEASE = 256,   /**< releases one, and those set after it */
	MIG_STATEMENT_PROCEDURE = 512, /**< may end transactions while it runs (DO, CALL) */
	/** Of mig_sql_sink alone: a query that must return no rows when it is run there. */
	MIG_STATEMENT_CHECK = 1024,
	/** Commits by itself: the transaction around it with what was done there, and its own work,
	 * which no rollback undoes. For engines without MIG_CAN_TRANSACTIONAL_DDL. It is run outside
	 * a transaction, as one of MIG_STATEMENT_LONE, and refused inside one that the script begins. */
	MIG_STATEMENT_COMMITS = 2048,
	/** Of mig_sql_sink alone: must be committed before others of these statements run, which use what
	 * it makes, and needs none of them itself. Every statement of its operation then goes into a
	 * revision of its own, in front: the rest keeps its transaction. */
	MIG_STATEMENT_APART = 4096
};

/** What revision_begin() gets about the revision that is about to run. */
typedef struct mig_revision_run {
	size_t struct_size; /**< sizeof(mig_revision_run), set by the core */
	const char *revision; /**< its id, borrowed until revision_end() */
	int32_t direction;    /**< MIG_UPGRADE or MIG_DOWNGRADE */
	int32_t no_transaction; /**< nonzero: it runs outside a transaction */
	int32_t foreign_keys; /**< 1: on; -1: off; 0: as mig_conn_options.foreign_keys has it */
	/** Nonzero, with no_transaction: what commit() checks before the end of a transaction is
	 * checked before each commit of the revision, also those that its own SQL makes. */
	int32_t check;
	/** The time-out of locks that the revision's header gives, as set_timeouts() has it; 0: none, and
	 * what set_timeouts() is given is the run's. */
	int32_t lock_timeout_ms;
	int32_t reserved; /**< 0 */
} mig_revision_run;

/** One statement in a script, without blanks and comments before it. */
typedef struct mig_statement {
	size_t struct_size; /**< sizeof(mig_statement), set by the caller */
	size_t offset; /**< of its first byte in the text */
	size_t size; /**< up to its semicolon, which is included */
	size_t next; /**< where to look for the next one */
	uint32_t kind; /**< enum mig_statement_kind, or-ed; 0: none of them */
	/** MIG_STATEMENT_SAVEPOINT and _RELEASE: a number that stands for the savepoint's name: the same
	 * for names that are the same to the engine. */
	uint32_t savepoint;
} mig_statement;

/** A part of a section outside a transaction that runs whole or not at all: one statement, or
 * several that a transaction or savepoint of the section's own holds. */
typedef struct mig_unit {
	size_t offset; /**< of its first statement */
	size_t end;    /**< the first byte after its last */
} mig_unit;

/** Room for what observe() writes, its NUL included. */
#define MIG_OBSERVED_SIZE 512

/** Room for what snapshot_key() writes, its NUL included. */
#define MIG_SNAPSHOT_KEY_SIZE 512

/** Called by run_script() for each statement before that is run; a dialect that sends several in
 * one message calls it for all of these first. Anything but MIG_OK stops the script, and is
 * returned by run_script() as it is. */
typedef mig_status (*mig_statement_fn)(void *user, const mig_statement *statement);

/** A row of the version table. Here and below: texts in UTF-8, borrowed for the call. */
typedef struct mig_version_row {
	size_t struct_size; /**< sizeof(mig_version_row) */
	const char *revision; /**< its id */
	const char *digest; /**< 64 hexadecimal digits, with a mark of libmig's before them, or "" */
} mig_version_row;

/** A row of the history table. Texts that are not known are NULL or "". */
typedef struct mig_history_row {
	size_t struct_size; /**< sizeof(mig_history_row) */
	const char *revision; /**< its id; "base" for a stamp that removed all rows */
	const char *direction; /**< "upgrade", "downgrade" or "stamp" */
	const char *state; /**< "done", "abandoned"; "running": a section outside a transaction */
	const char *digest; /**< of the script when it ran: 64 hexadecimal digits */
	int64_t statements;      /**< that are done */
	const char *done_digest; /**< over these; a word of libmig's may be after it */
	/** In UTC, e.g. 2026-01-02T03:04:05Z. NULL in a script: the time at which it runs. */
	const char *started_at;
	int64_t duration_us; /**< microseconds */
	const char *actor;   /**< e.g. user@host:pid */
	const char *library; /**< its version */
	/** The statement after those that are done, if it may have run or not, with what is known of it.
	 * NULL: none, or a table without the column (MIG_TABLE_OLDER). */
	const char *in_flight;
} mig_history_row;

/** A change of one row of the version table. */
typedef struct mig_row_change {
	size_t struct_size; /**< sizeof(mig_row_change), set by the core */
	const char *old_revision; /**< whose row it is; NULL: a row is added */
	const char *revision;     /**< what it becomes; NULL: the row is removed */
	const char *digest; /**< that the row gets; as in mig_version_row */
} mig_row_change;

/** What write_rows() writes, in this order. Each part may be absent. */
typedef struct mig_rows_write {
	size_t struct_size; /**< sizeof(mig_rows_write), set by the core */
	const mig_row_change *const *changes; /**< of the version table, in this order */
	size_t change_count; /**< entries of changes */
	/** Nonzero: the version table must then have exactly the rows `expected`, which are in the order
	 * of the bytes of their revisions. */
	int32_t check;
	int32_t reserved; /**< 0 */
	const mig_version_row *const *expected; /**< with `check`: the rows afterwards */
	size_t expected_count; /**< entries of expected */
	const mig_history_row *const *history; /**< rows that are added */
	size_t history_count; /**< entries of history */
} mig_rows_write;

/** A change of the history row in state "running": the journal of a section outside a transaction. */
typedef struct mig_journal_mark {
	size_t struct_size; /**< sizeof(mig_journal_mark), set by the core */
	/** Whose row it must be, and how many statements it must have now. revision NULL: whatever row
	 * is in that state, if any, and nothing but its state changes. */
	const char *revision;
	const char *direction; /**< "upgrade" or "downgrade"; of the same row */
	int64_t before; /**< statements that the row says are done, before this mark */
	const char *state; /**< "running" as long as the section continues */
	int64_t statements; /**< how many are done now */
	const char *done_digest; /**< over these, as in mig_history_row */
	int64_t duration_us; /**< microseconds since the section began */
	const char *in_flight; /**< as in mig_history_row; NULL: the row has none from now on */
} mig_journal_mark;

/** What a slot that reads reports about its table. */
enum mig_table_state {
	MIG_TABLE_MISSING = 0, /**< there is no such table */
	MIG_TABLE_THERE = 1,   /**< as this libmig makes it */
	/** It is there without columns that a later libmig has added. They are read as NULL or 0, and
	 * create() adds them. */
	MIG_TABLE_OLDER = 2
};

/** Called by the slots that read, for each row. Anything but MIG_OK is to be returned at once. */
typedef mig_status (*mig_version_row_fn)(void *user, const mig_version_row *row);
typedef mig_status (*mig_history_row_fn)(void *user, const mig_history_row *row);

/** Flags of prepare(). */
enum mig_prepare_flag {
	MIG_PREPARE_OFTEN = 1, /**< it will be run often */
	MIG_PREPARE_OWN = 2    /**< a statement on libmig's own tables */
};

/** What has become of a transaction's end that commit_later() put off. */
enum mig_later {
	/** It is committed, and the next transaction has begun: an error is that of the script. */
	MIG_LATER_DONE = 0,
	MIG_LATER_WAITS = 1, /**< nothing was sent: the transaction is open */
	/** It was undone with all that it did, e.g. since the server could not read the message. The
	 * caller runs it again, and does not put off its end: then an error shows whose it is. */
	MIG_LATER_UNDONE = 2,
	/** It is committed. The next one has no lock, or found other rows: it is rolled back, and begun
	 * with begin(). */
	MIG_LATER_LOST = 3,
	MIG_LATER_UNKNOWN = 4 /**< the connection is lost, or the run was cancelled: the error stands */
};

/** What a dialect can do, or-ed in mig_dialect.capabilities. */
enum mig_dialect_capability {
	/** DDL is undone by a rollback. Without it every revision runs outside a transaction, statement
	 * by statement with a journal; its rows are written when it is done, libmig's tables are made
	 * before the first, and a revision in C must be idempotent. Statements that are not of the kind
	 * MIG_STATEMENT_COMMITS or MIG_STATEMENT_LONE still have a transaction each. */
	MIG_CAN_TRANSACTIONAL_DDL = 1,
	MIG_CAN_ENUMS = 2, /**< enumerated types are objects of their own */
	MIG_NAMES_FOLD = 4, /**< names that differ in case alone are the same */
	MIG_CAN_ROWS = 8    /**< inspect() reports the engine's own rows: mig_schema_sink.row */
};

/** No object, as a number of mig_schema_sink. */
#define MIG_NO_OBJECT UINT32_MAX

/** How an object's need of another is meant. */
enum mig_need {
	MIG_NEED = 0, /**< cannot exist without it */
	/** Can be created before it, but is dropped together with it (a sequence and the column that
	 * owns it). */
	MIG_NEED_OWNER = 1
};

/** Where inspect() and native_column() report what they find. Everything is copied. A status other than
 * MIG_OK is to be returned at once. */
typedef struct mig_schema_sink {
	size_t struct_size; /**< sizeof(mig_schema_sink), set by the core */
	void *user; /**< first argument of every function here */
	/** parent: the number of its parent, reported before, or MIG_NO_OBJECT at the top. *number:
	 * what to name it by later; MIG_NO_OBJECT if it is left out by a filter, and children of such
	 * a parent are left out, too (a parent that was left out is passed as MIG_LEFT_OUT). */
	mig_status (*object)(void *user, const mig_object *object, uint32_t parent,
			     uint32_t *number);
	/** One object needs another (enum mig_need); a number that was left out is ignored. */
	mig_status (*need)(void *user, uint32_t from, uint32_t to, int32_t need);
	/** The database has something that objects do not cover, e.g. "publication news". */
	mig_status (*uncovered)(void *user, const char *what);
	/** A row that the engine's own tables have of an object that was reported: of which table, and its
	 * columns, "name=value" with line ends between. Objects that are equal are compared by these, too,
	 * so that something that the dialect does not know yet is not taken for equal. At most one of a
	 * table; never of what differs by database, like numbers and sizes. NULL: not wanted. */
	mig_status (*row)(void *user, uint32_t number, const char *table, const char *text);
	/** The top-level objects that are wanted; NULL: all. Whatever is inside others, their
	 * rows, and who needs whom may then be left out, so that a few are not read as slowly as all.
	 * */
	const mig_object *const *only;
	size_t only_count; /**< entries of only */
} mig_schema_sink;

/** A script of a model. */
typedef struct mig_script_text {
	size_t struct_size; /**< sizeof(mig_script_text), set by the core */
	const char *text; /**< ends with a NUL at text[size] */
	size_t size; /**< bytes of text */
} mig_script_text;

/** The number of an object that a filter left out. */
#define MIG_LEFT_OUT (UINT32_MAX - 1)

/** What becomes of an object whose attributes differ, or-ed, returned by change(). 0: it is equal
 * after all. */
enum mig_change {
	MIG_CHANGE_ALTER = 1, /**< render() can alter it in place */
	/** render() can alter it in place, but only while those dependents that hold it (holds()) are
	 * not there: they are dropped before, and created again after. */
	MIG_CHANGE_ALONE = 2,
	MIG_CHANGE_RECREATE = 4, /**< it is dropped and created again, and all its dependents with it */
	MIG_CHANGE_LOSSY = 8     /**< with one of the others: data may be lost */
};

/** What render() gets. */
typedef struct mig_changes {
	size_t struct_size; /**< sizeof(mig_changes), set by the core */
	const mig_op *const *ops; /**< in the order in which they can be done */
	size_t op_count; /**< entries of ops */
	const mig_object *before; /**< first object of the schema as it is before, others by next */
	const mig_object *after;  /**< first object of the schema as it is to be */
	/** Nonzero: these are the operations of MIG_STATEMENT_APART, rendered for their own revision,
	 * which runs outside a transaction. */
	int32_t apart;
} mig_changes;

/** Where render() puts its SQL. */
typedef struct mig_sql_sink {
	size_t struct_size; /**< sizeof(mig_sql_sink), set by the core */
	void *user; /**< first argument of statement() */
	/** One statement without its semicolon. op: the (first) operation that it does, or NULL. kind:
	 * MIG_STATEMENT_LONE if it cannot run inside a transaction, or not with those around it,
	 * MIG_STATEMENT_KEYS_OFF; MIG_STATEMENT_APART; MIG_STATEMENT_CHECK if it is a query that must
	 * return no rows, comment then being what is wrong if it does; otherwise 0. comment: what a
	 * reader of the script should know, without "--", or NULL. */
	mig_status (*statement)(void *user, const char *text, size_t size, const mig_op *op,
				uint32_t kind, const char *comment);
} mig_sql_sink;

/** Connections, and what is run on them. Slots without "optional" are required. */
typedef struct mig_dialect_conn {
	size_t struct_size; /**< sizeof(mig_dialect_conn) of the dialect */

	/* -- a connection */

	/** Opens options->url, or adopts options->native. Does not read the schema. options is
	 * borrowed for the call, host until close(). */
	mig_status (*open)(const mig_dialect_host *host, const mig_conn_options *options,
			   mig_conn **out);
	/** Releases whatever is held, hands a lent connection back as it was, closes an own one. */
	void (*close)(mig_conn *conn);
	void *(*native)(mig_conn *conn); /**< the engine's own handle */
	/** Makes the caller the owner of the engine's own handle: close() will leave it open. */
	void *(*detach)(mig_conn *conn);
	/** Interrupts the statement that is running, from any thread or a signal handler: so it may do no
	 * more than set a flag and call what is safe there (signal-safety(7)). A dialect of a server sets
	 * only the flag; the code that waits for the server checks it, or host->poll(). */
	void (*cancel)(mig_conn *conn);

	/* -- the session, optional */

	/** A call of the host begins. What the session was asked in the last one (where unqualified
	 * names are, its encoding) may have changed on a lent connection. Otherwise: nothing. */
	mig_status (*call_begin)(mig_conn *conn);
	/** The schema in which unqualified names are created, as the session and the options'
	 * search_path have it, kept with the connection until the next call; "": there is none.
	 * Otherwise: default_schema. */
	mig_status (*current_schema)(mig_conn *conn, const char **out);

	/* -- a run: run_begin, then any number of begin … commit and lock … unlock, then run_end */

	/** Saves and changes the settings that a run needs (SQLite: foreign keys off). Called again
	 * in the same run after SQL that may have changed them: what was saved first is kept. */
	mig_status (*run_begin)(mig_conn *conn);
	/** Restores them, also after errors, and ends a transaction or lock that is still open.
	 */
	mig_status (*run_end)(mig_conn *conn);
	/** Begins a transaction that holds the migration lock until its end; waits up to
	 * lock_timeout_ms. check nonzero: commit() will be asked to check, so note what it compares
	 * with.
	 *
	 * *freed, which is 0 before the call, may be set to 1, with MIG_OK: another process held the
	 * lock and has released it meanwhile, and nothing is held or begun. The caller checks whether
	 * there is still something to do, and only then calls again. So of forty waiting processes
	 * none takes the lock needlessly. Errors: MIG_ELOCKED, MIG_ECANCELLED. */
	mig_status (*begin)(mig_conn *conn, int32_t check, int32_t *freed);
	/** Ends it, keeping its work. check nonzero: first verifies what the engine has not
	 * verified during the run (SQLite: foreign keys). After an error the transaction is
	 * still open, or was undone: rollback() follows. MIG_ETRANSACTION if there is no transaction
	 * any more: the engine, or a statement, has ended it, and what it did may have stayed. */
	mig_status (*commit)(mig_conn *conn, int32_t check);
	/** Ends it and undoes its work. MIG_OK if there is no transaction. */
	mig_status (*rollback)(mig_conn *conn);
	/** Takes the migration lock for work outside a transaction, until unlock() or the end of
	 * the process; transactions of begin() on this connection may be used while it is held.
	 * *freed: as for begin(). Errors: MIG_ELOCKED, MIG_ECANCELLED, MIG_EUNSUPPORTED. */
	mig_status (*lock)(mig_conn *conn, int32_t *freed);
	/** Releases what lock() took. MIG_OK if nothing is held. */
	mig_status (*unlock)(mig_conn *conn);
	/** 1 in *out inside a transaction, otherwise 0. */
	mig_status (*in_transaction)(mig_conn *conn, int32_t *out);

	/* -- more of a run, optional */

	/** commit() and begin() in one, for dialects whose messages cost time. 1 in *freed, which is 0
	 * before the call: it is committed, nothing is begun, and another process has the lock.
	 * Otherwise: the two are called. */
	mig_status (*commit_begin)(mig_conn *conn, int32_t check, int32_t *freed);
	/** Asked after each function of a revision and each hook, but outside transactions: MIG_OK if the
	 * transaction that begin() or commit_begin() has begun is the one that is open, otherwise
	 * MIG_ETRANSACTION. A function can have ended it, and begun another one, through the handle
	 * that native() gave it. Otherwise: in_transaction() is asked. */
	mig_status (*verify)(mig_conn *conn);
	/** Time-outs of the statements to come, until the transaction (outside one: the run) ends:
	 * how long one may wait for a lock of the engine, and how long it may take in all, in
	 * milliseconds; 0: as the connection had it, -1: for ever. Otherwise: no time-outs. */
	mig_status (*set_timeouts)(mig_conn *conn, int32_t lock_ms, int32_t statement_ms);

	/* -- SQL */

	/** Finds the first statement at or after text[offset]. size 0 in *out: there is none. text
	 * ends with a NUL at text[size]. Never touches the database. Errors: MIG_ESYNTAX for text
	 * whose extent is unclear (an open quote). */
	mig_status (*next_statement)(mig_conn *conn, const char *text, size_t size, size_t offset,
				     mig_statement *out);
	/** Runs every statement of the text; rows are read and dropped. A statement that begins or
	 * ends a transaction is refused with MIG_ETRANSACTION, one with parameters with MIG_ESYNTAX. A
	 * transaction that was open and is gone after a statement is MIG_ETRANSACTION, too. hook may be
	 * NULL. text ends with a NUL at text[size]. */
	mig_status (*run_script)(mig_conn *conn, const char *text, size_t size,
				 mig_statement_fn hook, void *user);
	/** Runs the one statement, whatever its kind; rows are read and dropped. The text need not
	 * end with a NUL. */
	mig_status (*run_statement)(mig_conn *conn, const char *text, size_t size);

	/* -- statements with parameters and rows */

	/** Prepares one statement; parameters are $1, $2, … without a gap, and others MIG_EINVAL. flags:
	 * enum mig_prepare_flag, or-ed. */
	mig_status (*prepare)(mig_conn *conn, const char *text, size_t size, uint32_t flags,
			      mig_cursor **out);
	/** index from 1; text and blobs are copied. Errors: MIG_EINVAL out of range. */
	mig_status (*bind)(mig_cursor *cursor, int32_t index, const mig_value *value);
	/** Runs on to the next row: 1 in *has_row, or 0 at the end. */
	mig_status (*step)(mig_cursor *cursor, int32_t *has_row);
	/** Ready to run again; parameters stay. */
	mig_status (*reset)(mig_cursor *cursor);
	/** Columns of a row; 0 for a statement without rows. */
	int32_t (*column_count)(const mig_cursor *cursor);
	/** Column from 0 of the current row, as the engine types it; converted when as is not
	 * MIG_NULL. Text and blobs are borrowed until the next step, reset or finish; text ends
	 * with a NUL. */
	mig_status (*column)(mig_cursor *cursor, int32_t column, int32_t as, mig_value *out);
	void (*finish)(mig_cursor *cursor); /**< NULL allowed */
	/** Optional: how many rows the statement has inserted, changed or deleted, after its last step();
	 * of others, such as a query or DDL, 0. The default store asks, to see that each of its writes
	 * wrote one row. Otherwise: it reads back what can be, and mig_stmt_changes() is -1. */
	mig_status (*affected)(mig_cursor *cursor, int64_t *out);

	/* -- around revisions, optional */

	/** Before the hooks and the SQL of a revision, inside the run's transaction unless the
	 * revision has none: sets what the revision asked for, and notes the settings of the session
	 * that revision_end() puts back. A revision in progress is ended first. Otherwise: nothing. */
	mig_status (*revision_begin)(mig_conn *conn, const mig_revision_run *revision);
	/** After them, also after an error, and before the rows of the revision: puts back
	 * what it changed in the session. run_end() does the same for one that was not ended. Errors:
	 * what the revision left behind although it must not. */
	mig_status (*revision_end)(mig_conn *conn);
	/** Whether foreign keys are enforced from here on: 1: yes, -1: no, 0: as the revision in
	 * progress has them. Otherwise: nothing. */
	mig_status (*foreign_keys)(mig_conn *conn, int32_t how);

	/* -- for sections outside a transaction, optional */

	/** A section is about to be planned: a unit may be the first that runs on a new connection,
	 * after a process died. Errors: MIG_ETRANSACTION, with the offset into the text, if a unit
	 * depends on what an earlier unit left in the session (a temporary table, the last rowid),
	 * or cannot be distinguished from the next (COMMIT AND CHAIN). Never touches the database.
	 * Otherwise: nothing is refused. */
	mig_status (*check_units)(mig_conn *conn, const char *text, size_t size,
				  const mig_unit *units, size_t count);
	/** Both or none. A statement of the kind MIG_STATEMENT_LONE is about to run: writes to `seen`,
	 * which has MIG_OBSERVED_SIZE bytes, what recover() needs to decide whether it ran,
	 * e.g. that there is no index of that name; "" if nothing. Called inside a transaction, and must
	 * not make it fail. Otherwise: a statement that was in flight is run again. */
	mig_status (*observe)(mig_conn *conn, const char *text, size_t size, char *seen);
	/** The process died when the statement was in flight: it has run, or not, or in part. Removes
	 * what it left half done. 1 in *done if it ran, and what is there is what the statement makes;
	 * otherwise 0: it is run again. seen "?": not known, as in a script for the engine's shell. */
	mig_status (*recover)(mig_conn *conn, const char *text, size_t size, const char *seen,
			      int32_t *done);

	/* -- checks: queries of a script that must return no rows, optional */

	/** Called inside a transaction, before the query is run by prepare() and step(). Refuses with
	 * MIG_EINVAL what is not a query, and ensures that nothing is written until check_end().
	 * message: what is wrong if it returns rows; NULL: it is not a check, but the query of
	 * mig_adopt_with(), which may be anything that returns rows and only reads. Otherwise: the query
	 * is just run. */
	mig_status (*check_begin)(mig_conn *conn, const char *message, const char *text,
				  size_t size);
	/** Ends what check_begin() began. Not called after an error. */
	mig_status (*check_end)(mig_conn *conn);
	/** For a script that the engine's own shell runs: hands over one statement or several that fail
	 * with the message if the query returns rows. The connection is offline. Otherwise:
	 * MIG_EUNSUPPORTED. */
	mig_status (*check_sql)(mig_conn *conn, const char *message, const char *text, size_t size,
				const mig_sql_sink *sink);

	/* -- for scripts that the engine's own shell runs (mig_open_options.script), optional */

	const char *script_begin; /**< whole lines at the top, e.g. to stop at errors; NULL: none */
	const char *begin_sql;    /**< NULL: "BEGIN" */
	/** Writes statements of a revision to fn as the engine's own shell has to read them to do what
	 * run_script() does; psql replaces :name, for one. next_statement() refuses what only the
	 * shell would understand. Returns what fn returns. NULL: as they are. */
	mig_status (*shell_text)(mig_conn *conn, const char *text, size_t size,
				 mig_status (*fn)(void *user, const char *text, size_t size),
				 void *user);

	/* -- the engine's quotes, optional */

	/** The marks around a name, e.g. "``" or "[]": the opening one; the closing one, which is doubled
	 * inside; further characters that are doubled inside. NULL: those of standard SQL, "\"\"". */
	const char *name_quotes;
	/** Likewise around a text, e.g. "''\\" where a backslash escapes. NULL: "''". */
	const char *text_quotes;

	/* -- commit_begin() without a message of its own, both or none */

	/** As commit_begin(), but put off: the end of the open transaction and the begin of the next go
	 * out with the first statements of the next run_script(). These run only if the transaction was
	 * committed, the lock was taken, and the version rows are `expected` (count of them, borrowed
	 * for the call) once the lock is held. A script without a statement sends it, too. 1 in *later,
	 * which is 0 before the call: it is put off, and whatever is set or written before that script
	 * (time-outs) is meant for the next transaction. 0: it cannot be put off now, and nothing was
	 * done. Instead of that script commit(), commit_begin() or rollback() may be called; they are
	 * about the transaction that is still open. Otherwise: commit_begin() is called. */
	mig_status (*commit_later)(mig_conn *conn, const mig_version_row *const *expected, size_t count,
				   int32_t *later);
	/** What has become of what commit_later() put off last: enum mig_later. Touches no database. */
	int32_t (*later)(mig_conn *conn);

	/* -- for runs of many transactions, optional */

	/** Asked inside a transaction that begin() has begun, after another one of the same run was
	 * committed by commit(): 1 in *untouched if libmig's own tables are surely as that commit has left
	 * them, otherwise 0. Must not cost more than it saves, a read of the version rows. Otherwise:
	 * they are read. */
	mig_status (*untouched)(mig_conn *conn, int32_t *untouched);
} mig_dialect_conn;

/** What the default store must know about the engine's SQL, except its quotes. NULL: what standard SQL
 * has. */
typedef struct mig_store_words {
	size_t struct_size; /**< sizeof(mig_store_words) of the dialect */
	const char *schema;       /**< of the tables, unless options->schema says so; NULL: none */
	const char *key_type;     /**< of a text that is a primary key; NULL: VARCHAR(255) */
	const char *text_type;    /**< of any text; NULL: TEXT */
	const char *integer_type; /**< of 64 bits; NULL: BIGINT */
	/** Of a column that numbers its rows, with its constraints. NULL: BIGINT GENERATED ALWAYS AS
	 * IDENTITY PRIMARY KEY */
	const char *id_type;
	const char *version_end; /**< after the columns of the version table, or NULL */
	/** An expression for the time as the history table has it, for scripts; NULL: none. */
	const char *now;
} mig_store_words;

/** libmig's own tables, named by the connection's options. Each of the slots that write is called
 * inside a transaction, or has a script. With a script it uses no database, which may be absent, and
 * passes the SQL that would do it to the sink, with values in it, for the engine's own shell. What it
 * writes must be the rows that are named, each once. A dialect whose messages cost time may keep its
 * writes back until the next message, at the latest commit(), and report then what went wrong. */
typedef struct mig_dialect_store {
	size_t struct_size; /**< sizeof(mig_dialect_store) of the dialect */

	/* -- the tables: all or none; otherwise there is a default, made of prepare() and step() */

	/** Creates the tables that are missing, and adds the columns that an older libmig did not have.
	 * Called before the first write if a read said that this is needed. Without
	 * MIG_CAN_TRANSACTIONAL_DDL it is called outside a transaction. A script only creates: it has to
	 * work on tables of any age, so what it writes has the columns of the first libmig alone. */
	mig_status (*create)(mig_conn *conn, const mig_sql_sink *script);
	/** Calls fn for each version row, in any order. *there: enum mig_table_state; the version table is
	 * never MIG_TABLE_OLDER. */
	mig_status (*read_rows)(mig_conn *conn, mig_version_row_fn fn, void *user, int32_t *there);
	/** Changes version rows and adds rows to the history. Errors: MIG_EREVISION if a row that is to be
	 * changed is not there, or a check fails. */
	mig_status (*write_rows)(mig_conn *conn, const mig_rows_write *write,
				 const mig_sql_sink *script);
	/** Removes all version rows. */
	mig_status (*clear_rows)(mig_conn *conn, const mig_sql_sink *script);
	/** Calls fn for the history row in state "running", if there is one. *there: enum mig_table_state;
	 * MIG_TABLE_OLDER is needed inside a transaction that begin() began alone. */
	mig_status (*read_running)(mig_conn *conn, mig_history_row_fn fn, void *user,
				   int32_t *there);
	/** Errors: MIG_ELOCKED if the row is not there, or not as the mark says. */
	mig_status (*mark_running)(mig_conn *conn, const mig_journal_mark *mark,
				   const mig_sql_sink *script);
	/** Calls fn for each row of the history, oldest first. */
	mig_status (*read_history)(mig_conn *conn, mig_history_row_fn fn, void *user,
				   int32_t *there);

	/* -- for the default, optional */

	const mig_store_words *words; /**< NULL: standard SQL */
	/** 1 in *out if the version table (history: the history table) is there. Asked only after a
	 * read of it failed. Otherwise: whether a query for none of its columns works. */
	mig_status (*table_exists)(mig_conn *conn, int32_t history, int32_t *out);

	/* -- the header digest, both or none */

	/** A number apart from the tables, 0 at first, that is part of transactions and can be read
	 * without the schema. Otherwise: mig_open_options.header_digest has no effect. */
	mig_status (*read_header_digest)(mig_conn *conn, uint32_t *out);
	/** Sets that number, inside the open transaction; 0: removes it. */
	mig_status (*write_header_digest)(mig_conn *conn, uint32_t digest,
					  const mig_sql_sink *script);

	/* -- for scripts that the engine's own shell runs, optional */

	/** What fails unless the ids in the version table, in the order of their bytes and with ", "
	 * between them ("base": none), and ", unfinished" after them if the history table has a row in
	 * state "running", are this text. Otherwise: the script does not check. */
	mig_status (*expect)(mig_conn *conn, const char *ids, const mig_sql_sink *script);
	/** What takes the migration lock and sets what runs set, or fails at once if another process
	 * has the lock. session 0: after the BEGIN of a transaction, until it ends; 1: for what runs
	 * outside transactions, until leave(). Otherwise: the transaction is enough. */
	mig_status (*enter)(mig_conn *conn, int32_t session, const mig_sql_sink *script);
	/** Ends what enter() with session 1 began. */
	mig_status (*leave)(mig_conn *conn, const mig_sql_sink *script);
	/** Outside a transaction: foreign keys are enforced from here on, or are not. Otherwise:
	 * nothing. */
	mig_status (*keys)(mig_conn *conn, int32_t on, const mig_sql_sink *script);
} mig_dialect_store;

/** Takes what one object has and what the other has in its place; "" if it has nothing. Its status is
 * returned. */
typedef mig_status (*mig_unlike_fn)(void *user, const char *is, const char *want);

/** Schemas: what autogenerate and the operations of mig/op.h need. Slots without "optional" are
 * required. */
typedef struct mig_dialect_schema {
	size_t struct_size; /**< sizeof(mig_dialect_schema) of the dialect */

	/** Reports every object of the database but the system's own, those that belong to an
	 * extension, and libmig's tables, by a fixed number of queries. Parents come before their
	 * children, columns in their order. Expressions are in the engine's own canonical text. */
	mig_status (*inspect)(mig_conn *conn, const mig_schema_sink *sink);
	/** What to do about two objects of one kind and name whose attributes differ: enum mig_change,
	 * or-ed. */
	uint32_t (*change)(const mig_object *from, const mig_object *to);
	/** Nonzero if dependent, which needs changed, must not be there while changed is altered
	 * (enum mig_change: MIG_CHANGE_ALONE). */
	int32_t (*holds)(const mig_object *dependent, const mig_object *changed);
	/** Turns operations into SQL. Names are not searched for: the SQL qualifies them. */
	mig_status (*render)(mig_conn *conn, const mig_changes *changes, const mig_sql_sink *sink);
	/** Opens an empty database of the same kind, to try things in; close() removes it. */
	mig_status (*scratch)(mig_conn *conn, mig_conn **out);
	/** Reports a column declared in portable terms (mig/model.h) as the dialect has it, with its
	 * DEFAULT, and a CHECK where it takes one to make the type. Errors: MIG_EUNSUPPORTED. */
	mig_status (*native_column)(mig_conn *conn, const mig_object *column, uint32_t parent,
				    const mig_schema_sink *sink);

	/* -- optional */

	/** The schema in which unqualified names are, in a scratch; NULL: "". */
	const char *default_schema;
	/** Reports what inspect() would if scripts were run one after another in an empty database, but
	 * does not run them. declared: the first object that was reported before (declared in C),
	 * others by next; NULL: none. 1 in *done; 0 if the scripts must be run; then what was
	 * reported is dropped. */
	mig_status (*read_script)(mig_conn *conn, const mig_script_text *const *scripts, size_t count,
				  const mig_object *declared, const mig_schema_sink *sink,
				  int32_t *done);
	/** Asked after inspect(), before what it read is built again in a scratch database. Errors:
	 * MIG_EPERMISSION if that would run code of a role which is not trusted with the rights of the
	 * role that makes the scratch. maker: the connection whose scratch() is used, if it is another
	 * one; otherwise NULL. Otherwise: everything may be copied. */
	mig_status (*may_copy)(mig_conn *conn, mig_conn *maker);

	/* -- models, both or none */

	/** Finds an object that refers to a missing table or column, if the engine accepts such objects
	 * unchecked and fails when rows are read or written: a foreign key to a missing table, a
	 * view of a missing column. The objects are top-level objects of a schema; the first `judged` of
	 * them are judged, the others may be referred to. MIG_OK, or an error with the object in
	 * *broken (a foreign key, view or trigger), which the message names with what it lacks.
	 * Otherwise: the engine refuses such objects itself. */
	mig_status (*check_schema)(mig_conn *conn, const mig_object *const *objects, size_t judged,
				   size_t count, const mig_object **broken);
	/** Where a script creates the object that check_schema() found; MIG_NO_OFFSET: nowhere. */
	mig_status (*find_object)(mig_conn *conn, const char *text, size_t size,
				  const mig_object *object, size_t *offset);

	/** The keys that mig_table_option() takes for this dialect, attributes of a TABLE, with NULL at
	 * the end. NULL: whatever it is given. */
	const char *const *table_options;
	/** A URL on which scratch() works without a server or a file. NULL: there is none. */
	const char *scratch_url;
	/** Those of table_options that a table has or has not: their only value is "yes", and a table
	 * without them does not name them. With NULL at the end; NULL: none. */
	const char *const *table_flags;

	/** Nonzero if render() can rename `from` (MIG_OP_RENAME) where it differs from `to` by its name
	 * alone: constraints and indexes of one table, without parts of their own. Otherwise: such a
	 * one is dropped and created. Tables and columns are renamed in any case, by the hints of a
	 * model. */
	int32_t (*renames)(const mig_object *from, const mig_object *to);
	/** A second opinion on two objects that are equal with all that is inside them: calls fn with
	 * what differs in what the engine itself keeps of them. It reads this in another way than inspect(),
	 * so that a difference which that overlooks is found. It does not query the database.
	 * Otherwise: only rows are compared (mig_schema_sink.row). */
	mig_status (*unlike)(mig_conn *conn, const mig_object *is, const mig_object *want, void *user,
			     mig_unlike_fn fn);
	/** Whether the database surely has what these scripts create when they are run one after another,
	 * and nothing else, and what they refer to is there: 1 in *same. Then neither is read. It
	 * is to take less than inspect(). Otherwise: both are read. */
	mig_status (*holds_script)(mig_conn *conn, const mig_script_text *const *scripts, size_t count,
				   int32_t *same);

	/* -- snapshots of a database: the next four or none. Otherwise: none are made or used */

	/** 1 in *empty if there is nothing in the database but what belongs to extensions, and libmig's
	 * tables. Called inside a transaction that holds the migration lock, or to look at what is
	 * planned. */
	mig_status (*is_empty)(mig_conn *conn, int32_t *empty);
	/** Writes to `key` what has to be the same where a snapshot is made and where it is run, so
	 * that it gives what the revisions would: e.g. the server's major version, and where
	 * unqualified names are. key has MIG_SNAPSHOT_KEY_SIZE bytes; one line. Errors:
	 * MIG_EUNSUPPORTED if that does not suffice. */
	mig_status (*snapshot_key)(mig_conn *conn, char *key);
	/** Hands over statements that insert every row of every object that inspect() reports into the
	 * same tables without rows, and set the positions of sequences. Called in a scratch, in a
	 * transaction. Triggers and foreign keys do not exist yet when they run. The same rows give the
	 * same statements. What the session has set may be changed for good. Errors: MIG_EUNSUPPORTED
	 * for what cannot be written so, or is too much. */
	mig_status (*dump_rows)(mig_conn *conn, const mig_sql_sink *sink);
	/** As scratch(), with side 0 or 1: the clock of its SQL, its time zone, and what else a
	 * revision should not depend on, differ between the two sides as far as the engine allows it.
	 * */
	mig_status (*scratch_apart)(mig_conn *conn, int32_t side, mig_conn **out);
	/** Hands over statements that create everything which inspect() reports, as the engine keeps it
	 * word by word. after_rows 0: what has to be there before rows are inserted; 1: the rest, e.g.
	 * triggers. Optional. Otherwise: what inspect() reports is given to render(). */
	mig_status (*dump_objects)(mig_conn *conn, int32_t after_rows, const mig_sql_sink *sink);
} mig_dialect_schema;

/** A dialect. */
struct mig_dialect {
	size_t struct_size; /**< sizeof(mig_dialect) of the dialect */
	uint32_t contract; /**< MIG_DIALECT_CONTRACT */
	uint32_t reserved; /**< 0 */
	const char *name;           /**< as in dialect=NAME */
	const char *const *schemes; /**< URL schemes without the colon, NULL at the end */
	uint64_t capabilities;      /**< enum mig_dialect_capability */
	const mig_dialect_conn *conn; /**< connections; required */
	const mig_dialect_store *store;   /**< NULL: the default, with standard SQL */
	const mig_dialect_schema *schema; /**< NULL: autogenerate is not available */

	/* -- URLs in a form of the dialect's own, optional. Called without a connection, by any thread */

	/** Nonzero if the URL is this dialect's, though it begins with none of its schemes, e.g.
	 * "host=db dbname=app". Otherwise: only URLs with its schemes are. */
	int32_t (*owns)(const char *url);
	/** What may be shown of a URL, as mig_url_display() returns and writes it. Otherwise: scheme,
	 * user, host, port and path of a URL in the general form (RFC 3986), and nothing of another
	 * one. While the module is not loaded the latter holds for every dialect, so secrets
	 * belong in the password or after the "?". */
	size_t (*display)(const char *url, char *out, size_t size);
	/** The URL with the relative path of a database's file in it, if there is one, taken from a
	 * folder, which may be relative itself: "sqlite:app.db" and "../conf" give
	 * "sqlite:../conf/app.db". Returned and written as by display(), but whole. Otherwise: the URL
	 * as it is. */
	size_t (*resolve_url)(const char *url, const char *folder, char *out, size_t size);
};

/** The dialect libmig-sqlite, for mig_open_options.dialect. Since 0.1.0. */
MIG_DIALECT_API const mig_dialect *mig_dialect_sqlite(void);
/** The dialect libmig-postgresql. Its connection is a PGconn *. native_code of its errors is the
 * SQLSTATE, six bits a character, as PostgreSQL's own MAKE_SQLSTATE packs it. Since 0.1.0. */
MIG_DIALECT_API const mig_dialect *mig_dialect_postgresql(void);

#ifdef __cplusplus
}
#endif
#endif

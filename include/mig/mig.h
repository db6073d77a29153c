/* mig/mig.h: libmig for applications.
 *
 * A program opens a context on its database, adds its revisions (compiled in, in a folder, or one by
 * one), and upgrades to the schema that its code expects:
 *
 *     mig_ctx *ctx;
 *     mig_status rc = mig_open(&ctx, "sqlite:notes.db");
 *     if (!rc) rc = mig_add_bundle(ctx, &notes_migrations);
 *     if (!rc) rc = mig_upgrade(ctx, "head");
 *     if (rc) fprintf(stderr, "notes: %s\n", mig_error_report(ctx));
 *     mig_close(ctx);
 *
 * Rules that hold for every function here:
 *  - Only one thread at a time may use a context; two contexts share nothing. Only mig_cancel() may
 *    be called from another thread or from a signal handler.
 *  - Text that goes in is UTF-8 and NUL-terminated, and is copied unless its comment says otherwise.
 *  - Text and handles that come out are borrowed; the comment of the function says for how long.
 *  - A NULL that is not allowed, or an option struct with unknown trailing bytes set, is
 *    MIG_EINVAL.
 *  - A function of the context called from inside one of that context's callbacks is MIG_EMISUSE.
 *  - An output parameter is written only on success; the exceptions are mig_open() and mig_diff().
 *  - Nothing is printed, and no signal handler, locale or global state is changed. */
#ifndef MIG_MIG_H
#define MIG_MIG_H

#include <mig/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Version of the headers; mig_version() gives that of the library. */
#define MIG_VERSION_MAJOR 0
#define MIG_VERSION_MINOR 1
#define MIG_VERSION_PATCH 0
#define MIG_VERSION_STRING "0.1.0"

typedef struct mig_ctx mig_ctx;           /**< a database and the revisions meant for it */
typedef struct mig_plan mig_plan;         /**< the ordered steps of a run */
typedef struct mig_revision mig_revision; /**< one revision, borrowed from a list */
typedef struct mig_revision_list mig_revision_list;
typedef struct mig_history_list mig_history_list; /**< rows of the history table */
typedef struct mig_unfinished mig_unfinished; /**< a step that was begun and is not finished */
typedef struct mig_step mig_step;         /**< a revision while it runs */
typedef struct mig_stmt mig_stmt;         /**< a statement with parameters and rows */

/* ---- library ---------------------------------------------------------------------------- */

/** The library's version, e.g. "0.1.0". Static. Since 0.1.0. */
MIG_API const char *mig_version(void);

/** The name of a status, e.g. "MIG_ELOCKED"; "MIG_ERROR" for an unknown one. Static.
 * Since 0.1.0. */
MIG_API const char *mig_status_name(mig_status status);

/** What a status means, in a few words, e.g. "the database is locked", for use where
 * mig_error_message() does not apply: a binding's exceptions, a call refused with MIG_EMISUSE. Static.
 * Since 0.1.0. */
MIG_API const char *mig_status_message(mig_status status);

/* ---- contexts --------------------------------------------------------------------------- */

/** One function for all memory of a context, like realloc: ptr NULL allocates, size 0
 * frees (and returns NULL). It is called on the thread that uses the context. */
typedef void *(*mig_realloc_fn)(void *user, void *ptr, size_t size);

typedef struct mig_allocator {
	size_t struct_size; /**< sizeof(mig_allocator) */
	mig_realloc_fn realloc_fn; /**< NULL: libc */
	void *user;                /**< handed to it */
} mig_allocator;

/** Takes the next piece of a script: size bytes of text, UTF-8, not NUL-terminated, borrowed for the
 * call. Anything but MIG_OK stops the call that writes it, which returns that status. */
typedef mig_status (*mig_sql_fn)(void *user, const char *text, size_t size);

/** How to open a context. Zero every member that you do not set. Everything but the lent connection,
 * the dialect's table, the allocator's and the script's `user` is copied. */
typedef struct mig_open_options {
	size_t struct_size; /**< sizeof(mig_open_options) */
	/** Where all memory of the context and of its handles comes from; NULL: libc. The function must
	 * work until the last handle of the context is freed, which may be after mig_close(). */
	const mig_allocator *allocator;

	/* -- the database */

	/** The database, e.g. "sqlite:app.db", "sqlite:///app.db", "sqlite::memory:". NULL: no
	 * database (only what reads the revisions works), or the lent connection below. */
	const char *url;
	/** A connection that the host has open already (sqlite3 *, PGconn *), with dialect_name or
	 * dialect. It is returned as it was: never closed, its settings restored. It must not be
	 * inside a transaction. It must stay open until mig_close(). */
	void *connection;
	/** "sqlite", "postgresql", …: with connection; NULL: from the URL's scheme. */
	const char *dialect_name;
	const mig_dialect *dialect; /**< a dialect's table, instead of looking one up by name */
	int32_t create;             /**< a database file that is missing: enum mig_create */
	/** Nonzero: connects to nothing. The URL only names the dialect, for what reads the revisions
	 * alone. */
	int32_t offline;

	/* -- libmig's tables */

	const char *version_table; /**< NULL: "mig_version" */
	const char *history_table; /**< NULL: "mig_history" */
	const char *schema;        /**< schema of both tables; NULL: the database's default */
	/** PostgreSQL: a role that libmig's tables may belong to. The owner of a table can run code
	 * with the rights of roles that write to it. So runs are refused with MIG_EPERMISSION unless the
	 * owner is the current or the login role, the owner of the database or of the schema, a
	 * superuser, a role that the current one is a member of, or this one. Reading does not check the
	 * owner. The owners of functions are checked in the same way before mig_diff() builds a schema
	 * again in a scratch database. NULL: none. */
	const char *trusted_owner;

	/* -- runs */

	const char *database_name; /**< which database=NAME sections apply; NULL: none */
	/** Schemas in which SQL looks for unqualified names during runs, e.g. "app, public", and
	 * where both tables are if schema is NULL. The session's own path is restored. NULL: it is not
	 * changed. */
	const char *search_path;
	/** How long to wait for another process, in milliseconds: 0: 60,000; -1: not at all. */
	int32_t lock_timeout_ms;
	/** Nonzero: foreign keys are enforced while revisions run, so that ON DELETE CASCADE and
	 * similar actions take effect, on an engine that can switch them (SQLite). 0: they are off, as in
	 * SQLite itself, and are checked before each commit. A section overrides this with
	 * foreign_keys=on or off. */
	int32_t foreign_keys;
	/** Nonzero: during a long statement, progress events report how far it is even if that needs a
	 * second connection to the engine (PostgreSQL: pg_stat_progress_create_index and similar views,
	 * and the processes that hold a lock; opened in the run's second second, closed at its end). */
	int32_t watch;
	/** Nonzero: a mig_cancel() that comes between two calls is kept for the next one that works on
	 * the database, which returns MIG_ECANCELLED. For programs whose Ctrl-C applies to everything that
	 * they are about to do. */
	int32_t keep_cancel;
	/** Nonzero: libmig may keep a digest of the version rows in the header of the database's file
	 * (SQLite: PRAGMA user_version). A program with one bundle that is up to date then need not
	 * have the engine read the schema. For databases whose programs do not use that number: one
	 * that is not libmig's is left alone, and the rows are read as usual. Changes of version rows by
	 * other means than libmig are not noticed; a script (the member below) clears the
	 * number if it is written with this option. */
	int32_t header_digest;

	/* -- scratch databases */

	/** Nonzero: works in an empty database that is created next to the one of the URL, and removed by
	 * mig_close() (SQLite: in memory). The URL may be only a scheme, "sqlite:", if the dialect
	 * needs no database for this; otherwise that is MIG_EUNSUPPORTED. */
	int32_t scratch;
	/** Where the scratch databases of mig_diff(), mig_autogenerate() and the member above are made,
	 * if not next to the database: the URL of any database of the same dialect on a server where
	 * that is allowed. NULL: next to the database. */
	const char *scratch_url;

	/* -- a script instead of runs */

	/** Takes a script: mig_upgrade(), mig_downgrade(), mig_stamp(), their _with() forms and
	 * mig_ensure_version() then write what they would do for the engine's own shell (sqlite3, psql),
	 * with its transactions and its rows in libmig's tables, and nothing runs. The context connects to
	 * nothing: the URL only names the dialect. NULL: they run.
	 *
	 * Targets are "FROM:TO", or "TO" for a database at base; a downgrade needs its FROM. The same
	 * revisions give the same script, byte for byte. Each of its transactions takes the migration
	 * lock (SQLite: BEGIN IMMEDIATE), and fails unless the database is where the script expects it.
	 * So a script that is run twice, or on another database, does nothing. The script for a
	 * section outside a transaction holds the lock only on PostgreSQL.
	 *
	 * Errors of those calls: those of identifiers and of the graph, MIG_EBAD_RANGE, MIG_ENO_SECTION;
	 * MIG_EUNSUPPORTED for a revision in C that reads rows or uses operations; what the function
	 * returned. */
	mig_sql_fn script;
	void *script_user; /**< handed to script */
} mig_open_options;

/** Opens a context on the database of a URL.
 *
 * SQLite: "sqlite:PATH", "sqlite:///PATH" (relative), "sqlite:////PATH" (absolute),
 * "sqlite::memory:", or a "file:" URI of SQLite's own. PostgreSQL: "postgresql://USER@HOST/DB" with
 * all that libpq knows (also "postgres:", "postgresql+DRIVER:"), or "host=... dbname=...". The
 * connection is made at once; the schema is not read. For when a missing SQLite file is created see
 * enum mig_create.
 *
 * On an error *out is still a context, to be used only with the mig_error_ functions and mig_close(),
 * or NULL when there was no memory for one. Errors: MIG_ENOMEM, MIG_EINVAL, MIG_ENO_DIALECT, MIG_ECONNECT.
 * Since 0.1.0. */
MIG_API mig_status mig_open(mig_ctx **out, const char *url);

/** What may be shown of a database's URL, e.g. in a log: its scheme, user, host, port and database,
 * or host, hostaddr, port, user and dbname of "host=... dbname=...". Passwords and all parameters are
 * left out. If the text can be read in more than one way, because an @, : or / in it is not
 * escaped, nothing of it is shown: the result is "(a URL that is not shown)", as for NULL.
 *
 * Returns the length of the result in bytes. At most size - 1 bytes of it, and a NUL, are written to
 * out, which may be NULL if size is 0. Allocates nothing, and needs no context. Since 0.1.0. */
MIG_API size_t mig_url_display(const char *url, char *out, size_t size);

/** Resolves a database's URL that was written in a file of `folder`: a relative path of the database's
 * own file becomes relative to `folder`, which may be relative itself. "sqlite:app.db" and "/srv" give
 * "sqlite:/srv/app.db"; a URL of a server, of an absolute path or of a database in memory stays as it
 * is, and so does one whose dialect is not found. Paths in parameters, as PostgreSQL's sslcert, are
 * left alone.
 *
 * Returns the length of the result in bytes. At most size - 1 bytes of it, and a NUL, are written to
 * out, which may be NULL if size is 0. The dialect is loaded; no context is needed. url or folder NULL:
 * the result is empty. Since 0.1.0. */
MIG_API size_t mig_url_resolve(const char *url, const char *folder, char *out, size_t size);

/** mig_open() with options; NULL options are MIG_EINVAL. Since 0.1.0. */
MIG_API mig_status mig_open_with(mig_ctx **out, const mig_open_options *options);

/** Frees the context with everything borrowed from it, and closes the connection that it opened
 * itself. Handles that have their own _free (lists, plans, …) stay valid, and are freed in any
 * order, before or after it. NULL is allowed.
 *
 * Errors: MIG_EMISUSE from inside a callback of the context: then nothing is freed or closed, and the
 * context is to be closed later. Since 0.1.0. */
MIG_API mig_status mig_close(mig_ctx *ctx);

/** Asks the call in progress on the context to stop as soon as it can, even in the middle of a
 * statement. The call returns MIG_ECANCELLED, and the database is as a crash would leave it, before or
 * after a revision. Without a call in progress it does nothing (mig_open_options.keep_cancel). A
 * call that can no longer be stopped succeeds.
 *
 * A server that does not answer is waited for two seconds at most. Then the connection is closed:
 * MIG_ECANCELLED if the context had opened it, MIG_ECONNECT if it was lent, which its host has to
 * close. If that was during a COMMIT, the hint says that its outcome is unknown; the next run reads
 * it. May be called from any thread and from a signal handler, from mig_open()'s return until
 * mig_close(). mig_open() sets *out before it connects, so a signal handler can end that, too.
 * Since 0.1.0. */
MIG_API void mig_cancel(mig_ctx *ctx);

/** The engine's own connection (sqlite3 *), to be used between calls, or NULL. Borrowed.
 * Since 0.1.0. */
MIG_API void *mig_connection(mig_ctx *ctx);

/** Hands over the connection that the context opened: the caller closes it with the engine's own
 * function, after mig_close(); the context works with it until then. NULL if there is none, and
 * from inside a callback. Since 0.1.0. */
MIG_API void *mig_take_connection(mig_ctx *ctx);

/* ---- errors ----------------------------------------------------------------------------- */

/* All of them describe the last failed call on the context. Text is borrowed until the next call
 * on the context; NULL or 0 where a field does not apply. A NULL context reads as "out of memory".
 */

/** One line, without a final newline; names the thing and its place. Never NULL. In a callback whose
 * last call on the context was refused with MIG_EMISUSE, it says so. Since 0.1.0. */
MIG_API const char *mig_error_message(const mig_ctx *ctx);
/** The status that the call returned. Since 0.1.0. */
MIG_API mig_status mig_error_status(const mig_ctx *ctx);
/** The revision that was being run or is at fault. Since 0.1.0. */
MIG_API const char *mig_error_revision(const mig_ctx *ctx);
/** The file at fault, as the folder was given. Since 0.1.0. */
MIG_API const char *mig_error_file(const mig_ctx *ctx);
/** Line in that file, from 1; 0: unknown. Since 0.1.0. */
MIG_API int32_t mig_error_line(const mig_ctx *ctx);
/** Column in that line, in characters from 1; 0: unknown. Since 0.1.0. */
MIG_API int32_t mig_error_column(const mig_ctx *ctx);
/** The failing SQL statement. Since 0.1.0. */
MIG_API const char *mig_error_statement(const mig_ctx *ctx);
/** Five characters, from engines that have them. Since 0.1.0. */
MIG_API const char *mig_error_sqlstate(const mig_ctx *ctx);
/** The engine's own code, e.g. SQLite's extended result code. Since 0.1.0. */
MIG_API int32_t mig_error_native_code(const mig_ctx *ctx);
/** What the engine adds to its message: the duplicate key, the function in which it happened;
 * one line or several. Since 0.1.0. */
MIG_API const char *mig_error_detail(const mig_ctx *ctx);
/** What to do about it, in a sentence. Since 0.1.0. */
MIG_API const char *mig_error_hint(const mig_ctx *ctx);
/** The whole error as one text for people, as `mig` prints it: the message; the line at fault with a caret
 * under the column, from the file or from the revision's text in memory, or the statement if there is
 * no such line; then a line "detail: ..." for each line of the detail, and "hint: ...". E.g.
 *
 *     versions/3f2a_add_email.sql:9:28: revision 3f2a: near ",": syntax error
 *         9 | ALTER TABLE users ADD COLUM, email;
 *           |                            ^
 *     hint: ...
 *
 * Lines are separated by line feeds; there is none at the end. Control characters, and what is not
 * UTF-8, are escaped. Reads the file at fault. Never NULL: without memory it is only the message.
 * Borrowed until the next call on the context, this one included. Since 0.1.0. */
MIG_API const char *mig_error_report(mig_ctx *ctx);

/* ---- callbacks -------------------------------------------------------------------------- */

/** Sets an argument for revisions in C, hooks and the program's own setup, as `mig -x NAME=VALUE`
 * does; a later value replaces an earlier one, and NULL removes it. Both are copied.
 * Since 0.1.0. */
MIG_API mig_status mig_set_argument(mig_ctx *ctx, const char *name, const char *value);
/** The value of an argument, or NULL. Borrowed until it is set again. Since 0.1.0. */
MIG_API const char *mig_argument(const mig_ctx *ctx, const char *name);

/** Takes a log message; the text is borrowed for the call. */
typedef void (*mig_log_fn)(void *user, int32_t level, const char *message);

/** Sets where log messages go; NULL (the default): nowhere. Since 0.1.0. */
MIG_API mig_status mig_set_log(mig_ctx *ctx, mig_log_fn fn, void *user);

enum mig_event {
	MIG_EVENT_RUN_BEGIN = 1,  /**< the lock is held, the plan is made */
	MIG_EVENT_STEP_BEGIN = 2, /**< a revision is about to run, inside its transaction */
	MIG_EVENT_STATEMENT = 3,  /**< a statement is about to run */
	MIG_EVENT_STEP_END = 4,   /**< a revision has run; its transaction may still be open */
	MIG_EVENT_RUN_END = 5,    /**< everything is committed */
	MIG_EVENT_WAITING = 6,    /**< another process holds the lock; sent about once a second */
	MIG_EVENT_WORKING = 7,    /**< a long statement is still running; sent now and then */
	/** A snapshot is about to run in place of all steps (mig_bundle.snapshots): there are no events
	 * of steps then. */
	MIG_EVENT_SNAPSHOT = 8
};

/** What a progress callback gets. Borrowed for the call; later versions may append members. */
typedef struct mig_progress {
	size_t struct_size; /**< bytes of what is there: read no member beyond it */
	int32_t event;        /**< enum mig_event */
	int32_t direction;    /**< MIG_UPGRADE or MIG_DOWNGRADE */
	const char *revision; /**< NULL outside a step */
	const char *message;  /**< the revision's short message; NULL outside a step */
	uint64_t step;        /**< number of this step, from 1; 0 outside a step */
	uint64_t steps;       /**< steps in the plan */
	uint64_t statement;   /**< number of this statement in its section, from 1; or 0 */
	const char *sql;      /**< MIG_EVENT_STATEMENT: its text; not NUL-terminated */
	size_t sql_size;      /**< bytes of sql */
	int64_t elapsed_us;   /**< microseconds since the call began */
	/** MIG_EVENT_WORKING: what the engine is doing, in its words ("building index: scanning
	 * table"), or what it counts (SQLite: "steps" of its virtual machine); NULL: not known.
	 * On PostgreSQL with mig_open_options.watch. */
	const char *work;
	uint64_t work_done;  /**< how far it is with that */
	uint64_t work_total; /**< of how much; 0: not known */
	/** The revision's parents, as its header names them; ends with NULL. NULL outside a step. */
	const char *const *parents;
} mig_progress;

/** Returns 0 to continue; anything else stops the run with MIG_ECANCELLED (at MIG_EVENT_RUN_END it
 * is too late and ignored). */
typedef int32_t (*mig_progress_fn)(void *user, const mig_progress *progress);

/** Sets the progress callback: before and after each step, at each statement, while waiting. NULL
 * (the default): none. Since 0.1.0. */
MIG_API mig_status mig_set_progress(mig_ctx *ctx, mig_progress_fn fn, void *user);

/** Runs inside the step's transaction; may execute SQL through the step. Returns MIG_OK, or a status
 * that fails the step: that of a call on the step, with its error, or any other, which is MIG_EREVISION
 * with the error of the last call on the step, if that failed. */
typedef mig_status (*mig_step_fn)(void *user, mig_step *step);

/** Sets functions to call before and after every step, inside its transaction (e.g. to set a role
 * or write an audit row). What they set for the session stays in effect until the end of the step. Either
 * may be NULL.
 *
 * For a step outside a transaction, `before` runs in the transaction that records the step's beginning,
 * `after` in the one that records its end: each once, also if the process dies in between. What
 * they write is committed with these; what they set for the session (a role, a search path) does not
 * apply to such a section: set it in the section, where it is set again when the section is resumed.
 *
 * In a script (mig_open_options.script) their statements become part of it; one with parameters or
 * rows is MIG_EUNSUPPORTED. Since 0.1.0. */
MIG_API mig_status mig_set_step_hooks(mig_ctx *ctx, mig_step_fn before, mig_step_fn after,
				      void *user);

/** Sets functions to call once in each run of mig_upgrade() or mig_downgrade(), e.g. to record which
 * version of the program has migrated, or to refuse. `before` is called before the first revision that
 * the run begins, and before its hook of mig_set_step_hooks(); `after` is called after the last revision,
 * and after its hook. Both run in the transaction of that revision, even with a transaction for each
 * revision; if they fail, it is undone. mig_step_revision() is the first or last revision. May do what
 * step hooks may. Either may be NULL.
 *
 * A run that finds nothing to do calls neither. When a transaction is repeated, what was called in it
 * is called again. A run that resumes an unfinished step calls `before` before the first revision
 * that it begins itself; if there is none, it calls only `after`. If another process applies the last
 * revisions meanwhile, that process calls `after`. Not called by mig_stamp() and mig_adopt().
 * In scripts instead of runs their statements are part of the script. Since 0.1.0. */
MIG_API mig_status mig_set_run_hooks(mig_ctx *ctx, mig_step_fn before, mig_step_fn after, void *user);

/* ---- where revisions come from ----------------------------------------------------------- */

/** Adds the revision files of a folder: DIR/versions if there is one, otherwise DIR itself. The
 * folder is read when revisions are first needed. Errors: MIG_ENOMEM, MIG_EINVAL. Since 0.1.0. */
MIG_API mig_status mig_add_directory(mig_ctx *ctx, const char *path);

typedef struct mig_directory_options {
	size_t struct_size; /**< sizeof(mig_directory_options) */
	int32_t recursive; /**< nonzero: folders below it as well */
	int32_t exact; /**< nonzero: exactly this folder, even if it has a versions/ */
} mig_directory_options;

/** The same with options (NULL: none). Several folders are read in the order given, the files of
 * each by name. Since 0.1.0. */
MIG_API mig_status mig_add_directory_with(mig_ctx *ctx, const char *path,
					  const mig_directory_options *options);

/** Adds one revision from memory, in the form of a revision file. name stands for the file in
 * messages. Errors: MIG_ESYNTAX and those of the graph, now or at first use. Since 0.1.0. */
MIG_API mig_status mig_add_script(mig_ctx *ctx, const char *name, const char *text, size_t size);

/** Gives revision number index, from 0, from the program's own storage: a table, an archive, the
 * storage of a binding. Sets *name, which stands for the file in messages, and the text in the
 * form of a revision file, both borrowed until the function is called again or the call of libmig
 * returns. Leaves *name NULL past the last one. Returns MIG_OK, or an error if it cannot be read. */
typedef mig_status (*mig_source_fn)(void *user, size_t index, const char **name, const char **text,
				    size_t *size);

/** Adds the revisions that a function gives. It is called when revisions are first needed, and once
 * more from the start after another mig_add_ function. Errors then: the function's own status, and
 * those of mig_add_script(). Since 0.1.0. */
MIG_API mig_status mig_add_source(mig_ctx *ctx, mig_source_fn fn, void *user);

/** A revision written in C. Zero what you do not set; list members are arrays that end with NULL,
 * and NULL stands for an empty one. */
typedef struct mig_revision_def {
	size_t struct_size; /**< sizeof(mig_revision_def) */
	const char *id;      /**< 1 to 255 of A-Z a-z 0-9 _ . */
	const char *message; /**< may be NULL */
	const char *const *revises;       /**< its parents, as full ids */
	const char *const *branch_labels; /**< labels of the branch that begins here */
	const char *const *depends_on;    /**< revisions of other branches that it needs, as ids or labels */
	mig_step_fn upgrade;   /**< required */
	mig_step_fn downgrade; /**< NULL: irreversible, or derived */
	void *user;            /**< handed to both */
	/** Stands for the functions' code in digests: change it when what they do has changed.
	 * NULL: "". */
	const char *version;
	int32_t no_transaction; /**< nonzero: outside a transaction; wants idempotent */
	/** Nonzero, with downgrade NULL: the downgrade is the reverse of the upgrade's operations, which
	 * must all be those of mig/op.h. */
	int32_t derive;
	/** As the attribute of a section: 1: foreign_keys=on, -1: foreign_keys=off, 0: as in
	 * mig_open_options. */
	int32_t foreign_keys;
	/** Nonzero, and required with no_transaction: if the process dies in the functions, they are
	 * called again from their start, and must cope with what they did before. */
	int32_t idempotent;
	/** Nonzero: what the functions do depends only on the database and affects only the database:
	 * they use no clock, no random numbers, no files. A snapshot may then stand for them
	 * (mig_bundle.snapshots). */
	int32_t pure;
	int32_t reserved; /**< 0 */
} mig_revision_def;

/** Adds a revision written in C; the definition is copied, user is kept. Errors: MIG_EINVAL also for
 * no_transaction without idempotent. Since 0.1.0. */
MIG_API mig_status mig_add_revision(mig_ctx *ctx, const mig_revision_def *def);

/** A section of a revision: what its "-- mig:upgrade" or "-- mig:downgrade" line says, and its SQL. */
typedef struct mig_section {
	int32_t direction;      /**< MIG_UPGRADE or MIG_DOWNGRADE */
	int32_t no_transaction; /**< 1: transaction=no */
	const char *dialect;    /**< NULL: every dialect */
	const char *database;   /**< NULL: every database */
	const char *sql;        /**< of one to be written, or of an operation list; NULL otherwise */
	size_t offset;          /**< where its SQL begins in its revision's text, if that is there */
	size_t size;            /**< bytes of it */
	int32_t foreign_keys;   /**< 1: foreign_keys=on, -1: foreign_keys=off, 0: not given */
	int32_t reserved;       /**< 0 */
} mig_section;

/** What the header of a revision says next to its id, message and place in the graph. Later versions
 * append members. */
typedef struct mig_header {
	int32_t lock_timeout_ms;      /**< as mig_run_options.statement_lock_timeout_ms; 0: not given */
	int32_t statement_timeout_ms; /**< as mig_run_options.statement_timeout_ms; 0: not given */
} mig_header;

/** One compiled-in revision. Lists end with NULL. */
typedef struct mig_bundle_revision {
	const char *id;      /**< as in the header */
	const char *message; /**< the whole message; NULL: "" */
	const char *created; /**< RFC 3339, as in the header; NULL: "" */
	const char *file;    /**< its name at build time, for messages */
	const char *const *revises;       /**< ids of its parents; NULL: none */
	const char *const *branch_labels; /**< NULL: none */
	const char *const *depends_on;    /**< NULL: none */
	const char *text;                 /**< the whole file */
	size_t text_size;                 /**< bytes of text, the closing NUL not counted */
	const mig_section *sections;      /**< in the order of the file */
	size_t section_count;             /**< entries of sections */
	uint8_t digest[32];      /**< SHA-256 of its canonical text */
	uint8_t chain[32];       /**< chain digest; zeros: below it are revisions that the program adds */
	mig_header header;       /**< stays the last member, so that it can grow */
} mig_bundle_revision;

/** The database at head as one script, which replaces all revisions in an empty database. Its result was
 * compared with that of the revisions; mig_snapshot_make() makes it. */
typedef struct mig_bundle_snapshot {
	size_t struct_size;  /**< sizeof(mig_bundle_snapshot) */
	const char *dialect; /**< which it is for, e.g. "sqlite" */
	const char *database; /**< for which database=NAME sections it was made; NULL: none */
	/** What the engine must have for the script to give the same as the revisions, in the dialect's
	 * words, e.g. the server's major version; any other database runs the revisions. "": nothing. */
	const char *key;
	const char *text; /**< the script; ends with a NUL at text[text_size] */
	size_t text_size; /**< bytes of text */
	/** How many statements each revision has, for the history, by the bytes of the revisions' ids;
	 * NULL: not known. */
	const uint32_t *statements;
	size_t statement_count; /**< entries of statements: as many as there are revisions */
	/** SHA-256 over the heads' ids and chain digests: the revisions that it stands for. */
	uint8_t heads[32];
} mig_bundle_snapshot;

/** A folder of revisions compiled into the program; `mig embed` writes it. */
typedef struct mig_bundle {
	size_t struct_size;   /**< sizeof(mig_bundle) */
	size_t revision_size; /**< sizeof(mig_bundle_revision) */
	size_t section_size;  /**< sizeof(mig_section) */
	size_t count;         /**< entries of revisions */
	const mig_bundle_revision *revisions; /**< in the order in which the folder is read */
	/** The numbers of its heads, in the order of their ids' bytes: a database that has these
	 * rows is up to date, and nothing else of the bundle is looked at. */
	const uint32_t *heads;
	/** 0: not given, or the heads are not sufficient: the bundle has certain dependencies, or declares
	 * revisions. */
	size_t head_count;
	/** Ids of revisions that belong among these and that the program adds itself, by
	 * mig_add_revision(); ends with NULL. NULL: none. */
	const char *const *declared;
	/** Scripts that stand for all of these revisions, one for a dialect and key. mig_upgrade() runs
	 * one in place of the steps if it would run every revision that the context has, these are the
	 * ones from which the snapshot was made, and the database is empty. An empty database has only
	 * what belongs to extensions, and libmig's own tables without version rows. Otherwise the
	 * revisions run. NULL: none. */
	const mig_bundle_snapshot *snapshots;
	size_t snapshot_count; /**< entries of snapshots */
	size_t snapshot_size;  /**< sizeof(mig_bundle_snapshot) */
} mig_bundle;

/** Adds a compiled-in folder. It is not copied: it must outlive the context, as a constant does. Lists of
 * its revisions that outlive it take copies when the context is closed; without memory for them their
 * entries are empty. Since 0.1.0. */
MIG_API mig_status mig_add_bundle(mig_ctx *ctx, const mig_bundle *bundle);

/* ---- runs -------------------------------------------------------------------------------- */

enum mig_transaction_mode {
	/** One for the whole run: all or nothing. Where the engine demands a commit between two
	 * revisions (PostgreSQL: one adds a value to an enum, a later one uses it), the run is begun
	 * again with a commit there, and the log says so. */
	MIG_TRANSACTION_RUN = 0,
	MIG_TRANSACTION_REVISION = 1 /**< one for each revision */
};

enum mig_edited_mode {
	MIG_EDITED_ERROR = 0, /**< a revision edited after it was applied: MIG_EEDITED */
	/** Only a log message. Steps that then run write the digests of the scripts as they are, so
	 * the edit is not reported again. */
	MIG_EDITED_WARN = 1,
	/** The rows take the digests of the scripts as they are now, and the history says so. */
	MIG_EDITED_ACCEPT = 2
};

typedef struct mig_run_options {
	size_t struct_size; /**< sizeof(mig_run_options) */
	int32_t transaction_mode;     /**< enum mig_transaction_mode */
	int32_t edited;               /**< enum mig_edited_mode */
	int32_t no_foreign_key_check; /**< nonzero: leave out the check before commit */
	int32_t purge;                /**< mig_stamp_with() only: nonzero clears all rows first */
	/** How long a statement may wait for a lock of the engine, and how long it may take in all,
	 * in milliseconds: 0: as the connection has it, -1: for ever. A revision's header overrides
	 * it. For dialects that have them: PostgreSQL. */
	int32_t statement_lock_timeout_ms;
	int32_t statement_timeout_ms; /**< how long it may take in all; same values */
	/** How often a transaction is repeated after a lock time-out, a deadlock or a serialisation
	 * failure, with growing pauses: 0: 10 times; -1: never. Functions
	 * of revisions and hooks are then called again. */
	int32_t retries;
	int32_t replay; /**< nonzero: the revisions run one by one, also where there is a snapshot */
} mig_run_options;

/** Brings the database up to a target: "head", "heads", an id or the unique start of one, a
 * branch label, "LABEL@head", "+2", "ID+1", ... If the database is already at the target, this is one
 * read, and nothing is written. Otherwise the lock is taken, the rows are read again, and everything
 * missing is run in one transaction with its rows in mig_version and mig_history.
 *
 * Errors: those of identifiers and of the graph; MIG_EEDITED, MIG_ENEWER, MIG_EPARTIAL,
 * MIG_ENO_SECTION before anything runs; MIG_ELOCKED after the wait; MIG_ESQL, MIG_ECONSTRAINT,
 * MIG_EREVISION, MIG_EFOREIGN_KEY, MIG_ECANCELLED with the run rolled back. Since 0.1.0. */
MIG_API mig_status mig_upgrade(mig_ctx *ctx, const char *target);
/** The same with options (NULL: none). Since 0.1.0. */
MIG_API mig_status mig_upgrade_with(mig_ctx *ctx, const char *target,
				    const mig_run_options *options);

/** Takes the database down to a target: "-1", "base", an id, "ID-1", "LABEL@base", ...
 * Errors: as mig_upgrade(), and MIG_EIRREVERSIBLE before anything runs. Since 0.1.0.
 *
 * For upgrades and downgrades: a relative target ("-1", "+1", "LABEL@-1") is resolved by the call's first
 * read, as if an unfinished step had not begun, and is absolute from then on. So an interrupted
 * call can be repeated unchanged, and of two simultaneous calls the second one finds the work done. An
 * unfinished step is finished first; a relative target in the other direction is MIG_EPARTIAL.
 *
 * Where a call runs several transactions (a transaction for each revision, or steps outside one) and
 * is killed between two of them, the steps that are committed stay: the repeated call counts from
 * there, so "-2" can undo more than two steps in all. Programs that run unattended should give an
 * absolute target, such as a revision's id. */
MIG_API mig_status mig_downgrade(mig_ctx *ctx, const char *target);
/** The same with options (NULL: none). Since 0.1.0. */
MIG_API mig_status mig_downgrade_with(mig_ctx *ctx, const char *target,
				      const mig_run_options *options);

/** The revisions at which the context's last successful mig_upgrade() or mig_downgrade() left the
 * database: the same as mig_current(), but without another read.
 * Errors: MIG_EMISUSE if there was none since the context was opened, or the one since then failed.
 * Since 0.1.0. */
MIG_API mig_status mig_reached(mig_ctx *ctx, mig_revision_list **out);

/** Sets the rows of the database to a target ("head", "heads", "base", an id, ...) without running
 * anything. An unfinished section outside a transaction is abandoned. Since 0.1.0. */
MIG_API mig_status mig_stamp(mig_ctx *ctx, const char *target);
/** Several targets at once; options may be NULL. Since 0.1.0. */
MIG_API mig_status mig_stamp_with(mig_ctx *ctx, const char *const *targets, size_t count,
				  const mig_run_options *options);

/** Takes over a database that Alembic (Flask-Migrate) has migrated so far, whose revisions have the
 * same ids here: the ids in its version table become the rows of the database, without running
 * anything. table: its name, "SCHEMA.NAME" if it has a schema; NULL: "alembic_version". It is left
 * as it is.
 *
 * Errors: MIG_ESQL if there is no such table; MIG_ENEWER lists ids in it that the scripts do not
 * have; MIG_EEXISTS if the database is at other revisions already, e.g. because it was taken over before
 * and upgraded since, or if a step is unfinished. Since 0.1.0. */
MIG_API mig_status mig_adopt(mig_ctx *ctx, const char *table);

/** The revision that another tool's version stands for. */
typedef struct mig_adopt_pair {
	const char *value;    /**< as text, e.g. "17" */
	const char *revision; /**< a whole id; NULL: before the first revision */
} mig_adopt_pair;

/** Says which revision a value stands for: sets *revision to a whole id, borrowed until the next call,
 * or leaves it NULL: before the first one. Anything but MIG_OK ends mig_adopt_with(), which returns
 * it. */
typedef mig_status (*mig_adopt_fn)(void *user, const char *value, const char **revision);

/** Where another tool, or the program itself, keeps its version. Zero what you do not set. */
typedef struct mig_adopt_options {
	size_t struct_size; /**< sizeof(mig_adopt_options) */
	const char *table;  /**< "NAME" or "SCHEMA.NAME"; NULL: "alembic_version" */
	const char *column; /**< NULL: "version_num" */
	/** Instead of both: a query in the database's own SQL whose first column has the values, e.g.
	 * "PRAGMA user_version", "SELECT value FROM vars WHERE name = 'version'". It may only read. */
	const char *query;
	/** What the values stand for; those that are not listed are MIG_ENEWER. NULL, and no fn: the
	 * values are ids themselves. */
	const mig_adopt_pair *pairs;
	size_t pair_count; /**< entries of pairs */
	size_t pair_size; /**< sizeof(mig_adopt_pair) */
	mig_adopt_fn fn;  /**< instead of pairs */
	void *user;       /**< handed to fn */
	/** Nonzero: a database that libmig has been at already, by its rows or its history, is left as it
	 * is, which is MIG_OK: for a call at each start, before mig_upgrade(). */
	int32_t once;
	/** Nonzero: a query, or a table whose values are translated, that has no row at all stands for
	 * before the first revision. 0: it is MIG_ENOTFOUND, since a condition may be misspelt. A table of
	 * ids, as Alembic has it, may be empty in any case. */
	int32_t allow_empty;
} mig_adopt_options;

/** Takes over a database that something else has migrated so far: its version, or list of applied
 * versions, becomes the rows of the database, without running anything. E.g. a program that has counted
 * in a table of its own:
 *
 *     static const mig_adopt_pair versions[] = { { "0", NULL }, { "1", "0001" }, { "2", "0002" } };
 *     mig_adopt_options from = { sizeof from, "version", "number" };
 *
 *     from.pairs = versions;
 *     from.pair_count = 3;
 *     from.pair_size = sizeof versions[0];
 *     from.once = 1;
 *     rc = mig_adopt_with(ctx, &from);
 *     if (!rc) rc = mig_upgrade(ctx, "head");
 *
 * Of several values those that others imply are left out. What is read is left as it is. When the
 * database is at these revisions already, nothing is written; at others it is MIG_EEXISTS, unless
 * `once` is set.
 *
 * options NULL: as mig_adopt(ctx, NULL). Errors: as mig_adopt(); MIG_ENEWER also for a value that is not
 * among the pairs; MIG_ENOTFOUND for no value at all (allow_empty); MIG_EINVAL also for one that is null,
 * and for a query that does not only read; what fn returned. Since 0.1.0. */
MIG_API mig_status mig_adopt_with(mig_ctx *ctx, const mig_adopt_options *options);

/** Creates the version and history tables if they are missing. Since 0.1.0. */
MIG_API mig_status mig_ensure_version(mig_ctx *ctx);

/* ---- plans ------------------------------------------------------------------------------- */

/** What mig_upgrade() would run now, without a lock and without writing. The rest of an unfinished
 * step comes first. Free the plan with mig_plan_free(). Errors: those of the run before anything
 * runs. Since 0.1.0. */
MIG_API mig_status mig_plan_upgrade(mig_ctx *ctx, const char *target, mig_plan **out);
/** What mig_downgrade() would run now. Since 0.1.0. */
MIG_API mig_status mig_plan_downgrade(mig_ctx *ctx, const char *target, mig_plan **out);
/** Number of steps. Since 0.1.0. */
MIG_API size_t mig_plan_count(const mig_plan *plan);
/** The revision of step i, or NULL past the end. Borrowed from the plan. Since 0.1.0. */
MIG_API const mig_revision *mig_plan_revision(const mig_plan *plan, size_t i);
/** Where the database was when the plan was made, as mig_current() would return it. Borrowed from the
 * plan. Since 0.1.0. */
MIG_API const mig_revision_list *mig_plan_current(const mig_plan *plan);
/** MIG_UPGRADE or MIG_DOWNGRADE. Since 0.1.0. */
MIG_API int32_t mig_plan_direction(const mig_plan *plan);
/** MIG_UPGRADE or MIG_DOWNGRADE of step i: that of the plan, but an unfinished step at its start may have
 * the other one. Since 0.1.0. */
MIG_API int32_t mig_plan_step_direction(const mig_plan *plan, size_t i);
/** How many statements of step i an earlier run has done, if it is unfinished; -1: it has not begun.
 * Since 0.1.0. */
MIG_API int64_t mig_plan_statements_done(const mig_plan *plan, size_t i);
/** 1 if step i runs in a transaction, otherwise 0. Since 0.1.0. */
MIG_API int32_t mig_plan_transactional(const mig_plan *plan, size_t i);
/** The SQL of step i, or the rest of it for an unfinished step: borrowed from the plan, NUL-terminated;
 * *size (may be NULL) its bytes. NULL for a revision written in C, or when the file cannot be read any
 * more. Since 0.1.0. */
MIG_API const char *mig_plan_sql(mig_plan *plan, size_t i, size_t *size);
/** 1 if mig_upgrade() would now run a snapshot in place of the steps (mig_bundle.snapshots);
 * otherwise 0. Since 0.1.0. */
MIG_API int32_t mig_plan_snapshot(const mig_plan *plan);
/** Frees the plan and what was borrowed from it, also after mig_close(). NULL is allowed.
 * Since 0.1.0. */
MIG_API void mig_plan_free(mig_plan *plan);

/* ---- snapshots --------------------------------------------------------------------------- */

typedef struct mig_snapshot mig_snapshot; /**< a snapshot that was made */

/** Makes the snapshot of the context's revisions for its dialect: runs all of them in a scratch
 * database, and writes the result as one script, including the rows that they have inserted and the
 * positions of sequences. The result is compared with that of a second replay, with another clock and
 * time zone as far as the engine allows it, and with what the script makes in an empty database. The
 * context's own database is not changed; it determines where scratch databases are made. `mig embed
 * --snapshot` uses this function.
 *
 * *out is freed with mig_snapshot_free(). The same revisions give the same bytes, with engines that have
 * the same key.
 *
 * Errors: MIG_EUNSUPPORTED if the dialect makes none, for a revision in C that is not `pure`, and for
 * what a snapshot cannot hold; MIG_EPROOF if two replays differ, which names the first revision after
 * which they do, or if the script does not give the same database; those of mig_upgrade().
 * Since 0.1.0. */
MIG_API mig_status mig_snapshot_make(mig_ctx *ctx, mig_snapshot **out);
/** The snapshot in the form for a bundle: borrowed from the snapshot; NULL for NULL. Since 0.1.0. */
MIG_API const mig_bundle_snapshot *mig_snapshot_entry(const mig_snapshot *snapshot);
/** Frees it, also after mig_close(). NULL is allowed. Since 0.1.0. */
MIG_API void mig_snapshot_free(mig_snapshot *snapshot);

/* ---- asking about revisions and the database ---------------------------------------------- */

/** The revisions that the database is at: the newest applied one of each branch, also of a branch
 * that is applied only because a revision of another depends on it. Reads once, creates nothing.
 * Errors: MIG_ENEWER lists rows that the scripts do not have. Since 0.1.0. */
MIG_API mig_status mig_current(mig_ctx *ctx, mig_revision_list **out);

/** 1 in *at_head if the rows are exactly the effective heads, and no step is unfinished; otherwise 0.
 * Reads once. To check whether scripts were edited since, use mig_verify(). Since 0.1.0. */
MIG_API mig_status mig_is_at_head(mig_ctx *ctx, int32_t *at_head);

/** For health checks, before a program serves: MIG_OK if mig_upgrade() to the target (NULL: "heads")
 * would find nothing to do and no error: the database is at or past the target, its
 * rows have the digests of these scripts, and no step is unfinished. Only reads, creates nothing, takes
 * no migration lock, and a role that may only read is enough. One read; with revisions in one bundle they
 * are not even looked at. An SQLite database that is missing is at no revision (MIG_EBEHIND), and with
 * MIG_CREATE_NEVER cannot be opened at all. Like every reader it waits while another connection has the
 * database exclusively, e.g. to commit, for lock_timeout_ms at most: then it returns MIG_ELOCKED, at once
 * if that is -1.
 *
 * Errors: MIG_EBEHIND names what is to be applied; MIG_EEDITED a revision that was edited after it was
 * applied; MIG_EPARTIAL a step that is unfinished, perhaps in progress by another process; MIG_ENEWER
 * rows that the scripts do not have; those of identifiers and of the graph. Since 0.1.0. */
MIG_API mig_status mig_verify(mig_ctx *ctx, const char *target);

/** The step outside a transaction that was begun and is not finished, or NULL in *out if there is none.
 * While there is one, the database is at no revision; the next upgrade or downgrade finishes it
 * first. It may be in progress at this moment, by another process. The answer outlives the context;
 * free it with mig_unfinished_free(). Since 0.1.0. */
MIG_API mig_status mig_unfinished_read(mig_ctx *ctx, mig_unfinished **out);
/** The id of its revision, which the context need not have. Borrowed from the answer. Since 0.1.0. */
MIG_API const char *mig_unfinished_revision(const mig_unfinished *unfinished);
/** MIG_UPGRADE or MIG_DOWNGRADE. Since 0.1.0. */
MIG_API int32_t mig_unfinished_direction(const mig_unfinished *unfinished);
/** How many statements are done. Since 0.1.0. */
MIG_API int64_t mig_unfinished_statements(const mig_unfinished *unfinished);
/** How many it has in all; -1: unknown, or written in C. Since 0.1.0. */
MIG_API int64_t mig_unfinished_total(const mig_unfinished *unfinished);
/** When it was begun (RFC 3339, UTC), by whom (user@host:pid) and with which version of libmig; "" if
 * the table does not say. Since 0.1.0. */
MIG_API const char *mig_unfinished_started_at(const mig_unfinished *unfinished);
/** By whom it was begun: user@host:pid; "" if the table does not say. Since 0.1.0. */
MIG_API const char *mig_unfinished_actor(const mig_unfinished *unfinished);
/** With which version of libmig it was begun; "" if the table does not say. Since 0.1.0. */
MIG_API const char *mig_unfinished_library(const mig_unfinished *unfinished);
/** 1 if the context has its revision, with the statements that are done unchanged: a run can finish
 * it. Otherwise 0. Since 0.1.0. */
MIG_API int32_t mig_unfinished_can_finish(const mig_unfinished *unfinished);
/** NULL is allowed. Since 0.1.0. */
MIG_API void mig_unfinished_free(mig_unfinished *unfinished);

/** Checks every section that would run outside a transaction on the context's dialect: that its
 * transactions end in it, and that no unit of it depends on what an earlier unit left in the session
 * (docs/script-format.md). In every section that applies it also checks that there is a query below each
 * "-- mig:check". Runs make the first check before anything is executed, the second one where the
 * section begins. This function needs no database. Errors: MIG_ETRANSACTION, MIG_ESYNTAX, with file,
 * line and column. Since 0.1.0. */
MIG_API mig_status mig_check_sections(mig_ctx *ctx);

/** The heads: revisions that are not the parent of any other; if effective is nonzero, only those that
 * no other depends on either. Since 0.1.0. */
MIG_API mig_status mig_heads(mig_ctx *ctx, int32_t effective, mig_revision_list **out);
/** The revisions without a parent. Since 0.1.0. */
MIG_API mig_status mig_bases(mig_ctx *ctx, mig_revision_list **out);
/** The branch points: revisions with more than one child. Since 0.1.0. */
MIG_API mig_status mig_branches(mig_ctx *ctx, mig_revision_list **out);
/** What an identifier stands for; "current" and "heads" may be several. Since 0.1.0. */
MIG_API mig_status mig_show(mig_ctx *ctx, const char *id, mig_revision_list **out);
/** Revisions newest first. range is "A:B", either side empty, "current" allowed; NULL: all.
 * Since 0.1.0. */
MIG_API mig_status mig_revisions(mig_ctx *ctx, const char *range, mig_revision_list **out);

/** All revisions in the order in which they are loaded: as their sources were added, the files of a
 * folder by the bytes of their names, those of its sub-folders after them. It decides between plans
 * that are equally good. Since 0.1.0. */
MIG_API mig_status mig_revisions_in_load_order(mig_ctx *ctx, mig_revision_list **out);

/** Number of entries; 0 for NULL. Since 0.1.0. */
MIG_API size_t mig_revision_list_count(const mig_revision_list *list);
/** Entry i, or NULL past the end; borrowed from the list. Since 0.1.0. */
MIG_API const mig_revision *mig_revision_list_at(const mig_revision_list *list, size_t i);
/** Frees the list and what was borrowed from it, also after mig_close(). NULL is allowed.
 * Since 0.1.0. */
MIG_API void mig_revision_list_free(mig_revision_list *list);

/* All borrowed from the list or plan that the revision came from. */

/** Its id. Since 0.1.0. */
MIG_API const char *mig_revision_id(const mig_revision *revision);
/** The first line of the message; "" if there is none. Since 0.1.0. */
MIG_API const char *mig_revision_summary(const mig_revision *revision);
/** The whole message; "" if there is none. Since 0.1.0. */
MIG_API const char *mig_revision_message(const mig_revision *revision);
/** The file, the name given in memory, or NULL for a revision in C. Since 0.1.0. */
MIG_API const char *mig_revision_file(const mig_revision *revision);
/** As the header has it, RFC 3339; "" if it has none. Since 0.1.0. */
MIG_API const char *mig_revision_created(const mig_revision *revision);
/** What else its header says. Borrowed from the list or plan; NULL for NULL. Since 0.1.0. */
MIG_API const mig_header *mig_revision_header(const mig_revision *revision);
/** Number of parents, which the header's `revises` names; 0: a base. Since 0.1.0. */
MIG_API size_t mig_revision_parent_count(const mig_revision *revision);
/** The id of parent i, in the order of the header; NULL past the end. Since 0.1.0. */
MIG_API const char *mig_revision_parent(const mig_revision *revision, size_t i);
/** Revisions that have this one as a parent. Since 0.1.0. */
MIG_API size_t mig_revision_child_count(const mig_revision *revision);
/** The id of child i; NULL past the end. Since 0.1.0. */
MIG_API const char *mig_revision_child(const mig_revision *revision, size_t i);
/** Declared dependencies, as ids. Since 0.1.0. */
MIG_API size_t mig_revision_dependency_count(const mig_revision *revision);
/** The id of dependency i, in the order declared; NULL past the end. Since 0.1.0. */
MIG_API const char *mig_revision_dependency(const mig_revision *revision, size_t i);
/** Branch labels declared on the revision itself. Since 0.1.0. */
MIG_API size_t mig_revision_label_count(const mig_revision *revision);
/** Label i, in the order of the header; NULL past the end. Since 0.1.0. */
MIG_API const char *mig_revision_label(const mig_revision *revision, size_t i);

enum mig_revision_flag {
	MIG_REVISION_HEAD = 1,           /**< no revision has it as a parent */
	MIG_REVISION_EFFECTIVE_HEAD = 2, /**< and no revision depends on it */
	MIG_REVISION_BASE = 4,           /**< has no parent */
	MIG_REVISION_BRANCH_POINT = 8,   /**< has several children */
	MIG_REVISION_MERGE_POINT = 16,   /**< has several parents */
	MIG_REVISION_CURRENT = 32,   /**< the database is at it (lists that read the database) */
	MIG_REVISION_REVERSIBLE = 64 /**< has a downgrade for the context's dialect (after
				      * mig_revision_list_load()) */
};
/** enum mig_revision_flag, or-ed. Since 0.1.0. */
MIG_API uint32_t mig_revision_flags(const mig_revision *revision);

/** Reads what a list leaves out at first: of every entry its digest, chain digest, sections, and
 * whether it is reversible. Since 0.1.0. */
MIG_API mig_status mig_revision_list_load(mig_ctx *ctx, mig_revision_list *list);
/** SHA-256 of the canonical text as 64 hexadecimal digits; "" before mig_revision_list_load().
 * Since 0.1.0. */
MIG_API const char *mig_revision_digest(const mig_revision *revision);
/** The chain digest: over the revision and all below it; "" before mig_revision_list_load().
 * Since 0.1.0. */
MIG_API const char *mig_revision_chain(const mig_revision *revision);
/** Sections; none before mig_revision_list_load(). Since 0.1.0. */
MIG_API size_t mig_revision_section_count(const mig_revision *revision);
/** Section i, or NULL past the end; offset and size are into mig_revision_text(). Since 0.1.0. */
MIG_API const mig_section *mig_revision_section(const mig_revision *revision, size_t i);
/** The whole text: borrowed from the list or plan, NUL-terminated; *size (may be NULL) its bytes. That of
 * a file is read now if it was not before. That of a bundle, of mig_add_script() or mig_add_source() is
 * there after mig_revision_list_load(). NULL before, for a revision in C, and when the file cannot be
 * read. Since 0.1.0. */
MIG_API const char *mig_revision_text(const mig_revision *revision, size_t *size);

/** The rows of the history table, oldest first; empty without the table. Since 0.1.0. */
MIG_API mig_status mig_history_read(mig_ctx *ctx, mig_history_list **out);

/** One row of the history table. Borrowed from its list; later versions append members. */
typedef struct mig_history_entry {
	size_t struct_size;   /**< bytes of what is there: read no member beyond it */
	const char *revision; /**< the revision's id */
	const char *direction;  /**< "upgrade", "downgrade", "stamp" */
	const char *state;      /**< "done", "running" (unfinished), "abandoned" */
	const char *digest;     /**< of the script when it ran; hexadecimal */
	const char *started_at; /**< RFC 3339, UTC */
	const char *actor;      /**< user@host:pid */
	const char *library;    /**< version of libmig */
	int64_t statements;     /**< statements done */
	int64_t duration_us;    /**< microseconds */
} mig_history_entry;

/** Takes one row, which is valid during the call. Anything but MIG_OK ends the reading. */
typedef mig_status (*mig_history_fn)(void *user, const mig_history_entry *entry);
/** Calls fn for each row of the history table, oldest first, without a list of them in memory (the
 * server's answer is, on PostgreSQL). fn may not use the context. Errors: what fn returned. Since
 * 0.1.0. */
MIG_API mig_status mig_history_each(mig_ctx *ctx, mig_history_fn fn, void *user);

/** Number of rows; 0 for NULL. Since 0.1.0. */
MIG_API size_t mig_history_list_count(const mig_history_list *list);
/** Entry i, or NULL past the end; borrowed from the list. Since 0.1.0. */
MIG_API const mig_history_entry *mig_history_list_at(const mig_history_list *list, size_t i);
/** Frees the list and all its entries, also after mig_close(). NULL is allowed. Since 0.1.0. */
MIG_API void mig_history_list_free(mig_history_list *list);

/* ---- inside a revision written in C -------------------------------------------------------- */

/** The id of the revision that runs. Borrowed for the step. Since 0.1.0. */
MIG_API const char *mig_step_revision(const mig_step *step);
/** MIG_UPGRADE or MIG_DOWNGRADE. Since 0.1.0. */
MIG_API int32_t mig_step_direction(const mig_step *step);
/** The running dialect's name, e.g. "sqlite". Since 0.1.0. */
MIG_API const char *mig_step_dialect(const mig_step *step);
/** As mig_argument(). Since 0.1.0. */
MIG_API const char *mig_step_argument(const mig_step *step, const char *name);
/** The engine's own connection (sqlite3 *, PGconn *). Savepoints are allowed; the open transaction
 * must not be ended on it. If it was, the step fails with MIG_ETRANSACTION and nothing is written.
 * SQLite cannot distinguish a transaction that was ended and begun again ("ROLLBACK; BEGIN") from the
 * former one: there the rows of the steps would stay without their tables. PostgreSQL can. Since 0.1.0. */
MIG_API void *mig_step_connection(mig_step *step);
/** Runs statements without parameters or rows. Since 0.1.0. */
MIG_API mig_status mig_step_exec(mig_step *step, const char *sql);
/** The same, and sets *changes to how many rows they have inserted, changed or deleted, added up: as
 * mig_stmt_changes() counts. Errors: also MIG_EUNSUPPORTED where that is not known, such as in a script
 * instead of a run. Since 0.1.0. */
MIG_API mig_status mig_step_exec_changes(mig_step *step, const char *sql, int64_t *changes);
/** Prepares one statement; parameters are written $1, $2, ... without a gap, on every engine. Free it
 * with mig_stmt_free() before the function returns; after the run every other use of it is
 * MIG_EMISUSE. Errors: MIG_EINVAL for other parameters,
 * MIG_ETRANSACTION for a statement that begins or ends a transaction, unless the revision runs outside
 * of one. Since 0.1.0. */
MIG_API mig_status mig_step_prepare(mig_step *step, const char *sql, mig_stmt **out);
/** Fails the step with your own message: `return mig_step_fail(step, "...");`. The step fails also
 * if its function then returns 0. Returns MIG_EREVISION. Since 0.1.0. */
MIG_API mig_status mig_step_fail(mig_step *step, const char *message);
/** The same with a status and a hint, e.g. a refusal of the program's own in a hook:
 *
 *     return mig_step_fail_with(step, MY_REFUSAL, "upgrades are switched off",
 *                               "start once with --database-upgrade=true");
 *
 * The call on the context returns the status, with the message and the hint in mig_error_message(),
 * _hint() and _report(). status: an error of enum mig_status_code, or a number of the program's own,
 * -1000 or less; 0: MIG_EREVISION. message NULL: "failed"; hint NULL: none. Both are copied. Returns
 * the status; MIG_EINVAL for another one, and then the step fails with that. Since 0.1.0. */
MIG_API mig_status mig_step_fail_with(mig_step *step, mig_status status, const char *message,
				      const char *hint);

/** Reports the progress of a long function: the progress callback gets MIG_EVENT_WORKING with these in
 * `work`, `work_done` and `work_total`, at most ten times a second and when done reaches total. what:
 * for people, e.g. "accounts"; borrowed for the call; NULL: nothing. total 0: not known. May be called
 * as often as you like. Returns MIG_OK, or MIG_ECANCELLED after mig_cancel() or when the callback stops
 * the run: return that from the function. Since 0.1.0. */
MIG_API mig_status mig_step_progress(mig_step *step, const char *what, uint64_t done,
				     uint64_t total);
/** Sends a message to the log of mig_set_log(). level: enum mig_log_level. Since 0.1.0. */
MIG_API mig_status mig_step_log(mig_step *step, int32_t level, const char *message);

/* ---- statements with parameters and rows ---------------------------------------------------- */

/** Prepares a statement on the context's database, outside of runs, e.g. to read the version that a
 * program has kept so far: a query with the functions below. Parameters are written $1, $2, ... on
 * every engine. Free it with mig_stmt_free(); after mig_close() every other use of it is
 * MIG_EMISUSE.
 *
 * It is meant for reading. libmig begins no transaction for it and takes no lock: what it writes is
 * committed at once, or with the transaction that the host has begun on a lent connection. Nothing of
 * the session is changed, so text is UTF-8 on a connection that the context opened, and in the session's
 * encoding on a lent one. While it is open, runs are MIG_EMISUSE, and an SQLite query that was not read
 * to its end keeps its read lock. mig_cancel() stops it.
 *
 * Errors, here and of mig_stmt_step(): MIG_ESQL and those of the engine, in the record of the context;
 * MIG_EINVAL for other parameters or several statements; MIG_ETRANSACTION for one that begins or ends a
 * transaction, or sets or releases a savepoint; MIG_EMISUSE without a database. Since 0.1.0. */
MIG_API mig_status mig_query(mig_ctx *ctx, const char *sql, mig_stmt **out);

/* Parameters count from 1. Text and blobs are copied. An index out of range is MIG_EINVAL; binding while
 * rows are being read is MIG_EMISUSE, so that no result begins again unnoticed: reset the statement first.
 * A statement that is done is reset by itself. A statement that outlives its run or its context can
 * only be freed; everything else is MIG_EMISUSE. Errors are in the record of the context, but for those
 * of such a statement and of stmt NULL. */

/** Binds NULL. Errors: MIG_EINVAL if index is out of range. Since 0.1.0. */
MIG_API mig_status mig_stmt_bind_null(mig_stmt *stmt, int32_t index);
/** Binds an integer. Errors: MIG_EINVAL if index is out of range. Since 0.1.0. */
MIG_API mig_status mig_stmt_bind_int64(mig_stmt *stmt, int32_t index, int64_t value);
/** Binds a real. Errors: MIG_EINVAL if index is out of range. Since 0.1.0. */
MIG_API mig_status mig_stmt_bind_double(mig_stmt *stmt, int32_t index, double value);
/** text NULL binds NULL. Since 0.1.0. */
MIG_API mig_status mig_stmt_bind_text(mig_stmt *stmt, int32_t index, const char *text);
/** Binds size bytes, which are copied; data NULL binds NULL. Errors: MIG_EINVAL if index is out of
 * range. Since 0.1.0. */
MIG_API mig_status mig_stmt_bind_blob(mig_stmt *stmt, int32_t index, const void *data, size_t size);
/** Runs on to the next row: *has_row is 1 with a row, 0 when the statement is done. Since 0.1.0. */
MIG_API mig_status mig_stmt_step(mig_stmt *stmt, int32_t *has_row);
/** Makes the statement ready to run again; parameters keep their values. Since 0.1.0. */
MIG_API mig_status mig_stmt_reset(mig_stmt *stmt);
/** How many rows the statement has inserted, changed or deleted itself (not by triggers or cascades) in
 * its last run, once mig_stmt_step() has reported the end; 0 for queries and DDL. -1: not known.
 * Since 0.1.0. */
MIG_API int64_t mig_stmt_changes(mig_stmt *stmt);
/** Number of columns of a row; 0 for a statement without rows. Since 0.1.0. */
MIG_API int32_t mig_stmt_column_count(const mig_stmt *stmt);
/* Columns count from 0 and are read after a step that had a row; what they return is borrowed
 * until the next step, reset or free. The engine converts; NULL reads as 0 and NULL. */

/** What the engine has in the column: enum mig_value_type. Since 0.1.0. */
MIG_API int32_t mig_stmt_type(mig_stmt *stmt, int32_t column);
/** The column as an integer. Since 0.1.0. */
MIG_API int64_t mig_stmt_int64(mig_stmt *stmt, int32_t column);
/** The column as a real. Since 0.1.0. */
MIG_API double mig_stmt_double(mig_stmt *stmt, int32_t column);
/** The column as text: UTF-8, ends with a NUL. Since 0.1.0. */
MIG_API const char *mig_stmt_text(mig_stmt *stmt, int32_t column);
/** *size (may be NULL) is set to its bytes. Since 0.1.0. */
MIG_API const void *mig_stmt_blob(mig_stmt *stmt, int32_t column, size_t *size);
/** NULL is allowed. Since 0.1.0. */
MIG_API void mig_stmt_free(mig_stmt *stmt);

/* ---- making revisions --------------------------------------------------------------------- */

/** What a new environment is made of. Zero every member that you do not set. */
typedef struct mig_init_options {
	size_t struct_size; /**< sizeof(mig_init_options) */
	/** The name of a template that libmig has (mig_template_name()), or the path of a folder (with
	 * a "/") with any of mig.ini, script.sql.tmpl and README; NULL: "generic". */
	const char *template_name;
	/** Where mig.ini is written; NULL: in the folder that DIR is in. */
	const char *config;
	const char *url; /**< the database, for mig.ini; NULL: left out */
	/** What `models` in mig.ini names: files, folders, patterns or URLs, NULL at the end; NULL: left
	 * out. */
	const char *const *models;
	/** What `directory` in mig.ini says: DIR as seen from the file's folder. NULL: with `config`
	 * DIR as it is given, otherwise its last part; it is left out if that is "migrations". */
	const char *directory;
} mig_init_options;

/** Creates an environment: DIR, DIR/versions, DIR/script.sql.tmpl, DIR/README and, last, mig.ini.
 * options may be NULL. Needs no database. What an earlier, killed call left is completed.
 * Relative paths in mig.ini are relative to its folder.
 *
 * Errors: MIG_EEXISTS when DIR is there and not empty, or a mig.ini that differs, which is never
 * changed; MIG_ENOTFOUND for an unknown template; MIG_EINVAL for a value that mig.ini cannot contain;
 * MIG_EIO. Since 0.1.0. */
MIG_API mig_status mig_init_directory(mig_ctx *ctx, const char *dir,
				      const mig_init_options *options);
/** The name of template i that libmig has, or NULL past the last. Static. Since 0.1.0. */
MIG_API const char *mig_template_name(size_t i);
/** What it is for, or NULL. Static. Since 0.1.0. */
MIG_API const char *mig_template_summary(size_t i);

/** What a new revision is. Zero every member that you do not set. */
typedef struct mig_revision_options {
	size_t struct_size;  /**< sizeof(mig_revision_options) */
	const char *message; /**< NULL or "": "empty message" */
	const char *rev_id;  /**< NULL: 12 random hexadecimal digits */
	const char *created; /**< RFC 3339; NULL: now, UTC */

	/* -- its place in the graph */

	const char *const *heads;         /**< parents as identifiers, NULL at the end; NULL: "head" */
	const char *const *depends_on;    /**< NULL at the end; NULL: none */
	const char *const *branch_labels; /**< NULL at the end; NULL: none */

	/* -- its file */

	const char *version_path;  /**< folder to write to; NULL: that of the first parent */
	const char *template_path; /**< NULL: script.sql.tmpl next to versions/, else the built-in one */
	/** The name of the file, without ".sql"; NULL: "%(rev)s_%(slug)s". Also year, month, day, hour,
	 * minute, second (UTC) and epoch, with a width if wanted, e.g. "%(month).2d". The slug are
	 * the words of the message. */
	const char *file_template;
	int32_t slug_length; /**< most bytes of the slug; 0: 40 */
	int32_t splice;      /**< of the graph: nonzero: a parent need not be a head */

	/* -- its text */

	const char *upgrade_sql;     /**< text for the upgrade section; NULL: none */
	const char *downgrade_sql;   /**< text for the downgrade section; NULL: none */
	const mig_section *sections; /**< instead of upgrade_sql and downgrade_sql; or NULL */
	size_t section_count;        /**< entries of sections */
	size_t section_size;         /**< sizeof(mig_section) */
} mig_revision_options;

/** Writes a new revision file into the first (or given) folder of the context. *out is a list of
 * the one revision. Errors: MIG_EMULTIPLE_HEADS, MIG_ENOT_HEAD, MIG_EEXISTS, MIG_EILLEGAL_ID,
 * MIG_ESYNTAX (template), MIG_EIO. Since 0.1.0. */
MIG_API mig_status mig_revision_create(mig_ctx *ctx, const mig_revision_options *options,
				       mig_revision_list **out);

#ifdef __cplusplus
}
#endif
#endif

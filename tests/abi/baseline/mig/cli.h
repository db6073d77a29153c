/* mig/cli.h: the commands of `mig` inside a host program, e.g. `notes db upgrade`.
 *
 *     if (argc > 1 && !strcmp(argv[1], "db")) {
 *             mig_cli_options options = { .struct_size = sizeof options };
 *
 *             options.program = "notes db";
 *             options.url = "sqlite:notes.db";
 *             options.bundle = &notes_migrations;
 *             return mig_cli_main(argc - 1, argv + 1, &options);
 *     }
 *
 * It is in a library of its own, libmig-cli, so that a program without commands does not load what
 * only commands need. */
#ifndef MIG_CLI_H
#define MIG_CLI_H

#include <mig/mig.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What the commands return. */
enum mig_cli_status {
	MIG_CLI_DONE = 0,  /**< done */
	MIG_CLI_ERROR = 1, /**< an error; it is on stderr */
	MIG_CLI_USAGE = 2, /**< the command line is invalid */
	MIG_CLI_FOUND = 3  /**< a check found something */
};

/** Adds the host's own revisions, hooks and settings to a context that has just been opened and
 * has its folders or bundle already. Returns MIG_OK, or a status that ends the command. */
typedef mig_status (*mig_cli_setup_fn)(mig_ctx *ctx, void *user);

/** The host that the commands run in. Zero every member that you do not set. Nothing is copied: all
 * of it must stay as it is during the call. */
typedef struct mig_cli_options {
	size_t struct_size;  /**< sizeof(mig_cli_options) */
	const char *program; /**< how the user calls it, e.g. "notes db"; NULL: "mig" */
	/** The database when neither --url, MIG_URL nor the configuration names one; may be NULL.
	 */
	const char *url;
	/** The environment's folder when neither --directory nor MIG_DIRECTORY names one; NULL:
	 * "migrations". */
	const char *directory;
	/** The revisions compiled into the program, or NULL. They stand in for the folder, unless
	 * --directory or MIG_DIRECTORY names one; commands that write files use the folder. */
	const mig_bundle *bundle;
	/** May be NULL. With it a folder that nobody named need not be there. */
	mig_cli_setup_fn setup;
	void *user; /**< handed to setup */
} mig_cli_options;

/** Runs one command line of mig and returns its exit status, an enum mig_cli_status.
 *
 * argv[0] is skipped; options may be NULL. Being a command line, it reads the environment (MIG_URL,
 * MIG_DIRECTORY, MIG_CONFIG, MIG_APP) and writes to stdout and stderr. While it works, SIGPIPE is
 * ignored, and SIGINT and SIGTERM cancel a run, unless the host handles them itself; all are put
 * back. Not to be called by two threads at once. Since 0.1.0. */
MIG_CLI_API int mig_cli_main(int argc, char **argv, const mig_cli_options *options);

/** What a module named by --app, MIG_APP or `app =` in mig.ini exports, and the program defines: a
 * shared object that the commands load, as FLASK_APP is for `flask db`. It is called once, when the
 * context has been opened and has its folders: it may declare the model (mig_model_of()), add
 * revisions in C, set hooks. Returns MIG_OK, or a status that ends the command.
 *
 *     cc -shared -fPIC -o app.so app.c $(pkg-config --cflags --libs libmig)
 *     MIG_APP=app.so mig migrate -m "add users"
 *
 * A host that calls mig_cli_main() has its setup function instead; MIG_APP and mig.ini then name no
 * module, only --app does. Since 0.1.0. */
MIG_EXPORT mig_status mig_app_setup(mig_ctx *ctx);

#ifdef __cplusplus
}
#endif
#endif

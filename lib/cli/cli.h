/* cli: what the commands share. A command is one file and one row of the table in cli.c: it reads
 * its arguments, makes one public call, and prints. */
#ifndef MIG__CLI_CLI_H
#define MIG__CLI_CLI_H

#include "base/error.h"
#include "cli/args.h"
#include "cli/config.h"
#include "cli/text.h"

#include <mig/cli.h>

struct mig__cli {
	mig_cli_options host;
	const struct mig__cli_command *commands; /* all; ends with a NULL name */
	const char *program;
	char **argv; /* argc of them: what may be quoted in a message */
	int argc;
	struct mig__cli_args args;
	struct mig__cli_config config;
	int quiet, verbose, json;
	int colour;                /* stdout takes it */
	const char *directory;     /* of the environment */
	struct mig__cli_text folder; /* the same, if it was found or mig.ini names it */
	int directory_named;       /* by the command line or the environment */
	const char *url;           /* or NULL */
	struct mig__cli_text file_url; /* mig.ini's, as it is opened; empty: not yet */
	const char **scratch_urls; /* of mig.ini; ends with NULL, or NULL */
	int url_given;             /* by the command line or the environment */
	const char **databases;    /* of mig.ini; ends with NULL, or NULL */
	const char *database;      /* the one of them that is meant, or NULL */
	int offline;               /* the context connects to nothing */
	int script;                /* nor here: it writes a script to out */
	int in_scratch;            /* the context works in a scratch beside the URL */
	int32_t lock_timeout_ms;
	mig_ctx *ctx;
	void *app;                  /* the application's module, or NULL */
	mig_revision_list *current; /* where the database is; NULL: not asked */
	struct mig__cli_text out;   /* what goes to stdout */
	int out_failed;             /* an errno from there */
};

/* What a command needs of the context. */
enum mig__cli_need {
	MIG__CLI_READS = 1,    /* the revisions */
	MIG__CLI_WRITES = 2,   /* the folder, as it writes files or reads them as files */
	MIG__CLI_DATABASE = 4, /* the database */
	MIG__CLI_JSON = 8,     /* knows --json */
	MIG__CLI_BARE = 16,    /* neither configuration nor context */
	MIG__CLI_CHANGES = 32, /* the database */
	MIG__CLI_UNCONFIGURED = 64, /* no mig.ini is searched and read */
	MIG__CLI_ONE = 128          /* of several databases, one has to be chosen */
};

/* What the environment's folder is called unless something says otherwise. */
#define MIG__CLI_FOLDER "migrations"

struct mig__cli_command {
	const char *name;
	const char *words;   /* its arguments, for the usage line */
	const char *summary; /* one line */
	unsigned needs;
	size_t most_words;
	const struct mig__cli_option *options;     /* or NULL */
	const struct mig__cli_option *const *more; /* further tables, NULL at the end; or NULL */
	int (*run)(struct mig__cli *cli);          /* returns an enum mig_cli_status */
};

/* args.c: MIG_CLI_DONE, or the status to exit with */
int mig__cli_parse(struct mig__cli *cli, int argc, char **argv);

/* fail.c: each prints to stderr, after what stdout has waiting, and returns the status */
__attribute__((format(printf, 2, 3))) int mig__cli_fail(struct mig__cli *cli, const char *format,
							...);
__attribute__((format(printf, 2, 3))) int mig__cli_bad_usage(struct mig__cli *cli,
							     const char *format, ...);
/* With the line of the file, and a caret under the column. */
int mig__cli_fail_at(struct mig__cli *cli, const char *file, int32_t line, int32_t column,
		     const char *message);
int mig__cli_no_memory(struct mig__cli *cli);
int mig__cli_error_fail(struct mig__cli *cli, const struct mig__error *err); /* base's */
int mig__cli_ctx_fail(struct mig__cli *cli); /* the last error of the context */
void mig__cli_hint(struct mig__cli *cli, const char *hint);
/* One line for stderr, "PROGRAM: text". */
void mig__cli_say(struct mig__cli *cli, const char *text);

/* terminal.c: whether escape sequences make sense there; colours only without NO_COLOR */
int mig__cli_is_terminal(int fd);
/* Whether somebody can be asked: standard input and output are a terminal. */
int mig__cli_can_ask(void);
int mig__cli_takes_colour(int fd);
/* Whether what is printed may have characters beyond ASCII, by the locale of the environment. */
int mig__cli_takes_utf8(void);
/* Columns of the terminal, at least 20. */
size_t mig__cli_columns(int fd);
enum mig__cli_colour {
	MIG__CLI_PLAIN,
	MIG__CLI_BOLD,
	MIG__CLI_YELLOW = 33,
	MIG__CLI_GREEN = 32,
	MIG__CLI_CYAN = 36
};
/* Writes cli->out to stdout. */
void mig__cli_flush(struct mig__cli *cli);
/* What follows has this colour; nothing if not `on`. */
void mig__cli_paint(struct mig__cli_text *out, int on, enum mig__cli_colour colour);

/* context.c */
int mig__cli_settings(struct mig__cli *cli); /* command line, environment, file */
int mig__cli_open(struct mig__cli *cli, unsigned needs);
/* Whether a URL is of the dialect of a name, or of another URL. */
int mig__cli_is_dialect_of(const char *url, const char *name);
/* The URL that --scratch-url or mig.ini has for the dialect of a name or URL in *out, or NULL; kept: where
 * it may be, to be freed. 0: no memory. */
int mig__cli_scratch_url(const struct mig__cli *cli, const char *dialect, struct mig__cli_text *kept,
			 const char **out);
/* The configuration that -c or MIG_CONFIG names, or NULL. */
const char *mig__cli_config_named(const struct mig__cli *cli);
/* dialects.c: whether the dialect of a URL that is its scheme alone makes scratch databases without one
 * to make them in. */
int mig__cli_needs_no_database(const char *url);
/* Closes what a command has opened; not the command line. */
void mig__cli_close(struct mig__cli *cli);
/* Asks where the database is, for cli->current; keeps what was asked before. */
int mig__cli_read_current(struct mig__cli *cli);
/* config.c: what stands for none in the library's options is -1; 0 is returned for what is not a number. */
int mig__cli_read_seconds(const char *text, int32_t *ms);
int mig__cli_read_count(const char *text, int32_t *count);

/* app.c: loads the application's module, if one is named, and has it set up the context */
int mig__cli_load_app(struct mig__cli *cli);
/* What a setup function returned. */
int mig__cli_setup_result(struct mig__cli *cli, mig_status rc, const char *whose);
void mig__cli_unload_app(struct mig__cli *cli); /* after the context was closed */

/* databases.c: several databases in one environment */
int mig__cli_has_databases(const struct mig__cli *cli); /* and none of them was chosen */
/* Runs the command for each. */
int mig__cli_each_database(struct mig__cli *cli);
/* The same command line for one of them; closed by mig__cli_close(). */
int mig__cli_begin_database(const struct mig__cli *cli, const char *name, struct mig__cli *one);
/* Goes on with the first. */
int mig__cli_first_database(struct mig__cli *cli);

/* sections.c: checks the sections of all revisions for each dialect that they may run on, without a
 * database; the list has its texts */
int mig__cli_check_sections(struct mig__cli *cli, mig_revision_list *list);

/* signals.c: SIGINT and SIGTERM cancel the run of the context between the two */
struct mig__cli_signals;
struct mig__cli_signals *mig__cli_signals_catch(mig_ctx *ctx);
void mig__cli_signals_release(struct mig__cli_signals *signals);

/* run.c */
int mig__cli_run(struct mig__cli *cli, int32_t direction, const char *target);
/* --sql: writes a script. MIG_STAMP, too. */
int mig__cli_sql(struct mig__cli *cli, int32_t direction, const char *range);
/* The same for the tables alone. */
int mig__cli_sql_tables(struct mig__cli *cli);
int mig__cli_check_run(struct mig__cli *cli); /* the options, before anything is opened */
/* E.g. "3f2a9c (head)", "base". */
void mig__cli_add_place(struct mig__cli_text *out, const mig_revision_list *current);
/* Ends a command that sets where the database is, and runs nothing; rc: what came of it. */
int mig__cli_end_unrun(struct mig__cli *cli, mig_status rc);

/* confirm.c: asks on a terminal, without --yes, before a run that loses data or goes down to base;
 * MIG_CLI_ERROR, reported: the answer was not yes */
int mig__cli_confirm(struct mig__cli *cli, int32_t direction, const char *target);
/* Prints cli->out and reads an answer: 1: yes, 0: no, which is also what an end of the input means. */
int mig__cli_ask(struct mig__cli *cli);

/* plan.c */
int mig__cli_plan(struct mig__cli *cli, int32_t direction, const char *target);

/* revision.c: creates, and tells the file */
int mig__cli_create(struct mig__cli *cli, mig_revision_options *options);
/* How mig.ini says that files are called, and what time it is there. */
enum { MIG__CLI_TIME = 40 };
int mig__cli_naming(struct mig__cli *cli, mig_revision_options *options,
		    char created[MIG__CLI_TIME]);
/* However they are spelt; 0 if one is not there. */
int mig__cli_is_same_folder(const char *a, const char *b);
/* hooks.c: what mig.ini says to do with a file that was written */
int mig__cli_run_hooks(struct mig__cli *cli, const char *file);
int mig__cli_check_hooks(struct mig__cli *cli); /* before it is written */
/* Opens the context, and hands what the options say of a new revision to `create`. */
int mig__cli_with_revision(struct mig__cli *cli, unsigned needs,
			   int (*create)(struct mig__cli *cli, mig_revision_options *options));

/* migrate.c: a revision from the difference to the model */
int mig__cli_autogenerate(struct mig__cli *cli);

/* adopt.c: and says where the database is then */
int mig__cli_adopt(struct mig__cli *cli, const mig_adopt_options *options);

/* The commands, and the options of those that have some. */
int mig__cli_cmd_adopt(struct mig__cli *cli);
int mig__cli_cmd_branches(struct mig__cli *cli);
int mig__cli_cmd_check(struct mig__cli *cli);
int mig__cli_cmd_completion(struct mig__cli *cli);
int mig__cli_cmd_current(struct mig__cli *cli);
int mig__cli_cmd_downgrade(struct mig__cli *cli);
int mig__cli_cmd_dump(struct mig__cli *cli);
int mig__cli_cmd_edit(struct mig__cli *cli);
int mig__cli_cmd_embed(struct mig__cli *cli);
int mig__cli_cmd_ensure_version(struct mig__cli *cli);
int mig__cli_cmd_graph(struct mig__cli *cli);
int mig__cli_cmd_heads(struct mig__cli *cli);
int mig__cli_cmd_help(struct mig__cli *cli);
int mig__cli_cmd_history(struct mig__cli *cli);
int mig__cli_cmd_import(struct mig__cli *cli);
int mig__cli_cmd_init(struct mig__cli *cli);
int mig__cli_cmd_list_templates(struct mig__cli *cli);
int mig__cli_cmd_log(struct mig__cli *cli);
int mig__cli_cmd_merge(struct mig__cli *cli);
int mig__cli_cmd_migrate(struct mig__cli *cli);
int mig__cli_cmd_plan(struct mig__cli *cli);
int mig__cli_cmd_revision(struct mig__cli *cli);
int mig__cli_cmd_show(struct mig__cli *cli);
int mig__cli_cmd_stamp(struct mig__cli *cli);
int mig__cli_cmd_status(struct mig__cli *cli);
int mig__cli_cmd_upgrade(struct mig__cli *cli);
extern const struct mig__cli_option mig__cli_adopt_options[], mig__cli_autogenerate_options[],
	mig__cli_current_options[], mig__cli_dump_options[],
	mig__cli_embed_options[], mig__cli_graph_options[], mig__cli_heads_options[],
	mig__cli_ensure_version_options[], mig__cli_init_options[], mig__cli_history_options[],
	mig__cli_import_options[], mig__cli_merge_options[], mig__cli_migrate_options[],
	mig__cli_model_options[], mig__cli_plan_options[], mig__cli_revision_options[],
	mig__cli_run_options[], mig__cli_stamp_options[], mig__cli_status_options[];

/* help.c */
extern const struct mig__cli_option mig__cli_global_options[];
const struct mig__cli_command *mig__cli_find_command(const struct mig__cli *cli, const char *name);
int mig__cli_unknown_command(struct mig__cli *cli, const char *word);
void mig__cli_add_usage(const struct mig__cli *cli, const struct mig__cli_command *command,
			struct mig__cli_text *out);
void mig__cli_add_help(const struct mig__cli *cli, const struct mig__cli_command *command,
		       struct mig__cli_text *out);

#endif

/* context: from settings to a context with its revisions. */
#include "cli/cli.h"
#include "cli/find.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* -- settings */

/* A variable that is set and not empty. */
static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] ? value : NULL;
}

static int read_lock_timeout(struct mig__cli *cli)
{
	const char *own = mig__cli_value(&cli->args, MIG__OPT_LOCK_TIMEOUT);
	const char *text = own;

	if (!text)
		text = mig__cli_config_value(&cli->config, MIG__KEY_LOCK_TIMEOUT);
	if (!text || mig__cli_read_seconds(text, &cli->lock_timeout_ms))
		return MIG_CLI_DONE;
	return mig__cli_bad_usage(cli, "--lock-timeout is not a number of seconds: \"%s\"", text);
}

/* The section of a name alone; or, if [mig] lists it among its databases, over that. */
static int read_sections(struct mig__cli *cli, const char *name)
{
	const char **names;
	int status;

	if (!name)
		return mig__cli_config_read(cli, "mig", MIG__CLI_MUST_BE);
	status = mig__cli_config_read(cli, "mig", MIG__CLI_EVEN_WITHOUT_SECTION);
	if (status)
		return status;
	if (!mig__cli_config_values(&cli->config, MIG__KEY_DATABASES, &names))
		return mig__cli_no_memory(cli);
	for (size_t i = 0; names && names[i] && !cli->database; i++)
		if (!strcmp(names[i], name))
			cli->database = name;
	free(names);
	if (!cli->database)
		mig__cli_config_clear(&cli->config);
	return mig__cli_config_read(cli, name, MIG__CLI_MUST_BE);
}

/* Where the environment is that a file belongs to which does not say so. */
static void set_default_folder(struct mig__cli *cli, const struct mig__cli_found *found)
{
	const char *here = mig__cli_string(&cli->config.here);
	struct mig__cli_text *out = &cli->folder;

	if (found->folder.len) {
		mig__cli_adds(out, mig__cli_string(&found->folder));
		return;
	}
	if (cli->config.path.len) { /* named by -c: it is in the environment's folder, or next to it */
		mig__cli_add_joined(out, here, "versions");
		if (mig__cli_is_folder(mig__cli_string(out))) {
			mig__cli_clear(out);
			mig__cli_adds(out, here);
			return;
		}
		mig__cli_clear(out);
		mig__cli_add_joined(out, here, cli->directory);
		if (mig__cli_is_folder(mig__cli_string(out)))
			return;
	}
	mig__cli_clear(out);
	mig__cli_adds(out, cli->directory);
}

static int set_folder(struct mig__cli *cli, const struct mig__cli_found *found)
{
	const char *folder = mig__cli_config_value(&cli->config, MIG__KEY_DIRECTORY);

	if (cli->directory_named)
		return MIG_CLI_DONE;
	if (folder)
		mig__cli_adds(&cli->folder, folder);
	else
		set_default_folder(cli, found);
	if (cli->folder.failed)
		return mig__cli_no_memory(cli);
	cli->directory = mig__cli_string(&cli->folder);
	return MIG_CLI_DONE;
}

const char *mig__cli_config_named(const struct mig__cli *cli)
{
	const char *path = mig__cli_value(&cli->args, MIG__OPT_CONFIG);

	return path ? path : environment("MIG_CONFIG");
}

static int read_config(struct mig__cli *cli)
{
	const char *path = mig__cli_config_named(cli);
	const char *name =
		cli->database ? cli->database : mig__cli_value(&cli->args, MIG__OPT_NAME);
	struct mig__cli_found found = { 0 };
	int status = MIG_CLI_DONE, start = cli->directory_named || cli->directory[0] == '/';

	if (!path && cli->host.bundle && !cli->directory_named && !name)
		return MIG_CLI_DONE;
	if (!path) {
		status = mig__cli_find(cli, start ? cli->directory : NULL,
				       start ? MIG__CLI_FOLDER : cli->directory, &found);
		path = found.config.len ? found.config.data : NULL;
	}
	if (!status && !path && name) {
		status = mig__cli_fail(cli, "there is no mig.ini with a section [%s]", name);
		mig__cli_hint(cli, "-c names the file");
	}
	if (!status && path)
		status = mig__cli_config_load(cli, path);
	if (!status && path)
		status = read_sections(cli, name);
	if (!status)
		status = set_folder(cli, &found);
	mig__cli_found_finish(&found);
	return status;
}

int mig__cli_settings(struct mig__cli *cli)
{
	int status = MIG_CLI_DONE;

	cli->directory = mig__cli_value(&cli->args, MIG__OPT_DIRECTORY);
	if (!cli->directory)
		cli->directory = environment("MIG_DIRECTORY");
	cli->directory_named = cli->directory != NULL;
	if (!cli->directory)
		cli->directory = cli->host.directory ? cli->host.directory : MIG__CLI_FOLDER;
	if (!cli->directory[0])
		return mig__cli_bad_usage(cli, "the name of the folder is empty");
	if (!(cli->args.command->needs & MIG__CLI_UNCONFIGURED))
		status = read_config(cli);
	if (!status)
		status = read_lock_timeout(cli);
	cli->url = mig__cli_value(&cli->args, MIG__OPT_URL);
	if (!cli->url)
		cli->url = environment("MIG_URL");
	cli->url_given = cli->url != NULL;
	if (!cli->url)
		cli->url = mig__cli_config_value(&cli->config, MIG__KEY_URL);
	if (!cli->url)
		cli->url = cli->host.url;
	if (!status &&
	    !mig__cli_config_values(&cli->config, MIG__KEY_SCRATCH_URL, &cli->scratch_urls))
		status = mig__cli_no_memory(cli);
	if (!status && !mig__cli_config_values(&cli->config, MIG__KEY_DATABASES, &cli->databases))
		status = mig__cli_no_memory(cli);
	return status;
}

/* A relative path in the file's URL is relative to the file; only its dialect knows which that is. */
static int resolve_url(struct mig__cli *cli)
{
	const char *url = mig__cli_config_value(&cli->config, MIG__KEY_URL);

	if (!url || cli->url != url || mig__cli_is_here(&cli->config))
		return MIG_CLI_DONE;
	if (!mig__cli_config_url(&cli->config, url, &cli->file_url))
		return mig__cli_no_memory(cli);
	cli->url = cli->file_url.data;
	return MIG_CLI_DONE;
}

/* -- scratch databases */

/* One scheme of a dialect begins with the other, "postgres:" and "postgresql+psycopg:"; what comes
 * after a "+" is a driver. */
int mig__cli_is_dialect_of(const char *url, const char *name)
{
	size_t n = strcspn(url, ":+"), size = strcspn(name, ":+");

	return n && size && !strncmp(url, name, n < size ? n : size);
}

static const char *of_dialect(const char **urls, const char *name)
{
	for (; urls && *urls; urls++)
		if (mig__cli_is_dialect_of(*urls, name))
			return *urls;
	return NULL;
}

int mig__cli_scratch_url(const struct mig__cli *cli, const char *dialect, struct mig__cli_text *kept,
			 const char **out)
{
	const char *found = NULL;

	for (size_t i = 0; i < cli->args.given_count && !found; i++)
		if (cli->args.given[i].id == MIG__OPT_SCRATCH_URL &&
		    mig__cli_is_dialect_of(cli->args.given[i].value, dialect))
			found = cli->args.given[i].value;
	*out = found;
	if (found)
		return 1;
	found = of_dialect(cli->scratch_urls, dialect);
	if (found && !mig__cli_config_url(&cli->config, found, kept))
		return 0;
	*out = found ? kept->data : NULL;
	return 1;
}

/* -- the context */

static void on_log(void *user, int32_t level, const char *message)
{
	struct mig__cli *cli = user;
	struct mig__cli_text text = { 0 };

	if (level < MIG_LOG_WARNING && level + cli->verbose < MIG_LOG_WARNING)
		return;
	if (level == MIG_LOG_WARNING)
		mig__cli_adds(&text, "warning: ");
	mig__cli_adds(&text, message);
	mig__cli_say(cli, mig__cli_string(&text));
	mig__cli_text_finish(&text);
}

static mig_status on_script(void *user, const char *text, size_t size)
{
	struct mig__cli *cli = user;

	mig__cli_add(&cli->out, text, size);
	return MIG_OK;
}

static int no_folder(struct mig__cli *cli);

static int no_database(struct mig__cli *cli)
{
	if (!cli->config.path.len && !cli->host.bundle && !mig__cli_is_folder(cli->directory)) {
		no_folder(cli);
		return MIG_CLI_USAGE;
	}
	mig__cli_fail(cli, "no database is named");
	mig__cli_hint(cli, "say --url sqlite:FILE, set MIG_URL, or write \"url = sqlite:FILE\" into "
			   "mig.ini");
	return MIG_CLI_USAGE;
}

static int open_context(struct mig__cli *cli, unsigned needs)
{
	const struct mig__cli_config *config = &cli->config;
	mig_open_options o = { .struct_size = sizeof o };
	struct mig__cli_text scratch = { 0 };
	int status = MIG_CLI_DONE;

	if (needs & MIG__CLI_DATABASE) {
		if (!cli->url)
			return no_database(cli);
		if (resolve_url(cli))
			return MIG_CLI_ERROR;
		o.url = cli->url;
		o.lock_timeout_ms = cli->lock_timeout_ms;
		o.version_table = mig__cli_config_value(config, MIG__KEY_VERSION_TABLE);
		o.history_table = mig__cli_config_value(config, MIG__KEY_HISTORY_TABLE);
		/* a schema of its own is not there in a scratch */
		o.schema = cli->in_scratch ? NULL : mig__cli_config_value(config, MIG__KEY_SCHEMA);
		o.scratch = cli->in_scratch;
		o.offline = cli->offline;
		o.script = cli->script ? on_script : NULL;
		o.script_user = cli;
		o.create = needs & MIG__CLI_CHANGES ? MIG_CREATE_MISSING : MIG_CREATE_PRETEND;
		o.watch = !cli->quiet;
		o.keep_cancel = 1; /* Ctrl-C means the command */
		o.search_path = mig__cli_config_value(config, MIG__KEY_SEARCH_PATH);
		o.trusted_owner = mig__cli_value(&cli->args, MIG__OPT_TRUSTED_OWNER);
		if (!o.trusted_owner)
			o.trusted_owner = mig__cli_config_value(config, MIG__KEY_TRUSTED_OWNER);
		if (!o.scratch && !mig__cli_scratch_url(cli, o.url, &scratch, &o.scratch_url))
			return mig__cli_no_memory(cli);
	}
	o.database_name = mig__cli_config_value(config, MIG__KEY_DATABASE_NAME);
	if (!o.database_name)
		o.database_name = cli->database;
	if (mig_open_with(&cli->ctx, &o) || mig_set_log(cli->ctx, on_log, cli))
		status = mig__cli_ctx_fail(cli);
	mig__cli_text_finish(&scratch);
	return status;
}

static int no_folder(struct mig__cli *cli)
{
	struct mig__cli_text hint = { 0 };
	struct stat st;

	if (stat(cli->directory, &st) && errno != ENOENT && errno != ENOTDIR)
		return mig__cli_fail(cli, "%s: %s", cli->directory, strerror(errno));
	if (cli->directory_named || cli->config.path.len) {
		mig__cli_fail(cli, "there is no folder \"%s\"", cli->directory);
		mig__cli_addf(&hint, "\"%s init%s%s\" makes it; --directory or MIG_DIRECTORY names "
				     "another", cli->program, cli->directory_named ? " " : "",
			      cli->directory_named ? cli->directory : "");
	} else {
		mig__cli_fail(cli, "there is no mig.ini and no folder \"%s\", here or in a folder above",
			      cli->directory);
		mig__cli_addf(&hint, "\"%s init\" makes both; -d names a folder with revisions, -c a "
				     "configuration", cli->program);
	}
	mig__cli_hint(cli, mig__cli_string(&hint));
	mig__cli_text_finish(&hint);
	return MIG_CLI_ERROR;
}

static int add_folders(struct mig__cli *cli, unsigned needs)
{
	const struct mig__cli_text *list = &cli->config.values[MIG__KEY_VERSION_LOCATIONS];
	mig_directory_options o = { .struct_size = sizeof o };
	mig_status rc = MIG_OK;

	o.recursive = mig__cli_config_true(&cli->config, MIG__KEY_RECURSIVE);
	if (!list->len) {
		if (mig__cli_is_folder(cli->directory))
			rc = mig_add_directory_with(cli->ctx, cli->directory, &o);
		else if (cli->directory_named || !cli->host.setup || (needs & MIG__CLI_WRITES))
			return no_folder(cli);
		return rc ? mig__cli_ctx_fail(cli) : MIG_CLI_DONE;
	}
	o.exact = 1;
	for (char *p = list->data, *end; !rc && p; p = end) {
		end = strchr(p, '\n');
		if (end)
			*end = '\0';
		rc = mig_add_directory_with(cli->ctx, p, &o);
		if (end)
			*end++ = '\n';
	}
	return rc ? mig__cli_ctx_fail(cli) : MIG_CLI_DONE;
}

/* Whether the host's compiled-in revisions are the ones that are meant. */
static int takes_bundle(const struct mig__cli *cli, unsigned needs)
{
	return cli->host.bundle && !cli->directory_named && !(needs & MIG__CLI_WRITES) &&
	       !mig__cli_config_value(&cli->config, MIG__KEY_VERSION_LOCATIONS);
}

/* -x NAME=VALUE, or NAME for an empty value; --tag TAG */
static int set_arguments(struct mig__cli *cli)
{
	const char *tag = mig__cli_value(&cli->args, MIG__OPT_TAG);
	struct mig__cli_text name = { 0 };
	mig_status rc = tag ? mig_set_argument(cli->ctx, "tag", tag) : MIG_OK;

	for (size_t i = 0; !rc && i < cli->args.given_count; i++) {
		const char *text = cli->args.given[i].value;
		size_t n;

		if (cli->args.given[i].id != MIG__OPT_ARGUMENT)
			continue;
		n = strcspn(text, "=");
		mig__cli_clear(&name);
		mig__cli_add(&name, text, n);
		rc = mig_set_argument(cli->ctx, mig__cli_string(&name),
				      text + n + (text[n] == '='));
	}
	mig__cli_text_finish(&name);
	return rc ? mig__cli_ctx_fail(cli) : MIG_CLI_DONE;
}

static mig_status stand_in(void *user, mig_step *step)
{
	(void)user;
	return mig_step_fail(step, "a revision that a program adds");
}

/* --declare ID[,ID…]: revisions that a program will add, for the places that they have in the graph. */
static int add_declared(struct mig__cli *cli)
{
	mig_revision_def def = { .struct_size = sizeof def, .upgrade = stand_in };
	struct mig__cli_text id = { 0 };
	mig_status rc = MIG_OK;

	for (size_t i = 0; !rc && i < cli->args.given_count; i++) {
		const char *p = cli->args.given[i].value;

		if (cli->args.given[i].id != MIG__OPT_DECLARE)
			continue;
		for (size_t n; !rc; p += n + 1) {
			n = strcspn(p, ",");
			mig__cli_clear(&id);
			mig__cli_add(&id, p, n);
			def.id = mig__cli_string(&id);
			rc = mig_add_revision(cli->ctx, &def);
			if (!p[n])
				break;
		}
	}
	mig__cli_text_finish(&id);
	return rc ? mig__cli_ctx_fail(cli) : MIG_CLI_DONE;
}

int mig__cli_open(struct mig__cli *cli, unsigned needs)
{
	int status = open_context(cli, needs);

	if (!status)
		status = set_arguments(cli);
	if (status || !(needs & (MIG__CLI_READS | MIG__CLI_WRITES)))
		return status;
	if (!takes_bundle(cli, needs))
		status = add_folders(cli, needs);
	else if (mig_add_bundle(cli->ctx, cli->host.bundle))
		status = mig__cli_ctx_fail(cli);
	if (!status && cli->host.setup)
		status = mig__cli_setup_result(cli, cli->host.setup(cli->ctx, cli->host.user),
					       "the program's own setup");
	if (!status)
		status = add_declared(cli);
	return status ? status : mig__cli_load_app(cli);
}

int mig__cli_read_current(struct mig__cli *cli)
{
	if (!cli->current && mig_current(cli->ctx, &cli->current))
		return mig__cli_ctx_fail(cli);
	return MIG_CLI_DONE;
}

void mig__cli_close(struct mig__cli *cli)
{
	mig_revision_list_free(cli->current);
	mig_close(cli->ctx);
	mig__cli_unload_app(cli);
	free(cli->scratch_urls);
	free(cli->databases);
	mig__cli_config_finish(&cli->config);
	mig__cli_text_finish(&cli->folder);
	mig__cli_text_finish(&cli->file_url);
	mig__cli_text_finish(&cli->out);
}

/* init: the commands that make an environment from a template and list the templates. The
 * templates are in the library: api/init.c. What mig.ini is to say comes from the command line, from
 * what is in the working folder, and from questions on a terminal. */
#include "cli/difference.h"
#include "cli/find.h"

#include "base/ascii.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const struct mig__cli_option mig__cli_init_options[] = {
	{ MIG__OPT_FROM_DATABASE, 0, "from-database", NULL,
	  "take over a database that is there: write its schema, and the first revision" },
	{ MIG__OPT_MODELS, 0, "models", "FILE.sql|DIR|URL",
	  "the schema that you want, for mig.ini (default: schema.sql, if there is one)" },
	{ MIG__OPT_TEMPLATE, 't', "template", "NAME|DIR/",
	  "what it is made from (see \"list-templates\"; default: generic)" },
	{ MIG__OPT_MULTIDB, 0, "multidb", NULL, "for several databases, as -t multidb" },
	{ MIG__OPT_NO_INPUT, 0, "no-input", NULL, "ask nothing, also on a terminal" },
	{ 0 }
};

int mig__cli_cmd_list_templates(struct mig__cli *cli)
{
	for (size_t i = 0; mig_template_name(i); i++)
		mig__cli_addf(&cli->out, "%-8s  %s\n", mig_template_name(i),
			      mig_template_summary(i));
	return MIG_CLI_DONE;
}

struct plan {
	const char *dir;    /* of the environment */
	const char *config; /* mig.ini */
	struct mig__cli_text there; /* from the folder of mig.ini to the working one: "", "../", "/srv/app/" */
	struct mig__cli_text url, directory; /* as mig.ini has them; empty: left out */
	char **models;                       /* likewise; ends with NULL, or NULL */
	size_t model_count;
	int guesses; /* what is not given is guessed, or asked for: a template of one's own has it */
	int guessed; /* url or models were found */
	int takes;   /* the schema of a database that is there */
};

static void finish(struct plan *p)
{
	mig__cli_text_finish(&p->there);
	mig__cli_text_finish(&p->url);
	mig__cli_text_finish(&p->directory);
	for (size_t i = 0; i < p->model_count; i++)
		free(p->models[i]);
	free(p->models);
}

/* -- paths, as seen from the folder of mig.ini */

static int set_there(struct mig__cli *cli, struct plan *p)
{
	const char *slash = strrchr(p->config, '/'), *part = p->config;
	char *folder;

	if (!slash)
		return MIG_CLI_DONE;
	if (p->config[0] != '/' && !strstr(p->config, "..")) {
		for (; part < slash; part = strchr(part, '/') + 1)
			if (part[0] != '/' && strncmp(part, "./", 2) != 0)
				mig__cli_adds(&p->there, "../");
		return MIG_CLI_DONE;
	}
	folder = realpath(".", NULL);
	if (!folder)
		return mig__cli_fail(cli, "the working folder has no path any more");
	mig__cli_addf(&p->there, "%s/", strcmp(folder, "/") ? folder : "");
	free(folder);
	return MIG_CLI_DONE;
}

/* The path without what leads to the file's folder, or with the way from there. */
static void add_path(const struct plan *p, struct mig__cli_text *out, const char *path)
{
	const char *slash = strrchr(p->config, '/');
	size_t n = slash ? (size_t)(slash - p->config) + 1 : 0;

	if (n && !strncmp(path, p->config, n) && path[n])
		path += n;
	else if (path[0] != '/')
		mig__cli_adds(out, mig__cli_string(&p->there));
	mig__cli_adds(out, path);
}

static void add_url(const struct plan *p, struct mig__cli_text *out, const char *url)
{
	size_t size;

	if (!p->there.len) {
		mig__cli_adds(out, url);
		return;
	}
	size = mig_url_resolve(url, p->there.data, NULL, 0);
	mig__cli_addn(out, ' ', size);
	if (!out->failed)
		mig_url_resolve(url, p->there.data, out->data, size + 1);
}

/* URL, PATH or DIALECT=PATH, as --models has it. */
static int add_model(struct mig__cli *cli, struct plan *p, const char *name)
{
	char **models = realloc(p->models, (p->model_count + 2) * sizeof *models);
	size_t n = mig__cli_dialect_length(name);
	struct mig__cli_text text = { 0 };

	if (models)
		p->models = models;
	if (!n && mig__cli_is_url(name)) {
		add_url(p, &text, name);
	} else {
		mig__cli_add(&text, name, n ? n + 1 : 0);
		add_path(p, &text, name + (n ? n + 1 : 0));
	}
	if (!models || text.failed || !text.len) {
		int failed = !models || text.failed;

		mig__cli_text_finish(&text);
		return failed ? mig__cli_no_memory(cli) : mig__cli_bad_usage(cli, "--models: the name is empty");
	}
	models[p->model_count++] = text.data;
	models[p->model_count] = NULL;
	return MIG_CLI_DONE;
}

/* -- guesses and questions */

static int is_database(const char *name)
{
	static const char *const ends[] = { ".db", ".sqlite", ".sqlite3" };
	size_t n = strlen(name);

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (name[0] != '.' && n > strlen(ends[i]) &&
		    !strcmp(name + n - strlen(ends[i]), ends[i]))
			return 1;
	return 0;
}

/* A file whose name means itself in a URL and in mig.ini. */
static int is_plain_file(const char *name)
{
	static const char plain[] = MIG__LETTERS MIG__DIGITS "._- ";
	struct stat st;

	return !name[strspn(name, plain)] && !stat(name, &st) && S_ISREG(st.st_mode);
}

/* The one database in the working folder; nothing if there are several. */
static void guess_url(struct mig__cli_text *out)
{
	struct dirent *e;
	DIR *d = opendir(".");
	int count = 0;

	while (d && (e = readdir(d)))
		if (is_database(e->d_name) && is_plain_file(e->d_name) && !count++)
			mig__cli_addf(out, "sqlite:%s", e->d_name);
	if (d)
		closedir(d);
	if (count != 1)
		mig__cli_clear(out);
}

/* A line from the terminal in *answer; what was guessed if that is empty. */
static int ask(struct mig__cli *cli, const char *question, struct mig__cli_text *answer)
{
	struct mig__cli_text line = { 0 };
	int c;

	mig__cli_adds(&cli->out, question);
	mig__cli_adds(&cli->out, " [");
	if (answer->len)
		mig__cli_shown(&cli->out, answer->data);
	mig__cli_adds(&cli->out, answer->len ? "]: " : "none]: ");
	mig__cli_flush(cli);
	while ((c = getc(stdin)) != EOF && c != '\n') {
		char byte = (char)c;

		mig__cli_add(&line, &byte, 1);
	}
	while (line.len && strchr(" \t\r", line.data[line.len - 1]))
		line.data[--line.len] = '\0';
	if (line.len) {
		mig__cli_clear(answer);
		mig__cli_adds(answer, line.data + strspn(line.data, " \t"));
	}
	answer->failed |= line.failed;
	mig__cli_text_finish(&line);
	return answer->failed ? mig__cli_no_memory(cli) : MIG_CLI_DONE;
}

static int may_ask(const struct mig__cli *cli)
{
	return !cli->quiet && !mig__cli_count(&cli->args, MIG__OPT_NO_INPUT) && mig__cli_can_ask();
}

static int choose_url(struct mig__cli *cli, struct plan *p)
{
	const char *given = mig__cli_value(&cli->args, MIG__OPT_URL);
	struct mig__cli_text url = { 0 };
	int status = MIG_CLI_DONE;

	if (given) {
		add_url(p, &p->url, given);
	} else if (p->guesses && !cli->url) { /* MIG_URL is there for what is to be in no file */
		guess_url(&url);
		p->guessed |= url.len > 0;
		if (may_ask(cli))
			status = ask(cli, "URL of the database, e.g. sqlite:app.db or postgresql:///app",
				     &url);
		if (!status && url.len)
			add_url(p, &p->url, url.data);
	}
	mig__cli_text_finish(&url);
	return status || !p->url.failed ? status : mig__cli_no_memory(cli);
}

/* Where the schema of a database that is there is written. */
static const char *taken_schema(const struct mig__cli *cli)
{
	const char *given = mig__cli_value(&cli->args, MIG__OPT_MODELS);

	return given ? given : "schema.sql";
}

static int choose_models(struct mig__cli *cli, struct plan *p)
{
	struct mig__cli_text name = { 0 };
	const char **given;
	int status = MIG_CLI_DONE;

	if (p->takes)
		return add_model(cli, p, taken_schema(cli));
	if (!mig__cli_values(&cli->args, MIG__OPT_MODELS, &given))
		return mig__cli_no_memory(cli);
	for (size_t i = 0; !status && given && given[i]; i++)
		status = add_model(cli, p, given[i]);
	if (!given && p->guesses && !cli->host.setup) {
		if (!access("schema.sql", R_OK))
			mig__cli_adds(&name, "schema.sql");
		p->guessed |= name.len > 0;
		if (may_ask(cli))
			status = ask(cli, "File with the schema that you want, as SQL", &name);
		if (!status && name.len)
			status = add_model(cli, p, name.data);
	}
	free(given);
	mig__cli_text_finish(&name);
	return status;
}

/* -- the command */

static void add_next(struct mig__cli *cli, const struct plan *p)
{
	struct mig__cli_text *out = &cli->out;

	mig__cli_adds(out, "Next: ");
	if (p->model_count == 1 && !mig__cli_is_url(p->models[0]) && !p->there.len &&
	    access(p->models[0], F_OK) && !strpbrk(p->models[0], "=*?[")) {
		mig__cli_adds(out, "write ");
		mig__cli_shown(out, p->models[0]);
		mig__cli_adds(out, ", then ");
	}
	mig__cli_shown(out, cli->program);
	mig__cli_adds(out, p->model_count || cli->host.setup
				   ? " migrate -m \"Initial migration\"\n"
				   : " revision -m \"what it changes\"\n");
}

static void say_made(struct mig__cli *cli, const struct plan *p)
{
	struct mig__cli_text *out = &cli->out;

	mig__cli_adds(out, "Created ");
	mig__cli_shown(out, p->config);
	mig__cli_adds(out, ", and ");
	mig__cli_shown(out, p->dir);
	mig__cli_adds(out, " with versions/, script.sql.tmpl and README.\n");
	if (p->guessed && p->url.len) {
		mig__cli_adds(out, "  url = ");
		mig__cli_add_url(out, p->url.data);
		mig__cli_adds(out, "\n");
	}
	for (size_t i = 0; p->guessed && i < p->model_count; i++) {
		mig__cli_adds(out, "  models = ");
		mig__cli_shown(out, p->models[i]);
		mig__cli_adds(out, "\n");
	}
	add_next(cli, p);
}

static int choose(struct mig__cli *cli, struct plan *p, int several)
{
	const char *config = mig__cli_config_named(cli);
	int status;

	p->dir = cli->args.word_count ? cli->args.words[0] : cli->directory;
	p->config = config ? config : "mig.ini";
	status = set_there(cli, p);
	if (status)
		return status;
	if (p->takes && (several || mig__cli_count(&cli->args, MIG__OPT_MODELS) > 1 ||
			 mig__cli_is_url(taken_schema(cli)) || mig__cli_dialect_length(taken_schema(cli))))
		return mig__cli_bad_usage(cli, "--from-database writes one file with the schema of one database");
	if (several && (mig__cli_value(&cli->args, MIG__OPT_URL) || mig__cli_value(&cli->args, MIG__OPT_MODELS)))
		return mig__cli_bad_usage(cli, "--url and --models do not go with several databases: "
					       "each has them in its own section");
	add_path(p, &p->directory, p->dir);
	if (p->directory.failed || p->there.failed)
		return mig__cli_no_memory(cli);
	if (several)
		return MIG_CLI_DONE;
	status = choose_url(cli, p);
	return status ? status : choose_models(cli, p);
}

/* The database of --url, MIG_URL, or what was found in the working folder. */
static int open_taken(struct mig__cli *cli, const struct plan *p)
{
	if (!cli->url && p->url.len && !p->there.len)
		cli->url = p->url.data;
	if (!cli->url) {
		mig__cli_bad_usage(cli, "--from-database: no database is named");
		mig__cli_hint(cli, "say --url, e.g. sqlite:app.db");
		return MIG_CLI_USAGE;
	}
	mig_close(cli->ctx);
	cli->ctx = NULL;
	return mig__cli_open(cli, MIG__CLI_DATABASE);
}

/* A project in a folder above is not found from here any more. */
static int look_above(struct mig__cli *cli, const struct plan *p, struct mig__cli_found *above)
{
	if (mig__cli_config_named(cli) || strchr(p->config, '/'))
		return MIG_CLI_DONE;
	return mig__cli_find(cli, NULL, MIG__CLI_FOLDER, above);
}

static void warn_of_above(struct mig__cli *cli, const struct mig__cli_found *above)
{
	struct mig__cli_text line = { 0 };

	if (!above->config.len || strncmp(above->config.data, "..", 2) != 0)
		return;
	mig__cli_adds(&line, "warning: this folder is inside the project of ");
	mig__cli_shown(&line, above->config.data);
	mig__cli_adds(&line, ", which commands in this folder no longer use");
	mig__cli_say(cli, mig__cli_string(&line));
	mig__cli_text_finish(&line);
}

static int make_it(struct mig__cli *cli, const struct plan *p, const mig_init_options *options)
{
	int status = p->takes ? open_taken(cli, p) : MIG_CLI_DONE;

	if (status)
		return status;
	if (p->takes)
		return mig__cli_take_database(cli, p->dir, taken_schema(cli), options);
	if (mig_init_directory(cli->ctx, p->dir, options))
		return mig__cli_ctx_fail(cli);
	if (!cli->quiet)
		say_made(cli, p);
	return MIG_CLI_DONE;
}

static int make(struct mig__cli *cli, const struct plan *p, const mig_init_options *options)
{
	struct mig__cli_found above = { 0 };
	int status = look_above(cli, p, &above);

	if (!status)
		status = make_it(cli, p, options);
	if (!status)
		warn_of_above(cli, &above);
	mig__cli_found_finish(&above);
	return status;
}

int mig__cli_cmd_init(struct mig__cli *cli)
{
	mig_init_options options = { .struct_size = sizeof options };
	struct plan p = { .takes = mig__cli_count(&cli->args, MIG__OPT_FROM_DATABASE) > 0 };
	int status = mig__cli_open(cli, cli->args.command->needs);

	options.template_name = mig__cli_value(&cli->args, MIG__OPT_TEMPLATE);
	if (!options.template_name && mig__cli_count(&cli->args, MIG__OPT_MULTIDB))
		options.template_name = "multidb";
	p.guesses = !options.template_name || !strcmp(options.template_name, "generic");
	if (!status)
		status = choose(cli, &p, options.template_name && !strcmp(options.template_name, "multidb"));
	if (!status) {
		options.config = p.config;
		options.url = p.url.len ? p.url.data : NULL;
		options.models = (const char *const *)p.models;
		options.directory = mig__cli_string(&p.directory);
		status = make(cli, &p, &options);
	}
	cli->url = NULL; /* of the plan */
	finish(&p);
	return status;
}

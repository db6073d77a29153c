/* import: revision files from an environment of Alembic, and the place of a database that it has
 * migrated. Everything is made in memory, and read by the library as if it were in the folder;
 * only then it is written. */
#include "base/file.h"
#include "cli/alembic.h"
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const struct mig__cli_option mig__cli_import_options[] = {
	{ MIG__OPT_SQL, 0, "sql", "[DIALECT=]FILE",
	  "what \"alembic upgrade --sql\" or \"downgrade --sql\" printed; repeatable" },
	{ MIG__OPT_DATABASE, 0, "database", "NAME",
	  "the SQL of the options behind it is that of one database of several" },
	{ MIG__OPT_RECORD, 0, "record", NULL,
	  "run the revisions with the project's Alembic on a scratch SQLite database, and take what it "
	  "executes" },
	{ MIG__OPT_PYTHON, 0, "python", "PROGRAM",
	  "the Python with that Alembic (default: python3)" },
	{ MIG__OPT_ADOPT, 0, "adopt", NULL,
	  "then set where the database is, as Alembic has it; nothing is run" },
	{ MIG__OPT_TABLE, 0, "table", "NAME",
	  "Alembic's version table (default: alembic_version)" },
	{ 0 }
};

/* A file of SQL, and what its sections are for. */
struct source {
	struct mig__cli_text text, scope;
};

/* A file to write. */
struct output {
	struct mig__cli_text path, text;
	int written;
};

struct import {
	struct mig__cli *cli;
	struct source *sources; /* one an option, most of them empty, and one for recording alone */
	struct mig__alembic alembic;
	struct mig__cli_text folder;
	struct output *outputs; /* one a revision */
};

/* -- reading */

static int read_source(struct import *im, const char *value, const char *database,
		       struct source *source)
{
	size_t n = mig__cli_dialect_length(value);
	const char *file = value + n + (n > 0);
	int status;

	if (n)
		mig__cli_addf(&source->scope, " dialect=%.*s", (int)n, value);
	if (database)
		mig__cli_addf(&source->scope, " database=%s", database);
	if (source->scope.failed)
		return mig__cli_no_memory(im->cli);
	status = mig__alembic_load(&im->alembic, file, &source->text);
	if (status)
		return status;
	return mig__alembic_read_sql(&im->alembic, file, source->text.data, source->text.len,
				     mig__cli_string(&source->scope));
}

static int read_sources(struct import *im)
{
	const struct mig__cli_args *args = &im->cli->args;
	const char *database = NULL;
	int status = MIG_CLI_DONE;

	for (size_t i = 0; !status && i < args->given_count; i++) {
		const struct mig__cli_given *given = &args->given[i];

		if (given->id == MIG__OPT_DATABASE)
			database = given->value;
		else if (given->id == MIG__OPT_SQL)
			status = read_source(im, given->value, database, &im->sources[i]);
	}
	return status;
}

static int record_source(struct import *im, const char *database, struct source *source)
{
	const char *python = mig__cli_value(&im->cli->args, MIG__OPT_PYTHON);
	int status;

	mig__cli_adds(&source->scope, " dialect=sqlite");
	if (database)
		mig__cli_addf(&source->scope, " database=%s", database);
	if (source->scope.failed)
		return mig__cli_no_memory(im->cli);
	status = mig__alembic_record(&im->alembic, python ? python : "python3", im->cli->args.words[1], database,
				     &source->text);
	if (status)
		return status;
	return mig__alembic_read_sql(&im->alembic, "what was recorded", source->text.data, source->text.len,
				     mig__cli_string(&source->scope));
}

/* Once, or once for each database that is named. */
static int record_sources(struct import *im)
{
	const struct mig__cli_args *args = &im->cli->args;
	size_t count = mig__cli_count(args, MIG__OPT_DATABASE);
	int status = MIG_CLI_DONE;

	if (!count)
		return record_source(im, NULL, &im->sources[args->given_count]);
	for (size_t i = 0; !status && i < args->given_count; i++)
		if (args->given[i].id == MIG__OPT_DATABASE)
			status = record_source(im, args->given[i].value, &im->sources[i]);
	return status;
}

static int read_all(struct import *im)
{
	const struct mig__cli_args *args = &im->cli->args;
	int status = MIG_CLI_DONE;

	im->sources = calloc(args->given_count + 1, sizeof *im->sources);
	if (!im->sources)
		return mig__cli_no_memory(im->cli);
	for (size_t i = 1; !status && i < args->word_count; i++)
		status = mig__alembic_read_folder(&im->alembic, args->words[i]);
	if (!status)
		status = read_sources(im);
	if (!status && mig__cli_count(args, MIG__OPT_RECORD))
		status = record_sources(im);
	return status ? status : mig__alembic_join(&im->alembic);
}

/* -- rendering */

/* Where "mig revision" would write its first file. */
static int choose_folder(struct import *im)
{
	const char *list = mig__cli_config_value(&im->cli->config, MIG__KEY_VERSION_LOCATIONS);
	struct stat st;

	if (list)
		mig__cli_add(&im->folder, list, strcspn(list, "\n"));
	else
		mig__cli_addf(&im->folder, "%s/versions", im->cli->directory);
	if (im->folder.failed)
		return mig__cli_no_memory(im->cli);
	if (!list && (stat(im->folder.data, &st) || !S_ISDIR(st.st_mode))) {
		mig__cli_clear(&im->folder);
		mig__cli_adds(&im->folder, im->cli->directory);
	}
	return MIG_CLI_DONE;
}

static int render_all(struct import *im)
{
	const struct mig__alembic *a = &im->alembic;

	im->outputs = calloc(a->revision_count + 1, sizeof *im->outputs);
	if (!im->outputs)
		return mig__cli_no_memory(im->cli);
	for (size_t i = 0; i < a->revision_count; i++) {
		struct output *o = &im->outputs[i];

		mig__cli_addf(&o->path, "%s/%s.sql", mig__cli_string(&im->folder),
			      mig__cli_string(&a->revisions[i].stem));
		mig__alembic_render(a, &a->revisions[i], &o->text);
		if (o->path.failed || o->text.failed)
			return mig__cli_no_memory(im->cli);
		if (!access(o->path.data, F_OK))
			return mig__cli_fail(im->cli, "%s: exists already", o->path.data);
	}
	return MIG_CLI_DONE;
}

/* -- checking */

/* The folder's own revisions and the new ones must make one graph. */
static int check_all(struct import *im)
{
	const struct mig__alembic *a = &im->alembic;
	mig_revision_list *list = NULL;
	int status;

	for (size_t i = 0; i < a->revision_count; i++) {
		const struct output *o = &im->outputs[i];

		if (mig_add_script(im->cli->ctx, o->path.data, o->text.data, o->text.len))
			return mig__cli_ctx_fail(im->cli);
	}
	status =
		mig_revisions(im->cli->ctx, NULL, &list) || mig_revision_list_load(im->cli->ctx, list)
			? mig__cli_ctx_fail(im->cli)
			: MIG_CLI_DONE;
	mig_revision_list_free(list);
	return status;
}

/* -- writing */

static int write_one(struct import *im, size_t i)
{
	struct output *o = &im->outputs[i];
	int status = MIG_CLI_DONE;
	struct mig__error err;

	mig__error_init(&err, &mig__alloc_libc);
	if ((i ? mig__file_create_next : mig__file_create)(o->path.data, o->text.data, o->text.len, &err))
		status = mig__cli_error_fail(im->cli, &err);
	else
		o->written = 1;
	mig__error_clear(&err);
	return status;
}

/* All or none. */
static int write_all(struct import *im)
{
	size_t count = im->alembic.revision_count;
	int status = MIG_CLI_DONE;

	for (size_t i = 0; !status && i < count; i++)
		status = write_one(im, i);
	for (size_t i = 0; status && i < count; i++)
		if (im->outputs[i].written)
			unlink(im->outputs[i].path.data);
	return status;
}

static void tell(struct import *im)
{
	const struct mig__alembic *a = &im->alembic;
	struct mig__cli_text *out = &im->cli->out;
	size_t one_way = 0;

	if (im->cli->quiet)
		return;
	for (size_t i = 0; i < a->revision_count; i++)
		one_way += !mig__alembic_has_downgrade(a, &a->revisions[i]);
	mig__cli_addf(out, "Imported %zu revision%s into ", a->revision_count,
		      a->revision_count == 1 ? "" : "s");
	mig__cli_shown(out, mig__cli_string(&im->folder));
	if (one_way)
		mig__cli_addf(out, ", %zu without a downgrade", one_way);
	mig__cli_adds(out, ".\n");
}

static int import(struct import *im)
{
	int status = read_all(im);

	if (!status)
		status = choose_folder(im);
	if (!status)
		status = render_all(im);
	if (!status)
		status = check_all(im);
	if (!status)
		status = write_all(im);
	if (!status)
		tell(im);
	return status;
}

/* -- the database */

static int adopt(struct mig__cli *cli)
{
	mig_adopt_options options = { .struct_size = sizeof options,
				      .table = mig__cli_value(&cli->args, MIG__OPT_TABLE) };

	return mig__cli_adopt(cli, &options);
}

static void import_finish(struct import *im)
{
	for (size_t i = 0; im->outputs && i < im->alembic.revision_count; i++) {
		mig__cli_text_finish(&im->outputs[i].path);
		mig__cli_text_finish(&im->outputs[i].text);
	}
	for (size_t i = 0; im->sources && i <= im->cli->args.given_count; i++) {
		mig__cli_text_finish(&im->sources[i].text);
		mig__cli_text_finish(&im->sources[i].scope);
	}
	free(im->outputs);
	free(im->sources);
	mig__cli_text_finish(&im->folder);
	mig__alembic_finish(&im->alembic);
}

static int check_words(struct mig__cli *cli, int *files)
{
	const struct mig__cli_args *args = &cli->args;
	int records;

	if (!args->word_count)
		return mig__cli_bad_usage(cli, "\"import\" needs what to import from: alembic");
	if (strcmp(args->words[0], "alembic") != 0)
		return mig__cli_bad_usage(cli, "cannot import from \"%s\", only from alembic",
					  args->words[0]);
	records = mig__cli_count(args, MIG__OPT_RECORD) > 0;
	*files = records || mig__cli_count(args, MIG__OPT_SQL) > 0;
	if (!*files && args->word_count > 1)
		return mig__cli_bad_usage(cli, "--sql FILE is missing, what \"alembic upgrade --sql\" prints; or "
					       "--record");
	if (!*files && !mig__cli_count(args, MIG__OPT_ADOPT))
		return mig__cli_bad_usage(cli, "--sql FILE, --record or --adopt is missing");
	if (records && args->word_count != 2)
		return mig__cli_bad_usage(cli, "--record needs the one folder of the environment");
	if (!records && mig__cli_value(args, MIG__OPT_PYTHON))
		return mig__cli_bad_usage(cli, "--python goes with --record");
	return MIG_CLI_DONE;
}

int mig__cli_cmd_import(struct mig__cli *cli)
{
	const char *table = mig__cli_value(&cli->args, MIG__OPT_TABLE), *dot;
	int adopts = mig__cli_count(&cli->args, MIG__OPT_ADOPT) > 0, files = 0;
	struct import im = { .cli = cli };
	int status = check_words(cli, &files);

	if (status)
		return status;
	table = table ? table : "alembic_version";
	dot = strrchr(table, '.');
	im.alembic.cli = cli;
	im.alembic.table = dot ? dot + 1 : table;
	/* without files to write, a host's own bundle will do */
	status = mig__cli_open(cli, MIG__CLI_READS | (files ? MIG__CLI_WRITES : 0) |
					    (adopts ? MIG__CLI_DATABASE | MIG__CLI_CHANGES : 0));
	if (!status && files)
		status = import(&im);
	if (!status && adopts)
		status = adopt(cli);
	import_finish(&im);
	return status;
}

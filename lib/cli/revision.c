/* revision: the command that writes a new, empty revision, and what it has in common with
 * migrate and merge: how the file is named, where it goes, what is printed. */
#include "cli/json.h"
#include "base/ascii.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct mig__cli_option mig__cli_revision_options[] = {
	{ MIG__OPT_MESSAGE, 'm', "message", "MESSAGE", "what the revision is for" },
	{ MIG__OPT_REV_ID, 0, "rev-id", "ID", "its id (default: 12 random digits)" },
	{ MIG__OPT_HEAD, 0, "head", "REVISION",
	  "what it follows; several make a merge (default: head)" },
	{ MIG__OPT_SPLICE, 0, "splice", NULL, "it may follow what is no head" },
	{ MIG__OPT_BRANCH_LABEL, 0, "branch-label", "LABEL", "a label of its branch" },
	{ MIG__OPT_DEPENDS_ON, 0, "depends-on", "REVISION", "what has to be applied before it" },
	{ MIG__OPT_VERSION_PATH, 0, "version-path", "DIR",
	  "folder to write to, if there are several" },
	{ 0 }
};
const struct mig__cli_option mig__cli_autogenerate_options[] = {
	{ MIG__OPT_AUTOGENERATE, 0, "autogenerate", NULL,
	  "bring the database to the model, as \"migrate\" does; with:" },
	{ 0 }
};

/* An empty section for every database and direction, freed by the caller; NULL: there are not
 * several, or no memory. */
static mig_section *database_sections(const struct mig__cli *cli, size_t *count)
{
	mig_section *sections;
	size_t n = 0;

	while (cli->databases && cli->databases[n])
		n++;
	sections = n ? calloc(2 * n, sizeof *sections) : NULL;
	for (size_t i = 0; sections && i < 2 * n; i++)
		sections[i] = (mig_section){ .direction = i % 2 ? MIG_DOWNGRADE : MIG_UPGRADE,
					     .database = cli->databases[i / 2] };
	*count = 2 * n;
	return sections;
}

static int create_empty(struct mig__cli *cli, mig_revision_options *options)
{
	size_t count;
	mig_section *sections = database_sections(cli, &count);
	int status;

	if (count && !sections)
		return mig__cli_no_memory(cli);
	if (sections) {
		options->sections = sections;
		options->section_count = count;
		options->section_size = sizeof *sections;
	}
	status = mig__cli_create(cli, options);
	free(sections);
	return status;
}

int mig__cli_create(struct mig__cli *cli, mig_revision_options *options)
{
	struct mig__cli_text *out = &cli->out;
	mig_revision_list *list;
	const mig_revision *r;
	int status = MIG_CLI_DONE;

	if (mig_revision_create(cli->ctx, options, &list))
		return mig__cli_ctx_fail(cli);
	r = mig_revision_list_at(list, 0);
	if (cli->json) {
		status = mig__cli_json_print(cli, "revision", mig__cli_json_revision(cli, r));
	} else if (cli->quiet) {
		mig__cli_shown(out, mig_revision_file(r));
		mig__cli_adds(out, "\n");
	} else {
		mig__cli_adds(out, "Created ");
		mig__cli_shown(out, mig_revision_file(r));
		mig__cli_adds(out, "\n");
	}
	if (!status)
		status = mig__cli_run_hooks(cli, mig_revision_file(r));
	mig_revision_list_free(list);
	return status;
}

/* The time in the zone of mig.ini, e.g. "Europe/Berlin". The C library knows one zone for the whole
 * process, which is the host's: a child is asked. */
static int read_created(struct mig__cli *cli, char out[MIG__CLI_TIME])
{
	const char *zone = mig__cli_config_value(&cli->config, MIG__KEY_TIMEZONE);
	struct mig__cli_text text = { 0 };
	size_t size = 0;
	FILE *date;

	out[0] = '\0';
	if (!zone)
		return MIG_CLI_DONE;
	mig__cli_addf(&text, "/usr/share/zoneinfo/%s", zone);
	if (text.failed)
		return mig__cli_no_memory(cli);
	if (zone[strspn(zone,
			MIG__LETTERS MIG__DIGITS "_+-/")] ||
	    access(text.data, R_OK)) {
		mig__cli_text_finish(&text);
		return mig__cli_fail(cli, "timezone: there is no \"%s\"", zone);
	}
	mig__cli_clear(&text);
	mig__cli_addf(&text, "TZ=%s date +%%Y-%%m-%%dT%%H:%%M:%%S%%:z", zone);
	date = text.failed ? NULL : popen(text.data, "r");
	mig__cli_text_finish(&text);
	if (date)
		size = fread(out, 1, MIG__CLI_TIME - 1, date);
	if (!date || pclose(date) || size < 2)
		return mig__cli_fail(cli, "timezone: date(1) does not tell the time");
	out[size - 1] = '\0'; /* its line end */
	return MIG_CLI_DONE;
}

int mig__cli_naming(struct mig__cli *cli, mig_revision_options *options,
		    char created[MIG__CLI_TIME])
{
	const char *length = mig__cli_config_value(&cli->config, MIG__KEY_TRUNCATE_SLUG_LENGTH);
	int status = read_created(cli, created);

	if (!status)
		status = mig__cli_check_hooks(cli);
	options->created = created[0] ? created : NULL;
	options->file_template = mig__cli_config_value(&cli->config, MIG__KEY_FILE_TEMPLATE);
	if (length)
		mig__cli_read_count(length, &options->slug_length);
	return status;
}

int mig__cli_is_same_folder(const char *a, const char *b)
{
	char *x = realpath(a, NULL), *y = x ? realpath(b, NULL) : NULL;
	int same = x && y && !strcmp(x, y);

	free(x);
	free(y);
	return same;
}

/* The folder as the context knows it, however it is spelt here: one of version_locations, or
 * versions in the environment's folder. */
static const char *known_folder(struct mig__cli *cli, const char *path, struct mig__cli_text *kept)
{
	const char *list = mig__cli_config_value(&cli->config, MIG__KEY_VERSION_LOCATIONS);
	size_t n;

	if (!list) {
		mig__cli_addf(kept, "%s%sversions", cli->directory,
			      cli->directory[strlen(cli->directory) - 1] == '/' ? "" : "/");
		return mig__cli_is_same_folder(path, mig__cli_string(kept)) ? kept->data : path;
	}
	for (; *list; list += n + (list[n] == '\n')) {
		n = strcspn(list, "\n");
		mig__cli_clear(kept);
		mig__cli_add(kept, list, n);
		if (mig__cli_is_same_folder(path, mig__cli_string(kept)))
			return kept->data;
	}
	return path;
}

int mig__cli_with_revision(struct mig__cli *cli, unsigned needs,
			   int (*create)(struct mig__cli *cli, mig_revision_options *options))
{
	const struct mig__cli_args *args = &cli->args;
	const char **heads = NULL, **labels = NULL, **depends = NULL;
	mig_revision_options o = { .struct_size = sizeof o };
	struct mig__cli_text folder = { 0 };
	char created[MIG__CLI_TIME];
	int status = mig__cli_open(cli, needs);

	if (!status)
		status = mig__cli_naming(cli, &o, created);
	if (status)
		return status;
	o.message = mig__cli_value(args, MIG__OPT_MESSAGE);
	o.rev_id = mig__cli_value(args, MIG__OPT_REV_ID);
	o.splice = mig__cli_count(args, MIG__OPT_SPLICE) > 0;
	o.version_path = mig__cli_value(args, MIG__OPT_VERSION_PATH);
	if (o.version_path)
		o.version_path = known_folder(cli, o.version_path, &folder);
	if (folder.failed || !mig__cli_values(args, MIG__OPT_HEAD, &heads) ||
	    !mig__cli_values(args, MIG__OPT_BRANCH_LABEL, &labels) ||
	    !mig__cli_values(args, MIG__OPT_DEPENDS_ON, &depends)) {
		status = mig__cli_no_memory(cli);
	} else {
		o.heads = heads;
		o.branch_labels = labels;
		o.depends_on = depends;
		status = create(cli, &o);
	}
	free(heads);
	free(labels);
	free(depends);
	mig__cli_text_finish(&folder);
	return status;
}

/* An option that means something with --autogenerate alone. */
static const char *stray_option(const struct mig__cli *cli)
{
	static const struct mig__cli_option *const tables[] = { mig__cli_model_options,
								mig__cli_migrate_options };

	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		for (const struct mig__cli_option *o = tables[i]; o->name; o++)
			if (mig__cli_count(&cli->args, o->id))
				return o->name;
	return NULL;
}

int mig__cli_cmd_revision(struct mig__cli *cli)
{
	const char *stray = stray_option(cli);

	if (mig__cli_count(&cli->args, MIG__OPT_AUTOGENERATE))
		return mig__cli_autogenerate(cli);
	if (stray)
		return mig__cli_bad_usage(cli, "--%s goes with --autogenerate only", stray);
	return mig__cli_with_revision(cli, cli->args.command->needs, create_empty);
}

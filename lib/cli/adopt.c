/* adopt: takes over where something else has kept the database's version: another tool's table, or one
 * of the program's own. Files are imported by import.c. */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

const struct mig__cli_option mig__cli_adopt_options[] = {
	{ MIG__OPT_TABLE, 0, "table", "NAME", "the version table (default: alembic_version)" },
	{ MIG__OPT_COLUMN, 0, "column", "NAME", "its column (default: version_num)" },
	{ MIG__OPT_QUERY, 0, "query", "SQL", "instead of both: its first column has the version" },
	{ MIG__OPT_MAP, 0, "map", "VALUE=REVISION",
	  "what a value is called here; \"VALUE=\" is base (default: values are ids)" },
	{ MIG__OPT_ALLOW_EMPTY, 0, "allow-empty", NULL,
	  "no row for --query or --map is base (default: an error)" },
	{ 0 }
};

int mig__cli_adopt(struct mig__cli *cli, const mig_adopt_options *options)
{
	struct mig__cli_signals *signals = mig__cli_signals_catch(cli->ctx);
	mig_status rc = mig_adopt_with(cli->ctx, options);

	mig__cli_signals_release(signals);
	return mig__cli_end_unrun(cli, rc);
}

/* The text is cut in two. */
static int read_pair(struct mig__cli *cli, char *text, mig_adopt_pair *out)
{
	char *equals = strrchr(text, '=');

	if (!equals)
		return mig__cli_bad_usage(cli, "--map wants VALUE=REVISION, not \"%s\"", text);
	*equals = '\0';
	out->value = text;
	out->revision = equals[1] ? equals + 1 : NULL;
	return MIG_CLI_DONE;
}

struct pairs {
	mig_adopt_pair *at;
	char **texts; /* of both parts of each */
	size_t count;
};

static int read_pairs(struct mig__cli *cli, struct pairs *p)
{
	size_t most = mig__cli_count(&cli->args, MIG__OPT_MAP);
	int status = MIG_CLI_DONE;

	p->at = calloc(most + 1, sizeof *p->at);
	p->texts = calloc(most + 1, sizeof *p->texts);
	if (!p->at || !p->texts)
		return mig__cli_no_memory(cli);
	for (size_t i = 0; !status && i < cli->args.given_count; i++) {
		if (cli->args.given[i].id != MIG__OPT_MAP)
			continue;
		p->texts[p->count] = strdup(cli->args.given[i].value);
		status = p->texts[p->count]
				 ? read_pair(cli, p->texts[p->count], &p->at[p->count])
				 : mig__cli_no_memory(cli);
		p->count++;
	}
	return status;
}

static void pairs_finish(struct pairs *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->texts[i]);
	free(p->texts);
	free(p->at);
}

int mig__cli_cmd_adopt(struct mig__cli *cli)
{
	mig_adopt_options options = { .struct_size = sizeof options };
	struct pairs pairs = { 0 };
	int status = read_pairs(cli, &pairs);

	options.table = mig__cli_value(&cli->args, MIG__OPT_TABLE);
	options.column = mig__cli_value(&cli->args, MIG__OPT_COLUMN);
	options.query = mig__cli_value(&cli->args, MIG__OPT_QUERY);
	options.allow_empty = mig__cli_count(&cli->args, MIG__OPT_ALLOW_EMPTY) > 0;
	if (pairs.count)
		options.pairs = pairs.at;
	options.pair_count = pairs.count;
	options.pair_size = sizeof *pairs.at;
	if (!status)
		status = mig__cli_open(cli, cli->args.command->needs);
	if (!status)
		status = mig__cli_adopt(cli, &options);
	pairs_finish(&pairs);
	return status;
}

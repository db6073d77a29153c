/* dialects: a revision with sections for several dialects. The database has one of them; of the
 * others, the revisions so far are run in a scratch database, and that is compared. */
#include "cli/dialects.h"

#include <stdlib.h>
#include <string.h>

/* -- what was asked for */

static int add_dialect(struct mig__cli *cli, struct mig__cli_dialects *all, const char *name,
		       size_t n, const char *database)
{
	struct mig__cli_dialect *at = realloc(all->at, (all->count + 1) * sizeof *at);
	struct mig__cli_dialect one = { .name = n ? strndup(name, n) : NULL, .database = database };

	if (at)
		all->at = at;
	if (!at || (n && !one.name)) {
		free(one.name);
		return mig__cli_no_memory(cli);
	}
	at[all->count++] = one;
	return MIG_CLI_DONE;
}

static int is_known(const struct mig__cli_dialects *all, const char *name, size_t n)
{
	for (size_t i = 0; i < all->count; i++)
		if (strlen(all->at[i].name) == n && !strncmp(all->at[i].name, name, n))
			return 1;
	return 0;
}

static int split_names(struct mig__cli *cli, struct mig__cli_dialects *all,
		       const char *const *values)
{
	int status = MIG_CLI_DONE;

	for (; !status && values && *values; values++)
		for (const char *p = *values; !status; p++) {
			size_t n = strcspn(p, ",");

			if (!n)
				return mig__cli_bad_usage(
					cli, "--dialect \"%s\": a name is missing", *values);
			if (!is_known(all, p, n))
				status = add_dialect(cli, all, p, n, NULL);
			p += n;
			if (!*p)
				break;
		}
	return status;
}

/* The database's own comes first. */
static int find_own(struct mig__cli *cli, struct mig__cli_dialects *all)
{
	for (size_t i = 0; i < all->count; i++)
		if (mig__cli_is_dialect_of(cli->url, all->at[i].name)) {
			struct mig__cli_dialect own = all->at[i];

			memmove(all->at + 1, all->at, i * sizeof own);
			all->at[0] = own;
			return MIG_CLI_DONE;
		}
	mig__cli_bad_usage(cli, "--dialect: the database's own is not among them");
	mig__cli_hint(cli, "name it first, e.g. --dialect sqlite,postgresql for a sqlite: URL");
	return MIG_CLI_USAGE;
}

/* The databases of the environment, the one in use first. */
static int add_databases(struct mig__cli *cli, struct mig__cli_dialects *all)
{
	int status = add_dialect(cli, all, "", 0, cli->database);

	for (size_t i = 0; !status && cli->databases[i]; i++)
		if (strcmp(cli->databases[i], cli->database) != 0)
			status = add_dialect(cli, all, "", 0, cli->databases[i]);
	return status;
}

int mig__cli_read_dialects(struct mig__cli *cli, struct mig__cli_dialects *out)
{
	const char **values;
	int status;

	if (!mig__cli_values(&cli->args, MIG__OPT_DIALECT, &values))
		return mig__cli_no_memory(cli);
	if (values && cli->database)
		status = mig__cli_bad_usage(cli, "--dialect does not go with several databases");
	else if (values)
		status = split_names(cli, out, values);
	else if (cli->database)
		status = add_databases(cli, out);
	else
		status = add_dialect(cli, out, "", 0, NULL);
	if (!status && values && cli->url)
		status = find_own(cli, out);
	free(values);
	return status;
}

/* -- the scratch */

static int no_scratch(struct mig__cli *cli, const char *name)
{
	mig__cli_bad_usage(cli, "--dialect %s: there is no database to try it in", name);
	mig__cli_hint(cli, "say --scratch-url URL, or write \"scratch_url = URL\" into mig.ini: a "
			   "server where an empty database may be made for a moment");
	return MIG_CLI_USAGE;
}

int mig__cli_needs_no_database(const char *url)
{
	mig_open_options o = { .struct_size = sizeof o, .url = url, .scratch = 1 };
	mig_ctx *ctx = NULL;
	int is = !mig_open_with(&ctx, &o);

	mig_close(ctx);
	return is;
}

static int open_side(struct mig__cli *cli, struct mig__cli_dialect *one)
{
	struct mig__cli_signals *signals;
	struct mig__cli *side = &one->side;
	const char *url;
	mig_status rc;
	int status;

	if (!mig__cli_scratch_url(cli, one->name, &one->url, &url))
		return mig__cli_no_memory(cli);
	if (!url) {
		mig__cli_addf(&one->url, "%s:", one->name);
		url = mig__cli_string(&one->url);
		if (!mig__cli_needs_no_database(url))
			return no_scratch(cli, one->name);
	}
	*side = *cli;
	side->ctx = NULL;
	side->app = NULL;
	side->current = NULL;
	side->out = (struct mig__cli_text){ 0 };
	side->url = url;
	side->in_scratch = 1;
	status = mig__cli_open(side, cli->args.command->needs | MIG__CLI_DATABASE);
	if (status)
		return status;
	signals = mig__cli_signals_catch(side->ctx);
	rc = mig_upgrade(side->ctx, "heads");
	mig__cli_signals_release(signals);
	return rc ? mig__cli_ctx_fail(side) : MIG_CLI_DONE;
}

static int open_database(struct mig__cli *cli, struct mig__cli_dialect *one)
{
	int status = mig__cli_begin_database(cli, one->database, &one->side);

	return status ? status
		      : mig__cli_open(&one->side, cli->args.command->needs | MIG__CLI_DATABASE);
}

/* -- the comparison */

int mig__cli_compare_dialects(struct mig__cli *cli, struct mig__cli_dialects *dialects)
{
	int status = mig__cli_compare(cli, &dialects->at[0].d);

	for (size_t i = 1; !status && i < dialects->count; i++) {
		struct mig__cli_dialect *one = &dialects->at[i];

		one->d.force = dialects->at[0].d.force;
		if (one->database) {
			if (mig__cli_value(&cli->args, MIG__OPT_NAME))
				continue; /* one was chosen: the others' sections stay empty */
			one->d.ask = dialects->at[0].d.ask;
			status = open_database(cli, one);
		} else {
			one->d.like = &dialects->at[0].d;
			status = open_side(cli, one);
		}
		if (!status)
			status = mig__cli_compare(&one->side, &one->d);
	}
	return status;
}

int mig__cli_dialects_differ(const struct mig__cli_dialects *dialects)
{
	size_t count = 0;

	for (size_t i = 0; i < dialects->count; i++)
		count += mig_op_list_count(dialects->at[i].d.ops);
	return count > 0;
}

void mig__cli_dialects_finish(struct mig__cli_dialects *dialects)
{
	for (size_t i = 0; i < dialects->count; i++) {
		struct mig__cli_dialect *one = &dialects->at[i];

		mig__cli_difference_finish(&one->d);
		mig__cli_text_finish(&one->url);
		free(one->name);
		if (one->database && i) {
			mig__cli_close(&one->side);
			continue;
		}
		mig_close(one->side.ctx);
		mig__cli_unload_app(&one->side);
		mig__cli_text_finish(&one->side.out);
	}
	free(dialects->at);
}

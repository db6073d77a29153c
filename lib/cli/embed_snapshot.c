/* embed_snapshot: see embed_snapshot.h. Each is made in scratch databases next to a URL of its dialect:
 * all that --scratch-url names, otherwise those of mig.ini, otherwise the environment's own database. A
 * dialect that makes them without a database needs no URL. */
#include "cli/embed_snapshot.h"

#include "cli/literal.h"

#include <stdlib.h>
#include <string.h>

/* -- which */

struct names {
	char **at;
	size_t count;
};

static void names_finish(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->at[i]);
	free(names->at);
}

static int add_name(struct mig__cli *cli, struct names *names, const char *name, size_t size)
{
	char **at;

	for (size_t i = 0; i < names->count; i++)
		if (strlen(names->at[i]) == size && !strncmp(names->at[i], name, size))
			return MIG_CLI_DONE;
	at = realloc(names->at, (names->count + 1) * sizeof *at);
	if (at)
		names->at = at;
	if (!at || !(at[names->count] = strndup(name, size)))
		return mig__cli_no_memory(cli);
	names->count++;
	return MIG_CLI_DONE;
}

/* --dialect NAME,... */
static int read_asked(struct mig__cli *cli, struct names *out)
{
	int status = MIG_CLI_DONE;

	for (size_t i = 0; !status && i < cli->args.given_count; i++) {
		const char *p = cli->args.given[i].value;

		if (cli->args.given[i].id != MIG__OPT_DIALECT)
			continue;
		for (size_t n; !status; p += n + 1) {
			n = strcspn(p, ",");
			if (!n)
				return mig__cli_bad_usage(cli, "--dialect \"%s\": a name is missing",
							  cli->args.given[i].value);
			status = add_name(cli, out, p, n);
			if (!p[n])
				break;
		}
	}
	return status;
}

/* Those of sections; of revisions whose sections are for any: the database's, and those with scratch
 * databases. */
static int find_dialects(struct mig__cli *cli, const mig_revision_list *list, struct names *out)
{
	int status = read_asked(cli, out);

	if (status || out->count)
		return status;
	for (size_t i = 0; !status && i < mig_revision_list_count(list); i++) {
		const mig_revision *r = mig_revision_list_at(list, i);

		for (size_t j = 0; !status && j < mig_revision_section_count(r); j++) {
			const char *name = mig_revision_section(r, j)->dialect;

			if (name)
				status = add_name(cli, out, name, strlen(name));
		}
	}
	if (status || out->count)
		return status;
	if (cli->url)
		status = add_name(cli, out, cli->url, strcspn(cli->url, ":+"));
	for (size_t i = 0; !status && i < cli->args.given_count; i++)
		if (cli->args.given[i].id == MIG__OPT_SCRATCH_URL)
			status = add_name(cli, out, cli->args.given[i].value,
					  strcspn(cli->args.given[i].value, ":+"));
	for (const char **url = cli->scratch_urls; !status && url && *url; url++)
		status = add_name(cli, out, *url, strcspn(*url, ":+"));
	if (!status && !out->count) {
		mig__cli_bad_usage(cli, "--snapshot: the revisions do not say which dialect they are for");
		mig__cli_hint(cli, "say --dialect NAME, or name a database by --url or --scratch-url");
		status = MIG_CLI_USAGE;
	}
	return status;
}

/* The URLs of one dialect in whose place scratch databases are made. */
static int find_urls(struct mig__cli *cli, const char *dialect, struct names *out)
{
	struct mig__cli_text bare = { 0 };
	int status = MIG_CLI_DONE;

	for (size_t i = 0; !status && i < cli->args.given_count; i++)
		if (cli->args.given[i].id == MIG__OPT_SCRATCH_URL &&
		    mig__cli_is_dialect_of(cli->args.given[i].value, dialect))
			status = add_name(cli, out, cli->args.given[i].value, strlen(cli->args.given[i].value));
	for (const char **url = cli->scratch_urls; !status && !out->count && url && *url; url++)
		if (mig__cli_is_dialect_of(*url, dialect))
			status = add_name(cli, out, *url, strlen(*url));
	if (status || out->count)
		return status;
	mig__cli_addf(&bare, "%s:", dialect);
	if (bare.failed)
		status = mig__cli_no_memory(cli);
	else if (mig__cli_needs_no_database(mig__cli_string(&bare)))
		status = add_name(cli, out, bare.data, bare.len);
	else if (cli->url && mig__cli_is_dialect_of(cli->url, dialect))
		status = add_name(cli, out, cli->url, strlen(cli->url));
	mig__cli_text_finish(&bare);
	if (!status && !out->count) {
		mig__cli_bad_usage(cli, "--snapshot: there is no database of dialect %s to make one in", dialect);
		mig__cli_hint(cli, "say --scratch-url URL, or write \"scratch_url = URL\" into mig.ini: a server "
				   "where empty databases may be made for a moment");
		status = MIG_CLI_USAGE;
	}
	return status;
}

/* -- making */

static int is_known(const struct mig__cli_snapshots *all, const mig_bundle_snapshot *made)
{
	for (size_t i = 0; i < all->count; i++) {
		const mig_bundle_snapshot *s = mig_snapshot_entry(all->at[i]);

		if (!strcmp(s->dialect, made->dialect) && !strcmp(s->key, made->key))
			return 1;
	}
	return 0;
}

static int keep(struct mig__cli *cli, struct mig__cli_snapshots *all, mig_snapshot *made)
{
	mig_snapshot **at;

	if (is_known(all, mig_snapshot_entry(made))) {
		mig_snapshot_free(made);
		return MIG_CLI_DONE;
	}
	at = realloc(all->at, (all->count + 1) * sizeof *at);
	if (!at) {
		mig_snapshot_free(made);
		return mig__cli_no_memory(cli);
	}
	all->at = at;
	at[all->count++] = made;
	return MIG_CLI_DONE;
}

/* In a context of its own, next to that URL. */
static int make(struct mig__cli *cli, const char *url, struct mig__cli_snapshots *all)
{
	struct mig__cli side = *cli;
	struct mig__cli_signals *signals;
	mig_snapshot *made = NULL;
	mig_status rc;
	int status;

	side.ctx = NULL;
	side.app = NULL;
	side.current = NULL;
	side.out = (struct mig__cli_text){ 0 };
	side.url = url;
	side.in_scratch = 1;
	status = mig__cli_open(&side, cli->args.command->needs | MIG__CLI_DATABASE);
	if (!status) {
		signals = mig__cli_signals_catch(side.ctx);
		rc = mig_snapshot_make(side.ctx, &made);
		mig__cli_signals_release(signals);
		status = rc ? mig__cli_ctx_fail(&side) : keep(cli, all, made);
	}
	mig_close(side.ctx);
	mig__cli_unload_app(&side);
	mig__cli_text_finish(&side.out);
	return status;
}

int mig__cli_make_snapshots(struct mig__cli *cli, const mig_revision_list *list, struct mig__cli_snapshots *out)
{
	struct names dialects = { 0 };
	int status = MIG_CLI_DONE;

	if (!mig__cli_count(&cli->args, MIG__OPT_SNAPSHOT))
		return status;
	status = find_dialects(cli, list, &dialects);
	for (size_t i = 0; !status && i < dialects.count; i++) {
		struct names urls = { 0 };

		status = find_urls(cli, dialects.at[i], &urls);
		for (size_t j = 0; !status && j < urls.count; j++)
			status = make(cli, urls.at[j], out);
		names_finish(&urls);
	}
	names_finish(&dialects);
	return status;
}

void mig__cli_snapshots_finish(struct mig__cli_snapshots *all)
{
	for (size_t i = 0; i < all->count; i++)
		mig_snapshot_free(all->at[i]);
	free(all->at);
}

/* -- writing */

static void add_parts(struct mig__cli_text *out, const char *symbol, size_t number, const mig_bundle_snapshot *s)
{
	struct mig__cli_text name = { 0 };

	mig__cli_adds(out, "\n");
	mig__cli_addf(&name, "%s_snapshot_%zu", symbol, number);
	mig__cli_add_definition(out, mig__cli_string(&name), s->text, s->text_size);
	out->failed |= name.failed;
	mig__cli_text_finish(&name);
	if (!s->statement_count)
		return;
	mig__cli_addf(out, "static const uint32_t %s_statements_%zu[] = {", symbol, number);
	for (size_t i = 0; i < s->statement_count; i++)
		mig__cli_addf(out, "%s%u,", i % 20 ? " " : "\n\t", (unsigned)s->statements[i]);
	mig__cli_adds(out, "\n};\n");
}

static void add_row(struct mig__cli_text *out, const char *symbol, size_t number, const mig_bundle_snapshot *s)
{
	mig__cli_adds(out, "\t{ .struct_size = sizeof(mig_bundle_snapshot),\n\t  .dialect = ");
	mig__cli_add_literal(out, s->dialect);
	mig__cli_adds(out, ",\n\t  .database = ");
	mig__cli_add_literal(out, s->database);
	mig__cli_adds(out, ",\n\t  .key = ");
	mig__cli_add_literal(out, s->key);
	mig__cli_addf(out, ",\n\t  .text = %s%s_snapshot_%zu,\n\t  .text_size = %zu,\n",
		      mig__cli_is_numbers(s->text_size) ? "(const char *)" : "", symbol, number, s->text_size);
	if (s->statement_count)
		mig__cli_addf(out, "\t  .statements = %s_statements_%zu,\n\t  .statement_count = %zu,\n", symbol,
			      number, s->statement_count);
	mig__cli_adds(out, "\t  .heads = {");
	for (size_t i = 0; i < sizeof s->heads; i++)
		mig__cli_addf(out, "%s0x%02x,", i % 8 ? " " : "\n\t\t", (unsigned)s->heads[i]);
	mig__cli_adds(out, "\n\t  } },\n");
}

void mig__cli_add_snapshots(struct mig__cli_text *out, const char *symbol, const struct mig__cli_snapshots *all)
{
	for (size_t i = 0; i < all->count; i++)
		add_parts(out, symbol, i, mig_snapshot_entry(all->at[i]));
	if (!all->count)
		return;
	mig__cli_addf(out, "\nstatic const mig_bundle_snapshot %s_snapshots[] = {\n", symbol);
	for (size_t i = 0; i < all->count; i++)
		add_row(out, symbol, i, mig_snapshot_entry(all->at[i]));
	mig__cli_adds(out, "};\n");
}

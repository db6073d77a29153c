/* sections: what can be said of the revisions' sections without a database, by each dialect that
 * they may run on. For commands that have no database of their own.
 *
 * A section with dialect=NAME is for that dialect. One without may be for any, so the dialects that
 * come with libmig are asked, too; what one of them cannot read may be another's SQL, and counts
 * only if none of them can read it. */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

struct asked {
	const char **dialects; /* named by a section, then the guessed ones */
	size_t count;
	const char **databases; /* the first one is that of the environment, or NULL */
	size_t database_count;
	struct mig__cli first; /* its ctx, if not NULL, has the error that may count */
	size_t read, unread;   /* by how many dialects */
};

/* -- what to ask for */

static void add_once(const char **names, size_t *count, const char *name)
{
	for (size_t i = 0; i < *count; i++)
		if (names[i] && !strcmp(names[i], name))
			return;
	names[(*count)++] = name;
}

static int collect(struct mig__cli *cli, mig_revision_list *list, struct asked *a)
{
	static const char *const guessed[] = { "sqlite", "postgresql" };
	const size_t guesses = sizeof guessed / sizeof *guessed;
	size_t sections = 0, count = mig_revision_list_count(list);

	for (size_t i = 0; i < count; i++)
		sections += mig_revision_section_count(mig_revision_list_at(list, i));
	a->dialects = calloc(sections + guesses, sizeof *a->dialects);
	a->databases = calloc(sections + 1, sizeof *a->databases);
	if (!a->dialects || !a->databases)
		return mig__cli_no_memory(cli);
	a->databases[a->database_count++] = cli->database;
	for (size_t i = 0; i < count; i++) {
		const mig_revision *r = mig_revision_list_at(list, i);

		for (size_t j = 0; j < mig_revision_section_count(r); j++) {
			const mig_section *s = mig_revision_section(r, j);

			if (s->dialect)
				add_once(a->dialects, &a->count, s->dialect);
			if (s->database)
				add_once(a->databases, &a->database_count, s->database);
		}
	}
	for (size_t i = 0; i < guesses; i++)
		add_once(a->dialects, &a->count, guessed[i]);
	return MIG_CLI_DONE;
}

/* -- one dialect */

/* Whether the revision at fault has a section for just this dialect: then its SQL is meant for it.
 */
static int is_written_for(const mig_revision_list *list, const char *id, const char *dialect)
{
	for (size_t i = 0; id && i < mig_revision_list_count(list); i++) {
		const mig_revision *r = mig_revision_list_at(list, i);

		for (size_t j = 0;
		     !strcmp(mig_revision_id(r), id) && j < mig_revision_section_count(r); j++) {
			const char *name = mig_revision_section(r, j)->dialect;

			if (name && !strcmp(name, dialect))
				return 1;
		}
	}
	return 0;
}

/* Whether the dialect is here. */
static int is_available(struct mig__cli *cli, const char *dialect, const char *url)
{
	mig_open_options o = { .struct_size = sizeof o, .url = url, .offline = 1 };
	struct mig__cli_text say = { 0 };
	mig_ctx *ctx = NULL;
	int is = !mig_open_with(&ctx, &o);

	if (!is && cli->verbose) {
		mig__cli_addf(&say, "sections are not checked for the dialect %s: %s", dialect,
			      mig_error_message(ctx));
		mig__cli_say(cli, mig__cli_string(&say));
	}
	mig__cli_text_finish(&say);
	mig_close(ctx);
	return is;
}

static void close_side(struct mig__cli *side)
{
	mig_close(side->ctx);
	mig__cli_unload_app(side);
	mig__cli_text_finish(&side->out);
	*side = (struct mig__cli){ 0 };
}

static int ask(struct mig__cli *cli, mig_revision_list *list, struct asked *a, const char *dialect,
	       const char *database)
{
	struct mig__cli side = *cli;
	struct mig__cli_text url = { 0 };
	mig_status rc;
	int status = MIG_CLI_DONE;

	mig__cli_addf(&url, "%s:", dialect);
	if (url.failed)
		return mig__cli_no_memory(cli);
	side.ctx = NULL;
	side.app = NULL;
	side.current = NULL;
	side.out = (struct mig__cli_text){ 0 };
	side.url = mig__cli_string(&url);
	side.offline = 1;
	side.database = database;
	/* for a database's own dialect; another's may refuse it */
	side.config.values[MIG__KEY_SCHEMA] = (struct mig__cli_text){ 0 };
	side.config.values[MIG__KEY_SEARCH_PATH] = (struct mig__cli_text){ 0 };
	if (is_available(cli, dialect, side.url)) {
		status = mig__cli_open(&side, cli->args.command->needs | MIG__CLI_DATABASE);
		rc = status ? MIG_OK : mig_check_sections(side.ctx);
		a->read += !status && !rc;
		if (rc == MIG_ESYNTAX &&
		    !is_written_for(list, mig_error_revision(side.ctx), dialect)) {
			if (!a->unread++) {
				a->first = side;
				a->first.url = NULL; /* goes with this call */
				side = (struct mig__cli){ 0 };
			}
		} else if (rc) {
			status = mig__cli_ctx_fail(&side);
		}
	}
	close_side(&side);
	mig__cli_text_finish(&url);
	return status;
}

/* Most folders have nothing that could be wrong: then no dialect needs to be loaded. */
static int is_any_in_question(mig_revision_list *list)
{
	for (size_t i = 0; i < mig_revision_list_count(list); i++) {
		const mig_revision *r = mig_revision_list_at(list, i);
		size_t size = 0;
		const char *text = mig_revision_text(r, &size);

		if (text && strstr(text, "mig:check"))
			return 1;
		for (size_t j = 0; j < mig_revision_section_count(r); j++)
			if (mig_revision_section(r, j)->no_transaction)
				return 1;
	}
	return 0;
}

int mig__cli_check_sections(struct mig__cli *cli, mig_revision_list *list)
{
	struct asked a = { 0 };
	int status = MIG_CLI_DONE;

	if (!is_any_in_question(list))
		return status;
	status = collect(cli, list, &a);

	for (size_t i = 0; !status && i < a.database_count; i++) {
		a.read = a.unread = 0;
		for (size_t j = 0; !status && j < a.count; j++)
			status = ask(cli, list, &a, a.dialects[j], a.databases[i]);
		if (!status && a.unread && !a.read)
			status = mig__cli_ctx_fail(&a.first);
		close_side(&a.first);
	}
	free(a.dialects);
	free(a.databases);
	return status;
}

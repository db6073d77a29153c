/* existing: "init --from-database": a database that is there already becomes the model, the first
 * revision, and where the database is.
 *
 * Each step leaves something that the next run recognises, so that after a kill the same command goes
 * on: schema.sql with just this text; then the environment, mig.ini last; then a first revision with
 * just this SQL; then the database's rows. */
#include "cli/difference.h"
#include "cli/find.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

struct taking {
	struct mig__cli *cli;
	const char *dir, *schema;
	const mig_init_options *options;
	mig_op_list *ops;
	const char *sql;
	int goes_on; /* schema.sql is there, as it would be written */
	struct mig__cli_text id; /* of the first revision */
};

/* -- the steps */

static int read_database(struct taking *t)
{
	int status = mig__cli_dump(t->cli, &t->ops);

	if (status)
		return status;
	t->sql = mig_op_list_sql(t->ops, MIG_UPGRADE, NULL);
	if (mig_op_list_count(t->ops))
		return MIG_CLI_DONE;
	mig__cli_fail(t->cli, "the database has no tables or anything else to take over");
	mig__cli_hint(t->cli, "for a new one leave --from-database out");
	return MIG_CLI_ERROR;
}

static int look_at_schema(struct taking *t)
{
	struct mig__error err;
	char *text = NULL;
	size_t size = 0;
	int status = MIG_CLI_DONE;

	if (mig__file_kind(t->schema) == MIG__FILE_NONE)
		return MIG_CLI_DONE;
	mig__error_init(&err, &mig__alloc_libc);
	if (mig__file_read(&mig__alloc_libc, t->schema, &err, &text, &size)) {
		status = mig__cli_error_fail(t->cli, &err);
	} else if (size == strlen(t->sql) && !memcmp(text, t->sql, size)) {
		t->goes_on = 1;
	} else {
		status = mig__cli_fail(t->cli, "%s: exists, and is never overwritten", t->schema);
		mig__cli_hint(t->cli, "move it away, or name another file by --models");
	}
	mig__free(&mig__alloc_libc, text);
	mig__error_clear(&err);
	return status;
}

/* One that libmig has been at has its revisions somewhere else. */
static int expect_unknown(struct taking *t)
{
	mig_history_list *list;
	size_t count;

	if (t->goes_on)
		return MIG_CLI_DONE;
	if (mig_history_read(t->cli->ctx, &list))
		return mig__cli_ctx_fail(t->cli);
	count = mig_history_list_count(list);
	mig_history_list_free(list);
	if (!count)
		return MIG_CLI_DONE;
	mig__cli_fail(t->cli, "the database has been migrated by libmig already");
	mig__cli_hint(t->cli, "use the folder with its revisions; \"log\" lists what was done");
	return MIG_CLI_ERROR;
}

static int write_schema(struct taking *t)
{
	struct mig__error err;
	int status = MIG_CLI_DONE;

	if (t->goes_on)
		return MIG_CLI_DONE;
	mig__error_init(&err, &mig__alloc_libc);
	if (mig__file_create(t->schema, t->sql, strlen(t->sql), &err))
		status = mig__cli_error_fail(t->cli, &err);
	mig__error_clear(&err);
	return status;
}

/* An environment that is there whole is one that an earlier run has made, if that has got to here. */
static int make_environment(struct taking *t)
{
	mig_ctx *ctx = t->cli->ctx;
	mig_status rc = mig_init_directory(ctx, t->dir, t->options);
	const char *file = mig_error_file(ctx);
	int status;

	if (!rc || (rc == MIG_EEXISTS && t->goes_on && file && strcmp(file, t->options->config) != 0))
		return MIG_CLI_DONE;
	status = mig__cli_ctx_fail(t->cli);
	if (!t->goes_on)
		mig__file_remove(t->schema);
	return status;
}

static size_t trimmed(const char *text, size_t size)
{
	while (size && strchr(" \t\r\n", text[size - 1]))
		size--;
	return size;
}

/* Whether the revision creates just this schema. */
static int is_ours(const struct taking *t, const mig_revision *r)
{
	const mig_section *s = mig_revision_section(r, 0);
	const char *text = mig_revision_text(r, NULL);
	size_t size = trimmed(t->sql, strlen(t->sql)), n, from;

	if (!s || !text || s->direction != MIG_UPGRADE || mig_revision_parent_count(r))
		return 0;
	from = s->offset + strspn(text + s->offset, "\r\n");
	n = s->offset + s->size > from ? trimmed(text + from, s->offset + s->size - from) : 0;
	return n == size && !memcmp(text + from, t->sql, n);
}

static int create_revision(struct taking *t)
{
	const mig_section *up = mig_op_list_section(t->ops, MIG_UPGRADE);
	const mig_section *down = mig_op_list_section(t->ops, MIG_DOWNGRADE);
	mig_section sections[2] = { *up };
	mig_revision_options o = { .struct_size = sizeof o,
				   .message = "Schema of the database",
				   .sections = sections,
				   .section_count = 1,
				   .section_size = sizeof *sections };
	mig_revision_list *made;

	if (down && down->sql && down->sql[0])
		sections[o.section_count++] = *down;
	if (mig_revision_create(t->cli->ctx, &o, &made))
		return mig__cli_ctx_fail(t->cli);
	mig__cli_adds(&t->id, mig_revision_id(mig_revision_list_at(made, 0)));
	mig_revision_list_free(made);
	return MIG_CLI_DONE;
}

static int find_revision(struct taking *t)
{
	mig_ctx *ctx = t->cli->ctx;
	mig_revision_list *all;
	const mig_revision *r;
	int status = MIG_CLI_DONE;

	if (mig_add_directory(ctx, t->dir) || mig_revisions(ctx, NULL, &all))
		return mig__cli_ctx_fail(t->cli);
	r = mig_revision_list_at(all, 0);
	if (mig_revision_list_load(ctx, all))
		status = mig__cli_ctx_fail(t->cli);
	else if (!r)
		status = create_revision(t);
	else if (mig_revision_list_count(all) == 1 && is_ours(t, r))
		mig__cli_adds(&t->id, mig_revision_id(r));
	else
		status = mig__cli_fail(t->cli, "%s: has other revisions already", t->dir);
	mig_revision_list_free(all);
	return status;
}

static int stamp(struct taking *t)
{
	struct mig__cli_signals *signals;
	mig_status rc;

	if (t->id.failed)
		return mig__cli_no_memory(t->cli);
	signals = mig__cli_signals_catch(t->cli->ctx);
	rc = mig_stamp(t->cli->ctx, mig__cli_string(&t->id));
	mig__cli_signals_release(signals);
	return rc ? mig__cli_ctx_fail(t->cli) : MIG_CLI_DONE;
}

/* -- all of them */

static void say_taken(struct taking *t)
{
	struct mig__cli *cli = t->cli;
	struct mig__cli_text *out = &cli->out;

	mig__cli_adds(out, "Created ");
	mig__cli_shown(out, t->schema);
	mig__cli_adds(out, ", ");
	mig__cli_shown(out, t->options->config);
	mig__cli_adds(out, ", and ");
	mig__cli_shown(out, t->dir);
	mig__cli_adds(out, " with the first revision, ");
	mig__cli_shown(out, mig__cli_string(&t->id));
	mig__cli_adds(out, ".\nThe database is at it. Next: edit ");
	mig__cli_shown(out, t->schema);
	mig__cli_adds(out, ", then ");
	mig__cli_shown(out, cli->program);
	mig__cli_adds(out, " migrate -m \"what changes\"\n");
}

int mig__cli_take_database(struct mig__cli *cli, const char *dir, const char *schema,
			   const mig_init_options *options)
{
	static int (*const steps[])(struct taking *) = { read_database,	   look_at_schema,
							 expect_unknown,   write_schema,
							 make_environment, find_revision,
							 stamp };
	struct taking t = { .cli = cli, .dir = dir, .schema = schema, .options = options };
	struct mig__cli_difference d = { 0 };
	int status = MIG_CLI_DONE;

	for (size_t i = 0; !status && i < sizeof steps / sizeof *steps; i++)
		status = steps[i](&t);
	d.ops = t.ops;
	if (!status && !cli->quiet)
		say_taken(&t);
	if (!status)
		mig__cli_warn_uncovered(cli, &d);
	mig__cli_difference_finish(&d);
	mig__cli_text_finish(&t.id);
	return status;
}

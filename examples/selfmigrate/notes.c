/* notes: a program that brings its own database up to date when it starts.
 *
 *     notes FILE
 *
 * Its revisions come from three places: a folder that the build compiles in, a function written in
 * C, and (in version 2) a script in a string. */
#include <inttypes.h>
#include <mig/mig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "notes_migrations.h"

#ifndef NOTES_VERSION
#define NOTES_VERSION 1
#endif

/* Revision 0003: the title of each note is the first line of its body. */
static mig_status fill_titles(void *user, mig_step *step)
{
	mig_stmt *read = NULL, *write = NULL;
	char title[64];
	int32_t more = 0;
	uint64_t done = 0;
	mig_status rc;

	(void)user;
	rc = mig_step_prepare(step, "SELECT id, body FROM notes", &read);
	if (!rc)
		rc = mig_step_prepare(step, "UPDATE notes SET title = $1 WHERE id = $2", &write);
	while (!rc && !(rc = mig_stmt_step(read, &more)) && more) {
		const char *body = mig_stmt_text(read, 1);

		snprintf(title, sizeof title, "%.*s", (int)strcspn(body, "\n"), body);
		rc = mig_stmt_bind_text(write, 1, title);
		if (!rc)
			rc = mig_stmt_bind_int64(write, 2, mig_stmt_int64(read, 0));
		if (!rc)
			rc = mig_stmt_step(write, &more);
		if (!rc)
			rc = mig_stmt_reset(write);
		if (!rc) /* shown by those who have many notes; here a cancel is noticed, too */
			rc = mig_step_progress(step, "notes", ++done, 0);
	}
	mig_stmt_free(read);
	mig_stmt_free(write);
	return rc;
}

static mig_status clear_titles(void *user, mig_step *step)
{
	(void)user;
	return mig_step_exec(step, "UPDATE notes SET title = ''");
}

#if NOTES_VERSION >= 2
static const char pinned[] = "-- pin notes\n"
			     "--\n"
			     "-- revision: 0004\n"
			     "-- revises: 0003\n"
			     "\n"
			     "-- mig:upgrade\n"
			     "ALTER TABLE notes ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;\n"
			     "CREATE INDEX ix_notes_pinned ON notes (pinned);\n"
			     "\n"
			     "-- mig:downgrade\n"
			     "DROP INDEX ix_notes_pinned;\n"
			     "ALTER TABLE notes DROP COLUMN pinned;\n";
#endif

static mig_status add_revisions(mig_ctx *ctx)
{
	static const char *const after_titles[] = { "0002", NULL };
	const mig_revision_def titles = {
		.struct_size = sizeof titles,
		.id = "0003",
		.message = "fill titles from bodies",
		.revises = after_titles,
		.upgrade = fill_titles,
		.downgrade = clear_titles,
	};
	mig_status rc = mig_add_bundle(ctx, &notes_migrations);

	if (!rc)
		rc = mig_add_revision(ctx, &titles);
#if NOTES_VERSION >= 2
	if (!rc)
		rc = mig_add_script(ctx, "pinned", pinned, strlen(pinned));
#endif
	return rc;
}

static int32_t show_progress(void *user, const mig_progress *p)
{
	int *steps = user;

	if (p->event == MIG_EVENT_STEP_END) {
		printf("  applied %s, %s\n", p->revision, p->message);
		++*steps;
	}
	return 0;
}

/* The program's own work: here it counts its notes, and shows what has been done to the database. */
static void show_notes(mig_ctx *ctx)
{
	mig_stmt *count;
	int32_t more;

	if (mig_query(ctx, "SELECT COUNT(*) FROM notes", &count))
		return;
	if (!mig_stmt_step(count, &more) && more)
		printf("  %" PRId64 " notes\n", mig_stmt_int64(count, 0));
	mig_stmt_free(count);
}

static void show_history(mig_ctx *ctx)
{
	mig_history_list *log;

	if (mig_history_read(ctx, &log))
		return;
	for (size_t i = 0; i < mig_history_list_count(log); i++) {
		const mig_history_entry *e = mig_history_list_at(log, i);

		printf("  %s %s at %s in %" PRId64 " us\n", e->direction, e->revision,
		       e->started_at, e->duration_us);
	}
	mig_history_list_free(log);
}

int main(int argc, char **argv)
{
	char url[4096];
	mig_ctx *ctx;
	int steps = 0;
	mig_status rc;

	if (argc != 2) {
		fprintf(stderr, "usage: notes FILE\n");
		return 2;
	}
	snprintf(url, sizeof url, "sqlite:%s", argv[1]);
	printf("notes %d starts\n", NOTES_VERSION);
	rc = mig_open(&ctx, url);
	if (!rc)
		rc = add_revisions(ctx);
	if (!rc)
		rc = mig_set_progress(ctx, show_progress, &steps);
	if (!rc)
		rc = mig_upgrade(ctx, "head");
	if (rc) {
		fprintf(stderr, "notes: %s\n", mig_error_report(ctx));
	} else {
		printf(steps ? "  database is up to date, its history:\n"
			     : "  database was up to date already\n");
		if (steps)
			show_history(ctx);
		show_notes(ctx);
	}
	mig_close(ctx);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* The part of gen that needs libmig: see gen.h. */
#include "gen.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

mig_status gen_add_scripts(const struct gen *gen, mig_ctx *ctx)
{
	mig_status rc = MIG_OK;

	for (size_t i = 0; !rc && i < gen->count; i++)
		rc = mig_add_script(ctx, gen->at[i].file, gen->at[i].text, gen->at[i].size);
	return rc;
}

static void from_hex(const char *hex, uint8_t out[32])
{
	unsigned byte = 0;

	for (size_t i = 0; i < 32 && sscanf(hex + 2 * i, "%2x", &byte) == 1; i++)
		out[i] = (uint8_t)byte;
}

/* With a transaction a revision, the row that a step finds is its parent's chain digest. */
static mig_status note_chain(sqlite3 *db, struct gen *gen)
{
	sqlite3_stmt *stmt = NULL;
	mig_status rc = MIG_ERROR;
	unsigned long n;

	if (sqlite3_prepare_v2(db, "SELECT revision, digest FROM mig_version", -1, &stmt, NULL))
		return MIG_ERROR;
	if (sqlite3_step(stmt) == SQLITE_ROW) {
		n = strtoul((const char *)sqlite3_column_text(stmt, 0) + 1, NULL, 10);
		if (n >= 1 && n <= gen->count) {
			from_hex((const char *)sqlite3_column_text(stmt, 1),
				 gen->bundled[n - 1].chain);
			rc = MIG_OK;
		}
	}
	sqlite3_finalize(stmt);
	return rc;
}

static mig_status before_step(void *user, mig_step *step)
{
	struct gen *gen = user;

	if (strcmp(mig_step_revision(step), gen->at[0].id) == 0)
		return MIG_OK;
	return note_chain(mig_step_connection(step), gen);
}

static mig_status note_digests(mig_ctx *ctx, struct gen *gen)
{
	mig_revision_list *list = NULL;
	mig_status rc = mig_revisions(ctx, NULL, &list);

	for (size_t i = 0; !rc && i < mig_revision_list_count(list); i++) {
		const mig_revision *r = mig_revision_list_at(list, i);
		unsigned long n = strtoul(mig_revision_id(r) + 1, NULL, 10);

		from_hex(mig_revision_digest(r), gen->bundled[n - 1].digest);
	}
	mig_revision_list_free(list);
	return rc;
}

static mig_status learn_digests(struct gen *gen)
{
	mig_run_options options = { .struct_size = sizeof(options),
				    .transaction_mode = MIG_TRANSACTION_REVISION };
	mig_ctx *ctx = NULL;
	mig_status rc = mig_open(&ctx, "sqlite::memory:");

	if (!rc)
		rc = gen_add_scripts(gen, ctx);
	if (!rc)
		rc = mig_set_step_hooks(ctx, before_step, NULL, gen);
	if (!rc)
		rc = mig_upgrade_with(ctx, "head", &options);
	if (!rc)
		rc = note_chain(mig_connection(ctx), gen);
	if (!rc)
		rc = note_digests(ctx, gen);
	if (rc)
		fprintf(stderr, "digests: %s\n", mig_error_message(ctx));
	mig_close(ctx);
	return rc;
}

static void fill(struct gen *gen, mig_bundle *out)
{
	for (size_t i = 0; i < gen->count; i++) {
		struct gen_revision *r = &gen->at[i];
		mig_bundle_revision *b = &gen->bundled[i];

		b->id = r->id;
		b->file = r->file;
		b->message = "rev";
		b->created = "";
		b->revises = r->parents;
		b->branch_labels = b->depends_on = &r->parents[1];
		b->text = r->text;
		b->text_size = r->size;
		b->sections = r->sections;
		b->section_count = 2;
	}
	gen->head = (uint32_t)(gen->count - 1);
	*out = (mig_bundle){ .struct_size = sizeof(mig_bundle),
			     .revision_size = sizeof(mig_bundle_revision),
			     .section_size = sizeof(mig_section),
			     .count = gen->count,
			     .revisions = gen->bundled,
			     .heads = gen->count ? &gen->head : NULL,
			     .head_count = gen->count != 0 };
}

static int make_room(struct gen *gen)
{
	free(gen->bundled);
	gen->bundled = calloc(gen->count ? gen->count : 1, sizeof(*gen->bundled));
	return gen->bundled ? 0 : -1;
}

int gen_bundle(struct gen *gen, mig_bundle *out)
{
	if (make_room(gen) || learn_digests(gen))
		return -1;
	fill(gen, out);
	return 0;
}

/* The process of its own sends the array back; what it holds that is not a digest is filled in here. */
int gen_bundle_apart(struct gen *gen, mig_bundle *out)
{
	size_t size = gen->count * sizeof(*gen->bundled), done = 0;
	int ends[2], status = -1;
	ssize_t n = 1;
	pid_t child;

	if (make_room(gen) || pipe(ends))
		return -1;
	child = fork();
	if (!child) {
		status = learn_digests(gen) != MIG_OK;
		while (!status && done < size && n > 0) {
			n = write(ends[1], (const char *)gen->bundled + done, size - done);
			done += n > 0 ? (size_t)n : 0;
		}
		_exit(status || done < size);
	}
	close(ends[1]);
	while (child > 0 && done < size && n > 0) {
		n = read(ends[0], (char *)gen->bundled + done, size - done);
		done += n > 0 ? (size_t)n : 0;
	}
	close(ends[0]);
	if (child < 0 || waitpid(child, &status, 0) != child || status)
		return -1;
	fill(gen, out);
	return 0;
}

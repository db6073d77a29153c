/* schema-driver: autogenerate between two schemas given as DDL, without revisions or a database of
 * one's own.
 *
 *     schema-driver URL OLD.sql NEW.sql   prints both scripts; exit 1 and the reason if the proof
 *                                         fails
 *     schema-driver URL --pairs           reads from stdin texts that end with a NUL: old, new,
 *                                         old, new, ...; prints a line for each pair: "ok", "same",
 *                                         or "FAILED: reason"
 *
 * Both texts are also read without being run, where the dialect can do that, and that must give the
 * same.
 *
 * URL names a server to make scratch databases on (PostgreSQL), or is "sqlite::memory:". */
#include "api/ctx.h"
#include "migrate/autogen.h"
#include "reading.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static mig_status schema_of(struct mig__db *db, const char *name, const char *text, size_t size,
			    struct mig__schema *out)
{
	struct mig__db scratch = { .err = db->err };
	mig_status rc = mig__scratch_open(db, &scratch);

	if (!rc)
		rc = mig__scratch_script(&scratch, name, text, size);
	if (!rc)
		rc = mig__inspect(&scratch, out);
	mig__scratch_close(&scratch);
	return rc;
}

static void print_sql(const char *title, const struct mig__sql *sql, const struct mig__alloc *alloc)
{
	struct mig__buf buf;

	mig__buf_init(&buf, alloc);
	mig__sql_text(sql, &buf);
	printf("-- ---- %s%s\n%s", title, sql->lone ? " (transaction=no)" : "",
	       mig__buf_text(&buf));
	mig__buf_finish(&buf);
}

static mig_status one(mig_ctx *ctx, const char *names[2], const char *texts[2],
		      const size_t sizes[2], int quiet, int *any)
{
	struct mig__autogen a = { .db = &ctx->db, .alloc = &ctx->alloc, .err = &ctx->err };
	mig_status rc;

	mig__error_clear(&ctx->err);
	rc = schema_of(&ctx->db, names[0], texts[0], sizes[0], &a.live);
	if (!rc)
		rc = schema_of(&ctx->db, names[1], texts[1], sizes[1], &a.model);
	for (int i = 0; !rc && i < 2; i++)
		rc = reading_check(ctx, texts[i], sizes[i], i ? &a.model : &a.live, NULL);
	if (!rc)
		rc = mig__autogen(&a);
	*any = a.up.alloc && mig__autogen_any(&a);
	if (!quiet && a.up.alloc) {
		print_sql("upgrade", &a.up, &ctx->alloc);
		print_sql("downgrade", &a.down, &ctx->alloc);
		for (size_t i = 0; i < a.model.uncovered_count; i++)
			printf("-- not covered: %s\n", a.model.uncovered[i]);
	}
	mig__autogen_finish(&a);
	return rc;
}

static int pairs(mig_ctx *ctx)
{
	static const char *names[2] = { "old", "new" };
	char *text[2] = { NULL, NULL };
	size_t cap[2] = { 0, 0 };
	int failed = 0, any;

	for (;;) {
		const char *texts[2];
		size_t sizes[2];
		mig_status rc;

		for (int i = 0; i < 2; i++) {
			ssize_t n = getdelim(&text[i], &cap[i], '\0', stdin);

			if (n < 0)
				goto out;
			texts[i] = text[i];
			sizes[i] = strlen(text[i]);
		}
		rc = one(ctx, names, texts, sizes, 1, &any);
		if (rc)
			printf("FAILED: %s: %s\n", mig_status_name(rc), mig_error_message(ctx));
		else
			puts(any ? "ok" : "same");
		fflush(stdout);
		failed |= rc != MIG_OK;
	}
out:
	free(text[0]);
	free(text[1]);
	return failed;
}

static int files(mig_ctx *ctx, char **paths)
{
	const char *texts[2] = { NULL, NULL }, *names[2] = { paths[0], paths[1] };
	char *read[2] = { NULL, NULL };
	size_t sizes[2];
	mig_status rc = MIG_OK;
	int any;

	for (int i = 0; !rc && i < 2; i++) {
		rc = mig__file_read(&ctx->alloc, paths[i], &ctx->err, &read[i], &sizes[i]);
		texts[i] = read[i];
	}
	if (!rc)
		rc = one(ctx, names, texts, sizes, 0, &any);
	if (rc)
		printf("-- FAILED: %s: %s\n", mig_status_name(rc), mig_error_message(ctx));
	if (rc && mig_error_statement(ctx))
		printf("-- statement: %s\n", mig_error_statement(ctx));
	mig__free(&ctx->alloc, read[0]);
	mig__free(&ctx->alloc, read[1]);
	return rc != MIG_OK;
}

int main(int argc, char **argv)
{
	mig_ctx *ctx = NULL;
	int failed = 1;

	if (argc == 3 && !strcmp(argv[2], "--pairs") && !mig_open(&ctx, argv[1]))
		failed = pairs(ctx);
	else if (argc == 4 && !mig_open(&ctx, argv[1]))
		failed = files(ctx, argv + 2);
	else if (ctx)
		fprintf(stderr, "%s\n", mig_error_message(ctx));
	else
		fprintf(stderr, "usage: %s URL OLD.sql NEW.sql | URL --pairs\n", argv[0]);
	mig_close(ctx);
	return failed;
}

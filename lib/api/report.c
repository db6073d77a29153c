/* report: an error as one text for people. The fields are those of error.c; what is added here is the
 * line at fault, from where the script's text is: in memory (a bundle, mig_add_script()) or in its
 * file. Nothing is printed. */
#include "api/ctx.h"

#include "base/excerpt.h"
#include "base/shown.h"
#include "base/text.h"

#include <string.h>

enum { MOST_LINES = 10, MOST_BYTES = 160 }; /* of a statement that is shown */

static void add_line(struct mig__buf *out, const char *label, const char *text, size_t size)
{
	mig__buf_adds(out, label);
	mig__shown_add(out, text, size);
	mig__buf_adds(out, "\n");
}

struct text {
	const char *at; /* NULL: not in memory */
	size_t size;
};

/* The text of the file at fault, if it is in memory: of a revision, or of one that could not be read
 * as one. */
static struct text text_in_memory(const mig_ctx *ctx)
{
	const char *file = ctx->err.file, *revision = ctx->err.revision;

	for (size_t i = 0; ctx->set && i < ctx->set->count; i++) {
		const struct mig__script *s = &ctx->set->at[i];

		if (s->text && s->file && !strcmp(s->file, file) &&
		    (!revision || !strcmp(s->id, revision)))
			return (struct text){ s->text, s->text_size };
	}
	for (size_t i = 0; i < ctx->source_count; i++) {
		const struct mig__source *s = &ctx->sources[i];

		if (s->kind == MIG__TEXT && s->name && !strcmp(s->name, file))
			return (struct text){ s->text, s->size };
	}
	return (struct text){ 0 };
}

static void add_source(struct mig__buf *out, const mig_ctx *ctx)
{
	const struct mig__error *err = &ctx->err;
	struct text text;

	if (!err->file || err->line <= 0)
		return;
	text = text_in_memory(ctx);
	if (text.at)
		mig__excerpt_add(out, text.at, text.size, err->line, err->column);
	else
		mig__excerpt_add_file(out, err->file, err->line, err->column);
}

/* A statement of a revision for which there is no line of a file to show, e.g. of a function. Of a
 * cancelled one it was not the fault, and libmig's own say nothing to people. */
static void add_statement(struct mig__buf *out, const struct mig__error *err)
{
	const char *sql = err->revision && err->status != MIG_ECANCELLED ? err->statement : NULL;

	for (int i = 0; sql && *sql; i++) {
		size_t n = strcspn(sql, "\r\n"), shown = mig__text_cut(sql, n, MOST_BYTES);

		if (i == MOST_LINES) {
			mig__buf_adds(out, "      | ...\n");
			return;
		}
		mig__buf_adds(out, "      | ");
		mig__shown_add(out, sql, shown);
		mig__buf_adds(out, shown < n ? "...\n" : "\n");
		sql += n;
		sql += sql[0] == '\r' && sql[1] == '\n' ? 2 : sql[0] != '\0';
	}
}

static void add_detail(struct mig__buf *out, const char *detail)
{
	while (detail && *detail) {
		size_t n = strcspn(detail, "\n");

		add_line(out, "detail: ", detail, n);
		detail += n + (detail[n] != '\0');
	}
}

static void add_report(struct mig__buf *out, const mig_ctx *ctx)
{
	const struct mig__error *err = &ctx->err;
	const char *message = mig_error_message(ctx);
	size_t before;

	add_line(out, "", message, strlen(message));
	if (ctx->busy && err->misused)
		return;
	before = out->len;
	add_source(out, ctx);
	if (out->len == before)
		add_statement(out, err);
	add_detail(out, err->detail);
	if (err->hint)
		add_line(out, "hint: ", err->hint, strlen(err->hint));
}

const char *mig_error_report(mig_ctx *ctx)
{
	struct mig__buf out;

	if (!ctx)
		return mig_error_message(ctx);
	mig__buf_init(&out, &ctx->alloc);
	add_report(&out, ctx);
	mig__free(&ctx->alloc, ctx->err.report);
	if (!out.failed)
		out.data[--out.len] = '\0'; /* the last line feed */
	ctx->err.report = mig__buf_take(&out);
	return ctx->err.report ? ctx->err.report : mig_error_message(ctx);
}

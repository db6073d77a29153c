/* See subject.h. */
#include "subject.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_SIZE = 16 * 1024 };

const char *statement_sql(const char *statement)
{
	return statement + statement_is_lone(statement);
}

int statement_is_lone(const char *statement)
{
	return statement[0] == '!';
}

size_t subject_find(const struct subject *subject, const char *id)
{
	for (size_t i = 0; i < subject->count; i++)
		if (strcmp(subject->revisions[i].id, id) == 0)
			return i + 1;
	return 0;
}

/* -- revisions */

static mig_status run_statements(void *user, mig_step *step)
{
	const struct revision *r = user;
	const char *const *at = mig_step_direction(step) == MIG_UPGRADE ? r->up : r->down;
	mig_status rc = MIG_OK;

	for (size_t i = 0; !rc && at[i]; i++) {
		mig_stmt *stmt = NULL;
		int32_t more;

		if (i % 2 == 0) {
			rc = mig_step_exec(step, statement_sql(at[i]));
			continue;
		}
		rc = mig_step_prepare(step, statement_sql(at[i]), &stmt);
		if (!rc)
			rc = mig_stmt_step(stmt, &more);
		mig_stmt_free(stmt);
	}
	return rc;
}

static mig_status add_function(const struct revision *r, const char *parent, mig_ctx *ctx)
{
	const char *revises[] = { parent, NULL };
	mig_revision_def def = { .struct_size = sizeof(def),
				 .id = r->id,
				 .message = r->id,
				 .revises = parent ? revises : NULL,
				 .upgrade = r->up_fn ? r->up_fn : run_statements,
				 .downgrade = r->down_fn ? r->down_fn : run_statements,
				 .user = (void *)(uintptr_t)r,
				 .no_transaction = (r->kind & WORK_SPLIT) != 0,
				 .idempotent = (r->kind & WORK_SPLIT) != 0 };

	return mig_add_revision(ctx, &def);
}

static size_t add_section(char *text, size_t at, const struct revision *r, const char *name,
			  const char *const *statements)
{
	at += (size_t)snprintf(text + at, TEXT_SIZE - at, "\n-- mig:%s%s\n", name,
			       r->kind & WORK_SPLIT ? " transaction=no" : "");
	for (size_t i = 0; statements[i]; i++)
		at += (size_t)snprintf(text + at, TEXT_SIZE - at, "%s;\n",
				       statement_sql(statements[i]));
	return at;
}

static mig_status add_script(const struct revision *r, const char *parent, mig_ctx *ctx)
{
	char *text = malloc(TEXT_SIZE), name[64];
	mig_status rc = MIG_ENOMEM;
	size_t at;

	if (!text)
		return rc;
	at = (size_t)snprintf(text, TEXT_SIZE, "-- %s\n--\n-- revision: %s\n-- revises: %s\n",
			      r->id, r->id, parent ? parent : "");
	at = add_section(text, at, r, "upgrade", r->up);
	at = add_section(text, at, r, "downgrade", r->down);
	snprintf(name, sizeof(name), "%s.sql", r->id);
	if (at < TEXT_SIZE)
		rc = mig_add_script(ctx, name, text, at);
	free(text);
	return rc;
}

mig_status subject_add(const struct subject *subject, size_t count, mig_ctx *ctx)
{
	mig_status rc = MIG_OK;

	for (size_t i = 0; !rc && i < count; i++) {
		const struct revision *r = &subject->revisions[i];
		const char *parent = i ? subject->revisions[i - 1].id : NULL;

		rc = r->kind & WORK_C ? add_function(r, parent, ctx) : add_script(r, parent, ctx);
	}
	return rc;
}

/* -- bundles */

static void from_hex(const char *hex, uint8_t out[32])
{
	for (size_t i = 0; i < 32; i++) {
		char pair[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

		out[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
}

static void fill_revision(mig_bundle_revision *out, mig_revision_list *list, size_t i)
{
	const mig_revision *r = mig_revision_list_at(list, i);
	const char **revises = calloc(2, sizeof(*revises));
	mig_section *sections = calloc(2, sizeof(*sections));

	if (!revises || !sections)
		abort();
	revises[0] = mig_revision_parent(r, 0);
	for (size_t k = 0; k < mig_revision_section_count(r) && k < 2; k++)
		sections[k] = *mig_revision_section(r, k);
	*out = (mig_bundle_revision){ .id = mig_revision_id(r),
				      .message = mig_revision_message(r),
				      .created = mig_revision_created(r),
				      .file = mig_revision_file(r),
				      .revises = revises,
				      .sections = sections,
				      .section_count = mig_revision_section_count(r) };
	out->text = mig_revision_text(mig_revision_list_at(list, i), &out->text_size);
	from_hex(mig_revision_digest(r), out->digest);
	from_hex(mig_revision_chain(r), out->chain);
}

const mig_bundle *subject_bundle(const struct subject *subject)
{
	static const uint32_t head;
	mig_open_options options = { .struct_size = sizeof(options), .offline = 1 };
	mig_bundle_revision *all = calloc(subject->count, sizeof(*all));
	mig_bundle *bundle = calloc(1, sizeof(*bundle));
	mig_revision_list *list = NULL;
	mig_ctx *ctx = NULL;
	mig_status rc;

	options.url = "sqlite:x";
	rc = mig_open_with(&ctx, &options);
	if (!rc)
		rc = subject_add(subject, subject->count, ctx);
	if (!rc)
		rc = mig_revisions(ctx, NULL, &list); /* newest first */
	if (!rc)
		rc = mig_revision_list_load(ctx, list);
	if (rc || !all || !bundle) {
		fprintf(stderr, "bundle: %s\n", mig_error_message(ctx));
		return NULL;
	}
	for (size_t i = 0; i < subject->count; i++)
		fill_revision(&all[i], list, i);
	mig_close(ctx);
	*bundle = (mig_bundle){ .struct_size = sizeof(*bundle),
				.revision_size = sizeof(*all),
				.section_size = sizeof(mig_section),
				.count = subject->count,
				.revisions = all,
				.heads = &head,
				.head_count = 1 };
	return bundle;
}

/* -- programs */

mig_status program_open(const struct program *program, const char *url, void *connection,
			mig_ctx **out)
{
	mig_open_options options = { .struct_size = sizeof(options),
				     .url = connection ? NULL : url,
				     .connection = connection,
				     .dialect_name = connection ? program->subject->dialect : NULL,
				     .lock_timeout_ms = program->lock_timeout_ms,
				     .header_digest = program->header_digest };
	mig_status rc = mig_open_with(out, &options);

	if (!rc && program->progress)
		rc = mig_set_progress(*out, program->progress, program->progress_user);
	if (rc)
		return rc;
	return program->bundle ? mig_add_bundle(*out, program->bundle)
			       : subject_add(program->subject, program->count, *out);
}

mig_status program_go(const struct program *program, mig_ctx *ctx, int32_t direction,
		      const char *target)
{
	mig_run_options options = { .struct_size = sizeof(options),
				    .transaction_mode = program->mode };

	return direction == MIG_UPGRADE ? mig_upgrade_with(ctx, target, &options)
					: mig_downgrade_with(ctx, target, &options);
}

void outcome_note(struct outcome *out, mig_status status, const mig_ctx *ctx)
{
	out->status = status;
	out->native = status ? mig_error_native_code(ctx) : 0;
	snprintf(out->message, sizeof(out->message), "%s", status ? mig_error_message(ctx) : "");
	snprintf(out->hint, sizeof(out->hint), "%s",
		 status && mig_error_hint(ctx) ? mig_error_hint(ctx) : "");
}

void program_run(const struct program *program, const char *url, int32_t direction,
		 const char *target, struct outcome *out)
{
	mig_ctx *ctx = NULL;
	mig_status rc = program_open(program, url, NULL, &ctx);

	if (!rc)
		rc = program_go(program, ctx, direction, target);
	outcome_note(out, rc, ctx);
	mig_close(ctx);
}

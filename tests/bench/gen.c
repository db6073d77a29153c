/* See gen.h. */
#include "gen.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTION_SIZE 1024

static void make_up(char *out, size_t i)
{
	int at = snprintf(out, SECTION_SIZE,
			  "CREATE TABLE t_%06zu (\n"
			  "    id INTEGER NOT NULL PRIMARY KEY,\n"
			  "    name VARCHAR(80) NOT NULL,\n"
			  "    email VARCHAR(120),\n"
			  "    amount NUMERIC(12, 2) DEFAULT 0 NOT NULL,\n"
			  "    active BOOLEAN DEFAULT TRUE NOT NULL,\n"
			  "    created_at TIMESTAMP\n"
			  ");\n"
			  "CREATE INDEX ix_t_%06zu_name ON t_%06zu (name);\n",
			  i, i, i);

	if (i % 5 == 0)
		at += snprintf(out + at, SECTION_SIZE - (size_t)at,
			       "ALTER TABLE t_%06zu ADD COLUMN extra_%zu VARCHAR(40);\n", i - 3, i);
	if (i % 7 == 0)
		snprintf(out + at, SECTION_SIZE - (size_t)at,
			 "INSERT INTO t_%06zu (id, name) VALUES (1, 'one'), (2, 'two'), (3, "
			 "'three');\n",
			 i - 2);
}

static void make_down(char *out, size_t i)
{
	int at = 0;

	if (i % 5 == 0)
		at += snprintf(out, SECTION_SIZE, "ALTER TABLE t_%06zu DROP COLUMN extra_%zu;\n",
			       i - 3, i);
	if (i % 7 == 0)
		at += snprintf(out + at, SECTION_SIZE - (size_t)at,
			       "DELETE FROM t_%06zu WHERE id IN (1, 2, 3);\n", i - 2);
	snprintf(out + at, SECTION_SIZE - (size_t)at,
		 "DROP INDEX ix_t_%06zu_name;\nDROP TABLE t_%06zu;\n", i, i);
}

/* Lines of a comment, about `size` bytes in all. */
static void pad(char *out, size_t size)
{
	static const char line[] =
		"-- a comment that nobody needs, but that makes the file longer\n";

	out[0] = '\0';
	for (size_t at = 0; at + sizeof(line) <= size; at += sizeof(line) - 1)
		memcpy(out + at, line, sizeof(line));
}

/* head, "-- mig:upgrade\n", up, "\n-- mig:downgrade\n", down */
static int assemble(struct gen_revision *r, const char *head)
{
	static const char up_mark[] = "-- mig:upgrade\n", down_mark[] = "\n-- mig:downgrade\n";
	size_t up = strlen(r->up), down = strlen(r->down);
	size_t up_at = strlen(head) + sizeof(up_mark) - 1;
	size_t down_at = up_at + up + sizeof(down_mark) - 1;

	r->size = down_at + down;
	r->text = malloc(r->size + 1);
	if (!r->text)
		return -1;
	snprintf(r->text, r->size + 1, "%s%s%s%s%s", head, up_mark, r->up, down_mark, r->down);
	r->sections[0] =
		(mig_section){ .direction = MIG_UPGRADE, .offset = up_at, .size = up };
	r->sections[1] =
		(mig_section){ .direction = MIG_DOWNGRADE, .offset = down_at, .size = down };
	return 0;
}

static int make_one(struct gen *gen, size_t index, size_t padding)
{
	struct gen_revision *r = &gen->at[index];
	size_t i = index + 1;
	char head[128];

	r->up = malloc(SECTION_SIZE + padding);
	r->down = malloc(SECTION_SIZE);
	if (!r->up || !r->down)
		return -1;
	snprintf(r->id, sizeof(r->id), "r%06zu", i);
	snprintf(r->file, sizeof(r->file), "r%06zu_rev.sql", i);
	if (index)
		r->parents[0] = gen->at[index - 1].id;
	pad(r->up, padding);
	make_up(r->up + strlen(r->up), i);
	make_down(r->down, i);
	snprintf(head, sizeof(head), "-- rev %zu\n--\n-- revision: %s\n-- revises: %s\n\n", i,
		 r->id, index ? r->parents[0] : "");
	return assemble(r, head);
}

int gen_make(struct gen *gen, size_t count, size_t padding)
{
	memset(gen, 0, sizeof(*gen));
	gen->at = calloc(count ? count : 1, sizeof(*gen->at));
	if (!gen->at)
		return -1;
	gen->count = count;
	for (size_t i = 0; i < count; i++)
		if (make_one(gen, i, padding)) {
			gen_free(gen);
			return -1;
		}
	return 0;
}

void gen_free(struct gen *gen)
{
	for (size_t i = 0; i < gen->count; i++) {
		free(gen->at[i].text);
		free(gen->at[i].up);
		free(gen->at[i].down);
	}
	free(gen->at);
	free(gen->bundled);
	memset(gen, 0, sizeof(*gen));
}

int gen_write(const struct gen *gen, const char *folder)
{
	char path[512];

	for (size_t i = 0; i < gen->count; i++) {
		FILE *f;
		size_t wrote;

		snprintf(path, sizeof(path), "%s/%s", folder, gen->at[i].file);
		f = fopen(path, "w");
		if (!f)
			return -1;
		wrote = fwrite(gen->at[i].text, 1, gen->at[i].size, f);
		if (fclose(f) || wrote != gen->at[i].size)
			return -1;
	}
	return 0;
}

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

int gen_bundle(struct gen *gen, mig_bundle *out)
{
	free(gen->bundled);
	gen->bundled = calloc(gen->count ? gen->count : 1, sizeof(*gen->bundled));
	if (!gen->bundled || learn_digests(gen))
		return -1;
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
	return 0;
}

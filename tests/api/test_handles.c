/* Handles own their memory: whatever a context gave out is read and freed after it is closed, in any
 * order, with an allocator that outlives the last of them. What is freed is overwritten at once, so a
 * pointer into it shows without valgrind as well. */
#include "support.h"

#include <mig/model.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- an allocator that counts, and spoils what is freed */

struct memory {
	size_t blocks;
};

/* The size stands before each block. */
static void *spoiling(void *user, void *ptr, size_t size)
{
	struct memory *memory = user;
	size_t *old = ptr ? (size_t *)ptr - 2 : NULL, *made = NULL;

	if (size) {
		made = malloc(size + 2 * sizeof *made);
		assert_non_null(made);
		*made = size;
		memory->blocks++;
		if (old)
			memcpy(made + 2, ptr, *old < size ? *old : size);
	}
	if (old) {
		memory->blocks--;
		memset(ptr, 0xdd, *old);
		free(old);
	}
	return made ? made + 2 : NULL;
}

/* -- one of each kind of handle */

enum { REVISIONS, CURRENT, HISTORY, PLAN, CREATED, DIFFERENCE, UNFINISHED, KINDS };

struct handle {
	int kind;
	void *at;
};

static void look_at_revisions(const mig_revision_list *list, const char *id)
{
	const mig_revision *r = mig_revision_list_at(list, 0);

	assert_int_equal(mig_revision_list_count(list), 1);
	assert_string_equal(mig_revision_id(r), id);
	assert_int_equal(strlen(mig_revision_message(r)) > 0, 1);
	for (size_t i = 0; i < mig_revision_parent_count(r); i++)
		assert_int_equal(mig_revision_parent(r, i)[0], 'r');
	for (size_t i = 0; i < mig_revision_section_count(r); i++)
		assert_int_equal(mig_revision_section(r, i)->direction, i);
	assert_non_null(strstr(mig_revision_text(r, NULL), id));
}

static void look_at_difference(const mig_op_list *list)
{
	size_t size = 0;

	assert_int_equal(mig_op_list_count(list), 2);
	assert_string_equal(mig_op_list_text(list, 0), "rename table t to renamed");
	assert_string_equal(mig_op_list_at(list, 0)->from->name, "t");
	assert_string_equal(mig_op_list_at(list, 0)->to->name, "renamed");
	assert_string_equal(mig_op_list_at(list, 1)->to->name, "added");
	assert_string_equal(mig_op_list_at(list, 1)->to->child->name, "id");
	assert_non_null(mig_object_attribute(mig_op_list_at(list, 1)->to->child, "type"));
	assert_string_equal(mig_op_list_dialect(list), "sqlite");
	assert_non_null(strstr(mig_op_list_sql(list, MIG_UPGRADE, &size), "added"));
	assert_int_equal(size, strlen(mig_op_list_sql(list, MIG_UPGRADE, NULL)));
	assert_null(mig_op_list_uncovered(list, 0));
	assert_null(mig_op_list_remark(list, 0));
	assert_null(mig_op_list_loss(list, 1));
	assert_null(mig_op_list_change(list, 1, 99));
	assert_null(mig_op_list_at(list, 1)->to->other);
}

static void look_at(const struct handle *h)
{
	switch (h->kind) {
	case REVISIONS:
		look_at_revisions(h->at, "r2");
		break;
	case CURRENT:
	case PLAN:
		assert_string_equal(mig_revision_id(h->kind == CURRENT ? mig_revision_list_at(h->at, 0)
								       : mig_plan_revision(h->at, 0)),
				    h->kind == CURRENT ? "r1" : "r2");
		if (h->kind == PLAN)
			assert_non_null(strstr(mig_plan_sql(h->at, 0, NULL), "CREATE TABLE u"));
		break;
	case HISTORY:
		assert_true(mig_history_list_at(h->at, 0)->struct_size >= sizeof(mig_history_entry));
		assert_string_equal(mig_history_list_at(h->at, 0)->revision, "r1");
		assert_string_equal(mig_history_list_at(h->at, 0)->library, mig_version());
		break;
	case CREATED:
		look_at_revisions(h->at, "r3");
		break;
	case DIFFERENCE:
		look_at_difference(h->at);
		break;
	default:
		assert_string_equal(mig_unfinished_revision(h->at), "r2");
		assert_int_equal(mig_unfinished_statements(h->at), 1);
		assert_non_null(strchr(mig_unfinished_actor(h->at), '@'));
	}
}

static void free_handle(struct handle *h)
{
	switch (h->kind) {
	case HISTORY:
		mig_history_list_free(h->at);
		break;
	case PLAN:
		mig_plan_free(h->at);
		break;
	case DIFFERENCE:
		mig_op_list_free(h->at);
		break;
	case UNFINISHED:
		mig_unfinished_free(h->at);
		break;
	default:
		mig_revision_list_free(h->at);
	}
	h->at = NULL;
}

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[160];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void declare(mig_ctx *ctx)
{
	mig_model *m;
	mig_table *t;

	ok(ctx, mig_model_of(ctx, &m));
	t = mig_model_table(m, NULL, "renamed");
	mig_table_column(t, "x", "integer");
	mig_table_renamed_from(t, "t");
	mig_table_column(mig_model_table(m, NULL, "added"), "id", "integer");
}

/* A context with a revision that is applied, and one whose second statement fails. */
static mig_ctx *open_with_memory(const struct place *p, struct memory *memory)
{
	mig_allocator allocator = { sizeof allocator, spoiling, memory };
	mig_open_options o = { .struct_size = sizeof o, .url = p->url, .allocator = &allocator };
	mig_ctx *ctx;

	write_file(p->dir, "r1.sql", "-- one\n-- revision: r1\n-- revises:\n\n-- mig:upgrade\n"
				     "CREATE TABLE t (x INTEGER);\n-- mig:downgrade\nDROP TABLE t;\n");
	write_file(p->dir, "r2.sql", "-- two\n-- revision: r2\n-- revises: r1\n\n"
				     "-- mig:upgrade transaction=no\nCREATE TABLE u (x);\n"
				     "SELECT no_such_function();\n-- mig:downgrade\nDROP TABLE u;\n");
	ok(ctx, mig_open_with(&ctx, &o));
	ok(ctx, mig_add_directory(ctx, p->dir));
	ok(ctx, mig_upgrade(ctx, "r1"));
	return ctx;
}

static void gather(mig_ctx *ctx, struct handle *h)
{
	mig_revision_options options = { .struct_size = sizeof options, .rev_id = "r3", .message = "three" };
	mig_revision_list *lists[2];
	mig_history_list *history;
	mig_unfinished *unfinished;
	mig_op_list *difference;
	mig_plan *plan;

	for (int i = 0; i < KINDS; i++)
		h[i].kind = i;
	declare(ctx);
	ok(ctx, mig_diff(ctx, NULL, &difference));
	h[DIFFERENCE].at = difference;
	ok(ctx, mig_revisions(ctx, "r2:r2", &lists[0]));
	ok(ctx, mig_revision_list_load(ctx, lists[0]));
	h[REVISIONS].at = lists[0];
	ok(ctx, mig_current(ctx, &lists[1]));
	h[CURRENT].at = lists[1];
	ok(ctx, mig_history_read(ctx, &history));
	h[HISTORY].at = history;
	ok(ctx, mig_plan_upgrade(ctx, "head", &plan));
	h[PLAN].at = plan;
	expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
	ok(ctx, mig_unfinished_read(ctx, &unfinished));
	h[UNFINISHED].at = unfinished;
	ok(ctx, mig_revision_create(ctx, &options, &lists[0]));
	h[CREATED].at = lists[0];
}

/* Every kind is the first to be freed once, and the context is closed before, between and after. */
static void test_any_order(void **state)
{
	struct place *p = *state;

	for (int turn = 0; turn <= KINDS; turn++) {
		struct memory memory = { 0 };
		struct handle handles[KINDS];
		mig_ctx *ctx = open_with_memory(p, &memory);

		gather(ctx, handles);
		for (int i = 0; i < KINDS; i++) {
			if (i == turn)
				assert_int_equal(mig_close(ctx), MIG_OK);
			for (int k = i; k < KINDS; k++)
				look_at(&handles[(k + turn) % KINDS]);
			free_handle(&handles[(i + turn) % KINDS]);
		}
		if (turn == KINDS)
			assert_int_equal(mig_close(ctx), MIG_OK);
		assert_int_equal(memory.blocks, 0);
		assert_int_equal(place_free(state), 0);
		assert_int_equal(place_new(state), 0);
		p = *state;
	}
}

/* -- a bundle, which may go with the context */

static void *spoil_later(size_t size)
{
	void *at = calloc(1, size);

	assert_non_null(at);
	return at;
}

struct brief {
	mig_bundle bundle;
	mig_bundle_revision revisions[2];
	mig_section sections[2];
	const char *none[1], *first[2], *labels[2];
	char id[2][8], message[2][32], file[2][16], created[32], label[16], text[64], dialect[16];
};

static struct brief *brief_new(void)
{
	struct brief *b = spoil_later(sizeof *b);

	strcpy(b->text, "-- mig:upgrade\nCREATE TABLE t (x);\n");
	strcpy(b->created, "2026-11-22T20:49:00Z");
	strcpy(b->label, "line");
	strcpy(b->dialect, "sqlite");
	b->labels[0] = b->label;
	b->first[0] = b->id[0];
	for (int i = 0; i < 2; i++) {
		snprintf(b->id[i], sizeof b->id[i], "r%d", i + 1);
		snprintf(b->message[i], sizeof b->message[i], "number %d\nand more", i + 1);
		snprintf(b->file[i], sizeof b->file[i], "r%d.sql", i + 1);
		b->sections[i] = (mig_section){ .direction = MIG_UPGRADE,
						.offset = 15,
						.size = 20,
						.dialect = b->dialect };
		b->revisions[i] = (mig_bundle_revision){ .id = b->id[i],
							 .message = b->message[i],
							 .created = b->created,
							 .file = b->file[i],
							 .revises = i ? b->first : b->none,
							 .branch_labels = i ? b->none : b->labels,
							 .depends_on = b->none,
							 .text = b->text,
							 .text_size = strlen(b->text),
							 .sections = &b->sections[i],
							 .section_count = 1 };
	}
	b->bundle = (mig_bundle){ .struct_size = sizeof b->bundle,
				  .revision_size = sizeof *b->revisions,
				  .section_size = sizeof *b->sections,
				  .count = 2,
				  .revisions = b->revisions };
	return b;
}

static void brief_free(struct brief *b)
{
	memset(b, 0xdd, sizeof *b);
	free(b);
}

static void look_at_bundle(const mig_revision_list *list, mig_plan *plan, int loaded)
{
	const mig_revision *newest = mig_revision_list_at(list, 0), *first = mig_revision_list_at(list, 1);

	assert_int_equal(mig_revision_list_count(list), 2);
	assert_string_equal(mig_revision_id(newest), "r2");
	assert_string_equal(mig_revision_summary(newest), "number 2");
	assert_string_equal(mig_revision_message(first), "number 1\nand more");
	assert_string_equal(mig_revision_created(newest), "2026-11-22T20:49:00Z");
	assert_string_equal(mig_revision_file(newest), "r2.sql");
	assert_string_equal(mig_revision_parent(newest, 0), "r1");
	assert_null(mig_revision_parent(newest, 1));
	assert_string_equal(mig_revision_child(first, 0), "r2");
	assert_null(mig_revision_child(first, 1));
	assert_string_equal(mig_revision_label(first, 0), "line");
	assert_int_equal(mig_revision_flags(newest) & MIG_REVISION_HEAD, MIG_REVISION_HEAD);
	assert_int_equal(mig_revision_flags(first) & MIG_REVISION_BASE, MIG_REVISION_BASE);
	assert_int_equal(mig_revision_section_count(newest), loaded);
	if (loaded) {
		assert_string_equal(mig_revision_section(newest, 0)->dialect, "sqlite");
		assert_non_null(strstr(mig_revision_text(newest, NULL), "CREATE TABLE t"));
	} else {
		assert_null(mig_revision_text(newest, NULL));
	}
	assert_string_equal(mig_plan_sql(plan, 1, NULL), "CREATE TABLE t (x);\n");
	assert_string_equal(mig_revision_id(mig_plan_revision(plan, 0)), "r1");
}

/* The bundle goes after the context, or after a source that made the context forget what it had read. */
static void test_bundle_goes(void **state)
{
	(void)state;
	for (int turn = 0; turn < 4; turn++) {
		struct memory memory = { 0 };
		mig_allocator allocator = { sizeof allocator, spoiling, &memory };
		mig_open_options o = { .struct_size = sizeof o,
				       .url = "sqlite::memory:",
				       .allocator = &allocator };
		struct brief *b = brief_new();
		mig_revision_list *list;
		mig_plan *plan;
		mig_ctx *ctx;

		ok(ctx, mig_open_with(&ctx, &o));
		ok(ctx, mig_add_bundle(ctx, &b->bundle));
		ok(ctx, mig_revisions(ctx, NULL, &list));
		if (turn & 1)
			ok(ctx, mig_revision_list_load(ctx, list));
		ok(ctx, mig_plan_upgrade(ctx, "head", &plan));
		look_at_bundle(list, plan, turn & 1);
		if (turn & 2)
			add(ctx, "r3", "r2", "SELECT 1;", NULL);
		mig_close(ctx);
		brief_free(b);
		look_at_bundle(list, plan, turn & 1);
		mig_plan_free(plan);
		mig_revision_list_free(list);
		assert_int_equal(memory.blocks, 0);
	}
}

/* Without memory for copies, what is left of a bundle is empty, and nothing of it is touched. */
static int starving;

static void *starved(void *user, void *ptr, size_t size)
{
	return size && starving ? NULL : spoiling(user, ptr, size);
}

static void test_no_memory_for_copies(void **state)
{
	struct memory memory = { 0 };
	mig_allocator allocator = { sizeof allocator, starved, &memory };
	mig_open_options o = { .struct_size = sizeof o,
			       .url = "sqlite::memory:",
			       .allocator = &allocator };
	struct brief *b = brief_new();
	mig_revision_list *list;
	const mig_revision *r;
	mig_ctx *ctx;

	(void)state;
	memset(b->text + strlen(b->text), ' ', 8); /* the arena's last chunk has no room for it twice */
	ok(ctx, mig_open_with(&ctx, &o));
	ok(ctx, mig_add_bundle(ctx, &b->bundle));
	ok(ctx, mig_revisions(ctx, NULL, &list));
	starving = 1;
	mig_close(ctx);
	starving = 0;
	brief_free(b);
	assert_int_equal(mig_revision_list_count(list), 2);
	for (size_t i = 0; i < 2; i++) {
		r = mig_revision_list_at(list, i);
		assert_true(!mig_revision_id(r)[0] || mig_revision_id(r)[0] == 'r');
		assert_true(!mig_revision_message(r)[0] || mig_revision_message(r)[0] == 'n');
		if (!mig_revision_id(r)[0]) {
			assert_int_equal(mig_revision_parent_count(r), 0);
			assert_int_equal(mig_revision_label_count(r), 0);
			assert_null(mig_revision_text(r, NULL));
		}
	}
	mig_revision_list_free(list);
	assert_int_equal(memory.blocks, 0);
}

/* -- the history, row by row */

struct counting {
	mig_ctx *ctx;
	int count, end_at;
};

static mig_status count_entry(void *user, const mig_history_entry *e)
{
	struct counting *c = user;
	mig_revision_list *list;

	assert_true(e->struct_size >= sizeof *e);
	assert_string_equal(e->direction, "upgrade");
	assert_int_equal(e->revision[1], '1' + c->count);
	assert_int_equal(mig_heads(c->ctx, 0, &list), MIG_EMISUSE);
	c->count++;
	return c->count == c->end_at ? MIG_ECANCELLED : MIG_OK;
}

static void test_history_each(void **state)
{
	const struct place *p = *state;
	mig_ctx *ctx = open_place(p);
	struct counting c = { .ctx = ctx };

	add(ctx, "r1", "", "CREATE TABLE a (x);", NULL);
	add(ctx, "r2", "r1", "CREATE TABLE b (x);", NULL);
	add(ctx, "r3", "r2", "CREATE TABLE c (x);", NULL);
	ok(ctx, mig_history_each(ctx, count_entry, &c)); /* no table yet */
	assert_int_equal(c.count, 0);
	ok(ctx, mig_upgrade(ctx, "head"));
	ok(ctx, mig_history_each(ctx, count_entry, &c));
	assert_int_equal(c.count, 3);
	c = (struct counting){ .ctx = ctx, .end_at = 2 };
	expect(ctx, MIG_ECANCELLED, mig_history_each(ctx, count_entry, &c));
	assert_int_equal(c.count, 2);
	assert_non_null(mig_error_message(ctx));
	expect(ctx, MIG_EINVAL, mig_history_each(ctx, NULL, &c));
	assert_int_equal(mig_history_each(NULL, count_entry, &c), MIG_EINVAL);
	c = (struct counting){ .ctx = ctx };
	ok(ctx, mig_history_each(ctx, count_entry, &c)); /* the context is as good as before */
	assert_int_equal(c.count, 3);
	mig_close(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_any_order, place_new, place_free),
		cmocka_unit_test(test_bundle_goes),
		cmocka_unit_test(test_no_memory_for_copies),
		cmocka_unit_test_setup_teardown(test_history_each, place_new, place_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

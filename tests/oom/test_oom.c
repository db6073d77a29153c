/* Out of memory at each request of each call in turn: the call says MIG_ENOMEM (or did without),
 * nothing leaks, the database is at a whole state, and the same call works afterwards.
 * MIG_OOM_STEP=5: at every fifth request. */
#include "../count/heap.h"
#include "../crash/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <mig/model.h>

#define REVISIONS 6

/* r1 … r6, r4 outside a transaction. */
static size_t revision_text(size_t i, char *out, size_t size)
{
	char revises[24] = "";

	if (i > 1)
		snprintf(revises, sizeof(revises), "r%zu", i - 1);
	return (size_t)snprintf(
		out, size,
		"-- revision %zu\n--\n-- revision: r%zu\n-- revises: %s\n\n"
		"-- mig:upgrade%s\nCREATE TABLE o_%zu (id INTEGER PRIMARY KEY, v TEXT);\n"
		"INSERT INTO o_%zu (v) VALUES ('x');\n\n"
		"-- mig:downgrade\nDROP TABLE o_%zu;\n",
		i, i, revises, i == 4 ? " transaction=no" : "", i, i, i);
}

static void write_folder(const struct folder *folder)
{
	char path[PATH_SIZE], text[1024], name[32];

	for (size_t i = 1; i <= REVISIONS; i++) {
		size_t size = revision_text(i, text, sizeof(text));
		FILE *f;

		snprintf(name, sizeof(name), "v/r%zu.sql", i);
		folder_path(folder, name, path);
		f = fopen(path, "w");
		assert_non_null(f);
		assert_int_equal(fwrite(text, 1, size, f), size);
		assert_int_equal(fclose(f), 0);
	}
}

/* ---- the calls ---------------------------------------------------------------------------- */

struct place {
	struct folder folder;
	char url[PATH_SIZE], path[PATH_SIZE], versions[PATH_SIZE];
};

static mig_status add_folder(mig_ctx *ctx, const struct place *place)
{
	return mig_add_directory(ctx, place->versions);
}

static mig_status add_text(mig_ctx *ctx, const struct place *place)
{
	char text[1024];
	mig_status rc = MIG_OK;

	(void)place;
	for (size_t i = 1; !rc && i <= REVISIONS; i++)
		rc = mig_add_script(ctx, "text.sql", text, revision_text(i, text, sizeof(text)));
	return rc;
}

static mig_status c_upgrade(void *user, mig_step *step)
{
	mig_stmt *stmt = NULL;
	int32_t row;
	mig_status rc = mig_step_exec(step, "CREATE TABLE o_1 (id INTEGER PRIMARY KEY, v TEXT)");

	(void)user;
	if (!rc)
		rc = mig_step_prepare(step, "INSERT INTO o_1 (v) VALUES ($1)", &stmt);
	if (!rc)
		rc = mig_stmt_bind_text(stmt, 1, "x");
	if (!rc)
		rc = mig_stmt_step(stmt, &row);
	mig_stmt_free(stmt);
	return rc;
}

static mig_status c_downgrade(void *user, mig_step *step)
{
	(void)user;
	return mig_step_exec(step, "DROP TABLE o_1");
}

static mig_status add_c(mig_ctx *ctx, const struct place *place)
{
	static const char *const labels[] = { "c-code", NULL };
	mig_revision_def def = { .struct_size = sizeof(def),
				 .id = "r1",
				 .message = "written in C",
				 .branch_labels = labels,
				 .upgrade = c_upgrade,
				 .downgrade = c_downgrade };

	(void)place;
	return mig_add_revision(ctx, &def);
}

static mig_status add_bundle(mig_ctx *ctx, const struct place *place)
{
	static const char text[] =
		"-- r1\n-- revision: r1\n-- revises:\n\n-- mig:upgrade\n"
		"CREATE TABLE o_1 (id INTEGER PRIMARY KEY, v TEXT);\n"
		"INSERT INTO o_1 (v) VALUES ('x');\n-- mig:downgrade\nDROP TABLE o_1;\n";
	static const char *const none[] = { NULL };
	static mig_section sections[2];
	static mig_bundle_revision revision;
	static mig_bundle bundle;
	size_t up = (size_t)(strstr(text, "CREATE") - text);
	size_t mark = (size_t)(strstr(text, "-- mig:down") - text);
	size_t down = (size_t)(strstr(text, "DROP") - text);

	(void)place;
	sections[0] =
		(mig_section){ .direction = MIG_UPGRADE, .offset = up, .size = mark - up };
	sections[1] = (mig_section){ .direction = MIG_DOWNGRADE,
					    .offset = down,
					    .size = sizeof(text) - 1 - down };
	revision = (mig_bundle_revision){ .id = "r1",
					  .message = "r1",
					  .created = "",
					  .file = "r1.sql",
					  .revises = none,
					  .branch_labels = none,
					  .depends_on = none,
					  .text = text,
					  .text_size = sizeof(text) - 1,
					  .sections = sections,
					  .section_count = 2 };
	bundle = (mig_bundle){ .struct_size = sizeof(bundle),
			       .revision_size = sizeof(revision),
			       .section_size = sizeof(sections[0]),
			       .count = 1,
			       .revisions = &revision };
	return mig_add_bundle(ctx, &bundle);
}

/* The bundle's revisions, and a snapshot of them that was made with memory to spare. */
static mig_snapshot *spare;

static mig_status add_snapshot(mig_ctx *ctx, const struct place *place)
{
	mig_bundle bundle = { .struct_size = sizeof(bundle),
			      .revision_size = sizeof(mig_bundle_revision),
			      .section_size = sizeof(mig_section),
			      .snapshots = mig_snapshot_entry(spare),
			      .snapshot_count = 1,
			      .snapshot_size = sizeof(mig_bundle_snapshot) };
	mig_status rc = add_text(ctx, place);

	return rc ? rc : mig_add_bundle(ctx, &bundle);
}

static mig_status call_make(mig_ctx *ctx, const struct place *place)
{
	mig_snapshot *made = NULL;
	mig_status rc = mig_snapshot_make(ctx, &made);

	(void)place;
	if (!rc)
		assert_int_equal(mig_snapshot_entry(made)->statement_count > 0, 1);
	mig_snapshot_free(made);
	return rc;
}

static mig_status call_upgrade(mig_ctx *ctx, const struct place *place)
{
	(void)place;
	return mig_upgrade(ctx, "head");
}

static mig_status call_upgrade_each(mig_ctx *ctx, const struct place *place)
{
	mig_run_options options = { .struct_size = sizeof(options),
				    .transaction_mode = MIG_TRANSACTION_REVISION };

	(void)place;
	return mig_upgrade_with(ctx, "head", &options);
}

static mig_status call_downgrade(mig_ctx *ctx, const struct place *place)
{
	(void)place;
	return mig_downgrade(ctx, "base");
}

static mig_status call_stamp(mig_ctx *ctx, const struct place *place)
{
	(void)place;
	return mig_stamp(ctx, "r1");
}

static mig_status call_adopt(mig_ctx *ctx, const struct place *place)
{
	sqlite3 *db = sql_open(place->path);

	sql_exec(db, "CREATE TABLE IF NOT EXISTS theirs AS SELECT 'r1' AS version_num");
	sqlite3_close(db);
	return mig_adopt(ctx, "theirs");
}

static mig_status call_adopt_mapped(mig_ctx *ctx, const struct place *place)
{
	static const mig_adopt_pair pairs[] = { { "0", NULL }, { "7", "r1" } };
	mig_adopt_options options = { .struct_size = sizeof options,
				      .query = "SELECT 7",
				      .pairs = pairs,
				      .pair_count = 2,
				      .pair_size = sizeof pairs[0],
				      .once = 1 };

	(void)place;
	return mig_adopt_with(ctx, &options);
}

static mig_status call_verify(mig_ctx *ctx, const struct place *place)
{
	(void)place;
	return mig_verify(ctx, NULL);
}

static mig_status call_query(mig_ctx *ctx, const struct place *place)
{
	mig_stmt *query = NULL;
	int32_t more = 1;
	mig_status rc = mig_query(ctx, "SELECT v FROM o_1 WHERE v = $1", &query);

	(void)place;
	if (!rc)
		rc = mig_stmt_bind_text(query, 1, "x");
	while (!rc && more)
		rc = mig_stmt_step(query, &more);
	mig_stmt_free(query);
	return rc;
}

static mig_status call_plan(mig_ctx *ctx, const struct place *place)
{
	mig_plan *plan = NULL;
	mig_status rc = mig_plan_upgrade(ctx, "head", &plan);
	size_t size;

	(void)place;
	/* NULL for a text that there is no memory for. */
	for (size_t i = 0; !rc && i < mig_plan_count(plan); i++)
		mig_plan_sql(plan, i, &size);
	mig_plan_free(plan);
	return rc;
}

static mig_status call_history(mig_ctx *ctx, const struct place *place)
{
	mig_revision_list *list = NULL;
	mig_status rc = mig_revisions(ctx, NULL, &list);

	(void)place;
	for (size_t i = 0; !rc && i < mig_revision_list_count(list); i++)
		mig_revision_digest(mig_revision_list_at(list, i));
	mig_revision_list_free(list);
	return rc;
}

static mig_status call_current(mig_ctx *ctx, const struct place *place)
{
	mig_revision_list *list = NULL;
	mig_status rc = mig_current(ctx, &list);

	(void)place;
	mig_revision_list_free(list);
	return rc;
}

static mig_status call_show(mig_ctx *ctx, const struct place *place)
{
	mig_revision_list *list = NULL;
	mig_status rc = mig_show(ctx, "head", &list);

	(void)place;
	mig_revision_list_free(list);
	return rc;
}

static mig_status call_log(mig_ctx *ctx, const struct place *place)
{
	mig_history_list *log = NULL;
	mig_status rc = mig_history_read(ctx, &log);

	(void)place;
	mig_history_list_free(log);
	return rc;
}

static mig_status call_create(mig_ctx *ctx, const struct place *place)
{
	mig_revision_options options = { .struct_size = sizeof(options),
					 .message = "add a thing",
					 .rev_id = "made",
					 .upgrade_sql = "CREATE TABLE made (id INTEGER);\n" };
	mig_revision_list *list = NULL;
	mig_status rc = mig_revision_create(ctx, &options, &list);
	char path[PATH_SIZE];

	if (!rc) {
		const char *file = mig_revision_file(mig_revision_list_at(list, 0));

		assert_int_equal(remove(file), 0);
	} else {
		/* No half of a file. */
		folder_path(&place->folder, "v/made_add_a_thing.sql", path);
		assert_int_not_equal(remove(path), 0);
	}
	mig_revision_list_free(list);
	return rc;
}

/* What makes every part of autogenerate work: a rename, a rebuild, tables declared and in SQL. */
static mig_status add_model(mig_ctx *ctx, const struct place *place)
{
	static const char sql[] = "CREATE VIEW seen AS SELECT v FROM o_1;\n"
				  "CREATE TRIGGER t AFTER INSERT ON o_2 BEGIN SELECT 1; END;\n";
	static const char *const moods[] = { "sad", "it's fine", NULL };
	mig_status rc = mig_add_directory(ctx, place->versions);
	mig_table *table;
	mig_model *model;

	if (!rc)
		rc = mig_model_of(ctx, &model);
	if (rc)
		return rc;
	mig_model_enum(model, NULL, "mood", moods);
	for (int i = 1; i < REVISIONS; i++) {
		char name[8];
		mig_column *column;

		snprintf(name, sizeof(name), "o_%d", i);
		table = mig_model_table(model, NULL, name);
		mig_column_primary_key(mig_table_column(table, "id", "integer"));
		column = mig_table_column(table, i == 3 ? "w" : "v", i == 4 ? "varchar(9)" : "text");
		if (i == 3)
			mig_column_renamed_from(column, "v");
		if (i == 2)
			mig_column_indexed(column);
	}
	table = mig_model_table(model, NULL, "fresh");
	mig_column_references(mig_table_column(table, "o", "integer"), "o_1", "id", "CASCADE");
	mig_column_default_text(mig_table_column(table, "m", "enum mood"), "sad");
	/* a mistake, also that there is no memory, is told by what uses the model */
	(void)mig_model_sql(model, NULL, "model", sql, sizeof(sql) - 1);
	return MIG_OK;
}

static mig_status call_diff(mig_ctx *ctx, const struct place *place)
{
	mig_op_list *list = NULL;
	mig_status rc = mig_diff(ctx, NULL, &list);

	(void)place;
	if (!rc)
		assert_true(mig_op_list_count(list) > 5);
	mig_op_list_free(list);
	return rc;
}

static mig_status call_dump(mig_ctx *ctx, const struct place *place)
{
	mig_op_list *list = NULL;
	mig_status rc = mig_dump(ctx, &list);

	(void)place;
	if (!rc) {
		assert_true(mig_op_list_count(list) >= REVISIONS - 1);
		assert_non_null(strstr(mig_op_list_sql(list, MIG_UPGRADE, NULL), "o_1"));
		assert_null(strstr(mig_op_list_sql(list, MIG_UPGRADE, NULL), "mig_version"));
		assert_non_null(strstr(mig_op_list_sql(list, MIG_DOWNGRADE, NULL), "o_1"));
	}
	mig_op_list_free(list);
	return rc;
}

/* ---- running them ------------------------------------------------------------------------- */

typedef mig_status (*call_fn)(mig_ctx *ctx, const struct place *place);

struct oom_case {
	call_fn add;  /* where the revisions come from */
	call_fn call; /* what is tested */
	int at_head;  /* the database is at the head before */
};

static void place_make(struct place *place)
{
	folder_make(&place->folder);
	folder_url(&place->folder, "oom.db", place->url);
	folder_path(&place->folder, "oom.db", place->path);
	folder_path(&place->folder, "v", place->versions);
	assert_int_equal(mkdir(place->versions, 0755), 0);
	write_folder(&place->folder);
}

static mig_status open_ctx(struct heap *heap, const struct place *place, mig_ctx **out)
{
	mig_open_options options = { .struct_size = sizeof(options),
				     .url = place->url,
				     .allocator = &heap->allocator };

	return mig_open_with(out, &options);
}

static void check_nomem(mig_ctx *ctx, const struct heap *heap, mig_status rc)
{
	if (rc == MIG_OK)
		return;
	if (rc != MIG_ENOMEM)
		fail_msg("request %d: %s: %s", (int)heap->fail_at, mig_status_name(rc),
			 mig_error_message(ctx));
	assert_true(heap->failed > 0);
	assert_int_equal(mig_error_status(ctx), MIG_ENOMEM);
	assert_true(strlen(mig_error_message(ctx)) > 0);
	assert_true(strlen(mig_error_report(ctx)) > 0);
}

/* Sound, and tables and rows agree: revision k means tables o_1 … o_k, a row in each. Only r4,
 * outside a transaction, may be half done. stamped: tables do not tell. */
static void check_database(const struct place *place, int stamped)
{
	sqlite3 *db = sql_open(place->path);
	char text[64];
	int64_t tables, at = 0;

	sql_text(db, "PRAGMA integrity_check", text, sizeof(text));
	assert_string_equal(text, "ok");
	if (sql_int(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'mig_version'"))
		at = sql_int(db, "SELECT substr(max(revision), 2) FROM mig_version");
	tables = sql_int(db, "SELECT count(*) FROM sqlite_schema WHERE name GLOB 'o_*'");
	if (!stamped && tables != at && !(at == 3 && tables == 4) && !(at == 4 && tables == 3))
		fail_msg("at revision %d with %d tables", (int)at, (int)tables);
	sqlite3_close(db);
}

static int is_stamp(const struct oom_case *c)
{
	return c->call == call_stamp || c->call == call_adopt || c->call == call_adopt_mapped;
}

static void go_to_head(const struct oom_case *c, const struct place *place)
{
	struct heap heap;
	mig_ctx *ctx = NULL;
	mig_status rc;

	heap_init(&heap);
	rc = open_ctx(&heap, place, &ctx);
	if (!rc)
		rc = c->add(ctx, place);
	if (!rc)
		rc = mig_upgrade(ctx, "head");
	if (rc)
		fail_msg("upgrade: %s", mig_error_message(ctx));
	mig_close(ctx);
	assert_int_equal(heap.blocks, 0);
}

/* Fails the at-th request of adding and calling. Returns 0 once they make fewer. */
static int run_one(const struct oom_case *c, const struct place *place, uint64_t at, int after)
{
	struct heap heap;
	mig_ctx *ctx = NULL;
	uint64_t failed;
	mig_status rc;

	folder_drop_database(&place->folder, "oom.db");
	if (c->at_head)
		go_to_head(c, place);
	heap_init(&heap);
	assert_int_equal(open_ctx(&heap, place, &ctx), MIG_OK);
	heap_reset(&heap, at, after);
	rc = c->add(ctx, place);
	if (!rc)
		rc = c->call(ctx, place);
	check_nomem(ctx, &heap, rc);
	failed = heap.failed;
	check_database(place, is_stamp(c));
	mig_close(ctx);
	assert_int_equal(heap.blocks, 0);
	assert_int_equal(heap.live, 0);
	return failed > 0;
}

/* The same, adding with memory to spare; then the call again on the same context. */
static int run_again(const struct oom_case *c, const struct place *place, uint64_t at, int after)
{
	struct heap heap;
	mig_ctx *ctx = NULL;
	uint64_t failed;
	mig_status rc;

	folder_drop_database(&place->folder, "oom.db");
	if (c->at_head)
		go_to_head(c, place);
	heap_init(&heap);
	assert_int_equal(open_ctx(&heap, place, &ctx), MIG_OK);
	assert_int_equal(c->add(ctx, place), MIG_OK);
	heap_reset(&heap, at, after);
	rc = c->call(ctx, place);
	check_nomem(ctx, &heap, rc);
	failed = heap.failed;
	check_database(place, is_stamp(c));
	heap_reset(&heap, 0, 0);
	if (rc && c->call(ctx, place))
		fail_msg("request %d, the call after: %s", (int)at, mig_error_message(ctx));
	check_database(place, is_stamp(c));
	mig_close(ctx);
	assert_int_equal(heap.blocks, 0);
	assert_int_equal(heap.live, 0);
	return failed > 0;
}

static void run_case(const struct oom_case *c)
{
	struct place place;
	uint64_t at = 0, places = 0, step = rounds_of("MIG_OOM_STEP", 1);

	place_make(&place);
	for (int after = 0; after < 2; after++) {
		for (at = 1; run_one(c, &place, at, after); at += step)
			places++;
		for (at = 1; run_again(c, &place, at, after); at += step)
			places++;
	}
	folder_remove(&place.folder);
	print_message("%d places\n", (int)places);
	assert_true(places > 0);
}

static void test_open(void **unused)
{
	struct place place;

	(void)unused;
	place_make(&place);
	for (int after = 0; after < 2; after++) {
		uint64_t failed = 1;

		for (uint64_t at = 1; failed; at++) {
			struct heap heap;
			mig_ctx *ctx = NULL;
			mig_status rc;

			heap_init(&heap);
			heap_reset(&heap, at, after);
			rc = open_ctx(&heap, &place, &ctx);
			check_nomem(ctx, &heap, rc);
			failed = heap.failed;
			mig_close(ctx);
			assert_int_equal(heap.blocks, 0);
			assert_int_equal(heap.live, 0);
		}
	}
	folder_remove(&place.folder);
}

static void test_upgrade(void **unused)
{
	(void)unused;
	run_case(&(struct oom_case){ .add = add_folder, .call = call_upgrade });
	run_case(&(struct oom_case){ .add = add_text, .call = call_upgrade_each });
	run_case(&(struct oom_case){ .add = add_c, .call = call_upgrade });
	run_case(&(struct oom_case){ .add = add_bundle, .call = call_upgrade });
}

static void test_noop(void **unused)
{
	(void)unused;
	run_case(&(struct oom_case){ .add = add_folder, .call = call_upgrade, .at_head = 1 });
	run_case(&(struct oom_case){ .add = add_bundle, .call = call_upgrade, .at_head = 1 });
}

static void test_downgrade(void **unused)
{
	(void)unused;
	run_case(&(struct oom_case){ .add = add_folder, .call = call_downgrade, .at_head = 1 });
	run_case(&(struct oom_case){ .add = add_c, .call = call_downgrade, .at_head = 1 });
}

static void test_stamp(void **unused)
{
	(void)unused;
	run_case(&(struct oom_case){ .add = add_text, .call = call_stamp });
	run_case(&(struct oom_case){ .add = add_folder, .call = call_stamp, .at_head = 1 });
}

static void test_adopt(void **unused)
{
	(void)unused;
	run_case(&(struct oom_case){ .add = add_text, .call = call_adopt });
	run_case(&(struct oom_case){ .add = add_text, .call = call_adopt_mapped });
}

static void test_plan(void **unused)
{
	(void)unused;
	run_case(&(struct oom_case){ .add = add_folder, .call = call_plan });
	run_case(&(struct oom_case){ .add = add_text, .call = call_plan });
}

static void test_questions(void **unused)
{
	(void)unused;
	run_case(&(struct oom_case){ .add = add_folder, .call = call_history, .at_head = 1 });
	run_case(&(struct oom_case){ .add = add_text, .call = call_current, .at_head = 1 });
	run_case(&(struct oom_case){ .add = add_text, .call = call_show });
	run_case(&(struct oom_case){ .add = add_text, .call = call_log, .at_head = 1 });
	run_case(&(struct oom_case){ .add = add_folder, .call = call_verify, .at_head = 1 });
	run_case(&(struct oom_case){ .add = add_bundle, .call = call_verify, .at_head = 1 });
	run_case(&(struct oom_case){ .add = add_text, .call = call_query, .at_head = 1 });
}

static void test_create(void **unused)
{
	(void)unused;
	run_case(&(struct oom_case){ .add = add_folder, .call = call_create });
}

static void test_diff(void **unused)
{
	(void)unused;
	run_case(&(struct oom_case){ .add = add_model, .call = call_diff, .at_head = 1 });
	run_case(&(struct oom_case){ .add = add_folder, .call = call_dump, .at_head = 1 });
}

static void test_snapshot(void **unused)
{
	mig_ctx *ctx = NULL;

	(void)unused;
	assert_int_equal(mig_open(&ctx, "sqlite::memory:"), MIG_OK);
	assert_int_equal(add_text(ctx, NULL), MIG_OK);
	assert_int_equal(mig_snapshot_make(ctx, &spare), MIG_OK);
	mig_close(ctx);
	run_case(&(struct oom_case){ .add = add_snapshot, .call = call_upgrade });
	run_case(&(struct oom_case){ .add = add_snapshot, .call = call_plan });
	run_case(&(struct oom_case){ .add = add_bundle, .call = call_make });
	mig_snapshot_free(spare);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),   cmocka_unit_test(test_upgrade),
		cmocka_unit_test(test_noop),   cmocka_unit_test(test_downgrade),
		cmocka_unit_test(test_stamp),  cmocka_unit_test(test_adopt),
		cmocka_unit_test(test_plan),   cmocka_unit_test(test_questions),
		cmocka_unit_test(test_create), cmocka_unit_test(test_diff),
		cmocka_unit_test(test_snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

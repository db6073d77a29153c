/* test_keys: foreign keys on SQLite: what is checked outside a transaction, who has them on, and what
 * may not run then. */
#include "support.h"

#include <mig/model.h>
#include <mig/op.h>
#include <stdio.h>
#include <string.h>

static const char parents[] = "CREATE TABLE p(id INTEGER PRIMARY KEY);\n"
			      "CREATE TABLE c(id INTEGER PRIMARY KEY, p INTEGER REFERENCES p ON "
			      "DELETE CASCADE ON UPDATE CASCADE);\n"
			      "INSERT INTO p VALUES (1), (2), (3);\n"
			      "INSERT INTO c VALUES (10, 1), (20, 2), (30, 3);\n";

/* A revision with attributes on its upgrade section. */
static void add_with(mig_ctx *ctx, const char *id, const char *revises, const char *attributes,
		     const char *up)
{
	char text[4096];

	snprintf(text, sizeof text, "-- revision: %s\n-- revises: %s\n-- mig:upgrade %s\n%s", id,
		 revises, attributes, up);
	ok(ctx, mig_add_script(ctx, id, text, strlen(text)));
}

static mig_ctx *open_keys(const struct place *p, int32_t keys)
{
	const mig_open_options o = { .struct_size = sizeof o,
				     .url = p->url,
				     .foreign_keys = keys };
	mig_ctx *ctx;

	ok(ctx, mig_open_with(&ctx, &o));
	return ctx;
}

/* Runs one more revision on the tables above. */
static mig_ctx *with_parents(const struct place *p, int32_t keys, const char *attributes,
			     const char *up)
{
	mig_ctx *ctx = open_keys(p, keys);

	add(ctx, "r1", "", parents, NULL);
	ok(ctx, mig_upgrade(ctx, "head"));
	add_with(ctx, "r2", "r1", attributes, up);
	return ctx;
}

static void has(const char *text, const char *words)
{
	if (!text || !strstr(text, words))
		fail_msg("\"%s\" is not in: %s", words, text ? text : "(null)");
}

static void orphans_outside_a_transaction(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = with_parents(p, 0, "transaction=no",
				    "CREATE TABLE z(x);\n\nDELETE FROM p WHERE id = 2;\nVACUUM;");

	expect(ctx, MIG_EFOREIGN_KEY, mig_upgrade(ctx, "head"));
	has(mig_error_message(ctx), "1 foreign key violation");
	has(mig_error_message(ctx), "c row 20 (p = 2) has no parent in p");
	assert_int_equal(mig_error_line(ctx), 6);
	assert_string_equal(mig_error_revision(ctx), "r2");
	assert_string_equal(ask(p, "SELECT count(*) FROM p"), "3");
	assert_string_equal(ask(p, "SELECT count(*) FROM pragma_foreign_key_check"), "0");
	mig_close(ctx);
}

static void orphans_in_a_unit(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = with_parents(p, 0, "transaction=no",
				    "BEGIN;\nDELETE FROM p WHERE id = 2;\nINSERT INTO p VALUES (4);\n"
				    "COMMIT;\n");

	expect(ctx, MIG_EFOREIGN_KEY, mig_upgrade(ctx, "head"));
	assert_string_equal(ask(p, "SELECT group_concat(id) FROM p"), "1,2,3");
	mig_close(ctx);
	ctx = open_place(p);
	add(ctx, "r1", "", parents, NULL);
	add_with(ctx, "r2", "r1", "transaction=no",
		 "BEGIN;\nDELETE FROM p WHERE id = 2;\nDELETE FROM c WHERE p = 2;\nCOMMIT;\n");
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(ask(p, "SELECT group_concat(id) FROM c"), "10,30");
	mig_close(ctx);
}

/* Only what the run added is told; a trigger's work and a child's own rows are seen. */
static void only_what_is_added(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = open_place(p);

	tell(p, "CREATE TABLE p(id INTEGER PRIMARY KEY);"
		"CREATE TABLE c(id INTEGER PRIMARY KEY, p INTEGER REFERENCES p);"
		"CREATE TABLE other(id INTEGER PRIMARY KEY, p INTEGER REFERENCES p);"
		"CREATE TABLE log(x);"
		"CREATE TRIGGER t AFTER INSERT ON log BEGIN DELETE FROM p WHERE id = new.x; END;"
		"INSERT INTO c VALUES (1, 99); INSERT INTO p VALUES (5), (6);"
		"INSERT INTO other VALUES (1, 5);");
	add_with(ctx, "r1", "", "transaction=no", "UPDATE c SET id = 2;\nDELETE FROM p WHERE id = 6;");
	ok(ctx, mig_upgrade(ctx, "head"));
	add_with(ctx, "r2", "r1", "transaction=no", "INSERT INTO log VALUES (5);");
	expect(ctx, MIG_EFOREIGN_KEY, mig_upgrade(ctx, "head"));
	has(mig_error_message(ctx), "1 foreign key violation: other row 1 (p = 5)");
	mig_close(ctx);
	ctx = open_place(p);
	add_with(ctx, "r1", "", "transaction=no", "UPDATE c SET id = 2;\nDELETE FROM p WHERE id = 6;");
	add_with(ctx, "r2", "r1", "transaction=no", "INSERT INTO c VALUES (3, 77);");
	expect(ctx, MIG_EFOREIGN_KEY, mig_upgrade(ctx, "head"));
	has(mig_error_message(ctx), "c row 3 (p = 77)");
	mig_close(ctx);
}

/* A program that does not want the check has none. */
static void the_check_can_be_left_out(void **state)
{
	struct place *p = *state;
	const mig_run_options o = { .struct_size = sizeof o, .no_foreign_key_check = 1 };
	mig_ctx *ctx = with_parents(p, 0, "transaction=no", "DELETE FROM p WHERE id = 2;");

	ok(ctx, mig_upgrade_with(ctx, "head", &o));
	assert_string_equal(ask(p, "SELECT count(*) FROM pragma_foreign_key_check"), "1");
	mig_close(ctx);
}

static mig_status delete_two(void *user, mig_step *step)
{
	mig_stmt *stmt;
	int32_t row;
	mig_status rc;

	if (!user)
		return mig_step_exec(step, "INSERT INTO p VALUES (7);\nDELETE FROM p WHERE id = 2");
	rc = mig_step_prepare(step, "DELETE FROM p WHERE id = $1", &stmt);
	if (rc)
		return rc;
	rc = mig_stmt_bind_int64(stmt, 1, 2);
	if (!rc)
		rc = mig_stmt_step(stmt, &row);
	mig_stmt_free(stmt);
	return rc;
}

static void revisions_in_c_are_checked(void **state)
{
	struct place *p = *state;
	int prepared;

	for (prepared = 0; prepared < 2; prepared++) {
		const mig_revision_def def = { .struct_size = sizeof def,
					       .id = "r2",
					       .revises = (const char *const[]){ "r1", NULL },
					       .upgrade = delete_two,
					       .user = prepared ? p : NULL,
					       .no_transaction = 1,
					       .idempotent = 1 };
		mig_ctx *ctx = open_place(p);

		add(ctx, "r1", "", parents, NULL);
		ok(ctx, mig_add_revision(ctx, &def));
		expect(ctx, MIG_EFOREIGN_KEY, mig_upgrade(ctx, "head"));
		assert_string_equal(ask(p, "SELECT group_concat(id) FROM p WHERE id < 7"),
				    "1,2,3");
		mig_close(ctx);
	}
}

static void cascades_where_they_are_wanted(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = with_parents(p, 0, "foreign_keys=on", "DELETE FROM p WHERE id = 2;");

	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(ask(p, "SELECT group_concat(id) FROM c"), "10,30");
	/* off again in the same transaction, and on once more */
	add_with(ctx, "r3", "r2", "", "DELETE FROM p WHERE id = 1;\nUPDATE c SET p = 3;");
	add_with(ctx, "r4", "r3", "foreign_keys=on", "UPDATE p SET id = 33 WHERE id = 3;");
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(ask(p, "SELECT group_concat(id || ':' || p) FROM c"), "10:33,30:33");
	mig_close(ctx);
}

static void a_host_may_have_them_on(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = with_parents(p, 1, "", "DELETE FROM p WHERE id = 2;");

	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(ask(p, "SELECT group_concat(id) FROM c"), "10,30");
	add_with(ctx, "r3", "r2", "foreign_keys=off",
		 "DELETE FROM p WHERE id = 1;\nDELETE FROM c WHERE p = 1;");
	add_with(ctx, "r4", "r3", "transaction=no", "DELETE FROM p WHERE id = 3;");
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(ask(p, "SELECT count(*) FROM c"), "0");
	mig_close(ctx);
}

/* Of revisions in C, as well. */
static mig_status delete_one(void *user, mig_step *step)
{
	(void)user;
	return mig_step_exec(step, "DELETE FROM p WHERE id = 1");
}

static void revisions_in_c_may_have_them_on(void **state)
{
	struct place *p = *state;
	const mig_revision_def def = { .struct_size = sizeof def,
				       .id = "r2",
				       .revises = (const char *const[]){ "r1", NULL },
				       .upgrade = delete_one,
				       .foreign_keys = 1 };
	mig_ctx *ctx = open_place(p);

	add(ctx, "r1", "", parents, NULL);
	ok(ctx, mig_add_revision(ctx, &def));
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(ask(p, "SELECT group_concat(id) FROM c"), "20,30");
	mig_close(ctx);
}

/* A lent connection has them afterwards as before, whatever ran. */
static void a_lent_connection_keeps_its_own(void **state)
{
	struct place *p = *state;
	int on, left;

	for (on = 0; on < 2; on++) {
		sqlite3 *db;
		mig_open_options o = { .struct_size = sizeof o, .dialect_name = "sqlite" };
		mig_ctx *ctx;

		assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
		sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_FKEY, on, NULL);
		o.connection = db;
		ok(ctx, mig_open_with(&ctx, &o));
		add(ctx, "r1", "", parents, NULL);
		add_with(ctx, "r2", "r1", on ? "foreign_keys=off" : "foreign_keys=on",
			 on ? "DELETE FROM c; DELETE FROM p;" : "DELETE FROM p;");
		ok(ctx, mig_upgrade(ctx, "head"));
		add_with(ctx, "r3", "r2", on ? "foreign_keys=off" : "foreign_keys=on",
			 "SELECT nothing;");
		expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
		sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_FKEY, -1, &left);
		assert_int_equal(left, on);
		mig_close(ctx);
		sqlite3_close(db);
	}
	(void)p;
}

/* What deferred keys still wait for would be forgotten by a switch. */
static void no_switch_amid_deferred_keys(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = with_parents(p, 0, "foreign_keys=on",
				    "PRAGMA defer_foreign_keys = ON;\n"
				    "INSERT INTO c VALUES (40, 4);\n");

	add_with(ctx, "r3", "r2", "", "INSERT INTO p VALUES (4);");
	expect(ctx, MIG_EFOREIGN_KEY, mig_upgrade(ctx, "head"));
	has(mig_error_message(ctx), "defer_foreign_keys");
	assert_string_equal(mig_error_revision(ctx), "r2");
	assert_string_equal(ask(p, "SELECT count(*) FROM c"), "3");
	mig_close(ctx);
	ctx = open_place(p);
	add(ctx, "r1", "", parents, NULL);
	add_with(ctx, "r2", "r1", "foreign_keys=on",
		 "CREATE TABLE d(p REFERENCES p DEFERRABLE INITIALLY DEFERRED);\n"
		 "INSERT INTO d VALUES (4);\n");
	add_with(ctx, "r3", "r2", "", "INSERT INTO p VALUES (4);");
	expect(ctx, MIG_EFOREIGN_KEY, mig_upgrade(ctx, "head"));
	has(mig_error_message(ctx), "turned off: revision r2 leaves rows");
	mig_close(ctx);
	ctx = open_place(p); /* without a switch they may wait */
	add(ctx, "r1", "", parents, NULL);
	add_with(ctx, "r2", "r1", "foreign_keys=on",
		 "CREATE TABLE d(p REFERENCES p DEFERRABLE INITIALLY DEFERRED);\n"
		 "INSERT INTO d VALUES (4);\n");
	add_with(ctx, "r3", "r2", "foreign_keys=on", "INSERT INTO p VALUES (4);");
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
}

static void a_failed_check_names_the_way_out(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = with_parents(p, 0, "", "DELETE FROM main.\"P\" WHERE id = 2;");

	add_with(ctx, "r3", "r2", "", "CREATE TABLE z(x);");
	expect(ctx, MIG_EFOREIGN_KEY, mig_upgrade(ctx, "head"));
	has(mig_error_hint(ctx), "ON DELETE CASCADE of c");
	has(mig_error_hint(ctx), "revision r2");
	has(mig_error_hint(ctx), "foreign_keys=on");
	mig_close(ctx);
	ctx = open_place(p);
	add(ctx, "r1", "", parents, NULL);
	add_with(ctx, "r2", "r1", "", "WITH x AS (SELECT 3 AS y) UPDATE p SET id = 4 "
				      "WHERE id IN (SELECT y FROM x);");
	expect(ctx, MIG_EFOREIGN_KEY, mig_upgrade(ctx, "head"));
	has(mig_error_hint(ctx), "ON UPDATE CASCADE of c");
	has(mig_error_hint(ctx), "revision r2");
	mig_close(ctx);
	ctx = open_place(p); /* a cascade would not have helped here */
	add(ctx, "r1", "", parents, NULL);
	add_with(ctx, "r2", "r1", "", "CREATE TABLE d(p REFERENCES p); INSERT INTO d VALUES (9);");
	expect(ctx, MIG_EFOREIGN_KEY, mig_upgrade(ctx, "head"));
	assert_null(strstr(mig_error_hint(ctx), "foreign_keys=on"));
	mig_close(ctx);
}

static void a_parent_is_not_dropped(void **state)
{
	static const struct {
		const char *attributes, *sql;
		mig_status want;
	} cases[] = {
		{ "foreign_keys=on", "DROP TABLE p;", MIG_EFOREIGN_KEY },
		{ "foreign_keys=on", "DROP TABLE IF EXISTS \"main\".[P];", MIG_EFOREIGN_KEY },
		{ "foreign_keys=on transaction=no", "/* x */ DROP -- y\n TABLE `p`;",
		  MIG_EFOREIGN_KEY },
		{ "transaction=no", "PRAGMA foreign_keys = ON;\nDROP TABLE p;", MIG_EFOREIGN_KEY },
		/* a rebuild by hand */
		{ "foreign_keys=on",
		  "CREATE TABLE p2(id INTEGER PRIMARY KEY, more);\nINSERT INTO p2(id) SELECT id FROM "
		  "p;\nDROP TABLE p;\nALTER TABLE p2 RENAME TO p;\n",
		  MIG_EFOREIGN_KEY },
		{ "foreign_keys=on", "DROP TABLE set_null;", MIG_EFOREIGN_KEY },
		/* nobody refers to these */
		{ "foreign_keys=on", "DROP TABLE c;", MIG_OK },
		{ "foreign_keys=on", "DROP TABLE IF EXISTS absent;", MIG_OK },
		{ "foreign_keys=on", "DROP TABLE self;", MIG_OK },
		{ "foreign_keys=on", "CREATE TEMP TABLE p(x);\nDROP TABLE p;", MIG_OK },
		{ "foreign_keys=on", "CREATE TEMP TABLE p(x);\nDROP TABLE temp.p;", MIG_OK },
		/* the way out */
		{ "foreign_keys=off",
		  "CREATE TABLE p2(id INTEGER PRIMARY KEY, more);\nINSERT INTO p2(id) SELECT id FROM "
		  "p;\nDROP TABLE p;\nALTER TABLE p2 RENAME TO p;\n",
		  MIG_OK },
	};
	struct place *p = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		mig_ctx *ctx;
		mig_status rc;

		tell(p, "DROP TABLE IF EXISTS mig_version; DROP TABLE IF EXISTS mig_history;"
			"DROP TABLE IF EXISTS c; DROP TABLE IF EXISTS n; DROP TABLE IF EXISTS p;"
			"DROP TABLE IF EXISTS set_null; DROP TABLE IF EXISTS self");
		ctx = with_parents(p, 0, cases[i].attributes, cases[i].sql);
		tell(p, "CREATE TABLE set_null(id INTEGER PRIMARY KEY);"
			"CREATE TABLE n(x REFERENCES set_null ON DELETE SET NULL);"
			"CREATE TABLE self(id INTEGER PRIMARY KEY, up REFERENCES self);"
			"INSERT INTO set_null VALUES (1); INSERT INTO n VALUES (1);"
			"INSERT INTO self VALUES (1, 1)");
		rc = mig_upgrade(ctx, "head");
		if (rc != cases[i].want)
			fail_msg("case %zu: %s: %s", i, mig_status_name(rc),
				 mig_error_message(ctx));
		if (rc) {
			has(mig_error_hint(ctx), "foreign_keys=off");
			assert_true(mig_error_line(ctx) > 0);
		}
		if (strcmp(cases[i].sql, "DROP TABLE c;") != 0)
			assert_string_equal(ask(p, "SELECT count(*) FROM c"), "3");
		assert_string_equal(ask(p, "SELECT count(x) FROM n"), "1");
		mig_close(ctx);
	}
}

static mig_status drop_parent(void *user, mig_step *step)
{
	mig_stmt *stmt;
	mig_status rc;

	if (!user)
		return mig_step_exec(step, "DROP TABLE p");
	rc = mig_step_prepare(step, "DROP TABLE p", &stmt);
	if (!rc)
		mig_stmt_free(stmt);
	return rc;
}

static void nor_by_a_revision_in_c(void **state)
{
	struct place *p = *state;

	for (int prepared = 0; prepared < 2; prepared++) {
		const mig_revision_def def = { .struct_size = sizeof def,
					       .id = "r2",
					       .revises = (const char *const[]){ "r1", NULL },
					       .upgrade = drop_parent,
					       .user = prepared ? p : NULL };
		mig_ctx *ctx = open_keys(p, 1);

		add(ctx, "r1", "", parents, NULL);
		ok(ctx, mig_add_revision(ctx, &def));
		expect(ctx, MIG_EFOREIGN_KEY, mig_upgrade(ctx, "head"));
		mig_close(ctx);
	}
}

/* Operations turn keys off around their own rebuild; before and after it cascades act. */
static mig_status rebuild(void *user, mig_step *step)
{
	mig_column *column;
	mig_model *model;
	mig_status rc = mig_step_exec(step, "DELETE FROM p WHERE id = 1");

	(void)user;
	if (!rc)
		rc = mig_op_model(step, &model);
	if (rc)
		return rc;
	column = mig_table_column(mig_model_table(model, NULL, "p"), "name", "text");
	mig_column_default_text(column, "x");
	mig_column_not_null(column);
	rc = mig_op_alter_column(step, column);
	return rc ? rc : mig_step_exec(step, "DELETE FROM p WHERE id = 2");
}

static void operations_switch_around_a_rebuild(void **state)
{
	struct place *p = *state;

	for (int lone = 0; lone < 2; lone++) {
		const mig_revision_def def = { .struct_size = sizeof def,
					       .id = "r2",
					       .revises = (const char *const[]){ "r1", NULL },
					       .upgrade = rebuild,
					       .no_transaction = lone,
					       .idempotent = lone };
		mig_ctx *ctx;

		tell(p, "DROP TABLE IF EXISTS mig_version; DROP TABLE IF EXISTS mig_history;"
			"DROP TABLE IF EXISTS c; DROP TABLE IF EXISTS p");
		ctx = open_keys(p, 1);
		add(ctx, "r1", "", parents, NULL);
		ok(ctx, mig_upgrade(ctx, "head"));
		tell(p, "ALTER TABLE p ADD COLUMN name TEXT");
		ok(ctx, mig_add_revision(ctx, &def));
		ok(ctx, mig_upgrade(ctx, "head"));
		assert_string_equal(ask(p, "SELECT group_concat(id) FROM c"), "30");
		assert_string_equal(ask(p, "SELECT \"notnull\" FROM pragma_table_info('p') WHERE "
					   "name = 'name'"),
				    "1");
		mig_close(ctx);
	}
}

/* What autogenerate writes with a rebuild says so, and only that. */
static void a_written_rebuild_is_marked(void **state)
{
	static const char *const models[] = {
		"CREATE TABLE p(id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'x');"
		"CREATE TABLE c(id INTEGER PRIMARY KEY, p INTEGER REFERENCES p);",
		"CREATE TABLE p(id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'x', "
		"more INTEGER);"
		"CREATE TABLE c(id INTEGER PRIMARY KEY, p INTEGER REFERENCES p);",
	};
	struct place *p = *state;

	tell(p, "CREATE TABLE p(id INTEGER PRIMARY KEY, name TEXT);"
		"CREATE TABLE c(id INTEGER PRIMARY KEY, p INTEGER REFERENCES p);"
		"INSERT INTO p VALUES (1, 'a'); INSERT INTO c VALUES (10, 1)");
	for (int i = 0; i < 2; i++) {
		mig_autogenerate_options o = { .struct_size = sizeof o };
		mig_ctx *ctx = open_keys(p, 1);
		mig_revision_list *list;
		mig_model *model;
		mig_op_list *ops;
		const mig_revision *r;

		ok(ctx, mig_add_directory(ctx, p->dir));
		ok(ctx, mig_model_of(ctx, &model));
		ok(ctx, mig_model_sql(model, NULL, "model.sql", models[i], strlen(models[i])));
		ok(ctx, mig_diff(ctx, NULL, &ops));
		assert_int_equal(mig_op_list_section(ops, MIG_UPGRADE)->foreign_keys, i ? 0 : -1);
		assert_null(mig_op_list_section(NULL, MIG_UPGRADE));
		mig_op_list_free(ops);
		ok(ctx, mig_autogenerate(ctx, &o, &list));
		ok(ctx, mig_revision_list_load(ctx, list));
		r = mig_revision_list_at(list, 0);
		assert_int_equal(mig_revision_section_count(r), 2);
		assert_int_equal(mig_revision_section(r, 0)->foreign_keys, i ? 0 : -1);
		mig_revision_list_free(list);
		/* and it runs where keys are on, without touching the children */
		ok(ctx, mig_upgrade(ctx, "head"));
		assert_string_equal(ask(p, "SELECT count(*) FROM c"), "1");
		mig_close(ctx);
	}
}

/* -- as a script */

static mig_status take(void *user, const char *text, size_t size)
{
	char *out = user;
	size_t used = strlen(out);

	if (used + size >= 8192)
		return MIG_ERROR;
	memcpy(out + used, text, size);
	out[used + size] = '\0';
	return MIG_OK;
}

static void scripts_switch_between_transactions(void **state)
{
	struct place *p = *state;
	const mig_run_options each = { .struct_size = sizeof each,
				       .transaction_mode = MIG_TRANSACTION_REVISION };
	char text[8192] = "";
	const mig_open_options o = {
		.struct_size = sizeof o, .url = p->url, .script = take, .script_user = text
	};
	const char *on, *begin;
	mig_ctx *ctx;

	ok(ctx, mig_open_with(&ctx, &o));
	add(ctx, "r1", "", parents, NULL);
	add_with(ctx, "r2", "r1", "foreign_keys=on", "DELETE FROM p WHERE id = 2;");
	add_with(ctx, "r3", "r2", "", "DELETE FROM c WHERE p = 1;");
	expect(ctx, MIG_EUNSUPPORTED, mig_upgrade(ctx, "head"));
	has(mig_error_hint(ctx), "--per-revision");
	text[0] = '\0';
	ok(ctx, mig_upgrade_with(ctx, "head", &each));
	on = strstr(text, "PRAGMA foreign_keys = ON;");
	assert_non_null(on);
	begin = strstr(on, "BEGIN");
	assert_true(begin && begin < strstr(text, "DELETE FROM p"));
	assert_non_null(strstr(begin, "COMMIT;\n\nPRAGMA foreign_keys = OFF;"));
	tell(p, strstr(text, "PRAGMA")); /* above it is the shell's ".bail on" */
	assert_string_equal(ask(p, "SELECT group_concat(id) FROM c"), "30");
	text[0] = '\0'; /* all of one transaction alike is no matter */
	ok(ctx, mig_upgrade(ctx, "r1:r2"));
	assert_non_null(strstr(text, "PRAGMA foreign_keys = ON;"));
	mig_close(ctx);
}

/* A bundle and an array of sections of a program that knew no foreign_keys. */
struct old_section {
	int32_t direction, no_transaction;
	const char *dialect, *database, *sql;
	size_t offset, size;
};

static void older_structs_work(void **state)
{
	static const char text[] = "-- revision: r1\n-- mig:upgrade\nCREATE TABLE t(x);\n";
	static const struct old_section sections[] = {
		{ MIG_UPGRADE, 0, NULL, NULL, NULL, 31, sizeof text - 1 - 31 }
	};
	const mig_bundle_revision revision = { .id = "r1",
					       .text = text,
					       .text_size = sizeof text - 1,
					       .sections = (const void *)sections,
					       .section_count = 1 };
	const mig_bundle bundle = { .struct_size = sizeof bundle,
				    .revision_size = sizeof revision,
				    .section_size = sizeof(struct old_section),
				    .count = 1,
				    .revisions = &revision };
	const struct {
		int32_t direction, no_transaction;
		const char *dialect, *database, *sql;
	} old = { MIG_UPGRADE, 0, NULL, NULL, "CREATE TABLE u(x);" };
	mig_revision_options o = { .struct_size = sizeof o,
				   .sections = (const void *)&old,
				   .section_count = 1,
				   .section_size = sizeof old };
	struct place *p = *state;
	mig_revision_list *list;
	mig_ctx *ctx = open_place(p);

	ok(ctx, mig_add_bundle(ctx, &bundle));
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(tables(p), "t");
	mig_close(ctx);
	ctx = open_place(p);
	ok(ctx, mig_add_directory(ctx, p->dir));
	ok(ctx, mig_revision_create(ctx, &o, &list));
	mig_revision_list_free(list);
	o.section_size = 8;
	expect(ctx, MIG_EINVAL, mig_revision_create(ctx, &o, &list));
	mig_close(ctx);
}

/* Rows of a bundle before they had time-outs, and after they have something else; two of each, so that
 * the stride counts. */
struct old_revision {
	const char *id, *message, *created, *file;
	const char *const *revises, *const *branch_labels, *const *depends_on;
	const char *text;
	size_t text_size;
	const void *sections;
	size_t section_count;
	uint8_t digest[32], chain[32];
};

struct new_section {
	mig_section known;
	uint64_t more[3];
};

struct new_revision {
	mig_bundle_revision known;
	uint64_t more[2];
};

static const char *const after_r1[] = { "r1", NULL };
static const char text_r1[] = "-- revision: r1\n-- mig:upgrade\nCREATE TABLE t(x);\n";
static const char text_r2[] = "-- revision: r2\n-- mig:upgrade\nCREATE TABLE u(x);\n";
enum { SQL_AT = 31, SQL_SIZE = sizeof text_r1 - 1 - SQL_AT };

static mig_status upgrade_bundle(struct place *p, const mig_bundle *bundle, const char *want)
{
	mig_ctx *ctx = open_place(p);
	mig_status rc;

	ok(ctx, mig_add_bundle(ctx, bundle));
	rc = mig_upgrade(ctx, "head");
	if (rc)
		assert_non_null(strstr(mig_error_message(ctx), "does not know (byte "));
	assert_string_equal(tables(p), want);
	if (!rc)
		ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	return rc;
}

static void older_bundles_work(void **state)
{
	static const struct old_section sections[] = { { MIG_UPGRADE, 0, NULL, NULL, NULL, SQL_AT, SQL_SIZE } };
	static const struct old_revision revisions[] = {
		{ .id = "r1", .text = text_r1, .text_size = sizeof text_r1 - 1, .sections = sections,
		  .section_count = 1, .chain = { 1 } },
		{ .id = "r2", .text = text_r2, .text_size = sizeof text_r2 - 1, .sections = sections,
		  .section_count = 1, .chain = { 2 }, .revises = after_r1 },
	};
	mig_bundle bundle = { .struct_size = offsetof(mig_bundle, heads),
			      .revision_size = sizeof(struct old_revision),
			      .section_size = sizeof(struct old_section),
			      .count = 2,
			      .revisions = (const void *)revisions };
	struct place *p = *state;
	mig_ctx *ctx = open_place(p);

	assert_int_equal(upgrade_bundle(p, &bundle, "t|u"), MIG_OK);
	bundle.revision_size -= sizeof(void *);
	expect(ctx, MIG_EINVAL, mig_add_bundle(ctx, &bundle));
	bundle.revision_size = sizeof(struct old_revision);
	bundle.section_size -= sizeof(void *);
	expect(ctx, MIG_EINVAL, mig_add_bundle(ctx, &bundle));
	mig_close(ctx);
}

/* What this library does not know must be zero in each row and section: it would not be done. */
static void newer_bundles_work(void **state)
{
	struct new_section sections[2] = {
		{ { MIG_UPGRADE, 0, NULL, NULL, NULL, SQL_AT, SQL_SIZE, 0, 0 }, { 0 } },
		{ { MIG_DOWNGRADE, 0, NULL, NULL, NULL, SQL_AT, 0, 0, 0 }, { 0 } },
	};
	struct new_revision revisions[2] = {
		{ { .id = "r1", .text = text_r1, .text_size = sizeof text_r1 - 1,
		    .sections = &sections[0].known, .section_count = 2, .chain = { 1 } }, { 0 } },
		{ { .id = "r2", .text = text_r2, .text_size = sizeof text_r2 - 1,
		    .sections = &sections[0].known, .section_count = 2, .chain = { 2 },
		    .revises = after_r1 }, { 0 } },
	};
	const uint32_t heads[] = { 1 };
	const mig_bundle bundle = { .struct_size = sizeof bundle,
				    .revision_size = sizeof revisions[0],
				    .section_size = sizeof sections[0],
				    .count = 2,
				    .revisions = &revisions[0].known,
				    .heads = heads,
				    .head_count = 1 };
	struct place *p = *state;

	revisions[1].more[1] = 1;
	assert_int_equal(upgrade_bundle(p, &bundle, ""), MIG_EINVAL);
	revisions[1].more[1] = 0;
	sections[1].more[2] = 1;
	assert_int_equal(upgrade_bundle(p, &bundle, ""), MIG_EINVAL);
	sections[1].more[2] = 0;
	assert_int_equal(upgrade_bundle(p, &bundle, "t|u"), MIG_OK);
}

/* Sections of a newer program: the members that this library does not know must be zero, in each. */
static void sections_of_newer_programs(void **state)
{
	struct {
		mig_section known;
		unsigned char more[16];
	} newer[2] = { { { .direction = MIG_UPGRADE, .sql = "CREATE TABLE u(x);" }, { 0 } },
		       { { .direction = MIG_DOWNGRADE, .sql = "DROP TABLE u;" }, { 0 } } };
	mig_revision_options o = { .struct_size = sizeof o,
				   .rev_id = "r1",
				   .sections = (const void *)newer,
				   .section_count = 2,
				   .section_size = sizeof newer[0] };
	mig_revision_list *list = NULL;
	struct place *p = *state;
	mig_ctx *ctx = open_place(p);

	ok(ctx, mig_add_directory(ctx, p->dir));
	newer[1].more[15] = 1;
	expect(ctx, MIG_EINVAL, mig_revision_create(ctx, &o, &list));
	assert_null(list);
	assert_non_null(strstr(mig_error_message(ctx), "does not know (byte "));
	newer[1].more[15] = 0;
	ok(ctx, mig_revision_create(ctx, &o, &list));
	mig_revision_list_free(list);
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(tables(p), "u");
	ok(ctx, mig_downgrade(ctx, "base"));
	assert_string_equal(tables(p), "");
	mig_close(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_new, place_free)
		TEST(orphans_outside_a_transaction),
		TEST(orphans_in_a_unit),
		TEST(only_what_is_added),
		TEST(the_check_can_be_left_out),
		TEST(revisions_in_c_are_checked),
		TEST(cascades_where_they_are_wanted),
		TEST(a_host_may_have_them_on),
		TEST(revisions_in_c_may_have_them_on),
		TEST(a_lent_connection_keeps_its_own),
		TEST(no_switch_amid_deferred_keys),
		TEST(a_failed_check_names_the_way_out),
		TEST(a_parent_is_not_dropped),
		TEST(nor_by_a_revision_in_c),
		TEST(operations_switch_around_a_rebuild),
		TEST(a_written_rebuild_is_marked),
		TEST(scripts_switch_between_transactions),
		TEST(older_structs_work),
		TEST(older_bundles_work),
		TEST(newer_bundles_work),
		TEST(sections_of_newer_programs),
#undef TEST
	};

	return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}

/* Which schema is meant: by operations and renames without one, by a lent connection whose path
 * changes between two calls, and by sessions in other encodings. */
#include "support.h"

#include <mig/model.h>
#include <mig/op.h>

/* -- operations without a schema */

enum doing { DROP_TABLE, DROP_COLUMN, RENAME_TABLE, ADD_COLUMN, CREATE_TABLE, USE_ENUM };

static mig_status do_it(void *user, mig_step *step)
{
	mig_model *model;
	mig_table *table;
	mig_status rc = mig_op_model(step, &model);
	static const char *const labels[] = { "a", "b", NULL };

	if (rc)
		return rc;
	switch (*(enum doing *)user) {
	case DROP_TABLE:
		return mig_op_drop_table(step, NULL, "users");
	case DROP_COLUMN:
		return mig_op_drop_column(step, NULL, "users", "email");
	case RENAME_TABLE:
		return mig_op_rename_table(step, NULL, "users", "people");
	case ADD_COLUMN:
		table = mig_model_table(model, NULL, "users");
		return mig_op_add_column(step, mig_table_column(table, "age", "integer"));
	case CREATE_TABLE:
		table = mig_model_table(model, NULL, "made");
		mig_table_column(table, "x", "integer");
		return mig_op_create_table(step, table);
	default:
		mig_model_enum(model, NULL, "mood", labels);
		table = mig_model_table(model, NULL, "moods");
		mig_table_column(table, "x", "enum mood");
		return mig_op_create_table(step, table);
	}
}

/* What there is of users and its like, e.g. "app.users(email,id)". */
#define FOUND                                                                                      \
	"SELECT table_schema || '.' || table_name || '(' || string_agg(column_name, ',' ORDER BY " \
	"column_name::text COLLATE \"C\") || ')' FROM information_schema.columns WHERE "           \
	"table_schema IN ('app', 'archive', 'public') AND table_name NOT LIKE 'mig\\_%' GROUP BY " \
	"table_schema, table_name ORDER BY 1"

static void check_operation(enum doing doing, const char *path, const char *want)
{
	mig_open_options o = { .search_path = path };
	mig_revision_def def = { .struct_size = sizeof def, .id = "r1", .upgrade = do_it,
				 .user = &doing };
	struct place p;
	mig_ctx *ctx;

	place_begin(&p);
	pg_exec(p.db, "CREATE SCHEMA app; CREATE SCHEMA archive; "
		      "CREATE TABLE archive.users (id int, email int); "
		      "CREATE TABLE app.users (id int, email int); "
		      "CREATE TABLE public.users (id int, email int); "
		      "CREATE TYPE archive.mood AS ENUM ('x')");
	ctx = open_place(&p, &o);
	ok(ctx, mig_add_revision(ctx, &def));
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	assert_answer(p.db, FOUND, want);
	if (doing == USE_ENUM)
		assert_answer(p.db,
			      "SELECT udt_schema FROM information_schema.columns WHERE table_name "
			      "= 'moods'",
			      path ? "app" : "public");
	place_end(&p);
}

static void test_operations(void **state)
{
	(void)state;
	check_operation(DROP_TABLE, NULL, "app.users(email,id)|archive.users(email,id)");
	check_operation(DROP_TABLE, "app", "archive.users(email,id)|public.users(email,id)");
	check_operation(DROP_COLUMN, NULL,
			"app.users(email,id)|archive.users(email,id)|public.users(id)");
	check_operation(RENAME_TABLE, "none, app, public",
			"app.people(email,id)|archive.users(email,id)|public.users(email,id)");
	check_operation(ADD_COLUMN, NULL,
			"app.users(email,id)|archive.users(email,id)|public.users(age,email,id)");
	check_operation(CREATE_TABLE, "app",
			"app.made(x)|app.users(email,id)|archive.users(email,id)|public.users("
			"email,id)");
	check_operation(USE_ENUM, NULL,
			"app.users(email,id)|archive.users(email,id)|public.moods(x)|public.users("
			"email,id)");
	check_operation(USE_ENUM, "app",
			"app.moods(x)|app.users(email,id)|archive.users(email,id)|public.users("
			"email,id)");
}

/* A table that only another schema has is not found. */
static void test_not_elsewhere(void **state)
{
	enum doing doing = DROP_TABLE;
	mig_revision_def def = { .struct_size = sizeof def, .id = "r1", .upgrade = do_it,
				 .user = &doing };
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "CREATE SCHEMA archive; CREATE TABLE archive.users (id int)");
	ctx = open_place(&p, NULL);
	ok(ctx, mig_add_revision(ctx, &def));
	expect(ctx, MIG_ENOTFOUND, mig_upgrade(ctx, "head"));
	assert_has(mig_error_message(ctx), "there is no table users");
	assert_has(mig_error_hint(ctx), "in the schema public");
	mig_close(ctx);
	assert_answer(p.db, TABLES, "users");
	place_end(&p);
}

/* -- renames */

static void check_rename(const char *path, const char *model_sql, const char *want)
{
	static const char *const renames[] = { "users.email=mail", NULL };
	mig_diff_options d = { .struct_size = sizeof d, .renames = renames };
	mig_open_options o = { .search_path = path };
	struct place p;
	mig_model *model;
	mig_op_list *list;
	mig_ctx *ctx;

	place_begin(&p);
	pg_exec(p.db, "CREATE SCHEMA app; CREATE SCHEMA archive; "
		      "CREATE TABLE archive.users (id int, email int); "
		      "CREATE TABLE app.users (id int, email int); "
		      "CREATE TABLE public.users (id int, email int)");
	ctx = open_place(&p, &o);
	ok(ctx, mig_model_of(ctx, &model));
	ok(ctx, mig_model_sql(model, "postgresql", "model.sql", model_sql, strlen(model_sql)));
	ok(ctx, mig_diff(ctx, &d, &list));
	assert_has(mig_op_list_sql(list, MIG_UPGRADE, NULL), want);
	assert_null(strstr(mig_op_list_sql(list, MIG_UPGRADE, NULL), "archive"));
	mig_op_list_free(list);
	mig_close(ctx);
	place_end(&p);
}

static void test_renames(void **state)
{
	(void)state;
	check_rename(NULL,
		     "CREATE SCHEMA app; CREATE SCHEMA archive; "
		     "CREATE TABLE archive.users (id int, email int); "
		     "CREATE TABLE app.users (id int, email int); "
		     "CREATE TABLE public.users (id int, mail int);",
		     "ALTER TABLE public.users RENAME COLUMN email TO mail");
	check_rename("app",
		     "CREATE SCHEMA app; CREATE SCHEMA archive; "
		     "CREATE TABLE archive.users (id int, email int); "
		     "CREATE TABLE app.users (id int, mail int); "
		     "CREATE TABLE public.users (id int, email int);",
		     "ALTER TABLE app.users RENAME COLUMN email TO mail");
}

/* -- a schema a tenant */

static void test_tenants(void **state)
{
	struct place p;
	PGconn *db;
	mig_ctx *ctx;
	int32_t at_head;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "CREATE SCHEMA t1; CREATE SCHEMA t2; CREATE SCHEMA t3");
	db = pg_connect(p.url);
	ctx = lend(db);
	ADD(ctx, .id = "r1", .up = "CREATE TABLE foo (x int);");
	pg_exec(db, "SET search_path = t1");
	ok(ctx, mig_upgrade(ctx, "head"));
	pg_exec(db, "SET search_path = t2");
	ok(ctx, mig_is_at_head(ctx, &at_head));
	assert_int_equal(at_head, 0);
	ok(ctx, mig_upgrade(ctx, "head"));
	pg_exec(db, "SET search_path = t3");
	ok(ctx, mig_stamp(ctx, "head"));
	pg_exec(db, "SET search_path = t1");
	ok(ctx, mig_downgrade(ctx, "base") == MIG_EIRREVERSIBLE ? MIG_OK : MIG_ERROR);
	mig_close(ctx);
	PQfinish(db);
	assert_answer(p.db,
		      "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN "
		      "('t1', 't2', 't3', 'public') ORDER BY 1",
		      "t1.foo|t1.mig_history|t1.mig_version|t2.foo|t2.mig_history|t2.mig_version|t3."
		      "mig_history|t3.mig_version");
	place_end(&p);
}

/* -- encodings */

/* The number of the lock, as a revision sees it. */
static const char *lock_of(const struct place *p, const char *encoding, const char *path)
{
	mig_open_options o = { .struct_size = sizeof o, .dialect_name = "postgresql",
			       .version_table = "v\xc3\xa9rsion", .search_path = path };
	PGconn *db = pg_connect(p->url);
	mig_ctx *ctx;
	char sql[100];

	snprintf(sql, sizeof sql, "SET client_encoding = '%s'", encoding);
	pg_exec(db, sql);
	o.connection = db;
	ok(ctx, mig_open_with(&ctx, &o));
	ADD(ctx, .id = "r1",
	    .up = "CREATE TABLE IF NOT EXISTS public.seen (n text); INSERT INTO public.seen SELECT "
		  "classid || '-' || objid FROM pg_locks WHERE locktype = 'advisory' AND pid = "
		  "pg_backend_pid();",
	    .down = "SELECT 1;");
	ok(ctx, mig_upgrade(ctx, "head"));
	ok(ctx, mig_downgrade(ctx, "base"));
	mig_close(ctx);
	assert_answer(db, "SHOW client_encoding", encoding);
	PQfinish(db);
	return ask(p->db, "SELECT count(DISTINCT n) FROM public.seen");
}

static void test_encodings(void **state)
{
	struct place p;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "CREATE SCHEMA \"sch\xc3\xa9ma\"");
	for (int i = 0; i < 2; i++) {
		const char *path = i ? "\"sch\xc3\xa9ma\"" : NULL;

		assert_string_equal(lock_of(&p, "UTF8", path), i ? "2" : "1");
		assert_string_equal(lock_of(&p, "LATIN1", path), i ? "2" : "1");
		assert_string_equal(lock_of(&p, "SQL_ASCII", path), i ? "2" : "1");
	}
	assert_answer(p.db,
		      "SELECT schemaname || '.' || tablename FROM pg_tables WHERE tablename LIKE 'v%' "
		      "ORDER BY 1",
		      "public.v\xc3\xa9rsion|sch\xc3\xa9ma.v\xc3\xa9rsion");
	place_end(&p);
}

/* -- a database that may not be written */

static void test_read_only(void **state)
{
	struct place p;
	PGconn *db;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	db = pg_connect(p.url);
	ctx = lend(db);
	ADD(ctx, .id = "r1", .up = "CREATE TABLE foo (x int);");
	pg_exec(db, "SET default_transaction_read_only = on");
	expect(ctx, MIG_EREADONLY, mig_upgrade(ctx, "head"));
	assert_has(mig_error_hint(ctx), "default_transaction_read_only");
	assert_answer(p.db, TABLES, "");
	pg_exec(db, "SET default_transaction_read_only = off");
	ok(ctx, mig_upgrade(ctx, "head"));
	pg_exec(db, "SET default_transaction_read_only = on");
	ok(ctx, mig_upgrade(ctx, "head")); /* nothing is to be done */
	mig_close(ctx);
	PQfinish(db);
	place_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_operations), cmocka_unit_test(test_not_elsewhere),
		cmocka_unit_test(test_renames),    cmocka_unit_test(test_tenants),
		cmocka_unit_test(test_encodings),  cmocka_unit_test(test_read_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

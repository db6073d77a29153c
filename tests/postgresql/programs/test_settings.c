/* What a revision sets for the session holds to its end, and no longer: neither the next revision nor
 * the host's connection has it, whichever way it was set, and whether the revision fails or not. */
#include "support.h"

#include <libpq-fe.h>

#define SEEN                                                                                   \
	"pg_catalog.concat_ws(' ', current_setting('DateStyle'), "                             \
	"current_setting('standard_conforming_strings'), current_setting('client_encoding'), " \
	"current_setting('search_path'), current_user = session_user, "                        \
	"current_setting('app.tenant', true), current_setting('work_mem'))"
#define LIKE_THE_HOST "ISO, DMY on UTF8 public t host 4MB"
#define CHANGED "German, DMY off UTF8 other f changed 5MB"

#define SETS                                                                      \
	"SET DateStyle = 'German, DMY'; SET standard_conforming_strings = off;\n" \
	"SET app.tenant = 'changed'; SET search_path = other; SET work_mem = '5MB';\n" \
	"SET ROLE mig_test_settings;"
#define CONFIGS                                                                            \
	"SELECT set_config('DateStyle', 'German, DMY', false), "                           \
	"set_config('standard_conforming_strings', 'off', false), "                        \
	"set_config('app.tenant', 'changed', false), set_config('search_path', 'other', " \
	"false), set_config('work_mem', '5MB', false), "                                   \
	"set_config('role', 'mig_test_settings', false)"
#define IN_A_BODY                                                                      \
	"BEGIN PERFORM set_config('app.tenant', 'changed', false);\n"                  \
	"SET DateStyle = 'German, DMY'; SET standard_conforming_strings = off;\n"      \
	"SET search_path = other; SET work_mem = '5MB'; SET ROLE mig_test_settings;\n" \
	"END"

/* What the revision itself sees at its end. */
#define LOOK "INSERT INTO public.seen SELECT 'a', " SEEN ";"

static mig_status by_exec(void *user, mig_step *step)
{
	mig_status rc = mig_step_exec(step, SETS);

	(void)user;
	return rc ? rc : mig_step_exec(step, LOOK);
}

static mig_status by_prepare(void *user, mig_step *step)
{
	mig_stmt *stmt = NULL;
	int32_t more = 0;
	mig_status rc = mig_step_prepare(step, CONFIGS, &stmt);

	(void)user;
	if (!rc)
		rc = mig_stmt_step(stmt, &more);
	mig_stmt_free(stmt);
	return rc ? rc : mig_step_exec(step, LOOK);
}

static mig_status by_handle(void *user, mig_step *step)
{
	PGconn *db = mig_step_connection(step);

	(void)user;
	PQclear(PQexec(db, "SET DateStyle = 'German, DMY'; SET standard_conforming_strings = off;"
			   "SET search_path = other; SET ROLE mig_test_settings; SET work_mem = '5MB'"));
	/* a name of somebody's own is not listed by the server: it is known from the text alone */
	return mig_step_exec(step, "SET app.tenant = 'changed';" LOOK);
}

static mig_status by_hook(void *user, mig_step *step)
{
	(void)user;
	return strcmp(mig_step_revision(step), "a") ? MIG_OK : mig_step_exec(step, SETS);
}

struct way {
	const char *name, *attributes, *up;
	mig_step_fn fn, hook;
	int alone; /* the function has no transaction */
};

static const struct way ways[] = {
	{ .name = "SET", .up = SETS LOOK },
	{ .name = "SET, no transaction", .attributes = " transaction=no", .up = SETS "\n" LOOK },
	{ .name = "set_config", .up = CONFIGS ";" LOOK },
	{ .name = "DO", .up = "DO $$ " IN_A_BODY " $$;" LOOK },
	{ .name = "CALL",
	  .up = "CREATE PROCEDURE public.p() LANGUAGE plpgsql AS $$ " IN_A_BODY " $$;\n"
		"CALL public.p(); SET app.tenant = 'changed';" LOOK },
	{ .name = "mig_step_exec", .fn = by_exec },
	{ .name = "mig_step_exec, no transaction", .fn = by_exec, .alone = 1 },
	{ .name = "mig_step_prepare", .fn = by_prepare },
	{ .name = "mig_step_prepare, no transaction", .fn = by_prepare, .alone = 1 },
	{ .name = "mig_step_connection", .fn = by_handle },
	{ .name = "hook", .up = LOOK, .hook = by_hook },
};

enum { WAYS = sizeof ways / sizeof *ways };

static PGconn *host_connection(const struct place *p)
{
	PGconn *db = pg_connect(p->url);

	pg_exec(db, "SET DateStyle = 'ISO, DMY'; SET app.tenant = 'host'; SET search_path = public");
	return db;
}

static void add_way(mig_ctx *ctx, const struct way *way, const char *more)
{
	mig_revision_def def = { .struct_size = sizeof def,
				 .id = "a",
				 .upgrade = way->fn,
				 .no_transaction = way->alone,
				 .idempotent = way->alone };
	char up[4096];

	if (way->fn) {
		ok(ctx, mig_add_revision(ctx, &def));
	} else {
		snprintf(up, sizeof up, "%s\n%s", way->up, more);
		ADD(ctx, .id = "a", .attributes = way->attributes ? way->attributes : "", .up = up);
	}
	if (way->hook)
		ok(ctx, mig_set_step_hooks(ctx, way->hook, NULL, NULL));
}

static void make_world(PGconn *db)
{
	pg_exec(db, "CREATE TABLE seen (who text, what text); GRANT ALL ON seen TO PUBLIC;"
		    "GRANT ALL ON SCHEMA public TO PUBLIC; CREATE SCHEMA other;"
		    "DO $$ BEGIN CREATE ROLE mig_test_settings; EXCEPTION WHEN duplicate_object "
		    "THEN NULL; END $$; GRANT mig_test_settings TO CURRENT_USER");
}

static void check_way(const struct way *way, int mode)
{
	mig_run_options options = { .struct_size = sizeof options, .transaction_mode = mode };
	struct place p;
	PGconn *db;
	mig_ctx *ctx;

	place_begin(&p);
	make_world(p.db);
	db = host_connection(&p);
	ctx = lend(db);
	add_way(ctx, way, "");
	ADD(ctx, .id = "b", .revises = "a", .up = "INSERT INTO public.seen SELECT 'b', " SEEN ";");
	ADD(ctx, .id = "c", .revises = "b", .attributes = " transaction=no",
	    .up = "INSERT INTO public.seen SELECT 'c', " SEEN ";");
	if (mig_upgrade_with(ctx, "head", &options))
		fail_msg("%s: %s", way->name, mig_error_message(ctx));
	mig_close(ctx);
	if (strcmp(ask(db, "SELECT what FROM public.seen WHERE who = 'a'"), CHANGED))
		fail_msg("%s does not hold to its end: %s", way->name,
			 ask(db, "SELECT what FROM public.seen WHERE who = 'a'"));
	if (strcmp(ask(db, "SELECT what FROM public.seen WHERE who IN ('b', 'c') ORDER BY who"),
		   LIKE_THE_HOST "|" LIKE_THE_HOST))
		fail_msg("%s reaches the next: %s", way->name,
			 ask(db, "SELECT what FROM public.seen WHERE who IN ('b', 'c')"));
	if (strcmp(ask(db, "SELECT " SEEN), LIKE_THE_HOST))
		fail_msg("%s reaches the host: %s", way->name, ask(db, "SELECT " SEEN));
	/* libmig's own tables are of the session's role */
	assert_answer(db, "SELECT DISTINCT tableowner = session_user FROM pg_tables WHERE tablename "
			  "LIKE 'mig\\_%'", "t");
	PQfinish(db);
	place_end(&p);
}

static void test_next_revision(void **state)
{
	(void)state;
	for (int i = 0; i < WAYS; i++)
		for (int mode = 0; mode < 2; mode++)
			check_way(&ways[i], mode);
}

static void test_failed_revision(void **state)
{
	(void)state;
	for (int i = 0; i < WAYS; i++) {
		struct place p;
		PGconn *db;
		mig_ctx *ctx;

		if (ways[i].fn)
			continue;
		place_begin(&p);
		make_world(p.db);
		db = host_connection(&p);
		ctx = lend(db);
		add_way(ctx, &ways[i], "SELECT 1/0;");
		expect(ctx, MIG_ESQL, mig_upgrade(ctx, "head"));
		if (strcmp(ask(db, "SELECT " SEEN), LIKE_THE_HOST))
			fail_msg("%s reaches the host: %s", ways[i].name, ask(db, "SELECT " SEEN));
		mig_close(ctx);
		PQfinish(db);
		place_end(&p);
	}
}

/* Objects belong to the role, and are in the schema, that a hook or the function before them has set. */
static mig_status hook_local(void *user, mig_step *step)
{
	return mig_step_exec(step, user);
}

static mig_status create_in_steps(void *user, mig_step *step)
{
	mig_status rc = mig_step_exec(step, "CREATE SCHEMA tenant AUTHORIZATION mig_test_settings");

	(void)user;
	if (!rc)
		rc = mig_step_exec(step, "SET LOCAL search_path TO tenant");
	if (!rc)
		rc = mig_step_exec(step, "SET LOCAL ROLE mig_test_settings");
	return rc ? rc : mig_step_exec(step, "CREATE TABLE bar (x INTEGER)");
}

static void test_owner_and_schema(void **state)
{
	mig_revision_def def = { .struct_size = sizeof def,
				 .id = "a",
				 .upgrade = create_in_steps };
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	make_world(p.db);
	pg_exec(p.db, "GRANT ALL ON SCHEMA other TO mig_test_settings");
	ctx = open_place(&p, NULL);
	ok(ctx, mig_add_revision(ctx, &def));
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	ctx = open_place(&p, NULL);
	ok(ctx, mig_add_revision(ctx, &def));
	ADD(ctx, .id = "b", .revises = "a", .up = "CREATE TABLE foo (x INTEGER);",
	    .down = "DROP TABLE foo;");
	ok(ctx, mig_set_step_hooks(ctx, hook_local, NULL,
				   "SET LOCAL ROLE mig_test_settings; SET LOCAL search_path = other"));
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_answer(p.db, "SELECT schemaname || '.' || tablename || ' ' || tableowner FROM pg_tables "
			    "WHERE tablename IN ('foo', 'bar') ORDER BY 1",
		      "other.foo mig_test_settings|tenant.bar mig_test_settings");
	ok(ctx, mig_downgrade(ctx, "-1"));
	assert_answer(p.db, "SELECT count(*) FROM pg_tables WHERE tablename = 'foo'", "0");
	assert_answer(p.db, "SELECT DISTINCT schemaname FROM pg_tables WHERE tablename LIKE 'mig\\_%'",
		      "public");
	mig_close(ctx);
	pg_exec(p.db, "DROP OWNED BY mig_test_settings");
	place_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_next_revision),
		cmocka_unit_test(test_failed_revision),
		cmocka_unit_test(test_owner_and_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

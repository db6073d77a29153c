/* run: the dialect under libmig itself, as an application uses it. */
#include "suite.h"

static const char *const scripts[] = {
	"-- one\n-- revision: aaaa\n\n-- mig:upgrade\nCREATE TABLE one (x INTEGER);\n"
	"INSERT INTO one VALUES (1);\n\n-- mig:downgrade\nDROP TABLE one;\n",
	"-- two\n-- revision: bbbb\n-- revises: aaaa\n\n-- mig:upgrade\n"
	"CREATE TABLE two (x INTEGER);\nINSERT INTO two VALUES (2);\n\n-- mig:downgrade\n"
	"DROP TABLE two;\n",
};

static const char broken[] = "-- three\n-- revision: cccc\n-- revises: bbbb\n\n-- mig:upgrade\n"
			     "CREATE TABLE three (x INTEGER);\n  SELEKT 3;\n";

static mig_ctx *open_with(const mig_conformance *row, const char *url)
{
	const mig_open_options o = {
		.struct_size = sizeof o, .url = url, .dialect = row->dialect(), .header_digest = 1
	};
	mig_ctx *ctx = NULL;
	mig_status rc = mig_open_with(&ctx, &o);
	size_t i;

	suite_fine(ctx, rc);
	for (i = 0; i < sizeof scripts / sizeof *scripts; i++)
		suite_fine(ctx, mig_add_script(ctx, i ? "two.sql" : "one.sql", scripts[i],
					       strlen(scripts[i])));
	return ctx;
}

static int is_at_head(mig_ctx *ctx)
{
	int32_t at_head;

	suite_fine(ctx, mig_is_at_head(ctx, &at_head));
	return at_head;
}

static size_t log_count(mig_ctx *ctx)
{
	mig_history_list *list;
	size_t n;

	suite_fine(ctx, mig_history_read(ctx, &list));
	n = mig_history_list_count(list);
	mig_history_list_free(list);
	return n;
}

static void migrates(const mig_conformance *row)
{
	char url[1000];
	struct session b;
	mig_ctx *ctx;

	snprintf(url, sizeof url, "%s", row->fresh());
	RULE("libmig: opens the dialect, upgrades and downgrades with it");
	ctx = open_with(row, url);
	CHECK(!is_at_head(ctx));
	suite_fine(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	suite_open(&b, row, url, 1000);
	EQUAL(suite_number(&b, "SELECT one.x + two.x FROM one, two"), 3);
	suite_close(&b);
	RULE("libmig: what one connection has done another one finds");
	ctx = open_with(row, url);
	CHECK(is_at_head(ctx));
	EQUAL(log_count(ctx), 2);
	suite_fine(ctx, mig_downgrade(ctx, "base"));
	CHECK(!is_at_head(ctx));
	mig_close(ctx);
	suite_open(&b, row, url, 1000);
	FAILS(b, suite_script(&b, "SELECT * FROM one;"), MIG_ESQL);
	FAILS(b, suite_script(&b, "SELECT * FROM two;"), MIG_ESQL);
	suite_close(&b);
}

static void undoes_a_broken_revision(const mig_conformance *row)
{
	const char *url = row->fresh();
	mig_ctx *ctx;

	if (!(row->dialect()->capabilities & MIG_CAN_TRANSACTIONAL_DDL))
		SKIP("no MIG_CAN_TRANSACTIONAL_DDL");
	RULE("libmig: a script that fails leaves the database as it was, and the error has its "
	     "place");
	ctx = open_with(row, url);
	suite_fine(ctx, mig_upgrade(ctx, "head"));
	suite_fine(ctx, mig_add_script(ctx, "three.sql", broken, strlen(broken)));
	EQUAL(mig_upgrade(ctx, "head"), MIG_ESQL);
	EQUAL(mig_error_line(ctx), 7);
	SAME(mig_error_statement(ctx), "SELEKT 3;");
	SAME(mig_error_revision(ctx), "cccc");
	EQUAL(log_count(ctx), 2);
	suite_fine(ctx, mig_downgrade(ctx, "base"));
	mig_close(ctx);
}

/* A section outside a transaction, journalled statement by statement. */
static void runs_outside_a_transaction(const mig_conformance *row)
{
	static const char alone[] =
		"-- three\n-- revision: cccc\n-- revises: bbbb\n\n-- mig:upgrade transaction=no\n"
		"CREATE TABLE three (x INTEGER);\nINSERT INTO three VALUES (3);\n"
		"INSERT INTO three VALUES (4);\n\n-- mig:downgrade\nDROP TABLE three;\n";
	char url[1000];
	struct session b;
	mig_ctx *ctx;

	if (!suite_can_lock(row))
		SKIP("lock() is MIG_EUNSUPPORTED");
	snprintf(url, sizeof url, "%s", row->fresh());
	RULE("libmig: a section marked transaction=no runs statement by statement");
	ctx = open_with(row, url);
	suite_fine(ctx, mig_add_script(ctx, "three.sql", alone, strlen(alone)));
	suite_fine(ctx, mig_upgrade(ctx, "head"));
	CHECK(is_at_head(ctx));
	EQUAL(log_count(ctx), 3);
	suite_open(&b, row, url, 1000);
	EQUAL(suite_number(&b, "SELECT sum(x) FROM three"), 7);
	suite_close(&b);
	suite_fine(ctx, mig_downgrade(ctx, "base"));
	mig_close(ctx);
}

const struct suite_case suite_run_cases[] = {
	CASE(migrates),
	CASE(undoes_a_broken_revision),
	CASE(runs_outside_a_transaction),
	{ NULL, NULL },
};

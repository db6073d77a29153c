/* test_frozen: dialects of other ages than the library. */
#include <mig/mig.h>

#include <setjmp.h>
#include <stdarg.h>
/* after those two */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static const char *const scripts[] = {
	"-- one\n-- revision: aaaa\n\n-- mig:upgrade\nCREATE TABLE one (x);\nCREATE TABLE uno "
	"(x);\n"
	"\n-- mig:downgrade\nDROP TABLE uno;\nDROP TABLE one;\n",
	"-- two\n-- revision: bbbb\n-- revises: aaaa\n\n-- mig:upgrade transaction=no\n"
	"CREATE TABLE two (x);\nCREATE TABLE due (x);\n\n-- mig:downgrade\nDROP TABLE due;\n"
	"DROP TABLE two;\n",
};

static const char broken[] = "-- three\n-- revision: cccc\n-- revises: bbbb\n\n-- mig:upgrade\n"
			     "CREATE TABLE three (x);\n  MELT ICE;\n";

static void ok(mig_ctx *ctx, mig_status rc)
{
	if (rc)
		print_error("%s: %s\n", mig_status_name(rc), mig_error_message(ctx));
	assert_int_equal(rc, MIG_OK);
}

static void add(mig_ctx *ctx, const char *name, const char *text)
{
	ok(ctx, mig_add_script(ctx, name, text, strlen(text)));
}

static size_t count_log(mig_ctx *ctx)
{
	mig_history_list *list;
	size_t n;

	ok(ctx, mig_history_read(ctx, &list));
	n = mig_history_list_count(list);
	mig_history_list_free(list);
	return n;
}

/* Everything that an application does with it. */
static void works(const char *url)
{
	mig_revision_list *current;
	int32_t at_head;
	mig_ctx *ctx;

	ok(NULL, mig_open(&ctx, url));
	add(ctx, "one.sql", scripts[0]);
	add(ctx, "two.sql", scripts[1]);
	ok(ctx, mig_is_at_head(ctx, &at_head));
	assert_int_equal(at_head, 0);
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(mig_connection(ctx), " one uno two due ");
	ok(ctx, mig_is_at_head(ctx, &at_head));
	assert_int_equal(at_head, 1);
	ok(ctx, mig_current(ctx, &current));
	assert_int_equal(mig_revision_list_count(current), 1);
	assert_string_equal(mig_revision_id(mig_revision_list_at(current, 0)), "bbbb");
	mig_revision_list_free(current);
	assert_int_equal(count_log(ctx), 2);

	add(ctx, "three.sql", broken);
	assert_int_equal(mig_upgrade(ctx, "head"), MIG_ESQL);
	assert_int_equal(mig_error_line(ctx), 7);
	assert_int_equal(mig_error_column(ctx), 3);
	assert_int_equal(mig_error_native_code(ctx), 42);
	assert_string_equal(mig_error_sqlstate(ctx), "FZ001");
	assert_string_equal(mig_error_statement(ctx), "MELT ICE;");
	assert_string_equal(mig_error_hint(ctx), "thaw it");
	assert_string_equal(mig_error_detail(ctx), "it is very cold");
	assert_string_equal(mig_connection(ctx), " one uno two due ");

	ok(ctx, mig_downgrade(ctx, "base"));
	assert_string_equal(mig_connection(ctx), " ");
	assert_int_equal(count_log(ctx), 4);
	mig_close(ctx);
}

/* Without a single optional slot. */
static void the_first_contract_works(void **state)
{
	(void)state;
	works("frozen_whole:x");
}

/* Optional slots that are not there: what needs them says so. */
static void missing_slots_are_told(void **state)
{
	mig_open_options o = { .struct_size = sizeof o, .url = "frozen_whole:x", .header_digest = 1 };
	mig_ctx *ctx;

	(void)state;
	ok(NULL, mig_open_with(&ctx, &o));
	add(ctx, "one.sql", scripts[0]);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	o.scratch = 1;
	assert_int_equal(mig_open_with(&ctx, &o), MIG_EUNSUPPORTED);
	mig_close(ctx);
}

static void refused(const char *url, const char *why)
{
	mig_ctx *ctx;

	assert_int_equal(mig_open(&ctx, url), MIG_ENO_DIALECT);
	if (!strstr(mig_error_message(ctx), why))
		fail_msg("\"%s\" does not say \"%s\"", mig_error_message(ctx), why);
	mig_close(ctx);
}

/* What a later contract has behind its end is fine as long as nothing is there: the library would
 * never ask for it. */
static void a_later_table_works_while_its_new_slots_are_empty(void **state)
{
	(void)state;
	works("frozen_later_empty:x");
	refused("frozen_later:x", "it has functions that this libmig does not know");
}

static void a_table_cut_short_is_refused(void **state)
{
	(void)state;
	refused("frozen_stump:x", "one of its tables is too short");
	refused("frozen_endless:x", "a struct_size is not the size of a table");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_contract_works),
		cmocka_unit_test(missing_slots_are_told),
		cmocka_unit_test(a_later_table_works_while_its_new_slots_are_empty),
		cmocka_unit_test(a_table_cut_short_is_refused),
	};

	return cmocka_run_group_tests_name("frozen", tests, NULL, NULL);
}

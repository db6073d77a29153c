/* test_context: opening, arguments, option structs of other versions, and what can be asked. */
#include "support.h"

#include <mig/model.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(mig_version(), MIG_VERSION_STRING);
	assert_string_equal(mig_status_name(MIG_OK), "MIG_OK");
	assert_string_equal(mig_status_name(MIG_ECONSTRAINT), "MIG_ECONSTRAINT");
	assert_string_equal(mig_status_name(-12345), "MIG_ERROR");
}

/* A database that is not there can be asked about, and stays away. */
static void test_missing_file(mig_open_options *o)
{
	mig_revision_list *list;
	mig_ctx *ctx;

	o->create = MIG_CREATE_PRETEND;
	ok(ctx, mig_open_with(&ctx, o));
	add(ctx, "aaa", "", "CREATE TABLE t (x);", "DROP TABLE t;");
	ok(ctx, mig_current(ctx, &list));
	assert_int_equal(mig_revision_list_count(list), 0);
	mig_revision_list_free(list);
	expect(ctx, MIG_EMISUSE, mig_upgrade(ctx, "head"));
	expect(ctx, MIG_EMISUSE, mig_stamp(ctx, "aaa"));
	mig_close(ctx);
	assert_int_equal(access(strchr(o->url, ':') + 1, F_OK), -1);
}

static void test_open_errors(void **state)
{
	struct place *p = *state;
	mig_open_options o = { .struct_size = sizeof o };
	char url[160];
	mig_ctx *ctx = (mig_ctx *)1;

	assert_int_equal(mig_open(NULL, p->url), MIG_EINVAL);
	expect(ctx, MIG_EINVAL, mig_open(&ctx, NULL));
	assert_string_equal(mig_error_message(ctx), "the URL is NULL");
	mig_close(ctx);
	expect(ctx, MIG_EINVAL, mig_open_with(&ctx, NULL));
	assert_string_equal(mig_error_message(ctx), "the options are NULL");
	mig_close(ctx);

	expect(ctx, MIG_ENO_DIALECT, mig_open(&ctx, "oracle:db"));
	assert_non_null(strstr(mig_error_message(ctx), "oracle"));
	mig_close(ctx);
	expect(ctx, MIG_ENO_DIALECT, mig_open(&ctx, "no scheme at all"));
	mig_close(ctx);
	expect(ctx, MIG_ENO_DIALECT, mig_open(&ctx, "../../x:db"));
	mig_close(ctx);
	snprintf(url, sizeof url, "sqlite:%s/no/such/folder/x.db", p->dir);
	expect(ctx, MIG_ECONNECT, mig_open(&ctx, url));
	assert_non_null(strstr(mig_error_message(ctx), "no/such/folder"));
	mig_close(ctx);
	o.url = p->url;
	for (o.create = -1; o.create <= 3; o.create += 4) {
		expect(ctx, MIG_EINVAL, mig_open_with(&ctx, &o));
		mig_close(ctx);
	}
	o.create = MIG_CREATE_NEVER;
	expect(ctx, MIG_ECONNECT, mig_open_with(&ctx, &o));
	mig_close(ctx);
	test_missing_file(&o);
	snprintf(url, sizeof url, "sqlite:%s/no/such/folder/x.db", p->dir);
	o.url = url;
	expect(ctx, MIG_ECONNECT, mig_open_with(&ctx, &o));
	mig_close(ctx);
	o = (mig_open_options){ .struct_size = sizeof o, .connection = p };
	expect(ctx, MIG_EINVAL, mig_open_with(&ctx, &o));
	mig_close(ctx);
	assert_string_equal(mig_error_message(NULL), "out of memory");
	assert_int_equal(mig_error_status(NULL), MIG_ENOMEM);
	mig_close(NULL);
	mig_cancel(NULL);
}

/* Opened as usual, what only asks leaves no file behind; what another process makes is seen. */
static void test_missing_until_needed(void **state)
{
	struct place *p = *state;
	mig_revision_list *list;
	mig_op_list *difference;
	mig_model *m;
	mig_plan *plan;
	mig_stmt *q;
	mig_ctx *ctx, *other;

	ctx = open_place(p);
	add(ctx, "aaa", "", "CREATE TABLE t (x);", "DROP TABLE t;");
	expect(ctx, MIG_EBEHIND, mig_verify(ctx, NULL));
	assert_non_null(strstr(mig_error_message(ctx), "aaa"));
	ok(ctx, mig_current(ctx, &list));
	assert_int_equal(mig_revision_list_count(list), 0);
	mig_revision_list_free(list);
	ok(ctx, mig_plan_upgrade(ctx, "head", &plan));
	mig_plan_free(plan);
	ok(ctx, mig_model_of(ctx, &m));
	mig_table_column(mig_model_table(m, NULL, "t"), "x", "integer");
	ok(ctx, mig_diff(ctx, NULL, &difference));
	mig_op_list_free(difference);
	assert_int_equal(access(p->db, F_OK), -1);

	other = open_place(p);
	add(other, "aaa", "", "CREATE TABLE t (x);", "DROP TABLE t;");
	ok(other, mig_upgrade(other, "head"));
	mig_close(other);
	ok(ctx, mig_verify(ctx, NULL));
	mig_close(ctx);

	assert_int_equal(unlink(p->db), 0);
	ctx = open_place(p);
	ok(ctx, mig_query(ctx, "CREATE TABLE k (x)", &q)); /* may write */
	assert_int_equal(access(p->db, F_OK), 0);
	mig_stmt_free(q);
	mig_close(ctx);
	assert_int_equal(unlink(p->db), 0);
	ctx = open_place(p);
	assert_non_null(mig_connection(ctx));
	assert_int_equal(access(p->db, F_OK), 0);
	mig_close(ctx);
}

/* A relative path stands for the file as of mig_open(). */
static void test_missing_and_chdir(void **state)
{
	struct place *p = *state;
	char here[512];
	mig_ctx *ctx;

	assert_non_null(getcwd(here, sizeof here));
	assert_int_equal(chdir(p->dir), 0);
	ok(ctx, mig_open(&ctx, "sqlite:relative.db"));
	assert_int_equal(chdir("/"), 0);
	add(ctx, "aaa", "", "CREATE TABLE t (x);", NULL);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	assert_int_equal(chdir(p->dir), 0);
	assert_int_equal(access("relative.db", F_OK), 0);
	assert_int_equal(unlink("relative.db"), 0);
	assert_int_equal(chdir(here), 0);
}

static void test_struct_sizes(void **state)
{
	struct place *p = *state;
	struct {
		mig_open_options o;
		int64_t later;
	} newer = { .o = { .struct_size = sizeof newer, .url = p->url } };
	mig_run_options run = { .struct_size = sizeof run };
	mig_ctx *ctx;

	ok(ctx, mig_open_with(&ctx, &newer.o)); /* a later caller that uses nothing new */
	mig_close(ctx);
	newer.later = 1;
	expect(ctx, MIG_EINVAL, mig_open_with(&ctx, &newer.o));
	assert_non_null(strstr(mig_error_message(ctx), "does not know"));
	mig_close(ctx);
	newer.o.struct_size = offsetof(mig_open_options, connection); /* an older caller */
	newer.o.version_table = ""; /* beyond what it has: not read */
	ok(ctx, mig_open_with(&ctx, &newer.o));
	run.struct_size = 0;
	expect(ctx, MIG_EINVAL, mig_upgrade_with(ctx, "head", &run));
	run.struct_size = sizeof run;
	run.edited = 77;
	expect(ctx, MIG_EINVAL, mig_upgrade_with(ctx, "head", &run));
	mig_close(ctx);
}

static mig_bundle_revision of_bundle(const char *id, const char *const *revises, uint8_t chain,
				     const mig_section *sections)
{
	static const char text[] = "CREATE TABLE b (x);";

	return (mig_bundle_revision){ .id = id,
				      .message = "m",
				      .created = "",
				      .file = "f",
				      .revises = revises,
				      .text = text,
				      .text_size = sizeof text - 1,
				      .sections = sections,
				      .section_count = 1,
				      .chain = { chain } };
}

/* Heads that a bundle tells spare the look at the rest, and are never believed beyond their rows.
 */
static void test_bundle_heads(void **state)
{
	struct place *p = *state;
	const mig_section whole[] = { { .direction = MIG_UPGRADE, .size = 19 } };
	const mig_section none[] = { { .direction = MIG_UPGRADE, .size = 0 } };
	const char *const one[] = { "one", NULL };
	mig_bundle_revision revisions[] = { of_bundle("one", NULL, 1, whole),
					    of_bundle("two", one, 2, none) };
	uint32_t heads[] = { 0 };
	struct {
		mig_bundle b;
		uint64_t more;
	} later = { { .struct_size = sizeof later,
		      .revision_size = sizeof *revisions,
		      .section_size = sizeof *whole,
		      .count = 1,
		      .revisions = revisions,
		      .heads = heads,
		      .head_count = 1 },
		    0 };
	mig_bundle *b = &later.b;
	mig_ctx *ctx;

	for (int i = 0; i < 3; i++) { /* the last time in a bundle that ends before the heads */
		ctx = open_place(p);
		if (i == 2)
			b->struct_size = offsetof(mig_bundle, heads);
		ok(ctx, mig_add_bundle(ctx, b));
		ok(ctx, mig_upgrade(ctx, "head"));
		ok(ctx, mig_upgrade(ctx, "head"));
		mig_close(ctx);
	}
	b->struct_size = sizeof later;
	for (uint8_t chain = 1; chain < 3; chain++) { /* as it was, then edited */
		ctx = open_place(p);
		revisions[0].chain[0] = chain;
		ok(ctx, mig_add_bundle(ctx, b));
		expect(ctx, chain == 1 ? MIG_OK : MIG_EEDITED, mig_upgrade(ctx, "head"));
		expect(ctx, chain == 1 ? MIG_OK : MIG_EEDITED, mig_upgrade(ctx, "heads"));
		mig_close(ctx);
	}
	revisions[0].chain[0] = 1;
	b->count = 2;
	for (uint32_t head = 1; head < 4; head += 2) { /* the right one, then none at all */
		ctx = open_place(p);
		heads[0] = head;
		ok(ctx, mig_add_bundle(ctx, b));
		ok(ctx, mig_upgrade(ctx, "head"));
		mig_close(ctx);
	}
	later.more = 1;
	ctx = open_place(p);
	expect(ctx, MIG_EINVAL, mig_add_bundle(ctx, b));
	mig_close(ctx);
}

static mig_status upgrade_with_stamp(const struct place *p, const mig_bundle *bundle, int keep)
{
	mig_open_options o = { .struct_size = sizeof o, .url = p->url, .header_digest = keep };
	mig_status rc;
	mig_ctx *ctx;

	assert_int_equal(mig_open_with(&ctx, &o), MIG_OK);
	ok(ctx, mig_add_bundle(ctx, bundle));
	rc = mig_upgrade(ctx, "head");
	mig_close(ctx);
	return rc;
}

/* The number in the file's header stands for the rows while libmig alone changes both. */
static void test_stamp_in_header(void **state)
{
	struct place *p = *state;
	const mig_section whole[] = { { .direction = MIG_UPGRADE, .size = 19 } };
	const mig_section none[] = { { .direction = MIG_UPGRADE, .size = 0 } };
	const char *const one[] = { "one", NULL };
	const mig_bundle_revision revisions[] = { of_bundle("one", NULL, 1, whole),
						  of_bundle("two", one, 2, none) };
	const uint32_t heads[] = { 0, 1 };
	mig_bundle old = { .struct_size = sizeof old,
			   .revision_size = sizeof *revisions,
			   .section_size = sizeof *whole,
			   .count = 1,
			   .revisions = revisions,
			   .heads = heads,
			   .head_count = 1 };
	mig_bundle new = old;
	char first[32];

	new.count = 2;
	new.heads = heads + 1;
	/* only if it is wanted */
	assert_int_equal(upgrade_with_stamp(p, &old, 0), MIG_OK);
	assert_string_equal(ask(p, "PRAGMA user_version"), "0");
	assert_int_equal(upgrade_with_stamp(p, &new, 1), MIG_OK);
	snprintf(first, sizeof first, "%s", ask(p, "PRAGMA user_version"));
	assert_string_not_equal(first, "0");
	/* then it spares the look at the rows */
	tell(p, "ALTER TABLE mig_version RENAME TO hidden");
	assert_int_equal(upgrade_with_stamp(p, &new, 1), MIG_OK);
	tell(p, "ALTER TABLE hidden RENAME TO mig_version");
	/* an older program is told as ever */
	assert_int_equal(upgrade_with_stamp(p, &old, 1), MIG_ENEWER);
	/* whoever changes rows without it takes it away */
	tell(p, "UPDATE mig_version SET revision = 'one', digest = '01' || substr(digest, 3)");
	assert_int_equal(upgrade_with_stamp(p, &new, 1), MIG_OK); /* by hand: not noticed */
	tell(p, "PRAGMA user_version = 0");
	assert_int_equal(upgrade_with_stamp(p, &new, 1), MIG_OK);
	assert_string_equal(ask(p, "PRAGMA user_version"), first);
	assert_string_equal(rows(p), "two");
	{
		mig_ctx *ctx = open_place(p);

		ok(ctx, mig_add_bundle(ctx, &new));
		ok(ctx, mig_stamp(ctx, "one"));
		mig_close(ctx);
	}
	assert_string_equal(ask(p, "PRAGMA user_version"), "0");
	/* another program's number stays as it is */
	tell(p, "PRAGMA user_version = 7");
	assert_int_equal(upgrade_with_stamp(p, &new, 1), MIG_OK);
	assert_string_equal(ask(p, "PRAGMA user_version"), "7");
	assert_int_equal(upgrade_with_stamp(p, &new, 1), MIG_OK);
}

static void test_null_arguments(void **state)
{
	struct place *p = *state;
	mig_revision_def def = { .struct_size = sizeof def };
	mig_revision_list *list = NULL;
	mig_history_list *log = NULL;
	mig_plan *plan = NULL;
	int32_t n;
	mig_bundle tiny = { .struct_size = 8 };
	mig_ctx *ctx;

	assert_int_equal(mig_upgrade(NULL, "head"), MIG_EINVAL);
	assert_int_equal(mig_downgrade(NULL, "-1"), MIG_EINVAL);
	assert_int_equal(mig_stamp(NULL, "head"), MIG_EINVAL);
	assert_int_equal(mig_ensure_version(NULL), MIG_EINVAL);
	assert_int_equal(mig_current(NULL, &list), MIG_EINVAL);
	assert_int_equal(mig_heads(NULL, 0, &list), MIG_EINVAL);
	assert_int_equal(mig_bases(NULL, &list), MIG_EINVAL);
	assert_int_equal(mig_branches(NULL, &list), MIG_EINVAL);
	assert_int_equal(mig_show(NULL, "head", &list), MIG_EINVAL);
	assert_int_equal(mig_revisions(NULL, NULL, &list), MIG_EINVAL);
	assert_int_equal(mig_history_read(NULL, &log), MIG_EINVAL);
	assert_int_equal(mig_plan_upgrade(NULL, "head", &plan), MIG_EINVAL);
	assert_int_equal(mig_plan_downgrade(NULL, "-1", &plan), MIG_EINVAL);
	assert_int_equal(mig_is_at_head(NULL, &n), MIG_EINVAL);
	assert_int_equal(mig_set_log(NULL, NULL, NULL), MIG_EINVAL);
	assert_int_equal(mig_init_directory(NULL, "x", NULL), MIG_EINVAL);
	assert_int_equal(mig_revision_create(NULL, NULL, &list), MIG_EINVAL);
	assert_null(mig_connection(NULL));
	assert_null(mig_take_connection(NULL));

	ctx = open_place(p);
	expect(ctx, MIG_EINVAL, mig_upgrade(ctx, NULL));
	expect(ctx, MIG_EINVAL, mig_downgrade(ctx, NULL));
	expect(ctx, MIG_EINVAL, mig_stamp(ctx, NULL));
	expect(ctx, MIG_EINVAL, mig_current(ctx, NULL));
	expect(ctx, MIG_EINVAL, mig_heads(ctx, 0, NULL));
	expect(ctx, MIG_EINVAL, mig_show(ctx, NULL, &list));
	expect(ctx, MIG_EINVAL, mig_revisions(ctx, NULL, NULL));
	expect(ctx, MIG_EINVAL, mig_is_at_head(ctx, NULL));
	expect(ctx, MIG_EINVAL, mig_plan_upgrade(ctx, NULL, &plan));
	expect(ctx, MIG_EINVAL, mig_history_read(ctx, NULL));
	expect(ctx, MIG_EINVAL, mig_add_directory(ctx, NULL));
	expect(ctx, MIG_EINVAL, mig_add_directory(ctx, ""));
	expect(ctx, MIG_EINVAL, mig_add_script(ctx, NULL, "x", 1));
	expect(ctx, MIG_EINVAL, mig_add_bundle(ctx, NULL));
	expect(ctx, MIG_EINVAL, mig_add_bundle(ctx, &tiny));
	expect(ctx, MIG_EINVAL, mig_add_revision(ctx, NULL));
	expect(ctx, MIG_EINVAL, mig_add_revision(ctx, &def));
	expect(ctx, MIG_EINVAL, mig_init_directory(ctx, NULL, NULL));
	expect(ctx, MIG_EINVAL, mig_revision_list_load(ctx, NULL));
	mig_close(ctx);

	assert_int_equal(mig_plan_count(NULL), 0);
	assert_null(mig_plan_revision(NULL, 0));
	assert_null(mig_plan_sql(NULL, 0, NULL));
	mig_plan_free(NULL);
	assert_int_equal(mig_revision_list_count(NULL), 0);
	assert_null(mig_revision_list_at(NULL, 0));
	mig_revision_list_free(NULL);
	assert_null(mig_revision_id(NULL));
	assert_int_equal(mig_history_list_count(NULL), 0);
	mig_history_list_free(NULL);
	mig_stmt_free(NULL);
	assert_int_equal(mig_stmt_step(NULL, &n), MIG_EINVAL);
	assert_int_equal(mig_step_exec(NULL, "x"), MIG_EINVAL);
}

static void test_without_a_database(void **state)
{
	mig_open_options o = { .struct_size = sizeof o };
	mig_revision_list *list;
	mig_ctx *ctx;

	(void)state;
	ok(ctx, mig_open_with(&ctx, &o));
	add(ctx, "aaa", "", "", NULL);
	ok(ctx, mig_heads(ctx, 0, &list));
	assert_int_equal(mig_revision_list_count(list), 1);
	mig_revision_list_free(list);
	expect(ctx, MIG_EMISUSE, mig_upgrade(ctx, "head"));
	expect(ctx, MIG_EMISUSE, mig_current(ctx, &list));
	expect(ctx, MIG_EMISUSE, mig_revisions(ctx, ":current", &list));
	expect(ctx, MIG_EMISUSE, mig_revisions(ctx, "current:", &list));
	add(ctx, "add_current_idx", "aaa", "", NULL); /* an id like any other */
	ok(ctx, mig_revisions(ctx, "aaa:add_current_idx", &list));
	assert_int_equal(mig_revision_list_count(list), 2);
	mig_revision_list_free(list);
	ok(ctx, mig_revisions(ctx, "add_current_idx:", &list));
	assert_int_equal(mig_revision_list_count(list), 1);
	mig_revision_list_free(list);
	expect(ctx, MIG_EBAD_RANGE, mig_revisions(ctx, "current", &list));
	mig_close(ctx);
}

static void test_questions(void **state)
{
	struct place *p = *state;
	mig_revision_list *list;
	const mig_revision *r;
	int32_t at_head;
	mig_ctx *ctx = open_place(p);

	add_text(ctx, "-- the first\n-- with a second line\n--\n-- revision: r1\n-- revises:\n"
		      "-- branch_labels: main\n-- created: 2026-01-02T03:04:05Z\n"
		      "-- lock_timeout: 3s\n-- statement_timeout: 0\n\n"
		      "-- mig:upgrade\n-- mig:downgrade\n");
	add(ctx, "r2a", "r1", "", "");
	add(ctx, "r2b", "r1", "", "");
	add_text(
		ctx,
		"-- dep\n--\n-- revision: d1\n-- revises:\n-- depends_on: r2a\n\n-- mig:upgrade\n");
	ok(ctx, mig_heads(ctx, 0, &list));
	assert_int_equal(mig_revision_list_count(list), 3);
	mig_revision_list_free(list);
	ok(ctx, mig_heads(ctx, 1, &list));
	assert_int_equal(mig_revision_list_count(list), 2);
	mig_revision_list_free(list);
	ok(ctx, mig_bases(ctx, &list));
	assert_int_equal(mig_revision_list_count(list), 2);
	mig_revision_list_free(list);
	ok(ctx, mig_branches(ctx, &list));
	assert_int_equal(mig_revision_list_count(list), 1);
	r = mig_revision_list_at(list, 0);
	assert_string_equal(mig_revision_id(r), "r1");
	assert_string_equal(mig_revision_summary(r), "the first");
	assert_string_equal(mig_revision_message(r), "the first\nwith a second line");
	assert_string_equal(mig_revision_created(r), "2026-01-02T03:04:05Z");
	assert_string_equal(mig_revision_file(r), "text.sql");
	assert_int_equal(mig_revision_header(r)->lock_timeout_ms, 3000);
	assert_int_equal(mig_revision_header(r)->statement_timeout_ms, -1);
	assert_int_equal(mig_revision_parent_count(r), 0);
	assert_int_equal(mig_revision_child_count(r), 2);
	assert_string_equal(mig_revision_child(r, 1), "r2b");
	assert_null(mig_revision_child(r, 2));
	assert_int_equal(mig_revision_label_count(r), 1);
	assert_string_equal(mig_revision_label(r, 0), "main");
	assert_int_equal(mig_revision_flags(r), MIG_REVISION_BASE | MIG_REVISION_BRANCH_POINT);
	assert_string_equal(mig_revision_digest(r), "");
	ok(ctx, mig_revision_list_load(ctx, list));
	assert_int_equal(strlen(mig_revision_digest(r)), 64);
	assert_int_equal(strlen(mig_revision_chain(r)), 64);
	assert_int_equal(mig_revision_section_count(r), 2);
	assert_int_equal(mig_revision_section(r, 1)->direction, MIG_DOWNGRADE);
	assert_true(mig_revision_flags(r) & MIG_REVISION_REVERSIBLE);
	assert_non_null(strstr(mig_revision_text(mig_revision_list_at(list, 0), NULL), "-- with a second line"));
	mig_revision_list_free(list);
	ok(ctx, mig_show(ctx, "d1", &list));
	r = mig_revision_list_at(list, 0);
	assert_int_equal(mig_revision_dependency_count(r), 1);
	assert_string_equal(mig_revision_dependency(r, 0), "r2a");
	mig_revision_list_free(list);
	expect(ctx, MIG_ENOTFOUND, mig_show(ctx, "nope", &list));
	ok(ctx, mig_revisions(ctx, "r1:r2b", &list));
	assert_int_equal(mig_revision_list_count(list), 2);
	assert_string_equal(mig_revision_id(mig_revision_list_at(list, 0)), "r2b");
	mig_revision_list_free(list);
	expect(ctx, MIG_EBAD_RANGE, mig_revisions(ctx, "r1", &list));
	ok(ctx, mig_upgrade(ctx, "r2b"));
	ok(ctx, mig_is_at_head(ctx, &at_head));
	assert_int_equal(at_head, 0);
	ok(ctx, mig_upgrade(ctx, "heads"));
	assert_string_equal(rows(p), "d1|r2b"); /* r2a is implied by d1 */
	ok(ctx, mig_is_at_head(ctx, &at_head));
	assert_int_equal(at_head, 1);
	ok(ctx, mig_current(ctx, &list));
	assert_int_equal(mig_revision_list_count(list), 3); /* r2a by its dependent */
	assert_true(mig_revision_flags(mig_revision_list_at(list, 0)) & MIG_REVISION_CURRENT);
	mig_close(ctx);
	assert_non_null(mig_revision_id(mig_revision_list_at(list, 1))); /* outlives it */
	mig_revision_list_free(list);
}

struct store {
	mig_ctx *ctx;
	const char *texts[3];
	size_t calls;
	mig_status fails, nested;
	char kept[256];
};

static mig_status from_store(void *user, size_t index, const char **name, const char **text,
			     size_t *size)
{
	struct store *s = user;

	s->calls++;
	s->nested = mig_upgrade(s->ctx, "head");
	if (s->fails)
		return s->fails;
	if (index == 3)
		return MIG_OK;
	*name = "a row";
	if (!s->texts[index])
		return MIG_OK;
	/* as a database would have it: the text is gone with the next row */
	snprintf(s->kept, sizeof s->kept, "%s", s->texts[index]);
	*text = s->kept;
	*size = strlen(s->kept);
	return MIG_OK;
}

static void test_source(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = open_place(p);
	struct store s = { .ctx = ctx, .fails = MIG_EIO };
	mig_revision_list *list;
	int32_t at_head;

	s.texts[0] = "-- a\n-- revision: aaa\n-- revises:\n-- mig:upgrade\nCREATE TABLE t (x);\n"
		     "-- mig:downgrade\nDROP TABLE t;\n";
	s.texts[1] = "-- b\n-- revision: bbb\n-- revises: aaa\n-- mig:upgrade\nINSERT INTO t "
		     "VALUES (1);\n";
	expect(ctx, MIG_EINVAL, mig_add_source(ctx, NULL, NULL));
	assert_int_equal(mig_add_source(NULL, from_store, &s), MIG_EINVAL);
	ok(ctx, mig_add_source(ctx, from_store, &s));
	assert_int_equal(s.calls, 0); /* not before it is needed */
	expect(ctx, MIG_EIO, mig_upgrade(ctx, "head"));
	assert_non_null(strstr(mig_error_message(ctx), "revision number 0"));
	s.fails = 7;
	expect(ctx, MIG_ERROR, mig_upgrade(ctx, "head"));
	s.fails = MIG_OK;
	expect(ctx, MIG_EINVAL, mig_upgrade(ctx, "head")); /* the third has no text */
	assert_non_null(strstr(mig_error_message(ctx), "a row: "));
	s.texts[2] = "-- c\n-- revision: ccc\n-- revises: bbb\n-- mig:up\n";
	expect(ctx, MIG_ESYNTAX, mig_upgrade(ctx, "head"));
	assert_int_equal(mig_error_line(ctx), 4);
	assert_string_equal(mig_error_file(ctx), "a row");
	s.texts[2] = "-- c\n-- revision: ccc\n-- revises: bbb\n-- mig:upgrade\nINSERT INTO t "
		     "VALUES (2);\n";
	s.calls = 0;
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_int_equal(s.calls, 4);
	assert_int_equal(s.nested, MIG_EMISUSE);
	ok(ctx, mig_is_at_head(ctx, &at_head));
	assert_true(at_head);
	assert_int_equal(s.calls, 4); /* once is enough */
	add(ctx, "ddd", "ccc", "INSERT INTO t VALUES (3);", NULL);
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_int_equal(s.calls, 8);
	ok(ctx, mig_revisions(ctx, NULL, &list));
	assert_int_equal(mig_revision_list_count(list), 4);
	mig_revision_list_free(list);
	assert_string_equal(ask(p, "SELECT count(*) FROM t"), "3");
	mig_close(ctx);
}

static mig_status asks(void *user, mig_step *step)
{
	const char **got = user;

	got[0] = mig_step_argument(step, "who");
	got[1] = mig_step_argument(step, "nobody");
	return MIG_OK;
}

static void test_arguments(void **state)
{
	const char *got[2] = { NULL, "x" };
	mig_revision_def def = {
		.struct_size = sizeof def, .id = "aaa", .upgrade = asks, .user = got
	};
	mig_ctx *ctx = open_place(*state);

	expect(ctx, MIG_EINVAL, mig_set_argument(ctx, NULL, "x"));
	expect(ctx, MIG_EINVAL, mig_set_argument(ctx, "", "x"));
	assert_int_equal(mig_set_argument(NULL, "a", "x"), MIG_EINVAL);
	assert_null(mig_argument(ctx, "who"));
	assert_null(mig_argument(ctx, NULL));
	assert_null(mig_argument(NULL, "who"));
	assert_null(mig_step_argument(NULL, "who"));
	ok(ctx, mig_set_argument(ctx, "who", "you"));
	ok(ctx, mig_set_argument(ctx, "who", "me"));
	ok(ctx, mig_set_argument(ctx, "gone", "x"));
	ok(ctx, mig_set_argument(ctx, "gone", NULL));
	assert_null(mig_argument(ctx, "gone"));
	assert_string_equal(mig_argument(ctx, "who"), "me");
	ok(ctx, mig_add_revision(ctx, &def));
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(got[0], "me");
	assert_null(got[1]);
	mig_close(ctx);
}

struct script {
	char text[4000];
	size_t size, calls, fails_at;
};

static mig_status to_script(void *user, const char *text, size_t size)
{
	struct script *s = user;

	if (++s->calls == s->fails_at)
		return MIG_EIO;
	assert_true(s->size + size < sizeof s->text);
	memcpy(s->text + s->size, text, size);
	s->size += size;
	s->text[s->size] = '\0';
	return MIG_OK;
}

static mig_status executes(void *user, mig_step *step)
{
	(void)user;
	return mig_step_exec(step, "CREATE TABLE c (x)");
}

static mig_status reads(void *user, mig_step *step)
{
	mig_stmt *stmt;

	(void)user;
	return mig_step_prepare(step, "SELECT 1", &stmt);
}

static void add_scripted(mig_ctx *ctx)
{
	static const char *const revises[] = { "aaa", NULL };
	const mig_revision_def c = { .struct_size = sizeof c,
			       .id = "ccc",
			       .revises = revises,
			       .upgrade = executes,
			       .downgrade = reads };

	add(ctx, "aaa", "", "CREATE TABLE t (x) -- no end", "DROP TABLE t;");
	ok(ctx, mig_add_revision(ctx, &c));
}

/* s NULL: one that only reads revisions. */
static mig_ctx *open_script(const char *url, struct script *s)
{
	mig_open_options o = {
		.struct_size = sizeof o, .url = url, .script = to_script, .script_user = s
	};
	mig_ctx *ctx;

	if (!s)
		o = (mig_open_options){ .struct_size = sizeof o, .url = url, .offline = 1 };
	assert_int_equal(mig_open_with(&ctx, &o), MIG_OK);
	add_scripted(ctx);
	return ctx;
}

static void test_offline(const char *url)
{
	mig_ctx *ctx = open_script(url, NULL);
	int32_t at_head;

	assert_null(mig_connection(ctx));
	assert_null(mig_take_connection(ctx));
	expect(ctx, MIG_EMISUSE, mig_upgrade(ctx, "head"));
	expect(ctx, MIG_EMISUSE, mig_downgrade(ctx, "base"));
	expect(ctx, MIG_EMISUSE, mig_stamp(ctx, "head"));
	expect(ctx, MIG_EMISUSE, mig_ensure_version(ctx));
	expect(ctx, MIG_EMISUSE, mig_is_at_head(ctx, &at_head));
	mig_close(ctx);
}

static void test_script_errors(mig_ctx *ctx)
{
	const char *const two[] = { "aaa", "ccc" };
	mig_revision_list *list;
	int32_t at_head;
	mig_plan *plan;

	assert_null(mig_connection(ctx));
	assert_null(mig_take_connection(ctx));
	expect(ctx, MIG_EMISUSE, mig_is_at_head(ctx, &at_head));
	expect(ctx, MIG_EMISUSE, mig_plan_upgrade(ctx, "head", &plan));
	expect(ctx, MIG_EMISUSE, mig_adopt(ctx, NULL));
	ok(ctx, mig_heads(ctx, 0, &list));
	mig_revision_list_free(list);
	expect(ctx, MIG_EINVAL, mig_upgrade(ctx, NULL));
	expect(ctx, MIG_EINVAL, mig_stamp_with(ctx, two, 2, NULL));
	expect(ctx, MIG_ENOTFOUND, mig_upgrade(ctx, "zzz"));
	expect(ctx, MIG_EBAD_RANGE, mig_downgrade(ctx, "base"));
	expect(ctx, MIG_EBAD_RANGE, mig_stamp(ctx, "a:b:c"));
	expect(ctx, MIG_EUNSUPPORTED, mig_downgrade(ctx, "ccc:aaa"));
	assert_string_equal(mig_error_revision(ctx), "ccc");
}

static void test_scripts(void **state)
{
	struct place *p = *state;
	mig_open_options o = { .struct_size = sizeof o,
			       .url = "sqlite:/nowhere/at/all",
			       .scratch = 1,
			       .offline = 1 };
	struct script s = { 0 };
	int32_t at_head;
	mig_ctx *ctx;

	test_offline(o.url);
	ctx = open_script(o.url, &s);
	test_script_errors(ctx);
	s = (struct script){ 0 };
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_non_null(strstr(s.text, "-- Upgrade aaa -> ccc\nCREATE TABLE c (x);\n"));
	assert_non_null(strstr(s.text, "CREATE TABLE t (x); -- no end\n"));
	tell(p, strstr(s.text, "BEGIN")); /* what comes before is for the shell alone */
	mig_close(ctx);
	ctx = open_place(p);
	add_scripted(ctx);
	ok(ctx, mig_is_at_head(ctx, &at_head));
	assert_true(at_head);
	mig_close(ctx);
	/* the database of the URL is not asked, and a function that fails is told at any call */
	ctx = open_script(p->url, &s);
	for (size_t i = 1, calls = s.calls; i <= calls; i++) {
		s = (struct script){ .fails_at = i };
		expect(ctx, MIG_EIO, mig_upgrade(ctx, "base:head"));
	}
	s = (struct script){ 0 };
	ok(ctx, mig_upgrade(ctx, "ccc:head"));
	assert_int_equal(s.size, 0);
	ok(ctx, mig_ensure_version(ctx));
	assert_non_null(strstr(s.text, "CREATE TABLE IF NOT EXISTS \"main\".\"mig_history\""));
	s = (struct script){ .fails_at = 3 };
	expect(ctx, MIG_EIO, mig_ensure_version(ctx));
	s = (struct script){ 0 };
	ok(ctx, mig_stamp(ctx, "ccc:aaa"));
	assert_non_null(strstr(s.text, "SET revision = 'aaa'"));
	mig_close(ctx);
	assert_int_equal(mig_open_with(&ctx, &o), MIG_EINVAL);
	mig_close(ctx);
	o.offline = 0;
	o.script = to_script;
	assert_int_equal(mig_open_with(&ctx, &o), MIG_EINVAL);
	mig_close(ctx);
}

static void test_graph_errors(void **state)
{
	struct place *p = *state;
	static const struct {
		const char *text;
		mig_status status;
	} cases[] = {
		{ "-- x\n-- revision: r9\n-- revises: nowhere\n\n-- mig:upgrade\n",
		  MIG_EMISSING_PARENT },
		{ "-- x\n-- revision: r9\n-- revises: r9\n\n-- mig:upgrade\n", MIG_ELOOP },
		{ "-- x\n-- revision: aaa\n-- revises:\n\n-- mig:upgrade\n",
		  MIG_EDUPLICATE_REVISION },
		{ "-- x\n-- revision: r9\n-- revises:\n-- branch_labels: aaa\n\n-- mig:upgrade\n",
		  MIG_EDUPLICATE_LABEL },
		{ "-- x\n-- revision: r9\n-- revisez: aaa\n\n-- mig:upgrade\n", MIG_ESYNTAX },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		mig_ctx *ctx = open_place(p);
		mig_status rc;

		add(ctx, "aaa", "", "", NULL);
		rc = mig_add_script(ctx, "bad.sql", cases[i].text, strlen(cases[i].text));
		if (!rc)
			rc = mig_upgrade(ctx, "head");
		if (rc != cases[i].status)
			fail_msg("case %zu: %s: %s", i, mig_status_name(rc),
				 mig_error_message(ctx));
		assert_non_null(strstr(mig_error_message(ctx), "bad.sql"));
		mig_close(ctx);
	}
}

static void test_take_connection(void **state)
{
	struct place *p = *state;
	mig_ctx *ctx = open_place(p);
	sqlite3 *db;

	assert_non_null(mig_connection(ctx));
	db = mig_take_connection(ctx);
	assert_ptr_equal(db, mig_connection(ctx));
	add(ctx, "aaa", "", "CREATE TABLE a (x);", NULL);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	assert_int_equal(sqlite3_exec(db, "INSERT INTO a VALUES (1)", 0, 0, 0), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void count_log(void *user, int32_t level, const char *message)
{
	(void)message;
	if (level >= MIG_LOG_WARNING)
		++*(int *)user;
}

static void test_log(void **state)
{
	struct place *p = *state;
	mig_run_options warn = { .struct_size = sizeof warn, .edited = MIG_EDITED_WARN };
	int warnings = 0;
	mig_ctx *ctx = open_place(p);

	add(ctx, "aaa", "", "", NULL);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	ctx = open_place(p);
	ok(ctx, mig_set_log(ctx, count_log, &warnings));
	add(ctx, "aaa", "", "-- changed", NULL);
	ok(ctx, mig_upgrade_with(ctx, "head", &warn));
	assert_int_equal(warnings, 1);
	mig_close(ctx);
}

struct inside {
	mig_ctx *ctx;
	int calls, events;
};

static mig_status never(void *user, mig_step *step)
{
	(void)step;
	(void)user;
	return MIG_ERROR;
}

static void never_log(void *user, int32_t level, const char *message)
{
	fail_msg("%p %d %s", user, (int)level, message);
}

static mig_status never_source(void *user, size_t index, const char **name, const char **text,
			       size_t *size)
{
	(void)user;
	(void)index;
	(void)name;
	(void)text;
	(void)size;
	return MIG_ERROR;
}

/* Everything that sets up a context is refused while it is at work, and changes nothing. */
static int32_t set_up_inside(void *user, const mig_progress *progress)
{
	struct inside *in = user;
	mig_ctx *ctx = in->ctx;
	mig_revision_def def = {
		.struct_size = sizeof def, .id = "zzz", .upgrade = never, .revises = NULL
	};
	static const mig_bundle bundle = { .struct_size = sizeof bundle };
	mig_diff_options diff = { .struct_size = sizeof diff };

	(void)progress;
	in->events++;
	if (in->calls)
		return 0;
	assert_int_equal(mig_set_log(ctx, never_log, NULL), MIG_EMISUSE);
	assert_int_equal(mig_set_progress(ctx, NULL, NULL), MIG_EMISUSE);
	assert_int_equal(mig_set_step_hooks(ctx, never, never, NULL), MIG_EMISUSE);
	assert_int_equal(mig_set_argument(ctx, "a", "b"), MIG_EMISUSE);
	assert_int_equal(mig_set_diff_options(ctx, &diff), MIG_EMISUSE);
	assert_int_equal(mig_add_directory(ctx, "/nowhere"), MIG_EMISUSE);
	assert_int_equal(mig_add_script(ctx, "x.sql", "x", 1), MIG_EMISUSE);
	assert_int_equal(mig_add_source(ctx, never_source, NULL), MIG_EMISUSE);
	assert_int_equal(mig_add_revision(ctx, &def), MIG_EMISUSE);
	assert_int_equal(mig_add_bundle(ctx, &bundle), MIG_EMISUSE);
	in->calls++;
	return 0;
}

static void test_setting_up_inside(void **state)
{
	mig_ctx *ctx = open_place(*state);
	struct inside in = { .ctx = ctx };
	int32_t at_head = 0;

	add(ctx, "aaa", "", "CREATE TABLE a (x)", NULL);
	add(ctx, "bbb", "aaa", "CREATE TABLE b (x)", NULL);
	ok(ctx, mig_set_progress(ctx, set_up_inside, &in));
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_int_equal(in.calls, 1);
	assert_true(in.events >= 4);
	ok(ctx, mig_is_at_head(ctx, &at_head));
	assert_int_equal(at_head, 1);
	mig_close(ctx);
}

#define T(f) cmocka_unit_test_setup_teardown(f, place_new, place_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		T(test_open_errors),
		T(test_missing_until_needed),
		T(test_missing_and_chdir),
		T(test_struct_sizes),
		T(test_bundle_heads),
		T(test_stamp_in_header),
		T(test_null_arguments),
		T(test_without_a_database),
		T(test_questions),
		T(test_source),
		T(test_arguments),
		T(test_scripts),
		T(test_graph_errors),
		T(test_take_connection),
		T(test_log),
		T(test_setting_up_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

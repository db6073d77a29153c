/* table: libmig's own tables, in the dialect's store or the default one; read-only databases, and memory
 * that runs out. */
#include "suite.h"

/* -- the dialect's own store, slot by slot */

/* "r1=d1 r2=d2 ", by revision. */
struct listed {
	char rows[400];
	int count;
};

static mig_status list_row(void *user, const mig_version_row *row)
{
	struct listed *l = user;
	char one[100], rest[400];
	int at_front;

	snprintf(one, sizeof one, "%s=%s ", row->revision, row->digest);
	at_front = strcmp(one, l->rows) < 0;
	CHECK(strlen(l->rows) + strlen(one) < sizeof rest);
	strcat(strcpy(rest, at_front ? one : l->rows), at_front ? l->rows : one);
	strcpy(l->rows, rest);
	l->count++;
	return MIG_OK;
}

/* *there as the slot says. */
static const char *read_versions(struct session *b, struct listed *l, int32_t *there)
{
	memset(l, 0, sizeof *l);
	OK(*b, b->d->store->read_rows(b->conn, list_row, l, there));
	return l->rows;
}

static mig_status change(struct session *b, const char *from, const char *to, const char *digest)
{
	const mig_row_change c = { sizeof c, from, to, digest }, *const at = &c;
	const mig_rows_write w = { .struct_size = sizeof w, .changes = &at, .change_count = 1 };

	return b->d->store->write_rows(b->conn, &w, NULL);
}

static mig_status expect_one(struct session *b, const char *revision, const char *digest)
{
	const mig_version_row r = { sizeof r, revision, digest }, *const at = &r;
	const mig_rows_write w = { .struct_size = sizeof w,
				   .check = 1,
				   .expected = &at,
				   .expected_count = 1 };

	return b->d->store->write_rows(b->conn, &w, NULL);
}

static const mig_history_row begun = { .struct_size = sizeof begun,
				       .revision = "r3",
				       .direction = "upgrade",
				       .state = "running",
				       .digest = "d1",
				       .started_at = "2026-01-02T03:04:05Z",
				       .duration_us = 12,
				       .actor = "it's me@here:1",
				       .library = "0.1.0" };

static mig_status add_history(struct session *b, const mig_history_row *row)
{
	const mig_rows_write w = { .struct_size = sizeof w, .history = &row, .history_count = 1 };

	return b->d->store->write_rows(b->conn, &w, NULL);
}

static mig_status mark_with(struct session *b, const char *revision, int64_t before, const char *state,
			    const char *in_flight)
{
	const mig_journal_mark m = { .struct_size = sizeof m,
				     .revision = revision,
				     .direction = "upgrade",
				     .before = before,
				     .state = state,
				     .statements = before + 5,
				     .done_digest = "dd",
				     .duration_us = 99,
				     .in_flight = in_flight };

	return b->d->store->mark_running(b->conn, &m, NULL);
}

static mig_status mark(struct session *b, const char *revision, int64_t before, const char *state)
{
	return mark_with(b, revision, before, state, NULL);
}

struct seen_history {
	int count;
	mig_history_row last; /* numbers */
	char texts[300];
	char in_flight[40]; /* "-": NULL */
};

static mig_status see_history(void *user, const mig_history_row *row)
{
	struct seen_history *seen = user;

	CHECK(row->struct_size >= sizeof begun);
	seen->count++;
	seen->last = *row;
	snprintf(seen->texts, sizeof seen->texts, "%s|%s|%s|%s|%s|%s|%s|%s", row->revision,
		 row->direction, row->state, row->digest, row->done_digest ? row->done_digest : "",
		 row->started_at, row->actor, row->library);
	snprintf(seen->in_flight, sizeof seen->in_flight, "%s", row->in_flight ? row->in_flight : "-");
	return MIG_OK;
}

/* What a write does wrong shows at once, or at the commit. */
static mig_status then_commit(struct session *b, mig_status rc)
{
	if (!rc)
		rc = b->d->conn->commit(b->conn, 0);
	b->d->conn->rollback(b->conn);
	return rc;
}

static void use_rows(struct session *b)
{
	const mig_dialect *d = b->d;
	struct listed l;
	int32_t there, i;

	RULE("create: creates the tables that are missing");
	for (i = 0; i < 2; i++) {
		OK(*b, suite_begin(b, 0));
		OK(*b, d->store->create(b->conn, NULL));
		OK(*b, d->conn->commit(b->conn, 0));
	}
	SAME(read_versions(b, &l, &there), "");
	EQUAL(there, 1);
	RULE("write_rows: old_revision NULL: a row is added");
	OK(*b, suite_begin(b, 0));
	OK(*b, change(b, NULL, "r2", "d2"));
	OK(*b, change(b, NULL, "r1", "d1"));
	OK(*b, d->conn->commit(b->conn, 0));
	SAME(read_versions(b, &l, &there), "r1=d1 r2=d2 ");
	RULE("write_rows: both: it becomes the other; revision NULL: the row is removed");
	OK(*b, suite_begin(b, 0));
	OK(*b, change(b, "r1", "r3", "d3"));
	OK(*b, change(b, "r2", NULL, NULL));
	OK(*b, expect_one(b, "r3", "d3"));
	OK(*b, d->conn->commit(b->conn, 0));
	SAME(read_versions(b, &l, &there), "r3=d3 ");
	RULE("write_rows: MIG_EREVISION if a row that is to be changed is not there, or a check fails");
	OK(*b, suite_begin(b, 0));
	EQUAL(then_commit(b, change(b, "r1", "r4", "d4")), MIG_EREVISION);
	OK(*b, suite_begin(b, 0));
	EQUAL(then_commit(b, change(b, "r1", NULL, NULL)), MIG_EREVISION);
	OK(*b, suite_begin(b, 0));
	EQUAL(then_commit(b, expect_one(b, "r3", "other")), MIG_EREVISION);
	SAME(read_versions(b, &l, &there), "r3=d3 ");
	RULE("clear_rows: removes all version rows");
	OK(*b, suite_begin(b, 0));
	OK(*b, d->store->clear_rows(b->conn, NULL));
	OK(*b, d->conn->commit(b->conn, 0));
	SAME(read_versions(b, &l, &there), "");
}

static void use_journal(struct session *b)
{
	const mig_dialect *d = b->d;
	struct seen_history seen = { 0 };
	int32_t there;

	RULE("read_running: the history row in state running");
	OK(*b, suite_begin(b, 0));
	OK(*b, add_history(b, &begun));
	OK(*b, d->conn->commit(b->conn, 0));
	OK(*b, d->store->read_running(b->conn, see_history, &seen, &there));
	EQUAL(there, 1);
	EQUAL(seen.count, 1);
	EQUAL(seen.last.statements, 0);
	EQUAL(seen.last.duration_us, 12);
	SAME(seen.texts, "r3|upgrade|running|d1||2026-01-02T03:04:05Z|it's me@here:1|0.1.0");
	RULE("mark_running: MIG_ELOCKED if the row is not there, or not as the mark says");
	OK(*b, suite_begin(b, 0));
	EQUAL(then_commit(b, mark(b, "r3", 1, "running")), MIG_ELOCKED);
	OK(*b, suite_begin(b, 0));
	EQUAL(then_commit(b, mark(b, "r4", 0, "running")), MIG_ELOCKED);
	RULE("mark_running: in_flight is kept, and NULL takes it away");
	OK(*b, suite_begin(b, 0));
	OK(*b, mark_with(b, "r3", 0, "running", "6:it's"));
	OK(*b, d->conn->commit(b->conn, 0));
	memset(&seen, 0, sizeof seen);
	OK(*b, d->store->read_running(b->conn, see_history, &seen, &there));
	SAME(seen.in_flight, "6:it's");
	EQUAL(seen.last.statements, 5);
	OK(*b, suite_begin(b, 0));
	OK(*b, mark_with(b, "r3", 5, "running", NULL));
	OK(*b, d->conn->commit(b->conn, 0));
	OK(*b, d->store->read_running(b->conn, see_history, &seen, &there));
	SAME(seen.in_flight, "-");
	RULE("mark_running: changes the row in state running");
	OK(*b, suite_begin(b, 0));
	OK(*b, mark(b, "r3", 10, "done"));
	OK(*b, d->conn->commit(b->conn, 0));
	memset(&seen, 0, sizeof seen);
	OK(*b, d->store->read_running(b->conn, see_history, &seen, &there));
	EQUAL(seen.count, 0);
	OK(*b, d->store->read_history(b->conn, see_history, &seen, &there));
	EQUAL(seen.count, 1);
	EQUAL(seen.last.statements, 15);
	EQUAL(seen.last.duration_us, 99);
	SAME(seen.texts, "r3|upgrade|done|d1|dd|2026-01-02T03:04:05Z|it's me@here:1|0.1.0");
	RULE("mark_running: revision NULL: whatever row is running, if any");
	OK(*b, suite_begin(b, 0));
	OK(*b, mark(b, NULL, 0, "abandoned"));
	OK(*b, add_history(b, &begun));
	OK(*b, mark(b, NULL, 0, "abandoned"));
	OK(*b, d->conn->commit(b->conn, 0));
	RULE("read_history: each row, oldest first");
	memset(&seen, 0, sizeof seen);
	OK(*b, d->store->read_history(b->conn, see_history, &seen, &there));
	EQUAL(seen.count, 2);
	SAME(seen.texts, "r3|upgrade|abandoned|d1||2026-01-02T03:04:05Z|it's me@here:1|0.1.0");
	EQUAL(seen.last.duration_us, 12);
}

static void open_store(struct session *b, const mig_conformance *row, const char *url)
{
	suite_open(b, row, url, 1000);
	if (suite_has_store(b))
		return;
	suite_close(b);
	SKIP("it has the default store");
}

static void keeps_its_tables(const mig_conformance *row)
{
	struct listed l;
	struct session b;
	int32_t there;

	open_store(&b, row, row->fresh());
	RULE("read_rows: 0 in *there: there is no such table");
	read_versions(&b, &l, &there);
	EQUAL(there, 0);
	use_rows(&b);
	use_journal(&b);
	suite_close(&b);
}

/* Collects what a slot hands over for a script. */
static mig_status collect(void *user, const char *text, size_t size, const mig_op *op, uint32_t kind,
			  const char *comment)
{
	char *out = user;
	size_t at = strlen(out);

	(void)op, (void)kind, (void)comment;
	snprintf(out + at, 8000 - at, "%.*s;", (int)size, text);
	return MIG_OK;
}

/* Runs what expect() has for these ids. */
static mig_status run_expect(struct session *s, const char *ids)
{
	char sql[8000] = "";
	const mig_sql_sink sink = { .struct_size = sizeof sink, .user = sql, .statement = collect };
	mig_status rc = s->d->store->expect(s->conn, ids, &sink);

	return rc ? rc : suite_script(s, sql);
}

static void begins_scripts_where_they_should(const mig_conformance *row)
{
	static const char *const places[] = { "base", "b", "a, b" };
	static const char *const inserts[] = {
		"", "INSERT INTO mig_version (revision, digest) VALUES ('b', '1');",
		"INSERT INTO mig_version (revision, digest) VALUES ('a', '2');"
	};
	char url[1000];
	struct session s;
	int rows;

	snprintf(url, sizeof url, "%s", row->fresh());
	suite_make_tables(row, url);
	suite_open(&s, row, url, 1000);
	if (!SLOT(s.d, store, expect)) {
		suite_close(&s);
		SKIP("it has no scripts");
	}
	for (rows = 0; rows < 3; rows++) {
		OK(s, suite_script(&s, inserts[rows]));
		RULE("expect: fails unless the ids are these");
		OK(s, suite_begin(&s, 0));
		OK(s, run_expect(&s, places[rows]));
		CHECK(run_expect(&s, places[(rows + 1) % 3]) != MIG_OK);
		OK(s, s.d->conn->rollback(s.conn));
	}
	OK(s, suite_script(&s, "INSERT INTO mig_history (revision, direction, state) VALUES ('a', "
			       "'upgrade', 'running');"));
	RULE("expect: knows a row in state running");
	OK(s, suite_begin(&s, 0));
	OK(s, run_expect(&s, "a, b, unfinished"));
	CHECK(run_expect(&s, "a, b") != MIG_OK);
	OK(s, s.d->conn->rollback(s.conn));
	suite_close(&s);
}

static const mig_conn_options strange_names = {
	.struct_size = sizeof strange_names,
	.version_table = "a \"b\"; DROP TABLE x; --",
	.history_table = "select",
	.lock_timeout_ms = 1000,
	.create = MIG_CREATE_MISSING,
};

static void quotes_table_names(const mig_conformance *row)
{
	mig_conn_options o = strange_names;
	struct listed l;
	struct session b;
	int32_t there;

	o.url = row->fresh();
	OK(b, suite_open_with(&b, row, NULL, &o));
	if (!suite_has_store(&b)) {
		suite_close(&b);
		SKIP("it has the default store");
	}
	RULE("read_rows: of names that need quotes");
	read_versions(&b, &l, &there);
	EQUAL(there, 0);
	use_rows(&b);
	use_journal(&b);
	suite_close(&b);
}

/* -- any store, through libmig itself */

static mig_ctx *open_named(const mig_conformance *row, const char *url)
{
	static const char script[] = "-- one\n-- revision: one\n\n-- mig:upgrade\nCREATE TABLE t (x "
				     "INTEGER);\n\n-- mig:downgrade\nDROP TABLE t;\n";
	const mig_open_options o = { .struct_size = sizeof o,
				     .url = url,
				     .dialect = row->dialect(),
				     .version_table = strange_names.version_table,
				     .history_table = strange_names.history_table };
	mig_ctx *ctx;

	suite_fine(NULL, mig_open_with(&ctx, &o));
	suite_fine(ctx, mig_add_script(ctx, "one.sql", script, sizeof script - 1));
	return ctx;
}

static void libmig_finds_its_rows_again(const mig_conformance *row)
{
	mig_history_list *history;
	mig_revision_list *current;
	char url[1000];
	mig_ctx *ctx;

	snprintf(url, sizeof url, "%s", row->fresh());
	RULE("store: rows of tables whose names need quotes are found again");
	ctx = open_named(row, url);
	suite_fine(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	ctx = open_named(row, url);
	suite_fine(ctx, mig_current(ctx, &current));
	EQUAL(mig_revision_list_count(current), 1);
	mig_revision_list_free(current);
	suite_fine(ctx, mig_downgrade(ctx, "base"));
	suite_fine(ctx, mig_stamp(ctx, "one"));
	suite_fine(ctx, mig_history_read(ctx, &history));
	EQUAL(mig_history_list_count(history), 3);
	SAME(mig_history_list_at(history, 1)->direction, "downgrade");
	SAME(mig_history_list_at(history, 2)->direction, "stamp");
	mig_history_list_free(history);
	mig_close(ctx);
}

/* As an older libmig sees them: columns that it does not know have defaults. */
static void uses_the_tables_of_a_newer_libmig(const mig_conformance *row)
{
	const mig_open_options o = { .struct_size = sizeof o, .dialect = row->dialect() };
	static const char script[] = "-- one\n-- revision: one\n\n-- mig:upgrade\nCREATE TABLE t (x "
				     "INTEGER);\n\n-- mig:downgrade\nDROP TABLE t;\n";
	mig_open_options with_url = o;
	mig_history_list *history;
	char url[1000];
	struct session b;
	mig_ctx *ctx;

	snprintf(url, sizeof url, "%s", row->fresh());
	suite_make_tables(row, url);
	suite_open(&b, row, url, 1000);
	OK(b, suite_script(&b, "ALTER TABLE mig_version ADD COLUMN later INTEGER DEFAULT 7;"
			       "ALTER TABLE mig_history ADD COLUMN later INTEGER DEFAULT 7;"));
	suite_close(&b);
	RULE("store: names the columns that it reads and writes");
	with_url.url = url;
	suite_fine(NULL, mig_open_with(&ctx, &with_url));
	suite_fine(ctx, mig_add_script(ctx, "one.sql", script, sizeof script - 1));
	suite_fine(ctx, mig_upgrade(ctx, "head"));
	suite_fine(ctx, mig_downgrade(ctx, "base"));
	suite_fine(ctx, mig_history_read(ctx, &history));
	EQUAL(mig_history_list_count(history), 2);
	SAME(mig_history_list_at(history, 0)->state, "done");
	mig_history_list_free(history);
	mig_close(ctx);
	suite_open(&b, row, url, 1000);
	EQUAL(suite_number(&b, "SELECT count(*) FROM mig_history WHERE later = 7"), 2);
	suite_close(&b);
}

static mig_status begin_and_read(struct session *b, int32_t *there)
{
	struct seen_history seen = { 0 };
	mig_status rc = suite_begin(b, 0);

	return rc ? rc : b->d->store->read_running(b->conn, see_history, &seen, there);
}

/* The first tables of libmig ended with the version of the library. */
static void brings_the_tables_of_an_older_libmig_up_to_date(const mig_conformance *row)
{
	static const char script[] = "-- one\n-- revision: one\n\n-- mig:upgrade\nCREATE TABLE t (x "
				     "INTEGER);\n\n-- mig:downgrade\nDROP TABLE t;\n";
	mig_open_options o = { .struct_size = sizeof o, .dialect = row->dialect() };
	mig_history_list *history;
	char url[1000];
	struct session b;
	int32_t there = MIG_TABLE_MISSING;
	mig_ctx *ctx;

	snprintf(url, sizeof url, "%s", row->fresh());
	suite_make_tables(row, url);
	suite_open(&b, row, url, 1000);
	if (suite_script(&b, "ALTER TABLE mig_history DROP COLUMN in_flight")) {
		suite_close(&b);
		SKIP("it has no ALTER TABLE ... DROP COLUMN");
	}
	RULE("read_running: MIG_TABLE_OLDER inside a transaction");
	if (suite_has_store(&b)) {
		OK(b, begin_and_read(&b, &there));
		EQUAL(there, MIG_TABLE_OLDER);
		OK(b, b.d->conn->rollback(b.conn));
	}
	suite_close(&b);
	RULE("store: a read takes the tables as they are");
	o.url = url;
	suite_fine(NULL, mig_open_with(&ctx, &o));
	suite_fine(ctx, mig_add_script(ctx, "one.sql", script, sizeof script - 1));
	suite_fine(ctx, mig_history_read(ctx, &history));
	EQUAL(mig_history_list_count(history), 0);
	mig_history_list_free(history);
	RULE("create: adds the columns that an older libmig did not have");
	suite_fine(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	suite_open(&b, row, url, 1000);
	EQUAL(suite_number(&b, "SELECT count(*) FROM mig_history WHERE in_flight IS NULL"), 1);
	suite_close(&b);
}

/* A table of that name with other columns is an error, not a missing table. */
static void a_foreign_table_is_an_error(const mig_conformance *row)
{
	mig_open_options o = { .struct_size = sizeof o, .dialect = row->dialect() };
	mig_revision_list *current;
	char url[1000];
	struct session b;
	mig_ctx *ctx;

	snprintf(url, sizeof url, "%s", row->fresh());
	suite_open(&b, row, url, 1000);
	OK(b, suite_script(&b, "CREATE TABLE mig_version (x INTEGER);"));
	suite_close(&b);
	RULE("read_rows: a table of that name with other columns is there, and reading it an error");
	o.url = url;
	suite_fine(NULL, mig_open_with(&ctx, &o));
	EQUAL(mig_current(ctx, &current), MIG_ESQL);
	CHECK(strstr(mig_error_message(ctx), "revision"));
	mig_close(ctx);
}

static void reads_a_read_only_database(const mig_conformance *row)
{
	mig_revision_list *current;
	char url[1000];
	struct session b;
	mig_ctx *ctx;

	if (!row->read_only_url)
		SKIP("no read_only_url");
	snprintf(url, sizeof url, "%s", row->fresh());
	ctx = open_named(row, url);
	suite_fine(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	snprintf(url, sizeof url, "%s", row->read_only_url(url));
	RULE("open: a database that cannot be written can be read");
	ctx = open_named(row, url);
	suite_fine(ctx, mig_current(ctx, &current));
	EQUAL(mig_revision_list_count(current), 1);
	mig_revision_list_free(current);
	mig_close(ctx);
	suite_open(&b, row, url, 1000);
	RULE("begin, run_script: MIG_EREADONLY where the database cannot be written, with a hint");
	FAILS(b, suite_begin(&b, 1), MIG_EREADONLY);
	CHECK(b.err.has_hint);
	FAILS(b, suite_script(&b, "CREATE TABLE t2 (x INTEGER)"), MIG_EREADONLY);
	suite_close(&b);
}

/* -- out of memory, at each allocation in turn */

/* The rows, in the dialect's own store or a table like it. */
static mig_status story_of_rows(struct session *b)
{
	static const char plain[] = "CREATE TABLE IF NOT EXISTS v (r VARCHAR(20)); DELETE FROM v; "
				    "INSERT INTO v VALUES ('r');";
	const mig_dialect *d = b->d;
	mig_status rc;

	if (!suite_has_store(b))
		return d->conn->run_script(b->conn, plain, strlen(plain), NULL, NULL);
	rc = d->store->create(b->conn, NULL);
	if (!rc)
		rc = d->store->clear_rows(b->conn, NULL);
	if (!rc)
		rc = change(b, NULL, "r", "d");
	if (!rc)
		rc = expect_one(b, "r", "d");
	if (!rc)
		rc = add_history(b, &begun);
	return rc ? rc : mark(b, "r3", 0, "done");
}

static mig_status whole_story(struct session *b, const mig_conformance *row, struct budget *budget,
			      const char *url)
{
	const mig_conn_options o = {
		.struct_size = sizeof o,
		.url = url,
		.lock_timeout_ms = 1000,
		.create = MIG_CREATE_MISSING,
	};
	const char *script = "CREATE TABLE IF NOT EXISTS p (x INTEGER PRIMARY KEY);"
			     "CREATE TABLE IF NOT EXISTS c (p INTEGER REFERENCES p (x));";
	struct listed l = { .count = 0 };
	mig_cursor *cursor = NULL;
	const mig_dialect *d;
	int32_t there;
	mig_status rc = suite_open_with(b, row, budget, &o);

	if (rc)
		return rc;
	d = b->d;
	rc = d->conn->prepare(b->conn, "SELECT 1", 8, 0, &cursor);
	if (!rc)
		rc = d->conn->step(cursor, &there);
	d->conn->finish(cursor);
	if (!rc && suite_has_store(b))
		rc = d->store->read_rows(b->conn, list_row, &l, &there);
	if (!rc)
		rc = d->conn->run_begin(b->conn);
	if (!rc)
		rc = suite_lock(b);
	if (!rc || rc == MIG_EUNSUPPORTED)
		rc = suite_begin(b, 1);
	if (!rc)
		rc = story_of_rows(b);
	if (!rc)
		rc = d->conn->run_script(b->conn, script, strlen(script), NULL, NULL);
	if (!rc)
		rc = d->conn->commit(b->conn, 1);
	if (!rc)
		rc = d->conn->unlock(b->conn);
	if (!rc)
		rc = d->conn->run_end(b->conn);
	return rc;
}

static void survives_without_memory(const mig_conformance *row)
{
	const char *url = row->fresh();
	struct budget budget = { 0 };
	struct session b;
	mig_status rc = MIG_ENOMEM;
	int n;

	for (n = 0; rc; n++) {
		CHECK(n < 2000);
		budget.left = n;
		rc = whole_story(&b, row, &budget, url);
		RULE("host: MIG_ENOMEM when realloc_fn returns NULL, and nothing else goes wrong");
		if (rc)
			EQUAL(rc, MIG_ENOMEM);
		suite_close(&b);
		RULE("close: everything that came from realloc_fn is given back");
		EQUAL(budget.live, 0);
	}
}

const struct suite_case suite_table_cases[] = {
	CASE(keeps_its_tables),
	CASE(begins_scripts_where_they_should),
	CASE(quotes_table_names),
	CASE(libmig_finds_its_rows_again),
	CASE(uses_the_tables_of_a_newer_libmig),
	CASE(brings_the_tables_of_an_older_libmig_up_to_date),
	CASE(a_foreign_table_is_an_error),
	CASE(reads_a_read_only_database),
	CASE(survives_without_memory),
	{ NULL, NULL },
};

/* What inspect() reports of a database, and that it leaves no trace in the session. */
#include "schema_inspect_catalog.h"

/* -- the catalogue */

static void run_case(PGconn *db, struct host *h, const struct catalog_case *c)
{
	char *text;

	pg_exec(db, "BEGIN");
	pg_exec(db, c->ddl);
	text = catalog_of(h);
	if (strcmp(text, c->catalog) != 0)
		fail_msg("%s:\n%s\n-- not:\n%s", c->name, text, c->catalog);
	free(text);
	assert_int_equal(PQtransactionStatus(db), PQTRANS_INTRANS);
	pg_exec(db, "ROLLBACK");
}

/* In one database, whose oids go on from case to case: so they do not show in what is reported. */
static void test_catalog(void **state)
{
	struct host h;
	struct place p;

	(void)state;
	place_begin(&p);
	host_lend(&h, p.db);
	for (size_t i = 0; i < catalog_case_count; i++)
		if (PQserverVersion(p.db) >= catalog_cases[i].version)
			run_case(p.db, &h, &catalog_cases[i]);
	host_close(&h);
	place_end(&p);
}

/* -- a few of many */

enum { MOST_ASKED = 64 };

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The lines, sorted, without what the tables nobody asks for have, and who needs whom: that may be left
 * out. */
static char *own_lines(char *text)
{
	enum { MOST = 20000 };
	static const char *lines[MOST];
	size_t count = 0, size;
	char *out, *rest = NULL;
	FILE *f = open_memstream(&out, &size);

	assert_non_null(f);
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (!strstr(line, "filler") && !strstr(line, " -> ") && !strstr(line, " => ") && count < MOST)
			lines[count++] = line;
	qsort(lines, count, sizeof *lines, by_text);
	for (size_t i = 0; i < count; i++)
		fprintf(f, "%s\n", lines[i]);
	fclose(f);
	free(text);
	return out;
}

/* The names at the top: between a dot of "composite type public.c { attributes=x }", whichever it is, and
 * what follows. */
static size_t ask_for(const char *text, mig_object *objects)
{
	size_t count = 0;

	for (const char *line = text; *line && count < MOST_ASKED; line = strchr(line, '\n') + 1) {
		size_t size = strcspn(line, "\n");
		const char *dot = memchr(line, '.', size), *end;

		if (!dot || !strncmp(line, "row ", 4) || !strncmp(line, "uncovered", 9))
			continue;
		for (end = ++dot; *end != '\n' && strncmp(end, " {", 2) != 0 && strncmp(end, " [", 2) != 0; end++)
			;
		for (; dot && !memchr(dot, '/', (size_t)(end - dot)) && count < MOST_ASKED; count++) {
			objects[count] = (mig_object){ .struct_size = sizeof *objects,
						       .name = strndup(dot, (size_t)(end - dot)) };
			dot = memchr(dot, '.', (size_t)(end - dot));
			dot = dot ? dot + 1 : NULL;
		}
	}
	return count;
}

static void ask_case(PGconn *db, struct host *h, const struct catalog_case *c)
{
	mig_object objects[MOST_ASKED];
	const mig_object *only[MOST_ASKED];
	char *all, *few;
	size_t count;

	pg_exec(db, "BEGIN");
	pg_exec(db, c->ddl);
	all = own_lines(catalog_rows(h, NULL, 0));
	count = ask_for(all, objects);
	for (size_t i = 0; i < count; i++)
		only[i] = &objects[i];
	few = own_lines(catalog_rows(h, only, count));
	if (strcmp(few, all) != 0)
		fail_msg("%s, asked for alone:\n%s\n-- not:\n%s", c->name, few, all);
	free(few);
	free(all);
	for (size_t i = 0; i < count; i++)
		free((char *)objects[i].name);
	pg_exec(db, "ROLLBACK");
}

/* Each case among many tables that nobody asks for. */
static void test_few(void **state)
{
	struct host h;
	struct place p;
	char *text;
	const mig_object *none = NULL;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "DO $$BEGIN FOR i IN 1..150 LOOP EXECUTE 'CREATE TABLE filler_' || i || ' (a integer GENERATED "
		      "ALWAYS AS IDENTITY PRIMARY KEY, b text DEFAULT ''x'')'; END LOOP; END$$");
	host_lend(&h, p.db);
	text = catalog_rows(&h, &none, 0);
	assert_non_null(strstr(text, "table public.filler_7\n"));
	assert_null(strstr(text, "public.filler_7/a"));
	free(text);
	for (size_t i = 0; i < catalog_case_count; i++)
		if (PQserverVersion(p.db) >= catalog_cases[i].version)
			ask_case(p.db, &h, &catalog_cases[i]);
	host_close(&h);
	place_end(&p);
}

/* Rows that are not where they were written first are reported in the same order. */
static void test_order(void **state)
{
	static const char ddl[] = "CREATE TABLE t (a integer, b integer, c integer, d integer); "
				  "CREATE TABLE u (a integer, b integer)";
	static const char expected[] = "table public.t\ntable public.u\n"
				       "column public.t/a { type=integer; not_null=yes }\n"
				       "column public.t/b { type=integer }\n"
				       "column public.t/c { type=integer; not_null=yes }\n"
				       "column public.t/d { type=integer }\n"
				       "column public.u/a { type=integer }\n"
				       "column public.u/b { type=integer }\n";
	struct host h;
	struct place p;
	char *text;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, ddl);
	for (int i = 0; i < 3; i++) {
		pg_exec(p.db, "ALTER TABLE t ALTER a SET NOT NULL, ALTER c SET NOT NULL");
		pg_exec(p.db, "VACUUM pg_attribute");
		if (i < 2)
			pg_exec(p.db, "ALTER TABLE t ALTER a DROP NOT NULL, ALTER c DROP NOT NULL");
	}
	host_open_url(&h, p.url);
	text = catalog_of(&h);
	assert_string_equal(text, expected);
	free(text);
	host_close(&h);
	place_end(&p);
}

/* -- libmig's own tables */

static void test_own_tables(void **state)
{
	static const struct {
		const char *name;
		mig_conn_options o;
	} cases[] = {
		{ "found in the path", { 0 } },
		{ "in a schema", { .schema = "app" } },
		{ "in a path of its own", { .search_path = "app, public" } },
		{ "with other names",
		  { .version_table = "My \"versions\"", .history_table = "$1;--'" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		mig_open_options run = { .struct_size = sizeof run,
					 .schema = cases[i].o.schema,
					 .search_path = cases[i].o.search_path,
					 .version_table = cases[i].o.version_table,
					 .history_table = cases[i].o.history_table };
		mig_conn_options o = cases[i].o;
		struct host h;
		struct place p;
		mig_ctx *ctx;
		char *text;

		place_begin(&p);
		pg_exec(p.db, "CREATE SCHEMA app");
		ctx = open_place(&p, &run);
		ADD(ctx, .id = "a", .up = "CREATE TABLE public.t (x integer);");
		ok(ctx, mig_upgrade(ctx, "head"));
		mig_close(ctx);
		o.url = p.url;
		host_open(&h, &o);
		text = catalog_of(&h);
		if (strcmp(text, "schema app\ntable public.t\n"
				 "column public.t/x { type=integer }\n") != 0)
			fail_msg("%s:\n%s", cases[i].name, text);
		free(text);
		host_close(&h);
		place_end(&p);
	}
}

/* -- the session */

#define SESSION                                                                          \
	"SELECT string_agg(name || '=' || setting, ' ' ORDER BY name) FROM pg_settings " \
	"WHERE source <> 'default' OR name IN ('search_path', 'jit')"

static void test_session_is_left(void **state)
{
	char before[4096];
	struct host h;
	struct place p;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "CREATE TABLE t (a integer)");
	pg_exec(p.db, "SET search_path = pg_catalog, public; SET DateStyle = German; "
		      "SET client_encoding = LATIN1");
	host_lend(&h, p.db);
	for (int inside = 0; inside < 2; inside++) {
		if (inside)
			pg_exec(p.db, "BEGIN; SET LOCAL search_path = public; "
				      "SET LOCAL TimeZone = 'Asia/Tokyo'");
		pg_text(p.db, SESSION, before, sizeof before);
		free(catalog_of(&h));
		assert_answer(p.db, SESSION, before);
		assert_int_equal(PQtransactionStatus(p.db),
				 inside ? PQTRANS_INTRANS : PQTRANS_IDLE);
	}
	pg_exec(p.db, "ROLLBACK");
	host_close(&h);
	place_end(&p);
}

/* A transaction that has failed is not touched. */
static void test_failed_transaction(void **state)
{
	struct host h;
	struct place p;

	(void)state;
	place_begin(&p);
	host_lend(&h, p.db);
	pg_exec(p.db, "BEGIN");
	PQclear(PQexec(p.db, "SELECT 1 / 0"));
	assert_null(catalog_read(&h, h.conn));
	assert_has(h.message, "aborted");
	assert_int_equal(PQtransactionStatus(p.db), PQTRANS_INERROR);
	pg_exec(p.db, "ROLLBACK");
	free(catalog_of(&h));
	host_close(&h);
	place_end(&p);
}

/* What the session or the database has set does not show in the texts. */
static void test_settings_do_not_show(void **state)
{
	static const char ddl[] =
		"CREATE TABLE t (a date DEFAULT '2020-02-01', b timestamptz DEFAULT "
		"'2020-02-01 00:00:00+00', c interval DEFAULT '1 year 2 days', d bytea DEFAULT "
		"'\\x00', e double precision DEFAULT 0.1)";
	static const char expected[] =
		"table public.t\n"
		"column public.t/a { type=date }\n"
		"default public.t/a/a { expression='2020-02-01'::date }\n"
		"column public.t/b { type=timestamp with time zone }\n"
		"default public.t/b/b { expression='2020-02-01 00:00:00+00'::timestamp with time "
		"zone }\n"
		"column public.t/c { type=interval }\n"
		"default public.t/c/c { expression='1 year 2 days'::interval }\n"
		"column public.t/d { type=bytea }\n"
		"default public.t/d/d { expression='\\x00'::bytea }\n"
		"column public.t/e { type=double precision }\n"
		"default public.t/e/e { expression=0.1 }\n";
	struct host h;
	struct place p;
	char *text;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, ddl);
	pg_exec(p.db, "SET quote_all_identifiers = on; SET DateStyle = German; SET TimeZone = "
		      "'Asia/Tokyo'; SET IntervalStyle = iso_8601; SET bytea_output = escape; SET "
		      "extra_float_digits = -5; SET search_path = public; CREATE TEMPORARY TABLE "
		      "pg_class (oid integer); CREATE TEMPORARY TABLE pg_attribute (x integer)");
	host_lend(&h, p.db);
	text = catalog_of(&h);
	assert_string_equal(text, expected);
	free(text);
	host_close(&h);
	place_end(&p);
}

/* -- who may look, and how often it asks */

static void test_reader(void **state)
{
	struct host h;
	struct place p;
	char *text;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "DO 'BEGIN CREATE ROLE mig_test_reader LOGIN; EXCEPTION WHEN "
		      "duplicate_object OR unique_violation THEN NULL; END'");
	pg_exec(p.db, "CREATE SCHEMA app; CREATE TABLE app.t (a integer); CREATE VIEW app.v AS "
		      "SELECT x.a FROM app.t x, app.t y; CREATE SUBSCRIPTION s CONNECTION '' "
		      "PUBLICATION p WITH (connect = false)");
	host_open_url(&h, url_with(&p, "user=mig_test_reader"));
	text = catalog_of(&h);
	assert_has(text, "view app.v { query=SELECT x.a");
	assert_has(text, "uncovered: subscription s");
	free(text);
	host_close(&h);
	pg_exec(p.db, "ALTER SUBSCRIPTION s SET (slot_name = NONE); DROP SUBSCRIPTION s");
	place_end(&p);
}

/* Lines of libpq's trace that are queries. */
static size_t count_queries(struct host *h)
{
	PGconn *db = mig_dialect_postgresql()->conn->native(h->conn);
	char *text = NULL;
	size_t size, count;
	FILE *trace = open_memstream(&text, &size);

	assert_non_null(trace);
	PQtrace(db, trace);
	free(catalog_of(h));
	PQuntrace(db);
	fclose(trace);
	count = count_of(text, "\tQuery\t");
	free(text);
	return count;
}

static void test_number_of_queries(void **state)
{
	size_t few, many;
	struct host h;
	struct place p;

	(void)state;
	place_begin(&p);
	host_open_url(&h, p.url);
	pg_exec(p.db, "CREATE TABLE t (a serial PRIMARY KEY)");
	few = count_queries(&h);
	pg_exec(p.db, "DO 'BEGIN FOR i IN 1..200 LOOP EXECUTE format(''CREATE TABLE %I (a serial "
		      "PRIMARY KEY, b integer REFERENCES t)'', i); EXECUTE format(''CREATE VIEW "
		      "%I AS SELECT * FROM %I'', ''v'' || i, i); END LOOP; END'");
	many = count_queries(&h);
	assert_in_range(few, 1, 3);
	assert_int_equal(many, few);
	host_close(&h);
	place_end(&p);
}

/* -- without memory */

/* Whichever allocation fails, it is said, and nothing is half done. */
static void test_out_of_memory(void **state)
{
	char *whole, *text = NULL;
	struct host h;
	struct place p;
	size_t failed = 0;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "CREATE TABLE \"Odd\" (\"a b\" serial PRIMARY KEY, b text CHECK (b <> '')) "
		      "WITH (fillfactor = 70); CREATE INDEX i ON \"Odd\" (lower(b)); CREATE VIEW v "
		      "AS SELECT x.b FROM \"Odd\" x, \"Odd\" y; CREATE FUNCTION f(integer) RETURNS "
		      "integer LANGUAGE sql AS 'SELECT 1'; COMMENT ON VIEW v IS 'v'; CREATE "
		      "PUBLICATION news");
	host_lend(&h, p.db);
	whole = catalog_of(&h);
	while (!text) {
		h.allocations = ++failed;
		text = catalog_read(&h, h.conn);
		assert_int_equal(PQtransactionStatus(p.db), PQTRANS_IDLE);
		if (text && h.allocations) /* not reached any more */
			break;
		if (!text)
			assert_int_equal(h.status, MIG_ENOMEM);
		else
			assert_string_equal(text, whole);
		if (text && !h.allocations) { /* it did without, e.g. a shorter message */
			free(text);
			text = NULL;
		}
	}
	assert_string_equal(text, whole);
	assert_true(failed > 20);
	free(text);
	free(whole);
	host_close(&h);
	place_end(&p);
}

/* -- a sink that stops */

static mig_status stop(void *user, const mig_object *object, uint32_t parent, uint32_t *number)
{
	uint32_t *left = user;

	(void)object;
	(void)parent;
	*number = MIG_LEFT_OUT;
	return (*left)-- ? MIG_OK : MIG_ECANCELLED;
}

static mig_status no_need(void *user, uint32_t from, uint32_t to, int32_t need)
{
	(void)user;
	(void)from;
	(void)to;
	(void)need;
	fail_msg("needs of objects that are left out");
	return MIG_OK;
}

/* At whichever object: the status comes back, and the session is idle. */
static void test_stopped(void **state)
{
	struct host h;
	struct place p;
	uint32_t at = 0;
	mig_status rc;

	(void)state;
	place_begin(&p);
	pg_exec(p.db, "CREATE TABLE t (a serial PRIMARY KEY, b text CHECK (b <> '')); CREATE INDEX "
		      "i ON t (b); CREATE VIEW v AS SELECT b FROM t; CREATE SEQUENCE s");
	host_lend(&h, p.db);
	do {
		uint32_t left = at++;
		const mig_schema_sink sink = {
			.struct_size = sizeof sink, .user = &left, .object = stop, .need = no_need
		};

		rc = mig_dialect_postgresql()->schema->inspect(h.conn, &sink);
		assert_true(rc == MIG_OK || rc == MIG_ECANCELLED);
		assert_int_equal(PQtransactionStatus(p.db), PQTRANS_IDLE);
	} while (rc);
	assert_int_equal(at, 13);
	host_close(&h);
	place_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_catalog),
		cmocka_unit_test(test_few),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_own_tables),
		cmocka_unit_test(test_session_is_left),
		cmocka_unit_test(test_failed_transaction),
		cmocka_unit_test(test_settings_do_not_show),
		cmocka_unit_test(test_reader),
		cmocka_unit_test(test_number_of_queries),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

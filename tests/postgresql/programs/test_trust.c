/* Whose tables are read and written: a run calls no code of somebody who could not act as the
 * role that runs it anyway, and roles that may only read go on working. */
#include "support.h"

#include <mig/model.h>
#include <mig/op.h>
#include <unistd.h>

/* Roles are the whole cluster's: their names carry the program's. */
struct roles {
	char attacker[40], reader[40], group[40], member[40];
};

static void make_roles(const struct place *p, struct roles *r)
{
	struct {
		char *name;
		const char *what, *attributes;
	} all[] = { { r->attacker, "attacker", "LOGIN" },
		    { r->reader, "reader", "LOGIN" },
		    { r->group, "owners", "NOLOGIN" },
		    { r->member, "member", "LOGIN CREATEROLE" } };
	static int count;
	char sql[300];

	count++;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		snprintf(all[i].name, sizeof r->attacker, "trust%d_%s_%ld", count,
			 all[i].what, (long)getpid());
		snprintf(sql, sizeof sql, "DROP ROLE IF EXISTS %s; CREATE ROLE %s %s", all[i].name,
			 all[i].name, all[i].attributes);
		pg_exec(p->db, sql);
	}
	snprintf(sql, sizeof sql,
		 "GRANT ALL ON SCHEMA public TO PUBLIC; GRANT %s TO %s; "
		 "CREATE SEQUENCE called; GRANT ALL ON called TO PUBLIC",
		 r->group, r->member);
	pg_exec(p->db, sql);
}

static void drop_roles(const struct place *p, const struct roles *r)
{
	const char *names[] = { r->attacker, r->reader, r->group, r->member };
	char sql[200];

	for (size_t i = 0; i < 4; i++) {
		snprintf(sql, sizeof sql, "DROP OWNED BY %s CASCADE; DROP ROLE %s", names[i],
			 names[i]);
		pg_exec(p->db, sql);
	}
}

/* Runs SQL as a role; %s is its name. */
static void as(const struct place *p, const char *role, const char *sql)
{
	char all[8000];

	snprintf(all, sizeof all, "SET ROLE %s", role);
	pg_exec(p->db, all);
	pg_exec(p->db, sql);
	pg_exec(p->db, "RESET ROLE");
}

/* A function of the attacker's that tells of every call, even of one that is undone. */
#define EVIL(name, arguments, result, value)                                                \
	"CREATE FUNCTION public." name arguments " RETURNS " result " LANGUAGE plpgsql AS " \
	"$$BEGIN PERFORM pg_catalog.nextval('public.called'); " value " END$$; "
#define CALLED "SELECT is_called FROM called"

static mig_ctx *open_as(const struct place *p, const char *role, const char *trusted)
{
	char user[80], url[URL_SIZE * 2];
	mig_open_options o = { .struct_size = sizeof o, .trusted_owner = trusted };
	mig_ctx *ctx;

	snprintf(user, sizeof user, "user=%s", role);
	snprintf(url, sizeof url, "%s", role ? url_with(p, user) : p->url);
	o.url = url;
	ok(ctx, mig_open_with(&ctx, &o));
	ADD(ctx, .id = "r1", .up = "CREATE TABLE IF NOT EXISTS one (n int);");
	return ctx;
}

static void add_second(mig_ctx *ctx)
{
	ADD(ctx, .id = "r2", .revises = "r1", .up = "CREATE TABLE IF NOT EXISTS two (n int);");
}

/* Fails with MIG_EPERMISSION, and the message and hint have the words. */
static void refused(mig_ctx *ctx, const char *words, const char *hint)
{
	expect(ctx, MIG_EPERMISSION, mig_upgrade(ctx, "head"));
	assert_has(mig_error_message(ctx), words);
	assert_has(mig_error_hint(ctx), hint);
}

/* -- operators on the path */

static void test_operators(void **state)
{
	struct place p;
	struct roles r;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	make_roles(&p, &r);
	as(&p, r.attacker,
	   EVIL("evil", "(text, int4)", "text", "RETURN pg_catalog.concat($1, $2);")
	   EVIL("evil", "(oid, regclass)", "bool", "RETURN true;")
	   EVIL("evil", "(text, name)", "text", "RETURN pg_catalog.concat($1, $2);")
	   EVIL("evil", "(name, text)", "bool", "RETURN true;")
	   EVIL("evil", "(int4[], int4[])", "bool", "RETURN true;")
	   "CREATE OPERATOR public.|| (leftarg = text, rightarg = int4, function = public.evil);"
	   "CREATE OPERATOR public.|| (leftarg = text, rightarg = name, function = public.evil);"
	   "CREATE OPERATOR public.= (leftarg = oid, rightarg = regclass, function = public.evil);"
	   "CREATE OPERATOR public.= (leftarg = name, rightarg = text, function = public.evil);"
	   "CREATE OPERATOR public.<> (leftarg = int4[], rightarg = int4[], function = "
	   "public.evil);");
	ctx = open_place(&p, NULL);
	ADD(ctx, .id = "r1", .up = "CREATE TABLE one (n int);");
	ADD(ctx, .id = "r2", .revises = "r1", .attributes = " transaction=no",
	    .up = "CREATE INDEX CONCURRENTLY one_n ON one (n);");
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	assert_answer(p.db, CALLED, "f");
	drop_roles(&p, &r);
	place_end(&p);
}

/* -- reading */

static void test_view(void **state)
{
	struct place p;
	struct roles r;
	mig_revision_list *list;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	make_roles(&p, &r);
	as(&p, r.attacker,
	   EVIL("evil", "()", "text", "RETURN 'r1';")
	   "CREATE VIEW public.mig_version AS SELECT public.evil() AS revision, ''::text AS digest");
	ctx = open_as(&p, NULL, NULL);
	expect(ctx, MIG_EPERMISSION, mig_current(ctx, &list));
	assert_has(mig_error_message(ctx), "public.mig_version is not a table");
	refused(ctx, "public.mig_version is not a table", "version_table");
	mig_close(ctx);
	assert_answer(p.db, CALLED, "f");
	drop_roles(&p, &r);
	place_end(&p);
}

/* A view over the history table that a reader asks for. */
static void test_history_view(void **state)
{
	struct place p;
	struct roles r;
	mig_history_list *list;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	make_roles(&p, &r);
	as(&p, r.attacker,
	   EVIL("evil", "()", "text", "RETURN 'r1';")
	   "CREATE VIEW public.mig_history AS SELECT 1::bigint AS id, public.evil() AS revision, "
	   "''::text AS direction, 'running'::text AS state, ''::text AS digest, 1::bigint AS "
	   "statements, ''::text AS done_digest, ''::text AS started_at, 1::bigint AS duration_us, "
	   "''::text AS actor, ''::text AS library");
	ctx = open_as(&p, NULL, NULL);
	expect(ctx, MIG_EPERMISSION, mig_history_read(ctx, &list));
	assert_has(mig_error_message(ctx), "public.mig_history is not a table");
	mig_close(ctx);
	assert_answer(p.db, CALLED, "f");
	drop_roles(&p, &r);
	place_end(&p);
}

/* Supabase's way: row security on every table of public. */
static void test_row_security(void **state)
{
	struct place p;
	struct roles r;
	char sql[600];
	mig_revision_list *list;
	int32_t at_head;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	make_roles(&p, &r);
	ctx = open_as(&p, NULL, NULL);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	as(&p, r.attacker, EVIL("evil", "(text)", "bool", "RETURN false;"));
	snprintf(sql, sizeof sql,
		 "ALTER TABLE mig_version ENABLE ROW LEVEL SECURITY; GRANT SELECT ON mig_version "
		 "TO %s; CREATE POLICY mine ON mig_version USING (public.evil(revision))",
		 r.reader);
	pg_exec(p.db, sql);
	ctx = open_as(&p, r.reader, NULL);
	expect(ctx, MIG_EPERMISSION, mig_is_at_head(ctx, &at_head));
	assert_has(mig_error_message(ctx), "row security is on for table public.mig_version");
	assert_has(mig_error_hint(ctx), "DISABLE ROW LEVEL SECURITY");
	refused(ctx, "row security", "owner");
	mig_close(ctx);
	/* it does not apply to the owner, unless that is forced */
	ctx = open_as(&p, NULL, NULL);
	add_second(ctx);
	ok(ctx, mig_upgrade(ctx, "head"));
	ok(ctx, mig_current(ctx, &list));
	assert_string_equal(mig_revision_id(mig_revision_list_at(list, 0)), "r2");
	mig_revision_list_free(list);
	mig_close(ctx);
	assert_answer(p.db, CALLED, "f");
	drop_roles(&p, &r);
	place_end(&p);
}

/* At head a role that may only read is enough, whoever the owner is. */
static void test_reader(void **state)
{
	struct place p;
	struct roles r;
	char sql[400];
	int32_t at_head;
	mig_history_list *log;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	make_roles(&p, &r);
	ctx = open_as(&p, r.attacker, NULL);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	snprintf(sql, sizeof sql, "GRANT SELECT ON mig_version, mig_history TO %s", r.reader);
	pg_exec(p.db, sql);
	ctx = open_as(&p, r.reader, NULL);
	ok(ctx, mig_upgrade(ctx, "head"));
	ok(ctx, mig_is_at_head(ctx, &at_head));
	assert_int_equal(at_head, 1);
	ok(ctx, mig_history_read(ctx, &log));
	assert_int_equal(mig_history_list_count(log), 1);
	mig_history_list_free(log);
	mig_close(ctx);
	drop_roles(&p, &r);
	place_end(&p);
}

/* -- writing */

static void test_owner(void **state)
{
	struct place p;
	struct roles r;
	char sql[400];
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	make_roles(&p, &r);
	as(&p, r.attacker,
	   EVIL("evil", "()", "trigger", "RETURN NEW;")
	   "CREATE TABLE public.mig_version (revision text PRIMARY KEY, digest text NOT NULL); "
	   "CREATE TRIGGER t BEFORE INSERT ON public.mig_version FOR EACH ROW EXECUTE FUNCTION "
	   "public.evil();");
	ctx = open_as(&p, NULL, NULL);
	snprintf(sql, sizeof sql, "public.mig_version belongs to role %s", r.attacker);
	refused(ctx, sql, "--trusted-owner=");
	assert_has(mig_error_hint(ctx), "OWNER TO");
	mig_close(ctx);
	assert_answer(p.db, CALLED, "f");
	assert_answer(p.db, "SELECT count(*) FROM mig_version", "0");
	/* who is named is trusted */
	ctx = open_as(&p, NULL, r.attacker);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	assert_answer(p.db, CALLED, "t");
	assert_string_equal(rows(p.db), "r1");
	drop_roles(&p, &r);
	place_end(&p);
}

/* What a privilege on the table allows, without a function of the trigger that could be blamed. */
static void test_privileges(void **state)
{
	static const struct {
		const char *sql, *words, *hint;
	} cases[] = {
		{ EVIL("evil", "(text)", "bool",
		       "RETURN false;") "CREATE TRIGGER spy BEFORE UPDATE ON public.mig_version "
					"FOR EACH ROW WHEN "
					"(public.evil(new.revision)) EXECUTE FUNCTION "
					"suppress_redundant_updates_trigger();",
		  "public.mig_version has a trigger with a condition: spy", "into its function" },
		{ EVIL("evil", "()", "trigger",
		       "RETURN NULL;") "CREATE TABLE public.other (r text REFERENCES "
				       "public.mig_version ON DELETE "
				       "CASCADE); INSERT INTO public.other VALUES ('r1');"
				       "CREATE TRIGGER spy AFTER DELETE ON public.other FOR EACH "
				       "ROW EXECUTE FUNCTION "
				       "public.evil();",
		  "public.mig_version is referenced by a foreign key of table other",
		  "drop the foreign key" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct place p;
		struct roles r;
		char sql[200];
		mig_ctx *ctx;

		place_begin(&p);
		make_roles(&p, &r);
		ctx = open_as(&p, NULL, NULL);
		ok(ctx, mig_upgrade(ctx, "head"));
		snprintf(sql, sizeof sql, "GRANT ALL ON mig_version TO %s", r.attacker);
		pg_exec(p.db, sql);
		as(&p, r.attacker, cases[i].sql);
		ok(ctx, mig_upgrade(ctx, "head"));
		add_second(ctx);
		refused(ctx, cases[i].words, cases[i].hint);
		mig_close(ctx);
		assert_answer(p.db, CALLED, "f");
		drop_roles(&p, &r);
		place_end(&p);
	}
}

static void test_trigger(void **state)
{
	struct place p;
	struct roles r;
	char sql[500];
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	make_roles(&p, &r);
	ctx = open_as(&p, NULL, NULL);
	ok(ctx, mig_upgrade(ctx, "head"));
	snprintf(sql, sizeof sql, "GRANT TRIGGER ON mig_history TO %s", r.attacker);
	pg_exec(p.db, sql);
	as(&p, r.attacker,
	   EVIL("evil", "()", "trigger", "RETURN NEW;")
	   "CREATE TRIGGER spy BEFORE INSERT ON public.mig_history FOR EACH ROW EXECUTE FUNCTION "
	   "public.evil();");
	ok(ctx, mig_upgrade(ctx, "head")); /* at head nothing is written */
	add_second(ctx);
	snprintf(sql, sizeof sql, "spy, function of role %s", r.attacker);
	refused(ctx, sql, "drop the trigger");
	assert_has(mig_error_message(ctx), "public.mig_history");
	assert_answer(p.db, CALLED, "f");
	assert_answer(p.db, TABLES, "one");
	pg_exec(p.db, "DROP TRIGGER spy ON mig_history");
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	drop_roles(&p, &r);
	place_end(&p);
}

/* Between the look at the catalogue and the CREATE TABLE IF NOT EXISTS. */
static mig_status make_it_first(void *user, mig_step *step)
{
	struct {
		const struct place *p;
		const struct roles *r;
	} *first = user;

	(void)step;
	as(first->p, first->r->attacker,
	   "CREATE TABLE IF NOT EXISTS public.mig_version (revision text PRIMARY KEY, digest text); "
	   "CREATE TRIGGER t BEFORE INSERT ON public.mig_version FOR EACH ROW EXECUTE FUNCTION "
	   "public.evil()");
	return MIG_OK;
}

static void test_made_first(void **state)
{
	struct place p;
	struct roles r;
	struct {
		const struct place *p;
		const struct roles *r;
	} first = { &p, &r };
	mig_revision_def def = { .struct_size = sizeof def, .id = "r1", .upgrade = make_it_first,
				 .user = &first };
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	make_roles(&p, &r);
	as(&p, r.attacker, EVIL("evil", "()", "trigger", "RETURN NEW;"));
	ctx = open_place(&p, NULL);
	ok(ctx, mig_add_revision(ctx, &def));
	expect(ctx, MIG_EPERMISSION, mig_upgrade(ctx, "head"));
	assert_has(mig_error_message(ctx), "public.mig_version belongs to role");
	mig_close(ctx);
	assert_answer(p.db, CALLED, "f");
	drop_roles(&p, &r);
	place_end(&p);
}

/* An event trigger gives the tables that libmig makes to another role: to one that is trusted, or not. They
 * are looked at closely in a second try. */
static void test_given_away(void **state)
{
	static const char *const ways[] = { "upgrade", "stamp" };

	(void)state;
	for (int trusted = 0; trusted < 2; trusted++)
		for (size_t way = 0; way < 2; way++) {
			struct place p;
			struct roles r;
			char sql[600];
			mig_ctx *ctx;
			mig_status rc;

			place_begin(&p);
			make_roles(&p, &r);
			snprintf(sql, sizeof sql,
				 "CREATE FUNCTION give() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN "
				 "IF to_regclass('mig_history') IS NOT NULL THEN ALTER TABLE mig_history OWNER TO "
				 "%s; END IF; END $$; CREATE EVENT TRIGGER give ON ddl_command_end WHEN TAG IN "
				 "('CREATE TABLE') EXECUTE FUNCTION give(); ALTER DATABASE %s OWNER TO %s",
				 r.attacker, PQdb(p.db), trusted ? r.attacker : "postgres");
			pg_exec(p.db, sql);
			ctx = open_as(&p, NULL, NULL);
			rc = way ? mig_stamp(ctx, "head") : mig_upgrade(ctx, "head");
			if (rc != (trusted ? MIG_OK : MIG_EPERMISSION))
				fail_msg("%s: %s", ways[way], mig_error_message(ctx));
			if (!trusted)
				assert_has(mig_error_message(ctx), "mig_history belongs to role");
			assert_string_equal(rows(p.db), trusted ? "r1" : "none");
			mig_close(ctx);
			pg_exec(p.db, "DROP EVENT TRIGGER give");
			snprintf(sql, sizeof sql, "ALTER DATABASE %s OWNER TO postgres", PQdb(p.db));
			pg_exec(p.db, sql);
			drop_roles(&p, &r);
			place_end(&p);
		}
}

/* Roles as providers have them: the owner is a role nobody can log in as, and nobody is superuser. */
static void test_managed(void **state)
{
	struct place p;
	struct roles r;
	char sql[600];
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	make_roles(&p, &r);
	as(&p, r.group,
	   "CREATE TABLE public.mig_version (revision text PRIMARY KEY, digest text NOT NULL)");
	snprintf(sql, sizeof sql, "GRANT ALL ON mig_version TO %s, %s", r.member, r.attacker);
	pg_exec(p.db, sql);
	/* a member of the owner, through a role between them */
	snprintf(sql, sizeof sql, "REVOKE %s FROM %s; GRANT %s TO %s; GRANT %s TO %s", r.group,
		 r.member, r.group, r.reader, r.reader, r.member);
	pg_exec(p.db, sql);
	ctx = open_as(&p, r.member, NULL);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	snprintf(sql, sizeof sql, "ALTER TABLE mig_history OWNER TO %s; GRANT ALL ON mig_history TO %s",
		 r.group, r.attacker);
	pg_exec(p.db, sql);
	/* somebody else, with all privileges on it */
	ctx = open_as(&p, r.attacker, NULL);
	add_second(ctx);
	refused(ctx, "belongs to role", r.attacker);
	mig_close(ctx);
	/* a superuser is a member of everything, which proves nothing */
	ctx = open_as(&p, NULL, NULL);
	add_second(ctx);
	refused(ctx, "belongs to role", "postgres");
	mig_close(ctx);
	/* the owner of the schema, or of the database */
	snprintf(sql, sizeof sql, "ALTER SCHEMA public OWNER TO %s", r.group);
	pg_exec(p.db, sql);
	ctx = open_as(&p, NULL, NULL);
	add_second(ctx);
	ok(ctx, mig_upgrade(ctx, "head"));
	ok(ctx, mig_stamp(ctx, "r1"));
	pg_exec(p.db, "ALTER SCHEMA public OWNER TO postgres");
	refused(ctx, "belongs to role", "postgres");
	snprintf(sql, sizeof sql, "ALTER DATABASE %s OWNER TO %s", PQdb(p.db), r.group);
	pg_exec(p.db, sql);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	snprintf(sql, sizeof sql, "ALTER DATABASE %s OWNER TO postgres", PQdb(p.db));
	pg_exec(p.db, sql);
	drop_roles(&p, &r);
	place_end(&p);
}

/* -- temporary tables */

static void test_temporary(void **state)
{
	struct place p;
	PGconn *db;
	mig_ctx *ctx;
	int32_t at_head = 0;

	(void)state;
	place_begin(&p);
	db = pg_connect(p.url);
	pg_exec(db, "CREATE TEMP TABLE mig_version (revision text, digest text); "
		    "CREATE TEMP TABLE mig_history (id int); INSERT INTO mig_version VALUES ('no', '')");
	ctx = lend(db);
	ADD(ctx, .id = "r1", .up = "CREATE TABLE one (n int);");
	ok(ctx, mig_upgrade(ctx, "head"));
	ok(ctx, mig_is_at_head(ctx, &at_head));
	assert_int_equal(at_head, 1);
	add_second(ctx);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	assert_answer(db, "SELECT revision FROM pg_temp.mig_version", "no");
	PQfinish(db);
	assert_string_equal(rows(p.db), "r2");
	/* a path that begins with it */
	db = pg_connect(p.url);
	pg_exec(db, "SET search_path = pg_temp, public");
	ctx = lend(db);
	ADD(ctx, .id = "r1", .up = "CREATE TABLE one (n int);");
	add_second(ctx);
	ok(ctx, mig_is_at_head(ctx, &at_head));
	assert_int_equal(at_head, 1);
	ok(ctx, mig_stamp(ctx, "r1"));
	mig_close(ctx);
	PQfinish(db);
	assert_string_equal(rows(p.db), "r1");
	place_end(&p);
}

/* Names that hide the catalogue's, in the session's own schema. */
static void test_temporary_names(void **state)
{
	struct place p;
	PGconn *db;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	db = pg_connect(p.url);
	pg_exec(db, "CREATE DOMAIN pg_temp.text AS pg_catalog.text CHECK (VALUE = 'no'); "
		    "CREATE DOMAIN pg_temp.int8 AS pg_catalog.int4 CHECK (VALUE = -1); "
		    "CREATE DOMAIN pg_temp.oid AS pg_catalog.int4 CHECK (VALUE = -1); "
		    "CREATE DOMAIN pg_temp.regclass AS pg_catalog.int4 CHECK (VALUE = -1); "
		    "CREATE DOMAIN pg_temp.name AS pg_catalog.text CHECK (VALUE = 'no'); "
		    "CREATE TEMP TABLE pg_class (n int4); CREATE TEMP TABLE pg_namespace (n int4); "
		    "CREATE TEMP TABLE pg_settings (n int4); CREATE TEMP TABLE pg_locks (n int4); "
		    "CREATE TEMP TABLE pg_roles (n int4); CREATE TEMP TABLE pg_index (n int4)");
	ctx = lend(db);
	ADD(ctx, .id = "r1", .up = "SET work_mem = '8MB'; CREATE TABLE one (n int);");
	ADD(ctx, .id = "r2", .revises = "r1", .attributes = " transaction=no",
	    .up = "CREATE INDEX CONCURRENTLY one_n ON one (n);", .down = "DROP INDEX one_n;");
	ok(ctx, mig_upgrade(ctx, "head"));
	ok(ctx, mig_downgrade(ctx, "r1"));
	mig_close(ctx);
	PQfinish(db);
	assert_string_equal(rows(p.db), "r1");
	assert_answer(p.db,
		      "SELECT atttypid::regtype FROM pg_attribute WHERE attrelid = "
		      "'mig_version'::regclass AND attname = 'digest'",
		      "text");
	place_end(&p);
}

/* -- copies of the schema */

/* Functions that make their owner more than he is, if whoever calls them can. What is not volatile may
 * not change roles, but may call what does. */
static void make_greedy(const struct place *p, const char *role, const char *schema)
{
	char sql[1500];

	snprintf(sql, sizeof sql,
		 "CREATE FUNCTION %s.g() RETURNS bool LANGUAGE plpgsql AS $$BEGIN IF (SELECT rolsuper "
		 "FROM pg_catalog.pg_roles WHERE rolname = CURRENT_USER) THEN ALTER ROLE %s CREATEDB; "
		 "END IF; RETURN true; END$$; "
		 "CREATE FUNCTION %s.f(int4) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS "
		 "$$BEGIN RETURN %s.g(); END$$",
		 schema, role, schema, schema);
	as(p, role, sql);
}

static void assert_powerless(const struct place *p, const char *role)
{
	char sql[200];

	snprintf(sql, sizeof sql, "SELECT rolcreatedb FROM pg_roles WHERE rolname = '%s'", role);
	assert_answer(p->db, sql, "f");
}

/* The difference between the database and a model with one table. words: of the error, or NULL. */
static void compare(const struct place *p, mig_open_options o, const char *role, int unproved,
		    const char *words)
{
	static const char sql[] = "CREATE TABLE mine (n integer);";
	mig_diff_options d = { .struct_size = sizeof d, .unproved = unproved };
	char user[80], url[URL_SIZE * 2];
	mig_model *model;
	mig_op_list *list;
	mig_ctx *ctx;

	snprintf(user, sizeof user, "user=%s", role ? role : "");
	snprintf(url, sizeof url, "%s", role ? url_with(p, user) : p->url);
	o.struct_size = sizeof o;
	o.url = url;
	ok(ctx, mig_open_with(&ctx, &o));
	ok(ctx, mig_model_of(ctx, &model));
	ok(ctx, mig_model_sql(model, "postgresql", "model.sql", sql, strlen(sql)));
	expect(ctx, words ? MIG_EPERMISSION : MIG_OK, mig_diff(ctx, &d, &list));
	if (words) {
		assert_has(mig_error_message(ctx), words);
		assert_has(mig_error_hint(ctx), "trusted_owner");
		assert_has(mig_error_hint(ctx), "scratch_url");
	} else {
		mig_op_list_free(list);
	}
	mig_close(ctx);
}

/* What somebody else made is built again, by a role that can more. */
static void test_copy(void **state)
{
	static const char *const ways[] = {
		"CREATE TABLE public.e (i int); CREATE INDEX ON public.e (i) WHERE public.f(1)",
		"CREATE TABLE public.e (i int4range, EXCLUDE USING gist (i WITH &&) WHERE (public.f(1)))",
		"CREATE MATERIALIZED VIEW public.e AS SELECT public.f(1)",
	};
	char words[200], sql[300], url[URL_SIZE * 2];

	(void)state;
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		mig_open_options o = { .url = NULL };
		struct place p;
		struct roles r;

		place_begin(&p);
		make_roles(&p, &r);
		make_greedy(&p, r.attacker, "public");
		as(&p, r.attacker, ways[i]);
		snprintf(words, sizeof words, "function public.f belongs to role %s", r.attacker);
		compare(&p, o, NULL, 0, words);
		assert_powerless(&p, r.attacker);
		/* nor as one who is no superuser */
		snprintf(sql, sizeof sql, "ALTER ROLE %s CREATEDB", r.member);
		pg_exec(p.db, sql);
		compare(&p, o, r.member, 0, words);
		/* as the same role of the same server by another way */
		o.scratch_url = p.url;
		compare(&p, o, NULL, 0, words);
		assert_powerless(&p, r.attacker);
		/* as one who has nothing to lose */
		snprintf(sql, sizeof sql, "ALTER ROLE %s CREATEDB", r.reader);
		pg_exec(p.db, sql);
		snprintf(sql, sizeof sql, "user=%s", r.reader);
		snprintf(url, sizeof url, "%s", url_with(&p, sql));
		o.scratch_url = url;
		compare(&p, o, NULL, 0, NULL);
		assert_powerless(&p, r.attacker);
		o.scratch_url = NULL;
		/* nothing is copied */
		compare(&p, o, NULL, 1, NULL);
		assert_powerless(&p, r.attacker);
		o.trusted_owner = r.attacker;
		compare(&p, o, NULL, 0, NULL);
		drop_roles(&p, &r);
		place_end(&p);
	}
}

/* Who may be trusted with libmig's tables is so here, and nobody else. */
static void test_copy_owners(void **state)
{
	mig_open_options o = { .url = NULL };
	struct place p;
	struct roles r;
	char words[200], sql[400];

	(void)state;
	place_begin(&p);
	make_roles(&p, &r);
	make_greedy(&p, r.group, "public");
	snprintf(words, sizeof words, "function public.f belongs to role %s", r.group);
	compare(&p, o, NULL, 0, words);
	snprintf(sql, sizeof sql,
		 "DO $$BEGIN EXECUTE pg_catalog.format('ALTER DATABASE %%I OWNER TO %s', "
		 "pg_catalog.current_database()); END$$", r.group);
	pg_exec(p.db, sql);
	compare(&p, o, NULL, 0, NULL);

	/* a schema of his own */
	snprintf(sql, sizeof sql, "CREATE SCHEMA own AUTHORIZATION %s", r.attacker);
	pg_exec(p.db, sql);
	make_greedy(&p, r.attacker, "own");
	snprintf(words, sizeof words, "function own.f belongs to role %s", r.attacker);
	compare(&p, o, NULL, 0, words);
	assert_powerless(&p, r.attacker);
	pg_exec(p.db, "DROP FUNCTION own.f, own.g");
	compare(&p, o, NULL, 0, NULL);

	/* without a function of his own */
	as(&p, r.attacker, "CREATE MATERIALIZED VIEW own.mv AS SELECT "
			   "pg_catalog.set_config('a.b', 'c', false) AS a");
	compare(&p, o, NULL, 0, "materialized view own.mv belongs to role");
	pg_exec(p.db, "DROP MATERIALIZED VIEW own.mv");
	as(&p, r.attacker, "CREATE DOMAIN own.d AS int CHECK (pg_catalog.set_config('a.b', 'c', "
			   "false) IS NOT NULL)");
	compare(&p, o, NULL, 0, "domain own.d belongs to role");
	pg_exec(p.db, "DO $$BEGIN EXECUTE pg_catalog.format('ALTER DATABASE %I OWNER TO %I', "
		      "pg_catalog.current_database(), CURRENT_USER); END$$");
	drop_roles(&p, &r);
	place_end(&p);
}

/* -- a script for psql */

static mig_status collect(void *user, const char *text, size_t size)
{
	char *script = user;
	size_t used = strlen(script);

	assert_true(used + size < 30000);
	memcpy(script + used, text, size);
	script[used + size] = '\0';
	return MIG_OK;
}

static void test_script(void **state)
{
	static char script[30000];
	mig_open_options o = { .struct_size = sizeof o,
			       .url = "postgresql:",
			       .script = collect,
			       .script_user = script };
	struct place p;
	struct roles r;
	PGresult *result;
	mig_ctx *ctx;
	char *body;

	(void)state;
	place_begin(&p);
	make_roles(&p, &r);
	ok(ctx, mig_open_with(&ctx, &o));
	ADD(ctx, .id = "r1", .up = "CREATE TABLE IF NOT EXISTS one (n int);");
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
	body = strstr(script, "SET client_encoding"); /* after psql's own command */
	assert_non_null(body);
	as(&p, r.attacker,
	   EVIL("evil", "()", "trigger", "RETURN NEW;")
	   "CREATE TABLE public.mig_version (revision text PRIMARY KEY, digest text NOT NULL); "
	   "CREATE TRIGGER t BEFORE INSERT ON public.mig_version FOR EACH ROW EXECUTE FUNCTION "
	   "public.evil();");
	result = PQexec(p.db, body);
	assert_string_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), "42501");
	assert_has(PQresultErrorMessage(result), "public.mig_version belongs to role");
	PQclear(result);
	pg_exec(p.db, "ROLLBACK");
	assert_answer(p.db, CALLED, "f");
	pg_exec(p.db, "DROP TABLE public.mig_version");
	pg_exec(p.db, body);
	assert_string_equal(rows(p.db), "r1");
	drop_roles(&p, &r);
	place_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_operators),    cmocka_unit_test(test_view),
		cmocka_unit_test(test_history_view), cmocka_unit_test(test_row_security),
		cmocka_unit_test(test_reader),       cmocka_unit_test(test_owner),
		cmocka_unit_test(test_privileges),
		cmocka_unit_test(test_trigger),      cmocka_unit_test(test_made_first),
		cmocka_unit_test(test_given_away), cmocka_unit_test(test_managed),      cmocka_unit_test(test_temporary),
		cmocka_unit_test(test_temporary_names), cmocka_unit_test(test_script),
		cmocka_unit_test(test_copy),         cmocka_unit_test(test_copy_owners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

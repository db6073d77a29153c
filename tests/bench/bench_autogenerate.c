/* Autogenerate against the least that it could be: reading the same catalogue rows by hand, with
 * three queries.
 *
 *     bench_autogenerate [-d sqlite,postgresql] [-n 100,1000,5000] [-s SAMPLES] [-t FOLDER]
 *
 * T tables of 10 columns, 2 indexes and a foreign key each. Measured are the reading by hand;
 * libmig's inspection; mig_diff() with a model (as SQL) that is the same; and with one that has ten
 * differences: a new table, three new and two dropped columns, a longer varchar, a NOT NULL, an
 * index added and one dropped; and that one without its proof. Each sample is taken in a process of
 * its own, after one that is not measured, in turns; the ratios are medians of those to the reading
 * of the same turn. CPU is that of the client alone. Statements are those on all connections, also
 * of the scratch databases (PostgreSQL: messages, counted by a proxy in a run of its own).
 *
 * The server is that of MIG_TEST_POSTGRESQL, or one that is started for the time. */
#include "limit.h"

#include "api/ctx.h"
#include "migrate/scratch.h"

#include <mig/model.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef HAVE_POSTGRESQL
#include "cluster.h"
#include "delay.h"
#include "limit_postgresql.h"
#endif

enum { SAMPLES = 15, URL = 512, BATCH = 100 };

struct env {
	const char *dialect;
	size_t tables;
	char url[URL];
	char *same, *changed; /* models */
	sqlite3 *lite;        /* of this process */
#ifdef HAVE_POSTGRESQL
	PGconn *pg;
#endif
	mig_ctx *ctx;
	const char *model; /* the one of ctx, or NULL */
};

struct result {
	double wall, cpu, statements, peak_mb;
};

/* ---- schemas ------------------------------------------------------------------------------- */

static void print_table(FILE *out, size_t i, int changed)
{
	const char *note = changed && (i == 4 || i == 5) ? "" : "\tnote text,\n";

	fprintf(out,
		"CREATE TABLE t_%05zu (\n\tid integer PRIMARY KEY,\n\tname varchar(%s) NOT NULL,\n"
		"\temail varchar(120)%s,\n\tamount numeric(12,2) DEFAULT 0 NOT NULL,\n"
		"\tactive boolean DEFAULT true NOT NULL,\n\tcreated_at timestamp,\n%s"
		"\tvisits integer,\n\tratio double precision,\n%s"
		"\tparent integer REFERENCES t_%05zu (id)\n);\n",
		i, changed && i == 6 ? "100" : "80", changed && i == 7 ? " NOT NULL" : "", note,
		changed && i >= 1 && i <= 3 ? "\textra varchar(40),\n" : "", i ? i - 1 : 0);
	fprintf(out, "CREATE INDEX ix_t_%05zu_name ON t_%05zu (name);\n", i, i);
	if (!changed || i != 9)
		fprintf(out, "CREATE INDEX ix_t_%05zu_email ON t_%05zu (email);\n", i, i);
	if (changed && i == 8)
		fprintf(out, "CREATE INDEX ix_t_%05zu_amount ON t_%05zu (amount);\n", i, i);
}

/* Tables from ... to-1; of malloc(). */
static char *tables_text(size_t from, size_t to, int changed)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		die("memory", NULL);
	for (size_t i = from; i < to; i++)
		print_table(out, i, changed);
	if (changed)
		fputs("CREATE TABLE new_one (id integer PRIMARY KEY, name text NOT NULL);\n", out);
	fclose(out);
	return text;
}

static int is_lite(const struct env *env)
{
	return !strcmp(env->dialect, "sqlite");
}

static void run_sql(struct env *env, const char *sql)
{
	char *error = NULL;

	if (is_lite(env)) {
		if (sqlite3_exec(env->lite, sql, NULL, NULL, &error))
			die("schema", error);
		return;
	}
#ifdef HAVE_POSTGRESQL
	limit_pg_exec(env->pg, sql);
#endif
}

/* ---- reading by hand ----------------------------------------------------------------------- */

static const char *const lite_queries[] = {
	"SELECT t.name, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk, c.hidden "
	"FROM sqlite_schema t, pragma_table_xinfo(t.name) c WHERE t.type = 'table'",
	"SELECT t.name, i.name, i.\"unique\", i.origin, i.partial, c.seqno, c.name, c.\"desc\", "
	"c.coll FROM sqlite_schema t, pragma_index_list(t.name) i, pragma_index_xinfo(i.name) c "
	"WHERE t.type = 'table' AND c.key",
	"SELECT t.name, f.id, f.seq, f.\"table\", f.\"from\", f.\"to\", f.on_update, f.on_delete "
	"FROM sqlite_schema t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table'",
};

static void read_lite(sqlite3 *db)
{
	for (size_t i = 0; i < sizeof lite_queries / sizeof *lite_queries; i++) {
		sqlite3_stmt *row;
		size_t bytes = 0;

		if (sqlite3_prepare_v2(db, lite_queries[i], -1, &row, NULL))
			die("prepare", sqlite3_errmsg(db));
		while (sqlite3_step(row) == SQLITE_ROW)
			for (int c = 0; c < sqlite3_column_count(row); c++)
				if (sqlite3_column_text(row, c))
					bytes += (size_t)sqlite3_column_bytes(row, c);
		if (sqlite3_finalize(row) || (!bytes && i == 0))
			die("read", sqlite3_errmsg(db));
	}
}

#ifdef HAVE_POSTGRESQL
static const char *const pg_queries[] = {
	"SELECT c.oid, c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), "
	"a.attnotnull, a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid) "
	"FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
	"LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
	"WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') "
	"AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.oid, a.attnum",
	"SELECT i.indrelid, c.relname, m.amname, i.indisunique, i.indisprimary, i.indkey, "
	"i.indoption, i.indnkeyatts, pg_get_expr(i.indexprs, i.indrelid), "
	"pg_get_expr(i.indpred, i.indrelid) FROM pg_index i JOIN pg_class c ON c.oid = "
	"i.indexrelid "
	"JOIN pg_am m ON m.oid = c.relam WHERE c.relnamespace = 'public'::regnamespace",
	"SELECT conrelid, conname, contype, conkey, confrelid, confkey, confupdtype, confdeltype, "
	"condeferrable, condeferred, pg_get_expr(conbin, conrelid) FROM pg_constraint "
	"WHERE connamespace = 'public'::regnamespace",
};

static void read_pg(PGconn *db)
{
	for (size_t i = 0; i < sizeof pg_queries / sizeof *pg_queries; i++) {
		PGresult *rows = PQexec(db, pg_queries[i]);
		size_t bytes = 0;

		if (PQresultStatus(rows) != PGRES_TUPLES_OK)
			die("read", PQerrorMessage(db));
		for (int r = 0; r < PQntuples(rows); r++)
			for (int c = 0; c < PQnfields(rows); c++)
				bytes += (size_t)PQgetlength(rows, r, c);
		if (!bytes)
			die("read", "nothing");
		PQclear(rows);
	}
}
#endif

/* ---- what is measured ---------------------------------------------------------------------- */

static void by_hand(struct env *env)
{
	if (is_lite(env)) {
		read_lite(env->lite);
		return;
	}
#ifdef HAVE_POSTGRESQL
	read_pg(env->pg);
#endif
}

static void check(const struct env *env, mig_status rc)
{
	if (rc)
		die(mig_status_name(rc), mig_error_message(env->ctx));
}

static void inspect(struct env *env)
{
	struct mig__schema schema;

	check(env, mig__inspect(&env->ctx->db, &schema));
	mig__schema_finish(&schema);
}

static void diff(struct env *env, int unproved, size_t least, size_t most)
{
	mig_diff_options options = { .struct_size = sizeof options, .unproved = unproved };
	mig_op_list *list = NULL;
	size_t count;

	check(env, mig_diff(env->ctx, &options, &list));
	count = mig_op_list_count(list);
	if (count < least || count > most)
		die("mig_diff", "another number of differences");
	mig_op_list_free(list);
}

static void diff_same(struct env *env)
{
	diff(env, 0, 0, 0);
}

static void diff_changed(struct env *env)
{
	diff(env, 0, 10, 20);
}

static void diff_unproved(struct env *env)
{
	diff(env, 1, 10, 20);
}

enum model { NONE, SAME, CHANGED };

static const struct measure {
	const char *name;
	void (*work)(struct env *env);
	enum model model;
} measures[] = {
	{ "reading by hand", by_hand, NONE },
	{ "inspection", inspect, NONE },
	{ "`mig_diff`, no difference", diff_same, SAME },
	{ "`mig_diff`, ten, unproved", diff_unproved, CHANGED },
	{ "`mig_diff`, ten", diff_changed, CHANGED },
};

enum { MEASURES = sizeof measures / sizeof *measures };

/* ---- statements ---------------------------------------------------------------------------- */

static size_t traced;

static int count_statement(unsigned type, void *user, void *stmt, void *text)
{
	(void)type;
	(void)user;
	(void)stmt;
	traced += strncmp(text, "--", 2) != 0; /* a trigger's own is told as a comment */
	return 0;
}

/* Called by SQLite for each new connection, also those of libmig. */
static int trace(sqlite3 *db, const char **error, const void *api)
{
	(void)error;
	(void)api;
	return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, count_statement, NULL);
}

/* ---- samples ------------------------------------------------------------------------------- */

static double clock_of(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void open_all(struct env *env, const struct measure *m, const char *url)
{
	mig_model *model = NULL;
	const char *text = m->model == SAME ? env->same : env->changed;

	if (m->work == by_hand) {
		if (is_lite(env))
			env->lite = limit_open(strchr(url, ':') + 1);
#ifdef HAVE_POSTGRESQL
		else
			env->pg = limit_pg_open(url);
#endif
		return;
	}
	check(env, mig_open(&env->ctx, url));
	if (m->model == NONE)
		return;
	check(env, mig_model_of(env->ctx, &model));
	check(env, mig_model_sql(model, NULL, "model", text, strlen(text)));
}

static struct result sample(struct env *env, const struct measure *m, int warm)
{
	struct result r = { 0 };

	open_all(env, m, env->url);
	if (warm)
		m->work(env);
	traced = 0;
	r.wall = clock_of(CLOCK_MONOTONIC);
	r.cpu = clock_of(CLOCK_PROCESS_CPUTIME_ID);
	m->work(env);
	r.wall = clock_of(CLOCK_MONOTONIC) - r.wall;
	r.cpu = clock_of(CLOCK_PROCESS_CPUTIME_ID) - r.cpu;
	r.statements = (double)traced;
	r.peak_mb = (double)peak_kb() / 1024;
	return r;
}

/* A sample in a process of its own, which leaves no heap behind. */
static struct result fork_sample(struct env *env, const struct measure *m, int warm)
{
	struct result r;
	int ends[2], status;
	pid_t child;

	fflush(stdout);
	if (pipe(ends))
		die("pipe", NULL);
	child = fork();
	if (child < 0)
		die("fork", NULL);
	if (!child) {
		sqlite3_auto_extension((void (*)(void))trace);
		r = sample(env, m, warm);
		mig_close(env->ctx);
		_exit(write(ends[1], &r, sizeof r) != sizeof r);
	}
	close(ends[1]);
	if (read(ends[0], &r, sizeof r) != sizeof r)
		die(m->name, "the process ended");
	close(ends[0]);
	if (waitpid(child, &status, 0) != child || status)
		die(m->name, "exit status");
	return r;
}

#ifdef HAVE_POSTGRESQL
/* How many messages a measure takes, through a proxy. */
static double messages(struct env *env, const struct measure *m)
{
	struct delay proxy;
	struct env far = *env;
	PGconn *db = limit_pg_open(env->url);
	double count;

	if (delay_start(&proxy, PQhost(db), PQport(db), 0))
		die("proxy", NULL);
	PQfinish(db);
	delay_url(&proxy, env->url, far.url, sizeof far.url);
	open_all(&far, m, far.url);
	count = (double)atomic_load(&proxy.counts->messages);
	m->work(&far);
	count = (double)atomic_load(&proxy.counts->messages) - count;
	mig_close(far.ctx);
	if (far.pg)
		PQfinish(far.pg);
	delay_stop(&proxy);
	return count;
}
#endif

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof *values, by_size);
	return values[count / 2];
}

static void print_measure(const struct env *env, size_t k, struct result (*all)[MEASURES],
			  int samples)
{
	double wall[SAMPLES], cpu[SAMPLES], wall_ratio[SAMPLES], cpu_ratio[SAMPLES];

	for (int i = 0; i < samples; i++) {
		wall[i] = all[i][k].wall;
		cpu[i] = all[i][k].cpu;
		wall_ratio[i] = wall[i] / all[i][0].wall;
		cpu_ratio[i] = cpu[i] / all[i][0].cpu;
	}
	printf("| %s | %s | %zu | %.1f | %.2f× | %.1f | %.2f× | %.0f | %.1f |\n", env->dialect,
	       measures[k].name, env->tables, median(wall, samples), median(wall_ratio, samples),
	       median(cpu, samples), median(cpu_ratio, samples), all[0][k].statements,
	       all[0][k].peak_mb);
	fflush(stdout);
}

static void measure_all(struct env *env, int samples)
{
	static struct result all[SAMPLES][MEASURES];

	if (!samples)
		samples = env->tables <= 200 ? 11 : env->tables <= 2000 ? 5 : 3;
	for (int i = 0; i < samples; i++)
		for (size_t k = 0; k < MEASURES; k++)
			all[i][k] = fork_sample(env, &measures[k], samples > 1);
#ifdef HAVE_POSTGRESQL
	for (size_t k = 0; k < MEASURES && !is_lite(env); k++)
		all[0][k].statements = messages(env, &measures[k]);
#endif
	for (size_t k = 0; k < MEASURES; k++)
		print_measure(env, k, all, samples);
}

/* ---- databases ----------------------------------------------------------------------------- */

static void make_tables(struct env *env)
{
	for (size_t i = 0; i < env->tables; i += BATCH) {
		size_t to = i + BATCH < env->tables ? i + BATCH : env->tables;
		char *text = tables_text(i, to, 0);

		run_sql(env, "BEGIN");
		run_sql(env, text);
		run_sql(env, "COMMIT");
		free(text);
	}
}

static void bench_lite(struct env *env, const char *folder, int samples)
{
	char path[URL / 2];

	snprintf(path, sizeof path, "%s/mig-bench-autogenerate-%ld.db", folder, (long)getpid());
	unlink(path);
	snprintf(env->url, sizeof env->url, "sqlite:%s", path);
	env->lite = limit_open(path);
	make_tables(env);
	sqlite3_close(env->lite);
	env->lite = NULL;
	measure_all(env, samples);
	unlink(path);
}

static void bench_pg(struct env *env, int samples)
{
#ifdef HAVE_POSTGRESQL
	const char *url = pg_available() ? pg_fresh_database() : NULL;

	if (!url) {
		puts("postgresql: no server");
		return;
	}
	snprintf(env->url, sizeof env->url, "%s", url);
	env->pg = limit_pg_open(url);
	make_tables(env);
	limit_pg_exec(env->pg, "VACUUM ANALYZE pg_class, pg_attribute, pg_index, pg_constraint, "
			       "pg_depend, pg_attrdef");
	PQfinish(env->pg);
	env->pg = NULL;
	measure_all(env, samples);
	pg_drop_database(url);
#else
	(void)env;
	(void)samples;
	puts("postgresql: not built");
#endif
}

static void bench(const char *dialect, size_t tables, const char *folder, int samples)
{
	struct env env = { .dialect = dialect, .tables = tables };

	if (tables < 10)
		die("-n", "at least 10 tables");
	env.same = tables_text(0, tables, 0);
	env.changed = tables_text(0, tables, 1);
	if (is_lite(&env))
		bench_lite(&env, folder, samples);
	else
		bench_pg(&env, samples);
	free(env.same);
	free(env.changed);
}

int main(int argc, char **argv)
{
	const char *dialects = "sqlite,postgresql", *counts = "100,1000,5000";
	const char *folder = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";
	int samples = 0, option;

	while ((option = getopt(argc, argv, "d:n:s:t:")) != -1) {
		if (option == 'd')
			dialects = optarg;
		else if (option == 'n')
			counts = optarg;
		else if (option == 's')
			samples = atoi(optarg);
		else if (option == 't')
			folder = optarg;
		else
			die("usage", "bench_autogenerate [-d sqlite,postgresql] [-n 100,1000] "
				     "[-s SAMPLES] [-t FOLDER]");
	}
	if (samples < 0 || samples > SAMPLES)
		die("-s", "too many");
	puts("| dialect | what | T | wall, ms | ratio | CPU, ms | ratio | statements | peak, MB |\n"
	     "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
	for (const char *at = counts; *at; at += *at == ',') {
		char *end;
		size_t n = strtoul(at, &end, 10);

		if (end == at)
			die("-n", "a list of numbers is needed");
		if (strstr(dialects, "sqlite"))
			bench("sqlite", n, folder, samples);
		if (strstr(dialects, "postgresql"))
			bench("postgresql", n, folder, samples);
		at = end;
	}
	return 0;
}

/* How a database is named, and what is said when it cannot be reached. */
#include "support.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* What libpq knows of a URL. */
struct parts {
	char host[128], user[64], dbname[64], port[8];
};

static void take_apart(const char *url, struct parts *out)
{
	PQconninfoOption *options = PQconninfoParse(url, NULL);

	assert_non_null(options);
	memset(out, 0, sizeof *out);
	snprintf(out->port, sizeof out->port, "5432");
	for (PQconninfoOption *o = options; o->keyword; o++) {
		if (!o->val)
			continue;
		if (!strcmp(o->keyword, "host"))
			snprintf(out->host, sizeof out->host, "%s", o->val);
		else if (!strcmp(o->keyword, "user"))
			snprintf(out->user, sizeof out->user, "%s", o->val);
		else if (!strcmp(o->keyword, "dbname"))
			snprintf(out->dbname, sizeof out->dbname, "%s", o->val);
		else if (!strcmp(o->keyword, "port"))
			snprintf(out->port, sizeof out->port, "%s", o->val);
	}
	PQconninfoFree(options);
}

/* Fills in %h, %e (the host, percent-encoded), %p, %u and %d. */
static void fill(const char *form, const struct parts *parts, char *out, size_t size)
{
	size_t n = 0;

	for (; *form && n < size - 4; form++) {
		const char *value = NULL;

		if (*form == '%' && form[1] == 'e') {
			for (const char *h = parts->host; *h && n < size - 4; h++)
				n += (size_t)snprintf(out + n, size - n, *h == '/' ? "%%2F" : "%c",
						      *h);
			form++;
			continue;
		}
		if (*form == '%')
			value = form[1] == 'h'   ? parts->host
				: form[1] == 'p' ? parts->port
				: form[1] == 'u' ? parts->user
				: form[1] == 'd' ? parts->dbname
						 : NULL;
		if (value)
			form++;
		n += (size_t)snprintf(out + n, size - n, value ? "%s" : "%.1s",
				      value ? value : form);
	}
	assert_true(n < size - 4);
	out[n] = '\0';
}

static void assert_reaches(const char *url, const char *dbname)
{
	mig_ctx *ctx = open_url(url);

	ADD(ctx, .id = "a", .up = "SELECT 1;");
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_string_equal(PQdb(mig_connection(ctx)), dbname);
	mig_close(ctx);
}

static void test_forms(void **state)
{
	static const char *const forms[] = {
		"postgresql:///%d?host=%h&user=%u&port=%p",
		"postgres:///%d?host=%h&user=%u&port=%p",
		"postgresql://%u@/%d?host=%h&port=%p",
		"postgresql://%u@%e:%p/%d",
		"postgresql://%u:unused%40password@%e:%p/%d?connect_timeout=5",
		"postgresql+psycopg2://%u@/%d?host=%h&port=%p",
		"postgresql+asyncpg://%u@%e:%p/%d",
		"postgres+pg8000://%u@%e:%p/%d",
		"host=%h dbname=%d user=%u port=%p",
		"dbname = '%d' user='%u' host = %h port=%p",
		"user=%u port=%p host=%h dbname=%d application_name='of mine'",
	};
	struct parts parts;
	struct place p;
	char url[URL_SIZE];

	(void)state;
	place_begin(&p);
	take_apart(p.url, &parts);
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		fill(forms[i], &parts, url, sizeof url);
		assert_reaches(url, parts.dbname);
	}
	assert_answer(p.db, "SELECT count(*) FROM mig_history", "1");
	place_end(&p);
}

static void test_environment(void **state)
{
	struct parts parts;
	struct place p;

	(void)state;
	place_begin(&p);
	take_apart(p.url, &parts);
	setenv("PGHOST", parts.host, 1);
	setenv("PGPORT", parts.port, 1);
	setenv("PGUSER", parts.user, 1);
	setenv("PGDATABASE", parts.dbname, 1);
	assert_reaches("postgresql://", parts.dbname);
	assert_reaches("postgresql:///", parts.dbname);
	setenv("PGDATABASE", "another", 1);
	{
		char url[URL_SIZE];

		snprintf(url, sizeof url, "postgresql:///%s", parts.dbname);
		assert_reaches(url, parts.dbname);
	}
	unsetenv("PGHOST");
	unsetenv("PGPORT");
	unsetenv("PGUSER");
	unsetenv("PGDATABASE");
	place_end(&p);
}

static void test_service_file(void **state)
{
	char path[] = "/tmp/mig-service-XXXXXX";
	struct parts parts;
	struct place p;
	FILE *file;

	(void)state;
	place_begin(&p);
	take_apart(p.url, &parts);
	file = fdopen(mkstemp(path), "w");
	assert_non_null(file);
	fprintf(file, "[notes]\nhost=%s\nport=%s\nuser=%s\ndbname=%s\n", parts.host, parts.port,
		parts.user, parts.dbname);
	fclose(file);
	setenv("PGSERVICEFILE", path, 1);
	assert_reaches("postgresql:///?service=notes", parts.dbname);
	assert_reaches("service=notes", parts.dbname);
	unsetenv("PGSERVICEFILE");
	unlink(path);
	place_end(&p);
}

/* -- refused */

/* Fails to open, tells what has the word, and shows nothing of the password. */
static void assert_refused(const char *url, mig_status want, const char *word)
{
	mig_ctx *ctx;
	mig_status rc = mig_open(&ctx, url);
	const char *hint = mig_error_hint(ctx);

	if (rc != want)
		fail_msg("%s: %s, not %s: %s", url, mig_status_name(rc), mig_status_name(want),
			 mig_error_message(ctx));
	assert_has(mig_error_message(ctx), word);
	assert_null(strchr(mig_error_message(ctx), '\n'));
	if (strstr(mig_error_message(ctx), "s3cret") || (hint && strstr(hint, "s3cret")))
		fail_msg("%s: the password is shown: %s", url, mig_error_message(ctx));
	mig_close(ctx);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *form;
		mig_status status;
		const char *word;
	} cases[] = {
		{ "postgresql://%u:s3cret@%e:%p/nosuchthing", MIG_ECONNECT, "nosuchthing" },
		{ "postgresql://nobodyhere:s3cret@%e:%p/%d", MIG_ECONNECT, "nobodyhere" },
		{ "postgresql://%u:s3cret@%2Fno%2Fserver/%d", MIG_ECONNECT, "/no/server" },
		{ "host=/no/server password=s3cret dbname=%d", MIG_ECONNECT, "/no/server" },
		{ "postgresql://%u:s3cret@no.host.invalid/%d", MIG_ECONNECT, "no.host.invalid" },
		{ "postgresql://%u:s3cret@%e:%p/%d?colour=red", MIG_ECONNECT, "colour" },
		{ "postgresql://%u:s3cret@%e:%p/%d?sslmode=perhaps", MIG_ECONNECT, "perhaps" },
		{ "postgresql://%u:s3cret@%e:%p/%d?options=-c%20nothing%3D1", MIG_ECONNECT,
		  "nothing" },
		{ "host=%h colour=red password=s3cret", MIG_ECONNECT, "colour" },
		{ "postgresql://%u:s3cret@%e:port/%d", MIG_ECONNECT, "port" },
		{ "postgresql:///?service=nosuchservice&password=s3cret", MIG_ECONNECT,
		  "nosuchservice" },
		{ "postgresqll://%u:s3cret@%e/%d", MIG_ENO_DIALECT, "postgresqll" },
	};
	struct parts parts;
	struct place p;
	char url[URL_SIZE];

	(void)state;
	place_begin(&p);
	take_apart(p.url, &parts);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		fill(cases[i].form, &parts, url, sizeof url);
		assert_refused(url, cases[i].status, cases[i].word);
	}
	place_end(&p);
}

/* Passwords with characters that mean something in a URL are often not encoded. */
static void test_no_part_of_the_password(void **state)
{
	static const char *const forms[] = {
		"postgresql://%u:s3cret%zz@%e:%p/%d", "postgresql://%u:x@s3cret@%e:%p/%d",
		"postgresql://%u:x/s3cret@%e:%p/%d",  "host=/no/server password=x s3cret dbname=%d",
		"host=/no/server password='x s3cret",
	};
	struct parts parts;
	struct place p;
	char url[URL_SIZE];

	(void)state;
	place_begin(&p);
	take_apart(p.url, &parts);
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		fill(forms[i], &parts, url, sizeof url);
		assert_refused(url, MIG_ECONNECT, "");
	}
	place_end(&p);
}

/* A cluster that asks one role for its password. */
static void start_guarded(struct pg_cluster *cluster)
{
	char path[128];
	PGconn *db;
	FILE *file;

	if (!pg_cluster_start(cluster)) {
		pg_require();
		skip();
	}
	db = pg_connect(cluster->url);
	pg_exec(db, "SET password_encryption = 'scram-sha-256'"); /* md5 before 14 */
	pg_exec(db, "CREATE ROLE guarded LOGIN PASSWORD 'r1ght'");
	snprintf(path, sizeof path, "%s/data/pg_hba.conf", cluster->folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "local all guarded scram-sha-256\nlocal all all trust\n");
	fclose(file);
	pg_exec(db, "SELECT pg_reload_conf()");
	wait_until(db, "SELECT count(*) FROM pg_hba_file_rules WHERE user_name = '{guarded}'");
	sleep_ms(200); /* the server's own turn to read it */
	PQfinish(db);
}

static void test_password(void **state)
{
	struct pg_cluster cluster;
	struct parts parts;
	char url[URL_SIZE];
	mig_ctx *ctx;

	(void)state;
	start_guarded(&cluster);
	take_apart(cluster.url, &parts);
	unsetenv("PGPASSWORD");
	setenv("PGPASSFILE", "/nonexistent", 1);
	snprintf(parts.user, sizeof parts.user, "guarded");
	fill("postgresql://%u:s3cret@%e:%p/%d", &parts, url, sizeof url);
	assert_refused(url, MIG_ECONNECT, "\"guarded\"");

	fill("postgresql://%u@%e:%p/%d", &parts, url, sizeof url);
	assert_int_equal(mig_open(&ctx, url), MIG_ECONNECT);
	assert_has(mig_error_message(ctx), "password");
	assert_has(mig_error_hint(ctx), "PGPASSWORD");
	mig_close(ctx);

	setenv("PGPASSWORD", "r1ght", 1);
	ok(ctx, mig_open(&ctx, url));
	mig_close(ctx);
	unsetenv("PGPASSWORD");
	unsetenv("PGPASSFILE");
	pg_cluster_remove(&cluster);
}

static void test_application_name(void **state)
{
	struct place p;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	ctx = open_place(&p, NULL);
	assert_answer(mig_connection(ctx), "SHOW application_name", "libmig");
	mig_close(ctx);
	ctx = open_url(url_with(&p, "application_name=notes"));
	assert_answer(mig_connection(ctx), "SHOW application_name", "notes");
	mig_close(ctx);
	place_end(&p);
}

static void test_taken_connection(void **state)
{
	struct place p;
	mig_ctx *ctx;
	PGconn *db;

	(void)state;
	place_begin(&p);
	ctx = open_place(&p, NULL);
	ADD(ctx, .id = "a", .up = "CREATE TABLE t (x INTEGER);");
	db = mig_take_connection(ctx);
	ok(ctx, mig_upgrade(ctx, "head"));
	assert_true(db == mig_connection(ctx));
	mig_close(ctx);
	assert_answer(db, "SELECT count(*) FROM t", "0");
	PQfinish(db);
	place_end(&p);
}

/* -- what the server says at login */

/* What a call writes to stderr. */
static void read_stderr(const char *url, char *out, size_t size)
{
	FILE *file = tmpfile();
	int kept = dup(STDERR_FILENO);
	mig_ctx *ctx;
	mig_status rc;

	assert_non_null(file);
	fflush(stderr);
	dup2(fileno(file), STDERR_FILENO);
	rc = mig_open(&ctx, url);
	fflush(stderr);
	dup2(kept, STDERR_FILENO);
	close(kept);
	rewind(file);
	out[fread(out, 1, size - 1, file)] = '\0';
	fclose(file);
	ok(ctx, rc);
	mig_close(ctx);
}

static void test_login_warning(void **state)
{
	struct place p;
	char said[1000];

	(void)state;
	place_begin(&p);
	if (PQserverVersion(p.db) < 150000) {
		place_end(&p);
		print_message("needs PostgreSQL 15\n");
		skip();
	}
	pg_exec(p.db, "UPDATE pg_database SET datcollversion = '0' WHERE datname = "
		      "current_database()");
	read_stderr(p.url, said, sizeof said);
	assert_string_equal(said, "");
	place_end(&p);
}

/* Who takes the connection finds libpq's own receiver. */
static void test_receiver_of_a_taken_connection(void **state)
{
	struct place p;
	PGconn *db;
	mig_ctx *ctx;

	(void)state;
	place_begin(&p);
	ctx = open_place(&p, NULL);
	db = mig_take_connection(ctx);
	mig_close(ctx);
	PQfinish(p.db);
	p.db = PQconnectdb(p.url);
	assert_true(PQsetNoticeReceiver(db, NULL, NULL) == PQsetNoticeReceiver(p.db, NULL, NULL));
	PQfinish(db);
	place_end(&p);
}

/* -- a server that accepts and says nothing */

struct mute {
	char folder[64], path[96];
	int fd;
};

static void mute_begin(struct mute *m)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(m->folder, sizeof m->folder, "/tmp/mig-mute-XXXXXX");
	assert_non_null(mkdtemp(m->folder));
	snprintf(m->path, sizeof m->path, "%s/.s.PGSQL.5432", m->folder);
	memcpy(address.sun_path, m->path, strlen(m->path) + 1);
	m->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(m->fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(m->fd, 10), 0);
}

static void mute_end(struct mute *m)
{
	close(m->fd);
	unlink(m->path);
	rmdir(m->folder);
}

static mig_ctx *interrupted;

static void on_alarm(int signal)
{
	(void)signal;
	mig_cancel(interrupted);
}

static void test_cancel(void **state)
{
	struct sigaction act = { .sa_handler = on_alarm }, before;
	struct itimerval soon = { .it_value = { 0, 300000 } };
	struct mute m;
	char url[URL_SIZE];
	int64_t began;

	(void)state;
	mute_begin(&m);
	snprintf(url, sizeof url, "postgresql:///x?host=%s&port=5432", m.folder);
	sigaction(SIGALRM, &act, &before);
	began = now_ms();
	setitimer(ITIMER_REAL, &soon, NULL);
	expect(interrupted, MIG_ECANCELLED, mig_open(&interrupted, url));
	assert_in_range(now_ms() - began, 300, 2300);
	sigaction(SIGALRM, &before, NULL);
	mig_close(interrupted);
	mute_end(&m);
}

static void test_timeout(void **state)
{
	struct mute m;
	char url[URL_SIZE];
	int64_t began = now_ms();
	mig_ctx *ctx;

	(void)state;
	mute_begin(&m);
	/* libpq's least are two seconds */
	snprintf(url, sizeof url, "postgresql:///x?host=%s&port=5432&connect_timeout=1", m.folder);
	expect(ctx, MIG_ECONNECT, mig_open(&ctx, url));
	assert_in_range(now_ms() - began, 1900, 3500);
	assert_has(mig_error_message(ctx), m.folder);
	assert_has(mig_error_message(ctx), "timeout expired");
	mig_close(ctx);
	mute_end(&m);
}

/* The time-out is for each host. */
static void test_next_host(void **state)
{
	static const char *const forms[] = {
		"postgresql:///%s?host=%s,%s&port=5432,%s&user=%s&connect_timeout=2",
		"postgresql:///%s?host=%s,/no/server,%s&port=5432,5432,%s&user=%s&connect_timeout=2",
		"dbname=%s host=%s,%s port=5432,%s user=%s connect_timeout=2",
	};
	struct mute m;
	struct place p;
	struct parts parts;
	char url[URL_SIZE];

	(void)state;
	mute_begin(&m);
	place_begin(&p);
	take_apart(p.url, &parts);
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		int64_t began = now_ms();

		snprintf(url, sizeof url, forms[i], parts.dbname, m.folder, parts.host, parts.port,
			 parts.user);
		assert_reaches(url, parts.dbname);
		assert_in_range(now_ms() - began, 1900, 5000);
	}
	place_end(&p);
	mute_end(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_service_file),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_no_part_of_the_password),
		cmocka_unit_test(test_password),
		cmocka_unit_test(test_application_name),
		cmocka_unit_test(test_taken_connection),
		cmocka_unit_test(test_login_warning),
		cmocka_unit_test(test_receiver_of_a_taken_connection),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_next_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

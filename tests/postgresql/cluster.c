#include "cluster.h"
#include "hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

struct database {
	struct database *next;
	char server[256]; /* URL of the cluster */
	char name[64];
	char url[256];
};

static struct pg_cluster *clusters;
static struct database *databases;
static pid_t owner; /* of both lists */

/* -- clusters of the program's own */

/* Runs in a process of its own, which has nothing of the program's but one end of a socket: waits
 * for the other end to be closed, as it is when the program ends in any way. */
static _Noreturn void guard(const struct pg_cluster *cluster, int end)
{
	int null = open("/dev/null", O_RDWR);
	char byte;

	setsid();
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	for (int fd = 3; fd < 1024; fd++)
		if (fd != end)
			close(fd);
	while (read(end, &byte, 1) < 0 && errno == EINTR)
		;
	fcntl(end, F_SETFD, 0); /* open until the removal is done */
	execl("/bin/sh", "sh", PG_CLUSTER_SH, "stop", cluster->folder, (char *)NULL);
	_exit(127);
}

static void start_guard(struct pg_cluster *cluster)
{
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		fail_msg("socketpair: %s", strerror(errno));
	pid = fork();
	if (pid == 0) {
		/* not a child of the program, which may wait for all its children */
		if (fork() == 0)
			guard(cluster, ends[1]);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	close(ends[1]);
	cluster->guard = ends[0];
}

static void let_go(void)
{
	for (struct pg_cluster *c = clusters; c; c = c->next)
		close(c->guard);
	clusters = NULL;
}

static void at_end(void)
{
	if (getpid() != owner)
		return;
	while (clusters)
		pg_cluster_remove(clusters);
	while (databases)
		pg_drop_database(databases->url);
}

static void prepare(void)
{
	static const char *const settings[] = { "PGHOST",      "PGHOSTADDR", "PGPORT",
						"PGUSER",      "PGDATABASE", "PGOPTIONS",
						"PGSERVICE",   "PGAPPNAME",  "PGCLIENTENCODING",
						"PGDATESTYLE", "PGTZ" };

	if (owner)
		return;
	owner = getpid();
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		unsetenv(settings[i]);
	pthread_atfork(NULL, NULL, let_go);
	atexit(at_end);
}

/* In memory where there is room: a database has 8 MB. */
static const char *base_folder(void)
{
	const char *given = getenv("MIG_TEST_FOLDER");
	struct statvfs room;

	if (given)
		return given;
	if (statvfs("/dev/shm", &room) == 0 && access("/dev/shm", W_OK) == 0 &&
	    room.f_bavail >= ((fsblkcnt_t)1 << 30) / room.f_frsize)
		return "/dev/shm";
	return "/tmp";
}

/* 0: no server is installed. */
static int start(struct pg_cluster *cluster)
{
	char command[512];
	FILE *out;
	int status;

	snprintf(command, sizeof(command), "sh '%s' start '%s'", PG_CLUSTER_SH, cluster->folder);
	out = popen(command, "r");
	if (!out)
		fail_msg("%s: %s", command, strerror(errno));
	if (!fgets(cluster->url, sizeof(cluster->url), out))
		cluster->url[0] = '\0';
	cluster->url[strcspn(cluster->url, "\n")] = '\0';
	status = pclose(out);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		return 0;
	if (status)
		fail_msg("%s: status %d", command, status);
	return 1;
}

int pg_cluster_start(struct pg_cluster *cluster)
{
	prepare();
	memset(cluster, 0, sizeof(*cluster));
	cluster->owner = getpid();
	snprintf(cluster->folder, sizeof(cluster->folder), "%s/mig-pg-XXXXXX", base_folder());
	if (!mkdtemp(cluster->folder))
		fail_msg("%s: %s", cluster->folder, strerror(errno));
	start_guard(cluster);
	cluster->next = clusters;
	clusters = cluster;
	if (start(cluster))
		return 1;
	pg_cluster_remove(cluster);
	return 0;
}

void pg_cluster_crash(const struct pg_cluster *cluster)
{
	const struct timespec tick = { 0, 5000000 };
	char path[128], line[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "%s/data/postmaster.pid", cluster->folder);
	file = fopen(path, "r");
	if (!file || !fgets(line, sizeof(line), file))
		fail_msg("%s: %s", path, strerror(errno));
	fclose(file);
	assert_int_equal(kill((pid_t)atoi(line), SIGQUIT), 0);
	while (access(path, F_OK) == 0)
		nanosleep(&tick, NULL);
}

void pg_cluster_restart(struct pg_cluster *cluster)
{
	assert_true(start(cluster));
}

/* Databases that went with their cluster need not be dropped. */
static void forget_databases(const char *server)
{
	struct database **link = &databases, *d;

	while ((d = *link) != NULL) {
		if (strcmp(d->server, server) != 0) {
			link = &d->next;
			continue;
		}
		*link = d->next;
		free(d);
	}
}

void pg_cluster_remove(struct pg_cluster *cluster)
{
	struct pg_cluster **link = &clusters;
	char byte;

	while (*link && *link != cluster)
		link = &(*link)->next;
	if (!*link)
		return;
	*link = cluster->next;
	shutdown(cluster->guard, SHUT_WR);
	while (read(cluster->guard, &byte, 1) < 0 && errno == EINTR)
		;
	close(cluster->guard);
	forget_databases(cluster->url);
}

/* -- databases */

/* The URL of the run's cluster, or NULL. */
static const char *shared(void)
{
	static struct pg_cluster cluster;
	static const char *url;
	static int known;

	if (known)
		return url;
	prepare();
	url = getenv("MIG_TEST_POSTGRESQL");
	if (!url || !*url)
		url = pg_cluster_start(&cluster) ? cluster.url : NULL;
	known = 1;
	return url;
}

int pg_available(void)
{
	return shared() != NULL;
}

void pg_require(void)
{
	if (pg_available())
		return;
	if (getenv("CI"))
		fail_msg("no PostgreSQL server is installed");
	print_message("no PostgreSQL server is installed\n");
	skip();
}

/* E.g. "postgresql:///postgres?host=/x" and "d1": "postgresql:///d1?host=/x". */
static void make_url(struct database *d)
{
	const char *host = strstr(d->server, "://");
	const char *path = host ? strchr(host + 3, '/') : NULL;
	const char *rest = path ? strchr(path, '?') : NULL;

	if (!path)
		fail_msg("%s: a URL with a database is needed", d->server);
	snprintf(d->url, sizeof(d->url), "%.*s/%s%s", (int)(path - d->server), d->server, d->name,
		 rest ? rest : "");
}

static int is_hostile(void)
{
	const char *value = getenv("MIG_TEST_HOSTILE");

	return value && *value;
}

/* The database that hostile ones are copies of: made once, whoever comes first. */
static void make_hostile(const struct database *d, PGconn *db)
{
	struct database template = { .name = "mig_hostile_new" };
	PGconn *inside;

	snprintf(template.server, sizeof(template.server), "%s", d->server);
	make_url(&template);
	pg_exec(db, "SELECT pg_advisory_lock(4711)");
	if (!pg_int(db, "SELECT count(*) FROM pg_database WHERE datname = 'mig_hostile'")) {
		pg_exec(db, "DROP DATABASE IF EXISTS mig_hostile_new");
		pg_exec(db, "CREATE DATABASE mig_hostile_new TEMPLATE template0");
		inside = pg_connect(template.url);
		pg_exec(inside, pg_hostile_sql);
		PQfinish(inside);
		pg_exec(db, "ALTER DATABASE mig_hostile_new RENAME TO mig_hostile");
	}
	pg_exec(db, "SELECT pg_advisory_unlock(4711)");
}

static const char *make_database(const char *server)
{
	static int count;
	struct database *d = calloc(1, sizeof(*d));
	PGconn *db = pg_connect(server);
	char sql[160];

	assert_non_null(d);
	snprintf(d->server, sizeof(d->server), "%s", server);
	snprintf(d->name, sizeof(d->name), "t%ld_%d", (long)getpid(), ++count);
	make_url(d);
	snprintf(sql, sizeof(sql), "DROP DATABASE IF EXISTS %s", d->name);
	pg_exec(db, sql);
	if (is_hostile())
		make_hostile(d, db);
	snprintf(sql, sizeof(sql), "CREATE DATABASE %s TEMPLATE %s%s", d->name,
		 is_hostile() ? "mig_hostile" : "template0",
		 PQserverVersion(db) >= 150000 ? " STRATEGY file_copy" : "");
	pg_exec(db, sql);
	snprintf(sql, sizeof(sql), "ALTER DATABASE %s SET search_path = \"$user\", public, evil",
		 d->name);
	if (is_hostile())
		pg_exec(db, sql);
	PQfinish(db);
	d->next = databases;
	databases = d;
	return d->url;
}

const char *pg_fresh_database(void)
{
	return shared() ? make_database(shared()) : NULL;
}

const char *pg_cluster_database(const struct pg_cluster *cluster)
{
	return make_database(cluster->url);
}

/* With whoever is connected; before PostgreSQL 13 in two steps, until nobody has come in between. */
static void drop(PGconn *db, const char *name)
{
	int forced = PQserverVersion(db) >= 130000;
	char sql[200];

	snprintf(sql, sizeof(sql), "DROP DATABASE IF EXISTS %s%s", name,
		 forced ? " WITH (FORCE)" : "");
	for (int i = 0; !forced && i < 100; i++) {
		char end[200];
		PGresult *result;
		int done;

		snprintf(end, sizeof(end),
			 "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'",
			 name);
		pg_exec(db, end);
		result = PQexec(db, sql);
		done = PQresultStatus(result) == PGRES_COMMAND_OK;
		PQclear(result);
		if (done)
			return;
	}
	pg_exec(db, sql);
}

void pg_drop_database(const char *url)
{
	struct database **link = &databases, *d;
	PGconn *db;

	while (*link && strcmp((*link)->url, url) != 0)
		link = &(*link)->next;
	d = *link;
	assert_non_null(d);
	*link = d->next;
	if (is_hostile()) {
		char called[8];

		db = pg_connect(url);
		pg_text(db, PG_HOSTILE_CALLED, called, sizeof(called));
		PQfinish(db);
		if (strcmp(called, "f") != 0)
			fail_msg("a hostile object was called: see the server's log");
	}
	db = pg_connect(d->server);
	drop(db, d->name);
	PQfinish(db);
	free(d);
}

/* -- plain SQL */

static void drop_notice(void *user, const char *message)
{
	(void)user;
	(void)message;
}

PGconn *pg_connect(const char *url)
{
	PGconn *db = PQconnectdb(url);

	if (PQstatus(db) != CONNECTION_OK)
		fail_msg("%s: %s", url, PQerrorMessage(db));
	PQsetNoticeProcessor(db, drop_notice, NULL);
	if (is_hostile()) /* what tests ask themselves */
		PQclear(PQexec(db, "SET search_path = \"$user\", public"));
	return db;
}

void pg_text(PGconn *db, const char *sql, char *out, size_t size)
{
	PGresult *result = PQexec(db, sql);
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(db));
	snprintf(out, size, "%s", PQntuples(result) ? PQgetvalue(result, 0, 0) : "");
	PQclear(result);
}

void pg_exec(PGconn *db, const char *sql)
{
	char ignored[1];

	pg_text(db, sql, ignored, sizeof(ignored));
}

int64_t pg_int(PGconn *db, const char *sql)
{
	char text[32];

	pg_text(db, sql, text, sizeof(text));
	return strtoll(text, NULL, 10);
}

/* attack_pg_server: PostgreSQL runs that what stands around the server gets in the way of.
 *
 *   pg-standby     the server is lost, and an asynchronous standby, which did not get the last
 *                  transactions, takes its place
 *   pg-full        the file system of the database is full (as root)
 *   pg-pooler      behind pgbouncer, in its session and in its transaction mode: connections and
 *                  clients are killed at random */
#include "../crash/postgresql/pg_world.h"
#include "cluster.h"
#include "message.h"
#include "pgplace.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

struct job {
	const struct arguments *arguments;
	struct report report;
	struct pgplace place;
	struct outcome *outcome;
	char folder[128]; /* of the server's socket */
};

static void note(struct job *job, const struct verdict *v, size_t point)
{
	if (v->rule)
		report_violation(&job->report, v, "--seed %u --point %zu", job->arguments->seed,
				 point);
	else
		report_point(&job->report);
}

static int wanted(const struct job *job, size_t point)
{
	return !job->arguments->point || strtoul(job->arguments->point, NULL, 10) == point;
}

/* Runs a command of the shell; its exit status. */
__attribute__((format(printf, 1, 2))) static int shell(const char *format, ...)
{
	char command[1024];
	va_list args;
	int status;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	fflush(stdout);
	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* "postgresql:///t1?host=A&user=postgres" with another host. */
static void other_host(const char *url, const char *folder, const char *port, char *out,
		       size_t size)
{
	snprintf(out, size, "%s&host=%s&port=%s", url, folder, port);
}

/* -- standby */

/* A copy of the primary that follows it; its URL for the same database. 0: not installed. */
static int start_standby(const struct pg_cluster *primary, const char *url, const char *folder,
			 char *out, size_t size)
{
	int rc = shell("sh '%s/server.sh' standby '%s' '%s'", ATTACK_FOLDER, primary->folder,
		       folder);

	if (rc == 0)
		rc = shell("sh '%s' start '%s' >/dev/null", PG_CLUSTER_SH, folder);
	if (rc) {
		printf("no standby: %d\n", rc);
		return 0;
	}
	other_host(url, folder, "5432", out, size);
	return 1;
}

/* What is written from now on does not reach it. */
static void cut_off(const struct pgplace *standby)
{
	pgplace_sql(standby, "ALTER SYSTEM SET primary_conninfo = ''");
	pgplace_sql(standby, "SELECT pg_reload_conf()");
}

static int standby_once(struct job *job, const struct pg_cluster *primary, size_t point,
			int64_t whole_us)
{
	uint32_t seed = seed_of(job->arguments->seed, point, 6, 0);
	char folder[64] = "/tmp/mig-standby-XXXXXX", url[300];
	struct verdict v = { RULE_NONE, "" };
	struct pgplace standby;
	int status;
	pid_t pid;

	pgplace_variant(&job->place, point);
	if (!mkdtemp(folder) || !start_standby(primary, job->place.url, folder, url, sizeof(url)))
		return 0;
	standby = job->place;
	standby.url = url;
	pid = pgplace_fork(&job->place, job->place.url, job->outcome);
	sleep_us(chance(&seed, (uint32_t)whole_us));
	cut_off(&standby);
	waitpid(pid, &status, 0);
	pg_cluster_crash(primary);
	pgplace_sql(&standby, "SELECT pg_promote(true, 30)");
	pgplace_check(&standby, &v);
	shell("sh '%s' stop '%s'", PG_CLUSTER_SH, folder);
	pg_cluster_restart((struct pg_cluster *)(uintptr_t)primary);
	note(job, &v, point);
	return 1;
}

static void lose_primary(struct job *job)
{
	size_t points = arguments_size(job->arguments, 2, 40);
	static struct pg_cluster primary;
	struct pgplace shared = job->place;
	int64_t whole_us;

	if (!pg_cluster_start(&primary))
		return;
	pgplace_make(&job->place, shared.oracle, pg_cluster_database(&primary));
	whole_us = pgplace_time(&job->place, MIG_UPGRADE);
	for (size_t i = 0; i < points; i++)
		if (wanted(job, i) && !standby_once(job, &primary, i, whole_us))
			break;
	job->place = shared;
	pg_cluster_remove(&primary);
}

/* -- a full disk */

static size_t used_kb(const char *folder)
{
	struct statvfs st;

	if (statvfs(folder, &st))
		exit(2);
	return (size_t)((st.f_blocks - st.f_bfree) * st.f_frsize / 1024);
}

static void resize(const char *folder, size_t kb)
{
	char options[64];

	snprintf(options, sizeof(options), "size=%zuk", kb);
	if (mount("tmpfs", folder, "tmpfs", MS_REMOUNT, options)) {
		perror("remount");
		exit(2);
	}
}

static int full_once(struct job *job, const char *folder, size_t variant, size_t kb)
{
	struct verdict v = { RULE_NONE, "" };

	resize(folder, 64 * 1024);
	pgplace_variant(&job->place, variant);
	pgplace_sql(&job->place, "CHECKPOINT");
	resize(folder, used_kb(folder) + kb);
	program_run(&job->place.program, job->place.url, job->place.direction,
		    pgplace_target(&job->place), job->outcome);
	resize(folder, 64 * 1024);
	pgplace_check(&job->place, &v);
	check_message(TROUBLE_DISK_FULL, job->outcome, &v);
	note(job, &v, variant * 10000 + kb);
	return job->outcome->status != 0;
}

/* A database of its own in a tablespace on a small file system. */
static void full_disk(struct job *job)
{
	size_t stride = arguments_size(job->arguments, 112, 8);
	char folder[64] = "/tmp/mig-full-XXXXXX", sql[200], url[300];
	const char *base = job->place.url;
	struct pgplace shared = job->place;

	if (!mkdtemp(folder) || mount("tmpfs", folder, "tmpfs", 0, "size=64m")) {
		printf("%s: not run: %s\n", job->report.name, strerror(errno));
		rmdir(folder);
		return;
	}
	shell("chown --reference='%s/data' '%s'; chmod 700 '%s'", job->folder, folder, folder);
	snprintf(sql, sizeof(sql), "CREATE TABLESPACE attack LOCATION '%s'", folder);
	pgplace_sql(&job->place, sql);
	pgplace_sql(&job->place, "CREATE DATABASE attack TEMPLATE template0 TABLESPACE attack");
	snprintf(url, sizeof(url), "postgresql:///attack%s", strchr(base, '?'));
	pgplace_make(&job->place, shared.oracle, url);
	for (size_t variant = 0; variant < 4; variant++)
		for (size_t kb = 0; kb < 1600; kb += stride)
			if (wanted(job, variant * 10000 + kb) &&
			    !full_once(job, folder, variant, kb))
				break;
	job->place = shared;
	pgplace_sql(&job->place, "DROP DATABASE attack WITH (FORCE)");
	pgplace_sql(&job->place, "DROP TABLESPACE attack");
	umount(folder);
	rmdir(folder);
}

/* -- poolers */

enum end { END_SERVER, END_POOL, END_CLIENT, ENDS };

static void end_run(struct job *job, const char *admin, enum end end, pid_t pid)
{
	struct bare db;

	if (end == END_CLIENT) {
		kill(pid, SIGKILL);
	} else if (end == END_SERVER) {
		pgplace_sql(&job->place,
			    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
			    "datname = current_database() AND pid <> pg_backend_pid()");
	} else { /* all clients of that database, by pgbouncer itself */
		char sql[100];
		size_t size = strcspn(job->place.url + strlen("postgresql:///"), "?");

		snprintf(sql, sizeof(sql), "KILL %.*s", (int)size,
			 job->place.url + strlen("postgresql:///"));
		if (bare_open(&db, &bare_postgresql, admin) == 0) {
			db.engine->exec(&db, sql);
			snprintf(sql, sizeof(sql), "RESUME %.*s", (int)size,
				 job->place.url + strlen("postgresql:///"));
			db.engine->exec(&db, sql);
		}
		bare_close(&db);
	}
}

static void pooler_once(struct job *job, const char *folder, size_t point, int64_t whole_us)
{
	uint32_t seed = seed_of(job->arguments->seed, point, 7, 0);
	enum end end = (enum end)(point / 4 % ENDS);
	struct verdict v = { RULE_NONE, "" };
	char url[300], admin[300];
	int status;
	pid_t pid;

	pgplace_variant(&job->place, point);
	other_host(job->place.url, folder, "6432", url, sizeof(url));
	snprintf(admin, sizeof(admin), "host=%s port=6432 user=postgres dbname=pgbouncer", folder);
	pid = pgplace_fork(&job->place, url, job->outcome);
	sleep_us(chance(&seed, (uint32_t)whole_us));
	end_run(job, admin, end, pid);
	waitpid(pid, &status, 0);
	/* what is left of the pool would never go by itself */
	pgplace_sql(&job->place,
		    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname "
		    "= current_database() AND pid <> pg_backend_pid() AND state LIKE "
		    "'idle%'");
	pgplace_check(&job->place, &v);
	check_message(TROUBLE_CONNECTION, job->outcome, &v);
	note(job, &v, point);
}

static void pooler_mode(struct job *job, const char *mode, size_t first, size_t points)
{
	char folder[64] = "/tmp/mig-pooler-XXXXXX";
	int64_t whole_us = pgplace_time(&job->place, MIG_UPGRADE);

	if (!mkdtemp(folder) || shell("sh '%s/server.sh' pooler '%s' '%s' %s", ATTACK_FOLDER,
				      job->folder, folder, mode)) {
		printf("no pgbouncer\n");
		return;
	}
	for (size_t i = first; i < first + points; i++)
		if (wanted(job, i))
			pooler_once(job, folder, i, whole_us);
	shell("sh '%s/server.sh' stop-pooler '%s'", ATTACK_FOLDER, folder);
}

static void behind_poolers(struct job *job)
{
	size_t points = arguments_size(job->arguments, 12, 240);
	struct pgplace shared = job->place;
	struct oracle *plain;

	pooler_mode(job, "session", 0, points);
	pgplace_reset(&job->place, MIG_UPGRADE);
	plain = oracle_new(&subject_postgresql_plain, &bare_postgresql, job->place.url);
	job->place.oracle = plain;
	job->place.program.subject = &subject_postgresql_plain;
	job->place.program.count = subject_postgresql_plain.count;
	pooler_mode(job, "transaction", points, points);
	oracle_free(plain);
	job->place = shared;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(struct job *job);
	} attacks[] = { { "pg-standby", lose_primary },
			{ "pg-full", full_disk },
			{ "pg-pooler", behind_poolers } };
	struct arguments arguments;
	struct job job = { .arguments = &arguments };
	size_t violations = 0;
	const char *host;

	arguments_read(&arguments, argc, argv);
	if (!pg_available()) {
		printf("no PostgreSQL server is installed\n");
		return getenv("CI") ? 1 : 77;
	}
	pgplace_make(&job.place, NULL, pg_fresh_database());
	host = strstr(job.place.url, "host=");
	if (!host)
		return 2;
	snprintf(job.folder, sizeof(job.folder), "%.*s", (int)strcspn(host + 5, "&"), host + 5);
	job.outcome = pgplace_share();
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		if (!arguments_want(&arguments, attacks[i].name))
			continue;
		report_begin(&job.report, attacks[i].name);
		attacks[i].run(&job);
		violations += report_end(&job.report);
	}
	oracle_free(job.place.oracle);
	return violations ? 1 : 0;
}

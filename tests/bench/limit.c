/* See limit.h. */
#include "limit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static clockid_t clock_id = CLOCK_MONOTONIC;

void clock_use_cpu(void)
{
	clock_id = CLOCK_PROCESS_CPUTIME_ID;
}

double clock_ms(void)
{
	struct timespec now;

	clock_gettime(clock_id, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

void die(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why ? why : "?");
	exit(1);
}

/* Not getrusage(): its figure is inherited from the parent through exec. */
long peak_kb(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	long kb = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmHWM: %ld kB", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb;
}

sqlite3 *limit_open(const char *path)
{
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL))
		die(path, sqlite3_errmsg(db));
	return db;
}

static void exec(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL))
		die(sql, sqlite3_errmsg(db));
}

void limit_query(sqlite3 *db)
{
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(db, "SELECT revision, digest FROM mig_version", -1, &stmt, NULL))
		die("version", sqlite3_errmsg(db));
	while (sqlite3_step(stmt) == SQLITE_ROW)
		if (!sqlite3_column_text(stmt, 0) || !sqlite3_column_text(stmt, 1))
			die("version", "no text");
	if (sqlite3_finalize(stmt))
		die("version", sqlite3_errmsg(db));
}

void limit_noop(const char *path)
{
	sqlite3 *db = limit_open(path);

	limit_query(db);
	sqlite3_close(db);
}

static int is_sql(const struct dirent *entry)
{
	size_t size = strlen(entry->d_name);

	return size > 4 && strcmp(entry->d_name + size - 4, ".sql") == 0;
}

/* The file, with a NUL behind it, in a buffer that grows. */
static size_t slurp(int folder, const char *name, char **buffer, size_t *cap)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	struct stat st;
	size_t size;

	if (fd < 0 || fstat(fd, &st))
		die(name, "open");
	size = (size_t)st.st_size;
	if (*cap < size + 1) {
		*cap = 2 * size + 4096;
		*buffer = realloc(*buffer, *cap);
		if (!*buffer)
			die(name, "no memory");
	}
	if (read(fd, *buffer, size) != (ssize_t)size)
		die(name, "read");
	(*buffer)[size] = '\0';
	close(fd);
	return size;
}

size_t limit_each_file(const char *folder, void (*fn)(void *user, const char *name, char *text),
		       void *user)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_sql, alphasort);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char *buffer = NULL;
	size_t cap = 0, bytes = 0;

	if (count < 0 || fd < 0)
		die(folder, "folder");
	for (int i = 0; i < count; i++) {
		bytes += slurp(fd, entries[i]->d_name, &buffer, &cap);
		if (fn)
			fn(user, entries[i]->d_name, buffer);
		free(entries[i]);
	}
	free(entries);
	free(buffer);
	close(fd);
	return bytes;
}

size_t limit_scan(const char *folder)
{
	return limit_each_file(folder, NULL, NULL);
}

struct work {
	sqlite3 *db;
	sqlite3_stmt *update;
	int one;
};

static struct work work_begin(const char *path, int one)
{
	struct work w = { limit_open(path), NULL, one };

	exec(w.db, "CREATE TABLE IF NOT EXISTS limit_version (version TEXT NOT NULL);"
		   "INSERT INTO limit_version SELECT '' "
		   "WHERE NOT EXISTS (SELECT 1 FROM limit_version)");
	if (sqlite3_prepare_v3(w.db, "UPDATE limit_version SET version = ?", -1,
			       SQLITE_PREPARE_PERSISTENT, &w.update, NULL))
		die("prepare", sqlite3_errmsg(w.db));
	if (one)
		exec(w.db, "BEGIN");
	return w;
}

static void work_step(struct work *w, const char *id, const char *sql)
{
	if (!w->one)
		exec(w->db, "BEGIN");
	exec(w->db, sql);
	sqlite3_bind_text(w->update, 1, id, -1, SQLITE_STATIC);
	if (sqlite3_step(w->update) != SQLITE_DONE)
		die("update", sqlite3_errmsg(w->db));
	sqlite3_reset(w->update);
	if (!w->one)
		exec(w->db, "COMMIT");
}

static void work_end(struct work *w)
{
	if (w->one)
		exec(w->db, "COMMIT");
	sqlite3_finalize(w->update);
	sqlite3_close(w->db);
}

void limit_apply(const char *path, const struct limit_step *steps, size_t count, int one)
{
	struct work w = work_begin(path, one);

	for (size_t i = 0; i < count; i++)
		work_step(&w, steps[i].id, steps[i].sql);
	work_end(&w);
}

static void apply_file(void *user, const char *name, char *text)
{
	char *up = strstr(text, "-- mig:upgrade\n"), *down = strstr(text, "\n-- mig:downgrade\n");

	if (!up || !down)
		die(name, "not a revision file");
	*down = '\0';
	work_step(user, name, up);
}

void limit_apply_folder(const char *path, const char *folder, int one)
{
	struct work w = work_begin(path, one);

	limit_each_file(folder, apply_file, &w);
	work_end(&w);
}

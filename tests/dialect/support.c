#include "support.h"

#include <dirent.h>
#include <time.h>
#include <unistd.h>

static char folder[64];
static pid_t owner;

const char *scratch(const char *name)
{
	static char path[200];

	if (!folder[0]) {
		strcpy(folder, "/tmp/mig-dialect-XXXXXX");
		if (!mkdtemp(folder))
			abort();
		owner = getpid();
		atexit(scratch_remove);
	}
	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

void scratch_remove(void)
{
	char path[400];
	struct dirent *e;
	DIR *d;

	if (!folder[0] || getpid() != owner)
		return;
	d = opendir(folder);
	while (d && (e = readdir(d)) != NULL) {
		snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		if (e->d_name[0] != '.' && unlink(path))
			rmdir(path);
	}
	if (d)
		closedir(d);
	rmdir(folder);
	folder[0] = '\0';
}

static int32_t on_poll(void *user, int32_t waiting)
{
	struct base *b = user;

	if (waiting)
		b->waits++;
	else
		b->works++;
	return b->stop && b->waits + b->works >= b->stop;
}

static void on_log(void *user, int32_t level, const char *message)
{
	struct base *b = user;

	if (level >= MIG_LOG_WARNING)
		b->warnings++;
	snprintf(b->last_log, sizeof b->last_log, "%s", message);
}

mig_status base_open_with(struct base *b, const mig_conformance *row,
			  const struct mig__alloc *alloc, const mig_conn_options *o)
{
	memset(b, 0, sizeof *b);
	mig__error_init(&b->err, alloc ? alloc : &mig__alloc_libc);
	b->db.err = &b->err;
	b->db.poll = on_poll;
	b->db.log = on_log;
	b->db.user = b;
	b->db.dialect = row->dialect();
	return mig__db_open(&b->db, o);
}

void base_open(struct base *b, const mig_conformance *row, const char *url, int32_t timeout_ms)
{
	const mig_conn_options o = {
		.struct_size = sizeof o,
		.url = url,
		.lock_timeout_ms = timeout_ms,
		.create = MIG_CREATE_MISSING,
	};

	OK(*b, base_open_with(b, row, NULL, &o));
}

void base_close(struct base *b)
{
	mig__db_close(&b->db);
	mig__error_clear(&b->err);
}

void base_check(const struct base *b, mig_status rc, const char *file, int line)
{
	if (rc)
		print_error("%s:%d: status %d: %s\n", file, line, (int)rc,
			    b->err.message ? b->err.message : "(no message)");
	assert_int_equal(rc, MIG_OK);
}

mig_status base_script(struct base *b, const char *text)
{
	return b->db.dialect->conn->run_script(b->db.conn, text, strlen(text), NULL, NULL);
}

int64_t base_number(struct base *b, const char *sql)
{
	const mig_dialect *d = b->db.dialect;
	mig_value value = { .integer = -1 };
	mig_cursor *cursor;
	int32_t more;

	OK(*b, d->conn->prepare(b->db.conn, sql, strlen(sql), 0, &cursor));
	OK(*b, d->conn->step(cursor, &more));
	if (more)
		OK(*b, d->conn->column(cursor, 0, MIG_INTEGER, &value));
	d->conn->finish(cursor);
	return value.integer;
}

void pause_ms(int ms)
{
	const struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

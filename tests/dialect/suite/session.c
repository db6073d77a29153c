/* session: a connection of the dialect, and the host that the contract promises it. */
#include "suite.h"

#include <time.h>

static void *host_realloc(void *user, void *ptr, size_t size)
{
	struct budget *budget = ((struct session *)user)->budget;

	if (!size) {
		if (budget && ptr)
			budget->live--;
		free(ptr);
		return NULL;
	}
	if (budget) {
		if (budget->left <= 0)
			return NULL;
		budget->left--;
		budget->live += !ptr;
	}
	return realloc(ptr, size);
}

static mig_status host_error(void *user, const mig_dialect_error *given)
{
	struct reported *err = &((struct session *)user)->err;
	mig_dialect_error e = { .offset = MIG_NO_OFFSET };

	memcpy(&e, given, given->struct_size < sizeof e ? given->struct_size : sizeof e);
	err->count++;
	err->status = e.status ? e.status : MIG_ERROR;
	err->native_code = e.native_code;
	err->has_hint = e.hint != NULL;
	err->offset = e.offset;
	snprintf(err->message, sizeof err->message, "%s", e.message ? e.message : "");
	snprintf(err->statement, sizeof err->statement, "%.*s", (int)e.statement_size,
		 e.statement ? e.statement : "");
	return err->status;
}

static void host_log(void *user, int32_t level, const char *message)
{
	(void)user;
	if (level >= MIG_LOG_WARNING)
		printf("#   warning: %s\n", message);
}

static int32_t host_poll(void *user, int32_t waiting)
{
	struct session *s = user;

	if (waiting)
		s->waits++;
	else
		s->works++;
	if (s->stop && s->waits + s->works >= s->stop)
		atomic_store(&s->cancelled, 1);
	return atomic_load(&s->cancelled);
}

static void host_working(void *user, const char *what, uint64_t done, uint64_t total)
{
	struct session *s = user;

	s->told++;
	s->nonsense += !what || !what[0] || (total && done > total);
}

mig_status suite_open_with(struct session *s, const mig_conformance *row, struct budget *budget,
			   const mig_conn_options *options)
{
	mig_status rc;
	mig_conn *conn = NULL;

	memset(s, 0, sizeof *s);
	s->d = row->dialect();
	s->budget = budget;
	s->host = (mig_dialect_host){
		.struct_size = sizeof s->host,
		.user = s,
		.realloc_fn = host_realloc,
		.error = host_error,
		.log = host_log,
		.poll = host_poll,
		.working = host_working,
	};
	rc = s->d->conn->open(&s->host, options, &conn);
	s->conn = rc ? NULL : conn;
	return rc;
}

void suite_open(struct session *s, const mig_conformance *row, const char *url, int32_t timeout_ms)
{
	const mig_conn_options o = {
		.struct_size = sizeof o,
		.url = url,
		.version_table = "mig_version",
		.history_table = "mig_history",
		.lock_timeout_ms = timeout_ms,
		.create = MIG_CREATE_MISSING,
	};

	OK(*s, suite_open_with(s, row, NULL, &o));
}

void suite_lend(struct session *s, const mig_conformance *row, void *native)
{
	const mig_conn_options o = {
		.struct_size = sizeof o,
		.native = native,
		.version_table = "mig_version",
		.history_table = "mig_history",
		.lock_timeout_ms = 1000,
	};

	OK(*s, suite_open_with(s, row, NULL, &o));
}

void suite_close(struct session *s)
{
	if (s->conn)
		s->d->conn->close(s->conn);
	s->conn = NULL;
}

void suite_cancel(struct session *s)
{
	atomic_store(&s->cancelled, 1);
	s->d->conn->cancel(s->conn);
}

mig_status suite_begin(struct session *s, int32_t check)
{
	int32_t freed;
	mig_status rc;

	do {
		freed = 0;
		rc = s->d->conn->begin(s->conn, check, &freed);
	} while (!rc && freed);
	return rc;
}

mig_status suite_lock(struct session *s)
{
	int32_t freed;
	mig_status rc;

	do {
		freed = 0;
		rc = s->d->conn->lock(s->conn, &freed);
	} while (!rc && freed);
	return rc;
}

int suite_can_lock(const mig_conformance *row)
{
	struct session s;
	mig_status rc;

	suite_open(&s, row, row->fresh(), 1000);
	rc = suite_lock(&s);
	suite_close(&s);
	return rc != MIG_EUNSUPPORTED;
}

mig_status suite_script(struct session *s, const char *text)
{
	return s->d->conn->run_script(s->conn, text, strlen(text), NULL, NULL);
}

int64_t suite_number(struct session *s, const char *sql)
{
	mig_value value = { .integer = -1 };
	mig_cursor *cursor;
	int32_t more;

	OK(*s, s->d->conn->prepare(s->conn, sql, strlen(sql), 0, &cursor));
	OK(*s, s->d->conn->step(cursor, &more));
	if (more)
		OK(*s, s->d->conn->column(cursor, 0, MIG_INTEGER, &value));
	s->d->conn->finish(cursor);
	return value.integer;
}

int suite_has_store(const struct session *s)
{
	return SLOT(s->d, store, create) != NULL;
}

/* Has libmig make its tables, with the dialect's store or the default. */
void suite_make_tables(const mig_conformance *row, const char *url)
{
	const mig_open_options o = { .struct_size = sizeof o, .url = url, .dialect = row->dialect() };
	mig_ctx *ctx;

	suite_fine(NULL, mig_open_with(&ctx, &o));
	suite_fine(ctx, mig_ensure_version(ctx));
	mig_close(ctx);
}

mig_value suite_text(const char *text)
{
	return (mig_value){
		.type = text ? MIG_TEXT : MIG_NULL,
		.data = text,
		.size = text ? strlen(text) : 0,
	};
}

mig_value suite_int(int64_t n)
{
	return (mig_value){ .type = MIG_INTEGER, .integer = n };
}

int64_t suite_milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void suite_pause(int ms)
{
	const struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

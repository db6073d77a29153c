#include "support.h"

#include <time.h>

void place_begin(struct place *p)
{
	pg_require();
	snprintf(p->url, sizeof p->url, "%s", pg_fresh_database());
	p->db = pg_connect(p->url);
}

void place_end(struct place *p)
{
	PQfinish(p->db);
	pg_drop_database(p->url);
}

const char *url_with(const struct place *p, const char *parameter)
{
	static char url[URL_SIZE * 2];

	snprintf(url, sizeof url, "%s%c%s", p->url, strchr(p->url, '?') ? '&' : '?', parameter);
	return url;
}

mig_ctx *open_place(const struct place *p, mig_open_options *options)
{
	mig_open_options o = { .struct_size = sizeof o };
	mig_ctx *ctx;

	if (options)
		o = *options;
	o.struct_size = sizeof o;
	o.url = p->url;
	ok(ctx, mig_open_with(&ctx, &o));
	return ctx;
}

mig_ctx *open_url(const char *url)
{
	mig_ctx *ctx;

	ok(ctx, mig_open(&ctx, url));
	return ctx;
}

mig_ctx *lend(PGconn *db)
{
	mig_open_options o = { .struct_size = sizeof o,
			       .connection = db,
			       .dialect_name = "postgresql" };
	mig_ctx *ctx;

	if (getenv("MIG_TEST_HOSTILE") &&
	    strcmp(ask(db, "SHOW search_path"), "\"$user\", public") == 0)
		pg_exec(db, "RESET search_path"); /* what the database has */
	ok(ctx, mig_open_with(&ctx, &o));
	return ctx;
}

char *room_for(size_t size)
{
	char *text = malloc(size);

	if (!text)
		abort();
	return text;
}

char *long_text(const char *before, size_t count, const char *after)
{
	size_t n = strlen(before), room = n + count + strlen(after) + 1;
	char *text = room_for(room);

	memset(text, 'x', n + count);
	memcpy(text, before, n);
	memcpy(text + n + count, after, room - n - count);
	return text;
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

void add(mig_ctx *ctx, const struct revision *r)
{
	size_t room = strlen(or_empty(r->up)) + strlen(or_empty(r->down)) + 2000;
	char *text = room_for(room), name[300];
	int n;

	n = snprintf(text, room,
		     "-- %s\n--\n-- revision: %s\n-- revises: %s\n%s\n-- mig:upgrade%s\n%s\n",
		     r->id, r->id, or_empty(r->revises), or_empty(r->keys), or_empty(r->attributes),
		     or_empty(r->up));
	if (r->down)
		n += snprintf(text + n, room - (size_t)n, "-- mig:downgrade%s\n%s\n",
			      or_empty(r->attributes), r->down);
	assert_true((size_t)n < room);
	snprintf(name, sizeof name, "%s.sql", r->id);
	ok(ctx, mig_add_script(ctx, name, text, (size_t)n));
	free(text);
}

void check_has(const char *text, const char *part, const char *file, int line)
{
	if (text && strstr(text, part))
		return;
	print_error("\"%s\" has no \"%s\"\n", text ? text : "(null)", part);
	_fail(file, line);
}

/* -- asking the server */

const char *ask(PGconn *db, const char *sql)
{
	static char out[65536];
	PGresult *result = PQexec(db, sql);
	size_t n = 0;

	out[0] = '\0';
	if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(db));
	for (int i = 0; i < PQntuples(result); i++) {
		n += (size_t)snprintf(out + n, sizeof out - n, "%s%s", n ? "|" : "",
				      PQgetisnull(result, i, 0) ? "NULL"
								: PQgetvalue(result, i, 0));
		assert_true(n < sizeof out);
	}
	PQclear(result);
	return out;
}

int is_older(PGconn *db, int major)
{
	return PQserverVersion(db) < major * 10000;
}

int is_left_out(PGconn *db, int major, const char *what)
{
	if (!is_older(db, major))
		return 0;
	print_message("left out, needs PostgreSQL %d: %s\n", major, what);
	return 1;
}

const char *rows(PGconn *db)
{
	if (!pg_int(db, "SELECT count(to_regclass('mig_version'))"))
		return "none";
	return ask(db, "SELECT revision FROM mig_version ORDER BY revision COLLATE \"C\"");
}

int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void sleep_ms(int ms)
{
	struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

void wait_until(PGconn *db, const char *sql)
{
	int64_t until = now_ms() + 10000;
	const char *answer;

	while (answer = ask(db, sql), strcmp(answer, "0") == 0 || strcmp(answer, "f") == 0) {
		if (now_ms() > until)
			fail_msg("in vain: %s", sql);
		sleep_ms(5);
	}
}

/* -- the log */

static void on_log(void *user, int32_t level, const char *message)
{
	struct log *log = user;
	int n = snprintf(log->text + log->size, LOG_SIZE - log->size, "%d %s\n", (int)level,
			 message);

	log->size += (size_t)n < LOG_SIZE - log->size ? (size_t)n : 0;
}

void log_to(mig_ctx *ctx, struct log *log)
{
	log->size = 0;
	log->text[0] = '\0';
	ok(ctx, mig_set_log(ctx, on_log, log));
}

size_t count_of(const char *text, const char *part)
{
	size_t count = 0;

	while ((text = strstr(text, part)) != NULL) {
		text += strlen(part);
		count++;
	}
	return count;
}

/* -- runs in a thread */

static void *run(void *user)
{
	struct runner *r = user;

	r->status = mig_upgrade_with(r->ctx, "head", r->options);
	r->ended_ms = now_ms();
	return NULL;
}

void runner_start(struct runner *r, mig_ctx *ctx, const mig_run_options *options)
{
	r->ctx = ctx;
	r->options = options;
	assert_int_equal(pthread_create(&r->thread, NULL, run, r), 0);
}

mig_status runner_join(struct runner *r)
{
	pthread_join(r->thread, NULL);
	return r->status;
}

static int32_t stop_at_statement(void *user, const mig_progress *now)
{
	struct held *h = user;

	if (now->event == MIG_EVENT_STATEMENT && now->step == 1 && now->statement == 1) {
		sem_post(&h->there);
		sem_wait(&h->go);
	}
	return 0;
}

struct held *held_start(mig_ctx *ctx)
{
	struct held *h = calloc(1, sizeof *h); /* not on the stack, lest a test fails meanwhile */
	struct timespec until;

	assert_non_null(h);
	sem_init(&h->there, 0, 0);
	sem_init(&h->go, 0, 0);
	ok(ctx, mig_set_progress(ctx, stop_at_statement, h));
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	runner_start(&h->runner, ctx, NULL);
	if (sem_timedwait(&h->there, &until))
		fail_msg("the run never came to its first statement: %s", mig_error_message(ctx));
	return h;
}

mig_status held_finish(struct held *h)
{
	mig_status rc;

	sem_post(&h->go);
	rc = runner_join(&h->runner);
	sem_destroy(&h->there);
	sem_destroy(&h->go);
	free(h);
	return rc;
}

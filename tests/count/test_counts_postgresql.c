/* What a run on PostgreSQL costs, in numbers that no busy machine moves: messages, round trips,
 * locks, transactions.
 *
 * Messages are counted by a proxy between the client and the server, which delays nothing here. A
 * bound is what the design promises; when one breaks, a run over a network has become slower. */
#include "../bench/delay.h"
#include "../bench/gen.h"
#include "../bench/limit_postgresql.h"
#include "cluster.h"

#include <mig/model.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { URL_SIZE = 512 };

/* A database, directly and through the proxy, and N revisions for it. */
struct place {
	struct delay proxy;
	const char *direct;
	char url[URL_SIZE];
	struct gen gen;
	mig_bundle bundle;
};

static void place_make(struct place *p, size_t n)
{
	PGconn *db;

	p->direct = pg_fresh_database();
	db = pg_connect(p->direct);
	if (delay_start(&p->proxy, PQhost(db), PQport(db), 0))
		fail_msg("no proxy for the server at %s", PQhost(db));
	PQfinish(db);
	delay_url(&p->proxy, p->direct, p->url, sizeof(p->url));
	assert_int_equal(gen_make(&p->gen, n, 0), 0);
	assert_int_equal(gen_bundle(&p->gen, &p->bundle), 0);
}

static void place_remove(struct place *p)
{
	gen_free(&p->gen);
	delay_stop(&p->proxy);
	pg_drop_database(p->direct);
}

static mig_ctx *with_bundle(const struct place *p, mig_open_options options)
{
	mig_ctx *ctx = NULL;

	options.struct_size = sizeof(options);
	if (mig_open_with(&ctx, &options) || mig_add_bundle(ctx, &p->bundle))
		fail_msg("%s", mig_error_message(ctx));
	return ctx;
}

static mig_ctx *lend(const struct place *p, PGconn *db)
{
	return with_bundle(p, (mig_open_options){ .connection = db, .dialect_name = "postgresql" });
}

static void run(mig_ctx *ctx, int down, int mode)
{
	mig_run_options options = { .struct_size = sizeof(options), .transaction_mode = mode };

	if (down ? mig_downgrade_with(ctx, "base", &options)
		 : mig_upgrade_with(ctx, "head", &options))
		fail_msg("%s", mig_error_message(ctx));
}

static void bring_to_head(const struct place *p)
{
	mig_ctx *ctx = with_bundle(p, (mig_open_options){ .url = p->direct });

	run(ctx, 0, MIG_TRANSACTION_RUN);
	mig_close(ctx);
}

/* ---- messages ----------------------------------------------------------------------------- */

struct sent {
	uint64_t messages, trips;
};

static struct sent sent_so_far(const struct place *p)
{
	return (struct sent){ p->proxy.counts->messages, p->proxy.counts->trips };
}

/* Since then. */
static struct sent sent_since(const struct place *p, struct sent then)
{
	struct sent now = sent_so_far(p);

	return (struct sent){ now.messages - then.messages, now.trips - then.trips };
}

#define assert_sent(place, then, want)                              \
	do {                                                        \
		struct sent sent_ = sent_since(place, then);        \
		assert_int_equal(sent_.messages, want);             \
		assert_int_equal(sent_.trips, want);                \
		assert_int_equal((place)->proxy.counts->kinds['Q'], \
				 (place)->proxy.counts->messages);  \
	} while (0)

static void test_noop_is_one_message(void **unused)
{
	struct place p;
	mig_revision_list *list = NULL;
	int32_t at_head = 0;
	struct sent then;
	PGconn *db;
	mig_ctx *ctx;

	(void)unused;
	pg_require();
	place_make(&p, 20);
	bring_to_head(&p);
	db = pg_connect(p.url);
	then = sent_so_far(&p);
	ctx = lend(&p, db);
	assert_sent(&p, then, 0);
	run(ctx, 0, MIG_TRANSACTION_RUN);
	assert_sent(&p, then, 1);
	run(ctx, 0, MIG_TRANSACTION_REVISION);
	assert_sent(&p, then, 2);
	assert_int_equal(mig_is_at_head(ctx, &at_head), MIG_OK);
	assert_int_equal(at_head, 1);
	assert_sent(&p, then, 3);
	assert_int_equal(mig_current(ctx, &list), MIG_OK);
	assert_sent(&p, then, 4);
	mig_revision_list_free(list);
	assert_int_equal(mig_verify(ctx, NULL), MIG_OK);
	assert_sent(&p, then, 5);
	mig_close(ctx);
	assert_sent(&p, then, 5);
	PQfinish(db);
	place_remove(&p);
}

/* libmig's own connection: one message to open it, one to read. */
static void test_noop_with_a_connection_of_its_own(void **unused)
{
	struct place p;
	struct sent then;
	mig_ctx *ctx;

	(void)unused;
	pg_require();
	place_make(&p, 20);
	bring_to_head(&p);
	then = sent_so_far(&p);
	ctx = with_bundle(&p, (mig_open_options){ .url = p.url });
	run(ctx, 0, MIG_TRANSACTION_RUN);
	assert_int_equal(sent_since(&p, then).messages, 1);
	assert_int_equal(sent_since(&p, then).trips, 2);
	mig_close(ctx);
	place_remove(&p);
}

/* A no-op inside the host's transaction shows what it leaves there: the one lock of a read on one
 * table and its index, and no number of a transaction that wrote. */
static void test_noop_takes_no_lock(void **unused)
{
	struct place p;
	char text[256];
	PGconn *db;
	mig_ctx *ctx;

	(void)unused;
	pg_require();
	place_make(&p, 20);
	bring_to_head(&p);
	db = pg_connect(p.direct);
	pg_exec(db, "BEGIN READ ONLY");
	ctx = lend(&p, db);
	run(ctx, 0, MIG_TRANSACTION_RUN);
	assert_int_equal(PQtransactionStatus(db), PQTRANS_INTRANS);
	pg_text(db,
		"SELECT string_agg(DISTINCT locktype || ' ' || relation::regclass || ' ' || mode, "
		"', ') FROM pg_locks WHERE pid = pg_backend_pid() AND locktype <> 'virtualxid' AND "
		"relation NOT IN (SELECT oid FROM pg_class WHERE relnamespace = "
		"'pg_catalog'::regnamespace)",
		text, sizeof(text));
	assert_string_equal(text, "relation mig_version AccessShareLock, relation "
				  "mig_version_pkey AccessShareLock");
	assert_int_equal(pg_int(db, "SELECT count(*) FROM pg_locks WHERE locktype IN ('advisory', "
				    "'transactionid') AND pid = pg_backend_pid()"),
			 0);
	mig_close(ctx);
	PQfinish(db);
	place_remove(&p);
}

/* Messages of an upgrade and of the downgrade after it. */
static void sent_by_runs(size_t n, int mode, struct sent out[2])
{
	struct place p;

	place_make(&p, n);
	for (int down = 0; down < 2; down++) {
		PGconn *db = pg_connect(p.url);
		struct sent then = sent_so_far(&p);
		mig_ctx *ctx = lend(&p, db);

		run(ctx, down, mode);
		mig_close(ctx);
		out[down] = sent_since(&p, then);
		PQfinish(db);
	}
	place_remove(&p);
}

static void test_messages_of_runs(void **unused)
{
	static const struct {
		const char *name;
		int mode;
		uint64_t each;
	} modes[] = {
		{ "one transaction", MIG_TRANSACTION_RUN, 1 },
		{ "a transaction a revision", MIG_TRANSACTION_REVISION, 1 },
	};

	(void)unused;
	pg_require();
	for (size_t m = 0; m < 2; m++) {
		struct sent few[2], many[2];

		sent_by_runs(50, modes[m].mode, few);
		sent_by_runs(100, modes[m].mode, many);
		for (int down = 0; down < 2; down++) {
			print_message("%s, 50 and 100 revisions %s: %d and %d messages, %d and %d "
				      "round trips\n",
				      modes[m].name, down ? "down" : "up", (int)few[down].messages,
				      (int)many[down].messages, (int)few[down].trips,
				      (int)many[down].trips);
			assert_int_equal(many[down].messages - few[down].messages,
					 50 * modes[m].each);
			assert_true(few[down].messages <= 50 * modes[m].each + 4);
			assert_int_equal(few[down].trips, few[down].messages);
			assert_int_equal(many[down].trips, many[down].messages);
		}
	}
}

/* ---- what is around the revisions of a run ------------------------------------------------- */

enum { ODD_PLAIN, ODD_LONE, ODD_HOOK, ODD_KINDS };

static mig_status do_nothing(void *user, mig_step *step)
{
	(void)user;
	(void)step;
	return MIG_OK;
}

/* A chain of small revisions, added as scripts; the last but one outside a transaction (ODD_LONE). */
static void add_chain(mig_ctx *ctx, size_t n, int odd)
{
	for (size_t i = 1; i <= n; i++) {
		char text[500], name[32], before[32] = "";
		int size;

		if (i > 1)
			snprintf(before, sizeof(before), "c%zu", i - 1);
		snprintf(name, sizeof(name), "c%zu.sql", i);
		size = snprintf(text, sizeof(text),
				"-- c\n--\n-- revision: c%zu\n-- revises: %s\n\n-- mig:upgrade%s\n"
				"CREATE TABLE c%zu (x INTEGER);\n",
				i, before, odd == ODD_LONE && i == n - 1 ? " transaction=no" : "", i);
		assert_int_equal(mig_add_script(ctx, name, text, (size_t)size), MIG_OK);
	}
}

/* What the session has prepared as the last revision begins. */
struct session {
	PGconn *db;
	char last[32];
	int64_t prepared;
};

static int32_t look(void *user, const mig_progress *now)
{
	struct session *s = user;

	if (now->event == MIG_EVENT_STEP_BEGIN && !strcmp(now->revision, s->last))
		s->prepared = pg_int(s->db, "SELECT count(*) FROM pg_prepared_statements");
	return 0;
}

static uint64_t sent_by_chain(size_t n, int odd, struct session *s)
{
	struct place p;
	struct sent then;
	mig_ctx *ctx;
	uint64_t count;

	place_make(&p, 1);
	s->db = pg_connect(p.url);
	snprintf(s->last, sizeof(s->last), "c%zu", n);
	then = sent_so_far(&p);
	if (mig_open_with(&ctx, &(mig_open_options){ .struct_size = sizeof(mig_open_options),
						     .connection = s->db,
						     .dialect_name = "postgresql" }))
		fail_msg("%s", mig_error_message(ctx));
	add_chain(ctx, n, odd);
	if (odd == ODD_PLAIN)
		assert_int_equal(mig_set_progress(ctx, look, s), MIG_OK);
	if (odd == ODD_HOOK)
		assert_int_equal(mig_set_step_hooks(ctx, do_nothing, NULL, NULL), MIG_OK);
	run(ctx, 0, MIG_TRANSACTION_REVISION);
	count = sent_since(&p, then).messages;
	assert_int_equal(pg_int(s->db, "SELECT count(*) FROM pg_prepared_statements"), 0);
	mig_close(ctx);
	PQfinish(s->db);
	place_remove(&p);
	return count;
}

/* A revision outside a transaction, which takes the lock of the session, changes nothing for the others;
 * with a hook each has a message for its commit, and one that looks whether the hook has left the transaction
 * of a lent connection alone. As many statements are prepared whatever the number of
 * revisions, and none are left. */
static void test_messages_beside(void **unused)
{
	enum { FEW = 30, MANY = 50, PREPARED = 4 };
	static const uint64_t each[ODD_KINDS] = { 1, 1, 3 };

	(void)unused;
	pg_require();
	for (int odd = 0; odd < ODD_KINDS; odd++) {
		struct session few = { .prepared = 0 }, many = { .prepared = 0 };
		uint64_t a = sent_by_chain(FEW, odd, &few), b = sent_by_chain(MANY, odd, &many);

		print_message("kind %d, %d and %d revisions: %d and %d messages; %d and %d prepared\n", odd,
			      FEW, MANY, (int)a, (int)b, (int)few.prepared, (int)many.prepared);
		assert_int_equal(b - a, (MANY - FEW) * each[odd]);
		if (odd == ODD_PLAIN) {
			assert_int_equal(few.prepared, PREPARED);
			assert_int_equal(many.prepared, PREPARED);
		}
	}
}

/* ---- comparisons -------------------------------------------------------------------------- */

/* A model in SQL of so many tables, keys and indexes; of malloc(). */
static char *tables_text(size_t count)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (size_t i = 0; i < count; i++)
		fprintf(out,
			"CREATE TABLE t%zu (id serial PRIMARY KEY, name varchar(80) DEFAULT 'x' NOT NULL, "
			"amount numeric(12,2) CHECK (amount > 0), other integer REFERENCES t%zu (id));\n"
			"CREATE INDEX ON t%zu (name);\n",
			i, i ? i - 1 : 0, i);
	fclose(out);
	return text;
}

/* Of a comparison that finds nothing, with those that open the connection. */
static uint64_t sent_by_comparison(struct place *p, const char *sql)
{
	struct sent then = sent_so_far(p);
	mig_model *model = NULL;
	mig_op_list *list = NULL;
	mig_ctx *ctx = NULL;
	uint64_t count;

	if (mig_open(&ctx, p->url) || mig_model_of(ctx, &model) ||
	    mig_model_sql(model, NULL, "model", sql, strlen(sql)) || mig_diff(ctx, NULL, &list))
		fail_msg("%s", mig_error_message(ctx));
	assert_int_equal(mig_op_list_count(list), 0);
	mig_op_list_free(list);
	count = sent_since(p, then).messages;
	mig_close(ctx);
	return count;
}

/* What is equal is not run: no scratch database, and as many messages whatever the size. */
static void test_messages_of_comparisons(void **unused)
{
	enum { MOST = 8 };
	static const size_t sizes[] = { 1, 20, 200 };
	uint64_t first = 0;

	(void)unused;
	pg_require();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char *sql = tables_text(sizes[i]);
		struct place p;
		uint64_t sent;
		PGconn *db;

		place_make(&p, 1);
		db = pg_connect(p.direct);
		pg_exec(db, sql);
		PQfinish(db);
		sent = sent_by_comparison(&p, sql);
		print_message("%d tables, no difference: %d messages\n", (int)sizes[i], (int)sent);
		assert_true(sent <= MOST);
		first = i ? first : sent;
		assert_int_equal(sent, first);
		place_remove(&p);
		free(sql);
	}
}

/* ---- transactions ------------------------------------------------------------------------- */

/* The number of the session's transaction: it counts them all, those that only read as well. */
static int64_t transaction_number(PGconn *db)
{
	return pg_int(db, "SELECT split_part(virtualxid, '/', 2) FROM pg_locks WHERE pid = "
			  "pg_backend_pid() AND locktype = 'virtualxid'");
}

static int64_t transactions_by_hand(const struct place *p, int mode)
{
	struct limit_step *steps = calloc(p->gen.count, sizeof(*steps));
	const char *url = pg_fresh_database();
	PGconn *db = pg_connect(url);
	int64_t before = transaction_number(db), count;

	assert_non_null(steps);
	for (size_t i = 0; i < p->gen.count; i++)
		steps[i] = (struct limit_step){ p->gen.at[i].id, p->gen.at[i].up };
	limit_pg_apply(db, steps, p->gen.count, mode == MIG_TRANSACTION_RUN);
	count = transaction_number(db) - before - 1;
	PQfinish(db);
	free(steps);
	pg_drop_database(url);
	return count;
}

static int64_t transactions_of_run(const struct place *p, int mode)
{
	PGconn *db = pg_connect(p->direct);
	int64_t before = transaction_number(db), count;
	mig_ctx *ctx = lend(p, db);

	run(ctx, 0, mode);
	mig_close(ctx);
	count = transaction_number(db) - before - 1;
	PQfinish(db);
	return count;
}

/* Each may keep the server's disk busy: as many as by hand. The room is for one that only reads,
 * and for those that the server begins by itself, to catch up with changes of the catalogue. */
static void test_transactions(void **unused)
{
	enum { FEW = 20, MANY = 60, ROOM = 4 };
	static const int modes[] = { MIG_TRANSACTION_RUN, MIG_TRANSACTION_REVISION };

	(void)unused;
	pg_require();
	for (size_t m = 0; m < 2; m++) {
		int64_t hand[2], ours[2];

		for (size_t i = 0; i < 2; i++) {
			struct place p;

			place_make(&p, i ? MANY : FEW);
			hand[i] = transactions_by_hand(&p, modes[m]);
			ours[i] = transactions_of_run(&p, modes[m]);
			place_remove(&p);
		}
		print_message("%s, %d and %d revisions: by hand %d and %d transactions, libmig %d "
			      "and %d\n",
			      m ? "a transaction a revision" : "one transaction", FEW, MANY,
			      (int)hand[0], (int)hand[1], (int)ours[0], (int)ours[1]);
		for (size_t i = 0; i < 2; i++)
			assert_true(llabs(ours[i] - hand[i]) <= ROOM);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_noop_is_one_message),
		cmocka_unit_test(test_noop_with_a_connection_of_its_own),
		cmocka_unit_test(test_noop_takes_no_lock),
		cmocka_unit_test(test_messages_of_runs),
		cmocka_unit_test(test_messages_beside),
		cmocka_unit_test(test_messages_of_comparisons),
		cmocka_unit_test(test_transactions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

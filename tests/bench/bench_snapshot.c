/* bench_snapshot: the first start of a program with many revisions, by their snapshot, against one script
 * that creates the same by hand.
 *
 *     bench_snapshot [-d ENGINES] [-n COUNT,...] [-s SAMPLES] [-t FOLDER]
 *
 * The script is the snapshot's own text, in a transaction with one version row. Small revisions make one
 * table each, the mixed ones tables, indexes, columns and rows. */
#include "engine.h"
#include "gen.h"
#include "limit.h"
#include "rows.h"

#include <mig/mig.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct env {
	const struct engine *engine;
	void *state;
	mig_bundle bundle;
	struct limit_step script;
	int replay;
};

static void check(mig_status rc, const mig_ctx *ctx)
{
	if (rc)
		die(mig_status_name(rc), mig_error_message(ctx));
}

static double by_hand(struct env *env)
{
	const char *url = env->engine->fresh(env->state, EMPTY, 0);
	double start = clock_ms();
	void *db = env->engine->limit->open(url);

	env->engine->limit->apply(db, &env->script, 1, LIMIT_ONE);
	env->engine->limit->close(db);
	return clock_ms() - start;
}

static int32_t on_progress(void *user, const mig_progress *p)
{
	*(int *)user |= p->event == MIG_EVENT_SNAPSHOT;
	return 0;
}

static double by_mig(struct env *env)
{
	const char *url = env->engine->fresh(env->state, EMPTY, 0);
	mig_run_options options = { .struct_size = sizeof options, .replay = env->replay };
	double start = clock_ms();
	mig_ctx *ctx = NULL;
	int taken = 0;

	check(mig_open(&ctx, url), ctx);
	check(mig_set_progress(ctx, on_progress, &taken), ctx);
	check(mig_add_bundle(ctx, &env->bundle), ctx);
	check(mig_upgrade_with(ctx, "head", &options), ctx);
	mig_close(ctx);
	if (taken == env->replay)
		die("snapshot", taken ? "taken" : "not taken");
	return clock_ms() - start;
}

static void run(const struct engine *engine, void *state, size_t count, int small, const struct sampling *sampling)
{
	struct env env = { .engine = engine, .state = state };
	const struct row rows[] = {
		{ small ? "S small" : "S", small ? "first start by snapshot, small" : "first start by snapshot", by_hand,
		  by_mig, UNIT_RATIO, 0 },
		{ "S replay", small ? "first start by replay, small" : "first start by replay", by_hand, by_mig,
		  UNIT_RATIO, 0 },
	};
	struct gen gen = { .count = 0 };
	mig_snapshot *made = NULL;
	mig_ctx *ctx = NULL;
	char *text;

	if ((small ? gen_make_small(&gen, count) : gen_make(&gen, count, 0)) || gen_bundle(&gen, &env.bundle))
		die("memory", NULL);
	check(mig_open(&ctx, engine->fresh(state, EMPTY, 0)), ctx);
	check(mig_add_bundle(ctx, &env.bundle), ctx);
	check(mig_snapshot_make(ctx, &made), ctx);
	mig_close(ctx);
	env.bundle.snapshots = mig_snapshot_entry(made);
	env.bundle.snapshot_count = 1;
	env.bundle.snapshot_size = sizeof *env.bundle.snapshots;
	text = strdup(mig_snapshot_entry(made)->text);
	if (!text)
		die("memory", NULL);
	env.script = (struct limit_step){ "head", text };
	row_run(&rows[0], engine->limit->name, &env, count, sampling);
	env.replay = 1;
	row_run(&rows[1], engine->limit->name, &env, count, sampling);
	free(text);
	mig_snapshot_free(made);
	gen_free(&gen);
}

int main(int argc, char **argv)
{
	struct engine_options options = { .folder = "/dev/shm" };
	struct sampling sampling = { .samples = 0, .budget_s = 12 };
	const char *engines = "sqlite,postgresql", *counts = "1000";
	const struct engine *const all[] = { &engine_sqlite,
#ifdef HAVE_POSTGRESQL
					     &engine_postgresql
#endif
	};
	int option;

	while ((option = getopt(argc, argv, "d:n:s:t:")) != -1) {
		if (option == 'd')
			engines = optarg;
		else if (option == 'n')
			counts = optarg;
		else if (option == 's')
			sampling.samples = atoi(optarg);
		else if (option == 't')
			options.folder = optarg;
		else
			return 2;
	}
	rows_print_head();
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		void *state = strstr(engines, all[i]->limit->name) ? all[i]->start(&options) : NULL;

		for (const char *p = counts; state && *p; p += strcspn(p, ",") + (p[strcspn(p, ",")] == ','))
			for (int small = 0; small < 2; small++)
				run(all[i], state, strtoul(p, NULL, 10), small, &sampling);
		if (state)
			all[i]->stop(state);
	}
	return 0;
}

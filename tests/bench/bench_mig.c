/* A program that does with libmig what bench_limit does without:
 *
 *     bench_mig noop|up|up1 URL FROM
 *
 * FROM is a folder, or a number of small revisions that are compiled in, and then are the bundle that
 * is run. Prints what bench_limit prints; libraries are loaded before the time begins. */
#include "gen.h"
#include "limit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(mig_status rc, const mig_ctx *ctx)
{
	if (rc)
		die(mig_status_name(rc), mig_error_message(ctx));
}

static mig_bundle *make_bundle(struct gen *gen, size_t count)
{
	static mig_bundle bundle;

	if (gen_make_small(gen, count) || gen_bundle_apart(gen, &bundle))
		die("revisions", "cannot be made");
	return &bundle;
}

/* Loads the dialect, and opens no database. */
static void load_dialect(const char *url)
{
	mig_open_options options = { .struct_size = sizeof(options), .url = url, .offline = 1 };
	mig_ctx *ctx = NULL;

	check(mig_open_with(&ctx, &options), ctx);
	mig_close(ctx);
}

int main(int argc, char **argv)
{
	mig_run_options options = { .struct_size = sizeof(options) };
	mig_bundle *bundle = NULL;
	mig_ctx *ctx = NULL;
	struct gen gen;
	size_t count;
	double start;

	if (argc != 4 || (strcmp(argv[1], "noop") && strcmp(argv[1], "up") && strcmp(argv[1], "up1"))) {
		fprintf(stderr, "usage: bench_mig noop|up|up1 URL FROM\n");
		return 2;
	}
	if (getenv("BENCH_CPU"))
		clock_use_cpu();
	options.transaction_mode =
		strcmp(argv[1], "up") ? MIG_TRANSACTION_RUN : MIG_TRANSACTION_REVISION;
	count = strtoul(argv[3], NULL, 10);
	if (count)
		bundle = make_bundle(&gen, count);
	load_dialect(argv[2]);
	start = clock_ms();
	check(mig_open(&ctx, argv[2]), ctx);
	check(bundle ? mig_add_bundle(ctx, bundle) : mig_add_directory(ctx, argv[3]), ctx);
	check(mig_upgrade_with(ctx, "head", &options), ctx);
	mig_close(ctx);
	printf("%.4f %ld\n", clock_ms() - start, peak_kb());
	return 0;
}

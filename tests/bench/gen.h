/* gen: N linear revisions for the benchmark and the counts, as files, as plain SQL, and as a
 * bundle.
 *
 * Revision i creates a table of six columns and an index; every fifth adds a column to an older
 * table, every seventh inserts three rows into one. Everything has its way back. */
#ifndef MIG_BENCH_GEN_H
#define MIG_BENCH_GEN_H

#include <mig/mig.h>
#include <stddef.h>

struct gen_revision {
	char id[32];
	char file[32];
	const char *parents[2]; /* as the bundle wants it: one or none, then NULL */
	char *text;             /* the whole revision file */
	size_t size;
	char *up, *down; /* the SQL of its sections, NUL-terminated */
	mig_section sections[2];
};

struct gen {
	struct gen_revision *at;
	size_t count;
	mig_bundle_revision *bundled; /* after gen_bundle() */
	uint32_t head;                /* number of the last */
};

/* Both return 0, or -1 when there is no memory. padding: bytes of comment in each upgrade. */
int gen_make(struct gen *gen, size_t count, size_t padding);
/* The same of revisions that create one table of three columns and nothing else. */
int gen_make_small(struct gen *gen, size_t count);
void gen_free(struct gen *gen);

/* Writes the revision files into a folder that exists. Returns 0 or -1. */
int gen_write(const struct gen *gen, const char *folder);

/* -- what needs libmig, and SQLite (gen_bundle.c) */

/* Adds the texts to a context, one by one. */
mig_status gen_add_scripts(const struct gen *gen, mig_ctx *ctx);
/* Makes a bundle of them, as `mig embed` would write it. The digests are libmig's own: read from
 * a run on a database in memory. Returns 0 or -1. */
int gen_bundle(struct gen *gen, mig_bundle *out);
/* The same, and the run is in a process of its own: this one has called nothing of libmig or SQLite. */
int gen_bundle_apart(struct gen *gen, mig_bundle *out);

#endif

/* graph_support: small graphs written as text, and random ones, for the tests of lib/graph. */
#ifndef TESTS_GRAPH_SUPPORT_H
#define TESTS_GRAPH_SUPPORT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/graph.h"

/* -- an allocator that counts, and fails at a given call */

struct counting_alloc {
	struct mig__alloc alloc;
	long live;    /* blocks */
	long calls;   /* that asked for memory */
	long fail_at; /* the call, from 1, that gets none; 0: never */
};

static void *counting_realloc(void *user, void *ptr, size_t size)
{
	struct counting_alloc *c = user;
	void *out;

	if (!size) {
		c->live -= ptr != NULL;
		free(ptr);
		return NULL;
	}
	if (++c->calls == c->fail_at)
		return NULL;
	out = realloc(ptr, size);
	if (out && !ptr)
		c->live++;
	return out;
}

static inline void counting_init(struct counting_alloc *c)
{
	*c = (struct counting_alloc){ .alloc = { counting_realloc, c } };
}

/* -- declarations that own their memory */

enum { MOST_NAMES = 64 };

struct decls {
	struct mig__graph_decl *at;
	size_t count, cap;
	void **blocks;
	size_t block_count;
};

static inline void *decls_keep(struct decls *d, void *block)
{
	d->blocks = realloc(d->blocks, (d->block_count + 1) * sizeof *d->blocks);
	d->blocks[d->block_count++] = block;
	return block;
}

static inline struct mig__graph_decl *decls_add(struct decls *d, const char *id)
{
	if (d->count == d->cap) {
		d->cap = d->cap ? 2 * d->cap : 16;
		d->at = realloc(d->at, d->cap * sizeof *d->at);
	}
	d->at[d->count] = (struct mig__graph_decl){ .id = decls_keep(d, strdup(id)) };
	return &d->at[d->count++];
}

static inline void decls_name(struct decls *d, const char *const **list, uint32_t *count,
			      const char *name)
{
	const char **names = (const char **)*list;

	if (!names)
		names = decls_keep(d, calloc(MOST_NAMES, sizeof *names));
	if (*count == MOST_NAMES)
		abort();
	names[(*count)++] = decls_keep(d, strdup(name));
	*list = names;
}

static inline void decls_finish(struct decls *d)
{
	for (size_t i = 0; i < d->block_count; i++)
		free(d->blocks[i]);
	free(d->blocks);
	free(d->at);
	*d = (struct decls){ 0 };
}

/* One revision a line: "ID: PARENT ... / DEPENDENCY ... / LABEL ... / FILE", what follows the colon
 * may be left out from the end. */
static inline void decls_parse(struct decls *d, const char *text)
{
	char *copy = strdup(text), *line_end = NULL;

	for (char *line = strtok_r(copy, "\n", &line_end); line;
	     line = strtok_r(NULL, "\n", &line_end)) {
		char *end = NULL, *word = strtok_r(line, " :", &end);
		struct mig__graph_decl *decl = decls_add(d, word);
		int part = 0;

		while ((word = strtok_r(NULL, " :", &end))) {
			if (!strcmp(word, "/"))
				part++;
			else if (part == 0)
				decls_name(d, &decl->parents, &decl->parent_count, word);
			else if (part == 1)
				decls_name(d, &decl->dependencies, &decl->dependency_count, word);
			else if (part == 2)
				decls_name(d, &decl->labels, &decl->label_count, word);
			else
				decl->file = decls_keep(d, strdup(word));
		}
	}
	free(copy);
}

/* -- random graphs */

/* xorshift64*: the same numbers everywhere. */
static inline uint32_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t)((*state * UINT64_C(2685821657736338717)) >> 32);
}

static inline uint32_t below(uint64_t *state, uint32_t limit)
{
	return next_random(state) % limit;
}

/* The seed of a run: GRAPH_SEED, or a fixed one. */
static inline uint64_t first_seed(void)
{
	const char *text = getenv("GRAPH_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 0) : 0;

	return seed ? seed : 20221122;
}

struct shape {
	uint32_t count;
	uint32_t reach;   /* how far back a parent may lie */
	uint32_t bases;   /* percent of revisions without a parent */
	uint32_t merges;  /* percent with several */
	uint32_t depends; /* percent with dependencies */
	uint32_t labels;  /* percent with a label */
	int shuffled;     /* whether the load order is another one */
};

static inline struct shape random_shape(uint64_t *state, uint32_t most)
{
	static const uint32_t percents[] = { 0, 0, 3, 10, 30, 60 };
	struct shape s = { .count = 1 + below(state, most) };

	s.reach = 1 + below(state, below(state, 2) ? 4 : s.count);
	s.bases = percents[below(state, 5)];
	s.merges = percents[below(state, 6)];
	s.depends = percents[below(state, 6)];
	s.labels = percents[below(state, 4)];
	s.shuffled = below(state, 2) != 0;
	return s;
}

static inline void name_earlier(struct decls *d, const char *const **list, uint32_t *count,
				uint64_t *state, uint32_t v, uint32_t reach)
{
	uint32_t to = v - 1 - below(state, v < reach ? v : reach);

	for (uint32_t i = 0; i < *count; i++)
		if (!strcmp((*list)[i], d->at[to].id))
			return;
	decls_name(d, list, count, d->at[to].id);
}

static inline void decls_random(struct decls *d, const struct shape *s, uint64_t *state)
{
	char text[32];

	for (uint32_t v = 0; v < s->count; v++) {
		struct mig__graph_decl *decl;
		uint32_t want = below(state, 100) < s->bases ? 0 : 1;

		snprintf(text, sizeof text, "r%x_%x", (unsigned)(next_random(state) >> 16), v);
		decl = decls_add(d, text);
		if (want && below(state, 100) < s->merges)
			want = 2 + below(state, 3);
		for (uint32_t i = 0; v && i < want; i++)
			name_earlier(d, &decl->parents, &decl->parent_count, state, v, s->reach);
		want = below(state, 100) < s->depends ? 1 + below(state, 3) : 0;
		for (uint32_t i = 0; v && i < want; i++)
			name_earlier(d, &decl->dependencies, &decl->dependency_count, state, v,
				     below(state, 2) ? v : s->reach);
		if (below(state, 100) < s->labels) {
			snprintf(text, sizeof text, "label-%u", v);
			decls_name(d, &decl->labels, &decl->label_count, text);
		}
	}
	for (uint32_t v = s->count; s->shuffled && v > 1; v--) {
		uint32_t w = below(state, v);
		struct mig__graph_decl swap = d->at[v - 1];

		d->at[v - 1] = d->at[w];
		d->at[w] = swap;
	}
}

#endif

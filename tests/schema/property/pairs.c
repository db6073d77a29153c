/* See pairs.h. */
#include "pairs.h"

#include <stdlib.h>
#include <string.h>

enum {
	NEAR_MOST = 8,  /* changes between neighbours */
	FAR = 4,        /* every so many pairs, one is far apart: from the first to the last of a long chain */
	FAR_LEAST = 20
};

static char *text_of(const struct schema *s)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	schema_print(s, out);
	if (fclose(out))
		abort();
	return text;
}

void pair_make(struct pair *pair, enum dialect dialect, uint64_t seed, unsigned changes)
{
	uint64_t state = seed;
	struct schema s;

	schema_make(&s, dialect, &state);
	pair->old = text_of(&s);
	if (changes)
		random_next(&state); /* the changes are the same ones */
	else if (seed % FAR)
		changes = random_below(&state, NEAR_MOST + 1);
	else
		changes = FAR_LEAST + random_below(&state, PAIR_MOST - FAR_LEAST + 1);
	for (unsigned i = 0; i < changes; i++)
		schema_change(&s, &state);
	pair->new = text_of(&s);
}

void pair_free(struct pair *pair)
{
	free(pair->old);
	free(pair->new);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Its lines in order of their text, without commas at their ends. */
static char *sorted(const char *text)
{
	char *copy = strdup(text), *out = calloc(strlen(text) + 2, 1), *save = NULL;
	char **lines = calloc(strlen(text) + 1, sizeof *lines);
	size_t count = 0;

	if (!copy || !out || !lines)
		abort();
	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		size_t end = strlen(line);

		if (end && line[end - 1] == ',')
			line[end - 1] = '\0';
		lines[count++] = line;
	}
	qsort(lines, count, sizeof *lines, by_text);
	for (size_t i = 0, at = 0; i < count; i++)
		at += (size_t)sprintf(out + at, "%s\n", lines[i]);
	free(copy);
	free(lines);
	return out;
}

int pair_is_same(const struct pair *pair)
{
	char *a = sorted(pair->old), *b = sorted(pair->new);
	int same = !strcmp(a, b);

	free(a);
	free(b);
	return same;
}

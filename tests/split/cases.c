#include "cases.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition)                                                                 \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                        \
		}                                                                       \
	} while (0)

static void take_marks(struct split_case *c, const char *marked, size_t size)
{
	size_t i = 0;
	int open = 0;

	while (i < size) {
		if (!strncmp(marked + i, "«", 2) && !open) {
			MUST(c->count < MAX_SPANS);
			c->spans[c->count].from = c->size;
			open = 1;
			i += 2;
		} else if (!strncmp(marked + i, "»", 2)) {
			MUST(open);
			c->spans[c->count++].to = c->size;
			open = 0;
			i += 2;
		} else {
			c->text[c->size++] = marked[i++];
		}
	}
	MUST(!open && c->count);
}

static void read_case(struct split_case *c, const char *path)
{
	static char marked[1 << 16];
	FILE *f = fopen(path, "rb");
	size_t size;

	MUST(f);
	size = fread(marked, 1, sizeof marked - 1, f);
	MUST(size < sizeof marked - 1);
	fclose(f);
	marked[size] = '\0';
	memset(c, 0, sizeof *c);
	snprintf(c->name, sizeof c->name, "%s", strrchr(path, '/') + 1);
	c->standard_strings = !strstr(c->name, "_off.sql");
	c->text = malloc(size + 1);
	MUST(c->text);
	take_marks(c, marked, size);
	c->text[c->size] = '\0';
	c->text = realloc(c->text, c->size + 1);
	MUST(c->text);
}

struct split_case *cases_read(size_t *count)
{
	struct split_case *cases;
	glob_t found;

	MUST(!glob(CASES "/*.sql", 0, NULL, &found));
	cases = malloc(found.gl_pathc * sizeof *cases);
	MUST(cases);
	for (*count = 0; *count < found.gl_pathc; ++*count)
		read_case(&cases[*count], found.gl_pathv[*count]);
	globfree(&found);
	return cases;
}

void cases_free(struct split_case *cases, size_t count)
{
	while (count)
		free(cases[--count].text);
	free(cases);
}

size_t split_all(const char *text, size_t size, int standard_strings, struct span *spans,
		 size_t max)
{
	mig_statement st = { .struct_size = sizeof st };
	struct mig__pg_split_error error;
	size_t n;

	for (n = 0;; n++) {
		if (mig__pg_split_next(text, size, st.next, standard_strings, &st, &error)) {
			fprintf(stderr, "offset %zu: %s\n", error.offset, error.message);
			abort();
		}
		if (!st.size)
			return n;
		MUST(n < max);
		spans[n] = (struct span){ st.offset, st.offset + st.size };
	}
}

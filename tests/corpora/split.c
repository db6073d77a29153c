/* split CORPUS_DIR: compares PostgreSQL's splitter with the spans of
 * CORPUS_DIR/split/postgresql.jsonl, one line a file: {"file": "path under CORPUS_DIR", …, "spans":
 * [[start, end], …]}, ends without their semicolons.
 *
 *   cc -D_GNU_SOURCE -Iinclude -Ilib tests/corpora/split.c lib/dialect/postgresql/sql/split.c -ljansson
 */
#include "dialect/postgresql/sql/split.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_file(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	char *text = NULL;
	size_t room = 0;

	if (!f) {
		perror(path);
		exit(2);
	}
	if (getdelim(&text, &room, '\0', f) < 0) {
		free(text);
		text = calloc(1, 1);
	}
	fclose(f);
	*size = strlen(text);
	return text;
}

static int only_comments(const char *text, size_t size, size_t at)
{
	mig_statement st = { .struct_size = sizeof st };
	struct mig__pg_split_error error;

	return !mig__pg_split_next(text, size, at, 1, &st, &error) && !st.size;
}

/* The statement without its semicolon and the blanks before that. */
static size_t end_of(const char *text, const mig_statement *st)
{
	size_t end = st->offset + st->size;

	if (text[end - 1] == ';')
		end--;
	while (strchr(" \t\r\n", text[end - 1]))
		end--;
	return end;
}

static int compare(const char *name, const char *text, size_t size, const json_t *spans)
{
	mig_statement st = { .struct_size = sizeof st };
	struct mig__pg_split_error error;
	size_t i, from, to;

	for (i = 0;; i++) {
		if (mig__pg_split_next(text, size, st.next, 1, &st, &error)) {
			printf("%s: %zu: %s\n", name, error.offset, error.message);
			return 1;
		}
		if (!st.size || i == json_array_size(spans))
			break;
		from = (size_t)json_integer_value(json_array_get(json_array_get(spans, i), 0));
		to = (size_t)json_integer_value(json_array_get(json_array_get(spans, i), 1));
		if (st.offset != from || (end_of(text, &st) != to &&
					  (to < st.next || !only_comments(text, to, st.next)))) {
			printf("%s: [%zu, %zu) instead of [%zu, %zu)\n", name, st.offset,
			       end_of(text, &st), from, to);
			return 1;
		}
	}
	if (st.size || i != json_array_size(spans)) {
		printf("%s: %zu statements or more instead of %zu\n", name, i + !!st.size,
		       json_array_size(spans));
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	size_t files = 0, statements = 0, different = 0, room = 0, size;
	char path[4096], *line = NULL, *text;
	FILE *list;
	json_t *row;

	if (argc != 2) {
		fprintf(stderr, "usage: split CORPUS_DIR\n");
		return 2;
	}
	snprintf(path, sizeof path, "%s/split/postgresql.jsonl", argv[1]);
	list = fopen(path, "r");
	if (!list) {
		perror(path);
		return 2;
	}
	while (getline(&line, &room, list) > 0 && (row = json_loads(line, 0, NULL))) {
		const char *name = json_string_value(json_object_get(row, "file"));
		const json_t *spans = json_object_get(row, "spans");

		snprintf(path, sizeof path, "%s/%s", argv[1], name);
		text = read_file(path, &size);
		different += (size_t)compare(name, text, size, spans);
		statements += json_array_size(spans);
		files++;
		free(text);
		json_decref(row);
	}
	free(line);
	fclose(list);
	printf("%zu files, %zu statements, %zu files differ\n", files, statements, different);
	return different || !files;
}

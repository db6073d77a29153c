/* See gen.h. */
#include "gen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTION_SIZE 1024

static void make_up(char *out, size_t i)
{
	int at = snprintf(out, SECTION_SIZE,
			  "CREATE TABLE t_%06zu (\n"
			  "    id INTEGER NOT NULL PRIMARY KEY,\n"
			  "    name VARCHAR(80) NOT NULL,\n"
			  "    email VARCHAR(120),\n"
			  "    amount NUMERIC(12, 2) DEFAULT 0 NOT NULL,\n"
			  "    active BOOLEAN DEFAULT TRUE NOT NULL,\n"
			  "    created_at TIMESTAMP\n"
			  ");\n"
			  "CREATE INDEX ix_t_%06zu_name ON t_%06zu (name);\n",
			  i, i, i);

	if (i % 5 == 0)
		at += snprintf(out + at, SECTION_SIZE - (size_t)at,
			       "ALTER TABLE t_%06zu ADD COLUMN extra_%zu VARCHAR(40);\n", i - 3, i);
	if (i % 7 == 0)
		snprintf(out + at, SECTION_SIZE - (size_t)at,
			 "INSERT INTO t_%06zu (id, name) VALUES (1, 'one'), (2, 'two'), (3, "
			 "'three');\n",
			 i - 2);
}

static void make_down(char *out, size_t i)
{
	int at = 0;

	if (i % 5 == 0)
		at += snprintf(out, SECTION_SIZE, "ALTER TABLE t_%06zu DROP COLUMN extra_%zu;\n",
			       i - 3, i);
	if (i % 7 == 0)
		at += snprintf(out + at, SECTION_SIZE - (size_t)at,
			       "DELETE FROM t_%06zu WHERE id IN (1, 2, 3);\n", i - 2);
	snprintf(out + at, SECTION_SIZE - (size_t)at,
		 "DROP INDEX ix_t_%06zu_name;\nDROP TABLE t_%06zu;\n", i, i);
}

static void make_small(char *up, char *down, size_t i)
{
	snprintf(up, SECTION_SIZE,
		 "CREATE TABLE t_%06zu (\n"
		 "    id INTEGER NOT NULL PRIMARY KEY,\n"
		 "    name VARCHAR(80) NOT NULL,\n"
		 "    created_at TIMESTAMP\n"
		 ");\n",
		 i);
	snprintf(down, SECTION_SIZE, "DROP TABLE t_%06zu;\n", i);
}

/* Lines of a comment, about `size` bytes in all. */
static void pad(char *out, size_t size)
{
	static const char line[] =
		"-- a comment that nobody needs, but that makes the file longer\n";

	out[0] = '\0';
	for (size_t at = 0; at + sizeof(line) <= size; at += sizeof(line) - 1)
		memcpy(out + at, line, sizeof(line));
}

/* head, "-- mig:upgrade\n", up, "\n-- mig:downgrade\n", down */
static int assemble(struct gen_revision *r, const char *head)
{
	static const char up_mark[] = "-- mig:upgrade\n", down_mark[] = "\n-- mig:downgrade\n";
	size_t up = strlen(r->up), down = strlen(r->down);
	size_t up_at = strlen(head) + sizeof(up_mark) - 1;
	size_t down_at = up_at + up + sizeof(down_mark) - 1;

	r->size = down_at + down;
	r->text = malloc(r->size + 1);
	if (!r->text)
		return -1;
	snprintf(r->text, r->size + 1, "%s%s%s%s%s", head, up_mark, r->up, down_mark, r->down);
	r->sections[0] =
		(mig_section){ .direction = MIG_UPGRADE, .offset = up_at, .size = up };
	r->sections[1] =
		(mig_section){ .direction = MIG_DOWNGRADE, .offset = down_at, .size = down };
	return 0;
}

static int make_one(struct gen *gen, size_t index, size_t padding, int small)
{
	struct gen_revision *r = &gen->at[index];
	size_t i = index + 1;
	char head[128];

	r->up = malloc(SECTION_SIZE + padding);
	r->down = malloc(SECTION_SIZE);
	if (!r->up || !r->down)
		return -1;
	snprintf(r->id, sizeof(r->id), "r%06zu", i);
	snprintf(r->file, sizeof(r->file), "r%06zu_rev.sql", i);
	if (index)
		r->parents[0] = gen->at[index - 1].id;
	pad(r->up, padding);
	if (small) {
		make_small(r->up, r->down, i);
	} else {
		make_up(r->up + strlen(r->up), i);
		make_down(r->down, i);
	}
	snprintf(head, sizeof(head), "-- rev %zu\n--\n-- revision: %s\n-- revises: %s\n\n", i,
		 r->id, index ? r->parents[0] : "");
	return assemble(r, head);
}

static int make_all(struct gen *gen, size_t count, size_t padding, int small)
{
	memset(gen, 0, sizeof(*gen));
	gen->at = calloc(count ? count : 1, sizeof(*gen->at));
	if (!gen->at)
		return -1;
	gen->count = count;
	for (size_t i = 0; i < count; i++)
		if (make_one(gen, i, padding, small)) {
			gen_free(gen);
			return -1;
		}
	return 0;
}

int gen_make(struct gen *gen, size_t count, size_t padding)
{
	return make_all(gen, count, padding, 0);
}

int gen_make_small(struct gen *gen, size_t count)
{
	return make_all(gen, count, 0, 1);
}

void gen_free(struct gen *gen)
{
	for (size_t i = 0; i < gen->count; i++) {
		free(gen->at[i].text);
		free(gen->at[i].up);
		free(gen->at[i].down);
	}
	free(gen->at);
	free(gen->bundled);
	memset(gen, 0, sizeof(*gen));
}

int gen_write(const struct gen *gen, const char *folder)
{
	char path[512];

	for (size_t i = 0; i < gen->count; i++) {
		FILE *f;
		size_t wrote;

		snprintf(path, sizeof(path), "%s/%s", folder, gen->at[i].file);
		f = fopen(path, "w");
		if (!f)
			return -1;
		wrote = fwrite(gen->at[i].text, 1, gen->at[i].size, f);
		if (fclose(f) || wrote != gen->at[i].size)
			return -1;
	}
	return 0;
}

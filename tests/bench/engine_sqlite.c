/* The benchmark's databases on SQLite: files. */
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BASE_SIZE = PATH_SIZE / 2, FILE_SIZE = PATH_SIZE - 64 };

struct state {
	char base[BASE_SIZE], disk[BASE_SIZE]; /* folders; disk "": none */
	char limit[FILE_SIZE], head[FILE_SIZE];
	char url[PATH_SIZE];
};

static void drop(const char *path)
{
	char journal[PATH_SIZE];

	snprintf(journal, sizeof(journal), "%s-journal", path);
	unlink(journal);
	unlink(path);
}

static void make_folder(char out[BASE_SIZE], const char *base)
{
	snprintf(out, BASE_SIZE, "%s/mig-bench-XXXXXX", base);
	if (!mkdtemp(out))
		die(out, strerror(errno));
}

static void *start(const struct engine_options *options)
{
	struct state *s = calloc(1, sizeof(*s));

	if (!s)
		die("memory", NULL);
	make_folder(s->base, options->folder);
	if (options->disk)
		make_folder(s->disk, options->disk);
	snprintf(s->limit, sizeof(s->limit), "%s/limit.db", s->base);
	snprintf(s->head, sizeof(s->head), "%s/head.db", s->base);
	return s;
}

static void make_heads(void *state, char limit[PATH_SIZE], char mig[PATH_SIZE])
{
	struct state *s = state;

	drop(s->limit);
	drop(s->head);
	snprintf(limit, PATH_SIZE, "sqlite:%s", s->limit);
	snprintf(mig, PATH_SIZE, "sqlite:%s", s->head);
}

static void heads_made(void *state)
{
	(void)state;
}

static void copy(const char *from, const char *to)
{
	char buffer[64 * 1024];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ssize_t got;

	if (in < 0 || out < 0)
		die(from, "copy");
	while ((got = read(in, buffer, sizeof(buffer))) > 0)
		if (write(out, buffer, (size_t)got) != got)
			die(to, "copy");
	close(in);
	close(out);
}

static const char *fresh(void *state, enum content content, int disk)
{
	struct state *s = state;
	char path[FILE_SIZE];

	snprintf(path, sizeof(path), "%s/work.db", disk ? s->disk : s->base);
	drop(path);
	if (content != EMPTY)
		copy(content == AT_HEAD_OF_LIMIT ? s->limit : s->head, path);
	snprintf(s->url, sizeof(s->url), "sqlite:%s", path);
	return s->url;
}

static void stop(void *state)
{
	struct state *s = state;

	fresh(s, EMPTY, 0);
	if (s->disk[0]) {
		fresh(s, EMPTY, 1);
		rmdir(s->disk);
	}
	drop(s->limit);
	drop(s->head);
	rmdir(s->base);
	free(s);
}

const struct engine engine_sqlite = { .limit = &limit_sqlite,
				      .limit_program = "bench_limit_sqlite",
				      .mig_program = "bench_mig",
				      .start = start,
				      .stop = stop,
				      .make_heads = make_heads,
				      .heads_made = heads_made,
				      .fresh = fresh };

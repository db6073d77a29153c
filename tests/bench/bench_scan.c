/* bench_scan: reading a folder of revision files against a loop by hand over the same files.
 *
 *   bench_scan [COUNT [ROUNDS]]
 *
 * Writes COUNT files (1,000) to a temporary folder and prints, for whole files with digests and for
 * headers alone, the median of ROUNDS (21) in milliseconds on both sides and the ratio. By hand
 * means: open, fstat, read and close each file whole; or open, read 4096 bytes and close. */
#include "script/script.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* What the first file revises is not there: a scan does not link. */
static void write_file(const char *folder, int i)
{
	char path[512], text[1024];
	FILE *f;

	snprintf(path, sizeof path, "%s/%06d_table_%d.sql", folder, i, i);
	snprintf(
		text, sizeof text,
		"-- table %d\n--\n-- revision: r%06d\n-- revises: r%06d\n-- branch_labels:\n"
		"-- depends_on:\n-- created: 2026-11-22T20:49:00Z\n\n-- mig:upgrade\n"
		"CREATE TABLE t%d (id INTEGER PRIMARY KEY, name VARCHAR(80) NOT NULL, note TEXT);\n"
		"CREATE INDEX t%d_name ON t%d (name);\n\n-- mig:downgrade\nDROP TABLE t%d;\n",
		i, i, i ? i - 1 : 999999, i, i, i, i);
	f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		die(path);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t by_hand_whole(const char *folder)
{
	DIR *dir = opendir(folder);
	char **names = NULL, path[1024];
	size_t count = 0, bytes = 0;

	if (!dir)
		die(folder);
	for (struct dirent *d; (d = readdir(dir));) {
		if (d->d_name[0] == '.')
			continue;
		if (!(count & (count - 1)))
			names = realloc(names, (count ? count * 2 : 1) * sizeof *names);
		names[count++] = strdup(d->d_name);
	}
	closedir(dir);
	if (count)
		qsort(names, count, sizeof *names, by_text);
	for (size_t i = 0; i < count; i++) {
		struct stat st;
		char *text;
		int fd;

		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || fstat(fd, &st) < 0)
			die(path);
		text = malloc((size_t)st.st_size + 1);
		if (!text || read(fd, text, (size_t)st.st_size) != st.st_size)
			die(path);
		close(fd);
		bytes += (size_t)st.st_size;
		free(text);
		free(names[i]);
	}
	free(names);
	return bytes;
}

static size_t by_hand_head(const char *folder)
{
	DIR *dir = opendir(folder);
	size_t bytes = 0;
	char head[4096];

	if (!dir)
		die(folder);
	for (struct dirent *d; (d = readdir(dir));) {
		ssize_t got;
		int fd;

		if (d->d_name[0] == '.')
			continue;
		fd = openat(dirfd(dir), d->d_name, O_RDONLY | O_CLOEXEC);
		got = fd < 0 ? -1 : read(fd, head, sizeof head);
		if (got < 0)
			die(d->d_name);
		close(fd);
		bytes += (size_t)got;
	}
	closedir(dir);
	return bytes;
}

static size_t scan(const char *folder, int32_t digests)
{
	struct mig__error err;
	struct mig__set set;
	size_t count;

	mig__error_init(&err, &mig__alloc_libc);
	mig__set_init(&set, &mig__alloc_libc);
	if (mig__set_add_folder(&set, folder, 0, digests, &err)) {
		fprintf(stderr, "%s\n", err.message);
		exit(1);
	}
	count = set.count;
	mig__set_finish(&set);
	return count;
}

static int by_number(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void compare(const char *what, const char *folder, int32_t digests, size_t rounds)
{
	double *hand = calloc(rounds, sizeof *hand), *ours = calloc(rounds, sizeof *ours), t;
	size_t sum = 0;

	if (!hand || !ours)
		die("calloc");
	for (size_t i = 0; i < rounds; i++) {
		t = now_ms();
		sum += digests ? by_hand_whole(folder) : by_hand_head(folder);
		hand[i] = now_ms() - t;
		t = now_ms();
		sum += scan(folder, digests);
		ours[i] = now_ms() - t;
	}
	qsort(hand, rounds, sizeof *hand, by_number);
	qsort(ours, rounds, sizeof *ours, by_number);
	printf("%-22s by hand %8.3f ms   scan %8.3f ms   ratio %.2f%s\n", what, hand[rounds / 2],
	       ours[rounds / 2], ours[rounds / 2] / hand[rounds / 2], sum ? "" : " (empty)");
	free(hand);
	free(ours);
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 1000, rounds = argc > 2 ? atoi(argv[2]) : 21;
	const char *tmp = getenv("TMPDIR");
	char folder[256], path[512];

	if (count < 1 || rounds < 1) {
		fprintf(stderr, "usage: bench_scan [COUNT [ROUNDS]]\n");
		return 2;
	}
	snprintf(folder, sizeof folder, "%s/bench_scan.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(folder))
		die(folder);
	for (int i = 0; i < count; i++)
		write_file(folder, i);
	compare("whole, with digests", folder, 1, (size_t)rounds);
	compare("headers alone", folder, 0, (size_t)rounds);
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof path, "%s/%06d_table_%d.sql", folder, i, i);
		unlink(path);
	}
	rmdir(folder);
	return 0;
}

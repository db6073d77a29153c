/* See limit.h. */
#include "limit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static clockid_t clock_id = CLOCK_MONOTONIC;

void clock_use_cpu(void)
{
	clock_id = CLOCK_PROCESS_CPUTIME_ID;
}

int clock_is_cpu(void)
{
	return clock_id == CLOCK_PROCESS_CPUTIME_ID;
}

double clock_ms(void)
{
	struct timespec now;

	clock_gettime(clock_id, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

void die(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why ? why : "?");
	exit(1);
}

/* Not getrusage(): its figure is inherited from the parent through exec. */
long peak_kb(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	long kb = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmHWM: %ld kB", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb;
}

static int is_sql(const struct dirent *entry)
{
	size_t size = strlen(entry->d_name);

	return size > 4 && strcmp(entry->d_name + size - 4, ".sql") == 0;
}

/* The file, with a NUL behind it, in a buffer that grows. */
static size_t slurp(int folder, const char *name, char **buffer, size_t *cap)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	struct stat st;
	size_t size;

	if (fd < 0 || fstat(fd, &st))
		die(name, "open");
	size = (size_t)st.st_size;
	if (*cap < size + 1) {
		*cap = 2 * size + 4096;
		*buffer = realloc(*buffer, *cap);
		if (!*buffer)
			die(name, "no memory");
	}
	if (read(fd, *buffer, size) != (ssize_t)size)
		die(name, "read");
	(*buffer)[size] = '\0';
	close(fd);
	return size;
}

size_t limit_each_file(const char *folder, void (*fn)(void *user, const char *name, char *text),
		       void *user)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_sql, alphasort);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char *buffer = NULL;
	size_t cap = 0, bytes = 0;

	if (count < 0 || fd < 0)
		die(folder, "folder");
	for (int i = 0; i < count; i++) {
		bytes += slurp(fd, entries[i]->d_name, &buffer, &cap);
		if (fn)
			fn(user, entries[i]->d_name, buffer);
		free(entries[i]);
	}
	free(entries);
	free(buffer);
	close(fd);
	return bytes;
}

size_t limit_scan(const char *folder)
{
	return limit_each_file(folder, NULL, NULL);
}

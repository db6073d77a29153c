/* holder: see holder.h. Linux lists all locks of files in /proc/locks, e.g.
 *
 *     1: POSIX  ADVISORY  WRITE 4711 08:01:131075 1073741825 1073741825
 *     2: OFDLCK ADVISORY  READ  -1 08:01:131075 0 EOF
 *     2: -> POSIX  ADVISORY  WRITE 4712 08:01:131075 0 0        (waits: has none)
 *
 * A lock of an open file (OFDLCK) belongs to no process. One in another container has pid 0. Other
 * systems have no such list, and fcntl(F_GETLK) would need the file open. */
#include "base/holder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/stat.h>
#include <sys/sysmacros.h>

struct lock_line {
	int writes;
	long pid;
	int64_t first, last;
};

/* The next word, with a NUL put after it; NULL: there is none. */
static char *lock_word(char **rest)
{
	char *word = *rest + strspn(*rest, " \n");

	if (!*word)
		return NULL;
	*rest = word + strcspn(word, " \n");
	if (**rest)
		*(*rest)++ = '\0';
	return word;
}

/* "08:01:131075" */
static int is_this_file(const char *word, const struct stat *st)
{
	char *end;

	if (strtoul(word, &end, 16) != major(st->st_dev) || *end != ':')
		return 0;
	if (strtoul(end + 1, &end, 16) != minor(st->st_dev) || *end != ':')
		return 0;
	return strtoull(end + 1, NULL, 10) == st->st_ino;
}

/* 1 if the line is about a lock that is held on the file. */
static int read_lock_line(char *text, const struct stat *st, struct lock_line *out)
{
	enum { NUMBER, TYPE, ADVISORY, ACCESS, PID, FILE_, FIRST, LAST, WORDS };
	char *word[WORDS];

	for (int i = 0; i < WORDS; i++) {
		word[i] = lock_word(&text);
		if (!word[i] || (i == TYPE && !strcmp(word[i], "->")))
			return 0;
	}
	if (strcmp(word[TYPE], "POSIX") && strcmp(word[TYPE], "OFDLCK"))
		return 0;
	if (!is_this_file(word[FILE_], st))
		return 0;
	out->writes = !strcmp(word[ACCESS], "WRITE");
	out->pid = strtol(word[PID], NULL, 10);
	out->first = strtoll(word[FIRST], NULL, 10);
	out->last = strcmp(word[LAST], "EOF") ? strtoll(word[LAST], NULL, 10) : INT64_MAX;
	return 1;
}

static void read_command(long pid, char out[32])
{
	char path[40];
	FILE *f;

	out[0] = '\0';
	snprintf(path, sizeof path, "/proc/%ld/comm", pid);
	f = fopen(path, "re");
	if (!f)
		return;
	if (!fgets(out, 32, f))
		out[0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	for (char *p = out; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	fclose(f);
}

int mig__lock_holder(const char *path, const struct mig__lock_range *ranges, size_t count, int mine,
		     struct mig__lock_holder *out)
{
	size_t best = count, own = count;
	struct lock_line line;
	char text[256];
	struct stat st;
	FILE *f;

	*out = (struct mig__lock_holder){ 0 };
	if (stat(path, &st))
		return -1;
	f = fopen("/proc/locks", "re");
	if (!f)
		return -1;
	while (fgets(text, sizeof text, f)) {
		if (!read_lock_line(text, &st, &line))
			continue;
		for (size_t i = 0; i < count; i++) {
			if (ranges[i].writes != line.writes || line.last < ranges[i].first ||
			    line.first > ranges[i].last)
				continue;
			if (line.pid == (long)getpid()) {
				own = i < own ? i : own;
			} else if (i < best) {
				best = i;
				out->pid = line.pid > 0 ? line.pid : 0;
			}
		}
	}
	fclose(f);
	if (best == count && mine && own < count) {
		best = own;
		out->pid = (long)getpid();
	}
	if (out->pid)
		read_command(out->pid, out->command);
	return best < count ? (int)best : -1;
}
#else
int mig__lock_holder(const char *path, const struct mig__lock_range *ranges, size_t count, int mine,
		     struct mig__lock_holder *out)
{
	(void)path, (void)ranges, (void)count, (void)mine;
	*out = (struct mig__lock_holder){ 0 };
	return -1;
}
#endif

int mig__files_exhausted(int *number)
{
	int fd = open("/", O_RDONLY | O_CLOEXEC);

	*number = fd < 0 ? errno : 0;
	if (fd >= 0)
		close(fd);
	return fd < 0 && (*number == EMFILE || *number == ENFILE);
}

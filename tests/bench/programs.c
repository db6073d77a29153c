/* See programs.h. */
#include "programs.h"
#include "limit.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

void program_beside(const char *name, char out[PATH_SIZE])
{
	char self[PATH_SIZE / 2], *slash;
	ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (size <= 0)
		die("/proc/self/exe", strerror(errno));
	self[size] = '\0';
	slash = strrchr(self, '/');
	snprintf(out, PATH_SIZE, "%.*s%s", (int)(slash - self + 1), self, name);
}

double program_run(const char *const argv[], char *line)
{
	posix_spawn_file_actions_t actions;
	struct rusage used;
	double start = clock_ms();
	int ends[2], status = 0;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC))
		die("pipe", NULL);
	posix_spawn_file_actions_init(&actions);
	if (line)
		posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	else
		posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&child, argv[0], &actions, NULL, (char *const *)argv, environ))
		die(argv[0], "does not start");
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (line) {
		ssize_t got = read(ends[0], line, 63);

		line[got > 0 ? got : 0] = '\0';
	}
	close(ends[0]);
	if (wait4(child, &status, 0, &used) != child || status)
		die(argv[0], "exit status");
	if (clock_is_cpu())
		return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e3 +
		       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e3;
	return clock_ms() - start;
}

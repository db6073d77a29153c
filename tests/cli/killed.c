/* killed: for LD_PRELOAD: ends the process with SIGKILL in front of the KILL_AT-th call that changes a file or a
 * folder, or in the middle of it if it is a write and KILL_HALF is set. KILL_FAIL: the call fails instead, with that
 * errno. */
#undef _FILE_OFFSET_BITS /* both names of each function are meant */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static long number(const char *name)
{
	const char *value = getenv(name);

	return value ? atol(value) : 0;
}

/* Whether the call is the one; does not return if the process ends here. */
static int is_due(void)
{
	static long calls;

	if (++calls != number("KILL_AT"))
		return 0;
	if (number("KILL_FAIL")) {
		errno = (int)number("KILL_FAIL");
		return 1;
	}
	if (!number("KILL_HALF"))
		raise(SIGKILL);
	return 1;
}

#define REAL(name) (__extension__(__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define WRAP(name, result, parameters, arguments)         \
	result name parameters                            \
	{                                                 \
		if (is_due() && number("KILL_FAIL"))      \
			return -1;                        \
		result r = REAL(name) arguments;          \
		return r;                                 \
	}

WRAP(fsync, int, (int fd), (fd))
WRAP(rename, int, (const char *from, const char *to), (from, to))
WRAP(renameat, int, (int a, const char *from, int b, const char *to), (a, from, b, to))
WRAP(renameat2, int, (int a, const char *from, int b, const char *to, unsigned int flags), (a, from, b, to, flags))
WRAP(linkat, int, (int a, const char *from, int b, const char *to, int flags), (a, from, b, to, flags))
WRAP(unlink, int, (const char *path), (path))
WRAP(unlinkat, int, (int a, const char *path, int flags), (a, path, flags))
WRAP(mkdir, int, (const char *path, mode_t mode), (path, mode))

static int is_file(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) && fd > 2;
}

int close(int fd)
{
	if (is_file(fd) && (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY && is_due() && number("KILL_FAIL")) {
		REAL(close)(fd);
		errno = (int)number("KILL_FAIL");
		return -1;
	}
	return REAL(close)(fd);
}

ssize_t write(int fd, const void *data, size_t size)
{
	if (is_file(fd) && is_due()) {
		if (number("KILL_FAIL"))
			return -1;
		(void)!REAL(write)(fd, data, size / 2);
		raise(SIGKILL);
	}
	return REAL(write)(fd, data, size);
}

#define OPEN(name, first, pass)                                              \
	{                                                                    \
		mode_t mode = 0;                                             \
		va_list args;                                                \
		va_start(args, flags);                                       \
		if (flags & O_CREAT)                                         \
			mode = va_arg(args, mode_t);                         \
		va_end(args);                                                \
		if ((flags & O_CREAT) && is_due() && number("KILL_FAIL"))    \
			return -1;                                           \
		return REAL(name) pass;                                      \
	}

int open(const char *path, int flags, ...) OPEN(open, path, (path, flags, mode))
int openat(int at, const char *path, int flags, ...) OPEN(openat, at, (at, path, flags, mode))
#ifdef O_LARGEFILE
int open64(const char *path, int flags, ...) OPEN(open64, path, (path, flags, mode))
int openat64(int at, const char *path, int flags, ...) OPEN(openat64, at, (at, path, flags, mode))
#endif

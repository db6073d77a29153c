/* file: reads and writes whole files. What is written goes into a new file next to the target
 * and is renamed over it, so that others see the old file or the new one. Not a stream: nothing
 * here keeps a file open. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static mig_status fail_errno(struct mig__error *err, const char *path)
{
	return errno == ENOMEM ? mig__fail_nomem(err)
			       : mig__fail_at(err, MIG_EIO, path, 0, 0, "%s", strerror(errno));
}

static mig_status read_all(const struct mig__alloc *alloc, int fd, size_t guess, const char *path,
			   struct mig__error *err, char **text, size_t *size)
{
	size_t cap = 0, len = 0;
	char *data = NULL;
	ssize_t got;

	for (;;) {
		if (!mig__grow(alloc, (void **)&data, &cap, len ? len + 4096 : guess + 2, 1)) {
			mig__free(alloc, data);
			return mig__fail_nomem(err);
		}
		got = read(fd, data + len, cap - len - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	if (got < 0) {
		mig__free(alloc, data);
		return fail_errno(err, path);
	}
	data[len] = '\0';
	*text = data;
	*size = len;
	return MIG_OK;
}

mig_status mig__file_read(const struct mig__alloc *alloc, const char *path, struct mig__error *err,
			  char **text, size_t *size)
{
	struct stat st;
	mig_status rc;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return fail_errno(err, path);
	if (fstat(fd, &st) < 0)
		rc = fail_errno(err, path);
	else if (!S_ISREG(st.st_mode))
		rc = mig__fail_at(err, MIG_EIO, path, 0, 0, "not a regular file");
	else
		rc = read_all(alloc, fd, (size_t)st.st_size, path, err, text, size);
	close(fd);
	return rc;
}

/* -- writing
 *
 * A file appears whole or not at all: its text goes to a file next to it, ".mig-RANDOM.tmp", which
 * reaches the disk and is then renamed. A process that is killed before leaves that one behind:
 * whoever reads folders of libmig's leaves out names that begin with a dot, and the next one to write
 * there removes it. One that is still being written is locked; that its process has opened it and not
 * locked it yet is covered by its age. The name cannot be foreseen, and neither it nor the target is
 * opened if somebody has put a link there. */

struct target {
	const char *path, *name; /* name: its last part */
	int folder;
	char beside[32]; /* "": not there */
};

static mig_status fail_target(const struct target *t, int error, struct mig__error *err)
{
	errno = error;
	return fail_errno(err, t->path);
}

static mig_status open_target(struct target *t, const char *path, struct mig__error *err)
{
	const char *slash = strrchr(path, '/');
	size_t size = slash ? (size_t)(slash - path) + 1 : 0;
	char folder[PATH_MAX];

	*t = (struct target){ .path = path, .name = path + size };
	if (size >= sizeof folder)
		return fail_target(t, ENAMETOOLONG, err);
	memcpy(folder, size ? path : ".", size ? size : 1);
	folder[size ? size : 1] = '\0';
	t->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return t->folder < 0 ? fail_target(t, errno, err) : MIG_OK;
}

static void close_target(struct target *t)
{
	if (t->beside[0])
		unlinkat(t->folder, t->beside, 0);
	close(t->folder);
}

enum { STALE_SECONDS = 60 };

/* ".mig-", 16 letters, ".tmp" */
static int is_beside(const char *name)
{
	return strlen(name) == 25 && !strncmp(name, ".mig-", 5) && !strcmp(name + 21, ".tmp");
}

/* Removes one that nobody is writing. */
static void remove_stale(int folder, const char *name)
{
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && time(NULL) - st.st_mtime > STALE_SECONDS &&
	    !flock(fd, LOCK_EX | LOCK_NB))
		unlinkat(folder, name, 0);
	close(fd);
}

/* What cannot be read or removed stays: nothing depends on it. */
static void sweep(const struct target *t)
{
	int fd = openat(t->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL)
		if (is_beside(entry->d_name))
			remove_stale(t->folder, entry->d_name);
	closedir(dir);
}

static int open_beside(struct target *t)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
	unsigned char bytes[16];
	int fd, tries = 100;
	size_t i;

	do {
		if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
			return -1;
		memcpy(t->beside, ".mig-", 5);
		for (i = 0; i < sizeof bytes; i++)
			t->beside[5 + i] = letters[bytes[i] % 32];
		memcpy(t->beside + 5 + i, ".tmp", 5);
		fd = openat(t->folder, t->beside,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	} while (fd < 0 && errno == EEXIST && --tries);
	if (fd < 0)
		t->beside[0] = '\0';
	else
		flock(fd, LOCK_EX | LOCK_NB);
	return fd;
}

static int write_all(int fd, const char *text, size_t size)
{
	while (size) {
		ssize_t put = write(fd, text, size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return 0;
		text += put;
		size -= (size_t)put;
	}
	return 1;
}

/* Some file systems have nothing to sync. */
static int sync_fd(int fd)
{
	return !fsync(fd) || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP;
}

static mig_status write_beside(struct target *t, const char *text, size_t size,
			       struct mig__error *err)
{
	int fd = open_beside(t), error = 0;

	if (fd < 0)
		return fail_target(t, errno, err);
	if (!write_all(fd, text, size) || !sync_fd(fd))
		error = errno;
	if (close(fd) < 0 && !error)
		error = errno;
	return error ? fail_target(t, error, err) : MIG_OK;
}

/* Gives the file its name, which no other file must have. Not every file system can do that in one
 * step.
 */
static int take_new_name(struct target *t)
{
	struct stat st;

#ifdef RENAME_NOREPLACE
	if (!renameat2(t->folder, t->beside, t->folder, t->name, RENAME_NOREPLACE))
		return 1;
	if (errno != ENOSYS && errno != EINVAL)
		return 0;
#endif
	if (!linkat(t->folder, t->beside, t->folder, t->name, 0)) {
		unlinkat(t->folder, t->beside, 0);
		return 1;
	}
	if (errno == EEXIST)
		return 0;
	if (!fstatat(t->folder, t->name, &st, AT_SYMLINK_NOFOLLOW)) {
		errno = EEXIST;
		return 0;
	}
	return errno == ENOENT && !renameat(t->folder, t->beside, t->folder, t->name);
}

/* Behind a rename; the file is there, whatever becomes of this. */
static void keep_name(struct target *t)
{
	t->beside[0] = '\0';
	sync_fd(t->folder);
}

static mig_status create(const char *path, const char *text, size_t size, int sweeps,
			 struct mig__error *err)
{
	struct target t;
	mig_status rc = open_target(&t, path, err);

	if (rc)
		return rc;
	if (sweeps)
		sweep(&t);
	rc = write_beside(&t, text, size, err);
	if (!rc && take_new_name(&t))
		keep_name(&t);
	else if (!rc)
		rc = errno == EEXIST ? mig__fail_at(err, MIG_EEXISTS, path, 0, 0, "exists already")
				     : fail_target(&t, errno, err);
	close_target(&t);
	return rc;
}

mig_status mig__file_create(const char *path, const char *text, size_t size, struct mig__error *err)
{
	return create(path, text, size, 1, err);
}

mig_status mig__file_create_next(const char *path, const char *text, size_t size,
				 struct mig__error *err)
{
	return create(path, text, size, 0, err);
}

/* Whether a regular file has just this text. */
static int has_text(const struct target *t, const char *text, size_t size)
{
	int fd = openat(t->folder, t->name,
			O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char part[4096];
	ssize_t got = fd < 0 ? -1 : 1;

	while (got > 0) {
		got = read(fd, part, sizeof part);
		if (got < 0 && errno == EINTR) {
			got = 1;
			continue;
		}
		if (got <= 0 || (size_t)got > size || memcmp(part, text, (size_t)got) != 0)
			break;
		text += got;
		size -= (size_t)got;
	}
	if (fd >= 0)
		close(fd);
	return !got && !size;
}

/* A pipe or a device. */
static mig_status write_special(struct target *t, const char *text, size_t size,
				struct mig__error *err)
{
	int fd = openat(t->folder, t->name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
	int error = 0;

	if (fd < 0)
		return fail_target(t, errno, err);
	if (!write_all(fd, text, size))
		error = errno;
	if (close(fd) < 0 && !error)
		error = errno;
	return error ? fail_target(t, error, err) : MIG_OK;
}

static mig_status replace(struct target *t, const char *text, size_t size, struct mig__error *err)
{
	struct stat st;
	mig_status rc;

	if (fstatat(t->folder, t->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		st.st_mode = S_IFREG; /* it is new */
	else if (S_ISREG(st.st_mode) && has_text(t, text, size))
		return MIG_OK;
	if (S_ISLNK(st.st_mode)) {
		mig__fail_at(err, MIG_EIO, t->path, 0, 0, "is a symbolic link");
		mig__error_set_hint(err, "links are not followed: name the file itself");
		return MIG_EIO;
	}
	if (S_ISDIR(st.st_mode))
		return fail_target(t, EISDIR, err);
	if (!S_ISREG(st.st_mode))
		return write_special(t, text, size, err);
	sweep(t);
	rc = write_beside(t, text, size, err);
	if (!rc && renameat(t->folder, t->beside, t->folder, t->name))
		rc = fail_target(t, errno, err);
	if (!rc)
		keep_name(t);
	return rc;
}

mig_status mig__file_replace(const char *path, const char *text, size_t size,
			     struct mig__error *err)
{
	struct target t;
	mig_status rc = open_target(&t, path, err);

	if (rc)
		return rc;
	rc = replace(&t, text, size, err);
	close_target(&t);
	return rc;
}

void mig__file_remove(const char *path)
{
	remove(path);
}

mig_status mig__file_mkdir(const char *path, struct mig__error *err)
{
	if (mkdir(path, 0777) < 0 && !(errno == EEXIST && mig__file_kind(path) == MIG__FILE_FOLDER))
		return fail_errno(err, path);
	return MIG_OK;
}

enum mig__file_kind mig__file_kind(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0) /* "permission denied" is not "no such file" */
		return errno == ENOENT || errno == ENOTDIR ? MIG__FILE_NONE : MIG__FILE_OTHER;
	if (S_ISREG(st.st_mode))
		return MIG__FILE_REGULAR;
	return S_ISDIR(st.st_mode) ? MIG__FILE_FOLDER : MIG__FILE_OTHER;
}

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
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

mig_status mig__file_create(const char *path, const char *text, size_t size, struct mig__error *err)
{
	mig_status rc;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd < 0 && errno == EEXIST)
		return mig__fail_at(err, MIG_EEXISTS, path, 0, 0, "exists already");
	if (fd < 0)
		return fail_errno(err, path);
	while (size) {
		ssize_t put = write(fd, text, size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			break;
		text += put;
		size -= (size_t)put;
	}
	rc = size ? fail_errno(err, path) : MIG_OK;
	if (close(fd) < 0 && !rc)
		rc = fail_errno(err, path);
	if (rc)
		unlink(path);
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

	if (stat(path, &st) < 0)
		return MIG__FILE_NONE;
	if (S_ISREG(st.st_mode))
		return MIG__FILE_REGULAR;
	return S_ISDIR(st.st_mode) ? MIG__FILE_FOLDER : MIG__FILE_OTHER;
}

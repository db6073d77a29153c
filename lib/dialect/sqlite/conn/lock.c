/* lock: the migration lock.
 *
 * Inside a transaction it is SQLite's own write lock (BEGIN IMMEDIATE). Work outside a transaction
 * is protected by a lock on a file beside the database, which the system releases when the process
 * dies. The two exclude each other: who takes the file's lock then waits for the write lock once,
 * and who has got the write lock looks whether somebody has the file's.
 *
 * The database file itself is never opened here: closing it again would release the locks that
 * SQLite holds on it. */
#include "dialect/sqlite/conn/conn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Locks of an open file, not of the process: two connections in one process exclude each other. */
#ifdef F_OFD_SETLK
enum { SET_LOCK = F_OFD_SETLK, GET_LOCK = F_OFD_GETLK };
#else
enum { SET_LOCK = F_SETLK, GET_LOCK = F_GETLK };
#endif

static int file_lock(int fd, int command, struct flock *l, short type)
{
	*l = (struct flock){ .l_type = type, .l_whence = SEEK_SET };
	return fcntl(fd, command, l);
}

/* The path of the lock file in *out, NULL if this database has none: it is in memory. */
static mig_status lock_path(mig_conn *conn, const char **out)
{
	const char *file = sqlite3_db_filename(conn->db, conn->schema);
	const char *vfs = NULL;
	struct mig__buf path;
	int in_memory;

	if (!conn->lock_path && file && *file) {
		sqlite3_file_control(conn->db, conn->schema, SQLITE_FCNTL_VFSNAME, &vfs);
		in_memory = vfs && strcmp(vfs, "memdb") == 0;
		sqlite3_free((void *)(uintptr_t)vfs);
		if (!in_memory) {
			mig__buf_init(&path, &conn->alloc);
			mig__buf_addf(&path, "%s-mig-lock", file);
			conn->lock_path = mig__buf_take(&path);
			if (!conn->lock_path)
				return mig__sqlite_nomem(conn);
		}
	}
	*out = conn->lock_path;
	return MIG_OK;
}

static mig_status fail_file(mig_conn *conn, const char *path)
{
	int number = errno;
	mig_status status =
		number == EACCES || number == EROFS || number == EPERM ? MIG_EREADONLY : MIG_EIO;

	return mig__sqlite_report(conn, status, NULL, NULL, "lock file %s: %s", path,
				  strerror(number));
}

/* The process that holds the lock, as it wrote into the file. */
static long read_holder(int fd)
{
	char digits[24] = "";
	ssize_t size = pread(fd, digits, sizeof digits - 1, 0);

	return size > 0 ? strtol(digits, NULL, 10) : 0;
}

static void write_holder(int fd)
{
	char digits[24];

	/* only a help for the others: without it they say "another process" */
	sqlite3_snprintf(sizeof digits, digits, "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) || pwrite(fd, digits, strlen(digits), 0) < 0)
		return;
}

/* Whether another connection holds the file's lock: its process in *holder (0: unknown). */
static int held_by_other(mig_conn *conn, const char *path, long *holder)
{
	struct flock l;
	int fd, held;

	*holder = 0;
	if (!path || conn->lock_fd >= 0)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return 0;
	held = file_lock(fd, GET_LOCK, &l, F_WRLCK) == 0 && l.l_type != F_UNLCK;
	if (held)
		*holder = read_holder(fd);
	close(fd);
	return held;
}

/* BEGIN IMMEDIATE itself says nothing on a read-only database, and locks nothing. */
static mig_status check_writable(mig_conn *conn)
{
	if (sqlite3_db_readonly(conn->db, conn->schema) != 1)
		return MIG_OK;
	return mig__sqlite_report(conn, MIG_EREADONLY, NULL,
				  "the file, its folder or the connection does not allow writing",
				  "database %s: read-only", mig__sqlite_path(conn));
}

mig_status mig__sqlite_begin_immediate(mig_conn *conn)
{
	struct mig__sqlite_wait wait = { 0 };
	const char *path;
	long holder;
	mig_status rc = mig__sqlite_appear(conn);

	if (!rc)
		rc = check_writable(conn);
	if (!rc)
		rc = lock_path(conn, &path);
	if (!rc)
		rc = mig__sqlite_undo_prepare(conn);
	while (!rc) {
		rc = mig__sqlite_exec(conn, "BEGIN IMMEDIATE");
		if (rc || !held_by_other(conn, path, &holder))
			return rc;
		rc = mig__sqlite_rollback(conn);
		while (!rc && held_by_other(conn, path, &holder))
			rc = mig__sqlite_wait(conn, &wait, holder);
	}
	return rc;
}

/* Opens the lock file with the rights of the database, so that whoever may write that may lock. */
static int open_lock_file(mig_conn *conn, const char *path)
{
	const char *database = sqlite3_db_filename(conn->db, conn->schema);
	mode_t mode = 0644;
	struct stat st;
	int fd;

	if (stat(database, &st) == 0)
		mode = st.st_mode & 0666;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd >= 0) {
		fchmod(fd, mode); /* past the umask */
		return fd;
	}
	if (errno != EEXIST)
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, mode);
	if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
		close(fd);
		errno = EINVAL;
		return -1;
	}
	return fd;
}

/* Whether the file that is locked is still the one at the path: its last holder removes it. */
static int still_there(int fd, const char *path)
{
	struct stat mine, there;

	return fstat(fd, &mine) == 0 && lstat(path, &there) == 0 && mine.st_dev == there.st_dev &&
	       mine.st_ino == there.st_ino;
}

/* One attempt: the locked file, or -1 with *holder. */
static mig_status try_lock(mig_conn *conn, const char *path, int *out, long *holder)
{
	struct flock l;
	int fd;

	*out = -1;
	for (;;) {
		fd = open_lock_file(conn, path);
		if (fd < 0)
			return fail_file(conn, path);
		if (file_lock(fd, SET_LOCK, &l, F_WRLCK)) {
			mig_status rc = MIG_OK;

			if (errno == EAGAIN || errno == EACCES)
				*holder = read_holder(fd);
			else if (errno != EINTR)
				rc = fail_file(conn, path);
			close(fd);
			return rc;
		}
		if (still_there(fd, path))
			break;
		close(fd);
	}
	*out = fd;
	return MIG_OK;
}

mig_status mig__sqlite_lock(mig_conn *conn, int32_t *freed)
{
	struct mig__sqlite_wait wait = { 0 };
	const char *path;
	long holder = 0;
	int fd = -1;
	mig_status rc;

	(void)freed;
	if (conn->lock_fd >= 0)
		return MIG_OK;
	if (!sqlite3_get_autocommit(conn->db))
		return mig__sqlite_report(conn, MIG_EMISUSE, NULL, "commit or roll back first",
					  "database %s: the connection is inside a transaction",
					  mig__sqlite_path(conn));
	rc = mig__sqlite_appear(conn);
	if (!rc)
		rc = check_writable(conn);
	if (!rc)
		rc = lock_path(conn, &path);
	while (!rc && path && fd < 0) {
		rc = try_lock(conn, path, &fd, &holder);
		if (!rc && fd < 0)
			rc = mig__sqlite_wait(conn, &wait, holder);
	}
	if (rc || !path) /* the database of one connection needs no lock */
		return rc;
	conn->lock_fd = fd;
	write_holder(fd);
	/* a transaction that began before ends first */
	rc = mig__sqlite_undo_prepare(conn);
	if (!rc)
		rc = mig__sqlite_exec(conn, "BEGIN IMMEDIATE");
	if (!rc)
		rc = mig__sqlite_rollback(conn);
	if (rc)
		mig__sqlite_unlock(conn);
	return rc;
}

mig_status mig__sqlite_unlock(mig_conn *conn)
{
	struct flock l;

	if (conn->lock_fd < 0)
		return MIG_OK;
	/* removed while it is held, so nobody can lock a file that is then removed */
	if (still_there(conn->lock_fd, conn->lock_path))
		unlink(conn->lock_path);
	/* a child of fork() may have the file open still */
	file_lock(conn->lock_fd, SET_LOCK, &l, F_UNLCK);
	close(conn->lock_fd);
	conn->lock_fd = -1;
	return MIG_OK;
}

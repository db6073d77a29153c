/* The migration lock: a lock on a file beside the database, inside transactions and outside. The
 * system releases it when the process dies. */
#include "sqlcipher.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether the file that is locked is the one at the path still: who unlocks it removes it. */
static int still_there(int fd, const char *path)
{
	struct stat mine, there;

	return fstat(fd, &mine) == 0 && stat(path, &there) == 0 && mine.st_ino == there.st_ino &&
	       mine.st_dev == there.st_dev;
}

static mig_status report_file(mig_conn *conn)
{
	int readonly = errno == EACCES || errno == EROFS;
	char message[200];

	snprintf(message, sizeof message, "lock file %.100s: %s", conn->lock_path, strerror(errno));
	return report(conn, readonly ? MIG_EREADONLY : MIG_EIO, NULL, NULL, message);
}

mig_status take_lock(mig_conn *conn)
{
	const char *database = sqlite3_db_filename(conn->db, "main");
	int waited = 0;
	mig_status rc = MIG_OK;

	if (conn->lock_fd >= 0 || !database || !*database) /* in memory: there is nobody else */
		return MIG_OK;
	if (sqlite3_db_readonly(conn->db, "main") == 1)
		return report(conn, MIG_EREADONLY, NULL,
			      "the file, its folder or the URL does not allow writing",
			      "the database is read-only");
	if (!conn->lock_path)
		conn->lock_path = sqlite3_mprintf("%s-mig-lock", database);
	if (!conn->lock_path)
		return report(conn, MIG_ENOMEM, NULL, NULL, "out of memory");
	while (!rc) {
		int fd = open(conn->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

		if (fd < 0)
			return report_file(conn);
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 && still_there(fd, conn->lock_path)) {
			conn->lock_fd = fd;
			return MIG_OK;
		}
		close(fd);
		rc = wait_a_little(conn, &waited);
	}
	return rc;
}

void release_lock(mig_conn *conn)
{
	if (conn->lock_fd < 0)
		return;
	unlink(conn->lock_path);
	flock(conn->lock_fd, LOCK_UN); /* a child of fork() may have it open, too */
	close(conn->lock_fd);
	conn->lock_fd = -1;
}

mig_status refuse_transaction(mig_conn *conn)
{
	if (sqlite3_get_autocommit(conn->db))
		return MIG_OK;
	return report(conn, MIG_EMISUSE, NULL, "commit or roll back first",
		      "the connection is inside a transaction");
}

mig_status lock(mig_conn *conn, int32_t *freed)
{
	mig_status rc = refuse_transaction(conn);

	(void)freed; /* the lock is had when the wait ends */
	if (!rc)
		rc = take_lock(conn);
	if (!rc)
		conn->locked = 1;
	return rc;
}

mig_status unlock(mig_conn *conn)
{
	conn->locked = 0;
	release_lock(conn);
	return MIG_OK;
}

/* holder: who holds a lock on the database, for messages: a process by its number, and by its
 * command where the system says it. Nothing is locked or waited for here: wait.c. */
#include "dialect/sqlite/conn/conn.h"

#include "base/holder.h"

#include <unistd.h>

/* The bytes that SQLite locks: https://www.sqlite.org/src/file/src/os.h (PENDING_BYTE and after it)
 * and, with a write-ahead log, https://www.sqlite.org/walformat.html#wal_locks in the file -shm.
 * There every connection has a shared lock on the database itself, which says nothing. */
enum { PENDING = 0x40000000, SHARED_FIRST = PENDING + 2, SHARED_LAST = SHARED_FIRST + 509 };
enum { WAL_FIRST = 120, WAL_LAST = 122 };

/* Whether the holder writes: 1, reads: 0, or -1: it is not known who. */
static int find_holder(mig_conn *conn, struct mig__lock_holder *out)
{
	static const struct mig__lock_range database[] = { { PENDING, SHARED_LAST, 1 },
							   { SHARED_FIRST, SHARED_LAST, 0 } };
	static const struct mig__lock_range log = { WAL_FIRST, WAL_LAST, 1 };
	const char *path = sqlite3_db_filename(conn->db, conn->schema);
	int mine = sqlite3_get_autocommit(conn->db); /* otherwise they are this connection's */
	struct mig__buf shm;
	int found = -1;

	*out = (struct mig__lock_holder){ 0 };
	if (!path || !*path)
		return -1;
	mig__buf_init(&shm, &conn->alloc);
	mig__buf_addf(&shm, "%s-shm", path);
	if (!shm.failed)
		found = mig__lock_holder(shm.data, &log, 1, mine, out);
	mig__buf_finish(&shm);
	if (found >= 0)
		return 1;
	found = mig__lock_holder(path, database, 2, mine, out);
	return found < 0 ? -1 : found == 0;
}

void mig__sqlite_add_holder(mig_conn *conn, struct mig__buf *out, long holder)
{
	struct mig__lock_holder found;
	int writes;

	if (holder > 0) {
		mig__buf_addf(out, "process %ld (migrating)", holder);
		return;
	}
	writes = find_holder(conn, &found);
	if (found.pid == (long)getpid())
		mig__buf_adds(out, "another connection of this process");
	else if (found.pid)
		mig__buf_addf(out, "process %ld", found.pid);
	else
		mig__buf_adds(out, writes < 0 ? "another connection" : "another process");
	if (writes < 0)
		return;
	mig__buf_adds(out, " (");
	if (found.pid != (long)getpid() && found.command[0])
		mig__buf_addf(out, "%s, ", found.command);
	mig__buf_adds(out, writes ? "writing)" : "reading)");
}

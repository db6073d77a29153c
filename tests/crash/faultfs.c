/* See faultfs.h. The state is one static: a VFS has no other place to find it. */
#include "faultfs.h"

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

struct fault_file {
	sqlite3_file base;
	sqlite3_file *real; /* directly after this struct */
	const char *name;   /* SQLite keeps it until the file is closed; NULL: a temporary one */
};

static struct {
	sqlite3_vfs vfs;
	sqlite3_vfs *real;
	enum fault_kind kind;
	uint64_t at;
	struct faultfs_counts counts;
	faultfs_watch_fn watch;
	void *user;
} state;

static sqlite3_file *real_of(sqlite3_file *file)
{
	return ((struct fault_file *)file)->real;
}

static int report(int rc, const struct faultfs_event *event)
{
	if (rc == SQLITE_OK && state.watch && event->path)
		state.watch(state.user, event);
	return rc;
}

static const char *name_of(sqlite3_file *file)
{
	return ((struct fault_file *)file)->name;
}

/* Counts a call; returns the error that it is to fail with, or SQLITE_OK. */
static int count_call(int is_write, int error)
{
	struct faultfs_counts *counts = &state.counts;

	counts->calls++;
	if (is_write)
		counts->writes++;
	switch (state.kind) {
	case FAULT_FULL:
		if (!is_write || counts->writes < state.at)
			return SQLITE_OK;
		error = SQLITE_FULL;
		break;
	case FAULT_IOERR:
		if (counts->calls != state.at)
			return SQLITE_OK;
		break;
	case FAULT_IOERR_LAST:
		if (counts->calls < state.at)
			return SQLITE_OK;
		break;
	case FAULT_KILL:
		if (counts->calls == state.at)
			kill(getpid(), SIGKILL);
		return SQLITE_OK;
	default:
		return SQLITE_OK;
	}
	counts->faults++;
	errno = error == SQLITE_FULL ? ENOSPC : EIO; /* what the real one would leave */
	return error;
}

static int file_close(sqlite3_file *file)
{
	sqlite3_file *real = real_of(file);

	return real->pMethods ? real->pMethods->xClose(real) : SQLITE_OK;
}

static int file_read(sqlite3_file *file, void *data, int size, sqlite3_int64 at)
{
	state.counts.reads++;
	if ((state.kind == FAULT_READ && state.counts.reads == state.at) ||
	    (state.kind == FAULT_READ_LAST && state.counts.reads >= state.at)) {
		state.counts.faults++;
		errno = EIO;
		return SQLITE_IOERR_READ;
	}
	return real_of(file)->pMethods->xRead(real_of(file), data, size, at);
}

static int file_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at)
{
	int rc = count_call(1, SQLITE_IOERR_WRITE);

	if (rc)
		return rc;
	rc = real_of(file)->pMethods->xWrite(real_of(file), data, size, at);
	return report(rc, &(struct faultfs_event){ .change = FILE_WRITTEN,
						   .path = name_of(file),
						   .data = data,
						   .size = (size_t)size,
						   .at = (uint64_t)at });
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	int rc = count_call(0, SQLITE_IOERR_TRUNCATE);

	if (rc)
		return rc;
	rc = real_of(file)->pMethods->xTruncate(real_of(file), size);
	return report(rc, &(struct faultfs_event){ .change = FILE_TRUNCATED,
						   .path = name_of(file),
						   .size = (size_t)size });
}

static int file_sync(sqlite3_file *file, int flags)
{
	int rc;

	state.counts.syncs++;
	rc = count_call(0, SQLITE_IOERR_FSYNC);
	if (rc)
		return rc;
	rc = real_of(file)->pMethods->xSync(real_of(file), flags);
	return report(rc, &(struct faultfs_event){ .change = FILE_SYNCED, .path = name_of(file) });
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int file_lock(sqlite3_file *file, int level)
{
	return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int file_unlock(sqlite3_file *file, int level)
{
	return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int file_check_lock(sqlite3_file *file, int *out)
{
	return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int file_control(sqlite3_file *file, int op, void *arg)
{
	return real_of(file)->pMethods->xFileControl(real_of(file), op, arg);
}

static int file_sector_size(sqlite3_file *file)
{
	return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int file_characteristics(sqlite3_file *file)
{
	return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int file_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
	return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, out);
}

static int file_shm_lock(sqlite3_file *file, int at, int count, int flags)
{
	return real_of(file)->pMethods->xShmLock(real_of(file), at, count, flags);
}

static void file_shm_barrier(sqlite3_file *file)
{
	real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int file_shm_unmap(sqlite3_file *file, int delete)
{
	return real_of(file)->pMethods->xShmUnmap(real_of(file), delete);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_unlock,
	.xCheckReservedLock = file_check_lock,
	.xFileControl = file_control,
	.xSectorSize = file_sector_size,
	.xDeviceCharacteristics = file_characteristics,
	.xShmMap = file_shm_map,
	.xShmLock = file_shm_lock,
	.xShmBarrier = file_shm_barrier,
	.xShmUnmap = file_shm_unmap,
};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *out, int flags,
		    int *out_flags)
{
	struct fault_file *file = (struct fault_file *)out;
	int rc, there = name && access(name, F_OK) == 0;

	(void)vfs;
	memset(file, 0, (size_t)state.vfs.szOsFile);
	file->real = (sqlite3_file *)(file + 1);
	file->name = flags & SQLITE_OPEN_DELETEONCLOSE ? NULL : name;
	rc = state.real->xOpen(state.real, name, file->real, flags, out_flags);
	file->base.pMethods = file->real->pMethods ? &methods : NULL;
	if (!there)
		report(rc, &(struct faultfs_event){ .change = FILE_CREATED, .path = file->name });
	return rc;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	int rc;

	(void)vfs;
	state.counts.deletes++;
	rc = count_call(0, SQLITE_IOERR_DELETE);
	if (rc)
		return rc;
	rc = state.real->xDelete(state.real, name, sync);
	return report(rc, &(struct faultfs_event){ .change = FILE_DELETED,
						   .path = name,
						   .synced = sync });
}

int faultfs_install(void)
{
	memset(&state, 0, sizeof(state));
	state.real = sqlite3_vfs_find(NULL);
	if (!state.real)
		return SQLITE_ERROR;
	/* All else of the real one's works on its own pAppData, which the copy keeps. */
	state.vfs = *state.real;
	state.vfs.pNext = NULL;
	state.vfs.zName = "faultfs";
	state.vfs.szOsFile = (int)sizeof(struct fault_file) + state.real->szOsFile;
	state.vfs.xOpen = vfs_open;
	state.vfs.xDelete = vfs_delete;
	return sqlite3_vfs_register(&state.vfs, 1);
}

void faultfs_uninstall(void)
{
	sqlite3_vfs_unregister(&state.vfs);
	sqlite3_vfs_register(state.real, 1);
}

void faultfs_set(enum fault_kind kind, uint64_t at)
{
	memset(&state.counts, 0, sizeof(state.counts));
	state.kind = kind;
	state.at = at;
}

struct faultfs_counts faultfs_counts(void)
{
	return state.counts;
}

void faultfs_watch(faultfs_watch_fn fn, void *user)
{
	state.watch = fn;
	state.user = user;
}

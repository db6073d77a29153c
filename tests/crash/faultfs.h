/* faultfs: an SQLite VFS over the default one that counts what is written and synced, and can
 * fail, or kill the process, at the n-th such call. Registered as the default, it is under every
 * connection that is opened afterwards, libmig's own as well. Somebody can watch all that changes
 * files with a name. */
#ifndef MIG_TEST_FAULTFS_H
#define MIG_TEST_FAULTFS_H

#include <stddef.h>
#include <stdint.h>

enum fault_kind {
	FAULT_NONE,
	FAULT_FULL,       /* writes: SQLITE_FULL from the n-th write on */
	FAULT_IOERR,      /* SQLITE_IOERR_… at the n-th call alone */
	FAULT_IOERR_LAST, /* SQLITE_IOERR_… from the n-th call on */
	FAULT_READ,       /* SQLITE_IOERR_READ at the n-th read alone */
	FAULT_READ_LAST,  /* SQLITE_IOERR_READ from the n-th read on */
	FAULT_KILL        /* SIGKILL to the own process at the n-th call */
};

/* What happened to a file. */
enum fault_change { FILE_CREATED, FILE_WRITTEN, FILE_TRUNCATED, FILE_SYNCED, FILE_DELETED };

struct faultfs_event {
	enum fault_change change;
	const char *path;
	const void *data; /* FILE_WRITTEN */
	size_t size;      /* FILE_WRITTEN: bytes; FILE_TRUNCATED: the new size */
	uint64_t at;      /* FILE_WRITTEN: offset */
	int synced;       /* FILE_DELETED: its folder is synced at once */
};

typedef void (*faultfs_watch_fn)(void *user, const struct faultfs_event *event);

/* Calls since the last faultfs_set(). */
struct faultfs_counts {
	uint64_t writes;  /* xWrite */
	uint64_t syncs;   /* xSync */
	uint64_t deletes; /* xDelete */
	uint64_t calls;   /* all of these and xTruncate */
	uint64_t reads;   /* xRead; not among the calls */
	uint64_t faults;  /* how many were made to fail */
};

/* Registers the VFS as the default one. Returns 0, or an SQLite error code. */
int faultfs_install(void);
void faultfs_uninstall(void);
/* Sets counts to 0 and arms a fault; at counts from 1. */
void faultfs_set(enum fault_kind kind, uint64_t at);
struct faultfs_counts faultfs_counts(void);
/* Calls fn after each change that succeeded; NULL: nobody watches. */
void faultfs_watch(faultfs_watch_fn fn, void *user);

#endif

/* faultfs: an SQLite VFS over the default one that counts what is written and synced, and can
 * fail, or kill the process, at the n-th such call. Registered as the default, it is under every
 * connection that is opened afterwards, libmig's own as well. */
#ifndef MIG_TEST_FAULTFS_H
#define MIG_TEST_FAULTFS_H

#include <stdint.h>

enum fault_kind {
	FAULT_NONE,
	FAULT_FULL,       /* writes: SQLITE_FULL from the n-th write on */
	FAULT_IOERR,      /* SQLITE_IOERR_… at the n-th call alone */
	FAULT_IOERR_LAST, /* SQLITE_IOERR_… from the n-th call on */
	FAULT_KILL        /* SIGKILL to the own process at the n-th call */
};

/* Calls since the last faultfs_set(). */
struct faultfs_counts {
	uint64_t writes;  /* xWrite */
	uint64_t syncs;   /* xSync */
	uint64_t deletes; /* xDelete */
	uint64_t calls;   /* all of these and xTruncate */
	uint64_t faults;  /* how many were made to fail */
};

/* Registers the VFS as the default one. Returns 0, or an SQLite error code. */
int faultfs_install(void);
void faultfs_uninstall(void);
/* Sets counts to 0 and arms a fault; at counts from 1. */
void faultfs_set(enum fault_kind kind, uint64_t at);
struct faultfs_counts faultfs_counts(void);

#endif

/* holder: which process holds a lock on a file, for messages. Only asked where a wait was in vain. */
#ifndef MIG__BASE_HOLDER_H
#define MIG__BASE_HOLDER_H

#include <stddef.h>
#include <stdint.h>

/* A part of a file, both ends included, and which locks on it count. */
struct mig__lock_range {
	int64_t first, last;
	int32_t writes; /* nonzero: exclusive locks, otherwise shared ones */
};

struct mig__lock_holder {
	long pid;         /* 0: the system does not say */
	char command[32]; /* "": not known */
};

/* The first range on which any process holds such a lock, and who; -1: none, or this system does not
 * tell. mine nonzero: locks of this process count, but only if nobody else has one. The file is not
 * opened: closing it again would release the locks that the process holds on it itself. */
int mig__lock_holder(const char *path, const struct mig__lock_range *ranges, size_t count, int mine,
		     struct mig__lock_holder *out);

/* 1 if the process, or the system, can open no more files; the number of that error in *number. */
int mig__files_exhausted(int *number);

#endif

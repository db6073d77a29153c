/* file: whole files and folders. Errors are MIG_EIO with the path and the system's reason. */
#ifndef MIG__BASE_FILE_H
#define MIG__BASE_FILE_H

#include "base/error.h"

/* Reads a whole regular file; the text is NUL-terminated and freed with mig__free. A folder, a
 * pipe or a device is refused. */
mig_status mig__file_read(const struct mig__alloc *alloc, const char *path, struct mig__error *err,
			  char **text, size_t *size);

/* Creates a file that must not exist, with its text: whole and on the disk, or not at all, also if
 * the process is killed. MIG_EEXISTS, MIG_EIO. */
mig_status mig__file_create(const char *path, const char *text, size_t size,
			    struct mig__error *err);

/* The same after mig__file_create() in the same folder: it is not searched for the leftovers of killed
 * processes again, which would read it once for each of many files. */
mig_status mig__file_create_next(const char *path, const char *text, size_t size,
				 struct mig__error *err);

/* As mig__file_create() for a file that may exist, which is replaced. One that has just this text is left alone,
 * with its time; a pipe or a device is written to; a symbolic link is refused. */
mig_status mig__file_replace(const char *path, const char *text, size_t size,
			     struct mig__error *err);

/* Removes a file or an empty folder that was made in vain, if that can be done. */
void mig__file_remove(const char *path);

/* Creates a folder; one that is there already is fine. */
mig_status mig__file_mkdir(const char *path, struct mig__error *err);

enum mig__file_kind { MIG__FILE_NONE, MIG__FILE_REGULAR, MIG__FILE_FOLDER, MIG__FILE_OTHER };
/* What is at the path, links followed. */
enum mig__file_kind mig__file_kind(const char *path);

#endif

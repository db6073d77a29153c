/* disk: what a power failure may leave of a folder. A recording of all changes to its files is
 * replayed; at any point the files can be written out as they would be found: with everything that
 * was written, without what was not synced, or with some of that, torn at sectors of 512 bytes.
 *
 * What counts as safe: the contents of a file at its last sync; that a file is there since the
 * first sync of a file made later or of itself; that it is gone likewise, or at once if its removal
 * was synced. File systems keep the order of removals and truncations, and SQLite counts on that when
 * it shortens the database after its journal is gone: a file that comes back takes the truncations
 * after its removal with it. Shared memory of a write-ahead log is lost. */
#ifndef MIG_ATTACK_DISK_H
#define MIG_ATTACK_DISK_H

#include "../crash/faultfs.h"

#include <stddef.h>
#include <stdint.h>

/* -- a recording */

struct change {
	enum fault_change kind;
	int synced;
	size_t file; /* number in recording.paths */
	uint64_t at; /* as in struct faultfs_event */
	size_t size;
	char *data;
	unsigned label; /* what was going on */
};

enum { DISK_FILES = 8 };

struct recording {
	struct change *changes;
	size_t count, room;
	char *paths[DISK_FILES];
	size_t files;
	unsigned label; /* for the changes to come */
};

/* For faultfs_watch(). */
void recording_note(void *recording, const struct faultfs_event *event);
void recording_free(struct recording *recording);

/* -- a replay */

struct bytes {
	char *data;
	size_t size, room;
};

struct disk_file {
	int exists, safe_exists;
	struct bytes now, safe, ghost; /* ghost: of a file whose removal is not safe yet */
	int has_ghost;
	size_t ghost_at; /* the change that removed it */
	size_t *pending; /* changes since the last sync */
	size_t pending_count, pending_room;
};

struct disk {
	const struct recording *recording;
	struct disk_file files[DISK_FILES];
	size_t at; /* changes taken */
};

enum variant { DISK_KEPT, DISK_LOST, DISK_TORN }; /* DISK_TORN + n: different random subsets */

/* before: the folder as it was when the recording began, for paths in it; all safe. */
void disk_begin(struct disk *disk, const struct recording *recording, const char *before);
void disk_take(struct disk *disk); /* the next change */
/* Works out the files after a crash, each NULL if it is not there; returns a hash of them all. */
uint64_t disk_crash(struct disk *disk, int variant, uint32_t seed, struct bytes out[DISK_FILES],
		    int there[DISK_FILES]);
void disk_end(struct disk *disk);

/* Reads and writes whole files; they end the program on an error. */
int bytes_read(struct bytes *out, const char *path);
void bytes_write(const struct bytes *bytes, const char *path);
void bytes_free(struct bytes *bytes);

#endif

/* See disk.h. */
#include "disk.h"

#include "../crash/support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECTOR = 512 };

static void *grow(void *data, size_t size)
{
	data = realloc(data, size);
	if (!data) {
		fputs("out of memory\n", stderr);
		exit(2);
	}
	return data;
}

/* -- bytes */

static void bytes_room(struct bytes *b, size_t size)
{
	if (size <= b->room)
		return;
	b->room = size * 2;
	b->data = grow(b->data, b->room);
}

static void bytes_resize(struct bytes *b, size_t size)
{
	bytes_room(b, size);
	if (size > b->size)
		memset(b->data + b->size, 0, size - b->size);
	b->size = size;
}

static void bytes_put(struct bytes *b, uint64_t at, const char *data, size_t size)
{
	if (at + size > b->size)
		bytes_resize(b, (size_t)at + size);
	memcpy(b->data + at, data, size);
}

static void bytes_copy(struct bytes *to, const struct bytes *from)
{
	bytes_room(to, from->size);
	to->size = from->size;
	if (from->size)
		memcpy(to->data, from->data, from->size);
}

void bytes_free(struct bytes *b)
{
	free(b->data);
	memset(b, 0, sizeof(*b));
}

int bytes_read(struct bytes *out, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	out->size = 0;
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0) {
		bytes_resize(out, (size_t)st.st_size);
		if (st.st_size && read(fd, out->data, out->size) != (ssize_t)out->size)
			exit(2);
	}
	close(fd);
	return 0;
}

void bytes_write(const struct bytes *b, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || (b->size && write(fd, b->data, b->size) != (ssize_t)b->size)) {
		perror(path);
		exit(2);
	}
	close(fd);
}

/* -- recording */

static size_t file_number(struct recording *r, const char *path)
{
	size_t i = 0;

	while (i < r->files && strcmp(r->paths[i], path) != 0)
		i++;
	if (i == r->files) {
		if (i == DISK_FILES) {
			fprintf(stderr, "one file too many: %s\n", path);
			exit(2);
		}
		r->paths[i] = strdup(path);
		r->files++;
	}
	return i;
}

void recording_note(void *recording, const struct faultfs_event *event)
{
	struct recording *r = recording;
	struct change *c;

	if (r->count == r->room) {
		r->room = r->room * 2 + 256;
		r->changes = grow(r->changes, r->room * sizeof(*r->changes));
	}
	c = &r->changes[r->count++];
	*c = (struct change){ .kind = event->change,
			      .synced = event->synced,
			      .file = file_number(r, event->path),
			      .at = event->at,
			      .size = event->size,
			      .label = r->label };
	if (event->change == FILE_WRITTEN) {
		c->data = grow(NULL, event->size + 1);
		memcpy(c->data, event->data, event->size);
	}
}

void recording_free(struct recording *r)
{
	for (size_t i = 0; i < r->count; i++)
		free(r->changes[i].data);
	for (size_t i = 0; i < r->files; i++)
		free(r->paths[i]);
	free(r->changes);
	memset(r, 0, sizeof(*r));
}

/* -- replay */

void disk_begin(struct disk *disk, const struct recording *recording, const char *before)
{
	char path[PATH_SIZE * 2];

	memset(disk, 0, sizeof(*disk));
	disk->recording = recording;
	for (size_t i = 0; i < recording->files; i++) {
		struct disk_file *f = &disk->files[i];
		const char *name = strrchr(recording->paths[i], '/') + 1;

		snprintf(path, sizeof(path), "%s/%s", before, name);
		f->exists = f->safe_exists = bytes_read(&f->safe, path) == 0;
		bytes_copy(&f->now, &f->safe);
	}
}

static void add_pending(struct disk_file *f, size_t change)
{
	if (f->pending_count == f->pending_room) {
		f->pending_room = f->pending_room * 2 + 64;
		f->pending = grow(f->pending, f->pending_room * sizeof(*f->pending));
	}
	f->pending[f->pending_count++] = change;
}

/* A sync makes the contents safe; that of a file made since the last one its folder as well. */
static void take_sync(struct disk *disk, struct disk_file *f)
{
	int is_new = !f->safe_exists;

	bytes_copy(&f->safe, &f->now);
	f->pending_count = 0;
	f->safe_exists = 1;
	for (size_t i = 0; is_new && i < disk->recording->files; i++) {
		disk->files[i].safe_exists = disk->files[i].exists;
		disk->files[i].has_ghost = 0;
	}
}

static void take_delete(struct disk_file *f, size_t at, int synced)
{
	if (!synced && f->safe_exists) {
		bytes_copy(&f->ghost, &f->safe);
		f->has_ghost = 1;
		f->ghost_at = at;
	} else if (synced) {
		f->has_ghost = 0;
	}
	f->exists = f->safe_exists = 0;
	f->now.size = f->safe.size = 0;
	f->pending_count = 0;
}

void disk_take(struct disk *disk)
{
	const struct change *c = &disk->recording->changes[disk->at];
	struct disk_file *f = &disk->files[c->file];

	switch (c->kind) {
	case FILE_CREATED:
		f->exists = 1;
		break;
	case FILE_WRITTEN:
		bytes_put(&f->now, c->at, c->data, c->size);
		add_pending(f, disk->at);
		break;
	case FILE_TRUNCATED:
		bytes_resize(&f->now, c->size);
		add_pending(f, disk->at);
		break;
	case FILE_SYNCED:
		take_sync(disk, f);
		break;
	case FILE_DELETED:
		take_delete(f, disk->at, c->synced);
		break;
	}
	disk->at++;
}

/* -- crash */

/* A write reached the disk whole, not at all, or in some sectors. */
static void tear_write(const struct change *c, struct bytes *out, uint32_t *seed)
{
	uint32_t how = chance(seed, 10);

	if (how < 3)
		return;
	if (how < 6) {
		bytes_put(out, c->at, c->data, c->size);
		return;
	}
	for (size_t done = 0; done < c->size;) {
		size_t part = SECTOR - (size_t)((c->at + done) % SECTOR);

		if (part > c->size - done)
			part = c->size - done;
		if (chance(seed, 2))
			bytes_put(out, c->at + done, c->data + done, part);
		done += part;
	}
}

/* Truncations from the change `order` on are lost. */
static void tear_file(const struct disk *disk, const struct disk_file *f, size_t order,
		      struct bytes *out, uint32_t *seed)
{
	for (size_t i = 0; i < f->pending_count; i++) {
		const struct change *c = &disk->recording->changes[f->pending[i]];

		if (c->kind == FILE_WRITTEN)
			tear_write(c, out, seed);
		else if (f->pending[i] < order && chance(seed, 2))
			bytes_resize(out, c->size);
	}
}

static int crash_file(const struct disk *disk, const struct disk_file *f, int variant, int lost,
		      size_t order, uint32_t *seed, struct bytes *out)
{
	if (variant == DISK_KEPT) {
		bytes_copy(out, &f->now);
		return f->exists;
	}
	if (lost && f->has_ghost) {
		bytes_copy(out, &f->ghost);
		return 1;
	}
	bytes_copy(out, &f->safe);
	if (variant >= DISK_TORN)
		tear_file(disk, f, order, out, seed);
	return f->safe_exists || (!lost && f->exists);
}

static uint64_t hash_add(uint64_t hash, const void *data, size_t size)
{
	const unsigned char *p = data;
	uint64_t word;

	for (; size >= sizeof(word); size -= sizeof(word), p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
		hash ^= hash >> 29;
	}
	for (; size; size--, p++)
		hash = (hash ^ *p) * 0x100000001b3u;
	return hash;
}

uint64_t disk_crash(struct disk *disk, int variant, uint32_t seed, struct bytes out[DISK_FILES],
		    int there[DISK_FILES])
{
	uint64_t hash = 0xcbf29ce484222325u;
	size_t order = SIZE_MAX; /* the first removal that is undone */
	int lost[DISK_FILES];

	for (size_t i = 0; i < disk->recording->files; i++) {
		const struct disk_file *f = &disk->files[i];

		lost[i] = variant == DISK_LOST || (variant >= DISK_TORN && chance(&seed, 2));
		if (lost[i] && f->has_ghost && f->ghost_at < order)
			order = f->ghost_at;
	}
	for (size_t i = 0; i < disk->recording->files; i++) {
		there[i] = crash_file(disk, &disk->files[i], variant, lost[i], order, &seed, &out[i]);
		hash = hash_add(hash, &there[i], sizeof(there[i]));
		if (there[i])
			hash = hash_add(hash, out[i].data, out[i].size);
	}
	return hash;
}

void disk_end(struct disk *disk)
{
	for (size_t i = 0; i < DISK_FILES; i++) {
		bytes_free(&disk->files[i].now);
		bytes_free(&disk->files[i].safe);
		bytes_free(&disk->files[i].ghost);
		free(disk->files[i].pending);
	}
	memset(disk, 0, sizeof(*disk));
}

/* scan: the revision files of a folder.
 *
 * It is the whole start-up of a program that keeps its revisions as files, so each file costs one
 * openat, the reads and one close: no stat (readdir says what an entry is, except for links and on
 * a few filesystems), no allocation but in the set's arena, one buffer for all texts. Without
 * digests only the start of a file is read, up to its first directive; if that is all of it, it is
 * remembered, with an fstat, for a call that needs the rest (read.c).
 *
 * A file that has two names is found by its inode number, which readdir tells too, and confirmed
 * with a stat of both. Folders wait on a stack, so that their depth costs no C stack. */
#include "script/internal.h"

#include "base/buf.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD_SIZE = 4096, FIRST_BUFFER = 32768 };

enum kind { KIND_FILE, KIND_FOLDER, KIND_OTHER, KIND_FAULT };

struct entry {
	const char *name; /* in scan.names */
	uint64_t prefix;  /* its first eight bytes, to compare fast */
	uint64_t inode;
	size_t at; /* of the name, while names grows */
	enum kind kind;
	int error; /* KIND_FAULT: errno */
};

struct scan {
	struct mig__set *set;
	const struct mig__alloc *alloc;
	struct mig__error *err;
	int32_t recursive, digests;
	time_t began;
	/* folders still to be read, the next one last; owned paths */
	char **folders;
	size_t folder_count, folder_cap;
	/* of the folder being read */
	int fd;
	struct mig__buf path; /* "folder/", then a name */
	size_t path_size;     /* of "folder/" */
	struct mig__buf names;
	struct entry *entries;
	size_t entry_count, entry_cap;
	/* the file being read */
	char *text;
	size_t text_cap;
};

static mig_status fail_errno(struct scan *s, const char *path, int error)
{
	return error == ENOMEM ? mig__fail_nomem(s->err)
			       : mig__fail_at(s->err, MIG_EIO, path, 0, 0, "%s", strerror(error));
}

/* The path of an entry: borrowed until the next call; NULL without memory. */
static const char *entry_path(struct scan *s, const char *name)
{
	s->path.len = s->path_size;
	mig__buf_adds(&s->path, name);
	return s->path.failed ? NULL : s->path.data;
}

/* -- seen before */

struct folder_key {
	uint64_t device, inode, recursive;
};

/* Remembers a key, which differs in size for files and folders. *old as in mig__map_add. */
static mig_status remember(struct scan *s, const void *key, size_t size, uint32_t value,
			   uint32_t *old)
{
	struct mig__map *seen = &s->set->seen;
	void *kept;

	*old = mig__map_get(seen, key, size);
	if (*old != MIG__NONE)
		return MIG_OK;
	kept = mig__arena_alloc(&s->set->arena, size);
	if (!kept)
		return mig__fail_nomem(s->err);
	memcpy(kept, key, size);
	return mig__map_add(seen, kept, size, value, NULL) ? MIG_OK : mig__fail_nomem(s->err);
}

/* A folder read before without its sub-folders is read again for them; its files are known. */
static mig_status seen_folder(struct scan *s, const struct stat *st, int *seen)
{
	struct folder_key key = { st->st_dev, st->st_ino, 1 };
	uint32_t old;

	if (!s->recursive) {
		if (mig__map_get(&s->set->seen, (const char *)&key, sizeof key) != MIG__NONE) {
			*seen = 1;
			return MIG_OK;
		}
		key.recursive = 0;
	}
	if (remember(s, &key, sizeof key, 0, &old))
		return MIG_ENOMEM;
	*seen = old != MIG__NONE;
	return MIG_OK;
}

/* Whether the file is the one that has the script's path. */
static int same_file(struct scan *s, const struct entry *e, const struct mig__script *script)
{
	struct stat a, b;

	return fstatat(s->fd, e->name, &a, 0) == 0 && stat(script->file, &b) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* The script that will be pushed next stands for the inode. */
static mig_status seen_file(struct scan *s, const struct entry *e, int *seen)
{
	uint32_t old;
	mig_status rc = remember(s, &e->inode, sizeof e->inode, (uint32_t)s->set->count, &old);

	*seen = !rc && old != MIG__NONE && same_file(s, e, &s->set->at[old]);
	return rc;
}

/* -- reading a file */

static mig_status grow_text(struct scan *s, size_t want)
{
	return mig__grow(s->alloc, (void **)&s->text, &s->text_cap, want, 1)
		       ? MIG_OK
		       : mig__fail_nomem(s->err);
}

/* Reads until at least `want` bytes are there, or the file ends: *ended. */
static mig_status read_more(struct scan *s, int fd, size_t want, size_t *len, int *ended)
{
	mig_status rc = grow_text(s, want);
	ssize_t got;

	*ended = 0;
	while (!rc && !*ended && *len < want) {
		got = read(fd, s->text + *len, want - *len);
		if (got > 0)
			*len += (size_t)got;
		else if (got == 0)
			*ended = 1;
		else if (errno != EINTR)
			rc = fail_errno(s, s->path.data, errno);
	}
	return rc;
}

/* Keeps the text that was read, and that the digest is of, if there is room. */
static mig_status keep(struct scan *s, size_t len, struct mig__script *out)
{
	if (len > MIG__KEEP_EACH || len > s->set->keep_room)
		return MIG_OK;
	out->kept = mig__arena_strndup(&s->set->kept, s->text, len);
	if (!out->kept)
		return mig__fail_nomem(s->err);
	out->kept_size = len;
	s->set->kept_size += len;
	s->set->keep_room -= len;
	return MIG_OK;
}

static mig_status read_whole(struct scan *s, int fd, const char *file, struct mig__script *out)
{
	struct stat st;
	size_t len = 0;
	int ended;
	mig_status rc = read_more(s, fd, FIRST_BUFFER, &len, &ended);

	if (!rc && !ended && fstat(fd, &st) == 0 && st.st_size >= FIRST_BUFFER)
		rc = st.st_size > INT32_MAX
			     ? mig__parse_too_large(file, s->err)
			     : read_more(s, fd, (size_t)st.st_size + 1, &len, &ended);
	while (!rc && !ended && len <= INT32_MAX) /* it grows meanwhile */
		rc = read_more(s, fd, len * 2, &len, &ended);
	if (!rc)
		rc = mig__parse_whole(&s->set->arena, file, s->text, len, 1, s->err, out);
	return rc ? rc : keep(s, len, out);
}

/* Keeps a text that is whole, with what tells whether the file is still the same. Times of files have
 * steps, of two seconds on some filesystems: a file that was changed just before could be changed again
 * and keep its time. st is of before the text was read. */
static mig_status see(struct scan *s, const struct stat *st, size_t len, struct mig__script *out)
{
	enum { STEP_S = 2 };
	struct mig__seen *seen;

	if ((uint64_t)st->st_size != len || st->st_ctim.tv_sec >= s->began - STEP_S ||
	    len > MIG__SEEN_SIZE - s->set->seen_size)
		return MIG_OK;
	seen = mig__arena_alloc(&s->set->arena, sizeof *seen);
	if (!seen)
		return mig__fail_nomem(s->err);
	*seen = (struct mig__seen){ .device = st->st_dev,
				    .inode = st->st_ino,
				    .changed_s = st->st_ctim.tv_sec,
				    .changed_ns = st->st_ctim.tv_nsec,
				    .modified_s = st->st_mtim.tv_sec,
				    .modified_ns = st->st_mtim.tv_nsec,
				    .size = len,
				    .text = mig__arena_strndup(&s->set->arena, s->text, len) };
	if (!seen->text)
		return mig__fail_nomem(s->err);
	s->set->seen_size += len;
	out->seen = seen;
	return MIG_OK;
}

/* A first read that comes back short has mostly reached the end; if the header goes on, more reads
 * tell. */
static mig_status read_head(struct scan *s, int fd, const char *file, struct mig__script *out)
{
	size_t len = 0, want = HEAD_SIZE;
	int more = 1, ended = 0, known;
	mig_status rc = grow_text(s, want);
	struct stat st;
	ssize_t got;

	if (rc)
		return rc;
	known = fstat(fd, &st) == 0;
	do {
		got = read(fd, s->text, want);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return fail_errno(s, s->path.data, errno);
	for (len = (size_t)got; !rc && more;) {
		rc = mig__parse_head(&s->set->arena, file, s->text, len, ended || len > INT32_MAX,
				     s->err, out, &more);
		if (rc || !more)
			break;
		want = len < want ? want : want * 2;
		rc = read_more(s, fd, want, &len, &ended);
	}
	return rc || !known ? rc : see(s, &st, len, out);
}

static mig_status read_file(struct scan *s, const struct entry *e)
{
	struct mig__script script;
	const char *path = entry_path(s, e->name), *file;
	mig_status rc;
	int fd;

	file = path ? mig__arena_strndup(&s->set->arena, path, s->path.len) : NULL;
	if (!file)
		return mig__fail_nomem(s->err);
	/* O_NONBLOCK: a pipe that took the file's place since readdir must not block */
	fd = openat(s->fd, e->name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return fail_errno(s, path, errno);
	rc = s->digests ? read_whole(s, fd, file, &script) : read_head(s, fd, file, &script);
	close(fd);
	if (rc)
		return rc;
	script.on_disk = 1;
	return mig__set_push(s->set, &script, s->err);
}

/* -- reading a folder */

static int is_revision_name(const char *name)
{
	size_t n = strlen(name);

	return n > 4 && !strcmp(name + n - 4, ".sql");
}

/* What an entry is: by readdir where it says so, otherwise (links) by a look. */
static void look(struct scan *s, const struct dirent *d, struct entry *e)
{
	struct stat st;

	e->inode = d->d_ino;
	if (d->d_type == DT_REG) {
		e->kind = KIND_FILE;
	} else if (d->d_type == DT_DIR) {
		e->kind = KIND_FOLDER;
	} else if (d->d_type != DT_LNK && d->d_type != DT_UNKNOWN) {
		e->kind = KIND_OTHER;
	} else if (fstatat(s->fd, d->d_name, &st, 0) < 0) {
		e->kind = KIND_FAULT;
		e->error = errno;
	} else {
		e->inode = st.st_ino;
		e->kind = S_ISREG(st.st_mode)   ? KIND_FILE
			  : S_ISDIR(st.st_mode) ? KIND_FOLDER
						: KIND_OTHER;
	}
}

static mig_status check_name(struct scan *s, const char *name)
{
	struct mig__buf shown;
	size_t n = strlen(name), size;
	int bad = 0;

	mig__buf_init(&shown, s->alloc);
	for (size_t i = 0; i < n; i += size) {
		uint32_t c = mig__code_point(name + i, n - i, &size);

		if (c < 0x20 || (c >= 0x7f && c < 0xa0) || (c == 0xfffd && size == 1)) {
			for (size_t k = 0; k < size; k++)
				mig__buf_addf(&shown, "\\x%02x", (unsigned char)name[i + k]);
			bad = 1;
		} else {
			mig__buf_add(&shown, name + i, size);
		}
	}
	if (bad && !shown.failed) {
		const char *path = entry_path(s, shown.data);

		if (path)
			mig__fail_at(s->err, MIG_EIO, path, 0, 0,
				     "the name has control characters or is not UTF-8");
		else
			mig__fail_nomem(s->err);
	} else if (bad) {
		mig__fail_nomem(s->err);
	}
	mig__buf_finish(&shown);
	return bad ? s->err->status : MIG_OK;
}

/* Most names are plain ASCII, which needs no second look. */
static int is_plain(const char *name)
{
	for (; *name; name++)
		if ((unsigned char)*name < 0x20 || (unsigned char)*name >= 0x7f)
			return 0;
	return 1;
}

static mig_status add_entry(struct scan *s, const struct dirent *d)
{
	int sql = is_revision_name(d->d_name);
	struct entry e = { .at = s->names.len };
	size_t n;

	if (d->d_name[0] == '.' || (!sql && !s->recursive))
		return MIG_OK;
	look(s, d, &e);
	if (e.kind == KIND_FOLDER ? !s->recursive : !sql)
		return MIG_OK;
	if (!is_plain(d->d_name)) {
		mig_status rc = check_name(s, d->d_name);

		if (rc)
			return rc;
	}
	n = strlen(d->d_name);
	for (size_t i = 0; i < sizeof e.prefix; i++)
		e.prefix = e.prefix << 8 | (i < n ? (unsigned char)d->d_name[i] : 0);
	mig__buf_add(&s->names, d->d_name, n + 1);
	if (s->names.failed ||
	    !mig__grow(s->alloc, (void **)&s->entries, &s->entry_cap, s->entry_count + 1, sizeof e))
		return mig__fail_nomem(s->err);
	s->entries[s->entry_count++] = e;
	return MIG_OK;
}

static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->prefix != y->prefix)
		return x->prefix < y->prefix ? -1 : 1;
	return strcmp(x->name, y->name);
}

static mig_status list_folder(struct scan *s, DIR *dir, const char *path)
{
	struct dirent *d;
	mig_status rc = MIG_OK;

	s->entry_count = 0;
	mig__buf_clear(&s->names);
	for (errno = 0; !rc && (d = readdir(dir)); errno = 0)
		rc = add_entry(s, d);
	if (!rc && errno)
		rc = fail_errno(s, path, errno);
	if (rc)
		return rc;
	for (size_t i = 0; i < s->entry_count; i++)
		s->entries[i].name = s->names.data + s->entries[i].at;
	if (s->entry_count)
		qsort(s->entries, s->entry_count, sizeof *s->entries, compare);
	return MIG_OK;
}

static mig_status push_folder(struct scan *s, const char *path)
{
	char *copy;

	if (!mig__grow(s->alloc, (void **)&s->folders, &s->folder_cap, s->folder_count + 1,
		       sizeof *s->folders))
		return mig__fail_nomem(s->err);
	copy = mig__strdup(s->alloc, path);
	if (!copy)
		return mig__fail_nomem(s->err);
	s->folders[s->folder_count++] = copy;
	return MIG_OK;
}

static mig_status read_entry(struct scan *s, const struct entry *e)
{
	int seen;
	mig_status rc;

	if (e->kind == KIND_FAULT || e->kind == KIND_OTHER) {
		const char *path = entry_path(s, e->name);

		if (!path)
			return mig__fail_nomem(s->err);
		return e->kind == KIND_FAULT
			       ? fail_errno(s, path, e->error)
			       : mig__fail_at(s->err, MIG_EIO, path, 0, 0, "not a regular file");
	}
	rc = seen_file(s, e, &seen);
	return rc || seen ? rc : read_file(s, e);
}

/* Files first; then the sub-folders go on the stack, the first of them last. */
static mig_status read_entries(struct scan *s)
{
	mig_status rc = MIG_OK;

	for (size_t i = 0; !rc && i < s->entry_count; i++)
		if (s->entries[i].kind != KIND_FOLDER)
			rc = read_entry(s, &s->entries[i]);
	for (size_t i = s->entry_count; !rc && i-- > 0;) {
		if (s->entries[i].kind != KIND_FOLDER)
			continue;
		rc = entry_path(s, s->entries[i].name) ? push_folder(s, s->path.data)
						       : mig__fail_nomem(s->err);
	}
	return rc;
}

static mig_status read_folder(struct scan *s, const char *path)
{
	size_t n = strlen(path);
	struct stat st;
	int seen = 0;
	DIR *dir = opendir(path);
	mig_status rc;

	if (!dir)
		return fail_errno(s, path, errno);
	s->fd = dirfd(dir);
	mig__buf_clear(&s->path);
	mig__buf_add(&s->path, path, n);
	if (n && path[n - 1] != '/')
		mig__buf_adds(&s->path, "/");
	s->path_size = s->path.len;
	if (s->path.failed)
		rc = mig__fail_nomem(s->err);
	else if (fstat(s->fd, &st) < 0)
		rc = fail_errno(s, path, errno);
	else
		rc = seen_folder(s, &st, &seen);
	if (!rc && !seen)
		rc = list_folder(s, dir, path);
	if (!rc && !seen)
		rc = read_entries(s);
	closedir(dir);
	return rc;
}

mig_status mig__set_add_folder(struct mig__set *set, const char *path, int32_t recursive,
			       int32_t digests, struct mig__error *err)
{
	const struct mig__alloc *alloc = set->arena.alloc;
	struct scan s = { .set = set,
			  .alloc = alloc,
			  .err = err,
			  .recursive = recursive,
			  .digests = digests,
			  .began = time(NULL) };
	mig_status rc;

	mig__buf_init(&s.path, alloc);
	mig__buf_init(&s.names, alloc);
	rc = push_folder(&s, path);
	while (!rc && s.folder_count) {
		char *next = s.folders[--s.folder_count];

		rc = read_folder(&s, next);
		mig__free(alloc, next);
	}
	while (s.folder_count)
		mig__free(alloc, s.folders[--s.folder_count]);
	mig__free(alloc, s.folders);
	mig__free(alloc, s.entries);
	mig__free(alloc, s.text);
	mig__buf_finish(&s.path);
	mig__buf_finish(&s.names);
	return rc;
}

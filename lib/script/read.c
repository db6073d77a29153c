/* read: what is read of a revision's file after the scan: its sections, its digest. */
#include "script/internal.h"

#include "base/file.h"

#include <string.h>
#include <sys/stat.h>

static mig_status edited(const struct mig__script *script, struct mig__error *err)
{
	mig_status rc = mig__fail_at(err, MIG_EEDITED, script->file, 0, 0,
				     "the file was changed while the program was running");

	mig__error_set_revision(err, script->id);
	return rc;
}

mig_status mig__reread(const struct mig__alloc *alloc, struct mig__arena *arena,
		       const struct mig__script *script, int32_t digest, struct mig__error *err,
		       char **text, size_t *size, struct mig__script *fresh)
{
	struct mig__script now;
	char *read;
	size_t len;
	mig_status rc = mig__file_read(alloc, script->file, err, &read, &len);

	if (rc)
		return rc;
	rc = mig__parse_whole(arena, script->file, read, len, digest || script->has_digest, err,
			      &now);
	if (!rc && (strcmp(now.id, script->id) || !mig__list_same(&now.parents, &script->parents) ||
		    !mig__list_same(&now.dependencies, &script->dependencies) ||
		    (script->has_digest && memcmp(now.digest, script->digest, MIG__DIGEST_SIZE))))
		rc = edited(script, err);
	if (rc) {
		mig__free(alloc, read);
		return rc;
	}
	*text = read;
	*size = len;
	*fresh = now;
	return MIG_OK;
}

static void take_digest(struct mig__script *script, const struct mig__script *fresh)
{
	memcpy(script->digest, fresh->digest, MIG__DIGEST_SIZE);
	script->has_digest = 1;
}

/* Whether the file is the one whose text is in memory. A write changes its ctime, which nobody can set
 * back; scan.c has left out files that are so new that a second write could have the same one. */
static int is_unchanged(const struct mig__script *script)
{
	const struct mig__seen *seen = script->seen;
	struct stat st;

	return seen && stat(script->file, &st) == 0 && S_ISREG(st.st_mode) &&
	       st.st_dev == seen->device && st.st_ino == seen->inode &&
	       (uint64_t)st.st_size == seen->size && st.st_ctim.tv_sec == seen->changed_s &&
	       st.st_ctim.tv_nsec == seen->changed_ns && st.st_mtim.tv_sec == seen->modified_s &&
	       st.st_mtim.tv_nsec == seen->modified_ns;
}

/* The whole of a script on disk: what was seen of it, or read again. */
static mig_status look_again(const struct mig__alloc *alloc, struct mig__arena *arena,
			     const struct mig__script *script, struct mig__error *err,
			     struct mig__script *fresh)
{
	char *text = NULL;
	size_t size;
	mig_status rc;

	if (is_unchanged(script))
		return mig__parse_whole(arena, script->file, script->seen->text, script->seen->size, 1,
					err, fresh);
	rc = mig__reread(alloc, arena, script, 1, err, &text, &size, fresh);
	if (!rc)
		mig__free(alloc, text);
	return rc;
}

mig_status mig__script_load(struct mig__arena *arena, struct mig__script *script,
			    struct mig__error *err)
{
	struct mig__script fresh;
	mig_status rc;

	if (script->sections_read || !script->on_disk)
		return MIG_OK;
	rc = look_again(arena->alloc, arena, script, err, &fresh);
	if (rc)
		return rc;
	script->seen = NULL;
	script->sections = fresh.sections;
	script->section_count = fresh.section_count;
	script->sections_read = 1;
	take_digest(script, &fresh);
	return MIG_OK;
}

mig_status mig__script_digest(const struct mig__alloc *alloc, struct mig__script *script,
			      struct mig__error *err)
{
	struct mig__arena arena;
	struct mig__script fresh;
	mig_status rc = MIG_OK;

	if (script->has_digest)
		return MIG_OK;
	if (script->on_disk) {
		mig__arena_init(&arena, alloc);
		rc = look_again(alloc, &arena, script, err, &fresh);
		mig__arena_finish(&arena);
		if (!rc)
			take_digest(script, &fresh);
		return rc;
	}
	if (script->text)
		mig__script_text_digest(script->text, script->text_size, script->digest);
	else
		mig__script_c_digest(script->id, script->c_version, script->digest);
	script->has_digest = 1;
	return MIG_OK;
}

/* adopt: see adopt.h. Reads and translates; the run stamps what comes out. E.g. the values "3" and "17"
 * with the pairs 3 = 0001, 17 = 0004 are the ids 0001 and 0004, of which the run keeps the newer one. */
#include "migrate/adopt.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct adopting {
	struct mig__db *db;
	const struct mig__adopt *adopt;
	struct mig__arena *arena;
	const char **ids;
	size_t count, cap;
	int any; /* there was a value */
};

static mig_status fail_unknown(struct mig__db *db, const char *value)
{
	mig__fail(db->err, MIG_ENEWER,
		  "the database is at version \"%s\", which stands for no revision here", value);
	mig__error_set_hint(db->err, "a version that is missing in the mapping, or a database that is "
				     "newer than this program");
	return MIG_ENEWER;
}

/* NULL in *id: before the first revision. */
static mig_status translate(const struct adopting *a, const char *value, const char **id)
{
	const struct mig__adopt *adopt = a->adopt;
	mig_status rc;

	*id = NULL;
	if (adopt->fn) {
		rc = adopt->fn(adopt->user, value, id);
		return rc ? mig__fail(a->db->err, rc < 0 ? rc : MIG_EREVISION,
				      "the program's function does not take version \"%s\"", value)
			  : MIG_OK;
	}
	for (size_t i = 0; i < adopt->pair_count; i++)
		if (!strcmp(adopt->pairs[i].value, value)) {
			*id = adopt->pairs[i].revision;
			return MIG_OK;
		}
	if (adopt->pairs)
		return fail_unknown(a->db, value);
	*id = value;
	return MIG_OK;
}

static mig_status take(void *user, const char *value)
{
	struct adopting *a = user;
	const char *id;
	mig_status rc;

	a->any = 1;
	if (!value)
		return mig__fail(a->db->err, MIG_EINVAL, "a version that is to be adopted is null");
	rc = translate(a, value, &id);
	if (rc || !id)
		return rc;
	if (!mig__grow(a->db->err->alloc, (void **)&a->ids, &a->cap, a->count + 1,
		       sizeof *a->ids))
		return mig__fail_nomem(a->db->err);
	a->ids[a->count] = mig__arena_strdup(a->arena, id);
	return a->ids[a->count++] ? MIG_OK : mig__fail_nomem(a->db->err);
}

/* A condition that is misspelt must not count as a new database, in which everything is then run. */
static mig_status check_any(const struct adopting *a)
{
	const struct mig__adopt *adopt = a->adopt;

	if (a->any || adopt->allow_empty || !(adopt->from.query || adopt->pairs || adopt->fn))
		return MIG_OK;
	if (adopt->from.query)
		mig__fail(a->db->err, MIG_ENOTFOUND, "the query for the version finds no row");
	else
		mig__fail(a->db->err, MIG_ENOTFOUND, "table %s has no version: it is empty",
			  adopt->from.table);
	mig__error_set_hint(a->db->err, "if that stands for a database before the first revision, say so: "
					"allow_empty, or --allow-empty");
	return MIG_ENOTFOUND;
}

mig_status mig__adopt_read(struct mig__db *db, const struct mig__adopt *adopt,
			   struct mig__arena *arena, struct mig__rows *out)
{
	struct adopting a = { .db = db, .adopt = adopt, .arena = arena };
	const char **kept = NULL;
	mig_status rc = mig__foreign_read(db, &adopt->from, take, &a);

	if (!rc)
		rc = check_any(&a);
	if (!rc && a.count) {
		qsort(a.ids, a.count, sizeof *a.ids, mig__text_by_bytes);
		kept = mig__arena_alloc(arena, a.count * sizeof *kept);
		if (kept)
			memcpy(kept, a.ids, a.count * sizeof *kept);
		else
			rc = mig__fail_nomem(db->err);
	}
	mig__free(db->err->alloc, a.ids);
	if (!rc)
		*out = (struct mig__rows){ kept, a.count };
	return rc;
}

/* sound: asks the dialect for the first object of a model that refers to what is not there. Not how
 * that is found: only the dialect can read its texts.
 *
 * All objects are judged first, since nearly all models are sound. Only if one is not, what the
 * comparison leaves alone is looked for: such an object is not judged, and the database's may be
 * referred to. E.g. with exclude = legacy_*, a key to legacy_users is fine if the database has it.
 */
#include "migrate/sound.h"
#include "migrate/declare.h"
#include "migrate/scratch.h"

#include "base/file.h"

typedef mig_status (*check_fn)(mig_conn *, const mig_object *const *, size_t, size_t,
			       const mig_object **);

struct tops {
	const mig_object **at;
	size_t judged, count;
};

static size_t count_tops(const struct mig__schema *s)
{
	size_t count = 0;

	for (const mig_object *o = s ? mig__schema_first(s) : NULL; o; o = o->next)
		count++;
	return count;
}

static int is_alone(const struct mig__alone *alone, const mig_object *from, const mig_object *to)
{
	return alone->hooks && alone->hooks->leave_out &&
	       alone->hooks->leave_out(alone->hooks->user, from, to);
}

static void add_all(struct tops *tops, const struct mig__schema *s)
{
	for (const mig_object *o = mig__schema_first(s); o; o = o->next)
		tops->at[tops->count++] = o;
	tops->judged = tops->count;
}

/* The model's that are compared; after them those that are only there. */
static void sort_out(struct tops *tops, const struct mig__schema *s, const struct mig__alone *alone)
{
	tops->count = 0;
	for (const mig_object *o = mig__schema_first(s); o; o = o->next)
		if (!is_alone(alone, NULL, o))
			tops->at[tops->count++] = o;
	tops->judged = tops->count;
	for (const mig_object *o = mig__schema_first(s); o; o = o->next)
		if (is_alone(alone, NULL, o))
			tops->at[tops->count++] = o;
	for (const mig_object *o = alone->live ? mig__schema_first(alone->live) : NULL; o;
	     o = o->next)
		if (is_alone(alone, o, NULL))
			tops->at[tops->count++] = o;
}

/* -- where it is */

/* Keeps the error that is there: what goes wrong here is of no interest. */
static int find_in(struct mig__db *db, const char *text, size_t size, const mig_object *broken,
		   size_t *offset)
{
	mig_status (*find)(mig_conn *, const char *, size_t, const mig_object *, size_t *) =
		MIG__SCHEMA_SLOT(db, find_object);
	struct mig__error kept = mig__error_take(db->err);
	mig_status rc;

	*offset = MIG_NO_OFFSET;
	rc = find ? find(db->conn, text, size, broken, offset) : MIG_OK;
	mig__error_put_back(db->err, kept);
	return !rc && *offset <= size;
}

static void add_place(struct mig__db *db, const mig_model *model, const mig_object *broken)
{
	int found = 0;

	for (const struct mig__source_sql *s = model->sources; !found && s; s = s->next) {
		struct mig__error kept;
		const char *text;
		char *read;
		size_t size, offset;
		mig_status rc;

		if (s->is_url || !mig__declare_is_for(s, db))
			continue;
		kept = mig__error_take(db->err);
		rc = mig__declare_text(db, s, &read, &text, &size);
		mig__error_put_back(db->err, kept);
		if (!rc && find_in(db, text, size, broken, &offset)) {
			db->err->offset = offset;
			(void)mig__scratch_place(db, db->err->status, s->name, text, size);
			found = 1;
		}
		mig__free(db->err->alloc, read);
	}
}

mig_status mig__sound(struct mig__db *db, const mig_model *model, const struct mig__schema *s,
		      const struct mig__alone *alone)
{
	check_fn check = MIG__SCHEMA_SLOT(db, check_schema);
	const mig_object *broken = NULL;
	struct tops tops = { 0 };
	mig_status rc;

	if (!check)
		return MIG_OK;
	tops.at = mig__calloc(db->err->alloc, count_tops(s) + count_tops(alone->live) + 1,
			      sizeof *tops.at);
	if (!tops.at)
		return mig__fail_nomem(db->err);
	add_all(&tops, s);
	rc = check(db->conn, tops.at, tops.judged, tops.count, &broken);
	if (rc && broken) {
		sort_out(&tops, s, alone);
		if (tops.count > tops.judged) {
			mig__error_clear(db->err);
			broken = NULL;
			rc = check(db->conn, tops.at, tops.judged, tops.count, &broken);
		}
	}
	if (rc && broken)
		add_place(db, model, broken);
	mig__free(db->err->alloc, tops.at);
	return rc;
}

/* store: libmig's own two tables, read and written for the core. Nothing here decides anything. */
#include "migrate/store.h"

#include "base/buf.h"

#include <mig/mig.h>
#include <stdlib.h>
#include <string.h>

static const char *const direction_names[] = { "upgrade", "downgrade", "stamp" };

const char *mig__direction_name(int32_t direction)
{
	return direction_names[direction];
}

mig_status mig__store_create(struct mig__db *db)
{
	mig_status rc = mig__db_write(db, MIG_SQL_CREATE_VERSION, NULL, 0, NULL);

	return rc ? rc : mig__db_write(db, MIG_SQL_CREATE_HISTORY, NULL, 0, NULL);
}

/* The text of a column, "" for NULL, kept in the arena. */
static mig_status text_column(struct mig__db *db, mig_cursor *cursor, int32_t column,
			      struct mig__arena *arena, const char **out)
{
	mig_value value = { 0 };
	mig_status rc = db->dialect->conn->column(cursor, column, MIG_TEXT, &value);

	if (rc)
		return rc;
	*out = mig__arena_strndup(arena, value.data ? value.data : "", value.data ? value.size : 0);
	return *out ? MIG_OK : mig__fail_nomem(db->err);
}

static mig_status int_column(struct mig__db *db, mig_cursor *cursor, int32_t column, int64_t *out)
{
	mig_value value = { 0 };
	mig_status rc = db->dialect->conn->column(cursor, column, MIG_INTEGER, &value);

	if (!rc)
		*out = value.integer;
	return rc;
}

/* Takes the mark off the digest of the row that was read last. */
static void take_mark(struct mig__store_rows *rows)
{
	const size_t size = sizeof MIG__DIGEST_RUNNING - 1;
	const char **digest = &rows->digests[rows->count];

	if (strncmp(*digest, MIG__DIGEST_RUNNING, size))
		return;
	*digest += size + ((*digest)[size] == ':');
	rows->running = 1;
	rows->marked = rows->count;
}

static mig_status add_row(struct mig__db *db, mig_cursor *cursor, struct mig__arena *arena,
			  struct mig__store_rows *rows, size_t *cap)
{
	mig_status rc;

	if (rows->count == *cap) { /* the old arrays stay in the arena: at most as much again */
		size_t room = *cap ? *cap * 2 : 4;
		const char **ids = mig__arena_alloc(arena, room * sizeof *ids);
		const char **digests = mig__arena_alloc(arena, room * sizeof *digests);

		if (!ids || !digests)
			return mig__fail_nomem(db->err);
		if (rows->count) {
			memcpy(ids, rows->ids, rows->count * sizeof *ids);
			memcpy(digests, rows->digests, rows->count * sizeof *digests);
		}
		rows->ids = ids;
		rows->digests = digests;
		*cap = room;
	}
	rc = text_column(db, cursor, 0, arena, &rows->ids[rows->count]);
	if (!rc)
		rc = text_column(db, cursor, 1, arena, &rows->digests[rows->count]);
	if (rc)
		return rc;
	take_mark(rows);
	rows->count++;
	return MIG_OK;
}

struct pair {
	const char *id, *digest;
	int marked;
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct pair *)a)->id, ((const struct pair *)b)->id);
}

/* By revision, byte by byte: engines have orders of their own. */
static mig_status sort_rows(struct mig__db *db, struct mig__store_rows *rows)
{
	struct pair *pairs;
	size_t i = 1;

	while (i < rows->count && strcmp(rows->ids[i - 1], rows->ids[i]) < 0)
		i++;
	if (i >= rows->count)
		return MIG_OK;
	pairs = mig__calloc(db->err->alloc, rows->count, sizeof *pairs);
	if (!pairs)
		return mig__fail_nomem(db->err);
	for (i = 0; i < rows->count; i++)
		pairs[i] = (struct pair){ rows->ids[i], rows->digests[i],
					  rows->running && rows->marked == i };
	qsort(pairs, rows->count, sizeof *pairs, compare);
	for (i = 0; i < rows->count; i++) {
		rows->ids[i] = pairs[i].id;
		rows->digests[i] = pairs[i].digest;
		rows->marked = pairs[i].marked ? i : rows->marked;
	}
	mig__free(db->err->alloc, pairs);
	return MIG_OK;
}

/* All rows of the cursor, which is finished; NULL: the table is missing. */
static mig_status read_rows(struct mig__db *db, mig_cursor *cursor, struct mig__arena *arena,
			    struct mig__store_rows *out)
{
	struct mig__store_rows rows = { .missing = !cursor };
	size_t cap = 0;
	int32_t more;
	mig_status rc = MIG_OK;

	while (cursor && !(rc = db->dialect->conn->step(cursor, &more)) && more) {
		rc = add_row(db, cursor, arena, &rows, &cap);
		if (rc)
			break;
	}
	db->dialect->conn->finish(cursor);
	if (!rc)
		rc = sort_rows(db, &rows);
	if (!rc)
		*out = rows;
	return rc;
}

mig_status mig__store_read(struct mig__db *db, struct mig__arena *arena,
			   struct mig__store_rows *out)
{
	mig_cursor *cursor;
	mig_status rc = mig__db_read(db, MIG_SQL_READ_VERSION, &cursor);

	return rc ? rc : read_rows(db, cursor, arena, out);
}

/* E.g. "5f…e1 in flight:16402": the digest, and what was seen. */
static mig_status read_journal(struct mig__db *db, struct mig__arena *arena,
			       struct mig__store_running *out)
{
	const size_t size = sizeof MIG__JOURNAL_FLIGHT - 1;
	size_t digest = strcspn(out->journal, " ");

	out->done_digest = mig__arena_strndup(arena, out->journal, digest);
	if (!strncmp(out->journal + digest, MIG__JOURNAL_FLIGHT, size))
		out->flight = out->journal + digest + size;
	return out->done_digest ? MIG_OK : mig__fail_nomem(db->err);
}

/* revision, direction, digest, statements, done_digest, started_at, and of newer dialects actor and
 * library */
static mig_status read_running(struct mig__db *db, mig_cursor *cursor, struct mig__arena *arena,
			       struct mig__store_running *out)
{
	const char *direction = "";
	const struct {
		int32_t column;
		const char **text;
	} texts[] = { { 0, &out->revision },   { 1, &direction },  { 2, &out->digest },
		      { 4, &out->journal },    { 5, &out->started_at }, { 6, &out->actor },
		      { 7, &out->library } };
	mig_status rc;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		*texts[i].text = "";
		if (texts[i].column >= db->dialect->conn->column_count(cursor))
			continue;
		rc = text_column(db, cursor, texts[i].column, arena, texts[i].text);
		if (rc)
			return rc;
	}
	out->present = 1;
	out->direction = strcmp(direction, "downgrade") ? MIG_UPGRADE : MIG_DOWNGRADE;
	rc = int_column(db, cursor, 3, &out->statements);
	return rc ? rc : read_journal(db, arena, out);
}

mig_status mig__store_read_running(struct mig__db *db, struct mig__arena *arena,
				   struct mig__store_running *out)
{
	struct mig__store_running found = { 0 };
	mig_cursor *cursor;
	int32_t more = 0;
	mig_status rc = mig__db_read(db, MIG_SQL_READ_RUNNING, &cursor);

	if (rc)
		return rc;
	found.missing = !cursor;
	if (cursor)
		rc = db->dialect->conn->step(cursor, &more);
	if (!rc && more)
		rc = read_running(db, cursor, arena, &found);
	db->dialect->conn->finish(cursor);
	if (!rc)
		*out = found;
	return rc;
}

/* -- writing: each statement must write the one row that it is for */

static mig_status fail_rows(struct mig__db *db, const char *what)
{
	mig__fail(db->err, MIG_EREVISION, "%s", what);
	mig__error_set_hint(db->err, "a revision has changed libmig's own tables: leave that out; "
				     "nothing of this transaction is kept");
	return MIG_EREVISION;
}

static mig_status write_one(struct mig__db *db, int32_t which, const mig_value *values,
			    size_t count, const char *revision)
{
	int64_t affected;
	mig_status rc = mig__db_write(db, which, values, count, &affected);

	if (rc || affected == 1 || affected < 0)
		return rc;
	mig__fail(db->err, MIG_EREVISION, "the row of revision %s: %lld rows were written, not one",
		  revision, (long long)affected);
	mig__error_set_hint(db->err, "a revision, a trigger or another program has changed libmig's "
				     "own tables; nothing of this transaction is kept");
	return MIG_EREVISION;
}

mig_status mig__store_insert(struct mig__db *db, const char *revision, const char *digest)
{
	mig_value values[] = { mig__value_text(revision), mig__value_text(digest) };

	return write_one(db, MIG_SQL_INSERT_VERSION, values, 2, revision);
}

mig_status mig__store_update(struct mig__db *db, const char *revision, const char *digest,
			     const char *old_revision)
{
	mig_value values[] = { mig__value_text(revision), mig__value_text(digest),
			       mig__value_text(old_revision) };

	return write_one(db, MIG_SQL_UPDATE_VERSION, values, 3, old_revision);
}

mig_status mig__store_delete(struct mig__db *db, const char *revision)
{
	mig_value value = mig__value_text(revision);

	return write_one(db, MIG_SQL_DELETE_VERSION, &value, 1, revision);
}

mig_status mig__store_clear(struct mig__db *db)
{
	return mig__db_write(db, MIG_SQL_CLEAR_VERSION, NULL, 0, NULL);
}

/* "r1 digest" of each row, with line feeds between them. */
static mig_status check_by_text(struct mig__db *db, const struct mig__store_rows *rows)
{
	struct mig__buf text;
	mig_value value;
	mig_status rc;

	mig__buf_init(&text, db->err->alloc);
	for (size_t i = 0; i < rows->count; i++)
		mig__buf_addf(&text, "%s%s %s", i ? "\n" : "", rows->ids[i], rows->digests[i]);
	value = mig__value_text(mig__buf_text(&text));
	rc = text.failed ? mig__fail_nomem(db->err)
			 : mig__db_write(db, MIG_SQL_CHECK_VERSION, &value, 1, NULL);
	mig__buf_finish(&text);
	return rc;
}

mig_status mig__store_check(struct mig__db *db, const struct mig__store_rows *rows)
{
	struct mig__store_rows found;
	struct mig__arena arena;
	mig_status rc;

	if (db->dialect->store->table_sql(db->conn, MIG_SQL_CHECK_VERSION))
		return check_by_text(db, rows);
	mig__arena_init(&arena, db->err->alloc);
	rc = mig__store_read(db, &arena, &found);
	if (!rc && !mig__store_same(rows, &found))
		rc = fail_rows(db, "the version rows are not those that were read and written");
	mig__arena_finish(&arena);
	return rc;
}

int mig__store_same(const struct mig__store_rows *a, const struct mig__store_rows *b)
{
	if (a->count != b->count || a->running != b->running)
		return 0;
	for (size_t i = 0; i < a->count; i++) /* both by revision */
		if (strcmp(a->ids[i], b->ids[i]) || strcmp(a->digests[i], b->digests[i]))
			return 0;
	return 1;
}

mig_status mig__store_log(struct mig__db *db, const struct mig__store_entry *e)
{
	mig_value values[] = {
		mig__value_text(e->revision),   mig__value_text(e->direction),
		mig__value_text(e->state),      mig__value_text(e->digest),
		mig__value_int(e->statements),  mig__value_text(e->done_digest),
		mig__value_text(e->started_at), mig__value_int(e->duration_us),
		mig__value_text(e->actor),      mig__value_text(MIG_VERSION_STRING),
	};

	return write_one(db, MIG_SQL_INSERT_HISTORY, values, 10, e->revision);
}

static mig_status fail_taken(struct mig__db *db, const struct mig__store_mark *m)
{
	mig__fail(db->err, MIG_ELOCKED,
		  "the %s of revision %s is not where this process left it: another one has gone "
		  "on with it, or a stamp has given it up",
		  mig__direction_name(m->direction), m->revision);
	mig__error_set_revision(db->err, m->revision);
	mig__error_set_hint(db->err, "this process has stopped here: run again");
	return MIG_ELOCKED;
}

/* For a dialect that cannot compare and write in one statement. */
static mig_status compare_running(struct mig__db *db, const struct mig__store_mark *m)
{
	struct mig__store_running now;
	struct mig__arena arena;
	mig_status rc;

	mig__arena_init(&arena, db->err->alloc);
	rc = mig__store_read_running(db, &arena, &now);
	if (!rc && (!now.present || strcmp(now.revision, m->revision) != 0 ||
		    now.direction != m->direction || now.statements != m->before))
		rc = fail_taken(db, m);
	mig__arena_finish(&arena);
	return rc;
}

mig_status mig__store_mark(struct mig__db *db, const struct mig__store_mark *m)
{
	mig_value values[] = { mig__value_text(m->state),
			       mig__value_int(m->statements),
			       mig__value_text(m->done_digest),
			       mig__value_int(m->duration_us),
			       mig__value_text(m->revision),
			       mig__value_text(mig__direction_name(m->direction)),
			       mig__value_int(m->before) };
	int at_once = db->dialect->store->table_sql(db->conn, MIG_SQL_MARK_RUNNING) != NULL;
	int64_t affected;
	mig_status rc = at_once ? MIG_OK : compare_running(db, m);

	if (!rc)
		rc = mig__db_write(db, at_once ? MIG_SQL_MARK_RUNNING : MIG_SQL_UPDATE_RUNNING,
				   values, at_once ? 7 : 4, &affected);
	return rc || affected == 1 || affected < 0 ? rc : fail_taken(db, m);
}

/* revision, direction, state, digest, statements, started_at, duration_us, actor, library */
static mig_status read_entry(struct mig__db *db, mig_cursor *cursor, struct mig__arena *arena,
			     struct mig__store_entry *e, const char **library)
{
	const struct {
		int32_t column;
		const char **text;
	} texts[] = { { 0, &e->revision }, { 1, &e->direction },  { 2, &e->state },
		      { 3, &e->digest },   { 5, &e->started_at }, { 7, &e->actor },
		      { 8, library } };
	mig_status rc;

	*e = (struct mig__store_entry){ .done_digest = "" };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		rc = text_column(db, cursor, texts[i].column, arena, texts[i].text);
		if (rc)
			return rc;
	}
	rc = int_column(db, cursor, 4, &e->statements);
	return rc ? rc : int_column(db, cursor, 6, &e->duration_us);
}

mig_status mig__store_history(struct mig__db *db, mig__store_entry_fn fn, void *user)
{
	struct mig__store_entry entry;
	struct mig__arena arena;
	const char *library;
	mig_cursor *cursor;
	int32_t more;
	mig_status rc = mig__db_read(db, MIG_SQL_READ_HISTORY, &cursor);

	if (rc)
		return rc;
	mig__arena_init(&arena, db->err->alloc);
	while (cursor && !(rc = db->dialect->conn->step(cursor, &more)) && more) {
		rc = read_entry(db, cursor, &arena, &entry, &library);
		if (!rc)
			rc = fn(user, &entry, library);
		mig__arena_finish(&arena);
		if (rc)
			break;
	}
	mig__arena_finish(&arena);
	db->dialect->conn->finish(cursor);
	return rc;
}

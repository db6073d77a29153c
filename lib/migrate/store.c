/* store: between the rows of the core and those of the contract. */
#include "migrate/store.h"

#include "base/alloc.h"
#include "dialect/store.h"

#include <inttypes.h>
#include <mig/mig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const direction_names[] = { "upgrade", "downgrade", "stamp" };

const char *mig__direction_name(int32_t direction)
{
	return direction_names[direction];
}

mig_status mig__store_create(struct mig__db *db)
{
	return mig__tables_create(db, NULL);
}

/* -- reading: what the dialect reports is kept in an arena; "" for NULL */

struct reading {
	struct mig__db *db;
	struct mig__arena *arena;
	struct mig__store_rows rows;
	size_t room;
	struct mig__store_running *running;
};

static mig_status keep_text(struct reading *r, const char *text, const char **out)
{
	*out = text && *text ? mig__arena_strdup(r->arena, text) : "";
	return *out ? MIG_OK : mig__fail_nomem(r->db->err);
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

/* The old arrays stay in the arena: at most as much again. */
static mig_status make_room(struct reading *r)
{
	struct mig__store_rows *rows = &r->rows;
	size_t room = r->room ? r->room * 2 : 4;
	const char **ids, **digests;

	if (rows->count < r->room)
		return MIG_OK;
	ids = mig__arena_alloc(r->arena, room * sizeof *ids);
	digests = mig__arena_alloc(r->arena, room * sizeof *digests);
	if (!ids || !digests)
		return mig__fail_nomem(r->db->err);
	if (rows->count) {
		memcpy(ids, rows->ids, rows->count * sizeof *ids);
		memcpy(digests, rows->digests, rows->count * sizeof *digests);
	}
	rows->ids = ids;
	rows->digests = digests;
	r->room = room;
	return MIG_OK;
}

static mig_status take_row(void *user, const mig_version_row *row)
{
	struct reading *r = user;
	mig_status rc = make_room(r);

	if (!rc)
		rc = keep_text(r, row->revision, &r->rows.ids[r->rows.count]);
	if (!rc)
		rc = keep_text(r, row->digest, &r->rows.digests[r->rows.count]);
	if (rc)
		return rc;
	take_mark(&r->rows);
	r->rows.count++;
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

mig_status mig__store_read(struct mig__db *db, struct mig__arena *arena,
			   struct mig__store_rows *out)
{
	struct reading r = { .db = db, .arena = arena };
	int32_t there = 0;
	mig_status rc = mig__tables_read_rows(db, take_row, &r, &there);

	r.rows.missing = !there;
	if (!rc)
		rc = sort_rows(db, &r.rows);
	if (!rc)
		*out = r.rows;
	return rc;
}

/* What follows the digest. */
static const char flight[] = " in flight:", failed[] = " failed", unknown[] = "?";

void mig__store_add_flight(struct mig__store_journal *journal, int64_t statements, const char *seen)
{
	strcat(strcat(journal->done_digest, flight), unknown);
	snprintf(journal->in_flight, sizeof journal->in_flight, "%" PRId64 ":%s", statements + 1, seen);
}

void mig__store_add_failed(struct mig__store_journal *journal)
{
	strcat(journal->done_digest, failed);
}

/* What was seen of the statement after those that are done; NULL: the column is about another one. */
static const char *seen_of(const struct mig__store_running *running)
{
	char *end;

	if (!running->in_flight || strtoll(running->in_flight, &end, 10) != running->statements + 1)
		return NULL;
	return *end == ':' ? end + 1 : NULL;
}

/* The two columns: see mig__store_journal. */
static mig_status read_journal(struct mig__db *db, struct mig__arena *arena,
			       struct mig__store_running *out)
{
	size_t digest = strcspn(out->journal, " ");
	const char *seen;

	out->done_digest = mig__arena_strndup(arena, out->journal, digest);
	if (!strncmp(out->journal + digest, flight, sizeof flight - 1)) {
		out->flight = out->journal + digest + sizeof flight - 1;
		seen = seen_of(out);
		if (seen && !strcmp(out->flight, unknown))
			out->flight = seen;
	}
	return out->done_digest ? MIG_OK : mig__fail_nomem(db->err);
}

/* A dialect that knows less of the contract has shorter rows. */
static const char *in_flight_of(const mig_history_row *row)
{
	const size_t end = offsetof(mig_history_row, in_flight) + sizeof row->in_flight;

	return row->struct_size >= end ? row->in_flight : NULL;
}

static mig_status take_running(void *user, const mig_history_row *row)
{
	struct reading *r = user;
	struct mig__store_running *out = r->running;
	const struct {
		const char *from, **to;
	} texts[] = { { row->revision, &out->revision },      { row->digest, &out->digest },
		      { row->done_digest, &out->journal },    { row->started_at, &out->started_at },
		      { row->actor, &out->actor },            { row->library, &out->library } };
	mig_status rc = MIG_OK;

	if (out->present) /* the oldest */
		return MIG_OK;
	for (size_t i = 0; !rc && i < sizeof texts / sizeof *texts; i++)
		rc = keep_text(r, texts[i].from, texts[i].to);
	if (!rc && in_flight_of(row))
		rc = keep_text(r, in_flight_of(row), &out->in_flight);
	if (rc)
		return rc;
	out->present = 1;
	out->direction = row->direction && !strcmp(row->direction, "downgrade") ? MIG_DOWNGRADE
										: MIG_UPGRADE;
	out->statements = row->statements;
	return read_journal(r->db, r->arena, out);
}

mig_status mig__store_read_running(struct mig__db *db, struct mig__arena *arena,
				   struct mig__store_running *out)
{
	struct mig__store_running found = { 0 };
	struct reading r = { .db = db, .arena = arena, .running = &found };
	int32_t there = 0;
	mig_status rc = mig__tables_read_running(db, take_running, &r, &there);

	found.table = there;
	if (!rc)
		*out = found;
	return rc;
}

/* -- writing */

mig_status mig__store_write(struct mig__db *db, const struct mig__store_change *changes, size_t count)
{
	mig_status rc = MIG_OK;

	for (size_t i = 0; !rc && i < count; i++) {
		const mig_row_change change = { .struct_size = sizeof change,
						.old_revision = changes[i].old_revision,
						.revision = changes[i].revision,
						.digest = changes[i].digest },
				     *const at = &change;
		const mig_rows_write write = { .struct_size = sizeof write,
					       .changes = &at,
					       .change_count = 1 };

		rc = mig__tables_write_rows(db, &write, NULL);
	}
	return rc;
}

mig_status mig__store_update(struct mig__db *db, const char *revision, const char *digest,
			     const char *old_revision)
{
	const struct mig__store_change change = { old_revision, revision, digest };

	return mig__store_write(db, &change, 1);
}

mig_status mig__store_clear(struct mig__db *db)
{
	return mig__tables_clear_rows(db, NULL);
}

/* Rows as the dialect has them: to be given to fn. */
static mig_status with_rows(struct mig__db *db, const struct mig__store_rows *rows,
			    mig_status (*fn)(struct mig__db *, const mig_version_row *const *, size_t,
					     int32_t *),
			    int32_t *out)
{
	const struct mig__alloc *alloc = db->err->alloc;
	mig_version_row *row = mig__calloc(alloc, rows->count + 1, sizeof *row);
	const mig_version_row **at = mig__calloc(alloc, rows->count + 1, sizeof *at);
	mig_status rc = row && at ? MIG_OK : mig__fail_nomem(db->err);

	for (size_t i = 0; !rc && i < rows->count; i++) {
		row[i] = (mig_version_row){ sizeof *row, rows->ids[i], rows->digests[i] };
		at[i] = &row[i];
	}
	if (!rc)
		rc = fn(db, at, rows->count, out);
	mig__free(alloc, row);
	mig__free(alloc, at);
	return rc;
}

static mig_status check(struct mig__db *db, const mig_version_row *const *rows, size_t count,
			int32_t *unused)
{
	const mig_rows_write write = { .struct_size = sizeof write,
				       .check = 1,
				       .expected = rows,
				       .expected_count = count };

	(void)unused;
	return mig__tables_write_rows(db, &write, NULL);
}

mig_status mig__store_check(struct mig__db *db, const struct mig__store_rows *rows)
{
	return with_rows(db, rows, check, NULL);
}

static mig_status commit_later(struct mig__db *db, const mig_version_row *const *rows, size_t count,
			       int32_t *later)
{
	return db->dialect->conn->commit_later(db->conn, rows, count, later);
}

mig_status mig__store_commit_later(struct mig__db *db, const struct mig__store_rows *rows, int32_t *later)
{
	*later = 0;
	return MIG__CONN_SLOT(db, commit_later) ? with_rows(db, rows, commit_later, later) : MIG_OK;
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

static const char *given(const char *text)
{
	return text && *text ? text : NULL;
}

mig_status mig__store_log(struct mig__db *db, const struct mig__store_entry *e)
{
	const mig_history_row row = { .struct_size = sizeof row,
				      .revision = e->revision,
				      .direction = e->direction,
				      .state = e->state,
				      .digest = e->digest,
				      .statements = e->statements,
				      .done_digest = e->done_digest,
				      .started_at = e->started_at,
				      .duration_us = e->duration_us,
				      .actor = e->actor,
				      .library = MIG_VERSION_STRING,
				      .in_flight = given(e->in_flight) },
			      *const at = &row;
	const mig_rows_write write = { .struct_size = sizeof write,
				       .history = &at,
				       .history_count = 1 };

	return mig__tables_write_rows(db, &write, NULL);
}

mig_status mig__store_mark(struct mig__db *db, const struct mig__store_mark *m)
{
	const mig_journal_mark mark = { .struct_size = sizeof mark,
					.revision = m->revision,
					.direction = mig__direction_name(m->direction),
					.before = m->before,
					.state = m->state,
					.statements = m->statements,
					.done_digest = m->done_digest,
					.duration_us = m->duration_us,
					.in_flight = given(m->in_flight) };

	return mig__tables_mark_running(db, &mark, NULL);
}

/* -- the history */

struct listing {
	mig__store_entry_fn fn;
	void *user;
};

static mig_status list_entry(void *user, const mig_history_row *row)
{
	const struct listing *l = user;
#define TEXT(member) (row->member ? row->member : "")
	const struct mig__store_entry entry = { .revision = TEXT(revision),
						.direction = TEXT(direction),
						.state = TEXT(state),
						.digest = TEXT(digest),
						.done_digest = TEXT(done_digest),
						.started_at = TEXT(started_at),
						.actor = TEXT(actor),
						.statements = row->statements,
						.duration_us = row->duration_us };

	return l->fn(l->user, &entry, TEXT(library));
#undef TEXT
}

mig_status mig__store_history(struct mig__db *db, mig__store_entry_fn fn, void *user)
{
	struct listing listing = { fn, user };
	int32_t there;

	return mig__tables_read_history(db, list_entry, &listing, &there);
}

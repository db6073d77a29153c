/* rows: the version rows in memory, as they are in the table and as they are to be. Not when they
 * are read or written: run.c. Not the SQL: the store.
 *
 * A step only notes its change. By node, `was` says whether the row is in the table, `is` whether
 * it is to be, and `touched` lists the nodes that steps have named, so that a write looks at these
 * alone. E.g. rows {b, c}, a step to their merge m, and one to d above m:
 *
 *     after        b         c         m         d
 *     the read     was, is   was, is   -         -
 *     step m       was       was       is        -
 *     step d       was       was       -         is      written: UPDATE b to d, DELETE c
 *
 * m came and went in one transaction, so nothing is written about it. After a rollback
 * mig__version_forget() drops all three; the next step makes them from `stored` again.
 *
 * `unstamped` is about the digest in the file's header (stamp.c): the header has none for `stored`,
 * so that a run of many steps looks there once and not at each write. */
#include "migrate/rows.h"

#include "base/buf.h"
#include "base/text.h"
#include "migrate/stamp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- reading */

void mig__version_init(struct mig__version_rows *state, const struct mig__alloc *alloc)
{
	memset(state, 0, sizeof *state);
	mig__arena_init(&state->arena, alloc);
}

/* The per-node bytes follow from stored. */
void mig__version_forget(struct mig__version_rows *state)
{
	mig__free(state->arena.alloc, state->was);
	mig__free(state->arena.alloc, state->is);
	mig__free(state->arena.alloc, state->touched);
	state->was = state->is = NULL;
	state->touched = NULL;
	state->touched_count = 0;
}

mig_status mig__version_read(struct mig__db *db, struct mig__version_rows *state, int *changed)
{
	struct mig__store_rows rows;
	struct mig__arena arena;
	int differs;
	mig_status rc;

	mig__arena_init(&arena, state->arena.alloc);
	rc = mig__store_read(db, &arena, &rows);
	if (rc) {
		mig__arena_finish(&arena);
		return rc;
	}
	differs = !mig__store_same(&rows, &state->stored);
	if (differs) {
		mig__version_forget(state);
		state->unstamped = 0;
	}
	mig__arena_finish(&state->arena);
	state->arena = arena;
	state->stored = rows;
	if (changed)
		*changed = differs;
	return MIG_OK;
}

/* -- checking */

struct edited_search {
	const struct mig__alloc *alloc;
	struct mig__world *world;
	uint8_t *applied; /* by node */
	uint8_t *differs; /* by node: the newest history row has another digest */
	struct mig__error *err;
};

static mig_status note_entry(void *user, const struct mig__store_entry *e, const char *library)
{
	struct edited_search *s = user;
	uint32_t node = mig__graph_find(s->world->graph, e->revision);
	char hex[MIG__DIGEST_HEX];
	mig_status rc;

	(void)library;
	if (node == MIG__NO_NODE || !s->applied[node] || !e->digest[0] ||
	    !strcmp(e->direction, "downgrade") || strcmp(e->state, "done"))
		return MIG_OK;
	rc = mig__script_digest(s->alloc, &s->world->set->at[node], s->err);
	if (rc)
		return rc;
	mig__digest_hex(s->world->set->at[node].digest, hex);
	s->differs[node] = strcmp(hex, e->digest) != 0;
	return MIG_OK;
}

mig_status mig__version_edited(struct mig__db *db, const struct mig__alloc *alloc,
			       struct mig__world *world, const struct mig__version_rows *state,
			       struct mig__nodes *out)
{
	struct mig__rows rows = { state->stored.ids, state->stored.count };
	struct edited_search s = { alloc, world, NULL, NULL, db->err };
	struct mig__nodes applied = { 0 };
	uint32_t count = 0;
	mig_status rc = mig__graph_applied(world->graph, rows, db->err, &applied);

	if (rc)
		return rc;
	s.applied = mig__calloc(alloc, mig__graph_count(world->graph), 1);
	s.differs = mig__calloc(alloc, mig__graph_count(world->graph), 1);
	if (!s.applied || !s.differs)
		rc = mig__fail_nomem(db->err);
	for (uint32_t i = 0; !rc && i < applied.count; i++)
		s.applied[applied.at[i]] = 1;
	if (!rc)
		rc = mig__store_history(db, note_entry, &s);
	for (uint32_t i = 0; !rc && i < applied.count; i++)
		if (s.differs[applied.at[i]])
			applied.at[count++] = applied.at[i];
	applied.count = count;
	mig__free(alloc, s.applied);
	mig__free(alloc, s.differs);
	if (rc)
		mig__nodes_finish(world->graph, &applied);
	else
		*out = applied;
	return rc;
}

/* "e1 (versions/e1.sql), e2 (versions/e2.sql) and 3 more" */
static void name_edited(const struct mig__world *world, const struct mig__nodes *edited,
			struct mig__buf *text)
{
	for (uint32_t i = 0; i < edited->count && i < 5; i++) {
		const struct mig__script *script = &world->set->at[edited->at[i]];

		mig__buf_addf(text, "%s%s%s%s%s", i ? ", " : "", script->id,
			      script->file ? " (" : "", script->file ? script->file : "",
			      script->file ? ")" : "");
	}
	if (edited->count > 5)
		mig__buf_addf(text, " and %u more", (unsigned)edited->count - 5);
}

static mig_status fail_edited(struct mig__db *db, const struct mig__script *first, const char *row,
			      const char *text)
{
	mig__fail(db->err, MIG_EEDITED, "%s", text);
	mig__error_set_revision(db->err, first ? first->id : row);
	if (first && first->file)
		mig__error_set_place(db->err, first->file, 0, 0);
	mig__error_set_hint(db->err, "put the script back and write a new revision for the change; "
				     "if only comments or layout changed, accept the edit "
				     "(MIG_EDITED_ACCEPT, or --edited accept)");
	return MIG_EEDITED;
}

static mig_status report_edited(struct mig__db *db, const struct mig__alloc *alloc,
				struct mig__world *world, int32_t mode,
				struct mig__version_rows *state, const char *row)
{
	const struct mig__script *first = NULL;
	struct mig__nodes edited = { 0 };
	struct mig__buf text;
	mig_status rc = mig__version_edited(db, alloc, world, state, &edited);

	if (rc)
		return rc;
	mig__buf_init(&text, alloc);
	if (edited.count) {
		first = &world->set->at[edited.at[0]];
		mig__buf_adds(&text, mode == MIG_EDITED_ACCEPT
					     ? "accepted, edited after it was applied: "
					     : "edited after it was applied: ");
		name_edited(world, &edited, &text);
	} else {
		mig__buf_addf(&text,
			      "revision %s or one below it was edited after it was applied, or its "
			      "place in the history was changed",
			      row);
	}
	if (mode == MIG_EDITED_ERROR)
		rc = fail_edited(db, first, row, mig__buf_text(&text));
	else if (!state->warned && db->log)
		db->log(db->user, MIG_LOG_WARNING, mig__buf_text(&text));
	state->warned = 1;
	mig__buf_finish(&text);
	mig__nodes_finish(world->graph, &edited);
	return rc;
}

mig_status mig__version_check(struct mig__db *db, const struct mig__alloc *alloc,
			      struct mig__world *world, int32_t mode,
			      struct mig__version_rows *state)
{
	const struct mig__store_rows *rows = &state->stored;
	char hex[MIG__DIGEST_HEX];
	struct mig__nodes nodes = { 0 };
	mig_status rc = MIG_OK;

	state->stale = 0;
	for (size_t i = 0; !rc && i < rows->count; i++) {
		uint32_t node = mig__graph_find(world->graph, rows->ids[i]);

		if (node == MIG__NO_NODE) { /* the graph words the error, with all such rows */
			rc = mig__graph_current(world->graph,
						(struct mig__rows){ rows->ids, rows->count },
						db->err, &nodes);
			if (rc == MIG_ENEWER && !db->err->hint)
				mig__error_set_hint(db->err,
						    "use the program, or the revisions, that "
						    "brought the database there");
			return rc;
		}
		if (rows->running && rows->marked == i)
			continue; /* a script that is being finished may have been fixed */
		rc = mig__world_chain(alloc, world, node, db->err, hex);
		if (rc || !rows->digests[i][0] || !strcmp(hex, rows->digests[i]))
			continue;
		if (mode == MIG_EDITED_ACCEPT)
			state->stale = 1;
		rc = report_edited(db, alloc, world, mode, state, rows->ids[i]);
	}
	return rc;
}

/* -- changing */

static mig_status prepare(const struct mig__alloc *alloc, const struct mig__world *world,
			  struct mig__version_rows *state, struct mig__error *err)
{
	uint32_t count = mig__graph_count(world->graph);

	if (state->was)
		return MIG_OK;
	state->was = mig__calloc(alloc, count, 1);
	state->is = mig__calloc(alloc, count, 1);
	state->touched = mig__calloc(alloc, count, sizeof *state->touched);
	if (!state->was || !state->is || !state->touched) {
		mig__version_forget(state);
		return mig__fail_nomem(err);
	}
	for (size_t i = 0; i < state->stored.count; i++) {
		uint32_t node = mig__graph_find(world->graph, state->stored.ids[i]);

		if (node != MIG__NO_NODE)
			state->was[node] = state->is[node] = 1;
	}
	return MIG_OK;
}

enum { IN = 1, TOUCHED = 2 };

static void set(struct mig__version_rows *state, uint32_t node, int in)
{
	if (!(state->is[node] & TOUCHED))
		state->touched[state->touched_count++] = node;
	state->is[node] = (uint8_t)(TOUCHED | (in ? IN : 0));
}

int mig__version_has(const struct mig__version_rows *state, uint32_t node)
{
	return state->is[node] & IN;
}

mig_status mig__version_apply(const struct mig__alloc *alloc, const struct mig__world *world,
			      struct mig__version_rows *state, const struct mig__route *route,
			      size_t step, struct mig__error *err)
{
	const struct mig__route_step *s = &route->steps[step];
	mig_status rc = prepare(alloc, world, state, err);

	if (rc)
		return rc;
	for (uint32_t i = 0; i < s->removed_count; i++)
		set(state, route->nodes[s->removed_at + i], 0);
	for (uint32_t i = 0; i < s->added_count; i++)
		set(state, route->nodes[s->added_at + i], 1);
	return MIG_OK;
}

/* Whether some applied revision is a child or a dependent of the node. */
static int is_implied(const struct mig__world *world, const uint8_t *applied, uint32_t node)
{
	struct mig__span above = mig__graph_dependents(world->graph, node);

	for (uint32_t i = 0; i < above.count; i++)
		if (applied[above.at[i]])
			return 1;
	return 0;
}

static void set_below(const struct mig__world *world, struct mig__version_rows *state,
		      const uint8_t *applied, struct mig__span below)
{
	for (uint32_t i = 0; i < below.count; i++)
		set(state, below.at[i],
		    applied[below.at[i]] && !is_implied(world, applied, below.at[i]));
}

mig_status mig__version_apply_one(const struct mig__alloc *alloc, const struct mig__world *world,
				  struct mig__version_rows *state, uint32_t node, int32_t direction,
				  struct mig__error *err)
{
	struct mig__rows rows = { state->stored.ids, state->stored.count };
	struct mig__nodes below = { 0 };
	uint8_t *applied = NULL;
	mig_status rc = prepare(alloc, world, state, err);

	if (!rc)
		rc = mig__graph_applied(world->graph, rows, err, &below);
	if (rc)
		return rc;
	applied = mig__calloc(alloc, mig__graph_count(world->graph), 1);
	if (!applied) {
		rc = mig__fail_nomem(err);
		goto out;
	}
	for (uint32_t i = 0; i < below.count; i++)
		applied[below.at[i]] = 1;
	applied[node] = direction != MIG_DOWNGRADE;
	set(state, node, applied[node] && !is_implied(world, applied, node));
	set_below(world, state, applied, mig__graph_parents(world->graph, node));
	set_below(world, state, applied, mig__graph_dependencies(world->graph, node));
out:
	mig__free(alloc, applied);
	mig__nodes_finish(world->graph, &below);
	return rc;
}

mig_status mig__version_replace(const struct mig__alloc *alloc, const struct mig__world *world,
				struct mig__version_rows *state, const struct mig__nodes *nodes,
				struct mig__error *err)
{
	mig_status rc = prepare(alloc, world, state, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < state->stored.count; i++) {
		uint32_t node = mig__graph_find(world->graph, state->stored.ids[i]);

		if (node != MIG__NO_NODE)
			set(state, node, 0);
	}
	for (uint32_t i = 0; i < nodes->count; i++)
		set(state, nodes->at[i], 1);
	state->stale = 1;
	return MIG_OK;
}

/* -- writing */

static const char *id_of(const struct mig__world *world, uint32_t node)
{
	return mig__graph_id(world->graph, node);
}

/* The digest that a row has in the table; NULL: there is no such row. */
static const char *digest_of(const struct mig__store_rows *rows, const char *id)
{
	const char **at = rows->count ? bsearch(&id, rows->ids, rows->count, sizeof id,
						mig__text_by_bytes)
				      : NULL;

	return at ? rows->digests[at - rows->ids] : NULL;
}

/* The table after a write, read from the state: by revision, as the database would give it. */
static mig_status restate(const struct mig__alloc *alloc, struct mig__world *world,
			  struct mig__version_rows *state, const uint32_t *came, size_t came_count,
			  struct mig__error *err)
{
	size_t room = state->stored.count + came_count;
	struct mig__store_rows now = { 0 };
	struct mig__arena arena;
	char hex[MIG__DIGEST_HEX];
	mig_status rc = MIG_OK;

	mig__arena_init(&arena, alloc);
	now.ids = mig__arena_alloc(&arena, room * sizeof *now.ids);
	now.digests = mig__arena_alloc(&arena, room * sizeof *now.digests);
	if (!now.ids || !now.digests)
		rc = mig__fail_nomem(err);
	for (size_t i = 0; !rc && i < state->stored.count; i++) { /* every row is known by now */
		uint32_t node = mig__graph_find(world->graph, state->stored.ids[i]);

		if (node != MIG__NO_NODE && (state->was[node] & IN))
			now.ids[now.count++] = id_of(world, node);
	}
	for (size_t i = 0; !rc && i < came_count; i++)
		now.ids[now.count++] = id_of(world, came[i]);
	if (!rc && now.count)
		qsort(now.ids, now.count, sizeof *now.ids, mig__text_by_bytes);
	for (size_t i = 0; !rc && i < now.count; i++) {
		const char *kept = state->stale ? NULL : digest_of(&state->stored, now.ids[i]);

		if (!kept)
			rc = mig__world_chain(alloc, world, mig__graph_find(world->graph, now.ids[i]),
					      err, hex);
		now.digests[i] = mig__arena_strdup(&arena, kept ? kept : hex);
		if (!rc && !now.digests[i])
			rc = mig__fail_nomem(err);
	}
	if (rc) {
		mig__arena_finish(&arena);
		return rc;
	}
	mig__arena_finish(&state->arena);
	state->arena = arena;
	state->stored = now;
	return MIG_OK;
}

/* Leaving rows become coming ones by UPDATE as far as they go in pairs. */
static mig_status write_change(struct mig__db *db, const struct mig__alloc *alloc,
			       struct mig__world *world, const uint32_t *gone, size_t gone_count,
			       const uint32_t *came, size_t came_count)
{
	size_t most = gone_count > came_count ? gone_count : came_count;
	char hex[MIG__DIGEST_HEX] = "";
	mig_status rc = MIG_OK;

	for (size_t i = 0; !rc && i < most; i++) {
		if (i < came_count)
			rc = mig__world_chain(alloc, world, came[i], db->err, hex);
		if (rc)
			break;
		rc = mig__store_write(db,
				      &(struct mig__store_change){
					      .old_revision = i < gone_count ? id_of(world, gone[i])
									     : NULL,
					      .revision = i < came_count ? id_of(world, came[i])
									 : NULL,
					      .digest = hex },
				      1);
	}
	return rc;
}

/* Rows that stay, with a digest of the scripts as they are now. */
static mig_status refresh(struct mig__db *db, const struct mig__alloc *alloc,
			  struct mig__world *world, struct mig__version_rows *state)
{
	char hex[MIG__DIGEST_HEX];
	mig_status rc = MIG_OK;

	for (size_t i = 0; !rc && i < state->stored.count; i++) {
		const char *id = state->stored.ids[i];
		uint32_t node = mig__graph_find(world->graph, id);

		if (node == MIG__NO_NODE || !(state->was[node] & IN))
			continue;
		rc = mig__world_chain(alloc, world, node, db->err, hex);
		if (!rc && strcmp(hex, state->stored.digests[i]))
			rc = mig__store_update(db, id, hex, id);
	}
	return rc;
}

mig_status mig__version_write(struct mig__db *db, const struct mig__alloc *alloc,
			      struct mig__world *world, struct mig__version_rows *state)
{
	uint32_t *gone, *came;
	size_t gone_count = 0, came_count = 0;
	uint32_t stamp = state->unstamped ? 0 : mig__stamp_of_rows(&state->stored);
	mig_status rc = prepare(alloc, world, state, db->err);

	if (rc || (!state->touched_count && !state->stale))
		return rc;
	gone = mig__malloc(alloc, (state->touched_count + 1) * 2 * sizeof *gone);
	if (!gone)
		return mig__fail_nomem(db->err);
	came = gone + state->touched_count + 1;
	for (size_t i = 0; i < state->touched_count; i++) {
		uint32_t node = state->touched[i];
		int in = state->is[node] & IN;

		if (state->was[node] && !in)
			gone[gone_count++] = node;
		else if (!state->was[node] && in)
			came[came_count++] = node;
		state->was[node] = state->is[node] = (uint8_t)(in ? IN : 0);
	}
	rc = write_change(db, alloc, world, gone, gone_count, came, came_count);
	for (size_t i = 0; i < came_count; i++)
		state->was[came[i]] = 0; /* rows of before only, for the two below */
	if (!rc && state->stale)
		rc = refresh(db, alloc, world, state);
	if (!rc)
		rc = restate(alloc, world, state, came, came_count, db->err);
	if (!rc)
		rc = mig__store_check(db, &state->stored);
	if (!rc && !state->unstamped)
		rc = mig__stamp_change(db, stamp, &state->stored);
	state->unstamped = !db->header_digest;
	for (size_t i = 0; i < came_count; i++)
		state->was[came[i]] = IN;
	state->touched_count = 0;
	state->stale = 0;
	mig__free(alloc, gone);
	return rc;
}

/* The row of the node, otherwise one that its step takes away, otherwise any. */
static size_t row_to_mark(const struct mig__world *world, const struct mig__store_rows *rows,
			  uint32_t node)
{
	struct mig__span parents = mig__graph_parents(world->graph, node);
	size_t best = 0;

	for (size_t i = 0; i < rows->count; i++) {
		uint32_t row = mig__graph_find(world->graph, rows->ids[i]);

		if (row == node)
			return i;
		for (uint32_t k = 0; k < parents.count; k++)
			best = parents.at[k] == row ? i : best;
	}
	return best;
}

mig_status mig__version_mark(struct mig__db *db, const struct mig__world *world,
			     struct mig__version_rows *state, uint32_t node)
{
	struct mig__store_rows *rows = &state->stored;
	char digest[sizeof MIG__DIGEST_RUNNING + MIG__DIGEST_HEX];
	mig_status rc;

	if (!rows->count)
		return MIG_OK;
	rows->marked = row_to_mark(world, rows, node);
	snprintf(digest, sizeof digest, "%s:%s", MIG__DIGEST_RUNNING, rows->digests[rows->marked]);
	rc = mig__store_update(db, rows->ids[rows->marked], digest, rows->ids[rows->marked]);
	if (rc)
		return rc;
	rows->running = 1;
	return MIG_OK;
}

mig_status mig__version_unmark(struct mig__db *db, struct mig__version_rows *state)
{
	struct mig__store_rows *rows = &state->stored;
	const char *id;
	mig_status rc;

	if (!rows->running)
		return MIG_OK;
	id = rows->ids[rows->marked];
	rc = mig__store_update(db, id, rows->digests[rows->marked], id);
	if (!rc)
		rows->running = 0;
	return rc;
}

void mig__version_finish(struct mig__version_rows *state)
{
	mig__version_forget(state);
	mig__arena_finish(&state->arena);
	mig__version_init(state, state->arena.alloc);
}

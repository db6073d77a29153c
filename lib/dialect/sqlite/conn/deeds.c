/* deeds: what revisions do to tables that others refer to.
 *
 * While foreign keys are off, ON DELETE CASCADE and its like do not act. Who deletes or changes rows of
 * which table is noted, by the first words of a statement, so that a check that fails in the end can
 * name the revision. What a trigger or the host's own handle does is not seen; then nobody is named.
 *
 * While they are on, DROP TABLE deletes the table's rows first, and with them those that refer to
 * them. Nothing violates a key after that, so no check would notice; it is refused. */
#include "dialect/sqlite/conn/conn.h"

#include "dialect/sqlite/sql/tokens.h"
#include "dialect/sqlite/sql/quote.h"

#include <string.h>

enum { MOST_DEEDS = 1000 };

/* [database .] name: *t is left at the last token of it. */
static void skip_database(struct mig__sqlite_token *t, struct mig__sqlite_token *database)
{
	struct mig__sqlite_token behind = mig__sqlite_token(mig__sqlite_behind(*t));

	database->size = 0;
	if (!mig__sqlite_is_sign(behind, '.'))
		return;
	*database = *t;
	*t = mig__sqlite_token(mig__sqlite_behind(behind));
}

static struct mig__sqlite_token next(struct mig__sqlite_token t)
{
	return mig__sqlite_token(mig__sqlite_behind(t));
}

/* The table that a statement deletes from or changes; size 0: none is seen. E.g. WITH … DELETE FROM t,
 * INSERT OR REPLACE INTO t, UPDATE OR IGNORE t, DROP TABLE IF EXISTS t. */
static struct mig__sqlite_token target_of(const char *text, int *updates)
{
	const struct mig__sqlite_token none = { MIG__TOKEN_END, text, 0 };
	struct mig__sqlite_token t = mig__sqlite_token(text), database;
	int depth = 0;

	*updates = 0;
	if (mig__sqlite_is(t, "WITH"))
		while (t.kind != MIG__TOKEN_END &&
		       (depth || !(mig__sqlite_is(t, "DELETE") || mig__sqlite_is(t, "UPDATE") ||
				   mig__sqlite_is(t, "REPLACE") || mig__sqlite_is(t, "INSERT")))) {
			depth += mig__sqlite_is_sign(t, '(') - mig__sqlite_is_sign(t, ')');
			t = next(t);
		}
	if (mig__sqlite_is(t, "DELETE")) {
		t = next(next(t));
	} else if (mig__sqlite_is(t, "REPLACE")) {
		t = next(next(t));
	} else if (mig__sqlite_is(t, "UPDATE")) {
		*updates = 1;
		t = next(t);
		if (mig__sqlite_is(t, "OR"))
			t = next(next(t));
	} else if (mig__sqlite_is(t, "INSERT")) {
		t = next(next(t));
		if (!mig__sqlite_is(t, "REPLACE"))
			return none;
		t = next(next(t));
	} else if (mig__sqlite_is(t, "DROP") && mig__sqlite_is(next(t), "TABLE")) {
		t = next(next(t));
		if (mig__sqlite_is(t, "IF"))
			t = next(next(t));
	} else {
		return none;
	}
	skip_database(&t, &database);
	return mig__sqlite_is_name(t) ? t : none;
}

static void lower(char *text)
{
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text + 32);
}

mig_status mig__sqlite_deed_note(mig_conn *conn, const char *text)
{
	struct mig__sqlite_deeds *deeds = &conn->deeds;
	struct mig__sqlite_deed deed = { .revision = conn->revision.id };
	struct mig__sqlite_token t = target_of(text, &deed.updates);
	struct mig__buf name;
	mig_status rc = MIG_OK;

	if (!t.size || !deed.revision || deeds->count == MOST_DEEDS)
		return MIG_OK;
	mig__buf_init(&name, &conn->alloc);
	mig__sqlite_add_plain(&name, t);
	if (!name.failed && name.len)
		lower(name.data);
	for (size_t i = deeds->count; i > 0; i--)
		if (deeds->at[i - 1].revision == deed.revision &&
		    deeds->at[i - 1].updates == deed.updates &&
		    !strcmp(deeds->at[i - 1].table, mig__buf_text(&name)))
			goto out;
	deed.table = mig__arena_strdup(&deeds->arena, mig__buf_text(&name));
	if (name.failed || !deed.table ||
	    !mig__grow(&conn->alloc, (void **)&deeds->at, &deeds->cap, deeds->count + 1,
		       sizeof deed))
		rc = mig__sqlite_nomem(conn);
	else
		deeds->at[deeds->count++] = deed;
out:
	mig__buf_finish(&name);
	return rc;
}

const char *mig__sqlite_deed_find(const mig_conn *conn, const char *table, int updates)
{
	const struct mig__sqlite_deeds *deeds = &conn->deeds;

	for (size_t i = deeds->count; i > 0; i--)
		if (deeds->at[i - 1].updates == updates &&
		    !sqlite3_stricmp(deeds->at[i - 1].table, table))
			return deeds->at[i - 1].revision;
	return NULL;
}

void mig__sqlite_deeds_finish(mig_conn *conn)
{
	mig__arena_finish(&conn->deeds.arena);
	mig__free(&conn->alloc, conn->deeds.at);
	conn->deeds.at = NULL;
	conn->deeds.count = conn->deeds.cap = 0;
}

/* -- DROP TABLE */

/* One text of a query with a table's name bound; kept in *out, NULL: no row. */
static mig_status ask(mig_conn *conn, const char *sql, const char *table, struct mig__buf *out,
		      int *found)
{
	sqlite3_stmt *stmt = NULL;
	mig_status rc = mig__sqlite_query(conn, sql, &stmt);

	*found = 0;
	if (!rc && sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC) != SQLITE_OK)
		rc = mig__sqlite_fail(conn, NULL);
	if (!rc)
		rc = mig__sqlite_row(conn, stmt, found);
	if (!rc && *found)
		mig__buf_adds(out, (const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	return rc;
}

/* The database in which an unqualified name is found: temp comes first, then the others as they are
 * listed. */
static mig_status find_database(mig_conn *conn, const char *table, struct mig__buf *out)
{
	sqlite3_stmt *stmt = NULL;
	struct mig__buf sql, nothing;
	int row, found = 0, best = 0;
	mig_status rc = mig__sqlite_query(conn, "PRAGMA database_list", &stmt);

	mig__buf_init(&nothing, &conn->alloc);
	while (!rc && !(rc = mig__sqlite_row(conn, stmt, &row)) && row) {
		const char *name = (const char *)sqlite3_column_text(stmt, 1);
		int temp = sqlite3_column_int(stmt, 0) == 1;

		if (!name || (best && !temp))
			continue;
		mig__buf_init(&sql, &conn->alloc);
		mig__buf_adds(&sql, "SELECT 1 FROM ");
		mig__sqlite_add_name(&sql, name);
		mig__buf_adds(&sql, ".sqlite_master WHERE type = 'table' AND name = ?1 COLLATE "
				    "NOCASE");
		rc = sql.failed ? mig__sqlite_nomem(conn)
				: ask(conn, sql.data, table, &nothing, &found);
		mig__buf_finish(&sql);
		if (rc || !found)
			continue;
		best = 1;
		mig__buf_clear(out);
		mig__buf_adds(out, name);
	}
	mig__buf_finish(&nothing);
	sqlite3_finalize(stmt);
	return rc;
}

/* A table of the same database that refers to it, and is not the table itself. */
static mig_status find_child(mig_conn *conn, const char *database, const char *table,
			     struct mig__buf *child, int *found)
{
	struct mig__buf sql;
	mig_status rc;

	mig__buf_init(&sql, &conn->alloc);
	mig__buf_adds(&sql, "SELECT m.name FROM ");
	mig__sqlite_add_name(&sql, database);
	mig__buf_adds(&sql, ".sqlite_master AS m, pragma_foreign_key_list(m.name, '");
	for (const char *p = database; *p; p++)
		mig__buf_add(&sql, *p == '\'' ? "''" : p, *p == '\'' ? 2 : 1);
	mig__buf_adds(&sql, "') AS k WHERE m.type = 'table' AND k.\"table\" = ?1 COLLATE NOCASE "
			    "AND m.name <> ?1 COLLATE NOCASE ORDER BY m.name");
	rc = sql.failed ? mig__sqlite_nomem(conn) : ask(conn, sql.data, table, child, found);
	mig__buf_finish(&sql);
	return rc;
}

/* The names of a DROP TABLE; 0: it is something else. */
static int read_drop(const char *text, struct mig__buf *database, struct mig__buf *table)
{
	struct mig__sqlite_token t = mig__sqlite_token(text), in;

	if (!mig__sqlite_is(t, "DROP") || !mig__sqlite_is(next(t), "TABLE"))
		return 0;
	t = next(next(t));
	if (mig__sqlite_is(t, "IF") && mig__sqlite_is(next(t), "EXISTS"))
		t = next(next(t));
	skip_database(&t, &in);
	if (!mig__sqlite_is_name(t))
		return 0;
	if (in.size)
		mig__sqlite_add_plain(database, in);
	mig__sqlite_add_plain(table, t);
	return 1;
}

mig_status mig__sqlite_check_drop(mig_conn *conn, const char *text,
				  const struct mig__sqlite_place *place)
{
	struct mig__buf database, table, child;
	int found = 0;
	mig_status rc = MIG_OK;

	mig__buf_init(&database, &conn->alloc);
	mig__buf_init(&table, &conn->alloc);
	mig__buf_init(&child, &conn->alloc);
	if (!read_drop(text, &database, &table))
		goto out;
	if (database.failed || table.failed)
		rc = mig__sqlite_nomem(conn);
	if (!rc && !database.len)
		rc = find_database(conn, mig__buf_text(&table), &database);
	if (!rc && database.len)
		rc = find_child(conn, database.data, mig__buf_text(&table), &child, &found);
	if (!rc && found)
		rc = mig__sqlite_report(
			conn, MIG_EFOREIGN_KEY, place,
			"mark the section foreign_keys=off: then only the table itself is dropped, "
			"and what refers to it is checked before the commit",
			"DROP TABLE %s while foreign keys are on: it would first delete the "
			"table's rows, and by its foreign key change or delete those of %s",
			table.data, mig__buf_text(&child));
out:
	mig__buf_finish(&database);
	mig__buf_finish(&table);
	mig__buf_finish(&child);
	return rc;
}

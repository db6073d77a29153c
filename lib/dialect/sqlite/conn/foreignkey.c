/* foreignkey: violations of foreign keys that a run adds, against those that were there before.
 *
 * While a run goes on, SQLite does not enforce foreign keys, so a table can be rebuilt. Before the
 * commit PRAGMA foreign_key_check tells every violation there is. One is known again, whatever
 * rowid a rebuild gave it, by its child table, its parent table and the values of its key columns:
 * the same violations are counted before and after. Memory is bounded: past a limit, and in tables
 * without rowids, only the number of them between two tables counts.
 *
 * A database without foreign keys costs a few statements that touch no page, and a transaction that
 * only creates tables and indexes is not checked at all. */
#include "dialect/sqlite/conn/conn.h"

#include "base/digest.h"
#include "dialect/sqlite/sql/tokens.h"
#include "dialect/sqlite/sql/quote.h"

#include <string.h>

enum { NAMED = 5, SHOWN_BYTES = 40 };

struct pass {
	mig_conn *conn;
	int after; /* compare; otherwise record */
	const char *database;
	uint64_t added;        /* violations that were not there before */
	struct mig__buf named; /* the first of them */
	struct mig__buf hint;  /* what would have helped; empty: nothing special */
	uint32_t table_number; /* of conn->fk.tables */
	/* the key columns of one foreign key of one table */
	sqlite3_stmt *values;
	char *table;
	int64_t key;
};

void mig__sqlite_fk_init(mig_conn *conn)
{
	mig__arena_init(&conn->fk.keys, &conn->alloc);
	mig__map_init(&conn->fk.index, &conn->alloc);
	mig__map_init(&conn->fk.known, &conn->alloc);
}

void mig__sqlite_fk_finish(mig_conn *conn)
{
	struct mig__sqlite_fk *fk = &conn->fk;

	mig__map_finish(&fk->index);
	mig__map_finish(&fk->known);
	mig__free(&conn->alloc, fk->tables);
	fk->tables = NULL;
	fk->table_count = fk->table_cap = 0;
	fk->partial = fk->all = fk->open = 0;
	mig__arena_finish(&fk->keys);
	mig__free(&conn->alloc, fk->counts);
	fk->counts = NULL;
	fk->count = fk->cap = 0;
	fk->valid = 0;
	mig__sqlite_fk_init(conn);
}

/* -- counting */

static void digest_text(struct mig__digest *d, const char *text)
{
	mig__digest_add(d, text, strlen(text) + 1);
}

/* Adds a value in a form that keeps 1, 1.0, '1' and x'31' apart. */
static void digest_value(struct mig__digest *d, sqlite3_stmt *stmt, int column)
{
	int type = sqlite3_column_type(stmt, column);
	int64_t integer, size;
	double real;
	const void *data;

	mig__digest_add(d, &type, sizeof type);
	switch (type) {
	case SQLITE_INTEGER:
		integer = sqlite3_column_int64(stmt, column);
		mig__digest_add(d, &integer, sizeof integer);
		break;
	case SQLITE_FLOAT:
		real = sqlite3_column_double(stmt, column);
		mig__digest_add(d, &real, sizeof real);
		break;
	case SQLITE_NULL:
		break;
	default:
		data = sqlite3_column_blob(stmt, column);
		size = sqlite3_column_bytes(stmt, column);
		mig__digest_add(d, &size, sizeof size);
		if (data)
			mig__digest_add(d, data, (size_t)size);
	}
}

/* The digest of a violation; values NULL: of all between the two tables. */
static void make_key(const struct pass *p, const char *table, const char *parent,
		     sqlite3_stmt *values, uint8_t key[MIG__DIGEST_SIZE])
{
	struct mig__digest d;
	int i;

	mig__digest_init(&d);
	digest_text(&d, values ? "row" : "all");
	digest_text(&d, p->database);
	digest_text(&d, table);
	digest_text(&d, parent);
	for (i = 0; values && i < sqlite3_column_count(values); i++)
		digest_value(&d, values, i);
	mig__digest_final(&d, key);
}

static struct mig__sqlite_count *find(mig_conn *conn, const uint8_t key[MIG__DIGEST_SIZE])
{
	uint32_t at = mig__map_get(&conn->fk.index, (const char *)key, MIG__DIGEST_SIZE);

	return at == MIG__NONE ? NULL : &conn->fk.counts[at];
}

/* 0 when there is no memory. */
static int count_before(const struct pass *p, const uint8_t key[MIG__DIGEST_SIZE])
{
	mig_conn *conn = p->conn;
	struct mig__sqlite_fk *fk = &conn->fk;
	struct mig__sqlite_count *known = find(conn, key);
	char *kept;

	if (known) {
		known->before += known->before < UINT32_MAX;
		return 1;
	}
	kept = mig__arena_strndup(&fk->keys, (const char *)key, MIG__DIGEST_SIZE);
	if (!kept ||
	    !mig__grow(&conn->alloc, (void **)&fk->counts, &fk->cap, fk->count + 1,
		       sizeof *fk->counts) ||
	    !mig__map_add(&fk->index, kept, MIG__DIGEST_SIZE, (uint32_t)fk->count, NULL))
		return 0;
	fk->counts[fk->count++] =
		(struct mig__sqlite_count){ .before = 1, .table = p->table_number };
	return 1;
}

/* Whether one more of these was there before. */
static int count_after(mig_conn *conn, const uint8_t key[MIG__DIGEST_SIZE])
{
	struct mig__sqlite_count *known = find(conn, key);

	if (!known || known->seen >= known->before)
		return 0;
	known->seen++;
	return 1;
}

/* -- one violation */

/* Names that reach the rowid, unless a column has taken them. */
static const char *const rowid_names[] = { "rowid", "_rowid_", "oid" };

static mig_status find_rowid_name(struct pass *p, const char *table, const char **out)
{
	int taken[3] = { 0 }, row, i;
	sqlite3_stmt *stmt = NULL;
	struct mig__buf sql;
	mig_status rc;

	mig__buf_init(&sql, &p->conn->alloc);
	mig__buf_adds(&sql, "PRAGMA ");
	mig__sqlite_add_name(&sql, p->database);
	mig__buf_adds(&sql, ".table_xinfo(");
	mig__sqlite_add_name(&sql, table);
	mig__buf_adds(&sql, ")");
	rc = sql.failed ? mig__sqlite_nomem(p->conn) : mig__sqlite_query(p->conn, sql.data, &stmt);
	mig__buf_finish(&sql);
	while (!rc && !(rc = mig__sqlite_row(p->conn, stmt, &row)) && row)
		for (i = 0; i < 3; i++)
			if (sqlite3_stricmp((const char *)sqlite3_column_text(stmt, 1),
					    rowid_names[i]) == 0)
				taken[i] = 1;
	sqlite3_finalize(stmt);
	*out = NULL;
	for (i = 0; i < 3 && !*out; i++)
		if (!taken[i])
			*out = rowid_names[i];
	return rc;
}

static mig_status query_keys(struct pass *p, const char *table, sqlite3_stmt **stmt)
{
	struct mig__buf sql;
	mig_status rc;

	mig__buf_init(&sql, &p->conn->alloc);
	mig__buf_adds(&sql, "PRAGMA ");
	mig__sqlite_add_name(&sql, p->database);
	mig__buf_adds(&sql, ".foreign_key_list(");
	mig__sqlite_add_name(&sql, table);
	mig__buf_adds(&sql, ")");
	rc = sql.failed ? mig__sqlite_nomem(p->conn) : mig__sqlite_query(p->conn, sql.data, stmt);
	mig__buf_finish(&sql);
	return rc;
}

/* Adds the columns of a foreign key, separated by commas. */
static mig_status add_columns(struct pass *p, struct mig__buf *out, const char *table, int64_t key)
{
	sqlite3_stmt *stmt = NULL;
	int row, any = 0;
	mig_status rc = query_keys(p, table, &stmt);

	while (!rc && !(rc = mig__sqlite_row(p->conn, stmt, &row)) && row) {
		const char *from = (const char *)sqlite3_column_text(stmt, 3);

		if (sqlite3_column_int64(stmt, 0) != key || !from)
			continue;
		if (any++)
			mig__buf_adds(out, ", ");
		mig__sqlite_add_name(out, from);
	}
	sqlite3_finalize(stmt);
	return rc;
}

static void forget_values(struct pass *p)
{
	sqlite3_finalize(p->values);
	mig__free(&p->conn->alloc, p->table);
	p->values = NULL;
	p->table = NULL;
}

/* Prepares the query of a child's key columns; p->values stays NULL where rows have no number. */
static mig_status prepare_values(struct pass *p, const char *table, int64_t key)
{
	const char *rowid;
	struct mig__buf sql;
	mig_status rc;

	if (p->table && p->key == key && strcmp(p->table, table) == 0)
		return MIG_OK;
	forget_values(p);
	p->key = key;
	p->table = mig__strdup(&p->conn->alloc, table);
	if (!p->table)
		return mig__sqlite_nomem(p->conn);
	rc = find_rowid_name(p, table, &rowid);
	if (rc || !rowid)
		return rc;
	mig__buf_init(&sql, &p->conn->alloc);
	mig__buf_adds(&sql, "SELECT ");
	rc = add_columns(p, &sql, table, key);
	mig__buf_adds(&sql, " FROM ");
	mig__sqlite_add_name(&sql, p->database);
	mig__buf_adds(&sql, ".");
	mig__sqlite_add_name(&sql, table);
	mig__buf_addf(&sql, " WHERE %s = ?1", rowid);
	if (!rc)
		rc = sql.failed ? mig__sqlite_nomem(p->conn)
				: mig__sqlite_query(p->conn, sql.data, &p->values);
	mig__buf_finish(&sql);
	return rc;
}

/* Puts the values of one violation into p->values: *found. */
static mig_status read_values(struct pass *p, sqlite3_stmt *violation, const char *table,
			      int *found)
{
	mig_status rc;

	*found = 0;
	if (sqlite3_column_type(violation, 1) == SQLITE_NULL)
		return MIG_OK;
	rc = prepare_values(p, table, sqlite3_column_int64(violation, 3));
	if (rc || !p->values)
		return rc;
	sqlite3_reset(p->values);
	sqlite3_bind_int64(p->values, 1, sqlite3_column_int64(violation, 1));
	return mig__sqlite_row(p->conn, p->values, found);
}

static void name_values(struct pass *p)
{
	int i, size;

	for (i = 0; i < sqlite3_column_count(p->values); i++) {
		mig__buf_addf(&p->named, "%s%s = ", i ? ", " : " (",
			      sqlite3_column_name(p->values, i));
		size = sqlite3_column_bytes(p->values, i);
		if (sqlite3_column_type(p->values, i) == SQLITE_BLOB)
			mig__buf_addf(&p->named, "a blob of %d bytes", size);
		else if (sqlite3_column_type(p->values, i) == SQLITE_TEXT)
			mig__buf_addf(&p->named, "'%.*s'%s",
				      size < SHOWN_BYTES ? size : SHOWN_BYTES,
				      (const char *)sqlite3_column_text(p->values, i),
				      size > SHOWN_BYTES ? "..." : "");
		else
			mig__buf_addf(&p->named, "%s",
				      (const char *)sqlite3_column_text(p->values, i));
	}
	mig__buf_adds(&p->named, ")");
}

static int acts(const char *action)
{
	return action && (!strcmp(action, "CASCADE") || !strcmp(action, "SET NULL") ||
			  !strcmp(action, "SET DEFAULT"));
}

/* Adds to the hint that the key's action would have helped, and who made it needed. */
static void add_blame(struct pass *p, const char *table, const char *parent, int updates,
		      const char *action)
{
	const char *revision = mig__sqlite_deed_find(p->conn, parent, updates);

	if (p->hint.len || !acts(action) || (updates && !revision) ||
	    mig__sqlite_keys_are_on(p->conn))
		return;
	mig__buf_addf(&p->hint, "ON %s %s of %s did not act, because foreign keys are off",
		      updates ? "UPDATE" : "DELETE", action, table);
	if (revision && *revision)
		mig__buf_addf(&p->hint, " while revision %s %s %s", revision,
			      updates ? "updates" : "deletes from", parent);
	mig__buf_adds(&p->hint, ": a section that counts on it says foreign_keys=on");
}

static void blame(struct pass *p, const char *table, const char *parent, int64_t key)
{
	sqlite3_stmt *stmt = NULL;
	int row;
	mig_status rc = query_keys(p, table, &stmt);

	while (!rc && !(rc = mig__sqlite_row(p->conn, stmt, &row)) && row) {
		if (sqlite3_column_int64(stmt, 0) != key)
			continue;
		add_blame(p, table, parent, 1, (const char *)sqlite3_column_text(stmt, 5));
		add_blame(p, table, parent, 0, (const char *)sqlite3_column_text(stmt, 6));
		break;
	}
	sqlite3_finalize(stmt);
}

static void name_violation(struct pass *p, sqlite3_stmt *violation, const char *table,
			   const char *parent, int has_values)
{
	p->added++;
	if (p->added > NAMED)
		return;
	mig__buf_addf(&p->named, "%s%s", p->added > 1 ? "; " : "", table);
	if (sqlite3_column_type(violation, 1) != SQLITE_NULL)
		mig__buf_addf(&p->named, " row %lld",
			      (long long)sqlite3_column_int64(violation, 1));
	if (has_values)
		name_values(p);
	mig__buf_addf(&p->named, " has no parent in %s", parent);
	blame(p, table, parent, sqlite3_column_int64(violation, 3));
}

static mig_status on_violation(struct pass *p, sqlite3_stmt *violation)
{
	struct mig__sqlite_fk *fk = &p->conn->fk;
	const char *table = (const char *)sqlite3_column_text(violation, 0);
	const char *parent = (const char *)sqlite3_column_text(violation, 2);
	uint8_t one[MIG__DIGEST_SIZE], all[MIG__DIGEST_SIZE];
	int has_values = 0;
	mig_status rc = MIG_OK;

	if (!table || !parent)
		return mig__sqlite_nomem(p->conn);
	/* values are wanted to record, to compare, and to name */
	if (p->after ? fk->count || p->added < NAMED : fk->count < fk->limit)
		rc = read_values(p, violation, table, &has_values);
	if (rc)
		return rc;
	make_key(p, table, parent, NULL, all);
	if (has_values)
		make_key(p, table, parent, p->values, one);
	if (!p->after)
		return count_before(p, has_values ? one : all) ? MIG_OK
							       : mig__sqlite_nomem(p->conn);
	if (!(has_values && count_after(p->conn, one)) && !count_after(p->conn, all))
		name_violation(p, violation, table, parent, has_values);
	return MIG_OK;
}

/* -- one pass over the databases */

static mig_status check_rows(struct pass *p, sqlite3_stmt *stmt)
{
	int row;
	mig_status rc;

	while (!(rc = mig__sqlite_row(p->conn, stmt, &row)) && row) {
		rc = on_violation(p, stmt);
		if (rc)
			break;
	}
	return rc;
}

/* A key that does not fit its parent (yet) makes SQLite refuse the check of that table. It is no
 * violation, but worth a warning where it was not so before. */
static mig_status on_mismatch(struct pass *p, const char *table)
{
	uint8_t key[MIG__DIGEST_SIZE];

	make_key(p, table, "", NULL, key);
	if (p->after && count_after(p->conn, key))
		return MIG_OK;
	if (p->after)
		p->conn->host->log(p->conn->host->user, MIG_LOG_WARNING,
				   sqlite3_errmsg(p->conn->db));
	if (!count_before(p, key))
		return mig__sqlite_nomem(p->conn);
	if (p->after)
		count_after(p->conn, key);
	return MIG_OK;
}

/* Checks one database, or one table of it. *refused: it could not be prepared. */
static mig_status check_one(struct pass *p, const char *table, int *refused)
{
	sqlite3_stmt *stmt = NULL;
	struct mig__buf sql;
	int code = SQLITE_OK;
	mig_status rc;

	mig__buf_init(&sql, &p->conn->alloc);
	mig__buf_adds(&sql, "PRAGMA ");
	mig__sqlite_add_name(&sql, p->database);
	mig__buf_adds(&sql, ".foreign_key_check");
	if (table) {
		mig__buf_adds(&sql, "(");
		mig__sqlite_add_name(&sql, table);
		mig__buf_adds(&sql, ")");
	}
	rc = sql.failed ? mig__sqlite_nomem(p->conn)
			: mig__sqlite_prepare(p->conn, sql.data, -1, 0, &stmt, NULL, &code);
	mig__buf_finish(&sql);
	*refused = code == SQLITE_ERROR;
	if (!rc && code != SQLITE_OK && !*refused)
		rc = mig__sqlite_fail(p->conn, NULL);
	if (!rc && stmt)
		rc = check_rows(p, stmt);
	forget_values(p);
	sqlite3_finalize(stmt);
	return rc;
}

/* Table by table, where one of them is refused. */
static mig_status check_tables(struct pass *p)
{
	sqlite3_stmt *stmt = NULL;
	struct mig__buf sql;
	int row, refused;
	mig_status rc;

	mig__buf_init(&sql, &p->conn->alloc);
	mig__buf_adds(&sql, "SELECT name FROM ");
	mig__sqlite_add_name(&sql, p->database);
	mig__buf_adds(&sql, ".sqlite_master WHERE type = 'table'");
	rc = sql.failed ? mig__sqlite_nomem(p->conn) : mig__sqlite_query(p->conn, sql.data, &stmt);
	mig__buf_finish(&sql);
	while (!rc && !(rc = mig__sqlite_row(p->conn, stmt, &row)) && row) {
		const char *table = (const char *)sqlite3_column_text(stmt, 0);

		if (!table)
			continue;
		rc = check_one(p, table, &refused);
		if (!rc && refused)
			rc = on_mismatch(p, table);
	}
	sqlite3_finalize(stmt);
	return rc;
}

static mig_status check_database(struct pass *p, const char *database)
{
	int refused;
	mig_status rc;

	p->database = database;
	rc = check_one(p, NULL, &refused);
	return !rc && refused ? check_tables(p) : rc;
}

/* Every database but the temporary one. */
static mig_status run_pass(struct pass *p)
{
	sqlite3_stmt *stmt = NULL;
	int row;
	mig_status rc = mig__sqlite_query(p->conn, "PRAGMA database_list", &stmt);

	while (!rc && !(rc = mig__sqlite_row(p->conn, stmt, &row)) && row) {
		const char *database = (const char *)sqlite3_column_text(stmt, 1);

		if (!database)
			rc = mig__sqlite_nomem(p->conn);
		else if (sqlite3_column_int(stmt, 0) != 1)
			rc = check_database(p, database);
	}
	sqlite3_finalize(stmt);
	return rc;
}

/* -- before and after */

void mig__sqlite_fk_touch(mig_conn *conn)
{
	if (sqlite3_get_autocommit(conn->db))
		conn->fk.valid = 0;
	else
		conn->fk.touched = 1;
}

mig_status mig__sqlite_fk_before(mig_conn *conn, int64_t data_version)
{
	struct pass p = { .conn = conn };
	mig_status rc;

	if (conn->fk.valid && !conn->fk.partial && conn->fk.data_version == data_version &&
	    conn->fk.changes == sqlite3_total_changes(conn->db))
		return MIG_OK;
	mig__sqlite_fk_finish(conn);
	rc = run_pass(&p);
	if (rc)
		return rc;
	conn->fk.data_version = data_version;
	conn->fk.valid = 1;
	return MIG_OK;
}

static mig_status fail_violated(struct pass *p)
{
	if (p->added > NAMED)
		mig__buf_addf(&p->named, "; and %llu more", (unsigned long long)(p->added - NAMED));
	if (p->named.failed || p->hint.failed)
		return mig__sqlite_nomem(p->conn);
	return mig__sqlite_report(p->conn, MIG_EFOREIGN_KEY, NULL,
				  p->hint.len ? p->hint.data
					      : "delete or correct these rows in the revision",
				  "%llu foreign key violation%s: %s", (unsigned long long)p->added,
				  p->added == 1 ? "" : "s", mig__buf_text(&p->named));
}

mig_status mig__sqlite_fk_check(mig_conn *conn)
{
	struct pass p = { .conn = conn, .after = 1 };
	size_t i;
	mig_status rc;

	if (!conn->fk.touched && !conn->lent && !conn->exposed)
		return MIG_OK;
	for (i = 0; i < conn->fk.count; i++)
		conn->fk.counts[i].seen = 0;
	mig__buf_init(&p.named, &conn->alloc);
	mig__buf_init(&p.hint, &conn->alloc);
	rc = run_pass(&p);
	if (!rc && p.added)
		rc = fail_violated(&p);
	mig__buf_finish(&p.named);
	mig__buf_finish(&p.hint);
	conn->fk.compared = !rc;
	return rc;
}

/* -- revisions outside a transaction: only tables that a statement touches, and those that refer to
 * them, are looked at, each before it is touched for the first time and again before the commit */

static int is_checked(const mig_conn *conn)
{
	return conn->revision.begun && conn->revision.lone && conn->revision.check;
}

/* The first statement of a transaction: is what is known still true? */
static mig_status open_partial(mig_conn *conn)
{
	struct mig__sqlite_fk *fk = &conn->fk;
	int64_t version = 0;
	mig_status rc;

	if (fk->open)
		return MIG_OK;
	rc = mig__sqlite_number(conn, "PRAGMA data_version", &version);
	if (rc)
		return rc;
	if (!fk->partial || !fk->valid || fk->data_version != version ||
	    fk->changes != sqlite3_total_changes(conn->db)) {
		mig__sqlite_fk_finish(conn);
		fk->valid = fk->partial = 1;
		fk->data_version = version;
	}
	for (size_t i = 0; i < fk->table_count; i++)
		fk->tables[i].touched = 0;
	fk->all = fk->compared = 0;
	fk->open = 1;
	return MIG_OK;
}

/* The table's position; *is_new: it was not known. */
static mig_status know(mig_conn *conn, const char *database, const char *table, uint32_t *out,
		       int *is_new)
{
	struct mig__sqlite_fk *fk = &conn->fk;
	char *key = mig__sqlite_table_key(&fk->keys, database, table);

	if (!key)
		return mig__sqlite_nomem(conn);
	*out = mig__map_get(&fk->known, key, strlen(key));
	*is_new = *out == MIG__NONE;
	if (!*is_new)
		return MIG_OK;
	if (!mig__grow(&conn->alloc, (void **)&fk->tables, &fk->table_cap, fk->table_count + 1,
		       sizeof *fk->tables) ||
	    !mig__map_add(&fk->known, key, strlen(key), (uint32_t)fk->table_count, NULL))
		return mig__sqlite_nomem(conn);
	*out = (uint32_t)fk->table_count++;
	fk->tables[*out].touched = 0;
	return MIG_OK;
}

static mig_status check_known(struct pass *p, const char *database, const char *child)
{
	int refused;
	mig_status rc;

	p->database = database;
	rc = check_one(p, child, &refused);
	return !rc && refused ? on_mismatch(p, child) : rc;
}

struct touching {
	struct pass pass;
	struct mig__sqlite_touched what;
};

static int is_touched(const struct mig__sqlite_touched *what, struct mig__arena *arena,
		      const char *database, const char *table)
{
	char *key = mig__sqlite_table_key(arena, database, table);

	return !key || mig__map_get(&what->tables, key, strlen(key)) != MIG__NONE;
}

static mig_status record_child(void *user, const char *database, const char *child,
			       const char *parent)
{
	struct touching *t = user;
	mig_conn *conn = t->pass.conn;
	int is_new;
	mig_status rc;

	if (!t->what.unsure && !is_touched(&t->what, &t->what.arena, database, child) &&
	    !is_touched(&t->what, &t->what.arena, database, parent))
		return MIG_OK;
	rc = know(conn, database, child, &t->pass.table_number, &is_new);
	if (rc)
		return rc;
	conn->fk.tables[t->pass.table_number].touched = 1;
	return is_new ? check_known(&t->pass, database, child) : MIG_OK;
}

static mig_status touch_partial(mig_conn *conn, const char *text)
{
	struct touching t = { .pass = { .conn = conn }, .what = { .unsure = !text } };
	mig_status rc = open_partial(conn);

	if (rc || conn->fk.all)
		return rc;
	mig__arena_init(&t.what.arena, &conn->alloc);
	mig__map_init(&t.what.tables, &conn->alloc);
	if (text)
		rc = mig__sqlite_touched(conn, text, &t.what);
	if (!rc)
		rc = mig__sqlite_each_key(conn, record_child, &t);
	if (!rc && t.what.unsure)
		conn->fk.all = 1;
	mig__map_finish(&t.what.tables);
	mig__arena_finish(&t.what.arena);
	return rc;
}

static mig_status compare_child(void *user, const char *database, const char *child,
				const char *parent)
{
	struct pass *p = user;
	struct mig__sqlite_fk *fk = &p->conn->fk;
	uint32_t last = p->table_number;
	int is_new;
	mig_status rc = know(p->conn, database, child, &p->table_number, &is_new);

	(void)parent;
	if (rc || p->table_number == last) /* of a table with several keys, once */
		return rc;
	if (is_new)
		fk->tables[p->table_number].touched = fk->all;
	return fk->tables[p->table_number].touched ? check_known(p, database, child) : MIG_OK;
}

mig_status mig__sqlite_fk_check_lone(mig_conn *conn)
{
	struct pass p = { .conn = conn, .after = 1, .table_number = MIG__NONE };
	struct mig__sqlite_fk *fk = &conn->fk;
	mig_status rc;

	if (!is_checked(conn) || !fk->open)
		return MIG_OK;
	for (size_t i = 0; i < fk->count; i++)
		if (fk->tables[fk->counts[i].table].touched)
			fk->counts[i].seen = 0;
		else
			fk->counts[i].seen = fk->counts[i].before;
	mig__buf_init(&p.named, &conn->alloc);
	mig__buf_init(&p.hint, &conn->alloc);
	rc = mig__sqlite_each_key(conn, compare_child, &p);
	if (!rc && p.added)
		rc = fail_violated(&p);
	mig__buf_finish(&p.named);
	mig__buf_finish(&p.hint);
	fk->compared = !rc;
	return rc;
}

void mig__sqlite_fk_touch_all(mig_conn *conn)
{
	if (is_checked(conn) && touch_partial(conn, NULL))
		conn->fk.valid = 0;
}

static int is_release(const char *text)
{
	return mig__sqlite_is(mig__sqlite_token(text), "RELEASE");
}

enum { CONTROL = MIG_STATEMENT_BEGIN | MIG_STATEMENT_COMMIT | MIG_STATEMENT_ROLLBACK };

mig_status mig__sqlite_fk_statement(mig_conn *conn, const char *text)
{
	uint32_t kind;
	int harmless;

	if (conn->fk.touched && !is_checked(conn))
		return MIG_OK;
	harmless = mig__sqlite_harmless(text);
	if (!harmless)
		mig__sqlite_fk_touch(conn);
	if (!is_checked(conn))
		return MIG_OK;
	kind = mig__sqlite_kind(text);
	if (sqlite3_get_autocommit(conn->db)) {
		conn->fk.open = 0;
		return MIG_OK;
	}
	if ((kind & MIG_STATEMENT_COMMIT) || is_release(text))
		return mig__sqlite_fk_check_lone(conn);
	if (harmless || (kind & (CONTROL | MIG_STATEMENT_SESSION)))
		return MIG_OK;
	return touch_partial(conn, text);
}

int mig__sqlite_fk_wraps(mig_conn *conn, const char *text)
{
	return is_checked(conn) && sqlite3_get_autocommit(conn->db) &&
	       !(mig__sqlite_kind(text) &
		 (CONTROL | MIG_STATEMENT_SESSION | MIG_STATEMENT_LONE)) &&
	       !mig__sqlite_harmless(text);
}

void mig__sqlite_fk_committed(mig_conn *conn)
{
	struct mig__sqlite_fk *fk = &conn->fk;
	size_t i;

	fk->open = 0;
	if (fk->partial) {
		for (i = 0; fk->compared && i < fk->count; i++)
			fk->counts[i].before = fk->counts[i].seen;
		fk->changes = sqlite3_total_changes(conn->db);
		return;
	}
	if ((fk->touched || conn->lent || conn->exposed) && !fk->compared)
		fk->valid = 0;
	for (i = 0; fk->compared && i < fk->count; i++)
		fk->counts[i].before = fk->counts[i].seen;
	fk->changes = sqlite3_total_changes(conn->db);
}

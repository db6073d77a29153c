/* dump on SQLite. */
#include "dump.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static int failed(struct bare *db, const char *sql)
{
	snprintf(db->error, sizeof(db->error), "%.100s: %s", sql, sqlite3_errmsg(db->handle));
	return -1;
}

static int lite_open(struct bare *db, const char *url)
{
	sqlite3 *handle = NULL;
	const char *path = strncmp(url, "sqlite:", 7) == 0 ? url + 7 : url;
	int rc = sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);

	db->handle = handle;
	if (rc)
		return failed(db, path);
	sqlite3_busy_timeout(handle, 10000);
	return 0;
}

static void lite_close(struct bare *db)
{
	sqlite3_close(db->handle);
}

static int lite_exec(struct bare *db, const char *sql)
{
	return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) ? failed(db, sql) : 0;
}

static int lite_rows(struct bare *db, const char *sql, struct text *out)
{
	sqlite3_stmt *stmt = NULL;
	int rc;

	if (sqlite3_prepare_v2(db->handle, sql, -1, &stmt, NULL))
		return failed(db, sql);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(stmt); i++) {
			const char *value = (const char *)sqlite3_column_text(stmt, i);

			if (i)
				text_add(out, "|", 1);
			text_add(out, value ? value : "NULL",
				 value ? (size_t)sqlite3_column_bytes(stmt, i) : 4);
		}
		text_add(out, "\n", 1);
	}
	sqlite3_finalize(stmt);
	return rc == SQLITE_DONE ? 0 : failed(db, sql);
}

static int lite_sound(struct bare *db, struct text *out)
{
	text_clear(out);
	if (lite_rows(db, "SELECT * FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
		      out))
		return -1;
	return lite_rows(db, "SELECT 'foreign key', * FROM pragma_foreign_key_check", out);
}

/* One query each for all tables. */
static const char *const schema_queries[] = {
	"SELECT type, name, tbl_name, iif(type IN ('view', 'trigger'), sql, '') FROM sqlite_schema "
	"WHERE tbl_name NOT IN ('mig_version', 'mig_history') AND name NOT LIKE 'sqlite\\_%' "
	"ESCAPE '\\' ORDER BY 1, 2",
	"SELECT 'column', m.name, x.cid, x.name, lower(x.type), x.\"notnull\", x.dflt_value, x.pk, "
	"x.hidden FROM sqlite_schema m, pragma_table_xinfo(m.name) x WHERE m.type = 'table' AND "
	"m.name NOT IN ('mig_version', 'mig_history') ORDER BY m.name, x.cid",
	"SELECT 'key', m.name, x.* FROM sqlite_schema m, pragma_foreign_key_list(m.name) x WHERE "
	"m.type = 'table' AND m.name NOT IN ('mig_version', 'mig_history') ORDER BY m.name, x.id, "
	"x.seq",
	"SELECT 'index', m.name, x.name, x.\"unique\", x.partial, (SELECT "
	"group_concat(ifnull(c.name, '') || c.\"desc\" || c.coll) FROM pragma_index_xinfo(x.name) "
	"c) "
	"FROM sqlite_schema m, pragma_index_list(m.name) x WHERE m.type = 'table' AND m.name NOT "
	"IN "
	"('mig_version', 'mig_history') ORDER BY m.name, x.name",
};

static int dump_table(struct bare *db, const char *name, struct text *out)
{
	char sql[300];

	text_addf(out, "rows of %s\n", name);
	/* a count of none is as good as no row: see TALLY in subject_sqlite.c */
	snprintf(sql, sizeof(sql), "SELECT * FROM \"%s\"%s ORDER BY 1", name,
		 strcmp(name, "tally") ? "" : " WHERE n <> 0");
	return lite_rows(db, sql, out);
}

static int lite_dump(struct bare *db, struct text *out, int *unfinished)
{
	struct text names = { 0 };
	int rc = 0;

	*unfinished = 0;
	text_clear(out);
	for (size_t i = 0; !rc && i < sizeof(schema_queries) / sizeof(schema_queries[0]); i++)
		rc = lite_rows(db, schema_queries[i], out);
	text_clear(&names);
	if (!rc)
		rc = lite_rows(
			db,
			"SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN "
			"('mig_version', 'mig_history') ORDER BY 1",
			&names);
	for (char *at = names.data, *end; !rc && (end = strchr(at, '\n')); at = end + 1) {
		*end = '\0';
		rc = dump_table(db, at, out);
	}
	text_free(&names);
	return rc;
}

static int lite_in_transaction(struct bare *db)
{
	return !sqlite3_get_autocommit(db->handle);
}

static int lite_settings(struct bare *db, struct text *out)
{
	static const char *const names[] = {
		"foreign_keys",     "defer_foreign_keys", "recursive_triggers",
		"busy_timeout",     "query_only",         "ignore_check_constraints",
		"writable_schema",  "synchronous",        "cache_size",
		"read_uncommitted", "locking_mode",       "reverse_unordered_selects",
		"temp_store",       "trusted_schema",     "legacy_alter_table",
		"cell_size_check",  "automatic_index",    "journal_mode",
	};
	char sql[64];
	int rc = 0;

	for (size_t i = 0; !rc && i < sizeof(names) / sizeof(names[0]); i++) {
		text_addf(out, "%s ", names[i]);
		snprintf(sql, sizeof(sql), "PRAGMA %s", names[i]);
		rc = lite_rows(db, sql, out);
	}
	return rc;
}

static int lite_has_tables(struct bare *db)
{
	struct text out = { 0 };
	int found;

	text_clear(&out);
	found = !lite_rows(db,
			   "SELECT name FROM sqlite_schema WHERE name IN ('mig_version', "
			   "'mig_history')",
			   &out) &&
		out.size > 0;
	text_free(&out);
	return found;
}

const struct bare_engine bare_sqlite = {
	.dialect = "sqlite",
	.open = lite_open,
	.close = lite_close,
	.exec = lite_exec,
	.rows = lite_rows,
	.sound = lite_sound,
	.dump = lite_dump,
	.in_transaction = lite_in_transaction,
	.settings = lite_settings,
	.has_tables = lite_has_tables,
};

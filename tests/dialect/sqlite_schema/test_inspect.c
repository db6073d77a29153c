/* What is read out of the texts of SQLite's schema, against what SQLite itself says of it by its
 * pragmas.
 *
 *     test_inspect [FILE.sql...]    files: tries the schemas that they make, instead of those here
 */
#include "both.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const schemas[] = {
	"CREATE TABLE t (a, b INT, c VARCHAR (10) NOT NULL DEFAULT 'x''y', d unsigned  big int(1 , "
	"2))",
	"CREATE TABLE 't' ('a' INT, \"b c\" TEXT, [d d] REAL, `e``f` BLOB, \"g\"\"h\")",
	"CREATE TABLE [t /* no comment */] (-- , x INT\n a /* , b */ INT -- )\n, b TEXT) /* open )",
	"CREATE TABLE t (a INT DEFAULT -5, b REAL DEFAULT +1.5e-3, c DEFAULT x'00ff', d DEFAULT "
	"NULL,"
	" e DEFAULT (1 + (2)), f DEFAULT current_timestamp, g DEFAULT true, h DEFAULT \"Text\","
	" i DEFAULT word, j DEFAULT 0x1F, k DEFAULT ('a,b)'))",
	"CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, b TEXT UNIQUE COLLATE "
	"nocase)",
	"CREATE TABLE t (a INTEGER CONSTRAINT pk PRIMARY KEY DESC ON CONFLICT REPLACE, b NOT NULL "
	"ON"
	" CONFLICT IGNORE CONSTRAINT u UNIQUE ON CONFLICT FAIL CHECK (b > 0) CONSTRAINT n NULL)",
	"CREATE TABLE t (b, a TEXT, c, PRIMARY KEY (a COLLATE nocase DESC, b), UNIQUE (c, a) ON"
	" CONFLICT IGNORE CHECK (a > b) CONSTRAINT k CHECK (c)) WITHOUT ROWID",
	"CREATE TABLE t (a INT, b TEXT, c REAL, d BLOB, e ANY, f INTEGER PRIMARY KEY) STRICT",
	"CREATE TABLE t (k TEXT PRIMARY KEY, v ANY) WITHOUT ROWID, STRICT",
	"CREATE TABLE t (a INT, b INT GENERATED ALWAYS AS (a * 2) STORED NOT NULL, c AS (b || ')'),"
	" d TEXT AS (a) VIRTUAL UNIQUE)",
	"CREATE TABLE p (x, y, PRIMARY KEY (x, y)); CREATE TABLE t (a REFERENCES p, b INT "
	"REFERENCES"
	" \"p\" (x) ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE INITIALLY DEFERRED NOT NULL,"
	" c REFERENCES p (y) MATCH FULL ON DELETE NO ACTION NOT DEFERRABLE, d,"
	" CONSTRAINT f FOREIGN KEY (c, d) REFERENCES p (x, y) ON UPDATE RESTRICT ON DELETE SET "
	"DEFAULT)",
	"CREATE TABLE t (\"primary\" INT, \"check\" INT, key INT, \"select\" INT, \"constraint\" "
	"INT,"
	" abort INT, \"unique\" INT DEFAULT 7, action TEXT, \"references\" INT, year date)",
	"CREATE TABLE s (a INT, \"b c\" TEXT); CREATE TABLE t AS SELECT a, \"b c\", a + 1, 'x' AS "
	"y,"
	" a AS \"select\" FROM s",
	"CREATE TABLE IF NOT EXISTS main.t (a \"my type\", b 'text type', c [x y], größe TEXT)",
	"CREATE TABLE t (a, b, c); CREATE INDEX i ON t (a, b DESC, lower(c)); CREATE UNIQUE INDEX"
	" \"j k\" ON t (a COLLATE nocase, 'b') WHERE c > ')' AND a IS NOT NULL; CREATE INDEX m ON "
	"[t]"
	" (\"a\", abs(b + (c)) DESC)",
	"CREATE TABLE t (a, b); CREATE VIEW v (x, y) AS SELECT a, b FROM t; CREATE VIEW w AS "
	"SELECT *"
	" FROM v; CREATE TRIGGER g AFTER UPDATE OF a, b ON t WHEN new.a > 1 BEGIN SELECT ';'; "
	"UPDATE t"
	" SET a = 1; END; CREATE TRIGGER h INSTEAD OF DELETE ON v BEGIN SELECT 1; END;",
	"CREATE VIRTUAL TABLE f USING fts5(a, b); CREATE TABLE f_other (x)",
	"CREATE TABLE t (a INT DEFAULT 1 DEFAULT 2, b TEXT COLLATE nocase COLLATE binary)",
	"CREATE TABLE p (x PRIMARY KEY); CREATE TABLE t (a REFERENCES p (x) ON INSERT CASCADE, b"
	" REFERENCES p ON INSERT SET NULL ON UPDATE CASCADE, c REFERENCES p ON UPDATE CASCADE ON"
	" UPDATE NO ACTION, d REFERENCES p ON DELETE SET NULL ON DELETE RESTRICT ON UPDATE NO ACTION"
	" ON UPDATE SET DEFAULT)",
	"CREATE TABLE t (raise INT UNIQUE, cast INT PRIMARY KEY, current_date INT UNIQUE,"
	" current_time INT REFERENCES t (cast), current_timestamp TEXT UNIQUE)",
	"CREATE TABLE t (a INT, b INT); ALTER TABLE t ADD COLUMN c TEXT DEFAULT 'z' CHECK (c <> "
	"'');"
	" ALTER TABLE t RENAME COLUMN b TO \"B b\"; ALTER TABLE t RENAME TO \"T t\"",
};

/* -- texts without what may differ */

/* Small letters, without blanks and quotes. */
static const char *bare(const char *text)
{
	static char out[8][2048];
	static int turn;
	size_t n = 0;

	turn = (turn + 1) % 8;
	for (; text && *text && n + 1 < sizeof out[0]; text++)
		if (!strchr(" \t\n\"`[]'", *text))
			out[turn][n++] = *text >= 'A' && *text <= 'Z' ? (char)(*text + 32) : *text;
	out[turn][n] = '\0';
	return out[turn];
}

static int same(const char *ours, const char *theirs)
{
	return !strcmp(bare(ours), bare(theirs));
}

/* -- SQLite's side */

struct side {
	sqlite3 *db;
	mig_op_list *list;
	const char *sql; /* for messages */
};

static const char *text(sqlite3_stmt *s, int column)
{
	return (const char *)sqlite3_column_text(s, column);
}

static sqlite3_stmt *query(struct side *side, const char *format, const char *name)
{
	char *sql = sqlite3_mprintf(format, name);
	sqlite3_stmt *s = NULL;

	if (sqlite3_prepare_v2(side->db, sql, -1, &s, NULL))
		fail_msg("%s: %s", sql, sqlite3_errmsg(side->db));
	sqlite3_free(sql);
	return s;
}

static int has(const mig_object *o, const char *key)
{
	return mig_object_attribute(o, key) != NULL;
}

static void check(const struct side *side, int fits, const mig_object *o, const char *what,
		  const char *ours, const char *theirs)
{
	if (!fits)
		fail_msg("%s\n%s %s: %s is %s, but SQLite says %s", side->sql,
			 mig_kind_name(o->kind), o->name, what, ours ? ours : "(none)",
			 theirs ? theirs : "(none)");
}

static const mig_object *child_of(const mig_object *o, int32_t kind, int n)
{
	for (const mig_object *c = o->child; c; c = c->next)
		if (c->kind == kind && !n--)
			return c;
	return NULL;
}

static int count_of(const mig_object *o, int32_t kind)
{
	int n = 0;

	while (child_of(o, kind, n))
		n++;
	return n;
}

/* -- columns */

/* Place of a column in a list of columns, from 1; 0: not there. */
static int place_in(const char *list, const char *name)
{
	char copy[2048], *from = copy, *comma;
	int place = 1;

	snprintf(copy, sizeof copy, "%s", list ? list : "");
	for (;; from = comma + 1, place++) {
		size_t size = strlen(bare(name));

		comma = strchr(from, ',');
		if (comma)
			*comma = '\0';
		if (!strncmp(bare(from), bare(name), size) &&
		    (!bare(from)[size] || !strncmp(bare(from) + size, "desc", 4) ||
		     !strncmp(bare(from) + size, "collate", 7)))
			return place;
		if (!comma)
			return 0;
	}
}

static const char *without_parentheses(const char *expression)
{
	static char out[2048];
	size_t size = expression ? strlen(expression) : 0;

	if (!size || expression[0] != '(')
		return expression;
	snprintf(out, sizeof out, "%.*s", (int)size - 2, expression + 1);
	return out;
}

static void check_column(const struct side *side, sqlite3_stmt *s, const mig_object *table,
			 const mig_object *c)
{
	const mig_object *key = child_of(table, MIG_KIND_PRIMARY_KEY, 0);
	const char *keys = key ? mig_object_attribute(key, "columns") : NULL;
	const char *value =
		c && c->child ? without_parentheses(mig_object_attribute(c->child, ".sql")) : NULL;
	int hidden = sqlite3_column_int(s, 6), place = c ? place_in(keys, c->name) : 0;
	int generated = c && has(c, "generated") ? has(c, "generated_kind") ? 3 : 2 : 0;

	if (!c)
		fail_msg("%s\n%s has no column %s", side->sql, table->name, text(s, 1));
	check(side, !strcmp(c->name, text(s, 1)), c, "name", c->name, text(s, 1));
	check(side, same(mig_object_attribute(c, "type"), text(s, 2)), c, "type",
	      mig_object_attribute(c, "type"), text(s, 2));
	check(side,
	      sqlite3_column_int(s, 3) ==
		      (has(c, "not_null") || (place && has(table, "without_rowid"))),
	      c, "not_null", mig_object_attribute(c, "not_null"), text(s, 3));
	check(side, same(value, text(s, 4)), c, "default", value, text(s, 4));
	check(side, sqlite3_column_int(s, 5) == place, c, "place in the primary key", keys,
	      text(s, 5));
	check(side, hidden == generated, c, "generated", mig_object_attribute(c, "generated_kind"),
	      text(s, 6));
}

static void check_columns(struct side *side, const mig_object *table)
{
	sqlite3_stmt *s = query(side, "PRAGMA table_xinfo(%Q)", table->name);
	int n = 0;

	while (sqlite3_step(s) == SQLITE_ROW)
		check_column(side, s, table, child_of(table, MIG_KIND_COLUMN, n++));
	assert_int_equal(count_of(table, MIG_KIND_COLUMN), n);
	sqlite3_finalize(s);
}

/* -- keys and indexes */

static void check_action(const struct side *side, const mig_object *o, const char *key,
			 const char *theirs)
{
	const char *ours = mig_object_attribute(o, key);

	check(side, same(ours ? ours : "no action", theirs), o, key, ours, theirs);
}

/* The list has the last one first. */
static void check_foreign_keys(struct side *side, const mig_object *table)
{
	sqlite3_stmt *s = query(side, "PRAGMA foreign_key_list(%Q)", table->name);
	int count = count_of(table, MIG_KIND_FOREIGN_KEY), seen = 0;

	while (sqlite3_step(s) == SQLITE_ROW) {
		const mig_object *o =
			child_of(table, MIG_KIND_FOREIGN_KEY, count - 1 - sqlite3_column_int(s, 0));
		int place = sqlite3_column_int(s, 1) + 1;

		assert_non_null(o);
		seen += place == 1;
		check(side, same(mig_object_attribute(o, "referred"), text(s, 2)), o, "table",
		      mig_object_attribute(o, "referred"), text(s, 2));
		check(side, place_in(mig_object_attribute(o, "columns"), text(s, 3)) == place, o,
		      "columns", mig_object_attribute(o, "columns"), text(s, 3));
		check(side,
		      !text(s, 4) || place_in(mig_object_attribute(o, "referred_columns"),
					      text(s, 4)) == place,
		      o, "referred columns", mig_object_attribute(o, "referred_columns"),
		      text(s, 4));
		check_action(side, o, "on_update", text(s, 5));
		check_action(side, o, "on_delete", text(s, 6));
	}
	assert_int_equal(seen, count);
	sqlite3_finalize(s);
}

static const mig_object *index_named(const mig_object *table, const char *name)
{
	for (const mig_object *c = table->child; c; c = c->next)
		if (c->kind == MIG_KIND_INDEX && !strcmp(c->name, name))
			return c;
	return NULL;
}

/* Columns of an index of SQLite's, "-" for an expression, with " desc". */
static const char *columns_of(struct side *side, const char *index)
{
	static char out[2048];
	sqlite3_stmt *s = query(side,
				"SELECT coalesce(name, '-') || iif(\"desc\", ' desc', '') FROM"
				" pragma_index_xinfo(%Q) WHERE key ORDER BY seqno",
				index);
	size_t n = 0;

	out[0] = '\0';
	while (sqlite3_step(s) == SQLITE_ROW)
		n += (size_t)snprintf(out + n, sizeof out - n, "%s%s", n ? "," : "", text(s, 0));
	sqlite3_finalize(s);
	return out;
}

/* The same of ours. */
static const char *shown(const char *columns)
{
	static char out[2048];
	size_t n = 0;
	int depth = 0;

	for (const char *p = columns, *from = columns;; p++) {
		depth += (*p == '(') - (*p == ')');
		if (*p && (depth || *p != ','))
			continue;
		from += strspn(from, " ");
		{
			int name = (int)strcspn(from, "( ,"), size = (int)(p - from);
			int quoted = *from == '"', desc = size > 5 && !strncmp(p - 5, " desc", 5);

			if (quoted)
				name = (int)(strchr(from + 1, '"') - from) + 1;
			if (from[name] == '(' ||
			    (from[name] == ' ' && strchr("+*-<>", from[name + 1])))
				n += (size_t)snprintf(out + n, sizeof out - n, "%s-", n ? "," : "");
			else
				n += (size_t)snprintf(out + n, sizeof out - n, "%s%.*s",
						      n ? "," : "", name, from);
			n += (size_t)snprintf(out + n, sizeof out - n, "%s", desc ? " desc" : "");
		}
		if (!*p)
			return out;
		from = p + 1;
	}
}

static int is_key(const mig_object *table, int32_t kind, const char *columns)
{
	for (int i = 0; child_of(table, kind, i); i++)
		if (same(shown(mig_object_attribute(child_of(table, kind, i), "columns")), columns))
			return 1;
	return 0;
}

static void check_indexes(struct side *side, const mig_object *table)
{
	sqlite3_stmt *s = query(side,
				"SELECT name, \"unique\", origin, partial FROM "
				"pragma_index_list(%Q)",
				table->name);
	int count = 0;

	while (sqlite3_step(s) == SQLITE_ROW) {
		const char *columns = columns_of(side, text(s, 0));
		const mig_object *o = index_named(table, text(s, 0));

		if (strcmp(text(s, 2), "c") != 0) {
			int32_t kind = *text(s, 2) == 'u' ? MIG_KIND_UNIQUE : MIG_KIND_PRIMARY_KEY;

			if (!is_key(table, kind, columns) && !strstr(columns, " desc"))
				fail_msg("%s\n%s: no key (%s)", side->sql, table->name, columns);
			continue;
		}
		if (!o)
			fail_msg("%s\n%s: no index %s", side->sql, table->name, text(s, 0));
		count++;
		check(side, same(shown(mig_object_attribute(o, "columns")), columns), o, "columns",
		      mig_object_attribute(o, "columns"), columns);
		check(side, has(o, "unique") == sqlite3_column_int(s, 1), o, "unique",
		      mig_object_attribute(o, "unique"), text(s, 1));
		check(side, has(o, "where") == sqlite3_column_int(s, 3), o, "where",
		      mig_object_attribute(o, "where"), text(s, 3));
	}
	assert_int_equal(count_of(table, MIG_KIND_INDEX), count);
	sqlite3_finalize(s);
}

/* -- the whole */

static const mig_object *find_top(const struct side *side, int32_t kind, const char *name)
{
	for (size_t i = 0; i < mig_op_list_count(side->list); i++) {
		const mig_object *o = mig_op_list_at(side->list, i)->to;

		if (o->kind == kind && !o->parent && !strcmp(o->name, name))
			return o;
	}
	return NULL;
}

static void check_triggers(struct side *side, const mig_object *o)
{
	sqlite3_stmt *s = query(side,
				"SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND"
				" tbl_name = %Q COLLATE nocase",
				o->name);

	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	assert_int_equal(count_of(o, MIG_KIND_TRIGGER), sqlite3_column_int(s, 0));
	sqlite3_finalize(s);
}

static int check_all(struct side *side)
{
	sqlite3_stmt *s = query(side,
				"SELECT name, type, wr, strict FROM pragma_table_list WHERE"
				" schema = 'main' AND type <> 'shadow' AND name NOT GLOB"
				" 'sqlite_*' AND name NOT GLOB 'mig_*'%s",
				"");
	int count = 0, tops = 0;

	while (sqlite3_step(s) == SQLITE_ROW) {
		int32_t kind = strcmp(text(s, 1), "view") != 0 ? MIG_KIND_TABLE : MIG_KIND_VIEW;
		const mig_object *o = find_top(side, kind, text(s, 0));

		if (!o)
			fail_msg("%s\nno %s %s", side->sql, text(s, 1), text(s, 0));
		count++;
		check_triggers(side, o);
		if (kind == MIG_KIND_VIEW || has(o, "virtual"))
			continue;
		check(side, !has(o, "sql"), o, "text", mig_object_attribute(o, "sql"), "(a table)");
		check(side, has(o, "without_rowid") == sqlite3_column_int(s, 2), o, "without_rowid",
		      mig_object_attribute(o, "without_rowid"), text(s, 2));
		check(side, has(o, "strict") == sqlite3_column_int(s, 3), o, "strict",
		      mig_object_attribute(o, "strict"), text(s, 3));
		check_columns(side, o);
		check_foreign_keys(side, o);
		check_indexes(side, o);
	}
	sqlite3_finalize(s);
	for (size_t i = 0; i < mig_op_list_count(side->list); i++)
		tops += !mig_op_list_at(side->list, i)->to->parent;
	assert_int_equal(tops, count);
	return count;
}

static void check_schema(const struct base *base, const void *with)
{
	static const mig_diff_options unproved = { .struct_size = sizeof unproved, .unproved = 1 };
	struct side side = { .sql = with };
	char url[96], *message = NULL;
	mig_model *m;
	mig_ctx *ctx;

	snprintf(url, sizeof url, "sqlite:%s/model", base->dir);
	assert_int_equal(sqlite3_open(url + 7, &side.db), SQLITE_OK);
	if (sqlite3_exec(side.db, with, NULL, NULL, &message))
		fail_msg("%s: %s", side.sql, message);
	ctx = open_base(base);
	ok(ctx, mig_model_of(ctx, &m));
	ok(ctx, mig_model_database(m, url));
	ok(ctx, mig_diff(ctx, &unproved, &side.list));
	assert_true(check_all(&side) > 0);
	mig_op_list_free(side.list);
	mig_close(ctx);
	sqlite3_close(side.db);
}

static void test_schemas(void **user)
{
	(void)user;
	for (size_t i = 0; i < sizeof schemas / sizeof *schemas; i++)
		assert_int_equal(on_one("sqlite", check_schema, schemas[i]), 1);
}

static char **given;

static void test_given(void **user)
{
	(void)user;
	for (char **path = given; *path; path++) {
		char *sql = NULL;
		size_t size = 0;
		FILE *f = fopen(*path, "rb");

		assert_non_null(f);
		assert_true(getdelim(&sql, &size, '\0', f) >= 0);
		fclose(f);
		print_message("%s\n", *path);
		assert_int_equal(on_one("sqlite", check_schema, sql), 1);
		free(sql);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest here[] = { cmocka_unit_test(test_schemas) };
	const struct CMUnitTest files[] = { cmocka_unit_test(test_given) };

	given = argv + 1;
	return argc > 1 ? cmocka_run_group_tests(files, NULL, NULL)
			: cmocka_run_group_tests(here, NULL, NULL);
}

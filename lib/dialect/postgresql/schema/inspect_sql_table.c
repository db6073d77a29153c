/* inspect_sql_table: the queries for tables and what they are made of. Not what is one row an
 * object: inspect_sql.c. */
#include "base/buf.h"
#include "dialect/postgresql/schema/inspect_sql.h"

/* clang-format off */

/* "i 16390 1": by whom and how a sequence is owned */
#define OWNER \
	"(SELECT d.deptype::text || ' ' || d.refobjid || ' ' || d.refobjsubid FROM pg_depend d " \
	"WHERE d.classid = 1259 AND d.objid = c.oid AND d.objsubid = 0 " \
	"AND d.refclassid = 1259 AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i') LIMIT 1)"

/* Name, type and collation of each: "a integer; b text pg_catalog.default;". */
#define VIEW_COLUMNS                                                                              \
	"(SELECT string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod) "  \
	"|| coalesce(' ' || l.collnamespace::regnamespace || '.' || l.collname, '') || ';', ' ' "    \
	"ORDER BY a.attnum) FROM pg_attribute a LEFT JOIN pg_collation l ON l.oid = a.attcollation " \
	"WHERE a.attrelid = c.oid AND a.attnum > 0)"

/* Of a composite type, whose values have them in this order. */
#define ATTRIBUTES \
	"(SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a " \
	"WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)"

/* TOAST tables only for their options. */
void mig__catalog_sql_relations(struct mig__buf *sql)
{
	mig__buf_adds(sql,
		"SELECT c.oid, c.relnamespace, c.relname, c.relkind, c.relpersistence, "
			OPTIONS("c.reloptions") ", c.relam, c.reltablespace, c.reltype, c.reltoastrelid, "
			"c.relreplident, c.relrowsecurity, c.relforcerowsecurity, c.relispopulated, "
			"CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END, "
			"pg_get_expr(c.relpartbound, c.oid), "
			"CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END, "
			"s::text, "
			"CASE WHEN c.relkind = 'S' THEN " OWNER " END, "
			"c.reloftype, "
			"CASE WHEN c.relkind = 'c' THEN (SELECT t.typacl FROM pg_type t WHERE t.oid = c.reltype) "
			"ELSE c.relacl END IS NOT NULL, "
			"CASE c.relkind WHEN 'v' THEN " VIEW_COLUMNS " WHEN 'c' THEN " ATTRIBUTES " END "
		"FROM pg_class c LEFT JOIN pg_sequence s ON s.seqrelid = c.oid "
		"WHERE c.oid" USERS " AND c.relpersistence <> 't' AND (c.relkind NOT IN "
			"('i', 'I', 't') OR (c.relkind = 't' AND c.reloptions IS NOT NULL)) "
		"ORDER BY c.oid;");
}

/* NOT NULL that is more than that: of another name than the server gives, not inherited, not valid, or
 * with a comment. Digits at the end of the usual name are the server's, too: another table of the
 * schema had that name. */
static void add_not_nulls(struct mig__buf *sql, int version)
{
	mig__buf_adds(sql, version >= 180000 ?
		"SELECT k.conrelid, k.conkey[1], k.oid, k.connoinherit, k.convalidated, "
			"k.coninhcount = 0 AND rtrim(k.conname, '0123456789') <> c.relname || '_' || a.attname || '_not_null', "
			"CASE WHEN k.conname <> c.relname || '_' || a.attname || '_not_null' THEN k.conname END "
		"FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid "
		"JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1] "
		"WHERE k.conrelid" USERS " AND k.contype = 'n' AND (k.connoinherit OR NOT k.convalidated "
			"OR k.conname <> c.relname || '_' || a.attname || '_not_null' "
			"OR EXISTS (SELECT FROM pg_description d WHERE d.classoid = 2606 AND d.objoid = k.oid)) "
		"ORDER BY 1, 2;" :
		"SELECT 0 WHERE false;");
}

/* Adds a condition: the relation of that column is one of `only`, if that is not all. */
static void add_only(struct mig__buf *sql, const char *column, const char *only)
{
	if (*only)
		mig__buf_addf(sql, "AND %s = ANY ('%s'::oid[]) ", column, only);
}

/* Whoever names the table has the server load all that it knows of it, which takes longer than all the rest;
 * but only a column's name needs it. */
#define DEFAULT "pg_get_expr(adbin, CASE WHEN strpos(adbin::text, '{VAR ') > 0 THEN adrelid ELSE 0 END)"

/* Columns are many: what is one letter, or yes or no, comes in one number; types are asked for later,
 * once each; and they are sorted at our end. */
void mig__catalog_sql_columns(struct mig__buf *sql, int version, const char *only)
{
	mig__buf_addf(sql,
		"SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation, "
			"a.attnotnull::int + 2 * a.attislocal::int + 256 * a.attidentity::int + "
			"65536 * a.attstorage::int + 16777216 * %s::int, "
			"%s, nullif(a.attstattarget, -1), " OPTIONS("a.attoptions") ", "
			"a.attacl IS NOT NULL "
		"FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
		"WHERE c.oid" USERS " AND c.relpersistence <> 't' AND c.relkind IN ('r', 'p', 'v', 'm', 'c') "
			"AND a.attnum > 0 AND NOT a.attisdropped ",
		mig__since(version, 12, "a.attgenerated", "0"),
		mig__since(version, 14, "nullif(a.attcompression, '')", "NULL"));
	add_only(sql, "a.attrelid", only);
	mig__buf_adds(sql, ";SELECT adrelid, adnum, oid, " DEFAULT " FROM pg_attrdef WHERE adrelid" USERS " ");
	add_only(sql, "adrelid", only);
	mig__buf_adds(sql, "ORDER BY adrelid, adnum;");
	add_not_nulls(sql, version);
}

void mig__catalog_sql_types(struct mig__buf *sql, const char *types, const char *modifiers,
			    const char *collations)
{
	mig__buf_addf(sql,
		"SELECT x.n, format_type(x.t, x.m), "
			"CASE WHEN x.c <> y.typcollation THEN " COLLATION_NAME " END, "
			"y.typstorage, y.typtype "
		"FROM unnest('{%s}'::oid[], '{%s}'::int[], '{%s}'::oid[]) WITH ORDINALITY AS x (t, m, c, n) "
		"JOIN pg_type y ON y.oid = x.t" JOIN_COLLATION("x.c") ";",
		types, modifiers, collations);
}

/* What has any privileges but the usual ones; planning this takes longer than it usually gains. */
void mig__catalog_sql_privileges(struct mig__buf *sql)
{
	mig__buf_adds(sql,
		"SELECT c.oid, 0, "
			ACL("c.relacl", "acldefault(CASE c.relkind WHEN 'S' THEN 's'::\"char\" ELSE 'r' END, c.relowner)",
			    "c.relowner") " "
		"FROM pg_class c WHERE c.oid" USERS " AND c.relacl IS NOT NULL AND c.relkind <> 'c' "
		"UNION ALL SELECT c.oid, 0, " TYPE_ACL " "
		"FROM pg_class c JOIN pg_type t ON t.oid = c.reltype "
		"WHERE c.oid" USERS " AND c.relkind = 'c' AND t.typacl IS NOT NULL "
		"UNION ALL SELECT a.attrelid, a.attnum, "
			ACL("a.attacl", "acldefault('c', c.relowner)", "c.relowner") " "
		"FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
		"WHERE c.oid" USERS " AND a.attacl IS NOT NULL AND NOT a.attisdropped;");
}

/* A key that refers to a partitioned table has others like it for each partition: these are left
 * out, and what an extension says of its own domains. */
static void add_constraints(struct mig__buf *sql, int version, const char *only)
{
	mig__buf_addf(sql,
		"SELECT k.oid, k.conname, k.contype, k.conrelid, k.contypid, k.conindid, k.conkey, "
			"k.confrelid, k.confkey, k.confupdtype, k.confdeltype, k.confmatchtype, "
			"k.condeferrable, k.condeferred, k.convalidated, k.connoinherit, k.conislocal, "
			"k.conparentid, %s, %s, %s, "
			"CASE WHEN k.contype = 'x' THEN pg_get_constraintdef(k.oid) "
			"ELSE pg_get_expr(k.conbin, k.conrelid) END "
		"FROM pg_constraint k "
		"WHERE k.oid" USERS " AND k.contype NOT IN ('n', 't') "
			"AND NOT (k.conparentid <> 0 AND EXISTS (SELECT FROM pg_constraint p "
				"WHERE p.oid = k.conparentid AND p.conrelid = k.conrelid)) "
			"AND NOT (k.contypid <> 0 AND EXISTS (SELECT FROM pg_depend d WHERE d.classid = 1247 "
				"AND d.objid = k.contypid AND d.refclassid = 3079 AND d.deptype = 'e')) ",
		mig__since(version, 15, "k.confdelsetcols", "NULL"),
		mig__since(version, 18, "k.conenforced", "true"),
		mig__since(version, 18, "k.conperiod", "false"));
	/* a domain's have no relation */
	if (*only)
		mig__buf_addf(sql, "AND (k.conrelid = 0 OR k.conrelid = ANY ('%s'::oid[])) ", only);
	mig__buf_adds(sql, "ORDER BY k.oid;");
}

/* The columns that an index has in expressions and its predicate. */
#define EXPRESSION_COLUMNS \
	"(SELECT string_agg(d.refobjsubid::text, ' ' ORDER BY d.refobjsubid) FROM pg_depend d " \
	"WHERE d.classid = 1259 AND d.objid = i.indexrelid " \
	"AND d.refclassid = 1259 AND d.refobjid = i.indrelid AND d.refobjsubid > 0)"

/* "2=100, 3=500": targets of an index's expressions, by number. */
#define EXPRESSION_STATISTICS \
	"(SELECT string_agg(a.attnum || '=' || a.attstattarget, ', ' ORDER BY a.attnum) FROM pg_attribute a " \
	"WHERE a.attrelid = i.indexrelid AND a.attstattarget >= 0)"

/* The definition only where the raw columns do not tell enough: not a B-tree, or expressions, or a
 * collation that is not the usual one. */
static void add_indexes(struct mig__buf *sql, int version, const char *only)
{
	mig__buf_addf(sql,
		"SELECT i.indexrelid, i.indrelid, c.relname, c.relkind, c.relam, c.reltablespace, "
			OPTIONS("c.reloptions") ", i.indisunique, i.indkey, i.indnkeyatts, i.indoption, "
			"i.indclass, i.indcollation, %s, i.indisclustered, i.indisvalid, i.indisreplident, "
			"CASE WHEN c.relam <> 403 OR i.indexprs IS NOT NULL "
				"OR NOT i.indcollation::oid[] <@ '{0,100}'::oid[] "
			"THEN pg_get_indexdef(i.indexrelid) END, "
			"pg_get_expr(i.indpred, i.indrelid), "
			"CASE WHEN i.indexprs IS NOT NULL OR i.indpred IS NOT NULL THEN " EXPRESSION_COLUMNS " END, "
			"CASE WHEN c.relispartition THEN (SELECT string_agg(a.attname, '_' ORDER BY a.attnum) "
				"FROM pg_attribute a WHERE a.attrelid = i.indexrelid) END, "
			"CASE WHEN i.indexprs IS NOT NULL THEN " EXPRESSION_STATISTICS " END "
		"FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
		"WHERE i.indexrelid" USERS " AND c.relpersistence <> 't' ",
		mig__since(version, 15, "i.indnullsnotdistinct", "false"));
	add_only(sql, "i.indrelid", only);
	mig__buf_adds(sql, "ORDER BY i.indexrelid;");
}

/* Not what is known from the columns above: schemas; columns of indexes and constraints, and what
 * foreign keys refer to; a trigger's table; a default's column. An array is its element's type. */
static const char dependencies[] =
	"SELECT d.classid, d.objid, d.objsubid, d.refclassid, "
		"CASE WHEN d.refclassid = 1247 THEN coalesce((SELECT t.typelem FROM pg_type t "
			"WHERE t.oid = d.refobjid AND t.typcategory = 'A' AND t.typelem <> 0), d.refobjid) "
		"ELSE d.refobjid END, "
		"d.refobjsubid "
	"FROM pg_depend d "
	"WHERE d.objid" USERS " AND d.refobjid" USERS " AND d.deptype IN ('n', 'a', 'x') "
		"AND d.refclassid <> 2615 "
		"AND NOT (d.classid = 1259 AND d.refclassid = 1259 AND d.objsubid = 0) "
		"AND NOT (d.classid = 2606 AND d.refclassid = 1259) "
		"AND NOT (d.classid = 2620 AND d.refclassid = 1259 AND d.refobjsubid = 0) "
		"AND NOT (d.classid = 2604 AND d.deptype = 'a');";

/* clang-format on */

void mig__catalog_sql_rest(struct mig__buf *sql, int version, const char *only)
{
	add_constraints(sql, version, only);
	add_indexes(sql, version, only);
	mig__buf_adds(sql, *only ? "SELECT 0 WHERE false;" : dependencies);
}

/* The queries that read the catalogue. They name it without pg_catalog, since the search path has
 * nothing else. What initdb made has an oid below 16384; the schema public is 2200. */
#include "dialect/postgresql/inspect.h"

#define USERS " >= 16384"
#define OPTIONS(column) "array_to_string(" column ", E'\\n')"
#define OF_CATALOG(n, name) \
	"CASE WHEN " n ".nspname = 'pg_catalog' THEN '' ELSE quote_ident(" n ".nspname) || '.' END " \
	"|| quote_ident(" name ")"
#define QUALIFIED(n, name) "quote_ident(" n ".nspname) || '.' || quote_ident(" name ")"
/* Not made by the server for the sake of something else. */
#define ASKED_FOR(class, oid)                                                                \
	"NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = " class " AND i.objid = " oid \
	" AND i.deptype = 'i')"
#define JOIN_NAMESPACE(n, column) " JOIN pg_namespace " n " ON " n ".oid = " column

/* How the privileges differ from those that the object has if nobody grants or revokes any (base),
 * as lines of GRANT and REVOKE. */
#define ACL(acl, base, owner)                                                                     \
	"CASE WHEN " acl " IS NOT NULL THEN (SELECT string_agg(l.line, E'\\n' ORDER BY l.line "   \
	"COLLATE \"C\") FROM (SELECT CASE WHEN p.has THEN 'GRANT ' ELSE 'REVOKE ' END || "        \
	"string_agg(p.privilege, ', ' ORDER BY p.privilege COLLATE \"C\") || CASE WHEN p.has "    \
	"THEN ' TO ' ELSE ' FROM ' END || CASE p.grantee WHEN 0 THEN 'PUBLIC' ELSE "              \
	"quote_ident(pg_get_userbyid(p.grantee)) END || CASE WHEN p.option THEN ' WITH GRANT "    \
	"OPTION' ELSE '' END AS line FROM (SELECT x.grantee, x.privilege_type AS privilege, "     \
	"bool_or(x.now) AS has, bool_or(x.now AND x.is_grantable) AS option FROM (SELECT true "   \
	"AS now, y.* FROM aclexplode(" acl ") AS y UNION ALL SELECT false, y.* FROM aclexplode("  \
	base ") AS y) AS x WHERE x.grantee <> " owner " GROUP BY 1, 2 HAVING bool_or(x.now) <> " \
	"bool_or(NOT x.now) OR bool_or(x.now AND x.is_grantable) <> bool_or(NOT x.now AND "       \
	"x.is_grantable)) AS p GROUP BY p.grantee, p.has, p.option) AS l) END"

/* The text for servers from a version on, or for older ones. */
static const char *since(int version, int major, const char *new, const char *old)
{
	return version >= major * 10000 ? new : old;
}

/* -- what is one row an object */

enum { FIELDS = 8 };

/* A part of the first query; what: a letter, for inspect_top.c. */
struct branch {
	const char *what;
	const char *ids; /* its class and oid, and the oid of what it is in or of */
	const char *name;
	const char *fields[FIELDS];
	const char *from;
};

static void add(struct mig__buf *sql, const struct branch *b)
{
	/* the first one gives the types */
	const char *type = sql->len ? "" : "::text";

	mig__buf_addf(sql, "%sSELECT '%s'%s, %s, %s%s", sql->len ? " UNION ALL " : "", b->what,
		      *type ? "::\"char\"" : "", b->ids, b->name, type);
	for (int i = 0; i < FIELDS; i++)
		mig__buf_addf(sql, ", %s%s", b->fields[i] ? b->fields[i] : "NULL", type);
	mig__buf_addf(sql, " FROM %s", b->from);
}

#define ADD(...) add(sql, &(struct branch){ __VA_ARGS__ })

static void add_names(struct mig__buf *sql)
{
	ADD("n", "2615::oid, n.oid, 0::oid", "n.nspname",
	    { "CASE WHEN EXISTS (SELECT FROM pg_depend d WHERE d.classid = 2615 AND d.objid = "
	      "n.oid AND d.deptype = 'e') THEN 'member' END",
	      ACL("n.nspacl",
		  "coalesce((SELECT i.initprivs FROM pg_init_privs i WHERE i.classoid = 2615 AND "
		  "i.objoid = n.oid), acldefault('n', n.nspowner))",
		  "n.nspowner") },
	    "pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'");
	ADD("e", "3079, e.oid, e.extnamespace", "e.extname",
	    { "quote_ident(n.nspname)", "e.extversion" },
	    "pg_extension e" JOIN_NAMESPACE("n", "e.extnamespace") " WHERE e.extname <> "
								   "'plpgsql'");
	ADD("m", "d.classid, d.objid, d.refobjid", "NULL", { NULL },
	    "pg_depend d WHERE d.refclassid = 3079 AND d.deptype = 'e' AND d.objid" USERS);
	ADD("b", "1213, oid, 0", "quote_ident(spcname)", { NULL }, "pg_tablespace");
	ADD("k", "2601, oid, 0", "quote_ident(amname)", { NULL }, "pg_am");
	ADD("o", "2616, o.oid, o.opcintype", OF_CATALOG("n", "o.opcname"),
	    { "CASE WHEN o.opcdefault THEN 'yes' END" },
	    "pg_opclass o" JOIN_NAMESPACE("n", "o.opcnamespace") " WHERE o.opcmethod = 403");
	ADD("i", "1259, inhrelid, inhparent", "lpad(inhseqno::text, 6, '0')", { NULL },
	    "pg_inherits WHERE inhrelid" USERS);
}

#define COLLATION(locale, rules, deterministic)                                                   \
	"'(provider = ' || CASE collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE "   \
	"'libc' END || coalesce(', locale = ' || quote_literal(" locale                           \
	"), CASE WHEN collcollate = collctype THEN ', locale = ' || quote_literal(collcollate) "  \
	"ELSE ', lc_collate = ' || quote_literal(collcollate) || ', lc_ctype = ' || "             \
	"quote_literal(collctype) END) || coalesce(', rules = ' || quote_literal(" rules          \
	"), '') || CASE WHEN " deterministic " THEN '' ELSE ', deterministic = false' END || ')'"

static void add_collations(struct mig__buf *sql, int v)
{
	const char *old = since(v, 12, COLLATION("NULL", "NULL", "collisdeterministic"),
				COLLATION("NULL", "NULL", "true"));

	old = since(v, 15, COLLATION("colliculocale", "NULL", "collisdeterministic"), old);
	old = since(v, 16, COLLATION("colliculocale", "collicurules", "collisdeterministic"), old);
	ADD("c", "3456, oid, collnamespace", "collname",
	    { since(v, 17, COLLATION("colllocale", "collicurules", "collisdeterministic"), old) },
	    "pg_collation WHERE oid" USERS);
}

#define RANGE(more)                                                                            \
	"'(subtype = ' || format_type(r.rngsubtype, NULL) || CASE WHEN o.opcdefault THEN '' "  \
	"ELSE ', subtype_opclass = ' || " QUALIFIED("n", "o.opcname") " END || CASE WHEN "      \
	"r.rngcollation IN (0, s.typcollation) THEN '' ELSE ', collation = ' || " OF_CATALOG(   \
		"ln", "l.collname") " END || CASE WHEN r.rngcanonical = 0 THEN '' ELSE ', "     \
	"canonical = ' || r.rngcanonical END || CASE WHEN r.rngsubdiff = 0 THEN '' ELSE ', "   \
	"subtype_diff = ' || r.rngsubdiff END" more " || ')'"
#define JOIN_COLLATION(column)                                                              \
	" LEFT JOIN (pg_collation l" JOIN_NAMESPACE("ln", "l.collnamespace") ") ON l.oid = " \
	column
#define FROM_RANGE                                                                          \
	" FROM pg_range r JOIN pg_type s ON s.oid = r.rngsubtype JOIN pg_opclass o ON o.oid = " \
	"r.rngsubopc" JOIN_NAMESPACE("n", "o.opcnamespace") JOIN_COLLATION("r.rngcollation")
#define OF_TYPE(range, from)                                                                   \
	"CASE t.typtype WHEN 'e' THEN (SELECT string_agg(quote_literal(x.enumlabel), ', ' "    \
	"ORDER BY x.enumsortorder) FROM pg_enum x WHERE x.enumtypid = t.oid) WHEN 'd' THEN "    \
	"format_type(t.typbasetype, t.typtypmod) WHEN 'r' THEN (SELECT " range FROM_RANGE from  \
	" WHERE r.rngtypid = t.oid) END"

/* The collation of a domain, if it is not its type's, or something of a range. */
#define COLLATION_OR(range)                                                                  \
	"CASE t.typtype WHEN 'd' THEN (SELECT " OF_CATALOG("ln", "l.collname")                \
	" FROM pg_type b, pg_collation l" JOIN_NAMESPACE("ln", "l.collnamespace")             \
	" WHERE b.oid = t.typbasetype AND l.oid = t.typcollation AND t.typcollation <> "      \
	"b.typcollation) WHEN 'r' THEN " range " END"
#define TYPE_ACL ACL("t.typacl", "acldefault('T', t.typowner)", "t.typowner")

/* kind, and of an enum: labels; of a domain: type, collation, not null, default; of a range:
 * definition, its multirange's oid; of all: privileges. Arrays go without saying. */
static void add_types(struct mig__buf *sql, int v)
{
	static const char first[] = OF_TYPE(
		RANGE(" || ', multirange_type_name = ' || " QUALIFIED("mn", "m.typname")),
		" JOIN pg_type m ON m.oid = r.rngmultitypid" JOIN_NAMESPACE("mn", "m.typnamespace"));
	static const char old_first[] = OF_TYPE(RANGE(""), "");

	ADD("t", "1247, t.oid, t.typnamespace", "t.typname",
	    { "t.typtype::text", since(v, 14, first, old_first),
	      since(v, 14, COLLATION_OR("(SELECT r.rngmultitypid::text FROM pg_range r WHERE "
					"r.rngtypid = t.oid)"),
		    COLLATION_OR("NULL")),
	      "CASE WHEN t.typtype = 'd' AND t.typnotnull THEN 'yes' END",
	      "CASE WHEN t.typtype = 'd' THEN pg_get_expr(t.typdefaultbin, 0) END", TYPE_ACL },
	    "pg_type t WHERE t.typtype IN ('b', 'd', 'e', 'p', 'r') AND NOT (t.typcategory = 'A' "
	    "AND t.typelem <> 0) AND t.oid" USERS);
}

#define WHEN(condition, text) "CASE WHEN " condition " THEN ', " text " ELSE '' END || "
#define PROC(word, column) WHEN("g." column " <> 0", word " = ' || g." column)
#define MODIFY(word, prefix)                                                                \
	WHEN("g." prefix "finalfn <> 0 AND g." prefix "finalmodify <> CASE g.aggkind WHEN " \
	     "'n' THEN 'r'::\"char\" ELSE 'w' END",                                         \
	     word " = ' || CASE g." prefix "finalmodify WHEN 'r' THEN 'READ_ONLY' WHEN "    \
		  "'s' THEN 'SHAREABLE' ELSE 'READ_WRITE' END")

/* What stands in the parentheses of CREATE AGGREGATE. */
#define AGGREGATE                                                                                \
	"(SELECT 'SFUNC = ' || g.aggtransfn || ', STYPE = ' || format_type(g.aggtranstype, "      \
	"NULL) || " WHEN("g.aggtransspace <> 0", "SSPACE = ' || g.aggtransspace")                 \
	PROC("FINALFUNC", "aggfinalfn") WHEN("g.aggfinalextra", "FINALFUNC_EXTRA'")               \
	MODIFY("FINALFUNC_MODIFY", "agg") PROC("COMBINEFUNC", "aggcombinefn")                     \
	PROC("SERIALFUNC", "aggserialfn") PROC("DESERIALFUNC", "aggdeserialfn")                   \
	"coalesce(', INITCOND = ' || quote_literal(g.agginitval), '') || "                       \
	PROC("MSFUNC", "aggmtransfn") PROC("MINVFUNC", "aggminvtransfn")                          \
	WHEN("g.aggmtranstype <> 0", "MSTYPE = ' || format_type(g.aggmtranstype, NULL)")          \
	WHEN("g.aggmtransspace <> 0", "MSSPACE = ' || g.aggmtransspace")                          \
	PROC("MFINALFUNC", "aggmfinalfn") WHEN("g.aggmfinalextra", "MFINALFUNC_EXTRA'")           \
	MODIFY("MFINALFUNC_MODIFY", "aggm")                                                       \
	"coalesce(', MINITCOND = ' || quote_literal(g.aggminitval), '') || "                     \
	"coalesce((SELECT ', SORTOP = OPERATOR(' || quote_ident(n.nspname) || '.' || s.oprname "  \
	"|| ')' FROM pg_operator s" JOIN_NAMESPACE("n", "s.oprnamespace")                         \
	" WHERE s.oid = g.aggsortop), '') || "                                                    \
	WHEN("p.proparallel <> 'u'", "PARALLEL = ' || CASE p.proparallel WHEN 's' THEN 'SAFE' "   \
				     "ELSE 'RESTRICTED' END")                                     \
	WHEN("g.aggkind = 'h'", "HYPOTHETICAL'")                                                  \
	"'' FROM pg_aggregate g WHERE g.aggfnoid = p.oid)"

static void add_functions(struct mig__buf *sql)
{
	ADD("f", "1255, p.oid, p.pronamespace", "p.proname",
	    { "p.prokind::text",
	      "(SELECT string_agg(format_type(u.t, NULL), ', ' ORDER BY u.n) FROM "
	      "unnest(p.proargtypes::oid[]) WITH ORDINALITY AS u (t, n))",
	      "pg_get_function_identity_arguments(p.oid)", "pg_get_function_arguments(p.oid)",
	      "pg_get_function_result(p.oid)",
	      "CASE WHEN p.prokind = 'a' THEN " AGGREGATE " ELSE pg_get_functiondef(p.oid) END",
	      "quote_ident(l.lanname)", ACL("p.proacl", "acldefault('f', p.proowner)", "p.proowner") },
	    "pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.oid" USERS
	    " AND " ASKED_FOR("1255", "p.oid"));
}

/* of a table or view: definition, enabled, inherited */
static void add_table_parts(struct mig__buf *sql, int v)
{
	ADD("g", "2620, oid, tgrelid", "tgname",
	    { "pg_get_triggerdef(oid)", "tgenabled::text",
	      since(v, 13, "CASE WHEN tgparentid <> 0 THEN 'yes' END", NULL) },
	    "pg_trigger WHERE NOT tgisinternal");
	ADD("r", "2618, oid, ev_class", "rulename",
	    { "CASE WHEN rulename <> '_RETURN' THEN pg_get_ruledef(oid) END", "ev_enabled::text" },
	    "pg_rewrite WHERE oid" USERS);
	ADD("p", "3256, oid, polrelid", "polname",
	    { "CASE WHEN NOT polpermissive THEN 'RESTRICTIVE' END",
	      "CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' "
	      "WHEN 'd' THEN 'DELETE' END",
	      "CASE WHEN polroles <> '{0}' THEN (SELECT string_agg(x.r, ', ' ORDER BY x.r COLLATE "
	      "\"C\") FROM (SELECT CASE u.r WHEN 0 THEN 'PUBLIC' ELSE "
	      "quote_ident(pg_get_userbyid(u.r)) END AS r FROM unnest(polroles) AS u (r)) AS x) END",
	      "pg_get_expr(polqual, polrelid)", "pg_get_expr(polwithcheck, polrelid)" },
	    "pg_policy");
}

static void add_others(struct mig__buf *sql, int v)
{
	ADD("s", "3381, oid, stxnamespace", "stxname",
	    { "pg_get_statisticsobjdef(oid)",
	      since(v, 13, "CASE WHEN stxstattarget >= 0 THEN stxstattarget::text END", NULL) },
	    "pg_statistic_ext");
	ADD("v", "3466, e.oid, 0", "e.evtname",
	    { "e.evtevent",
	      "(SELECT string_agg(quote_literal(u.t), ', ' ORDER BY u.n) FROM unnest(e.evttags) "
	      "WITH ORDINALITY AS u (t, n))",
	      QUALIFIED("n", "p.proname"), "e.evtenabled::text" },
	    "pg_event_trigger e JOIN pg_proc p ON p.oid = e.evtfoid" JOIN_NAMESPACE(
		    "n", "p.pronamespace"));
}

/* objsubid stands where others have what they are in. What is said of an extension comes from its
 * files, and would differ with their version. */
static void add_comments(struct mig__buf *sql)
{
	ADD("x", "classoid, objoid, objsubid::oid", "description", { NULL },
	    "pg_description WHERE (objoid" USERS " AND classoid <> 3079) OR (classoid = 2615 AND "
	    "objoid = 2200 AND description <> 'standard public schema')");
}

static void add_uncovered(struct mig__buf *sql)
{
	static const struct {
		const char *kind, *ids, *name, *from;
	} kinds[] = {
		{ "publication", "6104, oid, 0", "pubname", "pg_publication" },
		{ "subscription", "6100, 0, 0", "subname",
		  "pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = "
		  "current_database())" },
		{ "foreign-data wrapper", "2328, oid, 0", "fdwname", "pg_foreign_data_wrapper" },
		{ "server", "1417, oid, 0", "srvname", "pg_foreign_server" },
		{ "cast", "2605, oid, 0",
		  "format_type(castsource, NULL) || ' AS ' || format_type(casttarget, NULL)",
		  "pg_cast WHERE oid" USERS " AND " ASKED_FOR("2605", "pg_cast.oid") },
		{ "conversion", "2607, c.oid, 0", QUALIFIED("n", "c.conname"),
		  "pg_conversion c" JOIN_NAMESPACE("n", "c.connamespace") " WHERE c.oid" USERS },
		{ "operator", "2617, o.oid, 0",
		  "quote_ident(n.nspname) || '.' || o.oprname || ' (' || coalesce(format_type("
		  "nullif(o.oprleft, 0), NULL), 'NONE') || ', ' || coalesce(format_type("
		  "nullif(o.oprright, 0), NULL), 'NONE') || ')'",
		  "pg_operator o" JOIN_NAMESPACE("n", "o.oprnamespace") " WHERE o.oid" USERS },
		{ "operator class", "2616, o.oid, 0", QUALIFIED("n", "o.opcname"),
		  "pg_opclass o" JOIN_NAMESPACE("n", "o.opcnamespace") " WHERE o.oid" USERS },
		{ "operator family", "2753, o.oid, 0", QUALIFIED("n", "o.opfname"),
		  "pg_opfamily o" JOIN_NAMESPACE("n", "o.opfnamespace") " WHERE o.oid" USERS },
		{ "text search configuration", "3602, c.oid, 0", QUALIFIED("n", "c.cfgname"),
		  "pg_ts_config c" JOIN_NAMESPACE("n", "c.cfgnamespace") " WHERE c.oid" USERS },
		{ "text search dictionary", "3600, d.oid, 0", QUALIFIED("n", "d.dictname"),
		  "pg_ts_dict d" JOIN_NAMESPACE("n", "d.dictnamespace") " WHERE d.oid" USERS },
		{ "text search parser", "3601, p.oid, 0", QUALIFIED("n", "p.prsname"),
		  "pg_ts_parser p" JOIN_NAMESPACE("n", "p.prsnamespace") " WHERE p.oid" USERS },
		{ "text search template", "3764, t.oid, 0", QUALIFIED("n", "t.tmplname"),
		  "pg_ts_template t" JOIN_NAMESPACE("n", "t.tmplnamespace") " WHERE t.oid" USERS },
		{ "language", "2612, oid, 0", "quote_ident(lanname)", "pg_language WHERE oid" USERS },
		{ "transform", "3576, t.oid, 0",
		  "'for ' || format_type(t.trftype, NULL) || ' language ' || quote_ident(l.lanname)",
		  "pg_transform t JOIN pg_language l ON l.oid = t.trflang WHERE t.oid" USERS },
		{ "access method", "2601, oid, 0", "quote_ident(amname)", "pg_am WHERE oid" USERS },
		{ "default privileges", "826, oid, 0",
		  "'of ' || quote_ident(pg_get_userbyid(defaclrole)) || CASE defaclobjtype WHEN 'r' "
		  "THEN ' on tables' WHEN 'S' THEN ' on sequences' WHEN 'f' THEN ' on functions' "
		  "WHEN 'T' THEN ' on types' ELSE ' on schemas' END",
		  "pg_default_acl" },
	};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		char kind[40] = "'";

		/* "'kind'" */
		for (size_t k = 0; k <= sizeof kind - 3 && kinds[i].kind[k]; k++) {
			kind[k + 1] = kinds[i].kind[k];
			kind[k + 2] = '\'';
		}
		ADD("z", kinds[i].ids, kinds[i].name, { kind }, kinds[i].from);
	}
}

void mig__catalog_sql_small(struct mig__buf *sql, int version)
{
	struct mig__buf all;

	mig__buf_init(&all, sql->alloc);
	add_names(&all);
	add_collations(&all, version);
	add_types(&all, version);
	add_functions(&all);
	add_table_parts(&all, version);
	add_others(&all, version);
	add_comments(&all);
	add_uncovered(&all);
	mig__buf_adds(sql, "SELECT * FROM (");
	mig__buf_add(sql, mig__buf_text(&all), all.len);
	mig__buf_adds(sql, ") AS a (what, class, id, within, name) ORDER BY what, id, name COLLATE "
			   "\"C\";");
	sql->failed |= all.failed;
	mig__buf_finish(&all);
}

/* -- relations, columns */

void mig__catalog_sql_relations(struct mig__buf *sql, int version)
{
	(void)version;
	mig__buf_adds(
		sql,
		"SELECT c.oid, c.relnamespace, c.relname, c.relkind, c.relpersistence, " OPTIONS(
			"c.reloptions") ", c.relam, c.reltablespace, c.reltype, c.reltoastrelid, "
		"c.relreplident, c.relrowsecurity, c.relforcerowsecurity, CASE WHEN c.relkind = 'm' "
		"THEN c.relispopulated END, CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) "
		"END, pg_get_expr(c.relpartbound, c.oid), CASE WHEN c.relkind IN ('v', 'm') THEN "
		"pg_get_viewdef(c.oid) END, s::text, CASE WHEN c.relkind = 'S' THEN (SELECT "
		"d.deptype::text || ' ' || d.refobjid || ' ' || d.refobjsubid FROM pg_depend d WHERE "
		"d.classid = 1259 AND d.objid = c.oid AND d.objsubid = 0 AND d.refclassid = 1259 AND "
		"d.refobjsubid > 0 AND d.deptype IN ('a', 'i') LIMIT 1) END, c.reloftype, CASE WHEN "
		"c.relkind = 'c' THEN (SELECT " TYPE_ACL " FROM pg_type t WHERE t.oid = c.reltype) "
		"ELSE " ACL("c.relacl",
			    "acldefault(CASE c.relkind WHEN 'S' THEN 's'::\"char\" ELSE 'r' END, "
			    "c.relowner)",
			    "c.relowner") " END FROM pg_class c LEFT JOIN pg_sequence s ON s.seqrelid = c.oid WHERE c.oid" USERS
		" AND (c.relkind IN ('r', 'p', 'v', 'm', 'S', 'c', 'f') OR (c.relkind = 't' AND "
		"c.reloptions IS NOT NULL)) AND c.relpersistence <> 't' ORDER BY c.oid;");
}

void mig__catalog_sql_columns(struct mig__buf *sql, int version)
{
	/* Columns are many: what is one letter, or yes or no, comes in one number; types are asked
	 * for later, once each; and they are sorted at our end. */
	mig__buf_addf(
		sql,
		"SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation, "
		"a.attnotnull::int + 2 * a.attislocal::int + 256 * a.attidentity::int + 65536 * "
		"a.attstorage::int + 16777216 * %s::int, %s, nullif(a.attstattarget, -1), %s, " ACL(
			"a.attacl", "acldefault('c', c.relowner)", "c.relowner") " FROM "
		"pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.oid" USERS " AND "
		"c.relkind IN ('r', 'p', 'v', 'm', 'c') AND c.relpersistence <> 't' AND a.attnum > 0 "
		"AND NOT a.attisdropped;",
		since(version, 12, "a.attgenerated", "0"),
		since(version, 14, "nullif(a.attcompression, '')", "NULL"), OPTIONS("a.attoptions"));
	mig__buf_adds(sql, "SELECT adrelid, adnum, oid, pg_get_expr(adbin, adrelid) FROM pg_attrdef "
			   "WHERE adrelid" USERS " ORDER BY adrelid, adnum;");
}

void mig__catalog_sql_types(struct mig__buf *sql, const char *types, const char *modifiers,
			    const char *collations)
{
	mig__buf_addf(sql,
		      "SELECT x.n, format_type(x.t, x.m), CASE WHEN x.c <> y.typcollation THEN "
		      OF_CATALOG("ln", "l.collname") " END, y.typstorage, y.typtype FROM "
		      "unnest('{%s}'::oid[], '{%s}'::int[], '{%s}'::oid[]) WITH ORDINALITY AS x "
		      "(t, m, c, n) JOIN pg_type y ON y.oid = x.t" JOIN_COLLATION("x.c"),
		      types, modifiers, collations);
}

/* -- constraints, indexes, dependencies */

static void add_constraints(struct mig__buf *sql, int version)
{
	/* a key that refers to a partitioned table has others like it for each partition */
	mig__buf_addf(
		sql,
		"SELECT k.oid, k.conname, k.contype, k.conrelid, k.contypid, k.conindid, k.conkey, "
		"k.confrelid, k.confkey, k.confupdtype, k.confdeltype, k.confmatchtype, "
		"k.condeferrable, k.condeferred, k.convalidated, k.connoinherit, k.conislocal, "
		"k.conparentid, %s, CASE WHEN k.contype = 'x' THEN pg_get_constraintdef(k.oid) ELSE "
		"pg_get_expr(k.conbin, k.conrelid) END FROM pg_constraint k WHERE k.oid" USERS
		" AND k.contype IN ('p', 'u', 'f', 'c', 'x') AND NOT (k.conparentid <> 0 AND EXISTS "
		"(SELECT FROM pg_constraint p WHERE p.oid = k.conparentid AND p.conrelid = "
		"k.conrelid)) ORDER BY k.oid;",
		since(version, 15, "k.confdelsetcols", "NULL"));
}

/* The definition only where the raw columns do not tell enough: not a B-tree, or expressions, or a
 * collation; columns of expressions and predicates from pg_depend. */
static void add_indexes(struct mig__buf *sql, int version)
{
	mig__buf_addf(
		sql,
		"SELECT i.indexrelid, i.indrelid, c.relname, c.relkind, c.relam, c.reltablespace, %s, "
		"i.indisunique, i.indkey, i.indnkeyatts, i.indoption, i.indclass, i.indcollation, %s, "
		"i.indisclustered, i.indisvalid, i.indisreplident, CASE WHEN c.relam <> 403 OR "
		"i.indexprs IS NOT NULL OR NOT i.indcollation::oid[] <@ '{0,100}'::oid[] THEN "
		"pg_get_indexdef(i.indexrelid) END, pg_get_expr(i.indpred, i.indrelid), CASE WHEN "
		"i.indexprs IS NOT NULL OR i.indpred IS NOT NULL THEN (SELECT "
		"string_agg(d.refobjsubid::text, ' ' ORDER BY d.refobjsubid) FROM pg_depend d WHERE "
		"d.classid = 1259 AND d.objid = i.indexrelid AND d.refclassid = 1259 AND d.refobjid = "
		"i.indrelid AND d.refobjsubid > 0) END FROM pg_index i JOIN pg_class c ON c.oid = "
		"i.indexrelid WHERE i.indexrelid" USERS " AND c.relpersistence <> 't' ORDER BY "
		"i.indexrelid;",
		OPTIONS("c.reloptions"), since(version, 15, "i.indnullsnotdistinct", "false"));
}

void mig__catalog_sql_rest(struct mig__buf *sql, int version)
{
	add_constraints(sql, version);
	add_indexes(sql, version);
	/* not what is known from the columns read above, nor a trigger's table */
	mig__buf_adds(
		sql,
		"SELECT d.classid, d.objid, d.objsubid, d.refclassid, CASE WHEN d.refclassid = 1247 "
		"THEN coalesce((SELECT t.typelem FROM pg_type t WHERE t.oid = d.refobjid AND "
		"t.typcategory = 'A' AND t.typelem <> 0), d.refobjid) ELSE d.refobjid END, "
		"d.refobjsubid FROM pg_depend d WHERE d.objid" USERS " AND d.refobjid" USERS
		" AND d.deptype IN ('n', 'a') AND d.refclassid <> 2615 AND NOT (d.classid = 1259 AND "
		"d.refclassid = 1259 AND d.objsubid = 0) AND NOT (d.classid = 2606 AND d.refclassid "
		"= 1259) AND NOT (d.classid = 2620 AND d.refclassid = 1259 AND d.refobjsubid = 0) "
		"AND NOT (d.classid = 2604 AND d.deptype = 'a');");
}

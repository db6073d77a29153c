/* The query for what is one row an object: parts of UNION ALL, with a letter each, for
 * inspect_top.c. The catalogue is named without pg_catalog, since the search path has nothing else.
 */
#include "dialect/postgresql/schema/inspect_sql.h"
#include "base/buf.h"

#define ADD_IF(...) mig__sql_add_part(all, &(struct mig__sql_part){ __VA_ARGS__ })
#define ADD(...) ADD_IF(__VA_ARGS__, NULL)

/* clang-format off */

static void add_names(struct mig__sql_small *all)
{
	ADD("n", "2615::oid, n.oid, 0::oid", "n.nspname",
	    { "CASE WHEN EXISTS (SELECT FROM pg_depend d WHERE d.classid = 2615 AND d.objid = n.oid "
	      "AND d.deptype = 'e') THEN 'member' END",
	      ACL("n.nspacl",
		  "coalesce((SELECT i.initprivs FROM pg_init_privs i WHERE i.classoid = 2615 "
		  "AND i.objoid = n.oid), acldefault('n', n.nspowner))",
		  "n.nspowner") },
	    "pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'");
	ADD_IF("e", "3079, e.oid, e.extnamespace", "e.extname",
	    { "quote_ident(n.nspname)", "e.extversion" },
	    "pg_extension e" JOIN_NAMESPACE("n", "e.extnamespace")
	    " WHERE e.extname <> 'plpgsql'",
	    "pg_extension WHERE extname <> 'plpgsql'");
	ADD("m", "d.classid, d.objid, d.refobjid", "NULL", { NULL },
	    "pg_depend d WHERE d.refclassid = 3079 AND d.deptype = 'e' AND d.objid" USERS);
	/* of constraints: the triggers that enforce them, if they are not what they are made: "D", "A", "R" */
	ADD_IF("q", "2606, tgconstraint, 0", "string_agg(DISTINCT tgenabled::text, '')", { NULL },
	       "pg_trigger WHERE tgisinternal AND tgenabled <> 'O' AND tgconstraint <> 0 GROUP BY tgconstraint",
	       "pg_trigger WHERE tgisinternal AND tgenabled <> 'O'");
	/* ALTER ... DEPENDS ON EXTENSION */
	ADD_IF("d", "d.classid, d.objid, 0", "string_agg(quote_ident(e.extname), ', ' ORDER BY e.extname COLLATE \"C\")",
	    { NULL },
	    "pg_depend d JOIN pg_extension e ON e.oid = d.refobjid WHERE d.refclassid = 3079 AND d.deptype = 'x' "
	    "GROUP BY d.classid, d.objid",
	    "pg_depend WHERE refclassid = 3079 AND deptype = 'x'");
	ADD("b", "1213, oid, 0", "quote_ident(spcname)", { NULL }, "pg_tablespace");
	ADD("k", "2601, oid, 0", "quote_ident(amname)", { NULL }, "pg_am");
	/* of B-trees: for what type, whether it is the usual one */
	ADD_IF("o", "2616, o.oid, o.opcintype", UNLESS_SYSTEM("n", "o.opcname"),
	    { "CASE WHEN o.opcdefault THEN 'yes' END" },
	    "pg_opclass o" JOIN_NAMESPACE("n", "o.opcnamespace") " WHERE o.opcmethod = 403", "pg_opclass");
	/* checks that hold for all rows here, but are NOT VALID in the parent */
	ADD("i", "1259, inhrelid, inhparent", "lpad(inhseqno::text, 6, '0')",
	    { "(SELECT string_agg(quote_ident(k.conname), ', ' ORDER BY k.conname COLLATE \"C\") FROM pg_constraint k "
	      "JOIN pg_constraint p ON p.conrelid = inhparent AND p.conname = k.conname AND p.contype = 'c' "
	      "AND NOT p.convalidated WHERE k.conrelid = inhrelid AND k.contype = 'c' AND k.convalidated)" },
	    "pg_inherits WHERE inhrelid" USERS);
}

/* -- types */

#define COLLATION(locale, rules, deterministic) \
	"'(provider = ' || CASE collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' WHEN 'c' THEN 'libc' END || " \
	"coalesce(', locale = ' || quote_literal(" locale "), " \
		"CASE WHEN collcollate = collctype THEN ', locale = ' || quote_literal(collcollate) " \
		"ELSE ', lc_collate = ' || quote_literal(collcollate) || " \
			"', lc_ctype = ' || quote_literal(collctype) END) || " \
	"coalesce(', rules = ' || quote_literal(" rules "), '') || " \
	"CASE WHEN " deterministic " THEN '' ELSE ', deterministic = false' END || ')'"

static void add_collations(struct mig__sql_small *all, int v)
{
	const char *definition = COLLATION("NULL", "NULL", "true");

	definition = mig__since(v, 12, COLLATION("NULL", "NULL", "collisdeterministic"), definition);
	definition = mig__since(v, 15, COLLATION("colliculocale", "NULL", "collisdeterministic"),
				definition);
	definition = mig__since(v, 16,
				COLLATION("colliculocale", "collicurules", "collisdeterministic"),
				definition);
	definition = mig__since(v, 17,
				COLLATION("colllocale", "collicurules", "collisdeterministic"),
				definition);
	ADD("c", "3456, oid, collnamespace", "collname", { definition, "collprovider::text" },
	    "pg_collation WHERE oid" USERS);
}

#define RANGE(more, from) \
	"(SELECT '(subtype = ' || format_type(r.rngsubtype, NULL) || " \
		"CASE WHEN o.opcdefault THEN '' ELSE ', subtype_opclass = ' || " QUALIFIED("n", "o.opcname") " END || " \
		"CASE WHEN r.rngcollation IN (0, s.typcollation) THEN '' ELSE ', collation = ' || " COLLATION_NAME " END || " \
		"CASE WHEN r.rngcanonical = 0 THEN '' ELSE ', canonical = ' || r.rngcanonical END || " \
		"CASE WHEN r.rngsubdiff = 0 THEN '' ELSE ', subtype_diff = ' || r.rngsubdiff END || " more "')' " \
	"FROM pg_range r JOIN pg_type s ON s.oid = r.rngsubtype JOIN pg_opclass o ON o.oid = r.rngsubopc" \
	JOIN_NAMESPACE("n", "o.opcnamespace") JOIN_COLLATION("r.rngcollation") from " WHERE r.rngtypid = t.oid)"

#define LABELS \
	"(SELECT string_agg(quote_literal(x.enumlabel), ', ' ORDER BY x.enumsortorder) " \
	"FROM pg_enum x WHERE x.enumtypid = t.oid)"

/* What says most of a type. */
#define MAIN(range) \
	"CASE t.typtype WHEN 'e' THEN " LABELS " WHEN 'd' THEN format_type(t.typbasetype, t.typtypmod) " \
	"WHEN 'r' THEN " range " END"

/* The collation of a domain, if it is not its type's. */
#define DOMAIN_COLLATION \
	"(SELECT " COLLATION_NAME " FROM pg_type b, pg_collation l" JOIN_NAMESPACE("ln", "l.collnamespace") \
	" WHERE b.oid = t.typbasetype AND l.oid = t.typcollation AND t.typcollation <> b.typcollation)"
/* NOT NULL of a domain is a constraint from version 17 on: its name, unless it is the usual one. */
#define DOMAIN_NOT_NULL(what) \
	"CASE WHEN t.typtype = 'd' AND t.typnotnull THEN (SELECT " what " FROM pg_constraint k " \
	"WHERE k.contypid = t.oid AND k.contype = 'n') END"
#define NOT_NULL_NAME \
	DOMAIN_NOT_NULL("CASE WHEN k.conname <> t.typname || '_not_null' THEN quote_ident(k.conname) END")
#define NOT_NULL_COMMENT DOMAIN_NOT_NULL("obj_description(k.oid, 'pg_constraint')")
#define MULTIRANGE "(SELECT r.rngmultitypid::text FROM pg_range r WHERE r.rngtypid = t.oid)"

/* kind; an enum's labels, a domain's type, a range's definition; a domain's collation, a range's
 * multirange; a domain's not null, default; privileges; a domain's NOT NULL. Arrays go without
 * saying. */
static void add_types(struct mig__sql_small *all, int v)
{
	const char *with_multirange =
		MAIN(RANGE("', multirange_type_name = ' || " QUALIFIED("mn", "m.typname") " || ",
			   " JOIN pg_type m ON m.oid = r.rngmultitypid" JOIN_NAMESPACE("mn", "m.typnamespace")));

	ADD("t", "1247, t.oid, t.typnamespace", "t.typname",
	    { "t.typtype::text",
	      mig__since(v, 14, with_multirange, MAIN(RANGE("", ""))),
	      mig__since(v, 14,
			 "CASE t.typtype WHEN 'd' THEN " DOMAIN_COLLATION " WHEN 'r' THEN " MULTIRANGE " END",
			 "CASE t.typtype WHEN 'd' THEN " DOMAIN_COLLATION " END"),
	      "CASE WHEN t.typtype = 'd' AND t.typnotnull THEN 'yes' END",
	      "CASE WHEN t.typtype = 'd' THEN pg_get_expr(t.typdefaultbin, 0) END",
	      TYPE_ACL,
	      mig__since(v, 17, NOT_NULL_NAME, NULL),
	      mig__since(v, 17, NOT_NULL_COMMENT, NULL) },
	    "pg_type t WHERE t.typtype NOT IN ('c', 'm') "
	    "AND NOT (t.typcategory = 'A' AND t.typelem <> 0) AND t.oid" USERS);
}

/* -- functions */

#define WHEN(condition, text) "CASE WHEN " condition " THEN ', " text " ELSE '' END || "
#define PROC(word, column) WHEN("g." column " <> 0", word " = ' || g." column)
#define MODIFY(word, prefix) \
	WHEN("g." prefix "finalfn <> 0 AND g." prefix "finalmodify <> " \
	     "CASE g.aggkind WHEN 'n' THEN 'r'::\"char\" ELSE 'w' END", \
	     word " = ' || CASE g." prefix "finalmodify WHEN 'r' THEN 'READ_ONLY' " \
	     "WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END")

/* What stands in the parentheses of CREATE AGGREGATE. */
#define AGGREGATE \
	"(SELECT 'SFUNC = ' || g.aggtransfn || ', STYPE = ' || format_type(g.aggtranstype, NULL) || " \
	WHEN("g.aggtransspace <> 0", "SSPACE = ' || g.aggtransspace") \
	PROC("FINALFUNC", "aggfinalfn") \
	WHEN("g.aggfinalextra", "FINALFUNC_EXTRA'") \
	MODIFY("FINALFUNC_MODIFY", "agg") \
	PROC("COMBINEFUNC", "aggcombinefn") \
	PROC("SERIALFUNC", "aggserialfn") \
	PROC("DESERIALFUNC", "aggdeserialfn") \
	"coalesce(', INITCOND = ' || quote_literal(g.agginitval), '') || " \
	PROC("MSFUNC", "aggmtransfn") \
	PROC("MINVFUNC", "aggminvtransfn") \
	WHEN("g.aggmtranstype <> 0", "MSTYPE = ' || format_type(g.aggmtranstype, NULL)") \
	WHEN("g.aggmtransspace <> 0", "MSSPACE = ' || g.aggmtransspace") \
	PROC("MFINALFUNC", "aggmfinalfn") \
	WHEN("g.aggmfinalextra", "MFINALFUNC_EXTRA'") \
	MODIFY("MFINALFUNC_MODIFY", "aggm") \
	"coalesce(', MINITCOND = ' || quote_literal(g.aggminitval), '') || " \
	"coalesce((SELECT ', SORTOP = OPERATOR(' || quote_ident(n.nspname) || '.' || s.oprname || ')' " \
		"FROM pg_operator s" JOIN_NAMESPACE("n", "s.oprnamespace") " WHERE s.oid = g.aggsortop), '') || " \
	WHEN("p.proparallel <> 'u'", \
	     "PARALLEL = ' || CASE p.proparallel WHEN 's' THEN 'SAFE' ELSE 'RESTRICTED' END") \
	WHEN("g.aggkind = 'h'", "HYPOTHETICAL'") \
	"'' FROM pg_aggregate g WHERE g.aggfnoid = p.oid)"

static void add_functions(struct mig__sql_small *all)
{
	ADD_IF("f", "1255, p.oid, p.pronamespace", "p.proname",
	    { "p.prokind::text",
	      "(SELECT string_agg(format_type(u.t, NULL), ', ' ORDER BY u.n) "
	      "FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS u (t, n))",
	      "pg_get_function_identity_arguments(p.oid)",
	      "pg_get_function_arguments(p.oid)",
	      "pg_get_function_result(p.oid)",
	      "CASE WHEN p.prokind = 'a' THEN " AGGREGATE " ELSE pg_get_functiondef(p.oid) END",
	      "quote_ident(l.lanname)",
	      ACL("p.proacl", "acldefault('f', p.proowner)", "p.proowner") },
	    "pg_proc p JOIN pg_language l ON l.oid = p.prolang "
	    "WHERE p.oid" USERS " AND " ASKED_FOR("1255", "p.oid"),
	    "pg_proc WHERE oid" USERS);
}

/* -- of tables and views */

#define ROLES \
	"(SELECT string_agg(x.r, ', ' ORDER BY x.r COLLATE \"C\") FROM (SELECT CASE u.r WHEN 0 " \
	"THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(u.r)) END AS r FROM unnest(polroles) AS u (r)) AS x)"

static void add_table_parts(struct mig__sql_small *all, int v)
{
	ADD("g", "2620, oid, tgrelid", "tgname",
	    { "pg_get_triggerdef(oid)",
	      "tgenabled::text",
	      mig__since(v, 13, "CASE WHEN tgparentid <> 0 THEN 'inherited' END", NULL) },
	    "pg_trigger WHERE NOT tgisinternal");
	ADD("r", "2618, oid, ev_class", "rulename",
	    { "CASE WHEN rulename <> '_RETURN' THEN pg_get_ruledef(oid) END",
	      "ev_enabled::text" },
	    "pg_rewrite WHERE oid" USERS);
	ADD("p", "3256, oid, polrelid", "polname",
	    { "CASE WHEN NOT polpermissive THEN 'RESTRICTIVE' END",
	      "polcmd::text",
	      "CASE WHEN polroles <> '{0}' THEN " ROLES " END",
	      "pg_get_expr(polqual, polrelid)",
	      "pg_get_expr(polwithcheck, polrelid)" },
	    "pg_policy");
}

static void add_others(struct mig__sql_small *all, int v)
{
	ADD("s", "3381, oid, stxnamespace", "stxname",
	    { "pg_get_statisticsobjdef(oid)",
	      mig__since(v, 13, "CASE WHEN stxstattarget >= 0 THEN stxstattarget::text END", NULL) },
	    "pg_statistic_ext");
	ADD_IF("v", "3466, e.oid, 0", "e.evtname",
	    { "e.evtevent",
	      "(SELECT string_agg(quote_literal(u.t), ', ' ORDER BY u.n) "
	      "FROM unnest(e.evttags) WITH ORDINALITY AS u (t, n))",
	      QUALIFIED("n", "p.proname"),
	      "e.evtenabled::text" },
	    "pg_event_trigger e JOIN pg_proc p ON p.oid = e.evtfoid" JOIN_NAMESPACE("n", "p.pronamespace"),
	    "pg_event_trigger");
}

/* A column's number stands where others have what they are in. What is said of an extension comes
 * from its files, and would differ with their version. */
static void add_comments(struct mig__sql_small *all)
{
	ADD("x", "classoid, objoid, objsubid::oid", "description", { NULL },
	    "pg_description WHERE (objoid" USERS " AND classoid <> 3079) "
	    "OR (classoid = 2615 AND objoid = 2200 AND description <> 'standard public schema')");
}

/* clang-format on */

static void add_parts(struct mig__sql_small *all, int version)
{
	add_names(all);
	add_collations(all, version);
	add_types(all, version);
	add_functions(all);
	add_table_parts(all, version);
	add_others(all, version);
	add_comments(all);
	mig__catalog_sql_others(all, version);
}

void mig__catalog_sql_found(struct mig__buf *sql, int version)
{
	struct mig__sql_small all = { .found = NULL };

	mig__buf_init(&all.sql, sql->alloc);
	add_parts(&all, version);
	mig__buf_addf(sql, "SELECT concat(%s);", mig__buf_text(&all.sql));
	sql->failed |= all.sql.failed;
	mig__buf_finish(&all.sql);
}

void mig__catalog_sql_small(struct mig__buf *sql, int version, const char *found)
{
	struct mig__sql_small all = { .found = found };

	mig__buf_init(&all.sql, sql->alloc);
	add_parts(&all, version);
	mig__buf_addf(sql,
		      "SELECT * FROM (%s) AS a (what, class, id, within, name) ORDER BY what, id, "
		      "name COLLATE \"C\";",
		      mig__buf_text(&all.sql));
	sql->failed |= all.sql.failed;
	mig__buf_finish(&all.sql);
}

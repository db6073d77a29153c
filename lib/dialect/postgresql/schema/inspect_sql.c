/* The query for what is one row an object: parts of UNION ALL, with a letter each, for
 * inspect_top.c. The catalogue is named without pg_catalog, since the search path has nothing else.
 */
#include "dialect/postgresql/schema/inspect_sql.h"
#include "base/buf.h"

enum { FIELDS = 8 };

struct part {
	const char *letter;
	const char *ids; /* its class and oid, and the oid of what it is in or of */
	const char *name;
	const char *fields[FIELDS];
	const char *from;
};

/* Most parts have no rows in most databases, and planning them takes longer than all the rest: so it is
 * asked first which ones have any. */
struct small {
	struct mig__buf sql;
	const char *found; /* 't' or 'f' for each part; NULL: that is being asked */
	size_t place;
};

static void add(struct small *all, const struct part *p)
{
	struct mig__buf *sql = &all->sql;
	/* the first one gives the types */
	const char *type = sql->len ? "" : "::text";

	if (!all->found) {
		mig__buf_addf(sql, "%s(EXISTS (SELECT FROM %s))::text", sql->len ? " || " : "",
			      p->from);
		return;
	}
	if (all->found[all->place] && all->found[all->place++] != 't' && sql->len)
		return;
	mig__buf_addf(sql, "%sSELECT '%s'%s, %s, %s%s", sql->len ? " UNION ALL " : "", p->letter,
		      *type ? "::\"char\"" : "", p->ids, p->name, type);
	for (int i = 0; i < FIELDS; i++)
		mig__buf_addf(sql, ", %s%s", p->fields[i] ? p->fields[i] : "NULL", type);
	mig__buf_addf(sql, " FROM %s", p->from);
}

#define ADD(...) add(all, &(struct part){ __VA_ARGS__ })

/* clang-format off */

static void add_names(struct small *all)
{
	ADD("n", "2615::oid, n.oid, 0::oid", "n.nspname",
	    { "CASE WHEN EXISTS (SELECT FROM pg_depend d WHERE d.classid = 2615 AND d.objid = n.oid "
	      "AND d.deptype = 'e') THEN 'member' END",
	      ACL("n.nspacl",
		  "coalesce((SELECT i.initprivs FROM pg_init_privs i WHERE i.classoid = 2615 "
		  "AND i.objoid = n.oid), acldefault('n', n.nspowner))",
		  "n.nspowner") },
	    "pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'");
	ADD("e", "3079, e.oid, e.extnamespace", "e.extname",
	    { "quote_ident(n.nspname)", "e.extversion" },
	    "pg_extension e" JOIN_NAMESPACE("n", "e.extnamespace")
	    " WHERE e.extname <> 'plpgsql'");
	ADD("m", "d.classid, d.objid, d.refobjid", "NULL", { NULL },
	    "pg_depend d WHERE d.refclassid = 3079 AND d.deptype = 'e' AND d.objid" USERS);
	ADD("b", "1213, oid, 0", "quote_ident(spcname)", { NULL }, "pg_tablespace");
	ADD("k", "2601, oid, 0", "quote_ident(amname)", { NULL }, "pg_am");
	/* of B-trees: for what type, whether it is the usual one */
	ADD("o", "2616, o.oid, o.opcintype", UNLESS_SYSTEM("n", "o.opcname"),
	    { "CASE WHEN o.opcdefault THEN 'yes' END" },
	    "pg_opclass o" JOIN_NAMESPACE("n", "o.opcnamespace") " WHERE o.opcmethod = 403");
	ADD("i", "1259, inhrelid, inhparent", "lpad(inhseqno::text, 6, '0')", { NULL },
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

static void add_collations(struct small *all, int v)
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
static void add_types(struct small *all, int v)
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

/* Not made by the server for the sake of something else, as those of ranges are. */
#define ASKED_FOR(class, oid) \
	"NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = " class " AND i.objid = " oid " AND i.deptype = 'i')"

static void add_functions(struct small *all)
{
	ADD("f", "1255, p.oid, p.pronamespace", "p.proname",
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
	    "WHERE p.oid" USERS " AND " ASKED_FOR("1255", "p.oid"));
}

/* -- of tables and views */

#define ROLES \
	"(SELECT string_agg(x.r, ', ' ORDER BY x.r COLLATE \"C\") FROM (SELECT CASE u.r WHEN 0 " \
	"THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(u.r)) END AS r FROM unnest(polroles) AS u (r)) AS x)"

static void add_table_parts(struct small *all, int v)
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

static void add_others(struct small *all, int v)
{
	ADD("s", "3381, oid, stxnamespace", "stxname",
	    { "pg_get_statisticsobjdef(oid)",
	      mig__since(v, 13, "CASE WHEN stxstattarget >= 0 THEN stxstattarget::text END", NULL) },
	    "pg_statistic_ext");
	ADD("v", "3466, e.oid, 0", "e.evtname",
	    { "e.evtevent",
	      "(SELECT string_agg(quote_literal(u.t), ', ' ORDER BY u.n) "
	      "FROM unnest(e.evttags) WITH ORDINALITY AS u (t, n))",
	      QUALIFIED("n", "p.proname"),
	      "e.evtenabled::text" },
	    "pg_event_trigger e JOIN pg_proc p ON p.oid = e.evtfoid" JOIN_NAMESPACE("n", "p.pronamespace"));
}

/* A column's number stands where others have what they are in. What is said of an extension comes
 * from its files, and would differ with their version. */
static void add_comments(struct small *all)
{
	ADD("x", "classoid, objoid, objsubid::oid", "description", { NULL },
	    "pg_description WHERE (objoid" USERS " AND classoid <> 3079) "
	    "OR (classoid = 2615 AND objoid = 2200 AND description <> 'standard public schema')");
}

/* -- what objects do not cover; but types and relations are in other parts */

#define IN_SCHEMA(class, table, prefix) \
	class ", c.oid, 0", QUALIFIED("n", "c." prefix "name"), \
	table " c" JOIN_NAMESPACE("n", "c." prefix "namespace") " WHERE c.oid" USERS

#define TYPE_OR_NONE(column) "coalesce(format_type(nullif(" column ", 0), NULL), 'NONE')"

/* " OPTIONS (a 'b')", or nothing. */
#define SERVER_OPTIONS(column) \
	"coalesce((SELECT ' OPTIONS (' || string_agg(quote_ident(x.option_name) || ' ' || " \
		"quote_literal(x.option_value), ', ') || ')' FROM pg_options_to_table(" column ") x), '')"

#define FOREIGN_COLUMNS \
	"(SELECT coalesce(string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod) || " \
		SERVER_OPTIONS("a.attfdwoptions") " || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END, ', ' " \
		"ORDER BY a.attnum), '') FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 " \
		"AND NOT a.attisdropped)"

/* Each sort of token that the parser has, and what looks it up. */
#define MAPPINGS \
	"coalesce((SELECT string_agg(m.line, '') FROM (SELECT E';\\nALTER TEXT SEARCH CONFIGURATION ' || " \
		QUALIFIED("n", "c.cfgname") " || ' ADD MAPPING FOR ' || quote_ident(t.alias) || ' WITH ' || " \
		"string_agg(" QUALIFIED("dn", "d.dictname") ", ', ' ORDER BY m.mapseqno) AS line " \
		"FROM pg_ts_config_map m JOIN ts_token_type(c.cfgparser) t ON t.tokid = m.maptokentype " \
		"JOIN pg_ts_dict d ON d.oid = m.mapdict" JOIN_NAMESPACE("dn", "d.dictnamespace") \
		" WHERE m.mapcfg = c.oid GROUP BY t.tokid, t.alias ORDER BY t.tokid) m), '')"
#define PARSER \
	"(SELECT " QUALIFIED("pn", "p.prsname") " FROM pg_ts_parser p" JOIN_NAMESPACE("pn", "p.prsnamespace") \
	" WHERE p.oid = c.cfgparser)"
#define TEMPLATE \
	"(SELECT " QUALIFIED("tn", "t.tmplname") " FROM pg_ts_template t" JOIN_NAMESPACE("tn", "t.tmplnamespace") \
	" WHERE t.oid = c.dicttemplate)"

/* A list of what an operator class has, in the order of its numbers. */
#define CLASS_OPERATORS \
	"(SELECT string_agg(', OPERATOR ' || m.amopstrategy || ' ' || m.amopopr::regoperator, '' " \
		"ORDER BY m.amopstrategy) FROM pg_amop m WHERE m.amopfamily = c.opcfamily " \
		"AND m.amoplefttype = c.opcintype AND m.amoppurpose = 's')"
#define CLASS_FUNCTIONS \
	"(SELECT string_agg(', FUNCTION ' || m.amprocnum || ' ' || m.amproc::regprocedure, '' " \
		"ORDER BY m.amprocnum) FROM pg_amproc m WHERE m.amprocfamily = c.opcfamily " \
		"AND m.amproclefttype = c.opcintype)"
#define OPERATOR_CLASS \
	"'CREATE OPERATOR CLASS ' || " QUALIFIED("n", "c.opcname") " || CASE WHEN c.opcdefault THEN ' DEFAULT' " \
	"ELSE '' END || ' FOR TYPE ' || format_type(c.opcintype, NULL) || ' USING ' || " \
	"(SELECT quote_ident(m.amname) FROM pg_am m WHERE m.oid = c.opcmethod) || ' AS ' || " \
	"substr(coalesce(" CLASS_OPERATORS ", '') || coalesce(" CLASS_FUNCTIONS ", '') || " \
	"CASE WHEN c.opckeytype <> 0 THEN ', STORAGE ' || format_type(c.opckeytype, NULL) ELSE '' END, 3)"

#define OPERATOR \
	"'CREATE OPERATOR ' || quote_ident(n.nspname) || '.' || o.oprname || ' (FUNCTION = ' || o.oprcode || " \
	"CASE WHEN o.oprleft <> 0 THEN ', LEFTARG = ' || format_type(o.oprleft, NULL) ELSE '' END || " \
	"CASE WHEN o.oprright <> 0 THEN ', RIGHTARG = ' || format_type(o.oprright, NULL) ELSE '' END || " \
	"CASE WHEN o.oprrest <> 0 THEN ', RESTRICT = ' || o.oprrest ELSE '' END || " \
	"CASE WHEN o.oprjoin <> 0 THEN ', JOIN = ' || o.oprjoin ELSE '' END || ')'"

#define CAST \
	"'CREATE CAST (' || format_type(c.castsource, NULL) || ' AS ' || format_type(c.casttarget, NULL) || ') ' || " \
	"CASE c.castmethod WHEN 'f' THEN 'WITH FUNCTION ' || c.castfunc::regprocedure WHEN 'i' THEN 'WITH INOUT' " \
	"ELSE 'WITHOUT FUNCTION' END || CASE c.castcontext WHEN 'a' THEN ' AS ASSIGNMENT' " \
	"WHEN 'i' THEN ' AS IMPLICIT' ELSE '' END"

/* definition: what makes it; NULL: it is named alone. */
static const struct {
	const char *kind, *ids, *name, *from, *definition;
} uncovered[] = {
	{ "'publication'", "6104, oid, 0", "pubname", "pg_publication", NULL },
	{ "'subscription'", "6100, 0, 0", "subname",
	  "pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())", NULL },
	{ "'foreign-data wrapper'", "2328, oid, 0", "fdwname", "pg_foreign_data_wrapper",
	  "'CREATE FOREIGN DATA WRAPPER ' || quote_ident(fdwname) || CASE WHEN fdwhandler <> 0 THEN ' HANDLER ' || "
	  "fdwhandler::regproc ELSE '' END || CASE WHEN fdwvalidator <> 0 THEN ' VALIDATOR ' || fdwvalidator::regproc "
	  "ELSE '' END || " SERVER_OPTIONS("fdwoptions") },
	{ "'server'", "1417, oid, 0", "srvname", "pg_foreign_server",
	  "'CREATE SERVER ' || quote_ident(srvname) || coalesce(' TYPE ' || quote_literal(srvtype), '') || "
	  "coalesce(' VERSION ' || quote_literal(srvversion), '') || ' FOREIGN DATA WRAPPER ' || "
	  "(SELECT quote_ident(w.fdwname) FROM pg_foreign_data_wrapper w WHERE w.oid = srvfdw) || "
	  SERVER_OPTIONS("srvoptions") },
	{ "'foreign table'", "1259, c.oid, 0", QUALIFIED("n", "c.relname"),
	  "pg_class c JOIN pg_foreign_table f ON f.ftrelid = c.oid" JOIN_NAMESPACE("n", "c.relnamespace")
	  " WHERE c.relkind = 'f'",
	  "'CREATE FOREIGN TABLE ' || " QUALIFIED("n", "c.relname") " || ' (' || " FOREIGN_COLUMNS " || ') SERVER ' || "
	  "(SELECT quote_ident(v.srvname) FROM pg_foreign_server v WHERE v.oid = f.ftserver) || "
	  SERVER_OPTIONS("f.ftoptions") },
	{ "'cast'", "2605, c.oid, 0",
	  "format_type(c.castsource, NULL) || ' AS ' || format_type(c.casttarget, NULL)",
	  "pg_cast c WHERE c.oid" USERS " AND " ASKED_FOR("2605", "c.oid"),
	  CAST },
	{ "'conversion'", IN_SCHEMA("2607", "pg_conversion", "con"), NULL },
	{ "'operator'", "2617, o.oid, 0",
	  "quote_ident(n.nspname) || '.' || o.oprname || ' (' || " TYPE_OR_NONE("o.oprleft") " || ', ' || "
	  TYPE_OR_NONE("o.oprright") " || ')'",
	  "pg_operator o" JOIN_NAMESPACE("n", "o.oprnamespace") " WHERE o.oid" USERS,
	  OPERATOR },
	{ "'operator class'", IN_SCHEMA("2616", "pg_opclass", "opc"),
	  OPERATOR_CLASS },
	{ "'operator family'", IN_SCHEMA("2753", "pg_opfamily", "opf"), NULL },
	{ "'text search configuration'", IN_SCHEMA("3602", "pg_ts_config", "cfg"),
	  "'CREATE TEXT SEARCH CONFIGURATION ' || " QUALIFIED("n", "c.cfgname") " || ' (PARSER = ' || " PARSER " || ')' || "
	  MAPPINGS },
	{ "'text search dictionary'", IN_SCHEMA("3600", "pg_ts_dict", "dict"),
	  "'CREATE TEXT SEARCH DICTIONARY ' || " QUALIFIED("n", "c.dictname") " || ' (TEMPLATE = ' || " TEMPLATE " || "
	  "coalesce(', ' || c.dictinitoption, '') || ')'" },
	{ "'text search parser'", IN_SCHEMA("3601", "pg_ts_parser", "prs"), NULL },
	{ "'text search template'", IN_SCHEMA("3764", "pg_ts_template", "tmpl"), NULL },
	{ "'language'", "2612, oid, 0", "quote_ident(lanname)", "pg_language WHERE oid" USERS, NULL },
	{ "'transform'", "3576, t.oid, 0",
	  "'for ' || format_type(t.trftype, NULL) || ' language ' || quote_ident(l.lanname)",
	  "pg_transform t JOIN pg_language l ON l.oid = t.trflang WHERE t.oid" USERS, NULL },
	{ "'access method'", "2601, oid, 0", "quote_ident(amname)", "pg_am WHERE oid" USERS,
	  "'CREATE ACCESS METHOD ' || quote_ident(amname) || ' TYPE ' || CASE amtype WHEN 't' THEN 'TABLE' "
	  "WHEN 'i' THEN 'INDEX' END || ' HANDLER ' || amhandler" },
	{ "'default privileges'", "826, oid, 0",
	  "'of ' || quote_ident(pg_get_userbyid(defaclrole)) || CASE defaclobjtype "
	  "WHEN 'r' THEN ' on tables' WHEN 'S' THEN ' on sequences' WHEN 'f' THEN ' on functions' "
	  "WHEN 'T' THEN ' on types' WHEN 'n' THEN ' on schemas' WHEN 'L' THEN ' on large objects' "
	  "ELSE ' on what is not known (' || defaclobjtype::text || ')' END",
	  "pg_default_acl", NULL },
};

/* clang-format on */

static void add_uncovered(struct small *all)
{
	for (size_t i = 0; i < sizeof uncovered / sizeof *uncovered; i++)
		ADD("z", uncovered[i].ids, uncovered[i].name,
		    { uncovered[i].kind, uncovered[i].definition }, uncovered[i].from);
}

static void add_parts(struct small *all, int version)
{
	add_names(all);
	add_collations(all, version);
	add_types(all, version);
	add_functions(all);
	add_table_parts(all, version);
	add_others(all, version);
	add_comments(all);
	add_uncovered(all);
}

void mig__catalog_sql_found(struct mig__buf *sql, int version)
{
	struct small all = { .found = NULL };

	mig__buf_init(&all.sql, sql->alloc);
	add_parts(&all, version);
	mig__buf_addf(sql, "SELECT replace(replace(%s, 'true', 't'), 'false', 'f');",
		      mig__buf_text(&all.sql));
	sql->failed |= all.sql.failed;
	mig__buf_finish(&all.sql);
}

void mig__catalog_sql_small(struct mig__buf *sql, int version, const char *found)
{
	struct small all = { .found = found };

	mig__buf_init(&all.sql, sql->alloc);
	add_parts(&all, version);
	mig__buf_addf(sql,
		      "SELECT * FROM (%s) AS a (what, class, id, within, name) ORDER BY what, id, "
		      "name COLLATE \"C\";",
		      mig__buf_text(&all.sql));
	sql->failed |= all.sql.failed;
	mig__buf_finish(&all.sql);
}

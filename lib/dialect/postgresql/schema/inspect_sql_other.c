/* inspect_sql_other: parts of the query for what is one row an object, of kinds that are compared by
 * their definition: the statements that make them, as pg_dump writes them. One row a kind; what has no
 * definition here is named alone. */
#include "dialect/postgresql/schema/inspect_sql.h"

/* clang-format off */

#define IN_SCHEMA(class, table, prefix) \
	class ", c.oid, 0", QUALIFIED("n", "c." prefix "name"), \
	table " c" JOIN_NAMESPACE("n", "c." prefix "namespace") " WHERE c.oid" USERS

#define TYPE_OR_NONE(column) "coalesce(format_type(nullif(" column ", 0), NULL), 'NONE')"
#define IF(condition, text) "CASE WHEN " condition " THEN " text " ELSE '' END"
#define PROC(word, column) IF(column " <> 0", "'" word "' || " column "::regproc")

/* " OPTIONS (a 'b')", or nothing. */
#define SERVER_OPTIONS(column) \
	"coalesce((SELECT ' OPTIONS (' || string_agg(quote_ident(x.option_name) || ' ' || " \
		"quote_literal(x.option_value), ', ') || ')' FROM pg_options_to_table(" column ") x), '')"

/* -- publications */

#define LIST(items, order) "(SELECT string_agg(" items ", ', ' ORDER BY " order " COLLATE \"C\") FROM "
#define PUBLISHED "pg_publication_rel r JOIN pg_class c ON c.oid = r.prrelid" JOIN_NAMESPACE("n", "c.relnamespace") \
	" WHERE r.prpubid = p.oid"
#define PUBLISHED_COLUMNS \
	"coalesce((SELECT ' (' || string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) || ')' FROM pg_attribute a " \
	"WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs::int2[])), '')"
#define TABLES_UNTIL_14 \
	"' FOR TABLE ' || " LIST("'ONLY ' || " QUALIFIED("n", "c.relname"), "(" QUALIFIED("n", "c.relname") ")") PUBLISHED ")"
#define TABLES_SINCE_15 \
	"' FOR ' || " LIST("x.what", "x.what") "(SELECT 'TABLE ONLY ' || " QUALIFIED("n", "c.relname") " || " PUBLISHED_COLUMNS \
	" || coalesce(' WHERE (' || pg_get_expr(r.prqual, r.prrelid) || ')', '') AS what FROM " PUBLISHED \
	" UNION ALL SELECT 'TABLES IN SCHEMA ' || quote_ident(n.nspname) FROM pg_publication_namespace s" \
	JOIN_NAMESPACE("n", "s.pnnspid") " WHERE s.pnpubid = p.oid) x)"
#define PUBLICATION(tables, more) \
	"'CREATE PUBLICATION ' || quote_ident(p.pubname) || CASE WHEN p.puballtables THEN ' FOR ALL TABLES' " \
	"ELSE coalesce(" tables ", '') END || ' WITH (publish = ' || quote_literal(concat_ws(', ', " \
	"CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END, " \
	"CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END))" more " || ')'"
#define VIA_ROOT " || " IF("p.pubviaroot", "', publish_via_partition_root = true'")
#define GENERATED " || " IF("p.pubgencols = 's'", "', publish_generated_columns = stored'")

static const char *publication(int v)
{
	return mig__since(v, 18, PUBLICATION(TABLES_SINCE_15, VIA_ROOT GENERATED),
	       mig__since(v, 15, PUBLICATION(TABLES_SINCE_15, VIA_ROOT),
	       mig__since(v, 13, PUBLICATION(TABLES_UNTIL_14, VIA_ROOT), PUBLICATION(TABLES_UNTIL_14, ""))));
}

/* -- foreign servers */

#define FOREIGN_COLUMNS \
	"(SELECT string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod) || " \
		SERVER_OPTIONS("a.attfdwoptions") " || coalesce(' DEFAULT ' || (SELECT pg_get_expr(e.adbin, e.adrelid) " \
		"FROM pg_attrdef e WHERE e.adrelid = a.attrelid AND e.adnum = a.attnum), '') || " \
		IF("a.attnotnull", "' NOT NULL'") ", ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid " \
		"AND a.attnum > 0 AND NOT a.attisdropped)"
#define FOREIGN_CHECKS \
	"(SELECT string_agg('CONSTRAINT ' || quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid), ', ' " \
		"ORDER BY k.conname COLLATE \"C\") FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c')"
#define FOREIGN_TABLE \
	"CASE WHEN NOT EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = c.oid) THEN 'CREATE FOREIGN TABLE ' || " \
	QUALIFIED("n", "c.relname") " || ' (' || concat_ws(', ', " FOREIGN_COLUMNS ", " FOREIGN_CHECKS ") || ') SERVER ' || " \
	"(SELECT quote_ident(v.srvname) FROM pg_foreign_server v WHERE v.oid = f.ftserver) || " \
	SERVER_OPTIONS("f.ftoptions") " END"
#define WRAPPER \
	"'CREATE FOREIGN DATA WRAPPER ' || quote_ident(fdwname) || " PROC(" HANDLER ", "fdwhandler") " || " \
	PROC(" VALIDATOR ", "fdwvalidator") " || " SERVER_OPTIONS("fdwoptions")
#define SERVER \
	"'CREATE SERVER ' || quote_ident(srvname) || coalesce(' TYPE ' || quote_literal(srvtype), '') || " \
	"coalesce(' VERSION ' || quote_literal(srvversion), '') || ' FOREIGN DATA WRAPPER ' || " \
	"(SELECT quote_ident(w.fdwname) FROM pg_foreign_data_wrapper w WHERE w.oid = srvfdw) || " \
	SERVER_OPTIONS("srvoptions")
#define MAPPED "'FOR ' || CASE umuser WHEN 0 THEN 'PUBLIC' ELSE quote_ident(usename) END || ' SERVER ' || quote_ident(srvname)"

/* -- operators */

#define OTHER_OPERATOR(word, column) \
	"coalesce((SELECT ', " word " = OPERATOR(' || quote_ident(xn.nspname) || '.' || x.oprname || ')' FROM pg_operator x" \
	JOIN_NAMESPACE("xn", "x.oprnamespace") " WHERE x.oid = " column "), '')"
#define OPERATOR \
	"'CREATE OPERATOR ' || quote_ident(n.nspname) || '.' || o.oprname || ' (FUNCTION = ' || o.oprcode || " \
	IF("o.oprleft <> 0", "', LEFTARG = ' || format_type(o.oprleft, NULL)") " || " \
	IF("o.oprright <> 0", "', RIGHTARG = ' || format_type(o.oprright, NULL)") " || " \
	OTHER_OPERATOR("COMMUTATOR", "o.oprcom") " || " OTHER_OPERATOR("NEGATOR", "o.oprnegate") " || " \
	PROC(", RESTRICT = ", "o.oprrest") " || " PROC(", JOIN = ", "o.oprjoin") " || " \
	IF("o.oprcanhash", "', HASHES'") " || " IF("o.oprcanmerge", "', MERGES'") " || ')'"
#define OPERATOR_NAME \
	"quote_ident(n.nspname) || '.' || o.oprname || ' (' || " TYPE_OR_NONE("o.oprleft") " || ', ' || " \
	TYPE_OR_NONE("o.oprright") " || ')'"

/* What an operator class has, or a family beside its classes, in the order of its numbers. */
#define SORTED_BY \
	"coalesce((SELECT ' FOR ORDER BY ' || " QUALIFIED("sn", "s.opfname") " FROM pg_opfamily s" \
	JOIN_NAMESPACE("sn", "s.opfnamespace") " WHERE s.oid = m.amopsortfamily), '')"
#define OPERATORS(of) \
	"(SELECT string_agg('OPERATOR ' || m.amopstrategy || ' ' || m.amopopr::regoperator || " SORTED_BY ", ', ' " \
		"ORDER BY m.amopstrategy, m.amopopr::regoperator::text COLLATE \"C\") FROM pg_amop m " \
		"WHERE EXISTS (SELECT FROM pg_depend d WHERE d.classid = 2602 AND d.objid = m.oid AND " of "))"
#define FUNCTIONS(of) \
	"(SELECT string_agg('FUNCTION ' || m.amprocnum || ' (' || format_type(m.amproclefttype, NULL) || ', ' || " \
		"format_type(m.amprocrighttype, NULL) || ') ' || m.amproc::regprocedure, ', ' ORDER BY m.amprocnum, " \
		"m.amproc::regprocedure::text COLLATE \"C\") FROM pg_amproc m " \
		"WHERE EXISTS (SELECT FROM pg_depend d WHERE d.classid = 2603 AND d.objid = m.oid AND " of "))"
#define OF_CLASS "d.refclassid = 2616 AND d.refobjid = c.oid"
#define OF_FAMILY "d.refclassid = 2753 AND d.refobjid = c.oid"
#define METHOD(column) "(SELECT quote_ident(m.amname) FROM pg_am m WHERE m.oid = " column ")"
#define OPERATOR_CLASS \
	"'CREATE OPERATOR CLASS ' || " QUALIFIED("n", "c.opcname") " || " IF("c.opcdefault", "' DEFAULT'") " || ' FOR TYPE ' || " \
	"format_type(c.opcintype, NULL) || ' USING ' || " METHOD("c.opcmethod") " || (SELECT ' FAMILY ' || " \
	QUALIFIED("fn", "f.opfname") " FROM pg_opfamily f" JOIN_NAMESPACE("fn", "f.opfnamespace") " WHERE f.oid = c.opcfamily) || " \
	"' AS ' || concat_ws(', ', " OPERATORS(OF_CLASS) ", " FUNCTIONS(OF_CLASS) ", " \
	"CASE WHEN c.opckeytype <> 0 OR NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid IN (2602, 2603) AND " OF_CLASS ") " \
		"THEN 'STORAGE ' || format_type(coalesce(nullif(c.opckeytype, 0), c.opcintype), NULL) END)"
#define FAMILY_NAME QUALIFIED("n", "c.opfname") " || ' USING ' || " METHOD("c.opfmethod")
#define OPERATOR_FAMILY \
	"'CREATE OPERATOR FAMILY ' || " FAMILY_NAME " || coalesce(E';\\nALTER OPERATOR FAMILY ' || " FAMILY_NAME " || ' ADD ' || " \
	"nullif(concat_ws(', ', " OPERATORS(OF_FAMILY) ", " FUNCTIONS(OF_FAMILY) "), ''), '')"

#define CAST_NAME "format_type(c.castsource, NULL) || ' AS ' || format_type(c.casttarget, NULL)"
#define CAST \
	"'CREATE CAST (' || " CAST_NAME " || ') ' || CASE c.castmethod WHEN 'f' THEN 'WITH FUNCTION ' || " \
	"c.castfunc::regprocedure WHEN 'i' THEN 'WITH INOUT' ELSE 'WITHOUT FUNCTION' END || " \
	"CASE c.castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' ELSE '' END"

/* -- text search */

/* The sorts of token that the parser has, together where the same dictionaries look them up. */
#define MAPPINGS \
	"coalesce((SELECT string_agg(x.line, '' ORDER BY x.first) FROM (SELECT min(m.tokid) AS first, " \
		"E';\\nALTER TEXT SEARCH CONFIGURATION ' || " QUALIFIED("n", "c.cfgname") " || ' ADD MAPPING FOR ' || " \
		"string_agg(quote_ident(m.alias), ', ' ORDER BY m.tokid) || ' WITH ' || m.dicts AS line FROM (" \
		"SELECT t.tokid, t.alias, string_agg(" QUALIFIED("dn", "d.dictname") ", ', ' ORDER BY m.mapseqno) AS dicts " \
		"FROM pg_ts_config_map m JOIN ts_token_type(c.cfgparser) t ON t.tokid = m.maptokentype " \
		"JOIN pg_ts_dict d ON d.oid = m.mapdict" JOIN_NAMESPACE("dn", "d.dictnamespace") \
		" WHERE m.mapcfg = c.oid GROUP BY t.tokid, t.alias) m GROUP BY m.dicts) x), '')"
#define CONFIGURATION \
	"'CREATE TEXT SEARCH CONFIGURATION ' || " QUALIFIED("n", "c.cfgname") " || ' (PARSER = ' || (SELECT " \
	QUALIFIED("pn", "p.prsname") " FROM pg_ts_parser p" JOIN_NAMESPACE("pn", "p.prsnamespace") \
	" WHERE p.oid = c.cfgparser) || ')' || " MAPPINGS
#define DICTIONARY \
	"'CREATE TEXT SEARCH DICTIONARY ' || " QUALIFIED("n", "c.dictname") " || ' (TEMPLATE = ' || (SELECT " \
	QUALIFIED("tn", "t.tmplname") " FROM pg_ts_template t" JOIN_NAMESPACE("tn", "t.tmplnamespace") \
	" WHERE t.oid = c.dicttemplate) || coalesce(', ' || c.dictinitoption, '') || ')'"
#define SEARCH_PARSER \
	"'CREATE TEXT SEARCH PARSER ' || " QUALIFIED("n", "c.prsname") " || ' (START = ' || c.prsstart || ', GETTOKEN = ' || " \
	"c.prstoken || ', END = ' || c.prsend || " PROC(", HEADLINE = ", "c.prsheadline") " || ', LEXTYPES = ' || c.prslextype || ')'"
#define SEARCH_TEMPLATE \
	"'CREATE TEXT SEARCH TEMPLATE ' || " QUALIFIED("n", "c.tmplname") " || ' (' || " \
	IF("c.tmplinit <> 0", "'INIT = ' || c.tmplinit::regproc || ', '") " || 'LEXIZE = ' || c.tmpllexize || ')'"

/* -- the rest */

#define CONVERSION \
	"'CREATE' || " IF("c.condefault", "' DEFAULT'") " || ' CONVERSION ' || " QUALIFIED("n", "c.conname") " || ' FOR ' || " \
	"quote_literal(pg_encoding_to_char(c.conforencoding)) || ' TO ' || quote_literal(pg_encoding_to_char(c.contoencoding)) || " \
	"' FROM ' || c.conproc"
#define LANGUAGE \
	"'CREATE' || " IF("lanpltrusted", "' TRUSTED'") " || ' LANGUAGE ' || quote_ident(lanname) || " \
	PROC(" HANDLER ", "lanplcallfoid") " || " PROC(" INLINE ", "laninline") " || " PROC(" VALIDATOR ", "lanvalidator")
#define TRANSFORM_NAME "'FOR ' || format_type(t.trftype, NULL) || ' LANGUAGE ' || quote_ident(l.lanname)"
#define TRANSFORM \
	"'CREATE TRANSFORM ' || " TRANSFORM_NAME " || ' (' || concat_ws(', ', CASE WHEN t.trffromsql <> 0 " \
	"THEN 'FROM SQL WITH FUNCTION ' || t.trffromsql::regprocedure END, CASE WHEN t.trftosql <> 0 " \
	"THEN 'TO SQL WITH FUNCTION ' || t.trftosql::regprocedure END) || ')'"
#define ACCESS_METHOD \
	"'CREATE ACCESS METHOD ' || quote_ident(amname) || ' TYPE ' || CASE amtype WHEN 't' THEN 'TABLE' ELSE 'INDEX' END || " \
	"' HANDLER ' || amhandler"

/* What default privileges are for: "FOR ROLE a IN SCHEMA b", " ON TABLES". */
#define DEFAULTS_FOR \
	"'FOR ROLE ' || quote_ident(pg_get_userbyid(d.defaclrole)) || coalesce(' IN SCHEMA ' || (SELECT quote_ident(n.nspname) " \
	"FROM pg_namespace n WHERE n.oid = d.defaclnamespace), '')"
#define DEFAULTS_ON \
	"' ON ' || CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' " \
	"WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' WHEN 'L' THEN 'LARGE OBJECTS' END"
#define DEFAULTS_USUAL \
	"CASE WHEN d.defaclnamespace = 0 THEN acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's'::\"char\" ELSE d.defaclobjtype END, " \
	"d.defaclrole) END"
/* has: whether a line is granted. Each line is a statement. */
#define DEFAULTS(has) \
	"(SELECT string_agg(l.line, E';\\n' ORDER BY l.line COLLATE \"C\") FROM (SELECT 'ALTER DEFAULT PRIVILEGES ' || " DEFAULTS_FOR \
	" || CASE WHEN " has " THEN ' GRANT ' ELSE ' REVOKE ' END || string_agg(p.privilege, ', ' ORDER BY p.privilege COLLATE \"C\") || " \
	DEFAULTS_ON " || CASE WHEN " has " THEN ' TO ' ELSE ' FROM ' END || " \
	"CASE p.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(p.grantee)) END || " \
	"CASE WHEN p.option AND " has " THEN ' WITH GRANT OPTION' ELSE '' END AS line FROM (" \
	"SELECT x.grantee, x.privilege_type AS privilege, bool_or(x.now) AS has, bool_or(x.now AND x.is_grantable) AS option " \
	"FROM (SELECT true AS now, y.* FROM aclexplode(d.defaclacl) AS y UNION ALL SELECT false, y.* FROM aclexplode(" DEFAULTS_USUAL \
	") AS y) AS x GROUP BY 1, 2 HAVING bool_or(x.now) <> bool_or(NOT x.now)) AS p GROUP BY p.grantee, p.has, p.option) AS l)"

/* target: what stands behind DROP and COMMENT ON; acl and on: its privileges, and what stands behind GRANT
 * ... ON; drop: where DROP is not what drops it. definition NULL: it is named alone. */
struct other {
	const char *kind, *ids, *name, *from, *definition, *target, *acl, *on, *drop;
	const char *any; /* as in mig__sql_part */
};

static const struct other others[] = {
	/* one that is dropped would look for its publisher, and keeps a database from being dropped */
	{ "'subscription'", "6100, 0, 0", "subname",
	  "pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())",
	  NULL, NULL, NULL, NULL, NULL, NULL },
	{ "'security label'", "3596, 0, 0", "'by ' || provider || ' on ' || objtype || ' ' || objname",
	  "pg_seclabels WHERE objtype NOT IN ('database', 'role', 'tablespace')", NULL, NULL, NULL, NULL, NULL,
	  "pg_seclabel" },
	{ "'foreign-data wrapper'", "2328, oid, 0", "quote_ident(fdwname)", "pg_foreign_data_wrapper", WRAPPER,
	  "'FOREIGN DATA WRAPPER ' || quote_ident(fdwname)", ACL("fdwacl", "acldefault('F', fdwowner)", "fdwowner"),
	  "'FOREIGN DATA WRAPPER ' || quote_ident(fdwname)", NULL, NULL },
	{ "'server'", "1417, oid, 0", "quote_ident(srvname)", "pg_foreign_server", SERVER,
	  "'SERVER ' || quote_ident(srvname)", ACL("srvacl", "acldefault('S', srvowner)", "srvowner"),
	  "'FOREIGN SERVER ' || quote_ident(srvname)", NULL, NULL },
	{ "'user mapping'", "1418, umid, 0", MAPPED, "pg_user_mappings",
	  "'CREATE USER MAPPING ' || " MAPPED " || " SERVER_OPTIONS("umoptions"), "'USER MAPPING ' || " MAPPED,
	  NULL, NULL, NULL,
	  "pg_foreign_server" },
	{ "'foreign table'", "1259, c.oid, 0", QUALIFIED("n", "c.relname"),
	  "pg_class c JOIN pg_foreign_table f ON f.ftrelid = c.oid" JOIN_NAMESPACE("n", "c.relnamespace")
	  " WHERE c.relkind = 'f'", FOREIGN_TABLE, "'FOREIGN TABLE ' || " QUALIFIED("n", "c.relname"),
	  ACL("c.relacl", "acldefault('r', c.relowner)", "c.relowner"), QUALIFIED("n", "c.relname"), NULL,
	  "pg_foreign_table" },
	{ "'cast'", "2605, c.oid, 0", CAST_NAME, "pg_cast c WHERE c.oid" USERS " AND " ASKED_FOR("2605", "c.oid"),
	  CAST, "'CAST (' || " CAST_NAME " || ')'", NULL, NULL, NULL,
	  "pg_cast WHERE oid" USERS },
	{ "'conversion'", IN_SCHEMA("2607", "pg_conversion", "con"), CONVERSION,
	  "'CONVERSION ' || " QUALIFIED("n", "c.conname"), NULL, NULL, NULL,
	  "pg_conversion WHERE oid" USERS },
	{ "'operator'", "2617, o.oid, 0", OPERATOR_NAME,
	  "pg_operator o" JOIN_NAMESPACE("n", "o.oprnamespace") " WHERE o.oid" USERS " AND o.oprcode <> 0",
	  OPERATOR, "'OPERATOR ' || " OPERATOR_NAME, NULL, NULL, NULL,
	  "pg_operator WHERE oid" USERS },
	{ "'operator family'", "2753, c.oid, 0", FAMILY_NAME,
	  "pg_opfamily c" JOIN_NAMESPACE("n", "c.opfnamespace") " WHERE c.oid" USERS,
	  OPERATOR_FAMILY, "'OPERATOR FAMILY ' || " FAMILY_NAME, NULL, NULL, NULL,
	  "pg_opfamily WHERE oid" USERS },
	{ "'operator class'", "2616, c.oid, 0", QUALIFIED("n", "c.opcname") " || ' USING ' || " METHOD("c.opcmethod"),
	  "pg_opclass c" JOIN_NAMESPACE("n", "c.opcnamespace") " WHERE c.oid" USERS, OPERATOR_CLASS,
	  "'OPERATOR CLASS ' || " QUALIFIED("n", "c.opcname") " || ' USING ' || " METHOD("c.opcmethod"), NULL, NULL, NULL,
	  "pg_opclass WHERE oid" USERS },
	{ "'text search parser'", IN_SCHEMA("3601", "pg_ts_parser", "prs"), SEARCH_PARSER,
	  "'TEXT SEARCH PARSER ' || " QUALIFIED("n", "c.prsname"), NULL, NULL, NULL,
	  "pg_ts_parser WHERE oid" USERS },
	{ "'text search template'", IN_SCHEMA("3764", "pg_ts_template", "tmpl"), SEARCH_TEMPLATE,
	  "'TEXT SEARCH TEMPLATE ' || " QUALIFIED("n", "c.tmplname"), NULL, NULL, NULL,
	  "pg_ts_template WHERE oid" USERS },
	{ "'text search dictionary'", IN_SCHEMA("3600", "pg_ts_dict", "dict"), DICTIONARY,
	  "'TEXT SEARCH DICTIONARY ' || " QUALIFIED("n", "c.dictname"), NULL, NULL, NULL,
	  "pg_ts_dict WHERE oid" USERS },
	{ "'text search configuration'", IN_SCHEMA("3602", "pg_ts_config", "cfg"), CONFIGURATION,
	  "'TEXT SEARCH CONFIGURATION ' || " QUALIFIED("n", "c.cfgname"), NULL, NULL, NULL,
	  "pg_ts_config WHERE oid" USERS },
	{ "'language'", "2612, oid, 0", "quote_ident(lanname)", "pg_language WHERE oid" USERS, LANGUAGE,
	  "'LANGUAGE ' || quote_ident(lanname)", ACL("lanacl", "acldefault('l', lanowner)", "lanowner"),
	  "'LANGUAGE ' || quote_ident(lanname)", NULL, NULL },
	{ "'transform'", "3576, t.oid, 0", TRANSFORM_NAME,
	  "pg_transform t JOIN pg_language l ON l.oid = t.trflang WHERE t.oid" USERS, TRANSFORM,
	  "'TRANSFORM ' || " TRANSFORM_NAME, NULL, NULL, NULL,
	  "pg_transform WHERE oid" USERS },
	{ "'access method'", "2601, oid, 0", "quote_ident(amname)", "pg_am WHERE oid" USERS, ACCESS_METHOD,
	  "'ACCESS METHOD ' || quote_ident(amname)", NULL, NULL, NULL, NULL },
	{ "'default privileges'", "826, d.oid, 0", DEFAULTS_FOR " || coalesce(" DEFAULTS_ON ", ' on what is not known')", "pg_default_acl d",
	  DEFAULTS("p.has"), NULL, NULL, NULL, DEFAULTS("NOT p.has"), NULL },
};

/* clang-format on */

static void add(struct mig__sql_small *all, const struct other *o)
{
	mig__sql_add_part(all, &(struct mig__sql_part){
				       "z", o->ids, o->name,
				       { o->kind, o->definition, o->target, o->acl, o->on, o->drop },
				       o->from, o->any });
}

/* What depends on other objects for one of these: an operator of a class, a table of a publication. */
static void add_members(struct mig__sql_small *all)
{
	mig__sql_add_part(all, &(struct mig__sql_part){
				       "y", "d.classid, d.objid, d.refobjid", "d.refclassid::text", { NULL },
				       "pg_depend d WHERE d.classid IN (2602, 2603, 6106) AND d.objid" USERS
				       " AND d.refclassid IN (2616, 2753, 6104) AND d.deptype IN ('i', 'a')",
				       NULL });
}

void mig__catalog_sql_others(struct mig__sql_small *all, int version)
{
	const struct other p = { "'publication'", "6104, p.oid, 0", "quote_ident(p.pubname)", "pg_publication p",
				 publication(version), "'PUBLICATION ' || quote_ident(p.pubname)", NULL, NULL, NULL, NULL };

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		add(all, &others[i]);
	add(all, &p);
	add_members(all);
}

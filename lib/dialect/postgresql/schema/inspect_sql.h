/* Pieces of the queries that read the catalogue. */
#ifndef MIG__PG_INSPECT_SQL_H
#define MIG__PG_INSPECT_SQL_H

#include "base/buf.h"
#include "dialect/postgresql/schema/inspect.h"

/* clang-format off */

/* Of an oid: not made by initdb. But the schema public is 2200. */
#define USERS " >= 16384"

/* A text[] of options, one a line. */
#define OPTIONS(column) "array_to_string(" column ", E'\\n')"

/* A name with its schema; n: its pg_namespace. */
#define QUALIFIED(n, name) \
	"quote_ident(" n ".nspname) || '.' || quote_ident(" name ")"
/* The same, but for what is in pg_catalog. */
#define UNLESS_SYSTEM(n, name) \
	"CASE WHEN " n ".nspname = 'pg_catalog' THEN '' ELSE quote_ident(" n ".nspname) || '.' END || " \
	"quote_ident(" name ")"

#define JOIN_NAMESPACE(n, column) \
	" JOIN pg_namespace " n " ON " n ".oid = " column
/* l: the collation of a column's oid, or nulls; ln: its schema. */
#define JOIN_COLLATION(column) \
	" LEFT JOIN (pg_collation l" JOIN_NAMESPACE("ln", "l.collnamespace") ") ON l.oid = " column
#define COLLATION_NAME UNLESS_SYSTEM("ln", "l.collname")

/* How the privileges differ from those that the object has if nobody grants or revokes any (base):
 * lines of GRANT and REVOKE, without the owner's. */
#define ACL(acl, base, owner) \
	"CASE WHEN " acl " IS NOT NULL THEN (" \
		"SELECT string_agg(l.line, E'\\n' ORDER BY l.line COLLATE \"C\") FROM (" \
			"SELECT CASE WHEN p.has THEN 'GRANT ' ELSE 'REVOKE ' END || " \
				"string_agg(p.privilege, ', ' ORDER BY p.privilege COLLATE \"C\") || " \
				"CASE WHEN p.has THEN ' TO ' ELSE ' FROM ' END || " \
				"CASE p.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(p.grantee)) END || " \
				"CASE WHEN p.option THEN ' WITH GRANT OPTION' ELSE '' END AS line " \
			"FROM (" \
				"SELECT x.grantee, x.privilege_type AS privilege, bool_or(x.now) AS has, " \
					"bool_or(x.now AND x.is_grantable) AS option " \
				"FROM (SELECT true AS now, y.* FROM aclexplode(" acl ") AS y " \
					"UNION ALL SELECT false, y.* FROM aclexplode(" base ") AS y) AS x " \
				"WHERE x.grantee <> " owner " GROUP BY 1, 2 " \
				"HAVING bool_or(x.now) <> bool_or(NOT x.now) " \
					"OR bool_or(x.now AND x.is_grantable) <> bool_or(NOT x.now AND x.is_grantable)" \
			") AS p GROUP BY p.grantee, p.has, p.option" \
		") AS l) END"
/* Of pg_type t. */
#define TYPE_ACL ACL("t.typacl", "acldefault('T', t.typowner)", "t.typowner")

/* Not made by the server for the sake of something else, as those of ranges are. */
#define ASKED_FOR(class, oid) \
	"NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = " class " AND i.objid = " oid " AND i.deptype = 'i')"

/* clang-format on */

/* A part of the query for what is one row an object. */
enum { MIG__SQL_FIELDS = 8 };
struct mig__sql_part {
	const char *letter;
	const char *ids; /* its class and oid, and the oid of what it is in or of */
	const char *name;
	const char *fields[MIG__SQL_FIELDS];
	const char *from;
	/* What is asked to know whether there are rows: no fewer rows than `from`, and less to plan. NULL: from. */
	const char *any;
};

/* Most parts have no rows in most databases, and planning them takes longer than all the rest: so it is
 * asked first which ones have any. */
struct mig__sql_small {
	struct mig__buf sql;
	const char *found; /* 't' or 'f' for each part; NULL: that is being asked */
	size_t place;
};

/* inspect_sql_part.c */
void mig__sql_add_part(struct mig__sql_small *all, const struct mig__sql_part *p);
/* inspect_sql_other.c */
void mig__catalog_sql_others(struct mig__sql_small *all, int version);

/* The text for servers from a version on, or for older ones. */
static inline const char *mig__since(int version, int major, const char *new, const char *old)
{
	return version >= major * 10000 ? new : old;
}

#endif

/* trust: which tables libmig reads and writes, and whose objects it copies.
 *
 * Whoever owns a table decides what is run when somebody uses it. A SELECT of a view or of a table
 * with row security calls functions of the owner's choice, with the rights of the role that reads;
 *an INSERT calls triggers. So libmig reads its tables only if they are plain (or partitioned)
 *tables on which that runs no code of others; and it writes to them only if they, and the functions
 *of their triggers, belong to a role that could act as the current one, or over the database,
 *anyway. A role that may only read need not know whom to trust.
 *
 * What is asked all the time is cheap. The version table is read by COPY, which refuses views, and
 * with row_security off also tables with policies for the role; it neither plans nor calls
 *anything. A run looks at flags in pg_class. Only if these say that there may be something (another
 *owner, triggers, …) the check in full is made, a statement that fails by itself. SQL has no
 *expression that raises an error with a text, but a text that is not a number, converted to one, is
 *quoted in the error:
 *
 *	invalid input syntax for type integer: "{libmig<US>message<US>hint<US>}"
 *
 * which mig__pg_distrust() takes apart again. A table that is read by SELECT is locked (ACCESS
 *SHARE) before it is looked at; otherwise its owner could put a view in its place meanwhile. */
#include "dialect/postgresql/store/trust.h"
#include "dialect/postgresql/conn/error.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/conn/wire.h"
#include "dialect/postgresql/sql/quote.h"
#include "dialect/postgresql/store/guard.h"
#include "dialect/postgresql/store/place.h"
#include "dialect/postgresql/store/store.h"

#include <string.h>

#define IS " OPERATOR(pg_catalog.=) "

/* of pg_roles */
#define CURRENT "(SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname" IS "CURRENT_USER)"

/* Whether the role of an oid is one to be trusted with tables of schema n; @o: the role that the
 * host named. pg_has_role() is true of every role for a superuser, which proves nothing. */
#define TRUSTED(role)                                                                      \
	"EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid" IS role " AND (r.rolsuper " \
	"OR r.rolname" IS "CURRENT_USER OR r.rolname" IS "SESSION_USER OR r.oid" IS        \
	"n.nspowner OR r.oid" IS "(SELECT datdba FROM pg_catalog.pg_database WHERE "       \
	"datname" IS "pg_catalog.current_database()) OR r.rolname" IS "@o OR (NOT " CURRENT \
	" AND pg_catalog.pg_has_role(CURRENT_USER, r.oid, 'MEMBER'))))"

#define NAME "n.nspname, c.relname"

/* message and hint, for the first thing that is wrong; NULL: nothing is */
#define SAY(message, hint) "ARRAY[pg_catalog.format(" message "), " hint "]"

/* A column whose type somebody else has made, or an index over an expression, can have a function
 * called by a mere SELECT. */
#define READABLE                                                                           \
	"WHEN c.relkind OPERATOR(pg_catalog.<>) ALL (ARRAY['r', 'p']::pg_catalog.\"char\"[]) " \
	"THEN " SAY("'%I.%I is not a table, but a view or the like', " NAME,               \
		    "'libmig reads only plain tables: drop it, or name another table "     \
		    "(version_table, history_table, schema)'")                             \
	" WHEN c.relpersistence" IS "'t' THEN " SAY("'%I.%I is a temporary table', " NAME, \
						    "'drop it'")                           \
	" WHEN pg_catalog.row_security_active(c.oid) THEN "                                \
	SAY("'row security is on for table %I.%I and may hide its rows from role %I', " NAME \
	    ", CURRENT_USER",                                                              \
	    "'switch it off (ALTER TABLE ... DISABLE ROW LEVEL SECURITY), or connect as "  \
	    "the owner of the table'")                                                     \
	" WHEN c.relhasrules AND EXISTS (SELECT FROM pg_catalog.pg_rewrite w WHERE "       \
	"w.ev_class" IS "c.oid) THEN " SAY("'table %I.%I has rules', " NAME, "'drop them'") \
	" WHEN EXISTS (SELECT FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t "   \
	"ON t.oid" IS "a.atttypid WHERE a.attrelid" IS "c.oid AND a.attnum "               \
	"OPERATOR(pg_catalog.>) 0 AND t.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid) " \
	"THEN " SAY("'table %I.%I has columns whose types are not the server''s own', " NAME, \
		    "'libmig makes its tables itself: drop this one, or name another'")    \
	" WHEN c.relhasindex AND EXISTS (SELECT FROM pg_catalog.pg_index x WHERE "         \
	"x.indrelid" IS "c.oid AND (x.indexprs IS NOT NULL OR x.indpred IS NOT NULL)) "    \
	"THEN " SAY("'table %I.%I has an index with an expression or a condition', " NAME, \
		    "'drop the index'")

/* The owner, and the triggers. Whoever has TRIGGER can write a condition that calls anything, with a
 * function that is the server's own; whoever has REFERENCES can have a DELETE cascade to a table
 * with AFTER triggers, which run as the role that deletes. */
#define WRITABLE                                                                           \
	" WHEN NOT " TRUSTED("c.relowner") " THEN "                                        \
	SAY("'table %I.%I belongs to role %I, which could have its own code run as role "  \
	    "%I', " NAME ", pg_catalog.pg_get_userbyid(c.relowner), CURRENT_USER",         \
	    "pg_catalog.format('if that is right, name the role (trusted_owner, "          \
	    "--trusted-owner=%s); otherwise: ALTER TABLE %I.%I OWNER TO %I', "             \
	    "pg_catalog.pg_get_userbyid(c.relowner), " NAME ", CURRENT_USER)")             \
	" WHEN (SELECT pg_catalog.count(1) FROM pg_catalog.pg_trigger g JOIN "             \
	"pg_catalog.pg_proc p ON p.oid" IS "g.tgfoid WHERE g.tgrelid" IS "c.oid AND NOT "  \
	TRUSTED("p.proowner") ") OPERATOR(pg_catalog.>) 0 THEN "                           \
	SAY("'table %I.%I has a trigger whose function belongs to somebody else: %s', " NAME \
	    ", (SELECT pg_catalog.string_agg(pg_catalog.format('%I, function of role %I', " \
	    "g.tgname, pg_catalog.pg_get_userbyid(p.proowner)), '; ') FROM "               \
	    "pg_catalog.pg_trigger g JOIN pg_catalog.pg_proc p ON p.oid" IS "g.tgfoid "    \
	    "WHERE g.tgrelid" IS "c.oid AND NOT " TRUSTED("p.proowner") ")",               \
	    "'drop the trigger, or name the role if that is right (trusted_owner, "        \
	    "--trusted-owner)'")                                                           \
	" WHEN EXISTS (SELECT FROM pg_catalog.pg_trigger g WHERE g.tgrelid" IS "c.oid AND " \
	"g.tgqual IS NOT NULL) THEN " SAY("'table %I.%I has a trigger with a condition: "  \
					  "%s', " NAME ", (SELECT pg_catalog.string_agg("  \
					  "g.tgname, ', ') FROM pg_catalog.pg_trigger g "  \
					  "WHERE g.tgrelid" IS "c.oid AND g.tgqual IS NOT " \
					  "NULL)",                                         \
					  "'a condition (WHEN) has no owner: drop the "    \
					  "trigger, or put the condition into its "        \
					  "function'")                                     \
	" WHEN EXISTS (SELECT FROM pg_catalog.pg_constraint f WHERE f.confrelid" IS "c.oid " \
	"AND f.conrelid OPERATOR(pg_catalog.<>) f.confrelid) THEN " SAY(                   \
		"'table %I.%I is referenced by a foreign key of table %s', " NAME          \
		", (SELECT pg_catalog.string_agg(f.conrelid::pg_catalog.regclass::"        \
		"pg_catalog.text, ', ') FROM pg_catalog.pg_constraint f WHERE f.confrelid" IS \
		"c.oid)",                                                                  \
		"'triggers of that table can be called: drop the foreign key'")

/* Tables that inherit from ours get rows of it, and have triggers of their own. */
static const char parts_begin[] =
	"WITH RECURSIVE part (oid) AS (SELECT c.oid FROM pg_catalog.pg_class c JOIN "
	"pg_catalog.pg_namespace n ON n.oid" IS "c.relnamespace WHERE n.nspname" IS;
static const char parts_end[] = " UNION ALL SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN "
				"part ON i.inhparent" IS "part.oid) ";
static const char joined[] = " AS said FROM part JOIN pg_catalog.pg_class c ON c.oid" IS
			     "part.oid JOIN pg_catalog.pg_namespace n ON n.oid" IS
			     "c.relnamespace) AS d";

/* Puts the role's name for each @o of the pattern. */
static void add_pattern(const mig_conn *conn, struct mig__buf *sql, const char *pattern)
{
	const char *at;

	for (; (at = strstr(pattern, "@o")) != NULL; pattern = at + 2) {
		mig__buf_add(sql, pattern, (size_t)(at - pattern));
		if (conn->trust->owner)
			mig__pg_add_safe_text(conn, sql, conn->trust->owner);
		else
			mig__buf_adds(sql, "NULL");
	}
	mig__buf_adds(sql, pattern);
}

/* What of a schema runs code of its owner's when it is built again, by whoever builds it: functions,
 * which a predicate of an index is enough to call, the queries of materialized views, and the checks
 * of domains, which a bound of a partition is enough to call. The last two need no function of the
 * owner's: there are some among the server's own that write files. */
#define MEMBER(class, oid)                                                                  \
	"EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid" IS "'pg_catalog." class \
	"'::pg_catalog.regclass AND d.objid" IS oid " AND d.deptype" IS "'e')"
#define NAMESPACE(oid)                                                                     \
	" JOIN pg_catalog.pg_namespace s ON s.oid" IS oid " AND s.nspname "                \
	"OPERATOR(pg_catalog.!~) '^pg_' AND s.nspname OPERATOR(pg_catalog.<>) "            \
	"'information_schema' WHERE "
#define OBJECT(kind, name, owner) \
	"SELECT pg_catalog.format('" kind " %I.%I', s.nspname, " name ") AS what, " owner " AS owner "
#define USERS(oid) oid " OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid AND "

/* A role that is trusted with libmig's tables is so here: n is their schema. An owner of another
 * schema is not. */
static const char others_begin[] =
	"WITH f AS (" OBJECT("function", "p.proname", "p.proowner") "FROM pg_catalog.pg_proc p" NAMESPACE(
		"p.pronamespace") USERS("p.oid") "NOT " MEMBER("pg_proc", "p.oid")
	" UNION ALL " OBJECT("materialized view", "c.relname", "c.relowner") "FROM pg_catalog.pg_class "
	"c" NAMESPACE("c.relnamespace") "c.relkind" IS "'m' AND NOT " MEMBER("pg_class", "c.oid")
	" UNION ALL " OBJECT("domain", "t.typname", "t.typowner") "FROM pg_catalog.pg_type t" NAMESPACE(
		"t.typnamespace") USERS("t.oid") "EXISTS (SELECT FROM pg_catalog.pg_constraint k "
	"WHERE k.contypid" IS "t.oid) AND NOT " MEMBER("pg_type", "t.oid")
	") SELECT pg_catalog.format('%s belongs to role %I, and a copy of the schema could run code of "
	"that role as role %I', f.what, pg_catalog.pg_get_userbyid(f.owner), CURRENT_USER), "
	"pg_catalog.format('give it to a trusted role (ALTER ... OWNER TO), name the role if that is "
	"right (trusted_owner, --trusted-owner=%s), or have scratch databases made on another server "
	"(scratch_url, --scratch-url)', pg_catalog.pg_get_userbyid(f.owner)) FROM f WHERE f.owner" IS
	"ANY (ARRAY(SELECT u.owner FROM (SELECT DISTINCT owner FROM f) AS u LEFT JOIN "
	"pg_catalog.pg_namespace n ON n.nspname" IS;
static const char others_end[] = " WHERE NOT " TRUSTED("u.owner") ")) ORDER BY f.what LIMIT 1;";

void mig__pg_add_others(const mig_conn *conn, struct mig__buf *sql)
{
	mig__buf_adds(sql, others_begin);
	mig__pg_add_schema(conn, sql);
	add_pattern(conn, sql, others_end);
}

void mig__pg_add_copying(struct mig__buf *sql)
{
	mig__buf_adds(sql, "EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.oid "
			   "OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid) OR EXISTS (SELECT FROM "
			   "pg_catalog.pg_constraint k WHERE k.contypid OPERATOR(pg_catalog.>=) "
			   "16384::pg_catalog.oid)");
}

/* " FROM (…) AS d": said is message and hint, or NULL, a row for each table. */
static void add_findings(const mig_conn *conn, struct mig__buf *sql, enum mig__pg_table which, int write)
{
	mig__buf_adds(sql, " FROM (");
	mig__buf_adds(sql, parts_begin);
	mig__pg_add_schema(conn, sql);
	mig__buf_adds(sql, " AND c.relname OPERATOR(pg_catalog.=) ANY (ARRAY[");
	if (which != MIG__PG_HISTORY)
		mig__pg_add_safe_text(conn, sql, conn->store->version_table);
	if (which == MIG__PG_BOTH)
		mig__buf_adds(sql, ", ");
	if (which != MIG__PG_VERSION)
		mig__pg_add_safe_text(conn, sql, conn->store->history_table);
	mig__buf_adds(sql, "]::pg_catalog.name[])");
	mig__buf_adds(sql, parts_end);
	mig__buf_adds(sql, "SELECT CASE ");
	mig__buf_adds(sql, READABLE);
	if (write)
		add_pattern(conn, sql, WRITABLE);
	mig__buf_adds(sql, " END");
	mig__buf_adds(sql, joined);
}

void mig__pg_add_plain_read(const mig_conn *conn, struct mig__buf *sql)
{
	mig__buf_adds(sql, "SET LOCAL row_security TO off;COPY ");
	mig__pg_add_table(conn, sql, conn->store->version_table);
	mig__buf_adds(sql, " (revision, digest) TO STDOUT");
}

int mig__pg_is_refusal(const PGresult *error)
{
	/* no such thing as COPY of a view; policies; privileges */
	return mig__pg_is(error, "42809") || mig__pg_is(error, "42501");
}

/* Of pg_class c: it is to be looked at closely. */
#define UNUSUAL                                                                            \
	"c.relkind OPERATOR(pg_catalog.<>) 'r' OR c.relpersistence" IS "'t' OR "           \
	"c.relrowsecurity OR c.relhasrules OR c.relhastriggers OR c.relhassubclass OR "    \
	"pg_catalog.pg_get_userbyid(c.relowner) OPERATOR(pg_catalog.<>) CURRENT_USER"

/* FROM pg_class c: our tables. */
static void add_from(const mig_conn *conn, struct mig__buf *sql)
{
	mig__buf_adds(sql, " FROM pg_catalog.pg_class c WHERE c.relnamespace" IS "(SELECT oid FROM pg_catalog.pg_namespace WHERE "
			   "nspname" IS);
	mig__pg_add_schema(conn, sql);
	mig__buf_adds(sql, ") AND c.relname OPERATOR(pg_catalog.=) ANY (ARRAY[");
	mig__pg_add_safe_text(conn, sql, conn->store->version_table);
	mig__buf_adds(sql, ", ");
	mig__pg_add_safe_text(conn, sql, conn->store->history_table);
	mig__buf_adds(sql, "]::pg_catalog.name[])");
}

void mig__pg_add_there(const mig_conn *conn, struct mig__buf *sql)
{
	mig__buf_adds(sql, "SELECT c.relname" IS);
	mig__pg_add_safe_text(conn, sql, conn->store->version_table);
	mig__buf_adds(sql, ", " UNUSUAL ", ");
	mig__pg_add_whole(sql);
	add_from(conn, sql);
}

void mig__pg_add_new_check(const mig_conn *conn, struct mig__buf *sql)
{
	mig__buf_adds(sql, "SELECT CASE WHEN n OPERATOR(pg_catalog.=) 2 THEN 0 ELSE ");
	mig__pg_add_guard(sql, MIG__PG_GUARD_NEW, "n");
	mig__buf_adds(sql, " END FROM (SELECT pg_catalog.count(*) AS n");
	add_from(conn, sql);
	mig__buf_adds(sql, " AND NOT (" UNUSUAL ")) AS f");
}

void mig__pg_take_there(mig_conn *conn, const PGresult *result, int *close)
{
	conn->store->version = conn->store->history = MIG__PG_MISSING;
	*close = 0;
	for (int i = 0; i < PQntuples(result); i++) {
		if (PQgetvalue(result, i, 0)[0] == 't')
			conn->store->version = MIG__PG_THERE;
		else
			conn->store->history = PQgetvalue(result, i, 2)[0] == 't' ? MIG__PG_THERE
										  : MIG__PG_OLDER;
		*close |= PQgetvalue(result, i, 1)[0] == 't';
	}
}

static void add_check(const mig_conn *conn, struct mig__buf *sql, enum mig__pg_table which, int write)
{
	mig__buf_adds(sql, "SELECT pg_catalog.concat_ws(pg_catalog.chr(31), '{libmig', d.said[1], "
			   "d.said[2], '}')::pg_catalog.int4");
	add_findings(conn, sql, which, write);
	mig__buf_adds(sql, " WHERE d.said IS NOT NULL;");
}

void mig__pg_add_read_check(const mig_conn *conn, struct mig__buf *sql, enum mig__pg_table which)
{
	add_check(conn, sql, which, 0);
}

void mig__pg_add_write_check(const mig_conn *conn, struct mig__buf *sql)
{
	add_check(conn, sql, MIG__PG_BOTH, 1);
}

void mig__pg_add_script_check(const mig_conn *conn, struct mig__buf *sql)
{
	mig__buf_adds(sql, "DECLARE wrong pg_catalog.text[]; BEGIN\n\tSELECT d.said INTO wrong");
	add_findings(conn, sql, MIG__PG_BOTH, 1);
	mig__buf_adds(sql, " WHERE d.said IS NOT NULL LIMIT 1;\n"
			   "\tIF wrong IS NOT NULL THEN\n"
			   "\t\tRAISE EXCEPTION '%', wrong[1] USING ERRCODE = '42501', "
			   "HINT = wrong[2];\n"
			   "\tEND IF;\nEND ");
}

/* Which cluster it is, and whether the login role is, or can become, one with power over roles: they
 * are the cluster's, and so is a superuser's reach. */
static const char server[] =
	"SELECT (SELECT system_identifier FROM pg_catalog.pg_control_system()), SESSION_USER, "
	"EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE (r.rolsuper OR r.rolcreaterole) AND "
	"pg_catalog.pg_has_role(SESSION_USER, r.oid, 'MEMBER'))";

static int same(const PGresult *a, const PGresult *b, int column)
{
	return !strcmp(PQgetvalue(a, 0, column), PQgetvalue(b, 0, column));
}

/* 1 in *safe if the maker of scratches is on another server, or on this one another role, without
 * power. */
static mig_status is_safe(mig_conn *conn, mig_conn *maker, int *safe)
{
	enum { CLUSTER, ROLE, POWER };
	struct mig__pg_reply here = { .count = 0 }, there = { .count = 0 };
	mig_status rc = mig__pg_exec(conn, server, &here);

	if (!rc)
		rc = mig__pg_exec(maker, server, &there);
	if (!rc && here.count && there.count) {
		const PGresult *a = here.at[here.count - 1], *b = there.at[there.count - 1];

		*safe = !same(a, b, CLUSTER) ||
			(!same(a, b, ROLE) && PQgetvalue(b, 0, POWER)[0] == 'f');
	}
	mig__pg_reply_clear(&here);
	mig__pg_reply_clear(&there);
	return rc;
}

/* Usually it has come with the inspection. */
static mig_status find_others(mig_conn *conn)
{
	struct mig__pg_reply reply = { .count = 0 };
	struct mig__buf sql;
	mig_status rc;

	if (conn->trust->others)
		return MIG_OK;
	mig__buf_init(&sql, &conn->alloc);
	mig__pg_add_others(conn, &sql);
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_exec(conn, sql.data, &reply);
	mig__buf_finish(&sql);
	if (!rc && !reply.count)
		rc = mig__pg_fail(conn, NULL, NULL);
	if (!rc) {
		conn->trust->others = reply.at[reply.count - 1];
		reply.at[reply.count - 1] = NULL;
	}
	mig__pg_reply_clear(&reply);
	return rc;
}

mig_status mig__pg_may_copy(mig_conn *conn, mig_conn *maker)
{
	mig_status rc;
	int safe = 0;

	if (conn->scratch) /* what is in it, libmig has made */
		return MIG_OK;
	rc = find_others(conn);
	if (!rc && !PQntuples(conn->trust->others))
		return MIG_OK;
	if (!rc && maker)
		rc = is_safe(conn, maker, &safe);
	if (rc || safe)
		return rc;
	return mig__pg_report(conn, MIG_EPERMISSION, NULL, PQgetvalue(conn->trust->others, 0, 1),
			      "%s", PQgetvalue(conn->trust->others, 0, 0));
}

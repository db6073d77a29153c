/* units: what in a section outside a transaction leans on the session across two units of it.
 *
 * A section that was interrupted is resumed on a new connection: temporary tables are gone, and
 * last_insert_rowid(), changes() and total_changes() say nothing of what ran before. Within one
 * unit both are fine. What triggers do is not seen. */
#include "dialect/sqlite/conn/conn.h"
#include "dialect/sqlite/sql/tokens.h"

#include <string.h>

/* A temporary table or view that an earlier unit made, as its name is written. */
struct lent_name {
	struct mig__sqlite_token token;
	size_t unit;
};

struct units {
	mig_conn *conn;
	const char *text;
	struct lent_name *names;
	size_t count, cap;
	size_t unit;
	int several; /* the unit has several statements */
	int fed;     /* one before has set the value of changes() */
	int rowid;   /* and last_insert_rowid() */
	int made;    /* one before has made something temporary */
};

static const char one_unit[] =
	"put both into one unit: between BEGIN and COMMIT, or SAVEPOINT and RELEASE";

static mig_status refuse_token(struct units *u, struct mig__sqlite_token t, const char *what)
{
	struct mig__sqlite_place place = { NULL, 0, (size_t)(t.at - u->text) };

	return mig__sqlite_report(
		u->conn, MIG_ETRANSACTION, &place, one_unit,
		"\"%.*s\" %s; the session is lost when the section is resumed after an "
		"interruption",
		(int)(t.size < 60 ? t.size : 60), t.at, what);
}

static int is_any(struct mig__sqlite_token t, const char *const *words)
{
	for (; *words; words++)
		if (mig__sqlite_is(t, *words))
			return 1;
	return 0;
}

static int same_name(const mig_conn *conn, struct mig__sqlite_token a, struct mig__sqlite_token b)
{
	struct mig__buf name;
	int same;

	if (!mig__sqlite_is_name(a) || !mig__sqlite_is_name(b) || b.kind == MIG__TOKEN_STRING)
		return 0;
	mig__buf_init(&name, &conn->alloc);
	mig__sqlite_add_plain(&name, a);
	same = mig__sqlite_stands_for(b, mig__buf_text(&name));
	mig__buf_finish(&name);
	return same;
}

/* CREATE TEMP TABLE x, CREATE TABLE temp.x: its name in *name. */
static int makes_temporary(const char *at, struct mig__sqlite_token *name)
{
	static const char *const kinds[] = { "TABLE", "VIEW", "TRIGGER", "INDEX", NULL };
	struct mig__sqlite_token t = mig__sqlite_token(at), next;
	int temporary = 0;

	if (!mig__sqlite_is(t, "CREATE"))
		return 0;
	t = mig__sqlite_token(mig__sqlite_behind(t));
	if (mig__sqlite_is(t, "TEMP") || mig__sqlite_is(t, "TEMPORARY")) {
		temporary = 1;
		t = mig__sqlite_token(mig__sqlite_behind(t));
	}
	while (mig__sqlite_is(t, "UNIQUE") || mig__sqlite_is(t, "VIRTUAL"))
		t = mig__sqlite_token(mig__sqlite_behind(t));
	if (!is_any(t, kinds))
		return 0;
	t = mig__sqlite_token(mig__sqlite_behind(t));
	while (mig__sqlite_is(t, "IF") || mig__sqlite_is(t, "NOT") || mig__sqlite_is(t, "EXISTS"))
		t = mig__sqlite_token(mig__sqlite_behind(t));
	next = mig__sqlite_token(mig__sqlite_behind(t));
	if (mig__sqlite_is_sign(next, '.')) {
		temporary |= mig__sqlite_stands_for(t, "temp");
		t = mig__sqlite_token(mig__sqlite_behind(next));
	}
	*name = t;
	return temporary;
}

/* A trigger or view holds what runs later. */
static int only_declares(const char *at)
{
	struct mig__sqlite_token t = mig__sqlite_token(at);

	if (!mig__sqlite_is(t, "CREATE"))
		return 0;
	t = mig__sqlite_token(mig__sqlite_behind(t));
	if (mig__sqlite_is(t, "TEMP") || mig__sqlite_is(t, "TEMPORARY"))
		t = mig__sqlite_token(mig__sqlite_behind(t));
	return mig__sqlite_is(t, "TRIGGER") || mig__sqlite_is(t, "VIEW");
}

static void forget_name(struct units *u, struct mig__sqlite_token t)
{
	for (size_t i = 0; i < u->count; i++)
		if (same_name(u->conn, u->names[i].token, t))
			u->names[i--] = u->names[--u->count];
}

/* A call of one of the functions that tell of an earlier statement: "changes()", "changes(*)", quoted or
 * not. A table of that name has columns in its parentheses. */
static int tells(const struct units *u, struct mig__sqlite_token t, struct mig__sqlite_token next)
{
	struct mig__sqlite_token inside;

	if (!mig__sqlite_is_sign(next, '(') || !mig__sqlite_is_name(t) ||
	    t.kind == MIG__TOKEN_STRING)
		return 0;
	inside = mig__sqlite_token(mig__sqlite_behind(next));
	if (!mig__sqlite_is_sign(inside, ')') && !mig__sqlite_is_sign(inside, '*'))
		return 0;
	if (mig__sqlite_stands_for(t, "last_insert_rowid"))
		return !u->rowid;
	return !u->fed && (mig__sqlite_stands_for(t, "changes") ||
			   mig__sqlite_stands_for(t, "total_changes"));
}

static mig_status look_at_token(struct units *u, struct mig__sqlite_token t,
				struct mig__sqlite_token next, int dropping)
{
	if (tells(u, t, next))
		return refuse_token(u, t, "depends on a statement of an earlier unit");
	if (!u->made && mig__sqlite_is_sign(next, '.') && mig__sqlite_stands_for(t, "temp"))
		return refuse_token(u, t, "refers to something temporary");
	if (!u->made && mig__sqlite_is_name(t) && t.kind != MIG__TOKEN_STRING &&
	    (mig__sqlite_stands_for(t, "sqlite_temp_master") ||
	     mig__sqlite_stands_for(t, "sqlite_temp_schema")))
		return refuse_token(u, t, "lists temporary objects");
	for (size_t i = 0; i < u->count; i++)
		if (u->names[i].unit != u->unit && same_name(u->conn, u->names[i].token, t))
			return refuse_token(u, t, "is a temporary table of an earlier unit");
	if (dropping)
		forget_name(u, t);
	return MIG_OK;
}

static mig_status look_at_statement(struct units *u, size_t from, size_t end)
{
	static const char *const inserts[] = { "INSERT", "REPLACE", "WITH", NULL };
	static const char *const changes[] = { "UPDATE", "DELETE", NULL };
	struct mig__sqlite_token t = mig__sqlite_token(u->text + from), next, name;
	int temporary = makes_temporary(u->text + from, &name);
	int declares = only_declares(u->text + from), drops = mig__sqlite_is(t, "DROP");
	int inserting = is_any(t, inserts), feeding = inserting || is_any(t, changes);

	if (temporary && !u->several)
		return refuse_token(u, name, "is temporary");
	u->made |= temporary;
	for (; t.kind != MIG__TOKEN_END && t.at < u->text + end; t = next) {
		mig_status rc;

		next = mig__sqlite_token(mig__sqlite_behind(t));
		rc = declares ? MIG_OK : look_at_token(u, t, next, drops);
		if (rc)
			return rc;
	}
	u->fed |= feeding;
	u->rowid |= inserting;
	if (!temporary)
		return MIG_OK;
	if (!mig__grow(&u->conn->alloc, (void **)&u->names, &u->cap, u->count + 1,
		       sizeof *u->names))
		return mig__sqlite_nomem(u->conn);
	u->names[u->count++] = (struct lent_name){ name, u->unit };
	return MIG_OK;
}

mig_status mig__sqlite_check_units(mig_conn *conn, const char *text, size_t size,
				   const mig_unit *units, size_t count)
{
	struct units u = { .conn = conn, .text = text };
	mig_status rc = MIG_OK;

	(void)size;
	for (; !rc && u.unit < count; u.unit++) {
		size_t at = units[u.unit].offset, open;
		size_t end = mig__sqlite_statement_end(text, at, &open);

		u.several = end < units[u.unit].end;
		u.fed = u.rowid = u.made = 0;
		while (!rc && at < units[u.unit].end) {
			end = mig__sqlite_statement_end(text, at, &open);
			rc = look_at_statement(&u, at, end);
			at = mig__sqlite_skip(text, end);
		}
	}
	mig__free(&conn->alloc, u.names);
	return rc;
}

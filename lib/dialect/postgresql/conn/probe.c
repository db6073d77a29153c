/* probe: statements that cannot be in a transaction, and what they leave behind when they fail or
 * their process dies. An index that was being built concurrently stays, marked invalid: it is
 * never used, and costs on every write. */
#include "dialect/postgresql/conn/probe.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/conn/wire.h"
#include "dialect/postgresql/sql/quote.h"
#include "dialect/postgresql/sql/split.h"

#include <stdio.h>
#include <string.h>

enum what { OTHER, CREATE_INDEX, DROP_INDEX, REINDEX, DETACH, CREATE_DATABASE, DROP_DATABASE };

/* What a statement is about; names as they are written, e.g. public."Users". */
struct subject {
	enum what what;
	struct mig__buf name;  /* index, child, database */
	struct mig__buf table; /* the index's table, the parent */
	int unique;            /* CREATE UNIQUE INDEX */
	const char *rest;      /* what follows the table's name there */
	size_t rest_size;
};

struct words {
	const char *text;
	size_t size, at;
	int standard;
	struct mig__pg_word word; /* symbol ';' at the end */
};

static void advance(struct words *w)
{
	if (!mig__pg_word_next(w->text, w->size, &w->at, w->standard, &w->word))
		w->word = (struct mig__pg_word){ .symbol = ';' };
}

static int accept(struct words *w, const char *upper)
{
	if (w->word.symbol || !mig__pg_word_is(&w->word, upper))
		return 0;
	advance(w);
	return 1;
}

/* A name with its qualifiers. */
static void take_name(struct words *w, struct mig__buf *out)
{
	for (;;) {
		if (w->word.symbol || w->word.quoted == '\'')
			return;
		mig__buf_add(out, w->word.text, w->word.size);
		advance(w);
		if (w->word.symbol != '.')
			return;
		mig__buf_adds(out, ".");
		advance(w);
	}
}

static enum what read_create(struct words *w, struct subject *s)
{
	s->unique = accept(w, "UNIQUE");
	if (accept(w, "DATABASE")) {
		take_name(w, &s->name);
		return CREATE_DATABASE;
	}
	if (!accept(w, "INDEX") || !accept(w, "CONCURRENTLY"))
		return OTHER;
	if (accept(w, "IF")) {
		accept(w, "NOT");
		accept(w, "EXISTS");
	}
	if (!mig__pg_word_is(&w->word, "ON"))
		take_name(w, &s->name);
	if (!accept(w, "ON"))
		return OTHER;
	accept(w, "ONLY");
	take_name(w, &s->table);
	if (w->word.text) {
		s->rest = w->word.text;
		s->rest_size = (size_t)(w->text + w->size - w->word.text);
		while (s->rest_size && strchr("; \t\r\n", s->rest[s->rest_size - 1]))
			s->rest_size--;
	}
	return CREATE_INDEX;
}

static enum what read_drop(struct words *w, struct subject *s)
{
	enum what what = OTHER;

	if (accept(w, "DATABASE"))
		what = DROP_DATABASE;
	else if (accept(w, "INDEX") && accept(w, "CONCURRENTLY"))
		what = DROP_INDEX;
	if (accept(w, "IF"))
		accept(w, "EXISTS");
	take_name(w, &s->name);
	return what;
}

static enum what read_reindex(struct words *w, struct subject *s)
{
	int index;

	if (w->word.symbol == '(') {
		while (w->word.symbol != ')' && w->word.symbol != ';')
			advance(w);
		advance(w);
	}
	index = accept(w, "INDEX");
	if (!index && !accept(w, "TABLE"))
		return OTHER;
	accept(w, "CONCURRENTLY");
	take_name(w, index ? &s->name : &s->table);
	return REINDEX;
}

static enum what read_alter(struct words *w, struct subject *s)
{
	if (!accept(w, "TABLE"))
		return OTHER;
	if (accept(w, "IF"))
		accept(w, "EXISTS");
	accept(w, "ONLY");
	take_name(w, &s->table);
	if (!accept(w, "DETACH") || !accept(w, "PARTITION"))
		return OTHER;
	take_name(w, &s->name);
	return accept(w, "CONCURRENTLY") ? DETACH : OTHER;
}

static const struct {
	const char *verb;
	enum what (*read)(struct words *w, struct subject *s);
} verbs[] = {
	{ "CREATE", read_create },
	{ "DROP", read_drop },
	{ "REINDEX", read_reindex },
	{ "ALTER", read_alter },
};

static void read_subject(mig_conn *conn, const char *text, size_t size, struct subject *s)
{
	struct words w = { .text = text, .size = size };
	size_t i;

	w.standard = mig__pg_standard_strings(conn);
	*s = (struct subject){ .what = OTHER };
	mig__buf_init(&s->name, &conn->alloc);
	mig__buf_init(&s->table, &conn->alloc);
	advance(&w);
	for (i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (accept(&w, verbs[i].verb)) {
			s->what = verbs[i].read(&w, s);
			return;
		}
}

static void subject_finish(struct subject *s)
{
	mig__buf_finish(&s->name);
	mig__buf_finish(&s->table);
}

static void add_constant(struct mig__buf *sql, const struct mig__buf *text)
{
	mig__pg_add_text(sql, mig__buf_text(text), text->len);
}

/* Asks and frees the text. */
static mig_status ask(mig_conn *conn, struct mig__buf *sql, struct mig__pg_reply *reply)
{
	mig_status rc = sql->failed ? mig__pg_nomem(conn) : mig__pg_exec(conn, sql->data, reply);

	mig__buf_finish(sql);
	return rc;
}

/* Drops the indexes of the rows: name, and whether somebody is building it at this moment. */
static mig_status drop_left_over(mig_conn *conn, const PGresult *indexes)
{
	mig_status rc = MIG_OK;
	int i;

	for (i = 0; !rc && i < PQntuples(indexes); i++) {
		const char *name = PQgetvalue(indexes, i, 0), *builder = PQgetvalue(indexes, i, 1);
		struct mig__pg_reply reply = { .count = 0 };
		struct mig__buf sql;

		if (*builder)
			return mig__pg_report(conn, MIG_ELOCKED, NULL,
					      "wait until it is done, or end it",
					      "index %s is being built by pid %s", name, builder);
		mig__buf_init(&sql, &conn->alloc);
		mig__buf_addf(&sql,
			      "index %s was left invalid by a build that did not finish: it "
			      "is dropped",
			      name);
		conn->host->log(conn->host->user, MIG_LOG_WARNING, mig__buf_text(&sql));
		mig__buf_clear(&sql);
		mig__buf_addf(&sql, "DROP INDEX CONCURRENTLY %s", name);
		rc = ask(conn, &sql, &reply);
		mig__pg_reply_clear(&reply);
	}
	return rc;
}

/* FROM … WHERE of the indexes of a table that are (in)valid. */
static void add_indexes(struct mig__buf *sql, const char *columns, int valid)
{
	mig__buf_addf(
		sql,
		"SELECT i.indexrelid::pg_catalog.regclass, p.pid%s FROM pg_catalog.pg_index i "
		"JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid LEFT JOIN "
		"pg_catalog.pg_stat_progress_create_index p ON p.index_relid "
		"OPERATOR(pg_catalog.=) i.indexrelid "
		"WHERE %si.indisvalid ",
		columns, valid ? "" : "NOT ");
}

/* The index that CREATE INDEX CONCURRENTLY names, on its table. */
static void add_this_index(struct mig__buf *sql, const struct subject *s)
{
	mig__buf_adds(sql, "AND i.indrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(");
	add_constant(sql, &s->table);
	mig__buf_adds(sql, ")::pg_catalog.oid AND c.relname OPERATOR(pg_catalog.=) "
			   "(pg_catalog.parse_ident(");
	add_constant(sql, &s->name);
	mig__buf_adds(sql, "))[1]::pg_catalog.name");
}

/* What REINDEX CONCURRENTLY leaves: indexes like the old ones, whose names end with _ccnew (not
 * finished) or _ccold (not dropped). */
static void add_rebuilt(struct mig__buf *sql, const struct subject *s)
{
	mig__buf_adds(sql, "AND c.relname OPERATOR(pg_catalog.~) '_cc(new|old)[0-9]*$' AND "
			   "i.indrelid OPERATOR(pg_catalog.=) ");
	if (s->table.len) {
		mig__buf_adds(sql, "pg_catalog.to_regclass(");
		add_constant(sql, &s->table);
		mig__buf_adds(sql, ")::pg_catalog.oid");
		return;
	}
	mig__buf_adds(sql, "(SELECT indrelid FROM pg_catalog.pg_index WHERE indexrelid "
			   "OPERATOR(pg_catalog.=) pg_catalog.to_regclass(");
	add_constant(sql, &s->name);
	mig__buf_adds(sql, ")::pg_catalog.oid)");
}

static mig_status clear_invalid(mig_conn *conn, const struct subject *s,
				void (*which)(struct mig__buf *sql, const struct subject *s))
{
	struct mig__pg_reply reply = { .count = 0 };
	struct mig__buf sql;
	mig_status rc;

	mig__buf_init(&sql, &conn->alloc);
	add_indexes(&sql, "", 0);
	which(&sql, s);
	rc = ask(conn, &sql, &reply);
	if (!rc)
		rc = drop_left_over(conn, reply.at[0]);
	mig__pg_reply_clear(&reply);
	return rc;
}

mig_status mig__pg_clear_way(mig_conn *conn, const char *text, size_t size)
{
	struct subject s;
	mig_status rc = MIG_OK;

	if (PQtransactionStatus(conn->db) != PQTRANS_IDLE)
		return MIG_OK; /* the statement will be refused */
	read_subject(conn, text, size, &s);
	if (s.what == CREATE_INDEX && s.name.len)
		rc = clear_invalid(conn, &s, add_this_index);
	subject_finish(&s);
	return rc;
}

/* 1 in *found if the query has a row. */
static mig_status exists(mig_conn *conn, struct mig__buf *sql, int32_t *found)
{
	struct mig__pg_reply reply = { .count = 0 };
	mig_status rc = ask(conn, sql, &reply);

	if (!rc)
		*found = PQntuples(reply.at[0]) > 0;
	mig__pg_reply_clear(&reply);
	return rc;
}

/* -- before a statement is in flight: the oid of what it is about, "0" if that is not there */

/* What has the name that CREATE INDEX gives: an index that is not valid will be dropped, or is being
 * built at this moment by somebody else. */
static void add_seen_index(struct mig__buf *sql, const struct subject *s)
{
	mig__buf_adds(sql,
		      "SELECT c.oid FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_index i ON "
		      "i.indexrelid OPERATOR(pg_catalog.=) c.oid WHERE i.indisvalid IS NOT FALSE AND ");
	if (s->name.len) {
		mig__buf_adds(sql, "c.relname OPERATOR(pg_catalog.=) (pg_catalog.parse_ident(");
		add_constant(sql, &s->name);
		mig__buf_adds(sql, "))[1]::pg_catalog.name AND c.relnamespace "
				   "OPERATOR(pg_catalog.=) (SELECT t.relnamespace FROM "
				   "pg_catalog.pg_class t WHERE t.oid OPERATOR(pg_catalog.=) "
				   "pg_catalog.to_regclass(");
	} else { /* the server chooses a name: all that the table has */
		mig__buf_adds(sql, "i.indrelid OPERATOR(pg_catalog.=) (SELECT t.oid FROM "
				   "pg_catalog.pg_class t WHERE t.oid OPERATOR(pg_catalog.=) "
				   "pg_catalog.to_regclass(");
	}
	add_constant(sql, &s->table);
	mig__buf_adds(sql, ")::pg_catalog.oid)");
}

static void add_seen_relation(struct mig__buf *sql, const struct subject *s)
{
	mig__buf_adds(sql, "SELECT c.oid FROM pg_catalog.pg_class c WHERE c.oid "
			   "OPERATOR(pg_catalog.=) pg_catalog.to_regclass(");
	add_constant(sql, &s->name);
	mig__buf_adds(sql, ")::pg_catalog.oid");
}

static void add_seen_partition(struct mig__buf *sql, const struct subject *s)
{
	add_seen_relation(sql, s);
	mig__buf_adds(sql, " AND EXISTS (SELECT FROM pg_catalog.pg_inherits h WHERE h.inhrelid "
			   "OPERATOR(pg_catalog.=) c.oid AND h.inhparent OPERATOR(pg_catalog.=) "
			   "pg_catalog.to_regclass(");
	add_constant(sql, &s->table);
	mig__buf_adds(sql, ")::pg_catalog.oid)");
}

static void add_seen_database(struct mig__buf *sql, const struct subject *s)
{
	mig__buf_adds(sql, "SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname "
			   "OPERATOR(pg_catalog.=) (pg_catalog.parse_ident(");
	add_constant(sql, &s->name);
	mig__buf_adds(sql, "))[1]::pg_catalog.name");
}

static void (*const seen_by[])(struct mig__buf *sql, const struct subject *s) = {
	[CREATE_INDEX] = add_seen_index,         [DROP_INDEX] = add_seen_relation,
	[REINDEX] = NULL,                        [DETACH] = add_seen_partition,
	[CREATE_DATABASE] = add_seen_database,   [DROP_DATABASE] = add_seen_database,
};

/* The oids, with commas between them; "?" if they are too many. */
static void write_seen(const PGresult *oids, char *seen)
{
	size_t n = 0;

	strcpy(seen, "0");
	for (int i = 0; i < PQntuples(oids); i++) {
		const char *oid = PQgetvalue(oids, i, 0);

		if (n + strlen(oid) + 2 > MIG_OBSERVED_SIZE) {
			strcpy(seen, "?");
			return;
		}
		n += (size_t)sprintf(seen + n, "%s%s", n ? "," : "", oid);
	}
}

mig_status mig__pg_observe(mig_conn *conn, const char *text, size_t size, char *seen)
{
	struct mig__pg_reply reply = { .count = 0 };
	struct mig__buf sql;
	struct subject s;
	mig_status rc = MIG_OK;

	seen[0] = '\0';
	read_subject(conn, text, size, &s);
	if (!seen_by[s.what])
		goto out;
	/* a name that cannot be read must not end the transaction */
	mig__buf_init(&sql, &conn->alloc);
	mig__buf_adds(&sql, "SAVEPOINT mig_seen;");
	seen_by[s.what](&sql, &s);
	mig__buf_adds(&sql, ";RELEASE mig_seen");
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_try(conn, sql.data, &reply);
	mig__buf_finish(&sql);
	if (!rc && reply.error) {
		strcpy(seen, "?");
		mig__pg_quiet(conn, "ROLLBACK TO mig_seen");
	} else if (!rc && reply.count > 1) {
		write_seen(reply.at[1], seen);
	}
	mig__pg_reply_clear(&reply);
out:
	subject_finish(&s);
	return rc;
}

/* -- after a process died with it */

/* Whether one of the oids that were seen is this one. */
static int was_seen(const char *seen, const char *oid)
{
	size_t size = strlen(oid), n;

	for (;; seen += n + 1) {
		n = strcspn(seen, ",");
		if (n == size && !memcmp(seen, oid, n))
			return 1;
		if (!seen[n])
			return 0;
	}
}

/* The statement is run on an empty copy of the table, and both definitions are compared. What cannot
 * be compared is not equal: the statement is run again, and fails aloud. */
static mig_status same_definition(mig_conn *conn, const struct subject *s, const char *oid, int *same)
{
	static const char definition[] =
		"(SELECT pg_catalog.substr(d, pg_catalog.strpos(d, ' USING ')) FROM "
		"pg_catalog.pg_get_indexdef(i.indexrelid) AS d)";
	struct mig__pg_reply reply = { .count = 0 };
	struct mig__buf sql;
	mig_status rc;

	*same = 0;
	if (!s->rest)
		return MIG_OK;
	mig__buf_init(&sql, &conn->alloc);
	mig__buf_addf(&sql, "BEGIN;CREATE TEMP TABLE mig_like (LIKE %s);CREATE %sINDEX ON pg_temp.mig_like ",
		      mig__buf_text(&s->table), s->unique ? "UNIQUE " : "");
	mig__buf_add(&sql, s->rest, s->rest_size);
	mig__buf_addf(&sql,
		      ";SELECT %s, i.indisunique FROM pg_catalog.pg_index i WHERE i.indrelid "
		      "OPERATOR(pg_catalog.=) 'pg_temp.mig_like'::pg_catalog.regclass::pg_catalog.oid;",
		      definition);
	mig__buf_addf(&sql,
		      "SELECT %s, i.indisunique FROM pg_catalog.pg_index i WHERE i.indexrelid "
		      "OPERATOR(pg_catalog.=) '%s'::pg_catalog.oid;ROLLBACK",
		      definition, oid);
	rc = sql.failed ? mig__pg_nomem(conn) : mig__pg_try(conn, sql.data, &reply);
	mig__buf_finish(&sql);
	if (!rc && reply.error)
		mig__pg_quiet(conn, "ROLLBACK");
	else if (!rc && reply.count > 4 && PQntuples(reply.at[3]) == 1 && PQntuples(reply.at[4]) == 1)
		*same = !strcmp(PQgetvalue(reply.at[3], 0, 0), PQgetvalue(reply.at[4], 0, 0)) &&
			!strcmp(PQgetvalue(reply.at[3], 0, 1), PQgetvalue(reply.at[4], 0, 1));
	mig__pg_reply_clear(&reply);
	return rc;
}

/* An invalid one is dropped when the statement is run. */
static mig_status recover_create_index(mig_conn *conn, const struct subject *s, const char *seen,
				       int32_t *done)
{
	struct mig__pg_reply reply = { .count = 0 };
	struct mig__buf sql;
	int same = 0;
	mig_status rc;

	if (!s->name.len && !strcmp(seen, "?")) /* any of the table's */
		return MIG_OK;
	mig__buf_init(&sql, &conn->alloc);
	add_indexes(&sql, ", i.indexrelid", 1);
	if (s->name.len) {
		add_this_index(&sql, s);
	} else {
		mig__buf_adds(&sql, "AND i.indrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(");
		add_constant(&sql, &s->table);
		mig__buf_adds(&sql, ")::pg_catalog.oid");
	}
	rc = ask(conn, &sql, &reply);
	for (int i = 0; !rc && !same && i < PQntuples(reply.at[0]); i++) {
		const char *oid = PQgetvalue(reply.at[0], i, 2);

		if (!was_seen(seen, oid))
			rc = same_definition(conn, s, oid, &same);
	}
	mig__pg_reply_clear(&reply);
	*done = same;
	return rc;
}

static mig_status is_there(mig_conn *conn, const char *catalog, const char *oid, int32_t *there)
{
	struct mig__buf sql;

	mig__buf_init(&sql, &conn->alloc);
	mig__buf_addf(&sql,
		      "SELECT 1 FROM pg_catalog.%s WHERE oid OPERATOR(pg_catalog.=) "
		      "'%s'::pg_catalog.oid",
		      catalog, oid);
	return exists(conn, &sql, there);
}

/* What was there, and is not any more. What was not there cannot have been dropped. */
static mig_status recover_drop(mig_conn *conn, const char *catalog, const char *seen, int32_t *done)
{
	int32_t there = 1;
	mig_status rc;

	if (!strcmp(seen, "0") || !strcmp(seen, "?"))
		return MIG_OK;
	rc = is_there(conn, catalog, seen, &there);
	*done = !rc && !there;
	return rc;
}

static mig_status recover_drop_index(mig_conn *conn, const struct subject *s, const char *seen,
				     int32_t *done)
{
	(void)s;
	return recover_drop(conn, "pg_class", seen, done);
}

static mig_status recover_drop_database(mig_conn *conn, const struct subject *s, const char *seen,
					int32_t *done)
{
	(void)s;
	return recover_drop(conn, "pg_database", seen, done);
}

static mig_status recover_create_database(mig_conn *conn, const struct subject *s, const char *seen,
					  int32_t *done)
{
	struct mig__buf sql;

	if (strcmp(seen, "0") != 0)
		return MIG_OK;
	mig__buf_init(&sql, &conn->alloc);
	add_seen_database(&sql, s);
	return exists(conn, &sql, done);
}

static mig_status recover_reindex(mig_conn *conn, const struct subject *s, const char *seen,
				  int32_t *done)
{
	(void)seen;
	*done = 0;
	return clear_invalid(conn, s, add_rebuilt);
}

/* Interrupted between its two transactions, a detach is pending, and must be finalized. */
static mig_status recover_detach(mig_conn *conn, const struct subject *s, const char *seen,
				 int32_t *done)
{
	int was_part = strcmp(seen, "0") != 0 && strcmp(seen, "?") != 0;
	struct mig__pg_reply reply = { .count = 0 };
	struct mig__buf sql;
	mig_status rc;
	int pending;

	mig__buf_init(&sql, &conn->alloc);
	mig__buf_adds(&sql, "SELECT inhdetachpending FROM pg_catalog.pg_inherits WHERE inhparent "
			    "OPERATOR(pg_catalog.=) pg_catalog.to_regclass(");
	add_constant(&sql, &s->table);
	mig__buf_adds(&sql, ")::pg_catalog.oid AND inhrelid OPERATOR(pg_catalog.=) "
			    "pg_catalog.to_regclass(");
	add_constant(&sql, &s->name);
	mig__buf_adds(&sql, ")::pg_catalog.oid");
	rc = ask(conn, &sql, &reply);
	if (rc)
		return rc;
	pending = PQntuples(reply.at[0]) > 0 && PQgetvalue(reply.at[0], 0, 0)[0] == 't';
	*done = (PQntuples(reply.at[0]) == 0 && was_part) || pending;
	mig__pg_reply_clear(&reply);
	if (!pending)
		return MIG_OK;
	mig__buf_init(&sql, &conn->alloc);
	mig__buf_addf(&sql, "ALTER TABLE %s DETACH PARTITION %s FINALIZE", mig__buf_text(&s->table),
		      mig__buf_text(&s->name));
	rc = ask(conn, &sql, &reply);
	mig__pg_reply_clear(&reply);
	return rc;
}

static mig_status (*const recovers[])(mig_conn *conn, const struct subject *s, const char *seen,
				      int32_t *done) = {
	[CREATE_INDEX] = recover_create_index,       [DROP_INDEX] = recover_drop_index,
	[REINDEX] = recover_reindex,                 [DETACH] = recover_detach,
	[CREATE_DATABASE] = recover_create_database, [DROP_DATABASE] = recover_drop_database,
};

mig_status mig__pg_recover(mig_conn *conn, const char *text, size_t size, const char *seen,
			   int32_t *done)
{
	struct subject s;
	mig_status rc = MIG_OK;

	*done = 0;
	read_subject(conn, text, size, &s);
	/* it goes into SQL: digits and commas, or nothing at all */
	if (strspn(seen, "0123456789,") != strlen(seen))
		seen = "?";
	if (recovers[s.what])
		rc = recovers[s.what](conn, &s, *seen ? seen : "?", done);
	subject_finish(&s);
	return rc;
}

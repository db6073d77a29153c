/* probe: statements that cannot be in a transaction, and what they leave behind when they fail or
 * their process dies. An index that was being built concurrently stays, marked invalid: it is
 * never used, and costs on every write. */
#include "dialect/postgresql/conn.h"

#include <string.h>

enum what { OTHER, CREATE_INDEX, DROP_INDEX, REINDEX, DETACH, CREATE_DATABASE, DROP_DATABASE };

/* What a statement is about; names as they are written, e.g. public."Users". */
struct subject {
	enum what what;
	struct mig__buf name;  /* index, child, database */
	struct mig__buf table; /* the index's table, the parent */
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
	accept(w, "UNIQUE");
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
	s->what = OTHER;
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

static mig_status probe_create_index(mig_conn *conn, const struct subject *s, int32_t *done)
{
	struct mig__buf sql;

	if (!s->name.len) /* the server chose the name */
		return MIG_OK;
	mig__buf_init(&sql, &conn->alloc);
	add_indexes(&sql, "", 1);
	add_this_index(&sql, s);
	return exists(conn, &sql, done); /* an invalid one is dropped when the statement is run */
}

static mig_status probe_drop_index(mig_conn *conn, const struct subject *s, int32_t *done)
{
	struct mig__buf sql;
	int32_t there = 1;
	mig_status rc;

	mig__buf_init(&sql, &conn->alloc);
	mig__buf_adds(&sql, "SELECT 1 WHERE pg_catalog.to_regclass(");
	add_constant(&sql, &s->name);
	mig__buf_adds(&sql, ") IS NOT NULL");
	rc = exists(conn, &sql, &there);
	if (!rc)
		*done = !there;
	return rc;
}

static mig_status probe_reindex(mig_conn *conn, const struct subject *s, int32_t *done)
{
	*done = 0;
	return clear_invalid(conn, s, add_rebuilt);
}

/* Interrupted between its two transactions, a detach is pending, and must be finalized. */
static mig_status probe_detach(mig_conn *conn, const struct subject *s, int32_t *done)
{
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
	*done = PQntuples(reply.at[0]) == 0 || pending;
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

static mig_status probe_database(mig_conn *conn, const struct subject *s, int32_t *done)
{
	struct mig__buf sql;
	int32_t there = 0;
	mig_status rc;

	mig__buf_init(&sql, &conn->alloc);
	mig__buf_adds(&sql, "SELECT 1 FROM pg_catalog.pg_database WHERE datname "
			    "OPERATOR(pg_catalog.=) (pg_catalog.parse_ident(");
	add_constant(&sql, &s->name);
	mig__buf_adds(&sql, "))[1]::pg_catalog.name");
	rc = exists(conn, &sql, &there);
	if (!rc)
		*done = s->what == CREATE_DATABASE ? there : !there;
	return rc;
}

static mig_status (*const probes[])(mig_conn *conn, const struct subject *s, int32_t *done) = {
	[CREATE_INDEX] = probe_create_index, [DROP_INDEX] = probe_drop_index,
	[REINDEX] = probe_reindex,           [DETACH] = probe_detach,
	[CREATE_DATABASE] = probe_database,  [DROP_DATABASE] = probe_database,
};

mig_status mig__pg_probe(mig_conn *conn, const char *text, size_t size, int32_t *done)
{
	struct subject s;
	mig_status rc = MIG_OK;

	*done = 0;
	read_subject(conn, text, size, &s);
	if (probes[s.what])
		rc = probes[s.what](conn, &s, done);
	subject_finish(&s);
	return rc;
}

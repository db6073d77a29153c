/* script: splitting and running SQL. */
#include "suite.h"

static void splits(const mig_conformance *row)
{
	const char *expect[] = { row->split_first, row->split_second };
	mig_statement st = { .struct_size = sizeof st };
	struct session b;
	int i;

	suite_open(&b, row, row->fresh(), 1000);
	RULE("next_statement: finds the first statement at or after text[offset], up to its "
	     "semicolon, without blanks and comments before it");
	for (i = 0; i < 2; i++) {
		OK(b, b.d->conn->next_statement(b.conn, row->split, strlen(row->split), st.next, &st));
		EQUAL(st.size, strlen(expect[i]));
		CHECK(memcmp(row->split + st.offset, expect[i], st.size) == 0);
		EQUAL(st.kind & 0xffff & ~(uint32_t)MIG_STATEMENT_PARAMETERS, 0);
	}
	RULE("next_statement: size 0: there is none");
	OK(b, b.d->conn->next_statement(b.conn, row->split, strlen(row->split), st.next, &st));
	EQUAL(st.size, 0);
	OK(b, b.d->conn->next_statement(b.conn, "", 0, 0, &st));
	EQUAL(st.size, 0);
	OK(b, b.d->conn->next_statement(b.conn, row->unclosed, strlen(row->unclosed), 0, &st));
	RULE("next_statement: MIG_ESYNTAX for text whose extent is unclear, with the place of the "
	     "open quote");
	FAILS(b, b.d->conn->next_statement(b.conn, row->unclosed, strlen(row->unclosed), st.next, &st),
	      MIG_ESYNTAX);
	EQUAL(b.err.offset, row->unclosed_at);
	suite_close(&b);
}

static void tells_kinds(const mig_conformance *row)
{
	static const struct {
		const char *sql;
		uint32_t kind;
	} kinds[] = {
		{ "BEGIN;", MIG_STATEMENT_BEGIN },
		{ "commit", MIG_STATEMENT_COMMIT },
		{ "END;", MIG_STATEMENT_COMMIT },
		{ "ROLLBACK;", MIG_STATEMENT_ROLLBACK },
		{ "ROLLBACK TO a;", 0 },
		{ "SAVEPOINT a;", 0 },
		{ "CREATE TABLE t (x INTEGER);", 0 },
	};
	mig_statement st = { .struct_size = sizeof st };
	struct session b;
	size_t i;

	suite_open(&b, row, row->fresh(), 1000);
	RULE("next_statement: kind tells what begins and ends a transaction; going back to a "
	     "savepoint does not");
	for (i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		OK(b, b.d->conn->next_statement(b.conn, kinds[i].sql, strlen(kinds[i].sql), 0, &st));
		EQUAL(st.kind & (MIG_STATEMENT_BEGIN | MIG_STATEMENT_COMMIT |
				 MIG_STATEMENT_ROLLBACK | MIG_STATEMENT_LONE |
				 MIG_STATEMENT_SESSION),
		      kinds[i].kind);
		EQUAL(st.size, strlen(kinds[i].sql));
	}
	if (row->lone) {
		RULE("next_statement: MIG_STATEMENT_LONE for what cannot run inside a transaction");
		OK(b, b.d->conn->next_statement(b.conn, row->lone, strlen(row->lone), 0, &st));
		CHECK(st.kind & MIG_STATEMENT_LONE);
	}
	suite_close(&b);
}

struct seen {
	const char *text;
	char list[400];
	mig_status stop_with;
	int stop_at, count;
};

static mig_status on_statement(void *user, const mig_statement *st)
{
	struct seen *seen = user;

	strncat(seen->list, seen->text + st->offset, st->size);
	strcat(seen->list, "|");
	return ++seen->count == seen->stop_at ? seen->stop_with : MIG_OK;
}

static void runs_scripts(const mig_conformance *row)
{
	static const char text[] = "-- t\nCREATE TABLE t (x INTEGER); ;\n\n"
				   "INSERT INTO t VALUES (1) ; SELECT x FROM t;\n"
				   "INSERT INTO t VALUES (2) -- the end;\n";
	static const char two[] = "INSERT INTO t VALUES (7); INSERT INTO t VALUES (8);";
	struct seen seen = { .text = text };
	struct session b;

	suite_open(&b, row, row->fresh(), 1000);
	RULE("run_script: runs every statement, and calls the hook for each before that is run");
	OK(b, b.d->conn->run_script(b.conn, text, strlen(text), on_statement, &seen));
	SAME(seen.list, "CREATE TABLE t (x INTEGER);|INSERT INTO t VALUES (1) ;|"
			"SELECT x FROM t;|INSERT INTO t VALUES (2)|");
	EQUAL(suite_number(&b, "SELECT sum(x) FROM t"), 3);
	RULE("run_script: a text without a statement is fine");
	OK(b, suite_script(&b, ""));
	OK(b, suite_script(&b, " ;;\n-- nothing\n/* at all */"));

	RULE("run_script: the statement that the hook stops at is not run, and the hook's status "
	     "is returned as it is");
	seen = (struct seen){ .text = two, .stop_at = 2, .stop_with = MIG_EREVISION };
	EQUAL(b.d->conn->run_script(b.conn, two, strlen(two), on_statement, &seen), MIG_EREVISION);
	EQUAL(suite_number(&b, "SELECT count(*) FROM t WHERE x = 8"), 0);
	suite_close(&b);
}

/* That the error is at a word of the text, or at least at the statement that begins with another.
 */
static void check_place(const mig_conformance *row, const struct session *s, const char *text,
			const char *word, const char *statement)
{
	size_t exact = (size_t)(strstr(text, word) - text);
	size_t start = (size_t)(strstr(text, statement) - text);

	if (row->exact_places || (s->err.offset != start && s->err.offset != MIG_NO_OFFSET))
		EQUAL(s->err.offset, exact);
}

static void names_the_failing_place(const mig_conformance *row)
{
	static const char text[] =
		"CREATE TABLE t (x INTEGER);\n\n  SELECT x,\n nothing FROM t ;\n";
	static const char late[] =
		"CREATE TABLE u (x INTEGER NOT NULL);\nINSERT INTO u VALUES (NULL)";
	static const char typo[] = "SELECT 1; SELEKT 2";
	struct session b;

	suite_open(&b, row, row->fresh(), 1000);
	RULE("error: the failing statement, and the offset of the place in the script");
	FAILS(b, suite_script(&b, text), MIG_ESQL);
	SAME(b.err.statement, "SELECT x,\n nothing FROM t ;");
	check_place(row, &b, text, "nothing", "SELECT");
	RULE("error: message and native_code are the engine's own");
	CHECK(strstr(b.err.message, "nothing"));
	CHECK(b.err.native_code != 0);
	RULE("error: a constraint that fails is MIG_ECONSTRAINT, at its statement");
	FAILS(b, suite_script(&b, late), MIG_ECONSTRAINT);
	SAME(b.err.statement, "INSERT INTO u VALUES (NULL)");
	check_place(row, &b, late, "INSERT", "INSERT");
	RULE("error: the failing statement, also the last one without its semicolon");
	FAILS(b, suite_script(&b, typo), MIG_ESQL);
	SAME(b.err.statement, "SELEKT 2");
	check_place(row, &b, typo, "SELEKT", "SELEKT");
	CHECK(suite_script(&b, "SELECT 'never closed\nat all") != MIG_OK);
	RULE("run_script: MIG_ESYNTAX for a NUL byte, which would hide what is behind it");
	FAILS(b, b.d->conn->run_script(b.conn, "SELECT 1;\0SELECT 2;", 19, NULL, NULL), MIG_ESYNTAX);
	EQUAL(b.err.offset, 9);
	suite_close(&b);
}

static void refuses_transaction_control(const mig_conformance *row)
{
	const mig_dialect *d;
	const char *const *sql;
	struct session b;
	int32_t inside;

	suite_open(&b, row, row->fresh(), 1000);
	d = b.d;
	OK(b, d->conn->run_begin(b.conn));
	for (sql = row->refused; *sql; sql++) {
		OK(b, suite_begin(&b, 1));
		RULE("run_script: a statement that begins or ends a transaction is refused with "
		     "MIG_ETRANSACTION, and named");
		FAILS(b, suite_script(&b, *sql), MIG_ETRANSACTION);
		CHECK(b.err.statement[0]);
		RULE("run_script: what it refuses has not been run");
		OK(b, d->conn->in_transaction(b.conn, &inside));
		EQUAL(inside, 1);
		OK(b, d->conn->rollback(b.conn));
		RULE("run_script: such a statement is refused outside a transaction, too");
		FAILS(b, suite_script(&b, *sql), MIG_ETRANSACTION);
	}
	RULE("run_script: what only looks like transaction control is run");
	OK(b, suite_begin(&b, 1));
	for (sql = row->allowed; *sql; sql++)
		OK(b, suite_script(&b, *sql));
	OK(b, d->conn->in_transaction(b.conn, &inside));
	EQUAL(inside, 1);
	OK(b, d->conn->run_end(b.conn));
	suite_close(&b);
}

static void runs_any_single_statement(const mig_conformance *row)
{
	const mig_dialect *d;
	struct session b;
	int32_t inside;

	suite_open(&b, row, row->fresh(), 1000);
	d = b.d;
	RULE("run_statement: runs the one statement, whatever its kind; the text need not end with "
	     "a NUL");
	/* not inside: an engine's DDL may commit by itself */
	OK(b, d->conn->run_statement(b.conn, "CREATE TABLE t (x INTEGER)", 26));
	OK(b, d->conn->run_statement(b.conn, "BEGIN;XXX", 6));
	OK(b, d->conn->in_transaction(b.conn, &inside));
	EQUAL(inside, 1);
	OK(b, d->conn->run_statement(b.conn, "INSERT INTO t VALUES (1)", 24));
	OK(b, d->conn->run_statement(b.conn, "COMMIT", 6));
	OK(b, d->conn->in_transaction(b.conn, &inside));
	EQUAL(inside, 0);
	RULE("run_statement: an error names the statement");
	FAILS(b, d->conn->run_statement(b.conn, "INSERT INTO u VALUES (1)", 24), MIG_ESQL);
	SAME(b.err.statement, "INSERT INTO u VALUES (1)");
	RULE("run_statement: MIG_EINVAL for more than one");
	FAILS(b, d->conn->run_statement(b.conn, "SELECT 1; SELECT 2", 18), MIG_EINVAL);
	suite_close(&b);
}

const struct suite_case suite_script_cases[] = {
	CASE(splits),
	CASE(tells_kinds),
	CASE(runs_scripts),
	CASE(names_the_failing_place),
	CASE(refuses_transaction_control),
	CASE(runs_any_single_statement),
	{ NULL, NULL },
};

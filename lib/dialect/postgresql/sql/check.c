/* check: a query that must return no rows. It runs in a subtransaction that cannot write, which is
 * undone afterwards, with everything that functions of it have set. */
#include "dialect/postgresql/sql/check.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/conn/wire.h"
#include "dialect/postgresql/sql/split.h"

#include <stdio.h>
#include <string.h>

static int begins_query(const char *text, size_t size)
{
	static const char *const words[] = { "SELECT", "WITH", "VALUES", "TABLE" };
	struct mig__pg_word word;
	size_t at = 0;

	if (size && *text == '(')
		return 1;
	if (!mig__pg_word_next(text, size, &at, 1, &word))
		return 0;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (mig__pg_word_is(&word, words[i]))
			return 1;
	return 0;
}

static int begins_show(const char *text, size_t size)
{
	struct mig__pg_word word;
	size_t at = 0;

	return mig__pg_word_next(text, size, &at, 1, &word) && mig__pg_word_is(&word, "SHOW");
}

static mig_status refuse(mig_conn *conn, const char *message, const char *text, size_t size)
{
	const struct mig__pg_place place = { text, size, 0 };

	if (!message)
		return mig__pg_report(conn, MIG_EINVAL, &place, NULL,
				      "the statement must be a query that only reads");
	return mig__pg_report(conn, MIG_EINVAL, &place,
			      "a check begins with SELECT, WITH, VALUES or TABLE",
			      "the statement of a check must be a query");
}

mig_status mig__pg_check_begin(mig_conn *conn, const char *message, const char *text, size_t size)
{
	if (!begins_query(text, size) && (message || !begins_show(text, size)))
		return refuse(conn, message, text, size);
	return mig__pg_exec(conn, "SAVEPOINT mig_check;\nSET TRANSACTION READ ONLY", NULL);
}

mig_status mig__pg_check_end(mig_conn *conn)
{
	return mig__pg_exec(conn, "ROLLBACK TO SAVEPOINT mig_check;\nRELEASE SAVEPOINT mig_check",
			    NULL);
}

/* A string constant, whatever standard_conforming_strings is. */
static void add_string(struct mig__buf *buf, const char *text)
{
	mig__buf_adds(buf, strchr(text, '\\') ? "E'" : "'");
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			mig__buf_add(buf, text, 1);
		mig__buf_add(buf, text, 1);
	}
	mig__buf_adds(buf, "'");
}

mig_status mig__pg_check_sql(mig_conn *conn, const char *message, const char *text, size_t size,
			     const mig_sql_sink *sink)
{
	char quote[32] = "$mig_check$";
	struct mig__buf sql;
	mig_status rc;

	if (!begins_query(text, size))
		return refuse(conn, message, text, size);
	while (size && text[size - 1] == ';')
		size--;
	for (unsigned i = 1; memmem(text, size, quote, strlen(quote)) || strstr(message, quote); i++)
		snprintf(quote, sizeof quote, "$mig_check%u$", i);
	mig__buf_init(&sql, &conn->alloc);
	mig__buf_addf(&sql,
		      "DO %s\n#variable_conflict use_column\nDECLARE\n\tmig_rows pg_catalog.int8;\n"
		      "BEGIN\n\tPERFORM 1 FROM (\n",
		      quote);
	mig__buf_add(&sql, text, size);
	mig__buf_adds(&sql, "\n\t) AS mig_check;\n\tGET DIAGNOSTICS mig_rows = ROW_COUNT;\n"
			    "\tIF FOUND THEN\n\t\tRAISE EXCEPTION '%: % rows', ");
	add_string(&sql, message);
	mig__buf_addf(&sql, ", mig_rows;\n\tEND IF;\nEND\n%s", quote);
	rc = sql.failed ? mig__pg_nomem(conn)
			: sink->statement(sink->user, sql.data, sql.len, NULL, 0, NULL);
	mig__buf_finish(&sql);
	return rc;
}

/* guard: statements of libmig's own that fail unless something is as it must be. They wait with the
 * rows for the message of the COMMIT, and so cost no message; an error there undoes everything.
 *
 * SQL has no expression that raises an error with words of its own, and DO needs a language that
 * may have been dropped. So a text that is not a number is cast to one: the server's message, in
 * whatever language, quotes that text. E.g. (the text begins with MIG__PG_GUARD)
 *
 *     invalid input syntax for type integer: "libmig guard 0: 2 rows"
 *
 * concat() is not constant, so that nothing is cast before it is clear that it must be. The checks
 * of trust.c raise their errors in the same way, with message and hint in the text. Here is what
 * reads both back; the statements are where they are sent. */
#include "dialect/postgresql/store/guard.h"
#include "dialect/postgresql/conn/report.h"

#include <string.h>

static const struct mig__pg_guard_meaning meanings[] = {
	[MIG__PG_GUARD_ROWS] = {
		.status = MIG_EREVISION,
		.message = "the rows of libmig's own tables are not those that were read and written",
		.hint = "a revision, a trigger or another program has changed them: leave that out; "
			"nothing of this transaction is kept",
	},
	[MIG__PG_GUARD_RUNNING] = {
		.status = MIG_ELOCKED,
		.message = "the unfinished section is not where this process left it: another one has "
			   "gone on with it, or a stamp has given it up",
		.hint = "this process has stopped here: run again",
	},
	[MIG__PG_GUARD_LOCK] = {
		.status = MIG_ELOCKED,
		.message = "another session has taken the migration lock",
		.hint = "run again",
	},
	/* others have made them, or something has changed them at once: the next try looks closely */
	[MIG__PG_GUARD_NEW] = {
		.status = MIG_ELOCKED,
		.message = "libmig's tables are not as they were created",
		.hint = "an event trigger or another session has changed them",
		.retry = MIG_RETRY_LATER,
	},
	[MIG__PG_GUARD_TOKEN] = {
		.status = MIG_ETRANSACTION,
		.message = "the transaction that libmig began was ended, and another one was begun",
		.hint = "use savepoints on the connection, or mark the revision as one outside a "
			"transaction; of this transaction nothing is kept",
	},
};

const struct mig__pg_guard_meaning *mig__pg_guard_meaning(const char *message)
{
	const char *at = message ? strstr(message, MIG__PG_GUARD " ") : NULL;
	size_t which = at ? (size_t)(at[sizeof MIG__PG_GUARD] - '0') : SIZE_MAX;

	return which < sizeof meanings / sizeof *meanings ? &meanings[which] : NULL;
}

void mig__pg_add_guard(struct mig__buf *sql, enum mig__pg_guard which, const char *shown)
{
	mig__buf_addf(sql,
		      "CAST(pg_catalog.concat('" MIG__PG_GUARD " %d: ', %s) AS pg_catalog.int4)",
		      (int)which, shown);
}

/* Where the text's next part ends. */
static const char *end_of_part(const char *text)
{
	return text ? strchr(text, '\x1f') : NULL;
}

int mig__pg_distrust(mig_conn *conn, const PGresult *error, mig_status *rc)
{
	const char *message, *hint, *end;
	struct mig__buf words;

	if (!mig__pg_is(error, "22P02"))
		return 0;
	message = strstr(PQresultErrorField(error, PG_DIAG_MESSAGE_PRIMARY), "{libmig\x1f");
	message = message ? message + sizeof "{libmig\x1f" - 1 : NULL;
	hint = end_of_part(message);
	end = hint ? end_of_part(hint + 1) : NULL;
	if (!end)
		return 0;
	mig__buf_init(&words, &conn->alloc);
	mig__buf_add(&words, hint + 1, (size_t)(end - hint - 1));
	*rc = mig__pg_report(conn, MIG_EPERMISSION, NULL, mig__buf_text(&words), "%.*s",
			     (int)(hint - message), message);
	mig__buf_finish(&words);
	return 1;
}

/* marker: lines that begin a section in the files of other tools, e.g. "-- +goose Down". To the engine they
 * are comments, so a file that was copied as it stands would run both of its halves. */
#include "script/internal.h"

/* The words as each tool's documentation gives them: pressly/goose, amacneil/dbmate, rubenv/sql-migrate,
 * juanibiapina/micrate, MyBatis Migrations, Liquibase (formatted SQL). */
static const struct {
	const char *first, *second; /* second NULL: any */
	const char *tool;
} markers[] = {
	{ "+goose", NULL, "goose" },
	{ "migrate:up", NULL, "dbmate" },
	{ "migrate:down", NULL, "dbmate" },
	{ "+migrate", "Up", "sql-migrate" },
	{ "+migrate", "Down", "sql-migrate" },
	{ "+micrate", NULL, "micrate" },
	{ "//@UNDO", NULL, "MyBatis Migrations" },
	{ "liquibase", "formatted", "Liquibase" },
};

mig_status mig__marker_check(const struct mig__reader *r, struct mig__word comment)
{
	struct mig__word rest = comment, first = mig__next_word(&rest, 0), second = mig__next_word(&rest, 0);
	mig_status rc;

	for (size_t i = 0; i < sizeof markers / sizeof *markers; i++) {
		if (!mig__word_is(first, markers[i].first) ||
		    (markers[i].second && !mig__word_is(second, markers[i].second)))
			continue;
		rc = mig__reader_fail(r, MIG_ESYNTAX, first.at,
				      "this line is a marker of %s, and a comment to the engine: everything "
				      "after it would run too",
				      markers[i].tool);
		mig__error_set_hint(r->err, "put each half under its own line \"-- mig:upgrade\" or "
					    "\"-- mig:downgrade\", and remove the other tool's markers");
		return rc;
	}
	return MIG_OK;
}

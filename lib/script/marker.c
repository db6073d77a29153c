/* marker: lines that begin a section in the files of other tools, e.g. "-- +goose Down". To the engine they
 * are comments, so a file that was copied as it stands would run both of its halves. */
#include "script/internal.h"

/* The words as each tool's documentation gives them: pressly/goose, amacneil/dbmate, rubenv/sql-migrate,
 * juanibiapina/micrate, salsita/node-pg-migrate, jackc/tern, MyBatis Migrations, Liquibase (formatted SQL). */
static const struct {
	const char *first, *second; /* words of the line; second NULL: any or none; ":": one with a colon */
	const char *tool;
	int alone; /* nothing comes after them */
} markers[] = {
	{ "+goose", NULL, "goose", 0 },
	{ "migrate:up", NULL, "dbmate", 0 },
	{ "migrate:down", NULL, "dbmate", 0 },
	{ "+migrate", "Up", "sql-migrate", 0 },
	{ "+migrate", "Down", "sql-migrate", 0 },
	{ "+micrate", NULL, "micrate", 0 },
	{ "Up", "Migration", "node-pg-migrate", 1 },
	{ "Down", "Migration", "node-pg-migrate", 1 },
	{ "--", "create", "tern", 0 }, /* "---- create above / drop below ----" */
	{ "//@UNDO", NULL, "MyBatis Migrations", 0 },
	{ "@UNDO", NULL, "MyBatis Migrations", 1 },
	{ "liquibase", "formatted", "Liquibase", 0 },
	{ "changeset", ":", "Liquibase", 0 },
};

static int is_second(struct mig__word word, const char *second)
{
	if (!second)
		return 1;
	return second[0] == ':' ? word.size && memchr(word.at, ':', word.size) != NULL
				: mig__word_is(word, second);
}

mig_status mig__marker_check(const struct mig__reader *r, struct mig__word comment)
{
	struct mig__word rest = comment, first, second;
	mig_status rc;

	first = mig__next_word(&rest, 0);
	second = mig__next_word(&rest, 0);
	rest = mig__trim(rest);

	for (size_t i = 0; i < sizeof markers / sizeof *markers; i++) {
		if (!mig__word_is(first, markers[i].first) || !is_second(second, markers[i].second) ||
		    (markers[i].alone && (rest.size || (!markers[i].second && second.size))))
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

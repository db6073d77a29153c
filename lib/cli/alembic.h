/* alembic: an environment of Alembic in memory: its revisions, as the Python files or the printed
 * SQL name them, and their SQL, as Alembic printed it or as it was recorded. Only recording runs Python. */
#ifndef MIG__CLI_ALEMBIC_H
#define MIG__CLI_ALEMBIC_H

#include "cli/text.h"

#include <stdio.h>

struct mig__cli;

/* Starts as zeros. Ids and labels stand one blank apart. */
struct mig__alembic_revision {
	struct mig__cli_text id, revises, labels, depends_on, message, created;
	struct mig__cli_text file; /* that it was read from */
	struct mig__cli_text stem; /* of its own file's name */
	int nested;                /* its file lies in a folder within the folder */
	size_t from, count;        /* its sections, once they are joined */
};

/* What was printed for one revision in one direction. */
struct mig__alembic_section {
	struct mig__cli_text id, revises, sql;
	int direction;     /* MIG_UPGRADE or MIG_DOWNGRADE */
	int lone;          /* not in one transaction */
	int complete;      /* it ends with the change of Alembic's version table */
	const char *scope; /* where it applies, as the directive says it; borrowed */
	const char *file;  /* borrowed */
	size_t line;
};

struct mig__alembic {
	struct mig__cli *cli;
	const char *table; /* Alembic's version table, without its schema */
	struct mig__alembic_revision *revisions;
	size_t revision_count, revision_cap;
	struct mig__alembic_section *sections;
	size_t section_count, section_cap;
};

/* A place in a text that was read from a file. */
struct mig__alembic_place {
	const char *file, *text;
	size_t at;
};

/* All return an enum mig_cli_status, and tell what is wrong. */

/* The files DIR/versions/NAME.py, or DIR/NAME.py, and those in folders below. */
int mig__alembic_read_folder(struct mig__alembic *a, const char *dir);
int mig__alembic_read_python(struct mig__alembic *a, const char *file, const char *text,
			     size_t size);
int mig__alembic_read_sql(struct mig__alembic *a, const char *file, const char *text, size_t size,
			  const char *scope);
/* Runs the revisions of DIR on a scratch SQLite database with the Alembic of a Python, and appends what the
 * engine was given, as Alembic prints SQL. database: of several; or NULL. */
int mig__alembic_record(struct mig__alembic *a, const char *python, const char *dir, const char *database,
			struct mig__cli_text *out);
/* What is left of an open file; name: for messages. */
int mig__alembic_read(struct mig__alembic *a, FILE *f, const char *name, struct mig__cli_text *out);
/* A whole file, without a byte order mark, and with LF for what Windows writes. */
int mig__alembic_load(struct mig__alembic *a, const char *file, struct mig__cli_text *out);
/* Gives the revisions their sections; makes them of the sections if no folder was read. */
int mig__alembic_join(struct mig__alembic *a);
/* Whether a section of it is a whole downgrade. */
int mig__alembic_has_downgrade(const struct mig__alembic *a, const struct mig__alembic_revision *r);
/* The text of a revision file. */
void mig__alembic_render(const struct mig__alembic *a, const struct mig__alembic_revision *r,
			 struct mig__cli_text *out);
/* NULL without memory, which has been told. */
struct mig__alembic_revision *mig__alembic_add_revision(struct mig__alembic *a);
struct mig__alembic_section *mig__alembic_add_section(struct mig__alembic *a);
void mig__alembic_finish(struct mig__alembic *a);

int mig__alembic_fail(struct mig__alembic *a, struct mig__alembic_place place, const char *what);

#endif

/* objects: what a schema object of SQLite is made of. SQLite keeps the text of each CREATE
 * statement and nothing else, so all of it is read out of these texts (table.c), and compared as
 * normal text: without comments, blanks where they mean something, names and keywords in small
 * letters, names in quotes only where they need them. SQLite's names do not care for case either.
 * An attribute that has its usual value is left out.
 *
 * TABLE            strict, without_rowid ("yes"); virtual: all that stands behind USING; .sql: all
 *                  that stands behind the name; sql: the same in normal form, of a table whose text
 *                  could not be read: it has no columns then
 *   COLUMN         type, collation, not_null ("yes"), not_null_conflict, generated (expression),
 *                  generated_kind ("stored"; left out: virtual); .sql: its text as written; .type:
 *                  its type as written; .name: its name in normal form
 *     DEFAULT      name: the column's; expression; .sql: as written
 *   PRIMARY_KEY    columns (with COLLATE, DESC), order ("desc", if it stands in the definition of
 *                  its column), autoincrement ("yes"), conflict
 *   UNIQUE         columns, conflict
 *   FOREIGN_KEY    columns, referred, referred_columns, on_delete, on_update, match, deferrable;
 *                  the keywords in capitals
 *   CHECK          expression, in its parentheses; conflict
 *                  Each constraint: .sql: as written, from its keyword on; .inline: the column in
 *                  whose definition it stands. One without a name is named as its normal text
 *   INDEX          unique ("yes"), columns, where; .sql: all that stands behind the name
 *   TRIGGER        definition: all that stands behind the name; .sql: as written
 * VIEW             columns, query: all that stands behind AS; .sql: all that stands behind the name;
 *                  children TRIGGER
 *
 * A view or trigger needs the tables and views whose names stand in it; a constraint, index or
 * generated column the columns of its table that it mentions. Foreign keys need no other table:
 * SQLite asks for it only when rows are written. */
#ifndef MIG__SQLITE_OBJECTS_H
#define MIG__SQLITE_OBJECTS_H

#include "dialect/sqlite/conn/conn.h"
#include "dialect/sqlite/sql/tokens.h"
#include "schema/object.h"

/* table.c: reads one CREATE statement. */
struct mig__sqlite_create {
	int32_t kind; /* MIG_KIND_TABLE, INDEX, VIEW or TRIGGER */
	int temporary, virtual, if_not_exists;
	struct mig__sqlite_token name;
	struct mig__sqlite_token table; /* of an index or trigger */
	const char *rest;               /* what stands behind the name; to the end of the text */
	int unique;
};
/* 0 if it is none of the four, or cannot be read. text ends with a NUL and has no semicolon behind.
 */
int mig__sqlite_read_create(const char *text, struct mig__sqlite_create *out);
/* The columns of tables, by the number of the table and the name in small letters. */
struct mig__sqlite_columns {
	struct mig__arena *arena;
	struct mig__map map;
	struct mig__map names; /* those alone; empty until they are asked for */
};
mig_status mig__sqlite_note_column(mig_conn *conn, struct mig__sqlite_columns *columns,
				   uint32_t table, const char *name, uint32_t number);
/* Reports that an object needs the columns of its table that a text mentions. */
mig_status mig__sqlite_report_mentions(mig_conn *conn, struct mig__sqlite_columns *columns,
				       uint32_t table, uint32_t number, const char *text,
				       const mig_schema_sink *sink);
/* Reports a table with its columns and constraints; *done 0 if its text could not be read. */
mig_status mig__sqlite_report_table(mig_conn *conn, const struct mig__sqlite_create *create,
				    const char *name, const mig_schema_sink *sink,
				    struct mig__sqlite_columns *columns, uint32_t *number,
				    int *done);

/* verbatim.c */
mig_status mig__sqlite_holds_script(mig_conn *conn, const mig_script_text *const *scripts, size_t count,
				    int32_t *same);

/* second.c */
mig_status mig__sqlite_unlike(mig_conn *conn, const mig_object *is, const mig_object *want, void *user,
			      mig_unlike_fn fn);

/* shadow.c */
/* The names of all of them as keys; *listed 0: SQLite does not tell. */
mig_status mig__sqlite_read_shadows(mig_conn *conn, struct mig__arena *arena,
				    struct mig__map *shadows, int *listed);
/* Adds the names that those of one virtual table have; rest: what stands behind its name. */
mig_status mig__sqlite_guess_shadows(mig_conn *conn, const char *table, const char *rest,
				     struct mig__arena *arena, struct mig__map *shadows);

/* inspect.c, scratch.c, compare.c, native.c */
mig_status mig__sqlite_inspect(mig_conn *conn, const mig_schema_sink *sink);
mig_status mig__sqlite_read_script(mig_conn *conn, const mig_script_text *const *scripts,
				   size_t count, const mig_object *declared,
				   const mig_schema_sink *sink, int32_t *done);
mig_status mig__sqlite_scratch(mig_conn *conn, mig_conn **out);
/* The same in memory, by another URL for it. */
mig_status mig__sqlite_scratch_at(mig_conn *conn, const char *url, mig_conn **out);
uint32_t mig__sqlite_change(const mig_object *from, const mig_object *to);
int32_t mig__sqlite_holds(const mig_object *dependent, const mig_object *changed);
mig_status mig__sqlite_native_column(mig_conn *conn, const mig_object *column, uint32_t parent,
				     const mig_schema_sink *sink);

/* snapshot.c */
mig_status mig__sqlite_is_empty(mig_conn *conn, int32_t *empty);
mig_status mig__sqlite_snapshot_key(mig_conn *conn, char *key);
mig_status mig__sqlite_dump_rows(mig_conn *conn, const mig_sql_sink *sink);
mig_status mig__sqlite_dump_objects(mig_conn *conn, int32_t after_rows, const mig_sql_sink *sink);
mig_status mig__sqlite_scratch_apart(mig_conn *conn, int32_t side, mig_conn **out);

/* sound.c, compile.c: whether what a model refers to is there */
struct mig__sqlite_sound {
	mig_conn *conn;
	struct mig__arena arena;
	const mig_object *const *objects; /* at the top; those that are judged come first */
	size_t judged, count;
	struct mig__map tops;    /* names of tables and views in small letters: places in objects */
	struct mig__map columns; /* place of a table and name in small letters: place in column_at */
	struct mig__map keys;    /* place of a table and its columns, sorted, of what is unique */
	const mig_object **column_at;
	size_t column_count, column_cap;
	uint32_t *key_sizes; /* of each table: columns of its primary key, plus 1; 0: not read yet */
	const mig_object *broken;
};
mig_status mig__sqlite_check_schema(mig_conn *conn, const mig_object *const *objects, size_t judged,
				    size_t count, const mig_object **broken);
mig_status mig__sqlite_find_object(mig_conn *conn, const char *text, size_t size,
				   const mig_object *object, size_t *offset);
/* The name of a token, without quotes, in small letters; NULL: no memory. */
char *mig__sqlite_sound_name(struct mig__sqlite_sound *s, struct mig__sqlite_token t);
/* libmig's own tables and SQLite's, which are no objects. */
int mig__sqlite_is_internal(const mig_conn *conn, const char *name);
/* Has SQLite compile the views and triggers. */
mig_status mig__sqlite_compile(struct mig__sqlite_sound *s);

/* check.c */
mig_status mig__sqlite_check_begin(mig_conn *conn, const char *message, const char *text,
				   size_t size);
mig_status mig__sqlite_check_sql(mig_conn *conn, const char *message, const char *text, size_t size,
				 const mig_sql_sink *sink);

/* What the ddl files share. */
struct mig__sqlite_ddl {
	mig_conn *conn;
	const mig_changes *changes;
	const mig_sql_sink *sink;
	struct mig__arena *arena;
	struct mig__buf buf;  /* the statement that is being made */
	uint8_t *done;        /* of each operation */
	const uint32_t *next; /* next operation of the same table, plus 1; 0: none */
	struct mig__map tops; /* lower-case name: position in tables, of tables with operations */
	char prefix[32];      /* of tables that are there for a while; "": not looked for yet */
	uint32_t kind;        /* of the statement, for the sink */
};
/* Hands the buffer over as a statement and empties it. */
mig_status mig__sqlite_emit(struct mig__sqlite_ddl *d, const mig_op *op, const char *comment);
mig_status mig__sqlite_ddl(mig_conn *conn, const mig_changes *changes, const mig_sql_sink *sink);

/* parts.c: what is written of a table. */
struct mig__sqlite_part {
	const mig_object *object;   /* a column or a constraint */
	const mig_object *fallback; /* DEFAULT of a column, or NULL */
	const mig_object *old;      /* the old table's column that it gets its values from, or NULL */
};
struct mig__sqlite_table {
	const mig_object *object; /* has its options */
	const char *sql;          /* all that stands behind its name; NULL: made of its parts */
	struct mig__sqlite_part *at;
	size_t count;
};
int mig__sqlite_is_constraint(int32_t kind);
/* Whether rows without a value get the default, as they must have one from now on. */
int mig__sqlite_is_filled(const struct mig__sqlite_part *part);
/* The column that is another name for the rowid; NULL: none. */
const struct mig__sqlite_part *mig__sqlite_alias_of(const struct mig__sqlite_table *t);
/* What may fail on the rows of the table, a line each; "" if nothing does. */
mig_status mig__sqlite_remarks(struct mig__sqlite_ddl *d, const struct mig__sqlite_table *old,
			       const struct mig__sqlite_table *new, const char **out);
/* The same of a new index. */
void mig__sqlite_index_remark(const mig_object *index, struct mig__buf *out);
/* The table as it is. */
mig_status mig__sqlite_table_of(const struct mig__sqlite_ddl *d, const mig_object *table,
				struct mig__sqlite_table *out);
/* The table as the operations make it; first: the first of these, plus 1. */
mig_status mig__sqlite_table_after(const struct mig__sqlite_ddl *d, const mig_object *from,
				   const mig_object *to, uint32_t first,
				   struct mig__sqlite_table *out);

/* create.c */
/* "CREATE TABLE name (...)". */
void mig__sqlite_add_table(struct mig__buf *buf, const struct mig__sqlite_table *t,
			   const char *name);
/* A column's definition, without constraints that are objects. */
void mig__sqlite_add_column(struct mig__buf *buf, const mig_object *column,
			    const mig_object *fallback);
/* "CREATE INDEX ...", "CREATE TRIGGER ...", "CREATE VIEW ...". */
void mig__sqlite_add_create(struct mig__buf *buf, const mig_object *object);
/* Whether the object's text has the name in it as a word. */
int mig__sqlite_mentions(const char *text, const char *name);

/* affinity.c */
enum mig__affinity {
	MIG__AFFINITY_NONE,
	MIG__AFFINITY_TEXT,
	MIG__AFFINITY_NUMERIC,
	MIG__AFFINITY_INTEGER,
	MIG__AFFINITY_REAL
};
enum mig__affinity mig__sqlite_affinity(const mig_object *column, const mig_object *table);
/* Whether rows are cast on their way from one column to another. */
int mig__sqlite_casts(const mig_object *from, const mig_object *from_table, const mig_object *to,
		      const mig_object *to_table);
/* Whether a value may come out of the change, and back, as another one. That an INTEGER column may
 * hold a real number, which has fewer digits as text, is not thought of; the comparison finds it. */
int mig__sqlite_may_lose(const mig_object *from, const mig_object *to);

/* same.c: a query for the rows of the old table that are not the same in its copy. from, to: what
 * the number of a row is called in the old one and in the copy, or NULL. */
void mig__sqlite_add_comparison(struct mig__buf *buf, const struct mig__sqlite_table *old,
				const struct mig__sqlite_table *new, const char *name,
				const char *from, const char *to);

/* rebuild.c: one rebuild of the table for whatever differs; first: its first operation, plus 1; op:
 * for the sink. */
mig_status mig__sqlite_rebuild(struct mig__sqlite_ddl *d, const mig_object *from,
			       const mig_object *to, uint32_t first, const mig_op *op);

#endif

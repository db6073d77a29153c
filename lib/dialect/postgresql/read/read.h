/* read: a model in SQL, read without being run (the slot read_script()). What it makes are the objects
 * that inspect() would report if the script were run in an empty database, in the words that the
 * server itself would have for them.
 *
 * It knows the usual statements of a schema, and of these the usual clauses. The rule everywhere: what
 * is not known for certain is not guessed. There are three ways out:
 *
 *  - A text whose canonical form is not known (an expression with an operator of an unusual type) is
 *    kept as it was written, behind a blank: so it equals nothing that the server says, and the
 *    object is run in a scratch database.
 *  - A function, a view, a trigger and their like stay as they are written, and are run after what they
 *    mention.
 *  - Any other statement that is not understood makes the whole script unread: it is run.
 *
 * What would be an error when it is run need not be noticed if the live database could not be like that
 * either; what is an error by the order or the words of the script has to be.
 *
 *  - read.c: the slot; the session's settings; statements one by one
 *  - read_token.c: the words of a statement; names
 *  - read_object.c: the objects, and how they are reported
 *  - read_name.c: names that the server gives to what has none
 *  - read_type.c: types
 *  - read_expression.c, read_operator.c, read_default.c: expressions
 *  - read_table.c, read_constraint.c: CREATE TABLE
 *  - read_alter.c: ALTER TABLE
 *  - read_index.c: CREATE INDEX
 *  - read_sequence.c: sequences
 *  - read_other.c: types, schemas, comments, settings
 *  - read_kept.c: what is run as it is written */
#ifndef MIG__PG_READ_H
#define MIG__PG_READ_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "dialect/postgresql/conn/conn.h"
#include "schema/object.h"

enum { MIG__READ_NAME_MOST = 63 }; /* bytes of a name; NAMEDATALEN - 1 */

/* -- tokens */

enum mig__read_sort {
	MIG__READ_END,
	MIG__READ_WORD,   /* a word without quotes */
	MIG__READ_QUOTED, /* a "name" */
	MIG__READ_STRING, /* a 'string' */
	MIG__READ_NUMBER,
	MIG__READ_SYMBOL, /* one character */
	MIG__READ_OTHER   /* E'', U&"", $$: not read */
};

struct mig__read_token {
	const char *text;
	uint32_t size;
	enum mig__read_sort sort;
};

/* -- types */

enum mig__read_class {
	MIG__READ_NO_CLASS, /* nothing is known of its expressions */
	MIG__READ_SMALLINT,
	MIG__READ_INTEGER,
	MIG__READ_BIGINT,
	MIG__READ_NUMERIC,
	MIG__READ_REAL,
	MIG__READ_DOUBLE,
	MIG__READ_TEXT,
	MIG__READ_VARCHAR,
	MIG__READ_BPCHAR,
	MIG__READ_BOOLEAN,
	MIG__READ_DATE,
	MIG__READ_TIMESTAMP,
	MIG__READ_TIMESTAMPTZ,
	MIG__READ_UUID,
	MIG__READ_JSON,
	MIG__READ_JSONB,
	MIG__READ_ENUM
};

struct mig__read_type {
	const char *words; /* as format_type() has them */
	const char *cast;  /* what a constant of the type is cast to: words without a modifier */
	struct mig__read_object *own; /* an enum of the script */
	uint8_t class;                /* enum mig__read_class, of an array's elements */
	uint8_t array, modified;      /* modified: it has a length or precision */
};

/* -- objects */

struct mig__read_attribute {
	const char *key, *value;
	struct mig__read_attribute *next;
};

struct mig__read_need {
	struct mig__read_object *to;
	int32_t need; /* enum mig_need */
	struct mig__read_need *next;
};

struct mig__read_object {
	int32_t kind;
	uint32_t number; /* once it is reported */
	const char *schema, *name;
	struct mig__read_attribute *attributes;
	struct mig__read_need *needs;
	struct mig__read_object *parent, *child, *last_child, *next;
	/* of a COLUMN its type; of a key or an index its columns; of a CHECK, while its statement is
	 * read, its tokens */
	union {
		const struct mig__read_type *type;
		struct mig__read_object **columns;
		struct {
			uint32_t from, to;
		} range;
	} of;
	struct mig__read_object **referred; /* of a foreign key; NULL: the primary key */
	uint32_t column_count;
	/* a constraint: its statement is still being read; it has just been */
	uint8_t waits, fresh;
};

/* -- the reader */

struct mig__read_kept_word {
	const char *text;
	int8_t plain; /* as a name without quotes: 1 it may be one, -1 not, 0 not known yet */
};

struct mig__reader {
	mig_conn *conn;
	int version;
	mig_status rc;      /* memory */
	int unread;         /* something was not understood */
	struct mig__arena arena;
	struct mig__map words;       /* every text once */
	struct mig__read_kept_word *word_at;
	size_t word_count, word_cap;
	struct mig__map relations;   /* "schema.name" of tables, indexes, sequences: place in `at` */
	struct mig__map constraints; /* "schema.name" */
	struct mig__map types;       /* "schema.name" of enums */
	struct mig__map schemas;
	struct mig__read_object **at; /* what names are of */
	size_t count, cap;
	struct mig__read_object *first, *last; /* at the top */
	struct mig__map kept_types;  /* by their words: place in type_at */
	struct mig__read_type **type_at;
	size_t type_count, type_cap;
	struct mig__read_object *kept; /* the last of read_kept.c */
	int functions; /* some are the script's own */
	int grouped;   /* GROUP BY is in one of read_kept.c */
	int altering; /* ALTER TABLE: a table that may have rows */
	struct mig__read_object nobody; /* returned when memory runs out */
	const char *schema; /* where what has no schema is; NULL: nowhere */
	const char *user;   /* the current role */
	struct mig__buf text;

	/* the statement */
	struct mig__read_token *tokens; /* with END behind the last */
	size_t token_count, token_cap, place;
};

/* read_token.c */
/* Takes the statement at text[*at] apart, and moves *at behind its semicolon: of those that are read,
 * none has one inside. 0: there is none. */
int mig__read_tokens(struct mig__reader *r, const char *text, size_t size, size_t *at);
const struct mig__read_token *mig__read_peek(const struct mig__reader *r, size_t ahead);
/* Whether the next token is that word (capitals), and then takes it; of several words all or none. */
int mig__read_is(const struct mig__reader *r, const char *word);
int mig__read_take(struct mig__reader *r, const char *words);
int mig__read_word_is(const struct mig__read_token *token, const char *word);
int mig__read_symbol(struct mig__reader *r, char symbol);
/* Takes the token if it is the word or symbol; otherwise the script is unread. */
void mig__read_want(struct mig__reader *r, const char *words);
void mig__read_want_symbol(struct mig__reader *r, char symbol);
int mig__read_at_end(const struct mig__reader *r);
void mig__read_unread(struct mig__reader *r);
/* A name as the server has it; NULL, and the script is unread, if there is none. */
const char *mig__read_name(struct mig__reader *r);
/* The same without taking it, and NULL without further ado. */
const char *mig__read_name_of(struct mig__reader *r, const struct mig__read_token *token);
/* A string without escapes. NULL: there is none, and the script is unread. */
const char *mig__read_string(struct mig__reader *r);
/* A whole number, maybe with a sign, in its usual form; NULL likewise. */
const char *mig__read_integer(struct mig__reader *r);
/* Moves past a parenthesis and what is in it; the tokens in it are from ... to - 1. */
int mig__read_parentheses(struct mig__reader *r, size_t *from, size_t *to);
/* Every text once, of the arena. Never NULL. */
const char *mig__read_keep(struct mig__reader *r, const char *text, size_t size);
const char *mig__read_kept(struct mig__reader *r, const struct mig__buf *text);
/* r->text, empty. */
struct mig__buf *mig__read_text(struct mig__reader *r);
/* Behind a blank: what was written, which equals nothing of the server's. */
const char *mig__read_as_written(struct mig__reader *r, size_t from, size_t to);

/* read_object.c */
/* schema.name, or a name in the usual schema. 0: unread. */
int mig__read_qualified(struct mig__reader *r, const char **schema, const char **name);
struct mig__read_object *mig__read_find(const struct mig__reader *r, const struct mig__map *map,
					const char *schema, const char *name);
int mig__read_is_taken(const struct mig__reader *r, const struct mig__map *map, const char *schema,
		       const char *name);
/* Enters a name; unread if it is taken. object may be NULL. */
void mig__read_enter(struct mig__reader *r, struct mig__map *map, const char *schema,
		     const char *name, struct mig__read_object *object);
/* Never NULL: without memory it is one that nobody sees. */
struct mig__read_object *mig__read_new(struct mig__reader *r, int32_t kind,
				       struct mig__read_object *parent, const char *schema,
				       const char *name);
/* value NULL or "": nothing; an older value is replaced. */
void mig__read_set(struct mig__reader *r, struct mig__read_object *o, const char *key,
		   const char *value);
void mig__read_unset(struct mig__read_object *o, const char *key);
const char *mig__read_get(const struct mig__read_object *o, const char *key);
void mig__read_need(struct mig__reader *r, struct mig__read_object *from,
		    struct mig__read_object *to, int32_t need);
struct mig__read_object *mig__read_child(const struct mig__read_object *o, int32_t kind,
					 const char *name);
/* A table that was read before, by its name here; NULL: unread. */
struct mig__read_object *mig__read_table_here(struct mig__reader *r);
/* "schema.name", quoted where it has to be. */
const char *mig__read_qualify(struct mig__reader *r, const char *schema, const char *name);
/* (name, ...): names of the table's columns; NULL: unread. */
struct mig__read_object **mig__read_columns(struct mig__reader *r,
					    const struct mig__read_object *table, uint32_t *count);
const char *mig__read_column_list(struct mig__reader *r, struct mig__read_object *const *columns,
				  uint32_t count);
/* WITH (...): the attribute "options". */
void mig__read_options(struct mig__reader *r, struct mig__read_object *o);
/* NOT NULL of a column. */
void mig__read_not_null(struct mig__reader *r, struct mig__read_object *column);
void mig__read_add_schema(struct mig__reader *r, const char *name);
/* An object in a schema needs that. */
void mig__read_need_schema(struct mig__reader *r, struct mig__read_object *o);
/* Behind CREATE TABLE or CREATE SEQUENCE: a new one of that name. NULL: there is no name, or IF NOT
 * EXISTS found one that is there; then the statement is at its end. */
struct mig__read_object *mig__read_relation(struct mig__reader *r, int32_t kind);
/* Every type once; NULL: no memory. */
const struct mig__read_type *mig__read_keep_type(struct mig__reader *r,
						 const struct mig__read_type *type);
mig_status mig__read_report(struct mig__reader *r, const mig_schema_sink *sink);

/* read_name.c */
/* table_columns_label, shortened, with a number if it is taken; name NULL: left out. constraint: it
 * must not be that of a constraint either. */
const char *mig__read_choose_relation(struct mig__reader *r, const char *schema, const char *name,
				      const char *more, const char *label, int constraint);
const char *mig__read_choose_constraint(struct mig__reader *r, const char *schema, const char *name,
					const char *more, const char *label);
/* a_b_c: what stands for the columns in such a name. */
const char *mig__read_addition(struct mig__reader *r, const char *const *names, size_t count);

/* read_type.c */
/* The type at this place; 0: unread. */
int mig__read_type(struct mig__reader *r, struct mig__read_type *out);
/* The same, of a serial: *serial is then its integer's attribute in a sequence, or "". */
int mig__read_serial(struct mig__reader *r, struct mig__read_type *out, const char **serial);

/* read_expression.c */
/* The default of tokens from ... to - 1; NULL: the column has none after all. */
const char *mig__read_default(struct mig__reader *r, const struct mig__read_type *type, size_t from,
			      size_t to);
/* A condition or value of a table's columns, as pg_get_expr() has it; *column: the one column that it
 * is about, NULL if there are several or none. 0: not known, nor is *out. */
int mig__read_expression(struct mig__reader *r, const struct mig__read_object *table, size_t from,
			 size_t to, struct mig__buf *out, struct mig__read_object **column, int *function);

/* read_table.c */
void mig__read_create_table(struct mig__reader *r, int unlogged);
void mig__read_column(struct mig__reader *r, struct mig__read_object *table);
void mig__read_set_default(struct mig__reader *r, struct mig__read_object *column, size_t from,
			   size_t to);
/* DEFAULT has been taken: its expression, up to what follows it. */
void mig__read_default_clause(struct mig__reader *r, struct mig__read_object *column);
void mig__read_identity(struct mig__reader *r, struct mig__read_object *column, int always);

/* read_constraint.c */
int mig__read_is_constraint(const struct mig__reader *r);
void mig__read_constraint(struct mig__reader *r, struct mig__read_object *table);
/* Of that name (NULL: none); 0: no constraint begins here. */
int mig__read_column_constraint(struct mig__reader *r, struct mig__read_object *column,
				const char *name);
/* Gives names to what has none, in the order in which the server does. */
void mig__read_settle(struct mig__reader *r, struct mig__read_object *table);

/* read_alter.c, read_index.c */
void mig__read_alter_table(struct mig__reader *r);
void mig__read_create_index(struct mig__reader *r, int unique);

/* read_other.c */
void mig__read_create_type(struct mig__reader *r);
void mig__read_create_schema(struct mig__reader *r);
void mig__read_comment(struct mig__reader *r);
void mig__read_setting(struct mig__reader *r);
/* OWNER TO the role that would create the object: nothing. */
void mig__read_owner(struct mig__reader *r);

/* read_sequence.c */
void mig__read_create_sequence(struct mig__reader *r);
void mig__read_alter_sequence(struct mig__reader *r);
/* A column owns the sequence. */
void mig__read_own(struct mig__reader *r, struct mig__read_object *sequence,
		   struct mig__read_object *column);
/* The options of an identity column's sequence, as an attribute. Returns the name that they give it,
 * or NULL. */
const char *mig__read_identity_options(struct mig__reader *r, const struct mig__read_object *column,
				       struct mig__buf *out);

/* read_kept.c */
/* The statement at text[start] if it is to be run as it is: *at is moved behind it. 0: it is not. */
int mig__read_keep_statement(struct mig__reader *r, const char *text, size_t size, size_t start,
			     size_t *at);

/* read.c */
mig_status mig__pg_read_script(mig_conn *conn, const mig_script_text *const *scripts, size_t count,
			       const mig_object *declared, const mig_schema_sink *sink,
			       int32_t *done);

#endif

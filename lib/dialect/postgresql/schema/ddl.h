/* ddl: operations on schema objects turned into PostgreSQL's SQL (the slot render()).
 *
 *  - ddl.c: goes through the operations; how each kind is created, dropped and renamed, as patterns
 *  - ddl_list.c: questions about the operations
 *  - ddl_text.c: names, patterns, and the statements that come of them
 *  - ddl_alter.c: what is altered by one statement for one attribute, as patterns; options
 *  - ddl_position.c: a sequence in the place of another goes on where that one stood
 *  - ddl_table.c, ddl_column.c, ddl_cast.c, ddl_identity.c, ddl_inherit.c, ddl_not_null.c: tables and
 *    their columns
 *  - ddl_attached.c: indexes of partitions that belong to one of the parent's
 *  - ddl_type.c: enums, domains, composite types
 *  - ddl_valid.c: inherited checks that are valid in the child alone
 *  - ddl_using.c: unique indexes that become constraints
 *  - ddl_remark.c: what a reader should know about tables with rows
 *  - ddl_other.c: sequences, functions, policies; ddl_acl.c: privileges and comments
 *
 * The first error is kept in mig__ddl.rc; after it nothing is sent any more, so callers need not
 * look. */
#ifndef MIG__PG_DDL_H
#define MIG__PG_DDL_H

#include "dialect/postgresql/schema/objects.h"

/* An operation of the list, found by its from or to. */
struct mig__ddl_link {
	const mig_object *object;
	size_t op;
};

struct mig__ddl {
	mig_conn *conn;
	const mig_changes *changes;
	const mig_sql_sink *sink;
	void (*perform)(struct mig__ddl *d, const mig_op *op); /* what ddl.c does with each */
	const mig_op *op;     /* the one being done */
	const mig_op *first;  /* the one that began the statement */
	struct mig__buf sql;  /* the statement, or the clauses of ALTER TABLE so far */
	struct mig__buf head; /* "ALTER TABLE x" while clauses are collected, otherwise empty */
	struct mig__buf text; /* both in one */
	struct mig__buf note; /* what a reader should know about it */
	size_t clauses;
	struct mig__ddl_link *links; /* sorted by object */
	size_t link_count;
	const mig_object **parents; /* before's tables that others are partitions or children of,
				       sorted */
	size_t parent_count;
	size_t leaving; /* columns that are an identity no more */
	uint8_t *done;  /* operations that were done ahead of their turn */
	uint8_t *continued; /* by operation: the new sequence stands where another stood, or the old one
			       waits under another name for its successor */
	char *casts;    /* by operation: pg_cast.castcontext from its old type to its new one */
	const mig_object *default_of, *default_partition; /* ddl_remark.c: the last table that was asked about */
	int lone;       /* statements of the script run outside transactions */
	int apart;      /* it is a revision of its own, in front of one that uses what it adds */
	int bodies;     /* functions may speak of what is not there yet */
	mig_status rc;
};

/* ddl_list.c */
mig_status mig__ddl_link_ops(struct mig__ddl *d);
/* The operation on an object, or NULL. */
const mig_op *mig__ddl_op(const struct mig__ddl *d, const mig_object *object);
/* The place of an operation in the list. */
size_t mig__ddl_place(const struct mig__ddl *d, const mig_op *op);
/* Whether an operation comes before the one being done, or was done ahead. */
int mig__ddl_is_past(const struct mig__ddl *d, const mig_op *op);
/* Whether the operation creates this object as a part. */
int mig__ddl_has_part(const mig_op *op, const mig_object *object);
/* The object is in a table (view, type) that is there before the script runs, and may have rows. */
int mig__ddl_has_rows(const struct mig__ddl *d, const mig_object *object);
/* Does an operation ahead of its turn. */
void mig__ddl_now(struct mig__ddl *d, const mig_op *op);
/* A name that nothing has: NAME_old, NAME_old2, ...; always the same one for an object. */
void mig__ddl_free_name(const struct mig__ddl *d, const mig_object *o, struct mig__buf *out);

/* ddl_text.c */
/* A name, quoted where the server's quote_ident() would. */
void mig__ddl_name(struct mig__buf *b, const char *name);
/* Expands a pattern for an object:
 *
 *   @q  its qualified name      @n  its name       @r  its name as it is (already quoted)
 *   @t  the qualified name of its table            @i  that of its parent
 *   @f  of a function: schema.name(types)          @c  "CONSTRAINT name ", nothing if it has none
 *   @k  of a foreign key: its columns              @l  those that it refers to
 *   @[ @]  brackets
 *   $key  the value of an attribute                [key|...]  only if it has that attribute */
void mig__ddl_put(struct mig__buf *b, const mig_object *o, const char *pattern);
/* An expression in parentheses, its own if it has them. */
void mig__ddl_parentheses(struct mig__buf *b, const char *expression);
/* One item of a list, with a comma in front of all but the first. */
void mig__ddl_item(struct mig__buf *b, size_t *count, const char *comma);
/* Begins a statement: what is to be written into. It is sent by mig__ddl_end. */
struct mig__buf *mig__ddl_begin(struct mig__ddl *d);
void mig__ddl_end(struct mig__ddl *d, uint32_t kind);
/* Begins a clause of ALTER TABLE for an object's table; it goes into one statement with those in
 * front of it if that is the same table's. only: does not descend to partitions and children. */
struct mig__buf *mig__ddl_clause(struct mig__ddl *d, const mig_object *o, int only);
/* Sends the clauses that were collected. */
void mig__ddl_flush(struct mig__ddl *d);
/* A statement made of one pattern; "+...": a clause; "=...": a clause for this table alone. */
void mig__ddl_do(struct mig__ddl *d, const mig_object *o, const char *pattern);
/* Says something about the statement being written, once; a pattern. */
void mig__ddl_note(struct mig__ddl *d, const mig_object *o, const char *pattern);

/* ddl_alter.c */
/* Attributes that differ, one by one; with from NULL, those of a new object that its CREATE does
 * not hold. */
void mig__ddl_aspects(struct mig__ddl *d, const mig_object *from, const mig_object *to);
/* What is to be set once the object is there: attributes that its CREATE does not hold, comment,
 * privileges. */
void mig__ddl_finish(struct mig__ddl *d, const mig_object *o);

/* ddl_table.c */
void mig__ddl_create_table(struct mig__ddl *d, const mig_object *o);
void mig__ddl_create_column(struct mig__ddl *d, const mig_object *o);
void mig__ddl_drop_column(struct mig__ddl *d, const mig_object *o);
void mig__ddl_create_constraint(struct mig__ddl *d, const mig_object *o);
void mig__ddl_drop_constraint(struct mig__ddl *d, const mig_object *o);
void mig__ddl_create_inheritance(struct mig__ddl *d, const mig_object *o);
void mig__ddl_drop_inheritance(struct mig__ddl *d, const mig_object *o);
void mig__ddl_drop_index(struct mig__ddl *d, const mig_object *o);
void mig__ddl_create_default(struct mig__ddl *d, const mig_object *o);
void mig__ddl_drop_default(struct mig__ddl *d, const mig_object *o);
/* Where a constraint can stand in CREATE TABLE. */
int mig__ddl_is_constraint(const mig_object *o);

/* Functions alter_... do what aspects cannot; nonzero: the object was made anew, so everything is
 * to be set again. */

/* ddl_column.c */
int mig__ddl_alter_column(struct mig__ddl *d, const mig_object *from, const mig_object *to);

/* ddl_identity.c */
void mig__ddl_drop_identity(struct mig__ddl *d, const mig_object *from, const mig_object *to);
void mig__ddl_set_identity(struct mig__ddl *d, const mig_object *from, const mig_object *to);
/* A column that is an identity and will not be any more has a sequence of the name of one that is
 * created: makes room for it. */
void mig__ddl_free_identity(struct mig__ddl *d, const mig_object *sequence);
/* "(START WITH 5)", or nothing. */
void mig__ddl_identity_options(struct mig__buf *b, const mig_object *column);
int mig__ddl_leaves_identity(const mig_op *op);
/* Lets the sequence of a column, or of its identity (NULL), go on behind the values that are there
 * already. */
void mig__ddl_advance(struct mig__ddl *d, const mig_object *column, const mig_object *sequence);

/* ddl_position.c */
/* A new sequence: it goes on where the one stood that its column had before. */
void mig__ddl_create_sequence(struct mig__ddl *d, const mig_object *o);
void mig__ddl_drop_sequence(struct mig__ddl *d, const mig_object *o);
/* Before a column becomes an identity, and after: the sequence that it had, or NULL. */
const mig_object *mig__ddl_begin_identity(struct mig__ddl *d, const mig_object *from);
void mig__ddl_continue_identity(struct mig__ddl *d, const mig_object *to, const mig_object *had);
/* Where the sequence of that quoted name stands is to be inside a new bound, which it may be past: sign
 * "<" or ">"; called: whether the bound itself counts as given, "true" or "false". */
void mig__ddl_move_inside(struct mig__ddl *d, const char *name, const char *bound, const char *sign,
			  const char *called);

/* ddl_not_null.c */
/* " NOT NULL" in the definition of a column. */
void mig__ddl_add_not_null(struct mig__buf *b, const mig_object *column);
/* What of it that definition cannot say. */
void mig__ddl_late_not_null(struct mig__ddl *d, const mig_object *column);
/* Of a column that is there. */
void mig__ddl_set_not_null(struct mig__ddl *d, const mig_object *column);
/* It is and stays NOT NULL, with another name, validity or inheritance. */
void mig__ddl_alter_not_null(struct mig__ddl *d, const mig_object *from, const mig_object *to);
/* The names of a table that is about to have a parent, or has left it, become those that it has then:
 * they come from the parent. table: as it will be, or NULL. */
void mig__ddl_move_not_null(struct mig__ddl *d, const mig_object *table);
/* These two of columns and domains. */
void mig__ddl_rename_not_null(struct mig__ddl *d, const mig_object *from, const mig_object *to);
void mig__ddl_comment_not_null(struct mig__ddl *d, const mig_object *o);

/* ddl_cast.c */
/* Asks the server about the type changes of all operations. */
mig_status mig__ddl_ask_casts(struct mig__ddl *d);
/* " USING ...", or nothing where the server converts by itself. */
void mig__ddl_using(struct mig__ddl *d, struct mig__buf *b, const mig_object *from,
		    const mig_object *to);

/* ddl_inherit.c */
mig_status mig__ddl_find_parents(struct mig__ddl *d);
/* The table has partitions or children, so what is done to it alone has to say ONLY. */
int mig__ddl_is_parent(const struct mig__ddl *d, const mig_object *table);
/* The column of that name in a table that the column's table is a partition or child of, or NULL.
 */
const mig_object *mig__ddl_parent_column(const mig_object *column);
/* Whether the column's table stays what it is, a partition or child, while the script runs. */
int mig__ddl_stays_child(const struct mig__ddl *d, const mig_object *column);
/* Whether the check comes with this inheritance: the first of them, if several parents have it. */
int mig__ddl_brings_check(const mig_object *inheritance, const mig_object *check);
/* The table that an inheritance is about, or NULL. */
const mig_object *mig__ddl_parent_of(const mig_object *inheritance);

/* ddl_valid.c */
/* At the end: inherited checks that are to be valid, though those of the parent are not. */
void mig__ddl_validate_checks(struct mig__ddl *d);

/* ddl_using.c */
/* A constraint that takes an index over; 0: there is none. */
int mig__ddl_create_using_index(struct mig__ddl *d, const mig_object *key);
/* The index, which is dropped, is one that a new constraint takes over. */
int mig__ddl_is_taken_over(const struct mig__ddl *d, const mig_object *index);

/* ddl_remark.c; each does nothing where the table has no rows */
void mig__ddl_note_constraint(struct mig__ddl *d, const mig_object *o);
void mig__ddl_note_index(struct mig__ddl *d, const mig_object *o);
/* A new column; value: the default that comes with it, or NULL. */
void mig__ddl_note_column(struct mig__ddl *d, const mig_object *o, const mig_object *value);
/* A domain that gains NOT NULL (o is the domain) or a check. */
void mig__ddl_note_domain(struct mig__ddl *d, const mig_object *o, const mig_object *domain);
/* A table becomes a partition. */
void mig__ddl_note_partition(struct mig__ddl *d, const mig_object *o);
/* A view shows something else now: the materialized views on it still hold what it showed before. */
void mig__ddl_note_view(struct mig__ddl *d, const mig_object *view);
/* At the end: indexes that stay, and use functions that give other values now. */
void mig__ddl_reindex(struct mig__ddl *d);

/* ddl_attached.c */
/* Nonzero: another one has got the name, nothing is to be made. */
int mig__ddl_create_attached(struct mig__ddl *d, const mig_object *o);
/* Nonzero: it went with the parent's, or got another name. */
int mig__ddl_drop_attached(struct mig__ddl *d, const mig_object *o);
/* A partition's key has an index that is attached to this one, and keeps it from going alone. */
int mig__ddl_has_attached_key(const struct mig__ddl *d, const mig_object *index);
void mig__ddl_attach_index(struct mig__ddl *d, const mig_object *inheritance);
void mig__ddl_complete_index(struct mig__ddl *d, const mig_object *index, const char *pattern);

/* ddl_composite.c */
void mig__ddl_create_composite(struct mig__ddl *d, const mig_object *o);
int mig__ddl_alter_composite(struct mig__ddl *d, const mig_object *from, const mig_object *to);

/* ddl_type.c */
/* Whether a column of before stays and has the type, or something made of it. */
int mig__ddl_keeps_type(const struct mig__ddl *d, const mig_object *column, const mig_object *type);
void mig__ddl_create_domain(struct mig__ddl *d, const mig_object *o);
/* Of a composite type. */
void mig__ddl_alter_attribute(struct mig__ddl *d, const mig_object *from, const mig_object *to);
int mig__ddl_alter_enum(struct mig__ddl *d, const mig_object *from, const mig_object *to);
int mig__ddl_alter_domain(struct mig__ddl *d, const mig_object *from, const mig_object *to);
/* A statement that takes a domain as it is; o: what the pattern is about. */
void mig__ddl_alter_domain_in_place(struct mig__ddl *d, const mig_object *o, const mig_object *domain,
				    const char *pattern);
/* Whether an enum's new values are used in the script that adds them. */
int mig__ddl_needs_lone(const struct mig__ddl *d);

/* ddl_other.c */
int mig__ddl_alter_sequence(struct mig__ddl *d, const mig_object *from, const mig_object *to);
void mig__ddl_create_ownership(struct mig__ddl *d, const mig_object *o);
void mig__ddl_create_function(struct mig__ddl *d, const mig_object *o);
int mig__ddl_alter_function(struct mig__ddl *d, const mig_object *from, const mig_object *to);
int mig__ddl_alter_view(struct mig__ddl *d, const mig_object *from, const mig_object *to);
void mig__ddl_create_policy(struct mig__ddl *d, const mig_object *o);
int mig__ddl_alter_policy(struct mig__ddl *d, const mig_object *from, const mig_object *to);

void mig__ddl_create_other(struct mig__ddl *d, const mig_object *o);
void mig__ddl_drop_other(struct mig__ddl *d, const mig_object *o);

/* ddl_acl.c */
/* Sets the privileges of `to`; from: as they are, NULL: as those of a new object. */
void mig__ddl_acl(struct mig__ddl *d, const mig_object *from, const mig_object *to);
/* Sets or removes the comment. */
void mig__ddl_comment(struct mig__ddl *d, const mig_object *to);

/* compare.c */
/* Whether a column is generated when it is read. */
int mig__pg_is_virtual(const mig_object *column);
/* Whether a composite type's attributes must be made anew to stand in their order. */
int mig__pg_reorders(const mig_object *from, const mig_object *to);
/* Whether the old list of quoted labels is the new one with some left out. */
int mig__pg_enum_grows(const char *from, const char *to);
/* The end of the quoted label at p: behind its closing quote. */
const char *mig__pg_label_end(const char *p);
/* The size of a type's text without "(10,2)" and "[]"; *array: it has that. */
size_t mig__pg_type_base(const char *type, int *array);
/* Whether what a table has of the old type cannot stay as it is. */
int mig__pg_rewrites(const char *from, const char *to);
/* Both types are the same but for what stands in parentheses. */
int mig__pg_same_base(const char *from, const char *to);

#endif

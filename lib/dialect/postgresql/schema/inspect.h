/* inspect: how PostgreSQL's catalogue becomes schema objects.
 *
 * A fixed number of queries, in three messages, read the raw columns of the catalogue; their rows
 * are joined here by oid. Objects are reported as soon as their rows are there, so that not all rows
 * are in memory:
 *
 *  1. relations, and whether there is anything of what is one row an object (schemas, types,
 *     functions, triggers, comments, ...);
 *  2. what there is of that; columns and their defaults;
 *  3. the types that columns have, and privileges: everything at the top and columns are reported,
 *     while the server goes on with constraints, indexes and dependencies: what is left, and who needs
 *     whom.
 *
 * Objects of the catalogue are known by class (the catalogue's own oid), oid, and for columns a
 * number. `numbers` says which reported object each is; what belongs to an extension is entered
 * first, as that extension, so whatever has a number before it is reported is not reported. */
#ifndef MIG__PG_INSPECT_H
#define MIG__PG_INSPECT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "dialect/postgresql/conn/conn.h"

/* The oids of some catalogues; they never change. */
enum mig__class {
	MIG__CLASS_ATTRDEF = 2604,
	MIG__CLASS_CLASS = 1259,
	MIG__CLASS_COLLATION = 3456,
	MIG__CLASS_CONSTRAINT = 2606,
	MIG__CLASS_EVENT_TRIGGER = 3466,
	MIG__CLASS_EXTENSION = 3079,
	MIG__CLASS_METHOD = 2601,
	MIG__CLASS_NAMESPACE = 2615,
	MIG__CLASS_OPCLASS = 2616,
	MIG__CLASS_POLICY = 3256,
	MIG__CLASS_PROC = 1255,
	MIG__CLASS_REWRITE = 2618,
	MIG__CLASS_STATISTICS = 3381,
	MIG__CLASS_TABLESPACE = 1213,
	MIG__CLASS_TRIGGER = 2620,
	MIG__CLASS_TYPE = 1247,
	/* not the server's: keys of `known` alone */
	MIG__CLASS_TOAST = 1,    /* a TOAST table: row of relations with its options */
	MIG__CLASS_IDENTITY = 2, /* an identity column: its sequence's place in rels */
	MIG__CLASS_DEPENDS = 4, /* what depends on extensions: the row with their names; sub: its class */
	MIG__CLASS_PRIVILEGES = 5, /* of a relation, or column: row of privileges */
	MIG__CLASS_PARENT = 3    /* a partition or child: the row of its first parent */
};

/* A column, by its attnum - 1; name NULL: there is none. */
struct mig__rel_column {
	const char *name, *plain; /* quoted, and not */
	uint32_t type, collation;
	uint32_t number; /* MIG_NO_OBJECT: not reported */
};

/* A table, view, sequence or composite type. */
struct mig__rel {
	uint32_t oid, number;
	char kind;             /* relkind */
	int row;               /* of relations, while these are there */
	const char *schema;    /* not quoted; valid as long as the first query's rows */
	const char *name;      /* not quoted */
	const char *qualified; /* quoted */
	/* of a partition: its bound; of a sequence: by whom it is owned, and pg_sequence's row; or
	 * NULL */
	const char *bound, *owner, *sequence;
	struct mig__rel_column *columns;
	uint32_t column_count;
};

struct mig__need {
	uint32_t from, to;
};

/* Fields of the first query's rows. */
enum mig__small {
	MIG__SMALL_WHAT,
	MIG__SMALL_CLASS,
	MIG__SMALL_OID,
	MIG__SMALL_OF, /* oid of the schema, table, ... that it is in or of */
	MIG__SMALL_NAME,
	MIG__SMALL_FIELD /* the first of eight, as inspect_sql.c has them */
};

/* Fields of the rows of privileges. */
enum { MIG__PRIVILEGES_OID, MIG__PRIVILEGES_COLUMN, MIG__PRIVILEGES_WORDS };

/* Fields of the rows of indexes, as inspect_sql_table.c has them. */
enum mig__index_field {
	MIG__INDEX_OID,
	MIG__INDEX_TABLE,
	MIG__INDEX_NAME,
	MIG__INDEX_KIND,
	MIG__INDEX_METHOD,
	MIG__INDEX_TABLESPACE,
	MIG__INDEX_OPTIONS,
	MIG__INDEX_UNIQUE,
	MIG__INDEX_KEYS,
	MIG__INDEX_KEY_COUNT,
	MIG__INDEX_ORDERS,
	MIG__INDEX_CLASSES,
	MIG__INDEX_COLLATIONS,
	MIG__INDEX_NULLS_NOT_DISTINCT,
	MIG__INDEX_CLUSTERED,
	MIG__INDEX_VALID,
	MIG__INDEX_REPLICA,
	MIG__INDEX_DEFINITION,
	MIG__INDEX_PREDICATE,
	MIG__INDEX_EXPRESSION_COLUMNS,
	MIG__INDEX_COLUMN_NAMES,
	MIG__INDEX_STATISTICS
};

enum { MIG__RAW_TABLES = 20 };
enum { MIG__CATALOG_ATTRIBUTES = 24, MIG__CATALOG_TEXTS = 12, MIG__CATALOG_LETTERS = 128 };

struct mig__catalog {
	mig_conn *conn;
	const mig_schema_sink *sink;
	mig_status rc; /* the first failure; nothing is done after it */
	struct mig__arena arena;
	struct mig__buf only; /* oids of the relations that are asked about, as an array's text; "": all */
	uint32_t own[2]; /* oids of libmig's tables, where their schema is not known; 0: none */
	PGresult *own_row, *found, *relations;          /* message 1 */
	PGresult *small;                                /* message 2 */
	PGresult *columns, *defaults, *not_nulls;
	PGresult *types, *privileges;                   /* message 3; privileges NULL: only the usual ones */
	PGresult *constraints, *indexes, *dependencies;
	PGresult *raw_columns;                          /* message 1; NULL: rows are not wanted */
	PGresult *raw[MIG__RAW_TABLES];                 /* message 3 */
	struct {
		int from, to;
	} small_rows[MIG__CATALOG_LETTERS]; /* by letter */

	struct mig__rel *rels;
	size_t rel_count, rel_cap;
	struct mig__map numbers;  /* class, oid: object */
	uint32_t extensions_from, extensions_to; /* objects, one after another */
	struct mig__map known;    /* class, oid: place in rels, or row of small */
	struct mig__map comments; /* class, oid, column: row of small */
	struct mig__map names; /* of columns: places in name_at, quoted and not */
	struct mig__column_name {
		const char *plain, *quoted;
	} *name_at;
	size_t name_count, name_cap;
	struct mig__need *edges;
	size_t edge_count, edge_cap;

	/* the object that is being made */
	mig_object object;
	mig_attribute attributes[MIG__CATALOG_ATTRIBUTES];
	struct mig__buf texts[MIG__CATALOG_TEXTS];
	size_t text_count;
};

/* inspect_sql.c, inspect_sql_table.c: the queries of the messages, for the server's version */
/* Which parts of the next one have rows: its one field. */
void mig__catalog_sql_found(struct mig__buf *sql, int version);
void mig__catalog_sql_small(struct mig__buf *sql, int version, const char *found);
void mig__catalog_sql_relations(struct mig__buf *sql);
/* only: as in mig__catalog. */
void mig__catalog_sql_columns(struct mig__buf *sql, int version, const char *only);
/* Lists with commas, of one length. */
void mig__catalog_sql_types(struct mig__buf *sql, const char *types, const char *modifiers,
			    const char *collations);
void mig__catalog_sql_privileges(struct mig__buf *sql);
void mig__catalog_sql_rest(struct mig__buf *sql, int version, const char *only);

/* inspect.c */
/* Sends a message; its last `count` results go to out. */
void mig__catalog_ask(struct mig__catalog *c, struct mig__buf *sql, PGresult **const out[],
		      int count);
/* What is asked in one message with the types of columns, and comes after them. */
struct mig__catalog_rest {
	const struct mig__buf *sql;
	PGresult **const *out;
	int count;
	void (*report_top)(struct mig__catalog *c);
	int done; /* the server has done all of it */
};

/* inspect_catalog.c: rows, what is known by oid, and the making of objects */

/* A field; NULL if it is null or empty. */
const char *mig__field(const PGresult *rows, int row, int column);
uint32_t mig__field_oid(const PGresult *rows, int row, int column);
/* Whether it begins with the character. */
int mig__field_is(const PGresult *rows, int row, int column, char value);

void mig__catalog_learn(struct mig__catalog *c, struct mig__map *map, uint32_t class, uint32_t oid,
			uint32_t sub, uint32_t value);
/* MIG__NONE: not there. */
uint32_t mig__catalog_find(const struct mig__map *map, uint32_t class, uint32_t oid, uint32_t sub);
/* NULL: none of those that are reported. */
struct mig__rel *mig__catalog_rel(const struct mig__catalog *c, uint32_t oid);
/* The object that it is, or MIG__NONE; sub: a column's number, or 0. */
uint32_t mig__catalog_number(const struct mig__catalog *c, uint32_t class, uint32_t oid,
			     uint32_t sub);
void mig__catalog_need(struct mig__catalog *c, uint32_t from, uint32_t to);
/* Of a relation, sub 0, or a column; NULL: the usual ones. */
const char *mig__catalog_privileges(const struct mig__catalog *c, uint32_t oid, uint32_t sub);
/* A schema's name, not quoted; NULL: one of the system's. */
const char *mig__catalog_schema(const struct mig__catalog *c, uint32_t oid);
/* "schema.name", quoted, and a copy of a text, in the arena; never NULL. */
const char *mig__catalog_qualify(struct mig__catalog *c, const char *schema, const char *name);
const char *mig__catalog_copy(struct mig__catalog *c, const char *text);

/* Begins an object, which is then reported. All texts are borrowed until then. */
void mig__catalog_begin(struct mig__catalog *c, int32_t kind, const char *schema, const char *name);
/* An attribute; NULL or "": left out. */
void mig__catalog_add(struct mig__catalog *c, const char *key, const char *value);
/* A buffer to make a value in. */
struct mig__buf *mig__catalog_text(struct mig__catalog *c);
void mig__catalog_add_text(struct mig__catalog *c, const char *key, const struct mig__buf *text);
/* A function's definition with statements in it as it is compared; base: room for a word. */
void mig__catalog_body(const char *text, struct mig__buf *base, struct mig__buf *out);
/* One that outlives mig__catalog_begin(), for names. */
struct mig__buf *mig__catalog_spare(struct mig__catalog *c);
/* What was made in a buffer; fails if memory ran out. */
const char *mig__catalog_made(struct mig__catalog *c, const struct mig__buf *text);
/* Adds its comment and reports it; unless it is a column, enters it in numbers. */
uint32_t mig__catalog_report(struct mig__catalog *c, uint32_t parent, uint32_t class, uint32_t oid,
			     uint32_t sub);
/* Whether a letter of the catalogue, about the object that is being made, is one that is known here;
 * otherwise says so, and marks the object, so that it is like no other. of: what it is a part of, or
 * NULL. No value is known. */
int mig__catalog_knows(struct mig__catalog *c, const struct mig__rel *of, const char *key,
		       const char *value, const char *known);
/* The same for what sort of object it is, before one is made; of: its schema or table. */
int mig__catalog_knows_kind(struct mig__catalog *c, const char *what, const char *of,
			    const char *name, const char *kind, const char *known);
/* Reports what the catalogue has no row of its own for. */
uint32_t mig__catalog_report_part(struct mig__catalog *c, uint32_t parent);

/* Options, one a line as key=value, as SQL has them, sorted; with a prefix to each key. Only those
 * that begin with a text. */
void mig__catalog_options(struct mig__buf *out, const char *options, const char *prefix,
			  const char *only);
/* Reads a number in "{1,2}" or "1 2" at or after p; where it ends, or NULL. */
const char *mig__catalog_next(const char *p, uint32_t *out);
/* Names of such a list of columns; 0 is none. */
void mig__catalog_add_columns(struct mig__buf *out, const struct mig__rel *rel, const char *list);
void mig__catalog_need_columns(struct mig__catalog *c, uint32_t from, uint32_t rel,
			       const char *list);

/* inspect_top.c: everything at the top but relations, by message 1 */
void mig__catalog_names(struct mig__catalog *c);
void mig__catalog_types(struct mig__catalog *c);
void mig__catalog_others(struct mig__catalog *c);
/* Triggers, rules, policies. */
void mig__catalog_table_parts(struct mig__catalog *c);

/* inspect_relation.c: relations, by message 1 */
void mig__catalog_find_relations(struct mig__catalog *c);
/* Finds those that are asked about, by their names without schema: some more, maybe. */
void mig__catalog_find_only(struct mig__catalog *c);
/* Whether there are materialized views. */
int mig__catalog_any_materialized(const struct mig__catalog *c);
/* Whether any of them has other privileges than usual. */
int mig__catalog_any_privileges(const struct mig__catalog *c);
/* Those of a kind, e.g. "rp". */
void mig__catalog_relations(struct mig__catalog *c, const char *kinds);
void mig__catalog_inheritance(struct mig__catalog *c);
void mig__catalog_ownership(struct mig__catalog *c);
/* What an identity column's sequence has in its parentheses. */
void mig__catalog_identity(const struct mig__rel *sequence, struct mig__buf *out);

/* inspect_column.c: columns, by message 2; sends message 3, and when types are there, has the top reported */
void mig__catalog_columns(struct mig__catalog *c, struct mig__catalog_rest *rest);

/* inspect_raw.c: the rows as they are; their columns are asked in message 1, they in message 3 */
int mig__catalog_wants_rows(const struct mig__catalog *c);
void mig__catalog_sql_raw_columns(struct mig__buf *sql);
void mig__catalog_sql_raw(const struct mig__catalog *c, struct mig__buf *sql);
int mig__catalog_raw_count(void);
void mig__catalog_raw(struct mig__catalog *c);

/* inspect_attached.c: indexes of partitions that belong to their parent's, by messages 1 and 3 */
/* The row of an index, or -1. */
int mig__catalog_index_row(const struct mig__catalog *c, uint32_t oid);
/* It is what the server makes by itself where the parent's index is made or the partition is attached.
 * word: the last one of its usual name. */
int mig__catalog_is_implied(const struct mig__catalog *c, const struct mig__rel *rel, int row,
			    const char *name, const char *word, int commented);
void mig__catalog_attached(struct mig__catalog *c);

/* inspect_key.c: constraints and indexes, by message 3 */
void mig__catalog_constraints(struct mig__catalog *c);
void mig__catalog_indexes(struct mig__catalog *c);
/* What foreign keys need. */
void mig__catalog_references(struct mig__catalog *c);

#endif

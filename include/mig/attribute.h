/* mig/attribute.h: the words of a schema that libmig and its dialects share: keys of attributes,
 * and those of their values that are words.
 *
 * An object of a schema (mig/schema.h) has attributes, pairs of texts. Most mean something to the
 * dialect alone: libmig compares them, and hands them on. The keys in this file are those that
 * libmig itself writes, for what a program has declared with mig/model.h, or reads. A dialect uses
 * these keys for these things, and keys of its own for everything else that its engine has.
 *
 * An attribute that has its default value is left out: without "not_null", NULL is allowed.
 *
 * Each key names the kinds of object that have it (enum mig_kind), what its value is, and who gives
 * it: "model": libmig, to native_column() or to the schema that render() gets, for what is declared;
 * "inspect": a dialect, for what is in a database; in parentheses, those of libmig's own dialects
 * that do. The values:
 *
 *     text      any text
 *     name      the name as it is, not quoted
 *     SQL       an expression or a query in the engine's SQL: from the model as it was declared, from
 *               inspect() as the engine itself writes it
 *     names     names of columns, each in the engine's quotes (mig_dialect_conn.name_quotes), with
 *               ", " between them
 *     texts     texts, each in the engine's quotes (mig_dialect_conn.text_quotes), with ", " between
 *     a word    one of those listed below the key
 *
 * docs/attributes.py makes docs/attributes.md from this file. Bindings without macros use the
 * texts exactly as written here: they do not change. */
#ifndef MIG_ATTRIBUTE_H
#define MIG_ATTRIBUTE_H

#include <mig/schema.h>

/* ---- every kind -------------------------------------------------------------------------- */

/** A comment on the object.
 * Of: every kind. Value: text. From: model (TABLE, COLUMN), inspect (postgresql). */
#define MIG_ATTR_COMMENT "comment"
/** The privileges on the object, in the dialect's own form. A model of mig/model.h does not cover
 * them: the database keeps what it has.
 * Of: every kind. Value: text. From: inspect (postgresql). */
#define MIG_ATTR_PRIVILEGES "privileges"

/** The engine has something of the object that the dialect does not know, and has warned about. The
 * object then does not equal any object that was only read: the engine makes the model's own.
 * Of: every kind. Value: "yes". From: inspect (postgresql). */
#define MIG_ATTR_UNKNOWN ".unknown"

/** The only value of an attribute that is either present or absent. */
#define MIG_YES "yes"

/* ---- columns ----------------------------------------------------------------------------- */

/** The type, in the engine's own words.
 * Of: COLUMN. Value: SQL. From: model (mig_column_type_for()), inspect (sqlite, postgresql). */
#define MIG_ATTR_TYPE "type"
/** The column does not take NULL.
 * Of: COLUMN. Value: "yes". From: model, inspect (sqlite, postgresql). */
#define MIG_ATTR_NOT_NULL "not_null"
/** How values of the column are compared.
 * Of: COLUMN. Value: name; from inspect() SQL. From: model, inspect (sqlite, postgresql). */
#define MIG_ATTR_COLLATION "collation"
/** The column is computed from others. libmig reads it: such a column has no data to lose.
 * Of: COLUMN. Value: SQL. From: model, inspect (sqlite, postgresql). */
#define MIG_ATTR_GENERATED "generated"
/** Whether a generated column is kept in its row.
 * Of: COLUMN. Value: a word. From: model, inspect (sqlite, postgresql). */
#define MIG_ATTR_GENERATED_KIND "generated_kind"
#define MIG_GENERATED_STORED "stored"   /**< it is kept */
#define MIG_GENERATED_VIRTUAL "virtual" /**< it is computed when it is read */
/** The column gets ascending values automatically.
 * Of: COLUMN. Value: a word. From: model, inspect (postgresql). */
#define MIG_ATTR_IDENTITY "identity"
#define MIG_IDENTITY_ALWAYS "ALWAYS"         /**< and takes no others */
#define MIG_IDENTITY_BY_DEFAULT "BY DEFAULT" /**< unless one is given */

/* ---- declared columns: what native_column() gets, and turns into the above ------------------ */

/** The type, of those that every dialect has: one of the words, in small letters without blanks, for
 * some of them with numbers in parentheses, with [] at the end for an array: "varchar(80)",
 * "numeric(10,2)", "integer[]".
 * Of: COLUMN. Value: a word. From: model. */
#define MIG_ATTR_PORTABLE_TYPE "portable_type"
#define MIG_TYPE_SMALLINT "smallint"       /**< 2 bytes */
#define MIG_TYPE_INTEGER "integer"         /**< 4 bytes */
#define MIG_TYPE_BIGINT "bigint"           /**< 8 bytes */
#define MIG_TYPE_BOOLEAN "boolean"         /**< true or false */
#define MIG_TYPE_FLOAT "float"             /**< 4 bytes */
#define MIG_TYPE_DOUBLE "double"           /**< 8 bytes */
#define MIG_TYPE_NUMERIC "numeric"         /**< exact; may have (PRECISION) or (PRECISION,SCALE) */
#define MIG_TYPE_TEXT "text"               /**< of any length */
#define MIG_TYPE_VARCHAR "varchar"         /**< text of at most (N) characters, or of any length */
#define MIG_TYPE_CHAR "char"               /**< text of (N) characters, or of one */
#define MIG_TYPE_BYTES "bytes"             /**< any bytes */
#define MIG_TYPE_DATE "date"               /**< a day */
#define MIG_TYPE_TIME "time"               /**< a time of a day */
#define MIG_TYPE_TIMESTAMP "timestamp"     /**< a day and a time, without a time zone */
#define MIG_TYPE_TIMESTAMPTZ "timestamptz" /**< a moment */
#define MIG_TYPE_INTERVAL "interval"       /**< a span of time */
#define MIG_TYPE_UUID "uuid"               /**< 128 bits */
#define MIG_TYPE_JSON "json"               /**< JSON as it was written */
#define MIG_TYPE_JSONB "jsonb"             /**< JSON in a form that can be searched */
#define MIG_TYPE_ENUM "enum"               /**< an enumerated type: see the next keys */
/** Schema of the enumerated type, "" where there are none.
 * Of: COLUMN. Value: name. From: model. */
#define MIG_ATTR_ENUM_SCHEMA "enum_schema"
/** The enumerated type.
 * Of: COLUMN. Value: name. From: model. */
#define MIG_ATTR_ENUM_NAME "enum_name"
/** Its values, in order: for a dialect without MIG_CAN_ENUMS, which makes a CHECK of them.
 * Of: COLUMN. Value: texts. From: model. */
#define MIG_ATTR_ENUM_VALUES "enum_values"
/** The name of that CHECK.
 * Of: COLUMN. Value: name. From: model. */
#define MIG_ATTR_ENUM_CHECK "enum_check"
/** The column is part of the primary key, which follows as an object of its own: for an engine whose
 * type of such a column is another one.
 * Of: COLUMN. Value: "yes". From: model. */
#define MIG_ATTR_PRIMARY_KEY "primary_key"
/** The default, in words that every dialect has.
 * Of: DEFAULT. Value: a word. From: model. */
#define MIG_ATTR_PORTABLE "portable"
#define MIG_PORTABLE_NOW "now"     /**< the time of the insert */
#define MIG_PORTABLE_TODAY "today" /**< its day */
#define MIG_PORTABLE_TRUE "true"
#define MIG_PORTABLE_FALSE "false"

/* ---- defaults, constraints and indexes --------------------------------------------------- */

/** What a default or a CHECK says. That of a CHECK is in parentheses.
 * Of: DEFAULT, CHECK. Value: SQL. From: model, inspect (sqlite, postgresql). */
#define MIG_ATTR_EXPRESSION "expression"
/** The columns that a constraint or an index is about. libmig reads it: a UNIQUE with the columns of
 * the primary key is added after the table is there. An INDEX may have expressions in its list, in
 * the engine's SQL, and what the engine puts after a name ("at DESC").
 * Of: PRIMARY_KEY, UNIQUE, FOREIGN_KEY, INDEX. Value: names. From: model, inspect (sqlite,
 * postgresql). */
#define MIG_ATTR_COLUMNS "columns"
/** The table that is referred to: its name in quotes, where there are schemas with its schema in
 * quotes and a dot before it.
 * Of: FOREIGN_KEY. Value: names. From: model, inspect (sqlite, postgresql). */
#define MIG_ATTR_REFERRED "referred"
/** The columns that are referred to.
 * Of: FOREIGN_KEY. Value: names. From: model, inspect (sqlite, postgresql). */
#define MIG_ATTR_REFERRED_COLUMNS "referred_columns"
/** What becomes of a row when the row that it refers to is deleted.
 * Of: FOREIGN_KEY. Value: a word. From: model, inspect (sqlite, postgresql). */
#define MIG_ATTR_ON_DELETE "on_delete"
#define MIG_ACTION_CASCADE "CASCADE"         /**< it is deleted or changed, too */
#define MIG_ACTION_SET_NULL "SET NULL"       /**< it refers to nothing */
#define MIG_ACTION_SET_DEFAULT "SET DEFAULT" /**< its columns get their defaults */
#define MIG_ACTION_RESTRICT "RESTRICT"       /**< an error, at once */
#define MIG_ACTION_NO_ACTION "NO ACTION"     /**< an error; the usual: left out by inspect() */
/** The same when the key of that row is changed.
 * Of: FOREIGN_KEY. Value: a word of on_delete. From: model, inspect (sqlite, postgresql). */
#define MIG_ATTR_ON_UPDATE "on_update"
/** When a constraint is checked, in SQL's words: "DEFERRABLE", "DEFERRABLE INITIALLY DEFERRED".
 * Of: FOREIGN_KEY. Value: SQL. From: model, inspect (sqlite, postgresql). */
#define MIG_ATTR_DEFERRABLE "deferrable"
/** No two rows are the same in the columns of the index.
 * Of: INDEX. Value: "yes". From: model, inspect (sqlite, postgresql). */
#define MIG_ATTR_UNIQUE "unique"
/** The kind of index, e.g. "gin".
 * Of: INDEX. Value: name. From: model, inspect (postgresql). */
#define MIG_ATTR_METHOD "method"
/** Columns that the index holds, but is not searched by.
 * Of: INDEX. Value: names. From: model, inspect (postgresql). */
#define MIG_ATTR_INCLUDE "include"
/** The rows that a partial index has.
 * Of: INDEX. Value: SQL. From: model, inspect (sqlite, postgresql). */
#define MIG_ATTR_WHERE "where"
/** The index of a partitioned table that some partition has no part of. libmig reads it: such a key is
 * added when its table is there.
 * Of: PRIMARY_KEY, UNIQUE, INDEX. Value: "yes". From: inspect (postgresql). */
#define MIG_ATTR_ONLY "only"

/* ---- other objects ----------------------------------------------------------------------- */

/** The values of an enumerated type, in order.
 * Of: ENUM. Value: texts. From: model, inspect (postgresql). */
#define MIG_ATTR_VALUES "values"
/** What a view shows.
 * Of: VIEW. Value: SQL. From: model, inspect (sqlite, postgresql). */
#define MIG_ATTR_QUERY "query"
/** Which rows of its parent a partition has. libmig reads it: such a table is created, then attached.
 * Of: INHERITANCE. Value: SQL. From: inspect (postgresql). */
#define MIG_ATTR_BOUND "bound"

#endif

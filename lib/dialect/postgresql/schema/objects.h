/* objects: what a schema object of PostgreSQL is made of: the attributes that inspect.c reports,
 * compare.c judges and the ddl files turn into SQL. This table is their contract.
 *
 * Everything is read with an empty search_path, so names in values are qualified and quoted by the
 * server itself (but for pg_catalog's). An attribute that has its usual value is left out. Lists of
 * columns are quoted names joined by ", ". Every kind may have "comment"; SCHEMA, SEQUENCE, TABLE,
 * VIEW, MATERIALIZED_VIEW, COLUMN, FUNCTION, PROCEDURE, AGGREGATE, ENUM, DOMAIN, COMPOSITE, RANGE may
 * have "privileges":
 *
 *   privileges     lines joined by "\n", sorted: how the privileges differ from those that an object
 *                  of the kind has when it is new (acldefault), the owner's own left out:
 *                  "GRANT SELECT, INSERT TO app", "GRANT UPDATE TO app WITH GRANT OPTION",
 *                  "REVOKE EXECUTE FROM PUBLIC" (each without its ON ...)
 *   extensions     of FUNCTION, PROCEDURE, INDEX, MATERIALIZED_VIEW, TRIGGER: ALTER ... DEPENDS ON EXTENSION
 *
 * SCHEMA           (schema "" , name)
 * EXTENSION        schema: where its objects are (quoted); .version; no comment: that comes from its
 *                  files
 * COLLATION        definition: "(provider = icu, locale = 'de', ...)"
 * ENUM             values: quoted labels in order: 'a', 'b'
 * DOMAIN           type, collation, not_null ("yes"), not_null_name (quoted, where it is not
 *                  DOMAIN_not_null), not_null_comment; children DEFAULT (named as the domain), CHECK
 * COMPOSITE        attributes: their names in order; children COLUMN: type, collation
 * RANGE            definition: "(subtype = ..., ...)"
 * SEQUENCE         type ("integer"; left out: bigint), start, increment, min, max, cache (numbers,
 *                  each left out where usual for type and direction), cycle ("yes"), persistence
 *                  ("unlogged")
 *   OWNERSHIP      name ""; column: qualified: public.users.id (quoted where needed);
 *                  .table_schema, .table, .column: the same unquoted
 * TABLE            persistence ("unlogged"), partition_by ("RANGE (a, lower(b))"), options
 *                  ("fillfactor='70', ..."), method (not heap, but where partition_by is), tablespace, replica_identity ("FULL",
 *                  "NOTHING"), row_security ("enabled"), force_row_security ("forced")
 *   COLUMN         type, collation (qualified, only if not the type's), not_null ("yes"),
 *                  generated (expression), generated_kind ("virtual"; left out: stored),
 *                  .generated_always ("yes": DROP EXPRESSION is not known), .set_expression ("yes": SET
 *                  EXPRESSION is), identity ("ALWAYS", "BY DEFAULT"), identity_options ("START
 *                  WITH 5 INCREMENT BY 2 ..."; only what is not usual), storage ("EXTERNAL"...),
 *                  not_null_name (quoted, where it is not
 *                  TABLE_COLUMN_not_null), not_null_no_inherit ("yes"), not_null_not_valid ("yes"),
 *                  not_null_comment; .not_null (that name, also where it comes from a parent);
 *                  compression, statistics, options (n_distinct...); .type_kind ("e": enum, "d", "c", "r",
 *                  "m"; left out: base), .inherited
 *                  ("yes": not declared here), .sequence (identity: the sequence's qualified name)
 *     DEFAULT      name: the column's; expression
 *   PRIMARY_KEY, UNIQUE   columns, without_overlaps ("yes": the last one), include,
 *                  nulls_not_distinct ("yes"), deferrable ("DEFERRABLE",
 *                  "DEFERRABLE INITIALLY DEFERRED"), options, tablespace, clustered ("yes"),
 *                  .index: qualified name of its index
 *   FOREIGN_KEY    columns, referred (qualified table), referred_columns, on_update, on_delete
 *                  ("CASCADE", "SET NULL (a)"...; NO ACTION is left out), match ("FULL"), deferrable,
 *                  period ("yes": the last columns are a PERIOD), not_valid ("yes"),
 *                  not_enforced ("yes"; then not not_valid), triggers ("disabled", "replica", "always":
 *                  by ALTER TABLE ... DISABLE TRIGGER ALL and its like)
 *   CHECK          expression (in its parentheses), no_inherit ("yes"), not_valid ("yes"), not_enforced ("yes"); also of a
 *                  DOMAIN
 *   EXCLUSION      definition (pg_get_constraintdef)
 *   INDEX          unique ("yes"), method, columns (all between its parentheses: names,
 *                  expressions, collations, operator classes, directions), include,
 *                  nulls_not_distinct, options, tablespace, where, statistics ("2=100": of its
 *                  expressions), clustered, only ("yes": on a
 *                  partitioned table and not valid: made by ON ONLY), invalid; also of a
 *                  MATERIALIZED_VIEW
 *     INHERITANCE  name: qualified index that it is attached to (not of INHERITED indexes)
 *   INHERITANCE    name: qualified parent table; bound ("FOR VALUES FROM (1) TO (10)", "DEFAULT") for a
 *                  partition, otherwise a plain child; valid_checks ("a, b": inherited checks that are
 *                  NOT VALID in the parent, but not here)
 *   REPLICA_IDENTITY  name "", index: its name
 *   TRIGGER        definition (pg_get_triggerdef), enabled ("DISABLE", "ENABLE REPLICA", "ENABLE
 *                  ALWAYS")
 *   RULE           definition (pg_get_ruledef), enabled; not a view's own
 *   POLICY         permissive ("RESTRICTIVE"), command ("SELECT"; left out: ALL), roles (quoted,
 *                  sorted list; left out: PUBLIC), using, check
 * VIEW             query (without its semicolon), options (check_option, security_barrier, ...);
 *                  children TRIGGER, RULE, and COLUMN only with a comment or privileges, or with a DEFAULT
 * MATERIALIZED_VIEW  query, options, method, tablespace, unpopulated ("yes"); children INDEX, COLUMN
 *                  as of views
 * FUNCTION, PROCEDURE   name: bare name and pg_get_function_identity_arguments' types:
 *                  add(integer, integer); .bare: add; .identity: what stands in the parentheses of
 *                  DROP FUNCTION; arguments, returns, definition (pg_get_functiondef whole; of one
 *                  with BEGIN ATOMIC without names that say nothing, and .printed: as it is run),
 *                  .language
 * AGGREGATE        name likewise; definition: the text for CREATE AGGREGATE's parentheses
 * STATISTICS       (schema, name; top level) definition (pg_get_statisticsobjdef), target
 * EVENT_TRIGGER    event, tags, function, enabled
 *
 * Needs: from pg_depend ('n' and 'a' entries between reported objects; an index or constraint that
 * another needs is the object reported for it; a column's own table goes without saying), plus: a
 * COLUMN needs its type; a FOREIGN_KEY the unique constraint or index that it refers to; an
 * INHERITANCE its parent table or index; a TRIGGER its function; OWNERSHIP its column; a POLICY the
 * functions and tables in its expressions. A SEQUENCE's need of its owner is MIG_NEED_OWNER. What
 * belongs to an extension needs that EXTENSION: an object that uses one of its types, functions or
 * operator classes needs it. An object in a schema needs the SCHEMA. Who needs a view's column needs
 * the view, since that COLUMN comes and goes with what is said of it. An index's INHERITANCE also
 * needs that of its table. A child's TABLE does not need its parent: its INHERITANCE does.
 *
 * An index of a partition whose parent's index is valid is MIG_OBJECT_INHERITED; one whose parent's
 * is "only" was attached by hand, and has an INHERITANCE. */
#ifndef MIG__PG_OBJECTS_H
#define MIG__PG_OBJECTS_H

#include "base/buf.h"
#include "dialect/postgresql/conn/conn.h"
#include "schema/object.h"

/* inspect.c */
mig_status mig__pg_inspect(mig_conn *conn, const mig_schema_sink *sink);

/* compare.c */
uint32_t mig__pg_change(const mig_object *from, const mig_object *to);
int32_t mig__pg_renames(const mig_object *from, const mig_object *to);
int32_t mig__pg_holds(const mig_object *dependent, const mig_object *changed);

/* ddl_text.c */
/* Whether the parenthesis that a text begins with closes at its end. */
int mig__pg_in_parentheses(const char *text);

/* ddl.c, native.c */
mig_status mig__pg_ddl(mig_conn *conn, const mig_changes *changes, const mig_sql_sink *sink);
mig_status mig__pg_native_column(mig_conn *conn, const mig_object *column, uint32_t parent,
				 const mig_schema_sink *sink);

#endif

/* mig/model.h: the schema that a program declares, and the difference from the database's.
 *
 *     static const mig_column_def users[] = {
 *             { "id", "integer", .primary_key = 1 },
 *             { "email", "varchar(255)", .not_null = 1, .unique = 1 },
 *     };
 *     static const mig_table_def tables[] = { { "users", MIG_COLUMNS(users) } };
 *     static const mig_schema_def schema = MIG_SCHEMA(MIG_TABLES(tables));
 *
 *     mig_model_of(ctx, &model);
 *     mig_model_declare(model, &schema);
 *     rc = mig_autogenerate(ctx, &options, &revision);
 *
 * or the same by calls, which is the form for other languages and for schemas made at run time:
 *
 *     t = mig_model_table(model, NULL, "users");
 *     mig_column_primary_key(mig_table_column(t, "id", "integer"));
 *     c = mig_table_column(t, "email", "varchar(255)");
 *     mig_column_not_null(c);
 *     mig_column_unique(c);
 *
 * Return values need not be checked: every function here takes a NULL handle, and the first mistake
 * (a type that does not exist, a name given twice, no memory) is kept. The call that uses the model
 * returns it with its place; mig_error_message() has it at once. A model may also come, instead or
 * in addition, from SQL text or a file, or from another database. Everything is brought to the
 * database's own terms in a scratch database (SQLite: in memory; PostgreSQL: one that is created
 * and dropped), so that the same schema declared in different words does not differ.
 *
 * Types, for every dialect:
 *
 *     smallint integer bigint boolean float double numeric numeric(P,S) text varchar varchar(N)
 *     char(N) bytes date time timestamp (without time zone) timestamptz (with) interval uuid json
 *     jsonb, "enum NAME" (mig_model_enum()), each with [] after it for an array, where the dialect
 *     has arrays. mig_column_type_for() gives a type in a dialect's own words. */
#ifndef MIG_MODEL_H
#define MIG_MODEL_H

#include <mig/mig.h>
#include <mig/schema.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mig_model mig_model;     /**< what a program declares */
typedef struct mig_table mig_table;     /**< a table of a model; borrowed from it */
typedef struct mig_column mig_column;   /**< a column of a table; borrowed from the model */
typedef struct mig_op_list mig_op_list; /**< operations, with their SQL */

/* ---- models ------------------------------------------------------------------------------ */

/** The context's model, empty at first. Borrowed until mig_close(). Since 0.1.0. */
MIG_API mig_status mig_model_of(mig_ctx *ctx, mig_model **out);

/** The first mistake made in declaring, as a status; MIG_OK if there is none. Since 0.1.0. */
MIG_API mig_status mig_model_status(const mig_model *model);

/** Declares a table. schema NULL: the default one. NULL if it is there already, or without memory.
 * Since 0.1.0. */
MIG_API mig_table *mig_model_table(mig_model *model, const char *schema, const char *name);

/** Declares an enumerated type, for columns of type "enum NAME"; values end with NULL. A dialect
 * without such types checks the values. Since 0.1.0. */
MIG_API mig_status mig_model_enum(mig_model *model, const char *schema, const char *name,
				  const char *const *values);
/** The former names of the values of a declared enum: a name for each, in their order, "" for one that
 * keeps its name; ends with NULL, also early. Where an old name is in the database, the value
 * is renamed and rows keep it; it may stay in the model afterwards. Errors: MIG_EINVAL if there is no
 * such enum, or it has fewer values. Since 0.1.0. */
MIG_API mig_status mig_model_enum_renamed_from(mig_model *model, const char *name,
					       const char *const *before);

/** Declares a view by its query. Since 0.1.0. */
MIG_API mig_status mig_model_view(mig_model *model, const char *schema, const char *name,
				  const char *query);

/** Adds SQL that creates more objects (functions, triggers, anything), run after what was declared
 * otherwise. dialect NULL: for every dialect. name stands for it in messages. Since 0.1.0. */
MIG_API mig_status mig_model_sql(mig_model *model, const char *dialect, const char *name,
				 const char *text, size_t size);
/** The same from a file, read when the model is used. Since 0.1.0. */
MIG_API mig_status mig_model_file(mig_model *model, const char *dialect, const char *path);

/** Takes the schema of another database of the same dialect as the model; nothing else may then be
 * declared. Since 0.1.0. */
MIG_API mig_status mig_model_database(mig_model *model, const char *url);

/** How constraints and indexes without a name are named: kind is MIG_KIND_INDEX, _UNIQUE, _CHECK,
 * _FOREIGN_KEY or _PRIMARY_KEY; in the pattern, %(table)s, %(column)s (the first), %(columns)s
 * (joined by _) and %(referred)s (table) are replaced. Defaults: "ix_%(table)s_%(columns)s",
 * "uq_%(table)s_%(columns)s", "ck_%(table)s_%(column)s", "fk_%(table)s_%(columns)s_%(referred)s",
 * "pk_%(table)s". A check of a table has no column: a number, from 1 on, stands for it. Since
 * 0.1.0.
 */
MIG_API mig_status mig_model_naming(mig_model *model, int32_t kind, const char *pattern);

/* ---- the model as a table ---------------------------------------------------------------- */

/* A whole schema as constants, for mig_model_declare():
 *
 *     static const mig_column_def teams_columns[] = {
 *             { "id", "integer", .primary_key = 1 },
 *             { "name", "varchar(80)", .not_null = 1, .unique = 1 },
 *     };
 *     static const mig_column_def users_columns[] = {
 *             { "id", "integer", .primary_key = 1 },
 *             { "email", "varchar(255)", .not_null = 1, .unique = 1 },
 *             { "team_id", "integer", .references = "teams.id", .on_delete = "cascade", .index = 1
 * },
 *     };
 *     static const mig_constraint_def users_constraints[] = {
 *             { MIG_KIND_CHECK, .expression = "email LIKE '%@%'" },
 *             { MIG_KIND_INDEX, MIG_ON("team_id", "lower(email)"), .unique = 1 },
 *     };
 *     static const mig_table_def tables[] = {
 *             { "teams", MIG_COLUMNS(teams_columns) },
 *             { "users", MIG_COLUMNS(users_columns), MIG_CONSTRAINTS(users_constraints) },
 *     };
 *     static const mig_schema_def schema = MIG_SCHEMA(MIG_TABLES(tables));
 *
 *     rc = mig_model_declare(model, &schema);
 *
 * A member that a row does not name is zero or NULL: not set. The macros fill in an array, the
 * number of its rows and the size of one; they take the array itself, not a pointer to it. In C an
 * array may also stand in place: MIG_COLUMNS((const mig_column_def[]){ { "id", "integer" } }).
 * Static tables with MIG_NAMES() and MIG_ON() stand outside of functions.
 *
 * C++20 wants every member named, in the order of the struct: { .name = "id", .type = "integer",
 * .primary_key = 1 }; and it has no MIG_NAMES() and MIG_ON(): a list is an array with a name. With
 * -Wextra compilers warn of a row without a named member: write { "bio", "text", .not_null = 0 }.
 */

/** Something of one dialect. Of a table: an option, as for mig_table_option(). Of a column: key is
 * "type" or "default", as for mig_column_type_for() and mig_column_default_for(). Since 0.1.0. */
typedef struct mig_option_def {
	const char *dialect; /**< "sqlite", "postgresql", …; not NULL */
	const char *key; /**< which option; not NULL */
	const char *value; /**< copied; not NULL */
} mig_option_def;

/** A default that every dialect writes in its own SQL. Since 0.1.0. */
enum mig_default {
	MIG_DEFAULT_NOW = 1,  /**< the time of the insert; the day, for a date */
	MIG_DEFAULT_TRUE = 2, /**< of a boolean */
	MIG_DEFAULT_FALSE = 3
};

/** How a column gets ascending values by itself, see mig_column_identity(). Since 0.1.0. */
enum mig_column_identity {
	MIG_COLUMN_IDENTITY = 1,       /**< if the insert gives none */
	MIG_COLUMN_IDENTITY_ALWAYS = 2 /**< others are not allowed (SQLite: AUTOINCREMENT) */
};

/** A column. Since 0.1.0. */
typedef struct mig_column_def {
	const char *name; /**< UTF-8, not quoted; not NULL */
	const char *type;    /**< a type of the list above */
	int32_t primary_key; /**< nonzero: the key, or the next column of it, see
				mig_column_primary_key() */
	int32_t not_null;    /**< nonzero: NOT NULL */
	int32_t unique;      /**< nonzero: UNIQUE, of this column alone */
	int32_t index;       /**< nonzero: an index of this column alone */
	/* at most one default; options may have others for single dialects */
	int32_t default_value;    /**< enum mig_default; 0: none */
	int32_t identity;         /**< enum mig_column_identity; 0: none */
	const char *default_text; /**< a text; it is quoted */
	const char *default_sql;  /**< SQL: "0", "'new'", "lower('A')" */
	/** SQL over other columns; kept in the row. At most one of these two. */
	const char *generated_stored;
	const char *generated_virtual; /**< the same, computed when read, where the dialect can */
	/** "TABLE.COLUMN" or "SCHEMA.TABLE.COLUMN": a foreign key of this column alone. For names
	 * with a dot in them: a row of constraints. */
	const char *references;
	const char *on_delete;  /**< of references, as in mig_foreign_key */
	const char *on_update;  /**< likewise */
	const char *deferrable; /**< likewise */
	const char *collation; /**< a collation of the engine's; NULL: the usual one */
	const char *comment; /**< kept by the database, where the dialect can; NULL: none */
	const char *renamed_from;      /**< the former name of the column */
	const mig_option_def *options; /**< MIG_OPTIONS() */
	size_t option_count; /**< entries of options */
	size_t option_size; /**< sizeof(mig_option_def) */
} mig_column_def;

/** A constraint or an index of a table. Since 0.1.0. */
typedef struct mig_constraint_def {
	int32_t kind;   /**< MIG_KIND_PRIMARY_KEY, _UNIQUE, _CHECK, _FOREIGN_KEY or _INDEX */
	int32_t unique; /**< of an index */
	/** Not of a check; ends with NULL: MIG_ON(). Of an index: names, or SQL, see mig_index. */
	const char *const *columns;
	const char *name;            /**< NULL: by the naming convention */
	const char *expression;      /**< of a check, without parentheses around it */
	const char *referred_schema; /**< of a foreign key, as all to deferrable; NULL: default */
	const char *referred_table; /**< of a foreign key: required */
	const char *const *referred_columns; /**< ends with NULL: MIG_NAMES() */
	const char *on_delete; /**< as in mig_foreign_key; NULL: none */
	const char *on_update; /**< likewise */
	const char *deferrable; /**< as in mig_foreign_key; NULL: not */
	const char *where; /**< of an index, as all that follow; see mig_index */
	const char *method; /**< "gin", …; NULL: the usual one */
	const char *const *include; /**< ends with NULL: MIG_NAMES() */
} mig_constraint_def;

/** A table. Since 0.1.0. */
typedef struct mig_table_def {
	const char *name; /**< UTF-8, not quoted; not NULL */
	const char *schema;            /**< NULL: the default one */
	const mig_column_def *columns; /**< MIG_COLUMNS() */
	size_t column_count; /**< entries of columns */
	size_t column_size;                    /**< sizeof(mig_column_def) */
	const mig_constraint_def *constraints; /**< MIG_CONSTRAINTS(); NULL: none */
	size_t constraint_count; /**< entries of constraints */
	size_t constraint_size;        /**< sizeof(mig_constraint_def) */
	const mig_option_def *options; /**< MIG_OPTIONS(); NULL: none */
	size_t option_count; /**< entries of options */
	size_t option_size; /**< sizeof(mig_option_def) */
	const char *comment; /**< kept by the database, where the dialect can; NULL: none */
	const char *renamed_from; /**< the former name of the table */
} mig_table_def;

/** An enumerated type, see mig_model_enum(). Since 0.1.0. */
typedef struct mig_enum_def {
	const char *name; /**< UTF-8, not quoted; not NULL */
	const char *schema;        /**< NULL: the default one */
	const char *const *values; /**< ends with NULL: MIG_NAMES() */
	/** The former names of the values, in their order, "" for one that keeps its name; ends with NULL,
	 * also early. NULL: none was renamed. */
	const char *const *renamed_from;
} mig_enum_def;

/** A view, see mig_model_view(). Since 0.1.0. */
typedef struct mig_view_def {
	const char *name; /**< UTF-8, not quoted; not NULL */
	const char *schema; /**< NULL: the default one */
	const char *query; /**< one SELECT, without a semicolon; not NULL */
} mig_view_def;

/** A schema, or a part of one. Since 0.1.0. */
typedef struct mig_schema_def {
	size_t struct_size;          /**< sizeof(mig_schema_def): MIG_SCHEMA() */
	const mig_table_def *tables; /**< MIG_TABLES(); NULL: none */
	size_t table_count; /**< entries of tables */
	size_t table_size;         /**< sizeof(mig_table_def) */
	const mig_enum_def *enums; /**< MIG_ENUMS(); NULL: none */
	size_t enum_count; /**< entries of enums */
	size_t enum_size;          /**< sizeof(mig_enum_def) */
	const mig_view_def *views; /**< MIG_VIEWS(); NULL: none */
	size_t view_count; /**< entries of views */
	size_t view_size; /**< sizeof(mig_view_def) */
} mig_schema_def;

#ifndef __cplusplus
/** A list of texts that ends with NULL. */
#define MIG_NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })
/** The columns of a constraint or an index. */
#define MIG_ON(...) .columns = MIG_NAMES(__VA_ARGS__)
#endif
/** Members of a struct above: an array, the number of its rows and the size of one. */
#define MIG_COLUMNS(...)                                                                      \
	.columns = __VA_ARGS__, .column_count = sizeof(__VA_ARGS__) / sizeof(mig_column_def), \
	.column_size = sizeof(mig_column_def)
#define MIG_CONSTRAINTS(...)                                                  \
	.constraints = __VA_ARGS__,                                           \
	.constraint_count = sizeof(__VA_ARGS__) / sizeof(mig_constraint_def), \
	.constraint_size = sizeof(mig_constraint_def)
#define MIG_OPTIONS(...)                                                                      \
	.options = __VA_ARGS__, .option_count = sizeof(__VA_ARGS__) / sizeof(mig_option_def), \
	.option_size = sizeof(mig_option_def)
#define MIG_TABLES(...)                                                                    \
	.tables = __VA_ARGS__, .table_count = sizeof(__VA_ARGS__) / sizeof(mig_table_def), \
	.table_size = sizeof(mig_table_def)
#define MIG_ENUMS(...)                                                                  \
	.enums = __VA_ARGS__, .enum_count = sizeof(__VA_ARGS__) / sizeof(mig_enum_def), \
	.enum_size = sizeof(mig_enum_def)
#define MIG_VIEWS(...)                                                                  \
	.views = __VA_ARGS__, .view_count = sizeof(__VA_ARGS__) / sizeof(mig_view_def), \
	.view_size = sizeof(mig_view_def)
/** A mig_schema_def of MIG_TABLES(), MIG_ENUMS() and MIG_VIEWS(), in this order, as many as there
 * are. */
#define MIG_SCHEMA(...)                                            \
	{                                                          \
		.struct_size = sizeof(mig_schema_def), __VA_ARGS__ \
	}

/** Declares all of a schema, as the functions below do it piece by piece; both may be used for one
 * model, and this may be called several times. Nothing of def is kept. What a table cannot say is
 * said by functions: the naming convention, objects in SQL, another database
 * (mig_model_naming(), mig_model_sql(), mig_model_file(), mig_model_database()).
 *
 * What a foreign key refers to must be in def, or declared before; unless the model has SQL
 * (mig_model_sql(), mig_model_file()) or is that of a revision (mig_op_model()), since it may then
 * be there all the same.
 *
 * Errors are mistakes of the model, kept and returned again by the call that uses it, and name
 * table and column: MIG_EINVAL (a name or type is missing, there is no such type, two defaults, a
 * member that does not fit the kind, a row whose size or unknown members libmig does not know),
 * MIG_EEXISTS (a name given twice), MIG_ENOTFOUND (a table, column or enum that is referred to),
 * MIG_ENOMEM. Since 0.1.0. */
MIG_API mig_status mig_model_declare(mig_model *model, const mig_schema_def *def);

/** A declared table, e.g. for mig_op_create_table(); NULL if there is none. schema NULL: the default one.
 * Borrowed from the model. Since 0.1.0. */
MIG_API mig_table *mig_model_find_table(const mig_model *model, const char *schema,
					const char *name);
/** A declared column of the table; NULL if there is none. Borrowed from the model. Since 0.1.0. */
MIG_API mig_column *mig_table_find_column(const mig_table *table, const char *name);

/* ---- tables ------------------------------------------------------------------------------ */

/** Adds a column. NULL if there is one of that name, or the type does not exist. Since 0.1.0. */
MIG_API mig_column *mig_table_column(mig_table *table, const char *name, const char *type);
/** Lists of columns end with NULL. name NULL: by the naming convention. Since 0.1.0. */
MIG_API mig_status mig_table_primary_key(mig_table *table, const char *name,
					 const char *const *columns);
/** A unique constraint over the columns together. Since 0.1.0. */
MIG_API mig_status mig_table_unique(mig_table *table, const char *name, const char *const *columns);
/** expression: SQL, without parentheses around it. Since 0.1.0. */
MIG_API mig_status mig_table_check(mig_table *table, const char *name, const char *expression);

typedef struct mig_foreign_key {
	size_t struct_size; /**< sizeof(mig_foreign_key) */
	const char *name;            /**< NULL: by the naming convention */
	const char *const *columns;  /**< ends with NULL */
	const char *referred_schema; /**< NULL: the default one */
	const char *referred_table; /**< required */
	const char *const *referred_columns; /**< ends with NULL */
	const char *on_delete;  /**< "CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT"; NULL: none */
	const char *on_update;  /**< likewise */
	const char *deferrable; /**< "DEFERRABLE", "DEFERRABLE INITIALLY DEFERRED"; NULL: not */
} mig_foreign_key;
/** A foreign key of one column or several. Errors: MIG_EINVAL without a table, or for an action that does
 * not exist. Since 0.1.0. */
MIG_API mig_status mig_table_foreign_key(mig_table *table, const mig_foreign_key *key);

typedef struct mig_index {
	size_t struct_size; /**< sizeof(mig_index) */
	const char *name; /**< NULL: by the naming convention */
	const char *const
		*columns;   /**< ends with NULL; a name, or SQL: "lower(email)", "at DESC" */
	const char *where;  /**< of a partial index: SQL; NULL: whole */
	const char *method; /**< "gin", …; NULL: the usual one */
	const char *const *include; /**< ends with NULL; NULL: none */
	int32_t unique; /**< nonzero: no two rows may be equal in its columns */
	int32_t reserved; /**< 0 */
} mig_index;
/** An index; its columns may be expressions. Since 0.1.0. */
MIG_API mig_status mig_table_index(mig_table *table, const mig_index *index);

/** A comment that the database keeps, where the dialect has them. Since 0.1.0. */
MIG_API mig_status mig_table_comment(mig_table *table, const char *comment);
/** The former name of the table: it is renamed, not dropped and created. Without effect once
 * that is done. Since 0.1.0. */
MIG_API mig_status mig_table_renamed_from(mig_table *table, const char *name);
/** Something of one dialect: SQLite: "strict" and "without_rowid" (the only value is "yes"); PostgreSQL:
 * "options" ("fillfactor=70"), "partition_by" ("RANGE (at)"), "persistence" ("unlogged"). Keys and values
 * of the context's own dialect are checked at once. Those of another one are kept, and checked when the
 * model is used on a database of that dialect, if it ever is: a misspelt name of a dialect is therefore
 * not noticed. Errors: MIG_EINVAL. Since 0.1.0. */
MIG_API mig_status mig_table_option(mig_table *table, const char *dialect, const char *key,
				    const char *value);

/* ---- columns ----------------------------------------------------------------------------- */

/** The column does not accept NULL. Since 0.1.0. */
MIG_API mig_status mig_column_not_null(mig_column *column);
/** The column is the primary key, or the next column of it. Implies NOT NULL; a single integer one
 * gets its values by itself (mig_column_identity()). Since 0.1.0. */
MIG_API mig_status mig_column_primary_key(mig_column *column);
/** A unique constraint of this column alone, named by the convention. Since 0.1.0. */
MIG_API mig_status mig_column_unique(mig_column *column);
/** An index of this column alone, named by the convention. Since 0.1.0. */
MIG_API mig_status mig_column_indexed(mig_column *column);
/** The column's default: SQL, e.g. "0", "'new'", "lower('A')". Since 0.1.0. */
MIG_API mig_status mig_column_default(mig_column *column, const char *expression);
/** In one dialect. Since 0.1.0. */
MIG_API mig_status mig_column_default_for(mig_column *column, const char *dialect,
					  const char *expression);
/** The column's default: this text, which libmig quotes. Since 0.1.0. */
MIG_API mig_status mig_column_default_text(mig_column *column, const char *text);
/** The column's default: this number. Since 0.1.0. */
MIG_API mig_status mig_column_default_int64(mig_column *column, int64_t value);
/** The column's default: 0 is false, anything else true, as the dialect writes them. Since 0.1.0. */
MIG_API mig_status mig_column_default_bool(mig_column *column, int32_t value);
/** The time of the insert (the day, for a date). Since 0.1.0. */
MIG_API mig_status mig_column_default_now(mig_column *column);
/** Generated from other columns. stored nonzero: kept in the row; 0: computed when read, where the
 * dialect can. Since 0.1.0. */
MIG_API mig_status mig_column_generated(mig_column *column, const char *expression, int32_t stored);
/** Gets ascending values by itself. always nonzero: no others are allowed (SQLite: none is ever
 * used again, AUTOINCREMENT). SQLite has it for a primary key of one column of an integer type alone,
 * whose type in the database is INTEGER; using the model there with another one is MIG_EUNSUPPORTED.
 * Since 0.1.0. */
MIG_API mig_status mig_column_identity(mig_column *column, int32_t always);
/** A foreign key of this column alone; on_delete as in mig_foreign_key. Since 0.1.0. */
MIG_API mig_status mig_column_references(mig_column *column, const char *table,
					 const char *referred_column, const char *on_delete);
/** The column's collation, by its name in the dialect. Since 0.1.0. */
MIG_API mig_status mig_column_collation(mig_column *column, const char *collation);
/** A comment that the database keeps, where the dialect has them. Since 0.1.0. */
MIG_API mig_status mig_column_comment(mig_column *column, const char *comment);
/** The former name of the column: it is renamed, not dropped and created. Since 0.1.0. */
MIG_API mig_status mig_column_renamed_from(mig_column *column, const char *name);
/** The type in one dialect's own words. Since 0.1.0. */
MIG_API mig_status mig_column_type_for(mig_column *column, const char *dialect, const char *type);

/* ---- the difference ------------------------------------------------------------------------ */

/** Asked for every object before it is compared; table: name of the table that it belongs to, or
 * NULL. 0: leave it alone, whatever it is. */
typedef int32_t (*mig_include_fn)(void *user, const mig_object *database, const mig_object *model);
/** Asked where an attribute differs ("type" of a column, "expression" of a default, …). 1: it is
 * different, 0: it is the same, -1: libmig decides. */
typedef int32_t (*mig_compare_fn)(void *user, const mig_object *database, const mig_object *model,
				  const char *attribute);
/** Asked for every operation, in order, before SQL is made of them, for the upgrade and the
 * downgrade. 0: leave it out. */
typedef int32_t (*mig_operation_fn)(void *user, const mig_op *op, int32_t direction);

/** Asked first about each pair of a dropped and a created object that may be one renamed object: tables
 * with the same columns, columns of one table with the same type. 1: it was renamed; the difference is
 * made again with that. 0: it was not. */
typedef int32_t (*mig_rename_fn)(void *user, const mig_object *from, const mig_object *to);

typedef struct mig_diff_options {
	size_t struct_size; /**< sizeof(mig_diff_options) */
	/** Each a rename that must fit: of a table, "old=new", or "old=schema.new" if it moves to another
	 * schema; of a column, "table.old=new"; of a value, "enum.old=new". Ends with NULL; NULL: none. */
	const char *const *renames;
	/** Patterns of names of top-level objects (tables, views, types, …); only these are
	 * compared: NAME, SCHEMA.NAME, KIND:NAME, with * and ?; end with NULL; NULL: none. */
	const char *const *include;
	const char *const *exclude; /**< objects that are left alone, in the same form */
	mig_include_fn include_fn;     /**< NULL: everything */
	mig_compare_fn compare_fn;     /**< NULL: libmig decides */
	mig_operation_fn operation_fn; /**< NULL: all */
	void *user;                    /**< handed to all three */
	int32_t unproved;              /**< nonzero: do not try the SQL in a copy */
	int32_t at_head; /**< nonzero: the database must be at head, otherwise MIG_EBEHIND */
	mig_rename_fn rename_fn; /**< NULL: only `renames` and the model rename */
	void *rename_user;       /**< handed to rename_fn */
} mig_diff_options;

/** Sets what mig_diff() and mig_autogenerate() use for members that their options leave zero, e.g.
 * an application's hooks. Texts and lists are borrowed until mig_close(). NULL: nothing. Since
 * 0.1.0. */
MIG_API mig_status mig_set_diff_options(mig_ctx *ctx, const mig_diff_options *options);

/** Compares the database with the model and returns the operations that make the database what the
 * model says, with their SQL, in order; none if there is no difference. options may be NULL. The
 * SQL was tried in a copy of the schema, up and down; a downgrade that cannot be made (a value added to
 * an enum that a partition key uses) does not prevent the upgrade. Nothing is written. Free the list with
 * mig_op_list_free(), before or after mig_close().
 *
 * Errors: mistakes of the model; MIG_EMISUSE without a model; MIG_ENOTFOUND for a rename that does
 * not fit; MIG_EUNSUPPORTED if the dialect cannot do it; MIG_EPERMISSION (PostgreSQL: the role may
 * not create databases). MIG_EPROOF: the SQL does not do in the copy what it should. The list is
 * returned nevertheless, to be shown or, with mig_autogenerate_options.force, to be written; *out is NULL
 * after every other error. Since 0.1.0. */
MIG_API mig_status mig_diff(mig_ctx *ctx, const mig_diff_options *options, mig_op_list **out);

/** The schema of the database, without libmig's own tables: the operations that create it in an empty
 * database, in an order in which they can be run. mig_op_list_sql() of MIG_UPGRADE is then the schema
 * as a model in SQL: mig_diff() finds no difference between it and the database. The objects of the
 * operations, with what is inside them, are everything that was read. MIG_DOWNGRADE drops it all.
 * Nothing is tried. What a new database of the engine has anyway is left out, so an empty one is made
 * to compare with. Nothing is written. Free the list with mig_op_list_free().
 *
 * Errors: MIG_EUNSUPPORTED if the dialect cannot read schemas; MIG_EPERMISSION (PostgreSQL: the role
 * may not create databases). Since 0.1.0. */
MIG_API mig_status mig_dump(mig_ctx *ctx, mig_op_list **out);

/** An attribute that an operation changes. */
typedef struct mig_op_change {
	size_t struct_size; /**< bytes of what is there: read no member beyond it */
	const char *key;    /**< of the attribute, e.g. MIG_ATTR_TYPE */
	const char *from;   /**< its value before; NULL: there was none */
	const char *to;     /**< its value after; NULL: there is none any more */
} mig_op_change;

/** Number of operations; 0: nothing differs. Since 0.1.0. */
MIG_API size_t mig_op_list_count(const mig_op_list *list);
/** Operation i, or NULL past the end. Borrowed from the list. Since 0.1.0. */
MIG_API const mig_op *mig_op_list_at(const mig_op_list *list, size_t i);
/** Operation i in words, e.g. "drop column users.email"; NULL past the end. Since 0.1.0. */
MIG_API const char *mig_op_list_text(const mig_op_list *list, size_t i);
/** Change i of operation `op`: an attribute in which its object differs before and after. Those of the
 * old object come first, then those that only the new one has. What is created has no old values, and
 * what is dropped no new ones; both operations of a pair with MIG_OP_REPLACE have the same changes,
 * none if the object is replaced only because of another. NULL past the end. Borrowed from the list.
 * Since 0.1.0. */
MIG_API const mig_op_change *mig_op_list_change(const mig_op_list *list, size_t op, size_t i);
/** What operation `op` loses for good, e.g. "drops table notes and its rows"; NULL if it loses nothing,
 * and past the end. Borrowed from the list. Since 0.1.0. */
MIG_API const char *mig_op_list_loss(const mig_op_list *list, size_t op);
/** Remark i on the upgrade: what the rows of a table may make fail, what takes long or locks long, what
 * continues elsewhere, e.g. "users.email: fails if a row has NULL in it". The SQL contains the same as
 * comments. NULL past the end. Borrowed from the list. Since 0.1.0. */
MIG_API const char *mig_op_list_remark(const mig_op_list *list, size_t i);
/** All the SQL of a direction (MIG_UPGRADE, MIG_DOWNGRADE). NULL for a downgrade that cannot be made:
 * a comment in the upgrade gives the reason, and a warning was logged. Borrowed from the list; *size
 * (may be NULL) its bytes. Since 0.1.0. */
MIG_API const char *mig_op_list_sql(const mig_op_list *list, int32_t direction, size_t *size);
/** The dialect that the SQL is for, e.g. "sqlite": the revision's sections name it. NULL for a NULL
 * list. Borrowed from the list. Since 0.1.0. */
MIG_API const char *mig_op_list_dialect(const mig_op_list *list);
/** That SQL as a section of a revision: with its dialect, no_transaction if it cannot run in one
 * transaction (where mig_autogenerate() writes two revisions, this is the SQL of both), and
 * foreign_keys -1 if it must run with foreign keys off (SQLite's rebuild of a table). NULL for a NULL
 * list, another direction, and a downgrade that cannot be made. Borrowed from the list. Since 0.1.0. */
MIG_API const mig_section *mig_op_list_section(const mig_op_list *list, int32_t direction);
/** Why the SQL could not be proved: the message of MIG_EPROOF. NULL: it was proved, or no proof was
 * wanted. Borrowed from the list. Since 0.1.0. */
MIG_API const char *mig_op_list_unproved(const mig_op_list *list);
/** Rename i that mig_diff_options.rename_fn confirmed, "old=new" or "table.old=new", for the renames
 * of other dialects; NULL past the end. Borrowed from the list. Since 0.1.0. */
MIG_API const char *mig_op_list_rename(const mig_op_list *list, size_t i);
/** What the database or the model has that is not compared, e.g. "publication news"; NULL past the
 * end. Since 0.1.0. */
MIG_API const char *mig_op_list_uncovered(const mig_op_list *list, size_t i);
/** Frees the list and all that was borrowed from it, also after mig_close(). NULL is allowed.
 * Since 0.1.0. */
MIG_API void mig_op_list_free(mig_op_list *list);

/** What a revision has for one dialect or database: an upgrade and a downgrade section. */
typedef struct mig_autogenerate_part {
	const mig_op_list *ops; /**< what mig_diff() gave; NULL: both sections are empty */
	const char *database;   /**< the sections say database=NAME; NULL: they are for every one */
} mig_autogenerate_part;

typedef struct mig_autogenerate_options {
	size_t struct_size; /**< sizeof(mig_autogenerate_options) */
	/** The name of the revision, its folder, …; its SQL is ignored. NULL: defaults. */
	const mig_revision_options *revision;
	const mig_diff_options *diff; /**< NULL: defaults */
	/** The sections, from mig_diff() on this context and on those of other dialects or databases:
	 * nothing is compared again. NULL: the database is compared now, by `diff`. */
	const mig_autogenerate_part *parts;
	size_t part_count; /**< entries of parts */
	size_t part_size; /**< sizeof(mig_autogenerate_part) */
	/** Nonzero: writes the revision even if the proof failed, with a warning at the top. */
	int32_t force;
	int32_t reserved; /**< 0 */
	/** Takes the text of the sections, with their directives, and no file is written. NULL: the
	 * revision is written. */
	mig_sql_fn sections_fn;
	void *user; /**< handed to sections_fn */
} mig_autogenerate_options;

/** Writes the revision that brings the database to the model. A database that is compared here must be
 * at head. *out is a list of the one revision, or empty if nothing differs: then no file is
 * written. What must be committed before the rest can use it (PostgreSQL: a new value of an enum) is a
 * revision of its own, which the other one follows: then the list has both, in this order. Only the
 * second has the rev_id that was asked for; labels and dependencies are those of the first. Its
 * sections say dialect=NAME: on another engine the revision has no section, and is refused.
 *
 * Errors: those of mig_diff() and mig_revision_create(); MIG_EBEHIND if the database is not at
 * head. Since 0.1.0. */
MIG_API mig_status mig_autogenerate(mig_ctx *ctx, const mig_autogenerate_options *options,
				    mig_revision_list **out);

#ifdef __cplusplus
}
#endif
#endif

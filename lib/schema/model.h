/* model: what a program declares, as plain lists, before any dialect has seen it. Everything lives
 * in the model's arena. The first mistake is kept and reported when the model is used. */
#ifndef MIG__SCHEMA_MODEL_H
#define MIG__SCHEMA_MODEL_H

#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"

#include <mig/attribute.h>
#include <mig/dialect.h>
#include <mig/model.h>

/* Names of columns, ending with NULL. */
typedef const char *const *mig__names;

/* Something said for one dialect (NULL: every one). */
struct mig__said {
	const char *dialect, *key, *value;
	int is_text; /* the value is a text, not SQL */
	struct mig__said *next;
};

struct mig_column {
	mig_table *table;
	const char *name, *type; /* type: as declared, checked; of an enum: its name */
	int is_enum, array;      /* array: [] stands behind the type */
	int32_t not_null, primary_key, unique, indexed, stored, identity; /* identity 2: always */
	const char *generated, *collation, *comment, *renamed_from;
	const char *default_portable;       /* "now", "true", "false" */
	struct mig__said *defaults, *types; /* newest first */
	mig_column *next;
};

/* A constraint or index. */
struct mig__item {
	int32_t kind;
	const char *name; /* NULL: by the naming convention */
	mig__names columns, referred_columns, include;
	const char *expression; /* of a check; where of an index */
	const char *referred_schema, *referred_table, *on_delete, *on_update, *deferrable, *method;
	int32_t unique;
	uint32_t number; /* of a check without a name: the table's first is 1; 0: it has columns */
	struct mig__item *next;
};

struct mig_table {
	mig_model *model;
	const char *schema, *name, *comment, *renamed_from; /* schema "": the default one */
	mig_column *columns, **columns_end;
	struct mig__item *items, **items_end;
	uint32_t unnamed_checks;
	struct mig__said *options;
	mig_table *next;
};

struct mig__enum {
	const char *schema, *name;
	mig__names values;
	mig__names renamed_from; /* by value; "": it was called so before; NULL: all were */
	struct mig__enum *next;
};

struct mig__view {
	const char *schema, *name, *query;
	struct mig__view *next;
};

/* SQL text, or a file, or a database's URL. */
struct mig__source_sql {
	const char *dialect, *name, *text;
	size_t size;
	int32_t is_file, is_url;
	struct mig__source_sql *next;
};

struct mig_model {
	const struct mig__alloc *alloc;
	const mig_dialect *dialect; /* of the database; NULL: there is none */
	struct mig__arena arena;
	struct mig__map names;  /* of tables, columns, enums */
	struct mig__error *err; /* of the context, which gets each mistake at once; NULL: none */
	mig_status status;      /* the first mistake */
	const char *mistake;
	mig_table *tables, **tables_end;
	struct mig__enum *enums, **enums_end;
	struct mig__view *views, **views_end;
	struct mig__source_sql *sources, **sources_end;
	const char *naming[MIG_KIND_REPLICA_IDENTITY + 1];
	int partial; /* of a revision: what it refers to is in the database */
};

/* Words for what a foreign key does, for messages. */
#define MIG__ACTIONS                                                            \
	MIG_ACTION_CASCADE ", " MIG_ACTION_SET_NULL ", " MIG_ACTION_SET_DEFAULT \
			   ", " MIG_ACTION_RESTRICT ", " MIG_ACTION_NO_ACTION
#define MIG__DEFERRABLES "DEFERRABLE, DEFERRABLE INITIALLY DEFERRED"

void mig__model_init(mig_model *model, const struct mig__alloc *alloc, const mig_dialect *dialect);
void mig__model_finish(mig_model *model);
/* Keeps the first mistake; returns status. */
mig_status mig__model_mistake(mig_model *model, mig_status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The dialect's own copy of the key of a table's option; NULL if it has no such option; the key itself
 * if it takes every one. */
const char *mig__model_option(const mig_dialect *dialect, const char *key);
/* Whether the option can have the value: one that is only there or not is MIG_YES. */
int mig__model_option_takes(const mig_dialect *dialect, const char *key, const char *value);
/* Whether anything was declared. */
int mig__model_any(const mig_model *model);
/* Notes the name of something of a kind ("table", "enum"): MIG_EEXISTS if there is one already,
 * MIG_ENOMEM. schema may be NULL. The second is for what is inside a table. */
mig_status mig__model_note(mig_model *model, const char *kind, const char *schema,
			   const char *name);
mig_status mig__model_note_in(mig_table *table, const char *kind, const char *name);
/* An action of a foreign key in capitals, whatever the case of the given one; NULL: there is none
 * such. The second likewise for deferrable. Static. */
const char *mig__model_action(const char *given);
const char *mig__model_deferrable(const char *given);
/* The declared enum, or NULL. */
const struct mig__enum *mig__model_find_enum(const mig_model *model, const char *name);
/* The name of a constraint or index: its own, or by convention, in the arena; NULL without memory.
 */
const char *mig__model_name(const mig_model *model, struct mig__arena *arena,
			    const mig_table *table, const struct mig__item *item);

#endif

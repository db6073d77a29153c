/* Every member of mig/model.h on its own: a table without it against the same table with it. What
 * mig_diff() finds must be that and nothing else; once it is done there is no difference, and the
 * way back leads to where it came from.
 *
 * What is found is written as one line for an operation: its words, then what is in the new object,
 * key=value; of an alteration only what changes, key=old>new. */
#include "both.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* What the declarations work on. */
struct declared {
	mig_model *model;
	mig_table *t;                        /* with the columns below */
	mig_table *keyless;                  /* keyless (a integer NOT NULL, b integer) */
	mig_table *strictable;               /* strictable (id INTEGER PRIMARY KEY) */
	mig_column *id, *number, *word, *at; /* number integer, word text, at timestamp */
	int lite;
};

struct field {
	const char *name;
	void (*declare)(struct declared *d);
	const char *sqlite, *postgresql; /* what is found; NULL: the engine has no such thing */
};

/* -- declarations, a member each */

static void index_of(struct declared *d, mig_index *index)
{
	index->struct_size = sizeof *index;
	mig_table_index(d->t, index);
}

static void key_of(struct declared *d, mig_foreign_key *key)
{
	key->struct_size = sizeof *key;
	key->columns = NAMES("number");
	key->referred_table = "keyed";
	key->referred_columns = NAMES("id");
	mig_table_foreign_key(d->t, key);
}

static void set_collation(struct declared *d)
{
	mig_column_collation(d->word, d->lite ? "NOCASE" : "C");
}

static void set_comment_of_a_table(struct declared *d)
{
	mig_table_comment(d->t, "it's a table");
}

static void set_comment_of_a_column(struct declared *d)
{
	mig_column_comment(d->number, "how many");
}

static void set_generated_stored(struct declared *d)
{
	mig_column_generated(d->number, "id * 2", 1);
}

static void set_generated_virtual(struct declared *d)
{
	mig_column_generated(d->number, "id * 2", 0);
}

static void set_identity(struct declared *d)
{
	mig_column_identity(d->id, 0);
}

static void set_identity_always(struct declared *d)
{
	mig_column_identity(d->id, 1);
}

static void set_default(struct declared *d)
{
	mig_column_default(d->number, "5");
}

static void set_default_an_expression(struct declared *d)
{
	mig_column_default(d->word, "lower('A')");
}

static void set_default_of_a_dialect(struct declared *d)
{
	mig_column_default(d->number, "5");
	mig_column_default_for(d->number, d->lite ? "sqlite" : "postgresql", "6");
}

static void set_default_of_another_dialect(struct declared *d)
{
	mig_column_default(d->number, "5");
	mig_column_default_for(d->number, d->lite ? "postgresql" : "sqlite", "6");
}

static void set_default_text(struct declared *d)
{
	mig_column_default_text(d->word, "it's lower('A')");
}

static void set_default_integer(struct declared *d)
{
	mig_column_default_int64(d->number, -7);
}

static void set_default_largest_integer(struct declared *d)
{
	mig_column_default_int64(d->number, INT64_MIN + 1);
}

static void set_default_now(struct declared *d)
{
	mig_column_default_now(d->at);
}

static void set_not_null(struct declared *d)
{
	mig_column_not_null(d->number);
}

static void set_unique(struct declared *d)
{
	mig_column_unique(d->number);
}

static void set_indexed(struct declared *d)
{
	mig_column_indexed(d->number);
}

static void set_type_of_a_dialect(struct declared *d)
{
	mig_column_type_for(d->number, d->lite ? "sqlite" : "postgresql",
			    d->lite ? "MONEY" : "money");
}

static void set_type_of_another_dialect(struct declared *d)
{
	mig_column_type_for(d->number, d->lite ? "postgresql" : "sqlite", "money");
}

static void set_type_with_a_length(struct declared *d)
{
	mig_table_column(d->t, "more", "varchar(20)");
}

static void set_type_with_a_precision(struct declared *d)
{
	mig_table_column(d->t, "more", "numeric(6,2)");
}

static void set_references(struct declared *d)
{
	mig_column_references(d->number, "keyed", "id", NULL);
}

static void set_references_on_delete(struct declared *d)
{
	mig_column_references(d->number, "keyed", "id", "CASCADE");
}

static void set_primary_key(struct declared *d)
{
	mig_table_primary_key(d->keyless, "pk_named", NAMES("b", "a"));
}

static void set_primary_key_without_a_name(struct declared *d)
{
	mig_table_primary_key(d->keyless, NULL, NAMES("a"));
}

static void set_unique_constraint(struct declared *d)
{
	mig_table_unique(d->t, "one_of_each", NAMES("word", "number"));
}

static void set_unique_constraint_without_a_name(struct declared *d)
{
	mig_table_unique(d->t, NULL, NAMES("word", "number"));
}

static void set_check(struct declared *d)
{
	mig_table_check(d->t, "small", "number < 10");
}

static void set_check_without_a_name(struct declared *d)
{
	mig_table_check(d->t, NULL, "number < 10");
}

static void set_index(struct declared *d)
{
	index_of(d, &(mig_index){ .columns = NAMES("word", "number") });
}

static void set_index_with_a_name(struct declared *d)
{
	index_of(d, &(mig_index){ .name = "named", .columns = NAMES("word") });
}

static void set_index_unique(struct declared *d)
{
	index_of(d, &(mig_index){ .name = "i", .columns = NAMES("word"), .unique = 1 });
}

static void set_index_partial(struct declared *d)
{
	index_of(d, &(mig_index){ .name = "i", .columns = NAMES("word"), .where = "number > 0" });
}

static void set_index_of_an_expression(struct declared *d)
{
	index_of(d, &(mig_index){ .name = "i", .columns = NAMES("lower(word)", "number DESC") });
}

static void set_foreign_key(struct declared *d)
{
	key_of(d, &(mig_foreign_key){ .name = NULL });
}

static void set_foreign_key_with_a_name(struct declared *d)
{
	key_of(d, &(mig_foreign_key){ .name = "named" });
}

static void set_foreign_key_on_delete(struct declared *d)
{
	key_of(d, &(mig_foreign_key){ .on_delete = "SET NULL" });
}

static void set_foreign_key_on_update(struct declared *d)
{
	key_of(d, &(mig_foreign_key){ .on_update = "CASCADE" });
}

static void set_foreign_key_deferrable(struct declared *d)
{
	key_of(d, &(mig_foreign_key){ .deferrable = "DEFERRABLE" });
}

static void set_foreign_key_deferred(struct declared *d)
{
	key_of(d, &(mig_foreign_key){ .deferrable = "DEFERRABLE INITIALLY DEFERRED" });
}

static void set_naming_of_indexes(struct declared *d)
{
	mig_model_naming(d->model, MIG_KIND_INDEX, "i_%(table)s_%(column)s");
	mig_column_indexed(d->word);
}

static void set_naming_of_unique_constraints(struct declared *d)
{
	mig_model_naming(d->model, MIG_KIND_UNIQUE, "u_%(table)s_%(columns)s");
	mig_table_unique(d->t, NULL, NAMES("word", "number"));
}

static void set_naming_of_checks(struct declared *d)
{
	mig_model_naming(d->model, MIG_KIND_CHECK, "c_%(table)s_%(column)s");
	mig_table_check(d->t, NULL, "number < 10");
}

static void set_naming_of_foreign_keys(struct declared *d)
{
	mig_model_naming(d->model, MIG_KIND_FOREIGN_KEY, "f_%(table)s_%(columns)s_%(referred)s");
	key_of(d, &(mig_foreign_key){ .name = NULL });
}

static void set_naming_of_primary_keys(struct declared *d)
{
	mig_model_naming(d->model, MIG_KIND_PRIMARY_KEY, "p_%(table)s");
	mig_table_primary_key(d->keyless, NULL, NAMES("a"));
}

static void set_view(struct declared *d)
{
	mig_model_view(d->model, NULL, "v", "SELECT number FROM t");
}

static void set_enum(struct declared *d)
{
	mig_model_enum(d->model, NULL, "level", NAMES("low", "it's high"));
	mig_table_column(d->t, "level", "enum level");
}

static void set_sql_of_a_dialect(struct declared *d)
{
	static const char sql[] = "CREATE INDEX by_hand ON t (number)";

	mig_model_sql(d->model, d->lite ? "sqlite" : "postgresql", "more", sql, sizeof sql - 1);
}

static void set_sql_of_another_dialect(struct declared *d)
{
	static const char sql[] = "CREATE INDEX by_hand ON t (number)";

	mig_model_sql(d->model, d->lite ? "postgresql" : "sqlite", "more", sql, sizeof sql - 1);
}

static void set_foreign_key_a_schema(struct declared *d)
{
	key_of(d, &(mig_foreign_key){ .referred_schema = "public" });
}

static void set_index_a_method(struct declared *d)
{
	index_of(d, &(mig_index){ .name = "i", .columns = NAMES("word"), .method = "hash" });
}

static void set_index_include(struct declared *d)
{
	index_of(d,
		 &(mig_index){ .name = "i", .columns = NAMES("word"), .include = NAMES("number") });
}

static void set_option(struct declared *d)
{
	mig_table_option(d->t, "postgresql", "options", "fillfactor=70");
}

static void set_persistence(struct declared *d)
{
	mig_table_option(d->t, "postgresql", "persistence", "unlogged");
}

static void set_strict(struct declared *d)
{
	mig_table_option(d->strictable, "sqlite", "strict", "yes");
}

static const struct field fields[] = {
	{ "collation", set_collation, "alter column t.word: collation=>nocase",
	  "alter column t.word: collation=>\"C\"" },
	{ "comment of a table", set_comment_of_a_table, "",
	  "alter table t: comment=>it's a table" },
	{ "comment of a column", set_comment_of_a_column, "",
	  "alter column t.number: comment=>how many" },
	{ "generated, stored", set_generated_stored,
	  "alter column t.number: generated_kind=>stored generated=>(id * 2)",
	  "drop column t.number:\n"
	  "create column t.number: type=integer generated=(id * 2)" },
	{ "generated, virtual", set_generated_virtual, "alter column t.number: generated=>(id * 2)",
	  "drop column t.number:\n"
	  "create column t.number: type=integer generated=(id * 2)" },
	{ "identity", set_identity, "", "" },
	{ "identity, always", set_identity_always, "alter primary key t.pk_t: autoincrement=>yes",
	  "alter column t.id: identity=BY DEFAULT>ALWAYS" },
	{ "default", set_default, "create default t.number: expression=5",
	  "create default t.number: expression=5" },
	{ "default, an expression", set_default_an_expression,
	  "create default t.word: expression=(lower('A'))",
	  "create default t.word: expression=lower('A'::text)" },
	{ "default of a dialect", set_default_of_a_dialect, "create default t.number: expression=6",
	  "create default t.number: expression=6" },
	{ "default of another dialect", set_default_of_another_dialect,
	  "create default t.number: expression=5", "create default t.number: expression=5" },
	{ "default, text", set_default_text,
	  "create default t.word: expression='it''s lower(''A'')'",
	  "create default t.word: expression='it''s lower(''A'')'::text" },
	{ "default, integer", set_default_integer, "create default t.number: expression=- 7",
	  "create default t.number: expression='-7'::integer" },
	{ "default, largest integer", set_default_largest_integer,
	  "create default t.number: expression=- 9223372036854775807",
	  "create default t.number: expression='-9223372036854775807'::bigint" },
	{ "default, now", set_default_now, "create default t.at: expression=current_timestamp",
	  "create default t.at: expression=now()" },
	{ "not null", set_not_null, "alter column t.number: not_null=>yes",
	  "alter column t.number: not_null=>yes" },
	{ "unique", set_unique, "create unique constraint t.uq_t_number: columns=number",
	  "create unique constraint t.uq_t_number: columns=number" },
	{ "indexed", set_indexed, "create index t.ix_t_number: columns=number",
	  "create index t.ix_t_number: columns=number" },
	{ "type of a dialect", set_type_of_a_dialect, "alter column t.number: type=integer>money",
	  "alter column t.number: type=integer>money" },
	{ "type of another dialect", set_type_of_another_dialect, "", "" },
	{ "type with a length", set_type_with_a_length, "create column t.more: type=varchar(20)",
	  "create column t.more: type=character varying(20)" },
	{ "type with a precision", set_type_with_a_precision,
	  "create column t.more: type=numeric(6, 2)", "create column t.more: type=numeric(6,2)" },
	{ "references", set_references,
	  "create foreign key t.fk_t_number_keyed: columns=number referred=keyed "
	  "referred_columns=id",
	  "create foreign key t.fk_t_number_keyed: columns=number referred=public.keyed "
	  "referred_columns=id" },
	{ "references, on delete", set_references_on_delete,
	  "create foreign key t.fk_t_number_keyed: columns=number referred=keyed "
	  "referred_columns=id on_delete=CASCADE",
	  "create foreign key t.fk_t_number_keyed: columns=number referred=public.keyed "
	  "referred_columns=id on_delete=CASCADE" },
	{ "primary key", set_primary_key, "create primary key keyless.pk_named: columns=b, a",
	  "create primary key keyless.pk_named: columns=b, a" },
	{ "primary key without a name", set_primary_key_without_a_name,
	  "create primary key keyless.pk_keyless: columns=a",
	  "create primary key keyless.pk_keyless: columns=a" },
	{ "unique constraint", set_unique_constraint,
	  "create unique constraint t.one_of_each: columns=word, number",
	  "create unique constraint t.one_of_each: columns=word, number" },
	{ "unique constraint without a name", set_unique_constraint_without_a_name,
	  "create unique constraint t.uq_t_word_number: columns=word, number",
	  "create unique constraint t.uq_t_word_number: columns=word, number" },
	{ "check", set_check, "create check t.small: expression=(number < 10)",
	  "create check t.small: expression=(number < 10)" },
	{ "check without a name", set_check_without_a_name,
	  "create check t.ck_t_1: expression=(number < 10)",
	  "create check t.ck_t_1: expression=(number < 10)" },
	{ "index", set_index, "create index t.ix_t_word_number: columns=word, number",
	  "create index t.ix_t_word_number: columns=word, number" },
	{ "index with a name", set_index_with_a_name, "create index t.named: columns=word",
	  "create index t.named: columns=word" },
	{ "index, unique", set_index_unique, "create index t.i: unique=yes columns=word",
	  "create index t.i: unique=yes columns=word" },
	{ "index, partial", set_index_partial, "create index t.i: columns=word where=number > 0",
	  "create index t.i: columns=word where=(number > 0)" },
	{ "index of an expression", set_index_of_an_expression,
	  "create index t.i: columns=lower(word), number desc",
	  "create index t.i: columns=lower(word), number DESC" },
	{ "foreign key", set_foreign_key,
	  "create foreign key t.fk_t_number_keyed: columns=number referred=keyed "
	  "referred_columns=id",
	  "create foreign key t.fk_t_number_keyed: columns=number referred=public.keyed "
	  "referred_columns=id" },
	{ "foreign key with a name", set_foreign_key_with_a_name,
	  "create foreign key t.named: columns=number referred=keyed referred_columns=id",
	  "create foreign key t.named: columns=number referred=public.keyed referred_columns=id" },
	{ "foreign key, on delete", set_foreign_key_on_delete,
	  "create foreign key t.fk_t_number_keyed: columns=number referred=keyed "
	  "referred_columns=id on_delete=SET NULL",
	  "create foreign key t.fk_t_number_keyed: columns=number referred=public.keyed "
	  "referred_columns=id on_delete=SET NULL" },
	{ "foreign key, on update", set_foreign_key_on_update,
	  "create foreign key t.fk_t_number_keyed: columns=number referred=keyed "
	  "referred_columns=id on_update=CASCADE",
	  "create foreign key t.fk_t_number_keyed: columns=number referred=public.keyed "
	  "referred_columns=id on_update=CASCADE" },
	{ "foreign key, deferrable", set_foreign_key_deferrable,
	  "create foreign key t.fk_t_number_keyed: columns=number referred=keyed "
	  "referred_columns=id deferrable=DEFERRABLE",
	  "create foreign key t.fk_t_number_keyed: columns=number referred=public.keyed "
	  "referred_columns=id deferrable=DEFERRABLE" },
	{ "foreign key, deferred", set_foreign_key_deferred,
	  "create foreign key t.fk_t_number_keyed: columns=number referred=keyed "
	  "referred_columns=id deferrable=DEFERRABLE INITIALLY DEFERRED",
	  "create foreign key t.fk_t_number_keyed: columns=number referred=public.keyed "
	  "referred_columns=id deferrable=DEFERRABLE INITIALLY DEFERRED" },
	{ "naming of indexes", set_naming_of_indexes, "create index t.i_t_word: columns=word",
	  "create index t.i_t_word: columns=word" },
	{ "naming of unique constraints", set_naming_of_unique_constraints,
	  "create unique constraint t.u_t_word_number: columns=word, number",
	  "create unique constraint t.u_t_word_number: columns=word, number" },
	{ "naming of checks", set_naming_of_checks,
	  "create check t.c_t_1: expression=(number < 10)",
	  "create check t.c_t_1: expression=(number < 10)" },
	{ "naming of foreign keys", set_naming_of_foreign_keys,
	  "create foreign key t.f_t_number_keyed: columns=number referred=keyed "
	  "referred_columns=id",
	  "create foreign key t.f_t_number_keyed: columns=number referred=public.keyed "
	  "referred_columns=id" },
	{ "naming of primary keys", set_naming_of_primary_keys,
	  "drop primary key t.pk_t:\n"
	  "drop primary key strictable.pk_strictable:\n"
	  "drop primary key keyed.pk_keyed:\n"
	  "create primary key keyed.p_keyed: columns=id\n"
	  "create primary key strictable.p_strictable: columns=id\n"
	  "create primary key keyless.p_keyless: columns=a\n"
	  "create primary key t.p_t: columns=id",
	  "rename primary key keyed.pk_keyed to p_keyed:\n"
	  "rename primary key strictable.pk_strictable to p_strictable:\n"
	  "create primary key keyless.p_keyless: columns=a\n"
	  "rename primary key t.pk_t to p_t:" },
	{ "view", set_view, "create view v: query=select number from t",
	  "create view v: query=SELECT t.number\n"
	  "   FROM public.t" },
	{ "enum", set_enum,
	  "create column t.level: type=text\n"
	  "create check t.ck_t_level: expression=(level in('low', 'it''s high'))",
	  "create enum level: values='low', 'it''s high'\n"
	  "create column t.level: type=public.level" },
	{ "sql of a dialect", set_sql_of_a_dialect, "create index t.by_hand: columns=number",
	  "create index t.by_hand: columns=number" },
	{ "sql of another dialect", set_sql_of_another_dialect, "", "" },
	{ "foreign key, a schema", set_foreign_key_a_schema, NULL,
	  "create foreign key t.fk_t_number_keyed: columns=number referred=public.keyed "
	  "referred_columns=id" },
	{ "index, a method", set_index_a_method, NULL,
	  "create index t.i: method=hash columns=word" },
	{ "index, include", set_index_include, NULL,
	  "create index t.i: columns=word include=number" },
	{ "option", set_option, NULL, "alter table t: options=>fillfactor='70'" },
	{ "persistence", set_persistence, NULL, "alter table t: persistence=>unlogged" },
	{ "strict", set_strict, "alter table strictable: strict=>yes", NULL },
};

/* -- what is found */

static void add_attributes(FILE *out, const mig_object *o)
{
	for (size_t i = 0; i < o->attribute_count; i++)
		if (o->attributes[i].key[0] != '.')
			fprintf(out, " %s=%s", o->attributes[i].key, o->attributes[i].value);
}

static void add_changes(FILE *out, const mig_op *op)
{
	for (size_t i = 0; i < op->to->attribute_count; i++) {
		const mig_attribute *a = &op->to->attributes[i];
		const char *old = mig_object_attribute(op->from, a->key);

		if (a->key[0] != '.' && (!old || strcmp(old, a->value) != 0))
			fprintf(out, " %s=%s>%s", a->key, old ? old : "", a->value);
	}
	for (size_t i = 0; i < op->from->attribute_count; i++) {
		const mig_attribute *a = &op->from->attributes[i];

		if (a->key[0] != '.' && !mig_object_attribute(op->to, a->key))
			fprintf(out, " %s=%s>", a->key, a->value);
	}
}

/* One line for each operation; of malloc(). */
static char *describe(const mig_op_list *list)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (size_t i = 0; i < mig_op_list_count(list); i++) {
		const mig_op *op = mig_op_list_at(list, i);

		fprintf(out, "%s%s:", i ? "\n" : "", mig_op_list_text(list, i));
		if (op->type == MIG_OP_CREATE)
			add_attributes(out, op->to);
		if (op->type == MIG_OP_ALTER)
			add_changes(out, op);
		for (size_t k = 0; k < op->part_count; k++) {
			fprintf(out, " + %s %s", mig_kind_name(op->parts[k]->kind),
				op->parts[k]->name);
			add_attributes(out, op->parts[k]);
		}
	}
	fclose(out);
	return text;
}

/* A context whose model has the plain tables, with the field if it is given. */
static mig_ctx *with_field(const struct base *base, const struct field *field)
{
	mig_ctx *ctx = open_base(base);
	struct declared d = { .lite = !strcmp(base->dialect, "sqlite") };

	ok(ctx, mig_model_of(ctx, &d.model));
	mig_column_primary_key(
		mig_table_column(mig_model_table(d.model, NULL, "keyed"), "id", "integer"));
	d.strictable = mig_model_table(d.model, NULL, "strictable");
	mig_column_primary_key(mig_table_column(d.strictable, "id", "integer"));
	d.keyless = mig_model_table(d.model, NULL, "keyless");
	mig_column_not_null(mig_table_column(d.keyless, "a", "integer"));
	mig_column_not_null(mig_table_column(d.keyless, "b", "integer"));
	d.t = mig_model_table(d.model, NULL, "t");
	d.id = mig_table_column(d.t, "id", "integer");
	mig_column_primary_key(d.id);
	d.number = mig_table_column(d.t, "number", "integer");
	d.word = mig_table_column(d.t, "word", "text");
	d.at = mig_table_column(d.t, "at", "timestamp");
	if (field)
		field->declare(&d);
	ok(ctx, mig_model_status(d.model));
	return ctx;
}

static void generate(const struct base *base, const struct field *field, const char *id)
{
	mig_revision_options revision = { .struct_size = sizeof revision, .rev_id = id };
	/* expect_difference() had the proof of it */
	mig_diff_options diff = { .struct_size = sizeof diff, .unproved = 1 };
	mig_autogenerate_options o = { .struct_size = sizeof o,
				       .revision = &revision,
				       .diff = &diff };
	mig_ctx *ctx = with_field(base, field);
	mig_revision_list *list;

	ok(ctx, mig_autogenerate(ctx, &o, &list));
	mig_revision_list_free(list);
	ok(ctx, mig_upgrade(ctx, "head"));
	mig_close(ctx);
}

/* What is between the database and the model; of malloc(). */
static char *difference(const struct base *base, const struct field *field)
{
	mig_ctx *ctx = with_field(base, field);
	mig_op_list *list;
	char *text;

	ok(ctx, mig_diff(ctx, NULL, &list));
	text = describe(list);
	mig_op_list_free(list);
	mig_close(ctx);
	return text;
}

static void expect_difference(const struct base *base, const struct field *field, const char *where,
			      const char *want)
{
	char *got = difference(base, field);

	if (strcmp(got, want) != 0)
		fail_msg("%s: %s: found\n%s\nnot\n%s", base->dialect, where, got, want);
	free(got);
}

static void one_field(const struct base *base, const void *with)
{
	const struct field *field = with;
	const char *want = !strcmp(base->dialect, "sqlite") ? field->sqlite : field->postgresql;
	mig_ctx *ctx;

	if (!want)
		return;
	generate(base, NULL, "plain");
	expect_difference(base, field, field->name, want);
	if (!want[0])
		return;
	generate(base, field, "field");
	expect_difference(base, field, field->name, "");
	ctx = with_field(base, NULL);
	ok(ctx, mig_downgrade(ctx, "-1"));
	mig_close(ctx);
	expect_difference(base, NULL, field->name, "");
}

static void test_fields(void **user)
{
	const char *dialect = *user;

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		on_one(dialect, one_field, &fields[i]);
}

int main(void)
{
	static char sqlite[] = "sqlite", postgresql[] = "postgresql";
	const struct CMUnitTest tests[] = {
		{ "fields on SQLite", test_fields, NULL, NULL, sqlite },
		{ "fields on PostgreSQL", test_fields, NULL, NULL, postgresql },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

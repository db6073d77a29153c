/* dump: the schema of the database: as SQL that can be a model, as JSON, or as a picture of tables
 * and foreign keys for Graphviz or Mermaid. Not what reads it: mig_dump(). */
#include "cli/difference.h"

#include "base/ascii.h"
#include "base/map.h"

#include <mig/attribute.h>
#include <stdlib.h>
#include <string.h>

const struct mig__cli_option mig__cli_dump_options[] = {
	{ MIG__OPT_FORMAT, 0, "format", "sql|json|dot|mermaid",
	  "SQL (the default), JSON, or tables and foreign keys to be drawn" },
	{ MIG__OPT_SCRATCH_URL, 0, "scratch-url", "URL",
	  "where an empty database to compare with may be made (default: next to the database)" },
	{ 0 }
};

static const mig_object *table_at(const mig_op_list *ops, size_t i)
{
	const mig_op *op = mig_op_list_at(ops, i);
	const mig_object *o = op->to;

	return op->type == MIG_OP_CREATE && o->kind == MIG_KIND_TABLE && !o->parent ? o : NULL;
}

static const char *attribute(const mig_object *o, const char *key)
{
	for (size_t i = 0; i < o->attribute_count; i++)
		if (!strcmp(o->attributes[i].key, key))
			return o->attributes[i].value;
	return NULL;
}

/* -- names, with quotes or without: "a b", c */

/* The next name of a list, without its quotes. Returns what comes after it. */
static const char *take_name(struct mig__cli_text *out, const char *names, const char *ends)
{
	char quote = strchr("\"`", *names) ? *names++ : '\0';

	mig__cli_clear(out);
	while (*names && (quote ? *names != quote || names[1] == quote : !strchr(ends, *names))) {
		names += quote && *names == quote;
		mig__cli_add(out, names++, 1);
	}
	return names + (quote && *names);
}

/* The same in plain words. */
static void add_plain(struct mig__cli_text *out, const char *names)
{
	struct mig__cli_text name = { 0 };

	while (*names) {
		names = take_name(&name, names, ",");
		mig__cli_adds(out, mig__cli_string(&name));
		mig__cli_adds(out, *names == ',' ? ", " : "");
		names += strspn(names, ", ");
	}
	out->failed |= name.failed;
	mig__cli_text_finish(&name);
}

static int has_name(const char *names, const char *name)
{
	struct mig__cli_text one = { 0 };
	int has = 0;

	while (!has && names && *names) {
		names = take_name(&one, names, ",");
		has = !mig__ascii_compare(mig__cli_string(&one), name);
		names += strspn(names, ", ");
	}
	mig__cli_text_finish(&one);
	return has;
}

/* -- tables by what foreign keys call them */

struct tables {
	struct mig__cli_text *ids; /* two for each: as it is, and in small letters */
	const mig_object **at;
	size_t count;
	struct mig__map map;
};

static void add_id(struct mig__cli_text *out, const char *schema, const char *name)
{
	if (schema[0])
		mig__cli_addf(out, "%s.", schema);
	mig__cli_adds(out, name);
}

/* What cannot be a name in front, so that small letters are not taken for a name. */
static void add_small(struct mig__cli_text *out, const char *id)
{
	mig__cli_adds(out, "\n");
	for (; *id; id++) {
		char c = mig__ascii_lower(*id);

		mig__cli_add(out, &c, 1);
	}
}

static int add_key(struct tables *t, size_t i, uint32_t number)
{
	const struct mig__cli_text *id = &t->ids[i];

	return !id->failed && mig__map_add(&t->map, mig__cli_string(id), id->len, number, NULL);
}

static int tables_init(struct tables *t, const mig_op_list *ops)
{
	size_t most = mig_op_list_count(ops);

	mig__map_init(&t->map, &mig__alloc_libc);
	t->ids = calloc(2 * most + 1, sizeof *t->ids);
	t->at = calloc(most + 1, sizeof *t->at);
	for (size_t i = 0; t->ids && t->at && i < most; i++) {
		const mig_object *o = table_at(ops, i);
		size_t n = t->count;

		if (!o)
			continue;
		t->at[t->count++] = o;
		add_id(&t->ids[2 * n], o->schema, o->name);
		add_small(&t->ids[2 * n + 1], mig__cli_string(&t->ids[2 * n]));
		if (!add_key(t, 2 * n, (uint32_t)n) || !add_key(t, 2 * n + 1, (uint32_t)n))
			return 0;
	}
	return t->ids && t->at;
}

static void tables_finish(struct tables *t)
{
	for (size_t i = 0; i < 2 * t->count; i++)
		mig__cli_text_finish(&t->ids[i]);
	free(t->ids);
	free(t->at);
	mig__map_finish(&t->map);
}

/* The id of the table that a key refers to; one that is not there has its name as an id. */
static void add_referred(struct mig__cli_text *out, const struct tables *t, const char *referred)
{
	struct mig__cli_text id = { 0 }, part = { 0 }, small = { 0 };
	uint32_t n;

	while (*referred) {
		referred = take_name(&part, referred, ".");
		mig__cli_adds(&id, mig__cli_string(&part));
		mig__cli_adds(&id, *referred == '.' ? "." : "");
		referred += *referred != '\0';
	}
	add_small(&small, mig__cli_string(&id));
	n = mig__map_get(&t->map, mig__cli_string(&id), id.len);
	if (n == MIG__NONE)
		n = mig__map_get(&t->map, mig__cli_string(&small), small.len);
	mig__cli_adds(out, mig__cli_string(n == MIG__NONE ? &id : &t->ids[2 * n]));
	out->failed |= id.failed | part.failed | small.failed;
	mig__cli_text_finish(&id);
	mig__cli_text_finish(&part);
	mig__cli_text_finish(&small);
}

static int is_in(const mig_object *table, int32_t kind, const char *column)
{
	for (const mig_object *c = table->child; c; c = c->next)
		if (c->kind == kind && has_name(attribute(c, MIG_ATTR_COLUMNS), column))
			return 1;
	return 0;
}

/* A foreign key, in ids and plain words. */
struct key {
	const char *id, *referred, *columns;
	int may_be_null;
};

/* -- Graphviz */

static void add_dot_table(struct mig__cli_text *out, const mig_object *t, const char *id)
{
	mig__cli_adds(out, "  ");
	mig__cli_add_dot(out, id);
	mig__cli_adds(out, " [label=\"");
	mig__cli_add_dot_text(out, t->name);
	mig__cli_adds(out, "\\n\\n");
	for (const mig_object *c = t->child; c; c = c->next) {
		const char *type = attribute(c, MIG_ATTR_TYPE);

		if (c->kind != MIG_KIND_COLUMN)
			continue;
		mig__cli_add_dot_text(out, c->name);
		mig__cli_adds(out, type && type[0] ? " " : "");
		mig__cli_add_dot_text(out, type ? type : "");
		mig__cli_adds(out, is_in(t, MIG_KIND_PRIMARY_KEY, c->name) ? " (key)\\l" : "\\l");
	}
	mig__cli_adds(out, "\"];\n");
}

static void add_dot_key(struct mig__cli_text *out, const struct key *k)
{
	mig__cli_adds(out, "  ");
	mig__cli_add_dot(out, k->id);
	mig__cli_adds(out, " -> ");
	mig__cli_add_dot(out, k->referred);
	mig__cli_adds(out, " [label=");
	mig__cli_add_dot(out, k->columns);
	mig__cli_adds(out, "];\n");
}

/* -- Mermaid */

/* A word for a table's id; other ids give others. */
static void add_mermaid_id(struct mig__cli_text *out, const char *id)
{
	static const char plain[] = MIG__LETTERS MIG__DIGITS;

	mig__cli_adds(out, "t_");
	for (; *id; id++) {
		if (strchr(plain, *id))
			mig__cli_add(out, id, 1);
		else
			mig__cli_addf(out, "_%02x", (unsigned)(unsigned char)*id);
	}
}

static void add_mermaid_text(struct mig__cli_text *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("\"<>#&`\n", *text))
			mig__cli_addf(out, "#%d;", *text);
		else
			mig__cli_add(out, text, 1);
	}
}

/* A word that Mermaid takes for a type or a column. */
static void add_mermaid_word(struct mig__cli_text *out, const char *text)
{
	static const char plain[] = MIG__LETTERS MIG__DIGITS "_()-";

	if (!*text || !strchr(MIG__LETTERS "_", *text))
		mig__cli_adds(out, "_");
	for (; *text; text++)
		mig__cli_add(out, strchr(plain, *text) ? text : "_", 1);
}

static void add_mermaid_column(struct mig__cli_text *out, const mig_object *t, const mig_object *c)
{
	const char *type = attribute(c, MIG_ATTR_TYPE);
	int is_key = is_in(t, MIG_KIND_PRIMARY_KEY, c->name);
	int refers = is_in(t, MIG_KIND_FOREIGN_KEY, c->name);

	mig__cli_adds(out, "    ");
	add_mermaid_word(out, type && type[0] ? type : "any");
	mig__cli_adds(out, " ");
	add_mermaid_word(out, c->name);
	mig__cli_adds(out, is_key && refers ? " PK,FK\n" : is_key ? " PK\n" : refers ? " FK\n" : "\n");
}

static void add_mermaid_table(struct mig__cli_text *out, const mig_object *t, const char *id)
{
	int columns = 0;

	mig__cli_adds(out, "  ");
	add_mermaid_id(out, id);
	mig__cli_adds(out, "[\"");
	add_mermaid_text(out, t->name);
	mig__cli_adds(out, "\"]");
	for (const mig_object *c = t->child; c; c = c->next)
		if (c->kind == MIG_KIND_COLUMN) {
			mig__cli_adds(out, columns++ ? "" : " {\n");
			add_mermaid_column(out, t, c);
		}
	mig__cli_adds(out, columns ? "  }\n" : "\n");
}

/* Many to one; to one or none if a column of the key may be null. */
static void add_mermaid_key(struct mig__cli_text *out, const struct key *k)
{
	mig__cli_adds(out, "  ");
	add_mermaid_id(out, k->id);
	mig__cli_adds(out, k->may_be_null ? " }o--o| " : " }o--|| ");
	add_mermaid_id(out, k->referred);
	mig__cli_adds(out, " : \"");
	add_mermaid_text(out, k->columns);
	mig__cli_adds(out, "\"\n");
}

static const struct form {
	const char *name, *begin, *end;
	void (*add_table)(struct mig__cli_text *out, const mig_object *table, const char *id);
	void (*add_key)(struct mig__cli_text *out, const struct key *key);
} forms[] = {
	{ "dot", "digraph tables {\n  rankdir=LR;\n  node [shape=box, fontname=sans];\n", "}\n",
	  add_dot_table, add_dot_key },
	{ "mermaid", "erDiagram\n", "", add_mermaid_table, add_mermaid_key },
};

static void add_key_of(struct mig__cli_text *out, const struct form *form, const struct tables *tables,
		       size_t n, const mig_object *key)
{
	const char *columns = attribute(key, MIG_ATTR_COLUMNS);
	struct mig__cli_text plain = { 0 }, referred = { 0 };
	struct key k = { .id = mig__cli_string(&tables->ids[2 * n]) };

	for (const mig_object *c = tables->at[n]->child; c; c = c->next)
		if (c->kind == MIG_KIND_COLUMN && has_name(columns, c->name))
			k.may_be_null |= !attribute(c, MIG_ATTR_NOT_NULL);
	add_plain(&plain, columns ? columns : "");
	add_referred(&referred, tables, attribute(key, MIG_ATTR_REFERRED));
	k.columns = mig__cli_string(&plain);
	k.referred = mig__cli_string(&referred);
	form->add_key(out, &k);
	out->failed |= plain.failed | referred.failed;
	mig__cli_text_finish(&plain);
	mig__cli_text_finish(&referred);
}

static void add_picture(struct mig__cli_text *out, const struct form *form, const mig_op_list *ops)
{
	struct tables tables = { 0 };

	out->failed |= !tables_init(&tables, ops);
	mig__cli_adds(out, form->begin);
	for (size_t i = 0; !out->failed && i < tables.count; i++)
		form->add_table(out, tables.at[i], mig__cli_string(&tables.ids[2 * i]));
	for (size_t i = 0; !out->failed && i < tables.count; i++)
		for (const mig_object *c = tables.at[i]->child; c; c = c->next)
			if (c->kind == MIG_KIND_FOREIGN_KEY && attribute(c, MIG_ATTR_REFERRED))
				add_key_of(out, form, &tables, i, c);
	mig__cli_adds(out, form->end);
	tables_finish(&tables);
}

/* -- JSON */

static json_t *json_attributes(const mig_object *o)
{
	json_t *made = json_object();
	int failed = !made;

	for (size_t i = 0; !failed && i < o->attribute_count; i++)
		if (o->attributes[i].key[0] != '.')
			failed = json_object_set_new(made, o->attributes[i].key,
						     mig__cli_json_text(o->attributes[i].value)) != 0;
	if (!failed)
		return made;
	json_decref(made);
	return NULL;
}

/* Objects are two deep: a table and its columns, a domain and its checks. */
static json_t *json_one(const mig_object *o)
{
	json_t *made = json_object();
	int failed = json_object_set_new(made, "kind", json_string(mig_kind_name(o->kind))) != 0;

	failed |= json_object_set_new(made, "schema", mig__cli_json_text(o->schema[0] ? o->schema : NULL)) != 0;
	failed |= json_object_set_new(made, "name", mig__cli_json_text(o->name)) != 0;
	failed |= json_object_set_new(made, "attributes", json_attributes(o)) != 0;
	if (!failed)
		return made;
	json_decref(made);
	return NULL;
}

static json_t *json_object_of(const mig_object *o)
{
	json_t *made = json_one(o), *parts = json_array();
	int failed = !made;

	for (const mig_object *c = o->child; c; c = c->next)
		failed |= json_array_append_new(parts, json_one(c)) != 0;
	failed |= json_object_set_new(made, "parts", parts) != 0;
	if (!failed)
		return made;
	json_decref(made);
	return NULL;
}

static int print_json(struct mig__cli *cli, const mig_op_list *ops)
{
	json_t *made = json_object(), *objects = json_array();
	int failed = !made;

	for (size_t i = 0; i < mig_op_list_count(ops); i++) {
		const mig_op *op = mig_op_list_at(ops, i);

		if (op->type == MIG_OP_CREATE && !op->to->parent)
			failed |= json_array_append_new(objects, json_object_of(op->to)) != 0;
	}
	failed |= json_object_set_new(made, "dialect", mig__cli_json_text(mig_op_list_dialect(ops))) != 0;
	failed |= json_object_set_new(made, "objects", objects) != 0;
	if (failed) {
		json_decref(made);
		made = NULL;
	}
	return mig__cli_json_print_object(cli, made);
}

/* -- the command */

int mig__cli_dump(struct mig__cli *cli, mig_op_list **out)
{
	struct mig__cli_signals *signals = mig__cli_signals_catch(cli->ctx);
	mig_status rc = mig_dump(cli->ctx, out);

	mig__cli_signals_release(signals);
	return rc ? mig__cli_ctx_fail(cli) : MIG_CLI_DONE;
}

int mig__cli_cmd_dump(struct mig__cli *cli)
{
	const char *name = mig__cli_value(&cli->args, MIG__OPT_FORMAT);
	const struct form *form = NULL;
	struct mig__cli_difference d = { 0 };
	int json = cli->json || (name && !strcmp(name, "json")), status;

	for (size_t i = 0; name && i < sizeof forms / sizeof *forms; i++)
		if (!strcmp(forms[i].name, name))
			form = &forms[i];
	if (name && !form && strcmp(name, "sql") != 0 && strcmp(name, "json") != 0)
		return mig__cli_bad_usage(cli, "--format \"%s\": use sql, json, dot or mermaid", name);
	status = mig__cli_open(cli, cli->args.command->needs);
	if (!status)
		status = mig__cli_dump(cli, &d.ops);
	if (status)
		return status;
	if (json)
		status = print_json(cli, d.ops);
	else if (form)
		add_picture(&cli->out, form, d.ops);
	else
		mig__cli_adds(&cli->out, mig_op_list_sql(d.ops, MIG_UPGRADE, NULL));
	mig__cli_warn_uncovered(cli, &d);
	mig__cli_difference_finish(&d);
	return status;
}

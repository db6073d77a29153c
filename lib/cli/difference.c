/* difference: the database compared with the model, for migrate and check: reads the options,
 * and prints operations as text or JSON. Not the comparison: mig_diff(). */
#include "cli/difference.h"
#include "cli/changes.h"

#include <stdlib.h>
#include <string.h>

const struct mig__cli_option mig__cli_model_options[] = {
	{ MIG__OPT_MODELS, 0, "models", "FILE.sql|DIR|URL",
	  "the model: SQL that creates it, or a database" },
	{ MIG__OPT_RENAME, 0, "rename", "OLD=NEW",
	  "a table, or TABLE.OLD=NEW a column, that was renamed" },
	{ MIG__OPT_INCLUDE, 0, "include", "PATTERN",
	  "compare only what is called so, e.g. app_* or view:*" },
	{ MIG__OPT_EXCLUDE, 0, "exclude", "PATTERN", "leave alone what is called so" },
	{ MIG__OPT_SCRATCH_URL, 0, "scratch-url", "URL",
	  "where empty databases to try SQL in may be made (default: beside the database)" },
	{ 0 }
};

/* -- the model: what the application has declared, and besides it the files and databases named */

static int add_models(struct mig__cli *cli, mig_model *model)
{
	const char **names;
	mig_status rc = MIG_OK;
	int status = MIG_CLI_DONE, of_file = 0;
	int read = mig__cli_values(&cli->args, MIG__OPT_MODELS, &names);

	if (read && !names) {
		read = mig__cli_config_values(&cli->config, MIG__KEY_MODELS, &names);
		of_file = 1;
	}
	for (const char **name = names; read && !status && !rc && name && *name; name++)
		status = mig__cli_add_model(cli, model, *name, of_file, &rc);
	free(names);
	/* a mistake is kept in the model, and told by what uses it */
	return read && rc != MIG_ENOMEM ? status : mig__cli_no_memory(cli);
}

/* -- what is compared, and how */

static int read_patterns(struct mig__cli *cli, enum mig__cli_option_id option,
			 enum mig__cli_key key, const char ***out)
{
	if (!mig__cli_values(&cli->args, option, out) ||
	    (!*out && !mig__cli_config_values(&cli->config, key, out)))
		return mig__cli_no_memory(cli);
	return MIG_CLI_DONE;
}

/* What the command line says, and what was answered for the other difference. */
static int read_renames(struct mig__cli *cli, struct mig__cli_difference *d)
{
	size_t count = mig__cli_count(&cli->args, MIG__OPT_RENAME);
	const char **renames;

	if (!mig__cli_values(&cli->args, MIG__OPT_RENAME, &d->renames))
		return mig__cli_no_memory(cli);
	for (size_t i = 0; d->like && mig_op_list_rename(d->like->ops, i); i++) {
		renames = realloc(d->renames, (count + 2) * sizeof *renames);
		if (!renames)
			return mig__cli_no_memory(cli);
		d->renames = renames;
		renames[count++] = mig_op_list_rename(d->like->ops, i);
		renames[count] = NULL;
	}
	return MIG_CLI_DONE;
}

static int read_options(struct mig__cli *cli, struct mig__cli_difference *d)
{
	int status = read_renames(cli, d);

	if (!status)
		status = read_patterns(cli, MIG__OPT_INCLUDE, MIG__KEY_INCLUDE, &d->include);
	if (!status)
		status = read_patterns(cli, MIG__OPT_EXCLUDE, MIG__KEY_EXCLUDE, &d->exclude);
	return status;
}

void mig__cli_difference_finish(struct mig__cli_difference *d)
{
	mig_op_list_free(d->ops);
	free(d->renames);
	free(d->include);
	free(d->exclude);
}

/* -- the comparison */

static mig_status diff(struct mig__cli *cli, struct mig__cli_difference *d)
{
	mig_diff_options o = { .struct_size = sizeof o,
			       .renames = d->renames,
			       .include = d->include,
			       .exclude = d->exclude,
			       .unproved = d->unproved,
			       .at_head = 1 };
	struct mig__cli_signals *signals;
	mig_status rc;

	if (d->ask) {
		o.rename_fn = mig__cli_ask_rename;
		o.rename_user = cli;
	}
	signals = mig__cli_signals_catch(cli->ctx);
	rc = mig_diff(cli->ctx, &o, &d->ops);
	mig__cli_signals_release(signals);
	return rc == MIG_EPROOF && d->force ? MIG_OK : rc;
}

static int say_behind(struct mig__cli *cli)
{
	struct mig__cli_text hint = { 0 };

	mig__cli_fail(cli, "%s", mig_error_message(cli->ctx));
	mig__cli_addf(&hint, "\"%s upgrade\" brings it there; then compare it with the model",
		      cli->program);
	mig__cli_hint(cli, mig__cli_string(&hint));
	mig__cli_text_finish(&hint);
	return MIG_CLI_ERROR;
}

static int explain(struct mig__cli *cli, mig_status rc)
{
	if (rc == MIG_EBEHIND)
		return say_behind(cli);
	mig__cli_ctx_fail(cli);
	if (rc == MIG_EMISUSE) {
		mig__cli_hint(cli, "say --models FILE.sql, write \"models = FILE.sql\" into "
				   "mig.ini, or name the module that declares it by --app");
		return MIG_CLI_USAGE;
	}
	if (rc == MIG_EPROOF)
		mig__cli_hint(cli, "--force takes the SQL as it is; read it before you run it");
	return MIG_CLI_ERROR;
}

int mig__cli_compare(struct mig__cli *cli, struct mig__cli_difference *d)
{
	mig_model *model;
	mig_status rc;
	int status;

	if (mig_model_of(cli->ctx, &model))
		return mig__cli_ctx_fail(cli);
	status = add_models(cli, model);
	if (!status)
		status = read_options(cli, d);
	if (status)
		return status;
	rc = diff(cli, d);
	return rc ? explain(cli, rc) : MIG_CLI_DONE;
}

/* -- showing it */

static int is_replacing(const mig_op *op)
{
	return (op->flags & MIG_OP_REPLACE) != 0;
}

static void add_dialect(struct mig__cli_text *out, const char *dialect)
{
	if (dialect)
		mig__cli_addf(out, " for %s", dialect);
}

void mig__cli_add_operations(struct mig__cli_text *out, const struct mig__cli_difference *d,
			     const char *lead, const char *dialect)
{
	struct mig__cli_text line = { 0 };
	struct mig__cli_changes changes;

	if (!mig__cli_changes_init(&changes, d->ops, mig__cli_takes_utf8())) {
		out->failed = 1;
		return;
	}
	for (size_t i = 0; i < mig_op_list_count(d->ops); i++) {
		mig__cli_clear(&line);
		if (!mig__cli_add_operation(&line, &changes, i))
			continue;
		mig__cli_addf(out, "%sDetected", lead);
		add_dialect(out, dialect);
		mig__cli_addf(out, ": %s\n", mig__cli_string(&line));
		out->failed |= line.failed;
	}
	mig__cli_text_finish(&line);
	mig__cli_changes_finish(&changes);
}

static void say_line(struct mig__cli *cli, const char *lead, const char *dialect, const char *line)
{
	struct mig__cli_text text = { 0 };

	mig__cli_adds(&text, lead);
	add_dialect(&text, dialect);
	mig__cli_adds(&text, ": ");
	mig__cli_shown(&text, line);
	mig__cli_say(cli, mig__cli_string(&text));
	mig__cli_text_finish(&text);
}

void mig__cli_warn_losses(struct mig__cli *cli, const struct mig__cli_difference *d,
			  const char *dialect)
{
	const char *remark;

	for (size_t i = 0; (remark = mig_op_list_remark(d->ops, i)); i++)
		say_line(cli, "note", dialect, remark);
	for (size_t i = 0; i < mig_op_list_count(d->ops); i++)
		if (mig_op_list_loss(d->ops, i))
			say_line(cli,
				  mig_op_list_at(d->ops, i)->type == MIG_OP_DROP ? "loses data"
										 : "may lose data",
				  dialect, mig_op_list_loss(d->ops, i));
}

void mig__cli_warn_uncovered(struct mig__cli *cli, const struct mig__cli_difference *d)
{
	struct mig__cli_text text = { 0 };
	const char *what;

	for (size_t i = 0; (what = mig_op_list_uncovered(d->ops, i)); i++) {
		mig__cli_clear(&text);
		mig__cli_addf(&text, "warning: not compared: %s", what);
		mig__cli_say(cli, mig__cli_string(&text));
	}
	mig__cli_text_finish(&text);
}

/* What differs: the attribute, old and new. */
static json_t *json_changes(const mig_op_list *ops, size_t op)
{
	json_t *list = json_array();
	const mig_op_change *c;
	int failed = !list;

	for (size_t i = 0; !failed && (c = mig_op_list_change(ops, op, i)); i++) {
		json_t *o = json_object();

		failed = !o || json_object_set_new(o, "attribute", mig__cli_json_text(c->key)) ||
			 json_object_set_new(o, "from", mig__cli_json_text(c->from)) ||
			 json_object_set_new(o, "to", mig__cli_json_text(c->to));
		failed |= json_array_append_new(list, o) != 0;
	}
	if (!failed)
		return list;
	json_decref(list);
	return NULL;
}

static const char *table_of(const mig_object *o)
{
	return o->parent ? o->parent->name : NULL;
}

static json_t *json_operation(const mig_op_list *ops, size_t i)
{
	static const char *const types[] = { "", "create", "drop", "alter", "rename" };
	const mig_op *op = mig_op_list_at(ops, i);
	const mig_object *o = op->from ? op->from : op->to;
	const struct {
		const char *name, *text;
	} texts[] = { { "type", op->type > 0 && op->type <= MIG_OP_RENAME ? types[op->type] : "" },
		      { "kind", mig_kind_name(o->kind) },
		      { "schema", o->schema },
		      { "table", table_of(o) },
		      { "name", o->name },
		      { "to", op->type == MIG_OP_RENAME ? op->to->name : NULL },
		      { "text", mig_op_list_text(ops, i) },
		      { "loss", mig_op_list_loss(ops, i) } };
	json_t *made = json_object();
	int failed = !made;

	for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
		failed |= json_object_set_new(made, texts[k].name,
					      mig__cli_json_text(texts[k].text)) != 0;
	failed |= json_object_set_new(made, "changes", json_changes(ops, i)) != 0;
	failed |= json_object_set_new(made, "replace", json_boolean(is_replacing(op))) != 0;
	failed |= json_object_set_new(made, "destructive",
				      json_boolean(mig_op_list_loss(ops, i) != NULL)) != 0;
	if (!failed)
		return made;
	json_decref(made);
	return NULL;
}

static json_t *json_texts(const mig_op_list *ops, const char *(*text)(const mig_op_list *, size_t))
{
	json_t *list = json_array();
	const char *one;

	for (size_t i = 0; list && (one = text(ops, i)); i++)
		if (json_array_append_new(list, mig__cli_json_text(one))) {
			json_decref(list);
			return NULL;
		}
	return list;
}

json_t *mig__cli_json_difference(const struct mig__cli_difference *d)
{
	json_t *made = json_object(), *ops = json_array();
	int failed = !made || !ops;

	for (size_t i = 0; !failed && i < mig_op_list_count(d->ops); i++)
		failed = json_array_append_new(ops, json_operation(d->ops, i)) != 0;
	failed |= json_object_set_new(made, "operations", ops) != 0;
	failed |= json_object_set_new(made, "remarks", json_texts(d->ops, mig_op_list_remark)) != 0;
	failed |= json_object_set_new(made, "uncovered", json_texts(d->ops, mig_op_list_uncovered)) != 0;
	if (!failed)
		return made;
	json_decref(made);
	return NULL;
}

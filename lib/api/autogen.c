/* autogen: the difference between the database and the model. Not the list that is handed out: op_list.c;
 * nor the revision made of it: generate.c. */
#include "api/op_list.h"
#include "api/rename.h"
#include "api/revision.h"
#include "base/ascii.h"
#include "base/text.h"
#include "migrate/model.h"

#include <stdlib.h>
#include <string.h>

/* -- what the caller said about the comparison */

/* An operation that the caller left out: its object is then left alone in the proof, too. */
struct removed {
	int32_t kind;
	const char *schema, *top, *name;
};

struct asked {
	mig_op_list *list;
	mig_diff_options o;
	struct mig__arena *arena;
	struct removed *removed;
	size_t removed_count, removed_cap;
};

/* NAME, SCHEMA.NAME, KIND:NAME, KIND:SCHEMA.NAME */
static int object_matches(struct asked *asked, const char *pattern, const mig_object *o)
{
	const char *colon = strchr(pattern, ':'), *dot;
	char *schema;

	if (colon) {
		size_t n = (size_t)(colon - pattern);
		const char *kind = mig_kind_name(o->kind);

		if (strlen(kind) != n || strncmp(kind, pattern, n) != 0)
			return 0;
		pattern = colon + 1;
	}
	dot = strchr(pattern, '.');
	if (!dot || !o->schema[0])
		return mig__text_matches(pattern, o->name);
	schema = mig__arena_strndup(asked->arena, pattern, (size_t)(dot - pattern));
	return schema && mig__text_matches(schema, o->schema) && mig__text_matches(dot + 1, o->name);
}

static int listed(struct asked *asked, const char *const *patterns, const mig_object *o)
{
	for (; *patterns; patterns++)
		if (object_matches(asked, *patterns, o))
			return 1;
	return 0;
}

static int was_removed(const struct asked *asked, const mig_object *o)
{
	const mig_object *top = mig__top(o);

	for (size_t i = 0; i < asked->removed_count; i++) {
		const struct removed *r = &asked->removed[i];

		if (r->kind == o->kind && !strcmp(r->name, o->name) && !strcmp(r->top, top->name) &&
		    !strcmp(r->schema, top->schema))
			return 1;
	}
	return 0;
}

static int leave_out(void *user, const mig_object *from, const mig_object *to)
{
	struct asked *asked = user;
	const mig_object *o = from ? from : to;

	if (!o->parent && asked->o.include && !listed(asked, asked->o.include, o))
		return 1;
	if (!o->parent && asked->o.exclude && listed(asked, asked->o.exclude, o))
		return 1;
	if (asked->removed_count && (was_removed(asked, o) || (to && was_removed(asked, to))))
		return 1;
	if (!asked->o.include_fn)
		return 0;
	return asked->list->work.direction == MIG_UPGRADE
		       ? !asked->o.include_fn(asked->o.user, from, to)
		       : !asked->o.include_fn(asked->o.user, to, from);
}

/* 1 if the caller says that the attribute is the same after all. */
static int said_same(struct asked *asked, const mig_object *from, const mig_object *to,
		     const char *key)
{
	int up = asked->list->work.direction == MIG_UPGRADE;

	return !asked->o.compare_fn(asked->o.user, up ? from : to, up ? to : from, key);
}

static uint32_t change(void *user, const mig_object *from, const mig_object *to)
{
	struct asked *asked = user;
	size_t differ = 0;

	for (size_t i = 0; asked->o.compare_fn && i < from->attribute_count; i++) {
		const char *key = from->attributes[i].key;

		if (key[0] != '.' && !mig__attribute_same(from, to, key))
			differ += !said_same(asked, from, to, key);
	}
	for (size_t i = 0; asked->o.compare_fn && i < to->attribute_count; i++) {
		const char *key = to->attributes[i].key;

		if (key[0] != '.' && !mig__attribute(from, key))
			differ += !said_same(asked, from, to, key);
	}
	if (asked->o.compare_fn && !differ)
		return 0;
	return asked->list->work.db->dialect->schema->change(from, to);
}

static mig_status process(void *user, struct mig__ops *ops)
{
	struct asked *asked = user;
	struct mig__error *err = asked->list->work.err;
	size_t kept = 0;

	for (size_t i = 0; asked->o.operation_fn && i < ops->count; i++) {
		const mig_object *o = ops->at[i].to ? ops->at[i].to : ops->at[i].from;
		struct removed r = { o->kind, mig__top(o)->schema, mig__top(o)->name, o->name };

		if (asked->o.operation_fn(asked->o.user, &ops->at[i],
					  asked->list->work.direction)) {
			ops->at[kept++] = ops->at[i];
			continue;
		}
		if (!mig__grow(err->alloc, (void **)&asked->removed, &asked->removed_cap,
			       asked->removed_count + 1, sizeof r))
			return mig__fail_nomem(err);
		asked->removed[asked->removed_count++] = r;
	}
	if (asked->o.operation_fn)
		ops->count = kept;
	return MIG_OK;
}

/* -- renames */

/* old=new, old=schema.new, table.old=new, enum.old=new */
static mig_status parse_rename(mig_ctx *ctx, struct mig__arena *arena, const char *text,
			       struct mig__rename *out)
{
	const char *equals = strchr(text, '='), *dot = strchr(text, '.'), *to_dot;

	if (!equals || equals == text || !equals[1] || strchr(equals + 1, '=') ||
	    (dot && dot < equals && (dot == text || dot + 1 == equals)))
		return mig__fail(&ctx->err, MIG_EINVAL,
				 "rename \"%s\": write old=new or table.old=new", text);
	if (dot && dot > equals)
		dot = NULL;
	to_dot = strchr(equals, '.');
	if (to_dot && (dot || to_dot == equals + 1 || !to_dot[1] || strchr(to_dot + 1, '.')))
		return mig__fail(&ctx->err, MIG_EINVAL,
				 "rename \"%s\": only a table can move: write old=schema.new", text);
	out->required = 1;
	out->table = mig__arena_strndup(arena, text, (size_t)((dot ? dot : equals) - text));
	out->column = dot ? mig__arena_strndup(arena, dot + 1, (size_t)(equals - dot - 1)) : NULL;
	if (to_dot)
		out->to_schema = mig__arena_strndup(arena, equals + 1, (size_t)(to_dot - equals - 1));
	out->to = mig__arena_strdup(arena, to_dot ? to_dot + 1 : equals + 1);
	return out->table && out->to && (!dot || out->column) && (!to_dot || out->to_schema)
		       ? MIG_OK
		       : mig__fail_nomem(&ctx->err);
}

/* One that is declared in the model. Its names are copied: operations keep them. */
static int add_declared(mig_op_list *list, struct mig__rename *out, const struct mig__rename *declared)
{
	struct mig__arena *arena = &list->arena;

	out->schema = mig__arena_strdup(arena, declared->schema ? declared->schema : "");
	out->table = mig__arena_strdup(arena, declared->table);
	out->column = declared->column ? mig__arena_strdup(arena, declared->column) : NULL;
	out->to = mig__arena_strdup(arena, declared->to);
	return out->schema && out->table && (out->column || !declared->column) && out->to;
}

/* Those declared of a table and its columns: how many, or -1 without memory. at NULL: only counted. */
static int64_t declared_renames(mig_op_list *list, const mig_table *t, struct mig__rename *at)
{
	int64_t count = 0;

	if (t->renamed_from) {
		struct mig__rename r = { .schema = t->schema, .table = t->renamed_from, .to = t->name };

		if (at && !add_declared(list, &at[count], &r))
			return -1;
		count++;
	}
	for (const mig_column *c = t->columns; c; c = c->next) {
		struct mig__rename r = {
			.schema = t->schema, .table = t->name, .column = c->renamed_from, .to = c->name
		};

		if (!c->renamed_from)
			continue;
		if (at && !add_declared(list, &at[count], &r))
			return -1;
		count++;
	}
	return count;
}

/* Likewise of the values of an enum. */
static int64_t declared_values(mig_op_list *list, const struct mig__enum *e, struct mig__rename *at)
{
	int64_t count = 0;

	for (size_t i = 0; e->renamed_from && e->renamed_from[i] && e->values[i]; i++) {
		struct mig__rename r = { .schema = e->schema, .table = e->name,
					 .column = e->renamed_from[i], .to = e->values[i] };

		if (!e->renamed_from[i][0])
			continue;
		if (at && !add_declared(list, &at[count], &r))
			return -1;
		count++;
	}
	return count;
}

/* All that are declared: how many, or -1. */
static int64_t declared_in(mig_ctx *ctx, mig_op_list *list, struct mig__rename *at)
{
	int64_t count = 0, added = 0;

	for (const mig_table *t = ctx->model->tables; t && added >= 0; t = t->next, count += added)
		added = declared_renames(list, t, at ? &at[count] : NULL);
	if (!(ctx->db.dialect->capabilities & MIG_CAN_ENUMS))
		return added < 0 ? -1 : count;
	for (const struct mig__enum *e = ctx->model->enums; e && added >= 0; e = e->next, count += added)
		added = declared_values(list, e, at ? &at[count] : NULL);
	return added < 0 ? -1 : count;
}

/* Those declared in the model, then those asked for. */
static mig_status gather_renames(mig_ctx *ctx, mig_op_list *list, const mig_diff_options *o)
{
	struct mig__rename *at;
	int64_t declared;
	size_t count;
	mig_status rc = MIG_OK;

	count = (size_t)declared_in(ctx, list, NULL);
	for (const char *const *r = o->renames; r && *r; r++)
		count++;
	at = mig__arena_zalloc(&list->arena, count + 1, sizeof *at);
	if (!at)
		return mig__fail_nomem(&ctx->err);
	declared = declared_in(ctx, list, at);
	if (declared < 0)
		return mig__fail_nomem(&ctx->err);
	count = (size_t)declared;
	for (const char *const *r = o->renames; !rc && r && *r; r++)
		rc = parse_rename(ctx, &list->arena, *r, &at[count++]);
	list->work.renames = at;
	list->work.rename_count = count;
	return rc;
}

/* -- the comparison */

static void warn_of_no_way_back(const struct mig__db *db, const char *why)
{
	struct mig__buf words;

	mig__buf_init(&words, db->err->alloc);
	mig__buf_addf(&words, "the upgrade has no way back: %s", why);
	if (!words.failed && db->log)
		db->log(db->user, MIG_LOG_WARNING, words.data);
	mig__buf_finish(&words);
}

/* Nothing to compare: the dialect says so, and nobody is to be asked. */
static mig_status find_equal(mig_ctx *ctx, const struct mig__autogen *a, const mig_diff_options *o, int32_t *equal)
{
	*equal = 0;
	if (a->rename_count || o->include_fn || o->compare_fn || o->operation_fn)
		return MIG_OK;
	return mig__model_is_there(a->db, ctx->model, equal);
}

static mig_status compare(mig_ctx *ctx, mig_op_list *list, const mig_diff_options *o)
{
	struct mig__autogen *a = &list->work;
	struct asked asked = { .list = list, .o = *o, .arena = &list->arena };
	int32_t equal = 0;
	mig_status rc = gather_renames(ctx, list, o), proof;

	a->hooks = (struct mig__diff_hooks){ .user = &asked,
					     .change = change,
					     .leave_out = leave_out };
	a->process = process;
	a->unproved = o->unproved;
	a->no_privileges = !ctx->model->sources;
	if (!rc)
		rc = mig__db_find_default_schema(a->db);
	if (!rc)
		rc = find_equal(ctx, a, o, &equal);
	if (rc || equal)
		return rc ? rc : mig__op_list_fill(list); /* with nothing */
	if (!rc)
		rc = mig__inspect_objects(a->db, &a->live);
	if (!rc)
		rc = mig__model_native(a->db, ctx->model, mig__autogen_may_rename(a) ? NULL : &a->live,
				  &a->limits, &(struct mig__alone){ &a->live, &a->hooks },
				  &a->model);
	if (!rc)
		rc = mig__autogen_rows(a);
	proof = rc ? rc : mig__autogen(a);
	mig__db_close_spare(a->db);
	if (a->apart && a->apart->no_way_back)
		warn_of_no_way_back(a->db, a->apart->no_way_back);
	if (a->no_way_back)
		warn_of_no_way_back(a->db, a->no_way_back);
	mig__free(&list->memory->alloc, asked.removed);
	if (proof && proof != MIG_EPROOF)
		return proof;
	rc = mig__op_list_fill(list);
	return rc ? rc : proof;
}

static void fill_defaults(mig_diff_options *o, const mig_diff_options *defaults)
{
	o->renames = o->renames ? o->renames : defaults->renames;
	o->include = o->include ? o->include : defaults->include;
	o->exclude = o->exclude ? o->exclude : defaults->exclude;
	if (!o->include_fn && !o->compare_fn && !o->operation_fn) {
		o->include_fn = defaults->include_fn;
		o->compare_fn = defaults->compare_fn;
		o->operation_fn = defaults->operation_fn;
		o->user = defaults->user;
	}
	o->unproved |= defaults->unproved;
	o->at_head |= defaults->at_head;
	if (!o->rename_fn) {
		o->rename_fn = defaults->rename_fn;
		o->rename_user = defaults->rename_user;
	}
}

mig_status mig_set_diff_options(mig_ctx *ctx, const mig_diff_options *options)
{
	mig_status rc = mig__enter(ctx);

	return rc ? rc
		  : mig__options_read(&ctx->diff_options, sizeof ctx->diff_options, options,
				      &ctx->err);
}

static mig_status check_at_head(mig_ctx *ctx)
{
	int32_t at_head = 0;
	mig_status rc = mig_is_at_head(ctx, &at_head);

	if (rc || at_head)
		return rc;
	mig__fail(&ctx->err, MIG_EBEHIND, "the database is not up to date");
	mig__error_set_hint(&ctx->err, "upgrade it first, then compare it with the model");
	return MIG_EBEHIND;
}

/* Another kind would match nothing, so that a check finds nothing. */
static mig_status check_patterns(mig_ctx *ctx, const char *what, const char *const *patterns)
{
	for (; patterns && *patterns; patterns++) {
		const char *colon = strchr(*patterns, ':');
		size_t size = colon ? (size_t)(colon - *patterns) : 0;

		if (!**patterns)
			return mig__fail(&ctx->err, MIG_EINVAL, "%s: the pattern is empty", what);
		if (!colon || mig__kind_is_pattern(*patterns, size))
			continue;
		mig__fail(&ctx->err, MIG_EINVAL, "%s: \"%s\": there are no patterns of the kind \"%.*s\"",
			  what, *patterns, (int)size, *patterns);
		mig__error_set_hint(&ctx->err, "the kinds that a pattern can name: %s", mig__kind_patterns());
		return MIG_EINVAL;
	}
	return MIG_OK;
}

static mig_status check_comparable(mig_ctx *ctx, const mig_diff_options *o)
{
	mig_status rc = check_patterns(ctx, "include", o->include);

	if (!rc)
		rc = check_patterns(ctx, "exclude", o->exclude);
	if (!rc && o->at_head)
		rc = check_at_head(ctx);
	if (rc)
		return rc;
	if (!MIG__SCHEMA_SLOT(&ctx->db, inspect) || !MIG__SCHEMA_SLOT(&ctx->db, native_column))
		return mig__fail(&ctx->err, MIG_EUNSUPPORTED, "dialect %s cannot compare schemas",
				 ctx->db.dialect->name);
	if (!ctx->model || !mig__model_any(ctx->model))
		return mig__fail(&ctx->err, MIG_EMISUSE,
				 "there is no model to compare the database with");
	if (ctx->model->status)
		return mig__fail(&ctx->err, ctx->model->status, "%s",
				 ctx->model->mistake ? ctx->model->mistake : "out of memory");
	return MIG_OK;
}

/* One comparison. After MIG_EPROOF the list is there all the same, and says why. */
static mig_status diff_once(mig_ctx *ctx, const mig_diff_options *o, mig_op_list **out)
{
	mig_op_list *list = mig__op_list_new(ctx);
	mig_status rc;

	*out = NULL;
	if (!list)
		return mig__fail_nomem(&ctx->err);
	ctx->busy = 1;
	rc = compare(ctx, list, o);
	ctx->busy = 0;
	if (rc == MIG_EPROOF) {
		list->unproved = mig__arena_strdup(&list->arena, mig_error_message(ctx));
		if (!list->unproved)
			rc = mig__fail_nomem(&ctx->err);
	}
	if (rc && rc != MIG_EPROOF)
		mig_op_list_free(list);
	else
		*out = list;
	return rc;
}

static mig_status ask(mig_ctx *ctx, struct mig__asking *asking, const mig_op_list *list)
{
	mig_status rc;

	ctx->busy = 1;
	rc = mig__ask_renames(asking, list->at, list->count);
	ctx->busy = 0;
	return rc;
}

/* What was asked for and what was answered; the array is to be freed. */
static mig_status join_renames(const struct mig__asking *asking, const char *const *given,
			       struct mig__error *err, const char ***out)
{
	size_t count = 0;

	while (given && given[count])
		count++;
	*out = mig__calloc(err->alloc, count + asking->said_count + 1, sizeof **out);
	if (!*out)
		return mig__fail_nomem(err);
	for (size_t i = 0; i < count; i++)
		(*out)[i] = given[i];
	for (size_t i = 0; i < asking->said_count; i++)
		(*out)[count + i] = asking->said[i];
	return MIG_OK;
}

static mig_status keep_answers(const struct mig__asking *asking, mig_op_list *list,
			       struct mig__error *err)
{
	list->renames = mig__arena_zalloc(&list->arena, asking->said_count, sizeof *list->renames);
	if (!list->renames)
		return mig__fail_nomem(err);
	for (; list->rename_count < asking->said_count; list->rename_count++) {
		const char *said = mig__arena_strdup(&list->arena, asking->said[list->rename_count]);

		if (!said)
			return mig__fail_nomem(err);
		list->renames[list->rename_count] = said;
	}
	return MIG_OK;
}

/* Once more, after some of it turned out to be renamed. */
static mig_status diff_again(mig_ctx *ctx, const mig_diff_options *o,
			     const struct mig__asking *asking, mig_op_list **list)
{
	mig_diff_options with = *o;
	const char **renames;
	mig_status rc = join_renames(asking, o->renames, &ctx->err, &renames), kept;

	mig_op_list_free(*list);
	*list = NULL;
	if (rc)
		return rc;
	mig__error_clear(&ctx->err);
	with.renames = renames;
	rc = diff_once(ctx, &with, list);
	mig__free(&ctx->alloc, renames);
	if (!*list)
		return rc;
	kept = keep_answers(asking, *list, &ctx->err);
	return kept ? kept : rc;
}

static mig_status diff(mig_ctx *ctx, const mig_diff_options *o, mig_op_list **out)
{
	struct mig__asking asking = { .fn = o->rename_fn,
				      .user = o->rename_user,
				      .err = &ctx->err,
				      .cancelled = &ctx->db.cancelled };
	mig_status rc = check_comparable(ctx, o), asked = MIG_OK;
	mig_op_list *list = NULL;

	*out = NULL;
	if (!rc)
		rc = diff_once(ctx, o, &list);
	if (list && o->rename_fn)
		asked = ask(ctx, &asking, list);
	if (asked)
		rc = asked;
	else if (asking.said_count)
		rc = diff_again(ctx, o, &asking, &list);
	mig__asking_finish(&asking);
	atomic_store(&ctx->db.cancelled, 0);
	if (rc && rc != MIG_EPROOF)
		mig_op_list_free(list);
	else
		*out = list;
	return rc;
}

mig_status mig_diff(mig_ctx *ctx, const mig_diff_options *options, mig_op_list **out)
{
	mig_diff_options o;
	mig_op_list *list = NULL;
	mig_status rc;

	if (out)
		*out = NULL;
	rc = mig__enter_db(ctx);
	if (rc)
		return rc;
	if (!out)
		return mig__fail(&ctx->err, MIG_EINVAL, "the output is NULL");
	rc = mig__options_read(&o, sizeof o, options, &ctx->err);
	if (rc)
		return rc;
	fill_defaults(&o, &ctx->diff_options);
	rc = diff(ctx, &o, &list);
	if (list)
		*out = list;
	return rc;
}

mig_status mig__diff_at_head(mig_ctx *ctx, const mig_diff_options *options, mig_op_list **out)
{
	mig_diff_options o;
	mig_status rc = mig__options_read(&o, sizeof o, options, &ctx->err);

	if (rc)
		return rc;
	fill_defaults(&o, &ctx->diff_options);
	o.at_head = 1;
	return diff(ctx, &o, out);
}

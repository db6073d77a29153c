/* model: a whole model in the dialect's own words. Where the dialect can make its objects without
 * running anything they are compared with the database at once; only what differs, with what that
 * needs, is run in a scratch database and read back. Not how one object is made: declare.c. */
#include "migrate/model.h"

#include "migrate/declare.h"
#include "schema/alike.h"

#include <string.h>

static mig_status declared_only(struct mig__db *db, const mig_model *model, struct mig__schema *out)
{
	mig_status rc = mig__declare_objects(db, model, out);

	return rc ? rc : mig__schema_done(out);
}

/* The texts of the model for db's dialect; their own memory is freed by free_texts(). */
static mig_status read_texts(struct mig__db *db, const mig_model *model,
			     struct mig__scratch_text **texts, size_t *count)
{
	mig_status rc = MIG_OK;
	size_t all = 0;

	*count = 0;
	for (const struct mig__source_sql *s = model->sources; s; s = s->next)
		all++;
	*texts = mig__calloc(db->err->alloc, all, sizeof **texts);
	if (!*texts && all)
		return mig__fail_nomem(db->err);
	for (const struct mig__source_sql *s = model->sources; !rc && s; s = s->next) {
		struct mig__scratch_text *text = &(*texts)[*count];

		if (!mig__declare_is_for(s, db))
			continue;
		text->name = s->name;
		rc = mig__declare_text(db, s, &text->read, &text->at, &text->size);
		(*count)++;
	}
	return rc;
}

static void free_texts(struct mig__db *db, struct mig__scratch_text *texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		mig__free(db->err->alloc, texts[i].read);
	mig__free(db->err->alloc, texts);
}

/* The texts as a dialect gets them; both arrays are to be freed. */
static mig_status list_scripts(struct mig__db *db, const struct mig__scratch_text *texts, size_t count,
			       mig_script_text **scripts, const mig_script_text ***list)
{
	*scripts = mig__calloc(db->err->alloc, count, sizeof **scripts);
	*list = mig__calloc(db->err->alloc, count, sizeof **list);
	if (!*scripts || !*list)
		return mig__fail_nomem(db->err);
	for (size_t i = 0; i < count; i++) {
		(*scripts)[i] = (mig_script_text){ sizeof **scripts, texts[i].at, texts[i].size };
		(*list)[i] = &(*scripts)[i];
	}
	return MIG_OK;
}

mig_status mig__model_is_there(struct mig__db *db, const mig_model *model, int32_t *same)
{
	mig_status (*holds_script)(mig_conn *, const mig_script_text *const *, size_t, int32_t *) =
		MIG__SCHEMA_SLOT(db, holds_script);
	struct mig__scratch_text *texts = NULL;
	mig_script_text *scripts = NULL;
	const mig_script_text **list = NULL;
	size_t count = 0;
	mig_status rc = MIG_OK;

	*same = 0;
	if (!holds_script || !model->sources || model->sources->is_url || model->tables || model->enums ||
	    model->views)
		return MIG_OK;
	rc = read_texts(db, model, &texts, &count);
	if (!rc && count)
		rc = list_scripts(db, texts, count, &scripts, &list);
	if (!rc && count)
		rc = holds_script(db->conn, list, count, same);
	mig__free(db->err->alloc, scripts);
	mig__free(db->err->alloc, list);
	free_texts(db, texts, count);
	return rc;
}

/* Has the dialect read the texts. */
static mig_status read_objects(struct mig__db *db, const struct mig__scratch_text *texts,
			       size_t count, struct mig__schema *out, int32_t *done)
{
	mig_status (*read_script)(mig_conn *, const mig_script_text *const *, size_t,
				  const mig_object *, const mig_schema_sink *, int32_t *) =
		MIG__SCHEMA_SLOT(db, read_script);
	mig_script_text *scripts;
	const mig_script_text **list;
	mig_schema_sink sink = mig__schema_sink(out);
	mig_status rc = list_scripts(db, texts, count, &scripts, &list);

	*done = read_script != NULL;
	if (!rc && *done)
		rc = read_script(db->conn, list, count, mig__schema_first(out), &sink, done);
	mig__free(db->err->alloc, scripts);
	mig__free(db->err->alloc, list);
	return rc;
}

/* Everything as objects, without running anything. *done 0: it has to be run. */
static mig_status as_objects(struct mig__db *db, const mig_model *model, struct mig__schema *out,
			     int32_t *done)
{
	struct mig__scratch_text *texts = NULL;
	size_t count = 0;
	mig_status rc = mig__declare_objects(db, model, out);

	*done = 1;
	if (!rc)
		rc = read_texts(db, model, &texts, &count);
	if (!rc && count)
		rc = read_objects(db, texts, count, out, done);
	free_texts(db, texts, count);
	return rc ? rc : mig__schema_done(out);
}

static uint32_t never(void *user, const mig_object *from, const mig_object *to)
{
	(void)user, (void)from, (void)to;
	return 0;
}

struct part {
	const uint8_t *marks; /* NULL: all */
	const char *present;  /* a schema that is there; or NULL */
};

static int leave_out(void *user, const mig_object *from, const mig_object *to)
{
	const struct part *part = user;

	(void)from;
	if (to->kind == MIG_KIND_SCHEMA && part->present && !strcmp(to->name, part->present))
		return 1;
	return part->marks && !part->marks[mig__number(mig__top(to))];
}

/* The engine alone says what is wrong, and not always with what. */
static void name_failed(struct mig__db *scratch, const struct mig__sql *sql)
{
	const mig_op *op = mig__sql_failed(sql, scratch->err);
	struct mig__buf words;

	if (!op || scratch->err->status == MIG_ENOMEM || scratch->err->status == MIG_ECANCELLED)
		return;
	mig__buf_init(&words, scratch->err->alloc);
	mig__op_words(op, mig__db_usual_schema(scratch), &words);
	if (!words.failed)
		mig__error_prefix(scratch->err, "%s: ", mig__buf_text(&words));
	mig__buf_finish(&words);
}

/* The statements that create the objects. */
static mig_status render(struct mig__db *db, struct mig__schema *native, const uint8_t *marks,
			 struct mig__sql *sql)
{
	struct part part = { marks, MIG__SCHEMA_SLOT(db, default_schema) };
	struct mig__schema empty;
	struct mig__diff_hooks hooks = { .user = &part,
					 .change = never,
					 .holds = db->dialect->schema->holds,
					 .leave_out = leave_out };
	struct mig__ops ops = { 0 };
	mig_status rc;

	mig__schema_init(&empty, db->err->alloc, db->err);
	rc = mig__schema_done(&empty);
	if (!rc)
		rc = mig__diff(&empty, native, &hooks, &ops);
	if (!rc)
		rc = mig__sql_render(sql, db, &ops, NULL, mig__schema_first(native));
	mig__ops_finish(&ops);
	mig__schema_finish(&empty);
	return rc;
}

/* The schema of another database. */
static mig_status inspect_url(struct mig__db *db, const char *url, struct mig__schema *out)
{
	struct mig__db other = { .dialect = NULL, .err = db->err };
	mig_conn_options options = { .struct_size = sizeof options,
				     .url = url,
				     .create = MIG_CREATE_NEVER };
	mig_status rc = mig__dialect_find(url, NULL, db->err, &other.dialect);

	if (!rc && strcmp(other.dialect->name, db->dialect->name) != 0)
		rc = mig__fail(db->err, MIG_EINVAL,
			       "the model's database is of dialect %s, the database of %s",
			       other.dialect->name, db->dialect->name);
	if (!rc)
		rc = mig__db_open(&other, &options);
	if (!rc)
		rc = mig__inspect(&other, out);
	mig__db_close(&other);
	return rc;
}

/* For good, in several transactions if need be; errors have their place in the text. */
static mig_status run_and_read(struct mig__db *scratch, const struct mig__sql *sql,
			       const struct mig__scratch_text *texts, size_t count,
			       struct mig__schema *out)
{
	mig_status rc = mig__scratch_run(scratch, sql, 1);

	if (rc)
		name_failed(scratch, sql);
	for (size_t i = 0; !rc && i < count; i++)
		rc = mig__scratch_script(scratch, texts[i].name, texts[i].at, texts[i].size);
	return rc ? rc : mig__inspect(scratch, out);
}

/* Creates the objects (or those that are marked), runs the texts, and reads what came out. Where that
 * can be undone, the scratch is kept: the proof needs an empty one, and on a server a new one takes
 * longer than all that is done in it. */
static mig_status make_and_read(struct mig__db *db, const struct mig__sql *sql,
				const struct mig__scratch_text *texts, size_t count,
				struct mig__schema *out)
{
	struct mig__db scratch = { .err = db->err };
	mig_status rc = mig__scratch_open(db, &scratch);

	if (!rc && mig__scratch_fits(&scratch, sql)) {
		rc = mig__scratch_look(&scratch, sql, texts, count, out);
		if (!rc)
			mig__scratch_keep(&scratch, db);
		if (!rc || rc == MIG_ENOMEM || rc == MIG_ECANCELLED) {
			mig__scratch_close(&scratch);
			return rc;
		}
		mig__error_clear(db->err);
		mig__schema_finish(out);
		mig__schema_init(out, db->err->alloc, db->err);
		rc = MIG_OK;
	}
	if (!rc)
		rc = run_and_read(&scratch, sql, texts, count, out);
	mig__scratch_close(&scratch);
	return rc;
}

static mig_status in_scratch(struct mig__db *db, const mig_model *model, struct mig__schema *native,
			     const uint8_t *marks, int run_sources, struct mig__schema *out)
{
	struct mig__scratch_text *texts = NULL;
	struct mig__sql sql;
	size_t count = 0;
	mig_status rc = MIG_OK;

	mig__sql_init(&sql, db->err->alloc);
	if (native->count)
		rc = render(db, native, marks, &sql);
	if (!rc && run_sources)
		rc = read_texts(db, model, &texts, &count);
	if (!rc)
		rc = make_and_read(db, &sql, texts, count, out);
	free_texts(db, texts, count);
	mig__sql_finish(&sql);
	return rc;
}

/* What a declared view reads is known only to the engine. */
static int has_declared_view(const mig_model *model, const struct mig__ops *unlike)
{
	for (size_t i = 0; model->views && i < unlike->count; i++)
		if (unlike->at[i].to && unlike->at[i].to->kind == MIG_KIND_VIEW)
			return 1;
	return 0;
}

/* Only what is not surely the same as in live. With a declared view it is all: e.g. of a new view
 * over an old table, or over one of two tables of that name, which the search path tells apart. */
static mig_status unlike_part(struct mig__db *db, const mig_model *model, struct mig__schema *live,
			      struct mig__schema *native, struct mig__relevant *limits,
			      struct mig__schema *out)
{
	struct mig__arena arena;
	const struct mig__second second = { db->conn, MIG__SCHEMA_SLOT(db, unlike) };
	struct mig__ops unlike = { 0 };
	mig_status rc;

	mig__arena_init(&arena, db->err->alloc);
	rc = mig__unlike(live, native, mig__db_name_quotes(db), &second, &arena, &unlike.at, &unlike.count);
	if (!rc && has_declared_view(model, &unlike)) {
		mig__arena_finish(&arena);
		return in_scratch(db, model, native, NULL, 0, out);
	}
	if (!rc)
		rc = mig__relevant_find(limits, live, native, &unlike,
					MIG__WIDTH_NEEDED);
	if (!rc && unlike.count)
		rc = in_scratch(db, model, native, limits->after, 0, out);
	else if (!rc)
		rc = mig__schema_done(out);
	mig__free(limits->alloc, limits->after);
	limits->after = NULL;
	mig__arena_finish(&arena);
	return rc;
}

/* Checks the model as it was read, of which a part alone may have been run. */
static mig_status checked(struct mig__db *db, const mig_model *model, struct mig__schema *native,
			  const struct mig__alone *alone)
{
	mig_status rc = mig__sound(db, model, native, alone);

	mig__schema_finish(native);
	return rc;
}

mig_status mig__model_native(struct mig__db *db, const mig_model *model, struct mig__schema *live,
			struct mig__relevant *limits, const struct mig__alone *alone,
			struct mig__schema *out)
{
	struct mig__schema native;
	int32_t done = 0;
	mig_status rc;

	mig__schema_init(out, db->err->alloc, db->err);
	for (const struct mig__source_sql *s = model->sources; s; s = s->next)
		if (s->is_url && (model->tables || model->enums || model->views ||
				  s != model->sources || s->next))
			return mig__fail(db->err, MIG_EINVAL,
					 "beside another database's schema nothing else can be "
					 "declared");
	if (model->sources && model->sources->is_url)
		return inspect_url(db, model->sources->name, out);
	mig__schema_init(&native, db->err->alloc, db->err);
	rc = as_objects(db, model, &native, &done);
	if (!rc && done && live)
		rc = unlike_part(db, model, live, &native, limits, out);
	else if (!rc && done)
		rc = in_scratch(db, model, &native, NULL, 0, out);
	if (!rc && done)
		return checked(db, model, &native, alone);
	if (done && rc == MIG_ESQL && model->sources) {
		/* run as it is written, it tells where the mistake is */
		mig__error_clear(db->err);
		mig__relevant_finish(limits);
		mig__schema_finish(out);
		mig__schema_init(out, db->err->alloc, db->err);
		rc = MIG_OK;
		done = 0;
	}
	if (!rc && !done) {
		mig__schema_finish(&native); /* with objects of texts that are to be run */
		mig__schema_init(&native, db->err->alloc, db->err);
		rc = declared_only(db, model, &native);
		if (!rc)
			rc = in_scratch(db, model, &native, NULL, 1, out);
		if (!rc)
			rc = mig__sound(db, model, out, alone);
	}
	mig__schema_finish(&native);
	return rc;
}

/* ctx: opens and closes contexts, and keeps what is set on them. Not how a call begins: enter.c;
 * nor what it then does: that is in the other files of this folder, one a noun. */
#include "api/statement.h"

#include <string.h>

const char *mig_version(void)
{
	return MIG_VERSION_STRING;
}

/* -- what the connection calls */

static void on_log(void *user, int32_t level, const char *message)
{
	mig_ctx *ctx = user;
	int busy = ctx->busy;

	if (!ctx->log)
		return;
	ctx->busy = 1;
	ctx->log(ctx->log_user, level, message);
	ctx->busy = busy;
}

static int32_t on_poll(void *user, int32_t waiting)
{
	mig_ctx *ctx = user;

	return ctx->run ? mig__run_poll(ctx->run, waiting) : 0;
}

/* -- open and close */

static struct mig__memory *memory_new(const struct mig__alloc *alloc)
{
	struct mig__memory *memory = mig__calloc(alloc, 1, sizeof *memory);

	if (!memory)
		return NULL;
	memory->alloc = *alloc;
	atomic_init(&memory->shares, 1);
	return memory;
}

struct mig__memory *mig__memory_share(struct mig__memory *memory)
{
	atomic_fetch_add(&memory->shares, 1);
	return memory;
}

void mig__memory_release(struct mig__memory *memory)
{
	struct mig__alloc alloc = memory->alloc;

	if (atomic_fetch_sub(&memory->shares, 1) == 1)
		mig__free(&alloc, memory);
}

static mig_ctx *ctx_new(const mig_allocator *given)
{
	struct mig__alloc alloc = mig__alloc_libc;
	struct mig__memory *memory;
	mig_ctx *ctx;

	if (given && given->realloc_fn)
		alloc = (struct mig__alloc){ given->realloc_fn, given->user };
	memory = memory_new(&alloc);
	ctx = memory ? mig__calloc(&alloc, 1, sizeof *ctx) : NULL;
	if (!ctx) {
		mig__free(&alloc, memory);
		return NULL;
	}
	ctx->alloc = alloc;
	ctx->memory = memory;
	mig__error_init(&ctx->err, &memory->alloc);
	mig__arena_init(&ctx->arena, &ctx->alloc);
	ctx->db.err = &ctx->err;
	ctx->db.log = on_log;
	ctx->db.poll = on_poll;
	ctx->db.user = ctx;
	return ctx;
}

enum { DEFAULT_WAIT_MS = 60000 };

/* Works in a scratch beside the database that is open. */
static mig_status move_to_scratch(mig_ctx *ctx)
{
	mig_conn *scratch = NULL;
	mig_status rc = mig__db_scratch(&ctx->db, &scratch);

	if (rc) {
		mig__db_close(&ctx->db);
		return rc;
	}
	ctx->beside = ctx->db.conn;
	ctx->db.conn = scratch;
	return MIG_OK;
}

static int is_scheme(const char *url)
{
	const char *end = url ? strchr(url, ':') : NULL;

	return end && !end[1];
}

/* The database in which the dialect makes scratch databases, if none is named. */
static mig_status find_scratch_url(mig_ctx *ctx, const char **url)
{
	*url = MIG__SCHEMA_SLOT(&ctx->db, scratch_url);
	return *url ? MIG_OK
		    : mig__fail(&ctx->err, MIG_EUNSUPPORTED,
				"dialect %s makes scratch databases in a database alone, and none is "
				"named",
				ctx->db.dialect->name);
}

static mig_status connect(mig_ctx *ctx, const mig_open_options *o)
{
	mig_conn_options conn = {
		.struct_size = sizeof conn,
		.url = o->connection ? NULL : o->url,
		.native = o->connection,
		.schema = o->schema,
		.search_path = o->search_path,
		.version_table = o->version_table ? o->version_table : MIG_VERSION_TABLE,
		.history_table = o->history_table ? o->history_table : MIG_HISTORY_TABLE,
		.lock_timeout_ms = o->lock_timeout_ms == 0  ? DEFAULT_WAIT_MS
				   : o->lock_timeout_ms < 0 ? 0
							    : o->lock_timeout_ms,
		.create = o->create,
		.offline = ctx->offline,
		.watch = o->watch,
		.foreign_keys = o->foreign_keys,
		.trusted_owner = o->trusted_owner,
	};
	mig_status rc = MIG_OK;

	if (o->create < MIG_CREATE_MISSING || o->create > MIG_CREATE_PRETEND)
		return mig__fail(&ctx->err, MIG_EINVAL, "create is not a value of enum mig_create");
	if (!o->url && !o->connection)
		return MIG_OK;
	if (ctx->offline && (o->connection || o->scratch))
		return mig__fail(&ctx->err, MIG_EINVAL,
				 "%s goes neither with a connection nor with scratch",
				 o->script ? "a script" : "offline");
	if (o->connection && !o->dialect && !o->dialect_name)
		return mig__fail(&ctx->err, MIG_EINVAL,
				 "a lent connection needs dialect_name or dialect");
	if (!conn.version_table[0] || !conn.history_table[0])
		return mig__fail(&ctx->err, MIG_EINVAL, "a table name is empty");
	ctx->db.dialect = o->dialect;
	if (o->dialect)
		rc = mig__dialect_check(o->dialect, &ctx->err);
	else
		rc = mig__dialect_find(o->connection ? NULL : o->url, o->dialect_name, &ctx->err,
				       &ctx->db.dialect);
	if (!rc && mig__dialect_same_name(ctx->db.dialect, conn.version_table, conn.history_table))
		rc = mig__fail(&ctx->err, MIG_EINVAL,
			       "version_table and history_table are one table, \"%s\"",
			       conn.version_table);
	if (!rc && o->scratch && is_scheme(conn.url))
		rc = find_scratch_url(ctx, &conn.url);
	if (!rc)
		rc = mig__db_open(&ctx->db, &conn);
	if (!rc && o->scratch)
		rc = move_to_scratch(ctx);
	if (rc)
		ctx->db.dialect = NULL;
	return rc;
}

/* A context that can only tell why it is none. */
static mig_status refuse(mig_ctx **out, const char *why)
{
	*out = ctx_new(NULL);
	return *out ? mig__fail(&(*out)->err, MIG_EINVAL, "%s", why) : MIG_ENOMEM;
}

mig_status mig_open_with(mig_ctx **out, const mig_open_options *options)
{
	mig_allocator allocator = { 0 };
	mig_open_options o;
	struct mig__error err;
	mig_ctx *ctx;
	mig_status rc;

	if (!out)
		return MIG_EINVAL;
	*out = NULL;
	if (!options)
		return refuse(out, "the options are NULL");
	mig__error_init(&err, &mig__alloc_libc);
	rc = mig__options_read(&o, sizeof o, options, &err);
	if (!rc && o.allocator)
		rc = mig__options_read(&allocator, sizeof allocator, o.allocator, &err);
	ctx = ctx_new(rc ? NULL : &allocator);
	if (!ctx) {
		mig__error_clear(&err);
		return MIG_ENOMEM;
	}
	*out = ctx;
	if (rc) {
		mig__fail(&ctx->err, rc, "%s", err.message ? err.message : "unknown options");
		mig__error_clear(&err);
		return rc;
	}
	if (o.database_name) {
		ctx->database = mig__arena_strdup(&ctx->arena, o.database_name);
		if (!ctx->database)
			return mig__fail_nomem(&ctx->err);
	}
	ctx->db.header_digest = o.header_digest != 0;
	ctx->db.foreign_keys = o.foreign_keys != 0;
	ctx->keep_cancel = o.keep_cancel != 0;
	ctx->offline = o.offline || o.script;
	ctx->script = o.script;
	ctx->script_user = o.script_user;
	if (o.scratch_url) {
		ctx->db.scratch_url = mig__arena_strdup(&ctx->arena, o.scratch_url);
		if (!ctx->db.scratch_url)
			return mig__fail_nomem(&ctx->err);
	}
	return connect(ctx, &o);
}

mig_status mig_open(mig_ctx **out, const char *url)
{
	mig_open_options options = { .struct_size = sizeof options, .url = url };

	if (!out)
		return MIG_EINVAL;
	return url ? mig_open_with(out, &options) : refuse(out, "the URL is NULL");
}

mig_status mig_close(mig_ctx *ctx)
{
	struct mig__alloc alloc;

	if (!ctx)
		return MIG_OK;
	if (ctx->busy) { /* a callback's caller goes on with it */
		ctx->err.misused = 1;
		return MIG_EMISUSE;
	}
	alloc = ctx->alloc;
	mig__stmts_end(&ctx->queries);
	if (ctx->db.dialect)
		mig__db_close(&ctx->db);
	if (ctx->beside)
		ctx->db.dialect->conn->close(ctx->beside);
	mig__unload(ctx);
	mig__free(&alloc, ctx->reached.ids);
	if (ctx->model)
		mig__model_finish(ctx->model);
	mig__free(&alloc, ctx->model);
	mig__free(&alloc, ctx->sources);
	mig__free(&alloc, ctx->arguments);
	mig__arena_finish(&ctx->arena);
	mig__error_clear(&ctx->err);
	mig__memory_release(ctx->memory);
	mig__free(&alloc, ctx);
	return MIG_OK;
}

void mig_cancel(mig_ctx *ctx)
{
	if (ctx)
		mig__db_cancel(&ctx->db);
}

void *mig_connection(mig_ctx *ctx)
{
	return ctx && ctx->db.dialect && !ctx->offline ? ctx->db.dialect->conn->native(ctx->db.conn)
						       : NULL;
}

void *mig_take_connection(mig_ctx *ctx)
{
	return ctx && !ctx->busy && ctx->db.dialect && !ctx->offline
		       ? ctx->db.dialect->conn->detach(ctx->db.conn)
		       : NULL;
}

/* -- callbacks */

mig_status mig_set_log(mig_ctx *ctx, mig_log_fn fn, void *user)
{
	mig_status rc = mig__enter(ctx);

	if (rc)
		return rc;
	ctx->log = fn;
	ctx->log_user = user;
	return MIG_OK;
}

mig_status mig_set_progress(mig_ctx *ctx, mig_progress_fn fn, void *user)
{
	mig_status rc = mig__enter(ctx);

	if (rc)
		return rc;
	ctx->progress = fn;
	ctx->progress_user = user;
	return MIG_OK;
}

mig_status mig_set_step_hooks(mig_ctx *ctx, mig_step_fn before, mig_step_fn after, void *user)
{
	mig_status rc = mig__enter(ctx);

	if (rc)
		return rc;
	ctx->step_hooks = (struct mig__hooks){ before, after, user };
	return MIG_OK;
}

mig_status mig_set_run_hooks(mig_ctx *ctx, mig_step_fn before, mig_step_fn after, void *user)
{
	mig_status rc = mig__enter(ctx);

	if (rc)
		return rc;
	ctx->run_hooks = (struct mig__hooks){ before, after, user };
	return MIG_OK;
}

/* -- arguments */

static struct mig__argument *find_argument(const mig_ctx *ctx, const char *name)
{
	for (size_t i = 0; i < ctx->argument_count; i++)
		if (!strcmp(ctx->arguments[i].name, name))
			return &ctx->arguments[i];
	return NULL;
}

mig_status mig_set_argument(mig_ctx *ctx, const char *name, const char *value)
{
	struct mig__argument *at, one = { 0 };
	mig_status rc = mig__enter(ctx);

	if (rc)
		return rc;
	if (!name || !name[0])
		return mig__fail(&ctx->err, MIG_EINVAL, "an argument needs a name");
	at = find_argument(ctx, name);
	one.name = at ? at->name : mig__arena_strdup(&ctx->arena, name);
	one.value = value ? mig__arena_strdup(&ctx->arena, value) : NULL;
	if (!one.name || (value && !one.value) ||
	    (!at && !mig__grow(&ctx->alloc, (void **)&ctx->arguments, &ctx->argument_cap,
			       ctx->argument_count + 1, sizeof one)))
		return mig__fail_nomem(&ctx->err);
	if (!at)
		at = &ctx->arguments[ctx->argument_count++];
	*at = one;
	return MIG_OK;
}

const char *mig_argument(const mig_ctx *ctx, const char *name)
{
	const struct mig__argument *at = ctx && name ? find_argument(ctx, name) : NULL;

	return at ? at->value : NULL;
}

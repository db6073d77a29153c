/* error: the error of a context, as its callers read it, and the names and sentences of
 * statuses. Not where errors are set: base/error.c. A status is one row of a table. */
#include "api/ctx.h"

/* One row a status: name, and what to say when there was no memory for a message. */
static const struct {
	mig_status status;
	const char *name, *text;
} statuses[] = {
#define ROW(status, text)             \
	{                             \
		status, #status, text \
	}
	ROW(MIG_OK, "no error"),
	ROW(MIG_ERROR, "error"),
	ROW(MIG_ENOMEM, "out of memory"),
	ROW(MIG_EINVAL, "invalid argument"),
	ROW(MIG_EMISUSE, "called at the wrong moment"),
	ROW(MIG_EIO, "input/output error"),
	ROW(MIG_EEXISTS, "exists already"),
	ROW(MIG_ENOTFOUND, "no such revision"),
	ROW(MIG_EAMBIGUOUS, "ambiguous revision"),
	ROW(MIG_EMULTIPLE_HEADS, "several heads"),
	ROW(MIG_ENOT_IN_BRANCH, "not in that branch"),
	ROW(MIG_EWALKED_TOO_FAR, "walked too far"),
	ROW(MIG_EAMBIGUOUS_WALK, "ambiguous walk"),
	ROW(MIG_ENOT_ANCESTOR, "not an ancestor"),
	ROW(MIG_EBAD_RANGE, "bad range"),
	ROW(MIG_EOVERLAP, "revisions overlap"),
	ROW(MIG_ELOOP, "a revision is its own parent"),
	ROW(MIG_EDEPENDENCY_LOOP, "a revision depends on itself"),
	ROW(MIG_ECYCLE, "cycle of revisions"),
	ROW(MIG_EDEPENDENCY_CYCLE, "cycle of dependencies"),
	ROW(MIG_EMISSING_PARENT, "missing parent revision"),
	ROW(MIG_EMISSING_DEPENDENCY, "missing dependency"),
	ROW(MIG_EDUPLICATE_REVISION, "duplicate revision"),
	ROW(MIG_EDUPLICATE_LABEL, "duplicate branch label"),
	ROW(MIG_EILLEGAL_ID, "illegal revision id or label"),
	ROW(MIG_ESYNTAX, "malformed revision file"),
	ROW(MIG_EIRREVERSIBLE, "irreversible revision"),
	ROW(MIG_ENO_SECTION, "no section for this dialect"),
	ROW(MIG_ETRANSACTION, "the script controls transactions"),
	ROW(MIG_EEDITED, "a revision was edited after it was applied"),
	ROW(MIG_ENOT_HEAD, "not a head"),
	ROW(MIG_ENO_DIALECT, "no dialect"),
	ROW(MIG_ECONNECT, "cannot connect"),
	ROW(MIG_ESQL, "SQL error"),
	ROW(MIG_ELOCKED, "the database is locked"),
	ROW(MIG_ECANCELLED, "cancelled"),
	ROW(MIG_ENEWER, "the database is newer than this program"),
	ROW(MIG_EFOREIGN_KEY, "foreign key violation"),
	ROW(MIG_EREVISION, "a revision's function failed"),
	ROW(MIG_EREADONLY, "the database is read-only"),
	ROW(MIG_EUNSUPPORTED, "not supported"),
	ROW(MIG_ECONSTRAINT, "constraint failed"),
	ROW(MIG_ETIMEOUT, "a statement took too long"),
	ROW(MIG_EPERMISSION, "permission denied"),
	ROW(MIG_EBEHIND, "the database is not up to date"),
	ROW(MIG_EPROOF, "the generated script does not do what it should"),
	ROW(MIG_EPARTIAL, "a revision is only partly applied or undone"),
	ROW(MIG_ECHECK, "a check of the data failed"),
#undef ROW
};

static size_t row_of(mig_status status)
{
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
		if (statuses[i].status == status)
			return i;
	return 1; /* MIG_ERROR */
}

int mig__status_is_known(mig_status status)
{
	return statuses[row_of(status)].status == status;
}

const char *mig_status_name(mig_status status)
{
	return statuses[row_of(status)].name;
}

const char *mig_status_message(mig_status status)
{
	return statuses[row_of(status)].text;
}

const char *mig_error_message(const mig_ctx *ctx)
{
	if (!ctx)
		return mig_status_message(MIG_ENOMEM);
	if (ctx->busy && ctx->err.misused)
		return "called from inside one of the context's own callbacks";
	return ctx->err.message ? ctx->err.message : mig_status_message(ctx->err.status);
}

mig_status mig_error_status(const mig_ctx *ctx)
{
	if (ctx && ctx->busy && ctx->err.misused)
		return MIG_EMISUSE;
	return ctx ? ctx->err.status : MIG_ENOMEM;
}

const char *mig_error_revision(const mig_ctx *ctx)
{
	return ctx ? ctx->err.revision : NULL;
}

const char *mig_error_file(const mig_ctx *ctx)
{
	return ctx ? ctx->err.file : NULL;
}

int32_t mig_error_line(const mig_ctx *ctx)
{
	return ctx ? ctx->err.line : 0;
}

int32_t mig_error_column(const mig_ctx *ctx)
{
	return ctx ? ctx->err.column : 0;
}

const char *mig_error_statement(const mig_ctx *ctx)
{
	return ctx ? ctx->err.statement : NULL;
}

const char *mig_error_sqlstate(const mig_ctx *ctx)
{
	return ctx && ctx->err.sqlstate[0] ? ctx->err.sqlstate : NULL;
}

int32_t mig_error_native_code(const mig_ctx *ctx)
{
	return ctx ? ctx->err.native_code : 0;
}

const char *mig_error_detail(const mig_ctx *ctx)
{
	return ctx ? ctx->err.detail : NULL;
}

const char *mig_error_hint(const mig_ctx *ctx)
{
	return ctx ? ctx->err.hint : NULL;
}

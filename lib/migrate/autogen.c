/* autogen: from two schemas to a proved pair of scripts. Not the comparison (schema/diff.c), nor
 * the SQL (the dialect): this is the order in which they are asked, and what is tried in the
 * scratch database. */
#include "migrate/autogen.h"

#include "schema/match.h"
#include "schema/rows.h"

#include <string.h>

enum { SHOWN = 10 }; /* differences in an error */

static uint32_t change_of_dialect(void *user, const mig_object *from, const mig_object *to)
{
	return ((struct mig__autogen *)user)->db->dialect->schema->change(from, to);
}

/* -- the copy of the live schema */

/* In the copy, and in what is compared with it, what the operations cannot touch is left out. */
static int is_irrelevant(const struct mig__autogen *a, const mig_object *o)
{
	const mig_object *top = mig__top(o);
	uint32_t n = mig__number(top);

	if (!a->relevant.before)
		return 0;
	if (n < a->live.count && &a->live.at[n]->pub == top)
		return !a->relevant.before[n];
	if (n < a->model.count && &a->model.at[n]->pub == top)
		return !a->relevant.after[n];
	return 0;
}

/* A model that is declared in C alone cannot have them. */
static int is_beyond_model(const struct mig__autogen *a, const mig_object *from, const mig_object *to)
{
	return a->no_privileges && (from ? from : to)->kind == MIG_KIND_OTHER;
}

static int leave_out_by_limits(void *user, const mig_object *from, const mig_object *to)
{
	const struct mig__autogen *a = user;

	if (is_beyond_model(a, from, to))
		return 1;
	for (int i = 0; a->limits.before && i < 2; i++) {
		const mig_object *o = i ? to : from, *top = o ? mig__top(o) : NULL;
		uint32_t n = o ? mig__number(top) : 0;

		if (o && n < a->live.count && &a->live.at[n]->pub == top && !a->limits.before[n])
			return 1;
	}
	return a->hooks.leave_out && a->hooks.leave_out(a->hooks.user, from, to);
}

static int leave_out_of_proof(void *user, const mig_object *from, const mig_object *to)
{
	const struct mig__autogen *a = user;

	if ((from && is_irrelevant(a, from)) || (to && is_irrelevant(a, to)))
		return 1;
	return leave_out_by_limits(user, from, to);
}

static int leave_out_of_copy(void *user, const mig_object *from, const mig_object *to)
{
	(void)from;
	return to && is_irrelevant(user, to);
}

static uint32_t change_as_asked(void *user, const mig_object *from, const mig_object *to)
{
	struct mig__autogen *a = user;

	return a->hooks.change(a->hooks.user, from, to);
}

static mig_status unlike_of_dialect(void *user, const mig_object *is, const mig_object *want, void *told_user,
				    mig_unlike_fn told)
{
	const struct mig__autogen *a = user;

	return a->db->dialect->schema->unlike(a->db->conn, is, want, told_user, told);
}

static struct mig__diff_hooks
hooks_with(struct mig__autogen *a, int (*leave_out)(void *, const mig_object *, const mig_object *))
{
	return (struct mig__diff_hooks){ .user = a,
					 .change = change_as_asked,
					 .holds = a->hooks.holds,
					 .renames = a->hooks.renames,
					 .leave_out = leave_out,
					 .unlike = MIG__SCHEMA_SLOT(a->db, unlike) ? unlike_of_dialect : NULL };
}

/* All of live is what was read of the model, which may have more. */
static int is_all_alike(const struct mig__autogen *a)
{
	for (size_t i = 0; a->limits.before && i < a->live.count; i++)
		if (a->limits.before[i])
			return 0;
	return a->limits.before != NULL;
}

/* What is compared of live, and what that needs; all if it is not known what that is. */
static mig_status inspect_again(struct mig__autogen *a)
{
	const mig_object **only;
	size_t count = 0;
	mig_status rc;

	if (!a->limits.before)
		return mig__inspect(a->db, &a->again);
	only = mig__calloc(a->alloc, a->live.count + 1, sizeof *only);
	if (!only)
		return mig__fail_nomem(a->err);
	for (size_t i = 0; i < a->live.count; i++)
		if (a->limits.before[i])
			only[count++] = &a->live.at[i]->pub;
	rc = mig__inspect_only(a->db, only, count, &a->again);
	mig__free(a->alloc, only);
	return rc;
}

/* What has changed between the two readings has no rows, and is compared as objects alone. */
mig_status mig__autogen_rows(struct mig__autogen *a)
{
	mig_status rc;

	if (!(a->db->dialect->capabilities & MIG_CAN_ROWS) || is_all_alike(a))
		return MIG_OK;
	rc = inspect_again(a);
	if (!rc)
		rc = mig__match(&a->live, &a->again);
	for (size_t i = 0; !rc && i < a->live.count; i++) {
		const mig_object *o = &a->live.at[i]->pub;

		if (o->other && mig__attributes_same(o, o->other))
			a->live.at[i]->rows = ((const struct mig__object *)o->other)->rows;
	}
	return rc;
}

/* The objects are equal; are the engine's own rows of them? */
static mig_status expect_rows(struct mig__autogen *a, const struct mig__schema *want, const struct mig__diff_hooks *hooks,
			      const char *what)
{
	struct mig__buf words;
	mig_status rc;

	mig__buf_init(&words, a->alloc);
	rc = mig__rows_compare(want, hooks, &words);
	if (!rc && words.failed)
		rc = mig__fail_nomem(a->err);
	else if (!rc && words.len) {
		rc = mig__fail(a->err, MIG_EPROOF, "%s in what libmig does not know: %s", what, words.data);
		mig__error_set_hint(a->err, "the engine keeps something that this version of libmig does "
					    "not compare; write that change by hand");
	}
	mig__buf_finish(&words);
	return rc;
}

/* MIG_EPROOF if what came out is not what should be. */
static mig_status expect(struct mig__autogen *a, struct mig__schema *is, struct mig__schema *want,
			 const char *what)
{
	struct mig__diff_hooks hooks = hooks_with(a, leave_out_of_proof);
	struct mig__ops ops = { 0 };
	struct mig__buf words;
	mig_status rc = mig__diff(is, want, &hooks, &ops);

	if (!rc && !ops.count)
		rc = expect_rows(a, want, &hooks, what);
	if (rc || !ops.count) {
		mig__ops_finish(&ops);
		return rc;
	}
	mig__buf_init(&words, a->alloc);
	for (size_t i = 0; i < ops.count && i < SHOWN; i++) {
		mig__buf_adds(&words, i ? ", " : "");
		mig__op_words(&ops.at[i], mig__db_usual_schema(a->db), &words);
	}
	if (ops.count > SHOWN)
		mig__buf_addf(&words, " and %zu more", ops.count - SHOWN);
	rc = words.failed ? mig__fail_nomem(a->err)
			  : mig__fail(a->err, MIG_EPROOF, "%s; still to do: %s", what, words.data);
	mig__buf_finish(&words);
	mig__ops_finish(&ops);
	return rc;
}

/* Runs the statements in the copy and reads what comes out. */
static mig_status try(struct mig__autogen *a, struct mig__db *copy, const struct mig__sql *sql,
		      int portions, const char *what, struct mig__schema *out)
{
	mig_status rc = mig__scratch_run(copy, sql, portions);

	if (rc == MIG_ENOMEM || rc == MIG_ECANCELLED)
		return rc;
	if (rc) {
		mig__error_prefix(a->err, "%s: ", what);
		a->err->status = MIG_EPROOF;
		return MIG_EPROOF;
	}
	return mig__inspect(copy, out);
}

/* Makes the copy what live is. */
static mig_status copy_live(struct mig__autogen *a, struct mig__db *copy)
{
	struct mig__schema empty = { 0 }, made = { 0 };
	struct mig__ops ops = { 0 };
	struct mig__sql sql;
	struct mig__diff_hooks all = hooks_with(a, leave_out_of_copy);
	mig_status rc = mig__inspect(copy, &empty);

	mig__sql_init(&sql, a->alloc);
	if (!rc)
		rc = mig__diff(&empty, &a->live, &all, &ops);
	if (!rc)
		rc = mig__sql_render(&sql, copy, &ops, mig__schema_first(&empty),
				     mig__schema_first(&a->live));
	if (!rc)
		rc = try(a, copy, &sql, 1, "a copy of the database's schema cannot be made", &made);
	if (!rc)
		rc = expect(a, &made, &a->live, "the copy of the database's schema is not exact");
	mig__sql_finish(&sql);
	mig__ops_finish(&ops);
	mig__schema_finish(&made);
	mig__schema_finish(&empty);
	return rc;
}

static mig_status apply_renames(struct mig__autogen *a, struct mig__db *copy)
{
	struct mig__sql sql;
	mig_status rc;

	mig__sql_init(&sql, a->alloc);
	rc = mig__sql_render(&sql, a->db, &a->rename_up, mig__schema_first(&a->live),
			     mig__schema_first(&a->live));
	if (!rc)
		rc = try(a, copy, &sql, 0, "renaming fails", &a->renamed);
	mig__sql_finish(&sql);
	return rc;
}

/* -- the two scripts */

static struct mig__schema *base_of(struct mig__autogen *a)
{
	return a->has_renames ? &a->renamed : &a->live;
}

static mig_status render_up(struct mig__autogen *a, struct mig__sql *rest)
{
	const mig_object *live = mig__schema_first(&a->live);
	mig_status rc = mig__sql_render(&a->up, a->db, &a->rename_up, live, live);

	if (!rc && a->is_apart)
		return mig__sql_render_apart(&a->up, a->db, &a->up_ops, live, mig__schema_first(&a->model));
	if (!rc)
		rc = mig__sql_render(&a->up, a->db, &a->up_ops, mig__schema_first(base_of(a)),
				     mig__schema_first(&a->model));
	/* in the copy, the renames were done already */
	if (!rc && a->has_renames)
		rc = mig__sql_render(rest, a->db, &a->up_ops, mig__schema_first(base_of(a)),
				     mig__schema_first(&a->model));
	return rc;
}

static mig_status render_down(struct mig__autogen *a)
{
	const mig_object *base = mig__schema_first(base_of(a));
	struct mig__diff_hooks hooks = hooks_with(a, leave_out_by_limits);
	mig_status rc;

	a->direction = MIG_DOWNGRADE;
	rc = mig__diff(&a->model, base_of(a), &hooks, &a->down_ops);
	if (!rc && a->process)
		rc = a->process(a->hooks.user, &a->down_ops);
	a->direction = MIG_UPGRADE;
	if (!rc)
		rc = mig__sql_render(&a->down, a->db, &a->down_ops, mig__schema_first(&a->model),
				     base);
	return rc ? rc : mig__sql_render(&a->down, a->db, &a->rename_down, base, base);
}

static mig_status prove(struct mig__autogen *a, struct mig__db *copy, const struct mig__sql *rest)
{
	struct mig__schema after = { 0 }, again = { 0 };
	mig_status rc;

	a->up_proved = 0;
	rc = try(a, copy, rest, 0, "the upgrade fails in a copy of the database", &after);
	if (!rc)
		rc = expect(a, &after, &a->model, "the upgrade does not give the model");
	a->up_proved = !rc;
	if (!rc && !a->no_way_back)
		rc = try(a, copy, &a->down, 0, "the downgrade fails in a copy of the database",
			 &again);
	if (!rc && !a->no_way_back)
		rc = expect(a, &again, &a->live,
			    "the downgrade does not give the database's schema again");
	mig__schema_finish(&after);
	mig__schema_finish(&again);
	return rc;
}

static mig_status find_relevant(struct mig__autogen *a, enum mig__width width)
{
	mig_status rc;

	mig__relevant_finish(&a->relevant);
	/* a proof matches its own schemas with these two */
	rc = mig__match(&a->live, &a->model);
	if (!rc)
		rc = mig__relevant_find(&a->relevant, &a->live, &a->model, &a->up_ops, width);
	for (size_t i = 0; !rc && a->limits.before && i < a->live.count; i++)
		a->relevant.before[i] &= a->limits.before[i];
	return rc;
}

/* How many objects are in the copy. */
static size_t width_of(const struct mig__autogen *a)
{
	size_t n = 0;

	for (size_t i = 0; a->relevant.before && i < a->live.count; i++)
		n += a->relevant.before[i] != 0;
	return n;
}

/* *wider 0: there is nothing more to copy. */
static mig_status widen(struct mig__autogen *a, enum mig__width *width, int *wider)
{
	size_t tried = width_of(a);
	mig_status rc = MIG_OK;

	while (!rc && *width < MIG__WIDTH_ALL && width_of(a) == tried)
		rc = find_relevant(a, ++*width);
	*wider = width_of(a) > tried;
	return rc;
}

/* *copied: as far as that the scripts were tried. */
static mig_status prove_in_part(struct mig__autogen *a, struct mig__db *copy, int *copied)
{
	mig_status rc = mig__scratch_open_for_copy(a->db, copy);

	if (!rc)
		rc = copy_live(a, copy);
	*copied = !rc;
	if (!rc)
		rc = prove(a, copy, &a->up);
	return rc;
}

/* In a copy of what the operations can touch. What is not known to be needed (what a function's body
 * calls) may be missing there, so after a failure the copy is made wider. The error is that of the
 * widest copy in which the scripts could be tried. */
static mig_status prove_in_parts(struct mig__autogen *a, struct mig__db *copy)
{
	enum mig__width width = MIG__WIDTH_NEEDED;
	struct mig__error first;
	int copied, was_copied = 0, wider;
	mig_status rc = find_relevant(a, width);

	mig__error_init(&first, a->alloc);
	while (!rc) {
		rc = prove_in_part(a, copy, &copied);
		if (rc != MIG_EPROOF)
			break;
		if (copied || !was_copied)
			mig__error_put_back(&first, mig__error_take(a->err));
		was_copied |= copied;
		mig__error_clear(a->err);
		rc = widen(a, &width, &wider);
		if (!rc && !wider)
			rc = MIG_EPROOF;
		else
			mig__scratch_close(copy);
	}
	if (rc == MIG_EPROOF)
		*a->err = first;
	else
		mig__error_clear(&first);
	return rc;
}

/* The way up is good all the same. */
static mig_status give_up_down(struct mig__autogen *a)
{
	a->no_way_back = mig__arena_strdup(&a->arena, a->err->message ? a->err->message : "");
	if (!a->no_way_back)
		return mig__fail_nomem(a->err);
	mig__error_clear(a->err);
	return MIG_OK;
}

/* The rest is rendered again, and the copy, if there is one yet, is then as live. */
static mig_status set_apart(struct mig__autogen *a, struct mig__db *copy, struct mig__sql *rest)
{
	mig_status rc = mig__autogen_set_apart(a), rendered;

	if (!rc)
		rc = mig__autogen(a->apart);
	if (rc && rc != MIG_EPROOF)
		return rc;
	if (!rc && a->has_renames)
		rc = mig__scratch_run(copy, &a->apart->up, 0);
	mig__sql_finish(rest);
	mig__sql_init(rest, a->alloc);
	rendered = render_up(a, rest);
	return rendered ? rendered : rc;
}

static mig_status write_and_prove(struct mig__autogen *a, struct mig__db *copy)
{
	struct mig__sql rest;
	mig_status rc, apart = MIG_OK;

	mig__sql_init(&rest, a->alloc);
	rc = render_up(a, &rest);
	if (!rc && a->up.apart && !a->is_apart)
		rc = set_apart(a, copy, &rest);
	if (rc == MIG_EPROOF) { /* to be shown all the same */
		apart = rc;
		rc = MIG_OK;
	}
	if (!rc)
		rc = render_down(a);
	if (rc == MIG_EUNSUPPORTED && a->up.count)
		rc = give_up_down(a);
	if (!rc && !apart && !a->unproved)
		rc = a->has_renames ? prove(a, copy, &rest) : prove_in_parts(a, copy);
	if (rc == MIG_EPROOF && a->up_proved)
		rc = give_up_down(a);
	mig__sql_finish(&rest);
	return rc ? rc : apart;
}

/* A model declared in C says nothing about privileges: they stay as they are. */
static mig_status keep_privileges(struct mig__schema *live, struct mig__schema *out)
{
	mig_status rc = mig__match(live, out);

	for (size_t i = 0; !rc && i < out->count; i++) {
		const mig_object *o = &out->at[i]->pub;

		if (o->other && !mig__attribute_same(o, o->other, MIG_ATTR_PRIVILEGES))
			rc = mig__schema_set(out, o, MIG_ATTR_PRIVILEGES, mig__attribute(o->other, MIG_ATTR_PRIVILEGES));
	}
	return rc;
}

/* The proof has matched the schemas with its own, which are gone. */
static mig_status match_again(struct mig__autogen *a)
{
	mig_status rc = a->has_renames ? mig__match(&a->live, &a->model) : MIG_OK;

	return rc ? rc : mig__match(base_of(a), &a->model);
}

int mig__autogen_any(const struct mig__autogen *a)
{
	return a->has_renames || a->up_ops.count > 0 || a->apart;
}

mig_status mig__autogen(struct mig__autogen *a)
{
	struct mig__diff_hooks hooks = hooks_with(a, leave_out_by_limits);
	struct mig__db copy = { .err = a->err };
	mig_status rc, matched;

	if (!a->hooks.change) {
		a->hooks.change = change_of_dialect;
		a->hooks.user = a;
	}
	a->hooks.holds = hooks.holds = a->db->dialect->schema->holds;
	a->hooks.renames = hooks.renames = MIG__SCHEMA_SLOT(a->db, renames);
	mig__arena_init(&a->arena, a->alloc);
	mig__sql_init(&a->up, a->alloc);
	mig__sql_init(&a->down, a->alloc);
	rc = mig__autogen_plan_renames(a);
	if (!rc && !a->has_renames && !a->model.count && is_all_alike(a))
		return MIG_OK;
	if (!rc && a->has_renames) {
		rc = mig__scratch_open_for_copy(a->db, &copy);
		if (!rc)
			rc = copy_live(a, &copy);
		if (!rc)
			rc = apply_renames(a, &copy);
	}
	if (!rc && a->no_privileges)
		rc = keep_privileges(base_of(a), &a->model);
	if (!rc)
		rc = mig__diff(base_of(a), &a->model, &hooks, &a->up_ops);
	if (!rc && a->process)
		rc = a->process(a->hooks.user, &a->up_ops);
	if (!rc && mig__autogen_any(a))
		rc = write_and_prove(a, &copy);
	else if (!rc)
		rc = expect_rows(a, &a->model, &hooks,
				 "the database and the model differ");
	mig__scratch_close(&copy);
	matched = rc && rc != MIG_EPROOF ? rc : match_again(a);
	return matched ? matched : rc;
}

void mig__autogen_finish(struct mig__autogen *a)
{
	if (a->apart)
		mig__autogen_finish(a->apart);
	mig__ops_finish(&a->up_ops);
	mig__ops_finish(&a->down_ops);
	mig__sql_finish(&a->up);
	mig__sql_finish(&a->down);
	mig__relevant_finish(&a->relevant);
	mig__relevant_finish(&a->limits);
	mig__schema_finish(&a->live);
	mig__schema_finish(&a->model);
	mig__schema_finish(&a->renamed);
	mig__schema_finish(&a->again);
	if (a->arena.alloc)
		mig__arena_finish(&a->arena);
}

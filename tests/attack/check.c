/* See check.h. */
#include "check.h"

#include "oracle.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const rule_names[RULES] = {
	[RULE_NONE] = "none",         [RULE_OPEN] = "open",         [RULE_SOUND] = "sound",
	[RULE_ROWS] = "rows",         [RULE_DIGEST] = "digest",     [RULE_HISTORY] = "history",
	[RULE_JOURNAL] = "journal",   [RULE_STATE] = "state",       [RULE_STOP] = "stop",
	[RULE_LEFTOVER] = "leftover", [RULE_SETTINGS] = "settings", [RULE_ANSWER] = "answer",
	[RULE_NEXT] = "next run",     [RULE_TARGET] = "target",     [RULE_MESSAGE] = "message",
};

int verdict_set(struct verdict *v, enum rule rule, const char *format, ...)
{
	va_list args;

	if (v->rule)
		return -1;
	v->rule = rule;
	va_start(args, format);
	vsnprintf(v->text, sizeof(v->text), format, args);
	va_end(args);
	return -1;
}

/* -- version rows */

/* "revision|digest\n" of at most one row. */
static int read_version(const struct oracle *o, struct bare *db, struct whole *out, char digest[80],
			struct verdict *v)
{
	struct text rows = { 0 };
	char id[64] = "";
	int rc = 0, bad = 0;

	out->at = 0;
	digest[0] = '\0';
	text_clear(&rows);
	if (db->engine->has_tables(db))
		rc = db->engine->rows(db, "SELECT revision, digest FROM mig_version", &rows);
	if (rc)
		verdict_set(v, RULE_OPEN, "version rows: %s", db->error);
	if (!rc && rows.size) {
		bad = sscanf(rows.data, "%63[^|]|%79[^\n]", id, digest) != 2 ||
		      strchr(rows.data, '\n') != rows.data + rows.size - 1;
		out->at = bad ? 0 : subject_find(o->subject, id);
		if (!out->at)
			rc = verdict_set(v, RULE_ROWS, "version rows are \"%s\"", rows.data);
	}
	text_free(&rows);
	return rc;
}

static int check_digest(const struct oracle *o, const struct whole *w, const char *digest,
			struct verdict *v)
{
	int same;

	if (!w->at)
		return 0;
	same = strcmp(digest, o->chains[w->at - 1]) == 0;
	if (same && w->unfinished) /* an older program would take the row for the whole truth */
		return verdict_set(v, RULE_DIGEST,
				   "a step is unfinished, and the row of %s proves it",
				   o->subject->revisions[w->at - 1].id);
	if (!same && !w->unfinished)
		return verdict_set(v, RULE_DIGEST, "the row of %s has the digest %s",
				   o->subject->revisions[w->at - 1].id, digest);
	return 0;
}

/* -- history and journal */

/* Takes one finished step. */
static int replay(const struct oracle *o, const mig_history_entry *e, size_t *at, struct verdict *v)
{
	size_t which = subject_find(o->subject, e->revision);

	if (strcmp(e->direction, "stamp") == 0) {
		*at = which;
		return 0;
	}
	if (strcmp(e->direction, "upgrade") == 0 && which == *at + 1)
		*at = which;
	else if (strcmp(e->direction, "downgrade") == 0 && which && which == *at)
		*at = which - 1;
	else
		return verdict_set(v, RULE_HISTORY, "%s of %s where the history is at %zu",
				   e->direction, e->revision, *at);
	return 0;
}

/* The one step in work. */
static int take_running(const struct oracle *o, const mig_history_entry *e, struct whole *w,
			struct verdict *v)
{
	size_t which = subject_find(o->subject, e->revision);
	int down = strcmp(e->direction, "downgrade") == 0;

	if (w->unfinished)
		return verdict_set(v, RULE_JOURNAL, "two steps are unfinished");
	w->unfinished = 1;
	w->direction = down ? MIG_DOWNGRADE : MIG_UPGRADE;
	w->statements = e->statements;
	if (which != (down ? w->at : w->at + 1) || !which)
		return verdict_set(v, RULE_JOURNAL,
				   "%s of %s is unfinished, but the rows are at %zu", e->direction,
				   e->revision, w->at);
	if (!(o->subject->revisions[which - 1].kind & WORK_SPLIT))
		return verdict_set(v, RULE_JOURNAL, "%s runs in a transaction and is unfinished",
				   e->revision);
	return 0;
}

static int read_history(const struct oracle *o, const char *url, struct whole *w, struct verdict *v)
{
	mig_history_list *log = NULL;
	mig_ctx *ctx = NULL;
	size_t at = 0;
	int rc = 0;

	if (mig_open(&ctx, url) || mig_history_read(ctx, &log))
		rc = verdict_set(v, RULE_OPEN, "history: %s", mig_error_message(ctx));
	for (size_t i = 0; !rc && i < mig_history_list_count(log); i++) {
		const mig_history_entry *e = mig_history_list_at(log, i);

		if (strcmp(e->state, "done") == 0)
			rc = replay(o, e, &at, v);
		else if (strcmp(e->state, "abandoned") != 0)
			rc = take_running(o, e, w, v);
	}
	if (!rc && at != w->at)
		rc = verdict_set(v, RULE_HISTORY, "the history leads to %zu, the rows say %zu", at,
				 w->at);
	mig_history_list_free(log);
	mig_close(ctx);
	return rc;
}

/* -- schema and data */

static const struct section *section_in_work(const struct oracle *o, const struct whole *w)
{
	return w->direction == MIG_UPGRADE ? &o->up[w->at] : &o->down[w->at - 1];
}

/* A function outside a transaction commits each of its statements, and the journal does not see
 * them: it begins anew. So any of them may be the last that was done. */
static int is_function(const struct oracle *o, const struct whole *w)
{
	size_t which = w->direction == MIG_UPGRADE ? w->at : w->at - 1;

	return w->unfinished && (o->subject->revisions[which].kind & WORK_C);
}

/* E.g. in work: 3 of 5 statements of r02 down, which gives the states 3 to 3; or 3 to 4 if the end
 * of the next statement cannot be seen by the journal. */
static int expected_states(const struct oracle *o, const struct whole *w, char *const **from,
			   size_t *count, struct verdict *v)
{
	const struct section *s = section_in_work(o, w);
	size_t done = (size_t)w->statements;

	if (is_function(o, w)) {
		*from = s->states;
		*count = s->count + 1;
		return 0;
	}
	if (w->statements < 0 || done > s->count || !s->states[done])
		return verdict_set(v, RULE_JOURNAL, "%d of %zu statements cannot be done",
				   (int)w->statements, s->count);
	*from = s->states + done;
	*count = done < s->count && statement_is_lone(s->statements[done]) ? 2 : 1;
	return 0;
}

static int is_one_of(const char *found, char *const *states, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (states[i] && strcmp(found, states[i]) == 0)
			return 1;
	return 0;
}

static int check_state(const struct oracle *o, struct bare *db, const struct whole *w,
		       struct verdict *v)
{
	char *rest = (char *)(uintptr_t)oracle_state(o, w->at), *const *expected = &rest;
	struct text found = { 0 };
	char difference[400];
	size_t count = 1;
	int unfinished = 0, rc = 0;

	if (w->unfinished)
		rc = expected_states(o, w, &expected, &count, v);
	if (!rc && db->engine->dump(db, &found, &unfinished))
		rc = verdict_set(v, RULE_OPEN, "%s", db->error);
	if (!rc && !is_one_of(found.data, expected, count)) {
		text_difference(found.data, expected[0], difference, sizeof(difference));
		rc = verdict_set(v, RULE_STATE, "at %zu%s (%d statements): %s", w->at,
				 !w->unfinished                  ? ""
				 : w->direction == MIG_DOWNGRADE ? ", downgrade unfinished"
								 : ", upgrade unfinished",
				 (int)w->statements, difference);
	}
	if (!rc && unfinished && count == 1)
		rc = verdict_set(v, RULE_LEFTOVER, "%d unfinished indexes or the like", unfinished);
	text_free(&found);
	return rc;
}

/* One transaction runs from the end of one split revision to the begin of the next. */
static int check_stop(const struct oracle *o, int mode, const struct whole *w, struct verdict *v)
{
	const struct revision *r = o->subject->revisions;

	if (mode != MIG_TRANSACTION_RUN || w->unfinished || !w->at || w->at == o->subject->count)
		return 0;
	if ((r[w->at - 1].kind | r[w->at].kind) & WORK_SPLIT)
		return 0;
	return verdict_set(v, RULE_STOP, "one transaction for the run, but it stopped at %s",
			   r[w->at - 1].id);
}

static int check_sound(struct bare *db, struct verdict *v)
{
	struct text wrong = { 0 };
	int rc = 0;

	if (db->engine->sound(db, &wrong))
		rc = verdict_set(v, RULE_SOUND, "%s", db->error);
	else if (wrong.size)
		rc = verdict_set(v, RULE_SOUND, "%.*s", (int)strcspn(wrong.data, "\n"), wrong.data);
	text_free(&wrong);
	return rc;
}

/* libmig reads the history before the rows are read by hand, and the schema last: whoever is at
 * work meanwhile is a mistake of the attack. */
int check_whole(const struct oracle *oracle, const char *url, int mode, struct whole *out,
		struct verdict *v)
{
	struct whole w = { 0 };
	char digest[80];
	struct bare db;
	int rc = 0;

	if (bare_open(&db, oracle->engine, url))
		rc = verdict_set(v, RULE_OPEN, "%s", db.error);
	if (!rc)
		rc = check_sound(&db, v);
	if (!rc)
		rc = read_version(oracle, &db, &w, digest, v);
	if (!rc)
		rc = read_history(oracle, url, &w, v);
	if (!rc)
		rc = check_digest(oracle, &w, digest, v);
	if (!rc)
		rc = check_state(oracle, &db, &w, v);
	if (!rc)
		rc = check_stop(oracle, mode, &w, v);
	bare_close(&db);
	if (out)
		*out = w;
	return rc;
}

int check_at(const struct oracle *oracle, const char *url, int mode, size_t at, enum rule rule,
	     struct verdict *v)
{
	struct whole w;

	if (check_whole(oracle, url, mode, &w, v))
		return -1;
	if (w.at != at || w.unfinished)
		return verdict_set(v, rule, "at %zu%s instead of %zu", w.at,
				   w.unfinished ? " with an unfinished step" : "", at);
	return 0;
}

/* -- libmig's own answers */

/* The step in work, as mig_unfinished_read() tells it. */
static int check_unfinished(const struct program *program, mig_ctx *ctx, const struct whole *whole,
			    struct verdict *v)
{
	mig_unfinished *u = NULL;
	size_t which = whole->direction == MIG_UPGRADE ? whole->at + 1 : whole->at;

	if (mig_unfinished_read(ctx, &u))
		return verdict_set(v, RULE_ANSWER, "unfinished: %s", mig_error_message(ctx));
	if ((u != NULL) != whole->unfinished)
		verdict_set(v, RULE_ANSWER, "mig_unfinished_read() %s a step, the journal does not",
			    u ? "has" : "does not have");
	else if (u && (subject_find(program->subject, mig_unfinished_revision(u)) != which ||
		       mig_unfinished_direction(u) != whole->direction ||
		       mig_unfinished_statements(u) != whole->statements ||
		       !mig_unfinished_can_finish(u)))
		verdict_set(v, RULE_ANSWER, "mig_unfinished_read(): %s, %d statements",
			    mig_unfinished_revision(u), (int)mig_unfinished_statements(u));
	mig_unfinished_free(u);
	return v->rule ? -1 : 0;
}

int check_answers(const struct program *program, mig_ctx *ctx, const struct whole *whole,
		  struct verdict *v)
{
	int expected = whole->at == program->count && !whole->unfinished;
	mig_revision_list *current = NULL;
	int32_t at_head = -1;
	const char *id;

	if (mig_is_at_head(ctx, &at_head))
		return verdict_set(v, RULE_ANSWER, "at head: %s", mig_error_message(ctx));
	if (at_head != expected)
		return verdict_set(v, RULE_ANSWER, "at %zu%s, and mig_is_at_head() says %d",
				   whole->at, whole->unfinished ? " with an unfinished step" : "",
				   (int)at_head);
	if (check_unfinished(program, ctx, whole, v))
		return -1;
	if (mig_current(ctx, &current))
		return verdict_set(v, RULE_ANSWER, "current: %s", mig_error_message(ctx));
	id = mig_revision_list_count(current) ? mig_revision_id(mig_revision_list_at(current, 0))
					      : "";
	if (mig_revision_list_count(current) > 1 || subject_find(program->subject, id) != whole->at)
		verdict_set(v, RULE_ANSWER, "at %zu, and mig_current() says \"%s\"", whole->at, id);
	mig_revision_list_free(current);
	return v->rule ? -1 : 0;
}

int check_next(const struct oracle *oracle, const struct program *program, const char *url,
	       int32_t direction, const struct whole *before, struct verdict *v)
{
	const char *target = direction == MIG_UPGRADE ? "head" : "base";
	mig_ctx *ctx = NULL;
	struct outcome outcome;

	if (program_open(program, url, NULL, &ctx))
		verdict_set(v, RULE_NEXT, "open: %s", mig_error_message(ctx));
	else
		check_answers(program, ctx, before, v);
	mig_close(ctx);
	/* as a program starts: nothing was asked before */
	if (!v->rule)
		program_run(program, url, direction, target, &outcome);
	if (!v->rule && outcome.status)
		verdict_set(v, RULE_NEXT, "%s: %s", mig_status_name(outcome.status),
			    outcome.message);
	if (v->rule)
		return -1;
	return check_at(oracle, url, program->mode, direction == MIG_UPGRADE ? program->count : 0,
			RULE_TARGET, v);
}

/* A relative target means nothing in the direction opposite to an unfinished step. */
static int check_refused(const struct oracle *oracle, const struct program *program,
			 const char *url, int32_t direction, const struct whole *before,
			 struct verdict *v)
{
	const char *target = direction == MIG_UPGRADE ? "+1" : "-1";
	struct outcome outcome;
	struct whole after;

	program_run(program, url, direction, target, &outcome);
	if (check_whole(oracle, url, program->mode, &after, v))
		return -1;
	if (!outcome.status)
		return verdict_set(v, RULE_TARGET,
				   "%s: done, although the opposite step of %zu is unfinished",
				   target, before->at);
	if (memcmp(before, &after, sizeof(after)) != 0)
		return verdict_set(v, RULE_TARGET, "%s: refused, and yet the database changed",
				   target);
	if (!outcome.hint[0])
		return verdict_set(v, RULE_MESSAGE, "no hint: %s", outcome.message);
	return 0;
}

int check_opposite(const struct oracle *oracle, const struct program *program, const char *url,
		   int32_t direction, struct whole *whole, struct verdict *v)
{
	const char *target = direction == MIG_UPGRADE ? "head" : "base";
	size_t end = direction == MIG_UPGRADE ? program->count : 0;
	struct outcome outcome;

	if (whole->unfinished && whole->direction != direction &&
	    check_refused(oracle, program, url, direction, whole, v))
		return -1;
	program_run(program, url, direction, target, &outcome);
	if (outcome.status)
		return verdict_set(v, RULE_NEXT, "%s: %s", target, outcome.message);
	if (check_at(oracle, url, program->mode, end, RULE_TARGET, v))
		return -1;
	*whole = (struct whole){ .at = end };
	return 0;
}

/* -- settings */

int settings_note(struct bare *db, struct text *out, struct verdict *v)
{
	text_clear(out);
	if (db->engine->settings(db, out))
		return verdict_set(v, RULE_OPEN, "settings: %s", db->error);
	return 0;
}

int settings_check(struct bare *db, const struct text *before, struct verdict *v)
{
	struct text after = { 0 };
	char difference[400];
	int rc = 0;

	if (db->engine->in_transaction(db))
		return verdict_set(v, RULE_SETTINGS, "handed back inside a transaction");
	rc = settings_note(db, &after, v);
	if (!rc && strcmp(after.data, before->data)) {
		text_difference(after.data, before->data, difference, sizeof(difference));
		rc = verdict_set(v, RULE_SETTINGS, "%s", difference);
	}
	text_free(&after);
	return rc;
}

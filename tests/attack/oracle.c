/* oracle: the dump of the database after every statement of every revision, up and down, run by the
 * engine alone. See check.h. */
#include "oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void give_up(const char *what, const char *why)
{
	fprintf(stderr, "oracle: %s: %s\n", what, why);
	exit(2);
}

static char *state_of(struct bare *db)
{
	struct text text = { 0 };
	int unfinished;

	if (db->engine->dump(db, &text, &unfinished))
		give_up("dump", db->error);
	return text.data;
}

static struct section section_of(struct bare *db, const char *const *statements)
{
	struct section s = { 0 };

	while (statements[s.count])
		s.count++;
	s.statements = statements;
	s.states = calloc(s.count + 1, sizeof(*s.states));
	if (!s.states)
		give_up("memory", "none");
	s.states[0] = state_of(db);
	for (size_t i = 0; i < s.count; i++) {
		if (db->engine->exec(db, statement_sql(statements[i])))
			give_up(statements[i], db->error);
		if (!db->engine->in_transaction(db))
			s.states[i + 1] = state_of(db);
	}
	if (!s.states[s.count])
		give_up(statements[s.count - 1], "the section ends inside a transaction");
	return s;
}

/* The way down must lead to where the way up began. */
static void run_down(struct oracle *o, struct bare *db, size_t i)
{
	const struct revision *r = &o->subject->revisions[i];
	char why[500];

	o->down[i] = section_of(db, r->down);
	if (strcmp(o->down[i].states[o->down[i].count], o->up[i].states[0]) == 0)
		return;
	text_difference(o->down[i].states[o->down[i].count], o->up[i].states[0], why, sizeof(why));
	give_up(r->id, why);
}

/* Digests as libmig itself gives them for the scripts alone. */
static void note_chains(struct oracle *o)
{
	struct program program = { .subject = o->subject, .count = o->subject->count };
	mig_open_options options = { .struct_size = sizeof(options), .offline = 1 };
	mig_revision_list *list = NULL;
	mig_ctx *ctx = NULL;
	mig_status rc;

	options.url = strcmp(o->subject->dialect, "sqlite") ? "postgresql:///x" : "sqlite:x";
	rc = mig_open_with(&ctx, &options);
	if (!rc)
		rc = subject_add(program.subject, program.count, ctx);
	if (!rc)
		rc = mig_revisions(ctx, NULL, &list);
	if (!rc)
		rc = mig_revision_list_load(ctx, list);
	if (rc)
		give_up("digests", mig_error_message(ctx));
	for (size_t i = 0; i < mig_revision_list_count(list); i++) {
		const mig_revision *r = mig_revision_list_at(list, i);
		size_t at = subject_find(o->subject, mig_revision_id(r));

		snprintf(o->chains[at - 1], sizeof(o->chains[0]), "%s", mig_revision_chain(r));
	}
	mig_revision_list_free(list);
	mig_close(ctx);
}

struct oracle *oracle_new(const struct subject *subject, const struct bare_engine *engine,
			  const char *url)
{
	struct oracle *o = calloc(1, sizeof(*o));
	struct bare db;

	if (!o)
		give_up("memory", "none");
	o->subject = subject;
	o->engine = engine;
	o->up = calloc(subject->count, sizeof(*o->up));
	o->down = calloc(subject->count, sizeof(*o->down));
	o->chains = calloc(subject->count, sizeof(*o->chains));
	if (!o->up || !o->down || !o->chains)
		give_up("memory", "none");
	if (bare_open(&db, engine, url))
		give_up(url, db.error);
	for (size_t i = 0; i < subject->count; i++)
		o->up[i] = section_of(&db, subject->revisions[i].up);
	for (size_t i = subject->count; i-- > 0;)
		run_down(o, &db, i);
	bare_close(&db);
	note_chains(o);
	return o;
}

static void free_sections(struct section *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k <= list[i].count; k++)
			free(list[i].states[k]);
		free(list[i].states);
	}
	free(list);
}

void oracle_free(struct oracle *oracle)
{
	if (!oracle)
		return;
	free_sections(oracle->up, oracle->subject->count);
	free_sections(oracle->down, oracle->subject->count);
	free(oracle->chains);
	free(oracle);
}

const struct subject *oracle_subject(const struct oracle *oracle)
{
	return oracle->subject;
}

const char *oracle_state(const struct oracle *oracle, size_t at)
{
	return at ? oracle->up[at - 1].states[oracle->up[at - 1].count] : oracle->up[0].states[0];
}

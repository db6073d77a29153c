/* The number in the file's header (header_digest) never says more than the rows: after everything that
 * changes them, by a program that keeps the number and by one that does not, a start with it does
 * just what a start without it does. */
#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char text_a[] = "CREATE TABLE a (x); DROP TABLE a;";
static const char text_b[] = "CREATE TABLE b (x); CREATE TABLE c (x); DROP TABLE c; DROP TABLE b;";
static const char *const after_a[] = { "a", NULL };

/* The program: of before (head a), or of now (head b). */
struct program {
	mig_bundle bundle;
	mig_bundle_revision revisions[2];
	mig_section sections[2][2];
	uint32_t head;
};

static void program_make(struct program *g, int now, int lone)
{
	*g = (struct program){
		.sections = { { { .direction = MIG_UPGRADE, .size = 19 },
				{ .direction = MIG_DOWNGRADE, .offset = 20, .size = 13 } },
			      { { .direction = MIG_UPGRADE, .no_transaction = lone, .size = 39 },
				{ .direction = MIG_DOWNGRADE,
				  .no_transaction = lone,
				  .offset = 40,
				  .size = sizeof text_b - 41 } } },
		.revisions = { { .id = "a",
				 .message = "m",
				 .created = "",
				 .file = "a.sql",
				 .text = text_a,
				 .text_size = sizeof text_a - 1,
				 .section_count = 2,
				 .chain = { 1 } },
			       { .id = "b",
				 .message = "m",
				 .created = "",
				 .file = "b.sql",
				 .revises = after_a,
				 .text = text_b,
				 .text_size = sizeof text_b - 1,
				 .section_count = 2,
				 .chain = { 2 } } },
		.head = (uint32_t)now,
	};
	g->revisions[0].sections = g->sections[0];
	g->revisions[1].sections = g->sections[1];
	g->bundle = (mig_bundle){ .struct_size = sizeof g->bundle,
				  .revision_size = sizeof *g->revisions,
				  .section_size = sizeof **g->sections,
				  .count = (size_t)now + 1,
				  .revisions = g->revisions,
				  .heads = &g->head,
				  .head_count = 1 };
}

struct script {
	char text[16384];
	size_t size;
};

static mig_status take(void *user, const char *text, size_t size)
{
	struct script *s = user;

	assert_true(s->size + size < sizeof s->text);
	memcpy(s->text + s->size, text, size);
	s->size += size;
	s->text[s->size] = '\0';
	return MIG_OK;
}

/* script NULL: it runs. */
static mig_ctx *open_program(const char *db, const struct program *g, int keep,
			     struct script *script)
{
	char url[120];
	mig_open_options o = { .struct_size = sizeof o,
			       .url = url,
			       .header_digest = keep,
			       .script = script ? take : NULL,
			       .script_user = script };
	mig_ctx *ctx;

	snprintf(url, sizeof url, "sqlite:%s", db);
	ok(ctx, mig_open_with(&ctx, &o));
	ok(ctx, mig_add_bundle(ctx, &g->bundle));
	return ctx;
}

/* -- what is done */

/* As the engine's shell does: the lines that are for it alone begin with a dot. */
static void run_script(const struct place *p, struct script *s)
{
	char *dot = strstr(s->text, "\n.bail on");

	if (dot)
		memset(dot, ' ', strlen("\n.bail on"));
	tell(p, s->text);
}

static int32_t die(void *user, const mig_progress *progress)
{
	(void)user;
	if (progress->event == MIG_EVENT_STATEMENT && progress->statement == 2)
		raise(SIGKILL);
	return 0;
}

static void killed(const struct place *p, const struct program *g, int keep, int down)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (!child) {
		mig_ctx *ctx = open_program(p->db, g, keep, NULL);

		mig_set_progress(ctx, die, NULL);
		if (down)
			mig_downgrade(ctx, "a");
		else
			mig_upgrade(ctx, "head");
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

enum deed {
	UP,
	DOWN,
	DOWN_TO_BASE,
	KILLED_UP,
	KILLED_DOWN,
	GIVEN_UP, /* what was killed is given up by a stamp that changes no row */
	STAMPED_A,
	STAMPED_B,
	STAMPED_BASE,
	PURGED_A,
	PURGED_B,
	PURGED_BASE,
	ADOPTED,
	ACCEPTED,
	WARNED_DOWN, /* past an edited script */
	SCRIPT_UP,
	SCRIPT_DOWN,
	SCRIPT_STAMP,
	ENSURED,
	DEEDS
};

static void stamp(mig_ctx *ctx, const char *target, int purge)
{
	mig_run_options o = { .struct_size = sizeof o, .purge = purge };

	ok(ctx, mig_stamp_with(ctx, &target, 1, &o));
}

static void do_deed(const struct place *p, struct program *g, enum deed deed, int keep)
{
	static const char *const targets[] = { "a", "b", "base" };
	mig_run_options o = { .struct_size = sizeof o };
	struct script s = { .size = 0 };
	mig_ctx *ctx;

	if (deed == KILLED_UP || deed == KILLED_DOWN || deed == GIVEN_UP) {
		killed(p, g, keep, deed != KILLED_UP);
		if (deed != GIVEN_UP)
			return;
	}
	if (deed == ADOPTED)
		tell(p, "CREATE TABLE alembic_version (version_num); INSERT INTO alembic_version VALUES "
			"('a')");
	if (deed == ACCEPTED || deed == WARNED_DOWN)
		g->revisions[deed == WARNED_DOWN].chain[0] = 7;
	ctx = open_program(p->db, g, keep, deed >= SCRIPT_UP && deed <= SCRIPT_STAMP ? &s : NULL);
	switch (deed) {
	case UP:
		ok(ctx, mig_upgrade(ctx, "head"));
		break;
	case DOWN:
		ok(ctx, mig_downgrade(ctx, "a"));
		break;
	case DOWN_TO_BASE:
		ok(ctx, mig_downgrade(ctx, "base"));
		break;
	case GIVEN_UP:
		stamp(ctx, "b", 0);
		break;
	case ADOPTED:
		stamp(ctx, "base", 1);
		ok(ctx, mig_adopt(ctx, NULL));
		break;
	case ACCEPTED:
		o.edited = MIG_EDITED_ACCEPT;
		g->revisions[1].chain[0] = 8;
		mig_close(ctx);
		ctx = open_program(p->db, g, keep, NULL);
		ok(ctx, mig_upgrade_with(ctx, "head", &o));
		break;
	case WARNED_DOWN:
		o.edited = MIG_EDITED_WARN;
		ok(ctx, mig_downgrade_with(ctx, "a", &o));
		break;
	case SCRIPT_UP:
		ok(ctx, mig_upgrade(ctx, "a:b"));
		run_script(p, &s);
		break;
	case SCRIPT_DOWN:
		ok(ctx, mig_downgrade(ctx, "b:a"));
		run_script(p, &s);
		break;
	case SCRIPT_STAMP:
		ok(ctx, mig_stamp(ctx, "b:a"));
		run_script(p, &s);
		break;
	case ENSURED:
		ok(ctx, mig_ensure_version(ctx));
		break;
	default:
		stamp(ctx, targets[(deed - STAMPED_A) % 3], deed >= PURGED_A);
		break;
	}
	mig_close(ctx);
}

/* -- a program's start */

struct outcome {
	mig_status status;
	char rows[200], tables[200];
};

static void start(const struct place *p, const struct program *g, int keep, struct outcome *out)
{
	struct place copy = *p;
	char command[300];
	mig_ctx *ctx;

	snprintf(copy.db, sizeof copy.db, "%s/copy.db", p->dir);
	snprintf(command, sizeof command, "cp '%s' '%s'", p->db, copy.db);
	assert_int_equal(system(command), 0);
	ctx = open_program(copy.db, g, keep, NULL);
	out->status = mig_upgrade(ctx, "head");
	mig_close(ctx);
	snprintf(out->rows, sizeof out->rows, "%s",
		 ask(&copy, "SELECT revision || ' ' || digest FROM mig_version ORDER BY 1"));
	snprintf(out->tables, sizeof out->tables, "%s", tables(&copy));
	unlink(copy.db);
}

static void assert_start(const struct place *p, const struct program *g, const char *when)
{
	struct outcome with, without;

	start(p, g, 0, &without);
	start(p, g, 1, &with);
	if (with.status != without.status || strcmp(with.rows, without.rows) != 0 ||
	    strcmp(with.tables, without.tables) != 0)
		fail_msg("%s: with the number %s, %s, %s; without it %s, %s, %s", when,
			 mig_status_name(with.status), with.rows, with.tables,
			 mig_status_name(without.status), without.rows, without.tables);
}

static void try(enum deed deed, int lone, int keep)
{
	struct program before, now;
	char when[100];
	struct place *p;
	void *state;

	assert_int_equal(place_new(&state), 0);
	p = state;
	program_make(&before, 0, lone);
	program_make(&now, 1, lone);
	do_deed(p, &before, UP, 1);
	if (deed != UP && deed != KILLED_UP && deed != SCRIPT_UP) {
		do_deed(p, &now, UP, 1);
		assert_string_not_equal(ask(p, "PRAGMA user_version"), "0");
	}
	do_deed(p, &now, deed, keep);
	snprintf(when, sizeof when, "deed %d, %s, %s", (int)deed,
		 lone ? "outside a transaction" : "inside", keep ? "keeping" : "not keeping");
	program_make(&now, 1, lone);
	if (deed == WARNED_DOWN || deed == ACCEPTED) {
		assert_start(p, &before, when);
		assert_start(p, &now, when);
		before.revisions[0].chain[0] = now.revisions[0].chain[0] = 7;
	}
	assert_start(p, &before, when);
	assert_start(p, &now, when);
	place_free(&state);
}

static void test_starts(void **state)
{
	(void)state;
	for (int deed = 0; deed < DEEDS; deed++)
		for (int lone = 0; lone < 2; lone++)
			for (int keep = 0; keep < 2; keep++) {
				int script = deed >= SCRIPT_UP && deed <= SCRIPT_STAMP;
				int kill = deed == KILLED_UP || deed == KILLED_DOWN ||
					   deed == GIVEN_UP;

				/* a script that is made without header_digest cannot know of the number */
				if ((script && !keep) || (kill && !lone))
					continue;
				try((enum deed)deed, lone, keep);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_starts) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* confirm: the question before a run that loses data. It is asked on a terminal alone, where somebody can
 * answer; a script has decided already. */
#include "cli/describe.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

enum { LISTED = 8 };

static const char mark[] = "-- destructive: "; /* as mig migrate writes it */

/* The next line from `at` on that is a mark, after its first word; or NULL. */
static const char *next_mark(const char *text, const char *at)
{
	while ((at = strstr(at, mark)) != NULL) {
		const char *before = at;

		while (before > text && (before[-1] == ' ' || before[-1] == '\t'))
			before--;
		at += sizeof mark - 1;
		if (before == text || before[-1] == '\n')
			return at;
	}
	return NULL;
}

/* Lists what the steps lose, as their marks say it. Returns how many there are. */
static size_t add_losses(struct mig__cli_text *out, mig_plan *plan)
{
	size_t count = 0;

	for (size_t i = 0; i < mig_plan_count(plan); i++) {
		const char *sql = mig_plan_sql(plan, i, NULL), *at = sql;

		while (at && (at = next_mark(sql, at)) != NULL) {
			if (count++ >= LISTED)
				continue;
			mig__cli_adds(out, "  ");
			mig__cli_shown(out, mig_revision_id(mig_plan_revision(plan, i)));
			mig__cli_adds(out, ": ");
			mig__cli_add_shown(out, at, strcspn(at, "\r\n"));
			mig__cli_adds(out, "\n");
		}
	}
	if (count > LISTED)
		mig__cli_addf(out, "  and %zu more\n", count - LISTED);
	return count;
}

static int is_base(const char *target)
{
	size_t n = strlen(target);

	return n >= 4 && !strcmp(target + n - 4, "base") && (n == 4 || target[n - 5] == '@');
}

static void add_question(struct mig__cli *cli, mig_plan *plan, int32_t direction, const char *target)
{
	struct mig__cli_text losses = { 0 };
	size_t steps = mig_plan_count(plan), count = add_losses(&losses, plan);

	if (steps && (count || (direction == MIG_DOWNGRADE && is_base(target)))) {
		mig__cli_addf(&cli->out, "This %s %zu revision%s%s\n",
			      direction == MIG_DOWNGRADE ? "undoes" : "applies", steps, steps == 1 ? "" : "s",
			      count ? " and loses data:" : ".");
		mig__cli_adds(&cli->out, mig__cli_string(&losses));
		mig__cli_adds(&cli->out, "Go on? [y/N] ");
	}
	cli->out.failed |= losses.failed;
	mig__cli_text_finish(&losses);
}

/* Waits for a line, or for a signal, which may be there already. 0: it was a signal, whose handler would
 * have let a read go on. */
static int wait_for_input(const sigset_t *mask)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(STDIN_FILENO, &set);
	return pselect(STDIN_FILENO + 1, &set, NULL, NULL, NULL, mask) == 1;
}

int mig__cli_ask(struct mig__cli *cli)
{
	char answer[8];
	sigset_t ours, before;
	int c, yes;

	sigemptyset(&ours);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	sigprocmask(SIG_BLOCK, &ours, &before);
	mig__cli_flush(cli);
	yes = wait_for_input(&before) && fgets(answer, sizeof answer, stdin);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (!yes)
		return 0;
	yes = answer[0] == 'y' || answer[0] == 'Y';
	while (!strchr(answer, '\n') && (c = getc(stdin)) != EOF && c != '\n')
		;
	return yes;
}

int mig__cli_confirm(struct mig__cli *cli, int32_t direction, const char *target)
{
	mig_plan *plan = NULL;
	mig_status rc;

	if (mig__cli_count(&cli->args, MIG__OPT_YES) || !mig__cli_can_ask())
		return MIG_CLI_DONE;
	rc = direction == MIG_DOWNGRADE ? mig_plan_downgrade(cli->ctx, target, &plan)
					: mig_plan_upgrade(cli->ctx, target, &plan);
	if (rc) /* the run says what is wrong */
		return MIG_CLI_DONE;
	add_question(cli, plan, direction, target);
	mig_plan_free(plan);
	if (!cli->out.len || mig__cli_ask(cli))
		return MIG_CLI_DONE;
	mig__cli_say(cli, "nothing was run");
	return MIG_CLI_ERROR;
}

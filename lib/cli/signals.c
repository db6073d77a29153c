/* signals: the first SIGINT or SIGTERM cancels the run, a second one ends the process.
 *
 * A handler is told nothing but the signal's number, so the context is in a static variable: the
 * one piece of state outside of a call, as handlers belong to the whole process anyway. */
#include "cli/cli.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

static _Atomic(mig_ctx *) running;

static const int numbers[] = { SIGINT, SIGTERM };
enum { NUMBERS = sizeof numbers / sizeof *numbers };

struct mig__cli_signals {
	struct sigaction before[NUMBERS];
};

static void on_signal(int number)
{
	(void)number;
	mig_cancel(atomic_load(&running));
}

struct mig__cli_signals *mig__cli_signals_catch(mig_ctx *ctx)
{
	struct mig__cli_signals *signals = malloc(sizeof *signals);
	struct sigaction action = { .sa_handler = on_signal };

	if (!signals)
		return NULL;
	atomic_store(&running, ctx);
	action.sa_flags = (int)(SA_RESTART | SA_RESETHAND);
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < NUMBERS; i++) {
		sigaction(numbers[i], NULL, &signals->before[i]);
		if (signals->before[i].sa_handler == SIG_DFL) /* not one that nohup ignores */
			sigaction(numbers[i], &action, NULL);
	}
	return signals;
}

void mig__cli_signals_release(struct mig__cli_signals *signals)
{
	for (size_t i = 0; signals && i < NUMBERS; i++)
		sigaction(numbers[i], &signals->before[i], NULL);
	atomic_store(&running, NULL);
	free(signals);
}

/* ask: the question on a terminal, whether something was renamed. */
#include "cli/difference.h"

/* 1: yes, 0: no, which is also what an end of the input means. */
int32_t mig__cli_ask_rename(void *user, const mig_object *from, const mig_object *to)
{
	struct mig__cli *cli = user;
	struct mig__cli_text *out = &cli->out;

	if (from->kind == MIG_KIND_TABLE) {
		mig__cli_adds(out, "was table ");
	} else {
		mig__cli_shown(out, to->parent->name);
		mig__cli_adds(out, ": was ");
	}
	mig__cli_shown(out, to->name);
	mig__cli_adds(out, " renamed from ");
	mig__cli_shown(out, from->name);
	mig__cli_adds(out, "? [y/N] ");
	return mig__cli_ask(cli);
}

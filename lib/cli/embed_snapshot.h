/* embed_snapshot: the snapshots that a bundle has. */
#ifndef MIG__CLI_EMBED_SNAPSHOT_H
#define MIG__CLI_EMBED_SNAPSHOT_H

#include "cli/cli.h"

struct mig__cli_snapshots {
	mig_snapshot **at;
	size_t count;
};

/* Makes them, if --snapshot is given: for each dialect that is asked for, or that the revisions have
 * sections for, and each server that is named. */
int mig__cli_make_snapshots(struct mig__cli *cli, const mig_revision_list *list, struct mig__cli_snapshots *out);
/* Their definitions, with the array NAME_snapshots. */
void mig__cli_add_snapshots(struct mig__cli_text *out, const char *symbol, const struct mig__cli_snapshots *all);
void mig__cli_snapshots_finish(struct mig__cli_snapshots *all);

#endif

/* snapshot: what the tests of snapshots on each engine share: a bundle that has nothing but a snapshot, and what a
 * run says of itself. */
#ifndef TESTS_SNAPSHOT_H
#define TESTS_SNAPSHOT_H

#include <mig/mig.h>

#include <signal.h>
#include <unistd.h>

static inline mig_bundle bundle_of(const mig_bundle_snapshot *entry)
{
	return (mig_bundle){ .struct_size = sizeof(mig_bundle),
			     .revision_size = sizeof(mig_bundle_revision),
			     .section_size = sizeof(mig_section),
			     .snapshots = entry,
			     .snapshot_count = 1,
			     .snapshot_size = sizeof *entry };
}

struct seen {
	int snapshots, steps, statements;
	int kill_at; /* this statement; 0: none */
	char log[4096];
};

static inline int32_t on_progress(void *user, const mig_progress *p)
{
	struct seen *seen = user;

	seen->snapshots += p->event == MIG_EVENT_SNAPSHOT;
	seen->steps += p->event == MIG_EVENT_STEP_BEGIN;
	if (p->event == MIG_EVENT_STATEMENT && ++seen->statements == seen->kill_at)
		kill(getpid(), SIGKILL);
	return 0;
}

#endif

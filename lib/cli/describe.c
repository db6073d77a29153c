/* describe: revisions as lines of text, as history, heads and show print them. Not as JSON:
 * json.c. */
#include "cli/describe.h"

#include <string.h>

typedef const char *(*item_fn)(const mig_revision *revision, size_t i);

static void add_items(struct mig__cli_text *out, const mig_revision *r, size_t count, item_fn item)
{
	for (size_t i = 0; i < count; i++) {
		mig__cli_adds(out, i ? ", " : "");
		mig__cli_shown(out, item(r, i));
	}
}

void mig__cli_add_parents(struct mig__cli_text *out, const mig_revision *r, const char *none)
{
	if (!mig_revision_parent_count(r))
		mig__cli_adds(out, none);
	add_items(out, r, mig_revision_parent_count(r), mig_revision_parent);
}

int mig__cli_is_current(const struct mig__cli *cli, const mig_revision *r)
{
	if (mig_revision_flags(r) & MIG_REVISION_CURRENT)
		return 1;
	for (size_t i = 0; i < mig_revision_list_count(cli->current); i++)
		if (!strcmp(mig_revision_id(mig_revision_list_at(cli->current, i)),
			    mig_revision_id(r)))
			return 1;
	return 0;
}

static void add_mark(const struct mig__cli *cli, struct mig__cli_text *out, const char *text,
		     enum mig__cli_colour colour)
{
	mig__cli_paint(out, cli->colour, colour);
	mig__cli_adds(out, text);
	mig__cli_paint(out, cli->colour, MIG__CLI_PLAIN);
}

static void add_id(const struct mig__cli *cli, struct mig__cli_text *out, const mig_revision *r)
{
	mig__cli_paint(out, cli->colour, MIG__CLI_YELLOW);
	mig__cli_shown(out, mig_revision_id(r));
	mig__cli_paint(out, cli->colour, MIG__CLI_PLAIN);
}

static void add_marks(const struct mig__cli *cli, struct mig__cli_text *out, const mig_revision *r,
		      unsigned details)
{
	uint32_t flags = mig_revision_flags(r);

	if (mig_revision_label_count(r)) {
		mig__cli_adds(out, " (");
		add_items(out, r, mig_revision_label_count(r), mig_revision_label);
		mig__cli_adds(out, ")");
	}
	if (flags & MIG_REVISION_EFFECTIVE_HEAD)
		add_mark(cli, out, " (head)", MIG__CLI_GREEN);
	else if (flags & MIG_REVISION_HEAD)
		add_mark(cli, out, " (effective head)", MIG__CLI_GREEN);
	if (!(details & MIG__CLI_NO_CURRENT) && mig__cli_is_current(cli, r))
		add_mark(cli, out, " (current)", MIG__CLI_CYAN);
	if (!(details & MIG__CLI_TREE))
		return;
	if (flags & MIG_REVISION_BRANCH_POINT)
		mig__cli_adds(out, " (branchpoint)");
	if (flags & MIG_REVISION_MERGE_POINT)
		mig__cli_adds(out, " (mergepoint)");
}

void mig__cli_add_revision(const struct mig__cli *cli, struct mig__cli_text *out,
			   const mig_revision *r, unsigned details)
{
	if (details & MIG__CLI_PARENTS) {
		mig__cli_add_parents(out, r, "<base>");
		if (mig_revision_dependency_count(r)) {
			mig__cli_adds(out, " (");
			add_items(out, r, mig_revision_dependency_count(r),
				  mig_revision_dependency);
			mig__cli_adds(out, ")");
		}
		mig__cli_adds(out, " -> ");
	}
	add_id(cli, out, r);
	add_marks(cli, out, r, details);
	if ((details & MIG__CLI_MESSAGE) && mig_revision_summary(r)[0]) {
		mig__cli_adds(out, ", ");
		mig__cli_shown(out, mig_revision_summary(r));
	}
}

static void add_field(struct mig__cli_text *out, const char *name, const mig_revision *r,
		      size_t count, item_fn item)
{
	if (!count)
		return;
	mig__cli_addf(out, "%s: ", name);
	add_items(out, r, count, item);
	mig__cli_adds(out, "\n");
}

static void add_message(struct mig__cli_text *out, const char *message)
{
	while (*message) {
		size_t n = strcspn(message, "\n");

		mig__cli_adds(out, n ? "    " : "");
		mig__cli_add_shown(out, message, n);
		mig__cli_adds(out, "\n");
		message += n + (message[n] == '\n');
	}
}

void mig__cli_add_entry(const struct mig__cli *cli, struct mig__cli_text *out,
			const mig_revision *r)
{
	size_t parents = mig_revision_parent_count(r), children = mig_revision_child_count(r);

	mig__cli_adds(out, "Rev: ");
	add_id(cli, out, r);
	add_marks(cli, out, r, MIG__CLI_TREE);
	mig__cli_adds(out, parents > 1 ? "\nMerges: " : "\nParent: ");
	mig__cli_add_parents(out, r, "<base>");
	mig__cli_adds(out, "\n");
	add_field(out, "Depends on", r, mig_revision_dependency_count(r), mig_revision_dependency);
	add_field(out, "Branch labels", r, mig_revision_label_count(r), mig_revision_label);
	add_field(out, "Branches into", r, children > 1 ? children : 0, mig_revision_child);
	if (mig_revision_file(r)) {
		mig__cli_adds(out, "Path: ");
		mig__cli_shown(out, mig_revision_file(r));
		mig__cli_adds(out, "\n");
	}
	if (mig_revision_created(r)[0]) {
		mig__cli_adds(out, "Created: ");
		mig__cli_shown(out, mig_revision_created(r));
		mig__cli_adds(out, "\n");
	}
	mig__cli_adds(out, "\n");
	add_message(out, mig_revision_message(r));
}

void mig__cli_add_listed(const struct mig__cli *cli, struct mig__cli_text *out,
			 const mig_revision_list *list, unsigned details)
{
	for (size_t i = 0; i < mig_revision_list_count(list); i++) {
		const mig_revision *r = mig_revision_list_at(list, i);

		if (cli->verbose) {
			mig__cli_adds(out, i ? "\n" : "");
			mig__cli_add_entry(cli, out, r);
		} else {
			mig__cli_add_revision(cli, out, r, details);
			mig__cli_adds(out, "\n");
		}
	}
}

void mig__cli_add_unfinished(struct mig__cli_text *out, const mig_unfinished *u)
{
	int64_t done = mig_unfinished_statements(u), total = mig_unfinished_total(u);

	mig__cli_adds(out, "Revision ");
	mig__cli_shown(out, mig_unfinished_revision(u));
	mig__cli_addf(out, " is only partly %s: %lld",
		      mig_unfinished_direction(u) == MIG_DOWNGRADE ? "undone" : "applied",
		      (long long)done);
	if (total >= 0)
		mig__cli_addf(out, " of %lld", (long long)total);
	mig__cli_addf(out, " statement%s done", (total >= 0 ? total : done) == 1 ? "" : "s");
	if (mig_unfinished_started_at(u)[0]) {
		mig__cli_adds(out, " (since ");
		mig__cli_shown(out, mig_unfinished_started_at(u));
		mig__cli_adds(out, mig_unfinished_actor(u)[0] ? ", by " : "");
		mig__cli_shown(out, mig_unfinished_actor(u));
		mig__cli_adds(out, ")");
	}
	if (!mig_unfinished_can_finish(u))
		mig__cli_adds(out, "; these revisions cannot finish it");
}

/* show: the command that prints one revision in full, with its SQL. */
#include "cli/describe.h"
#include "cli/json.h"

#include <string.h>

/* The sections as they are written, from the line of the first directive on. */
static void add_sections(struct mig__cli *cli, const mig_revision *r)
{
	const mig_section *first = mig_revision_section(r, 0);
	struct mig__cli_text *out = &cli->out;
	size_t size, from;
	const char *text = mig_revision_text(r, &size);

	mig__cli_adds(out, "\n");
	if (!text) {
		mig__cli_adds(out, mig_revision_file(r) ? "-- (the file cannot be read)\n" : "-- (written in C)\n");
		return;
	}
	if (!first || first->offset > size)
		return;
	from = first->offset;
	while (from && (text[from - 1] == '\n' || text[from - 1] == '\r'))
		from--;
	while (from && text[from - 1] != '\n')
		from--;
	while (size > from && strchr(" \t\r\n", text[size - 1]))
		size--;
	mig__cli_add(out, text + from, size - from);
	mig__cli_adds(out, "\n");
}

static json_t *json_shown(const struct mig__cli *cli, const mig_revision_list *list)
{
	json_t *array = json_array();
	const mig_revision *r;

	for (size_t i = 0; array && (r = mig_revision_list_at(list, i)); i++) {
		json_t *o = mig__cli_json_revision(cli, r);

		if (json_object_set_new(o, "text", mig__cli_json_text(mig_revision_text(r, NULL))) ||
		    json_array_append(array, o)) {
			json_decref(array);
			array = NULL;
		}
		json_decref(o);
	}
	return array;
}

int mig__cli_cmd_show(struct mig__cli *cli)
{
	const char *id = cli->args.word_count ? cli->args.words[0] : "head";
	int current = !strcmp(id, "current"), status;
	mig_revision_list *list;

	status = mig__cli_open(cli, cli->args.command->needs | (current ? MIG__CLI_DATABASE : 0u));
	if (status)
		return status;
	if (mig_show(cli->ctx, id, &list))
		return mig__cli_ctx_fail(cli);
	if (mig_revision_list_load(cli->ctx, list)) {
		status = mig__cli_ctx_fail(cli);
	} else if (cli->json) {
		status = mig__cli_json_print(cli, "revisions", json_shown(cli, list));
	} else {
		for (size_t i = 0; i < mig_revision_list_count(list); i++) {
			const mig_revision *r = mig_revision_list_at(list, i);

			mig__cli_adds(&cli->out, i ? "\n" : "");
			mig__cli_add_entry(cli, &cli->out, r);
			add_sections(cli, r);
		}
	}
	mig_revision_list_free(list);
	return status;
}

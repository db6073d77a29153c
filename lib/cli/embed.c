/* embed: the revisions as C source with a const mig_bundle.
 *
 * The same folder gives the same bytes wherever it is: revisions in the order in which the folder
 * is read (it decides between plans that are equally good), files named from the environment's
 * folder. */
#include "base/file.h"
#include "base/map.h"
#include "cli/cli.h"
#include "cli/embed_snapshot.h"
#include "cli/literal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const struct mig__cli_option mig__cli_embed_options[] = {
	{ MIG__OPT_OUTPUT, 'o', "output", "FILE.c", "where to write it (default: stdout)" },
	{ MIG__OPT_HEADER, 0, "header", "FILE.h", "write a header that declares it, too" },
	{ MIG__OPT_CHECK, 0, "check", NULL,
	  "write nothing; status 3 if the files are not up to date" },
	{ MIG__OPT_DECLARE, 0, "declare", "ID,...",
	  "revisions that the program adds itself, with mig_add_revision()" },
	{ MIG__OPT_SNAPSHOT, 0, "snapshot", NULL,
	  "add the database at head, for programs that start with an empty one" },
	{ MIG__OPT_DIALECT, 0, "dialect", "NAME,...",
	  "with --snapshot: for these (default: those that sections name)" },
	{ MIG__OPT_SCRATCH_URL, 0, "scratch-url", "URL",
	  "with --snapshot: where a dialect's is made; once for each server" },
	{ MIG__OPT_SYMBOL, 0, "symbol", "NAME", "its name in C (default: migrations)" },
	{ 0 }
};

/* From the environment's folder, or the last part alone. */
static const char *short_name(const struct mig__cli *cli, const char *file)
{
	const char *here = cli->directory, *slash = strrchr(file, '/');
	size_t n = strlen(here);

	while (n && here[n - 1] == '/')
		n--;
	if (!strncmp(file, here, n) && file[n] == '/')
		return file + n + 1;
	return slash ? slash + 1 : file;
}

/* -- the source */

typedef const char *(*item_fn)(const mig_revision *revision, size_t i);

struct writer {
	struct mig__cli *cli;
	struct mig__cli_text *out;
	mig_revision_list *list; /* in load order */
	const char *symbol;
	uint8_t *program; /* by place in the list: one that the program adds */
	uint8_t *above;   /* such a one, or one that stands on it */
	struct mig__cli_snapshots snapshots;
};

/* -- what the program adds */

/* Whether a parent or dependency is above. */
static int stands_on(const struct writer *w, const struct mig__map *ids, const mig_revision *r)
{
	size_t parents = mig_revision_parent_count(r), count = mig_revision_dependency_count(r);

	for (size_t i = 0; i < parents + count; i++) {
		const char *id = i < parents ? mig_revision_parent(r, i)
					     : mig_revision_dependency(r, i - parents);
		uint32_t at = mig__map_get(ids, id, strlen(id));

		if (at != MIG__NONE && w->above[at])
			return 1;
	}
	return 0;
}

/* From the oldest on, so that once is mostly enough. */
static void mark_above(struct writer *w, const struct mig__map *ids, const mig_revision_list *newest)
{
	int changed;

	do {
		changed = 0;
		for (size_t i = mig_revision_list_count(newest); i-- > 0;) {
			const mig_revision *r = mig_revision_list_at(newest, i);
			const char *id = mig_revision_id(r);
			uint32_t at = mig__map_get(ids, id, strlen(id));

			if (!w->above[at] && stands_on(w, ids, r))
				w->above[at] = (uint8_t)(changed = 1);
		}
	} while (changed);
}

/* A revision without a file is in C. What its chain digest is, and that of all above it, is known once
 * it is there. */
static int find_program(struct writer *w)
{
	size_t count = mig_revision_list_count(w->list);
	mig_revision_list *newest = NULL;
	struct mig__map ids;
	int failed, status = MIG_CLI_DONE;

	w->program = calloc(count + 1, 1);
	w->above = calloc(count + 1, 1);
	failed = !w->program || !w->above;
	mig__map_init(&ids, &mig__alloc_libc);
	for (size_t i = 0; !failed && i < count; i++) {
		const mig_revision *r = mig_revision_list_at(w->list, i);
		const char *id = mig_revision_id(r);

		w->program[i] = w->above[i] = !mig_revision_file(r);
		failed = !mig__map_add(&ids, id, strlen(id), (uint32_t)i, NULL);
	}
	if (failed)
		status = mig__cli_no_memory(w->cli);
	else if (mig_revisions(w->cli->ctx, NULL, &newest))
		status = mig__cli_ctx_fail(w->cli);
	else
		mark_above(w, &ids, newest);
	mig_revision_list_free(newest);
	mig__map_finish(&ids);
	return status;
}

static int is_any(const uint8_t *flags, size_t count)
{
	return count && memchr(flags, 1, count) != NULL;
}

static void add_array(struct writer *w, const char *what, size_t number, const mig_revision *r,
		      size_t count, item_fn item)
{
	if (!count)
		return;
	mig__cli_addf(w->out, "static const char *const %s_%s_%zu[] = { ", w->symbol, what, number);
	for (size_t i = 0; i < count; i++) {
		mig__cli_add_literal(w->out, item(r, i));
		mig__cli_adds(w->out, ", ");
	}
	mig__cli_adds(w->out, "NULL };\n");
}

static void add_sections(struct writer *w, size_t number, const mig_revision *r)
{
	size_t count = mig_revision_section_count(r);

	if (!count)
		return;
	mig__cli_addf(w->out, "static const mig_section %s_sections_%zu[] = {\n", w->symbol,
		      number);
	for (size_t i = 0; i < count; i++) {
		const mig_section *s = mig_revision_section(r, i);

		mig__cli_addf(w->out, "\t{ .direction = %s, .no_transaction = %d, .dialect = ",
			      s->direction == MIG_DOWNGRADE ? "MIG_DOWNGRADE" : "MIG_UPGRADE",
			      s->no_transaction != 0);
		mig__cli_add_literal(w->out, s->dialect);
		mig__cli_adds(w->out, ", .database = ");
		mig__cli_add_literal(w->out, s->database);
		mig__cli_addf(w->out, ",\n\t  .offset = %zu, .size = %zu", s->offset, s->size);
		if (s->foreign_keys)
			mig__cli_addf(w->out, ", .foreign_keys = %d", (int)s->foreign_keys);
		mig__cli_adds(w->out, " },\n");
	}
	mig__cli_adds(w->out, "};\n");
}

/* What a row of the table points to. */
static int add_parts(struct writer *w, size_t number)
{
	size_t size = 0;
	const mig_revision *r = mig_revision_list_at(w->list, number);
	const char *text = mig_revision_text(r, &size);
	struct mig__cli_text name = { 0 };

	if (!text)
		return mig__cli_fail(w->cli, "revision %s has no text to embed",
				     mig_revision_id(r));
	mig__cli_adds(w->out, "\n");
	mig__cli_addf(&name, "%s_text_%zu", w->symbol, number);
	mig__cli_add_definition(w->out, mig__cli_string(&name), text, size);
	add_array(w, "revises", number, r, mig_revision_parent_count(r), mig_revision_parent);
	add_array(w, "labels", number, r, mig_revision_label_count(r), mig_revision_label);
	add_array(w, "depends", number, r, mig_revision_dependency_count(r),
		  mig_revision_dependency);
	add_sections(w, number, r);
	w->out->failed |= name.failed;
	mig__cli_text_finish(&name);
	return MIG_CLI_DONE;
}

static void add_reference(struct writer *w, const char *member, const char *what, size_t number,
			  size_t count)
{
	mig__cli_addf(w->out, "\t  .%s = ", member);
	if (count)
		mig__cli_addf(w->out, "%s_%s_%zu,\n", w->symbol, what, number);
	else
		mig__cli_adds(w->out, "NULL,\n");
}

static void add_text_member(struct writer *w, const char *lead, const char *member,
			    const char *text)
{
	mig__cli_addf(w->out, "%s.%s = ", lead, member);
	mig__cli_add_literal(w->out, text);
	mig__cli_adds(w->out, ",\n");
}

/* 64 hexadecimal digits as 32 bytes. */
static void add_digest(struct writer *w, const char *member, const char *hex, const char *end)
{
	mig__cli_addf(w->out, "\t  .%s = {", member);
	for (size_t i = 0; i < 32; i++)
		mig__cli_addf(w->out, "%s0x%.2s,", i % 8 ? " " : "\n\t\t", hex + 2 * i);
	mig__cli_addf(w->out, "\n\t  }%s\n", end);
}

static int add_row(struct writer *w, size_t number)
{
	size_t size = 0;
	const mig_revision *r = mig_revision_list_at(w->list, number);
	const mig_header *header = mig_revision_header(r);
	const char *digest = mig_revision_digest(r), *chain = mig_revision_chain(r);

	if (strlen(digest) != 64 || strlen(chain) != 64)
		return mig__cli_fail(w->cli, "revision %s has no digest", mig_revision_id(r));
	mig_revision_text(r, &size);
	add_text_member(w, "\t{ ", "id", mig_revision_id(r));
	add_text_member(w, "\t  ", "message", mig_revision_message(r));
	add_text_member(w, "\t  ", "created", mig_revision_created(r));
	add_text_member(w, "\t  ", "file", short_name(w->cli, mig_revision_file(r)));
	add_reference(w, "revises", "revises", number, mig_revision_parent_count(r));
	add_reference(w, "branch_labels", "labels", number, mig_revision_label_count(r));
	add_reference(w, "depends_on", "depends", number, mig_revision_dependency_count(r));
	mig__cli_addf(w->out, "\t  .text = %s%s_text_%zu,\n\t  .text_size = %zu,\n",
		      mig__cli_is_numbers(size) ? "(const char *)" : "", w->symbol, number, size);
	add_reference(w, "sections", "sections", number, mig_revision_section_count(r));
	mig__cli_addf(w->out, "\t  .section_count = %zu,\n", mig_revision_section_count(r));
	add_digest(w, "digest", digest, ",");
	if (header->lock_timeout_ms || header->statement_timeout_ms)
		mig__cli_addf(w->out,
			      "\t  .header = { .lock_timeout_ms = %d, .statement_timeout_ms = %d },\n",
			      (int)header->lock_timeout_ms, (int)header->statement_timeout_ms);
	if (w->above[number])
		mig__cli_adds(w->out, "\t  .chain = { 0 } },\n"); /* found when all are there */
	else
		add_digest(w, "chain", chain, " },");
	return MIG_CLI_DONE;
}

struct head {
	const char *id;
	size_t row;
};

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct head *)a)->id, ((const struct head *)b)->id);
}

/* None if a head is needed by another: a database has no row of it then; or if the program adds some:
 * their digests are not known. */
static size_t find_heads(const struct writer *w, struct head *heads)
{
	size_t count = 0;

	if (is_any(w->program, mig_revision_list_count(w->list)))
		return 0;
	for (size_t i = 0; i < mig_revision_list_count(w->list); i++) {
		const mig_revision *r = mig_revision_list_at(w->list, i);
		uint32_t flags = mig_revision_flags(r);

		if (!(flags & MIG_REVISION_HEAD))
			continue;
		if (!(flags & MIG_REVISION_EFFECTIVE_HEAD))
			return 0;
		heads[count++] = (struct head){ mig_revision_id(r), i };
	}
	qsort(heads, count, sizeof *heads, by_id);
	return count;
}

static int add_heads(struct writer *w, size_t *count)
{
	struct head *heads = calloc(mig_revision_list_count(w->list) + 1, sizeof *heads);

	if (!heads)
		return mig__cli_no_memory(w->cli);
	*count = find_heads(w, heads);
	if (*count)
		mig__cli_addf(w->out, "\nstatic const uint32_t %s_heads[] = { ", w->symbol);
	for (size_t i = 0; i < *count; i++)
		mig__cli_addf(w->out, "%s%zu", i ? ", " : "", heads[i].row);
	mig__cli_adds(w->out, *count ? " };\n" : "");
	free(heads);
	return MIG_CLI_DONE;
}

/* How many there are. */
static size_t add_declared(struct writer *w)
{
	size_t count = 0;

	for (size_t i = 0; i < mig_revision_list_count(w->list); i++) {
		if (!w->program[i])
			continue;
		if (!count++)
			mig__cli_addf(w->out, "\nstatic const char *const %s_declared[] = { ",
				      w->symbol);
		mig__cli_add_literal(w->out, mig_revision_id(mig_revision_list_at(w->list, i)));
		mig__cli_adds(w->out, ", ");
	}
	mig__cli_adds(w->out, count ? "NULL };\n" : "");
	return count;
}

static int add_source(struct writer *w)
{
	size_t count = mig_revision_list_count(w->list), heads = 0, declared = 0;
	int status = MIG_CLI_DONE;

	mig__cli_adds(w->out,
		      "/* Written by \"mig embed\": change the revisions, not this file. */\n"
		      "#include <mig/mig.h>\n\n");
	mig__cli_addf(w->out, "extern const mig_bundle %s;\n", w->symbol);
	for (size_t i = 0; !status && i < count; i++)
		if (!w->program[i])
			status = add_parts(w, i);
	declared = add_declared(w);
	if (count > declared)
		mig__cli_addf(w->out, "\nstatic const mig_bundle_revision %s_revisions[] = {\n",
			      w->symbol);
	for (size_t i = 0; !status && i < count; i++)
		if (!w->program[i])
			status = add_row(w, i);
	count -= declared;
	if (count)
		mig__cli_adds(w->out, "};\n");
	if (!status)
		status = add_heads(w, &heads);
	mig__cli_add_snapshots(w->out, w->symbol, &w->snapshots);
	mig__cli_addf(w->out,
		      "\nconst mig_bundle %s = {\n"
		      "\t.struct_size = sizeof(mig_bundle),\n"
		      "\t.revision_size = sizeof(mig_bundle_revision),\n"
		      "\t.section_size = sizeof(mig_section),\n"
		      "\t.count = %zu,\n"
		      "\t.revisions = %s%s,\n"
		      "\t.heads = %s%s,\n"
		      "\t.head_count = %zu,\n",
		      w->symbol, count, count ? w->symbol : "NULL", count ? "_revisions" : "",
		      heads ? w->symbol : "NULL", heads ? "_heads" : "", heads);
	if (declared)
		mig__cli_addf(w->out, "\t.declared = %s_declared,\n", w->symbol);
	if (w->snapshots.count)
		mig__cli_addf(w->out,
			      "\t.snapshots = %s_snapshots,\n"
			      "\t.snapshot_count = %zu,\n"
			      "\t.snapshot_size = sizeof(mig_bundle_snapshot),\n",
			      w->symbol, w->snapshots.count);
	mig__cli_adds(w->out, "};\n");
	return status;
}

static void add_header(struct mig__cli_text *out, const char *symbol)
{
	mig__cli_addf(out,
		      "/* Written by \"mig embed\": change the revisions, not this file. */\n"
		      "#ifndef MIG_BUNDLE_%s_H\n"
		      "#define MIG_BUNDLE_%s_H\n\n"
		      "#include <mig/mig.h>\n\n"
		      "#ifdef __cplusplus\n"
		      "extern \"C\" {\n"
		      "#endif\n"
		      "extern const mig_bundle %s;\n"
		      "#ifdef __cplusplus\n"
		      "}\n"
		      "#endif\n"
		      "#endif\n",
		      symbol, symbol, symbol);
}

/* -- files */

/* The folder of a path, and where its name begins. */
static char *folder_of(const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');

	*name = slash ? slash + 1 : path;
	return slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
}

/* Whether two paths are of one file, which need not be there yet. */
static int is_same_file(const char *a, const char *b)
{
	const char *name_a, *name_b;
	char *folder_a, *folder_b;
	struct stat st_a, st_b;
	int same;

	if (!stat(a, &st_a) && !stat(b, &st_b) && st_a.st_ino == st_b.st_ino &&
	    st_a.st_dev == st_b.st_dev)
		return 1;
	folder_a = folder_of(a, &name_a);
	folder_b = folder_of(b, &name_b);
	same = !strcmp(name_a, name_b) && folder_a && folder_b &&
	       mig__cli_is_same_folder(folder_a, folder_b);
	free(folder_a);
	free(folder_b);
	return same;
}

static int check_outputs(struct mig__cli *cli)
{
	const char *path = mig__cli_value(&cli->args, MIG__OPT_OUTPUT);
	const char *header = mig__cli_value(&cli->args, MIG__OPT_HEADER);

	if (!path && mig__cli_count(&cli->args, MIG__OPT_CHECK))
		return mig__cli_bad_usage(cli, "--check needs -o FILE.c, which it compares");
	if (path && header && is_same_file(path, header))
		return mig__cli_bad_usage(cli, "-o and --header name the same file: %s", header);
	return MIG_CLI_DONE;
}

static int save(struct mig__cli *cli, const char *path, const struct mig__cli_text *text)
{
	int status = MIG_CLI_DONE;
	struct mig__error err;

	if (text->failed)
		return mig__cli_no_memory(cli);
	mig__error_init(&err, &mig__alloc_libc);
	if (mig__file_replace(path, text->data, text->len, &err))
		status = mig__cli_error_fail(cli, &err);
	mig__error_clear(&err);
	return status;
}

/* Whether the file has just this text. */
static int check_text(struct mig__cli *cli, const char *path, const struct mig__cli_text *text)
{
	struct mig__cli_text say = { 0 };
	FILE *f = fopen(path, "rb");
	size_t at = 0, n = 0;
	char part[4096];
	int same = f != NULL;

	while (same && (n = fread(part, 1, sizeof part, f)) > 0) {
		same = n <= text->len - at && !memcmp(part, text->data + at, n);
		at += n;
	}
	same = same && !ferror(f) && at == text->len;
	if (f)
		fclose(f);
	if (same)
		return MIG_CLI_DONE;
	mig__cli_addf(&say, "%s is not what \"%s embed\" would write", path, cli->program);
	mig__cli_say(cli, mig__cli_string(&say));
	mig__cli_text_finish(&say);
	return MIG_CLI_FOUND;
}

static int save_all(struct mig__cli *cli, const struct mig__cli_text *source, const char *symbol)
{
	const char *path = mig__cli_value(&cli->args, MIG__OPT_OUTPUT);
	const char *header_path = mig__cli_value(&cli->args, MIG__OPT_HEADER);
	int (*put)(struct mig__cli *, const char *, const struct mig__cli_text *) =
		mig__cli_count(&cli->args, MIG__OPT_CHECK) ? check_text : save;
	struct mig__cli_text header = { 0 };
	int status = MIG_CLI_DONE;

	add_header(&header, symbol);
	if (source->failed || header.failed)
		status = mig__cli_no_memory(cli);
	else if (path && strcmp(path, "-") != 0)
		status = put(cli, path, source);
	else
		mig__cli_add(&cli->out, source->data, source->len);
	if (!status && header_path)
		status = put(cli, header_path, &header);
	mig__cli_text_finish(&header);
	return status;
}

int mig__cli_cmd_embed(struct mig__cli *cli)
{
	const char *symbol = mig__cli_value(&cli->args, MIG__OPT_SYMBOL);
	struct mig__cli_text source = { 0 };
	struct writer w = { .cli = cli, .out = &source, .symbol = symbol ? symbol : "migrations" };
	int status;

	if (!mig__cli_is_c_name(w.symbol))
		return mig__cli_bad_usage(cli, "--symbol is not a name in C: \"%s\"", w.symbol);
	status = check_outputs(cli);
	if (!status)
		status = mig__cli_open(cli, cli->args.command->needs);
	if (status)
		return status;
	if (mig_revisions_in_load_order(cli->ctx, &w.list) ||
	    mig_revision_list_load(cli->ctx, w.list)) {
		status = mig__cli_ctx_fail(cli);
	} else {
		status = find_program(&w);
		if (!status)
			status = mig__cli_check_sections(cli, w.list);
		if (!status)
			status = mig__cli_make_snapshots(cli, w.list, &w.snapshots);
		if (!status)
			status = add_source(&w);
		if (!status)
			status = save_all(cli, &source, w.symbol);
	}
	free(w.program);
	free(w.above);
	mig__cli_snapshots_finish(&w.snapshots);
	mig_revision_list_free(w.list);
	mig__cli_text_finish(&source);
	return status;
}

/* create: new revision files. */
#include "api/revision.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static mig_status join(mig_ctx *ctx, const char *dir, const char *name, char **out)
{
	struct mig__buf buf;

	mig__buf_init(&buf, &ctx->alloc);
	mig__buf_addf(&buf, "%s%s%s", dir, dir[0] && dir[strlen(dir) - 1] == '/' ? "" : "/", name);
	*out = mig__buf_take(&buf);
	return *out ? MIG_OK : mig__fail_nomem(&ctx->err);
}

/* -- mig_revision_create */

/* What one call works with; texts live in the arena. */
struct creation {
	mig_ctx *ctx;
	mig_revision_options o;
	struct mig__arena arena;
	struct mig__script_values values;
	uint32_t first_parent;        /* or MIG__NO_NODE */
	char *path;                   /* of the file, once it is written */
	char id[13], created[32];
	mig_section plain[2];
};

static mig_status random_id(struct creation *c)
{
	uint8_t bytes[6];

	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		return mig__fail(&c->ctx->err, MIG_EIO, "no random numbers for a revision id");
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(c->id + 2 * i, 3, "%02x", bytes[i]);
	return MIG_OK;
}

static mig_status choose_id(struct creation *c)
{
	struct mig__error *err = &c->ctx->err;
	const char *id = c->o.rev_id;

	if (!id) {
		mig_status rc = random_id(c);

		c->values.id = c->id;
		return rc;
	}
	if (!mig__text_is_id(id, strlen(id)))
		return mig__fail(err, MIG_EILLEGAL_ID,
				 "illegal revision id \"%s\": use 1 to 255 of A-Z a-z 0-9 _ .", id);
	if (mig__text_is_reserved(id, strlen(id)))
		return mig__fail(err, MIG_EILLEGAL_ID, "revision id \"%s\" is reserved", id);
	if (mig__graph_find(c->ctx->graph, id) != MIG__NO_NODE)
		return mig__fail(err, MIG_EDUPLICATE_REVISION, "revision %s exists already", id);
	c->values.id = id;
	return MIG_OK;
}

static mig_status check_head(struct creation *c, uint32_t node)
{
	if (c->o.splice || !mig__graph_children(c->ctx->graph, node).count)
		return MIG_OK;
	mig__fail(&c->ctx->err, MIG_ENOT_HEAD, "revision %s is not a head",
		  mig__graph_id(c->ctx->graph, node));
	mig__error_set_revision(&c->ctx->err, mig__graph_id(c->ctx->graph, node));
	mig__error_set_hint(&c->ctx->err, "to branch off there on purpose, splice (--splice)");
	return MIG_ENOT_HEAD;
}

/* Full ids that are being collected; both lists end with the arena. */
struct ids {
	const char **at; /* room for each revision once, and NULL */
	uint8_t *taken;  /* by node */
	uint32_t count;
};

static mig_status ids_init(struct creation *c, struct ids *ids)
{
	size_t count = mig__graph_count(c->ctx->graph);

	*ids = (struct ids){ .at = mig__arena_alloc(&c->arena, (count + 1) * sizeof *ids->at),
			     .taken = mig__arena_zalloc(&c->arena, count + 1, 1) };
	if (!ids->at || !ids->taken)
		return mig__fail_nomem(&c->ctx->err);
	ids->at[0] = NULL;
	return MIG_OK;
}

static mig_status add_ids(struct creation *c, const struct mig__nodes *nodes, struct ids *ids)
{
	for (uint32_t i = 0; i < nodes->count; i++) {
		const char *id = mig__graph_id(c->ctx->graph, nodes->at[i]);

		if (ids->taken[nodes->at[i]])
			return mig__fail(&c->ctx->err, MIG_EINVAL, "revision %s is given twice", id);
		ids->taken[nodes->at[i]] = 1;
		ids->at[ids->count++] = id;
	}
	ids->at[ids->count] = NULL;
	return MIG_OK;
}

static mig_status choose_parents(struct creation *c)
{
	static const char *const newest[] = { "head", NULL };
	const char *const *heads = c->o.heads && c->o.heads[0] ? c->o.heads : newest;
	const struct mig__graph *graph = c->ctx->graph;
	struct ids ids;
	mig_status rc = ids_init(c, &ids);

	c->first_parent = MIG__NO_NODE;
	for (; !rc && *heads; heads++) {
		struct mig__nodes nodes = { 0 };

		rc = mig__graph_resolve(graph, *heads, &c->ctx->err, &nodes);
		if (rc == MIG_EMULTIPLE_HEADS)
			mig__error_set_hint(&c->ctx->err,
					    "say which head it follows, or merge them");
		for (uint32_t i = 0; !rc && i < nodes.count; i++) {
			if (c->first_parent == MIG__NO_NODE)
				c->first_parent = nodes.at[i];
			rc = check_head(c, nodes.at[i]);
		}
		if (!rc)
			rc = add_ids(c, &nodes, &ids);
		mig__nodes_finish(graph, &nodes);
	}
	c->values.parents = (struct mig__list){ ids.at, ids.count };
	return rc;
}

static mig_status choose_dependencies(struct creation *c)
{
	struct ids ids;
	mig_status rc = ids_init(c, &ids);

	for (const char *const *d = c->o.depends_on; !rc && d && *d; d++) {
		struct mig__nodes nodes = { 0 };

		rc = mig__graph_resolve(c->ctx->graph, *d, &c->ctx->err, &nodes);
		if (!rc && !nodes.count)
			rc = mig__fail(&c->ctx->err, MIG_EINVAL, "base is no dependency");
		if (!rc)
			rc = add_ids(c, &nodes, &ids);
		mig__nodes_finish(c->ctx->graph, &nodes);
	}
	c->values.dependencies = (struct mig__list){ ids.at, ids.count };
	return rc;
}

/* The folder to write to: the one asked for, the first parent's, or the only one there is. */
static mig_status choose_folder(struct creation *c, const char **out)
{
	const char *first = NULL, *file = NULL, *slash;
	size_t folders = 0;

	for (size_t i = 0; i < c->ctx->source_count; i++) {
		const struct mig__source *s = &c->ctx->sources[i];

		if (s->kind != MIG__FOLDER)
			continue;
		first = first ? first : s->name;
		folders++;
		if (c->o.version_path && !strcmp(c->o.version_path, s->name)) {
			*out = s->name;
			return MIG_OK;
		}
	}
	if (c->o.version_path)
		return mig__fail(&c->ctx->err, MIG_EINVAL,
				 "%s is not one of the folders with revisions", c->o.version_path);
	if (!folders)
		return mig__fail(&c->ctx->err, MIG_EMISUSE,
				 "there is no folder to write the revision to");
	if (c->first_parent != MIG__NO_NODE && c->ctx->set->at[c->first_parent].on_disk)
		file = c->ctx->set->at[c->first_parent].file;
	slash = file ? strrchr(file, '/') : NULL;
	if (slash) {
		*out = mig__arena_strndup(&c->arena, file, (size_t)(slash - file));
		return *out ? MIG_OK : mig__fail_nomem(&c->ctx->err);
	}
	if (folders > 1) {
		mig__fail(&c->ctx->err, MIG_EINVAL, "there are %zu folders with revisions",
			  folders);
		mig__error_set_hint(&c->ctx->err, "say which one the new revision goes to");
		return MIG_EINVAL;
	}
	*out = first;
	return MIG_OK;
}

/* script.sql.tmpl beside the versions folder, the one given, or the built-in text. */
static mig_status read_template(struct creation *c, const char *folder, const char **name,
				char **text, size_t *size)
{
	const char *slash = strrchr(folder, '/');
	const char *path = c->o.template_path;
	struct mig__buf buf;

	if (!path) {
		mig__buf_init(&buf, &c->ctx->alloc);
		mig__buf_add(&buf, folder, slash ? (size_t)(slash - folder) : 0);
		mig__buf_adds(&buf, slash ? "/script.sql.tmpl" : "script.sql.tmpl");
		path = buf.failed ? NULL : mig__arena_strdup(&c->arena, buf.data);
		mig__buf_finish(&buf);
		if (!path)
			return mig__fail_nomem(&c->ctx->err);
		if (mig__file_kind(path) == MIG__FILE_NONE) {
			*name = "built-in template";
			*size = strlen(mig__script_template);
			*text = mig__strdup(&c->ctx->alloc, mig__script_template);
			return *text ? MIG_OK : mig__fail_nomem(&c->ctx->err);
		}
	}
	*name = path;
	return mig__file_read(&c->ctx->alloc, path, &c->ctx->err, text, size);
}

static mig_status name_file(struct creation *c, char **out)
{
	const struct mig__alloc *alloc = &c->ctx->alloc;
	size_t slug_length = c->o.slug_length > 0 ? (size_t)c->o.slug_length : 0;

	if (c->o.file_template)
		return mig__script_file_name_by(alloc, c->o.file_template, c->values.id,
						c->values.message, slug_length, time(NULL),
						&c->ctx->err, out);
	*out = mig__script_file_name(alloc, c->values.id, c->values.message, slug_length);
	return *out ? MIG_OK : mig__fail_nomem(&c->ctx->err);
}

static mig_status write_revision(struct creation *c, const char *folder)
{
	const struct mig__alloc *alloc = &c->ctx->alloc;
	char *template_text = NULL, *text = NULL, *name = NULL, *path = NULL;
	const char *template_name = NULL;
	size_t template_size = 0, size = 0;
	mig_status rc = read_template(c, folder, &template_name, &template_text, &template_size);

	if (!rc)
		rc = mig__script_render(alloc, template_name, template_text, template_size,
					&c->values, &c->ctx->err, &text, &size);
	if (!rc)
		rc = name_file(c, &name);
	if (!rc)
		rc = join(c->ctx, folder, name, &path);
	if (!rc)
		rc = mig__file_create(path, text, size, &c->ctx->err);
	if (!rc && !(c->path = mig__arena_strdup(&c->arena, path))) {
		mig__file_remove(path);
		rc = mig__fail_nomem(&c->ctx->err);
	}
	mig__free(alloc, template_text);
	mig__free(alloc, text);
	mig__free(alloc, name);
	mig__free(alloc, path);
	return rc;
}

static mig_status check_labels(struct creation *c)
{
	uint32_t count = 0;

	while (c->o.branch_labels && c->o.branch_labels[count])
		count++;
	c->values.labels = (struct mig__list){ c->o.branch_labels, count };
	for (uint32_t i = 0; i < count; i++)
		for (size_t k = 0; k < c->ctx->set->count; k++) {
			const struct mig__script *s = &c->ctx->set->at[k];
			int same = !strcmp(s->id, c->o.branch_labels[i]);

			for (uint32_t l = 0; !same && l < s->labels.count; l++)
				same = !strcmp(s->labels.at[l], c->o.branch_labels[i]);
			if (same)
				return mig__fail(&c->ctx->err, MIG_EDUPLICATE_LABEL,
						 "branch label \"%s\" is used by revision %s",
						 c->o.branch_labels[i], s->id);
		}
	return MIG_OK;
}

/* The caller's sections, of whatever age, as this library has them. */
static mig_status take_sections(struct creation *c)
{
	const size_t first = MIG__SIZE_TO(mig_section, sql), given = c->o.section_size;
	const char *at = (const void *)c->o.sections;
	mig_section *sections;
	mig_status rc = MIG_OK;

	if (given < first || given > 4096)
		return mig__fail(&c->ctx->err, MIG_EINVAL,
				 "section_size is %zu: set it to sizeof(mig_section)", given);
	sections = mig__arena_zalloc(&c->arena, c->o.section_count, sizeof *sections);
	if (!sections)
		return mig__fail_nomem(&c->ctx->err);
	for (size_t i = 0; !rc && i < c->o.section_count; i++)
		rc = mig__options_element(&sections[i], sizeof sections[i], at + i * given, given,
					  "a section", &c->ctx->err);
	c->o.sections = sections;
	return rc;
}

static mig_status create(struct creation *c)
{
	const char *folder;
	time_t now = time(NULL);
	struct tm tm;
	mig_status rc = choose_id(c);

	gmtime_r(&now, &tm);
	strftime(c->created, sizeof c->created, "%Y-%m-%dT%H:%M:%SZ", &tm);
	c->values.created = c->o.created ? c->o.created : c->created;
	c->values.message = c->o.message && c->o.message[0] ? c->o.message : "empty message";
	c->plain[0] = (mig_section){ .direction = MIG_UPGRADE, .sql = c->o.upgrade_sql };
	c->plain[1] = (mig_section){ .direction = MIG_DOWNGRADE, .sql = c->o.downgrade_sql };
	c->values.sections = c->o.sections ? c->o.sections : c->plain;
	c->values.section_count = c->o.sections ? c->o.section_count : 2;
	if (!rc)
		rc = choose_parents(c);
	if (!rc)
		rc = choose_dependencies(c);
	if (!rc)
		rc = check_labels(c);
	if (!rc)
		rc = choose_folder(c, &folder);
	return rc ? rc : write_revision(c, folder);
}

mig_status mig_revision_create(mig_ctx *ctx, const mig_revision_options *options,
			       mig_revision_list **out)
{
	struct creation c = { .ctx = ctx };
	uint32_t node;
	mig_status rc = mig__enter(ctx);

	if (rc)
		return rc;
	if (!out)
		return mig__fail(&ctx->err, MIG_EINVAL, "the output is NULL");
	rc = mig__options_read(&c.o, sizeof c.o, options, &ctx->err);
	if (!rc)
		rc = mig__load(ctx, 0);
	if (rc)
		return rc;
	mig__arena_init(&c.arena, &ctx->alloc);
	if (c.o.sections)
		rc = take_sections(&c);
	if (!rc)
		rc = create(&c);
	if (!rc) {
		const char *id = mig__arena_strdup(&c.arena, c.values.id);

		mig__unload(ctx); /* parents' and labels' texts go with it */
		rc = id ? mig__load(ctx, 0) : mig__fail_nomem(&ctx->err);
		node = rc ? MIG__NO_NODE : mig__graph_find(ctx->graph, id);
		if (!rc && node == MIG__NO_NODE)
			rc = mig__fail(&ctx->err, MIG_EIO,
				       "revision %s was written, but not found "
				       "again",
				       id);
		if (!rc)
			rc = mig__revision_list_new(ctx, &node, 1, 0, out);
		if (rc) {
			mig__file_remove(c.path);
			mig__unload(ctx);
		}
	}
	mig__arena_finish(&c.arena);
	return rc;
}

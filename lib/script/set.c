/* set: revisions from memory, from a bundle and in C. Folders are in scan.c. */
#include "script/internal.h"

#include "base/options.h"
#include "base/text.h"

#include <stdalign.h>
#include <string.h>

void mig__set_init(struct mig__set *set, const struct mig__alloc *alloc)
{
	memset(set, 0, sizeof *set);
	mig__arena_init(&set->arena, alloc);
	mig__arena_init(&set->kept, alloc);
	mig__map_init(&set->seen, alloc);
}

void mig__set_finish(struct mig__set *set)
{
	const struct mig__alloc *alloc = set->arena.alloc;

	mig__free(alloc, set->at);
	mig__map_finish(&set->seen);
	mig__arena_finish(&set->kept);
	mig__arena_finish(&set->arena);
	mig__set_init(set, alloc);
}

void mig__set_forget(struct mig__set *set)
{
	set->keep_room = 0;
	if (!set->kept.chunks)
		return;
	mig__arena_finish(&set->kept);
	set->kept_size = 0;
	for (size_t i = 0; i < set->count; i++) {
		set->at[i].kept = NULL;
		set->at[i].kept_size = 0;
	}
}

/* Copies those, if they are few: e.g. three new files of a thousand. Without memory for that, all are
 * read again. */
void mig__set_forget_others(struct mig__set *set, const struct mig__route *route)
{
	const struct mig__alloc *alloc = set->arena.alloc;
	struct mig__arena chosen;
	size_t size = 0;
	uint8_t *runs;

	for (size_t i = 0; i < route->step_count; i++)
		size += set->at[route->steps[i].node].kept_size;
	set->keep_room = 0;
	if (size > set->kept_size / 2)
		return;
	runs = size ? mig__calloc(alloc, set->count, sizeof *runs) : NULL;
	if (!runs) {
		mig__set_forget(set);
		return;
	}
	for (size_t i = 0; i < route->step_count; i++)
		runs[route->steps[i].node] = 1;
	mig__arena_init(&chosen, alloc);
	for (size_t i = 0; i < set->count; i++) {
		struct mig__script *s = &set->at[i];

		s->kept = s->kept && runs[i] ? mig__arena_strndup(&chosen, s->kept, s->kept_size) : NULL;
		s->kept_size = s->kept ? s->kept_size : 0;
	}
	mig__free(alloc, runs);
	mig__arena_finish(&set->kept);
	set->kept = chosen;
	set->kept_size = size;
}

/* Room for one more; NULL without memory. */
static struct mig__script *next_script(struct mig__set *set, struct mig__error *err)
{
	if (mig__grow(set->arena.alloc, (void **)&set->at, &set->cap, set->count + 1, sizeof *set->at))
		return &set->at[set->count];
	mig__fail_nomem(err);
	return NULL;
}

mig_status mig__set_push(struct mig__set *set, const struct mig__script *script,
			 struct mig__error *err)
{
	struct mig__script *to = next_script(set, err);

	if (!to)
		return MIG_ENOMEM;
	*to = *script;
	set->count++;
	return MIG_OK;
}

mig_status mig__set_add_text(struct mig__set *set, const char *name, const char *text, size_t size,
			     struct mig__error *err)
{
	struct mig__script script;
	mig_status rc = mig__script_parse(&set->arena, name, text, size, 0, err, &script);

	if (rc)
		return rc;
	script.text = mig__arena_strndup(&set->arena, text, size);
	script.text_size = size;
	return script.text ? mig__set_push(set, &script, err) : mig__fail_nomem(err);
}

/* -- lists of names that others made */

/* Checks a list that ends with NULL, or is NULL, and borrows it. */
static mig_status take_list(const char *const *names, enum mig__name_kind kind, const char *what,
			    struct mig__error *err, struct mig__list *out)
{
	uint32_t count = 0;
	mig_status rc;

	for (; names && names[count]; count++) {
		rc = mig__name_check(names[count], kind, what, err);
		if (rc)
			return rc;
	}
	*out = (struct mig__list){ count ? names : mig__no_names, count };
	return MIG_OK;
}

/* What bundles and revisions in C have in common. */
static mig_status take_names(const char *id, const char *const *revises,
			     const char *const *branch_labels, const char *const *depends_on,
			     struct mig__error *err, struct mig__script *out)
{
	mig_status rc = mig__name_check(id, MIG__NAME_ID, "revision id", err);

	if (rc)
		return rc;
	out->id = id;
	rc = take_list(revises, MIG__NAME_ID, "revision id", err, &out->parents);
	if (!rc)
		rc = take_list(branch_labels, MIG__NAME_LABEL, "branch label", err, &out->labels);
	if (!rc)
		rc = take_list(depends_on, MIG__NAME_LABEL, "revision id or branch label", err,
			       &out->dependencies);
	if (rc) {
		mig__error_prefix(err, "revision %s: ", id);
		mig__error_set_revision(err, id);
	}
	return rc;
}

/* -- bundles */

/* The sizes of the first version, in which a bundle may have been compiled. They never change. */
enum {
	FIRST_BUNDLE = MIG__SIZE_TO(mig_bundle, revisions),
	FIRST_REVISION = MIG__SIZE_TO(mig_bundle_revision, chain),
	FIRST_SECTION = MIG__SIZE_TO(mig_section, size),
	LARGEST = 4096 /* of any struct */
};

static mig_status take_section(const mig_bundle_revision *revision, const void *section,
			       size_t section_size, struct mig__error *err,
			       struct mig__section *out)
{
	mig_section *s = &out->is;
	mig_status rc = MIG_OK;

	out->line = 0;
	if (section_size == sizeof *s)
		*s = *(const mig_section *)section;
	else
		rc = mig__options_element(s, sizeof *s, section, section_size, "bundle: a section", err);
	if (!rc && (s->sql || s->offset > revision->text_size ||
		    s->size > revision->text_size - s->offset ||
		    (s->direction != MIG_UPGRADE && s->direction != MIG_DOWNGRADE)))
		rc = mig__fail(err, MIG_EINVAL, "bundle: a section of revision %s is malformed",
			       revision->id);
	return rc;
}

static int is_zero(const uint8_t digest[MIG__DIGEST_SIZE])
{
	static const uint8_t zero[MIG__DIGEST_SIZE];

	return !memcmp(digest, zero, sizeof zero);
}

static mig_status take_revision(struct mig__set *set, const mig_bundle_revision *given,
				size_t section_size, struct mig__error *err)
{
	struct mig__script *s = next_script(set, err);
	struct mig__section *sections;
	mig_status rc;

	if (!s)
		return MIG_ENOMEM;
	if (!given->id || !given->text || (given->section_count && !given->sections))
		return mig__fail(err, MIG_EINVAL, "bundle: a revision has no id, text or sections");
	*s = (struct mig__script){ .file = given->file,
				   .message = given->message ? given->message : "",
				   .created = given->created ? given->created : "",
				   .header = given->header,
				   .text = given->text,
				   .text_size = given->text_size,
				   .section_count = given->section_count,
				   .sections_read = 1,
				   .borrowed = 1,
				   .has_digest = 1,
				   .has_chain = !is_zero(given->chain) };
	rc = take_names(given->id, given->revises, given->branch_labels, given->depends_on, err, s);
	if (rc)
		return rc;
	if (given->section_count > SIZE_MAX / sizeof *sections)
		return mig__fail_nomem(err);
	sections = mig__arena_alloc(&set->arena, given->section_count * sizeof *sections);
	if (!sections)
		return mig__fail_nomem(err);
	for (size_t i = 0; !rc && i < given->section_count; i++)
		rc = take_section(given, (const char *)given->sections + i * section_size,
				  section_size, err, &sections[i]);
	if (rc)
		return rc;
	s->sections = sections;
	memcpy(s->digest, given->digest, sizeof s->digest);
	memcpy(s->chain, given->chain, sizeof s->chain);
	set->count++;
	return MIG_OK;
}

mig_status mig__bundle_check(const mig_bundle *bundle, struct mig__error *err)
{
	if (bundle->struct_size < FIRST_BUNDLE || bundle->revision_size < FIRST_REVISION ||
	    bundle->section_size < FIRST_SECTION)
		return mig__fail(err, MIG_EINVAL, "not a bundle: its sizes are too small");
	if (bundle->revision_size > LARGEST || bundle->section_size > LARGEST ||
	    bundle->revision_size % alignof(mig_bundle_revision) ||
	    bundle->section_size % alignof(mig_section) ||
	    (bundle->count && !bundle->revisions))
		return mig__fail(err, MIG_EINVAL, "bundle: malformed");
	return MIG_OK;
}

mig_status mig__set_add_bundle(struct mig__set *set, const mig_bundle *bundle,
			       struct mig__error *err)
{
	const char *at = (const void *)bundle->revisions;
	mig_status rc = mig__bundle_check(bundle, err);

	if (rc)
		return rc;
	if (bundle->count > SIZE_MAX - set->count ||
	    !mig__grow(set->arena.alloc, (void **)&set->at, &set->cap, set->count + bundle->count,
		       sizeof *set->at))
		return mig__fail_nomem(err);
	for (size_t i = 0; !rc && i < bundle->count; i++, at += bundle->revision_size) {
		const mig_bundle_revision *given = (const void *)at;
		mig_bundle_revision copy; /* of another version's */

		if (bundle->revision_size != sizeof copy) {
			rc = mig__options_element(&copy, sizeof copy, at, bundle->revision_size,
						  "bundle: a revision", err);
			given = &copy;
		}
		if (!rc)
			rc = take_revision(set, given, bundle->section_size, err);
	}
	return rc;
}

/* -- revisions in C */

static mig_status copy_text(struct mig__set *set, const char *text, struct mig__error *err,
			    const char **out)
{
	*out = mig__arena_strdup(&set->arena, text ? text : "");
	return *out ? MIG_OK : mig__fail_nomem(err);
}

static mig_status copy_list(struct mig__set *set, struct mig__error *err, struct mig__list *list)
{
	const char **at;
	mig_status rc = MIG_OK;

	if (!list->count)
		return MIG_OK;
	at = mig__arena_zalloc(&set->arena, (size_t)list->count + 1, sizeof *at);
	if (!at)
		return mig__fail_nomem(err);
	for (uint32_t i = 0; !rc && i < list->count; i++)
		rc = copy_text(set, list->at[i], err, &at[i]);
	list->at = at;
	return rc;
}

mig_status mig__set_add_c(struct mig__set *set, const mig_revision_def *def, struct mig__error *err)
{
	struct mig__script s = { .sections_read = 1 };
	mig_revision_def d;
	mig_status rc = mig__options_read(&d, sizeof d, def, err);

	if (rc)
		return rc;
	if (!d.id || !d.upgrade)
		return mig__fail(err, MIG_EINVAL,
				 "a revision in C needs an id and an upgrade function");
	rc = take_names(d.id, d.revises, d.branch_labels, d.depends_on, err, &s);
	if (!rc && d.message && mig__text_utf8(d.message, strlen(d.message)) < strlen(d.message))
		rc = mig__fail(err, MIG_EINVAL, "revision %s: the message is not UTF-8", d.id);
	if (!rc)
		rc = copy_text(set, d.id, err, &s.id);
	if (!rc)
		rc = copy_text(set, d.message, err, &s.message);
	if (!rc)
		rc = copy_text(set, d.version, err, &s.c_version);
	if (!rc)
		rc = copy_list(set, err, &s.parents);
	if (!rc)
		rc = copy_list(set, err, &s.labels);
	if (!rc)
		rc = copy_list(set, err, &s.dependencies);
	if (rc)
		return rc;
	s.created = "";
	s.upgrade = d.upgrade;
	s.downgrade = d.downgrade;
	s.user = d.user;
	s.c_no_transaction = d.no_transaction != 0;
	s.c_idempotent = d.idempotent != 0;
	s.c_pure = d.pure != 0;
	s.c_foreign_keys = d.foreign_keys;
	s.derive = d.derive != 0;
	return mig__set_push(set, &s, err);
}

/* -- when a bundle may go */

static int own_text(struct mig__set *set, const char **text)
{
	if (*text)
		*text = mig__arena_strdup(&set->arena, *text);
	return *text != NULL;
}

static int own_list(struct mig__set *set, struct mig__list *list)
{
	struct mig__error err;

	if (!list->count)
		*list = (struct mig__list){ mig__no_names, 0 };
	mig__error_init(&err, set->arena.alloc);
	return !copy_list(set, &err, list); /* its one error needs no clearing */
}

static int own_sections(struct mig__set *set, struct mig__script *s)
{
	struct mig__section *own =
		mig__arena_zalloc(&set->arena, s->section_count, sizeof *own);

	for (size_t i = 0; own && i < s->section_count; i++) {
		own[i] = s->sections[i];
		if (!mig__section_copy(&set->arena, &s->sections[i].is, &own[i].is))
			own = NULL;
	}
	s->sections = own;
	return own != NULL;
}

static int own_script(struct mig__set *set, struct mig__script *s)
{
	int has_file = s->file != NULL;

	s->text = mig__arena_strndup(&set->arena, s->text, s->text_size);
	return s->text && own_text(set, &s->id) && own_text(set, &s->message) &&
	       own_text(set, &s->created) && (own_text(set, &s->file) || !has_file) &&
	       own_list(set, &s->parents) && own_list(set, &s->labels) &&
	       own_list(set, &s->dependencies) && own_sections(set, s);
}

void mig__set_own(struct mig__set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		struct mig__script *s = &set->at[i];
		const struct mig__list none = { mig__no_names, 0 };

		if (s->borrowed && !own_script(set, s))
			*s = (struct mig__script){ .id = "",
						   .message = "",
						   .created = "",
						   .parents = none,
						   .labels = none,
						   .dependencies = none };
		s->borrowed = 0;
	}
}

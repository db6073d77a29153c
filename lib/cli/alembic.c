/* alembic: puts an environment of Alembic together from its Python files and the SQL that it
 * printed, and writes it as revisions. Not the reading of Python: alembic_python.c; nor of SQL:
 * alembic_sql.c. */
#include "cli/alembic.h"

#include "base/ascii.h"
#include "base/text.h"
#include "cli/cli.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int mig__alembic_fail(struct mig__alembic *a, struct mig__alembic_place place, const char *what)
{
	int32_t line = 1, column = 1;

	for (const char *p = place.text; p < place.text + place.at; p++) {
		line += *p == '\n';
		column = *p == '\n' ? 1 : column + (((unsigned char)*p & 0xc0) != 0x80);
	}
	return mig__cli_fail_at(a->cli, place.file, line, column, what);
}

/* -- memory */

static void *grow(struct mig__alembic *a, void *list, size_t count, size_t *cap, size_t size)
{
	size_t room = *cap ? *cap * 2 : 16;
	void *grown = count < *cap ? list : realloc(list, room * size);

	if (!grown)
		mig__cli_no_memory(a->cli);
	else if (count == *cap)
		*cap = room;
	if (grown)
		memset((char *)grown + count * size, 0, size);
	return grown;
}

struct mig__alembic_revision *mig__alembic_add_revision(struct mig__alembic *a)
{
	struct mig__alembic_revision *list =
		grow(a, a->revisions, a->revision_count, &a->revision_cap, sizeof *list);

	if (!list)
		return NULL;
	a->revisions = list;
	return &list[a->revision_count++];
}

struct mig__alembic_section *mig__alembic_add_section(struct mig__alembic *a)
{
	struct mig__alembic_section *list =
		grow(a, a->sections, a->section_count, &a->section_cap, sizeof *list);

	if (!list)
		return NULL;
	a->sections = list;
	return &list[a->section_count++];
}

static void finish_revision(struct mig__alembic_revision *r)
{
	struct mig__cli_text *const texts[] = { &r->id,	     &r->revises, &r->labels, &r->message,
						&r->created, &r->depends_on, &r->file,	 &r->stem };

	for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
		mig__cli_text_finish(texts[k]);
}

void mig__alembic_finish(struct mig__alembic *a)
{
	for (size_t i = 0; i < a->revision_count; i++)
		finish_revision(&a->revisions[i]);
	for (size_t i = 0; i < a->section_count; i++) {
		mig__cli_text_finish(&a->sections[i].id);
		mig__cli_text_finish(&a->sections[i].revises);
		mig__cli_text_finish(&a->sections[i].sql);
	}
	free(a->revisions);
	free(a->sections);
}

/* -- files */

/* In a file that was written as text on Windows, every line ends with CRLF; elsewhere one is of a
 * value's own. */
static int is_of_windows(const struct mig__cli_text *text)
{
	size_t lines = 0;

	for (size_t i = 0; i < text->len; i++) {
		if (text->data[i] == '\n' && (!i || text->data[i - 1] != '\r'))
			return 0;
		lines += text->data[i] == '\n';
	}
	return lines > 0;
}

static void tidy(struct mig__cli_text *text)
{
	size_t from = 0, to = 0;
	int windows = is_of_windows(text);

	if (text->len >= 3 && !memcmp(text->data, "\xef\xbb\xbf", 3))
		from = 3;
	for (; from < text->len; from++)
		if (!windows || text->data[from] != '\r' || text->data[from + 1] != '\n')
			text->data[to++] = text->data[from];
	if (text->data)
		text->data[text->len = to] = '\0';
}

static int check_utf8(struct mig__alembic *a, const char *file, const struct mig__cli_text *text)
{
	uint32_t c;
	size_t n;

	if (text->len >= 2 &&
	    (!memcmp(text->data, "\xff\xfe", 2) || !memcmp(text->data, "\xfe\xff", 2)))
		return mig__cli_fail(a->cli, "%s: is in UTF-16: it has to be in UTF-8", file);
	for (size_t at = 0; at < text->len; at += n) {
		n = mig__text_char(text->data + at, text->len - at, &c);
		if (!n || !c)
			return mig__alembic_fail(
				a, (struct mig__alembic_place){ file, text->data, at },
				n ? "a NUL byte" : "not in UTF-8");
	}
	return MIG_CLI_DONE;
}

int mig__alembic_read(struct mig__alembic *a, FILE *f, const char *name, struct mig__cli_text *out)
{
	char part[4096];
	size_t n;

	errno = 0;
	while ((n = fread(part, 1, sizeof part, f)) > 0)
		mig__cli_add(out, part, n);
	if (ferror(f))
		return mig__cli_fail(a->cli, "%s: %s", name, strerror(errno ? errno : EIO));
	mig__cli_adds(out, "");
	return out->failed ? mig__cli_no_memory(a->cli) : MIG_CLI_DONE;
}

int mig__alembic_load(struct mig__alembic *a, const char *file, struct mig__cli_text *out)
{
	FILE *f = fopen(file, "rb");
	int status;

	if (!f)
		return mig__cli_fail(a->cli, "%s: %s", file, strerror(errno));
	status = mig__alembic_read(a, f, file, out);
	fclose(f);
	if (status)
		return status;
	tidy(out);
	return check_utf8(a, file, out);
}

static int is_shown(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

/* As Alembic chooses them. */
static int is_revision_file(const char *name)
{
	size_t n = strlen(name);

	return n > 3 && !strcmp(name + n - 3, ".py") && strncmp(name, "__init__", 8) != 0;
}

static int read_file(struct mig__alembic *a, const char *path, int nested)
{
	struct mig__cli_text text = { 0 };
	size_t before = a->revision_count;
	int status = mig__alembic_load(a, path, &text);

	if (!status)
		status = mig__alembic_read_python(a, path, text.data, text.len);
	if (!status && a->revision_count > before)
		a->revisions[before].nested = nested;
	mig__cli_text_finish(&text);
	return status;
}

static int read_files(struct mig__alembic *a, const char *dir, int nested);

/* A file, or a folder within the folder: Alembic looks into it if it is told so by its configuration. */
static int read_entry(struct mig__alembic *a, const char *dir, const char *name, int nested)
{
	struct mig__cli_text path = { 0 };
	int status = MIG_CLI_DONE;
	struct stat st;

	mig__cli_addf(&path, "%s/%s", dir, name);
	if (path.failed)
		status = mig__cli_no_memory(a->cli);
	else if (is_revision_file(name))
		status = read_file(a, path.data, nested);
	else if (strcmp(name, "__pycache__") != 0 && !lstat(path.data, &st) && S_ISDIR(st.st_mode))
		status = read_files(a, path.data, 1);
	mig__cli_text_finish(&path);
	return status;
}

/* By name, so that the same folder always gives the same. */
static int read_files(struct mig__alembic *a, const char *dir, int nested)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, is_shown, alphasort), status = MIG_CLI_DONE;

	if (n < 0)
		return mig__cli_fail(a->cli, "%s: %s", dir, strerror(errno));
	for (int i = 0; i < n; i++) {
		if (!status)
			status = read_entry(a, dir, entries[i]->d_name, nested);
		free(entries[i]);
	}
	free(entries);
	return status;
}

int mig__alembic_read_folder(struct mig__alembic *a, const char *dir)
{
	struct mig__cli_text versions = { 0 };
	size_t n = strlen(dir);
	size_t before = a->revision_count;
	struct stat st;
	int status;

	while (n > 1 && dir[n - 1] == '/')
		n--;
	mig__cli_addf(&versions, "%.*s/versions", (int)n, dir);
	if (versions.failed)
		return mig__cli_no_memory(a->cli);
	if (stat(versions.data, &st) || !S_ISDIR(st.st_mode)) {
		mig__cli_clear(&versions);
		mig__cli_add(&versions, dir, n);
	}
	status = read_files(a, mig__cli_string(&versions), 0);
	if (!status && a->revision_count == before)
		status = mig__cli_fail(a->cli, "%s: no revisions of Alembic's are in it",
				       mig__cli_string(&versions));
	mig__cli_text_finish(&versions);
	return status;
}

/* -- joining */

/* By revision, upgrades first, then by scope. */
static int compare_keys(const struct mig__alembic_section *a, const struct mig__alembic_section *b)
{
	int order = strcmp(a->id.data, b->id.data);

	if (!order)
		order = (a->direction == MIG_DOWNGRADE) - (b->direction == MIG_DOWNGRADE);
	return order ? order : strcmp(a->scope, b->scope);
}

/* Complete ones first, then in their order in the files. */
static int by_key(const void *x, const void *y)
{
	const struct mig__alembic_section *a = x, *b = y;
	int order = compare_keys(a, b);

	if (!order)
		order = b->complete - a->complete;
	return order ? order : (a->line > b->line) - (a->line < b->line);
}

static int by_id(const void *x, const void *y)
{
	const struct mig__alembic_revision *a = x, *b = y;
	int order = strcmp(a->id.data, b->id.data);

	return order ? order : strcmp(mig__cli_string(&a->file), mig__cli_string(&b->file));
}

/* A branch that several heads lead down to is printed for each of them. */
static int drop_repeats(struct mig__alembic *a)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->section_count; i++) {
		struct mig__alembic_section *s = &a->sections[i];
		struct mig__alembic_section *last = kept ? &a->sections[kept - 1] : NULL;

		if (!last || compare_keys(last, s) != 0) {
			struct mig__alembic_section moved = *s;

			memset(s, 0, sizeof *s);
			a->sections[kept++] = moved;
			continue;
		}
		if (s->complete &&
		    strcmp(mig__cli_string(&last->sql), mig__cli_string(&s->sql)) != 0)
			return mig__cli_fail(a->cli,
					     "%s:%zu: revision %s has other SQL than at %s:%zu",
					     s->file, s->line, s->id.data, last->file, last->line);
		mig__cli_text_finish(&s->id);
		mig__cli_text_finish(&s->revises);
		mig__cli_text_finish(&s->sql);
	}
	a->section_count = kept;
	return MIG_CLI_DONE;
}

/* Without a folder: a revision for each of the sections' ids. */
static int name_revisions(struct mig__alembic *a)
{
	for (size_t i = 0; i < a->section_count; i++) {
		const struct mig__alembic_section *s = &a->sections[i];
		struct mig__alembic_revision *r;

		if (i && !strcmp(s->id.data, s[-1].id.data))
			continue;
		r = mig__alembic_add_revision(a);
		if (!r)
			return MIG_CLI_ERROR;
		mig__cli_adds(&r->id, s->id.data);
		mig__cli_adds(&r->stem, s->id.data);
		mig__cli_adds(&r->revises, mig__cli_string(&s->revises));
		mig__cli_addf(&r->file, "%s:%zu", s->file, s->line);
		if (r->id.failed || r->stem.failed || r->revises.failed || r->file.failed)
			return mig__cli_no_memory(a->cli);
	}
	return MIG_CLI_DONE;
}

static int cut_off(struct mig__alembic *a, const struct mig__alembic_section *s)
{
	struct mig__cli_text text = { 0 };
	int up = s->direction == MIG_UPGRADE;

	mig__cli_addf(&text, "%s%s:%zu: the %s %s does not change %s: it is cut off%s",
		      up ? "" : "warning: ", s->file, s->line, up ? "upgrade to" : "downgrade of",
		      s->id.data, a->table, up ? "" : ", and left out");
	mig__cli_say(a->cli, mig__cli_string(&text));
	mig__cli_text_finish(&text);
	if (up)
		mig__cli_hint(a->cli, "--table names Alembic's version table, if it is another");
	return up ? MIG_CLI_ERROR : MIG_CLI_DONE;
}

/* An upgrade must be whole; a downgrade that is not, e.g. as it raises an error, is left out. */
static int check_sections(struct mig__alembic *a, const struct mig__alembic_revision *r)
{
	const struct mig__alembic_section *s = &a->sections[r->from];
	int status = MIG_CLI_DONE;

	if (!r->count || s->direction != MIG_UPGRADE)
		return mig__cli_fail(a->cli, "%s: no SQL of the upgrade to %s was given",
				     mig__cli_string(&r->file), r->id.data);
	for (size_t i = 0; !status && i < r->count; i++)
		if (!s[i].complete)
			status = cut_off(a, &s[i]);
	return status;
}

static int unknown_section(struct mig__alembic *a, const struct mig__alembic_section *s)
{
	return mig__cli_fail(a->cli, "%s:%zu: revision %s is in no file of the folder", s->file,
			     s->line, s->id.data);
}

/* Both are sorted by id. *at: the first section that no revision has taken. */
static int take_sections(struct mig__alembic *a, struct mig__alembic_revision *r, size_t *at)
{
	if (*at < a->section_count && strcmp(a->sections[*at].id.data, r->id.data) < 0)
		return unknown_section(a, &a->sections[*at]);
	for (r->from = *at; *at < a->section_count && !strcmp(a->sections[*at].id.data, r->id.data);
	     ++*at)
		r->count++;
	return check_sections(a, r);
}

static int section_by_id(const void *id, const void *section)
{
	return strcmp(id, ((const struct mig__alembic_section *)section)->id.data);
}

/* What lies in a folder within the folder counts if Alembic has run it. */
static void drop_unused(struct mig__alembic *a)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->revision_count; i++) {
		struct mig__alembic_revision *r = &a->revisions[i];

		if (r->nested && (!a->section_count ||
				  !bsearch(r->id.data, a->sections, a->section_count, sizeof *a->sections,
					   section_by_id)))
			finish_revision(r);
		else
			a->revisions[kept++] = *r;
	}
	a->revision_count = kept;
}

int mig__alembic_join(struct mig__alembic *a)
{
	size_t at = 0;
	int status;

	qsort(a->sections, a->section_count, sizeof *a->sections, by_key);
	status = drop_repeats(a);
	drop_unused(a);
	if (!status && !a->revision_count)
		status = name_revisions(a);
	if (!status)
		qsort(a->revisions, a->revision_count, sizeof *a->revisions, by_id);
	for (size_t i = 0; !status && i < a->revision_count; i++) {
		struct mig__alembic_revision *r = &a->revisions[i];

		if (i && !strcmp(r->id.data, r[-1].id.data))
			status = mig__cli_fail(a->cli, "%s: revision %s is in %s already",
					       r->file.data, r->id.data, r[-1].file.data);
		else
			status = take_sections(a, r, &at);
	}
	if (!status && at < a->section_count)
		status = unknown_section(a, &a->sections[at]);
	return status;
}

/* -- rendering */

/* A line of the message that would be a key or a directive in the header is quoted. */
static int is_key(const char *line, size_t size)
{
	static const char *const keys[] = { "revision",     "revises",          "branch_labels",
					    "depends_on",   "created",          "mig",
					    "lock_timeout", "statement_timeout" };
	size_t n = strspn(line, MIG__SMALL "_");

	if (n >= size || line[n + strspn(line + n, " \t")] != ':')
		return 0;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (strlen(keys[i]) == n && !memcmp(keys[i], line, n))
			return 1;
	return 0;
}

static void add_message(struct mig__cli_text *out, const char *message)
{
	for (size_t n; *message; message += n + (message[n] == '\n')) {
		n = strcspn(message, "\n");
		mig__cli_adds(out, n ? "-- " : "--");
		if (is_key(message + strspn(message, " \t"), n))
			mig__cli_adds(out, "> ");
		mig__cli_add(out, message, n);
		mig__cli_adds(out, "\n");
	}
	mig__cli_adds(out, "--\n");
}

static void add_key(struct mig__cli_text *out, const char *key, const struct mig__cli_text *value)
{
	mig__cli_addf(out, "-- %s:%s%s\n", key, value->len ? " " : "", mig__cli_string(value));
}

static void add_section(const struct mig__alembic_section *s, struct mig__cli_text *out)
{
	mig__cli_addf(out, "\n-- mig:%s", s->direction == MIG_UPGRADE ? "upgrade" : "downgrade");
	mig__cli_adds(out, s->scope);
	mig__cli_adds(out, s->lone ? " transaction=no\n" : "\n");
	mig__cli_add(out, s->sql.data, s->sql.len);
	mig__cli_adds(out, s->sql.len ? "\n" : "");
}

int mig__alembic_has_downgrade(const struct mig__alembic *a, const struct mig__alembic_revision *r)
{
	const struct mig__alembic_section *s = &a->sections[r->from];

	for (size_t i = 0; i < r->count; i++)
		if (s[i].direction == MIG_DOWNGRADE && s[i].complete)
			return 1;
	return 0;
}

void mig__alembic_render(const struct mig__alembic *a, const struct mig__alembic_revision *r,
			 struct mig__cli_text *out)
{
	const struct mig__alembic_section *s = &a->sections[r->from];

	if (r->message.len)
		add_message(out, r->message.data);
	add_key(out, "revision", &r->id);
	add_key(out, "revises", &r->revises);
	add_key(out, "branch_labels", &r->labels);
	add_key(out, "depends_on", &r->depends_on);
	if (r->created.len)
		add_key(out, "created", &r->created);
	if (!mig__alembic_has_downgrade(a, r))
		mig__cli_adds(out, "\n-- Alembic printed no downgrade of this revision.\n");
	for (size_t i = 0; i < r->count; i++)
		if (s[i].complete)
			add_section(&s[i], out);
}

/* init: new environments. */
#include "api/ctx.h"

#include "base/buf.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

static const char generic_ini[] =
	"; Configuration of mig. Every key is optional; the command line and the environment win.\n"
	"\n"
	"[mig]\n"
	"; The database: sqlite:app.db, sqlite:///app.db (relative), sqlite:////abs/app.db,\n"
	"; postgresql://user@host/app\n"
	";url = sqlite:app.db\n"
	"\n"
	"; Folders with revision files, separated by blanks; %(here)s is the folder of this file.\n"
	";version_locations = %(here)s/versions\n"
	";recursive_version_locations = false\n"
	"\n"
	"; What \"migrate\" and \"check\" compare the database with: files with SQL, or the URL "
	"of\n"
	"; another database; and patterns of names that alone are compared, or that are left "
	"alone.\n"
	";models = %(here)s/../schema.sql\n"
	";include = app_*\n"
	";exclude = table:tmp_*\n"
	"\n"
	"; Where the database keeps its state.\n"
	";version_table = mig_version\n"
	";history_table = mig_history\n"
	"\n"
	"; One transaction for the whole run, or one for each revision.\n"
	";transaction = run\n"
	"\n"
	"; Seconds to wait for another process that is migrating.\n"
	";lock_timeout = 60\n"
	"\n"
	"; On a server: seconds that a statement may wait for a lock, and that it may take in all; "
	"how\n"
	"; often a transaction is repeated that had to give way; where unqualified names are "
	"found;\n"
	"; the schema of the two tables.\n"
	";statement_lock_timeout = 5\n"
	";statement_timeout = 600\n"
	";retries = 10\n"
	";search_path = app, extensions\n"
	";schema = app\n";

static const char multidb_ini[] =
	"; Configuration of mig for several databases. What stands in [mig] holds for all of "
	"them.\n"
	"\n"
	"[mig]\n"
	"; Each has a section of its own below. Commands work on all, or on one by -n NAME.\n"
	"databases = first, second\n"
	"\n"
	";version_table = mig_version\n"
	";history_table = mig_history\n"
	";transaction = run\n"
	";lock_timeout = 60\n"
	"\n"
	"[first]\n"
	"url = sqlite:first.db\n"
	";models = %(here)s/../first.sql\n"
	"\n"
	"[second]\n"
	"url = sqlite:second.db\n"
	";models = %(here)s/../second.sql\n";

static const char readme_text[] =
	"Schema migrations, managed by libmig.\n"
	"\n"
	"  versions/         one file a revision, readable and editable\n"
	"  script.sql.tmpl   what a new revision looks like\n"
	"  mig.ini           configuration\n"
	"\n"
	"  mig revision -m \"add users\"   a new revision\n"
	"  mig upgrade                   bring the database to the newest\n"
	"  mig history                   what there is\n";

static mig_status join(mig_ctx *ctx, const char *dir, const char *name, char **out)
{
	struct mig__buf buf;

	mig__buf_init(&buf, &ctx->alloc);
	mig__buf_addf(&buf, "%s%s%s", dir, dir[0] && dir[strlen(dir) - 1] == '/' ? "" : "/", name);
	*out = mig__buf_take(&buf);
	return *out ? MIG_OK : mig__fail_nomem(&ctx->err);
}

/* -- templates: mig.ini, script.sql.tmpl, README */

static const struct {
	const char *name, *summary, *ini;
} templates[] = {
	{ "generic", "one database", generic_ini },
	{ "multidb", "several databases, with a section in each revision for each", multidb_ini },
};
enum { TEMPLATES = sizeof templates / sizeof *templates };

const char *mig_template_name(size_t i)
{
	return i < TEMPLATES ? templates[i].name : NULL;
}

const char *mig_template_summary(size_t i)
{
	return i < TEMPLATES ? templates[i].summary : NULL;
}

struct files {
	const char *ini, *script, *readme;
	char *read[3]; /* what of them was read, to be freed */
};

/* The file of a template of one's own; left as it is if there is none. */
static mig_status take_file(mig_ctx *ctx, const char *folder, const char *name, char **kept,
			    const char **out)
{
	size_t size;
	char *path;
	mig_status rc = join(ctx, folder, name, &path);

	if (rc)
		return rc;
	if (mig__file_kind(path) != MIG__FILE_NONE)
		rc = mig__file_read(&ctx->alloc, path, &ctx->err, kept, &size);
	if (!rc && *kept)
		*out = *kept;
	mig__free(&ctx->alloc, path);
	return rc;
}

static mig_status choose_files(mig_ctx *ctx, const char *name, struct files *f)
{
	mig_status rc;

	*f = (struct files){ generic_ini, mig__script_template, readme_text, { 0 } };
	for (size_t i = 0; name && i < TEMPLATES; i++)
		if (!strcmp(templates[i].name, name)) {
			f->ini = templates[i].ini;
			return MIG_OK;
		}
	if (!name)
		return MIG_OK;
	if (!strchr(name, '/') || mig__file_kind(name) != MIG__FILE_FOLDER) {
		mig__fail(&ctx->err, MIG_ENOTFOUND, "there is no template \"%s\"", name);
		mig__error_set_hint(&ctx->err,
				    "generic, multidb, or the path of a folder, with a \"/\"");
		return MIG_ENOTFOUND;
	}
	rc = take_file(ctx, name, "mig.ini", &f->read[0], &f->ini);
	if (!rc)
		rc = take_file(ctx, name, "script.sql.tmpl", &f->read[1], &f->script);
	return rc ? rc : take_file(ctx, name, "README", &f->read[2], &f->readme);
}

/* -- the folder */

enum { VERSIONS, README, TEMPLATE, INI, PARTS }; /* in the order in which they are made */

static const char *const part_names[PARTS] = { "versions", "README", "script.sql.tmpl", "mig.ini" };

static const char *part_text(const struct files *f, size_t part)
{
	return part == README ? f->readme : part == TEMPLATE ? f->script : f->ini;
}

/* What base/file.c leaves behind if the process is killed. */
static int is_leftover(const char *name)
{
	return !strncmp(name, ".mig-", 5) || !strcmp(name, ".") || !strcmp(name, "..");
}

/* Whether a part is there as a run that was killed may have left it: with its text, or empty. */
static mig_status is_part(mig_ctx *ctx, const char *path, size_t part, const struct files *f,
			  int *out)
{
	size_t size = 0;
	char *text = NULL;
	struct dirent *e;
	mig_status rc;
	DIR *d;

	*out = 0;
	if (part == VERSIONS) {
		d = opendir(path);
		*out = d != NULL;
		while (d && (e = readdir(d)))
			*out &= is_leftover(e->d_name);
		if (d)
			closedir(d);
		return MIG_OK;
	}
	if (mig__file_kind(path) != MIG__FILE_REGULAR)
		return MIG_OK;
	rc = mig__file_read(&ctx->alloc, path, &ctx->err, &text, &size);
	*out = !rc && size == strlen(part_text(f, part)) && !memcmp(text, part_text(f, part), size);
	mig__free(&ctx->alloc, text);
	return rc;
}

static mig_status look_at(mig_ctx *ctx, const char *dir, const char *name, const struct files *f,
			  int *is_there)
{
	size_t part = 0;
	char *path = NULL;
	mig_status rc;

	while (part < PARTS && strcmp(part_names[part], name) != 0)
		part++;
	if (part == PARTS)
		return is_leftover(name) ? MIG_OK
					 : mig__fail_at(&ctx->err, MIG_EEXISTS, dir, 0, 0,
							"exists and is not empty");
	rc = join(ctx, dir, name, &path);
	if (!rc)
		rc = is_part(ctx, path, part, f, &is_there[part]);
	mig__free(&ctx->alloc, path);
	return rc || is_there[part]
		       ? rc
		       : mig__fail_at(&ctx->err, MIG_EEXISTS, dir, 0, 0, "exists and is not empty");
}

/* A folder that is not there, or has nothing in it but what an "init" that was killed has made. */
static mig_status check_empty(mig_ctx *ctx, const char *dir, const struct files *f, int *is_there)
{
	enum mig__file_kind kind = mig__file_kind(dir);
	struct dirent *e;
	mig_status rc = MIG_OK;
	DIR *d;

	if (kind == MIG__FILE_NONE)
		return MIG_OK;
	d = opendir(dir);
	if (!d)
		return errno != ENOTDIR
			       ? mig__fail_at(&ctx->err, MIG_EIO, dir, 0, 0, "%s", strerror(errno))
			       : mig__fail_at(&ctx->err, MIG_EEXISTS, dir, 0, 0,
					      "exists and is not a folder");
	while (!rc && (e = readdir(d)))
		rc = look_at(ctx, dir, e->d_name, f, is_there);
	closedir(d);
	if (!rc && is_there[INI]) /* the last one */
		rc = mig__fail_at(&ctx->err, MIG_EEXISTS, dir, 0, 0, "exists and is not empty");
	return rc;
}

static mig_status make_part(mig_ctx *ctx, const char *dir, size_t part, const struct files *f)
{
	char *path;
	mig_status rc = join(ctx, dir, part_names[part], &path);

	if (rc)
		return rc;
	if (part == VERSIONS)
		rc = mig__file_mkdir(path, &ctx->err);
	else
		rc = mig__file_create(path, part_text(f, part), strlen(part_text(f, part)),
				      &ctx->err);
	mig__free(&ctx->alloc, path);
	return rc;
}

/* Half an environment would be in the way of the next try. */
static void unmake(mig_ctx *ctx, const char *dir, int with_dir)
{
	struct mig__buf path;

	mig__buf_init(&path, &ctx->alloc);
	for (size_t i = PARTS; i-- > 0;) {
		mig__buf_clear(&path);
		mig__buf_addf(&path, "%s/%s", dir, part_names[i]);
		if (!path.failed)
			mig__file_remove(path.data);
	}
	mig__buf_finish(&path);
	if (with_dir)
		mig__file_remove(dir);
}

static mig_status make(mig_ctx *ctx, const char *dir, const struct files *f)
{
	int is_new = mig__file_kind(dir) == MIG__FILE_NONE, is_there[PARTS] = { 0 };
	mig_status rc = check_empty(ctx, dir, f, is_there);

	if (!rc)
		rc = mig__file_mkdir(dir, &ctx->err);
	if (rc)
		return rc;
	for (size_t i = 0; !rc && i < PARTS; i++)
		if (!is_there[i])
			rc = make_part(ctx, dir, i, f);
	if (rc)
		unmake(ctx, dir, is_new);
	return rc;
}

mig_status mig_init_directory(mig_ctx *ctx, const char *dir, const mig_init_options *options)
{
	mig_init_options o;
	struct files files;
	mig_status rc = mig__enter(ctx);

	if (!rc)
		rc = mig__options_read(&o, sizeof o, options, &ctx->err);
	if (rc)
		return rc;
	if (!dir || !dir[0])
		return mig__fail(&ctx->err, MIG_EINVAL, "the folder's path is missing");
	rc = choose_files(ctx, o.template_name, &files);
	if (!rc)
		rc = make(ctx, dir, &files);
	for (size_t i = 0; i < 3; i++)
		mig__free(&ctx->alloc, files.read[i]);
	return rc;
}

/* init: new environments. */
#include "api/ctx.h"

#include "base/buf.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

static const char generic_ini[] =
	"; Configuration of mig. Every key is optional; the command line and the environment win.\n"
	";\n"
	"; Relative paths are relative to this file, also that of a SQLite database. %(here)s is the folder\n"
	"; of this file, %% a per cent sign. A value goes on in the next line if that is indented. In lists\n"
	"; a name with blanks stands in \"...\".\n"
	"\n"
	"[mig]\n"
	"; The database: sqlite:app.db, sqlite:////srv/app.db (absolute), postgresql://user@host/app\n"
	";url = sqlite:app.db\n"
	"\n"
	"; The schema that you want, which \"migrate\" and \"check\" compare the database with: files with SQL,\n"
	"; folders with *.sql files, patterns (schema/*.sql), or the URL of another database.\n"
	";models = schema.sql\n"
	"; Only what matches these patterns is compared; what matches those is left alone.\n"
	";include = app_*\n"
	";exclude = table:tmp_*, view:tmp_*\n"
	"; A module of your program that declares the schema in C: mig_app_setup() in mig/cli.h.\n"
	";app = ./app.so\n"
	"; Where empty databases can be created to try SQL in, one URL for each dialect.\n"
	";scratch_url = postgresql:///postgres\n"
	"\n"
	"; The folder with the revisions, or several of them by name.\n"
	";directory = migrations\n"
	";version_locations = migrations/versions\n"
	";recursive_version_locations = false\n"
	"\n"
	"; Files of new revisions: their name, the length of the words in it, the time zone of \"created\",\n"
	"; and commands to run on each.\n"
	";file_template = %%(rev)s_%%(slug)s\n"
	";truncate_slug_length = 40\n"
	";timezone = UTC\n"
	";post_write_hooks = git add REVISION_SCRIPT_FILENAME\n"
	"\n"
	"; libmig's own tables in the database.\n"
	";version_table = mig_version\n"
	";history_table = mig_history\n"
	"\n"
	"; One transaction for the whole run, or one for each revision.\n"
	";transaction = run\n"
	"; Seconds to wait for another process that is migrating.\n"
	";lock_timeout = 60\n"
	"\n"
	"; On a server: the seconds that a statement may wait for a lock, and may take in all; how often a\n"
	"; transaction is repeated that had to give way; the schemas in which unqualified names are searched;\n"
	"; the schema of libmig's tables, and a role that they may belong to.\n"
	";statement_lock_timeout = 5\n"
	";statement_timeout = 600\n"
	";retries = 10\n"
	";search_path = app, extensions\n"
	";schema = app\n"
	";trusted_owner = app_owner\n"
	"\n"
	"; Several databases: each has a section of its own below, with a url. Sections of a revision with\n"
	"; database=NAME are for one of them.\n"
	";databases = first, second\n"
	";database_name = first\n";

static const char multidb_ini[] =
	"; Configuration of mig for several databases. What is in [mig] holds for all of them.\n"
	";\n"
	"; Relative paths are relative to this file, also that of a SQLite database.\n"
	"\n"
	"[mig]\n"
	"; Each has a section of its own below. Commands work on all, or on one by -n NAME.\n"
	"databases = first, second\n"
	"\n"
	";directory = migrations\n"
	";version_table = mig_version\n"
	";history_table = mig_history\n"
	";transaction = run\n"
	";lock_timeout = 60\n"
	"\n"
	"[first]\n"
	"url = sqlite:first.db\n"
	";models = first.sql\n"
	"\n"
	"[second]\n"
	"url = sqlite:second.db\n"
	";models = second.sql\n";

static const char readme_text[] =
	"Schema migrations, managed by libmig.\n"
	"\n"
	"  versions/         one file for each revision, readable and editable\n"
	"  script.sql.tmpl   what a new revision looks like\n"
	"\n"
	"The configuration is mig.ini in the folder of the project.\n"
	"\n"
	"  mig status                      where the database is, and what to do next\n"
	"  mig migrate -m \"add users\"      a new revision, written from the model\n"
	"  mig revision -m \"add users\"     a new revision, to be written by hand\n"
	"  mig upgrade                     bring the database to the newest revision\n"
	"  mig history                     list the revisions\n";

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

/* -- keys of mig.ini */

/* Of the line the length if it is "key =" or ";key =", otherwise 0. */
static size_t line_of(const char *line, const char *key)
{
	size_t n = strcspn(line, "\n"), k = strlen(key);
	const char *p = line + (line[0] == ';');

	if (strncmp(p, key, k) != 0)
		return 0;
	p += k;
	p += strspn(p, " \t");
	return *p == '=' ? n : 0;
}

/* Where the key's line is in [mig], or the place after "[mig]"; NULL: there is no such section. */
static const char *find_key(const char *text, const char *key, size_t *size)
{
	const char *after = NULL;

	*size = 0;
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (line[0] == '[' && after)
			break;
		if (!strncmp(line, "[mig]", 5))
			after = line + strcspn(line, "\n");
		else if (after && (*size = line_of(line, key)) != 0)
			return line;
	}
	return after;
}

static mig_status fail_value(mig_ctx *ctx, const char *key)
{
	return mig__fail(&ctx->err, MIG_EINVAL, "%s: the value cannot stand in mig.ini", key);
}

/* Whether a value would be read as it is: in one line, with no comment or blank cut off. */
static int is_plain(const char *value)
{
	size_t n = strlen(value);

	for (const char *p = value; *p; p++)
		if ((unsigned char)*p < ' ' || (p[0] == ' ' && p[1] == ';'))
			return 0;
	return n && value[0] != ' ' && value[n - 1] != ' ' && value[0] != ';';
}

static void add_escaped(struct mig__buf *out, const char *value, char also)
{
	for (; *value; value++) {
		mig__buf_add(out, value, 1);
		if (*value == '%' || *value == also)
			mig__buf_add(out, value, 1);
	}
}

/* The text with "key = value" in it, in the place of the line that shows the key. */
static mig_status set_key(mig_ctx *ctx, struct mig__buf *ini, const char *key, const char *value)
{
	struct mig__buf out;
	size_t size;
	const char *text = mig__buf_text(ini), *at = find_key(text, key, &size);

	mig__buf_init(&out, &ctx->alloc);
	if (at) {
		mig__buf_add(&out, text, (size_t)(at - text));
	} else {
		mig__buf_adds(&out, "[mig]");
		at = text;
	}
	mig__buf_addf(&out, "%s%s = %s%s", size ? "" : "\n", key, value, at == text ? "\n\n" : "");
	mig__buf_adds(&out, at + size);
	mig__buf_finish(ini);
	*ini = out;
	return out.failed ? mig__fail_nomem(&ctx->err) : MIG_OK;
}

static mig_status set_text(mig_ctx *ctx, struct mig__buf *ini, const char *key, const char *value)
{
	struct mig__buf escaped;
	mig_status rc;

	if (!value)
		return MIG_OK;
	if (!is_plain(value))
		return fail_value(ctx, key);
	mig__buf_init(&escaped, &ctx->alloc);
	add_escaped(&escaped, value, '%');
	rc = escaped.failed ? mig__fail_nomem(&ctx->err) : set_key(ctx, ini, key, escaped.data);
	mig__buf_finish(&escaped);
	return rc;
}

static mig_status set_models(mig_ctx *ctx, struct mig__buf *ini, const char *const *models)
{
	struct mig__buf list;
	mig_status rc = MIG_OK;

	if (!models || !models[0])
		return MIG_OK;
	mig__buf_init(&list, &ctx->alloc);
	for (size_t i = 0; !rc && models[i]; i++) {
		int quoted = models[i][strcspn(models[i], " \t,;\"")] != '\0';

		for (const char *p = models[i]; *p; p++)
			if ((unsigned char)*p < ' ')
				rc = fail_value(ctx, "models");
		if (!models[i][0])
			rc = fail_value(ctx, "models");
		mig__buf_adds(&list, i ? quoted ? " \"" : " " : quoted ? "\"" : "");
		add_escaped(&list, models[i], quoted ? '"' : '%');
		mig__buf_adds(&list, quoted ? "\"" : "");
	}
	if (!rc && list.failed)
		rc = mig__fail_nomem(&ctx->err);
	if (!rc)
		rc = set_key(ctx, ini, "models", list.data);
	mig__buf_finish(&list);
	return rc;
}

static const char *last_part(const char *dir)
{
	const char *slash = strrchr(dir, '/');

	return slash ? slash + 1 : dir;
}

/* -- the folder */

enum { VERSIONS, README, TEMPLATE, PARTS }; /* in the order in which they are made; then mig.ini */

static const char *const part_names[PARTS] = { "versions", "README", "script.sql.tmpl" };

struct making {
	mig_ctx *ctx;
	char *dir;    /* without a "/" at its end */
	char *config; /* the path of mig.ini */
	struct mig__buf ini;
	const struct files *files;
	int is_there[PARTS], has_ini;
};

static const char *part_text(const struct making *m, size_t part)
{
	return part == README ? m->files->readme : m->files->script;
}

/* What base/file.c leaves behind if the process is killed. */
static int is_leftover(const char *name)
{
	return !strncmp(name, ".mig-", 5) || !strcmp(name, ".") || !strcmp(name, "..");
}

/* Whether the file is there with just this text. */
static mig_status has_text(mig_ctx *ctx, const char *path, const char *want, int *out)
{
	size_t size = 0;
	char *text = NULL;
	mig_status rc;

	*out = 0;
	if (mig__file_kind(path) != MIG__FILE_REGULAR)
		return MIG_OK;
	rc = mig__file_read(&ctx->alloc, path, &ctx->err, &text, &size);
	*out = !rc && size == strlen(want) && !memcmp(text, want, size);
	mig__free(&ctx->alloc, text);
	return rc;
}

/* Whether a part is there as a run that was killed may have left it: with its text, or empty. */
static mig_status is_part(struct making *m, const char *path, size_t part, int *out)
{
	struct dirent *e;
	DIR *d;

	if (part != VERSIONS)
		return has_text(m->ctx, path, part_text(m, part), out);
	d = opendir(path);
	*out = d != NULL;
	while (d && (e = readdir(d)))
		*out &= is_leftover(e->d_name);
	if (d)
		closedir(d);
	return MIG_OK;
}

static mig_status fail_not_empty(struct making *m)
{
	return mig__fail_at(&m->ctx->err, MIG_EEXISTS, m->dir, 0, 0, "exists and is not empty");
}

static mig_status look_at(struct making *m, const char *name)
{
	size_t part = 0;
	char *path = NULL;
	mig_status rc;

	while (part < PARTS && strcmp(part_names[part], name) != 0)
		part++;
	if (part == PARTS && is_leftover(name))
		return MIG_OK;
	rc = join(m->ctx, m->dir, name, &path);
	if (!rc && part < PARTS)
		rc = is_part(m, path, part, &m->is_there[part]);
	if (!rc && (part < PARTS ? !m->is_there[part] : strcmp(path, m->config) != 0))
		rc = fail_not_empty(m);
	mig__free(&m->ctx->alloc, path);
	return rc;
}

/* A folder that is not there, or has nothing in it but what an "init" that was killed has made. */
static mig_status check_empty(struct making *m)
{
	enum mig__file_kind kind = mig__file_kind(m->dir);
	struct dirent *e;
	mig_status rc = MIG_OK;
	DIR *d;

	if (kind == MIG__FILE_NONE)
		return MIG_OK;
	d = opendir(m->dir);
	if (!d)
		return errno != ENOTDIR
			       ? mig__fail_at(&m->ctx->err, MIG_EIO, m->dir, 0, 0, "%s",
					      strerror(errno))
			       : mig__fail_at(&m->ctx->err, MIG_EEXISTS, m->dir, 0, 0,
					      "exists and is not a folder");
	while (!rc && (e = readdir(d)))
		rc = look_at(m, e->d_name);
	closedir(d);
	return rc;
}

/* The file that is there must be the one that would be written. */
static mig_status check_config(struct making *m)
{
	struct mig__error *err = &m->ctx->err;
	mig_status rc;

	if (mig__file_kind(m->config) == MIG__FILE_NONE)
		return MIG_OK;
	rc = has_text(m->ctx, m->config, m->ini.data, &m->has_ini);
	if (rc || m->has_ini)
		return rc;
	mig__fail_at(err, MIG_EEXISTS, m->config, 0, 0, "exists, and is never overwritten");
	mig__error_set_hint(err, "edit it, or write another one: -c OTHER.ini");
	return MIG_EEXISTS;
}

static mig_status make_part(struct making *m, size_t part)
{
	struct mig__error *err = &m->ctx->err;
	const char *text = part_text(m, part);
	char *path;
	mig_status rc = join(m->ctx, m->dir, part_names[part], &path);

	if (rc)
		return rc;
	rc = part == VERSIONS ? mig__file_mkdir(path, err)
			      : mig__file_create(path, text, strlen(text), err);
	mig__free(&m->ctx->alloc, path);
	return rc;
}

/* Half an environment would be in the way of the next try. */
static void unmake(struct making *m, int with_dir)
{
	struct mig__buf path;

	mig__buf_init(&path, &m->ctx->alloc);
	for (size_t i = PARTS; i-- > 0;) {
		mig__buf_clear(&path);
		mig__buf_addf(&path, "%s/%s", m->dir, part_names[i]);
		if (!path.failed)
			mig__file_remove(path.data);
	}
	mig__buf_finish(&path);
	if (with_dir)
		mig__file_remove(m->dir);
}

static mig_status make(struct making *m)
{
	int is_new = mig__file_kind(m->dir) == MIG__FILE_NONE, complete = 1;
	mig_status rc = check_empty(m);

	if (!rc)
		rc = check_config(m);
	for (size_t i = 0; i < PARTS; i++)
		complete &= m->is_there[i];
	if (!rc && complete && m->has_ini)
		rc = fail_not_empty(m);
	if (!rc)
		rc = mig__file_mkdir(m->dir, &m->ctx->err);
	if (rc)
		return rc;
	for (size_t i = 0; !rc && i < PARTS; i++)
		if (!m->is_there[i])
			rc = make_part(m, i);
	if (!rc && !m->has_ini) /* last: an environment with it is whole */
		rc = mig__file_create(m->config, m->ini.data, m->ini.len, &m->ctx->err);
	if (rc)
		unmake(m, is_new);
	return rc;
}

/* -- mig.ini, with what is known of the project */

static mig_status name_config(struct making *m, const mig_init_options *o)
{
	size_t n = (size_t)(last_part(m->dir) - m->dir);
	struct mig__buf path;

	mig__buf_init(&path, &m->ctx->alloc);
	if (o->config)
		mig__buf_adds(&path, o->config);
	else {
		mig__buf_add(&path, m->dir, n);
		mig__buf_adds(&path, "mig.ini");
	}
	m->config = mig__buf_take(&path);
	return m->config ? MIG_OK : mig__fail_nomem(&m->ctx->err);
}

static mig_status write_ini(struct making *m, const mig_init_options *o)
{
	const char *folder = o->directory ? o->directory : o->config ? m->dir : last_part(m->dir);
	mig_status rc = MIG_OK;

	mig__buf_adds(&m->ini, m->files->ini);
	if (m->ini.failed)
		return mig__fail_nomem(&m->ctx->err);
	if (strcmp(folder, "migrations") != 0)
		rc = set_text(m->ctx, &m->ini, "directory", folder);
	if (!rc)
		rc = set_text(m->ctx, &m->ini, "url", o->url);
	return rc ? rc : set_models(m->ctx, &m->ini, o->models);
}

static mig_status copy_dir(struct making *m, const char *dir)
{
	size_t n = strlen(dir);

	while (n > 1 && dir[n - 1] == '/')
		n--;
	m->dir = mig__strndup(&m->ctx->alloc, dir, n);
	return m->dir ? MIG_OK : mig__fail_nomem(&m->ctx->err);
}

mig_status mig_init_directory(mig_ctx *ctx, const char *dir, const mig_init_options *options)
{
	struct making m = { .ctx = ctx };
	mig_init_options o;
	struct files files;
	mig_status rc = mig__enter(ctx);

	if (!rc)
		rc = mig__options_read(&o, sizeof o, options, &ctx->err);
	if (rc)
		return rc;
	if (!dir || !dir[0])
		return mig__fail(&ctx->err, MIG_EINVAL, "the folder's path is missing");
	if (o.config && !o.config[0])
		return mig__fail(&ctx->err, MIG_EINVAL, "the path of the configuration is missing");
	mig__buf_init(&m.ini, &ctx->alloc);
	m.files = &files;
	rc = choose_files(ctx, o.template_name, &files);
	if (!rc)
		rc = copy_dir(&m, dir);
	if (!rc)
		rc = name_config(&m, &o);
	if (!rc)
		rc = write_ini(&m, &o);
	if (!rc)
		rc = make(&m);
	for (size_t i = 0; i < 3; i++)
		mig__free(&ctx->alloc, files.read[i]);
	mig__free(&ctx->alloc, m.dir);
	mig__free(&ctx->alloc, m.config);
	mig__buf_finish(&m.ini);
	return rc;
}

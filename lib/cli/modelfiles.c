/* modelfiles: what a name of the model stands for: a database, a file, the files of a folder, or
 * those that match a pattern. Files are taken in the order of their names' bytes, on every system
 * and in every locale. */
#include "cli/difference.h"
#include "cli/find.h"

#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct names {
	char **at;
	size_t count;
};

static int add_name(struct names *names, const char *folder, const char *name)
{
	struct mig__cli_text path = { 0 };
	char **at = realloc(names->at, (names->count + 1) * sizeof *at);

	mig__cli_add_joined(&path, folder, name);
	if (at)
		names->at = at;
	if (!at || path.failed) {
		mig__cli_text_finish(&path);
		return 0;
	}
	at[names->count++] = path.data;
	return 1;
}

static void finish(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->at[i]);
	free(names->at);
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* -- finding them */

/* All files of the folder whose names match the pattern. what: the name of the model, for messages. */
static int list_folder(struct mig__cli *cli, const char *what, const char *folder, const char *pattern,
		       struct names *out)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	int good = 1;

	if (!d)
		return mig__cli_fail(cli, "the model %s: %s: %s", what, folder, strerror(errno));
	while (good && (e = readdir(d)))
		if ((e->d_name[0] != '.' || pattern[0] == '.') && mig__text_matches(pattern, e->d_name))
			good = add_name(out, folder, e->d_name);
	closedir(d);
	if (!good)
		return mig__cli_no_memory(cli);
	return out->count ? MIG_CLI_DONE
			  : mig__cli_fail(cli, "the model %s: no file matches %s", what, pattern);
}

/* "schema/part_*.sql" */
static int list_pattern(struct mig__cli *cli, const char *name, struct names *out)
{
	const char *slash = strrchr(name, '/'), *pattern = slash ? slash + 1 : name;
	struct mig__cli_text folder = { 0 };
	int status;

	mig__cli_add(&folder, slash ? name : ".", slash ? (size_t)(pattern - name) : 1);
	if (folder.failed)
		status = mig__cli_no_memory(cli);
	else if (strpbrk(mig__cli_string(&folder), "*?"))
		status = mig__cli_fail(cli, "the model %s: only a file's name may be a pattern, not its folder's",
				       name);
	else
		status = list_folder(cli, name, mig__cli_string(&folder), pattern, out);
	mig__cli_text_finish(&folder);
	return status;
}

/* The files of a name that is a folder or a pattern; none if it is just a file. */
static int list(struct mig__cli *cli, const char *name, struct names *out)
{
	struct stat st;
	int status = MIG_CLI_DONE;

	if (mig__cli_is_folder(name))
		status = list_folder(cli, name, name, "*.sql", out);
	else if (strpbrk(name, "*?") && stat(name, &st))
		status = list_pattern(cli, name, out);
	if (out->count > 1)
		qsort(out->at, out->count, sizeof *out->at, by_bytes);
	return status;
}

/* -- into the model */

static mig_status add_url(struct mig__cli *cli, mig_model *model, const char *url, int of_file)
{
	struct mig__cli_text resolved = { 0 };
	mig_status rc = MIG_ENOMEM;

	if (!of_file)
		return mig_model_database(model, url);
	if (mig__cli_config_url(&cli->config, url, &resolved))
		rc = mig_model_database(model, resolved.data);
	mig__cli_text_finish(&resolved);
	return rc;
}

int mig__cli_add_model(struct mig__cli *cli, mig_model *model, const char *name, int of_file,
		       mig_status *rc)
{
	size_t n = mig__cli_dialect_length(name);
	char dialect[MIG__CLI_DIALECT_SIZE];
	const char *path = n ? name + n + 1 : name;
	struct names files = { 0 };
	int status;

	memcpy(dialect, name, n);
	dialect[n] = '\0';
	if (!n && mig__cli_is_url(name)) {
		*rc = add_url(cli, model, name, of_file);
		return MIG_CLI_DONE;
	}
	status = list(cli, path, &files);
	if (!status && !files.count)
		*rc = mig_model_file(model, n ? dialect : NULL, path);
	for (size_t i = 0; !status && !*rc && i < files.count; i++)
		*rc = mig_model_file(model, n ? dialect : NULL, files.at[i]);
	finish(&files);
	return status;
}

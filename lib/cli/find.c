/* find: searches mig.ini from the working folder upwards, as git searches its repository.
 *
 * In each folder F these end the search: F/mig.ini; F/migrations/mig.ini; F/migrations/versions, an
 * environment without configuration. The search goes no further than $HOME and the file system.
 *
 * What is found can have code run (`app`, hooks, revisions). In the working folder the user has put
 * it, or means it by going there. Above it anybody may have: in /tmp, or in a shared folder. So there
 * it counts only if it, and the folder it is in, belong to the user or root, nobody else may write
 * them, and it is not a symbolic link. */
#include "cli/find.h"
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct search {
	struct mig__cli *cli;
	const char *name;           /* of the environment's folder */
	struct mig__cli_text folder; /* the one that is looked at */
	struct mig__cli_text up;     /* the one above it */
	int above;                   /* it is above the start */
	int lexical;                 /* it came from the user: its name is cut, not followed */
	struct stat here, home;
	int has_here, has_home;
	struct mig__cli_found *out;
};

void mig__cli_add_joined(struct mig__cli_text *out, const char *folder, const char *name)
{
	size_t n = strlen(folder);

	if (strcmp(folder, ".") != 0)
		mig__cli_addf(out, "%s%s", folder, n && folder[n - 1] == '/' ? "" : "/");
	mig__cli_adds(out, name);
}

int mig__cli_is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static int is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* -- trust */

/* What speaks against it, or NULL. */
static const char *distrust(const struct stat *st)
{
	if (S_ISLNK(st->st_mode))
		return "is a symbolic link";
	if (st->st_uid && st->st_uid != geteuid())
		return "belongs to another user";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "can be written by others";
	return NULL;
}

/* Whether what is at the path, which is to be used, may be; `part` is it or what it is in. */
static int is_trusted(struct search *s, const char *path, const char *part, int follow)
{
	struct mig__cli_text say = { 0 };
	const char *why;
	struct stat st;

	if ((follow ? stat(part, &st) : lstat(part, &st)) != 0)
		return 0;
	why = distrust(&st);
	if (!why)
		return 1;
	mig__cli_addf(&say, "warning: %s is left alone: %s %s", path, path == part ? "it" : part, why);
	if (mig__cli_is_folder(path))
		mig__cli_addf(&say, "; to use it, say -d %s", path);
	else
		mig__cli_addf(&say, "; to use it, say -c %s", path);
	if (!s->cli->database) /* once, not for each of several */
		mig__cli_say(s->cli, mig__cli_string(&say));
	mig__cli_text_finish(&say);
	return 0;
}

/* -- one folder */

static int exists(const struct search *s, const char *path)
{
	struct stat st;

	return !stat(path, &st) && (!s->above || S_ISREG(st.st_mode));
}

/* FOLDER/mig.ini, as far as it may be used. inside: the environment's folder, or NULL. */
static int has_config(struct search *s, const char *inside, const char *path)
{
	if (!exists(s, path))
		return 0;
	return !s->above || (is_trusted(s, path, mig__cli_string(&s->folder), 1) &&
			     (!inside || is_trusted(s, path, inside, 0)) &&
			     is_trusted(s, path, path, 0));
}

static int has_versions(struct search *s, const char *inside, const char *versions)
{
	if (!mig__cli_is_folder(versions))
		return 0;
	return !s->above || (is_trusted(s, inside, mig__cli_string(&s->folder), 1) &&
			     is_trusted(s, inside, inside, 0) && is_trusted(s, inside, versions, 0));
}

static int two_files(struct mig__cli *cli, const char *a, const char *b)
{
	mig__cli_fail(cli, "there are two configurations: %s and %s", a, b);
	mig__cli_hint(cli, "remove one of them, or say which one by -c");
	return MIG_CLI_ERROR;
}

/* The same file by two names is one. */
static int are_two(const char *a, const char *b)
{
	struct stat x, y;

	return !stat(a, &x) && !stat(b, &y) && !is_same(&x, &y);
}

static int look(struct search *s, int *found)
{
	struct mig__cli_text outer = { 0 }, inside = { 0 }, inner = { 0 }, versions = { 0 };
	const char *folder = mig__cli_string(&s->folder);
	int status = MIG_CLI_DONE, has_outer, has_inner;

	mig__cli_add_joined(&outer, folder, "mig.ini");
	mig__cli_add_joined(&inside, folder, s->name);
	mig__cli_add_joined(&inner, mig__cli_string(&inside), "mig.ini");
	mig__cli_add_joined(&versions, mig__cli_string(&inside), "versions");
	if (outer.failed || inside.failed || inner.failed || versions.failed) {
		status = mig__cli_no_memory(s->cli);
		goto out;
	}
	has_outer = has_config(s, NULL, outer.data);
	has_inner = has_config(s, inside.data, inner.data);
	if (has_outer && has_inner && are_two(outer.data, inner.data)) {
		status = two_files(s->cli, outer.data, inner.data);
		goto out;
	}
	*found = has_outer || has_inner || has_versions(s, inside.data, versions.data);
	if (has_outer || has_inner)
		mig__cli_adds(&s->out->config, has_outer ? outer.data : inner.data);
	if (*found)
		mig__cli_adds(&s->out->folder, inside.data);
	if (s->out->config.failed || s->out->folder.failed)
		status = mig__cli_no_memory(s->cli);
out:
	mig__cli_text_finish(&outer);
	mig__cli_text_finish(&inside);
	mig__cli_text_finish(&inner);
	mig__cli_text_finish(&versions);
	return status;
}

/* -- upwards */

/* The folder above, as it is written: ".." of ".", "/srv" of "/srv/migrations", "." of "migrations". */
static void name_above(struct search *s)
{
	const char *folder = mig__cli_string(&s->folder);
	size_t n = s->folder.len, last;

	mig__cli_clear(&s->up);
	while (n > 1 && folder[n - 1] == '/')
		n--;
	for (last = n; last && folder[last - 1] != '/'; last--)
		;
	if (n - last == 1 && folder[last] == '.' && !last) {
		mig__cli_adds(&s->up, "..");
	} else if (!s->lexical || (folder[last] == '.' && (n - last == 1 || (n - last == 2 && folder[last + 1] == '.')))) {
		mig__cli_add_joined(&s->up, folder, "..");
	} else {
		while (last > 1 && folder[last - 1] == '/')
			last--;
		mig__cli_add(&s->up, last ? folder : ".", last ? last : 1);
	}
}

/* 0: the search ends here. */
static int go_up(struct search *s)
{
	struct mig__cli_text kept;
	struct stat at, up;

	if (stat(mig__cli_string(&s->folder), &at) || (s->has_home && is_same(&at, &s->home)))
		return 0;
	name_above(s);
	if (s->up.failed || stat(s->up.data, &up) || is_same(&at, &up) || at.st_dev != up.st_dev)
		return 0;
	kept = s->folder;
	s->folder = s->up;
	s->up = kept;
	s->above = !(s->has_here && is_same(&up, &s->here));
	return 1;
}

/* The folder that was named has its own configuration, if any. */
static int look_inside(struct search *s, int *found)
{
	struct mig__cli_text *path = &s->out->config;

	mig__cli_add_joined(path, mig__cli_string(&s->folder), "mig.ini");
	if (path->failed)
		return mig__cli_no_memory(s->cli);
	*found = exists(s, path->data);
	if (!*found)
		mig__cli_clear(path);
	return MIG_CLI_DONE;
}

int mig__cli_find(struct mig__cli *cli, const char *start, const char *name,
		  struct mig__cli_found *out)
{
	struct search s = { .cli = cli, .name = name, .lexical = start != NULL, .out = out };
	const char *home = getenv("HOME");
	int status, found = 0;

	s.has_here = !stat(".", &s.here);
	s.has_home = home && home[0] == '/' && !stat(home, &s.home);
	mig__cli_adds(&s.folder, start ? start : ".");
	if (start)
		status = look_inside(&s, &found);
	else
		status = look(&s, &found);
	while (!status && !found && go_up(&s))
		status = look(&s, &found);
	if (!status && (s.folder.failed || s.up.failed))
		status = mig__cli_no_memory(cli);
	mig__cli_text_finish(&s.folder);
	mig__cli_text_finish(&s.up);
	return status;
}

void mig__cli_found_finish(struct mig__cli_found *found)
{
	mig__cli_text_finish(&found->config);
	mig__cli_text_finish(&found->folder);
}

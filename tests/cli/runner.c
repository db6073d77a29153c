/* runner: passes the command line's cases, folders of plain data.
 *
 *     runner MIG FOLDER     or: runner MIG FILE.test ...
 *
 * Each case runs in a fresh folder. Its lines:
 *
 *     file PATH             create a file; its text is in the lines below that begin with a tab
 *     append PATH           the same, at its end
 *     bytes PATH TEXT       create a file of just this, with the escapes below
 *     folder PATH           create a folder
 *     remove PATH           remove a file
 *     same PATH PATH        two files hold the same
 *     has PATH              it is there
 *     lacks PATH            it is not
 *     env NAME=VALUE        for what follows; "env NAME" removes it
 *     cd PATH               where mig is run from here on, from the case's folder
 *     mode OCTAL PATH       its rights
 *     link TARGET PATH      make a symbolic link
 *     run ARGUMENT ...      run mig. An argument may be quoted: \n \t \" \\ \xNN, and \L for a
 *                           very long text
 *     out TEXT, err TEXT    the next line of stdout or stderr; {*} stands for anything
 *     exit N                its status, if it is not 0
 *     json                  stdout is a JSON text, and not compared with "out" lines
 *     stdout closed|full|pipe   what stdout is in the next run
 *     interrupt             send SIGINT a second after the start of the next run
 *
 * Whatever a run prints must be in its "out" and "err" lines. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGS = 64, LINES = 400, LONG_TEXT = 5000, PATHS = 8192 };

struct expected {
	const char *out[LINES], *err[LINES];
	int out_count, err_count, status, json;
};

struct world {
	const char *mig;
	const char *file; /* of the case */
	int line;
	char base[64]; /* the case's folder is base/work */
	const char *cd;
	int passed, failed;
	/* the next or pending run */
	char *args[ARGS];
	int arg_count, run_line, interrupt;
	const char *run_text;
	char stdout_kind[16];
	struct expected expected;
};

static void die(const struct world *w, const char *what)
{
	fprintf(stderr, "%s:%d: %s: %s\n", w->file, w->line, what, strerror(errno));
	exit(2);
}

static char *read_whole(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	char *text = NULL;
	size_t n = 0, cap = 0;

	while (f) {
		text = realloc(text, cap += 65536);
		if (!text)
			exit(2);
		n += fread(text + n, 1, cap - n - 1, f);
		if (n < cap - 1)
			break;
	}
	if (f) {
		text[n] = '\0';
		fclose(f);
	}
	if (size)
		*size = n;
	return text;
}

/* -- comparing */

static int matches(const char *pattern, const char *text, size_t size)
{
	const char *any = strstr(pattern, "{*}");
	size_t n = any ? (size_t)(any - pattern) : strlen(pattern);

	if (n > size || memcmp(pattern, text, n) != 0)
		return 0;
	if (!any)
		return n == size;
	for (size_t skip = n; skip <= size; skip++)
		if (matches(any + 3, text + skip, size - skip))
			return 1;
	return 0;
}

static int same_lines(const char *text, const char *const *lines, int count)
{
	int i = 0;

	for (; *text; i++) {
		size_t n = strcspn(text, "\n");

		if (i >= count || !matches(lines[i], text, n) || text[n] != '\n')
			return 0;
		text += n + 1;
	}
	return i == count;
}

static void show(const char *kind, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		fprintf(stderr, "%s%s%.*s\n", kind, n ? " " : "", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

static void verdict(struct world *w, int good, const char *what)
{
	if (good) {
		w->passed++;
		return;
	}
	w->failed++;
	fprintf(stderr, "%s:%d: %s\n", w->file, w->line, what);
}

/* -- a run */

static void child(struct world *w)
{
	char path[PATHS];
	int fd;

	signal(SIGINT, SIG_DFL); /* a shell ignores it for what it starts in the background */
	snprintf(path, sizeof path, "%s/out", w->base);
	fd = open(strcmp(w->stdout_kind, "full") ? path : "/dev/full", O_WRONLY | O_CREAT | O_TRUNC,
		  0600);
	dup2(fd, 1);
	close(fd);
	snprintf(path, sizeof path, "%s/err", w->base);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	dup2(fd, 2);
	close(fd);
	if (!strcmp(w->stdout_kind, "closed"))
		close(1);
	if (!strcmp(w->stdout_kind, "pipe")) { /* that nobody reads */
		int ends[2];

		if (pipe(ends))
			_exit(126);
		dup2(ends[1], 1);
		close(ends[0]);
		close(ends[1]);
	}
	if (w->cd && chdir(w->cd))
		_exit(125);
	execv(w->mig, w->args);
	_exit(127);
}

static int run_child(struct world *w)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		die(w, "fork");
	if (!pid)
		child(w);
	if (w->interrupt) {
		sleep(1);
		kill(pid, SIGINT);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die(w, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static int good_json(const char *text)
{
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	int good = json_is_object(json);

	json_decref(json);
	return good;
}

/* Runs what is pending and compares. */
static void finish_run(struct world *w)
{
	struct expected *e = &w->expected;
	char path[PATHS], *out, *err;
	int status, good;

	if (!w->arg_count)
		return;
	status = run_child(w);
	snprintf(path, sizeof path, "%s/out", w->base);
	out = read_whole(path, NULL);
	snprintf(path, sizeof path, "%s/err", w->base);
	err = read_whole(path, NULL);
	good = out && err && status == e->status && same_lines(err, e->err, e->err_count) &&
	       (e->json ? good_json(out) : same_lines(out, e->out, e->out_count));
	if (good) {
		w->passed++;
	} else {
		w->failed++;
		fprintf(stderr, "%s:%d: another result than expected:\nrun %s\nexit %d\n", w->file,
			w->run_line, w->run_text, status);
		show("out", out ? out : "");
		show("err", err ? err : "");
	}
	free(out);
	free(err);
	for (int i = 0; i < w->arg_count; i++)
		free(w->args[i]);
	w->arg_count = w->interrupt = 0;
	w->stdout_kind[0] = '\0';
	memset(e, 0, sizeof *e);
}

/* -- lines of a case */

static size_t unescape(const char **p, char *out)
{
	char c = *++*p;
	char hex[3] = { 0 };

	if (c == 'x') {
		hex[0] = (*p)[1];
		hex[1] = (*p)[2];
		*p += 2;
		*out = (char)strtol(hex, NULL, 16);
	} else if (c == 'L') {
		memset(out, 'x', LONG_TEXT);
		return LONG_TEXT;
	} else {
		*out = c == 'n' ? '\n' : c == 't' ? '\t' : c;
	}
	return 1;
}

static void split(struct world *w, const char *p)
{
	w->args[w->arg_count++] = strdup(w->mig);
	while (*(p += strspn(p, " "))) {
		char *word = malloc(strlen(p) + 2 * LONG_TEXT);
		size_t n = 0;
		int quoted = 0;

		for (; word && *p && (quoted || *p != ' '); p++) {
			if (*p == '"')
				quoted = !quoted;
			else if (*p == '\\' && quoted)
				n += unescape(&p, word + n);
			else
				word[n++] = *p;
		}
		if (!word || w->arg_count >= ARGS - 1)
			die(w, "arguments");
		word[n] = '\0';
		w->args[w->arg_count++] = word;
	}
	w->args[w->arg_count] = NULL;
}

static void set_env(char *text)
{
	char *value = strchr(text, '=');

	if (!value) {
		unsetenv(text);
		return;
	}
	*value = '\0';
	setenv(text, value + 1, 1);
}

/* The lines behind p that begin with a tab go to a file. Returns where they end. */
static char *write_file(struct world *w, const char *path, const char *mode, char *p)
{
	FILE *f = fopen(path, mode);

	if (!f)
		die(w, path);
	for (; *p == '\t'; w->line++) {
		size_t n = strcspn(p, "\n");

		fwrite(p + 1, 1, n - 1, f);
		fputc('\n', f);
		p += n + (p[n] == '\n');
	}
	fclose(f);
	return p;
}

/* "PATH TEXT" */
static void write_bytes(struct world *w, char *rest)
{
	char *text = strchr(rest, ' ');
	FILE *f;

	if (!text)
		die(w, "bytes");
	*text++ = '\0';
	f = fopen(rest, "wb");
	if (!f)
		die(w, rest);
	for (const char *p = text; *p; p++) {
		char part[LONG_TEXT] = { *p };
		size_t n = *p == '\\' ? unescape(&p, part) : 1;

		fwrite(part, 1, n, f);
	}
	fclose(f);
}

static void compare_files(struct world *w, char *paths)
{
	char *second = strchr(paths, ' '), *a, *b;
	size_t m, n;

	if (!second)
		die(w, "two files");
	*second++ = '\0';
	a = read_whole(paths, &m);
	b = read_whole(second, &n);
	verdict(w, a && b && m == n && !memcmp(a, b, n), "the files differ");
	free(a);
	free(b);
}

static void link_file(struct world *w, char *paths)
{
	char *second = strchr(paths, ' ');

	if (!second)
		die(w, "two files");
	*second++ = '\0';
	if (symlink(paths, second))
		die(w, second);
}

static void expect(struct world *w, const char *what, const char *rest)
{
	struct expected *e = &w->expected;

	if (e->out_count == LINES || e->err_count == LINES)
		die(w, "too many lines");
	if (!strcmp(what, "out"))
		e->out[e->out_count++] = rest;
	else if (!strcmp(what, "err"))
		e->err[e->err_count++] = rest;
	else if (!strcmp(what, "exit"))
		e->status = atoi(rest);
	else if (!strcmp(what, "json"))
		e->json = 1;
	else
		die(w, "unknown line");
}

/* A line, after which p is the text that follows it. */
static char *do_line(struct world *w, const char *what, char *rest, char *p)
{
	static const char *const expecting[] = { "out", "err", "exit", "json" };

	for (size_t i = 0; i < sizeof expecting / sizeof *expecting; i++)
		if (!strcmp(what, expecting[i])) {
			expect(w, what, rest);
			return p;
		}
	finish_run(w);
	if (!strcmp(what, "run")) {
		w->run_line = w->line;
		w->run_text = rest;
		split(w, rest);
	} else if (!strcmp(what, "file")) {
		p = write_file(w, rest, "wb", p);
	} else if (!strcmp(what, "append")) {
		p = write_file(w, rest, "ab", p);
	} else if (!strcmp(what, "bytes")) {
		write_bytes(w, rest);
	} else if (!strcmp(what, "folder")) {
		if (mkdir(rest, 0700))
			die(w, rest);
	} else if (!strcmp(what, "remove")) {
		if (remove(rest))
			die(w, rest);
	} else if (!strcmp(what, "same")) {
		compare_files(w, rest);
	} else if (!strcmp(what, "has")) {
		verdict(w, access(rest, F_OK) == 0, "the file is not there");
	} else if (!strcmp(what, "lacks")) {
		verdict(w, access(rest, F_OK) < 0, "the file is there");
	} else if (!strcmp(what, "cd")) {
		w->cd = rest;
	} else if (!strcmp(what, "link")) {
		link_file(w, rest);
	} else if (!strcmp(what, "mode")) {
		char *path;
		mode_t mode = (mode_t)strtoul(rest, &path, 8);

		if (chmod(path + strspn(path, " "), mode))
			die(w, rest);
	} else if (!strcmp(what, "env")) {
		set_env(rest);
	} else {
		expect(w, what, rest);
	}
	return p;
}

/* "stdout" and "interrupt" are about the run after them, so they come when none is pending. */
static char *do_any(struct world *w, char *line, char *p)
{
	char *rest = strchr(line, ' ');

	if (rest)
		*rest++ = '\0';
	else
		rest = line + strlen(line);
	if (!*line || *line == '#')
		return p;
	if (!strcmp(line, "stdout")) {
		finish_run(w);
		snprintf(w->stdout_kind, sizeof w->stdout_kind, "%s", rest);
		return p;
	}
	if (!strcmp(line, "interrupt")) {
		finish_run(w);
		w->interrupt = 1;
		return p;
	}
	return do_line(w, line, rest, p);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void clean_env(void)
{
	setenv("LC_ALL", "C", 1);
	unsetenv("MIG_URL");
	unsetenv("MIG_DIRECTORY");
	unsetenv("MIG_CONFIG");
	unsetenv("MIG_APP");
	unsetenv("VISUAL");
	unsetenv("EDITOR");
}

static void run_case(struct world *w, const char *file)
{
	char *text = read_whole(file, NULL), *p = text, path[PATHS];

	w->file = file;
	w->line = 0;
	w->cd = NULL;
	snprintf(w->base, sizeof w->base, "/tmp/mig-cli-XXXXXX");
	if (!text || !mkdtemp(w->base))
		die(w, "the case");
	snprintf(path, sizeof path, "%s/work", w->base);
	if (mkdir(path, 0700) || chdir(path))
		die(w, path);
	clean_env();
	while (*p) {
		char *line = p;
		size_t n = strcspn(p, "\n");

		p += n + (p[n] == '\n');
		line[n] = '\0';
		w->line++;
		p = do_any(w, line, p);
	}
	finish_run(w);
	if (chdir("/"))
		die(w, "/");
	nftw(w->base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(text);
}

int main(int argc, char **argv)
{
	struct world w = { 0 };
	char mig[PATHS], pattern[PATHS];
	struct stat st;
	glob_t files = { 0 };

	if (argc < 3 || !realpath(argv[1], mig)) {
		fprintf(stderr, "usage: %s MIG FOLDER|FILE.test...\n", argv[0]);
		return 2;
	}
	w.mig = mig;
	for (int i = 2; i < argc; i++) {
		char whole[PATHS - 16];

		if (!realpath(argv[i], whole) || stat(whole, &st)) {
			fprintf(stderr, "%s: %s\n", argv[i], strerror(errno));
			return 2;
		}
		snprintf(pattern, sizeof pattern, "%s%s", whole,
			 S_ISDIR(st.st_mode) ? "/*.test" : "");
		glob(pattern, i > 2 ? GLOB_APPEND : 0, NULL, &files);
	}
	for (size_t i = 0; i < files.gl_pathc; i++)
		run_case(&w, files.gl_pathv[i]);
	globfree(&files);
	printf("%d passed, %d failed\n", w.passed, w.failed);
	return w.failed || !w.passed;
}

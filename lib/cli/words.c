/* words: a command as somebody has written it, cut into the words of a program's command line; and
 * the program is run. No shell is involved, so that nothing in a file's name is ever code.
 *
 * Blanks separate words. '...' is taken as it stands; in "..." a backslash makes the next " or \ an
 * ordinary character; outside of quotes, any. Nothing else is special; but what a shell would have
 * made of a word, an operator, a comment, a variable, is refused when it is not quoted, as such a
 * command would do something else than its writer meant. E.g.
 *
 *     sed -i "s/a b/c/" REVISION_SCRIPT_FILENAME   sed, -i, s/a b/c/, the file
 *     fmt REVISION_SCRIPT_FILENAME | tee log       refused: | */
#include "cli/words.h"
#include "base/ascii.h"

#include "cli/cli.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char token[] = "REVISION_SCRIPT_FILENAME";

/* Of an unquoted word what a shell takes for its own, or NULL. */
static const char *find_shell_word(const char *p, int starts, int is_first, const char *word,
				   size_t size)
{
	static const char names[] = MIG__LETTERS MIG__DIGITS "_";

	if (strchr("|&;<>()$`", *p))
		return p;
	if (starts && (*p == '#' || *p == '~'))
		return p;
	/* "LANG=C fmt" */
	return *p == '=' && is_first && size && strspn(word, names) == size ? p : NULL;
}

/* Copies a quoted part, whose opening quote p points to; its end, or NULL if there is none. */
static const char *copy_quoted(const char *p, char **out)
{
	char quote = *p++;

	for (; *p && *p != quote; p++) {
		if (quote == '"' && *p == '\\' && (p[1] == '"' || p[1] == '\\'))
			p++;
		*(*out)++ = *p;
	}
	return *p ? p + 1 : NULL;
}

/* One word to *out, which moves on; returns what follows it, or NULL with w->wrong or w->shell. */
static const char *copy_word(struct mig__cli_words *w, const char *p, char **out)
{
	const char *start = p, *word = *out;
	int quoted = 0;

	while (p && *p && *p != ' ' && *p != '\t') {
		if (*p == '\'' || *p == '"') {
			quoted = 1;
			p = copy_quoted(p, out);
			if (!p)
				w->wrong = "a quote is not closed";
			continue;
		}
		if (*p == '\\') {
			quoted = 1;
			p++;
			if (*p)
				*(*out)++ = *p++;
			continue;
		}
		w->shell = find_shell_word(p, p == start, !w->count && !quoted, word,
					   (size_t)(*out - word));
		if (w->shell)
			return NULL;
		*(*out)++ = *p++;
	}
	*(*out)++ = '\0';
	return p;
}

/* sh -c TEXT, perl -ne TEXT: what is put into the text becomes code there. */
static int is_program_text(const struct mig__cli_words *w, size_t i)
{
	const char *before = i ? w->at[i - 1] : "";
	size_t n = strlen(before);

	return n > 1 && before[0] == '-' && before[1] != '-' && strchr("ce", before[n - 1]) &&
	       strpbrk(w->at[i], " \t'\"$`;|&(){}");
}

static void check_token(struct mig__cli_words *w)
{
	for (size_t i = 0; i < w->count; i++) {
		if (!strstr(w->at[i], token))
			continue;
		w->names_file = 1;
		if (is_program_text(w, i))
			w->in_text = 1;
	}
}

int mig__cli_words_split(struct mig__cli_words *w, const char *command)
{
	size_t size = strlen(command);
	const char *p = command;
	char *out;

	*w = (struct mig__cli_words){ .command = command };
	w->text = malloc(2 * size + 2);
	w->at = malloc((size / 2 + 2) * sizeof *w->at);
	if (!w->text || !w->at)
		return 0;
	out = w->text;
	while (*(p += strspn(p, " \t"))) {
		char *word = out;

		p = copy_word(w, p, &out);
		if (!p)
			return 1;
		w->at[w->count++] = word;
	}
	w->at[w->count] = NULL;
	if (!w->count)
		w->wrong = "it is empty";
	check_token(w);
	return 1;
}

void mig__cli_words_finish(struct mig__cli_words *w)
{
	free(w->text);
	free(w->at);
	*w = (struct mig__cli_words){ 0 };
}

static int fail_words(struct mig__cli *cli, const char *what, const char *words, const char *why)
{
	return mig__cli_fail(cli, "%s \"%s\": %s", what, words, why);
}

int mig__cli_words_check(struct mig__cli *cli, const struct mig__cli_words *w, const char *what)
{
	struct mig__cli_text why = { 0 };
	int is_hook = strstr(what, "command") != NULL;

	if (w->wrong)
		return fail_words(cli, what, w->command, w->wrong);
	if (w->shell) {
		mig__cli_addf(&why, "the unquoted \"%c\" is for a shell, and none is used",
			      *w->shell);
		fail_words(cli, what, w->command, mig__cli_string(&why));
		mig__cli_text_finish(&why);
		mig__cli_hint(cli, is_hook ? "quote it, or run a shell: sh -c '...' sh "
					     "REVISION_SCRIPT_FILENAME"
					   : "quote it, or run a shell: sh -c '...' sh");
		return MIG_CLI_ERROR;
	}
	if (!w->in_text)
		return MIG_CLI_DONE;
	fail_words(cli, what, w->command, "the file's name would be part of a program's text");
	mig__cli_hint(cli, "hand it over as an argument: sh -c '... \"$1\"' sh "
			   "REVISION_SCRIPT_FILENAME");
	return MIG_CLI_ERROR;
}

/* -- running it */

/* A word with the file's name for each token. */
static char *fill(const char *word, const char *file)
{
	struct mig__cli_text out = { 0 };
	const char *at;

	for (; (at = strstr(word, token)); word = at + sizeof token - 1) {
		mig__cli_add(&out, word, (size_t)(at - word));
		mig__cli_adds(&out, file);
	}
	mig__cli_adds(&out, word);
	if (out.failed)
		mig__cli_text_finish(&out);
	return out.data;
}

static void free_arguments(char **argv)
{
	for (size_t i = 0; argv && argv[i]; i++)
		free(argv[i]);
	free(argv);
}

static char **make_arguments(const struct mig__cli_words *w, const char *file)
{
	char **argv = calloc(w->count + 2, sizeof *argv);
	size_t n = 0;

	for (; argv && n < w->count; n++) {
		argv[n] = fill(w->at[n], file);
		if (!argv[n])
			break;
	}
	if (argv && n == w->count && !w->names_file)
		argv[n++] = strdup(file);
	if (argv && n && argv[n - 1])
		return argv;
	free_arguments(argv);
	return NULL;
}

static int spawn(struct mig__cli *cli, char **argv, int *status)
{
	pid_t child;
	int error = posix_spawnp(&child, argv[0], NULL, NULL, argv, environ);

	if (error)
		return mig__cli_fail(cli, "%s: %s", argv[0], strerror(error));
	while (waitpid(child, status, 0) < 0)
		if (errno != EINTR)
			return mig__cli_fail(cli, "%s: %s", argv[0], strerror(errno));
	return MIG_CLI_DONE;
}

int mig__cli_words_run(struct mig__cli *cli, const struct mig__cli_words *w, const char *file,
		       int *status)
{
	struct mig__cli_text name = { 0 };
	char **argv;
	int rc;

	mig__cli_adds(&name, file[0] == '-' ? "./" : ""); /* it is not an option */
	mig__cli_adds(&name, file);
	argv = name.failed ? NULL : make_arguments(w, name.data);
	mig__cli_flush(cli);
	rc = argv ? spawn(cli, argv, status) : mig__cli_no_memory(cli);
	free_arguments(argv);
	mig__cli_text_finish(&name);
	return rc;
}

/* words: a command line that somebody has written, run without a shell. */
#ifndef MIG__CLI_WORDS_H
#define MIG__CLI_WORDS_H

#include <stddef.h>

struct mig__cli;

struct mig__cli_words {
	const char *command; /* as it was written, borrowed */
	char **at;           /* the words; ends with NULL */
	size_t count;
	const char *wrong; /* what is wrong with it, or NULL */
	const char *shell; /* where it has what only a shell understands, or NULL */
	int names_file;    /* the file's name has its place, REVISION_SCRIPT_FILENAME */
	int in_text;       /* ... within the text of a program, as that of sh -c */
	char *text;
};

/* 0: no memory. To be finished in any case. */
int mig__cli_words_split(struct mig__cli_words *words, const char *command);
void mig__cli_words_finish(struct mig__cli_words *words);
/* Reports what is wrong with it; `what` it is, e.g. "the editor". */
int mig__cli_words_check(struct mig__cli *cli, const struct mig__cli_words *words,
			 const char *what);
/* Runs it on a file, whose name is one argument, at the end if it has no place; *status is what
 * waitpid() gives. */
int mig__cli_words_run(struct mig__cli *cli, const struct mig__cli_words *words, const char *file,
		       int *status);

#endif

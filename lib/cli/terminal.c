/* terminal: what a terminal can show, and the way there. */
#include "cli/cli.h"

#include "base/ascii.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int mig__cli_can_ask(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

int mig__cli_is_terminal(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && term && term[0] && strcmp(term, "dumb") != 0;
}

/* no-color.org: any value but an empty one */
int mig__cli_takes_colour(int fd)
{
	const char *none = getenv("NO_COLOR");

	return mig__cli_is_terminal(fd) && !(none && none[0]);
}

int mig__cli_takes_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *locale = NULL;

	for (size_t i = 0; (!locale || !*locale) && i < sizeof names / sizeof *names; i++)
		locale = getenv(names[i]);
	for (; locale && *locale; locale++)
		if (!mig__ascii_compare_n(locale, "utf-8", 5) || !mig__ascii_compare_n(locale, "utf8", 4))
			return 1;
	return 0;
}

size_t mig__cli_columns(int fd)
{
	struct winsize size = { 0 };

	if (ioctl(fd, TIOCGWINSZ, &size) || !size.ws_col)
		return 80;
	return size.ws_col < 20 ? 20 : size.ws_col;
}

void mig__cli_paint(struct mig__cli_text *out, int on, enum mig__cli_colour colour)
{
	if (on)
		mig__cli_addf(out, "\033[%dm", (int)colour);
}

/* A pipe that nobody reads any more is reported by the exit status alone. */
void mig__cli_flush(struct mig__cli *cli)
{
	struct mig__cli_text *out = &cli->out;
	int error;

	if (out->len && !cli->out_failed) {
		errno = 0;
		if (fwrite(out->data, 1, out->len, stdout) != out->len || fflush(stdout)) {
			error = errno ? errno : EIO;
			clearerr(stdout);
			cli->out_failed = error;
			if (error != EPIPE)
				fprintf(stderr, "%s: stdout: %s\n", cli->program, strerror(error));
		}
	}
	mig__cli_clear(out);
}

/* terminal: what a terminal can show. */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

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

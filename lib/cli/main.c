/* main: the mig program. */
#include <fcntl.h>
#include <mig/cli.h>
#include <unistd.h>

/* A standard stream that is closed would give its number to the next file that is opened, and what
 * is printed would go there. Nothing can be written to these. */
static void hold_streams(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", O_RDONLY);
}

int main(int argc, char **argv)
{
	hold_streams();
	return mig_cli_main(argc, argv, NULL);
}

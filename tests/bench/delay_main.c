/* The proxy as a program:
 *
 *     delay [-d MILLISECONDS] LISTEN SERVER
 *
 * LISTEN is a path or a port of the loopback interface, SERVER the path of the server's socket; a
 * round trip takes 5 ms longer. Each connection's counts are printed when it ends, the sums at
 * SIGTERM. To count what a program sends to the server in /run/postgresql:
 *
 *     delay -d 0 /tmp/.s.PGSQL.5432 /run/postgresql/.s.PGSQL.5432
 */
#include "delay.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int listen_at(const char *where)
{
	struct sockaddr_un path = { .sun_family = AF_UNIX };
	struct sockaddr_in port = { .sin_family = AF_INET };
	int local = where[0] == '/', on = 1;
	int fd = socket(local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(path.sun_path, sizeof(path.sun_path), "%s", where);
	port.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	port.sin_port = htons((uint16_t)atoi(where));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, local ? (const struct sockaddr *)&path : (const struct sockaddr *)&port,
		 local ? sizeof(path) : sizeof(port)) ||
	    listen(fd, 128))
		return -1;
	return fd;
}

int main(int argc, char **argv)
{
	static struct delay_counts counts;
	double ms = 5;
	int c, listener;

	while ((c = getopt(argc, argv, "d:")) != -1) {
		if (c != 'd')
			return 2;
		ms = atof(optarg);
	}
	if (argc - optind != 2 || ms < 0) {
		fprintf(stderr, "usage: delay [-d MILLISECONDS] LISTEN SERVER\n");
		return 2;
	}
	listener = listen_at(argv[optind]);
	if (listener < 0) {
		perror(argv[optind]);
		return 1;
	}
	if (delay_serve(listener, argv[optind + 1], (int64_t)(ms * 1000), &counts, stdout)) {
		perror("delay");
		return 1;
	}
	delay_print(stdout, &counts);
	if (argv[optind][0] == '/')
		unlink(argv[optind]);
	return 0;
}

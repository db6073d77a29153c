/* delay: a proxy that puts a PostgreSQL server far away. What arrives is passed on half a round
 * trip later, in order and at any rate; memory holds what is on its way. It also counts what the
 * clients send. */
#ifndef MIG_BENCH_DELAY_H
#define MIG_BENCH_DELAY_H

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* Readable at any time: what has been answered has been counted. */
struct delay_counts {
	_Atomic uint64_t connections;
	/* How often clients sent something after the server had: a connection's first and last
	 * words are one each. */
	_Atomic uint64_t trips;
	_Atomic uint64_t messages;   /* of the protocol, without those that open a connection */
	_Atomic uint64_t kinds[128]; /* the same by their letter */
};

/* -- inside a program: a proxy in a process of its own */

struct delay {
	char folder[64]; /* the host to give libpq, on the port 5432 */
	pid_t pid;
	struct delay_counts *counts;
};

/* host and port as PQhost() and PQport() tell them, of a server on a unix socket. The process ends
 * with the program. Returns 0, or -1 and errno. */
int delay_start(struct delay *delay, const char *host, const char *port, int64_t round_trip_us);
void delay_stop(struct delay *delay);
/* A URL's database through the proxy, in `size` bytes. */
void delay_url(const struct delay *delay, const char *url, char *out, size_t size);

/* -- the process itself */

/* Serves until SIGTERM or SIGINT. log may be NULL: a line for each connection that ends. Returns 0,
 * or -1 and errno. */
int delay_serve(int listener, const char *server_socket, int64_t round_trip_us,
		struct delay_counts *counts, FILE *log);
void delay_print(FILE *out, const struct delay_counts *counts);

#endif

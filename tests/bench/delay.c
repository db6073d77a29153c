/* See delay.h. One process, one poll loop; a connection is two flows of chunks, each with the time
 * when it is due on the other side. */
#include "delay.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LINKS_MAX = 256, READ_SIZE = 64 * 1024 };

struct chunk {
	struct chunk *next;
	int64_t due_us;
	size_t size, sent; /* size 0: the end */
	char data[];
};

struct flow {
	int from, to;
	int ended; /* nothing more comes from `from` */
	int done;  /* nothing more goes to `to` */
	struct chunk *first, *last;
};

/* Where in the client's stream of messages its bytes are. */
struct reader {
	int open; /* behind the message that opens the connection */
	size_t have;
	unsigned char head[8];
	uint64_t skip;
};

struct link {
	struct flow up, down;
	struct reader reader;
	int answered; /* the server spoke last */
	int broken;
	struct delay_counts counts;
};

struct proxy {
	int listener;
	const char *server;
	int64_t half_us;
	struct delay_counts *counts;
	FILE *log;
	struct link *links[LINKS_MAX];
	size_t count;
};

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* -- counting */

static uint32_t number(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void count_kind(struct delay_counts *counts, unsigned char kind)
{
	counts->messages++;
	counts->kinds[kind & 127]++;
}

/* A message's first bytes are there: its letter and its size, or, before the connection is open,
 * its size and what it asks for. */
static void read_head(struct proxy *proxy, struct link *link)
{
	enum { ASKS_SSL = 80877103, ASKS_GSS = 80877104 };
	struct reader *r = &link->reader;
	uint32_t size = number(r->head + r->open);

	r->have = 0;
	if (r->open) {
		r->skip = size > 4 ? size - 4 : 0;
		count_kind(&link->counts, r->head[0]);
		count_kind(proxy->counts, r->head[0]);
	} else {
		uint32_t code = number(r->head + 4);

		r->skip = size > 8 ? size - 8 : 0;
		r->open = code != ASKS_SSL && code != ASKS_GSS;
	}
}

static void count_bytes(struct proxy *proxy, struct link *link, const char *data, size_t size)
{
	struct reader *r = &link->reader;

	if (link->answered) {
		link->answered = 0;
		link->counts.trips++;
		proxy->counts->trips++;
	}
	while (size) {
		if (r->skip) {
			size_t n = size < r->skip ? size : (size_t)r->skip;

			r->skip -= n;
			data += n;
			size -= n;
			continue;
		}
		r->head[r->have++] = (unsigned char)*data++;
		size--;
		if (r->have == (r->open ? 5 : 8))
			read_head(proxy, link);
	}
}

/* -- flows */

static void push(struct flow *flow, int64_t due_us, const char *data, size_t size)
{
	struct chunk *chunk = malloc(sizeof(*chunk) + size);

	if (!chunk)
		abort();
	*chunk = (struct chunk){ .due_us = due_us, .size = size };
	memcpy(chunk->data, data, size);
	if (flow->first)
		flow->last->next = chunk;
	else
		flow->first = chunk;
	flow->last = chunk;
}

static void receive(struct proxy *proxy, struct link *link, struct flow *flow)
{
	char buffer[READ_SIZE];
	ssize_t got = read(flow->from, buffer, sizeof(buffer));

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		flow->ended = 1;
		got = 0;
	} else if (flow == &link->up) {
		count_bytes(proxy, link, buffer, (size_t)got);
	} else {
		link->answered = 1;
	}
	push(flow, now_us() + proxy->half_us, buffer, (size_t)got);
}

/* Passes on what is due. */
static void deliver(struct link *link, struct flow *flow, int64_t now)
{
	while (flow->first && flow->first->due_us <= now) {
		struct chunk *chunk = flow->first;

		if (chunk->size) {
			ssize_t sent = send(flow->to, chunk->data + chunk->sent,
					    chunk->size - chunk->sent, MSG_NOSIGNAL);

			if (sent < 0 && errno != EAGAIN && errno != EINTR)
				link->broken = 1;
			if (sent < 0)
				return;
			chunk->sent += (size_t)sent;
			if (chunk->sent < chunk->size)
				return;
		} else {
			shutdown(flow->to, SHUT_WR);
			flow->done = 1;
		}
		flow->first = chunk->next;
		free(chunk);
	}
}

static void flow_finish(struct flow *flow)
{
	while (flow->first) {
		struct chunk *next = flow->first->next;

		free(flow->first);
		flow->first = next;
	}
	close(flow->from);
}

/* -- connections */

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

static void accept_one(struct proxy *proxy)
{
	int client = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC);
	int server = client < 0 ? -1 : connect_to(proxy->server);
	struct link *link = server < 0 ? NULL : calloc(1, sizeof(*link));
	int on = 1;

	if (!link) {
		if (client >= 0)
			close(client);
		if (server >= 0)
			close(server);
		return;
	}
	setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* if it is one */
	fcntl(client, F_SETFL, O_NONBLOCK);
	fcntl(server, F_SETFL, O_NONBLOCK);
	link->up = (struct flow){ .from = client, .to = server };
	link->down = (struct flow){ .from = server, .to = client };
	link->answered = 1;
	proxy->counts->connections++;
	proxy->links[proxy->count++] = link;
}

static void print_kinds(FILE *out, const struct delay_counts *counts)
{
	fprintf(out, "%d round trips, %d messages", (int)counts->trips, (int)counts->messages);
	for (int i = 0; i < 128; i++)
		if (counts->kinds[i])
			fprintf(out, ", %d %c", (int)counts->kinds[i], i >= ' ' ? i : '?');
	fputc('\n', out);
}

static void link_free(struct proxy *proxy, struct link *link)
{
	if (proxy->log)
		print_kinds(proxy->log, &link->counts);
	flow_finish(&link->up);
	flow_finish(&link->down);
	free(link);
}

static void drop_finished(struct proxy *proxy)
{
	size_t kept = 0;

	for (size_t i = 0; i < proxy->count; i++) {
		struct link *link = proxy->links[i];

		if (link->broken || (link->up.done && link->down.done))
			link_free(proxy, link);
		else
			proxy->links[kept++] = link;
	}
	proxy->count = kept;
}

/* -- the loop */

static short due_out(const struct flow *flow, int64_t now)
{
	return flow->first && flow->first->due_us <= now ? POLLOUT : 0;
}

/* A socket that nothing is wanted from is left out: its end would be told again and again. */
static struct pollfd wanted(int fd, int events)
{
	return (struct pollfd){ .fd = events ? fd : -1, .events = (short)events };
}

/* What is due already waits for its socket, not for the time. */
static void wait_earlier(const struct flow *flow, int64_t now, int64_t *until)
{
	if (flow->first && flow->first->due_us > now && flow->first->due_us < *until)
		*until = flow->first->due_us;
}

static int wait_for_any(const struct proxy *proxy, struct pollfd *fds, const sigset_t *mask)
{
	int64_t now = now_us(), until = INT64_MAX;
	struct timespec timeout;

	fds[0] = wanted(proxy->listener, proxy->count < LINKS_MAX ? POLLIN : 0);
	for (size_t i = 0; i < proxy->count; i++) {
		const struct flow *up = &proxy->links[i]->up, *down = &proxy->links[i]->down;

		fds[1 + 2 * i] = wanted(up->from, (up->ended ? 0 : POLLIN) | due_out(down, now));
		fds[2 + 2 * i] = wanted(down->from, (down->ended ? 0 : POLLIN) | due_out(up, now));
		wait_earlier(up, now, &until);
		wait_earlier(down, now, &until);
	}
	timeout.tv_sec = (until - now) / 1000000;
	timeout.tv_nsec = (until - now) % 1000000 * 1000;
	return ppoll(fds, 1 + 2 * proxy->count, until == INT64_MAX ? NULL : &timeout, mask);
}

static void serve_links(struct proxy *proxy, const struct pollfd *fds)
{
	int64_t now;

	for (size_t i = 0; i < proxy->count; i++) {
		struct link *link = proxy->links[i];

		if (fds[1 + 2 * i].revents && !link->up.ended)
			receive(proxy, link, &link->up);
		if (fds[2 + 2 * i].revents && !link->down.ended)
			receive(proxy, link, &link->down);
		now = now_us();
		deliver(link, &link->up, now);
		deliver(link, &link->down, now);
	}
}

int delay_serve(int listener, const char *server_socket, int64_t round_trip_us,
		struct delay_counts *counts, FILE *log)
{
	struct proxy proxy = {
		listener, server_socket, round_trip_us / 2, counts, log, { NULL }, 0
	};
	struct pollfd fds[1 + 2 * LINKS_MAX];
	struct sigaction action = { .sa_handler = stop };
	sigset_t block, before;

	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigaddset(&block, SIGINT);
	sigprocmask(SIG_BLOCK, &block, &before);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigdelset(&before, SIGTERM);
	sigdelset(&before, SIGINT);
	prctl(PR_SET_TIMERSLACK, 1000UL);
	while (!stopped) {
		if (wait_for_any(&proxy, fds, &before) < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		serve_links(&proxy, fds);
		drop_finished(&proxy);
		if (fds[0].revents)
			accept_one(&proxy);
	}
	while (proxy.count)
		link_free(&proxy, proxy.links[--proxy.count]);
	return 0;
}

void delay_print(FILE *out, const struct delay_counts *counts)
{
	fprintf(out, "%d connections: ", (int)counts->connections);
	print_kinds(out, counts);
}

/* -- inside a program */

static int listen_at(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)address, sizeof(*address)) ||
	    listen(fd, LINKS_MAX))
		return -1;
	return fd;
}

int delay_start(struct delay *delay, const char *host, const char *port, int64_t round_trip_us)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char server[128];
	pid_t parent = getpid();
	int listener;

	*delay = (struct delay){ .folder = "/tmp/mig-delay-XXXXXX" };
	if (host[0] != '/') {
		errno = EAFNOSUPPORT;
		return -1;
	}
	snprintf(server, sizeof(server), "%s/.s.PGSQL.%s", host, port);
	delay->counts = mmap(NULL, sizeof(*delay->counts), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (delay->counts == MAP_FAILED || !mkdtemp(delay->folder))
		return -1;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/.s.PGSQL.5432", delay->folder);
	listener = listen_at(&address);
	if (listener < 0)
		return -1;
	delay->pid = fork();
	if (delay->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() == parent)
			delay_serve(listener, server, round_trip_us, delay->counts, NULL);
		unlink(address.sun_path);
		rmdir(delay->folder);
		_exit(0);
	}
	close(listener);
	return delay->pid < 0 ? -1 : 0;
}

void delay_stop(struct delay *delay)
{
	kill(delay->pid, SIGTERM);
	waitpid(delay->pid, NULL, 0);
	munmap(delay->counts, sizeof(*delay->counts));
}

void delay_url(const struct delay *delay, const char *url, char *out, size_t size)
{
	snprintf(out, size, "%s%chost=%s&port=5432", url, strchr(url, '?') ? '&' : '?',
		 delay->folder);
}

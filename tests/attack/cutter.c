/* See cutter.h. One process, one poll loop. */
#include "cutter.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINKS = 96, ROOM = 256 * 1024, QUIET_MS = 40 };

const char *const cut_names[CUTS] = { "none", "before",      "after",  "swallow",
				      "half", "half answer", "silence" };

struct link {
	int client, server; /* -1: free */
	int opened;         /* the message that opens the connection has been seen */
	char data[ROOM];    /* of the client, not passed on yet */
	size_t size;
	enum cut cut; /* is being done */
};

struct proxy {
	int listener;
	const char *server;
	struct cutter_state *state;
	struct link *links[LINKS];
};

/* -- links */

static void link_close(struct link *l)
{
	if (l->client >= 0)
		close(l->client);
	if (l->server >= 0)
		close(l->server);
	l->client = l->server = -1;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%.107s", path);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

static void accept_one(struct proxy *p)
{
	int client = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);
	size_t i = 0;

	while (i < LINKS && p->links[i] && p->links[i]->client >= 0)
		i++;
	if (client < 0 || i == LINKS) {
		if (client >= 0)
			close(client);
		return;
	}
	if (!p->links[i])
		p->links[i] = malloc(sizeof(**p->links));
	if (!p->links[i])
		abort();
	*p->links[i] = (struct link){ .client = client, .server = connect_to(p->server) };
	if (p->links[i]->server < 0)
		link_close(p->links[i]);
}

static void send_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);

		if (sent <= 0)
			return; /* the other side will be seen to be closed */
		data += sent;
		size -= (size_t)sent;
	}
}

/* -- from the client */

static uint32_t number(const char *data)
{
	const unsigned char *at = (const unsigned char *)data;

	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Bytes of the first message of the buffer; 0: it is not all there. */
static size_t message_size(const struct link *l)
{
	size_t head = l->opened ? 1 : 0, size;

	if (l->size < head + 4)
		return 0;
	size = head + number(l->data + head);
	return size <= l->size ? size : 0;
}

static void cut_now(struct proxy *p, struct link *l, size_t size)
{
	l->cut = (enum cut)atomic_load(&p->state->cut);
	atomic_store(&p->state->done, 1);
	switch (l->cut) {
	case CUT_BEFORE:
		link_close(l);
		break;
	case CUT_AFTER:
		send_all(l->server, l->data, size);
		link_close(l);
		break;
	case CUT_HALF:
		send_all(l->server, l->data, size / 2);
		link_close(l);
		break;
	case CUT_SWALLOW:
	case CUT_HALF_ANSWER:
		/* with what follows in the same batch, or there would be no answer */
		send_all(l->server, l->data, l->size);
		l->size = 0;
		break;
	default:
		break;
	}
}

static int is_due(struct proxy *p, const struct link *l)
{
	uint64_t n;

	if (!l->opened)
		return 0;
	n = atomic_fetch_add(&p->state->messages, 1) + 1;
	return atomic_load(&p->state->cut) && n == atomic_load(&p->state->at);
}

static void from_client(struct proxy *p, struct link *l)
{
	ssize_t got = read(l->client, l->data + l->size, ROOM - l->size);
	size_t size;

	if (got <= 0) {
		link_close(l);
		return;
	}
	if (l->cut) /* swallowing or silent */
		return;
	l->size += (size_t)got;
	while (l->client >= 0 && (size = message_size(l)) > 0) {
		if (is_due(p, l)) {
			cut_now(p, l, size);
			return;
		}
		send_all(l->server, l->data, size);
		l->opened = 1;
		l->size -= size;
		memmove(l->data, l->data + size, l->size);
	}
	if (l->size == ROOM) { /* one long message: no place to cut */
		send_all(l->server, l->data, l->size);
		fputs("cutter: a message is too long\n", stderr);
		_exit(2);
	}
}

/* -- from the server */

static int is_ready(const char *data, size_t size)
{
	return size >= 6 && memcmp(data + size - 6, "Z\0\0\0\5", 5) == 0;
}

static void from_server(struct link *l)
{
	char data[64 * 1024];
	ssize_t got = read(l->server, data, sizeof(data));

	if (l->cut == CUT_SILENCE) {
		if (got <= 0) { /* the server gave up; the client does not learn it */
			close(l->server);
			l->server = -1;
		}
		return;
	}
	if (got <= 0 || l->cut == CUT_HALF_ANSWER) {
		if (got > 1)
			send_all(l->client, data, (size_t)got / 2);
		link_close(l);
		return;
	}
	if (l->cut != CUT_SWALLOW)
		send_all(l->client, data, (size_t)got);
	else if (is_ready(data, (size_t)got))
		link_close(l);
}

/* -- the process */

static _Noreturn void serve(struct proxy *p)
{
	struct pollfd fds[1 + 2 * LINKS];

	for (;;) {
		int waiting = 0, ready;

		fds[0] = (struct pollfd){ .fd = p->listener, .events = POLLIN };
		for (size_t i = 0; i < LINKS; i++) {
			struct link *l = p->links[i];

			fds[1 + 2 * i] =
				(struct pollfd){ .fd = l ? l->client : -1, .events = POLLIN };
			fds[2 + 2 * i] =
				(struct pollfd){ .fd = l ? l->server : -1, .events = POLLIN };
			waiting |= l && l->client >= 0 &&
				   (l->cut == CUT_SWALLOW || l->cut == CUT_HALF_ANSWER);
		}
		ready = poll(fds, 1 + 2 * LINKS, waiting ? QUIET_MS : -1);
		if (ready < 0 && errno != EINTR)
			_exit(2);
		for (size_t i = 0; i < LINKS; i++) {
			struct link *l = p->links[i];

			if (ready == 0 && l && l->client >= 0 && l->cut && l->cut != CUT_SILENCE)
				link_close(l); /* no answer came: the batch had no end yet */
			if (ready > 0 && l && l->client >= 0 && fds[1 + 2 * i].revents)
				from_client(p, l);
			if (ready > 0 && l && l->server >= 0 && fds[2 + 2 * i].revents)
				from_server(l);
		}
		if (ready > 0 && fds[0].revents)
			accept_one(p);
	}
}

static void give_up(const char *what)
{
	perror(what);
	exit(2);
}

void cutter_start(struct cutter *cutter, const char *folder)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	static char server[108];
	struct proxy proxy = { .server = server };
	pid_t parent = getpid();

	*cutter = (struct cutter){ .folder = "/tmp/mig-cutter-XXXXXX" };
	snprintf(server, sizeof(server), "%.90s/.s.PGSQL.5432", folder);
	cutter->state = mmap(NULL, sizeof(*cutter->state), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (cutter->state == MAP_FAILED || !mkdtemp(cutter->folder))
		give_up("cutter");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/.s.PGSQL.5432", cutter->folder);
	proxy.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (proxy.listener < 0 ||
	    bind(proxy.listener, (const struct sockaddr *)&address, sizeof(address)) ||
	    listen(proxy.listener, LINKS))
		give_up(address.sun_path);
	proxy.state = cutter->state;
	cutter->pid = fork();
	if (cutter->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(0);
		serve(&proxy);
	}
	close(proxy.listener);
	if (cutter->pid < 0)
		give_up("fork");
}

void cutter_stop(struct cutter *cutter)
{
	char path[128];

	kill(cutter->pid, SIGKILL);
	waitpid(cutter->pid, NULL, 0);
	munmap(cutter->state, sizeof(*cutter->state));
	snprintf(path, sizeof(path), "%s/.s.PGSQL.5432", cutter->folder);
	unlink(path);
	rmdir(cutter->folder);
}

void cutter_arm(struct cutter *cutter, enum cut cut, uint64_t at)
{
	atomic_store(&cutter->state->cut, CUT_NONE);
	atomic_store(&cutter->state->messages, 0);
	atomic_store(&cutter->state->done, 0);
	atomic_store(&cutter->state->at, at);
	atomic_store(&cutter->state->cut, (int)cut);
}

void cutter_url(const struct cutter *cutter, const char *url, char *out, size_t size)
{
	snprintf(out, size, "%s%chost=%s&port=5432", url, strchr(url, '?') ? '&' : '?',
		 cutter->folder);
}

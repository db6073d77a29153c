/* connect: opens a connection as PQconnectdbParams() does, but looks now and then whether somebody
 * wants to end that, and has what the server says at login: libpq's own receiver of notices, which
 * a blocking connect leaves no time to replace, writes to stderr. A name is still looked up by
 * libpq in one piece.
 *
 * libpq goes on to the next address when connect_timeout is over, but has no function for that. A
 * socket that is shut down while it connects makes it do the same. A server that has accepted and
 * then says nothing ends the whole attempt so; another one begins without that host. */
#include "dialect/postgresql/conn/connect.h"
#include "base/clock.h"
#include "dialect/postgresql/conn/report.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { TICK_MS = 50, LEAST_S = 2, PLACE_SIZE = 512 };

/* What the connection has for a parameter: given, from the environment, a service or libpq itself.
 */
static const char *value_of(const PQconninfoOption *options, const char *keyword)
{
	for (; options && options->keyword; options++)
		if (!strcmp(options->keyword, keyword) && options->val)
			return options->val;
	return "";
}

/* How long an address may take; 0: for ever. */
static int64_t patience_of(PGconn *db, int stoppable)
{
	PQconninfoOption *options = PQconninfo(db);
	int seconds = stoppable ? atoi(value_of(options, "connect_timeout")) : LEAST_S;

	PQconninfoFree(options);
	if (seconds <= 0)
		return 0;
	return (int64_t)(seconds < LEAST_S ? LEAST_S : seconds) * 1000000; /* as libpq has it */
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

/* Whether another address is tried than the last time. */
static int has_moved(PGconn *db, char *place)
{
	char now[PLACE_SIZE];

	snprintf(now, sizeof now, "%s %s %s", or_empty(PQhost(db)), or_empty(PQhostaddr(db)),
		 or_empty(PQport(db)));
	if (!strcmp(now, place))
		return 0;
	memcpy(place, now, sizeof now);
	return 1;
}

static int goes_on(PGconn *db, PostgresPollingStatusType wants)
{
	return wants != PGRES_POLLING_OK && wants != PGRES_POLLING_FAILED &&
	       PQstatus(db) != CONNECTION_BAD;
}

enum mig__pg_end mig__pg_await(const mig_conn *conn, PGconn *db, int stoppable)
{
	PostgresPollingStatusType wants = PGRES_POLLING_WRITING;
	int64_t patience = patience_of(db, stoppable), since = 0;
	char place[PLACE_SIZE] = "";

	while (goes_on(db, wants)) {
		struct pollfd p = { .fd = PQsocket(db),
				    .events = wants == PGRES_POLLING_READING ? POLLIN : POLLOUT };
		int late;

		if (stoppable && conn->host->poll(conn->host->user, 0))
			return MIG__PG_END_STOPPED;
		if (has_moved(db, place))
			since = mig__clock_us();
		late = patience && mig__clock_us() - since >= patience;
		if (late)
			shutdown(p.fd, SHUT_RDWR);
		if (late || poll(&p, 1, TICK_MS) > 0)
			wants = PQconnectPoll(db);
		if (late && (!goes_on(db, wants) || !has_moved(db, place)))
			return MIG__PG_END_LATE;
		if (late)
			since = mig__clock_us();
	}
	return PQstatus(db) == CONNECTION_OK ? MIG__PG_END_OPEN : MIG__PG_END_REFUSED;
}

/* -- several hosts, in lists with commas */

/* host, hostaddr, port */
enum { LISTS = 3 };
static const char *const list_names[LISTS] = { "host", "hostaddr", "port" };

static int length_of(const char *list)
{
	int n = *list != '\0';

	for (; *list; list++)
		n += *list == ',';
	return n;
}

/* Where the element with this number begins, and its size. */
static const char *element(const char *list, int at, size_t *size)
{
	for (; at && *list; list++)
		at -= *list == ',';
	*size = strcspn(list, ",");
	return list;
}

static int is_element(const char *list, int at, const char *text)
{
	size_t size;
	const char *is = element(list, at, &size);

	return size == strlen(text) && !strncmp(is, text, size);
}

/* The number of the host that is connected to; count: not found. */
static int current_host(PGconn *db, char *const lists[LISTS], int count)
{
	const char *host = or_empty(PQhost(db)), *port = or_empty(PQport(db));
	int i = 0;

	while (i < count && !((is_element(lists[0], i, host) || is_element(lists[1], i, host)) &&
			      (length_of(lists[2]) < 2 || is_element(lists[2], i, port))))
		i++;
	return i;
}

static void cut_element(char *list, int at)
{
	size_t size;
	char *from = list + (element(list, at, &size) - list), *next = from + size;

	if (*next)
		memmove(from, next + 1, strlen(next + 1) + 1);
	else if (from > list)
		from[-1] = '\0';
}

/* The lists without the host that is connected to; 0: there is no other. */
static int without_current(const mig_conn *conn, PGconn *db, char *lists[LISTS])
{
	PQconninfoOption *options = PQconninfo(db);
	int count, at, i;

	for (i = 0; i < LISTS; i++) {
		mig__free(&conn->alloc, lists[i]);
		lists[i] = mig__strdup(&conn->alloc, value_of(options, list_names[i]));
	}
	PQconninfoFree(options);
	if (!lists[0] || !lists[1] || !lists[2])
		return 0;
	count = length_of(lists[*lists[1] ? 1 : 0]);
	at = current_host(db, lists, count);
	if (count < 2 || at == count)
		return 0;
	for (i = 0; i < LISTS; i++)
		if (length_of(lists[i]) > 1)
			cut_element(lists[i], at);
	return *lists[*lists[1] ? 1 : 0] != '\0';
}

/* -- libmig's own connection */

static PGconn *start(mig_conn *conn, const char *url, char *const lists[LISTS])
{
	const char *const names[] = { "dbname",      "client_encoding", "fallback_application_name",
				      list_names[0], list_names[1],     list_names[2],
				      NULL };
	const char *const values[] = { url, "UTF8", "libmig", lists[0], lists[1], lists[2], NULL };
	PGconn *db = PQconnectStartParams(names, values, 1);

	if (db)
		PQsetNoticeReceiver(db, mig__pg_notice, conn);
	return db;
}

enum mig__pg_end mig__pg_connect(mig_conn *conn, const char *url)
{
	PGconn *plain = PQconnectStart("none");
	PQnoticeReceiver usual = plain ? PQsetNoticeReceiver(plain, NULL, NULL) : NULL;
	char *lists[LISTS] = { NULL };
	enum mig__pg_end end = MIG__PG_END_REFUSED;
	int i;

	PQfinish(plain);
	do {
		PQfinish(conn->db);
		conn->db = start(conn, url, lists);
		if (conn->db)
			end = mig__pg_await(conn, conn->db, 1);
	} while (conn->db && end == MIG__PG_END_LATE && without_current(conn, conn->db, lists));
	for (i = 0; i < LISTS; i++)
		mig__free(&conn->alloc, lists[i]);
	if (conn->db) /* as somebody who takes the connection expects it */
		PQsetNoticeReceiver(conn->db, usual, NULL);
	return end;
}

/* -- another client of the same database */

/* Of several hosts, the one that was reached; by its address, since asking for it may take long. */
static const char *reached(const mig_conn *conn, const PQconninfoOption *option)
{
	if (!strcmp(option->keyword, "host"))
		return PQhost(conn->db);
	if (!strcmp(option->keyword, "hostaddr"))
		return PQhostaddr(conn->db);
	return !strcmp(option->keyword, "port") ? PQport(conn->db) : option->val;
}

PGconn *mig__pg_connect_like(const mig_conn *conn)
{
	PQconninfoOption *options = PQconninfo(conn->db);
	const char *names[100], *values[100];
	PGconn *db = NULL;
	size_t i, n = 0;

	for (i = 0; options && options[i].keyword && n < 99; i++) {
		const char *value = reached(conn, &options[i]);

		if (!value || !*value)
			continue;
		names[n] = options[i].keyword;
		values[n++] = value;
	}
	names[n] = values[n] = NULL;
	if (options)
		db = PQconnectStartParams(names, values, 0);
	if (db) /* libpq's own writes to stderr */
		PQsetNoticeReceiver(db, mig__pg_drop_notice, NULL);
	PQconninfoFree(options);
	return db;
}

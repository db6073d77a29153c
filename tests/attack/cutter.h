/* cutter: a proxy before a PostgreSQL server on a unix socket that breaks a connection at a chosen
 * message. It knows where a client's messages begin and end; those that open a connection are not
 * counted. */
#ifndef MIG_ATTACK_CUTTER_H
#define MIG_ATTACK_CUTTER_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum cut {
	CUT_NONE,
	CUT_BEFORE,      /* the message is not passed on, both sides are closed */
	CUT_AFTER,       /* it is passed on, and both sides are closed at once */
	CUT_SWALLOW,     /* it is passed on, the server answers, the client gets nothing */
	CUT_HALF,        /* half of it is passed on */
	CUT_HALF_ANSWER, /* it is passed on, and half of what comes back */
	CUT_SILENCE,     /* from it on nothing is passed on in any direction, and nothing closed */
	CUTS
};

extern const char *const cut_names[CUTS];

/* Shared with the proxy's process. */
struct cutter_state {
	_Atomic int cut;           /* enum cut */
	_Atomic uint64_t at;       /* the message, from 1 */
	_Atomic uint64_t messages; /* since cutter_arm() */
	_Atomic int done;          /* it has happened */
};

struct cutter {
	char folder[64];
	pid_t pid;
	struct cutter_state *state;
};

/* folder: of the server's socket, port 5432. Ends the program on an error. */
void cutter_start(struct cutter *cutter, const char *folder);
void cutter_stop(struct cutter *cutter);
void cutter_arm(struct cutter *cutter, enum cut cut, uint64_t at);
/* A URL's database through the proxy. */
void cutter_url(const struct cutter *cutter, const char *url, char *out, size_t size);

#endif

/* message: what the user must be told, and must not, when a run fails for a reason outside of it.
 */
#ifndef MIG_ATTACK_MESSAGE_H
#define MIG_ATTACK_MESSAGE_H

#include "check.h"

enum trouble {
	TROUBLE_DISK_FULL,
	TROUBLE_IO,
	TROUBLE_MEMORY,
	TROUBLE_CANCEL,
	TROUBLE_LOCKED,
	TROUBLE_FILES,         /* no file descriptor is left */
	TROUBLE_CONNECTION,    /* cut, by whomever */
	TROUBLE_SERVER_CANCEL, /* an administrator stopped the statement */
	TROUBLE_STATEMENT,     /* the revision's own mistake */
	TROUBLES
};

/* RULE_MESSAGE unless the outcome fits the trouble. One that succeeded does. */
int check_message(enum trouble trouble, const struct outcome *outcome, struct verdict *v);

#endif

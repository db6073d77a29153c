/* See message.h. One row a trouble. */
#include "message.h"

#include <string.h>

enum { WORDS = 4 };

static const struct {
	const char *name;
	mig_status allowed[WORDS]; /* 0: no more */
	int hint;                  /* something must be said about what to do */
	const char *one_of[WORDS]; /* message or hint must have one of these; NULL: no more */
	const char *none_of[WORDS];
} rows[TROUBLES] = {
	[TROUBLE_DISK_FULL] = { "disk full",
				{ MIG_ESQL, MIG_EIO },
				0,
				{ "full", "No space", "space" },
				{ "read-only", "No such file" } },
	[TROUBLE_IO] = { "I/O error",
			 { MIG_ESQL, MIG_EIO, MIG_ECONNECT },
			 0,
			 { "I/O", "i/o", "disk" },
			 { "No such file", "read-only" } },
	[TROUBLE_MEMORY] = { "out of memory", { MIG_ENOMEM }, 0, { "memory" }, { "read-only" } },
	[TROUBLE_CANCEL] = { "cancel", { MIG_ECANCELLED }, 0, { NULL }, { "error in table" } },
	[TROUBLE_LOCKED] = { "locked", { MIG_ELOCKED }, 1, { "lock" }, { "read-only", "corrupt" } },
	[TROUBLE_FILES] = { "no file descriptor",
			    { MIG_ECONNECT, MIG_EIO, MIG_ESQL },
			    0,
			    { "open files", "descriptor", "EMFILE", "file" },
			    { "No such file", "read-only" } },
	[TROUBLE_CONNECTION] = { "connection lost",
				 { MIG_ECONNECT },
				 1,
				 { "connection", "server", "run again" },
				 { "pooler in transaction mode" } },
	[TROUBLE_SERVER_CANCEL] = { "stopped by an administrator",
				    { MIG_ECANCELLED, MIG_ESQL, MIG_ETIMEOUT },
				    0,
				    { "cancel" },
				    { "pooler" } },
	[TROUBLE_STATEMENT] = { "statement failed",
				{ MIG_ESQL, MIG_ECONSTRAINT },
				0,
				{ NULL },
				{ "connection" } },
};

/* Nothing of the revision is wrong, so nothing is to be changed in it, and no stamp helps. */
static const char *const bad_advice[] = { "mend", "by a stamp", "change the rest",
					  "edit the rest" };

static int has(const struct outcome *o, const char *word)
{
	return strstr(o->message, word) || strstr(o->hint, word);
}

int check_message(enum trouble trouble, const struct outcome *o, struct verdict *v)
{
	int allowed = 0, found = !rows[trouble].one_of[0];

	if (!o->status)
		return 0;
	for (size_t i = 0; i < WORDS; i++) {
		const char *word = rows[trouble].one_of[i], *never = rows[trouble].none_of[i];

		allowed |= o->status == rows[trouble].allowed[i];
		found |= word && has(o, word);
		if (never && has(o, never))
			return verdict_set(v, RULE_MESSAGE, "%s: \"%s\" in: %s [%s]",
					   rows[trouble].name, never, o->message, o->hint);
	}
	if (!allowed || !found || strchr(o->message, '\n') || !o->message[0])
		return verdict_set(v, RULE_MESSAGE, "%s: %s: %s [%s]", rows[trouble].name,
				   mig_status_name(o->status), o->message, o->hint);
	if (rows[trouble].hint && !o->hint[0])
		return verdict_set(v, RULE_MESSAGE, "%s: no hint: %s", rows[trouble].name,
				   o->message);
	for (size_t i = 0;
	     trouble != TROUBLE_STATEMENT && i < sizeof(bad_advice) / sizeof(*bad_advice); i++)
		if (has(o, bad_advice[i]))
			return verdict_set(v, RULE_MESSAGE, "%s: bad advice: %s [%s]",
					   rows[trouble].name, o->message, o->hint);
	return 0;
}

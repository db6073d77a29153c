/* change: a change of a schema as data: a database, the model, what the SQL says, and what becomes of
 * the rows. That both ways give exactly what they should is proved by mig_diff() itself. */
#ifndef TESTS_POSTGRESQL_CHANGE_H
#define TESTS_POSTGRESQL_CHANGE_H

#include "support.h"

#include <mig/model.h>

/* A change of a schema. Texts in `has` and `lacks` are about the upgrade; questions are asked
 * before, after the upgrade and after the downgrade. */
struct change {
	const char *name;
	const char *old, *new;
	const char *rows;                 /* run between old and the upgrade, or NULL */
	const char *has[6];               /* parts of the upgrade */
	const char *lacks[3];             /* no parts of it */
	const char *question, *up, *down; /* question NULL: none */
	int since, until; /* version of the server that it is for, and the first that it is not; 0: any */
};

/* The differences of the place and the model; fails if they are not proved. */
mig_op_list *change_diff(const struct place *p, const struct change *c, mig_ctx **ctx);
/* Runs both ways on a new database; nothing on a server that it is not for. */
void test_change(const struct change *c);

#define TEST_ALL(list)                                                     \
	static void test_##list(void **state)                              \
	{                                                                  \
		(void)state;                                               \
		for (size_t i = 0; i < sizeof(list) / sizeof *(list); i++) \
			test_change(&(list)[i]);                           \
	}

#endif

/* builtin: the dialects that a static build links in. Not the search for modules: registry.c. */
#include "dialect/builtin.h"

static const mig__dialect_fn builtin[] = {
#ifdef MIG_BUILTIN_SQLITE
	mig_dialect_sqlite,
#endif
#ifdef MIG_BUILTIN_POSTGRESQL
	mig_dialect_postgresql,
#endif
	NULL
};

const mig__dialect_fn *mig__dialect_builtin(void)
{
	return builtin;
}

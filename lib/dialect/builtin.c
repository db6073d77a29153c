#include "dialect/builtin.h"

static const mig__dialect_fn builtin[] = {
#ifdef MIG_BUILTIN_SQLITE
	mig_dialect_sqlite,
#endif
	NULL
};

const mig__dialect_fn *mig__dialect_builtin(void)
{
	return builtin;
}

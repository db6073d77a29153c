/* builtin: the dialects that a static build links in: MIG_BUILTIN, from the build, is
 * "mig_dialect_NAME," of each. Not the search for modules: registry.c. */
#include "dialect/builtin.h"

#ifndef MIG_BUILTIN
#define MIG_BUILTIN /* none */
#endif

static const mig__dialect_fn builtin[] = { MIG_BUILTIN NULL };

const mig__dialect_fn *mig__dialect_builtin(void)
{
	return builtin;
}

/* builtin: the dialects that are folded into a static library. */
#ifndef MIG__DIALECT_BUILTIN_H
#define MIG__DIALECT_BUILTIN_H

#include <mig/dialect.h>

typedef const mig_dialect *(*mig__dialect_fn)(void);

/* Their functions, NULL at the end. */
const mig__dialect_fn *mig__dialect_builtin(void);

#endif

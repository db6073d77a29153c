/* url: what may be shown of one. */
#include "base/alloc.h"
#include "dialect/db.h"

#include <mig/mig.h>

size_t mig_url_display(const char *url, char *out, size_t size)
{
	return mig__dialect_display(url ? url : "=", &mig__alloc_libc, out, out ? size : 0);
}

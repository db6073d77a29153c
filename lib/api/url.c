/* url: what may be shown of one, and where its path leads. */
#include "base/alloc.h"
#include "dialect/db.h"

#include <mig/mig.h>

size_t mig_url_display(const char *url, char *out, size_t size)
{
	return mig__dialect_display(url ? url : "=", &mig__alloc_libc, out, out ? size : 0);
}

size_t mig_url_resolve(const char *url, const char *folder, char *out, size_t size)
{
	return mig__dialect_resolve(url && folder ? url : "", folder ? folder : "", &mig__alloc_libc, out,
				    out ? size : 0);
}

/* url: what may be shown of one. */
#include "base/url.h"

#include <mig/mig.h>

size_t mig_url_display(const char *url, char *out, size_t size)
{
	return mig__url_display(url ? url : "=", out, out ? size : 0);
}

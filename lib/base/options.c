/* options: copies a caller's struct into one of today's size. A shorter one is filled up with
 * zeros; a longer one may set nothing that is not known here, since it would be ignored in
 * silence. */
#include "base/options.h"

#include <string.h>

mig_status mig__options_read(void *out, size_t known, const void *given, struct mig__error *err)
{
	size_t size;

	memset(out, 0, known);
	if (!given) {
		memcpy(out, &known, sizeof known);
		return MIG_OK;
	}
	memcpy(&size, given, sizeof size);
	if (size < sizeof size || size > 65536)
		return mig__fail(err, MIG_EINVAL, "struct_size is %zu: set it to sizeof the struct",
				 size);
	for (size_t i = known; i < size; i++)
		if (((const unsigned char *)given)[i])
			return mig__fail(
				err, MIG_EINVAL,
				"options set a member that libmig does not know (byte %zu)", i);
	memcpy(out, given, size < known ? size : known);
	memcpy(out, &known, sizeof known);
	return MIG_OK;
}

mig_status mig__options_element(void *out, size_t known, const void *given, size_t size,
				const char *what, struct mig__error *err)
{
	for (size_t i = known; i < size; i++)
		if (((const unsigned char *)given)[i])
			return mig__fail(err, MIG_EINVAL,
					 "%s sets a member that libmig does not know (byte %zu)", what, i);
	memset(out, 0, known);
	memcpy(out, given, size < known ? size : known);
	return MIG_OK;
}

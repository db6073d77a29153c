/* options: reading a caller's option struct of any age into one of today's. */
#ifndef MIG__BASE_OPTIONS_H
#define MIG__BASE_OPTIONS_H

#include "base/error.h"

/* Copies an option struct that starts with its size_t struct_size into out (known bytes, zeroed
 * first). given NULL: out is zero. An older, shorter struct is filled up with zeros; of a newer,
 * longer one the bytes that this library does not know must be zero. MIG_EINVAL otherwise. */
mig_status mig__options_read(void *out, size_t known, const void *given, struct mig__error *err);

#endif

/* options: reading a caller's option struct of any age into one of today's. */
#ifndef MIG__BASE_OPTIONS_H
#define MIG__BASE_OPTIONS_H

#include "base/error.h"

/* Copies an option struct that starts with its size_t struct_size into out (known bytes, zeroed
 * first). given NULL: out is zero. An older, shorter struct is filled up with zeros; of a newer,
 * longer one the bytes that this library does not know must be zero. MIG_EINVAL otherwise. */
mig_status mig__options_read(void *out, size_t known, const void *given, struct mig__error *err);

/* The same for an element of an array, whose size stands in the struct that points to it. The caller
 * has compared `size` with that of the first version. what: "a section", for the message. */
mig_status mig__options_element(void *out, size_t known, const void *given, size_t size,
				const char *what, struct mig__error *err);

/* The size of a struct that ends with the member: that of its first version. */
#define MIG__SIZE_TO(type, member) (offsetof(type, member) + sizeof(((type *)0)->member))

#endif

/* The layout of every public struct, and the value of every public enumerator, as they are for good. An
 * offset or a value never changes; a size changes when a member is appended to a struct that has a
 * struct_size. The lists are in places.h; a compiler of any system holds its own layout against them. */
#include <mig/cli.h>
#include <mig/conformance.h>
#include <mig/dialect.h>
#include <mig/mig.h>
#include <mig/model.h>
#include <mig/op.h>
#include <mig/schema.h>
#include <mig/types.h>

/* with pointers of 64 bits, of 32 bits, and where besides int64_t may be at a multiple of 4 */
#if UINTPTR_MAX > 0xffffffff
#define PLACE(wide, narrow, i386) (wide)
#elif defined(__i386__) && !defined(_WIN32) && !defined(LAYOUT_ALIGNED)
#define PLACE(wide, narrow, i386) (i386)
#else
#define PLACE(wide, narrow, i386) (narrow)
#endif

#define SIZE(type, wide, narrow, i386) \
	_Static_assert(sizeof(struct type) == PLACE(wide, narrow, i386), "size of " #type)
#define AT(type, member, wide, narrow, i386)                                       \
	_Static_assert(offsetof(struct type, member) == PLACE(wide, narrow, i386), \
		       "place of " #type "." #member)
#define VALUE(name, value) _Static_assert((name) == (value), "value of " #name)

#include "places.h"

int main(void)
{
	return 0;
}

/* pointers, so that mig_op can grow */
_Static_assert(_Generic(((mig_changes *)0)->ops, const mig_op *const *: 1, default: 0),
	       "mig_changes.ops");

/* See failalloc.h. These definitions take the place of the C library's in every shared object. */
#include "failalloc.h"

#include <errno.h>
#include <stddef.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *ptr, size_t size);

static uint64_t count, fail_at;
static int fail_on;

void failalloc_set(uint64_t at, int lasting)
{
	count = 0;
	fail_at = at;
	fail_on = lasting;
}

uint64_t failalloc_count(void)
{
	return count;
}

static int refuse(void)
{
	count++;
	if (!fail_at || (fail_on ? count < fail_at : count != fail_at))
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	return refuse() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return refuse() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *ptr, size_t size)
{
	return refuse() ? NULL : __libc_realloc(ptr, size);
}

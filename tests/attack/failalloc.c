/* See failalloc.h. These definitions take the place of the C library's in every shared object. */
#include "failalloc.h"

#include <errno.h>
#include <malloc.h>
#include <stddef.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *ptr, size_t size);
void __libc_free(void *ptr);

/* What is put aside for such a time is of use: its bytes can be had again. */
enum { ASIDE = 32 * 1024 };

static size_t given_back;

static uint64_t count, fail_at;
static int fail_on;

void failalloc_set(uint64_t at, int lasting)
{
	count = 0;
	fail_at = at;
	fail_on = lasting;
	given_back = 0;
}

uint64_t failalloc_count(void)
{
	return count;
}

static int refuse(size_t size)
{
	count++;
	if (!fail_at || (fail_on ? count < fail_at : count != fail_at))
		return 0;
	if (size <= given_back) {
		given_back -= size;
		return 0;
	}
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	return refuse(size) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return refuse(n * size) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *ptr, size_t size)
{
	return refuse(size) ? NULL : __libc_realloc(ptr, size);
}

void free(void *ptr)
{
	if (ptr && fail_at && fail_on && count >= fail_at && malloc_usable_size(ptr) >= ASIDE)
		given_back += malloc_usable_size(ptr);
	__libc_free(ptr);
}

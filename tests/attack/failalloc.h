/* failalloc: malloc() and its like for the whole process, libmig, SQLite and libpq included, that
 * can be made to fail. For the GNU C library, and not together with a sanitizer. */
#ifndef MIG_ATTACK_FAILALLOC_H
#define MIG_ATTACK_FAILALLOC_H

#include <stdint.h>

/* The n-th request from now on fails, from 1; lasting: all later ones too. 0: none. */
void failalloc_set(uint64_t at, int lasting);
/* Requests since then. */
uint64_t failalloc_count(void);

#endif

/* ascii: letters and digits as every program has them, whatever locale the host has set. The
 * functions of <ctype.h> and <strings.h> are not used in libmig: in tr_TR, "PRIMARY" and "primary"
 * are different words to strcasecmp(). A test holds that (tests/structure/locale.sh). */
#ifndef MIG__BASE_ASCII_H
#define MIG__BASE_ASCII_H

#include <stddef.h>

/* For strspn() and strchr(). */
#define MIG__SMALL "abcdefghijklmnopqrstuvwxyz"
#define MIG__CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define MIG__LETTERS MIG__SMALL MIG__CAPITALS
#define MIG__DIGITS "0123456789"

static inline int mig__ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline char mig__ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* As strncmp(), A to Z being equal to a to z. */
static inline int mig__ascii_compare_n(const char *a, const char *b, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char x = (unsigned char)mig__ascii_lower(a[i]);
		unsigned char y = (unsigned char)mig__ascii_lower(b[i]);

		if (x != y)
			return x < y ? -1 : 1;
		if (!x)
			break;
	}
	return 0;
}

/* As strcmp(), A to Z being equal to a to z. */
static inline int mig__ascii_compare(const char *a, const char *b)
{
	return mig__ascii_compare_n(a, b, (size_t)-1);
}

#endif

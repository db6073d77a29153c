/* A host that takes the user's locale, as an object for LD_PRELOAD: with it every test program is
 * one. Not with a sanitizer, which brings comparisons of its own. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

__attribute__((constructor)) static void take_locale(void)
{
	const char *wanted = getenv("LANG");

	if (!setlocale(LC_ALL, "") && wanted) {
		fprintf(stderr, "there is no locale %s\n", wanted);
		_Exit(70);
	}
}

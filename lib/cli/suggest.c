/* suggest: "did you mean". */
#include "cli/text.h"

#include <string.h>

enum { LONGEST = 40 };

static size_t smallest(size_t a, size_t b, size_t c)
{
	a = a < b ? a : b;
	return a < c ? a : c;
}

/* Letters to add, leave out, change or swap between two short words. */
static size_t distance(const char *a, size_t m, const char *b, size_t n)
{
	size_t d[LONGEST + 1][LONGEST + 1];

	for (size_t i = 0; i <= m; i++)
		d[i][0] = i;
	for (size_t k = 0; k <= n; k++)
		d[0][k] = k;
	for (size_t i = 1; i <= m; i++)
		for (size_t k = 1; k <= n; k++) {
			d[i][k] = smallest(d[i - 1][k] + 1, d[i][k - 1] + 1,
					   d[i - 1][k - 1] + (a[i - 1] != b[k - 1]));
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
				d[i][k] = smallest(d[i][k], d[i - 2][k - 2] + 1, SIZE_MAX);
		}
	return d[m][n];
}

const char *mig__cli_suggest(const char *word, const char *(*name)(const void *list, size_t i),
			     const void *list)
{
	size_t len = strlen(word), best = len < 4 ? 2 : 3; /* one edit, or two */
	const char *near = NULL, *candidate;

	if (len < 2 || len > LONGEST)
		return NULL;
	for (size_t i = 0; (candidate = name(list, i)); i++) {
		size_t n = strlen(candidate);
		size_t d = n <= LONGEST ? distance(word, len, candidate, n) : best;

		if (d < best && d < n) {
			best = d;
			near = candidate;
		}
	}
	return near;
}

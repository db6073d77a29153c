/* The limit as a program of its own, that loads SQLite and nothing else:
 *
 *     bench_limit noop DATABASE            read the version rows
 *     bench_limit scan DATABASE FOLDER     the same, and read every revision file
 *     bench_limit up DATABASE FOLDER       upgrade, a transaction a revision
 *
 * It prints its peak memory in kB. */
#include "limit.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "noop") == 0) {
		limit_noop(argv[2]);
	} else if (argc == 4 && strcmp(argv[1], "scan") == 0) {
		limit_scan(argv[3]);
		limit_noop(argv[2]);
	} else if (argc == 4 && strcmp(argv[1], "up") == 0) {
		limit_apply_folder(argv[2], argv[3], 0);
	} else {
		fprintf(stderr, "usage: bench_limit noop|scan|up DATABASE [FOLDER]\n");
		return 2;
	}
	printf("%ld\n", peak_kb());
	return 0;
}

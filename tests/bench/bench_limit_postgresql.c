/* The limit on PostgreSQL as a program of its own, without libmig:
 *
 *     bench_limit_postgresql noop URL            read the version rows
 *     bench_limit_postgresql scan URL FOLDER     the same, and read every revision file
 *     bench_limit_postgresql up URL FOLDER       upgrade, a transaction a revision
 *
 * It prints its peak memory in kB. */
#include "limit_postgresql.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "noop") == 0) {
		limit_pg_noop(argv[2]);
	} else if (argc == 4 && strcmp(argv[1], "scan") == 0) {
		limit_scan(argv[3]);
		limit_pg_noop(argv[2]);
	} else if (argc == 4 && strcmp(argv[1], "up") == 0) {
		limit_pg_apply_folder(argv[2], argv[3]);
	} else {
		fprintf(stderr, "usage: bench_limit_postgresql noop|scan|up URL [FOLDER]\n");
		return 2;
	}
	printf("%ld\n", peak_kb());
	return 0;
}

/* programs: other programs that the benchmark runs and times. */
#ifndef MIG_BENCH_PROGRAMS_H
#define MIG_BENCH_PROGRAMS_H

#include <stddef.h>

enum { PATH_SIZE = 512 };

/* The path of a program that lies beside this one. */
void program_beside(const char *name, char out[PATH_SIZE]);
/* Runs one and returns milliseconds: those that passed, or what the process worked when
 * clock_use_cpu() was called. argv ends with NULL. Its output goes to *line (64 bytes) or nowhere.
 * An exit status other than 0 ends this program. */
double program_run(const char *const argv[], char *line);

#endif

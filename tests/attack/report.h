/* report: what every attack prints: a line for each violation with the command that repeats it
 * alone, and at the end a line with the attack, its points and violations, and how long it took. */
#ifndef MIG_ATTACK_REPORT_H
#define MIG_ATTACK_REPORT_H

#include "check.h"

#include <stdint.h>
#include <sys/types.h>

/* Violations that differ in numbers alone are of one kind: the first ones are printed. */
enum { REPORT_KINDS = 64, REPORT_SHOWN = 3 };

struct report {
	const char *name;
	size_t points, violations;
	int64_t began_us;
	uint64_t kinds[REPORT_KINDS]; /* hashes */
	size_t counts[REPORT_KINDS];
};

void report_begin(struct report *report, const char *name);
/* A point that held. */
void report_point(struct report *report);
/* One that did not. format: the arguments that repeat it. */
__attribute__((format(printf, 3, 4))) void
report_violation(struct report *report, const struct verdict *v, const char *format, ...);
/* Prints the line; returns the number of violations. */
size_t report_end(struct report *report);

/* -- the command line of an attack */

struct arguments {
	int is_long;
	uint32_t seed;
	const char *only;  /* name of the one attack to run, or NULL: all of the program's */
	const char *point; /* the one point to run, in the attack's own words, or NULL */
	const char *program;
};

/* --long, --seed N, --only NAME, --point TEXT; exits with 2 on anything else. */
void arguments_read(struct arguments *out, int argc, char **argv);
int arguments_want(const struct arguments *arguments, const char *name);
/* a in the short form, b in the long one */
size_t arguments_size(const struct arguments *arguments, size_t a, size_t b);

/* A seed that depends on all of these alone. */
uint32_t seed_of(uint32_t seed, size_t a, size_t b, size_t c);

#endif

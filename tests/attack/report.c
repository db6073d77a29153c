/* See report.h. */
#include "report.h"

#include "../crash/support.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *program = "";

void report_begin(struct report *report, const char *name)
{
	*report = (struct report){ .name = name, .began_us = clock_us() };
}

void report_point(struct report *report)
{
	report->points++;
}

/* How many of its kind came before. */
static size_t count_kind(struct report *report, const struct verdict *v)
{
	uint64_t hash = 0xcbf29ce484222325u ^ v->rule;
	size_t i = 0;

	for (const char *at = v->text; *at; at++)
		if (*at < '0' || *at > '9')
			hash = (hash ^ (unsigned char)*at) * 0x100000001b3u;
	while (i + 1 < REPORT_KINDS && report->counts[i] && report->kinds[i] != hash)
		i++;
	report->kinds[i] = hash;
	return report->counts[i]++;
}

void report_violation(struct report *report, const struct verdict *v, const char *format, ...)
{
	va_list args;

	report->points++;
	report->violations++;
	if (count_kind(report, v) >= REPORT_SHOWN)
		return;
	printf("VIOLATION of %s: %s\n    repeat: %s --only %s ", rule_names[v->rule], v->text,
	       program, report->name);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
}

size_t report_end(struct report *report)
{
	printf("%-32s %7zu points %5zu violations %7.1f s\n", report->name, report->points,
	       report->violations, (double)(clock_us() - report->began_us) / 1e6);
	fflush(stdout);
	return report->violations;
}

void arguments_read(struct arguments *out, int argc, char **argv)
{
	*out = (struct arguments){ .seed = 1, .program = argv[0] };
	program = argv[0];
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (strcmp(argv[i], "--long") == 0) {
			out->is_long = 1;
			continue;
		}
		if (value && strcmp(argv[i], "--seed") == 0)
			out->seed = (uint32_t)strtoul(value, NULL, 10);
		else if (value && strcmp(argv[i], "--only") == 0)
			out->only = value;
		else if (value && strcmp(argv[i], "--point") == 0)
			out->point = value;
		else
			break;
		i++;
		if (i + 1 == argc)
			return;
	}
	if (argc == 1 || (argc == 2 && out->is_long))
		return;
	if (argc > 1 && (out->only || out->point || out->is_long || out->seed != 1))
		return;
	fprintf(stderr, "usage: %s [--long] [--seed N] [--only NAME [--point TEXT]]\n", argv[0]);
	exit(2);
}

int arguments_want(const struct arguments *arguments, const char *name)
{
	return !arguments->only || strcmp(arguments->only, name) == 0;
}

size_t arguments_size(const struct arguments *arguments, size_t a, size_t b)
{
	return arguments->is_long ? b : a;
}

uint32_t seed_of(uint32_t seed, size_t a, size_t b, size_t c)
{
	uint64_t x = seed;

	x = (x ^ a) * 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 29) ^ b) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 32) ^ c) * 0x94d049bb133111ebu;
	x ^= x >> 31;
	return (uint32_t)x ? (uint32_t)x : 1;
}

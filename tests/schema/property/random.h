/* random: schemas made of chance, and changes of them, for the properties that autogenerate must
 * have on every pair of schemas. The same seed gives the same schemas.
 *
 * A schema here may be nonsense (an index of a column that is gone): printing leaves out what does
 * not fit, so that every change is one step on plain data and the SQL is valid all the same. Two
 * schemas that print the same text are the same, and those that do not differ. */
#ifndef TESTS_SCHEMA_RANDOM_H
#define TESTS_SCHEMA_RANDOM_H

#include <stdint.h>
#include <stdio.h>

enum { TABLES_MAX = 7, COLUMNS_MAX = 9, EXTRAS_MAX = 48, NAME_SIZE = 24, KEY_MAX = 3 };

enum dialect { SQLITE, POSTGRESQL };

/* What expressions can do with a column. */
enum class { NUMBER, TEXT, TRUTH, OTHER };

struct column {
	char name[NAME_SIZE];
	unsigned type; /* into the dialect's types */
	unsigned not_null, fallback, collation, generated, identity, comment; /* 0: none */
};

struct table {
	char name[NAME_SIZE];
	unsigned count;
	struct column columns[COLUMNS_MAX];
	unsigned key; /* 0: none, 1: the first column, 2: the first two, 3: as 1, automatic */
	unsigned option, comment, partition;
};

enum extra_kind {
	INDEX,
	UNIQUE,
	CHECK,
	FOREIGN_KEY,
	VIEW,
	VIEW_ON_VIEW,
	TRIGGER,
	COMMON_KINDS,
	VIRTUAL = COMMON_KINDS,
	SQLITE_KINDS,
	ENUM = SQLITE_KINDS,
	DOMAIN,
	COMPOSITE,
	SEQUENCE,
	FUNCTION,
	TABLE_FUNCTION,
	MATERIALIZED_VIEW,
	POLICY,
	STATISTICS,
	EXCLUSION,
	CHILD,
	GRANT,
	RULE,
	POSTGRESQL_KINDS
};

/* Anything that is not a table or column. Its name tells its kind and a number. */
struct extra {
	unsigned kind, number;
	char table[NAME_SIZE], referred[NAME_SIZE];
	char keys[KEY_MAX][NAME_SIZE];
	unsigned key_count;
	unsigned how, more; /* which of its forms */
};

struct schema {
	enum dialect dialect;
	unsigned table_count, extra_count;
	struct table tables[TABLES_MAX];
	struct extra extras[EXTRAS_MAX];
};

/* A small generator of random numbers (splitmix64). */
uint64_t random_next(uint64_t *state);
/* 0 ... n-1 */
unsigned random_below(uint64_t *state, unsigned n);

void schema_make(struct schema *s, enum dialect dialect, uint64_t *state);
/* One change. It may change nothing that is printed. */
void schema_change(struct schema *s, uint64_t *state);
void schema_print(const struct schema *s, FILE *out);

/* For the printers of the dialects. */
const struct table *find_table(const struct schema *s, const char *name);
const struct column *find_column(const struct table *t, const char *name);
const struct extra *find_extra(const struct schema *s, unsigned kind, unsigned number);
/* Quoted if it has to be. Static, of the last few calls. */
const char *quoted(const char *name);
enum class class_of(const struct schema *s, const struct column *c);
/* The columns of an extra that its table has; 0 if not all are there. */
unsigned extra_columns(const struct extra *x, const struct table *t,
		       const struct column *out[KEY_MAX]);
/* A condition on a column. */
void print_condition(FILE *out, const struct schema *s, const struct column *c, const char *prefix,
		     unsigned how);

void sqlite_print(const struct schema *s, FILE *out);
void postgresql_print(const struct schema *s, FILE *out);
extern const enum class sqlite_classes[], postgresql_classes[];
extern const unsigned sqlite_type_count, postgresql_type_count;

#endif

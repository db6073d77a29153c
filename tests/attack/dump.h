/* dump: schema and data of a database as one text, without libmig's own two tables: two databases
 * are the same exactly if their dumps are equal. And the little SQL that the checker needs. */
#ifndef MIG_ATTACK_DUMP_H
#define MIG_ATTACK_DUMP_H

#include <stddef.h>

/* A growing text. Running out of memory ends the program: it is a test. */
struct text {
	char *data; /* NUL-terminated once something was added */
	size_t size, room;
};

void text_add(struct text *text, const char *data, size_t size);
__attribute__((format(printf, 2, 3))) void text_addf(struct text *text, const char *format, ...);
void text_clear(struct text *text);
void text_free(struct text *text);
/* The first line in which they differ, of both, in `size` bytes. */
void text_difference(const char *found, const char *expected, char *out, size_t size);

/* A connection that knows nothing of libmig. */
struct bare {
	const struct bare_engine *engine;
	void *handle;
	char error[400];
};

/* Every function returns 0, or -1 with bare.error. */
struct bare_engine {
	const char *dialect;
	int (*open)(struct bare *db, const char *url);
	void (*close)(struct bare *db);
	int (*exec)(struct bare *db, const char *sql);
	/* The rows of a query: columns with '|' between, '\n' after each row. */
	int (*rows)(struct bare *db, const char *sql, struct text *out);
	/* Empty, or what is wrong with the database as the engine sees it. */
	int (*sound)(struct bare *db, struct text *out);
	/* Tables, columns, keys, indexes, views, triggers, rows. What the engine left unfinished
	 * and marked so (an index that is not valid) is left out, and counted. */
	int (*dump)(struct bare *db, struct text *out, int *unfinished);
	int (*in_transaction)(struct bare *db);
	/* All that a session can set. */
	int (*settings)(struct bare *db, struct text *out);
	/* 1 if there are libmig's tables. */
	int (*has_tables)(struct bare *db);
};

extern const struct bare_engine bare_sqlite;
extern const struct bare_engine bare_postgresql;

/* A connection that is open already. */
void bare_lent(struct bare *db, const struct bare_engine *engine, void *handle);
int bare_open(struct bare *db, const struct bare_engine *engine, const char *url);
void bare_close(struct bare *db);

#endif

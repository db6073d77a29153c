/* deadlock: the relations that a deadlock was about, from the server's detail of the error:
 *
 *     Process 7 waits for AccessExclusiveLock on relation 16412 of database 5; blocked by
 * process 9. Process 9 waits for RowExclusiveLock on relation 16409 of database 5; blocked by
 * process 7.
 *
 * They are kept for further tries of the run, until one is committed: way.c. The words are
 * translated, so only numbers are read. */
#include "dialect/postgresql/conn/lock.h"

#include <stdlib.h>
#include <string.h>

enum {
	FIRST_OWN_OID = 16384, /* FirstNormalObjectId: below are the system's relations */
	NUMBERS = 8            /* in a line */
};

/* The numbers of a line, whatever the language around them. */
static int read_numbers(const char *line, size_t size, unsigned long out[NUMBERS])
{
	size_t i = 0;
	int count = 0;
	char *after;

	while (i < size && count < NUMBERS) {
		if (line[i] < '0' || line[i] > '9') {
			i++;
			continue;
		}
		out[count++] = strtoul(line + i, &after, 10);
		i = (size_t)(after - line);
	}
	return count;
}

static void add(struct mig__pg_way *way, unsigned long oid)
{
	int i;

	for (i = 0; i < way->count; i++)
		if (way->oids[i] == oid)
			return;
	if (oid >= FIRST_OWN_OID && oid <= UINT32_MAX && way->count < MIG__PG_WAY_MAX)
		way->oids[way->count++] = (uint32_t)oid;
}

/* Relation and database stand between the two processes, in either order; what is not a relation's
 * number is sorted out by the server. */
void mig__pg_way_note(mig_conn *conn, const char *detail)
{
	unsigned long numbers[NUMBERS];
	size_t size;
	int i, count;

	for (; detail && *detail; detail += size + (detail[size] == '\n')) {
		size = strcspn(detail, "\n");
		count = read_numbers(detail, size, numbers);
		for (i = 1; i + 1 < count; i++)
			add(&conn->lock->way, numbers[i]);
	}
}

void mig__pg_way_forget(mig_conn *conn)
{
	conn->lock->way.count = 0;
}

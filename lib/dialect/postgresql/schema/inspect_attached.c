/* inspect_attached: indexes of partitions, also those of keys, that are attached to one of the parent's.
 * What the server makes by itself comes and goes with the parent's, and is marked so; one of another
 * name, with other options or with a comment is an object like any other. Both have an inheritance,
 * which says to which index they belong. */
#include "base/buf.h"
#include "dialect/postgresql/schema/inspect.h"

#include <string.h>

/* They are in the order of their oids. */
int mig__catalog_index_row(const struct mig__catalog *c, uint32_t oid)
{
	int low = 0, high = PQntuples(c->indexes);

	while (low < high) {
		int middle = low + (high - low) / 2;

		if (mig__field_oid(c->indexes, middle, MIG__INDEX_OID) < oid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < PQntuples(c->indexes) &&
			       mig__field_oid(c->indexes, low, MIG__INDEX_OID) == oid
		       ? low
		       : -1;
}

/* The row of the index that it is attached to, or -1. */
static int row_above(const struct mig__catalog *c, int row)
{
	uint32_t at = mig__catalog_find(&c->known, MIG__CLASS_PARENT,
					mig__field_oid(c->indexes, row, MIG__INDEX_OID), 0);

	return at == MIG__NONE ? -1
			       : mig__catalog_index_row(c, mig__field_oid(c->small, (int)at,
									  MIG__SMALL_OF));
}

/* -- the server's names: makeObjectName(), ChooseIndexNameAddition() */

enum { NAME_BYTES = 63 };

static size_t clip(const char *text, size_t size)
{
	while (size && ((unsigned char)text[size] & 0xc0) == 0x80)
		size--;
	return size;
}

static int is_usual_name(const char *name, const char *table, const char *columns, const char *word)
{
	size_t a = strlen(table), b = columns ? strlen(columns) : 0, room;
	struct {
		const char *text;
		size_t size;
	} parts[3];
	size_t count = 0;

	room = NAME_BYTES - strlen(word) - 1 - (columns != NULL);
	while (a + b > room)
		if (a > b)
			a--;
		else
			b--;
	parts[count].text = table;
	parts[count++].size = clip(table, a);
	if (columns) {
		parts[count].text = columns;
		parts[count++].size = clip(columns, b);
	}
	parts[count].text = word;
	parts[count++].size = strlen(word);
	for (size_t i = 0; i < count; i++) {
		if (i && *name++ != '_')
			return 0;
		if (strncmp(name, parts[i].text, parts[i].size) != 0)
			return 0;
		name += parts[i].size;
	}
	return !*name;
}

static int same_field(const struct mig__catalog *c, int a, int b, int column)
{
	return !strcmp(PQgetvalue(c->indexes, a, column), PQgetvalue(c->indexes, b, column));
}

int mig__catalog_is_implied(const struct mig__catalog *c, const struct mig__rel *rel, int row,
			    const char *name, const char *word, int commented)
{
	int above = row_above(c, row);

	return above >= 0 && mig__field_is(c->indexes, above, MIG__INDEX_VALID, 't') && !commented &&
	       mig__field_is(c->indexes, row, MIG__INDEX_CLUSTERED, 'f') &&
	       !mig__field(c->indexes, row, MIG__INDEX_STATISTICS) &&
	       same_field(c, row, above, MIG__INDEX_OPTIONS) &&
	       same_field(c, row, above, MIG__INDEX_TABLESPACE) &&
	       is_usual_name(name, rel->name,
			     strcmp(word, "pkey") != 0
				     ? PQgetvalue(c->indexes, row, MIG__INDEX_COLUMN_NAMES)
				     : NULL,
			     word);
}

/* -- the inheritances */

static void report_attached(struct mig__catalog *c, int row, int above)
{
	const struct mig__rel *rel =
		mig__catalog_rel(c, mig__field_oid(c->indexes, row, MIG__INDEX_TABLE));
	const struct mig__rel *parent =
		mig__catalog_rel(c, mig__field_oid(c->indexes, above, MIG__INDEX_TABLE));
	uint32_t oid = mig__field_oid(c->indexes, row, MIG__INDEX_OID), inheritance;
	uint32_t number = mig__catalog_find(&c->numbers, MIG__CLASS_CLASS, oid, 0);

	if (!rel || !parent || number >= MIG_LEFT_OUT)
		return;
	mig__catalog_begin(c, MIG_KIND_INHERITANCE, "",
			   mig__catalog_qualify(c, parent->schema,
						PQgetvalue(c->indexes, above, MIG__INDEX_NAME)));
	inheritance = mig__catalog_report_part(c, number);
	mig__catalog_need(c, inheritance,
			  mig__catalog_find(&c->numbers, MIG__CLASS_CLASS,
					    mig__field_oid(c->indexes, above, MIG__INDEX_OID), 0));
	/* tables first */
	mig__catalog_need(c, inheritance,
			  mig__catalog_find(&c->numbers, MIG__CLASS_PARENT, rel->oid, 0));
}

void mig__catalog_attached(struct mig__catalog *c)
{
	for (int i = 0; !c->rc && i < PQntuples(c->indexes); i++) {
		int above = row_above(c, i);

		if (above >= 0)
			report_attached(c, i, above);
	}
}

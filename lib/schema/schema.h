/* schema: a whole schema in memory: objects in the order in which they were reported, who needs
 * whom, and back. Built through a sink, then finished and not changed any more. */
#ifndef MIG__SCHEMA_SCHEMA_H
#define MIG__SCHEMA_SCHEMA_H

#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"
#include "schema/object.h"

#include <mig/dialect.h>

/* What the engine says of an object itself. */
struct mig__row {
	const struct mig__row *next;
	const char *table, *text;
};

struct mig__object {
	mig_object pub;     /* first: a mig_object of a schema is one of these */
	uint32_t number;    /* its place in mig__schema.at */
	uint32_t last;      /* number of its last child, while building */
	uint32_t need_from; /* in mig__schema.need_numbers; pub.need_count of them */
	const struct mig__row *rows;
};

struct mig__edge {
	uint32_t from, to;
	int32_t need;
};

struct mig__schema {
	const struct mig__alloc *alloc;
	struct mig__error *err;
	struct mig__arena arena;
	int fold; /* names that differ in case alone are the same */
	struct mig__object **at;
	size_t count, cap;
	struct mig__edge *edges;
	size_t edge_count, edge_cap;
	uint32_t first, last;  /* of the objects at the top; MIG_NO_OBJECT: none */
	struct mig__map texts; /* short texts, each kept once */
	const char **text_at;
	size_t text_count, text_cap;
	const char **uncovered;
	size_t uncovered_count, uncovered_cap;

	/* after mig__schema_done */
	const mig_object **need_at; /* all objects' needs, one after another */
	uint32_t *dependent_from;   /* count + 1: where an object's dependents begin */
	uint32_t *dependents;       /* numbers of those who need it */
};

void mig__schema_init(struct mig__schema *s, const struct mig__alloc *alloc,
		      struct mig__error *err);
void mig__schema_finish(struct mig__schema *s);
/* What reports to the schema; valid as long as it is. */
mig_schema_sink mig__schema_sink(struct mig__schema *s);
/* Adds one object, as the sink does. */
mig_status mig__schema_add(struct mig__schema *s, const mig_object *object, uint32_t parent,
			   uint32_t *number);
mig_status mig__schema_need(struct mig__schema *s, uint32_t from, uint32_t to, int32_t need);
/* Everything was reported: links needs and dependents. */
mig_status mig__schema_done(struct mig__schema *s);
/* Gives the object an attribute, or takes it away (value NULL). */
mig_status mig__schema_set(struct mig__schema *s, const mig_object *object, const char *key,
			   const char *value);
/* First object at the top, or NULL; the others by next. */
const mig_object *mig__schema_first(const struct mig__schema *s);

static inline uint32_t mig__number(const mig_object *object)
{
	return ((const struct mig__object *)object)->number;
}

#endif

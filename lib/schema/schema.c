/* schema: gathers the objects that an inspector reports, in one arena, and links them when all
 * are there: children, needs, and who needs whom. Not changed after that. */
#include "schema/schema.h"

#include <assert.h>
#include <string.h>

/* Longer texts (bodies of functions, queries) are hardly ever there twice. */
enum { SHORT = 64 };

void mig__schema_init(struct mig__schema *s, const struct mig__alloc *alloc, struct mig__error *err)
{
	*s = (struct mig__schema){
		.alloc = alloc, .err = err, .first = MIG_NO_OBJECT, .last = MIG_NO_OBJECT
	};
	mig__arena_init(&s->arena, alloc);
	mig__map_init(&s->texts, alloc);
}

void mig__schema_finish(struct mig__schema *s)
{
	if (!s->alloc)
		return;
	mig__free(s->alloc, s->at);
	mig__free(s->alloc, s->edges);
	mig__free(s->alloc, s->text_at);
	mig__free(s->alloc, s->uncovered);
	mig__free(s->alloc, s->dependent_from);
	mig__free(s->alloc, s->dependents);
	mig__free(s->alloc, s->need_at);
	mig__map_finish(&s->texts);
	mig__arena_finish(&s->arena);
	s->alloc = NULL;
}

/* The text, kept in the arena once. */
static const char *keep_once(struct mig__schema *s, const char *text)
{
	size_t size = strlen(text);
	uint32_t old = mig__map_get(&s->texts, text, size);
	const char *kept;

	if (old != MIG__NONE)
		return s->text_at[old];
	kept = mig__arena_strndup(&s->arena, text, size);
	if (!kept ||
	    !mig__grow(s->alloc, (void **)&s->text_at, &s->text_cap, s->text_count + 1,
		       sizeof *s->text_at) ||
	    !mig__map_add(&s->texts, kept, size, (uint32_t)s->text_count, &old))
		return NULL;
	s->text_at[s->text_count++] = kept;
	return kept;
}

/* Long ones as often as they come. */
static const char *keep(struct mig__schema *s, const char *text)
{
	size_t size = strlen(text);

	if (!size)
		return "";
	return size <= SHORT ? keep_once(s, text) : mig__arena_strndup(&s->arena, text, size);
}

static int fill(struct mig__schema *s, mig_object *o, const mig_object *given)
{
	mig_attribute *copy =
		mig__arena_alloc(&s->arena, (given->attribute_count + 1) * sizeof *copy);

	if (!copy)
		return 0;
	*o = (mig_object){ .struct_size = sizeof *o,
			   .kind = given->kind,
			   .flags = given->flags,
			   .schema = keep(s, given->schema ? given->schema : ""),
			   .name = keep(s, given->name),
			   .attributes = copy };
	for (size_t i = 0; i < given->attribute_count; i++) {
		if (!given->attributes[i].value)
			continue;
		copy[o->attribute_count].key = given->attributes[i].key;
		copy[o->attribute_count].value = keep(s, given->attributes[i].value);
		if (!copy[o->attribute_count++].value)
			return 0;
	}
	return o->schema && o->name;
}

static void link_child(struct mig__schema *s, struct mig__object *o, uint32_t parent)
{
	uint32_t *last = &s->last;
	struct mig__object *p = NULL;

	if (parent != MIG_NO_OBJECT) {
		p = s->at[parent];
		o->pub.parent = &p->pub;
		last = &p->last;
	}
	if (*last != MIG_NO_OBJECT)
		s->at[*last]->pub.next = &o->pub;
	else if (p)
		p->pub.child = &o->pub;
	else
		s->first = o->number;
	*last = o->number;
}

mig_status mig__schema_add(struct mig__schema *s, const mig_object *object, uint32_t parent,
			   uint32_t *number)
{
	struct mig__object *o = mig__arena_zalloc(&s->arena, 1, sizeof *o);

	if (!o || s->count >= MIG_LEFT_OUT ||
	    !mig__grow(s->alloc, (void **)&s->at, &s->cap, s->count + 1,
		       sizeof(struct mig__object *)) ||
	    !fill(s, &o->pub, object))
		return mig__fail_nomem(s->err);
	o->number = (uint32_t)s->count;
	o->last = MIG_NO_OBJECT;
	s->at[s->count++] = o;
	link_child(s, o, parent);
	*number = o->number;
	return MIG_OK;
}

mig_status mig__schema_need(struct mig__schema *s, uint32_t from, uint32_t to, int32_t need)
{
	if (from >= s->count || to >= s->count || from == to)
		return MIG_OK;
	if (!mig__grow(s->alloc, (void **)&s->edges, &s->edge_cap, s->edge_count + 1,
		       sizeof *s->edges))
		return mig__fail_nomem(s->err);
	s->edges[s->edge_count++] = (struct mig__edge){ from, to, need };
	return MIG_OK;
}

static mig_status sink_object(void *user, const mig_object *object, uint32_t parent,
			      uint32_t *number)
{
	struct mig__schema *s = user;

	*number = MIG_LEFT_OUT;
	if (parent == MIG_LEFT_OUT)
		return MIG_OK;
	if (!object->name || (parent != MIG_NO_OBJECT && parent >= s->count))
		return mig__fail(s->err, MIG_EINVAL, "the dialect reports an object wrongly");
	return mig__schema_add(s, object, parent, number);
}

static mig_status sink_need(void *user, uint32_t from, uint32_t to, int32_t need)
{
	return mig__schema_need(user, from, to, need);
}

static mig_status sink_uncovered(void *user, const char *what)
{
	struct mig__schema *s = user;
	const char *kept = mig__arena_strdup(&s->arena, what);

	if (!kept || !mig__grow(s->alloc, (void **)&s->uncovered, &s->uncovered_cap,
				s->uncovered_count + 1, sizeof *s->uncovered))
		return mig__fail_nomem(s->err);
	s->uncovered[s->uncovered_count++] = kept;
	return MIG_OK;
}

/* Most rows are like many others. */
static mig_status sink_row(void *user, uint32_t number, const char *table, const char *text)
{
	struct mig__schema *s = user;
	struct mig__row *row;

	if (number >= s->count)
		return MIG_OK;
	row = mig__arena_zalloc(&s->arena, 1, sizeof *row);
	if (!row)
		return mig__fail_nomem(s->err);
	*row = (struct mig__row){ s->at[number]->rows, keep_once(s, table), keep_once(s, text) };
	if (!row->table || !row->text)
		return mig__fail_nomem(s->err);
	s->at[number]->rows = row;
	return MIG_OK;
}

mig_schema_sink mig__schema_sink(struct mig__schema *s)
{
	return (mig_schema_sink){ .struct_size = sizeof(mig_schema_sink),
				  .user = s,
				  .object = sink_object,
				  .need = sink_need,
				  .uncovered = sink_uncovered,
				  .row = sink_row };
}

/* Nothing more comes: what is set later is kept again. */
static void forget_texts(struct mig__schema *s)
{
	mig__map_finish(&s->texts);
	mig__free(s->alloc, s->text_at);
	s->text_at = NULL;
	s->text_count = s->text_cap = 0;
}

/* Counting sort of the edges, once by who needs and once by what is needed. */
mig_status mig__schema_done(struct mig__schema *s)
{
	uint32_t next = 0;

	forget_texts(s);

	s->need_at = mig__calloc(s->alloc, s->edge_count + 1, sizeof(const mig_object *));
	s->dependent_from = mig__calloc(s->alloc, s->count + 2, sizeof *s->dependent_from);
	s->dependents = mig__calloc(s->alloc, s->edge_count + 1, sizeof *s->dependents);
	if (!s->need_at || !s->dependent_from || !s->dependents)
		return mig__fail_nomem(s->err);
	for (size_t i = 0; i < s->edge_count; i++)
		if (s->edges[i].need == MIG_NEED) {
			s->at[s->edges[i].from]->pub.need_count++;
			s->dependent_from[s->edges[i].to + 2]++;
		}
	for (size_t i = 0; i < s->count; i++) {
		struct mig__object *o = s->at[i];

		o->need_from = next;
		o->pub.needs = s->need_at + next;
		next += (uint32_t)o->pub.need_count;
		o->pub.need_count = 0;
		s->dependent_from[i + 2] += s->dependent_from[i + 1];
	}
	for (size_t i = 0; i < s->edge_count; i++) {
		const struct mig__edge *e = &s->edges[i];
		struct mig__object *o = s->at[e->from];

		if (e->need != MIG_NEED)
			continue;
		s->need_at[o->need_from + o->pub.need_count++] = &s->at[e->to]->pub;
		s->dependents[s->dependent_from[e->to + 1]++] = e->from;
	}
	return MIG_OK;
}

mig_status mig__schema_set(struct mig__schema *s, const mig_object *object, const char *key,
			   const char *value)
{
	mig_object *o = &s->at[mig__number(object)]->pub;
	mig_attribute *copy = mig__arena_alloc(&s->arena, (o->attribute_count + 1) * sizeof *copy);
	size_t count = 0;

	if (!copy)
		return mig__fail_nomem(s->err);
	for (size_t i = 0; i < o->attribute_count; i++)
		if (strcmp(o->attributes[i].key, key) != 0)
			copy[count++] = o->attributes[i];
	if (value) {
		copy[count] = (mig_attribute){ key, keep(s, value) };
		if (!copy[count++].value)
			return mig__fail_nomem(s->err);
	}
	o->attributes = copy;
	o->attribute_count = count;
	return MIG_OK;
}

const mig_object *mig__schema_first(const struct mig__schema *s)
{
	return s->first == MIG_NO_OBJECT ? NULL : &s->at[s->first]->pub;
}

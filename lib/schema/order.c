/* The order of operations. Each is a node; arrows say which comes first:
 *
 *  - an object is dropped before what it needs, created after what it needs;
 *  - dropped before, or created after, the alteration of what it needs;
 *  - altered after what it will need is there, and before what it needed is dropped;
 *  - created after its old self, or anything else of its name, is dropped.
 *
 * Columns, defaults and constraints are parts of the operation that creates their table, as long as
 * that makes no circle (two tables that refer to each other): if it does, those parts in the circle
 * become operations of their own, and the sort is done again.
 *
 * Among operations that could come next, the one with the smallest key does: first what only makes
 * room, then tables in the model's order, last what goes for good. (Kahn 1962, with a heap.)
 *
 * E.g. view v shows column x of users, and the model has v over column y in place of x: v is
 * dropped since it needs x, x is dropped, y is added, v is created. And two new tables that refer
 * to each other: their keys become operations of their own, after both tables. */
#include "schema/attached.h"
#include "schema/work.h"

#include <string.h>

#define NO_NODE UINT32_MAX

struct node {
	uint64_t phase; /* key: phase first, then major, then minor */
	uint32_t major, minor;
	uint32_t incoming;
	uint32_t old, new; /* numbers; MIG_NO_OBJECT: none */
	int32_t type;
};

struct arrow {
	uint32_t from, to;
};

struct order {
	struct mig__work *w;
	const struct mig__alloc *alloc;
	uint32_t *drop;     /* before's objects: the node that drops them, or NO_NODE */
	uint32_t *make;     /* after's: the node that creates or alters them */
	uint8_t *apart;     /* after's: parts that have a node of their own */
	uint8_t *apart_old; /* before's, likewise */
	uint8_t *reused;    /* before's: something is created under its name */
	struct node *nodes;
	size_t node_count, node_cap;
	struct arrow *arrows;
	size_t arrow_count, arrow_cap;
	uint32_t *first, *to; /* arrows by node: to[first[n]] … to[first[n + 1]] */
	uint32_t *heap, *sorted;
	size_t heap_count, sorted_count;
	int failed;
};

/* -- nodes */

static uint32_t add_node(struct order *o, int32_t type, uint32_t old, uint32_t new)
{
	if (!mig__grow(o->alloc, (void **)&o->nodes, &o->node_cap, o->node_count + 1,
		       sizeof *o->nodes)) {
		o->failed = 1;
		return NO_NODE;
	}
	o->nodes[o->node_count] = (struct node){ .type = type, .old = old, .new = new };
	return (uint32_t)o->node_count++;
}

/* Goes without its data, or has none. */
static int makes_room(const struct mig__work *w, const mig_object *o)
{
	switch (o->kind) {
	case MIG_KIND_TABLE:
	case MIG_KIND_COLUMN:
	case MIG_KIND_SEQUENCE:
	case MIG_KIND_SCHEMA:
	case MIG_KIND_EXTENSION:
	case MIG_KIND_ENUM:
	case MIG_KIND_DOMAIN:
	case MIG_KIND_COMPOSITE:
	case MIG_KIND_RANGE:
	case MIG_KIND_COLLATION:
	case MIG_KIND_FUNCTION:
	case MIG_KIND_PROCEDURE:
	case MIG_KIND_AGGREGATE:
		return mig__old(w, o) == MIG__REPLACED;
	default:
		return 1;
	}
}

static void add_drop(struct order *o, const mig_object *obj)
{
	const mig_object *table = obj->parent ? mig__top(obj)->other : NULL;
	uint32_t n = mig__number(obj), node = add_node(o, MIG_OP_DROP, n, MIG_NO_OBJECT);

	o->drop[n] = node;
	if (node == NO_NODE)
		return;
	o->nodes[node].phase = makes_room(o->w, obj) ? 0 : table ? 1 : 2;
	o->nodes[node].major = table && o->nodes[node].phase ? mig__number(table) : UINT32_MAX - n;
	o->nodes[node].minor = UINT32_MAX - n;
}

/* What the owner of a sequence takes with it when it goes. */
static int goes_with_owner(const struct mig__work *w, const mig_object *obj, const uint32_t *owner)
{
	uint32_t to = owner[mig__number(obj)];

	return to != MIG_NO_OBJECT && mig__old(w, obj) == MIG__GONE &&
	       mig__dropped(w, &w->before->at[to]->pub);
}

static void add_drops(struct order *o)
{
	struct mig__schema *s = o->w->before;
	uint32_t *owner = mig__malloc(o->alloc, (s->count + 1) * sizeof *owner);

	if (!owner) {
		o->failed = 1;
		return;
	}
	for (size_t i = 0; i < s->count; i++)
		owner[i] = MIG_NO_OBJECT;
	for (size_t i = 0; i < s->edge_count; i++)
		if (s->edges[i].need == MIG_NEED_OWNER)
			owner[s->edges[i].from] = s->edges[i].to;
	for (uint32_t i = 0; i < s->count; i++) {
		const mig_object *obj = &s->at[i]->pub;

		o->drop[i] = NO_NODE;
		if (mig__dropped(o->w, obj) && !goes_with_owner(o->w, obj, owner)) {
			if (obj->parent && mig__dropped(o->w, obj->parent) && !o->apart_old[i])
				o->drop[i] = o->drop[mig__number(obj->parent)];
			else
				add_drop(o, obj);
		}
	}
	for (uint32_t i = 0; i < s->count; i++)
		if (mig__dropped(o->w, &s->at[i]->pub) && owner[i] != MIG_NO_OBJECT &&
		    goes_with_owner(o->w, &s->at[i]->pub, owner)) {
			o->drop[i] = o->drop[owner[i]];
			for (const mig_object *c = s->at[i]->pub.child; c; c = c->next)
				o->drop[mig__number(c)] = o->drop[i];
		}
	mig__free(o->alloc, owner);
}

/* A key with the columns of another of its table: where both stand in CREATE TABLE, an engine may
 * make one of them. */
static int is_twin(const mig_object *obj)
{
	const char *columns = mig__attribute(obj, MIG_ATTR_COLUMNS);

	for (const mig_object *c = obj->parent->child; columns && c; c = c->next) {
		const char *other = c == obj ? NULL : mig__attribute(c, MIG_ATTR_COLUMNS);

		if (other && (c->kind == MIG_KIND_UNIQUE || c->kind == MIG_KIND_PRIMARY_KEY) &&
		    !strcmp(columns, other))
			return 1;
	}
	return 0;
}

/* Kinds that the statement which creates their parent can hold. */
static int is_part(const mig_object *obj)
{
	switch (obj->kind) {
	case MIG_KIND_COLUMN:
	case MIG_KIND_DEFAULT:
		return 1;
	case MIG_KIND_INHERITANCE: /* a partition is attached afterwards */
		return obj->parent->kind == MIG_KIND_TABLE && !mig__attribute(obj, MIG_ATTR_BOUND);
	case MIG_KIND_CHECK:
		return obj->parent->kind == MIG_KIND_TABLE || obj->parent->kind == MIG_KIND_DOMAIN;
	case MIG_KIND_UNIQUE:
	case MIG_KIND_PRIMARY_KEY:
		return obj->parent->kind == MIG_KIND_TABLE && !mig__attribute(obj, MIG_ATTR_ONLY) &&
		       !mig__rival(obj) && (obj->kind == MIG_KIND_PRIMARY_KEY || !is_twin(obj));
	case MIG_KIND_FOREIGN_KEY:
		return obj->parent->kind == MIG_KIND_TABLE;
	default:
		return 0;
	}
}

static void add_makes(struct order *o)
{
	struct mig__schema *s = o->w->after;

	for (uint32_t i = 0; i < s->count; i++) {
		const mig_object *obj = &s->at[i]->pub;
		int created = mig__created(o->w, obj);
		uint32_t node = NO_NODE;

		if (created && obj->parent && mig__created(o->w, obj->parent) && is_part(obj) &&
		    !o->apart[i])
			node = o->make[mig__number(obj->parent)];
		else if (created)
			node = add_node(o, MIG_OP_CREATE, MIG_NO_OBJECT, i);
		else if (mig__new(o->w, obj) == MIG__KEEP && o->w->alter[i])
			node = add_node(o, o->w->alter[i] & MIG__RENAMED ? MIG_OP_RENAME : MIG_OP_ALTER,
					mig__number(obj->other), i);
		o->make[i] = node;
		if (node != NO_NODE && o->nodes[node].new == i)
			o->nodes[node] = (struct node){ .phase = 1,
							.major = mig__number(mig__top(obj)),
							.minor = i,
							.type = o->nodes[node].type,
							.old = o->nodes[node].old,
							.new = i };
	}
}

/* -- arrows */

static void arrow(struct order *o, uint32_t from, uint32_t to)
{
	if (from == to || from == NO_NODE || to == NO_NODE)
		return;
	if (!mig__grow(o->alloc, (void **)&o->arrows, &o->arrow_cap, o->arrow_count + 1,
		       sizeof *o->arrows))
		o->failed = 1;
	else
		o->arrows[o->arrow_count++] = (struct arrow){ from, to };
}

/* The node that alters o, which both sides have. */
static uint32_t altering(const struct order *o, const mig_object *obj)
{
	const mig_object *new = obj->other;

	return new && o->w->alter[mig__number(new)] && mig__new(o->w, new) == MIG__KEEP
		       ? o->make[mig__number(new)]
		       : NO_NODE;
}

/* The nodes that alter what an object is made of: a column's type, what that type is over, and what
 * its columns are made of. before: they come before `node`, otherwise after it. */
static void around_types(struct order *o, uint32_t node, const mig_object *obj, int before, int depth)
{
	for (const mig_object *c = obj->kind == MIG_KIND_COMPOSITE ? obj->child : NULL; c; c = c->next) {
		uint32_t made = before ? o->make[mig__number(c)] : altering(o, c);

		arrow(o, before ? made : node, before ? node : made);
		if (depth)
			around_types(o, node, c, before, depth - 1);
	}
	for (size_t i = 0; i < obj->need_count; i++) {
		const mig_object *need = obj->needs[i];
		uint32_t made = before ? o->make[mig__number(need)] : altering(o, need);

		arrow(o, before ? made : node, before ? node : made);
		if (depth && (need->kind == MIG_KIND_DOMAIN || need->kind == MIG_KIND_COMPOSITE))
			around_types(o, node, need, before, depth - 1);
	}
}

/* of: what needs it; one attribute of a composite type does not wait for the others. */
static int has_types(const mig_object *obj, const mig_object *of)
{
	return obj->kind == MIG_KIND_COLUMN || obj->kind == MIG_KIND_DOMAIN ||
	       (obj->kind == MIG_KIND_COMPOSITE && of->parent != obj);
}

static uint32_t node_of(const uint32_t *nodes, const mig_object *obj)
{
	return obj ? nodes[mig__number(obj)] : NO_NODE;
}

/* An index that comes and goes with the parent's and with the partition. */
static const mig_object *implied(const mig_object *index)
{
	return index->flags & MIG_OBJECT_INHERITED ? mig__attachment(index) : NULL;
}

enum { TYPES_DEEP = 6 }; /* types in types in … */

/* `node` drops obj, which needs `need`; a column hands on what it needs itself, e.g. its type. */
static void drop_before(struct order *o, uint32_t node, const mig_object *obj, const mig_object *need)
{
	arrow(o, node, o->drop[mig__number(need)]);
	arrow(o, node, altering(o, need));
	if (implied(need))
		arrow(o, node, node_of(o->drop, mig__attached_to(implied(need))));
	if (has_types(need, obj) && !mig__dropped(o->w, need))
		around_types(o, node, need, 0, TYPES_DEEP);
}

static void make_after(struct order *o, uint32_t node, const mig_object *obj, const mig_object *need)
{
	arrow(o, o->make[mig__number(need)], node);
	if (implied(need)) {
		arrow(o, node_of(o->make, mig__attached_to(implied(need))), node);
		arrow(o, node_of(o->make, mig__attached_by(implied(need))), node);
	}
	if (has_types(need, obj) && !mig__created(o->w, need))
		around_types(o, node, need, 1, TYPES_DEEP);
}

/* What is altered of a table itself (its options) and what is in it come in any order; a column's
 * default, or a domain's check, does not. */
static int is_ordered_by(const mig_object *parent)
{
	return parent && parent->kind != MIG_KIND_TABLE;
}

/* What stays is detached from its parent before that one's index goes, which would take it along. */
static void order_attached_old(struct order *o, const mig_object *index)
{
	const mig_object *a = mig__attachment(index);
	uint32_t by = a ? node_of(o->drop, mig__attached_by(a)) : NO_NODE;
	uint32_t to = a ? node_of(o->drop, mig__attached_to(a)) : NO_NODE;

	if (by == NO_NODE || mig__dropped(o->w, index->parent))
		return;
	if (to == NO_NODE)
		arrow(o, by, o->drop[mig__number(index)]);
	else if (index->other)
		arrow(o, by, to);
	else
		arrow(o, to, by);
}

/* An index is there before its table is attached, or the parent's index is made, so that it is taken
 * for that; what could be taken for it comes after, and goes before. */
static void order_attached_new(struct order *o, const mig_object *index)
{
	const mig_object *rival = mig__rival(index), *a = mig__attachment(rival ? rival : index);
	uint32_t made = o->make[mig__number(index)], by, to;

	if (!a)
		return;
	by = node_of(o->make, mig__attached_by(a));
	to = node_of(o->make, mig__attached_to(a));
	if (rival) {
		arrow(o, by, made);
		arrow(o, to, made);
		if (index->other) {
			arrow(o, o->drop[mig__number(index->other)], by);
			arrow(o, o->drop[mig__number(index->other)], to);
		}
	} else if (by != NO_NODE) {
		arrow(o, made, by);
	} else {
		arrow(o, made, to);
	}
}

/* A child leaves its parent before the parent loses a check or a column, or one gets another type: the
 * child would lose it, too, with its values. */
static void leave_first(struct order *o, const mig_object *inheritance, const mig_object *parent)
{
	uint32_t leaves = o->drop[mig__number(inheritance)];

	for (const mig_object *c = leaves == NO_NODE ? NULL : parent->child; c; c = c->next) {
		if (c->kind == MIG_KIND_CHECK || c->kind == MIG_KIND_COLUMN)
			arrow(o, leaves, o->drop[mig__number(c)]);
		if (c->kind == MIG_KIND_COLUMN)
			arrow(o, leaves, altering(o, c));
	}
}

/* A child has a new parent when that has the columns that it is to have. */
static void join_last(struct order *o, const mig_object *inheritance, const mig_object *parent)
{
	uint32_t joins = o->make[mig__number(inheritance)];

	for (const mig_object *c = parent->child; c; c = c->next)
		if (c->kind == MIG_KIND_COLUMN)
			arrow(o, o->make[mig__number(c)], joins);
	for (const mig_object *c = parent->other ? parent->other->child : NULL; c; c = c->next)
		if (c->kind == MIG_KIND_COLUMN)
			arrow(o, o->drop[mig__number(c)], joins);
}

static void order_old(struct order *o)
{
	struct mig__schema *s = o->w->before;

	for (uint32_t i = 0; i < s->count; i++) {
		const mig_object *obj = &s->at[i]->pub;
		uint32_t alter = altering(o, obj);

		order_attached_old(o, obj);
		for (size_t k = 0; k < obj->need_count; k++) {
			if (o->drop[i] != NO_NODE)
				drop_before(o, o->drop[i], obj, obj->needs[k]);
			if (obj->kind == MIG_KIND_INHERITANCE)
				leave_first(o, obj, obj->needs[k]);
			if (alter != NO_NODE)
				arrow(o, alter, o->drop[mig__number(obj->needs[k])]);
		}
		if (o->drop[i] != NO_NODE && obj->parent &&
		    (is_ordered_by(obj->parent) || mig__dropped(o->w, obj->parent)))
			drop_before(o, o->drop[i], obj, obj->parent);
		if (o->drop[i] != NO_NODE && obj->other && mig__created(o->w, obj->other))
			arrow(o, o->drop[i], o->make[mig__number(obj->other)]);
	}
}

/* A table has one primary key, whatever its name. */
static void order_keys(struct order *o, const mig_object *key)
{
	const mig_object *old = key->parent->other
					? mig__child(key->parent->other, MIG_KIND_PRIMARY_KEY, NULL)
					: NULL;

	if (old && mig__created(o->w, key))
		arrow(o, o->drop[mig__number(old)], o->make[mig__number(key)]);
}

static void order_new(struct order *o)
{
	struct mig__schema *s = o->w->after;

	for (uint32_t i = 0; i < s->count; i++) {
		const mig_object *obj = &s->at[i]->pub;

		if (o->make[i] == NO_NODE)
			continue;
		if (obj->kind == MIG_KIND_PRIMARY_KEY)
			order_keys(o, obj);
		if (mig__created(o->w, obj))
			order_attached_new(o, obj);
		for (size_t k = 0; k < obj->need_count; k++) {
			make_after(o, o->make[i], obj, obj->needs[k]);
			if (obj->kind == MIG_KIND_INHERITANCE && obj->needs[k]->kind == MIG_KIND_TABLE &&
			    mig__created(o->w, obj))
				join_last(o, obj, obj->needs[k]);
		}
		/* what comes into a composite type stands at the end, until that one orders it */
		if (obj->parent && obj->parent->kind == MIG_KIND_COMPOSITE && !mig__created(o->w, obj->parent))
			arrow(o, o->make[i], o->make[mig__number(obj->parent)]);
		else if (is_ordered_by(obj->parent) || (obj->parent && mig__created(o->w, obj->parent)))
			make_after(o, o->make[i], obj, obj->parent);
	}
}

/* A name that engines allow once in a schema, whatever the kind. */
static int has_name(const mig_object *obj)
{
	switch (obj->kind) {
	case MIG_KIND_COLUMN:
	case MIG_KIND_DEFAULT:
	case MIG_KIND_OWNERSHIP:
	case MIG_KIND_INHERITANCE:
	case MIG_KIND_REPLICA_IDENTITY:
		return 0;
	default:
		return !(obj->flags & MIG_OBJECT_UNNAMED);
	}
}

static char *name_key(struct mig__arena *keys, const mig_object *obj, size_t *size)
{
	const char *schema = mig__top(obj)->schema;
	size_t a = strlen(schema) + 1, b = strlen(obj->name);
	char *key = mig__arena_alloc(keys, a + b + 1);

	*size = a + b;
	if (key) {
		memcpy(key, schema, a);
		memcpy(key + a, obj->name, b);
	}
	return key;
}

/* What is created after something else of its name was dropped. */
static void order_names(struct order *o)
{
	struct mig__arena keys;
	struct mig__map map;
	size_t size;
	char *key;

	mig__arena_init(&keys, o->alloc);
	mig__map_init(&map, o->alloc);
	for (uint32_t i = 0; !o->failed && i < o->w->before->count; i++) {
		const mig_object *obj = &o->w->before->at[i]->pub;

		if (o->drop[i] == NO_NODE || !has_name(obj))
			continue;
		key = name_key(&keys, obj, &size);
		o->failed |= !key || !mig__map_add(&map, key, size, i, NULL);
	}
	for (uint32_t i = 0; !o->failed && map.count && i < o->w->after->count; i++) {
		const mig_object *obj = &o->w->after->at[i]->pub;
		uint32_t found;

		if (o->make[i] == NO_NODE || !has_name(obj) || !mig__created(o->w, obj))
			continue;
		key = name_key(&keys, obj, &size);
		o->failed |= !key;
		found = key ? mig__map_get(&map, key, size) : MIG__NONE;
		if (found != MIG__NONE) {
			o->reused[found] = 1;
			arrow(o, o->drop[found], o->make[i]);
		}
	}
	mig__map_finish(&map);
	mig__arena_finish(&keys);
}

/* Counting sort of the arrows by where they come from. */
static void index_arrows(struct order *o)
{
	size_t n = o->node_count;

	o->first = mig__calloc(o->alloc, n + 2, sizeof *o->first);
	o->to = mig__calloc(o->alloc, o->arrow_count + 1, sizeof *o->to);
	o->heap = mig__calloc(o->alloc, n + 1, sizeof *o->heap);
	o->sorted = mig__calloc(o->alloc, n + 1, sizeof *o->sorted);
	if (!o->first || !o->to || !o->heap || !o->sorted) {
		o->failed = 1;
		return;
	}
	for (size_t i = 0; i < o->arrow_count; i++)
		o->first[o->arrows[i].from + 2]++;
	for (size_t i = 2; i < n + 2; i++)
		o->first[i] += o->first[i - 1];
	for (size_t i = 0; i < o->arrow_count; i++) {
		o->to[o->first[o->arrows[i].from + 1]++] = o->arrows[i].to;
		o->nodes[o->arrows[i].to].incoming++;
	}
}

/* -- the sort */

static int before(const struct order *o, uint32_t a, uint32_t b)
{
	const struct node *x = &o->nodes[a], *y = &o->nodes[b];

	if (x->phase != y->phase)
		return x->phase < y->phase;
	if (x->major != y->major)
		return x->major < y->major;
	return x->minor != y->minor ? x->minor < y->minor : a < b;
}

static void heap_push(struct order *o, uint32_t node)
{
	size_t i = o->heap_count++;

	for (; i && before(o, node, o->heap[(i - 1) / 2]); i = (i - 1) / 2)
		o->heap[i] = o->heap[(i - 1) / 2];
	o->heap[i] = node;
}

static uint32_t heap_pop(struct order *o)
{
	uint32_t top = o->heap[0], last = o->heap[--o->heap_count];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < o->heap_count) {
		if (child + 1 < o->heap_count && before(o, o->heap[child + 1], o->heap[child]))
			child++;
		if (!before(o, o->heap[child], last))
			break;
		o->heap[i] = o->heap[child];
		i = child;
	}
	if (o->heap_count)
		o->heap[i] = last;
	return top;
}

static void sort(struct order *o)
{
	for (uint32_t i = 0; i < o->node_count; i++)
		if (!o->nodes[i].incoming)
			heap_push(o, i);
	while (o->heap_count) {
		uint32_t n = heap_pop(o);

		o->sorted[o->sorted_count++] = n;
		for (uint32_t k = o->first[n]; k < o->first[n + 1]; k++)
			if (!--o->nodes[o->to[k]].incoming)
				heap_push(o, o->to[k]);
	}
}

/* Of the nodes that could not be sorted, leaves those that lead back into a circle: takes away, one
 * after another, nodes from which no arrow goes to another that is left. incoming of a node that is
 * left is not 0. */
static void trim(struct order *o)
{
	uint32_t *out = mig__calloc(o->alloc, o->node_count + 1, sizeof *out);
	struct arrow *back = o->arrows;
	size_t again = 1;

	if (!out) {
		o->failed = 1;
		return;
	}
	for (size_t i = 0; i < o->arrow_count; i++)
		if (o->nodes[back[i].to].incoming)
			out[back[i].from]++;
	/* the depth of such chains is small: a few passes */
	for (int pass = 0; again && pass < 64; pass++) {
		again = 0;
		for (size_t i = 0; i < o->arrow_count; i++) {
			struct node *to = &o->nodes[back[i].to];

			if (to->incoming && !out[back[i].to]) {
				again++;
				out[back[i].from]--;
				back[i] = back[--o->arrow_count];
				i--;
			}
		}
		for (uint32_t n = 0; n < o->node_count; n++)
			if (o->nodes[n].incoming && !out[n])
				o->nodes[n].incoming = 0;
	}
	mig__free(o->alloc, out);
}

/* Whether a part, whose parent's node is in a circle, needs something else in it. */
static int in_circle(const struct order *o, const mig_object *obj, uint32_t node,
		     const uint32_t *nodes)
{
	if (node == NO_NODE || !o->nodes[node].incoming || !obj->parent ||
	    obj->kind == MIG_KIND_COLUMN)
		return 0;
	for (size_t k = 0; k < obj->need_count; k++) {
		uint32_t need = nodes[mig__number(obj->needs[k])];

		if (need != NO_NODE && need != node && o->nodes[need].incoming)
			return 1;
	}
	return 0;
}

/* Gives parts that need something in the circle nodes of their own; how many. */
static size_t break_circles(struct order *o)
{
	size_t broken = 0;

	trim(o);
	for (uint32_t i = 0; i < o->w->after->count; i++) {
		const mig_object *obj = &o->w->after->at[i]->pub;

		o->apart[i] =
			o->make[i] != NO_NODE &&
			o->nodes[o->make[i]].new != i &&in_circle(o, obj, o->make[i], o->make);
		broken += o->apart[i];
	}
	for (uint32_t i = 0; i < o->w->before->count; i++) {
		const mig_object *obj = &o->w->before->at[i]->pub;

		o->apart_old[i] = o->drop[i] != NO_NODE && o->nodes[o->drop[i]].old != i &&
				  (in_circle(o, obj, o->drop[i], o->drop) ||
				   (o->reused[i] && o->nodes[o->drop[i]].incoming));
		broken += o->apart_old[i];
	}
	return broken;
}

/* -- the result */

static uint32_t flags_of(const struct mig__work *w, const mig_op *op)
{
	const mig_object *from = op->from;
	uint32_t flags = 0;
	int replaced;

	if (op->type == MIG_OP_ALTER)
		return w->alter[mig__number(op->to)] & MIG_CHANGE_LOSSY ? MIG_OP_DESTRUCTIVE : 0;
	replaced = from ? mig__old(w, from) == MIG__REPLACED : mig__new(w, op->to) == MIG__REPLACED;
	if (replaced)
		flags |= MIG_OP_REPLACE;
	if (from && (from->kind == MIG_KIND_TABLE || from->kind == MIG_KIND_SCHEMA ||
		     (from->kind == MIG_KIND_SEQUENCE && !replaced) ||
		     (from->kind == MIG_KIND_COLUMN && from->parent->kind == MIG_KIND_TABLE &&
		      !mig__attribute(from, MIG_ATTR_GENERATED))))
		flags |= MIG_OP_DESTRUCTIVE;
	return flags;
}

/* Parts are counted, then filled in, in the order of after's objects. */
static mig_status give_parts(struct order *o, struct mig__ops *out, const uint32_t *place)
{
	struct mig__schema *s = o->w->after;
	const mig_object ***lists = mig__arena_zalloc(&out->arena, out->count + 1, sizeof *lists);

	if (!lists)
		return mig__fail_nomem(o->w->err);
	for (int fill = 0; fill < 2; fill++)
		for (uint32_t i = 0; i < s->count; i++) {
			uint32_t node = o->make[i];
			mig_op *op;

			if (node == NO_NODE || o->nodes[node].new == i ||
			    s->at[i]->pub.kind == MIG_KIND_COLUMN)
				continue;
			op = &out->at[place[node]];
			if (fill && !lists[place[node]]) {
				lists[place[node]] = mig__arena_zalloc(
					&out->arena, op->part_count + 1, sizeof(mig_object *));
				if (!lists[place[node]])
					return mig__fail_nomem(o->w->err);
				op->parts = lists[place[node]];
				op->part_count = 0;
			}
			if (fill)
				lists[place[node]][op->part_count] = &s->at[i]->pub;
			op->part_count++;
		}
	return MIG_OK;
}

static mig_status collect(struct order *o, struct mig__ops *out)
{
	struct mig__work *w = o->w;
	uint32_t *place = mig__arena_zalloc(&out->arena, o->node_count + 1, sizeof *place);

	out->at = mig__arena_zalloc(&out->arena, o->node_count + 1, sizeof *out->at);
	if (!place || !out->at)
		return mig__fail_nomem(w->err);
	for (size_t i = 0; i < o->sorted_count; i++) {
		const struct node *n = &o->nodes[o->sorted[i]];
		mig_op *op = &out->at[i];

		place[o->sorted[i]] = (uint32_t)i;
		op->struct_size = sizeof *op;
		op->type = n->type;
		if (n->old != MIG_NO_OBJECT)
			op->from = &w->before->at[n->old]->pub;
		if (n->new != MIG_NO_OBJECT)
			op->to = &w->after->at[n->new]->pub;
		op->flags = flags_of(w, op);
	}
	out->count = o->sorted_count;
	return give_parts(o, out, place);
}

static void clear(struct order *o)
{
	mig__free(o->alloc, o->first);
	mig__free(o->alloc, o->to);
	mig__free(o->alloc, o->heap);
	mig__free(o->alloc, o->sorted);
	o->first = o->to = o->heap = o->sorted = NULL;
	o->node_count = o->arrow_count = o->heap_count = o->sorted_count = 0;
}

static void build(struct order *o)
{
	clear(o);
	add_drops(o);
	add_makes(o);
	if (o->failed)
		return;
	order_old(o);
	order_new(o);
	order_names(o);
	if (!o->failed)
		index_arrows(o);
	if (!o->failed)
		sort(o);
}

static mig_status circle_error(struct order *o)
{
	uint32_t n = 0;
	const mig_object *obj;

	while (n < o->node_count && !o->nodes[n].incoming)
		n++;
	obj = o->nodes[n].new != MIG_NO_OBJECT ? &o->w->after->at[o->nodes[n].new]->pub
					       : &o->w->before->at[o->nodes[n].old]->pub;
	return mig__fail(o->w->err, MIG_EUNSUPPORTED,
			 "changes depend on each other in a circle, from %s \"%s\" on",
			 mig_kind_name(obj->kind), obj->name);
}

mig_status mig__order(struct mig__work *w, struct mig__ops *out)
{
	struct order o = { .w = w, .alloc = w->before->alloc };
	mig_status rc = MIG_OK;

	o.drop = mig__calloc(o.alloc, w->before->count + 1, sizeof *o.drop);
	o.make = mig__calloc(o.alloc, w->after->count + 1, sizeof *o.make);
	o.apart = mig__calloc(o.alloc, w->after->count + 1, 1);
	o.apart_old = mig__calloc(o.alloc, w->before->count + 1, 1);
	o.reused = mig__calloc(o.alloc, w->before->count + 1, 1);
	o.failed = !o.drop || !o.make || !o.apart || !o.apart_old || !o.reused;
	if (!o.failed)
		build(&o);
	if (!o.failed && o.sorted_count < o.node_count) {
		size_t broken = break_circles(&o);

		if (!o.failed && broken)
			build(&o);
		if (!o.failed && o.sorted_count < o.node_count)
			rc = circle_error(&o);
	}
	if (o.failed)
		rc = mig__fail_nomem(w->err);
	if (!rc)
		rc = collect(&o, out);
	clear(&o);
	mig__free(o.alloc, o.drop);
	mig__free(o.alloc, o.make);
	mig__free(o.alloc, o.apart);
	mig__free(o.alloc, o.apart_old);
	mig__free(o.alloc, o.reused);
	mig__free(o.alloc, o.nodes);
	mig__free(o.alloc, o.arrows);
	return rc;
}

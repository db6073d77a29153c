/* changes: an operation and what it changes, old and new, on one line. Not how values are shown: pair.c;
 * nor the whole values: those are in the JSON (difference.c). The operations are searched by object: two
 * sorted lists, made once. */
#include "cli/changes.h"

#include "cli/pair.h"

#include <mig/attribute.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct mig__cli_change_place {
	const mig_object *object;
	size_t i; /* of the operation */
};

/* -- attributes */

static void add_key(struct mig__cli_text *out, const mig_object *o, const char *key)
{
	if (o->kind == MIG_KIND_DEFAULT && !strcmp(key, MIG_ATTR_EXPRESSION))
		key = "default";
	while (*key) {
		size_t n = strcspn(key, "_");

		mig__cli_add(out, key, n);
		key += n;
		if (*key) {
			mig__cli_adds(out, " ");
			key++;
		}
	}
}

static const mig_object *object_of(const mig_op *op)
{
	return op->to ? op->to : op->from;
}

/* ": type integer -> bigint", after what was added of others ", not null no -> yes". */
static void add_changes(struct mig__cli_text *out, const struct mig__cli_changes *c, size_t i, size_t *count)
{
	const mig_op_change *change;

	for (size_t k = 0; (change = mig_op_list_change(c->ops, i, k)); k++) {
		mig__cli_adds(out, (*count)++ ? ", " : ": ");
		add_key(out, object_of(mig_op_list_at(c->ops, i)), change->key);
		mig__cli_adds(out, " ");
		mig__cli_add_pair(out, change, c->utf8);
	}
}

/* -- kinds of operation */

/* "drop view v" and "create view v" that belong together are one "replace view v". */
static int is_replacing(const mig_op *op)
{
	return (op->flags & MIG_OP_REPLACE) != 0;
}

static int has_both(const mig_op *op)
{
	return op->type == MIG_OP_ALTER || is_replacing(op);
}

static int is_second(const mig_op *op)
{
	return is_replacing(op) && op->type == MIG_OP_CREATE;
}

/* The column (or domain) whose default this is, if it stays; as it is after. */
static const mig_object *owner_of_default(const mig_op *op)
{
	const mig_object *o = object_of(op);

	if (o->kind != MIG_KIND_DEFAULT)
		return NULL;
	return op->to ? o->parent : o->parent->other;
}

/* -- places */

typedef struct mig__cli_change_place place;

static int by_object(const void *a, const void *b)
{
	const place *x = a, *y = b;
	uintptr_t p = (uintptr_t)x->object, q = (uintptr_t)y->object;

	return p != q ? (p < q ? -1 : 1) : (x->i > y->i) - (x->i < y->i);
}

/* The first of an object's, or NULL. */
static const place *find(const place *places, size_t count, const mig_object *object)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if ((uintptr_t)places[middle].object < (uintptr_t)object)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && places[low].object == object ? &places[low] : NULL;
}

int mig__cli_changes_init(struct mig__cli_changes *c, const mig_op_list *ops, int utf8)
{
	size_t count = mig_op_list_count(ops);

	*c = (struct mig__cli_changes){ .ops = ops, .utf8 = utf8 };
	c->old = calloc(count + 1, sizeof *c->old);
	c->defaults = calloc(count + 1, sizeof *c->defaults);
	if (!c->old || !c->defaults) {
		mig__cli_changes_finish(c);
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		const mig_op *op = mig_op_list_at(ops, i);

		if (op->from)
			c->old[c->old_count++] = (place){ op->from, i };
		if (!is_second(op) && owner_of_default(op))
			c->defaults[c->default_count++] = (place){ owner_of_default(op), i };
	}
	qsort(c->old, c->old_count, sizeof *c->old, by_object);
	qsort(c->defaults, c->default_count, sizeof *c->defaults, by_object);
	return 1;
}

void mig__cli_changes_finish(struct mig__cli_changes *c)
{
	free(c->old);
	free(c->defaults);
	c->old = c->defaults = NULL;
	c->old_count = c->default_count = 0;
}

/* Whether the operation on the default's column has a line. */
static int is_with_column(const struct mig__cli_changes *c, const mig_object *column)
{
	const place *p = column->other ? find(c->old, c->old_count, column->other) : NULL;

	return p && mig_op_list_at(c->ops, p->i)->type == MIG_OP_ALTER;
}

/* Those of its default, which has operations of its own. */
static void add_default(struct mig__cli_text *out, const struct mig__cli_changes *c, const mig_object *column,
			size_t *count)
{
	const place *p = find(c->defaults, c->default_count, column);

	for (; p && p < c->defaults + c->default_count && p->object == column; p++)
		add_changes(out, c, p->i, count);
}

/* A column of a view is there if something is said about it: its default and its attributes. */
static int is_of_view(const mig_object *o)
{
	return o->kind == MIG_KIND_COLUMN && o->parent &&
	       (o->parent->kind == MIG_KIND_VIEW || o->parent->kind == MIG_KIND_MATERIALIZED_VIEW);
}

/* Of such a column, which comes or goes, without operations of its default. */
static void add_said(struct mig__cli_text *out, const struct mig__cli_changes *c, const mig_op *op, size_t *count)
{
	const mig_object *value = object_of(op)->child;

	while (value && value->kind != MIG_KIND_DEFAULT)
		value = value->next;
	if (value) {
		const char *text = mig_object_attribute(value, MIG_ATTR_EXPRESSION);
		mig_op_change change = { .struct_size = sizeof change, .key = MIG_ATTR_EXPRESSION };

		*(op->to ? &change.to : &change.from) = text;
		mig__cli_adds(out, (*count)++ ? ", " : ": ");
		mig__cli_adds(out, "default ");
		mig__cli_add_pair(out, &change, c->utf8);
	}
}

/* -- reasons */

static const char *behind(const char *text, const char *word)
{
	const char *at = strstr(text, word);

	return at ? at + strlen(word) : text;
}

enum { DEEPEST = 3 }; /* of what an object needs, and that needs */

/* The operation on what an old object needs, e.g. that on the table of a view. */
static const place *cause_of(const struct mig__cli_changes *c, const mig_object *o, int depth)
{
	const place *p = NULL;

	for (size_t i = 0; !p && i < o->need_count; i++)
		p = find(c->old, c->old_count, o->needs[i]);
	for (size_t i = 0; !p && i < o->need_count; i++)
		if (o->needs[i]->parent && o->needs[i]->parent != o->parent)
			p = find(c->old, c->old_count, o->needs[i]->parent);
	for (size_t i = 0; !p && depth < DEEPEST && i < o->need_count; i++)
		p = cause_of(c, o->needs[i], depth + 1);
	return p;
}

/* ": rebuilt with table t": nothing of the object itself differs. */
static void add_reason(struct mig__cli_text *out, const struct mig__cli_changes *c, const mig_op *op)
{
	const mig_object *from = op->from ? op->from : op->to->other;
	const place *cause = from ? cause_of(c, from, 0) : NULL;

	if (!cause)
		return;
	mig__cli_adds(out, op->type == MIG_OP_ALTER ? ": converted with " : ": rebuilt with ");
	mig__cli_shown(out, behind(mig_op_list_text(c->ops, cause->i), " "));
}

/* -- operations */

int mig__cli_add_operation(struct mig__cli_text *out, const struct mig__cli_changes *c, size_t i)
{
	const mig_op *op = mig_op_list_at(c->ops, i);
	const mig_object *owner = owner_of_default(op);
	const char *text = mig_op_list_text(c->ops, i);
	size_t count = 0;

	if (is_second(op) || (owner && is_with_column(c, owner)))
		return 0;
	if (owner) {
		mig__cli_addf(out, "alter %s ", mig_kind_name(owner->kind));
		text = behind(text, " default ");
	} else if (is_replacing(op)) {
		mig__cli_adds(out, "replace ");
		text = behind(text, " ");
	}
	mig__cli_shown(out, text);
	if (has_both(op) || owner || is_of_view(object_of(op)))
		add_changes(out, c, i, &count);
	if (is_of_view(object_of(op)) && op->type != MIG_OP_ALTER)
		add_said(out, c, op, &count);
	if (op->type == MIG_OP_ALTER && object_of(op)->kind == MIG_KIND_COLUMN)
		add_default(out, c, op->to, &count);
	if (!count && has_both(op))
		add_reason(out, c, op);
	return 1;
}

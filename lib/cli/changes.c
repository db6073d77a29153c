/* changes: an operation and what it changes, old and new, on one line. Values that are too long for
 * it (queries, bodies of functions) are shown from shortly before the place where they differ. Not the
 * whole values: those are in the JSON (difference.c). */
#include "cli/changes.h"

#include "base/text.h"

#include <mig/attribute.h>
#include <string.h>

enum {
	LONGEST = 60, /* bytes of a value that is shown whole */
	WINDOW = 40,  /* bytes of a longer one */
	BEFORE = 16   /* of these, at most, before the first difference */
};

/* -- values */

/* The value on one line, as it may be shown: each run of blanks is one. */
static void flatten(struct mig__cli_text *out, const char *value)
{
	const char *blanks = " \t\r\n";

	value += strspn(value, blanks);
	while (*value) {
		size_t n = strcspn(value, blanks);

		mig__cli_add_shown(out, value, n);
		value += n;
		value += strspn(value, blanks);
		mig__cli_adds(out, *value ? " " : "");
	}
}

static size_t common(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] && a[n] == b[n])
		n++;
	return n;
}

/* Not inside of a character. */
static int is_start(const char *p)
{
	return ((unsigned char)*p & 0xc0) != 0x80;
}

/* Where the part that is shown begins: at a word, if one is near. */
static size_t window_start(const char *text, size_t difference)
{
	size_t from = difference > BEFORE ? difference - BEFORE : 0;

	for (size_t i = from; from && i < difference; i++)
		if (text[i] == ' ')
			return i + 1;
	while (from && !is_start(text + from))
		from--;
	return from;
}

static void add_window(struct mig__cli_text *out, const char *text, size_t from, const char *dots)
{
	size_t size = strlen(text + from);

	mig__cli_adds(out, from ? dots : "");
	if (size > WINDOW + BEFORE) {
		for (size = WINDOW; !is_start(text + from + size); size--)
			;
		mig__cli_add(out, text + from, size);
		mig__cli_adds(out, dots);
	} else {
		mig__cli_add(out, text + from, size);
	}
}

/* What there is instead of a value. */
static const char *absent(const char *other)
{
	return other && !strcmp(other, MIG_YES) ? "no" : "none";
}

static void add_values(struct mig__cli_text *out, const mig_op_change *c, int utf8)
{
	const char *dots = utf8 ? "\xe2\x80\xa6" : "...";
	struct mig__cli_text from = { 0 }, to = { 0 };
	size_t start = 0;

	flatten(&from, c->from ? c->from : absent(c->to));
	flatten(&to, c->to ? c->to : absent(c->from));
	if (from.len > LONGEST || to.len > LONGEST)
		start = window_start(mig__cli_string(&from),
				     common(mig__cli_string(&from), mig__cli_string(&to)));
	add_window(out, mig__cli_string(&from), start, dots);
	mig__cli_adds(out, utf8 ? " \xe2\x86\x92 " : " -> ");
	add_window(out, mig__cli_string(&to), start, dots);
	out->failed |= from.failed | to.failed;
	mig__cli_text_finish(&from);
	mig__cli_text_finish(&to);
}

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
static void add_changes(struct mig__cli_text *out, const mig_op_list *ops, size_t i, size_t *count, int utf8)
{
	const mig_op_change *c;

	for (size_t k = 0; (c = mig_op_list_change(ops, i, k)); k++) {
		mig__cli_adds(out, (*count)++ ? ", " : ": ");
		add_key(out, object_of(mig_op_list_at(ops, i)), c->key);
		mig__cli_adds(out, " ");
		add_values(out, c, utf8);
	}
}

/* -- operations */

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

static int is_alteration_of(const mig_op *op, const mig_object *o)
{
	return o && op->type == MIG_OP_ALTER && op->to == o;
}

/* Whether the operation on the default's column has a line. */
static int is_with_column(const mig_op_list *ops, const mig_object *column)
{
	const mig_op *op;

	for (size_t i = 0; (op = mig_op_list_at(ops, i)); i++)
		if (is_alteration_of(op, column))
			return 1;
	return 0;
}

/* Those of its default, which has operations of its own. */
static void add_default(struct mig__cli_text *out, const mig_op_list *ops, const mig_object *column, size_t *count,
			int utf8)
{
	const mig_op *op;

	for (size_t i = 0; (op = mig_op_list_at(ops, i)); i++)
		if (!is_second(op) && owner_of_default(op) == column)
			add_changes(out, ops, i, count, utf8);
}

static const char *behind(const char *text, const char *word)
{
	const char *at = strstr(text, word);

	return at ? at + strlen(word) : text;
}

int mig__cli_add_operation(struct mig__cli_text *out, const mig_op_list *ops, size_t i, int utf8)
{
	const mig_op *op = mig_op_list_at(ops, i);
	const mig_object *owner = owner_of_default(op);
	const char *text = mig_op_list_text(ops, i);
	size_t count = 0;

	if (is_second(op) || (owner && is_with_column(ops, owner)))
		return 0;
	if (owner) {
		mig__cli_addf(out, "alter %s ", mig_kind_name(owner->kind));
		text = behind(text, " default ");
	} else if (is_replacing(op)) {
		mig__cli_adds(out, "replace ");
		text = behind(text, " ");
	}
	mig__cli_shown(out, text);
	if (has_both(op) || owner)
		add_changes(out, ops, i, &count, utf8);
	if (op->type == MIG_OP_ALTER && object_of(op)->kind == MIG_KIND_COLUMN)
		add_default(out, ops, op->to, &count, utf8);
	return 1;
}

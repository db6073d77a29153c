/* rows: the second comparison. The first one compares what the dialect made of the engine's tables;
 * what it does not know is lost on both sides alike, and they seem equal. So the rows themselves are
 * compared, too: as texts, of which nothing is known but "name=value" lines. Not of objects that differ
 * anyway, nor of those that the caller leaves alone. A dialect may also look a second time itself. */
#include "schema/rows.h"

#include <string.h>

enum { SHOWN = 10 };

/* The line of that name in a row, or NULL; *size: of its value. */
static const char *value_of(const char *text, const char *name, size_t name_size, size_t *size)
{
	while (*text) {
		size_t line = strcspn(text, "\n");

		if (line > name_size && text[name_size] == '=' && !strncmp(text, name, name_size)) {
			*size = line - name_size - 1;
			return text + name_size + 1;
		}
		text += line + (text[line] == '\n');
	}
	return NULL;
}

static void add_name(struct mig__buf *out, const mig_object *o)
{
	mig__buf_addf(out, "%s ", mig__kind_name(o->kind));
	if (o->parent)
		mig__buf_addf(out, "%s.", mig__top(o)->name);
	mig__buf_adds(out, o->name);
}

/* Columns that one side alone has, on a server of another version, do not count. */
static void compare_row(const mig_object *o, const char *table, const char *is, const char *want,
			size_t *count, struct mig__buf *out)
{
	while (*is) {
		size_t line = strcspn(is, "\n"), name = strcspn(is, "="), size = 0;
		const char *value = is + name + 1, *other = value_of(want, is, name, &size);

		if (other && (size != line - name - 1 || strncmp(value, other, size) != 0) &&
		    (*count)++ < SHOWN) {
			mig__buf_adds(out, out->len ? ", " : "");
			add_name(out, o);
			mig__buf_addf(out, ": %s.%.*s is %.*s, not %.*s", table, (int)name, is,
				      (int)(line - name - 1), value, (int)size, other);
		}
		is += line + (is[line] == '\n');
	}
}

static int is_left_out(const struct mig__diff_hooks *hooks, const mig_object *o)
{
	for (; hooks->leave_out && o; o = o->parent)
		if (hooks->leave_out(hooks->user, o->other, o))
			return 1;
	return 0;
}

static const struct mig__row *row_of(const mig_object *o, const char *table)
{
	const struct mig__row *r = ((const struct mig__object *)o)->rows;

	while (r && strcmp(r->table, table) != 0)
		r = r->next;
	return r;
}

/* -- what the dialect tells */

struct telling {
	const struct mig__diff_hooks *hooks;
	const mig_object *o;
	struct mig__buf *out;
	size_t *count;
};

/* Whether all that is inside the object is equal, too, and none of it left alone. */
static int is_whole(const struct mig__diff_hooks *hooks, const mig_object *o)
{
	const mig_object *a = o->child, *b = o->other ? o->other->child : NULL;

	if (!o->other || !mig__attributes_same(o->other, o) ||
	    (hooks->leave_out && hooks->leave_out(hooks->user, o->other, o)))
		return 0;
	for (; a && is_whole(hooks, a); a = a->next)
		b = b ? b->next : NULL;
	return !a && !b;
}

static mig_status told(void *user, const char *is, const char *want)
{
	const struct telling *t = user;

	if (!is_whole(t->hooks, t->o) || is_left_out(t->hooks, t->o) || (*t->count)++ >= SHOWN)
		return MIG_OK;
	mig__buf_adds(t->out, t->out->len ? ", " : "");
	add_name(t->out, t->o);
	mig__buf_addf(t->out, *is ? ": has \"%s\"" : ": has nothing", is);
	mig__buf_addf(t->out, *want ? ", not \"%s\"" : ", not so", want);
	return MIG_OK;
}

mig_status mig__rows_compare(const struct mig__schema *want, const struct mig__diff_hooks *hooks, struct mig__buf *out)
{
	size_t count = 0;
	mig_status rc = MIG_OK;

	for (size_t i = 0; !rc && i < want->count; i++) {
		const mig_object *o = &want->at[i]->pub;
		struct telling t = { hooks, o, out, &count };

		if (hooks->unlike && o->other)
			rc = hooks->unlike(hooks->user, o->other, o, &t, told);

		for (const struct mig__row *r = o->other ? want->at[i]->rows : NULL; r; r = r->next) {
			const struct mig__row *other = row_of(o->other, r->table);

			if (other && strcmp(other->text, r->text) != 0 &&
			    mig__attributes_same(o->other, o) && !is_left_out(hooks, o))
				compare_row(o, r->table, other->text, r->text, &count, out);
		}
	}
	if (count > SHOWN)
		mig__buf_addf(out, " and %zu more", count - SHOWN);
	return rc;
}

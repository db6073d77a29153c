/* rows: the second comparison. The first one compares what the dialect made of the engine's tables;
 * what it does not know is lost on both sides alike, and they seem equal. So the rows themselves are
 * compared, too: as texts, of which nothing is known but "name=value" lines. Not of objects that differ
 * anyway, nor of those that the caller leaves alone. */
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

void mig__rows_compare(const struct mig__schema *want, const struct mig__diff_hooks *hooks, struct mig__buf *out)
{
	size_t count = 0;

	for (size_t i = 0; i < want->count; i++) {
		const mig_object *o = &want->at[i]->pub;

		for (const struct mig__row *r = o->other ? want->at[i]->rows : NULL; r; r = r->next) {
			const struct mig__row *other = row_of(o->other, r->table);

			if (other && strcmp(other->text, r->text) != 0 &&
			    mig__attributes_same(o->other, o) && !is_left_out(hooks, o))
				compare_row(o, r->table, other->text, r->text, &count, out);
		}
	}
	if (count > SHOWN)
		mig__buf_addf(out, " and %zu more", count - SHOWN);
}

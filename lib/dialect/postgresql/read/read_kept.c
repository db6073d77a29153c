/* read_kept: statements that are run as they are written, after all that was read: functions, views,
 * triggers, policies, and what is said of them. Each is an object that needs what it mentions: whatever
 * is called like a word of it, in strings and bodies too. Not statements that change what is read: after
 * these the script is unread. */
#include "base/ascii.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/read/expression.h"
#include "dialect/postgresql/sql/split.h"

#include <string.h>

#define WORD MIG__LETTERS MIG__DIGITS "_$"

static int take_kind(struct mig__reader *r)
{
	static const char *const kinds[] = { "FUNCTION", "PROCEDURE", "TRIGGER", "POLICY", "VIEW",
					     "MATERIALIZED VIEW" };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (mig__read_take(r, kinds[i])) {
			r->functions |= i < 2;
			return 1 + (i >= 4);
		}
	return 0;
}

/* A view's name is taken for others. 0: it was, by something that was read. */
static int enter_view(struct mig__reader *r)
{
	const char *schema, *name;

	(void)mig__read_take(r, "IF NOT EXISTS");
	if (!mig__read_qualified(r, &schema, &name))
		return 0;
	if (!mig__read_is_taken(r, &r->relations, schema, name))
		mig__read_enter(r, &r->relations, schema, name, NULL);
	else if (mig__read_find(r, &r->relations, schema, name))
		return 0;
	return !r->unread;
}

static int is_granted_to_all(const struct mig__reader *r)
{
	for (size_t i = 0; i + 1 < r->token_count; i++)
		if (mig__read_word_is(&r->tokens[i], "IN") ||
		    mig__read_word_is(&r->tokens[i], "DATABASE"))
			return 1;
	return 0;
}

/* Whether the statement is of these; r->place is moved. */
static int is_kept(struct mig__reader *r)
{
	int kind;

	if (mig__read_take(r, "GRANT") || mig__read_take(r, "REVOKE"))
		return !is_granted_to_all(r);
	if (mig__read_take(r, "COMMENT ON"))
		return take_kind(r) != 0;
	if (!mig__read_take(r, "CREATE"))
		return 0;
	(void)mig__read_take(r, "OR REPLACE");
	(void)mig__read_take(r, "CONSTRAINT");
	kind = take_kind(r);
	return kind == 2 ? enter_view(r) : kind;
}

/* -- what it mentions */

static struct mig__read_object *top_of(struct mig__read_object *o)
{
	while (o && o->parent)
		o = o->parent;
	return o;
}

static void need_called(struct mig__reader *r, struct mig__read_object *kept, const char *name)
{
	for (struct mig__read_object *s = r->first; s; s = s->next) {
		if (s->kind != MIG_KIND_SCHEMA)
			continue;
		mig__read_need(r, kept, top_of(mig__read_find(r, &r->relations, s->name, name)),
			       MIG_NEED);
		mig__read_need(r, kept, mig__read_find(r, &r->types, s->name, name), MIG_NEED);
	}
}

/* Once as it is, and once as a word without quotes. */
static void need_word(struct mig__reader *r, struct mig__read_object *kept, const char *text,
		      size_t size)
{
	char name[MIG__READ_NAME_MOST + 1], small[sizeof name];

	/* a longer one is cut */
	size = size < sizeof name - 1 ? size : sizeof name - 1;
	for (size_t i = 0; i < size; i++) {
		name[i] = text[i];
		small[i] = mig__ascii_lower(text[i]);
	}
	name[size] = small[size] = '\0';
	need_called(r, kept, name);
	if (strcmp(name, small) != 0)
		need_called(r, kept, small);
}

/* Names that are more than a word: nobody looks for them. */
static void need_odd(struct mig__reader *r, struct mig__read_object *kept)
{
	for (struct mig__read_object *o = r->first; o && o != kept; o = o->next)
		if (o->kind == MIG_KIND_SCHEMA || o->name[strspn(o->name, WORD)])
			mig__read_need(r, kept, o, MIG_NEED);
}

static void keep(struct mig__reader *r, const char *text, size_t size)
{
	const char *name = mig__read_made(r, "statement %zu", r->count), *definition;
	struct mig__read_object *o;
	struct mig__buf copy;

	size -= text[size - 1] == ';';
	o = mig__read_new(r, MIG_KIND_OTHER, NULL, "", name);
	mig__buf_init(&copy, &r->conn->alloc);
	mig__buf_add(&copy, text, size);
	definition = mig__read_kept(r, &copy);
	mig__buf_finish(&copy);
	mig__read_set(r, o, ".definition", definition);
	mig__read_need(r, o, r->kept, MIG_NEED);
	for (size_t i = 0; i < size && !r->rc;) {
		size_t word = 0;

		while (i + word < size && strchr(WORD, text[i + word]) && text[i + word])
			word++;
		if (word)
			need_word(r, o, text + i, word);
		r->grouped |= word == 5 && !mig__ascii_compare_n(text + i, "group", 5);
		i += word ? word : 1;
	}
	need_odd(r, o);
	r->kept = o;
}

int mig__read_keep_statement(struct mig__reader *r, const char *text, size_t size, size_t start,
			     size_t *at)
{
	mig_statement s = { .struct_size = sizeof s };
	struct mig__pg_split_error error;
	int kept = is_kept(r);

	r->place = 0;
	if (!kept || r->unread)
		return 0;
	/* it may have semicolons inside */
	if (mig__pg_split_next(text, size, start, 1, &s, &error) || !s.size || (s.kind & 0xffffU))
		mig__read_unread(r);
	else
		keep(r, text + s.offset, s.size);
	*at = s.next;
	return 1;
}

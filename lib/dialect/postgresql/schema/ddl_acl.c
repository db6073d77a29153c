/* ddl_acl: privileges and comments. Not who owns an object: that is never changed. What differs is
 * set line by line: REVOKE for a line that is gone, GRANT for a new one. */
#include "dialect/postgresql/schema/ddl.h"
#include "dialect/postgresql/sql/quote.h"

#include <string.h>

/* What stands behind GRANT ... ON and COMMENT ON, as patterns. */
static const struct {
	const char *comment, *acl;
} targets[] = {
	[MIG_KIND_SCHEMA] = { "SCHEMA @n", "SCHEMA @n" },
	[MIG_KIND_EXTENSION] = { "EXTENSION @n", NULL },
	[MIG_KIND_COLLATION] = { "COLLATION @q", NULL },
	[MIG_KIND_ENUM] = { "TYPE @q", "TYPE @q" },
	[MIG_KIND_DOMAIN] = { "DOMAIN @q", "DOMAIN @q" },
	[MIG_KIND_COMPOSITE] = { "TYPE @q", "TYPE @q" },
	[MIG_KIND_RANGE] = { "TYPE @q", "TYPE @q" },
	[MIG_KIND_SEQUENCE] = { "SEQUENCE @q", "SEQUENCE @q" },
	[MIG_KIND_TABLE] = { "TABLE @q", "TABLE @q" },
	[MIG_KIND_COLUMN] = { "COLUMN @t.@n", "TABLE @t" },
	[MIG_KIND_PRIMARY_KEY] = { "CONSTRAINT @n ON @t", NULL },
	[MIG_KIND_UNIQUE] = { "CONSTRAINT @n ON @t", NULL },
	[MIG_KIND_FOREIGN_KEY] = { "CONSTRAINT @n ON @t", NULL },
	[MIG_KIND_CHECK] = { "CONSTRAINT @n ON @t", NULL },
	[MIG_KIND_EXCLUSION] = { "CONSTRAINT @n ON @t", NULL },
	[MIG_KIND_INDEX] = { "INDEX @q", NULL },
	[MIG_KIND_VIEW] = { "VIEW @q", "TABLE @q" },
	[MIG_KIND_MATERIALIZED_VIEW] = { "MATERIALIZED VIEW @q", "TABLE @q" },
	[MIG_KIND_FUNCTION] = { "FUNCTION @f", "FUNCTION @f" },
	[MIG_KIND_PROCEDURE] = { "PROCEDURE @f", "PROCEDURE @f" },
	[MIG_KIND_AGGREGATE] = { "AGGREGATE @f", "FUNCTION @f" },
	[MIG_KIND_TRIGGER] = { "TRIGGER @n ON @t", NULL },
	[MIG_KIND_RULE] = { "RULE @n ON @t", NULL },
	[MIG_KIND_POLICY] = { "POLICY @n ON @t", NULL },
	[MIG_KIND_STATISTICS] = { "STATISTICS @q", NULL },
	[MIG_KIND_EVENT_TRIGGER] = { "EVENT TRIGGER @n", NULL },
	[MIG_KIND_REPLICA_IDENTITY] = { NULL, NULL },
	[MIG_KIND_OTHER] = { "$.target", "$.on" },
};

void mig__ddl_comment(struct mig__ddl *d, const mig_object *to)
{
	const char *target = targets[to->kind].comment, *text = mig__attribute(to, "comment");
	struct mig__buf *b;

	if (!target)
		return;
	if (!text && to->kind == MIG_KIND_SCHEMA && !strcmp(to->name, "public"))
		text = "standard public schema"; /* which counts as none */
	if (to->kind == MIG_KIND_CHECK && mig__top(to)->kind == MIG_KIND_DOMAIN)
		target = "CONSTRAINT @n ON DOMAIN @t";
	b = mig__ddl_begin(d);
	mig__buf_adds(b, "COMMENT ON ");
	mig__ddl_put(b, to, target);
	mig__buf_adds(b, text && strchr(text, '\\') ? " IS" : " IS ");
	if (text)
		mig__pg_add_text(b, text, strlen(text));
	else
		mig__buf_adds(b, "NULL");
	mig__ddl_end(d, 0);
}

/* -- privileges: lines as "GRANT SELECT, INSERT TO app WITH GRANT OPTION" */

struct line {
	const char *text;
	size_t size;
	int grant;
	const char *what, *who, *option; /* with their sizes: */
	size_t what_size, who_size, option_size;
};

/* Where a word stands in the text, or its end. */
static const char *find(const char *text, const char *end, const char *word)
{
	size_t size = strlen(word);

	for (; text + size <= end; text++)
		if (!strncmp(text, word, size))
			return text;
	return end;
}

static const char *read_line(const char *p, struct line *l)
{
	static const char with[] = " WITH GRANT OPTION";
	size_t size = strcspn(p, "\n"), word = strcspn(p, " ");
	const char *end = p + size, *to;

	*l = (struct line){ .text = p, .size = size, .grant = *p == 'G' };
	to = find(p, end, l->grant ? " TO " : " FROM ");
	l->what = p + word + 1;
	l->what_size = to > l->what ? (size_t)(to - l->what) : 0;
	l->who = to < end ? to + (l->grant ? 4 : 6) : end;
	l->option = end;
	if (l->grant && (size_t)(end - l->who) > strlen(with) &&
	    !strncmp(end - strlen(with), with, strlen(with)))
		l->option = end - strlen(with);
	l->who_size = (size_t)(l->option - l->who);
	l->option_size = (size_t)(end - l->option);
	return *end ? end + 1 : end;
}

static int has_line(const char *acl, const struct line *l)
{
	while (acl && *acl) {
		struct line other;

		acl = read_line(acl, &other);
		if (other.size == l->size && !strncmp(other.text, l->text, l->size))
			return 1;
	}
	return 0;
}

/* "SELECT, INSERT" of a column is "SELECT (a), INSERT (a)". */
static void add_privileges(struct mig__buf *b, const mig_object *o, const struct line *l)
{
	const char *p = l->what, *end = l->what + l->what_size;

	if (o->kind != MIG_KIND_COLUMN) {
		mig__buf_add(b, p, l->what_size);
		return;
	}
	while (p < end) {
		const char *comma = find(p, end, ", ");

		mig__buf_add(b, p, (size_t)(comma - p));
		mig__ddl_put(b, o, comma < end ? " (@n), " : " (@n)");
		p = comma < end ? comma + 2 : end;
	}
}

static void add_line(struct mig__ddl *d, const mig_object *o, const struct line *l, int inverse)
{
	struct mig__buf *b = mig__ddl_begin(d);
	int grant = l->grant != inverse;

	mig__buf_adds(b, grant ? "GRANT " : "REVOKE ");
	add_privileges(b, o, l);
	mig__buf_adds(b, " ON ");
	mig__ddl_put(b, o, targets[o->kind].acl);
	mig__buf_adds(b, grant ? " TO " : " FROM ");
	mig__buf_add(b, l->who, l->who_size);
	if (grant)
		mig__buf_add(b, l->option, l->option_size);
	mig__ddl_end(d, 0);
}

/* Lines of `acl` that `other` has not. */
static size_t add_lines(struct mig__ddl *d, const mig_object *o, const char *acl, const char *other,
			int inverse)
{
	size_t count = 0;

	while (acl && *acl) {
		struct line l;

		acl = read_line(acl, &l);
		if (has_line(other, &l))
			continue;
		add_line(d, o, &l, inverse);
		count++;
	}
	return count;
}

void mig__ddl_acl(struct mig__ddl *d, const mig_object *from, const mig_object *to)
{
	const char *old = from ? mig__attribute(from, "privileges") : NULL;
	const char *new = mig__attribute(to, "privileges");
	size_t revoked;

	if (!targets[to->kind].acl || (!old && !new))
		return;
	revoked = add_lines(d, to, old, new, 1);
	add_lines(d, to, new, old, 0);
	/* what is revoked from a table is revoked from its columns */
	if (revoked && to->kind != MIG_KIND_COLUMN)
		for (const mig_object *c = to->child; c; c = c->next)
			if (c->kind == MIG_KIND_COLUMN)
				add_lines(d, c, mig__attribute(c, "privileges"), NULL, 0);
}

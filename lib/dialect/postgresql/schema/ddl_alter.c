/* ddl_alter: attributes that one statement sets each, as a table of patterns by kind and key. Not
 * what needs several, or looks at the rows: the ddl_*.c of the kind. */
#include "base/buf.h"
#include "dialect/postgresql/schema/ddl.h"

#include <string.h>

struct aspect {
	int32_t kind;
	const char *key;
	const char *set;   /* pattern: it has another value now */
	const char *unset; /* pattern: it has none any more; NULL: nothing to do */
	int later;         /* CREATE does not set it, so it is set after */
	void (*fn)(struct mig__ddl *d, const mig_object *from, const mig_object *to,
		   const char *set);
};

/* -- options: key='value', ... */

/* The end of one option. */
static size_t option_size(const char *p)
{
	size_t i = 0;
	int quoted = 0;

	for (; p[i] && (quoted || p[i] != ','); i++)
		if (p[i] == '\'')
			quoted = !quoted;
	return i;
}

static const char *next_option(const char *p)
{
	p += option_size(p);
	return p + strspn(p, ", ");
}

/* Whether the list has this option; with its value if size is the whole option's. */
static int has_option(const char *list, const char *option, size_t size)
{
	for (const char *p = list; *p; p = next_option(p))
		if (!strncmp(p, option, size) && strchr("=, ", p[size]))
			return 1;
	return 0;
}

/* One statement with those options of `list` that `other` does not have. */
static void options_statement(struct mig__ddl *d, const mig_object *o, const char *start,
			      const char *list, const char *other, int reset)
{
	size_t count = 0;
	struct mig__buf *b = NULL;

	for (const char *p = list; *p; p = next_option(p)) {
		size_t key = strcspn(p, "=, "), size = reset ? key : option_size(p);

		if (has_option(other, p, size))
			continue;
		if (!b) {
			b = *start == '+' ? mig__ddl_clause(d, o, 0) : mig__ddl_begin(d);
			mig__ddl_put(b, o, start + (*start == '+'));
			mig__buf_adds(b, reset ? " RESET (" : " SET (");
		}
		mig__ddl_item(b, &count, ", ");
		mig__buf_add(b, p, size);
	}
	if (b)
		mig__buf_adds(b, ")");
	if (b && *start != '+')
		mig__ddl_end(d, 0);
}

static void set_options(struct mig__ddl *d, const mig_object *from, const mig_object *to,
			const char *start)
{
	const char *old = from ? mig__attribute(from, "options") : NULL;
	const char *new = mig__attribute(to, "options");

	options_statement(d, to, start, old ? old : "", new ? new : "", 1);
	options_statement(d, to, start, new ? new : "", old ? old : "", 0);
}

/* "2=100, 3=500": of an index's expressions. */
static void set_statistics(struct mig__ddl *d, const mig_object *from, const mig_object *to,
			   const char *start)
{
	const char *old = from ? mig__attribute(from, "statistics") : NULL;
	const char *new = mig__attribute(to, "statistics");

	for (int set = 0; set < 2; set++) {
		const char *list = set ? new : old, *other = set ? old : new;

		for (const char *p = list ? list : ""; *p; p = next_option(p)) {
			size_t key = strcspn(p, "="), size = option_size(p);
			struct mig__buf *b;

			if (has_option(other ? other : "", p, set ? size : key))
				continue;
			b = mig__ddl_begin(d);
			mig__ddl_put(b, to, start);
			mig__buf_addf(b, " ALTER COLUMN %.*s SET STATISTICS ", (int)key, p);
			mig__buf_add(b, set ? p + key + 1 : "-1", set ? size - key - 1 : 2);
			mig__ddl_end(d, 0);
		}
	}
}

static void depend(struct mig__ddl *d, const mig_object *o, const char *start, const char *list,
		   const char *other, const char *words)
{
	for (const char *p = list ? list : ""; *p; p = next_option(p)) {
		struct mig__buf *b;

		if (has_option(other ? other : "", p, option_size(p)))
			continue;
		b = mig__ddl_begin(d);
		mig__ddl_put(b, o, start);
		mig__buf_adds(b, words);
		mig__buf_add(b, p, option_size(p));
		mig__ddl_end(d, 0);
	}
}

/* CREATE OR REPLACE forgets them. */
static void set_extensions(struct mig__ddl *d, const mig_object *from, const mig_object *to,
			   const char *start)
{
	const char *old = from ? mig__attribute(from, "extensions") : NULL;
	const char *new = mig__attribute(to, "extensions");

	depend(d, to, start, old, new, " NO DEPENDS ON EXTENSION ");
	depend(d, to, start, new, old, " DEPENDS ON EXTENSION ");
}

/* -- what is not only one attribute's matter */

/* SET WITHOUT CLUSTER is about the table: not where another index is clustered now. */
static void unset_cluster(struct mig__ddl *d, const mig_object *from, const mig_object *to,
			  const char *set)
{
	(void)from;
	if (mig__attribute(to, "clustered")) {
		mig__ddl_do(d, to, set);
		return;
	}
	for (const mig_object *c = to->parent->child; c; c = c->next)
		if (mig__attribute(c, "clustered"))
			return;
	mig__ddl_do(d, to, "+SET WITHOUT CLUSTER");
}

/* DEFAULT is also what REPLICA IDENTITY USING INDEX is set back to. */
static void set_replica_identity(struct mig__ddl *d, const mig_object *from, const mig_object *to,
				 const char *set)
{
	(void)from;
	if (mig__attribute(to, "replica_identity"))
		mig__ddl_do(d, to, set);
	else if (!mig__child(to, MIG_KIND_REPLICA_IDENTITY, NULL))
		mig__ddl_do(d, to, "+REPLICA IDENTITY DEFAULT");
}

/* A partitioned table has none itself unless one is named. */
static void set_method(struct mig__ddl *d, const mig_object *from, const mig_object *to, const char *set)
{
	(void)from;
	if (mig__attribute(to, "method"))
		mig__ddl_do(d, to, set);
	else
		mig__ddl_do(d, to,
			    mig__attribute(to, "partition_by") ? "ALTER TABLE @q SET ACCESS METHOD DEFAULT"
							       : "ALTER TABLE @q SET ACCESS METHOD heap");
}

/* Does the pending alteration of a table that becomes LOGGED or UNLOGGED, too. */
static void persist_now(struct mig__ddl *d, const mig_object *table)
{
	const mig_op *op = mig__ddl_op(d, table);

	if (op && op->type == MIG_OP_ALTER && !mig__ddl_is_past(d, op) &&
	    !mig__attribute_same(op->from, op->to, "persistence"))
		mig__ddl_now(d, op);
}

/* The table that a foreign key refers to, or NULL. */
static const mig_object *referred_by(const mig_object *key)
{
	for (size_t i = 0; key->kind == MIG_KIND_FOREIGN_KEY && i < key->need_count; i++)
		if (mig__top(key->needs[i]) != key->parent &&
		    mig__top(key->needs[i])->kind == MIG_KIND_TABLE)
			return mig__top(key->needs[i]);
	return NULL;
}

/* A logged table may not refer to one that is not: that one becomes logged before, and unlogged
 * after. */
static void set_persistence(struct mig__ddl *d, const mig_object *from, const mig_object *to,
			    const char *set)
{
	int unlogged = mig__attribute(to, "persistence") != NULL;

	(void)from;
	for (const mig_object *k = to->child; !unlogged && k; k = k->next)
		if (referred_by(k))
			persist_now(d, referred_by(k));
	for (const mig_object *t = d->changes->after; unlogged && t; t = t->next)
		for (const mig_object *k = t->kind == MIG_KIND_TABLE ? t->child : NULL; k; k = k->next)
			if (referred_by(k) == to)
				persist_now(d, t);
	mig__ddl_do(d, to, unlogged ? set : "ALTER TABLE @q SET LOGGED");
}

/* Of a column that is there already, it goes with the type: ddl_column.c. */
static void set_new_storage(struct mig__ddl *d, const mig_object *from, const mig_object *to,
			    const char *set)
{
	if (!from)
		mig__ddl_do(d, to, set);
}

static void set_not_null_comment(struct mig__ddl *d, const mig_object *from, const mig_object *to,
				 const char *set)
{
	(void)from;
	(void)set;
	mig__ddl_comment_not_null(d, to);
}

static const struct aspect aspects[] = {
	{ MIG_KIND_EXTENSION, "schema", "ALTER EXTENSION @n SET SCHEMA $schema", NULL, 0, NULL },
	{ MIG_KIND_SEQUENCE, "persistence", "ALTER SEQUENCE @q SET UNLOGGED",
	  "ALTER SEQUENCE @q SET LOGGED", 0, NULL },
	{ MIG_KIND_DOMAIN, "not_null_comment", "", NULL, 1, set_not_null_comment },
	{ MIG_KIND_OWNERSHIP, "column", "ALTER SEQUENCE @t OWNED BY $column", NULL, 0, NULL },

	{ MIG_KIND_TABLE, "persistence", "ALTER TABLE @q SET UNLOGGED", NULL, 0, set_persistence },
	{ MIG_KIND_TABLE, "options", "ALTER TABLE @q", NULL, 0, set_options },
	{ MIG_KIND_TABLE, "method", "ALTER TABLE @q SET ACCESS METHOD $method", NULL, 0, set_method },
	{ MIG_KIND_TABLE, "tablespace", "ALTER TABLE @q SET TABLESPACE $tablespace",
	  "ALTER TABLE @q SET TABLESPACE pg_default", 0, NULL },
	{ MIG_KIND_TABLE, "replica_identity", "+REPLICA IDENTITY $replica_identity", NULL, 1,
	  set_replica_identity },
	{ MIG_KIND_TABLE, "row_security", "+ENABLE ROW LEVEL SECURITY",
	  "+DISABLE ROW LEVEL SECURITY", 1, NULL },
	{ MIG_KIND_TABLE, "force_row_security", "+FORCE ROW LEVEL SECURITY",
	  "+NO FORCE ROW LEVEL SECURITY", 1, NULL },
	{ MIG_KIND_REPLICA_IDENTITY, "index", "+REPLICA IDENTITY USING INDEX $index", NULL, 0,
	  NULL },

	{ MIG_KIND_COLUMN, "storage", "+ALTER COLUMN @n SET STORAGE $storage", NULL, 1,
	  set_new_storage },
	{ MIG_KIND_COLUMN, "statistics", "=ALTER COLUMN @n SET STATISTICS $statistics",
	  "=ALTER COLUMN @n SET STATISTICS -1", 1, NULL },
	{ MIG_KIND_COLUMN, "options", "+ALTER COLUMN @n", NULL, 1, set_options },
	{ MIG_KIND_COLUMN, "not_null_comment", "", NULL, 1, set_not_null_comment },
	{ MIG_KIND_DEFAULT, "expression", "=ALTER COLUMN @n SET DEFAULT $expression", NULL, 0,
	  NULL },

	{ MIG_KIND_PRIMARY_KEY, "options", "ALTER INDEX @q", NULL, 0, set_options },
	{ MIG_KIND_PRIMARY_KEY, "tablespace", "ALTER INDEX @q SET TABLESPACE $tablespace",
	  "ALTER INDEX @q SET TABLESPACE pg_default", 0, NULL },
	{ MIG_KIND_PRIMARY_KEY, "clustered", "+CLUSTER ON @n", NULL, 1, unset_cluster },
	{ MIG_KIND_UNIQUE, "options", "ALTER INDEX @q", NULL, 0, set_options },
	{ MIG_KIND_UNIQUE, "tablespace", "ALTER INDEX @q SET TABLESPACE $tablespace",
	  "ALTER INDEX @q SET TABLESPACE pg_default", 0, NULL },
	{ MIG_KIND_UNIQUE, "clustered", "+CLUSTER ON @n", NULL, 1, unset_cluster },
	{ MIG_KIND_INDEX, "options", "ALTER INDEX @q", NULL, 0, set_options },
	{ MIG_KIND_INDEX, "tablespace", "ALTER INDEX @q SET TABLESPACE $tablespace",
	  "ALTER INDEX @q SET TABLESPACE pg_default", 0, NULL },
	{ MIG_KIND_INDEX, "statistics", "ALTER INDEX @q", NULL, 1, set_statistics },
	{ MIG_KIND_INDEX, "extensions", "ALTER INDEX @q", NULL, 1, set_extensions },
	{ MIG_KIND_MATERIALIZED_VIEW, "extensions", "ALTER MATERIALIZED VIEW @q", NULL, 1, set_extensions },
	{ MIG_KIND_TRIGGER, "extensions", "ALTER TRIGGER @n ON @t", NULL, 1, set_extensions },
	{ MIG_KIND_FUNCTION, "extensions", "ALTER FUNCTION @f", NULL, 1, set_extensions },
	{ MIG_KIND_PROCEDURE, "extensions", "ALTER PROCEDURE @f", NULL, 1, set_extensions },
	{ MIG_KIND_INDEX, "clustered", "+CLUSTER ON @n", NULL, 1, unset_cluster },
	{ MIG_KIND_INDEX, "invalid", "", "REINDEX INDEX @q", 0, NULL },
	{ MIG_KIND_FOREIGN_KEY, "deferrable", "+ALTER CONSTRAINT @n $deferrable",
	  "+ALTER CONSTRAINT @n NOT DEFERRABLE", 0, NULL },
	{ MIG_KIND_FOREIGN_KEY, "not_valid", "", "+VALIDATE CONSTRAINT @n", 0, NULL },
	{ MIG_KIND_FOREIGN_KEY, "not_enforced", "+ALTER CONSTRAINT @n NOT ENFORCED",
	  "+ALTER CONSTRAINT @n ENFORCED", 0, NULL },

	{ MIG_KIND_VIEW, "options", "ALTER VIEW @q", NULL, 0, set_options },
	{ MIG_KIND_MATERIALIZED_VIEW, "options", "ALTER MATERIALIZED VIEW @q", NULL, 0,
	  set_options },
	{ MIG_KIND_MATERIALIZED_VIEW, "method",
	  "ALTER MATERIALIZED VIEW @q SET ACCESS METHOD $method",
	  "ALTER MATERIALIZED VIEW @q SET ACCESS METHOD heap", 0, NULL },
	{ MIG_KIND_MATERIALIZED_VIEW, "tablespace",
	  "ALTER MATERIALIZED VIEW @q SET TABLESPACE $tablespace",
	  "ALTER MATERIALIZED VIEW @q SET TABLESPACE pg_default", 0, NULL },
	{ MIG_KIND_MATERIALIZED_VIEW, "unpopulated", "REFRESH MATERIALIZED VIEW @q WITH NO DATA",
	  "REFRESH MATERIALIZED VIEW @q", 0, NULL },

	{ MIG_KIND_TRIGGER, "enabled", "+$enabled TRIGGER @n", "+ENABLE TRIGGER @n", 1, NULL },
	{ MIG_KIND_RULE, "enabled", "+$enabled RULE @n", "+ENABLE RULE @n", 1, NULL },
	{ MIG_KIND_STATISTICS, "target", "ALTER STATISTICS @q SET STATISTICS $target",
	  "ALTER STATISTICS @q SET STATISTICS -1", 1, NULL },
	{ MIG_KIND_EVENT_TRIGGER, "enabled", "ALTER EVENT TRIGGER @n $enabled",
	  "ALTER EVENT TRIGGER @n ENABLE", 1, NULL },
};

/* Where the kind alone does not say which statement it is. */
static const struct aspect domain_aspects[] = {
	{ MIG_KIND_DEFAULT, "expression", "ALTER DOMAIN @t SET DEFAULT $expression", NULL, 0,
	  NULL },
	{ MIG_KIND_CHECK, "not_valid", "", "ALTER DOMAIN @t VALIDATE CONSTRAINT @n", 0, NULL },
};
static const struct aspect check_aspect = {
	MIG_KIND_CHECK, "not_valid", "", "+VALIDATE CONSTRAINT @n", 0, NULL
};

static void apply(struct mig__ddl *d, const struct aspect *a, const mig_object *from,
		  const mig_object *to)
{
	const char *value, *pattern;

	if (a->kind != to->kind || (!from && !a->later))
		return;
	value = mig__attribute(to, a->key);
	if (a->fn == set_extensions && from && (to->kind == MIG_KIND_FUNCTION || to->kind == MIG_KIND_PROCEDURE) &&
	    !mig__attribute_same(from, to, "definition"))
		from = NULL;
	if (from ? mig__attribute_same(from, to, a->key) : !value)
		return;
	pattern = value ? a->set : a->unset;
	if (a->fn)
		a->fn(d, from, to, a->set);
	else if (pattern && *pattern)
		mig__ddl_do(d, to, pattern);
}

void mig__ddl_aspects(struct mig__ddl *d, const mig_object *from, const mig_object *to)
{
	int32_t top = mig__top(to)->kind;

	if (top == MIG_KIND_DOMAIN && to->parent) {
		for (size_t i = 0; i < sizeof domain_aspects / sizeof *domain_aspects; i++)
			apply(d, &domain_aspects[i], from, to);
		return;
	}
	apply(d, &check_aspect, from, to);
	for (size_t i = 0; i < sizeof aspects / sizeof *aspects; i++)
		apply(d, &aspects[i], from, to);
}

void mig__ddl_finish(struct mig__ddl *d, const mig_object *o)
{
	mig__ddl_aspects(d, NULL, o);
	if (mig__attribute(o, "comment"))
		mig__ddl_comment(d, o);
	mig__ddl_acl(d, NULL, o);
}

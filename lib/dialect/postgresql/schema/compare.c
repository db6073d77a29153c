/* What becomes of an object whose attributes differ, and what must not be there while a column or a
 * type is altered. Pure. */
#include "dialect/postgresql/schema/ddl.h"

#include <mig/attribute.h>
#include <stdlib.h>
#include <string.h>

/* -- types */

size_t mig__pg_type_base(const char *type, int *array)
{
	size_t size = strlen(type);

	*array = 0;
	while (size > 2 && !strncmp(type + size - 2, "[]", 2)) {
		size -= 2;
		*array = 1;
	}
	return size;
}

/* Copies a type without its "(10,2)" and "[]"; the two numbers, -1: not said. */
static void split_type(const char *type, char *base, size_t room, long numbers[2])
{
	int array;
	size_t size = mig__pg_type_base(type, &array), n = 0;
	const char *open = memchr(type, '(', size);
	const char *close = open ? memchr(open, ')', size - (size_t)(open - type)) : NULL;
	char *end;

	numbers[0] = numbers[1] = -1;
	if (close) {
		numbers[0] = strtol(open + 1, &end, 10);
		if (*end == ',')
			numbers[1] = strtol(end + 1, NULL, 10);
	}
	for (size_t i = 0; i < size && n + 1 < room; i++)
		if (!close || type + i < open || type + i > close)
			base[n++] = type[i];
	base[n] = '\0';
}

enum { TYPE_ROOM = 160 }; /* two names of 63 bytes, quoted */

int mig__pg_same_base(const char *from, const char *to)
{
	char a[TYPE_ROOM], b[TYPE_ROOM];
	long unused[2];

	split_type(from, a, sizeof a, unused);
	split_type(to, b, sizeof b, unused);
	return !strcmp(a, b);
}

/* Types of one family convert into each other without loss upwards, as long as no length is in the
 * way. */
static const struct {
	const char *type;
	char family;
	int rank;
} families[] = {
	{ "smallint", 'i', 1 },
	{ "integer", 'i', 2 },
	{ "bigint", 'i', 3 },
	{ "numeric", 'i', 4 },
	{ "real", 'f', 1 },
	{ "double precision", 'f', 2 },
	{ "character", 's', 1 },
	{ "character varying", 's', 2 },
	{ "text", 's', 3 },
	{ "citext", 's', 3 },
	{ "public.citext", 's', 3 },
	{ "date", 'd', 1 },
	{ "timestamp without time zone", 'd', 2 },
	{ "timestamp with time zone", 'd', 2 },
	{ "json", 'j', 1 },
	{ "jsonb", 'j', 1 },
	{ "inet", 'n', 2 },
	{ "cidr", 'n', 1 },
};

static int family(const char *base, int *rank)
{
	for (size_t i = 0; i < sizeof families / sizeof *families; i++)
		if (!strcmp(families[i].type, base)) {
			*rank = families[i].rank;
			return families[i].family;
		}
	*rank = 0;
	return 0;
}

/* A length that cuts: (10) of what had none or more. For numeric: digits before or after the point.
 */
static int is_cut(const long from[2], const long to[2])
{
	long old_scale = from[1] < 0 ? 0 : from[1], scale = to[1] < 0 ? 0 : to[1];

	if (to[0] < 0)
		return 0;
	return from[0] < 0 || to[0] - scale < from[0] - old_scale || scale < old_scale;
}

static int narrows(const char *from, const char *to)
{
	char a[TYPE_ROOM], b[TYPE_ROOM];
	long old[2], new[2];
	int was_array, is_array, old_rank, new_rank, old_family, new_family;

	mig__pg_type_base(from, &was_array);
	mig__pg_type_base(to, &is_array);
	split_type(from, a, sizeof a, old);
	split_type(to, b, sizeof b, new);
	old_family = family(a, &old_rank);
	new_family = family(b, &new_rank);
	if (is_array != was_array)
		return !is_array && new_family != 's';
	if (!strcmp(a, b))
		return is_cut(old, new);
	if (new_family == 's' && new_rank > 1)
		return new[0] >= 0 && (old_family != 's' || is_cut(old, new));
	if (old_family == 'i' && !strcmp(b, "double precision"))
		return old_rank > 2;
	if (!old_family || old_family != new_family || new_rank < old_rank)
		return 1;
	return new[0] >= 0;
}

int mig__pg_rewrites(const char *from, const char *to)
{
	char a[TYPE_ROOM], b[TYPE_ROOM];
	long old[2], new[2];
	int was_array, is_array, rank;

	mig__pg_type_base(from, &was_array);
	mig__pg_type_base(to, &is_array);
	split_type(from, a, sizeof a, old);
	split_type(to, b, sizeof b, new);
	if (is_array != was_array)
		return 1;
	if (!strcmp(a, b))
		return strcmp(a, "character") != 0 ? is_cut(old, new) : 1;
	return family(a, &rank) != 's' || rank < 2 || family(b, &rank) != 's' || new[0] >= 0;
}

/* -- enums */

const char *mig__pg_label_end(const char *p)
{
	p += *p == 'E'; /* one with a backslash in it */
	if (*p == '\'')
		for (p++; *p && (*p != '\'' || p[1] == '\''); p++)
			p += *p == '\'';
	return *p ? p + 1 : p;
}

int mig__pg_enum_grows(const char *from, const char *to)
{
	while (*from) {
		const char *end = mig__pg_label_end(from), *other = NULL;
		size_t size = (size_t)(end - from);

		while (*to && (!other || (size_t)(other - to) != size || strncmp(from, to, size))) {
			if (other)
				to = other + strspn(other, ", ");
			other = *to ? mig__pg_label_end(to) : NULL;
		}
		if (!*to)
			return 0;
		to = other + strspn(other, ", ");
		from = end + strspn(end, ", ");
	}
	return 1;
}

/* -- functions */

/* The end of one argument in "a integer DEFAULT 1, b text". */
static const char *argument_end(const char *p)
{
	int depth = 0;
	char quote = 0;

	for (; *p && (quote || depth || *p != ','); p++) {
		if (quote)
			quote = *p == quote ? 0 : quote;
		else if (*p == '\'' || *p == '"')
			quote = *p;
		else if (*p == '(' || *p == '[')
			depth++;
		else if (*p == ')' || *p == ']')
			depth--;
	}
	return p;
}

/* The size of an argument without its default; *has: it has one. */
static size_t bare_size(const char *p, const char *end, int *has)
{
	static const char word[] = " DEFAULT ";

	for (const char *q = p; q + sizeof word - 1 <= end; q++)
		if (!strncmp(q, word, sizeof word - 1)) {
			*has = 1;
			return (size_t)(q - p);
		}
	*has = 0;
	return (size_t)(end - p);
}

/* CREATE OR REPLACE can add defaults, and change them; it cannot take one away, nor change names.
 */
static int arguments_fit(const char *from, const char *to)
{
	while (*from && *to) {
		const char *from_end = argument_end(from), *to_end = argument_end(to);
		int had, has;
		size_t size = bare_size(from, from_end, &had);

		if (bare_size(to, to_end, &has) != size || strncmp(from, to, size) != 0 ||
		    (had && !has))
			return 0;
		from = from_end + strspn(from_end, ", ");
		to = to_end + strspn(to_end, ", ");
	}
	return !*from && !*to;
}

static int is_window(const mig_object *o)
{
	const char *definition = mig__attribute(o, "definition");

	return definition && strstr(definition, "\n WINDOW");
}

static int is_replaceable(const mig_object *from, const mig_object *to)
{
	const char *old = mig__attribute(from, "arguments"), *new = mig__attribute(to, "arguments");

	return mig__attribute_same(from, to, "returns") && is_window(from) == is_window(to) &&
	       arguments_fit(old ? old : "", new ? new : "");
}

/* -- change() */

/* Whether only attributes of the list differ; it ends with NULL. */
static int only(const mig_object *from, const mig_object *to, const char *const *keys)
{
	const mig_object *sides[2] = { from, to };

	for (int s = 0; s < 2; s++)
		for (size_t i = 0; i < sides[s]->attribute_count; i++) {
			const char *key = sides[s]->attributes[i].key;
			size_t k = 0;

			if (key[0] == '.' || mig__attribute_same(from, to, key))
				continue;
			while (keys[k] && strcmp(keys[k], key) != 0)
				k++;
			if (!keys[k])
				return 0;
		}
	return 1;
}

static uint32_t change_enum(const mig_object *from, const mig_object *to)
{
	if (mig__attribute_same(from, to, "values") ||
	    mig__pg_enum_grows(mig__attribute(from, "values"), mig__attribute(to, "values")))
		return MIG_CHANGE_ALTER;
	return MIG_CHANGE_ALTER | MIG_CHANGE_ALONE;
}

static uint32_t change_domain(const mig_object *from, const mig_object *to)
{
	uint32_t change = MIG_CHANGE_ALTER;

	if (!mig__attribute_same(from, to, "type") || !mig__attribute_same(from, to, "collation"))
		change |= MIG_CHANGE_ALONE;
	if (narrows(mig__attribute(from, "type"), mig__attribute(to, "type")))
		change |= MIG_CHANGE_LOSSY;
	return change;
}

/* ALTER TYPE leaves the attributes that stay in their order, and adds new ones after them. */
int mig__pg_reorders(const mig_object *from, const mig_object *to)
{
	const mig_object *old = from->child, *new = to->child;

	for (; new && new->other; new = new->next) {
		while (old && !old->other)
			old = old->next;
		if (!old || old->other != new)
			return 1;
		old = old->next;
	}
	while (new && !new->other)
		new = new->next;
	return new != NULL;
}

static uint32_t change_composite(const mig_object *from, const mig_object *to)
{
	if (mig__pg_reorders(from, to))
		return MIG_CHANGE_ALTER | MIG_CHANGE_ALONE;
	return mig__attribute_same(from, to, "comment") && mig__attribute_same(from, to, "privileges")
		       ? 0
		       : MIG_CHANGE_ALTER;
}

static uint32_t change_table(const mig_object *from, const mig_object *to)
{
	return mig__attribute_same(from, to, "partition_by")
		       ? MIG_CHANGE_ALTER
		       : MIG_CHANGE_RECREATE | MIG_CHANGE_LOSSY;
}

int mig__pg_is_virtual(const mig_object *column)
{
	const char *kind = mig__attribute(column, MIG_ATTR_GENERATED_KIND);

	return kind && !strcmp(kind, MIG_GENERATED_VIRTUAL);
}

static uint32_t change_column(const mig_object *from, const mig_object *to)
{
	int type = mig__attribute_same(from, to, "type");
	uint32_t change = MIG_CHANGE_ALTER;

	if (mig__top(to)->kind == MIG_KIND_COMPOSITE && !type)
		return change | MIG_CHANGE_ALONE;
	if (mig__top(to)->kind != MIG_KIND_TABLE)
		return change;
	if (mig__attribute(to, "generated")) {
		if (!mig__attribute(from, "generated"))
			return MIG_CHANGE_RECREATE | MIG_CHANGE_LOSSY;
		if (!type || mig__pg_is_virtual(from) != mig__pg_is_virtual(to) ||
		    (!mig__attribute_same(from, to, "generated") &&
		     !(mig__attribute(from, ".set_expression") && mig__attribute(to, ".set_expression"))))
			return MIG_CHANGE_RECREATE;
	}
	/* a generated column's type cannot be converted in the statement that makes it a plain one,
	 * and a virtual one, or one of PostgreSQL 12, cannot become plain */
	if ((!type || mig__pg_is_virtual(from) || mig__attribute(from, ".generated_always")) && mig__attribute(from, "generated") &&
	    !mig__attribute(to, "generated"))
		return MIG_CHANGE_RECREATE | MIG_CHANGE_LOSSY;
	if (!type || !mig__attribute_same(from, to, "collation"))
		change |= MIG_CHANGE_ALONE;
	if (!type && narrows(mig__attribute(from, "type"), mig__attribute(to, "type")))
		change |= MIG_CHANGE_LOSSY;
	return change;
}

/* Becoming valid is altering; becoming not valid is not. One that is not enforced is neither. */
static int is_validation(const mig_object *from, const mig_object *to)
{
	if (!mig__attribute_same(from, to, "not_enforced"))
		return mig__attribute_same(from, to, "not_valid");
	return mig__attribute_same(from, to, "not_valid") || !mig__attribute(to, "not_valid");
}

static uint32_t change_foreign_key(const mig_object *from, const mig_object *to)
{
	static const char *const keys[] = { "comment", "deferrable", "not_valid", "not_enforced", NULL };
	static const char *const triggers[] = { "triggers", NULL };

	/* triggers that do nothing: nobody asks for these, and none but a superuser can disable them */
	if (mig__attribute(to, "triggers") && only(from, to, triggers))
		return 0;
	return only(from, to, keys) && is_validation(from, to) ? MIG_CHANGE_ALTER
							       : MIG_CHANGE_RECREATE;
}

static uint32_t change_check(const mig_object *from, const mig_object *to)
{
	static const char *const keys[] = { "comment", "not_valid", NULL };

	return only(from, to, keys) && is_validation(from, to) ? MIG_CHANGE_ALTER
							       : MIG_CHANGE_RECREATE;
}

/* What a failed build left can be built again; nobody asks for one that fails. */
static uint32_t change_index(const mig_object *from, const mig_object *to)
{
	static const char *const keys[] = { "comment",   "options", "tablespace",
					    "clustered", "invalid", "only", "statistics", "extensions", NULL };
	static const char *const invalid[] = { "invalid", NULL };

	if (mig__attribute(to, "only") && !mig__attribute(from, "only"))
		return MIG_CHANGE_RECREATE;
	if (mig__attribute(to, "invalid") && only(from, to, invalid))
		return 0;
	return only(from, to, keys) ? MIG_CHANGE_ALTER : MIG_CHANGE_RECREATE;
}

static uint32_t change_function(const mig_object *from, const mig_object *to)
{
	return is_replaceable(from, to) ? MIG_CHANGE_ALTER : MIG_CHANGE_RECREATE;
}

/* CREATE OR REPLACE VIEW can add columns at the end. */
static uint32_t change_view(const mig_object *from, const mig_object *to)
{
	static const char *const keys[] = { "comment", "privileges", "options", "query", NULL };
	const char *old = mig__attribute(from, ".columns"), *new = mig__attribute(to, ".columns");

	if (!only(from, to, keys))
		return MIG_CHANGE_RECREATE;
	if (mig__attribute_same(from, to, "query"))
		return MIG_CHANGE_ALTER;
	return old && new && !strncmp(old, new, strlen(old)) ? MIG_CHANGE_ALTER : MIG_CHANGE_RECREATE;
}

static uint32_t change_policy(const mig_object *from, const mig_object *to)
{
	static const char *const keys[] = { "comment", "roles", "using", "check", NULL };
	int loses = (mig__attribute(from, "using") && !mig__attribute(to, "using")) ||
		    (mig__attribute(from, "check") && !mig__attribute(to, "check"));

	return only(from, to, keys) && !loses ? MIG_CHANGE_ALTER : MIG_CHANGE_RECREATE;
}

/* Whether every column (or expression) of one list is in the other. */
static int is_subset(const char *list, const char *end, const char *of, const char *of_end)
{
	while (list < end) {
		const char *item = argument_end(list), *other = of;
		size_t size;

		item = item < end ? item : end;
		size = (size_t)(item - list);
		while (other < of_end) {
			const char *stop = argument_end(other);

			stop = stop < of_end ? stop : of_end;
			if ((size_t)(stop - other) == size && !strncmp(other, list, size))
				break;
			other = stop + strspn(stop, ", ");
		}
		if (other >= of_end)
			return 0;
		list = item + strspn(item, ", ");
	}
	return 1;
}

/* The server lists columns in the order of the table, which does not matter. */
static uint32_t change_statistics(const mig_object *from, const mig_object *to)
{
	const char *a = mig__attribute(from, "definition"), *b = mig__attribute(to, "definition");
	const char *on_a = strstr(a, " ON "), *on_b = strstr(b, " ON ");
	const char *end_a = on_a ? strstr(on_a, " FROM ") : NULL;
	const char *end_b = on_b ? strstr(on_b, " FROM ") : NULL;
	static const char *const keys[] = { "comment", "target", NULL };

	if (only(from, to, keys))
		return MIG_CHANGE_ALTER;
	if (!end_a || !end_b || on_a - a != on_b - b || strncmp(a, b, (size_t)(on_a - a)) != 0 ||
	    strcmp(end_a, end_b) != 0 || end_a - on_a != end_b - on_b ||
	    !is_subset(on_a + 4, end_a, on_b + 4, end_b))
		return MIG_CHANGE_RECREATE;
	return mig__attribute_same(from, to, "comment") && mig__attribute_same(from, to, "target")
		       ? 0
		       : MIG_CHANGE_ALTER;
}

/* What is valid is not made invalid. */
static uint32_t change_inheritance(const mig_object *from, const mig_object *to)
{
	static const char *const keys[] = { "valid_checks", NULL };
	const char *is = mig__attribute(from, "valid_checks"), *want = mig__attribute(to, "valid_checks");

	if (!only(from, to, keys))
		return MIG_CHANGE_RECREATE;
	if (!want || (is && is_subset(want, want + strlen(want), is, is + strlen(is))))
		return 0;
	return MIG_CHANGE_ALTER;
}

static uint32_t change_in_place(const mig_object *from, const mig_object *to)
{
	(void)from;
	(void)to;
	return MIG_CHANGE_ALTER;
}

/* The other kinds: altered if only these differ, otherwise created anew. */
static const struct {
	uint32_t (*fn)(const mig_object *from, const mig_object *to);
	const char *keys[7];
	int lossy; /* what is created anew loses its rows */
} changes[] = {
	[MIG_KIND_SCHEMA] = { NULL, { "comment", "privileges" }, 0 },
	[MIG_KIND_EXTENSION] = { NULL, { "comment", "schema" }, 0 },
	[MIG_KIND_COLLATION] = { NULL, { "comment" }, 0 },
	[MIG_KIND_ENUM] = { change_enum, { NULL }, 0 },
	[MIG_KIND_DOMAIN] = { change_domain, { NULL }, 0 },
	[MIG_KIND_COMPOSITE] = { change_composite, { NULL }, 0 },
	[MIG_KIND_RANGE] = { NULL, { "comment", "privileges" }, 1 },
	[MIG_KIND_SEQUENCE] = { change_in_place, { NULL }, 0 },
	[MIG_KIND_TABLE] = { change_table, { NULL }, 0 },
	[MIG_KIND_COLUMN] = { change_column, { NULL }, 0 },
	[MIG_KIND_DEFAULT] = { change_in_place, { NULL }, 0 },
	[MIG_KIND_PRIMARY_KEY] = { NULL, { "comment", "options", "tablespace", "clustered" }, 0 },
	[MIG_KIND_UNIQUE] = { NULL, { "comment", "options", "tablespace", "clustered" }, 0 },
	[MIG_KIND_FOREIGN_KEY] = { change_foreign_key, { NULL }, 0 },
	[MIG_KIND_CHECK] = { change_check, { NULL }, 0 },
	[MIG_KIND_EXCLUSION] = { NULL, { "comment" }, 0 },
	[MIG_KIND_INDEX] = { change_index, { NULL }, 0 },
	[MIG_KIND_VIEW] = { change_view, { NULL }, 0 },
	[MIG_KIND_MATERIALIZED_VIEW] = { NULL,
					 { "comment", "privileges", "options", "method", "tablespace",
					   "unpopulated", "extensions" },
					 0 },
	[MIG_KIND_FUNCTION] = { change_function, { NULL }, 0 },
	[MIG_KIND_PROCEDURE] = { change_function, { NULL }, 0 },
	[MIG_KIND_AGGREGATE] = { NULL, { "comment", "privileges" }, 0 },
	[MIG_KIND_TRIGGER] = { NULL, { "comment", "enabled", "extensions" }, 0 },
	[MIG_KIND_RULE] = { NULL, { "comment", "enabled" }, 0 },
	[MIG_KIND_POLICY] = { change_policy, { NULL }, 0 },
	[MIG_KIND_STATISTICS] = { change_statistics, { NULL }, 0 },
	[MIG_KIND_EVENT_TRIGGER] = { NULL, { "comment", "enabled" }, 0 },
	[MIG_KIND_INHERITANCE] = { change_inheritance, { NULL }, 0 },
	[MIG_KIND_OWNERSHIP] = { change_in_place, { NULL }, 0 },
	[MIG_KIND_REPLICA_IDENTITY] = { change_in_place, { NULL }, 0 },
	[MIG_KIND_OTHER] = { NULL, { "comment", "privileges" }, 0 },
};

uint32_t mig__pg_change(const mig_object *from, const mig_object *to)
{
	if (to->kind <= 0 || (size_t)to->kind >= sizeof changes / sizeof *changes)
		return MIG_CHANGE_RECREATE;
	if (changes[to->kind].fn)
		return changes[to->kind].fn(from, to);
	if (only(from, to, changes[to->kind].keys))
		return MIG_CHANGE_ALTER;
	return changes[to->kind].lossy ? MIG_CHANGE_RECREATE | MIG_CHANGE_LOSSY
				       : MIG_CHANGE_RECREATE;
}

/* -- renames() */

/* The parts of a partitioned table, of a partition and of a child follow those of others. */
static int is_among_others(const mig_object *table)
{
	return mig__attribute(table, "partition_by") || mig__child(table, MIG_KIND_INHERITANCE, NULL);
}

int32_t mig__pg_renames(const mig_object *from, const mig_object *to)
{
	if (is_among_others(from->parent) || is_among_others(to->parent))
		return 0;
	switch (from->kind) {
	case MIG_KIND_PRIMARY_KEY:
	case MIG_KIND_UNIQUE:
	case MIG_KIND_FOREIGN_KEY:
	case MIG_KIND_CHECK:
	case MIG_KIND_EXCLUSION:
	case MIG_KIND_INDEX:
		return 1;
	default:
		return 0;
	}
}

/* -- holds() */

/* Columns of both ends of a foreign key must be comparable at every moment, and those of an enum or
 * a domain that is replaced are not. */
static int holds_key(const mig_object *column)
{
	char a[TYPE_ROOM], b[TYPE_ROOM];
	const char *old = mig__attribute(column, "type");
	const char *new = column->other ? mig__attribute(column->other, "type") : NULL;
	long unused[2];
	int rank;

	if (!old || !new || !strcmp(old, new))
		return 1;
	split_type(old, a, sizeof a, unused);
	split_type(new, b, sizeof b, unused);
	return strcmp(a, b) != 0 && (!family(a, &rank) || family(a, &rank) != family(b, &rank));
}

/* An index that may look into the values of a column, whose type is what changes: they are text in
 * between. */
static int looks_into(const mig_object *index, const mig_object *column)
{
	const char *columns = mig__attribute(index, "columns");

	return column->other && mig__attribute_same(column, column->other, "type") &&
	       (mig__attribute(index, "where") || (columns && strchr(columns, '(')));
}

int32_t mig__pg_holds(const mig_object *dependent, const mig_object *changed)
{
	int is_column = changed->kind == MIG_KIND_COLUMN && mig__top(changed)->kind == MIG_KIND_TABLE;

	switch (dependent->kind) {
	case MIG_KIND_COLUMN:
		if (mig__top(dependent)->kind == MIG_KIND_COMPOSITE)
			return 0; /* values have it: it gets the new type in its place */
		return mig__top(dependent)->kind != MIG_KIND_TABLE ||
		       mig__attribute(dependent, "generated") != NULL;
	case MIG_KIND_DEFAULT:
	case MIG_KIND_CHECK:
		/* a column's own are converted or set anew with it; a domain's as well */
		return !is_column && dependent->parent != changed;
	case MIG_KIND_FOREIGN_KEY:
		return !is_column || holds_key(changed);
	case MIG_KIND_PRIMARY_KEY:
	case MIG_KIND_UNIQUE:
	case MIG_KIND_EXCLUSION:
	case MIG_KIND_STATISTICS:
		return !is_column;
	case MIG_KIND_INDEX:
		return !is_column || looks_into(dependent, changed);
	case MIG_KIND_DOMAIN: /* likewise */
	case MIG_KIND_INHERITANCE:
	case MIG_KIND_OWNERSHIP:
	case MIG_KIND_REPLICA_IDENTITY:
		return 0;
	default:
		return 1;
	}
}

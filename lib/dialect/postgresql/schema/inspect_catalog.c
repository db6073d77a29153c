/* inspect_catalog: rows by name, what is known by oid, and the making of objects: what the other
 * inspect_*.c share. Not a kind of its own. */
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/schema/ddl.h"
#include "dialect/postgresql/schema/inspect.h"
#include "dialect/postgresql/sql/quote.h"
#include "schema/object.h"

#include <mig/attribute.h>
#include <stdlib.h>
#include <string.h>

const char *mig__field(const PGresult *rows, int row, int column)
{
	const char *value = PQgetvalue(rows, row, column);

	return value && *value ? value : NULL;
}

/* strtoul() takes a quarter of the time otherwise. */
uint32_t mig__field_oid(const PGresult *rows, int row, int column)
{
	const char *p = PQgetvalue(rows, row, column);
	uint32_t value = 0;

	if (*p == '-')
		return (uint32_t)strtol(p, NULL, 10);
	while (*p >= '0' && *p <= '9')
		value = value * 10 + (uint32_t)(*p++ - '0');
	return value;
}

int mig__field_is(const PGresult *rows, int row, int column, char value)
{
	return PQgetvalue(rows, row, column)[0] == value;
}

static void fail_memory(struct mig__catalog *c)
{
	if (!c->rc)
		c->rc = mig__pg_nomem(c->conn);
}

const char *mig__catalog_copy(struct mig__catalog *c, const char *text)
{
	const char *copy = mig__arena_strdup(&c->arena, text);

	if (!copy)
		fail_memory(c);
	return copy ? copy : "";
}

/* -- what is known by oid */

struct key {
	uint32_t class, oid, sub;
};

void mig__catalog_learn(struct mig__catalog *c, struct mig__map *map, uint32_t class, uint32_t oid,
			uint32_t sub, uint32_t value)
{
	struct key *key = mig__arena_alloc(&c->arena, sizeof *key);

	if (key)
		*key = (struct key){ class, oid, sub };
	if (!key || !mig__map_add(map, (const char *)key, sizeof *key, value, NULL))
		fail_memory(c);
}

uint32_t mig__catalog_find(const struct mig__map *map, uint32_t class, uint32_t oid, uint32_t sub)
{
	const struct key key = { class, oid, sub };

	return map->count ? mig__map_get(map, (const char *)&key, sizeof key) : MIG__NONE;
}

struct mig__rel *mig__catalog_rel(const struct mig__catalog *c, uint32_t oid)
{
	uint32_t i = mig__catalog_find(&c->known, MIG__CLASS_CLASS, oid, 0);

	return i == MIG__NONE ? NULL : &c->rels[i];
}

uint32_t mig__catalog_number(const struct mig__catalog *c, uint32_t class, uint32_t oid,
			     uint32_t sub)
{
	const struct mig__rel *rel =
		class == MIG__CLASS_CLASS && sub ? mig__catalog_rel(c, oid) : NULL;

	/* who needs a view's column needs the view, whether something is said of the column or not
	 */
	if (rel && rel->kind != 'v' && rel->kind != 'm' && sub <= rel->column_count &&
	    rel->columns[sub - 1].number != MIG_NO_OBJECT)
		return rel->columns[sub - 1].number;
	return mig__catalog_find(&c->numbers, class, oid, 0);
}

void mig__catalog_need(struct mig__catalog *c, uint32_t from, uint32_t to)
{
	if (c->rc || from >= MIG_LEFT_OUT || to >= MIG_LEFT_OUT || from == to)
		return;
	if (mig__grow(&c->conn->alloc, (void **)&c->edges, &c->edge_cap, c->edge_count + 1,
		      sizeof *c->edges))
		c->edges[c->edge_count++] = (struct mig__need){ from, to };
	else
		fail_memory(c);
}

const char *mig__catalog_schema(const struct mig__catalog *c, uint32_t oid)
{
	uint32_t row = mig__catalog_find(&c->known, MIG__CLASS_NAMESPACE, oid, 0);

	return row == MIG__NONE ? NULL : PQgetvalue(c->small, (int)row, MIG__SMALL_NAME);
}

const char *mig__catalog_qualify(struct mig__catalog *c, const char *schema, const char *name)
{
	const char *text;
	struct mig__buf b;

	mig__buf_init(&b, &c->conn->alloc);
	mig__ddl_name(&b, schema);
	mig__buf_adds(&b, ".");
	mig__ddl_name(&b, name);
	text = mig__catalog_copy(c, mig__catalog_made(c, &b));
	mig__buf_finish(&b);
	return text;
}

const char *mig__catalog_privileges(const struct mig__catalog *c, uint32_t oid, uint32_t sub)
{
	uint32_t row = mig__catalog_find(&c->known, MIG__CLASS_PRIVILEGES, oid, sub);

	return row == MIG__NONE ? NULL : mig__field(c->privileges, (int)row, MIG__PRIVILEGES_WORDS);
}

/* -- objects */

void mig__catalog_begin(struct mig__catalog *c, int32_t kind, const char *schema, const char *name)
{
	c->object = (mig_object){ .struct_size = sizeof c->object,
				  .kind = kind,
				  .schema = schema,
				  .name = name,
				  .attributes = c->attributes };
	c->text_count = 0;
}

void mig__catalog_add(struct mig__catalog *c, const char *key, const char *value)
{
	if (value && *value && c->object.attribute_count < MIG__CATALOG_ATTRIBUTES)
		c->attributes[c->object.attribute_count++] = (mig_attribute){ key, value };
}

struct mig__buf *mig__catalog_text(struct mig__catalog *c)
{
	struct mig__buf *b = &c->texts[c->text_count++];

	mig__buf_clear(b);
	return b;
}

struct mig__buf *mig__catalog_spare(struct mig__catalog *c)
{
	struct mig__buf *b = &c->texts[MIG__CATALOG_TEXTS - 1];

	mig__buf_clear(b);
	return b;
}

const char *mig__catalog_made(struct mig__catalog *c, const struct mig__buf *text)
{
	if (text->failed)
		fail_memory(c);
	return mig__buf_text(text);
}

void mig__catalog_add_text(struct mig__catalog *c, const char *key, const struct mig__buf *text)
{
	mig__catalog_add(c, key, mig__catalog_made(c, text));
}

static void say_unknown(struct mig__catalog *c, const char *what, const char *of, const char *name,
			const char *key, const char *value)
{
	struct mig__buf *text = mig__catalog_text(c);

	mig__buf_addf(text, "%s %s%s%s: %s \"%s\" is not known to this version of libmig", what, of,
		      *of ? "." : "", name, key, value);
	mig__catalog_made(c, text);
	if (!c->rc)
		c->rc = c->sink->uncovered(c->sink->user, mig__buf_text(text));
}

int mig__catalog_knows(struct mig__catalog *c, const struct mig__rel *of, const char *key,
		       const char *value, const char *known)
{
	if (!value || strchr(known, *value))
		return 1;
	mig__catalog_add(c, MIG_ATTR_UNKNOWN, MIG_YES);
	say_unknown(c, mig__kind_name(c->object.kind), of ? of->qualified : c->object.schema,
		    c->object.name, key, value);
	return 0;
}

int mig__catalog_knows_kind(struct mig__catalog *c, const char *what, const char *of,
			    const char *name, const char *kind, const char *known)
{
	if (kind && strchr(known, *kind))
		return 1;
	c->text_count = 0;
	say_unknown(c, what, of, name, "kind", kind ? kind : "");
	return 0;
}

/* On whose extensions' being there it depends. */
static void add_extensions(struct mig__catalog *c, uint32_t class, uint32_t oid)
{
	uint32_t row = mig__catalog_find(&c->known, MIG__CLASS_DEPENDS, oid, class);

	if (row != MIG__NONE)
		mig__catalog_add(c, "extensions", PQgetvalue(c->small, (int)row, MIG__SMALL_NAME));
}

uint32_t mig__catalog_report(struct mig__catalog *c, uint32_t parent, uint32_t class, uint32_t oid,
			     uint32_t sub)
{
	uint32_t number = MIG_LEFT_OUT, comment = mig__catalog_find(&c->comments, class, oid, sub);

	if (comment != MIG__NONE)
		mig__catalog_add(c, "comment", PQgetvalue(c->small, (int)comment, MIG__SMALL_NAME));
	if (c->small_rows['d'].to && oid && !sub)
		add_extensions(c, class, oid);
	if (!c->rc)
		c->rc = c->sink->object(c->sink->user, &c->object, parent, &number);
	if (oid && !sub)
		mig__catalog_learn(c, &c->numbers, class, oid, 0, number);
	return number;
}

uint32_t mig__catalog_report_part(struct mig__catalog *c, uint32_t parent)
{
	return mig__catalog_report(c, parent, 0, 0, 0);
}

/* -- values */

struct option {
	const char *text;
	size_t key, size;
};

static int compare_options(const void *a, const void *b)
{
	const struct option *x = a, *y = b;
	size_t n = x->key < y->key ? x->key : y->key;
	int order = strncmp(x->text, y->text, n);

	return order ? order : (x->key > y->key) - (x->key < y->key);
}

static void add_option(struct mig__buf *out, const struct option *o, const char *prefix)
{
	char key[64] = { 0 };
	size_t value = o->key < o->size ? o->key + 1 : o->size;

	memcpy(key, o->text, o->key < sizeof key ? o->key : sizeof key - 1);
	mig__buf_adds(out, out->len ? ", " : "");
	mig__buf_adds(out, prefix);
	mig__ddl_name(out, key);
	mig__buf_adds(out, "=");
	mig__pg_add_text(out, o->text + value, o->size - value);
}

void mig__catalog_options(struct mig__buf *out, const char *options, const char *prefix,
			  const char *only)
{
	enum { MOST = 64 };
	struct option list[MOST];
	size_t count = 0;

	while (options && *options && count < MOST) {
		const struct option o = { options, strcspn(options, "=\n"),
					  strcspn(options, "\n") };

		if (!strncmp(options, only, strlen(only)))
			list[count++] = o;
		options += o.size + (options[o.size] == '\n');
	}
	qsort(list, count, sizeof *list, compare_options);
	for (size_t i = 0; i < count; i++)
		add_option(out, &list[i], prefix);
}

const char *mig__catalog_next(const char *p, uint32_t *out)
{
	char *end;
	long number;

	p += strcspn(p, "-0123456789");
	if (!*p)
		return NULL;
	number = strtol(p, &end, 10);
	*out = number > 0 ? (uint32_t)number : 0; /* a system column: none of ours */
	return end;
}

void mig__catalog_add_columns(struct mig__buf *out, const struct mig__rel *rel, const char *list)
{
	uint32_t n;

	for (const char *p = list; p && (p = mig__catalog_next(p, &n));) {
		if (!n || n > rel->column_count || !rel->columns[n - 1].name)
			continue;
		mig__buf_adds(out, out->len ? ", " : "");
		mig__buf_adds(out, rel->columns[n - 1].name);
	}
}

void mig__catalog_need_columns(struct mig__catalog *c, uint32_t from, uint32_t rel,
			       const char *list)
{
	uint32_t n;

	for (const char *p = list; p && (p = mig__catalog_next(p, &n));)
		if (n)
			mig__catalog_need(c, from,
					  mig__catalog_number(c, MIG__CLASS_CLASS, rel, n));
}

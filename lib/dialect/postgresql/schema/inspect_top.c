/* inspect_top: what is one row an object: schemas, extensions, types, functions, triggers, ... Not
 * what has columns: inspect_relation.c. */
#include "base/buf.h"
#include "dialect/postgresql/schema/inspect.h"

#include <stdlib.h>
#include <string.h>

/* A row, and what is common to most of them. */
struct row {
	struct mig__catalog *c;
	int number;
	uint32_t class, oid, of;
	const char *name;
};

static struct row row_at(struct mig__catalog *c, int number)
{
	return (struct row){ c,
			     number,
			     mig__field_oid(c->small, number, MIG__SMALL_CLASS),
			     mig__field_oid(c->small, number, MIG__SMALL_OID),
			     mig__field_oid(c->small, number, MIG__SMALL_OF),
			     PQgetvalue(c->small, number, MIG__SMALL_NAME) };
}

static const char *field(const struct row *r, int number)
{
	return mig__field(r->c->small, r->number, MIG__SMALL_FIELD + number);
}

static void each(struct mig__catalog *c, char what, void (*fn)(const struct row *r))
{
	for (int i = c->small_rows[(int)what].from; !c->rc && i < c->small_rows[(int)what].to;
	     i++) {
		const struct row r = row_at(c, i);

		fn(&r);
	}
}

static int is_known(const struct row *r)
{
	return mig__catalog_find(&r->c->numbers, r->class, r->oid, 0) != MIG__NONE;
}

/* -- names and notes */

static void learn_row(const struct row *r)
{
	mig__catalog_learn(r->c, &r->c->known, r->class, r->oid, 0, (uint32_t)r->number);
}

static void learn_parent(const struct row *r)
{
	if (mig__catalog_find(&r->c->known, MIG__CLASS_PARENT, r->oid, 0) == MIG__NONE)
		mig__catalog_learn(r->c, &r->c->known, MIG__CLASS_PARENT, r->oid, 0,
				   (uint32_t)r->number);
}

static void learn_comment(const struct row *r)
{
	mig__catalog_learn(r->c, &r->c->comments, r->class, r->oid, r->of, (uint32_t)r->number);
}

static void learn_depends(const struct row *r)
{
	mig__catalog_learn(r->c, &r->c->known, MIG__CLASS_DEPENDS, r->oid, r->class, (uint32_t)r->number);
}

static void report_schema(const struct row *r)
{
	if (field(r, 0)) /* comes with an extension */
		return;
	mig__catalog_begin(r->c, MIG_KIND_SCHEMA, "", r->name);
	mig__catalog_add(r->c, "privileges", field(r, 1));
	mig__catalog_report(r->c, MIG_NO_OBJECT, r->class, r->oid, 0);
}

static void need_schema(const struct row *r, uint32_t number)
{
	mig__catalog_need(r->c, number,
			  mig__catalog_find(&r->c->numbers, MIG__CLASS_NAMESPACE, r->of, 0));
}

static void report_extension(const struct row *r)
{
	mig__catalog_begin(r->c, MIG_KIND_EXTENSION, "", r->name);
	mig__catalog_add(r->c, "schema", field(r, 0));
	mig__catalog_add(r->c, ".version", field(r, 1));
	r->c->extensions_to = mig__catalog_report(r->c, MIG_NO_OBJECT, r->class, r->oid, 0) + 1;
	if (!r->c->extensions_from)
		r->c->extensions_from = r->c->extensions_to - 1;
	need_schema(r, r->c->extensions_to - 1);
}

static void learn_member(const struct row *r)
{
	uint32_t extension = mig__catalog_find(&r->c->numbers, MIG__CLASS_EXTENSION, r->of, 0);

	mig__catalog_learn(r->c, &r->c->numbers, r->class, r->oid, 0,
			   extension == MIG__NONE ? MIG_LEFT_OUT : extension);
}

static void find_rows(struct mig__catalog *c)
{
	for (int i = 0; i < PQntuples(c->small); i++) {
		int what = PQgetvalue(c->small, i, MIG__SMALL_WHAT)[0] & (MIG__CATALOG_LETTERS - 1);

		if (!c->small_rows[what].to)
			c->small_rows[what].from = i;
		c->small_rows[what].to = i + 1;
	}
}

void mig__catalog_names(struct mig__catalog *c)
{
	find_rows(c);
	each(c, 'n', learn_row);
	each(c, 'b', learn_row);
	each(c, 'k', learn_row);
	each(c, 'o', learn_row);
	each(c, 'q', learn_row);
	each(c, 'i', learn_parent);
	each(c, 'x', learn_comment);
	each(c, 'd', learn_depends);
	each(c, 'n', report_schema);
	each(c, 'e', report_extension);
	each(c, 'm', learn_member);
}

/* -- types */

/* Begins an object in a schema; 0 if that is not to be reported. */
static int begin(const struct row *r, int32_t kind, const char *name)
{
	const char *schema = mig__catalog_schema(r->c, r->of);

	if (!schema || is_known(r))
		return 0;
	mig__catalog_begin(r->c, kind, schema, name);
	return 1;
}

static uint32_t report(const struct row *r)
{
	uint32_t number = mig__catalog_report(r->c, MIG_NO_OBJECT, r->class, r->oid, 0);

	need_schema(r, number);
	return number;
}

static void report_collation(const struct row *r)
{
	const char *schema = mig__catalog_schema(r->c, r->of);

	if (!schema || is_known(r) ||
	    !mig__catalog_knows_kind(r->c, "collation", schema, r->name, field(r, 1), "cib"))
		return;
	mig__catalog_begin(r->c, MIG_KIND_COLLATION, schema, r->name);
	mig__catalog_add(r->c, "definition", field(r, 0));
	report(r);
}

static void report_enum(const struct row *r)
{
	if (!begin(r, MIG_KIND_ENUM, r->name))
		return;
	mig__catalog_add(r->c, "values", field(r, 1));
	/* an enum may be without any */
	if (!field(r, 1))
		r->c->attributes[r->c->object.attribute_count++] = (mig_attribute){ "values", "" };
	mig__catalog_add(r->c, "privileges", field(r, 5));
	report(r);
}

static void report_domain(const struct row *r)
{
	uint32_t number;

	if (!begin(r, MIG_KIND_DOMAIN, r->name))
		return;
	mig__catalog_add(r->c, "type", field(r, 1));
	mig__catalog_add(r->c, "collation", field(r, 2));
	mig__catalog_add(r->c, "not_null", field(r, 3));
	mig__catalog_add(r->c, "not_null_name", field(r, 6));
	mig__catalog_add(r->c, "not_null_comment", field(r, 7));
	mig__catalog_add(r->c, "privileges", field(r, 5));
	number = report(r);
	if (!field(r, 4))
		return;
	mig__catalog_begin(r->c, MIG_KIND_DEFAULT, "", r->name);
	mig__catalog_add(r->c, "expression", field(r, 4));
	mig__catalog_report_part(r->c, number);
}

static void report_range(const struct row *r)
{
	const char *multirange = field(r, 2);
	uint32_t number;

	if (!begin(r, MIG_KIND_RANGE, r->name))
		return;
	mig__catalog_add(r->c, "definition", field(r, 1));
	mig__catalog_add(r->c, "privileges", field(r, 5));
	number = report(r);
	if (multirange)
		mig__catalog_learn(r->c, &r->c->numbers, MIG__CLASS_TYPE,
				   (uint32_t)strtoul(multirange, NULL, 10), 0, number);
}

static void uncovered(const struct row *r, const char *what, const char *schema)
{
	struct mig__buf *text = mig__catalog_spare(r->c);

	mig__buf_addf(text, "%s %s%s%s", what, schema, *schema ? "." : "", r->name);
	mig__catalog_made(r->c, text);
	if (!r->c->rc && !is_known(r))
		r->c->rc = r->c->sink->uncovered(r->c->sink->user, mig__buf_text(text));
}

static void report_base_type(const struct row *r)
{
	const char *schema = mig__catalog_schema(r->c, r->of);

	if (schema && !is_known(r) &&
	    mig__catalog_knows_kind(r->c, "type", schema, r->name, field(r, 0), "bp"))
		uncovered(r, "type", schema);
}

static void report_type(const struct row *r)
{
	switch (*field(r, 0)) {
	case 'e':
		report_enum(r);
		break;
	case 'd':
		report_domain(r);
		break;
	case 'r':
		report_range(r);
		break;
	default:
		report_base_type(r);
	}
}

void mig__catalog_types(struct mig__catalog *c)
{
	each(c, 'c', report_collation);
	each(c, 't', report_type);
}

/* -- functions and what is rare */

/* Statements are not in quotes: the server has parsed them. */
static void add_definition(const struct row *r, const char *text)
{
	struct mig__buf *body;
	int same;

	if (!text || !strstr(text, "\nBEGIN ATOMIC\n") || strstr(text, "AS $")) {
		mig__catalog_add(r->c, "definition", text);
		return;
	}
	body = mig__catalog_text(r->c);
	mig__catalog_body(text, mig__catalog_text(r->c), body);
	same = !strcmp(mig__buf_text(body), text);
	mig__catalog_add_text(r->c, "definition", body);
	if (!same)
		mig__catalog_add(r->c, ".printed", text);
}

static void report_function(const struct row *r)
{
	char kind = *field(r, 0);
	const char *types = field(r, 1), *identity = field(r, 2);
	struct mig__buf *name = mig__catalog_spare(r->c);

	mig__buf_addf(name, "%s(%s)", r->name, types ? types : "");
	if (!begin(r,
		   kind == 'a'   ? MIG_KIND_AGGREGATE
		   : kind == 'p' ? MIG_KIND_PROCEDURE
				 : MIG_KIND_FUNCTION,
		   mig__catalog_made(r->c, name)))
		return;
	mig__catalog_knows(r->c, NULL, "kind", field(r, 0), "fpaw");
	mig__catalog_add(r->c, ".bare", r->name);
	mig__catalog_add(r->c, ".identity", kind == 'a' && !identity ? "*" : identity);
	add_definition(r, field(r, 5));
	if (kind != 'a') {
		mig__catalog_add(r->c, "arguments", field(r, 3));
		mig__catalog_add(r->c, "returns", field(r, 4));
		mig__catalog_add(r->c, ".language", field(r, 6));
	}
	mig__catalog_add(r->c, "privileges", field(r, 7));
	report(r);
}

static void report_statistics(const struct row *r)
{
	if (!begin(r, MIG_KIND_STATISTICS, r->name))
		return;
	mig__catalog_add(r->c, "definition", field(r, 0));
	mig__catalog_add(r->c, "target", field(r, 1));
	report(r);
}

/* What tgenabled and its like say; the usual: NULL. */
static const char *enabled(const struct row *r, const struct mig__rel *of, const char *value)
{
	mig__catalog_knows(r->c, of, "enabled", value, "ODRA");
	switch (value ? *value : 'O') {
	case 'D':
		return "DISABLE";
	case 'R':
		return "ENABLE REPLICA";
	case 'A':
		return "ENABLE ALWAYS";
	default:
		return NULL;
	}
}

static void report_event_trigger(const struct row *r)
{
	if (is_known(r))
		return;
	mig__catalog_begin(r->c, MIG_KIND_EVENT_TRIGGER, "", r->name);
	mig__catalog_add(r->c, "event", field(r, 0));
	mig__catalog_add(r->c, "tags", field(r, 1));
	mig__catalog_add(r->c, "function", field(r, 2));
	mig__catalog_add(r->c, "enabled", enabled(r, NULL, field(r, 3)));
	mig__catalog_report(r->c, MIG_NO_OBJECT, r->class, r->oid, 0);
}

/* Compared by its definition; without one it is named alone. */
static void report_other(const struct row *r)
{
	struct mig__buf *name;

	if (!field(r, 1)) {
		uncovered(r, field(r, 0), "");
		return;
	}
	if (is_known(r))
		return;
	name = mig__catalog_spare(r->c);
	mig__buf_addf(name, "%s %s", field(r, 0), r->name);
	mig__catalog_begin(r->c, MIG_KIND_OTHER, "", mig__catalog_made(r->c, name));
	mig__catalog_add(r->c, "definition", field(r, 1));
	mig__catalog_add(r->c, ".target", field(r, 2));
	mig__catalog_add(r->c, "privileges", field(r, 3));
	mig__catalog_add(r->c, ".on", field(r, 4));
	mig__catalog_add(r->c, ".drop", field(r, 5));
	mig__catalog_report(r->c, MIG_NO_OBJECT, r->class, r->oid, 0);
}

/* What needs something for one of these is that one. */
static void learn_part(const struct row *r)
{
	uint32_t owner =
		mig__catalog_find(&r->c->numbers, (uint32_t)strtoul(r->name, NULL, 10), r->of, 0);

	if (owner != MIG__NONE &&
	    mig__catalog_find(&r->c->numbers, r->class, r->oid, 0) == MIG__NONE)
		mig__catalog_learn(r->c, &r->c->numbers, r->class, r->oid, 0, owner);
}

void mig__catalog_others(struct mig__catalog *c)
{
	each(c, 'f', report_function);
	each(c, 's', report_statistics);
	each(c, 'v', report_event_trigger);
	each(c, 'z', report_other);
	each(c, 'y', learn_part);
}

/* -- of tables and views */

/* Begins a part of a table or view; NULL if that is not reported. */
static const struct mig__rel *begin_part(const struct row *r, int32_t kind)
{
	const struct mig__rel *rel = mig__catalog_rel(r->c, r->of);

	if (!rel || is_known(r))
		return NULL;
	mig__catalog_begin(r->c, kind, "", r->name);
	return rel;
}

static void report_trigger(const struct row *r)
{
	const struct mig__rel *rel = begin_part(r, MIG_KIND_TRIGGER);

	if (!rel)
		return;
	if (field(r, 2))
		r->c->object.flags = MIG_OBJECT_INHERITED;
	mig__catalog_add(r->c, "definition", field(r, 0));
	mig__catalog_add(r->c, "enabled", enabled(r, rel, field(r, 1)));
	mig__catalog_report(r->c, rel->number, r->class, r->oid, 0);
}

/* A view's query is a rule of its own: who needs something for it is the view. */
static void report_rule(const struct row *r)
{
	const struct mig__rel *rel = begin_part(r, MIG_KIND_RULE);
	struct mig__buf *text;

	if (!rel)
		return;
	if (!field(r, 0)) {
		mig__catalog_learn(r->c, &r->c->numbers, r->class, r->oid, 0, rel->number);
		return;
	}
	text = mig__catalog_text(r->c);
	mig__buf_adds(text, field(r, 0));
	while (text->len && strchr("; \n", text->data[text->len - 1]))
		text->data[--text->len] = '\0';
	mig__catalog_add_text(r->c, "definition", text);
	mig__catalog_add(r->c, "enabled", enabled(r, rel, field(r, 1)));
	mig__catalog_report(r->c, rel->number, r->class, r->oid, 0);
}

/* What polcmd says; all: NULL. */
static const char *command(const char *letter)
{
	switch (letter ? *letter : '*') {
	case 'r':
		return "SELECT";
	case 'a':
		return "INSERT";
	case 'w':
		return "UPDATE";
	case 'd':
		return "DELETE";
	default:
		return NULL;
	}
}

static void report_policy(const struct row *r)
{
	const struct mig__rel *rel = begin_part(r, MIG_KIND_POLICY);

	if (!rel)
		return;
	mig__catalog_add(r->c, "permissive", field(r, 0));
	mig__catalog_knows(r->c, rel, "command", field(r, 1), "*rawd");
	mig__catalog_add(r->c, "command", command(field(r, 1)));
	mig__catalog_add(r->c, "roles", field(r, 2));
	mig__catalog_add(r->c, "using", field(r, 3));
	mig__catalog_add(r->c, "check", field(r, 4));
	mig__catalog_report(r->c, rel->number, r->class, r->oid, 0);
}

void mig__catalog_table_parts(struct mig__catalog *c)
{
	each(c, 'g', report_trigger);
	each(c, 'r', report_rule);
	each(c, 'p', report_policy);
}

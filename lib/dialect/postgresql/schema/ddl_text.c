/* ddl_text: statements from patterns. "@t" in a pattern stands for the table, other codes for
 * attributes, quoted as they must be. Not the patterns: those are in the ddl_*.c that send them.
 * A part whose attribute is missing is left out. */
#include "base/ascii.h"
#include "base/shown.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/schema/ddl.h"
#include "dialect/postgresql/sql/quote.h"

#include <stdlib.h>
#include <string.h>

/* Words that cannot be a name of everything without quotes: those of pg_get_keywords() that are not
 * "unreserved", in any version from 11 to 18. Sorted. */
/* clang-format off */
static const char *const keywords[] = {
	"all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric",
	"authorization", "between", "bigint", "binary", "bit", "boolean", "both", "case", "cast",
	"char", "character", "check", "coalesce", "collate", "collation", "column",
	"concurrently", "constraint", "create", "cross", "current_catalog", "current_date",
	"current_role", "current_schema", "current_time", "current_timestamp", "current_user",
	"dec", "decimal", "default", "deferrable", "desc", "distinct", "do", "else", "end",
	"except", "exists", "extract", "false", "fetch", "float", "for", "foreign", "freeze",
	"from", "full", "grant", "greatest", "group", "grouping", "having", "ilike", "in",
	"initially", "inner", "inout", "int", "integer", "intersect", "interval", "into", "is",
	"isnull", "join", "json", "json_array", "json_arrayagg", "json_exists", "json_object",
	"json_objectagg", "json_query", "json_scalar", "json_serialize", "json_table",
	"json_value", "lateral", "leading", "least", "left", "like", "limit", "localtime",
	"localtimestamp", "merge_action", "national", "natural", "nchar", "none", "normalize",
	"not", "notnull", "null", "nullif", "numeric", "offset", "on", "only", "or", "order",
	"out", "outer", "overlaps", "overlay", "placing", "position", "precision", "primary",
	"real", "references", "returning", "right", "row", "select", "session_user", "setof",
	"similar", "smallint", "some", "substring", "symmetric", "system_user", "table",
	"tablesample", "then", "time", "timestamp", "to", "trailing", "treat", "trim", "true",
	"union", "unique", "user", "using", "values", "varchar", "variadic", "verbose", "when",
	"where", "window", "with", "xmlattributes", "xmlconcat", "xmlelement", "xmlexists",
	"xmlforest", "xmlnamespaces", "xmlparse", "xmlpi", "xmlroot", "xmlserialize", "xmltable",
};
/* clang-format on */

static int compare_keyword(const void *name, const void *keyword)
{
	return strcmp(name, *(const char *const *)keyword);
}

static int is_plain(const char *name)
{
	int digits = 0;

	for (const char *p = name; *p; p++) {
		if ((*p < 'a' || *p > 'z') && *p != '_' && !mig__ascii_is_digit(*p))
			return 0;
		digits |= mig__ascii_is_digit(*p);
	}
	if (!*name || mig__ascii_is_digit(*name))
		return 0;
	/* no keyword has any */
	return digits ||
	       !bsearch(name, keywords, sizeof keywords / sizeof *keywords, sizeof *keywords, compare_keyword);
}

void mig__ddl_name(struct mig__buf *b, const char *name)
{
	if (is_plain(name))
		mig__buf_adds(b, name);
	else
		mig__pg_add_name(b, name);
}

/* -- patterns */

static void add_qualified(struct mig__buf *b, const mig_object *o, const char *name)
{
	const char *schema = mig__top(o)->schema;

	if (schema[0]) {
		mig__ddl_name(b, schema);
		mig__buf_adds(b, ".");
	}
	mig__ddl_name(b, name);
}

static void add_function(struct mig__buf *b, const mig_object *o)
{
	const char *bare = mig__attribute(o, ".bare"), *types = mig__attribute(o, ".identity");

	add_qualified(b, o, bare ? bare : o->name);
	mig__buf_addf(b, "(%s)", types ? types : "");
}

/* Columns of a foreign key; the last one may be a period. */
static void add_key(struct mig__buf *b, const mig_object *o, const char *key)
{
	const char *list = mig__attribute(o, key), *last = list;
	int quoted = 0;

	for (const char *p = list; p && *p; p++) {
		quoted ^= *p == '"';
		if (!quoted && *p == ',')
			last = p + 2;
	}
	if (!list || !mig__attribute(o, "period")) {
		mig__buf_adds(b, list ? list : "");
		return;
	}
	mig__buf_add(b, list, (size_t)(last - list));
	mig__buf_addf(b, "PERIOD %s", last);
}

static void add_code(struct mig__buf *b, const mig_object *o, char code)
{
	switch (code) {
	case 'q':
		add_qualified(b, o, o->name);
		break;
	case 'n':
		mig__ddl_name(b, o->name);
		break;
	case 'r':
		mig__buf_adds(b, o->name);
		break;
	case 't':
		add_qualified(b, o, mig__top(o)->name);
		break;
	case 'i':
		add_qualified(b, o, o->parent->name);
		break;
	case 'f':
		add_function(b, o);
		break;
	case 'k':
		add_key(b, o, "columns");
		break;
	case 'l':
		add_key(b, o, "referred_columns");
		break;
	case '[':
	case ']':
		mig__buf_add(b, &code, 1);
		break;
	case 'c':
		if (!(o->flags & MIG_OBJECT_UNNAMED)) {
			mig__buf_adds(b, "CONSTRAINT ");
			mig__ddl_name(b, o->name);
			mig__buf_adds(b, " ");
		}
		break;
	}
}

/* Reads the key at p; its attribute's value, or NULL. */
static const char *read_key(const mig_object *o, const char **p)
{
	size_t size = strspn(*p, MIG__SMALL "_.");
	char key[32] = { 0 };

	memcpy(key, *p, size < sizeof key ? size : sizeof key - 1);
	*p += size;
	return mig__attribute(o, key);
}

void mig__ddl_put(struct mig__buf *b, const mig_object *o, const char *p)
{
	while (*p) {
		size_t plain = strcspn(p, "@$[]");
		const char *value;

		mig__buf_add(b, p, plain);
		p += plain;
		if (!*p)
			break;
		switch (*p++) {
		case '@':
			add_code(b, o, *p++);
			break;
		case '$':
			value = read_key(o, &p);
			mig__buf_adds(b, value ? value : "");
			break;
		case '[':
			if (!read_key(o, &p))
				p = strchr(p, ']');
			p++;
			break;
		}
	}
}

int mig__pg_in_parentheses(const char *p)
{
	int depth = 0;
	char quote = 0;

	if (*p != '(')
		return 0;
	for (; *p; p++) {
		if (quote)
			quote = *p == quote ? 0 : quote;
		else if (*p == '\'' || *p == '"')
			quote = *p;
		else if (*p == '(')
			depth++;
		else if (*p == ')' && !--depth)
			return p[1] == '\0';
	}
	return 0;
}

void mig__ddl_parentheses(struct mig__buf *b, const char *expression)
{
	mig__buf_addf(b, mig__pg_in_parentheses(expression) ? "%s" : "(%s)", expression);
}

void mig__ddl_item(struct mig__buf *b, size_t *count, const char *comma)
{
	if ((*count)++)
		mig__buf_adds(b, comma);
}

/* -- statements */

static void send(struct mig__ddl *d, const struct mig__buf *text, uint32_t kind)
{
	if (!d->rc && (text->failed || d->note.failed))
		d->rc = mig__pg_nomem(d->conn);
	if (!d->rc)
		d->rc = d->sink->statement(d->sink->user, mig__buf_text(text), text->len, d->first,
					   kind, d->note.len ? d->note.data : NULL);
	mig__buf_clear(&d->note);
}

void mig__ddl_flush(struct mig__ddl *d)
{
	if (!d->clauses)
		return;
	mig__buf_clear(&d->text);
	mig__buf_adds(&d->text, mig__buf_text(&d->head));
	mig__buf_adds(&d->text, d->clauses > 1 ? "\n\t" : " ");
	mig__buf_adds(&d->text, mig__buf_text(&d->sql));
	d->text.failed |= d->head.failed | d->sql.failed;
	send(d, &d->text, 0);
	mig__buf_clear(&d->head);
	mig__buf_clear(&d->sql);
	d->clauses = 0;
}

struct mig__buf *mig__ddl_begin(struct mig__ddl *d)
{
	mig__ddl_flush(d);
	mig__buf_clear(&d->sql);
	d->first = d->op;
	return &d->sql;
}

void mig__ddl_end(struct mig__ddl *d, uint32_t kind)
{
	send(d, &d->sql, kind);
	mig__buf_clear(&d->sql);
}

/* A statement has one mark of what it destroys, so what destroys begins a new one. */
static int joins(const struct mig__ddl *d)
{
	return d->clauses && !strcmp(mig__buf_text(&d->head), mig__buf_text(&d->text)) &&
	       (d->op == d->first || !(d->op->flags & MIG_OP_DESTRUCTIVE));
}

struct mig__buf *mig__ddl_clause(struct mig__ddl *d, const mig_object *o, int only)
{
	mig__buf_clear(&d->text);
	mig__ddl_put(&d->text, o,
		     only && mig__ddl_is_parent(d, mig__top(o)) ? "ALTER TABLE ONLY @t"
								: "ALTER TABLE @t");
	if (joins(d)) {
		mig__buf_adds(&d->sql, ",\n\t");
	} else {
		struct mig__buf head = d->text;

		d->text = (struct mig__buf){ .alloc = head.alloc };
		mig__ddl_flush(d);
		mig__buf_finish(&d->head);
		d->head = head;
		mig__buf_clear(&d->sql);
		d->first = d->op;
	}
	d->clauses++;
	return &d->sql;
}

void mig__ddl_do(struct mig__ddl *d, const mig_object *o, const char *pattern)
{
	if (*pattern == '+' || *pattern == '=') {
		mig__ddl_put(mig__ddl_clause(d, o, *pattern == '='), o, pattern + 1);
	} else {
		mig__ddl_put(mig__ddl_begin(d), o, pattern);
		mig__ddl_end(d, 0);
	}
}

void mig__ddl_note(struct mig__ddl *d, const mig_object *o, const char *pattern)
{
	struct mig__buf raw, line;

	mig__buf_init(&raw, &d->conn->alloc);
	mig__buf_init(&line, &d->conn->alloc);
	mig__ddl_put(&raw, o, pattern);
	mig__shown_add(&line, mig__buf_text(&raw), raw.len); /* a name may have lines of its own */
	d->note.failed |= raw.failed | line.failed;
	mig__buf_finish(&raw);
	if (!d->note.len || !strstr(d->note.data, mig__buf_text(&line))) {
		mig__buf_adds(&d->note, d->note.len ? "\n" : "");
		mig__buf_adds(&d->note, mig__buf_text(&line));
	}
	mig__buf_finish(&line);
}

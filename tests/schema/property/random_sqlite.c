/* SQLite's texts of random.h. */
#include "random.h"

#include <stdlib.h>
#include <string.h>

static const char *const types[] = {
	"INTEGER", "TEXT",     "REAL",          "BLOB", "VARCHAR(20)",
	"BOOLEAN", "DATETIME", "NUMERIC(10,2)", "",     "double precision"
};
static const char *const strict_types[] = { "INTEGER", "TEXT", "REAL", "BLOB", "TEXT",
					    "INT",     "TEXT", "REAL", "ANY",  "REAL" };
const enum class sqlite_classes[] = { NUMBER, TEXT,  NUMBER, OTHER, TEXT,
				      TRUTH,  OTHER, NUMBER, OTHER, NUMBER };
const unsigned sqlite_type_count = sizeof types / sizeof *types;

enum option { STRICT = 1, WITHOUT_ROWID = 2, BOTH = 3 };

/* What the table can have of what it says. */
static unsigned key_of(const struct table *t)
{
	unsigned key = t->key == 2 && t->count < 2 ? 1 : t->key;

	if (key == 3 && (t->columns[0].type != 0 || t->option & WITHOUT_ROWID))
		return 1;
	return key;
}

static unsigned options_of(const struct table *t)
{
	const char *loaded = getenv("MIG_TEST_SQLITE"); /* STRICT is there from 3.37 on */
	unsigned option = t->option > BOTH ? 0 : key_of(t) ? t->option : t->option & STRICT;

	return loaded && (!strncmp(loaded, "3.35", 4) || !strncmp(loaded, "3.36", 4)) ? option & WITHOUT_ROWID : option;
}

static int in_key(const struct table *t, const struct column *c)
{
	long at = c - t->columns;

	return key_of(t) && at < (key_of(t) == 2 ? 2 : 1);
}

/* The column that a generated one is made of; NULL: it is a plain one. */
static const struct column *source_of(const struct schema *s, const struct table *t,
				      const struct column *c)
{
	if (!c->generated || in_key(t, c))
		return NULL;
	for (unsigned i = 0; i < t->count; i++) {
		const struct column *from = &t->columns[i];

		if (from != c && (!from->generated || in_key(t, from)) &&
		    class_of(s, from) == class_of(s, c) && class_of(s, c) != OTHER)
			return from;
	}
	return NULL;
}

static void print_generated(FILE *out, const struct schema *s, const struct column *c,
			    const struct column *from)
{
	const char *name = quoted(from->name);

	fputs(" GENERATED ALWAYS AS (", out);
	if (class_of(s, c) == NUMBER)
		fprintf(out, "%s * %u", name, c->generated);
	else if (class_of(s, c) == TEXT)
		fprintf(out, "%s(%s)", c->generated % 2 ? "lower" : "trim", name);
	else
		fprintf(out, "NOT %s", name);
	fputs(c->generated == 2 ? ") STORED" : ") VIRTUAL", out);
}

static void print_default(FILE *out, const struct schema *s, const struct column *c)
{
	switch (class_of(s, c)) {
	case NUMBER:
		fprintf(out, " DEFAULT %s%u", c->fallback % 3 == 2 ? "-" : "", c->fallback);
		break;
	case TEXT:
		fprintf(out, " DEFAULT %s", c->fallback % 2 ? "'it''s (new)'" : "(lower('ABC'))");
		break;
	case TRUTH:
		fprintf(out, " DEFAULT %u", c->fallback % 2);
		break;
	default:
		fputs(c->fallback % 2 ? " DEFAULT CURRENT_TIMESTAMP" : " DEFAULT NULL", out);
	}
}

static void print_column(FILE *out, const struct schema *s, const struct table *t,
			 const struct column *c)
{
	static const char *const collations[] = { "", " COLLATE NOCASE", " COLLATE RTRIM" };
	const char *type = (options_of(t) & STRICT ? strict_types : types)[c->type];
	const struct column *from = source_of(s, t, c);
	int odd_default = c->type == 3 || c->type == 8 || (c->type == 6 && c->fallback % 2 == 0);

	fprintf(out, "\t%s%s%s", quoted(c->name), *type ? " " : "", type);
	if (c == t->columns && key_of(t) != 2 && key_of(t))
		fputs(key_of(t) == 3 ? " PRIMARY KEY AUTOINCREMENT" : " PRIMARY KEY", out);
	if (c->not_null)
		fputs(" NOT NULL", out);
	if (from)
		print_generated(out, s, c, from);
	else if (c->fallback && !(odd_default && options_of(t) & STRICT) &&
		 !(c->not_null && odd_default))
		print_default(out, s, c);
	if (class_of(s, c) == TEXT)
		fputs(collations[c->collation], out);
}

static void print_list(FILE *out, const struct column *const *columns, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		fprintf(out, "%s%s", i ? ", " : "", quoted(columns[i]->name));
}

static void print_foreign_key(FILE *out, const struct schema *s, const struct extra *x,
			      const struct column *c)
{
	static const char *const actions[] = { "", " ON DELETE CASCADE", " ON DELETE SET NULL",
					       " ON UPDATE CASCADE ON DELETE RESTRICT" };
	const struct table *to = find_table(s, x->referred);

	if (!to || (key_of(to) != 1 && key_of(to) != 3))
		return;
	fputs(",\n\t", out);
	if (x->how % 2)
		fprintf(out, "CONSTRAINT fk%u ", x->number);
	fprintf(out, "FOREIGN KEY (%s) REFERENCES %s (%s)%s%s", quoted(c->name), quoted(to->name),
		quoted(to->columns[0].name), actions[x->more % 4],
		x->more & 16 ? " DEFERRABLE INITIALLY DEFERRED" : "");
}

static void print_constraint(FILE *out, const struct schema *s, const struct table *t,
			     const struct extra *x)
{
	const struct column *columns[KEY_MAX];
	unsigned count = extra_columns(x, t, columns);

	if (strcmp(x->table, t->name) != 0 || !count)
		return;
	if (x->kind == FOREIGN_KEY)
		print_foreign_key(out, s, x, columns[0]);
	if (x->kind != UNIQUE && x->kind != CHECK)
		return;
	fputs(",\n\t", out);
	if (x->how & 32)
		fprintf(out, "CONSTRAINT %s%u ", x->kind == UNIQUE ? "uq" : "ck", x->number);
	if (x->kind == UNIQUE) {
		fputs("UNIQUE (", out);
		print_list(out, columns, count);
		fputs(x->more & 8 ? ") ON CONFLICT IGNORE" : ")", out);
		return;
	}
	fputs("CHECK (", out);
	print_condition(out, s, columns[0], "", x->how);
	fputs(")", out);
}

static void print_table(FILE *out, const struct schema *s, const struct table *t)
{
	unsigned options = options_of(t);

	fprintf(out, "CREATE TABLE %s (\n", quoted(t->name));
	for (unsigned i = 0; i < t->count; i++) {
		fputs(i ? ",\n" : "", out);
		print_column(out, s, t, &t->columns[i]);
	}
	if (key_of(t) == 2)
		fprintf(out, ",\n\tPRIMARY KEY (%s, %s)", quoted(t->columns[0].name),
			quoted(t->columns[1].name));
	for (unsigned i = 0; i < s->extra_count; i++)
		print_constraint(out, s, t, &s->extras[i]);
	fprintf(out, "\n)%s%s%s;\n", options & STRICT ? " STRICT" : "", options == BOTH ? "," : "",
		options & WITHOUT_ROWID ? " WITHOUT ROWID" : "");
}

static void print_index(FILE *out, const struct schema *s, const struct extra *x,
			const struct table *t, const struct column *const *columns, unsigned count)
{
	fprintf(out, "CREATE %sINDEX ix%u ON %s (", x->how & 1 ? "UNIQUE " : "", x->number,
		quoted(t->name));
	for (unsigned i = 0; i < count; i++) {
		const char *name = quoted(columns[i]->name);

		fputs(i ? ", " : "", out);
		if (x->how & 2 && class_of(s, columns[i]) == TEXT)
			fprintf(out, "lower(%s)", name);
		else if (x->how & 4 && class_of(s, columns[i]) == NUMBER)
			fprintf(out, "%s + %u", name, 1 + x->more % 9);
		else
			fprintf(out, "%s%s%s", name, x->how & 8 ? " COLLATE NOCASE" : "",
				x->how & 16 ? " DESC" : "");
	}
	fputs(")", out);
	if (x->how & 32) {
		fputs(" WHERE ", out);
		print_condition(out, s, columns[count - 1], "", x->more);
	}
	fputs(";\n", out);
}

static void print_view(FILE *out, const struct schema *s, const struct extra *x,
		       const struct table *t, const struct column *const *columns, unsigned count)
{
	const struct table *other = find_table(s, x->referred);

	fprintf(out, "CREATE VIEW v%u AS SELECT ", x->number);
	for (unsigned i = 0; i < count; i++)
		fprintf(out, "one.%s AS c%u, ", quoted(columns[i]->name), i);
	fprintf(out, "%u AS k FROM %s AS one", x->more, quoted(t->name));
	if (x->how & 1 && other)
		fprintf(out, " LEFT JOIN %s AS two ON one.%s = two.%s", quoted(other->name),
			quoted(columns[0]->name), quoted(other->columns[0].name));
	if (x->how & 2) {
		fputs(" WHERE ", out);
		print_condition(out, s, columns[0], "one.", x->more);
	}
	fputs(";\n", out);
}

static void print_trigger(FILE *out, const struct schema *s, const struct extra *x,
			  const struct table *t, const struct column *c)
{
	static const char *const events[] = { "AFTER INSERT", "BEFORE DELETE", "AFTER UPDATE OF " };
	const struct table *other = find_table(s, x->referred);
	unsigned event = x->how % 3;

	if (!other)
		return;
	fprintf(out, "CREATE TRIGGER tr%u %s%s ON %s", x->number, events[event],
		event == 2 ? quoted(c->name) : "", quoted(t->name));
	if (x->how & 8) {
		fputs(" WHEN ", out);
		print_condition(out, s, c, event == 1 ? "OLD." : "NEW.", x->more);
	}
	fprintf(out, " BEGIN\n\tDELETE FROM %s WHERE %s = %s.%s;\n\tSELECT 'end; %u';\nEND;\n",
		quoted(other->name), quoted(other->columns[0].name), event == 1 ? "OLD" : "NEW",
		quoted(c->name), x->more % 8);
}

static int view_fits(const struct schema *s, const struct extra *x)
{
	const struct column *columns[KEY_MAX];
	const struct table *t = find_table(s, x->table);

	return t && extra_columns(x, t, columns);
}

/* A view on the first view that there is. */
static void print_view_on_view(FILE *out, const struct schema *s, const struct extra *x)
{
	for (unsigned i = 0; i < s->extra_count; i++) {
		const struct extra *on = &s->extras[i];

		if (on->kind != VIEW || !view_fits(s, on))
			continue;
		fprintf(out, "CREATE VIEW w%u AS SELECT c0, k + %u AS l FROM v%u;\n", x->number,
			x->more, on->number);
		return;
	}
}

static void print_extra(FILE *out, const struct schema *s, const struct extra *x)
{
	const struct column *columns[KEY_MAX];
	const struct table *t = find_table(s, x->table);
	unsigned count = t ? extra_columns(x, t, columns) : 0;

	if (x->kind == VIRTUAL)
		fprintf(out, "CREATE VIRTUAL TABLE f%u USING fts5(a, b%s);\n", x->number,
			x->how % 2 ? ", tokenize = 'porter'" : "");
	else if (x->kind == VIEW_ON_VIEW)
		print_view_on_view(out, s, x);
	else if (count && x->kind == INDEX)
		print_index(out, s, x, t, columns, count);
	else if (count && x->kind == VIEW)
		print_view(out, s, x, t, columns, count);
	else if (count && x->kind == TRIGGER)
		print_trigger(out, s, x, t, columns[0]);
}

void sqlite_print(const struct schema *s, FILE *out)
{
	static const unsigned order[] = { VIRTUAL, INDEX, VIEW, VIEW_ON_VIEW, TRIGGER };

	for (unsigned i = 0; i < s->table_count; i++)
		print_table(out, s, &s->tables[i]);
	for (unsigned k = 0; k < sizeof order / sizeof *order; k++)
		for (unsigned i = 0; i < s->extra_count; i++)
			if (s->extras[i].kind == order[k])
				print_extra(out, s, &s->extras[i]);
}

/* PostgreSQL's texts of random.h. */
#include "random.h"

#include <string.h>

/* The last three are an ENUM, a DOMAIN and a COMPOSITE, if there is one. */
static const char *const types[] = { "integer",       "text",        "bigint", "varchar(20)",
				     "numeric(10,2)", "boolean",     "jsonb",  "timestamptz",
				     "smallint",      "varchar(40)", "date",   "text[]",
				     "uuid",          NULL,          NULL,     NULL };
const enum class postgresql_classes[] = {
	NUMBER, TEXT, NUMBER, TEXT,  NUMBER, TRUTH, OTHER, OTHER,
	NUMBER, TEXT, OTHER,  OTHER, OTHER,  OTHER, OTHER, OTHER
};
const unsigned postgresql_type_count = sizeof types / sizeof *types;

enum { INTEGER = 0, BIGINT = 2, JSONB = 6, TYPE_ENUM = 13, TYPE_DOMAIN, TYPE_COMPOSITE };

static const struct extra *first(const struct schema *s, unsigned kind)
{
	const struct extra *found = NULL;

	for (unsigned i = 0; i < s->extra_count; i++)
		if (s->extras[i].kind == kind && (!found || s->extras[i].number < found->number))
			found = &s->extras[i];
	return found;
}

static const char *schema_of(const struct table *t)
{
	return t->option == 4 ? "app." : "";
}

static int is_integer(const struct column *c)
{
	return c->type == INTEGER || c->type == BIGINT;
}

/* Partitioned tables are so by their first column, which is an integer. */
static unsigned partition_of(const struct table *t)
{
	return is_integer(&t->columns[0]) ? t->partition : 0;
}

static unsigned key_of(const struct schema *s, const struct table *t)
{
	unsigned key = t->key == 2 && t->count < 2 ? 1 : t->key == 3 ? 1 : t->key;

	/* what has no order cannot be a key */
	for (unsigned i = 0; i < key; i++)
		if (class_of(s, &t->columns[i]) == OTHER && t->columns[i].type != TYPE_ENUM)
			return 0;
	return key;
}

static int in_key(const struct schema *s, const struct table *t, const struct column *c)
{
	return (unsigned)(c - t->columns) < key_of(s, t) || (partition_of(t) && c == t->columns);
}

static int has_order(const struct column *c)
{
	return c->type != JSONB && c->type != TYPE_COMPOSITE && c->type != TYPE_DOMAIN;
}

static void print_type(FILE *out, const struct schema *s, const struct column *c)
{
	static const unsigned kinds[] = { ENUM, DOMAIN, COMPOSITE };
	static const char *const letters[] = { "e", "d", "r" };
	unsigned own = c->type - TYPE_ENUM;
	const struct extra *x = c->type < TYPE_ENUM ? NULL : first(s, kinds[own]);

	if (c->type < TYPE_ENUM)
		fputs(types[c->type], out);
	else if (x)
		fprintf(out, "%s%u", letters[own], x->number);
	else
		fputs("bytea", out);
}

/* ---- types, sequences, functions ----------------------------------------------------------- */

static void print_enum(FILE *out, const struct extra *x)
{
	int any = 0;

	fprintf(out, "CREATE TYPE e%u AS ENUM (", x->number);
	for (unsigned i = 0; i < 6; i++) {
		if (!(x->how >> i & 1))
			continue;
		fprintf(out, "%s'v%u%s'", any ? ", " : "", i, i == 3 ? "''" : "");
		any = 1;
	}
	fputs(");\n", out);
}

static void print_type_of(FILE *out, const struct extra *x)
{
	if (x->kind == DOMAIN)
		fprintf(out,
			"CREATE DOMAIN d%u AS %s%s%s CONSTRAINT dck%u CHECK (VALUE <> '%u');\n",
			x->number, x->how & 1 ? "text" : "integer",
			x->how & 2 ? " DEFAULT '5'" : "", x->how & 4 ? " NOT NULL" : "", x->number,
			x->more % 9);
	else
		fprintf(out, "CREATE TYPE r%u AS (a %s, b text%s);\n", x->number,
			x->how & 1 ? "integer" : "bigint", x->how & 2 ? ", c date" : "");
}

static void print_sequence(FILE *out, const struct extra *x)
{
	fprintf(out, "CREATE SEQUENCE s%u%s INCREMENT BY %u START WITH %u%s%s;\n", x->number,
		x->how & 1 ? " AS integer" : "", 1 + x->more % 5, 1 + x->how % 7,
		x->how & 8 ? " CACHE 10" : "", x->how & 16 ? " CYCLE" : "");
}

static void print_function(FILE *out, const struct extra *x)
{
	fprintf(out, "CREATE FUNCTION f%u(n bigint%s) RETURNS bigint LANGUAGE sql %s%s", x->number,
		x->how & 1 ? ", m bigint DEFAULT 1" : "", "IMMUTABLE", x->how & 2 ? " STRICT" : "");
	if (x->how & 4)
		fprintf(out, " RETURN n + %u;\n", x->more % 9);
	else
		fprintf(out, " AS $$ SELECT n + %u -- it's; \n$$;\n", x->more % 9);
	fprintf(out,
		"CREATE FUNCTION tf%u() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN PERFORM %u; "
		"RETURN NEW; END $f$;\n",
		x->number, x->more % 9);
}

/* ---- tables -------------------------------------------------------------------------------- */

static const struct column *source_of(const struct schema *s, const struct table *t,
				      const struct column *c)
{
	if (!c->generated || in_key(s, t, c))
		return NULL;
	for (unsigned i = 0; i < t->count; i++) {
		const struct column *from = &t->columns[i];

		if (from != c && (!from->generated || in_key(s, t, from)) &&
		    class_of(s, from) == class_of(s, c) && class_of(s, c) != OTHER)
			return from;
	}
	return NULL;
}

static void print_generated(FILE *out, const struct schema *s, const struct column *c,
			    const struct column *from)
{
	const struct extra *f = first(s, FUNCTION);
	const char *name = quoted(from->name);

	fputs(" GENERATED ALWAYS AS (", out);
	if (class_of(s, c) == NUMBER && f && c->generated == 3 && from->type != 4)
		fprintf(out, "f%u(%s)", f->number, name);
	else if (class_of(s, c) == NUMBER)
		fprintf(out, "%s * %u", name, c->generated);
	else if (class_of(s, c) == TEXT)
		fprintf(out, "%s(%s)", c->generated % 2 ? "lower" : "upper", name);
	else
		fprintf(out, "NOT %s", name);
	fputs(") STORED", out);
}

static void print_default(FILE *out, const struct schema *s, const struct column *c)
{
	const struct extra *f = first(s, FUNCTION), *q = first(s, SEQUENCE);

	if (class_of(s, c) == NUMBER && c->fallback == 5 && q)
		fprintf(out, " DEFAULT nextval('s%u')", q->number);
	else if (class_of(s, c) == NUMBER && c->fallback == 6 && f)
		fprintf(out, " DEFAULT f%u(3)", f->number);
	else if (class_of(s, c) == NUMBER)
		fprintf(out, " DEFAULT %s%u", c->fallback % 3 == 2 ? "-" : "", c->fallback);
	else if (class_of(s, c) == TEXT)
		fprintf(out, " DEFAULT %s", c->fallback % 2 ? "'it''s (new)'" : "lower('ABC')");
	else if (class_of(s, c) == TRUTH)
		fprintf(out, " DEFAULT %s", c->fallback % 2 ? "true" : "false");
	else if (c->type == JSONB)
		fprintf(out, " DEFAULT '{\"a\": %u}'", c->fallback);
	else if (c->type == 7 || c->type == 10)
		fputs(c->fallback % 2 ? " DEFAULT now()" : " DEFAULT '2020-01-02'", out);
	else if (c->type == 11)
		fprintf(out, " DEFAULT ARRAY['%u']", c->fallback);
	else if (c->type == 12)
		fputs(" DEFAULT gen_random_uuid()", out);
	else if (c->type == TYPE_ENUM && first(s, ENUM) && first(s, ENUM)->how & 1)
		fputs(" DEFAULT 'v0'", out);
}

static void print_column(FILE *out, const struct schema *s, const struct table *t,
			 const struct column *c)
{
	static const char *const collations[] = { "", " COLLATE \"C\"", " COLLATE \"POSIX\"" };
	const struct column *from = source_of(s, t, c);

	fprintf(out, "\t%s ", quoted(c->name));
	print_type(out, s, c);
	if (class_of(s, c) == TEXT)
		fputs(collations[c->collation], out);
	if (c->not_null)
		fputs(" NOT NULL", out);
	if (from)
		print_generated(out, s, c, from);
	else if (c->identity && is_integer(c) && !partition_of(t))
		fprintf(out, " GENERATED %s AS IDENTITY (START WITH %u)",
			c->identity % 2 ? "ALWAYS" : "BY DEFAULT", c->identity);
	else if (c->fallback)
		print_default(out, s, c);
}

static void print_partitions(FILE *out, const struct table *t)
{
	const char *schema = schema_of(t);
	char name[2 * NAME_SIZE];

	for (unsigned i = 0; i < partition_of(t); i++) {
		snprintf(name, sizeof name, "%.16s_p%u", t->name, i);
		fprintf(out, "CREATE TABLE %s%s PARTITION OF %s%s ", schema, quoted(name), schema,
			quoted(t->name));
		if (i == 2)
			fputs("DEFAULT;\n", out);
		else
			fprintf(out, "FOR VALUES IN (%u, %u);\n", 2 * i, 2 * i + 1);
	}
}

static void print_comment(FILE *out, const char *what, const struct table *t,
			  const struct column *c, unsigned how)
{
	if (how)
		fprintf(out, "COMMENT ON %s %s%s%s%s IS 'it''s %u';\n", what, schema_of(t),
			quoted(t->name), c ? "." : "", c ? quoted(c->name) : "", how);
}

static void print_table(FILE *out, const struct schema *s, const struct table *t)
{
	unsigned key = key_of(s, t);

	fprintf(out, "CREATE %sTABLE %s%s (\n",
		t->option == 1 && !partition_of(t) ? "UNLOGGED " : "", schema_of(t),
		quoted(t->name));
	for (unsigned i = 0; i < t->count; i++) {
		fputs(i ? ",\n" : "", out);
		print_column(out, s, t, &t->columns[i]);
	}
	if (key == 1)
		fprintf(out, ",\n\tPRIMARY KEY (%s)", quoted(t->columns[0].name));
	if (key == 2)
		fprintf(out, ",\n\tCONSTRAINT \"Key of %c%u\" PRIMARY KEY (%s, %s)", t->name[0],
			(unsigned)strlen(t->name) * 1000 + (unsigned char)t->name[1],
			quoted(t->columns[0].name), quoted(t->columns[1].name));
	fputs("\n)", out);
	if (partition_of(t))
		fprintf(out, " PARTITION BY LIST (%s)", quoted(t->columns[0].name));
	else if (t->option == 2)
		fputs(" WITH (fillfactor=70)", out);
	fputs(";\n", out);
	print_partitions(out, t);
	if (t->option == 3)
		fprintf(out, "ALTER TABLE %s%s ENABLE ROW LEVEL SECURITY;\n", schema_of(t),
			quoted(t->name));
	print_comment(out, "TABLE", t, NULL, t->comment);
	for (unsigned i = 0; i < t->count; i++)
		print_comment(out, "COLUMN", t, &t->columns[i], t->columns[i].comment);
}

/* ---- what tables have ---------------------------------------------------------------------- */

struct place {
	FILE *out;
	const struct schema *s;
	const struct extra *x;
	const struct table *t;
	const struct column *columns[KEY_MAX];
	unsigned count;
};

static void print_list(const struct place *p)
{
	for (unsigned i = 0; i < p->count; i++)
		fprintf(p->out, "%s%s", i ? ", " : "", quoted(p->columns[i]->name));
}

/* A unique index of a partitioned table has its key. */
static int may_be_unique(const struct place *p)
{
	for (unsigned i = 0; i < p->count; i++)
		if (!has_order(p->columns[i]))
			return 0;
	return !partition_of(p->t) || p->columns[0] == p->t->columns;
}

static void print_add(const struct place *p, const char *letters)
{
	fprintf(p->out, "ALTER TABLE %s%s ADD CONSTRAINT %s%u ", schema_of(p->t),
		quoted(p->t->name), letters, p->x->number);
}

static void print_unique(const struct place *p)
{
	if (!may_be_unique(p))
		return;
	print_add(p, "uq");
	fputs(p->x->how & 1 ? "UNIQUE NULLS NOT DISTINCT (" : "UNIQUE (", p->out);
	print_list(p);
	fputs(p->x->how & 2 && !partition_of(p->t) ? ") DEFERRABLE;\n" : ");\n", p->out);
}

static void print_check(const struct place *p)
{
	const struct extra *f = first(p->s, FUNCTION);

	print_add(p, "ck");
	fputs("CHECK (", p->out);
	if (f && p->x->how & 1 && is_integer(p->columns[0]))
		fprintf(p->out, "f%u(%s) > 0", f->number, quoted(p->columns[0]->name));
	else
		print_condition(p->out, p->s, p->columns[0], "", p->x->how);
	fputs(p->x->how & 32 && !partition_of(p->t) ? ") NO INHERIT;\n" : ");\n", p->out);
}

static void print_foreign_key(const struct place *p)
{
	static const char *const actions[] = { "", " ON DELETE CASCADE", " ON DELETE SET NULL",
					       " ON UPDATE CASCADE ON DELETE RESTRICT" };
	const struct table *to = find_table(p->s, p->x->referred);

	if (!to || key_of(p->s, to) != 1 || to->columns[0].type != p->columns[0]->type ||
	    (to->option == 1 && p->t->option != 1) || partition_of(to) || partition_of(p->t) ||
	    source_of(p->s, p->t, p->columns[0]))
		return;
	print_add(p, "fk");
	fprintf(p->out, "FOREIGN KEY (%s) REFERENCES %s%s (%s)%s%s;\n", quoted(p->columns[0]->name),
		schema_of(to), quoted(to->name), quoted(to->columns[0].name),
		actions[p->x->more % 4], p->x->more & 16 ? " DEFERRABLE INITIALLY DEFERRED" : "");
}

static void print_index_column(const struct place *p, const struct column *c)
{
	const struct extra *f = first(p->s, FUNCTION);
	const char *name = quoted(c->name);
	unsigned how = p->x->how;

	if (how & 2 && class_of(p->s, c) == TEXT)
		fprintf(p->out, "lower(%s)", name);
	else if (how & 4 && class_of(p->s, c) == NUMBER && f && is_integer(c))
		fprintf(p->out, "f%u(%s)", f->number, name);
	else if (how & 4 && class_of(p->s, c) == NUMBER)
		fprintf(p->out, "(%s + %u)", name, 1 + p->x->more % 9);
	else
		fprintf(p->out, "%s%s%s", name,
			how & 8 && class_of(p->s, c) == TEXT ? " text_pattern_ops" : "",
			how & 16   ? " DESC"
			: how & 32 ? " NULLS FIRST"
				   : "");
}

static void print_index(const struct place *p, const char *on)
{
	const struct extra *x = p->x;
	int all = 1;

	for (unsigned i = 0; i < p->count; i++)
		all &= has_order(p->columns[i]);
	if (!all && p->count > 1)
		return;
	fprintf(p->out, "CREATE %sINDEX ix%u ON %s%s",
		x->how & 1 && !partition_of(p->t) && all ? "UNIQUE " : "", x->number,
		schema_of(p->t), on);
	if (!all && p->columns[0]->type == JSONB)
		fprintf(p->out, " USING gin (%s)", quoted(p->columns[0]->name));
	else {
		fputs(" (", p->out);
		for (unsigned i = 0; i < p->count; i++) {
			fputs(i ? ", " : "", p->out);
			print_index_column(p, p->columns[i]);
		}
		fputs(")", p->out);
		if (x->more % 5 == 1)
			fprintf(p->out, " INCLUDE (%s)", quoted(p->t->columns[0].name));
	}
	if (x->more % 5 == 2 && all)
		fputs(" WITH (fillfactor=80)", p->out);
	if (x->more % 5 == 3) {
		fputs(" WHERE ", p->out);
		print_condition(p->out, p->s, p->columns[p->count - 1], "", x->more);
	}
	fputs(";\n", p->out);
	if (x->more % 7 == 1)
		fprintf(p->out, "COMMENT ON INDEX %six%u IS 'index %u';\n", schema_of(p->t),
			x->number, x->more);
}

static void print_query(const struct place *p)
{
	const struct table *other = find_table(p->s, p->x->referred);

	fputs(" AS SELECT ", p->out);
	for (unsigned i = 0; i < p->count; i++)
		fprintf(p->out, "one.%s AS c%u, ", quoted(p->columns[i]->name), i);
	fprintf(p->out, "%u AS k FROM %s%s one", p->x->more, schema_of(p->t), quoted(p->t->name));
	if (p->x->how & 1 && other)
		fprintf(p->out, " LEFT JOIN %s%s two ON one.%s IS NULL AND two.%s IS NULL",
			schema_of(other), quoted(other->name), quoted(p->columns[0]->name),
			quoted(other->columns[0].name));
	if (p->x->how & 2) {
		fputs(" WHERE ", p->out);
		print_condition(p->out, p->s, p->columns[0], "one.", p->x->more);
	}
	fputs(";\n", p->out);
}

static void print_view(const struct place *p)
{
	int material = p->x->kind == MATERIALIZED_VIEW;

	fprintf(p->out, "CREATE %sVIEW %s%u%s", material ? "MATERIALIZED " : "",
		material ? "m" : "v", p->x->number,
		p->x->how & 16 && !material ? " WITH (security_barrier=true)" : "");
	print_query(p);
	if (p->x->how & 8)
		fprintf(p->out, "COMMENT ON %sVIEW %s%u IS 'a view';\n",
			material ? "MATERIALIZED " : "", material ? "m" : "v", p->x->number);
	if (material && p->x->how & 4 && has_order(p->columns[0]))
		fprintf(p->out, "CREATE INDEX mx%u ON m%u (c0, k);\n", p->x->number, p->x->number);
}

static int view_fits(const struct schema *s, const struct extra *x)
{
	const struct column *columns[KEY_MAX];
	const struct table *t = find_table(s, x->table);

	return t && extra_columns(x, t, columns);
}

static void print_view_on_view(FILE *out, const struct schema *s, const struct extra *x)
{
	for (unsigned i = 0; i < s->extra_count; i++) {
		const struct extra *on = &s->extras[i];

		if ((on->kind != VIEW && on->kind != MATERIALIZED_VIEW) || !view_fits(s, on))
			continue;
		fprintf(out, "CREATE VIEW w%u AS SELECT c0, k + %u AS l FROM %s%u;\n", x->number,
			x->more, on->kind == VIEW ? "v" : "m", on->number);
		return;
	}
}

static void print_trigger(const struct place *p)
{
	static const char *const events[] = { "AFTER INSERT", "BEFORE UPDATE", "AFTER UPDATE OF " };
	const struct extra *f = first(p->s, FUNCTION);
	unsigned event = p->x->how % 3;

	if (!f)
		return;
	fprintf(p->out, "CREATE TRIGGER tr%u %s%s ON %s%s FOR EACH ROW", p->x->number,
		events[event], event == 2 ? quoted(p->columns[0]->name) : "", schema_of(p->t),
		quoted(p->t->name));
	/* a BEFORE trigger does not see what is generated */
	if (p->x->how & 8 && event != 1) {
		fputs(" WHEN (", p->out);
		print_condition(p->out, p->s, p->columns[0], "NEW.", p->x->more);
		fputs(")", p->out);
	}
	fprintf(p->out, " EXECUTE FUNCTION tf%u();\n", f->number);
}

static void print_table_function(const struct place *p)
{
	fprintf(p->out, "CREATE FUNCTION g%u() RETURNS bigint LANGUAGE sql ", p->x->number);
	if (p->x->how & 1) {
		fprintf(p->out, "BEGIN ATOMIC SELECT count(%s) + %u FROM %s%s; END;\n",
			quoted(p->columns[0]->name), p->x->more, schema_of(p->t),
			quoted(p->t->name));
		return;
	}
	fprintf(p->out, "AS $$ SELECT count(*) + %u FROM %s%s $$;\n", p->x->more, schema_of(p->t),
		quoted(p->t->name));
}

static void print_policy(const struct place *p)
{
	static const char *const commands[] = { "ALL", "SELECT", "UPDATE", "DELETE" };

	fprintf(p->out, "CREATE POLICY po%u ON %s%s%s FOR %s USING (", p->x->number,
		schema_of(p->t), quoted(p->t->name), p->x->how & 16 ? " AS RESTRICTIVE" : "",
		commands[p->x->how % 4]);
	print_condition(p->out, p->s, p->columns[0], "", p->x->more);
	fputs(");\n", p->out);
}

static void print_exclusion(const struct place *p)
{
	if (partition_of(p->t) || !has_order(p->columns[0]))
		return;
	print_add(p, "ex");
	fprintf(p->out, "EXCLUDE (%s WITH =)", quoted(p->columns[0]->name));
	if (p->x->how & 1) {
		fputs(" WHERE (", p->out);
		print_condition(p->out, p->s, p->columns[0], "", p->x->more);
		fputs(")", p->out);
	}
	fputs(";\n", p->out);
}

static void print_child(const struct place *p)
{
	if (partition_of(p->t))
		return;
	fprintf(p->out, "CREATE %sTABLE ch%u (own%u %s) INHERITS (%s%s);\n",
		p->t->option == 1 ? "UNLOGGED " : "", p->x->number, p->x->how % 2,
		p->x->how & 2 ? "integer" : "text", schema_of(p->t), quoted(p->t->name));
}

static void print_statistics(const struct place *p)
{
	for (unsigned i = 0; i < p->count; i++)
		if (!has_order(p->columns[i]))
			return;
	if (p->count < 2)
		return;
	fprintf(p->out, "CREATE STATISTICS st%u%s ON ", p->x->number,
		p->x->how & 1 ? " (ndistinct)" : "");
	print_list(p);
	fprintf(p->out, " FROM %s%s;\n", schema_of(p->t), quoted(p->t->name));
}

static void print_extra(FILE *out, const struct schema *s, const struct extra *x)
{
	struct place p = { .out = out, .s = s, .x = x, .t = find_table(s, x->table) };

	p.count = p.t ? extra_columns(x, p.t, p.columns) : 0;
	if (x->kind == VIEW_ON_VIEW)
		print_view_on_view(out, s, x);
	if (!p.count)
		return;
	switch (x->kind) {
	case INDEX:
		print_index(&p, quoted(p.t->name));
		break;
	case UNIQUE:
		print_unique(&p);
		break;
	case CHECK:
		print_check(&p);
		break;
	case FOREIGN_KEY:
		print_foreign_key(&p);
		break;
	case VIEW:
	case MATERIALIZED_VIEW:
		print_view(&p);
		break;
	case TRIGGER:
		print_trigger(&p);
		break;
	case TABLE_FUNCTION:
		print_table_function(&p);
		break;
	case POLICY:
		print_policy(&p);
		break;
	case STATISTICS:
		print_statistics(&p);
		break;
	case EXCLUSION:
		print_exclusion(&p);
		break;
	case CHILD:
		print_child(&p);
		break;
	case GRANT:
		fprintf(out, "GRANT %s ON %s%s TO PUBLIC;\n",
			x->how & 1 ? "SELECT" : "INSERT, UPDATE", schema_of(p.t),
			quoted(p.t->name));
		break;
	case RULE:
		fprintf(out, "CREATE RULE ru%u AS ON DELETE TO %s%s DO INSTEAD SELECT %u;\n",
			x->number, schema_of(p.t), quoted(p.t->name), x->more);
		break;
	default:
		break;
	}
}

static void print_simple(FILE *out, const struct extra *x)
{
	if (x->kind == ENUM)
		print_enum(out, x);
	else if (x->kind == DOMAIN || x->kind == COMPOSITE)
		print_type_of(out, x);
	else if (x->kind == SEQUENCE)
		print_sequence(out, x);
	else
		print_function(out, x);
}

void postgresql_print(const struct schema *s, FILE *out)
{
	static const unsigned simple[] = { ENUM, DOMAIN, COMPOSITE, SEQUENCE, FUNCTION };
	static const unsigned order[] = { UNIQUE,       CHECK,          FOREIGN_KEY,
					  EXCLUSION,    INDEX,          CHILD,
					  STATISTICS,   VIEW,           MATERIALIZED_VIEW,
					  VIEW_ON_VIEW, TABLE_FUNCTION, TRIGGER,
					  RULE,         POLICY,         GRANT };
	int app = 0;

	for (unsigned i = 0; i < s->table_count; i++)
		app |= s->tables[i].option == 4;
	if (app)
		fputs("CREATE SCHEMA app;\n", out);
	for (unsigned k = 0; k < sizeof simple / sizeof *simple; k++)
		for (unsigned i = 0; i < s->extra_count; i++)
			if (s->extras[i].kind == simple[k])
				print_simple(out, &s->extras[i]);
	for (unsigned i = 0; i < s->table_count; i++)
		print_table(out, s, &s->tables[i]);
	for (unsigned k = 0; k < sizeof order / sizeof *order; k++)
		for (unsigned i = 0; i < s->extra_count; i++)
			if (s->extras[i].kind == order[k])
				print_extra(out, s, &s->extras[i]);
}

/* See random.h. */
#include "random.h"

#include <string.h>

static const char *const names[] = { "a", "b", "c",          "d",      "e",     "f",    "g",   "h",
				     "i", "j", "Mixed Case", "select", "größe", "it's", "q\"q" };
static const char *const table_names[] = { "t1", "t2",    "t3",    "t4",  "t5",
					   "t6", "Users", "order", "x y", "t\"7" };

enum {
	NAMES = sizeof names / sizeof *names,
	TABLE_NAMES = sizeof table_names / sizeof *table_names
};

uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

unsigned random_below(uint64_t *state, unsigned n)
{
	return (unsigned)(random_next(state) >> 16) % n;
}

/* 1 ... n-1 in one of `rarely` cases, otherwise 0. */
static unsigned sometimes(uint64_t *state, unsigned rarely, unsigned n)
{
	return random_below(state, rarely) ? 0 : 1 + random_below(state, n - 1);
}

static void set_name(char *to, const char *name)
{
	snprintf(to, NAME_SIZE, "%s", name);
}

/* ---- looking ------------------------------------------------------------------------------- */

const struct table *find_table(const struct schema *s, const char *name)
{
	for (unsigned i = 0; i < s->table_count; i++)
		if (!strcmp(s->tables[i].name, name))
			return &s->tables[i];
	return NULL;
}

const struct column *find_column(const struct table *t, const char *name)
{
	for (unsigned i = 0; i < t->count; i++)
		if (!strcmp(t->columns[i].name, name))
			return &t->columns[i];
	return NULL;
}

const struct extra *find_extra(const struct schema *s, unsigned kind, unsigned number)
{
	for (unsigned i = 0; i < s->extra_count; i++)
		if (s->extras[i].kind == kind && s->extras[i].number == number)
			return &s->extras[i];
	return NULL;
}

unsigned extra_columns(const struct extra *x, const struct table *t,
		       const struct column *out[KEY_MAX])
{
	for (unsigned i = 0; i < x->key_count; i++) {
		out[i] = find_column(t, x->keys[i]);
		if (!out[i])
			return 0;
	}
	return x->key_count;
}

static unsigned type_count(const struct schema *s)
{
	return s->dialect == SQLITE ? sqlite_type_count : postgresql_type_count;
}

enum class class_of(const struct schema *s, const struct column *c) {
	return (s->dialect == SQLITE ? sqlite_classes : postgresql_classes)[c->type];
}

/* ---- making -------------------------------------------------------------------------------- */

static void make_column(struct schema *s, struct table *t, struct column *c, uint64_t *state)
{
	memset(c, 0, sizeof *c);
	do
		set_name(c->name, names[random_below(state, NAMES)]);
	while (find_column(t, c->name));
	c->type = random_below(state, type_count(s));
	c->not_null = sometimes(state, 3, 2);
	c->fallback = sometimes(state, 3, 8);
	c->collation = sometimes(state, 8, 3);
	c->generated = sometimes(state, 10, 4);
	c->identity = sometimes(state, 8, 4);
	c->comment = sometimes(state, 8, 4);
}

static void add_column(struct schema *s, struct table *t, unsigned at, uint64_t *state)
{
	struct column c;

	if (t->count == COLUMNS_MAX)
		return;
	make_column(s, t, &c, state);
	memmove(t->columns + at + 1, t->columns + at, (t->count - at) * sizeof c);
	t->columns[at] = c;
	t->count++;
}

static void add_table(struct schema *s, uint64_t *state)
{
	struct table *t = &s->tables[s->table_count];
	unsigned count = 1 + random_below(state, 6);

	if (s->table_count == TABLES_MAX)
		return;
	memset(t, 0, sizeof *t);
	do
		set_name(t->name, table_names[random_below(state, TABLE_NAMES)]);
	while (find_table(s, t->name));
	for (unsigned i = 0; i < count; i++)
		add_column(s, t, i, state);
	t->key = random_below(state, 4);
	t->option = sometimes(state, 3, 5);
	t->comment = sometimes(state, 4, 4);
	t->partition = sometimes(state, 6, 4);
	s->table_count++;
}

/* Points it to a table and columns. */
static void aim(const struct schema *s, struct extra *x, uint64_t *state)
{
	const struct table *t;

	if (!s->table_count)
		return;
	t = &s->tables[random_below(state, s->table_count)];
	set_name(x->table, t->name);
	set_name(x->referred, s->tables[random_below(state, s->table_count)].name);
	x->key_count = 1 + random_below(state, t->count < KEY_MAX ? t->count : KEY_MAX);
	for (unsigned i = 0, from = random_below(state, t->count); i < x->key_count; i++)
		set_name(x->keys[i], t->columns[(from + i) % t->count].name);
}

static void add_extra(struct schema *s, uint64_t *state)
{
	struct extra *x = &s->extras[s->extra_count];

	if (s->extra_count == EXTRAS_MAX)
		return;
	memset(x, 0, sizeof *x);
	x->kind = random_below(state, s->dialect == SQLITE ? SQLITE_KINDS : POSTGRESQL_KINDS);
	if (s->dialect == POSTGRESQL && x->kind == VIRTUAL)
		x->kind = INDEX;
	do
		x->number = random_below(state, EXTRAS_MAX);
	while (find_extra(s, x->kind, x->number));
	aim(s, x, state);
	x->how = random_below(state, 64);
	x->more = random_below(state, 64);
	s->extra_count++;
}

void schema_make(struct schema *s, enum dialect dialect, uint64_t *state)
{
	unsigned tables = random_below(state, 5), extras = random_below(state, 20);

	memset(s, 0, sizeof *s);
	s->dialect = dialect;
	for (unsigned i = 0; i < tables; i++)
		add_table(s, state);
	for (unsigned i = 0; i < extras; i++)
		add_extra(s, state);
}

/* ---- changing ------------------------------------------------------------------------------ */

static void remove_table(struct schema *s, unsigned i)
{
	s->tables[i] = s->tables[--s->table_count];
}

static void remove_column(struct table *t, unsigned i)
{
	memmove(t->columns + i, t->columns + i + 1, (--t->count - i) * sizeof *t->columns);
}

static void change_column(struct schema *s, struct column *c, uint64_t *state)
{
	switch (random_below(state, 7)) {
	case 0:
	case 1:
		c->type = random_below(state, type_count(s));
		break;
	case 2:
		c->not_null = !c->not_null;
		break;
	case 3:
		c->fallback = random_below(state, 8);
		break;
	case 4:
		c->collation = random_below(state, 3);
		break;
	case 5:
		c->generated = random_below(state, 4);
		break;
	default:
		c->comment = random_below(state, 4);
		c->identity = random_below(state, 4);
	}
}

/* Takes the name along in what mentions it, or not. */
static void rename_column(struct schema *s, struct table *t, struct column *c, uint64_t *state)
{
	char was[NAME_SIZE];
	const char *name = names[random_below(state, NAMES)];

	if (find_column(t, name))
		return;
	memcpy(was, c->name, sizeof was);
	set_name(c->name, name);
	for (unsigned i = 0; i < s->extra_count; i++)
		for (unsigned k = 0; k < KEY_MAX; k++)
			if (!strcmp(s->extras[i].table, t->name) &&
			    !strcmp(s->extras[i].keys[k], was))
				set_name(s->extras[i].keys[k], name);
}

static void rename_table(struct schema *s, struct table *t, uint64_t *state)
{
	char was[NAME_SIZE];
	const char *name = table_names[random_below(state, TABLE_NAMES)];

	if (find_table(s, name))
		return;
	memcpy(was, t->name, sizeof was);
	set_name(t->name, name);
	for (unsigned i = 0; i < s->extra_count; i++) {
		if (!strcmp(s->extras[i].table, was))
			set_name(s->extras[i].table, name);
		if (!strcmp(s->extras[i].referred, was))
			set_name(s->extras[i].referred, name);
	}
}

static void change_table(struct schema *s, struct table *t, uint64_t *state)
{
	unsigned at = random_below(state, t->count);

	switch (random_below(state, 10)) {
	case 0:
	case 1:
		add_column(s, t, random_below(state, t->count + 1), state);
		break;
	case 2:
		if (t->count > 1)
			remove_column(t, at);
		break;
	case 3:
		t->key = random_below(state, 4);
		break;
	case 4:
		t->option = random_below(state, 5);
		break;
	case 5:
		t->comment = random_below(state, 4);
		t->partition = random_below(state, 2) ? t->partition : random_below(state, 4);
		break;
	case 6:
		rename_column(s, t, &t->columns[at], state);
		break;
	default:
		change_column(s, &t->columns[at], state);
	}
}

static void change_extra(struct schema *s, struct extra *x, uint64_t *state)
{
	switch (random_below(state, 4)) {
	case 0:
		aim(s, x, state);
		break;
	case 1:
		*x = s->extras[--s->extra_count];
		break;
	case 2:
		x->more = random_below(state, 64);
		break;
	default:
		x->how = random_below(state, 64);
	}
}

void schema_change(struct schema *s, uint64_t *state)
{
	unsigned table = s->table_count ? random_below(state, s->table_count) : 0;

	switch (random_below(state, 12)) {
	case 0:
		add_table(s, state);
		break;
	case 1:
		if (s->table_count)
			remove_table(s, table);
		break;
	case 2:
		if (s->table_count)
			rename_table(s, &s->tables[table], state);
		break;
	case 3:
	case 4:
		add_extra(s, state);
		break;
	case 5:
	case 6:
	case 7:
		if (s->extra_count)
			change_extra(s, &s->extras[random_below(state, s->extra_count)], state);
		break;
	default:
		if (s->table_count)
			change_table(s, &s->tables[table], state);
	}
}

/* ---- printing ------------------------------------------------------------------------------ */

const char *quoted(const char *name)
{
	static char buffers[8][2 * NAME_SIZE + 3];
	static unsigned turn;
	char *to = buffers[turn++ % 8], *at = to;

	if (strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789") == strlen(name) &&
	    strcmp(name, "select") != 0 && strcmp(name, "order") != 0)
		return name;
	*at++ = '"';
	for (; *name; name++) {
		if (*name == '"')
			*at++ = '"';
		*at++ = *name;
	}
	*at++ = '"';
	*at = '\0';
	return to;
}

void print_condition(FILE *out, const struct schema *s, const struct column *c, const char *prefix,
		     unsigned how)
{
	const char *name = quoted(c->name);

	switch (class_of(s, c)) {
	case NUMBER:
		fprintf(out, "%s%s %s %u", prefix, name, how % 2 ? ">" : "<>", how / 2 % 9);
		break;
	case TEXT:
		if (how % 3 == 0)
			fprintf(out, "length(%s%s) < %u", prefix, name, 5 + how % 9);
		else
			fprintf(out, "%s%s %s 'it''s %u; --'", prefix, name,
				how % 3 == 1 ? "<>" : "=", how % 7);
		break;
	case TRUTH:
		fprintf(out, "%s%s%s", how % 2 ? "NOT " : "", prefix, name);
		break;
	default:
		fprintf(out, "%s%s IS NOT NULL", prefix, name);
	}
}

void schema_print(const struct schema *s, FILE *out)
{
	if (s->dialect == SQLITE)
		sqlite_print(s, out);
	else
		postgresql_print(s, out);
}

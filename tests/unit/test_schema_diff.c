/* The difference of two schemas, and its order, without any dialect: schemas are written as text, a
 * line an object. Two blanks more than the line above: its child. "kind name key=value ... >
 * needs". */
#include "schema/diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { DEPTH = 4, MAX = 64 };

struct reading {
	struct mig__schema *s;
	char paths[MAX][64]; /* "users.id" of each object, for needs */
	char needs[MAX][96];
	uint32_t count;
};

static int32_t kind_of(const char *word)
{
	static const struct {
		const char *word;
		int32_t kind;
	} words[] = { { "table", MIG_KIND_TABLE },     { "column", MIG_KIND_COLUMN },
		      { "default", MIG_KIND_DEFAULT }, { "pk", MIG_KIND_PRIMARY_KEY },
		      { "fk", MIG_KIND_FOREIGN_KEY },  { "check", MIG_KIND_CHECK },
		      { "index", MIG_KIND_INDEX },     { "view", MIG_KIND_VIEW },
		      { "enum", MIG_KIND_ENUM },       { "sequence", MIG_KIND_SEQUENCE },
		      { "owner", MIG_KIND_OWNERSHIP }, { "function", MIG_KIND_FUNCTION },
		      { "trigger", MIG_KIND_TRIGGER }, { "part", MIG_KIND_INHERITANCE } };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strcmp(words[i].word, word))
			return words[i].kind;
	fail_msg("no kind %s", word);
	return 0;
}

static const char *static_key(const char *key)
{
	static const char *const keys[] = { "type",  "query",     "values",  "body",
					    "bound", "generated", "options", "inherited" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (!strcmp(keys[i], key))
			return keys[i];
	fail_msg("no key %s", key);
	return NULL;
}

static void read_line(struct reading *r, char *line, uint32_t *parents, size_t depth)
{
	mig_attribute attributes[8];
	mig_object o = { .struct_size = sizeof o, .attributes = attributes };
	char *needs = strchr(line, '>'), *word, *save = NULL;
	uint32_t number, parent = depth ? parents[depth - 1] : MIG_NO_OBJECT;

	snprintf(r->needs[r->count], sizeof r->needs[0], "%s", needs ? needs + 1 : "");
	if (needs)
		*needs = '\0';
	o.kind = kind_of(strtok_r(line, " ", &save));
	o.name = strtok_r(NULL, " ", &save);
	while ((word = strtok_r(NULL, " ", &save)) != NULL) {
		char *value = strchr(word, '=');

		*value++ = '\0';
		if (!strcmp(word, "inherited"))
			o.flags |= MIG_OBJECT_INHERITED;
		else
			attributes[o.attribute_count++] =
				(mig_attribute){ static_key(word), value };
	}
	snprintf(r->paths[r->count], sizeof r->paths[0], "%s%s%s",
		 depth ? r->paths[parents[depth - 1]] : "", depth ? "." : "", o.name);
	assert_int_equal(mig__schema_add(r->s, &o, parent, &number), MIG_OK);
	assert_int_equal(number, r->count++);
	parents[depth] = number;
}

static void read_needs(struct reading *r)
{
	for (uint32_t i = 0; i < r->count; i++) {
		char *save = NULL;

		for (char *w = strtok_r(r->needs[i], " ", &save); w;
		     w = strtok_r(NULL, " ", &save)) {
			int owner = *w == '!';
			uint32_t to = 0;

			while (to < r->count && strcmp(r->paths[to], w + owner) != 0)
				to++;
			if (to == r->count)
				fail_msg("%s needs %s, which is not there", r->paths[i], w);
			mig__schema_need(r->s, i, to, owner ? MIG_NEED_OWNER : MIG_NEED);
		}
	}
}

static void read_schema(struct mig__schema *s, const char *text, struct mig__error *err)
{
	struct reading r = { .s = s };
	char copy[4096], *line, *save = NULL;
	uint32_t parents[DEPTH] = { 0 };

	mig__schema_init(s, &mig__alloc_libc, err);
	snprintf(copy, sizeof copy, "%s", text);
	for (line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		size_t blanks = strspn(line, " ");

		read_line(&r, line + blanks, parents, blanks / 2);
	}
	read_needs(&r);
	assert_int_equal(mig__schema_done(s), MIG_OK);
}

/* Types are altered alone; functions and views are made anew; the rest is altered. */
static uint32_t change(void *user, const mig_object *from, const mig_object *to)
{
	(void)user, (void)to;
	switch (from->kind) {
	case MIG_KIND_COLUMN:
		return mig__attribute(from, "generated") ? MIG_CHANGE_RECREATE
							 : MIG_CHANGE_ALTER | MIG_CHANGE_ALONE;
	case MIG_KIND_ENUM:
		return MIG_CHANGE_ALTER | MIG_CHANGE_ALONE | MIG_CHANGE_LOSSY;
	case MIG_KIND_TABLE:
	case MIG_KIND_DEFAULT:
	case MIG_KIND_OWNERSHIP:
		return MIG_CHANGE_ALTER;
	default:
		return MIG_CHANGE_RECREATE;
	}
}

static int32_t holds(const mig_object *dependent, const mig_object *changed)
{
	(void)changed;
	return dependent->kind != MIG_KIND_COLUMN || mig__attribute(dependent, "generated") != NULL;
}

static int leave_out(void *user, const mig_object *from, const mig_object *to)
{
	const char *name = user;

	return name && !strcmp((from ? from : to)->name, name);
}

static void add_op(char *out, size_t size, const mig_op *op)
{
	static const char *const verbs[] = { "", "create", "drop", "alter" };
	const mig_object *o = op->to ? op->to : op->from;
	size_t n = strlen(out);

	n += (size_t)snprintf(out + n, size - n, "%s%s %s %s%s%s%s", n ? "\n" : "", verbs[op->type],
			      mig_kind_name(o->kind), o->parent ? mig__top(o)->name : "",
			      o->parent ? "." : "", o->name,
			      op->flags & MIG_OP_DESTRUCTIVE ? " !" : "");
	for (size_t i = 0; i < op->part_count; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s %s", i ? ", " : " with ",
				      mig_kind_name(op->parts[i]->kind), op->parts[i]->name);
}

static void assert_diff(const char *before, const char *after, const char *left_out,
			const char *expected)
{
	struct mig__error err;
	struct mig__schema a, b;
	struct mig__diff_hooks hooks = { .user = (void *)(uintptr_t)left_out,
					 .change = change,
					 .holds = holds,
					 .leave_out = leave_out };
	struct mig__ops ops;
	char text[4096] = "";

	mig__error_init(&err, &mig__alloc_libc);
	read_schema(&a, before, &err);
	read_schema(&b, after, &err);
	assert_int_equal(mig__diff(&a, &b, &hooks, &ops), MIG_OK);
	for (size_t i = 0; i < ops.count; i++)
		add_op(text, sizeof text, &ops.at[i]);
	assert_string_equal(text, expected);
	mig__ops_finish(&ops);
	mig__schema_finish(&a);
	mig__schema_finish(&b);
	mig__error_clear(&err);
}

#define USERS \
	"table users\n  column id type=int\n  column name type=text\n  pk users_pk > users.id\n"
#define POSTS                                                       \
	"table posts\n  column id type=int\n  column by type=int\n" \
	"  fk posts_by > posts.by users.id users.users_pk\n"

static void test_same(void **user)
{
	(void)user;
	assert_diff(USERS POSTS, USERS POSTS, NULL, "");
	/* the order of objects is no difference */
	assert_diff(USERS "view v query=1\n", "view v query=1\n" USERS, NULL, "");
	assert_diff("", "", NULL, "");
}

static void test_tables(void **user)
{
	(void)user;
	/* what is referred to comes first, whatever the order, and parts are folded in */
	assert_diff("", POSTS USERS, NULL,
		    "create table users with primary key users_pk\n"
		    "create table posts with foreign key posts_by");
	assert_diff(USERS POSTS, "", NULL, "drop table posts !\ndrop table users !");
	assert_diff(USERS POSTS, USERS, NULL, "drop table posts !");
	/* the key goes before the table that it refers to */
	assert_diff(USERS POSTS, "table posts\n  column id type=int\n  column by type=int\n", NULL,
		    "drop foreign key posts.posts_by\ndrop table users !");
}

static void test_circle(void **user)
{
	(void)user;
	assert_diff("",
		    "table a\n  column b type=int\n  fk a_b > b\ntable b\n  column a type=int\n"
		    "  fk b_a > a\n  check b_c\n",
		    NULL,
		    "create table a\ncreate table b with check b_c\n"
		    "create foreign key a.a_b\ncreate foreign key b.b_a");
	assert_diff("table a\n  column b type=int\n  fk a_b > b\ntable b\n  column a type=int\n"
		    "  fk b_a > a\n",
		    "", NULL,
		    "drop foreign key b.b_a\ndrop foreign key a.a_b\n"
		    "drop table b !\ndrop table a !");
}

static void test_columns(void **user)
{
	(void)user;
	assert_diff(USERS,
		    "table users\n  column id type=int\n  column mail type=text\n    default mail\n"
		    "  pk users_pk > users.id\n",
		    NULL, "create column users.mail with default mail\ndrop column users.name !");
	/* a generated column has no data of its own */
	assert_diff("table t\n  column a type=int\n  column b type=int generated=a+1 > t.a\n",
		    "table t\n  column a type=int\n  column b type=int generated=a+2 > t.a\n", NULL,
		    "drop column t.b\ncreate column t.b");
}

static void test_altered_alone(void **user)
{
	(void)user;
	/* a view on the column, a view on that view, and the default make room */
	assert_diff("table t\n  column a type=int\n    default a body=1\n  column b type=int\n"
		    "view v query=1 > t t.a\nview w query=1 > v\nview x query=1 > t t.b\n",
		    "table t\n  column a type=big\n    default a body=1\n  column b type=int\n"
		    "view v query=1 > t t.a\nview w query=1 > v\nview x query=1 > t t.b\n",
		    NULL,
		    "drop view w\ndrop view v\ndrop default t.a\nalter column t.a\n"
		    "create default t.a\ncreate view v\ncreate view w");
	/* an enum: columns of the type do not hold it, what hangs on them does */
	assert_diff(
		"enum mood values=a,b\ntable t\n  column m type=mood > mood\n    default m body=a "
		"> mood\n  check c > t.m mood\nview v query=1 > t.m\n",
		"enum mood values=a\ntable t\n  column m type=mood > mood\n    default m body=a "
		"> mood\n  check c > t.m mood\nview v query=1 > t.m\n",
		NULL,
		"drop view v\ndrop check t.c\ndrop default t.m\nalter enum mood !\n"
		"create default t.m\ncreate check t.c\ncreate view v");
}

static void test_type_replaced_by_text(void **user)
{
	(void)user;
	/* the column lets go of its type before that is dropped */
	assert_diff("enum mood values=a\ntable t\n  column m type=mood > mood\n",
		    "table t\n  column m type=text\n", NULL, "alter column t.m\ndrop enum mood");
	assert_diff("table t\n  column m type=text\n",
		    "enum mood values=a\ntable t\n  column m type=mood > mood\n", NULL,
		    "create enum mood\nalter column t.m");
}

static void test_function_replaced(void **user)
{
	(void)user;
	assert_diff("function f() body=1\ntable t\n  column a type=int\n    default a > f()\n  "
		    "index i > "
		    "f()\n",
		    "function f() body=2\ntable t\n  column a type=int\n    default a > f()\n  "
		    "index i > "
		    "f()\n",
		    NULL,
		    "drop index t.i\ndrop default t.a\ndrop function f()\ncreate function f()\n"
		    "create default t.a\ncreate index t.i");
}

static void test_sequence_and_owner(void **user)
{
	(void)user;
#define SERIAL                                                                                  \
	"sequence s > !t.a\n  owner - > t.a\ntable t\n  column a type=int\n    default a > s\n" \
	"  column b type=int\n"
	assert_diff("", SERIAL, NULL,
		    "create sequence s\ncreate table t with default a\ncreate ownership s.-");
	assert_diff(SERIAL, "", NULL, "drop table t !");
	assert_diff(SERIAL, "table t\n  column b type=int\n", NULL, "drop column t.a !");
	/* without its owner it stays */
	assert_diff(SERIAL, "sequence s\ntable t\n  column b type=int\n", NULL,
		    "drop ownership s.-\ndrop column t.a !");
}

static void test_names(void **user)
{
	(void)user;
	assert_diff("view x query=1\n", "table x\n  column a type=int\n", NULL,
		    "drop view x\ncreate table x");
	assert_diff("table x\n  column a type=int\n", "view x query=1\n", NULL,
		    "drop table x !\ncreate view x");
	/* an index that moves to another table */
	assert_diff("table t\n  column a type=int\n  index i > t.a\ntable u\n  column a type=int\n",
		    "table t\n  column a type=int\ntable u\n  column a type=int\n  index i > u.a\n",
		    NULL, "drop index t.i\ncreate index u.i");
}

/* A table goes, and its key's name is taken by one that must be there before, since the sequence
 * passes from one to the other. */
static void test_name_in_circle(void **user)
{
	(void)user;
	assert_diff(
		"sequence s > !t.a\n  owner - type=t > t.a\ntable t\n  column a type=int\n  pk k > "
		"t.a\n",
		"sequence s > !u.a\n  owner - type=u > u.a\ntable u\n  column a type=int\n  pk k > "
		"u.a\n",
		NULL,
		"drop primary key t.k\ncreate table u with primary key k\nalter ownership s.-\n"
		"drop table t !");
}

static void test_left_alone(void **user)
{
	(void)user;
	assert_diff(USERS POSTS, USERS, "posts", "");
	assert_diff(USERS, USERS POSTS, "posts", "");
	assert_diff("table t\n  column a type=int\n  index i inherited=1 body=1\n",
		    "table t\n  column a type=int\n", NULL, "");
}

static void test_partitions(void **user)
{
	(void)user;
	assert_diff("",
		    "table p\n  column a type=int\ntable q\n  column a type=int\n  part p bound=1 "
		    "> p\n",
		    NULL, "create table p\ncreate table q\ncreate inheritance q.p");
	assert_diff("table p\n  column a type=int\ntable q\n  column a type=int\n  part p bound=1 "
		    "> p\n",
		    "table q\n  column a type=int\n", NULL, "drop inheritance q.p\ndrop table p !");
	assert_diff("",
		    "table p\n  column a type=int\ntable q\n  column a type=int\n  part p > p\n",
		    NULL, "create table p\ncreate table q with inheritance p");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_circle),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_altered_alone),
		cmocka_unit_test(test_type_replaced_by_text),
		cmocka_unit_test(test_function_replaced),
		cmocka_unit_test(test_sequence_and_owner),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_name_in_circle),
		cmocka_unit_test(test_left_alone),
		cmocka_unit_test(test_partitions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

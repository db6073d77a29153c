/* lib/graph: what it answers, every error with its message, and what it does without memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "graph_support.h"

struct fixture {
	struct decls decls;
	struct mig__graph *g;
	struct mig__error err;
};

static mig_status build(struct fixture *f, const char *text)
{
	*f = (struct fixture){ .g = NULL };
	mig__error_init(&f->err, &mig__alloc_libc);
	decls_parse(&f->decls, text);
	return mig__graph_new(&mig__alloc_libc, f->decls.at, f->decls.count, &f->err, &f->g);
}

static void finish(struct fixture *f)
{
	mig__graph_free(f->g);
	mig__error_clear(&f->err);
	decls_finish(&f->decls);
}

static void open_graph(struct fixture *f, const char *text)
{
	assert_int_equal(build(f, text), MIG_OK);
}

/* Words of a text, for rows and targets; freed with the fixture. */
static struct mig__rows words(struct fixture *f, const char *text)
{
	char *copy = decls_keep(&f->decls, strdup(text)), *end = NULL;
	const char **ids = decls_keep(&f->decls, calloc(strlen(text) + 1, sizeof *ids));
	size_t count = 0;

	for (char *word = strtok_r(copy, " ", &end); word; word = strtok_r(NULL, " ", &end))
		ids[count++] = word;
	return (struct mig__rows){ ids, count };
}

static void join(const struct fixture *f, char *out, size_t size, const uint32_t *nodes,
		 size_t count)
{
	*out = '\0';
	for (size_t i = 0; i < count; i++) {
		size_t used = strlen(out);

		snprintf(out + used, size - used, "%s%s", i ? " " : "",
			 mig__graph_id(f->g, nodes[i]));
	}
}

static void assert_span(const struct fixture *f, struct mig__span span, const char *want)
{
	char text[512];

	join(f, text, sizeof text, span.at, span.count);
	assert_string_equal(text, want);
}

static void assert_nodes(const struct fixture *f, struct mig__nodes *nodes, const char *want)
{
	assert_span(f, (struct mig__span){ nodes->at, nodes->count }, want);
	mig__nodes_finish(f->g, nodes);
}

static void assert_failed(struct fixture *f, mig_status got, mig_status want, const char *message)
{
	assert_int_equal(got, want);
	assert_int_equal(f->err.status, want);
	assert_non_null(f->err.message);
	if (message)
		assert_string_equal(f->err.message, message);
}

/* -- building */

static void a_graph_answers_plain_questions(void **state)
{
	struct fixture f;

	(void)state;
	open_graph(&f, "m: a b\n"
		       "b: r\n"
		       "a: r\n"
		       "r: / / top\n"
		       "x: / b top b\n");
	assert_int_equal(mig__graph_count(f.g), 5);
	assert_int_equal(mig__graph_find(f.g, "r"), 3);
	assert_int_equal(mig__graph_find(f.g, "top"), MIG__NO_NODE);
	assert_int_equal(mig__graph_find(f.g, "R"), MIG__NO_NODE);
	assert_span(&f, mig__graph_parents(f.g, 0), "a b");
	assert_span(&f, mig__graph_dependencies(f.g, 4), "b r");
	assert_span(&f, mig__graph_dependencies(f.g, 0), "");
	assert_span(&f, mig__graph_children(f.g, 3), "b a");
	assert_span(&f, mig__graph_dependents(f.g, 3), "b a x");
	assert_span(&f, mig__graph_dependents(f.g, 1), "m x");
	assert_span(&f, mig__graph_set(f.g, MIG__HEADS), "m x");
	assert_span(&f, mig__graph_set(f.g, MIG__REAL_HEADS), "m x");
	assert_span(&f, mig__graph_set(f.g, MIG__BASES), "r x");
	assert_span(&f, mig__graph_set(f.g, MIG__REAL_BASES), "r");
	assert_span(&f, mig__graph_set(f.g, MIG__BRANCH_POINTS), "r");
	assert_span(&f, mig__graph_set(f.g, MIG__MERGE_POINTS), "m");
	assert_span(&f, mig__graph_order(f.g), "r b a x m");
	finish(&f);
}

static void a_graph_without_dependencies_has_none(void **state)
{
	struct fixture f;

	(void)state;
	open_graph(&f, "a\nb: a a a\n");
	assert_span(&f, mig__graph_parents(f.g, 1), "a");
	assert_span(&f, mig__graph_dependencies(f.g, 1), "");
	assert_span(&f, mig__graph_set(f.g, MIG__MERGE_POINTS), "");
	finish(&f);
}

static void an_empty_graph_is_fine(void **state)
{
	struct fixture f;
	struct mig__nodes nodes = { NULL, 0 };
	struct mig__route route = { 0 };
	struct mig__rows none = { NULL, 0 };
	const char *heads = "heads";

	(void)state;
	open_graph(&f, "");
	assert_int_equal(mig__graph_count(f.g), 0);
	assert_int_equal(mig__graph_find(f.g, "x"), MIG__NO_NODE);
	assert_int_equal(mig__graph_resolve(f.g, "head", &f.err, &nodes), MIG_OK);
	assert_nodes(&f, &nodes, "");
	assert_int_equal(mig__graph_upgrade(f.g, none, &heads, 1, &f.err, &route), MIG_OK);
	assert_int_equal(route.step_count, 0);
	mig__route_finish(f.g, &route);
	assert_int_equal(mig__graph_history(f.g, NULL, none, &f.err, &nodes), MIG_OK);
	assert_nodes(&f, &nodes, "");
	assert_int_equal(mig__graph_history(f.g, "base:+1", none, &f.err, &nodes),
			 MIG_EWALKED_TOO_FAR);
	finish(&f);
	mig__graph_free(NULL);
}

static void a_faulty_graph_does_not_load(void **state)
{
	static const struct {
		const char *text;
		mig_status status;
		const char *message, *revision;
	} faults[] = {
		{ "a: a", MIG_ELOOP, "revision \"a\" revises itself", "a" },
		{ "a: / a / / f.sql", MIG_EDEPENDENCY_LOOP,
		  "f.sql: revision \"a\" depends on itself", "a" },
		{ "a: / own / own", MIG_EDEPENDENCY_LOOP, "revision \"a\" depends on itself", "a" },
		{ "a: c / / / a.sql\nb: a / / / b.sql\nc: b", MIG_ECYCLE,
		  "revisions form a cycle: \"a\" (a.sql) needs \"c\" needs \"b\" (b.sql) needs "
		  "\"a\"",
		  "a" },
		{ "r\na: r / c\nb: a\nc: b\nh: c", MIG_EDEPENDENCY_CYCLE,
		  "revisions form a cycle through their dependencies: "
		  "\"a\" needs \"c\" needs \"b\" needs \"a\"",
		  "a" },
		{ "r\na: r b\nb: a\nc: b", MIG_ECYCLE,
		  "revisions form a cycle: \"a\" needs \"b\" needs \"a\"", "a" },
		{ "a\nb: aa / / / b.sql", MIG_EMISSING_PARENT,
		  "b.sql: revision \"b\" revises \"aa\", which is not there", "b" },
		{ "abcdef\nb: abcdeg", MIG_EMISSING_PARENT,
		  "revision \"b\" revises \"abcdeg\", which is not there (did you mean "
		  "\"abcdef\"?)",
		  "b" },
		{ "a: / / lab\nb: lab", MIG_EMISSING_PARENT,
		  "revision \"b\" revises \"lab\", which is a branch label: "
		  "a parent is named by its id",
		  "b" },
		{ "a\nb: a / zz", MIG_EMISSING_DEPENDENCY,
		  "revision \"b\" depends on \"zz\", which is not there", "b" },
		{ "a: / / / one.sql\na: / / / two.sql", MIG_EDUPLICATE_REVISION,
		  "two.sql: revision \"a\" is there already, in one.sql", "a" },
		{ "a: / / x / one.sql\nb: / / x / two.sql", MIG_EDUPLICATE_LABEL,
		  "two.sql: branch label \"x\" of revision \"b\" is used by revision \"a\" "
		  "already, "
		  "in one.sql",
		  "b" },
		{ "a: / / x x", MIG_EDUPLICATE_LABEL,
		  "branch label \"x\" of revision \"a\" is used by revision \"a\" already", "a" },
		{ "a: / / b\nb", MIG_EDUPLICATE_LABEL,
		  "branch label \"b\" of revision \"a\" is the id of a revision", "a" },
		{ "a-1", MIG_EILLEGAL_ID,
		  "illegal revision id \"a-1\": 1 to 255 letters, digits, \"_\" and \".\"", "a-1" },
		{ "a@b", MIG_EILLEGAL_ID, NULL, "a@b" },
		{ "head", MIG_EILLEGAL_ID,
		  "\"head\" has a meaning of its own and cannot be a revision id", "head" },
		{ "current", MIG_EILLEGAL_ID, NULL, "current" },
		{ "a: / / base", MIG_EILLEGAL_ID,
		  "\"base\" has a meaning of its own and cannot be a branch label (revision \"a\")",
		  "a" },
		{ "a: / / x@y", MIG_EILLEGAL_ID,
		  "illegal branch label \"x@y\" of revision \"a\": 1 to 255 bytes of letters, "
		  "digits, \"_\", \".\" and \"-\"",
		  "a" },
		{ "a: / / x+1", MIG_EILLEGAL_ID, NULL, "a" },
		{ "a: / / \xff", MIG_EILLEGAL_ID, NULL, "a" },
		{ "a: / / x\xe2\x80\x8by", MIG_EILLEGAL_ID, NULL, "a" }, /* zero width space */
		{ "a: / / \xc2\xa0", MIG_EILLEGAL_ID, NULL, "a" },       /* no-break space */
	};

	(void)state;
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		struct fixture f;

		assert_failed(&f, build(&f, faults[i].text), faults[i].status, faults[i].message);
		assert_null(f.g);
		assert_string_equal(f.err.revision, faults[i].revision);
		finish(&f);
	}
}

static void a_long_cycle_is_told_in_short(void **state)
{
	struct fixture f = { .g = NULL };
	char id[16];

	(void)state;
	mig__error_init(&f.err, &mig__alloc_libc);
	for (int i = 0; i < 1000; i++) {
		struct mig__graph_decl *decl;

		snprintf(id, sizeof id, "r%d", i);
		decl = decls_add(&f.decls, id);
		snprintf(id, sizeof id, "r%d", (i + 999) % 1000);
		decls_name(&f.decls, &decl->parents, &decl->parent_count, id);
	}
	assert_failed(&f, mig__graph_new(&mig__alloc_libc, f.decls.at, 1000, &f.err, &f.g),
		      MIG_ECYCLE, NULL);
	assert_non_null(strstr(f.err.message, "\"r0\" needs \"r999\" needs "));
	assert_non_null(strstr(f.err.message, "... \"r0\""));
	assert_true(strlen(f.err.message) < 400);
	finish(&f);
}

static void labels_may_be_words_of_any_language(void **state)
{
	struct fixture f;
	struct mig__nodes nodes = { NULL, 0 };

	(void)state;
	open_graph(&f, "a: / / \xc3\xbc"
		       "ber-1 \xe6\x97\xa5\xe6\x9c\xac \xf0\x90\x8c\xb0 -x.y_z\nb: a\n");
	assert_int_equal(mig__graph_resolve(f.g,
					    "\xc3\xbc"
					    "ber-1@head",
					    &f.err, &nodes),
			 MIG_OK);
	assert_nodes(&f, &nodes, "b");
	/* two characters are no four, though six bytes are more */
	assert_failed(&f, mig__graph_resolve(f.g, "\xe6\x97\xa5", &f.err, &nodes), MIG_ENOTFOUND,
		      NULL);
	finish(&f);
}

static void assert_labels(struct fixture *f, const char *id, const char *want)
{
	const char **labels;
	uint32_t count;
	char text[256] = "";

	assert_int_equal(
		mig__graph_labels(f->g, mig__graph_find(f->g, id), &f->err, &labels, &count),
		MIG_OK);
	for (uint32_t i = 0; i < count; i++) {
		strcat(text, i ? " " : "");
		strcat(text, labels[i]);
	}
	mig__free(&mig__alloc_libc, labels);
	assert_string_equal(text, want);
}

static void labels_spread(void **state)
{
	struct fixture f;

	(void)state;
	open_graph(&f, "r\n"
		       "a1: r\n"
		       "a2: a1 / / two aa\n"
		       "a3: a2 / / three\n"
		       "b1: r / / bb\n"
		       "b2: b1\n"
		       "m: b2 c1\n"
		       "c1: / / cc\n"
		       "n: m\n");
	assert_labels(&f, "r", "");
	assert_labels(&f, "a1", "aa three two");
	assert_labels(&f, "a2", "aa three two");
	assert_labels(&f, "a3", "aa three two");
	assert_labels(&f, "b2", "bb");
	assert_labels(&f, "c1", "cc");
	assert_labels(&f, "n", "bb cc");
	finish(&f);
	open_graph(&f, "r\na: r\n");
	assert_labels(&f, "a", "");
	finish(&f);
}

/* -- identifiers */

static const char forked[] = "abcd12\n"
			     "b0b0b0: abcd12\n"
			     "c1c1c1: b0b0b0 / / one\n"
			     "d1d1d1: c1c1c1\n"
			     "c2c2c2: b0b0b0 / / two-way\n"
			     "d2d2d2: c2c2c2\n"
			     "abcf34: / d2d2d2 / lib rel-2\n";

static void identifiers_resolve(void **state)
{
	static const char *const cases[][2] = {
		{ "base", "" },
		{ "one@base", "" },
		{ "heads", "d1d1d1 abcf34" },
		{ "lib@heads", "abcf34" },
		{ "one@head", "d1d1d1" },
		{ "@d1d1d1", "d1d1d1" },
		{ "b0", "b0b0b0" },
		{ "b", "b0b0b0" },
		{ "two", "c2c2c2" },
		{ "two-way", "c2c2c2" },
		{ "rel-2", "abcf34" },
		{ "abcd", "abcd12" },
		{ "lib@abc", "abcf34" },
		{ "one@abc", "abcd12" },
		{ "two-w@d2", "d2d2d2" },
		{ "c1c1@d1", "d1d1d1" },
		{ "one@one", "c1c1c1" },
	};
	struct fixture f;

	(void)state;
	open_graph(&f, forked);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct mig__nodes nodes = { NULL, 0 };

		assert_int_equal(mig__graph_resolve(f.g, cases[i][0], &f.err, &nodes), MIG_OK);
		assert_nodes(&f, &nodes, cases[i][1]);
	}
	finish(&f);
}

static void bad_identifiers_are_told_apart(void **state)
{
	static const struct {
		const char *ident;
		mig_status status;
		const char *message;
	} cases[] = {
		{ "", MIG_ENOTFOUND, "an empty text names no revision" },
		{ "one@", MIG_ENOTFOUND, "an empty text names no revision" },
		{ "zz", MIG_ENOTFOUND, "no revision or label \"zz\"" },
		{ "d1d1d2", MIG_ENOTFOUND, "no revision or label \"d1d1d2\"" }, /* two are near */
		{ "b0b1b0", MIG_ENOTFOUND,
		  "no revision or label \"b0b1b0\" (did you mean \"b0b0b0\"?)" },
		{ "two-wayy", MIG_ENOTFOUND,
		  "no revision or label \"two-wayy\" (did you mean \"two-way\"?)" },
		{ "ABCD", MIG_ENOTFOUND, NULL },
		{ "on", MIG_ENOTFOUND, NULL }, /* a label of three is never shortened */
		{ "current", MIG_ENOTFOUND, NULL },
		{ "+1", MIG_ENOTFOUND, NULL },
		{ "nosuch@head", MIG_ENOTFOUND, "no revision or label \"nosuch\"" },
		{ "nosuch@base", MIG_ENOTFOUND, NULL },
		{ "lib@b0", MIG_ENOTFOUND, "no revision or label \"b0\" in branch \"lib\"" },
		{ "abc", MIG_EAMBIGUOUS,
		  "\"abc\" is ambiguous: it can mean \"abcd12\", \"abcf34\"" },
		{ "abc@head", MIG_EAMBIGUOUS, NULL },
		{ "head", MIG_EMULTIPLE_HEADS,
		  "\"head\" must be one revision, and there are 3: \"d1d1d1\", \"d2d2d2\", "
		  "\"abcf34\"" },
		{ "b0b0b0@head", MIG_EMULTIPLE_HEADS,
		  "\"b0b0b0@head\" must be one revision, and there are 2: \"d1d1d1\", \"d2d2d2\"" },
		{ "one@d2d2d2", MIG_ENOT_IN_BRANCH,
		  "revision \"d2d2d2\" is not in branch \"one\"" },
		{ "one@two-way", MIG_ENOT_IN_BRANCH, NULL },
		{ "one@@head", MIG_ENOTFOUND, NULL },
	};
	struct fixture f;
	uint32_t node = 77;

	(void)state;
	open_graph(&f, forked);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct mig__nodes nodes = { NULL, 0 };

		assert_failed(&f, mig__graph_resolve(f.g, cases[i].ident, &f.err, &nodes),
			      cases[i].status, cases[i].message);
		assert_null(nodes.at);
	}
	assert_failed(&f, mig__graph_resolve_one(f.g, "heads", &f.err, &node), MIG_EMULTIPLE_HEADS,
		      NULL);
	assert_int_equal(node, 77);
	assert_int_equal(mig__graph_resolve_one(f.g, "base", &f.err, &node), MIG_OK);
	assert_int_equal(node, MIG__NO_NODE);
	finish(&f);
}

static void many_candidates_are_counted(void **state)
{
	struct fixture f = { .g = NULL };
	struct mig__nodes nodes = { NULL, 0 };
	char id[16];

	(void)state;
	mig__error_init(&f.err, &mig__alloc_libc);
	for (int i = 0; i < 40; i++) {
		snprintf(id, sizeof id, "same%02d", i);
		decls_add(&f.decls, id);
	}
	assert_int_equal(mig__graph_new(&mig__alloc_libc, f.decls.at, 40, &f.err, &f.g), MIG_OK);
	assert_failed(&f, mig__graph_resolve(f.g, "same", &f.err, &nodes), MIG_EAMBIGUOUS,
		      "\"same\" is ambiguous: it can mean \"same00\", \"same01\", \"same02\", "
		      "\"same03\", \"same04\", \"same05\" and 34 more");
	assert_failed(&f, mig__graph_resolve(f.g, "head", &f.err, &nodes), MIG_EMULTIPLE_HEADS,
		      NULL);
	assert_non_null(strstr(f.err.message, "there are 40: \"same00\", "));
	assert_non_null(strstr(f.err.message, " and 30 more"));
	assert_non_null(f.err.hint);
	finish(&f);
}

/* -- routes */

/* "STEP -REMOVED +ADDED; ... = ROWS" */
static void describe(const struct fixture *f, const struct mig__route *route, char *out,
		     size_t size)
{
	size_t used = 0;
	char rows[256];

	for (size_t i = 0; i < route->step_count; i++) {
		const struct mig__route_step *s = &route->steps[i];

		used += (size_t)snprintf(out + used, size - used, "%s%s", i ? "; " : "",
					 mig__graph_id(f->g, s->node));
		for (uint32_t j = 0; j < s->removed_count; j++)
			used += (size_t)snprintf(
				out + used, size - used, " -%s",
				mig__graph_id(f->g, route->nodes[s->removed_at + j]));
		for (uint32_t j = 0; j < s->added_count; j++)
			used += (size_t)snprintf(
				out + used, size - used, " +%s",
				mig__graph_id(f->g, route->nodes[s->added_at + j]));
	}
	join(f, rows, sizeof rows, route->rows.at, route->rows.count);
	snprintf(out + used, size - used, "%s= %s", used ? " " : "", rows);
}

static const char merged[] = "a0\n"
			     "b0: a0\n"
			     "c1: b0\n"
			     "d1: c1\n"
			     "c2: b0 / / two\n"
			     "d2: c2\n"
			     "e0: d1 d2\n"
			     "x0: / c1 / xx\n"
			     "x1: x0\n";

/* up: "ROWS > TARGETS"; down: "ROWS < TARGET", no target being base */
static mig_status plan(struct fixture *f, const char *text, struct mig__route *route)
{
	const char *arrow = strpbrk(text, "<>");
	char *rows = decls_keep(&f->decls, strndup(text, (size_t)(arrow - text)));
	struct mig__rows targets = words(f, arrow + 1);

	return *arrow == '>' ? mig__graph_upgrade(f->g, words(f, rows), targets.ids, targets.count,
						  &f->err, route)
			     : mig__graph_downgrade(f->g, words(f, rows),
						    targets.count ? targets.ids[0] : NULL, &f->err,
						    route);
}

static void plans_are_as_they_should_be(void **state)
{
	static const char *const cases[][2] = {
		{ "> base", "= " },
		{ "> b0", "a0 +a0; b0 -a0 +b0 = b0" },
		{ "b0 > b0", "= b0" },
		{ "d1 > c1", "= d1" },
		{ "d2 d1 > e0", "e0 -d1 -d2 +e0 = e0" },
		{ "b0 > x1", "c1 -b0 +c1; x0 -c1 +x0; x1 -x0 +x1 = x1" },
		{ "x1 > d1", "d1 +d1 = d1 x1" },
		{ "b0 > two@+2", "c2 -b0 +c2; d2 -c2 +d2 = d2" },
		{ "x1 > two@+1", "c2 +c2 = c2 x1" },
		{ "> a0+1", "a0 +a0; b0 -a0 +b0 = b0" },
		{ "> xx@+1", "a0 +a0; b0 -a0 +b0; c1 -b0 +c1; x0 -c1 +x0 = x0" },
		{ "> c1 c2", "a0 +a0; b0 -a0 +b0; c2 -b0 +c2; c1 +c1 = c1 c2" },
		{ "e0 < -1", "e0 -e0 +d1 +d2 = d1 d2" },
		{ "e0 x1 < e0", "= e0 x1" },
		{ "e0 < two@b0", "e0 -e0 +d1 +d2; d2 -d2 +c2; c2 -c2 = d1" },
		{ "x1 < xx@-1", "x1 -x1 +x0 = x0" },
		{ "x1 d1 < c1", "d1 -d1 = x1" },
		{ "d1 x1 < b0", "d1 -d1; x1 -x1 +x0; x0 -x0 +c1; c1 -c1 +b0 = b0" },
		{ "x1 < -2", "x1 -x1 +x0; x0 -x0 +c1 = c1" },
		{ "x0 < x0", "= x0" },
		{ "x1 c1 <", "x1 -x1 -c1 +x0; x0 -x0 +c1; c1 -c1 +b0; b0 -b0 +a0; a0 -a0 = " },
	};
	struct fixture f;
	char text[512];

	(void)state;
	open_graph(&f, merged);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct mig__route route = { 0 };
		mig_status rc = plan(&f, cases[i][0], &route);

		assert_int_equal(rc, MIG_OK);
		describe(&f, &route, text, sizeof text);
		assert_string_equal(text, cases[i][1]);
		assert_int_equal(route.direction,
				 strchr(cases[i][0], '<') ? MIG_DOWNGRADE : MIG_UPGRADE);
		mig__route_finish(f.g, &route);
	}
	finish(&f);
}

static void impossible_plans_say_why(void **state)
{
	static const struct {
		const char *plan;
		mig_status status;
		const char *message;
	} cases[] = {
		{ "zzz b0 yyy > heads", MIG_ENEWER,
		  "the database is newer than this program: it is at \"zzz\", \"yyy\", and no "
		  "revision with these ids is known" },
		{ "zzz <", MIG_ENEWER,
		  "the database is newer than this program: it is at \"zzz\", and no revision with "
		  "this id is known" },
		{ "two > heads", MIG_ENEWER, NULL }, /* a label is no row */
		{ "b0 d1 > heads", MIG_EOVERLAP,
		  "the version rows overlap: \"b0\" is included in \"d1\" already" },
		{ "> c1 b0", MIG_EOVERLAP,
		  "the targets overlap: \"b0\" is included in \"c1\" already" },
		{ "> head", MIG_EMULTIPLE_HEADS, NULL },
		{ "> nosuch", MIG_ENOTFOUND, NULL },
		{ "> a0+9", MIG_EAMBIGUOUS_WALK,
		  "\"a0+9\" is ambiguous: the way up forks, e.g. to \"c1\", \"c2\"" },
		{ "x1 > +1", MIG_EWALKED_TOO_FAR, "\"+1\" leads past the end of the revisions" },
		{ "x1 > +99999999999999999999", MIG_EWALKED_TOO_FAR, NULL },
		{ "x1 > -1", MIG_EWALKED_TOO_FAR, "\"-1\" does not lead up" },
		{ "x1 > +0", MIG_EWALKED_TOO_FAR, NULL },
		{ "> e0-1", MIG_EAMBIGUOUS_WALK,
		  "\"e0-1\" is ambiguous: the way down goes through a merge of \"d1\", \"d2\"" },
		{ "> b0-2", MIG_EWALKED_TOO_FAR, NULL },
		{ "d1 d2 > +1", MIG_EAMBIGUOUS_WALK,
		  "\"+1\" is ambiguous: it can start from \"d1\", \"d2\"" },
		{ "> a0+1x", MIG_ENOTFOUND, NULL },
		{ "> a0+1-1", MIG_ENOTFOUND, NULL },
		{ "> nosuch+1", MIG_ENOTFOUND, NULL },
		{ "> nosuch@+1", MIG_ENOTFOUND, NULL },
		{ "d1 d2 < -1", MIG_EAMBIGUOUS_WALK,
		  "\"-1\" is ambiguous: it can start from \"d1\", \"d2\"" },
		{ "e0 < -2", MIG_EAMBIGUOUS_WALK, NULL },
		{ "b0 < -3", MIG_EWALKED_TOO_FAR, NULL },
		{ "< -1", MIG_EWALKED_TOO_FAR, "\"-1\": nothing is applied, there is no way down" },
		{ "x1 < +1", MIG_EWALKED_TOO_FAR, "\"+1\" does not lead down" },
		{ "b0 < d1", MIG_ENOT_ANCESTOR,
		  "there is no way down to \"d1\": the database is at \"b0\"" },
		{ "< d1", MIG_ENOT_ANCESTOR,
		  "there is no way down to \"d1\": the database is at base" },
		{ "d1 < nosuch@b0", MIG_ENOTFOUND, NULL },
		{ "d1 x0 < two@x0", MIG_ENOT_IN_BRANCH,
		  "revision \"x0\" is not in branch \"two\"" },
		{ "d1 < xx@b0", MIG_ENOT_ANCESTOR, NULL },
		{ "d1 < heads", MIG_EMULTIPLE_HEADS, NULL },
	};
	struct fixture f;

	(void)state;
	open_graph(&f, merged);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct mig__route route = { 0 };

		assert_failed(&f, plan(&f, cases[i].plan, &route), cases[i].status,
			      cases[i].message);
		assert_null(route.steps);
	}
	finish(&f);
}

static void a_label_reading_wins_over_a_relative_one(void **state)
{
	struct fixture f;
	struct mig__route route = { 0 };
	char text[128];

	(void)state;
	open_graph(&f, "a\nb: a / / rel-1\nc: b\nrel: c\n");
	assert_int_equal(plan(&f, "> rel-1", &route), MIG_OK);
	describe(&f, &route, text, sizeof text);
	assert_string_equal(text, "a +a; b -a +b = b");
	mig__route_finish(f.g, &route);
	assert_int_equal(plan(&f, "> rel-2", &route), MIG_OK);
	assert_int_equal(route.step_count, 2);
	mig__route_finish(f.g, &route);
	assert_int_equal(plan(&f, "> rel-1+1", &route), MIG_OK);
	assert_int_equal(route.step_count, 3);
	mig__route_finish(f.g, &route);
	finish(&f);
}

static void assert_stamp(struct fixture *f, const char *rows, const char *targets, const char *want)
{
	struct mig__nodes nodes = { NULL, 0 };
	struct mig__rows to = words(f, targets);

	assert_int_equal(mig__graph_stamp(f->g, words(f, rows), to.ids, to.count, &f->err, &nodes),
			 MIG_OK);
	assert_nodes(f, &nodes, want);
}

static void stamps_write_rows(void **state)
{
	struct fixture f;
	struct mig__nodes nodes = { NULL, 0 };
	struct mig__rows to;

	(void)state;
	open_graph(&f, merged);
	assert_stamp(&f, "", "e0", "e0");
	assert_stamp(&f, "b0", "e0", "e0");
	assert_stamp(&f, "e0", "b0", "b0");
	assert_stamp(&f, "d1 d2", "e0", "e0");
	assert_stamp(&f, "d1", "d2", "d1 d2");
	assert_stamp(&f, "d1 d2", "two@base", "d1");
	assert_stamp(&f, "e0", "base", "");
	assert_stamp(&f, "", "heads", "e0 x1");
	assert_stamp(&f, "b0", "d1 d2", "d1 d2");
	to = words(&f, "b0 d1");
	assert_failed(&f, mig__graph_stamp(f.g, words(&f, ""), to.ids, 2, &f.err, &nodes),
		      MIG_EOVERLAP, NULL);
	to = words(&f, "head");
	assert_failed(&f, mig__graph_stamp(f.g, words(&f, ""), to.ids, 1, &f.err, &nodes),
		      MIG_EMULTIPLE_HEADS, NULL);
	to = words(&f, "b0");
	assert_failed(&f, mig__graph_stamp(f.g, words(&f, "gone"), to.ids, 1, &f.err, &nodes),
		      MIG_ENEWER, NULL);
	finish(&f);
}

static void assert_history(struct fixture *f, const char *range, const char *rows, const char *want)
{
	struct mig__nodes nodes = { NULL, 0 };

	assert_int_equal(mig__graph_history(f->g, range, words(f, rows), &f->err, &nodes), MIG_OK);
	assert_nodes(f, &nodes, want);
}

static void history_is_newest_first(void **state)
{
	static const struct {
		const char *range;
		mig_status status;
		const char *message;
	} cases[] = {
		{ "b0", MIG_EBAD_RANGE, "\"b0\" is no range: START:END, START: or :END" },
		{ "a:b:c", MIG_EBAD_RANGE, NULL },
		{ "", MIG_EBAD_RANGE, NULL },
		{ "d1:b0", MIG_ENOT_ANCESTOR,
		  "\"d1\" is not below \"b0\": they are not on one line" },
		{ "b0:zz", MIG_ENOTFOUND, NULL },
		{ ":head", MIG_EMULTIPLE_HEADS, NULL },
		{ "current:", MIG_ENEWER, NULL },
	};
	struct fixture f;
	struct mig__nodes nodes = { NULL, 0 };

	(void)state;
	open_graph(&f, merged);
	assert_history(&f, NULL, "", "e0 d1 x1 x0 c1 d2 c2 b0 a0");
	assert_history(&f, ":", "", "e0 d1 x1 x0 c1 d2 c2 b0 a0");
	assert_history(&f, "c2:", "", "e0 d2 c2");
	assert_history(&f, "b0:d2", "", "d2 c2 b0");
	assert_history(&f, ":current", "d1", "d1 c1 b0 a0");
	assert_history(&f, "current:e0", "c2", "e0 d2 c2");
	assert_history(&f, "a0:+1", "", "b0 a0");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_failed(
			&f,
			mig__graph_history(f.g, cases[i].range, words(&f, "gone"), &f.err, &nodes),
			cases[i].status, cases[i].message);
	finish(&f);
}

static void rows_imply_others(void **state)
{
	struct fixture f;
	struct mig__nodes nodes = { NULL, 0 };

	(void)state;
	open_graph(&f, merged);
	assert_int_equal(mig__graph_current(f.g, words(&f, "x0 d2"), &f.err, &nodes), MIG_OK);
	assert_nodes(&f, &nodes, "c1 d2 x0");
	assert_int_equal(mig__graph_current(f.g, words(&f, "d1 b0 d1"), &f.err, &nodes), MIG_OK);
	assert_nodes(&f, &nodes, "d1");
	assert_int_equal(mig__graph_applied(f.g, words(&f, "x0"), &f.err, &nodes), MIG_OK);
	assert_nodes(&f, &nodes, "a0 b0 c1 x0");
	assert_failed(&f, mig__graph_current(f.g, words(&f, "no"), &f.err, &nodes), MIG_ENEWER,
		      NULL);
	assert_failed(&f, mig__graph_applied(f.g, words(&f, "no"), &f.err, &nodes), MIG_ENEWER,
		      NULL);
	finish(&f);
}

/* -- without memory */

struct scarce {
	struct counting_alloc alloc;
	struct fixture f;
};

static mig_status ask_everything(struct scarce *s)
{
	static const char *const ranges[] = { NULL, "b0:", "two@base:heads", "-1:d1", "d1:b0" };
	static const char *const plans[] = { "> heads",     "b0 > two@+2",  "d1 d2 > e0",
					     "zz > heads",  "e0 < -1",      "x1 d1 < b0",
					     "e0 < two@b0", "x1 < xx@base", "b0 d1 > heads",
					     "> nosuch",    "> head",       "d1 < xx@b0" };
	struct fixture *f = &s->f;
	struct mig__nodes nodes = { NULL, 0 };
	const char **labels;
	uint32_t count;
	mig_status rc =
		mig__graph_new(&s->alloc.alloc, f->decls.at, f->decls.count, &f->err, &f->g);

	if (rc)
		return rc;
	for (uint32_t v = 0; v < mig__graph_count(f->g) && !rc; v++) {
		rc = mig__graph_labels(f->g, v, &f->err, &labels, &count);
		if (!rc)
			mig__free(&s->alloc.alloc, labels);
	}
	for (size_t i = 0; i < sizeof plans / sizeof *plans && rc != MIG_ENOMEM; i++) {
		struct mig__route route = { 0 };

		rc = plan(f, plans[i], &route);
		mig__route_finish(f->g, &route);
	}
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges && rc != MIG_ENOMEM; i++) {
		rc = mig__graph_history(f->g, ranges[i], words(f, "d1"), &f->err, &nodes);
		mig__nodes_finish(f->g, &nodes);
	}
	if (rc != MIG_ENOMEM) {
		struct mig__rows to = words(f, "d1 two@head");

		rc = mig__graph_stamp(f->g, words(f, "b0 x1"), to.ids, to.count, &f->err, &nodes);
		mig__nodes_finish(f->g, &nodes);
	}
	if (rc != MIG_ENOMEM) {
		rc = mig__graph_current(f->g, words(f, "d1 x1"), &f->err, &nodes);
		mig__nodes_finish(f->g, &nodes);
	}
	if (rc != MIG_ENOMEM) {
		rc = mig__graph_applied(f->g, words(f, "d1 x1"), &f->err, &nodes);
		mig__nodes_finish(f->g, &nodes);
	}
	return rc;
}

/* Asks again and again, each time with one more call that succeeds before one fails. */
static void exhaust(const char *text, mig_status at_last)
{
	mig_status rc;
	long failures = 0;

	for (long k = 1;; k++) {
		struct scarce s = { .f = { .g = NULL } };

		counting_init(&s.alloc);
		decls_parse(&s.f.decls, text);
		mig__error_init(&s.f.err, &s.alloc.alloc);
		s.alloc.fail_at = k;
		rc = ask_everything(&s);
		failures += rc == MIG_ENOMEM;
		finish(&s.f);
		assert_int_equal(s.alloc.live, 0);
		if (s.alloc.calls < k)
			break;
	}
	assert_int_equal(rc, at_last);
	assert_true(failures > 0);
}

static void running_out_of_memory_is_an_error_and_leaks_nothing(void **state)
{
	/* shared dependencies and merges, so that every part has work to do */
	static const char shared[] =
		"a0\nb0: a0\nc1: b0 / a0\nd1: c1\nc2: b0 / / two\nd2: c2 / a0 c1\n"
		"e0: d1 d2 / a0 c1\nx0: / c1 / xx\nx1: x0 / c1\n";

	(void)state;
	exhaust(merged, MIG_OK);
	exhaust(shared, MIG_OK);
	exhaust("a: c\nb: a\nc: b\n", MIG_ECYCLE);
	exhaust("a\nb: a / nosuch\n", MIG_EMISSING_DEPENDENCY);
	exhaust("a: / / x\nb: a / / x\n", MIG_EDUPLICATE_LABEL);
}

/* -- large graphs */

static void number_revisions(struct fixture *f, uint32_t count)
{
	char id[16];

	for (uint32_t i = 0; i < count; i++) {
		snprintf(id, sizeof id, "r%u", i);
		decls_add(&f->decls, id);
	}
}

/* A merge of 20,000 revisions that all stand on the first: planned in no time, up and down. */
static void a_wide_merge_is_planned(void **state)
{
	enum { COUNT = 20000 };
	struct fixture f = { .g = NULL };
	const char **all, *heads = "heads", *top;
	struct mig__route up = { 0 }, down = { 0 };

	(void)state;
	mig__error_init(&f.err, &mig__alloc_libc);
	number_revisions(&f, COUNT);
	all = decls_keep(&f.decls, calloc(COUNT, sizeof *all));
	for (uint32_t i = 0; i < COUNT; i++)
		all[i] = f.decls.at[i].id;
	for (uint32_t i = 1; i + 1 < COUNT; i++) {
		f.decls.at[i].parents = all;
		f.decls.at[i].parent_count = 1;
	}
	f.decls.at[COUNT - 1].parents = all + 1;
	f.decls.at[COUNT - 1].parent_count = COUNT - 2;
	assert_int_equal(mig__graph_new(&mig__alloc_libc, f.decls.at, COUNT, &f.err, &f.g), MIG_OK);
	assert_int_equal(
		mig__graph_upgrade(f.g, (struct mig__rows){ NULL, 0 }, &heads, 1, &f.err, &up),
		MIG_OK);
	assert_int_equal(up.step_count, COUNT);
	assert_int_equal(up.steps[COUNT - 1].removed_count, COUNT - 2);
	assert_int_equal(up.rows.count, 1);
	top = all[COUNT - 1];
	assert_int_equal(
		mig__graph_downgrade(f.g, (struct mig__rows){ &top, 1 }, "-1", &f.err, &down),
		MIG_OK);
	assert_int_equal(down.step_count, 1);
	assert_int_equal(down.rows.count, COUNT - 2);
	mig__route_finish(f.g, &up);
	mig__route_finish(f.g, &down);
	finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_graph_answers_plain_questions),
		cmocka_unit_test(a_graph_without_dependencies_has_none),
		cmocka_unit_test(an_empty_graph_is_fine),
		cmocka_unit_test(a_faulty_graph_does_not_load),
		cmocka_unit_test(a_long_cycle_is_told_in_short),
		cmocka_unit_test(labels_may_be_words_of_any_language),
		cmocka_unit_test(labels_spread),
		cmocka_unit_test(identifiers_resolve),
		cmocka_unit_test(bad_identifiers_are_told_apart),
		cmocka_unit_test(many_candidates_are_counted),
		cmocka_unit_test(plans_are_as_they_should_be),
		cmocka_unit_test(impossible_plans_say_why),
		cmocka_unit_test(a_label_reading_wins_over_a_relative_one),
		cmocka_unit_test(stamps_write_rows),
		cmocka_unit_test(history_is_newest_first),
		cmocka_unit_test(rows_imply_others),
		cmocka_unit_test(running_out_of_memory_is_an_error_and_leaks_nothing),
		cmocka_unit_test(a_wide_merge_is_planned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

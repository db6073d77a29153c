/* graph-driver: asks lib/graph questions written as JSON.
 *
 *	graph-driver                   one request a line from standard input, one reply a line
 *	graph-driver --check FILE...   asks all that the files hold and compares with what they
 *expect
 *
 *	request  {"id": 17, "graph": [{"rev", "down", "deps", "labels"}, ...],
 *	          "query": {"op": "upgrade", "current": [], "target": "heads"}}
 *	reply    {"id": 17, "ok": VALUE}
 *	     or  {"id": 17, "error": "CLASS", "message": "..."}
 *
 * A file has one graph a line, with its queries, each with what to expect; README.md describes it.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "graph/graph.h"

enum { MOST_ROWS = 2000000 }; /* a reply that would list more leaves the rows of its steps out */

static const struct {
	mig_status status;
	const char *name;
} classes[] = {
	{ MIG_ENOTFOUND, "not_found" },
	{ MIG_ENEWER, "not_found" },
	{ MIG_EAMBIGUOUS, "ambiguous" },
	{ MIG_ENOT_IN_BRANCH, "not_in_branch" },
	{ MIG_EMULTIPLE_HEADS, "multiple_heads" },
	{ MIG_ENOT_ANCESTOR, "range_not_ancestor" },
	{ MIG_EOVERLAP, "overlap" },
	{ MIG_EWALKED_TOO_FAR, "walked_too_far" },
	{ MIG_EAMBIGUOUS_WALK, "ambiguous_walk" },
	{ MIG_EBAD_RANGE, "bad_range" },
	{ MIG_ELOOP, "loop" },
	{ MIG_EDEPENDENCY_LOOP, "dependency_loop" },
	{ MIG_ECYCLE, "cycle" },
	{ MIG_EDEPENDENCY_CYCLE, "dependency_cycle" },
	{ MIG_EMISSING_PARENT, "missing_down_revision" },
	{ MIG_EMISSING_DEPENDENCY, "missing_dependency" },
	{ MIG_EDUPLICATE_REVISION, "duplicate_revision" },
	{ MIG_EDUPLICATE_LABEL, "duplicate_label" },
	{ MIG_EILLEGAL_ID, "illegal_id" },
};

struct driver {
	json_t *source; /* the graph as it was given; its texts are borrowed by the graph */
	struct mig__arena arena;
	struct mig__graph *graph; /* NULL: it did not load, and this is why: */
	struct mig__error load_error;
};

static void die(const char *why)
{
	fprintf(stderr, "graph-driver: %s\n", why);
	exit(2);
}

static void *need(void *ptr)
{
	if (!ptr)
		die("out of memory");
	return ptr;
}

/* -- loading */

/* The texts of a JSON list; a single text is a list of one, anything else is empty. */
static const char *const *texts(struct mig__arena *arena, const json_t *list, uint32_t *count)
{
	size_t n = json_is_string(list) ? 1 : json_array_size(list);
	const char **out = need(mig__arena_zalloc(arena, n + 1, sizeof *out));

	*count = 0;
	for (size_t i = 0; i < n; i++) {
		const char *text =
			json_string_value(json_is_string(list) ? list : json_array_get(list, i));

		if (!text)
			die("a list of texts holds something else");
		out[(*count)++] = text;
	}
	return out;
}

static void unload(struct driver *d)
{
	mig__graph_free(d->graph);
	d->graph = NULL;
	mig__error_clear(&d->load_error);
	mig__arena_finish(&d->arena);
	json_decref(d->source);
	d->source = NULL;
}

static void load(struct driver *d, json_t *source)
{
	size_t count = json_array_size(source);
	struct mig__graph_decl *decls;

	if (d->source && json_equal(d->source, source))
		return;
	unload(d);
	d->source = json_incref(source);
	decls = need(mig__arena_zalloc(&d->arena, count + 1, sizeof *decls));
	for (size_t i = 0; i < count; i++) {
		const json_t *rev = json_array_get(source, i);

		decls[i].id = json_string_value(json_object_get(rev, "rev"));
		if (!decls[i].id)
			die("a revision without \"rev\"");
		decls[i].parents =
			texts(&d->arena, json_object_get(rev, "down"), &decls[i].parent_count);
		decls[i].dependencies =
			texts(&d->arena, json_object_get(rev, "deps"), &decls[i].dependency_count);
		decls[i].labels =
			texts(&d->arena, json_object_get(rev, "labels"), &decls[i].label_count);
	}
	mig__graph_new(&mig__alloc_libc, decls, count, &d->load_error, &d->graph);
}

/* -- values */

static json_t *id_of(const struct driver *d, uint32_t node)
{
	return need(json_string(mig__graph_id(d->graph, node)));
}

static json_t *span_value(const struct driver *d, struct mig__span span)
{
	json_t *list = need(json_array());

	for (uint32_t i = 0; i < span.count; i++)
		json_array_append_new(list, id_of(d, span.at[i]));
	return list;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static json_t *sorted_value(const char **ids, size_t count)
{
	json_t *list = need(json_array());

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, need(json_string(ids[i])));
	return list;
}

static json_t *sorted_nodes(const struct driver *d, const struct mig__nodes *nodes)
{
	const char **ids = need(calloc(nodes->count + (size_t)1, sizeof *ids));
	json_t *list;

	for (uint32_t i = 0; i < nodes->count; i++)
		ids[i] = mig__graph_id(d->graph, nodes->at[i]);
	qsort(ids, nodes->count, sizeof *ids, by_text);
	list = sorted_value(ids, nodes->count);
	free(ids);
	return list;
}

static json_t *labels_value(const struct driver *d, struct mig__error *err)
{
	json_t *all = need(json_object());

	for (uint32_t v = 0; v < mig__graph_count(d->graph); v++) {
		const char **labels;
		uint32_t count;
		json_t *list;

		if (mig__graph_labels(d->graph, v, err, &labels, &count))
			die("out of memory");
		list = sorted_value(labels, count);
		mig__free(&mig__alloc_libc, labels);
		if (count)
			json_object_set_new(all, mig__graph_id(d->graph, v), list);
		else
			json_decref(list);
	}
	return all;
}

/* -- plans */

/* The version rows while a plan is followed, sorted. */
struct table {
	const char **ids;
	size_t count;
};

static size_t place_of(const struct table *t, const char *id)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(t->ids[middle], id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void table_remove(struct table *t, const char *id)
{
	size_t at = place_of(t, id);

	if (at == t->count || strcmp(t->ids[at], id))
		die("a plan removes a row that is not there");
	t->count--;
	memmove(t->ids + at, t->ids + at + 1, (t->count - at) * sizeof *t->ids);
}

static void table_add(struct table *t, const char *id)
{
	size_t at = place_of(t, id);

	if (at < t->count && !strcmp(t->ids[at], id))
		die("a plan adds a row that is there");
	memmove(t->ids + at + 1, t->ids + at, (t->count - at) * sizeof *t->ids);
	t->ids[at] = id;
	t->count++;
}

static const char *net_change(const struct mig__route_step *step)
{
	uint32_t gone = step->removed_count, came = step->added_count;

	if (gone < 2 && came < 2)
		return came ? gone ? "update" : "insert" : gone ? "delete" : "none";
	return came == 1 ? "merge" : gone == 1 ? "unmerge" : "mixed";
}

static json_t *plan_value(const struct driver *d, struct mig__rows rows,
			  const struct mig__route *route)
{
	struct table t = { need(calloc(rows.count + mig__graph_count(d->graph) + 1, sizeof *t.ids)),
			   0 };
	json_t *steps = need(json_array());
	size_t shown = 0;

	for (size_t i = 0; i < rows.count; i++) {
		size_t at = place_of(&t, rows.ids[i]);

		if (at == t.count || strcmp(t.ids[at], rows.ids[i]))
			table_add(&t, rows.ids[i]);
	}
	for (size_t i = 0; i < route->step_count; i++) {
		const struct mig__route_step *step = &route->steps[i];
		json_t *one = need(json_object());

		for (uint32_t j = 0; j < step->removed_count; j++)
			table_remove(&t,
				     mig__graph_id(d->graph, route->nodes[step->removed_at + j]));
		for (uint32_t j = 0; j < step->added_count; j++)
			table_add(&t, mig__graph_id(d->graph, route->nodes[step->added_at + j]));
		json_object_set_new(one, "rev", id_of(d, step->node));
		json_object_set_new(one, "op", need(json_string(net_change(step))));
		shown += t.count;
		if (shown < MOST_ROWS)
			json_object_set_new(one, "rows", sorted_value(t.ids, t.count));
		json_array_append_new(steps, one);
	}
	free(t.ids);
	return need(json_pack("{s:o, s:o}", "steps", steps, "rows", sorted_nodes(d, &route->rows)));
}

/* -- queries */

struct query {
	const struct driver *d;
	const json_t *json;
	struct mig__arena arena;
	struct mig__rows rows;
	struct mig__error err;
};

static json_t *ask_load(struct query *q)
{
	(void)q;
	return json_object();
}

static json_t *ask_facts(struct query *q)
{
	static const char *const names[MIG__GRAPH_SETS] = { "heads",         "real_heads",
							    "bases",         "real_bases",
							    "branch_points", "merge_points" };
	json_t *facts = need(json_object());

	for (int i = 0; i < MIG__GRAPH_SETS; i++)
		json_object_set_new(
			facts, names[i],
			span_value(q->d, mig__graph_set(q->d->graph, (enum mig__graph_set)i)));
	json_object_set_new(facts, "labels", labels_value(q->d, &q->err));
	return facts;
}

static json_t *ask_resolve(struct query *q)
{
	uint32_t count;
	const char *const *ids = texts(&q->arena, json_object_get(q->json, "id"), &count);
	json_t *list = need(json_array());

	for (uint32_t i = 0; i < count; i++) {
		struct mig__nodes nodes = { NULL, 0 };
		json_t *part;

		if (mig__graph_resolve(q->d->graph, ids[i], &q->err, &nodes)) {
			json_decref(list);
			return NULL;
		}
		part = span_value(q->d, (struct mig__span){ nodes.at, nodes.count });
		json_array_extend(list, part);
		json_decref(part);
		mig__nodes_finish(q->d->graph, &nodes);
	}
	return list;
}

static json_t *ask_resolve_one(struct query *q)
{
	const char *id = json_string_value(json_object_get(q->json, "id"));
	uint32_t node;

	if (mig__graph_resolve_one(q->d->graph, id ? id : "base", &q->err, &node))
		return NULL;
	return node == MIG__NO_NODE ? json_null() : id_of(q->d, node);
}

static json_t *ask_upgrade(struct query *q)
{
	uint32_t count;
	const char *const *targets = texts(&q->arena, json_object_get(q->json, "target"), &count);
	struct mig__route route = { 0 };
	json_t *plan;

	if (mig__graph_upgrade(q->d->graph, q->rows, targets, count, &q->err, &route))
		return NULL;
	plan = plan_value(q->d, q->rows, &route);
	mig__route_finish(q->d->graph, &route);
	return plan;
}

static json_t *ask_downgrade(struct query *q)
{
	struct mig__route route = { 0 };
	json_t *plan;

	if (mig__graph_downgrade(q->d->graph, q->rows,
				 json_string_value(json_object_get(q->json, "target")), &q->err,
				 &route))
		return NULL;
	plan = plan_value(q->d, q->rows, &route);
	mig__route_finish(q->d->graph, &route);
	return plan;
}

static json_t *ask_stamp(struct query *q)
{
	uint32_t count;
	const char *const *targets = texts(&q->arena, json_object_get(q->json, "targets"), &count);
	struct mig__nodes rows = { NULL, 0 };
	json_t *value;

	if (mig__graph_stamp(q->d->graph, q->rows, targets, count, &q->err, &rows))
		return NULL;
	value = need(json_pack("{s:o}", "rows", sorted_nodes(q->d, &rows)));
	mig__nodes_finish(q->d->graph, &rows);
	return value;
}

static json_t *ask_history(struct query *q)
{
	struct mig__nodes nodes = { NULL, 0 };
	json_t *value;

	if (mig__graph_history(q->d->graph, json_string_value(json_object_get(q->json, "range")),
			       q->rows, &q->err, &nodes))
		return NULL;
	value = span_value(q->d, (struct mig__span){ nodes.at, nodes.count });
	mig__nodes_finish(q->d->graph, &nodes);
	return value;
}

static json_t *ask_current(struct query *q)
{
	struct mig__nodes nodes = { NULL, 0 };
	json_t *value;

	if (mig__graph_current(q->d->graph, q->rows, &q->err, &nodes))
		return NULL;
	value = sorted_nodes(q->d, &nodes);
	mig__nodes_finish(q->d->graph, &nodes);
	return value;
}

static const struct {
	const char *name;
	json_t *(*ask)(struct query *q);
} ops[] = {
	{ "load", ask_load },       { "facts", ask_facts },
	{ "resolve", ask_resolve }, { "resolve_one", ask_resolve_one },
	{ "upgrade", ask_upgrade }, { "downgrade", ask_downgrade },
	{ "stamp", ask_stamp },     { "history", ask_history },
	{ "current", ask_current },
};

static json_t *error_value(const struct mig__error *err)
{
	const char *name = "other";

	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
		if (classes[i].status == err->status)
			name = classes[i].name;
	return need(json_pack("{s:s, s:s}", "error", name, "message",
			      err->message ? err->message : ""));
}

/* {"ok": ...} or {"error": ...} */
static json_t *answer(struct driver *d, json_t *graph, const json_t *json)
{
	const char *op = json_string_value(json_object_get(json, "op"));
	struct query q = { .d = d, .json = json };
	json_t *value = NULL, *reply = NULL;
	uint32_t count;

	load(d, graph);
	if (!d->graph)
		return error_value(&d->load_error);
	mig__arena_init(&q.arena, &mig__alloc_libc);
	mig__error_init(&q.err, &mig__alloc_libc);
	q.rows.ids = texts(&q.arena, json_object_get(json, "current"), &count);
	q.rows.count = count;
	for (size_t i = 0; op && i < sizeof ops / sizeof *ops; i++) {
		if (strcmp(ops[i].name, op))
			continue;
		value = ops[i].ask(&q);
		reply = value ? need(json_pack("{s:o}", "ok", value)) : error_value(&q.err);
	}
	if (!reply)
		reply = need(json_pack("{s:s}", "error", "unsupported"));
	mig__error_clear(&q.err);
	mig__arena_finish(&q.arena);
	return reply;
}

static void serve(struct driver *d)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t size;

	while ((size = getline(&line, &cap, stdin)) > 0) {
		json_error_t why;
		json_t *request = json_loadb(line, (size_t)size, 0, &why), *reply, *id;

		if (request) {
			reply = answer(d, json_object_get(request, "graph"),
				       json_object_get(request, "query"));
			id = json_object_get(request, "id");
			json_object_set(reply, "id", id ? id : json_null());
		} else {
			reply = need(json_pack("{s:n, s:s, s:s}", "id", "error", "bad_request",
					       "message", why.text));
		}
		json_dumpf(reply, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
		putchar('\n');
		fflush(stdout);
		json_decref(reply);
		json_decref(request);
	}
	free(line);
}

/* -- checking */

static const char *compare_plans(const json_t *want, const json_t *got)
{
	const json_t *wanted = json_object_get(want, "steps"),
		     *steps = json_object_get(got, "steps");

	if (json_array_size(wanted) != json_array_size(steps))
		return "another number of steps";
	for (size_t i = 0; i < json_array_size(wanted); i++) {
		const json_t *a = json_array_get(wanted, i), *b = json_array_get(steps, i);

		if (!json_equal(json_object_get(a, "rev"), json_object_get(b, "rev")))
			return "other steps, or another order";
		if (json_object_get(a, "rows") &&
		    !json_equal(json_object_get(a, "rows"), json_object_get(b, "rows")))
			return "other rows after a step";
		if (json_object_get(a, "op") &&
		    !json_equal(json_object_get(a, "op"), json_object_get(b, "op")))
			return "another kind of change at a step";
	}
	return json_equal(json_object_get(want, "rows"), json_object_get(got, "rows"))
		       ? NULL
		       : "other rows at the end";
}

/* NULL if the reply is as expected, else what differs. */
static const char *compare(const json_t *query, const json_t *expect, const json_t *reply)
{
	const char *op = json_string_value(json_object_get(query, "op"));
	const json_t *want = json_object_get(expect, "ok"), *got = json_object_get(reply, "ok");

	if (json_object_get(expect, "any"))
		return NULL;
	if (!want)
		return json_equal(json_object_get(expect, "error"), json_object_get(reply, "error"))
			       ? NULL
			       : "not the expected error";
	if (!got)
		return "an error";
	if (op && !strcmp(op, "load"))
		return NULL;
	if (op && (!strcmp(op, "upgrade") || !strcmp(op, "downgrade")))
		return compare_plans(want, got);
	return json_equal(want, got) ? NULL : "another value";
}

static const char *judge(const json_t *query, const json_t *reply)
{
	const json_t *expect = json_object_get(query, "expect");
	const json_t *accept = json_object_get(expect, "accept");
	const char *wrong = compare(query, expect, reply);

	for (size_t i = 0; wrong && i < json_array_size(accept); i++)
		if (!compare(query, json_array_get(accept, i), reply))
			return NULL;
	return wrong;
}

static void print_json(const char *what, const json_t *value)
{
	printf("  %s ", what);
	json_dumpf(value, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	putchar('\n');
}

static void check_line(struct driver *d, const char *line, size_t size, size_t *passed,
		       size_t *failed)
{
	json_t *object = json_loadb(line, size, 0, NULL);
	json_t *queries = json_object_get(object, "queries");

	if (!json_array_size(queries))
		die("a line that is no graph with queries");
	for (size_t i = 0; i < json_array_size(queries); i++) {
		json_t *query = json_array_get(queries, i);
		json_t *reply = answer(d, json_object_get(object, "graph"), query);
		const char *wrong = judge(query, reply);

		++*(wrong ? failed : passed);
		if (wrong) {
			printf("FAIL %s, query %zu: %s\n",
			       json_string_value(json_object_get(object, "id")), i + 1, wrong);
			print_json("query", query);
			print_json("got", reply);
		}
		json_decref(reply);
	}
	json_decref(object);
}

static int check(struct driver *d, char **paths)
{
	size_t passed = 0, failed = 0, cap = 0;
	char *line = NULL;
	ssize_t size;

	for (; *paths; paths++) {
		FILE *file = fopen(*paths, "r");

		if (!file)
			die(*paths);
		while ((size = getline(&line, &cap, file)) > 0)
			check_line(d, line, (size_t)size, &passed, &failed);
		fclose(file);
	}
	free(line);
	printf("%zu passed, %zu failed\n", passed, failed);
	return failed || !passed;
}

int main(int argc, char **argv)
{
	struct driver d = { .source = NULL };
	int status = 0;

	if (argc > 1 && strcmp(argv[1], "--check")) {
		fprintf(stderr, "usage: graph-driver [--check FILE...]\n");
		return 2;
	}
	mig__arena_init(&d.arena, &mig__alloc_libc);
	mig__error_init(&d.load_error, &mig__alloc_libc);
	if (argc > 1)
		status = check(&d, argv + 2);
	else
		serve(&d);
	unload(&d);
	return status;
}

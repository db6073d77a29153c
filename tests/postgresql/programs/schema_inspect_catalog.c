#include "schema_inspect_catalog.h"

/* -- the host */

static void *host_realloc(void *user, void *ptr, size_t size)
{
	struct host *h = user;

	if (size)
		return h->allocations && !--h->allocations ? NULL : realloc(ptr, size);
	free(ptr);
	return NULL;
}

static mig_status host_error(void *user, const mig_dialect_error *error)
{
	struct host *h = user;

	h->status = error->status;
	snprintf(h->message, sizeof h->message, "%s", error->message);
	snprintf(h->hint, sizeof h->hint, "%s", error->hint ? error->hint : "");
	return error->status;
}

static void host_log(void *user, int32_t level, const char *message)
{
	struct host *h = user;
	size_t size = strlen(h->log);

	snprintf(h->log + size, sizeof h->log - size, "%d %s\n", (int)level, message);
}

static int32_t host_poll(void *user, int32_t waiting)
{
	(void)user;
	(void)waiting;
	return 0;
}

void host_open(struct host *h, const mig_conn_options *options)
{
	mig_conn_options o = *options;

	*h = (struct host){ .host = { .struct_size = offsetof(mig_dialect_host, working),
				      .user = h,
				      .realloc_fn = host_realloc,
				      .error = host_error,
				      .log = host_log,
				      .poll = host_poll } };
	o.struct_size = sizeof o;
	if (mig_dialect_postgresql()->conn->open(&h->host, &o, &h->conn))
		fail_msg("open: %s", h->message);
}

void host_open_url(struct host *h, const char *url)
{
	host_open(h, &(mig_conn_options){ .url = url });
}

void host_lend(struct host *h, PGconn *db)
{
	host_open(h, &(mig_conn_options){ .native = db });
}

void host_close(struct host *h)
{
	mig_dialect_postgresql()->conn->close(h->conn);
}

/* -- the sink */

enum { MOST_OBJECTS = 20000 };

struct reader {
	FILE *out;
	char *names[MOST_OBJECTS]; /* "column public.t/a" */
	char *paths[MOST_OBJECTS]; /* "public.t/a" */
	uint32_t count;
	uint32_t public; /* the schema */
};

static char *path_of(const struct reader *r, const mig_object *o, uint32_t parent)
{
	const char *before = parent == MIG_NO_OBJECT ? o->schema : r->paths[parent];
	char *path = room_for(strlen(before) + strlen(o->name) + 2);

	sprintf(path, "%s%s%s", before,
		parent != MIG_NO_OBJECT ? "/"
		: *before               ? "."
					: "",
		o->name);
	return path;
}

static void print_attributes(FILE *out, const mig_object *o)
{
	const char *lead = " { ";

	for (size_t i = 0; i < o->attribute_count; i++) {
		/* .not_null: what a child has from its parent differs by the server's version */
		if (!strcmp(o->attributes[i].key, ".version") ||
		    !strcmp(o->attributes[i].key, ".not_null") ||
		    !strcmp(o->attributes[i].key, ".generated_always") ||
		    !strcmp(o->attributes[i].key, ".set_expression"))
			continue;
		fprintf(out, "%s%s=%s", lead, o->attributes[i].key, o->attributes[i].value);
		lead = "; ";
	}
	fputs(*lead == ';' ? " }\n" : "\n", out);
}

static mig_status take_object(void *user, const mig_object *o, uint32_t parent, uint32_t *number)
{
	struct reader *r = user;
	const char *kind = mig_kind_name(o->kind);
	char *path;

	assert_true(r->count < MOST_OBJECTS);
	assert_true(parent == MIG_NO_OBJECT || parent < r->count);
	path = path_of(r, o, parent);
	*number = r->count++;
	r->paths[*number] = path;
	r->names[*number] = room_for(strlen(kind) + strlen(path) + 2);
	sprintf(r->names[*number], "%s %s", kind, path);
	if (o->kind == MIG_KIND_SCHEMA && !strcmp(o->name, "public")) {
		r->public = *number;
		return MIG_OK;
	}
	fprintf(r->out, "%s%s", r->names[*number],
		o->flags & MIG_OBJECT_INHERITED ? " [inherited]" : "");
	print_attributes(r->out, o);
	return MIG_OK;
}

static mig_status take_need(void *user, uint32_t from, uint32_t to, int32_t need)
{
	struct reader *r = user;

	assert_true(from < r->count && to < r->count && from != to);
	if (to != r->public)
		fprintf(r->out, "%s %s %s\n", r->names[from], need == MIG_NEED ? "->" : "=>",
			r->names[to]);
	return MIG_OK;
}

static mig_status take_uncovered(void *user, const char *what)
{
	struct reader *r = user;

	fprintf(r->out, "uncovered: %s\n", what);
	return MIG_OK;
}

static mig_status take_row(void *user, uint32_t number, const char *table, const char *text)
{
	struct reader *r = user;

	fprintf(r->out, "row %s %s:", r->names[number], table);
	for (; *text; text++)
		fputc(*text == '\n' ? ' ' : *text, r->out);
	fputc('\n', r->out);
	return MIG_OK;
}

static char *read_with(struct host *h, mig_conn *conn, mig_schema_sink sink)
{
	static struct reader r;
	char *text = NULL;
	size_t size;
	mig_status rc;

	r = (struct reader){ .out = open_memstream(&text, &size), .public = MIG_NO_OBJECT };
	assert_non_null(r.out);
	h->status = MIG_OK;
	sink.struct_size = sizeof sink;
	sink.user = &r;
	sink.object = take_object;
	sink.need = take_need;
	sink.uncovered = take_uncovered;
	rc = mig_dialect_postgresql()->schema->inspect(conn, &sink);
	fclose(r.out);
	for (uint32_t i = 0; i < r.count; i++) {
		free(r.names[i]);
		free(r.paths[i]);
	}
	assert_int_equal(rc, h->status);
	if (!rc)
		return text;
	free(text);
	return NULL;
}

char *catalog_read(struct host *h, mig_conn *conn)
{
	return read_with(h, conn, (mig_schema_sink){ .row = NULL });
}

char *catalog_rows(struct host *h, const mig_object *const *only, size_t only_count)
{
	const mig_schema_sink sink = { .row = take_row, .only = only, .only_count = only_count };
	char *text = read_with(h, h->conn, sink);

	if (!text)
		fail_msg("inspect: %s", h->message);
	return text;
}

char *catalog_of(struct host *h)
{
	char *text = catalog_read(h, h->conn);

	if (!text)
		fail_msg("inspect: %s", h->message);
	return text;
}

/* registry: which dialect a URL means, and where its table is: built in, in a library that the
 * program has linked, or in a plugin folder. It knows no dialect by name: a URL's scheme is one, or
 * each dialect that is found is asked whether the URL is its own. A name is never a path, and a
 * plugin once loaded stays loaded, so nothing has to be remembered. */
#include "base/buf.h"
#include "base/ascii.h"
#include "base/url.h"
#include "dialect/builtin.h"
#include "dialect/db.h"

#include <dirent.h>
#include <dlfcn.h>
#include <stdlib.h> /* secure_getenv */
#include <string.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif

#ifndef MIG_SOVERSION
#define MIG_SOVERSION "0"
#endif

enum { NAME_MAX_SIZE = 32, SIZE_LIMIT = 65536 };

struct search {
	const char *name; /* "": the URL begins with none */
	const char *url;  /* NULL: searched by name */
	struct mig__error *err;
	int resident;             /* load nothing */
	int any, near;            /* ask every module; only those whose name is like the scheme */
	struct mig__buf tried;    /* folders */
	struct mig__buf problems; /* of the loader */
};

/* Copies a name in lower case; 0 if it is not [a-z0-9_]+ or too long. */
static int read_name(const char *text, size_t size, char out[NAME_MAX_SIZE])
{
	size_t i;

	if (!size || size >= NAME_MAX_SIZE)
		return 0;
	for (i = 0; i < size; i++) {
		char c = text[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_')
			return 0;
		out[i] = c;
	}
	out[size] = '\0';
	return 1;
}

/* E.g. "sqlite+pysqlite:///x.db" has the scheme "sqlite"; "" if there is none. */
static void read_scheme(const char *url, char out[NAME_MAX_SIZE])
{
	if (!strchr(url, ':') || !read_name(url, strcspn(url, ":+"), out))
		out[0] = '\0';
}

/* Whether the URL is the dialect's, or it has that other name. */
static int is_meant(const struct search *s, const mig_dialect *d)
{
	for (const char *const *scheme = d->schemes; *scheme; scheme++)
		if (strcmp(*scheme, s->name) == 0)
			return 1;
	return s->url && MIG__HAS(d, owns) && d->owns(s->url);
}

/* A table of the dialect: it begins with its size. */
struct table {
	const void *at;
	size_t known; /* what this library knows of it */
	size_t first; /* what the first version of the contract had */
	const size_t *required;
	int required_count;
};

static size_t size_of(const struct table *t)
{
	size_t size;

	memcpy(&size, t->at, sizeof size);
	return size;
}

/* Whether it does something that a newer contract has and this library would never ask for. */
static int is_newer(const struct table *t)
{
	for (size_t i = t->known; i < size_of(t); i++)
		if (((const unsigned char *)t->at)[i])
			return 1;
	return 0;
}

/* How many of these slots the table has. */
static int filled(const struct table *t, const size_t *offsets, int count)
{
	void (*slot)(void);
	int i, n = 0;

	for (i = 0; i < count; i++) {
		if (size_of(t) < offsets[i] + sizeof slot)
			continue;
		memcpy(&slot, (const char *)t->at + offsets[i], sizeof slot);
		n += slot != NULL;
	}
	return n;
}

/* What is wrong with one table, or NULL. */
static const char *table_fault(const struct table *t)
{
	if (size_of(t) < t->first)
		return "one of its tables is too short";
	if (size_of(t) > SIZE_LIMIT)
		return "a struct_size is not the size of a table";
	if (filled(t, t->required, t->required_count) < t->required_count)
		return "a required function is missing";
	if (is_newer(t))
		return "it has functions that this libmig does not know, and needs a newer one";
	return NULL;
}

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))
#define CONN(slot) offsetof(mig_dialect_conn, slot)
#define STORE(slot) offsetof(mig_dialect_store, slot)
#define SCHEMA(slot) offsetof(mig_dialect_schema, slot)

static const char *conn_fault(const mig_dialect_conn *conn)
{
	static const size_t required[] = {
		CONN(open),       CONN(close),          CONN(native),         CONN(detach),
		CONN(cancel),     CONN(run_begin),      CONN(run_end),        CONN(begin),
		CONN(commit),     CONN(rollback),       CONN(lock),           CONN(unlock),
		CONN(run_script), CONN(next_statement), CONN(run_statement),  CONN(in_transaction),
		CONN(prepare),    CONN(bind),           CONN(step),           CONN(reset),
		CONN(column),     CONN(column_count),   CONN(finish),
	};
	static const size_t flight[] = { CONN(observe), CONN(recover) };
	static const size_t put_off[] = { CONN(commit_later), CONN(later) };
	const struct table t = { conn, sizeof *conn, CONN(text_quotes) + sizeof conn->text_quotes,
				 required, COUNT(required) };
	const char *wrong = conn ? table_fault(&t) : "it has no table for connections";

	if (!wrong && filled(&t, flight, COUNT(flight)) == 1)
		wrong = "of observe and recover one is missing";
	if (!wrong && filled(&t, put_off, COUNT(put_off)) == 1)
		wrong = "of commit_later and later one is missing";
	return wrong;
}

static const char *store_fault(const mig_dialect_store *store)
{
	static const size_t tables[] = { STORE(create),     STORE(read_rows),    STORE(write_rows),
					 STORE(clear_rows), STORE(read_running), STORE(mark_running),
					 STORE(read_history) };
	static const size_t header[] = { STORE(read_header_digest), STORE(write_header_digest) };
	static const size_t session[] = { STORE(enter), STORE(leave) };
	const struct table t = { store, sizeof *store, STORE(keys) + sizeof store->keys, NULL, 0 };
	const char *wrong = store ? table_fault(&t) : NULL;

	if (!store || wrong)
		return wrong;
	if (filled(&t, tables, COUNT(tables)) % COUNT(tables))
		return "of the functions for libmig's own tables some are missing";
	if (filled(&t, header, COUNT(header)) == 1)
		return "of read_header_digest and write_header_digest one is missing";
	if (filled(&t, session, COUNT(session)) == 1)
		return "of enter and leave one is missing";
	return NULL;
}

static const char *schema_fault(const mig_dialect_schema *schema)
{
	static const size_t required[] = { SCHEMA(inspect), SCHEMA(change),  SCHEMA(holds),
					   SCHEMA(render),  SCHEMA(scratch), SCHEMA(native_column) };
	static const size_t models[] = { SCHEMA(check_schema), SCHEMA(find_object) };
	const struct table t = { schema, sizeof *schema,
				 SCHEMA(find_object) + sizeof schema->find_object, required,
				 COUNT(required) };
	const char *wrong = schema ? table_fault(&t) : NULL;

	if (schema && !wrong && filled(&t, models, COUNT(models)) == 1)
		wrong = "of check_schema and find_object one is missing";
	return wrong;
}

/* What is wrong with a dialect, or NULL. */
static const char *fault(const mig_dialect *d)
{
	static const size_t required[] = { offsetof(mig_dialect, name), offsetof(mig_dialect, schemes) };
	const struct table t = { d, sizeof *d, offsetof(mig_dialect, schema) + sizeof d->schema,
				 required, COUNT(required) };
	const char *wrong;

	if (!d)
		return "it returned no table";
	if (d->contract != MIG_DIALECT_CONTRACT)
		return "it was made for another version of mig/dialect.h";
	wrong = table_fault(&t);
	if (!wrong)
		wrong = conn_fault(d->conn);
	if (!wrong)
		wrong = store_fault(d->store);
	return wrong ? wrong : schema_fault(d->schema);
}

mig_status mig__dialect_check(const mig_dialect *d, struct mig__error *err)
{
	const char *wrong = fault(d);

	return wrong ? mig__fail(err, MIG_ENO_DIALECT, "the dialect cannot be used: %s", wrong)
		     : MIG_OK;
}

static mig_status accept(struct search *s, const mig_dialect *d, const char *where,
			 const mig_dialect **out)
{
	const char *wrong = fault(d);

	if (wrong)
		return mig__fail(s->err, MIG_ENO_DIALECT, "dialect \"%s\" (%s) cannot be used: %s",
				 s->name, where, wrong);
	*out = d;
	return MIG_OK;
}

static mig_status find_builtin(struct search *s, const mig_dialect **out)
{
	const mig__dialect_fn *fn;

	for (fn = mig__dialect_builtin(); *fn; fn++) {
		const mig_dialect *d = (*fn)();

		if (strcmp(d->name, s->name) == 0 || is_meant(s, d))
			return accept(s, d, "built in", out);
	}
	return MIG_OK;
}

/* A symbol's address as a function, in the way that POSIX prescribes. */
static mig__dialect_fn find_symbol(void *handle, const char *name)
{
	char symbol[sizeof "mig_dialect_" + NAME_MAX_SIZE] = "mig_dialect_";
	mig__dialect_fn fn;

	strcat(symbol, name);
	*(void **)&fn = dlsym(handle, symbol);
	return fn;
}

static void note(struct mig__buf *list, const char *text)
{
	if (!text)
		return;
	if (list->len)
		mig__buf_adds(list, ", ");
	mig__buf_adds(list, text);
}

static mig_status load(struct search *s, const char *path, const mig_dialect **out)
{
	int how = s->resident ? RTLD_NOLOAD : RTLD_NODELETE;
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | how);
	mig__dialect_fn fn;

	if (!handle) {
		note(&s->problems, dlerror());
		return MIG_OK;
	}
	fn = find_symbol(handle, s->name);
	if (!fn)
		note(&s->problems, dlerror());
	dlclose(handle); /* stays loaded */
	return fn ? accept(s, fn(), path, out) : MIG_OK;
}

/* The dialect of a module, if it is meant; otherwise the module is unloaded again. */
static void ask(struct search *s, const char *path, const char *name, const mig_dialect **out)
{
	mig__dialect_fn fn = find_symbol(RTLD_DEFAULT, name);
	void *handle = fn ? NULL : dlopen(path, RTLD_LAZY | RTLD_LOCAL);
	const mig_dialect *d;

	if (!fn && handle)
		fn = find_symbol(handle, name);
	d = fn ? fn() : NULL;
	if (d && !fault(d) && is_meant(s, d)) {
		*out = d;
		if (handle)
			dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	}
	if (handle)
		dlclose(handle);
}

static int is_near(const struct search *s, const char *name)
{
	size_t a = strlen(s->name), b = strlen(name);

	return a && !strncmp(s->name, name, a < b ? a : b);
}

/* The name in libmig-NAME.so; 0 if the file is called otherwise. */
static int module_name(const char *file, char out[NAME_MAX_SIZE])
{
	static const char lead[] = "libmig-";
	size_t size;

	if (strncmp(file, lead, sizeof lead - 1) != 0)
		return 0;
	file += sizeof lead - 1;
	size = strspn(file, MIG__SMALL MIG__DIGITS "_");
	return (!strcmp(file + size, ".so") || !strcmp(file + size, ".so." MIG_SOVERSION)) &&
	       read_name(file, size, out);
}

/* Asks every module of a folder. */
static mig_status ask_folder(struct search *s, const char *folder, const mig_dialect **out)
{
	DIR *dir = opendir(folder);
	char name[NAME_MAX_SIZE];
	struct mig__buf path;
	struct dirent *e;

	if (!dir)
		return MIG_OK;
	mig__buf_init(&path, s->err->alloc);
	while (!*out && (e = readdir(dir))) {
		if (!module_name(e->d_name, name) || is_near(s, name) != s->near)
			continue;
		mig__buf_clear(&path);
		mig__buf_addf(&path, "%s/%s", folder, e->d_name);
		if (!path.failed)
			ask(s, path.data, name, out);
	}
	closedir(dir);
	mig__buf_finish(&path);
	return path.failed ? mig__fail_nomem(s->err) : MIG_OK;
}

/* Looks in one folder; size bytes of its path. */
static mig_status try_folder(struct search *s, const char *folder, size_t size,
			     const mig_dialect **out)
{
	static const char *const endings[] = { ".so", ".so." MIG_SOVERSION };
	struct mig__buf path;
	size_t i;
	mig_status rc = MIG_OK;

	mig__buf_init(&path, s->err->alloc);
	mig__buf_add(&path, folder, size);
	if (s->any) {
		rc = path.failed ? mig__fail_nomem(s->err) : ask_folder(s, path.data, out);
		mig__buf_finish(&path);
		return rc;
	}
	note(&s->tried, mig__buf_text(&path));
	for (i = 0; !rc && !*out && i < 2; i++) {
		mig__buf_clear(&path);
		mig__buf_add(&path, folder, size);
		mig__buf_addf(&path, "/libmig-%s%s", s->name, endings[i]);
		if (path.failed)
			rc = mig__fail_nomem(s->err);
		else if (access(path.data, F_OK) == 0)
			rc = load(s, path.data, out);
	}
	mig__buf_finish(&path);
	return rc;
}

static mig_status try_path(struct search *s, const char *list, const mig_dialect **out)
{
	mig_status rc = MIG_OK;

	while (list && !rc && !*out) {
		size_t size = strcspn(list, ":");

		if (size)
			rc = try_folder(s, list, size, out);
		list = list[size] ? list + size + 1 : NULL;
	}
	return rc;
}

/* A program with more rights than its user must not load what the user put beside it. */
static int privileged(void)
{
#if defined(__linux__)
	return getauxval(AT_SECURE) != 0;
#else
	return issetugid();
#endif
}

/* The folder of this library itself, and mig/ in it. */
static mig_status try_own_folder(struct search *s, const mig_dialect **out)
{
	mig_status (*self)(const char *, const char *, struct mig__error *, const mig_dialect **) =
		mig__dialect_find;
	struct mig__buf folder;
	const char *slash;
	Dl_info info;
	mig_status rc;

	if (privileged() || !dladdr(*(void **)&self, &info) || !info.dli_fname)
		return MIG_OK;
	slash = strrchr(info.dli_fname, '/');
	if (!slash)
		return MIG_OK;
	mig__buf_init(&folder, s->err->alloc);
	mig__buf_add(&folder, info.dli_fname, (size_t)(slash - info.dli_fname));
	mig__buf_adds(&folder, "/mig");
	rc = folder.failed ? mig__fail_nomem(s->err) : try_folder(s, folder.data, folder.len, out);
	if (!rc && !*out)
		rc = try_folder(s, folder.data, folder.len - strlen("/mig"), out);
	mig__buf_finish(&folder);
	return rc;
}

static mig_status find_plugin(struct search *s, const mig_dialect **out)
{
	mig_status rc = try_path(s, secure_getenv("MIG_DIALECT_PATH"), out);

	if (!rc && !*out)
		rc = try_own_folder(s, out);
#ifdef MIG_PLUGIN_DIR
	if (!rc && !*out)
		rc = try_folder(s, MIG_PLUGIN_DIR, strlen(MIG_PLUGIN_DIR), out);
#endif
	return rc;
}

static mig_status fail_not_found(struct search *s)
{
	mig_status rc = mig__fail(
		s->err, MIG_ENO_DIALECT, "no dialect for \"%s\": libmig-%s.so is in none of %s%s%s",
		s->name, s->name, s->tried.len ? mig__buf_text(&s->tried) : "no folders",
		s->problems.len ? "; " : "", mig__buf_text(&s->problems));

	mig__error_set_hint(s->err,
			    "install libmig-%s, link it, or set MIG_DIALECT_PATH to its folder",
			    s->name);
	return rc;
}

static mig_status fail_no_scheme(const char *url, struct mig__error *err)
{
	char shown[256];
	mig_status rc;

	mig__url_display(url, shown, sizeof shown);
	rc = mig__fail(err, MIG_ENO_DIALECT, "\"%s\" does not begin with a dialect's name", shown);
	mig__error_set_hint(err, "a SQLite database is written sqlite:PATH, a PostgreSQL one "
				 "postgresql://USER@HOST/NAME");
	return rc;
}

static mig_status find(struct search *s, const mig_dialect **out)
{
	const mig_dialect *found = NULL;
	mig__dialect_fn fn;
	mig_status rc = find_builtin(s, &found);

	if (!rc && !found && s->name[0] && (fn = find_symbol(RTLD_DEFAULT, s->name)) != NULL)
		rc = accept(s, fn(), "linked", &found);
	if (!rc && !found && s->name[0])
		rc = find_plugin(s, &found);
	/* not a name, but a scheme of another name, or a URL of another form */
	for (s->any = 1, s->near = 1; !rc && !found && !s->resident && s->near >= 0; s->near--)
		rc = find_plugin(s, &found);
	if (!rc && !found)
		rc = s->name[0] ? fail_not_found(s) : fail_no_scheme(s->url, s->err);
	if (!rc)
		*out = found;
	return rc;
}

mig_status mig__dialect_find(const char *url, const char *name, struct mig__error *err,
			     const mig_dialect **out)
{
	char found[NAME_MAX_SIZE];
	struct search s = { .name = found, .err = err };
	mig_status rc;

	if (name && !read_name(name, strlen(name), found))
		return mig__fail(err, MIG_ENO_DIALECT, "\"%s\" is not a dialect's name", name);
	if (!name)
		s.url = url ? url : "";
	if (!name)
		read_scheme(s.url, found);
	mig__buf_init(&s.tried, err->alloc);
	mig__buf_init(&s.problems, err->alloc);
	rc = find(&s, out);
	mig__buf_finish(&s.tried);
	mig__buf_finish(&s.problems);
	return rc;
}

/* The dialect of a URL if it is in the process already. */
static const mig_dialect *find_resident(const char *url, struct mig__error *err)
{
	char found[NAME_MAX_SIZE];
	struct search s = { .name = found, .url = url, .err = err, .resident = 1 };
	const mig_dialect *d = NULL;

	read_scheme(url, found);
	mig__buf_init(&s.tried, err->alloc);
	mig__buf_init(&s.problems, err->alloc);
	(void)find(&s, &d);
	mig__buf_finish(&s.tried);
	mig__buf_finish(&s.problems);
	mig__error_clear(err);
	return d;
}

size_t mig__dialect_display(const char *url, const struct mig__alloc *alloc, char *out, size_t size)
{
	const mig_dialect *d;
	struct mig__error err;

	mig__error_init(&err, alloc);
	d = find_resident(url, &err);
	/* of a URL in the general form all is known that matters; another one is its dialect's */
	if (!d && !mig__url_is_shown(url))
		(void)mig__dialect_find(url, NULL, &err, &d);
	mig__error_clear(&err);
	return d && MIG__HAS(d, display) ? d->display(url, out, size)
					 : mig__url_display(url, out, size);
}

size_t mig__dialect_resolve(const char *url, const char *folder, const struct mig__alloc *alloc,
			    char *out, size_t size)
{
	const mig_dialect *d = NULL;
	struct mig__error err;
	size_t n = strlen(url);

	mig__error_init(&err, alloc);
	(void)mig__dialect_find(url, NULL, &err, &d);
	mig__error_clear(&err);
	if (d && MIG__HAS(d, resolve_url))
		return d->resolve_url(url, folder, out, size);
	if (size) {
		memcpy(out, url, n < size ? n : size - 1);
		out[n < size ? n : size - 1] = '\0';
	}
	return n;
}

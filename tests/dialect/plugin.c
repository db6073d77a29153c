/* plugin: dialects outside the library: libmig-good_one.so and two that must be refused. They are
 * never opened. Built once for each, with PLUGIN naming it. */
#include <mig/dialect.h>
#include <string.h>

static void never(void)
{
}

/* Any function will do for a slot that is never called. */
static void fill(void *slot)
{
	void (*fn)(void) = never;

	memcpy(slot, &fn, sizeof fn);
}

#define GLUE_(a, b) a##b
#define GLUE(a, b) GLUE_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)
#define SLOT(name) fill(&conn.name)

/* A URL of another form than others have: "good>USER>SECRET". */
static int32_t owns(const char *url)
{
	return !strncmp(url, TEXT(PLUGIN) ">", strlen(TEXT(PLUGIN)) + 1);
}

static size_t display(const char *url, char *out, size_t size)
{
	size_t shown = owns(url) ? (size_t)(strrchr(url, '>') - url) : 0;

	if (size) {
		memcpy(out, url, shown < size ? shown : size - 1);
		out[shown < size ? shown : size - 1] = '\0';
	}
	return shown;
}

MIG_EXPORT const mig_dialect *GLUE(mig_dialect_, PLUGIN)(void);

const mig_dialect *GLUE(mig_dialect_, PLUGIN)(void)
{
	static const char *const schemes[] = { TEXT(PLUGIN), TEXT(PLUGIN) "_too", NULL };
	static mig_dialect_conn conn;
	static mig_dialect d;

	d.struct_size = sizeof d;
	d.contract = PLUGIN_CONTRACT;
	d.name = TEXT(PLUGIN);
	d.schemes = schemes;
	d.conn = &conn;
	d.owns = owns;
	d.display = display;
	conn.struct_size = sizeof conn;
	SLOT(open), SLOT(close), SLOT(native), SLOT(detach), SLOT(cancel);
	SLOT(run_begin), SLOT(run_end), SLOT(begin), SLOT(commit), SLOT(rollback);
	SLOT(lock), SLOT(unlock), SLOT(next_statement), SLOT(run_script), SLOT(run_statement);
	SLOT(in_transaction), SLOT(prepare), SLOT(bind), SLOT(step), SLOT(reset);
	SLOT(column_count), SLOT(column);
#ifndef PLUGIN_HOLLOW
	SLOT(finish);
#endif
	return &d;
}

/* json: what queries print with --json. Not the text for people: describe.c. Bytes that are not
 * UTF-8 are replaced, so that the output is always JSON. */
#include "cli/json.h"

#include "base/text.h"
#include "cli/describe.h"

#include <string.h>

typedef const char *(*item_fn)(const mig_revision *revision, size_t i);

json_t *mig__cli_json_text(const char *text)
{
	struct mig__cli_text clean = { 0 };
	json_t *made = text ? json_string(text) : json_null();
	size_t size = text ? strlen(text) : 0, n;
	uint32_t c;

	if (made)
		return made;
	for (size_t i = 0; i < size; i += n) {
		n = mig__text_char(text + i, size - i, &c);
		if (n)
			mig__cli_add(&clean, text + i, n);
		else
			mig__cli_adds(&clean, "\xef\xbf\xbd");
		n = n ? n : 1;
	}
	made = clean.failed ? NULL : json_string(mig__cli_string(&clean));
	mig__cli_text_finish(&clean);
	return made;
}

static json_t *items(const mig_revision *r, size_t count, item_fn item)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < count; i++)
		if (json_array_append_new(array, mig__cli_json_text(item(r, i)))) {
			json_decref(array);
			return NULL;
		}
	return array;
}

/* Adds to an object; *failed is set where there is no memory. */
static void set(json_t *object, const char *name, json_t *value, int *failed)
{
	*failed |= json_object_set_new(object, name, value) != 0;
}

json_t *mig__cli_json_revision(const struct mig__cli *cli, const mig_revision *r)
{
	static const struct {
		const char *name;
		uint32_t flag;
	} marks[] = { { "head", MIG_REVISION_HEAD },
		      { "effective_head", MIG_REVISION_EFFECTIVE_HEAD },
		      { "base", MIG_REVISION_BASE },
		      { "branch_point", MIG_REVISION_BRANCH_POINT },
		      { "merge_point", MIG_REVISION_MERGE_POINT } };
	uint32_t flags = mig_revision_flags(r);
	const char *created = mig_revision_created(r);
	json_t *o = json_object();
	int failed = !o;

	set(o, "revision", mig__cli_json_text(mig_revision_id(r)), &failed);
	set(o, "revises", items(r, mig_revision_parent_count(r), mig_revision_parent), &failed);
	set(o, "depends_on", items(r, mig_revision_dependency_count(r), mig_revision_dependency),
	    &failed);
	set(o, "branch_labels", items(r, mig_revision_label_count(r), mig_revision_label), &failed);
	set(o, "children", items(r, mig_revision_child_count(r), mig_revision_child), &failed);
	set(o, "message", mig__cli_json_text(mig_revision_message(r)), &failed);
	set(o, "created", mig__cli_json_text(created[0] ? created : NULL), &failed);
	set(o, "file", mig__cli_json_text(mig_revision_file(r)), &failed);
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		set(o, marks[i].name, json_boolean((flags & marks[i].flag) != 0), &failed);
	if (cli->current) /* otherwise nobody knows */
		set(o, "current", json_boolean(mig__cli_is_current(cli, r)), &failed);
	if (!failed)
		return o;
	json_decref(o);
	return NULL;
}

json_t *mig__cli_json_revisions(const struct mig__cli *cli, const mig_revision_list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < mig_revision_list_count(list); i++)
		if (json_array_append_new(
			    array, mig__cli_json_revision(cli, mig_revision_list_at(list, i)))) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static int add_bytes(const char *bytes, size_t size, void *user)
{
	mig__cli_add(user, bytes, size);
	return 0;
}

int mig__cli_json_print_object(struct mig__cli *cli, json_t *object)
{
	int failed = !object || json_dump_callback(object, add_bytes, &cli->out, JSON_INDENT(2));

	json_decref(object);
	if (failed)
		return mig__cli_no_memory(cli);
	mig__cli_adds(&cli->out, "\n");
	return MIG_CLI_DONE;
}

int mig__cli_json_print(struct mig__cli *cli, const char *name, json_t *value)
{
	json_t *object = value ? json_object() : NULL;

	if (!object) {
		json_decref(value);
		return mig__cli_no_memory(cli);
	}
	if (json_object_set_new(object, name, value)) {
		json_decref(object);
		object = NULL;
	}
	return mig__cli_json_print_object(cli, object);
}

static void array_begin(struct mig__cli_json_array *array)
{
	mig__cli_addf(&array->cli->out, "{\n  \"%s\": [", array->name);
}

/* What jansson writes, four blanks further in. */
static int add_inside(const char *bytes, size_t size, void *user)
{
	const char *end = bytes + size, *line;

	for (; (line = memchr(bytes, '\n', (size_t)(end - bytes))); bytes = line + 1) {
		mig__cli_add(user, bytes, (size_t)(line + 1 - bytes));
		mig__cli_adds(user, "    ");
	}
	mig__cli_add(user, bytes, (size_t)(end - bytes));
	return 0;
}

int mig__cli_json_array_add(struct mig__cli_json_array *array, json_t *value)
{
	enum { ENOUGH = 64 * 1024 };
	struct mig__cli_text *out = &array->cli->out;
	int failed;

	if (!array->count)
		array_begin(array);
	mig__cli_adds(out, array->count++ ? ",\n    " : "\n    ");
	failed = !value || json_dump_callback(value, add_inside, out, JSON_INDENT(2));
	json_decref(value);
	if (failed || out->failed)
		return mig__cli_no_memory(array->cli);
	if (out->len >= ENOUGH)
		mig__cli_flush(array->cli);
	return MIG_CLI_DONE;
}

void mig__cli_json_array_end(struct mig__cli_json_array *array)
{
	if (!array->count)
		array_begin(array);
	mig__cli_adds(&array->cli->out, array->count ? "\n  ]\n}\n" : "]\n}\n");
}

json_t *mig__cli_json_unfinished(const mig_unfinished *u)
{
	const char *direction =
		mig_unfinished_direction(u) == MIG_DOWNGRADE ? "downgrade" : "upgrade";
	int64_t total = mig_unfinished_total(u);
	json_t *o;
	int failed = 0;

	if (!u)
		return json_null();
	o = json_object();
	failed |= json_object_set_new(o, "revision",
				      mig__cli_json_text(mig_unfinished_revision(u))) != 0;
	failed |= json_object_set_new(o, "direction", json_string(direction)) != 0;
	failed |= json_object_set_new(o, "statements",
				      json_integer(mig_unfinished_statements(u))) != 0;
	failed |= json_object_set_new(o, "total",
				      total < 0 ? json_null() : json_integer(total)) != 0;
	failed |= json_object_set_new(o, "started",
				      mig__cli_json_text(mig_unfinished_started_at(u))) != 0;
	failed |= json_object_set_new(o, "actor", mig__cli_json_text(mig_unfinished_actor(u))) != 0;
	failed |= json_object_set_new(o, "library",
				      mig__cli_json_text(mig_unfinished_library(u))) != 0;
	failed |= json_object_set_new(o, "can_finish",
				      json_boolean(mig_unfinished_can_finish(u))) != 0;
	if (!failed)
		return o;
	json_decref(o);
	return NULL;
}

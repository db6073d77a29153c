/* model: the lists of a declared model, its first mistake, and names by the naming convention. Not
 * the functions that declare (api/model.c), nor what an engine makes of a model
 * (migrate/declare.c).
 */
#include "schema/model.h"

#include "base/ascii.h"
#include "base/buf.h"

#include <string.h>

void mig__model_init(mig_model *m, const struct mig__alloc *alloc, const mig_dialect *dialect)
{
	*m = (mig_model){ .alloc = alloc, .dialect = dialect };
	mig__arena_init(&m->arena, alloc);
	mig__map_init(&m->names, alloc);
	m->tables_end = &m->tables;
	m->enums_end = &m->enums;
	m->views_end = &m->views;
	m->sources_end = &m->sources;
	m->naming[MIG_KIND_INDEX] = "ix_%(table)s_%(columns)s";
	m->naming[MIG_KIND_UNIQUE] = "uq_%(table)s_%(columns)s";
	m->naming[MIG_KIND_CHECK] = "ck_%(table)s_%(column)s";
	m->naming[MIG_KIND_FOREIGN_KEY] = "fk_%(table)s_%(columns)s_%(referred)s";
	m->naming[MIG_KIND_PRIMARY_KEY] = "pk_%(table)s";
}

void mig__model_finish(mig_model *m)
{
	mig__map_finish(&m->names);
	mig__arena_finish(&m->arena);
}

mig_status mig__model_mistake(mig_model *m, mig_status status, const char *format, ...)
{
	struct mig__buf buf;
	va_list args;

	mig__buf_init(&buf, m->alloc);
	va_start(args, format);
	mig__buf_addv(&buf, format, args);
	va_end(args);
	if (m->err)
		mig__fail(m->err, status, "%s", mig__buf_text(&buf));
	if (!m->status) {
		m->status = buf.failed ? MIG_ENOMEM : status;
		m->mistake = mig__arena_strdup(&m->arena, mig__buf_text(&buf));
	}
	mig__buf_finish(&buf);
	return status;
}

const char *mig__model_option(const mig_dialect *dialect, const char *key)
{
	const mig_dialect_schema *s = dialect->schema;
	const size_t needed = offsetof(mig_dialect_schema, table_options) + sizeof s->table_options;
	const char *const *known = s && s->struct_size >= needed ? s->table_options : NULL;

	if (!known)
		return key;
	while (*known && strcmp(*known, key) != 0)
		known++;
	return *known;
}

int mig__model_option_takes(const mig_dialect *dialect, const char *key, const char *value)
{
	const mig_dialect_schema *s = dialect->schema;
	const size_t needed = offsetof(mig_dialect_schema, table_flags) + sizeof s->table_flags;
	const char *const *flags = s && s->struct_size >= needed ? s->table_flags : NULL;

	while (flags && *flags && strcmp(*flags, key) != 0)
		flags++;
	return !flags || !*flags || !strcmp(value, MIG_YES);
}

int mig__model_any(const mig_model *m)
{
	return m->status || m->tables || m->enums || m->views || m->sources;
}

static mig_status note(mig_model *m, const char *const *words, size_t count)
{
	size_t size = 0, at = 0;
	uint32_t old;
	char *key;

	for (size_t i = 0; i < count; i++)
		size += strlen(words[i]) + 1;
	key = mig__arena_alloc(&m->arena, size);
	if (!key)
		return MIG_ENOMEM;
	for (size_t i = 0; i < count; i++) {
		memcpy(key + at, words[i], strlen(words[i]) + 1);
		at += strlen(words[i]) + 1;
	}
	if (!mig__map_add(&m->names, key, size, 1, &old))
		return MIG_ENOMEM;
	return old == MIG__NONE ? MIG_OK : MIG_EEXISTS;
}

mig_status mig__model_note(mig_model *m, const char *kind, const char *schema, const char *name)
{
	return note(m, (const char *[]){ kind, schema ? schema : "", name }, 3);
}

mig_status mig__model_note_in(mig_table *t, const char *kind, const char *name)
{
	return note(t->model, (const char *[]){ kind, t->schema, t->name, name }, 4);
}

static const char *word_of(const char *const *words, const char *given)
{
	for (; *words; words++)
		if (!mig__ascii_compare(*words, given))
			return *words;
	return NULL;
}

const char *mig__model_action(const char *given)
{
	static const char *const actions[] = { MIG_ACTION_CASCADE,     MIG_ACTION_SET_NULL,
					       MIG_ACTION_SET_DEFAULT, MIG_ACTION_RESTRICT,
					       MIG_ACTION_NO_ACTION,   NULL };

	return word_of(actions, given);
}

const char *mig__model_deferrable(const char *given)
{
	static const char *const words[] = { "DEFERRABLE", "DEFERRABLE INITIALLY DEFERRED", NULL };

	return word_of(words, given);
}

const struct mig__enum *mig__model_find_enum(const mig_model *m, const char *name)
{
	for (const struct mig__enum *e = m->enums; e; e = e->next)
		if (!strcmp(e->name, name))
			return e;
	return NULL;
}

/* A column may be an expression: of its text, letters, digits and _ make a name. */
static void add_word(struct mig__buf *buf, const char *text)
{
	for (; *text; text++)
		if (strchr(MIG__LETTERS MIG__DIGITS "_", *text) ||
		    (unsigned char)*text >= 0x80)
			mig__buf_add(buf, text, 1);
}

static void add_columns(struct mig__buf *buf, mig__names columns, int all)
{
	for (size_t i = 0; columns && columns[i] && (all || !i); i++) {
		mig__buf_adds(buf, i ? "_" : "");
		add_word(buf, columns[i]);
	}
}

/* What a check is called by: of one column, by that; of the table, by its number. */
static void add_what(struct mig__buf *buf, const struct mig__item *item, int all)
{
	if (item->number)
		mig__buf_addf(buf, "%u", (unsigned)item->number);
	else
		add_columns(buf, item->columns, all);
}

const char *mig__model_name(const mig_model *m, struct mig__arena *arena, const mig_table *table,
			    const struct mig__item *item)
{
	const char *p = m->naming[item->kind], *name;
	struct mig__buf buf;
	int numbered = item->number <= 1;

	if (item->name)
		return item->name;
	mig__buf_init(&buf, m->alloc);
	while (*p) {
		if (!strncmp(p, "%(table)s", 9)) {
			mig__buf_adds(&buf, table->name);
			p += 9;
		} else if (!strncmp(p, "%(column)s", 10)) {
			add_what(&buf, item, 0);
			numbered = 1;
			p += 10;
		} else if (!strncmp(p, "%(columns)s", 11)) {
			add_what(&buf, item, 1);
			numbered = 1;
			p += 11;
		} else if (!strncmp(p, "%(referred)s", 12)) {
			mig__buf_adds(&buf, item->referred_table ? item->referred_table : "");
			p += 12;
		} else {
			mig__buf_add(&buf, p++, 1);
		}
	}
	if (!numbered) /* the convention makes no difference between them */
		mig__buf_addf(&buf, "_%u", (unsigned)item->number);
	name = buf.failed ? NULL : mig__arena_strdup(arena, mig__buf_text(&buf));
	mig__buf_finish(&buf);
	return name;
}

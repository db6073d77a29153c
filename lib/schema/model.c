#include "schema/model.h"

#include "base/buf.h"

#include <string.h>

void mig__model_init(mig_model *m, const struct mig__alloc *alloc)
{
	*m = (mig_model){ .alloc = alloc };
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

	if (m->status)
		return status;
	mig__buf_init(&buf, m->alloc);
	va_start(args, format);
	mig__buf_addv(&buf, format, args);
	va_end(args);
	m->status = buf.failed ? MIG_ENOMEM : status;
	m->mistake = mig__arena_strdup(&m->arena, mig__buf_text(&buf));
	mig__buf_finish(&buf);
	return status;
}

int mig__model_any(const mig_model *m)
{
	return m->status || m->tables || m->enums || m->views || m->sources;
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
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_",
			   *text) ||
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

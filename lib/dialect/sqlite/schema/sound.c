/* sound: whether the foreign keys of a model refer to what is there: to columns that are the
 * primary key of a table or unique, by SQLite's own rule (sqlite3FkLocateIndex). SQLite takes any
 * key, and fails with "no such table" or "foreign key mismatch" when rows are written. What must be
 * compiled to be judged is in compile.c.
 *
 * The attributes are read, and nothing is run. A table's columns and unique keys go into maps once,
 * when the first key refers to it; so it is linear. E.g. table 7 with UNIQUE (b, a): 7, "a", "b" is
 * in the map, and a key to (A, B) finds it. */
#include "dialect/sqlite/schema/objects.h"

#include "base/ascii.h"

#include <stdlib.h>
#include <string.h>

struct part {
	const char *name; /* in small letters */
	const char *collation;
};

struct list {
	struct part *at;
	size_t count;
	int expression; /* one of them is not a column */
};

char *mig__sqlite_sound_name(struct mig__sqlite_sound *s, struct mig__sqlite_token t)
{
	struct mig__buf buf;
	char *name;

	mig__buf_init(&buf, &s->conn->alloc);
	mig__sqlite_add_plain(&buf, t);
	name = buf.failed ? NULL : mig__arena_strdup(&s->arena, mig__buf_text(&buf));
	mig__buf_finish(&buf);
	for (char *c = name; c && *c; c++)
		*c = (char)mig__ascii_lower(*c);
	return name;
}

/* -- lists of columns */

static size_t count_entries(const char *text)
{
	size_t count = 1;

	for (struct mig__sqlite_token t = mig__sqlite_token(text); t.kind;
	     t = mig__sqlite_token(mig__sqlite_behind(t)))
		count += mig__sqlite_is_sign(t, ',') != 0;
	return count;
}

/* One entry, e.g. "b c" COLLATE nocase DESC; *t moves to the comma behind it. */
static int read_entry(struct mig__sqlite_sound *s, struct mig__sqlite_token *t, struct part *part)
{
	part->name = mig__sqlite_sound_name(s, *t);
	*t = mig__sqlite_token(mig__sqlite_behind(*t));
	if (mig__sqlite_is(*t, "COLLATE")) {
		*t = mig__sqlite_token(mig__sqlite_behind(*t));
		part->collation = mig__sqlite_sound_name(s, *t);
		*t = mig__sqlite_token(mig__sqlite_behind(*t));
		if (!part->collation)
			return 0;
	}
	if (mig__sqlite_is(*t, "ASC") || mig__sqlite_is(*t, "DESC"))
		*t = mig__sqlite_token(mig__sqlite_behind(*t));
	return part->name != NULL;
}

static mig_status read_list(struct mig__sqlite_sound *s, const char *text, struct list *out)
{
	struct mig__sqlite_token t = mig__sqlite_token(text ? text : "");

	*out = (struct list){ 0 };
	if (!t.kind)
		return MIG_OK;
	out->at = mig__arena_zalloc(&s->arena, count_entries(text), sizeof *out->at);
	if (!out->at)
		return mig__sqlite_nomem(s->conn);
	for (;;) {
		if (!mig__sqlite_is_name(t)) {
			out->expression = 1;
			return MIG_OK;
		}
		if (!read_entry(s, &t, &out->at[out->count++]))
			return mig__sqlite_nomem(s->conn);
		if (!mig__sqlite_is_sign(t, ','))
			break;
		t = mig__sqlite_token(mig__sqlite_behind(t));
	}
	out->expression = t.kind != MIG__TOKEN_END;
	return MIG_OK;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct part *)a)->name, ((const struct part *)b)->name);
}

/* The table's place and the names, sorted: what a unique key is known by. */
static char *signature(struct mig__sqlite_sound *s, uint32_t place, const struct list *list,
		       size_t *size)
{
	char *key, *at;

	*size = sizeof place;
	qsort(list->at, list->count, sizeof *list->at, by_name);
	for (size_t i = 0; i < list->count; i++)
		*size += strlen(list->at[i].name) + 1;
	at = key = mig__arena_alloc(&s->arena, *size);
	if (!key)
		return NULL;
	memcpy(at, &place, sizeof place);
	at += sizeof place;
	for (size_t i = 0; i < list->count; i++) {
		size_t n = strlen(list->at[i].name) + 1;

		memcpy(at, list->at[i].name, n);
		at += n;
	}
	return key;
}

/* -- tables that are referred to */

static char *column_key(struct mig__sqlite_sound *s, uint32_t place, const char *name, size_t *size)
{
	struct part part = { .name = name };

	return signature(s, place, &(struct list){ &part, 1, 0 }, size);
}

static mig_status note_column(struct mig__sqlite_sound *s, uint32_t place, const mig_object *column)
{
	char *name = mig__arena_strdup(&s->arena, column->name), *key = NULL;
	size_t size;

	for (char *c = name; c && *c; c++)
		*c = (char)mig__ascii_lower(*c);
	if (name)
		key = column_key(s, place, name, &size);
	if (!key || !mig__grow(&s->conn->alloc, (void **)&s->column_at, &s->column_cap,
			       s->column_count + 1, sizeof(const mig_object *)))
		return mig__sqlite_nomem(s->conn);
	s->column_at[s->column_count] = column;
	return mig__map_add(&s->columns, key, size, (uint32_t)s->column_count++, NULL)
		       ? MIG_OK
		       : mig__sqlite_nomem(s->conn);
}

static mig_status find_column(struct mig__sqlite_sound *s, uint32_t place, const char *name,
			      const mig_object **out)
{
	size_t size;
	char *key = column_key(s, place, name, &size);
	uint32_t at = key ? mig__map_get(&s->columns, key, size) : MIG__NONE;

	*out = at == MIG__NONE ? NULL : s->column_at[at];
	return key ? MIG_OK : mig__sqlite_nomem(s->conn);
}

/* Whether a key on the column, with this collation, is unique for the column's own comparison. */
static int collates_alike(const struct part *part, const mig_object *column)
{
	const char *own = mig__attribute(column, "collation");

	return !part->collation || !mig__ascii_compare(part->collation, own ? own : "binary");
}

/* A column of this very type is the row's number if it is the primary key; then its collation does
 * not matter. */
static int is_integer(const mig_object *column)
{
	const char *type = mig__attribute(column, "type");

	return type && !mig__ascii_compare(type, "integer");
}

static mig_status note_key(struct mig__sqlite_sound *s, uint32_t place, const mig_object *object)
{
	struct list list;
	const mig_object *column;
	size_t size;
	char *key;
	mig_status rc = read_list(s, mig__attribute(object, "columns"), &list);

	if (!rc && object->kind == MIG_KIND_PRIMARY_KEY)
		s->key_sizes[place] = (uint32_t)list.count + 1;
	if (rc || list.expression || !list.count)
		return rc;
	for (size_t i = 0; i < list.count; i++) {
		rc = find_column(s, place, list.at[i].name, &column);
		if (rc || !column)
			return rc;
		if (!collates_alike(&list.at[i], column) &&
		    (object->kind != MIG_KIND_PRIMARY_KEY || list.count > 1 || !is_integer(column)))
			return MIG_OK;
	}
	key = signature(s, place, &list, &size);
	return key && mig__map_add(&s->keys, key, size, 0, NULL) ? MIG_OK
								 : mig__sqlite_nomem(s->conn);
}

static int is_unique(const mig_object *o)
{
	return o->kind == MIG_KIND_PRIMARY_KEY || o->kind == MIG_KIND_UNIQUE ||
	       (o->kind == MIG_KIND_INDEX && mig__attribute(o, "unique") &&
		!mig__attribute(o, "where"));
}

static mig_status read_parent(struct mig__sqlite_sound *s, uint32_t place)
{
	mig_status rc = MIG_OK;

	if (s->key_sizes[place])
		return MIG_OK;
	s->key_sizes[place] = 1;
	for (const mig_object *o = s->objects[place]->child; !rc && o; o = o->next)
		if (o->kind == MIG_KIND_COLUMN)
			rc = note_column(s, place, o);
	for (const mig_object *o = s->objects[place]->child; !rc && o; o = o->next)
		if (is_unique(o))
			rc = note_key(s, place, o);
	return rc;
}

/* -- foreign keys */

/* A list as it is to be shown: e.g. "a, b c". */
static void add_list(struct mig__buf *buf, const char *text)
{
	for (struct mig__sqlite_token t = mig__sqlite_token(text ? text : ""); t.kind;
	     t = mig__sqlite_token(mig__sqlite_behind(t)))
		if (mig__sqlite_is_sign(t, ','))
			mig__buf_adds(buf, ", ");
		else
			mig__sqlite_add_plain(buf, t);
}

enum lack { NO_TABLE, A_VIEW, NO_COLUMN, NO_KEY, OTHER_SIZE, NOT_UNIQUE };

/* What stands before, between and after the table and what is wrong in it. */
static const struct {
	const char *before, *between, *rest, *hint;
} lacks[] = {
	[NO_TABLE] = { "table ", "", ", which is not there",
		       "declare the table, or correct its name" },
	[A_VIEW] = { "", "", ", which is a view", "refer to a table" },
	[NO_COLUMN] = { "", ".", ", which is not there",
			"declare the column, or correct its name" },
	[NO_KEY] = { "", "", ", which has no primary key",
		     "give the table a primary key, or name columns that are unique" },
	[OTHER_SIZE] = { "", ", whose primary key has ", " columns", "name as many columns" },
	[NOT_UNIQUE] = { "", " (", "), which is neither its primary key nor unique",
			 "declare exactly these columns unique, or refer to the primary key" },
};

static mig_status refuse(struct mig__sqlite_sound *s, const mig_object *key, enum lack lack,
			 const char *table, const char *what)
{
	int named = !(key->flags & MIG_OBJECT_UNNAMED);
	struct mig__buf columns;
	mig_status rc;

	s->broken = key;
	mig__buf_init(&columns, &s->conn->alloc);
	add_list(&columns, mig__attribute(key, "columns"));
	rc = columns.failed
		     ? mig__sqlite_nomem(s->conn)
		     : mig__sqlite_report(s->conn, MIG_ESQL, NULL, lacks[lack].hint,
					  "table %s: foreign key %s%s(%s) refers to %s%s%s%s%s",
					  key->parent->name, named ? key->name : "",
					  named ? " " : "", mig__buf_text(&columns),
					  lacks[lack].before, table, lacks[lack].between, what,
					  lacks[lack].rest);
	mig__buf_finish(&columns);
	return rc;
}

/* REFERENCES p, which means its primary key. */
static mig_status judge_size(struct mig__sqlite_sound *s, const mig_object *key, uint32_t place)
{
	uint32_t size = s->key_sizes[place] - 1;
	struct list own;
	struct mig__buf number;
	mig_status rc = read_list(s, mig__attribute(key, "columns"), &own);

	if (rc || own.count == size)
		return rc;
	if (!size)
		return refuse(s, key, NO_KEY, s->objects[place]->name, "");
	mig__buf_init(&number, &s->conn->alloc);
	mig__buf_addf(&number, "%u", (unsigned)size);
	rc = refuse(s, key, OTHER_SIZE, s->objects[place]->name, mig__buf_text(&number));
	mig__buf_finish(&number);
	return rc;
}

/* REFERENCES p (x, y) */
static mig_status judge_columns(struct mig__sqlite_sound *s, const mig_object *key, uint32_t place,
				struct list *list)
{
	const char *table = s->objects[place]->name;
	const mig_object *column;
	struct mig__buf columns;
	size_t size;
	char *text;
	mig_status rc = MIG_OK;

	for (size_t i = 0; !rc && i < list->count; i++) {
		rc = find_column(s, place, list->at[i].name, &column);
		if (!rc && !column)
			return refuse(s, key, NO_COLUMN, table, list->at[i].name);
	}
	text = rc ? NULL : signature(s, place, list, &size);
	if (!text)
		return rc ? rc : mig__sqlite_nomem(s->conn);
	if (mig__map_get(&s->keys, text, size) != MIG__NONE)
		return MIG_OK;
	mig__buf_init(&columns, &s->conn->alloc);
	add_list(&columns, mig__attribute(key, "referred_columns"));
	rc = refuse(s, key, NOT_UNIQUE, table, mig__buf_text(&columns));
	mig__buf_finish(&columns);
	return rc;
}

/* The last name of "schema"."table". */
static struct mig__sqlite_token last_name(const char *text)
{
	struct mig__sqlite_token t = mig__sqlite_token(text), next = t;

	for (; next.kind; next = mig__sqlite_token(mig__sqlite_behind(next)))
		t = next;
	return t;
}

static mig_status refuse_table(struct mig__sqlite_sound *s, const mig_object *key,
			       struct mig__sqlite_token t)
{
	struct mig__buf name;
	mig_status rc;

	mig__buf_init(&name, &s->conn->alloc);
	mig__sqlite_add_plain(&name, t);
	rc = refuse(s, key, NO_TABLE, mig__buf_text(&name), "");
	mig__buf_finish(&name);
	return rc;
}

static mig_status judge_key(struct mig__sqlite_sound *s, const mig_object *key)
{
	struct mig__sqlite_token t = last_name(mig__attribute(key, "referred"));
	char *name = mig__sqlite_sound_name(s, t);
	const mig_object *parent;
	struct list list;
	uint32_t place;
	mig_status rc;

	if (!name)
		return mig__sqlite_nomem(s->conn);
	place = mig__map_get(&s->tops, name, strlen(name));
	if (place == MIG__NONE)
		return mig__sqlite_is_internal(s->conn, name) ? MIG_OK : refuse_table(s, key, t);
	parent = s->objects[place];
	if (parent->kind == MIG_KIND_VIEW)
		return refuse(s, key, A_VIEW, parent->name, "");
	/* nothing is known of a virtual table, or one whose text could not be read */
	if (!mig__child(parent, MIG_KIND_COLUMN, NULL))
		return MIG_OK;
	rc = read_parent(s, place);
	if (!rc)
		rc = read_list(s, mig__attribute(key, "referred_columns"), &list);
	if (rc)
		return rc;
	return list.count ? judge_columns(s, key, place, &list) : judge_size(s, key, place);
}

/* -- the whole */

static mig_status note_tops(struct mig__sqlite_sound *s)
{
	for (size_t i = 0; i < s->count; i++) {
		char *name = mig__arena_strdup(&s->arena, s->objects[i]->name);

		for (char *c = name; c && *c; c++)
			*c = (char)mig__ascii_lower(*c);
		if (!name || !mig__map_add(&s->tops, name, strlen(name), (uint32_t)i, NULL))
			return mig__sqlite_nomem(s->conn);
	}
	return MIG_OK;
}

mig_status mig__sqlite_check_schema(mig_conn *conn, const mig_object *const *objects, size_t judged,
				    size_t count, const mig_object **broken)
{
	struct mig__sqlite_sound s = {
		.conn = conn, .objects = objects, .judged = judged, .count = count
	};
	mig_status rc;

	mig__arena_init(&s.arena, &conn->alloc);
	mig__map_init(&s.tops, &conn->alloc);
	mig__map_init(&s.columns, &conn->alloc);
	mig__map_init(&s.keys, &conn->alloc);
	s.key_sizes = mig__arena_zalloc(&s.arena, count + 1, sizeof *s.key_sizes);
	rc = s.key_sizes ? note_tops(&s) : mig__sqlite_nomem(conn);
	for (size_t i = 0; !rc && i < judged; i++)
		for (const mig_object *o = objects[i]->child; !rc && o; o = o->next)
			if (o->kind == MIG_KIND_FOREIGN_KEY && mig__attribute(o, "referred"))
				rc = judge_key(&s, o);
	if (!rc)
		rc = mig__sqlite_compile(&s);
	*broken = rc == MIG_ESQL ? s.broken : NULL;
	mig__free(&conn->alloc, s.column_at);
	mig__map_finish(&s.tops);
	mig__map_finish(&s.columns);
	mig__map_finish(&s.keys);
	mig__arena_finish(&s.arena);
	return rc;
}

/* -- where an object is */

/* A key stands in the text of its column, or of the table. */
static const char *find_key(const char *statement, const mig_object *key)
{
	const char *sql = mig__attribute(key, ".sql"), *inline_of = mig__attribute(key, ".inline");
	const mig_object *column =
		inline_of ? mig__child(key->parent, MIG_KIND_COLUMN, inline_of) : NULL;
	const char *in = column ? mig__attribute(column, ".sql") : NULL;
	const char *from = in ? strstr(statement, in) : statement;

	return sql && from ? strstr(from, sql) : NULL;
}

static int is_created(const struct mig__sqlite_create *create, const mig_object *o)
{
	return create->kind == o->kind && mig__sqlite_stands_for(create->name, o->name);
}

mig_status mig__sqlite_find_object(mig_conn *conn, const char *text, size_t size,
				   const mig_object *object, size_t *offset)
{
	const mig_object *made = object->kind == MIG_KIND_FOREIGN_KEY ? object->parent : object;
	struct mig__arena arena;
	mig_statement st = { .struct_size = sizeof st };
	mig_status rc = MIG_OK;

	*offset = MIG_NO_OFFSET;
	mig__arena_init(&arena, &conn->alloc);
	for (size_t at = 0; !rc; at = st.next) {
		struct mig__sqlite_create create;
		char *copy;

		rc = mig__sqlite_next_statement(conn, text, size, at, &st);
		if (rc || !st.size)
			break;
		copy = mig__arena_strndup(&arena, text + st.offset, st.size);
		if (!copy) {
			rc = mig__sqlite_nomem(conn);
		} else if (mig__sqlite_read_create(copy, &create) && is_created(&create, made)) {
			const char *key = made == object ? NULL : find_key(copy, object);

			*offset = st.offset + (key ? (size_t)(key - copy) : 0);
		}
	}
	mig__arena_finish(&arena);
	return rc;
}

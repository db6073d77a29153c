/* second: a second opinion on tables and what belongs to them. The reader (table.c) knows what each clause
 * means; what it overlooks is lost on both sides alike, and they seem equal. So where the texts that SQLite
 * keeps are not the same, they are taken apart once more, by keywords alone, and what came out is compared
 * as sorted lists of words. Nothing is asked of the database, and nothing is done for texts that are the
 * same.
 *
 * Not counted, since SQLite's ALTER TABLE makes it, or since it means the same: blanks, comments, quotes
 * and case of names and keywords; the order of columns, constraints and clauses; a constraint in its
 * column's definition or behind it; the name of a NOT NULL, DEFAULT, COLLATE or AS; ON CONFLICT ABORT, NO
 * ACTION, NOT DEFERRABLE, ON INSERT, ASC, VIRTUAL, NULL and GENERATED ALWAYS; a clause in front of
 * another of its kind, which holds. */
#include "dialect/sqlite/schema/objects.h"
#include "dialect/sqlite/sql/quote.h"

#include "base/ascii.h"

#include <stdlib.h>
#include <string.h>

typedef struct mig__sqlite_token token;

struct list {
	struct mig__arena *arena;
	const char **at;
	size_t count, cap;
	int failed;
};

/* Where the reading is. */
struct reading {
	struct list *out;
	token t;
	const char *column;     /* whose definition it is; NULL: none */
	const char *constraint; /* its name; NULL: none */
};

/* -- the list */

static void add(struct list *l, struct mig__buf *buf)
{
	const char *text = buf->failed ? NULL : mig__arena_strdup(l->arena, mig__buf_text(buf));

	mig__buf_finish(buf);
	if (!text || !mig__grow(l->arena->alloc, (void **)&l->at, &l->cap, l->count + 1, sizeof *l->at))
		l->failed = 1;
	else
		l->at[l->count++] = text;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* -- words */

static void add_folded(struct mig__buf *buf, token t)
{
	size_t from = buf->len;

	mig__buf_adds(buf, from ? " " : "");
	if (mig__sqlite_is_name(t))
		mig__sqlite_add_plain(buf, t);
	else
		mig__buf_add(buf, t.at, t.size);
	for (; !buf->failed && from < buf->len; from++)
		buf->data[from] = (char)mig__ascii_lower(buf->data[from]);
}

/* A string may be one, and then its letters count. */
static void add_exact(struct mig__buf *buf, token t)
{
	if (t.kind != MIG__TOKEN_STRING) {
		add_folded(buf, t);
		return;
	}
	mig__buf_adds(buf, buf->len ? " " : "");
	mig__buf_add(buf, t.at, t.size);
}

static void add_words(struct mig__buf *buf, const char *words)
{
	mig__buf_adds(buf, buf->len ? " " : "");
	mig__buf_adds(buf, words);
}

static void next(struct reading *r)
{
	r->t = mig__sqlite_token(mig__sqlite_behind(r->t));
}

static int is_one_of(token t, const char *const *words)
{
	while (*words && !mig__sqlite_is(t, *words))
		words++;
	return *words != NULL;
}

/* Adds the token, or all up to the parenthesis that closes it. */
static void take(struct reading *r, struct mig__buf *buf, void (*add_token)(struct mig__buf *buf, token t))
{
	const char *end = mig__sqlite_is_sign(r->t, '(') ? mig__sqlite_closing(r->t.at) : NULL;

	do {
		add_token(buf, r->t);
		next(r);
	} while (end && r->t.kind && r->t.at < end);
}

static int follows(struct reading *r, const char *word)
{
	return mig__sqlite_is(mig__sqlite_token(mig__sqlite_behind(r->t)), word);
}

/* Whether a clause begins here; an action (SET NULL) or value (DEFAULT NULL) is passed by who reads it. */
static int begins(struct reading *r)
{
	static const char *const words[] = { "CONSTRAINT", "PRIMARY", "NULL",	   "UNIQUE",	"CHECK",
					     "DEFAULT",	   "COLLATE", "REFERENCES", "FOREIGN", "GENERATED",
					     "AS",	   NULL };

	return is_one_of(r->t, words) || (mig__sqlite_is(r->t, "NOT") && follows(r, "NULL"));
}

static int ends(struct reading *r)
{
	return !r->t.kind || mig__sqlite_is_sign(r->t, ',') || mig__sqlite_is_sign(r->t, ')');
}

/* ON CONFLICT x, but ABORT is what holds without any. */
static void take_conflict(struct reading *r, struct mig__buf *buf)
{
	if (!mig__sqlite_is(r->t, "ON") || !follows(r, "CONFLICT"))
		return;
	next(r);
	next(r);
	if (!mig__sqlite_is(r->t, "ABORT")) {
		add_words(buf, "on conflict");
		add_folded(buf, r->t);
	}
	next(r);
}

/* -- clauses */

static struct mig__buf start(struct reading *r)
{
	struct mig__buf buf;

	mig__buf_init(&buf, r->out->arena->alloc);
	return buf;
}

/* What a column or key can have one of: the last one holds. whose: what the lines begin with. */
static void forget(struct list *l, const char *whose, const char *what)
{
	size_t size = strlen(whose) + 1;

	for (size_t i = 0; i < l->count; i++)
		if (!strncmp(l->at[i], whose, size - 1) && l->at[i][size - 1] == ' ' &&
		    !strncmp(l->at[i] + size, what, strlen(what))) {
			l->at[i] = l->at[--l->count];
			return;
		}
}

static void read_not_null(struct reading *r)
{
	struct mig__buf buf = start(r);

	next(r);
	next(r);
	add_words(&buf, r->column);
	add_words(&buf, "not null");
	take_conflict(r, &buf);
	forget(r->out, r->column, "not null");
	add(r->out, &buf);
}

/* A name alone, but for a few words, is a string. */
static void read_default(struct reading *r)
{
	static const char *const words[] = { "NULL",	     "TRUE",	     "FALSE", "CURRENT_DATE",
					     "CURRENT_TIME", "CURRENT_TIMESTAMP", NULL };
	struct mig__buf buf = start(r), plain = start(r);

	next(r);
	add_words(&buf, r->column);
	add_words(&buf, "default");
	if (mig__sqlite_is_sign(r->t, '+') || mig__sqlite_is_sign(r->t, '-'))
		take(r, &buf, add_exact);
	if (r->t.kind == MIG__TOKEN_NAME || (r->t.kind == MIG__TOKEN_WORD && !is_one_of(r->t, words))) {
		mig__sqlite_add_plain(&plain, r->t);
		mig__buf_adds(&buf, " ");
		mig__sqlite_add_string(&buf, mig__buf_text(&plain));
		next(r);
	} else {
		take(r, &buf, add_exact);
	}
	buf.failed |= plain.failed;
	mig__buf_finish(&plain);
	forget(r->out, r->column, "default");
	add(r->out, &buf);
}

static void read_collate(struct reading *r)
{
	struct mig__buf buf = start(r);

	add_words(&buf, r->column);
	take(r, &buf, add_folded);
	take(r, &buf, add_folded);
	forget(r->out, r->column, "collate");
	add(r->out, &buf);
}

static void read_generated(struct reading *r)
{
	struct mig__buf buf = start(r);

	while (r->t.kind && !mig__sqlite_is_sign(r->t, '('))
		next(r);
	add_words(&buf, r->column);
	add_words(&buf, "as");
	take(r, &buf, add_exact);
	if (mig__sqlite_is(r->t, "STORED"))
		take(r, &buf, add_folded);
	else if (mig__sqlite_is(r->t, "VIRTUAL"))
		next(r);
	add(r->out, &buf);
}

/* -- constraints */

static struct mig__buf start_constraint(struct reading *r)
{
	struct mig__buf buf = start(r);

	if (r->constraint)
		mig__buf_addf(&buf, "constraint %s", r->constraint);
	return buf;
}

/* "(column)", as it stands behind the constraint of a table. */
static void add_column(struct reading *r, struct mig__buf *buf)
{
	add_words(buf, "(");
	add_words(buf, r->column);
	add_words(buf, ")");
}

static void read_key(struct reading *r)
{
	struct mig__buf buf = start_constraint(r);

	if (mig__sqlite_is(r->t, "PRIMARY"))
		take(r, &buf, add_folded);
	take(r, &buf, add_folded);
	if (mig__sqlite_is_sign(r->t, '('))
		take(r, &buf, add_folded);
	else if (r->column)
		add_column(r, &buf);
	if (mig__sqlite_is(r->t, "ASC"))
		next(r);
	else if (mig__sqlite_is(r->t, "DESC"))
		take(r, &buf, add_folded);
	take_conflict(r, &buf);
	if (mig__sqlite_is(r->t, "AUTOINCREMENT"))
		take(r, &buf, add_folded);
	add(r->out, &buf);
}

static void read_check(struct reading *r)
{
	struct mig__buf buf = start_constraint(r);

	take(r, &buf, add_folded);
	take(r, &buf, add_exact);
	take_conflict(r, &buf);
	add(r->out, &buf);
}

/* ON DELETE SET NULL, MATCH x, [NOT] DEFERRABLE INITIALLY x; 0: none of them. */
static int read_action(struct reading *r, const char *key)
{
	struct mig__buf buf = start(r);
	int counts = 1;

	add_words(&buf, key);
	if (mig__sqlite_is(r->t, "ON") && !follows(r, "CONFLICT")) {
		next(r);
		counts = !mig__sqlite_is(r->t, "INSERT");
		if (counts)
			forget(r->out, key, mig__sqlite_is(r->t, "DELETE") ? "delete" : "update");
		take(r, &buf, add_folded);
		if (mig__sqlite_is(r->t, "NO"))
			counts = 0;
		if (mig__sqlite_is(r->t, "NO") || mig__sqlite_is(r->t, "SET"))
			take(r, &buf, add_folded);
		take(r, &buf, add_folded);
	} else if (mig__sqlite_is(r->t, "MATCH")) {
		forget(r->out, key, "match");
		take(r, &buf, add_folded);
		take(r, &buf, add_folded);
	} else if (mig__sqlite_is(r->t, "DEFERRABLE") || (mig__sqlite_is(r->t, "NOT") && follows(r, "DEFERRABLE"))) {
		counts = !mig__sqlite_is(r->t, "NOT");
		forget(r->out, key, "deferrable");
		if (!counts)
			next(r);
		take(r, &buf, add_folded);
		if (mig__sqlite_is(r->t, "INITIALLY")) {
			take(r, &buf, add_folded);
			take(r, &buf, add_folded);
		}
	} else {
		mig__buf_finish(&buf);
		return 0;
	}
	if (counts)
		add(r->out, &buf);
	else
		mig__buf_finish(&buf);
	return 1;
}

static void read_foreign_key(struct reading *r)
{
	struct mig__buf buf = start_constraint(r);
	const char *key;

	if (mig__sqlite_is(r->t, "FOREIGN")) {
		next(r);
		next(r);
		add_words(&buf, "foreign key");
		take(r, &buf, add_folded);
	} else {
		add_words(&buf, "foreign key");
		add_column(r, &buf);
	}
	take(r, &buf, add_folded);
	take(r, &buf, add_folded);
	if (mig__sqlite_is_sign(r->t, '('))
		take(r, &buf, add_folded);
	add(r->out, &buf);
	if (r->out->failed)
		return;
	key = r->out->at[r->out->count - 1];
	while (!r->out->failed && read_action(r, key))
		;
}

/* -- the whole */

static const char *folded(struct reading *r)
{
	struct mig__buf buf = start(r);
	const char *text;

	add_folded(&buf, r->t);
	text = buf.failed ? NULL : mig__arena_strdup(r->out->arena, mig__buf_text(&buf));
	mig__buf_finish(&buf);
	r->out->failed |= !text;
	next(r);
	return text ? text : "";
}

static void read_clause(struct reading *r)
{
	if (mig__sqlite_is(r->t, "CONSTRAINT")) {
		next(r);
		r->constraint = folded(r);
		return;
	}
	if (mig__sqlite_is(r->t, "PRIMARY") || mig__sqlite_is(r->t, "UNIQUE")) {
		read_key(r);
	} else if (mig__sqlite_is(r->t, "CHECK")) {
		read_check(r);
	} else if (mig__sqlite_is(r->t, "FOREIGN") || (r->column && mig__sqlite_is(r->t, "REFERENCES"))) {
		read_foreign_key(r);
	} else if (r->column && mig__sqlite_is(r->t, "NOT")) {
		read_not_null(r);
	} else if (r->column && mig__sqlite_is(r->t, "DEFAULT")) {
		read_default(r);
	} else if (r->column && mig__sqlite_is(r->t, "COLLATE")) {
		read_collate(r);
	} else if (r->column && (mig__sqlite_is(r->t, "GENERATED") || mig__sqlite_is(r->t, "AS"))) {
		read_generated(r);
	} else if (mig__sqlite_is(r->t, "NULL")) {
		struct mig__buf nothing = start(r);

		next(r);
		take_conflict(r, &nothing);
		mig__buf_finish(&nothing);
	} else { /* what this does not know counts as it stands */
		struct mig__buf buf = start(r);

		add_words(&buf, r->column ? r->column : "");
		take(r, &buf, add_exact);
		add(r->out, &buf);
	}
	r->constraint = NULL;
}

static void read_column(struct reading *r)
{
	struct mig__buf buf = start(r);

	r->column = folded(r);
	add_words(&buf, r->column);
	while (!ends(r) && !begins(r))
		take(r, &buf, add_folded);
	add(r->out, &buf);
}

static void read_body(struct reading *r)
{
	next(r);
	while (r->t.kind && !mig__sqlite_is_sign(r->t, ')') && !r->out->failed) {
		r->column = r->constraint = NULL;
		if (!begins(r) || mig__sqlite_is(r->t, "GENERATED"))
			read_column(r);
		while (!ends(r) && !r->out->failed)
			read_clause(r);
		if (mig__sqlite_is_sign(r->t, ','))
			next(r);
	}
	next(r);
	while (r->t.kind && !r->out->failed) { /* STRICT, WITHOUT ROWID */
		struct mig__buf buf = start(r);

		while (!ends(r))
			take(r, &buf, add_folded);
		add(r->out, &buf);
		next(r);
	}
}

/* A module gets its arguments as they are written; of those in quotes letters count. */
static void add_argument(struct mig__buf *buf, token t)
{
	if (t.kind != MIG__TOKEN_STRING && t.kind != MIG__TOKEN_NAME) {
		add_folded(buf, t);
		return;
	}
	mig__buf_adds(buf, buf->len ? " " : "");
	mig__sqlite_add_plain(buf, t);
}

static void read_stream(struct reading *r, void (*add_token)(struct mig__buf *buf, token t))
{
	struct mig__buf buf = start(r);

	while (r->t.kind)
		take(r, &buf, add_token);
	add(r->out, &buf);
}

static int has_text(const mig_object *o)
{
	return o->kind == MIG_KIND_TABLE || o->kind == MIG_KIND_VIEW || o->kind == MIG_KIND_INDEX ||
	       o->kind == MIG_KIND_TRIGGER;
}

static void read(struct list *out, const mig_object *o)
{
	struct reading r = { .out = out, .t = mig__sqlite_token(mig__attribute(o, ".sql")) };

	if (o->kind == MIG_KIND_INDEX) { /* ON table */
		next(&r);
		next(&r);
	}
	if (o->kind == MIG_KIND_TABLE && mig__sqlite_is_sign(r.t, '('))
		read_body(&r);
	else
		read_stream(&r, o->kind == MIG_KIND_TABLE ? add_argument : add_exact);
	if (!out->failed && out->count)
		qsort(out->at, out->count, sizeof *out->at, by_text);
}

/* What one list has and the other has not, one of each. */
static void compare(const struct list *is, const struct list *want, const char **only_is, const char **only_want)
{
	size_t i = 0, k = 0;

	*only_is = *only_want = NULL;
	while (i < is->count || k < want->count) {
		int order = i == is->count ? 1 : k == want->count ? -1 : strcmp(is->at[i], want->at[k]);

		if (order < 0 && !*only_is)
			*only_is = is->at[i];
		if (order > 0 && !*only_want)
			*only_want = want->at[k];
		i += order <= 0;
		k += order >= 0;
	}
}

mig_status mig__sqlite_unlike(mig_conn *conn, const mig_object *is, const mig_object *want, void *user,
			      mig_unlike_fn fn)
{
	const char *a = mig__attribute(is, ".sql"), *b = mig__attribute(want, ".sql"), *only_a, *only_b;
	struct mig__arena arena;
	struct list la = { .arena = &arena }, lb = { .arena = &arena };
	mig_status rc = MIG_OK;

	if (!has_text(is) || !a || !b || !strcmp(a, b) || mig__attribute(is, "sql"))
		return MIG_OK;
	mig__arena_init(&arena, &conn->alloc);
	read(&la, is);
	read(&lb, want);
	if (la.failed || lb.failed) {
		rc = mig__sqlite_nomem(conn);
	} else {
		compare(&la, &lb, &only_a, &only_b);
		if (only_a || only_b)
			rc = fn(user, only_a ? only_a : "", only_b ? only_b : "");
	}
	mig__free(&conn->alloc, la.at);
	mig__free(&conn->alloc, lb.at);
	mig__arena_finish(&arena);
	return rc;
}

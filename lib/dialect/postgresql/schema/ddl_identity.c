/* Identity columns, and sequences that take over from them or hand over to them. */
#include "dialect/postgresql/schema/ddl.h"
#include "dialect/postgresql/sql/quote.h"

#include <string.h>

/* What an option is set to where it is not said. */
static const struct {
	const char *word, *usual;
} options[] = {
	{ "INCREMENT BY", "INCREMENT BY 1" },
	{ "MINVALUE", "NO MINVALUE" },
	{ "MAXVALUE", "NO MAXVALUE" },
	{ "CACHE", "CACHE 1" },
	{ "CYCLE", "NO CYCLE" },
	{ "START WITH", NULL },
};

enum { OPTIONS = sizeof options / sizeof *options, BOUNDS = 3 /* of them: where it starts goes by these */ };

/* The option in "START WITH 5 INCREMENT BY 2", *size with its value; NULL: not said. */
static const char *find(const char *list, const char *word, size_t *size)
{
	const char *p = list ? strstr(list, word) : NULL;

	if (!p)
		return NULL;
	*size = strlen(word);
	if (p[*size] == ' ' && strcmp(word, "CYCLE") != 0)
		*size += 1 + strcspn(p + *size + 1, " ");
	return p;
}

/* The value of an option, or NULL; in room for a number. */
static const char *value_of(const char *list, const char *word, char *room, size_t size)
{
	size_t whole = 0, skip = strlen(word) + 1;
	const char *p = find(list, word, &whole);

	if (!p || whole <= skip || whole - skip >= size)
		return NULL;
	memcpy(room, p + skip, whole - skip);
	room[whole - skip] = '\0';
	return room;
}

/* A bound that the sequence may be past by now. */
static void move_inside(struct mig__ddl *d, const mig_object *from, const mig_object *to,
			const char *word, const char *sign, const char *called)
{
	enum { ROOM = 24 };
	char old_room[ROOM], new_room[ROOM];
	const char *old = value_of(mig__attribute(from, "identity_options"), word, old_room, ROOM);
	const char *new = value_of(mig__attribute(to, "identity_options"), word, new_room, ROOM);
	const char *name = mig__attribute(from, ".sequence");

	if (new && name && (!old || strcmp(old, new) != 0))
		mig__ddl_move_inside(d, name, new, sign, called);
}

static int differs(const char *old, const char *new, size_t option)
{
	size_t was = 0, is = 0;
	const char *a = find(old, options[option].word, &was);
	const char *b = find(new, options[option].word, &is);

	return was != is || (a && strncmp(a, b, is) != 0);
}

/* Where a sequence starts for which it is not said. */
static void add_usual_start(struct mig__buf *b, const char *list)
{
	enum { ROOM = 24 };
	char room[ROOM];
	const char *step = value_of(list, "INCREMENT BY", room, ROOM);
	int down = step && *step == '-';
	const char *bound = value_of(list, down ? "MAXVALUE" : "MINVALUE", room, ROOM);

	mig__buf_addf(b, "START WITH %s", bound ? bound : down ? "-1" : "1");
}

/* All in one clause: they are checked together. */
static void set_options(struct mig__ddl *d, const mig_object *from, const mig_object *to)
{
	const char *old = mig__attribute(from, "identity_options");
	const char *new = mig__attribute(to, "identity_options");
	struct mig__buf *b = NULL;
	int bounds = 0;

	move_inside(d, from, to, "MINVALUE", "<", "false");
	move_inside(d, from, to, "MAXVALUE", ">", "true");
	for (size_t i = 0; i < OPTIONS; i++) {
		size_t size = 0;
		const char *is = find(new, options[i].word, &size);

		if (!differs(old, new, i) && !(bounds && !options[i].usual))
			continue;
		bounds |= i < BOUNDS;
		if (!b) {
			b = mig__ddl_clause(d, to, 0);
			mig__ddl_put(b, to, "ALTER COLUMN @n");
		}
		mig__buf_adds(b, " SET ");
		if (is)
			mig__buf_add(b, is, size);
		else if (options[i].usual)
			mig__buf_adds(b, options[i].usual);
		else
			add_usual_start(b, new);
	}
}

/* -- the sequence's name */

/* What the server would call it, if that is short enough not to be cut. */
static int is_usual_name(struct mig__buf *b, const mig_object *column, const char *sequence)
{
	enum { LONGEST = 63 };
	const mig_object *table = mig__top(column);
	struct mig__buf name, whole;
	mig_object named = { .schema = table->schema };
	int usual;

	mig__buf_init(&name, b->alloc);
	mig__buf_init(&whole, b->alloc);
	mig__buf_addf(&name, "%s_%s_seq", table->name, column->name);
	named.name = mig__buf_text(&name);
	mig__ddl_put(&whole, &named, "@q");
	usual = name.len > LONGEST || !strcmp(mig__buf_text(&whole), sequence);
	b->failed |= name.failed | whole.failed;
	mig__buf_finish(&name);
	mig__buf_finish(&whole);
	return usual;
}

void mig__ddl_identity_options(struct mig__buf *b, const mig_object *column)
{
	const char *sequence = mig__attribute(column, ".sequence");

	if (!sequence || is_usual_name(b, column, sequence))
		mig__ddl_put(b, column, "[identity_options| ($identity_options)]");
	else
		mig__ddl_put(b, column,
			     " (SEQUENCE NAME $.sequence[identity_options| $identity_options])");
}

/* The sequence of that qualified name. */
static const mig_object *find_sequence(struct mig__ddl *d, const mig_object *first,
				       const char *name)
{
	struct mig__buf b;

	mig__buf_init(&b, &d->conn->alloc);
	for (; first; first = first->next) {
		if (first->kind != MIG_KIND_SEQUENCE)
			continue;
		mig__buf_clear(&b);
		mig__ddl_put(&b, first, "@q");
		if (!strcmp(mig__buf_text(&b), name))
			break;
	}
	mig__buf_finish(&b);
	return first;
}

/* The operation that drops or creates the sequence of that name, or NULL. */
static const mig_op *sequence_op(struct mig__ddl *d, const mig_object *first, const char *name)
{
	const mig_object *found = name ? find_sequence(d, first, name) : NULL;

	return found ? mig__ddl_op(d, found) : NULL;
}

/* -- the two that change places */

void mig__ddl_free_identity(struct mig__ddl *d, const mig_object *sequence)
{
	for (size_t i = 0; d->leaving && i < d->changes->op_count; i++) {
		const mig_op *op = d->changes->ops[i];
		const char *name;

		if (!mig__ddl_leaves_identity(op) || mig__ddl_is_past(d, op))
			continue;
		name = mig__attribute(op->from, ".sequence");
		if (name && find_sequence(d, sequence, name) == sequence)
			mig__ddl_do(d, op->from, "+ALTER COLUMN @n DROP IDENTITY");
	}
}

void mig__ddl_drop_identity(struct mig__ddl *d, const mig_object *from, const mig_object *to)
{
	const mig_op *op = sequence_op(d, d->changes->after, mig__attribute(from, ".sequence"));

	if (!op || op->type != MIG_OP_CREATE || !mig__ddl_is_past(d, op) ||
	    d->continued[mig__ddl_place(d, op)])
		mig__ddl_do(d, to, "+ALTER COLUMN @n DROP IDENTITY");
}

int mig__ddl_leaves_identity(const mig_op *op)
{
	return op->type == MIG_OP_ALTER && op->from->kind == MIG_KIND_COLUMN &&
	       mig__attribute(op->from, "identity") && !mig__attribute(op->to, "identity");
}

void mig__ddl_advance(struct mig__ddl *d, const mig_object *column, const mig_object *sequence)
{
	struct mig__buf *b, quoted;

	if (!mig__ddl_has_rows(d, column) || !column->other)
		return;
	mig__buf_init(&quoted, &d->conn->alloc);
	mig__ddl_put(&quoted, sequence ? sequence : mig__top(column), "@q");
	b = mig__ddl_begin(d);
	mig__buf_adds(b, "SELECT pg_catalog.setval(");
	mig__buf_adds(b, sequence ? "" : "pg_catalog.pg_get_serial_sequence(");
	mig__pg_add_text(b, mig__buf_text(&quoted), quoted.len);
	if (!sequence) {
		mig__buf_adds(b, ", ");
		mig__pg_add_text(b, column->name, strlen(column->name));
		mig__buf_adds(b, ")");
	}
	mig__ddl_put(b, column, ", pg_catalog.max(@n)) FROM @t HAVING pg_catalog.max(@n) > 0");
	mig__ddl_note(d, column, "@n goes on behind the values that are there");
	b->failed |= quoted.failed;
	mig__buf_finish(&quoted);
	mig__ddl_end(d, 0);
}

void mig__ddl_set_identity(struct mig__ddl *d, const mig_object *from, const mig_object *to)
{
	const mig_object *had;
	struct mig__buf *b;
	const mig_op *old;

	if (mig__attribute(from, "identity")) {
		if (!mig__attribute_same(from, to, "identity"))
			mig__ddl_do(d, to, "+ALTER COLUMN @n SET GENERATED $identity");
		set_options(d, from, to);
		return;
	}
	had = mig__ddl_begin_identity(d, from);
	old = sequence_op(d, d->changes->before, mig__attribute(to, ".sequence"));
	if (old && old->type == MIG_OP_DROP && !mig__ddl_is_past(d, old))
		mig__ddl_now(d, old);
	b = mig__ddl_clause(d, to, 0);
	mig__ddl_put(b, to, "ALTER COLUMN @n ADD GENERATED $identity AS IDENTITY");
	mig__ddl_identity_options(b, to);
	if (had)
		mig__ddl_continue_identity(d, to, had);
	else
		mig__ddl_advance(d, to, NULL);
}

/* Where sequences stand. A column that gets another sequence (serial becomes an identity, or the other
 * way round, or uses another sequence) goes on where the one before stood: no number is given twice.
 * Where both have one name, the old one has another until the new one has taken over from it.
 *
 * E.g. t.id, a serial, becomes an identity:
 *
 *     ALTER SEQUENCE t_id_seq RENAME TO t_id_seq_old;
 *     ALTER TABLE t ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY;
 *     SELECT setval('t_id_seq', last_value, is_called) FROM t_id_seq_old;
 *     DROP SEQUENCE t_id_seq_old; */
#include "dialect/postgresql/schema/ddl.h"
#include "dialect/postgresql/sql/quote.h"

#include <string.h>

/* -- whose sequence it is */

/* The column that owns a sequence, or NULL. */
static const mig_object *owner_of(const mig_object *sequence)
{
	const mig_object *ownership = mig__child(sequence, MIG_KIND_OWNERSHIP, NULL);

	for (size_t i = 0; ownership && i < ownership->need_count; i++)
		if (ownership->needs[i]->kind == MIG_KIND_COLUMN)
			return ownership->needs[i];
	return NULL;
}

/* The sequence that a column owned before, or NULL. */
static const mig_object *sequence_of(const struct mig__ddl *d, const mig_object *column)
{
	for (const mig_object *o = d->changes->before; o; o = o->next)
		if (o->kind == MIG_KIND_SEQUENCE && owner_of(o) == column)
			return o;
	return NULL;
}

/* Where the operation of an object is still to come. */
static const mig_op *pending(const struct mig__ddl *d, const mig_object *o, int32_t type)
{
	const mig_op *op = mig__ddl_op(d, o);

	return op && op->type == type && !mig__ddl_is_past(d, op) ? op : NULL;
}

/* -- the statements */

static void rename_away(struct mig__ddl *d, const mig_object *sequence)
{
	struct mig__buf name, *b;

	mig__buf_init(&name, &d->conn->alloc);
	mig__ddl_free_name(d, sequence, &name);
	b = mig__ddl_begin(d);
	d->first = NULL; /* destroys nothing */
	mig__ddl_put(b, sequence, "ALTER SEQUENCE @q RENAME TO ");
	mig__ddl_name(b, mig__buf_text(&name));
	b->failed |= name.failed;
	mig__buf_finish(&name);
	mig__ddl_end(d, 0);
}

/* The qualified name of a sequence, or of what it is called while it waits. */
static void add_sequence(struct mig__ddl *d, struct mig__buf *b, const mig_object *sequence, int away)
{
	mig_object named = { .schema = sequence->schema, .name = sequence->name };
	struct mig__buf name;

	mig__buf_init(&name, &d->conn->alloc);
	if (away) {
		mig__ddl_free_name(d, sequence, &name);
		named.name = mig__buf_text(&name);
	}
	mig__ddl_put(b, &named, "@q");
	b->failed |= name.failed;
	mig__buf_finish(&name);
}

/* "SELECT setval(", then the caller's name of the new one. */
static struct mig__buf *begin_setval(struct mig__ddl *d)
{
	struct mig__buf *b = mig__ddl_begin(d);

	mig__buf_adds(b, "SELECT pg_catalog.setval(");
	return b;
}

static void end_setval(struct mig__ddl *d, const mig_object *old, int away)
{
	mig__buf_adds(&d->sql, ", last_value, is_called) FROM ");
	add_sequence(d, &d->sql, old, away);
	mig__ddl_end(d, 0);
}

/* -- a new sequence */

/* A sequence that the column has no more: it goes, or belongs to another column from now on. */
static int is_given_up(const struct mig__ddl *d, const mig_object *sequence)
{
	return pending(d, sequence, MIG_OP_DROP) ||
	       (sequence->other && owner_of(sequence) != NULL &&
		owner_of(sequence->other) != owner_of(sequence)->other);
}

/* What the column of a new sequence takes its numbers from until now: a sequence that it gives up, or
 * that of an identity, which `named` then names. */
static const mig_object *predecessor(const struct mig__ddl *d, const mig_object *sequence,
				     mig_object *named)
{
	const mig_object *column = owner_of(sequence), *was = column ? column->other : NULL, *old;

	if (!was || sequence->other || !mig__ddl_has_rows(d, column))
		return NULL;
	if (!mig__attribute(was, "identity")) {
		old = sequence_of(d, was);
		return old && is_given_up(d, old) ? old : NULL;
	}
	if (mig__attribute(column, "identity") || !pending(d, was, MIG_OP_ALTER) ||
	    !mig__attribute(was, ".sequence_name"))
		return NULL;
	named->schema = mig__attribute(was, ".sequence_schema");
	named->name = mig__attribute(was, ".sequence_name");
	return named;
}

void mig__ddl_create_sequence(struct mig__ddl *d, const mig_object *o)
{
	mig_object named = { .kind = MIG_KIND_SEQUENCE };
	const mig_object *old = predecessor(d, o, &named);
	int away = old && !strcmp(old->name, o->name) && !strcmp(old->schema, o->schema);
	struct mig__buf quoted, *b;

	if (away)
		rename_away(d, old);
	else
		mig__ddl_free_identity(d, o);
	mig__ddl_do(d, o,
		    "CREATE[persistence| UNLOGGED] SEQUENCE @q[type| AS $type][increment| "
		    "INCREMENT BY $increment][min| MINVALUE $min][max| MAXVALUE $max][start| "
		    "START WITH $start][cache| CACHE $cache][cycle| CYCLE]");
	if (!old)
		return;
	mig__buf_init(&quoted, &d->conn->alloc);
	mig__ddl_put(&quoted, o, "@q");
	b = begin_setval(d);
	mig__pg_add_text(b, mig__buf_text(&quoted), quoted.len);
	b->failed |= quoted.failed;
	mig__buf_finish(&quoted);
	mig__ddl_note(d, o, "@n goes on where the sequence before it stood");
	end_setval(d, old, away);
	d->continued[mig__ddl_place(d, d->op)] = 1;
	if (pending(d, old, MIG_OP_DROP))
		d->continued[mig__ddl_place(d, mig__ddl_op(d, old))] = 1;
}

/* -- an identity after a sequence */

/* The column that has owned the sequence becomes an identity later. */
static int waits(const struct mig__ddl *d, const mig_object *sequence)
{
	const mig_object *column = owner_of(sequence);

	return column && column->other && mig__attribute(column->other, "identity") &&
	       !mig__attribute(column, "identity") && pending(d, column, MIG_OP_ALTER);
}

/* The sequence that the column of this one has from now on, and that was there before: with numbers of
 * its own, of which the column may have used none. NULL: there is none. */
static const mig_object *heir_of(const struct mig__ddl *d, const mig_object *sequence)
{
	const mig_object *column = owner_of(sequence), *will = column ? column->other : NULL;

	for (const mig_object *o = will ? d->changes->after : NULL; o; o = o->next)
		if (o->kind == MIG_KIND_SEQUENCE && o->other && o->other != sequence && owner_of(o) == will)
			return o;
	return NULL;
}

/* E.g. SELECT setval('a', n.last_value, n.is_called) FROM b AS n, a AS o WHERE n.last_value > o.last_value */
static void advance_heir(struct mig__ddl *d, const mig_object *sequence, const mig_object *heir)
{
	const char *increment = mig__attribute(heir, "increment");
	struct mig__buf quoted, *b;

	mig__buf_init(&quoted, &d->conn->alloc);
	mig__ddl_put(&quoted, heir, "@q");
	b = begin_setval(d);
	d->first = NULL; /* destroys nothing */
	mig__pg_add_text(b, mig__buf_text(&quoted), quoted.len);
	b->failed |= quoted.failed;
	mig__buf_finish(&quoted);
	mig__ddl_put(b, sequence, ", n.last_value, n.is_called) FROM @q AS n, ");
	mig__ddl_put(b, heir, "@q AS o WHERE n.last_value ");
	mig__buf_adds(b, increment && increment[0] == '-' ? "<" : ">");
	mig__buf_adds(b, " o.last_value");
	mig__ddl_note(d, heir, "@n goes on where the sequence before it stood");
	mig__ddl_end(d, 0);
	d->continued[mig__ddl_place(d, mig__ddl_op(d, sequence))] = 1;
}

void mig__ddl_drop_sequence(struct mig__ddl *d, const mig_object *o)
{
	if (!waits(d, o)) {
		const mig_object *heir = heir_of(d, o);
		struct mig__buf *b;

		if (heir)
			advance_heir(d, o, heir);
		b = mig__ddl_begin(d);
		if (d->continued[mig__ddl_place(d, mig__ddl_op(d, o))])
			d->first = NULL; /* destroys nothing */
		mig__ddl_put(b, o, "DROP SEQUENCE @q");
		mig__ddl_end(d, 0);
		return;
	}
	rename_away(d, o);
	d->continued[mig__ddl_place(d, mig__ddl_op(d, o))] = 1;
}

const mig_object *mig__ddl_begin_identity(struct mig__ddl *d, const mig_object *from)
{
	const mig_object *had = sequence_of(d, from);
	const mig_op *op = had ? mig__ddl_op(d, had) : NULL;
	size_t place;

	if (!had || !mig__attribute(from->other, ".sequence"))
		return NULL;
	if (!op || op->type != MIG_OP_DROP)
		return had;
	place = mig__ddl_place(d, op);
	if (!mig__ddl_is_past(d, op)) {
		d->done[place] = d->continued[place] = 1;
		rename_away(d, had);
	}
	return d->continued[place] ? had : NULL;
}

void mig__ddl_continue_identity(struct mig__ddl *d, const mig_object *to, const mig_object *had)
{
	int away = mig__ddl_op(d, had) && mig__ddl_op(d, had)->type == MIG_OP_DROP;
	const char *name = mig__attribute(to, ".sequence");
	struct mig__buf *b = begin_setval(d);

	mig__pg_add_text(b, name, strlen(name));
	mig__ddl_note(d, to, "@n goes on where its sequence stood");
	end_setval(d, had, away);
	if (!away)
		return;
	b = mig__ddl_begin(d);
	mig__buf_adds(b, "DROP SEQUENCE ");
	add_sequence(d, b, had, 1);
	mig__ddl_end(d, 0);
}

/* -- bounds */

void mig__ddl_move_inside(struct mig__ddl *d, const char *name, const char *bound, const char *sign,
			  const char *called)
{
	struct mig__buf *b = begin_setval(d);

	mig__pg_add_text(b, name, strlen(name));
	mig__buf_addf(b, ", %s, %s) FROM %s WHERE last_value %s %s", bound, called, name, sign, bound);
	mig__ddl_end(d, 0);
}

/* ask: the questions on a terminal. Something dropped and something like it created may be one
 * thing that was renamed; nobody but the user knows. */
#include "cli/difference.h"

#include <mig/attribute.h>
#include <stdio.h>
#include <string.h>

static int same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static int same_type(const mig_object *a, const mig_object *b)
{
	return same_text(mig_object_attribute(a, MIG_ATTR_TYPE), mig_object_attribute(b, MIG_ATTR_TYPE));
}

static const mig_object *next_column(const mig_object *o)
{
	while (o && o->kind != MIG_KIND_COLUMN)
		o = o->next;
	return o;
}

/* The same columns in the same order. */
static int same_columns(const mig_object *a, const mig_object *b)
{
	const mig_object *x = next_column(a->child), *y = next_column(b->child);

	if (!x)
		return 0;
	while (x && y && !strcmp(x->name, y->name) && same_type(x, y)) {
		x = next_column(x->next);
		y = next_column(y->next);
	}
	return !x && !y;
}

/* Whether the created object may be the dropped one under another name. */
static int is_like(const mig_op *drop, const mig_op *create)
{
	const mig_object *from = drop->from, *to = create->to;

	if (drop->type != MIG_OP_DROP || from->kind != to->kind ||
	    ((drop->flags | create->flags) & MIG_OP_REPLACE) ||
	    strcmp(from->schema, to->schema) != 0)
		return 0;
	if (from->kind == MIG_KIND_TABLE)
		return same_columns(from, to);
	return from->kind == MIG_KIND_COLUMN && !strcmp(from->parent->name, to->parent->name) &&
	       same_type(from, to);
}

/* Names that --rename can say. */
static int is_plain(const char *name)
{
	return !strpbrk(name, ".=");
}

/* 1: yes, 0: no, which is also what an end of the input means. */
static int answered_yes(struct mig__cli *cli, const mig_object *from, const mig_object *to)
{
	struct mig__cli_text *out = &cli->out;
	char answer[8];
	int c, yes;

	if (from->kind == MIG_KIND_TABLE) {
		mig__cli_adds(out, "was table ");
	} else {
		mig__cli_shown(out, to->parent->name);
		mig__cli_adds(out, ": was ");
	}
	mig__cli_shown(out, to->name);
	mig__cli_adds(out, " renamed from ");
	mig__cli_shown(out, from->name);
	mig__cli_adds(out, "? [y/N] ");
	mig__cli_flush(cli);
	if (!fgets(answer, sizeof answer, stdin))
		return 0;
	yes = answer[0] == 'y' || answer[0] == 'Y';
	while (!strchr(answer, '\n') && (c = getc(stdin)) != EOF && c != '\n')
		;
	return yes;
}

/* "users.name=", "users=" */
static void add_old(struct mig__cli_text *out, const mig_object *from)
{
	if (from->parent)
		mig__cli_addf(out, "%s.", from->parent->name);
	mig__cli_addf(out, "%s=", from->name);
}

static int add_answer(struct mig__cli *cli, struct mig__cli_difference *d, const mig_object *from,
		      const mig_object *to)
{
	struct mig__cli_text text = { 0 };

	add_old(&text, from);
	mig__cli_adds(&text, to->name);
	if (text.failed)
		mig__cli_text_finish(&text);
	return mig__cli_add_rename(cli, d, text.data);
}

/* Whether an answer has already said what became of it. */
static int is_taken(const struct mig__cli_difference *d, const mig_object *from)
{
	struct mig__cli_text old = { 0 };
	int taken = 0;

	add_old(&old, from);
	for (size_t i = 0; i < d->answer_count && !old.failed; i++)
		taken |= !strncmp(d->answers[i], old.data, old.len);
	mig__cli_text_finish(&old);
	return taken;
}

static int may_be(const struct mig__cli_difference *d, const mig_op *drop, const mig_op *create)
{
	return is_like(drop, create) && is_plain(drop->from->name) && is_plain(create->to->name) &&
	       (!drop->from->parent || is_plain(drop->from->parent->name)) &&
	       !is_taken(d, drop->from);
}

/* What is dropped stands in reverse, so it is gone through from the end. */
int mig__cli_ask_renames(struct mig__cli *cli, struct mig__cli_difference *d,
			 const mig_op_list *ops)
{
	size_t count = mig_op_list_count(ops);

	for (size_t i = 0; i < count; i++) {
		const mig_op *create = mig_op_list_at(ops, i);

		if (create->type != MIG_OP_CREATE)
			continue;
		for (size_t k = count; k-- > 0;) {
			const mig_op *drop = mig_op_list_at(ops, k);

			if (!may_be(d, drop, create) || !answered_yes(cli, drop->from, create->to))
				continue;
			if (add_answer(cli, d, drop->from, create->to))
				return MIG_CLI_ERROR;
			break;
		}
	}
	return MIG_CLI_DONE;
}

/* reading: compares what a dialect reads of a model with what came of running it. */
#include "reading.h"

#include "schema/match.h"

#include <string.h>

/* Read is not what came of running it. A text behind a blank is what the dialect does not know: it
 * equals nothing. */
static void compare_read(const mig_object *read, const mig_object *run, struct mig__buf *out,
			 struct reading *said)
{
	for (size_t i = 0; i < read->attribute_count; i++) {
		const mig_attribute *a = &read->attributes[i];
		const char *value = mig__attribute(run, a->key);

		if (a->value[strspn(a->value, "(")] == ' ')
			said->unknown++;
		else if (a->key[0] != '.' && (!value || strcmp(value, a->value) != 0))
			mig__buf_addf(out, "%s %s: %s is read as %s, and is %s; ",
				      mig__kind_name(read->kind), read->name, a->key, a->value,
				      value ? value : "not there");
	}
	for (size_t i = 0; i < run->attribute_count; i++)
		if (run->attributes[i].key[0] != '.' && !mig__attribute(read, run->attributes[i].key))
			mig__buf_addf(out, "%s %s: %s is not read: %s; ", mig__kind_name(run->kind),
				      run->name, run->attributes[i].key, run->attributes[i].value);
}

static int is_touched(const struct mig__schema *read, const mig_object *o)
{
	const mig_object *top = mig__top(o);

	for (size_t i = 0; i < read->count; i++) {
		const mig_object *other = &read->at[i]->pub;

		for (size_t n = 0; other->kind == MIG_KIND_OTHER && n < other->need_count; n++)
			if (other->needs[n] == top)
				return 1;
	}
	return o->kind == MIG_KIND_OTHER;
}

static void compare_all(const struct mig__schema *read, const struct mig__schema *run,
			struct mig__buf *out, struct reading *said)
{
	int kept = 0;

	for (size_t i = 0; i < read->count; i++)
		kept |= read->at[i]->pub.kind == MIG_KIND_OTHER;
	for (size_t i = 0; i < read->count; i++) {
		const mig_object *o = &read->at[i]->pub;

		/* run as it is written, and what it may change */
		if (is_touched(read, o))
			said->unknown++;
		else if (o->other)
			compare_read(o, o->other, out, said);
		else
			mig__buf_addf(out, "%s %s is read, and is not there; ",
				      mig__kind_name(o->kind), o->name);
	}
	for (size_t i = 0; i < run->count && !kept; i++)
		if (!run->at[i]->pub.other && !(run->at[i]->pub.flags & MIG_OBJECT_INHERITED))
			mig__buf_addf(out, "%s %s is not read; ",
				      mig__kind_name(run->at[i]->pub.kind), run->at[i]->pub.name);
}

static mig_status read_text(mig_ctx *ctx, const char *text, size_t size, struct mig__schema *out,
			    int32_t *done)
{
	const mig_dialect_schema *slots = ctx->db.dialect->schema;
	const mig_script_text script = { sizeof script, text, size }, *list[] = { &script };
	mig_schema_sink sink;
	mig_status rc;

	mig__schema_init(out, &ctx->alloc, &ctx->err);
	out->fold = (ctx->db.dialect->capabilities & MIG_NAMES_FOLD) != 0;
	sink = mig__schema_sink(out);
	rc = slots->read_script(ctx->db.conn, list, 1, NULL, &sink, done);
	return rc ? rc : mig__schema_done(out);
}

mig_status reading_check(mig_ctx *ctx, const char *text, size_t size, struct mig__schema *run,
			 struct reading *out)
{
	struct reading said = { 0 };
	struct mig__schema read;
	struct mig__buf words;
	int32_t done = 0;
	mig_status rc = read_text(ctx, text, size, &read, &done);

	mig__buf_init(&words, &ctx->alloc);
	if (!rc && done)
		rc = mig__match(run, &read);
	if (!rc && done)
		compare_all(&read, run, &words, &said);
	if (!rc && words.len)
		rc = mig__fail(&ctx->err, MIG_EPROOF, "reading: %s", words.data);
	said.read = done;
	if (out)
		*out = said;
	mig__buf_finish(&words);
	mig__schema_finish(&read);
	return rc;
}

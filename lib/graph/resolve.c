/* Identifiers: [LABEL@](base | head | heads | id or label | the start of one). */
#include "graph/internal.h"

#include "base/text.h"

#include <string.h>

enum {
	SHORTEST_KEY = 4,    /* keys with fewer characters are never meant by their start */
	MOST_SHOWN = 6,      /* candidates in a message */
	MOST_COMPARED = 5000 /* keys that are compared letter by letter for a suggestion */
};

int mig__ident_is(const char *name, size_t size, const char *word)
{
	return strlen(word) == size && !memcmp(name, word, size);
}

static struct mig__ident split_at(const char *text, const char *at)
{
	struct mig__ident ident = { .name = text, .name_size = strlen(text) };

	if (at) {
		ident.label = text;
		ident.label_size = (size_t)(at - text);
		ident.name = at + 1;
		ident.name_size -= ident.label_size + 1;
	}
	return ident;
}

struct mig__ident mig__ident_split(const char *text)
{
	return split_at(text, strchr(text, '@'));
}

struct mig__ident mig__ident_split_last(const char *text)
{
	return split_at(text, strrchr(text, '@'));
}

/* -- keys: ids and labels */

static uint32_t exact_key(const struct mig__graph *g, const char *text, size_t size)
{
	uint32_t node = mig__ids_get(g, text, size);

	if (node == MIG__NO_NODE) {
		uint32_t label = mig__map_get(&g->labels, text, size);

		node = label == MIG__NONE ? MIG__NO_NODE : g->label_node[label];
	}
	return node;
}

int mig__graph_has_key(const struct mig__graph *g, const char *text, size_t size)
{
	return exact_key(g, text, size) != MIG__NO_NODE;
}

static uint32_t key_count(const struct mig__graph *g)
{
	return g->count + g->label_count;
}

static const char *key_text(const struct mig__graph *g, uint32_t key)
{
	return key < g->count ? g->id[key] : g->label_text[key - g->count];
}

static uint32_t key_node(const struct mig__graph *g, uint32_t key)
{
	return key < g->count ? key : g->label_node[key - g->count];
}

static int long_enough(const char *key)
{
	size_t characters = 0;

	for (; *key && characters < SHORTEST_KEY; key++)
		characters += ((unsigned char)*key & 0xc0) != 0x80;
	return characters >= SHORTEST_KEY;
}

static int is_start(const char *key, const char *text, size_t size)
{
	return !strncmp(key, text, size) && long_enough(key);
}

void mig__graph_suggest(const struct mig__graph *g, const char *word, size_t size,
			struct mig__buf *buf)
{
	const char *two[2] = { NULL, NULL }, *best = NULL;
	uint32_t compared = 0;

	/* one letter off is nearly always a key with the same first or last letter */
	for (uint32_t k = 0; size > 2 && k < key_count(g) && compared < MOST_COMPARED; k++) {
		const char *key = key_text(g, k);
		size_t n = strlen(key);

		if (n + 1 < size || n > size + 1 ||
		    (key[0] != word[0] && key[n - 1] != word[size - 1]))
			continue;
		compared++;
		two[0] = key;
		if (mig__text_suggest(word, size, two)) {
			if (best)
				return; /* two are near: a guess would not help */
			best = key;
		}
	}
	if (best)
		mig__buf_addf(buf, " (did you mean \"%s\"?)", best);
}

static mig_status fail_not_found(const struct mig__graph *g, const struct mig__branch *branch,
				 const char *name, size_t size, struct mig__error *err)
{
	struct mig__buf buf;

	mig__buf_init(&buf, err->alloc);
	if (!size) {
		mig__buf_adds(&buf, "an empty text names no revision");
	} else if (branch->in) {
		mig__buf_addf(&buf, "no revision or label \"%.*s\" in branch \"%.*s\"",
			      MIG__SHOW(name, size), MIG__SHOW(branch->text, branch->size));
	} else {
		mig__buf_addf(&buf, "no revision or label \"%.*s\"", MIG__SHOW(name, size));
		mig__graph_suggest(g, name, size, &buf);
	}
	mig__fail(err, MIG_ENOTFOUND, "%s", mig__buf_text(&buf));
	if (buf.failed)
		mig__fail_nomem(err);
	mig__buf_finish(&buf);
	return err->status;
}

static mig_status fail_ambiguous(const struct mig__graph *g, const struct mig__branch *branch,
				 const char *name, size_t size, struct mig__error *err)
{
	struct mig__buf buf;
	size_t found = 0;

	mig__buf_init(&buf, err->alloc);
	mig__buf_addf(&buf, "\"%.*s\" is ambiguous: it can mean ", MIG__SHOW(name, size));
	for (uint32_t k = 0; k < key_count(g); k++) {
		const char *key = key_text(g, k);

		if (!is_start(key, name, size) || (branch->in && !branch->in[key_node(g, k)]))
			continue;
		if (found++ < MOST_SHOWN)
			mig__buf_addf(&buf, "%s\"%s\"", found > 1 ? ", " : "", key);
	}
	if (found > MOST_SHOWN)
		mig__buf_addf(&buf, " and %zu more", found - MOST_SHOWN);
	mig__fail(err, MIG_EAMBIGUOUS, "%s", mig__buf_text(&buf));
	if (buf.failed)
		mig__fail_nomem(err);
	mig__buf_finish(&buf);
	return err->status;
}

/* The node of an exact key or of the only key that starts so. */
static mig_status find_key(const struct mig__graph *g, const struct mig__branch *branch,
			   const char *name, size_t size, struct mig__error *err, uint32_t *out)
{
	uint32_t found = MIG__NO_NODE;

	if (!size)
		return fail_not_found(g, branch, name, size, err);
	found = exact_key(g, name, size);
	if (found != MIG__NO_NODE) {
		if (branch->in && !branch->in[found])
			return mig__fail(err, MIG_ENOT_IN_BRANCH,
					 "revision \"%s\" is not in branch \"%.*s\"", g->id[found],
					 MIG__SHOW(branch->text, branch->size));
		*out = found;
		return MIG_OK;
	}
	for (uint32_t k = 0; k < key_count(g); k++) {
		uint32_t node = key_node(g, k);

		if (!is_start(key_text(g, k), name, size) || (branch->in && !branch->in[node]) ||
		    node == found) /* a revision and its own label */
			continue;
		if (found != MIG__NO_NODE)
			return fail_ambiguous(g, branch, name, size, err);
		found = node;
	}
	if (found == MIG__NO_NODE)
		return fail_not_found(g, branch, name, size, err);
	*out = found;
	return MIG_OK;
}

/* -- LABEL@ */

mig_status mig__branch_open(const struct mig__graph *g, const struct mig__ident *ident,
			    struct mig__error *err, struct mig__branch *out)
{
	const struct mig__branch everything = { .node = MIG__NO_NODE };
	struct mig__branch b = { ident->label, ident->label_size, MIG__NO_NODE, NULL };
	mig_status rc;

	*out = everything;
	if (!ident->label_size)
		return MIG_OK;
	rc = find_key(g, &everything, ident->label, ident->label_size, err, &b.node);
	if (rc)
		return rc;
	b.in = mig__flags_new(g);
	if (!b.in)
		return mig__fail_nomem(err);
	b.in[b.node] = MIG__APPLIED | MIG__ABOVE;
	mig__sweep_up(g, &g->parents, b.in, MIG__ABOVE, g->place[b.node] + 1, g->count);
	for (uint32_t i = g->place[b.node] + 1; i-- > 0;) {
		if (!(b.in[g->order[i]] & MIG__APPLIED))
			continue;
		MIG__EACH(p, g->parents, g->order[i])
			b.in[p] |= MIG__APPLIED;
	}
	*out = b;
	return MIG_OK;
}

void mig__branch_close(const struct mig__graph *g, struct mig__branch *branch)
{
	mig__free(g->alloc, branch->in);
	branch->in = NULL;
}

/* -- names */

static mig_status fail_heads(const struct mig__graph *g, const struct mig__branch *branch,
			     const char *name, size_t size, const struct mig__nodes *heads,
			     struct mig__error *err)
{
	struct mig__buf buf;

	mig__buf_init(&buf, err->alloc);
	mig__buf_adds(&buf, "\"");
	if (branch->in)
		mig__buf_addf(&buf, "%.*s@", MIG__SHOW(branch->text, branch->size));
	mig__buf_addf(&buf,
		      "%.*s\" must be one revision, and there are %u: ", MIG__SHOW(name, size),
		      (unsigned)heads->count);
	mig__list_nodes(&buf, g, heads->at, heads->count);
	mig__fail(err, MIG_EMULTIPLE_HEADS, "%s", mig__buf_text(&buf));
	if (buf.failed)
		mig__fail_nomem(err);
	else
		mig__error_set_hint(err,
				    "name one of them, narrow it down with LABEL@head, or take "
				    "\"heads\" for all");
	mig__buf_finish(&buf);
	return err->status;
}

static mig_status resolve_heads(const struct mig__graph *g, const struct mig__branch *branch,
				const char *name, size_t size, struct mig__error *err,
				struct mig__nodes *out)
{
	int all = mig__ident_is(name, size, "heads");
	struct mig__span heads = g->sets[all && !branch->in ? MIG__REAL_HEADS : MIG__HEADS];
	struct mig__nodes found;
	uint32_t kept = 0;
	mig_status rc = mig__nodes_copy(g, heads.at, heads.count, err, &found);

	if (rc)
		return rc;
	for (uint32_t i = 0; i < found.count; i++)
		if (!branch->in || branch->in[found.at[i]])
			found.at[kept++] = found.at[i];
	found.count = kept;
	if (!all && kept > 1) {
		rc = fail_heads(g, branch, name, size, &found, err);
		mig__nodes_finish(g, &found);
		return rc;
	}
	*out = found;
	return MIG_OK;
}

mig_status mig__resolve_name(const struct mig__graph *g, const struct mig__branch *branch,
			     const char *name, size_t size, struct mig__error *err,
			     struct mig__nodes *out)
{
	uint32_t node = MIG__NO_NODE;
	mig_status rc;

	if (mig__ident_is(name, size, "base"))
		return mig__nodes_copy(g, NULL, 0, err, out);
	if (mig__ident_is(name, size, "head") || mig__ident_is(name, size, "heads"))
		return resolve_heads(g, branch, name, size, err, out);
	rc = find_key(g, branch, name, size, err, &node);
	return rc ? rc : mig__nodes_copy(g, &node, 1, err, out);
}

mig_status mig__resolve_name_one(const struct mig__graph *g, const struct mig__branch *branch,
				 const char *name, size_t size, struct mig__error *err,
				 uint32_t *out)
{
	struct mig__nodes nodes = { NULL, 0 };
	mig_status rc = mig__resolve_name(g, branch, name, size, err, &nodes);

	if (!rc && nodes.count > 1)
		rc = fail_heads(g, branch, name, size, &nodes, err);
	else if (!rc)
		*out = nodes.count ? nodes.at[0] : MIG__NO_NODE;
	mig__nodes_finish(g, &nodes);
	return rc;
}

mig_status mig__graph_resolve(const struct mig__graph *g, const char *ident, struct mig__error *err,
			      struct mig__nodes *out)
{
	struct mig__ident parts = mig__ident_split(ident);
	struct mig__branch branch;
	mig_status rc = mig__branch_open(g, &parts, err, &branch);

	if (!rc)
		rc = mig__resolve_name(g, &branch, parts.name, parts.name_size, err, out);
	mig__branch_close(g, &branch);
	return rc;
}

mig_status mig__graph_resolve_one(const struct mig__graph *g, const char *ident,
				  struct mig__error *err, uint32_t *out)
{
	struct mig__ident parts = mig__ident_split(ident);
	struct mig__branch branch;
	mig_status rc = mig__branch_open(g, &parts, err, &branch);

	if (!rc)
		rc = mig__resolve_name_one(g, &branch, parts.name, parts.name_size, err, out);
	mig__branch_close(g, &branch);
	return rc;
}

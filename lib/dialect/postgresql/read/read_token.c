/* read_token: a statement's words, and the names and numbers among them. Not what they mean. */
#include "base/ascii.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/conn/wire.h"
#include "dialect/postgresql/read/read.h"
#include "dialect/postgresql/schema/ddl.h"
#include "dialect/postgresql/sql/split.h"

#include <string.h>

void mig__read_unread(struct mig__reader *r)
{
	r->unread = 1;
}

/* -- words */

static enum mig__read_sort sort_of(const struct mig__pg_word *w)
{
	if (w->symbol)
		return w->size == 1 ? MIG__READ_SYMBOL : MIG__READ_OTHER;
	if (w->quoted == '"')
		return w->text[0] == '"' ? MIG__READ_QUOTED : MIG__READ_OTHER;
	if (w->quoted != '\'')
		return MIG__READ_WORD;
	if (w->text[0] == '\'')
		return MIG__READ_STRING;
	return mig__ascii_is_digit(w->text[0]) ? MIG__READ_NUMBER : MIG__READ_OTHER;
}

static void add_token(struct mig__reader *r, const struct mig__pg_word *w, enum mig__read_sort sort)
{
	if (!mig__grow(&r->conn->alloc, (void **)&r->tokens, &r->token_cap, r->token_count + 1,
		       sizeof *r->tokens)) {
		r->rc = mig__pg_nomem(r->conn);
		return;
	}
	r->tokens[r->token_count++] =
		(struct mig__read_token){ w ? w->text : "", w ? (uint32_t)w->size : 0, sort };
}

int mig__read_tokens(struct mig__reader *r, const char *text, size_t size, size_t *at)
{
	struct mig__pg_word w = { .symbol = 0 };
	size_t start = *at;

	r->token_count = r->place = 0;
	while (!r->rc && w.symbol != ';' && mig__pg_word_next(text, size, at, 1, &w))
		if (w.symbol != ';')
			add_token(r, &w, sort_of(&w));
	/* it stopped at a quote that is never closed, or at the end */
	if (w.symbol != ';' && *at < size)
		mig__read_unread(r);
	if (!r->rc)
		add_token(r, NULL, MIG__READ_END);
	return !r->rc && *at > start;
}

const struct mig__read_token *mig__read_peek(const struct mig__reader *r, size_t ahead)
{
	size_t place = r->place + ahead;

	return &r->tokens[place < r->token_count ? place : r->token_count - 1];
}

static int is_word(const struct mig__read_token *t, const char *word, size_t size)
{
	return t->sort == MIG__READ_WORD && t->size == size &&
	       !mig__ascii_compare_n(t->text, word, size);
}

int mig__read_word_is(const struct mig__read_token *t, const char *word)
{
	return is_word(t, word, strlen(word));
}

int mig__read_is(const struct mig__reader *r, const char *word)
{
	return is_word(mig__read_peek(r, 0), word, strlen(word));
}

int mig__read_take(struct mig__reader *r, const char *words)
{
	const struct mig__read_token *first = mig__read_peek(r, 0);
	size_t count = 0;

	/* most words that are looked for are others */
	if (first->sort != MIG__READ_WORD || mig__ascii_lower(*first->text) != mig__ascii_lower(*words))
		return 0;
	while (*words) {
		size_t size = strcspn(words, " ");

		if (!is_word(mig__read_peek(r, count++), words, size))
			return 0;
		words += size + (words[size] == ' ');
	}
	r->place += count;
	return 1;
}

int mig__read_symbol(struct mig__reader *r, char symbol)
{
	const struct mig__read_token *t = mig__read_peek(r, 0);

	if (t->sort != MIG__READ_SYMBOL || *t->text != symbol)
		return 0;
	r->place++;
	return 1;
}

void mig__read_want(struct mig__reader *r, const char *words)
{
	if (!mig__read_take(r, words))
		mig__read_unread(r);
}

void mig__read_want_symbol(struct mig__reader *r, char symbol)
{
	if (!mig__read_symbol(r, symbol))
		mig__read_unread(r);
}

int mig__read_at_end(const struct mig__reader *r)
{
	return mig__read_peek(r, 0)->sort == MIG__READ_END;
}

int mig__read_parentheses(struct mig__reader *r, size_t *from, size_t *to)
{
	size_t depth = 1;

	mig__read_want_symbol(r, '(');
	*from = r->place;
	while (!r->unread && depth) {
		if (mig__read_at_end(r))
			mig__read_unread(r);
		else if (mig__read_symbol(r, '('))
			depth++;
		else if (mig__read_symbol(r, ')'))
			depth--;
		else
			r->place++;
	}
	*to = r->place - 1;
	return !r->unread;
}

/* -- texts */

/* NULL: out of memory. */
static struct mig__read_kept_word *keep(struct mig__reader *r, const char *text, size_t size)
{
	uint32_t place = mig__map_get(&r->words, text, size);
	char *copy;

	if (place != MIG__NONE)
		return &r->word_at[place];
	copy = r->rc ? NULL : mig__arena_strndup(&r->arena, text, size);
	if (!copy ||
	    !mig__grow(&r->conn->alloc, (void **)&r->word_at, &r->word_cap, r->word_count + 1,
		       sizeof *r->word_at) ||
	    !mig__map_add(&r->words, copy, size, (uint32_t)r->word_count, NULL)) {
		if (!r->rc)
			r->rc = mig__pg_nomem(r->conn);
		return NULL;
	}
	r->word_at[r->word_count] = (struct mig__read_kept_word){ .text = copy };
	return &r->word_at[r->word_count++];
}

const char *mig__read_keep(struct mig__reader *r, const char *text, size_t size)
{
	const struct mig__read_kept_word *word = keep(r, text, size);

	return word ? word->text : "";
}

const char *mig__read_kept(struct mig__reader *r, const struct mig__buf *text)
{
	if (text->failed && !r->rc)
		r->rc = mig__pg_nomem(r->conn);
	return mig__read_keep(r, mig__buf_text(text), text->len);
}

struct mig__buf *mig__read_text(struct mig__reader *r)
{
	mig__buf_clear(&r->text);
	return &r->text;
}

const char *mig__read_as_written(struct mig__reader *r, size_t from, size_t to)
{
	struct mig__buf *out = mig__read_text(r);

	mig__buf_adds(out, " ");
	if (to > from) {
		const struct mig__read_token *a = &r->tokens[from], *b = &r->tokens[to - 1];

		mig__buf_add(out, a->text, (size_t)(b->text + b->size - a->text));
	}
	return mig__read_kept(r, out);
}

/* -- names */

/* Words that may name a column although the server quotes them. */
static int is_column_word(const char *name)
{
	static const char *const words[] = { "interval", "position", "precision", "time", "timestamp",
					     "values" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strcmp(words[i], name))
			return 1;
	return 0;
}

/* Other words that the server quotes are names in some places only, so they are not read as names. */
static int is_plain(struct mig__reader *r, const char *name)
{
	struct mig__buf *quoted = mig__read_text(r);

	mig__ddl_name(quoted, name);
	return mig__buf_text(quoted)[0] != '"' || is_column_word(name);
}

const char *mig__read_name_of(struct mig__reader *r, const struct mig__read_token *t)
{
	char name[MIG__READ_NAME_MOST + 1];
	struct mig__read_kept_word *word;
	size_t size = 0, i = t->sort == MIG__READ_QUOTED;
	size_t end = t->sort == MIG__READ_QUOTED ? t->size - 1u : t->size;

	if (t->sort != MIG__READ_QUOTED && t->sort != MIG__READ_WORD)
		return NULL;
	for (; i < end; i++) {
		char c = t->text[i];

		/* other letters are folded and cut by rules of the server's locale */
		if ((unsigned char)c >= 0x80 || c == '\0')
			return NULL;
		i += t->sort == MIG__READ_QUOTED && c == '"';
		if (size < sizeof name - 1)
			name[size++] = t->sort == MIG__READ_WORD ? mig__ascii_lower(c) : c;
	}
	name[size] = '\0';
	word = size ? keep(r, name, size) : NULL;
	if (!word)
		return NULL;
	if (t->sort == MIG__READ_WORD && !word->plain)
		word->plain = is_plain(r, name) ? 1 : -1;
	return t->sort == MIG__READ_WORD && word->plain < 0 ? NULL : word->text;
}

const char *mig__read_name(struct mig__reader *r)
{
	const char *name = mig__read_name_of(r, mig__read_peek(r, 0));

	if (!name) {
		mig__read_unread(r);
		return "";
	}
	r->place++;
	return name;
}

/* -- constants */

const char *mig__read_string(struct mig__reader *r)
{
	const struct mig__read_token *t = mig__read_peek(r, 0);
	struct mig__buf *out = mig__read_text(r);

	if (t->sort != MIG__READ_STRING || memchr(t->text, '\\', t->size) ||
	    mig__read_peek(r, 1)->sort == MIG__READ_STRING) {
		mig__read_unread(r);
		return "";
	}
	for (uint32_t i = 1; i + 1 < t->size; i++) {
		mig__buf_add(out, &t->text[i], 1);
		i += t->text[i] == '\'';
	}
	r->place++;
	return mig__read_kept(r, out);
}

const char *mig__read_integer(struct mig__reader *r)
{
	struct mig__buf *out = mig__read_text(r);
	int minus = mig__read_symbol(r, '-');
	const struct mig__read_token *t = mig__read_peek(r, 0);

	if (t->sort != MIG__READ_NUMBER || t->size > 19 || (t->text[0] == '0' && (t->size > 1 || minus)))
		mig__read_unread(r);
	if (t->size == 19 && memcmp(t->text, "9223372036854775807", 19) > 0)
		mig__read_unread(r);
	for (uint32_t i = 0; !r->unread && i < t->size; i++)
		if (!mig__ascii_is_digit(t->text[i]))
			mig__read_unread(r);
	if (r->unread)
		return "";
	r->place++;
	mig__buf_addf(out, "%s%.*s", minus ? "-" : "", (int)t->size, t->text);
	return mig__read_kept(r, out);
}

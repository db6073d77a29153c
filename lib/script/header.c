/* header: the leading comment block of a revision file. Free text first, which is the message; from
 * the first known key on, every line is "key: value".
 *
 * A misspelt first key would turn into message text, and a parent or a dependency be lost. So a
 * line that looks like one is an error if it stands directly above the keys, or if the header has
 * no revision line; anywhere else it is text ("revised: the layout"). */
#include "script/internal.h"

#include <stddef.h>
#include <string.h>

struct header {
	struct mig__reader *r;
	uint32_t seen; /* bit of each key read */
	int in_keys;
	struct mig__word message;   /* the lines of the message, comment marks included */
	struct mig__word near_keys; /* a misspelt key in the lines that touch this one */
	struct mig__word near_any;  /* the first misspelt key of all */
};

/* A key: how its value is read, and what it goes to. */
struct key {
	const char *name;
	size_t size;
	mig_status (*read)(struct header *h, const struct key *known, struct mig__word key,
			   struct mig__word value);
	size_t at; /* of its member in struct mig__script */
	enum mig__name_kind kind; /* of a name or a list of names */
	const char *what;         /* one of them is called, in messages */
};

/* Its member. */
static void *member(struct header *h, const struct key *known)
{
	return (char *)h->r->out + known->at;
}

static mig_status check_name(struct header *h, struct mig__word word, enum mig__name_kind kind,
			     const char *what)
{
	const char *fault = mig__name_fault(word.at, word.size, kind);
	char quote[MIG__QUOTE];

	return fault ? mig__reader_fail(h->r, MIG_EILLEGAL_ID, word.at, "illegal %s \"%s\": %s",
					what, mig__quote(word, quote), fault)
		     : MIG_OK;
}

static mig_status read_list(struct header *h, const struct key *known, struct mig__word key,
			    struct mig__word value)
{
	struct mig__word rest = value, word;
	uint32_t count = 0;
	const char **at;
	mig_status rc;

	(void)key;
	while (mig__next_word(&rest, 1).size)
		count++;
	if (!count)
		return MIG_OK;
	at = mig__arena_zalloc(h->r->arena, (size_t)count + 1, sizeof *at);
	if (!at)
		return mig__fail_nomem(h->r->err);
	for (uint32_t i = 0; i < count; i++) {
		word = mig__next_word(&value, 1);
		rc = check_name(h, word, known->kind, known->what);
		if (rc)
			return rc;
		at[i] = mig__arena_strndup(h->r->arena, word.at, word.size);
		if (!at[i])
			return mig__fail_nomem(h->r->err);
	}
	*(struct mig__list *)member(h, known) = (struct mig__list){ at, count };
	return MIG_OK;
}

/* Keeps the text; "" is the same as no key. */
static mig_status read_text(struct header *h, const struct key *known, struct mig__word key,
			    struct mig__word value)
{
	const char *text;

	(void)key;
	if (!value.size)
		return MIG_OK;
	text = mig__arena_strndup(h->r->arena, value.at, value.size);
	*(const char **)member(h, known) = text;
	return text ? MIG_OK : mig__fail_nomem(h->r->err);
}

static mig_status read_id(struct header *h, const struct key *known, struct mig__word key,
			  struct mig__word value)
{
	struct mig__word word = mig__next_word(&value, 0), second = mig__next_word(&value, 0);
	mig_status rc;

	if (!word.size)
		return mig__reader_fail(h->r, MIG_ESYNTAX, key.at, "\"%s\" has no id", known->name);
	rc = check_name(h, word, known->kind, known->what);
	if (rc)
		return rc;
	if (second.size)
		return mig__reader_fail(h->r, MIG_ESYNTAX, second.at, "\"%s\" takes one id",
					known->name);
	return read_text(h, known, key, word);
}

/* Milliseconds; units as PostgreSQL's settings have them. */
static const struct unit {
	const char *name;
	int64_t ms;
} units[] = { { "", 1 },        { "ms", 1 },      { "s", 1000 },
	      { "min", 60000 }, { "h", 3600000 }, { "d", 86400000 } };

static mig_status read_timeout(struct header *h, const struct key *known, struct mig__word key,
			       struct mig__word value)
{
	struct mig__word unit = value;
	int64_t n = 0;
	char quote[MIG__QUOTE];

	for (; unit.size && *unit.at >= '0' && *unit.at <= '9' && n <= INT32_MAX; unit.size--)
		n = n * 10 + (*unit.at++ - '0');
	if (unit.at > value.at) {
		unit = mig__trim(unit);
		for (size_t i = 0; i < sizeof units / sizeof *units; i++)
			if (mig__word_is(unit, units[i].name) && n * units[i].ms <= INT32_MAX) {
				*(int32_t *)member(h, known) = n ? (int32_t)(n * units[i].ms) : -1;
				return MIG_OK;
			}
	}
	return mig__reader_fail(h->r, MIG_ESYNTAX, value.size ? value.at : key.at,
				"\"%.*s\" is \"%s\": it must be a time like 500ms, 5s, 2min or 1h, "
				"or 0 for no limit",
				(int)key.size, key.at, mig__quote(value, quote));
}

#define KEY(name, read, member) name, sizeof name - 1, read, offsetof(struct mig__script, member)
static const struct key keys[] = {
	{ KEY("revision", read_id, id), MIG__NAME_ID, "revision id" },
	{ KEY("revises", read_list, parents), MIG__NAME_ID, "revision id" },
	{ KEY("branch_labels", read_list, labels), MIG__NAME_LABEL, "branch label" },
	/* labels of other branches are good here, and what a label may hold includes what an id may */
	{ KEY("depends_on", read_list, dependencies), MIG__NAME_LABEL,
	  "revision id or branch label" },
	{ KEY("created", read_text, created), 0, NULL },
	{ KEY("lock_timeout", read_timeout, header.lock_timeout_ms), 0, NULL },
	{ KEY("statement_timeout", read_timeout, header.statement_timeout_ms), 0, NULL },
};
#undef KEY
enum { KEYS = sizeof keys / sizeof *keys };

static const struct key *find_key(struct mig__word word)
{
	for (size_t i = 0; i < KEYS; i++)
		if (word.size == keys[i].size && !memcmp(word.at, keys[i].name, word.size))
			return &keys[i];
	return NULL;
}

static const char *suggest_key(struct mig__word word)
{
	const char *names[KEYS + 1] = { NULL };

	for (size_t i = 0; i < KEYS; i++)
		names[i] = keys[i].name;
	return mig__suggest(word, names);
}

/* Whether the content of a comment has the form "word: …". */
static int split(struct mig__word content, struct mig__word *key, struct mig__word *value)
{
	size_t n = 0, colon;

	content = mig__trim(content);
	while (n < content.size && ((content.at[n] >= 'a' && content.at[n] <= 'z') ||
				    (content.at[n] >= 'A' && content.at[n] <= 'Z') ||
				    content.at[n] == '_' || content.at[n] == '-'))
		n++;
	colon = n;
	while (colon < content.size && mig__is_blank(content.at[colon]))
		colon++;
	if (!n || colon == content.size || content.at[colon] != ':')
		return 0;
	*key = (struct mig__word){ content.at, n };
	*value = mig__trim((struct mig__word){ content.at + colon + 1, content.size - colon - 1 });
	return 1;
}

int mig__header_is_key(struct mig__word content, struct mig__word *key)
{
	struct mig__word value;

	return split(content, key, &value) && find_key(*key);
}

static mig_status unknown_key(struct header *h, struct mig__word key)
{
	const char *near = suggest_key(key);
	char quote[MIG__QUOTE];

	mig__quote(key, quote);
	if (near)
		return mig__reader_fail(h->r, MIG_ESYNTAX, key.at,
					"unknown key \"%s\" (did you mean \"%s\"?)", quote, near);
	return mig__reader_fail(h->r, MIG_ESYNTAX, key.at,
				"unknown key \"%s\": text of the message goes above the first key",
				quote);
}

static mig_status read_key_line(struct header *h, struct mig__word content)
{
	struct mig__word key, value;
	const struct key *known;
	uint32_t bit;

	content = mig__trim(content);
	if (!content.size)
		return MIG_OK;
	if (!split(content, &key, &value))
		return mig__reader_fail(h->r, MIG_ESYNTAX, content.at,
					"not a \"key: value\" line: text of the message goes above "
					"the first key");
	known = find_key(key);
	if (!known)
		return unknown_key(h, key);
	bit = UINT32_C(1) << (known - keys);
	if (h->seen & bit)
		return mig__reader_fail(h->r, MIG_ESYNTAX, key.at, "\"%s\" is given twice",
					known->name);
	h->seen |= bit;
	return known->read(h, known, key, value);
}

static mig_status read_line(struct header *h, struct mig__word line, struct mig__word content)
{
	static const struct mig__word none = { NULL, 0 };
	struct mig__word key, value;

	if (h->in_keys)
		return read_key_line(h, content);
	if (!split(content, &key, &value)) {
		h->near_keys = none;
	} else if (find_key(key)) {
		if (h->near_keys.at)
			return unknown_key(h, h->near_keys);
		h->in_keys = 1;
		return read_key_line(h, content);
	} else if (suggest_key(key)) {
		if (!h->near_keys.at)
			h->near_keys = key;
		if (!h->near_any.at)
			h->near_any = key;
	}
	if (!h->message.at)
		h->message.at = line.at;
	h->message.size = (size_t)(line.at + line.size - h->message.at);
	return MIG_OK;
}

/* The text of the message's lines: without the mark, one blank after it, blanks at the end, and
 * empty lines before and after. */
static mig_status keep_message(struct header *h)
{
	struct mig__lines lines;
	struct mig__line line;
	struct mig__word text;
	size_t len = 0, kept = 0;
	char *out;

	if (!h->message.at)
		return MIG_OK;
	out = mig__arena_alloc(h->r->arena, h->message.size + 1);
	if (!out)
		return mig__fail_nomem(h->r->err);
	mig__lines_init(&lines, h->message.at, h->message.size);
	while (mig__lines_next(&lines, &line)) {
		if (!mig__comment(line.text, &text))
			continue;
		text = mig__trim_right(text);
		if (!kept)
			text = mig__trim(text);
		else if (text.size && mig__is_blank(*text.at))
			text = (struct mig__word){ text.at + 1, text.size - 1 };
		if (kept)
			out[len++] = '\n';
		memcpy(out + len, text.at, text.size);
		len += text.size;
		if (text.size)
			kept = len;
	}
	out[kept] = '\0';
	h->r->out->message = out;
	return MIG_OK;
}

mig_status mig__header_read(struct mig__reader *r)
{
	struct header h = { .r = r };
	struct mig__lines before = r->lines;
	struct mig__word content, words;
	struct mig__line line;
	int begun = 0, ended = r->complete;
	mig_status rc;

	for (; mig__lines_next(&r->lines, &line); before = r->lines) {
		if (!begun && !mig__trim(line.text).size)
			continue;
		begun = 1;
		if (!mig__comment(line.text, &content) || mig__directive(line.text, &words)) {
			r->lines = before;
			ended = 1;
			break;
		}
		rc = read_line(&h, line.text, content);
		if (rc)
			return rc;
	}
	if (ended && !r->out->id && h.near_any.at)
		return unknown_key(&h, h.near_any);
	return keep_message(&h);
}

/* attribute: the table of a section's attributes, and all that goes by it.
 *
 * An attribute is a name, kept as text, or one of two words, kept as a number; 0 and NULL stand for an
 * attribute that is not given. Its member of mig_section is reached by its offset. */
#include "script/attribute.h"

#include <stddef.h>
#include <string.h>

enum { WORDS = 2 };

static const struct attribute {
	const char *name;
	size_t at; /* of its member in mig_section */
	struct {
		const char *text;
		int32_t value;
	} words[WORDS]; /* none: it is a name */
} attributes[] = {
	{ "dialect", offsetof(mig_section, dialect), { { NULL, 0 } } },
	{ "database", offsetof(mig_section, database), { { NULL, 0 } } },
	{ "transaction", offsetof(mig_section, no_transaction), { { "yes", 0 }, { "no", 1 } } },
	{ "foreign_keys", offsetof(mig_section, foreign_keys), { { "on", 1 }, { "off", -1 } } },
};
enum { ATTRIBUTES = sizeof attributes / sizeof *attributes };

/* -- its member */

static int is_name(const struct attribute *a)
{
	return !a->words[0].text;
}

static const char *name_in(const mig_section *section, const struct attribute *a)
{
	const char *name;

	memcpy(&name, (const char *)section + a->at, sizeof name);
	return name;
}

static void set_name(mig_section *section, const struct attribute *a, const char *name)
{
	memcpy((char *)section + a->at, &name, sizeof name);
}

static int32_t number_in(const mig_section *section, const struct attribute *a)
{
	int32_t number;

	memcpy(&number, (const char *)section + a->at, sizeof number);
	return number;
}

/* The text of its value; NULL: it is not given, or a number without a word. */
static const char *text_in(const mig_section *section, const struct attribute *a)
{
	int32_t number;

	if (is_name(a))
		return name_in(section, a);
	number = number_in(section, a);
	for (size_t i = 0; number && i < WORDS; i++)
		if (a->words[i].value == number)
			return a->words[i].text;
	return NULL;
}

/* -- reading */

/* E.g. "dialect=NAME, database=NAME, transaction=no and foreign_keys=on|off". */
static void list_attributes(struct mig__buf *out)
{
	for (size_t i = 0; i < ATTRIBUTES; i++) {
		const struct attribute *a = &attributes[i];
		const char *between = "=";

		mig__buf_adds(out, !i ? "" : i + 1 < ATTRIBUTES ? ", " : " and ");
		mig__buf_adds(out, a->name);
		mig__buf_adds(out, is_name(a) ? "=NAME" : "");
		for (size_t k = 0; k < WORDS; k++)
			if (a->words[k].value) {
				mig__buf_addf(out, "%s%s", between, a->words[k].text);
				between = "|";
			}
	}
}

static mig_status unknown_attribute(struct mig__reader *r, struct mig__word name)
{
	const char *names[ATTRIBUTES + 1] = { NULL };
	struct mig__buf known;
	mig_status rc;

	for (size_t i = 0; i < ATTRIBUTES; i++)
		names[i] = attributes[i].name;
	mig__buf_init(&known, r->err->alloc);
	list_attributes(&known);
	rc = mig__reader_unknown(r, "attribute", name, mig__suggest(name, names), &known);
	mig__buf_finish(&known);
	return rc;
}

static mig_status read_name(struct mig__reader *r, const struct attribute *a,
			    struct mig__word value, mig_section *out)
{
	const char *fault = mig__name_fault(value.at, value.size, MIG__NAME_LABEL), *name;
	char quote[MIG__QUOTE];

	if (fault)
		return mig__reader_fail(r, MIG_ESYNTAX, value.at, "illegal name \"%s\": %s",
					mig__quote(value, quote), fault);
	name = mig__arena_strndup(r->arena, value.at, value.size);
	set_name(out, a, name);
	return name ? MIG_OK : mig__fail_nomem(r->err);
}

static mig_status read_word(struct mig__reader *r, const struct attribute *a,
			    struct mig__word value, mig_section *out)
{
	char quote[MIG__QUOTE];

	for (size_t i = 0; i < WORDS; i++)
		if (mig__word_is(value, a->words[i].text)) {
			memcpy((char *)out + a->at, &a->words[i].value, sizeof a->words[i].value);
			return MIG_OK;
		}
	return mig__reader_fail(r, MIG_ESYNTAX, value.at,
				"%s is \"%s\": it must be \"%s\" or \"%s\"", a->name,
				mig__quote(value, quote), a->words[0].text, a->words[1].text);
}

mig_status mig__attribute_read(struct mig__reader *r, struct mig__word word, uint32_t *seen,
			       mig_section *out)
{
	const char *equals = memchr(word.at, '=', word.size);
	struct mig__word name = word, value = { word.at + word.size, 0 };
	const struct attribute *a = attributes;
	uint32_t bit;

	if (equals) {
		name.size = (size_t)(equals - word.at);
		value = (struct mig__word){ equals + 1, word.size - name.size - 1 };
	}
	while (a < attributes + ATTRIBUTES && !mig__word_is(name, a->name))
		a++;
	if (a == attributes + ATTRIBUTES)
		return unknown_attribute(r, name);
	if (!value.size)
		return mig__reader_fail(r, MIG_ESYNTAX, word.at,
					"\"%s\" has no value: write %s=VALUE, without blanks",
					a->name, a->name);
	bit = UINT32_C(1) << (a - attributes);
	if (*seen & bit)
		return mig__reader_fail(r, MIG_ESYNTAX, word.at, "\"%s\" is given twice", a->name);
	*seen |= bit;
	return (is_name(a) ? read_name : read_word)(r, a, value, out);
}

/* -- writing */

void mig__attributes_add(struct mig__buf *out, const mig_section *section)
{
	for (size_t i = 0; i < ATTRIBUTES; i++) {
		const char *text = text_in(section, &attributes[i]);

		if (text)
			mig__buf_addf(out, " %s=%s", attributes[i].name, text);
	}
}

mig_status mig__attributes_check(const mig_section *section, struct mig__error *err)
{
	mig_status rc = MIG_OK;

	for (size_t i = 0; !rc && i < ATTRIBUTES; i++) {
		const struct attribute *a = &attributes[i];
		const char *text = text_in(section, a);

		if (text && is_name(a))
			rc = mig__name_check(text, MIG__NAME_ID, a->name, err);
		else if (!text && !is_name(a) && number_in(section, a))
			rc = mig__fail(err, MIG_EINVAL, "%s of a section cannot be %d", a->name,
				       (int)number_in(section, a));
	}
	return rc;
}

int mig__attributes_fit(const mig_section *given, const mig_section *is)
{
	for (size_t i = 0; i < ATTRIBUTES; i++) {
		const char *want = text_in(given, &attributes[i]);
		const char *has = text_in(is, &attributes[i]);

		if (want && (!has || strcmp(want, has)))
			return 0;
	}
	return 1;
}

int mig__section_copy(struct mig__arena *arena, const mig_section *section, mig_section *out)
{
	*out = *section;
	for (size_t i = 0; i < ATTRIBUTES; i++) {
		const char *name = is_name(&attributes[i]) ? name_in(section, &attributes[i]) : NULL;
		const char *copy = name ? mig__arena_strdup(arena, name) : NULL;

		if (name && !copy)
			return 0;
		if (name)
			set_name(out, &attributes[i], copy);
	}
	return 1;
}

/* label: the values of an enumerated type in its attribute. A quote inside a value stands twice. */
#include "schema/label.h"

#include <string.h>

int mig__label_next(const char **p, struct mig__label *out)
{
	const char *at = *p, quote = *at;

	if (!quote)
		return 0;
	out->text = at++;
	while (*at && (*at != quote || at[1] == quote))
		at += *at == quote ? 2 : 1;
	at += *at != '\0';
	out->size = (size_t)(at - out->text);
	*p = at + strspn(at, ", ");
	return 1;
}

void mig__label_bare(const struct mig__label *label, char *out)
{
	const char *end = label->text + label->size - 1;

	for (const char *p = label->text + 1; p < end; p++) {
		*out++ = *p;
		p += *p == *label->text;
	}
	*out = '\0';
}

int mig__label_is(const struct mig__label *label, const char *text)
{
	const char *end = label->text + label->size - 1;

	for (const char *p = label->text + 1; p < end; p++, text++) {
		if (*p != *text)
			return 0;
		p += *p == *label->text;
	}
	return !*text;
}

int mig__label_in(const mig_object *type, const char *text)
{
	const char *p = mig__attribute(type, MIG_ATTR_VALUES);
	struct mig__label label;

	while (p && mig__label_next(&p, &label))
		if (mig__label_is(&label, text))
			return 1;
	return 0;
}

int mig__label_among(const char *list, const struct mig__label *label)
{
	struct mig__label one;

	while (list && mig__label_next(&list, &one))
		if (one.size == label->size && !memcmp(one.text, label->text, one.size))
			return 1;
	return 0;
}

/* name: which texts may be a revision id or a label. Ids are ASCII; labels may have letters of
 * every script. What a fault is comes back as a sentence for the message. */
#include "script/internal.h"

#include "base/text.h"

#include <string.h>

const char *const mig__no_names[1] = { NULL };

uint32_t mig__code_point(const char *p, size_t left, size_t *size)
{
	uint32_t c;

	*size = mig__text_char(p, left, &c);
	if (*size)
		return c;
	*size = 1;
	return 0xfffd;
}

const char *mig__name_fault(const char *name, size_t size, enum mig__name_kind kind)
{
	if (kind == MIG__NAME_ID && !mig__text_is_id(name, size))
		return "use 1 to 255 of A-Z a-z 0-9 _ .";
	if (kind == MIG__NAME_LABEL && !mig__text_is_label(name, size))
		return "use 1 to 255 bytes of letters, digits, _ . -";
	return mig__text_is_reserved(name, size) ? "the word is reserved" : NULL;
}

mig_status mig__name_check(const char *name, enum mig__name_kind kind, const char *what,
			   struct mig__error *err)
{
	struct mig__word word = { name, strlen(name) };
	const char *fault = mig__name_fault(name, word.size, kind);
	char quote[MIG__QUOTE];

	return fault ? mig__fail(err, MIG_EILLEGAL_ID, "illegal %s \"%s\": %s", what,
				 mig__quote(word, quote), fault)
		     : MIG_OK;
}

int mig__list_same(const struct mig__list *a, const struct mig__list *b)
{
	if (a->count != b->count)
		return 0;
	for (uint32_t i = 0; i < a->count; i++)
		if (strcmp(a->at[i], b->at[i]))
			return 0;
	return 1;
}

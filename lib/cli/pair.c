/* pair: see pair.h. Values are shown on one line, each run of blanks as one blank; those that differ in
 * blanks alone are shown as they are, with escapes. Values that are too long (queries, bodies of
 * functions) are shown from shortly before the place where they differ. */
#include "cli/pair.h"

#include <mig/attribute.h>
#include <string.h>

enum {
	WINDOW = 40, /* bytes that are shown of a longer value */
	BEFORE = 16, /* of these, at most, before the first difference */
	LONGEST = WINDOW + BEFORE /* bytes of a value that is shown whole */
};

/* The value on one line, as it may be shown: each run of blanks is one. */
static void flatten(struct mig__cli_text *out, const char *value)
{
	const char *blanks = " \t\r\n";

	value += strspn(value, blanks);
	while (*value) {
		size_t n = strcspn(value, blanks);

		mig__cli_add_shown(out, value, n);
		value += n;
		value += strspn(value, blanks);
		mig__cli_adds(out, *value ? " " : "");
	}
}

static size_t common(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] && a[n] == b[n])
		n++;
	return n;
}

/* Not inside of a character. */
static int is_start(const char *p)
{
	return ((unsigned char)*p & 0xc0) != 0x80;
}

/* Where the part that is shown begins: at a word, if one is near. */
static size_t window_start(const char *text, size_t difference)
{
	size_t from = difference > BEFORE ? difference - BEFORE : 0;

	for (size_t i = from; from && i < difference; i++)
		if (text[i] == ' ')
			return i + 1;
	while (from && !is_start(text + from))
		from--;
	return from;
}

static void add_window(struct mig__cli_text *out, const char *text, size_t from, const char *dots)
{
	size_t size = strlen(text + from);

	mig__cli_adds(out, from ? dots : "");
	if (size > LONGEST) {
		for (size = WINDOW; !is_start(text + from + size); size--)
			;
		mig__cli_add(out, text + from, size);
		mig__cli_adds(out, dots);
	} else {
		mig__cli_add(out, text + from, size);
	}
}

/* What there is instead of a value: nothing, or what the engine takes if nothing is said. */
static const char *absent(const char *key, const char *other)
{
	static const char *const usual[] = { "type",	     "collation",	"enabled",     "storage",
					     "compression",  "persistence",	"method",      "tablespace",
					     "row_security", "force_row_security", "increment", "min",
					     "max",	     "start",		"cache",       "on_delete",
					     "on_update",    "match",		"options",     "target",
					     "privileges",   "security",	"deferrable" };

	if (other && !strcmp(other, MIG_YES))
		return "no";
	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		if (!strcmp(key, usual[i]))
			return "default";
	return "none";
}

/* Both values flattened; raw: as they are. */
static void read_pair(struct mig__cli_text *from, struct mig__cli_text *to, const mig_op_change *c, int raw)
{
	void (*read)(struct mig__cli_text *, const char *) = raw ? mig__cli_shown : flatten;

	mig__cli_clear(from);
	mig__cli_clear(to);
	read(from, c->from ? c->from : absent(c->key, c->to));
	read(to, c->to ? c->to : absent(c->key, c->from));
}

void mig__cli_add_pair(struct mig__cli_text *out, const mig_op_change *c, int utf8)
{
	const char *dots = utf8 ? "\xe2\x80\xa6" : "...";
	struct mig__cli_text from = { 0 }, to = { 0 };
	size_t start = 0;

	read_pair(&from, &to, c, 0);
	if (!strcmp(mig__cli_string(&from), mig__cli_string(&to)))
		read_pair(&from, &to, c, 1);
	if (from.len > LONGEST || to.len > LONGEST)
		start = window_start(mig__cli_string(&from),
				     common(mig__cli_string(&from), mig__cli_string(&to)));
	add_window(out, mig__cli_string(&from), start, dots);
	mig__cli_adds(out, utf8 ? " \xe2\x86\x92 " : " -> ");
	add_window(out, mig__cli_string(&to), start, dots);
	out->failed |= from.failed | to.failed;
	mig__cli_text_finish(&from);
	mig__cli_text_finish(&to);
}

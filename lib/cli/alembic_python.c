/* alembic_python: what a revision file of Alembic says of itself: its docstring, and the plain
 * values that its module assigns to four names. A scanner that knows where Python's strings,
 * brackets and comments end, so that nothing inside a function or a string is taken for an
 * assignment; not a parser. */
#include "cli/alembic.h"
#include "cli/cli.h"

#include <string.h>

struct python {
	struct mig__alembic *a;
	struct mig__alembic_revision *revision;
	const char *file, *text, *p, *end;
};

static const char computed[] =
	"a computed value: only None, strings, and lists of strings are understood";

static int fail_here(struct python *py, const char *at, const char *what)
{
	struct mig__alembic_place place = { py->file, py->text, (size_t)(at - py->text) };

	return mig__alembic_fail(py->a, place, what);
}

static int is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || (unsigned char)c >= 0x80;
}

/* -- strings */

/* Letters before a quote, or 0; -1: no string begins here. */
static int prefix_length(const char *p)
{
	int n = 0;

	while (n < 2 && p[n] && strchr("rRbBuUfF", p[n]))
		n++;
	return p[n] == '"' || p[n] == '\'' ? n : -1;
}

/* The string at p, without its prefix: where its text is, and where it ends. NULL: nowhere. */
static const char *string_end(const char *p, const char **text, size_t *size)
{
	char quote = *p;
	size_t marks = p[1] == quote && p[2] == quote ? 3 : 1;

	p += marks;
	*text = p;
	for (; *p; p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (*p == '\n' && marks == 1)
			return NULL;
		else if (*p == quote && (marks == 1 || (p[1] == quote && p[2] == quote))) {
			*size = (size_t)(p - *text);
			return p + marks;
		}
	}
	return NULL;
}

static void add_code_point(struct mig__cli_text *out, uint32_t c)
{
	char bytes[4];
	size_t n = 0;

	if (c < 0x80) {
		bytes[n++] = (char)(c ? c : ' ');
	} else if (c < 0x800) {
		bytes[n++] = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		bytes[n++] = (char)(0xe0 | c >> 12);
		bytes[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	} else {
		bytes[n++] = (char)(0xf0 | (c >> 18 & 7));
		bytes[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		bytes[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	}
	if (c >= 0x80)
		bytes[n++] = (char)(0x80 | (c & 0x3f));
	mig__cli_add(out, bytes, n);
}

static int digit(char c, uint32_t base)
{
	int d = c >= '0' && c <= '9'   ? c - '0'
		: c >= 'a' && c <= 'f' ? c - 'a' + 10
		: c >= 'A' && c <= 'F' ? c - 'A' + 10
				       : 99;

	return d < (int)base ? d : -1;
}

/* Up to `most` digits at p. Returns how many there are. */
static size_t number(const char *p, size_t most, uint32_t base, uint32_t *out)
{
	size_t n = 0;

	for (*out = 0; n < most && digit(p[n], base) >= 0; n++)
		*out = *out * base + (uint32_t)digit(p[n], base);
	return n;
}

/* The escape behind a backslash; returns its length. One that Python does not know stays. Control
 * characters are of no use in a message, and none of them may be in an id. */
static size_t add_escape(struct mig__cli_text *out, const char *p)
{
	static const char from[] = "\\'\"nabfrtv", to[] = "\\'\"\n      ";
	const char *known = strchr(from, *p);
	uint32_t c;
	size_t n;

	if (*p == '\n')
		return 1;
	if (known) {
		mig__cli_addn(out, to[known - from], 1);
		return 1;
	}
	n = number(p, 3, 8, &c);
	if (!n && strchr("xuU", *p)) {
		n = *p == 'x' ? 2 : *p == 'u' ? 4 : 8;
		n = number(p + 1, n, 16, &c) == n ? n + 1 : 0;
	}
	if (n && c < 0x110000 && (c < 0xd800 || c > 0xdfff)) {
		add_code_point(out, c);
		return n;
	}
	mig__cli_adds(out, "\\");
	return 0;
}

/* Appends the string at py->p, which is one. */
static int take_string(struct python *py, struct mig__cli_text *out)
{
	int prefix = prefix_length(py->p), raw = 0;
	const char *start = py->p, *text, *end;
	size_t size = 0;

	for (int i = 0; i < prefix; i++)
		raw |= start[i] == 'r' || start[i] == 'R';
	py->p = string_end(start + prefix, &text, &size);
	if (!py->p) {
		py->p = start;
		return fail_here(py, start, "the string does not end");
	}
	for (end = text + size; text < end;) {
		if (*text == '\\' && !raw) {
			text++;
			text += add_escape(out, text);
		} else {
			mig__cli_add(out, text++, 1);
		}
	}
	return MIG_CLI_DONE;
}

/* -- statements */

/* Past one token, a blank or a comment; brackets are counted. */
static int skip_token(struct python *py, int *depth)
{
	const char *text;
	size_t size;
	int prefix = prefix_length(py->p);
	const char *start = py->p;

	if (prefix >= 0) {
		py->p = string_end(start + prefix, &text, &size);
		if (py->p)
			return MIG_CLI_DONE;
		py->p = start;
		return fail_here(py, start, "the string does not end");
	}
	if (*py->p == '#') {
		py->p += strcspn(py->p, "\n");
	} else if (*py->p == '\\' && py->p[1] == '\n') {
		py->p += 2;
	} else if (is_word(*py->p)) {
		while (is_word(*py->p))
			py->p++;
	} else {
		*depth += strchr("([{", *py->p) ? 1 : strchr(")]}", *py->p) ? -1 : 0;
		py->p++;
	}
	return MIG_CLI_DONE;
}

/* To the end of the logical line, or to the character `stop` before it. */
static int skip_to(struct python *py, char stop)
{
	int depth = 0, status = MIG_CLI_DONE;

	while (!status && py->p < py->end && !(depth <= 0 && (*py->p == '\n' || *py->p == stop)))
		status = skip_token(py, &depth);
	return status;
}

static void skip_blanks(struct python *py)
{
	while (*py->p == ' ' || *py->p == '\t' || *py->p == '\f')
		py->p++;
}

/* An id or label must not fall apart in the header. */
static int end_item(struct python *py, const char *start, struct mig__cli_text *item,
		    struct mig__cli_text *out)
{
	for (size_t i = 0; i < item->len; i++)
		if ((unsigned char)item->data[i] <= ' ' || item->data[i] == ',')
			return fail_here(py, start,
					 "no id or label of libmig's has such characters");
	if (item->len) {
		mig__cli_adds(out, out->len ? " " : "");
		mig__cli_add(out, item->data, item->len);
	}
	out->failed |= item->failed;
	mig__cli_clear(item);
	return MIG_CLI_DONE;
}

/* None, a string, or a tuple, list or set of strings, in brackets or not. */
static int take_value(struct python *py, struct mig__cli_text *out)
{
	struct mig__cli_text item = { 0 };
	const char *start = py->p;
	int depth = 0, status = MIG_CLI_DONE;

	mig__cli_clear(out);
	while (!status && py->p < py->end && !(depth <= 0 && strchr("\n;", *py->p))) {
		if (prefix_length(py->p) >= 0) {
			start = py->p;
			status = strchr("fF", *py->p)
					 ? fail_here(
						   py, start,
						   "a computed value: f-strings are not understood")
					 : take_string(py, &item);
		} else if (!strncmp(py->p, "None", 4) && !is_word(py->p[4])) {
			py->p += 4;
		} else if (strchr(" \t\f\r\n\\#()[]{},", *py->p)) {
			if (*py->p == ',')
				status = end_item(py, start, &item, out);
			if (!status)
				status = skip_token(py, &depth);
		} else {
			status = fail_here(py, py->p, computed);
		}
	}
	if (!status)
		status = end_item(py, start, &item, out);
	mig__cli_text_finish(&item);
	return status;
}

/* `NAME = value`, `NAME: annotation = value`; anything else is left alone. */
static int take_assignment(struct python *py)
{
	struct mig__alembic_revision *r = py->revision;
	const struct {
		const char *name;
		struct mig__cli_text *value;
	} names[] = { { "revision", &r->id },
		      { "down_revision", &r->revises },
		      { "branch_labels", &r->labels },
		      { "depends_on", &r->depends_on } };
	size_t size = 0, i = 0;
	int status = MIG_CLI_DONE;

	while (is_word(py->p[size]))
		size++;
	while (i < 4 && (strlen(names[i].name) != size || memcmp(names[i].name, py->p, size) != 0))
		i++;
	if (i == 4)
		return MIG_CLI_DONE;
	py->p += size;
	skip_blanks(py);
	if (*py->p == ':') {
		py->p++;
		status = skip_to(py, '=');
	}
	if (!status && *py->p && strchr(",+*", *py->p))
		status = fail_here(py, py->p, computed);
	if (status || *py->p != '=' || py->p[1] == '=')
		return status;
	py->p++;
	return take_value(py, names[i].value);
}

/* -- the docstring */

/* E.g. "2023-01-02 03:04:05.678901+02:00"; without a zone it is taken for UTC. */
static void take_date(struct mig__cli_text *out, const char *line, size_t size)
{
	static const char form[] = "dddd-dd-dd dd:dd:dd";
	size_t n = sizeof form - 1;

	while (size && (line[size - 1] == ' ' || line[size - 1] == '\r'))
		size--;
	if (size < n)
		return;
	for (size_t i = 0; i < n; i++)
		if (form[i] == 'd' ? digit(line[i], 10) < 0
				   : line[i] != form[i] && !(form[i] == ' ' && line[i] == 'T'))
			return;
	mig__cli_clear(out);
	mig__cli_add(out, line, 10);
	mig__cli_adds(out, "T");
	mig__cli_add(out, line + 11, 8);
	if (n + 1 < size && line[n] == '.')
		for (mig__cli_add(out, line + n++, 1); n < size && digit(line[n], 10) >= 0; n++)
			mig__cli_add(out, line + n, 1);
	if (size - n == 6 && strchr("+-", line[n]) && line[n + 3] == ':')
		mig__cli_add(out, line + n, 6);
	else
		mig__cli_adds(out, "Z");
}

/* The message is what comes above the lines that Alembic adds. */
static void take_doc(struct mig__alembic_revision *r, const char *doc)
{
	static const char *const keys[] = { "Revision ID:", "Revises:", "Create Date:" };
	int above = 1;

	for (size_t n; *doc; doc += n + (doc[n] == '\n')) {
		const char *line = doc + strspn(doc, " \t");
		size_t size;

		n = strcspn(doc, "\n");
		for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
			above = above && strncmp(line, keys[i], strlen(keys[i])) != 0;
		if (!strncmp(line, keys[2], strlen(keys[2]))) {
			line += strlen(keys[2]);
			line += strspn(line, " \t");
			take_date(&r->created, line, strcspn(line, "\n"));
		}
		for (size = n; size && strchr(" \t\r", doc[size - 1]);)
			size--;
		if (!above || (!size && !r->message.len))
			continue;
		mig__cli_add(&r->message, doc, size);
		mig__cli_adds(&r->message, "\n");
	}
	while (r->message.len && r->message.data[r->message.len - 1] == '\n')
		r->message.data[--r->message.len] = '\0';
}

/* -- a file */

static int take_docstring(struct python *py)
{
	struct mig__cli_text doc = { 0 };
	int status = take_string(py, &doc);

	take_doc(py->revision, mig__cli_string(&doc));
	py->revision->message.failed |= doc.failed;
	mig__cli_text_finish(&doc);
	return status;
}

/* One logical line, with a statement or several. */
static int take_line(struct python *py, int first)
{
	int status = first && prefix_length(py->p) >= 0 ? take_docstring(py) : take_assignment(py);

	if (!status)
		status = skip_to(py, ';');
	while (!status && py->p < py->end && *py->p == ';') {
		py->p++;
		skip_blanks(py);
		status = take_assignment(py);
		if (!status)
			status = skip_to(py, ';');
	}
	return status;
}

static int take_file(struct python *py)
{
	int first = 1, status = MIG_CLI_DONE;

	while (!status && py->p < py->end) {
		if (*py->p == '\n' || *py->p == '#') {
			py->p += strcspn(py->p, "\n");
			py->p += py->p < py->end;
			continue;
		}
		status = strchr(" \t\f", *py->p) ? skip_to(py, '\n') : take_line(py, first);
		first = 0;
	}
	if (!status && !py->revision->id.len)
		status = fail_here(py, py->text, "there is no \"revision = ...\"");
	return status;
}

int mig__alembic_read_python(struct mig__alembic *a, const char *file, const char *text,
			     size_t size)
{
	const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
	struct python py = { .a = a, .file = file, .text = text, .p = text, .end = text + size };

	py.revision = mig__alembic_add_revision(a);
	if (!py.revision)
		return MIG_CLI_ERROR;
	if (strlen(text) != size)
		return mig__cli_fail(a->cli, "%s: a NUL byte is in the file", file);
	mig__cli_adds(&py.revision->file, file);
	mig__cli_add(&py.revision->stem, name, strlen(name) - strlen(".py"));
	return take_file(&py);
}

/* alembic_sql: cuts what "alembic upgrade --sql" and "alembic downgrade --sql" print into a section
 * for each revision.
 *
 * A section begins behind a line "-- Running upgrade A, B -> C" that stands between two statements;
 * one inside a string, a dollar-quoted body or a trigger is text like any other. BEGIN and COMMIT,
 * and the statements on Alembic's own table, are left out. The output has one transaction around
 * everything, or around each revision; a COMMIT with more SQL of the revision behind it means that
 * the revision cannot run in one, and its parts are put back into transactions of their own. */
#include "cli/alembic.h"
#include "base/ascii.h"
#include "cli/cli.h"

#include <string.h>

enum { WORDS = 8, NO_MARKER = -1 };
enum transaction { UNKNOWN, INSIDE, OUTSIDE }; /* SQL without any BEGIN is in an unknown one */

struct sql {
	struct mig__alembic *a;
	struct mig__alembic_place place; /* of what is read */
	size_t counted, line;            /* offset of that line, from 1 */
	size_t section;                  /* number of the open one plus one, or 0 */
	enum transaction transaction;
	struct mig__cli_text group;          /* statements since the transaction changed */
	struct mig__cli_text plain, wrapped; /* the section: as it is, with its transactions */
	size_t groups, outside;
};

struct statement {
	size_t start, end; /* without its semicolon */
	size_t next;       /* behind it */
	const char *words[WORDS];
	size_t sizes[WORDS];
	size_t count;
};

static const char up_lead[] = "-- Running upgrade ", down_lead[] = "-- Running downgrade ";

/* The direction of the marker that begins at the offset, or NO_MARKER. */
static int marker(const char *text, size_t at)
{
	if (at && text[at - 1] != '\n')
		return NO_MARKER;
	if (!strncmp(text + at, up_lead, strlen(up_lead)))
		return MIG_UPGRADE;
	return strncmp(text + at, down_lead, strlen(down_lead)) ? NO_MARKER : MIG_DOWNGRADE;
}

static int fail_at(struct sql *s, size_t at, const char *what)
{
	s->place.at = at;
	return mig__alembic_fail(s->a, s->place, what);
}

/* -- tokens */

static int is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || (unsigned char)c >= 0x80;
}

/* Behind the quote that ends what begins at `at`, or 0. */
static size_t past_quoted(const char *text, size_t at, int escapes)
{
	char quote = text[at++];

	for (; text[at]; at++) {
		if (escapes && text[at] == '\\' && text[at + 1])
			at++;
		else if (text[at] == quote)
			return at + 1;
	}
	return 0;
}

/* Behind a dollar-quoted body that begins at `at`; `at` if none does; 0 if it does not end. */
static size_t past_dollar(const char *text, size_t at)
{
	size_t n = at + 1;
	const char *end;
	char tag[66];

	while (is_word(text[n]) && n - at < sizeof tag - 3)
		n++;
	if (text[n] != '$' || (text[at + 1] >= '0' && text[at + 1] <= '9') ||
	    (at && is_word(text[at - 1])))
		return at;
	n++;
	memcpy(tag, text + at, n - at);
	tag[n - at] = '\0';
	end = strstr(text + n, tag);
	return end ? (size_t)(end - text) + (n - at) : 0;
}

/* Comments of this form can be nested. 0: it does not end. */
static size_t past_comment(const char *text, size_t at)
{
	size_t depth = 0;

	do {
		if (text[at] == '/' && text[at + 1] == '*') {
			depth++;
			at += 2;
		} else if (text[at] == '*' && text[at + 1] == '/') {
			depth--;
			at += 2;
		} else if (!text[at++]) {
			return 0;
		}
	} while (depth);
	return at;
}

/* Past one token or blank. */
static int skip_token(struct sql *s, size_t *at)
{
	const char *text = s->place.text;
	char c = text[*at];
	int escapes = *at && (text[*at - 1] == 'E' || text[*at - 1] == 'e') &&
		      (*at < 2 || !is_word(text[*at - 2]));
	size_t next = *at + 1;

	if (c == '-' && text[next] == '-')
		next = *at + strcspn(text + *at, "\n");
	else if (c == '/' && text[next] == '*')
		next = past_comment(text, *at);
	else if (c == '\'' || c == '"' || c == '`')
		next = past_quoted(text, *at, c == '\'' && escapes);
	else if (c == '$')
		next = past_dollar(text, *at);
	else
		while (is_word(c) && is_word(text[next]))
			next++;
	if (!next)
		return fail_at(s, *at, "what begins here does not end: the output is cut off");
	*at = next > *at ? next : *at + 1;
	return MIG_CLI_DONE;
}

/* -- statements */

static int word_is(const struct statement *st, size_t i, const char *word)
{
	return i < st->count && strlen(word) == st->sizes[i] &&
	       !mig__ascii_compare_n(st->words[i], word, st->sizes[i]);
}

/* A word of the list, "" for any; each may be absent but the last. Returns the index behind. */
static size_t past_words(const struct statement *st, const char *const *words)
{
	size_t i = 0;

	for (; *words; words++)
		i += word_is(st, i, *words) ? 1 : 0;
	return i;
}

/* A statement that holds others, each with its semicolon, between BEGIN and END. */
static int has_body(const struct statement *st)
{
	static const char *const lead[] = { "CREATE", "OR",        "REPLACE", "CONSTRAINT",
					    "TEMP",   "TEMPORARY", "TRIGGER", NULL };
	size_t i = past_words(st, lead);

	return i && word_is(st, i - 1, "TRIGGER");
}

/* The same in a function of PostgreSQL's: BEGIN ATOMIC ... END. */
static int is_atomic(const char *text, size_t at)
{
	at += strspn(text + at, " \t\n");
	return !mig__ascii_compare_n(text + at, "ATOMIC", 6) && !is_word(text[at + 6]);
}

static void add_word(struct statement *st, const char *word, size_t size)
{
	st->words[st->count] = word;
	st->sizes[st->count++] = size;
}

static void note_word(struct statement *st, const char *word, size_t size, size_t *depth)
{
	struct statement one = { .words = { word }, .sizes = { size }, .count = 1 };

	if (st->count < WORDS)
		add_word(st, word, size);
	if (word_is(&one, 0, "BEGIN"))
		*depth += has_body(st) || (st->count > 1 && is_atomic(word, size));
	else if (*depth && word_is(&one, 0, "CASE"))
		++*depth;
	else if (*depth && word_is(&one, 0, "END"))
		--*depth;
}

/* Alembic puts a semicolon behind whatever a revision executes, also behind a comment at its end:
 * then it is lost in there. An empty line follows it. */
static int hides_semicolon(const char *text, size_t at)
{
	size_t end = at + strcspn(text + at, "\n");

	return !strncmp(text + at, "--", 2) && text[end - 1] == ';' &&
	       !strncmp(text + end, "\n\n", 2);
}

/* What must not be inside a statement. */
static int check_token(struct sql *s, size_t at, int parentheses)
{
	if (marker(s->place.text, at) != NO_MARKER)
		return fail_at(s, at, "the statement above this line has no semicolon");
	if (!parentheses && hides_semicolon(s->place.text, at))
		return fail_at(s, at,
			       "the comment hides the semicolon of its statement: move it to the "
			       "front of the comment");
	return MIG_CLI_DONE;
}

/* The statement at st->start. Names in quotes count as words, the quotes included. */
static int read_statement(struct sql *s, struct statement *st)
{
	const char *text = s->place.text;
	size_t at = st->start, depth = 0, before;
	int parentheses = 0, status;

	while (text[at] && (depth || text[at] != ';')) {
		before = at;
		parentheses += (text[at] == '(') - (text[at] == ')');
		status = check_token(s, at, parentheses || depth);
		if (!status)
			status = skip_token(s, &at);
		if (status)
			return status;
		if (is_word(text[before]))
			note_word(st, text + before, at - before, &depth);
		else if ((text[before] == '"' || text[before] == '.') && st->count < WORDS)
			add_word(st, text + before, at - before);
	}
	st->end = at;
	st->next = at + (text[at] == ';');
	if (!text[at])
		return fail_at(s, st->start,
			       "the statement has no semicolon: the output is cut off");
	return MIG_CLI_DONE;
}

static enum transaction transaction_after(const struct statement *st)
{
	if (st->count == 1 && word_is(st, 0, "BEGIN"))
		return INSIDE;
	return st->count == 1 && word_is(st, 0, "COMMIT") ? OUTSIDE : UNKNOWN;
}

static int is_table(const struct statement *st, size_t i, const char *table)
{
	size_t size = strlen(table);
	int quoted = i < st->count && st->words[i][0] == '"';

	if (i + 2 < st->count && word_is(st, i + 1, "."))
		return is_table(st, i + 2, table);
	return i < st->count && st->sizes[i] == size + (quoted ? 2 : 0) &&
	       !mig__ascii_compare_n(st->words[i] + quoted, table, size);
}

/* Whether it is on Alembic's table; *change: one that says where the database is. */
static int is_bookkeeping(const struct sql *s, const struct statement *st, int *change)
{
	static const char *const changing[] = {
		"INSERT", "INTO", "UPDATE", "DELETE", "FROM", NULL
	};
	static const char *const defining[] = { "CREATE", "ALTER", "DROP",   "TABLE",
						"IF",     "NOT",   "EXISTS", NULL };
	size_t i = past_words(st, changing);

	*change = i && is_table(st, i, s->a->table);
	if (*change)
		return 1;
	i = past_words(st, defining);
	return i > 1 && is_table(st, i, s->a->table);
}

/* A line of Alembic's log, as "INFO  [alembic.runtime.migration] ...", which it prints elsewhere.
 */
static int is_log_line(const char *p)
{
	size_t n = strspn(p, MIG__CAPITALS);

	return n > 3 && p[n] == ' ' && !strncmp(p + n + strspn(p + n, " "), "[alembic", 8);
}

/* -- sections */

static void add_apart(struct mig__cli_text *out, const char *text, size_t size)
{
	mig__cli_adds(out, out->len ? "\n\n" : "");
	mig__cli_add(out, text, size);
}

static void end_group(struct sql *s)
{
	struct mig__cli_text *group = &s->group;

	if (group->len) {
		add_apart(&s->plain, group->data, group->len);
		if (s->transaction == INSIDE)
			add_apart(&s->wrapped, "BEGIN;", 6);
		add_apart(&s->wrapped, group->data, group->len);
		if (s->transaction == INSIDE)
			add_apart(&s->wrapped, "COMMIT;", 7);
		s->groups++;
		s->outside += s->transaction == OUTSIDE;
	}
	s->plain.failed |= group->failed;
	mig__cli_clear(group);
}

static int end_section(struct sql *s)
{
	struct mig__alembic_section *section;

	end_group(s);
	if (s->section) {
		section = &s->a->sections[s->section - 1];
		section->lone = s->groups > 1 || s->outside;
		section->sql = section->lone ? s->wrapped : s->plain;
		mig__cli_text_finish(section->lone ? &s->plain : &s->wrapped);
		memset(&s->plain, 0, sizeof s->plain);
		memset(&s->wrapped, 0, sizeof s->wrapped);
		if (section->sql.failed)
			return mig__cli_no_memory(s->a->cli);
	}
	s->groups = s->outside = s->section = 0;
	if (s->transaction == OUTSIDE) /* by a COMMIT of the revision's own: for itself alone */
		s->transaction = UNKNOWN;
	return MIG_CLI_DONE;
}

/* To be asked for growing offsets. */
static size_t line_of(struct sql *s, size_t at)
{
	for (; s->counted < at; s->counted++)
		s->line += s->place.text[s->counted] == '\n';
	return s->line;
}

/* "A, B" as "A B". */
static void take_ids(struct mig__cli_text *out, const char *p, const char *end)
{
	while (p < end) {
		size_t n = strcspn(p, ", \n");

		if (n > (size_t)(end - p))
			n = (size_t)(end - p);
		if (n) {
			mig__cli_adds(out, out->len ? " " : "");
			mig__cli_add(out, p, n);
		}
		p += n + 1;
	}
}

/* The marker at s->place.text[at], if it is one: then a new section. */
static int take_marker(struct sql *s, size_t at, const char *scope)
{
	const char *p = s->place.text + at, *end = p + strcspn(p, "\n"), *arrow;
	int which = marker(s->place.text, at), down = which == MIG_DOWNGRADE, status;
	struct mig__alembic_section *section;

	if (which == NO_MARKER)
		return MIG_CLI_DONE;
	p += strlen(down ? down_lead : up_lead);
	arrow = strstr(p - 1, " ->");
	if (!arrow || arrow >= end)
		return fail_at(s, at, "the line does not say from where to where");
	status = end_section(s);
	section = status ? NULL : mig__alembic_add_section(s->a);
	if (!section)
		return MIG_CLI_ERROR;
	s->section = s->a->section_count;
	section->direction = which;
	section->scope = scope;
	section->file = s->place.file;
	section->line = line_of(s, at);
	take_ids(down ? &section->id : &section->revises, p, arrow);
	take_ids(down ? &section->revises : &section->id, arrow + 3, end);
	if (!section->id.len || strchr(section->id.data, ' '))
		return fail_at(s, at, "the line does not name one revision");
	return MIG_CLI_DONE;
}

/* -- the file */

/* A line that begins like a directive would be one in the revision file. */
static int check_lines(struct sql *s, size_t from, size_t end)
{
	const char *text = s->place.text;

	for (size_t at = from; at < end; at += strcspn(text + at, "\n") + 1) {
		const char *p = text + at + strspn(text + at, " \t");

		if (strncmp(p, "--", 2) != 0)
			continue;
		p += 2 + strspn(p + 2, " \t");
		if (!strncmp(p, "mig:", 4))
			return fail_at(s, (size_t)(p - text),
				       "in a revision file this line would begin a section");
	}
	return MIG_CLI_DONE;
}

/* comments: where those before the statement begin. */
static int take_statement(struct sql *s, size_t comments, const struct statement *st)
{
	const char *text = s->place.text;
	enum transaction after = transaction_after(st);
	int change;

	if (st->end == st->start)
		return MIG_CLI_DONE;
	if (after) {
		end_group(s);
		s->transaction = after;
		return MIG_CLI_DONE;
	}
	if (is_bookkeeping(s, st, &change)) {
		if (s->section && change)
			s->a->sections[s->section - 1].complete = 1;
		return MIG_CLI_DONE;
	}
	if (!s->section)
		return fail_at(s, st->start, "SQL above the first \"-- Running ...\"");
	add_apart(&s->group, text + comments, st->next - comments);
	return check_lines(s, comments, st->next);
}

static int take_all(struct sql *s, const char *scope)
{
	const char *text = s->place.text;
	size_t at = 0, comments = 0;
	int status = MIG_CLI_DONE;

	while (!status && text[at]) {
		struct statement st = { .start = at };
		size_t sections = s->a->section_count;

		if (strchr(" \t\n\r\f", text[at])) {
			comments += comments == at++;
		} else if (!strncmp(text + at, "--", 2) || !strncmp(text + at, "/*", 2)) {
			status = take_marker(s, at, scope);
			if (!status)
				status = skip_token(s, &at);
			if (s->a->section_count != sections)
				comments = at;
		} else if (is_log_line(text + at)) {
			status = fail_at(s, at, "a message of Alembic's: print the SQL without it");
		} else {
			status = read_statement(s, &st);
			if (!status)
				status = take_statement(s, comments, &st);
			at = comments = st.next;
		}
	}
	return status ? status : end_section(s);
}

int mig__alembic_read_sql(struct mig__alembic *a, const char *file, const char *text, size_t size,
			  const char *scope)
{
	struct sql s = { .a = a, .place = { file, text, 0 }, .line = 1 };
	size_t before = a->section_count;
	int status;

	if (strlen(text) != size)
		return mig__cli_fail(a->cli, "%s: a NUL byte is in the file", file);
	status = take_all(&s, scope);
	if (!status && a->section_count == before)
		status = mig__cli_fail(a->cli, "%s: no line \"-- Running ...\" is in it", file);
	mig__cli_text_finish(&s.group);
	mig__cli_text_finish(&s.plain);
	mig__cli_text_finish(&s.wrapped);
	return status;
}

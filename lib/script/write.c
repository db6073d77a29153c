/* write: a new revision file from a template.
 *
 * Lines are expanded one by one. A message of several lines repeats the comment mark before it; a
 * line whose variables are empty loses its trailing blanks; one that is nothing but an empty
 * ${upgrade} or ${downgrade} is left out. The result is parsed back and compared, so whatever a
 * message or a template holds, a file that says something else is never written. */
#include "script/attribute.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/text.h"

#include <string.h>

const char mig__script_template[] = "-- ${message}\n"
				    "--\n"
				    "-- revision: ${revision}\n"
				    "-- revises: ${revises}\n"
				    "-- branch_labels: ${branch_labels}\n"
				    "-- depends_on: ${depends_on}\n"
				    "-- created: ${created}\n"
				    "\n"
				    "-- mig:upgrade\n"
				    "${upgrade}\n"
				    "\n"
				    "-- mig:downgrade\n"
				    "${downgrade}\n";

struct render {
	struct mig__reader template; /* for places */
	const struct mig__script_values *v;
	struct mig__buf message; /* as it will be read back */
	struct mig__buf out;
	size_t line_start; /* in out */
	int empty;         /* a variable of the line was */
};

/* -- what a variable stands for */

static void add_message(struct render *r)
{
	struct mig__word line = { mig__buf_text(&r->out) + r->line_start,
				  r->out.len - r->line_start },
			 mark;
	struct mig__lines lines;
	struct mig__line text;
	char lead[32];
	size_t n = 0;

	if (r->line_start < r->out.len && mig__comment(line, &mark)) {
		while (mark.size && mig__is_blank(*mark.at))
			mark = (struct mig__word){ mark.at + 1, mark.size - 1 };
		n = (size_t)(mark.at - line.at);
		n = n < sizeof lead ? n : sizeof lead;
		memcpy(lead, line.at, n);
	}
	mig__lines_init(&lines, mig__buf_text(&r->message), r->message.len);
	while (mig__lines_next(&lines, &text)) {
		if (text.number > 1) {
			size_t keep = text.text.size
					      ? n
					      : mig__trim_right((struct mig__word){ lead, n }).size;

			mig__buf_adds(&r->out, "\n");
			mig__buf_add(&r->out, lead, keep);
		}
		mig__buf_add(&r->out, text.text.at, text.text.size);
	}
}

static void add_list(struct render *r, const struct mig__list *list)
{
	for (uint32_t i = 0; i < list->count; i++) {
		mig__buf_adds(&r->out, i ? ", " : "");
		mig__buf_adds(&r->out, list->at[i]);
	}
}

static void add_revision(struct render *r)
{
	mig__buf_adds(&r->out, r->v->id);
}

static void add_revises(struct render *r)
{
	add_list(r, &r->v->parents);
}

static void add_labels(struct render *r)
{
	add_list(r, &r->v->labels);
}

static void add_depends(struct render *r)
{
	add_list(r, &r->v->dependencies);
}

static void add_created(struct render *r)
{
	mig__buf_adds(&r->out, r->v->created ? r->v->created : "");
}

/* The SQL without blanks and empty lines at its end. */
static struct mig__word sql_of(const mig_section *s)
{
	const char *sql = s->sql ? s->sql : "";
	size_t size = strlen(sql);

	while (size &&
	       (mig__is_blank(sql[size - 1]) || sql[size - 1] == '\n' || sql[size - 1] == '\r'))
		size--;
	return (struct mig__word){ sql, size };
}

void mig__script_add_directive(struct mig__buf *out, const mig_section *s)
{
	mig__buf_addf(out, "-- mig:%s", s->direction == MIG_UPGRADE ? "upgrade" : "downgrade");
	mig__attributes_add(out, s);
	mig__buf_adds(out, "\n");
}

/* The SQL of a direction's first section; then the others, each with its directive. */
static void add_sections(struct render *r, int32_t direction)
{
	int first = 1;

	for (size_t i = 0; i < r->v->section_count; i++) {
		const mig_section *s = &r->v->sections[i];
		struct mig__word sql = sql_of(s);

		if (s->direction != direction)
			continue;
		if (!first) {
			mig__buf_addf(&r->out, "\n\n-- mig:%s",
				      direction == MIG_UPGRADE ? "upgrade" : "downgrade");
			mig__attributes_add(&r->out, s);
			mig__buf_adds(&r->out, "\n");
		}
		mig__buf_add(&r->out, sql.at, sql.size);
		first = 0;
	}
}

/* A directive of the template gets the options of the first section of its direction. *missing: there
 * is none, though there are others: then the revision has no such section. */
static void complete_directive(struct render *r, struct mig__word line, int *missing)
{
	static const char *const names[] = {
		[MIG_UPGRADE] = "mig:upgrade", [MIG_DOWNGRADE] = "mig:downgrade"
	};
	struct mig__word words;

	*missing = 0;
	if (!mig__directive(line, &words))
		return;
	for (size_t i = 0; i < r->v->section_count; i++) {
		const mig_section *s = &r->v->sections[i];

		if (mig__word_is(mig__trim(words), names[s->direction])) {
			mig__attributes_add(&r->out, s);
			return;
		}
	}
	*missing = r->v->section_count && mig__word_is(mig__trim(words), names[MIG_DOWNGRADE]);
}

static void add_upgrade(struct render *r)
{
	add_sections(r, MIG_UPGRADE);
}

static void add_downgrade(struct render *r)
{
	add_sections(r, MIG_DOWNGRADE);
}

static const struct variable {
	const char *name; /* as it is written */
	void (*add)(struct render *r);
	int sql;
} variables[] = {
	{ "${revision}", add_revision, 0 },  { "${message}", add_message, 0 },
	{ "${revises}", add_revises, 0 },    { "${branch_labels}", add_labels, 0 },
	{ "${depends_on}", add_depends, 0 }, { "${created}", add_created, 0 },
	{ "${upgrade}", add_upgrade, 1 },    { "${downgrade}", add_downgrade, 1 },
};
enum { VARIABLES = sizeof variables / sizeof *variables };

static const struct variable *find_variable(struct mig__word word)
{
	for (size_t i = 0; i < VARIABLES; i++)
		if (mig__word_is(word, variables[i].name))
			return &variables[i];
	return NULL;
}

/* -- the template */

static mig_status unknown_variable(struct render *r, struct mig__word word)
{
	const char *names[VARIABLES + 1] = { NULL }, *near;
	char quote[MIG__QUOTE];

	for (size_t i = 0; i < VARIABLES; i++)
		names[i] = variables[i].name;
	near = mig__suggest(word, names);
	mig__quote(word, quote);
	if (near)
		return mig__reader_fail(&r->template, MIG_ESYNTAX, word.at,
					"unknown variable \"%s\" (did you mean \"%s\"?)", quote,
					near);
	return mig__reader_fail(&r->template, MIG_ESYNTAX, word.at, "unknown variable \"%s\"",
				quote);
}

/* At a "$": expands what it begins, and returns its size in *used. */
static mig_status expand_dollar(struct render *r, struct mig__word rest, size_t *used)
{
	const struct variable *v;
	const char *close;
	size_t before = r->out.len;

	*used = 1;
	if (rest.size < 2 || (rest.at[1] != '{' && rest.at[1] != '$')) {
		mig__buf_adds(&r->out, "$");
		return MIG_OK;
	}
	*used = 2;
	if (rest.at[1] == '$') {
		mig__buf_adds(&r->out, "$");
		return MIG_OK;
	}
	close = memchr(rest.at, '}', rest.size);
	if (!close)
		return mig__reader_fail(&r->template, MIG_ESYNTAX, rest.at,
					"\"${\" has no \"}\" (write $${ for a plain one)");
	*used = (size_t)(close + 1 - rest.at);
	v = find_variable((struct mig__word){ rest.at, *used });
	if (!v)
		return unknown_variable(r, (struct mig__word){ rest.at, *used });
	v->add(r);
	if (r->out.len == before)
		r->empty = 1;
	return MIG_OK;
}

static mig_status expand_line(struct render *r, struct mig__word line)
{
	const struct variable *alone = find_variable(mig__trim(line));
	struct mig__word rest = line;
	const char *dollar;
	size_t used;
	mig_status rc = MIG_OK;
	int missing = 0;

	r->line_start = r->out.len;
	r->empty = 0;
	while (!rc && rest.size) {
		dollar = memchr(rest.at, '$', rest.size);
		used = dollar ? (size_t)(dollar - rest.at) : rest.size;
		mig__buf_add(&r->out, rest.at, used);
		rest = (struct mig__word){ rest.at + used, rest.size - used };
		if (!dollar)
			break;
		rc = expand_dollar(r, rest, &used);
		rest = (struct mig__word){ rest.at + used, rest.size - used };
	}
	while (r->empty && !r->out.failed && r->out.len > r->line_start &&
	       mig__is_blank(r->out.data[r->out.len - 1]))
		r->out.len--;
	if (!rc)
		complete_directive(r, line, &missing);
	if (missing)
		r->out.len = r->line_start;
	else if (!(alone && alone->sql && r->empty))
		mig__buf_adds(&r->out, "\n");
	return rc;
}

static mig_status expand(struct render *r)
{
	struct mig__reader *t = &r->template;
	size_t bom = t->size >= 3 && !memcmp(t->text, "\xef\xbb\xbf", 3) ? 3 : 0;
	struct mig__line line;
	mig_status rc = MIG_OK;

	mig__lines_init(&t->lines, t->text + bom, t->size - bom);
	while (!rc && mig__lines_next(&t->lines, &line))
		rc = expand_line(r, line.text);
	if (!rc && r->out.failed)
		rc = mig__fail_nomem(t->err);
	return rc;
}

/* -- the values */

static mig_status check_list(const struct mig__list *list, enum mig__name_kind kind,
			     const char *what, struct mig__error *err)
{
	mig_status rc = MIG_OK;

	for (uint32_t i = 0; !rc && i < list->count; i++)
		rc = mig__name_check(list->at[i], kind, what, err);
	return rc;
}

static mig_status check_utf8(const char *text, const char *what, struct mig__error *err)
{
	size_t size = strlen(text);

	if (mig__text_utf8(text, size) < size)
		return mig__fail(err, MIG_EINVAL, "the %s is not UTF-8", what);
	return MIG_OK;
}

/* Text for the header; of control characters only those in `allowed` are. */
static mig_status check_text(const char *text, const char *allowed, const char *what,
			     struct mig__error *err)
{
	for (const char *p = text; *p; p++)
		if ((((unsigned char)*p < 0x20 && !strchr(allowed, *p)) || *p == 0x7f))
			return mig__fail(err, MIG_EINVAL, "the %s has a control character (U+%04X)",
					 what, (unsigned int)*p);
	return check_utf8(text, what, err);
}

/* Brings the message to the form in which it is read back: see keep_message in header.c. */
static mig_status take_message(struct render *r, const char *message)
{
	struct mig__error *err = r->template.err;
	struct mig__lines lines;
	struct mig__line line;
	struct mig__word text, words;
	size_t kept = 0;
	mig_status rc = check_text(message, "\t\n\r", "message", err);

	mig__lines_init(&lines, message, strlen(message));
	while (!rc && mig__lines_next(&lines, &line)) {
		text = kept ? mig__trim_right(line.text) : mig__trim(line.text);
		words = mig__trim(text);
		if (words.size >= 4 && !mig__ascii_compare_n(words.at, "mig:", 4))
			rc = mig__fail(
				err, MIG_ESYNTAX,
				"line %d of the message begins with \"mig:\", as directives do",
				(int)line.number);
		else if (mig__header_is_key(text, &words))
			rc = mig__fail(err, MIG_ESYNTAX,
				       "line %d of the message begins with \"%.*s:\", as lines of "
				       "the header do",
				       (int)line.number, (int)words.size, words.at);
		if (kept)
			mig__buf_adds(&r->message, "\n");
		mig__buf_add(&r->message, text.at, text.size);
		if (text.size)
			kept = r->message.len;
	}
	if (!rc && r->message.failed)
		rc = mig__fail_nomem(err);
	if (!rc && r->message.data) {
		r->message.len = kept;
		r->message.data[kept] = '\0';
	}
	return rc;
}

static mig_status check_section(const mig_section *s, struct mig__error *err)
{
	const char *what = s->direction == MIG_UPGRADE ? "upgrade SQL" : "downgrade SQL";
	const char *sql = s->sql ? s->sql : "";
	struct mig__lines lines;
	struct mig__line line;
	struct mig__word words;
	mig_status rc;

	if (s->direction != MIG_UPGRADE && s->direction != MIG_DOWNGRADE)
		return mig__fail(err, MIG_EINVAL, "a section has no direction");
	rc = mig__attributes_check(s, err);
	if (!rc)
		rc = check_utf8(sql, what, err);
	mig__lines_init(&lines, sql, strlen(sql));
	while (!rc && mig__lines_next(&lines, &line))
		if (mig__directive(line.text, &words) && !mig__note_is(words))
			rc = mig__fail(err, MIG_ESYNTAX, "line %d of the %s is a directive",
				       (int)line.number, what);
	return rc;
}

static mig_status take_values(struct render *r)
{
	const struct mig__script_values *v = r->v;
	struct mig__error *err = r->template.err;
	mig_status rc = mig__name_check(v->id, MIG__NAME_ID, "revision id", err);

	if (!rc)
		rc = check_list(&v->parents, MIG__NAME_ID, "revision id", err);
	if (!rc)
		rc = check_list(&v->dependencies, MIG__NAME_LABEL, "revision id or branch label",
				err);
	if (!rc)
		rc = check_list(&v->labels, MIG__NAME_LABEL, "branch label", err);
	if (!rc && v->created)
		rc = check_text(v->created, "", "creation time", err);
	if (!rc)
		rc = take_message(r, v->message ? v->message : "");
	for (size_t i = 0; !rc && i < v->section_count; i++)
		rc = check_section(&v->sections[i], err);
	return rc;
}

/* -- the result, read back */

/* Whether a section of the file is the one that was given. */
static int holds(const struct render *r, const struct mig__script *s, const mig_section *given)
{
	struct mig__word sql = sql_of(given);

	for (size_t i = 0; i < s->section_count; i++) {
		const mig_section *is = &s->sections[i].is;

		if (is->direction == given->direction && mig__attributes_fit(given, is) &&
		    memmem(r->out.data + is->offset, is->size, sql.at, sql.size))
			return 1;
	}
	return !sql.size;
}

/* The variable that does not come back as it went in, or NULL. */
static const char *difference(const struct render *r, const struct mig__script *s)
{
	const struct mig__script_values *v = r->v;

	if (strcmp(s->id, v->id))
		return "${revision}";
	if (strcmp(s->message, mig__buf_text(&r->message)))
		return "${message}";
	if (!mig__list_same(&s->parents, &v->parents))
		return "${revises}";
	if (!mig__list_same(&s->labels, &v->labels))
		return "${branch_labels}";
	if (!mig__list_same(&s->dependencies, &v->dependencies))
		return "${depends_on}";
	if (strcmp(s->created, v->created ? v->created : ""))
		return "${created}";
	for (size_t i = 0; i < v->section_count; i++)
		if (!holds(r, s, &v->sections[i]))
			return v->sections[i].direction == MIG_UPGRADE ? "${upgrade}"
								       : "${downgrade}";
	return NULL;
}

static mig_status read_back(struct render *r)
{
	const struct mig__reader *t = &r->template;
	struct mig__arena arena;
	struct mig__script script;
	const char *wrong;
	mig_status rc;

	mig__arena_init(&arena, r->out.alloc);
	rc = mig__parse_whole(&arena, t->file, mig__buf_text(&r->out), r->out.len, 0, t->err,
			      &script);
	if (rc && rc != MIG_ENOMEM) {
		mig__error_prefix(t->err, "the file that the template gives: ");
		t->err->status = rc = MIG_ESYNTAX;
	}
	wrong = rc ? NULL : difference(r, &script);
	if (wrong)
		rc = mig__fail_at(t->err, MIG_ESYNTAX, t->file, 0, 0,
				  "the template does not put %s where it belongs, and alone",
				  wrong);
	mig__arena_finish(&arena);
	return rc;
}

mig_status mig__script_render(const struct mig__alloc *alloc, const char *name,
			      const char *template_text, size_t size,
			      const struct mig__script_values *values, struct mig__error *err,
			      char **text, size_t *text_size)
{
	struct render r = { .template = { .file = name,
					  .text = template_text,
					  .size = size,
					  .complete = 1,
					  .err = err },
			    .v = values };
	size_t len = 0;
	char *out = NULL;
	mig_status rc;

	mig__buf_init(&r.message, alloc);
	mig__buf_init(&r.out, alloc);
	rc = take_values(&r);
	if (!rc)
		rc = expand(&r);
	if (!rc)
		rc = read_back(&r);
	if (!rc) {
		len = r.out.len;
		out = mig__buf_take(&r.out);
		if (!out)
			rc = mig__fail_nomem(err);
	}
	mig__buf_finish(&r.message);
	mig__buf_finish(&r.out);
	if (rc)
		return rc;
	*text = out;
	*text_size = len;
	return MIG_OK;
}

/* units: what in a section outside a transaction leans on the session across two units of it.
 *
 * A section that was interrupted is resumed in a new session: temporary tables, cursors and the
 * last values of sequences are gone. Settings and prepared statements are set again. Within one
 * unit all is fine. What functions do, and the text of a DO, is not seen. */
#include "dialect/postgresql/sql/units.h"
#include "dialect/postgresql/conn/report.h"
#include "dialect/postgresql/conn/script.h"
#include "dialect/postgresql/conn/wire.h"
#include "dialect/postgresql/sql/split.h"

#include <stdio.h>
#include <string.h>

/* A temporary table of an earlier unit, as its name is written. */
struct lent_name {
	struct mig__pg_word word;
	size_t unit;
};

struct units {
	mig_conn *conn;
	const char *text;
	int standard;
	struct lent_name *names;
	size_t count, cap;
	size_t unit;
	int several;  /* the unit has several statements */
	int fed;      /* one before has drawn from sequences, maybe */
	int made;     /* one before has made something temporary */
	int declared; /* one before has opened a cursor */
};

struct reading {
	const char *text;
	size_t size, at;
	int standard;
	struct mig__pg_word word; /* symbol ';' at the end */
};

static void advance(struct reading *r)
{
	if (!mig__pg_word_next(r->text, r->size, &r->at, r->standard, &r->word))
		r->word = (struct mig__pg_word){ .text = r->text + r->size, .symbol = ';' };
}

static int accept(struct reading *r, const char *upper)
{
	if (r->word.symbol || !mig__pg_word_is(&r->word, upper))
		return 0;
	advance(r);
	return 1;
}

static int is_any(const struct mig__pg_word *w, const char *const *words)
{
	for (; *words; words++)
		if (!w->quoted && !w->symbol && mig__pg_word_is(w, *words))
			return 1;
	return 0;
}

static mig_status refuse_at(struct units *u, const char *at, const char *hint, const char *format,
			    int size, const char *word)
{
	const struct mig__pg_place place = { .offset = (size_t)(at - u->text) };

	return mig__pg_report(u->conn, MIG_ETRANSACTION, &place, hint, format, size, word);
}

static mig_status refuse_word(struct units *u, const struct mig__pg_word *w, const char *what)
{
	char format[200];

	snprintf(format, sizeof format,
		 "\"%%.*s\" %s; the session is lost when the section is resumed after an "
		 "interruption",
		 what);
	return refuse_at(u, w->text, "put both into one unit: between BEGIN and COMMIT", format,
			 (int)(w->size < 60 ? w->size : 60), w->text);
}

/* Unquoted names fold; the spellings of one name that are usual are the same here. */
static int same_name(const struct mig__pg_word *a, const struct mig__pg_word *b)
{
	struct mig__pg_word x = *a, y = *b;

	if (x.symbol || y.symbol || x.quoted == '\'' || y.quoted == '\'')
		return 0;
	if (x.quoted == '"' && x.size > 2)
		x.text++, x.size -= 2;
	if (y.quoted == '"' && y.size > 2)
		y.text++, y.size -= 2;
	if (x.size != y.size)
		return 0;
	for (size_t i = 0; i < x.size; i++) {
		char c = x.text[i], d = y.text[i];

		c = !x.quoted && c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
		d = !y.quoted && d >= 'A' && d <= 'Z' ? (char)(d - 'A' + 'a') : d;
		if (c != d)
			return 0;
	}
	return 1;
}

static int is_temporary(struct reading *r)
{
	return accept(r, "TEMP") || accept(r, "TEMPORARY");
}

/* CREATE TEMP TABLE x, CREATE TABLE pg_temp.x, SELECT … INTO TEMP x: its name in *name. */
static int makes_temporary(struct reading r, struct mig__pg_word *name)
{
	static const char *const kinds[] = { "TABLE", "VIEW", "SEQUENCE", NULL };
	int temporary = 0;

	if (accept(&r, "CREATE")) {
		if (accept(&r, "OR"))
			accept(&r, "REPLACE");
		while (accept(&r, "GLOBAL") || accept(&r, "LOCAL"))
			;
		temporary = is_temporary(&r);
		accept(&r, "RECURSIVE");
		if (!is_any(&r.word, kinds))
			return 0;
		advance(&r);
		while (accept(&r, "IF") || accept(&r, "NOT") || accept(&r, "EXISTS"))
			;
		*name = r.word;
		if (!accept(&r, "PG_TEMP"))
			return temporary;
		advance(&r); /* the dot */
		*name = r.word;
		return 1;
	}
	if (!mig__pg_word_is(&r.word, "SELECT") && !mig__pg_word_is(&r.word, "WITH"))
		return 0;
	while (r.word.symbol != ';') {
		if (accept(&r, "INTO") && is_temporary(&r)) {
			accept(&r, "TABLE");
			*name = r.word;
			return 1;
		}
		advance(&r);
	}
	return 0;
}

/* What is in it runs later: a routine, a view, a rule, a default. */
static int only_declares(struct reading r)
{
	if (!accept(&r, "CREATE"))
		return mig__pg_word_is(&r.word, "ALTER");
	for (; r.word.symbol != ';'; advance(&r))
		if (mig__pg_word_is(&r.word, "SELECT") && !r.word.quoted)
			break;
	/* CREATE TABLE … AS SELECT runs now */
	return r.word.symbol == ';';
}

static int declares_routine(struct reading r)
{
	static const char *const kinds[] = { "FUNCTION", "PROCEDURE", "VIEW", "RULE", NULL };

	if (!accept(&r, "CREATE"))
		return 0;
	while (accept(&r, "OR") || accept(&r, "REPLACE") || is_temporary(&r) ||
	       accept(&r, "RECURSIVE"))
		;
	return is_any(&r.word, kinds);
}

/* later: the functions in it are called by and by. */
static mig_status look_at_word(struct units *u, const struct mig__pg_word *w,
			       const struct mig__pg_word *next, int later)
{
	static const char *const functions[] = { "CURRVAL", "LASTVAL", NULL };

	if (w->symbol)
		return MIG_OK;
	if (!later && !u->fed && next->symbol == '(' && is_any(w, functions))
		return refuse_word(u, w, "depends on a statement of an earlier unit");
	if (!u->made && next->symbol == '.' && !w->quoted && mig__pg_word_is(w, "PG_TEMP"))
		return refuse_word(u, w, "refers to something temporary");
	for (size_t i = 0; i < u->count; i++)
		if (u->names[i].unit != u->unit && same_name(&u->names[i].word, w))
			return refuse_word(u, w, "is a temporary table of an earlier unit");
	return MIG_OK;
}

static void forget_name(struct units *u, const struct mig__pg_word *w)
{
	for (size_t i = 0; i < u->count; i++)
		if (same_name(&u->names[i].word, w))
			u->names[i--] = u->names[--u->count];
}

/* PREPARE TRANSACTION, AND CHAIN, and cursors. */
static mig_status look_at_control(struct units *u, struct reading r)
{
	static const char *const ends[] = { "COMMIT", "END", "ROLLBACK", "ABORT", NULL };
	static const char *const cursors[] = { "FETCH", "MOVE", NULL };
	const struct mig__pg_word first = r.word;

	if (is_any(&first, cursors) && !u->declared)
		return refuse_word(u, &first, "reads a cursor of an earlier unit");
	advance(&r);
	if (mig__pg_word_is(&first, "PREPARE") && mig__pg_word_is(&r.word, "TRANSACTION") &&
	    !r.word.quoted)
		return refuse_at(
			u, first.text,
			"end the transaction with COMMIT: libmig's journal row is part of it",
			"a section cannot prepare a transaction (%.*s)", (int)first.size,
			first.text);
	if (!is_any(&first, ends))
		return MIG_OK;
	for (; r.word.symbol != ';'; advance(&r)) {
		if (accept(&r, "NO"))
			continue;
		if (mig__pg_word_is(&r.word, "CHAIN") && !r.word.quoted)
			return refuse_at(u, first.text, "write COMMIT and BEGIN",
					 "%.*s AND CHAIN: the section could not be resumed at the "
					 "transaction that it begins",
					 (int)first.size, first.text);
	}
	return MIG_OK;
}

static mig_status add_name(struct units *u, const struct mig__pg_word *name)
{
	if (!mig__grow(&u->conn->alloc, (void **)&u->names, &u->cap, u->count + 1,
		       sizeof *u->names))
		return mig__pg_nomem(u->conn);
	u->names[u->count++] = (struct lent_name){ *name, u->unit };
	return MIG_OK;
}

/* ON COMMIT DROP */
static int goes_at_commit(const struct units *u, const mig_statement *st)
{
	struct reading r = { .text = u->text + st->offset,
			     .size = st->size,
			     .standard = u->standard };

	for (advance(&r); r.word.symbol != ';'; advance(&r))
		if (accept(&r, "ON") && accept(&r, "COMMIT") && accept(&r, "DROP"))
			return 1;
	return 0;
}

static mig_status look_at_statement(struct units *u, const mig_statement *st)
{
	static const char *const no_feed[] = { "BEGIN",  "START",   "SAVEPOINT", "SET",   "CREATE",
					       "DROP",   "ALTER",   "COMMENT",   "GRANT", "LOCK",
					       "VACUUM", "ANALYZE", NULL };
	struct reading r = { .text = u->text + st->offset,
			     .size = st->size,
			     .standard = u->standard };
	struct mig__pg_word name, first;
	int temporary, later, routine, drops;
	mig_status rc;

	advance(&r);
	first = r.word;
	temporary = makes_temporary(r, &name);
	later = only_declares(r);
	routine = declares_routine(r);
	drops = mig__pg_word_is(&first, "DROP");
	if (temporary && !u->several)
		return refuse_word(u, &name, "is temporary");
	u->made |= temporary;
	rc = look_at_control(u, r);
	for (; !rc && r.word.symbol != ';';) {
		struct mig__pg_word w = r.word;

		advance(&r);
		if (!routine)
			rc = look_at_word(u, &w, &r.word, later);
		if (!rc && drops)
			forget_name(u, &w);
	}
	if (rc)
		return rc;
	u->declared |= mig__pg_word_is(&first, "DECLARE");
	u->fed |= !is_any(&first, no_feed);
	return temporary && !goes_at_commit(u, st) ? add_name(u, &name) : MIG_OK;
}

mig_status mig__pg_check_units(mig_conn *conn, const char *text, size_t size, const mig_unit *units,
			       size_t count)
{
	struct units u = { .conn = conn, .text = text };
	mig_statement st = { .struct_size = sizeof st };
	mig_status rc = MIG_OK;

	u.standard = mig__pg_standard_strings(conn);
	for (; !rc && u.unit < count; u.unit++) {
		size_t at = units[u.unit].offset;

		u.fed = u.made = u.declared = u.several = 0;
		while (!rc && at < units[u.unit].end) {
			st.size = 0;
			rc = mig__pg_next_statement(conn, text, size, at, &st);
			if (rc || !st.size)
				break;
			u.several |= st.offset + st.size < units[u.unit].end;
			rc = look_at_statement(&u, &st);
			at = st.next;
		}
	}
	mig__free(&conn->alloc, u.names);
	return rc;
}

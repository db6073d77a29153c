/* Parsing, digests, sections and bodies, revisions from memory, bundles and C.
 *
 *   test_script [FOLDER]
 *
 * FOLDER (tests/data/scripts) holds bad/NAME.sql with NAME.expect ("STATUS message"), and good/. */
#include "script_support.h"

#include <dirent.h>
#include <sys/stat.h>

static const char *data_folder = "tests/data/scripts";

struct state {
	struct mig__error err;
	struct mig__arena arena;
	struct scratch scratch;
};

static int setup(void **user)
{
	struct state *s = calloc(1, sizeof *s);

	assert_non_null(s);
	mig__error_init(&s->err, &mig__alloc_libc);
	mig__arena_init(&s->arena, &mig__alloc_libc);
	scratch_init(&s->scratch);
	*user = s;
	return 0;
}

static int teardown(void **user)
{
	struct state *s = *user;

	mig__error_clear(&s->err);
	mig__arena_finish(&s->arena);
	scratch_finish(&s->scratch);
	free(s);
	return 0;
}

static void parse(struct state *s, const char *text, struct mig__script *out)
{
	mig_status rc = mig__script_parse(&s->arena, "x.sql", text, strlen(text), 1, &s->err, out);

	if (rc)
		print_error("%s\n", s->err.message);
	assert_int_equal(rc, MIG_OK);
}

static char *read_data(const char *folder, const char *name, size_t *size)
{
	struct mig__error err;
	char path[512], *text;

	mig__error_init(&err, &mig__alloc_libc);
	snprintf(path, sizeof path, "%s/%s/%s", data_folder, folder, name);
	assert_int_equal(mig__file_read(&mig__alloc_libc, path, &err, &text, size), MIG_OK);
	return text;
}

/* -- files with one fault each */

/* However little of the file is read at first, the head alone never answers otherwise than it does
 * for the whole file. */
static void check_prefixes(struct state *s, const char *name, const char *text, size_t size)
{
	struct mig__script whole, part;
	char *message = NULL;
	mig_status want, rc;
	int more;

	want = mig__parse_head(&s->arena, name, text, size, 1, &s->err, &whole, &more);
	assert_false(more);
	if (want)
		message = strdup(s->err.message);
	for (size_t n = 0; n <= size; n += size > 4000 ? 37 : 1) {
		rc = mig__parse_head(&s->arena, name, text, n, 0, &s->err, &part, &more);
		if (more)
			continue;
		if (!rc && want) { /* a bad byte after the head, not read yet */
			assert_true(strstr(message, "NUL byte") || strstr(message, "not UTF-8"));
			continue;
		}
		assert_int_equal(rc, want);
		if (rc) {
			assert_string_equal(s->err.message, message);
			continue;
		}
		assert_string_equal(part.id, whole.id);
		assert_string_equal(part.message, whole.message);
		assert_int_equal(part.parents.count, whole.parents.count);
		assert_int_equal(part.sections_read, 0);
	}
	free(message);
	mig__error_clear(&s->err);
}

static void check_bad(struct state *s, const char *name)
{
	char expect_name[256], got[1024], *text, *expect;
	struct mig__script script;
	size_t size, expect_size;
	mig_status rc;

	snprintf(expect_name, sizeof expect_name, "%.*s.expect", (int)strlen(name) - 4, name);
	text = read_data("bad", name, &size);
	expect = read_data("bad", expect_name, &expect_size);
	expect[strcspn(expect, "\n")] = '\0';
	rc = mig__script_parse(&s->arena, name, text, size, 1, &s->err, &script);
	snprintf(got, sizeof got, "%s %s",
		 rc == MIG_ESYNTAX       ? "MIG_ESYNTAX"
		 : rc == MIG_EILLEGAL_ID ? "MIG_EILLEGAL_ID"
					 : "?",
		 s->err.message ? s->err.message : "");
	assert_string_equal(got, expect);
	assert_string_equal(s->err.file, name);
	mig__error_clear(&s->err);
	check_prefixes(s, name, text, size);
	free(text);
	free(expect);
}

static void test_bad(void **user)
{
	char path[512];
	size_t count = 0;
	DIR *dir;

	snprintf(path, sizeof path, "%s/bad", data_folder);
	dir = opendir(path);
	assert_non_null(dir);
	for (struct dirent *d; (d = readdir(dir));) {
		if (!strstr(d->d_name, ".sql"))
			continue;
		check_bad(*user, d->d_name);
		count++;
	}
	closedir(dir);
	assert_true(count > 50);
}

static void test_bad_line_and_column(void **user)
{
	struct state *s = *user;
	struct mig__script out = { .id = "untouched" };
	const char *text = "-- a\n-- revision: ok\n-- revison: no\n";

	assert_error(&s->err,
		     mig__script_parse(&s->arena, "v/3f.sql", text, strlen(text), 0, &s->err, &out),
		     MIG_ESYNTAX,
		     "v/3f.sql:3:4: unknown key \"revison\" (did you mean \"revision\"?)", NULL);
	assert_string_equal(out.id, "untouched");
	mig__script_parse(&s->arena, "v/3f.sql", text, strlen(text), 0, &s->err, &out);
	assert_int_equal(s->err.line, 3);
	assert_int_equal(s->err.column, 4);
	assert_string_equal(s->err.file, "v/3f.sql");
}

static void test_good_prefixes(void **user)
{
	static const char *const names[] = { "full.sql",  "full_crlf_bom.sql", "full_cr.sql",
					     "short.sql", "blanks.sql",        "long_header.sql" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t size;
		char *text = read_data("good", names[i], &size);

		check_prefixes(*user, names[i], text, size);
		free(text);
	}
}

/* -- what a good file says */

static void check_full(struct state *s, const char *name, int32_t bom)
{
	static const char message[] = "add email to users\n\nA longer text, in paragraphs:\n"
				      "  kept as it is: even this\n\nthe end";
	struct mig__script script;
	const struct mig__section *sec;
	size_t size;
	char *text = read_data("good", name, &size);

	assert_int_equal(mig__script_parse(&s->arena, name, text, size, 1, &s->err, &script), 0);
	assert_string_equal(script.file, name);
	assert_string_equal(script.id, "3f2a9c1b7d10");
	assert_string_equal(script.message, message);
	assert_string_equal(script.created, "2026-11-22T20:49:00Z");
	assert_int_equal(script.parents.count, 3);
	assert_string_equal(script.parents.at[0], "1a2b3c4d5e6f");
	assert_string_equal(script.parents.at[1], "0a.b_c");
	assert_string_equal(script.parents.at[2], "7");
	assert_null(script.parents.at[3]);
	assert_int_equal(script.labels.count, 2);
	assert_string_equal(script.labels.at[1], "caf\xc3\xa9-2");
	assert_int_equal(script.dependencies.count, 1);
	assert_string_equal(script.dependencies.at[0], "42");
	assert_true(script.sections_read);
	assert_int_equal(script.section_count, 3);
	sec = script.sections;
	assert_int_equal(sec[0].is.direction, MIG_UPGRADE);
	assert_null(sec[0].is.dialect);
	assert_int_equal(sec[0].line, 19);
	assert_memory_equal(text + sec[0].is.offset, "ALTER TABLE users ADD", 21);
	assert_int_equal(sec[1].line, 22);
	assert_string_equal(sec[1].is.dialect, "postgresql");
	assert_string_equal(sec[1].is.database, "stats");
	assert_int_equal(sec[1].is.no_transaction, 1);
	assert_int_equal(text[sec[1].is.offset + sec[1].is.size], '-');
	assert_int_equal(sec[2].is.direction, MIG_DOWNGRADE);
	assert_int_equal(sec[2].line, 24);
	assert_int_equal(sec[2].is.offset + sec[2].is.size, size);
	assert_int_equal(!memcmp(text, "\xef\xbb\xbf", 3), bom);
	free(text);
}

static void test_full(void **user)
{
	check_full(*user, "full.sql", 0);
	check_full(*user, "full_crlf_bom.sql", 1);
	check_full(*user, "full_cr.sql", 0);
}

static void test_timeouts(void **user)
{
	static const struct {
		const char *value;
		int32_t ms;
	} times[] = { { "250", 250 },      { "500ms", 500 },           { "5s", 5000 },
		      { "2 min", 120000 }, { "1h", 3600000 },          { "24d", 2073600000 },
		      { "0", -1 },         { "2147483647", INT32_MAX } };
	struct mig__script script;
	char text[200];

	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		snprintf(text, sizeof text,
			 "-- revision: a\n-- statement_timeout: %s\n-- mig:upgrade\n",
			 times[i].value);
		parse(*user, text, &script);
		assert_int_equal(script.header.statement_timeout_ms, times[i].ms);
		assert_int_equal(script.header.lock_timeout_ms, 0);
	}
}

static void test_lenient(void **user)
{
	struct state *s = *user;
	struct mig__script script;
	size_t size;
	char *text = read_data("good", "blanks.sql", &size);

	parse(s, text, &script);
	assert_string_equal(script.id, "b2");
	assert_string_equal(script.message, "revised: the layout");
	assert_int_equal(script.section_count, 2);
	assert_memory_equal(text + script.sections[0].is.offset, "  SELECT 1;  \n \t", 14);
	assert_int_equal(script.sections[0].is.size, 14);
	assert_int_equal(script.sections[1].is.size, 0);
	assert_string_equal(script.created, "");
	assert_int_equal(script.parents.count, 0);
	assert_null(script.parents.at[0]);
	free(text);
	text = read_data("good", "short.sql", &size);
	parse(s, text, &script);
	assert_string_equal(script.id, "a");
	assert_string_equal(script.message, "");
	assert_int_equal(script.sections[0].is.offset, size);
	free(text);
}

static void test_message(void **user)
{
	static const struct {
		const char *lines, *message;
	} cases[] = {
		{ "", "" },
		{ "--\n--  \n", "" },
		{ "-- one\n", "one" },
		{ "--one\n--two\n", "one\ntwo" },
		{ "--\n--   one  \n--\n--\n--   two\n--\t\n--\n", "one\n\n\n  two" },
		{ "-- note: see http://x.y/z\n-- revised: all\n--\n",
		  "note: see http://x.y/z\nrevised: all" },
		{ "---\n-- x\n---\n", "-\nx\n-" },
		{ "-- \xf0\x9f\x90\x98 Gr\xc3\xb6\xc3\x9f"
		  "e\n",
		  "\xf0\x9f\x90\x98 Gr\xc3\xb6\xc3\x9f"
		  "e" },
	};
	struct mig__script script;
	char text[256];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(text, sizeof text, "%s-- revision: a\n\n-- mig:upgrade\n", cases[i].lines);
		parse(*user, text, &script);
		assert_string_equal(script.message, cases[i].message);
	}
}

static void test_labels_of_any_script(void **user)
{
	struct mig__script script;

	parse(*user,
	      "-- revision: a\n-- branch_labels: \xd0\xbb\xd1\x8e\xd0\xb4\xd0\xb8, "
	      "\xe4\xba\xba, \xe0\xa4\xb9\xe0\xa4\xbf\xe0\xa4\x82, rel-2_x.y\n\n-- mig:upgrade\n",
	      &script);
	assert_int_equal(script.labels.count, 4);
	assert_string_equal(script.labels.at[1], "\xe4\xba\xba");
}

/* -- which section applies */

static void test_section_choice(void **user)
{
	struct mig__script script;
	const struct {
		const char *dialect, *database;
		int32_t line; /* 0: none */
	} cases[] = {
		{ NULL, NULL, 3 },        { "mysql", NULL, 3 },     { "sqlite", NULL, 5 },
		{ "sqlite", "stats", 9 }, { "sqlite", "other", 5 }, { "mysql", "stats", 7 },
		{ NULL, "stats", 7 },
	};

	parse(*user,
	      "-- revision: a\n\n"
	      "-- mig:upgrade\n\n-- mig:upgrade dialect=sqlite\n\n-- mig:upgrade database=stats\n\n"
	      "-- mig:upgrade dialect=sqlite database=stats\n\n"
	      "-- mig:downgrade dialect=sqlite\n",
	      &script);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(mig__script_section(&script, MIG_UPGRADE, cases[i].dialect,
						     cases[i].database)
					 ->line,
				 cases[i].line);
	assert_null(mig__script_section(&script, MIG_DOWNGRADE, NULL, NULL));
	assert_null(mig__script_section(&script, MIG_DOWNGRADE, "mysql", NULL));
	assert_int_equal(mig__script_section(&script, MIG_DOWNGRADE, "sqlite", "x")->line, 11);

	/* a dialect counts more than a database */
	parse(*user, "-- revision: a\n-- mig:upgrade database=d\n-- mig:upgrade dialect=sqlite\n",
	      &script);
	assert_int_equal(mig__script_section(&script, MIG_UPGRADE, "sqlite", "d")->line, 3);
}

/* -- digests */

static void hex_of(const char *text, size_t size, char hex[MIG__DIGEST_HEX])
{
	uint8_t digest[MIG__DIGEST_SIZE];

	mig__script_text_digest(text, size, digest);
	mig__digest_hex(digest, hex);
}

static void test_digest_known(void **user)
{
	char hex[MIG__DIGEST_HEX], *text;
	uint8_t out[MIG__DIGEST_SIZE], own[32], one[32], two[32];
	const uint8_t *below[2] = { one, two };
	size_t size;

	(void)user;
	/* each computed with sha256sum or hashlib from the bytes that digest.c documents */
	text = read_data("good", "full.sql", &size);
	hex_of(text, size, hex);
	assert_string_equal(hex,
			    "0dea2ec15608e479e3335430c9684b96a9384c2acc09ee567cc4c8adcad24ce3");
	free(text);
	hex_of("", 0, hex);
	assert_string_equal(hex,
			    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	mig__script_c_digest("abc", "v2", out);
	mig__digest_hex(out, hex);
	assert_string_equal(hex,
			    "cc46426cfcd6cb27560224cc8bc42614528c1ee99f7c5c4ce22320a20a1fa388");
	for (uint8_t i = 0; i < 32; i++) {
		own[i] = i;
		one[i] = 1;
		two[i] = 2;
	}
	mig__script_chain("abc", own, NULL, 0, out);
	mig__digest_hex(out, hex);
	assert_string_equal(hex,
			    "587f45284f7dcb7fcd0b20a8bc26f415e6e1d115b7e8da8dc4cc4f1133c981fd");
	mig__script_chain("abc", own, below, 2, out);
	mig__digest_hex(out, hex);
	assert_string_equal(hex,
			    "a2bb849affdf1b5a1336122211947c37fb31398c26802422235fd92cf9fcc179");
}

static void test_digest_canonical(void **user)
{
	static const char *const same[] = {
		"a\n\n b\tc\nd\n",
		"a\n\n b\tc\nd",
		"a\r\n\r\n b\tc\r\nd\r\n",
		"a\r\r b\tc\rd\r",
		("\xef\xbb\xbf"
		 "a\n\n b\tc\nd\n"),
		"a \t \n \t\n b\tc \nd  ",
		"a\n\n b\tc\nd\n\n\n \t\n\r\n",
		"a\r\n\n b\tc\rd\n\r",
	};
	static const char *const other[] = {
		"a\n b\tc\nd\n",     "a\n\n\n b\tc\nd\n",
		"a\n\n  b\tc\nd\n",  "a\n\n b c\nd\n",
		"a\n\n b\tc\nd.\n",  "\na\n\n b\tc\nd\n",
		"A\n\n b\tc\nd\n",   "a\n\n b\tcd\n",
		"a\v\n\n b\tc\nd\n", "a\n\xef\xbb\xbf\n b\tc\nd\n",
	};
	char want[MIG__DIGEST_HEX], hex[MIG__DIGEST_HEX];

	(void)user;
	hex_of(same[0], strlen(same[0]), want);
	for (size_t i = 1; i < sizeof same / sizeof *same; i++) {
		hex_of(same[i], strlen(same[i]), hex);
		assert_string_equal(hex, want);
	}
	for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
		hex_of(other[i], strlen(other[i]), hex);
		assert_string_not_equal(hex, want);
	}
}

/* Against the definition, a byte at a time, on random texts of the bytes that matter. */
static void test_digest_random(void **user)
{
	static const char alphabet[] = "ab \t\r\n\n";
	char text[40], plain[160], want[MIG__DIGEST_HEX], hex[MIG__DIGEST_HEX];
	uint8_t digest[MIG__DIGEST_SIZE];
	struct mig__digest d;

	(void)user;
	srand(7);
	for (int round = 0; round < 20000; round++) {
		size_t size = (size_t)rand() % sizeof text, n = 0, kept = 0;

		for (size_t i = 0; i < size; i++)
			text[i] = alphabet[(size_t)rand() % (sizeof alphabet - 1)];
		for (size_t i = 0; i <= size; i++) {
			if (i < size && text[i] != '\n' && text[i] != '\r') {
				plain[n++] = text[i];
				continue;
			}
			while (n && (plain[n - 1] == ' ' || plain[n - 1] == '\t'))
				n--;
			if (n && plain[n - 1] != '\n')
				kept = n + 1;
			plain[n++] = '\n';
			if (i + 1 < size && text[i] == '\r' && text[i + 1] == '\n')
				i++;
		}
		mig__digest_init(&d);
		mig__digest_add(&d, plain, kept);
		mig__digest_final(&d, digest);
		mig__digest_hex(digest, want);
		hex_of(text, size, hex);
		assert_string_equal(hex, want);
	}
}

static void test_chain_depends_on_all(void **user)
{
	uint8_t own[32] = { 1 }, a[32] = { 2 }, b[32] = { 3 }, out[5][32];
	const uint8_t *ab[] = { a, b }, *ba[] = { b, a };

	(void)user;
	mig__script_chain("x", own, ab, 2, out[0]);
	mig__script_chain("x", own, ba, 2, out[1]);
	mig__script_chain("y", own, ab, 2, out[2]);
	mig__script_chain("x", a, ab, 2, out[3]);
	mig__script_chain("x", own, ab, 1, out[4]);
	for (int i = 0; i < 5; i++)
		for (int k = 0; k < i; k++)
			assert_memory_not_equal(out[i], out[k], 32);
}

/* -- files on disk, read again */

static struct mig__script *scan_one(struct state *s, struct mig__set *set, int32_t digests)
{
	mig__set_init(set, &mig__alloc_libc);
	assert_int_equal(mig__set_add_folder(set, s->scratch.path, 0, digests, &s->err), MIG_OK);
	assert_int_equal(set->count, 1);
	return &set->at[0];
}

static const char two_sections[] = "-- m\n-- revision: a1\n-- revises: p\n\n-- mig:upgrade\nUP;\n"
				   "-- mig:downgrade dialect=sqlite\nDOWN;\n";

static void write_one(struct state *s, const char *text)
{
	scratch_write(&s->scratch, "a.sql", text, strlen(text));
}

static void test_body(void **user)
{
	struct state *s = *user;
	struct mig__script *script;
	struct mig__body body;
	struct mig__set set;

	write_one(s, two_sections);
	for (int32_t digests = 0; digests < 2; digests++) {
		script = scan_one(s, &set, digests);
		assert_int_equal(script->sections_read, digests);
		assert_int_equal(script->has_digest, digests);
		assert_int_equal(script->on_disk, 1);
		assert_null(script->text);
		assert_int_equal(mig__script_body(&mig__alloc_libc, script, MIG_UPGRADE, "sqlite",
						  NULL, &s->err, &body),
				 MIG_OK);
		assert_string_equal(body.text, "UP;\n");
		assert_int_equal(body.size, 4);
		assert_int_equal(body.file_size, strlen(two_sections));
		assert_int_equal(body.at, strstr(two_sections, "UP;") - two_sections);
		assert_memory_equal(body.file_text, two_sections, body.at);
		mig__body_finish(&mig__alloc_libc, &body);
		assert_null(body.text);
		assert_int_equal(mig__script_body(&mig__alloc_libc, script, MIG_DOWNGRADE, "sqlite",
						  NULL, &s->err, &body),
				 MIG_OK);
		assert_string_equal(body.text, "DOWN;\n");
		mig__body_finish(&mig__alloc_libc, &body);
		mig__set_finish(&set);
	}
}

/* Directives inside a section come with its text, from files, texts and bundles alike. */
static void test_body_notes(void **user)
{
	static const char text[] = "-- revision: a1\n-- mig:downgrade\nSELECT 0;\n"
				   "-- mig:upgrade transaction=no\nA;\n-- mig:idempotent\nB;\n"
				   "\t--mig:idempotent \r\n/* c */ C;\n";
	struct state *s = *user;
	struct mig__body body;
	struct mig__set set;
	const struct mig__note *first, *second;

	for (int on_disk = 0; on_disk < 2; on_disk++) {
		struct mig__script *script;

		mig__set_init(&set, &mig__alloc_libc);
		if (on_disk) {
			mig__set_finish(&set);
			write_one(s, text);
			script = scan_one(s, &set, 0);
		} else {
			assert_int_equal(mig__set_add_text(&set, "t", text, strlen(text), &s->err),
					 MIG_OK);
			script = &set.at[0];
		}
		assert_int_equal(mig__script_body(&mig__alloc_libc, script, MIG_UPGRADE, NULL, NULL,
						  &s->err, &body),
				 MIG_OK);
		assert_int_equal(body.note_count, 2);
		first = mig__body_note(&body, MIG__NOTE_IDEMPOTENT, 0, body.size);
		assert_ptr_equal(first, &body.notes[0]);
		assert_int_equal(first->kind, MIG__NOTE_IDEMPOTENT);
		assert_int_equal(first->offset, strstr(body.text, "mig:") - body.text);
		assert_int_equal(first->text_size, 0);
		assert_null(mig__body_note(&body, MIG__NOTE_IDEMPOTENT, 0, first->offset));
		second = mig__body_note(&body, MIG__NOTE_IDEMPOTENT, first->offset + 1, body.size);
		assert_ptr_equal(second, &body.notes[1]);
		assert_null(mig__body_note(&body, MIG__NOTE_IDEMPOTENT, second->offset + 1,
					   body.size));
		mig__body_finish(&mig__alloc_libc, &body);
		assert_int_equal(mig__script_body(&mig__alloc_libc, script, MIG_DOWNGRADE, NULL, NULL,
						  &s->err, &body),
				 MIG_OK);
		assert_int_equal(body.note_count, 0);
		mig__body_finish(&mig__alloc_libc, &body);
		mig__set_finish(&set);
	}
}

static void test_body_missing(void **user)
{
	struct state *s = *user;
	struct mig__body body;
	struct mig__set set;
	struct mig__script *script;
	mig_status rc;

	write_one(s, "-- revision: a1\n-- mig:upgrade dialect=postgresql\n"
		     "-- mig:upgrade dialect=mysql database=stats\n-- mig:upgrade database=x\n");
	script = scan_one(s, &set, 0);
	rc = mig__script_body(&mig__alloc_libc, script, MIG_UPGRADE, "sqlite", "y", &s->err, &body);
	assert_string_equal(s->err.revision, "a1");
	assert_error(
		&s->err, rc, MIG_ENO_SECTION,
		"%s/a.sql: revision a1 has no upgrade section for dialect sqlite and database "
		"y; its sections: dialect=postgresql, dialect=mysql database=stats, database=x",
		&s->scratch);
	rc = mig__script_body(&mig__alloc_libc, script, MIG_DOWNGRADE, NULL, NULL, &s->err, &body);
	assert_error(&s->err, rc, MIG_EIRREVERSIBLE,
		     "%s/a.sql: revision a1 has no downgrade section", &s->scratch);
	mig__set_finish(&set);
}

static void test_load(void **user)
{
	struct state *s = *user;
	struct mig__script *script;
	struct mig__set set;

	write_one(s, two_sections);
	script = scan_one(s, &set, 0);
	assert_int_equal(mig__script_load(&set.arena, script, &s->err), MIG_OK);
	assert_true(script->sections_read);
	assert_int_equal(script->section_count, 2);
	assert_true(script->has_digest);
	assert_string_equal(script->sections[1].is.dialect, "sqlite");
	unlink(scratch_path(&s->scratch, "a.sql"));
	assert_int_equal(mig__script_load(&set.arena, script, &s->err), MIG_OK); /* not again */
	mig__set_finish(&set);
}

/* A file that says something else than at the scan is noticed by whoever reads it next. */
static void test_edited(void **user)
{
	static const struct {
		const char *text;
		int32_t digests; /* 1: only noticed with a digest */
	} edits[] = {
		{ "-- m\n-- revision: a2\n-- revises: p\n-- mig:upgrade\nUP;\n", 0 },
		{ "-- m\n-- revision: a1\n-- revises: q\n-- mig:upgrade\nUP;\n", 0 },
		{ "-- m\n-- revision: a1\n-- revises: p\n-- depends_on: z\n-- mig:upgrade\nUP;\n",
		  0 },
		{ "-- m\n-- revision: a1\n-- revises: p\n\n-- mig:upgrade\nUP2;\n", 1 },
	};
	static const char message[] =
		"%s/a.sql: the file was changed while the program was running";
	struct state *s = *user;
	struct mig__script *script;
	struct mig__body body;
	struct mig__set set;

	for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
		write_one(s, two_sections);
		script = scan_one(s, &set, edits[i].digests);
		write_one(s, edits[i].text);
		assert_error(&s->err,
			     mig__script_body(&mig__alloc_libc, script, MIG_UPGRADE, NULL, NULL,
					      &s->err, &body),
			     MIG_EEDITED, message, &s->scratch);
		if (!edits[i].digests) {
			assert_error(&s->err, mig__script_load(&set.arena, script, &s->err),
				     MIG_EEDITED, message, &s->scratch);
			assert_error(&s->err, mig__script_digest(&mig__alloc_libc, script, &s->err),
				     MIG_EEDITED, message, &s->scratch);
		}
		unlink(scratch_path(&s->scratch, "a.sql"));
		assert_error(&s->err,
			     mig__script_body(&mig__alloc_libc, script, MIG_UPGRADE, NULL, NULL,
					      &s->err, &body),
			     MIG_EIO, "%s/a.sql: No such file or directory", &s->scratch);
		mig__set_finish(&set);
	}
}

/* Other line ends are no edit, and the sections are found where they now are. */
static void test_line_ends_are_no_edit(void **user)
{
	struct state *s = *user;
	struct mig__script *script;
	struct mig__body body;
	struct mig__set set;

	write_one(s, two_sections);
	script = scan_one(s, &set, 1);
	write_one(s,
		  "\xef\xbb\xbf-- m\r\n-- revision: a1 \r\n-- revises: p\r\n\r\n-- mig:upgrade\r\n"
		  "UP;\r\n-- mig:downgrade dialect=sqlite\r\nDOWN;");
	assert_int_equal(
		mig__script_body(&mig__alloc_libc, script, MIG_UPGRADE, NULL, NULL, &s->err, &body),
		MIG_OK);
	assert_string_equal(body.text, "UP;\r\n");
	mig__body_finish(&mig__alloc_libc, &body);
	mig__set_finish(&set);
}

static void test_digest_of_file(void **user)
{
	struct state *s = *user;
	struct mig__script *script;
	struct mig__set set;
	uint8_t want[MIG__DIGEST_SIZE];

	write_one(s, two_sections);
	mig__script_text_digest(two_sections, strlen(two_sections), want);
	for (int32_t digests = 0; digests < 2; digests++) {
		script = scan_one(s, &set, digests);
		assert_int_equal(mig__script_digest(&mig__alloc_libc, script, &s->err), MIG_OK);
		assert_memory_equal(script->digest, want, sizeof want);
		mig__set_finish(&set);
	}
}

/* -- memory, bundles, C */

static void test_add_text(void **user)
{
	struct state *s = *user;
	struct mig__body body;
	struct mig__set set;
	char text[sizeof two_sections];
	uint8_t want[MIG__DIGEST_SIZE];

	memcpy(text, two_sections, sizeof text);
	mig__script_text_digest(text, strlen(text), want);
	mig__set_init(&set, &mig__alloc_libc);
	assert_int_equal(mig__set_add_text(&set, "in memory", text, strlen(text), &s->err), 0);
	memset(text, 'x', sizeof text);
	assert_int_equal(set.count, 1);
	assert_string_equal(set.at[0].file, "in memory");
	assert_int_equal(mig__script_load(&set.arena, &set.at[0], &s->err), MIG_OK);
	assert_int_equal(mig__script_digest(&mig__alloc_libc, &set.at[0], &s->err), MIG_OK);
	assert_memory_equal(set.at[0].digest, want, sizeof want);
	assert_int_equal(mig__script_body(&mig__alloc_libc, &set.at[0], MIG_UPGRADE, NULL, NULL,
					  &s->err, &body),
			 MIG_OK);
	assert_string_equal(body.text, "UP;\n");
	mig__body_finish(&mig__alloc_libc, &body);
	assert_error(&s->err, mig__set_add_text(&set, "n", "", 0, &s->err), MIG_ESYNTAX,
		     "n: the file is empty", NULL);
	assert_int_equal(set.count, 1);
	mig__set_finish(&set);
}

/* Structs of a later version, which are longer. */
struct later_revision {
	mig_bundle_revision known;
	void *more[3];
};
struct later_section {
	mig_section known;
	void *more;
};

static void test_bundle(void **user)
{
	static const char text[] = "-- revision: b2\n-- mig:upgrade\nUP;\n-- mig:downgrade\nD;\n";
	static const char *const revises[] = { "b1", NULL };
	struct later_section sections[2] = {
		{ { MIG_UPGRADE, 0, NULL, NULL, NULL, 31, 4, 0, 0 }, NULL },
		{ { MIG_DOWNGRADE, 1, "sqlite", NULL, NULL, 52, 3, 0, 0 }, NULL },
	};
	struct later_revision revisions[2] = {
		{ { .id = "b1", .text = text, .text_size = sizeof text - 1 }, { NULL } },
		{ { .id = "b2",
		    .message = "hello",
		    .file = "b2.sql",
		    .revises = revises,
		    .text = text,
		    .text_size = sizeof text - 1,
		    .sections = &sections[0].known,
		    .section_count = 2,
		    .digest = { 7 },
		    .chain = { 9 } },
		  { NULL } },
	};
	mig_bundle bundle = {
		sizeof bundle, sizeof *revisions, sizeof *sections, 2, &revisions[0].known, NULL, 0, NULL, NULL, 0, 0
	};
	struct state *s = *user;
	struct mig__script *b;
	struct mig__body body;
	struct mig__set set;

	mig__set_init(&set, &mig__alloc_libc);
	assert_int_equal(mig__set_add_bundle(&set, &bundle, &s->err), MIG_OK);
	assert_int_equal(set.count, 2);
	b = &set.at[1];
	assert_ptr_equal(b->text, text); /* borrowed */
	assert_ptr_equal(b->parents.at, revises);
	assert_int_equal(b->parents.count, 1);
	assert_int_equal(b->labels.count, 0);
	assert_string_equal(b->message, "hello");
	assert_string_equal(set.at[0].message, "");
	assert_true(b->has_digest && b->has_chain && b->sections_read && !b->on_disk);
	assert_int_equal(b->digest[0], 7);
	assert_int_equal(b->chain[0], 9);
	assert_int_equal(mig__script_body(&mig__alloc_libc, b, MIG_DOWNGRADE, "sqlite", NULL,
					  &s->err, &body),
			 MIG_OK);
	assert_string_equal(body.text, "D;\n");
	mig__body_finish(&mig__alloc_libc, &body);
	mig__set_finish(&set);

	mig__set_init(&set, &mig__alloc_libc);
	sections[1].known.size = 4; /* past the end */
	assert_error(&s->err, mig__set_add_bundle(&set, &bundle, &s->err), MIG_EINVAL,
		     "bundle: a section of revision b2 is malformed", NULL);
	sections[1].known.size = 3;
	sections[1].known.sql = "D;"; /* a bundle has no SQL but in its texts */
	assert_error(&s->err, mig__set_add_bundle(&set, &bundle, &s->err), MIG_EINVAL,
		     "bundle: a section of revision b2 is malformed", NULL);
	sections[1].known.sql = NULL;
	sections[1].known.offset = SIZE_MAX;
	assert_error(&s->err, mig__set_add_bundle(&set, &bundle, &s->err), MIG_EINVAL,
		     "bundle: a section of revision b2 is malformed", NULL);
	revisions[1].known.id = "b/2";
	assert_error(&s->err, mig__set_add_bundle(&set, &bundle, &s->err), MIG_EILLEGAL_ID,
		     "illegal revision id \"b/2\": use 1 to 255 of A-Z a-z 0-9 _ .", NULL);
	bundle.revision_size = offsetof(mig_bundle_revision, header) - sizeof(void *);
	assert_error(&s->err, mig__set_add_bundle(&set, &bundle, &s->err), MIG_EINVAL,
		     "not a bundle: its sizes are too small", NULL);
	mig__set_finish(&set);
}

static mig_status step(void *user, mig_step *mig_step_)
{
	(void)user;
	(void)mig_step_;
	return MIG_OK;
}

static void test_add_c(void **user)
{
	char id[] = "c1", parent[] = "c0";
	const char *revises[] = { parent, NULL }, *bad[] = { "x y", NULL };
	mig_revision_def def = { .struct_size = sizeof def,
				 .id = id,
				 .revises = revises,
				 .upgrade = step,
				 .version = "v2",
				 .no_transaction = 5,
				 .user = id };
	struct state *s = *user;
	struct mig__set set;
	struct mig__body body;
	uint8_t want[MIG__DIGEST_SIZE];

	mig__set_init(&set, &mig__alloc_libc);
	assert_int_equal(mig__set_add_c(&set, &def, &s->err), MIG_OK);
	id[0] = parent[0] = '!';
	revises[0] = NULL;
	assert_string_equal(set.at[0].id, "c1");
	assert_string_equal(set.at[0].parents.at[0], "c0");
	assert_string_equal(set.at[0].message, "");
	assert_null(set.at[0].file);
	assert_true(set.at[0].upgrade == step && !set.at[0].downgrade);
	assert_ptr_equal(set.at[0].user, id);
	assert_int_equal(set.at[0].c_no_transaction, 1);
	assert_int_equal(mig__script_digest(&mig__alloc_libc, &set.at[0], &s->err), MIG_OK);
	mig__script_c_digest("c1", "v2", want);
	assert_memory_equal(set.at[0].digest, want, sizeof want);
	assert_error(&s->err,
		     mig__script_body(&mig__alloc_libc, &set.at[0], MIG_DOWNGRADE, "sqlite", NULL,
				      &s->err, &body),
		     MIG_EIRREVERSIBLE, "revision c1 has no downgrade section for dialect sqlite",
		     NULL);

	def.id = "c2";
	def.branch_labels = bad;
	assert_error(&s->err, mig__set_add_c(&set, &def, &s->err), MIG_EILLEGAL_ID,
		     "revision c2: illegal branch label \"x y\": use 1 to 255 bytes of letters, "
		     "digits, _ . -",
		     NULL);
	def.branch_labels = NULL;
	def.message = "\xff";
	assert_error(&s->err, mig__set_add_c(&set, &def, &s->err), MIG_EINVAL,
		     "revision c2: the message is not UTF-8", NULL);
	def.upgrade = NULL;
	assert_error(&s->err, mig__set_add_c(&set, &def, &s->err), MIG_EINVAL,
		     "a revision in C needs an id and an upgrade function", NULL);
	assert_int_equal(set.count, 1);
	mig__set_finish(&set);
}

/* -- size and memory */

/* 16 MB in no time whatever the line ends: a quadratic walk would take minutes. */
static void test_large(void **user)
{
	static const char *const patterns[] = { "SELECT 1;\n", "x\r", "\n", "                ",
						"-" };
	const size_t size = (size_t)16 << 20;
	char *text = malloc(size);
	struct state *s = *user;
	struct mig__script script;

	assert_non_null(text);
	for (size_t p = 0; p < sizeof patterns / sizeof *patterns; p++) {
		size_t n = strlen(patterns[p]), at;

		at = (size_t)sprintf(text, "-- revision: a\r\n-- mig:upgrade\r\n");
		for (; at + n <= size; at += n)
			memcpy(text + at, patterns[p], n);
		memset(text + at, ' ', size - at);
		assert_int_equal(mig__script_parse(&s->arena, "x", text, size, 1, &s->err, &script),
				 MIG_OK);
		assert_int_equal(script.sections[0].is.size, size - 32);
	}
	free(text);
}

static mig_status parse_once(const struct mig__alloc *alloc, void *user)
{
	const char *text = user;
	struct mig__script script;
	struct mig__arena arena;
	struct mig__error err;
	mig_status rc;

	mig__error_init(&err, alloc);
	mig__arena_init(&arena, alloc);
	rc = mig__script_parse(&arena, "x.sql", text, strlen(text), 1, &err, &script);
	mig__arena_finish(&arena);
	mig__error_clear(&err);
	return rc;
}

static mig_status sources_once(const struct mig__alloc *alloc, void *user)
{
	static const char *const names[] = { "n1", "n2", NULL };
	mig_revision_def def = { .struct_size = sizeof def,
				 .id = "c1",
				 .message = "m",
				 .revises = names,
				 .depends_on = names,
				 .upgrade = step };
	mig_bundle_revision revision = {
		.id = "b", .text = user, .text_size = strlen(user), .header.lock_timeout_ms = 7
	};
	mig_bundle bundle = {
		sizeof bundle, sizeof revision, sizeof(mig_section), 1, &revision, NULL, 0, NULL, NULL, 0, 0
	};
	struct mig__error err;
	struct mig__set set;
	mig_status rc;

	mig__error_init(&err, alloc);
	mig__set_init(&set, alloc);
	rc = mig__set_add_text(&set, "t", user, strlen(user), &err);
	if (!rc)
		rc = mig__set_add_c(&set, &def, &err);
	if (!rc)
		rc = mig__set_add_bundle(&set, &bundle, &err);
	if (!rc)
		assert_int_equal(set.at[set.count - 1].header.lock_timeout_ms, 7);
	mig__set_finish(&set);
	mig__error_clear(&err);
	return rc;
}

static mig_status disk_once(const struct mig__alloc *alloc, void *user)
{
	struct state *s = user;
	struct mig__error err;
	struct mig__body body;
	struct mig__set set;
	mig_status rc;

	mig__error_init(&err, alloc);
	mig__set_init(&set, alloc);
	rc = mig__set_add_folder(&set, s->scratch.path, 1, 0, &err);
	if (!rc)
		rc = mig__script_digest(alloc, &set.at[0], &err);
	if (!rc)
		rc = mig__script_load(&set.arena, &set.at[0], &err);
	if (!rc)
		rc = mig__script_body(alloc, &set.at[0], MIG_UPGRADE, NULL, NULL, &err, &body);
	if (!rc)
		mig__body_finish(alloc, &body);
	mig__set_finish(&set);
	mig__error_clear(&err);
	return rc;
}

static void test_no_memory(void **user)
{
	struct state *s = *user;
	size_t size;
	char *text = read_data("good", "full.sql", &size);

	fail_everywhere(parse_once, text);
	fail_everywhere(sources_once, text);
	write_one(s, text);
	fail_everywhere(disk_once, s);
	write_one(s, "-- revision: a1\n-- mig:upgrade transaction=no\n-- mig:idempotent\nA;\n");
	fail_everywhere(disk_once, s);
	free(text);
}

/* A fault is reported as what it is, or as no memory; nothing leaks. */
static void test_no_memory_in_errors(void **user)
{
	const char *text = "-- revision: a\n-- revison: b\n";

	(void)user;
	for (long k = 1; k < 20; k++) {
		struct memory m = { .fail_at = k };
		const struct mig__alloc alloc = { memory_realloc, &m };
		mig_status rc = parse_once(&alloc, (void *)(uintptr_t)text);

		assert_true(rc == MIG_ENOMEM || rc == MIG_ESYNTAX);
		assert_int_equal(m.live, 0);
	}
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_bad),
		TEST(test_bad_line_and_column),
		TEST(test_good_prefixes),
		TEST(test_full),
		TEST(test_lenient),
		TEST(test_timeouts),
		TEST(test_message),
		TEST(test_labels_of_any_script),
		TEST(test_section_choice),
		TEST(test_digest_known),
		TEST(test_digest_canonical),
		TEST(test_digest_random),
		TEST(test_chain_depends_on_all),
		TEST(test_body),
		TEST(test_body_missing),
		TEST(test_body_notes),
		TEST(test_load),
		TEST(test_edited),
		TEST(test_line_ends_are_no_edit),
		TEST(test_digest_of_file),
		TEST(test_add_text),
		TEST(test_bundle),
		TEST(test_add_c),
		TEST(test_large),
		TEST(test_no_memory),
		TEST(test_no_memory_in_errors),
	};

	if (argc > 1)
		data_folder = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Folders: which files count, their order, links, and what cannot be read. */
#include "script_support.h"

#include <fcntl.h>
#include <sys/stat.h>

struct state {
	struct mig__error err;
	struct mig__set set;
	struct scratch scratch;
};

static int setup(void **user)
{
	struct state *s = calloc(1, sizeof *s);

	assert_non_null(s);
	mig__error_init(&s->err, &mig__alloc_libc);
	mig__set_init(&s->set, &mig__alloc_libc);
	scratch_init(&s->scratch);
	*user = s;
	return 0;
}

static int teardown(void **user)
{
	struct state *s = *user;

	mig__error_clear(&s->err);
	mig__set_finish(&s->set);
	scratch_finish(&s->scratch);
	free(s);
	return 0;
}

static mig_status scan(struct state *s, const char *path, int32_t recursive, int32_t digests)
{
	return mig__set_add_folder(&s->set, path, recursive, digests, &s->err);
}

static void revision(struct state *s, const char *name, const char *id)
{
	scratch_revision(&s->scratch, name, id);
}

static void folder(struct state *s, const char *name)
{
	assert_int_equal(mkdir(scratch_path(&s->scratch, name), 0755), 0);
}

static void link_to(struct state *s, const char *target, const char *name)
{
	assert_int_equal(symlink(target, scratch_path(&s->scratch, name)), 0);
}

/* Checks the ids in load order, separated by blanks, and starts a new set. */
static void assert_ids(struct state *s, const char *want)
{
	char got[1024] = "";

	for (size_t i = 0; i < s->set.count; i++)
		snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s", i ? " " : "",
			 s->set.at[i].id);
	assert_string_equal(got, want);
	mig__set_finish(&s->set);
}

/* Scans with and without digests, from the start each time. */
static void assert_scan(struct state *s, int32_t recursive, const char *want)
{
	for (int32_t digests = 0; digests < 2; digests++) {
		assert_int_equal(scan(s, s->scratch.path, recursive, digests), MIG_OK);
		assert_ids(s, want);
	}
}

static void assert_scan_error(struct state *s, mig_status status, const char *want)
{
	for (int32_t digests = 0; digests < 2; digests++) {
		assert_error(&s->err, scan(s, s->scratch.path, 1, digests), status, want,
			     &s->scratch);
		mig__set_finish(&s->set);
	}
}

static void test_order_and_names(void **user)
{
	struct state *s = *user;

	revision(s, "b.sql", "b");
	revision(s, "a_long_name_first.sql", "a1");
	revision(s, "a_long_nam.sql", "a0");
	revision(s, "B.sql", "B");
	revision(s, "\xc3\xa9.sql", "e"); /* by bytes: after all of ASCII */
	revision(s, "10.sql", "r10");
	revision(s, "9.sql", "r9");
	scratch_write(&s->scratch, "notes.txt", "x", 1);
	scratch_write(&s->scratch, "c.sql~", "x", 1);
	scratch_write(&s->scratch, ".hidden.sql", "x", 1);
	scratch_write(&s->scratch, ".sql", "x", 1);
	scratch_write(&s->scratch, "d.SQL", "x", 1);
	assert_scan(s, 0, "r10 r9 B a0 a1 b e");
	assert_int_equal(scan(s, s->scratch.path, 0, 0), MIG_OK);
	assert_string_equal(s->set.at[2].file, scratch_path(&s->scratch, "B.sql"));
	assert_string_equal(s->set.at[2].message, "message of B");
}

static void test_paths(void **user)
{
	struct state *s = *user;
	char path[128];

	revision(s, "a.sql", "a");
	snprintf(path, sizeof path, "%s/", s->scratch.path);
	assert_int_equal(scan(s, path, 0, 1), MIG_OK);
	assert_string_equal(s->set.at[0].file, scratch_path(&s->scratch, "a.sql"));
	assert_error(&s->err, scan(s, scratch_path(&s->scratch, "none"), 0, 1), MIG_EIO,
		     "%s/none: No such file or directory", &s->scratch);
	assert_error(&s->err, scan(s, scratch_path(&s->scratch, "a.sql"), 0, 1), MIG_EIO,
		     "%s/a.sql: Not a directory", &s->scratch);
}

static void test_recursive(void **user)
{
	struct state *s = *user;

	revision(s, "z.sql", "z");
	folder(s, "b");
	folder(s, "a");
	folder(s, "a/x.sql"); /* a folder, whatever its name */
	folder(s, ".git");
	revision(s, ".git/q.sql", "q");
	revision(s, "b/1.sql", "b1");
	revision(s, "a/2.sql", "a2");
	revision(s, "a/x.sql/3.sql", "x3");
	assert_scan(s, 0, "z");
	assert_scan(s, 1, "z a2 x3 b1");
}

static void test_links(void **user)
{
	struct state *s = *user;

	folder(s, "real");
	revision(s, "real/r.sql", "r");
	revision(s, "a.sql", "a");
	link_to(s, "a.sql", "c.sql");      /* the same file, later */
	link_to(s, "real/r.sql", "b.sql"); /* the same file, sooner */
	link_to(s, "nowhere", "dangling"); /* no .sql: not looked at */
	link_to(s, ".", "loop");           /* folders: loops end */
	link_to(s, "..", "real/up");
	link_to(s, "real", "again");
	assert_int_equal(
		link(scratch_path(&s->scratch, "a.sql"), scratch_path(&s->scratch, "hard.sql")), 0);
	assert_scan(s, 1, "a r");
	assert_scan(s, 0, "a r");
}

/* The same folder twice, under two names, and again with its sub-folders. */
static void test_folder_twice(void **user)
{
	struct state *s = *user;

	folder(s, "v");
	folder(s, "v/sub");
	revision(s, "v/a.sql", "a");
	revision(s, "v/sub/b.sql", "b");
	link_to(s, "v", "other");
	for (int32_t digests = 0; digests < 2; digests++) {
		assert_int_equal(scan(s, scratch_path(&s->scratch, "v"), 0, digests), MIG_OK);
		assert_int_equal(scan(s, scratch_path(&s->scratch, "v"), 0, digests), MIG_OK);
		assert_int_equal(s->set.count, 1);
		assert_int_equal(scan(s, scratch_path(&s->scratch, "other"), 1, digests), MIG_OK);
		assert_int_equal(s->set.count, 2);
		assert_int_equal(scan(s, scratch_path(&s->scratch, "v"), 0, digests), MIG_OK);
		assert_int_equal(scan(s, scratch_path(&s->scratch, "v/sub"), 1, digests), MIG_OK);
		assert_ids(s, "a b");
	}
}

static void test_dangling_link(void **user)
{
	struct state *s = *user;

	revision(s, "a.sql", "a");
	link_to(s, "nowhere", "b.sql");
	assert_scan_error(s, MIG_EIO, "%s/b.sql: No such file or directory");
}

static void test_link_loop(void **user)
{
	link_to(*user, "b.sql", "b.sql");
	assert_scan_error(*user, MIG_EIO, "%s/b.sql: Too many levels of symbolic links");
}

static void test_fifo(void **user)
{
	struct state *s = *user;

	assert_int_equal(mkfifo(scratch_path(&s->scratch, "f.sql"), 0600), 0);
	assert_scan_error(s, MIG_EIO, "%s/f.sql: not a regular file");
	link_to(s, "f.sql", "a.sql");
	assert_scan_error(s, MIG_EIO, "%s/a.sql: not a regular file");
}

static void test_empty_file(void **user)
{
	struct state *s = *user;

	scratch_write(&s->scratch, "a.sql", "", 0);
	assert_scan_error(s, MIG_ESYNTAX, "%s/a.sql: the file is empty");
}

static void test_syntax_error(void **user)
{
	struct state *s = *user;
	const char *text = "-- m\n-- revision: a b\n\n-- mig:upgrade\n";

	revision(s, "a.sql", "a");
	scratch_write(&s->scratch, "b.sql", text, strlen(text));
	assert_scan_error(s, MIG_ESYNTAX, "%s/b.sql:2:16: \"revision\" takes one id");
}

static void test_strange_names(void **user)
{
	struct state *s = *user;

	revision(s, "with space and \xe2\x82\xac.sql", "a");
	assert_scan(s, 0, "a");
	revision(s, "b\nc\x1b.sql", "b");
	assert_scan_error(s, MIG_EIO,
			  "%s/b\\x0ac\\x1b.sql: the name has control characters or is not UTF-8");
	unlink(scratch_path(&s->scratch, "b\nc\x1b.sql"));
	revision(s, "\xe9.sql", "b");
	assert_scan_error(s, MIG_EIO,
			  "%s/\\xe9.sql: the name has control characters or is not UTF-8");
}

/* Headers that go on past the first read, and files larger than the first buffer. */
static void test_long_files(void **user)
{
	static char text[300000];
	struct state *s = *user;
	size_t n = 0;

	while (n < 9000)
		n += (size_t)sprintf(text + n, "-- line at %zu\n", n);
	n += (size_t)sprintf(text + n, "-- revision: long\n\n/*");
	while (n < 70000)
		n += (size_t)sprintf(text + n, " comment at %zu\n", n);
	n += (size_t)sprintf(text + n, "*/\n-- mig:upgrade\n");
	scratch_write(&s->scratch, "a.sql", text, n);
	while (n < sizeof text - 100)
		n += (size_t)sprintf(text + n, "SELECT %zu;\n", n);
	n += (size_t)sprintf(text + n, "-- mig:downgrade\nEND;");
	memcpy(strstr(text, "long\n\n"), "full", 4);
	scratch_write(&s->scratch, "b.sql", text, n);
	assert_scan(s, 0, "long full");
	assert_int_equal(scan(s, s->scratch.path, 0, 1), MIG_OK);
	assert_int_equal(s->set.at[1].section_count, 2);
	assert_int_equal(s->set.at[1].sections[1].is.size, 4);
	assert_int_equal(s->set.at[1].sections[1].is.offset + 4, n);
}

/* Sizes around those of the reads: the place of the first directive moves over the boundary. */
static void test_boundaries(void **user)
{
	static char text[10000];
	struct state *s = *user;

	for (size_t pad = 4040; pad < 4110; pad++) {
		size_t n = (size_t)sprintf(text, "-- %0*d\r\n-- revision: x\r\n", (int)pad, 0);

		n += (size_t)sprintf(text + n, "-- created: now\r\n\r\n--mig:upgrade\r\nSELECT 1;");
		scratch_write(&s->scratch, "a.sql", text, n);
		assert_int_equal(scan(s, s->scratch.path, 0, 0), MIG_OK);
		assert_int_equal(strlen(s->set.at[0].message), pad);
		assert_string_equal(s->set.at[0].created, "now");
		assert_ids(s, "x");
	}
}

static void test_many(void **user)
{
	struct state *s = *user;
	char name[32];

	for (int i = 999; i >= 0; i--) {
		snprintf(name, sizeof name, "%03d.sql", i);
		revision(s, name, name);
	}
	assert_int_equal(scan(s, s->scratch.path, 1, 1), MIG_OK);
	assert_int_equal(s->set.count, 1000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(atoi(s->set.at[i].id), i);
}

static void test_depth(void **user)
{
	struct state *s = *user;
	char path[2048] = "d";

	for (int i = 0; i < 300; i++) {
		folder(s, path);
		strcat(path, "/d");
		if (strlen(path) > 480)
			break;
	}
	path[strlen(path) - 1] = '\0';
	strcat(path, "x.sql");
	revision(s, path, "deep");
	assert_scan(s, 1, "deep");
}

static mig_status scan_once(const struct mig__alloc *alloc, void *user)
{
	struct state *s = user;
	struct mig__error err;
	struct mig__set set;
	mig_status rc;

	mig__error_init(&err, alloc);
	mig__set_init(&set, alloc);
	rc = mig__set_add_folder(&set, s->scratch.path, 1, 1, &err);
	if (!rc)
		rc = mig__set_add_folder(&set, s->scratch.path, 1, 0, &err);
	if (!rc)
		assert_int_equal(set.count, 12);
	mig__set_finish(&set);
	mig__error_clear(&err);
	return rc;
}

static void test_no_memory(void **user)
{
	struct state *s = *user;
	char name[32];

	folder(s, "sub");
	folder(s, "sub2");
	for (int i = 0; i < 12; i++) {
		snprintf(name, sizeof name, "%s%d.sql", i < 6 ? "" : "sub/", i);
		revision(s, name, name + (i < 6 ? 0 : 4));
	}
	link_to(s, "0.sql", "link.sql");
	link_to(s, "../sub", "sub2/loop");
	fail_everywhere(scan_once, s);
}

static void test_no_memory_in_errors(void **user)
{
	struct state *s = *user;
	mig_status rc = MIG_ENOMEM;

	revision(s, "b\n.sql", "b");
	for (long k = 1; rc != MIG_EIO; k++) {
		struct memory m = { .fail_at = k };
		const struct mig__alloc alloc = { memory_realloc, &m };

		rc = scan_once(&alloc, s);
		assert_true(rc == MIG_ENOMEM || rc == MIG_EIO);
		assert_int_equal(m.live, 0);
		assert_true(k < 1000);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_order_and_names),
		TEST(test_paths),
		TEST(test_recursive),
		TEST(test_links),
		TEST(test_folder_twice),
		TEST(test_dangling_link),
		TEST(test_link_loop),
		TEST(test_fifo),
		TEST(test_empty_file),
		TEST(test_syntax_error),
		TEST(test_strange_names),
		TEST(test_long_files),
		TEST(test_boundaries),
		TEST(test_many),
		TEST(test_depth),
		TEST(test_no_memory),
		TEST(test_no_memory_in_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

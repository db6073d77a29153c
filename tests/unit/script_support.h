/* What the tests of lib/script share: an allocator that counts and fails, files in a temporary
 * folder. */
#ifndef TEST_SCRIPT_SUPPORT_H
#define TEST_SCRIPT_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "script/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Fails at its fail_at-th call that asks for memory (0: never), and counts what is not freed. */
struct memory {
	long calls, fail_at, live;
};

static void *memory_realloc(void *user, void *ptr, size_t size)
{
	struct memory *m = user;
	void *out;

	if (!size) {
		m->live -= ptr != NULL;
		free(ptr);
		return NULL;
	}
	if (++m->calls == m->fail_at)
		return NULL;
	out = realloc(ptr, size);
	m->live += out && !ptr;
	return out;
}

/* Runs `once` with memory failing at each call in turn until it gets through; it returns a status
 * and frees what it was given. Only the error's own text may be missing. */
static inline void fail_everywhere(mig_status (*once)(const struct mig__alloc *alloc, void *user),
				   void *user)
{
	struct memory m = { 0 };
	const struct mig__alloc alloc = { memory_realloc, &m };
	mig_status rc = MIG_ENOMEM;

	for (long k = 1; rc; k++) {
		m = (struct memory){ .fail_at = k };
		rc = once(&alloc, user);
		assert_int_equal(m.live, 0);
		if (rc)
			assert_int_equal(rc, MIG_ENOMEM);
		assert_true(k < 100000);
	}
	assert_true(m.calls < m.fail_at);
}

struct scratch {
	char path[64];
};

static inline void scratch_init(struct scratch *s)
{
	strcpy(s->path, "/tmp/mig_script.XXXXXX");
	assert_non_null(mkdtemp(s->path));
}

static inline void scratch_finish(struct scratch *s)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf '%s'", s->path);
	assert_int_equal(system(command), 0);
}

/* "scratch/name", in one of a few buffers that are used in turn. */
static inline const char *scratch_path(const struct scratch *s, const char *name)
{
	static char paths[8][512];
	static unsigned int next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof paths[0], "%s/%s", s->path, name);
	return path;
}

static inline void scratch_write(const struct scratch *s, const char *name, const char *text,
				 size_t size)
{
	FILE *f = fopen(scratch_path(s, name), "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
}

/* A small file that is in order. */
static inline void scratch_revision(const struct scratch *s, const char *name, const char *id)
{
	char text[512];

	snprintf(text, sizeof text,
		 "-- message of %s\n-- revision: %s\n\n-- mig:upgrade\nSELECT '%s';\n", id, id, id);
	scratch_write(s, name, text, strlen(text));
}

/* Checks an error and clears it. "%s" in want stands for the scratch folder. */
static inline void assert_error(struct mig__error *err, mig_status rc, mig_status status,
				const char *want, const struct scratch *s)
{
	char text[1024];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(text, sizeof text, want, s ? s->path : "");
#pragma GCC diagnostic pop
	assert_int_equal(rc, status);
	assert_int_equal(err->status, status);
	assert_string_equal(err->message, text);
	mig__error_clear(err);
}

#endif

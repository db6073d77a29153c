/* check: runs the cases and prints how they went, in TAP. */
#include "suite.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

enum { PASSED = 0, FAILED = 1, SKIPPED = 2 };
enum { CASE_SECONDS = 120 };

/* A program runs one case at a time. */
static struct {
	jmp_buf back;
	pid_t owner; /* 0: none is running */
	int number;
	const char *name;
	const char *rule;
	char why[1200]; /* lines of the failure, or the reason of a skip */
} now;

void suite_rule(const char *text)
{
	now.rule = text;
}

static _Noreturn void leave(int how)
{
	if (now.owner && now.owner == getpid())
		longjmp(now.back, how);
	/* a child, or a description that is used without the suite */
	fprintf(stderr, "# %s\n", now.why);
	fflush(NULL);
	_exit(1);
}

_Noreturn void suite_skip(const char *why)
{
	snprintf(now.why, sizeof now.why, "%s", why);
	leave(SKIPPED);
}

void mig_conformance_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(now.why, sizeof now.why, format, args);
	va_end(args);
	leave(FAILED);
}

static const char *base_name(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}

void suite_check(int holds, const char *what, const char *file, int line)
{
	if (!holds)
		mig_conformance_fail("%s:%d: this does not hold: %s", base_name(file), line, what);
}

void suite_check_equal(int64_t got, int64_t wanted, const char *what, const char *file, int line)
{
	if (got != wanted)
		mig_conformance_fail("%s:%d: %s is %lld, not %lld", base_name(file), line, what,
				     (long long)got, (long long)wanted);
}

void suite_check_text(const char *got, const char *wanted, const char *what, const char *file,
		      int line)
{
	if (!got || strcmp(got, wanted) != 0)
		mig_conformance_fail("%s:%d: %s is \"%s\", not \"%s\"", base_name(file), line, what,
				     got ? got : "(NULL)", wanted);
}

void suite_check_ok(const struct session *s, mig_status rc, const char *what, const char *file,
		    int line)
{
	if (rc)
		mig_conformance_fail("%s:%d: %s returned %s: %s", base_name(file), line, what,
				     mig_status_name(rc),
				     s->err.count ? s->err.message : "(nothing was reported)");
}

void suite_fine(mig_ctx *ctx, mig_status rc)
{
	if (rc)
		mig_conformance_fail("%s: %s", mig_status_name(rc), mig_error_message(ctx));
}

void suite_check_fails(const struct session *s, mig_status rc, mig_status wanted, const char *what,
		       const char *file, int line)
{
	const char *name = base_name(file), *rule_before = now.rule;

	if (rc != wanted)
		mig_conformance_fail("%s:%d: %s returned %s, not %s: %s", name, line, what,
				     mig_status_name(rc), mig_status_name(wanted),
				     s->err.count ? s->err.message : "(nothing was reported)");
	suite_rule("a slot that fails reports once through host->error() and returns what that "
		   "returned");
	suite_check_equal(s->err.count, 1, "the number of reports", name, line);
	suite_check_text(mig_status_name(s->err.status), mig_status_name(wanted),
			 "the reported status", name, line);
	suite_check(s->err.message[0] != '\0', "there is a message", name, line);
	suite_rule(rule_before);
}

/* Only what a signal handler may do. */
static void put(const char *text)
{
	if (write(STDOUT_FILENO, text, strlen(text)) < 0)
		_exit(1);
}

/* The dialect has crashed, or hangs: at least it is told where. */
static void on_signal(int number)
{
	char digits[] = "not ok 000 - ";

	signal(number, SIG_DFL);
	if (now.owner == getpid()) {
		digits[7] = (char)('0' + now.number / 100);
		digits[8] = (char)('0' + now.number / 10 % 10);
		digits[9] = (char)('0' + now.number % 10);
		put(digits);
		put(now.name);
		put("\n#   rule: ");
		put(now.rule ? now.rule : "none yet");
		put(number == SIGALRM ? "\n#   it took too long\n" : "\n#   it crashed\n");
	}
	raise(number);
}

/* Not where there is a handler already, e.g. a sanitizer's. */
static void handle(int number)
{
	struct sigaction was;

	if (sigaction(number, NULL, &was) == 0 && was.sa_handler == SIG_DFL)
		signal(number, on_signal);
}

/* Each line of a text as a comment. */
static void print_comment(const char *text)
{
	while (*text) {
		int size = (int)strcspn(text, "\n");

		printf("#   %.*s\n", size, text);
		text += size + (text[size] == '\n');
	}
}

static int run_case(const mig_conformance *row, const struct suite_case *c, int number)
{
	int how;

	now.rule = NULL;
	now.number = number;
	now.name = c->name;
	now.owner = getpid();
	alarm(CASE_SECONDS);
	how = setjmp(now.back);
	if (how == PASSED)
		c->fn(row);
	alarm(0);
	now.owner = 0;
	printf("%s %d - %s%s%s\n", how == FAILED ? "not ok" : "ok", number, c->name,
	       how == SKIPPED ? " # SKIP " : "", how == SKIPPED ? now.why : "");
	if (how == FAILED) {
		if (now.rule)
			printf("#   rule: %s\n", now.rule);
		print_comment(now.why);
	}
	fflush(stdout);
	return how == FAILED;
}

static int is_chosen(const struct suite_case *c, int argc, char **argv)
{
	int i, but = argc > 1 && strcmp(argv[1], "-x") == 0;

	for (i = 1; i < argc; i++)
		if (strcmp(argv[i], c->name) == 0)
			return !but;
	return argc < 2 || but;
}

int mig_conformance_main(int argc, char **argv, const mig_conformance *row)
{
	static const struct suite_case *const lists[] = {
		suite_contract_cases, suite_connection_cases, suite_script_cases,
		suite_cursor_cases,   suite_table_cases,      suite_lock_cases,
		suite_run_cases,      suite_schema_cases
	};
	static const int signals[] = { SIGALRM, SIGSEGV, SIGBUS, SIGABRT, SIGFPE };
	int list_only = argc > 1 && strcmp(argv[1], "-l") == 0;
	int number = 0, failed = 0;
	size_t i;

	if (!list_only && !row->fresh()) {
		printf("1..0 # SKIP there is no database\n");
		return 0;
	}
	for (i = 0; i < sizeof signals / sizeof *signals && !list_only; i++)
		handle(signals[i]);
	for (i = 0; i < sizeof lists / sizeof *lists; i++) {
		const struct suite_case *c;

		for (c = lists[i]; c->name; c++)
			if (list_only)
				puts(c->name);
			else if (is_chosen(c, argc, argv))
				failed += run_case(row, c, ++number);
	}
	if (list_only)
		return 0;
	printf("1..%d\n", number);
	if (!number)
		fprintf(stderr, "there is no such case; -l lists them\n");
	return failed || !number;
}

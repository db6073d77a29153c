/* property: what autogenerate must do for any two schemas, tried on schemas of chance.
 *
 *     property DIALECT [-n COUNT] [-s SEED] -d DRIVER [-u URL]
 *
 * For COUNT seeds from SEED on, DRIVER (schema-driver) must find the difference and prove both
 * ways, and find one only where there is one. For a seed that fails, the smallest number of changes
 * that fails is told. Every fourth pair is far apart: the first and the last of 20 to 60 changes. Without -u, PostgreSQL is the cluster of MIG_TEST_POSTGRESQL or one's own.
 *
 *     property DIALECT -s SEED [-c CHANGES] -o FOLDER     writes FOLDER/old.sql and new.sql
 *     property DIALECT -n COUNT [-s SEED] -j              prints JSON lines, as cases for
 *                                                         tests/corpora/schemas.py
 *
 * Exit status: 0 all well, 1 not, 2 usage, 77 no server. */
#include "pairs.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef HAVE_POSTGRESQL
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "cluster.h"
#endif

struct driver {
	const char *program, *url;
	pid_t pid;
	FILE *in, *out;
	char *line;
	size_t size;
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "property: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- the driver ---------------------------------------------------------------------------- */

static void driver_start(struct driver *d)
{
	int in[2], out[2];

	if (pipe(in) || pipe(out))
		die("pipe");
	d->pid = fork();
	if (d->pid < 0)
		die("fork");
	if (!d->pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[0]);
		close(in[1]);
		close(out[0]);
		close(out[1]);
		execl(d->program, d->program, d->url, "--pairs", (char *)NULL);
		perror(d->program);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	d->in = fdopen(in[1], "w");
	d->out = fdopen(out[0], "r");
	if (!d->in || !d->out)
		die("fdopen");
}

static int driver_stop(struct driver *d)
{
	int status = 0;

	fclose(d->in);
	fclose(d->out);
	waitpid(d->pid, &status, 0);
	return status;
}

/* What it says of a pair; borrowed until the next call. */
static const char *driver_ask(struct driver *d, const struct pair *pair)
{
	static char died[64];
	ssize_t got;
	int status;

	fwrite(pair->old, strlen(pair->old) + 1, 1, d->in);
	fwrite(pair->new, strlen(pair->new) + 1, 1, d->in);
	fflush(d->in);
	got = getline(&d->line, &d->size, d->out);
	if (got > 0) {
		d->line[strcspn(d->line, "\n")] = '\0';
		return d->line;
	}
	status = driver_stop(d);
	snprintf(died, sizeof died, "the driver died: %s %d",
		 WIFSIGNALED(status) ? "signal" : "exit status",
		 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	driver_start(d);
	return died;
}

/* ---- pairs --------------------------------------------------------------------------------- */

/* NULL if all is well. */
static const char *wrong(struct driver *d, enum dialect dialect, uint64_t seed, unsigned changes,
			 int *same)
{
	struct pair pair;
	const char *said;

	pair_make(&pair, dialect, seed, changes);
	*same = pair_is_same(&pair);
	said = driver_ask(d, &pair);
	pair_free(&pair);
	if (!strcmp(said, *same ? "same" : "ok"))
		return NULL;
	if (!strcmp(said, "ok"))
		return "a difference is found where there is none";
	return !strcmp(said, "same") ? "the difference is missed" : said;
}

/* Prints what is wrong with the fewest changes. */
static void tell(struct driver *d, enum dialect dialect, uint64_t seed, const char *reason)
{
	int same;

	for (unsigned changes = 1; changes <= PAIR_MOST; changes++) {
		const char *fewer = wrong(d, dialect, seed, changes, &same);

		if (!fewer)
			continue;
		printf("-s %llu -c %u: %s\n", (unsigned long long)seed, changes, fewer);
		fflush(stdout);
		return;
	}
	printf("-s %llu, not again: %s\n", (unsigned long long)seed, reason);
}

static int run(struct driver *d, enum dialect dialect, uint64_t seed, unsigned count)
{
	unsigned failed = 0, equal = 0;

	signal(SIGPIPE, SIG_IGN);
	driver_start(d);
	for (unsigned i = 0; i < count; i++) {
		int same;
		const char *reason = wrong(d, dialect, seed + i, 0, &same);
		char *copy = reason ? strdup(reason) : NULL;

		equal += (unsigned)same;
		if (reason) {
			failed++;
			tell(d, dialect, seed + i, copy ? copy : "");
		}
		free(copy);
	}
	driver_stop(d);
	free(d->line);
	printf("%u pairs, %u of them the same; %u failed\n", count, equal, failed);
	return failed != 0;
}

static void write_file(const char *folder, const char *name, const char *text)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		die(path);
}

static int write_pair(enum dialect dialect, uint64_t seed, unsigned changes, const char *folder)
{
	struct pair pair;

	pair_make(&pair, dialect, seed, changes);
	write_file(folder, "old.sql", pair.old);
	write_file(folder, "new.sql", pair.new);
	pair_free(&pair);
	return 0;
}

static void print_json(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if ((unsigned char)*text < ' ')
			printf("\\u%04x", (unsigned)*text);
		else
			putchar(*text);
	}
	putchar('"');
}

static int print_cases(enum dialect dialect, uint64_t seed, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct pair pair;

		pair_make(&pair, dialect, seed + i, 0);
		printf("{\"name\": \"%llu\", \"old\": ", (unsigned long long)seed + i);
		print_json(pair.old);
		fputs(", \"new\": ", stdout);
		print_json(pair.new);
		printf(", \"same_schema\": %s}\n", pair_is_same(&pair) ? "true" : "false");
		pair_free(&pair);
	}
	return 0;
}

/* The URL of a server to make scratch databases on. */
static const char *find_server(enum dialect dialect)
{
	if (dialect == SQLITE)
		return "sqlite::memory:";
#ifdef HAVE_POSTGRESQL
	if (pg_available())
		return pg_fresh_database();
#endif
	return NULL;
}

static int usage(void)
{
	fputs("usage: property sqlite|postgresql [-n COUNT] [-s SEED] -d DRIVER [-u URL]\n"
	      "       property sqlite|postgresql -s SEED [-c CHANGES] -o FOLDER\n"
	      "       property sqlite|postgresql -n COUNT [-s SEED] -j\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	struct driver driver = { 0 };
	unsigned count = 50, changes = 0;
	uint64_t seed = 1;
	const char *folder = NULL;
	enum dialect dialect;
	int json = 0, option;

	if (argc < 2 || (strcmp(argv[1], "sqlite") != 0 && strcmp(argv[1], "postgresql") != 0))
		return usage();
	dialect = !strcmp(argv[1], "sqlite") ? SQLITE : POSTGRESQL;
	optind = 2;
	while ((option = getopt(argc, argv, "n:s:c:d:u:o:j")) != -1) {
		switch (option) {
		case 'n':
			count = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 's':
			seed = strtoull(optarg, NULL, 10);
			break;
		case 'c':
			changes = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'd':
			driver.program = optarg;
			break;
		case 'u':
			driver.url = optarg;
			break;
		case 'o':
			folder = optarg;
			break;
		case 'j':
			json = 1;
			break;
		default:
			return usage();
		}
	}
	if (folder)
		return write_pair(dialect, seed, changes, folder);
	if (json)
		return print_cases(dialect, seed, count);
	if (!driver.program)
		return usage();
	if (!driver.url)
		driver.url = find_server(dialect);
	return driver.url ? run(&driver, dialect, seed, count) : 77;
}

/* attack_crash: a power failure at every change that a run makes to its files.
 *
 * A run is recorded once (disk.h). Then, for every point between two changes, the files are made as
 * a crash there may leave them: with all writes, without those not synced, and with random parts of
 * these. What is found must be at a whole state, and the next run must finish. States that were
 * looked at already are passed over and not counted. At some of the points the next run is recorded
 * as well, and crashes again.
 *
 * A point has the kinds of work that its transaction holds: in a transaction for the whole run a
 * commit with a rebuild and a revision in C counts as both. */
#include "../crash/faultfs.h"
#include "../crash/support.h"
#include "disk.h"
#include "report.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ATTACK "sqlite-crash"

static const char *const journals[] = { "DELETE", "TRUNCATE", "PERSIST", "WAL" };

struct config {
	int journal, mode, header_digest, lent;
	int32_t direction;
};

enum { CONFIGS = 4 * 2 * 2 * 3 };

/* Every journal × direction × transaction mode, on a connection of libmig's own, on a lent one, and
 * in a program with a bundle and a stamp. */
static struct config config_of(size_t number)
{
	return (struct config){ .journal = (int)(number % 4),
				.direction = number / 4 % 2 ? MIG_DOWNGRADE : MIG_UPGRADE,
				.mode = number / 8 % 2 ? MIG_TRANSACTION_RUN
						       : MIG_TRANSACTION_REVISION,
				.lent = number / 16 == 1,
				.header_digest = number / 16 == 2 };
}

/* What a recording and its replays share. */
struct story {
	const struct arguments *arguments;
	struct report *report;
	struct oracle *oracles[2]; /* of the whole history, and of the one without C */
	const struct oracle *oracle;
	const mig_bundle *bundle;
	size_t number;
	char point[64]; /* what led here, as --point has it: "CONFIG:", or "CONFIG:AT:VARIANT:" */
	struct config config;
	struct folder before, now;
	char url[PATH_SIZE], path[PATH_SIZE];
	struct program program;
	struct recording recording;
	uint64_t *seen; /* a set, open addressing; 0: free */
	size_t seen_size;
	size_t kinds[8]; /* points by kinds of work */
	unsigned label;
};

/* -- recording */

/* A journal mode and a cache that spills, for connections that libmig makes itself, too. */
static const char *setting;

static int set_up(sqlite3 *db, char **error, const void *api)
{
	(void)error;
	(void)api;
	return sqlite3_exec(db, setting, NULL, NULL, NULL);
}

/* In one transaction for several revisions, its changes are those of all of them. */
static int32_t note_step(void *user, const mig_progress *p)
{
	struct story *s = user;
	const struct subject *subject = s->program.subject;
	unsigned kind;

	if (p->event != MIG_EVENT_STEP_BEGIN)
		return 0;
	kind = subject->revisions[subject_find(subject, p->revision) - 1].kind;
	if (s->program.mode == MIG_TRANSACTION_REVISION || ((kind | s->label) & WORK_SPLIT))
		s->label = kind;
	else
		s->label |= kind;
	s->recording.label = s->label;
	return 0;
}

static void must(int rc, const char *what)
{
	if (rc == 0)
		return;
	fprintf(stderr, "%s: %d\n", what, rc);
	exit(2);
}

/* The run itself. Returns 0, or -1 with the verdict. */
static int run_recorded(struct story *s, struct verdict *v)
{
	const char *target = s->config.direction == MIG_UPGRADE ? "head" : "base";
	struct text settings = { 0 };
	sqlite3 *db = NULL;
	mig_ctx *ctx = NULL;
	struct bare lent;
	mig_status rc;

	if (s->config.lent) {
		must(sqlite3_open(s->path, &db), "lent connection");
		bare_lent(&lent, &bare_sqlite, db);
		settings_note(&lent, &settings, v);
	}
	rc = program_open(&s->program, s->url, db, &ctx);
	if (!rc)
		rc = program_go(&s->program, ctx, s->config.direction, target);
	if (rc)
		verdict_set(v, RULE_NEXT, "undisturbed: %s: %s", mig_status_name(rc),
			    mig_error_message(ctx));
	mig_close(ctx);
	if (db && !v->rule)
		settings_check(&lent, &settings, v);
	must(sqlite3_close(db), "lent connection: close");
	text_free(&settings);
	return v->rule ? -1 : 0;
}

/* A database to begin with: none for an upgrade, at the head for a downgrade. */
static void prepare(struct story *s)
{
	struct program program = s->program;
	char url[PATH_SIZE], path[PATH_SIZE];
	struct outcome outcome;
	struct bytes copy = { 0 };

	folder_url(&s->before, "a.db", url);
	folder_path(&s->before, "a.db", path);
	if (s->config.direction == MIG_UPGRADE && strcmp(journals[s->config.journal], "WAL"))
		return;
	if (s->config.direction == MIG_DOWNGRADE) {
		program.progress = NULL;
		program_run(&program, url, MIG_UPGRADE, "head", &outcome);
		must(outcome.status, outcome.message);
	}
	if (strcmp(journals[s->config.journal], "WAL") == 0) {
		sqlite3 *db = NULL;

		must(sqlite3_open(path, &db), path);
		must(sqlite3_exec(db, "PRAGMA journal_mode=WAL", NULL, NULL, NULL), "WAL");
		must(sqlite3_close(db), "close");
	}
	must(bytes_read(&copy, path), path);
	bytes_write(&copy, s->path);
	bytes_free(&copy);
}

static int record(struct story *s, struct verdict *v)
{
	char text[128];
	int rc;

	snprintf(text, sizeof(text), "PRAGMA cache_size=8; PRAGMA journal_mode=%s",
		 journals[s->config.journal]);
	setting = text;
	must(faultfs_install(), "faultfs");
	faultfs_watch(recording_note, &s->recording);
	sqlite3_auto_extension((void (*)(void))set_up);
	s->label = 0;
	rc = run_recorded(s, v);
	sqlite3_cancel_auto_extension((void (*)(void))set_up);
	faultfs_watch(NULL, NULL);
	faultfs_uninstall();
	return rc;
}

/* -- replay */

static int seen_before(struct story *s, uint64_t hash)
{
	size_t at = hash % s->seen_size;

	hash |= 1;
	while (s->seen[at] && s->seen[at] != hash)
		at = (at + 1) % s->seen_size;
	if (s->seen[at])
		return 1;
	s->seen[at] = hash;
	return 0;
}

static void clean_folder(struct story *s)
{
	char path[PATH_SIZE];

	folder_drop_database(&s->now, "a.db");
	folder_path(&s->now, "a.db-mig-lock", path);
	unlink(path);
}

/* What a crash leaves. */
struct remains {
	struct bytes files[DISK_FILES];
	int there[DISK_FILES];
};

static void write_remains(const struct story *s, const struct remains *r, const char *folder)
{
	char path[PATH_SIZE * 2];

	for (size_t i = 0; i < s->recording.files; i++) {
		snprintf(path, sizeof(path), "%s%s", folder, strrchr(s->recording.paths[i], '/'));
		if (r->there[i])
			bytes_write(&r->files[i], path);
	}
}

static void check_point(struct story *s, size_t at, int variant, const struct remains *remains)
{
	struct verdict v = { RULE_NONE, "" };
	struct whole whole;

	clean_folder(s);
	write_remains(s, remains, s->now.path);
	check_whole(s->oracle, s->url, s->config.mode, &whole, &v);
	/* one in four is tried the other way first */
	if (!v.rule && seed_of(0, at, (size_t)variant, 0) % 4 == 0)
		check_opposite(s->oracle, &s->program, s->url,
			       s->config.direction == MIG_UPGRADE ? MIG_DOWNGRADE : MIG_UPGRADE,
			       &whole, &v);
	if (!v.rule)
		check_next(s->oracle, &s->program, s->url, s->config.direction, &whole, &v);
	if (v.rule)
		report_violation(s->report, &v, "--seed %u --point %s%zu:%d", s->arguments->seed,
				 s->point, at, variant);
	else
		report_point(s->report);
}

/* The run that is repeated is replayed, too, but its next run is not. */
struct depth {
	size_t stride; /* of the points */
	int variants;
	size_t again; /* every so many points the next run crashes, too; 0: never */
};

static void crash_again(struct story *s, size_t at, int variant, const struct remains *remains,
			const char *only);

/* "AT:VARIANT…" of what is to be repeated. Returns what follows. */
static const char *read_point(const char *only, size_t *at, int *variant)
{
	char *end;

	*at = strtoul(only, &end, 10);
	if (*end != ':')
		exit(2);
	*variant = (int)strtol(end + 1, &end, 10);
	return *end == ':' ? end + 1 : NULL;
}

/* One point in one variant. only: what to do after it, or NULL. */
static void try_point(struct story *s, struct disk *disk, const struct depth *depth, int variant,
		      struct remains *remains, const char *only)
{
	size_t at = disk->at;
	unsigned label = at ? s->recording.changes[at - 1].label : 0;
	uint32_t seed = seed_of(s->arguments->seed, s->number, at, (size_t)variant);
	uint64_t hash = disk_crash(disk, variant, seed, remains->files, remains->there);

	if (seen_before(s, hash))
		return;
	if (only) {
		crash_again(s, at, variant, remains, only);
		return;
	}
	check_point(s, at, variant, remains);
	s->kinds[label & 7]++;
	if (depth->again && !s->arguments->point && seed % depth->again == 0)
		crash_again(s, at, variant, remains, NULL);
}

static void replay(struct story *s, const struct depth *depth, const char *only)
{
	struct remains remains = { .there = { 0 } };
	const char *rest = NULL;
	size_t only_at = 0;
	int only_variant = -1;
	struct disk disk;

	if (only)
		rest = read_point(only, &only_at, &only_variant);
	s->seen_size = (s->recording.count + 1) * (size_t)depth->variants * 2 + 7;
	s->seen = calloc(s->seen_size, sizeof(*s->seen));
	must(s->seen == NULL, "memory");
	disk_begin(&disk, &s->recording, s->before.path);
	for (;;) {
		if (only && disk.at == only_at)
			try_point(s, &disk, depth, only_variant, &remains, rest);
		for (int v = 0; !only && disk.at % depth->stride == 0 && v < depth->variants; v++)
			try_point(s, &disk, depth, v, &remains, NULL);
		if (disk.at == s->recording.count)
			break;
		disk_take(&disk);
	}
	disk_end(&disk);
	free(s->seen);
	for (size_t i = 0; i < DISK_FILES; i++)
		bytes_free(&remains.files[i]);
}

/* Records the run of the story and crashes it at each point. */
static void record_and_replay(struct story *s, const struct depth *depth, const char *only)
{
	struct verdict v = { RULE_NONE, "" };

	s->program.progress = note_step;
	s->program.progress_user = s;
	if (record(s, &v)) {
		report_violation(s->report, &v, "--seed %u --point %s0:0", s->arguments->seed,
				 s->point);
	} else {
		s->program.progress = NULL;
		replay(s, depth, only);
	}
	recording_free(&s->recording);
}

static void crash_again(struct story *s, size_t at, int variant, const struct remains *remains,
			const char *only)
{
	const struct depth depth = { 7, DISK_TORN + 1, 0 };
	struct story again = *s;

	memset(&again.recording, 0, sizeof(again.recording));
	snprintf(again.point, sizeof(again.point), "%.30s%zu:%d:", s->point, at, variant);
	folder_make(&again.before);
	clean_folder(s);
	write_remains(s, remains, again.before.path);
	write_remains(s, remains, again.now.path);
	record_and_replay(&again, &depth, only);
	folder_remove(&again.before);
	memcpy(s->kinds, again.kinds, sizeof(s->kinds));
}

static void run_config(struct story *s, size_t number, const struct depth *depth, const char *only)
{
	s->number = number;
	s->config = config_of(number);
	s->oracle = s->oracles[s->config.header_digest];
	s->program = (struct program){ .subject = oracle_subject(s->oracle),
				       .count = oracle_subject(s->oracle)->count,
				       .bundle = s->config.header_digest ? s->bundle : NULL,
				       .mode = s->config.mode,
				       .header_digest = s->config.header_digest };
	snprintf(s->point, sizeof(s->point), "%zu:", number);
	folder_make(&s->before);
	folder_make(&s->now);
	folder_url(&s->now, "a.db", s->url);
	folder_path(&s->now, "a.db", s->path);
	prepare(s);
	record_and_replay(s, depth, only);
	folder_remove(&s->before);
	folder_remove(&s->now);
}

static void print_shares(const struct story *s, size_t points)
{
	static const struct {
		unsigned kind;
		const char *name;
	} kinds[] = { { WORK_SPLIT, "outside a transaction" },
		      { WORK_REBUILD, "rebuilds" },
		      { WORK_C, "revisions in C" } };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t count = 0;

		for (unsigned k = 0; k < 8; k++)
			count += k & kinds[i].kind ? s->kinds[k] : 0;
		printf("    %s: %zu points, %.0f %%\n", kinds[i].name, count,
		       points ? 100.0 * (double)count / (double)points : 0.0);
	}
}

int main(int argc, char **argv)
{
	struct arguments arguments;
	struct report report;
	struct story s = { .arguments = &arguments, .report = &report };
	const char *rest = NULL;
	struct depth depth;
	size_t only = CONFIGS;

	arguments_read(&arguments, argc, argv);
	report_begin(&report, ATTACK);
	s.oracles[0] = oracle_new(&subject_sqlite, &bare_sqlite, ":memory:");
	s.oracles[1] = oracle_new(&subject_sqlite_scripts, &bare_sqlite, ":memory:");
	s.bundle = subject_bundle(&subject_sqlite_scripts);
	depth = (struct depth){ arguments_size(&arguments, 127, 4),
				arguments.is_long ? DISK_TORN + 3 : DISK_TORN + 1,
				arguments_size(&arguments, 300, 500) };
	if (arguments.point) {
		char *end;

		only = strtoul(arguments.point, &end, 10);
		rest = *end == ':' ? end + 1 : NULL;
	}
	for (size_t i = 0; i < CONFIGS; i++)
		if (only == CONFIGS || i == only)
			run_config(&s, i, &depth, rest);
	print_shares(&s, report.points);
	oracle_free(s.oracles[0]);
	oracle_free(s.oracles[1]);
	return report_end(&report) ? 1 : 0;
}

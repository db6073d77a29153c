/* config: the section in use of mig.ini, read by inih.
 *
 * inih gives up on lines longer than its buffer; here they are errors, and a long value goes on in
 * an indented line. The first error wins and is shown with its line. */
#include "cli/cli.h"

#include "base/ascii.h"
#include "base/excerpt.h"
#include "base/file.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum kind { TEXT, PATH, LIST, MODELS, PATTERNS, URLS, TRUTH, TRANSACTION, SECONDS, COUNT, LINES };

static const struct key {
	const char *name;
	enum kind kind;
} keys[MIG__KEY_COUNT] = {
	[MIG__KEY_URL] = { "url", TEXT },
	[MIG__KEY_VERSION_LOCATIONS] = { "version_locations", LIST },
	[MIG__KEY_RECURSIVE] = { "recursive_version_locations", TRUTH },
	[MIG__KEY_VERSION_TABLE] = { "version_table", TEXT },
	[MIG__KEY_HISTORY_TABLE] = { "history_table", TEXT },
	[MIG__KEY_SCHEMA] = { "schema", TEXT },
	[MIG__KEY_DATABASE_NAME] = { "database_name", TEXT },
	[MIG__KEY_TRANSACTION] = { "transaction", TRANSACTION },
	[MIG__KEY_LOCK_TIMEOUT] = { "lock_timeout", SECONDS },
	[MIG__KEY_STATEMENT_LOCK_TIMEOUT] = { "statement_lock_timeout", SECONDS },
	[MIG__KEY_STATEMENT_TIMEOUT] = { "statement_timeout", SECONDS },
	[MIG__KEY_RETRIES] = { "retries", COUNT },
	[MIG__KEY_SEARCH_PATH] = { "search_path", TEXT },
	[MIG__KEY_TRUSTED_OWNER] = { "trusted_owner", TEXT },
	[MIG__KEY_APP] = { "app", PATH },
	[MIG__KEY_MODELS] = { "models", MODELS },
	[MIG__KEY_INCLUDE] = { "include", PATTERNS },
	[MIG__KEY_EXCLUDE] = { "exclude", PATTERNS },
	[MIG__KEY_SCRATCH_URL] = { "scratch_url", URLS },
	[MIG__KEY_DATABASES] = { "databases", URLS },
	[MIG__KEY_FILE_TEMPLATE] = { "file_template", TEXT },
	[MIG__KEY_TRUNCATE_SLUG_LENGTH] = { "truncate_slug_length", COUNT },
	[MIG__KEY_POST_WRITE_HOOKS] = { "post_write_hooks", LINES },
	[MIG__KEY_TIMEZONE] = { "timezone", TEXT },
};

static const char *const truths[] = { "false", "true", "no", "yes", "off", "on", "0", "1" };
static const char *const transactions[] = { "run", "revision" };

struct reading {
	struct mig__cli_config *config;
	FILE *file;
	const char *section;         /* the one in use */
	int line;                    /* of what is being read */
	int goes_on;                 /* it begins with a blank */
	int found;                   /* the section is there */
	struct mig__cli_text others; /* the other sections, a line each */
	int lines[MIG__KEY_COUNT];   /* where each value is */
	struct mig__cli_text error;
	int error_line; /* 0: no error yet */
	int shows_line; /* what is wrong is a plain word */
};

static int is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* -- errors */

static void wrong(struct reading *r, int line, const char *what, const char *word,
		  const char *suggestion)
{
	if (r->error_line)
		return;
	r->error_line = line;
	mig__cli_adds(&r->error, what);
	if (word)
		mig__cli_addf(&r->error, " \"%s\"", word);
	if (suggestion)
		mig__cli_addf(&r->error, " (did you mean \"%s\"?)", suggestion);
}

/* -- inih's two callbacks */

static char *read_line(char *str, int num, void *stream)
{
	struct reading *r = stream;
	size_t n;
	int c;

	if (!fgets(str, num, r->file))
		return NULL;
	n = strlen(str);
	r->line++;
	r->goes_on = is_blank(str[0]);
	if (feof(r->file) || (n && str[n - 1] == '\n'))
		return str;
	if (n < (size_t)num - 1) {
		wrong(r, r->line, "a NUL character", NULL, NULL);
		return str;
	}
	wrong(r, r->line, "the line is too long: go on in the next one, indented", NULL, NULL);
	while ((c = getc(r->file)) != EOF && c != '\n')
		;
	str[0] = '\0';
	return str;
}

static const char *key_name(const void *list, size_t i)
{
	(void)list;
	return i < MIG__KEY_COUNT ? keys[i].name : NULL;
}

static int word_index(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(word, words[i]))
			return (int)i;
	return -1;
}

/* A word that may be quoted: no URL has got here. */
static int is_plain(const char *value)
{
	return strlen(value) <= 40 && !strpbrk(value, ":=@/?&'\"%");
}

static void check_value(struct reading *r, const struct key *key, const char *given)
{
	const char *value = is_plain(given) ? given : "...";
	int before = r->error_line;
	int32_t ms;

	if (key->kind == TRUTH && word_index(value, truths, sizeof truths / sizeof *truths) < 0)
		wrong(r, r->line, "neither true nor false:", value, NULL);
	if (key->kind == TRANSACTION && word_index(value, transactions, 2) < 0)
		wrong(r, r->line, "neither run nor revision:", value, NULL);
	if (key->kind == SECONDS && !mig__cli_read_seconds(value, &ms))
		wrong(r, r->line, "not a number of seconds:", value, NULL);
	if (key->kind == COUNT && !mig__cli_read_count(value, &ms))
		wrong(r, r->line, "not a number:", value, NULL);
	r->shows_line |= r->error_line != before && value == given;
}

/* A % is itself, unless it begins %(here)s or %%. */
static void add_value(struct reading *r, struct mig__cli_text *out, const char *value)
{
	static const char here[] = "%(here)s";

	while (*value) {
		size_t n = strcspn(value, "%");

		mig__cli_add(out, value, n);
		value += n;
		if (!strncmp(value, here, sizeof here - 1)) {
			mig__cli_adds(out, mig__cli_string(&r->config->here));
			value += sizeof here - 1;
		} else if (value[0] == '%' && value[1] == '(') {
			wrong(r, r->line, "unknown variable in the value", NULL, here);
			return;
		} else if (*value) {
			mig__cli_adds(out, "%");
			value += value[1] == '%' ? 2 : 1;
		}
	}
}

/* A path, for which a relative one is meant from the file's folder. */
static void add_path(struct reading *r, struct mig__cli_text *out, const char *entry)
{
	static const char lead[] = "%(here)s/";
	const char *here = mig__cli_string(&r->config->here);

	if (!strncmp(entry, lead, sizeof lead - 1))
		entry += sizeof lead - 1;
	else if (entry[0] == '/' || !strncmp(entry, lead, sizeof lead - 2))
		here = NULL;
	if (here && strcmp(here, ".") != 0) /* "versions" reads better than "./versions" */
		mig__cli_addf(out, "%s/", here);
	add_value(r, out, entry);
}

static void add_entry(struct reading *r, struct mig__cli_text *out, const char *entry,
		      enum kind kind)
{
	size_t n = kind == MODELS ? mig__cli_dialect_length(entry) : 0;

	mig__cli_add(out, entry, n ? n + 1 : 0);
	entry += n ? n + 1 : 0;
	if (kind == PATTERNS || kind == URLS || (kind == MODELS && !n && mig__cli_is_url(entry)))
		add_value(r, out, entry);
	else
		add_path(r, out, entry);
}

/* Paths stand between blanks or commas; patterns between commas, as "materialized view:mv_*" is
 * one. */
static void add_list(struct reading *r, struct mig__cli_text *out, const char *value,
		     enum kind kind)
{
	const char *ends = kind == PATTERNS ? "," : " \t,";
	struct mig__cli_text entry = { 0 };

	while (*(value += strspn(value, " \t,"))) {
		size_t n = strcspn(value, ends), size = n;

		while (is_blank(value[size - 1]))
			size--;
		mig__cli_clear(&entry);
		mig__cli_add(&entry, value, size);
		if (entry.failed)
			break;
		mig__cli_adds(out, out->len ? "\n" : "");
		add_entry(r, out, entry.data, kind);
		value += n;
	}
	out->failed |= entry.failed;
	mig__cli_text_finish(&entry);
}

static int take_pair(void *user, const char *section, const char *name, const char *value)
{
	struct reading *r = user;
	struct mig__cli_text *out;
	size_t k = 0;

	if (!section[0]) {
		wrong(r, r->line, "a key before any [section]:", is_plain(name) ? name : "...",
		      NULL);
		return 1;
	}
	if (strcmp(section, r->section) != 0) {
		mig__cli_addf(&r->others, "%s\n", section);
		return 1;
	}
	r->found = 1;
	while (k < MIG__KEY_COUNT && strcmp(keys[k].name, name) != 0)
		k++;
	if (k == MIG__KEY_COUNT) {
		wrong(r, r->line, "unknown key", is_plain(name) ? name : "...",
		      mig__cli_suggest(name, key_name, NULL));
		return 1;
	}
	if (r->lines[k] && !r->goes_on)
		wrong(r, r->line, "given twice:", name, NULL);
	out = &r->config->values[k];
	if (!r->lines[k]) /* of another section */
		mig__cli_clear(out);
	r->lines[k] = r->line;
	if (!*value)
		return 1;
	check_value(r, &keys[k], value);
	if (keys[k].kind == LIST || keys[k].kind == MODELS || keys[k].kind == PATTERNS ||
	    keys[k].kind == URLS)
		add_list(r, out, value, keys[k].kind);
	else if (keys[k].kind == LINES) {
		mig__cli_adds(out, out->len ? "\n" : "");
		add_value(r, out, value);
	} else if (keys[k].kind == PATH && !out->len)
		add_path(r, out, value);
	else
		add_value(r, out, value);
	return 1;
}

/* -- the file */

enum { LONGEST_KEY = 120 };

/* The line at fault as far as its key: what follows may be a secret. */
static void add_key(struct mig__cli_text *out, const char *text, size_t size, int32_t line)
{
	size_t length, n = 0;
	const char *word = mig__excerpt_line(text, size, line, &length);

	if (!word)
		return;
	while (n < length && !strchr("=:/?@ \t", word[n]))
		n++;
	while (n < length && strchr(" \t", word[n]))
		n++;
	/* without a key it is a value that has lost its place, or a section */
	if (n < length && word[n] == '=')
		n++;
	else
		for (n = 0; length && word[0] == '[' && n < length && !strchr("] \t=:@", word[n]);)
			n++;
	mig__cli_addf(out, "%5d | ", (int)line);
	mig__cli_add_shown(out, word, n < LONGEST_KEY ? n : 0);
	mig__cli_adds(out, n == length ? "\n" : n ? " ...\n" : "...\n");
}

static void add_key_of(struct mig__cli_text *out, const char *path, int32_t line)
{
	struct mig__error err;
	char *text = NULL;
	size_t size = 0;

	mig__error_init(&err, &mig__alloc_libc);
	if (!mig__file_read(&mig__alloc_libc, path, &err, &text, &size))
		add_key(out, text, size, line);
	mig__free(&mig__alloc_libc, text);
	mig__error_clear(&err);
}

static int report(struct mig__cli *cli, struct reading *r, const char *path)
{
	struct mig__cli_text text = { 0 };
	int status;

	mig__cli_addf(&text, "%s:%d: %s", path, r->error_line, mig__cli_string(&r->error));
	status = mig__cli_fail(cli, "%s", mig__cli_string(&text));
	mig__cli_text_finish(&text);
	/* a value, or what should have been a key, may be a URL with its password */
	if (r->shows_line)
		mig__cli_add_source(&text, path, r->error_line, 0);
	else
		add_key_of(&text, path, r->error_line);
	fputs(mig__cli_string(&text), stderr);
	mig__cli_text_finish(&text);
	return status;
}

/* Line i of a text whose lines end with NUL. */
static const char *line_name(const void *list, size_t i)
{
	const char *line = list;

	while (*line && i--)
		line += strlen(line) + 1;
	return *line ? line : NULL;
}

static int no_section(struct mig__cli *cli, struct reading *r, const char *path)
{
	const char *near = NULL;

	for (char *p = r->others.data; p && *p; p++)
		if (*p == '\n')
			*p = '\0';
	if (r->others.len)
		near = mig__cli_suggest(r->section, line_name, r->others.data);
	if (near)
		return mig__cli_fail(cli, "%s: no section [%s] (did you mean [%s]?)", path,
				     r->section, near);
	return mig__cli_fail(cli, "%s: no section [%s]", path, r->section);
}

static void set_here(struct mig__cli_config *config, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		mig__cli_adds(&config->here, ".");
	else if (slash == path)
		mig__cli_adds(&config->here, "/");
	else
		mig__cli_add(&config->here, path, (size_t)(slash - path));
}

static int has_no_memory(const struct reading *r)
{
	int failed = r->error.failed || r->others.failed || r->config->here.failed;

	for (size_t k = 0; k < MIG__KEY_COUNT; k++)
		failed |= r->config->values[k].failed;
	return failed;
}

static int read_section(struct mig__cli *cli, struct reading *r, const char *path,
			enum mig__cli_required required)
{
	int bad = ini_parse_stream(read_line, r, take_pair, r);

	if (ferror(r->file))
		return mig__cli_fail(cli, "%s: %s", path, strerror(errno));
	if (has_no_memory(r))
		return mig__cli_no_memory(cli);
	if (bad > 0 && (!r->error_line || bad < r->error_line)) {
		mig__cli_clear(&r->error);
		r->error_line = r->shows_line = 0;
		wrong(r, bad, "neither a [section] nor a \"key = value\"", NULL, NULL);
	}
	if (r->error_line)
		return report(cli, r, path);
	if (!r->found && required != MIG__CLI_EVEN_WITHOUT_SECTION &&
	    (strcmp(r->section, "mig") != 0 || r->others.len))
		return no_section(cli, r, path);
	return MIG_CLI_DONE;
}

int mig__cli_config_read(struct mig__cli *cli, const char *path, const char *section,
			 enum mig__cli_required required)
{
	struct reading r = { .config = &cli->config, .section = section };
	struct stat st;
	int status;

	if (!r.config->here.len)
		set_here(r.config, path);
	if (stat(path, &st) && (errno == ENOENT || errno == ENOTDIR) &&
	    required != MIG__CLI_MUST_BE)
		return MIG_CLI_DONE;
	r.file = fopen(path, "rb");
	if (!r.file)
		return mig__cli_fail(cli, "%s: %s", path, strerror(errno));
	if (fstat(fileno(r.file), &st) || !(S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode))) {
		fclose(r.file);
		return mig__cli_fail(cli, "%s: not a file", path);
	}
	status = read_section(cli, &r, path, required);
	fclose(r.file);
	mig__cli_text_finish(&r.error);
	mig__cli_text_finish(&r.others);
	return status;
}

const char *mig__cli_config_value(const struct mig__cli_config *config, enum mig__cli_key key)
{
	return config->values[key].len ? config->values[key].data : NULL;
}

int mig__cli_config_values(const struct mig__cli_config *config, enum mig__cli_key key,
			   const char ***out)
{
	const char *text = mig__cli_config_value(config, key);
	size_t count = 1, n = 0;
	char *kept, *rest;

	*out = NULL;
	if (!text)
		return 1;
	for (const char *p = text; *p; p++)
		count += *p == '\n';
	*out = malloc((count + 1) * sizeof **out + config->values[key].len + 1);
	if (!*out)
		return 0;
	kept = (char *)(*out + count + 1);
	memcpy(kept, text, config->values[key].len + 1);
	for (char *line = strtok_r(kept, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		(*out)[n++] = line;
	(*out)[n] = NULL;
	return 1;
}

/* A scheme has two letters at least, and there may be a file whose name looks like that. */
int mig__cli_is_url(const char *text)
{
	static const char letters[] =
		MIG__LETTERS MIG__DIGITS "+.-";
	size_t n = strspn(text, letters);
	struct stat st;

	return n > 1 && text[n] == ':' && stat(text, &st) != 0;
}

size_t mig__cli_dialect_length(const char *text)
{
	size_t n = strspn(text, MIG__SMALL MIG__DIGITS "_");

	return n < MIG__CLI_DIALECT_SIZE && text[n] == '=' ? n : 0;
}

int mig__cli_config_true(const struct mig__cli_config *config, enum mig__cli_key key)
{
	const char *value = mig__cli_config_value(config, key);

	if (!value)
		return 0;
	if (keys[key].kind == TRANSACTION)
		return word_index(value, transactions, 2) == 1;
	return word_index(value, truths, sizeof truths / sizeof *truths) % 2 == 1;
}

void mig__cli_config_finish(struct mig__cli_config *config)
{
	for (size_t k = 0; k < MIG__KEY_COUNT; k++)
		mig__cli_text_finish(&config->values[k]);
	mig__cli_text_finish(&config->here);
}

/* -- numbers */

int mig__cli_read_seconds(const char *text, int32_t *ms)
{
	int64_t value = 0, unit = 1000;
	const char *p = text;

	for (; *p >= '0' && *p <= '9' && value < 1000000000; p++)
		value = value * 10 + (*p - '0') * 1000;
	if (p == text)
		return 0;
	if (*p == '.' && p[1]) {
		for (p++; *p >= '0' && *p <= '9' && unit > 1; p++) {
			unit /= 10;
			value += (*p - '0') * unit;
		}
	}
	if (*p || value > INT32_MAX)
		return 0;
	*ms = value ? (int32_t)value : -1;
	return 1;
}

int mig__cli_read_count(const char *text, int32_t *count)
{
	int32_t n = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9' && n < 100000; p++)
		n = n * 10 + (*p - '0');
	if (p == text || *p)
		return 0;
	*count = n ? n : -1;
	return 1;
}

/* config: the section in use of mig.ini: which keys there are, and what their values mean. Not how
 * the file is cut up (ini.c), and not where it is (find.c). The first error wins and is shown with
 * its line. */
#include "cli/cli.h"
#include "cli/ini.h"

#include "base/ascii.h"
#include "base/excerpt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum kind { TEXT, URL, PATH, LIST, MODELS, PATTERNS, URLS, NAMES, TRUTH, TRANSACTION, SECONDS, COUNT, LINES };

static const struct key {
	const char *name;
	enum kind kind;
} keys[MIG__KEY_COUNT] = {
	[MIG__KEY_URL] = { "url", URL },
	[MIG__KEY_DIRECTORY] = { "directory", PATH },
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
	[MIG__KEY_DATABASES] = { "databases", NAMES },
	[MIG__KEY_FILE_TEMPLATE] = { "file_template", TEXT },
	[MIG__KEY_TRUNCATE_SLUG_LENGTH] = { "truncate_slug_length", COUNT },
	[MIG__KEY_POST_WRITE_HOOKS] = { "post_write_hooks", LINES },
	[MIG__KEY_TIMEZONE] = { "timezone", TEXT },
};

static const char *const truths[] = { "false", "true", "no", "yes", "off", "on", "0", "1" };
static const char *const transactions[] = { "run", "revision" };

struct reading {
	struct mig__cli_config *config;
	const char *section;         /* the one in use */
	struct mig__cli_ini ini;     /* what is being read */
	int found;                   /* the section is there */
	struct mig__cli_text others; /* the other sections, a line each */
	int32_t lines[MIG__KEY_COUNT]; /* where each value is */
	struct mig__cli_text error;
	int32_t error_line, error_column; /* 0: no error yet */
	int shows_line;                   /* what is wrong is a plain word */
};

static int is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* -- errors */

static void wrong_at(struct reading *r, int32_t column, const char *what, const char *word,
		     const char *suggestion)
{
	if (r->error_line)
		return;
	r->error_line = r->ini.line;
	r->error_column = column;
	mig__cli_adds(&r->error, what);
	if (word)
		mig__cli_addf(&r->error, " \"%s\"", word);
	if (suggestion)
		mig__cli_addf(&r->error, " (did you mean \"%s\"?)", suggestion);
}

/* Of the key. */
static void wrong_key(struct reading *r, const char *what, const char *word, const char *suggestion)
{
	wrong_at(r, r->ini.column, what, word, suggestion);
}

/* Of its value. */
static void wrong(struct reading *r, const char *what, const char *word, const char *suggestion)
{
	wrong_at(r, r->ini.value_column, what, word, suggestion);
}

/* -- keys and values */

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
		wrong(r, "neither true nor false:", value, NULL);
	if (key->kind == TRANSACTION && word_index(value, transactions, 2) < 0)
		wrong(r, "neither run nor revision:", value, NULL);
	if (key->kind == SECONDS && !mig__cli_read_seconds(value, &ms))
		wrong(r, "not a number of seconds:", value, NULL);
	if (key->kind == COUNT && !mig__cli_read_count(value, &ms))
		wrong(r, "not a number:", value, NULL);
	r->shows_line |= r->error_line != before && value == given;
}

/* In a URL the folder of the file is absolute, so that it means the same to every dialect. */
static const char *here_of(struct reading *r, enum kind kind)
{
	struct mig__cli_config *config = r->config;
	char *path;

	if (kind != URL && kind != URLS)
		return mig__cli_string(&config->here);
	if (!config->absolute.len) {
		path = mig__cli_is_here(config) ? strdup(".") : realpath(mig__cli_string(&config->here), NULL);
		if (!path && errno == ENOMEM)
			config->absolute.failed = 1;
		if (!path)
			wrong(r, "the folder of the file has no absolute path for", "%(here)s", NULL);
		mig__cli_adds(&config->absolute, path ? path : ".");
		free(path);
	}
	return mig__cli_string(&config->absolute);
}

/* A % is itself, unless it begins %(here)s or %%. */
static void add_value(struct reading *r, struct mig__cli_text *out, const char *value,
		      enum kind kind)
{
	static const char here[] = "%(here)s";

	while (*value) {
		size_t n = strcspn(value, "%");

		mig__cli_add(out, value, n);
		value += n;
		if (!strncmp(value, here, sizeof here - 1)) {
			mig__cli_adds(out, here_of(r, kind));
			value += sizeof here - 1;
		} else if (value[0] == '%' && value[1] == '(') {
			wrong(r, "unknown variable in the value", NULL, here);
			return;
		} else if (*value) {
			mig__cli_adds(out, "%");
			value += value[1] == '%' ? 2 : 1;
		}
	}
}

/* A path; a relative one is relative to the folder of the file. */
static void add_path(struct reading *r, struct mig__cli_text *out, const char *entry)
{
	static const char lead[] = "%(here)s/";
	const char *here = mig__cli_string(&r->config->here);

	if (!strncmp(entry, lead, sizeof lead - 1))
		entry += sizeof lead - 1;
	else if (entry[0] == '/' || !strncmp(entry, lead, sizeof lead - 2))
		here = NULL;
	while (here && entry[0] == '.' && entry[1] == '/')
		entry += 2;
	if (here && strcmp(here, ".") != 0) /* "versions" reads better than "./versions" */
		mig__cli_addf(out, "%s%s", here, strcmp(here, "/") ? "/" : "");
	add_value(r, out, entry, PATH);
}

/* A file of the name that looks like a URL wins. */
static int is_url(const struct mig__cli_config *config, const char *entry)
{
	struct mig__cli_text path = { 0 };
	int is;

	if (!mig__cli_is_url(entry))
		return 0;
	mig__cli_addf(&path, "%s/%s", mig__cli_string(&config->here), entry);
	is = access(mig__cli_string(&path), F_OK) != 0;
	mig__cli_text_finish(&path);
	return is;
}

static void add_entry(struct reading *r, struct mig__cli_text *out, const char *entry,
		      enum kind kind)
{
	size_t n = kind == MODELS ? mig__cli_dialect_length(entry) : 0;

	mig__cli_add(out, entry, n ? n + 1 : 0);
	entry += n ? n + 1 : 0;
	if (kind == MODELS && !n && is_url(r->config, entry))
		kind = URLS;
	if (kind == PATTERNS || kind == URLS || kind == NAMES)
		add_value(r, out, entry, kind);
	else
		add_path(r, out, entry);
}

/* The next entry of a list, without its quotes: `"my model.sql"`, `sqlite="my model.sql"`; within
 * quotes "" is one. Returns what comes after it. */
static const char *take_entry(struct reading *r, struct mig__cli_text *out, const char *value)
{
	int quoted = 0;

	for (; *value && (quoted || !strchr(" \t,", *value)); value++) {
		if (*value != '"')
			mig__cli_add(out, value, 1);
		else if (quoted && value[1] == '"')
			mig__cli_add(out, value++, 1);
		else
			quoted = !quoted;
	}
	if (quoted)
		wrong(r, "a quote is not closed in the value", NULL, NULL);
	return value;
}

/* Patterns are separated by commas alone, as "materialized view:mv_*" is one. */
static const char *take_pattern(struct mig__cli_text *out, const char *value)
{
	size_t n = strcspn(value, ","), size = n;

	while (size && is_blank(value[size - 1]))
		size--;
	mig__cli_add(out, value, size);
	return value + n;
}

static void add_list(struct reading *r, struct mig__cli_text *out, const char *value,
		     enum kind kind)
{
	struct mig__cli_text entry = { 0 };

	while (*(value += strspn(value, " \t,"))) {
		mig__cli_clear(&entry);
		value = kind == PATTERNS ? take_pattern(&entry, value) : take_entry(r, &entry, value);
		if (entry.failed || !entry.len)
			continue;
		mig__cli_adds(out, out->len ? "\n" : "");
		add_entry(r, out, entry.data, kind);
	}
	out->failed |= entry.failed;
	mig__cli_text_finish(&entry);
}

static void take_value(struct reading *r, struct mig__cli_text *out, const struct key *key,
		       const char *value)
{
	switch (key->kind) {
	case LIST:
	case MODELS:
	case PATTERNS:
	case URLS:
	case NAMES:
		add_list(r, out, value, key->kind);
		return;
	case LINES:
		mig__cli_adds(out, out->len ? "\n" : "");
		break;
	case PATH:
		if (!out->len) {
			add_path(r, out, value);
			return;
		}
		mig__cli_adds(out, " ");
		break;
	default: /* what goes on in the next line does so after a blank */
		mig__cli_adds(out, out->len ? " " : "");
	}
	add_value(r, out, value, key->kind);
}

static void take_pair(struct reading *r)
{
	const char *name = r->ini.key, *value = r->ini.value;
	struct mig__cli_text *out;
	size_t k = 0;

	if (!r->ini.section[0]) {
		wrong_key(r, "a key before any [section]:", is_plain(name) ? name : "...", NULL);
		return;
	}
	if (strcmp(r->ini.section, r->section) != 0) {
		mig__cli_addf(&r->others, "%s\n", r->ini.section);
		return;
	}
	r->found = 1;
	while (k < MIG__KEY_COUNT && strcmp(keys[k].name, name) != 0)
		k++;
	if (k == MIG__KEY_COUNT) {
		wrong_key(r, "unknown key", is_plain(name) ? name : "...",
			  mig__cli_suggest(name, key_name, NULL));
		return;
	}
	if (r->lines[k] && !r->ini.goes_on)
		wrong_key(r, "given twice:", name, NULL);
	out = &r->config->values[k];
	if (!r->lines[k]) /* of another section */
		mig__cli_clear(out);
	r->lines[k] = r->ini.line;
	if (!*value)
		return;
	check_value(r, &keys[k], value);
	take_value(r, out, &keys[k], value);
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

static int report(struct mig__cli *cli, const struct reading *r)
{
	const struct mig__cli_text *text = &r->config->text;
	const char *path = mig__cli_string(&r->config->path);
	struct mig__cli_text shown = { 0 };
	struct mig__buf line;
	int status = mig__cli_fail(cli, "%s:%d:%d: %s", path, (int)r->error_line,
				   (int)r->error_column, mig__cli_string(&r->error));

	/* a value, or what should have been a key, may be a URL with its password */
	if (r->shows_line) {
		mig__buf_init(&line, &mig__alloc_libc);
		mig__excerpt_add(&line, text->data, text->len, r->error_line, r->error_column);
		mig__cli_adds(&shown, mig__buf_text(&line));
		mig__buf_finish(&line);
	} else {
		add_key(&shown, text->data, text->len, r->error_line);
	}
	fputs(mig__cli_string(&shown), stderr);
	mig__cli_text_finish(&shown);
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

static int no_section(struct mig__cli *cli, struct reading *r)
{
	const char *path = mig__cli_string(&r->config->path), *near = NULL;

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

static int has_no_memory(const struct reading *r)
{
	int failed = r->error.failed || r->others.failed || r->config->absolute.failed;

	for (size_t k = 0; k < MIG__KEY_COUNT; k++)
		failed |= r->config->values[k].failed;
	return failed;
}

static int read_section(struct mig__cli *cli, struct reading *r,
			enum mig__cli_required required)
{
	while (!r->error_line && mig__cli_ini_next(&r->ini))
		take_pair(r);
	if (r->ini.error)
		wrong_key(r, r->ini.error, NULL, NULL);
	if (has_no_memory(r))
		return mig__cli_no_memory(cli);
	if (r->error_line)
		return report(cli, r);
	if (!r->found && required != MIG__CLI_EVEN_WITHOUT_SECTION &&
	    (strcmp(r->section, "mig") != 0 || r->others.len))
		return no_section(cli, r);
	return MIG_CLI_DONE;
}

int mig__cli_config_read(struct mig__cli *cli, const char *section,
			 enum mig__cli_required required)
{
	struct reading r = { .config = &cli->config, .section = section };
	int status;

	if (!cli->config.text.data)
		return MIG_CLI_DONE;
	r.ini.at = strdup(cli->config.text.data);
	if (!r.ini.at)
		return mig__cli_no_memory(cli);
	{
		char *text = r.ini.at;

		status = read_section(cli, &r, required);
		free(text);
	}
	mig__cli_text_finish(&r.error);
	mig__cli_text_finish(&r.others);
	return status;
}

static void set_here(struct mig__cli_config *config)
{
	const char *path = mig__cli_string(&config->path), *slash = strrchr(path, '/');

	if (!slash)
		mig__cli_adds(&config->here, ".");
	else if (slash == path)
		mig__cli_adds(&config->here, "/");
	else
		mig__cli_add(&config->here, path, (size_t)(slash - path));
}

/* -- the file */

static int read_all(struct mig__cli *cli, FILE *file, struct mig__cli_text *out)
{
	const char *path = mig__cli_string(&cli->config.path);
	const char *nul, *line;
	char bytes[4096];
	int32_t count = 1;
	size_t n;

	while ((n = fread(bytes, 1, sizeof bytes, file)) > 0)
		mig__cli_add(out, bytes, n);
	if (ferror(file))
		return mig__cli_fail(cli, "%s: %s", path, strerror(errno));
	mig__cli_adds(out, "");
	if (out->failed)
		return mig__cli_no_memory(cli);
	nul = memchr(out->data, '\0', out->len);
	if (!nul)
		return MIG_CLI_DONE;
	line = out->data;
	for (const char *p = out->data; p < nul; p++)
		if (*p == '\n') {
			count++;
			line = p + 1;
		}
	return mig__cli_fail(cli, "%s:%d:%d: a NUL character: the file is not UTF-8", path,
			     (int)count, (int)mig__cli_ini_column(line, nul));
}

int mig__cli_config_load(struct mig__cli *cli, const char *path)
{
	struct mig__cli_config *config = &cli->config;
	struct stat st;
	FILE *file;
	int status;

	mig__cli_adds(&config->path, path);
	set_here(config);
	if (config->path.failed || config->here.failed)
		return mig__cli_no_memory(cli);
	file = fopen(path, "rb");
	if (!file)
		return mig__cli_fail(cli, "%s: %s", path, strerror(errno));
	if (fstat(fileno(file), &st) || !(S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode)))
		status = mig__cli_fail(cli, "%s: not a file", path);
	else
		status = read_all(cli, file, &config->text);
	fclose(file);
	return status;
}

int mig__cli_is_here(const struct mig__cli_config *config)
{
	return !config->here.len || !strcmp(config->here.data, ".");
}

int mig__cli_config_url(const struct mig__cli_config *config, const char *url,
			struct mig__cli_text *out)
{
	const char *here = mig__cli_string(&config->here);
	size_t size;

	mig__cli_clear(out);
	if (mig__cli_is_here(config)) {
		mig__cli_adds(out, url);
		return !out->failed;
	}
	size = mig_url_resolve(url, here, NULL, 0);
	mig__cli_addn(out, ' ', size);
	if (!out->failed)
		mig_url_resolve(url, here, out->data, size + 1);
	return !out->failed;
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

void mig__cli_config_clear(struct mig__cli_config *config)
{
	for (size_t k = 0; k < MIG__KEY_COUNT; k++)
		mig__cli_text_finish(&config->values[k]);
}

void mig__cli_config_finish(struct mig__cli_config *config)
{
	mig__cli_config_clear(config);
	mig__cli_text_finish(&config->here);
	mig__cli_text_finish(&config->absolute);
	mig__cli_text_finish(&config->path);
	mig__cli_text_finish(&config->text);
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

/* args: reads a command line by the tables of commands and options. Nothing is kept outside of
 * struct mig__cli_args, since the host may use getopt for its own. */
#include "cli/cli.h"

#include "base/ascii.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct parser {
	struct mig__cli *cli;
	char **argv;
	int argc, at;
};

/* -- options by name */

/* Table i: the command's, then those of every command; NULL past the end. */
static const struct mig__cli_option *table(const struct mig__cli *cli, size_t i)
{
	const struct mig__cli_command *command = cli->args.command;
	const struct mig__cli_option *const *more = command ? command->more : NULL;

	if (command && command->options && !i--)
		return command->options;
	for (; more && *more; more++)
		if (!i--)
			return *more;
	return i ? NULL : mig__cli_global_options;
}

/* All tables in one numbering, for suggestions. */
static const char *option_name(const void *list, size_t i)
{
	const struct mig__cli_option *o;

	for (size_t t = 0; (o = table(list, t)); t++)
		for (; o->name; o++)
			if (!i--)
				return o->name;
	return NULL;
}

static int is_option(const struct mig__cli_option *o, char letter, const char *name, size_t size)
{
	return name ? strlen(o->name) == size && !memcmp(o->name, name, size)
		    : o->letter && o->letter == letter;
}

static const struct mig__cli_option *find_option(const struct mig__cli *cli, char letter,
						 const char *name, size_t size)
{
	const struct mig__cli_option *o;

	for (size_t t = 0; (o = table(cli, t)); t++)
		for (; o->name; o++)
			if (is_option(o, letter, name, size))
				return o;
	return NULL;
}

static int unknown_long(struct mig__cli *cli, const char *name, size_t size)
{
	static const char letters[] = MIG__LETTERS MIG__DIGITS "-_";
	struct mig__cli_text word = { 0 };
	size_t plain = strspn(name, letters);
	const char *near;
	int status;

	/* "--urlpostgresql://me:password@host" */
	mig__cli_add(&word, name, size < plain || !strchr(":/?@", name[plain]) ? size : plain);
	mig__cli_adds(&word, word.len < size ? "..." : "");
	near = mig__cli_suggest(mig__cli_string(&word), option_name, cli);
	if (near)
		status = mig__cli_bad_usage(cli, "unknown option --%s (did you mean --%s?)",
					    mig__cli_string(&word), near);
	else
		status = mig__cli_bad_usage(cli, "unknown option --%s", mig__cli_string(&word));
	mig__cli_text_finish(&word);
	return status;
}

static int take(struct parser *p, const struct mig__cli_option *o, const char *value)
{
	struct mig__cli_args *args = &p->cli->args;

	args->given[args->given_count++] = (struct mig__cli_given){ o->id, value };
	return MIG_CLI_DONE;
}

/* The next argument, whatever it looks like. */
static const char *next(struct parser *p)
{
	return p->at + 1 < p->argc ? p->argv[++p->at] : NULL;
}

static int parse_long(struct parser *p, const char *text)
{
	size_t size = strcspn(text, "=");
	const struct mig__cli_option *o = find_option(p->cli, 0, text, size);
	const char *value = text[size] ? text + size + 1 : NULL;

	if (!o)
		return unknown_long(p->cli, text, size);
	if (!o->value && value)
		return mig__cli_bad_usage(p->cli, "option --%s takes no value", o->name);
	if (o->value && !value && !(value = next(p)))
		return mig__cli_bad_usage(p->cli, "option --%s needs a value: %s", o->name,
					  o->value);
	return take(p, o, value);
}

/* E.g. "-vm" with its value in the next argument, or "-mtext". */
static int parse_short(struct parser *p, const char *text)
{
	int status = MIG_CLI_DONE;

	for (; !status && *text; text++) {
		const struct mig__cli_option *o = find_option(p->cli, *text, NULL, 0);
		const char *value = text[1] ? text + 1 : NULL;
		uint32_t c;
		size_t size;

		if (!o) {
			size = mig__text_char(text, strlen(text), &c);
			return mig__cli_bad_usage(p->cli, "unknown option -%.*s",
						  size ? (int)size : 1, text);
		}
		if (!o->value) {
			status = take(p, o, NULL);
			continue;
		}
		if (!value && !(value = next(p)))
			return mig__cli_bad_usage(p->cli, "option -%c needs a value: %s", o->letter,
						  o->value);
		return take(p, o, value);
	}
	return status;
}

/* -- words */

static int take_word(struct parser *p, const char *word)
{
	struct mig__cli *cli = p->cli;

	if (strstr(word, "://"))
		return mig__cli_bad_usage(cli, "the URL of a database goes with --url: \"%s\"",
					  word);
	if (cli->args.command) {
		if (cli->args.word_count >= cli->args.command->most_words)
			return mig__cli_bad_usage(cli, "one argument too many: \"%s\"", word);
		cli->args.words[cli->args.word_count++] = word;
		return MIG_CLI_DONE;
	}
	cli->args.command = mig__cli_find_command(cli, word);
	return cli->args.command ? MIG_CLI_DONE : mig__cli_unknown_command(cli, word);
}

/* "-1" is a target, not an option. */
static int is_number(const char *text)
{
	return text[0] == '-' && text[1] && !text[1 + strspn(text + 1, "0123456789")];
}

static int parse_one(struct parser *p, const char *text, int *only_words)
{
	if (*only_words || text[0] != '-' || !text[1] || is_number(text))
		return take_word(p, text);
	if (text[1] != '-')
		return parse_short(p, text + 1);
	if (text[2])
		return parse_long(p, text + 2);
	*only_words = 1;
	return MIG_CLI_DONE;
}

int mig__cli_parse(struct mig__cli *cli, int argc, char **argv)
{
	struct parser p = { .cli = cli, .argc = argc, .argv = argv };
	struct mig__cli_args *args = &cli->args;
	size_t room = 1;
	int status = MIG_CLI_DONE, only_words = 0;

	for (int i = 1; i < argc && argv[i]; i++) /* "-vvv" is three options in one argument */
		room += argv[i][0] == '-' && argv[i][1] != '-' ? strlen(argv[i]) : 1;
	args->given = calloc(room, sizeof *args->given);
	args->words = calloc((size_t)(argc > 0 ? argc : 0) + 1, sizeof *args->words);
	if (!args->given || !args->words)
		return mig__cli_no_memory(cli);
	for (p.at = 1; !status && p.at < argc && argv[p.at]; p.at++)
		status = parse_one(&p, argv[p.at], &only_words);
	return status;
}

/* -- reading them */

size_t mig__cli_count(const struct mig__cli_args *args, enum mig__cli_option_id id)
{
	size_t count = 0;

	for (size_t i = 0; i < args->given_count; i++)
		count += args->given[i].id == id;
	return count;
}

const char *mig__cli_value(const struct mig__cli_args *args, enum mig__cli_option_id id)
{
	for (size_t i = args->given_count; i-- > 0;)
		if (args->given[i].id == id)
			return args->given[i].value;
	return NULL;
}

int mig__cli_values(const struct mig__cli_args *args, enum mig__cli_option_id id, const char ***out)
{
	size_t count = mig__cli_count(args, id), n = 0;

	*out = NULL;
	if (!count)
		return 1;
	*out = calloc(count + 1, sizeof **out);
	if (!*out)
		return 0;
	for (size_t i = 0; i < args->given_count; i++)
		if (args->given[i].id == id)
			(*out)[n++] = args->given[i].value;
	return 1;
}

void mig__cli_args_finish(struct mig__cli_args *args)
{
	free(args->given);
	free(args->words);
}
